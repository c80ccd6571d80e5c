package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// TestTwoConstituencies: a comune that lies in two constituencies, as none does
// today, accepts both and no third; what is expected names each once.
func TestTwoConstituencies(t *testing.T) {
	checker, err := NewChecker(Config{})
	require.NoError(t, err)
	h := checker.chamber(electoral.Status{Chamber: electoral.Yes})
	h.of = func(string) []refdata.College {
		return []refdata.College{{Constituency: "LAZIO 1"}, {Constituency: "LAZIO 2"}, {Constituency: "LAZIO 1"}}
	}
	for name, refused := range map[string]bool{"LAZIO 1": false, "LAZIO 2": false, "SARDEGNA": true} {
		k := &elector{checker: checker, e: electoral.Elector{General: &electoral.Enrolment{Comune: "H501", Section: "1"}}}
		h.given = name
		k.nationalConstituency(h, name)
		assert.Equal(t, refused, k.faults.Has(electoral.ConstituencyOtherComune), name)
		if refused {
			assert.Equal(t, "LAZIO 1 oppure LAZIO 2", k.faults[0].Expected)
		}
		assert.Equal(t, "LAZIO 1 oppure LAZIO 2", k.expectedConstituencies(h))
	}
}
