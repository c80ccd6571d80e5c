package registry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// rolled returns how many rows a list has for the regional election of a day.
func (c *town) rolled(comune string, l electoral.List, day electoral.Date) int {
	c.t.Helper()
	x := electoral.Extraction{List: l, Comune: comune, Consultation: electoral.RegionalElection, Day: day, Purpose: pollsPurpose}
	report, err := c.Extract(c.ctx(), officer(comune), x, &lister{})
	n := report.Rows
	require.NoError(c.t, err)
	return n
}

// TestStillVotesOnce follows who left with a vote kept, whatever comes after:
// he has that vote, once.
func TestStillVotesOnce(t *testing.T) {
	day := electoral.Date{Year: 2027, Month: 1, Day: 10}
	remove := func(c *town, comune string, code electoral.RemovalCode) electoral.Faults {
		c.tick()
		_, warnings, err := c.Remove(c.ctx(), officer(comune), registry.RemovalRequest{ANPRID: "1", Code: code})
		require.NoError(c.t, err)
		return warnings
	}
	for name, then := range map[string]func(c *town){
		"nothing":          func(c *town) {},
		"enrolled":         func(c *town) { c.settle(airasca) },
		"came back":        func(c *town) { c.settle(aglie) },
		"annulled":         func(c *town) { c.settle(airasca); remove(c, airasca, electoral.Annulment) },
		"removed and back": func(c *town) { c.settle(airasca); remove(c, airasca, electoral.Emigration); c.settle(aglie) },
		"removed": func(c *town) {
			c.settle(airasca)
			assert.True(c.t, remove(c, airasca, electoral.Emigration).Has(electoral.RemovalStillVotes))
		},
		"in an added list": func(c *town) {
			e, home, err := electoral.Elector{}, "", error(nil)
			require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
				if e, home, err = w.Elector(c.ctx(), "1"); err != nil {
					return err
				}
				e.Added.Bolzano = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}
				return w.PutElector(c.ctx(), home, e)
			}))
			assert.Zero(c.t, c.rolled(aglie, electoral.BolzanoList, day))
			remove(c, aglie, electoral.FromTerritorialList)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				c.settle(aglie)
				_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{{Consultation: electoral.RegionalElection, Day: day}}})
				require.NoError(c.t, err)
				c.tick()
				then(c)
				votes := c.rolled(aglie, electoral.GeneralList, day)
				assert.Equal(c.t, 1, votes)
				assert.Zero(c.t, c.rolled(airasca, electoral.GeneralList, day))
			})
		})
	}
}

// TestPastVote ends what a comune finds of an elector who left, with the vote
// that he had there.
func TestPastVote(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		day := electoral.Date{Year: 2027, Month: 1, Day: 10}
		_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{{Consultation: electoral.RegionalElection, Day: day}}})
		require.NoError(c.t, err)
		c.settle(airasca)
		c.elector(aglie, "1")
		c.now = c.now.AddDate(1, 0, 0)
		_, err = c.Elector(c.ctx(), officer(aglie), "1")
		refused(c.t, c.log, err, electoral.NotCompetent)
		before := len(c.journal(aglie, "1"))
		_, _, err = c.SetCapacity(c.ctx(), officer(airasca), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
		require.NoError(c.t, err)
		assert.Len(c.t, c.journal(aglie, "1"), before)
		sum, err := c.Expire(c.ctx(), aglie)
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, sum.Votes)
		assert.Empty(c.t, c.elector(airasca, "1").KeptVotes)
	})
}

// TestNoComuneNoRequest refuses what no officer would find.
func TestNoComuneNoRequest(t *testing.T) {
	inTown(t, func(c *town) {
		q := c.apply(electoral.EUComunalList)
		_, err := c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
		moved := dupont().Clone()
		moved.Residence.Comune = airasca
		c.population.Put(moved)
		q, _, err = c.Apply(c.ctx(), citizen(moved), registry.WithdrawalApplication, electoral.EUComunalList, registry.ApplicationContent{})
		require.NoError(c.t, err)
		assert.Equal(c.t, aglie, q.Comune, "where the list is, not where he lives")
		_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone})
		require.NoError(c.t, err)

		_, warnings, err := c.Apply(c.ctx(), citizen(moved), registry.EnrolmentApplication, electoral.EUComunalList, content())
		require.NoError(c.t, err)
		assert.Empty(c.t, warnings)
	})
}

// TestNobodyElse reveals to a citizen nothing about another code.
func TestNobodyElse(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		var told []string
		for _, code := range []electoral.FiscalCode{people()[0].FiscalCode, people()[1].FiscalCode, "RSSMRA80A01H501U"} {
			_, err := c.ElectorByFiscalCode(c.ctx(), citizen(dupont()), code)
			refused(c.t, c.log, err, electoral.OtherPerson)
			told = append(told, err.Error())
		}
		assert.Equal(c.t, []string{told[0], told[0], told[0]}, told)
	})
}

// noCommit is a store that cannot commit.
type noCommit struct{ registry.Store }

var errCommit = errors.New("commit failed")

func (s noCommit) Update(ctx context.Context, fn func(registry.Writer) error) error {
	return s.Store.Update(ctx, func(w registry.Writer) error {
		if err := fn(w); err != nil {
			return err
		}
		return errCommit
	})
}

// TestFailedAndNotRecorded distinguishes a write that failed from one that
// stands.
func TestFailedAndNotRecorded(t *testing.T) {
	inTown(t, func(c *town) {
		c.log.failAt[electoral.Failed] = true
		r, err := registry.New(registry.Config{
			Store: noCommit{c.store}, Population: c.population, Recorder: c.log, Now: func() time.Time { return noon },
		})
		require.NoError(c.t, err)
		q, _, err := r.Apply(c.ctx(), citizen(dupont()), registry.EnrolmentApplication, electoral.EUComunalList, content())
		require.ErrorIs(c.t, err, errCommit)
		require.NotErrorIs(c.t, err, electoral.ErrNotRecorded)
		assert.Empty(c.t, q)
	})
}

// TestRepeatedIsRecorded shows no earlier answer that is not on record.
func TestRepeatedIsRecorded(t *testing.T) {
	inTown(t, func(c *town) {
		req := citizen(dupont())
		_, _, err := c.Apply(c.ctx(), req, registry.EnrolmentApplication, electoral.EUComunalList, content())
		require.NoError(c.t, err)
		c.log.failAt[electoral.Repeated] = true
		q, _, err := c.Apply(c.ctx(), req, registry.EnrolmentApplication, electoral.EUComunalList, content())
		require.ErrorIs(c.t, err, electoral.ErrNotRecorded)
		assert.Empty(c.t, q)
	})
}

// TestExpireEverywhere removes what stands under a comune that has ceased, or
// under none.
func TestExpireEverywhere(t *testing.T) {
	inTown(t, func(c *town) {
		ceased := ""
		tables, err := refdata.Embedded()
		require.NoError(c.t, err)
		for was := range tables.Comuni(electoral.Date{Year: 2012, Month: 1, Day: 1}) {
			if _, is := tables.Comune(was.Belfiore, electoral.Date{Year: 2026, Month: 11, Day: 22}); !is {
				ceased = was.Belfiore
				break
			}
		}
		require.NotEmpty(c.t, ceased)
		comuni := []string{"", ceased, aglie}
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			for _, comune := range comuni {
				err := w.PutRecord(c.ctx(), registry.Record{Comune: comune, Book: registry.ReplyBook, ID: "x", At: noon, Expires: noon.AddDate(0, 0, 7)})
				if err != nil {
					return err
				}
			}
			return nil
		}))
		c.now = c.now.AddDate(3, 0, 0)
		sum, err := c.Expire(c.ctx())
		require.NoError(c.t, err)
		assert.GreaterOrEqual(c.t, sum.Records, len(comuni))
		require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) error {
			for _, comune := range comuni {
				_, err := rd.Record(c.ctx(), comune, registry.ReplyBook, "x")
				assert.ErrorIs(c.t, err, electoral.ErrNotFound, comune)
			}
			return nil
		}))
	})
}
