package refdata

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns the form of a name in which two spellings of it compare equal:
// upper case, letters without their accents (À, Ü, Č become A, U, C) or
// ligatures (ß, Æ become SS, AE), and every run of spaces, hyphens,
// apostrophes, dots and other punctuation as one space, with none at the ends
// and none around the slash that parts the two names of a bilingual place. So
// "Agliè", "AGLIE'" and "aglie’" are all "AGLIE", and "Trentino - Alto
// Adige/Südtirol" is "TRENTINO ALTO ADIGE/SUDTIROL".
//
// Fold is for comparison only: what goes over the wire is the table's own
// string. It is idempotent and takes any bytes; those that are not UTF-8 count
// as punctuation.
func Fold(s string) string {
	if folded(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	put := func(r string) {
		if gap && b.Len() > 0 && r != "/" && !strings.HasSuffix(b.String(), "/") {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteString(r)
	}
	if !ascii(s) {
		// Normalisation stops at a byte that is not UTF-8.
		s = norm.NFD.String(strings.ToValidUTF8(s, " "))
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r >= 'a' && r <= 'z':
			put(upperASCII[r-'a' : r-'a'+1])
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '/':
			put(s[i-n : i])
		case r < utf8.RuneSelf:
			gap = true
		case unicode.Is(unicode.Mn, r):
			// A combining mark belongs to the letter before it.
		default:
			if latin, ok := plainLatin[unicode.ToUpper(r)]; ok {
				put(latin)
			} else if r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
				put(string(unicode.ToUpper(r)))
			} else {
				gap = true
			}
		}
	}
	return b.String()
}

const upperASCII = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// plainLatin gives the base letters of those that have no canonical
// decomposition.
var plainLatin = map[rune]string{
	'ß': "SS", 'ẞ': "SS", 'Æ': "AE", 'Œ': "OE", 'Ø': "O", 'Đ': "D", 'Ð': "D",
	'Þ': "TH", 'Ł': "L", 'Ħ': "H", 'Ŧ': "T", 'Ŋ': "N", 'Ĳ': "IJ", 'Ə': "E",
	'ı': "I", 'ŉ': "N",
}

// Plain returns a name in plain ASCII letters, as the public registers write it:
// the base letter with an apostrophe for one with a grave or an acute accent
// ("NICOLÒ" is "NICOLO'"), the base letter alone for one with another mark, two
// letters for a ligature. It returns false if there are characters that it knows
// no letters for; each of them is then a question mark.
func Plain(s string) (plain string, whole bool) {
	var b strings.Builder
	whole = true
	for _, r := range norm.NFD.String(s) {
		switch {
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		case r == '\u0300' || r == '\u0301' || r == '’': // grave, acute
			b.WriteByte('\'')
		case unicode.Is(unicode.Mn, r): // another mark: the letter alone
		case r == '\u00a0':
			b.WriteByte(' ')
		default:
			latin, ok := plainLatin[unicode.ToUpper(r)]
			if !ok {
				latin, whole = "?", false
			} else if unicode.IsLower(r) && len(latin) == 1 {
				latin = strings.ToLower(latin)
			}
			b.WriteString(latin)
		}
	}
	return b.String(), whole
}

// folded reports whether s is already in folded form, the common case for
// names that come from ANPR.
func folded(s string) bool {
	space := true
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			space = false
		case c == ' ' && !space && i+1 < len(s) && s[i+1] != '/':
			space = true
		case c == '/':
			space = true
		default:
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
