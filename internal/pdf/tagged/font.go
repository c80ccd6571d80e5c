package tagged

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// A Font is a parsed TrueType font with quadratic outlines. It is immutable
// and safe for concurrent use.
type Font struct {
	name      string // PostScript name
	tables    map[string][]byte
	unitsPer  int
	numGlyphs int
	longLoca  bool
	advances  []uint16
	bbox      [4]int16
	ascent    int16 // hhea, font units
	descent   int16 // negative
	capHeight int16
	italic    int32 // 16.16 degrees
	bold      bool
	latin     [0x250]uint16 // glyphs of the first Unicode blocks
	others    map[rune]uint16
	kern      []kernTable

	order   []uint16 // CID -> glyph: the glyphs of the small repertoires come first
	cid     []uint16 // glyph -> CID
	unicode []rune   // CID -> character, 0 when only a component
	subsets []*subset
}

// A subset is the program of the first glyphs of a font's order, ready to be
// written. It is made once, when first needed.
type subset struct {
	size int // CIDs 0..size-1
	once func() (*program, error)
}

// A program is what a document embeds of a font.
type program struct {
	file      []byte // compressed TrueType program
	length    int    // its uncompressed length
	widths    []byte // the W array
	toUnicode []byte // compressed CMap
	cidSet    []byte // compressed bit set
	name      string // with the subset tag
}

const (
	maxFontSize   = 8 << 20
	maxFontTables = 64
)

type fontError string

func (e fontError) Error() string { return "tagged: font: " + string(e) }

func badFont(format string, args ...any) error { return fontError(fmt.Sprintf(format, args...)) }

// ParseFont reads a TrueType font (ISO/IEC 14496-22 with a glyf table). The
// font's licence must allow embedding; ParseFont refuses a font whose OS/2
// table forbids embedding or subsetting. It keeps data, which must not change
// afterwards.
func ParseFont(data []byte) (*Font, error) {
	if len(data) > maxFontSize {
		return nil, badFont("%d bytes, at most %d are accepted", len(data), maxFontSize)
	}
	if len(data) < 12 {
		return nil, badFont("%d bytes are no font", len(data))
	}
	if v := binary.BigEndian.Uint32(data); v != 0x00010000 && v != 0x74727565 {
		return nil, badFont("starts with %08x, not with the version of a TrueType font (00010000)", v)
	}
	n := int(binary.BigEndian.Uint16(data[4:]))
	if n > maxFontTables || len(data) < 12+16*n {
		return nil, badFont("table directory of %d tables does not fit", n)
	}
	f := &Font{tables: make(map[string][]byte, n)}
	for i := range n {
		rec := data[12+16*i:]
		tag := string(rec[:4])
		off, size := uint64(binary.BigEndian.Uint32(rec[8:])), uint64(binary.BigEndian.Uint32(rec[12:]))
		if off+size > uint64(len(data)) {
			return nil, badFont("table %q at %d with %d bytes ends after the file (%d bytes)", tag, off, size, len(data))
		}
		if _, dup := f.tables[tag]; dup {
			return nil, badFont("table %q appears twice", tag)
		}
		f.tables[tag] = data[off : off+size : off+size]
	}
	for _, step := range []func() error{f.readHead, f.readMetrics, f.readOS2, f.readNames, f.readCmap} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	f.kern = readKerning(f.tables["GPOS"], f.numGlyphs)
	if err := f.arrange(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *Font) table(tag string, atLeast int) ([]byte, error) {
	t, ok := f.tables[tag]
	if !ok {
		return nil, badFont("table %q is missing", tag)
	}
	if len(t) < atLeast {
		return nil, badFont("table %q has %d bytes, expected at least %d", tag, len(t), atLeast)
	}
	return t, nil
}

func (f *Font) readHead() error {
	head, err := f.table("head", 54)
	if err != nil {
		return err
	}
	f.unitsPer = int(binary.BigEndian.Uint16(head[18:]))
	if f.unitsPer < 16 || f.unitsPer > 16384 {
		return badFont("%d units per em, expected 16 to 16384", f.unitsPer)
	}
	for i := range f.bbox {
		f.bbox[i] = int16(binary.BigEndian.Uint16(head[36+2*i:]))
	}
	f.bold = binary.BigEndian.Uint16(head[44:])&1 != 0
	switch v := binary.BigEndian.Uint16(head[50:]); v {
	case 0, 1:
		f.longLoca = v == 1
	default:
		return badFont("indexToLocFormat is %d, expected 0 or 1", v)
	}
	maxp, err := f.table("maxp", 32)
	if err != nil {
		return err
	}
	f.numGlyphs = int(binary.BigEndian.Uint16(maxp[4:]))
	if f.numGlyphs < 1 || f.numGlyphs == 0xffff {
		return badFont("%d glyphs", f.numGlyphs)
	}
	width := 2
	if f.longLoca {
		width = 4
	}
	if _, err := f.table("loca", width*(f.numGlyphs+1)); err != nil {
		return err
	}
	_, err = f.table("glyf", 0)
	return err
}

func (f *Font) readMetrics() error {
	hhea, err := f.table("hhea", 36)
	if err != nil {
		return err
	}
	f.ascent = int16(binary.BigEndian.Uint16(hhea[4:]))
	f.descent = int16(binary.BigEndian.Uint16(hhea[6:]))
	n := int(binary.BigEndian.Uint16(hhea[34:]))
	if n < 1 || n > f.numGlyphs {
		return badFont("%d horizontal metrics for %d glyphs", n, f.numGlyphs)
	}
	hmtx, err := f.table("hmtx", 4*n+2*(f.numGlyphs-n))
	if err != nil {
		return err
	}
	f.advances = make([]uint16, f.numGlyphs)
	for g := range f.advances {
		f.advances[g] = binary.BigEndian.Uint16(hmtx[4*min(g, n-1):])
	}
	return nil
}

func (f *Font) readOS2() error {
	os2, err := f.table("OS/2", 78)
	if err != nil {
		return err
	}
	// Embedding rights (OpenType, OS/2.fsType): 2 alone forbids embedding,
	// 0x100 forbids subsetting, 0x200 allows bitmaps only.
	if v := binary.BigEndian.Uint16(os2[8:]); v&0xf == 2 || v&0x300 != 0 {
		return badFont("its licence bits (fsType %#x) forbid embedding a subset", v)
	}
	f.capHeight = int16(float64(f.unitsPer) * 0.7)
	if binary.BigEndian.Uint16(os2) >= 2 && len(os2) >= 90 {
		f.capHeight = int16(binary.BigEndian.Uint16(os2[88:]))
	}
	if post := f.tables["post"]; len(post) >= 8 {
		f.italic = int32(binary.BigEndian.Uint32(post[4:]))
	}
	return nil
}

// readNames takes the PostScript name (name id 6), which the PDF must repeat.
func (f *Font) readNames() error {
	t, err := f.table("name", 6)
	if err != nil {
		return err
	}
	n, base := int(binary.BigEndian.Uint16(t[2:])), int(binary.BigEndian.Uint16(t[4:]))
	for i := range n {
		if len(t) < 6+12*(i+1) {
			break
		}
		rec := t[6+12*i:]
		if binary.BigEndian.Uint16(rec[6:]) != 6 {
			continue
		}
		size, off := int(binary.BigEndian.Uint16(rec[8:])), base+int(binary.BigEndian.Uint16(rec[10:]))
		if off+size > len(t) {
			continue
		}
		var name []byte
		for _, c := range t[off : off+size] {
			if c == 0 {
				continue // UTF-16BE of ASCII
			}
			if c < '!' || c > '~' || c == '/' || c == '(' || c == ')' || c == '<' || c == '>' ||
				c == '[' || c == ']' || c == '{' || c == '}' || c == '%' || c == '#' {
				return badFont("PostScript name %q holds a character that a PDF name cannot", t[off:off+size])
			}
			name = append(name, c)
		}
		if len(name) > 0 && len(name) < 64 {
			f.name = string(name)
			return nil
		}
	}
	return badFont("it has no PostScript name")
}

// readCmap reads the Unicode map (format 4, platforms 0 and 3).
func (f *Font) readCmap() error {
	t, err := f.table("cmap", 4)
	if err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint16(t[2:]))
	if len(t) < 4+8*n {
		return badFont("cmap of %d maps does not fit", n)
	}
	for i := range n {
		rec := t[4+8*i:]
		platform, encoding := binary.BigEndian.Uint16(rec), binary.BigEndian.Uint16(rec[2:])
		off := uint64(binary.BigEndian.Uint32(rec[4:]))
		if off+8 > uint64(len(t)) || (platform != 0 && (platform != 3 || encoding != 1)) {
			continue
		}
		if binary.BigEndian.Uint16(t[off:]) == 4 {
			return f.readCmap4(t[off:])
		}
	}
	return badFont("it has no Unicode map of format 4")
}

func (f *Font) readCmap4(t []byte) error {
	if len(t) < 16 {
		return badFont("cmap format 4 has %d bytes", len(t))
	}
	if size := int(binary.BigEndian.Uint16(t[2:])); size >= 16 && size <= len(t) {
		t = t[:size]
	}
	segs := int(binary.BigEndian.Uint16(t[6:])) / 2
	if len(t) < 16+8*segs {
		return badFont("cmap format 4 of %d segments does not fit in %d bytes", segs, len(t))
	}
	f.others = make(map[rune]uint16)
	ends, starts := t[14:], t[16+2*segs:]
	deltas, ranges := t[16+4*segs:], t[16+6*segs:]
	next := 0 // segments must ascend, or a hostile table could ask for work without end
	for s := range segs {
		first, last := int(binary.BigEndian.Uint16(starts[2*s:])), int(binary.BigEndian.Uint16(ends[2*s:]))
		delta, rng := binary.BigEndian.Uint16(deltas[2*s:]), int(binary.BigEndian.Uint16(ranges[2*s:]))
		if first < next || last < first {
			return badFont("cmap segment %d maps U+%04X to U+%04X, expected to begin at U+%04X or later", s, first, last, next)
		}
		next = last + 1
		for c := first; c <= last && c < 0xffff; c++ {
			g := uint16(c)
			if rng != 0 {
				at := 2*s + rng + 2*(c-first)
				if at+2 > len(ranges) {
					return badFont("cmap maps U+%04X outside of its table", c)
				}
				if g = binary.BigEndian.Uint16(ranges[at:]); g == 0 {
					continue
				}
			}
			g += delta
			if g == 0 {
				continue
			}
			if int(g) >= f.numGlyphs {
				return badFont("cmap maps U+%04X to glyph %d of %d", c, g, f.numGlyphs)
			}
			if c < len(f.latin) {
				f.latin[c] = g
			} else {
				f.others[rune(c)] = g
			}
		}
	}
	return nil
}

// glyph returns the glyph of r, 0 if there is none.
func (f *Font) glyph(r rune) uint16 {
	if r >= 0 && int(r) < len(f.latin) {
		return f.latin[r]
	}
	return f.others[r]
}

// advance returns the width of a glyph in thousandths of the font size.
func (f *Font) advance(g uint16) int {
	return (int(f.advances[g])*1000 + f.unitsPer/2) / f.unitsPer
}

func (f *Font) milli(v int16) int { return int(v) * 1000 / f.unitsPer }

// Name returns the font's PostScript name.
func (f *Font) Name() string { return f.name }

// Has reports whether the font can draw r.
func (f *Font) Has(r rune) bool { return f.glyph(r) != 0 }

func (f *Font) newSubset(size int) *subset {
	return &subset{size: size, once: sync.OnceValues(func() (*program, error) { return f.build(size) })}
}
