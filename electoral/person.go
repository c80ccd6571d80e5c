package electoral

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral/refdata"
	"golang.org/x/text/unicode/norm"
)

// A Date is a civil date without a time zone. In a date of birth the day, or
// the day and the month, may be unknown and zero.
type Date = refdata.Date

// Sex is the sex recorded in the population register ("sesso", ANPR's
// generalità). It decides the agreement of a certificate's words and, in lists
// of the form before 2025 ([SexesApart]), the list of men or of women.
type Sex string

// The values of Sex, as in ANPR's messages.
const (
	Male       Sex = "M"
	Female     Sex = "F"
	SexUnknown Sex = "N" // ANPR's "non conosciuto"
)

// A Person is one entry of the population register ("scheda soggetto"). The
// electoral files of ANPR carry only the id, so names, ages and citizenships
// come from a [Population].
type Person struct {
	// ANPRID is the id of the person's record in ANPR ("idSchedaSoggettoANPR"):
	// 1 to 16 digits.
	ANPRID     string     `json:"anprId"`
	FiscalCode FiscalCode `json:"fiscalCode,omitzero"`
	Surname    string     `json:"surname,omitzero"`
	Name       string     `json:"name,omitzero"`
	Sex        Sex        `json:"sex,omitzero"`
	Birth      Birth      `json:"birth"`
	// Citizenships holds every citizenship, past and present.
	Citizenships []Citizenship `json:"citizenships"`
	// Residence is where the person lives in Italy, nil when he does not.
	Residence *Residence `json:"residence,omitzero"`
	// Abroad is the entry in the register of Italians abroad, nil without one.
	Abroad *Abroad `json:"abroad,omitzero"`
	// Death is the day of death, zero while alive.
	Death Date `json:"death,omitzero"`
}

// A Birth says when and where a person was born ("nascita").
type Birth struct {
	// Date may lack the day, or the day and the month (ANPR's senzaGiorno and
	// senzaGiornoMese).
	Date Date `json:"date"`
	// Place is the Belfiore code of the comune, or of the State for a birth
	// abroad ("Z110").
	Place string `json:"place,omitzero"`
	// PlaceName is the place as the register names it; for a birth abroad the
	// town. Empty means that the name is the table's.
	PlaceName string `json:"placeName,omitzero"`
	// Deed is the record of the birth, nil when it is not known.
	Deed *BirthDeed `json:"deed,omitzero"`
}

// A BirthDeed identifies the record of a birth ("atto di nascita"), which the
// lists name by number, part and series (D.P.R. 223/1967, art. 5).
type BirthDeed struct {
	Number string `json:"number"`
	Part   string `json:"part,omitzero"`
	Series string `json:"series,omitzero"`
}

// A Citizenship is one citizenship of a person with the time it was held
// ("cittadinanza").
type Citizenship struct {
	// State is the ISO 3166-1 alpha-3 code: "ITA".
	State string `json:"state"`
	// From is the first day; zero means since birth.
	From Date `json:"from,omitzero"`
	// To is the day it was lost; zero means still held.
	To Date `json:"to,omitzero"`
}

// A Residence is the registered residence in a comune ("residenza").
type Residence struct {
	// Comune is the Belfiore code.
	Comune string `json:"comune"`
	// Since is the first day of residence in the comune.
	Since Date `json:"since,omitzero"`
	// Earlier are the periods of residence in Italian comuni before Since, the
	// latest first, from which the rules on the added lists count. Nil means
	// that they are not known; empty, that there is none. What was before the
	// earliest period is not known. Between two periods, and between the latest
	// and Since, the person lived nowhere in Italy, unless the one begins on the
	// day on which the other ends.
	Earlier []ResidencePeriod `json:"earlier,omitzero"`
	// Abode is the address in the comune, as the lists print it ("abitazione",
	// D.P.R. 223/1967, art. 5); empty when it is not known.
	Abode string `json:"abode,omitzero"`
}

// A ResidencePeriod is a residence that has ended.
type ResidencePeriod struct {
	// Comune is the Belfiore code.
	Comune string `json:"comune"`
	// From is the first day, zero if it is not known; To is the day from which he
	// no longer lived there.
	From Date `json:"from,omitzero"`
	To   Date `json:"to"`
}

// An Abroad is an entry in the register of Italians resident abroad ("AIRE",
// L. 470/1988).
type Abroad struct {
	// Comune is the Belfiore code of the comune that keeps the entry.
	Comune string `json:"comune"`
	// State is the ISO 3166-1 alpha-3 code of the country of residence.
	State string `json:"state"`
	Since Date   `json:"since,omitzero"`
}

// ItalianState is the ISO 3166-1 alpha-3 code of Italy.
const ItalianState = "ITA"

// HasCitizenship reports whether the person holds the citizenship of a State
// on a day.
func (p Person) HasCitizenship(state string, at Date) bool {
	return slices.ContainsFunc(p.Citizenships, func(c Citizenship) bool {
		return c.State == state && c.HeldAt(at)
	})
}

// IsItalian reports whether the person is an Italian citizen on a day.
func (p Person) IsItalian(at Date) bool { return p.HasCitizenship(ItalianState, at) }

// IsEUCitizen reports whether the person holds on a day the citizenship of a
// State that is then a member of the European Union; Italy counts. Nil tables mean
// those embedded in the SDK.
func (p Person) IsEUCitizen(tables *refdata.Tables, at Date) bool {
	tables = tablesOr(tables)
	return slices.ContainsFunc(p.Citizenships, func(c Citizenship) bool {
		return c.HeldAt(at) && tables.EUMember(c.State, at)
	})
}

// Registered returns the Belfiore code of the comune in whose register the
// person is: that of residence, or else of the register of Italians abroad;
// empty if he is in neither.
func (p Person) Registered() string {
	switch {
	case p.Residence != nil:
		return p.Residence.Comune
	case p.Abroad != nil:
		return p.Abroad.Comune
	}
	return ""
}

// BornBetween reports whether the birth lies, or may lie, between two days,
// both included.
func (p Person) BornBetween(from, to Date) bool {
	b := p.Birth.Date
	if b.IsZero() {
		return false
	}
	return !b.Latest().Before(from) && !b.Earliest().After(to)
}

// DeadAt reports whether the person had died by a day.
func (p Person) DeadAt(at Date) bool { return !p.Death.IsZero() && !p.Death.After(at) }

func (c Citizenship) HeldAt(at Date) bool {
	return (c.From.IsZero() || !c.From.After(at)) && (c.To.IsZero() || c.To.After(at))
}

// AgeAt returns the completed years of age on a day and whether they are
// certain: for a birth without day or month the age is the lower of the two
// that are possible, and certain only if they agree. A birthday is reached at
// the beginning of its day; a person born on 29 February reaches it on 1 March
// of a common year.
func (p Person) AgeAt(at Date) (years int, certain bool) {
	b := p.Birth.Date
	if b.IsZero() {
		return 0, false
	}
	low, high := yearsBetween(b.Latest(), at), yearsBetween(b.Earliest(), at)
	return low, low == high
}

// TurnsAt returns the first day on which the person has completed some years of
// age, as [Person.AgeAt] counts them: 1 March in a common year for a birth on 29
// February. If the birth lacks the day, it is the last that it may be; zero
// without a birth.
func (p Person) TurnsAt(years int) Date {
	born := p.Birth.Date.Latest()
	day := born.AddYears(years)
	if born.Month == time.February && born.Day == 29 && day.Day == 28 {
		return day.AddDays(1)
	}
	return day
}

func yearsBetween(from, to Date) int {
	years := to.Year - from.Year
	if c := cmp.Compare(to.Month, from.Month); c < 0 || c == 0 && to.Day < from.Day {
		years--
	}
	return years
}

// Clone returns a copy that shares nothing with p.
func (p Person) Clone() Person {
	p.Citizenships = slices.Clone(p.Citizenships)
	p.Birth.Deed = clonePtr(p.Birth.Deed)
	if p.Residence = clonePtr(p.Residence); p.Residence != nil {
		p.Residence.Earlier = slices.Clone(p.Residence.Earlier)
	}
	p.Abroad = clonePtr(p.Abroad)
	return p
}

// A BirthPlace is a place of birth with the names that are printed ("luogo di
// nascita"): the same on a list and on a certificate.
type BirthPlace struct {
	// Name is the comune or, abroad, the town; empty if nothing is known, or
	// only the State.
	Name string
	// Province is the two-letter code of the comune's province at the time of the
	// birth; empty abroad and for a comune that the tables do not know.
	Province string
	// State is the name of the foreign State; empty for a birth in Italy.
	State string
	// Comune is the comune whose name in the tables is Name; nil if Name is the
	// register's own.
	Comune *refdata.Comune
}

// BirthPlace returns the names of the place of birth. A comune has the name
// that it had on the day of the birth; if it still has that name, it is spelt
// as today, since the archive of past comuni is in capitals. Where the
// register's name differs from that of the tables, the register's is returned. Nil
// tables mean those embedded in the SDK.
func (b Birth) BirthPlace(tables *refdata.Tables) BirthPlace {
	tables = tablesOr(tables)
	name := strings.Join(strings.Fields(norm.NFC.String(b.PlaceName)), " ")
	if state, ok := tables.StateByBelfiore(b.Place); ok && b.Place != "" {
		// A register may repeat the State as the place.
		if refdata.Fold(name) == refdata.Fold(state.Name) {
			name = ""
		}
		return BirthPlace{Name: name, State: state.Name}
	}
	history := tables.ComuneHistory(b.Place)
	comune, ok := tables.Comune(b.Place, b.Date)
	if !ok && len(history) > 0 {
		comune, ok = history[len(history)-1], true
	}
	if !ok {
		return BirthPlace{Name: name}
	}
	if n := len(history); n > 0 && refdata.Fold(history[n-1].Name) == refdata.Fold(comune.Name) {
		comune.Name = history[n-1].Name
	}
	if name != "" && refdata.Fold(name) != refdata.Fold(comune.Name) {
		return BirthPlace{Name: name, Province: comune.ProvinceSigla}
	}
	return BirthPlace{Name: comune.Name, Province: comune.ProvinceSigla, Comune: &comune}
}

// tablesOr returns tables, or those embedded in the SDK if it is nil. In a build
// whose embedded tables cannot be read nothing is known.
func tablesOr(tables *refdata.Tables) *refdata.Tables {
	if tables != nil {
		return tables
	}
	if embedded, err := refdata.Embedded(); err == nil {
		return embedded
	}
	return &refdata.Tables{}
}

// ValidANPRID reports whether s has the form of ANPR's id of a person's
// record: 1 to 16 digits.
func ValidANPRID(s string) bool { return len(s) >= 1 && len(s) <= 16 && AllDigits(s) }

// AllDigits reports whether s holds nothing but the digits 0 to 9.
func AllDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// MaxText is the most characters of a text of ANPR's type charMax200.
const MaxText = 200
