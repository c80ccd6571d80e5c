package verify_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// median returns the middle processor time of some rounds.
func median(rounds int, f func()) time.Duration {
	var list []time.Duration
	for range rounds {
		start := cpu()
		for range 10 {
			f()
		}
		list = append(list, (cpu()-start)/10)
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// BenchmarkReport times the full report on real certificates of every level,
// beside pyHanko in the same run: limits are 3 ms for B-B and 10 ms for B-LTA
// of processor time, and a tenth of pyHanko's.
func BenchmarkReport(b *testing.B) {
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.RSA3072} {
		ca, err := sealtest.NewCA(sealtest.Config{Key: key})
		require.NoError(b, err)
		dir := b.TempDir()
		trust := filepath.Join(dir, "trust.pem")
		require.NoError(b, os.WriteFile(trust, ca.TrustPEM(), 0o600))
		v, err := verify.New(verify.Config{Trust: anchors(ca), Timestamps: anchors(ca)})
		require.NoError(b, err)
		files := map[seal.Level][]byte{}
		args := []string{filepath.Join("testdata", "timing.py"), trust, "15"}
		levels := []seal.Level{seal.LevelB, seal.LevelT, seal.LevelLT, seal.LevelLTA}
		for _, level := range levels {
			files[level] = issued(b, ca, level, time.Now())
			path := filepath.Join(dir, string(level)+".pdf")
			require.NoError(b, os.WriteFile(path, files[level], 0o600))
			args = append(args, path)
		}
		theirs := map[string]float64{}
		out, err := exec.CommandContext(b.Context(), testenv.PyHanko(b), args...).Output()
		require.NoError(b, err)
		for line := range strings.Lines(string(out)) {
			name, ms, _ := strings.Cut(strings.TrimSpace(line), "\t")
			theirs[name], err = strconv.ParseFloat(ms, 64)
			require.NoError(b, err)
		}
		for _, level := range levels {
			b.Run(fmt.Sprintf("%s/%s", key, level), func(b *testing.B) {
				data := files[level]
				require.True(b, v.PDF(b.Context(), data, time.Time{}).Valid)
				b.ReportAllocs()
				for b.Loop() {
					v.PDF(b.Context(), data, time.Time{})
				}
				ours := float64(median(9, func() { v.PDF(b.Context(), data, time.Time{}) }).Microseconds()) / 1000
				pyhanko := theirs[string(level)+".pdf"]
				b.ReportMetric(ours, "cpu-ms")
				b.ReportMetric(pyhanko, "pyHanko-ms")
				b.ReportMetric(pyhanko/ours, "times-faster")
				b.ReportMetric(peak(func() { v.PDF(b.Context(), data, time.Time{}) })/float64(len(data)), "memory/file")
			})
		}
	}
}

// peak is how much the heap grows while f runs, sampled.
func peak(f func()) float64 {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	most := make(chan uint64)
	go func() {
		var top uint64
		for {
			runtime.ReadMemStats(&now)
			top = max(top, now.HeapAlloc)
			select {
			case <-done:
				runtime.ReadMemStats(&now)
				most <- max(top, now.HeapAlloc)
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	return float64(<-most) - float64(before.HeapAlloc)
}

// big writes a sealed document of some bytes with so many revisions, of which
// all but the first add validation data.
func big(t testing.TB, ca *sealtest.CA, size, revisions int) []byte {
	t.Helper()
	base := sealtest.Document("grande")
	f, err := pdf.Parse(t.Context(), base, pdf.Limits{})
	require.NoError(t, err)
	n := int(f.Last().Trailer().Get("Size").(int64))
	const pieces = 40
	objects := map[int]string{}
	for i := range pieces {
		objects[n+i] = fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", size/pieces,
			bytes.Repeat([]byte{byte('a' + i%26)}, size/pieces))
	}
	doc := sealWith(t, ca, update(t, base, objects, trailerOf(t, base)))
	f, err = pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	last := f.Revisions[len(f.Revisions)-1]
	next, prev := int(last.Trailer.Get("Size").(int64)), last.XRef
	b := bytes.NewBuffer(doc)
	catalog, _ := catalogWith(t, doc, "DSS", "")
	_, plain := catalogWith(t, doc, "DSS", "")
	certs := ""
	for range revisions - len(f.Revisions) {
		certs += fmt.Sprintf("%d 0 R ", next)
		at := []int{b.Len()}
		fmt.Fprintf(b, "%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n", next, len(ca.Root().Raw),
			ca.Root().Raw)
		at = append(at, b.Len())
		fmt.Fprintf(b, "%d 0 obj\n%s /DSS << /Certs [%s] >> >>\nendobj\n", catalog, strings.TrimSuffix(plain, ">>"),
			certs)
		xref := b.Len()
		fmt.Fprintf(b, "xref\n%d 1\n%010d 00000 n \n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Prev %d %s "+
			">>\nstartxref\n%d\n%%%%EOF\n",
			catalog, at[1], next, at[0], next+1, prev, trailerOf(t, doc), xref)
		next, prev = next+1, int64(xref)
	}
	return b.Bytes()
}

// TestBig reads 50 MB with 100 revisions. How long it takes is reported by
// BenchmarkBig: the limit is 2 s.
func TestBig(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := big(t, ca, 50_000_000, 100)
	v := verifier(t, ca.Root())
	r := v.PDF(t.Context(), doc, now)
	checkReport(t, r)
	assert.True(t, r.Valid, "%+v", r.Checks)
	c, _ := r.Check(verify.CodeLaterRevisions)
	assert.Contains(t, c.Message, "dati per la verifica, 97 volte")
	doc[20_000_000] ^= 1
	assertInvalid(t, v.PDF(t.Context(), doc, now), verify.CodeSignature, "modificato")
}

func BenchmarkBig(b *testing.B) {
	ca := newCA(b, sealtest.Config{})
	v := verifier(b, ca.Root())
	for _, revisions := range []int{10, 100, 200} {
		doc := big(b, ca, 50_000_000, revisions)
		b.Run(fmt.Sprintf("50MB/%d-revisions", revisions), func(b *testing.B) {
			require.True(b, v.PDF(b.Context(), doc, now).Valid)
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				v.PDF(b.Context(), doc, now)
			}
			b.ReportMetric(peak(func() { v.PDF(b.Context(), doc, now) })/float64(len(doc)), "memory/file")
		})
	}
}
