package electoral

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
)

// An Elector holds the electoral data of one person ("dati per ogni
// elettore", D.M. 17 October 2022, annex 1), the way ANPR's service 5010 and
// its first-load file carry them. What depends on the polling section (its
// seat, the European, regional and district constituencies and the colleges)
// stands in [Section]; [Annex1Of] joins the two into the flat view of annex 1.
//
// Capacity and enrolment are two facts: one does not follow from the other.
type Elector struct {
	// ANPRID is the id of the person's record in ANPR ("idSchedaSoggettoANPR"):
	// 1 to 16 digits.
	ANPRID string `json:"anprId"`
	// Capacity says whether the person enjoys the right to vote ("Elettore",
	// annex 1 point 1).
	Capacity Answer `json:"capacity,omitzero"`
	// General is the enrolment in the ordinary general list ("lista generale
	// ordinaria", annex 1 point 2); nil without one.
	General *Enrolment `json:"general,omitzero"`
	Added   AddedLists `json:"added,omitzero"`
	EU      EULists    `json:"eu,omitzero"`
	Status  Status     `json:"status,omitzero"`
	// Certifiability says which certificates may be issued; nil if that was not
	// given.
	Certifiability *Certifiability `json:"certifiability,omitzero"`
	// Removals say how he left lists: at most one for each list, in the order of
	// [Lists]; none for a list that he is in again.
	Removals []Removal `json:"removals,omitempty"`
	// KeptVotes are the votes in which he still takes part in a comune that he
	// left, at most one for a consultation of a day.
	KeptVotes []KeptVote `json:"keptVotes,omitempty"`
	// Loss says that he lost the right to vote and has not recovered it; nil if
	// not, or if nothing is known of it. It stands beside Capacity, which ANPR
	// has alone and which is also no for who left the lists.
	Loss *CapacityLoss `json:"loss,omitzero"`
}

// An Enrolment is the place of an elector in a list ("iscrizione"): a comune
// and the number of one of its sections.
type Enrolment struct {
	// Comune is the Belfiore code of the comune that keeps the list.
	Comune string `json:"comune"`
	// Section is the number of the section as the comune writes it, 1 to 200
	// characters; it is a name, not a quantity, and compared as text.
	Section string `json:"section"`
}

// AddedLists are the general lists added for regional and comunal elections
// ("liste generali aggiunte regionali/comunali", annex 1 point 3). At most one
// is Yes: ANPR keeps one list record for the three.
type AddedLists struct {
	// Bolzano is for residents in the province of Bolzano, for regional and
	// comunal elections (D.P.R. 50/1973, art. 5).
	Bolzano AddedList `json:"bolzano,omitzero"`
	// Trento is for residents in the province of Trento, for regional
	// elections only (D.P.R. 50/1973, art. 3).
	Trento AddedList `json:"trento,omitzero"`
	// AostaValley is for residents in Valle d'Aosta, for regional elections
	// only (d.lgs. 320/1994, art. 5).
	AostaValley AddedList `json:"aostaValley,omitzero"`
}

// EULists are the lists added for citizens of another Member State of the
// European Union ("liste generali aggiunte UE", annex 1 point 4).
type EULists struct {
	// Comunal is for comunal and district elections (d.lgs. 197/1996, art. 1
	// c. 1).
	Comunal AddedList `json:"comunal,omitzero"`
	// Parliament is for the European Parliament's members that fall to Italy
	// (D.L. 408/1994, art. 2 c. 1).
	Parliament AddedList `json:"parliament,omitzero"`
}

// An AddedList is one added list of an elector ("lista aggiunta"): whether he
// is in it and, if so, where.
type AddedList struct {
	Enrolled Answer `json:"enrolled,omitzero"`
	// Enrolment is required where Enrolled is Yes (annex 1: "in caso di «si»,
	// sono inseriti") and refused where it is not.
	Enrolment *Enrolment `json:"enrolment,omitzero"`
}

// A Status says for which consultations a person is an elector ("status di
// elettore per i vari tipi di consultazioni", annex 1 point 5), with the
// constituencies that ANPR keeps beside the elector. The others and the
// colleges are the section's.
type Status struct {
	NationalReferendums Answer `json:"nationalReferendums,omitzero"`
	EuropeanParliament  Answer `json:"europeanParliament,omitzero"`
	Senate              Answer `json:"senate,omitzero"`
	// SenateConstituency is the constituency of the national territory or, for
	// an elector abroad, the division of the constituency Estero
	// ("ripartizione"), in the upper case of the Ministry's tables.
	SenateConstituency string `json:"senateConstituency,omitzero"`
	Chamber            Answer `json:"chamber,omitzero"`
	// ChamberConstituency is likewise for the Camera dei deputati.
	ChamberConstituency string `json:"chamberConstituency,omitzero"`
	Regional            Answer `json:"regional,omitzero"`
	Comunal             Answer `json:"comunal,omitzero"`
	// District is for the elections of a part of a comune
	// ("circoscrizionali").
	District Answer `json:"district,omitzero"`
}

// A StatusEntry is one of the seven answers of a [Status].
type StatusEntry struct {
	Consultation Consultation
	// Path is the path of the answer in an [Elector]: "status.senate".
	Path string
	// Italian names what is voted for, with its article: "il Senato della
	// Repubblica".
	Italian string
	Answer  Answer
}

// Entries returns the answers in the order of annex 1, point 5.
func (s Status) Entries() [7]StatusEntry {
	return [7]StatusEntry{
		{Consultation: NationalReferendum, Path: "status.nationalReferendums",
			Italian: "i referendum nazionali", Answer: s.NationalReferendums},
		{Consultation: EuropeanElection, Path: "status.europeanParliament",
			Italian: "il Parlamento europeo", Answer: s.EuropeanParliament},
		{Consultation: SenateElection, Path: "status.senate",
			Italian: "il Senato della Repubblica", Answer: s.Senate},
		{Consultation: ChamberElection, Path: "status.chamber",
			Italian: "la Camera dei deputati", Answer: s.Chamber},
		{Consultation: RegionalElection, Path: "status.regional",
			Italian: "le elezioni regionali", Answer: s.Regional},
		{Consultation: ComunalElection, Path: "status.comunal",
			Italian: "le elezioni comunali", Answer: s.Comunal},
		{Consultation: DistrictElection, Path: "status.district",
			Italian: "le elezioni circoscrizionali", Answer: s.District},
	}
}

// Certifiability says which electoral certificates may be issued for a person
// ("soggettoCertificabile" of ANPR's electoral services; not the table of the
// same name of the civil register, where 1 means something else).
type Certifiability int

// The values of Certifiability.
const (
	NotCertifiable      Certifiability = 0 // none
	OnlyPoliticalRights Certifiability = 1 // only "godimento dei diritti politici"
	FullyCertifiable    Certifiability = 2 // both certificates
)

// A List names one of the lists of annex 1 ("lista").
type List string

// The lists of annex 1, points 2 to 4.
const (
	GeneralList      List = "general"
	BolzanoList      List = "bolzano"
	TrentoList       List = "trento"
	AostaValleyList  List = "aosta-valley"
	EUComunalList    List = "eu-comunal"
	EUParliamentList List = "eu-parliament"
)

// StillVotesList is not a list of annex 1 and not among [Lists]. It holds the
// electors who were removed from a list and still vote there ([KeptVote]), each
// in every section where he does.
const StillVotesList List = "still-votes"

// Lists returns every list in the order of annex 1.
func Lists() []List {
	return []List{GeneralList, BolzanoList, TrentoList, AostaValleyList, EUComunalList, EUParliamentList}
}

// Italian returns the name of the list for people.
func (l List) Italian() string {
	switch l {
	case GeneralList:
		return "lista generale ordinaria"
	case BolzanoList:
		return "lista aggiunta per i residenti in Provincia di Bolzano"
	case TrentoList:
		return "lista aggiunta per i residenti in Provincia di Trento"
	case AostaValleyList:
		return "lista aggiunta per i residenti in Valle d'Aosta"
	case EUComunalList:
		return "lista aggiunta UE per le elezioni comunali e circoscrizionali"
	case EUParliamentList:
		return "lista aggiunta UE per il Parlamento europeo"
	case StillVotesList:
		return "lista di chi, cancellato, vota ancora nel comune per una consultazione"
	}
	return "lista sconosciuta: " + string(l)
}

// Path returns the path of the list in an [Elector], as faults name it:
// "added.bolzano".
func (l List) Path() string {
	switch l {
	case GeneralList:
		return "general"
	case BolzanoList:
		return "added.bolzano"
	case TrentoList:
		return "added.trento"
	case AostaValleyList:
		return "added.aostaValley"
	case EUComunalList:
		return "eu.comunal"
	case EUParliamentList:
		return "eu.parliament"
	}
	return string(l)
}

// ListEntry returns the elector's entry for a list. The general list has no
// answer of its own: its Enrolled is Yes if there is an enrolment.
func (e Elector) ListEntry(l List) AddedList {
	switch l {
	case GeneralList:
		return AddedList{Enrolled: AnswerOf(e.General != nil), Enrolment: e.General}
	case BolzanoList:
		return e.Added.Bolzano
	case TrentoList:
		return e.Added.Trento
	case AostaValleyList:
		return e.Added.AostaValley
	case EUComunalList:
		return e.EU.Comunal
	case EUParliamentList:
		return e.EU.Parliament
	}
	return AddedList{}
}

// SetListEntry replaces the elector's entry for a list. For the general list
// only the enrolment counts.
func (e *Elector) SetListEntry(l List, a AddedList) {
	switch l {
	case GeneralList:
		e.General = a.Enrolment
	case BolzanoList:
		e.Added.Bolzano = a
	case TrentoList:
		e.Added.Trento = a
	case AostaValleyList:
		e.Added.AostaValley = a
	case EUComunalList:
		e.EU.Comunal = a
	case EUParliamentList:
		e.EU.Parliament = a
	}
}

// RegionalList returns the list through which the elector votes in regional
// elections: the added list that he is in or, without one, the general list. He
// votes in the comune of that list; through Bolzano's also in comunal
// elections.
func (e Elector) RegionalList() List {
	for _, l := range []List{BolzanoList, TrentoList, AostaValleyList} {
		if _, in := e.EnrolmentIn(l); in {
			return l
		}
	}
	return GeneralList
}

// Enrolments yields the lists in which the elector is enrolled, in the order
// of annex 1, with the place in each.
func (e Elector) Enrolments() iter.Seq2[List, Enrolment] {
	return func(yield func(List, Enrolment) bool) {
		for _, l := range Lists() {
			if a := e.ListEntry(l); a.Enrolled == Yes && a.Enrolment != nil && !yield(l, *a.Enrolment) {
				return
			}
		}
	}
}

// Places yields what [Elector.Enrolments] yields and then, in [StillVotesList],
// each place of his kept votes once.
func (e Elector) Places() iter.Seq2[List, Enrolment] { return e.PlacesAt(Date{}) }

// PlacesAt yields what [Elector.Places] yields, without the votes that are over:
// their comune no longer has to do with the elector.
func (e Elector) PlacesAt(today Date) iter.Seq2[List, Enrolment] {
	return func(yield func(List, Enrolment) bool) {
		for l, en := range e.Enrolments() {
			if !yield(l, en) {
				return
			}
		}
		for en := range e.keptPlaces(today) {
			if !yield(StillVotesList, en) {
				return
			}
		}
	}
}

// EnrolmentIn returns the elector's place in a list, and false if he is not
// in it. In [StillVotesList], where he may have several, it returns none.
func (e Elector) EnrolmentIn(l List) (Enrolment, bool) {
	if a := e.ListEntry(l); a.Enrolled == Yes && a.Enrolment != nil {
		return *a.Enrolment, true
	}
	return Enrolment{}, false
}

// Clone returns a copy that shares nothing with e.
func (e Elector) Clone() Elector {
	e.General = clonePtr(e.General)
	e.Added.Bolzano.Enrolment = clonePtr(e.Added.Bolzano.Enrolment)
	e.Added.Trento.Enrolment = clonePtr(e.Added.Trento.Enrolment)
	e.Added.AostaValley.Enrolment = clonePtr(e.Added.AostaValley.Enrolment)
	e.EU.Comunal.Enrolment = clonePtr(e.EU.Comunal.Enrolment)
	e.EU.Parliament.Enrolment = clonePtr(e.EU.Parliament.Enrolment)
	e.Certifiability = clonePtr(e.Certifiability)
	e.Removals, e.KeptVotes = slices.Clone(e.Removals), slices.Clone(e.KeptVotes)
	e.Loss = clonePtr(e.Loss)
	return e
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// LoseCapacity takes from the elector what he loses with the right to vote:
// capacity and every answer of the status become No, the constituencies are
// cleared, and he is not certifiable. It records no [CapacityLoss]: who leaves
// his last list may ask to be in one again.
func (e *Elector) LoseCapacity() {
	none := NotCertifiable
	e.Capacity, e.Certifiability = No, &none
	e.Status = Status{NationalReferendums: No, EuropeanParliament: No, Senate: No, Chamber: No, Regional: No,
		Comunal: No, District: No}
}

// An Answer is the value of a yes-or-no field of annex 1 ("si/no", D.M.
// 17 October 2022). Its zero value is NotGiven: unknown is never "no".
//
// In JSON it is true, false or null (or absent, with omitzero); in SQL 1, 0
// or NULL; in ANPR's XML S, N or no element.
type Answer uint8

// The three values of an Answer.
const (
	NotGiven Answer = iota
	Yes
	No
)

// AnswerOf returns Yes for true and No for false.
func AnswerOf(b bool) Answer {
	if b {
		return Yes
	}
	return No
}

// String returns the Italian word for people: "si", "no" or "non indicato".
func (a Answer) String() string {
	switch a {
	case Yes:
		return "si"
	case No:
		return "no"
	case NotGiven:
		return "non indicato"
	}
	return fmt.Sprintf("Answer(%d)", uint8(a))
}

// IsZero reports whether the field was not given, for omitzero.
func (a Answer) IsZero() bool { return a == NotGiven }

// MarshalJSON writes true, false or null.
func (a Answer) MarshalJSON() ([]byte, error) {
	switch a {
	case Yes:
		return []byte("true"), nil
	case No:
		return []byte("false"), nil
	case NotGiven:
		return []byte("null"), nil
	}
	return nil, fmt.Errorf("electoral: %d is not an answer", uint8(a))
}

// UnmarshalJSON reads true, false or null; anything else is an error.
func (a *Answer) UnmarshalJSON(data []byte) error {
	switch string(bytes.TrimSpace(data)) {
	case "true":
		*a = Yes
	case "false":
		*a = No
	case "null":
		*a = NotGiven
	default:
		return fmt.Errorf("electoral: answer %s: expected true, false or null", data)
	}
	return nil
}
