package spreadsheet_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/spreadsheet"
)

// utf16Of is a text in UTF-16, with a byte order mark if it begins with one.
func utf16Of(s string, big bool) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		a, b := byte(u), byte(u>>8)
		if big {
			a, b = b, a
		}
		out = append(out, a, b)
	}
	return string(out)
}

func read(t *testing.T, src io.Reader, cfg spreadsheet.Config) (rows []spreadsheet.Row, err error) {
	t.Helper()
	r, err := spreadsheet.NewReader(src, cfg)
	if err != nil {
		return nil, err
	}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			_, again := r.Next()
			require.Equal(t, err, again, "an error stays")
			return rows, err
		}
		rows = append(rows, row)
	}
}

// TestSpellings reads one table in every spelling that spreadsheets know.
func TestSpellings(t *testing.T) {
	want := []spreadsheet.Row{
		{Number: 1, Cells: []string{"nome", "note"}},
		{Number: 4, Cells: []string{"Niccolò 𝔄", "a \"b\"\nc"}},
	}
	const table = "nome;note\r\n;\r\n\r\n\"Niccolò 𝔄\";\"a \"\"b\"\"\r\nc\"\r\n"
	parted := func(s, comma string) string { return strings.ReplaceAll(s, ";", comma) }
	for name, text := range map[string]string{
		"plain": table, "no end": strings.TrimSuffix(table, "\r\n"), "mark": "\ufeff" + table,
		"tab": parted(table, "\t"), "comma": parted(table, ","),
		"LF": strings.ReplaceAll(table, "\r\n", "\n"), "CR": strings.ReplaceAll(table, "\r\n", "\r"),
		"sep": "sep=;\r\n" + table, "sep tab": "\ufeffSEP=\t\n" + parted(table, "\t"), "sep pipe": "\"sep=|\"\r\n" + parted(table, "|"),
		"little": utf16Of("\ufeff"+table, false), "big": utf16Of("\ufeff"+table, true),
		"little, no mark": utf16Of(table, false), "big, no mark": utf16Of(table, true),
		"Testo Unicode": utf16Of("\ufeff"+parted(table, "\t"), false),
	} {
		for how, src := range map[string]io.Reader{
			"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)),
		} {
			rows, err := read(t, src, spreadsheet.Config{})
			require.NoError(t, err, "%s, %s", name, how)
			require.Equal(t, want, rows, "%s, %s", name, how)
		}
	}
	rows, err := read(t, strings.NewReader("Elenco, del 3, 4 e 5\nA;B\nC;D\n=\"X\";Via \"Roma\" 3"), spreadsheet.Config{})
	require.NoError(t, err)
	require.Equal(t, []string{"Elenco, del 3, 4 e 5"}, rows[0].Cells, "most lines have a semicolon")
	require.Equal(t, []string{`="X"`, `Via "Roma" 3`}, rows[3].Cells)
	rows, err = read(t, strings.NewReader("a,b\nc;d,e\n"), spreadsheet.Config{})
	require.NoError(t, err)
	require.Equal(t, []string{"c;d", "e"}, rows[1].Cells, "most lines have a comma")
	rows, err = read(t, strings.NewReader("nome\nNiccol\xf2\n"), spreadsheet.Config{})
	require.NoError(t, err)
	require.Equal(t, "Niccol\xf2", rows[1].Cells[0], "Latin-1 passes as it is")
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want spreadsheet.Error
	}{
		"xlsx":      {"PK\x03\x04\x14\x00\x06\x00", spreadsheet.Error{Problem: spreadsheet.Workbook}},
		"xls":       {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", spreadsheet.Error{Problem: spreadsheet.OldWorkbook}},
		"html":      {"\r\n<HTML><table>", spreadsheet.Error{Problem: spreadsheet.Markup}},
		"pdf":       {"%PDF-1.7\n", spreadsheet.Error{Problem: spreadsheet.Encoding}},
		"NUL":       {"a\nb\x00c\n", spreadsheet.Error{Problem: spreadsheet.Encoding, Row: 2}},
		"half":      {utf16Of("\ufeffa\nb", false) + "x", spreadsheet.Error{Problem: spreadsheet.Encoding, Row: 2}},
		"surrogate": {"\xff\xfea\x00\x00\xd8b\x00", spreadsheet.Error{Problem: spreadsheet.Encoding, Row: 1}},
		"open":      {"a;b\n\nc;\"d\ne;f\n", spreadsheet.Error{Problem: spreadsheet.Quote, Row: 3, Column: 2}},
		"text after": {"a\n\"b\nc;\"d\"\n",
			spreadsheet.Error{Problem: spreadsheet.Quote, Row: 2, Column: 1}},
		"long": {"a\n" + strings.Repeat("b", 101), spreadsheet.Error{Problem: spreadsheet.LongRow, Row: 2}},
		"rows": {strings.Repeat("\n", 11), spreadsheet.Error{Problem: spreadsheet.ManyRows, Row: 11}},
		"size": {strings.Repeat("abc;\n\n", 20000), spreadsheet.Error{Problem: spreadsheet.LargeFile}},
	} {
		cfg := spreadsheet.Config{Row: 100, Rows: 10, Bytes: 50_000}
		if name == "size" {
			cfg.Rows = 1 << 20
		}
		_, err := read(t, strings.NewReader(c.text), cfg)
		var e *spreadsheet.Error
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, c.want, *e, name)
	}
	_, err := spreadsheet.NewReader(nil, spreadsheet.Config{})
	require.Error(t, err)
	_, err = read(t, io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(io.ErrClosedPipe)), spreadsheet.Config{})
	require.ErrorIs(t, err, io.ErrClosedPipe)
	rows, err := read(t, strings.NewReader(""), spreadsheet.Config{})
	require.NoError(t, err)
	require.Empty(t, rows)
}

func TestNames(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "A", 26: "Z", 27: "AA", 52: "AZ", 53: "BA", 702: "ZZ", 703: "AAA", 16384: "XFD"} {
		require.Equal(t, want, spreadsheet.ColumnName(n))
	}
	for in, want := range map[string]string{"": "", "a=1": "a=1", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a",
		"\ta": "'\ta", "\ra": "'\ra", "\na": "'\na", "\xff": "?"} {
		require.Equal(t, want, spreadsheet.Safe(in), "%q", in)
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"a;b\r\nc;d", "sep=\t\na\tb", "\ufeffa,\"b\"\"c\"\n", utf16Of("\ufeffa;b\r\n", false),
		utf16Of("\ufeffa;b\r\n", true), "PK\x03\x04", "\"a\n", "a\rb\r", "\xff\xfe\x00\xd8"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg := spreadsheet.Config{Row: 1000, Rows: 100, Bytes: 10_000}
		rows, err := read(t, bytes.NewReader(data), cfg)
		slow, slowErr := read(t, iotest.OneByteReader(bytes.NewReader(data)), cfg)
		require.Equal(t, rows, slow, "the same, however it comes")
		require.Equal(t, err, slowErr)
		last := 0
		for _, row := range rows {
			require.Greater(t, row.Number, last)
			last = row.Number
			require.LessOrEqual(t, len(strings.Join(row.Cells, "")), cfg.Row)
			require.NotEmpty(t, strings.TrimSpace(strings.Join(row.Cells, "")))
			if utf8.Valid(data) {
				require.True(t, utf8.ValidString(strings.Join(row.Cells, "")))
			}
		}
	})
}
