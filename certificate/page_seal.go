package certificate

import (
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
	"github.com/liste-elettorali/anpr/seal"
)

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
