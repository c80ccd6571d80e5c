package revision_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/revision"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

func minuteConfig() revision.MinuteConfig {
	return revision.MinuteConfig{Now: func() time.Time { return time.Date(2026, 2, 5, 11, 0, 0, 0, time.UTC) }}
}

// minuteLine is a line about a made-up person.
func minuteLine(n int) revision.MinuteLine {
	return revision.MinuteLine{ANPRID: fmt.Sprint(1000 + n), Surname: "ROSSI", Name: "UGO " + string(rune('A'+n%26)),
		Birth: electoral.Date{Year: 1980, Month: 4, Day: 3}, BirthPlace: "Agliè (TO)", Cause: revision.MovedOut,
		What: "cancellazione dalla lista generale ordinaria", Law: "D.P.R. 223/1967, art. 32, n. 4",
		Code: electoral.Emigration, Section: "3", Day: electoral.Date{Year: 2026, Month: 2, Day: 5},
		Evidence: []string{"anagrafe: residenza a Torino dal 2 gennaio 2026"}}
}

func minuteLines(n int) (out []revision.MinuteLine) {
	for i := range n {
		out = append(out, minuteLine(i))
	}
	return out
}

// minuteOf is a minute of a sitting before the referendum of March 2026.
func minuteOf(t testing.TB, comune, name string) revision.Minute {
	vote := referendum2026(t)
	return revision.Minute{Revision: "rev-1", Comune: comune, ComuneName: name, Kind: revision.Extraordinary,
		Vote: &vote, Sitting: 2, Day: on(t, "2026-02-05"), Made: on(t, "2026-02-06")}
}

// mixedMinute has lines in each list, and some that are hard to print.
func mixedMinute(t testing.TB) revision.Minute {
	m := minuteOf(t, "A074", "Agliè")
	m.Removed = minuteLines(60)
	enrolled := minuteLine(1)
	enrolled.Surname, enrolled.Code, enrolled.Cause = "D'ÀRIA", 0, revision.MovedIn
	enrolled.What = "iscrizione nella lista generale ordinaria"
	m.Enrolled = []revision.MinuteLine{enrolled}
	changed := minuteLine(2)
	changed.Surname, changed.Name, changed.Code, changed.Birth = "ЖУКОВА", "日本", 0, electoral.Date{}
	changed.BirthPlace, changed.What = "", strings.Repeat("PAROLALUNGHISSIMA", 9)
	m.Changed = []revision.MinuteLine{changed}
	refused := minuteLine(3)
	refused.Surname, refused.Name, refused.Reason = "NGUYỄN", "  TRẦN\n", "EN204: la lista non è quella"
	rejected := minuteLine(4)
	rejected.Reason, rejected.Evidence = "la persona è tornata", nil
	for i := range 150 {
		document := fmt.Sprintf("inizio%d. del documento mandato dall'anagrafe, di due righe, fine%d.", i, i)
		rejected.Evidence = append(rejected.Evidence, document)
	}
	m.Refused, m.Rejected = []revision.MinuteLine{refused}, []revision.MinuteLine{rejected}
	m.Told = electoral.Faults{electoral.NewFault(electoral.RevisionNoticeComputed, "vote.notice", "",
		electoral.Args{"notice": "5 febbraio 2026"})}
	return m
}

func minutePDF(t testing.TB, m revision.Minute) ([]byte, electoral.Faults) {
	t.Helper()
	var b bytes.Buffer
	told, err := revision.WriteMinutePDF(&b, m, minuteConfig())
	require.NoError(t, err)
	return b.Bytes(), told
}

// toolOnPDF runs a foreign program on a PDF; the path stands for the argument {}.
func toolOnPDF(t *testing.T, pdf []byte, name string, args ...string) string {
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

func TestMinuteText(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, revision.WriteMinuteText(&b, mixedMinute(t), minuteConfig()))
	text := b.String()
	for _, want := range []string{
		"COMUNE DI AGLIÈ\n\nVerbale della revisione dinamica straordinaria delle liste elettorali\n",
		"Votazione per i referendum nazionali: 22 marzo 2026 – 23 marzo 2026\n",
		"Verbale n. 2 della revisione rev-1; seduta del giorno 5 febbraio 2026; testo redatto il giorno 6 febbraio 2026\n",
		"Totali: iscritti 1, cancellati 60, variati 1, non eseguite 1, respinte o ritirate 1\n",
		"\nISCRITTI: 1\n    1. D'ÀRIA UGO B – 3 aprile 1980, Agliè (TO) – ID ANPR 1001\n",
		"\nCANCELLATI: 60\n    1. ROSSI UGO A – 3 aprile 1980, Agliè (TO) – ID ANPR 1000\n" +
			"       cancellazione dalla lista generale ordinaria\n       decorrenza: 5 febbraio 2026\n" +
			"       agli atti: anagrafe: residenza a Torino dal 2 gennaio 2026\n" +
			"       causa: trasferimento in altro comune (D.P.R. 223/1967, art. 32, n. 4)\n       sezione: 3\n" +
			"       codice ANPR: 1 (emigrazione)\n    2. ROSSI",
		"   60. ROSSI UGO H", "NGUYỄN TRẦN – ", "motivo: EN204: la lista non è quella\n", "nascita non indicata",
		"motivo: la persona è tornata\n", "Questione aperta: Il giorno del manifesto", "L'ufficiale elettorale\n\n____",
		"Destinatari della copia: secondo le istruzioni della Prefettura.",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "Copia a:", "sourced for the semestral revision only")

	semestral := minuteOf(t, "A326", "")
	semestral.Kind, semestral.Vote, semestral.Sitting = revision.Semestral, nil, 0
	b.Reset()
	require.NoError(t, revision.WriteMinuteText(&b, semestral, minuteConfig()))
	require.Contains(t, b.String(), "COMUNE DI AOSTA")
	require.Contains(t, b.String(), "Procès-verbal de la révision semestrielle des listes électorales\n")
	require.Contains(t, b.String(), "Copia a: Prefettura, Procura della Repubblica, commissione elettorale circond")
	require.Contains(t, b.String(), "Verbale complessivo della revisione rev-1")
	require.Contains(t, b.String(), "CANCELLATI: 0\n")
	require.ErrorIs(t, revision.WriteMinuteText(brokenWriter{}, semestral, minuteConfig()), errBroken)

	odd := revision.Minute{Kind: "x", Comune: "Z\x07999"}
	odd.Enrolled = []revision.MinuteLine{{}, {Surname: "A\u202eB\xff\n C"}}
	b.Reset()
	require.NoError(t, revision.WriteMinuteText(&b, odd, minuteConfig()))
	require.Contains(t, b.String(), "COMUNE Z999\n\nVerbale di revisione delle liste elettorali\n")
	require.Contains(t, b.String(), "1. nome non indicato – nascita non indicata")
	require.Contains(t, b.String(), "2. AB? C – ", "nothing turns the order of reading")
}

func TestMinuteTitles(t *testing.T) {
	for comune, want := range map[string]map[revision.Kind]string{
		"A952": {revision.Semestral: "halbjährliche Revision", revision.DynamicFirst: "erste Runde",
			revision.DynamicSecond: "zweite Runde", revision.Extraordinary: "außerordentliche"},
		"A326": {revision.Semestral: "semestrielle", revision.DynamicFirst: "première phase",
			revision.DynamicSecond: "seconde phase", revision.Extraordinary: "extraordinaire"},
		"D383": {revision.Semestral: "polletni", revision.DynamicFirst: "prvi krog",
			revision.DynamicSecond: "drugi krog", revision.Extraordinary: "izredni"},
	} {
		for k, part := range want {
			m := minuteOf(t, comune, "")
			m.Kind = k
			var b bytes.Buffer
			require.NoError(t, revision.WriteMinuteText(&b, m, minuteConfig()))
			require.Contains(t, b.String(), part, "%s %s", comune, k)
		}
	}
}

func TestMinutePDF(t *testing.T) {
	pdf, told := minutePDF(t, mixedMinute(t))
	again, _ := minutePDF(t, mixedMinute(t))
	require.True(t, bytes.Equal(pdf, again), "the same minute gives the same bytes")
	require.Len(t, told, 2, "and none twice, though the lines are laid out twice")
	require.Equal(t, "none minute.changed[0].surname 1002", told[0].Case+" "+told[0].Path+" "+told[0].Value)
	require.Equal(t, " minute.refused[0].surname 1003", told[1].Case+" "+told[1].Path+" "+told[1].Value)

	text := toolOnPDF(t, pdf, "pdftotext", "-layout", "-enc", "UTF-8", "{}", "-")
	pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	for i, page := range pages {
		require.Contains(t, page, fmt.Sprintf("Pagina %d di %d", i+1, len(pages)))
		require.Contains(t, page, "Comune di Agliè – Verbale della revisione dinamica straordinaria")
	}
	bare := strings.Join(strings.Fields(toolOnPDF(t, pdf, "pdftotext", "-raw", "-enc", "UTF-8", "{}", "-")), " ")
	repeated := regexp.MustCompile(`Comune di Agliè – Verbale della revisione dinamica straordinaria delle liste ` +
		`elettorali Pagina \d+ di \d+ (N\. Cognome e nome Nascita Variazione Causa e norma Sez\. ANPR )?`)
	bare = repeated.ReplaceAllString(bare, "")
	for _, want := range []string{
		"Comune di Agliè Verbale della revisione dinamica straordinaria delle liste elettorali Votazione per i referendum",
		"Iscritti (1)", "Cancellati (60)", "Variati (1)", "Non eseguite (1)", "Respinte o ritirate (1)",
		"60 ROSSI UGO H ID ANPR 1059", "NGUYEN TRA'N ID ANPR 1003", "ID ANPR 1002", "decorrenza: 5 febbraio 2026",
		"motivo: la persona è tornata", "fine149.", "Questione aperta: Il giorno del manifesto",
		"L'ufficiale elettorale Luogo e data, firma:",
	} {
		require.True(t, strings.Contains(bare, want), want)
	}
	for i := range 150 {
		for _, word := range []string{"inizio", "fine"} {
			require.True(t, strings.Contains(bare, fmt.Sprintf("%s%d.", word, i)), "a line longer than a page is not cut")
		}
	}
	require.True(t, strings.Contains(strings.ReplaceAll(bare, " ", ""), strings.Repeat("PAROLALUNGHISSIMA", 9)))

	// Every word stands inside the margins, and none crosses the line of a column.
	const mm, slack = 72 / 25.4, 0.01
	word := regexp.MustCompile(`<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)" yMax="([\d.]+)">`)
	words := word.FindAllStringSubmatch(toolOnPDF(t, pdf, "pdftotext", "-bbox", "{}", "-"), -1)
	require.NotEmpty(t, words)
	for _, w := range words {
		var x0, x1, y1 float64
		_, err := fmt.Sscan(w[1]+" "+w[2]+" "+w[3], &x0, &x1, &y1)
		require.NoError(t, err)
		require.True(t, x0 >= 14*mm-slack && x1 <= 196*mm+slack && y1 <= 290*mm, w[0])
	}
}

// TestMinutePDFStructure reads what a screen reader reads.
func TestMinutePDFStructure(t *testing.T) {
	m := mixedMinute(t)
	m.Comune, m.ComuneName = "A952", "Bolzano/Bozen"
	m.Refused, m.Removed = nil, minuteLines(501)
	pdf, _ := minutePDF(t, m)
	tree := toolOnPDF(t, pdf, "pdfinfo", "-struct", "{}")
	count := func(what string) int { return len(regexp.MustCompile(`(?m)^ *`+what+`\b`).FindAllString(tree, -1)) }
	rows := 501 + 3
	require.Equal(t, 1, count("H1"))
	require.Equal(t, 5+1, count("H2"), "the long list is handed on in two parts")
	require.Equal(t, 4+1, count("Table"))
	require.Equal(t, 5+rows, count("TR"))
	require.Equal(t, 5*7+rows, count("TH"))
	require.Equal(t, rows*6, count("TD"))
	// With the texts pdfinfo takes minutes for a long list.
	m.Removed = minuteLines(30)
	pdf, _ = minutePDF(t, m)
	tree = toolOnPDF(t, pdf, "pdfinfo", "-struct-text", "{}")
	require.Equal(t, 1, strings.Count(tree, "Niederschrift über die außerordentliche"))
	require.Equal(t, 4, strings.Count(tree, "Cognome e nome"), "what pages repeat is there once")
	require.NotContains(t, tree, "Pagina 1")
	require.Contains(t, tree, "Nessuna riga.")
}

func TestMinutePDFStandards(t *testing.T) {
	long := minuteOf(t, "D383", "Gorizia")
	long.Kind, long.Vote, long.Enrolled = revision.DynamicSecond, nil, minuteLines(600)
	empty := minuteOf(t, "A074", "Agliè")
	bolzano := mixedMinute(t)
	bolzano.Comune, bolzano.ComuneName = "A952", "Bolzano/Bozen"
	var paths []string
	for name, m := range map[string]revision.Minute{"mixed": mixedMinute(t), "empty": empty, "long": long,
		"two-languages": bolzano} {
		pdf, _ := minutePDF(t, m)
		require.Contains(t, toolOnPDF(t, pdf, "qpdf", "--check", "{}"), "No syntax or stream encoding errors", name)
		paths = append(paths, filepath.Join(t.TempDir(), name+".pdf"))
		require.NoError(t, os.WriteFile(paths[len(paths)-1], pdf, 0o600))
	}
	for _, flavour := range []string{"3a", "ua1"} {
		args := append([]string{"-f", flavour, "--format", "text"}, paths...)
		out, err := exec.Command(testenv.Tool(t, "verapdf"), args...).CombinedOutput()
		require.NoError(t, err, "%s: %s", flavour, out)
		require.Equal(t, len(paths), strings.Count(string(out), "PASS "), "%s: %s", flavour, out)
	}
}

func TestMinutePDFMistakes(t *testing.T) {
	m := minuteOf(t, "A074", "Agliè")
	_, err := revision.WriteMinutePDF(brokenWriter{}, m, minuteConfig())
	require.ErrorIs(t, err, errBroken)
	cfg := minuteConfig()
	cfg.Regular = []byte("no font")
	_, err = revision.WriteMinutePDF(io.Discard, m, cfg)
	require.ErrorContains(t, err, "no font")
	cfg = minuteConfig()
	cfg.Now = func() time.Time { return time.Time{} }
	_, err = revision.WriteMinutePDF(io.Discard, m, cfg)
	require.ErrorContains(t, err, "creation time")
	hebrew := minuteLine(1)
	hebrew.What, hebrew.Law, hebrew.Section = "שלום", "\xff", "\u202e"
	m.Changed = []revision.MinuteLine{hebrew}
	_, err = revision.WriteMinutePDF(io.Discard, m, cfg)
	require.Error(t, err)
	_, err = revision.WriteMinutePDF(io.Discard, m, minuteConfig())
	require.NoError(t, err, "what no font has becomes question marks")
}

// heapWriter takes the most memory in use that it sees after each 128 kB.
type heapWriter struct {
	since int
	most  uint64
}

func (w *heapWriter) Write(p []byte) (int, error) {
	if w.since += len(p); w.since >= 1<<17 {
		w.since = 0
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		w.most = max(w.most, stats.HeapAlloc)
	}
	return len(p), nil
}

// TestMinutePDFMemory fails if the pages of a long list stay in memory.
func TestMinutePDFMemory(t *testing.T) {
	m := minuteOf(t, "A074", "Agliè")
	most := func(lines int) uint64 {
		m.Removed = minuteLines(lines)
		w := &heapWriter{}
		_, err := revision.WriteMinutePDF(w, m, minuteConfig())
		require.NoError(t, err)
		require.NotZero(t, w.most)
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return w.most - min(w.most, stats.HeapAlloc) // without the minute itself
	}
	short, long := most(2000), most(20000)
	t.Logf("beyond the minute: %d kB with 2,000 lines, %d kB with 20,000", short>>10, long>>10)
	// Kept whole, a line would be some 6 kB.
	require.Less(t, int64(long)-int64(short), int64(18000*1000))
}

// BenchmarkMinutePDF prints 20,000 lines.
func BenchmarkMinutePDF(b *testing.B) {
	m := minuteOf(b, "A074", "Agliè")
	m.Removed = minuteLines(20000)
	for b.Loop() {
		_, err := revision.WriteMinutePDF(io.Discard, m, minuteConfig())
		require.NoError(b, err)
	}
}

// FuzzMinute: no text makes a panic, and a minute is written or refused.
func FuzzMinute(f *testing.F) {
	f.Add("ROSSI", "UGO", "iscrizione", "3")
	f.Add("\x00\xff", "\u202e", strings.Repeat("x ", 600), "\n")
	f.Fuzz(func(t *testing.T, surname, name, what, section string) {
		line := minuteLine(1)
		line.Surname, line.Name, line.What, line.Section, line.Reason = surname, name, what, section, name
		m := minuteOf(t, "A952", surname)
		m.Enrolled = []revision.MinuteLine{line}
		require.NoError(t, revision.WriteMinuteText(io.Discard, m, minuteConfig()))
		_, err := revision.WriteMinutePDF(io.Discard, m, minuteConfig())
		require.NoError(t, err)
	})
}
