package electoral_test

import (
	"testing"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
)

func TestMemoryStore(t *testing.T) {
	electoraltest.TestStore(t, func(*testing.T) electoral.Store { return electoral.NewMemoryStore() })
}

func TestMemoryPopulation(t *testing.T) {
	electoraltest.TestPopulation(t, func(_ *testing.T, persons []electoral.Person) electoral.Population {
		return electoral.NewMemoryPopulation(persons...)
	})
}
