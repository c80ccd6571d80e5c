package seal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/internal/keyusage"
)

// PDFSignConfig configures a [PDFSign].
type PDFSignConfig struct {
	// Signer is the key of the seal, wherever it is kept. Required: an ECDSA
	// key on P-256 or P-384, or an RSA key of 2048 to 4096 bits. The context of
	// the call bounds its use as in [PAdESConfig].
	Signer crypto.Signer

	// Chain holds the certificate of the seal and then the intermediates, each
	// certified by the next. Required. A self-issued root at its end is
	// accepted and not put into the document, where it would prove nothing.
	Chain []*x509.Certificate

	// Production says that this is a production sealer. The zero value is a
	// trial sealer: its documents must be marked as such.
	Production bool

	// Now is the clock. If nil, time.Now.
	Now func() time.Time

	// MaxSize is the size in bytes up to which documents are sealed. If zero,
	// 64 MiB. Sealing needs about six times the size of the document in memory.
	MaxSize int64
}

const defaultMaxSize = 64 << 20

// checkKey returns the hash to use with the key, or an error that says why the
// key cannot be used.
func checkKey(pub crypto.PublicKey) (crypto.Hash, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return crypto.SHA256, nil
		case elliptic.P384():
			return crypto.SHA384, nil
		}
		return 0, fmt.Errorf("seal: %w: ECDSA on %s: expected P-256 or P-384", ErrUnsupportedKey, k.Curve.Params().Name)
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		switch {
		case bits < 2048:
			return 0, fmt.Errorf("seal: %w: RSA of %d bits: expected at least 2048", ErrUnsupportedKey, bits)
		case bits > 4096:
			return 0, fmt.Errorf("seal: %w: RSA of %d bits: expected at most 4096", ErrUnsupportedKey, bits)
		}
		return crypto.SHA256, nil
	}
	return 0, fmt.Errorf("seal: %w: %T: expected an ECDSA or an RSA key", ErrUnsupportedKey, pub)
}

// checkChain checks of the chain what does not depend on the time, and returns it
// without a root at its end.
func checkChain(signer crypto.Signer, chain []*x509.Certificate) ([]*x509.Certificate, error) {
	if len(chain) == 0 {
		return nil, fmt.Errorf("seal: %w: the chain is empty: expected the certificate of the seal first",
			ErrCertificate)
	}
	if i := slices.Index(chain, nil); i >= 0 {
		return nil, fmt.Errorf("seal: %w: chain[%d] is nil", ErrCertificate, i)
	}
	leaf := chain[0]
	if pub, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(leaf.PublicKey) {
		return nil, fmt.Errorf("seal: %w: the key is not that of chain[0] (%s)", ErrCertificate, leaf.Subject)
	}
	if leaf.IsCA {
		return nil, fmt.Errorf("seal: %w: chain[0] (%s) is that of an authority", ErrCertificate, leaf.Subject)
	}
	if leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return nil, fmt.Errorf("seal: %w: chain[0] (%s): key usage %s: expected digitalSignature or nonRepudiation",
			ErrCertificate, leaf.Subject, keyusage.Names(leaf.KeyUsage))
	}
	for i, c := range chain[:len(chain)-1] {
		if err := c.CheckSignatureFrom(chain[i+1]); err != nil {
			return nil, fmt.Errorf("seal: %w: chain[%d] (%s) is not certified by chain[%d] (%s): %v", ErrCertificate, i,
				c.Subject, i+1, chain[i+1].Subject, err)
		}
	}
	if last := chain[len(chain)-1]; len(chain) > 1 && bytes.Equal(last.RawSubject, last.RawIssuer) {
		chain = chain[:len(chain)-1]
	}
	return slices.Clone(chain), nil
}

// checkValidity returns an error unless every certificate of the chain is valid at t.
func checkValidity(chain []*x509.Certificate, t time.Time) error {
	for i, c := range chain {
		if t.Before(c.NotBefore) || t.After(c.NotAfter) {
			return fmt.Errorf("seal: %w: chain[%d] (%s) is valid from %s to %s, not at %s", ErrCertificate, i,
				c.Subject,
				c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339),
				t.UTC().Format(time.RFC3339))
		}
	}
	return nil
}
