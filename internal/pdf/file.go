package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
)

// A File is a PDF file. It keeps the data that it was parsed from, which must
// not change. A File caches what it reads and is not safe for concurrent use.
type File struct {
	// Revisions lists the file as first written and its incremental updates,
	// oldest first. There is at least one.
	Revisions []Revision

	// Trailing is the number of bytes after the line end of the last end-of-file
	// marker, which belong to no revision.
	Trailing int64

	// Irregular lists where the file departs from the standard in a way that
	// could be read nevertheless.
	Irregular []Irregularity

	data     []byte
	limits   Limits
	lenient  bool               // for files in which nothing is sealed
	entries  map[uint32][]entry // by object number, oldest revision first
	block    []entry            // room for entries
	count    int
	expanded int64
	cache    map[cacheKey]Object
	values   int64 // that may still be read
	work     int64 // that may still be done
	streams  map[cacheKey]*objectStream
	busy     map[cacheKey]bool
}

// An Irregularity is a departure from the standard that did not prevent
// reading.
type Irregularity struct {
	Offset    int64
	What      string
	Ambiguous bool // other readers may see another document
}

func (f *File) irregular(offset int, ambiguous bool, what string) {
	for _, i := range f.Irregular {
		if i.What == what {
			return // once is enough
		}
	}
	f.Irregular = append(f.Irregular, Irregularity{int64(offset), what, ambiguous})
}

// A Revision is a file as first written or one incremental update of it
// (clause 7.5.6).
type Revision struct {
	XRef    int64  // where its cross-reference section stands, as startxref says
	Start   int64  // first byte: the end of the revision before
	End     int64  // byte after its end-of-file marker
	EndLine int64  // the same, after the end of the line if there is one
	Trailer Dict   // the trailer, or the dictionary of the cross-reference stream
	Objects []Ref  // what it defines or frees, in the order of the file
	Hybrid  bool   // has a cross-reference stream beside its table
	Linear  bool   // two sections of a linearised file
	NoTable bool   // its trailer comes without cross-reference data
	xrefs   []sect // its sections, the one that startxref names first
}

// An entry says where an object is, as of one revision.
type entry struct {
	rev    int
	offset int64  // inFile
	index  int    // inStream
	stream uint32 // inStream: number of the object stream
	gen    uint16 // inFile: its generation
	kind   entryKind
}

type entryKind byte

const (
	free entryKind = iota
	inFile
	inStream
)

// A cacheKey names an object as one revision wrote it or, with view set, as it
// is seen from a revision.
type cacheKey struct {
	rev  int
	num  uint32
	in   int // revision of the object stream that it stands in, counted from 1
	view bool
}

// Parse reads the structure of a file: header, cross-reference data and
// trailers of all revisions. Objects are read when they are asked for, or all
// at once by [File.CheckObjects].
func Parse(ctx context.Context, data []byte, limits Limits) (*File, error) {
	return parse(ctx, data, limits, false)
}

func newFile(data []byte, limits Limits) (*File, error) {
	f := &File{
		data: data, limits: limits.withDefaults(),
		cache:   map[cacheKey]Object{},
		streams: map[cacheKey]*objectStream{}, busy: map[cacheKey]bool{},
	}
	if int64(len(data)) > f.limits.Size {
		return nil, fmt.Errorf("pdf: %d bytes, expected at most %d: %w", len(data), f.limits.Size, ErrLimit)
	}
	f.values = f.limits.Values + int64(len(data))/8
	f.work = f.limits.Work
	return f, nil
}

func parse(ctx context.Context, data []byte, limits Limits, lenient bool) (*File, error) {
	f, err := newFile(data, limits)
	if err != nil {
		return nil, err
	}
	f.lenient = lenient
	if err := checkHeader(data, lenient); err != nil {
		return nil, err
	}
	if err := f.readRevisions(ctx); err != nil {
		return nil, err
	}
	for i := range f.Revisions {
		if f.Revisions[i].Trailer.Get("Encrypt") != nil {
			return nil, ErrEncrypted
		}
	}
	return f, nil
}

// checkHeader insists on the header at the very beginning; anywhere in the first
// kilobyte if lenient.
func checkHeader(data []byte, lenient bool) error {
	at := Header(data)
	if at < 0 || at > 0 && !lenient && !wellFormedHeader(data[at:]) || (at == 0 || lenient) && !wellFormedHeader(data[at:]) {
		return fmt.Errorf("%w: it begins with %q, expected %%PDF- and a version", ErrNotPDF, data[:min(8, len(data))])
	}
	if at > 0 && !lenient {
		return &SyntaxError{What: fmt.Sprintf("%d bytes before %%PDF-", at), Err: ErrHeader}
	}
	return nil
}

func wellFormedHeader(data []byte) bool {
	return len(data) >= 8 && data[5] >= '1' && data[5] <= '2' && data[6] == '.' && data[7] >= '0' && data[7] <= '9'
}

// Data returns the bytes of the file.
func (f *File) Data() []byte { return f.data }

// At returns the file as of a revision, by its index.
func (f *File) At(rev int) View { return View{f, rev} }

// Last returns the file as of its last revision, which is what viewers show.
func (f *File) Last() View { return View{f, len(f.Revisions) - 1} }

// A View is a file as of one revision.
type View struct {
	f   *File
	rev int
}

// Revision returns the index of the revision.
func (v View) Revision() int { return v.rev }

// Trailer returns the trailer of the revision.
func (v View) Trailer() Dict { return v.f.Revisions[v.rev].Trailer }

func (v View) entry(num uint32) (entry, bool) {
	hist := v.f.entries[num]
	for i := len(hist) - 1; i >= 0; i-- {
		if hist[i].rev <= v.rev {
			return hist[i], true
		}
	}
	return entry{}, false
}

// Written returns the revision whose cross-reference data last named an
// object.
func (v View) Written(num uint32) (rev int, ok bool) {
	e, ok := v.entry(num)
	return e.rev, ok
}

// InStream reports whether an object is kept in an object stream.
func (v View) InStream(num uint32) bool {
	e, _ := v.entry(num)
	return e.kind == inStream
}

// Get returns an object. The error wraps [ErrNotFound] if the revision has
// none of that number and generation.
func (v View) Get(ref Ref) (Object, error) {
	if err := v.f.Spend(1); err != nil {
		return nil, err
	}
	e, ok := v.entry(ref.Num)
	if !ok || e.kind == free || e.kind == inFile && e.gen != ref.Gen || e.kind == inStream && ref.Gen != 0 {
		return nil, fmt.Errorf("pdf: object %s: %w", ref, ErrNotFound)
	}
	key := v.key(e, ref.Num)
	if o, ok := v.f.cache[key]; ok {
		return o, nil
	}
	seen := cacheKey{rev: v.rev, num: ref.Num, view: true}
	if o, ok := v.f.cache[seen]; ok {
		return o, nil
	}
	if v.f.busy[seen] || len(v.f.busy) > 32 {
		return nil, fmt.Errorf("pdf: object %s: needed to read itself", ref)
	}
	v.f.busy[seen] = true
	defer delete(v.f.busy, seen)
	var o Object
	var err error
	if e.kind == inFile {
		o, err = v.objectAt(e, ref)
	} else {
		o, err = v.objectIn(e, ref)
	}
	if err != nil {
		return nil, fmt.Errorf("pdf: object %s: %w", ref, err)
	}
	if lengthElsewhere(o) {
		key = seen
	}
	v.f.cache[key] = o
	return o, nil
}

// key is that of an object in the cache. What one revision wrote is the same
// for all that have replaced neither it nor its object stream, unless the
// extent of a stream hangs on another object.
func (v View) key(e entry, num uint32) cacheKey {
	k := cacheKey{rev: e.rev, num: num}
	if e.kind == inStream {
		c, _ := v.entry(e.stream)
		k.in = c.rev + 1
		if o, ok := v.f.cache[cacheKey{rev: c.rev, num: e.stream}]; !ok || lengthElsewhere(o) {
			return cacheKey{rev: v.rev, num: num, view: true}
		}
	}
	return k
}

func lengthElsewhere(o Object) bool {
	s, ok := o.(*Stream)
	if !ok {
		return false
	}
	_, ref := s.Dict.Get("Length").(Ref)
	return ref
}

// Resolve follows references until it finds an object. A reference to an
// object that does not exist is null.
func (v View) Resolve(o Object) (Object, error) {
	for range 16 {
		ref, ok := o.(Ref)
		if !ok {
			return o, nil
		}
		var err error
		if o, err = v.Get(ref); errors.Is(err, ErrNotFound) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	return nil, errors.New("pdf: more than 16 references in a row")
}

// Dict resolves the value of a key to a dictionary, or nil if it is another
// kind of object.
func (v View) Dict(d Dict, key Name) (Dict, error) {
	o, err := v.Resolve(d.Get(key))
	if err != nil {
		return nil, err
	}
	sub, _ := o.(Dict)
	return sub, nil
}

// Array resolves the value of a key to an array, or nil if it is another kind
// of object.
func (v View) Array(d Dict, key Name) (Array, error) {
	o, err := v.Resolve(d.Get(key))
	if err != nil {
		return nil, err
	}
	arr, _ := o.(Array)
	return arr, nil
}

// Catalog returns the document's catalog and its reference.
func (v View) Catalog() (Dict, Ref, error) {
	ref, ok := v.Trailer().Get("Root").(Ref)
	if !ok {
		return nil, Ref{}, fmt.Errorf("pdf: revision %d: the trailer has no reference to a catalog", v.rev)
	}
	o, err := v.Get(ref)
	if err != nil {
		return nil, ref, err
	}
	d, ok := o.(Dict)
	if !ok {
		return nil, ref, fmt.Errorf("pdf: revision %d: the catalog %s is no dictionary", v.rev, ref)
	}
	return d, ref, nil
}

// objectAt reads an indirect object of the file.
func (v View) objectAt(e entry, ref Ref) (Object, error) {
	f := v.f
	// An object of a revision cannot stand behind its end.
	l := lexer{data: f.data[:f.Revisions[e.rev].End], pos: int(e.offset), depth: f.limits.Depth, values: &f.values}
	l.skipSpace()
	if err := l.header(ref); err != nil {
		return nil, err
	}
	o, err := l.object()
	if err != nil {
		return nil, err
	}
	l.skip()
	if l.keyword("endobj") {
		return o, nil
	}
	d, ok := o.(Dict)
	if !ok || !l.keyword("stream") {
		return nil, syntaxf(l.pos, "found %s: expected endobj", l.found())
	}
	return v.stream(&l, d)
}

// header reads "1 0 obj" and insists on the numbers.
func (l *lexer) header(ref Ref) error {
	start := l.pos
	num, err := l.uint("an object number", maxObjectNumber)
	if err != nil {
		return err
	}
	l.skipSpace()
	gen, err := l.uint("a generation", math.MaxUint16)
	if err != nil {
		return err
	}
	l.skipSpace()
	if !l.keyword("obj") {
		return syntaxf(l.pos, "found %s: expected obj", l.found())
	}
	if num != int64(ref.Num) || gen != int64(ref.Gen) {
		return syntaxf(start, "found object %d %d: expected %s", num, gen, ref)
	}
	return nil
}

// stream reads the data of a stream, whose keyword has just been read.
func (v View) stream(l *lexer, d Dict) (Object, error) {
	switch {
	case bytes.HasPrefix(l.data[l.pos:], []byte("\r\n")):
		l.pos += 2
	case bytes.HasPrefix(l.data[l.pos:], []byte("\n")):
		l.pos++
	default:
		return nil, syntaxf(l.pos, "found %s after stream: expected a line feed", l.found())
	}
	if _, dup := d.Duplicate(); dup {
		return nil, syntaxf(l.pos, "the dictionary of the stream has a key twice")
	}
	o, err := v.Resolve(d.Get("Length"))
	if err != nil {
		return nil, err
	}
	n, ok := o.(int64)
	if !ok || n < 0 || n > int64(len(l.data)-l.pos) {
		return nil, syntaxf(l.pos, "a stream of length %v where %d bytes are left", o, len(l.data)-l.pos)
	}
	s := &Stream{Dict: d, Raw: l.data[l.pos : l.pos+int(n)], Offset: l.pos}
	l.pos += int(n)
	l.skipSpace()
	if !l.keyword("endstream") {
		return nil, syntaxf(l.pos, "found %s behind the length of the stream: expected endstream", l.found())
	}
	l.skip()
	if !l.keyword("endobj") {
		return nil, syntaxf(l.pos, "found %s: expected endobj", l.found())
	}
	return s, nil
}

// An objectStream is a decoded object stream (clause 7.5.7).
type objectStream struct {
	data    []byte
	numbers []uint32
	offsets []int
}

func (v View) objectIn(e entry, ref Ref) (Object, error) {
	s, err := v.objectStream(e.stream)
	if err != nil {
		return nil, err
	}
	if e.index >= len(s.numbers) || s.numbers[e.index] != ref.Num {
		return nil, fmt.Errorf("it is not number %d of object stream %d", e.index, e.stream)
	}
	l := lexer{data: s.data, pos: s.offsets[e.index], depth: v.f.limits.Depth, values: &v.f.values}
	return l.object()
}

func (v View) objectStream(num uint32) (*objectStream, error) {
	// As viewers do, take the container as it is now, not as it was when the
	// entry was written. Changes treats a changed container as a change of all
	// that is in it.
	e, ok := v.entry(num)
	if !ok || e.kind != inFile || e.gen != 0 {
		return nil, fmt.Errorf("object stream %d does not stand in the file", num)
	}
	o, err := v.Get(Ref{Num: num})
	if err != nil {
		return nil, err
	}
	key := cacheKey{rev: e.rev, num: num}
	if lengthElsewhere(o) {
		key = cacheKey{rev: v.rev, num: num, view: true}
	}
	if s, ok := v.f.streams[key]; ok {
		return s, nil
	}
	st, ok := o.(*Stream)
	if !ok || st.Dict.Name("Type") != "ObjStm" {
		return nil, fmt.Errorf("object %d is no object stream", num)
	}
	data, err := v.Decode(st)
	if err != nil {
		return nil, err
	}
	n, ok1 := st.Dict.Get("N").(int64)
	first, ok2 := st.Dict.Get("First").(int64)
	if !ok1 || !ok2 || n < 0 || first < 0 || first > int64(len(data)) || n > first {
		return nil, syntaxf(st.Offset, "object stream with N %v and First %v over %d bytes", st.Dict.Get("N"), st.Dict.Get("First"), len(data))
	}
	s := &objectStream{data: data}
	l := lexer{data: data[:first]}
	for range n {
		l.skipSpace()
		num, err := l.uint("an object number", maxObjectNumber)
		if err != nil {
			return nil, err
		}
		l.skipSpace()
		off, err := l.uint("an offset", int64(len(data))-first)
		if err != nil {
			return nil, err
		}
		s.numbers = append(s.numbers, uint32(num))
		s.offsets = append(s.offsets, int(first+off))
	}
	v.f.streams[key] = s
	return s, nil
}

// CheckObjects reads every object of the last revision, so that later reads
// cannot fail, and returns the first error.
func (f *File) CheckObjects(ctx context.Context) error {
	v := f.Last()
	n := 0
	for num, hist := range f.entries {
		if n++; n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		e := hist[len(hist)-1]
		if e.kind == free {
			continue
		}
		if _, err := v.Get(Ref{Num: num, Gen: e.gen}); err != nil {
			return err
		}
	}
	return nil
}
