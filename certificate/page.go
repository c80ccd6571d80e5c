package certificate

import (
	"errors"
	"strings"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
	"github.com/liste-elettorali/anpr/seal"
)

// The look of the page. Lengths are in points.
const (
	mm          = tagged.MM
	marginX     = 26 * mm
	textWidth   = tagged.A4Width - 2*marginX
	headTop     = 15 * mm
	logoSize    = 22 * mm
	bottomTop   = tagged.A4Height - 65*mm // top of the block of the contrassegno
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

// A sheet is a page while it is drawn.
type sheet struct {
	issuer *Issuer
	doc    *tagged.Document
	page   *tagged.Page
	texts  *Texts // Italian
	// other are the texts beside the Italian ones; nil if there are none.
	other   *Texts
	data    Data
	mark    *contrassegno.Mark // nil in a preview
	preview bool
	// collective is the data of a collective certificate; nil for a certificate
	// of one person.
	collective *CollectiveData
	// frame is the place of a visible seal; nil if there is none.
	frame *seal.Appearance
}

// errNoRoom means that the text does not fit at the size that was tried.
var errNoRoom = errors.New("certificate: the text does not fit the page")

// render draws the page. A preview has neither embedded data nor a
// contrassegno. The text is set smaller until it fits; if it does not fit at
// the smallest size, it is refused.
func (i *Issuer) render(d Data, embedded []byte, mark *contrassegno.Mark) ([]byte, error) {
	pdf, _, err := i.sealable(nil, d, embedded, mark)
	return pdf, err
}

func (d Data) render(i *Issuer, dst, embedded []byte, mark *contrassegno.Mark) ([]byte, *seal.Appearance, error) {
	return i.sealable(dst, d, embedded, mark)
}

func (d Data) into(out *Issued) { out.Data = d }

func (d Data) terms() terms {
	t := terms{kind: d.Kind, issuedAt: d.IssuedAt, validUntil: d.ValidUntil}
	if d.Issuer.Comune != nil {
		t.comune = d.Issuer.Comune.Code
	}
	return t
}

// sealable does what render does, appends the document to dst, and returns the
// place of a visible seal.
func (i *Issuer) sealable(
	dst []byte, d Data, embedded []byte, mark *contrassegno.Mark,
) ([]byte, *seal.Appearance, error) {
	var err error
	for _, scale := range []float64{1, 0.93, 0.86, 0.79, 0.72, 0.66} {
		var pdf []byte
		s := &sheet{issuer: i, texts: i.texts[italianCode], data: d, mark: mark, preview: mark == nil}
		if d.Statement.Language != italianCode {
			s.other = i.texts[d.Statement.Language]
		}
		if pdf, err = s.draw(dst, embedded, scale); !errors.Is(err, errNoRoom) {
			return pdf, s.frame, err
		}
	}
	return nil, nil, &Refusal{Kind: d.Kind, Reasons: []Reason{newReason(TextTooLong, "")}}
}

func (s *sheet) draw(dst, embedded []byte, scale float64) ([]byte, error) {
	s.begin()
	if embedded != nil {
		s.attach(embedded, "Dati strutturati del certificato", schemaName, dataSchema, s.issuer.schema)
	}
	s.page = s.doc.AddPage(tagged.A4Width, tagged.A4Height)
	s.page.Artifact(s.background)
	y := s.header(s.notices())
	if err := s.body(y, scale); err != nil {
		return nil, err
	}
	s.verification()
	return s.doc.Append(dst)
}

// begin begins the document.
func (s *sheet) begin() {
	s.doc = s.issuer.engine.NewDocument(tagged.Metadata{
		Title: s.title(), Lang: s.texts.Language + "-IT", Author: s.texts.Ministry + " – " + s.data.Issuer.Name,
		Subject: s.subject(), Creator: programName, Created: s.data.IssuedAt,
	})
}

// attach embeds the data and its schema.
func (s *sheet) attach(data []byte, description, schemaName string, schema, compressed []byte) {
	s.doc.Attach(tagged.File{
		Name: dataName, MediaType: "application/json", Description: description,
		Relationship: tagged.DataRelationship, Modified: s.data.IssuedAt, Data: data,
	})
	s.doc.Attach(tagged.File{
		Name: schemaName, MediaType: "application/json", Description: "JSON Schema dei dati strutturati",
		Relationship: tagged.SupplementRelationship, Modified: s.data.IssuedAt, Data: schema, Compressed: compressed,
	})
}

func (s *sheet) title() string {
	title := s.texts.Titles[s.data.Kind]
	if s.data.Kind == CollectiveCertificate {
		title = s.texts.Collective.Title
	}
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

// subject returns the description in the metadata: what the document is worth.
func (s *sheet) subject() string {
	notes := s.notes(s.texts)
	if len(notes) == 0 {
		return s.texts.Register
	}
	return strings.Join(notes, " ")
}

func (s *sheet) layout(width float64, align tagged.Align, spans ...tagged.Span) *tagged.Block {
	return s.doc.Layout(width, 0, align, spans...)
}

// balanced sets a centred text so that its lines are of about the same length.
func (s *sheet) balanced(width float64, spans ...tagged.Span) *tagged.Block {
	best := s.layout(width, tagged.Center, spans...)
	lines := best.Lines()
	if lines < 2 {
		return best
	}
	low, high := width/2, width
	for range 6 {
		mid := (low + high) / 2
		if b := s.layout(mid, tagged.Center, spans...); b.Lines() == lines {
			best, high = b, mid
		} else {
			low = mid
		}
	}
	best.Width = width
	return best
}

// background draws what lies under the text: the mark across a page that is not
// an original, and the colours of the flag.
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

// notices writes that the page is not an original, before anything else is
// read. It returns the place where the header begins.
func (s *sheet) notices() float64 {
	notes := s.notes(s.texts)
	if len(notes) == 0 {
		return headTop
	}
	y := 5.2 * mm
	for _, n := range notes {
		b := s.layout(textWidth+20*mm, tagged.Center, tagged.Span{Style: bold(9, alarm), Text: n})
		y = s.page.Place(s.doc.Root().Add(tagged.Paragraph), marginX-10*mm, y, b)
	}
	if s.other != nil {
		for _, n := range s.notes(s.other) {
			b := s.layout(textWidth+20*mm, tagged.Center, tagged.Span{Style: regular(7.6, alarm), Text: n})
			y = s.page.Place(s.foreign(s.doc.Root(), tagged.Paragraph), marginX-10*mm, y, b)
		}
	}
	return max(headTop, y+3*mm)
}

// notes returns the sentences, in a language, that say that the page is not an
// original.
func (s *sheet) notes(t *Texts) (notes []string) {
	if s.preview {
		notes = append(notes, t.Marks.PreviewNote)
	}
	if s.data.Trial {
		notes = append(notes, t.Marks.TrialNote)
	}
	return notes
}

// foreign adds an element in the other language.
func (s *sheet) foreign(e *tagged.Element, tag tagged.Tag) *tagged.Element {
	return e.AddWith(tag, tagged.Attributes{Lang: s.other.Language + "-IT"})
}

func (s *sheet) header(y float64) float64 {
	root, t := s.doc.Root(), s.texts
	left := (tagged.A4Width - logoSize) / 2
	if s.issuer.logo != nil {
		width, height := fit(s.issuer.logo, 60*mm, logoSize)
		left = (tagged.A4Width - width) / 2
		fig := root.AddWith(tagged.Figure, tagged.Attributes{Alt: t.Labels.Logo})
		s.page.Draw(fig, left, y, width, height,
			func(c *tagged.Canvas) { c.Image(s.issuer.logo, left, y, width, height) })
	} else {
		fig := root.AddWith(tagged.Figure, tagged.Attributes{Alt: t.Labels.LogoPlaceholder})
		s.page.Draw(fig, left, y, logoSize, logoSize, func(c *tagged.Canvas) { drawPlaceholder(c, left, y, logoSize) })
	}
	y += logoSize + 2.6*mm
	caps := bold(13.5, blue)
	caps.Tracking = 1.5
	y = s.page.Place(root.Add(tagged.Paragraph), marginX, y,
		s.layout(textWidth, tagged.Center, tagged.Span{Style: caps, Text: strings.ToUpper(t.Ministry)}))
	if s.other != nil {
		y = s.page.Place(s.foreign(root, tagged.Paragraph), marginX, y,
			s.layout(textWidth, tagged.Center, tagged.Span{Style: regular(9.6, soft), Text: s.other.Ministry}))
	}
	y = s.page.Place(root.Add(tagged.Paragraph), marginX, y,
		s.layout(textWidth, tagged.Center, tagged.Span{Style: regular(10.5, ink), Text: s.data.Issuer.Name}))
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
	y = s.page.Place(root.Add(tagged.Paragraph), marginX, y, register)
	if s.other != nil {
		y = s.page.Place(s.foreign(root, tagged.Paragraph), marginX, y,
			s.layout(textWidth, tagged.Center, tagged.Span{Style: regular(9, soft), Text: s.other.Register}))
	}
	return y
}

func fit(img *tagged.Image, maxWidth, maxHeight float64) (width, height float64) {
	ratio := min(maxWidth/float64(img.Width), maxHeight/float64(img.Height))
	return float64(img.Width) * ratio, float64(img.Height) * ratio
}

// A piece is a part of the body, with the least space above it (gap) and its
// share of the space that is left over (stretch).
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
	add := func(gap, stretch float64, parent func() *tagged.Element, b *tagged.Block) {
		out = append(out, piece{
			gap: gap * mm * scale, stretch: stretch, height: b.Height(),
			draw: func(y float64) { s.page.Place(parent(), marginX, y, b) },
		})
	}
	laid := func(align tagged.Align, spans ...tagged.Span) *tagged.Block {
		if align == tagged.Center {
			return s.balanced(textWidth, spans...)
		}
		return s.layout(textWidth, align, spans...)
	}
	text := func(gap, stretch float64, tag tagged.Tag, align tagged.Align, spans ...tagged.Span) {
		add(gap, stretch, func() *tagged.Element { return s.doc.Root().Add(tag) }, laid(align, spans...))
	}
	translated := func(gap float64, align tagged.Align, span tagged.Span) {
		add(gap, 0, func() *tagged.Element { return s.foreign(s.doc.Root(), tagged.Paragraph) }, laid(align, span))
	}
	title, above := 23.0, 9.0
	if s.other != nil || d.Kind == CombinedCertificate {
		title = 19
	}
	if s.other != nil {
		above = 4
	}
	text(above, 3, tagged.H1, tagged.Center, tagged.Span{Style: bold(title*scale, blue), Text: t.Titles[d.Kind]})
	if s.other != nil {
		translated(0.6, tagged.Center, tagged.Span{Style: regular(13.5*scale, blue), Text: s.other.Titles[d.Kind]})
		out = append(out, s.columns(scale))
	} else {
		text(6, 2, tagged.Paragraph, tagged.Center, tagged.Span{Style: regular(12*scale, ink), Text: t.Preamble})
		text(3.5, 1, tagged.Paragraph, tagged.Center,
			tagged.Span{Style: bold(s.nameSize(textWidth, 20)*scale, ink), Text: d.Subject.fullName()})
		text(0.5, 0.5, tagged.Paragraph, tagged.Center,
			tagged.Span{Style: regular(12*scale, ink), Text: plain(t.birth(d.Subject))})
		text(3.5, 1.5, tagged.Paragraph, tagged.Center, s.statement(t, 13*scale)...)
	}
	out = append(out, s.details(scale))
	if formula := textFor(s.issuer.rules.Formulas, d.Use, s.issueDay()); formula.Text != "" {
		out = append(out, s.formula(formula, scale))
	}
	if stamp := textFor(s.issuer.rules.Stamps, d.Use, s.issueDay()); stamp.Text != "" {
		text(3.5, 0.5, tagged.Paragraph, tagged.Left, tagged.Span{Style: regular(9.2*scale, soft), Text: stamp.Text})
		if s.other != nil && stamp.Translations[s.other.Language] != "" {
			translated(0.2, tagged.Left,
				tagged.Span{Style: regular(8.2*scale, soft), Text: stamp.Translations[s.other.Language]})
		}
	}
	if signing, ok := s.signing(scale); ok {
		out = append(out, signing)
	}
	return out
}

// statement returns what is certified, with the comune in bold.
func (s *sheet) statement(t *Texts, size float64) (spans []tagged.Span) {
	for _, p := range t.statement(s.data) {
		style := regular(size, ink)
		if e := s.data.Enrolment; p.value && e != nil && strings.HasSuffix(p.text, t.comune(e.Comune)) {
			style = bold(size, ink)
		}
		spans = append(spans, tagged.Span{Style: style, Text: p.text})
	}
	return spans
}

// columns sets the sentence in two languages side by side, Italian on the left.
// Assistive technology reads each column to its end.
func (s *sheet) columns(scale float64) piece {
	const gap = 8 * mm
	const width = (textWidth - gap) / 2
	size := s.nameSize(width, 15) * scale
	var blocks [2][]*tagged.Block
	height := 0.0
	space := 2 * mm * scale
	for n, t := range []*Texts{s.texts, s.other} {
		for _, spans := range [][]tagged.Span{
			{{Style: regular(10.8*scale, ink), Text: t.Preamble}},
			{{Style: bold(size, ink), Text: s.data.Subject.fullName()}},
			{{Style: regular(10.8*scale, ink), Text: plain(t.birth(s.data.Subject))}},
			s.statement(t, 11.6*scale),
		} {
			blocks[n] = append(blocks[n], s.layout(width, tagged.Left, spans...))
		}
		sum := 3 * space
		for _, b := range blocks[n] {
			sum += b.Height()
		}
		height = max(height, sum)
	}
	return piece{gap: 4.5 * mm * scale, stretch: 3, height: height, draw: func(top float64) {
		s.page.Artifact(func(c *tagged.Canvas) {
			c.MoveTo(marginX+width+gap/2, top)
			c.LineTo(marginX+width+gap/2, top+height)
			c.Stroke(hair, 0.6)
		})
		for n, column := range blocks {
			var parent *tagged.Element
			if n == 0 {
				parent = s.doc.Root().Add(tagged.Section)
			} else {
				parent = s.foreign(s.doc.Root(), tagged.Section)
			}
			y := top
			for _, b := range column {
				y = s.page.Place(parent.Add(tagged.Paragraph), marginX+float64(n)*(width+gap), y, b) + space
			}
		}
	}}
}

// nameSize returns the largest size at which the name takes at most two lines.
func (s *sheet) nameSize(width, largest float64) float64 {
	const smallest = 11
	for size := largest; size > smallest; size -= 2 {
		name := tagged.Span{Style: bold(size, ink), Text: s.data.Subject.fullName()}
		if s.layout(width, tagged.Center, name).Lines() <= 2 {
			return size
		}
	}
	return smallest
}

func (s *sheet) issueDay() electoral.Date { return s.issuer.calendar.Day(s.data.IssuedAt) }
