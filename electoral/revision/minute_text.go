package revision

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A MinuteConfig says how a minute is written. Its zero value is usable.
type MinuteConfig struct {
	// Tables say which languages are in force in the comune beside Italian, in which
	// the title stands too, and its name where the minute has none; nil means those
	// embedded in the SDK.
	Tables *refdata.Tables
	// Now is the clock for the PDF's time of creation; nil means time.Now.
	Now func() time.Time
	// Regular and Bold are TrueType files for the PDF, each with a glyf table and the
	// licence to embed a part of it; nil means Titillium Web. What they lack is drawn
	// in the Go fonts.
	Regular, Bold []byte
}

func (cfg *MinuteConfig) complete() error {
	if cfg.Tables != nil {
		return nil
	}
	tables, err := refdata.Embedded()
	if err != nil {
		return fmt.Errorf("revision: minute: %w", err)
	}
	cfg.Tables = tables
	return nil
}

// A minuteTitle is the title of a minute in one language.
type minuteTitle struct {
	lang string // RFC 5646
	text string
}

// titles returns the title in Italian and in the languages of the comune.
func (m Minute) titles(tables *refdata.Tables) []minuteTitle {
	out := []minuteTitle{{"it-IT", titleIn("IT", m.Kind)}}
	for _, l := range tables.Languages(m.Comune) {
		if text := titleIn(l.Code, m.Kind); text != "" {
			out = append(out, minuteTitle{lang: strings.ToLower(l.Code), text: text})
		}
	}
	return out
}

// titleIn returns the title in a language of ANPR's table, empty if there is none.
func titleIn(language string, k Kind) string {
	titles := map[string][4]string{ // in the order of Kinds
		"IT": {"Verbale della revisione semestrale delle liste elettorali",
			"Verbale della revisione dinamica ordinaria delle liste elettorali – prima tornata",
			"Verbale della revisione dinamica ordinaria delle liste elettorali – seconda tornata",
			"Verbale della revisione dinamica straordinaria delle liste elettorali"},
		"DE": {"Niederschrift über die halbjährliche Revision der Wählerlisten",
			"Niederschrift über die ordentliche dynamische Revision der Wählerlisten – erste Runde",
			"Niederschrift über die ordentliche dynamische Revision der Wählerlisten – zweite Runde",
			"Niederschrift über die außerordentliche dynamische Revision der Wählerlisten"},
		"FR": {"Procès-verbal de la révision semestrielle des listes électorales",
			"Procès-verbal de la révision dynamique ordinaire des listes électorales – première phase",
			"Procès-verbal de la révision dynamique ordinaire des listes électorales – seconde phase",
			"Procès-verbal de la révision dynamique extraordinaire des listes électorales"},
		"SL": {"Zapisnik o polletni reviziji volilnih imenikov",
			"Zapisnik o redni dinamični reviziji volilnih imenikov – prvi krog",
			"Zapisnik o redni dinamični reviziji volilnih imenikov – drugi krog",
			"Zapisnik o izredni dinamični reviziji volilnih imenikov"},
	}
	for i, known := range Kinds() {
		if known == k {
			return titles[language][i]
		}
	}
	if language == "IT" {
		return "Verbale di revisione delle liste elettorali"
	}
	return ""
}

// comuneText returns the comune by name: «Comune di Agliè».
func (m Minute) comuneText(tables *refdata.Tables) string {
	if name := tidyText(m.ComuneName); name != "" {
		return "Comune di " + name
	}
	if c, ok := tables.Comune(m.Comune, m.Day); ok {
		return "Comune di " + c.FullName
	}
	return "Comune " + tidyText(m.Comune)
}

// heading returns what stands below the title.
func (m Minute) heading() []string {
	var out []string
	if v := m.Vote; v != nil {
		days := v.Day.Italian()
		if v.Last() != v.Day {
			days += " – " + v.Last().Italian()
		}
		out = append(out, "Votazione per "+v.Consultation.Italian()+": "+days)
	}
	sitting := "Verbale complessivo"
	if m.Sitting > 0 {
		sitting = "Verbale n. " + strconv.Itoa(m.Sitting)
	}
	out = append(out, sitting+" della revisione "+tidyText(m.Revision)+"; seduta del giorno "+m.Day.Italian()+
		"; testo redatto il giorno "+m.Made.Italian())
	var counts []string
	for _, l := range m.lists() {
		counts = append(counts, strings.ToLower(l.title)+" "+strconv.Itoa(len(l.lines)))
	}
	return append(out, "Totali: "+strings.Join(counts, ", "))
}

// A minuteList is one list of a minute.
type minuteList struct {
	path  string // in the JSON form
	title string
	lines []MinuteLine
}

func (m Minute) lists() []minuteList {
	return []minuteList{{path: "enrolled", title: "Iscritti", lines: m.Enrolled},
		{path: "removed", title: "Cancellati", lines: m.Removed},
		{path: "changed", title: "Variati", lines: m.Changed},
		{path: "refused", title: "Non eseguite", lines: m.Refused},
		{path: "rejected", title: "Respinte o ritirate", lines: m.Rejected}}
}

// closing returns what stands before the signature: the open questions and who gets a
// copy.
func (m Minute) closing() []string {
	var out []string
	for _, f := range m.Told {
		text := "Questione aperta: " + tidyText(f.Message)
		if f.Source != "" {
			text += " (" + tidyText(f.Source) + ")"
		}
		out = append(out, text)
	}
	if m.Kind == Semestral {
		return append(out, "Copia a: Prefettura, Procura della Repubblica, commissione elettorale circondariale.")
	}
	return append(out, "Destinatari della copia: secondo le istruzioni della Prefettura. La fonte letta nomina "+
		"Prefettura, Procura della Repubblica e commissione elettorale circondariale per i verbali di rettifica; se "+
		"valga per questa revisione non è accertato.")
}

// birthText returns when and where the person was born.
func (l MinuteLine) birthText() []string {
	var out []string
	if !l.Birth.IsZero() {
		out = append(out, l.Birth.Italian())
	}
	if place := tidyText(l.BirthPlace); place != "" {
		out = append(out, place)
	}
	if out == nil {
		out = []string{"nascita non indicata"}
	}
	return out
}

func (l MinuteLine) nameText() string {
	return strings.TrimSpace(tidyText(l.Surname) + " " + tidyText(l.Name))
}

func (l MinuteLine) codeText() string {
	if l.Code == 0 {
		return ""
	}
	return strconv.Itoa(int(l.Code))
}

// changeText returns what was done, from when, on which evidence and, of a line that
// was not carried out, why not.
func (l MinuteLine) changeText() []string {
	out := []string{tidyText(l.What)}
	if !l.Day.IsZero() {
		out = append(out, "decorrenza: "+l.Day.Italian())
	}
	for _, e := range l.Evidence {
		out = append(out, "agli atti: "+tidyText(e))
	}
	if l.Reason != "" {
		out = append(out, "motivo: "+tidyText(l.Reason))
	}
	return out
}

// WriteMinuteText writes a minute ("verbale") as readable Italian text in UTF-8, with
// the title also in the languages of a multilingual comune. It writes while it goes:
// memory does not grow with the lines. The text has no signature; it ends with the
// place for it.
//
// Codes: ELE-DAT-01.
func WriteMinuteText(w io.Writer, m Minute, cfg MinuteConfig) error {
	if w == nil {
		return errNoWriter
	}
	if err := join(printable(m), cfg.complete()); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n\n", strings.ToUpper(m.comuneText(cfg.Tables)))
	for _, t := range m.titles(cfg.Tables) {
		fmt.Fprintf(b, "%s\n", t.text)
	}
	b.WriteByte('\n')
	for _, line := range m.heading() {
		fmt.Fprintf(b, "%s\n", line)
	}
	for _, l := range m.lists() {
		fmt.Fprintf(b, "\n%s: %d\n", strings.ToUpper(l.title), len(l.lines))
		for i, line := range l.lines {
			line.writeText(b, i+1)
		}
	}
	b.WriteByte('\n')
	for _, line := range m.closing() {
		fmt.Fprintf(b, "%s\n", line)
	}
	b.WriteString("\nL'ufficiale elettorale\n\n______________________________\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("revision: minute: %w", err)
	}
	return nil
}

func (l MinuteLine) writeText(b *bufio.Writer, number int) {
	name := l.nameText()
	if name == "" {
		name = "nome non indicato"
	}
	birth := strings.Join(l.birthText(), ", ")
	fmt.Fprintf(b, "%5d. %s – %s – ID ANPR %s\n", number, name, birth, tidyText(l.ANPRID))
	for _, text := range l.changeText() {
		fmt.Fprintf(b, "       %s\n", text)
	}
	fmt.Fprintf(b, "       causa: %s (%s)\n", l.Cause.Italian(), tidyText(l.Law))
	if section := tidyText(l.Section); section != "" {
		fmt.Fprintf(b, "       sezione: %s\n", section)
	}
	if code := l.codeText(); code != "" {
		fmt.Fprintf(b, "       codice ANPR: %s (%s)\n", code, l.Code.Italian())
	}
}

// tidyText joins a text that came with line breaks or runs of blanks, leaves out
// control characters and invisible ones, which could turn the order of reading, and
// writes a question mark for what is no character.
func tidyText(s string) string {
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return '?'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
}
