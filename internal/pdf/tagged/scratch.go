package tagged

// A scratch is the memory that documents of an engine use one after the other:
// most are of one page, and much alike.
type scratch struct {
	glyphs  []placed
	shapes  []shaped
	content []byte
	out     []byte
	packed  []byte
}

// What is kept of a scratch; a long document's memory is not.
const (
	keepGlyphs = 16 << 10
	keepBytes  = 256 << 10
	glyphChunk = 4 << 10
)

// borrow gives the document a scratch, if it is none that is written while it
// is made: its blocks may be placed after parts of it were written.
func (d *Document) borrow() *scratch {
	if d.scratch == nil && d.stream == nil && !d.done {
		select {
		case d.scratch = <-d.engine.scratches:
		default:
			d.scratch = new(scratch)
		}
		d.shapes = d.scratch.shapes
	}
	return d.scratch
}

// giveBack ends the use of the scratch. From here on the document's blocks hold
// others' glyphs; done keeps them from being placed.
func (d *Document) giveBack() {
	s := d.scratch
	d.scratch = nil
	if s == nil {
		return
	}
	if cap(s.glyphs) > keepGlyphs {
		s.glyphs = nil
	}
	clear(s.glyphs) // of the styles that they lead to
	s.glyphs = s.glyphs[:0]
	for _, b := range []*[]byte{&s.content, &s.out, &s.packed} {
		if *b = (*b)[:0]; cap(*b) > keepBytes {
			*b = nil
		}
	}
	if s.shapes = d.shapes[:0]; cap(s.shapes) > keepGlyphs {
		s.shapes = nil
	}
	d.shapes = nil
	select {
	case d.engine.scratches <- s:
	default:
	}
}

// room returns memory for n glyphs.
func (d *Document) room(n int) []placed {
	s := d.borrow()
	if s == nil {
		return make([]placed, 0, n)
	}
	if cap(s.glyphs)-len(s.glyphs) < n { // the blocks keep the old piece
		s.glyphs = make([]placed, 0, max(n, glyphChunk))
	}
	at := len(s.glyphs)
	s.glyphs = s.glyphs[:at+n]
	return s.glyphs[at : at : at+n]
}
