package filestore

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/audittest"
)

// BenchmarkAppend measures durable appends of many writers, and in turn with them
// the limit: the same batches of bytes, written to a file and synced by one
// goroutine. It reports the appends' speed as a share of the limit, the median of
// the runs.
//
//	go test -run '^$' -bench . ./audit/filestore
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			const each = 20
			var shares, rates, batches []float64
			for b.Loop() {
				dir := filepath.Join(b.TempDir(), "audit")
				sizes, work := appendAll(b, dir, writers, each)
				limit := writeAndSync(b, dir, sizes)
				shares = append(shares, 100*limit.Seconds()/work.Seconds())
				rates = append(rates, float64(writers*each)/work.Seconds())
				batches = append(batches, float64(writers*each)/float64(len(sizes)))
			}
			b.ReportMetric(median(shares), "%-of-write+fsync")
			b.ReportMetric(median(rates), "entries/s")
			b.ReportMetric(median(batches), "entries/batch")
		})
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// appendAll appends so many entries by each writer, who appends again as soon as
// he is answered, as a service does. It returns the sizes of what was written.
func appendAll(b *testing.B, dir string, writers, each int) ([]int, time.Duration) {
	b.Helper()
	disk, err := openFolder(dir)
	require.NoError(b, err)
	watched := &watchedDisk{storage: disk}
	s, err := Open("", Config{folder: watched})
	require.NoError(b, err)
	log, err := audit.New(audit.Config{Store: s})
	require.NoError(b, err)
	// The file's first append makes the file and syncs the folder too.
	_, err = log.Append(b.Context(), "H501", audittest.Entry(0))
	require.NoError(b, err)
	watched.sizes = nil
	var wg sync.WaitGroup
	begin := time.Now()
	for w := range writers {
		wg.Go(func() {
			for range each {
				if _, err := log.Append(b.Context(), "H501", audittest.Entry(w)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(begin)
	require.NoError(b, s.Close())
	return watched.sizes, took
}

func writeAndSync(b *testing.B, dir string, sizes []int) time.Duration {
	b.Helper()
	f, err := os.Create(filepath.Join(dir, "..", "raw"))
	require.NoError(b, err)
	defer f.Close()
	data := make([]byte, slices.Max(sizes))
	begin := time.Now()
	for _, n := range sizes {
		if _, err := f.Write(data[:n]); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begin)
}

// A watchedDisk notes how much is written at once. One chain writes at a time.
type watchedDisk struct {
	storage
	sizes []int
}

func (w *watchedDisk) create(name string) (file, error) {
	f, err := w.storage.create(name)
	return &watchedFile{f, w}, err
}

func (w *watchedDisk) open(name string, write bool) (file, error) {
	f, err := w.storage.open(name, write)
	return &watchedFile{f, w}, err
}

type watchedFile struct {
	file
	disk *watchedDisk
}

func (f *watchedFile) WriteAt(p []byte, off int64) (int, error) {
	f.disk.sizes = append(f.disk.sizes, len(p))
	return f.file.WriteAt(p, off)
}
