package lists

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A column is one column of the text formats of an extracted list.
type column struct {
	name   string
	width  int // characters in the fixed-width format
	append func([]byte, *electoral.ExtractedElector) []byte
}

func textColumn(name string, width int, text func(*electoral.ExtractedElector) string) column {
	return column{name, width, func(b []byte, e *electoral.ExtractedElector) []byte { return append(b, text(e)...) }}
}

func answerColumn(name string, answer func(*electoral.ExtractedElector) electoral.Answer) column {
	return column{name, 1,
		func(b []byte, e *electoral.ExtractedElector) []byte { return append(b, answerText(answer(e))...) }}
}

func deedColumn(name string, width int, text func(*electoral.BirthDeed) string) column {
	return textColumn(name, width, func(e *electoral.ExtractedElector) string {
		if d := e.Person.Birth.Deed; d != nil {
			return text(d)
		}
		return ""
	})
}

// columns returns the columns, with the names that ANPR's elements have where
// there is one.
func columns() []column {
	return append(electorColumns(), rowColumns()...)
}

// electorColumns are those of elector and person.
func electorColumns() []column {
	return []column{
		textColumn("sezioneelettoralenum", 10, func(e *electoral.ExtractedElector) string { return e.Section }),
		textColumn("idSchedaSoggettoANPR", 16, func(e *electoral.ExtractedElector) string { return e.Elector.ANPRID }),
		textColumn("codiceFiscale", 16,
			func(e *electoral.ExtractedElector) string { return string(e.Person.FiscalCode) }),
		textColumn("cognome", 50, func(e *electoral.ExtractedElector) string { return e.Person.Surname }),
		textColumn("nome", 50, func(e *electoral.ExtractedElector) string { return e.Person.Name }),
		textColumn("sesso", 1, func(e *electoral.ExtractedElector) string { return string(e.Person.Sex) }),
		{"dataNascita", 10, func(b []byte,
			e *electoral.ExtractedElector) []byte {
			return appendDate(b, e.Person.Birth.Date)
		}},
		textColumn("luogoNascita", 4, func(e *electoral.ExtractedElector) string { return e.Person.Birth.Place }),
		answerColumn("elettore", func(e *electoral.ExtractedElector) electoral.Answer { return e.Elector.Capacity }),
		answerColumn("referendumnazionali",
			func(e *electoral.ExtractedElector) electoral.Answer { return e.Elector.Status.NationalReferendums }),
		answerColumn("elezionimembriue",
			func(e *electoral.ExtractedElector) electoral.Answer { return e.Elector.Status.EuropeanParliament }),
		answerColumn("senatorepubblica",
			func(e *electoral.ExtractedElector) electoral.Answer { return e.Elector.Status.Senate }),
		textColumn("circoscrsenatorepubblica", 50,
			func(e *electoral.ExtractedElector) string { return e.Elector.Status.SenateConstituency }),
		answerColumn("cameradeputati",
			func(e *electoral.ExtractedElector) electoral.Answer { return e.Elector.Status.Chamber }),
		textColumn("circoscrcameradeputati", 50,
			func(e *electoral.ExtractedElector) string { return e.Elector.Status.ChamberConstituency }),
		answerColumn("regionali",
			func(e *electoral.ExtractedElector) electoral.Answer { return e.Elector.Status.Regional }),
		answerColumn("comunali",
			func(e *electoral.ExtractedElector) electoral.Answer { return e.Elector.Status.Comunal }),
		answerColumn("circoscrizionali",
			func(e *electoral.ExtractedElector) electoral.Answer { return e.Elector.Status.District }),
		{"soggettoCertificabile", 1, func(b []byte, e *electoral.ExtractedElector) []byte {
			if c := e.Elector.Certifiability; c != nil {
				return strconv.AppendInt(b, int64(*c), 10)
			}
			return b
		}},
	}
}

// rowColumns are those of the row in the list, which follow.
func rowColumns() []column {
	return []column{
		{"numero", 7, func(b []byte, e *electoral.ExtractedElector) []byte {
			if e.Number > 0 {
				return strconv.AppendInt(b, int64(e.Number), 10)
			}
			return b
		}},
		deedColumn("attoNascitaNumero", 10, func(d *electoral.BirthDeed) string { return d.Number }),
		deedColumn("attoNascitaParte", 5, func(d *electoral.BirthDeed) string { return d.Part }),
		deedColumn("attoNascitaSerie", 5, func(d *electoral.BirthDeed) string { return d.Series }),
		textColumn("abitazione", 80, func(e *electoral.ExtractedElector) string {
			if r := e.Person.Residence; r != nil {
				return r.Abode
			}
			return ""
		}),
		textColumn("statoEstero", 3, func(e *electoral.ExtractedElector) string {
			if a := e.Person.Abroad; a != nil && e.Person.Residence == nil {
				return a.State
			}
			return ""
		}),
		textColumn("riga", 10, func(e *electoral.ExtractedElector) string {
			switch e.Line {
			case electoral.MarkedLine:
				return "annotata"
			case electoral.StruckLine:
				return "depennata"
			}
			return ""
		}),
		textColumn("motivi", 60, func(e *electoral.ExtractedElector) string {
			if len(e.Reasons) == 0 {
				return ""
			}
			codes := make([]string, len(e.Reasons))
			for i, f := range e.Reasons {
				codes[i] = string(f.Code)
			}
			return strings.Join(codes, " ")
		}),
	}
}

// appendDate is Date.String without its detours, for the usual date.
func appendDate(b []byte, d electoral.Date) []byte {
	if !d.Complete() || !d.Valid() {
		return append(b, d.String()...)
	}
	return append(b, byte('0'+d.Year/1000), byte('0'+d.Year/100%10), byte('0'+d.Year/10%10), byte('0'+d.Year%10),
		'-', byte('0'+d.Month/10), byte('0'+d.Month%10), '-', byte('0'+d.Day/10), byte('0'+d.Day%10))
}

// listBuffer is how much of a list is handed on at once.
const listBuffer = 64 << 10

// errNoWriter is the error of a list's writer that was made without an
// [io.Writer], or was not made by its New.
var errNoWriter = errors.New("lists: the writer is nil")

// buffered returns a buffer before w, nil if w is.
func buffered(w io.Writer) *bufio.Writer {
	if w == nil {
		return nil
	}
	return bufio.NewWriterSize(w, listBuffer)
}

// flush hands on what a buffer holds.
func flush(out *bufio.Writer) error {
	if out == nil {
		return errNoWriter
	}
	return out.Flush()
}

// answerText is S, N or nothing, as in ANPR's messages.
func answerText(a electoral.Answer) string {
	switch a {
	case electoral.Yes:
		return "S"
	case electoral.No:
		return "N"
	}
	return ""
}

// A CSVWriter writes a list as CSV (RFC 4180): UTF-8, a header with ANPR's
// element names, S, N or nothing for a yes-or-no field. Without [CSVConfig].Text a
// text that begins like a spreadsheet's formula is written as it is: import the
// file, do not open it with a double click.
type CSVWriter struct {
	out     *bufio.Writer
	cfg     CSVConfig
	columns []column
	elector electoral.ExtractedElector // of the row
	row     []byte
	text    []byte // of a field that is quoted
}

// A CSVConfig says how a list is written as CSV. Its zero value is RFC 4180.
type CSVConfig struct {
	// BOM writes a byte order mark first, by which spreadsheets know UTF-8.
	BOM bool
	// Semicolon separates the fields with semicolons, as Italian spreadsheets
	// expect.
	Semicolon bool
	// Text puts an apostrophe before a text that a spreadsheet would take for a
	// formula: one that begins with =, +, -, @, a tab or a line break. Programs that
	// read the file must take it off again.
	Text bool
}

// ForSpreadsheets is the CSV that a spreadsheet opens with a double click: with a
// byte order mark and semicolons, and without formulas.
func ForSpreadsheets() CSVConfig { return CSVConfig{BOM: true, Semicolon: true, Text: true} }

// NewCSVWriter returns a writer to w. With a nil w each of its methods fails.
func NewCSVWriter(w io.Writer) *CSVWriter { return CSVConfig{}.NewWriter(w) }

// NewWriter returns a writer to w.
func (c CSVConfig) NewWriter(w io.Writer) *CSVWriter {
	return &CSVWriter{out: buffered(w), cfg: c, columns: columns()}
}

func (c CSVConfig) separator() byte {
	if c.Semicolon {
		return ';'
	}
	return ','
}

// NeedsTotal returns false: the format does without the number of the rows.
func (*CSVWriter) NeedsTotal() bool { return false }

// Begin implements [electoral.ListWriter].
func (c *CSVWriter) Begin(electoral.ExtractHeader) error {
	if c.out == nil {
		return errNoWriter
	}
	c.row = c.row[:0]
	if c.cfg.BOM {
		c.row = append(c.row, "\ufeff"...)
	}
	for i, col := range c.columns {
		if i > 0 {
			c.row = append(c.row, c.cfg.separator())
		}
		c.row = append(c.row, col.name...)
	}
	return c.end()
}

// Write implements [electoral.ListWriter].
func (c *CSVWriter) Write(e electoral.ExtractedElector) error {
	if c.out == nil {
		return errNoWriter
	}
	c.row, c.elector = c.row[:0], e
	separator := c.cfg.separator()
	for i := range c.columns {
		if i > 0 {
			c.row = append(c.row, separator)
		}
		start := len(c.row)
		c.row = c.columns[i].append(c.row, &c.elector)
		if c.cfg.Text && len(c.row) > start && strings.IndexByte("=+-@\t\r\n", c.row[start]) >= 0 {
			c.row = slices.Insert(c.row, start, '\'')
		}
		if quoted(c.row[start:], separator) {
			c.text = append(c.text[:0], c.row[start:]...)
			c.row = appendQuoted(c.row[:start], c.text)
		}
	}
	return c.end()
}

func (c *CSVWriter) end() error {
	c.row = append(c.row, "\r\n"...)
	_, err := c.out.Write(c.row)
	return err
}

// End implements [electoral.ListWriter].
func (c *CSVWriter) End() error { return flush(c.out) }

// quoted reports whether encoding/csv quotes a field: those with the separator, a
// quotation mark or a line break, those that begin with a blank, and the one
// that ends PostgreSQL's input.
func quoted(field []byte, separator byte) bool {
	if len(field) == 0 {
		return false
	}
	for _, c := range field {
		if c == separator || c == '"' || c == '\r' || c == '\n' {
			return true
		}
	}
	if first := field[0]; first > ' ' && first < utf8.RuneSelf {
		return len(field) == 2 && first == '\\' && field[1] == '.'
	}
	first, _ := utf8.DecodeRune(field)
	return unicode.IsSpace(first)
}

// appendQuoted quotes a field as encoding/csv does where lines end with CR LF.
func appendQuoted(b, field []byte) []byte {
	b = append(b, '"')
	for _, c := range field {
		switch c {
		case '"':
			b = append(b, '"', '"')
		case '\r': // written with its line feed
		case '\n':
			b = append(b, '\r', '\n')
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// An NDJSONWriter writes a list as one JSON object a line, with every
// field of elector and person.
type NDJSONWriter struct {
	out *bufio.Writer
	enc *json.Encoder
}

// NewNDJSONWriter returns a writer to w. With a nil w each of its methods fails.
func NewNDJSONWriter(w io.Writer) *NDJSONWriter {
	out := buffered(w)
	if out == nil {
		return &NDJSONWriter{}
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return &NDJSONWriter{out, enc}
}

// NeedsTotal returns false: the format does without the number of the rows.
func (*NDJSONWriter) NeedsTotal() bool { return false }

// Begin implements [electoral.ListWriter].
func (n *NDJSONWriter) Begin(electoral.ExtractHeader) error {
	if n.out == nil {
		return errNoWriter
	}
	return nil
}

// Write implements [electoral.ListWriter].
func (n *NDJSONWriter) Write(e electoral.ExtractedElector) error {
	if n.out == nil {
		return errNoWriter
	}
	return n.enc.Encode(&struct {
		Section string             `json:"section"`
		Number  int                `json:"number,omitzero"`
		Line    electoral.Line     `json:"line,omitzero"`
		Reasons electoral.Faults   `json:"reasons,omitzero"`
		Elector *electoral.Elector `json:"elector"`
		Person  *electoral.Person  `json:"person"`
	}{e.Section, e.Number, e.Line, e.Reasons, &e.Elector, &e.Person})
}

// End implements [electoral.ListWriter].
func (n *NDJSONWriter) End() error { return flush(n.out) }

// An ASCIIWriter writes a list as fixed-width ASCII records that end with CR LF
// ("risposta in formato ASCII", annex 2). Each column is padded with blanks to
// the width that [ASCIILayout] gives; a letter with an accent is written as the
// plain letter and an apostrophe, as the public registers do ([refdata.Plain]); a
// character for which there are no plain letters is a question mark, and is told
// of: [ASCIIWriter.Replaced]. A text that does not fit stops no other row: End
// returns all of them, each with the person's ANPR id and the column, and what was
// written is then no list. Nothing is cut unseen.
type ASCIIWriter struct {
	out      *bufio.Writer
	columns  []column
	replaced electoral.Faults
	long     []error
	elector  electoral.ExtractedElector // of the row
	row      []byte
}

// NewASCIIWriter returns a writer to w. With a nil w each of its methods fails.
func NewASCIIWriter(w io.Writer) *ASCIIWriter {
	return &ASCIIWriter{out: buffered(w), columns: columns()}
}

// An ASCIIColumn is one column of the fixed-width format.
type ASCIIColumn struct {
	Name string
	// From is the position of the first character, from 1; Width the number of
	// characters.
	From, Width int
}

// ASCIILayout returns the columns of the fixed-width format.
func ASCIILayout() []ASCIIColumn {
	var layout []ASCIIColumn
	from := 1
	for _, c := range columns() {
		layout = append(layout, ASCIIColumn{c.name, from, c.width})
		from += c.width
	}
	return layout
}

// NeedsTotal returns false: the format does without the number of the rows.
func (*ASCIIWriter) NeedsTotal() bool { return false }

// Begin implements [electoral.ListWriter].
func (a *ASCIIWriter) Begin(electoral.ExtractHeader) error {
	if a.out == nil {
		return errNoWriter
	}
	return nil
}

// Write implements [electoral.ListWriter].
func (a *ASCIIWriter) Write(e electoral.ExtractedElector) error {
	if a.out == nil {
		return errNoWriter
	}
	a.row, a.elector = a.row[:0], e
	for i := range a.columns {
		c := &a.columns[i]
		start := len(a.row)
		a.row = c.append(a.row, &a.elector)
		if !printable(a.row[start:]) {
			plain, whole := refdata.Plain(string(a.row[start:]))
			if !whole {
				a.replaced = append(a.replaced, electoral.NewFault(electoral.ListLetters.In("ascii"), c.name,
					e.Elector.ANPRID, nil))
			}
			a.row = append(a.row[:start], plain...)
		}
		if n := len(a.row) - start; n > c.width {
			a.long = append(a.long, fmt.Errorf("lists: elector %s: column %s holds %d characters: expected at most %d",
				e.Elector.ANPRID, c.name, n, c.width))
			return nil
		}
		for len(a.row) < start+c.width {
			a.row = append(a.row, ' ')
		}
	}
	a.row = append(a.row, "\r\n"...)
	_, err := a.out.Write(a.row)
	return err
}

// printable reports whether a text has only printable ASCII characters.
func printable(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// End implements [electoral.ListWriter].
func (a *ASCIIWriter) End() error { return errors.Join(append(a.long, flush(a.out))...) }

// Replaced tells, after End, whose texts hold characters that ASCII cannot, all
// of them: column and ANPR id, and no text.
func (a *ASCIIWriter) Replaced() []electoral.Fault { return a.replaced }
