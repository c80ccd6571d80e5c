package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// TestEntitledToApply applies for the lists of the Union as citizens of several
// States: an Italian is in the general list, whatever else he is.
func TestEntitledToApply(t *testing.T) {
	for name, k := range map[string]struct {
		states   []string
		entitled bool
	}{
		"French": {[]string{"FRA"}, true}, "French and Swiss": {[]string{"CHE", "FRA"}, true},
		"French and Italian": {[]string{"FRA", "ITA"}, false}, "Swiss": {[]string{"CHE"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				who := dupont()
				who.Citizenships = nil
				for _, s := range k.states {
					who.Citizenships = append(who.Citizenships, electoral.Citizenship{State: s})
				}
				c.population.Put(who)
				_, faults, err := c.Apply(c.ctx(), citizen(who), registry.EnrolmentApplication, electoral.EUComunalList,
					content())
				if k.entitled {
					require.NoError(c.t, err)
					assert.Empty(c.t, faults)
				} else {
					refused(c.t, c.log, err, electoral.ApplicationNotEntitled)
				}
				assert.Equal(c.t, electoral.OpApply, c.log.accesses[len(c.log.accesses)-1].Operation)
			})
		})
	}
}

// TestNewNeedsItsParts makes a registry without one of the things that it works
// with.
func TestNewNeedsItsParts(t *testing.T) {
	whole := registry.Config{Store: &memory.Store{}, Population: memory.NewPopulation(), Recorder: &notebook{}}
	_, err := registry.New(whole)
	require.NoError(t, err)
	for says, drop := range map[string]func(*registry.Config){
		"without a store":      func(c *registry.Config) { c.Store = nil },
		"without a population": func(c *registry.Config) { c.Population = nil },
		"without a recorder":   func(c *registry.Config) { c.Recorder = nil },
	} {
		cfg := whole
		drop(&cfg)
		r, err := registry.New(cfg)
		assert.ErrorContains(t, err, says)
		assert.Nil(t, r)
	}
}

// TestJournalPages reads the journal in pages, each beginning behind the last
// entry of the one before.
func TestJournalPages(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		for _, section := range []string{"2", "1", "2", "1"} {
			c.tick()
			e := c.elector(aglie, "1")
			e.General.Section = section
			_, err := c.Change(c.ctx(), officer(aglie), e)
			require.NoError(c.t, err)
		}
		s := registry.JournalSearch{Comune: aglie}
		whole, err := c.Journal(c.ctx(), officer(aglie), s, 0)
		require.NoError(c.t, err)
		require.GreaterOrEqual(c.t, len(whole.Entries), 5)
		assert.Nil(c.t, whole.Next)
		var list []registry.JournalEntry
		for range len(whole.Entries) {
			page, err := c.Journal(c.ctx(), officer(aglie), s, 2)
			require.NoError(c.t, err)
			list = append(list, page.Entries...)
			if page.Next == nil {
				break
			}
			assert.Equal(c.t, page.Entries[1], *page.Next)
			s.After = page.Next
		}
		assert.Equal(c.t, whole.Entries, list)
	})
}
