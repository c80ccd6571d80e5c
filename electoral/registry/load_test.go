package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// inhabit adds persons with ids from 1000 to the population and returns their
// electors, over two sections of Agliè.
func (c *town) inhabit(n int) []electoral.Elector {
	var list []electoral.Elector
	for i := range n {
		p := people()[0].Clone()
		p.ANPRID, p.FiscalCode = strconv.Itoa(1000+i), ""
		c.population.Put(p)
		list = append(list, electorOf(p.ANPRID, aglie, strconv.Itoa(1+i%2)))
	}
	return list
}

func (c *town) load(req electoral.Request, electors electoral.LoadSource[electoral.Elector], opts registry.LoadOptions) (registry.LoadReport, error) {
	return c.Load(c.ctx(), req, aglie, electoral.LoadSource[electoral.Section]{}, electors, opts)
}

// held counts the electors of a comune in the store.
func (c *town) held(comune string) (n int) {
	c.t.Helper()
	require.NoError(c.t, c.store.View(c.ctx(), func(r registry.Reader) error {
		for _, err := range r.Search(c.ctx(), registry.Search{Comune: comune}) {
			require.NoError(c.t, err)
			n++
		}
		return nil
	}))
	return n
}

func TestLoadDryRun(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.inhabit(10)
		list[3].Capacity = electoral.NotGiven
		req := officer(aglie)
		report, err := c.load(req, source(10, list...), registry.LoadOptions{DryRun: true})
		require.NoError(c.t, err, "a trial refuses nothing")
		assert.True(c.t, report.DryRun)
		assert.False(c.t, report.Stored)
		assert.Equal(c.t, registry.LoadCount{Declared: 10, Read: 10, Accepted: 9, Refused: 1}, report.Electors)
		require.Len(c.t, report.Faults, 1)
		assert.Equal(c.t, 4, report.Faults[0].Record)
		assert.Equal(c.t, 13, report.Faults[0].Position.Line)
		assert.Zero(c.t, c.held(aglie))
		list[3].Capacity = electoral.Yes
		report, err = c.load(req, source(10, list...), registry.LoadOptions{})
		require.NoError(c.t, err, "with the same id, which a trial does not use up")
		assert.Equal(c.t, []registry.Reconciliation{
			{List: electoral.GeneralList, Section: "1", InFile: 5, Accepted: 5, Registered: 5},
			{List: electoral.GeneralList, Section: "2", InFile: 5, Accepted: 5, Registered: 5},
		}, report.Reconciliation)
		assert.Equal(c.t, 10, c.held(aglie))
		_, err = c.load(officer(aglie), source(0, []electoral.Elector{}...), registry.LoadOptions{DryRun: true, Resumable: true})
		require.ErrorIs(c.t, err, electoral.LoadOptionsDisagree)
	})
}

func TestLoadOnce(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.inhabit(10)
		req := officer(aglie)
		first, err := c.load(req, source(10, list...), registry.LoadOptions{})
		require.NoError(c.t, err)
		again, err := c.load(req, source(10, list...), registry.LoadOptions{})
		require.NoError(c.t, err)
		assert.True(c.t, again.Repeated)
		assert.Equal(c.t, first.Electors, again.Electors)
		assert.Equal(c.t, first.Enrolled, again.Enrolled)
		assert.Equal(c.t, 10, c.held(aglie))
	})
}

// TestLoadResumed interrupts a load of several batches and goes on.
func TestLoadResumed(t *testing.T) {
	inTown(t, func(c *town) {
		const n = 4500 // two whole batches and a half
		list := c.inhabit(n)
		list[7].Capacity = electoral.NotGiven
		power := errors.New("power cut")
		req := officer(aglie)
		cut := source(n, list[:4100]...)
		_, err := c.load(req, broken(cut, power), registry.LoadOptions{Resumable: true})
		require.ErrorIs(c.t, err, power)
		// What a file's end kept is whole; now a store that dies in between.
		assert.Equal(c.t, 4099, c.held(aglie))

		c.tick()
		dying := &dyingStore{Store: c.store, after: 3}
		r, err := registry.New(registry.Config{Store: dying, Population: c.population, Recorder: c.log, Now: func() time.Time { return c.now }})
		require.NoError(c.t, err)
		other := officer(airasca)
		list2 := slices.Clone(list)
		for i := range list2 {
			list2[i] = electorOf(strconv.Itoa(20000+i), airasca, "1")
			p := people()[0].Clone()
			p.ANPRID, p.FiscalCode, p.Residence = list2[i].ANPRID, "", &electoral.Residence{Comune: airasca}
			c.population.Put(p)
		}
		list2[9].Capacity = electoral.NotGiven
		_, err = r.Load(c.ctx(), other, airasca, electoral.LoadSource[electoral.Section]{}, source(n, list2...), registry.LoadOptions{Resumable: true})
		require.ErrorIs(c.t, err, errDied)
		held := c.held(airasca)
		assert.Equal(c.t, 2000*2-1, held)
		_, err = c.Load(c.ctx(), other, airasca, electoral.LoadSource[electoral.Section]{}, source(n, list2...), registry.LoadOptions{})
		require.ErrorIs(c.t, err, electoral.LoadState, "it is resumed, or undone")
		c.tick()
		report, err := c.Load(c.ctx(), other, airasca, electoral.LoadSource[electoral.Section]{}, source(n, list2...), registry.LoadOptions{Resumable: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, held, report.Resumed)
		assert.Equal(c.t, registry.LoadCount{Declared: n, Read: n, Accepted: n - 1, Refused: 1}, report.Electors)
		assert.Equal(c.t, n-1, c.held(airasca))
		assert.Equal(c.t, []registry.Reconciliation{{List: electoral.GeneralList, Section: "1", InFile: n, Accepted: n - 1, Registered: n - 1}}, report.Reconciliation)
		for _, f := range report.Faults {
			require.Equal(c.t, electoral.CapacityNotGiven, f.Code, "who was stored before is no duplicate")
		}
	})
}

// dyingStore fails from some update on.
type dyingStore struct {
	registry.Store
	after int
}

var errDied = errors.New("the store died")

func (d *dyingStore) Update(ctx context.Context, fn func(registry.Writer) error) error {
	if d.after--; d.after < 0 {
		return errDied
	}
	return d.Store.Update(ctx, fn)
}

func TestUndoLoad(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie) // registered before the load
		list := c.inhabit(2500)
		req := officer(aglie)
		sections := source(1, sectionOf(aglie, "3"))
		for i := range 10 {
			list[i].General.Section = "3"
		}
		_, err := c.Load(c.ctx(), req, aglie, sections, source(2500, list...), registry.LoadOptions{})
		require.NoError(c.t, err)
		c.tick()
		changed := list[42].Clone()
		changed.Status.Regional = electoral.No
		_, err = c.Change(c.ctx(), officer(aglie), changed)
		require.NoError(c.t, err)
		c.tick()

		_, _, err = c.UndoLoad(c.ctx(), officer(airasca), aglie, req.ID)
		refused(c.t, c.log, err, electoral.NotCompetent)
		_, _, err = c.UndoLoad(c.ctx(), officer(aglie), aglie, "nothing")
		refused(c.t, c.log, err, electoral.LoadUnknown)
		report, warnings, err := c.UndoLoad(c.ctx(), officer(aglie), aglie, req.ID)
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.UndoReport{Removed: 2499, Kept: 1, Sections: 1}, report)
		require.Len(c.t, warnings, 1)
		assert.Equal(c.t, list[42].ANPRID, warnings[0].Value)
		assert.Equal(c.t, 2, c.held(aglie), "who was there before, and who was changed since")
		_, err = c.Section(c.ctx(), officer(aglie), aglie, "3")
		require.ErrorIs(c.t, err, electoral.SectionNotFound)
		_, err = c.Section(c.ctx(), officer(aglie), aglie, "1")
		require.NoError(c.t, err, "a section that was there before stays")
		_, _, err = c.UndoLoad(c.ctx(), officer(aglie), aglie, req.ID)
		refused(c.t, c.log, err, electoral.LoadState)
		_, err = c.load(req, source(2500, list...), registry.LoadOptions{})
		require.ErrorIs(c.t, err, electoral.LoadState)
		again := officer(aglie)
		_, err = c.Load(c.ctx(), again, aglie, sections, source(2500, list...), registry.LoadOptions{Partial: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, 2501, c.held(aglie))
	})
}

// TestUndoBesideAnother undoes a load of added lists of electors who are in a
// general list elsewhere.
func TestUndoBesideAnother(t *testing.T) {
	inTown(t, func(c *town) {
		mover := people()[0].Clone()
		mover.Residence = &electoral.Residence{Comune: "L378", Since: electoral.Date{Year: 2026, Month: 3, Day: 1}, Earlier: []electoral.ResidencePeriod{{Comune: aglie, From: electoral.Date{Year: 2000, Month: 1, Day: 1}, To: electoral.Date{Year: 2026, Month: 3, Day: 1}}}}
		c.population.Put(mover)
		added := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, Status: electorOf("1", aglie, "1").Status,
			Added: electoral.AddedLists{Trento: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}}}
		req := officer(aglie)
		_, err := c.load(req, source(1, added), registry.LoadOptions{})
		require.NoError(c.t, err)
		c.tick()
		trento := electorOf("1", "L378", "1")
		trento.Status.SenateConstituency, trento.Status.ChamberConstituency = "TRENTINO-ALTO ADIGE/SÜDTIROL", "TRENTINO-ALTO ADIGE/SÜDTIROL"
		_, err = c.PutSection(c.ctx(), officer("L378"), sectionOf("L378", "1"))
		require.NoError(c.t, err)
		load := officer("L378")
		_, err = c.Load(c.ctx(), load, "L378", electoral.LoadSource[electoral.Section]{}, source(1, trento), registry.LoadOptions{})
		require.NoError(c.t, err)
		c.tick()
		report, _, err := c.UndoLoad(c.ctx(), officer("L378"), "L378", load.ID)
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, report.Removed)
		e := c.elector(aglie, "1")
		assert.Nil(c.t, e.General)
		assert.Equal(c.t, added.Added, e.Added, "the other comune's list stays")
	})
}

// meddler does something once, before an update: after how many is counted.
type meddler struct {
	registry.Store
	after int
	do    func()
}

func (m *meddler) Update(ctx context.Context, fn func(registry.Writer) error) error {
	if m.after--; m.after == -1 {
		m.do()
	}
	return m.Store.Update(ctx, fn)
}

// loadMeddled loads two electors in a new section 9 of Agliè, and does
// something before one of the updates.
func (c *town) loadMeddled(req electoral.Request, list []electoral.Elector, opts registry.LoadOptions, after int, do func()) (registry.LoadReport, error) {
	r, err := registry.New(registry.Config{
		Store: &meddler{Store: c.store, after: after, do: do}, Population: c.population, Recorder: c.log, Now: func() time.Time { return c.now },
	})
	require.NoError(c.t, err)
	return r.Load(c.ctx(), req, aglie, source(1, sectionOf(aglie, "9")), source(len(list), list...), opts)
}

func (c *town) inSection9() []electoral.Elector {
	list := c.inhabit(2)
	for i := range list {
		list[i].General.Section = "9"
	}
	return list
}

// assertUndone undoes a load of loadMeddled.
func (c *town) assertUndone(id string) {
	c.t.Helper()
	c.tick()
	report, _, err := c.UndoLoad(c.ctx(), officer(aglie), aglie, id)
	require.NoError(c.t, err)
	assert.Equal(c.t, registry.UndoReport{Removed: 2, Sections: 1}, report)
	assert.Zero(c.t, c.held(aglie))
}

// TestLoadRetriedAtOnce loads while the same request is about to load.
func TestLoadRetriedAtOnce(t *testing.T) {
	for name, opts := range map[string]registry.LoadOptions{"partial": {Partial: true}, "resumable": {Resumable: true}, "whole": {}} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				list, req := c.inSection9(), officer(aglie)
				report, err := c.loadMeddled(req, list, opts, 0, func() {
					c.tick()
					_, err := c.Load(c.ctx(), req, aglie, source(1, sectionOf(aglie, "9")), source(2, list...), opts)
					require.NoError(c.t, err)
				})
				require.NoError(c.t, err)
				assert.True(c.t, report.Repeated)
				assert.Equal(c.t, 2, report.Electors.Accepted)
				assert.Empty(c.t, report.Faults)
				c.assertUndone(req.ID)
			})
		})
	}
}

// TestUndoWhileLoading undoes a load between its sections and its electors.
func TestUndoWhileLoading(t *testing.T) {
	inTown(t, func(c *town) {
		req := officer(aglie)
		report, err := c.loadMeddled(req, c.inSection9(), registry.LoadOptions{Resumable: true}, 2, func() {
			c.tick()
			undone, _, err := c.UndoLoad(c.ctx(), officer(aglie), aglie, req.ID)
			require.NoError(c.t, err)
			assert.Equal(c.t, registry.UndoReport{Sections: 1}, undone)
		})
		refused(c.t, c.log, err, electoral.LoadState)
		assert.False(c.t, report.Stored)
		assert.Zero(c.t, c.held(aglie))
		_, err = c.Section(c.ctx(), officer(aglie), aglie, "9")
		require.ErrorIs(c.t, err, electoral.SectionNotFound)
		progress, err := c.Progress(c.ctx(), officer(aglie), aglie)
		require.NoError(c.t, err)
		require.Len(c.t, progress.Loads, 1)
		assert.Equal(c.t, registry.LoadUndone, progress.Loads[0].State)
	})
}

// TestResumeWhileLoading resumes a load that is slow and not dead.
func TestResumeWhileLoading(t *testing.T) {
	inTown(t, func(c *town) {
		list, req := c.inSection9(), officer(aglie)
		_, err := c.loadMeddled(req, list, registry.LoadOptions{Resumable: true}, 2, func() {
			c.tick()
			dying := &dyingStore{Store: c.store, after: 3}
			r, err := registry.New(registry.Config{Store: dying, Population: c.population, Recorder: c.log, Now: func() time.Time { return c.now }})
			require.NoError(c.t, err)
			_, err = r.Load(c.ctx(), req, aglie, source(1, sectionOf(aglie, "9")), source(1, list[0]), registry.LoadOptions{Resumable: true})
			require.ErrorIs(c.t, err, errDied)
		})
		refused(c.t, c.log, err, electoral.LoadState)
		assert.Equal(c.t, 1, c.held(aglie), "of the later run")
		report, err := c.Load(c.ctx(), req, aglie, source(1, sectionOf(aglie, "9")), source(2, list...), registry.LoadOptions{Resumable: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, report.Resumed)
		assert.Equal(c.t, 2, report.Electors.Accepted)
		c.assertUndone(req.ID)
	})
}

// forgetJoined makes of a load one that was stored before loads remembered
// whom they had joined.
func (c *town) forgetJoined(comune, id string) {
	require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
		rec, err := w.Record(c.ctx(), comune, registry.LoadBook, id)
		require.NoError(c.t, err)
		var first registry.FirstLoad
		require.NoError(c.t, json.Unmarshal(rec.Body, &first))
		rec.Body, err = json.Marshal(first)
		require.NoError(c.t, err)
		return w.PutRecord(c.ctx(), rec)
	}))
}

// TestUndoKeepsAnothers undoes a load of an elector whom another comune has
// removed.
func TestUndoKeepsAnothers(t *testing.T) {
	vote := []electoral.KeptVote{{Consultation: electoral.RegionalElection, Day: electoral.Date{Year: 2027, Month: 1, Day: 10}}}
	for name, k := range map[string]struct {
		vote        []electoral.KeptVote
		opts        registry.LoadOptions
		forget, die bool
	}{"vote left": {vote: vote}, "vote left, resumable": {vote: vote, opts: registry.LoadOptions{Resumable: true}}, "vote left, old load": {vote: vote, forget: true}, "no list": {}, "no list, interrupted": {opts: registry.LoadOptions{Resumable: true}, die: true}} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				c.settle(aglie)
				_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration, KeptVotes: k.vote})
				require.NoError(c.t, err)
				c.tick()
				req := officer(airasca)
				store := &dyingStore{Store: c.store, after: 9}
				if k.die {
					store.after = 2 // before the load is registered as stored
				}
				r, err := registry.New(registry.Config{Store: store, Population: c.population, Recorder: c.log, Now: func() time.Time { return c.now }})
				require.NoError(c.t, err)
				_, err = r.Load(c.ctx(), req, airasca, electoral.LoadSource[electoral.Section]{}, source(1, electorOf("1", airasca, "1")), k.opts)
				require.Equal(c.t, k.die, errors.Is(err, errDied), err)
				require.Equal(c.t, 1, c.held(airasca))
				if k.forget {
					c.forgetJoined(airasca, req.ID)
				}
				c.tick()
				report, _, err := c.UndoLoad(c.ctx(), officer(airasca), airasca, req.ID)
				require.NoError(c.t, err)
				assert.Equal(c.t, 1, report.Removed)
				assert.Zero(c.t, c.held(airasca))
				require.NoError(c.t, c.store.View(c.ctx(), func(r registry.Reader) error {
					e, home, err := r.Elector(c.ctx(), "1")
					require.NoError(c.t, err)
					assert.Equal(c.t, aglie, home)
					assert.Nil(c.t, e.General)
					assert.Len(c.t, e.KeptVotes, len(k.vote))
					return nil
				}))
			})
		})
	}
}

// TestUndoKeepsEarlierList undoes a load of an elector whom the comune had in
// another list before.
func TestUndoKeepsEarlierList(t *testing.T) {
	inTown(t, func(c *town) {
		const trento = "L378"
		mover := people()[0].Clone()
		mover.Residence = &electoral.Residence{Comune: trento, Since: electoral.Date{Year: 2026, Month: 3, Day: 1}, Earlier: []electoral.ResidencePeriod{{Comune: aglie, From: electoral.Date{Year: 2000, Month: 1, Day: 1}, To: electoral.Date{Year: 2026, Month: 3, Day: 1}}}}
		c.population.Put(mover)
		_, err := c.PutSection(c.ctx(), officer(trento), sectionOf(trento, "1"))
		require.NoError(c.t, err)
		general := electorOf("1", trento, "1")
		general.Status.SenateConstituency, general.Status.ChamberConstituency = "TRENTINO-ALTO ADIGE/SÜDTIROL", "TRENTINO-ALTO ADIGE/SÜDTIROL"
		_, err = c.Enrol(c.ctx(), officer(trento), general)
		require.NoError(c.t, err)
		added := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, Status: electorOf("1", aglie, "1").Status,
			Added: electoral.AddedLists{Trento: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}}}
		_, err = c.Enrol(c.ctx(), officer(aglie), added)
		require.NoError(c.t, err)
		c.tick()
		_, _, err = c.Remove(c.ctx(), officer(trento), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
		require.NoError(c.t, err)
		c.tick()
		req := officer(aglie)
		_, err = c.load(req, source(1, electorOf("1", aglie, "1")), registry.LoadOptions{})
		require.NoError(c.t, err)
		c.tick()
		report, _, err := c.UndoLoad(c.ctx(), officer(aglie), aglie, req.ID)
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, report.Removed)
		e := c.elector(aglie, "1")
		assert.Nil(c.t, e.General)
		assert.Equal(c.t, added.Added, e.Added, "it was there before the load")
	})
}

// TestLoadConflicts loads whom another comune has loaded.
func TestLoadConflicts(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(airasca)
		list := append(c.inhabit(3), electorOf("1", aglie, "1"))
		report, err := c.load(officer(aglie), source(4, list...), registry.LoadOptions{})
		require.ErrorIs(c.t, err, registry.ErrLoadRefused)
		assert.Equal(c.t, 1, report.Conflicts)
		for _, comune := range []string{aglie, airasca} {
			found := c.conflicts(comune)
			require.Len(c.t, found, 1, "both learn of it")
			assert.Equal(c.t, electoral.DuplicateElector, found[0].Cause)
			assert.Equal(c.t, airasca, found[0].Holder)
		}
		_, _, err = c.Remove(c.ctx(), officer(airasca), registry.RemovalRequest{ANPRID: "1", Code: electoral.Annulment})
		require.NoError(c.t, err)
		_, err = c.load(officer(aglie), source(4, list...), registry.LoadOptions{})
		require.NoError(c.t, err)
		progress, err := c.Progress(c.ctx(), officer(aglie), aglie)
		require.NoError(c.t, err)
		assert.Equal(c.t, 4, progress.Enrolled[electoral.GeneralList])
		assert.Len(c.t, progress.Loads, 1)
		assert.Equal(c.t, registry.ConflictResolved, c.conflicts(airasca)[0].State)
	})
}

func TestProgress(t *testing.T) {
	inTown(t, func(c *town) {
		p, err := c.Progress(c.ctx(), officer(aglie), aglie)
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.Date{Year: 2027, Month: 2, Day: 28}, p.Last)
		assert.Equal(c.t, 98, p.DaysLeft)
		assert.Equal(c.t, 2, p.Sections)
		assert.Positive(c.t, p.ExpectedElectors)
	})
	for _, k := range []struct {
		term registry.FirstLoadTerm
		want electoral.Date
	}{
		{registry.FirstLoadTerm{}, electoral.Date{}},
		{registry.FirstLoadTerm{Announced: electoral.Date{Year: 2024, Month: 2, Day: 29}}, electoral.Date{Year: 2025, Month: 2, Day: 28}},
		{registry.FirstLoadTerm{Announced: electoral.Date{Year: 2024, Month: 8, Day: 31}, Months: 6}, electoral.Date{Year: 2025, Month: 2, Day: 28}},
		{registry.FirstLoadTerm{Announced: electoral.Date{Year: 2024, Month: 11, Day: 15}, Months: 14}, electoral.Date{Year: 2026, Month: 1, Day: 15}},
	} {
		assert.Equal(t, k.want, k.term.Last())
	}
}

// TestLoadForgotten keeps of a load that can no longer be undone its counts.
func TestLoadForgotten(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
		require.NoError(c.t, err)
		c.tick()
		r, err := registry.New(registry.Config{Store: c.store, Population: c.population, Recorder: c.log, Now: func() time.Time { return c.now },
			Retention: registry.Retention{Journal: 24 * time.Hour}})
		require.NoError(c.t, err)
		req := officer(airasca)
		_, err = r.Load(c.ctx(), req, airasca, electoral.LoadSource[electoral.Section]{}, source(1, electorOf("1", airasca, "1")), registry.LoadOptions{})
		require.NoError(c.t, err)
		kept := func() (joined int, accepted uint64) {
			list := c.records(registry.RecordSearch{Book: registry.LoadBook, Comune: airasca})
			require.Len(c.t, list, 1)
			var body struct {
				Joined   map[string]any
				Electors struct{ Accepted uint64 }
			}
			require.NoError(c.t, json.Unmarshal(list[0].Body, &body))
			return len(body.Joined), body.Electors.Accepted
		}
		for days, want := range []int{1, 1, 0} {
			_, err := r.Expire(c.ctx(), airasca)
			require.NoError(c.t, err)
			joined, accepted := kept()
			assert.Equal(c.t, want, joined, days)
			assert.EqualValues(c.t, 1, accepted)
			c.now = c.now.Add(23 * time.Hour)
		}
		_, _, err = r.UndoLoad(c.ctx(), officer(airasca), airasca, req.ID)
		refused(c.t, c.log, err, electoral.LoadState)
	})
}
