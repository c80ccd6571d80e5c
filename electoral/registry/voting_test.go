package registry_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// seat keeps the rows of a list for the polling station.
type seat struct {
	head electoral.ExtractHeader
	rows []electoral.ExtractedElector
}

func (s *seat) Begin(h electoral.ExtractHeader) error    { s.head = h; return nil }
func (s *seat) Write(e electoral.ExtractedElector) error { s.rows = append(s.rows, e); return nil }
func (s *seat) End() error                               { return nil }
func (s *seat) numbers() (out map[string]int) {
	out = map[string]int{}
	for _, r := range s.rows {
		out[r.Elector.ANPRID] = r.Number
	}
	return out
}

var referendum = electoral.Vote{
	Consultation: electoral.NationalReferendum, Day: electoral.Date{Year: 2027, Month: 3, Day: 21},
	LastDay: electoral.Date{Year: 2027, Month: 3, Day: 22}, Notice: electoral.Date{Year: 2027, Month: 2, Day: 4},
	Called: electoral.Date{Year: 2027, Month: 1, Day: 13},
}

// someone puts a person into the population and into section 1 of Agliè.
func (c *town) someone(id, surname string, change func(*electoral.Person, *electoral.Elector)) {
	c.t.Helper()
	p := people()[0].Clone()
	p.ANPRID, p.Surname = id, surname
	p.FiscalCode, _ = electoral.ComputeFiscalCode(surname, p.Name, p.Sex, p.Birth.Date, p.Birth.Place)
	e := electorOf(id, aglie, "1")
	if change != nil {
		change(&p, &e)
	}
	c.population.Put(p)
	require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.PutElector(c.ctx(), aglie, e) }))
}

func (c *town) seat(x electoral.Extraction) (*seat, registry.ExtractReport) {
	c.t.Helper()
	x.List, x.Comune, x.Purpose = electoral.GeneralList, aglie, pollsPurpose
	if x.Day.IsZero() {
		x.Consultation, x.Day = referendum.Consultation, referendum.Day
	}
	var s seat
	report, err := c.Extract(c.ctx(), officer(aglie), x, &s)
	require.NoError(c.t, err)
	require.Equal(c.t, len(s.rows), report.Rows)
	return &s, report
}

// TestSeatList: life cases 6, 7, 8, 16, 19, 20 and 46 of a list for the polling
// station: nobody leaves it by what the population says, and who votes by post
// or is under age is struck off it, with the reason.
func TestSeatList(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		abroad := func(p *electoral.Person, e *electoral.Elector) {
			p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: aglie, State: "CHE"}
			e.Status.SenateConstituency, e.Status.ChamberConstituency = "EUROPA", "EUROPA"
		}
		c.someone("101", "ALFA", nil)
		c.someone("102", "BETA", func(p *electoral.Person, _ *electoral.Elector) {
			p.Death = electoral.Date{Year: 2026, Month: 11, Day: 20}
		})
		c.someone("103", "DELTA", func(_ *electoral.Person, e *electoral.Elector) { e.LoseCapacity() })
		c.someone("104", "EPSILON", func(p *electoral.Person, _ *electoral.Elector) {
			p.Citizenships = []electoral.Citizenship{{State: "ITA", To: electoral.Date{Year: 2026, Month: 10, Day: 1}}, {State: "USA"}}
		})
		c.someone("105", "ETA", func(p *electoral.Person, _ *electoral.Elector) { p.Birth.Date = referendum.LastDay.AddYears(-18) })
		c.someone("106", "GAMMA", abroad)
		c.someone("107", "IOTA", abroad)
		c.someone("108", "KAPPA", func(p *electoral.Person, _ *electoral.Elector) { p.Residence = nil })
		c.now = time.Date(2027, 1, 20, 12, 0, 0, 0, time.UTC)
		option := electoral.VotingChoice{ANPRID: "107", Kind: electoral.OptionForItaly, Consultation: referendum.Consultation, Day: referendum.Day, Received: electoral.Date{Year: 2027, Month: 1, Day: 18}}
		_, warnings, err := c.RecordChoice(c.ctx(), officer(aglie), option)
		require.NoError(t, err)
		require.Empty(t, warnings)

		s, report := c.seat(electoral.Extraction{})
		assert.Equal(t, map[string]int{"101": 1, "102": 2, "104": 4, "107": 7, "108": 8}, s.numbers(), "those struck off keep their numbers")
		require.Equal(t, electoral.Faults{report.Told[0]}, s.head.Told)
		assert.Equal(t, electoral.PostalStatesUnknown, report.Told[0].Code)
		lines := map[string]electoral.Line{}
		for _, r := range s.rows {
			lines[r.Elector.ANPRID] = r.Line
		}
		marked := electoral.MarkedLine
		assert.Equal(t, map[string]electoral.Line{"101": "", "102": marked, "104": marked, "107": "", "108": marked}, lines)

		count := report.Sections["1"]
		assert.Equal(t, [2]int{8, 7}, [2]int{count.Listed, count.Electors})
		assert.Equal(t, 4, count.First(), "without the one under age and both abroad")
		assert.Equal(t, 4, count.Second(), "without the dead, with the one who opted")

		struck, _ := c.seat(electoral.Extraction{Consultation: referendum.Consultation, Day: referendum.Day, Lines: electoral.StruckLines})
		assert.Equal(t, map[string]int{"103": 3, "105": 5, "106": 6}, struck.numbers())
		for i, code := range []electoral.Code{electoral.VoterWithoutCapacity, electoral.VoterUnderAge, electoral.VoterByPost} {
			require.True(t, struck.rows[i].Reasons.Has(code), "%v", struck.rows[i].Reasons)
			for _, f := range struck.rows[i].Reasons {
				assertTold(t, f)
			}
		}
		all, _ := c.seat(electoral.Extraction{Consultation: referendum.Consultation, Day: referendum.Day, Lines: electoral.AllLines})
		assert.Len(t, all.rows, 8)
		young, _ := c.seat(electoral.Extraction{Consultation: referendum.Consultation, Day: referendum.Day, Lines: electoral.StruckLines, Reason: electoral.VoterUnderAge})
		assert.Equal(t, map[string]int{"105": 5}, young.numbers())
	})
}

// TestGeneralListMarked: life cases 7 and 8: the general list, without a vote,
// keeps everybody and marks those about whom a revision must decide.
func TestGeneralListMarked(t *testing.T) {
	inTown(t, func(c *town) {
		c.someone("101", "ALFA", func(_ *electoral.Person, e *electoral.Elector) { e.LoseCapacity() })
		c.someone("102", "BETA", func(p *electoral.Person, _ *electoral.Elector) {
			p.Citizenships = []electoral.Citizenship{{State: "USA"}}
		})
		c.someone("103", "GAMMA", nil)
		x := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose}
		var s seat
		_, err := c.Extract(c.ctx(), officer(aglie), x, &s)
		require.NoError(t, err)
		require.Len(t, s.rows, 3)
		for i, want := range []electoral.Code{electoral.VoterWithoutCapacity, electoral.VoterNotCitizen} {
			assert.Equal(t, electoral.MarkedLine, s.rows[i].Line)
			assert.True(t, s.rows[i].Reasons.Has(want))
		}
		assert.Equal(t, electoral.PlainLine, s.rows[2].Line)
		assert.Empty(t, s.rows[2].Reasons)
	})
}

// TestCopiesSpare: no list gives out the loss of a right as a datum of its own, and
// a copy for others says of nobody how he stands or left.
func TestCopiesSpare(t *testing.T) {
	inTown(t, func(c *town) {
		c.someone("101", "ALFA", func(_ *electoral.Person, e *electoral.Elector) {
			e.LoseCapacity()
			e.Loss = &electoral.CapacityLoss{Comune: aglie, Day: electoral.Date{Year: 2026, Month: 1, Day: 1}}
			e.Removals = []electoral.Removal{{Comune: airasca, List: electoral.TrentoList, Code: 7, Day: electoral.Date{Year: 2020, Month: 1, Day: 1}}}
		})
		for _, act := range electoral.Acts() {
			x := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: electoral.Purpose{Act: act, Function: "prova"}}
			var s seat
			_, err := c.Extract(c.ctx(), officer(aglie), x, &s)
			require.NoError(t, err)
			require.Len(t, s.rows, 1)
			copies := act == electoral.ListCopiesAct
			assert.Nil(t, s.rows[0].Elector.Loss)
			assert.Equal(t, copies, s.rows[0].Elector.Removals == nil)
			assert.Equal(t, copies, s.rows[0].Line == electoral.PlainLine)
			assert.Equal(t, copies, s.rows[0].Reasons == nil)
		}
	})
}

// TestCopiesTellNothing: nor does a copy for others say by its choice of rows who lost
// the right, is under age or votes by post: it has them all, and no choice.
func TestCopiesTellNothing(t *testing.T) {
	inTown(t, func(c *town) {
		c.someone("101", "ALFA", func(_ *electoral.Person, e *electoral.Elector) { e.LoseCapacity() })
		c.someone("102", "BETA", nil)
		c.someone("103", "GAMMA", func(p *electoral.Person, _ *electoral.Elector) { p.Birth.Date = referendum.LastDay.AddYears(-18) })
		x := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Consultation: referendum.Consultation, Day: referendum.Day,
			Purpose: electoral.Purpose{Act: electoral.ListCopiesAct, Function: "copia per uno studio"}}
		var s seat
		_, err := c.Extract(c.ctx(), officer(aglie), x, &s)
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"101": 1, "102": 2, "103": 3}, s.numbers())
		for _, r := range s.rows {
			e := electoral.Elector{ANPRID: r.Elector.ANPRID, General: &electoral.Enrolment{Comune: aglie, Section: "1"}}
			assert.Equal(t, e, r.Elector, "the same is said of all of them")
		}
		for code, change := range map[electoral.Code]func(*electoral.Extraction){
			electoral.ExtractionVote: func(x *electoral.Extraction) {
				x.Lines, x.Reason = electoral.StruckLines, electoral.VoterWithoutCapacity
			},
			electoral.ExtractionScope: func(x *electoral.Extraction) {
				x.Touched, x.Operations = &electoral.Interval{To: noon}, []electoral.Operation{electoral.OpLoseCapacity}
			},
		} {
			y := x
			change(&y)
			var s seat
			_, err := c.Extract(c.ctx(), officer(aglie), y, &s)
			refused(t, c.log, err, code)
			assert.Empty(t, s.rows)
			y.Purpose.Act = electoral.ElectoralListsAct
			_, err = c.Extract(c.ctx(), officer(aglie), y, &s)
			require.NoError(t, err)
		}
	})
}

// TestNumbersStand: from the fifteenth day on a list keeps its numbers: who left
// it leaves a gap, who came gets the next, and after the vote they are forgotten.
func TestNumbersStand(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		for id, name := range map[string]string{"101": "BETA", "102": "DELTA", "103": "GAMMA"} {
			c.someone(id, name, nil)
		}
		c.now = referendum.Day.AddDays(-16).In(time.UTC).Add(11 * time.Hour)
		s, _ := c.seat(electoral.Extraction{})
		assert.Equal(t, map[string]int{"101": 1, "102": 2, "103": 3}, s.numbers())
		c.someone("104", "ALFA", nil)
		s, _ = c.seat(electoral.Extraction{})
		assert.Equal(t, map[string]int{"104": 1, "101": 2, "102": 3, "103": 4}, s.numbers(), "before, they follow the alphabet")

		c.now = referendum.Day.AddDays(-15).In(time.UTC).Add(11 * time.Hour)
		s, _ = c.seat(electoral.Extraction{})
		want := map[string]int{"104": 1, "101": 2, "102": 3, "103": 4}
		require.Equal(t, want, s.numbers())
		c.someone("105", "AAA", nil)
		require.NoError(t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.RemoveElector(c.ctx(), "101") }))
		delete(want, "101")
		want["105"] = 5
		for _, day := range []electoral.Date{referendum.Day.AddDays(-10), referendum.LastDay} {
			c.now = day.In(time.UTC).Add(11 * time.Hour)
			s, _ = c.seat(electoral.Extraction{})
			require.Equal(t, want, s.numbers())
		}
		one, _ := c.seat(electoral.Extraction{Consultation: referendum.Consultation, Day: referendum.Day, Section: "1"})
		assert.Equal(t, want, one.numbers())
		c.now = referendum.LastDay.AddDays(181).In(time.UTC).Add(11 * time.Hour)
		_, err := c.Expire(c.ctx(), aglie)
		require.NoError(t, err)
		require.NoError(t, c.store.View(c.ctx(), func(rd registry.Reader) error {
			for rec, err := range rd.Records(c.ctx(), registry.RecordSearch{Book: registry.NumberingBook, Comune: aglie}) {
				require.NoError(t, err)
				assert.Fail(t, "still kept", rec.ID)
			}
			return nil
		}))
	})
}

// TestOptionFollows: an option for Italy goes with a resident abroad to the comune
// that enrols him, in whose list he then stands; a choice of another kind does not.
func TestOptionFollows(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.someone("101", "ALFA", func(p *electoral.Person, e *electoral.Elector) {
			p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: aglie, State: "CHE"}
			e.Status.SenateConstituency, e.Status.ChamberConstituency = "EUROPA", "EUROPA"
		})
		c.now = time.Date(2027, 1, 23, 12, 0, 0, 0, time.UTC)
		option := electoral.VotingChoice{ANPRID: "101", Kind: electoral.OptionForItaly, Consultation: referendum.Consultation, Day: referendum.Day, Received: electoral.Date{Year: 2027, Month: 1, Day: 20}}
		made, _, err := c.RecordChoice(c.ctx(), officer(aglie), option)
		require.NoError(t, err)
		c.now = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
		hospital := option
		hospital.Kind, hospital.Received = electoral.InHospital, electoral.Date{Year: 2027, Month: 3, Day: 1}
		_, _, err = c.RecordChoice(c.ctx(), officer(aglie), hospital)
		require.NoError(t, err)

		p, err := c.population.ByANPRID(c.ctx(), "101")
		require.NoError(t, err)
		p.Abroad = &electoral.Abroad{Comune: airasca, State: "CHE"}
		c.population.Put(p)
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "101", Code: electoral.Emigration})
		require.NoError(t, err)
		_, err = c.Enrol(c.ctx(), officer(airasca), electorOf("101", airasca, "1"))
		require.NoError(t, err, "his option lets him have a constituency of Italy")

		list, err := c.Choices(c.ctx(), officer(airasca), registry.ChoiceFilter{})
		require.NoError(t, err)
		moved := made
		moved.Comune = airasca
		require.Equal(t, []electoral.VotingChoice{moved}, list)
		x := electoral.Extraction{List: electoral.GeneralList, Comune: airasca, Purpose: pollsPurpose, Consultation: referendum.Consultation, Day: referendum.Day}
		var s seat
		_, err = c.Extract(c.ctx(), officer(airasca), x, &s)
		require.NoError(t, err)
		require.Len(t, s.rows, 1)
		assert.Equal(t, electoral.PlainLine, s.rows[0].Line)
		assert.True(t, s.rows[0].Reasons.Has(electoral.VoterOptedForItaly))
	})
}

// TestChoices records, refuses, repeats and withdraws choices.
func TestChoices(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.someone("101", "ALFA", func(p *electoral.Person, _ *electoral.Elector) {
			p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: aglie, State: "CHE"}
		})
		c.someone("102", "BETA", nil)
		c.someone("103", "GAMMA", func(_ *electoral.Person, e *electoral.Elector) { e.General.Comune = airasca })
		c.now = time.Date(2027, 1, 23, 12, 0, 0, 0, time.UTC)
		day := func(m time.Month, d int) electoral.Date { return electoral.Date{Year: 2027, Month: m, Day: d} }
		good := electoral.VotingChoice{ANPRID: "101", Kind: electoral.OptionForItaly, Consultation: referendum.Consultation, Day: referendum.Day, Received: day(1, 23)}
		for name, k := range map[string]struct {
			code   electoral.Code
			change func(*electoral.VotingChoice)
		}{
			"unknown kind":         {electoral.ChoiceKindUnknown, func(q *electoral.VotingChoice) { q.Kind = "x" }},
			"unknown vote":         {electoral.ChoiceNotFitting, func(q *electoral.VotingChoice) { q.Day = q.Day.AddDays(7) }},
			"no such day":          {electoral.VoteDay, func(q *electoral.VotingChoice) { q.Day = electoral.Date{Year: 2027, Month: 2, Day: 30} }},
			"received to come":     {electoral.ChoiceDay, func(q *electoral.VotingChoice) { q.Received = day(1, 24) }},
			"received never":       {electoral.ChoiceDay, func(q *electoral.VotingChoice) { q.Received = electoral.Date{} }},
			"of a resident":        {electoral.ChoiceNotFitting, func(q *electoral.VotingChoice) { q.ANPRID = "102" }},
			"temporarily, of AIRE": {electoral.ChoiceNotFitting, func(q *electoral.VotingChoice) { q.Kind = electoral.TemporarilyAbroad }},
			"of another comune":    {electoral.NotCompetent, func(q *electoral.VotingChoice) { q.ANPRID, q.Kind = "103", electoral.InHospital }},
			"of nobody":            {electoral.PersonUnknown, func(q *electoral.VotingChoice) { q.ANPRID = "999" }},
			"not yet":              {electoral.ChoiceDay, func(q *electoral.VotingChoice) { q.ANPRID, q.Kind = "102", electoral.AtHome }},
		} {
			q := good
			k.change(&q)
			_, _, err := c.RecordChoice(c.ctx(), officer(aglie), q)
			require.ErrorIs(t, err, k.code, name)
			refused(t, c.log, err, k.code)
		}
		req := officer(aglie)
		one, _, err := c.RecordChoice(c.ctx(), req, good)
		require.NoError(t, err)
		again, _, err := c.RecordChoice(c.ctx(), req, good)
		require.NoError(t, err)
		require.Equal(t, one, again, "the same request has one effect")
		_, _, err = c.RecordChoice(c.ctx(), officer(aglie), good)
		require.ErrorIs(t, err, electoral.ChoiceTwice)

		// His record may now have a constituency of Italy (ELE-STA-10).
		e := electorOf("101", aglie, "1")
		_, err = c.Change(c.ctx(), officer(aglie), e)
		require.NotErrorIs(t, err, electoral.NationalConstituencyForAbroad)

		list, err := c.Choices(c.ctx(), officer(aglie), registry.ChoiceFilter{ANPRID: "101"})
		require.NoError(t, err)
		require.Equal(t, []electoral.VotingChoice{one}, list)
		list, err = c.Choices(c.ctx(), officer(airasca), registry.ChoiceFilter{})
		require.NoError(t, err)
		require.Empty(t, list)

		c.now = time.Date(2027, 1, 25, 12, 0, 0, 0, time.UTC)
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), one.ID, day(1, 25))
		require.ErrorIs(t, err, electoral.ChoiceDay, "the term is over")
		_, err = c.WithdrawChoice(c.ctx(), officer(airasca), one.ID, day(1, 23))
		require.ErrorIs(t, err, electoral.ChoiceGone)
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), one.ID, electoral.Date{Year: 2027, Month: 2, Day: 30})
		require.ErrorIs(t, err, electoral.ChoiceDay)
		gone, err := c.WithdrawChoice(c.ctx(), officer(aglie), one.ID, day(1, 23))
		require.NoError(t, err)
		assert.Equal(t, day(1, 23), gone.Withdrawn)
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), one.ID, day(1, 23))
		require.ErrorIs(t, err, electoral.ChoiceGone)
		_, err = c.Change(c.ctx(), officer(aglie), e)
		require.ErrorIs(t, err, electoral.NationalConstituencyForAbroad)
		_, _, err = c.RecordChoice(c.ctx(), officer(aglie), good)
		require.NoError(t, err, "within the term he may choose again, as it arrived in time")

		c.now = time.Date(2027, 3, 23, 12, 0, 0, 0, time.UTC)
		q := good
		q.ANPRID, q.Kind, q.Received = "102", electoral.OnService, day(3, 1)
		_, _, err = c.RecordChoice(c.ctx(), officer(aglie), q)
		require.ErrorIs(t, err, electoral.ChoiceNotFitting, "the vote is over")
	})
}
