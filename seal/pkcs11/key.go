package pkcs11

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/liste-elettorali/anpr/internal/remotekey"
	"github.com/liste-elettorali/anpr/seal"
)

// A Key is a key in a device, with the certificates stored beside it. It is
// safe for concurrent use.
type Key struct {
	cfg     Config
	pub     crypto.PublicKey
	chain   []*x509.Certificate
	breaker *remotekey.Breaker
	turns   chan struct{} // one for each signature under way

	refused atomic.Pointer[error] // what the token said to the PIN, if it refused it

	mu     sync.Mutex  // taken before the module's
	conn   *connection // nil when there is none
	closed bool
}

// A connection is the token as one initialisation of the library knows it.
type connection struct {
	generation uint64
	slot       uint
	object     uint   // the private key
	always     bool   // it wants a login for each signature
	idle       []uint // sessions
}

// Open finds token, key and certificates, logging in if there is a PIN. The
// error wraps [ErrToken], [ErrKey], [ErrPIN], [ErrUnsupported] or a [Code]. ctx
// and the configured timeout bound it; a library that hangs is left behind.
func Open(ctx context.Context, cfg Config) (*Key, error) {
	if cfg.Module == nil {
		return nil, errors.New("pkcs11: no module is configured: expected one from Load")
	}
	if cfg.TokenLabel == "" && cfg.TokenSerial == "" {
		return nil, fmt.Errorf("pkcs11: %w: the configuration names none: expected a label or a serial number",
			ErrToken)
	}
	if cfg.KeyLabel == "" && len(cfg.KeyID) == 0 {
		return nil, fmt.Errorf("pkcs11: %w: the configuration names none: expected a label or an id", ErrKey)
	}
	if cfg.MaxSessions <= 0 {
		cfg.MaxSessions = 4
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 15 * time.Second
	}
	k := &Key{cfg: cfg, turns: make(chan struct{}, cfg.MaxSessions),
		breaker: remotekey.NewBreaker(remotekey.BreakerConfig{Failures: cfg.Failures, Cooldown: cfg.Cooldown,
			Now: cfg.Now})}
	_, err := k.bounded(ctx, "the key was not found", func() ([]byte, error) {
		k.mu.Lock()
		defer k.mu.Unlock()
		return nil, k.open()
	})
	if err != nil {
		go func() { // whatever a library left behind has opened meanwhile
			_ = k.Close()
		}()
		return nil, fmt.Errorf("pkcs11: %w", err)
	}
	return k, nil
}

var _ seal.ContextSigner = (*Key)(nil)

// Chain returns the certificate of the key, as found on the token, and then its
// issuers as far as the token has them. It is empty if the token has no
// certificate of the key. The slice is the caller's.
func (k *Key) Chain() []*x509.Certificate { return slices.Clone(k.chain) }

// Public returns the public key: *rsa.PublicKey or *ecdsa.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.pub }

// Sign is [Key.SignContext] without a context: the configured timeout alone
// bounds it.
func (k *Key) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.SignContext(context.Background(), rand, digest, opts)
}

// SignContext signs a SHA-256, SHA-384 or SHA-512 digest: PKCS #1 v1.5 or, with
// *rsa.PSSOptions, RSASSA-PSS; ECDSA in DER. The device uses its own random
// numbers, not rand. The error wraps [ErrUnreachable], [ErrPIN], [ErrKey],
// [ErrSignature], [ErrUnsupported], [ErrClosed], that of ctx or a [Code].
func (k *Key) SignContext(ctx context.Context, _ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	req, err := remotekey.NewRequest(k.pub, digest, opts)
	if err != nil {
		return nil, fmt.Errorf("pkcs11: %w", err)
	}
	var sig []byte
	err = k.breaker.Do(func() (err error) {
		sig, err = k.bounded(ctx, "no signature", func() ([]byte, error) { return k.sign(req) })
		return err
	}, func(err error) remotekey.Verdict {
		switch {
		case errors.Is(err, ErrUnreachable):
			return remotekey.Failed
		case ctx.Err() != nil || errors.Is(err, ErrClosed):
			return remotekey.Unknown
		}
		return remotekey.Reached
	})
	if err != nil {
		return nil, fmt.Errorf("pkcs11: %w", err)
	}
	if sig, err = req.Check(k.pub, sig); err != nil {
		return nil, fmt.Errorf("pkcs11: %w", err)
	}
	return sig, nil
}

// Close ends the sessions; those of signatures under way end with them. The
// module stays open.
func (k *Key) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	k.drop(k.conn)
	return nil
}

// bounded runs f in its turn and waits for it as long as ctx and the timeout
// allow. A call into a library cannot be ended: f goes on alone and keeps its
// turn, so that no more than MaxSessions calls ever hang.
func (k *Key) bounded(ctx context.Context, missing string, f func() ([]byte, error)) ([]byte, error) {
	limit, cancel := context.WithTimeout(ctx, k.cfg.Timeout)
	defer cancel()
	type result struct {
		sig []byte
		err error
	}
	done := make(chan result, 1)
	if limit.Err() == nil {
		select {
		case k.turns <- struct{}{}:
			go func() {
				defer func() { <-k.turns }()
				sig, err := f()
				done <- result{sig, err}
			}()
		case <-limit.Done():
		}
	}
	select {
	case r := <-done:
		return r.sig, r.err
	case <-limit.Done():
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %s within %s", ErrUnreachable, missing, k.cfg.Timeout)
}

// sign makes a signature and, when the session was lost since the one before,
// connects anew, once.
func (k *Key) sign(req remotekey.Request) ([]byte, error) {
	sig, connected, err := k.once(req)
	if lost(err) && !connected {
		sig, _, err = k.once(req)
	}
	if lost(err) || errors.Is(err, ErrToken) {
		err = fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return sig, err
}

// once makes a signature and says whether it had to connect for it.
func (k *Key) once(req remotekey.Request) (sig []byte, connected bool, err error) {
	c, session, connected, err := k.borrow()
	if err != nil {
		return nil, connected, err
	}
	var between func() error
	m, data := mechanismFor(k.pub, req)
	err = k.cfg.Module.do(c.generation, func(lib library) error {
		if c.always {
			between = func() error { return k.login(lib, session, loginOperation) }
		}
		sig, err = lib.sign(session, c.object, m, between, data)
		return err
	})
	k.giveBack(c, session, err)
	return sig, connected, err
}

// borrow returns an idle session or a new one, of a new connection if there is
// none.
func (k *Key) borrow() (c *connection, session uint, connected bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil, 0, false, ErrClosed
	}
	if k.conn == nil {
		connected = true
		if err := k.reconnect(); err != nil {
			return nil, 0, true, err
		}
	}
	c = k.conn
	if n := len(c.idle); n > 0 {
		session, c.idle = c.idle[n-1], c.idle[:n-1]
		return c, session, connected, nil
	}
	err = k.cfg.Module.do(c.generation, func(lib library) (err error) {
		session, err = k.session(lib, c.slot)
		return err
	})
	if lost(err) {
		k.drop(c)
	}
	return c, session, connected, err
}

// giveBack puts a session back, unless its last call failed: then it may hold
// an operation that was begun.
func (k *Key) giveBack(c *connection, session uint, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if lost(err) {
		k.drop(c)
	}
	if err == nil && k.conn == c && !k.closed {
		c.idle = append(c.idle, session)
		return
	}
	k.end(c.generation, session)
}

// drop gives up a connection and its idle sessions. The caller holds mu.
func (k *Key) drop(c *connection) {
	if c == nil || k.conn != c {
		return
	}
	k.conn = nil
	for _, session := range c.idle {
		k.end(c.generation, session)
	}
	c.idle = nil
}

// end closes a session. That it fails means that it is gone.
func (k *Key) end(generation uint64, session uint) {
	_ = k.cfg.Module.do(generation, func(lib library) error { return lib.closeSession(session) })
}

// session opens a session that is logged in. The caller holds mu.
func (k *Key) session(lib library, slot uint) (uint, error) {
	session, err := lib.openSession(slot)
	if err != nil {
		return 0, err
	}
	if k.cfg.PIN == nil {
		return session, nil
	}
	// The login is that of all sessions of the process with the token.
	in, err := lib.loggedIn(session)
	if err == nil && !in {
		err = k.login(lib, session, loginUser)
	}
	if err != nil {
		_ = lib.closeSession(session)
		return 0, err
	}
	return session, nil
}

func (k *Key) login(lib library, session uint, kind loginKind) error {
	if before := k.refused.Load(); before != nil {
		return fmt.Errorf("%w: not tried again after %w", ErrPIN, *before)
	}
	if k.cfg.PIN == nil {
		return fmt.Errorf("%w: the key wants one for each signature and no PIN is configured", ErrPIN)
	}
	pin, err := k.cfg.PIN()
	if err != nil {
		return fmt.Errorf("%w: the PIN is not available: %w", ErrPIN, err)
	}
	err = lib.login(session, pin, kind)
	var c Code
	switch errors.As(err, &c); c {
	case ckrAlreadyLoggedIn: // by another key of the same token
		return nil
	case ckrPINIncorrect, ckrPINInvalid, ckrPINLenRange, ckrPINExpired, ckrPINLocked:
		k.refused.Store(&err)
		return fmt.Errorf("%w: %w", ErrPIN, err)
	}
	return err
}
