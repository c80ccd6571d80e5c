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

// SignConfig says how [Sign] makes a detached signature.
type SignConfig struct {
	Signer crypto.Signer
	Chain  []*x509.Certificate // of the signer first; all are put into the message
	Digest crypto.Hash         // SHA-256, SHA-384 or SHA-512
}

// Sign makes the CMS message of a detached signature over content with the
// given digest. It has the signed attributes content-type, message-digest,
// signing-certificate-v2 (RFC 5035) and CMSAlgorithmProtection (RFC 6211), and
// neither a signing time nor unsigned attributes, as PAdES baseline wants it
// (EN 319 142-1 clause 6.3).
func Sign(cfg SignConfig, digest []byte) ([]byte, error) {
	if len(cfg.Chain) == 0 || cfg.Signer == nil {
		return nil, fmt.Errorf("cms: neither key nor certificate to sign with")
	}
	if len(digest) != cfg.Digest.Size() {
		return nil, fmt.Errorf("cms: a digest of %d bytes: expected %d for %v", len(digest), cfg.Digest.Size(), cfg.Digest)
	}
	digestAlg, err := digestAlgorithm(cfg.Digest)
	if err != nil {
		return nil, err
	}
	sigAlg, err := signatureAlgorithm(cfg.Signer.Public(), cfg.Digest)
	if err != nil {
		return nil, err
	}
	attrs := signedAttributes(cfg.Chain[0], digest, digestAlg, sigAlg)
	h := cfg.Digest.New()
	h.Write(attrs)
	sig, err := cfg.Signer.Sign(rand.Reader, h.Sum(nil), cfg.Digest)
	if err != nil {
		return nil, fmt.Errorf("cms: the key did not sign: %w", err)
	}
	certs := make([][]byte, len(cfg.Chain))
	for i, c := range cfg.Chain {
		certs[i] = c.Raw
	}
	serial, err := asn1.Marshal(cfg.Chain[0].SerialNumber)
	if err != nil {
		return nil, fmt.Errorf("cms: serial number: %w", err)
	}
	signer := sequence(
		integer(1),
		sequence(cfg.Chain[0].RawIssuer, serial),
		digestAlg,
		retag(attrs, 0xA0),
		sigAlg,
		appendElement(nil, 0x04, sig),
	)
	body := sequence(
		integer(1),
		makeSet([][]byte{digestAlg}),
		sequence(oid(OIDData)),
		retag(makeSet(certs), 0xA0),
		makeSet([][]byte{signer}),
	)
	return sequence(oid(OIDSignedData), appendElement(nil, 0xA0, body)), nil
}

func signedAttributes(c *x509.Certificate, digest, digestAlg, sigAlg []byte) []byte {
	sum := sha256.Sum256(c.Raw) // the default of ESSCertIDv2
	attr := func(typ asn1.ObjectIdentifier, value []byte) []byte {
		return sequence(oid(typ), makeSet([][]byte{value}))
	}
	return makeSet([][]byte{
		attr(OIDContentType, oid(OIDData)),
		attr(OIDMessageDigest, appendElement(nil, 0x04, digest)),
		attr(OIDSigningCertificateV2, sequence(sequence(sequence(appendElement(nil, 0x04, sum[:]))))),
		attr(OIDAlgorithmProtection, sequence(digestAlg, retag(sigAlg, 0xA1))),
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

func signatureAlgorithm(pub crypto.PublicKey, h crypto.Hash) ([]byte, error) {
	var kind x509.PublicKeyAlgorithm
	var params []byte
	switch pub.(type) {
	case *rsa.PublicKey:
		kind, params = x509.RSA, []byte{5, 0} // RFC 4055 clause 5
	case *ecdsa.PublicKey:
		kind = x509.ECDSA
	}
	for _, s := range signatureOIDs {
		if s.alg.Key == kind && s.alg.Hash == h {
			return sequence(oid(s.oid), params), nil
		}
	}
	return nil, fmt.Errorf("cms: cannot sign with %v and a key of type %T", h, pub)
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
