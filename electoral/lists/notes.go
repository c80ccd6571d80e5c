package lists

import (
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
)

// noteWords are the few words that stand beside a name; the whole text and its
// law stand at the end of the section.
func noteWords(f electoral.Fault) string {
	switch f.Code {
	case electoral.VoterDead:
		return "deceduto/a"
	case electoral.VoterWithoutCapacity:
		return "non elettore"
	case electoral.VoterStatusNo:
		return "non elettore per la consultazione"
	case electoral.VoterUnderAge:
		return "18 anni dopo il voto"
	case electoral.VoterByPost, electoral.VoterTemporarilyAbroad:
		return "vota per corrispondenza"
	case electoral.VoterOtherWay:
		return f.Args["way"]
	case electoral.VoterNotInPopulation:
		return "non trovato/a in anagrafe"
	case electoral.VoterNotRegistered:
		return "cancellato/a dall'anagrafe"
	case electoral.VoterNotCitizen, electoral.VoterNotOfUnion:
		return "cittadinanza da verificare"
	case electoral.VoterAgeUnknown:
		return "età da verificare"
	case electoral.VoterTermMissing:
		return "residenza da verificare"
	case electoral.VoterAbroadEuropean, electoral.VoterAbroadAtHome:
		return "residente all'estero"
	case electoral.VoterElsewhere:
		return "vota ancora qui"
	}
	return "da verificare"
}

// noteOf returns what is printed beside a name: the section in a mixed list, and
// why a line is not a plain one, with the number of the note.
func (p *PDFWriter) noteOf(e electoral.ExtractedElector) string {
	var out []string
	if p.whole() && e.Section != "" {
		out = append(out, "Sezione n. "+tidy(e.Section))
	}
	if e.Line == electoral.PlainLine {
		return strings.Join(out, "; ")
	}
	s := p.section
	s.marked++
	for _, f := range e.Reasons {
		n := slices.Index(s.notes, f.Code)
		if n < 0 {
			n = len(s.notes)
			s.notes = append(s.notes, f.Code)
		}
		out = append(out, noteWords(f)+" ("+strconv.Itoa(n+1)+")")
	}
	return strings.Join(out, "; ")
}

// explain prints the notes of a section and, once, the warnings about the list.
func (p *PDFWriter) explain() {
	s := p.section
	line := func(text string) {
		if p.err == nil {
			s.y = p.place(tagged.Paragraph, s.y+pdfMM, "note", pdfRegular(8.5, pdfInk), text)
		}
	}
	for i, code := range s.notes {
		rule, _ := electoral.RuleOf(code)
		line("(" + strconv.Itoa(i+1) + ") " + capital(rule.Description) + " (" + rule.Source + ").")
	}
	if !p.told {
		p.told = true
		for _, f := range p.head.Told {
			line("Avvertenza: " + f.Message + " (" + f.Source + ").")
		}
	}
}

// deedText writes the deed of birth: "atto n. 12, parte I, serie A".
func deedText(d *electoral.BirthDeed) string {
	if d == nil || d.Number == "" {
		return ""
	}
	text := "atto n. " + tidy(d.Number)
	if d.Part != "" {
		text += ", parte " + tidy(d.Part)
	}
	if d.Series != "" {
		text += ", serie " + tidy(d.Series)
	}
	return text
}

// abodeOf writes where a person lives: the address or, abroad, the State.
func abodeOf(tables *refdata.Tables, p electoral.Person) string {
	switch {
	case p.Residence != nil:
		return tidy(p.Residence.Abode)
	case p.Abroad != nil:
		if s, ok := tables.State(p.Abroad.State); ok {
			return s.Name
		}
		return p.Abroad.State
	}
	return ""
}
