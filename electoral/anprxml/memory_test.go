package anprxml_test

import (
	"bytes"
	"io"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
)

// flat is how much more memory a file may take than one of 10,000 electors,
// however many it holds: less than a word for each of 190,000 more.
const flat = 1 << 20

// A stream is a file of electors that is made while it is read, and stands
// nowhere whole: the records of a small one again and again, each with an id
// and a section that no other has.
type stream struct {
	head, tail string
	// records are those of the small file, cut before and behind the texts.
	records      [][3]string
	n, total     int
	buf, left    []byte
	begun, ended bool
}

var (
	idOf      = regexp.MustCompile(`(<idSchedaSoggettoANPR>)\d+(<)`)
	sectionOf = regexp.MustCompile(`(<sezioneelettoralenum>)[^<]+(<)`)
)

func newStream(t testing.TB, total int) *stream {
	t.Helper()
	_, doc := generated(t, 3000)
	begin := bytes.Index(doc, []byte("<listaSoggetto>"))
	end := bytes.LastIndex(doc, []byte("</listeElettorali>"))
	s := &stream{total: total, tail: string(doc[end:])}
	s.head = strings.Replace(string(doc[:begin]), ">3000<", ">"+strconv.Itoa(total)+"<", 1)
	for record := range strings.Lines(string(doc[begin:end])) {
		id, section := idOf.FindStringSubmatchIndex(record), sectionOf.FindStringSubmatchIndex(record)
		s.records = append(s.records, [3]string{record[:id[3]], record[id[4]:section[3]], record[section[4]:]})
	}
	require.Len(t, s.records, 3000)
	return s
}

func (s *stream) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		s.buf = s.buf[:0]
		switch {
		case !s.begun:
			s.buf, s.begun = append(s.buf, s.head...), true
		case s.n < s.total:
			r := &s.records[s.n%len(s.records)]
			s.buf = strconv.AppendInt(append(s.buf, r[0]...), int64(1_000_000_000+s.n), 10)
			s.buf = append(s.buf, r[1]...)
			s.buf = append(strconv.AppendInt(s.buf, int64(s.n), 10), r[2]...)
			s.n++
		case !s.ended:
			s.buf, s.ended = append(s.buf, s.tail...), true
		default:
			return 0, io.EOF
		}
		s.left = s.buf
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

// heapOf reads a file of n electors and returns the most memory in use that it
// found at 20 points on the way, garbage collected.
func heapOf(t testing.TB, n int, each func(electoral.Elector)) uint64 {
	t.Helper()
	file, err := anprxml.ReadElectors(t.Context(), newStream(t, n), anprxml.ReadConfig{MaxBytes: -1})
	require.NoError(t, err)
	var most uint64
	read := 0
	for item, err := range file.Items {
		require.NoError(t, err)
		require.Empty(t, item.Faults)
		each(item.Record)
		if read++; read%(n/20) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	require.Equal(t, n, read)
	return most
}

func TestMemoryIsFlat(t *testing.T) {
	nothing := func(electoral.Elector) {}
	small, large := heapOf(t, 10_000, nothing), heapOf(t, 200_000, nothing)
	t.Logf("10,000 electors: %d kB; 200,000: %d kB", small>>10, large>>10)
	assert.Less(t, large, small+flat)
	// The measure sees who keeps as little as the ids.
	var ids []string
	keeping := heapOf(t, 100_000, func(e electoral.Elector) { ids = append(ids, e.ANPRID) })
	assert.Greater(t, keeping, small+flat, "%d ids kept", len(ids))
}

// BenchmarkMemory reads two million electors, more than any comune has, and
// fails if that takes more memory than ten thousand do.
func BenchmarkMemory(b *testing.B) {
	nothing := func(electoral.Elector) {}
	for b.Loop() {
		small, large := heapOf(b, 10_000, nothing), heapOf(b, 2_000_000, nothing)
		b.ReportMetric(float64(small)/1e6, "MB-10k")
		b.ReportMetric(float64(large)/1e6, "MB-2M")
		if large > small+flat {
			b.Fatalf("2,000,000 electors take %d kB, 10,000 take %d kB", large>>10, small>>10)
		}
	}
}
