package verify

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Purpose is what an anchor is trusted for.
type Purpose string

// The purposes.
const (
	PurposeSeal      Purpose = "seal"      // seals and signatures of documents
	PurposeTimestamp Purpose = "timestamp" // time-stamps
)

// An Anchor is a certificate that the caller trusts, for what and when: that of
// an authority, as a rule, as a service of a trusted list (ETSI TS 119 612
// clause 5.5) or of the caller's own choice.
type Anchor struct {
	Certificate *x509.Certificate

	// Purposes are what it is trusted for; none means everything.
	Purposes []Purpose

	// From and Until bound when it is trusted, Until excluded; zero is open. What
	// counts is the time at which a certificate is judged: that which a
	// time-stamp proves or, without one, that of the judgement.
	From, Until time.Time

	// Qualified says that it was then known to issue qualified certificates, or
	// qualified time-stamps: a trusted list says so, not the certificate.
	Qualified bool
}

func (a *Anchor) serves(p Purpose) bool {
	return len(a.Purposes) == 0 || slices.Contains(a.Purposes, p)
}

func (a *Anchor) holds(at time.Time) bool {
	return !at.Before(a.From) && (a.Until.IsZero() || at.Before(a.Until))
}

// A TrustSource says who is trusted. [Anchors] is the one of a fixed list;
// trusted lists come behind the same interface.
type TrustSource interface {
	// Anchors returns the anchors for a purpose, whatever their dates, which may
	// be none. Each has a certificate. The caller does not change them. It is
	// called once for each document and purpose, from several goroutines, and
	// should answer from memory: verification asks nothing of the network.
	Anchors(ctx context.Context, purpose Purpose) ([]Anchor, error)
}

// Anchors is a TrustSource that never changes.
type Anchors []Anchor

var _ TrustSource = Anchors(nil)

// Anchors implements [TrustSource].
func (l Anchors) Anchors(_ context.Context, purpose Purpose) ([]Anchor, error) {
	var out []Anchor
	for i := range l {
		if l[i].serves(purpose) {
			out = append(out, l[i])
		}
	}
	return out, nil
}

var (
	errNoAnchors  = errors.New("no anchors for this purpose")
	errAnchorDate = errors.New("the anchor was not trusted at that time")
)

// anchors returns the anchors for a purpose: those of the configuration, then
// those of its source.
func (j *judgement) anchors(p Purpose) ([]Anchor, error) {
	if list, ok := j.trusted[p]; ok {
		return list, nil
	}
	list, _ := j.v.fixed.Anchors(j.ctx, p)
	if s := j.v.cfg.Source; s != nil {
		more, err := s.Anchors(j.ctx, p)
		if err != nil {
			return nil, fmt.Errorf("the source of trust: %w", err)
		}
		for i := range more {
			if more[i].Certificate == nil {
				return nil, fmt.Errorf("the source of trust: anchor %d has no certificate", i)
			}
			if more[i].serves(p) {
				list = append(list, more[i])
			}
		}
	}
	if j.trusted == nil {
		j.trusted = map[Purpose][]Anchor{}
	}
	j.trusted[p] = list
	return list, nil
}

// chain builds the chain of a certificate to an anchor that is trusted for a
// purpose at a time.
func (j *judgement) chain(cert *x509.Certificate, others []*x509.Certificate, at time.Time, p Purpose) ([]*x509.Certificate, *Anchor, error) {
	list, err := j.anchors(p)
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return nil, nil, errNoAnchors
	}
	// Trusted lists are long: only those can matter that bear the right name.
	near := slices.DeleteFunc(slices.Clone(list), func(a Anchor) bool {
		named := func(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, a.Certificate.RawSubject) }
		return !named(cert) && !a.Certificate.Equal(cert) && !slices.ContainsFunc(others, named)
	})
	held := slices.DeleteFunc(slices.Clone(near), func(a Anchor) bool { return !a.holds(at) })
	chain, err := buildChain(cert, others, at, held)
	if err != nil {
		if len(held) < len(near) {
			if c, again := buildChain(cert, others, at, near); again == nil {
				return nil, nil, fmt.Errorf("%w: %s", errAnchorDate, c[len(c)-1].Subject)
			}
		}
		return nil, nil, err
	}
	i := slices.IndexFunc(held, func(a Anchor) bool { return a.Certificate.Equal(chain[len(chain)-1]) })
	return chain, &held[max(0, i)], nil
}

func buildChain(cert *x509.Certificate, others []*x509.Certificate, at time.Time, anchors []Anchor) ([]*x509.Certificate, error) {
	roots, pool := x509.NewCertPool(), x509.NewCertPool()
	for _, a := range anchors {
		roots.AddCert(a.Certificate)
	}
	for _, o := range others {
		pool.AddCert(o)
	}
	chains, err := cert.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, err
	}
	return chains[0], nil
}
