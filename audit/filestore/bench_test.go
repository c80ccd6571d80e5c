package filestore

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/audittest"
)

// A durable append beside what the disk takes for the same bytes.
func BenchmarkAppend(b *testing.B) {
	one, err := audittest.Grow(b, "H501", audit.EmptyHead("H501"), 1)[0].AppendBinary(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, batch := range []int{1, 64} {
		b.Run(fmt.Sprintf("limit/write and fsync/%d", batch), func(b *testing.B) {
			f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			data := make([]byte, batch*len(one))
			for b.Loop() {
				if _, err := f.Write(data); err != nil {
					b.Fatal(err)
				}
				if err := f.Sync(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("append/%d writers", writers), func(b *testing.B) {
			s := openAt(b, filepath.Join(b.TempDir(), "audit"))
			log, err := audit.New(audit.Config{Store: s})
			if err != nil {
				b.Fatal(err)
			}
			// Each writer asks again as soon as it is answered, as a service does.
			var wg sync.WaitGroup
			b.ResetTimer()
			for w := range writers {
				wg.Go(func() {
					for range b.N {
						if _, err := log.Append(b.Context(), "H501", audittest.Entry(w)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(writers*b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
