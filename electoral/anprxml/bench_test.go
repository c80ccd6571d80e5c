package anprxml_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
)

// A contender reads a file and says how many records it found.
type contender struct {
	name string
	read func(doc []byte) (records int, err error)
}

func contenders[T, P any](tag string, read func(context.Context, io.Reader, anprxml.ReadConfig) (electoral.LoadSource[T], error)) []contender {
	tokens := func(next func(*xml.Decoder) (xml.Token, error)) func([]byte) (int, error) {
		return func(doc []byte) (n int, err error) {
			d := xml.NewDecoder(bytes.NewReader(doc))
			for {
				tok, err := next(d)
				if errors.Is(err, io.EOF) {
					return n, nil
				}
				if err != nil {
					return n, err
				}
				if start, ok := tok.(xml.StartElement); ok && start.Name.Local == tag {
					n++
				}
			}
		}
	}
	return []contender{
		{"anprxml", func(doc []byte) (n int, err error) {
			file, err := read(context.Background(), bytes.NewReader(doc), anprxml.ReadConfig{MaxBytes: -1})
			if err != nil {
				return 0, err
			}
			for item, err := range file.Items {
				if err != nil {
					return n, err
				}
				if len(item.Faults) > 0 {
					return n, item.Faults
				}
				n++
			}
			return n, nil
		}},
		{"struct", func(doc []byte) (n int, err error) {
			err = peerRecords(bytes.NewReader(doc), tag, func(*P) { n++ })
			return n, err
		}},
		{"token", tokens((*xml.Decoder).Token)},
		{"rawtoken", tokens((*xml.Decoder).RawToken)},
	}
}

// BenchmarkRead reads generated files beside encoding/xml over the same bytes:
// decoding each record into a struct, which is the same job, and taking bare
// tokens, which is far less. Every round runs all of them in turn, and of each
// the fastest round counts, so that what else the machine does weighs little.
// The metrics "x" say how many times as long as anprxml each peer takes.
func BenchmarkRead(b *testing.B) {
	sections, electors := generated(b, 10_000)
	ofElectors := contenders[electoral.Elector, peerElector]("listaSoggetto", anprxml.ReadElectors)
	ofSections := contenders[electoral.Section, peerSection]("sezione", anprxml.ReadSections)
	for _, f := range []struct {
		name, unit string
		doc        []byte
		contenders []contender
	}{
		{"electors/compact", "electors", electors, ofElectors},
		{"electors/indented", "electors", indented(b, electors), ofElectors},
		{"sections/compact", "sections", sections, ofSections},
		{"sections/indented", "sections", indented(b, sections), ofSections},
	} {
		b.Run(f.name, func(b *testing.B) {
			want := bytes.Count(f.doc, []byte("</listaSoggetto>")) + bytes.Count(f.doc, []byte("</sezione>"))
			took := make([]time.Duration, len(f.contenders))
			allocs := make([]uint64, len(f.contenders))
			for _, c := range f.contenders { // what is made only once counts for none
				if n, err := c.read(f.doc); err != nil || n != want {
					b.Fatalf("%s: %d records of %d: %v", c.name, n, want, err)
				}
			}
			var before, after runtime.MemStats
			for b.Loop() {
				for i, c := range f.contenders {
					runtime.GC() // nobody collects another's garbage
					runtime.ReadMemStats(&before)
					begin := time.Now()
					n, err := c.read(f.doc)
					if d := time.Since(begin); took[i] == 0 || d < took[i] {
						took[i] = d
					}
					runtime.ReadMemStats(&after)
					allocs[i] += after.Mallocs - before.Mallocs
					if err != nil || n != want {
						b.Fatalf("%s: %d records of %d: %v", c.name, n, want, err)
					}
				}
			}
			for i, c := range f.contenders {
				seconds := took[i].Seconds()
				b.ReportMetric(float64(len(f.doc))/1e6/seconds, c.name+"-MB/s")
				b.ReportMetric(float64(want)/seconds, c.name+"-"+f.unit+"/s")
				b.ReportMetric(float64(allocs[i])/float64(b.N*want), c.name+"-allocs/record")
				if i > 0 {
					b.ReportMetric(seconds/took[0].Seconds(), "x-"+c.name)
				}
			}
			b.ReportMetric(0, "ns/op") // of all together: it says nothing
		})
	}
}

// BenchmarkReadElectors reads alone, for the profiler.
func BenchmarkReadElectors(b *testing.B) {
	_, electors := generated(b, 10_000)
	own := contenders[electoral.Elector, peerElector]("listaSoggetto", anprxml.ReadElectors)[0]
	for _, f := range []struct {
		name string
		doc  []byte
	}{{"compact", electors}, {"indented", indented(b, electors)}} {
		b.Run(f.name, func(b *testing.B) {
			b.SetBytes(int64(len(f.doc)))
			b.ReportAllocs()
			for b.Loop() {
				if n, err := own.read(f.doc); err != nil || n != 10_000 {
					b.Fatal(n, err)
				}
			}
		})
	}
}
