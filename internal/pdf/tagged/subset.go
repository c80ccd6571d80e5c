package tagged

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
)

// The repertoires, smallest first: a document embeds the first that covers it.
// Most Italian certificates need only the first; the second holds what names
// of the European Union are written with in the Latin alphabet.
const (
	italianExtras = "\u00a0ÀÈÉÌÒÙàèéìîòù«»’‘“”–—°·•©€§ªº…"
	latinExtras   = "ȘșȚț†‡‰‹›−™‚„"
)

// arrange puts the glyphs into the order of the repertoires, so that every
// subset is a prefix of the next larger one and the number of a glyph in a
// document (its CID) depends on the font only.
func (f *Font) arrange() error {
	f.cid = make([]uint16, f.numGlyphs)
	f.order = make([]uint16, 1, f.numGlyphs) // glyph 0 keeps number 0
	f.unicode = make([]rune, 1, f.numGlyphs)
	addRune := func(r rune) error {
		if g := f.glyph(r); g != 0 {
			return f.enlist(g, r, 0)
		}
		return nil
	}
	var italian, latin, rest []rune
	for r := rune(' '); r <= '~'; r++ {
		italian = append(italian, r)
	}
	italian = append(italian, []rune(italianExtras)...)
	for r := rune(0xa1); r < 0x180; r++ {
		latin = append(latin, r)
	}
	latin = append(latin, []rune(latinExtras)...)
	for r := rune(0x180); int(r) < len(f.latin); r++ {
		rest = append(rest, r)
	}
	others := make([]rune, 0, len(f.others))
	for r := range f.others {
		others = append(others, r)
	}
	slices.Sort(others)
	for _, runes := range [][]rune{italian, latin, append(rest, others...)} {
		for _, r := range runes {
			if err := addRune(r); err != nil {
				return err
			}
		}
		if n := len(f.order); len(f.subsets) == 0 || f.subsets[len(f.subsets)-1].size < n {
			f.subsets = append(f.subsets, f.newSubset(n))
		}
	}
	return nil
}

const maxComponentDepth = 6

// enlist gives a number to g and, before it, to the glyphs it is composed of.
func (f *Font) enlist(g uint16, r rune, depth int) error {
	if depth > maxComponentDepth {
		return badFont("glyph %d is composed more than %d levels deep", g, maxComponentDepth)
	}
	if g == 0 {
		return nil
	}
	if c := f.cid[g]; c != 0 {
		// The first character that needs a glyph names it for extraction.
		if f.unicode[c] == 0 {
			f.unicode[c] = r
		}
		return nil
	}
	err := f.components(g, func(c uint16, _ int) error { return f.enlist(c, 0, depth+1) })
	if err != nil {
		return err
	}
	f.cid[g] = uint16(len(f.order))
	f.order = append(f.order, g)
	f.unicode = append(f.unicode, r)
	return nil
}

// outline returns the bytes of a glyph in the glyf table.
func (f *Font) outline(g uint16) ([]byte, error) {
	loca, glyf := f.tables["loca"], f.tables["glyf"]
	var from, to uint64
	if f.longLoca {
		from, to = uint64(binary.BigEndian.Uint32(loca[4*int(g):])), uint64(binary.BigEndian.Uint32(loca[4*int(g)+4:]))
	} else {
		from, to = 2*uint64(binary.BigEndian.Uint16(loca[2*int(g):])), 2*uint64(binary.BigEndian.Uint16(loca[2*int(g)+2:]))
	}
	if from > to || to > uint64(len(glyf)) {
		return nil, badFont("glyph %d lies at %d to %d, outside of the glyf table (%d bytes)", g, from, to, len(glyf))
	}
	if from != to && to-from < 10 {
		return nil, badFont("glyph %d has %d bytes", g, to-from)
	}
	return glyf[from:to], nil
}

// components calls yield for each component of a composite glyph, with the
// offset of its number inside the outline.
func (f *Font) components(g uint16, yield func(component uint16, offset int) error) error {
	const (
		words     = 1 << 0
		scale     = 1 << 3
		more      = 1 << 5
		xyScale   = 1 << 6
		twoByTwo  = 1 << 7
		headerLen = 10
	)
	data, err := f.outline(g)
	if err != nil || len(data) == 0 || int16(binary.BigEndian.Uint16(data)) >= 0 {
		return err
	}
	for at := headerLen; ; {
		if at+4 > len(data) {
			return badFont("composite glyph %d ends inside a component", g)
		}
		flags, c := binary.BigEndian.Uint16(data[at:]), binary.BigEndian.Uint16(data[at+2:])
		if int(c) >= f.numGlyphs {
			return badFont("glyph %d is composed of glyph %d of %d", g, c, f.numGlyphs)
		}
		if err := yield(c, at+2); err != nil {
			return err
		}
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&xyScale != 0:
			at += 4
		case flags&twoByTwo != 0:
			at += 8
		}
		if flags&more == 0 {
			return nil
		}
	}
}

// build makes the program of the first size glyphs.
func (f *Font) build(size int) (*program, error) {
	file, err := f.truetype(size)
	if err != nil {
		return nil, err
	}
	p := &program{file: deflate(file, zlib.BestCompression), length: len(file)}
	p.widths = []byte("[0[")
	for c, g := range f.order[:size] {
		if c > 0 {
			p.widths = append(p.widths, ' ')
		}
		p.widths = strconv.AppendInt(p.widths, int64(f.advance(g)), 10)
	}
	p.widths = append(p.widths, "]]"...)
	p.toUnicode = deflate(f.cmap(size), zlib.BestCompression)
	set := make([]byte, (size+7)/8)
	for c := range size {
		set[c/8] |= 0x80 >> (c % 8)
	}
	p.cidSet = deflate(set, zlib.BestCompression)
	// ISO 32000-1, 9.6.4: six letters that differ between subsets of a font.
	tag := []byte("ANPRAA")
	for i, n := 5, size; n > 0 && i >= 2; i, n = i-1, n/26 {
		tag[i] = byte('A' + n%26)
	}
	p.name = string(tag) + "+" + f.name
	return p, nil
}

func (f *Font) truetype(size int) ([]byte, error) {
	var glyf []byte
	loca := make([]byte, 0, 4*(size+1))
	hmtx := make([]byte, 0, 4*size)
	source := f.tables["hmtx"]
	metrics := int(binary.BigEndian.Uint16(f.tables["hhea"][34:]))
	for _, g := range f.order[:size] {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		data, err := f.outline(g)
		if err != nil {
			return nil, err
		}
		start := len(glyf)
		glyf = append(glyf, data...)
		err = f.components(g, func(c uint16, offset int) error {
			if int(f.cid[c]) >= size {
				return badFont("component %d of glyph %d is not in the subset", c, g)
			}
			binary.BigEndian.PutUint16(glyf[start+offset:], f.cid[c])
			return nil
		})
		if err != nil {
			return nil, err
		}
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		bearing := 4*int(g) + 2
		if int(g) >= metrics {
			bearing = 4*metrics + 2*(int(g)-metrics)
		}
		hmtx = binary.BigEndian.AppendUint16(hmtx, f.advances[g])
		hmtx = append(hmtx, source[bearing:bearing+2]...)
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	head := slices.Clone(f.tables["head"][:54])
	binary.BigEndian.PutUint32(head[8:], 0)
	binary.BigEndian.PutUint16(head[50:], 1)
	hhea := slices.Clone(f.tables["hhea"][:36])
	binary.BigEndian.PutUint16(hhea[34:], uint16(size))
	maxp := slices.Clone(f.tables["maxp"][:32])
	binary.BigEndian.PutUint16(maxp[4:], uint16(size))
	tables := map[string][]byte{"glyf": glyf, "loca": loca, "hmtx": hmtx, "head": head, "hhea": hhea, "maxp": maxp}
	for _, tag := range []string{"cvt ", "fpgm", "prep"} {
		if t, ok := f.tables[tag]; ok {
			tables[tag] = t
		}
	}
	return assemble(tables), nil
}

// assemble writes a font file with its checksums.
func assemble(tables map[string][]byte) []byte {
	tags := make([]string, 0, len(tables))
	for tag := range tables {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	n := len(tags)
	entry, log := 1, 0
	for entry*2 <= n {
		entry, log = entry*2, log+1
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{n, entry * 16, log, (n - entry) * 16} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	offset := 12 + 16*n
	head := 0
	for _, tag := range tags {
		t := tables[tag]
		if tag == "head" {
			head = offset
		}
		out = append(out, tag...)
		out = binary.BigEndian.AppendUint32(out, checksum(t))
		out = binary.BigEndian.AppendUint32(out, uint32(offset))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t)))
		offset += (len(t) + 3) &^ 3
	}
	for _, tag := range tags {
		out = append(out, tables[tag]...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	binary.BigEndian.PutUint32(out[head+8:], 0xB1B0AFBA-checksum(out))
	return out
}

func checksum(b []byte) (sum uint32) {
	for len(b) >= 4 {
		sum += binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	if len(b) > 0 {
		var last [4]byte
		copy(last[:], b)
		sum += binary.BigEndian.Uint32(last[:])
	}
	return sum
}

// cmap returns the ToUnicode CMap of the first size glyphs (ISO 32000-1, 9.10.3).
func (f *Font) cmap(size int) []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	var lines []string
	for c, r := range f.unicode[:size] {
		if r != 0 {
			lines = append(lines, fmt.Sprintf("<%04X> <%04X>\n", c, r))
		}
	}
	for chunk := range slices.Chunk(lines, 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(chunk))
		for _, l := range chunk {
			b.WriteString(l)
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}

// deflate compresses once, for what is kept; documents use the engine's pool.
// Compress prepares data for [File].Compressed.
func Compress(data []byte) []byte { return deflate(data, zlib.BestCompression) }

func deflate(data []byte, level int) []byte {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		panic("tagged: impossible compression level: " + err.Error())
	}
	// Writing into a bytes.Buffer cannot fail.
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}
