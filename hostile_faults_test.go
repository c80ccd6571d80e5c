package anpr_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// TestFindingsAreNoError: what judges may find nothing, and then an error of type
// Faults would not be nil. So no exported function or method returns Faults where the
// caller could take it for an error, and Err gives an error only where there is one.
func TestFindingsAreNoError(t *testing.T) {
	judges := func(name string, f reflect.Type) {
		if f.NumOut() == 0 {
			return
		}
		last := f.Out(f.NumOut() - 1)
		if last != reflect.TypeFor[error]() && last.Implements(reflect.TypeFor[error]()) && last.Kind() == reflect.Slice {
			t.Errorf("%s returns %s, which is an error even if it is empty: return a []Fault", name, last)
		}
	}
	for _, w := range walked() {
		if w.function.IsValid() {
			judges(w.name, w.function.Type())
			continue
		}
		for i := range reflect.PointerTo(w.typ).NumMethod() {
			m := reflect.PointerTo(w.typ).Method(i)
			judges(w.name+"."+m.Name, m.Type)
		}
	}
	require.NoError(t, electoral.Faults(nil).Err())
	require.NoError(t, electoral.Faults{{Severity: electoral.Warning}}.Err())
	require.Error(t, electoral.Faults{{Severity: electoral.Error}}.Err())
	require.Error(t, electoral.Faults(electoral.Admit(electoral.Request{})).Err())
}
