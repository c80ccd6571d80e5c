package tagged

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
)

var created = time.Date(2026, 11, 22, 9, 41, 7, 0, time.UTC)

func newDocument(t testing.TB) *Document {
	t.Helper()
	e, err := New(Config{})
	require.NoError(t, err)
	return e.NewDocument(Metadata{Title: "Prova è così", Lang: "it-IT", Author: "Chi scrive", Subject: "Una prova (con parentesi)", Creator: "test", Created: created})
}

func span(s string) Span { return Span{Style{Face: Regular, Size: 11}, s} }

// full makes a document with everything in it, over several pages.
func full(t testing.TB) *Document {
	d := newDocument(t)
	root := d.Root()
	flow := &Flow{Doc: d, Left: 60, Top: 60, Right: 60, Bottom: 60, OnPage: func(p *Page) {
		p.Artifact(func(c *Canvas) {
			c.MoveTo(60, 50)
			c.LineTo(535, 50)
			c.Stroke(Color{200, 0, 0}, 0.5)
			c.Moved(300, 400, 1, 45, func(c *Canvas) {
				c.Block(-200, 0, d.Layout(400, 0, Center, Span{Style{Face: Bold, Size: 60, Color: Color{235, 235, 235}}, "FONDO"}))
			})
		})
	}}
	flow.Block(root.Add(H1), d.Layout(flow.Width(), 0, Center, Span{Style{Face: Bold, Size: 22}, "Città & «Łódź»"}))
	for range 70 {
		flow.Block(root.Add(Paragraph), d.Layout(flow.Width(), 16, Left, span("Il perché dell'AVANTI: Ștefan Kovačević, Đorđe, Žižek. "), Span{Style{Face: Bold, Size: 11}, "grassetto"}, span(strings.Repeat(" parola", 30))))
		flow.Space(4)
	}
	flow.Need(200)
	flow.Block(root.Add(H2), d.Layout(flow.Width(), 0, Left, span("Tabella")))
	p, y := flow.Page(), flow.Y()+10
	table := root.Add(Table)
	row := table.Add(TableRow)
	p.Place(row.Add(HeaderCell), 60, y, d.Layout(100, 0, Left, span("Nome")))
	p.Place(row.Add(HeaderCell), 160, y, d.Layout(100, 0, Left, span("Valore")))
	row = table.Add(TableRow)
	p.Place(row.AddWith(DataCell, Attributes{ColSpan: 2}), 60, y+20, d.Layout(200, 0, Right, span("uno")))
	list := root.Add(List).Add(ListItem)
	p.Place(list.Add(Label), 60, y+40, d.Layout(10, 0, Left, span("•")))
	p.Place(list.Add(ListBody), 75, y+40, d.Layout(300, 0, Left, span("voce")))
	p.Draw(root.AddWith(Figure, Attributes{Alt: "Un cerchio"}), 60, y+60, 40, 40, func(c *Canvas) {
		c.Circle(80, y+80, 20)
		c.Fill(Color{0, 100, 50})
	})
	for i, data := range [][]byte{pngPicture(t, true), jpegPicture(t)} {
		img, err := ParseImage(data)
		require.NoError(t, err)
		x := 120 + 60*float64(i)
		p.Draw(root.AddWith(Figure, Attributes{Alt: "Un'immagine"}), x, y+60, 40, 40, func(c *Canvas) { c.Image(img, x, y+60, 40, 40) })
	}
	p.Link(root.Add(Paragraph).Add(Link), 60, y+120, d.Layout(300, 0, Left, span("collegamento")), "https://example.it/a(b)?c=%20", "Apri l'esempio")
	d.Attach(File{Name: "dati.json", MediaType: "application/json", Description: "I dati è", Relationship: DataRelationship, Modified: created, Data: []byte(`{"a":1}`)})
	d.Attach(File{Name: "altro.json", MediaType: "application/json", Relationship: SupplementRelationship, Modified: created, Data: []byte(`{}`)})
	return d
}

func write(t testing.TB, d *Document) string {
	t.Helper()
	pdf, err := d.Bytes()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "x.pdf")
	require.NoError(t, os.WriteFile(path, pdf, 0o600))
	return path
}

func run(t testing.TB, tool string, args ...string) string {
	t.Helper()
	out, err := exec.Command(testenv.Tool(t, tool), args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", tool, args, out)
	return string(out)
}

func TestSameBytesForTheSameCalls(t *testing.T) {
	a, err := full(t).Bytes()
	require.NoError(t, err)
	b, err := full(t).Bytes()
	require.NoError(t, err)
	assert.True(t, bytes.Equal(a, b))
	d := full(t)
	d.meta.Created = created.Add(time.Second)
	c, err := d.Bytes()
	require.NoError(t, err)
	id := func(pdf []byte) string { return string(pdf[bytes.LastIndex(pdf, []byte("/ID [")):][:40]) }
	assert.NotEqual(t, id(a), id(c), "the identifier follows the content")
}

func TestForeignReaders(t *testing.T) {
	path := write(t, full(t))
	t.Run("qpdf", func(t *testing.T) {
		assert.Contains(t, run(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
		assert.Contains(t, run(t, "qpdf", "--list-attachments", path), "dati.json")
	})
	t.Run("pdftotext", func(t *testing.T) {
		text := run(t, "pdftotext", "-enc", "UTF-8", path, "-")
		for _, s := range []string{"Città & «Łódź»", "Ștefan Kovačević, Đorđe, Žižek", "collegamento"} {
			assert.Contains(t, text, s)
		}
	})
	t.Run("pdffonts", func(t *testing.T) {
		lines := strings.Split(strings.TrimSpace(run(t, "pdffonts", path)), "\n")
		require.Len(t, lines, 4)
		for _, l := range lines[2:] {
			assert.Regexp(t, `CID TrueType +Identity-H +yes yes yes`, l)
		}
	})
	t.Run("pdfinfo", func(t *testing.T) {
		tree := run(t, "pdfinfo", "-struct-text", path)
		for _, s := range []string{"H1", "Table", "TR", "Figure", "Link", "collegamento"} {
			assert.Contains(t, tree, s)
		}
	})
	t.Run("mutool", func(t *testing.T) {
		out := run(t, "mutool", "draw", "-F", "trace", "-o", os.DevNull, path)
		assert.NotContains(t, out, "error")
	})
}

// TestStandards asks veraPDF, whose program .ci/setup installs as "verapdf".
func TestStandards(t *testing.T) {
	path := write(t, full(t))
	for _, flavour := range []string{"3a", "ua1"} {
		out := run(t, "verapdf", "-f", flavour, "--format", "text", path)
		assert.True(t, strings.HasPrefix(out, "PASS "), "%s: %s", flavour, out)
	}
}

func TestMistakesAreErrors(t *testing.T) {
	place := func(d *Document, e *Element) {
		d.AddPage(A4Width, A4Height).Place(e, 10, 10, d.Layout(100, 0, Left, span("x")))
	}
	for name, c := range map[string]struct {
		do   func(d *Document)
		want string
	}{
		"figure without alternative text": {func(d *Document) { d.Root().Add(Figure) }, "no alternative text"},
		"skipped heading":                 {func(d *Document) { d.Root().Add(H2) }, "a level is skipped"},
		"row outside of a table":          {func(d *Document) { d.Root().Add(TableRow) }, "TR stands in a Document"},
		"cell outside of a row":           {func(d *Document) { d.Root().Add(Table).Add(DataCell) }, "TD stands in a Table"},
		"content of the root":             {func(d *Document) { place(d, d.Root()) }, "below its root"},
		"empty element": {func(d *Document) {
			place(d, d.Root().Add(Paragraph))
			d.Root().Add(Paragraph)
		}, "a P has no content"},
		"content inside content": {func(d *Document) {
			p := d.AddPage(A4Width, A4Height)
			p.Artifact(func(*Canvas) { p.Artifact(func(*Canvas) {}) })
		}, "inside other content"},
		"no page":            {func(*Document) {}, "no page"},
		"page too large":     {func(d *Document) { d.AddPage(20000, 10) }, "expected 3 to 14400"},
		"relative link":      {func(d *Document) { link(d, "/x") }, "absolute https"},
		"script link":        {func(d *Document) { link(d, "javascript:alert(1)") }, "absolute https"},
		"link with a space":  {func(d *Document) { link(d, "https://x/a b") }, "must be escaped"},
		"attachment's name":  {func(d *Document) { d.Attach(File{Name: "../x"}) }, "embedded file"},
		"attachment's type":  {func(d *Document) { d.Attach(File{Name: "x", MediaType: "x"}) }, "no media type"},
		"attachment's kind":  {func(d *Document) { d.Attach(File{Name: "x", MediaType: "a/b", Modified: created}) }, "relationship"},
		"missing glyph":      {func(d *Document) { d.Layout(100, 0, Left, span("aЖ")) }, "U+0416"},
		"point off any page": {func(d *Document) { d.AddPage(10, 10).Artifact(func(c *Canvas) { c.MoveTo(1e9, 0) }) }, "outside of any page"},
		"narrow block":       {func(d *Document) { d.Layout(0, 0, Left, span("x")) }, "0 points wide"},
		"style without size": {func(d *Document) { d.Layout(10, 0, Left, Span{Text: "x"}) }, "0 points"},
		"language of a part": {func(d *Document) { d.Root().AddWith(Paragraph, Attributes{Lang: "è"}) }, "language tag"},
		"control in a title": {func(d *Document) { d.Root().AddWith(Figure, Attributes{Alt: "a\x00"}) }, "U+0000"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDocument(t)
			c.do(d)
			_, err := d.Bytes()
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func link(d *Document, uri string) {
	p := d.AddPage(A4Width, A4Height)
	p.Link(d.Root().Add(Link), 10, 10, d.Layout(100, 0, Left, span("x")), uri, "x")
}

func TestMetadataIsChecked(t *testing.T) {
	e, err := New(Config{})
	require.NoError(t, err)
	for want, m := range map[string]Metadata{
		"no title":     {Lang: "it", Created: created},
		"language tag": {Title: "x", Lang: "italiano!", Created: created},
		"creation":     {Title: "x", Lang: "it"},
		"U+0001":       {Title: "x\x01", Lang: "it", Created: created},
		"UTF-8":        {Title: "x\xff", Lang: "it", Created: created},
	} {
		assert.ErrorContains(t, e.NewDocument(m).Err(), want)
	}
}

func TestBytesOnlyOnce(t *testing.T) {
	d := full(t)
	_, err := d.Bytes()
	require.NoError(t, err)
	_, err = d.Bytes()
	assert.ErrorContains(t, err, "already finished")
}

func BenchmarkDocument(b *testing.B) {
	e, err := New(Config{})
	require.NoError(b, err)
	text := strings.Repeat("Il perché dell'AVANTI di Ștefan ", 8)
	b.ReportAllocs()
	for b.Loop() {
		d := e.NewDocument(Metadata{Title: "x", Lang: "it", Created: created})
		flow := &Flow{Doc: d, Left: 60, Top: 60, Right: 60, Bottom: 60}
		for range 10 {
			flow.Block(d.Root().Add(Paragraph), d.Layout(flow.Width(), 0, Left, span(text)))
		}
		pdf, err := d.Bytes()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(pdf)), "bytes/file")
	}
}
