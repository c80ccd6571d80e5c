package pdf

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf16"
)

func decodeUTF16(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(u))
}

// encodeUTF16 returns UTF-16BE with its byte order mark.
func encodeUTF16(s string) String {
	out := String{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

const (
	regular = iota
	space
	delimiter
)

// class tells white space and delimiters from regular characters (clause
// 7.2.3).
var class = [256]byte{
	0: space, '\t': space, '\n': space, '\f': space, '\r': space, ' ': space,
	'(': delimiter, ')': delimiter, '<': delimiter, '>': delimiter, '[': delimiter,
	']': delimiter, '{': delimiter, '}': delimiter, '/': delimiter, '%': delimiter,
}

// A lexer reads objects from data[pos:].
type lexer struct {
	data  []byte
	pos   int
	depth int // that may still be entered
	// values counts down the elements of arrays and dictionaries that may still
	// be read: each takes far more memory than its byte or two in the file.
	values *int64
}

// count takes n values off those that may still be read.
func (l *lexer) count(n int64) error {
	if *l.values -= n; *l.values < 0 {
		return limitf(l.pos, "too many elements of arrays and dictionaries for the size of the file")
	}
	return nil
}

// skip moves over white space and comments.
func (l *lexer) skip() {
	for l.pos < len(l.data) {
		switch c := l.data[l.pos]; {
		case class[c] == space:
			l.pos++
		case c == '%':
			for l.pos < len(l.data) && l.data[l.pos] != '\n' && l.data[l.pos] != '\r' {
				l.pos++
			}
		default:
			return
		}
	}
}

// skipSpace moves over white space only.
func (l *lexer) skipSpace() {
	for l.pos < len(l.data) && class[l.data[l.pos]] == space {
		l.pos++
	}
}

// keyword moves over the given word if it comes next and is not part of a
// longer one.
func (l *lexer) keyword(word string) bool {
	end := l.pos + len(word)
	if end > len(l.data) || string(l.data[l.pos:end]) != word {
		return false
	}
	if end < len(l.data) && class[l.data[end]] == regular {
		return false
	}
	l.pos = end
	return true
}

// found describes what comes next, for errors.
func (l *lexer) found() string {
	if l.pos >= len(l.data) {
		return "the end of the data"
	}
	return strconv.Quote(string(l.data[l.pos:min(l.pos+16, len(l.data))]))
}

// uint reads an unsigned number without sign and at most maxVal.
func (l *lexer) uint(what string, maxVal int64) (int64, error) {
	start, v := l.pos, int64(0)
	for l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '9' {
		v = v*10 + int64(l.data[l.pos]-'0')
		if v > maxVal {
			return 0, syntaxf(start, "%s is over %d", what, maxVal)
		}
		l.pos++
	}
	if l.pos == start || l.pos < len(l.data) && class[l.data[l.pos]] == regular {
		l.pos = start
		return 0, syntaxf(start, "found %s: expected %s", l.found(), what)
	}
	return v, nil
}

// object reads one object. It does not read streams, which only an indirect
// object can be.
func (l *lexer) object() (Object, error) {
	l.skip()
	if l.pos >= len(l.data) {
		return nil, syntaxf(l.pos, "found the end of the data: expected an object")
	}
	switch c := l.data[l.pos]; {
	case c == '/':
		return l.name()
	case c == '(':
		return l.literal()
	case c == '<':
		if l.pos+1 < len(l.data) && l.data[l.pos+1] == '<' {
			return l.dict()
		}
		return l.hex()
	case c == '[':
		return l.array()
	case c >= '0' && c <= '9':
		return l.numberOrRef()
	case c == '+' || c == '-' || c == '.':
		return l.number()
	}
	switch {
	case l.keyword("true"):
		return true, nil
	case l.keyword("false"):
		return false, nil
	case l.keyword("null"):
		return nil, nil
	}
	return nil, syntaxf(l.pos, "found %s: expected an object", l.found())
}

func (l *lexer) enter() error {
	if l.depth--; l.depth < 0 {
		return limitf(l.pos, "objects nested too deep")
	}
	return nil
}

func (l *lexer) array() (Object, error) {
	if err := l.enter(); err != nil {
		return nil, err
	}
	l.pos++
	var room [8]Object // most fit
	arr := room[:0]
	for {
		l.skip()
		if l.pos < len(l.data) && l.data[l.pos] == ']' {
			l.pos++
			l.depth++
			return append(make(Array, 0, len(arr)), arr...), nil
		}
		o, err := l.object()
		if err != nil {
			return nil, err
		}
		if err := l.count(1); err != nil {
			return nil, err
		}
		arr = append(arr, o)
	}
}

// maxEntries bounds one dictionary. Its entries are looked up one after the
// other, and real ones have some hundreds at most.
const maxEntries = 5_000

func (l *lexer) dict() (Object, error) {
	if err := l.enter(); err != nil {
		return nil, err
	}
	l.pos += 2
	d := make(Dict, 0, 6)
	for {
		l.skip()
		if bytes.HasPrefix(l.data[l.pos:], []byte(">>")) {
			l.pos += 2
			l.depth++
			return append(make(Dict, 0, len(d)), d...), nil
		}
		if l.pos >= len(l.data) || l.data[l.pos] != '/' {
			return nil, syntaxf(l.pos, "found %s: expected a key or the end of the dictionary", l.found())
		}
		key, err := l.name()
		if err != nil {
			return nil, err
		}
		l.skip()
		start := l.pos
		v, err := l.object()
		if err != nil {
			return nil, err
		}
		if err := l.count(3); err != nil {
			return nil, err
		}
		if len(d) == maxEntries {
			return nil, limitf(l.pos, "a dictionary of more than %d entries", maxEntries)
		}
		d = append(d, Entry{Key: key, Value: v, Start: start, End: l.pos})
	}
}

func (l *lexer) name() (Name, error) {
	l.pos++
	start := l.pos
	escaped := false
	for l.pos < len(l.data) && class[l.data[l.pos]] == regular {
		escaped = escaped || l.data[l.pos] == '#'
		l.pos++
	}
	raw := l.data[start:l.pos]
	if !escaped {
		return Name(raw), nil
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '#' {
			out = append(out, raw[i])
			continue
		}
		if i+2 >= len(raw) || unhex(raw[i+1]) < 0 || unhex(raw[i+2]) < 0 {
			return "", syntaxf(start+i, "found %q in a name: expected # and two hexadecimal digits", raw)
		}
		c := byte(unhex(raw[i+1])<<4 | unhex(raw[i+2]))
		if c == 0 {
			return "", syntaxf(start+i, "found #00 in a name, which clause 7.3.5 forbids")
		}
		out = append(out, c)
		i += 2
	}
	return Name(out), nil
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *lexer) hex() (Object, error) {
	start := l.pos
	l.pos++
	room := bytes.IndexByte(l.data[l.pos:], '>')
	out, half := make(String, 0, (max(room, 0)+1)/2), -1
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		switch v := unhex(c); {
		case c == '>':
			if half >= 0 {
				out = append(out, byte(half<<4))
			}
			return out, nil
		case class[c] == space:
		case v < 0:
			return nil, syntaxf(l.pos-1, "found %q: expected a hexadecimal digit", c)
		case half < 0:
			half = v
		default:
			out, half = append(out, byte(half<<4|v)), -1
		}
	}
	return nil, syntaxf(start, "hexadecimal string without end")
}

func (l *lexer) literal() (Object, error) {
	start, open := l.pos, 1
	l.pos++
	out := String{}
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		switch c {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return out, nil
			}
		case '\r': // any end of line is read as a line feed
			if l.pos < len(l.data) && l.data[l.pos] == '\n' {
				l.pos++
			}
			c = '\n'
		case '\\':
			var skip bool
			if c, skip = l.escape(); skip {
				continue
			}
		}
		out = append(out, c)
	}
	return nil, syntaxf(start, "string without end")
}

// escape reads what follows a reverse solidus in a literal string.
func (l *lexer) escape() (c byte, skip bool) {
	if l.pos >= len(l.data) {
		return 0, true
	}
	c = l.data[l.pos]
	l.pos++
	switch c {
	case 'n':
		return '\n', false
	case 'r':
		return '\r', false
	case 't':
		return '\t', false
	case 'b':
		return '\b', false
	case 'f':
		return '\f', false
	case '\n':
		return 0, true
	case '\r':
		if l.pos < len(l.data) && l.data[l.pos] == '\n' {
			l.pos++
		}
		return 0, true
	}
	if c < '0' || c > '7' {
		return c, false
	}
	v := int(c - '0')
	for range 2 {
		if l.pos >= len(l.data) || l.data[l.pos] < '0' || l.data[l.pos] > '7' {
			break
		}
		v = v<<3 | int(l.data[l.pos]-'0')
		l.pos++
	}
	return byte(v), false
}

func (l *lexer) number() (Object, error) {
	start := l.pos
	for l.pos < len(l.data) && class[l.data[l.pos]] == regular {
		l.pos++
	}
	tok := l.data[start:l.pos]
	digits, dots := 0, 0
	for i, c := range tok {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			dots++
		case (c == '+' || c == '-') && i == 0:
		default:
			return nil, syntaxf(start, "found %q: expected a number", tok[:min(len(tok), 32)])
		}
	}
	if digits == 0 || dots > 1 || len(tok) > 64 {
		return nil, syntaxf(start, "found %q: expected a number", tok[:min(len(tok), 32)])
	}
	if digits == len(tok) && digits <= 18 { // as most are: it fits
		var v int64
		for _, c := range tok {
			v = v*10 + int64(c-'0')
		}
		return v, nil
	}
	if dots == 0 {
		v, err := strconv.ParseInt(string(tok), 10, 64)
		if err != nil {
			return nil, syntaxf(start, "found %s: expected an integer of 64 bits", tok)
		}
		return v, nil
	}
	v, err := strconv.ParseFloat(string(tok), 64)
	if err != nil || math.IsInf(v, 0) {
		return nil, syntaxf(start, "found %s: expected a real number", tok)
	}
	return v, nil
}

// numberOrRef reads a number or, if a generation and R follow, a reference.
func (l *lexer) numberOrRef() (Object, error) {
	first, err := l.number()
	num, ok := first.(int64)
	if err != nil || !ok || num > maxObjectNumber {
		return first, err
	}
	end := l.pos
	l.skip()
	if l.pos > end && l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '9' {
		if gen, err := l.uint("a generation", math.MaxUint16); err == nil {
			gap := l.pos
			l.skip()
			if l.pos > gap && l.keyword("R") {
				if num == 0 {
					return nil, nil // object 0 is always free: a reference to null
				}
				return Ref{Num: uint32(num), Gen: uint16(gen)}, nil
			}
		}
	}
	l.pos = end
	return num, nil
}

// maxObjectNumber is the greatest object number of annex C.
const maxObjectNumber = 8_388_607
