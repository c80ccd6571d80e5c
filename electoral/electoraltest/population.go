package electoraltest

import (
	"context"
	"strings"
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
			Birth: electoral.Birth{Date: electoral.Date{Year: 1980, Month: 1, Day: 1}, Place: "H501",
				Deed: &electoral.BirthDeed{Number: "12", Part: "I", Series: "A"}},
			Citizenships: []electoral.Citizenship{{State: "FRA", To: electoral.Date{Year: 2010, Month: 5, Day: 3}},
				{State: electoral.ItalianState}},
			Residence: &electoral.Residence{Comune: "A074", Since: electoral.Date{Year: 2015, Month: 6, Day: 1},
				Earlier: []electoral.ResidencePeriod{{Comune: "H501",
					From: electoral.Date{Year: 2000, Month: 1, Day: 1}, To: electoral.Date{Year: 2015, Month: 6, Day: 1}}},
				Abode: "VIA DI PROVA 1"},
		},
		{
			ANPRID: "22", FiscalCode: "PRVLCU75D12Z110Y", Surname: "BIANCHI", Name: "LUCA", Sex: electoral.Male,
			Birth: electoral.Birth{Date: electoral.Date{Year: 1975, Month: 4, Day: 12}, Place: "Z110",
				PlaceName: "LYON"},
			Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
			Abroad: &electoral.Abroad{Comune: "A074", State: "FRA",
				Since: electoral.Date{Year: 1999, Month: 1, Day: 1}},
		},
		{
			ANPRID: "333", Surname: "X", Sex: electoral.SexUnknown,
			Birth: electoral.Birth{Date: electoral.Date{Year: 1930}},
			Death: electoral.Date{Year: 2020, Month: 12, Day: 31},
		},
	}
}

// TestPopulation holds a population to the contract of [electoral.Population]
// and, where it has their methods, of [electoral.BulkPopulation],
// [electoral.IdentityPopulation] and [electoral.ResidentPopulation]. open returns
// one that holds the given persons.
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
	t.Run("many", func(t *testing.T) { populationBulk(t, open(t, SamplePersons())) })
	t.Run("codes", func(t *testing.T) { populationCodes(t, open(t, SamplePersons())) })
	t.Run("born", func(t *testing.T) { populationBorn(t, open(t, births())) })
}

func populationCodes(t *testing.T, p electoral.Population) {
	identities, ok := p.(electoral.IdentityPopulation)
	if !ok {
		t.Skip("the population finds one ANPR id for a codice fiscale")
	}
	persons := SamplePersons()
	ask := []electoral.FiscalCode{"PRVGPP13R10B293L", persons[1].FiscalCode, "", persons[0].FiscalCode}
	got, err := identities.IDsOfCodes(t.Context(), ask)
	require.NoError(t, err)
	assert.Equal(t, map[electoral.FiscalCode][]string{
		persons[0].FiscalCode: {persons[0].ANPRID}, persons[1].FiscalCode: {persons[1].ANPRID},
	}, got, "a code that nobody has is not there, nor are those without a code")
	got, err = identities.IDsOfCodes(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, got)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = identities.IDsOfCodes(ctx, ask)
	require.ErrorIs(t, err, context.Canceled)
}

func populationBulk(t *testing.T, p electoral.Population) {
	bulk, ok := p.(electoral.BulkPopulation)
	if !ok {
		t.Log("the population gives persons one by one: nothing to hold it to")
		return
	}
	got, err := bulk.ByANPRIDs(t.Context(), []string{"333", "1", "4", "1", ""})
	require.NoError(t, err)
	list := SamplePersons()
	assert.Equal(t, map[string]electoral.Person{"1": list[0], "333": list[2]}, got)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = bulk.ByANPRIDs(ctx, []string{"1"})
	require.ErrorIs(t, err, context.Canceled)
}

// births are persons of comuneA and others, whose ids are not in the order of
// their births.
func births() []electoral.Person {
	var list []electoral.Person
	add := func(id, born string, resident, abroad string) {
		var p electoral.Person
		p.ANPRID, p.Surname, p.Sex = id, "X", electoral.SexUnknown
		if err := p.Birth.Date.UnmarshalText([]byte(born)); err != nil {
			panic(err) // a text of the table below
		}
		if resident != "" {
			p.Residence = &electoral.Residence{Comune: resident}
		}
		if abroad != "" {
			p.Abroad = &electoral.Abroad{Comune: abroad, State: "FRA"}
		}
		list = append(list, p)
	}
	add("9", "2008-07-01", comuneA, "")
	add("10", "2008-12-31", comuneA, "")
	add("8", "2008-06-30", comuneA, "")
	add("7", "2009-01-01", comuneA, "")
	add("100", "2008-09-15", "", comuneA)
	add("101", "2008-09-15", comuneB, comuneA) // his residence counts
	add("102", "2008-09-15", comuneA, comuneB)
	add("103", "2008-09-15", "", "")
	add("104", "2008", comuneA, "")
	add("105", "2007", comuneA, "")
	add("106", "2008-06", comuneA, "")
	add("107", "2008-02", comuneA, "")
	add("108", "", comuneA, "")
	add("109", "2009", "", comuneA)
	add("110", "1908-07-01", comuneA, "")
	list[len(list)-1].Death = electoral.Date{Year: 2000, Month: 1, Day: 1}
	return list
}

func populationBorn(t *testing.T, p electoral.Population) {
	residents, ok := p.(electoral.ResidentPopulation)
	if !ok {
		t.Log("the population does not find persons by birth: nothing to hold it to")
		return
	}
	date := func(text string) (d electoral.Date) {
		require.NoError(t, d.UnmarshalText([]byte(text)))
		return d
	}
	all := map[string]electoral.Person{}
	for _, person := range births() {
		all[person.ANPRID] = person
	}
	for _, c := range []struct {
		comune, days string // the first and the last
		want         []string
	}{
		{comuneA, "2008-07-01 2008-12-31", []string{"10", "100", "102", "104", "9"}},
		{comuneA, "2008-07-02 2008-12-30", []string{"100", "102", "104"}},
		{comuneA, "2008-06-30 2008-06-30", []string{"104", "106", "8"}},
		{comuneA, "2008-06-01 2008-06-29", []string{"104", "106"}},
		{comuneA, "2008-02-29 2008-02-29", []string{"104", "107"}},
		{comuneA, "2008-03-01 2008-03-01", []string{"104"}},
		{comuneA, "2008-01-01 2008-01-31", []string{"104"}},
		{comuneA, "2008-12-31 2009-01-01", []string{"10", "104", "109", "7"}},
		{comuneA, "2007-12-31 2007-12-31", []string{"105"}},
		{comuneA, "2010-01-01 2020-01-01", nil},
		{comuneA, "2009-01-01 2007-12-31", nil},
		{comuneA, "1900-01-01 1910-01-01", []string{"110"}},
		{comuneA, "1900-01-01 2100-01-01",
			[]string{"10", "100", "102", "104", "105", "106", "107", "109", "110", "7", "8", "9"}},
		{comuneB, "2008-07-01 2008-12-31", []string{"101"}},
		{"F205", "1900-01-01 2100-01-01", nil},
	} {
		from, to, _ := strings.Cut(c.days, " ")
		var got []string
		for person, err := range residents.Born(t.Context(), c.comune, date(from), date(to)) {
			require.NoError(t, err)
			assert.Equal(t, all[person.ANPRID], person)
			got = append(got, person.ANPRID)
		}
		assert.Equal(t, c.want, got, "%s: %s", c.comune, c.days)
	}
	for _, err := range residents.Born(t.Context(), comuneA, date("1900-01-01"), date("2100-01-01")) {
		require.NoError(t, err)
		_, err = p.ByANPRID(t.Context(), "9")
		require.NoError(t, err, "it may be used in the loop")
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, last = range residents.Born(ctx, comuneA, date("1900-01-01"), date("2100-01-01")) {
	}
	require.ErrorIs(t, last, context.Canceled)
}
