package pdf

import (
	"bytes"
	"context"
	"math"
	"slices"
)

// A sect is one cross-reference section: a table or a stream.
type sect struct {
	offset  int64
	after   int // byte after its trailer or its stream object
	trailer Dict
	entries []numbered     // in the order of the file
	byNum   map[uint32]int // their places, once numbers do not ascend
	highest uint32         // of the numbers
	isTable bool
	hybrid  bool
	noTable bool
}

// A numbered is the entry of an object.
type numbered struct {
	num uint32
	entry
}

// find returns the place of an object's entry. Numbers that only ascend, as
// every writer has them, need no index.
func (s *sect) find(num uint32) (int, bool) {
	if len(s.entries) == 0 || num > s.highest {
		return 0, false
	}
	if s.byNum == nil {
		s.byNum = make(map[uint32]int, len(s.entries))
		for i := range s.entries {
			s.byNum[s.entries[i].num] = i
		}
	}
	i, ok := s.byNum[num]
	return i, ok
}

func (s *sect) add(num uint32, e entry) {
	if s.byNum != nil {
		s.byNum[num] = len(s.entries)
	}
	s.entries = append(s.entries, numbered{num, e})
	s.highest = max(s.highest, num)
}

// eofWindow is how far from the end of the file the last marker may be.
const eofWindow = 1024

// readRevisions follows the chain of cross-reference sections from the end of
// the file (clause 7.5.5) and groups them into revisions.
func (f *File) readRevisions(ctx context.Context) error {
	offset, end, err := f.lastStartXRef()
	if err != nil {
		return err
	}
	f.Trailing = int64(len(f.data)) - lineEnd(f.data, end)
	seen := map[int64]bool{}
	var newest []Revision
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(newest) == f.limits.Revisions {
			return limitf(int(offset), "more than %d revisions", f.limits.Revisions)
		}
		rev := Revision{XRef: offset}
		s, err := f.section(offset, seen)
		if err != nil {
			return err
		}
		rev.xrefs = append(rev.xrefs, s)
		var prev int64
		if prev, more, err = prevOf(s); err != nil {
			return err
		}
		if more && prev > offset { // the first-page section of a linearised file
			main, err := f.section(prev, seen)
			if err != nil {
				return err
			}
			if _, again, err := prevOf(main); err != nil || again {
				return syntaxf(int(prev), "the main section of a linearised file names an earlier one")
			}
			rev.Linear, more = true, false
			rev.xrefs = append(rev.xrefs, main)
		}
		if err := f.closeRevision(&rev); err != nil {
			return err
		}
		newest, offset = append(newest, rev), prev
	}
	slices.Reverse(newest)
	f.Revisions = newest
	return f.index(int64(end))
}

// lastStartXRef finds the last end-of-file marker and the offset before it.
func (f *File) lastStartXRef() (offset int64, end int, err error) {
	from := max(0, len(f.data)-eofWindow)
	i := bytes.LastIndex(f.data[from:], []byte("%%EOF"))
	if i < 0 {
		return 0, 0, syntaxAs(ErrStart, from, "no %%%%EOF in the last %d bytes", eofWindow)
	}
	eof := from + i
	start := bytes.LastIndex(f.data[:eof], []byte("startxref"))
	if start < 0 || eof-start > 64 {
		return 0, 0, syntaxAs(ErrStart, eof, "no startxref before %%%%EOF")
	}
	return readStartXRef(f.data, start)
}

// readStartXRef reads "startxref", an offset and the end-of-file marker.
func readStartXRef(data []byte, pos int) (offset int64, end int, err error) {
	l := lexer{data: data, pos: pos}
	if !l.keyword("startxref") {
		return 0, 0, syntaxf(pos, "found %s: expected startxref", l.found())
	}
	l.skipSpace()
	if offset, err = l.uint("the offset of a cross-reference section", int64(len(data))); err != nil {
		return 0, 0, err
	}
	l.skipSpace()
	if !bytes.HasPrefix(data[l.pos:], []byte("%%EOF")) {
		return 0, 0, syntaxf(l.pos, "found %s: expected %%%%EOF", l.found())
	}
	return offset, l.pos + 5, nil
}

// lineEnd returns the position after the end of line at pos, if there is one.
func lineEnd(data []byte, pos int) int64 {
	switch {
	case bytes.HasPrefix(data[pos:], []byte("\r\n")):
		return int64(pos + 2)
	case pos < len(data) && (data[pos] == '\n' || data[pos] == '\r'):
		return int64(pos + 1)
	}
	return int64(pos)
}

func prevOf(s sect) (int64, bool, error) {
	e, ok := s.trailer.Lookup("Prev")
	if !ok {
		return 0, false, nil
	}
	prev, ok := e.Value.(int64)
	if !ok || prev < 0 {
		return 0, false, syntaxf(int(s.offset), "Prev is %v: expected an offset", e.Value)
	}
	return prev, true, nil
}

// closeRevision finds where a revision ends: after the marker that follows the
// last of its sections in the file.
func (f *File) closeRevision(r *Revision) error {
	last := r.xrefs[len(r.xrefs)-1]
	l := lexer{data: f.data, pos: last.after}
	l.skip()
	offset, end, err := readStartXRef(f.data, l.pos)
	if err != nil {
		return err
	}
	if offset != r.XRef {
		return syntaxf(l.pos, "startxref %d: expected %d, the section that it closes", offset, r.XRef)
	}
	r.End, r.EndLine = int64(end), lineEnd(f.data, end)
	r.Trailer = r.xrefs[0].trailer
	return nil
}

// index merges the entries of all revisions, oldest first.
func (f *File) index(lastEnd int64) error {
	var start int64
	total := 0
	for i := range f.Revisions {
		for _, s := range f.Revisions[i].xrefs {
			total += len(s.entries)
		}
	}
	f.entries = make(map[uint32][]entry, total)
	f.block = make([]entry, total)
	for i := range f.Revisions {
		r := &f.Revisions[i]
		r.Start = start
		if r.End <= start || r.XRef >= r.End || r.XRef < start && i > 0 {
			return syntaxf(int(r.XRef), "revision %d, from byte %d to %d, is not behind the one before, which ends at %d", i, r.XRef, r.End, start)
		}
		start = r.End
		r.Objects = make([]Ref, 0, len(r.xrefs[0].entries))
		for n := range r.xrefs {
			s := &r.xrefs[n]
			r.Hybrid = r.Hybrid || s.hybrid
			r.NoTable = r.NoTable || s.noTable
			for _, e := range s.entries {
				if n > 0 { // the first-page section comes before the main one
					if _, seen := r.xrefs[0].find(e.num); seen {
						continue
					}
				}
				if err := f.addEntry(i, e.num, e.entry); err != nil {
					return err
				}
			}
		}
	}
	if start != lastEnd {
		return syntaxf(int(lastEnd), "the last startxref belongs to a revision that ends at byte %d", start)
	}
	return nil
}

// first makes a history of one entry, from a block of them.
func (f *File) first(e entry) []entry {
	if len(f.block) == 0 {
		f.block = make([]entry, 64)
	}
	out := f.block[:1:1]
	f.block = f.block[1:]
	out[0] = e
	return out
}

func (f *File) addEntry(rev int, num uint32, e entry) error {
	r := &f.Revisions[rev]
	if e.kind == inFile && e.offset >= r.End {
		return syntaxf(int(e.offset), "object %d of revision %d stands behind the end of the revision, byte %d", num, rev, r.End)
	}
	e.rev = rev
	hist := f.entries[num]
	if n := len(hist); n > 0 {
		old := hist[n-1]
		if old.rev = rev; old == e { // repeated, not changed
			return nil
		}
	} else if e.kind == free {
		return nil
	}
	if hist == nil { // most objects are written once
		f.entries[num] = f.first(e)
	} else {
		f.entries[num] = append(hist, e)
	}
	r.Objects = append(r.Objects, Ref{Num: num, Gen: e.gen})
	return nil
}

// section reads the section at an offset, with the stream of a hybrid one.
func (f *File) section(offset int64, seen map[int64]bool) (sect, error) {
	if seen[offset] {
		return sect{}, syntaxf(int(offset), "the chain of cross-reference sections loops")
	}
	seen[offset] = true
	if offset >= int64(len(f.data)) {
		return sect{}, syntaxf(int(offset), "a cross-reference section behind the end of the file")
	}
	l := lexer{data: f.data, pos: int(offset), depth: f.limits.Depth, values: &f.values}
	l.skipSpace()
	s := sect{offset: offset}
	if !l.keyword("xref") {
		if at := l.pos; !bytes.HasPrefix(f.data[at:], []byte("trailer")) {
			return s, f.xrefStream(&l, &s)
		}
		// Viewers then look for objects by themselves and find what no table names.
		f.irregular(l.pos, true, "a trailer without its cross-reference table")
		s.noTable = true
	}
	s.isTable = true
	if err := f.xrefTable(&l, &s); err != nil {
		return s, err
	}
	if e, ok := s.trailer.Lookup("XRefStm"); ok {
		at, ok := e.Value.(int64)
		if !ok || at < 0 || at >= int64(len(f.data)) || seen[at] {
			return s, syntaxf(e.Start, "XRefStm is %v: expected an offset of its own", e.Value)
		}
		seen[at] = true
		hl := lexer{data: f.data, pos: int(at), depth: f.limits.Depth, values: &f.values}
		hl.skipSpace()
		h := sect{offset: at}
		if err := f.xrefStream(&hl, &h); err != nil {
			return s, err
		}
		for _, e := range h.entries { // the table hides them as free
			if i, ok := s.find(e.num); !ok {
				s.add(e.num, e.entry)
			} else if s.entries[i].kind == free {
				s.entries[i].entry = e.entry
			}
		}
		s.hybrid = true
	}
	return s, nil
}

// expect makes room for entries: maps that grow leave as much behind.
func (s *sect) expect(n int64) { s.entries = slices.Grow(s.entries, int(n)) }

// set records an entry; two for the same object would let readers choose.
func (f *File) set(s *sect, num int64, e entry, pos int) error {
	if num > maxObjectNumber {
		return syntaxf(pos, "object number %d: expected at most %d", num, maxObjectNumber)
	}
	if f.count++; f.count > f.limits.Objects {
		return limitf(pos, "more than %d cross-reference entries", f.limits.Objects)
	}
	if _, dup := s.find(uint32(num)); dup {
		return syntaxf(pos, "a second entry for object %d in the same section", num)
	}
	s.add(uint32(num), e)
	return nil
}

func (f *File) xrefTable(l *lexer, s *sect) error {
	for {
		l.skipSpace()
		if l.keyword("trailer") {
			break
		}
		first, err := l.uint("an object number or trailer", maxObjectNumber)
		if err != nil {
			return err
		}
		l.skipSpace()
		n, err := l.uint("a number of entries", maxObjectNumber)
		if err != nil {
			return err
		}
		l.skipSpace()
		// A table cannot be longer than the file.
		s.expect(min(n, int64(len(l.data)-l.pos)/19, int64(f.limits.Objects)))
		for i := range n {
			if err := f.xrefLine(l, s, first+i); err != nil {
				return err
			}
		}
	}
	o, err := l.object()
	if err != nil {
		return err
	}
	s.after = l.pos
	return s.setTrailer(o, l.pos)
}

// xrefLine reads one entry of twenty bytes (clause 7.5.4).
func (f *File) xrefLine(l *lexer, s *sect, num int64) error {
	pos := l.pos
	if pos+20 > len(l.data) {
		return syntaxf(pos, "the cross-reference table is cut off")
	}
	line := l.data[pos : pos+20]
	e := lexer{data: line[:18]}
	offset, err1 := e.uint("an offset", math.MaxInt64/16)
	e.pos++
	gen, err2 := e.uint("a generation", math.MaxUint16)
	kind, width := line[17], lineWidth(line)
	if kind == 'f' && string(line[11:16]) == "65536" { // some count one too far
		if !f.lenient {
			return syntaxAs(ErrFreeEntry, pos, "found %q: expected a generation of at most 65535", line)
		}
		e.pos, gen, err2 = 16, 0, nil
	}
	if err1 != nil || err2 != nil || line[10] != ' ' || line[16] != ' ' || e.pos != 16 ||
		kind != 'n' && kind != 'f' || width == 0 {
		return syntaxf(pos, "found %q: expected a cross-reference entry of 20 bytes", line)
	}
	if width == 19 {
		f.irregular(pos, false, "cross-reference entries of 19 bytes, expected 20")
	}
	l.pos += width
	ent := entry{gen: uint16(gen)}
	// Offset 0 is the header of the file: many writers mark unused numbers so.
	if kind == 'n' && offset != 0 {
		ent.kind, ent.offset = inFile, offset
	}
	if num == 0 && ent.kind != free {
		return syntaxf(pos, "object 0 is in use")
	}
	if ent.kind == free {
		ent.gen = 0
	}
	return f.set(s, num, ent, pos)
}

// lineWidth returns the width of an entry by its end of line: 20, or 19 as some
// writers have it, where every reader sees the same entries; 0 if it has none.
func lineWidth(line []byte) int {
	switch eol := string(line[18:20]); {
	case eol == "\r\n", eol == " \n", eol == " \r":
		return 20
	case eol[0] == '\n', eol[0] == '\r':
		return 19
	}
	return 0
}

func (s *sect) setTrailer(o Object, pos int) error {
	d, ok := o.(Dict)
	if !ok {
		return syntaxf(pos, "the trailer is no dictionary")
	}
	if key, dup := d.Duplicate(); dup {
		return syntaxf(pos, "the trailer has the key %s twice", key)
	}
	s.trailer = d
	return nil
}

// xrefStream reads a cross-reference stream (clause 7.5.8).
func (f *File) xrefStream(l *lexer, s *sect) error {
	start := l.pos
	num, err := l.uint("xref or an object number", maxObjectNumber)
	if err != nil {
		return err
	}
	l.skipSpace()
	gen, err := l.uint("a generation", math.MaxUint16)
	if err != nil {
		return err
	}
	l.pos = start
	if err := l.header(Ref{Num: uint32(num), Gen: uint16(gen)}); err != nil {
		return err
	}
	o, err := l.object()
	if err != nil {
		return err
	}
	if err := s.setTrailer(o, l.pos); err != nil {
		return err
	}
	l.skip()
	if s.trailer.Name("Type") != "XRef" || !l.keyword("stream") {
		return syntaxf(start, "found an object that is no cross-reference stream")
	}
	for _, key := range []Name{"Length", "Filter", "DecodeParms"} {
		if _, ref := s.trailer.Get(key).(Ref); ref {
			return syntaxf(start, "%s of a cross-reference stream is a reference", key)
		}
	}
	v := View{f: f}
	so, err := v.stream(l, s.trailer)
	if err != nil {
		return err
	}
	s.after = l.pos
	data, err := v.Decode(so.(*Stream))
	if err != nil {
		return err
	}
	return f.xrefStreamEntries(s, data, start)
}

func (f *File) xrefStreamEntries(s *sect, data []byte, pos int) error {
	var w [3]int
	ws, _ := s.trailer.Get("W").(Array)
	if len(ws) != 3 {
		return syntaxf(pos, "W is %v: expected three widths", s.trailer.Get("W"))
	}
	for i, o := range ws {
		n, ok := o.(int64)
		if !ok || n < 0 || n > 8 {
			return syntaxf(pos, "W is %v: expected widths from 0 to 8", ws)
		}
		w[i] = int(n)
	}
	row := w[0] + w[1] + w[2]
	index, ok := s.trailer.Get("Index").(Array)
	if !ok {
		index = Array{int64(0), s.trailer.Get("Size")}
	}
	if row == 0 || len(index)%2 != 0 {
		return syntaxf(pos, "cross-reference stream with W %v and Index %v", ws, index)
	}
	for i := 0; i < len(index); i += 2 {
		first, ok1 := index[i].(int64)
		n, ok2 := index[i+1].(int64)
		if !ok1 || !ok2 || first < 0 || first > maxObjectNumber || n < 0 || n > int64(len(data)/row) {
			return syntaxf(pos, "Index %v and %v over %d bytes of entries", index[i], index[i+1], len(data))
		}
		s.expect(min(n, int64(f.limits.Objects)))
		for j := range n {
			if err := f.streamEntry(s, first+j, data[:row], w, pos); err != nil {
				return err
			}
			data = data[row:]
		}
	}
	if len(data) != 0 {
		return syntaxf(pos, "%d bytes behind the entries of the cross-reference stream", len(data))
	}
	return nil
}

func (f *File) streamEntry(s *sect, num int64, row []byte, w [3]int, pos int) error {
	field := func(n int, def uint64) uint64 {
		if n == 0 {
			return def
		}
		v := uint64(0)
		for _, c := range row[:n] {
			v = v<<8 | uint64(c)
		}
		row = row[n:]
		return v
	}
	kind, second, third := field(w[0], 1), field(w[1], 0), field(w[2], 0)
	e := entry{}
	switch kind {
	case 0:
	case 1:
		if second > math.MaxInt64/16 || third > math.MaxUint16 {
			return syntaxf(pos, "object %d at offset %d with generation %d", num, second, third)
		}
		e = entry{kind: inFile, offset: int64(second), gen: uint16(third)}
	case 2:
		if second > maxObjectNumber || third > maxObjectNumber {
			return syntaxf(pos, "object %d is number %d of object stream %d", num, third, second)
		}
		e = entry{kind: inStream, stream: uint32(second), index: int(third)}
	default: // clause 7.5.8.3: a reference to null, as if it were free
	}
	if num == 0 && e.kind != free {
		return syntaxf(pos, "object 0 is in use")
	}
	return f.set(s, num, e, pos)
}
