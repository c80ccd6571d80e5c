// Package qualified judges, by what a certificate says of itself, whether it is
// a qualified certificate for electronic seals ("certificato qualificato di
// sigillo elettronico"; Regulation (EU) 910/2014, articles 3(30) and 38 and
// annex III; ETSI EN 319 412-1, -2, -3 and -5).
//
// Whether its issuer really is a qualified trust service provider is not in the
// certificate: the trusted list of the issuer's State says so.
//
// The functions keep no state and are safe for concurrent use.
package qualified

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/liste-elettorali/anpr/internal/keyusage"
)

// A Code names a requirement that a certificate does not meet. Codes are stable:
// none is ever used for another requirement.
type Code string

// The codes of [Check].
const (
	NoOrganizationID   Code = "organization-identifier"
	BadOrganizationID  Code = "organization-identifier-form"
	IncompleteSubject  Code = "subject"
	NaturalPerson      Code = "natural-person"
	NoQcStatements     Code = "qc-statements"
	NoQcCompliance     Code = "qc-compliance"
	NotForSeals        Code = "qc-type"
	NoQcDevice         Code = "qc-sscd"
	WrongKeyUsage      Code = "key-usage"
	NotValid           Code = "validity"
	IssuedByItself     Code = "issuer"
	ChainNotContinuous Code = "chain"
	NoCertificate      Code = "no-certificate"
)

// A Finding is one requirement that a certificate does not meet.
type Finding struct {
	Code     Code
	Message  string // in Italian, for people
	Expected string
	Source   string // document and clause
}

var (
	oidQcStatements = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}
	oidQcCompliance = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}
	oidQcSSCD       = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 4}
	oidQcType       = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6}
	oidQcTypeSeal   = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6, 2}

	oidCommonName   = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSurname      = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidCountry      = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidOrganization = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidGivenName    = asn1.ObjectIdentifier{2, 5, 4, 42}
	oidPseudonym    = asn1.ObjectIdentifier{2, 5, 4, 65}
	oidOrgID        = asn1.ObjectIdentifier{2, 5, 4, 97}
)

// organizationID is the form of an organizationIdentifier (EN 319 412-1 clause
// 5.1.4): a scheme of three letters, or two letters and a colon for a national
// one, a country, a hyphen and the number, such as VATIT-80012345678.
var organizationID = regexp.MustCompile(`^([A-Z]{3}|[A-Z]{2}:)[A-Z]{2}-.+$`)

// Check returns the requirements of a qualified certificate for electronic
// seals that cert does not meet, in a fixed order; nil if it meets them all.
// chain holds the certificates of its issuers, each of which certifies the one
// before, and may be empty. That each is certified by the next, and that all are
// valid at the time, is checked too. Neither is modified nor kept. A certificate that
// is nil gives one finding, [NoCertificate].
func Check(cert *x509.Certificate, chain []*x509.Certificate, at time.Time) []Finding {
	return findings(cert, chain, at, false)
}

// CheckVerified is [Check] for a chain that [x509.Certificate.Verify] has returned,
// which has verified that each is certified by the next: this alone is not done again,
// since it takes most of the time. Of any other chain use Check.
func CheckVerified(cert *x509.Certificate, chain []*x509.Certificate, at time.Time) []Finding {
	return findings(cert, chain, at, true)
}

func findings(cert *x509.Certificate, chain []*x509.Certificate, at time.Time, verified bool) []Finding {
	if cert == nil || slices.Contains(chain, nil) {
		return []Finding{{Code: NoCertificate, Message: "Manca il certificato, o uno della catena.",
			Expected: "un certificato e quelli di chi lo ha emesso", Source: "ETSI EN 319 412-3"}}
	}
	c := &check{cert: cert}
	c.subject()
	c.statements()
	c.usage()
	c.validity(chain, at, verified)
	return c.findings
}

type check struct {
	cert     *x509.Certificate
	findings []Finding
}

func (c *check) add(code Code, source, expected, format string, args ...any) {
	c.findings = append(c.findings, Finding{Code: code, Message: fmt.Sprintf(format, args...), Expected: expected,
		Source: source})
}

func (c *check) subject() {
	const source = "ETSI EN 319 412-3, 4.2.1"
	values := map[string]string{}
	for _, a := range c.cert.Subject.Names {
		text, _ := a.Value.(string)
		values[a.Type.String()] = text
	}
	switch id, ok := values[oidOrgID.String()]; {
	case !ok:
		c.add(NoOrganizationID, source, "organizationIdentifier (2.5.4.97)",
			"Il titolare non ha un identificativo di persona giuridica.")
	case !organizationID.MatchString(id):
		c.add(BadOrganizationID, "ETSI EN 319 412-1, 5.1.4", "come VATIT-12345678901",
			"L'identificativo di persona giuridica %q non ha la forma prevista.", id)
	}
	for _, a := range []struct {
		oid  asn1.ObjectIdentifier
		name string
	}{{oidCountry, "countryName"}, {oidOrganization, "organizationName"}, {oidCommonName, "commonName"}} {
		if values[a.oid.String()] == "" {
			c.add(IncompleteSubject, source, a.name, "Fra i dati del titolare manca %s.", a.name)
		}
	}
	for _, a := range []struct {
		oid  asn1.ObjectIdentifier
		name string
	}{{oidGivenName, "givenName"}, {oidSurname, "surname"}, {oidPseudonym, "pseudonym"}} {
		if _, ok := values[a.oid.String()]; ok {
			c.add(NaturalPerson, "ETSI EN 319 412-2, 4.2.4", "una persona giuridica",
				"Il titolare ha l'attributo %s, proprio di una persona fisica.", a.name)
		}
	}
}

func (c *check) statements() {
	const part5 = "ETSI EN 319 412-5"
	var raw []byte
	for _, e := range c.cert.Extensions {
		if e.Id.Equal(oidQcStatements) {
			raw = e.Value
		}
	}
	found, types, err := parseStatements(raw)
	if raw == nil || err != nil {
		what := "manca"
		if err != nil {
			what = "non è ben formata"
		}
		c.add(NoQcStatements, part5+", 4.1", "qcStatements (1.3.6.1.5.5.7.1.3)", "L'estensione qcStatements %s.", what)
	}
	if !found[oidQcCompliance.String()] {
		c.add(NoQcCompliance, part5+", 4.2.1", "QcCompliance (0.4.0.1862.1.1)",
			"Il certificato non si dichiara qualificato.")
	}
	switch {
	case !found[oidQcType.String()]:
		c.add(NotForSeals, part5+", 4.2.3", "QcType eseal (0.4.0.1862.1.6.2)",
			"Il certificato non dichiara di servire ai sigilli elettronici.")
	case len(types) != 1 || types[0] != oidQcTypeSeal.String():
		c.add(NotForSeals, part5+", 4.2.3", "QcType eseal (0.4.0.1862.1.6.2)",
			"Il certificato dichiara di servire ad altro: %s.", strings.Join(types, ", "))
	}
	if !found[oidQcSSCD.String()] {
		c.add(NoQcDevice, part5+", 4.2.2", "QcSSCD (0.4.0.1862.1.4)",
			"Il certificato non dichiara che la chiave sta in un dispositivo qualificato.")
	}
}

// parseStatements reads QCStatements (RFC 3739 clause 3.2.6).
func parseStatements(raw []byte) (found map[string]bool, types []string, err error) {
	if raw == nil {
		return nil, nil, nil
	}
	bad := errors.New("not well formed")
	found = map[string]bool{}
	in := cryptobyte.String(raw)
	var list cryptobyte.String
	if !in.ReadASN1(&list, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, nil, bad
	}
	for !list.Empty() {
		var st, info cryptobyte.String
		var id asn1.ObjectIdentifier
		if !list.ReadASN1(&st, cbasn1.SEQUENCE) || !st.ReadASN1ObjectIdentifier(&id) {
			return nil, nil, bad
		}
		found[id.String()] = true
		if !id.Equal(oidQcType) {
			continue
		}
		if !st.ReadASN1(&info, cbasn1.SEQUENCE) || !st.Empty() {
			return nil, nil, bad
		}
		for !info.Empty() {
			var t asn1.ObjectIdentifier
			if !info.ReadASN1ObjectIdentifier(&t) {
				return nil, nil, bad
			}
			types = append(types, t.String())
		}
	}
	return found, types, nil
}

func (c *check) usage() {
	const good = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	if u := c.cert.KeyUsage; u&good == 0 || u&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0 {
		c.add(WrongKeyUsage, "ETSI EN 319 412-2, 4.3.2", "nonRepudiation e/o digitalSignature",
			"L'uso della chiave è %s.", keyusage.Names(u))
	}
}

func (c *check) validity(chain []*x509.Certificate, at time.Time, verified bool) {
	const source = "RFC 5280, 6.1.3"
	if bytes.Equal(c.cert.RawSubject, c.cert.RawIssuer) {
		c.add(IssuedByItself, "ETSI EN 319 412-3, 4.1", "un prestatore di servizi fiduciari qualificato",
			"Il certificato è emesso da chi ne è titolare.")
	}
	path := slices.Concat([]*x509.Certificate{c.cert}, chain)
	for i, cert := range path {
		if i > 0 && !verified && path[i-1].CheckSignatureFrom(cert) != nil {
			c.add(ChainNotContinuous, source, "ciascuno firmato dal seguente",
				"Il certificato di %s non è firmato da quello di %s.", path[i-1].Subject, cert.Subject)
		}
		if at.Before(cert.NotBefore) || at.After(cert.NotAfter) {
			c.add(NotValid, source, at.UTC().Format(time.RFC3339), "Il certificato di %s vale dal %s al %s.",
				cert.Subject,
				cert.NotBefore.UTC().Format(time.RFC3339), cert.NotAfter.UTC().Format(time.RFC3339))
		}
	}
}
