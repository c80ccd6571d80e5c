package tagged

import (
	"strconv"
)

// MM is one millimetre in points.
const MM = 72 / 25.4

// The size of an A4 page in points.
const (
	A4Width  = 210 * MM
	A4Height = 297 * MM
)

// A Page is one page. Its coordinates are in points from the top left corner,
// y growing downwards.
type Page struct {
	doc           *Document
	width, height float64
	content       []byte
	marks         []*Element // MCID -> element
	images        []*Image
	annotations   []*annotation
	usesFont      [faces]bool
	object        int
	key           int // in the parent tree
	open          bool
}

type annotation struct {
	rect    [4]float64
	uri     string
	alt     string
	element *Element
	object  int
	key     int
}

// Width returns the width in points.
func (p *Page) Width() float64 { return p.width }

// Height returns the height in points.
func (p *Page) Height() float64 { return p.height }

// mark runs draw inside a marked-content sequence that belongs to e.
func (p *Page) mark(e *Element, draw func()) {
	if p.doc.err != nil {
		return
	}
	if p.open {
		p.doc.fail(errorf("content of a %s begins inside other content", e.tag))
		return
	}
	if e == p.doc.root || e.doc != p.doc {
		p.doc.fail(errorf("content must belong to an element of the same document below its root"))
		return
	}
	if p.object != 0 || e.object != 0 {
		p.doc.fail(errorf("content of a %s comes after it or its page was written", e.tag))
		return
	}
	p.open = true
	p.content = append(p.content, '/')
	p.content = append(p.content, e.tag...)
	p.content = append(p.content, "<</MCID "...)
	p.content = strconv.AppendInt(p.content, int64(len(p.marks)), 10)
	p.content = append(p.content, ">>BDC\n"...)
	e.kids = append(e.kids, kid{page: p, mcid: len(p.marks)})
	if e.page == nil {
		e.page = p
	}
	p.marks = append(p.marks, e)
	draw()
	p.content = append(p.content, "EMC\n"...)
	p.open = false
}

// Place draws a block with its top left corner at x, y as content of e and
// returns the y below it.
func (p *Page) Place(e *Element, x, y float64, b *Block) float64 {
	if len(b.lines) > 0 {
		p.mark(e, func() { p.block(x, y, p.height, b) })
		if headingLevel(e.tag) > 0 && e.title == "" {
			for i := range b.lines {
				e.title += b.Text(i)
			}
		}
	}
	return y + b.Height()
}

// Draw draws content of e, which is usually a [Figure]. The box is what the
// drawing covers: a figure tells it to assistive technology.
func (p *Page) Draw(e *Element, x, y, width, height float64, draw func(*Canvas)) {
	p.mark(e, func() {
		e.grow(x, p.height-y-height, x+width, p.height-y)
		draw(&Canvas{page: p, top: p.height})
	})
}

// Artifact draws what is no content: rules, backgrounds, watermarks. Screen
// readers skip it, so nothing may be said by it alone.
func (p *Page) Artifact(draw func(*Canvas)) { p.artifact("/Artifact BMC\n", draw) }

// Pagination draws an artifact that belongs to the pages and not to what they
// say (ISO 32000-1, 14.8.2.2): a repeated heading, the number of the page.
func (p *Page) Pagination(draw func(*Canvas)) {
	p.artifact("/Artifact<</Type/Pagination>>BDC\n", draw)
}

func (p *Page) artifact(begin string, draw func(*Canvas)) {
	if p.doc.err != nil {
		return
	}
	if p.open || p.object != 0 {
		p.doc.fail(errorf("an artifact begins inside other content or on a page that is written already"))
		return
	}
	p.open = true
	p.content = append(p.content, begin...)
	draw(&Canvas{page: p, top: p.height})
	p.content = append(p.content, "EMC\n"...)
	p.open = false
}

// Link places a block as a link to uri, which must be an absolute https or
// http address in ASCII. alt is what a screen reader says.
func (p *Page) Link(e *Element, x, y float64, b *Block, uri, alt string) float64 {
	if p.doc.err != nil {
		return y
	}
	if e.tag != Link {
		p.doc.fail(errorf("a link is content of a %s, expected a Link", e.tag))
		return y
	}
	if err := checkURI(uri); err != nil {
		p.doc.fail(err)
		return y
	}
	if alt == "" {
		p.doc.fail(errorf("a link has no description (ISO 14289-1, 7.18.5)"))
		return y
	}
	below := p.Place(e, x, y, b)
	x0, x1 := b.Width, 0.0
	for _, l := range b.lines {
		x0, x1 = min(x0, b.offset(l)), max(x1, b.offset(l)+l.width)
	}
	a := &annotation{rect: [4]float64{x + x0, p.height - below, x + x1, p.height - y}, uri: uri, alt: alt, element: e}
	p.annotations = append(p.annotations, a)
	e.kids = append(e.kids, kid{page: p, annot: a})
	return below
}

func checkURI(uri string) error {
	rest, ok := cutPrefixFold(uri, "https://")
	if !ok {
		rest, ok = cutPrefixFold(uri, "http://")
	}
	if !ok || rest == "" || len(uri) > 2000 {
		return errorf("link to %q: expected an absolute https or http address of at most 2000 bytes", uri)
	}
	for i := range len(uri) {
		if c := uri[i]; c <= ' ' || c > '~' || c == '<' || c == '>' || c == '"' || c == '\\' {
			return errorf("link to %q: byte %d must be escaped (RFC 3986)", uri, i)
		}
	}
	return nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) {
		return s, false
	}
	for i := range len(prefix) {
		if s[i]|0x20 != prefix[i]|0x20 {
			return s, false
		}
	}
	return s[len(prefix):], true
}

// block writes the lines of b; top is the PDF ordinate of the y origin.
func (p *Page) block(x, y, top float64, b *Block) {
	if b.doc.done {
		p.doc.fail(errorf("a block is placed whose document is finished"))
		return
	}
	c := p.content
	c = append(c, "BT\n"...)
	baseline := y + b.Ascent
	for _, l := range b.lines {
		at := x + b.offset(l)
		for i := l.from; i < l.to; {
			j, width := i, 0.0
			for j < l.to && b.glyphs[j].style == b.glyphs[i].style {
				width += b.glyphs[j].advance
				j++
			}
			c = p.run(c, b.glyphs[i:j], at, top-baseline)
			at += width
			i = j
		}
		baseline += b.Leading
	}
	p.content = append(c, "ET\n"...)
}

// run writes glyphs of one style.
func (p *Page) run(c []byte, glyphs []placed, x, y float64) []byte {
	s := glyphs[0].style
	f := p.doc.engine.fonts[s.Face]
	p.usesFont[s.Face] = true
	c = append(c, "/F"...)
	c = strconv.AppendInt(c, int64(s.Face)+1, 10)
	c = append(c, ' ')
	c = number(c, s.Size)
	c = append(c, "Tf "...)
	c = fill(c, s.Color)
	c = number(c, s.Tracking)
	c = append(c, "Tc 1 0 0 1 "...)
	c = number(c, x)
	c = number(c, y)
	c = append(c, "Tm["...)
	inside := false
	for _, g := range glyphs {
		if g.kern != 0 {
			if inside {
				c = append(c, '>')
				inside = false
			}
			c = strconv.AppendInt(c, -int64(g.kern), 10)
		}
		if !inside {
			c = append(c, '<')
			inside = true
		}
		cid := f.cid[g.glyph]
		p.doc.fontTop[s.Face] = max(p.doc.fontTop[s.Face], int(cid))
		const digits = "0123456789ABCDEF"
		c = append(c, digits[cid>>12], digits[cid>>8&15], digits[cid>>4&15], digits[cid&15])
	}
	if inside {
		c = append(c, '>')
	}
	return append(c, "]TJ\n"...)
}

// number appends a coordinate with at most three decimals and a space.
func number(c []byte, v float64) []byte {
	n := int64(v*1000 + 0.5)
	if v < 0 {
		n = -int64(-v*1000 + 0.5)
	}
	if n < 0 {
		c = append(c, '-')
		n = -n
	}
	c = strconv.AppendInt(c, n/1000, 10)
	if frac := n % 1000; frac != 0 {
		c = append(c, '.', byte('0'+frac/100))
		if frac%100 != 0 {
			c = append(c, byte('0'+frac/10%10))
			if frac%10 != 0 {
				c = append(c, byte('0'+frac%10))
			}
		}
	}
	return append(c, ' ')
}

// rgb appends a colour with its operator: grey ones as such (ISO 32000-1,
// 8.6.4.2), which is shorter.
func rgb(c []byte, color Color, gray, operator string) []byte {
	if color.R == color.G && color.G == color.B {
		return append(number(c, float64(color.R)/255), gray...)
	}
	for _, v := range [3]uint8{color.R, color.G, color.B} {
		c = number(c, float64(v)/255)
	}
	return append(c, operator...)
}

func fill(c []byte, color Color) []byte { return rgb(c, color, "g ", "rg ") }

func stroke(c []byte, color Color) []byte { return rgb(c, color, "G ", "RG ") }
