package electoral_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/liste-elettorali/anpr/electoral"
)

// TestAdmitMethods admits each method of art. 64 of the CAD and of annex 2 from
// the level that the decree wants, and nothing else.
func TestAdmitMethods(t *testing.T) {
	least := map[electoral.Method]int{ // 0 also stands for a level that is not known
		electoral.SmartCardMethod: 0, electoral.CNSMethod: 2, electoral.CIEMethod: 2, electoral.SPIDMethod: 2,
	}
	for _, m := range []electoral.Method{electoral.SmartCardMethod, electoral.CNSMethod, electoral.CIEMethod,
		electoral.SPIDMethod, electoral.NoMethod, "", "password"} {
		for level := -1; level <= 4; level++ {
			faults := electoral.Admit(electoral.Request{ID: "1", Actor: electoral.Actor{
				FiscalCode: "FFCLTR70A01H501Z", Role: electoral.CitizenRole, Method: m, Level: level,
			}})
			from, known := least[m]
			assert.Equal(t, known && level >= from && level <= 3, faults == nil, "%q at level %d: %v", m, level, faults)
			assert.Equal(t, !known, electoral.Faults(faults).Has(electoral.ActorUnknown), "%q", m)
		}
	}
}
