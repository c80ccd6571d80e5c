//go:build exhaustive

package verify_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// TestPDFEveryByte changes every byte of a sealed document to every other
// value: 3.6 million reports, some 13 minutes on one core.
func TestPDFEveryByte(t *testing.T) {
	for _, key := range []sealtest.Key{sealtest.RSA3072, sealtest.P256} {
		ca := newCA(t, sealtest.Config{Key: key})
		doc := sealWith(t, ca, sealtest.Document("un byte"))
		v := verifier(t, ca.Root())
		require.True(t, v.PDF(t.Context(), doc, now).Valid)
		data := bytes.Clone(doc)
		for i, b := range doc {
			for c := range 256 {
				if data[i] = byte(c); data[i] != b && v.PDF(t.Context(), data, now).Valid {
					t.Errorf("%s: byte %d: %q for %q: still valid", key, i, data[i], b)
				}
			}
			data[i] = b
		}
		t.Logf("%s: %d changes", key, 255*len(doc))
	}
}
