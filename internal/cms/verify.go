package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Verify verifies the detached signature of the one signer. digest returns the
// digest of the signed content. A message that carries content of its own is
// refused, since its own content would be what is signed. The error is an *[Error].
func (sd *SignedData) Verify(digest func(crypto.Hash) []byte) (*Result, error) {
	if sd.Content != nil {
		return nil, fault(AttributeFault, "the message carries content of its own: expected a detached signature")
	}
	return sd.verify(digest)
}

// VerifyAttached verifies the signature over the content that the message
// carries, as that of a time-stamp token. The error is an *[Error].
func (sd *SignedData) VerifyAttached() (*Result, error) {
	if sd.Content == nil {
		return nil, fault(AttributeFault, "the message carries no content")
	}
	return sd.verify(func(hash crypto.Hash) []byte {
		h := hash.New()
		h.Write(sd.Content)
		return h.Sum(nil)
	})
}

func (sd *SignedData) verify(digest func(crypto.Hash) []byte) (*Result, error) {
	if len(sd.Signers) != 1 {
		return nil, fault(NotSingle, "%d signers: expected one", len(sd.Signers))
	}
	s := &sd.Signers[0]
	if !slices.Contains(sd.DigestAlgorithms, s.Digest) {
		return nil, fault(AlgorithmFault, "the signer's digest algorithm %v is not among digestAlgorithms", s.Digest)
	}
	content := digest(s.Digest)
	res := &Result{Digest: s.Digest, Algorithm: s.Algorithm}
	candidates := sd.signerCertificates(s)
	if len(candidates) == 0 {
		return nil, fault(SignerNotFound, "the message does not contain the certificate of its signer")
	}
	if s.Signed == nil {
		if !sd.ContentType.Equal(OIDData) {
			return nil, fault(AttributeFault, "content type %v without signed attributes", sd.ContentType)
		}
	} else if err := s.checkAttributes(sd.ContentType, content, res); err != nil {
		return nil, err
	}
	var first error
	for _, c := range candidates {
		err := s.checkESS(c, res)
		if err == nil {
			err = s.verifyWith(c, content)
		}
		if err == nil {
			res.Certificate = c
			res.Weak = weaknesses(s.Digest, c)
			return res, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func (sd *SignedData) signerCertificates(s *Signer) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range sd.Certificates {
		if s.SubjectKeyID != nil && bytes.Equal(c.SubjectKeyId, s.SubjectKeyID) ||
			s.SubjectKeyID == nil && bytes.Equal(c.RawIssuer, s.Issuer) && c.SerialNumber.Cmp(s.SerialNumber) == 0 {
			out = append(out, c)
		}
	}
	return out
}

// single returns the only value of a signed attribute.
func (s *Signer) single(oid asn1.ObjectIdentifier) ([]byte, error) {
	v := s.Attribute(oid)
	if len(v) > 1 {
		return nil, fault(AttributeFault, "attribute %v has %d values: expected one", oid, len(v))
	}
	if v == nil {
		return nil, nil
	}
	return v[0], nil
}

// checkAttributes checks content-type, message-digest, signing-time and
// algorithm protection.
func (s *Signer) checkAttributes(contentType asn1.ObjectIdentifier, digest []byte, res *Result) error {
	ct, err := s.single(OIDContentType)
	if err != nil {
		return err
	}
	var typ asn1.ObjectIdentifier
	if in := cryptobyte.String(ct); !in.ReadASN1ObjectIdentifier(&typ) || !in.Empty() || !typ.Equal(contentType) {
		return fault(AttributeFault, "the signed attribute content-type is %v: expected %v", typ, contentType)
	}
	md, err := s.single(OIDMessageDigest)
	if err != nil {
		return err
	}
	var sum cryptobyte.String
	if in := cryptobyte.String(md); !in.ReadASN1(&sum, cbasn1.OCTET_STRING) || !in.Empty() {
		return fault(AttributeFault, "there is no signed attribute message-digest")
	}
	if !bytes.Equal(sum, digest) {
		return fault(DigestMismatch, "the %v of the signed bytes is %x, signed was %x", s.Digest, digest, []byte(sum))
	}
	st, err := s.single(OIDSigningTime)
	if err != nil {
		return err
	}
	if st != nil {
		if res.SigningTime, err = parseTime(st); err != nil {
			return fault(AttributeFault, "signing-time: %v", err)
		}
	}
	ap, err := s.single(OIDAlgorithmProtection)
	if err != nil || ap == nil {
		return err
	}
	want := appendElement(nil, 0x30, slices.Concat(s.digestAlgRaw, retag(s.sigAlgRaw, 0xA1)))
	if !bytes.Equal(ap, want) {
		return fault(AlgorithmFault, "the algorithms are not those that the signed attribute of RFC 6211 fixes")
	}
	res.Protected = true
	return nil
}

// retag returns an element with another tag, as IMPLICIT does.
func retag(el []byte, tag byte) []byte {
	out := bytes.Clone(el)
	out[0] = tag
	return out
}

func parseTime(v []byte) (time.Time, error) {
	in := cryptobyte.String(v)
	var t time.Time
	switch {
	case in.PeekASN1Tag(cbasn1.UTCTime):
		if in.ReadASN1UTCTime(&t) && in.Empty() {
			return t, nil
		}
	case in.ReadASN1GeneralizedTime(&t) && in.Empty():
		return t, nil
	}
	return t, fmt.Errorf("found %x: expected a time", v)
}

// checkESS checks the signing-certificate attributes (RFC 5035), of which
// the first identifier names the signer's certificate.
func (s *Signer) checkESS(c *x509.Certificate, res *Result) error {
	for _, a := range []struct {
		oid asn1.ObjectIdentifier
		def crypto.Hash
		v2  bool
	}{{OIDSigningCertificateV2, crypto.SHA256, true}, {OIDSigningCertificate, crypto.SHA1, false}} {
		v, err := s.single(a.oid)
		if err != nil {
			return err
		}
		if v == nil {
			continue
		}
		in := cryptobyte.String(v)
		var seq, ids, id, sum cryptobyte.String
		if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1(&ids, cbasn1.SEQUENCE) ||
			!ids.ReadASN1(&id, cbasn1.SEQUENCE) {
			return fault(ESSMismatch, "signing-certificate is not well formed")
		}
		hash := a.def
		if a.v2 && id.PeekASN1Tag(cbasn1.SEQUENCE) {
			if hash, _, err = readDigestAlgorithm(&id); errors.As(err, new(*Error)) {
				return err
			} else if err != nil {
				return fault(ESSMismatch, "signing-certificate-v2: %v", err)
			}
		}
		if !id.ReadASN1(&sum, cbasn1.OCTET_STRING) {
			return fault(ESSMismatch, "signing-certificate is not well formed")
		}
		h := hash.New()
		h.Write(c.Raw)
		if !bytes.Equal(h.Sum(nil), sum) {
			return fault(ESSMismatch, "signing-certificate names another certificate than that of %s", c.Subject)
		}
		if !id.Empty() && !sameIssuerSerial(id, c) {
			return fault(ESSMismatch, "signing-certificate names another issuer or serial number than those of %s",
				c.Subject)
		}
		res.ESS = true
	}
	return nil
}

// sameIssuerSerial compares IssuerSerial (RFC 5035 clause 5.4.1.1).
func sameIssuerSerial(in cryptobyte.String, c *x509.Certificate) bool {
	var seq, names, name, serial cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1(&names, cbasn1.SEQUENCE) ||
		!seq.ReadASN1(&serial, cbasn1.INTEGER) || !seq.Empty() {
		return false
	}
	for !names.Empty() {
		var tag cbasn1.Tag
		if !names.ReadAnyASN1(&name, &tag) {
			return false
		}
		if tag == cbasn1.Tag(4).ContextSpecific().Constructed() && !bytes.Equal(name, c.RawIssuer) {
			return false
		}
	}
	want, err := asn1.Marshal(c.SerialNumber)
	if err != nil {
		return false
	}
	return bytes.Equal(appendElement(nil, 0x02, serial), want)
}

// verifyWith verifies the signature value with the key of a certificate.
func (s *Signer) verifyWith(c *x509.Certificate, content []byte) error {
	if s.Signed == nil {
		return s.verifyDigest(c, content)
	}
	sum := func(b []byte) []byte {
		h := s.Digest.New()
		h.Write(b)
		return h.Sum(nil)
	}
	err := s.verifyDigest(c, sum(s.signedRaw))
	if err == nil {
		return nil
	}
	// RFC 5652 clause 5.4 hashes the DER of the set, which is sorted, whatever
	// order was transmitted.
	if sorted := sortSet(s.signedRaw); !bytes.Equal(sorted, s.signedRaw) && s.verifyDigest(c, sum(sorted)) == nil {
		return nil
	}
	return err
}

func sortSet(set []byte) []byte {
	in := cryptobyte.String(set)
	var body cryptobyte.String
	if !in.ReadASN1(&body, cbasn1.SET) {
		return set
	}
	var els [][]byte
	for !body.Empty() {
		var el cryptobyte.String
		var tag cbasn1.Tag
		if !body.ReadAnyASN1Element(&el, &tag) {
			return set
		}
		els = append(els, el)
	}
	return makeSet(els)
}

// makeSet returns a SET OF in DER: its elements sorted.
func makeSet(els [][]byte) []byte {
	slices.SortFunc(els, bytes.Compare)
	return appendElement(nil, 0x31, bytes.Join(els, nil))
}

// MaxRSA is the greatest size in bits of an RSA key that is used: longer ones are
// there only to cost time.
const MaxRSA = 8192

func (s *Signer) verifyDigest(c *x509.Certificate, sum []byte) error {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if s.Algorithm.Key != x509.RSA {
			break
		}
		if n := key.N.BitLen(); n > MaxRSA {
			return &Error{Code: Unsupported, What: fmt.Sprintf("an RSA key of %d bits: expected at most %d", n, MaxRSA),
				Algorithm: fmt.Sprintf("chiave RSA di %d bit", n)}
		}
		var err error
		if s.Algorithm.PSS {
			err = rsa.VerifyPSS(key, s.Digest, sum, s.Signature,
				&rsa.PSSOptions{SaltLength: s.Algorithm.Salt, Hash: s.Digest})
		} else {
			err = rsa.VerifyPKCS1v15(key, s.Digest, sum, s.Signature)
		}
		if err != nil {
			return fault(SignatureMismatch, "the signature value is not one of the key of %s: %v", c.Subject, err)
		}
		return nil
	case *ecdsa.PublicKey:
		if s.Algorithm.Key != x509.ECDSA {
			break
		}
		if !ecdsa.VerifyASN1(key, sum, s.Signature) {
			return fault(SignatureMismatch, "the signature value is not one of the key of %s", c.Subject)
		}
		return nil
	}
	switch c.PublicKey.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
		return fault(AlgorithmFault, "signature algorithm %s with a key of type %T", s.Algorithm, c.PublicKey)
	}
	return unsupportedKey(keyAlgorithm(c))
}

// keyAlgorithm is the algorithm that a certificate names for its key.
func keyAlgorithm(c *x509.Certificate) (oid asn1.ObjectIdentifier) {
	in := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	var seq cryptobyte.String
	if in.ReadASN1(&seq, cbasn1.SEQUENCE) {
		if alg, _, _, err := readAlgorithm(&seq); err == nil {
			return alg
		}
	}
	return nil
}

// weaknesses lists what no longer resists forgery with certainty: digests for
// which collisions are known, and RSA keys under 2048 bits.
func weaknesses(digest crypto.Hash, c *x509.Certificate) []string {
	var out []string
	if digest == crypto.SHA1 || digest == crypto.MD5 {
		out = append(out, digest.String())
	}
	if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
		out = append(out, fmt.Sprintf("RSA-%d", key.N.BitLen()))
	}
	return out
}
