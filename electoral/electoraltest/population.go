package electoraltest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// SamplePersons returns made-up persons: a resident, one abroad, one with a
// partial birth date, no fiscal code and a death.
func SamplePersons() []electoral.Person {
	return []electoral.Person{
		{
			ANPRID: "1", FiscalCode: "PRVNNA80A41H501D", Surname: "ROSSI", Name: "MARIA D'ÀRIA", Sex: electoral.Female,
			Birth:        electoral.Birth{Date: electoral.Date{Year: 1980, Month: 1, Day: 1}, Place: "H501"},
			Citizenships: []electoral.Citizenship{{State: "FRA", To: electoral.Date{Year: 2010, Month: 5, Day: 3}}, {State: electoral.ItalianState}},
			Residence:    &electoral.Residence{Comune: "A074", Since: electoral.Date{Year: 2015, Month: 6, Day: 1}, TerritorySince: electoral.Date{Year: 2000, Month: 1, Day: 1}},
		},
		{
			ANPRID: "22", FiscalCode: "PRVLCU75D12Z110Y", Surname: "BIANCHI", Name: "LUCA", Sex: electoral.Male,
			Birth:        electoral.Birth{Date: electoral.Date{Year: 1975, Month: 4, Day: 12}, Place: "Z110", PlaceName: "LYON"},
			Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
			Abroad:       &electoral.Abroad{Comune: "A074", State: "FRA", Since: electoral.Date{Year: 1999, Month: 1, Day: 1}},
		},
		{
			ANPRID: "333", Surname: "X", Sex: electoral.SexUnknown, Birth: electoral.Birth{Date: electoral.Date{Year: 1930}},
			Death: electoral.Date{Year: 2020, Month: 12, Day: 31},
		},
	}
}

// TestPopulation holds a population to the contract of [electoral.Population].
// open returns one that holds the given persons.
func TestPopulation(t *testing.T, open func(t *testing.T, persons []electoral.Person) electoral.Population) {
	t.Run("every field", func(t *testing.T) {
		p := open(t, SamplePersons())
		for _, want := range SamplePersons() {
			got, err := p.ByANPRID(t.Context(), want.ANPRID)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			if want.FiscalCode == "" {
				continue
			}
			got, err = p.ByFiscalCode(t.Context(), want.FiscalCode)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
	})
	t.Run("absent", func(t *testing.T) {
		p := open(t, SamplePersons())
		_, err := p.ByANPRID(t.Context(), "4")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		_, err = p.ByFiscalCode(t.Context(), "PRVGPP13R10B293L")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		assert.NotContains(t, err.Error(), "PRVGPP13R10B293L", "the code stays out of the error")
		_, err = p.ByFiscalCode(t.Context(), "")
		require.ErrorIs(t, err, electoral.ErrNotFound)
	})
	t.Run("aliasing", func(t *testing.T) {
		given := SamplePersons()
		p := open(t, given)
		given[0].Citizenships[0].State, given[0].Residence.Comune = "x", "x"
		for range 2 {
			got, err := p.ByANPRID(t.Context(), "1")
			require.NoError(t, err)
			assert.Equal(t, SamplePersons()[0], got)
			got.Citizenships[0].State, got.Residence.Comune = "y", "y"
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		p := open(t, SamplePersons())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := p.ByANPRID(ctx, "1")
		require.ErrorIs(t, err, context.Canceled)
		_, err = p.ByFiscalCode(ctx, SamplePersons()[0].FiscalCode)
		require.ErrorIs(t, err, context.Canceled)
	})
}
