package certificate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A Gendered is a text in the forms that agree with the subject's sex.
type Gendered struct {
	Male, Female string
	// Unknown is the form for a sex that is not known.
	Unknown string
}

func (g Gendered) of(s electoral.Sex) string {
	switch s {
	case electoral.Male:
		return g.Male
	case electoral.Female:
		return g.Female
	}
	return g.Unknown
}

// Texts are the words of a certificate in one language. The sentences of
// [Italian] are ours: no official model is public. A comune that has its own
// sentences takes a copy, changes it and puts it into the [Config].
//
// Texts hold placeholders in braces; each text names its own below. A
// placeholder that a text cannot fill is an error of [NewIssuer].
type Texts struct {
	// Language is ISO 639-1: "it".
	Language string
	// Register and Ministry stand in the header; the authority of the
	// configuration stands below them.
	Register, Ministry string
	Titles             map[Kind]string
	// Preamble opens the sentence.
	Preamble string
	// Born says that the subject was born: {place} and {date}.
	Born Gendered
	// At, AtProvince, AtAbroad and AtState say where: {place}, {province},
	// {state}.
	At, AtProvince, AtAbroad, AtState string
	// When writes a date of birth with the words before it: "il 3 marzo 1980".
	When func(electoral.Date) string
	// Day writes a complete date: "3 marzo 1980".
	Day func(electoral.Date) string
	// Statements end the sentence: {comune}, {list}. So does Both in a combined
	// certificate, for the general list and the added lists.
	Statements map[StatementCode]Gendered
	Both       map[StatementCode]Gendered
	// ToPlace returns the preposition {at} of the texts At before a place, in a
	// language where it depends on the name; nil elsewhere.
	ToPlace func(name string) string
	// OfComune writes {comune} after "of the Comune", in a language where the
	// name alone is not enough; nil means the name alone.
	OfComune func(name string) string
	// Lists names the added lists in a sentence.
	Lists map[electoral.List]string
	Uses  map[Use]string
	// Signers are the titles of the signers.
	Signers map[SignerRole]string
	// Verify explains the contrassegno: {address}, {until}, {authority}.
	VerifyTitle, Verify string
	Labels              Labels
	Marks               Marks
	Collective          CollectiveTexts
}

// Labels are the names of the details below the sentence, and the descriptions
// of the pictures for assistive technology.
type Labels struct {
	Comune, Section, Use, Issued, IssuedBy, ValidUntil, Protocol string
	// ProtocolPending stands in a preview, which has no number yet.
	ProtocolPending string
	// IssuedAt says when the certificate was issued, in Italy: {date} and {time}
	// (9.30), or {hour} and {minute}.
	IssuedAt        string
	Logo            string
	LogoPlaceholder string
	Contrassegno    string
	VerifyLink      string
	// Seal is the first line of a visible seal, beside that of another
	// language. SealText is the lines below it, from the Italian texts only,
	// with the placeholders of [seal.Appearance].
	Seal, SealText string
}

// Marks make it unmistakable that a page is not an original.
type Marks struct {
	// Preview is written across a preview, PreviewNote in its text.
	Preview, PreviewNote string
	// PreviewPending stands where an original has its contrassegno.
	PreviewPending string
	// Trial is written across a trial, TrialNote in its text.
	Trial, TrialNote string
}

func italianWhen(d electoral.Date) string {
	switch {
	case d.Month == 0:
		return "nell'anno " + strconv.Itoa(d.Year)
	case d.Day == 0:
		return "nel mese di " + d.Italian()
	}
	return refdata.Elide("il " + d.Italian())
}

// italianTo writes "ad Aosta", "a Torino".
func italianTo(name string) string {
	if first := refdata.Fold(name); first != "" && first[0] == 'A' {
		return "ad"
	}
	return "a"
}

// Italian returns the Italian texts.
func Italian() Texts {
	enrolled := func(rest string) Gendered {
		return Gendered{"è iscritto " + rest, "è iscritta " + rest, "è iscritto/a " + rest}
	}
	rights := "gode dei diritti politici."
	return Texts{
		Language: "it",
		Register: "Anagrafe nazionale della popolazione residente",
		Ministry: "Ministero dell'Interno",
		Titles: map[Kind]string{
			EnrolmentCertificate:       "Certificato di iscrizione nelle liste elettorali",
			PoliticalRightsCertificate: "Certificato di godimento dei diritti politici",
			CombinedCertificate:        "Certificato di iscrizione nelle liste elettorali e di godimento dei diritti politici",
		},
		Preamble:   "Visti i dati registrati nell'Anagrafe nazionale della popolazione residente, si certifica che",
		Born:       Gendered{"nato {place} {date}", "nata {place} {date}", "nato/a {place} {date}"},
		At:         "{at} {place}",
		AtProvince: "{at} {place} ({province})",
		AtAbroad:   "{at} {place} ({state})",
		ToPlace:    italianTo,
		AtState:    "in {state}",
		When:       italianWhen,
		Day:        electoral.Date.Italian,
		Statements: map[StatementCode]Gendered{
			EnrolledGeneral:      enrolled("nelle liste elettorali del Comune di {comune}."),
			EnrolledAdded:        enrolled("nella lista elettorale aggiunta {list} del Comune di {comune}."),
			EnrolledEUComunal:    enrolled("nella lista elettorale aggiunta dei cittadini dell'Unione europea del Comune di {comune} per le elezioni comunali e circoscrizionali."),
			EnrolledEUParliament: enrolled("nella lista elettorale aggiunta dei cittadini dell'Unione europea del Comune di {comune} per l'elezione dei membri del Parlamento europeo spettanti all'Italia."),
			PoliticalRights:      {rights, rights, rights},
		},
		Both: map[StatementCode]Gendered{
			EnrolledGeneral: enrolled("nelle liste elettorali del Comune di {comune} e gode dei diritti politici."),
			EnrolledAdded:   enrolled("nella lista elettorale aggiunta {list} del Comune di {comune} e gode dei diritti politici."),
		},
		Lists: map[electoral.List]string{
			electoral.BolzanoList:     "per i residenti in provincia di Bolzano, per le elezioni regionali e comunali,",
			electoral.TrentoList:      "per i residenti in provincia di Trento, per le elezioni regionali,",
			electoral.AostaValleyList: "per i residenti in Valle d'Aosta, per le elezioni regionali,",
		},
		Uses: map[Use]string{
			ElectoralUse: "Elettorale o referendario",
			PrivateUse:   "Rapporti tra privati",
			AbroadUse:    "Per l'estero",
		},
		Signers: map[SignerRole]string{
			Mayor:         "Il Sindaco",
			DeputyMayor:   "Il Vice Sindaco",
			MayorDelegate: "L'incaricato del Sindaco",
		},
		VerifyTitle: "Verifica del certificato",
		Verify: "Il codice QR permette di verificare che questa copia corrisponda all'originale informatico (contrassegno, art. 23, comma 2-bis, d.lgs. 7 marzo 2005, n. 82). " +
			"Inquadrarlo con lo smartphone, oppure caricarne l'immagine nell'area pubblica di {address}, entro il {until}. " +
			"L'originale è munito del sigillo elettronico della {authority}.",
		Labels: Labels{
			Comune: "Comune di iscrizione", Section: "Sezione elettorale", Use: "Uso", Issued: "Rilasciato",
			IssuedBy:   "Comune che rilascia",
			ValidUntil: "Valido fino al", Protocol: "Protocollo", ProtocolPending: "assegnato al rilascio",
			IssuedAt:        "{date}, ore {time}",
			Logo:            "Logo del Ministero dell'Interno",
			LogoPlaceholder: "Segnaposto del logo del Ministero dell'Interno: un edificio a colonne in un cerchio",
			Contrassegno:    "Codice QR con l'indirizzo per verificare il certificato",
			VerifyLink:      "Apri la pagina di verifica del certificato",
			Seal:            "Sigillo elettronico", SealText: "{name}\n{organization}\nApposto il {date}, ore {time}\n{reason}",
		},
		Collective: italianCollective(),
		Marks: Marks{
			Preview: "Anteprima", PreviewNote: "Anteprima: questa pagina non è un certificato, non è munita né di codice QR né di sigillo elettronico e non ha alcun valore.",
			PreviewPending: "Il codice QR e il sigillo elettronico sono apposti al rilascio del certificato.",
			Trial:          "DOCUMENTO DI PROVA – PRIVO DI VALORE",
			TrialNote:      "DOCUMENTO DI PROVA – PRIVO DI VALORE: non è munito di un sigillo elettronico di produzione.",
		},
	}
}

// A part is a piece of a filled text.
type part struct {
	text  string
	value bool // it replaced a placeholder
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// fill replaces the placeholders of a text. It leaves an unknown one as it is;
// check has refused it before.
func fill(text string, values map[string]string) []part {
	var out []part
	for text != "" {
		loc := placeholder.FindStringIndex(text)
		if loc == nil {
			out = append(out, part{text, false})
			break
		}
		if loc[0] > 0 {
			out = append(out, part{text[:loc[0]], false})
		}
		out = append(out, part{values[text[loc[0]+1:loc[1]-1]], true})
		text = text[loc[1]:]
	}
	return out
}

func plain(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
	}
	return b.String()
}

// check returns an error that names the texts which are missing or hold a
// placeholder that they cannot fill.
func (t *Texts) check() error {
	if len(t.Language) != 2 {
		return fmt.Errorf("certificate: texts: language %q, expected two letters (ISO 639-1)", t.Language)
	}
	if t.When == nil || t.Day == nil {
		return fmt.Errorf("certificate: texts %q: When or Day is missing", t.Language)
	}
	for _, e := range t.entries() {
		if strings.TrimSpace(e.text) == "" {
			return fmt.Errorf("certificate: texts %q: %s is missing", t.Language, e.name)
		}
		for _, p := range placeholder.FindAllString(e.text, -1) {
			if !strings.Contains(e.allowed, p) {
				return fmt.Errorf("certificate: texts %q: %s holds %s, expected only %q", t.Language, e.name, p,
					e.allowed)
			}
		}
		for _, p := range strings.Fields(e.required) {
			if !strings.Contains(e.text, p) {
				return fmt.Errorf("certificate: texts %q: %s does not hold %s", t.Language, e.name, p)
			}
		}
	}
	return nil
}

// An entry is one text with its name, and the placeholders that it may hold and
// those that it must hold.
type entry struct{ name, text, allowed, required string }

func (t *Texts) entries() []entry {
	out := []entry{
		{name: "Register", text: t.Register}, {name: "Ministry", text: t.Ministry},
		{name: "Preamble", text: t.Preamble},
		{name: "At", text: t.At, allowed: "{at} {place}", required: "{place}"},
		{name: "AtProvince", text: t.AtProvince, allowed: "{at} {place} {province}", required: "{place} {province}"},
		{name: "AtAbroad", text: t.AtAbroad, allowed: "{at} {place} {state}", required: "{place} {state}"},
		{name: "AtState", text: t.AtState, allowed: "{state}", required: "{state}"},
		{name: "VerifyTitle", text: t.VerifyTitle},
		{name: "Verify", text: t.Verify, allowed: "{address} {until} {authority}", required: "{address}"},
		{name: "Labels.Comune", text: t.Labels.Comune}, {name: "Labels.Section", text: t.Labels.Section},
		{name: "Labels.Use", text: t.Labels.Use},
		{name: "Labels.Issued", text: t.Labels.Issued}, {name: "Labels.IssuedBy", text: t.Labels.IssuedBy},
		{name: "Labels.ValidUntil", text: t.Labels.ValidUntil},
		{name: "Labels.Protocol", text: t.Labels.Protocol},
		{name: "Labels.ProtocolPending", text: t.Labels.ProtocolPending},
		{name: "Labels.IssuedAt", text: t.Labels.IssuedAt, allowed: "{date} {time} {hour} {minute}",
			required: "{date}"},
		{name: "Labels.Logo", text: t.Labels.Logo},
		{name: "Labels.LogoPlaceholder", text: t.Labels.LogoPlaceholder},
		{name: "Labels.Contrassegno", text: t.Labels.Contrassegno},
		{name: "Labels.VerifyLink", text: t.Labels.VerifyLink}, {name: "Labels.Seal", text: t.Labels.Seal},
		{name: "Labels.SealText", text: strings.ReplaceAll(t.Labels.SealText, "\n", " "),
			allowed: "{name} {organization} {date} {time} {reason} {location}"},
		{name: "Marks.Preview", text: t.Marks.Preview}, {name: "Marks.PreviewNote", text: t.Marks.PreviewNote},
		{name: "Marks.PreviewPending", text: t.Marks.PreviewPending}, {name: "Marks.Trial", text: t.Marks.Trial},
		{name: "Marks.TrialNote", text: t.Marks.TrialNote},
	}
	gendered := func(name string, g Gendered, allowed, required string) {
		out = append(out,
			entry{name: name + ".Male", text: g.Male, allowed: allowed, required: required},
			entry{name: name + ".Female", text: g.Female, allowed: allowed, required: required},
			entry{name: name + ".Unknown", text: g.Unknown, allowed: allowed, required: required})
	}
	gendered("Born", t.Born, "{place} {date}", "{place} {date}")
	out = append(out, t.Collective.entries()...)
	for _, k := range Kinds() {
		out = append(out, entry{name: "Titles[" + string(k) + "]", text: t.Titles[k]})
	}
	for _, c := range StatementCodes() {
		allowed, required := "{comune}", "{comune}"
		switch c {
		case EnrolledAdded:
			allowed, required = "{comune} {list}", "{comune} {list}"
		case PoliticalRights:
			allowed, required = "", ""
		}
		gendered("Statements["+string(c)+"]", t.Statements[c], allowed, required)
	}
	gendered("Both["+string(EnrolledGeneral)+"]", t.Both[EnrolledGeneral], "{comune}", "{comune}")
	gendered("Both["+string(EnrolledAdded)+"]", t.Both[EnrolledAdded], "{comune} {list}", "{comune} {list}")
	for _, l := range []electoral.List{electoral.BolzanoList, electoral.TrentoList, electoral.AostaValleyList} {
		out = append(out, entry{name: "Lists[" + string(l) + "]", text: t.Lists[l]})
	}
	for _, u := range Uses() {
		out = append(out, entry{name: "Uses[" + string(u) + "]", text: t.Uses[u]})
	}
	for _, r := range []SignerRole{Mayor, DeputyMayor, MayorDelegate} {
		out = append(out, entry{name: "Signers[" + string(r) + "]", text: t.Signers[r]})
	}
	return out
}

// The parts of the sentence.

func (t *Texts) birth(s Subject) []part {
	b := s.Birth
	where := t.At
	switch {
	case b.State != "" && b.Place == "":
		where = t.AtState
	case b.State != "":
		where = t.AtAbroad
	case b.Province != "":
		where = t.AtProvince
	}
	name := b.Place
	if t.Language != italianCode && b.OtherPlace != "" {
		name = b.OtherPlace
	}
	values := map[string]string{"place": name, "province": b.Province, "state": b.State}
	if t.ToPlace != nil {
		values["at"] = t.ToPlace(name)
	}
	place := plain(fill(where, values))
	return fill(t.Born.of(s.Sex), map[string]string{"place": place, "date": t.when(b.Date)})
}

func (t *Texts) statement(d Data) []part {
	values := map[string]string{}
	if d.Enrolment != nil {
		values["comune"], values["list"] = t.comune(d.Enrolment.Comune), t.Lists[d.Enrolment.List]
		if t.OfComune != nil {
			values["comune"] = t.OfComune(values["comune"])
		}
	}
	statements := t.Statements
	if d.Kind == CombinedCertificate {
		statements = t.Both
	}
	return fill(statements[d.Statement.Code].of(d.Subject.Sex), values)
}

// when returns a date in the language; in Italian if the texts have no When.
func (t *Texts) when(d electoral.Date) string {
	if t.When == nil {
		return d.Italian()
	}
	return t.When(d)
}

// comune returns the name of a comune in the language.
func (t *Texts) comune(c Comune) string {
	if t.Language != italianCode && c.OtherName != "" {
		return c.OtherName
	}
	return c.Name
}

// Sentence returns the whole sentence of a certificate: the words of the page,
// with commas in place of its line breaks.
func (t Texts) Sentence(d Data) string {
	return strings.Join([]string{t.Preamble, d.Subject.fullName() + ",", plain(t.birth(d.Subject)) + ",",
		plain(t.statement(d))}, " ")
}

func (s Subject) fullName() string { return strings.TrimSpace(s.Surname + " " + s.Name) }
