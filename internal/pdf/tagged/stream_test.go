package tagged

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newStream(t testing.TB, w io.Writer) *Document {
	t.Helper()
	e, err := New(Config{})
	require.NoError(t, err)
	return e.NewStream(w, Metadata{Title: "Prova", Lang: "it-IT", Created: created})
}

// part adds a heading, a table of some rows with an empty cell each, a picture
// and a link, over two pages.
func part(t testing.TB, d *Document, n, rows int) {
	t.Helper()
	sect := d.Root().Add(Section)
	p := d.AddPage(A4Width, A4Height)
	p.Place(sect.Add(H1), 60, 30, d.Layout(400, 0, Left, span(fmt.Sprint("Parte ", n, " di Łódź"))))
	table := sect.Add(Table)
	body := table.Add(TableBody)
	for i := range rows {
		row := body.Add(TableRow)
		p.Place(row.AddWith(HeaderCell, Attributes{Scope: RowScope}), 60, 60+20*float64(i%30), d.Layout(200, 0, Left, span(fmt.Sprint("riga ", n, ".", i))))
		row.Add(DataCell)
	}
	q := d.AddPage(A4Width, A4Height)
	q.Pagination(func(c *Canvas) { c.Block(60, 30, d.Layout(400, 0, Left, span("ripetuto"))) })
	img, err := ParseImage(pngPicture(t, true))
	require.NoError(t, err)
	q.Draw(sect.AddWith(Figure, Attributes{Alt: "Figura"}), 60, 60, 40, 40, func(c *Canvas) { c.Image(img, 60, 60, 40, 40) })
	q.Link(sect.Add(Paragraph).Add(Link), 60, 120, d.Layout(300, 0, Left, Span{Style{Face: Bold, Size: 11}, "collegamento"}), "https://example.it/", "Apri l'esempio")
}

func streamed(t testing.TB, w io.Writer, parts int) {
	t.Helper()
	d := newStream(t, w)
	d.Attach(File{Name: "dati.json", MediaType: "application/json", Relationship: DataRelationship, Modified: created, Data: []byte(`{}`)})
	for n := range parts {
		part(t, d, n, 3)
		require.NoError(t, d.Flush())
	}
	require.NoError(t, d.Close())
}

func TestStream(t *testing.T) {
	var a, b bytes.Buffer
	streamed(t, &a, 3)
	streamed(t, &b, 3)
	assert.True(t, bytes.Equal(a.Bytes(), b.Bytes()), "the same calls give the same bytes")
	path := filepath.Join(t.TempDir(), "x.pdf")
	require.NoError(t, os.WriteFile(path, a.Bytes(), 0o600))

	whole := newDocument(t)
	for n := range 3 {
		part(t, whole, n, 3)
	}
	kept := write(t, whole)
	t.Run("the text and the structure of a document that is kept", func(t *testing.T) {
		assert.Equal(t, run(t, "pdftotext", "-enc", "UTF-8", kept, "-"), run(t, "pdftotext", "-enc", "UTF-8", path, "-"))
		tree := func(path string) string {
			return regexp.MustCompile(`Object \d+`).ReplaceAllString(run(t, "pdfinfo", "-struct-text", path), "Object")
		}
		assert.Equal(t, tree(kept), tree(path))
	})
	t.Run("qpdf", func(t *testing.T) {
		assert.Contains(t, run(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
		assert.Contains(t, run(t, "qpdf", "--list-attachments", path), "dati.json")
		assert.Contains(t, run(t, "qpdf", "--json", "--json-key=outlines", path), "Parte 2 di Łódź")
	})
	t.Run("an artifact is not in the structure", func(t *testing.T) {
		assert.Contains(t, run(t, "pdftotext", path, "-"), "ripetuto")
		assert.NotContains(t, run(t, "pdfinfo", "-struct-text", path), "ripetuto")
	})
	for _, flavour := range []string{"3a", "ua1"} {
		t.Run("veraPDF "+flavour, func(t *testing.T) {
			out := run(t, "verapdf", "-f", flavour, "--format", "text", path)
			assert.True(t, strings.HasPrefix(out, "PASS "), out)
		})
	}
}

// TestStreamMemory fails if what was flushed stays in memory.
func TestStreamMemory(t *testing.T) {
	d := newStream(t, io.Discard)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	part(t, d, 0, 100)
	require.NoError(t, d.Flush())
	before := heap()
	const parts, rows = 400, 100
	for n := range parts {
		part(t, d, n, rows)
		require.NoError(t, d.Flush())
	}
	// Rows and their two cells, each of 8 bytes and the room to grow; kept whole
	// it would be some 900 bytes a row.
	assert.Less(t, int64(heap())-int64(before), int64(parts*rows*3*32))
	require.NoError(t, d.Close())
}

type broken struct{ left int }

var errBroken = errors.New("disk full")

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestStreamMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(d *Document)
		want string
	}{
		"no page":              {func(*Document) {}, "no page"},
		"empty element":        {func(d *Document) { d.Root().Add(Paragraph) }, "a P has no content"},
		"element after flush":  {func(d *Document) { sect := flushed(d); sect.Add(Paragraph) }, "a P is added to a Sect that is written already"},
		"content after flush":  {func(d *Document) { d.AddPage(9, 9).Place(flushed(d), 0, 0, d.Layout(9, 0, Left, span("x"))) }, "comes after it or its page was written"},
		"artifact after flush": {func(d *Document) { p := d.AddPage(9, 9); flushed(d); p.Artifact(func(*Canvas) {}) }, "written already"},
		"too many objects": {func(d *Document) {
			d.stream.offsets = append(d.stream.offsets, make([]int64, maxObjects)...)
			flushed(d)
		}, "at most 8388607"},
		"too many bytes": {func(d *Document) { d.stream.before = maxOffset; flushed(d) }, "can be addressed"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newStream(t, io.Discard)
			c.do(d)
			assert.ErrorContains(t, d.Close(), c.want)
		})
	}
	t.Run("Bytes of a stream", func(t *testing.T) {
		_, err := newStream(t, io.Discard).Bytes()
		assert.ErrorContains(t, err, "expected Close")
	})
	t.Run("Flush of a document that is kept", func(t *testing.T) {
		assert.ErrorContains(t, full(t).Flush(), "no stream")
	})
	t.Run("Close twice", func(t *testing.T) {
		d := newStream(t, io.Discard)
		part(t, d, 1, 1)
		require.NoError(t, d.Close())
		assert.ErrorContains(t, d.Close(), "is closed")
	})
	t.Run("a writer that fails", func(t *testing.T) {
		d := newStream(t, &broken{left: 100_000})
		var err error
		for n := 0; err == nil && n < 100; n++ {
			part(t, d, n, 100)
			err = d.Flush()
		}
		require.ErrorIs(t, err, errBroken)
		assert.ErrorIs(t, d.Close(), errBroken, "the error sticks")
	})
}

func flushed(d *Document) *Element {
	sect := d.Root().Add(Section)
	d.AddPage(9, 9).Place(sect.Add(Paragraph), 0, 0, d.Layout(9, 0, Left, span("x")))
	_ = d.Flush()
	return sect
}
