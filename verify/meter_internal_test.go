package verify

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
)

// paper is a picture with a code, or without one.
func paper(t testing.TB, code bool) *image.Gray {
	t.Helper()
	page := image.NewGray(image.Rect(0, 0, 900, 700))
	for i := range page.Pix {
		page.Pix[i] = 240
	}
	if !code {
		for i := range page.Pix { // words, more or less
			if i/900%30 < 14 && i%900%11 < 6 && i%7 < 4 {
				page.Pix[i] = 30
			}
		}
		return page
	}
	m, err := contrassegno.New("https://anpr.example", bytes.Repeat([]byte{1}, contrassegno.MinKeySize), []byte("{}"))
	require.NoError(t, err)
	data, err := m.PNG(410)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	for y := range 410 {
		for x := range 410 {
			r, _, _, _ := img.At(x, y).RGBA()
			page.Pix[(y+100)*900+x+200] = byte(r >> 8)
		}
	}
	return page
}

// spent returns what a search costs that nothing bounds.
func spent(t testing.TB, data []byte) int64 {
	t.Helper()
	v, err := New(Config{})
	require.NoError(t, err)
	const all = 1 << 50
	m := &meter{ctx: t.Context(), left: all}
	if bytes.HasPrefix(data, []byte("%PDF")) {
		_, _ = v.findInPDF(m, data)
	} else {
		_, _ = v.findInPicture(m, data)
	}
	require.False(t, m.out)
	return all - m.left
}

// TestWork gives a search exactly what it costs, and one point less: with that the
// answer is the same every time, and without it says so.
func TestWork(t *testing.T) {
	encode := func(img image.Image, asJPEG bool) []byte {
		var b bytes.Buffer
		if asJPEG {
			require.NoError(t, jpeg.Encode(&b, img, nil))
		} else {
			require.NoError(t, png.Encode(&b, img))
		}
		return b.Bytes()
	}
	for name, data := range map[string][]byte{
		"PNG": encode(paper(t, true), false), "JPEG": encode(paper(t, true), true),
		"no code": encode(paper(t, false), false), "no code, JPEG": encode(paper(t, false), true),
	} {
		cost := spent(t, data)
		require.Equal(t, cost, spent(t, data), "the same every time")
		for _, c := range []struct {
			work int64
			code FindCode
		}{{cost, ""}, {cost - 1, FindWork}, {cost / 2, FindWork}, {1, FindWork}} {
			want := c.code
			if want == "" && name[:2] == "no" {
				want = FindNoCode
			}
			v, err := New(Config{Limits: Limits{Work: c.work}})
			require.NoError(t, err)
			_, err = v.FindContrassegno(t.Context(), data)
			if want == "" {
				require.NoError(t, err, name)
				continue
			}
			var fe *FindError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, want, fe.Code, "%s with %d of %d: %s", name, c.work, cost, fe.Message)
			if want == FindWork {
				require.Contains(t, fe.Message, "del solo riquadro del codice QR")
			}
		}
	}
}

// TestAdvice does what the advice after a stop says: a cut-out of a picture that
// cost too much is read.
func TestAdvice(t *testing.T) {
	page := image.NewGray(image.Rect(0, 0, 3000, 3000))
	code := paper(t, true)
	for i := range page.Pix {
		page.Pix[i] = 240
	}
	for y := range 700 {
		copy(page.Pix[(y+1000)*3000+1000:][:900], code.Pix[y*900:][:900])
	}
	var whole, part bytes.Buffer
	require.NoError(t, png.Encode(&whole, page))
	require.NoError(t, png.Encode(&part, page.SubImage(image.Rect(1150, 1050, 1700, 1600))))
	v, err := New(Config{Limits: Limits{Work: spent(t, whole.Bytes()) - 1}})
	require.NoError(t, err)
	_, err = v.FindContrassegno(t.Context(), whole.Bytes())
	var fe *FindError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, FindWork, fe.Code)
	_, err = v.FindContrassegno(t.Context(), part.Bytes())
	require.NoError(t, err)
}

// TestMeter takes all there is and not one more.
func TestMeter(t *testing.T) {
	m := &meter{ctx: t.Context(), left: 10}
	require.True(t, m.take(10))
	require.False(t, m.out)
	require.True(t, m.take(0))
	require.False(t, m.take(1))
	require.True(t, m.out)
	m = &meter{ctx: t.Context(), left: 10}
	require.False(t, m.take(-1))
	require.Equal(t, int64(10), m.left)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m = &meter{ctx: ctx, left: 10}
	require.False(t, m.take(1))
	require.False(t, m.out, "it was not the budget")
}
