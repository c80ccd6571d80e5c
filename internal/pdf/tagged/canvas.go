package tagged

import (
	"math"
	"strconv"
)

// A Canvas draws paths, images and text. It is valid only during the call that
// it was handed to.
type Canvas struct {
	page *Page
	top  float64 // the PDF ordinate of the y origin
}

// maxCoordinate is beyond every page (ISO 32000-1, annex C: 14400).
const maxCoordinate = 1e5

func (c *Canvas) op(s string) { c.page.content = append(c.page.content, s...) }

func (c *Canvas) point(x, y float64) {
	if !(math.Abs(x) < maxCoordinate && math.Abs(y) < maxCoordinate) {
		c.page.doc.fail(errorf("point %v, %v is outside of any page", x, y))
		return
	}
	c.page.content = number(number(c.page.content, x), c.top-y)
}

// MoveTo begins a new figure of the current path.
func (c *Canvas) MoveTo(x, y float64) { c.point(x, y); c.op("m ") }

// LineTo adds a line to the current path.
func (c *Canvas) LineTo(x, y float64) { c.point(x, y); c.op("l ") }

// CurveTo adds a cubic Bézier curve to the current path.
func (c *Canvas) CurveTo(x1, y1, x2, y2, x, y float64) {
	c.point(x1, y1)
	c.point(x2, y2)
	c.point(x, y)
	c.op("c ")
}

// Close closes the current figure.
func (c *Canvas) Close() { c.op("h ") }

// Rectangle adds a rectangle to the current path.
func (c *Canvas) Rectangle(x, y, width, height float64) {
	c.point(x, y+height)
	c.page.content = number(number(c.page.content, width), height)
	c.op("re ")
}

// Circle adds a circle to the current path.
func (c *Canvas) Circle(x, y, r float64) {
	const k = 0.5522847498 // of four Bézier arcs
	c.MoveTo(x+r, y)
	c.CurveTo(x+r, y+k*r, x+k*r, y+r, x, y+r)
	c.CurveTo(x-k*r, y+r, x-r, y+k*r, x-r, y)
	c.CurveTo(x-r, y-k*r, x-k*r, y-r, x, y-r)
	c.CurveTo(x+k*r, y-r, x+r, y-k*r, x+r, y)
	c.Close()
}

// Fill fills the current path (nonzero winding) and ends it.
func (c *Canvas) Fill(color Color) {
	c.painted(func() { c.op("f\n") }, color, false, 0)
}

// FillEvenOdd fills the current path (even-odd rule) and ends it.
func (c *Canvas) FillEvenOdd(color Color) {
	c.painted(func() { c.op("f*\n") }, color, false, 0)
}

// Stroke strokes the current path with a line of the given width and ends it.
func (c *Canvas) Stroke(color Color, width float64) {
	c.painted(func() { c.op("S\n") }, color, true, width)
}

// painted sets the colour before the path: state operators may not stand
// between a path's construction and its painting (ISO 32000-1, 8.5.2), so the
// colour is written where the path began.
func (c *Canvas) painted(paint func(), color Color, line bool, width float64) {
	content := c.page.content
	start := len(content)
	for start > 0 && content[start-1] != '\n' {
		start--
	}
	path := append([]byte(nil), content[start:]...)
	content = content[:start]
	if line {
		content = append(number(stroke(content, color), width), "w "...)
	} else {
		content = fill(content, color)
	}
	c.page.content = append(content, path...)
	paint()
}

// Moved draws in a coordinate system whose origin is at x, y, scaled by scale
// and turned by degrees counterclockwise.
func (c *Canvas) Moved(x, y, scale, degrees float64, draw func(*Canvas)) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	c.op("q ")
	for _, v := range [4]float64{cos * scale, sin * scale, -sin * scale, cos * scale} {
		c.page.content = fine(c.page.content, v)
	}
	c.point(x, y)
	c.op("cm\n")
	draw(&Canvas{page: c.page})
	c.op("Q\n")
}

// fine appends a matrix entry with six decimals.
func fine(b []byte, v float64) []byte {
	v = math.Round(v*1e6) / 1e6
	return append(strconv.AppendFloat(b, v, 'f', -1, 64), ' ')
}

// Block draws a block of text with its top left corner at x, y.
func (c *Canvas) Block(x, y float64, b *Block) {
	if c.page.doc.err != nil || len(b.lines) == 0 {
		return
	}
	c.page.block(x, y, c.top, b)
}

// Image draws an image into a box.
func (c *Canvas) Image(img *Image, x, y, width, height float64) {
	if c.page.doc.err != nil {
		return
	}
	if img == nil || !(width > 0) || !(height > 0) {
		c.page.doc.fail(errorf("an image is missing or drawn %v by %v points", width, height))
		return
	}
	name := c.page.useImage(img)
	c.op("q ")
	c.page.content = number(number(number(number(c.page.content, width), 0), 0), height)
	c.point(x, y+height)
	c.op("cm /I")
	c.page.content = strconv.AppendInt(c.page.content, int64(name), 10)
	c.op(" Do Q\n")
}
