package seal

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"net/http"
	"time"

	"github.com/liste-elettorali/anpr/internal/tsp"
)

// A Token is a time-stamp token (RFC 3161) with the chain of its authority.
type Token struct {
	// Raw is the CMS message in DER.
	Raw []byte
	// Time is the instant that the authority vouches for (genTime).
	Time time.Time
	// Chain is the authority's, its certificate first; with the root if one was
	// configured or is in the token.
	Chain []*x509.Certificate
}

// A Timestamper gives time-stamps. Implementations check what they return, as
// a [TSA] does, and are safe for concurrent use.
type Timestamper interface {
	Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) (*Token, error)
}

// A TSAServer is one time-stamping authority.
type TSAServer struct {
	// URL is where it answers over HTTP. It is the name in errors too: no
	// credentials belong into it.
	URL string
	// Exchange, if not nil, carries a request to the authority instead of HTTP.
	Exchange func(ctx context.Context, request []byte) (response []byte, err error)
}

// A TSAConfig says whom a [TSA] asks, in which order, and what it accepts.
type TSAConfig struct {
	// Servers are asked in this order. At least one is required.
	Servers []TSAServer
	// Client sends the requests. If nil, one that follows no redirects.
	Client *http.Client
	// Roots are the trust anchors. If empty, the chain is not judged.
	Roots []*x509.Certificate
	// Policy is requested and insisted on, if not nil.
	Policy asn1.ObjectIdentifier
	// Timeout is that of each server. If zero, 10 seconds.
	Timeout time.Duration
	// Drift is how far an authority's clock may be from ours. If zero, 5 minutes.
	Drift time.Duration
	// Now is the clock. If nil, time.Now.
	Now func() time.Time
}

// A TSA asks time-stamping authorities, the next one when one fails. It accepts
// a token only if it answers the very request (digest, nonce, policy, a time
// near now) and is signed with a certificate for time-stamps that it names and
// that chains up to the configured roots. It is safe for concurrent use.
type TSA struct{ client *tsp.Client }

var _ Timestamper = (*TSA)(nil)

// NewTSA checks a configuration. The error says which server is missing or is not
// an http or https address without credentials.
func NewTSA(cfg TSAConfig) (*TSA, error) {
	c := tsp.Config{Client: cfg.Client, Roots: cfg.Roots, Policy: cfg.Policy, Timeout: cfg.Timeout, Drift: cfg.Drift,
		Now: cfg.Now}
	for _, s := range cfg.Servers {
		c.Servers = append(c.Servers, tsp.Server(s))
	}
	client, err := tsp.New(c)
	if err != nil {
		return nil, err
	}
	return &TSA{client}, nil
}

// Timestamp returns a token over a digest from the first authority that gives
// one. The error joins the reasons of all, or wraps that of ctx.
func (t *TSA) Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) (*Token, error) {
	if t.client == nil {
		return nil, errors.New("seal: a TSA without an authority: expected one that NewTSA has made")
	}
	token, err := t.client.Timestamp(ctx, hash, digest)
	if err != nil {
		return nil, err
	}
	out := Token(*token)
	return &out, nil
}
