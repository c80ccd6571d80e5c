package rules

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// CheckSection applies every rule to a polling section and returns all the
// faults, in the order of the record's fields.
func (c *Checker) CheckSection(s electoral.Section, at electoral.Date) electoral.Faults {
	k := &section{checker: c, s: s, at: at}
	k.identity()
	k.seat()
	k.european()
	k.regional()
	k.district()
	k.college(c.chamber(electoral.Status{}), s.ChamberCollege)
	k.college(c.senate(electoral.Status{}), s.SenateCollege)
	k.translations()
	return k.faults
}

// section is one run of CheckSection.
type section struct {
	checker *Checker
	s       electoral.Section
	at      electoral.Date
	comune  refdata.Comune
	known   bool // comune is the section's
	faults  electoral.Faults
}

func (k *section) fault(c electoral.Code, path, value, message, expected string) {
	k.faults = append(k.faults, electoral.NewFault(c, path, value, message, expected))
}

func (k *section) identity() {
	k.comune, k.known = k.checker.tables.Comune(k.s.Comune, k.at)
	switch {
	case k.s.Comune == "":
		k.fault(electoral.SectionComuneMissing, "comune", "", "Manca il comune della sezione.", "il comune che istituisce la sezione")
	case !k.known:
		k.fault(electoral.SectionComuneUnknown, "comune", k.s.Comune, "Il comune della sezione non esiste al "+k.at.String()+".", "il codice catastale di un comune esistente")
	}
	switch {
	case strings.TrimSpace(k.s.Number) == "":
		k.fault(electoral.SectionNumberMissing, "number", k.s.Number, "Manca il numero della sezione.", "da 1 a 200 caratteri")
	case utf8.RuneCountInString(k.s.Number) > electoral.MaxText:
		k.fault(electoral.SectionNumberTooLong, "number", k.s.Number, "Il numero della sezione è troppo lungo.", "al massimo 200 caratteri")
	}
}

func (k *section) seat() {
	switch {
	case strings.TrimSpace(k.s.SeatName) == "":
		k.fault(electoral.SeatNameMissing, "seatName", k.s.SeatName, "Manca la denominazione della sede.", "da 1 a 200 caratteri")
	case utf8.RuneCountInString(k.s.SeatName) > electoral.MaxText:
		k.fault(electoral.SeatNameTooLong, "seatName", k.s.SeatName, "La denominazione della sede è troppo lunga.", "al massimo 200 caratteri")
	}
	a := k.s.Seat
	if len(a.PostCode) != 5 || !electoral.AllDigits(a.PostCode) {
		k.fault(electoral.SeatPostCode, "seat.postCode", a.PostCode, "Il CAP della sede manca o non è valido.", "cinque cifre")
	}
	if a.Street.Name == "" && a.Street.NameCode == "" {
		k.fault(electoral.SeatStreetMissing, "seat.street", "", "Manca il toponimo dell'indirizzo della sede.", "la denominazione o il codice del toponimo")
	}
	switch {
	case a.Comune == "":
		k.fault(electoral.SeatComuneMissing, "seat.comune", "", "Manca il comune dell'indirizzo della sede.", "il comune della sezione")
	case k.s.Comune != "" && a.Comune != k.s.Comune:
		k.fault(electoral.SeatOtherComune, "seat.comune", a.Comune, "La sede è in un comune diverso da quello della sezione.", k.s.Comune)
	}
}

// european accepts the name of the law with or without its Roman number.
func (k *section) european() {
	given := k.s.EuropeanConstituency
	if given == "" {
		return // optional on the section; the electors' status asks for it
	}
	if k.tooLong("europeanConstituency", given) {
		return
	}
	name, ok := k.checker.tables.Canonical(refdata.KindEuropean, given)
	if !ok {
		var names []string
		for _, c := range k.checker.tables.EuropeanConstituencies() {
			names = append(names, c.Name)
		}
		k.fault(electoral.EuropeanUnknown, "europeanConstituency", given, "La circoscrizione per il Parlamento europeo non è nelle tabelle.", strings.Join(names, ", "))
		return
	}
	if !k.known {
		return
	}
	v, ok := k.checker.tables.EuropeanConstituency(k.s.Comune)
	switch want := v.Name; {
	case !ok:
		k.fault(electoral.EuropeanNotCheckable, "europeanConstituency", given, "Nessuna tabella dice la circoscrizione europea del comune "+k.s.Comune+".", "un controllo sulle tabelle del Ministero")
	case want != name:
		k.fault(electoral.EuropeanOtherComune, "europeanConstituency", given, "La circoscrizione per il Parlamento europeo non è quella del comune di "+k.comune.Name+".", want)
	}
}

// regional warns where it cannot judge: the tables' names are the regional
// laws', not ANPR's official strings, and some rest on general knowledge.
func (k *section) regional() {
	given := k.s.RegionalConstituency
	if given == "" {
		k.fault(electoral.RegionalMissing, "regionalConstituency", "", "Manca la circoscrizione per le elezioni regionali.", "la circoscrizione regionale del comune")
		return
	}
	if k.tooLong("regionalConstituency", given) || !k.known {
		return
	}
	v, ok := k.checker.tables.RegionalConstituency(k.s.Comune)
	name, known := k.checker.tables.Canonical(refdata.KindRegional, given)
	if ok && known && name == v.Name {
		if v.Certainty != refdata.Sourced {
			k.fault(electoral.RegionalNotCheckable, "regionalConstituency", given, "La circoscrizione regionale del comune di "+k.comune.Name+" nella tabella non ha una fonte certa.", "un controllo sulla legge elettorale regionale")
		}
		return
	}
	if ok && known && v.Certainty == refdata.Sourced {
		k.fault(electoral.RegionalOtherComune, "regionalConstituency", given, "La circoscrizione regionale non è quella del comune di "+k.comune.Name+".", v.Name)
		return
	}
	expected := "un controllo sulle tabelle del Ministero"
	if ok {
		expected = v.Name + ", salvo " + expected
	}
	k.fault(electoral.RegionalNotCheckable, "regionalConstituency", given, "La circoscrizione regionale del comune di "+k.comune.Name+" non si può controllare su una tabella certa.", expected)
}

func (k *section) district() {
	given := k.s.DistrictConstituency
	if given == "" || k.tooLong("districtConstituency", given) {
		return
	}
	if k.known && k.comune.Residents > 0 && k.comune.Residents <= smallComune {
		k.fault(electoral.DistrictComuneSmall, "districtConstituency", given, "Il comune di "+k.comune.Name+" non risulta avere circoscrizioni di decentramento.", "nessuna circoscrizione, nei comuni fino a 250.000 abitanti")
	}
}

func (k *section) college(h house, given electoral.College) {
	if given == (electoral.College{}) {
		k.fault(electoral.CollegeMissing, h.college, "", "Mancano i collegi per "+h.italian+".", "CIRCOSCRIZIONE | Pnn | Unn")
		return
	}
	if k.tooLong(h.college, given.String()) {
		return
	}
	name, ok := k.checker.tables.Canonical(h.kind, given.Constituency)
	if !ok {
		k.fault(electoral.CollegeUnknown, h.college, given.String(), "La circoscrizione dei collegi per "+h.italian+" non è nelle tabelle.", strings.Join(h.known, ", "))
		return
	}
	if given.Constituency != strings.ToUpper(given.Constituency) {
		k.fault(electoral.CollegeNotExact, h.college, given.String(), "Il collegio per "+h.italian+" non è scritto come nelle tabelle del Ministero.", electoral.College{Constituency: name, MultiMember: given.MultiMember, SingleMember: given.SingleMember}.String())
	}
	of := h.of(k.s.Comune)
	want := refdata.College{Constituency: name, MultiMember: given.MultiMember, SingleMember: given.SingleMember}
	ofComune := slices.ContainsFunc(of, func(c refdata.College) bool {
		return c.Constituency == name && c.MultiMember == given.MultiMember && c.SingleMember == given.SingleMember
	})
	switch {
	case given.MultiMember == "" && !h.exists(want):
		k.fault(electoral.CollegeMultiMemberMissing, h.college, given.String(), "Manca il collegio plurinominale per "+h.italian+".", expectedColleges(of))
	case !h.exists(want):
		k.fault(electoral.CollegeUnknown, h.college, given.String(), "Il collegio per "+h.italian+" non è nelle tabelle.", expectedColleges(of))
	case !k.known:
	case len(of) == 0:
		k.fault(electoral.CollegeNotCheckable, h.college, given.String(), "Nessuna tabella dice i collegi per "+h.italian+" del comune di "+k.comune.Name+".", "un controllo sulle tabelle del Ministero")
	case !ofComune && of[0].Inferred:
		// The comune is newer than the colleges: its own is its predecessor's.
		k.fault(electoral.CollegeNotCheckable, h.college, given.String(), "I collegi per "+h.italian+" del comune di "+k.comune.Name+" sono dedotti da quelli dei comuni da cui è nato.", expectedColleges(of)+", salvo un controllo sulle tabelle del Ministero")
	case !ofComune:
		k.fault(electoral.CollegeOtherComune, h.college, given.String(), "Il collegio per "+h.italian+" non è del comune di "+k.comune.Name+".", expectedColleges(of))
	}
}

func expectedColleges(of []refdata.College) string {
	if len(of) == 0 {
		return "CIRCOSCRIZIONE | Pnn | Unn"
	}
	texts := make([]string, len(of))
	for i, c := range of {
		texts[i] = electoral.College{Constituency: c.Constituency, MultiMember: c.MultiMember, SingleMember: c.SingleMember}.String()
	}
	return strings.Join(texts, " oppure ")
}

func (k *section) translations() {
	for i, t := range k.s.Translations {
		path := "translations[" + strconv.Itoa(i) + "]"
		if len(t.LanguageID) < 1 || len(t.LanguageID) > 9 || !electoral.AllDigits(t.LanguageID) {
			k.fault(electoral.TranslationLanguage, path+".languageId", t.LanguageID, "La lingua della traduzione manca o non è un codice numerico.", "da 1 a 9 cifre")
		}
		if strings.TrimSpace(t.SeatName) == "" {
			k.fault(electoral.TranslationNameMissing, path+".seatName", t.SeatName, "Manca la denominazione tradotta della sede.", "da 1 a 200 caratteri")
		} else {
			k.tooLong(path+".seatName", t.SeatName)
		}
	}
	if len(k.s.Translations) > 0 && k.known && len(k.checker.tables.Languages(k.s.Comune)) == 0 {
		k.fault(electoral.TranslationNotInForce, "translations[0]", k.s.Translations[0].SeatName, "Nel comune di "+k.comune.Name+" non risulta in vigore un'altra lingua.", "nessuna traduzione")
	}
}

func (k *section) tooLong(path, value string) bool {
	if utf8.RuneCountInString(value) <= electoral.MaxText {
		return false
	}
	k.fault(electoral.FieldTooLong, path, value, "Il testo è troppo lungo.", "al massimo 200 caratteri")
	return true
}
