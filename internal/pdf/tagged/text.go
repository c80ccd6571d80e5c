package tagged

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// A CharacterError tells which character of a text cannot be drawn and why.
// It does not hold the text, which may be personal data.
type CharacterError struct {
	Char     rune   // the character, utf8.RuneError if the text is not UTF-8
	Position int    // of the character in the text, counted in characters from 1
	Font     string // the font that would have drawn it
	Reason   Reason
}

// A Reason says why a character cannot be drawn.
type Reason string

// The reasons.
const (
	NotUTF8          Reason = "the text is not valid UTF-8"
	RightToLeft      Reason = "right-to-left text is not supported"
	ControlCharacter Reason = "control characters cannot be printed"
	FormatCharacter  Reason = "invisible formatting characters cannot be printed"
	Unassigned       Reason = "private or unassigned characters cannot be printed"
	CombiningMark    Reason = "a combining mark without a composed character cannot be printed"
	NoGlyph          Reason = "the font has no glyph for it"
)

// Visible reports whether the character may be shown to people.
func (e *CharacterError) Visible() bool {
	return e.Char != utf8.RuneError && e.Reason != CombiningMark && unicode.IsPrint(e.Char)
}

func (e *CharacterError) Error() string {
	shown := ""
	if e.Visible() {
		shown = fmt.Sprintf(" %q", e.Char)
	}
	return fmt.Sprintf("tagged: character U+%04X%s at position %d: %s (font %s)", e.Char, shown, e.Position, e.Reason, e.Font)
}

const maxText = 1 << 20 // bytes of one text

// shape turns a text into glyphs: NFC, no control characters, left to right,
// each character with a glyph of its own.
func (f *Font) shape(dst []shaped, text string) ([]shaped, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("tagged: a text of %d bytes, at most %d are accepted", len(text), maxText)
	}
	if !norm.NFC.IsNormalString(text) {
		text = norm.NFC.String(text)
	}
	n := 0
	for i, r := range text {
		n++
		drawn := r
		switch r {
		case '\u2010', '\u2011': // hyphens that differ only in where a line may break
			drawn = '-'
		case '\u202f':
			drawn = '\u00a0'
		}
		g := f.glyph(drawn)
		if g == 0 || f.cid[g] == 0 || r < ' ' || (r >= 0x7f && r < 0xa0) || r == 0xad {
			return nil, &CharacterError{Char: r, Position: n, Font: f.name, Reason: refusal(r, text[i:])}
		}
		dst = append(dst, shaped{char: r, glyph: g})
	}
	return dst, nil
}

// A shaped is a character with its glyph.
type shaped struct {
	char  rune
	glyph uint16
}

func refusal(r rune, rest string) Reason {
	if r == utf8.RuneError {
		if _, size := utf8.DecodeRuneInString(rest); size == 1 {
			return NotUTF8
		}
	}
	switch class, _ := bidi.LookupString(rest); class.Class() {
	case bidi.R, bidi.AL, bidi.AN, bidi.RLE, bidi.RLO, bidi.RLI:
		return RightToLeft
	}
	switch {
	case unicode.Is(unicode.Cc, r):
		return ControlCharacter
	case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return FormatCharacter
	case unicode.In(r, unicode.Co, unicode.Cn):
		return Unassigned
	case unicode.In(r, unicode.M):
		return CombiningMark
	}
	return NoGlyph
}
