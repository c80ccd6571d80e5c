package revision_test

import (
	"fmt"
	"os"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// The calendar before a referendum: the last day for each cause, and what an officer
// reads who comes too late.
func ExampleExtraordinarySchedule() {
	vote := electoral.Vote{
		Consultation: electoral.NationalReferendum,
		Day:          electoral.Date{Year: 2026, Month: 3, Day: 22},
		LastDay:      electoral.Date{Year: 2026, Month: 3, Day: 23},
		Notice:       electoral.Date{Year: 2026, Month: 2, Day: 5},
		Called:       electoral.Date{Year: 2026, Month: 1, Day: 14},
	}
	s, err := revision.ExtraordinarySchedule("A074", []electoral.Vote{vote}, revision.Terms{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range []revision.Cause{revision.MovedIn, revision.RightAcquired, revision.Death} {
		step, _ := s.Deadline(c)
		fmt.Printf("%s: %s\n", step.Day.Italian(), c.Italian())
	}
	late := electoral.Date{Year: 2026, Month: 3, Day: 1}
	for _, f := range revision.CheckAdmission(revision.Extraordinary, revision.MovedIn, s, late) {
		fmt.Println(f.Code, f.Severity, f.Expected)
	}
	// Output:
	// 5 febbraio 2026: immigrazione da altro comune
	// 20 febbraio 2026: acquisto o riacquisto del diritto elettorale
	// 7 marzo 2026: decesso
	// REV-CAL-08 error un giorno fino al 5 febbraio 2026; ora: la revisione dinamica ordinaria, seconda tornata fino al 31 luglio 2026
}

// The table of an ordinary dynamic revision, as it stands on a day.
func ExampleSchedule_Table() {
	s, err := revision.DynamicSchedule(2026, 1, revision.Terms{})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := s.Table(electoral.Date{Year: 2026, Month: 1, Day: 20})
	if err := revision.WriteTableText(os.Stdout, rows[2:]); err != nil {
		fmt.Println(err)
	}
	// Output:
	// scadenza 31 gennaio 2026: in corso (mancano 11 giorni)
	//   seconda tornata: iscrizioni, cambi di sezione, variazioni del nome
	//   ufficiale elettorale; D.P.R. 20 marzo 1967, n. 223, art. 32
	//   - immigrazione da altro comune: possibile fino al 31 gennaio 2026
	//   - acquisto o riacquisto del diritto elettorale: possibile fino al 31 gennaio 2026
	//   - cambio di abitazione in altra sezione: possibile fino al 31 gennaio 2026
	//   - domanda di un cittadino dell'Unione europea: possibile fino al 31 gennaio 2026
}
