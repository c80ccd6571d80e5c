package verify

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/liste-elettorali/anpr/internal/cms"
)

// No signature covers the certificates that come with one, and anybody may add some: so
// many of one name that each could be the issuer of each. So what their signatures cost
// is counted, in units of some 10 µs, before they are checked.

// maxCertWork is how much the certificates of one document may cost: about a second. A
// document with fifty signatures, each with a time-stamp, and chains of four keys of
// 4,096 bits costs a tenth of it.
const maxCertWork = 100_000

// chainChecks is how many signatures crypto/x509 checks at most for one chain.
const chainChecks = 100

// errCertWork is wrapped when that does not suffice.
var errCertWork = errors.New("the certificates of the document are too many to be examined")

// keyWork is what the check of a signature by the key of a certificate costs.
func keyWork(c *x509.Certificate) int64 {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		n := int64(key.N.BitLen()+1023) / 1024
		return n * n
	case *ecdsa.PublicKey:
		if bits := key.Params().BitSize; bits > 384 {
			return 100
		} else if bits > 256 {
			return 40
		}
	}
	return 10
}

// spend takes work off what is left.
func (j *judgement) spend(n int64) error {
	if j.certWork += n; j.certWork > maxCertWork {
		return fmt.Errorf("%w: more than %d units of work", errCertWork, int64(maxCertWork))
	}
	return nil
}

// candidates are the certificates of which one may stand above a certificate in a chain,
// or above one of these, by their names.
func candidates(cert *x509.Certificate, others []*x509.Certificate) []*x509.Certificate {
	var list []*x509.Certificate
	taken := make([]bool, len(others))
	for names := [][]byte{cert.RawIssuer}; len(names) > 0; names = names[1:] {
		for i, o := range others {
			if taken[i] || !bytes.Equal(o.RawSubject, names[0]) {
				continue
			}
			taken[i] = true
			if key, ok := o.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > cms.MaxRSA {
				continue
			}
			list = append(list, o)
			if !slices.ContainsFunc(names, func(n []byte) bool { return bytes.Equal(n, o.RawIssuer) }) {
				names = append(names, o.RawIssuer)
			}
		}
	}
	return list
}

// spendChain counts what it may cost to build chains: each of the certificates may be the
// issuer of each.
func (j *judgement) spendChain(pool []*x509.Certificate, anchors []Anchor) error {
	n, most := int64(len(pool)+len(anchors)), int64(0)
	for _, c := range pool {
		most = max(most, keyWork(c))
	}
	for _, a := range anchors {
		most = max(most, keyWork(a.Certificate))
	}
	return j.spend(min(n*n, chainChecks) * most)
}
