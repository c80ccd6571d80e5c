package lists_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/lists"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// voteHeader asks for Agliè's list for a day of voting, in the form before 2025.
func voteHeader() electoral.ExtractHeader {
	return electoral.ExtractHeader{
		Extraction: electoral.Extraction{
			List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose,
			Consultation: electoral.ChamberElection, Day: electoral.Date{Year: 2027, Month: 1, Day: 31},
		},
		Today: electoral.Date{Year: 2027, Month: 1, Day: 1}, SexesApart: true,
	}
}

func pdfConfig() lists.PDFConfig {
	return lists.PDFConfig{
		Now: func() time.Time { return noon },
		Section: func(comune, number string) (electoral.Section, bool) {
			s := electoral.Section{Comune: comune, Number: number, SeatName: "SCUOLA PRIMARIA GOZZANO", Seat: electoral.Address{Street: electoral.Street{Kind: "VIA", Name: "PRINCIPE TOMMASO"}, House: electoral.House{Number: "22"}}}
			return s, comune == aglie && number == "1"
		},
	}
}

// printed writes rows as a PDF.
func printed(t testing.TB, cfg lists.PDFConfig, h electoral.ExtractHeader, rows []electoral.ExtractedElector) ([]byte, error) {
	t.Helper()
	var b bytes.Buffer
	w, err := lists.NewPDFWriter(&b, cfg)
	require.NoError(t, err)
	if err := w.Begin(h); err != nil {
		return nil, err
	}
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			return nil, err
		}
	}
	err = w.End()
	return b.Bytes(), err
}

// voter is a row of a made-up person.
func voter(section string, id int, sex electoral.Sex, surname, name string) electoral.ExtractedElector {
	anprID := strconv.Itoa(id)
	return electoral.ExtractedElector{Section: section, Elector: electoral.Elector{ANPRID: anprID}, Person: electoral.Person{
		ANPRID: anprID, Surname: surname, Name: name, Sex: sex,
		Birth: electoral.Birth{Date: electoral.Date{Year: 1980, Month: 4, Day: 3}, Place: aglie},
	}}
}

// letters names the n-th elector, in the order of the alphabet.
func letters(n int) string {
	return string([]byte{'A' + byte(n/676%26), 'A' + byte(n/26%26), 'A' + byte(n%26)})
}

// twoSections are 60 men, 30 women and one of whom nothing is known in the first
// section, one woman in the second.
func twoSections() []electoral.ExtractedElector {
	var rows []electoral.ExtractedElector
	for n := range 60 {
		rows = append(rows, voter("1", 1000+n, electoral.Male, "ROSSI "+letters(n), "UGO"))
	}
	for n := range 30 {
		rows = append(rows, voter("1", 2000+n, electoral.Female, "D'ÀRIA "+letters(n), "ŻÓFIA"))
	}
	rows = append(rows, electoral.ExtractedElector{Section: "1", Elector: electoral.Elector{ANPRID: "987654321"}})
	last := voter("2", 3000, electoral.Female, "BIANCHI", "EVA")
	last.Person.Birth = electoral.Birth{Date: electoral.Date{Year: 1950}, Place: "Z110", PlaceName: "LYON"}
	return append(rows, last)
}

// pdfTool runs a foreign program on a PDF; the path stands for the argument {}.
func pdfTool(t *testing.T, pdf []byte, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.pdf")
	require.NoError(t, os.WriteFile(path, pdf, 0o600))
	for i := range args {
		if args[i] == "{}" {
			args[i] = path
		}
	}
	out, err := exec.Command(testenv.Tool(t, name), args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return string(out)
}

// pageTexts returns the text of each page in the order of its content.
func pageTexts(t *testing.T, pdf []byte) []string {
	pages := strings.Split(pdfTool(t, pdf, "pdftotext", "-raw", "-enc", "UTF-8", "{}", "-"), "\f")
	return pages[:len(pages)-1]
}

func TestPDFList(t *testing.T) {
	pdf, err := printed(t, pdfConfig(), voteHeader(), twoSections())
	require.NoError(t, err)
	pages := pageTexts(t, pdf)
	// 24 rows or so a page: 3 of men, 2 of women, 1 of the unknown, 1 of the
	// second section.
	wantParts := []string{"UOMINI", "UOMINI", "UOMINI", "DONNE", "DONNE", "SESSO NON INDICATO", "DONNE"}
	require.Len(t, pages, len(wantParts))
	var rows []string
	for i, page := range pages {
		section, of, n := "1", 6, i+1
		if i == 6 {
			section, of, n = "2", 1, 1
		}
		for _, want := range []string{
			"Comune di Agliè\n", "Lista generale ordinaria\n", "Sezione n. " + section + "\n",
			"Camera dei deputati – votazione del 31 gennaio 2027\n",
			"Estratta il 1° gennaio 2027 per: liste per il seggio (D.P.R. 30 marzo 1957, n. 361)\n",
			fmt.Sprintf("Pagina %d di %d", n, of), "\n" + wantParts[i] + "\n",
			"N. Cognome e nome Luogo e data di nascita Annotazioni / firma\n",
		} {
			assert.Contains(t, page, want, "page %d", i+1)
		}
		assert.Equal(t, section == "1", strings.Contains(page, "Sede: VIA PRINCIPE TOMMASO, 22 - SCUOLA PRIMARIA GOZZANO\n"))
		rows = append(rows, regexp.MustCompile(`(?m)^\d+ .*`).FindAllString(page, -1)...)
	}
	var want []string
	for n := range 60 {
		want = append(want, fmt.Sprintf("%d ROSSI %s UGO", n+1, letters(n)))
	}
	for n := range 30 {
		want = append(want, fmt.Sprintf("%d D'ÀRIA %s ŻÓFIA", n+1, letters(n)))
	}
	want = append(want, "1 ID ANPR 987654321 dati anagrafici non disponibili", "1 BIANCHI EVA")
	assert.Equal(t, want, rows, "numbered from 1 in each part, in the order of the list")
	assert.Contains(t, pages[0], "1 ROSSI AAA UGO\nAgliè (TO)\n03/04/1980\n2 ROSSI AAB UGO\n")
	assert.Contains(t, pages[6], "LYON (FRANCIA)\nanno 1950\n")
	assert.Contains(t, pages[2], "Totale uomini: 60")
	assert.Contains(t, pages[4], "Totale donne: 30")
	assert.Contains(t, pages[5], "Totale sesso non indicato: 1\nTotale della sezione n. 1: 91 (uomini 60, donne 30, sesso non indicato 1)")
	assert.Contains(t, pages[6], "Totale della sezione n. 2: 1 (uomini 0, donne 1)")

	again, err := printed(t, pdfConfig(), voteHeader(), twoSections())
	require.NoError(t, err)
	assert.True(t, bytes.Equal(pdf, again), "the same list gives the same bytes")
}

// TestPDFListWithoutAList prints who turns 18 and who was touched: one list of
// several sections.
func TestPDFListWithoutAList(t *testing.T) {
	rows := []electoral.ExtractedElector{
		voter("12", 1, electoral.Male, "BIANCHI", "UGO"), voter("3", 2, electoral.Male, "VERDI", "PIO"),
		voter("", 3, electoral.Female, "ROSSI", "EVA"),
	}
	for title, scope := range map[string]electoral.Extraction{
		"Cittadini italiani che compiono 18 anni dal 1° gennaio 2027 al 30 giugno 2027": {Turning18: &electoral.DateRange{From: electoral.Date{Year: 2027, Month: 1, Day: 1}, To: electoral.Date{Year: 2027, Month: 6, Day: 30}}},
		"Elettori – variazioni dal 22 novembre 2026, ore 13:00":                         {Touched: &electoral.Interval{From: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}},
		"Elettori – variazioni fino al 1° luglio 2026, ore 00:00":                       {Touched: &electoral.Interval{To: time.Date(2026, 6, 30, 22, 0, 0, 0, time.UTC)}},
	} {
		h := voteHeader()
		h.Extraction = electoral.Extraction{Comune: aglie, Purpose: pollsPurpose, Turning18: scope.Turning18, Touched: scope.Touched}
		pdf, err := printed(t, pdfConfig(), h, rows)
		require.NoError(t, err)
		pages := pageTexts(t, pdf)
		require.Len(t, pages, 2)
		for _, page := range pages {
			assert.Contains(t, strings.Join(strings.Fields(page), " "), title+" Tutte le sezioni")
		}
		assert.Contains(t, pages[0], "1 BIANCHI UGO\nAgliè (TO)\n03/04/1980\nSezione n. 12\n2 VERDI PIO\nAgliè (TO)\n03/04/1980\nSezione n. 3\n")
		assert.Contains(t, pages[1], "1 ROSSI EVA\nAgliè (TO)\n03/04/1980\nTotale donne: 1\nTotale: 3 (uomini 2, donne 1)\n")
		assert.Contains(t, pages[1], "Pagina 2 di 2")
	}
	h := voteHeader()
	h.Extraction.Consultation, h.Extraction.Day, h.Extraction.Touched = "", electoral.Date{}, &electoral.Interval{From: noon}
	pdf, err := printed(t, pdfConfig(), h, twoSections())
	require.NoError(t, err)
	pages := pageTexts(t, pdf)
	require.Len(t, pages, 7)
	assert.Contains(t, pages[6], "Lista generale ordinaria – variazioni dal ")
	assert.Contains(t, pages[6], "Sezione n. 2\n", "of a list, the sections stay apart")
}

// hard are rows that are hard to print.
func hard() []electoral.ExtractedElector {
	rows := []electoral.ExtractedElector{
		voter("12/bis", 1, electoral.Male, "FÜRSTENBERG-HOHENZOLLERN DELLA ROVERE", "MARIA ANTONIETTA GIUSEPPINA ȘTEFAN"),
		voter("12/bis", 2, electoral.Male, strings.Repeat("X", 100), strings.Repeat("LUNGHISSIMO ", 25)),
		voter("12/bis", 3, electoral.Male, "", ""),
		voter("12/bis", 4, electoral.SexUnknown, " DI\tMEZZO ", "Nome"),
	}
	rows[0].Person.Birth = electoral.Birth{Place: "Z110", PlaceName: strings.Repeat("SAINT-GERMAIN-EN-LAYE ", 6)}
	rows[2].Person.Birth = electoral.Birth{Place: "A000", Date: electoral.Date{Year: 1950, Month: 12}}
	rows[3].Person.Birth = electoral.Birth{}
	return rows
}

func TestPDFListCutsNothing(t *testing.T) {
	pdf, err := printed(t, pdfConfig(), voteHeader(), hard())
	require.NoError(t, err)
	text := strings.Join(pageTexts(t, pdf), "")
	bare := strings.Join(strings.Fields(text), "")
	for _, want := range []string{
		"FÜRSTENBERG-HOHENZOLLERNDELLAROVEREMARIAANTONIETTAGIUSEPPINAȘTEFAN", strings.Repeat("X", 100) + strings.Repeat("LUNGHISSIMO", 25),
		strings.Repeat("SAINT-GERMAIN-EN-LAYE", 6) + "(FRANCIA)datanonindicata", "IDANPR3luogoconcodiceA00012/1950", "DIMEZZONomeluogononindicatodatanonindicata",
	} {
		assert.Contains(t, bare, want)
	}
	// Every word stands inside the margins, and none crosses the line of a column.
	const mm, slack = 72 / 25.4, 0.01
	words := regexp.MustCompile(`<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*)</word>`).FindAllStringSubmatch(pdfTool(t, pdf, "pdftotext", "-bbox", "{}", "-"), -1)
	require.NotEmpty(t, words)
	total := "" // the ordinate of the last line that is a total
	for _, w := range words {
		var at [5]float64
		for i := 1; i < 5; i++ {
			at[i], err = strconv.ParseFloat(w[i], 64)
			require.NoError(t, err)
		}
		assert.GreaterOrEqual(t, at[1], 14*mm-slack)
		assert.LessOrEqual(t, at[3], 196*mm+slack)
		assert.GreaterOrEqual(t, at[2], 9*mm)
		assert.LessOrEqual(t, at[4], 286*mm)
		if w[5] == "Totale" {
			total = w[2]
		}
		if at[2] < 55*mm || w[2] == total {
			continue // above or below the table
		}
		for _, line := range []float64{27 * mm, 94 * mm, 142 * mm} {
			assert.False(t, at[1] < line && at[3] > line, "%s crosses the line at %v", w[0], line)
		}
	}
}

func TestPDFListStandards(t *testing.T) {
	none := voteHeader()
	none.Extraction.Section, none.Extraction.Consultation, none.Extraction.Day = "7", "", electoral.Date{}
	mixed := voteHeader()
	mixed.Extraction = electoral.Extraction{Comune: aglie, Purpose: pollsPurpose, Touched: &electoral.Interval{From: noon}}
	for name, c := range map[string]struct {
		h    electoral.ExtractHeader
		rows []electoral.ExtractedElector
	}{
		"without a list":        {mixed, hard()},
		"sections":              {voteHeader(), twoSections()},
		"hard to print":         {voteHeader(), hard()},
		"one order":             {oneOrder(), marked()},
		"nobody in the section": {none, nil},
		"nobody at all":         {voteHeader(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			pdf, err := printed(t, pdfConfig(), c.h, c.rows)
			require.NoError(t, err)
			assert.Contains(t, pdfTool(t, pdf, "qpdf", "--check", "{}"), "No syntax or stream encoding errors")
			for _, flavour := range []string{"3a", "ua1"} {
				out := pdfTool(t, pdf, "verapdf", "-f", flavour, "--format", "text", "{}")
				assert.True(t, strings.HasPrefix(out, "PASS "), "%s: %s", flavour, out)
			}
			if len(c.rows) == 0 {
				pages := pageTexts(t, pdf)
				require.Len(t, pages, 1)
				assert.Contains(t, pages[0], "Nessun elettore.")
				assert.Contains(t, pages[0], map[bool]string{true: "Sezione n. 7", false: "Tutte le sezioni"}[c.h.Extraction.Section == "7"])
			}
		})
	}
}

// TestPDFListStructure reads what a screen reader reads: what pages repeat is
// there once, each row has its four cells.
func TestPDFListStructure(t *testing.T) {
	pdf, err := printed(t, pdfConfig(), voteHeader(), twoSections())
	require.NoError(t, err)
	tree := pdfTool(t, pdf, "pdfinfo", "-struct-text", "{}")
	count := func(what string) int { return len(regexp.MustCompile(`(?m)^ *`+what+`\b`).FindAllString(tree, -1)) }
	const tables, rows = 4, 92
	assert.Equal(t, 2, count("Sect"))
	assert.Equal(t, 2, count("H1"))
	assert.Equal(t, tables, count("H2"))
	assert.Equal(t, tables, count("Table"))
	assert.Equal(t, tables+rows, count("TR"))
	assert.Equal(t, tables*4+rows, count("TH"), "the titles, and the name of each row")
	assert.Equal(t, rows*3, count("TD"))
	assert.Equal(t, 2, strings.Count(tree, "Comune di Agliè"))
	assert.Equal(t, tables, strings.Count(tree, "Cognome e nome"))
	assert.NotContains(t, tree, "Pagina 1")
	assert.Contains(t, pdfTool(t, pdf, "pdfinfo", "{}"), "Comune di Agliè – lista generale ordinaria")
}

// TestPDFListLetters prints the letters that the writer promises.
func TestPDFListLetters(t *testing.T) {
	lacking := "ĲĳĿŀĸŉſ"
	var have []rune
	for r := 'À'; r <= 'ž'; r++ {
		if r != '×' && r != '÷' && !strings.ContainsRune(lacking, r) {
			have = append(have, r)
		}
	}
	have = append(have, []rune("ȘșȚțẀẁẂẃẄẅỲỳ’'´")...)
	pdf, err := printed(t, pdfConfig(), voteHeader(), []electoral.ExtractedElector{voter("1", 1, electoral.Male, string(have), "X")})
	require.NoError(t, err)
	assert.Contains(t, strings.Join(strings.Fields(strings.Join(pageTexts(t, pdf), "")), ""), string(have))
	// A letter and its mark apart are one letter.
	_, err = printed(t, pdfConfig(), voteHeader(), []electoral.ExtractedElector{voter("1", 1, electoral.Male, "C\u030CAPEK", "X")})
	require.NoError(t, err)
	// Greek, Cyrillic and Latin letters that Titillium lacks are drawn in another
	// font.
	for _, name := range []string{"ĲŀŉĿĸſ", "ЖУКОВА", "ΠΑΠΑΔΟΠΟΎΛΟΥ"} {
		pdf, err := printed(t, pdfConfig(), voteHeader(), []electoral.ExtractedElector{voter("1", 1, electoral.Male, name, "X")})
		require.NoError(t, err)
		assert.Contains(t, strings.Join(strings.Fields(strings.Join(pageTexts(t, pdf), "")), ""), name)
	}
	for field, change := range map[string]func(*electoral.ExtractHeader, *lists.PDFConfig){
		"purpose": func(h *electoral.ExtractHeader, _ *lists.PDFConfig) { h.Extraction.Purpose.Function = "日本" },
		"seat": func(_ *electoral.ExtractHeader, cfg *lists.PDFConfig) {
			cfg.Section = func(string, string) (electoral.Section, bool) { return electoral.Section{SeatName: "日本"}, true }
		},
	} {
		h, cfg := voteHeader(), pdfConfig()
		change(&h, &cfg)
		_, err = printed(t, cfg, h, twoSections())
		require.ErrorContains(t, err, "section 1: "+field+": ")
	}
}

// TestPDFListBlockedByNoName: names that no font has are written in plain letters
// or as ids, and all of them are told, without a name.
func TestPDFListBlockedByNoName(t *testing.T) {
	var b bytes.Buffer
	w, err := lists.NewPDFWriter(&b, pdfConfig())
	require.NoError(t, err)
	require.NoError(t, w.Begin(voteHeader()))
	for i, name := range []string{"NGUYỄN", "日本", "SEGRETO\u200d", "ROSSI", "A\u0000B"} {
		require.NoError(t, w.Write(voter("1", 70+i, electoral.Male, name, "X")))
	}
	require.NoError(t, w.End())
	var told []string
	for _, f := range w.Replaced() {
		assert.Equal(t, electoral.ListLetters, f.Code)
		assert.NotContains(t, f.Error(), "SEGRETO")
		told = append(told, f.Value+" "+f.Case)
	}
	assert.Equal(t, []string{"70 ", "71 none", "72 none", "74 none"}, told)
	text := strings.Join(pageTexts(t, b.Bytes()), "")
	for _, want := range []string{"NGUYEN X", "ID ANPR 71", "ID ANPR 72", "ROSSI X", "ID ANPR 74"} {
		assert.Contains(t, text, want)
	}
}

// TestPDFListOneOrder prints a list of the form of 2025: one order, the numbers of
// the rows, deed and abode, notes with their law, and on demand two blocks.
func TestPDFListOneOrder(t *testing.T) {
	head, rows := oneOrder(), marked()
	for _, split := range []bool{false, true} {
		cfg := pdfConfig()
		cfg.Split, cfg.Copy = split, lists.UnderAgeCopies()[1]
		pdf, err := printed(t, cfg, head, rows)
		require.NoError(t, err)
		text := strings.Join(strings.Fields(strings.Join(pageTexts(t, pdf), "\n")), " ")
		for _, want := range []string{
			"1 ABATE X", "2 LUPO X", "4 MORO X", "5 ЖУКОВА X", "Agliè (TO), 03/04/1980", "atto n. 12, parte I, serie A", "VIA ROMA 12", "SVIZZERA", "deceduto/a (1)",
			"Totale della sezione n. 1: 4", "di cui con annotazione 1", "(1) Il deceduto resta nella lista", "art. 32", "Avvertenza:",
			"votazione del 31 gennaio 2027 e 1° febbraio 2027", "Copia per l'albo pretorio",
		} {
			assert.Contains(t, text, want)
		}
		assert.NotContains(t, text, "UOMINI")
		assert.Equal(t, split, strings.Contains(text, "COGNOMI DA A A L") && strings.Contains(text, "COGNOMI DA M A Z") && strings.Contains(text, "da A a L 2, da M a Z 2"))
	}
}

// oneOrder is the header of a list of the form of 2025.
func oneOrder() electoral.ExtractHeader {
	head := voteHeader()
	head.SexesApart = false
	head.Vote = electoral.Vote{Consultation: head.Extraction.Consultation, Day: head.Extraction.Day, LastDay: head.Extraction.Day.AddDays(1)}
	head.Told = electoral.Faults{electoral.NewFault(electoral.PostalStatesUnknown, "vote.consultation", "chamber", nil)}
	return head
}

// marked are rows of that form: one is marked, one is abroad.
func marked() []electoral.ExtractedElector {
	row := func(id, n int, sex electoral.Sex, surname string) electoral.ExtractedElector {
		e := voter("1", id, sex, surname, "X")
		e.Number = n
		e.Person.Residence = &electoral.Residence{Comune: aglie, Abode: "VIA ROMA 12"}
		e.Person.Birth.Deed = &electoral.BirthDeed{Number: "12", Part: "I", Series: "A"}
		return e
	}
	rows := []electoral.ExtractedElector{row(1, 1, electoral.Female, "ABATE"), row(2, 2, electoral.Male, "LUPO"), row(3, 4, electoral.Female, "MORO")}
	rows[1].Line = electoral.MarkedLine
	rows[1].Reasons = electoral.Faults{electoral.NewFault(electoral.VoterDead, "person.death", "2026-11-20", electoral.Args{"death": "20 novembre 2026"})}
	abroad := voter("1", 4, electoral.Male, "ЖУКОВА", "X")
	abroad.Person.Abroad, abroad.Number = &electoral.Abroad{Comune: aglie, State: "CHE"}, 5
	return append(rows, abroad)
}

func TestPDFListMistakes(t *testing.T) {
	row := voter("1", 5, electoral.Female, "A", "B")
	open := func(w io.Writer) *lists.PDFWriter {
		p, err := lists.NewPDFWriter(w, pdfConfig())
		require.NoError(t, err)
		return p
	}
	w := open(io.Discard)
	assert.ErrorContains(t, w.Write(row), "has not begun")
	assert.ErrorContains(t, w.End(), "has not begun")
	require.NoError(t, w.Begin(voteHeader()))
	assert.ErrorContains(t, w.Begin(voteHeader()), "begun already")
	require.NoError(t, w.Write(row))
	require.ErrorContains(t, w.Write(voter("1", 6, electoral.Male, "A", "B")), "elector 6 of section 1 comes after another part: expected the order of uomini, donne, sesso non indicato")
	require.ErrorContains(t, w.Write(row), "elector 6", "the first error stays")
	assert.ErrorContains(t, w.End(), "elector 6")

	_, err := printed(t, pdfConfig(), voteHeader(), []electoral.ExtractedElector{voter("1", 8, electoral.Male, strings.Repeat("XY ", 4000), "B")})
	assert.ErrorContains(t, err, "elector 8: name and place of birth take more than a page")
	h := voteHeader()
	h.Extraction.Purpose.Function = strings.Repeat("funzione ", 2000)
	_, err = printed(t, pdfConfig(), h, []electoral.ExtractedElector{row})
	assert.ErrorContains(t, err, "section 1: the texts above the list take half a page")
	cfg := pdfConfig()
	cfg.Now = func() time.Time { return time.Time{} }
	_, err = printed(t, cfg, voteHeader(), nil)
	assert.ErrorContains(t, err, "creation time")
	_, err = lists.NewPDFWriter(io.Discard, lists.PDFConfig{Regular: []byte("no font")})
	assert.ErrorContains(t, err, "no font")

	w = open(full{})
	require.NoError(t, w.Begin(voteHeader()))
	require.NoError(t, w.Write(row))
	assert.ErrorIs(t, w.End(), errFull)
}

var errFull = errors.New("disk full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestPDFListMemory fails if the pages of earlier sections stay in memory.
func TestPDFListMemory(t *testing.T) {
	const section = 200
	w, err := lists.NewPDFWriter(io.Discard, pdfConfig())
	require.NoError(t, err)
	require.NoError(t, w.Begin(voteHeader()))
	n := 0
	write := func(sections int) {
		for range sections {
			n++
			for i := range section {
				require.NoError(t, w.Write(voter(strconv.Itoa(n), i+1, electoral.Male, "ROSSI", "UGO")))
			}
		}
	}
	write(10)
	before := heapInUse()
	write(200)
	// Of each row no more is kept than its objects' offsets; kept whole, it
	// would be some 2 kB.
	assert.Less(t, int64(heapInUse())-int64(before), int64(200*section*120))
	require.NoError(t, w.End())
}
