package seal_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// BenchmarkPAdES seals a page at each level; x-raw is the ratio to the bare
// signature of the same key, measured in turns in the same run. The authority
// of the time-stamps answers in the process, and its work counts.
func BenchmarkPAdES(b *testing.B) {
	doc := page(b, 24_000)
	b.Logf("document of %d bytes", len(doc))
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.RSA3072} {
		ca := newCA(b, sealtest.Config{Key: key})
		sum := sha256.Sum256(doc)
		for _, level := range allLevels {
			s := newPAdES(b, padesConfig(b, ca, level))
			_, err := s.Seal(b.Context(), doc, seal.Details{}) // fills the caches
			require.NoError(b, err)
			b.Run(string(key)+"/"+string(level), func(b *testing.B) {
				b.ReportAllocs()
				var raw, sealed time.Duration
				for b.Loop() {
					began := time.Now()
					if _, err := ca.Signer().Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
						b.Fatal(err)
					}
					raw += time.Since(began)
					began = time.Now()
					out, err := s.Seal(b.Context(), doc, seal.Details{Reason: "Rilascio"})
					if err != nil {
						b.Fatal(err)
					}
					sealed += time.Since(began)
					b.ReportMetric(float64(len(out)), "bytes-out")
				}
				b.ReportMetric(float64(sealed)/float64(raw), "x-raw")
				b.ReportMetric(float64(sealed.Microseconds())/float64(b.N), "seal-µs")
			})
		}
	}
}
