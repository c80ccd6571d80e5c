package refdata

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a table's file: far above the largest table (1.6 MB, 20,000 rows),
// far below what would harm the process.
const (
	maxTableBytes = 16 << 20
	maxTableRows  = 200_000
	maxLineBytes  = 16 << 10
)

const magic = "#anpr-refdata 1"

// A ParseError says where a table's file breaks its format.
type ParseError struct {
	File     string // name in the file system given to Load
	Line     int    // from 1, of the uncompressed text; 0 for the file as a whole
	Column   int    // from 1, counted in fields; 0 for the line as a whole
	Field    string // the column's name, empty where Column is 0
	Value    string // what was found, shortened to 80 bytes
	Expected string // what may stand there
}

// Error implements error.
func (e *ParseError) Error() string {
	where := e.File
	if e.Line > 0 {
		where += ":" + strconv.Itoa(e.Line)
	}
	if e.Column > 0 {
		where += ":" + strconv.Itoa(e.Column) + " (" + e.Field + ")"
	}
	return fmt.Sprintf("refdata: %s: found %q, expected %s", where, e.Value, e.Expected)
}

// A Source says where the rows of a table come from and under which licence
// they may be used. Each embedded table carries its own.
type Source struct {
	Table   string // the table's name, such as "comuni"
	Name    string // what was used
	Origin  string // where it was published
	Licence string // SPDX identifier where there is one
	Date    Date   // state of the data
}

// table is a parsed file: its head and its rows, not yet understood.
type table struct {
	file    string
	name    string
	date    Date
	sources []Source
	notes   []string
	line    int      // of the row being read
	fields  []string // of the row being read; overwritten by the next
	columns []string
	rest    string
	rows    int
}

// readFile returns the text of a table: name.tsv or, failing that, name.tsv.gz.
func readFile(fsys fs.FS, name string) (file, text string, err error) {
	file = name + ".tsv"
	f, err := fsys.Open(file)
	zipped := errors.Is(err, fs.ErrNotExist)
	if zipped {
		file += ".gz"
		f, err = fsys.Open(file)
	}
	if err != nil {
		return file, "", err
	}
	defer f.Close()
	var r io.Reader = f
	if zipped {
		z, err := gzip.NewReader(f)
		if err != nil {
			return file, "", &ParseError{File: file, Value: err.Error(), Expected: "a gzip file"}
		}
		defer z.Close()
		r = z
	}
	var buf strings.Builder
	if st, err := f.Stat(); err == nil && st.Size() < maxTableBytes {
		// The embedded tables shrink to between a third and a fifth.
		size := int(st.Size()) + 1
		if zipped {
			size = min(4*size, maxTableBytes)
		}
		buf.Grow(size)
	}
	if _, err := io.Copy(&buf, io.LimitReader(r, maxTableBytes+1)); err != nil {
		return file, "", &ParseError{File: file, Value: err.Error(), Expected: "a readable file"}
	}
	if buf.Len() > maxTableBytes {
		return file, "", &ParseError{File: file, Value: "a longer text",
			Expected: fmt.Sprintf("at most %d bytes", maxTableBytes)}
	}
	return file, buf.String(), nil
}

// openTable reads the head of a table and checks its column names.
func openTable(file, text, name string, columns []string) (*table, error) {
	t := &table{file: file, name: name, columns: columns, fields: make([]string, len(columns))}
	if !utf8.ValidString(text) {
		return nil, t.whole("bytes that are not UTF-8", "UTF-8 text")
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			t.line = 1 + strings.Count(text[:i], "\n")
			return nil, t.whole(text[i:i+1], "no control characters but tabs and LF line ends")
		}
	}
	if !strings.HasSuffix(text, "\n") {
		return nil, t.whole("no line end at the end", "a whole last line")
	}
	t.rest = text
	if line, _ := t.nextLine(); line != magic {
		return nil, t.whole(line, magic)
	}
	if line, _ := t.nextLine(); line != "#table "+name {
		return nil, t.whole(line, "#table "+name)
	}
	line, _ := t.nextLine()
	value, ok := strings.CutPrefix(line, "#date ")
	if ok {
		d, err := ParseDate(value)
		ok, t.date = err == nil, d
	}
	if !ok {
		return nil, t.whole(line, "#date and "+dateForms)
	}
	for {
		line, ok := t.nextLine()
		if !ok {
			return nil, t.whole("the end of the file", "the line of column names")
		}
		if note, ok := strings.CutPrefix(line, "#note "); ok {
			t.notes = append(t.notes, note)
			continue
		}
		if value, ok := strings.CutPrefix(line, "#source "); ok {
			s, err := t.source(value)
			if err != nil {
				return nil, err
			}
			t.sources = append(t.sources, s)
			continue
		}
		if want := strings.Join(columns, "\t"); line != want {
			return nil, t.whole(line, "the column names "+strconv.Quote(want))
		}
		break
	}
	if len(t.sources) == 0 {
		return nil, t.whole("no #source line", "at least one line #source name|origin|licence|date")
	}
	return t, nil
}

func (t *table) source(value string) (Source, error) {
	p := strings.Split(value, "|")
	if len(p) != 4 || p[0] == "" || p[1] == "" || p[2] == "" {
		return Source{}, t.whole(value, "#source name|origin|licence|date")
	}
	d, err := ParseDate(p[3])
	if err != nil {
		return Source{}, t.whole(p[3], dateForms)
	}
	return Source{Table: t.name, Name: p[0], Origin: p[1], Licence: p[2], Date: d}, nil
}

func (t *table) nextLine() (string, bool) {
	if t.rest == "" {
		return "", false
	}
	i := strings.IndexByte(t.rest, '\n') // the text ends with one
	line := t.rest[:i]
	t.rest = t.rest[i+1:]
	t.line++
	return line, true
}

// next reads the next row into t.fields; false at the end.
func (t *table) next() (bool, error) {
	line, ok := t.nextLine()
	if !ok {
		return false, nil
	}
	if t.rows++; t.rows > maxTableRows {
		return false, t.whole("one more row", fmt.Sprintf("at most %d rows", maxTableRows))
	}
	if len(line) > maxLineBytes {
		return false, t.whole(line, fmt.Sprintf("a line of at most %d bytes", maxLineBytes))
	}
	row, last := line, len(t.fields)-1
	for i := range last {
		tab := strings.IndexByte(row, '\t')
		if tab < 0 {
			return false, t.width(line)
		}
		t.fields[i], row = row[:tab], row[tab+1:]
	}
	if t.fields[last] = row; strings.IndexByte(row, '\t') >= 0 {
		return false, t.width(line)
	}
	return true, nil
}

func (t *table) width(line string) error {
	return t.whole(line, strconv.Itoa(len(t.fields))+" fields parted by tabs: "+strings.Join(t.columns, ", "))
}

func (t *table) whole(value, expected string) error {
	return &ParseError{File: t.file, Line: t.line, Value: shorten(value), Expected: expected}
}

// bad reports that the field of a column, counted from 0, is not as expected.
func (t *table) bad(column int, expected string) error {
	return &ParseError{File: t.file, Line: t.line, Column: column + 1, Field: t.columns[column],
		Value: shorten(t.fields[column]), Expected: expected}
}

func shorten(s string) string {
	if len(s) <= 80 {
		return s
	}
	n := 77
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// row collects the first error of the fields of one row, so that a table's
// reader is a plain list of fields.
type row struct {
	t   *table
	err error
}

func (r *row) fail(column int, expected string) {
	if r.err == nil {
		r.err = r.t.bad(column, expected)
	}
}

func (r *row) text(column int) string { return r.t.fields[column] }

func (r *row) must(column int) string {
	if r.t.fields[column] == "" {
		r.fail(column, "a value")
	}
	return r.t.fields[column]
}

// match is for a short code: empty (if optional) or of the given shape, where 9
// stands for a digit, A for a capital letter and X for either.
func (r *row) match(column int, shape string, optional bool) string {
	v := r.t.fields[column]
	if (v != "" || !optional) && !hasShape(v, shape) {
		want := "a code of the form " + shape + " (9 a digit, A a capital letter, X either)"
		if optional {
			want += " or nothing"
		}
		r.fail(column, want)
	}
	return v
}

func hasShape(v, shape string) bool {
	if len(v) != len(shape) {
		return false
	}
	for i := range len(v) {
		digit, letter := v[i] >= '0' && v[i] <= '9', v[i] >= 'A' && v[i] <= 'Z'
		switch shape[i] {
		case '9':
			if !digit {
				return false
			}
		case 'A':
			if !letter {
				return false
			}
		default:
			if !digit && !letter {
				return false
			}
		}
	}
	return true
}

func (r *row) date(column int) Date {
	v := r.t.fields[column]
	if v == "" {
		return Date{}
	}
	d, err := ParseDate(v)
	if err != nil {
		r.fail(column, dateForms+", or nothing")
	}
	return d
}

func (r *row) number(column int) int {
	v := r.t.fields[column]
	if v == "" {
		return 0
	}
	n, err := strconv.ParseUint(v, 10, 31)
	if err != nil || v[0] == '+' || len(v) > 1 && v[0] == '0' {
		r.fail(column, "a number from 0 to 2147483647 without leading zeros, or nothing")
	}
	return int(n)
}

func (r *row) flag(column int) bool {
	v := r.t.fields[column]
	if v != "0" && v != "1" {
		r.fail(column, "0 or 1")
	}
	return v == "1"
}

// certainty reads a degree of certainty. An empty field means sourced, as
// nearly all values are.
func (r *row) certainty(column int) Certainty {
	switch r.t.fields[column] {
	case "", string(Sourced):
		return Sourced
	case string(GeneralKnowledge):
		return GeneralKnowledge
	}
	r.fail(column, "sourced, general-knowledge or nothing, which means sourced")
	return ""
}

func (r *row) period(from, to int) (Date, Date) {
	f, t := r.date(from), r.date(to)
	if !f.IsZero() && !t.IsZero() && t.Latest().Before(f) {
		r.fail(to, "a date not before "+f.String())
	}
	return f, t
}
