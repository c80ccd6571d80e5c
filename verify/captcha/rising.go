package captcha

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"time"
)

// ErrBudget means that a client has asked for more challenges than it may: it gets
// none until some time has passed.
var ErrBudget = errors.New("captcha: too many challenges for one client")

// An Effort says how much work the next challenge of a client asks for, in bits (see
// [Worked]). client is that of [WithClient], empty if none was given. Errors that
// wrap [ErrBudget] mean that it gets none. It may be called concurrently.
type Effort interface {
	Work(ctx context.Context, client string) (int, error)
}

type clientKey struct{}

// WithClient returns a context that tells New whose challenge it makes: any text
// that names a client, such as its network.
func WithClient(ctx context.Context, client string) context.Context {
	return context.WithValue(ctx, clientKey{}, client)
}

func clientOf(ctx context.Context) string {
	client, _ := ctx.Value(clientKey{}).(string)
	return client
}

// RisingConfig configures a [Rising]. A zero field means its default.
type RisingConfig struct {
	// Free is how many challenges a client may have within Window without work:
	// default 60 in ten minutes, for the many persons behind one address.
	Free   int
	Window time.Duration
	// First is the work in bits that the next one asks for: default 14, a fraction
	// of a second in a browser. It rises by one with each doubling, up to Most:
	// default 20, some seconds.
	First, Most int
	// Budget is how many there are at most, with work: default 50 times Free.
	Budget int
	// Clients bounds how many clients are known at a time: default 100,000. Those
	// for whom there is no room count as one.
	Clients int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Rising is an [Effort] in memory that rises with what a client has used and falls
// as time passes: people notice nothing, and a program that reads each challenge
// pays for each. Several nodes count each for itself.
type Rising struct {
	cfg RisingConfig

	mu      sync.Mutex
	clients map[string]use
	swept   time.Time
}

// A use is what a client has used, as of an instant.
type use struct {
	amount float64
	at     time.Time
}

// NewRising makes an effort that rises.
func NewRising(cfg RisingConfig) (*Rising, error) {
	for _, d := range []struct {
		field *int
		value int
	}{{&cfg.Free, 60}, {&cfg.First, 14}, {&cfg.Most, 20}, {&cfg.Clients, 100_000}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if cfg.Budget == 0 {
		cfg.Budget = 50 * cfg.Free
	}
	if cfg.Window == 0 {
		cfg.Window = 10 * time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Free < 1 || cfg.Window < time.Second || cfg.First < 1 || cfg.Most < cfg.First || cfg.Most > maxWork ||
		cfg.Budget < cfg.Free || cfg.Clients < 1 {
		return nil, fmt.Errorf("captcha: free %d, window %v, work %d to %d, budget %d, clients %d: expected work of 1 to %d "+
			"bits, a budget not under what is free, and a second at least", cfg.Free, cfg.Window, cfg.First, cfg.Most,
			cfg.Budget, cfg.Clients, maxWork)
	}
	return &Rising{cfg: cfg, clients: map[string]use{}}, nil
}

// Work implements [Effort]: it counts one challenge.
func (r *Rising) Work(ctx context.Context, client string) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if r.cfg.Now == nil {
		return 0, errors.New("captcha: Rising without a configuration: expected those that NewRising has made")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.cfg.Now()
	if _, known := r.clients[client]; !known && len(r.clients) >= r.cfg.Clients {
		r.sweep(now)
		if len(r.clients) >= r.cfg.Clients {
			client = "" // of all the others
		}
	}
	u := r.clients[client]
	if now.Before(u.at) { // a clock that was set back gives nothing away
		now = u.at
	}
	u.amount, u.at = r.left(u, now)+1, now
	if u.amount > float64(r.cfg.Budget) {
		return 0, fmt.Errorf("%w: %d in %v at most", ErrBudget, r.cfg.Budget, r.cfg.Window)
	}
	r.clients[client] = u
	times := uint(u.amount / float64(r.cfg.Free))
	if u.amount <= float64(r.cfg.Free) {
		return 0, nil
	}
	return min(r.cfg.Most, r.cfg.First+bits.Len(times)-1), nil
}

// left is what is left of a use after a time: it falls by what is free.
func (r *Rising) left(u use, now time.Time) float64 {
	passed := max(0, now.Sub(u.at))
	return max(0, u.amount-float64(r.cfg.Free)*float64(passed)/float64(r.cfg.Window))
}

// sweep forgets clients that have nothing left, once in a window at most.
func (r *Rising) sweep(now time.Time) {
	if now.Sub(r.swept) < r.cfg.Window/10 {
		return
	}
	r.swept = now
	for client, u := range r.clients {
		if r.left(u, now) == 0 {
			delete(r.clients, client)
		}
	}
}
