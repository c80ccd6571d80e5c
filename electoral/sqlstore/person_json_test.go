package sqlstore

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// TestUsualJSON holds the short way of reading a person to encoding/json.
func TestUsualJSON(t *testing.T) {
	day := electoral.Date{Year: 1980, Month: 4, Day: 3}
	for want, births := range map[bool][]electoral.Birth{
		true: {
			{Date: day, Place: "H501"}, {Date: electoral.Date{Year: 1950}}, {}, {Place: "È"},
			{Date: day, Place: "H501", Deed: &electoral.BirthDeed{Number: "12", Part: "I", Series: "A"}},
			{Date: day, Deed: &electoral.BirthDeed{Number: "12", Series: "A"}}, {Deed: &electoral.BirthDeed{}},
		},
		false: {{Date: day, Place: "Z110", PlaceName: "LYON"}, {Date: day, Place: `a"b`}, {Deed: &electoral.BirthDeed{Part: `"`}}, {Date: day, Place: "<\\\n"}},
	} {
		for _, b := range births {
			text, err := jsonText(b)
			require.NoError(t, err)
			var got electoral.Birth
			assert.Equal(t, want, usualBirth(text, &got), text)
			if want {
				assert.Equal(t, b, got, text)
			}
		}
	}
	for want, residences := range map[bool][]electoral.Residence{
		true:  {{Comune: "H501"}, {Comune: "H501", Since: day}, {Comune: "H501", Abode: "VIA È 1"}, {Comune: "H501", Since: day, Abode: "VIA 1"}, {}},
		false: {{Comune: `a"b`}, {Comune: "H501", Abode: `a"b`}, {Comune: "H501", Since: day, Earlier: []electoral.ResidencePeriod{}}},
	} {
		for _, r := range residences {
			text, err := jsonText(r)
			require.NoError(t, err)
			var got electoral.Residence
			assert.Equal(t, want, usualResidence(text, &got), text)
			if want {
				assert.Equal(t, r, got, text)
			}
		}
	}
	text, err := jsonText([]electoral.Citizenship{{State: electoral.ItalianState}})
	require.NoError(t, err)
	assert.Equal(t, italianAlone, text)
	for _, text := range []string{"", "{}", `{"date":"1980-02-30"}`, `{"date":"1980-01-01"`, `{"date":"1980-01-01"}}`, `{"date":"1980-01-01","place":"A` + `\u0041"}`, `{"date":"1980-01-01","more":1}`, `null`} {
		var b, byJSON electoral.Birth
		if usualBirth(text, &b) {
			require.NoError(t, json.Unmarshal([]byte(text), &byJSON), text)
			assert.Equal(t, byJSON, b, text)
		}
	}
}
