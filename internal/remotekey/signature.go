package remotekey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes that NewRequest accepts
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

var (
	// ErrUnsupported means that a key of that kind, or a signature of that
	// kind, cannot be made or checked.
	ErrUnsupported = errors.New("not supported")

	// ErrSignature means that the key returned what is not its signature.
	ErrSignature = errors.New("what the key returned is not its signature")
)

// A Request is what a [crypto.Signer] is asked for.
type Request struct {
	Digest []byte // a copy of the caller's
	Hash   crypto.Hash
	PSS    bool
	Salt   int // bytes, with PSS
}

// CheckKey says whether a key is of a kind that seals use: RSA of 2048 to 4096
// bits, ECDSA on P-256 or P-384.
func CheckKey(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < 2048 || bits > 4096 {
			return fmt.Errorf("%w: RSA of %d bits: expected 2048 to 4096", ErrUnsupported, bits)
		}
		return nil
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
			return fmt.Errorf("%w: ECDSA on %s: expected P-256 or P-384", ErrUnsupported, k.Curve.Params().Name)
		}
		return nil
	}
	return fmt.Errorf("%w: a key of type %T: expected RSA or ECDSA", ErrUnsupported, pub)
}

// NewRequest checks the arguments of a Sign method for a key that passed
// [CheckKey].
func NewRequest(pub crypto.PublicKey, digest []byte, opts crypto.SignerOpts) (Request, error) {
	if opts == nil {
		return Request{}, fmt.Errorf("%w: no hash was named", ErrUnsupported)
	}
	r := Request{Digest: slices.Clone(digest), Hash: opts.HashFunc()}
	switch r.Hash {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512:
	default:
		return Request{}, fmt.Errorf("%w: hash %v: expected SHA-256, SHA-384 or SHA-512", ErrUnsupported, r.Hash)
	}
	if len(digest) != r.Hash.Size() {
		return Request{}, fmt.Errorf("%w: a digest of %d bytes: expected %d for %v", ErrUnsupported, len(digest), r.Hash.Size(), r.Hash)
	}
	pss, ok := opts.(*rsa.PSSOptions)
	if !ok {
		return r, nil
	}
	k, ok := pub.(*rsa.PublicKey)
	if !ok {
		return Request{}, fmt.Errorf("%w: RSASSA-PSS with a key of type %T", ErrUnsupported, pub)
	}
	longest := (k.N.BitLen()+6)/8 - 2 - r.Hash.Size() // RFC 8017 clause 9.1.1
	r.PSS = true
	switch {
	case pss.SaltLength == rsa.PSSSaltLengthEqualsHash:
		r.Salt = r.Hash.Size()
	case pss.SaltLength == rsa.PSSSaltLengthAuto: // as crypto/rsa does
		r.Salt = longest
	default:
		r.Salt = pss.SaltLength
	}
	if r.Salt < 0 || r.Salt > longest {
		return Request{}, fmt.Errorf("%w: RSASSA-PSS with a salt of %d bytes: expected at most %d", ErrUnsupported, r.Salt, longest)
	}
	return r, nil
}

// Check verifies a signature with the key and returns it as a [crypto.Signer]
// must: DER for ECDSA, also when the key returned r and s one after the other
// (PKCS #11, IEEE P1363). The error wraps [ErrSignature].
func (r Request) Check(pub crypto.PublicKey, sig []byte) ([]byte, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		var err error
		if r.PSS {
			err = rsa.VerifyPSS(k, r.Hash, r.Digest, sig, &rsa.PSSOptions{SaltLength: r.Salt, Hash: r.Hash})
		} else {
			err = rsa.VerifyPKCS1v15(k, r.Hash, r.Digest, sig)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %d bytes: %w", ErrSignature, len(sig), err)
		}
		return sig, nil
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, r.Digest, sig) {
			return sig, nil
		}
		n := (k.Curve.Params().N.BitLen() + 7) / 8
		if len(sig) == 2*n {
			der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:])})
			if err == nil && ecdsa.VerifyASN1(k, r.Digest, der) {
				return der, nil
			}
		}
		return nil, fmt.Errorf("%w: %d bytes that do not verify on %s", ErrSignature, len(sig), k.Curve.Params().Name)
	}
	return nil, CheckKey(pub)
}
