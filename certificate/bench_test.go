package certificate

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
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

// BenchmarkIssue measures an issue (page, contrassegno and seal) in turns with
// the bare signature of the same key; x-raw is the ratio. The authority of the
// time-stamps answers in the process.
func BenchmarkIssue(b *testing.B) {
	for _, kind := range []sealtest.Key{sealtest.P256, sealtest.RSA3072} {
		ca, err := sealtest.NewCA(sealtest.Config{Key: kind})
		require.NoError(b, err)
		digest := sha256.Sum256([]byte("x"))
		for _, level := range []seal.Level{seal.LevelB, seal.LevelLTA} {
			sealer, err := ca.PAdES(level)
			require.NoError(b, err)
			i, _ := newIssuer(b, facts(), func(c *Config) { c.Sealer, c.Now = sealer, nil })
			b.Run(string(kind)+"/"+string(level), func(b *testing.B) {
				b.ReportAllocs()
				var raw, issue time.Duration
				for b.Loop() {
					began := time.Now()
					if _, err := ca.Signer().Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
						b.Fatal(err)
					}
					raw += time.Since(began)
					began = time.Now()
					r, err := i.Issue(b.Context(), citizen(EnrolmentCertificate, ElectoralUse))
					if err != nil {
						b.Fatal(err)
					}
					issue += time.Since(began)
					b.ReportMetric(float64(len(r.PDF)), "bytes/file")
				}
				b.ReportMetric(float64(issue)/float64(raw), "x-raw")
				b.ReportMetric(float64(issue.Microseconds())/float64(b.N), "issue-µs")
			})
		}
	}
}

// BenchmarkBatch issues for many persons with one worker and with one for each
// CPU.
func BenchmarkBatch(b *testing.B) {
	c, codes := newCrowd(b, 200)
	ca, err := sealtest.NewCA(sealtest.Config{Now: func() time.Time { return noon }})
	require.NoError(b, err)
	sealer, err := ca.PAdES(seal.LevelB)
	require.NoError(b, err)
	input := strings.Join(codes, "\n")
	for _, workers := range []int{1, runtime.GOMAXPROCS(0)} {
		b.Run(fmt.Sprint(workers, " workers"), func(b *testing.B) {
			n := 0
			for b.Loop() {
				req := c.request()
				req.Workers = workers
				count, err := c.issuer(b, sealer, nil).Batch(b.Context(), req, strings.NewReader(input), io.Discard)
				if err != nil {
					b.Fatal(err)
				}
				n += count.Issued
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "certificates/s")
		})
	}
}
