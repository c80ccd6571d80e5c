package pdf

import (
	"bytes"
	"fmt"
)

// An Object is a PDF object (clause 7.3): nil for null, bool, int64, float64,
// [Name], [String], [Array], [Dict], *[Stream] or [Ref]. Objects share memory
// with the file and must not be modified.
type Object any

// A Name is a name object, decoded.
type Name string

// A String is a string object, decoded.
type String []byte

// An Array is an array object.
type Array []Object

// A Ref is an indirect reference.
type Ref struct {
	Num uint32
	Gen uint16
}

func (r Ref) String() string { return fmt.Sprintf("%d %d R", r.Num, r.Gen) }

// An Entry is one entry of a dictionary. Start and End delimit the bytes of
// the value in the file or, for an object within an object stream, in the
// decoded data of that stream.
type Entry struct {
	Key        Name
	Value      Object
	Start, End int
}

// A Dict is a dictionary object with its entries in the order of the file.
type Dict []Entry

// Lookup returns the entry of a key. Of several, it returns the first.
func (d Dict) Lookup(key Name) (Entry, bool) {
	for i := range d {
		if d[i].Key == key {
			return d[i], true
		}
	}
	return Entry{}, false
}

// Get returns the value of a key, or nil.
func (d Dict) Get(key Name) Object {
	e, _ := d.Lookup(key)
	return e.Value
}

// Name returns the value of a key that is a name, or "".
func (d Dict) Name(key Name) Name {
	n, _ := d.Get(key).(Name)
	return n
}

// manyEntries is from how many entries on a dictionary is searched through a
// map, so that a big one costs no more than its size.
const manyEntries = 32

// Duplicate returns a key that occurs more than once. Readers disagree on
// which value counts.
func (d Dict) Duplicate() (Name, bool) {
	if len(d) > manyEntries {
		seen := make(map[Name]bool, len(d))
		for i := range d {
			if seen[d[i].Key] {
				return d[i].Key, true
			}
			seen[d[i].Key] = true
		}
		return "", false
	}
	for i := range d {
		for j := range i {
			if d[i].Key == d[j].Key {
				return d[i].Key, true
			}
		}
	}
	return "", false
}

// A Stream is a stream object: its dictionary and its bytes as they are in
// the file.
type Stream struct {
	Dict   Dict
	Raw    []byte
	Offset int // of Raw in the file
}

// Equal reports whether two objects are written with the same meaning:
// references are equal when they name the same object, dictionaries regardless
// of the order of their keys, streams when dictionary and raw bytes are equal.
func Equal(a, b Object) bool {
	switch a := a.(type) {
	case String:
		b, ok := b.(String)
		return ok && bytes.Equal(a, b)
	case Array:
		b, ok := b.(Array)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case Dict:
		b, ok := b.(Dict)
		return ok && equalDict(a, b)
	case *Stream:
		b, ok := b.(*Stream)
		return ok && bytes.Equal(a.Raw, b.Raw) && equalDict(a.Dict, b.Dict)
	}
	switch b.(type) {
	case String, Array, Dict, *Stream:
		return false
	}
	return a == b
}

func equalDict(a, b Dict) bool {
	if len(a) != len(b) {
		return false
	}
	if _, dup := b.Duplicate(); dup { // then lookup by key would not see every entry
		return false
	}
	if len(b) > manyEntries {
		values := make(map[Name]Object, len(b))
		for i := range b {
			values[b[i].Key] = b[i].Value
		}
		for _, e := range a {
			if o, ok := values[e.Key]; !ok || !Equal(e.Value, o) {
				return false
			}
		}
		return true
	}
	for _, e := range a {
		o, ok := b.Lookup(e.Key)
		if !ok || !Equal(e.Value, o.Value) {
			return false
		}
	}
	return true
}

// Text decodes a text string (clause 7.9.2.2): UTF-16BE and UTF-8 by their
// byte order mark, otherwise PDFDocEncoding. What cannot be decoded becomes
// U+FFFD: [String.Decode] is for what has to be exact.
func (s String) Text() string {
	switch {
	case len(s) >= 2 && s[0] == 0xFE && s[1] == 0xFF:
		return decodeUTF16(s[2:])
	case len(s) >= 3 && s[0] == 0xEF && s[1] == 0xBB && s[2] == 0xBF:
		return string(bytes.ToValidUTF8(s[3:], []byte("\uFFFD")))
	}
	out := make([]rune, len(s))
	for i, c := range s {
		out[i], _ = docRune(c)
	}
	return string(out)
}
