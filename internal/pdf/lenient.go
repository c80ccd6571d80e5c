package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// headerWindow is how far from the beginning of a file readers look for its
// header.
const headerWindow = 1024

// Header returns where the header of a PDF begins, within the first kilobyte, and
// -1 if there is none.
func Header(data []byte) int {
	return bytes.Index(data[:min(len(data), headerWindow)], []byte("%PDF-"))
}

// ParseUnsealed reads a file as [Parse] does, and as viewers do, also one with
// bytes before its header, without the offset of its cross-reference data at the
// end, or with a generation beyond the greatest in a free entry. departure is then
// what [Parse] says of it, else nil.
//
// Two readers may see different documents in such a file: it is for scans and
// printed copies, where nothing rests on it. The error wraps [ErrSealed] if the
// file may hold a signature.
func ParseUnsealed(ctx context.Context, data []byte, limits Limits) (f *File, departure, err error) {
	f, err = Parse(ctx, data, limits)
	if err == nil || !errors.Is(err, ErrHeader) && !errors.Is(err, ErrStart) && !errors.Is(err, ErrFreeEntry) {
		return f, nil, err
	}
	strict := err
	start := max(0, Header(data))
	body := data[start:]
	f, err = parse(ctx, body, limits, true)
	if err != nil && start > 0 { // offsets may count from the beginning of the file
		f, err = parse(ctx, data, limits, true)
	}
	if errors.Is(err, ErrStart) {
		f, err = rebuild(ctx, body, limits)
	}
	if errors.Is(err, ErrLimit) || errors.Is(err, ErrEncrypted) || ctx.Err() != nil {
		return nil, nil, err
	}
	if err != nil {
		return nil, nil, strict
	}
	sigs, err := f.Signatures()
	if err == nil && len(sigs) == 0 {
		sigs = Salvage(data, limits)
	}
	if err != nil || len(sigs) > 0 {
		return nil, nil, fmt.Errorf("%w: %w", strict, ErrSealed)
	}
	return f, strict, nil
}

// Bounds of rebuild, since each object that does not end is read to the end of the
// file.
const (
	maxRebuilt  = 32 << 20 // bytes of a file
	maxFailures = 8        // objects and trailers that are not well formed
)

// rebuild reads a file without cross-reference data: it takes the last object of
// each number that it meets, and the last trailer.
func rebuild(ctx context.Context, data []byte, limits Limits) (*File, error) {
	f, err := newFile(data, limits)
	if err != nil {
		return nil, err
	}
	if len(data) > maxRebuilt {
		return nil, limitf(0, "%d bytes without cross-reference data, expected at most %d", len(data), maxRebuilt)
	}
	r := Revision{End: int64(len(data)), EndLine: int64(len(data))}
	f.Revisions = []Revision{r}
	f.entries = map[uint32][]entry{}
	for pos, n := 0, 0; ; n++ {
		i := bytes.Index(data[pos:], []byte("obj"))
		if i < 0 {
			break
		}
		if n%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		at := pos + i
		pos = at + 3
		num, gen, start, ok := headerBefore(data, at)
		if !ok {
			continue
		}
		if f.count++; f.count > f.limits.Objects {
			return nil, limitf(start, "more than %d objects", f.limits.Objects)
		}
		f.entries[num] = []entry{{kind: inFile, offset: int64(start), gen: gen}}
	}
	if err := f.rebuildTrailer(ctx); err != nil {
		return nil, err
	}
	for num := range f.entries {
		f.Revisions[0].Objects = append(f.Revisions[0].Objects, Ref{Num: num, Gen: f.entries[num][0].gen})
	}
	f.irregular(0, true, "no cross-reference data: its objects were looked for")
	return f, nil
}

// headerBefore reads the two numbers before "obj", backwards: of a long file each
// byte is looked at once.
func headerBefore(data []byte, at int) (num uint32, gen uint16, start int, ok bool) {
	number := func(end int, most int64) (v int64, from int, ok bool) {
		for end > 0 && class[data[end-1]] == space && at-end < 32 {
			end--
		}
		from = end
		scale := int64(1)
		for from > 0 && data[from-1] >= '0' && data[from-1] <= '9' && end-from < 10 {
			from--
			v += int64(data[from]-'0') * scale
			scale *= 10
		}
		return v, from, from < end && v <= most
	}
	g, from, ok := number(at, math.MaxUint16)
	if !ok || from == 0 || class[data[from-1]] != space {
		return 0, 0, 0, false
	}
	n, from, ok := number(from, maxObjectNumber)
	if !ok || n == 0 || from > 0 && class[data[from-1]] == regular && data[from-1] != 'j' { // endobj may touch it
		return 0, 0, 0, false
	}
	return uint32(n), uint16(g), from, true
}

// rebuildTrailer takes what the last trailer, or else a cross-reference stream or
// a catalog, says; and finds what object streams hold.
func (f *File) rebuildTrailer(ctx context.Context) error {
	failures := 0
	failed := func(err error) error {
		if failures++; failures > maxFailures || errors.Is(err, ErrLimit) {
			return limitf(0, "too much in the file that is not well formed")
		}
		return nil
	}
	var trailer Dict
	for pos := len(f.data); trailer == nil; {
		if pos = bytes.LastIndex(f.data[:pos], []byte("trailer")); pos < 0 {
			break
		}
		l := lexer{data: f.data, pos: pos + len("trailer"), depth: f.limits.Depth, values: &f.values}
		o, err := l.object()
		if err != nil {
			if err := failed(err); err != nil {
				return err
			}
		}
		if d, ok := o.(Dict); ok && d.Get("Root") != nil {
			trailer = d
		}
	}
	v := f.Last()
	for i, num := range f.telling() {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		ref := Ref{Num: num, Gen: f.entries[num][0].gen}
		o, err := v.Get(ref)
		if s, ok := o.(*Stream); ok && s.Dict.Name("Type") == "ObjStm" {
			err = f.rebuildStream(v, num)
		}
		if err != nil {
			if err := failed(err); err != nil {
				return err
			}
			continue
		}
		if trailer == nil {
			trailer = trailerIn(o, ref)
		}
	}
	if trailer == nil {
		return fmt.Errorf("pdf: no catalog: %w", ErrStart)
	}
	if trailer.Get("Encrypt") != nil {
		return ErrEncrypted
	}
	f.Revisions[0].Trailer = trailer
	return nil
}

// telling returns the numbers, ascending, of the objects that may be a catalog, a
// cross-reference stream or an object stream.
func (f *File) telling() []uint32 {
	const window = 1024 // within which their type stands
	var out []uint32
	for num, list := range f.entries {
		head := f.data[list[0].offset:min(int(list[0].offset)+window, len(f.data))]
		for _, kind := range []string{"Catalog", "XRef", "ObjStm"} {
			if bytes.Contains(head, []byte(kind)) {
				out = append(out, num)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// trailerIn returns the trailer that an object is, or that names it as the
// catalog; nil if it is neither.
func trailerIn(o Object, ref Ref) Dict {
	switch o := o.(type) {
	case Dict:
		if o.Name("Type") == "Catalog" {
			return Dict{{Key: "Root", Value: ref}}
		}
	case *Stream:
		if o.Dict.Name("Type") == "XRef" && o.Dict.Get("Root") != nil {
			return o.Dict
		}
	}
	return nil
}

// rebuildStream adds the objects of an object stream that stand nowhere else.
func (f *File) rebuildStream(v View, num uint32) error {
	s, err := v.objectStream(num)
	if err != nil {
		return err
	}
	for i, n := range s.numbers {
		if _, known := f.entries[n]; known {
			continue
		}
		if f.count++; f.count > f.limits.Objects {
			return limitf(0, "more than %d objects", f.limits.Objects)
		}
		f.entries[n] = []entry{{kind: inStream, stream: num, index: i}}
	}
	return nil
}
