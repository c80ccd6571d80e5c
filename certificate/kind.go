package certificate

import (
	"fmt"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A Kind is a kind of electoral certificate (D.M. 17 October 2022, annex 2,
// services for the comuni 4).
type Kind string

// The kinds.
const (
	// EnrolmentCertificate says that a person is in an electoral list
	// ("certificato di iscrizione nelle liste elettorali").
	EnrolmentCertificate Kind = "enrolment"
	// PoliticalRightsCertificate says that a citizen enjoys the political
	// rights ("certificato di godimento dei diritti politici").
	PoliticalRightsCertificate Kind = "political-rights"
	// CombinedCertificate says both in one document ("in forma contestuale"); in
	// ANPR a request that lists both types.
	CombinedCertificate Kind = "combined"
	// CollectiveCertificate says that several persons are in the lists
	// ("certificato collettivo", L. 352/1970, art. 8). [Kinds] does not contain
	// it; [Issuer.Collective] issues it.
	CollectiveCertificate Kind = "collective-enrolment"
)

// Kinds returns every kind of certificate of one person.
func Kinds() []Kind {
	return []Kind{EnrolmentCertificate, PoliticalRightsCertificate, CombinedCertificate}
}

// states reports whether a certificate of the kind says where the person is
// enrolled, and whether it says that he enjoys the political rights.
func (k Kind) states() (enrolment, rights bool) {
	combined := k == CombinedCertificate
	return k == EnrolmentCertificate || combined, k == PoliticalRightsCertificate || combined
}

// ParseKind reads the text of a kind; [CollectiveCertificate] is accepted too.
func ParseKind(s string) (Kind, error) {
	for _, k := range append(Kinds(), CollectiveCertificate) {
		if string(k) == s {
			return k, nil
		}
	}
	return "", fmt.Errorf("certificate: kind %.40q: expected one of %q", s, append(Kinds(), CollectiveCertificate))
}

// ANPRTypes returns the codes of the kind in ANPR's service 6001
// (tipoCertificato), nil for [CollectiveCertificate]. The table that defines
// the codes is not public: 21 and 22 come from what vendors report
// (italia/anpr, issue 3693).
func (k Kind) ANPRTypes() []string {
	switch k {
	case EnrolmentCertificate:
		return []string{"22"}
	case PoliticalRightsCertificate:
		return []string{"21"}
	case CombinedCertificate:
		return []string{"21", "22"}
	}
	return nil
}

// A Use is the purpose for which a certificate is asked. It decides the formula
// of D.P.R. 445/2000, art. 40, and the stamp duty.
type Use string

// The uses.
const (
	// ElectoralUse is for the presentation of lists and candidacies and for
	// referendums ("uso elettorale o referendario").
	ElectoralUse Use = "electoral"
	// PrivateUse is for dealings between private parties.
	PrivateUse Use = "private"
	// AbroadUse is for authorities and persons abroad ("per l'estero", D.P.R.
	// 445/2000, art. 40).
	AbroadUse Use = "abroad"
)

// Uses returns every use.
func Uses() []Use { return []Use{ElectoralUse, PrivateUse, AbroadUse} }

// ParseUse reads the text of a use.
func ParseUse(s string) (Use, error) {
	for _, u := range Uses() {
		if string(u) == s {
			return u, nil
		}
	}
	return "", fmt.Errorf("certificate: use %.40q: expected one of %q", s, Uses())
}

// A SignerRole is the office in which a person signs for a comune
// (tipoFirmaElettorale of ANPR's service 6001).
type SignerRole string

// The roles. A certificate of the portal has none: it carries only the
// contrassegno and the seal.
const (
	Mayor         SignerRole = "mayor"          // "Sindaco", ANPR's 3 and its default
	DeputyMayor   SignerRole = "deputy-mayor"   // "Vice Sindaco", ANPR's 2
	MayorDelegate SignerRole = "mayor-delegate" // "incaricato del sindaco", ANPR's 1
)

// ParseSignerRole reads the text of a role.
func ParseSignerRole(s string) (SignerRole, error) {
	switch r := SignerRole(s); r {
	case Mayor, DeputyMayor, MayorDelegate:
		return r, nil
	}
	return "", fmt.Errorf("certificate: signer's role %.40q: expected %q, %q or %q",
		s, Mayor, DeputyMayor, MayorDelegate)
}

// addMonths adds calendar months; a day that the resulting month does not have
// becomes its last day.
func addMonths(d electoral.Date, n int) electoral.Date {
	month := int(d.Month) - 1 + n
	d.Year += month / 12
	d.Month = time.Month(month%12 + 1)
	last := refdata.DateOf(time.Date(d.Year, d.Month+1, 0, 0, 0, 0, 0, time.UTC)).Day
	d.Day = min(d.Day, last)
	return d
}

// Rules are the legal rules of a certificate that change with time and use. A
// caller who must follow a newer law than this package knows replaces them.
type Rules struct {
	Formulas   []UseText
	Stamps     []UseText
	Validities []Validity
}

// A UseText is a text that certificates for some uses carry, if they are issued
// while it is in force.
type UseText struct {
	// From and To are the first and the last day of issue; zero means no limit.
	From, To electoral.Date
	Uses     []Use
	// Text is in Italian, whatever the language of the certificate, because the
	// law gives the words in Italian.
	Text string
	// Translations stand beside Text on certificates in two languages, by ISO
	// 639-1 code. They are ours: no official ones are known.
	Translations map[string]string
	Source       string
}

// A Validity says how long certificates are valid.
type Validity struct {
	From, To electoral.Date
	Kinds    []Kind
	// Months are calendar months from the day of issue, 1 to 120; a day that
	// the last month does not have becomes the last day of that month.
	Months int
	Source string
}

// StampLaw is the day from which this version cites d.lgs. 123/2025 in place of
// D.P.R. 642/1972: 1 January 2027, to which D.L. 200/2025, art. 4, is reported to
// have postponed it. Its text was not read; [RulesFrom] takes another day.
func StampLaw() electoral.Date { return electoral.Date{Year: 2027, Month: 1, Day: 1} }

// DefaultRules returns the rules that this version knows: [RulesFrom] of
// [StampLaw].
func DefaultRules() Rules { return RulesFrom(StampLaw()) }

// RulesFrom returns the rules that this version knows, with the new law on stamp
// duty from a day on.
//
// The formula of D.P.R. 445/2000, art. 40 c. 02, is printed on certificates for
// private parties issued from 1 January 2012: without it they are void. It is
// absent from certificates for electoral use, to which the simplification does
// not apply; those for use abroad say so instead. Validity is the six months of
// art. 41 c. 1 of the same decree. Exemption from stamp duty is that of D.P.R.
// 642/1972, table (annex B), art. 1, and then of d.lgs. 123/2025, annex 3.
func RulesFrom(stampLaw electoral.Date) Rules {
	return Rules{
		Formulas: formulas(),
		Stamps:   stamps(stampLaw),
		Validities: []Validity{{
			Kinds: Kinds(), Months: 6,
			Source: "D.P.R. 28 dicembre 2000, n. 445, art. 41, comma 1",
		}},
	}
}

// formulas are the texts of D.P.R. 445/2000, art. 40.
func formulas() []UseText {
	from2012 := electoral.Date{Year: 2012, Month: 1, Day: 1}
	return []UseText{
		{
			From: from2012, Uses: []Use{PrivateUse},
			Text: "Il presente certificato non può essere prodotto agli organi della pubblica amministrazione " +
				"o ai privati gestori di pubblici servizi",
			Translations: map[string]string{
				"de": "Diese Bescheinigung darf nicht bei Organen der öffentlichen Verwaltung oder bei privaten " +
					"Betreibern öffentlicher Dienste vorgelegt werden",
				"fr": "Le présent certificat ne peut être produit aux organes de l'administration publique ni " +
					"aux " +
					"gestionnaires privés de services publics",
				"sl": "Tega potrdila ni dovoljeno predložiti organom javne uprave ali zasebnim upravljavcem " +
					"javnih storitev",
			},
			Source: "D.P.R. 28 dicembre 2000, n. 445, art. 40, comma 02",
		},
		{
			From: from2012, Uses: []Use{AbroadUse},
			Text: "Ai sensi dell'art. 40 del D.P.R. 28 dicembre 2000, n. 445, il presente certificato è " +
				"rilasciato " +
				"solo per l'estero",
			Translations: map[string]string{
				"de": "Diese Bescheinigung wird gemäß Art. 40 des D.P.R. vom 28. Dezember 2000, Nr. 445, nur " +
					"für das " +
					"Ausland ausgestellt",
				"fr": "Le présent certificat est délivré uniquement pour l'étranger, au sens de l'art. 40 du " +
					"D.P.R. " +
					"n° 445 du 28 décembre 2000",
				"sl": "To potrdilo se v skladu s 40. členom OPR št. 445 z dne 28. decembra 2000 izda samo za " +
					"tujino",
			},
			Source: "D.P.R. 28 dicembre 2000, n. 445, art. 40",
		},
	}
}

// stamps are the lines about stamp duty, with the new law from a day on.
func stamps(stampLaw electoral.Date) []UseText {
	before := stampLaw.AddDays(-1)
	paying := []Use{PrivateUse, AbroadUse}
	return []UseText{
		{
			To: before, Uses: []Use{ElectoralUse},
			Text: "Esente da imposta di bollo per uso elettorale o referendario " +
				"(D.P.R. 26 ottobre 1972, n. 642, tabella, art. 1).",
			Translations: map[string]string{
				"de": "Stempelfrei für Wahl- oder Referendumszwecke (D.P.R. vom 26. Oktober 1972, Nr. 642).",
				"fr": "Exempt de droit de timbre pour usage électoral ou référendaire (D.P.R. n° 642 du 26 " +
					"octobre 1972).",
				"sl": "Brez kolkovine za volilne ali referendumske namene (OPR št. 642 z dne 26. oktobra 1972).",
			},
			Source: "D.P.R. 26 ottobre 1972, n. 642, allegato B, art. 1",
		},
		{
			From: stampLaw, Uses: []Use{ElectoralUse},
			Text: "Esente da imposta di bollo per uso elettorale o referendario (d.lgs. n. 123 del 2025, " +
				"allegato 3).",
			Translations: map[string]string{
				"de": "Stempelfrei für Wahl- oder Referendumszwecke (gesetzesvertretendes Dekret Nr. 123 von " +
					"2025, Anhang 3).",
				"fr": "Exempt de droit de timbre pour usage électoral ou référendaire (décret législatif n° 123 " +
					"de 2025, annexe 3).",
				"sl": "Brez kolkovine za volilne ali referendumske namene (zakonodajna uredba št. 123 iz leta " +
					"2025, priloga 3).",
			},
			Source: "d.lgs. n. 123 del 2025, allegato 3",
		},
		{
			To: before, Uses: paying, Text: "Soggetto a imposta di bollo, salvo esenzione (D.P.R. 26 ottobre " +
				"1972, n. 642).",
			Translations: map[string]string{
				"de": "Stempelpflichtig, vorbehaltlich Befreiung (D.P.R. vom 26. Oktober 1972, Nr. 642).",
				"fr": "Soumis au droit de timbre, sauf exemption (D.P.R. n° 642 du 26 octobre 1972).",
				"sl": "Zavezano kolkovini, razen če velja oprostitev (OPR št. 642 z dne 26. oktobra 1972).",
			},
			Source: "D.P.R. 26 ottobre 1972, n. 642",
		},
		{
			From: stampLaw, Uses: paying, Text: "Soggetto a imposta di bollo, salvo esenzione (d.lgs. n. 123 " +
				"del 2025).",
			Translations: map[string]string{
				"de": "Stempelpflichtig, vorbehaltlich Befreiung (gesetzesvertretendes Dekret Nr. 123 von 2025).",
				"fr": "Soumis au droit de timbre, sauf exemption (décret législatif n° 123 de 2025).",
				"sl": "Zavezano kolkovini, razen če velja oprostitev (zakonodajna uredba št. 123 iz leta 2025).",
			},
			Source: "d.lgs. n. 123 del 2025",
		},
	}
}

func inForce(at, from, to electoral.Date) bool {
	return (from.IsZero() || !at.Before(from)) && (to.IsZero() || !at.After(to))
}

func textFor(list []UseText, use Use, at electoral.Date) UseText {
	for _, t := range list {
		if inForce(at, t.From, t.To) && slices.Contains(t.Uses, use) {
			return t
		}
	}
	return UseText{}
}

// Formula returns the formula that a certificate issued on a day must carry,
// empty if none.
func (r Rules) Formula(use Use, at electoral.Date) string { return textFor(r.Formulas, use, at).Text }

// Stamp returns the line about stamp duty, empty if none.
func (r Rules) Stamp(use Use, at electoral.Date) string { return textFor(r.Stamps, use, at).Text }

// ValidUntil returns the last day of validity of a certificate issued on a day.
// It is an error if no rule is in force for that kind and day.
func (r Rules) ValidUntil(kind Kind, issued electoral.Date) (electoral.Date, error) {
	for _, v := range r.Validities {
		if inForce(issued, v.From, v.To) && slices.Contains(v.Kinds, kind) {
			return addMonths(issued, v.Months), nil
		}
	}
	return electoral.Date{}, fmt.Errorf("certificate: no rule says how long a certificate %q issued on %s is valid",
		kind, issued)
}

func (r Rules) check() error {
	for i, v := range r.Validities {
		if v.Months < 1 || v.Months > 120 {
			return fmt.Errorf("certificate: rules: validity %d is of %d months, expected 1 to 120", i, v.Months)
		}
	}
	for what, list := range map[string][]UseText{"formula": r.Formulas, "stamp": r.Stamps} {
		for i, t := range list {
			if t.Text == "" || len(t.Text) > 1000 {
				return fmt.Errorf("certificate: rules: %s %d has a text of %d bytes, expected 1 to 1000",
					what, i, len(t.Text))
			}
		}
	}
	for _, k := range Kinds() {
		if !slices.ContainsFunc(r.Validities, func(v Validity) bool { return slices.Contains(v.Kinds, k) }) {
			return fmt.Errorf("certificate: rules: no validity for the kind %q", k)
		}
	}
	return nil
}
