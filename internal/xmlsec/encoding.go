package xmlsec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// decoder turns one encoding into UTF-8, appending to dst what it can of src
// and saying how much of src it used. At the end of the input, atEOF, it must
// use it all or fail.
type decoder interface {
	decode(dst, src []byte, atEOF bool) (out []byte, used int, err error)
}

// transcoder reads src through a decoder.
type transcoder struct {
	src io.Reader
	dec decoder
	in  []byte
	out []byte
	pos int
	err error
}

func (t *transcoder) Read(p []byte) (int, error) {
	for t.pos == len(t.out) {
		if t.err != nil {
			return 0, t.err
		}
		t.fill()
	}
	n := copy(p, t.out[t.pos:])
	t.pos += n
	return n, nil
}

func (t *transcoder) fill() {
	if t.in == nil {
		t.in = make([]byte, 0, 64<<10)
	}
	n, err := t.src.Read(t.in[len(t.in):cap(t.in)])
	t.in = t.in[:len(t.in)+n]
	out, used, decErr := t.dec.decode(t.out[:0], t.in, err != nil)
	t.out, t.pos = out, 0
	t.in = t.in[:copy(t.in, t.in[used:])]
	t.err = err
	if decErr != nil {
		t.err = decErr
	}
}

// single is an encoding of one byte a character.
type single [256]rune

func latin1() *single {
	var s single
	for i := range s {
		s[i] = rune(i)
	}
	return &s
}

func table(m *charmap.Charmap) *single {
	var s single
	for i := range s {
		s[i] = m.DecodeByte(byte(i))
	}
	return &s
}

func (s *single) decode(dst, src []byte, _ bool) ([]byte, int, error) {
	for i, b := range src {
		if s[b] == utf8.RuneError {
			return dst, i, fmt.Errorf("byte 0x%02X stands for no character in the declared encoding", b)
		}
		dst = utf8.AppendRune(dst, s[b])
	}
	return dst, len(src), nil
}

// ascii refuses what is above 0x7F.
type ascii struct{}

func (ascii) decode(dst, src []byte, _ bool) ([]byte, int, error) {
	for i, b := range src {
		if b >= utf8.RuneSelf {
			return append(dst, src[:i]...), i, fmt.Errorf("byte 0x%02X is not US-ASCII", b)
		}
	}
	return append(dst, src...), len(src), nil
}

// utf16Decoder refuses what x/text would replace: surrogates without their
// pair, half a unit at the end.
type utf16Decoder struct{ big bool }

func (d utf16Decoder) decode(dst, src []byte, atEOF bool) ([]byte, int, error) {
	unit := func(i int) rune {
		if d.big {
			return rune(src[i])<<8 | rune(src[i+1])
		}
		return rune(src[i+1])<<8 | rune(src[i])
	}
	i := 0
	for ; i+1 < len(src); i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) {
			if i+3 >= len(src) {
				break
			}
			full := utf16.DecodeRune(r, unit(i+2))
			if full == utf8.RuneError {
				return dst, i, errors.New("UTF-16 surrogate without its pair")
			}
			r = full
			i += 2
		}
		dst = utf8.AppendRune(dst, r)
	}
	if atEOF && i < len(src) {
		return dst, i, errors.New("UTF-16 text ends inside a character")
	}
	return dst, i, nil
}

// newSource returns src as UTF-8 without a byte order mark, and the family of
// encodings that its first bytes tell: an XML declaration must agree with it.
func newSource(src io.Reader) (utf8Text io.Reader, family string, err error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(src, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	head = head[:n]
	rest := func(skip int) io.Reader { return io.MultiReader(bytes.NewReader(head[skip:]), src) }
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return rest(3), "UTF-8", nil
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}),
		bytes.HasPrefix(head, []byte{0, 0, 0, '<'}), bytes.HasPrefix(head, []byte{'<', 0, 0, 0}):
		return nil, "", errors.New("encoding UTF-32: expected UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, Windows-1252 or US-ASCII")
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return &transcoder{src: rest(2), dec: utf16Decoder{}}, "UTF-16", nil
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return &transcoder{src: rest(2), dec: utf16Decoder{big: true}}, "UTF-16", nil
	case bytes.HasPrefix(head, []byte{'<', 0, '?', 0}):
		return &transcoder{src: rest(0), dec: utf16Decoder{}}, "UTF-16LE", nil
	case bytes.HasPrefix(head, []byte{0, '<', 0, '?'}):
		return &transcoder{src: rest(0), dec: utf16Decoder{big: true}}, "UTF-16BE", nil
	}
	return rest(0), "", nil
}

// declared returns the decoder for the bytes after an XML declaration that
// names an encoding; nil where the bytes are UTF-8 already.
func declared(name, family string) (decoder, error) {
	upper := strings.ToUpper(name)
	if family == "UTF-8" {
		if upper != "UTF-8" {
			return nil, fmt.Errorf("encoding %q declared, but the byte order mark is of UTF-8", name)
		}
		return nil, nil
	}
	if family != "" {
		if upper != "UTF-16" && (upper != "UTF-16LE" && upper != "UTF-16BE" || family != "UTF-16" && family != upper) {
			return nil, fmt.Errorf("encoding %q declared, but the bytes are %s", name, family)
		}
		return nil, nil
	}
	switch upper {
	case "UTF-8", "UTF8":
		return nil, nil
	case "US-ASCII", "ASCII":
		return ascii{}, nil
	case "ISO-8859-1", "ISO_8859-1", "LATIN1", "LATIN-1", "ISO8859-1", "L1":
		return latin1(), nil
	case "ISO-8859-15", "ISO_8859-15", "LATIN-9", "LATIN9", "ISO8859-15":
		return table(charmap.ISO8859_15), nil
	case "WINDOWS-1252", "CP1252":
		return table(charmap.Windows1252), nil
	case "UTF-16", "UTF-16LE", "UTF-16BE":
		return nil, fmt.Errorf("encoding %q declared, but the bytes are not UTF-16", name)
	}
	return nil, fmt.Errorf("encoding %q: expected UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, Windows-1252 or US-ASCII", name)
}
