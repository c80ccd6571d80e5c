package sealtest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/liste-elettorali/anpr/seal"
)

// An authority issues certificates and answers for their status.
type authority struct {
	name string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	responder  *x509.Certificate
	responderK *ecdsa.PrivateKey
}

func (ca *CA) newAuthority(name, commonName string, pathLen int, parent *authority) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("sealtest: key of the %s: %w", name, err)
	}
	a := &authority{name: name, key: key}
	tmpl := &x509.Certificate{
		Subject: pkix.Name{
			Country:      []string{"IT"},
			Organization: []string{"PROVA - PRIVO DI VALORE"},
			CommonName:   commonName,
		},
		NotBefore:             ca.start(),
		NotAfter:              ca.start().AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            pathLen,
		MaxPathLenZero:        pathLen == 0,
	}
	signer, issuer := key, tmpl
	if parent != nil {
		signer, issuer = parent.key, parent.cert
		ca.status(tmpl, parent)
	}
	if a.cert, err = issue(tmpl, issuer, key.Public(), signer); err != nil {
		return nil, err
	}
	if a.responderK, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("sealtest: key of the responder: %w", err)
	}
	a.responder, err = issue(&x509.Certificate{
		Subject: pkix.Name{Country: []string{"IT"}, Organization: []string{"PROVA - PRIVO DI VALORE"},
			CommonName: "PROVA - Risponditore OCSP di prova (" + name + ")"},
		NotBefore:   ca.start(),
		NotAfter:    ca.start().AddDate(2, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		// nocheck
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5},
			Value: []byte{5, 0}}},
	}, a.cert, a.responderK.Public(), key)
	return a, err
}

func (ca *CA) start() time.Time { return ca.now().UTC().Add(-time.Hour).Truncate(time.Second) }

// status lets a certificate say where its status is found.
func (ca *CA) status(tmpl *x509.Certificate, by *authority) {
	if ca.cfg.NoRevocation {
		return
	}
	tmpl.CRLDistributionPoints = []string{ca.cfg.URL + "/crl/" + by.name}
	if !ca.cfg.CRLOnly {
		tmpl.OCSPServer = []string{ca.cfg.URL + "/ocsp/" + by.name}
	}
}

// Revoke revokes a certificate of this authority.
func (ca *CA) Revoke(c *x509.Certificate, at time.Time) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	ca.revoked[c.SerialNumber.String()] = at.UTC().Truncate(time.Second)
}

// Revocation returns what gathers the status of certificates of this
// authority, in the process.
func (ca *CA) Revocation() *seal.Revocation {
	return seal.NewRevocation(seal.RevocationConfig{Fetch: ca.Fetch, Now: ca.now})
}

// Fetch answers questions about the status of certificates of this authority.
func (ca *CA) Fetch(ctx context.Context, r seal.FetchRequest) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	return ca.answer(u.Path, r.OCSP)
}

func (ca *CA) answer(path string, question []byte) ([]byte, error) {
	service, name, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	a := ca.root
	if name == "issuer" {
		a = ca.issuer
	}
	switch {
	case name != "issuer" && name != "root":
	case service == "crl":
		return ca.crl(a)
	case service == "ocsp":
		return ca.ocsp(a, question)
	}
	return nil, fmt.Errorf("sealtest: nothing at %s", path)
}

func (ca *CA) crl(a *authority) ([]byte, error) {
	tmpl := &x509.RevocationList{
		Number:     big.NewInt(ca.now().Unix()),
		ThisUpdate: ca.now().UTC().Truncate(time.Second),
		NextUpdate: ca.now().UTC().Truncate(time.Second).Add(24 * time.Hour),
	}
	ca.mu.Lock()
	for serial, at := range ca.revoked {
		n, ok := new(big.Int).SetString(serial, 10)
		if ok {
			tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries,
				x509.RevocationListEntry{SerialNumber: n, RevocationTime: at})
		}
	}
	ca.mu.Unlock()
	return x509.CreateRevocationList(rand.Reader, tmpl, a.cert, a.key)
}

func (ca *CA) ocsp(a *authority, question []byte) ([]byte, error) {
	q, err := ocsp.ParseRequest(question)
	if err != nil {
		return nil, err
	}
	now := ca.now().UTC().Truncate(time.Second)
	tmpl := ocsp.Response{Status: ocsp.Good, SerialNumber: q.SerialNumber, ThisUpdate: now,
		NextUpdate: now.Add(24 * time.Hour),
		IssuerHash: crypto.SHA1, Certificate: a.responder}
	ca.mu.Lock()
	if at, ok := ca.revoked[q.SerialNumber.String()]; ok {
		tmpl.Status, tmpl.RevokedAt, tmpl.RevocationReason = ocsp.Revoked, at, ocsp.KeyCompromise
	}
	ca.mu.Unlock()
	return ocsp.CreateResponse(a.cert, a.responder, tmpl, a.responderK)
}

// ServeHTTP answers at /tsa, /ocsp/… and /crl/… below the address of the
// configuration.
func (ca *CA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/tsa" {
		ca.tsa.ServeHTTP(w, r)
		return
	}
	question, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err == nil {
		var data []byte
		if data, err = ca.answer(r.URL.Path, question); err == nil {
			_, _ = w.Write(data) // a client that left is no concern of ours
			return
		}
	}
	http.Error(w, err.Error(), http.StatusBadRequest)
}

// Statements of a qualified certificate (ETSI EN 319 412-5).
const (
	QcCompliance = "compliance"
	QcSSCD       = "device"
	QcTypeSeal   = "eseal"
	QcTypeSign   = "esign"
)

// QcStatements makes the extension with the given statements; of another name
// it makes nothing.
func QcStatements(names ...string) pkix.Extension {
	qc := func(n ...int) asn1.ObjectIdentifier { return append(asn1.ObjectIdentifier{0, 4, 0, 1862, 1}, n...) }
	type statement struct {
		ID   asn1.ObjectIdentifier
		Info []asn1.ObjectIdentifier `asn1:"optional,omitempty"`
	}
	var list []statement
	for _, n := range names {
		switch n {
		case QcCompliance:
			list = append(list, statement{ID: qc(1)})
		case QcSSCD:
			list = append(list, statement{ID: qc(4)})
		case QcTypeSign:
			list = append(list, statement{ID: qc(6), Info: []asn1.ObjectIdentifier{qc(6, 1)}})
		case QcTypeSeal:
			list = append(list, statement{ID: qc(6), Info: []asn1.ObjectIdentifier{qc(6, 2)}})
		}
	}
	value, err := asn1.Marshal(list)
	if err != nil {
		panic(err) // fixed types: it cannot be
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: value}
}
