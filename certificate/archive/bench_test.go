package archive_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
)

// plain keeps a document the simplest durable way: one file, synced, and its
// folder.
func plain(dir string, n int, pdf []byte) error {
	f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(n)), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(pdf); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// BenchmarkPut keeps documents of 60 KB, each beside a plain file of the same
// size on the same disk; plain-ratio is how many times its time it takes.
func BenchmarkPut(b *testing.B) {
	for _, e := range each {
		b.Run(e.name, func(b *testing.B) {
			a, dir := e.at(b).archive(b), b.TempDir()
			pdf := bytes.Repeat([]byte("0123456789"), 6000)
			var peer, own time.Duration
			for n := 0; b.Loop(); n++ {
				d := archivetest.Document(n)
				d.PDF = pdf
				begin := time.Now()
				require.NoError(b, plain(dir, n, pdf))
				middle := time.Now()
				require.NoError(b, a.Put(b.Context(), d))
				peer, own = peer+middle.Sub(begin), own+time.Since(middle)
			}
			b.ReportMetric(float64(own)/float64(peer), "plain-ratio")
			b.ReportMetric(float64(own.Microseconds())/float64(b.N), "µs/put")
		})
	}
}
