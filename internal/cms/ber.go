package cms

import (
	"errors"
	"fmt"
)

// Bounds of what is read. A signature with its certificates and timestamps
// takes some tens of kilobytes, with embedded revocation lists a few megabytes.
const (
	maxSize  = 16 << 20
	maxDepth = 32
)

// A header is the identifier and length of one element (X.690 clause 8.1).
type header struct {
	tag         byte // first identifier octet
	size        int  // octets of identifier and length
	length      int  // octets of content, or -1 if indefinite
	minimal     bool // the length is written as DER wants it
	constructed bool
}

func readHeader(b []byte) (header, error) {
	if len(b) < 2 {
		return header{}, errors.New("an element is cut off")
	}
	h := header{tag: b[0], size: 1, minimal: true, constructed: b[0]&0x20 != 0}
	if b[0]&0x1F == 0x1F {
		return h, fmt.Errorf("tag %#x in more than one octet", b[0])
	}
	l := b[1]
	h.size++
	switch {
	case l < 0x80:
		h.length = int(l)
		return h, nil
	case l == 0x80:
		if !h.constructed {
			return h, errors.New("a primitive element of indefinite length")
		}
		h.length, h.minimal = -1, false
		return h, nil
	}
	n := int(l & 0x7F)
	if n > 4 || len(b) < 2+n {
		return h, fmt.Errorf("a length in %d octets", n)
	}
	v := uint64(0)
	for _, c := range b[2 : 2+n] {
		v = v<<8 | uint64(c)
	}
	if v > maxSize {
		return h, fmt.Errorf("an element of %d bytes, expected at most %d", v, maxSize)
	}
	h.size, h.length = 2+n, int(v)
	h.minimal = v >= 0x80 && b[2] != 0
	return h, nil
}

// Split separates the CMS message at the beginning of the value of Contents
// from the zeros that fill the value up. Anything else behind the message is
// an error.
func Split(contents []byte) (message []byte, padding int, err error) {
	n, err := elementSize(contents, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("cms: %w", err)
	}
	for i, c := range contents[n:] {
		if c != 0 {
			return nil, 0, fmt.Errorf("cms: byte %d behind the message is %#02x, expected zeros only", i, c)
		}
	}
	return contents[:n], len(contents) - n, nil
}

func elementSize(b []byte, depth int) (int, error) {
	if depth > maxDepth {
		return 0, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	h, err := readHeader(b)
	if err != nil {
		return 0, err
	}
	if h.length >= 0 {
		if h.length > len(b)-h.size {
			return 0, fmt.Errorf("an element of %d bytes where %d are left", h.length, len(b)-h.size)
		}
		return h.size + h.length, nil
	}
	pos := h.size
	for {
		if len(b)-pos >= 2 && b[pos] == 0 && b[pos+1] == 0 {
			return pos + 2, nil
		}
		n, err := elementSize(b[pos:], depth+1)
		if err != nil {
			return 0, err
		}
		pos += n
	}
}

// isDER reports whether all lengths of the elements in b are definite and
// minimal and no octet string is in parts.
func isDER(b []byte, depth int) bool {
	for len(b) > 0 {
		h, err := readHeader(b)
		if err != nil || depth > maxDepth || !h.minimal || h.tag == 0x24 || h.length > len(b)-h.size {
			return false
		}
		if h.constructed && !isDER(b[h.size:h.size+h.length], depth+1) {
			return false
		}
		b = b[h.size+h.length:]
	}
	return true
}

// toDER rewrites one BER element with definite, minimal lengths and octet
// strings in one part. It does not sort sets.
func toDER(b []byte, depth int) (der []byte, size int, err error) {
	if depth > maxDepth {
		return nil, 0, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	h, err := readHeader(b)
	if err != nil {
		return nil, 0, err
	}
	if h.length > len(b)-h.size {
		return nil, 0, fmt.Errorf("an element of %d bytes where %d are left", h.length, len(b)-h.size)
	}
	if !h.constructed {
		return appendElement(nil, h.tag, b[h.size:h.size+h.length]), h.size + h.length, nil
	}
	var content []byte
	pos := h.size
	for h.length < 0 || pos < h.size+h.length {
		rest := b[pos:]
		if h.length >= 0 {
			rest = b[pos : h.size+h.length]
		} else if len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
			pos += 2
			break
		}
		child, n, err := toDER(rest, depth+1)
		if err != nil {
			return nil, 0, err
		}
		if h.tag == 0x24 { // an octet string in parts
			if child[0] != 0x04 {
				return nil, 0, fmt.Errorf("part of an octet string with tag %#x", child[0])
			}
			ch, err := readHeader(child)
			if err != nil {
				return nil, 0, err
			}
			child = child[ch.size:]
		}
		content = append(content, child...)
		pos += n
	}
	tag := h.tag
	if tag == 0x24 {
		tag = 0x04
	}
	return appendElement(nil, tag, content), pos, nil
}

// appendElement appends an element in DER.
func appendElement(dst []byte, tag byte, content []byte) []byte {
	dst = append(dst, tag)
	n := len(content)
	switch {
	case n < 0x80:
		dst = append(dst, byte(n))
	case n < 1<<8:
		dst = append(dst, 0x81, byte(n))
	case n < 1<<16:
		dst = append(dst, 0x82, byte(n>>8), byte(n))
	case n < 1<<24:
		dst = append(dst, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(dst, content...)
}
