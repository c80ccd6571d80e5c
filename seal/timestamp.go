package seal

import (
	"context"
	"crypto"

	"github.com/liste-elettorali/anpr/internal/tsp"
)

// A Token is a time-stamp token (RFC 3161) with the chain of its authority.
type Token = tsp.Token

// A Timestamper gives time-stamps. Implementations check what they return, as
// a [TSA] does, and are safe for concurrent use.
type Timestamper interface {
	Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) (*Token, error)
}

// TSAServer is one time-stamping authority.
type TSAServer = tsp.Server

// TSAConfig says whom a [TSA] asks, in which order, and what it accepts.
type TSAConfig = tsp.Config

// A TSA asks time-stamping authorities, the next one when one fails. It accepts
// a token only if it answers the very request (digest, nonce, policy, a time
// near now) and is signed with a certificate for time-stamps that it names and
// that chains up to the configured roots.
type TSA = tsp.Client

// NewTSA checks a configuration.
func NewTSA(cfg TSAConfig) (*TSA, error) { return tsp.New(cfg) }
