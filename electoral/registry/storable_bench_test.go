package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/registry"
)

// BenchmarkStorable is what each elector costs before a store keeps him.
func BenchmarkStorable(b *testing.B) {
	e := electorOf("1", aglie, "1")
	for b.Loop() {
		require.NoError(b, registry.Storable(&e))
	}
}
