package pdf_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// A builder writes PDF files for the tests, well formed or not.
type builder struct {
	bytes.Buffer
	offsets map[int]int
}

func newBuilder() *builder {
	b := &builder{offsets: map[int]int{}}
	b.WriteString("%PDF-1.7\n")
	return b
}

func (b *builder) object(num int, body string) *builder {
	b.offsets[num] = b.Len()
	fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", num, body)
	return b
}

// table ends a revision with a cross-reference table of the given objects.
func (b *builder) table(trailer string, nums ...int) int {
	at := b.Len()
	b.WriteString("xref\n")
	for _, n := range nums {
		if n == 0 {
			b.WriteString("0 1\n0000000000 65535 f \n")
			continue
		}
		fmt.Fprintf(b, "%d 1\n%010d 00000 n \n", n, b.offsets[n])
	}
	fmt.Fprintf(b, "trailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n", trailer, at)
	return at
}

func deflate(data []byte) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.String()
}

// basic is a document of one page.
func basic() *builder {
	b := newBuilder()
	b.object(1, "<< /Type /Catalog /Pages 2 0 R >>")
	b.object(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	b.object(3, "<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>")
	b.object(4, "<< /Length 5 0 R >>\nstream\nBT ET\nendstream")
	b.object(5, "5")
	return b
}

func parse(t testing.TB, data []byte) (*pdf.File, error) {
	t.Helper()
	return pdf.Parse(t.Context(), data, pdf.Limits{})
}

func mustParse(t testing.TB, data []byte) *pdf.File {
	t.Helper()
	f, err := parse(t, data)
	require.NoError(t, err)
	require.NoError(t, f.CheckObjects(t.Context()))
	return f
}

func TestBasic(t *testing.T) {
	b := basic()
	xref := b.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5)
	f := mustParse(t, b.Bytes())
	require.Len(t, f.Revisions, 1)
	assert.Equal(t, int64(xref), f.Revisions[0].XRef)
	assert.Equal(t, int64(b.Len()), f.Revisions[0].EndLine)
	assert.Zero(t, f.Trailing)
	pages, err := f.Last().Pages()
	require.NoError(t, err)
	assert.Equal(t, []pdf.Ref{{Num: 3}}, pages)
	o, err := f.Last().Get(pdf.Ref{Num: 4})
	require.NoError(t, err)
	assert.Equal(t, "BT ET", string(o.(*pdf.Stream).Raw))
	_, err = f.Last().Get(pdf.Ref{Num: 4, Gen: 1})
	assert.ErrorIs(t, err, pdf.ErrNotFound)
	_, err = f.Last().Get(pdf.Ref{Num: 77})
	assert.ErrorIs(t, err, pdf.ErrNotFound)
}

func TestRevisions(t *testing.T) {
	b := basic()
	first := b.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5)
	end := b.Len()
	b.object(4, "<< /Length 5 >>\nstream\nq Q q\nendstream")
	b.object(6, "(new)")
	b.table(fmt.Sprintf("/Size 7 /Root 1 0 R /Prev %d", first), 4, 5, 6)
	f := mustParse(t, b.Bytes())
	require.Len(t, f.Revisions, 2)
	assert.Equal(t, int64(end), f.Revisions[0].EndLine)
	assert.Equal(t, []pdf.Ref{{Num: 4}, {Num: 6}}, f.Revisions[1].Objects, "object 5 is repeated, not changed")
	changes, err := f.Changes(1)
	require.NoError(t, err)
	require.Len(t, changes, 2)
	assert.True(t, changes[0].Had && changes[0].Has)
	assert.True(t, !changes[1].Had && changes[1].Has)
	old, err := f.At(0).Get(pdf.Ref{Num: 4})
	require.NoError(t, err)
	assert.Equal(t, "BT ET", string(old.(*pdf.Stream).Raw))
	_, err = f.At(0).Get(pdf.Ref{Num: 6})
	assert.ErrorIs(t, err, pdf.ErrNotFound)
	_, err = f.Changes(0)
	assert.Error(t, err)
}

// xrefStream ends a revision with a cross-reference stream: objects 1 to 3 in
// object stream 6.
func xrefStream(b *builder, predictor bool) {
	content := "1 0 2 36 3 78 << /Type /Catalog /Pages 2 0 R >>    << /Type /Pages /Kids [3 0 R] /Count 1 >> << /Type /Page /Parent 2 0 R >>"
	first := strings.Index(content, "<<")
	second, third := strings.Index(content, "<< /Type /Pages")-first, strings.Index(content, "<< /Type /Page ")-first
	content = fmt.Sprintf("1 0 2 %d 3 %d ", second, third) + content[first:]
	first = strings.Index(content, "<<")
	data := deflate([]byte(content))
	b.object(6, fmt.Sprintf("<< /Type /ObjStm /N 3 /First %d /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", first, len(data), data))
	at := b.Len()
	rows := [][]byte{{0, 0, 0, 255}, {2, 0, 6, 0}, {2, 0, 6, 1}, {2, 0, 6, 2}, {0, 0, 0, 0}, {0, 0, 0, 0},
		{1, byte(b.offsets[6] >> 8), byte(b.offsets[6]), 0}, {1, byte(at >> 8), byte(at), 0}}
	var table []byte
	parms := ""
	prior := make([]byte, 4)
	for i, row := range rows {
		if predictor {
			kind := byte(i % 5)
			table = append(table, kind)
			for j := range row {
				var left, corner byte
				if j > 0 {
					left, corner = row[j-1], prior[j-1]
				}
				switch kind {
				case 0:
					table = append(table, row[j])
				case 1:
					table = append(table, row[j]-left)
				case 2:
					table = append(table, row[j]-prior[j])
				case 3:
					table = append(table, row[j]-byte((int(left)+int(prior[j]))/2))
				case 4:
					table = append(table, row[j]-paeth(left, prior[j], corner))
				}
			}
			prior = row
			continue
		}
		table = append(table, row...)
	}
	if predictor {
		parms = "/DecodeParms << /Predictor 15 /Columns 4 >>"
	}
	data = deflate(table)
	b.object(7, fmt.Sprintf("<< /Type /XRef /Size 8 /W [1 2 1] /Root 1 0 R /Filter /FlateDecode %s /Length %d >>\nstream\n%s\nendstream", parms, len(data), data))
	fmt.Fprintf(b, "startxref\n%d\n%%%%EOF\n", at)
}

// paeth is the function of ISO/IEC 15948 clause 9.4, by its definition.
func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	best, dist := a, 1000
	for _, x := range []byte{a, b, c} {
		if d := max(p-int(x), int(x)-p); d < dist {
			best, dist = x, d
		}
	}
	return best
}

func TestXRefStream(t *testing.T) {
	for _, predictor := range []bool{false, true} {
		b := newBuilder()
		xrefStream(b, predictor)
		f := mustParse(t, b.Bytes())
		pages, err := f.Last().Pages()
		require.NoError(t, err)
		assert.Equal(t, []pdf.Ref{{Num: 3}}, pages)
		assert.True(t, f.Last().InStream(1))
		assert.False(t, f.Last().InStream(6))
	}
}

func TestHybrid(t *testing.T) {
	b := basic()
	b.offsets[8] = b.Len()
	data := string([]byte{1, byte(b.offsets[5] >> 8), byte(b.offsets[5]), 0})
	at := b.Len()
	b.object(8, fmt.Sprintf("<< /Type /XRef /Size 9 /W [1 2 1] /Index [5 1] /Length %d >>\nstream\n%s\nendstream", len(data), data))
	xref := b.Len()
	fmt.Fprintf(b, "xref\n0 6\n0000000000 65535 f \n")
	for i := 1; i <= 4; i++ {
		fmt.Fprintf(b, "%010d 00000 n \n", b.offsets[i])
	}
	fmt.Fprintf(b, "0000000000 00000 f \ntrailer << /Size 6 /Root 1 0 R /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n", at, xref)
	f := mustParse(t, b.Bytes())
	assert.True(t, f.Revisions[0].Hybrid)
	o, err := f.Last().Get(pdf.Ref{Num: 5})
	require.NoError(t, err)
	assert.Equal(t, int64(5), o)
}

// TestForeignWriter reads what qpdf makes of a file.
func TestForeignWriter(t *testing.T) {
	qpdf := testenv.Tool(t, "qpdf")
	b := basic()
	b.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5)
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	require.NoError(t, os.WriteFile(in, b.Bytes(), 0o600))
	for name, args := range map[string][]string{
		"plain": nil, "object streams": {"--object-streams=generate"}, "linearised": {"--linearize"},
		"linearised with streams": {"--linearize", "--object-streams=generate"}, "QDF": {"--qdf"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.pdf")
			text, err := exec.CommandContext(t.Context(), qpdf, append(args, in, out)...).CombinedOutput()
			require.NoError(t, err, "%s", text)
			data, err := os.ReadFile(out)
			require.NoError(t, err)
			f := mustParse(t, data)
			assert.Len(t, f.Revisions, 1)
			assert.Equal(t, strings.Contains(name, "linearised"), f.Revisions[0].Linear)
			assert.Equal(t, int64(len(data)), f.Revisions[0].EndLine)
			pages, err := f.Last().Pages()
			require.NoError(t, err)
			assert.Len(t, pages, 1)
		})
	}
	out := filepath.Join(dir, "encrypted.pdf")
	text, err := exec.CommandContext(t.Context(), qpdf, "--encrypt", "a", "b", "256", "--", in, out).CombinedOutput()
	require.NoError(t, err, "%s", text)
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	_, err = parse(t, data)
	assert.ErrorIs(t, err, pdf.ErrEncrypted)
}

// TestNumbers: integers up to 64 bits keep their value, however they are written.
func TestNumbers(t *testing.T) {
	b := basic()
	b.object(6, "[0 007 -5 +5 999999999999999999 1000000000000000000 9223372036854775807 -9223372036854775808 "+
		"00000000000000000000000012 1.5 -.5]")
	b.table("/Size 7 /Root 1 0 R", 0, 1, 2, 3, 4, 5, 6)
	got, err := mustParse(t, b.Bytes()).Last().Get(pdf.Ref{Num: 6})
	require.NoError(t, err)
	require.Equal(t, pdf.Array{int64(0), int64(7), int64(-5), int64(5), int64(999999999999999999),
		int64(1000000000000000000), int64(math.MaxInt64), int64(math.MinInt64), int64(12), 1.5, -.5}, got)
	for _, text := range []string{"9223372036854775808", "-9223372036854775809", "10000000000000000000"} {
		b := basic()
		b.object(6, "["+text+"]")
		b.table("/Size 7 /Root 1 0 R", 0, 1, 2, 3, 4, 5, 6)
		f, err := parse(t, b.Bytes())
		require.NoError(t, err, text)
		require.ErrorContains(t, f.CheckObjects(t.Context()), "64 bits", text)
	}
}

func TestRefused(t *testing.T) {
	good := basic()
	good.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5)
	edit := func(old, repl string) []byte { return []byte(strings.Replace(good.String(), old, repl, 1)) }
	double := basic()
	double.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5, 4)
	loop := basic()
	at := loop.Len()
	loop.table(fmt.Sprintf("/Size 6 /Root 1 0 R /Prev %d", at), 0, 1, 2, 3, 4, 5)
	behind := basic()
	behind.offsets[5] = 5000
	behind.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5)
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"nothing":          {nil, "not a PDF file"},
		"no marker":        {edit("%%EOF", "%%EOG"), "no %%EOF"},
		"no startxref":     {edit("startxref", "startxrex"), "no startxref"},
		"offset":           {edit("startxref\n", "startxref\n9999"), "is over"},
		"offset one off":   {edit(fmt.Sprintf("startxref\n%d", at), fmt.Sprintf("startxref\n%d", at+2)), "expected xref"},
		"twice":            {double.Bytes(), "a second entry for object 4"},
		"loop":             {loop.Bytes(), "loops"},
		"behind the end":   {behind.Bytes(), "behind the end of the revision"},
		"trailer":          {edit("/Root 1 0 R", "/Root 1 0 R /Root 2 0 R"), "the key Root twice"},
		"prev":             {edit("/Root 1 0 R", "/Root 1 0 R /Prev -5"), "expected an offset"},
		"entry":            {edit("0000000009 00000 n", "0000000009 00000 x"), "expected a cross-reference entry"},
		"object zero":      {edit("0000000000 65535 f", "0000000009 65535 n"), "object 0 is in use"},
		"encrypted":        {edit("/Root 1 0 R", "/Root 1 0 R /Encrypt 3 0 R"), "encrypted"},
		"version":          {edit("%PDF-1.7", "%PDF-9.7"), "not a PDF file"},
		"startxref of old": {append(good.Bytes(), "\nstartxref\n0\n%%EOF\n"...), "expected xref"},
	} {
		_, err := parse(t, c.data)
		assert.ErrorContains(t, err, c.says, name)
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"other number":    {edit("3 0 obj", "9 0 obj"), "expected 3 0 R"},
		"no end":          {edit("/Count 1 >>\nendobj", "/Count 1 >>\nendobX"), "expected endobj"},
		"length":          {edit("\n5\nendobj", "\n4\nendobj"), "expected endstream"},
		"length too much": {edit("\n5\nendobj", "\n99999\nendobj"), "stream of length"},
		"length itself":   {edit("/Length 5 0 R", "/Length 4 0 R"), "needed to read itself"},
		"name":            {edit("/Count 1", "/Co#zz 1"), "in a name"},
		"number":          {edit("/Count 1", "/Count 1-1"), "expected a number"},
		"big number":      {edit("/Count 1", "/Count 99999999999999999999"), "64 bits"},
		"hexadecimal":     {edit("/Count 1", "/Count <0g>"), "hexadecimal digit"},
		"open string":     {edit("/Count 1 >>", "/Count (1 >>"), "string without end"},
		"stream end":      {edit("stream\nBT", "stream\rBT"), "expected a line feed"},
	} {
		f, err := parse(t, fix(c.data))
		require.NoError(t, err, name)
		assert.ErrorContains(t, f.CheckObjects(t.Context()), c.says, name)
	}
}

// fix corrects the offsets after an edit; objects keep their order.
func fix(data []byte) []byte {
	at := bytes.LastIndex(data, []byte("xref\n0 1"))
	nums := []int{1, 2, 3, 4, 5}
	var b bytes.Buffer
	b.Write(data[:at])
	b.WriteString("xref\n0 1\n0000000000 65535 f \n")
	pos := 0
	for i, n := range nums {
		mark := []byte(" 0 obj\n")
		next := bytes.Index(data[pos:], mark) + pos
		start := bytes.LastIndexByte(data[:next], '\n') + 1
		fmt.Fprintf(&b, "%d 1\n%010d 00000 n \n", nums[i], start)
		_ = n
		pos = next + 1
	}
	fmt.Fprintf(&b, "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", at)
	return b.Bytes()
}

func TestLimits(t *testing.T) {
	deep := basic()
	deep.object(6, strings.Repeat("[", 100)+strings.Repeat("]", 100))
	deep.table("/Size 7 /Root 1 0 R", 0, 1, 2, 3, 4, 5, 6)
	f, err := parse(t, deep.Bytes())
	require.NoError(t, err)
	assert.ErrorIs(t, f.CheckObjects(t.Context()), pdf.ErrLimit)

	bomb := newBuilder()
	xrefStream(bomb, false)
	_, err = pdf.Parse(t.Context(), bomb.Bytes(), pdf.Limits{Stream: 10})
	assert.ErrorIs(t, err, pdf.ErrLimit)
	_, err = pdf.Parse(t.Context(), bomb.Bytes(), pdf.Limits{Expanded: 10})
	assert.ErrorIs(t, err, pdf.ErrLimit)
	_, err = pdf.Parse(t.Context(), bomb.Bytes(), pdf.Limits{Size: 10})
	assert.ErrorIs(t, err, pdf.ErrLimit)
	_, err = pdf.Parse(t.Context(), bomb.Bytes(), pdf.Limits{Objects: 3})
	assert.ErrorIs(t, err, pdf.ErrLimit)

	many := basic()
	prev := many.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5)
	for range 300 {
		prev = many.table(fmt.Sprintf("/Size 6 /Root 1 0 R /Prev %d", prev), 5)
	}
	_, err = parse(t, many.Bytes())
	assert.ErrorIs(t, err, pdf.ErrLimit)
	f, err = pdf.Parse(t.Context(), many.Bytes(), pdf.Limits{Revisions: 500})
	require.NoError(t, err)
	assert.Len(t, f.Revisions, 301)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = pdf.Parse(ctx, many.Bytes(), pdf.Limits{})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestEmbeddedFiles(t *testing.T) {
	data := deflate([]byte("contenuto"))
	b := newBuilder()
	b.object(1, "<< /Type /Catalog /Pages 2 0 R /AF [5 0 R] /Names << /EmbeddedFiles 3 0 R >> >>")
	b.object(2, "<< /Type /Pages /Kids [] /Count 0 >>")
	b.object(3, "<< /Kids [4 0 R] >>")
	b.object(4, "<< /Names [(a) 5 0 R (b) 7 0 R] >>")
	b.object(5, "<< /Type /Filespec /UF <FEFF00E8002E006A> /AFRelationship /Data /EF << /F 6 0 R >> >>")
	b.object(6, fmt.Sprintf("<< /Subtype /application#2Fjson /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", len(data), data))
	b.object(7, "<< /Type /Filespec /F (b) /EF << /F 8 0 R >> >>")
	b.object(8, "<< /Length 2 >>\nstream\nok\nendstream")
	b.table("/Size 9 /Root 1 0 R", 0, 1, 2, 3, 4, 5, 6, 7, 8)
	files, err := mustParse(t, b.Bytes()).EmbeddedFiles()
	require.NoError(t, err)
	assert.Equal(t, []pdf.EmbeddedFile{
		{Name: "è.j", Relationship: "Data", Subtype: "application/json", Data: []byte("contenuto")},
		{Name: "b", Data: []byte("ok")},
	}, files)

	loop := strings.Replace(b.String(), "<< /Kids [4 0 R] >>", "<< /Kids [3 0 R] >>", 1)
	_, err = mustParse(t, []byte(loop)).EmbeddedFiles()
	assert.ErrorContains(t, err, "twice in a tree")
}

func TestParseDate(t *testing.T) {
	for s, want := range map[string]string{
		"D:20261122073000+01'00'": "2026-11-22T07:30:00+01:00",
		"D:20261122073000+01'00":  "2026-11-22T07:30:00+01:00",
		"D:20261122073000+01":     "2026-11-22T07:30:00+01:00",
		"D:20261122073000-05'30'": "2026-11-22T07:30:00-05:30",
		"D:20261122073000Z":       "2026-11-22T07:30:00Z",
		"D:20261122073000":        "2026-11-22T07:30:00Z",
		"D:2026":                  "2026-01-01T00:00:00Z",
		"D:202611":                "2026-11-01T00:00:00Z",
	} {
		got, err := pdf.ParseDate(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got.Format(time.RFC3339), s)
	}
	for _, s := range []string{"", "D:", "20261122", "D:20261322000000", "D:20261122073000+25'00'", "D:20261122073000+01'00'x", "D:2026112207300"} {
		_, err := pdf.ParseDate(s)
		assert.Error(t, err, s)
	}
}

// seeds returns small files of every kind for the fuzz targets.
func seeds() [][]byte {
	a := basic()
	a.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5)
	b := newBuilder()
	xrefStream(b, true)
	c := basic()
	prev := c.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5)
	c.object(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] >> >>")
	c.object(6, "<< /FT /Sig /T (S) /V << /Type /Sig /SubFilter /adbe.pkcs7.detached /ByteRange [0 1 2 3] /Contents <00> >> >>")
	c.table(fmt.Sprintf("/Size 7 /Root 1 0 R /Prev %d", prev), 1, 6)
	return [][]byte{a.Bytes(), b.Bytes(), c.Bytes()}
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	limits := pdf.Limits{Size: 1 << 16, Stream: 1 << 18, Expanded: 1 << 20, Objects: 2000, Revisions: 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, s := range pdf.Salvage(data, limits) {
			if rev, problems := s.Coverage(); rev >= 0 || len(problems) == 0 {
				t.Fatal("a salvaged signature covers something")
			}
			s.SignedBytes()
		}
		file, err := pdf.Parse(t.Context(), data, limits)
		if err != nil {
			return
		}
		_ = file.CheckObjects(t.Context())
		_, _ = file.EmbeddedFiles()
		_, _ = file.Last().Pages()
		for i := range file.Revisions {
			if r := file.Revisions[i]; r.End > int64(len(data)) || r.Start >= r.End {
				t.Fatalf("revision %d from %d to %d of %d bytes", i, r.Start, r.End, len(data))
			}
			_, _ = file.Changes(i)
			_, _ = file.At(i).Dangling(t.Context())
		}
		sigs, _ := file.Signatures()
		for _, s := range sigs {
			s.Coverage()
			for _, part := range s.SignedBytes() {
				if len(part) > len(data) {
					t.Fatal("more bytes than there are")
				}
			}
		}
	})
}
