package registry_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// twinID is a second ANPR id of the person 1, of whom Airasca knows only this one.
const twinID = "77"

func (c *town) twin(comune string) electoral.Person {
	p := people()[0].Clone()
	p.ANPRID, p.Residence.Comune = twinID, comune
	c.population.Put(p)
	return p
}

// oneCode is a population that finds one person for a codice fiscale.
type oneCode struct{ electoral.Population }

// TestOtherID: one person under two ANPR ids is refused in the second comune, and
// both see the conflict, whichever id comes first.
func TestOtherID(t *testing.T) {
	for name, ids := range map[string][2]string{"the older first": {"1", twinID}, "the newer first": {twinID, "1"}} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				first, second := ids[0], ids[1]
				c.twin(airasca)
				_, err := c.Enrol(c.ctx(), officer(aglie), electorOf(first, aglie, "1"))
				require.NoError(c.t, err)
				c.tick()
				claim := func() (electoral.Faults, error) {
					defer c.tick()
					return c.Enrol(c.ctx(), officer(airasca), electorOf(second, airasca, "1"))
				}
				_, err = claim()
				refused(c.t, c.log, err, electoral.AlreadyEnrolled)
				require.ErrorContains(c.t, err, "è già in una lista del comune di Agliè (A074) con un altro identificativo ANPR, "+first)
				require.Len(c.t, c.conflicts(aglie), 1)
				conflict := c.conflicts(airasca)[0]
				assert.Equal(c.t, second, conflict.ANPRID)
				assert.Equal(c.t, first, conflict.HolderANPRID)
				assert.Equal(c.t, []string{airasca, aglie}, []string{conflict.Claimant, conflict.Holder})
				assert.Equal(c.t, registry.ConflictOpen, conflict.State)

				// The services of conflicts are those of any other.
				_, err = c.AnswerConflict(c.ctx(), officer(aglie), conflict.ID, registry.RefuseConflict, "Vive qui.")
				require.NoError(c.t, err)
				again, err := c.AnswerConflict(c.ctx(), officer(airasca), conflict.ID, registry.ReopenConflict, "È la stessa persona.")
				require.NoError(c.t, err)
				assert.Equal(c.t, registry.ConflictOpen, again.State, "the holder still has him")
				_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: first, List: electoral.GeneralList, Cause: electoral.CauseMoved})
				require.NoError(c.t, err)
				c.tick()
				assert.Equal(c.t, registry.ConflictReleased, c.conflicts(airasca)[0].State)
				warnings, err := claim()
				require.NoError(c.t, err)
				assert.Equal(c.t, "other-id-left", warnings[slices.IndexFunc(warnings, func(f electoral.Fault) bool { return f.Code == electoral.AlreadyEnrolled })].Case)
				assert.Equal(c.t, registry.ConflictResolved, c.conflicts(aglie)[0].State)
				assert.Equal(c.t, registry.ConflictResolved, c.conflicts(airasca)[0].State)
			})
		})
	}
}

// TestOtherIDWithoutRight: who has lost the right under one id does not get it back
// under another.
func TestOtherIDWithoutRight(t *testing.T) {
	inTown(t, func(c *town) {
		c.twin(airasca)
		lost := electoral.Elector{ANPRID: "1", Capacity: electoral.No}
		p := people()[0].Clone()
		p.Residence.Comune = aglie
		c.population.Put(p)
		_, err := c.Enrol(c.ctx(), officer(aglie), lost)
		require.NoError(c.t, err)
		_, err = c.Enrol(c.ctx(), officer(airasca), electorOf(twinID, airasca, "1"))
		refused(c.t, c.log, err, electoral.AlreadyEnrolled)
		require.ErrorContains(c.t, err, "risulta senza capacità elettorale nel comune di Agliè (A074)")
		assert.Empty(c.t, c.conflicts(aglie), "nobody has him in a list")
	})
}

// TestOtherIDOfAnotherList: under two ids he may not even be in two lists that go
// together, and within one comune there is nobody to tell.
func TestOtherIDOfAnotherList(t *testing.T) {
	inTown(t, func(c *town) {
		second := dupont()
		second.ANPRID, second.Residence.Comune = "78", airasca
		c.population.Put(second)
		in := func(id, comune string, l electoral.List) electoral.Elector {
			e := electoral.Elector{ANPRID: id, Capacity: electoral.Yes, Status: electoral.Status{NationalReferendums: electoral.No, EuropeanParliament: electoral.AnswerOf(l == electoral.EUParliamentList), Senate: electoral.No,
				Chamber: electoral.No, Regional: electoral.No, Comunal: electoral.AnswerOf(l == electoral.EUComunalList), District: electoral.No}}
			e.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: comune, Section: "1"}})
			return e
		}
		_, err := c.Enrol(c.ctx(), officer(aglie), in("44", aglie, electoral.EUComunalList))
		require.NoError(c.t, err)
		c.tick()
		_, err = c.Enrol(c.ctx(), officer(airasca), in("78", airasca, electoral.EUParliamentList))
		refused(c.t, c.log, err, electoral.AlreadyEnrolled)
		require.Len(c.t, c.conflicts(aglie), 1)
		assert.Equal(c.t, electoral.EUComunalList, c.conflicts(aglie)[0].List, "the list that the holder has him in")
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "44", List: electoral.EUComunalList, Cause: electoral.CauseMoved})
		require.NoError(c.t, err)
		c.tick()
		_, err = c.Enrol(c.ctx(), officer(airasca), in("78", airasca, electoral.EUParliamentList))
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.ConflictResolved, c.conflicts(aglie)[0].State)

		c.settle(aglie)
		c.twin(aglie)
		_, err = c.Enrol(c.ctx(), officer(aglie), electorOf(twinID, aglie, "1"))
		refused(c.t, c.log, err, electoral.AlreadyEnrolled)
		assert.Len(c.t, c.conflicts(aglie), 1, "of the other person")
	})
}

// TestOtherIDOfOneCode asks a population that gives one person for a code.
func TestOtherIDOfOneCode(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		twin := c.twin(airasca)
		original := people()[0]
		c.population.Put(original) // the code is now his
		r, err := registry.New(registry.Config{Store: c.store, Population: oneCode{c.population}, Recorder: c.log, Now: func() time.Time { return c.now }})
		require.NoError(c.t, err)
		_, err = r.Enrol(c.ctx(), officer(airasca), electorOf(twin.ANPRID, airasca, "1"))
		refused(c.t, c.log, err, electoral.AlreadyEnrolled)
		report, err := r.Load(c.ctx(), officer(airasca), airasca, electoral.LoadSource[electoral.Section]{}, source(1, electorOf(twinID, airasca, "1")), registry.LoadOptions{Partial: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, report.Electors.Refused)
		assert.Len(c.t, c.conflicts(aglie), 1)
	})
}

// TestOtherIDInALoad: a first load brings nobody in twice, neither beside another
// comune nor within its file.
func TestOtherIDInALoad(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.twin(airasca)
		report, err := c.Load(c.ctx(), officer(airasca), airasca, electoral.LoadSource[electoral.Section]{}, source(1, electorOf(twinID, airasca, "1")), registry.LoadOptions{Partial: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, report.Electors.Refused)
		assert.Equal(c.t, 1, report.Conflicts)
		require.Len(c.t, report.Faults.Errors(), 1)
		assert.Equal(c.t, electoral.DuplicateElector.In("other-id"), electoral.Situation{Code: report.Faults.Errors()[0].Code, Case: report.Faults.Errors()[0].Case})
		require.Len(c.t, c.conflicts(aglie), 1)
		assert.Equal(c.t, electoral.DuplicateElector, c.conflicts(aglie)[0].Cause)
		assert.Equal(c.t, "1", c.conflicts(aglie)[0].HolderANPRID)

		// One whom Agliè has under both ids is one person in the report.
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			return w.PutElector(c.ctx(), aglie, electorOf(twinID, aglie, "1"))
		}))
		report, err = c.Load(c.ctx(), officer(airasca), airasca, electoral.LoadSource[electoral.Section]{}, source(1, electorOf(twinID, airasca, "1")), registry.LoadOptions{Partial: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, report.Conflicts)
		assert.Len(c.t, c.conflicts(aglie), 2, "one for each id")
	})
	inTown(t, func(c *town) {
		c.twin(aglie)
		report, err := c.Load(c.ctx(), officer(aglie), aglie, electoral.LoadSource[electoral.Section]{}, source(2, electorOf("1", aglie, "1"), electorOf(twinID, aglie, "1")), registry.LoadOptions{Partial: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, report.Electors.Accepted)
		require.Len(c.t, report.Faults.Errors(), 1)
		assert.Contains(c.t, report.Faults.Errors()[0].Message, "compare già nel record 1 con un altro identificativo")
		assert.Equal(c.t, 2, report.Faults.Errors()[0].Record)
	})
}

// TestMergeIDs brings an elector whose id ANPR has closed, with his requests and
// conflicts, to the id that stays.
func TestMergeIDs(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		rect, err := c.AskRectification(c.ctx(), citizen(people()[0]), registry.RectificationRequest{Field: electoral.RegionalField, Asked: "no"})
		require.NoError(c.t, err)
		c.tick()
		other := c.contend() // Airasca wants the person 1
		twin := c.twin(aglie)
		c.population.Remove("1")
		_, _, err = c.MergeIDs(c.ctx(), officer(airasca), "1", twinID)
		refused(c.t, c.log, err, electoral.NotCompetent)
		_, _, err = c.MergeIDs(c.ctx(), officer(aglie), twinID, twinID)
		refused(c.t, c.log, err, electoral.IDsNotMerged)
		_, _, err = c.MergeIDs(c.ctx(), officer(aglie), twinID, "1")
		refused(c.t, c.log, err, electoral.PersonUnknown)

		req := officer(aglie)
		c.log.accesses = nil
		e, warnings, err := c.MergeIDs(c.ctx(), req, "1", twinID)
		require.NoError(c.t, err)
		assert.Empty(c.t, warnings)
		assert.Equal(c.t, electorOf(twinID, aglie, "1"), e)
		var subjects, outcomes []string
		for _, a := range c.log.accesses {
			assert.Equal(c.t, electoral.OpMergeIDs, a.Operation)
			assert.Equal(c.t, aglie, a.Comune)
			subjects, outcomes = append(subjects, a.Subject), append(outcomes, a.Outcome)
		}
		assert.Equal(c.t, []string{"1", twinID, twinID, "1"}, subjects, "on record for both")
		assert.Equal(c.t, []string{electoral.Requested, electoral.Requested, electoral.Granted, electoral.Granted}, outcomes)

		assert.Equal(c.t, electorOf(twinID, aglie, "1"), c.elector(aglie, twinID))
		_, err = c.Elector(c.ctx(), officer(aglie), "1")
		refused(c.t, c.log, err, electoral.PersonUnknown)
		assert.Equal(c.t, []electoral.Operation{electoral.OpEnrol, electoral.OpMergeIDs}, c.journal(aglie, "1"))
		assert.Equal(c.t, []electoral.Operation{electoral.OpMergeIDs}, c.journal(aglie, twinID))
		mine, err := c.Rectifications(c.ctx(), citizen(twin), registry.RequestFilter{})
		require.NoError(c.t, err)
		require.Len(c.t, mine, 1)
		assert.Equal(c.t, []string{rect.ID, twinID, "no"}, []string{mine[0].ID, mine[0].ANPRID, mine[0].Asked})
		for _, comune := range []string{aglie, airasca} {
			list := c.conflicts(comune)
			require.Len(c.t, list, 1)
			assert.Equal(c.t, twinID, list[0].ANPRID)
			assert.Equal(c.t, registry.ConflictOpen, list[0].State)
			assert.NotEqual(c.t, other.ID, list[0].ID)
		}

		// Once, whatever is asked again.
		c.log.accesses = nil
		again, _, err := c.MergeIDs(c.ctx(), req, "1", twinID)
		require.NoError(c.t, err)
		assert.Equal(c.t, e, again)
		assert.Equal(c.t, []string{electoral.Requested, electoral.Requested, electoral.Repeated, electoral.Repeated}, c.log.outcomes())
		_, _, err = c.MergeIDs(c.ctx(), req, "1", "2")
		require.ErrorIs(c.t, err, electoral.RequestIDReused)
		assert.Equal(c.t, string(electoral.RequestIDReused), c.log.accesses[len(c.log.accesses)-1].Outcome)
		_, _, err = c.MergeIDs(c.ctx(), officer(aglie), "1", twinID)
		refused(c.t, c.log, err, electoral.PersonUnknown)

		// The comune that waited for him under the older id is served.
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: twinID, List: electoral.GeneralList, Cause: electoral.CauseMoved})
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.ConflictReleased, c.conflicts(airasca)[0].State)
	})
}

// TestMergeRefused: two positions in lists are a conflict, and two persons stay two.
func TestMergeRefused(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			return w.PutElector(c.ctx(), airasca, electorOf(twinID, airasca, "1"))
		}))
		c.twin(airasca)
		_, _, err := c.MergeIDs(c.ctx(), officer(airasca), "1", twinID)
		refused(c.t, c.log, err, electoral.NotCompetent)
		assert.Empty(c.t, c.conflicts(aglie), "what would be refused anyway opens nothing")
		c.population.Remove("1")
		_, _, err = c.MergeIDs(c.ctx(), officer(airasca), "1", twinID)
		refused(c.t, c.log, err, electoral.IDsNotMerged)
		require.ErrorContains(c.t, err, "1 nel comune di Agliè (A074), 77 nel comune di Airasca (A109)")
		require.Len(c.t, c.conflicts(aglie), 1)
		assert.Equal(c.t, "1", c.conflicts(airasca)[0].HolderANPRID)
		assert.Equal(c.t, electorOf("1", aglie, "1"), c.elector(aglie, "1"), "nothing was moved")

		// After the removal there, one position is left, and the right that one
		// has lost is not given by the other.
		c.tick()
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", List: electoral.GeneralList, Cause: electoral.CauseMoved})
		require.NoError(c.t, err)
		_, _, err = c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
		require.NoError(c.t, err)
		_, _, err = c.MergeIDs(c.ctx(), officer(airasca), "1", twinID)
		refused(c.t, c.log, err, electoral.IDsNotMerged)
		require.ErrorContains(c.t, err, "senza capacità elettorale")
		c.tick()
		_, _, err = c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.Yes, Status: electorOf("1", aglie, "1").Status})
		require.NoError(c.t, err)
		e, _, err := c.MergeIDs(c.ctx(), officer(airasca), "1", twinID)
		require.NoError(c.t, err)
		assert.Equal(c.t, electorOf(twinID, airasca, "1"), e, "the position in lists survives")
		assert.Equal(c.t, registry.ConflictResolved, c.conflicts(airasca)[0].State)
	})
	inTown(t, func(c *town) {
		c.settle(aglie)
		p := c.twin(aglie)
		p.FiscalCode = people()[1].FiscalCode
		c.population.Put(p)
		_, _, err := c.MergeIDs(c.ctx(), officer(aglie), "1", twinID)
		refused(c.t, c.log, err, electoral.IDsNotMerged)
		require.ErrorContains(c.t, err, "codici fiscali diversi")
		c.twin(aglie)
		_, _, err = c.MergeIDs(c.ctx(), officer(aglie), "1", twinID)
		require.NoError(c.t, err, "both in the population and both of the comune")
		_, _, err = c.MergeIDs(c.ctx(), officer(aglie), "1", twinID)
		refused(c.t, c.log, err, electoral.ElectorUnknown)
	})
}

// TestMergeInherits: the position that survives keeps what the other remembers.
func TestMergeInherits(t *testing.T) {
	inTown(t, func(c *town) {
		day := electoral.Date{Year: 2027, Month: 1, Day: 10}
		vote := electoral.KeptVote{Comune: airasca, Consultation: electoral.RegionalElection, Day: day, Section: "1"}
		left := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, Status: electorOf("1", aglie, "1").Status,
			Removals: []electoral.Removal{
				{Comune: airasca, List: electoral.GeneralList, Code: electoral.Emigration, Cause: electoral.CauseMoved, Day: day},
				{Comune: airasca, List: electoral.TrentoList, Code: electoral.FromTerritorialList, Cause: electoral.CauseMoved, Day: day},
			}, KeptVotes: []electoral.KeptVote{vote}}
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			if err := w.PutElector(c.ctx(), airasca, left); err != nil {
				return err
			}
			return w.PutElector(c.ctx(), aglie, electorOf(twinID, aglie, "1"))
		}))
		c.twin(aglie)
		c.population.Remove("1")
		e, _, err := c.MergeIDs(c.ctx(), officer(aglie), "1", twinID)
		require.NoError(c.t, err)
		assert.Equal(c.t, []electoral.KeptVote{vote}, e.KeptVotes)
		require.Len(c.t, e.Removals, 1, "he is in the general list")
		assert.Equal(c.t, electoral.TrentoList, e.Removals[0].List)
		assert.Equal(c.t, &electoral.Enrolment{Comune: aglie, Section: "1"}, e.General)
	})
	inTown(t, func(c *town) {
		loss := &electoral.CapacityLoss{Day: electoral.Date{Year: 2026, Month: 3, Day: 1}, Comune: aglie}
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			if err := w.PutElector(c.ctx(), aglie, electoral.Elector{ANPRID: "1", Capacity: electoral.No, Loss: loss}); err != nil {
				return err
			}
			return w.PutElector(c.ctx(), aglie, electoral.Elector{ANPRID: twinID, Capacity: electoral.No})
		}))
		c.twin(aglie)
		e, _, err := c.MergeIDs(c.ctx(), officer(aglie), "1", twinID)
		require.NoError(c.t, err)
		assert.Equal(c.t, loss, e.Loss, "a right that was lost stays lost")
	})
}
