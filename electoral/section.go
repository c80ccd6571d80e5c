package electoral

import (
	"fmt"
	"slices"
	"strings"
)

// A Section is a polling section ("sezione elettorale", annex 1 points 2 and
// 5; ANPR's service 5011). Its seat, constituencies and colleges are those of
// the electors enrolled in it.
type Section struct {
	// Comune is the Belfiore code of the comune whose section it is.
	Comune string `json:"comune"`
	// Number is the number as the comune writes it, 1 to 200 characters,
	// unique within the comune and compared as text.
	Number string `json:"number"`
	// SeatName is the name of the seat ("sede", sezioneelettoraledenom), 1 to
	// 200 characters.
	SeatName string  `json:"seatName"`
	Seat     Address `json:"seat"`
	// Kind says for whom the section is; its zero value is an ordinary section.
	// ANPR's messages and files do not carry it: it is kept here alone, and a section
	// that comes in one keeps the kind that it had.
	Kind SectionKind `json:"kind,omitzero"`
	// EuropeanConstituency is for the election of the European Parliament's
	// members that fall to Italy; empty when not given.
	EuropeanConstituency string `json:"europeanConstituency,omitzero"`
	// RegionalConstituency is for the regional elections
	// ("circoscrregionali").
	RegionalConstituency string `json:"regionalConstituency,omitzero"`
	// DistrictConstituency is for the district elections, free text; empty
	// where the comune has no districts.
	DistrictConstituency string `json:"districtConstituency,omitzero"`
	// ChamberCollege and SenateCollege are the colleges of the seat's territory.
	ChamberCollege College `json:"chamberCollege,omitzero"`
	SenateCollege  College `json:"senateCollege,omitzero"`
	// Translations hold the seat in other languages ("altraLinguaSezione").
	Translations []SectionTranslation `json:"translations,omitzero"`
}

// An Address is a postal address in Italy ("indirizzo", ANPR's tipoIndirizzo).
type Address struct {
	// PostCode is the "CAP": five digits.
	PostCode string `json:"postCode"`
	// Comune is the Belfiore code.
	Comune string `json:"comune"`
	// Place is the name of an Italian place other than the comune
	// ("descrizioneLocalita"); usually empty.
	Place string `json:"place,omitzero"`
	// Hamlet is the part of the comune ("frazione"); may be empty.
	Hamlet string `json:"hamlet,omitzero"`
	Street Street `json:"street"`
	House  House  `json:"house,omitzero"`
}

// A Street is the name of a street ("toponimo", ANPR's tipoToponimo).
type Street struct {
	// Kind is the kind of street ("specie"): "VIA".
	Kind string `json:"kind,omitzero"`
	// KindCode and KindSource are ANPR's codSpecie and specieFonte.
	KindCode   string `json:"kindCode,omitzero"`
	KindSource string `json:"kindSource,omitzero"`
	// Name is the name ("denominazioneToponimo").
	Name string `json:"name,omitzero"`
	// NameCode and NameSource are ANPR's codToponimo and toponimoFonte.
	NameCode   string `json:"nameCode,omitzero"`
	NameSource string `json:"nameSource,omitzero"`
}

// A House is the place of a house in its street ("numero civico", ANPR's
// tipoNumeroCivico). Number and Metric exclude each other.
type House struct {
	Code   string `json:"code,omitzero"`   // codiceCivico
	Source string `json:"source,omitzero"` // civicoFonte
	Number string `json:"number,omitzero"` // numero
	Metric string `json:"metric,omitzero"` // metrico
	// Unnumbered is the progressive number of a house without a number
	// ("progSNC").
	Unnumbered string `json:"unnumbered,omitzero"`
	Letter     string `json:"letter,omitzero"` // lettera
	Suffix     string `json:"suffix,omitzero"` // esponente1
	Colour     string `json:"colour,omitzero"` // colore
	Inner      Inner  `json:"inner,omitzero"`
}

// An Inner is a unit inside a house ("civico interno", ANPR's
// tipoCivicoInterno).
type Inner struct {
	Court          string `json:"court,omitzero"`          // corte
	Staircase      string `json:"staircase,omitzero"`      // scala
	Unit           string `json:"unit,omitzero"`           // interno1
	UnitSuffix     string `json:"unitSuffix,omitzero"`     // espInterno1
	SubUnit        string `json:"subUnit,omitzero"`        // interno2
	SubUnitSuffix  string `json:"subUnitSuffix,omitzero"`  // espInterno2
	OuterStaircase string `json:"outerStaircase,omitzero"` // scalaEsterna
	Secondary      string `json:"secondary,omitzero"`      // secondario
	Floor          string `json:"floor,omitzero"`          // piano
	UnitID         string `json:"unitId,omitzero"`         // nui
	Block          string `json:"block,omitzero"`          // isolato
}

// A SectionTranslation is a section's seat in another language
// ("altraLinguaSezione").
type SectionTranslation struct {
	// LanguageID is ANPR's idLingua: 1 to 9 digits. Its table is not public.
	LanguageID string `json:"languageId"`
	// SeatName is the translated name, 1 to 200 characters.
	SeatName   string `json:"seatName"`
	Note       string `json:"note,omitzero"`       // noteIndirizzo
	Place      string `json:"place,omitzero"`      // descrizioneLocalita
	Hamlet     string `json:"hamlet,omitzero"`     // frazione
	StreetKind string `json:"streetKind,omitzero"` // specie
	StreetName string `json:"streetName,omitzero"` // denominazioneToponimo
	CareOf     string `json:"careOf,omitzero"`     // presso
}

// A College is the pair of colleges, multi-member and single-member
// ("collegio plurinominale e collegio uninominale"), inside a constituency for
// the Camera or the Senato. ANPR writes it as one text: "PIEMONTE 1 | P01 | U02".
type College struct {
	Constituency string `json:"constituency"`
	// MultiMember is "P01"; empty where the law has none (Valle d'Aosta for
	// both houses, Trentino-Alto Adige for the Senato).
	MultiMember string `json:"multiMember,omitzero"`
	// SingleMember is "U02".
	SingleMember string `json:"singleMember"`
}

// ParseCollege reads ANPR's text of a college. Blanks around the bars do not
// count; the multi-member part may be empty or the word NULL, as the Ministry's
// table writes a missing part.
func ParseCollege(s string) (College, error) {
	parts := strings.Split(s, "|")
	if len(parts) != 3 {
		return College{}, fmt.Errorf("electoral: college %q: expected CONSTITUENCY | Pnn | Unn", s)
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	c := College{Constituency: parts[0], MultiMember: parts[1], SingleMember: parts[2]}
	if c.MultiMember == "NULL" {
		c.MultiMember = ""
	}
	if c.Constituency == "" || c.MultiMember != "" && !collegeNumber(c.MultiMember, 'P') ||
		!collegeNumber(c.SingleMember, 'U') {
		return College{}, fmt.Errorf("electoral: college %q: expected CONSTITUENCY | Pnn | Unn", s)
	}
	return c, nil
}

func collegeNumber(s string, kind byte) bool {
	return len(s) == 3 && s[0] == kind && s[1] >= '0' && s[1] <= '9' && s[2] >= '0' && s[2] <= '9'
}

// String returns ANPR's text of the college; for a zero College the empty text.
func (c College) String() string {
	if c == (College{}) {
		return ""
	}
	if c.MultiMember == "" {
		return c.Constituency + " | | " + c.SingleMember
	}
	return c.Constituency + " | " + c.MultiMember + " | " + c.SingleMember
}

// String returns the address on one line, for people: "VIA ROMA, 12/A - FRAZIONE".
func (a Address) String() string {
	var b strings.Builder
	write := func(sep, s string) {
		if s == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s)
	}
	write(" ", a.Street.Kind)
	write(" ", a.Street.Name)
	number := a.House.Number
	if a.House.Letter != "" {
		number += "/" + a.House.Letter
	}
	if a.House.Metric != "" {
		number = "km " + a.House.Metric
	}
	write(", ", number)
	write(" - ", a.Hamlet)
	return b.String()
}

// Clone returns a copy that shares nothing with s.
func (s Section) Clone() Section {
	s.Translations = slices.Clone(s.Translations)
	return s
}
