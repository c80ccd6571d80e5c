package refdata

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func tables(t testing.TB) *Tables {
	t.Helper()
	tt, err := Embedded()
	require.NoError(t, err)
	return tt
}

func TestSources(t *testing.T) {
	tt := tables(t)
	seen := map[string]bool{}
	for _, s := range tt.Sources() {
		seen[s.Table] = true
		assert.NotEmpty(t, s.Name)
		assert.NotEmpty(t, s.Origin)
		assert.Contains(t, []string{"CC-BY-4.0", "CC0-1.0", "MIT", "Apache-2.0", "BSD-3-Clause"}, s.Licence, "share-alike data must not be embedded")
		assert.True(t, s.Date.Valid())
	}
	for _, r := range readers() {
		assert.True(t, seen[r.name], r.name)
	}
	assert.Equal(t, on("2026-08-14"), tt.Date())
	assert.NotEmpty(t, tt.Notes("comuni"))
}

// TestLoadNewer adds a comune and takes it as the newest state.
func TestLoadNewer(t *testing.T) {
	text, err := TableText("comuni")
	require.NoError(t, err)
	row := "Z999\t2027-01-01\t\t\t001999\t\tProva\t\t\t\t\tTO\t\t01\t\t\t\t\t\t\t\n"
	newer := strings.Replace(string(text)+row, "#date 2026-08-14", "#date 2027-01-31", 1)
	for _, zipped := range []bool{false, true} {
		file := fstest.MapFS{"comuni.tsv": {Data: []byte(newer)}, "README.md": {Data: []byte("not a table")}}
		if zipped {
			file = fstest.MapFS{"comuni.tsv.gz": {Data: pack(t, newer)}}
		}
		tt, err := Load(file)
		require.NoError(t, err)
		assert.Equal(t, on("2027-01-31"), tt.Date())
		c, ok := tt.ComuneByName("PROVA", "TO", on("2027-02-01"))
		require.True(t, ok)
		assert.Equal(t, "Z999", c.Belfiore)
		assert.Equal(t, "PROVA", c.ANPRName)
		_, ok = tt.Comune("Z999", on("2026-12-31"))
		assert.False(t, ok)
		assert.NotEmpty(t, tt.ChamberColleges("H501"), "the other tables are the embedded ones")
	}
	_, ok := tables(t).Comune("Z999", on("2027-02-01"))
	assert.False(t, ok, "the embedded tables are another value")
}

func pack(t testing.TB, text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

// A refusal is a right file with one thing changed, and what the error must name.
type refusal struct{ file, text, field, value, expected string }

func refusals(t *testing.T) []refusal {
	text := func(name string) string {
		b, err := TableText(name)
		require.NoError(t, err)
		return string(b)
	}
	edit := func(name, old, new string) string {
		s := text(name)
		require.Contains(t, s, old)
		return strings.Replace(s, old, new, 1)
	}
	comuni := text("comuni")
	bologna := comuni[strings.LastIndex(comuni, "\nA944\t")+1:]
	bologna = bologna[:strings.Index(bologna, "\n")+1]
	return []refusal{
		{"regions.tsv", "", "", "", "whole last line"},
		{"regions.tsv", "#anpr-refdata 2\n", "", "#anpr-refdata 2", "#anpr-refdata 1"},
		{"regions.tsv", "\ufeff" + text("regions"), "", "", "#anpr-refdata 1"},
		{"regions.tsv", strings.ReplaceAll(text("regions"), "\n", "\r\n"), "", "\r", "control"},
		{"regions.tsv", strings.TrimSuffix(text("regions"), "\n"), "", "", "whole last line"},
		{"regions.tsv", text("regions") + "\xff\n", "", "", "UTF-8"},
		{"regions.tsv", text("regions") + "\n", "", "", "7 fields"},
		{"regions.tsv", edit("regions", "#date 2024-06-10", "#date yesterday"), "", "#date yesterday", "YYYY"},
		{"regions.tsv", edit("regions", "#source Eligendo, elezioni europee 2024|", "#source "), "", "", "name|origin|licence|date"},
		{"regions.tsv", edit("regions", "code\tname", "name\tcode"), "", "", "column names"},
		{"regions.tsv", edit("regions", "\n02\t", "\n2\t"), "code", "2", "99"},
		{"regions.tsv", edit("regions", "\n02\t", "\n01\t"), "code", "01", "order"},
		{"regions.tsv", edit("regions", "Piemonte\t1\tI : ", "Piemonte\t1\t"), "european", "", "the name that european_code has"},
		{"provinces.tsv", edit("provinces", "\nAL\t", "\nAG\t"), "sigla", "AG", "no other row"},
		{"provinces.tsv", edit("provinces", "\nAL\t", "\nA\x01\t"), "", "\x01", "control"},
		{"comuni.tsv", comuni + strings.Replace(bologna, "\t08\t", "\t08\t9", 1), "belfiore", "A944", "order"},
		{"comuni.tsv", strings.Replace(comuni, bologna, bologna+bologna, 1), "anpr_id", "", "no other row"},
		{"comuni.tsv", strings.Replace(comuni, bologna, strings.Replace(bologna, "037006", "37006", 1), 1), "istat", "37006", "999999"},
		{"comuni.tsv", strings.Replace(comuni, bologna, strings.Replace(bologna, "\tBO\t", "\tXX\t", 1), 1), "sigla", "XX", "provinces"},
		{"comuni.tsv", strings.Replace(comuni, bologna, strings.Replace(bologna, "\t08\t", "\t21\t", 1), 1), "region", "21", "regions"},
		{"comuni.tsv", strings.Replace(comuni, bologna, "A944\t2024-02-30"+bologna[15:], 1), "from", "2024-02-30", "YYYY"},
		{"comuni.tsv", strings.Replace(comuni, bologna, "A944\t\t"+bologna[16:], 1), "from", "", "first day"},
		{"comuni.tsv", strings.Replace(comuni, bologna, bologna[:16]+"1800-01-01"+bologna[16:], 1), "to", "1800-01-01", "not before"},
		{"comuni.tsv", strings.Replace(comuni, bologna, bologna[:17]+"sure"+bologna[17:], 1), "certainty", "sure", "general-knowledge"},
		{"states.tsv", edit("states", "\nZ200\tAFG", "\nZ200\tALB"), "iso3", "ALB", "no other row"},
		{"states.tsv", edit("states", "\nZ200\t", "\nA200\t"), "belfiore", "A200", "Z and three digits"},
		{"states.tsv", edit("states", "EUROPA\tsourced", "EUROPE\tsourced"), "abroad", "EUROPE", "table abroad"},
		{"eu.tsv", edit("eu", "\nBEL\t", "\nQQQ\t"), "iso3", "QQQ", "table states"},
		{"eu.tsv", edit("eu", "\nBEL\t1958-01-01", "\nBEL\t"), "from", "", "accession"},
		{"predecessors.tsv", edit("predecessors", "M435\tH521", "M435\tM435"), "belfiore", "M435", "predecessor"},
		{"abroad.tsv", edit("abroad", "AMERICA MERIDIONALE", "EUROPA"), "name", "EUROPA", "no other row"},
		{"regional.tsv", edit("regional", "\n001\t13", "\n001\t99"), "region", "99", "regions"},
		{"regional_comuni.tsv", edit("regional_comuni", "\nA001\t", "\nQ001\t"), "belfiore", "Q001", "table comuni"},
		{"regional_comuni.tsv", edit("regional_comuni", "\nA944\t015", "\nA944\t001"), "constituency", "001", "Emilia-Romagna"},
		{"chamber.tsv", edit("chamber", "\tP01\tU02\t", "\tP01\tU01\t"), "single_member", "U01", "once"},
		{"chamber.tsv", edit("chamber", "\tP01\tU02\t", "\t\tU02\t"), "multi_member", "", "all rows"},
		{"chamber.tsv", edit("chamber", "\tP01\tU02\t", "\tQ01\tU02\t"), "multi_member", "Q01", "Pnn"},
		{"chamber_comuni.tsv", edit("chamber_comuni", "\nA001\t", "\nA001\t999,"), "codes", "999,", "each once"},
		{"senate_comuni.tsv", edit("senate_comuni", "\nA001\t", "\nA004\t"), "belfiore", "A004", "no other row"},
		{"languages.tsv", edit("languages", "LLD\tLadina\t0", "LLD\tLadina\tno"), "in_anpr", "no", "0 or 1"},
		{"comuni_languages.tsv", edit("comuni_languages", "\tDE\t", "\tIT\t"), "language", "IT", "other than IT"},
		{"street_kinds.tsv", edit("street_kinds", "\n2\tALPE", "\n1\tALPE"), "id", "1", "no other row"},
		{"aliases.tsv", text("aliases") + "abroad\tEUROPA\tAMERICA MERIDIONALE\n", "alias", "EUROPA", "no meaning yet"},
		{"aliases.tsv", text("aliases") + "abroad\tEU\tEUROPE\n", "name", "EUROPE", "a name of the tables"},
		{"comune.tsv", comuni, "", "comune", "the name of a table"},
		{"provinces.tsv", text("provinces") + "ZZ\t" + strings.Repeat("x", maxLineBytes) + "\n", "", "", "a line of at most"},
		{"provinces.tsv", text("provinces") + strings.Repeat("\n", maxTableBytes), "", "", "at most"},
		{"provinces.tsv.gz", string(pack(t, text("provinces")+strings.Repeat("\n", maxTableBytes))), "", "", "at most"},
		{"provinces.tsv.gz", text("provinces"), "", "", "a gzip file"},
		{"provinces.tsv.gz", string(pack(t, text("provinces")))[:100], "", "", "a readable file"},
		{"README.md", "", "", "no table", "at least one"},
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range refusals(t) {
		_, err := Load(fstest.MapFS{c.file: {Data: []byte(c.text)}})
		var pe *ParseError
		if !assert.ErrorAs(t, err, &pe, "%s: %s", c.file, c.expected) {
			continue
		}
		assert.Contains(t, []string{c.file, "."}, pe.File)
		assert.Equal(t, c.field, pe.Field, "%v", err)
		assert.Contains(t, pe.Expected, c.expected, "%v", err)
		assert.Contains(t, pe.Value, c.value, "%v", err)
		assert.LessOrEqual(t, len(pe.Value), 80)
		if c.field != "" {
			assert.Positive(t, pe.Line)
			assert.Equal(t, c.field, columnsOf(strings.TrimSuffix(strings.TrimSuffix(c.file, ".gz"), ".tsv"))[pe.Column-1])
		}
	}
}

// failing is a file system that cannot be read.
type failing struct{ error }

func (f failing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: f.error}
}

func TestLoadPassesTheCauseOn(t *testing.T) {
	_, err := Load(failing{fs.ErrPermission})
	require.ErrorIs(t, err, fs.ErrPermission)
	_, err = TableText("../tables")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = TableText("nothing")
	require.ErrorIs(t, err, fs.ErrNotExist)
	var pe *ParseError
	assert.False(t, errors.As(err, &pe))
}

func TestZeroTablesAreEmpty(t *testing.T) {
	var tt Tables
	_, ok := tt.Comune("H501", Date{})
	assert.False(t, ok)
	_, ok = tt.ComuneByName("ROMA", "RM", Date{})
	assert.False(t, ok)
	_, ok = tt.ComuneByISTAT("058091", Date{})
	assert.False(t, ok)
	_, ok = tt.State("FRA")
	assert.False(t, ok)
	_, ok = tt.EuropeanConstituency("H501")
	assert.False(t, ok)
	_, ok = tt.RegionalConstituency("H501")
	assert.False(t, ok)
	_, ok = tt.AbroadDivision("FRA")
	assert.False(t, ok)
	_, ok = tt.Canonical(KindChamber, "MARCHE")
	assert.False(t, ok)
	_, ok = tt.StreetKind("VIA")
	assert.False(t, ok)
	assert.False(t, tt.EUMember("FRA", on("2024")))
	assert.Empty(t, tt.ChamberColleges("H501"))
	assert.False(t, tt.SenateCollegeExists(College{Constituency: "LAZIO"}))
	assert.Empty(t, tt.Languages("A952"))
	for range tt.Comuni(Date{}) {
		t.Fatal("a comune in empty tables")
	}
}

func TestConcurrentUse(t *testing.T) {
	text, err := TableText("abroad")
	require.NoError(t, err)
	tt, err := Load(fstest.MapFS{"abroad.tsv": {Data: text}})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c, ok := tt.ComuneByName("bolzano/bozen", "", Date{})
			assert.True(t, ok)
			_, ok = tt.ComuneByISTAT(c.ISTAT, Date{})
			assert.True(t, ok)
			assert.Len(t, tt.ChamberColleges("H501"), 7)
		})
	}
	wg.Wait()
}

// BenchmarkLoad is held against 50 ms and 30 MB for all tables.
func BenchmarkLoad(b *testing.B) {
	sub, err := fs.Sub(embedded, "tables")
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := load(sub, sub); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(50, "limit-ms")
}

func BenchmarkComuneByName(b *testing.B) {
	tt := tables(b)
	tt.ComuneByName("Agliè", "TO", Date{}) // builds the index
	for b.Loop() {
		if _, ok := tt.ComuneByName("Agliè", "TO", Date{}); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkComune(b *testing.B) {
	tt, at := tables(b), on("1985-04-03")
	for b.Loop() {
		if _, ok := tt.Comune("L219", at); !ok {
			b.Fatal("not found")
		}
	}
}
