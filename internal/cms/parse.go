package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const (
	maxCertificates = 128
	maxSigners      = 16
	maxAttributes   = 128
)

var (
	tag0 = cbasn1.Tag(0).ContextSpecific().Constructed()
	tag1 = cbasn1.Tag(1).ContextSpecific().Constructed()
	tag2 = cbasn1.Tag(2).ContextSpecific().Constructed()
	tag3 = cbasn1.Tag(3).ContextSpecific().Constructed()
	ski  = cbasn1.Tag(0).ContextSpecific()
)

// Parse reads a CMS message of type SignedData. Nothing may follow it.
func Parse(message []byte) (*SignedData, error) {
	if len(message) > maxSize {
		return nil, fmt.Errorf("cms: %d bytes: expected at most %d", len(message), maxSize)
	}
	sd := &SignedData{}
	if !isDER(message, 0) {
		der, n, err := toDER(message, 0)
		if err != nil {
			return nil, fmt.Errorf("cms: %w", err)
		}
		if n != len(message) {
			return nil, fmt.Errorf("cms: %d bytes behind the message", len(message)-n)
		}
		message, sd.BER = der, true
	}
	in := cryptobyte.String(message)
	var info, explicit, body cryptobyte.String
	var typ asn1.ObjectIdentifier
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !in.Empty() || !info.ReadASN1ObjectIdentifier(&typ) {
		return nil, errors.New("cms: not a ContentInfo")
	}
	if !typ.Equal(OIDSignedData) {
		return nil, fmt.Errorf("cms: content type %v: expected signed data", typ)
	}
	if !info.ReadASN1(&explicit, tag0) || !info.Empty() || !explicit.ReadASN1(&body, cbasn1.SEQUENCE) ||
		!explicit.Empty() {
		return nil, errors.New("cms: the content is no SignedData")
	}
	if err := sd.parseBody(body); err != nil {
		return nil, fmt.Errorf("cms: %w", err)
	}
	return sd, nil
}

func (sd *SignedData) parseBody(body cryptobyte.String) error {
	var digests, encap, content, certs, crls, signers cryptobyte.String
	var hasContent, hasCerts bool
	if !body.ReadASN1Integer(&sd.Version) || !body.ReadASN1(&digests, cbasn1.SET) ||
		!body.ReadASN1(&encap, cbasn1.SEQUENCE) {
		return errors.New("SignedData is not well formed")
	}
	for !digests.Empty() {
		h, _, err := readDigestAlgorithm(&digests)
		if err != nil {
			return fmt.Errorf("digestAlgorithms: %w", err)
		}
		sd.DigestAlgorithms = append(sd.DigestAlgorithms, h)
	}
	if !encap.ReadASN1ObjectIdentifier(&sd.ContentType) || !encap.ReadOptionalASN1(&content, &hasContent, tag0) ||
		!encap.Empty() {
		return errors.New("encapContentInfo is not well formed")
	}
	if hasContent {
		var octets cryptobyte.String
		if !content.ReadASN1(&octets, cbasn1.OCTET_STRING) || !content.Empty() {
			return errors.New("the encapsulated content is no octet string")
		}
		sd.Content = append([]byte{}, octets...)
	}
	if !body.ReadOptionalASN1(&certs, &hasCerts, tag0) || !body.ReadOptionalASN1(&crls, &sd.HasCRLs, tag1) ||
		!body.ReadASN1(&signers, cbasn1.SET) || !body.Empty() {
		return errors.New("SignedData is not well formed")
	}
	if err := sd.parseCertificates(certs); err != nil {
		return err
	}
	for !signers.Empty() {
		s, err := parseSigner(&signers)
		if err != nil {
			return fmt.Errorf("signer %d: %w", len(sd.Signers), err)
		}
		if sd.Signers = append(sd.Signers, s); len(sd.Signers) > maxSigners {
			return fmt.Errorf("more than %d signers", maxSigners)
		}
	}
	if len(sd.Signers) == 0 {
		return errors.New("no signer")
	}
	return sd.checkVersion()
}

// checkVersion fixes the version, which nothing protects. RFC 5652 clause 5.1
// derives it from the content; older makers write 1 whatever it is, and some 3.
func (sd *SignedData) checkVersion() error {
	want := 1
	switch {
	case sd.OtherCerts > 0:
		want = 0 // 3 to 5, depending on their form
	case !sd.ContentType.Equal(OIDData):
		want = 3
	}
	for _, s := range sd.Signers {
		if s.Version == 3 && want == 1 {
			want = 3
		}
	}
	switch v := sd.Version; {
	case v == want, want == 0 && v >= 1 && v <= 5, want == 3 && v == 1:
		return nil
	}
	return fmt.Errorf("version %d of SignedData: expected %d", sd.Version, want)
}

func (sd *SignedData) parseCertificates(certs cryptobyte.String) error {
	for !certs.Empty() {
		var raw cryptobyte.String
		var tag cbasn1.Tag
		if !certs.ReadAnyASN1Element(&raw, &tag) {
			return errors.New("certificates are not well formed")
		}
		switch tag {
		case cbasn1.SEQUENCE:
			c, err := x509.ParseCertificate(bytes.Clone(raw))
			if err != nil {
				bare, ok := bareCertificate(raw)
				if !ok {
					return fmt.Errorf("certificate %d: %w", len(sd.Certificates), err)
				}
				if c = bare; sd.Malformed == nil {
					sd.Malformed = map[*x509.Certificate]error{}
				}
				sd.Malformed[c] = err
			}
			sd.Certificates = append(sd.Certificates, c)
		case tag0, tag1, tag2, tag3:
			sd.OtherCerts++
		default:
			return fmt.Errorf("a certificate with tag %#x", byte(tag))
		}
		if len(sd.Certificates)+sd.OtherCerts > maxCertificates {
			return fmt.Errorf("more than %d certificates", maxCertificates)
		}
	}
	return nil
}

// bareCertificate reads what it takes to check a signature from a certificate
// that crypto/x509 refuses, for instance for a negative serial number.
func bareCertificate(raw []byte) (*x509.Certificate, bool) {
	in := cryptobyte.String(raw)
	var cert, tbs, issuer, subject, spki cryptobyte.String
	c := &x509.Certificate{Raw: bytes.Clone(raw), SerialNumber: new(big.Int)}
	if !in.ReadASN1(&cert, cbasn1.SEQUENCE) || !cert.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(tag0) || !tbs.ReadASN1Integer(c.SerialNumber) || !tbs.SkipASN1(cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !tbs.SkipASN1(cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&spki, cbasn1.SEQUENCE) {
		return nil, false
	}
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		var seq, alg, bits cryptobyte.String
		if in := spki; !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1(&alg, cbasn1.SEQUENCE) ||
			!seq.ReadASN1(&bits, cbasn1.BIT_STRING) || !seq.Empty() {
			return nil, false
		}
		key, c.RawSubjectPublicKeyInfo = nil, bytes.Clone(spki) // of an algorithm that is not supported
	}
	c.PublicKey, c.RawIssuer, c.RawSubject = key, bytes.Clone(issuer), bytes.Clone(subject)
	var name pkix.RDNSequence
	if rest, err := asn1.Unmarshal(subject, &name); err == nil && len(rest) == 0 {
		c.Subject.FillFromRDNSequence(&name)
	}
	return c, true
}

func parseSigner(in *cryptobyte.String) (Signer, error) {
	var s Signer
	var b cryptobyte.String
	if !in.ReadASN1(&b, cbasn1.SEQUENCE) || !b.ReadASN1Integer(&s.Version) {
		return s, errors.New("not well formed")
	}
	if err := s.parseID(&b); err != nil {
		return s, err
	}
	var err error
	if s.Digest, s.digestAlgRaw, err = readDigestAlgorithm(&b); err != nil {
		return s, fmt.Errorf("digestAlgorithm: %w", err)
	}
	if b.PeekASN1Tag(tag0) {
		var raw cryptobyte.String
		if !b.ReadASN1Element(&raw, tag0) {
			return s, errors.New("signed attributes are not well formed")
		}
		s.signedRaw = append([]byte{0x31}, raw[1:]...) // the tag that is hashed
		set := cryptobyte.String(s.signedRaw)
		var attrs cryptobyte.String
		if !set.ReadASN1(&attrs, cbasn1.SET) {
			return s, errors.New("signed attributes are not well formed")
		}
		if s.Signed, err = parseAttributes(attrs, true); err != nil {
			return s, fmt.Errorf("signed attributes: %w", err)
		}
		if len(s.Signed) == 0 {
			return s, errors.New("signed attributes are empty")
		}
	}
	if s.Algorithm, s.sigAlgRaw, err = readSignatureAlgorithm(&b, s.Digest); err != nil {
		return s, fmt.Errorf("signatureAlgorithm: %w", err)
	}
	var sig cryptobyte.String
	if !b.ReadASN1(&sig, cbasn1.OCTET_STRING) || len(sig) == 0 {
		return s, errors.New("no signature value")
	}
	s.Signature = bytes.Clone(sig)
	var unsigned cryptobyte.String
	if !b.ReadOptionalASN1(&unsigned, nil, tag1) || !b.Empty() {
		return s, errors.New("not well formed behind the signature value")
	}
	if s.Unsigned, err = parseAttributes(unsigned, false); err != nil {
		return s, fmt.Errorf("unsigned attributes: %w", err)
	}
	return s, nil
}

// parseID reads the signer's identifier and holds the version to it.
func (s *Signer) parseID(b *cryptobyte.String) error {
	want := 1
	if b.PeekASN1Tag(ski) {
		var id cryptobyte.String
		if !b.ReadASN1(&id, ski) || len(id) == 0 {
			return errors.New("the subject key identifier is not well formed")
		}
		s.SubjectKeyID, want = bytes.Clone(id), 3
	} else {
		var ias, issuer cryptobyte.String
		s.SerialNumber = new(big.Int)
		if !b.ReadASN1(&ias, cbasn1.SEQUENCE) || !ias.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
			!ias.ReadASN1Integer(s.SerialNumber) || !ias.Empty() {
			return errors.New("issuerAndSerialNumber is not well formed")
		}
		s.Issuer = bytes.Clone(issuer)
	}
	if s.Version != want {
		return fmt.Errorf("version %d: expected %d for this identifier", s.Version, want)
	}
	return nil
}

// parseAttributes reads the content of a set of attributes. Signed ones occur
// once each.
func parseAttributes(in cryptobyte.String, once bool) ([]Attribute, error) {
	var attrs []Attribute
	for !in.Empty() {
		var a Attribute
		var seq, set cryptobyte.String
		if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&a.Type) ||
			!seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
			return nil, errors.New("not well formed")
		}
		for !set.Empty() {
			var v cryptobyte.String
			var tag cbasn1.Tag
			if !set.ReadAnyASN1Element(&v, &tag) {
				return nil, fmt.Errorf("value of %v is not well formed", a.Type)
			}
			a.Values = append(a.Values, bytes.Clone(v))
		}
		if len(a.Values) == 0 {
			return nil, fmt.Errorf("%v has no value", a.Type)
		}
		if once && find(attrs, a.Type) != nil {
			return nil, fmt.Errorf("%v occurs twice", a.Type)
		}
		if attrs = append(attrs, a); len(attrs) > maxAttributes {
			return nil, fmt.Errorf("more than %d", maxAttributes)
		}
	}
	return attrs, nil
}

var digestOIDs = []struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}{
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512},
	{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, crypto.SHA1},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}, crypto.MD5},
}

// readAlgorithm reads an AlgorithmIdentifier: the identifier, the parameters
// (nil if absent) and the whole element.
func readAlgorithm(in *cryptobyte.String) (oid asn1.ObjectIdentifier, params, raw []byte, err error) {
	var el, seq, p cryptobyte.String
	var tag cbasn1.Tag
	if !in.ReadASN1Element(&el, cbasn1.SEQUENCE) {
		return nil, nil, nil, errors.New("no algorithm identifier")
	}
	raw = bytes.Clone(el)
	if !el.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&oid) {
		return nil, nil, nil, errors.New("an algorithm identifier is not well formed")
	}
	if !seq.Empty() {
		if !seq.ReadAnyASN1Element(&p, &tag) || !seq.Empty() {
			return nil, nil, nil, fmt.Errorf("parameters of %v are not well formed", oid)
		}
		params = bytes.Clone(p)
	}
	return oid, params, raw, nil
}

func isNull(params []byte) bool { return len(params) == 2 && params[0] == 5 && params[1] == 0 }

func readDigestAlgorithm(in *cryptobyte.String) (crypto.Hash, []byte, error) {
	oid, params, raw, err := readAlgorithm(in)
	if err != nil {
		return 0, nil, err
	}
	for _, d := range digestOIDs {
		if !d.oid.Equal(oid) {
			continue
		}
		if params != nil && !isNull(params) {
			return 0, nil, fmt.Errorf("parameters of %v: expected none or NULL", oid)
		}
		return d.hash, raw, nil
	}
	return 0, nil, unsupported("digest algorithm", oid)
}

var (
	oidRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPSS = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidMGF = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
)

var signatureOIDs = []struct {
	oid asn1.ObjectIdentifier
	alg Algorithm
}{
	{oidRSA, Algorithm{Key: x509.RSA, name: "RSA"}},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, Algorithm{Key: x509.RSA, Hash: crypto.SHA256, name: "RSA"}},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, Algorithm{Key: x509.RSA, Hash: crypto.SHA384, name: "RSA"}},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, Algorithm{Key: x509.RSA, Hash: crypto.SHA512, name: "RSA"}},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, Algorithm{Key: x509.RSA, Hash: crypto.SHA1, name: "RSA"}},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}, Algorithm{Key: x509.RSA, Hash: crypto.MD5, name: "RSA"}},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, Algorithm{Key: x509.ECDSA, Hash: crypto.SHA256, name: "ECDSA"}},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, Algorithm{Key: x509.ECDSA, Hash: crypto.SHA384, name: "ECDSA"}},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, Algorithm{Key: x509.ECDSA, Hash: crypto.SHA512, name: "ECDSA"}},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, Algorithm{Key: x509.ECDSA, Hash: crypto.SHA1, name: "ECDSA"}},
}

func readSignatureAlgorithm(in *cryptobyte.String, digest crypto.Hash) (Algorithm, []byte, error) {
	oid, params, raw, err := readAlgorithm(in)
	if err != nil {
		return Algorithm{}, nil, err
	}
	if oid.Equal(oidPSS) {
		a, err := parsePSS(params)
		if err == nil && a.Hash != digest {
			err = fmt.Errorf("RSASSA-PSS with %v: expected the digest algorithm %v", a.Hash, digest)
		}
		return a, raw, err
	}
	for _, s := range signatureOIDs {
		if !s.oid.Equal(oid) {
			continue
		}
		if params != nil && !isNull(params) { // some write NULL with ECDSA too
			return s.alg, raw, fmt.Errorf("unexpected parameters of %v", oid)
		}
		if s.alg.Hash != 0 && s.alg.Hash != digest {
			return s.alg, raw, fmt.Errorf("%v names %v: expected the digest algorithm %v", oid, s.alg.Hash, digest)
		}
		return s.alg, raw, nil
	}
	return Algorithm{}, raw, unsupported("signature algorithm", oid)
}

// parsePSS reads RSASSA-PSS-params (RFC 4055 clause 3.1).
func parsePSS(params []byte) (Algorithm, error) {
	bad := func(what string) (Algorithm, error) {
		return Algorithm{}, fmt.Errorf("RSASSA-PSS parameters: %s", what)
	}
	badHash := func(err error, what string) (Algorithm, error) {
		var e *Error
		if errors.As(err, &e) {
			return Algorithm{}, err
		}
		return bad(what)
	}
	a := Algorithm{Key: x509.RSA, Hash: crypto.SHA1, PSS: true, Salt: 20, name: "RSASSA-PSS"}
	mgf := crypto.SHA1
	in := cryptobyte.String(params)
	var seq, v cryptobyte.String
	var has bool
	var err error
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadOptionalASN1(&v, &has, tag0) {
		return bad("not well formed")
	}
	if has {
		if a.Hash, _, err = readDigestAlgorithm(&v); err != nil || !v.Empty() {
			return badHash(err, "hash algorithm")
		}
	}
	if !seq.ReadOptionalASN1(&v, &has, tag1) {
		return bad("not well formed")
	}
	if has {
		oid, p, _, err := readAlgorithm(&v)
		if err != nil || !v.Empty() {
			return bad("mask generation is not well formed")
		}
		if !oid.Equal(oidMGF) { // lawful, as those of SHAKE
			return Algorithm{}, unsupported("mask generation", oid)
		}
		ps := cryptobyte.String(p)
		if mgf, _, err = readDigestAlgorithm(&ps); err != nil || !ps.Empty() {
			return badHash(err, "hash of MGF1")
		}
	}
	if mgf != a.Hash { // lawful too, and no library verifies it
		return Algorithm{}, unsupported("another hash for MGF1 in", oidPSS)
	}
	if !seq.ReadOptionalASN1(&v, &has, tag2) || has && (!v.ReadASN1Integer(&a.Salt) || !v.Empty()) || a.Salt < 0 ||
		a.Salt > 512 {
		return bad("length of the salt")
	}
	trailer := 1
	if !seq.ReadOptionalASN1(&v, &has, tag3) || has && (!v.ReadASN1Integer(&trailer) || !v.Empty()) || trailer != 1 ||
		!seq.Empty() {
		return bad("trailer field")
	}
	return a, nil
}
