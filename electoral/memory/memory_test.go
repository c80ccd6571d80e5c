package memory_test

import (
	"testing"

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
