package tagged

import "encoding/binary"

// A kernTable is one pair adjustment subtable of GPOS (ISO/IEC 14496-22,
// lookup type 2). Only the horizontal advance of the first glyph is used.
type kernTable struct {
	covered []int16 // glyph -> coverage index, -1 if not covered
	pairs   []map[uint16]int16
	// class-based (format 2)
	class1, class2 []uint16
	columns        int
	values         []int16
}

const (
	maxKernTables = 64
	xAdvance      = 0x4
)

// kerning returns the adjustment between two glyphs in font units.
func (f *Font) kerning(left, right uint16) int {
	for i := range f.kern {
		t := &f.kern[i]
		at := t.covered[left]
		if at < 0 {
			continue
		}
		if t.pairs != nil {
			if v, ok := t.pairs[at][right]; ok {
				return int(v)
			}
			continue
		}
		// The first class subtable that covers the left glyph decides.
		return int(t.values[int(t.class1[left])*t.columns+int(t.class2[right])])
	}
	return 0
}

// A gpos reads the table with bounds; after a read outside of it bad is set
// and every read gives 0.
type gpos struct {
	data   []byte
	glyphs int
	reads  int
	bad    bool
}

// maxKernReads bounds the work that a hostile table can ask for.
const maxKernReads = 4 << 20

func (g *gpos) u16(at int) int {
	g.reads++
	if at < 0 || at+2 > len(g.data) || g.reads > maxKernReads {
		g.bad = true
		return 0
	}
	return int(binary.BigEndian.Uint16(g.data[at:]))
}

// readKerning collects the pair adjustments of the feature "kern". Kerning is
// an ornament: a table that cannot be understood gives none.
func readKerning(data []byte, glyphs int) []kernTable {
	g := &gpos{data: data, glyphs: glyphs}
	if len(data) < 10 {
		return nil
	}
	features, lookups := g.u16(6), g.u16(8)
	wanted := make(map[int]bool)
	for i := range g.u16(features) {
		rec := features + 2 + 6*i
		if g.bad || rec+6 > len(data) {
			return nil
		}
		if string(data[rec:rec+4]) != "kern" {
			continue
		}
		feature := features + g.u16(rec+4)
		for j := range g.u16(feature + 2) {
			wanted[g.u16(feature+4+2*j)] = true
			if g.bad {
				return nil
			}
		}
	}
	var out []kernTable
	for i := range g.u16(lookups) {
		if !wanted[i] {
			continue
		}
		lookup := lookups + g.u16(lookups+2+2*i)
		kind := g.u16(lookup)
		for j := range g.u16(lookup + 4) {
			sub := lookup + g.u16(lookup+6+2*j)
			actual := kind
			if kind == 9 { // extension
				actual = g.u16(sub + 2)
				sub += g.u16(sub+4)<<16 | g.u16(sub+6)
			}
			if g.bad {
				return nil
			}
			if actual != 2 {
				continue
			}
			if t, ok := g.pairTable(sub); ok {
				out = append(out, t)
			}
			if g.bad || len(out) > maxKernTables {
				return nil
			}
		}
	}
	return out
}

func (g *gpos) pairTable(at int) (kernTable, bool) {
	format, first, second := g.u16(at), g.u16(at+4), g.u16(at+6)
	// Only records that are the advance of the first glyph and nothing else.
	if first != xAdvance || second != 0 {
		return kernTable{}, false
	}
	t := kernTable{covered: make([]int16, g.glyphs)}
	for i := range t.covered {
		t.covered[i] = -1
	}
	n := g.coverage(at+g.u16(at+2), t.covered)
	switch format {
	case 1:
		sets := g.u16(at + 8)
		if sets < n {
			g.bad = true
			return t, false
		}
		t.pairs = make([]map[uint16]int16, n)
		for i := range n {
			set := at + g.u16(at+10+2*i)
			count := g.u16(set)
			if g.bad || set+2+4*count > len(g.data) {
				g.bad = true
				return t, false
			}
			t.pairs[i] = make(map[uint16]int16, count)
			for j := range count {
				t.pairs[i][uint16(g.u16(set+2+4*j))] = int16(g.u16(set + 4 + 4*j))
			}
		}
	case 2:
		rows, columns := g.u16(at+12), g.u16(at+14)
		if g.bad || at+16+2*rows*columns > len(g.data) {
			g.bad = true
			return t, false
		}
		t.columns = columns
		t.class1, t.class2 = g.classes(at+g.u16(at+8), rows), g.classes(at+g.u16(at+10), columns)
		t.values = make([]int16, rows*columns)
		for i := range t.values {
			t.values[i] = int16(g.u16(at + 16 + 2*i))
		}
		if rows == 0 || columns == 0 {
			return t, false
		}
	default:
		return t, false
	}
	return t, !g.bad
}

func (g *gpos) coverage(at int, covered []int16) (n int) {
	next := 0 // glyphs must ascend, which also bounds the work
	set := func(glyph, index int) {
		if glyph < next || glyph >= len(covered) || index > 0x7fff {
			g.bad = true
			return
		}
		next = glyph + 1
		covered[glyph] = int16(index)
		n = max(n, index+1)
	}
	format, count := g.u16(at), g.u16(at+2)
	for i := range count {
		if g.bad {
			return 0
		}
		switch format {
		case 1:
			set(g.u16(at+4+2*i), i)
		case 2:
			rec := at + 4 + 6*i
			from, to, index := g.u16(rec), g.u16(rec+2), g.u16(rec+4)
			for glyph := from; glyph <= to && !g.bad; glyph++ {
				set(glyph, index+glyph-from)
			}
		default:
			g.bad = true
		}
	}
	return n
}

func (g *gpos) classes(at, limit int) []uint16 {
	out := make([]uint16, g.glyphs)
	next := 0
	set := func(glyph, class int) {
		if glyph < next || glyph >= len(out) || class >= limit {
			g.bad = true
			return
		}
		next = glyph + 1
		out[glyph] = uint16(class)
	}
	switch g.u16(at) {
	case 1:
		from := g.u16(at + 2)
		for i := range g.u16(at + 4) {
			if g.bad {
				break
			}
			set(from+i, g.u16(at+6+2*i))
		}
	case 2:
		for i := range g.u16(at + 2) {
			rec := at + 4 + 6*i
			from, to, class := g.u16(rec), g.u16(rec+2), g.u16(rec+4)
			for glyph := from; glyph <= to && !g.bad; glyph++ {
				set(glyph, class)
			}
			if g.bad {
				break
			}
		}
	default:
		g.bad = true
	}
	return out
}
