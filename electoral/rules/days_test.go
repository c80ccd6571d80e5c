package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// TestImpossibleDays: a literal such as {2026, 2, 30} is refused wherever it enters,
// with its path and its value, and is no reason for anything else.
func TestImpossibleDays(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	never := electoral.Date{Year: 2026, Month: 2, Day: 30}
	for path, set := range map[string]func(*electoral.Elector, *rules.Circumstances){
		"at":                func(_ *electoral.Elector, in *rules.Circumstances) { in.At = never },
		"notice":            func(_ *electoral.Elector, in *rules.Circumstances) { in.Notice = never },
		"removals[1].day":   func(e *electoral.Elector, _ *rules.Circumstances) { e.Removals = []electoral.Removal{{}, {Day: never}} },
		"keptVotes[0].day":  func(e *electoral.Elector, _ *rules.Circumstances) { e.KeptVotes = []electoral.KeptVote{{Day: never}} },
		"loss.day":          func(e *electoral.Elector, _ *rules.Circumstances) { e.Loss = &electoral.CapacityLoss{Day: never} },
		"person.birth.date": func(_ *electoral.Elector, in *rules.Circumstances) { in.Person.Birth.Date = never },
		"person.death":      func(_ *electoral.Elector, in *rules.Circumstances) { in.Person.Death = never },
		"person.abroad.since": func(_ *electoral.Elector, in *rules.Circumstances) {
			in.Person.Abroad = &electoral.Abroad{Since: never}
		},
		"person.residence.since": func(_ *electoral.Elector, in *rules.Circumstances) {
			in.Person.Residence = &electoral.Residence{Since: never}
		},
		"person.citizenships[0].from": func(_ *electoral.Elector, in *rules.Circumstances) {
			in.Person.Citizenships = []electoral.Citizenship{{From: never}}
		},
		"person.citizenships[0].to": func(_ *electoral.Elector, in *rules.Circumstances) {
			in.Person.Citizenships = []electoral.Citizenship{{To: never}}
		},
		"choices[0].day":       func(_ *electoral.Elector, in *rules.Circumstances) { in.Choices[0].Day = never },
		"choices[0].received":  func(_ *electoral.Elector, in *rules.Circumstances) { in.Choices[0].Received = never },
		"choices[0].withdrawn": func(_ *electoral.Elector, in *rules.Circumstances) { in.Choices[0].Withdrawn = never },
	} {
		e := electoral.Elector{ANPRID: "1"}
		in := rules.Circumstances{At: day(t, "2026-11-30"), Person: &electoral.Person{}, Choices: []electoral.VotingChoice{{}}}
		require.False(t, electoral.Faults(checker.CheckElector(e, in)).Has(electoral.DayImpossible), path)
		set(&e, &in)
		faults := checker.CheckElector(e, in)
		require.Len(t, faults, 1, path)
		require.ErrorIs(t, faults[0], electoral.DayImpossible)
		require.Equal(t, path, faults[0].Path)
		require.Equal(t, "2026-02-30", faults[0].Value)
		require.Equal(t, "La data 2026-02-30 non esiste nel calendario.", faults[0].Message)
	}

	faults := checker.CheckElector(electoral.Elector{}, rules.Circumstances{})
	require.Len(t, faults, 1, "without the day nothing is judged")
	require.Equal(t, "Manca il giorno al quale si giudica.", faults[0].Message)
	faults = checker.CheckSection(electoral.Section{}, never)
	require.Len(t, faults, 1)
	require.Equal(t, "at", faults[0].Path)

	for name, cfg := range map[string]rules.Config{
		"SectionSizes[0].To":  {SectionSizes: []rules.SectionSize{{To: never}}},
		"WithoutPost[0].From": {WithoutPost: []rules.StateTerm{{From: never}}},
		"Residences[0].From":  {Residences: []rules.ResidenceRule{{List: electoral.BolzanoList, From: never}}},
	} {
		_, err := rules.NewChecker(cfg)
		require.ErrorIs(t, err, electoral.DayImpossible)
		require.ErrorContains(t, err, name)
	}
}
