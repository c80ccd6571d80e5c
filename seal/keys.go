package seal

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/internal/tsp"
)

var (
	// ErrPassword means that a key file could not be opened with the password.
	ErrPassword = errors.New("wrong password")

	// ErrLegacyKeyFile means that a key file is protected with RC2 or with
	// another algorithm that is no longer safe or not supported. Its text says
	// how to convert it.
	ErrLegacyKeyFile = errors.New("key file with an algorithm that is not supported")
)

// A KeyPair is a key with its certificates, as [LoadPEM] and [LoadPKCS12]
// return it: what a [PAdESConfig] takes as Signer and Chain.
type KeyPair struct {
	Signer crypto.Signer
	Chain  []*x509.Certificate // that of the key first, then its issuers as far as the file has them
}

// maxKeyFile bounds key files: a key and some certificates.
const maxKeyFile = 1 << 20

// LoadPEM reads a private key and its certificates from PEM blocks, in any
// order: PRIVATE KEY (PKCS #8), ENCRYPTED PRIVATE KEY (PBES2), EC or RSA
// PRIVATE KEY, CERTIFICATE. password is for an encrypted key. Blocks encrypted
// by their PEM header (RFC 1421), which protects little, are refused.
func LoadPEM(data []byte, password string) (*KeyPair, error) {
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("seal: %d bytes of PEM: expected at most %d", len(data), maxKeyFile)
	}
	var signer crypto.Signer
	var certs []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Headers["DEK-Info"] != "":
			return nil, fmt.Errorf("seal: %w: PEM encryption of RFC 1421: "+
				"convert it with «openssl pkcs8 -topk8 -v2 aes-256-cbc»", ErrLegacyKeyFile)
		case block.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("seal: certificate %d: %w", len(certs), err)
			}
			certs = append(certs, c)
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			if signer != nil {
				return nil, errors.New("seal: more than one private key: expected one")
			}
			var err error
			if signer, err = pemKey(block, password); err != nil {
				return nil, err
			}
		}
	}
	return pair(signer, certs)
}

func pemKey(block *pem.Block, password string) (crypto.Signer, error) {
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		var der []byte
		if der, err = decryptShrouded(block.Bytes, password); err != nil {
			return nil, err
		}
		if key, err = x509.ParsePKCS8PrivateKey(der); err != nil {
			return nil, fmt.Errorf("seal: %w: the key does not decode", ErrPassword)
		}
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("seal: PEM block %q: expected PRIVATE KEY, ENCRYPTED, EC or RSA PRIVATE KEY", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("seal: private key: %w", err)
	}
	return asSigner(key)
}

func asSigner(key any) (crypto.Signer, error) {
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("seal: %w: %T", ErrUnsupportedKey, key)
	}
	return s, nil
}

// pair finds the certificate of the key and orders its issuers.
func pair(signer crypto.Signer, certs []*x509.Certificate) (*KeyPair, error) {
	if signer == nil {
		return nil, errors.New("seal: the file holds no private key")
	}
	if _, err := checkKey(signer.Public()); err != nil {
		return nil, err
	}
	pub, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	i := slices.IndexFunc(certs, func(c *x509.Certificate) bool { return ok && pub.Equal(c.PublicKey) })
	if i < 0 {
		return nil, fmt.Errorf("seal: %w: none of the %d certificates of the file is that of its key", ErrCertificate,
			len(certs))
	}
	others := slices.DeleteFunc(slices.Clone(certs),
		func(c *x509.Certificate) bool { return bytes.Equal(c.Raw, certs[i].Raw) })
	return &KeyPair{Signer: signer, Chain: tsp.Chain(certs[i], others)}, nil
}
