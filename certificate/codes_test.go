package certificate

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/spreadsheet"
)

// A codeRow is what the reader finds in a row.
type codeRow struct {
	row    int
	column string
	code   string
}

func readCodes(r io.Reader) (found []codeRow, err error) {
	rows, err := newCodeReader(r)
	if err != nil {
		return nil, err
	}
	for {
		code, err := rows.next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		found = append(found, codeRow{rows.row, spreadsheet.ColumnName(rows.column), code})
	}
}

// wide is a text in UTF-16, little endian, as Excel's «Testo Unicode».
func wide(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

// TestCodesOfExcel reads what offices send: where the codes stand, however they are
// headed, and which rows they are.
func TestCodesOfExcel(t *testing.T) {
	const a, b = "RSSMRA80A01H501U", "BNCLRA85T50F205A"
	for name, c := range map[string]struct {
		file string
		want []codeRow
	}{
		"Excel": {"\ufeff\"Cognome\";\"Nome\";\"Codice Fiscale\"\r\n\"Rossi; e figli\";\"Mario\";\"" + a +
			"\"\r\n\"Dell'\"\"Orto\"\"\";\"A\";\"" + strings.ToLower(b) + "\"\r\n",
			[]codeRow{{2, "C", a}, {3, "C", strings.ToLower(b)}}},
		"no heading":     {a + "\n" + b + "\n", []codeRow{{1, "A", a}, {2, "A", b}}},
		"second column":  {"1;" + a + "\r\n2;" + b + "\r\n", []codeRow{{1, "B", a}, {2, "B", b}}},
		"first is wrong": {"1;RSSMRA80A01H501\r\n2;" + b + "\r\n", []codeRow{{1, "B", "RSSMRA80A01H501"}, {2, "B", b}}},
		"all mistyped":   {"n;x\r\n1;RSSMRA80A01H501A\r\n", []codeRow{{1, "B", "x"}, {2, "B", "RSSMRA80A01H501A"}}},
		"nothing valid":  {"x;y\r\nz\r\n", []codeRow{{1, "A", "x"}, {2, "A", "z"}}},
		"empty rows": {"\ufeffcodice fiscale;note\r\n" + a + ";\r\n;\r\n\r\n;;;\r\n" + b + " ;x\r\n",
			[]codeRow{{2, "A", a}, {6, "A", b}}},
		"empty columns":     {";;\r\n;;Codice fiscale;;\r\n;;" + a + ";;\r\n", []codeRow{{3, "C", a}}},
		"row without code":  {"nome;cf\r\nx;" + a + "\r\ny\r\nz;\r\n", []codeRow{{2, "B", a}, {3, "B", ""}, {4, "B", ""}}},
		"Testo Unicode":     {"\xff\xfe" + wide("codice fiscale\tnote\r\n"+a+"\tx\r\n"), []codeRow{{2, "A", a}}},
		"tab":               {"note\tcodice fiscale\r\nx\t" + a + "\r\n", []codeRow{{2, "B", a}}},
		"sep":               {"sep=;\r\nnote;codice fiscale\r\nx;" + a + "\r\n", []codeRow{{2, "B", a}}},
		"Latin-1":           {"nome;codice fiscale\r\nNiccol\xf2;" + a + "\r\n", []codeRow{{2, "B", a}}},
		"bare quotes":       {"codice fiscale;n\r\n" + a + ";via \"Roma\" 3\r\n" + b + ";x\r\n", []codeRow{{2, "A", a}, {3, "A", b}}},
		"formula":           {"codice fiscale\r\n=\"" + a + "\"\r\n\"=\"\"" + b + "\"\"\"\r\n", []codeRow{{2, "A", a}, {3, "A", b}}},
		"apostrophe":        {"'" + a + "\r\n", []codeRow{{1, "A", a}}},
		"invisible":         {"codice fiscale\r\n\u00a0" + a + "\u200b\r\n", []codeRow{{2, "A", a}}},
		"CR":                {"codice fiscale\r" + a + "\r" + b + "\r", []codeRow{{2, "A", a}, {3, "A", b}}},
		"titles":            {"Elenco dei firmatari\r\n\r\nNome;C. F.\r\nx;" + a + "\r\n", []codeRow{{4, "B", a}}},
		"exact goes before": {"CF;Codice fiscale del delegato\r\n" + a + ";" + b + "\r\n", []codeRow{{2, "A", a}}},
		"provisional":       {"n;cf\r\n1;12345670151\r\n", []codeRow{{2, "B", "12345670151"}}},
		"only a heading":    {"codice fiscale\r\n", nil},
	} {
		got, err := readCodes(strings.NewReader(c.file))
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	for _, h := range []string{"CODICE FISCALE", "codice_fiscale", "Codice  Fiscale:", "cod. fisc.", "Cod.Fisc", "COD FISCALE",
		"C.F.", "CF", "c. f.", "CodiceFiscale", "Códice Fiscále", "codice fiscale *", "Codice fiscale del firmatario",
		"Steuernummer", "davčna številka"} {
		got, err := readCodes(strings.NewReader("Nome;" + h + "\r\nx;" + a + "\r\n"))
		require.NoError(t, err, h)
		require.Equal(t, []codeRow{{2, "B", a}}, got, h)
	}
}

// TestCodesRefused: what is no CSV, or breaks off, is refused in Italian with what to
// do, and says where.
func TestCodesRefused(t *testing.T) {
	for name, c := range map[string]struct {
		file, kind string
		row        int
		column     string
		message    string
	}{
		"xlsx":   {"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00\x21\x00", "xlsx", 0, "", ".xlsx"},
		"xls":    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "xls", 0, "", ".xls"},
		"html":   {"<html><table><tr><td>CF", "html", 0, "", "HTML"},
		"empty":  {"", "empty", 0, "", "vuoto"},
		"blanks": {"\r\n;;\r\n", "empty", 0, "", "vuoto"},
		"quote":  {"codice fiscale;n\r\nRSSMRA80A01H501U;\"abc\r\nBNCLRA85T50F205A;x\r\n", "quote", 2, "B", "riga 2, colonna B"},
		"two":    {"CF;nome;C.F.\r\n", "columns", 1, "", "A e C"},
		"binary": {"codice fiscale\r\nRSS\x00\r\n", "encoding", 2, "", "codifica"},
	} {
		_, err := readCodes(strings.NewReader(c.file))
		var e *FileError
		require.ErrorAs(t, err, &e, name)
		require.ErrorIs(t, err, FileUnreadable, name)
		require.Equal(t, string(FileUnreadable), electoral.Outcome(err), name)
		require.Equal(t, c.kind, e.Reason.Case, name)
		require.Equal(t, c.row, e.Row, name)
		require.Equal(t, c.column, e.Column, name)
		require.Contains(t, e.Reason.Message, c.message, name)
		require.NotContains(t, e.Reason.Message+e.Reason.Remedy, "{", name)
		if name == "xlsx" || name == "xls" || name == "html" {
			require.Contains(t, e.Reason.Remedy, "CSV UTF-8", name)
		}
	}
	_, err := readCodes(nil)
	require.ErrorContains(t, err, "nil")
	_, err = readCodes(io.MultiReader(strings.NewReader("cf\na\n"), iotest.ErrReader(io.ErrClosedPipe)))
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// TestBatchTellsRows: a code that comes twice is issued once, and each refused row
// says where it stands in the file; a spreadsheet opens the report as text.
func TestBatchTellsRows(t *testing.T) {
	c, codes := newCrowd(t, 2)
	i := c.issuer(t, plainSealer{production: true}, &shelf{})
	file := "Elenco\r\n\r\nnome;codice fiscale\r\nx;" + codes[0] + "\r\n\r\ny;" + strings.ToLower(codes[0]) +
		"\r\n=1+1;\"=HYPERLINK(\"\"http://x\"\")\"\r\nz;" + codes[1] + "\r\n"
	var out bytes.Buffer
	count, err := i.Batch(t.Context(), c.request(), strings.NewReader(file), &out)
	require.NoError(t, err)
	require.Equal(t, BatchCount{Rows: 4, Issued: 2, Refused: 2}, count)
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	last, err := z.File[len(z.File)-1].Open()
	require.NoError(t, err)
	text, err := io.ReadAll(last)
	require.NoError(t, err)
	body, marked := strings.CutPrefix(string(text), "\ufeff")
	require.True(t, marked, "Excel knows UTF-8 by its mark")
	table := csv.NewReader(strings.NewReader(body))
	table.Comma = ';'
	report, err := table.ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"riga del file", "colonna del file"}, report[0][8:])
	for n, fileRow := range []int{4, 6, 7, 8} {
		require.Equal(t, []string{strconv.Itoa(fileRow), "B"}, report[n+1][8:])
	}
	require.Equal(t, string(PersonRepeated), report[2][5])
	require.Contains(t, report[2][6], "nella riga 4 del file")
	require.Equal(t, string(FiscalCodeInvalid), report[3][5])
	require.Equal(t, `'=HYPERLINK("http://x")`, report[3][1])
	for _, row := range report {
		for _, cell := range row {
			require.False(t, cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])), cell)
		}
	}

	collective, err := i.Collective(t.Context(), c.collective(), strings.NewReader(file))
	require.NoError(t, err)
	require.Contains(t, collective.Report[1].Reasons[0].Message, "nella riga 4 del file")
	require.Equal(t, 6, collective.Report[1].FileRow)

	_, err = i.Batch(t.Context(), c.request(), strings.NewReader("PK\x03\x04"), io.Discard)
	require.ErrorIs(t, err, FileUnreadable)
	_, err = i.Batch(t.Context(), c.request(), nil, io.Discard)
	require.ErrorContains(t, err, "the reader is nil")
	_, err = i.Batch(t.Context(), c.request(), strings.NewReader(codes[0]), nil)
	require.ErrorContains(t, err, "the writer is nil")
}

func FuzzCodes(f *testing.F) {
	for _, s := range []string{"codice fiscale\r\nRSSMRA80A01H501U", "sep=,\na,CF\nx,=\"RSSMRA80A01H501U\"", "PK\x03\x04",
		"\xff\xfe" + wide("cf\tx\n1\t2"), "a\n\"b", "CF;cf"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := readCodes(bytes.NewReader(data))
		if e, ok := errors.AsType[*FileError](err); ok {
			require.NotContains(t, e.Reason.Message+e.Reason.Remedy, "{")
		} else {
			require.NoError(t, err)
		}
		for _, row := range found {
			require.LessOrEqual(t, len(row.code), maxCode+len("…"))
			require.Positive(t, row.row)
		}
	})
}
