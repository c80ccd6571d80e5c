package pdf

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// An Update writes one incremental update of a file (clause 7.5.6): the bytes
// of the file stay its beginning. Its cross-reference section is of the same
// kind as the last one of the file, which readers insist on. It is not safe for
// concurrent use.
type Update struct {
	out     []byte
	prev    int64
	trailer Dict
	next    uint32
	stream  bool
	written []written
	done    bool
}

type written struct {
	ref    Ref
	offset int
}

// NewUpdate begins an update behind the last revision of a file. room is the
// number of bytes that it is expected to take. avoid holds the numbers that new
// objects must not take: those of [View.Dangling]. The error says why nothing
// can be added to the file.
func (f *File) NewUpdate(room int, avoid map[uint32]bool) (*Update, error) {
	last := &f.Revisions[len(f.Revisions)-1]
	tail := f.data[int64(len(f.data))-f.Trailing:]
	if len(bytes.Trim(tail, "\x00\t\n\f\r ")) > 0 {
		return nil, fmt.Errorf("pdf: at byte %d: %d bytes behind the last end-of-file marker: expected white space", len(f.data)-len(tail), len(tail))
	}
	if last.NoTable {
		return nil, errors.New("pdf: the last revision has no cross-reference data that an update could refer to")
	}
	size, ok := last.Trailer.Get("Size").(int64)
	if !ok || size < 1 || size > maxObjectNumber {
		return nil, fmt.Errorf("pdf: Size of the trailer is %v: expected a number of objects", last.Trailer.Get("Size"))
	}
	next := uint32(size)
	for num := range f.entries {
		next = max(next, num+1)
	}
	for num := range avoid {
		next = max(next, num+1)
	}
	u := &Update{prev: last.XRef, trailer: last.Trailer, next: next, stream: !last.xrefs[0].isTable}
	u.out = append(make([]byte, 0, len(f.data)+room+1), f.data...)
	if c := u.out[len(u.out)-1]; c != '\n' && c != '\r' {
		u.out = append(u.out, '\n')
	}
	return u, nil
}

// Then begins an update behind this one, which must be finished.
func (u *Update) Then(room int) *Update {
	next := &Update{prev: u.prev, trailer: u.trailer, next: u.next, stream: u.stream}
	next.out = slices.Grow(u.out, room)
	return next
}

// Reserve returns the reference of a new object, to be written later.
func (u *Update) Reserve() Ref {
	u.next++
	return Ref{Num: u.next - 1}
}

// Object writes an object that is no stream.
func (u *Update) Object(ref Ref, o Object) {
	u.begin(ref)
	u.out = AppendObject(u.out, o)
	u.end()
}

// Raw writes an object that is given as it shall stand in the file and returns
// where it stands.
func (u *Update) Raw(ref Ref, text []byte) (start int) {
	u.begin(ref)
	start = len(u.out)
	u.out = append(u.out, text...)
	u.end()
	return start
}

// Stream writes a stream with the given data, not encoded.
func (u *Update) Stream(ref Ref, data []byte) {
	u.begin(ref)
	u.out = append(u.out, "<</Length "...)
	u.out = strconv.AppendInt(u.out, int64(len(data)), 10)
	u.out = append(u.out, ">>stream\n"...)
	u.out = append(u.out, data...)
	u.out = append(u.out, "\nendstream"...)
	u.end()
}

// Next returns the number that the next new object takes.
func (u *Update) Next() int { return int(u.next) }

// Adopt appends new objects that are written already, numbered from
// [Update.Next] on; offsets tells where in text each begins.
func (u *Update) Adopt(text []byte, offsets []int64) {
	for _, at := range offsets {
		u.written = append(u.written, written{u.Reserve(), len(u.out) + int(at)})
	}
	u.out = append(u.out, text...)
}

func (u *Update) begin(ref Ref) {
	u.written = append(u.written, written{ref, len(u.out)})
	u.out = strconv.AppendUint(u.out, uint64(ref.Num), 10)
	u.out = append(u.out, ' ')
	u.out = strconv.AppendUint(u.out, uint64(ref.Gen), 10)
	u.out = append(u.out, " obj\n"...)
}

func (u *Update) end() { u.out = append(u.out, "\nendobj\n"...) }

// Finish writes cross-reference section and trailer and returns the whole
// file. id becomes the second file identifier, if the file has identifiers.
func (u *Update) Finish(id []byte) ([]byte, error) {
	if u.done {
		return nil, errors.New("pdf: the update is already finished")
	}
	u.done = true
	self := Ref{}
	if u.stream {
		self = u.Reserve()
		u.written = append(u.written, written{self, len(u.out)})
	}
	slices.SortFunc(u.written, func(a, b written) int { return int(a.ref.Num) - int(b.ref.Num) })
	for i := 1; i < len(u.written); i++ {
		if u.written[i].ref.Num == u.written[i-1].ref.Num {
			return nil, fmt.Errorf("pdf: object %s was written twice in one update", u.written[i].ref)
		}
	}
	if int64(len(u.out)) > math.MaxUint32 || u.next > maxObjectNumber {
		return nil, fmt.Errorf("pdf: %d bytes and %d objects: %w", len(u.out), u.next, ErrLimit)
	}
	trailer := Dict{}
	for _, e := range u.trailer { // nothing else belongs to an update
		switch e.Key {
		case "Root", "Info":
			trailer = append(trailer, Entry{Key: e.Key, Value: e.Value})
		case "ID":
			if old, ok := e.Value.(Array); ok && len(old) == 2 {
				trailer = append(trailer, Entry{Key: e.Key, Value: Array{old[0], String(id)}})
			}
		}
	}
	trailer = append(trailer, Entry{Key: "Size", Value: int64(u.next)}, Entry{Key: "Prev", Value: u.prev})
	start := len(u.out)
	if u.stream {
		u.crossReferenceStream(self, trailer)
	} else {
		u.table(trailer)
	}
	u.out = append(u.out, "startxref\n"...)
	u.out = strconv.AppendInt(u.out, int64(start), 10)
	u.out = append(u.out, "\n%%EOF\n"...)
	u.prev, u.trailer = int64(start), trailer
	return u.out, nil
}

// runs calls visit for each run of consecutive object numbers.
func (u *Update) runs(visit func(run []written)) {
	for i := 0; i < len(u.written); {
		j := i + 1
		for j < len(u.written) && u.written[j].ref.Num == u.written[j-1].ref.Num+1 {
			j++
		}
		visit(u.written[i:j])
		i = j
	}
}

func (u *Update) table(trailer Dict) {
	u.out = append(u.out, "xref\n"...)
	u.runs(func(run []written) {
		u.out = fmt.Appendf(u.out, "%d %d\n", run[0].ref.Num, len(run))
		for _, w := range run {
			u.out = fmt.Appendf(u.out, "%010d %05d n \n", w.offset, w.ref.Gen)
		}
	})
	u.out = append(u.out, "trailer\n"...)
	u.out = AppendObject(u.out, trailer)
	u.out = append(u.out, '\n')
}

func (u *Update) crossReferenceStream(self Ref, trailer Dict) {
	var index Array
	var rows []byte
	u.runs(func(run []written) {
		index = append(index, int64(run[0].ref.Num), int64(len(run)))
		for _, w := range run {
			o := uint32(w.offset)
			rows = append(rows, 1, byte(o>>24), byte(o>>16), byte(o>>8), byte(o), byte(w.ref.Gen>>8), byte(w.ref.Gen))
		}
	})
	trailer = append(slices.Clone(trailer), Entry{Key: "Type", Value: Name("XRef")}, Entry{Key: "Index", Value: index},
		Entry{Key: "W", Value: Array{int64(1), int64(4), int64(2)}}, Entry{Key: "Length", Value: int64(len(rows))})
	u.out = fmt.Appendf(u.out, "%d 0 obj\n", self.Num)
	u.out = AppendObject(u.out, trailer)
	u.out = append(u.out, "stream\n"...)
	u.out = append(u.out, rows...)
	u.out = append(u.out, "\nendstream\nendobj\n"...)
}

// With returns a copy of a dictionary with a value set.
func (d Dict) With(key Name, value Object) Dict {
	out := slices.Clone(d)
	for i := range out {
		if out[i].Key == key {
			out[i].Value = value
			return out
		}
	}
	return append(out, Entry{Key: key, Value: value})
}

// AppendObject appends an object as a file writes it. A stream is written as
// its dictionary.
func AppendObject(b []byte, o Object) []byte {
	switch o := o.(type) {
	case bool:
		return strconv.AppendBool(b, o)
	case int64:
		return strconv.AppendInt(b, o, 10)
	case float64:
		n := len(b)
		if b = strconv.AppendFloat(b, o, 'f', -1, 64); bytes.IndexByte(b[n:], '.') < 0 {
			b = append(b, ".0"...) // it stays a real number
		}
		return b
	case Name:
		return appendName(b, o)
	case String:
		return appendString(b, o)
	case Array:
		b = append(b, '[')
		for i, e := range o {
			if i > 0 {
				b = append(b, ' ')
			}
			b = AppendObject(b, e)
		}
		return append(b, ']')
	case Dict:
		b = append(b, "<<"...)
		for _, e := range o {
			b = append(appendName(b, e.Key), ' ')
			b = AppendObject(b, e.Value)
		}
		return append(b, ">>"...)
	case *Stream:
		return AppendObject(b, o.Dict)
	case Ref:
		b = strconv.AppendUint(b, uint64(o.Num), 10)
		b = append(b, ' ')
		b = strconv.AppendUint(b, uint64(o.Gen), 10)
		return append(b, " R"...)
	}
	return append(b, "null"...)
}

func appendName(b []byte, n Name) []byte {
	b = append(b, '/')
	for i := range len(n) {
		if c := n[i]; c <= ' ' || c > '~' || c == '#' || class[c] != regular {
			b = append(b, '#', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

// appendString writes a literal where nothing needs an escape, otherwise
// hexadecimal.
func appendString(b []byte, s String) []byte {
	plain := true
	for _, c := range s {
		plain = plain && c >= ' ' && c <= '~' && c != '(' && c != ')' && c != '\\'
	}
	if plain {
		b = append(b, '(')
		b = append(b, s...)
		return append(b, ')')
	}
	b = append(b, '<')
	b = hex.AppendEncode(b, s)
	return append(b, '>')
}

// TextString returns a text string object (clause 7.9.2.2): ASCII as it is,
// anything else in UTF-16BE.
func TextString(s string) String {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] >= ' ' && s[i] <= '~'
	}
	if ascii {
		return String(s)
	}
	return encodeUTF16(s)
}
