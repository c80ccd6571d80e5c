package pdf_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// TestJPEGWork counts scans by their markers, also among data that looks like
// markers and in files that are cut.
func TestJPEGWork(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 30)), nil))
	require.Equal(t, int64(8*900), pdf.JPEGWork(b.Bytes(), 900))
	scan := "\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00data\xff\x00\xff\xd0\xff\xff"
	for n := range 5 {
		baseline := "\xff\xd8\xff\xc0\x00\x04ab" + strings.Repeat(scan, n) + "\xff\xd9"
		require.Equal(t, int64(8*max(1, n)), pdf.JPEGWork([]byte(baseline), 1), n)
		progressive := strings.Replace(baseline, "\xc0", "\xc2", 1)
		require.Equal(t, int64(8+2*max(1, n)*1), pdf.JPEGWork([]byte(progressive), 1), n)
	}
	hidden := "\xff\xd8\xff\xe0\x00\x08\xff\xda\xff\xda\xff\xda" + scan
	require.Equal(t, int64(8), pdf.JPEGWork([]byte(hidden), 1), "within another segment")
	for _, s := range []string{"", "\xff", "\xff\xda", "\xff\xda\x00", "\xff\xda\xff\xff", "\xff\xda\x00\x00\xff\xda"} {
		require.Positive(t, pdf.JPEGWork([]byte(s), 1))
	}
}

// drawn is a page with a content.
func drawn(t testing.TB, content string) (pdf.View, pdf.Ref) {
	t.Helper()
	b := newBuilder()
	b.object(1, "<< /Type /Catalog /Pages 2 0 R >>")
	b.object(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	b.object(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 20 10] /Contents 4 0 R /Resources << /XObject << /F 5 0 R "+
		">> >> >>")
	b.object(4, fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
	form := "0 0 1 1 re f /F Do"
	b.object(5, fmt.Sprintf("<< /Type /XObject /Subtype /Form /Matrix [2 0 0 2 4 4] /BBox [0 0 9 9] /Length %d >>\n"+
		"stream\n%s\nendstream", len(form), form))
	b.table("/Size 6 /Root 1 0 R", 0, 1, 2, 3, 4, 5)
	return mustParse(t, b.Bytes()).Last(), pdf.Ref{Num: 3}
}

// TestDraw draws shapes on a page of 20 by 10 points, each of which is a hundred
// points of the picture wide.
func TestDraw(t *testing.T) {
	free := func(int64) bool { return true }
	for name, c := range map[string]struct {
		content string
		dark    []image.Point // of the page, in its points from above
		shapes  int
	}{
		"a rectangle":    {"2 3 4 1 re f", []image.Point{{2, 6}, {3, 6}, {4, 6}, {5, 6}}, 1},
		"lines":          {"0 0 m 1 0 l 1 1 l 0 1 l h f", []image.Point{{0, 9}}, 1},
		"not closed":     {"0 0 m 1 0 l 1 1 l 0 1 l f*", []image.Point{{0, 9}}, 1},
		"moved":          {"q 1 0 0 1 3 0 cm 0 0 1 1 re f Q 0 0 1 1 re f", []image.Point{{0, 9}, {3, 9}}, 2},
		"turned":         {"0 1 -1 0 5 0 cm 0 0 2 1 re f", []image.Point{{4, 9}, {4, 8}}, 1},
		"white on black": {"0 0 3 1 re f 1 g 1 0 1 1 re f", []image.Point{{0, 9}, {2, 9}}, 1},
		"a hole": {"0 0 3 3 re 1 1 1 1 re f*",
			[]image.Point{{0, 9}, {1, 9}, {2, 9}, {0, 8}, {2, 8}, {0, 7}, {1, 7}, {2, 7}}, 2},
		"no hole":      {"0 0 2 1 re 0 0 1 1 re f", []image.Point{{0, 9}, {1, 9}}, 2},
		"a form, once": {"/F Do", []image.Point{{4, 5}, {5, 5}, {4, 4}, {5, 4}}, 1},
		"colours": {"1 1 0 rg 0 0 1 1 re f 0 0 1 rg 1 0 1 1 re f 0 0 0 1 k 2 0 1 1 re f",
			[]image.Point{{1, 9}, {2, 9}}, 2},
		"text and pictures": {"BT /F1 9 Tf (0 0 9 9 re f) Tj ET BI /W 1 ID 0 0 9 9 re f EI 0 0 1 1 re f",
			[]image.Point{{0, 9}}, 1},
		"nothing painted":      {"0 0 1 1 re n 1 0 1 1 re S 2 0 m 3 0 l f", nil, 0},
		"too few operands":     {"1 re f m l 1 cm 9 w f", nil, 0},
		"beyond the page":      {"-999999 -999999 1999998 999999 re f 19 9 999999 999999 re f", []image.Point{{19, 0}}, 2},
		"errors between":       {"( 0 0 1 1 re", nil, 0},
		"a stray bracket":      {") ] >> 0 0 1 1 re f", []image.Point{{0, 9}}, 1},
		"more ends than begun": {"Q Q 0 0 1 1 re f", []image.Point{{0, 9}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			v, page := drawn(t, c.content)
			d, err := v.Draw(page, free)
			require.NoError(t, err)
			require.Equal(t, image.Rect(0, 0, 2000, 1000), d.Image.Rect)
			want := map[image.Point]bool{}
			for _, p := range c.dark {
				want[p] = true
			}
			for y := range 10 {
				for x := range 20 {
					got := d.Image.GrayAt(100*x+50, 100*y+50).Y < 128
					require.Equal(t, want[image.Pt(x, y)], got, "%d %d", x, y)
				}
			}
			require.Equal(t, c.shapes, d.Shapes)
		})
	}
}

// TestDrawWork asks for leave for exactly what a drawing costs.
func TestDrawWork(t *testing.T) {
	v, page := drawn(t, "0 0 4 4 re f /F Do")
	spent := int64(0)
	_, err := v.Draw(page, func(n int64) bool { spent += n; return true })
	require.NoError(t, err)
	// The picture, both contents, then for each shape its two upright edges and what
	// it fills.
	content, form := int64(len("0 0 4 4 re f /F Do")+1), int64(len("0 0 1 1 re f /F Do"))
	require.Equal(t, 2000*1000+content+form+2*8*400+400*400+2*8*200+200*200, spent)
	for _, c := range []struct {
		budget int64
		stops  bool
	}{{spent, false}, {spent - 1, true}, {0, true}, {2_000_000, true}} {
		left := c.budget
		_, err := v.Draw(page, func(n int64) bool {
			if n > left {
				return false
			}
			left -= n
			return true
		})
		if c.stops {
			require.ErrorIs(t, err, pdf.ErrWork)
		} else {
			require.NoError(t, err)
		}
	}
}

// FuzzDraw draws contents within a budget, which it never passes.
func FuzzDraw(f *testing.F) {
	for _, s := range []string{"0 0 1 1 re f", "/F Do", "q 1 0 0 1 3 0 cm 0 0 m 1 0 l 1 1 l h f* Q", "BI ID EI",
		"1 0 0 rg 0 0 9 9 re B (x) Tj [1 2] 0 d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		if strings.Contains(content, "endstream") || len(content) > 1<<14 {
			return
		}
		v, page := drawn(t, content)
		left := int64(20_000_000)
		d, err := v.Draw(page, func(n int64) bool {
			require.GreaterOrEqual(t, n, int64(0))
			if n > left {
				return false
			}
			left -= n
			return true
		})
		if err == nil {
			require.LessOrEqual(t, d.Shapes, len(content))
		}
	})
}

// TestSpend counts what is asked for: so many objects as the limit says, and not one
// more.
func TestSpend(t *testing.T) {
	data := seeds()[0]
	f, err := pdf.Parse(t.Context(), data, pdf.Limits{Work: 3})
	require.NoError(t, err)
	for range 3 {
		_, err = f.Last().Get(pdf.Ref{Num: 1})
		require.NoError(t, err)
	}
	_, err = f.Last().Get(pdf.Ref{Num: 1})
	require.ErrorIs(t, err, pdf.ErrLimit)
	f, err = pdf.Parse(t.Context(), data, pdf.Limits{Work: 3})
	require.NoError(t, err)
	require.NoError(t, f.Spend(3))
	require.ErrorIs(t, f.Spend(1), pdf.ErrLimit)
}
