package tagged

import "io"

// NewStream begins a document that is written to w while it is made: each
// [Document.Flush] writes what is complete, [Document.Close] the rest, so that
// memory does not grow with the document but for some 10 bytes for each of its
// elements, its headings and its pictures. What has reached w is no PDF until
// Close has returned nil.
func (e *Engine) NewStream(w io.Writer, m Metadata) *Document {
	d := e.NewDocument(m)
	d.stream = newWriter(d)
	d.stream.to = w
	d.stream.out = append(d.stream.out, fileHeader...)
	d.root.object = d.stream.reserve()
	return d
}

// Flush writes the pages and elements of a stream that were made since the last
// Flush. To them nothing can be added any more: begin the next part under
// [Document.Root] and on a new page.
func (d *Document) Flush() error {
	if d.err == nil && (d.stream == nil || d.done) {
		d.fail(errorf("the document is no stream, or is closed"))
	}
	if d.err == nil {
		d.fail(d.stream.flush())
	}
	return d.err
}

// Close writes the rest of a stream; it does not close what it was written to.
// The same calls with the same values give the same bytes.
func (d *Document) Close() error {
	if err := d.Flush(); err != nil {
		return err
	}
	if len(d.stream.pages) == 0 {
		d.fail(errorf("the document has no page"))
		return d.err
	}
	d.done = true
	d.fail(d.stream.close())
	return d.err
}

// chunk is how much of a stream is written at once.
const chunk = 64 << 10

// flush writes what is complete and forgets it.
func (w *writer) flush() error {
	d := w.doc
	if err := checkContent(d.elements[1:]); err != nil {
		return err
	}
	w.number()
	for _, p := range d.pages {
		for face, used := range p.usesFont {
			if used && w.fonts[face] == 0 {
				w.fonts[face] = w.reserve()
			}
		}
		w.page(p)
		if err := w.emit(chunk); err != nil {
			return err
		}
	}
	for _, e := range d.elements[1:] {
		w.element(e)
		if err := w.emit(chunk); err != nil {
			return err
		}
	}
	w.annotations()
	for i, k := range d.root.kids[w.settled:] {
		// Of what stood below the root its object is all that is needed.
		d.root.kids[w.settled+i] = kid{element: &Element{object: k.element.object}}
	}
	w.settled = len(d.root.kids)
	clear(d.elements[1:])
	clear(d.pages)
	d.elements, d.pages = d.elements[:1], d.pages[:0]
	return w.limits()
}

func (w *writer) close() error {
	if err := w.fontObjects(); err != nil {
		return err
	}
	files := w.files()
	w.outputIntent(w.fixed.intent)
	w.pageTree(w.fixed.pages)
	w.element(w.doc.root)
	if err := w.finish(files); err != nil {
		return err
	}
	return w.emit(0)
}

// emit hands on what is written if it is at least so many bytes.
func (w *writer) emit(atLeast int) error {
	if len(w.out) < atLeast {
		return nil
	}
	_, _ = w.sum.Write(w.out) // which cannot fail
	if _, err := w.to.Write(w.out); err != nil {
		return errorf("%w", err)
	}
	w.before += int64(len(w.out))
	w.out = w.out[:0]
	return nil
}
