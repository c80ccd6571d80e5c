package certificate

import (
	"errors"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
)

// The look of the page. Lengths are in points.
const (
	mm          = tagged.MM
	marginX     = 26 * mm
	textWidth   = tagged.A4Width - 2*marginX
	headTop     = 15 * mm
	logoSize    = 22 * mm
	bottomTop   = tagged.A4Height - 65*mm // where the block of the contrassegno begins
	quietZone   = 4                       // modules (ISO/IEC 18004, 9.1)
	codeSize    = 37 * mm                 // without the quiet zone
	dataName    = "certificato.json"
	schemaName  = "certificato.schema.json"
	programName = "anpr certificate"
)

var (
	ink       = tagged.Color{R: 0x1a, G: 0x1f, B: 0x29}
	blue      = tagged.Color{R: 0x0b, G: 0x34, B: 0x67}
	soft      = tagged.Color{R: 0x55, G: 0x5f, B: 0x6e} // 6.5:1 on white
	hair      = tagged.Color{R: 0xb9, G: 0xc3, B: 0xd0}
	alarm     = tagged.Color{R: 0xa8, G: 0x1c, B: 0x1c}
	band      = tagged.Color{R: 0xfc, G: 0xef, B: 0xec}
	bandText  = tagged.Color{R: 0xf3, G: 0xc9, B: 0xc2}
	ghost     = tagged.Color{R: 0xe3, G: 0xe8, B: 0xef}
	white     = tagged.Color{R: 0xff, G: 0xff, B: 0xff}
	tricolour = [3]tagged.Color{{R: 0x00, G: 0x8c, B: 0x45}, {R: 0xf4, G: 0xf5, B: 0xf0}, {R: 0xcd, G: 0x21, B: 0x2a}}
)

func regular(size float64, c tagged.Color) tagged.Style {
	return tagged.Style{Face: tagged.Regular, Size: size, Color: c}
}

func bold(size float64, c tagged.Color) tagged.Style {
	return tagged.Style{Face: tagged.Bold, Size: size, Color: c}
}

// A sheet is the page in the making.
type sheet struct {
	*Issuer
	doc     *tagged.Document
	page    *tagged.Page
	texts   *Texts
	data    Data
	mark    *Contrassegno // nil in a preview
	preview bool
}

// errNoRoom means that the text does not fit at the size that was tried.
var errNoRoom = errors.New("certificate: the text does not fit the page")

// render draws the page. A preview has neither embedded data nor a
// contrassegno. The text is set smaller until it fits; one that never does is
// refused.
func (i *Issuer) render(d Data, embedded []byte, mark *Contrassegno) ([]byte, error) {
	var err error
	for _, scale := range []float64{1, 0.88, 0.76, 0.66} {
		var pdf []byte
		s := &sheet{Issuer: i, texts: i.texts[d.Statement.Language], data: d, mark: mark, preview: mark == nil}
		if pdf, err = s.draw(embedded, scale); !errors.Is(err, errNoRoom) {
			return pdf, err
		}
	}
	return nil, &Refusal{Kind: d.Kind, Reasons: []Reason{newReason(TextTooLong, "")}}
}

func (s *sheet) draw(embedded []byte, scale float64) ([]byte, error) {
	t := s.texts
	s.doc = s.engine.NewDocument(tagged.Metadata{
		Title: s.title(), Lang: t.Language + "-IT", Author: t.Ministry + " – " + s.data.Issuer.Name,
		Subject: s.subject(), Creator: programName, Created: s.data.IssuedAt,
	})
	if embedded != nil {
		s.doc.Attach(tagged.File{
			Name: dataName, MediaType: "application/json", Description: "Dati strutturati del certificato",
			Relationship: tagged.DataRelationship, Modified: s.data.IssuedAt, Data: embedded,
		})
		s.doc.Attach(tagged.File{
			Name: schemaName, MediaType: "application/json", Description: "JSON Schema dei dati strutturati",
			Relationship: tagged.SupplementRelationship, Modified: s.data.IssuedAt, Data: dataSchema,
		})
	}
	s.page = s.doc.AddPage(tagged.A4Width, tagged.A4Height)
	s.page.Artifact(s.background)
	y := s.header(s.notices())
	if err := s.body(y, scale); err != nil {
		return nil, err
	}
	s.verification()
	return s.doc.Bytes()
}

func (s *sheet) title() string {
	title := s.texts.Titles[s.data.Kind]
	if s.data.Protocol != "" {
		title += " – " + strings.ToLower(s.texts.Labels.Protocol) + " " + s.data.Protocol
	}
	if s.data.Trial {
		title = s.texts.Marks.Trial + " – " + title
	}
	if s.preview {
		title = strings.ToUpper(s.texts.Marks.Preview) + " – " + title
	}
	return title
}

// subject is the description in the metadata: what the document is worth.
func (s *sheet) subject() string {
	var notes []string
	if s.preview {
		notes = append(notes, s.texts.Marks.PreviewNote)
	}
	if s.data.Trial {
		notes = append(notes, s.texts.Marks.TrialNote)
	}
	if len(notes) == 0 {
		return s.texts.Register
	}
	return strings.Join(notes, " ")
}

func (s *sheet) layout(width float64, align tagged.Align, spans ...tagged.Span) *tagged.Block {
	return s.doc.Layout(width, 0, align, spans...)
}

// background draws what lies under the text: the marks across a page that is
// no original, and the colours of the flag.
func (s *sheet) background(c *tagged.Canvas) {
	const centreX, centreY = tagged.A4Width / 2, tagged.A4Height/2 - 10*mm
	switch {
	case s.preview:
		b := s.layout(1000, tagged.Center, tagged.Span{Style: bold(128, ghost), Text: s.texts.Marks.Preview})
		c.Moved(centreX, centreY, 1, 52, func(c *tagged.Canvas) { c.Block(-500, -b.Height()/2, b) })
	case s.data.Trial:
		style := bold(35, bandText)
		style.Tracking = 0.6
		b := s.layout(1200, tagged.Center, tagged.Span{Style: style, Text: s.texts.Marks.Trial})
		c.Moved(centreX+6*mm, centreY, 1, 52, func(c *tagged.Canvas) {
			c.Rectangle(-600, -15*mm, 1200, 30*mm)
			c.Fill(band)
			c.Block(-600, -b.Height()/2, b)
		})
	}
	const stripe = tagged.A4Width / 3
	for n, color := range tricolour {
		c.Rectangle(float64(n)*stripe, 0, stripe, 1.6*mm)
		c.Fill(color)
	}
}

// notices writes, before anything else is read, that the page is no original.
// It returns where the header begins.
func (s *sheet) notices() float64 {
	var notes []string
	if s.preview {
		notes = append(notes, s.texts.Marks.PreviewNote)
	}
	if s.data.Trial {
		notes = append(notes, s.texts.Marks.TrialNote)
	}
	if len(notes) == 0 {
		return headTop
	}
	y := 5.2 * mm
	for _, n := range notes {
		b := s.layout(textWidth+20*mm, tagged.Center, tagged.Span{Style: bold(9, alarm), Text: n})
		y = s.page.Place(s.doc.Root().Add(tagged.Paragraph), marginX-10*mm, y, b)
	}
	return max(headTop, y+3*mm)
}

func (s *sheet) header(y float64) float64 {
	root, t := s.doc.Root(), s.texts
	left := (tagged.A4Width - logoSize) / 2
	if s.logo != nil {
		width, height := fit(s.logo, 60*mm, logoSize)
		left = (tagged.A4Width - width) / 2
		fig := root.AddWith(tagged.Figure, tagged.Attributes{Alt: t.Labels.Logo})
		s.page.Draw(fig, left, y, width, height, func(c *tagged.Canvas) { c.Image(s.logo, left, y, width, height) })
	} else {
		fig := root.AddWith(tagged.Figure, tagged.Attributes{Alt: t.Labels.LogoPlaceholder})
		s.page.Draw(fig, left, y, logoSize, logoSize, func(c *tagged.Canvas) { drawPlaceholder(c, left, y, logoSize) })
	}
	y += logoSize + 2.6*mm
	caps := bold(13.5, blue)
	caps.Tracking = 1.5
	for _, line := range []tagged.Span{
		{Style: caps, Text: strings.ToUpper(t.Ministry)},
		{Style: regular(10.5, ink), Text: s.data.Issuer.Name},
	} {
		y = s.page.Place(root.Add(tagged.Paragraph), marginX, y, s.layout(textWidth, tagged.Center, line))
	}
	y += 2.4 * mm
	register := s.layout(textWidth, tagged.Center, tagged.Span{Style: bold(10.5, blue), Text: t.Register})
	s.page.Artifact(func(c *tagged.Canvas) {
		side := (textWidth - register.WidestLine() - 10*mm) / 2
		mid := y + register.Height()/2 + 0.3
		for _, x := range []float64{marginX, tagged.A4Width - marginX - side} {
			c.MoveTo(x, mid)
			c.LineTo(x+side, mid)
			c.Stroke(hair, 0.6)
		}
	})
	return s.page.Place(root.Add(tagged.Paragraph), marginX, y, register)
}

func fit(img *tagged.Image, maxWidth, maxHeight float64) (width, height float64) {
	ratio := min(maxWidth/float64(img.Width), maxHeight/float64(img.Height))
	return float64(img.Width) * ratio, float64(img.Height) * ratio
}

// A piece is a part of the body with the least space above it and how much of
// what is left over it takes.
type piece struct {
	gap, stretch float64
	height       float64
	draw         func(y float64)
}

// body places the pieces between the header and the block of the contrassegno,
// sharing out the space that is left.
func (s *sheet) body(top, scale float64) error {
	pieces := s.pieces(scale)
	if err := s.doc.Err(); err != nil {
		return err
	}
	used, stretch := 0.0, 0.0
	for _, p := range pieces {
		used += p.gap + p.height
		stretch += p.stretch
	}
	const lastGap = 5 * mm
	left := bottomTop - lastGap - top - used
	if left < 0 {
		return errNoRoom
	}
	y := top
	for _, p := range pieces {
		y += p.gap + min(left, 62*mm)*p.stretch/stretch
		p.draw(y)
		y += p.height
	}
	return nil
}

func (s *sheet) pieces(scale float64) []piece {
	t, d := s.texts, s.data
	var out []piece
	text := func(gap, stretch float64, tag tagged.Tag, align tagged.Align, spans ...tagged.Span) {
		b := s.layout(textWidth, align, spans...)
		out = append(out, piece{gap * mm * scale, stretch, b.Height(), func(y float64) {
			s.page.Place(s.doc.Root().Add(tag), marginX, y, b)
		}})
	}
	text(9, 3, tagged.H1, tagged.Center, tagged.Span{Style: bold(23*scale, blue), Text: t.Titles[d.Kind]})
	text(6, 2, tagged.Paragraph, tagged.Center, tagged.Span{Style: regular(12*scale, ink), Text: t.Preamble})
	text(3.5, 1, tagged.Paragraph, tagged.Center, tagged.Span{Style: bold(s.nameSize()*scale, ink), Text: d.Subject.fullName()})
	text(0.5, 0.5, tagged.Paragraph, tagged.Center, tagged.Span{Style: regular(12*scale, ink), Text: plain(t.birth(d.Subject))})
	var spans []tagged.Span
	for _, p := range t.statement(d) {
		style := regular(13*scale, ink)
		if p.value && p.text == placeOf(d) {
			style = bold(13*scale, ink)
		}
		spans = append(spans, tagged.Span{Style: style, Text: p.text})
	}
	text(3.5, 1.5, tagged.Paragraph, tagged.Center, spans...)
	out = append(out, s.details(scale))
	if formula := s.rules.Formula(d.Use, s.issueDay()); formula != "" {
		out = append(out, s.formula(formula, scale))
	}
	if stamp := s.rules.Stamp(d.Use, s.issueDay()); stamp != "" {
		text(3.5, 0.5, tagged.Paragraph, tagged.Left, tagged.Span{Style: regular(9.2*scale, soft), Text: stamp})
	}
	if d.Issuer.Signer != nil {
		out = append(out, s.signature(scale))
	}
	return out
}

// nameSize is the largest size at which the name takes few lines.
func (s *sheet) nameSize() float64 {
	const largest, smallest = 20, 11
	for size := float64(largest); size > smallest; size -= 2 {
		if s.layout(textWidth, tagged.Center, tagged.Span{Style: bold(size, ink), Text: s.data.Subject.fullName()}).Lines() <= 2 {
			return size
		}
	}
	return smallest
}

func placeOf(d Data) string {
	if d.Enrolment == nil {
		return ""
	}
	return d.Enrolment.Comune.Name
}

func (s *sheet) issueDay() electoral.Date { return s.day(s.data.IssuedAt) }

// rows are the details below the sentence.
func (s *sheet) rows() (out [][2]string) {
	d, l := s.data, s.texts.Labels
	if e := d.Enrolment; e != nil {
		section := e.Section
		if e.Seat != "" {
			section += " – " + e.Seat
		}
		out = append(out, [2]string{l.Comune, e.Comune.Name}, [2]string{l.Section, section})
	}
	out = append(out, [2]string{l.Use, s.texts.Uses[d.Use]})
	if d.Issuer.Comune != nil {
		out = append(out, [2]string{l.IssuedBy, d.Issuer.Comune.Name})
	}
	protocol := l.ProtocolPending
	if d.Protocol != "" {
		protocol = d.Protocol
	}
	issued := plain(fill(l.IssuedAt, map[string]string{"date": s.texts.Day(s.issueDay()), "time": d.IssuedAt.In(s.rome).Format("15.04")}))
	return append(out, [2]string{l.Issued, issued}, [2]string{l.ValidUntil, s.texts.Day(d.ValidUntil)}, [2]string{l.Protocol, protocol})
}

// details is the table of the section, the use, the dates and the protocol.
func (s *sheet) details(scale float64) piece {
	const label = 46 * mm
	pad := 1.15 * mm * scale
	type row struct{ head, cell *tagged.Block }
	var rows []row
	height := 0.0
	for _, r := range s.rows() {
		blocks := row{
			s.layout(label, tagged.Left, tagged.Span{Style: regular(9.6*scale, soft), Text: r[0]}),
			s.layout(textWidth-label, tagged.Left, tagged.Span{Style: bold(10.2*scale, ink), Text: r[1]}),
		}
		rows = append(rows, blocks)
		height += max(blocks.head.Height(), blocks.cell.Height()) + 2*pad
	}
	return piece{6 * mm * scale, 2.5, height, func(y float64) {
		s.page.Artifact(func(c *tagged.Canvas) {
			line := y
			rule := func(color tagged.Color, width float64) {
				c.MoveTo(marginX, line)
				c.LineTo(tagged.A4Width-marginX, line)
				c.Stroke(color, width)
			}
			rule(blue, 0.8)
			for n, r := range rows {
				line += max(r.head.Height(), r.cell.Height()) + 2*pad
				if n < len(rows)-1 {
					rule(hair, 0.4)
				} else {
					rule(blue, 0.8)
				}
			}
		})
		table := s.doc.Root().Add(tagged.Table)
		for _, r := range rows {
			tr := table.Add(tagged.TableRow)
			// The baselines of label and value meet.
			s.page.Place(tr.AddWith(tagged.HeaderCell, tagged.Attributes{Scope: tagged.RowScope}), marginX, y+pad+r.cell.Ascent-r.head.Ascent, r.head)
			s.page.Place(tr.Add(tagged.DataCell), marginX+label, y+pad, r.cell)
			y += max(r.head.Height(), r.cell.Height()) + 2*pad
		}
	}}
}

// formula frames the sentence without which the certificate is void.
func (s *sheet) formula(text string, scale float64) piece {
	pad := 2.6 * mm * scale
	b := s.layout(textWidth-4*pad, tagged.Center, tagged.Span{Style: bold(10.4*scale, ink), Text: text})
	return piece{6 * mm * scale, 1.5, b.Height() + 2*pad, func(y float64) {
		s.page.Artifact(func(c *tagged.Canvas) {
			c.Rectangle(marginX, y, textWidth, b.Height()+2*pad)
			c.Stroke(ink, 0.7)
		})
		s.page.Place(s.doc.Root().Add(tagged.Paragraph), marginX+2*pad, y+pad, b)
	}}
}

// signature is the line for who signs for the comune.
func (s *sheet) signature(scale float64) piece {
	const width = 70 * mm
	const left = tagged.A4Width - marginX - width
	signer := *s.data.Issuer.Signer
	role := s.layout(width, tagged.Center, tagged.Span{Style: regular(10.5*scale, ink), Text: s.texts.Signers[signer.Role]})
	var name *tagged.Block
	height := role.Height() + 11*mm*scale
	if signer.Name != "" {
		name = s.layout(width, tagged.Center, tagged.Span{Style: bold(10*scale, ink), Text: signer.Name})
		height += name.Height()
	}
	return piece{3 * mm * scale, 0.5, height, func(y float64) {
		s.page.Place(s.doc.Root().Add(tagged.Paragraph), left, y, role)
		line := y + role.Height() + 9.5*mm*scale
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

// verification is the block with the contrassegno and how to use it.
func (s *sheet) verification() {
	const top = bottomTop
	s.page.Artifact(func(c *tagged.Canvas) {
		c.MoveTo(marginX, top)
		c.LineTo(tagged.A4Width-marginX, top)
		c.Stroke(hair, 0.6)
	})
	const y, gap = top + 3*mm, 7 * mm
	if s.preview {
		s.page.Artifact(func(c *tagged.Canvas) {
			c.Rectangle(marginX, y+3*mm, codeSize, codeSize)
			c.Stroke(hair, 0.6)
		})
		const left = marginX + codeSize + gap
		b := s.layout(tagged.A4Width-marginX-left, tagged.Left, tagged.Span{Style: regular(9.4, soft), Text: s.texts.Marks.PreviewPending})
		s.page.Place(s.doc.Root().Add(tagged.Paragraph), left, y+3*mm, b)
		return
	}
	root := s.doc.Root()
	modules, err := s.mark.modules()
	if err != nil {
		s.doc.Fail(err)
		return
	}
	module := codeSize / float64(len(modules))
	const x = marginX
	left := x + codeSize + quietZone*module + gap - 2*mm
	width := tagged.A4Width - marginX - left
	s.page.Place(root.Add(tagged.H2), left, y+1*mm, s.layout(width, tagged.Left, tagged.Span{Style: bold(11.5, blue), Text: s.texts.VerifyTitle}))
	fig := root.AddWith(tagged.Figure, tagged.Attributes{Alt: s.texts.Labels.Contrassegno + ". " + s.mark.String()})
	codeY := y + quietZone*module
	s.page.Draw(fig, x, codeY, codeSize, codeSize, func(c *tagged.Canvas) { drawModules(c, modules, x, codeY, codeSize) })
	address := strings.ToLower(strings.TrimPrefix(s.mark.base, "HTTPS://"))
	text := plain(fill(s.texts.Verify, map[string]string{"address": address, "until": s.texts.Day(s.data.ValidUntil), "authority": s.data.Issuer.Name}))
	at := s.page.Place(root.Add(tagged.Paragraph), left, y+9*mm, s.layout(width, tagged.Left, tagged.Span{Style: regular(9.4, ink), Text: text}))
	link := root.Add(tagged.Paragraph).Add(tagged.Link)
	// As wide as its longer half, so that the line breaks before the code.
	style, head := regular(8, blue), s.mark.base+codeMark
	style.Tracking = 0.1 // no kerning, which would push the bars of "//" together
	half := max(s.layout(width, tagged.Left, tagged.Span{Style: style, Text: head}).WidestLine(), s.layout(width, tagged.Left, tagged.Span{Style: style, Text: s.mark.Code()}).WidestLine())
	s.page.Link(link, left, at+2*mm, s.layout(min(half+1, width), tagged.Left, tagged.Span{Style: style, Text: s.mark.String()}), s.mark.String(), s.texts.Labels.VerifyLink)
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

// drawPlaceholder draws a building with columns in a circle. It is nobody's
// emblem.
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
