package certificate

import (
	"fmt"
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
)

// Uses returns every use.
func Uses() []Use { return []Use{ElectoralUse, PrivateUse} }

// ParseUse reads the text of a use.
func ParseUse(s string) (Use, error) {
	for _, u := range Uses() {
		if string(u) == s {
			return u, nil
		}
	}
	return "", fmt.Errorf("certificate: use %.40q: expected %q or %q", s, ElectoralUse, PrivateUse)
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
