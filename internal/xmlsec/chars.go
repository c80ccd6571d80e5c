package xmlsec

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

const blanks = " \t\r\n"

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// notBlank returns the index of the first byte that is not white space; -1 if
// there is none.
func notBlank(b []byte) int {
	for i, c := range b {
		if !isBlank(c) {
			return i
		}
	}
	return -1
}

// excerpt shortens hostile data for an error.
func excerpt(b []byte) string {
	const most = 60
	if len(b) > most {
		return strconv.QuoteToASCII(string(b[:most])) + "..."
	}
	return strconv.QuoteToASCII(string(b))
}

// isChar reports whether XML 1.0 allows a character (production Char).
func isChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r <= 0xD7FF, r >= 0xE000 && r <= 0xFFFD, r >= 0x10000 && r <= 0x10FFFF:
		return true
	}
	return false
}

// isNameStart and isNameChar are the productions NameStartChar and NameChar of
// the fifth edition; the colon is a matter of the caller's.
func isNameStart(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == ':'
	case r == 0xD7 || r == 0xF7:
		return false
	case r >= 0xC0 && r <= 0x2FF, r >= 0x370 && r <= 0x37D, r >= 0x37F && r <= 0x1FFF,
		r == 0x200C || r == 0x200D, r >= 0x2070 && r <= 0x218F, r >= 0x2C00 && r <= 0x2FEF,
		r >= 0x3001 && r <= 0xD7FF, r >= 0xF900 && r <= 0xFDCF, r >= 0xFDF0 && r <= 0xFFFD,
		r >= 0x10000 && r <= 0xEFFFF:
		return true
	}
	return false
}

func isNameChar(r rune) bool {
	return isNameStart(r) || r >= '0' && r <= '9' || r == '-' || r == '.' || r == 0xB7 ||
		r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// asciiName tells the ASCII characters of names, so that names, nearly all
// ASCII, need no look at the ranges.
var asciiName = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = isNameChar(rune(c))
	}
	return t
}()

// nameLen returns the length of the name at the begin of b; 0 if there is none.
func nameLen(b []byte) int {
	if len(b) == 0 || b[0] < utf8.RuneSelf && !isNameStart(rune(b[0])) {
		return 0
	}
	for i := 0; i < len(b); {
		if c := b[i]; c < utf8.RuneSelf {
			if !asciiName[c] {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 || i == 0 && !isNameStart(r) || !isNameChar(r) {
			return i
		}
		i += size
	}
	return len(b)
}

// A dataContext says what charData looks at.
type dataContext uint8

const (
	inText      dataContext = iota + 1 // references, no "]]>"
	inCDATA                            // nothing but characters
	inMarkup                           // a comment or an instruction
	inAttribute                        // references, no "<", blanks normalised
)

// plain tells the bytes that need no look in any context.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x80; c++ {
		t[c] = c != '&' && c != '<' && c != ']'
	}
	t['\t'], t['\n'] = true, true
	return t
}()

// charData returns raw with references resolved and line ends normalised. The
// result is raw itself, or d.scratch, which the next call overwrites.
func (d *Reader) charData(raw []byte, where dataContext) ([]byte, error) {
	for i, c := range raw {
		if !plain[c] || where == inAttribute && c < 0x20 {
			return d.charDataSlow(raw, i, where)
		}
	}
	return raw, nil
}

func (d *Reader) charDataSlow(raw []byte, from int, where dataContext) ([]byte, error) {
	out := append(d.scratch[:0], raw[:from]...)
	for i := from; i < len(raw); {
		c := raw[i]
		switch {
		case c == '&' && (where == inText || where == inAttribute):
			r, n := reference(raw[i:])
			if n == 0 {
				return nil, d.fail("reference %s: expected &amp; &lt; &gt; &quot; &apos; or a character reference", excerpt(raw[i:min(len(raw), i+12)]))
			}
			out = utf8.AppendRune(out, r)
			i += n
			continue
		case c == '<' && where == inAttribute:
			return nil, d.fail("\"<\" in an attribute's value: expected &lt;")
		case c == ']' && where == inText && bytes.HasPrefix(raw[i:], []byte("]]>")):
			return nil, d.fail("\"]]>\" in text: expected ]]&gt;")
		case c == '\r':
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			c = '\n'
		}
		if c < utf8.RuneSelf {
			if c < 0x20 && c != '\t' && c != '\n' {
				return nil, d.fail("character U+%04X is not allowed", c)
			}
			if where == inAttribute && c < 0x20 {
				c = ' '
			}
			out = append(out, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && size <= 1 {
			return nil, d.fail("byte 0x%02X is not UTF-8", c)
		}
		if !isChar(r) {
			return nil, d.fail("character U+%04X is not allowed", r)
		}
		out = append(out, raw[i:i+size]...)
		i += size
	}
	d.scratch = out
	return out, nil
}

// reference reads the reference at the begin of b and returns its character
// and length; length 0 if it is none of XML's own.
func reference(b []byte) (rune, int) {
	end := bytes.IndexByte(b[:min(len(b), 64)], ';')
	if end < 2 {
		return 0, 0
	}
	name := string(b[1:end])
	switch name {
	case "amp":
		return '&', end + 1
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	}
	if name[0] != '#' {
		return 0, 0
	}
	digits, base := name[1:], 10
	if len(digits) > 1 && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	if digits == "" || digits[0] == '+' || digits[0] == '-' {
		return 0, 0
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !isChar(rune(min(v, 0x110000))) {
		return 0, 0
	}
	return rune(v), end + 1
}
