// Package cms reads, verifies and makes the signatures of RFC 5652
// (Cryptographic Message Syntax), clause 5, as PDF and PAdES use them
// (ISO 32000-2 clause 12.8.3, ETSI EN 319 122-1, EN 319 142-1).
//
// For most uses:
//
//	message, _, err := cms.Split(contents)      // off the padding
//	sd, err := cms.Parse(message)
//	res, err := sd.Verify(func(h crypto.Hash) []byte { … })
//
// # Guarantees
//
//   - What the signature does not cover is fixed by checks: versions, the set
//     of digest algorithms, algorithm parameters, the signer's identifier, no
//     data behind any element. Where the message carries RFC 6211 algorithm
//     protection (as those of [Sign] do), also the choice between two
//     identifiers that mean the same.
//   - Messages of other makers in BER are rewritten to DER first, and it is
//     reported.
//   - Weak algorithms are verified and reported; whether they are accepted is
//     the caller's policy.
//
// Whether the signer's certificate is trusted is not judged here.
package cms

import (
	"crypto"
	_ "crypto/md5"  // recognised in old signatures
	_ "crypto/sha1" // recognised in old signatures
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"
)

// A SignedData is a parsed CMS message with at least one signer.
type SignedData struct {
	Version          int
	DigestAlgorithms []crypto.Hash
	ContentType      asn1.ObjectIdentifier
	Content          []byte // nil if the signature is detached
	Certificates     []*x509.Certificate
	// Malformed holds the certificates among these that crypto/x509 refuses,
	// with the reason. Of them only names, serial number and key are known, and
	// no chain may be built on them.
	Malformed map[*x509.Certificate]error

	OtherCerts int // certificates of other forms, such as attribute certificates
	HasCRLs    bool
	Signers    []Signer
	BER        bool // was not DER as PDF and PAdES want it
}

// A Signer is one SignerInfo.
type Signer struct {
	Version int

	// The identifier: the issuer in DER and the serial number, or the key
	// identifier.
	Issuer       []byte
	SerialNumber *big.Int
	SubjectKeyID []byte

	Digest    crypto.Hash
	Algorithm Algorithm
	Signature []byte

	Signed   []Attribute // nil if the signer has no signed attributes
	Unsigned []Attribute

	signedRaw    []byte // DER of the signed attributes, as a SET
	digestAlgRaw []byte // AlgorithmIdentifier, for RFC 6211
	sigAlgRaw    []byte
}

// An Attribute is an attribute with its values in DER.
type Attribute struct {
	Type   asn1.ObjectIdentifier
	Values [][]byte
}

// An Algorithm is a signature algorithm.
type Algorithm struct {
	Key  x509.PublicKeyAlgorithm // RSA or ECDSA
	Hash crypto.Hash             // that it names itself, or 0
	PSS  bool
	Salt int // PSS: length of the salt
	name string
}

func (a Algorithm) String() string { return a.name }

// Object identifiers of content types and attributes.
var (
	OIDData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	OIDSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	OIDTSTInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

	OIDContentType          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	OIDMessageDigest        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	OIDSigningTime          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	OIDAlgorithmProtection  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 52}
	OIDSigningCertificate   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	OIDSignatureTimestamp   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	OIDSigningCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

// Attribute returns the values of a signed attribute, or nil.
func (s *Signer) Attribute(oid asn1.ObjectIdentifier) [][]byte { return find(s.Signed, oid) }

// UnsignedAttribute returns the values of all unsigned attributes of a type.
func (s *Signer) UnsignedAttribute(oid asn1.ObjectIdentifier) [][]byte {
	var out [][]byte
	for _, a := range s.Unsigned {
		if a.Type.Equal(oid) {
			out = append(out, a.Values...)
		}
	}
	return out
}

func find(attrs []Attribute, oid asn1.ObjectIdentifier) [][]byte {
	for _, a := range attrs {
		if a.Type.Equal(oid) {
			return a.Values
		}
	}
	return nil
}

// A Result says how a signature was verified.
type Result struct {
	Certificate *x509.Certificate // of the signer
	Digest      crypto.Hash
	Algorithm   Algorithm

	// SigningTime is the claimed time of the signed attribute, zero if there is
	// none.
	SigningTime time.Time

	// ESS says that a signing-certificate attribute names the certificate.
	ESS bool

	// Protected says that an RFC 6211 attribute fixes the algorithms.
	Protected bool

	// Weak lists what current policy does not accept, such as "SHA-1".
	Weak []string
}

// A Code names the cause of an [Error].
type Code string

// The causes for which a signature does not verify.
const (
	SignerNotFound    Code = "signer-not-found"
	DigestMismatch    Code = "digest-mismatch"
	SignatureMismatch Code = "signature-mismatch"
	AttributeFault    Code = "attribute"
	ESSMismatch       Code = "signing-certificate"
	AlgorithmFault    Code = "algorithm"
	NotSingle         Code = "not-single-signer"
	// Unsupported means that the message may well be in order, and that its
	// algorithm is not one that is verified here. [Parse] returns it too.
	Unsupported Code = "unsupported-algorithm"
)

// An Error says why a signature does not verify.
type Error struct {
	Code Code
	What string
	// Algorithm names the one that is not supported, for people; empty for other
	// codes.
	Algorithm string
}

func (e *Error) Error() string { return "cms: " + e.What }

func fault(code Code, format string, args ...any) error {
	return &Error{Code: code, What: fmt.Sprintf(format, args...)}
}
