package revision_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// TestTermsOfTheirOwn sets the first round as a circular of 2016 and as Livorno.
func TestTermsOfTheirOwn(t *testing.T) {
	terms := revision.Terms{Own: []revision.Term{
		{Step: revision.StepFirstRound, Anchor: revision.FromNotice, Days: -3, Until: on(t, "2016-12-31")},
		{Step: revision.StepFirstRound, Anchor: revision.FromVote, Days: -47, From: on(t, "2020-01-01")},
	}}
	require.Empty(t, terms.Check())
	for day, want := range map[string]string{"2016-04-17": "2016-02-29", "2018-03-04": "2018-01-10",
		"2026-03-22": "2026-02-03"} {
		s, err := revision.ExtraordinarySchedule("E625",
			[]electoral.Vote{{Consultation: electoral.NationalReferendum, Day: on(t, day)}}, terms)
		require.NoError(t, err)
		step, ok := s.Step(revision.StepFirstRound)
		require.True(t, ok)
		require.Equal(t, want, step.Day.String(), day)
		require.Equal(t, revision.Open, step.Basis, "no basis was given")
		require.False(t, step.Strict)
	}
}

// TestTermsThatRefuse: only a sourced term of a limit of the law refuses.
func TestTermsThatRefuse(t *testing.T) {
	for basis, strict := range map[revision.Basis]bool{revision.Sourced: true, revision.Inferred: false,
		revision.Unverified: false, revision.Open: false, "": false} {
		terms := revision.Terms{Own: []revision.Term{{Step: revision.StepFinalLimit, Anchor: revision.FromVote, Days: -10,
			Basis: basis, Law: "una legge nuova"}}}
		s, err := revision.ExtraordinarySchedule("A074", []electoral.Vote{referendum2026(t)}, terms)
		require.NoError(t, err)
		step, _ := s.Step(revision.StepFinalLimit)
		require.Equal(t, "2026-03-12", step.Day.String())
		require.Equal(t, strict, step.Strict, basis)
		blocked, _ := s.Step(revision.StepBlocked)
		require.Equal(t, "2026-03-13", blocked.From.String())
		require.Equal(t, strict, blocked.Strict, "the lists are blocked after it")
		faults := revision.CheckAdmission(revision.Extraordinary, revision.Death, s, on(t, "2026-03-13"))
		require.Len(t, faults, 1)
		require.Equal(t, strict, electoral.Faults(faults).Err() != nil, basis)
	}
	half := revision.Terms{Own: []revision.Term{{Step: revision.StepSemestralEffect, Half: 2, Month: 1, Day: 1,
		Basis: revision.Sourced, Law: "una legge nuova", From: on(t, "2027-07-01")}}}
	for year, want := range map[int]string{2026: "2026-12-31", 2027: "2028-01-01"} {
		s, err := revision.SemestralSchedule(year, 2, half)
		require.NoError(t, err)
		step, _ := s.Step(revision.StepSemestralEffect)
		require.Equal(t, want, step.Day.String())
	}
}

func TestTermsCheck(t *testing.T) {
	first := revision.Term{Step: revision.StepFirstRound, Anchor: revision.FromNotice, Days: -3}
	change := func(f func(*revision.Term)) []revision.Term {
		out := first
		f(&out)
		return []revision.Term{out}
	}
	effect := revision.Term{Step: revision.StepSemestralEffect, Half: 1, Month: 6, Day: 30}
	fixed := func(f func(*revision.Term)) []revision.Term {
		out := effect
		f(&out)
		return []revision.Term{out}
	}
	apart := first
	apart.From = on(t, "2027-01-01")
	before := first
	before.Until = on(t, "2026-12-31")
	for want, own := range map[string][]revision.Term{
		"":                            {before, apart, effect},
		"half terms.own[0].half":      change(func(o *revision.Term) { o.Half = 1 }),
		"half  terms.own[0].half":     fixed(func(o *revision.Term) { o.Half = 3 }),
		" terms.own[0].step":          change(func(o *revision.Term) { o.Step = revision.StepOption }),
		"anchor terms.own[0].anchor":  change(func(o *revision.Term) { o.Anchor = revision.FixedDay }),
		"anchor  terms.own[0].anchor": fixed(func(o *revision.Term) { o.Anchor = revision.FromVote }),
		"anchor   terms.own[0].anchor": change(func(o *revision.Term) {
			o.Step = revision.StepNotice
		}),
		"days terms.own[0].days":     change(func(o *revision.Term) { o.Days = -366 }),
		"days  terms.own[0].days":    change(func(o *revision.Term) { o.Days = 61 }),
		"days   terms.own[0].days":   fixed(func(o *revision.Term) { o.Days = 1 }),
		"day terms.own[0].day":       fixed(func(o *revision.Term) { o.Month, o.Day = 2, 30 }),
		"day  terms.own[0].day":      fixed(func(o *revision.Term) { o.Month = 13 }),
		"basis terms.own[0].basis":   change(func(o *revision.Term) { o.Basis = "sicura" }),
		"source terms.own[0].law":    change(func(o *revision.Term) { o.Basis = revision.Sourced }),
		"validity terms.own[0].from": change(func(o *revision.Term) { o.From = electoral.Date{Year: 2026} }),
		"validity  terms.own[0].from": change(func(o *revision.Term) {
			o.From, o.Until = on(t, "2026-02-01"), on(t, "2026-01-31")
		}),
		"twice terms.own[1].step":  {first, first},
		"twice  terms.own[1].step": {first, apart},
	} {
		faults := revision.Terms{Own: own}.Check()
		if want == "" {
			require.Empty(t, faults)
			continue
		}
		require.Len(t, faults, 1, want)
		require.Equal(t, electoral.RevisionTerm, faults[0].Code, want)
		blanks := len(want) - len(faults[0].Case) - len(faults[0].Path)
		require.Equal(t, want, faults[0].Case+"   "[:blanks]+faults[0].Path)
	}
}

// TestDefaultTerms: the defaults are terms that may be set, each with its basis.
func TestDefaultTerms(t *testing.T) {
	list := revision.DefaultTerms()
	require.Empty(t, revision.Terms{Own: list}.Check())
	for _, term := range list {
		require.NotEmpty(t, term.Basis, term.Step)
		require.NotEmpty(t, term.Law, term.Step)
	}
	list[0].Day = 1 // the caller's own
	require.Equal(t, 15, revision.DefaultTerms()[0].Day)
	own, err := revision.SemestralSchedule(2026, 1, revision.Terms{Own: revision.DefaultTerms()})
	require.NoError(t, err)
	s, err := revision.SemestralSchedule(2026, 1, revision.Terms{})
	require.NoError(t, err)
	require.Equal(t, s.Steps, own.Steps)
}

// FuzzTerms: no setting makes a panic, and those that pass the check give a calendar.
func FuzzTerms(f *testing.F) {
	f.Add([]byte(`{"own":[{"step":"first-round","anchor":"notice","days":-3,"basis":"sourced","law":"circolare"}]}`))
	f.Add([]byte(`{"own":[{"step":"semestral-effect","half":2,"month":1,"day":31,"from":"2026-01-01"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var terms revision.Terms
		if json.Unmarshal(data, &terms) != nil {
			return
		}
		bad := electoral.Faults(terms.Check()).Err()
		vote := electoral.Vote{Consultation: electoral.ChamberElection, Day: electoral.Date{Year: 2028, Month: 2, Day: 29}}
		one, err := revision.ExtraordinarySchedule("A074", []electoral.Vote{vote}, terms)
		require.Equal(t, bad == nil, err == nil)
		two, err := revision.SemestralSchedule(2027, 2, terms)
		require.Equal(t, bad == nil, err == nil)
		for _, s := range []revision.Schedule{one, two} {
			for i, step := range s.Steps {
				require.True(t, step.Day.Valid() && step.Day.Complete())
				require.False(t, i > 0 && step.Day.Before(s.Steps[i-1].Day))
				require.False(t, step.Strict && step.Basis != revision.Sourced)
			}
			_ = s.Table(vote.Day)
		}
	})
}
