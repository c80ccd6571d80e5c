package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// sectionOf is a section of a comune, with its own constituencies and colleges.
func sectionOf(t testing.TB, tables *refdata.Tables, comune string) electoral.Section {
	t.Helper()
	college := func(c refdata.College) electoral.College {
		return electoral.College{Constituency: c.Constituency, MultiMember: c.MultiMember, SingleMember: c.SingleMember}
	}
	european, ok := tables.EuropeanConstituency(comune)
	require.True(t, ok)
	regional, ok := tables.RegionalConstituency(comune)
	require.True(t, ok)
	return electoral.Section{Comune: comune, Number: "1", SeatName: "Scuola",
		Seat: electoral.Address{PostCode: "10011", Comune: comune, Street: electoral.Street{Kind: "VIA",
			Name: "ROMA"}},
		EuropeanConstituency: european.Name, RegionalConstituency: strings.ToUpper(regional.Name),
		ChamberCollege: college(tables.ChamberColleges(comune)[0]),
		SenateCollege:  college(tables.SenateColleges(comune)[0])}
}

// TestCollegesOfOthers gives a section the college of another comune: of another
// number in the same constituency, or of another constituency altogether.
func TestCollegesOfOthers(t *testing.T) {
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	good := sectionOf(t, tables, "A074")
	require.NoError(t, electoral.Faults(checker.CheckSection(good, today)).Err())
	seen := map[string]bool{}
	for _, comune := range []string{"A109", "L219", "H501", "F205", "D969", "A944", "C722", "E379"} {
		of := tables.ChamberColleges(comune)
		if len(of) == 0 {
			continue
		}
		other := good
		other.ChamberCollege = electoral.College{Constituency: of[0].Constituency, MultiMember: of[0].MultiMember,
			SingleMember: of[0].SingleMember}
		faults := checker.CheckSection(other, today)
		if other.ChamberCollege == good.ChamberCollege {
			require.NoError(t, electoral.Faults(faults).Err(), comune)
			continue
		}
		seen[other.ChamberCollege.Constituency] = true
		require.True(t, electoral.Faults(faults).Has(electoral.CollegeOtherComune), "%s: %v", comune, faults)
	}
	require.True(t, seen[good.ChamberCollege.Constituency], "one of the same constituency is among them")
	require.Greater(t, len(seen), 1)
}

// TestDistricts gives sections a district: of a comune with so many residents that
// it may have one, of one that may not, and of one that nobody knows.
func TestDistricts(t *testing.T) {
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	for comune, small := range map[string]bool{"H501": false, "F205": false, "L219": false, "A074": true, "A109": true} {
		s := sectionOf(t, tables, comune)
		s.DistrictConstituency = "UNO"
		require.Equal(t, small, electoral.Faults(checker.CheckSection(s, today)).Has(electoral.DistrictComuneSmall), comune)
		s.Comune = "Z999"
		require.False(t, electoral.Faults(checker.CheckSection(s, today)).Has(electoral.DistrictComuneSmall), "of no comune")
	}
}

// TestDivisionInSmallLetters gives an elector a division of the constituency abroad,
// as the table has it and in small letters.
func TestDivisionInSmallLetters(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	for text, exact := range map[string]bool{"EUROPA": true, "Europa": false, "europa": false} {
		e := voter("A074")
		e.Status.SenateConstituency, e.Status.ChamberConstituency = text, text
		faults := checker.CheckElector(e, rules.Circumstances{At: today})
		require.False(t, electoral.Faults(faults).Has(electoral.ConstituencyUnknown), text)
		require.Equal(t, !exact, electoral.Faults(faults).Has(electoral.ConstituencyNotExact), "%s: %v", text, faults)
	}
}
