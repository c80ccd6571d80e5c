package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/liste-elettorali/anpr/internal/revocation"
)

// A FetchRequest is a question about the status of certificates.
type FetchRequest struct {
	// URL is where a certificate says that its status is found: http or https.
	URL string

	// OCSP is the request to post (RFC 6960 appendix A), nil if a revocation
	// list is to be fetched.
	OCSP []byte

	// Max is the greatest size of the answer in bytes: a larger one is useless.
	Max int64
}

// RevocationConfig says how a [Revocation] gathers certificate status.
type RevocationConfig struct {
	// Fetch, if not nil, sends the questions in place of Client.
	Fetch func(ctx context.Context, r FetchRequest) ([]byte, error)

	// Client is used over HTTP. If nil, one that follows no redirects.
	Client *http.Client

	// Timeout is for each question. If zero, 10 seconds.
	Timeout time.Duration

	// MaxCRL is the size in bytes up to which revocation lists are read, and
	// put into documents. If zero, 2 MiB. OCSP responses may have 64 KiB.
	MaxCRL int64

	// Drift is by how much the clocks of the authorities may be fast or slow.
	// If zero, 5 minutes.
	Drift time.Duration

	// Now is the clock. If nil, time.Now.
	Now func() time.Time
}

// A Revocation gathers OCSP responses and certificate revocation lists, checks
// them and keeps them until their next update. It is safe for concurrent use.
//
// OCSP is asked first. An answer counts if the issuer of the certificate, or a
// responder that the issuer authorised for it, signed it, if it is current, and
// if it says good. A responder's own certificate must carry the extension
// nocheck (RFC 6960 clause 4.2.2.2.1) or be good itself. Revocation lists must
// be complete ones of the issuer.
type Revocation struct {
	cfg RevocationConfig

	mu    sync.Mutex
	cache map[[32]byte]*cached
}

type cached struct {
	ev      *evidence
	until   time.Time
	revoked time.Time // zero if good
}

const (
	maxOCSP   = 64 << 10
	maxCached = 1024
	// Without a next update newer data is always available (RFC 6960 clause
	// 2.4): an answer of the last day is still current enough.
	noNextUpdate = 24 * time.Hour
)

// NewRevocation returns a Revocation with an empty cache.
func NewRevocation(cfg RevocationConfig) *Revocation {
	if cfg.Client == nil {
		cfg.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.MaxCRL <= 0 {
		cfg.MaxCRL = 2 << 20
	}
	if cfg.Drift <= 0 {
		cfg.Drift = 5 * time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Revocation{cfg: cfg, cache: map[[32]byte]*cached{}}
}

// Check asks for the status of every certificate of a chain but the root at its
// end, as if to put it into a document, and keeps the answers. The error wraps
// [ErrRevocation]; it wraps [ErrRevoked] too if a certificate is revoked.
func (r *Revocation) Check(ctx context.Context, chain []*x509.Certificate) error {
	_, err := r.collect(ctx, chain, time.Time{})
	return err
}

// collect returns evidence for a chain. What was revoked after at, if at is
// not zero, was good when it counted.
func (r *Revocation) collect(ctx context.Context, chain []*x509.Certificate, at time.Time) (*evidence, error) {
	return r.walk(ctx, chain, at, 2)
}

func (r *Revocation) walk(ctx context.Context, chain []*x509.Certificate, at time.Time, depth int) (*evidence, error) {
	ev := &evidence{certs: slices.Clone(chain)}
	for i, c := range chain {
		if selfIssued(c) {
			break
		}
		if i+1 == len(chain) {
			return nil, fmt.Errorf("seal: %w: the issuer of %s is not known: its root must be configured",
				ErrRevocation, c.Subject)
		}
		one, err := r.status(ctx, c, chain[i+1], depth)
		if err != nil {
			return nil, err
		}
		if !one.revoked.IsZero() && (at.IsZero() || !one.revoked.After(at)) {
			return nil, fmt.Errorf("seal: %w: %w: %s, on %s", ErrRevocation, ErrRevoked, c.Subject,
				one.revoked.UTC().Format(time.RFC3339))
		}
		ev.add(one.ev)
	}
	return ev, nil
}

// status returns the status of one certificate.
func (r *Revocation) status(ctx context.Context, c, issuer *x509.Certificate, depth int) (*cached, error) {
	key := sha256.Sum256(slices.Concat(issuer.Raw, c.Raw))
	r.mu.Lock()
	known := r.cache[key]
	r.mu.Unlock()
	if known != nil && r.cfg.Now().Before(known.until) {
		return known, nil
	}
	var reasons []error
	try := func(url string, ask func(context.Context, string) (*cached, error)) (*cached, error) {
		one, err := ask(ctx, url)
		if err != nil {
			reasons = append(reasons, fmt.Errorf("%s: %w", url, err))
			return nil, ctx.Err()
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.cache) >= maxCached {
			clear(r.cache)
		}
		r.cache[key] = one
		return one, nil
	}
	for _, u := range c.OCSPServer {
		one, err := try(u, func(ctx context.Context, u string) (*cached, error) {
			return r.ocsp(ctx, u, c, issuer, depth)
		})
		if one != nil || err != nil {
			return one, err
		}
	}
	for _, u := range c.CRLDistributionPoints {
		one, err := try(u, func(ctx context.Context, u string) (*cached, error) { return r.crl(ctx, u, c, issuer) })
		if one != nil || err != nil {
			return one, err
		}
	}
	if reasons == nil {
		reasons = []error{errors.New("its certificate names neither an OCSP responder nor a revocation list")}
	}
	return nil, fmt.Errorf("seal: %w: %s: %w", ErrRevocation, c.Subject, errors.Join(reasons...))
}

func (r *Revocation) fetch(ctx context.Context, q FetchRequest) ([]byte, error) {
	u, err := url.Parse(q.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("not an http or https address")
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	fetch := r.cfg.Fetch
	if fetch == nil {
		fetch = r.http
	}
	data, err := fetch(ctx, q)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > q.Max {
		return nil, fmt.Errorf("an answer of more than %d bytes", q.Max)
	}
	return data, nil
}

func (r *Revocation) http(ctx context.Context, q FetchRequest) ([]byte, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if q.OCSP != nil {
		method, body = http.MethodPost, bytes.NewReader(q.OCSP)
	}
	req, err := http.NewRequestWithContext(ctx, method, q.URL, body)
	if err != nil {
		return nil, err
	}
	if q.OCSP != nil {
		req.Header.Set("Content-Type", "application/ocsp-request")
		req.Header.Set("Accept", "application/ocsp-response")
	}
	resp, err := r.cfg.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %s", resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, q.Max+1))
}

// current checks the window in which an answer is current, and returns until
// when it may be kept.
func (r *Revocation) current(this, next time.Time) (time.Time, error) {
	now := r.cfg.Now()
	if next.IsZero() {
		next = this.Add(noNextUpdate)
	}
	if this.After(now.Add(r.cfg.Drift)) || next.Before(now.Add(-r.cfg.Drift)) {
		return time.Time{}, fmt.Errorf("it is current from %s to %s, not at %s",
			this.UTC().Format(time.RFC3339), next.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return next, nil
}

func (r *Revocation) ocsp(ctx context.Context, u string, c, issuer *x509.Certificate, depth int) (*cached, error) {
	// the one that every responder knows; it names, it does not protect
	q, err := ocsp.CreateRequest(c, issuer, &ocsp.RequestOptions{Hash: crypto.SHA1})
	if err != nil {
		return nil, err
	}
	data, err := r.fetch(ctx, FetchRequest{URL: u, OCSP: q, Max: maxOCSP})
	if err != nil {
		return nil, err
	}
	s, err := revocation.OCSP(data, c, issuer)
	if err != nil {
		return nil, err
	}
	until, err := r.current(s.ThisUpdate, s.NextUpdate)
	if err != nil {
		return nil, err
	}
	one := &cached{ev: &evidence{ocsps: [][]byte{data}}, until: until, revoked: s.Revoked}
	if s.Responder == nil {
		return one, nil
	}
	one.ev.certs = append(one.ev.certs, s.Responder)
	if s.NoCheck {
		return one, nil
	}
	if depth <= 1 {
		return nil, fmt.Errorf("the responder %s of a responder has no extension nocheck", s.Responder.Subject)
	}
	of, err := r.status(ctx, s.Responder, issuer, depth-1)
	if err != nil {
		return nil, err
	}
	if !of.revoked.IsZero() {
		return nil, fmt.Errorf("%w: the responder %s", ErrRevoked, s.Responder.Subject)
	}
	one.ev.add(of.ev)
	return one, nil
}

func (r *Revocation) crl(ctx context.Context, u string, c, issuer *x509.Certificate) (*cached, error) {
	data, err := r.fetch(ctx, FetchRequest{URL: u, Max: r.cfg.MaxCRL})
	if err != nil {
		return nil, err
	}
	s, err := revocation.CRL(data, c, issuer)
	if err != nil {
		return nil, err
	}
	until, err := r.current(s.ThisUpdate, s.NextUpdate)
	if err != nil {
		return nil, err
	}
	return &cached{ev: &evidence{crls: [][]byte{data}}, until: until, revoked: s.Revoked}, nil
}
