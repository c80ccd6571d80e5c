package registry_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// TestChoicesAtOnce: of choices for one vote that two officers record at once, one
// stands; of two withdrawals at once, one withdraws it.
func TestChoicesAtOnce(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.someone("101", "ALFA", nil)
		c.on(referendum.Day.AddDays(-32))
		kinds := []electoral.ChoiceKind{electoral.TemporarilyAbroad, electoral.InHospital, electoral.AtHome, electoral.OnService}
		atOnce := func(do func(i int) error) (failed []error) {
			errs := make([]error, len(kinds))
			var wg sync.WaitGroup
			for i := range kinds {
				wg.Go(func() { errs[i] = do(i) })
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil {
					failed = append(failed, err)
				}
			}
			return failed
		}
		failed := atOnce(func(i int) error {
			_, _, err := c.RecordChoice(c.ctx(), officer(aglie), electoral.VotingChoice{ANPRID: "101", Kind: kinds[i],
				Consultation: referendum.Consultation, Day: referendum.Day, Received: c.today()})
			return err
		})
		require.Len(c.t, failed, len(kinds)-1)
		for _, err := range failed {
			require.ErrorIs(c.t, err, electoral.ChoiceTwice)
		}
		list, err := c.Choices(c.ctx(), officer(aglie), registry.ChoiceFilter{ANPRID: "101"})
		require.NoError(c.t, err)
		require.Len(c.t, list, 1)
		failed = atOnce(func(int) error {
			_, err := c.WithdrawChoice(c.ctx(), officer(aglie), list[0].ID, c.today())
			return err
		})
		require.Len(c.t, failed, len(kinds)-1)
		for _, err := range failed {
			require.ErrorIs(c.t, err, electoral.ChoiceGone)
		}
	})
}

// TestNumbersAtOnce: lists that are extracted at once, for several votes of a day,
// while electors come, give everybody one number and no number to two.
func TestNumbersAtOnce(t *testing.T) {
	comunal := referendum
	comunal.Consultation = electoral.ComunalElection
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum, comunal}
		for i := range 8 {
			c.someone(fmt.Sprint(100+i), fmt.Sprintf("NOME%c", 'Z'-i), nil)
		}
		c.on(referendum.Day.AddDays(-12))
		var wg sync.WaitGroup
		lists := make([]seat, 6)
		errs := make([]error, len(lists))
		for i := range lists {
			vote := []electoral.Vote{referendum, comunal}[i%2]
			wg.Go(func() {
				x := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Consultation: vote.Consultation, Day: vote.Day, Purpose: pollsPurpose}
				_, errs[i] = c.Extract(c.ctx(), officer(aglie), x, &lists[i])
			})
		}
		for i := range 4 {
			c.someone(fmt.Sprint(200+i), fmt.Sprintf("NOME%c", 'A'+i), nil)
		}
		wg.Wait()
		of, who := map[string]int{}, map[int]string{}
		for i, s := range lists {
			require.NoError(c.t, errs[i])
			assert.GreaterOrEqual(c.t, len(s.rows), 8)
			for id, n := range s.numbers() {
				if of[id] == 0 {
					of[id] = n
				}
				assert.Equal(c.t, of[id], n, "two numbers of %s", id)
				if who[n] == "" {
					who[n] = id
				}
				assert.Equal(c.t, who[n], id, "the number %d", n)
			}
		}
		assert.Len(c.t, c.rows(aglie, electoral.GeneralList, comunal), 12)
	})
}

// TestMergedKeepsNumber: a person whose two ANPR ids are joined before the vote keeps
// his number in his section.
func TestMergedKeepsNumber(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.someone("101", "ALFA", nil)
		c.settle(aglie)
		c.on(referendum.Day.AddDays(-14))
		s, _ := c.seat(electoral.Extraction{})
		require.Equal(c.t, map[string]int{"101": 1, "1": 2}, s.numbers())
		c.twin(aglie)
		_, _, err := c.MergeIDs(c.ctx(), officer(aglie), "1", twinID)
		require.NoError(c.t, err)
		c.someone("102", "BETA", nil)
		s, _ = c.seat(electoral.Extraction{})
		assert.Equal(c.t, map[string]int{"101": 1, twinID: 2, "102": 3}, s.numbers())
	})
}
