package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// TestGone: an elector whom the population no longer returns can be read, counted,
// corrected and removed, each time with a warning, and enrolled nowhere.
func TestGone(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.population.Remove("1")
		warned := func(faults electoral.Faults, err error) {
			c.t.Helper()
			require.NoError(c.t, err)
			require.True(c.t, faults.Has(electoral.PersonGone), "%v", faults)
			require.False(c.t, faults.Has(electoral.RemovalAlive))
			c.tick()
		}
		e, err := c.Elector(c.ctx(), officer(aglie), "1")
		require.NoError(c.t, err)
		assert.Equal(c.t, "1", e.ANPRID)
		_, err = c.Elector(c.ctx(), officer(airasca), "1")
		refused(c.t, c.log, err, electoral.NotCompetent)
		assert.Contains(c.t, err.Error(), "ufficiale elettorale del comune di Airasca (A109)")
		_, err = c.Elector(c.ctx(), citizen(people()[0]), "1")
		refused(c.t, c.log, err, electoral.OtherPerson)
		n, err := c.Count(c.ctx(), officer(aglie), registry.Query{Comune: aglie})
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, n)

		moved := electorOf("1", aglie, "2")
		warned(c.Change(c.ctx(), officer(aglie), moved))
		bad := moved.Clone()
		bad.General.Section = "9"
		_, err = c.Change(c.ctx(), officer(aglie), bad)
		refused(c.t, c.log, err, electoral.SectionUnknown)
		more := moved.Clone()
		more.EU.Comunal = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}
		_, err = c.Change(c.ctx(), officer(aglie), more)
		require.ErrorIs(c.t, err, electoral.PersonUnknown)
		warned(c.SetCertifiability(c.ctx(), officer(aglie), "1", electoral.OnlyPoliticalRights))
		_, faults, err := c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
		warned(faults, err)
		_, err = c.Enrol(c.ctx(), officer(airasca), electorOf("1", airasca, "1"))
		refused(c.t, c.log, err, electoral.PersonUnknown)
		_, faults, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Cause: electoral.CauseDied})
		warned(faults, err)
		n, err = c.Count(c.ctx(), officer(aglie), registry.Query{Comune: aglie, Where: []registry.Condition{{Field: electoral.ListField(electoral.GeneralList, electoral.ListComune), In: []string{aglie}}}})
		require.NoError(c.t, err)
		assert.Zero(c.t, n)

		// Of whom nothing is registered, nothing is mended.
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "999", List: electoral.GeneralList, Cause: electoral.CauseMoved})
		refused(c.t, c.log, err, electoral.PersonUnknown)
	})
}
