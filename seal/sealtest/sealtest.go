// Package sealtest is the test kit of package seal: a certification authority
// made at run time, in memory, that issues certificates for electronic seals
// of a made-up legal person (profile of ETSI EN 319 412-3), with or without the
// statements that claim a qualified one, a time-stamping authority, OCSP
// responders and revocation lists.
//
// For most uses:
//
//	ca, err := sealtest.NewCA(sealtest.Config{})
//	sealer, err := ca.PAdES(seal.LevelLTA) // seals, never as a production sealer
//	os.WriteFile("trust.pem", ca.TrustPEM(), 0o644) // what a verifier needs
//
// Status and time-stamps are answered in the process. A CA is an http.Handler
// too: set [Config.URL] to where it is served, and strangers can ask it.
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
	"sync"
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

	// Qualified lets the seal's certificate claim to be a qualified one for
	// electronic seals, with its key in a qualified device (ETSI EN 319 412-5).
	Qualified bool

	// URL is where the certificates say that their status is found. If empty,
	// an address that does not exist, which [CA.Fetch] answers in the process.
	URL string

	// CRLOnly leaves OCSP responders out of the certificates.
	CRLOnly bool

	// NoRevocation leaves both out.
	NoRevocation bool
}

// A CA is a throw-away certification authority with one seal certificate. It
// is safe for concurrent use.
type CA struct {
	now    func() time.Time
	cfg    Config
	root   *authority
	issuer *authority
	key    crypto.Signer
	chain  []*x509.Certificate
	tsa    *TSA

	mu      sync.Mutex
	revoked map[string]time.Time // by serial number
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
	if cfg.URL == "" {
		cfg.URL = "http://sigilli.prova.invalid"
	}
	ca := &CA{now: cfg.Now, cfg: cfg, revoked: map[string]time.Time{}}
	var err error
	if ca.root, err = ca.newAuthority("root", "PROVA - Autorità radice di prova - PRIVA DI VALORE", 1,
		nil); err != nil {
		return nil, err
	}
	ca.issuer = ca.root
	if !cfg.NoIntermediate {
		if ca.issuer, err = ca.newAuthority("issuer", "PROVA - Autorità di prova per sigilli - PRIVA DI VALORE", 0,
			ca.root); err != nil {
			return nil, err
		}
	}
	if ca.key, err = NewKey(cfg.Key); err != nil {
		return nil, err
	}
	if ca.chain, err = ca.Issue(ca.key.Public(), nil); err != nil {
		return nil, err
	}
	ca.tsa, err = ca.NewTSA(TSAConfig{})
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
	if ca.cfg.Qualified {
		tmpl.ExtraExtensions = []pkix.Extension{QcStatements(QcCompliance, QcSSCD, QcTypeSeal)}
	}
	ca.status(tmpl, ca.issuer)
	if change != nil {
		change(tmpl)
	}
	leaf, err := issue(tmpl, ca.issuer.cert, pub, ca.issuer.key)
	if err != nil {
		return nil, err
	}
	chain := []*x509.Certificate{leaf}
	if ca.issuer != ca.root {
		chain = append(chain, ca.issuer.cert)
	}
	return chain, nil
}

// PAdES returns a sealer with the authority's seal certificate, time-stamps and
// status. It is not a production sealer.
func (ca *CA) PAdES(level seal.Level) (*seal.PAdES, error) {
	cfg, err := ca.PAdESConfig(level)
	if err != nil {
		return nil, err
	}
	return seal.NewPAdES(cfg)
}

// PAdESConfig returns the configuration of [CA.PAdES], to be changed.
func (ca *CA) PAdESConfig(level seal.Level) (seal.PAdESConfig, error) {
	t, err := ca.Timestamper()
	return seal.PAdESConfig{Signer: ca.key, Chain: ca.Chain(), Level: level, Timestamp: t, Revocation: ca.Revocation(),
		Roots: []*x509.Certificate{ca.root.cert}, Now: ca.now}, err
}

// Extender returns what extends the seals of this authority.
func (ca *CA) Extender() (*seal.Extender, error) {
	t, err := ca.Timestamper()
	if err != nil {
		return nil, err
	}
	return seal.NewExtender(seal.ExtenderConfig{Timestamp: t, Revocation: ca.Revocation(),
		Roots: []*x509.Certificate{ca.root.cert}, Now: ca.now})
}

// Sealer returns a sealer with the authority's seal certificate that writes
// the format before PAdES. It is not a production sealer and cannot be made
// one.
func (ca *CA) Sealer() (*seal.PDFSign, error) {
	return seal.NewPDFSign(seal.PDFSignConfig{Signer: ca.key, Chain: ca.chain, Now: ca.now})
}

// Signer returns the key of the seal.
func (ca *CA) Signer() crypto.Signer { return ca.key }

// Chain returns the certificate of the seal and the intermediate, without the
// root. The slice is the caller's.
func (ca *CA) Chain() []*x509.Certificate { return append([]*x509.Certificate(nil), ca.chain...) }

// Root returns the trust anchor.
func (ca *CA) Root() *x509.Certificate { return ca.root.cert }

// TrustPEM returns the trust anchor in PEM, as the verifier program reads it.
func (ca *CA) TrustPEM() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", ca.root.cert.Subject.CommonName)
	_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: ca.root.cert.Raw}) // a bytes.Buffer does not fail
	return b.Bytes()
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
