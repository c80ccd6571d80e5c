package rules_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

func day(t testing.TB, text string) electoral.Date {
	t.Helper()
	var d electoral.Date
	require.NoError(t, d.UnmarshalText([]byte(text)))
	return d
}

// adult returns an Italian of 46 who lives in a comune.
func adult(t testing.TB, comune string) *electoral.Person {
	return &electoral.Person{
		ANPRID: "1", Surname: "PROVA", Name: "FINTA", Birth: electoral.Birth{Date: day(t, "1980-01-01"), Place: "A074"},
		Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
		Residence:    &electoral.Residence{Comune: comune, Since: day(t, "2000-01-01")},
	}
}

func codes(fs electoral.Faults) (out []electoral.Code) {
	for _, f := range fs {
		out = append(out, f.Code)
	}
	return out
}

type votingTest struct {
	vote    electoral.Consultation
	elector func(*electoral.Elector)
	person  func(*electoral.Person) *electoral.Person
	choices []electoral.VotingChoice
	config  rules.Config
	days    func(*electoral.Vote)

	votes   electoral.Answer
	list    electoral.List
	manner  rules.Manner
	line    electoral.Line
	reasons []electoral.Code
}

// TestVoting decides for one person at a time: who votes, where, how, and why.
func TestVoting(t *testing.T) {
	abroad := func(state string) func(*electoral.Person) *electoral.Person {
		return func(p *electoral.Person) *electoral.Person {
			p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: "A074", State: state}
			return p
		}
	}
	choice := func(k electoral.ChoiceKind, c electoral.Consultation) []electoral.VotingChoice {
		return []electoral.VotingChoice{{ANPRID: "1", Kind: k, Consultation: c, Day: day(t, "2026-03-22")}}
	}
	withoutPost := rules.Config{WithoutPost: []rules.StateTerm{{State: "CHE", To: day(t, "2026-03-22")},
		{State: "USA", From: day(t, "2026-03-23")}}}
	referendum, chamber := electoral.NationalReferendum, electoral.ChamberElection
	for name, c := range map[string]votingTest{
		"a resident": {vote: chamber, votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection},
		"in no list": {vote: chamber, elector: func(e *electoral.Elector) { e.General = nil },
			votes: electoral.No, reasons: []electoral.Code{electoral.VoterNotInList}},
		"without the right": {vote: chamber, elector: func(e *electoral.Elector) { e.Capacity = electoral.No },
			votes: electoral.No, list: electoral.GeneralList, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterWithoutCapacity}},
		"the right not on record": {vote: chamber, elector: func(e *electoral.Elector) { e.Capacity = electoral.NotGiven },
			votes: electoral.NotGiven, list: electoral.GeneralList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterCapacityUnknown}},
		"not an elector for it": {vote: chamber, elector: func(e *electoral.Elector) { e.Status.Chamber = electoral.No },
			votes: electoral.No, list: electoral.GeneralList, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterStatusNo}},
		"status not on record": {vote: chamber, elector: func(e *electoral.Elector) { e.Status.Chamber = electoral.NotGiven },
			votes: electoral.NotGiven, list: electoral.GeneralList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterStatusUnknown}},
		"18 on the first day": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Birth.Date = day(t, "2008-03-22")
			return p
		}, votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection},
		"18 on the second": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Birth.Date = day(t, "2008-03-23")
			return p
		}, votes: electoral.No, list: electoral.GeneralList, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterUnderAge}},
		"18 on the second, which counts": {vote: electoral.EuropeanElection,
			person: func(p *electoral.Person) *electoral.Person {
				p.Birth.Date = day(t, "2008-03-23")
				return p
			}, days: func(v *electoral.Vote) { v.AgeDay, v.AgeLaw = v.LastDay, "D.L. 7/2024, art. 1" },
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection},
		"born in a year alone": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Birth.Date = electoral.Date{Year: 2008}
			return p
		}, votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterAgeUnknown}},
		"born in a year, surely too late": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Birth.Date = electoral.Date{Year: 2010}
			return p
		}, votes: electoral.No, list: electoral.GeneralList, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterUnderAge}},
		"born in the month of the vote": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Birth.Date = electoral.Date{Year: 2008, Month: 3}
			return p
		}, votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterAgeUnknown}},
		"born in the month after it": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Birth.Date = electoral.Date{Year: 2008, Month: 4}
			return p
		}, votes: electoral.No, list: electoral.GeneralList, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterUnderAge}},
		"birth not on record": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Birth.Date = electoral.Date{}
			return p
		}, votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterAgeUnknown}},
		"dead": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Death = day(t, "2026-03-01")
			return p
		}, votes: electoral.No, list: electoral.GeneralList, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterDead}},
		"no longer in the population": {vote: chamber, person: func(*electoral.Person) *electoral.Person { return nil },
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterNotInPopulation}},
		"untraceable": {vote: chamber, person: func(p *electoral.Person) *electoral.Person { p.Residence = nil; return p },
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterNotRegistered}},
		"no longer a citizen": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Citizenships = []electoral.Citizenship{{State: "ITA", To: day(t, "2026-03-22")}, {State: "USA"}}
			return p
		}, votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterNotCitizen}},
		"still a citizen": {vote: chamber, person: func(p *electoral.Person) *electoral.Person {
			p.Citizenships = []electoral.Citizenship{{State: "ITA", To: day(t, "2026-03-23")}}
			return p
		}, votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection},

		"abroad": {vote: referendum, person: abroad("CHE"), votes: electoral.Yes, list: electoral.GeneralList,
			manner: rules.ByPost, line: electoral.StruckLine, reasons: []electoral.Code{electoral.VoterByPost}},
		"abroad, marked": {vote: chamber, person: abroad("CHE"), config: rules.Config{MarkPostal: true},
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.ByPost, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterByPost}},
		"opted for Italy": {vote: chamber, person: abroad("CHE"), choices: choice(electoral.OptionForItaly, chamber),
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection,
			reasons: []electoral.Code{electoral.VoterOptedForItaly}},
		"opted in another vote": {vote: chamber, person: abroad("CHE"), choices: choice(electoral.OptionForItaly, referendum),
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.ByPost, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterByPost}},
		"withdrew the option": {vote: chamber, person: abroad("CHE"), choices: []electoral.VotingChoice{{ANPRID: "1",
			Kind: electoral.OptionForItaly, Consultation: chamber, Day: day(t, "2026-03-22"), Withdrawn: day(t, "2026-02-01")}},
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.ByPost, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterByPost}},
		"in a State without post": {vote: chamber, person: abroad("CHE"), config: withoutPost,
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection,
			reasons: []electoral.Code{electoral.VoterNoPostalState}},
		"in one without post later": {vote: chamber, person: abroad("USA"), config: withoutPost,
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.ByPost, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterByPost}},
		"abroad in the Union, European": {vote: electoral.EuropeanElection, person: abroad("FRA"),
			votes: electoral.NotGiven, list: electoral.GeneralList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterAbroadEuropean}},
		"abroad outside, European": {vote: electoral.EuropeanElection, person: abroad("CHE"),
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection,
			reasons: []electoral.Code{electoral.VoterAbroadAtHome}},
		"abroad, comunal": {vote: electoral.ComunalElection, person: abroad("CHE"),
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection,
			reasons: []electoral.Code{electoral.VoterAbroadAtHome}},
		"temporarily abroad": {vote: chamber, choices: choice(electoral.TemporarilyAbroad, chamber),
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.ByPost, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterTemporarilyAbroad}},
		"a Briton in a list of the Union, after Brexit (case 18)": {vote: electoral.ComunalElection,
			elector: func(e *electoral.Elector) {
				e.General, e.EU.Comunal = nil, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: "A074", Section: "1"}}
			},
			person: func(p *electoral.Person) *electoral.Person {
				p.Citizenships = []electoral.Citizenship{{State: "GBR"}}
				return p
			}, votes: electoral.Yes, list: electoral.EUComunalList, manner: rules.InSection, line: electoral.MarkedLine,
			reasons: []electoral.Code{electoral.VoterNotOfUnion}},
		"who kept the vote elsewhere": {vote: chamber, elector: func(e *electoral.Elector) {
			e.KeepVote(electoral.KeptVote{Comune: "A109", Consultation: chamber, Day: day(t, "2026-03-22"), Section: "7"})
		}, votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection, reasons: []electoral.Code{electoral.VoterElsewhere}},
		"abroad by post, and in hospital": {vote: chamber, person: abroad("CHE"), choices: choice(electoral.InHospital, chamber),
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.ByPost, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterByPost, electoral.VoterOtherWay}},
		"temporarily abroad for the other house": {vote: electoral.SenateElection, choices: choice(electoral.TemporarilyAbroad, chamber),
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.ByPost, line: electoral.StruckLine,
			reasons: []electoral.Code{electoral.VoterTemporarilyAbroad}},
		"in hospital for the other house": {vote: electoral.SenateElection, choices: choice(electoral.InHospital, chamber),
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.InSection},
		"in hospital": {vote: electoral.ComunalElection, choices: choice(electoral.InHospital, electoral.ComunalElection),
			votes: electoral.Yes, list: electoral.GeneralList, manner: rules.Manner(electoral.InHospital),
			line: electoral.MarkedLine, reasons: []electoral.Code{electoral.VoterOtherWay}},
		"in hospital without the right": {vote: chamber, elector: func(e *electoral.Elector) { e.Capacity = electoral.No },
			choices: choice(electoral.InHospital, chamber), votes: electoral.No, list: electoral.GeneralList,
			line: electoral.StruckLine, reasons: []electoral.Code{electoral.VoterWithoutCapacity}},
	} {
		t.Run(name, func(t *testing.T) { c.run(t) })
	}
}

func (c votingTest) run(t *testing.T) {
	checker, err := rules.NewChecker(c.config)
	require.NoError(t, err)
	e, p := voter("A074"), adult(t, "A074")
	e.ANPRID = "1"
	vote := electoral.Vote{Consultation: c.vote, Day: day(t, "2026-03-22"), LastDay: day(t, "2026-03-23"),
		Notice: day(t, "2026-02-05")}
	if c.elector != nil {
		c.elector(&e)
	}
	if c.person != nil {
		p = c.person(p)
	}
	if c.days != nil {
		c.days(&vote)
	}
	require.Empty(t, vote.Check())
	got := checker.Voting(rules.VotingCase{Elector: &e, Person: p, Vote: vote, Choices: c.choices})
	assert.Equal(t, c.votes, got.Votes)
	assert.Equal(t, c.list, got.List)
	assert.Equal(t, c.manner, got.Manner)
	assert.Equal(t, c.line, got.Line)
	assert.Equal(t, c.reasons, codes(got.Reasons))
	for _, f := range got.Reasons {
		assert.NotEmpty(t, f.Message)
		assert.NotEmpty(t, f.Source)
		assert.NotContains(t, f.Message+f.Expected, "{", f.Code)
	}
}

// TestResidences judges the residence that Bolzano, Trento and Valle d'Aosta ask,
// at a notice of 1 November 2026.
func TestResidences(t *testing.T) {
	period := func(comune, from, to string) electoral.ResidencePeriod {
		return electoral.ResidencePeriod{Comune: comune, From: day(t, from), To: day(t, to)}
	}
	const bolzano, trento, aosta, aglie = "A952", "L378", "A326", "A074"
	for name, c := range map[string]struct {
		lives, since string
		earlier      []electoral.ResidencePeriod
		over         electoral.Answer // leaves the added list
	}{
		"BZ four years":                       {bolzano, "2022-11-01", nil, electoral.Yes},
		"BZ a day less, from elsewhere":       {bolzano, "2022-11-02", []electoral.ResidencePeriod{period(aglie, "1980-01-01", "2022-11-02")}, electoral.No},
		"BZ a day less, before not known":     {bolzano, "2022-11-02", nil, electoral.NotGiven},
		"BZ a day less, from abroad":          {bolzano, "2022-11-02", []electoral.ResidencePeriod{}, electoral.No},
		"BZ 2.5 years after ten in TN":        {bolzano, "2024-05-01", []electoral.ResidencePeriod{period(trento, "2014-05-01", "2024-05-01")}, electoral.Yes},
		"BZ 11 months after ten years in TN":  {bolzano, "2025-12-01", []electoral.ResidencePeriod{period(trento, "2015-12-01", "2025-12-01")}, electoral.No},
		"BZ half and half, last in BZ":        {bolzano, "2024-10-31", []electoral.ResidencePeriod{period(trento, "2015-12-01", "2024-10-31")}, electoral.Yes},
		"BZ in two comuni of the province":    {bolzano, "2025-01-01", []electoral.ResidencePeriod{period("F132", "2020-01-01", "2025-01-01")}, electoral.Yes},
		"BZ with a day outside the region":    {bolzano, "2024-05-01", []electoral.ResidencePeriod{period(trento, "2014-05-01", "2024-04-30")}, electoral.No},
		"BZ, periods that overlap":            {bolzano, "2024-05-01", []electoral.ResidencePeriod{period(trento, "2014-05-01", "2024-06-01")}, electoral.NotGiven},
		"BZ, a comune that nobody knows":      {bolzano, "2024-05-01", []electoral.ResidencePeriod{period("Z999", "2014-05-01", "2024-05-01")}, electoral.NotGiven},
		"BZ, since when not known":            {bolzano, "", nil, electoral.NotGiven},
		"TN a year":                           {trento, "2025-11-01", nil, electoral.Yes},
		"TN a day less":                       {trento, "2025-11-02", []electoral.ResidencePeriod{period(aglie, "1980-01-01", "2025-11-02")}, electoral.No},
		"TN a day less, from BZ":              {trento, "2025-11-02", []electoral.ResidencePeriod{period(bolzano, "1980-01-01", "2025-11-02")}, electoral.No},
		"Aosta a year":                        {aosta, "2025-11-01", nil, electoral.Yes},
		"Aosta a day less":                    {aosta, "2025-11-02", []electoral.ResidencePeriod{period(aglie, "1980-01-01", "2025-11-02")}, electoral.No},
		"Aosta a day less, another comune":    {aosta, "2025-11-02", []electoral.ResidencePeriod{period("A108", "2020-01-01", "2025-11-02")}, electoral.Yes},
		"TN, came after the notice":           {trento, "2026-11-10", []electoral.ResidencePeriod{period(aglie, "1980-01-01", "2026-11-10")}, electoral.No},
		"BZ, came after the notice from TN":   {bolzano, "2026-11-10", []electoral.ResidencePeriod{period(trento, "1980-01-01", "2026-11-10")}, electoral.No},
		"BZ, in TN at the notice, BZ between": {bolzano, "2024-10-31", []electoral.ResidencePeriod{period(trento, "2022-10-31", "2024-10-31")}, electoral.Yes},
	} {
		t.Run(name, func(t *testing.T) {
			checker, err := rules.NewChecker(rules.Config{})
			require.NoError(t, err)
			p := adult(t, c.lives)
			p.Residence.Since, p.Residence.Earlier = electoral.Date{}, c.earlier
			if c.since != "" {
				p.Residence.Since = day(t, c.since)
			}
			list := map[string]electoral.List{bolzano: electoral.BolzanoList, trento: electoral.TrentoList, aosta: electoral.AostaValleyList}[c.lives]
			e := voter(c.lives)
			in := rules.Circumstances{At: day(t, "2026-11-22"), Notice: day(t, "2026-11-01"), Person: p}

			missing := checker.CheckElector(e, in)
			assert.Equal(t, c.over != electoral.Yes && c.since != "", electoral.Faults(missing).Has(electoral.AddedListMissing), "in no added list: %v", missing)

			holder := aglie
			e.SetListEntry(list, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: holder, Section: "1"}})
			faults := checker.CheckElector(e, in)
			assert.Equal(t, c.over == electoral.Yes, electoral.Faults(faults).Has(electoral.AddedTermOver), "%v", faults)
			assert.Equal(t, c.over == electoral.NotGiven, electoral.Faults(faults).Has(electoral.AddedTermNotCheckable), "%v", faults)

			// The vote says the same: without an added list it is told, and an
			// officer decides; nobody is struck off.
			vote := electoral.Vote{Consultation: electoral.RegionalElection, Notice: in.Notice, Day: day(t, "2026-12-13")}
			own := voter(c.lives)
			own.ANPRID = "1"
			v := checker.Voting(rules.VotingCase{Elector: &own, Person: p, Vote: vote})
			assert.Equal(t, c.over != electoral.Yes, v.Reasons.Has(electoral.VoterTermMissing))
			assert.NotEqual(t, electoral.StruckLine, v.Line)
			e.ANPRID = "1"
			v = checker.Voting(rules.VotingCase{Elector: &e, Person: p, Vote: vote})
			assert.Equal(t, list, v.List)
			assert.Equal(t, holder, v.Place.Comune)
			assert.Equal(t, c.over == electoral.Yes, v.Reasons.Has(electoral.VoterTermMissing), "the term is over")
		})
	}
}

// reformed is a rule of another shape: residence at any time counts.
type reformed struct{}

func (reformed) Years() int { return 2 }
func (reformed) Judge(stays []rules.Stay, _ electoral.Date) rules.Residence {
	for _, s := range stays {
		if s.Province == "BZ" && !s.From.IsZero() && !s.To.IsZero() && !s.From.AddYears(2).After(s.To) {
			return rules.Residence{Met: electoral.Yes}
		}
	}
	return rules.Residence{Met: electoral.No}
}

// TestReform replaces the shape of a rule from a day on.
func TestReform(t *testing.T) {
	from := day(t, "2026-12-01")
	checker, err := rules.NewChecker(rules.Config{Residences: []rules.ResidenceRule{
		{List: electoral.BolzanoList, To: from, Shape: rules.GreaterPart{Provinces: []string{"BZ", "TN"}, Term: 4}},
		{List: electoral.BolzanoList, From: from, Shape: reformed{}},
	}})
	require.NoError(t, err)
	p := adult(t, "A952")
	p.Residence.Since = day(t, "2026-06-01")
	p.Residence.Earlier = []electoral.ResidencePeriod{
		{Comune: "A074", From: day(t, "2010-01-01"), To: day(t, "2026-06-01")},
		{Comune: "A952", From: day(t, "2000-01-01"), To: day(t, "2010-01-01")},
	}
	for notice, told := range map[string]bool{"2026-11-30": true, "2026-12-01": false} {
		faults := checker.CheckElector(voter("A952"), rules.Circumstances{At: day(t, "2026-12-10"), Notice: day(t, notice), Person: p})
		assert.Equal(t, told, electoral.Faults(faults).Has(electoral.AddedListMissing), notice)
	}
}

// TestUnionInBolzano: a citizen of another Member State who came to Bolzano three
// months ago is told of, by the practice of comuni there, and decided by nobody.
func TestUnionInBolzano(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	for since, told := range map[string]bool{"2026-08-20": true, "2020-01-01": false} {
		p := adult(t, "A952")
		p.Citizenships = []electoral.Citizenship{{State: "DEU"}}
		p.Residence.Since, p.Residence.Earlier = day(t, since), []electoral.ResidencePeriod{}
		e := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, Status: electoral.Status{Comunal: electoral.Yes},
			EU: electoral.EULists{Comunal: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: "A952", Section: "1"}}}}
		in := rules.Circumstances{At: day(t, "2026-11-22"), Notice: day(t, "2026-11-01"), Person: p}
		assert.Equal(t, told, electoral.Faults(checker.CheckElector(e, in)).Has(electoral.EUTermMissing))
		v := checker.Voting(rules.VotingCase{Elector: &e, Person: p,
			Vote: electoral.Vote{Consultation: electoral.ComunalElection, Notice: in.Notice, Day: day(t, "2026-12-13")}})
		assert.Equal(t, told, v.Reasons.Has(electoral.VoterTermMissing))
		assert.NotEqual(t, electoral.StruckLine, v.Line)
		assert.Equal(t, electoral.EUComunalList, v.List)
	}
}

// TestVoteDays refuses days that do not exist or lie out of reason.
func TestVoteDays(t *testing.T) {
	good := electoral.Vote{Consultation: electoral.EuropeanElection, Day: day(t, "2024-06-08"), LastDay: day(t, "2024-06-09"),
		AgeDay: day(t, "2024-06-09"), TermDay: day(t, "2024-06-09"), Notice: day(t, "2024-04-25")}
	require.Empty(t, good.Check())
	last, ok := rules.ApplicationTerm(electoral.EUParliamentList, good)
	assert.True(t, ok)
	assert.Equal(t, day(t, "2024-03-11"), last, "the Ministry's day for 8 and 9 June 2024")
	for path, change := range map[string]func(*electoral.Vote){
		"vote.consultation": func(v *electoral.Vote) { v.Consultation = "x" },
		"vote.day":          func(v *electoral.Vote) { v.Day = electoral.Date{Year: 2024, Month: 2, Day: 30} },
		"vote.lastDay":      func(v *electoral.Vote) { v.LastDay = v.Day.AddDays(2) },
		"vote.ageDay":       func(v *electoral.Vote) { v.AgeDay = v.Day.AddYears(1) },
		"vote.termDay":      func(v *electoral.Vote) { v.TermDay = electoral.Date{Year: 2024, Month: 6} },
		"vote.notice":       func(v *electoral.Vote) { v.Notice = v.Day },
		"vote.called":       func(v *electoral.Vote) { v.Called = v.Day.AddYears(-2) },
		"vote.optionUntil":  func(v *electoral.Vote) { v.OptionUntil = electoral.Date{Year: 3000, Month: 1, Day: 1} },
	} {
		v := good
		change(&v)
		faults := v.Check()
		require.Len(t, faults, 1, path)
		assert.Equal(t, path, faults[0].Path)
		require.Error(t, electoral.Faults(faults).Err())
	}
	for _, d := range []electoral.Date{{}, {Year: 2024}, {Year: 1800, Month: 1, Day: 1}, {Year: 9999, Month: 1, Day: 1}} {
		v := good
		v.Day = d
		require.Error(t, electoral.Faults(v.Check()).Err(), d)
	}
}

// TestChoiceTerms counts the terms of the vote of 22 and 23 March 2026, and of a
// legislature that ends by itself.
func TestChoiceTerms(t *testing.T) {
	v := electoral.Vote{Consultation: electoral.NationalReferendum, Day: day(t, "2026-03-22"), LastDay: day(t, "2026-03-23"), Called: day(t, "2026-01-14")}
	for kind, want := range map[electoral.ChoiceKind][2]string{
		electoral.OptionForItaly: {"", "2026-01-24"}, electoral.TemporarilyAbroad: {"", "2026-02-18"},
		electoral.AtHome: {"2026-02-10", "2026-03-02"}, electoral.InHospital: {"", "2026-03-19"}, electoral.InDetention: {"", "2026-03-19"},
	} {
		first, last, known := rules.ChoiceTerm(kind, v)
		assert.True(t, known, kind)
		assert.Equal(t, want, [2]string{first.String(), last.String()}, kind)
	}
	for _, kind := range []electoral.ChoiceKind{electoral.OnService, electoral.AtSea, "x"} {
		_, _, known := rules.ChoiceTerm(kind, v)
		assert.False(t, known, kind)
	}
	v.Called = electoral.Date{}
	_, _, known := rules.ChoiceTerm(electoral.OptionForItaly, v)
	assert.False(t, known)
	v.OptionUntil = day(t, "2025-12-31")
	_, last, known := rules.ChoiceTerm(electoral.OptionForItaly, v)
	assert.True(t, known)
	assert.Equal(t, v.OptionUntil, last)
}

// TestSeatCount counts a section as the two statements before a referendum want.
func TestSeatCount(t *testing.T) {
	var c rules.SeatCount
	add := func(n int, abroad bool, line electoral.Line, list ...electoral.Code) {
		for range n {
			v := rules.Voting{Line: line}
			for _, code := range list {
				v.Reasons = append(v.Reasons, electoral.NewFault(code, "p", "v", nil))
			}
			c.Add(v, abroad)
		}
	}
	add(500, false, electoral.PlainLine)
	add(7, false, electoral.StruckLine, electoral.VoterWithoutCapacity)
	add(11, false, electoral.StruckLine, electoral.VoterUnderAge)
	add(2, true, electoral.StruckLine, electoral.VoterUnderAge, electoral.VoterByPost)
	add(40, true, electoral.StruckLine, electoral.VoterByPost)
	add(3, true, electoral.PlainLine, electoral.VoterOptedForItaly)
	add(5, true, electoral.PlainLine, electoral.VoterNoPostalState)
	add(4, false, electoral.MarkedLine, electoral.VoterDead)
	add(1, true, electoral.MarkedLine, electoral.VoterDead)
	add(6, false, electoral.StruckLine, electoral.VoterTemporarilyAbroad)
	assert.Equal(t, 579, c.Listed)
	assert.Equal(t, 572, c.Electors)
	assert.Equal(t, 510, c.First(), "500, the dead and those temporarily abroad")
	assert.Equal(t, 508, c.Second(), "500, those who opted and those without postal vote")
	assert.Equal(t, 2*510, c.Plus(c).First())
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var read rules.SeatCount
	require.NoError(t, json.Unmarshal(text, &read))
	assert.Equal(t, c, read, "a count that was written and read is the same")
	assert.Equal(t, [2]int{5, 66}, [2]int{c.Marked, c.Struck})
}

// TestSpecialDistricts: no alarm on districts in a region with a special statute, which
// has a law of its own (life case 37).
func TestSpecialDistricts(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	for comune, told := range map[string]bool{
		"L424": false, "F158": false, "L378": false, "A952": false, "C351": false, "B354": false, "A326": false, // Trieste to Aosta
		"A271": true, "L781": false, // Ancona is too small, Verona is not
	} {
		e := voter(comune)
		e.Status.District = electoral.Yes
		faults := checker.CheckElector(e, rules.Circumstances{At: day(t, "2026-11-22")})
		assert.Equal(t, told, electoral.Faults(faults).Has(electoral.DistrictInSmallComune), comune)
		section := electoral.Section{Comune: comune, Number: "1", DistrictConstituency: "I CIRCOSCRIZIONE"}
		assert.Equal(t, told, electoral.Faults(checker.CheckSection(section, day(t, "2026-11-22"))).Has(electoral.DistrictComuneSmall), comune)
	}
}

// TestOwnLaw: a fault on an added list or on a regional constituency names the
// law of that territory or region, and no other.
func TestOwnLaw(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	for list, law := range map[electoral.List]string{electoral.BolzanoList: "statuto", electoral.TrentoList: "art. 1", electoral.AostaValleyList: "320 del 1994"} {
		e := voter("A074")
		e.SetListEntry(list, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: "H501", Section: "1"}})
		faults := checker.CheckElector(e, rules.Circumstances{At: day(t, "2026-11-22"), Person: adult(t, "A074")})
		require.True(t, electoral.Faults(faults).Has(electoral.AddedOtherProvince))
		for _, f := range faults {
			if f.Code == electoral.AddedOtherProvince {
				assert.Contains(t, f.Source, law)
			}
		}
	}
	faults := checker.CheckSection(electoral.Section{Comune: "D612", Number: "1", RegionalConstituency: "TORINO"}, day(t, "2026-11-22"))
	require.True(t, electoral.Faults(faults).Has(electoral.RegionalOtherComune))
	for _, f := range faults {
		if f.Code == electoral.RegionalOtherComune {
			assert.Contains(t, f.Source, "L.R. 26/09/2014 n. 51")
		}
	}
}

// TestOfAge: a birth without its day or month decides where every day that it may
// be decides the same, for lists and certificates alike.
func TestOfAge(t *testing.T) {
	for birth, want := range map[string]electoral.Answer{
		"2008-03-22": electoral.Yes, "2008-03-23": electoral.No, "2008-03": electoral.NotGiven, "2008-02": electoral.Yes,
		"2008-04": electoral.No, "2008": electoral.NotGiven, "2007": electoral.Yes, "2010": electoral.No, "": electoral.NotGiven,
		"2008-02-29": electoral.Yes,
	} {
		var p electoral.Person
		if birth != "" {
			p.Birth.Date = day(t, birth)
		}
		assert.Equal(t, want, rules.OfAge(p, 18, day(t, "2026-03-22")), birth)
	}
	leap := electoral.Person{Birth: electoral.Birth{Date: day(t, "2008-02-29")}}
	assert.Equal(t, electoral.No, rules.OfAge(leap, 18, day(t, "2026-02-28")))
	assert.Equal(t, electoral.Yes, rules.OfAge(leap, 18, day(t, "2026-03-01")))
}

// TestAgeLaw: who is struck off for his age reads the law of that vote, where it is
// another than the usual one.
func TestAgeLaw(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	e := voter("A074")
	e.ANPRID = "1"
	p := adult(t, "A074")
	for birth, code := range map[string]electoral.Code{"2008-06-10": electoral.VoterUnderAge, "2008-06": electoral.VoterAgeUnknown} {
		p.Birth.Date = day(t, birth)
		vote := electoral.Vote{Consultation: electoral.EuropeanElection, Day: day(t, "2026-06-08"), LastDay: day(t, "2026-06-09"), AgeDay: day(t, "2026-06-09")}
		for law, want := range map[string]string{"": "D.P.R. 20 marzo 1967, n. 223, art. 33", "D.L. di prova": "D.L. di prova"} {
			vote.AgeLaw = law
			v := checker.Voting(rules.VotingCase{Elector: &e, Person: p, Vote: vote})
			require.Equal(t, []electoral.Code{code}, codes(v.Reasons))
			assert.Equal(t, want, v.Reasons[0].Source)
		}
	}
}
