package sqldb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The kinds of a page of a b-tree, in its first byte.
const (
	interiorIndex = 0x02
	interiorTable = 0x05
	leafIndex     = 0x0a
	leafTable     = 0x0d
)

// fileHeader stands before the page header on page 1.
const fileHeader = 100

var errPage = errors.New("the page is damaged")

// A scrubber zeroes what a page of SQLite holds beyond its cells. When SQLite splits or
// merges pages it copies cells into a page without clearing the rest, and secure_delete
// does not reach that.
type scrubber struct {
	usable int // bytes of a page without those that an extension has reserved
	spans  [][2]int
}

// page zeroes the unused bytes of a b-tree's page, and reports whether any was not zero.
// The page stays the same to SQLite: cells, their order and the lists of free blocks are
// not touched. A page that is no b-tree's stays as it is; of one that is damaged nothing is changed.
func (s *scrubber) page(page []byte, first bool) (changed bool, err error) {
	head := 0
	if first {
		head = fileHeader
	}
	if len(page) < s.usable || s.usable < 480 {
		return false, errPage
	}
	kind, size := page[head], 8
	switch kind {
	case interiorIndex, interiorTable:
		size = 12
	case leafIndex, leafTable:
	default:
		return false, nil
	}
	cells := int(binary.BigEndian.Uint16(page[head+3:]))
	pointers := head + size
	begin := pointers + 2*cells
	if begin > s.usable {
		return false, fmt.Errorf("%w: %d cells", errPage, cells)
	}
	s.spans = s.spans[:0]
	for i := range cells {
		at := int(binary.BigEndian.Uint16(page[pointers+2*i:]))
		n, err := s.cell(page, kind, at)
		if err != nil || at < begin || at+n > s.usable {
			return false, fmt.Errorf("%w: cell %d at %d", errPage, i, at)
		}
		s.spans = append(s.spans, [2]int{at, at + n})
	}
	// Of a free block its first four bytes are the list.
	last := 0
	for at := int(binary.BigEndian.Uint16(page[head+1:])); at != 0; {
		if at <= last || at < begin || at+4 > s.usable {
			return false, fmt.Errorf("%w: free block at %d", errPage, at)
		}
		s.spans = append(s.spans, [2]int{at, at + 4})
		last, at = at, int(binary.BigEndian.Uint16(page[at:]))
	}
	slices.SortFunc(s.spans, func(a, b [2]int) int { return a[0] - b[0] })
	for i := 1; i < len(s.spans); i++ {
		if s.spans[i][0] < s.spans[i-1][1] {
			return false, fmt.Errorf("%w: two cells at %d", errPage, s.spans[i][0])
		}
	}
	at := begin
	for _, span := range append(s.spans, [2]int{s.usable, s.usable}) {
		changed = zero(page[at:span[0]]) || changed
		at = span[1]
	}
	return changed, nil
}

// zero clears bytes and reports whether any was set.
func zero(b []byte) bool {
	for i, v := range b {
		if v != 0 {
			clear(b[i:])
			return true
		}
	}
	return false
}

// cell returns the length of a cell.
func (s *scrubber) cell(page []byte, kind byte, at int) (int, error) {
	end := at
	if kind == interiorIndex || kind == interiorTable {
		end += 4 // the child
	}
	if end >= s.usable {
		return 0, errPage
	}
	payload := uint64(0)
	if kind != interiorTable {
		v, n := varint(page[end:s.usable])
		payload, end = v, end+n
	}
	if kind == interiorTable || kind == leafTable {
		_, n := varint(page[min(end, s.usable):s.usable])
		end += n
	}
	if payload > 1<<31 {
		return 0, errPage
	}
	end += s.local(int(payload), kind == leafTable)
	return max(end-at, 4), nil // what SQLite allots at least
}

// local returns how many bytes of a payload stand in the cell, with the number of the
// first overflow page if there is one (file format, 1.6).
func (s *scrubber) local(payload int, table bool) int {
	most, least := (s.usable-12)*64/255-23, (s.usable-12)*32/255-23
	if table {
		most = s.usable - 35
	}
	if payload <= most {
		return payload
	}
	n := least + (payload-least)%(s.usable-4)
	if n > most {
		n = least
	}
	return n + 4
}

// varint reads SQLite's number of 1 to 9 bytes; n is 10 if it does not end.
func varint(b []byte) (v uint64, n int) {
	for i := range 8 {
		if i >= len(b) {
			return 0, 10
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	if len(b) < 9 {
		return 0, 10
	}
	return v<<8 | uint64(b[8]), 9
}
