package revision_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// The first round of a dynamic revision: one elector has moved to another comune.
func ExampleEngine() {
	ctx := context.Background()
	born := electoral.Date{Year: 1970, Month: time.May, Day: 3}
	person := electoral.Person{ANPRID: "1", Surname: "PROVA", Name: "GIULIA", Birth: electoral.Birth{Date: born},
		Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
		Residence:    &electoral.Residence{Comune: "A074"}}
	population := memory.NewPopulation(person)
	now := func() time.Time { return time.Date(2026, time.January, 8, 9, 0, 0, 0, time.UTC) }
	lists, err := registry.New(registry.Config{Store: memory.NewStore(), Population: population, Recorder: &notebook{},
		Now: now})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := lists.PutSection(ctx, officer("A074"), sectionOf("A074", "1")); err != nil {
		log.Fatal(err)
	}
	if _, err := lists.Enrol(ctx, officer("A074"), electorOf("1", "A074", "1")); err != nil {
		log.Fatal(err)
	}
	person.Residence = &electoral.Residence{Comune: "A109",
		Since: electoral.Date{Year: 2025, Month: time.December, Day: 1}}
	population.Put(person)

	engine, err := revision.New(revision.Config{Registry: lists})
	if err != nil {
		log.Fatal(err)
	}
	round, _, err := engine.Open(ctx, officer("A074"), revision.Opening{Comune: "A074", Kind: revision.DynamicFirst,
		Year: 2026, Half: 1})
	if err != nil {
		log.Fatal(err)
	}
	lines, err := engine.Lines(ctx, officer("A074"), "A074", round.ID, revision.LineFilter{})
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range lines {
		fmt.Printf("%s: %s, codice %d, entro il %s\n", v.Person.Surname, v.Line.Cause.Italian(), v.Line.Code,
			v.Line.Deadline.Italian())
		for _, e := range v.Evidence {
			fmt.Println("  ", e.Text)
		}
		ruling := revision.Ruling{Line: v.Line.ID, Version: v.Line.Version,
			Decision: revision.LineDecision{Verdict: revision.Accept}}
		if _, _, err := engine.Decide(ctx, officer("A074"), "A074", round.ID, []revision.Ruling{ruling}); err != nil {
			log.Fatal(err)
		}
	}
	report, err := engine.Apply(ctx, officer("A074"), "A074", round.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("eseguite:", report.Applied)
	minute, err := engine.Minute(ctx, officer("A074"), "A074", round.ID, report.Sitting)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("verbale:", minute.Removed[0].What)
	// Output:
	// PROVA: trasferimento in altro comune, codice 1, entro il 10 gennaio 2026
	//    residente nel comune di Airasca (A109) dal 1° dicembre 2025
	// eseguite: 1
	// verbale: cancellazione dalla lista generale ordinaria, sezione 1
}
