package verify_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

func findError(t testing.TB, v *verify.Verifier, data []byte, code verify.FindCode, says string) {
	t.Helper()
	_, err := v.FindContrassegno(t.Context(), data)
	var fe *verify.FindError
	if assert.ErrorAs(t, err, &fe) {
		assert.Equal(t, code, fe.Code, "%s: %v", fe.Message, fe.Err)
		assert.Contains(t, fe.Message, says)
		assert.True(t, strings.HasSuffix(fe.Message, "."), fe.Message)
		assert.Contains(t, fe.Error(), string(code))
	}
}

// scannedPage is a page at 200 dpi with the contrassegno on it.
func scannedPage(t testing.TB, mark []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(mark))
	require.NoError(t, err)
	return onPage(img, 1654, 2339)
}

// A sheet is one page of the PDFs that the tests write: the objects beside
// catalog, page tree and page, numbered from 4, and the page's own entries.
type sheet struct {
	page    string
	objects []string
}

func (s sheet) pdf() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	all := append([]string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] " + s.page + " >>"}, s.objects...)
	var offsets []int
	for i, o := range all {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(all)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(all)+1, xref)
	return b.Bytes()
}

func stream(dict string, data []byte) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

func deflate(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func xobject(w, h int, rest string) string {
	return fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d %s", w, h, rest)
}

func asGray(img image.Image) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}

func bits(g *image.Gray, dark bool) []byte {
	row := (g.Rect.Dx() + 7) / 8
	out := make([]byte, row*g.Rect.Dy())
	for y := range g.Rect.Dy() {
		for x := range g.Rect.Dx() {
			if (g.GrayAt(x, y).Y < 128) == dark {
				out[y*row+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return out
}

// TestFind finds the contrassegno in whatever holds it.
func TestFind(t *testing.T) {
	key := newKey(t)
	mark := newMark(t, key, structured)
	page := scannedPage(t, mark)
	g := asGray(page)
	w, h := g.Rect.Dx(), g.Rect.Dy()
	half := h / 5 // through the code
	one := "/Resources << /XObject << /Im0 4 0 R >> >>"
	rgb := make([]byte, 0, 3*w*h)
	for _, p := range g.Pix {
		rgb = append(rgb, p, p, p)
	}
	inverted := bytes.Clone(g.Pix)
	for i := range inverted {
		inverted[i] = 255 - inverted[i]
	}
	jpg := encodeJPEG(t, page, 80)
	link := "/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (%s) >> >>]"
	m, err := contrassegno.New("https://anpr.example", key, []byte(structured))
	require.NoError(t, err)
	for name, data := range map[string][]byte{
		"png":  encodePNG(t, page),
		"jpeg": jpg,
		"pdf jpeg": sheet{one,
			[]string{stream(xobject(w, h, "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"),
				jpg)}}.pdf(),
		"gray": sheet{one,
			[]string{stream(xobject(w, h, "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"),
				deflate(t, g.Pix))}}.pdf(),
		"rgb": sheet{one,
			[]string{stream(xobject(w, h, "/ColorSpace [/ICCBased 5 0 R] /BitsPerComponent 8 /Filter [/FlateDecode]"),
				deflate(t, rgb)), stream("/N 3", nil)}}.pdf(),
		"decode": sheet{one,
			[]string{stream(xobject(w, h,
				"/ColorSpace /DeviceGray /Decode [1 0] /BitsPerComponent 8 /Filter /FlateDecode"),
				deflate(t, inverted))}}.pdf(),
		"bits": sheet{one,
			[]string{stream(xobject(w, h, "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode"),
				deflate(t, bits(g, false)))}}.pdf(),
		"mask": sheet{one,
			[]string{stream(xobject(w, h, "/ImageMask true /Filter /FlateDecode"), deflate(t, bits(g, false)))}}.pdf(),
		"indexed": sheet{one,
			[]string{stream(xobject(w, h, "/ColorSpace [/Indexed /DeviceRGB 1 <FFFFFF000000>] /BitsPerComponent 1 "+
				"/Filter /FlateDecode"), deflate(t, bits(g, true)))}}.pdf(),
		"separation": sheet{one,
			[]string{stream(xobject(w, h, "/ColorSpace [/Separation /Black /DeviceGray 5 0 R] /BitsPerComponent 1 "+
				"/Filter /FlateDecode"), deflate(t, bits(g, true))), "<< >>"}}.pdf(),
		"strips": sheet{"/Resources << /XObject << /A 4 0 R /B 5 0 R >> >>", []string{
			stream(xobject(w, half, "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"),
				deflate(t, g.Pix[:w*half])),
			stream(xobject(w, h-half, "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"),
				deflate(t, g.Pix[w*half:]))}}.pdf(),
		"in a form": sheet{"/Resources << /XObject << /Fm0 4 0 R >> >>", []string{
			stream("/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /Im0 5 0 R /Fm0 4 0 R >> "+
				">>", []byte("/Im0 Do")),
			stream(xobject(w, h, "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"), jpg)}}.pdf(),
		"link":        sheet{fmt.Sprintf(link, m), nil}.pdf(),
		"certificate": sealtest.Document("x"), // replaced below
	} {
		t.Run(name, func(t *testing.T) {
			if name == "certificate" {
				ca, err := sealtest.NewCA(sealtest.Config{})
				require.NoError(t, err)
				found, err := verifier(t).FindContrassegno(t.Context(), issued(t, ca, seal.LevelB, time.Now()))
				require.NoError(t, err)
				assert.True(t, found.Authentic(bytes.Repeat([]byte{1}, 32)))
				return
			}
			found, err := verifier(t).FindContrassegno(t.Context(), data)
			require.NoError(t, err)
			assert.True(t, found.Matches([]byte(structured)))
			assert.True(t, found.Authentic(key))
		})
	}
}

// TestFindNot says why nothing is found, with a stable code and in Italian.
func TestFindNot(t *testing.T) {
	v := verifier(t)
	const one = "/Resources << /XObject << /Im0 4 0 R >> >>"
	white := image.NewGray(image.Rect(0, 0, 300, 300))
	draw.Draw(white, white.Rect, image.White, image.Point{}, draw.Src)
	picture := func(rest string, data []byte) []byte {
		return sheet{one, []string{stream(xobject(300, 300, rest), data)}}.pdf()
	}
	flate := "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"
	link := "/Annots [<< /Type /Annot /Subtype /Link /A << /S /URI /URI (%s) >> >> << /Type /Annot /Subtype /Link /A " +
		"<< /S /URI /URI (%s) >> >>]"
	var marks []any
	for _, text := range []string{"a", "b"} {
		m, err := contrassegno.New("https://anpr.example", newKey(t), []byte(text))
		require.NoError(t, err)
		marks = append(marks, m)
	}
	box := func(brand string) []byte {
		return append([]byte{0, 0, 0, 24}, "ftyp"+brand+"\x00\x00\x00\x00mif1heic"...)
	}
	for name, c := range map[string]struct {
		data []byte
		code verify.FindCode
		says string
	}{
		"empty": {nil, verify.FindEmpty, "è vuoto"},
		"svg": {[]byte("<?xml version='1.0'?>\n<svg " +
			"xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"), verify.FindFormat, "disegno SVG"},
		"heic":       {box("heic"), verify.FindFormat, "fotografia HEIC"},
		"avif":       {box("avif"), verify.FindFormat, "AVIF"},
		"gif":        {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), verify.FindFormat, "GIF"},
		"webp":       {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 "), verify.FindFormat, "WebP"},
		"tiff":       {[]byte("II*\x00\x08\x00\x00\x00"), verify.FindFormat, "TIFF"},
		"zip":        {[]byte("PK\x03\x04\x14\x00"), verify.FindFormat, "ZIP"},
		"html":       {[]byte("<!doctype html><p>"), verify.FindFormat, "HTML"},
		"text":       {[]byte("ciao"), verify.FindFormat, "non è un'immagine PNG né JPEG"},
		"no code":    {encodePNG(t, white), verify.FindNoCode, "a fuoco"},
		"other code": {foreignQR(t), verify.FindOtherCode, "non è quello di un certificato"},
		"cut jpeg":   {[]byte{0xFF, 0xD8, 0xFF}, verify.FindMalformed, "non è ben formata"},
		"large":      {make([]byte, 17<<20), verify.FindTooLarge, "17825792 byte"},
		"pdf cut":    {page1(), verify.FindMalformed, "non è un PDF ben formato"},
		"pdf encrypted": {bytes.Replace(sheet{}.pdf(), []byte("/Root"), []byte("/Encrypt << >> /Root"), 1),
			verify.FindEncrypted, "password"},
		"pdf of text":  {sheet{}.pdf(), verify.FindNoImage, "né pagine scansionate"},
		"pdf of white": {picture(flate, deflate(t, white.Pix)), verify.FindNoCode, "non si riconosce"},
		"pdf of a code": {sheet{one,
			[]string{stream(xobject(300, 300, flate), deflate(t, pixels(t, foreignQR(t))))}}.pdf(),
			verify.FindOtherCode, "non è quello di un certificato"},
		"jbig2": {picture("/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /JBIG2Decode", []byte("x")),
			verify.FindCompression, "JBIG2Decode"},
		"jpeg 2000": {picture("/Filter /JPXDecode", []byte("x")), verify.FindCompression, "JPXDecode"},
		"layers of a scan": {sheet{"/Resources << /XObject << /A 4 0 R /B 5 0 R >> >>", []string{
			stream(xobject(300, 300, flate), deflate(t, white.Pix)),
			stream(xobject(600, 600, "/ImageMask true /Filter /JBIG2Decode"), []byte("x"))}}.pdf(),
			verify.FindCompression, "JBIG2Decode"},
		"colours": {picture("/ColorSpace [/Lab << >>] /BitsPerComponent 8", white.Pix), verify.FindCompression,
			"Lab"},
		"samples missing": {picture(flate, deflate(t, white.Pix[1:])), verify.FindMalformed, "non sono ben formate"},
		"declared huge": {sheet{one, []string{stream(xobject(1<<20, 1<<20, flate), nil)}}.pdf(), verify.FindTooLarge,
			"troppo grandi"},
		"declared wrongly": {sheet{one, []string{stream(xobject(-1, 3, flate), nil)}}.pdf(), verify.FindMalformed,
			"non sono ben formate"},
		"two": {sheet{fmt.Sprintf(link, marks...), nil}.pdf(), verify.FindAmbiguous, "2 contrassegni"},
		"two on a page": {sheet{"/Resources << /XObject << /A 4 0 R /B 5 0 R >> >>", []string{
			stream(xobject(400, 400, flate), deflate(t, pixels(t, newMark(t, newKey(t), "a")))),
			stream(xobject(400, 400, flate), deflate(t, pixels(t, newMark(t, newKey(t), "b"))))}}.pdf(),
			verify.FindAmbiguous, "2 contrassegni"},
	} {
		t.Run(name, func(t *testing.T) { findError(t, v, c.data, c.code, c.says) })
	}

	// A bomb: a small stream that expands beyond what it declares.
	small, err := verify.New(verify.Config{Now: fixedNow,
		Limits: verify.Limits{PDF: verify.PDFLimits{Stream: 1 << 20, Expanded: 4 << 20}}})
	require.NoError(t, err)
	findError(t, small, picture(flate, deflate(t, make([]byte, 8<<20))), verify.FindTooLarge, "troppo grandi")

	// A link that is not to the data embedded here.
	alien := sheet{fmt.Sprintf(link, marks[0], marks[1]), []string{
		stream("/Type /EmbeddedFile", []byte(structured)), "<< /Type /Filespec /F (certificato.json) /UF " +
			"(certificato.json) /EF << /F 4 0 R >> >>"}}.pdf()
	alien = bytes.Replace(alien, []byte("/Catalog /Pages 2 0 R"), []byte("/Catalog/AF[5 0 R]/Pages 2 0 R"), 1)
	findError(t, v, fixXRef(t, alien), verify.FindNoImage, "collegamento")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, data := range [][]byte{encodePNG(t, white), picture(flate, deflate(t, white.Pix))} {
		_, err := v.FindContrassegno(ctx, data)
		var fe *verify.FindError
		require.ErrorAs(t, err, &fe)
		assert.Equal(t, verify.FindInterrupted, fe.Code)
		assert.True(t, errors.Is(err, context.Canceled))
	}
}

func page1() []byte { return sheet{}.pdf()[:200] }

func pixels(t testing.TB, data []byte) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	g := asGray(img)
	return g.Pix
}

// TestFindScans reads the PDFs that img2pdf makes of a page, as scanners do.
func TestFindScans(t *testing.T) {
	t.Parallel() // most of its time is that of other programs
	tool := testenv.Tool(t, "img2pdf")
	dir := t.TempDir()
	key := newKey(t)
	path := filepath.Join(dir, "page.png")
	require.NoError(t, os.WriteFile(path, encodePNG(t, scannedPage(t, newMark(t, key, structured))), 0o600))
	// The Debian program's own interpreter has the library.
	out, err := exec.CommandContext(t.Context(), interpreter(t, tool), filepath.Join("testdata", "scan.py"), path,
		dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	files, err := filepath.Glob(filepath.Join(dir, "*.pdf"))
	require.NoError(t, err)
	require.Len(t, files, 14)
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			if name == "jpeg-2000.pdf" {
				findError(t, verifier(t), data, verify.FindCompression, "JPXDecode")
				return
			}
			m, err := verifier(t).FindContrassegno(t.Context(), data)
			require.NoError(t, err)
			assert.True(t, m.Authentic(key))
		})
	}
}

// interpreter returns what the first line of a script names.
func interpreter(t testing.TB, script string) string {
	t.Helper()
	data, err := os.ReadFile(script)
	require.NoError(t, err)
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.Fields(strings.TrimPrefix(line, "#!"))[0]
}

// TestFindPrinted renders a certificate of ours as a scanner sees it and puts
// the picture into a PDF.
func TestFindPrinted(t *testing.T) {
	tool := testenv.Tool(t, "pdftoppm")
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.pdf"), issued(t, ca, seal.LevelB, time.Now()), 0o600))
	for _, dpi := range []string{"150", "300"} {
		out, err := exec.CommandContext(t.Context(), tool, "-r", dpi, "-jpeg", "-singlefile",
			filepath.Join(dir, "c.pdf"), filepath.Join(dir, dpi)).CombinedOutput()
		require.NoError(t, err, "%s", out)
		jpg, err := os.ReadFile(filepath.Join(dir, dpi+".jpg"))
		require.NoError(t, err)
		cfg, err := jpeg.DecodeConfig(bytes.NewReader(jpg))
		require.NoError(t, err)
		doc := sheet{"/Resources << /XObject << /Im0 4 0 R >> >>", []string{
			stream(xobject(cfg.Width, cfg.Height, "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"),
				jpg)}}.pdf()
		m, err := verifier(t).FindContrassegno(t.Context(), doc)
		require.NoError(t, err, dpi)
		assert.True(t, m.Authentic(bytes.Repeat([]byte{1}, 32)))
	}
}

func FuzzFind(f *testing.F) {
	v, err := verify.New(verify.Config{Now: fixedNow, Limits: verify.Limits{Pixels: 1 << 16,
		PDF: verify.PDFLimits{Size: 1 << 17, Stream: 1 << 18, Expanded: 1 << 20, Objects: 2000, Revisions: 20}}})
	require.NoError(f, err)
	mark := newMark(f, bytes.Repeat([]byte{7}, contrassegno.MinKeySize), structured)
	img, err := png.Decode(bytes.NewReader(mark))
	require.NoError(f, err)
	small := asGray(img)
	f.Add([]byte{})
	f.Add(encodeJPEG(f, img, 20))
	const one = "/Resources << /XObject << /Im0 4 0 R >> >> /Annots [<< /Type /Annot /Subtype /Link /A << /S /URI " +
		"/URI (https://a.it) >> >>]"
	for _, rest := range []string{"/ColorSpace /DeviceGray /BitsPerComponent 1", "/ImageMask true /Decode [1 0]",
		"/ColorSpace [/Indexed /DeviceRGB 1 <FFFFFF000000>] /BitsPerComponent 1"} {
		f.Add(sheet{one, []string{stream(xobject(400, 400, rest), bits(small, false))}}.pdf())
	}
	f.Add(sheet{one, []string{stream(xobject(40, 40,
		"/BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 40 "+
			">>"), []byte{0x26, 0xa0, 0x1f})}}.pdf())
	f.Add(sheet{one, []string{stream(xobject(400, 400,
		"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode"), encodeJPEG(f, img, 20))}}.pdf())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := v.FindContrassegno(t.Context(), data)
		var fe *verify.FindError
		switch {
		case err == nil && m.String() == "":
			t.Fatal("neither a contrassegno nor an error")
		case err != nil && (!errors.As(err, &fe) || fe.Message == "" || fe.Code == ""):
			t.Fatalf("an error without code or message: %v", err)
		}
	})
}
