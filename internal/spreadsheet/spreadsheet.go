// Package spreadsheet reads a table as spreadsheets and other programs write it into a
// text file: in UTF-8 or UTF-16, with or without a byte order mark, its cells parted
// by semicolons, commas or tabs, its rows ended by CR, LF or both. It takes what is
// harmless, tells where it cannot go on, and refuses a workbook, which is no text.
package spreadsheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Config bounds what is read. Zero means the default.
type Config struct {
	Row   int   // bytes of one row, as UTF-8; default 64 KiB
	Rows  int   // rows, empty ones included; default 1,048,576, as many as a sheet has
	Bytes int64 // of the whole file as it comes; default 256 MiB
}

// A Problem says why a file cannot be read, or not any further.
type Problem string

// The problems.
const (
	Workbook    Problem = "xlsx"     // .xlsx, .ods or another ZIP
	OldWorkbook Problem = "xls"      // .xls, an OLE file
	Markup      Problem = "html"     // HTML or XML, which some programs name .xls
	Encoding    Problem = "encoding" // neither UTF-8 text nor UTF-16, or NUL bytes
	Quote       Problem = "quote"    // a quotation mark that is not closed, or is followed by text
	LongRow     Problem = "row"      // more bytes than a row may have
	ManyRows    Problem = "rows"     // more rows than there may be
	LargeFile   Problem = "size"     // more bytes than there may be
)

// An Error says what is wrong with a file, and where.
type Error struct {
	Problem Problem
	Row     int // from 1; 0 if it is the whole file
	Column  int // from 1; 0 if it is the whole row
}

func (e *Error) Error() string {
	text := "spreadsheet: " + string(e.Problem)
	if e.Row > 0 {
		text += fmt.Sprintf(": row %d", e.Row)
	}
	if e.Column > 0 {
		text += ", column " + ColumnName(e.Column)
	}
	return text
}

// A Row is one row that is not empty.
type Row struct {
	// Number counts the rows as a spreadsheet shows them, from 1, with the empty
	// ones and without a line "sep=;".
	Number int
	// Cells are the texts as they stand, without their quotation marks.
	Cells []string
}

// ColumnName returns the letters that a spreadsheet gives a column counted from 1:
// A, B, …, Z, AA.
func ColumnName(n int) string {
	var name []byte
	for ; n > 0; n = (n - 1) / 26 {
		name = append([]byte{byte('A' + (n-1)%26)}, name...)
	}
	return string(name)
}

// Safe returns a text that a spreadsheet takes for a text: with an apostrophe before
// one that it would take for a formula, and valid UTF-8.
func Safe(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if s != "" && strings.IndexByte("=+-@\t\r\n", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

// buffer is how much is read at once, and searched for the separator, in bytes.
const buffer = 4096

// A Reader reads rows.
type Reader struct {
	src    source
	cfg    Config
	comma  byte
	ahead  []byte  // read to find the separator
	one    [1]byte // read to see what follows
	eof    error   // of the source, once ahead is used up
	row    int
	failed error
	size   int // of the row so far
	text   []byte
	ends   []int
}

// NewReader looks at the beginning of a file. The error is an [*Error], or that of
// src.
func NewReader(src io.Reader, cfg Config) (*Reader, error) {
	if src == nil {
		return nil, errors.New("spreadsheet: the reader is nil")
	}
	if cfg.Row <= 0 {
		cfg.Row = 64 << 10
	}
	if cfg.Rows <= 0 {
		cfg.Rows = 1 << 20
	}
	if cfg.Bytes <= 0 {
		cfg.Bytes = 256 << 20
	}
	raw := bufio.NewReaderSize(&bounded{src: src, left: cfg.Bytes}, buffer)
	head, err := raw.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if p := foreign(head); p != "" {
		return nil, &Error{Problem: p}
	}
	r := &Reader{cfg: cfg, src: sourceOf(raw, head)}
	for len(r.ahead) < buffer && r.eof == nil {
		var c byte
		if c, r.eof = r.src.next(); r.eof == nil {
			r.ahead = append(r.ahead, c)
		}
	}
	if r.eof != nil && !errors.Is(r.eof, io.EOF) && len(r.ahead) == 0 {
		return nil, r.located(r.eof)
	}
	r.separator()
	return r, nil
}

// foreign recognises files that are no text.
func foreign(head []byte) Problem {
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n"))
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return Workbook
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")), bytes.HasPrefix(head, []byte("\x09\x08")):
		return OldWorkbook
	case bytes.HasPrefix(text, []byte("<html")), bytes.HasPrefix(text, []byte("<!doctype")),
		bytes.HasPrefix(text, []byte("<?xml")), bytes.HasPrefix(text, []byte("<table")):
		return Markup
	case bytes.HasPrefix(head, []byte("%PDF-")), bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")):
		return Encoding
	}
	return ""
}

// bounded fails past a number of bytes.
type bounded struct {
	src  io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.src.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, &Error{Problem: LargeFile}
	}
	return n, err
}

// A source gives the bytes of a text as UTF-8.
type source interface{ next() (byte, error) }

type plain struct{ *bufio.Reader }

func (p plain) next() (byte, error) {
	c, err := p.ReadByte()
	if err == nil && c == 0 {
		return 0, &Error{Problem: Encoding}
	}
	return c, err
}

func sourceOf(raw *bufio.Reader, head []byte) source {
	switch {
	case bytes.HasPrefix(head, []byte("\ufeff")):
		_, _ = raw.Discard(3)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		_, _ = raw.Discard(2)
		return &wide{raw: raw}
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		_, _ = raw.Discard(2)
		return &wide{raw: raw, big: true}
	case len(head) >= 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
		return &wide{raw: raw}
	case len(head) >= 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		return &wide{raw: raw, big: true}
	}
	return plain{raw}
}

// wide is UTF-16.
type wide struct {
	raw   *bufio.Reader
	big   bool
	ready []byte
	room  [utf8.UTFMax]byte
}

func (w *wide) unit() (rune, error) {
	a, err := w.raw.ReadByte()
	if err != nil {
		return 0, err
	}
	b, err := w.raw.ReadByte()
	if errors.Is(err, io.EOF) {
		return 0, &Error{Problem: Encoding} // half a unit
	}
	if w.big {
		a, b = b, a
	}
	return rune(a) | rune(b)<<8, err
}

func (w *wide) next() (byte, error) {
	if len(w.ready) == 0 {
		c, err := w.unit()
		if err != nil {
			return 0, err
		}
		if utf16.IsSurrogate(c) {
			second, err := w.unit()
			if err != nil && !errors.Is(err, io.EOF) {
				return 0, err
			}
			if c = utf16.DecodeRune(c, second); c == utf8.RuneError {
				return 0, &Error{Problem: Encoding}
			}
		}
		if c == 0 {
			return 0, &Error{Problem: Encoding}
		}
		w.ready = utf8.AppendRune(w.room[:0], c)
	}
	c := w.ready[0]
	w.ready = w.ready[1:]
	return c, nil
}

// separators are what may part cells, the likelier first.
const separators = ";\t,"

// separator finds what parts the cells: what a first line "sep=;" says, or else what
// stands in the most lines of the beginning.
func (r *Reader) separator() {
	end := bytes.IndexAny(r.ahead, "\r\n")
	if end < 0 {
		end = len(r.ahead)
	}
	line := strings.Trim(string(r.ahead[:end]), " \"")
	if len(line) >= 4 && strings.EqualFold(line[:4], "sep=") && (len(line) == 4 || len(line) == 5 &&
		strings.Contains(separators+"|", line[4:])) {
		rest := r.ahead[end:]
		rest = bytes.TrimPrefix(bytes.TrimPrefix(rest, []byte("\r")), []byte("\n"))
		r.ahead = rest
		if len(line) == 5 {
			r.comma = line[4]
			return
		}
	}
	lines := map[byte]int{}
	for line := range bytes.FieldsFuncSeq(r.ahead, func(c rune) bool { return c == '\r' || c == '\n' }) {
		quoted, seen := false, map[byte]bool{}
		for _, c := range line {
			quoted = quoted != (c == '"')
			if !quoted && strings.IndexByte(separators, c) >= 0 && !seen[c] {
				seen[c] = true
				lines[c]++
			}
		}
	}
	r.comma = separators[0]
	for _, c := range []byte(separators) {
		if lines[c] > lines[r.comma] {
			r.comma = c
		}
	}
}

// located gives an error of the file the row where it was met.
func (r *Reader) located(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Row == 0 && e.Problem == Encoding {
		return &Error{Problem: e.Problem, Row: r.row + 1}
	}
	return err
}

// get returns the next byte.
func (r *Reader) get() (byte, error) {
	if r.size++; r.size > r.cfg.Row {
		return 0, &Error{Problem: LongRow, Row: r.row + 1}
	}
	if len(r.ahead) > 0 {
		c := r.ahead[0]
		r.ahead = r.ahead[1:]
		return c, nil
	}
	if r.eof != nil {
		return 0, r.eof
	}
	var c byte
	c, r.eof = r.src.next()
	return c, r.eof
}

// peek returns the next byte and leaves it; 0 at the end.
func (r *Reader) peek() byte {
	if len(r.ahead) == 0 && r.eof == nil {
		var c byte
		if c, r.eof = r.src.next(); r.eof == nil {
			r.one[0] = c
			r.ahead = r.one[:]
		}
	}
	if len(r.ahead) == 0 {
		return 0
	}
	return r.ahead[0]
}

// Next returns the next row that is not empty; after the last, io.EOF. The error is
// an [*Error], or that of the source, and is the answer from then on.
func (r *Reader) Next() (Row, error) {
	for {
		if r.failed != nil {
			return Row{}, r.failed
		}
		more, err := r.record()
		if err != nil {
			r.failed = r.located(err) // what follows may be the middle of a row
			continue
		}
		if !more {
			return Row{}, io.EOF
		}
		if r.row++; r.row > r.cfg.Rows {
			r.failed = &Error{Problem: ManyRows, Row: r.row}
			continue
		}
		if len(bytes.TrimSpace(r.text)) == 0 {
			continue
		}
		text, begin := string(r.text), 0
		row := Row{Number: r.row, Cells: make([]string, 0, len(r.ends))}
		for _, end := range r.ends {
			row.Cells = append(row.Cells, text[begin:end])
			begin = end
		}
		return row, nil
	}
}

// record reads a row into text and ends; more is false at the end of the file.
func (r *Reader) record() (more bool, err error) {
	r.text, r.ends, r.size = r.text[:0], r.ends[:0], 0
	quoted, closed, begins := false, false, true
	for {
		c, err := r.get()
		switch {
		case errors.Is(err, io.EOF) && quoted:
			return false, r.quote()
		case errors.Is(err, io.EOF):
			r.ends = append(r.ends, len(r.text))
			return r.size > 1, nil
		case err != nil:
			return false, err
		}
		if c == '\r' {
			if c = '\n'; r.peek() == '\n' {
				_, _ = r.get()
			}
		}
		switch {
		case quoted && c == '"' && r.peek() == '"':
			_, _ = r.get()
			r.text = append(r.text, c)
		case quoted && c == '"':
			quoted, closed = false, true
		case quoted:
			r.text = append(r.text, c)
		case c == '\n' || c == r.comma:
			r.ends = append(r.ends, len(r.text))
			if closed, begins = false, true; c == '\n' {
				return true, nil
			}
			continue
		case closed && c != ' ':
			return false, r.quote()
		case closed:
		case begins && c == '"':
			quoted = true
		default:
			r.text = append(r.text, c)
		}
		begins = false
	}
}

func (r *Reader) quote() error {
	return &Error{Problem: Quote, Row: r.row + 1, Column: len(r.ends) + 1}
}
