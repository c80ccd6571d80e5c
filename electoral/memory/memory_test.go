package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

func TestMemoryStore(t *testing.T) {
	electoraltest.TestStore(t, func(*testing.T) registry.Store { return memory.NewStore() })
}

func TestMemoryPopulation(t *testing.T) {
	electoraltest.TestPopulation(t, func(_ *testing.T, persons []electoral.Person) electoral.Population {
		return memory.NewPopulation(persons...)
	})
}

func TestMemoryPutPersons(t *testing.T) {
	var m memory.Population
	electoraltest.TestPutPersons(t, m.Put)
	bad := electoraltest.SamplePersons()[0]
	bad.Death.Month = 13
	unfit := memory.NewPopulation(electoraltest.SamplePersons()[1], bad)
	_, err := unfit.ByANPRID(t.Context(), "22")
	require.ErrorIs(t, err, registry.ErrImpossible)
	_, err = unfit.ByFiscalCode(t.Context(), "PRVLCU75D12Z110Y")
	require.ErrorIs(t, err, registry.ErrImpossible)
	_, err = unfit.ByFiscalCode(t.Context(), "")
	require.ErrorIs(t, err, registry.ErrImpossible)
	_, err = unfit.ByANPRIDs(t.Context(), []string{"22"})
	require.ErrorIs(t, err, registry.ErrImpossible)
	_, err = unfit.IDsOfCodes(t.Context(), nil)
	require.ErrorIs(t, err, registry.ErrImpossible)
	for _, err := range unfit.Born(t.Context(), "A074", electoral.Date{}, electoral.Date{}) {
		require.ErrorIs(t, err, registry.ErrImpossible)
	}
}
