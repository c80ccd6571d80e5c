package electoral

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A column is one column of the text formats of an extracted list.
type column struct {
	name  string
	width int // characters in the fixed-width format
	text  func(ExtractedElector) string
}

func statusColumn(name string, c Consultation) column {
	return column{name, 1, func(e ExtractedElector) string { return answerText(e.Elector.Status.For(c)) }}
}

// columns returns the columns, with the names that ANPR's elements have where
// there is one.
func columns() []column {
	return []column{
		{"sezioneelettoralenum", 10, func(e ExtractedElector) string { return e.Section }},
		{"idSchedaSoggettoANPR", 16, func(e ExtractedElector) string { return e.Elector.ANPRID }},
		{"codiceFiscale", 16, func(e ExtractedElector) string { return string(e.Person.FiscalCode) }},
		{"cognome", 50, func(e ExtractedElector) string { return e.Person.Surname }},
		{"nome", 50, func(e ExtractedElector) string { return e.Person.Name }},
		{"sesso", 1, func(e ExtractedElector) string { return string(e.Person.Sex) }},
		{"dataNascita", 10, func(e ExtractedElector) string { return e.Person.Birth.Date.String() }},
		{"luogoNascita", 4, func(e ExtractedElector) string { return e.Person.Birth.Place }},
		{"elettore", 1, func(e ExtractedElector) string { return answerText(e.Elector.Capacity) }},
		statusColumn("referendumnazionali", NationalReferendum),
		statusColumn("elezionimembriue", EuropeanElection),
		statusColumn("senatorepubblica", SenateElection),
		{"circoscrsenatorepubblica", 50, func(e ExtractedElector) string { return e.Elector.Status.SenateConstituency }},
		statusColumn("cameradeputati", ChamberElection),
		{"circoscrcameradeputati", 50, func(e ExtractedElector) string { return e.Elector.Status.ChamberConstituency }},
		statusColumn("regionali", RegionalElection),
		statusColumn("comunali", ComunalElection),
		statusColumn("circoscrizionali", DistrictElection),
		{"soggettoCertificabile", 1, func(e ExtractedElector) string {
			if c := e.Elector.Certifiability; c != nil {
				return strconv.Itoa(int(*c))
			}
			return ""
		}},
	}
}

// answerText is S, N or nothing, as in ANPR's messages.
func answerText(a Answer) string {
	switch a {
	case Yes:
		return "S"
	case No:
		return "N"
	}
	return ""
}

// A CSVListWriter writes a list as CSV (RFC 4180): UTF-8, a header with ANPR's
// element names, S, N or nothing for a yes-or-no field. A text that begins
// like a spreadsheet's formula is written as it is: import the file, do not
// open it with a double click.
type CSVListWriter struct {
	w   *csv.Writer
	row []string
}

// NewCSVListWriter returns a writer to w.
func NewCSVListWriter(w io.Writer) *CSVListWriter {
	c := &CSVListWriter{w: csv.NewWriter(w)}
	c.w.UseCRLF = true
	return c
}

// Begin implements [ListWriter].
func (c *CSVListWriter) Begin(ExtractHeader) error {
	c.row = c.row[:0]
	for _, col := range columns() {
		c.row = append(c.row, col.name)
	}
	return c.w.Write(c.row)
}

// Write implements [ListWriter].
func (c *CSVListWriter) Write(e ExtractedElector) error {
	c.row = c.row[:0]
	for _, col := range columns() {
		c.row = append(c.row, col.text(e))
	}
	return c.w.Write(c.row)
}

// End implements [ListWriter].
func (c *CSVListWriter) End() error {
	c.w.Flush()
	return c.w.Error()
}

// An NDJSONListWriter writes a list as one JSON object a line, with every
// field of elector and person.
type NDJSONListWriter struct {
	out *bufio.Writer
	enc *json.Encoder
}

// NewNDJSONListWriter returns a writer to w.
func NewNDJSONListWriter(w io.Writer) *NDJSONListWriter {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return &NDJSONListWriter{out, enc}
}

// Begin implements [ListWriter].
func (n *NDJSONListWriter) Begin(ExtractHeader) error { return nil }

// Write implements [ListWriter].
func (n *NDJSONListWriter) Write(e ExtractedElector) error {
	return n.enc.Encode(struct {
		Section string  `json:"section"`
		Elector Elector `json:"elector"`
		Person  Person  `json:"person"`
	}{e.Section, e.Elector, e.Person})
}

// End implements [ListWriter].
func (n *NDJSONListWriter) End() error { return n.out.Flush() }

// An ASCIIListWriter writes a list as fixed-width ASCII records that end with
// CR LF ("risposta in formato ASCII", annex 2). Each column is padded with
// blanks to the width that [ASCIIListLayout] tells; a letter with an accent is
// written as the plain letter and an apostrophe, as the public registers do. A
// text that does not fit, or that ASCII cannot hold, is an error that names
// the person's ANPR id and the column: nothing is cut unseen.
type ASCIIListWriter struct{ out *bufio.Writer }

// NewASCIIListWriter returns a writer to w.
func NewASCIIListWriter(w io.Writer) *ASCIIListWriter { return &ASCIIListWriter{bufio.NewWriter(w)} }

// An ASCIIColumn is one column of the fixed-width format.
type ASCIIColumn struct {
	Name string
	// From is the position of the first character, from 1; Width the number of
	// characters.
	From, Width int
}

// ASCIIListLayout returns the columns of the fixed-width format.
func ASCIIListLayout() []ASCIIColumn {
	var layout []ASCIIColumn
	from := 1
	for _, c := range columns() {
		layout = append(layout, ASCIIColumn{c.name, from, c.width})
		from += c.width
	}
	return layout
}

// Begin implements [ListWriter].
func (a *ASCIIListWriter) Begin(ExtractHeader) error { return nil }

// Write implements [ListWriter].
func (a *ASCIIListWriter) Write(e ExtractedElector) error {
	for _, c := range columns() {
		text, ok := plainASCII(c.text(e))
		if !ok || len(text) > c.width {
			return fmt.Errorf("electoral: elector %s: column %s holds %q: expected at most %d ASCII characters", e.Elector.ANPRID, c.name, c.text(e), c.width)
		}
		a.out.WriteString(text)
		a.out.WriteString(strings.Repeat(" ", c.width-len(text)))
	}
	_, err := a.out.WriteString("\r\n")
	return err
}

// End implements [ListWriter].
func (a *ASCIIListWriter) End() error { return a.out.Flush() }

// plainASCII writes a text without accents: "NICOLÒ" as "NICOLO'".
func plainASCII(s string) (string, bool) {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case r >= 0x20 && r < 0x7F:
			b.WriteRune(r)
		case r == 0x300 || r == 0x301: // grave, acute
			b.WriteByte('\'')
		case r > 0x301 && r < 0x370: // other marks: the letter alone
		case r == '’':
			b.WriteByte('\'')
		case r == 'ß':
			b.WriteString("SS")
		default:
			return s, false
		}
	}
	return b.String(), true
}
