package pdf_test

import (
	"encoding/hex"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestDecode reads text strings in the three encodings, and refuses what two
// readers may take for two texts.
func TestDecode(t *testing.T) {
	for in, want := range map[string]string{
		"Perch\xe9":                              "Perché",
		"\x85 \x84 \x80 \xa0 \x18 \x9e":          "– — • € ˘ ž",
		"a\tb\nc\rd":                             "a\tb\nc\rd",
		"\xfe\xff\x00P\x00e\x20\x13":             "Pe–",
		"\xfe\xff\xd8\x3d\xde\x00":               "\U0001F600",
		"\xef\xbb\xbfPerch\xc3\xa9 \xe2\x80\x93": "Perché –",
		"":                                       "",
		"\xfe\xff":                               "",
		"\xef\xbb\xbf":                           "",
		"\xef\xbb":                               "ï»",
		"\xef\xbb\xbf\xf0\x9f\x98\x80":           "\U0001F600",
		strings.Repeat("\xa1", 1000):             strings.Repeat("¡", 1000),
		"\xfe\xff" + strings.Repeat("\x00\xa1", 1000): strings.Repeat("¡", 1000),
	} {
		got, ok := pdf.String(in).Decode()
		require.True(t, ok, "%q", in)
		require.Equal(t, want, got)
		require.Equal(t, want, pdf.String(in).Text())
	}
	for _, in := range []string{
		"a\x00b", "a\x7f", "a\x9f", "a\xad", "a\x08", "\xff\xfea\x00", "\xff\xfeab", "\xfe\xff\x00", "\xfe\xff\xd8\x3d",
		"\xfe\xff\xd8\x3d\x00a", "\xfe\xff\xde\x00", "\xfe\xff\xde\x00\xd8\x3d", "\xfe\xff\xfe\xff\x00a",
		"\xfe\xff\x00a\xfe\xff", "\xfe\xff\xff\xfe", "\xfe\xff\xff\xff", "\xfe\xff\xff\xfd", "\xfe\xff\xfd\xd0",
		"\xfe\xff\x00\x00", "\xfe\xff\x00\x1b\x00i\x00t\x00\x1b", "\xfe\xff\x00\x85", "\xef\xbb\xbf\xc0\x80",
		"\xef\xbb\xbf\xed\xa0\x80", "\xef\xbb\xbfa\xc3", "\xef\xbb\xbf\xef\xbb\xbf", "\xef\xbb\xbf\x1bit\x1b",
		"\xfe\xff\xd8\x3f\xdf\xfe", // U+1FFFE
	} {
		_, ok := pdf.String(in).Decode()
		require.False(t, ok, "%q", in)
	}
}

// TestNoDate compares dates that are none: each is the same only as itself.
func TestNoDate(t *testing.T) {
	for _, s := range []string{"D:00000101000000", "D:20260230000000", "20260101000000", "D:20260101000000+24'00",
		"D:2026010"} {
		require.False(t, pdf.Same(pdf.Date, pdf.String(s+"Z"), pdf.String(s+"+00'00'")), s)
		require.True(t, pdf.Same(pdf.Date, pdf.String(s), pdf.String(s)))
	}
	require.True(t, pdf.Same(pdf.Date, pdf.String("D:00010101000000Z"), pdf.String("D:00010101000000+00'00'")))
}

// TestSameLimits compares strings of the size that is decoded, and one byte more.
func TestSameLimits(t *testing.T) {
	const most = 64 << 10
	text := func(n int) (latin, utf pdf.String) {
		latin = pdf.String(strings.Repeat("a", n))
		return latin, append(pdf.String{0xEF, 0xBB, 0xBF}, latin...)
	}
	a, b := text(most - 3)
	require.True(t, pdf.Same(pdf.Text, a, b))
	require.True(t, pdf.Same(pdf.Text, b, a))
	a, b = text(most - 2)
	require.False(t, pdf.Same(pdf.Text, a, b), "one byte more than is decoded")
	require.True(t, pdf.Same(pdf.Text, a, append(pdf.String{}, a...)), "the same bytes")
	for _, n := range []int64{1 << 53, 1<<53 + 1} {
		require.Equal(t, n == 1<<53, pdf.Same(pdf.Number, n, float64(n)), n)
	}
}

// TestDocEncoding holds each code of PDFDocEncoding against pyHanko's table.
func TestDocEncoding(t *testing.T) {
	testenv.Judge(t, "pyHanko")
	out, err := exec.CommandContext(t.Context(), testenv.PyHanko(t), "-c", `
from pyhanko.pdf_utils.generic import pdf_string
for c in range(256):
    try:
        s = pdf_string(bytes([c]))
        print('%02x %s' % (c, str(s).encode('utf-8').hex() if isinstance(s, str) else '-'))
    except Exception:
        print('%02x -' % c)
`).Output()
	require.NoError(t, err)
	n := 0
	for line := range strings.Lines(string(out)) {
		code, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		c, err := hex.DecodeString(code)
		require.NoError(t, err)
		got, ok := pdf.String(c).Decode()
		if code == "09" || code == "0a" || code == "0d" {
			require.True(t, ok, "%s: annex D.2 has it, pyHanko does not", code)
			continue
		}
		if want == "-" {
			require.False(t, ok, code)
			continue
		}
		text, err := hex.DecodeString(want)
		require.NoError(t, err)
		require.True(t, ok, code)
		require.Equal(t, string(text), got, code)
		n++
	}
	require.GreaterOrEqual(t, n, 220, "characters compared")
}

// FuzzSame decodes strings: what is the same as another in one direction is so in
// the other, whatever can be decoded is the same as its own UTF-16, and nothing
// else is.
func FuzzSame(f *testing.F) {
	for _, s := range []string{"Perch\xe9", "\xfe\xff\x00a", "\xef\xbb\xbfa", "D:20261130063103Z", "D:2026+01'00'",
		"/F1 9 Tf 0 g", "<</ESIC<</BaseVersion/1.7/ExtensionLevel 2>>>>"} {
		f.Add([]byte(s), []byte(s))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, y := pdf.String(a), pdf.String(b)
		for _, kind := range []pdf.Type{pdf.Exact, pdf.Text, pdf.Date, pdf.Number, pdf.Rectangle} {
			require.Equal(t, pdf.Same(kind, x, y), pdf.Same(kind, y, x), kind)
			require.True(t, pdf.Same(kind, x, x))
		}
		text, ok := x.Decode()
		require.True(t, utf8.ValidString(text))
		if ok {
			require.Equal(t, text, x.Text())
			again, ok := pdf.TextString(text).Decode()
			require.True(t, ok)
			require.Equal(t, text, again)
		}
		if other, ok2 := y.Decode(); ok && ok2 && len(a) < 1000 && len(b) < 1000 {
			require.Equal(t, text == other, pdf.Same(pdf.Text, x, y))
		}
		names := map[pdf.Name]bool{}
		pdf.NamesIn(a, names)
		require.LessOrEqual(t, len(names), len(a))
	})
}
