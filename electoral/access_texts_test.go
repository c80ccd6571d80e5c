package electoral_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// TestTextsOfARequest holds the texts of a request to what the access log can keep:
// their length in bytes, and characters that are seen.
func TestTextsOfARequest(t *testing.T) {
	good := electoral.Request{ID: "r-1", Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z",
		Role: electoral.OfficerRole, Comune: "A074", Method: electoral.SPIDMethod, Level: 2}}
	require.NoError(t, electoral.Faults(electoral.Admit(good)).Err())
	for path, c := range map[string]struct {
		most int
		set  func(r *electoral.Request, text string)
	}{
		"request.actor.station":     {electoral.MaxStation, func(r *electoral.Request, s string) { r.Actor.Station = s }},
		"request.actor.device":      {electoral.MaxDevice, func(r *electoral.Request, s string) { r.Actor.Device = s }},
		"request.actor.accessPoint": {electoral.MaxAccessPoint, func(r *electoral.Request, s string) { r.Actor.AccessPoint = s }},
		"request.purpose":           {electoral.MaxPurpose, func(r *electoral.Request, s string) { r.Purpose = s }},
		"request.procedure":         {electoral.MaxProcedure, func(r *electoral.Request, s string) { r.Procedure = s }},
	} {
		for text, fits := range map[string]bool{
			strings.Repeat("x", c.most): true, strings.Repeat("x", c.most+1): false,
			strings.Repeat("è", c.most/2): true, strings.Repeat("è", c.most/2+1): false,
			"": true, "a b": true, " ": false, "\u00a0": false, "\xff": false, "a\n": false, "\u202e": false,
			"\u2028": false, "\u2029": false, "\x7f": false, "日本": true,
		} {
			r := good
			c.set(&r, text)
			faults := electoral.Admit(r)
			if fits {
				require.NoError(t, electoral.Faults(faults).Err(), "%s: %.20q", path, text)
				continue
			}
			require.Len(t, faults, 1, "%s: %.20q", path, text)
			require.Equal(t, electoral.AccessTextUnfit, faults[0].Code)
			require.Equal(t, path, faults[0].Path)
		}
	}
}
