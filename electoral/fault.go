package electoral

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A Severity says whether a fault forbids the operation.
type Severity string

// The severities.
const (
	// Error forbids the operation.
	Error Severity = "error"
	// Warning is reported, and the operation goes on: a value that is unusual,
	// or that the tables at hand cannot judge.
	Warning Severity = "warning"
)

// A Code is the stable code of a rule or of a refusal. A code is never used
// again for something else. It is an error, so that
//
//	errors.Is(err, electoral.SectionUnknown)
//
// asks whether err, or one of the [Faults] in it, has that code.
type Code string

// Error returns the code; [RuleOf] says what it stands for.
func (c Code) Error() string { return string(c) }

// A Position is a place in a file: Line and Column count from 1, the column in
// bytes; Offset counts bytes from 0.
type Position struct {
	Line   int   `json:"line"`
	Column int   `json:"column"`
	Offset int64 `json:"offset"`
}

func (p Position) String() string {
	return "riga " + strconv.Itoa(p.Line) + ", colonna " + strconv.Itoa(p.Column)
}

// A Fault is one reason to refuse or to doubt a record: which rule, which
// field, which value, what was expected, by which law. Texts are Italian.
type Fault struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Path names the field in the record, with the names of its JSON form:
	// "general.section".
	Path string `json:"path"`
	// Tag names the element of ANPR's message that carries the field:
	// "listaSoggetto/lista/listaGenerale/sezioneelettoralenum". Empty if none does.
	Tag string `json:"tag,omitzero"`
	// Value is the value as it was given; empty when there was none.
	Value string `json:"value"`
	// Expected says what would be accepted.
	Expected string `json:"expected"`
	// Message says what is wrong, for people.
	Message string `json:"message"`
	// Case names the [Case] of the rule, and Args are the arguments of its
	// texts. With the code they let a program phrase the fault in its own
	// words.
	Case string `json:"case,omitzero"`
	Args Args   `json:"args,omitempty"`
	// Source is the law or the document that the rule rests on; where the rule
	// names those of several territories, the one that holds here.
	Source string `json:"source"`
	// ANPRCode is the code with which ANPR refuses the same thing ("EN557");
	// empty where it is not known.
	ANPRCode string `json:"anprCode,omitzero"`
	// Record is the number of the record in its file, from 1; 0 for a record
	// that stands alone.
	Record int `json:"record,omitzero"`
	// Position is where the record or the field stands in a file.
	Position *Position `json:"position,omitzero"`
}

// Error returns the fault on one line.
func (f Fault) Error() string {
	var b strings.Builder
	b.WriteString(string(f.Code))
	if f.Record > 0 {
		fmt.Fprintf(&b, ", record %d", f.Record)
	}
	if f.Position != nil {
		fmt.Fprintf(&b, " (%v)", f.Position)
	}
	if f.Path != "" {
		b.WriteString(", " + f.Path)
	}
	if f.Tag != "" {
		b.WriteString(" <" + f.Tag + ">")
	}
	b.WriteString(": " + f.Message)
	if f.Value != "" {
		fmt.Fprintf(&b, "; valore %q", f.Value)
	}
	if f.Expected != "" {
		b.WriteString("; atteso: " + f.Expected)
	}
	if f.Source != "" {
		b.WriteString(" [" + f.Source + "]")
	}
	return b.String()
}

// Unwrap returns the code, so that errors.Is finds it.
func (f Fault) Unwrap() error { return f.Code }

// Faults are all the faults of one operation, never only the first, as its error.
// What only judges returns a []Fault, which is no error: without faults, or with
// warnings alone, Faults in an error would be one that is not nil. Faults(found).Err()
// makes the error of what was found.
type Faults []Fault

// Error returns the faults, one a line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults as errors.
func (fs Faults) Unwrap() []error {
	errs := make([]error, len(fs))
	for i, f := range fs {
		errs[i] = f
	}
	return errs
}

// Err returns fs as an error if one of them forbids the operation, and nil if
// there are none or only warnings.
func (fs Faults) Err() error {
	for _, f := range fs {
		if f.Severity != Warning {
			return fs
		}
	}
	return nil
}

// Errors returns the faults that forbid the operation.
func (fs Faults) Errors() []Fault { return fs.only(Error) }

// Warnings returns the faults that do not forbid the operation.
func (fs Faults) Warnings() []Fault { return fs.only(Warning) }

func (fs Faults) only(s Severity) Faults {
	var out Faults
	for _, f := range fs {
		if f.Severity == s {
			out = append(out, f)
		}
	}
	return out
}

// RefusalCode returns the code of the first fault that forbids the operation,
// under which the access log keeps a refusal; empty if none does.
func (fs Faults) RefusalCode() string {
	for _, f := range fs {
		if f.Severity == Error {
			return string(f.Code)
		}
	}
	return ""
}

// Has reports whether one of the faults has a code.
func (fs Faults) Has(c Code) bool {
	for _, f := range fs {
		if f.Code == c {
			return true
		}
	}
	return false
}

// MarshalJSON writes an array, which is empty and not null if there are no
// faults.
func (fs Faults) MarshalJSON() ([]byte, error) {
	if fs == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]Fault(fs))
}

// Args are the arguments of a fault's texts, by name. Their values are Italian,
// or data.
type Args map[string]string

// fill puts the arguments into a text. A name without an argument stays as it
// is written; the arguments themselves are not filled. An article goes with the date
// that follows it.
func (a Args) fill(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, open := strings.Cut(text, "{")
		b.WriteString(before)
		if !open {
			return refdata.Elide(b.String())
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := a[name]
		if !closed || !known {
			b.WriteString("{")
			text = rest
			continue
		}
		b.WriteString(value)
		text = after
	}
}

// Legible returns the fault with its value and its arguments as [Shown] returns them, for
// one that quotes what nobody has judged yet.
func (f Fault) Legible() Fault {
	clean := Shown(f.Value) == f.Value
	args := make(Args, len(f.Args))
	for name, v := range f.Args {
		args[name] = Shown(v)
		clean = clean && args[name] == v
	}
	rule, ok := RuleOf(f.Code)
	if clean || !ok {
		return f
	}
	again := rule.Fault(f.Case, f.Path, Shown(f.Value), args)
	f.Value, f.Args, f.Message, f.Expected = again.Value, again.Args, again.Message, again.Expected
	return f
}

// longestShown is the most bytes of a text that [Shown] leaves as it is.
const longestShown = 1000

// Shown returns a text that came from outside as a fault or a page may hold it: as it is
// if it is UTF-8, of 1,000 bytes at most and without characters that show nothing or
// change how others are shown, such as controls and directions; otherwise the beginning
// of it, quoted as in Go.
func Shown(s string) string {
	if len(s) <= longestShown && utf8.ValidString(s) && !strings.ContainsFunc(s, Unreadable) {
		return s
	}
	return strconv.QuoteToASCII(s[:min(len(s), longestShown/10)])
}

// Unreadable reports whether a character shows nothing and may change how others are
// shown: controls, line separators, directions.
func Unreadable(r rune) bool {
	return unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}

// A Cause is the rule that a fault breaks: a [Code], or a [Situation] of it.
type Cause interface {
	cause() (code Code, name string)
}

// A Situation is a code with one of the cases of its rule ([Case]).
type Situation struct {
	Code Code
	Case string
}

// In returns the situation of a code in the case of its rule with that name.
func (c Code) In(name string) Situation { return Situation{Code: c, Case: name} }

func (c Code) cause() (Code, string)      { return c, "" }
func (s Situation) cause() (Code, string) { return s.Code, s.Case }

// NewFault returns a fault of the rule of a code ([Rule.Fault]). For a code
// without a rule the fault has the code and no texts; for a nil cause it has no
// code either.
func NewFault(c Cause, path, value string, args Args) Fault {
	if c == nil {
		c = Code("")
	}
	code, name := c.cause()
	rule, ok := RuleOf(code)
	if !ok {
		rule = Rule{Code: code, Severity: Error}
	}
	return rule.Fault(name, path, value, args)
}

// Tag returns the element of ANPR's messages that carries a field of [Elector]
// or of [Section], given by its path: "general.section" is
// "listaSoggetto/lista/listaGenerale/sezioneelettoralenum". Empty if none does.
func Tag(path string) string {
	if tag, ok := wireTags[path]; ok {
		return tag
	}
	// An index stands for every item: translations[3].seatName.
	if i := strings.IndexByte(path, '['); i >= 0 {
		if j := strings.IndexByte(path[i:], ']'); j >= 0 {
			return wireTags[path[:i]+"[]"+path[i+j+1:]]
		}
	}
	return ""
}

// wireTags maps the paths of Elector and of Section to the elements of ANPR's
// first-load files (tipoListaCert, tipoListaSezioni5011). Read-only.
var wireTags = map[string]string{
	"anprId":                              "listaSoggetto/idSchedaSoggettoANPR",
	"capacity":                            "listaSoggetto/lista/elettore",
	"general":                             "listaSoggetto/lista/listaGenerale",
	"general.comune":                      "listaSoggetto/lista/listaGenerale/comune",
	"general.section":                     "listaSoggetto/lista/listaGenerale/sezioneelettoralenum",
	"added":                               "listaSoggetto/lista/listaAggiuntaComReg",
	"added.bolzano":                       "listaSoggetto/lista/listaAggiuntaComReg/comregelettorebolzano",
	"added.trento":                        "listaSoggetto/lista/listaAggiuntaComReg/comregelettoretrento",
	"added.aostaValley":                   "listaSoggetto/lista/listaAggiuntaComReg/comregelettorevalledaosta",
	"added.bolzano.enrolled":              "listaSoggetto/lista/listaAggiuntaComReg/comregelettorebolzano",
	"added.trento.enrolled":               "listaSoggetto/lista/listaAggiuntaComReg/comregelettoretrento",
	"added.aostaValley.enrolled":          "listaSoggetto/lista/listaAggiuntaComReg/comregelettorevalledaosta",
	"added.bolzano.enrolment":             "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal",
	"added.trento.enrolment":              "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal",
	"added.aostaValley.enrolment":         "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal",
	"added.bolzano.enrolment.comune":      "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal/comune",
	"added.trento.enrolment.comune":       "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal/comune",
	"added.aostaValley.enrolment.comune":  "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal/comune",
	"added.bolzano.enrolment.section":     "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal/sezioneelettoralenum",
	"added.trento.enrolment.section":      "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal/sezioneelettoralenum",
	"added.aostaValley.enrolment.section": "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal/sezioneelettoralenum",
	"eu":                                  "listaSoggetto/lista/listaAggiuntaUE",
	"eu.comunal":                          "listaSoggetto/lista/listaAggiuntaUE/ueelettorecomunali",
	"eu.comunal.enrolled":                 "listaSoggetto/lista/listaAggiuntaUE/ueelettorecomunali",
	"eu.comunal.enrolment":                "listaSoggetto/lista/listaAggiuntaUE/listaAggiuntaUEComunali",
	"eu.comunal.enrolment.comune":         "listaSoggetto/lista/listaAggiuntaUE/listaAggiuntaUEComunali/comune",
	"eu.comunal.enrolment.section":        "listaSoggetto/lista/listaAggiuntaUE/listaAggiuntaUEComunali/sezioneelettoralenum",
	"eu.parliament":                       "listaSoggetto/lista/listaAggiuntaUE/ueelettoreparlamento",
	"eu.parliament.enrolled":              "listaSoggetto/lista/listaAggiuntaUE/ueelettoreparlamento",
	"eu.parliament.enrolment":             "listaSoggetto/lista/listaAggiuntaUE/listaAggiuntaUEParlamento",
	"eu.parliament.enrolment.comune":      "listaSoggetto/lista/listaAggiuntaUE/listaAggiuntaUEParlamento/comune",
	"eu.parliament.enrolment.section":     "listaSoggetto/lista/listaAggiuntaUE/listaAggiuntaUEParlamento/sezioneelettoralenum",
	"status.nationalReferendums":          "listaSoggetto/lista/referendumnazionali",
	"status.europeanParliament":           "listaSoggetto/lista/elezionimembriue",
	"status.senate":                       "listaSoggetto/lista/senatorepubblica",
	"status.senateConstituency":           "listaSoggetto/lista/circoscrsenatorepubblica",
	"status.chamber":                      "listaSoggetto/lista/cameradeputati",
	"status.chamberConstituency":          "listaSoggetto/lista/circoscrcameradeputati",
	"status.regional":                     "listaSoggetto/lista/regionali",
	"status.comunal":                      "listaSoggetto/lista/comunali",
	"status.district":                     "listaSoggetto/lista/circoscrizionali",
	"certifiability":                      "listaSoggetto/certificabilita/soggettoCertificabile",
	"removal.code":                        "Richiesta5010/cancellazione/motivoCancellazione",
	"removal.note":                        "Richiesta5010/cancellazione/noteCancellazione",
	"removal.keptVotes":                   "Richiesta5010/cancellazione/tipoConsultazione",
	"removal.keptVotes[]":                 "Richiesta5010/cancellazione/tipoConsultazione",
	"request.id":                          "testataRichiesta/idOperazioneComune",
	"request.revision":                    "Richiesta5010/tipoRevisione",
	"comune":                              "sezione/comune",
	"number":                              "sezione/sezioneelettoralenum",
	"seatName":                            "sezione/sezioneelettoraledenom",
	"seat":                                "sezione/sezioneelettoraleind",
	"seat.postCode":                       "sezione/sezioneelettoraleind/cap",
	"seat.comune":                         "sezione/sezioneelettoraleind/comune",
	"seat.hamlet":                         "sezione/sezioneelettoraleind/frazione",
	"seat.street":                         "sezione/sezioneelettoraleind/toponimo",
	"seat.street.kind":                    "sezione/sezioneelettoraleind/toponimo/specie",
	"seat.street.name":                    "sezione/sezioneelettoraleind/toponimo/denominazioneToponimo",
	"seat.house":                          "sezione/sezioneelettoraleind/numeroCivico",
	"europeanConstituency":                "sezione/circoscrelezionimembriue",
	"regionalConstituency":                "sezione/circoscrregionali",
	"districtConstituency":                "sezione/circosrizioneelezcircosc",
	"chamberCollege":                      "sezione/collegiocameradeputati",
	"senateCollege":                       "sezione/collegiosenatorepubblica",
	"translations[]":                      "sezione/altraLinguaSezione",
	"translations[].languageId":           "sezione/altraLinguaSezione/altraLinguaIndirizzo/idLingua",
	"translations[].seatName":             "sezione/altraLinguaSezione/sezioneelettoraledenomtrad",
}
