// Package remotekey holds what keys kept elsewhere, in a device or a service,
// have in common: a circuit breaker before the key, and the check of what it
// returns.
package remotekey

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrUnreachable means that the key could not be reached: it failed just now,
// or has failed so often that it is not tried for a while.
var ErrUnreachable = errors.New("key cannot be reached")

// A Verdict says what the result of a call tells of the key.
type Verdict int

// The verdicts.
const (
	Reached Verdict = iota // it answered, be it with a refusal
	Failed                 // it did not
	Unknown                // the caller gave up before it could be known
)

// BreakerConfig says when a [Breaker] opens.
type BreakerConfig struct {
	Failures int              // in a row, until it opens. If zero, 5
	Cooldown time.Duration    // until the next trial. If zero, 30 s
	Now      func() time.Time // if nil, time.Now
}

// A Breaker lets calls through until too many in a row have failed. Then calls
// fail at once until the cooldown is over; of those that come after it one goes
// through, alone, as a trial: if it reaches the key all go through again, if it
// fails the cooldown starts anew. It is safe for concurrent use.
type Breaker struct {
	cfg BreakerConfig

	mu       sync.Mutex
	failures int       // in a row
	until    time.Time // not zero while open: when the next trial may start
	trial    bool      // one is under way
	cause    error     // of the last failure
}

// NewBreaker returns a closed breaker.
func NewBreaker(cfg BreakerConfig) *Breaker {
	if cfg.Failures <= 0 {
		cfg.Failures = 5
	}
	if cfg.Cooldown <= 0 {
		cfg.Cooldown = 30 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Breaker{cfg: cfg}
}

// Do calls f, unless the breaker is open, and judges its error. The error of an
// open breaker wraps [ErrUnreachable] and the cause of the last failure.
func (b *Breaker) Do(f func() error, judge func(error) Verdict) error {
	trial, err := b.enter()
	if err != nil {
		return err
	}
	verdict := Unknown // if f panics
	defer func() { b.leave(trial, verdict, err) }()
	err = f()
	verdict = judge(err)
	return err
}

func (b *Breaker) enter() (trial bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return false, nil
	}
	if b.trial {
		return false, fmt.Errorf("%w: %d failures in a row, a trial is under way; the last failure: %w", ErrUnreachable, b.failures, b.cause)
	}
	if b.cfg.Now().Before(b.until) {
		return false, fmt.Errorf("%w: %d failures in a row, not tried before %s; the last failure: %w", ErrUnreachable,
			b.failures, b.until.UTC().Format(time.RFC3339), b.cause)
	}
	b.trial = true
	return true, nil
}

func (b *Breaker) leave(trial bool, v Verdict, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if trial {
		b.trial = false
	}
	switch v {
	case Reached:
		// A call from before it opened that ends well says that the key is there.
		b.failures, b.until, b.cause = 0, time.Time{}, nil
	case Failed:
		b.failures++
		b.cause = err
		if trial || b.failures >= b.cfg.Failures {
			b.until = b.cfg.Now().Add(b.cfg.Cooldown)
		}
	case Unknown:
	}
}
