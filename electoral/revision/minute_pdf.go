package revision

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
)

// The look of the page. Lengths are in points.
const (
	minuteMM      = tagged.MM
	minuteLeft    = 14 * minuteMM
	minuteTop     = 13 * minuteMM
	minuteBottom  = tagged.A4Height - 17*minuteMM
	minuteFoot    = tagged.A4Height - 13*minuteMM
	minuteWidth   = tagged.A4Width - 2*minuteLeft
	minutePad     = 1.5 * minuteMM
	minuteLeading = 1.2
	minuteSize    = 8.5
	// minuteLeast is the room in which a table begins, and minuteLongest that below the
	// titles on a page of its own.
	minuteLeast    = 50 * minuteMM
	minuteLongest  = minuteBottom - minuteTop - 10*minuteMM
	minuteLongText = 1000 // characters
	// minuteChunk are the rows that are handed on at once; what a list keeps in memory
	// does not grow beyond them.
	minuteChunk = 500
)

// A minuteColumn is a column of the lists.
type minuteColumn struct {
	title string
	width float64
}

func minuteColumns() []minuteColumn {
	return []minuteColumn{
		{"N.", 11 * minuteMM}, {"Cognome e nome", 39 * minuteMM}, {"Nascita", 30 * minuteMM},
		{"Variazione", 43 * minuteMM}, {"Causa e norma", 34 * minuteMM}, {"Sez.", 13 * minuteMM},
		{"ANPR", 12 * minuteMM},
	}
}

// WriteMinutePDF writes a minute ("verbale della tornata") as it is kept and signed:
// A4 pages with the comune, the title also in the languages of a multilingual comune,
// the vote, the sitting, the five lists with their own numbering, the cause with its
// article, ANPR's code in a column apart, the open questions, and the place for the
// officer's signature. Who gets a copy stands in it as far as a source was read. A
// list without lines says so. The file is tagged and conforms to PDF/A-3a and
// PDF/UA-1; it is not sealed.
//
// A long text wraps and may go on to the next page; nothing is cut. A name with
// letters that neither font has is written with plain letters or, if it has none, as
// the ANPR id; the faults that are returned ([electoral.ListLetters]) tell of each, by
// ANPR id and without the name.
//
// It lays the lines out twice, first to count the pages, and hands each 500 rows of a
// list on when they are complete: beyond the minute itself it takes some 5 MB, and 400
// bytes a line for the table at the file's end. The standard's limit of 8,388,607
// objects in a file leaves room for some million lines; past it the writer fails. What
// was written is a PDF only after WriteMinutePDF has returned nil.
//
// Codes: ELE-DAT-01, REG-EST-05.
func WriteMinutePDF(w io.Writer, m Minute, cfg MinuteConfig) (electoral.Faults, error) {
	if w == nil {
		return nil, errNoWriter
	}
	if err := join(printable(m), cfg.complete()); err != nil {
		return nil, err
	}
	calendar, err := electoral.NewCalendar(cfg.Now)
	if err != nil {
		return nil, fmt.Errorf("revision: minute: %w", err)
	}
	engine, err := tagged.New(tagged.Config{Regular: cfg.Regular, Bold: cfg.Bold, Fallback: goregular.TTF,
		FallbackBold: gobold.TTF})
	if err != nil {
		return nil, fmt.Errorf("revision: minute: %w", err)
	}
	print := minutePrint{minute: m, tables: cfg.Tables, engine: engine, created: calendar.Now()}
	counted, err := print.run(io.Discard, 0)
	if err != nil {
		return nil, fmt.Errorf("revision: minute: %w", err)
	}
	done, err := print.run(w, counted.pages)
	if err != nil {
		return nil, fmt.Errorf("revision: minute: %w", err)
	}
	return done.replaced, nil
}

// A minutePrint is what both runs over a minute share.
type minutePrint struct {
	minute  Minute
	tables  *refdata.Tables
	engine  *tagged.Engine
	created time.Time
}

func (p *minutePrint) run(w io.Writer, total int) (*minutePage, error) {
	g := &minutePage{engine: p.engine, total: total}
	titles := p.minute.titles(p.tables)
	comune := g.drawable(tagged.Bold, p.minute.comuneText(p.tables))
	doc := p.engine.NewStream(w, tagged.Metadata{
		Title: comune + " – " + titles[0].text + ", " + p.minute.Day.Italian(), Lang: "it-IT", Author: comune,
		Creator: "anpr electoral", Created: p.created,
	})
	g.doc, g.section = doc, doc.Root().Add(tagged.Section)
	g.foot = minutePieces(comune + " – " + titles[0].text)[0]
	g.paragraph(tagged.H1, tagged.Bold, 15, comune)
	g.space(1)
	for i, t := range titles {
		if i == 0 {
			g.paragraph(tagged.Paragraph, tagged.Bold, 12, t.text)
			continue
		}
		g.place(g.section.AddWith(tagged.Paragraph, tagged.Attributes{Lang: t.lang}), tagged.Bold, 12, t.text)
	}
	g.space(2)
	for _, line := range p.minute.heading() {
		g.paragraph(tagged.Paragraph, tagged.Regular, 10, line)
	}
	for _, l := range p.minute.lists() {
		g.list(l)
	}
	g.space(4)
	for _, line := range p.minute.closing() {
		g.paragraph(tagged.Paragraph, tagged.Regular, 9, line)
		g.space(1)
	}
	g.signature()
	if err := doc.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", g.at, err)
	}
	return g, doc.Close()
}

// A minutePage is a run in progress.
type minutePage struct {
	engine   *tagged.Engine
	doc      *tagged.Document
	section  *tagged.Element
	page     *tagged.Page
	y        float64
	pages    int
	total    int    // of pages; zero while they are counted
	foot     string // what stands at the foot of each page
	at       string // whose text is laid out, for errors
	table    *minuteTable
	laid     map[minuteText]*tagged.Block // the last of them
	replaced electoral.Faults
}

// A minuteTable is the table of a list, or of a part of it.
type minuteTable struct {
	body   *tagged.Element
	titles []*tagged.Block
	rules  []float64 // on this page, under the rows; first that over them
}

func minuteInk() tagged.Color { return tagged.Color{R: 0x10, G: 0x10, B: 0x10} }

// A minuteText is a text to be laid out.
type minuteText struct {
	face        tagged.Face
	size, width float64
	text        string
}

// layout breaks a text into lines. Most texts of a minute come again on the next line:
// causes, articles, places.
func (g *minutePage) layout(face tagged.Face, size, width float64, text string) *tagged.Block {
	key := minuteText{face: face, size: size, width: width, text: text}
	if b, ok := g.laid[key]; ok {
		return b
	}
	style := tagged.Style{Face: face, Size: size, Color: minuteInk()}
	b := g.doc.Layout(width, minuteLeading*size, tagged.Left, g.engine.Spans(style, g.drawable(face, text))...)
	if g.laid == nil || len(g.laid) >= minuteChunk {
		g.laid = map[minuteText]*tagged.Block{}
	}
	g.laid[key] = b
	return b
}

// blocks lays a text out, a very long one as several blocks.
func (g *minutePage) blocks(face tagged.Face, size, width float64, text string) []*tagged.Block {
	var out []*tagged.Block
	for _, piece := range minutePieces(text) {
		out = append(out, g.layout(face, size, width, piece))
	}
	return out
}

// minutePieces divides a very long text, at blanks if it has any: the time to lay one
// out grows with the square of its words.
func minutePieces(text string) []string {
	var out []string
	for rest := []rune(text); len(rest) > 0; {
		n := min(len(rest), minuteLongText)
		if n < len(rest) {
			if i := strings.LastIndexByte(string(rest[:n]), ' '); i > 0 {
				n = utf8.RuneCountInString(string(rest[:n])[:i]) + 1
			}
		}
		out = append(out, strings.TrimSpace(string(rest[:n])))
		rest = rest[n:]
	}
	return out
}

// drawable returns a text with question marks for what no font has.
func (g *minutePage) drawable(face tagged.Face, text string) string {
	if g.draws(face, text) {
		return text
	}
	plain, _ := refdata.Plain(text)
	return plain
}

func (g *minutePage) draws(face tagged.Face, text string) bool {
	for _, piece := range minutePieces(text) {
		for _, span := range g.engine.Spans(tagged.Style{Face: face, Size: minuteSize}, piece) {
			if g.engine.Check(span.Face, span.Text) != nil {
				return false
			}
		}
	}
	return true
}

func (g *minutePage) newPage() {
	g.endTablePage()
	g.pages++
	g.page = g.doc.AddPage(tagged.A4Width, tagged.A4Height)
	g.y = minuteTop
	number := "Pagina " + strconv.Itoa(g.pages) + " di " + strconv.Itoa(max(g.total, g.pages))
	style := tagged.Style{Face: tagged.Regular, Size: 8, Color: minuteInk()}
	const right = 34 * minuteMM
	foot := g.doc.Layout(minuteWidth-right, 9, tagged.Left, g.engine.Spans(style, g.foot)...)
	count := g.doc.Layout(right, 9, tagged.Right, g.engine.Spans(style, number)...)
	if foot.Lines() > 1 {
		foot = foot.Slice(0, 1) // it repeats the title
	}
	g.page.Pagination(func(c *tagged.Canvas) {
		c.Block(minuteLeft, minuteFoot, foot)
		c.Block(minuteLeft+minuteWidth-right, minuteFoot, count)
	})
}

// need begins a new page unless some height is left.
func (g *minutePage) need(height float64) {
	if g.page == nil || g.y+height > minuteBottom {
		g.newPage()
	}
}

func (g *minutePage) space(mm float64) { g.y += mm * minuteMM }

func (g *minutePage) paragraph(tag tagged.Tag, face tagged.Face, size float64, text string) {
	g.place(g.section.Add(tag), face, size, text)
}

// place puts a text below what the page holds, over as many pages as it takes.
func (g *minutePage) place(e *tagged.Element, face tagged.Face, size float64, text string) {
	cell := minuteCell{blocks: g.blocks(face, size, minuteWidth, text)}
	g.need(minuteLeading * size)
	for {
		for _, b := range cell.take(minuteBottom - g.y) {
			g.y = g.page.Place(e, minuteLeft, g.y, b)
		}
		if len(cell.blocks) == 0 || g.doc.Err() != nil {
			return
		}
		g.newPage()
	}
}

// A minuteCell is what a cell still has to show.
type minuteCell struct {
	element *tagged.Element
	blocks  []*tagged.Block
}

func (c *minuteCell) height() (h float64) {
	for _, b := range c.blocks {
		h += b.Height()
	}
	return h
}

// take takes from the front what fits in a height.
func (c *minuteCell) take(height float64) []*tagged.Block {
	const slack = 0.001
	var out []*tagged.Block
	for len(c.blocks) > 0 {
		b := c.blocks[0]
		if b.Height() <= height+slack {
			out, c.blocks, height = append(out, b), c.blocks[1:], height-b.Height()
			continue
		}
		if n := int((height + slack) / b.Leading); n > 0 && n < b.Lines() {
			out = append(out, b.Slice(0, n))
			c.blocks = append([]*tagged.Block{b.Slice(n, b.Lines())}, c.blocks[1:]...)
		}
		break
	}
	return out
}

// list prints a list. Each chunk of a long one is a part of its own, so that it can be
// handed on.
func (g *minutePage) list(l minuteList) {
	g.at = l.path
	g.space(4)
	g.need(minuteLeast + 15*minuteMM)
	g.paragraph(tagged.H2, tagged.Bold, 12, l.title+" ("+strconv.Itoa(len(l.lines))+")")
	g.space(1)
	if len(l.lines) == 0 {
		g.paragraph(tagged.Paragraph, tagged.Regular, 9, "Nessuna riga.")
		return
	}
	for i, line := range l.lines {
		if g.doc.Err() != nil {
			return
		}
		if i > 0 && i%minuteChunk == 0 {
			g.handOn()
			g.paragraph(tagged.H2, tagged.Bold, 12, l.title+" (segue)")
			g.space(1)
		}
		if g.table == nil {
			g.beginTable()
		}
		g.at = l.path + "[" + strconv.Itoa(i) + "]"
		g.row(i+1, line)
	}
	g.endTable()
}

// handOn writes what there is, and begins a new part on a new page.
func (g *minutePage) handOn() {
	g.endTable()
	g.doc.Flush() // its error stays with the document
	g.section = g.doc.Root().Add(tagged.Section)
	g.newPage()
}

func (g *minutePage) beginTable() {
	t := &minuteTable{}
	for _, c := range minuteColumns() {
		t.titles = append(t.titles, g.layout(tagged.Bold, minuteSize, c.width-2*minutePad, c.title))
	}
	table := g.section.Add(tagged.Table)
	head := table.Add(tagged.TableHead).Add(tagged.TableRow)
	t.body = table.Add(tagged.TableBody)
	g.need(minuteLeast)
	g.table = t
	x := minuteLeft + minutePad
	t.rules = append(t.rules, g.y)
	for i, c := range minuteColumns() {
		g.page.Place(head.Add(tagged.HeaderCell), x, g.y+minuteMM, t.titles[i])
		x += c.width
	}
	g.belowTitles()
}

func (g *minutePage) belowTitles() {
	g.y += g.table.titles[0].Height() + 2*minuteMM
	g.table.rules = append(g.table.rules, g.y)
}

// nextTablePage goes on with the table on a new page, under the same titles.
func (g *minutePage) nextTablePage() {
	g.newPage()
	t := g.table
	t.rules = append(t.rules, g.y)
	g.page.Pagination(func(c *tagged.Canvas) {
		x := minuteLeft + minutePad
		for i, column := range minuteColumns() {
			c.Block(x, g.y+minuteMM, t.titles[i])
			x += column.width
		}
	})
	g.belowTitles()
}

func (g *minutePage) row(number int, l MinuteLine) {
	columns := minuteColumns()
	texts := [][]string{{strconv.Itoa(number)}, {g.nameOf(l), "ID ANPR " + tidyText(l.ANPRID)}, l.birthText(),
		l.changeText(), {l.Cause.Italian(), tidyText(l.Law)}, {tidyText(l.Section)}, {l.codeText()}}
	tr := g.table.body.Add(tagged.TableRow)
	cells := make([]minuteCell, len(texts))
	height := 0.0
	for i, list := range texts {
		for j, text := range list {
			face := tagged.Regular
			if i == 1 && j == 0 {
				face = tagged.Bold
			}
			cells[i].blocks = append(cells[i].blocks, g.blocks(face, minuteSize, columns[i].width-2*minutePad, text)...)
		}
		if i == 1 {
			cells[i].element = tr.AddWith(tagged.HeaderCell, tagged.Attributes{Scope: tagged.RowScope})
		} else {
			cells[i].element = tr.Add(tagged.DataCell)
		}
		height = max(height, cells[i].height()+2*minutePad)
	}
	// A row that no page holds begins here.
	if g.y+height > minuteBottom && (height < minuteLongest || g.y > minuteBottom-minuteLeast) {
		g.nextTablePage()
	}
	for more := true; more && g.doc.Err() == nil; {
		more = false
		below, x := g.y, minuteLeft+minutePad
		for i := range cells {
			y := g.y + minutePad
			for _, b := range cells[i].take(minuteBottom - minutePad - y) {
				y = g.page.Place(cells[i].element, x, y, b)
			}
			below, x = max(below, y+minutePad), x+columns[i].width
			more = more || len(cells[i].blocks) > 0
		}
		g.y = below
		g.table.rules = append(g.table.rules, g.y)
		if more {
			g.nextTablePage()
		}
	}
}

// nameOf returns a name as it can be printed.
func (g *minutePage) nameOf(l MinuteLine) string {
	name := l.nameText()
	if name == "" || g.draws(tagged.Bold, name) {
		return name
	}
	if plain, whole := refdata.Plain(name); whole {
		g.replaced = append(g.replaced,
			electoral.NewFault(electoral.ListLetters, "minute."+g.at+".surname", l.ANPRID, nil))
		return plain
	}
	g.replaced = append(g.replaced,
		electoral.NewFault(electoral.ListLetters.In("none"), "minute."+g.at+".surname", l.ANPRID, nil))
	return ""
}

func (g *minutePage) endTable() {
	g.endTablePage()
	g.table = nil
}

// endTablePage draws the lines of the table on this page.
func (g *minutePage) endTablePage() {
	if g.table == nil || len(g.table.rules) == 0 {
		return
	}
	rules := g.table.rules
	g.page.Artifact(func(c *tagged.Canvas) {
		for _, y := range rules {
			c.MoveTo(minuteLeft, y)
			c.LineTo(minuteLeft+minuteWidth, y)
		}
		x := minuteLeft
		for _, column := range append(minuteColumns(), minuteColumn{}) {
			c.MoveTo(x, rules[0])
			c.LineTo(x, rules[len(rules)-1])
			x += column.width
		}
		c.Stroke(tagged.Color{R: 0x80, G: 0x80, B: 0x80}, 0.5)
	})
	g.table.rules = nil
}

// signature leaves the place for the officer's signature.
func (g *minutePage) signature() {
	g.at = "signature"
	g.space(6)
	g.need(32 * minuteMM)
	g.paragraph(tagged.Paragraph, tagged.Bold, 10, "L'ufficiale elettorale")
	g.paragraph(tagged.Paragraph, tagged.Regular, 8.5, "Luogo e data, firma:")
	g.space(14)
	g.page.Artifact(func(c *tagged.Canvas) {
		c.MoveTo(minuteLeft, g.y)
		c.LineTo(minuteLeft+80*minuteMM, g.y)
		c.Stroke(minuteInk(), 0.7)
	})
}
