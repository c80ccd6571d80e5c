package refdata

import (
	"iter"
	"slices"
	"strings"
)

// A Comune is one period in the life of an Italian municipality ("comune",
// ANPR archive of the comuni): the time in which it kept its name, its codes
// and its province. The Belfiore code ("codice catastale") is what joins
// periods and tables; ISTAT's code changes with the province.
type Comune struct {
	// Belfiore is the land-registry code, a capital letter and three digits.
	// It is empty in 28 past periods (all over by 1974) for which the archive
	// has none ("ND").
	Belfiore string
	// ISTAT is the statistical code, six digits. PreviousISTAT is the one of
	// June 2024 where it differs: 377 Sardinian comuni changed theirs with the
	// new provinces.
	ISTAT, PreviousISTAT string
	// Name is the Italian name: in mixed case with accents for a comune that
	// still exists, in capitals as the archive has it otherwise.
	Name string
	// FullName is the official name: Name, or both names of a bilingual one
	// ("Bolzano/Bozen", "Savogna d'Isonzo-Sovodnje ob Soči").
	FullName string
	// OtherName is the name in the other language, empty if there is none.
	OtherName string
	// ANPRName is Name in ANPR's transliteration ("AGLIE'"): what its services
	// write. ANPROtherName is the same for the other name.
	ANPRName, ANPROtherName string
	// ProvinceSigla is the two-letter code of the province. PreviousSigla is
	// that of 2023 where it differs (the Sardinian provinces).
	ProvinceSigla, PreviousSigla string
	// Province is the province's present name; empty for a past period.
	Province string
	// RegionCode is ISTAT's code of the region, 01 to 20. Both are empty for
	// the territories ceded in 1947 and for four comuni gone by 1878.
	RegionCode, Region string
	// ANPRID is the number of the period in ANPR's archive; empty for the
	// comuni that are newer than it.
	ANPRID string
	// InteriorCode is the Ministry of the Interior's electoral code, ten
	// digits, June 2024.
	InteriorCode string
	// From and To are the first and the last day of the period. A zero To means
	// that it still lasts. Certainty says how well these dates are known.
	From, To  Date
	Certainty Certainty
	// Sections and EuropeanElectors are the polling sections and the electors
	// of the European election of June 2024; Electors is the number that the
	// comune reported to ANPR when its lists were taken over, at ListsSince
	// (it counts the electors abroad, so it may exceed Residents); Residents is
	// ANPR's figure of 21 November 2024. All zero where not known, and for a
	// past period.
	Sections, EuropeanElectors, Electors, Residents int
	ListsSince                                      Date
}

// InForce reports whether the period covers some day of at; with a zero at,
// whether it still lasts.
func (c Comune) InForce(at Date) bool { return within(at, c.From, c.To) }

var comuneColumns = []string{"belfiore", "from", "to", "certainty", "istat", "previous_istat", "name", "full_name",
	"other_name", "anpr_name", "anpr_other_name", "sigla", "previous_sigla", "region", "anpr_id", "interior_code",
	"sections", "european_electors", "electors", "residents", "lists_since"}

func (t *Tables) readComuni(tab *table) error {
	t.comuni = make([]Comune, 0, min(strings.Count(tab.rest, "\n"), maxTableRows))
	t.periods = make(map[string]span, cap(t.comuni)/2)
	var ids numbers
	last := ""
	for {
		more, err := tab.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		r := row{t: tab}
		c := Comune{
			Belfiore: r.match(0, "A999", true), Certainty: r.certainty(3),
			ISTAT: r.match(4, "999999", false), PreviousISTAT: r.match(5, "999999", true),
			Name: r.must(6), FullName: r.text(7), OtherName: r.text(8), ANPRName: r.text(9), ANPROtherName: r.text(10),
			ProvinceSigla: r.match(11, "AA", false), PreviousSigla: r.match(12, "AA", true),
			ANPRID: r.text(14), InteriorCode: r.match(15, "9999999999", true),
			Sections: r.number(16), EuropeanElectors: r.number(17), Electors: r.number(18), Residents: r.number(19),
			ListsSince: r.date(20),
		}
		c.From, c.To = r.period(1, 2)
		if c.From.IsZero() {
			r.fail(1, "the first day of the period")
		}
		if code := r.match(13, "99", true); code != "" {
			i, ok := t.regionIndex[code]
			if !ok {
				r.fail(13, "a code of the table regions")
			} else {
				c.RegionCode, c.Region = code, t.regions[i].Name
			}
		}
		if c.To.IsZero() {
			if c.Province = t.provinces[c.ProvinceSigla]; c.Province == "" {
				r.fail(11, "a sigla of the table provinces")
			}
		}
		if c.ANPRID != "" && !ids.add(r.number(14)) {
			r.fail(14, "a number up to 999999 that no other row has")
		}
		if n := len(t.comuni); n > 0 && r.err == nil {
			p := &t.comuni[n-1]
			if o := strings.Compare(p.Belfiore, c.Belfiore); o > 0 || o == 0 && p.From.After(c.From) {
				r.fail(0, "rows in the order of belfiore and from")
			}
			if p.Belfiore == c.Belfiore && c.Belfiore != "" && p.To.IsZero() {
				r.fail(1, "no period after one that still lasts")
			}
		}
		if r.err != nil {
			return r.err
		}
		if c.FullName == "" {
			c.FullName = c.Name
		}
		if c.ANPRName == "" {
			c.ANPRName = strings.ToUpper(c.Name)
		}
		if c.ANPROtherName == "" {
			c.ANPROtherName = strings.ToUpper(c.OtherName)
		}
		if n := int32(len(t.comuni)); c.Belfiore != "" {
			if c.Belfiore != last {
				t.periods[c.Belfiore], last = span{n, n + 1}, c.Belfiore
			} else {
				t.periods[c.Belfiore] = span{t.periods[c.Belfiore].first, n + 1}
			}
		}
		t.comuni = append(t.comuni, c)
	}
	t.date = tab.date
	return nil
}

// history returns the periods of a Belfiore code, as a part of t.comuni.
func (t *Tables) history(belfiore string) []Comune {
	p := t.periods[belfiore]
	return t.comuni[p.first:p.end:p.end]
}

// span is a part of a slice.
type span struct{ first, end int32 }

// numbers is a set of small numbers.
type numbers [(1_000_000 + 63) / 64]uint64

// add reports whether n is small enough and not yet in the set, and puts it in.
func (s *numbers) add(n int) bool {
	if n < 0 || n >= 1_000_000 || s[n/64]&(1<<(n%64)) != 0 {
		return false
	}
	s[n/64] |= 1 << (n % 64)
	return true
}

// inForce picks the period of one comune at a date. Periods overlap only for
// D588, where the archive gives both Filago and Marne, united in 1928, the code
// that Filago has today: then the name that holds the code today wins.
func inForce(periods []Comune, at Date) (Comune, bool) {
	var found *Comune
	for i := range periods {
		c := &periods[i]
		if !c.InForce(at) {
			continue
		}
		if c.ANPRName == periods[len(periods)-1].ANPRName {
			return *c, true
		}
		if found == nil {
			found = c
		}
	}
	if found == nil {
		return Comune{}, false
	}
	return *found, true
}

// Comune returns the comune that has a Belfiore code at a date. If at is not
// complete, a period that covers any of its days will do; if at is zero, only
// one that still lasts. The code is compared as it is, in capitals.
func (t *Tables) Comune(belfiore string, at Date) (Comune, bool) {
	return inForce(t.history(belfiore), at)
}

// ComuneLabel returns a comune for people: its name, today's or the last that it
// had, with the code in brackets. A code that the tables do not know is returned
// as it is.
func (t *Tables) ComuneLabel(belfiore string) string {
	history := t.history(belfiore)
	if len(history) == 0 || belfiore == "" {
		return belfiore
	}
	return history[len(history)-1].Name + " (" + belfiore + ")"
}

// InSpecialRegion reports whether a comune is in a region with a special statute
// (Constitution, art. 116): Valle d'Aosta, Trentino-Alto Adige, Friuli-Venezia
// Giulia, Sicilia, Sardegna.
func (c Comune) InSpecialRegion() bool {
	return slices.Contains([]string{"02", "04", "06", "19", "20"}, c.RegionCode)
}

// ComuneHistory returns all periods of a Belfiore code by their first day, nil
// for an unknown code. The slice is the caller's own.
func (t *Tables) ComuneHistory(belfiore string) []Comune {
	return slices.Clone(t.history(belfiore))
}

// Comuni returns the comuni in force at a date in the order of their Belfiore
// codes, one for each code; if at is zero, those that exist today.
func (t *Tables) Comuni(at Date) iter.Seq[Comune] {
	return func(yield func(Comune) bool) {
		for i := 0; i < len(t.comuni); {
			j := i + 1
			for j < len(t.comuni) && t.comuni[j].Belfiore == t.comuni[i].Belfiore {
				j++
			}
			if t.comuni[i].Belfiore != "" {
				if c, ok := inForce(t.comuni[i:j], at); ok && !yield(c) {
					return
				}
			}
			i = j
		}
	}
}

// ComuneByISTAT returns the comune that has an ISTAT code at a date, as in
// [Tables.Comune]. A Sardinian comune is found by the code of its present
// province and by that of 2024. Its Belfiore code may be empty (see [Comune]).
func (t *Tables) ComuneByISTAT(istat string, at Date) (Comune, bool) {
	var found []Comune
	for _, i := range indexed(t.istats, istat) {
		if c := t.comuni[i]; c.InForce(at) {
			found = append(found, c)
		}
	}
	return single(found)
}

// ComuneByName returns the comune that has a name at a date, as in
// [Tables.Comune]. The name may be the official one, either name of a bilingual
// comune, the two together ("A/B", "B/A", "A-B") or ANPR's transliteration, in
// any case, with or without accents ([Fold]). The sigla of the province may be
// that of the time, that of any other period of the same comune, or empty. If
// more than one comune answers (in the years before 1929 a few pairs had the
// same name in the same province) none is returned. Its Belfiore code may be
// empty (see [Comune]).
func (t *Tables) ComuneByName(name, provinceSigla string, at Date) (Comune, bool) {
	key, sigla := Fold(name), Fold(provinceSigla)
	var here, elsewhere []Comune
	for _, i := range indexed(t.names, key) {
		c := t.comuni[i]
		switch {
		case !c.InForce(at):
		case sigla == "" || sigla == c.ProvinceSigla || sigla == c.PreviousSigla:
			here = append(here, c)
		case slices.ContainsFunc(t.history(c.Belfiore),
			func(o Comune) bool { return o.ProvinceSigla == sigla || o.PreviousSigla == sigla }):
			elsewhere = append(elsewhere, c)
		}
	}
	if len(here) == 0 {
		here = elsewhere
	}
	if c, ok := single(here); ok {
		return c, true
	}
	// The Italian name of one comune may be the other name of a second.
	return single(slices.DeleteFunc(here, func(c Comune) bool { return Fold(c.Name) != key }))
}

// single returns the one comune that all the given periods belong to.
func single(found []Comune) (Comune, bool) {
	if len(found) == 0 {
		return Comune{}, false
	}
	for _, c := range found[1:] {
		if c.Belfiore != found[0].Belfiore || c.Belfiore == "" {
			return Comune{}, false
		}
	}
	return found[len(found)-1], true
}

func (t *Tables) buildNames() map[string][]int32 {
	index := make(map[string][]int32, len(t.comuni))
	for i := range t.comuni {
		c := &t.comuni[i]
		add := func(name string) {
			if key := Fold(name); key != "" {
				if l := index[key]; len(l) == 0 || l[len(l)-1] != int32(i) {
					index[key] = append(l, int32(i))
				}
			}
		}
		add(c.Name)
		if c.ANPRName != c.Name {
			add(c.ANPRName)
		}
		if c.FullName != c.Name {
			add(c.FullName)
		}
		if c.OtherName == "" && c.ANPROtherName == "" {
			continue
		}
		for _, other := range []string{c.OtherName, c.ANPROtherName} {
			if other != "" {
				add(other)
				add(c.Name + "/" + other)
				add(other + "/" + c.Name)
				add(c.Name + "-" + other)
				// How ANPR's archive writes the second name of Slovene comuni.
				add("COMUNE DI " + c.Name + "-OBČINA " + other)
			}
		}
	}
	return index
}

func (t *Tables) buildISTAT() map[string][]int32 {
	index := make(map[string][]int32, len(t.comuni))
	for i := range t.comuni {
		c := &t.comuni[i]
		index[c.ISTAT] = append(index[c.ISTAT], int32(i))
		if c.PreviousISTAT != "" {
			index[c.PreviousISTAT] = append(index[c.PreviousISTAT], int32(i))
		}
	}
	return index
}

// indexed looks a key up in an index that is built when first asked, and that
// the zero Tables does not have.
func indexed(index func() map[string][]int32, key string) []int32 {
	if index == nil {
		return nil
	}
	return index()[key]
}
