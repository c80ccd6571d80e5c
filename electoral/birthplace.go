package electoral

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

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
// register's name differs from that of the tables, the register's is returned.
func (b Birth) BirthPlace(tables *refdata.Tables) BirthPlace {
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
