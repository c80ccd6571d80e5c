package tagged

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"unicode/utf16"
)

// A writer writes the objects of one document in order.
type writer struct {
	doc       *Document
	out       []byte
	base      int     // number of the object before the first
	offsets   []int64 // object -> offset, 0 while unwritten
	fixed     anchors
	fonts     [faces]int
	images    map[*Image]int
	pages     []int // objects
	bookmarks []bookmark
	nextKey   int
	parents   []byte // entries of the parent tree
	sum       hash.Hash
	packed    []byte
	// of a stream
	to      io.Writer
	before  int64 // bytes that have left out
	settled int   // kids of the root that are written
}

// anchors are the objects to which others refer before they are written.
type anchors struct{ catalog, pages, info, meta, intent, tree, parentTree int }

// A bookmark leads to the page of a heading.
type bookmark struct {
	title string
	page  int
}

const fileHeader = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"

func newWriter(d *Document) *writer {
	w := &writer{doc: d, images: make(map[*Image]int), sum: sha256.New()}
	w.fixed = anchors{w.reserve(), w.reserve(), w.reserve(), w.reserve(), w.reserve(), w.reserve(), w.reserve()}
	return w
}

// Bytes finishes the document. The same calls with the same values give the
// same bytes. It may be called once.
func (d *Document) Bytes() ([]byte, error) { return d.Append(nil) }

// Append finishes the document as [Document.Bytes] does and appends it to dst,
// which is nil if there is an error.
func (d *Document) Append(dst []byte) ([]byte, error) {
	switch {
	case d.err != nil:
		return nil, d.err
	case d.done:
		return nil, errorf("the document is already finished")
	case d.stream != nil:
		return nil, errorf("the document is a stream: expected Close")
	case len(d.pages) == 0:
		return nil, errorf("the document has no page")
	}
	d.done = true
	if err := checkContent(d.elements); err != nil {
		return nil, err
	}
	w := newWriter(d)
	size := 16 << 10
	for _, p := range d.pages {
		size += len(p.content)/2 + 64*len(p.marks)
	}
	for _, f := range d.files {
		size += len(f.Data)
	}
	sc := d.scratch
	if w.out = sc.out[:0]; cap(w.out) < size {
		w.out = make([]byte, 0, size+40<<10)
	}
	w.packed = sc.packed
	w.out = append(w.out, fileHeader...)
	if err := w.document(); err != nil {
		return nil, err
	}
	sc.out, sc.content, sc.packed = w.out, d.pages[0].content, w.packed
	defer d.giveBack()
	return append(dst, w.out...), nil
}

// checkContent refuses elements without content; a cell may be empty.
func checkContent(elements []*Element) error {
	for _, e := range elements {
		if len(e.kids) == 0 && e.tag != DataCell {
			return errorf("a %s has no content", e.tag)
		}
	}
	return nil
}

// reserve gives an object its number before it is written.
func (w *writer) reserve() int {
	w.offsets = append(w.offsets, 0)
	return w.base + len(w.offsets)
}

func (w *writer) begin(object int) {
	w.offsets[object-w.base-1] = w.before + int64(len(w.out))
	w.int(object)
	w.str(" 0 obj\n")
}

func (w *writer) end() { w.str("\nendobj\n") }

func (w *writer) str(s string)    { w.out = append(w.out, s...) }
func (w *writer) bytes(b []byte)  { w.out = append(w.out, b...) }
func (w *writer) int(n int)       { w.out = strconv.AppendInt(w.out, int64(n), 10) }
func (w *writer) num(v float64)   { w.out = number(w.out, v) }
func (w *writer) ref(object int)  { w.int(object); w.str(" 0 R") }
func (w *writer) text(s string)   { w.out = textString(w.out, s) }
func (w *writer) key(name string) { w.str("/" + name + " ") }

// pack compresses what is written before the next call.
func (w *writer) pack(data []byte) []byte {
	w.packed = w.doc.engine.compress(w.packed[:0], data)
	return w.packed
}

// stream writes a stream object; dict holds its other entries.
func (w *writer) stream(object int, dict string, data []byte) {
	w.begin(object)
	w.str("<<" + dict + "/Length ")
	w.int(len(data))
	w.str(">>stream\n")
	w.bytes(data)
	w.str("\nendstream")
	w.end()
}

// textString appends a text string: a literal for ASCII, else UTF-16BE in
// hexadecimal, which every incremental updater copies unharmed.
func textString(b []byte, s string) []byte {
	ascii := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '(' || c == ')' || c == '\\' {
			ascii = false
			break
		}
	}
	if ascii {
		b = append(b, '(')
		b = append(b, s...)
		return append(b, ')')
	}
	b = append(b, "<FEFF"...)
	for _, u := range utf16.Encode([]rune(s)) {
		b = fmt.Appendf(b, "%04X", u)
	}
	return append(b, '>')
}

const dateLayout = "(D:20060102150405Z)"

func (w *writer) document() error {
	d := w.doc
	w.number()
	if err := w.fontObjects(); err != nil {
		return err
	}
	files := w.files()
	w.outputIntent(w.fixed.intent)
	for _, p := range d.pages {
		w.page(p)
	}
	w.pageTree(w.fixed.pages)
	for _, e := range d.elements {
		w.element(e)
	}
	return w.finish(files)
}

// number gives their objects to pages, elements and annotations.
func (w *writer) number() {
	for _, p := range w.doc.pages {
		p.object = w.reserve()
		p.key = w.nextKey
		w.nextKey++
	}
	for _, e := range w.doc.elements {
		if e.object == 0 {
			e.object = w.reserve()
		}
	}
	for _, p := range w.doc.pages {
		for _, a := range p.annotations {
			a.object, a.key = w.reserve(), w.nextKey
			w.nextKey++
		}
	}
}

// finish writes what follows the last element.
func (w *writer) finish(files []int) error {
	w.structure()
	outlines := w.outlines()
	w.information(w.fixed.info)
	w.stream(w.fixed.meta, "/Type/Metadata/Subtype/XML", w.doc.xmp(nil))
	w.catalog(outlines, files)
	return w.trailer()
}

func (w *writer) fontObjects() error {
	d := w.doc
	for face, f := range d.engine.fonts {
		font := w.fonts[face]
		if f == nil {
			continue
		}
		if font == 0 {
			if !slices.ContainsFunc(d.pages, func(p *Page) bool { return p.usesFont[face] }) {
				continue
			}
			font = w.reserve()
		}
		i := slices.IndexFunc(f.subsets, func(s *subset) bool { return d.fontTop[face] < s.size })
		p, err := f.subsets[i].once()
		if err != nil {
			return err
		}
		cidFont, descriptor, file, unicode, set := w.reserve(), w.reserve(), w.reserve(), w.reserve(), w.reserve()
		w.fonts[face] = font
		w.begin(font)
		w.str("<</Type/Font/Subtype/Type0/BaseFont/" + p.name + "/Encoding/Identity-H/DescendantFonts[")
		w.ref(cidFont)
		w.str("]/ToUnicode ")
		w.ref(unicode)
		w.str(">>")
		w.end()
		w.begin(cidFont)
		w.str("<</Type/Font/Subtype/CIDFontType2/BaseFont/" + p.name + "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity/DW 1000/FontDescriptor ")
		w.ref(descriptor)
		w.key("W")
		w.bytes(p.widths)
		w.str(">>")
		w.end()
		w.begin(descriptor)
		stem := 80
		if f.bold {
			stem = 140
		}
		w.str(fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle %d/Ascent %d/Descent %d/CapHeight %d/StemV %d",
			p.name, f.milli(f.bbox[0]), f.milli(f.bbox[1]), f.milli(f.bbox[2]), f.milli(f.bbox[3]), f.italic>>16,
			f.milli(f.ascent), f.milli(f.descent), f.milli(f.capHeight), stem))
		w.str("/FontFile2 ")
		w.ref(file)
		w.str("/CIDSet ")
		w.ref(set)
		w.str(">>")
		w.end()
		w.stream(file, "/Length1 "+strconv.Itoa(p.length)+"/Filter/FlateDecode", p.file)
		w.stream(unicode, "/Filter/FlateDecode", p.toUnicode)
		w.stream(set, "/Filter/FlateDecode", p.cidSet)
	}
	return nil
}

func (w *writer) files() []int {
	var specs []int
	for _, f := range w.doc.files {
		data, spec := w.reserve(), w.reserve()
		sum := md5.Sum(f.Data)
		subtype := "/Type/EmbeddedFile/Subtype/" + nameEscape(f.MediaType) + "/Params<</ModDate" + f.Modified.UTC().Format(dateLayout) +
			"/Size " + strconv.Itoa(len(f.Data)) + "/CheckSum<" + hex.EncodeToString(sum[:]) + ">>>/Filter/FlateDecode"
		compressed := f.Compressed
		if compressed == nil {
			compressed = w.pack(f.Data)
		}
		w.stream(data, subtype, compressed)
		w.begin(spec)
		w.str("<</Type/Filespec/F(" + f.Name + ")/UF(" + f.Name + ")/AFRelationship/" + string(f.Relationship))
		if f.Description != "" {
			w.key("Desc")
			w.text(f.Description)
		}
		w.str("/EF<</F ")
		w.ref(data)
		w.str("/UF ")
		w.ref(data)
		w.str(">>>>")
		w.end()
		specs = append(specs, spec)
	}
	return specs
}

// nameEscape writes the solidus of a media type as a name must.
func nameEscape(mediaType string) string {
	out := make([]byte, 0, len(mediaType)+2)
	for i := range len(mediaType) {
		if mediaType[i] == '/' {
			out = append(out, "#2F"...)
		} else {
			out = append(out, mediaType[i])
		}
	}
	return string(out)
}

func (w *writer) outputIntent(object int) {
	profile := w.reserve()
	w.stream(profile, "/N 3/Filter/FlateDecode", w.doc.engine.profile)
	w.begin(object)
	w.str("<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)/Info(sRGB IEC61966-2.1)/DestOutputProfile ")
	w.ref(profile)
	w.str(">>")
	w.end()
}

func (w *writer) image(img *Image) int {
	if n := w.images[img]; n != 0 {
		return n
	}
	object := w.reserve()
	w.images[img] = object
	size := "/Type/XObject/Subtype/Image/Width " + strconv.Itoa(img.Width) + "/Height " + strconv.Itoa(img.Height) + "/BitsPerComponent 8"
	mask := ""
	if img.alpha != nil {
		m := w.reserve()
		w.stream(m, size+"/ColorSpace/DeviceGray/Filter/FlateDecode", img.alpha)
		mask = "/SMask " + strconv.Itoa(m) + " 0 R"
	}
	w.stream(object, size+"/ColorSpace/"+img.color+"/Filter/"+img.filter+mask, img.data)
	return object
}

func (w *writer) page(p *Page) {
	var images []int
	for _, img := range p.images {
		images = append(images, w.image(img))
	}
	content := w.reserve()
	w.pages = append(w.pages, p.object)
	w.begin(p.object)
	w.str("<</Type/Page/Parent ")
	w.ref(w.fixed.pages)
	w.str("/MediaBox[0 0 ")
	w.num(p.width)
	w.num(p.height)
	w.str("]/Contents ")
	w.ref(content)
	w.str("/Resources<</Font<<")
	for face, font := range w.fonts {
		if p.usesFont[face] {
			w.str("/F" + strconv.Itoa(face+1) + " ")
			w.ref(font)
		}
	}
	w.str(">>")
	if len(images) > 0 {
		w.str("/XObject<<")
		for i, object := range images {
			w.str("/I" + strconv.Itoa(i+1) + " ")
			w.ref(object)
		}
		w.str(">>")
	}
	w.str(">>/Group<</S/Transparency/CS/DeviceRGB>>/Tabs/S/StructParents ")
	w.int(p.key)
	if len(p.annotations) > 0 {
		w.str("/Annots[")
		for _, a := range p.annotations {
			w.ref(a.object)
			w.str(" ")
		}
		w.str("]")
	}
	w.str(">>")
	w.end()
	w.stream(content, "/Filter/FlateDecode", w.pack(p.content))
	for _, a := range p.annotations {
		w.annotation(p, a)
	}
	w.parents = strconv.AppendInt(w.parents, int64(p.key), 10)
	if w.to == nil {
		w.parents = append(w.marks(w.parents, p), '\n')
		return
	}
	// A stream keeps in memory no more than where they are.
	marks := w.reserve()
	w.parents = fmt.Appendf(w.parents, " %d 0 R\n", marks)
	w.begin(marks)
	w.out = w.marks(w.out, p)
	w.end()
}

// marks appends the array that tells the element of each marked content.
func (w *writer) marks(b []byte, p *Page) []byte {
	b = append(b, '[')
	for _, e := range p.marks {
		b = strconv.AppendInt(b, int64(e.object), 10)
		b = append(b, " 0 R "...)
	}
	return append(b, ']')
}

func (w *writer) annotation(p *Page, a *annotation) {
	w.begin(a.object)
	w.str("<</Type/Annot/Subtype/Link/F 4/Border[0 0 0]/P ")
	w.ref(p.object)
	w.str("/Rect[")
	for _, v := range a.rect {
		w.num(v)
	}
	w.str("]/A<</S/URI/URI<" + hex.EncodeToString([]byte(a.uri)) + ">>>/Contents ")
	w.text(a.alt)
	w.str("/StructParent ")
	w.int(a.key)
	w.str(">>")
	w.end()
}

func (w *writer) pageTree(object int) {
	w.begin(object)
	w.str("<</Type/Pages/Count ")
	w.int(len(w.pages))
	w.str("/Kids[")
	for _, object := range w.pages {
		w.ref(object)
		w.str(" ")
	}
	w.str("]>>")
	w.end()
}
