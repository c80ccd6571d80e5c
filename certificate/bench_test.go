package certificate

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func benchmarkData(b *testing.B) (*Issuer, Data, []byte, *contrassegno.Mark) {
	i, _ := newIssuer(b, facts(), nil)
	d, err := i.compose(facts(), citizen(EnrolmentCertificate, ElectoralUse), i.calendar.Day(noon))
	require.NoError(b, err)
	d.IssuedAt, d.Protocol = noon, "1"
	embedded, err := d.Encode()
	require.NoError(b, err)
	c, err := contrassegno.New(testBase, testKey, embedded)
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
			if _, err := c.Modules(); err != nil {
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

// least is the shortest of each of what is measured in turns: the machine may
// have other work.
type least map[string]time.Duration

func (m least) take(name string, f func()) {
	began := time.Now()
	f()
	m.add(name, time.Since(began))
}

func (m least) add(name string, d time.Duration) {
	if old, ok := m[name]; !ok || d < old {
		m[name] = d
	}
}

func (m least) of(name string) float64 { return float64(m[name]) }

// BenchmarkIssue measures an issue (page, contrassegno and seal) in turns with
// the bare signature of the same key and with the QR code alone; x-raw is the
// ratio of the shortest times, x-raw-but-qr that without the library's QR code. The
// authority of the time-stamps answers in the process.
func BenchmarkIssue(b *testing.B) {
	for _, kind := range []sealtest.Key{sealtest.P256, sealtest.RSA3072} {
		ca, err := sealtest.NewCA(sealtest.Config{Key: kind})
		require.NoError(b, err)
		digest := sha256.Sum256([]byte("x"))
		for _, level := range []seal.Level{seal.LevelB, seal.LevelLTA} {
			sealer, err := ca.PAdES(level)
			require.NoError(b, err)
			i, _ := newIssuer(b, facts(), func(c *Config) { c.Sealer, c.Now = sealer, nil })
			first, err := i.Issue(b.Context(), citizen(EnrolmentCertificate, ElectoralUse)) // fills the caches
			require.NoError(b, err)
			b.Run(string(kind)+"/"+string(level), func(b *testing.B) {
				b.ReportAllocs()
				m := least{}
				for b.Loop() {
					m.take("issue", func() {
						r, err := i.Issue(b.Context(), citizen(EnrolmentCertificate, ElectoralUse))
						if err != nil {
							b.Fatal(err)
						}
						b.ReportMetric(float64(len(r.PDF)), "bytes/file")
					})
					b.StopTimer() // what follows is no part of the allocations
					m.take("raw", func() {
						if _, err := ca.Signer().Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
							b.Fatal(err)
						}
					})
					m.take("qr", func() {
						if _, err := first.Contrassegno.Modules(); err != nil {
							b.Fatal(err)
						}
					})
					b.StartTimer()
				}
				b.ReportMetric(m.of("raw")/1e3, "raw-µs")
				b.ReportMetric(m.of("issue")/m.of("raw"), "x-raw")
				b.ReportMetric((m.of("issue")-m.of("qr"))/m.of("raw"), "x-raw-but-qr")
				b.ReportMetric(m.of("issue")/1e3, "issue-µs")
				b.ReportMetric(m.of("qr")/1e3, "qr-µs")
			})
		}
	}
}

// BenchmarkPyHanko seals the page of a certificate and lets pyHanko sign the same file with the same key: x-faster is how many times
// longer it takes.
func BenchmarkPyHanko(b *testing.B) {
	python := testenv.PyHanko(b)
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(b, err)
	sealer, err := ca.PAdES(seal.LevelB)
	require.NoError(b, err)
	i, d, embedded, c := benchmarkData(b)
	page, err := i.render(d, embedded, c)
	require.NoError(b, err)
	dir := b.TempDir()
	write := func(name, kind string, der ...[]byte) string {
		var text []byte
		for _, d := range der {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: d})...)
		}
		path := filepath.Join(dir, name)
		require.NoError(b, os.WriteFile(path, text, 0o600))
		return path
	}
	der, err := x509.MarshalPKCS8PrivateKey(ca.Signer())
	require.NoError(b, err)
	chain := ca.Chain()
	key, cert, issuer := write("key.pem", "PRIVATE KEY", der), write("cert.pem", "CERTIFICATE", chain[0].Raw), write("chain.pem", "CERTIFICATE", chain[1].Raw)
	file := filepath.Join(dir, "page.pdf")
	require.NoError(b, os.WriteFile(file, page, 0o600))
	out, err := exec.CommandContext(b.Context(), python, "../seal/testdata/sign.py", key, cert, issuer, file, "25").Output()
	require.NoError(b, err)
	m := least{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		var ns, size int64
		_, err := fmt.Sscan(line, &ns, &size)
		require.NoError(b, err)
		require.Greater(b, int(size), len(page))
		m.add("pyHanko", time.Duration(ns))
	}
	for b.Loop() {
		m.take("seal", func() {
			if _, err := sealer.Seal(b.Context(), page, seal.Details{}); err != nil {
				b.Fatal(err)
			}
		})
	}
	b.ReportMetric(m.of("pyHanko")/1e3, "pyhanko-µs")
	b.ReportMetric(m.of("seal")/1e3, "seal-µs")
	b.ReportMetric(m.of("pyHanko")/m.of("seal"), "x-faster")
}

// BenchmarkCollective makes the pages of a collective certificate, unsealed.
func BenchmarkCollective(b *testing.B) {
	c, codes := newCrowd(b, 1000)
	c.named("H501", "A944", "F205")
	i, _ := newIssuer(b, facts(), func(cfg *Config) { cfg.Source = c })
	rows := strings.Join(codes, "\n")
	b.ReportAllocs()
	persons := 0
	for b.Loop() {
		r, err := i.Collective(b.Context(), c.collective(), strings.NewReader(rows))
		if err != nil {
			b.Fatal(err)
		}
		persons += r.Count.Issued
	}
	b.ReportMetric(float64(persons)/b.Elapsed().Seconds(), "persons/s")
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
