package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// finders is a sheet full of what QR codes are found by, and of nothing else.
func finders(width, height, module int) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Gray{Y: 255}, color.Gray{Y: 0}})
	ring := func(x int) int { x = x / module % 9; return max(x-4, 4-x) }
	for y := range height {
		for x := range width {
			if r := max(ring(x), ring(y)); r <= 1 || r == 3 {
				img.Pix[y*img.Stride+x] = 1
			}
		}
	}
	return img
}

func deflated(t testing.TB, write func(w *zlib.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	require.NoError(t, write(w))
	require.NoError(t, w.Close())
	return b.Bytes()
}

// pngBomb is a small PNG of very many white points.
func pngBomb(t testing.TB, size int) []byte {
	t.Helper()
	row := make([]byte, 1+(size+7)/8)
	data := deflated(t, func(w *zlib.Writer) error {
		for range size {
			if _, err := w.Write(row); err != nil {
				return err
			}
		}
		return nil
	})
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		at := len(out)
		out = append(append(out, name...), body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[at:]))
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(size))
	head = binary.BigEndian.AppendUint32(head, uint32(size))
	chunk("IHDR", append(head, 1, 0, 0, 0, 0))
	chunk("IDAT", data)
	chunk("IEND", nil)
	return out
}

// scan is a PDF of so many pages, each the same picture, as a scanner makes them.
func scan(t testing.TB, pages int, img *image.Paletted) []byte {
	t.Helper()
	w, h := img.Rect.Dx(), img.Rect.Dy()
	bits := make([]byte, (w+7)/8*h)
	for y := range h {
		for x := range w {
			if img.Pix[y*img.Stride+x] == 0 {
				bits[y*((w+7)/8)+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	data := deflated(t, func(w *zlib.Writer) error { _, err := w.Write(bits); return err })
	var b bytes.Buffer
	var at []int
	object := func(text string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), text)
	}
	b.WriteString("%PDF-1.7\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	kids := ""
	for n := range pages {
		kids += fmt.Sprintf("%d 0 R ", 3+3*n)
	}
	object(fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", pages, kids))
	const draw = "q 595 0 0 842 0 0 cm /Im0 Do Q"
	for n := range pages {
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "+
			"/Resources << /XObject << /Im0 %d 0 R >> >> >>", 4+3*n, 5+3*n))
		object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(draw), draw))
		object(fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray "+
			"/BitsPerComponent 1 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", w, h, len(data), data))
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return b.Bytes()
}

// TestAttackBombs: small files that cost much to read are refused with a sentence that
// says why, and the service goes on.
func TestAttackBombs(t *testing.T) {
	s, base, out := start(t, nil)
	_, code := printed(t, s)
	var sheet, large bytes.Buffer
	require.NoError(t, png.Encode(&sheet, finders(3000, 4000, 3)))
	require.NoError(t, jpeg.Encode(&large, image.NewGray(image.Rect(0, 0, 7500, 7500)), &jpeg.Options{Quality: 10}))
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"bomba.png":     {pngBomb(t, 30000), "Inviare un&#39;immagine più piccola"},
		"bomba.jpg":     {large.Bytes(), "Inviare un&#39;immagine più piccola"},
		"cercatori.png": {sheet.Bytes(), "non si è potuto leggere"},
		"quaranta.pdf":  {scan(t, 40, finders(1654, 2339, 3)), "non si è potuto leggere"},
	} {
		require.Less(t, len(c.data), 1<<20, "%s is small", name)
		status, text, err := verifyFile(t.Context(), browser(t), base, name, c.data)
		require.NoError(t, err, name)
		require.Equal(t, http.StatusUnprocessableEntity, status, name)
		require.Contains(t, text, c.says, name)
		authentic(t, browser(t), base, "codice.png", code)
	}
	require.NotContains(t, out.String(), "level=ERROR")
}

// TestAttackStarve: one network has files read all the time that cost much. Whoever
// comes from another one is served each time.
func TestAttackStarve(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))) // so many files are read at a time
	s, base, _ := start(t, nil)
	_, code := printed(t, s)
	costly := scan(t, 40, finders(1654, 2339, 3))
	ctx, end := context.WithCancel(t.Context())
	var sent atomic.Int64
	var wg sync.WaitGroup
	defer func() { end(); wg.Wait() }()
	first := make(chan struct{})
	once := sync.OnceFunc(func() { close(first) })
	for range 8 {
		attacker := from(t, "127.0.0.2")
		wg.Go(func() {
			defer once()
			for ctx.Err() == nil {
				status, _, err := verifyFile(ctx, attacker, base, "scansione.pdf", costly)
				if ctx.Err() != nil {
					return
				}
				if err != nil { // its rates have cut it off from the captcha
					assert.ErrorContains(t, err, "status 429")
					time.Sleep(10 * time.Millisecond)
				} else {
					assert.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusServiceUnavailable,
						http.StatusTooManyRequests}, status)
				}
				sent.Add(1)
				once()
			}
		})
	}
	<-first
	for range 2 {
		before := sent.Load()
		authentic(t, from(t, "127.0.0.3"), base, "codice.png", code)
		require.Eventually(t, func() bool { return sent.Load() > before }, time.Minute, time.Millisecond, "the attack goes on")
	}
}
