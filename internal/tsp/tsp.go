// Package tsp asks time-stamping authorities for time-stamp tokens (RFC 3161,
// RFC 5816, ETSI EN 319 422) and checks what they answer.
//
// For most uses:
//
//	c, err := tsp.New(tsp.Config{Servers: []tsp.Server{{URL: "https://…"}}, Roots: roots})
//	token, err := c.Timestamp(ctx, crypto.SHA256, digest)
//
// # Guarantees
//
//   - A token is returned only if it answers this very request: digest, nonce,
//     policy and a time near now; signed by a certificate that its ESS
//     attribute names, whose only extended key usage is timeStamping, critical,
//     and which chains up to the configured roots.
//   - Each authority has a bounded time and a bounded answer. If one fails the
//     next is asked; the error says why each failed.
package tsp

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxResponse bounds an answer. Tokens with their certificates take some
// kilobytes.
const maxResponse = 256 << 10

// ErrResponse is wrapped by errors of answers that are not well formed.
var ErrResponse = errors.New("malformed time-stamp response")

// A Request asks for a time-stamp (RFC 3161 clause 2.4.1).
type Request struct {
	Hash   crypto.Hash
	Digest []byte
	Policy asn1.ObjectIdentifier // nil: any
	Nonce  *big.Int              // nil: none
	Certs  bool                  // the token shall hold its certificate
}

var hashes = []struct {
	hash crypto.Hash
	oid  asn1.ObjectIdentifier
}{
	{crypto.SHA256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}},
	{crypto.SHA384, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}},
	{crypto.SHA512, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}},
}

func hashOID(h crypto.Hash) (asn1.ObjectIdentifier, error) {
	for _, e := range hashes {
		if e.hash == h {
			return e.oid, nil
		}
	}
	return nil, fmt.Errorf("tsp: hash %v: expected SHA-256, SHA-384 or SHA-512", h)
}

// Marshal encodes the request.
func (r *Request) Marshal() ([]byte, error) {
	oid, err := hashOID(r.Hash)
	if err != nil {
		return nil, err
	}
	if len(r.Digest) != r.Hash.Size() {
		return nil, fmt.Errorf("tsp: a digest of %d bytes: expected %d for %v", len(r.Digest), r.Hash.Size(), r.Hash)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oid)
				b.AddASN1NULL() // RFC 3161 servers of old insist on it
			})
			b.AddASN1OctetString(r.Digest)
		})
		if r.Policy != nil {
			b.AddASN1ObjectIdentifier(r.Policy)
		}
		if r.Nonce != nil {
			b.AddASN1BigInt(r.Nonce)
		}
		if r.Certs {
			b.AddASN1Boolean(true)
		}
	})
	return b.Bytes()
}

// ParseRequest reads a request, as an authority does. Extensions are refused,
// since none is defined that may be ignored.
func ParseRequest(der []byte) (*Request, error) {
	bad := errors.New("tsp: the request is not well formed")
	in := cryptobyte.String(der)
	var seq, imprint, alg, sum cryptobyte.String
	var version int
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) || version != 1 ||
		!seq.ReadASN1(&imprint, cbasn1.SEQUENCE) || !imprint.ReadASN1(&alg, cbasn1.SEQUENCE) ||
		!alg.ReadASN1ObjectIdentifier(&oid) || !alg.SkipOptionalASN1(cbasn1.NULL) || !alg.Empty() ||
		!imprint.ReadASN1(&sum, cbasn1.OCTET_STRING) || !imprint.Empty() {
		return nil, bad
	}
	r := &Request{Digest: append([]byte(nil), sum...)}
	for _, e := range hashes {
		if e.oid.Equal(oid) {
			r.Hash = e.hash
		}
	}
	if r.Hash == 0 || len(r.Digest) != r.Hash.Size() {
		return nil, fmt.Errorf("tsp: a digest of %d bytes by %v: expected SHA-256, SHA-384 or SHA-512", len(sum), oid)
	}
	if seq.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) && !seq.ReadASN1ObjectIdentifier(&r.Policy) {
		return nil, bad
	}
	if seq.PeekASN1Tag(cbasn1.INTEGER) {
		if r.Nonce = new(big.Int); !seq.ReadASN1Integer(r.Nonce) {
			return nil, bad
		}
	}
	if seq.PeekASN1Tag(cbasn1.BOOLEAN) && !seq.ReadASN1Boolean(&r.Certs) || !seq.Empty() {
		return nil, bad
	}
	return r, nil
}

// Response statuses (RFC 3161 clause 2.4.2).
const (
	Granted         = 0
	GrantedWithMods = 1
	Rejection       = 2
)

// Failures that a response names (PKIFailureInfo, by bit).
var failures = map[int]string{
	0: "unrecognized algorithm", 2: "transaction not permitted", 5: "malformed request",
	14: "time source not available", 15: "policy not accepted", 16: "extension not accepted",
	17: "additional information not available", 25: "system failure",
}

// ParseResponse reads an answer and returns the token that it grants. The error
// names the reason of a refusal; it wraps [ErrResponse] if the answer is not
// well formed.
func ParseResponse(der []byte) (token []byte, err error) {
	if len(der) > maxResponse {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrResponse, maxResponse)
	}
	bad := func(what string) ([]byte, error) { return nil, fmt.Errorf("%w: %s", ErrResponse, what) }
	in := cryptobyte.String(der)
	var seq, info, text cryptobyte.String
	var status int
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1(&info, cbasn1.SEQUENCE) ||
		!info.ReadASN1Integer(&status) {
		return bad("no status")
	}
	reason := ""
	if info.PeekASN1Tag(cbasn1.SEQUENCE) {
		if !info.ReadASN1(&text, cbasn1.SEQUENCE) {
			return bad("status text")
		}
		for !text.Empty() {
			var s cryptobyte.String
			if !text.ReadASN1(&s, cbasn1.UTF8String) {
				return bad("status text")
			}
			if len(reason)+len(s) < 500 {
				reason += fmt.Sprintf(" %q", []byte(s))
			}
		}
	}
	if info.PeekASN1Tag(cbasn1.BIT_STRING) {
		var bits asn1.BitString
		if !info.ReadASN1BitString(&bits) {
			return bad("failure")
		}
		for bit, name := range failures {
			if bits.At(bit) == 1 {
				reason += " (" + name + ")"
			}
		}
	}
	if !info.Empty() {
		return bad("status")
	}
	if status != Granted && status != GrantedWithMods {
		return nil, fmt.Errorf("refused with status %d%s", status, reason)
	}
	var raw cryptobyte.String
	if !seq.ReadASN1Element(&raw, cbasn1.SEQUENCE) || !seq.Empty() {
		return bad("granted without one token")
	}
	return append([]byte(nil), raw...), nil
}

// MarshalResponse encodes an answer: a token, or a refusal if token is nil.
func MarshalResponse(token []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if token == nil {
				b.AddASN1Int64(Rejection)
			} else {
				b.AddASN1Int64(Granted)
			}
		})
		b.AddBytes(token)
	})
	return b.Bytes()
}
