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

	// Policies are the certificate policies (RFC 5280 clause 4.2.1.4) for which it
	// is trusted, such as 0.4.0.194112.1.3 for qualified seals with their key in a
	// device (EN 319 411-2, QCP-l-qscd); none means any. The certificate must name
	// one of them, and each authority between must name it too, or any policy;
	// mappings to other policies are not followed. What a chain itself demands of
	// policies is checked in any case.
	Policies []x509.OID

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

// anyPolicy is the policy of an authority that may certify under every one (RFC
// 5280 clause 4.2.1.4).
var anyPolicy, _ = x509.OIDFromInts([]uint64{2, 5, 29, 32, 0})

// permits reports whether a chain to the anchor is of a policy for which it is
// trusted.
func (a *Anchor) permits(chain []*x509.Certificate) bool {
	if len(a.Policies) == 0 {
		return true
	}
	names := func(c *x509.Certificate, p x509.OID) bool { return slices.ContainsFunc(c.Policies, p.Equal) }
	return slices.ContainsFunc(a.Policies, func(p x509.OID) bool {
		if !names(chain[0], p) {
			return false
		}
		for _, c := range chain[1:max(1, len(chain)-1)] {
			if !names(c, p) && !names(c, anyPolicy) {
				return false
			}
		}
		return true
	})
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
	errPolicy     = errors.New("the anchor is not trusted for the policies of the certificate")
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
func (j *judgement) chain(cert *x509.Certificate, others []*x509.Certificate, at time.Time,
	p Purpose) ([]*x509.Certificate, *Anchor, error) {
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
	others = candidates(cert, others)
	if err := j.spendChain(others, held); err != nil {
		return nil, nil, err
	}
	chains, err := buildChains(cert, others, at, held)
	if err != nil {
		if len(held) < len(near) {
			if err := j.spendChain(others, near); err != nil {
				return nil, nil, err
			}
			if c, again := buildChains(cert, others, at, near); again == nil {
				return nil, nil, fmt.Errorf("%w: %s", errAnchorDate, c[0][len(c[0])-1].Subject)
			}
		}
		return nil, nil, err
	}
	for _, chain := range chains {
		for i := range held {
			if held[i].Certificate.Equal(chain[len(chain)-1]) && held[i].permits(chain) {
				return chain, &held[i], nil
			}
		}
	}
	return nil, nil, fmt.Errorf("%w: %v", errPolicy, cert.Policies)
}

func buildChains(cert *x509.Certificate, others []*x509.Certificate, at time.Time,
	anchors []Anchor) ([][]*x509.Certificate, error) {
	roots, pool := x509.NewCertPool(), x509.NewCertPool()
	for _, a := range anchors {
		roots.AddCert(a.Certificate)
	}
	for _, o := range others {
		pool.AddCert(o)
	}
	return cert.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
}
