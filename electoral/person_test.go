package electoral_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

func date(t *testing.T, s string) electoral.Date {
	t.Helper()
	if s == "" {
		return electoral.Date{}
	}
	d, err := refdata.ParseDate(s)
	require.NoError(t, err)
	return d
}

func TestAgeAt(t *testing.T) {
	for _, c := range []struct {
		born, at string
		years    int
		certain  bool
	}{
		{"2008-05-10", "2026-05-09", 17, true},
		{"2008-05-10", "2026-05-10", 18, true},
		{"2008-02-29", "2026-02-28", 17, true},
		{"2008-02-29", "2026-03-01", 18, true},
		// A day that is not known is at most the last of its month.
		{"2008-04", "2026-03-31", 17, true},
		{"2008-04", "2026-04-01", 17, false},
		{"2008-04", "2026-04-29", 17, false},
		{"2008-04", "2026-04-30", 18, true},
		{"2007-02", "2025-02-27", 17, false},
		{"2007-02", "2025-02-28", 18, true},
		{"2008-02", "2026-02-28", 17, false},
		{"2008-02", "2026-03-01", 18, true},
		{"2008", "2025-12-31", 17, true},
		{"2008", "2026-01-01", 17, false},
		{"2008", "2026-12-30", 17, false},
		{"2008", "2026-12-31", 18, true},
		{"", "2026-01-01", 0, false},
	} {
		years, certain := electoral.Person{Birth: electoral.Birth{Date: date(t, c.born)}}.AgeAt(date(t, c.at))
		assert.Equal(t, c.years, years, "born %s, at %s", c.born, c.at)
		assert.Equal(t, c.certain, certain, "born %s, at %s", c.born, c.at)
	}
}

// TestCitizenshipBounds: a citizenship is held from its first day, and no more on
// the day on which it is lost.
func TestCitizenshipBounds(t *testing.T) {
	p := electoral.Person{Citizenships: []electoral.Citizenship{{State: "ITA", From: date(t, "2020-03-02"), To: date(t, "2026-05-10")}}}
	for at, want := range map[string]bool{"2020-03-01": false, "2020-03-02": true, "2026-05-09": true, "2026-05-10": false, "2026-05-11": false} {
		assert.Equal(t, want, p.IsItalian(date(t, at)), at)
	}
	open := electoral.Person{Citizenships: []electoral.Citizenship{{State: "ITA"}}}
	assert.True(t, open.IsItalian(date(t, "1900-01-01")))
}

// TestBirthPlace: one name for a list and for a certificate.
func TestBirthPlace(t *testing.T) {
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		birth electoral.Birth
		want  electoral.BirthPlace
		known bool
	}{
		"today":                   {electoral.Birth{Date: date(t, "1984-03-08"), Place: "H501"}, electoral.BirthPlace{Name: "Roma", Province: "RM"}, true},
		"an archived period":      {electoral.Birth{Date: date(t, "1930-03-08"), Place: "H501"}, electoral.BirthPlace{Name: "Roma", Province: "RM"}, true},
		"in capitals":             {electoral.Birth{Date: date(t, "1984-03-08"), Place: "H501", PlaceName: "ROMA"}, electoral.BirthPlace{Name: "Roma", Province: "RM"}, true},
		"no date":                 {electoral.Birth{Place: "H501"}, electoral.BirthPlace{Name: "Roma", Province: "RM"}, true},
		"the register's own name": {electoral.Birth{Date: date(t, "1984-03-08"), Place: "H501", PlaceName: "OSTIA  LIDO"}, electoral.BirthPlace{Name: "OSTIA LIDO", Province: "RM"}, false},
		"a town abroad":           {electoral.Birth{Date: date(t, "1979-07-01"), Place: "Z110", PlaceName: "LIONE"}, electoral.BirthPlace{Name: "LIONE", State: "FRANCIA"}, false},
		"a State":                 {electoral.Birth{Date: date(t, "1979-07-01"), Place: "Z110", PlaceName: "FRANCIA"}, electoral.BirthPlace{State: "FRANCIA"}, false},
		"an unknown code":         {electoral.Birth{Place: "X999", PlaceName: "QUALCHE LUOGO"}, electoral.BirthPlace{Name: "QUALCHE LUOGO"}, false},
		"nothing":                 {electoral.Birth{}, electoral.BirthPlace{}, false},
	} {
		got := c.birth.BirthPlace(tables)
		assert.Equal(t, c.known, got.Comune != nil, name)
		got.Comune = nil
		assert.Equal(t, c.want, got, name)
	}
}
