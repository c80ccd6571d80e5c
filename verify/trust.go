package verify

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/liste-elettorali/anpr/internal/cms"
)

// trust checks that the signer's certificate leads to an anchor, may seal and
// is valid at a time, and returns the chain; nil if it does not.
func (j *judgement) trust(sd *cms.SignedData, res *cms.Result, at time.Time) (Check, []*x509.Certificate, *Anchor) {
	c := Check{Code: CodeTrust, Outcome: Failed}
	if res == nil {
		c.Outcome, c.Message = NotDone, "Non verificato: la firma non è integra, o non si è potuta verificare."
		return c, nil, nil
	}
	switch list, err := j.anchors(PurposeSeal); {
	case err != nil:
		c.Outcome, c.Message = NotDone, "Non verificato: l'elenco delle autorità affidabili non è disponibile."
		c.Evidence = append(c.Evidence, err.Error())
		return c, nil, nil
	case len(list) == 0:
		c.Outcome, c.Message = NotDone, "Non verificato: non è stata indicata alcuna autorità affidabile."
		return c, nil, nil
	}
	cert := res.Certificate
	for m, err := range sd.Malformed {
		c.Message = "La firma contiene un certificato non conforme (" + clean(signerName(m)) + ")."
		c.Evidence = append(c.Evidence, err.Error())
		return c, nil, nil
	}
	if err := sealUsage(cert); err != nil {
		c.Message = fmt.Sprintf("Il certificato di «%s» non è fatto per sigillare o firmare documenti.",
			clean(signerName(cert)))
		c.Evidence = append(c.Evidence, err.Error())
		return c, nil, nil
	}
	chain, anchor, err := j.chain(cert, slices.Concat(sd.Certificates, j.evidence.certs), at, PurposeSeal)
	if err != nil {
		return untrusted(c, err, cert, at), nil, nil
	}
	if weak := j.v.weak(at, hashes(res), chain); len(weak) > 0 {
		c.Message = fmt.Sprintf("La firma usa algoritmi o chiavi che al %s non si consideravano più sicuri: %s.",
			italianTime(at), strings.Join(weak, ", "))
		return c, nil, nil
	}
	odd, err := j.stray(sd.Certificates, chain)
	if err != nil {
		return untrusted(c, err, cert, at), nil, nil
	}
	if odd != nil {
		c.Message = fmt.Sprintf("Il certificato allegato di «%s» è alterato o estraneo alla catena.",
			clean(signerName(odd)))
		return c, nil, nil
	}
	c.Outcome = Passed
	top := chain[len(chain)-1]
	c.Message = fmt.Sprintf("Il certificato di «%s» è valido al %s e risale all'autorità indicata come affidabile "+
		"«%s».",
		clean(signerName(cert)), italianTime(at), clean(top.Subject.CommonName))
	for _, x := range chain {
		c.Evidence = append(c.Evidence, fmt.Sprintf("%s, serial %x, until %s", x.Subject, x.SerialNumber,
			x.NotAfter.UTC().Format(time.RFC3339)))
	}
	return c, chain, anchor
}

// sealUsage checks key usage (RFC 5280 clause 4.2.1.3: nonRepudiation,
// digitalSignature or both) and extended key usage.
func sealUsage(c *x509.Certificate) error {
	if c.IsCA {
		return errors.New("the certificate is that of an authority")
	}
	if c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return errors.New("key usage has neither digitalSignature nor nonRepudiation")
	}
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 || len(c.UnknownExtKeyUsage) > 0 {
		return nil // document signing has no constant in crypto/x509
	}
	for _, u := range c.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageCodeSigning,
			x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageOCSPSigning:
		default:
			return nil
		}
	}
	return errors.New("extended key usage is only for other purposes")
}

// stray returns a certificate of the message that passes for one of the chain
// without being it, or whose issuer is there and did not sign it. No signature
// covers the certificates of a message, and an altered one must not go
// unnoticed only because the chain does without it.
func (j *judgement) stray(certs, chain []*x509.Certificate) (*x509.Certificate, error) {
	trusted := chain[len(chain)-1:]
	if list, err := j.anchors(PurposeSeal); err == nil && len(list) <= maxEvidence {
		for i := range list {
			trusted = append(trusted[:len(trusted):len(trusted)], list[i].Certificate)
		}
	}
	known, issuers := slices.Concat(chain, trusted), slices.Concat(certs, trusted)
	for _, c := range certs {
		if slices.ContainsFunc(known, c.Equal) {
			continue
		}
		poses := slices.ContainsFunc(known, func(k *x509.Certificate) bool {
			return bytes.Equal(c.RawSubjectPublicKeyInfo, k.RawSubjectPublicKeyInfo) ||
				bytes.Equal(c.RawSubject, k.RawSubject)
		})
		issued := func(i *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, i.RawSubject) }
		if !poses && !slices.ContainsFunc(issuers, issued) {
			continue
		}
		if signed, err := j.signedByAny(c, issuers); err != nil || !signed {
			return c, err
		}
	}
	return nil, nil
}

func (j *judgement) signedByAny(c *x509.Certificate, issuers []*x509.Certificate) (bool, error) {
	for _, i := range issuers {
		if !bytes.Equal(c.RawIssuer, i.RawSubject) {
			continue
		}
		if err := j.spend(keyWork(i)); err != nil {
			return false, err
		}
		if c.CheckSignatureFrom(i) == nil {
			return true, nil
		}
	}
	return false, nil
}

// untrusted says why the certificate of a seal is not trusted, or was not examined.
func untrusted(c Check, err error, cert *x509.Certificate, at time.Time) Check {
	if c.Message = trustMessage(err, cert, at); errors.Is(err, errCertWork) {
		c.Outcome = NotDone
	}
	c.Evidence = append(c.Evidence, err.Error())
	return c
}

func trustMessage(err error, cert *x509.Certificate, at time.Time) string {
	name := clean(signerName(cert))
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.Is(err, errCertWork):
		return fmt.Sprintf("Non verificato: insieme al sigillo di «%s» ci sono troppi certificati di firma per "+
			"esaminarli. Chiedere una nuova copia del documento a chi lo ha emesso.", name)
	case errors.Is(err, errAnchorDate):
		return fmt.Sprintf("Il certificato di «%s» risale a un'autorità che al %s non era affidabile.", name,
			italianTime(at))
	case errors.Is(err, errPolicy):
		return fmt.Sprintf("Il certificato di «%s» risale a un'autorità affidabile, ma non per le politiche con cui "+
			"è stato emesso.", name)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if at.Before(cert.NotBefore) {
			return fmt.Sprintf("Il certificato di «%s» non era ancora valido al %s.", name, italianTime(at))
		}
		return fmt.Sprintf("Il certificato di «%s», o uno della sua catena, non è valido al %s.", name, italianTime(at))
	case errors.As(err, &unknown):
		return fmt.Sprintf("Il certificato di «%s» non risale ad alcuna delle autorità indicate come affidabili.", name)
	}
	return fmt.Sprintf("La catena del certificato di «%s» non è valida.", name)
}

// signerName names the holder of a certificate.
func signerName(c *x509.Certificate) string {
	name := c.Subject.CommonName
	if len(c.Subject.Organization) > 0 && c.Subject.Organization[0] != "" && c.Subject.Organization[0] != name {
		if name != "" {
			name += ", "
		}
		name += c.Subject.Organization[0]
	}
	if name == "" {
		name = c.Subject.String()
	}
	return clean(name)
}

// clean makes a text of unknown origin fit to be shown: printable characters
// only, no change of direction, and short.
func clean(s string) string {
	const most = 200
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > most {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
