package registry_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// TestUndoAfterClockStep: what was changed after a load stays, also if the clock was
// set back meanwhile, or stands.
func TestUndoAfterClockStep(t *testing.T) {
	for name, step := range map[string]time.Duration{"back": -2 * time.Second, "stands": 0, "an hour back": -time.Hour} {
		for _, opts := range []registry.LoadOptions{{}, {Resumable: true}} {
			t.Run(name, func(t *testing.T) {
				inTown(t, func(c *town) {
					n := 60
					if opts.Resumable && step == 0 {
						n = 2100 // in two updates
					}
					list := c.inhabit(n)
					req := officer(aglie)
					_, err := c.load(req, source(-1, list...), opts)
					require.NoError(c.t, err)
					c.now = c.now.Add(step)
					changed := list[n-10].Clone()
					changed.Status.Regional = electoral.No
					_, err = c.Change(c.ctx(), officer(aglie), changed)
					require.NoError(c.t, err)
					report, warnings, err := c.UndoLoad(c.ctx(), officer(aglie), aglie, req.ID)
					require.NoError(c.t, err)
					assert.Equal(c.t, registry.UndoReport{Removed: n - 1, Kept: 1}, report)
					require.Len(c.t, warnings, 1)
					assert.Equal(c.t, changed.ANPRID, warnings[0].Value)
					assert.Equal(c.t, changed, c.elector(aglie, changed.ANPRID))
				})
			})
		}
	}
}

// TestUndoOneOfTwo loads two files at one instant: each is undone for itself.
func TestUndoOneOfTwo(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.inhabit(10)
		first, second := officer(aglie), officer(aglie)
		_, err := c.load(first, source(-1, list[:4]...), registry.LoadOptions{})
		require.NoError(c.t, err)
		_, err = c.load(second, source(-1, list[4:]...), registry.LoadOptions{Resumable: true})
		require.NoError(c.t, err)
		report, _, err := c.UndoLoad(c.ctx(), officer(aglie), aglie, first.ID)
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.UndoReport{Removed: 4}, report)
		assert.Equal(c.t, 6, c.held(aglie))
	})
}

// TestFollowed has a program that asks, while a load and changes go on and the clock
// jumps, for what is new: it is told of each operation once, and of each elector.
func TestFollowed(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.inhabit(2100)
		jumps := []time.Duration{0, time.Second, -3 * time.Second, -3 * time.Second, time.Minute, -2 * time.Minute}
		var read atomic.Int64
		r, err := registry.New(registry.Config{Store: c.store, Population: c.population, Recorder: c.log,
			Now: func() time.Time { return noon.Add(jumps[int(read.Add(1))%len(jumps)]) }})
		require.NoError(c.t, err)
		var done atomic.Bool
		var group sync.WaitGroup
		group.Go(func() {
			defer done.Store(true)
			_, err := r.Load(c.ctx(), officer(aglie), aglie, electoral.LoadSource[electoral.Section]{}, source(-1, list...),
				registry.LoadOptions{Resumable: true})
			assert.NoError(c.t, err)
			for i := range 20 {
				e := list[i].Clone()
				e.Status.Regional = electoral.No
				_, err := r.Change(c.ctx(), officer(aglie), e)
				assert.NoError(c.t, err)
			}
		})
		type told struct {
			id string
			op electoral.Operation
		}
		operations, electors := map[told]int{}, map[string]bool{}
		var journal, query int64
		for over := false; !over; {
			over = done.Load() // and then once more
			s := registry.JournalSearch{Comune: aglie, Since: journal}
			for more := true; more; {
				page, err := c.Journal(c.ctx(), officer(aglie), s, 1000)
				require.NoError(c.t, err)
				for _, e := range page.Entries {
					operations[told{e.ANPRID, e.Operation}]++
				}
				s.After, more, journal = page.Next, page.Next != nil, page.Seq
			}
			q := registry.Query{Comune: aglie, Since: query, Limit: 1000}
			for first := true; first || q.After != ""; first = false {
				page, err := c.Query(c.ctx(), officer(aglie), q)
				require.NoError(c.t, err)
				for _, found := range page.Found {
					electors[found.Elector.ANPRID] = true
				}
				if first {
					query = page.Seq
				}
				q.After = page.Next
			}
		}
		group.Wait()
		assert.Len(c.t, electors, len(list))
		assert.Len(c.t, operations, len(list)+20)
		for op, n := range operations {
			assert.Equal(c.t, 1, n, op)
		}
	})
}

// TestFollowedExtraction begins with a whole list and goes on with what was touched.
func TestFollowedExtraction(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.inhabit(5)
		_, err := c.load(officer(aglie), source(-1, list...), registry.LoadOptions{})
		require.NoError(c.t, err)
		extract := func(since int64) ([]string, int64) {
			x := electoral.Extraction{Comune: aglie, List: electoral.GeneralList, Purpose: pollsPurpose}
			if since > 0 {
				x.Touched = &electoral.Interval{Since: since}
			}
			var l lister
			report, err := c.Extract(c.ctx(), officer(aglie), x, &l)
			require.NoError(c.t, err)
			return l.ids, report.Seq
		}
		ids, seq := extract(0)
		assert.Len(c.t, ids, 5)
		ids, same := extract(seq)
		assert.Empty(c.t, ids)
		assert.Equal(c.t, seq, same)
		c.now = c.now.Add(-time.Hour)
		changed := list[3].Clone()
		changed.Status.Regional = electoral.No
		_, err = c.Change(c.ctx(), officer(aglie), changed)
		require.NoError(c.t, err)
		ids, next := extract(seq)
		assert.Equal(c.t, []string{"2/1003"}, ids)
		assert.Equal(c.t, seq+1, next)
	})
}

// TestFollowedTooLate refuses a number from which the journal no longer has all, or to
// which it has not come, as after a backup was restored.
func TestFollowedTooLate(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.inhabit(3)
		_, err := c.load(officer(aglie), source(-1, list...), registry.LoadOptions{})
		require.NoError(c.t, err)
		for i := range 2 {
			e := list[i].Clone()
			e.Status.Regional = electoral.No
			c.tick()
			_, err = c.Change(c.ctx(), officer(aglie), e)
			require.NoError(c.t, err)
		}
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			_, err := w.Forget(c.ctx(), aglie, c.now.Truncate(time.Millisecond))
			return err
		}))
		ask := map[string]func(since int64) error{
			"journal": func(since int64) error {
				_, err := c.Journal(c.ctx(), officer(aglie), registry.JournalSearch{Comune: aglie, Since: since}, 0)
				return err
			},
			"query": func(since int64) error {
				_, err := c.Query(c.ctx(), officer(aglie), registry.Query{Comune: aglie, Since: since})
				return err
			},
			"count": func(since int64) error {
				_, err := c.Count(c.ctx(), officer(aglie), registry.Query{Comune: aglie, Since: since})
				return err
			},
			"extract": func(since int64) error {
				x := electoral.Extraction{Comune: aglie, Purpose: pollsPurpose, Touched: &electoral.Interval{Since: since}}
				_, err := c.Extract(c.ctx(), officer(aglie), x, &lister{})
				return err
			},
		}
		for name, ask := range ask {
			for since, want := range map[int64]string{1: "forgotten", 2: "", 3: "", 4: "ahead", -1: "since"} {
				err := ask(since)
				if want == "" {
					require.NoError(c.t, err, "%s %d", name, since)
					continue
				}
				faults, ok := errors.AsType[electoral.Faults](err)
				require.True(c.t, ok, "%s %d: %v", name, since, err)
				require.Len(c.t, faults, 1)
				assert.Equal(c.t, want, faults[0].Case, name)
				assert.Equal(c.t, electoral.QueryPaging, faults[0].Code)
				assertTold(c.t, faults[0])
			}
		}
		require.NoError(c.t, ask["journal"](0), "the whole journal, as far as it is kept")
	})
}
