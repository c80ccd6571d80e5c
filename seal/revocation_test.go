package seal_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// An issuer of certificates whose answers a test makes itself.
type issuer struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newIssuer(t *testing.T, name string) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	i := &issuer{t: t, key: key}
	i.cert = i.issue(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(name)}, key)
	return i
}

// issue certifies a key; the issuer itself if it has no certificate yet.
func (i *issuer) issue(tmpl *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	i.t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(i.t, err)
	tmpl.SerialNumber = serial
	if tmpl.NotAfter.IsZero() {
		tmpl.NotBefore, tmpl.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	}
	parent := i.cert
	if parent == nil {
		parent = tmpl
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), i.key)
	require.NoError(i.t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(i.t, err)
	return c
}

func (i *issuer) leaf(ocspURL, crlURL string) *x509.Certificate {
	tmpl := &x509.Certificate{Subject: pkix.Name{CommonName: "PROVA foglia"}}
	if ocspURL != "" {
		tmpl.OCSPServer = []string{ocspURL}
	}
	if crlURL != "" {
		tmpl.CRLDistributionPoints = []string{crlURL}
	}
	return i.issue(tmpl, i.key)
}

func (i *issuer) responder(change func(*x509.Certificate)) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(i.t, err)
	tmpl := &x509.Certificate{Subject: pkix.Name{CommonName: "PROVA risponditore"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5},
			Value: []byte{5, 0}}}}
	if change != nil {
		change(tmpl)
	}
	return i.issue(tmpl, key), key
}

// answer makes a response about a certificate.
func (i *issuer) answer(c *x509.Certificate, by *x509.Certificate, key crypto.Signer,
	change func(*ocsp.Response)) []byte {
	i.t.Helper()
	tmpl := ocsp.Response{Status: ocsp.Good, SerialNumber: c.SerialNumber, ThisUpdate: time.Now().Add(-time.Minute),
		NextUpdate: time.Now().Add(time.Hour), IssuerHash: crypto.SHA1}
	if by != i.cert {
		tmpl.Certificate = by
	}
	if change != nil {
		change(&tmpl)
	}
	data, err := ocsp.CreateResponse(i.cert, by, tmpl, key)
	require.NoError(i.t, err)
	return data
}

func (i *issuer) list(change func(*x509.RevocationList)) []byte {
	i.t.Helper()
	tmpl := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute),
		NextUpdate: time.Now().Add(time.Hour)}
	if change != nil {
		change(tmpl)
	}
	data, err := x509.CreateRevocationList(rand.Reader, tmpl, i.cert, i.key)
	require.NoError(i.t, err)
	return data
}

// An answered is what the two services answer about a certificate.
type answered struct {
	ocsp, crl []byte
	says      string // of the error; empty if the status is good
}

func (i *issuer) revoke(c *x509.Certificate) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: c.SerialNumber,
			RevocationTime: time.Now().Add(-time.Hour)}}
	}
}

// answers are of every kind, about one certificate. revoked is one of their
// responders.
func answers(t *testing.T, ca *issuer, leaf *x509.Certificate) (list map[string]answered, revoked *x509.Certificate) {
	t.Helper()
	stranger := newIssuer(t, "PROVA radice")
	other := ca.leaf("", "")
	responder, key := ca.responder(nil)
	strangerResponder, strangerKey := stranger.responder(nil)
	unauthorised, unauthorisedKey := ca.responder(func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	})
	late, lateKey := ca.responder(func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	})
	noNoCheck := func(crlURL string) func(c *x509.Certificate) {
		return func(c *x509.Certificate) {
			c.ExtraExtensions = nil
			if crlURL != "" {
				c.CRLDistributionPoints = []string{crlURL}
			}
		}
	}
	unchecked, uncheckedKey := ca.responder(noNoCheck(""))
	checked, checkedKey := ca.responder(noNoCheck("http://c.invalid/"))
	revokedResponder, revokedKey := ca.responder(noNoCheck("http://r.invalid/"))
	extension := func(id asn1.ObjectIdentifier, critical bool, value []byte) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: id, Critical: critical, Value: value}}
		}
	}
	scope := asn1.ObjectIdentifier{2, 5, 29, 28}
	return map[string]answered{
		"direct":                     {ca.answer(leaf, ca.cert, ca.key, nil), nil, ""},
		"delegated":                  {ca.answer(leaf, responder, key, nil), nil, ""},
		"delegated, checked by list": {ca.answer(leaf, checked, checkedKey, nil), ca.list(nil), ""},
		"delegated, unchecked":       {ca.answer(leaf, unchecked, uncheckedKey, nil), nil, "names neither"},
		"delegated, revoked": {ca.answer(leaf, revokedResponder, revokedKey, nil), nil,
			"is revoked: the responder"},
		"not authorised":       {ca.answer(leaf, unauthorised, unauthorisedKey, nil), nil, "not authorised"},
		"responder expired":    {ca.answer(leaf, late, lateKey, nil), nil, "was not valid at"},
		"stranger":             {stranger.answer(leaf, stranger.cert, stranger.key, nil), nil, "signature"},
		"stranger's responder": {stranger.answer(leaf, strangerResponder, strangerKey, nil), nil, "signature"},
		"another certificate":  {ca.answer(other, responder, key, nil), nil, "no response matching"},
		"unknown": {ca.answer(leaf, responder, key,
			func(r *ocsp.Response) { r.Status = ocsp.Unknown }), nil, "does not know"},
		"stale": {ca.answer(leaf, responder, key,
			func(r *ocsp.Response) { r.NextUpdate = time.Now().Add(-30 * time.Minute) }), nil, "it is current from"},
		"of tomorrow": {ca.answer(leaf, responder, key,
			func(r *ocsp.Response) { r.ThisUpdate = time.Now().Add(30 * time.Minute) }), nil, "it is current from"},
		"open end": {ca.answer(leaf, responder, key,
			func(r *ocsp.Response) { r.NextUpdate = time.Time{} }), nil, ""},
		"open end, old": {ca.answer(leaf, responder, key, func(r *ocsp.Response) {
			r.ThisUpdate, r.NextUpdate = time.Now().AddDate(0, 0, -3), time.Time{}
		}), nil, "it is current from"},
		"revoked": {ca.answer(leaf, responder, key, func(r *ocsp.Response) {
			r.Status, r.RevokedAt = ocsp.Revoked, time.Now().Add(-time.Hour)
		}), nil, "certificate is revoked"},
		"garbage, then list":    {[]byte("<html>"), ca.list(nil), ""},
		"list":                  {nil, ca.list(nil), ""},
		"list, revoked":         {nil, ca.list(ca.revoke(leaf)), "certificate is revoked"},
		"list, another revoked": {nil, ca.list(ca.revoke(other)), ""},
		"list, stale": {nil, ca.list(func(l *x509.RevocationList) {
			l.NextUpdate = time.Now().Add(-30 * time.Second).Add(-time.Hour)
			l.ThisUpdate = time.Now().Add(-2 * time.Hour)
		}), "it is current from"},
		"list of a stranger": {nil, stranger.list(nil), "signature"},
		"list, delta": {nil,
			ca.list(extension(asn1.ObjectIdentifier{2, 5, 29, 27}, true, []byte{2, 1, 1})), "only the changes"},
		"list, users": {nil, ca.list(extension(scope, true, []byte{0x30, 3, 0x81, 1, 0xFF})), ""},
		"list, authorities": {nil, ca.list(extension(scope, true, []byte{0x30, 3, 0x82, 1, 0xFF})),
			"of authorities only"},
		"list, indirect": {nil, ca.list(extension(scope, true, []byte{0x30, 3, 0x84, 1, 0xFF})),
			"of other issuers"},
		"list, unknown extension": {nil, ca.list(extension(asn1.ObjectIdentifier{1, 2, 3}, true, []byte{5, 0})),
			"unknown critical extension"},
		"list, unknown but no critical": {nil, ca.list(extension(asn1.ObjectIdentifier{1, 2, 3}, false, []byte{5, 0})),
			""},
		"nothing": {nil, nil, "not reachable"},
		"large":   {make([]byte, 100_000), nil, "more than 65536 bytes"},
	}, revokedResponder
}

func TestRevocation(t *testing.T) {
	ca := newIssuer(t, "PROVA radice")
	leaf := ca.leaf("http://o.invalid/", "http://c.invalid/")
	list, revoked := answers(t, ca, leaf)
	for name, c := range list {
		asked := 0
		r := seal.NewRevocation(seal.RevocationConfig{Fetch: func(_ context.Context, q seal.FetchRequest) ([]byte,
			error) {
			asked++
			data := c.crl
			switch {
			case q.OCSP != nil:
				data = c.ocsp
			case strings.Contains(q.URL, "//r."):
				data = ca.list(ca.revoke(revoked))
			}
			if data == nil {
				return nil, errors.New("not reachable")
			}
			return data, nil
		}})
		err := r.Check(t.Context(), []*x509.Certificate{leaf, ca.cert})
		if c.says != "" {
			assert.ErrorIs(t, err, seal.ErrRevocation, name)
			assert.ErrorContains(t, err, c.says, name)
			continue
		}
		require.NoError(t, err, name)
		before := asked
		require.NoError(t, r.Check(t.Context(), []*x509.Certificate{leaf, ca.cert}), name)
		assert.Equal(t, before, asked, "%s: kept until the next update", name)
	}
	r := seal.NewRevocation(seal.RevocationConfig{})
	err := r.Check(t.Context(), []*x509.Certificate{ca.leaf("", ""), ca.cert})
	assert.ErrorContains(t, err, "names neither an OCSP responder nor a revocation list")
	err = r.Check(t.Context(), []*x509.Certificate{ca.leaf("ldap://x/", ""), ca.cert})
	assert.ErrorContains(t, err, "not an http or https address")
	err = r.Check(t.Context(), []*x509.Certificate{leaf})
	assert.ErrorContains(t, err, "its root must be configured")
}

// TestRevocationCacheEnds asks again after the next update.
func TestRevocationCacheEnds(t *testing.T) {
	at := &clock{time.Now()}
	ca := newCA(t, sealtest.Config{Now: at.Now})
	asked := 0
	r := seal.NewRevocation(seal.RevocationConfig{Now: at.Now,
		Fetch: func(ctx context.Context, q seal.FetchRequest) ([]byte, error) {
			asked++
			return ca.Fetch(ctx, q)
		}})
	chain := append(ca.Chain(), ca.Root())
	for _, want := range []int{2, 2, 4} {
		require.NoError(t, r.Check(t.Context(), chain))
		assert.Equal(t, want, asked)
		at.now = at.now.Add(13 * time.Hour)
	}
}
