package verify_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// booklet writes a PDF of several pages: pages are their entries, objects are
// numbered from 3.
func booklet(pages, objects []string) []byte {
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", 3+len(objects)+i))
	}
	all := append([]string{"<< /Type /Catalog /Pages 2 0 R >>", fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>",
		strings.Join(kids, " "), len(pages))}, objects...)
	for _, p := range pages {
		all = append(all, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "+p+" >>")
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
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

// pictures are a booklet of scanned pages, one picture each.
func pictures(t testing.TB, list ...image.Image) []byte {
	t.Helper()
	var pages, objects []string
	for i, img := range list {
		g := asGray(img)
		objects = append(objects, stream(xobject(g.Rect.Dx(), g.Rect.Dy(),
			"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"), deflate(t, g.Pix)))
		pages = append(pages, fmt.Sprintf("/Resources << /XObject << /Im %d 0 R >> >>", 3+i))
	}
	return booklet(pages, objects)
}

// writing is a page of words and noise, another for each number.
func writing(n uint64, w, h int) image.Image {
	rnd := rand.New(rand.NewPCG(n, 7))
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 225 + byte(rnd.UintN(30))
	}
	for y := 100; y+16 < h-100; y += 40 {
		for x := 100; x+12 < w-100; x += 14 {
			if rnd.UintN(6) == 0 {
				continue
			}
			for range 40 {
				img.Pix[(y+int(rnd.UintN(16)))*w+x+int(rnd.UintN(10))] = 20
			}
		}
	}
	return img
}

// TestBrought reads what people bring instead of the original.
func TestBrought(t *testing.T) {
	v := verifier(t)
	for _, name := range []string{"printed-to-pdf-cairo.pdf", "printed-to-pdf-mutool.pdf", "pillow-scan.pdf"} {
		m, err := v.FindContrassegno(t.Context(), caseFile(t, name))
		require.NoError(t, err, name)
		require.Regexp(t, "^HTTPS://", m.String())
	}
	key := bytes.Repeat([]byte{7}, contrassegno.MinKeySize)
	mark := newMark(t, key, structured)
	page := scannedPage(t, mark)
	dark := asGray(page)
	for i := range dark.Pix {
		dark.Pix[i] = 255 - dark.Pix[i]
	}
	huge := image.NewGray(image.Rect(0, 0, 8192, 6144)) // 50 megapixels
	small := asGray(page)
	for y := range huge.Rect.Dy() {
		for x := range huge.Rect.Dx() {
			huge.Pix[y*huge.Stride+x] = 230
			if sx, sy := x/3-500, y/3; sx >= 0 && sx < small.Rect.Dx() && sy < small.Rect.Dy() {
				huge.Pix[y*huge.Stride+x] = small.Pix[sy*small.Stride+sx]
			}
		}
	}
	other := scannedPage(t, newMark(t, key, "un altro"))
	for name, data := range map[string][]byte{
		"light on dark":             encodePNG(t, dark),
		"50 megapixels, JPEG":       encodeJPEG(t, huge, 60),
		"surplus data in a PNG":     surplus(t, encodePNG(t, page), 1000),
		"on the last of ten pages":  pictures(t, append(smallPages(9), page)...),
		"without the table":         cutTable(pictures(t, page)),
		"bytes before":              append([]byte("\r\n"), pictures(t, page)...),
		"surplus rows in a picture": surplusRows(t, page),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := v.FindContrassegno(t.Context(), data)
			require.NoError(t, err)
			require.True(t, m.Matches([]byte(structured)))
		})
	}
	findError(t, v, pictures(t, page, other), verify.FindAmbiguous, "2 contrassegni diversi")
	// The original of one certificate and the scan of another, in either order.
	m, err := contrassegno.New("https://anpr.example", key, []byte("un altro"))
	require.NoError(t, err)
	link := fmt.Sprintf("/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (%s) >> >>]", m)
	g := asGray(page)
	image := stream(xobject(g.Rect.Dx(), g.Rect.Dy(), "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"),
		deflate(t, g.Pix))
	scanned := "/Resources << /XObject << /Im 3 0 R >> >>"
	for _, pages := range [][]string{{scanned, link}, {link, scanned}, {scanned + link}} {
		findError(t, v, booklet(pages, []string{image}), verify.FindAmbiguous, "l'originale di un certificato e l'immagine")
	}
}

// smallPages are pages at 100 dpi, quickly made.
func smallPages(n uint64) (list []image.Image) {
	for i := range n {
		list = append(list, writing(i, 827, 1170))
	}
	return list
}

func tenPages(n uint64) (list []image.Image) {
	for i := range n {
		list = append(list, writing(i, 1654, 2339))
	}
	return list
}

func cutTable(doc []byte) []byte { return doc[:bytes.LastIndex(doc, []byte("xref\n0"))] }

// surplus adds bytes to the compressed data of a PNG.
func surplus(t testing.TB, data []byte, n int) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	g := asGray(img)
	var raw bytes.Buffer
	for y := range g.Rect.Dy() {
		raw.WriteByte(0)
		raw.Write(g.Pix[y*g.Stride:][:g.Rect.Dx()])
	}
	raw.Write(make([]byte, n))
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, err = w.Write(raw.Bytes())
	require.NoError(t, err)
	require.NoError(t, w.Close())
	head := binary.BigEndian.AppendUint32(nil, uint32(g.Rect.Dx()))
	head = append(binary.BigEndian.AppendUint32(head, uint32(g.Rect.Dy())), 8, 0, 0, 0, 0)
	out := []byte("\x89PNG\r\n\x1a\n")
	for _, c := range []struct {
		kind string
		body []byte
	}{{"IHDR", head}, {"IDAT", packed.Bytes()}, {"IEND", nil}} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(c.body)))
		from := len(out)
		out = append(append(out, c.kind...), c.body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[from:]))
	}
	_, err = png.Decode(bytes.NewReader(out))
	require.Error(t, err, "the library is strict")
	return out
}

// surplusRows is a PDF whose picture has predicted rows and some bytes more.
func surplusRows(t testing.TB, img image.Image) []byte {
	t.Helper()
	g := asGray(img)
	var raw bytes.Buffer
	for y := range g.Rect.Dy() {
		raw.WriteByte(0)
		raw.Write(g.Pix[y*g.Stride:][:g.Rect.Dx()])
	}
	raw.WriteString("\r\nxyz")
	return sheet{"/Resources << /XObject << /Im0 4 0 R >> >>", []string{stream(xobject(g.Rect.Dx(), g.Rect.Dy(),
		fmt.Sprintf("/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode /DecodeParms << /Predictor 15 "+
			"/Columns %d >>", g.Rect.Dx())), deflate(t, raw.Bytes()))}}.pdf()
}

// TestTurned finds the code of a certificate of ours that was printed to PDF and
// turned, by what the page draws.
func TestTurned(t *testing.T) {
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	doc := issued(t, ca, seal.LevelB, time.Now())
	m, err := verifier(t).FindContrassegno(t.Context(), doc)
	require.NoError(t, err)
	modules, err := m.Modules()
	require.NoError(t, err)
	for name, start := range map[string]string{
		"upright": "4 0 0 4 100 300 cm", "upside down": "-4 0 0 -4 500 600 cm", "on its side": "0 4 -4 0 300 300 cm",
		"mirrored axis": "4 0 0 -4 100 500 cm", "small": "1.5 0 0 1.5 100 300 cm",
	} {
		for how, draw := range map[string]func(x, y int) string{
			"rectangles": func(x, y int) string { return fmt.Sprintf("%d %d 1 1 re f\n", x, y) },
			"one path": func(x, y int) string {
				return fmt.Sprintf("%d %d m %[3]d %[2]d l %[3]d %[4]d l %[1]d %[4]d l h\n", x, y, x+1, y+1)
			},
		} {
			if how == "one path" && name != "upright" {
				continue
			}
			t.Run(name+", "+how, func(t *testing.T) {
				content := "q 1 1 1 rg 0 0 595 842 re f Q 0 g " + start + "\n"
				for y, row := range modules {
					for x, dark := range row {
						if dark {
							content += draw(x, len(modules)-1-y)
						}
					}
				}
				data := sheet{"/Contents 4 0 R", []string{stream("", []byte(content+" f"))}}.pdf()
				got, err := verifier(t).FindContrassegno(t.Context(), data)
				require.NoError(t, err)
				require.Equal(t, m, got)
			})
		}
	}
}

// BenchmarkBrought times the search in ten scanned pages and in what is made to
// cost much: the limit is 2 s of processor time.
func BenchmarkBrought(b *testing.B) {
	v := verifier(b)
	noise := func(w, h int) image.Image {
		img := image.NewGray(image.Rect(0, 0, w, h))
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := range img.Pix {
			img.Pix[i] = byte(rnd.Uint32())
		}
		return img
	}
	var ten []image.Image
	for range 10 {
		ten = append(ten, noise(1654, 2339))
	}
	for name, data := range map[string][]byte{
		"slow-10-pages":          caseFile(b, "slow-10-pages.pdf"),
		"ten pages of writing":   pictures(b, tenPages(10)...),
		"ten pages of noise":     pictures(b, ten...),
		"stripes, 16 megapixels": encodePNG(b, stripes(4000, 4000, 5)),
		"noise, 48 megapixels":   encodeJPEG(b, noise(8000, 6000), 5),
		"code of shapes":         caseFile(b, "printed-to-pdf-cairo.pdf"),
	} {
		b.Run(name, func(b *testing.B) {
			var spent time.Duration
			for b.Loop() {
				start := cpu()
				_, _ = v.FindContrassegno(b.Context(), data)
				spent += cpu() - start
			}
			b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "cpu-ms")
		})
	}
}

// stripes look like a finder pattern in every row.
func stripes(w, h, module int) image.Image {
	img := image.NewGray(image.Rect(0, 0, w, h))
	pattern := []byte{0, 255, 0, 0, 0, 255, 0, 255}
	for y := range h {
		for x := range w {
			img.Pix[y*w+x] = pattern[x/module%8]
		}
	}
	return img
}
