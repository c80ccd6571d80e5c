package lists

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
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
	// licence to embed a part of it; nil means Titillium Web. What they lack is
	// drawn in the Go fonts.
	Regular, Bold []byte
	// Split prints each section in two blocks, A to L and M to Z, with one
	// numbering (the Ministry's circular 62/2025); a list with men and women apart
	// is not split.
	Split bool
	// Copy names the copy, as one of [UnderAgeCopies]; empty prints nothing.
	Copy string
}

// UnderAgeCopies returns the names of the three copies of the list of those who
// will not be 18 on the first day of voting (D.P.R. 223/1967, art. 33).
func UnderAgeCopies() []string {
	return []string{"Copia per la commissione elettorale circondariale", "Copia per l'albo pretorio",
		"Copia per la segreteria del comune"}
}

// A PDFWriter writes a list as it is printed for the polling station: A4
// pages with the list, the section, its seat, the consultation, the purpose and
// the day of the extraction on each; all electors in one order with the numbers
// that the rows have, their birth with its deed, their abode, and room for notes
// and signatures; the total of the section; what is noted beside a name is
// explained, with its law, at the end of the section. A list of the form before
// 2025 has men, then women, then those of unknown sex, each from a new page and
// numbered from 1, and no abode. An elector without a person in the population
// stands with his ANPR id alone. The pages of each section are numbered on their
// own. An extraction without a list, of those who turn 18 or were touched, is
// printed as one section, with each one's section in the column for notes. The
// file is tagged and conforms to PDF/A-3a and PDF/UA-1; it is not sealed.
//
// A long name wraps and is set smaller, never cut. Titillium Web has the letters
// of Latin-1 and most of Latin Extended-A; other Latin letters, Greek and Cyrillic
// are drawn in the Go fonts. A name with a letter that neither has is written
// with the plain letters of ANPR's transliteration or, if it has none, as the
// ANPR id, and is told of: [PDFWriter.Replaced].
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
	columns  []pdfColumn
	parts    []pdfPartName
	section  *pdfSection
	at       string // whose text is laid out, for errors
	told     bool   // the warnings of the header stand on a page
	replaced electoral.Faults
	err      error
}

// NewPDFWriter returns a writer to w.
func NewPDFWriter(w io.Writer, cfg PDFConfig) (*PDFWriter, error) {
	if w == nil {
		return nil, fmt.Errorf("PDF list: %w", errNoWriter)
	}
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
	engine, err := tagged.New(tagged.Config{Regular: cfg.Regular, Bold: cfg.Bold, Fallback: goregular.TTF,
		FallbackBold: gobold.TTF})
	if err != nil {
		return nil, fmt.Errorf("lists: PDF list: %w", err)
	}
	return &PDFWriter{cfg: cfg, calendar: calendar, engine: engine, out: w}, nil
}

// NeedsTotal returns false: the format does without the number of the rows.
func (*PDFWriter) NeedsTotal() bool { return false }

// Begin implements [electoral.ListWriter].
func (p *PDFWriter) Begin(h electoral.ExtractHeader) error {
	if p.out == nil {
		return errNoWriter
	}
	if p.doc != nil {
		return errors.New("lists: PDF list: the list has begun already: expected a writer for each")
	}
	p.head = h
	p.columns, p.parts = pdfForm(h.SexesApart, p.cfg.Split)
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
	part := p.partOf(e)
	if s := p.section; s.part != part {
		if s.part > part {
			p.fail(fmt.Errorf("lists: PDF list: elector %s of section %s comes after another part: "+
				"expected the order of %s", e.Elector.ANPRID, e.Section, partOrder(p.parts)))
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
func (p *PDFWriter) whole() bool {
	return p.head.Extraction.List == "" || p.head.Extraction.Alphabetical
}

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
	b := p.doc.Layout(box.width, pdfLeading*box.style.Size, box.align, p.engine.Spans(box.style, text)...)
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

// A pdfPartName names a part of a section.
type pdfPartName struct {
	title string // above it; empty if it has none
	name  string // in the totals
	rest  bool   // the totals leave it out where it is empty
}

// pdfForm returns the columns and the parts of a form of the list.
func pdfForm(sexesApart, split bool) ([]pdfColumn, []pdfPartName) {
	switch {
	case sexesApart:
		return olderColumns, []pdfPartName{{title: "UOMINI", name: "uomini"}, {title: "DONNE", name: "donne"},
			{title: "SESSO NON INDICATO", name: "sesso non indicato", rest: true}}
	case split:
		return pdfColumns, []pdfPartName{{title: "COGNOMI DA A A L", name: "da A a L"},
			{title: "COGNOMI DA M A Z", name: "da M a Z"}}
	}
	return pdfColumns, []pdfPartName{{}}
}

func partOrder(parts []pdfPartName) string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// partOf returns the part in which a row stands.
func (p *PDFWriter) partOf(e electoral.ExtractedElector) int {
	switch {
	case p.head.SexesApart && e.Person.Sex == electoral.Male:
		return 0
	case p.head.SexesApart && e.Person.Sex == electoral.Female:
		return 1
	case p.head.SexesApart:
		return 2
	case len(p.parts) > 1 && (refdata.Fold(e.Person.Surname) >= "M" || e.Person.ANPRID == ""):
		return 1
	}
	return 0
}

// Replaced tells, after End, whose names could not be printed as they are, all of
// them: path and ANPR id, and no name.
func (p *PDFWriter) Replaced() []electoral.Fault { return p.replaced }

// drawable returns a text as it can be printed, and false if nothing of it can.
func (p *PDFWriter) drawable(style tagged.Style, text string) (string, bool) {
	can := func(s string) bool {
		for _, span := range p.engine.Spans(style, s) {
			if p.engine.Check(span.Face, span.Text) != nil {
				return false
			}
		}
		return true
	}
	if can(text) {
		return text, true
	}
	return refdata.Plain(text)
}

// nameOf returns the name of a row as it is printed.
func (p *PDFWriter) nameOf(e electoral.ExtractedElector) string {
	name := strings.TrimSpace(tidy(e.Person.Surname) + " " + tidy(e.Person.Name))
	id := "ID ANPR " + e.Elector.ANPRID
	if name == "" {
		return id
	}
	shown, ok := p.drawable(pdfBold(pdfName, pdfInk), name)
	switch {
	case !ok:
		p.replaced = append(p.replaced, electoral.NewFault(electoral.ListLetters.In("none"), "person.surname",
			e.Elector.ANPRID, nil))
		return id
	case shown != name:
		p.replaced = append(p.replaced, electoral.NewFault(electoral.ListLetters, "person.surname",
			e.Elector.ANPRID, nil))
	}
	return shown
}

// purpose says why and when the list was extracted.
func (p *PDFWriter) purpose() string {
	x := p.head.Extraction
	return refdata.Elide("Estratta il "+p.head.Today.Italian()) + " per: " + tidy(x.Purpose.Function) + " (" +
		string(x.Purpose.Act) + ")"
}

// listTitle says who stands in the list.
func (p *PDFWriter) listTitle(x electoral.Extraction) string {
	title := "elettori"
	switch {
	case x.Reason == electoral.VoterUnderAge:
		return refdata.Elide("elettori che non avranno compiuto 18 anni il "+p.head.Vote.AgeAt().Italian()) +
			" (art. 33 del D.P.R. 20 marzo 1967, n. 223)"
	case x.Lines == electoral.StruckLines:
		return x.List.Italian() + " – elettori depennati dalla copia per il seggio"
	case x.Turning18 != nil:
		return refdata.Elide("cittadini italiani che compiono 18 anni dal " + x.Turning18.From.Italian() + " al " +
			x.Turning18.To.Italian())
	case x.List != "":
		title = x.List.Italian()
	}
	if x.Touched != nil {
		title += " – variazioni"
		if !x.Touched.From.IsZero() {
			title += " dal " + p.italianInstant(x.Touched.From)
		}
		if x.Touched.Since != 0 {
			title += " dopo la n. " + strconv.FormatInt(x.Touched.Since, 10)
		}
		if !x.Touched.To.IsZero() {
			title += " fino al " + p.italianInstant(x.Touched.To)
		}
	}
	return refdata.Elide(title)
}

// votingDays writes the days of voting out: "21 e 22 marzo 2027".
func votingDays(h electoral.ExtractHeader) string {
	first, last := h.Extraction.Day, h.Vote.Last()
	switch {
	case last.IsZero() || last == first:
		return first.Italian()
	case first.Year == last.Year && first.Month == last.Month && first.Day > 1:
		return strconv.Itoa(first.Day) + " e " + last.Italian()
	}
	return first.Italian() + " e " + last.Italian()
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
	return name + " – votazione del " + votingDays(p.head)
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
