// Package sealtest is the test kit of package seal: a certification authority
// made at run time, in memory, that issues certificates for electronic seals
// of a made-up legal person (profile of ETSI EN 319 412-3, without the
// statements that would make it a qualified certificate).
//
// For most uses:
//
//	ca, err := sealtest.NewCA(sealtest.Config{})
//	sealer, err := ca.Sealer()       // seals, never as a production sealer
//	os.WriteFile("trust.pem", ca.TrustPEM(), 0o644) // what a verifier needs
//
// Nothing that it makes can be taken for real: every name says «PROVA» and
// the keys are forgotten with the process.
package sealtest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/liste-elettorali/anpr/seal"
)

// A Key names a kind of key.
type Key string

// The kinds of keys that [NewCA] can make.
const (
	P256    Key = "P-256"
	P384    Key = "P-384"
	RSA2048 Key = "RSA-2048"
	RSA3072 Key = "RSA-3072"
	RSA4096 Key = "RSA-4096"
)

// Config says how to make a [CA]. The zero value makes a P-256 seal key
// certified by an intermediate authority, valid from an hour ago for a year.
type Config struct {
	// Now is the clock from which validities are counted. If nil, time.Now.
	Now func() time.Time

	// Key is the kind of the seal's key. If empty, P256. The authorities' own
	// keys are always P-256.
	Key Key

	// Organization is the name of the legal person. It is always preceded by
	// «PROVA». If empty, "ENTE PRIVO DI VALORE".
	Organization string

	// OrganizationID is its organizationIdentifier (ETSI EN 319 412-1, clause
	// 5.1.4). If empty, "VATIT-00000000000", which no one has.
	OrganizationID string

	// NoIntermediate lets the root issue the seal's certificate itself.
	NoIntermediate bool
}

// A CA is a throw-away certification authority with one seal certificate. It
// does not change after [NewCA] and is safe for concurrent use.
type CA struct {
	now     func() time.Time
	cfg     Config
	root    *x509.Certificate
	issuer  *x509.Certificate
	issuerK *ecdsa.PrivateKey
	key     crypto.Signer
	chain   []*x509.Certificate
}

// NewCA makes the keys and the certificates: a root, an intermediate unless
// the configuration says not, and a certificate for a seal.
func NewCA(cfg Config) (*CA, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Key == "" {
		cfg.Key = P256
	}
	if cfg.Organization == "" {
		cfg.Organization = "ENTE PRIVO DI VALORE"
	}
	if cfg.OrganizationID == "" {
		cfg.OrganizationID = "VATIT-00000000000"
	}
	ca := &CA{now: cfg.Now, cfg: cfg}

	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("sealtest: root key: %w", err)
	}
	tmpl := ca.authority("PROVA - Autorità radice di prova - PRIVA DI VALORE", 1)
	if ca.root, err = issue(tmpl, tmpl, rootKey.Public(), rootKey); err != nil {
		return nil, err
	}
	ca.issuer, ca.issuerK = ca.root, rootKey

	if !cfg.NoIntermediate {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("sealtest: intermediate key: %w", err)
		}
		tmpl := ca.authority("PROVA - Autorità di prova per sigilli - PRIVA DI VALORE", 0)
		tmpl.MaxPathLenZero = true
		if ca.issuer, err = issue(tmpl, ca.root, k.Public(), rootKey); err != nil {
			return nil, err
		}
		ca.issuerK = k
	}

	if ca.key, err = NewKey(cfg.Key); err != nil {
		return nil, err
	}
	ca.chain, err = ca.Issue(ca.key.Public(), nil)
	return ca, err
}

// NewKey makes a key of the given kind.
func NewKey(kind Key) (crypto.Signer, error) {
	switch kind {
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	}
	return nil, fmt.Errorf("sealtest: unknown kind of key %q", kind)
}

// Issue certifies a key for a seal and returns the certificate and the
// intermediate, without the root. If change is not nil it may alter what is
// about to be certified: validity, usages, names. So tests get certificates
// that are expired, or for another purpose.
func (ca *CA) Issue(pub crypto.PublicKey, change func(*x509.Certificate)) ([]*x509.Certificate, error) {
	start := ca.start()
	tmpl := &x509.Certificate{
		Subject: pkix.Name{
			Country:      []string{"IT"},
			Organization: []string{"PROVA - " + ca.cfg.Organization},
			CommonName:   "PROVA - Sigillo di prova - PRIVO DI VALORE",
			ExtraNames:   []pkix.AttributeTypeAndValue{{Type: oidOrganizationIdentifier, Value: ca.cfg.OrganizationID}},
		},
		NotBefore:             start,
		NotAfter:              start.AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageContentCommitment,
		BasicConstraintsValid: true,
	}
	if change != nil {
		change(tmpl)
	}
	leaf, err := issue(tmpl, ca.issuer, pub, ca.issuerK)
	if err != nil {
		return nil, err
	}
	chain := []*x509.Certificate{leaf}
	if ca.issuer != ca.root {
		chain = append(chain, ca.issuer)
	}
	return chain, nil
}

// Sealer returns a sealer with the authority's seal certificate. It is not a
// production sealer and cannot be made one.
func (ca *CA) Sealer() (*seal.PDFSign, error) {
	return seal.NewPDFSign(seal.PDFSignConfig{Signer: ca.key, Chain: ca.chain, Now: ca.now})
}

// Signer returns the key of the seal.
func (ca *CA) Signer() crypto.Signer { return ca.key }

// Chain returns the certificate of the seal and the intermediate, without the
// root. The slice is the caller's.
func (ca *CA) Chain() []*x509.Certificate { return append([]*x509.Certificate(nil), ca.chain...) }

// Root returns the trust anchor.
func (ca *CA) Root() *x509.Certificate { return ca.root }

// TrustPEM returns the trust anchor in PEM, as the verifier program reads it.
func (ca *CA) TrustPEM() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", ca.root.Subject.CommonName)
	_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: ca.root.Raw}) // a bytes.Buffer does not fail
	return b.Bytes()
}

func (ca *CA) start() time.Time { return ca.now().UTC().Add(-time.Hour).Truncate(time.Second) }

func (ca *CA) authority(name string, pathLen int) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{
			Country:      []string{"IT"},
			Organization: []string{"PROVA - PRIVO DI VALORE"},
			CommonName:   name,
		},
		NotBefore:             ca.start(),
		NotAfter:              ca.start().AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            pathLen,
	}
}

// oidOrganizationIdentifier is id-at-organizationIdentifier (ITU-T X.520).
var oidOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}

func issue(tmpl, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("sealtest: serial number: %w", err)
	}
	tmpl.SerialNumber = serial.Add(serial, big.NewInt(1))
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("sealtest: public key: %w", err)
	}
	id := sha256.Sum256(spki)
	tmpl.SubjectKeyId = id[:20]
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, pub, key)
	if err != nil {
		return nil, fmt.Errorf("sealtest: certificate for %q: %w", tmpl.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}
