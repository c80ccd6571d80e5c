package pdf

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// A Type is the type that the standard gives to the value of a key (clause 7.9):
// it decides which spellings have the same value.
type Type byte

// The types of values. The zero value is for everything that has one spelling
// only: byte strings, references, streams, booleans and names are the same only
// if [Equal] says so.
const (
	Exact     Type = iota
	Text           // text string (7.9.2.2)
	Date           // date string (7.9.4)
	Number         // integer or real
	Rectangle      // four numbers (7.9.5)
)

// maxCanonical is up to how many bytes a string is decoded to be compared.
// Longer ones are the same only byte by byte: no title or date is so long.
const maxCanonical = 64 << 10

// Same reports whether two values of a type are the same, however each is
// spelled. What cannot be decoded, or could be read in two ways, is the same only
// as itself, byte by byte. References are not followed.
func Same(t Type, a, b Object) bool {
	if Equal(a, b) {
		return true
	}
	switch t {
	case Text:
		return sameStrings(a, b, func(a, b String) bool {
			s, ok1 := a.Decode()
			u, ok2 := b.Decode()
			return ok1 && ok2 && s == u
		})
	case Date:
		return sameStrings(a, b, func(a, b String) bool {
			s, ok1 := a.date()
			u, ok2 := b.date()
			return ok1 && ok2 && s == u
		})
	case Number:
		x, ok1 := number(a)
		y, ok2 := number(b)
		return ok1 && ok2 && x == y
	case Rectangle:
		x, ok1 := a.(Array)
		y, ok2 := b.(Array)
		if !ok1 || !ok2 || len(x) != 4 || len(y) != 4 {
			return false
		}
		for i := range x {
			if !Same(Number, x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return false
}

func sameStrings(a, b Object, same func(a, b String) bool) bool {
	x, ok1 := a.(String)
	y, ok2 := b.(String)
	return ok1 && ok2 && len(x) <= maxCanonical && len(y) <= maxCanonical && same(x, y)
}

// number returns the value of a number that a float64 holds exactly.
func number(o Object) (float64, bool) {
	switch n := o.(type) {
	case int64:
		const most = 1 << 53
		return float64(n), n >= -most && n <= most
	case float64:
		return n, true
	}
	return 0, false
}

// docEncoding is the part of PDFDocEncoding (annex D.2) that is not ASCII or
// Latin-1; 0 marks codes without a character.
var docEncoding = [256]rune{
	0x18: 0x02D8, 0x19: 0x02C7, 0x1A: 0x02C6, 0x1B: 0x02D9, 0x1C: 0x02DD, 0x1D: 0x02DB, 0x1E: 0x02DA, 0x1F: 0x02DC,
	0x80: 0x2022, 0x81: 0x2020, 0x82: 0x2021, 0x83: 0x2026, 0x84: 0x2014, 0x85: 0x2013, 0x86: 0x0192, 0x87: 0x2044,
	0x88: 0x2039, 0x89: 0x203A, 0x8A: 0x2212, 0x8B: 0x2030, 0x8C: 0x201E, 0x8D: 0x201C, 0x8E: 0x201D, 0x8F: 0x2018,
	0x90: 0x2019, 0x91: 0x201A, 0x92: 0x2122, 0x93: 0xFB01, 0x94: 0xFB02, 0x95: 0x0141, 0x96: 0x0152, 0x97: 0x0160,
	0x98: 0x0178, 0x99: 0x017D, 0x9A: 0x0131, 0x9B: 0x0142, 0x9C: 0x0153, 0x9D: 0x0161, 0x9E: 0x017E, 0xA0: 0x20AC,
}

// docRune returns the character of a code of PDFDocEncoding, and false if it has
// none.
func docRune(c byte) (rune, bool) {
	switch {
	case docEncoding[c] != 0:
		return docEncoding[c], true
	case c == '\t', c == '\n', c == '\r', c >= ' ' && c <= '~', c >= 0xA1 && c != 0xAD:
		return rune(c), true
	}
	return utf8.RuneError, false
}

// Decode returns the characters of a text string (clause 7.9.2.2). It returns
// false for what readers may take for different texts: codes without a character,
// halves of surrogate pairs, an odd byte of UTF-16, UTF-8 that is not well
// formed, UTF-16 in the order that the standard does not know, a byte order mark
// within the text, escape sequences for languages, control characters and code
// points that are no characters.
func (s String) Decode() (string, bool) {
	var out strings.Builder
	out.Grow(len(s))
	switch {
	case bytes.HasPrefix(s, []byte{0xFE, 0xFF}):
		if len(s)%2 != 0 {
			return "", false
		}
		for i := 2; i < len(s); i += 2 {
			r := rune(s[i])<<8 | rune(s[i+1])
			if utf16.IsSurrogate(r) {
				if i += 2; i >= len(s) {
					return "", false
				}
				// U+FFFD, which is refused below, if the two do not belong together
				r = utf16.DecodeRune(r, rune(s[i])<<8|rune(s[i+1]))
			}
			out.WriteRune(r)
		}
	case bytes.HasPrefix(s, []byte{0xEF, 0xBB, 0xBF}):
		if !utf8.Valid(s[3:]) {
			return "", false
		}
		out.Write(s[3:])
	case bytes.HasPrefix(s, []byte{0xFF, 0xFE}):
		return "", false
	default:
		for _, c := range s {
			r, ok := docRune(c)
			if !ok {
				return "", false
			}
			out.WriteRune(r)
		}
	}
	for _, r := range out.String() {
		if ambiguousRune(r) {
			return "", false
		}
	}
	return out.String(), true
}

// ambiguousRune reports whether readers differ on what a code point is for.
func ambiguousRune(r rune) bool {
	control := r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7F && r < 0xA0
	return control || r == 0xFEFF || r == utf8.RuneError || r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF
}

// A date is the value of a date string: what it gives, and nothing that is
// supplied for what it leaves out.
type date struct {
	digits string // from the year to the last part that is given
	zoned  bool
	offset int // minutes from UT
}

// date reads a date string as [ParseDate] does, but holds apart what it leaves
// out from what it says. There was no year 0.
func (s String) date() (date, bool) {
	text, ok := s.Decode()
	if !ok || !strings.HasPrefix(text, "D:") || strings.HasPrefix(text, "D:0000") {
		return date{}, false
	}
	t, err := ParseDate(text)
	if err != nil {
		return date{}, false
	}
	rest := text[2:]
	n := 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	_, seconds := t.Zone()
	return date{digits: rest[:n], zoned: n < len(rest), offset: seconds / int(time.Minute/time.Second)}, true
}

// NamesIn adds to names those in a piece of content, such as the appearance of
// variable text (clause 12.7.4.3). It returns false if the content cannot be read
// in one way.
func NamesIn(content String, names map[Name]bool) bool {
	values := int64(maxCanonical)
	if len(content) > maxCanonical {
		return false
	}
	l := lexer{data: content, depth: 8, values: &values}
	for {
		l.skip()
		if l.pos >= len(l.data) {
			return true
		}
		start := l.pos
		if c := l.data[l.pos]; c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '\'' || c == '"' || c == '*' {
			for l.pos < len(l.data) && class[l.data[l.pos]] == regular {
				l.pos++
			}
			continue
		}
		o, err := l.object()
		if err != nil || l.pos == start {
			return false
		}
		collectNames(o, names)
	}
}

func collectNames(o Object, names map[Name]bool) {
	switch o := o.(type) {
	case Name:
		names[o] = true
	case Array:
		for _, e := range o {
			collectNames(e, names)
		}
	case Dict:
		for _, e := range o {
			collectNames(e.Value, names)
		}
	}
}
