package lists

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
)

// The look of the page. Lengths are in points.
const (
	pdfMM      = tagged.MM
	pdfLeft    = 14 * pdfMM
	pdfTop     = 11 * pdfMM
	pdfBottom  = tagged.A4Height - 12*pdfMM
	pdfWidth   = tagged.A4Width - 2*pdfLeft
	pdfRightW  = 52 * pdfMM // where the section and the page number stand
	pdfRowH    = 9.5 * pdfMM
	pdfPad     = 2 * pdfMM
	pdfLeading = 1.2
	pdfName    = 10.5
	pdfText    = 9.0
)

// A pdfColumn is a column of the table: what heads it, its width.
type pdfColumn struct {
	title string
	width float64
	align tagged.Align
}

var (
	pdfColumns = []pdfColumn{
		{"N.", 12 * pdfMM, tagged.Right},
		{"Cognome e nome", 56 * pdfMM, tagged.Left},
		{"Nascita e atto", 44 * pdfMM, tagged.Left},
		{"Abitazione", 36 * pdfMM, tagged.Left},
		{"Annotazioni / firma", pdfWidth - 148*pdfMM, tagged.Left},
	}
	// olderColumns are those of the form before 2025.
	olderColumns = []pdfColumn{
		{"N.", 13 * pdfMM, tagged.Right},
		{"Cognome e nome", 67 * pdfMM, tagged.Left},
		{"Luogo e data di nascita", 48 * pdfMM, tagged.Left},
		{"Annotazioni / firma", pdfWidth - 128*pdfMM, tagged.Left},
	}
)

var (
	pdfInk   = tagged.Color{R: 0x10, G: 0x10, B: 0x10}
	pdfSoft  = tagged.Color{R: 0x4a, G: 0x4a, B: 0x4a} // 8.9:1 on white
	pdfLine  = tagged.Color{R: 0x80, G: 0x80, B: 0x80}
	pdfShade = tagged.Color{R: 0xea, G: 0xea, B: 0xea}
)

func pdfRegular(size float64, c tagged.Color) tagged.Style {
	return tagged.Style{Face: tagged.Regular, Size: size, Color: c}
}

func pdfBold(size float64, c tagged.Color) tagged.Style {
	return tagged.Style{Face: tagged.Bold, Size: size, Color: c}
}

// A pdfSection is a section in progress.
type pdfSection struct {
	number  string
	part    int
	counts  []int // by part
	last    int   // the number of the last row
	marked  int
	notes   []electoral.Code // what is noted beside names, in the order of appearance
	element *tagged.Element
	header  []pdfPiece
	below   float64 // the header
	// pageNumber is where the number of the page will stand, which is known
	// when the section ends.
	pageNumber float64
	titles     []*tagged.Block
	pages      []*tagged.Page
	page       *tagged.Page
	body       *tagged.Element // of the table of the part
	y          float64
	rules      []float64 // under the rows of the page, first that over them
}

// A pdfPiece is a text of the header at its place.
type pdfPiece struct {
	tag   tagged.Tag
	x, y  float64
	block *tagged.Block
}

// beginSection lays out what each page of a section repeats.
func (p *PDFWriter) beginSection(number string) {
	s := &pdfSection{number: number, part: -1, element: p.doc.Root().Add(tagged.Section),
		counts: make([]int, len(p.parts))}
	p.section = s
	p.at = "section " + number
	x := p.head.Extraction
	left, right := pdfTop, pdfTop
	const leftW = pdfWidth - pdfRightW
	add := func(y *float64, tag tagged.Tag, at float64, b *tagged.Block) {
		s.header = append(s.header, pdfPiece{tag: tag, x: at, y: *y, block: b})
		*y += b.Height()
	}
	add(&left, tagged.Paragraph, pdfLeft,
		p.fit(pdfBox{name: "comune", width: leftW, style: pdfBold(15, pdfInk)}, 1, p.comune))
	add(&left, tagged.Paragraph, pdfLeft,
		p.fit(pdfBox{name: "list", width: leftW, style: pdfRegular(11, pdfInk)}, 2, capital(p.listTitle(x))))
	title := "Tutte le sezioni" // mixed, or of an empty list
	if number != "" {
		title = "Sezione n. " + tidy(number)
	}
	add(&right, tagged.H1, pdfLeft+leftW,
		p.fit(pdfBox{name: "number", width: pdfRightW, align: tagged.Right, style: pdfBold(16, pdfInk)}, 1, title))
	s.pageNumber = right
	left = max(left, right+pdfText*pdfLeading)
	if p.cfg.Section != nil && number != "" {
		if sec, ok := p.cfg.Section(x.Comune, number); ok && sec.SeatText() != "" {
			add(&left, tagged.Paragraph, pdfLeft,
				p.fit(pdfBox{name: "seat", width: pdfWidth, style: pdfRegular(9.5, pdfInk)}, 2,
					"Sede: "+tidy(sec.SeatText())))
		}
	}
	if vote := p.vote(); vote != "" {
		add(&left, tagged.Paragraph, pdfLeft,
			p.layout(pdfBox{name: "consultation", width: pdfWidth, style: pdfBold(9.5, pdfInk)}, vote))
	}
	add(&left, tagged.Paragraph, pdfLeft,
		p.fit(pdfBox{name: "purpose", width: pdfWidth, style: pdfRegular(8.5, pdfSoft)}, 2, p.purpose()))
	if p.cfg.Copy != "" {
		add(&left, tagged.Paragraph, pdfLeft,
			p.fit(pdfBox{name: "copy", width: pdfWidth, style: pdfBold(9.5, pdfInk)}, 2, tidy(p.cfg.Copy)))
	}
	s.below = left + 1.5*pdfMM
	for _, c := range p.columns {
		s.titles = append(s.titles, p.layout(pdfBox{name: "table", width: c.width - 2*pdfPad, align: c.align,
			style: pdfBold(pdfText, pdfInk)}, c.title))
	}
	if s.below > tagged.A4Height/2 {
		p.fail(fmt.Errorf("lists: PDF list: section %.40s: the texts above the list take half a page: "+
			"expected shorter ones", number))
	}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// newPage begins a page. What it repeats is content where it is new, of the
// section or of the part, and belongs to the pages after.
func (p *PDFWriter) newPage(newPart, table bool) {
	p.endPage()
	s := p.section
	s.page = p.doc.AddPage(tagged.A4Width, tagged.A4Height)
	s.pages = append(s.pages, s.page)
	if len(s.pages) == 1 {
		for _, h := range s.header {
			s.page.Place(s.element.Add(h.tag), h.x, h.y, h.block)
		}
	} else {
		s.page.Pagination(func(c *tagged.Canvas) {
			for _, h := range s.header {
				c.Block(h.x, h.y, h.block)
			}
		})
	}
	s.page.Artifact(func(c *tagged.Canvas) {
		c.MoveTo(pdfLeft, s.below)
		c.LineTo(pdfLeft+pdfWidth, s.below)
		c.Stroke(pdfInk, 1)
	})
	s.y = s.below + 2*pdfMM
	if s.part < 0 {
		return
	}
	if text := p.parts[s.part].title; text != "" {
		title := p.layout(pdfBox{name: "part", width: pdfWidth, style: pdfBold(13, pdfInk)}, text)
		if newPart {
			s.page.Place(s.element.Add(tagged.H2), pdfLeft, s.y, title)
		} else {
			s.page.Pagination(func(c *tagged.Canvas) { c.Block(pdfLeft, s.y, title) })
		}
		s.y += title.Height() + pdfMM
	}
	if table {
		p.tableHead(newPart)
	}
}

// tableHead draws the titles of the columns.
func (p *PDFWriter) tableHead(first bool) {
	s := p.section
	height := s.titles[0].Height() + 2*pdfMM
	s.rules = append(s.rules[:0], s.y, s.y+height)
	s.page.Artifact(func(c *tagged.Canvas) {
		c.Rectangle(pdfLeft, s.y, pdfWidth, height)
		c.Fill(pdfShade)
	})
	each := func(place func(x float64, b *tagged.Block)) {
		x := pdfLeft
		for i, c := range p.columns {
			place(x+pdfPad, s.titles[i])
			x += c.width
		}
	}
	if first {
		table := s.element.Add(tagged.Table)
		row := table.Add(tagged.TableHead).Add(tagged.TableRow)
		each(func(x float64, b *tagged.Block) { s.page.Place(row.Add(tagged.HeaderCell), x, s.y+pdfMM, b) })
		s.body = table.Add(tagged.TableBody)
	} else {
		s.page.Pagination(func(c *tagged.Canvas) {
			each(func(x float64, b *tagged.Block) { c.Block(x, s.y+pdfMM, b) })
		})
	}
	s.y += height
}

func (p *PDFWriter) beginPart(part int) {
	p.section.part = part
	p.newPage(true, true)
}

// A pdfRow is a row of the table, laid out: the cells after number and name, each
// of some blocks one below the other.
type pdfRow struct {
	number, name *tagged.Block
	cells        [][]*tagged.Block
}

func blocksHeight(list []*tagged.Block) (h float64) {
	for _, b := range list {
		h += b.Height()
	}
	return h
}

func (r pdfRow) height() float64 {
	h := max(pdfRowH, r.name.Height()+pdfPad)
	for _, c := range r.cells {
		h = max(h, blocksHeight(c)+pdfPad)
	}
	return h
}

func (p *PDFWriter) writeRow(e electoral.ExtractedElector) {
	s := p.section
	if p.err != nil {
		return
	}
	s.counts[s.part]++
	s.last = s.counts[s.part]
	if !p.head.SexesApart && e.Number > 0 {
		s.last = e.Number
	} else if !p.head.SexesApart && s.part > 0 {
		s.last += s.counts[0]
	}
	p.at = "elector " + e.Elector.ANPRID
	r := p.layoutRow(s.last, e)
	if p.err != nil {
		return
	}
	height := r.height()
	if s.y+height > pdfBottom {
		p.newPage(false, true)
	}
	if s.y+height > pdfBottom {
		p.fail(fmt.Errorf("lists: PDF list: %s: name and place of birth take more than a page", p.at))
		return
	}
	middle := func(b float64) float64 { return s.y + (height-b)/2 }
	tr := s.body.Add(tagged.TableRow)
	x := pdfLeft + pdfPad
	s.page.Place(tr.Add(tagged.DataCell), x, middle(r.number.Height()), r.number)
	x += p.columns[0].width
	s.page.Place(tr.AddWith(tagged.HeaderCell, tagged.Attributes{Scope: tagged.RowScope}), x,
		middle(r.name.Height()), r.name)
	x += p.columns[1].width
	for i, c := range r.cells {
		cell := tr.Add(tagged.DataCell)
		y := middle(blocksHeight(c))
		for _, b := range c {
			y = s.page.Place(cell, x, y, b)
		}
		x += p.columns[2+i].width
	}
	s.y += height
	s.rules = append(s.rules, s.y)
}

func (p *PDFWriter) layoutRow(n int, e electoral.ExtractedElector) pdfRow {
	width := func(column int) float64 { return p.columns[column].width - 2*pdfPad }
	text := func(column int, name string, lines int, text string) *tagged.Block {
		return p.fit(pdfBox{name: name, width: width(column), style: pdfRegular(pdfText, pdfInk)}, lines, p.shown(text))
	}
	place, date := "dati anagrafici non disponibili", ""
	if e.Person.ANPRID != "" {
		place, date = birthPlace(p.cfg.Tables, e.Person.Birth), birthDate(e.Person.Birth.Date)
	}
	birth := []*tagged.Block{text(2, "place of birth", 2, place), text(2, "date of birth", 1, date)}
	if deed := deedText(e.Person.Birth.Deed); deed != "" && !p.head.SexesApart {
		birth = []*tagged.Block{text(2, "place of birth", 2, place+", "+date), text(2, "birth deed", 2, deed)}
	}
	r := pdfRow{
		number: p.layout(pdfBox{name: "number", width: width(0), align: p.columns[0].align,
			style: pdfRegular(pdfText, pdfInk)}, strconv.Itoa(n)),
		name: p.fit(pdfBox{name: "name", width: width(1), style: pdfBold(pdfName, pdfInk)}, 3, p.nameOf(e)),
		// The rest of the last cell is for the hand.
		cells: [][]*tagged.Block{birth},
	}
	last := len(p.columns) - 1
	if !p.head.SexesApart {
		r.cells = append(r.cells, []*tagged.Block{text(3, "abode", 3, abodeOf(p.cfg.Tables, e.Person))})
	}
	note := p.fit(pdfBox{name: "section", width: width(last), style: pdfRegular(pdfText, pdfSoft)}, 3,
		p.shown(p.noteOf(e)))
	r.cells = append(r.cells, []*tagged.Block{note})
	return r
}

// shown returns a text with plain letters for those that cannot be drawn, and
// empty if there are none.
func (p *PDFWriter) shown(text string) string {
	out, ok := p.drawable(pdfRegular(pdfText, pdfInk), text)
	if !ok {
		return ""
	}
	return out
}

// endPage draws the lines of the table.
func (p *PDFWriter) endPage() {
	s := p.section
	if s.page == nil || len(s.rules) == 0 {
		return
	}
	s.page.Artifact(func(c *tagged.Canvas) {
		for _, y := range s.rules {
			c.MoveTo(pdfLeft, y)
			c.LineTo(pdfLeft+pdfWidth, y)
		}
		top, bottom := s.rules[0], s.rules[len(s.rules)-1]
		x := pdfLeft
		for _, col := range p.columns {
			c.MoveTo(x, top)
			c.LineTo(x, bottom)
			x += col.width
		}
		c.MoveTo(x, top)
		c.LineTo(x, bottom)
		c.Stroke(pdfLine, 0.5)
	})
	s.rules = s.rules[:0]
}

// place puts a line of text below what the page holds, on a new page if need
// be.
func (p *PDFWriter) place(tag tagged.Tag, y float64, field string, style tagged.Style, text string) float64 {
	s := p.section
	b := p.layout(pdfBox{name: field, width: pdfWidth, style: style}, text)
	if y+b.Height() > pdfBottom {
		p.newPage(false, false)
		y = s.y
	}
	return s.page.Place(s.element.Add(tag), pdfLeft, y, b)
}

// endPart writes its total.
func (p *PDFWriter) endPart() {
	s := p.section
	if s.part < 0 || p.err != nil || len(p.parts) == 1 {
		return
	}
	s.y = p.place(tagged.Paragraph, s.y+2*pdfMM, "total", pdfBold(pdfName, pdfInk),
		"Totale "+p.parts[s.part].name+": "+thousands(s.counts[s.part]))
}

// endSection writes the section's total and the numbers of its pages, and hands
// the pages on.
func (p *PDFWriter) endSection() {
	s := p.section
	if s == nil || p.failed() != nil {
		return
	}
	p.endPart()
	if s.part >= 0 {
		s.y = p.place(tagged.Paragraph, s.y+pdfMM, "total", pdfBold(pdfName, pdfInk), s.total(p.parts))
		p.explain()
	}
	p.endPage()
	p.at = "section " + s.number
	for i, page := range s.pages {
		b := p.layout(pdfBox{name: "page", width: pdfRightW, align: tagged.Right, style: pdfRegular(pdfText, pdfInk)},
			"Pagina "+strconv.Itoa(i+1)+" di "+strconv.Itoa(len(s.pages)))
		page.Pagination(func(c *tagged.Canvas) { c.Block(pdfLeft+pdfWidth-pdfRightW, s.pageNumber, b) })
	}
	if p.failed() == nil {
		p.fail(p.doc.Flush())
	}
}

func (s *pdfSection) total(names []pdfPartName) string {
	sum := 0
	var parts []string
	for i, n := range s.counts {
		sum += n
		if n > 0 || !names[i].rest {
			parts = append(parts, names[i].name+" "+thousands(n))
		}
	}
	title := "Totale"
	if s.number != "" {
		title = "Totale della sezione n. " + tidy(s.number)
	}
	title += ": " + thousands(sum)
	if len(names) > 1 {
		title += " (" + strings.Join(parts, ", ") + ")"
	}
	if s.marked > 0 {
		title += ", di cui con annotazione " + thousands(s.marked)
	}
	return title
}
