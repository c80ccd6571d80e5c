package certificate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
	"github.com/liste-elettorali/anpr/seal"
)

const (
	collectiveSchemaName = "certificato-collettivo.schema.json"
	runningTop           = 9 * mm // of the line that repeats the title
	tableTop             = 18 * mm
	footTop              = tagged.A4Height - 12*mm
	tableBottom          = tagged.A4Height - 18*mm
	cellPad              = 1.05 * mm
	columnGap            = 3 * mm
)

// columnWidths are those of the table: number, name, birth, section.
var columnWidths = [4]float64{11 * mm, 62 * mm, 62 * mm, 23 * mm}

// A roll is a collective certificate while it is drawn: a sheet of several
// pages.
type roll struct {
	*sheet
	d     CollectiveData
	pages []*tagged.Page
	y     float64
	count int // persons on the pages so far
}

func (d CollectiveData) into(out *Issued) { out.Collective = &d }

func (d CollectiveData) terms() terms {
	t := terms{kind: CollectiveCertificate, issuedAt: d.IssuedAt, validUntil: d.ValidUntil}
	if d.Issuer.Comune != nil {
		t.comune = d.Issuer.Comune.Code
	}
	return t
}

// render draws the pages, and returns the place of a visible seal.
func (d CollectiveData) render(
	i *Issuer, _, embedded []byte, mark *contrassegno.Mark,
) ([]byte, *seal.Appearance, error) {
	s := &sheet{issuer: i, texts: i.texts[italianCode], mark: mark, collective: &d, data: Data{
		Kind: CollectiveCertificate, Trial: d.Trial, Protocol: d.Protocol, IssuedAt: d.IssuedAt,
		ValidUntil: d.ValidUntil, Use: ElectoralUse,
		Statement: Statement{statementOf(d.List), d.Language}, Issuer: d.Issuer,
	}}
	if d.Language != italianCode {
		s.other = i.texts[d.Language]
	}
	r := &roll{sheet: s, d: d}
	s.begin()
	s.attach(embedded, "Dati strutturati del certificato collettivo", collectiveSchemaName, collectiveSchema,
		i.collectiveSchema)
	r.newPage()
	r.y = s.header(s.notices())
	r.opening()
	for _, g := range d.Groups {
		r.group(g)
		if s.doc.Err() != nil {
			break
		}
	}
	r.ending()
	r.numberPages()
	pdf, err := s.doc.Bytes()
	return pdf, s.frame, err
}

func (r *roll) newPage() {
	r.page = r.doc.AddPage(tagged.A4Width, tagged.A4Height)
	r.pages = append(r.pages, r.page)
	r.page.Artifact(r.background)
	r.y = tableTop
	if len(r.pages) == 1 {
		return
	}
	text := r.texts.Collective.Title
	if r.data.Trial {
		text = r.texts.Marks.Trial + " – " + text
	}
	r.page.Pagination(func(c *tagged.Canvas) {
		c.Block(marginX, runningTop, r.layout(textWidth, tagged.Left, tagged.Span{Style: regular(8, soft), Text: text}))
	})
}

// block places a text below the last one, on a new page if there is no room.
// foreign says that the text is in the other language.
func (r *roll) block(gap float64, tag tagged.Tag, foreign bool, align tagged.Align, spans ...tagged.Span) {
	var b *tagged.Block
	if align == tagged.Center {
		b = r.balanced(textWidth, spans...)
	} else {
		b = r.layout(textWidth, align, spans...)
	}
	if r.y += gap; r.y+b.Height() > tableBottom {
		r.newPage()
	}
	e := r.doc.Root()
	if foreign {
		e = r.foreign(e, tag)
	} else {
		e = e.Add(tag)
	}
	r.y = r.page.Place(e, marginX, r.y, b)
}

// opening writes title, sentence and details.
func (r *roll) opening() {
	t := r.texts
	r.block(7*mm, tagged.H1, false, tagged.Center, tagged.Span{Style: bold(19, blue), Text: t.Collective.Title})
	if r.other != nil {
		r.block(0.6*mm, tagged.Paragraph, true, tagged.Center,
			tagged.Span{Style: regular(13, blue), Text: r.other.Collective.Title})
	}
	r.block(5*mm, tagged.Paragraph, false, tagged.Left, r.sentence(t, 11.5, ink)...)
	if r.other != nil {
		r.block(1.5*mm, tagged.Paragraph, true, tagged.Left, r.sentence(r.other, 9.6, soft)...)
	}
	details := r.details(1)
	r.y += 4.5 * mm
	if r.y+details.height > tableBottom {
		r.newPage()
	}
	details.draw(r.y)
	r.y += details.height
	if formula := textFor(r.issuer.rules.Formulas, ElectoralUse, r.issueDay()); formula.Text != "" {
		p := r.formula(formula, 1)
		r.y += p.gap
		p.draw(r.y)
		r.y += p.height
	}
	if stamp := textFor(r.issuer.rules.Stamps, ElectoralUse, r.issueDay()); stamp.Text != "" {
		r.block(3*mm, tagged.Paragraph, false, tagged.Left, tagged.Span{Style: regular(9.2, soft), Text: stamp.Text})
		if r.other != nil && stamp.Translations[r.other.Language] != "" {
			r.block(0.2*mm, tagged.Paragraph, true, tagged.Left,
				tagged.Span{Style: regular(8.2, soft), Text: stamp.Translations[r.other.Language]})
		}
	}
}

// CollectiveSentence returns the whole sentence of a collective certificate.
func (t Texts) CollectiveSentence(d CollectiveData) string { return plain(t.collective(d)) }

func (t *Texts) collective(d CollectiveData) []part {
	code := statementOf(d.List)
	text := t.Collective.Several
	values := map[string]string{
		"count": strconv.Itoa(d.Persons()),
		"lists": plain(fill(t.Collective.In[code], map[string]string{"list": t.Lists[d.List]})),
	}
	if len(d.Groups) == 1 {
		text = t.Collective.Same
		if values["comune"] = t.comune(d.Groups[0].Comune); t.OfComune != nil {
			values["comune"] = t.OfComune(values["comune"])
		}
		if d.Persons() == 1 {
			text = t.Collective.One
		}
	}
	return append([]part{{t.Preamble + " ", false}}, fill(text, values)...)
}

// sentence returns what is certified, with number and comune in bold.
func (r *roll) sentence(t *Texts, size float64, color tagged.Color) (spans []tagged.Span) {
	lists := plain(fill(t.Collective.In[r.data.Statement.Code], map[string]string{"list": t.Lists[r.d.List]}))
	for _, p := range t.collective(r.d) {
		style := regular(size, color)
		if p.value && p.text != lists {
			style = bold(size, color)
		}
		spans = append(spans, tagged.Span{Style: style, Text: p.text})
	}
	return spans
}

// A tableLine is one row of the table, ready to be placed.
type tableLine struct {
	cells        [4]*tagged.Block
	translations [4]*tagged.Block
	height       float64
}

func (r *roll) line(style [4]tagged.Style, text, other [4]string) tableLine {
	var l tableLine
	for n := range l.cells {
		width := columnWidths[n] - columnGap
		l.cells[n] = r.layout(width, tagged.Left, tagged.Span{Style: style[n], Text: text[n]})
		height := l.cells[n].Height()
		if r.other != nil && other[n] != "" && other[n] != text[n] {
			l.translations[n] = r.layout(width, tagged.Left,
				tagged.Span{Style: regular(style[n].Size*0.86, soft), Text: other[n]})
			height += l.translations[n].Height()
		}
		l.height = max(l.height, height+2*cellPad)
	}
	return l
}

func (t *Texts) columns() [4]string {
	return [4]string{t.Collective.Number, t.Collective.Name, t.Collective.Birth, t.Collective.Section}
}

func (r *roll) heads() tableLine {
	var other [4]string
	if r.other != nil {
		other = r.other.columns()
	}
	style := bold(8.8, blue)
	return r.line([4]tagged.Style{style, style, style, style}, r.texts.columns(), other)
}

// group writes the heading and the table of a comune.
func (r *roll) group(g CollectiveGroup) {
	heading := func(t *Texts) string {
		name := t.comune(g.Comune)
		if t.OfComune != nil {
			name = t.OfComune(name)
		}
		return plain(fill(t.Collective.Heading, map[string]string{"comune": name}))
	}
	head := r.heads()
	spans := []tagged.Span{{Style: bold(12.5, blue), Text: heading(r.texts)}}
	// The heading stays with the first rows.
	if first := r.person(1, g.Entries[0]); r.y+8*mm+spans[0].Size*1.35+head.height+first.height > tableBottom {
		r.newPage()
	}
	r.block(6*mm, tagged.H2, false, tagged.Left, spans...)
	if r.other != nil {
		r.block(0, tagged.Paragraph, true, tagged.Left, tagged.Span{Style: regular(9.6, soft), Text: heading(r.other)})
	}
	r.y += 1.5 * mm
	table := r.doc.Root().Add(tagged.Table)
	tr := table.Add(tagged.TableHead).Add(tagged.TableRow)
	r.ground(head.height)
	r.place(head, func(n int) *tagged.Element {
		return tr.AddWith(tagged.HeaderCell, tagged.Attributes{Scope: tagged.ColumnScope})
	})
	body := table.Add(tagged.TableBody)
	for _, e := range g.Entries {
		if r.doc.Err() != nil {
			return
		}
		r.count++
		line := r.person(r.count, e)
		if r.y+line.height > tableBottom {
			r.newPage()
			// On paper the heads are repeated; in the structure the table has them once.
			r.ground(head.height)
			r.page.Pagination(func(c *tagged.Canvas) { r.draw(c, head) })
			r.y += head.height
		}
		row := body.Add(tagged.TableRow)
		r.rule(r.y+line.height, hair, 0.4)
		r.place(line, func(n int) *tagged.Element {
			if n == 1 {
				return row.AddWith(tagged.HeaderCell, tagged.Attributes{Scope: tagged.RowScope})
			}
			return row.Add(tagged.DataCell)
		})
	}
	r.rule(r.y, blue, 0.8)
}

// ground draws the lines and the tint of the heads of the columns.
func (r *roll) ground(height float64) {
	r.page.Artifact(func(c *tagged.Canvas) {
		if !r.data.Trial {
			c.Rectangle(marginX, r.y, textWidth, height)
			c.Fill(tagged.Color{R: 0xf1, G: 0xf4, B: 0xf8})
		}
		for _, y := range []float64{r.y, r.y + height} {
			c.MoveTo(marginX, y)
			c.LineTo(marginX+textWidth, y)
			c.Stroke(blue, 0.8)
		}
	})
}

func (r *roll) rule(y float64, color tagged.Color, width float64) {
	r.page.Artifact(func(c *tagged.Canvas) {
		c.MoveTo(marginX, y)
		c.LineTo(marginX+textWidth, y)
		c.Stroke(color, width)
	})
}

// place writes a line as cells and moves below it.
func (r *roll) place(l tableLine, cell func(n int) *tagged.Element) {
	x := marginX + 1*mm
	for n, b := range l.cells {
		r.cell(cell(n), x, r.y+cellPad, b, l.translations[n])
		x += columnWidths[n]
	}
	r.y += l.height
}

// draw draws a line that is not part of the content.
func (r *roll) draw(c *tagged.Canvas, l tableLine) {
	x := marginX + 1*mm
	for n, b := range l.cells {
		c.Block(x, r.y+cellPad, b)
		if t := l.translations[n]; t != nil {
			c.Block(x, r.y+cellPad+b.Height(), t)
		}
		x += columnWidths[n]
	}
}

// person returns the row of one person.
func (r *roll) person(n int, e CollectiveEntry) tableLine {
	birth := func(place string) string {
		b := e.Subject.Birth
		switch {
		case b.State != "" && place == "":
			place = b.State
		case b.State != "":
			place += " (" + b.State + ")"
		case b.Province != "":
			place += " (" + b.Province + ")"
		}
		return place + ", " + shortDate(b.Date)
	}
	var other [4]string
	if e.Subject.Birth.OtherPlace != "" {
		other[2] = birth(e.Subject.Birth.OtherPlace)
	}
	text := regular(9.2, ink)
	return r.line([4]tagged.Style{regular(9.2, soft), bold(9.2, ink), text, text},
		[4]string{strconv.Itoa(n), e.Subject.fullName(), birth(e.Subject.Birth.Place), e.Section}, other)
}

// shortDate writes a date in digits, without the parts that are not known.
func shortDate(d electoral.Date) string {
	switch {
	case d.Month == 0:
		return strconv.Itoa(d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%02d/%d", d.Month, d.Year)
	}
	return fmt.Sprintf("%02d/%02d/%d", d.Day, d.Month, d.Year)
}

// ending writes the signer's line, the visible seal and the contrassegno at the
// foot of the last page.
func (r *roll) ending() {
	signing, ok := r.signing(1)
	height := 0.0
	if ok {
		height = signing.gap + signing.height
	}
	if r.y+4*mm+height > r.foot()-5*mm {
		r.newPage()
	}
	if ok {
		// Close to the contrassegno, however few the rows are.
		signing.draw(max(r.y+4*mm, r.foot()-5*mm-signing.height))
		if r.frame != nil {
			r.frame.Page = len(r.pages)
		}
	}
	r.verification()
}

// numberPages writes at the foot of each page the text that ties the pages
// together.
func (r *roll) numberPages() {
	for n, p := range r.pages {
		number := plain(fill(r.texts.Collective.Page,
			map[string]string{"page": strconv.Itoa(n + 1), "pages": strconv.Itoa(len(r.pages))}))
		left := strings.Join([]string{r.texts.Labels.Protocol + " " + r.d.Protocol, r.mark.Code()}, " · ")
		p.Pagination(func(c *tagged.Canvas) {
			c.MoveTo(marginX, footTop)
			c.LineTo(marginX+textWidth, footTop)
			c.Stroke(hair, 0.4)
			c.Block(marginX, footTop+1*mm,
				r.layout(0.75*textWidth, tagged.Left, tagged.Span{Style: regular(7.6, soft), Text: left}))
			c.Block(marginX+0.75*textWidth, footTop+1*mm,
				r.layout(0.25*textWidth, tagged.Right, tagged.Span{Style: regular(7.6, soft), Text: number}))
		})
	}
}
