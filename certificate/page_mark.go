package certificate

import (
	"strings"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
	"github.com/liste-elettorali/anpr/seal"
)

// foot returns the place where the block of the contrassegno begins.
func (s *sheet) foot() float64 {
	if s.collective != nil {
		return bottomTop - 8*mm // for the number of the page
	}
	return bottomTop
}

// verification draws the block with the contrassegno and how to use it.
func (s *sheet) verification() {
	top := s.foot()
	s.page.Artifact(func(c *tagged.Canvas) {
		c.MoveTo(marginX, top)
		c.LineTo(tagged.A4Width-marginX, top)
		c.Stroke(hair, 0.6)
	})
	const gap = 7 * mm
	y := top + 3*mm
	if s.preview {
		s.page.Artifact(func(c *tagged.Canvas) {
			c.Rectangle(marginX, y+3*mm, codeSize, codeSize)
			c.Stroke(hair, 0.6)
		})
		const left = marginX + codeSize + gap
		b := s.layout(tagged.A4Width-marginX-left, tagged.Left,
			tagged.Span{Style: regular(9.4, soft), Text: s.texts.Marks.PreviewPending})
		at := s.page.Place(s.doc.Root().Add(tagged.Paragraph), left, y+3*mm, b)
		if s.other != nil {
			b := s.layout(tagged.A4Width-marginX-left, tagged.Left,
				tagged.Span{Style: regular(8.4, soft), Text: s.other.Marks.PreviewPending})
			s.page.Place(s.foreign(s.doc.Root(), tagged.Paragraph), left, at+1*mm, b)
		}
		return
	}
	root := s.doc.Root()
	modules, err := s.mark.Modules()
	if err != nil {
		s.doc.Fail(err)
		return
	}
	module := codeSize / float64(len(modules))
	const x = marginX
	left := x + codeSize + quietZone*module + gap - 2*mm
	width := tagged.A4Width - marginX - left
	s.page.Place(root.Add(tagged.H2), left, y+1*mm,
		s.layout(width, tagged.Left, tagged.Span{Style: bold(11.5, blue), Text: s.texts.VerifyTitle}))
	fig := root.AddWith(tagged.Figure, tagged.Attributes{Alt: s.texts.Labels.Contrassegno + ". " + s.mark.String()})
	codeY := y + quietZone*module
	s.page.Draw(fig, x, codeY, codeSize, codeSize,
		func(c *tagged.Canvas) { drawModules(c, modules, x, codeY, codeSize) })
	address := strings.ToLower(strings.TrimPrefix(s.mark.Base(), "HTTPS://"))
	explain := func(t *Texts) string {
		return plain(fill(t.Verify, map[string]string{
			"address": address, "until": t.Day(s.data.ValidUntil), "authority": s.data.Issuer.Name,
		}))
	}
	size := 9.4
	if s.other != nil {
		size = 8.2
	}
	at := s.page.Place(root.Add(tagged.Paragraph), left, y+7.5*mm,
		s.layout(width, tagged.Left, tagged.Span{Style: regular(size, ink), Text: explain(s.texts)}))
	if s.other != nil {
		b := s.layout(width, tagged.Left,
			tagged.Span{Style: bold(8.2, blue), Text: s.other.VerifyTitle + ". "},
			tagged.Span{Style: regular(7.4, soft), Text: explain(s.other)})
		at = s.page.Place(s.foreign(root, tagged.Paragraph), left, at+1*mm, b)
	}
	link := root.Add(tagged.Paragraph).Add(tagged.Link)
	// The link is as wide as the longer of its two halves, so that the line
	// breaks before the code.
	style, head := regular(8, blue), s.mark.Base()+contrassegno.Path
	style.Tracking = 0.1 // no kerning, which would push the bars of "//" together
	half := max(s.layout(width, tagged.Left, tagged.Span{Style: style, Text: head}).WidestLine(),
		s.layout(width, tagged.Left, tagged.Span{Style: style, Text: s.mark.Code()}).WidestLine())
	text := s.layout(min(half+1, width), tagged.Left, tagged.Span{Style: style, Text: s.mark.String()})
	s.page.Link(link, left, at+2*mm, text, s.mark.String(), s.texts.Labels.VerifyLink)
}

// drawModules draws a QR code as one path of horizontal runs on a white ground
// that covers the quiet zone.
func drawModules(c *tagged.Canvas, modules [][]bool, x, y, size float64) {
	module := size / float64(len(modules))
	c.Rectangle(x-quietZone*module, y-quietZone*module, size+2*quietZone*module, size+2*quietZone*module)
	c.Fill(white)
	c.Moved(x, y, module, 0, func(c *tagged.Canvas) {
		for row, line := range modules {
			for from := 0; from < len(line); from++ {
				to := from
				for to < len(line) && line[to] {
					to++
				}
				if to > from {
					c.Rectangle(float64(from), float64(row), float64(to-from), 1)
					from = to
				}
			}
		}
		c.Fill(tagged.Color{})
	})
}

// drawPlaceholder draws a building with columns in a circle, which is not the
// emblem of any body.
func drawPlaceholder(c *tagged.Canvas, x, y, size float64) {
	r := size / 2
	cx, cy := x+r, y+r
	u := size / 100
	c.Circle(cx, cy, r-0.8*u)
	c.Stroke(blue, 1.6*u)
	c.Circle(cx, cy, r-4.5*u)
	c.Stroke(blue, 0.7*u)
	at := func(px, py float64) (float64, float64) { return x + px*u, y + py*u }
	polygon := func(points ...float64) {
		for n := 0; n < len(points); n += 2 {
			px, py := at(points[n], points[n+1])
			if n == 0 {
				c.MoveTo(px, py)
			} else {
				c.LineTo(px, py)
			}
		}
		c.Close()
	}
	polygon(50, 21, 79, 37, 21, 37) // pediment
	polygon(50, 25.5, 70, 34.5, 30, 34.5)
	c.FillEvenOdd(blue)
	box := func(px, py, width, height float64) {
		bx, by := at(px, py)
		c.Rectangle(bx, by, width*u, height*u)
	}
	box(23, 39, 54, 3.2)
	for n := range 4 {
		box(27.5+13*float64(n), 44.5, 6, 21)
		box(26.3+13*float64(n), 43.4, 8.4, 1.6)
		box(26.3+13*float64(n), 65, 8.4, 1.6)
	}
	box(23, 68, 54, 2.6)
	box(20, 72, 60, 2.6)
	box(17.5, 76, 65, 2.6)
	c.Fill(blue)
}

// The frame of a visible seal, in points, beside the signer's line.
const (
	sealWidth  = 80 * mm
	sealHeight = 22 * mm
)

// signing returns the row with the place of a visible seal, on the left, and
// the signer's line, on the right; false if the page has neither.
func (s *sheet) signing(scale float64) (piece, bool) {
	var out piece
	if s.data.Issuer.Signer != nil {
		out = s.signature(scale)
	}
	if !s.issuer.cfg.VisibleSeal {
		return out, out.draw != nil
	}
	sign := out.draw
	out.gap, out.stretch, out.height = 4*mm*scale, 0.5, max(out.height, sealHeight)
	out.draw = func(y float64) {
		if s.preview {
			s.page.Artifact(func(c *tagged.Canvas) {
				c.Rectangle(marginX, y, sealWidth, sealHeight)
				c.Stroke(hair, 0.6)
			})
		}
		s.frame = s.sealAt(1, y)
		if sign != nil {
			sign(y)
		}
	}
	return out, true
}

// sealAt returns the visible seal of a page.
func (s *sheet) sealAt(page int, y float64) *seal.Appearance {
	title := s.texts.Labels.Seal
	if s.other != nil {
		title += " – " + s.other.Labels.Seal
	}
	return &seal.Appearance{
		Page: page, X: marginX, Y: y, Width: sealWidth, Height: sealHeight,
		Text: title + "\n" + s.texts.Labels.SealText, Lang: s.texts.Language + "-IT",
	}
}

// signature returns the line on which the signer signs for the comune.
func (s *sheet) signature(scale float64) piece {
	const width = 70 * mm
	const left = tagged.A4Width - marginX - width
	signer := *s.data.Issuer.Signer
	role := s.layout(width, tagged.Center,
		tagged.Span{Style: regular(10.5*scale, ink), Text: s.texts.Signers[signer.Role]})
	var name, translation *tagged.Block
	height := role.Height() + 11*mm*scale
	if s.other != nil {
		translation = s.layout(width, tagged.Center,
			tagged.Span{Style: regular(8.6*scale, soft), Text: s.other.Signers[signer.Role]})
		height += translation.Height()
	}
	if signer.Name != "" {
		name = s.layout(width, tagged.Center, tagged.Span{Style: bold(10*scale, ink), Text: signer.Name})
		height += name.Height()
	}
	return piece{gap: 3 * mm * scale, stretch: 0.5, height: height, draw: func(y float64) {
		line := s.page.Place(s.doc.Root().Add(tagged.Paragraph), left, y, role)
		if translation != nil {
			line = s.page.Place(s.foreign(s.doc.Root(), tagged.Paragraph), left, line, translation)
		}
		line += 9.5 * mm * scale
		s.page.Artifact(func(c *tagged.Canvas) {
			c.MoveTo(left, line)
			c.LineTo(left+width, line)
			c.Stroke(soft, 0.5)
		})
		if name != nil {
			s.page.Place(s.doc.Root().Add(tagged.Paragraph), left, line+1.5*mm*scale, name)
		}
	}}
}
