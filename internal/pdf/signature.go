package pdf

import (
	"bytes"
	"fmt"
	"strings"
)

// A Signature is the value of a signature field (clause 12.8) as of the last
// revision, or a document timestamp.
type Signature struct {
	Field     string // fully qualified name of the field
	FieldRef  Ref    // the field; zero if it is a direct object
	Ref       Ref    // the signature dictionary; zero if it is a direct object
	Revision  int    // the revision that wrote the signature dictionary
	Dict      Dict
	Type      Name // Sig, DocTimeStamp or empty
	Filter    Name
	SubFilter Name

	// ByteRange is the value of that key, nil if it is missing or no array of
	// integers.
	ByteRange []int64

	// ContentsStart and ContentsEnd delimit the value of Contents in the file,
	// with its angle brackets. Both are zero if there is none that can be located.
	ContentsStart, ContentsEnd int64

	// Contents is the decoded value, padding included.
	Contents []byte

	// Err says why the signature dictionary could not be read, and is nil
	// otherwise.
	Err error

	file   *File
	direct bool
}

// IsTimestamp reports whether it is a document timestamp.
func (s *Signature) IsTimestamp() bool {
	return s.SubFilter == "ETSI.RFC3161"
}

// Text returns a text entry of the signature dictionary, such as Reason, or
// "".
func (s *Signature) Text(key Name) string {
	o, err := s.file.Last().Resolve(s.Dict.Get(key))
	if err != nil {
		return ""
	}
	str, _ := o.(String)
	return str.Text()
}

// A Field is a terminal or non-terminal field of an interactive form (clause
// 12.7.4), with what it inherits.
type Field struct {
	Name string
	Ref  Ref // zero if it is a direct object
	Dict Dict
	Type Name   // FT
	V    Object // as written: possibly a reference
}

// maxFields bounds the fields of one form.
const maxFields = 5_000

// Fields returns the terminal fields of the form, in its order.
func (v View) Fields() ([]Field, error) {
	cat, _, err := v.Catalog()
	if err != nil {
		return nil, err
	}
	form, err := v.Dict(cat, "AcroForm")
	if err != nil || form == nil {
		return nil, err
	}
	roots, err := v.Array(form, "Fields")
	if err != nil {
		return nil, err
	}
	w := fieldWalk{v: v, seen: map[Ref]bool{}}
	for _, o := range roots {
		if err := w.walk(o, Field{}, v.f.limits.Depth); err != nil {
			return nil, err
		}
	}
	return w.out, nil
}

type fieldWalk struct {
	v    View
	seen map[Ref]bool
	out  []Field
}

func (w *fieldWalk) walk(o Object, parent Field, depth int) error {
	if depth == 0 || len(w.seen) > maxFields || len(w.out) > maxFields {
		return fmt.Errorf("pdf: form fields: %w", ErrLimit)
	}
	f := Field{Name: parent.Name, Type: parent.Type, V: parent.V}
	if ref, ok := o.(Ref); ok {
		if w.seen[ref] {
			return fmt.Errorf("pdf: field %s occurs twice in the form", ref)
		}
		w.seen[ref] = true
		f.Ref = ref
	}
	r, err := w.v.Resolve(o)
	if err != nil {
		return err
	}
	d, ok := r.(Dict)
	if !ok {
		return nil // a field that does not exist
	}
	f.Dict = d
	if t, ok := d.Lookup("T"); ok {
		o, err := w.v.Resolve(t.Value)
		if err != nil {
			return err
		}
		s, _ := o.(String)
		if f.Name != "" {
			f.Name += "."
		}
		f.Name += s.Text()
	}
	ft, err := w.v.Resolve(d.Get("FT"))
	if err != nil {
		return err
	}
	if n, ok := ft.(Name); ok {
		f.Type = n
	}
	if e, ok := d.Lookup("V"); ok {
		f.V = e.Value
	}
	kids, err := w.v.Array(d, "Kids")
	if err != nil {
		return err
	}
	named := 0
	for _, k := range kids {
		r, err := w.v.Resolve(k)
		if err != nil {
			return err
		}
		if kd, ok := r.(Dict); ok && kd.Get("T") != nil {
			named++
			if err := w.walk(k, f, depth-1); err != nil {
				return err
			}
		}
	}
	if named == 0 { // its kids, if any, are widgets
		w.out = append(w.out, f)
	}
	return nil
}

// Signatures returns the signature fields of the last revision that have a
// value, in the order of the form. A field whose value cannot be located, or
// lacks what a signature needs, is returned with those fields empty, for the
// verifier to refuse: it is never left out.
func (f *File) Signatures() ([]*Signature, error) { return f.Last().Signatures() }

// Signatures returns the signatures as of a revision.
func (v View) Signatures() ([]*Signature, error) {
	fields, err := v.Fields()
	if err != nil {
		return nil, err
	}
	var sigs []*Signature
	for _, fd := range fields {
		if fd.Type != "Sig" || fd.V == nil {
			continue
		}
		if s := v.signature(fd); s != nil {
			sigs = append(sigs, s)
		}
	}
	return sigs, nil
}

// signature reads the value of a field; it returns nil if that is null.
func (v View) signature(fd Field) *Signature {
	s := &Signature{Field: fd.Name, FieldRef: fd.Ref, file: v.f}
	if ref, ok := fd.V.(Ref); ok {
		s.Ref = ref
		s.Revision, _ = v.Written(ref.Num)
	} else if s.direct = true; fd.Ref != (Ref{}) {
		s.Revision, _ = v.Written(fd.Ref.Num)
	}
	o, err := v.Resolve(fd.V)
	if err != nil {
		s.Err = err
		return s
	}
	if o == nil {
		return nil // a reference to null: not signed
	}
	s.Dict, _ = o.(Dict)
	s.Type, s.Filter, s.SubFilter = s.Dict.Name("Type"), s.Dict.Name("Filter"), s.Dict.Name("SubFilter")

	br, err := v.Array(s.Dict, "ByteRange")
	if err != nil {
		s.Err = err
		return s
	}
	for _, o := range br {
		n, ok := o.(int64)
		if !ok {
			s.ByteRange = nil
			break
		}
		s.ByteRange = append(s.ByteRange, n)
	}
	c, _ := s.Dict.Lookup("Contents")
	co, err := v.Resolve(c.Value)
	if err != nil {
		s.Err = err
		return s
	}
	str, _ := co.(String)
	s.Contents = str
	if _, ref := c.Value.(Ref); !ref && str != nil && !v.inObjectStream(s, fd) {
		s.ContentsStart, s.ContentsEnd = int64(c.Start), int64(c.End)
	}
	return s
}

func (v View) inObjectStream(s *Signature, fd Field) bool {
	if s.direct {
		return fd.Ref == (Ref{}) || v.InStream(fd.Ref.Num)
	}
	return v.InStream(s.Ref.Num)
}

// SignedBytes returns the parts of the file that ByteRange names, in order,
// cut off at the end of the file. It returns nil if ByteRange makes no sense:
// missing, odd, negative or running backwards.
func (s *Signature) SignedBytes() [][]byte {
	if len(s.ByteRange) == 0 || len(s.ByteRange)%2 != 0 || len(s.ByteRange) > 64 {
		return nil
	}
	size := int64(len(s.file.data))
	var parts [][]byte
	var pos int64
	for i := 0; i < len(s.ByteRange); i += 2 {
		start, n := s.ByteRange[i], s.ByteRange[i+1]
		if start < pos || n < 0 || start > size {
			return nil
		}
		pos = start + min(n, size-start)
		parts = append(parts, s.file.data[start:pos])
	}
	return parts
}

// A Problem says why a signature does not cover a revision of the file.
type Problem struct {
	Code   ProblemCode
	Detail string // values, for people who know the format
}

func (p Problem) String() string { return string(p.Code) + ": " + p.Detail }

// A ProblemCode names the cause of a [Problem].
type ProblemCode string

// The causes why a signature does not cover its revision.
const (
	NoDictionary      ProblemCode = "no-dictionary"      // the value of the field is no dictionary
	DuplicateKey      ProblemCode = "duplicate-key"      // a key twice in the signature dictionary
	NoByteRange       ProblemCode = "no-byte-range"      // missing, null or no integers
	ByteRangeShape    ProblemCode = "byte-range-shape"   // not four numbers that go forward
	ByteRangeStart    ProblemCode = "byte-range-start"   // does not begin with the file
	ByteRangeEnd      ProblemCode = "byte-range-end"     // ends where no revision ends
	BeyondFile        ProblemCode = "beyond-file"        // ends behind the file
	NoContents        ProblemCode = "no-contents"        // missing or empty
	ContentsElsewhere ProblemCode = "contents-elsewhere" // cannot be located in the file
	ContentsForm      ProblemCode = "contents-form"      // not one plain hexadecimal string
	GapMismatch       ProblemCode = "gap-mismatch"       // what is left out is not Contents
	OtherRevision     ProblemCode = "other-revision"     // the dictionary is not of the revision that it covers
)

func problem(code ProblemCode, format string, args ...any) []Problem {
	return []Problem{{code, fmt.Sprintf(format, args...)}}
}

// Coverage checks that the signature covers one whole revision of the file but
// for its own Contents: ByteRange starts with the file, leaves out exactly the
// hexadecimal string of this very dictionary, and ends with the revision that
// wrote the dictionary. It returns the index of that revision, or -1.
func (s *Signature) Coverage() (revision int, problems []Problem) {
	if p := s.form(); p != nil {
		return -1, p
	}
	br, size := s.ByteRange, int64(len(s.file.data))
	if br[1] != s.ContentsStart || br[2] != s.ContentsEnd {
		return -1, problem(GapMismatch, "ByteRange leaves out bytes %d to %d, Contents is bytes %d to %d", br[1], br[2], s.ContentsStart, s.ContentsEnd)
	}
	if p := hexForm(s.file.data[s.ContentsStart:s.ContentsEnd], s.ContentsStart); p != nil {
		return -1, p
	}
	end := br[2] + br[3]
	if end > size {
		return -1, problem(BeyondFile, "ByteRange ends at byte %d, the file at %d", end, size)
	}
	for i := range s.file.Revisions {
		r := &s.file.Revisions[i]
		if end < r.End || end > s.file.slack(i) {
			continue
		}
		if s.Revision != i || s.ContentsStart < r.Start && i > 0 {
			return -1, problem(OtherRevision, "ByteRange ends with revision %d, the signature was written by revision %d", i, s.Revision)
		}
		return i, nil
	}
	return -1, problem(ByteRangeEnd, "ByteRange ends at byte %d, where no revision ends; the file ends at %d", end, size)
}

// Rewritten reports whether the signature is as in a file that was written anew, as
// programs do that compress, join or print files: ByteRange is that of a signature,
// and where it leaves something out there is no hexadecimal string at all. Whoever
// passes another value off for the signed one keeps the string.
func (s *Signature) Rewritten() bool {
	br, data := s.ByteRange, s.file.data
	if s.Err != nil || len(s.file.Revisions) == 0 || len(br) != 4 || len(bytes.Trim(s.Contents, "\x00")) == 0 ||
		br[0] != 0 || br[1] <= 0 || br[1] >= br[2] || br[3] < 0 {
		return false
	}
	size := int64(len(data))
	return br[1] >= size || data[br[1]] != '<' || br[2] > size || data[br[2]-1] != '>'
}

// slack returns up to where a signature of a revision may reach: the white
// space after its end-of-file marker, of which writers leave some.
func (f *File) slack(rev int) int64 {
	const most = 16
	pos := f.Revisions[rev].End
	for n := 0; n < most && pos < int64(len(f.data)) && class[f.data[pos]] == space; n++ {
		pos++
	}
	return pos
}

// form checks what can be said without looking at the revisions.
func (s *Signature) form() []Problem {
	if s.Err != nil {
		return problem(NoDictionary, "the signature dictionary of field %q cannot be read: %v", s.Field, s.Err)
	}
	if s.Dict == nil {
		return problem(NoDictionary, "the value of field %q is no dictionary", s.Field)
	}
	if key, dup := s.Dict.Duplicate(); dup {
		return problem(DuplicateKey, "%s occurs twice in the signature dictionary", key)
	}
	if s.ByteRange == nil {
		return problem(NoByteRange, "ByteRange is %s", describe(s.Dict.Get("ByteRange")))
	}
	br, limit := s.ByteRange, int64(1)<<40
	if len(br) != 4 {
		return problem(ByteRangeShape, "ByteRange has %d numbers, expected 4", len(br))
	}
	for _, n := range br {
		if n < 0 || n > limit {
			return problem(ByteRangeShape, "ByteRange %v", br)
		}
	}
	if br[0] != 0 {
		return problem(ByteRangeStart, "ByteRange starts at byte %d, expected 0", br[0])
	}
	if br[1] >= br[2] {
		return problem(ByteRangeShape, "ByteRange %v leaves nothing out", br)
	}
	if len(s.Contents) == 0 {
		return problem(NoContents, "Contents is %s", describe(s.Dict.Get("Contents")))
	}
	if s.ContentsEnd == 0 {
		return problem(ContentsElsewhere, "Contents is not written in the signature dictionary in the file itself")
	}
	return nil
}

// hexForm insists on one way to write the value, since no signature covers it.
func hexForm(raw []byte, offset int64) []Problem {
	if len(raw) < 2 || raw[0] != '<' || raw[len(raw)-1] != '>' || len(raw)%2 != 0 {
		return problem(ContentsForm, "Contents is no hexadecimal string of whole bytes")
	}
	lower, upper := -1, -1
	for i, c := range raw[1 : len(raw)-1] {
		switch {
		case c >= '0' && c <= '9':
		case c >= 'a' && c <= 'f':
			lower = i
		case c >= 'A' && c <= 'F':
			upper = i
		default:
			return problem(ContentsForm, "byte %d within Contents is %q, expected a hexadecimal digit", offset+1+int64(i), c)
		}
	}
	if lower >= 0 && upper >= 0 {
		return problem(ContentsForm, "Contents mixes upper and lower case digits (bytes %d and %d)", offset+1+int64(lower), offset+1+int64(upper))
	}
	return nil
}

func describe(o Object) string {
	switch o := o.(type) {
	case nil:
		return "missing or null"
	case String:
		return fmt.Sprintf("a string of %d bytes", len(o))
	case Array:
		return fmt.Sprintf("an array of %d", len(o))
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", o), "pdf.")
}
