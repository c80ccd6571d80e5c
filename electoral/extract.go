package electoral

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A Consultation is a kind of vote ("consultazione", annex 1 point 5).
type Consultation string

// The consultations of annex 1, point 5.
const (
	NationalReferendum Consultation = "national-referendum"
	EuropeanElection   Consultation = "european"
	SenateElection     Consultation = "senate"
	ChamberElection    Consultation = "chamber"
	RegionalElection   Consultation = "regional"
	ComunalElection    Consultation = "comunal"
	DistrictElection   Consultation = "district"
)

// Consultations returns every consultation in the order of annex 1.
func Consultations() []Consultation {
	return []Consultation{NationalReferendum, EuropeanElection, SenateElection, ChamberElection, RegionalElection, ComunalElection, DistrictElection}
}

// For returns the answer of a status for a consultation; NotGiven for one that
// is none.
func (s Status) For(c Consultation) Answer {
	if i := slices.Index(Consultations(), c); i >= 0 {
		return s.flags()[i].answer
	}
	return NotGiven
}

// An Act is one of the laws for whose functions lists may be extracted (annex
// 2, services for the comuni 3).
type Act string

// The four acts of annex 2, and the release of copies of D.P.R. 223/1967,
// art. 51, which is a purpose of its own.
const (
	ElectoralListsAct Act = "D.P.R. 20 marzo 1967, n. 223"
	ChamberAct        Act = "D.P.R. 30 marzo 1957, n. 361"
	SenateAct         Act = "d.lgs. 20 dicembre 1993, n. 533"
	ComunalAct        Act = "D.P.R. 16 maggio 1960, n. 570"
	ListCopiesAct     Act = "D.P.R. 20 marzo 1967, n. 223, art. 51"
)

// Acts returns every act.
func Acts() []Act {
	return []Act{ElectoralListsAct, ChamberAct, SenateAct, ComunalAct, ListCopiesAct}
}

// A Purpose says which function an extraction serves ("funzioni e compiti").
type Purpose struct {
	Act Act
	// Function names it in Italian, 3 to 200 characters: "liste per il seggio".
	Function string
}

// An Extraction asks for a list ("estrazione", annex 2, services for the
// comuni 3).
type Extraction struct {
	List   List
	Comune string
	// Section is one section; empty means all.
	Section string
	// Consultation and Day, given together, leave only who votes then: capacity
	// and status are yes, and on the day he is 18 and alive. Both zero mean
	// everybody who is in the list.
	Consultation Consultation
	Day          Date
	Purpose      Purpose
}

// An ExtractedElector is one row of an extracted list.
type ExtractedElector struct {
	// Section is the number of the section in the list.
	Section string
	Elector Elector
	Person  Person
}

// An ExtractHeader is what a writer knows before the first row.
type ExtractHeader struct {
	Extraction Extraction
	// Total is the number of rows that will follow.
	Total int
	// Today is the day of the extraction.
	Today Date
}

// A ListWriter writes an extracted list in one format. It is used by one
// goroutine.
type ListWriter interface {
	// Begin is called once, before the rows.
	Begin(ExtractHeader) error
	// Write is called for each row: sections in the order of their numbers,
	// in each the men, then the women, then those of unknown sex, in the order
	// of surname, name and birth.
	Write(ExtractedElector) error
	// End is called after the last row, if nothing failed; it flushes.
	End() error
}

// Extract writes a list through w, as the officer of its comune, and returns
// the number of rows. The access is on record before the first row. Memory
// grows with the largest section, not with the list. A section's electors
// without a person in the population stand last and without a name.
func (r *Registry) Extract(ctx context.Context, req Request, x Extraction, w ListWriter) (int, error) {
	a := r.access(req, OpExtract, x.Comune, "")
	rows := 0
	faults := append(a.officerOf(x.Comune), x.check()...)
	err := a.write(ctx, faults, func() error {
		return r.store.View(ctx, func(rd Reader) error {
			total := 0
			if err := r.eachSection(ctx, rd, x, func(list []ExtractedElector) error { total += len(list); return nil }); err != nil {
				return err
			}
			if err := w.Begin(ExtractHeader{Extraction: x, Total: total, Today: a.today()}); err != nil {
				return err
			}
			rows = 0
			if err := r.eachSection(ctx, rd, x, func(list []ExtractedElector) error {
				sortForPolls(list)
				for _, e := range list {
					if err := w.Write(e); err != nil {
						return err
					}
					rows++
				}
				return nil
			}); err != nil {
				return err
			}
			return w.End()
		})
	})
	return rows, err
}

// check judges what is asked.
func (x Extraction) check() Faults {
	var faults Faults
	if !slices.Contains(Lists(), x.List) {
		faults = append(faults, NewFault(ExtractionList, "list", string(x.List), "La lista non è una di quelle dell'allegato 1.", "una delle sei liste"))
	}
	if (x.Consultation == "") != x.Day.IsZero() || x.Consultation != "" && !slices.Contains(Consultations(), x.Consultation) || !x.Day.IsZero() && !x.Day.Complete() {
		faults = append(faults, NewFault(ExtractionVote, "consultation", string(x.Consultation)+" "+x.Day.String(), "La consultazione e il suo giorno non vanno insieme.", "una consultazione con il giorno del voto, oppure nessuna delle due"))
	}
	if !slices.Contains(Acts(), x.Purpose.Act) {
		faults = append(faults, NewFault(ExtractionPurpose, "purpose.act", string(x.Purpose.Act), "L'estrazione non indica per quale legge serve.", "uno dei quattro atti dell'allegato 2, o il rilascio di copie"))
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(x.Purpose.Function)); n < 3 || n > maxText {
		faults = append(faults, NewFault(ExtractionPurpose, "purpose.function", x.Purpose.Function, "L'estrazione non indica per quale funzione serve.", "la funzione, da 3 a 200 caratteri"))
	}
	return faults
}

// eachSection calls fn with the rows of each section.
func (r *Registry) eachSection(ctx context.Context, rd Reader, x Extraction, fn func([]ExtractedElector) error) error {
	var list []ExtractedElector
	for e, err := range rd.Enrolled(ctx, x.List, x.Comune, x.Section) {
		if err != nil {
			return err
		}
		en, _ := e.EnrolmentIn(x.List)
		if len(list) > 0 && list[0].Section != en.Section {
			if err := fn(list); err != nil {
				return err
			}
			list = list[:0]
		}
		p, err := r.population.ByANPRID(ctx, e.ANPRID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if x.votes(e, p) {
			list = append(list, ExtractedElector{en.Section, e, p})
		}
	}
	if len(list) == 0 {
		return nil
	}
	return fn(list)
}

// votes says whether an elector stands in an extraction.
func (x Extraction) votes(e Elector, p Person) bool {
	if x.Consultation == "" {
		return true
	}
	if e.Capacity != Yes || e.Status.For(x.Consultation) != Yes || p.DeadAt(x.Day) {
		return false
	}
	// An unknown age is not under age: the elector's capacity is on record.
	if age, certain := p.AgeAt(x.Day); certain && age < 18 {
		return false
	}
	return true
}

// sortForPolls puts a section's rows in the order in which they are printed.
func sortForPolls(list []ExtractedElector) {
	sex := func(s Sex) int { return slices.Index([]Sex{Male, Female, SexUnknown, ""}, s) }
	slices.SortFunc(list, func(a, b ExtractedElector) int {
		return cmp.Or(
			cmp.Compare(sex(a.Person.Sex), sex(b.Person.Sex)),
			cmp.Compare(refdata.Fold(a.Person.Surname), refdata.Fold(b.Person.Surname)), cmp.Compare(refdata.Fold(a.Person.Name), refdata.Fold(b.Person.Name)),
			a.Person.Birth.Date.Compare(b.Person.Birth.Date), cmp.Compare(a.Elector.ANPRID, b.Elector.ANPRID))
	})
}
