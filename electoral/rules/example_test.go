package rules_test

import (
	"fmt"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// A resident abroad votes by post in a referendum, and in his section if he opted
// for Italy in time.
func ExampleChecker_Voting() {
	checker, err := rules.NewChecker(rules.Config{WithoutPost: []rules.StateTerm{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	vote := electoral.Vote{
		Consultation: electoral.NationalReferendum,
		Day:          electoral.Date{Year: 2026, Month: 3, Day: 22},
		LastDay:      electoral.Date{Year: 2026, Month: 3, Day: 23},
		Called:       electoral.Date{Year: 2026, Month: 1, Day: 14},
	}
	person := electoral.Person{
		ANPRID: "1", Birth: electoral.Birth{Date: electoral.Date{Year: 1980, Month: 5, Day: 20}},
		Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
		Abroad:       &electoral.Abroad{Comune: "A074", State: "CHE"},
	}
	elector := electoral.Elector{
		ANPRID: "1", Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A074", Section: "3"},
		Status: electoral.Status{NationalReferendums: electoral.Yes},
	}
	option := electoral.VotingChoice{ANPRID: "1", Kind: electoral.OptionForItaly, Consultation: vote.Consultation, Day: vote.Day}
	for _, choices := range [][]electoral.VotingChoice{nil, {option}} {
		v := checker.Voting(rules.VotingCase{Elector: &elector, Person: &person, Vote: vote, Choices: choices})
		fmt.Printf("votes: %s, %s, line %q\n", v.Votes, v.Manner, v.Line)
		for _, r := range v.Reasons {
			fmt.Printf("  %s %s [%s]\n", r.Code, r.Message, r.Source)
		}
	}
	// Output:
	// votes: si, post, line "struck"
	//   VOT-EST-01 La persona risiede all'estero (Svizzera) e vota per corrispondenza. [legge 27 dicembre 2001, n. 459, artt. 1 e 4]
	// votes: si, section, line ""
	//   VOT-EST-02 La persona risiede all'estero e ha scelto di votare in Italia. [legge 27 dicembre 2001, n. 459, art. 1, comma 3, e art. 4]
}
