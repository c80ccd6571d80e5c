package refdata_test

import (
	"errors"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

func ExampleTables_Comune() {
	tables, err := refdata.Embedded()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, year := range []int{1920, 1980, 2026} {
		c, ok := tables.Comune("A089", refdata.Date{Year: year, Month: time.June, Day: 1})
		fmt.Println(year, ok, c.Name, c.ProvinceSigla)
	}
	// Output:
	// 1920 true GIRGENTI AG
	// 1980 true Agrigento AG
	// 2026 true Agrigento AG
}

func ExampleTables_ComuneByName() {
	tables, err := refdata.Embedded()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"AGLIE'", "Bolzano/Bozen", "SAVOGNA D'ISONZO-SOVODNJE OB SOČI"} {
		c, ok := tables.ComuneByName(name, "", refdata.Date{})
		fmt.Println(ok, c.Belfiore, c.FullName, c.ANPRName)
	}
	// Output:
	// true A074 Agliè AGLIE'
	// true A952 Bolzano/Bozen BOLZANO
	// true I479 Savogna d'Isonzo-Sovodnje ob Soči SAVOGNA D'ISONZO-SOVODNJE OB SOCI
}

func ExampleTables_ChamberColleges() {
	tables, err := refdata.Embedded()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range tables.ChamberColleges("L219") {
		fmt.Println(c, c.Split)
	}
	fmt.Println(tables.SenateColleges("L219")[0])
	// Output:
	// PIEMONTE 1 | P01 | U01 true
	// PIEMONTE 1 | P01 | U02 true
	// PIEMONTE | P01 | U01
}

func ExampleLoad() {
	_, err := refdata.Load(fstest.MapFS{"abroad.tsv": {Data: []byte("#anpr-refdata 1\n#table abroad\n#date 2027\n" +
		"#source test|nowhere|CC0-1.0|2027\nname\nEUROPA\nEUROPA\n")}})
	var pe *refdata.ParseError
	fmt.Println(errors.As(err, &pe), err)
	// Output:
	// true refdata: abroad.tsv:7:1 (name): found "EUROPA", expected a name that no other row has
}

func ExampleDate() {
	birth, err := refdata.ParseDate("2008-02-29")
	fmt.Println(birth, err, birth.AddYears(18), refdata.Date{Year: 1950}.Complete())
	// Output:
	// 2008-02-29 <nil> 2026-02-28 false
}

func ExampleFold() {
	fmt.Println(refdata.Fold("Trentino-Alto Adige/Südtirol") == refdata.Fold("TRENTINO ALTO ADIGE / SUDTIROL"))
	// Output:
	// true
}
