package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
)

// SignConfig says how [Sign] makes a signature.
type SignConfig struct {
	Signer crypto.Signer
	Chain  []*x509.Certificate // of the signer first; all are put into the message
	Digest crypto.Hash         // SHA-256, SHA-384 or SHA-512

	// PSS signs with RSASSA-PSS (RFC 4056) instead of PKCS #1 v1.5: hash and
	// mask generation with Digest, a salt of its length. The key must be RSA.
	PSS bool

	// Timestamp, if not nil, is called with the signature value and returns a
	// time-stamp token over it, which becomes the unsigned attribute
	// signature-time-stamp (EN 319 122-1 clause 5.3).
	Timestamp func(signature []byte) (token []byte, err error)

	// ContentType is that of the signed content. If nil, data.
	ContentType asn1.ObjectIdentifier

	// Content, if not nil, is put into the message, which then is attached.
	Content []byte
}

// Sign makes the CMS message of a signature over content with the given
// digest. It has the signed attributes content-type, message-digest,
// signing-certificate-v2 (RFC 5035) and CMSAlgorithmProtection (RFC 6211), and
// no signing time, as PAdES baseline wants it (EN 319 142-1 clause 6.3).
func Sign(cfg SignConfig, digest []byte) ([]byte, error) {
	m, err := prepare(&cfg, digest)
	if err != nil {
		return nil, err
	}
	h := cfg.Digest.New()
	h.Write(m.attrs)
	var opts crypto.SignerOpts = cfg.Digest
	if cfg.PSS {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: cfg.Digest}
	}
	sig, err := cfg.Signer.Sign(rand.Reader, h.Sum(nil), opts)
	if err != nil {
		return nil, fmt.Errorf("cms: the key did not sign: %w", err)
	}
	var token []byte
	if cfg.Timestamp != nil {
		if token, err = cfg.Timestamp(sig); err != nil {
			return nil, fmt.Errorf("cms: timestamp of the signature: %w", err)
		}
	}
	return m.build(sig, token), nil
}

// Size returns the greatest size of the message that [Sign] makes with a
// configuration and, if token is not zero, a time-stamp token of that size. It
// does not use the key.
func Size(cfg SignConfig, token int) (int, error) {
	if cfg.Signer == nil {
		return 0, fmt.Errorf("cms: neither key nor certificate to sign with")
	}
	m, err := prepare(&cfg, make([]byte, cfg.Digest.Size()))
	if err != nil {
		return 0, err
	}
	size := 0
	switch k := cfg.Signer.Public().(type) {
	case *rsa.PublicKey:
		size = k.Size()
	case *ecdsa.PublicKey:
		// SEQUENCE of two INTEGERs that may need a leading zero
		n := (k.Curve.Params().N.BitLen() + 7) / 8
		size = 2*(n+1+4) + 4
	}
	var t []byte
	if token > 0 {
		t = appendElement(nil, 0x04, make([]byte, token))
	}
	return len(m.build(make([]byte, size), t)), nil
}

// A message is a SignedData whose signature value is not known yet.
type message struct {
	cfg                      *SignConfig
	attrs, digestAlg, sigAlg []byte
	serial                   []byte
}

func prepare(cfg *SignConfig, digest []byte) (*message, error) {
	if len(cfg.Chain) == 0 || cfg.Signer == nil {
		return nil, fmt.Errorf("cms: neither key nor certificate to sign with")
	}
	if len(digest) != cfg.Digest.Size() {
		return nil, fmt.Errorf("cms: a digest of %d bytes: expected %d for %v", len(digest), cfg.Digest.Size(),
			cfg.Digest)
	}
	if cfg.ContentType == nil {
		cfg.ContentType = OIDData
	}
	m := &message{cfg: cfg}
	var err error
	if m.digestAlg, err = digestAlgorithm(cfg.Digest); err != nil {
		return nil, err
	}
	if m.sigAlg, err = signatureAlgorithm(cfg.Signer.Public(), cfg.Digest, cfg.PSS); err != nil {
		return nil, err
	}
	if m.serial, err = asn1.Marshal(cfg.Chain[0].SerialNumber); err != nil {
		return nil, fmt.Errorf("cms: serial number: %w", err)
	}
	m.attrs = signedAttributes(cfg, digest, m.digestAlg, m.sigAlg)
	return m, nil
}

// build puts the message together. Without data as content its version is 3
// (RFC 5652 clause 5.1).
func (m *message) build(sig, token []byte) []byte {
	certs := make([][]byte, len(m.cfg.Chain))
	for i, c := range m.cfg.Chain {
		certs[i] = c.Raw
	}
	var unsigned []byte
	if token != nil {
		unsigned = retag(makeSet([][]byte{attribute(OIDSignatureTimestamp, token)}), 0xA1)
	}
	signer := sequence(
		integer(1),
		sequence(m.cfg.Chain[0].RawIssuer, m.serial),
		m.digestAlg,
		retag(m.attrs, 0xA0),
		m.sigAlg,
		appendElement(nil, 0x04, sig),
		unsigned,
	)
	version := integer(1)
	if !m.cfg.ContentType.Equal(OIDData) {
		version = integer(3)
	}
	var content []byte
	if m.cfg.Content != nil {
		content = appendElement(nil, 0xA0, appendElement(nil, 0x04, m.cfg.Content))
	}
	body := sequence(
		version,
		makeSet([][]byte{m.digestAlg}),
		sequence(oid(m.cfg.ContentType), content),
		retag(makeSet(certs), 0xA0),
		makeSet([][]byte{signer}),
	)
	return sequence(oid(OIDSignedData), appendElement(nil, 0xA0, body))
}

func attribute(typ asn1.ObjectIdentifier, value []byte) []byte {
	return sequence(oid(typ), makeSet([][]byte{value}))
}

func signedAttributes(cfg *SignConfig, digest, digestAlg, sigAlg []byte) []byte {
	sum := sha256.Sum256(cfg.Chain[0].Raw) // the default of ESSCertIDv2
	return makeSet([][]byte{
		attribute(OIDContentType, oid(cfg.ContentType)),
		attribute(OIDMessageDigest, appendElement(nil, 0x04, digest)),
		attribute(OIDSigningCertificateV2, sequence(sequence(sequence(appendElement(nil, 0x04, sum[:]))))),
		attribute(OIDAlgorithmProtection, sequence(digestAlg, retag(sigAlg, 0xA1))),
	})
}

// digestAlgorithm returns the identifier without parameters (RFC 5754 clause
// 2).
func digestAlgorithm(h crypto.Hash) ([]byte, error) {
	for _, d := range digestOIDs[:3] { // those fit for new signatures
		if d.hash == h {
			return sequence(oid(d.oid)), nil
		}
	}
	return nil, fmt.Errorf("cms: digest algorithm %v: expected SHA-256, SHA-384 or SHA-512", h)
}

func signatureAlgorithm(pub crypto.PublicKey, h crypto.Hash, pss bool) ([]byte, error) {
	var kind x509.PublicKeyAlgorithm
	var params []byte
	switch pub.(type) {
	case *rsa.PublicKey:
		kind, params = x509.RSA, []byte{5, 0} // RFC 4055 clause 5
	case *ecdsa.PublicKey:
		kind = x509.ECDSA
	}
	if pss {
		if kind != x509.RSA {
			return nil, fmt.Errorf("cms: RSASSA-PSS with a key of type %T: expected an RSA key", pub)
		}
		return pssAlgorithm(h)
	}
	for _, s := range signatureOIDs {
		if s.alg.Key == kind && s.alg.Hash == h {
			return sequence(oid(s.oid), params), nil
		}
	}
	return nil, fmt.Errorf("cms: cannot sign with %v and a key of type %T", h, pub)
}

// pssAlgorithm returns the identifier with all parameters that are not the
// default (RFC 4055 clause 3.1).
func pssAlgorithm(h crypto.Hash) ([]byte, error) {
	digestAlg, err := digestAlgorithm(h)
	if err != nil {
		return nil, err
	}
	return sequence(oid(oidPSS), sequence(
		appendElement(nil, 0xA0, digestAlg),
		appendElement(nil, 0xA1, sequence(oid(oidMGF), digestAlg)),
		appendElement(nil, 0xA2, integer(byte(h.Size()))),
	)), nil
}

func sequence(parts ...[]byte) []byte {
	return appendElement(nil, 0x30, bytes.Join(parts, nil))
}

func integer(n byte) []byte { return []byte{0x02, 1, n} }

// oid encodes an object identifier of this package.
func oid(id asn1.ObjectIdentifier) []byte {
	content := []byte{byte(40*id[0] + id[1])}
	for _, n := range id[2:] {
		var rev []byte
		for rev = []byte{byte(n & 0x7F)}; n > 0x7F; {
			n >>= 7
			rev = append(rev, byte(n&0x7F)|0x80)
		}
		slices.Reverse(rev)
		content = append(content, rev...)
	}
	return appendElement(nil, 0x06, content)
}
