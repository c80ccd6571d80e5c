package lists

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
)

// A PDFConfig says how a list is printed. Its zero value is usable.
type PDFConfig struct {
	// Tables give comuni and places of birth their names; nil means those
	// embedded in the SDK.
	Tables *refdata.Tables
	// Section returns a section, whose seat is then printed; nil, or false,
	// prints none. It is called while the list is extracted: it must not call
	// the registry or its store, so read the sections before.
	Section func(comune, number string) (electoral.Section, bool)
	// Now is the clock for the file's time of creation; nil means time.Now.
	Now func() time.Time
	// Regular and Bold are TrueType files, each with a glyf table and the
	// licence to embed a part of it, for names with letters that Titillium Web
	// lacks; nil means Titillium Web.
	Regular, Bold []byte
}

// A PDFWriter writes a list as it is printed for the polling station: A4
// pages with the list, the section, its seat, the consultation, the purpose and
// the day of the extraction on each; men, then women, then those of unknown
// sex, each from a new page, numbered from 1; a blank column for notes and
// signatures; the totals of each part and of the section. An elector without a
// person in the population stands with his ANPR id alone. The pages of each
// section are numbered on their own. An extraction without a list, of those who
// turn 18 or were touched, is printed as one section, with each one's section
// in the column for notes. The file is tagged and conforms to PDF/A-3a and
// PDF/UA-1; it is not sealed.
//
// A long name wraps and is set smaller, never cut. A character that the font
// lacks is an error that names the elector's ANPR id. Titillium Web has the
// letters of Latin-1 and of Latin Extended-A except Ĳ, Ŀ, ĸ, ŉ and ſ, and also
// Ș, Ț, Ẁ, Ẃ, Ẅ and Ỳ.
//
// It writes each section when it ends: memory grows with the largest section
// (some 3 kB for each elector) and, for the table at the file's end, by some 60
// bytes for each elector of the whole list. The standard's limit of 8,388,607
// objects in a file leaves room for 1.6 million electors; past it the writer
// fails. What was written is a PDF only after End has returned nil.
type PDFWriter struct {
	cfg      PDFConfig
	calendar *electoral.Calendar
	engine   *tagged.Engine
	out      io.Writer
	doc      *tagged.Document
	head     electoral.ExtractHeader
	comune   string // «Comune di Agliè»
	section  *pdfSection
	at       string // whose text is laid out, for errors
	err      error
}

// NewPDFWriter returns a writer to w.
func NewPDFWriter(w io.Writer, cfg PDFConfig) (*PDFWriter, error) {
	if cfg.Tables == nil {
		tables, err := refdata.Embedded()
		if err != nil {
			return nil, err
		}
		cfg.Tables = tables
	}
	calendar, err := electoral.NewCalendar(cfg.Now)
	if err != nil {
		return nil, fmt.Errorf("lists: PDF list: %w", err)
	}
	engine, err := tagged.New(tagged.Config{Regular: cfg.Regular, Bold: cfg.Bold})
	if err != nil {
		return nil, fmt.Errorf("lists: PDF list: %w", err)
	}
	return &PDFWriter{cfg: cfg, calendar: calendar, engine: engine, out: w}, nil
}

// NeedsTotal returns false: the format does without the number of the rows.
func (*PDFWriter) NeedsTotal() bool { return false }

// Begin implements [electoral.ListWriter].
func (p *PDFWriter) Begin(h electoral.ExtractHeader) error {
	if p.doc != nil {
		return errors.New("lists: PDF list: the list has begun already: expected a writer for each")
	}
	p.head = h
	p.comune = "Comune " + h.Extraction.Comune
	if c, ok := p.cfg.Tables.Comune(h.Extraction.Comune, h.Today); ok {
		p.comune = "Comune di " + c.FullName
	}
	title := p.comune + " – " + p.listTitle(h.Extraction)
	if h.Extraction.Section != "" {
		title += " – sezione n. " + h.Extraction.Section
	}
	p.doc = p.engine.NewStream(p.out, tagged.Metadata{
		Title: title, Lang: "it-IT", Author: p.comune, Subject: p.purpose(), Creator: "anpr electoral",
		Created: p.calendar.Now(),
	})
	return p.failed()
}

// Write implements [electoral.ListWriter].
func (p *PDFWriter) Write(e electoral.ExtractedElector) error {
	if p.doc == nil {
		return errNotBegun
	}
	if p.err != nil {
		return p.err
	}
	number := e.Section
	if p.whole() {
		number = ""
	}
	if p.section == nil || p.section.number != number {
		p.endSection()
		p.beginSection(number)
	}
	part := partOf(e.Person.Sex)
	if s := p.section; s.part != part {
		if s.part > part {
			p.fail(fmt.Errorf("lists: PDF list: elector %s of section %s comes after another sex: "+
				"expected men, women, the others", e.Elector.ANPRID, e.Section))
			return p.err
		}
		p.endPart()
		p.beginPart(part)
	}
	p.writeRow(e)
	return p.failed()
}

// End implements [electoral.ListWriter].
func (p *PDFWriter) End() error {
	if p.doc == nil {
		return errNotBegun
	}
	if p.section == nil && p.failed() == nil {
		p.beginSection(p.head.Extraction.Section)
		p.newPage(true, false)
		p.section.y = p.place(tagged.Paragraph, p.section.y, "text", pdfRegular(pdfText, pdfInk), "Nessun elettore.")
	}
	p.endSection()
	if p.failed() == nil {
		p.fail(p.doc.Close())
	}
	return p.failed()
}

// whole reports whether the rows of several sections are mixed.
func (p *PDFWriter) whole() bool { return p.head.Extraction.List == "" }

var errNotBegun = errors.New("lists: PDF list: the list has not begun")

// fail keeps the first error.
func (p *PDFWriter) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *PDFWriter) failed() error {
	if err := p.doc.Err(); err != nil {
		p.fail(fmt.Errorf("lists: PDF list: %w", err))
	}
	return p.err
}

// A pdfBox is the room for a text; its name says in an error which text it was.
type pdfBox struct {
	name  string
	width float64
	align tagged.Align // zero is left
	style tagged.Style
}

// layout breaks a text into lines.
func (p *PDFWriter) layout(box pdfBox, text string) *tagged.Block {
	b := p.doc.Layout(box.width, pdfLeading*box.style.Size, box.align, tagged.Span{Style: box.style, Text: text})
	if err := p.doc.Err(); err != nil {
		p.fail(fmt.Errorf("lists: PDF list: %s: %s: %w", p.at, box.name, err))
	}
	return b
}

// fit lays a text out in the largest of some sizes in which it has at most so
// many lines, or else in the smallest.
func (p *PDFWriter) fit(box pdfBox, lines int, text string) *tagged.Block {
	size, b := box.style.Size, p.layout(box, text)
	for _, scale := range [...]float64{0.85, 0.7} {
		if b.Lines() <= lines || p.err != nil {
			break
		}
		box.style.Size = size * scale
		b = p.layout(box, text)
	}
	return b
}

// The parts of a section.
const (
	menPart = iota
	womenPart
	otherPart
)

var (
	partTitles = [...]string{"UOMINI", "DONNE", "SESSO NON INDICATO"}
	partNames  = [...]string{"uomini", "donne", "sesso non indicato"}
)

func partOf(s electoral.Sex) int {
	switch s {
	case electoral.Male:
		return menPart
	case electoral.Female:
		return womenPart
	}
	return otherPart
}

// purpose says why and when the list was extracted.
func (p *PDFWriter) purpose() string {
	x := p.head.Extraction
	return "Estratta il " + p.head.Today.Italian() + " per: " + tidy(x.Purpose.Function) + " (" +
		string(x.Purpose.Act) + ")"
}

// listTitle says who stands in the list.
func (p *PDFWriter) listTitle(x electoral.Extraction) string {
	title := "elettori"
	switch {
	case x.Turning18 != nil:
		return "cittadini italiani che compiono 18 anni dal " + x.Turning18.From.Italian() + " al " +
			x.Turning18.To.Italian()
	case x.List != "":
		title = x.List.Italian()
	}
	if x.Touched != nil {
		title += " – variazioni"
		if !x.Touched.From.IsZero() {
			title += " dal " + p.italianInstant(x.Touched.From)
		}
		if !x.Touched.To.IsZero() {
			title += " fino al " + p.italianInstant(x.Touched.To)
		}
	}
	return title
}

// italianInstant writes an instant as it is in Italy.
func (p *PDFWriter) italianInstant(at time.Time) string {
	return p.calendar.Day(at).Italian() + p.calendar.InRome(at).Format(", ore 15:04")
}

// vote names the consultation as annex 1 does, with its day; empty if the list
// is for none.
func (p *PDFWriter) vote() string {
	name := ""
	switch p.head.Extraction.Consultation {
	case "":
		return ""
	case electoral.NationalReferendum:
		name = "Referendum nazionali"
	case electoral.EuropeanElection:
		name = "Elezioni dei membri del Parlamento europeo spettanti all'Italia"
	case electoral.SenateElection:
		name = "Senato della Repubblica"
	case electoral.ChamberElection:
		name = "Camera dei deputati"
	case electoral.RegionalElection:
		name = "Elezioni regionali"
	case electoral.ComunalElection:
		name = "Elezioni comunali"
	case electoral.DistrictElection:
		name = "Elezioni circoscrizionali"
	default:
		name = string(p.head.Extraction.Consultation)
	}
	return name + " – votazione del " + p.head.Extraction.Day.Italian()
}

// tidy joins a text that came with line breaks or runs of blanks.
func tidy(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

// thousands writes a number as Italians group it: "1.034".
func thousands(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "." + s[at:]
	}
	return s
}

// birthPlace writes the place of birth out: "Agliè (TO)", "LYON (FRANCIA)".
func birthPlace(tables *refdata.Tables, b electoral.Birth) string {
	p := b.BirthPlace(tables)
	switch {
	case p.Name == "" && p.State != "":
		return p.State
	case p.Name == "" && b.Place != "":
		return "luogo con codice " + b.Place
	case p.Name == "":
		return "luogo non indicato"
	case p.State+p.Province == "":
		return p.Name
	}
	return p.Name + " (" + p.State + p.Province + ")"
}

// birthDate writes a date of birth in figures.
func birthDate(d electoral.Date) string {
	switch {
	case d.IsZero():
		return "data non indicata"
	case d.Month == 0:
		return "anno " + strconv.Itoa(d.Year)
	}
	text := make([]byte, 0, 10)
	if d.Day != 0 {
		text = append(text, byte('0'+d.Day/10), byte('0'+d.Day%10), '/')
	}
	text = append(text, byte('0'+d.Month/10), byte('0'+d.Month%10), '/')
	return string(strconv.AppendInt(text, int64(d.Year), 10))
}
