package tagged

import "strconv"

// A Form is a drawing for a document that somebody else wrote: a form XObject
// (ISO 32000-1, 8.10) with the fonts that it stands on, such as the appearance
// of an annotation.
type Form struct {
	// Text holds the objects as a file has them, one behind the other, numbered
	// from the first that was given; Offsets says where in it each begins.
	Text    []byte
	Offsets []int64
	// Object is the number of the XObject.
	Object int
}

// Form draws a form XObject of the given size in points, turned by quarters of
// a circle counterclockwise, with objects numbered from first on. Colours that
// are grey are written as such, so that a drawing in grey goes with any output
// intent. The same calls give the same bytes.
func (e *Engine) Form(first int, width, height float64, quarters int, draw func(d *Document, c *Canvas)) (Form, error) {
	d := &Document{engine: e}
	p := d.AddPage(width, height)
	defer d.giveBack()
	draw(d, &Canvas{page: p, top: height})
	if d.err != nil {
		return Form{}, d.err
	}
	w := &writer{doc: d, base: first - 1, images: make(map[*Image]int)}
	if err := w.fontObjects(); err != nil {
		return Form{}, err
	}
	form := w.reserve()
	w.begin(form)
	w.str("<</Type/XObject/Subtype/Form/BBox[0 0 ")
	w.num(width)
	w.num(height)
	w.str("]")
	if quarters %= 4; quarters != 0 {
		w.str("/Matrix[" + [...]string{"", "0 1 -1 0", "-1 0 0 -1", "0 -1 1 0"}[quarters] + " 0 0]")
	}
	w.str("/Resources<</Font<<")
	for face, font := range w.fonts {
		if font != 0 {
			w.str("/F" + strconv.Itoa(face+1) + " ")
			w.ref(font)
		}
	}
	content := w.pack(p.content)
	w.str(">>>>/Filter/FlateDecode/Length ")
	w.int(len(content))
	w.str(">>stream\n")
	w.bytes(content)
	w.str("\nendstream")
	w.end()
	d.done, d.scratch.content = true, p.content
	return Form{Text: w.out, Offsets: w.offsets, Object: form}, nil
}
