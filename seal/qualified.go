package seal

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// A FindingCode names a requirement that a certificate does not meet.
type FindingCode string

// The codes of [CheckQualified].
const (
	NoOrganizationID   FindingCode = "organization-identifier"
	BadOrganizationID  FindingCode = "organization-identifier-form"
	IncompleteSubject  FindingCode = "subject"
	NaturalPerson      FindingCode = "natural-person"
	NoQcStatements     FindingCode = "qc-statements"
	NoQcCompliance     FindingCode = "qc-compliance"
	NotForSeals        FindingCode = "qc-type"
	NoQcDevice         FindingCode = "qc-sscd"
	WrongKeyUsage      FindingCode = "key-usage"
	NotValid           FindingCode = "validity"
	IssuedByItself     FindingCode = "issuer"
	ChainNotContinuous FindingCode = "chain"
)

// A Finding is one requirement that a certificate does not meet.
type Finding struct {
	Code     FindingCode
	Message  string // in Italian, for people
	Expected string
	Source   string // document and clause
}

// NotQualifiedError lists why a production sealer refuses its certificate. It
// is [ErrNotQualified] and [ErrCertificate].
type NotQualifiedError struct {
	Subject  string
	Findings []Finding
}

func (e *NotQualifiedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seal: %v (%s):", ErrNotQualified, e.Subject)
	for _, f := range e.Findings {
		fmt.Fprintf(&b, " %s: %s (%s)", f.Code, f.Message, f.Source)
	}
	return b.String()
}

// Is reports whether target is [ErrNotQualified] or [ErrCertificate].
func (e *NotQualifiedError) Is(target error) bool {
	return target == ErrNotQualified || target == ErrCertificate
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

// CheckQualified returns how a certificate differs, by what it says of itself,
// from a qualified one for electronic seals (Regulation (EU) 910/2014, annex
// III; ETSI EN 319 412-3 and -5), nil if in nothing. chain holds its issuers,
// may be empty, and is checked for continuity and validity at the time.
//
// Whether the issuer really is a qualified trust service provider is not in
// the certificate: the trusted list of its state says so.
func CheckQualified(cert *x509.Certificate, chain []*x509.Certificate, at time.Time) []Finding {
	q := &qualification{cert: cert}
	q.subject()
	q.statements()
	q.usage()
	q.validity(chain, at)
	return q.findings
}

type qualification struct {
	cert     *x509.Certificate
	findings []Finding
}

func (q *qualification) add(code FindingCode, source, expected, format string, args ...any) {
	q.findings = append(q.findings, Finding{Code: code, Message: fmt.Sprintf(format, args...), Expected: expected, Source: source})
}

func (q *qualification) subject() {
	const source = "ETSI EN 319 412-3, 4.2.1"
	values := map[string]string{}
	for _, a := range q.cert.Subject.Names {
		text, _ := a.Value.(string)
		values[a.Type.String()] = text
	}
	switch id, ok := values[oidOrgID.String()]; {
	case !ok:
		q.add(NoOrganizationID, source, "organizationIdentifier (2.5.4.97)", "Il titolare non ha un identificativo di persona giuridica.")
	case !organizationID.MatchString(id):
		q.add(BadOrganizationID, "ETSI EN 319 412-1, 5.1.4", "come VATIT-12345678901", "L'identificativo di persona giuridica %q non ha la forma prevista.", id)
	}
	for _, a := range []struct {
		oid  asn1.ObjectIdentifier
		name string
	}{{oidCountry, "countryName"}, {oidOrganization, "organizationName"}, {oidCommonName, "commonName"}} {
		if values[a.oid.String()] == "" {
			q.add(IncompleteSubject, source, a.name, "Fra i dati del titolare manca %s.", a.name)
		}
	}
	for _, a := range []struct {
		oid  asn1.ObjectIdentifier
		name string
	}{{oidGivenName, "givenName"}, {oidSurname, "surname"}, {oidPseudonym, "pseudonym"}} {
		if _, ok := values[a.oid.String()]; ok {
			q.add(NaturalPerson, "ETSI EN 319 412-2, 4.2.4", "una persona giuridica", "Il titolare ha l'attributo %s, proprio di una persona fisica.", a.name)
		}
	}
}

func (q *qualification) statements() {
	const part5 = "ETSI EN 319 412-5"
	var raw []byte
	for _, e := range q.cert.Extensions {
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
		q.add(NoQcStatements, part5+", 4.1", "qcStatements (1.3.6.1.5.5.7.1.3)", "L'estensione qcStatements %s.", what)
	}
	if !found[oidQcCompliance.String()] {
		q.add(NoQcCompliance, part5+", 4.2.1", "QcCompliance (0.4.0.1862.1.1)", "Il certificato non si dichiara qualificato.")
	}
	switch {
	case !found[oidQcType.String()]:
		q.add(NotForSeals, part5+", 4.2.3", "QcType eseal (0.4.0.1862.1.6.2)", "Il certificato non dichiara di servire ai sigilli elettronici.")
	case len(types) != 1 || types[0] != oidQcTypeSeal.String():
		q.add(NotForSeals, part5+", 4.2.3", "QcType eseal (0.4.0.1862.1.6.2)", "Il certificato dichiara di servire ad altro: %s.", strings.Join(types, ", "))
	}
	if !found[oidQcSSCD.String()] {
		q.add(NoQcDevice, part5+", 4.2.2", "QcSSCD (0.4.0.1862.1.4)", "Il certificato non dichiara che la chiave sta in un dispositivo qualificato.")
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

func (q *qualification) usage() {
	const good = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	if u := q.cert.KeyUsage; u&good == 0 || u&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0 {
		q.add(WrongKeyUsage, "ETSI EN 319 412-2, 4.3.2", "nonRepudiation e/o digitalSignature", "L'uso della chiave è %s.", keyUsage(u))
	}
}

func (q *qualification) validity(chain []*x509.Certificate, at time.Time) {
	const source = "RFC 5280, 6.1.3"
	if selfIssued(q.cert) {
		q.add(IssuedByItself, "ETSI EN 319 412-3, 4.1", "un prestatore di servizi fiduciari qualificato", "Il certificato è emesso da chi ne è titolare.")
	}
	child := q.cert
	for i := -1; i < len(chain); i++ {
		c := q.cert
		if i >= 0 {
			c = chain[i]
			if err := child.CheckSignatureFrom(c); err != nil {
				q.add(ChainNotContinuous, source, "ciascuno firmato dal seguente", "Il certificato di %s non è firmato da quello di %s.", child.Subject, c.Subject)
			}
			child = c
		}
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			q.add(NotValid, source, at.UTC().Format(time.RFC3339), "Il certificato di %s vale dal %s al %s.", c.Subject,
				c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339))
		}
	}
}
