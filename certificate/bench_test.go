package certificate

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func benchmarkData(b *testing.B) (*Issuer, Data, []byte, *Contrassegno) {
	i, _ := newIssuer(b, facts(), nil)
	d, err := i.compose(facts(), citizen(EnrolmentCertificate, ElectoralUse), i.day(noon))
	require.NoError(b, err)
	d.IssuedAt, d.Protocol = noon, "1"
	embedded, err := d.Encode()
	require.NoError(b, err)
	c, err := NewContrassegno(testBase, testKey, embedded)
	require.NoError(b, err)
	return i, d, embedded, &c
}

// BenchmarkPage measures the page with its contrassegno, the contrassegno
// alone, and the page of a preview, which has none.
func BenchmarkPage(b *testing.B) {
	i, d, embedded, c := benchmarkData(b)
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := i.render(d, embedded, c); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("contrassegno", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.modules(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("preview", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := i.render(d, nil, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkIssue measures an issue beside the bare signature of the same key.
func BenchmarkIssue(b *testing.B) {
	for _, kind := range []sealtest.Key{sealtest.P256, sealtest.RSA3072} {
		ca, err := sealtest.NewCA(sealtest.Config{Key: kind})
		require.NoError(b, err)
		sealer, err := ca.Sealer()
		require.NoError(b, err)
		i, _ := newIssuer(b, facts(), func(c *Config) { c.Sealer, c.Now = sealer, nil })
		b.Run(string(kind)+"/issue", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := i.Issue(b.Context(), citizen(EnrolmentCertificate, ElectoralUse))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(r.PDF)), "bytes/file")
			}
		})
		digest := sha256.Sum256([]byte("x"))
		b.Run(string(kind)+"/sign", func(b *testing.B) {
			for b.Loop() {
				if _, err := ca.Signer().Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
