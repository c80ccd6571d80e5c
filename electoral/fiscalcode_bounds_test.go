package electoral_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// TestFiscalCodeBounds computes at both ends of what a code can say.
func TestFiscalCodeBounds(t *testing.T) {
	for year, ok := range map[int]bool{1899: false, 1900: true, 2099: true, 2100: false} {
		_, err := electoral.ComputeFiscalCode("ROSSI", "ANNA", electoral.Female, electoral.Date{Year: year, Month: 1, Day: 1}, "H501")
		assert.Equal(t, ok, err == nil, year)
	}
	for _, d := range []electoral.Date{{Year: 1980}, {Year: 1980, Month: 5}, {Year: 1981, Month: 2, Day: 29}} {
		_, err := electoral.ComputeFiscalCode("ROSSI", "ANNA", electoral.Female, d, "H501")
		require.Error(t, err, d)
	}
	for place, ok := range map[string]bool{"H501": true, "@501": false, "[501": false, "A000": true, "Z999": true, "h501": false, "H50": false, "H5011": false, "H50A": false} {
		_, err := electoral.ComputeFiscalCode("ROSSI", "ANNA", electoral.Female, electoral.Date{Year: 1980, Month: 1, Day: 1}, place)
		assert.Equal(t, ok, err == nil, place)
	}
}

// TestFiscalCodeErrors: an error shows the character at fault and no more of the
// code, and nothing at all of the data that give none.
func TestFiscalCodeErrors(t *testing.T) {
	text := func(err error) string {
		_, ok := errors.AsType[*electoral.FiscalCodeError](err)
		require.True(t, ok)
		return err.Error()
	}
	_, err := electoral.ParseFiscalCode("RSSNNA80A41H5?1K")
	assert.Contains(t, text(err), `position 14: found "?"`)
	assert.NotContains(t, text(err), "RSSNNA")
	_, err = electoral.ParseFiscalCode("RSSNNA80A41")
	assert.NotContains(t, text(err), "RSSNNA")
	_, err = electoral.ComputeFiscalCode("ROSSI1", "ANNA", electoral.Female, electoral.Date{Year: 1980, Month: 1, Day: 1}, "H501")
	assert.NotContains(t, text(err), "found", "a name is shown nowhere")
	assert.NotContains(t, text(err), "ROSSI")
}

// TestCheckPlaceOfNothing: without a place or without tables nothing is known.
func TestCheckPlaceOfNothing(t *testing.T) {
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	code, err := electoral.ComputeFiscalCode("ROSSI", "ANNA", electoral.Female, electoral.Date{Year: 1980, Month: 1, Day: 1}, "H501")
	require.NoError(t, err)
	assert.Equal(t, electoral.FiscalCodePlaceInForce, code.CheckPlace(tables))
	assert.Equal(t, electoral.FiscalCodePlaceUnknown, code.CheckPlace(nil))
	for _, none := range []electoral.FiscalCode{"", "12345678901", "X"} {
		assert.Equal(t, electoral.FiscalCodePlaceUnknown, none.CheckPlace(tables), string(none))
	}
}

// TestNamesThatGiveNoCode says at which character a name stops being one.
func TestNamesThatGiveNoCode(t *testing.T) {
	birth := electoral.Date{Year: 1980, Month: 1, Day: 1}
	for name, position := range map[string]int{
		"RO$SI": 3, "1ROSSI": 1, "ROSSI1": 6, "D'ANGELO": 0, "DE-ROSSI": 0, "ST. JOHN": 0, "D`ANGELO": 0, "NICOLÒ": 0,
		"ROS\x7fSI": 4, "ROS\u0080SI": 4, "ROSSI,": 6, "@": 1, "[": 1, "a{": 2, "Ж": 1, "ROS€SI": 4,
		"ROSSI\u00bd": 6, "ROS\u200bSI": 4, "\xff": 1, "D’ANGELO": 0, "DE\u00a0ROSSI": 0, "NICOLO´": 0, "DE–ROSSI": 0,
	} {
		_, err := electoral.ComputeFiscalCode(name, "ANNA", electoral.Female, birth, "H501")
		if position == 0 {
			require.NoError(t, err, "%q", name)
			continue
		}
		e, ok := errors.AsType[*electoral.FiscalCodeError](err)
		require.True(t, ok, "%q", name)
		assert.Equal(t, electoral.FiscalCodeUnderived, e.Code, "%q", name)
		assert.Equal(t, position, e.Position, "%q", name)
	}
}

// TestFiscalCodeOfZ computes a code with the last letter of the table in places of
// both kinds.
func TestFiscalCodeOfZ(t *testing.T) {
	code, err := electoral.ComputeFiscalCode("ZANZI", "ANNA", electoral.Female, electoral.Date{Year: 1980, Month: 1, Day: 1}, "H501")
	require.NoError(t, err)
	assert.Equal(t, electoral.FiscalCode("ZNZNNA80A41H501G"), code)
}
