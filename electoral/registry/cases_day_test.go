package registry_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// The tests of this file are of the days around a vote: two days of voting, choices
// of those who vote through another list, numbers.

// on sets the clock to noon of a day, in Italy.
func (c *town) on(d electoral.Date) { c.now = d.In(time.UTC).Add(11 * time.Hour) }

// chooses records a choice for a vote that arrives today.
func (c *town) chooses(comune, id string, kind electoral.ChoiceKind, v electoral.Vote) (electoral.VotingChoice, error) {
	c.t.Helper()
	q, _, err := c.RecordChoice(c.ctx(), officer(comune), electoral.VotingChoice{ANPRID: id, Kind: kind,
		Consultation: v.Consultation, Day: v.Day, Received: c.today()})
	return q, err
}

func (c *town) today() electoral.Date {
	return electoral.Date{Year: c.now.Year(), Month: c.now.Month(), Day: c.now.Day()}
}

// rows returns the rows of a list of a vote, those struck off too.
func (c *town) rows(comune string, l electoral.List, v electoral.Vote) []electoral.ExtractedElector {
	c.t.Helper()
	var s seat
	x := electoral.Extraction{List: l, Comune: comune, Consultation: v.Consultation, Day: v.Day, Lines: electoral.AllLines, Purpose: pollsPurpose}
	_, err := c.Extract(c.ctx(), officer(comune), x, &s)
	require.NoError(c.t, err)
	return s.rows
}

// row returns the one row of a list of a vote.
func (c *town) row(comune string, l electoral.List, v electoral.Vote) electoral.ExtractedElector {
	c.t.Helper()
	rows := c.rows(comune, l, v)
	require.Len(c.t, rows, 1)
	return rows[0]
}

// TestSecondDayOfVoting: until the polls close nothing is over: the kept vote of who
// left is not forgotten, it can still be kept, its comune reads him, and a late
// application is not carried out.
func TestSecondDayOfVoting(t *testing.T) {
	vote := referendum
	comunal := referendum
	comunal.Consultation = electoral.ComunalElection
	kept := electoral.KeptVote{Consultation: vote.Consultation, Day: vote.Day}
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{vote, comunal}
		c.settle(aglie)
		c.on(vote.Day.AddDays(-20))
		c.moved(airasca)
		c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{kept}})
		c.on(vote.Day.AddDays(-3))
		q := c.apply(electoral.EUComunalList)
		c.on(vote.LastDay)
		sum, err := c.Expire(c.ctx(), aglie)
		require.NoError(c.t, err)
		assert.Zero(c.t, sum.Votes)
		assert.Len(c.t, c.elector(aglie, "1").KeptVotes, 1)
		c.settle(airasca)
		c.on(vote.LastDay)
		assert.Equal(c.t, "1", c.row(aglie, electoral.GeneralList, vote).Elector.ANPRID, "to the end of the vote")
		assert.Empty(c.t, c.rows(airasca, electoral.GeneralList, vote))
		_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		refused(c.t, c.log, err, electoral.ApplicationLate)
		c.on(vote.LastDay.AddDays(1))
		sum, err = c.Expire(c.ctx(), aglie)
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, sum.Votes)
		_, err = c.Elector(c.ctx(), officer(aglie), "1")
		refused(c.t, c.log, err, electoral.NotCompetent)
		_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
	})
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{vote}
		c.settle(aglie)
		c.moved(airasca)
		c.on(vote.LastDay)
		c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{kept}})
		c.on(vote.LastDay.AddDays(1))
		c.placed(airasca, electorOf("1", aglie, "1"))
		_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{kept}})
		refused(c.t, c.log, err, electoral.RemovalStillVotes)
	})
}

// TestChoiceWhereHeVotes: a choice is recorded where the person votes: a citizen of
// the Union through his list, who has an added list in its comune, who kept the vote
// in the comune that he left; and nowhere else.
func TestChoiceWhereHeVotes(t *testing.T) {
	comunal := electoral.Vote{Consultation: electoral.ComunalElection, Day: referendum.Day, Notice: referendum.Notice}
	regional := electoral.Vote{Consultation: electoral.RegionalElection, Day: referendum.Day, Notice: referendum.Notice}
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum, comunal, regional}
		c.placed(aglie, inLists("44", electoral.EUComunalList))
		e := electorOf("1", airasca, "1")
		e.KeepVote(electoral.KeptVote{Comune: aglie, Consultation: referendum.Consultation, Day: referendum.Day, Section: "2"})
		e.SetListEntry(electoral.TrentoList, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}})
		c.placed(airasca, e)
		c.on(referendum.Day.AddDays(-5))
		for _, k := range []struct {
			id     string
			vote   electoral.Vote
			list   electoral.List
			comune string
		}{
			{"44", comunal, electoral.EUComunalList, aglie}, {"1", referendum, electoral.GeneralList, aglie},
			{"1", regional, electoral.TrentoList, aglie}, {"1", comunal, electoral.GeneralList, airasca},
		} {
			other := map[string]string{aglie: airasca, airasca: aglie}[k.comune]
			_, err := c.chooses(other, k.id, electoral.InHospital, k.vote)
			refused(c.t, c.log, err, electoral.NotCompetent)
			_, err = c.chooses(k.comune, k.id, electoral.InHospital, k.vote)
			require.NoError(c.t, err, k)
			row := c.row(k.comune, k.list, k.vote)
			assert.Equal(c.t, electoral.MarkedLine, row.Line)
			assert.True(c.t, row.Reasons.Has(electoral.VoterOtherWay), row.Reasons)
		}
		_, err := c.chooses(aglie, "44", electoral.InHospital, referendum)
		refused(c.t, c.log, err, electoral.VoterNotInList)
	})
}

// TestNobodyVotesTwice: who votes by post from abroad is admitted to no other place
// in Italy, unless he opted for Italy first.
func TestNobodyVotesTwice(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.someone("101", "ALFA", func(p *electoral.Person, _ *electoral.Elector) {
			p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: aglie, State: "CHE"}
		})
		c.someone("102", "BETA", nil)
		c.on(electoral.Date{Year: 2027, Month: 1, Day: 20})
		_, err := c.chooses(aglie, "101", electoral.InHospital, referendum)
		refused(c.t, c.log, err, electoral.ChoiceNotFitting)
		option, err := c.chooses(aglie, "101", electoral.OptionForItaly, referendum)
		require.NoError(c.t, err)
		hospital, err := c.chooses(aglie, "101", electoral.InHospital, referendum)
		require.NoError(c.t, err, "he votes in Italy, and there in hospital")
		_, err = c.chooses(aglie, "101", electoral.InDetention, referendum)
		require.ErrorIs(c.t, err, electoral.ChoiceTwice)
		rows := c.rows(aglie, electoral.GeneralList, referendum)
		assert.Equal(c.t, electoral.MarkedLine, rows[0].Line)
		assert.True(c.t, rows[0].Reasons.Has(electoral.VoterOptedForItaly))
		assert.True(c.t, rows[0].Reasons.Has(electoral.VoterOtherWay))
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), option.ID, c.today())
		refused(c.t, c.log, err, electoral.ChoiceTwice)
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), hospital.ID, c.today())
		require.NoError(c.t, err)
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), option.ID, c.today())
		require.NoError(c.t, err)

		_, err = c.chooses(aglie, "102", electoral.TemporarilyAbroad, referendum)
		require.NoError(c.t, err)
		_, err = c.chooses(aglie, "102", electoral.InHospital, referendum)
		require.ErrorIs(c.t, err, electoral.ChoiceTwice)
	})
}

// TestChoiceOfNoVoter: who does not vote is admitted to vote nowhere else, and the
// refusal says why.
func TestChoiceOfNoVoter(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.on(referendum.Day.AddDays(-5))
		for code, change := range map[electoral.Code]func(*electoral.Person, *electoral.Elector){
			electoral.VoterWithoutCapacity: func(_ *electoral.Person, e *electoral.Elector) { e.LoseCapacity() },
			electoral.VoterStatusNo:        func(_ *electoral.Person, e *electoral.Elector) { e.Status.NationalReferendums = electoral.No },
			electoral.VoterUnderAge:        func(p *electoral.Person, _ *electoral.Elector) { p.Birth.Date = referendum.LastDay.AddYears(-18) },
			electoral.VoterDead:            func(p *electoral.Person, _ *electoral.Elector) { p.Death = referendum.Day.AddDays(-6) },
		} {
			c.someone("101", "ALFA", change)
			_, err := c.chooses(aglie, "101", electoral.InHospital, referendum)
			refused(c.t, c.log, err, code)
			assertTold(c.t, only(c.t, err, code))
		}
		c.someone("101", "ALFA", func(p *electoral.Person, _ *electoral.Elector) { p.Residence = nil })
		_, err := c.chooses(aglie, "101", electoral.InHospital, referendum)
		require.NoError(c.t, err, "who left the register votes until he is removed")
	})
}

// brittle is a population that fails, or panics, on one person.
type brittle struct {
	*memory.Population
	id     string
	panics bool
}

var errBrittle = errors.New("the population is away")

func (b *brittle) ByANPRID(ctx context.Context, id string) (electoral.Person, error) {
	if id == b.id {
		if b.panics {
			panic(errBrittle)
		}
		return electoral.Person{}, errBrittle
	}
	return b.Population.ByANPRID(ctx, id)
}

func (b *brittle) ByANPRIDs(ctx context.Context, ids []string) (map[string]electoral.Person, error) {
	out := map[string]electoral.Person{}
	for _, id := range ids {
		p, err := b.ByANPRID(ctx, id)
		if err != nil {
			return nil, err
		}
		out[id] = p
	}
	return out, nil
}

// TestPopulationFailsMidway: a population that fails or panics in the middle of a list
// breaks it off, which is on record, numbers nobody, and stops nothing else.
func TestPopulationFailsMidway(t *testing.T) {
	for _, panics := range []bool{false, true} {
		inTown(t, func(c *town) {
			c.someone("101", "GAMMA", nil)
			c.someone("102", "BETA", func(_ *electoral.Person, e *electoral.Elector) { e.General.Section = "2" })
			c.someone("103", "ALFA", func(_ *electoral.Person, e *electoral.Elector) { e.General.Section = "2" })
			c.on(referendum.Day.AddDays(-10))
			population := &brittle{Population: c.population, id: "103", panics: panics}
			r, err := registry.New(registry.Config{Store: c.store, Population: population, Recorder: c.log,
				Now: func() time.Time { return c.now }, Votes: func(string) []electoral.Vote { return []electoral.Vote{referendum} }})
			require.NoError(c.t, err)
			x := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Consultation: referendum.Consultation, Day: referendum.Day, Purpose: pollsPurpose}
			var s seat
			_, err = r.Extract(c.ctx(), officer(aglie), x, &s)
			if panics {
				_, is := errors.AsType[*electoral.PanicError](err)
				require.True(c.t, is, "%v", err)
			} else {
				require.ErrorIs(c.t, err, errBrittle)
			}
			assert.Empty(c.t, s.rows, "no row before everybody has a number")
			assert.NotEqual(c.t, electoral.Granted, c.log.accesses[len(c.log.accesses)-1].Outcome)
			population.id = ""
			c.someone("104", "AAA", nil)
			_, err = r.Extract(c.ctx(), officer(aglie), x, &s)
			require.NoError(c.t, err)
			assert.Equal(c.t, map[string]int{"104": 1, "101": 2, "103": 1, "102": 2}, s.numbers())
		})
	}
}

// TestChoiceWithdrawn: a choice is not withdrawn before it arrived; only who votes
// by post, or opted not to, must withdraw in the term: who leaves the hospital on
// the eve votes in his section.
func TestChoiceWithdrawn(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.someone("101", "ALFA", nil)
		c.someone("102", "BETA", nil)
		c.on(referendum.Day.AddDays(-33))
		post, err := c.chooses(aglie, "102", electoral.TemporarilyAbroad, referendum)
		require.NoError(c.t, err)
		c.on(referendum.Day.AddDays(-5))
		q, err := c.chooses(aglie, "101", electoral.InHospital, referendum)
		require.NoError(c.t, err)
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), q.ID, referendum.Day.AddDays(-6))
		refused(c.t, c.log, err, electoral.ChoiceDay)
		c.on(referendum.Day.AddDays(-1))
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), q.ID, referendum.Day)
		refused(c.t, c.log, err, electoral.ChoiceDay)
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), q.ID, c.today())
		require.NoError(c.t, err)
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), post.ID, c.today())
		refused(c.t, c.log, err, electoral.ChoiceDay)
		rows := c.rows(aglie, electoral.GeneralList, referendum)
		assert.Equal(c.t, []electoral.Line{electoral.PlainLine, electoral.StruckLine}, []electoral.Line{rows[0].Line, rows[1].Line})
	})
}

// TestOptionForBothHouses: an option for Italy is for the elections of the Chambers
// together (L. 459/2001, art. 1 c. 3), and so is the vote by post of who is
// temporarily abroad.
func TestOptionForBothHouses(t *testing.T) {
	senate, chamber := referendum, referendum
	senate.Consultation, chamber.Consultation = electoral.SenateElection, electoral.ChamberElection
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum, senate, chamber}
		c.someone("101", "ALFA", func(p *electoral.Person, _ *electoral.Elector) {
			p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: aglie, State: "CHE"}
		})
		c.on(electoral.Date{Year: 2027, Month: 1, Day: 20})
		q, err := c.chooses(aglie, "101", electoral.OptionForItaly, chamber)
		require.NoError(c.t, err)
		for vote, line := range map[electoral.Consultation]electoral.Line{electoral.SenateElection: electoral.PlainLine,
			electoral.ChamberElection: electoral.PlainLine, electoral.NationalReferendum: electoral.StruckLine} {
			v := referendum
			v.Consultation = vote
			assert.Equal(c.t, line, c.row(aglie, electoral.GeneralList, v).Line, vote)
		}
		_, err = c.chooses(aglie, "101", electoral.OptionForItaly, senate)
		refused(c.t, c.log, err, electoral.ChoiceTwice)
		_, err = c.WithdrawChoice(c.ctx(), officer(aglie), q.ID, c.today())
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.StruckLine, c.row(aglie, electoral.GeneralList, senate).Line)
	})
}

// TestNumbersOfPartOfAList: an extraction of those whom a revision touched, or of
// some lines, does not decide the order of the others.
func TestNumbersOfPartOfAList(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.someone("101", "ALFA", nil)
		c.someone("102", "BETA", nil)
		c.on(referendum.Day.AddDays(-14))
		_, err := c.Enrol(c.ctx(), officer(aglie), electorOf("1", aglie, "1"))
		require.NoError(c.t, err)
		part, _ := c.seat(electoral.Extraction{Touched: &electoral.Interval{From: c.now}})
		require.Len(c.t, part.rows, 1)
		s, _ := c.seat(electoral.Extraction{})
		require.Equal(c.t, "ROSSI", people()[0].Surname)
		assert.Equal(c.t, map[string]int{"101": 1, "102": 2, "1": 3}, s.numbers())
		assert.Equal(c.t, 3, part.rows[0].Number)
	})
}

// lateArrival is a store in which something happens between the numbering of a list
// and its reading.
type lateArrival struct {
	registry.Store
	views int
	do    func()
}

func (s *lateArrival) View(ctx context.Context, fn func(registry.Reader) error) error {
	if s.views++; s.views == 3 {
		s.do()
	}
	return s.Store.View(ctx, fn)
}

// TestNumberedOnce: who is enrolled while a list is being numbered has one number,
// in this list and in the next.
func TestNumberedOnce(t *testing.T) {
	inTown(t, func(c *town) {
		c.someone("102", "BETA", nil)
		c.on(referendum.Day.AddDays(-14))
		store := &lateArrival{Store: c.store, do: func() { c.someone("103", "GAMMA", nil) }}
		r, err := registry.New(registry.Config{Store: store, Population: c.population, Recorder: c.log,
			Now: func() time.Time { return c.now }, Votes: func(string) []electoral.Vote { return []electoral.Vote{referendum} }})
		require.NoError(c.t, err)
		x := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Consultation: referendum.Consultation,
			Day: referendum.Day, Purpose: pollsPurpose}
		var first, second seat
		_, err = r.Extract(c.ctx(), officer(aglie), x, &first)
		require.NoError(c.t, err)
		require.Len(c.t, first.rows, 2)
		c.someone("101", "ALFA", nil)
		_, err = r.Extract(c.ctx(), officer(aglie), x, &second)
		require.NoError(c.t, err)
		for id, n := range first.numbers() {
			assert.Equal(c.t, n, second.numbers()[id], id)
		}
		assert.Len(c.t, slices.Compact(slices.Sorted(func(yield func(int) bool) {
			for _, r := range second.rows {
				if !yield(r.Number) {
					return
				}
			}
		})), 3)
	})
}

// TestNumberOfTheDay: an elector has one number in his section on a day of voting,
// whatever is voted for: he declares it where he votes.
func TestNumberOfTheDay(t *testing.T) {
	comunal := referendum
	comunal.Consultation = electoral.ComunalElection
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum, comunal}
		c.someone("102", "BETA", nil)
		c.someone("103", "GAMMA", nil)
		c.on(referendum.Day.AddDays(-15))
		s, _ := c.seat(electoral.Extraction{})
		require.Equal(c.t, map[string]int{"102": 1, "103": 2}, s.numbers())
		c.someone("101", "ALFA", nil)
		s, _ = c.seat(electoral.Extraction{Consultation: comunal.Consultation, Day: comunal.Day})
		assert.Equal(c.t, map[string]int{"102": 1, "103": 2, "101": 3}, s.numbers())
		s, _ = c.seat(electoral.Extraction{})
		assert.Equal(c.t, map[string]int{"102": 1, "103": 2, "101": 3}, s.numbers())
	})
}

// TestCountsAddUp: what the rows of a section say and what is counted of it are the
// same, whatever list, lines and order are asked.
func TestCountsAddUp(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.someone("101", "ALFA", nil)
		c.someone("102", "BETA", func(p *electoral.Person, e *electoral.Elector) { p.Death, e.General.Section = today, "2" })
		c.someone("103", "DELTA", func(_ *electoral.Person, e *electoral.Elector) { e.LoseCapacity() })
		c.someone("104", "ETA", func(p *electoral.Person, _ *electoral.Elector) { p.Birth.Date = electoral.Date{Year: 2011} })
		c.someone("105", "GAMMA", func(p *electoral.Person, e *electoral.Elector) {
			p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: aglie, State: "CHE"}
			p.Death = today
		})
		e := electorOf("1", airasca, "1")
		e.KeepVote(electoral.KeptVote{Comune: aglie, Consultation: referendum.Consultation, Day: referendum.Day, Section: "2"})
		c.placed(airasca, e)
		var want map[string]rules.SeatCount
		for _, x := range []electoral.Extraction{{Lines: electoral.AllLines}, {}, {Lines: electoral.StruckLines}, {Alphabetical: true},
			{Reason: electoral.VoterUnderAge, Lines: electoral.StruckLines}} {
			x.Consultation, x.Day = referendum.Consultation, referendum.Day
			s, report := c.seat(x)
			if want == nil {
				want = report.Sections
				lines := map[string][3]int{}
				for _, r := range s.rows {
					n := lines[r.Section]
					n[slices.Index([]electoral.Line{electoral.PlainLine, electoral.MarkedLine, electoral.StruckLine}, r.Line)]++
					lines[r.Section] = n
				}
				for section, n := range lines {
					count := want[section]
					assert.Equal(c.t, n, [3]int{count.Listed - count.Marked - count.Struck, count.Marked, count.Struck}, section)
				}
			}
			assert.Equal(c.t, want, report.Sections)
		}
		assert.Equal(c.t, [2]int{1, 1}, [2]int{want["1"].First(), want["1"].Second()}, "the one of age; the dead abroad in neither")
		assert.Equal(c.t, [2]int{2, 1}, [2]int{want["2"].First(), want["2"].Second()}, "the dead of Italy is taken off on the fifteenth day")
	})
}
