package anpr_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestOneBadPostCode loads files in which one section has a post code of four digits:
// one fault says that its twenty electors wait for it, and nothing is said to be wrong
// with them.
func TestOneBadPostCode(t *testing.T) {
	dir := filepath.Join(testenv.Shared(t), "cases", "embedding")
	people := &memory.Population{}
	for n := range 23 {
		people.Put(electoral.Person{ANPRID: fmt.Sprintf("042021%09d", n), Sex: electoral.Male,
			Birth:        electoral.Birth{Date: electoral.Date{Year: 1980, Month: 3, Day: 3}, Place: "E388"},
			Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
			Residence:    &electoral.Residence{Comune: "E388"}})
	}
	services, err := registry.New(registry.Config{Store: &memory.Store{}, Population: people, Recorder: silent{},
		Now: func() time.Time { return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) }})
	require.NoError(t, err)
	open := func(name string) *os.File {
		f, err := os.Open(filepath.Join(dir, name))
		require.NoError(t, err)
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	sections, err := anprxml.ReadSections(t.Context(), open("41-one-bad-cap.sez.xml"), anprxml.ReadConfig{})
	require.NoError(t, err)
	electors, err := anprxml.ReadElectors(t.Context(), open("41-one-bad-cap.lis.xml"), anprxml.ReadConfig{})
	require.NoError(t, err)
	report, err := services.Load(t.Context(), electoral.Request{ID: "L1", Actor: electoral.Actor{
		FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: "E388", Method: electoral.CIEMethod, Level: 3,
	}}, "E388", sections, electors, registry.LoadOptions{Partial: true})
	require.NoError(t, err)
	require.Equal(t, 1, report.Sections.Refused)
	require.Equal(t, 2, report.Sections.Accepted)
	require.Equal(t, 20, report.Electors.Refused)
	require.Len(t, report.Faults, 2, "one for the post code, one for all who are in the section")
	require.Equal(t, "seat.postCode", report.Faults[0].Path)
	require.Equal(t, "0010", report.Faults[0].Value)
	require.Equal(t, electoral.SectionRefused, report.Faults[1].Code)
	require.Contains(t, report.Faults[1].Message, "La sezione 1 è rifiutata: 20 elettori")
}
