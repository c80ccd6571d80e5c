package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/liste-elettorali/anpr/internal/remotekey"
	"github.com/liste-elettorali/anpr/internal/tsp"
)

// open connects for the first time and reads public key and certificates. The
// caller holds mu.
func (k *Key) open() error {
	if k.closed {
		return ErrClosed
	}
	return k.connect(k.cfg.Module.current(), func(lib library, session, object uint) error {
		var err error
		if k.pub, err = publicKey(lib, session, object); err != nil {
			return err
		}
		if err := remotekey.CheckKey(k.pub); err != nil {
			return fmt.Errorf("%w: %w", ErrKey, err)
		}
		k.chain, err = chain(lib, session, k.pub)
		return err
	})
}

// reconnect connects again. If need be it initialises the library anew: many
// notice only then that a device is back. The caller holds mu.
func (k *Key) reconnect() error {
	same := func(lib library, session, object uint) error {
		pub, err := publicKey(lib, session, object)
		if err != nil {
			return err
		}
		if known, ok := k.pub.(interface{ Equal(crypto.PublicKey) bool }); !ok || !known.Equal(pub) {
			return fmt.Errorf("%w: the key of that name is another one now", ErrKey)
		}
		return nil
	}
	generation := k.cfg.Module.current()
	err := k.connect(generation, same)
	if !lost(err) && !errors.Is(err, ErrToken) {
		return err
	}
	if err := k.cfg.Module.restart(generation); err != nil {
		return err
	}
	return k.connect(k.cfg.Module.current(), same)
}

// connect finds the token and the key, and has check look at it.
func (k *Key) connect(generation uint64, check func(lib library, session, object uint) error) error {
	c := &connection{generation: generation}
	err := k.cfg.Module.do(generation, func(lib library) error {
		var err error
		if c.slot, err = k.findToken(lib); err != nil {
			return err
		}
		session, err := k.session(lib, c.slot)
		if err != nil {
			return err
		}
		if c.object, err = k.findKey(lib, session); err == nil {
			err = check(lib, session, c.object)
		}
		if err != nil {
			_ = lib.closeSession(session)
			return err
		}
		// A token that does not know the attribute does not want it either.
		always, err := lib.attribute(session, c.object, ckaAlwaysAuthenticate)
		c.always = err == nil && len(always) == 1 && always[0] != 0
		c.idle = append(c.idle, session)
		return nil
	})
	if err == nil {
		k.conn = c
	}
	return err
}

func (k *Key) findToken(lib library) (uint, error) {
	slots, err := lib.slots()
	if err != nil {
		return 0, err
	}
	var fit []uint
	var names []string
	for _, s := range slots {
		names = append(names, fmt.Sprintf("%q (%s)", s.label, s.serial))
		if (k.cfg.TokenLabel == "" || s.label == k.cfg.TokenLabel) &&
			(k.cfg.TokenSerial == "" || s.serial == k.cfg.TokenSerial) {
			fit = append(fit, s.id)
		}
	}
	if len(fit) != 1 {
		return 0, fmt.Errorf("%w: %d with label %q and serial number %q: expected 1; the tokens are: %s", ErrToken,
			len(fit),
			k.cfg.TokenLabel, k.cfg.TokenSerial, strings.Join(names, ", "))
	}
	return fit[0], nil
}

func (k *Key) findKey(lib library, session uint) (uint, error) {
	found, err := lib.find(session, query{class: ckoPrivateKey, label: k.cfg.KeyLabel, id: k.cfg.KeyID})
	if err != nil {
		return 0, err
	}
	if len(found) != 1 {
		hint := ""
		if k.cfg.PIN == nil && len(found) == 0 {
			hint = "; without a PIN the token may not show it"
		}
		return 0, fmt.Errorf("%w: %d private keys with label %q and id %x: expected 1%s", ErrKey, len(found),
			k.cfg.KeyLabel, k.cfg.KeyID, hint)
	}
	return found[0], nil
}

// publicKey returns the public half of a private key: from the public key or
// a certificate with the same id, or from the private key, which has it too if
// it is an RSA key.
func publicKey(lib library, session, object uint) (crypto.PublicKey, error) {
	kind, err := number(lib, session, object, ckaKeyType)
	if err != nil {
		return nil, err
	}
	objects := []uint{}
	id, err := lib.attribute(session, object, ckaID)
	if err == nil && len(id) > 0 {
		if objects, err = lib.find(session, query{class: ckoPublicKey, id: id}); err != nil {
			return nil, err
		}
	}
	var reasons []error
	for _, o := range append(objects, object) {
		var pub crypto.PublicKey
		switch kind {
		case ckkRSA:
			pub, err = rsaKey(lib, session, o)
		case ckkEC:
			pub, err = ecKey(lib, session, o)
		default:
			return nil, fmt.Errorf("%w: key type %#x: expected RSA or EC", ErrKey, kind)
		}
		if err == nil {
			return pub, nil
		}
		if lost(err) || errors.Is(err, ErrKey) {
			return nil, err
		}
		reasons = append(reasons, err)
	}
	if len(id) > 0 {
		certs, err := certificates(lib, session, id)
		if err != nil {
			return nil, err
		}
		if len(certs) > 0 {
			return certs[0].PublicKey, nil
		}
	}
	return nil, fmt.Errorf("%w: the token has neither a public key nor a certificate with the id of the private key (%x): %w",
		ErrKey, id, errors.Join(reasons...))
}

func number(lib library, session, object, typ uint) (uint64, error) {
	v, err := lib.attribute(session, object, typ)
	if err != nil {
		return 0, err
	}
	switch len(v) { // a CK_ULONG, as the platform has it
	case 4:
		return uint64(binary.NativeEndian.Uint32(v)), nil
	case 8:
		return binary.NativeEndian.Uint64(v), nil
	}
	return 0, fmt.Errorf("attribute %#x of %d bytes: expected a number", typ, len(v))
}

func rsaKey(lib library, session, object uint) (crypto.PublicKey, error) {
	n, err := lib.attribute(session, object, ckaModulus)
	if err != nil {
		return nil, fmt.Errorf("modulus: %w", err)
	}
	e, err := lib.attribute(session, object, ckaPublicExponent)
	if err != nil {
		return nil, fmt.Errorf("public exponent: %w", err)
	}
	exponent := new(big.Int).SetBytes(e)
	if exponent.BitLen() > 31 || exponent.Bit(0) == 0 || exponent.Cmp(big.NewInt(3)) < 0 {
		return nil, fmt.Errorf("%w: RSA with a public exponent of %d bits", ErrKey, exponent.BitLen())
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, nil
}

var curves = []struct {
	oid   asn1.ObjectIdentifier
	curve elliptic.Curve
}{
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, elliptic.P256()},
	{asn1.ObjectIdentifier{1, 3, 132, 0, 34}, elliptic.P384()},
}

func ecKey(lib library, session, object uint) (crypto.PublicKey, error) {
	params, err := lib.attribute(session, object, ckaECParams)
	if err != nil {
		return nil, fmt.Errorf("curve: %w", err)
	}
	point, err := lib.attribute(session, object, ckaECPoint)
	if err != nil {
		return nil, fmt.Errorf("point: %w", err)
	}
	var oid asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(params, &oid); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("%w: a curve that is not given by its name: expected P-256 or P-384", ErrKey)
	}
	for _, c := range curves {
		if !c.oid.Equal(oid) {
			continue
		}
		// The standard wants an OCTET STRING; some tokens give what is in it. The
		// length tells them apart: one point in 256 reads as an OCTET STRING too.
		if bare := 1 + 2*((c.curve.Params().BitSize+7)/8); len(point) != bare {
			var octets []byte
			if rest, err := asn1.Unmarshal(point, &octets); err == nil && len(rest) == 0 {
				point = octets
			}
		}
		pub, err := ecdsa.ParseUncompressedPublicKey(c.curve, point)
		if err != nil {
			return nil, fmt.Errorf("%w: a point that is not on its curve: %w", ErrKey, err)
		}
		return pub, nil
	}
	return nil, fmt.Errorf("%w: curve %s: expected P-256 or P-384", ErrKey, oid)
}

// certificates returns the X.509 certificates on the token, those that can be
// read: with the given id or, if it is nil, all.
func certificates(lib library, session uint, id []byte) ([]*x509.Certificate, error) {
	objects, err := lib.find(session, query{class: ckoCertificate, id: id})
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for _, o := range objects {
		if kind, err := number(lib, session, o, ckaCertificateType); err != nil || kind != 0 { // CKC_X_509
			continue
		}
		der, err := lib.attribute(session, o, ckaValue)
		if lost(err) {
			return nil, err
		}
		// What else stands on the token is none of our business.
		if cert, parsed := x509.ParseCertificate(der); err == nil && parsed == nil {
			certs = append(certs, cert)
		}
	}
	return certs, nil
}

// chain returns the certificate of a key and its issuers, as far as they are on
// the token. Of several certificates of the key the one that begins last counts.
func chain(lib library, session uint, pub crypto.PublicKey) ([]*x509.Certificate, error) {
	certs, err := certificates(lib, session, nil)
	if err != nil {
		return nil, err
	}
	var leaf *x509.Certificate
	known, ok := pub.(interface{ Equal(crypto.PublicKey) bool })
	for _, c := range certs {
		if ok && known.Equal(c.PublicKey) && (leaf == nil || c.NotBefore.After(leaf.NotBefore)) {
			leaf = c
		}
	}
	if leaf == nil {
		return nil, nil
	}
	var others []*x509.Certificate
	for _, c := range certs {
		if !bytes.Equal(c.Raw, leaf.Raw) {
			others = append(others, c)
		}
	}
	return tsp.Chain(leaf, others), nil
}

var pssParams = map[crypto.Hash]mechanism{
	crypto.SHA256: {hash: ckmSHA256, mgf: ckgSHA256},
	crypto.SHA384: {hash: ckmSHA384, mgf: ckgSHA384},
	crypto.SHA512: {hash: ckmSHA512, mgf: ckgSHA512},
}

// digestInfo holds what comes before the digest in the DER of a DigestInfo
// (RFC 8017 clause 9.2, note 1).
var digestInfo = map[crypto.Hash][]byte{
	crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x20},
	crypto.SHA384: {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05,
		0x00, 0x04, 0x30},
	crypto.SHA512: {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05,
		0x00, 0x04, 0x40},
}

// mechanismFor returns the mechanism for a signature and the bytes to sign. The
// mechanisms are those that take a digest.
func mechanismFor(pub crypto.PublicKey, r remotekey.Request) (mechanism, []byte) {
	if k, ok := pub.(*ecdsa.PublicKey); ok {
		// A digest longer than the curve's order counts with its first bits
		// (FIPS 186-5 clause 6.4.1), and tokens differ in who cuts it.
		n := (k.Curve.Params().N.BitLen() + 7) / 8
		return mechanism{id: ckmECDSA}, r.Digest[:min(n, len(r.Digest))]
	}
	if r.PSS {
		m := pssParams[r.Hash]
		m.id, m.salt = ckmRSAPKCSPSS, uint(r.Salt)
		return m, r.Digest
	}
	return mechanism{id: ckmRSAPKCS}, append(bytes.Clone(digestInfo[r.Hash]), r.Digest...)
}
