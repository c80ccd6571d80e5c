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
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/tsp"
	"github.com/liste-elettorali/anpr/seal"
)

// A Fault is how a [TSA] misbehaves.
type Fault string

// The faults of a time-stamping authority.
const (
	WrongNonce   Fault = "wrong nonce"
	NoNonce      Fault = "no nonce"
	WrongImprint Fault = "wrong imprint"
	OldTime      Fault = "old time"     // of an hour ago
	WrongUsage   Fault = "wrong usage"  // its certificate is not one for time-stamps
	Stranger     Fault = "stranger"     // its certificate comes from another authority
	Hanging      Fault = "hanging"      // does not answer
	Refusing     Fault = "refusing"     // answers with a refusal
	Garbage      Fault = "garbage"      // answers with something else
	Corrupt      Fault = "corrupt"      // its signature does not verify
	WrongPolicy  Fault = "wrong policy" // whatever was asked
)

// TSAConfig says how to make a [TSA].
type TSAConfig struct {
	Fault Fault

	// Padding makes its tokens larger by about as many bytes.
	Padding int

	// NotAfter is the end of its certificate. If zero, five years from now.
	NotAfter time.Time
}

// A TSA is a time-stamping authority (RFC 3161), with a certificate of the
// root. It is safe for concurrent use.
type TSA struct {
	ca    *CA
	cfg   TSAConfig
	key   *ecdsa.PrivateKey
	chain []*x509.Certificate
}

// NewTSA makes a time-stamping authority below the root.
func (ca *CA) NewTSA(cfg TSAConfig) (*TSA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("sealtest: key of the TSA: %w", err)
	}
	usage := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	if cfg.Fault == WrongUsage {
		usage = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}
	}
	value, err := asn1.Marshal([]asn1.ObjectIdentifier{usage})
	if err != nil {
		return nil, fmt.Errorf("sealtest: key usage of the TSA: %w", err)
	}
	if cfg.NotAfter.IsZero() {
		cfg.NotAfter = ca.start().AddDate(5, 0, 0)
	}
	tmpl := &x509.Certificate{
		Subject: pkix.Name{Country: []string{"IT"}, Organization: []string{"PROVA - PRIVO DI VALORE"},
			CommonName: "PROVA - Marche temporali di prova"},
		NotBefore:       ca.start(),
		NotAfter:        cfg.NotAfter,
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: value}},
	}
	if cfg.Padding > 0 {
		comment, err := asn1.Marshal(make([]byte, cfg.Padding))
		if err != nil {
			return nil, fmt.Errorf("sealtest: padding: %w", err)
		}
		tmpl.ExtraExtensions = append(tmpl.ExtraExtensions,
			pkix.Extension{Id: asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 13}, Value: comment})
	}
	ca.status(tmpl, ca.root)
	by := ca.root
	if cfg.Fault == Stranger {
		if by, err = ca.newAuthority("stranger", "PROVA - Estranea", 1, nil); err != nil {
			return nil, err
		}
	}
	cert, err := issue(tmpl, by.cert, key.Public(), by.key)
	if err != nil {
		return nil, err
	}
	return &TSA{ca: ca, cfg: cfg, key: key, chain: []*x509.Certificate{cert}}, nil
}

// Timestamper returns a client of this authority's TSA, in the process.
func (ca *CA) Timestamper() (*seal.TSA, error) { return ca.TSAClient(ca.tsa) }

// TSAClient returns a client of TSAs, in the process, that trusts the root.
func (ca *CA) TSAClient(tsas ...*TSA) (*seal.TSA, error) {
	cfg := seal.TSAConfig{Roots: []*x509.Certificate{ca.root.cert}, Now: ca.now, Timeout: time.Minute}
	for i, t := range tsas {
		cfg.Servers = append(cfg.Servers, seal.TSAServer{URL: fmt.Sprintf("tsa-%d", i), Exchange: t.Respond})
	}
	return seal.NewTSA(cfg)
}

// Certificate returns the TSA's certificate.
func (t *TSA) Certificate() *x509.Certificate { return t.chain[0] }

// Respond answers a request.
func (t *TSA) Respond(ctx context.Context, request []byte) ([]byte, error) {
	switch t.cfg.Fault {
	case Hanging:
		<-ctx.Done()
		return nil, ctx.Err()
	case Refusing:
		return tsp.MarshalResponse(nil)
	case Garbage:
		return []byte("<html>login</html>"), nil
	}
	req, err := tsp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	info, err := t.info(req)
	if err != nil {
		return nil, err
	}
	sum := crypto.SHA256.New()
	sum.Write(info)
	token, err := cms.Sign(cms.SignConfig{Signer: t.key, Chain: t.chain, Digest: crypto.SHA256,
		ContentType: cms.OIDTSTInfo, Content: info}, sum.Sum(nil))
	if err != nil {
		return nil, err
	}
	if t.cfg.Fault == Corrupt {
		token[len(token)-1] ^= 1
	}
	return tsp.MarshalResponse(token)
}

// info makes TSTInfo (RFC 3161 clause 2.4.2).
func (t *TSA) info(req *tsp.Request) ([]byte, error) {
	digest, nonce, at := req.Digest, req.Nonce, t.ca.now().UTC()
	switch t.cfg.Fault {
	case WrongNonce:
		nonce = new(big.Int).Add(nonce, big.NewInt(1))
	case NoNonce:
		nonce = nil
	case WrongImprint:
		digest = append([]byte{digest[0] ^ 1}, digest[1:]...)
	case OldTime:
		at = at.Add(-time.Hour)
	}
	policy := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 1} // for documentation (RFC 5612)
	if req.Policy != nil && t.cfg.Fault != WrongPolicy {
		policy = req.Policy
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, err
	}
	oid := map[crypto.Hash]int{crypto.SHA256: 1, crypto.SHA384: 2, crypto.SHA512: 3}[req.Hash]
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1ObjectIdentifier(policy)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, oid})
			})
			b.AddASN1OctetString(digest)
		})
		b.AddASN1BigInt(serial)
		b.AddASN1GeneralizedTime(at)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(1) }) // accuracy: one second
		if nonce != nil {
			b.AddASN1BigInt(nonce)
		}
	})
	return b.Bytes()
}

// ServeHTTP answers as RFC 3161 clause 3.4 says.
func (t *TSA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := t.Respond(r.Context(), request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(answer) // a client that left is no concern of ours
}
