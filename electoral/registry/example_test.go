package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// printer is a recorder that prints; a program takes audit/recorder.
type printer struct{}

func (printer) Record(_ context.Context, a electoral.Access) error {
	fmt.Println("log:", a.Operation, a.Outcome)
	return nil
}

func ExampleRegistry() {
	person := electoral.Person{
		ANPRID: "1", Surname: "ESEMPIO", Name: "BRUNA", Sex: electoral.Female,
		Birth:        electoral.Birth{Date: electoral.Date{Year: 1971, Month: time.May, Day: 8}, Place: "L219"},
		Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
		Residence:    &electoral.Residence{Comune: "A074"},
	}
	registry, err := registry.New(registry.Config{
		Store: memory.NewStore(), Population: memory.NewPopulation(person), Recorder: printer{},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	officer := electoral.Request{ID: "1", Actor: electoral.Actor{
		FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: "A074", Method: electoral.SmartCardMethod,
	}}
	_, err = registry.Enrol(ctx, officer, electoral.Elector{
		ANPRID: "1", Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A074", Section: "1"},
	})
	if errors.Is(err, electoral.SectionUnknown) {
		fmt.Println("the sections are registered before the electors")
	}
	// Output:
	// log: elector-enrol requested
	// log: elector-enrol ELE-ISC-05
	// the sections are registered before the electors
}

func ExampleChecker_CheckSection() {
	checker, err := rules.NewChecker(rules.Config{})
	if err != nil {
		log.Fatal(err)
	}
	section := electoral.Section{
		Comune: "A074", Number: "1", SeatName: "Scuola primaria",
		Seat:                 electoral.Address{PostCode: "10011", Comune: "A074", Street: electoral.Street{Kind: "VIA", Name: "ROMA"}},
		RegionalConstituency: "TORINO",
		ChamberCollege:       electoral.College{Constituency: "PIEMONTE 1", MultiMember: "P02", SingleMember: "U05"},
		SenateCollege:        electoral.College{Constituency: "PIEMONTE", MultiMember: "P01", SingleMember: "U02"},
	}
	for _, f := range checker.CheckSection(section, electoral.Date{Year: 2026, Month: time.November, Day: 22}) {
		fmt.Println(f.Message, "Atteso:", f.Expected)
	}
	// Output:
	// Il collegio per la Camera dei deputati non è del comune di Agliè. Atteso: PIEMONTE 1 | P02 | U04
}

func ExampleAnnex1Of() {
	elector := electoral.Elector{
		ANPRID: "1", Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A074", Section: "1"},
		Status: electoral.Status{Chamber: electoral.Yes, ChamberConstituency: "EUROPA"},
	}
	find := func(comune, number string) (electoral.Section, bool) {
		return electoral.Section{SeatName: "Scuola", ChamberCollege: electoral.College{Constituency: "PIEMONTE 1", MultiMember: "P02", SingleMember: "U04"}}, true
	}
	record := electoral.Annex1Of(elector, find, func(string) string { return "Agliè" })
	for _, f := range record.Fields() {
		if f.Value != "" && f.Value != electoral.NotGiven.String() {
			fmt.Printf("%d. %s: %s\n", f.Point, f.Name, f.Value)
		}
	}
	// Output:
	// 1. Elettore: si
	// 2. Comune di iscrizione elettorale nella lista generale ordinaria: Agliè
	// 2. Sezione elettorale di iscrizione (numero): 1
	// 2. Sezione elettorale di iscrizione (sede): Scuola
	// 5. Camera dei deputati: si
	// 5. Circoscrizione del territorio nazionale/ripartizione della circoscrizione Estero per la Camera dei deputati: EUROPA
}

func ExampleFaults() {
	faults := electoral.Faults{
		electoral.NewFault(electoral.SectionUnknown, "general.section", "97", electoral.Args{"section": "97", "comune": "E388"}),
		electoral.NewFault(electoral.StatusNotGiven, "status.regional", "", electoral.Args{"consultation": "le elezioni regionali"}),
	}
	fmt.Println(faults.Err() != nil, errors.Is(faults, electoral.SectionUnknown))
	fmt.Println(electoral.Faults(faults.Warnings()).Err() != nil)
	fmt.Println(faults[0].Tag, faults[0].ANPRCode)
	// Output:
	// true true
	// false
	// listaSoggetto/lista/listaGenerale/sezioneelettoralenum EN557
}
