package verify_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/verify"
)

// A specimen is a file that the judges are asked about.
type specimen struct {
	name  string
	kind  string // whole, vector, or what was done to it
	data  []byte
	place place        // of what was done to it
	level verify.Level // of the whole one
}

// mayStand reports whether a report on a specimen may be valid. A whole one must
// be. Of a spoiled copy only what the seal does not guard may be damaged: then the
// seal is what it was, and the report must give it a lower level.
func (s specimen) mayStand(r verify.Report) bool {
	levels := []verify.Level{verify.LevelNone, verify.LevelLegacy, verify.LevelBB, verify.LevelBT, verify.LevelBLT,
		verify.LevelBLTA}
	switch s.place {
	case unguarded, behind:
		return slices.Index(levels, r.Level) < slices.Index(levels, s.level)
	}
	return s.kind == "whole"
}

// spoil makes spoiled copies of a sealed certificate, of every kind in turn.
func spoil(t testing.TB, doc []byte, level seal.Level, n int, seed uint64) (out []specimen) {
	t.Helper()
	s := &spoiler{t: t, doc: doc, rng: rand.New(rand.NewPCG(seed, 7))}
	s.read()
	kinds := []struct {
		name  string
		share int
		spoil func() []byte
	}{
		{"flip", 8, s.flip}, {"cut", 2, s.cut}, {"swap", 2, s.swap}, {"swap-revision", 1, s.swapLater},
		{"revision", 4, s.revision},
		{"metadata", 1, s.metadata}, {"metadata-revision", 2, s.metadataLater}, {"font", 2, s.font},
		{"layer", 2, s.layer}, {"tail", 1, s.tail},
	}
	for i := 0; len(out) < n; i++ {
		for _, k := range kinds {
			for range k.share {
				if bad := k.spoil(); len(out) < n && !bytes.Equal(bad, doc) {
					name := fmt.Sprintf("%s-%d-%s-%03d.pdf", level, seed, k.name, len(out))
					out = append(out, specimen{name: name, kind: k.name, data: bad, place: s.place(bad),
						level: verify.Level(level)})
				}
			}
		}
	}
	return out
}

// A spoiler spoils one document.
type spoiler struct {
	t       testing.TB
	doc     []byte
	rng     *rand.Rand
	file    *pdf.File
	objects map[int]pdf.Object
	numbers []int // of the objects that stand in the file itself
	page    pdf.Ref
	dict    pdf.Dict // of the page
	next    int      // an unused number
	message []byte   // CMS of the seal
	seal    *pdf.Signature
	guarded [][2]int // parts of message that its signature value protects
}

func text(o pdf.Object) string { return string(pdf.AppendObject(nil, o)) }

func (s *spoiler) read() {
	f, err := pdf.Parse(s.t.Context(), s.doc, pdf.Limits{})
	require.NoError(s.t, err)
	s.file, s.objects, s.next = f, map[int]pdf.Object{}, unused(s.t, s.doc)
	pages, err := f.Last().Pages()
	require.NoError(s.t, err)
	s.page = pages[0]
	for _, ref := range f.Revisions[0].Objects {
		o, err := f.Last().Get(ref)
		require.NoError(s.t, err)
		s.objects[int(ref.Num)] = o
		if !f.Last().InStream(ref.Num) {
			s.numbers = append(s.numbers, int(ref.Num))
		}
	}
	s.dict = s.objects[int(s.page.Num)].(pdf.Dict)
	sigs, err := f.Signatures()
	require.NoError(s.t, err)
	s.seal = sigs[0]
	require.False(s.t, s.seal.IsTimestamp())
	s.message, _, err = cms.Split(s.seal.Contents)
	require.NoError(s.t, err)
	sd, err := cms.Parse(s.message)
	require.NoError(s.t, err)
	signer := sd.Signers[0]
	guard := [][]byte{signer.Signature}
	for _, a := range signer.Signed {
		guard = append(guard, a.Values...)
	}
	for _, part := range guard {
		at := bytes.Index(s.message, part)
		require.GreaterOrEqual(s.t, at, 0)
		s.guarded = append(s.guarded, [2]int{at, at + len(part)})
	}
}

// A place is where a spoiled copy differs from the sealed document, first of all.
type place string

// The places, of which every copy has one: each byte of a document is covered by
// the seal, or belongs to its value, or comes after it.
const (
	// covered is what the seal covers, and what its value protects of itself: no
	// judge may accept a change.
	covered place = "covered by the seal"
	// otherForm is the same value of the seal, written or enclosed otherwise or
	// with more behind it.
	otherForm place = "the form of the seal's value"
	// unguarded is what the seal's value holds and does not protect: certificates,
	// time-stamps, and how it is put together.
	unguarded place = "unprotected parts of the seal's value"
	// behind is what follows the seal in the document as it was made: validation
	// data, time-stamps, tables.
	behind place = "behind the seal"
	// appended is what was appended to the whole document.
	appended place = "appended to the document"
)

// place finds where a copy differs.
func (s *spoiler) place(bad []byte) place {
	if bytes.HasPrefix(bad, s.doc) {
		return appended
	}
	first := 0
	for first < len(bad) && bad[first] == s.doc[first] {
		first++
	}
	start, end := int(s.seal.ContentsStart), int(s.seal.ContentsEnd)
	switch {
	case first >= int(s.seal.ByteRange[2]+s.seal.ByteRange[3]):
		return behind
	case first < start || first >= end || len(bad) != len(s.doc):
		return covered
	case first == start || first == end-1: // what encloses the value
		return otherForm
	}
	// A hexadecimal digit of the value. The rest of the copy is the same but for
	// flips, which change one.
	at := (first - start - 1) / 2
	if at >= len(s.message) {
		return otherForm
	}
	if was, is := s.doc[first], bad[first]; was|0x20 == is|0x20 && was > '9' {
		return otherForm // a letter, small or capital
	}
	for _, g := range s.guarded {
		if at >= g[0] && at < g[1] {
			return covered
		}
	}
	return unguarded
}

func (s *spoiler) any(list []int) int { return list[s.rng.IntN(len(list))] }

// of returns the numbers of the objects that a test picks.
func (s *spoiler) of(is func(pdf.Dict, bool) bool) (list []int) {
	for n, o := range s.objects {
		d, ok := o.(pdf.Dict)
		st, stream := o.(*pdf.Stream)
		if stream {
			d, ok = st.Dict, true
		}
		if ok && is(d, stream) {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	require.NotEmpty(s.t, list)
	return list
}

func (s *spoiler) later(objects map[int]string) []byte { return update(s.t, s.doc, objects, "") }

func (s *spoiler) flip() []byte {
	bad := bytes.Clone(s.doc)
	bad[s.rng.IntN(len(bad))] ^= byte(1 << s.rng.IntN(8))
	return bad
}

func (s *spoiler) cut() []byte { return s.doc[:len(s.doc)-1-s.rng.IntN(len(s.doc)/2)] }

func (s *spoiler) tail() []byte {
	return append(bytes.Clone(s.doc), bytes.Repeat([]byte{' ', '%', 'x', '\n'}, 1+s.rng.IntN(50))...)
}

// swap lets two objects change places in the cross-reference table, or in the
// file.
func (s *spoiler) swap() []byte {
	bad := bytes.Clone(s.doc)
	at := func(n int) int { return bytes.Index(s.doc, fmt.Appendf(nil, "\n%d 0 obj", n)) + 1 }
	var a, b int
	for a == b || at(a) == 0 || at(b) == 0 {
		a, b = s.any(s.numbers), s.any(s.numbers)
	}
	ea, eb := fmt.Appendf(nil, "%010d 00000 n", at(a)), fmt.Appendf(nil, "%010d 00000 n", at(b))
	if i, j := bytes.Index(bad, ea), bytes.Index(bad, eb); i >= 0 && j >= 0 && s.rng.IntN(2) == 0 {
		copy(bad[i:], eb)
		copy(bad[j:], ea)
		return bad
	}
	if at(a) > at(b) {
		a, b = b, a
	}
	end := func(n int) int { return at(n) + bytes.Index(s.doc[at(n):], []byte("endobj")) + 6 }
	return slices.Concat(s.doc[:at(a)], s.doc[at(b):end(b)], s.doc[end(a):at(b)], s.doc[at(a):end(a)], s.doc[end(b):])
}

func (s *spoiler) body(n int) string {
	if st, ok := s.objects[n].(*pdf.Stream); ok {
		return text(st.Dict) + "\nstream\n" + string(st.Raw) + "\nendstream"
	}
	return text(s.objects[n])
}

func (s *spoiler) swapLater() []byte {
	var a, b int
	for s.body(a) == s.body(b) { // else nothing would have changed
		a, b = s.any(s.numbers), s.any(s.numbers)
	}
	return s.later(map[int]string{a: s.body(b), b: s.body(a)})
}

func (s *spoiler) catalog(key pdf.Name, value pdf.Object) (int, string) {
	d, ref, err := s.file.Last().Catalog()
	require.NoError(s.t, err)
	return int(ref.Num), text(d.With(key, value))
}

// revision appends one that changes what is shown or done.
func (s *spoiler) revision() []byte {
	content := int(s.dict.Get("Contents").(pdf.Ref).Num)
	page, own := int(s.page.Num), pdf.Ref{Num: uint32(s.next)}
	switch s.rng.IntN(8) {
	case 0:
		return s.later(map[int]string{content: "<< /Length 25 >>\nstream\n0 0 1 rg 0 0 600 600 re f\nendstream"})
	case 1:
		return s.later(map[int]string{page: text(s.dict.With("Rotate", int64(180)))})
	case 2: // a note that hides what is below
		return s.later(map[int]string{page: text(s.dict.With("Annots", pdf.Array{own})),
			s.next: "<< /Type /Annot /Subtype /FreeText /Rect [100 400 500 500] /Contents (Valido) /DA (/Helv 12 Tf) " +
				"/F 4 >>"})
	case 3:
		n, cat := s.catalog("OpenAction", pdf.Dict{}.With("S", pdf.Name("JavaScript")).With("JS",
			pdf.String("app.alert(1)")))
		return s.later(map[int]string{n: cat})
	case 4: // another page
		parent := s.dict.Get("Parent").(pdf.Ref)
		pages := s.objects[int(parent.Num)].(pdf.Dict)
		return s.later(map[int]string{s.next: text(s.dict.With("Annots", nil)),
			int(parent.Num): text(pages.With("Kids", pdf.Array{s.page, own}).With("Count", int64(2)))})
	case 5: // another file attached
		n, cat := s.catalog("Names",
			pdf.Dict{}.With("EmbeddedFiles", pdf.Dict{}.With("Names", pdf.Array{pdf.String("x"), own})))
		return s.later(map[int]string{n: cat, s.next: "<< /Type /Filespec /F (x) >>"})
	case 6: // the data that the contrassegno is bound to
		embedded := s.of(func(d pdf.Dict, stream bool) bool { return stream && d.Name("Type") == "EmbeddedFile" })
		return s.later(map[int]string{s.any(embedded): "<< /Type /EmbeddedFile /Length 2 >>\nstream\n{}\nendstream"})
	}
	// a page drawn by an object without name in the document: the content array
	return s.later(map[int]string{s.next: "<< /Length 25 >>\nstream\n0 0 1 rg 0 0 600 600 re f\nendstream",
		page: text(s.dict.With("Contents", pdf.Array{s.dict.Get("Contents"), own}))})
}

// metadata changes a letter of the title in the file itself.
func (s *spoiler) metadata() []byte {
	bad := bytes.Clone(s.doc)
	at := bytes.Index(s.doc, []byte("<dc:title>"))
	require.Positive(s.t, at)
	bad[at+s.rng.IntN(60)] ^= 2
	return bad
}

func (s *spoiler) metadataLater() []byte {
	info := s.file.Last().Trailer().Get("Info").(pdf.Ref)
	d := s.objects[int(info.Num)].(pdf.Dict)
	switch s.rng.IntN(3) {
	case 0:
		return s.later(map[int]string{int(info.Num): text(d.With("Title", pdf.String("Altro")))})
	case 1:
		return s.later(map[int]string{int(info.Num): text(d.With("Author", pdf.String("Altri")))})
	}
	packet := s.any(s.of(func(d pdf.Dict, stream bool) bool { return stream && d.Name("Type") == "Metadata" }))
	st := s.objects[packet].(*pdf.Stream)
	xmp := bytes.Replace(st.Raw, []byte("Certificat"), []byte("Attestat"), 1)
	require.NotEqual(s.t, st.Raw, xmp)
	return s.later(map[int]string{packet: fmt.Sprintf("<< /Type /Metadata /Subtype /XML /Length %d "+
		">>\nstream\n%s\nendstream", len(xmp), xmp)})
}

// font replaces a font, its file or its widths: other letters are shown.
func (s *spoiler) font() []byte {
	fonts := s.of(func(d pdf.Dict, _ bool) bool { return d.Name("Type") == "Font" })
	switch s.rng.IntN(3) {
	case 0:
		return s.later(map[int]string{s.any(fonts): "<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"})
	case 1:
		files := s.of(func(d pdf.Dict, stream bool) bool { return stream && d.Get("Length1") != nil })
		n := s.any(files)
		st := s.objects[n].(*pdf.Stream)
		other := bytes.Clone(st.Raw)
		other[len(other)/2] ^= 0x55
		return s.later(map[int]string{n: text(st.Dict) + "\nstream\n" + string(other) + "\nendstream"})
	}
	n := s.any(fonts)
	return s.later(map[int]string{n: text(s.objects[n].(pdf.Dict).With("ToUnicode", nil).With("Encoding",
		pdf.Name("Identity-V")))})
}

// layer hides what is on the page in a layer that is off, or brings one that
// can be switched.
func (s *spoiler) layer() []byte {
	group := pdf.Ref{Num: uint32(s.next)}
	n, cat := s.catalog("OCProperties", pdf.Dict{}.With("OCGs", pdf.Array{group}).With("D",
		pdf.Dict{}.With("OFF", pdf.Array{group})))
	objects := map[int]string{n: cat, s.next: "<< /Type /OCG /Name (nascosto) >>"}
	if s.rng.IntN(2) == 0 {
		resources, err := s.file.Last().Dict(s.dict, "Resources")
		require.NoError(s.t, err)
		objects[s.next+1] = "<< /Length 12 >>\nstream\n/OC /Ly BDC \nendstream"
		objects[s.next+2] = "<< /Length 4 >>\nstream\nEMC \nendstream"
		objects[int(s.page.Num)] = text(s.dict.With("Contents", pdf.Array{pdf.Ref{Num: uint32(s.next + 1)},
			s.dict.Get("Contents"), pdf.Ref{Num: uint32(s.next + 2)}}).
			With("Resources", resources.With("Properties", pdf.Dict{}.With("Ly", group))))
	}
	return s.later(objects)
}
