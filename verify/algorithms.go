package verify

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/internal/cms"
)

// An AlgorithmLimit says until when a hash, or keys of an algorithm under a
// size, are accepted.
type AlgorithmLimit struct {
	Name string // of a hash, such as "SHA-1", or of an algorithm of keys: "RSA", "ECDSA"
	Bits int    // keys of fewer bits; zero for a hash
	// Until is the first instant at which it is not accepted any more.
	Until time.Time
}

// defaultAlgorithms are the limits of ETSI TS 119 312 V1.5.1, as EU DSS 6.2
// dates them.
func defaultAlgorithms() []AlgorithmLimit {
	day := func(y int, m time.Month) time.Time { return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC) }
	return []AlgorithmLimit{
		{"MD5", 0, day(2004, time.August)},
		{"SHA-1", 0, day(2012, time.August)},
		{"SHA-224", 0, day(2029, time.January)},
		{"RSA", 1024, day(2010, time.August)},
		{"RSA", 1900, day(2019, time.October)},
		{"RSA", 3000, day(2029, time.January)},
		{"ECDSA", 224, day(2012, time.August)},
		{"ECDSA", 256, day(2021, time.October)},
	}
}

// hashes names the hashes that a signature rests on.
func hashes(res *cms.Result) []string {
	out := []string{res.Digest.String()}
	for _, w := range res.Weak {
		if !strings.Contains(w, "RSA") && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// weak lists what was not accepted any more at a time, among hashes and the
// keys of certificates.
func (v *Verifier) weak(at time.Time, hashes []string, certs []*x509.Certificate) (out []string) {
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, limit := range v.cfg.Algorithms {
		if at.Before(limit.Until) {
			continue
		}
		if limit.Bits == 0 && slices.Contains(hashes, limit.Name) {
			add(limit.Name)
		}
		for _, c := range certs {
			name, bits := "", 0
			switch k := c.PublicKey.(type) {
			case *rsa.PublicKey:
				name, bits = "RSA", k.N.BitLen()
			case *ecdsa.PublicKey:
				name, bits = "ECDSA", k.Curve.Params().BitSize
			}
			if limit.Bits > 0 && limit.Name == name && bits < limit.Bits {
				add(fmt.Sprintf("%s-%d", name, bits))
			}
		}
	}
	return out
}
