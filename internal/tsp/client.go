package tsp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/liste-elettorali/anpr/internal/cms"
)

// A Server is one time-stamping authority.
type Server struct {
	// URL is where it answers over HTTP. It is the name in errors too: no
	// credentials belong into it.
	URL string

	// Exchange, if not nil, carries a request to the authority instead of HTTP.
	Exchange func(ctx context.Context, request []byte) (response []byte, err error)
}

// Config says whom a [Client] asks, and what it accepts.
type Config struct {
	Servers []Server            // in order of preference; at least one
	Client  *http.Client        // if nil, one without redirects
	Roots   []*x509.Certificate // trust anchors. If empty, the chain is not judged

	Policy  asn1.ObjectIdentifier // requested and insisted on, if not nil
	Timeout time.Duration         // for each server; if zero, 10 s
	Drift   time.Duration         // between its clock and ours; if zero, 5 minutes
	Now     func() time.Time      // if nil, time.Now
}

// A Client asks authorities for tokens. It is safe for concurrent use.
type Client struct {
	cfg   Config
	roots *x509.CertPool

	mu     sync.Mutex
	chains map[string][]*x509.Certificate // of certificates verified before, by their DER
}

// maxChains bounds the cache: each authority signs with few certificates.
const maxChains = 32

// A Token is a time-stamp token that has been checked.
type Token struct {
	Raw  []byte    // CMS message in DER
	Time time.Time // genTime
	// Chain is the authority's, its certificate first; with the root if one was
	// configured or is in the token.
	Chain []*x509.Certificate
}

// New checks a configuration.
func New(cfg Config) (*Client, error) {
	if len(cfg.Servers) == 0 {
		return nil, errors.New("tsp: no time-stamping authority is configured")
	}
	for i, s := range cfg.Servers {
		if s.Exchange != nil {
			continue
		}
		u, err := url.Parse(s.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("tsp: server %d: %q is no http or https address", i, s.URL)
		}
		if u.User != nil {
			return nil, fmt.Errorf("tsp: server %d: the address holds credentials, which would show up in errors: "+
				"give them to Client", i)
		}
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Drift <= 0 {
		cfg.Drift = 5 * time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{cfg: cfg, chains: map[string][]*x509.Certificate{}}
	if len(cfg.Roots) > 0 {
		c.roots = x509.NewCertPool()
		for _, r := range cfg.Roots {
			c.roots.AddCert(r)
		}
	}
	return c, nil
}

// Timestamp returns a token over a digest from the first authority that gives
// one. The error joins the reasons of all.
func (c *Client) Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) (*Token, error) {
	var reasons []error
	for _, s := range c.cfg.Servers {
		t, err := c.ask(ctx, s, hash, digest)
		if err == nil {
			return t, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("tsp: %s: %w", s.URL, ctx.Err())
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", s.URL, err))
	}
	return nil, fmt.Errorf("tsp: no authority gave a time-stamp: %w", errors.Join(reasons...))
}

func (c *Client) ask(ctx context.Context, s Server, hash crypto.Hash, digest []byte) (*Token, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, err
	}
	req := &Request{Hash: hash, Digest: digest, Policy: c.cfg.Policy, Nonce: nonce, Certs: true}
	der, err := req.Marshal()
	if err != nil {
		return nil, err
	}
	exchange := s.Exchange
	if exchange == nil {
		exchange = func(ctx context.Context, der []byte) ([]byte, error) { return c.post(ctx, s.URL, der) }
	}
	answer, err := exchange(ctx, der)
	if err != nil {
		return nil, err
	}
	raw, err := ParseResponse(answer)
	if err != nil {
		if ctx.Err() != nil { // a server may answer anything to a client that leaves
			return nil, ctx.Err()
		}
		return nil, err
	}
	return c.check(raw, req)
}

func (c *Client) post(ctx context.Context, address string, der []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(der))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	r.Header.Set("Accept", "application/timestamp-reply")
	resp, err := c.cfg.Client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %s", resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, err
	}
	return body, nil
}

// check holds a token to the request.
func (c *Client) check(raw []byte, req *Request) (*Token, error) {
	sd, err := cms.Parse(raw)
	if err != nil {
		return nil, err
	}
	ts, err := sd.Timestamp()
	if err != nil {
		return nil, err
	}
	if ts.Hash != req.Hash || !bytes.Equal(ts.Imprint, req.Digest) {
		return nil, errors.New("the token is over another digest")
	}
	if ts.Nonce == nil || ts.Nonce.Cmp(req.Nonce) != 0 {
		return nil, errors.New("the token has another nonce, or none")
	}
	if req.Policy != nil && !ts.Policy.Equal(req.Policy) {
		return nil, fmt.Errorf("the token follows policy %v: expected %v", ts.Policy, req.Policy)
	}
	if d := ts.Time.Sub(c.cfg.Now()); d > c.cfg.Drift || -d > c.cfg.Drift {
		return nil, fmt.Errorf("the token says %s, which is %s from now: expected at most %s",
			ts.Time.UTC().Format(time.RFC3339), d.Abs().Round(time.Second), c.cfg.Drift)
	}
	res, err := sd.VerifyAttached()
	if err != nil {
		return nil, err
	}
	if !res.ESS {
		return nil, errors.New("the token does not name its certificate (signing-certificate)")
	}
	if len(res.Weak) > 0 {
		return nil, fmt.Errorf("the token relies on %v", res.Weak)
	}
	chain, err := c.chain(sd, res.Certificate, ts.Time)
	if err != nil {
		return nil, err
	}
	return &Token{Raw: raw, Time: ts.Time, Chain: chain}, nil
}

// chain checks the certificate of an authority and returns its chain.
func (c *Client) chain(sd *cms.SignedData, cert *x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	if err := CheckCertificate(cert); err != nil {
		return nil, err
	}
	c.mu.Lock()
	known := c.chains[string(cert.Raw)]
	c.mu.Unlock()
	valid := func(c *x509.Certificate) bool { return !at.Before(c.NotBefore) && !at.After(c.NotAfter) }
	if known != nil {
		ok := true
		for _, k := range known {
			ok = ok && valid(k)
		}
		if ok {
			return known, nil
		}
	}
	chain := Chain(cert, sd.Certificates)
	if c.roots != nil {
		inter := x509.NewCertPool()
		for _, o := range sd.Certificates {
			if sd.Malformed[o] == nil {
				inter.AddCert(o)
			}
		}
		chains, err := cert.Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: inter, CurrentTime: at,
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
		if err != nil {
			return nil, fmt.Errorf("certificate of %s: %w", cert.Subject, err)
		}
		chain = chains[0]
	} else if !valid(cert) {
		return nil, fmt.Errorf("the certificate of %s is not valid at %s", cert.Subject, at.UTC().Format(time.RFC3339))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.chains) >= maxChains {
		clear(c.chains)
	}
	c.chains[string(cert.Raw)] = chain
	return chain, nil
}

var oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}

// CheckCertificate checks that a certificate is for time-stamps and nothing
// else (RFC 3161 clause 2.3).
func CheckCertificate(cert *x509.Certificate) error {
	critical := false
	for _, e := range cert.Extensions {
		if e.Id.Equal(oidExtKeyUsage) {
			critical = e.Critical
		}
	}
	if len(cert.ExtKeyUsage) != 1 || cert.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping ||
		len(cert.UnknownExtKeyUsage) > 0 || !critical {
		return fmt.Errorf("the certificate of %s is not one for time-stamps: "+
			"expected timeStamping as its only extended key usage, critical", cert.Subject)
	}
	return nil
}

// Chain orders certificates from a leaf upwards as far as they go, by names
// and signatures.
func Chain(leaf *x509.Certificate, others []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	for range 8 {
		last := chain[len(chain)-1]
		if bytes.Equal(last.RawSubject, last.RawIssuer) {
			break
		}
		found := false
		for _, o := range others {
			if bytes.Equal(o.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(o) == nil {
				chain, found = append(chain, o), true
				break
			}
		}
		if !found {
			break
		}
	}
	return chain
}
