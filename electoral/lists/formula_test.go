package lists_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/lists"
)

// TestNoFormulas: a list for spreadsheets has no cell that is a formula, and a program
// gets the very text of the others; the plain CSV has all of them as they are.
func TestNoFormulas(t *testing.T) {
	for _, surname := range []string{"=1+1", "+39", "-1", "@SUM(A1)", "\t=1", "\n=1", "D'ANGELO", "A=B", ";", ""} {
		var e electoral.ExtractedElector
		e.Person.Surname = surname
		for _, text := range []bool{false, true} {
			cfg := lists.CSVConfig{}
			if text {
				cfg = lists.ForSpreadsheets()
			}
			var out bytes.Buffer
			w := cfg.NewWriter(&out)
			require.NoError(t, w.Begin(electoral.ExtractHeader{}))
			require.NoError(t, w.Write(e))
			require.NoError(t, w.End())
			r := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff")))
			if text {
				require.True(t, strings.HasPrefix(out.String(), "\ufeff"))
				r.Comma = ';'
			}
			rows, err := r.ReadAll()
			require.NoError(t, err)
			require.Len(t, rows, 2)
			want := surname
			if text && surname != "" && strings.ContainsRune("=+-@\t\n", rune(surname[0])) {
				want = "'" + surname
			}
			require.Equal(t, want, rows[1][3], "%q, %v", surname, text)
		}
	}
}
