package tagged

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"testing/quick"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := New(Config{})
	require.NoError(t, err)
	return e
}

// TestSpans draws what a font lacks with the fallback of the face, and no more.
func TestSpans(t *testing.T) {
	e, err := New(Config{Fallback: goregular.TTF})
	require.NoError(t, err)
	style := Style{Face: Regular, Size: 9}
	other := style
	other.Face = Fallback
	require.Equal(t, []Span{{style, "ROSSI "}, {other, "ЖУК"}, {style, " È 日"}}, e.Spans(style, "ROSSI ЖУК E\u0300 日"))
	require.Empty(t, e.Spans(style, ""))
	bold := Style{Face: Bold, Size: 9}
	require.Equal(t, []Span{{bold, "ЖУК"}}, e.Spans(bold, "ЖУК"), "without a fallback")
	require.Error(t, e.Check(FallbackBold, "A"), "a face that is not there")
	require.NoError(t, e.Check(Fallback, "ЖУК"))
}

// TestAgainstAnotherReader compares glyphs, widths and kerning with
// golang.org/x/image/font/sfnt.
func TestAgainstAnotherReader(t *testing.T) {
	for i, f := range engine(t).fonts[:2] {
		other, err := sfnt.Parse([][]byte{titilliumRegular, titilliumBold}[i])
		require.NoError(t, err)
		var buf sfnt.Buffer
		for r := rune(0); r < 0x10000; r++ {
			g, err := other.GlyphIndex(&buf, r)
			require.NoError(t, err)
			require.Equal(t, uint16(g), f.glyph(r), "U+%04X", r)
			if g == 0 {
				continue
			}
			w, err := other.GlyphAdvance(&buf, g, fixed.I(1000), 0)
			require.NoError(t, err)
			require.Equal(t, w.Round(), f.advance(uint16(g)), "U+%04X", r)
		}
		assert.Less(t, f.kerning(f.glyph('A'), f.glyph('V')), 0, "A and V draw near")
		assert.Equal(t, 0, f.kerning(f.glyph('H'), f.glyph('H')))
	}
}

// TestSubsetIsAFont parses every subset with another reader and compares the
// outlines of its glyphs with those of the whole font.
func TestSubsetIsAFont(t *testing.T) {
	for i, f := range engine(t).fonts[:2] {
		whole, err := sfnt.Parse([][]byte{titilliumRegular, titilliumBold}[i])
		require.NoError(t, err)
		for _, s := range f.subsets {
			file, err := f.truetype(s.size)
			require.NoError(t, err)
			// The other reader insists on tables that a PDF does not need.
			tables := map[string][]byte{"cmap": f.tables["cmap"], "name": f.tables["name"], "post": {0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "OS/2": f.tables["OS/2"]}
			for k := range int(binary.BigEndian.Uint16(file[4:])) {
				rec := file[12+16*k:]
				off, size := binary.BigEndian.Uint32(rec[8:]), binary.BigEndian.Uint32(rec[12:])
				tables[string(rec[:4])] = file[off : off+size]
				want := checksum(file[off : off+size])
				if string(rec[:4]) != "head" {
					require.Equal(t, want, binary.BigEndian.Uint32(rec[4:]))
				}
			}
			require.Equal(t, uint32(0xB1B0AFBA), checksum(file), "the checksum of the whole file")
			sub, err := sfnt.Parse(assemble(tables))
			require.NoError(t, err)
			require.Equal(t, s.size, sub.NumGlyphs())
			var a, b sfnt.Buffer
			for c, g := range f.order[:s.size] {
				want, err := whole.LoadGlyph(&a, sfnt.GlyphIndex(g), fixed.I(1000), nil)
				require.NoError(t, err)
				got, err := sub.LoadGlyph(&b, sfnt.GlyphIndex(c), fixed.I(1000), nil)
				require.NoError(t, err)
				require.Equal(t, want, got, "glyph %d", g)
			}
		}
	}
}

func TestSmallestSubsetIsEmbedded(t *testing.T) {
	sizes := map[string]int{}
	for _, text := range []string{"Città", "Kovačević"} {
		d := newDocument(t)
		d.AddPage(A4Width, A4Height).Place(d.Root().Add(Paragraph), 0, 0, d.Layout(500, 0, Left, span(text)))
		pdf, err := d.Bytes()
		require.NoError(t, err)
		sizes[text] = len(pdf)
	}
	assert.Less(t, sizes["Città"], 20_000)
	assert.Greater(t, sizes["Kovačević"], sizes["Città"]+5_000)
}

func TestRefusedCharacters(t *testing.T) {
	e := engine(t)
	for text, want := range map[string]struct {
		reason   Reason
		char     rune
		position int
	}{
		"ab\x00":   {ControlCharacter, 0, 3},
		"a\nb":     {ControlCharacter, '\n', 2},
		"a\tb":     {ControlCharacter, '\t', 2},
		"a\u0085":  {ControlCharacter, 0x85, 2},
		"è\u200bx": {FormatCharacter, 0x200b, 2},
		"x\u00ady": {FormatCharacter, 0xad, 2},
		"x\u2028":  {FormatCharacter, 0x2028, 2},
		"abc שלום": {RightToLeft, 'ש', 5},
		"محمد":     {RightToLeft, 'م', 1},
		"a\u202eb": {RightToLeft, 0x202e, 2},
		"Иван":     {NoGlyph, 'И', 1},
		"GROẞ":     {NoGlyph, 'ẞ', 4},
		"x😀":       {NoGlyph, '😀', 2},
		"b\u030a":  {CombiningMark, 0x30a, 2},
		"a\xffb":   {NotUTF8, 0xfffd, 2},
		"\ue000":   {Unassigned, 0xe000, 1},
	} {
		err := e.Check(Regular, text)
		var c *CharacterError
		if !assert.ErrorAs(t, err, &c, "%+q", text) {
			continue
		}
		assert.Equal(t, want.reason, c.Reason, "%+q", text)
		assert.Equal(t, want.char, c.Char, "%+q", text)
		assert.Equal(t, want.position, c.Position, "%+q", text)
		assert.NotContains(t, c.Error(), text, "the text may be personal data")
	}
}

func TestPrintedAlphabets(t *testing.T) {
	e := engine(t)
	for _, text := range []string{
		"ÀÈÉÌÒÙ àèéìòù", "ÄÖÜß äöü", "ÇÉÂÊÎÔÛËÏÜŸŒÆ çœæÿ", "ČŠŽĆĐ čšžćđ", "ĄĆĘŁŃÓŚŹŻ ąćęłńóśźż", "ĂÂÎȘȚ ăâîșț ŞŢ",
		"ÁĎĚŇŘŤŮÝ áďěňřťůý", "ĹĽŔ ĺľŕ", "ŐŰ őű", "ĀĒĢĪĶĻŅŪ āēģīķļņū", "ĖĮŲ ėįų", "ÅØ åø", "ÐÞ ðþ", "ĠĦ ġħ", "ĞİŞ ğış", "ÑÃÕ ñãõ",
	} {
		for _, face := range []Face{Regular, Bold} {
			assert.NoError(t, e.Check(face, text))
		}
	}
	assert.NoError(t, e.Check(Regular, "Kovac\u030cevic\u0301"), "decomposed letters are composed")
}

func TestWrapping(t *testing.T) {
	d := newDocument(t)
	lines := func(width float64, text string) (out []string) {
		b := d.Layout(width, 0, Left, span(text))
		for i := range b.Lines() {
			out = append(out, b.Text(i))
			assert.LessOrEqual(t, b.lines[i].width, width+0.01)
		}
		require.NoError(t, d.Err())
		return out
	}
	assert.Equal(t, []string{"uno due tre ", "quattro"}, lines(65, "uno due tre quattro"))
	assert.Equal(t, []string{"Maria-", "Grazia"}, lines(45, "Maria-Grazia"))
	assert.Equal(t, []string{"uno ", "n.\u00a05"}, lines(30, "uno n.\u00a05"), "a no-break space holds")
	assert.Empty(t, lines(20, ""))
}

func TestLongNamesBreakInside(t *testing.T) {
	d := newDocument(t)
	name := strings.Repeat("X", 200)
	b := d.Layout(300, 0, Center, span(name))
	assert.Greater(t, b.Lines(), 3)
	joined := ""
	for i := range b.Lines() {
		joined += b.Text(i)
	}
	assert.Equal(t, name, joined, "no character is lost")
}

// TestWrappingLosesNothing holds for any text and width.
func TestWrappingLosesNothing(t *testing.T) {
	d := newDocument(t)
	alphabet := []rune("ab AVT-/ ò ŁŽ")
	check := func(picks []uint8, width uint16) bool {
		var text []rune
		for _, p := range picks {
			text = append(text, alphabet[int(p)%len(alphabet)])
		}
		w := 12 + float64(width%400)
		b := d.Layout(w, 0, Left, span(string(text)))
		joined := ""
		for i := range b.Lines() {
			joined += b.Text(i)
			if b.lines[i].width > w+0.01 {
				return false
			}
		}
		return d.Err() == nil && strings.TrimRight(joined, " ") == strings.TrimRight(string(text), " ")
	}
	require.NoError(t, quick.Check(check, &quick.Config{MaxCount: 2000}))
}

func TestBadFonts(t *testing.T) {
	good := titilliumRegular
	patch := func(change func(b []byte)) []byte {
		b := bytes.Clone(good)
		change(b)
		return b
	}
	table := func(b []byte, tag string) []byte {
		for i := range int(binary.BigEndian.Uint16(b[4:])) {
			rec := b[12+16*i:]
			if string(rec[:4]) == tag {
				return b[binary.BigEndian.Uint32(rec[8:]):]
			}
		}
		return nil
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":      {nil, "no font"},
		"text":       {[]byte("not a font at all"), "version of a TrueType font"},
		"truncated":  {good[:len(good)/2], "ends after the file"},
		"no bytes":   {good[:100], "does not fit"},
		"embedding":  {patch(func(b []byte) { binary.BigEndian.PutUint16(table(b, "OS/2")[8:], 2) }), "forbid embedding"},
		"subsetting": {patch(func(b []byte) { binary.BigEndian.PutUint16(table(b, "OS/2")[8:], 0x100) }), "forbid embedding"},
		"units":      {patch(func(b []byte) { binary.BigEndian.PutUint16(table(b, "head")[18:], 0) }), "units per em"},
		"loca":       {patch(func(b []byte) { binary.BigEndian.PutUint16(table(b, "head")[50:], 7) }), "indexToLocFormat"},
		"glyphs":     {patch(func(b []byte) { binary.BigEndian.PutUint16(table(b, "maxp")[4:], 60000) }), "loca"},
	} {
		_, err := ParseFont(c.data)
		assert.ErrorContains(t, err, c.want, name)
	}
}

func FuzzParseFont(f *testing.F) {
	f.Add(titilliumRegular[:2000], 0, uint8(0))
	f.Add([]byte{}, 1000, uint8(255))
	f.Fuzz(func(t *testing.T, head []byte, at int, value uint8) {
		data := bytes.Clone(titilliumRegular)
		copy(data, head)
		if at >= 0 && at < len(data) {
			data[at] = value
		}
		font, err := ParseFont(data)
		if err != nil {
			return
		}
		for _, s := range font.subsets {
			if _, err := font.truetype(s.size); err != nil {
				return
			}
		}
		for _, l := range "AVTo" {
			for _, r := range "AVTo." {
				font.kerning(font.glyph(l), font.glyph(r))
			}
		}
	})
}

func FuzzText(f *testing.F) {
	e := engine(f)
	for _, s := range []string{"Città", "a\x00", "שלום", "Kovac\u030c", "\xff", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := e.NewDocument(Metadata{Title: "x", Lang: "it", Created: created})
		b := d.Layout(100, 0, Left, span("."+text))
		if d.Err() != nil {
			return
		}
		d.AddPage(A4Width, A4Height).Place(d.Root().Add(Paragraph), 10, 10, b)
		if _, err := d.Bytes(); err != nil {
			t.Fatal(err)
		}
	})
}
