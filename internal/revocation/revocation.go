// Package revocation reads what an authority says of a certificate: OCSP
// responses (RFC 6960) and revocation lists (RFC 5280). It uses neither the
// network nor a clock: the caller decides which time counts.
package revocation

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"
)

// A Status is what a response or a list says of one certificate.
type Status struct {
	// ThisUpdate is when the status was right, NextUpdate until when it need not
	// be asked again, zero if it is not said. ProducedAt is when it was signed.
	ThisUpdate, NextUpdate, ProducedAt time.Time
	// Revoked is the instant of the revocation, zero if it is good.
	Revoked time.Time
	// Responder signed an OCSP response for the issuer; nil if the issuer did.
	// Its own status has to be known too, unless NoCheck says that it need not.
	Responder *x509.Certificate
	NoCheck   bool
}

var (
	oidNoCheck             = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
	oidDeltaCRL            = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidIssuingDistribution = asn1.ObjectIdentifier{2, 5, 29, 28}
)

// ErrUnknown is the error of a response that does not know the certificate.
var ErrUnknown = errors.New("the responder does not know the certificate")

// OCSP reads an OCSP response about a certificate and checks that its issuer,
// or a responder that the issuer authorised (RFC 6960 clause 4.2.2.2), signed
// it.
func OCSP(data []byte, c, issuer *x509.Certificate) (*Status, error) {
	resp, err := ocsp.ParseResponseForCert(data, c, issuer)
	if err != nil {
		return nil, err
	}
	s := &Status{ThisUpdate: resp.ThisUpdate, NextUpdate: resp.NextUpdate, ProducedAt: resp.ProducedAt}
	if r := resp.Certificate; r != nil && !r.Equal(issuer) {
		if !slices.Contains(r.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
			return nil, fmt.Errorf("the responder %s is not authorised: expected the extended key usage OCSPSigning",
				r.Subject)
		}
		if resp.ProducedAt.Before(r.NotBefore) || resp.ProducedAt.After(r.NotAfter) {
			return nil, fmt.Errorf("the certificate of the responder %s was not valid at %s", r.Subject,
				resp.ProducedAt.UTC().Format(time.RFC3339))
		}
		s.Responder = r
		s.NoCheck = slices.ContainsFunc(r.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidNoCheck) })
	}
	switch resp.Status {
	case ocsp.Good:
	case ocsp.Revoked:
		s.Revoked = resp.RevokedAt
	default:
		return nil, ErrUnknown
	}
	return s, nil
}

// CRL reads a complete revocation list of a certificate's issuer and checks
// that the issuer signed it and that it covers the certificate.
func CRL(data []byte, c, issuer *x509.Certificate) (*Status, error) {
	list, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(list.RawIssuer, c.RawIssuer) {
		return nil, errors.New("a revocation list of another issuer")
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		return nil, fmt.Errorf("signature of the revocation list: %w", err)
	}
	for _, e := range list.Extensions {
		switch {
		case e.Id.Equal(oidDeltaCRL):
			return nil, errors.New("only the changes of a revocation list")
		case e.Id.Equal(oidIssuingDistribution):
			if err := checkScope(e.Value, c); err != nil {
				return nil, err
			}
		case e.Critical:
			return nil, fmt.Errorf("a revocation list with the unknown critical extension %v", e.Id)
		}
	}
	s := &Status{ThisUpdate: list.ThisUpdate, NextUpdate: list.NextUpdate, ProducedAt: list.ThisUpdate}
	for _, e := range list.RevokedCertificateEntries {
		if e.SerialNumber.Cmp(c.SerialNumber) == 0 {
			s.Revoked = e.RevocationTime
		}
	}
	return s, nil
}

// checkScope checks that a list with an issuing distribution point (RFC 5280
// clause 5.2.5) covers a certificate, and for all reasons.
func checkScope(value []byte, c *x509.Certificate) error {
	in := cryptobyte.String(value)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return errors.New("the scope of the revocation list is not well formed")
	}
	for !seq.Empty() {
		var v cryptobyte.String
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1(&v, &tag) {
			return errors.New("the scope of the revocation list is not well formed")
		}
		set := len(v) == 1 && v[0] != 0
		switch tag &^ 0x20 {
		case cbasn1.Tag(0).ContextSpecific(): // where it is found
		case cbasn1.Tag(1).ContextSpecific():
			if set && c.IsCA {
				return errors.New("a revocation list of end users only")
			}
		case cbasn1.Tag(2).ContextSpecific():
			if set && !c.IsCA {
				return errors.New("a revocation list of authorities only")
			}
		default:
			return errors.New("a revocation list of some reasons, of other issuers or of attribute certificates only")
		}
	}
	return nil
}
