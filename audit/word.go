package audit

import (
	"encoding/binary"
	"math/bits"
)

// Checks of eight bytes at a time, in one word. In a word whose bytes are all
// ASCII, adding 80-c to each byte sets the high bit of those that are at least c,
// and nothing is carried to the next byte.

const (
	eachByte = 0x0101010101010101 // 1 in each byte of a word
	highBits = 0x80 * eachByte
)

// printable reports whether the last n bytes of b, at least one, are printable
// ASCII. It reads eight bytes at a time, and returns false if b has fewer.
func printable(b []byte, n int) bool {
	if n < 8 {
		return len(b) >= 8 && unprintable(lastBytes(b, n)) == 0
	}
	bad := unprintable(binary.LittleEndian.Uint64(b[len(b)-8:]))
	for text := b[len(b)-n:]; len(text) > 8; text = text[8:] {
		bad |= unprintable(binary.LittleEndian.Uint64(text))
	}
	return bad == 0
}

// unprintable returns 0 if all the bytes of a word are printable ASCII. For each
// byte, the high bit of x is set if it is not ASCII, that of x+1 if it is 7f, and
// that of x+60 is not set if it is a control character.
func unprintable(x uint64) uint64 { return (x | (x + eachByte) | ^(x + 0x60*eachByte)) & highBits }

// lastBytes returns the last n bytes of b, 1 to 7, in their order from the low byte
// of a word on, with spaces in the others. b has at least 8 bytes.
func lastBytes(b []byte, n int) uint64 {
	x := binary.LittleEndian.Uint64(b[len(b)-8 : len(b) : len(b)])
	return x>>(uint(64-8*n)&63) | ' '*eachByte<<(uint(8*n)&63)
}

// keyOrder returns a number for the key of a detail, the last n bytes of b: if it is
// greater than that of another key, the key comes after it. It returns 0 for what
// is not a key, or may be one but b has fewer than 8 bytes.
func keyOrder(b []byte, n int) uint64 {
	if n == 0 || n > MaxDetailKey || len(b) < 8 {
		return 0
	}
	x := binary.LittleEndian.Uint64(b[len(b)-8 : len(b) : len(b)])
	if n < 8 {
		x >>= uint(64-8*n) & 63
		if !keyBytes(x | 'a'*eachByte<<(uint(8*n)&63)) {
			return 0
		}
		return bits.ReverseBytes64(x)
	}
	fine := keyBytes(x)
	key := b[len(b)-n:]
	for rest := key; len(rest) > 8; rest = rest[8:] {
		fine = fine && keyBytes(binary.LittleEndian.Uint64(rest))
	}
	if !fine {
		return 0
	}
	return binary.BigEndian.Uint64(key)
}

// keyBytes reports whether all the bytes of a word are a-z 0-9 . - A byte that is not
// ASCII is in none of the ranges: of its two sums, either both have the high bit or
// the first has it not.
func keyBytes(x uint64) bool {
	letter := (x + (0x80-'a')*eachByte) &^ (x + (0x80-'z'-1)*eachByte)
	digit := (x + (0x80-'0')*eachByte) &^ (x + (0x80-'9'-1)*eachByte)
	point := (x + (0x80-'-')*eachByte) &^ (x + (0x80-'.'-1)*eachByte)
	return (letter|digit|point)&highBits == highBits
}
