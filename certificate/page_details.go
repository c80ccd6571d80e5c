package certificate

import (
	"strconv"

	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
)

// rows returns the details below the sentence in one language, as labels and
// values.
func (s *sheet) rows(t *Texts) (out [][2]string) {
	d, l := s.data, t.Labels
	if e := d.Enrolment; e != nil {
		section := e.Section
		if e.Seat != "" {
			section += " – " + e.Seat
		}
		out = append(out, [2]string{l.Comune, t.comune(e.Comune)}, [2]string{l.Section, section})
	}
	out = append(out, [2]string{l.Use, t.Uses[d.Use]})
	if d.Issuer.Comune != nil {
		out = append(out, [2]string{l.IssuedBy, t.comune(*d.Issuer.Comune)})
	}
	if s.collective != nil {
		c := t.Collective
		out = append(out, [2]string{c.Purpose, c.Purposes[s.collective.Collection]},
			[2]string{c.Persons, strconv.Itoa(s.collective.Persons())})
	}
	protocol := l.ProtocolPending
	if d.Protocol != "" {
		protocol = d.Protocol
	}
	at := s.issuer.calendar.InRome(d.IssuedAt)
	issued := plain(fill(l.IssuedAt, map[string]string{
		"date": t.Day(s.issueDay()), "time": at.Format("15.04"),
		"hour": strconv.Itoa(at.Hour()), "minute": at.Format("04"),
	}))
	return append(out, [2]string{l.Issued, issued}, [2]string{l.ValidUntil, t.Day(d.ValidUntil)},
		[2]string{l.Protocol, protocol})
}

// A detail is a row of the details: label and value, each with its translation,
// which is nil if there is none.
type detail struct{ cells, translations [2]*tagged.Block }

func (r detail) height() (h float64) {
	for n := range r.cells {
		sum := r.cells[n].Height()
		if t := r.translations[n]; t != nil {
			sum += t.Height()
		}
		h = max(h, sum)
	}
	return h
}

// details draws the table of the section, the use, the dates and the protocol.
func (s *sheet) details(scale float64) piece {
	const label = 46 * mm
	pad := 1.15 * mm * scale
	if s.other != nil {
		pad = 0.7 * mm * scale
	}
	width := [2]float64{label, textWidth - label}
	var rows []detail
	height := 0.0
	for n, r := range s.rows(s.texts) {
		var row detail
		for k, style := range []tagged.Style{regular(9.6*scale, soft), bold(10.2*scale, ink)} {
			row.cells[k] = s.layout(width[k], tagged.Left, tagged.Span{Style: style, Text: r[k]})
			if s.other == nil {
				continue
			}
			if text := s.rows(s.other)[n][k]; text != r[k] {
				row.translations[k] = s.layout(width[k], tagged.Left,
					tagged.Span{Style: regular(8*scale, soft), Text: text})
			}
		}
		rows = append(rows, row)
		height += row.height() + 2*pad
	}
	gap := 6 * mm * scale
	if s.other != nil {
		gap = 4 * mm * scale
	}
	return piece{gap: gap, stretch: 2.5, height: height, draw: func(y float64) {
		s.page.Artifact(func(c *tagged.Canvas) { s.lines(c, y, pad, rows) })
		table := s.doc.Root().Add(tagged.Table)
		for _, r := range rows {
			tr := table.Add(tagged.TableRow)
			head := tr.AddWith(tagged.HeaderCell, tagged.Attributes{Scope: tagged.RowScope})
			cell := tr.Add(tagged.DataCell)
			// The baselines of label and value meet.
			s.cell(head, marginX, y+pad+r.cells[1].Ascent-r.cells[0].Ascent, r.cells[0], r.translations[0])
			s.cell(cell, marginX+label, y+pad, r.cells[1], r.translations[1])
			y += r.height() + 2*pad
		}
	}}
}

// cell places a text and, below it, its translation.
func (s *sheet) cell(e *tagged.Element, x, y float64, b, translation *tagged.Block) {
	if translation == nil {
		s.page.Place(e, x, y, b)
		return
	}
	y = s.page.Place(e.Add(tagged.Paragraph), x, y, b)
	s.page.Place(s.foreign(e, tagged.Paragraph), x, y, translation)
}

// lines draws the lines between the rows of the details.
func (s *sheet) lines(c *tagged.Canvas, y, pad float64, rows []detail) {
	rule := func(color tagged.Color, width float64) {
		c.MoveTo(marginX, y)
		c.LineTo(tagged.A4Width-marginX, y)
		c.Stroke(color, width)
	}
	rule(blue, 0.8)
	for n, r := range rows {
		y += r.height() + 2*pad
		if n < len(rows)-1 {
			rule(hair, 0.4)
		} else {
			rule(blue, 0.8)
		}
	}
}

// formula frames the sentence without which the certificate is void, always in
// Italian.
func (s *sheet) formula(text UseText, scale float64) piece {
	gap, pad := 6*mm*scale, 2.6*mm*scale
	if s.other != nil {
		gap, pad = 3.5*mm*scale, 1.8*mm*scale
	}
	b := s.balanced(textWidth-4*pad, tagged.Span{Style: bold(10.4*scale, ink), Text: text.Text})
	height := b.Height() + 2*pad
	var translation *tagged.Block
	if s.other != nil && text.Translations[s.other.Language] != "" {
		translation = s.balanced(textWidth-4*pad,
			tagged.Span{Style: regular(8.6*scale, ink), Text: text.Translations[s.other.Language]})
		height += translation.Height()
	}
	return piece{gap: gap, stretch: 1.5, height: height, draw: func(y float64) {
		s.page.Artifact(func(c *tagged.Canvas) {
			c.Rectangle(marginX, y, textWidth, height)
			c.Stroke(ink, 0.7)
		})
		at := s.page.Place(s.doc.Root().Add(tagged.Paragraph), marginX+2*pad, y+pad, b)
		if translation != nil {
			s.page.Place(s.foreign(s.doc.Root(), tagged.Paragraph), marginX+2*pad, at, translation)
		}
	}}
}
