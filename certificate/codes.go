package certificate

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/spreadsheet"
)

// A FileError says why a file of codici fiscali cannot be read, or not any further.
type FileError struct {
	// Row and Column are where, as a spreadsheet shows them: rows from 1, columns as
	// letters. Row is 0 and Column empty where it is the whole file, or the row.
	Row    int
	Column string
	// Reason says in Italian, for the office, what is wrong and what to do. Its code
	// is [FileUnreadable]; its case says which problem it is.
	Reason Reason
	// Err is the problem for programs.
	Err error
}

func (e *FileError) Error() string {
	text := "certificate: file of codici fiscali"
	if e.Row > 0 {
		text += ": row " + strconv.Itoa(e.Row)
	}
	if e.Column != "" {
		text += ", column " + e.Column
	}
	if e.Err == nil {
		return text
	}
	return text + ": " + e.Err.Error()
}

// RefusalCode returns the code under which the access log keeps the refusal.
func (e *FileError) RefusalCode() string { return string(e.Reason.Code) }

// Unwrap returns the code of the reason and the problem.
func (e *FileError) Unwrap() []error { return []error{e.Reason.Code, e.Err} }

const (
	// maxCodeRow bounds a row, in bytes.
	maxCodeRow = 64 << 10
	// maxCode bounds the part of a code that is kept, in bytes: a codice fiscale has
	// 16.
	maxCode = 64
	// titleRows is how many rows are searched for a heading or a first code.
	titleRows = 20
)

// What programs are told of a file.
var (
	errLongRow = fmt.Errorf("the row is longer than %d bytes: expected one codice fiscale a row, every quote closed",
		maxCodeRow)
	errManyRows = errors.New("more rows than one request may have: divide it")
	errEmpty    = errors.New("the CSV is empty: expected one codice fiscale a row")
	errTwice    = errors.New("two columns are headed codice fiscale: expected one")
)

// The cases of FileUnreadable beside those of package spreadsheet.
const (
	fileEmpty      = "empty"
	fileTwoColumns = "columns"
)

// saveAsCSV is the advice for whoever sends another file than a CSV.
const saveAsCSV = "Un file CSV: nel foglio elettronico scegliere «Salva con nome» e il tipo «CSV UTF-8»."

// fileRule is the rule of FileUnreadable.
func fileRule() electoral.Rule {
	return electoral.Rule{
		Code: electoral.Code(FileUnreadable), Severity: electoral.Error,
		Message:  "Il file con i codici fiscali non si può leggere.",
		Expected: saveAsCSV,
		Cases: []electoral.Case{
			{Name: string(spreadsheet.Workbook), Message: "Il file è una cartella di lavoro (.xlsx o .ods), non un CSV.",
				Expected: saveAsCSV},
			{Name: string(spreadsheet.OldWorkbook), Message: "Il file è una cartella di lavoro del vecchio Excel (.xls), non un CSV.",
				Expected: saveAsCSV},
			{Name: string(spreadsheet.Markup), Message: "Il file è una pagina HTML o un documento XML, anche se ha un altro nome.",
				Expected: saveAsCSV},
			{Name: string(spreadsheet.Encoding), Message: "Il file non è un testo, o è in una codifica sconosciuta.",
				Expected: saveAsCSV},
			{Name: string(spreadsheet.Quote), Message: "Nella riga {row}, colonna {column}, una virgoletta non è chiusa.",
				Expected: "Le virgolette che aprono una cella chiuse alla fine della cella."},
			{Name: string(spreadsheet.LongRow), Message: "La riga {row} è troppo lunga: forse una virgoletta non è chiusa.",
				Expected: "Un codice fiscale per riga, e al massimo 64 KiB."},
			{Name: string(spreadsheet.ManyRows), Message: "Il file ha troppe righe.",
				Expected: "Al massimo {limit} righe: dividere la richiesta."},
			{Name: string(spreadsheet.LargeFile), Message: "Il file è troppo grande.", Expected: "Al massimo 256 MiB."},
			{Name: fileEmpty, Message: "Il file è vuoto.", Expected: "Un codice fiscale per riga."},
			{Name: fileTwoColumns, Message: "Due colonne sono intestate al codice fiscale: {column} e {second}.",
				Expected: "Una sola colonna con quell'intestazione."},
		},
		Source: sdkChoice,
	}
}

// newFileError makes the error of a problem; limit is what was expected at most.
func newFileError(problem spreadsheet.Problem, row, column int, limit string, err error) *FileError {
	args := electoral.Args{"row": strconv.Itoa(row), "column": spreadsheet.ColumnName(column), "limit": limit}
	return &FileError{Row: row, Column: spreadsheet.ColumnName(column), Err: err,
		Reason: newCase(FileUnreadable, string(problem), "codes", args)}
}

// fileError turns an error of the file, or of its reader, into ours.
func fileError(err error) error {
	e, ok := errors.AsType[*spreadsheet.Error](err)
	if !ok {
		return fmt.Errorf("certificate: batch: %w", err)
	}
	if e.Problem == spreadsheet.LongRow {
		return newFileError(e.Problem, e.Row, e.Column, "", errLongRow)
	}
	return newFileError(e.Problem, e.Row, e.Column, strconv.Itoa(MaxBatch), e)
}

// repeatedIn is the reason of a row whose code stands in an earlier row of the file.
func repeatedIn(row int) Reason {
	return newCase(PersonRepeated, "row", "codiceFiscale", electoral.Args{"row": strconv.Itoa(row)})
}

// codeReader reads codici fiscali from a CSV.
type codeReader struct {
	rows   *spreadsheet.Reader
	ahead  []spreadsheet.Row // rows that were read to find the column
	row    int               // of the last code, in the file
	column int               // of the codes, from 1
}

// newCodeReader finds the column of the codes.
func newCodeReader(r io.Reader) (*codeReader, error) {
	rows, err := spreadsheet.NewReader(r, spreadsheet.Config{Row: maxCodeRow})
	if err != nil {
		return nil, fileError(err)
	}
	c := &codeReader{rows: rows, column: 1}
	found := false
	for !found && len(c.ahead) < titleRows {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && len(c.ahead) == 0 {
			return nil, fileError(err)
		}
		if err != nil {
			break // met again after the rows before it
		}
		headed, err := headings(row)
		if err != nil {
			return nil, err
		}
		if headed > 0 {
			c.column, c.ahead = headed, nil // those above it are titles
			return c, nil
		}
		c.ahead = append(c.ahead, row)
		if first := slices.IndexFunc(row.Cells, isCode); first >= 0 {
			c.column, found = first+1, true
		}
	}
	for _, row := range c.ahead {
		if first := slices.IndexFunc(row.Cells, likeCode); first >= 0 && !found {
			c.column, found = first+1, true
		}
	}
	if len(c.ahead) == 0 {
		return nil, newFileErrorNamed(fileEmpty, 0, nil, errEmpty)
	}
	return c, nil
}

func newFileErrorNamed(name string, row int, args electoral.Args, err error) *FileError {
	return &FileError{Row: row, Err: err, Reason: newCase(FileUnreadable, name, "codes", args)}
}

// headings returns the column, from 1, that a row heads as that of the codes; 0 if
// none. A heading that is exactly that goes before one that says more.
func headings(row spreadsheet.Row) (int, error) {
	for _, is := range []func(string) bool{
		func(s string) bool { return slices.Contains(codeHeadings, s) },
		func(s string) bool { return strings.HasPrefix(s, "codicefiscale") || strings.HasPrefix(s, "codfisc") },
	} {
		found := 0
		for k, cell := range row.Cells {
			if len(cell) > 200 || !is(heading(cell)) {
				continue
			}
			if found > 0 {
				return 0, newFileErrorNamed(fileTwoColumns, row.Number, electoral.Args{
					"column": spreadsheet.ColumnName(found), "second": spreadsheet.ColumnName(k + 1)}, errTwice)
			}
			found = k + 1
		}
		if found > 0 {
			return found, nil
		}
	}
	return 0, nil
}

// codeHeadings are the headings of a column of codes, as heading writes them.
// Read-only.
var codeHeadings = []string{"codicefiscale", "codicefisc", "codfiscale", "codfisc", "codfis", "cfiscale", "cf",
	"fiscalcode", "steuernummer", "steuerkodex", "codefiscal", "davcnastevilka"}

// heading reduces a heading to its plain letters.
func heading(s string) string {
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
}

// isCode reports whether a cell holds a codice fiscale.
func isCode(cell string) bool {
	if len(cell) > 200 {
		return false
	}
	_, err := electoral.ParseFiscalCode(codeOf(cell))
	return err == nil
}

// likeCode reports whether a cell may be a mistyped codice fiscale: sixteen letters and
// digits, both of them.
func likeCode(cell string) bool {
	code := codeOf(cell)
	letters := strings.IndexFunc(code, func(r rune) bool { return r < '0' || r > '9' }) >= 0
	return len(code) == 16 && letters && strings.ContainsAny(code, "0123456789") &&
		strings.Trim(strings.ToUpper(code), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// codeOf returns the code of a cell: without blanks and invisible characters around
// it, and without what makes a spreadsheet take it for a text. It is a copy, which
// does not hold the memory of the whole row.
func codeOf(cell string) string {
	around := func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }
	cell = strings.TrimFunc(cell, around)
	if inner, ok := strings.CutPrefix(cell, `="`); ok {
		cell = strings.TrimFunc(strings.TrimSuffix(inner, `"`), around)
	}
	cell = strings.TrimPrefix(cell, "'")
	if len(cell) > maxCode {
		return strings.ToValidUTF8(cell[:maxCode], "") + "…" // too long to be a code, whatever follows
	}
	return strings.Clone(strings.ToValidUTF8(cell, "?"))
}

// short bounds a text from the input for the report.
func short(s string) string {
	if len(s) > 32 {
		return strings.ToValidUTF8(s[:32], "") + "…"
	}
	return s
}

// next returns the next code; after the last, io.EOF. A row without a cell in the
// column of the codes has an empty one.
func (c *codeReader) next() (string, error) {
	var row spreadsheet.Row
	if len(c.ahead) > 0 {
		row, c.ahead = c.ahead[0], c.ahead[1:]
	} else {
		var err error
		if row, err = c.rows.Next(); err != nil {
			if !errors.Is(err, io.EOF) {
				err = fileError(err)
			}
			return "", err
		}
	}
	c.row = row.Number
	if len(row.Cells) < c.column {
		return "", nil
	}
	return codeOf(row.Cells[c.column-1]), nil
}
