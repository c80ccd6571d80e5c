// Package rates bounds how often each of many clients may ask, with memory that
// is bounded too (annex 3 of D.M. 17 October 2022, 2 d: the services withstand
// automated requests).
//
// A client has for each class of requests a bucket of tokens: it holds up to
// [Rate.Burst], and gets one more each [Rate.Every]. A request takes one, or is
// refused. What a client is, a person, a session or a network, the caller says:
// with a [Limiter] for each.
package rates

import (
	"container/list"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Class is a kind of requests that are counted together.
type Class string

// The classes of a server of pages. A caller may have others.
const (
	Pages  Class = "pages"  // reading
	Forms  Class = "forms"  // what may change something
	Heavy  Class = "heavy"  // work that costs much, such as reading the whole log
	Logins Class = "logins" // attempts to log in or to step up
)

// A Rate is how often one client may ask for one class.
type Rate struct {
	// Every is the time in which one more request is allowed. It is positive.
	Every time.Duration
	// Burst is how many are allowed at once, from 1 to [MaxBurst].
	Burst int
}

// MaxBurst bounds [Rate.Burst].
const MaxBurst = 1_000_000

// maxEvery bounds [Rate.Every], so that no sum of times overflows.
const maxEvery = 24 * time.Hour

// Person returns the rates of one person or one session.
func Person() map[Class]Rate {
	return map[Class]Rate{
		Pages:  {Every: 50 * time.Millisecond, Burst: 100},
		Forms:  {Every: time.Second, Burst: 20},
		Heavy:  {Every: 10 * time.Second, Burst: 5},
		Logins: {Every: 10 * time.Second, Burst: 10},
	}
}

// Network returns the rates of one address, behind which a school or an office
// may be.
func Network() map[Class]Rate {
	return map[Class]Rate{
		Pages:  {Every: 10 * time.Millisecond, Burst: 500},
		Forms:  {Every: 200 * time.Millisecond, Burst: 100},
		Heavy:  {Every: 2 * time.Second, Burst: 10},
		Logins: {Every: 200 * time.Millisecond, Burst: 100},
	}
}

// Config configures a [Limiter].
type Config struct {
	// Rates are the classes and their rates; at least one. [New] copies them.
	Rates map[Class]Rate
	// Most is how many clients are remembered in each class; 0 means 50,000. A
	// client costs about 200 bytes, and its name.
	//
	// A client with more names than that escapes the limit on each name, but
	// shuts nobody out: the client that has not asked for longest is forgotten,
	// and may then ask as one that comes for the first time.
	Most int
	// Now is the clock; nil means [time.Now]. If it goes back, no client waits
	// longer than an empty bucket takes to fill.
	Now func() time.Time
}

// MaxName is the length in bytes up to which names are told apart. A longer one
// is never allowed: names come from the server, not from its clients.
const MaxName = 256

const defaultMost = 50_000

// A Limiter counts the requests of clients. Its methods may be called from many
// goroutines. [New] makes one; the zero value refuses everything.
type Limiter struct {
	now     func() time.Time
	classes map[Class]*class // not changed after New
}

// New returns a limiter. It returns an error if a rate is outside its range or
// there is none.
func New(cfg Config) (*Limiter, error) {
	switch {
	case len(cfg.Rates) == 0:
		return nil, fmt.Errorf("rates: Config.Rates is empty: expected a rate for each class")
	case cfg.Most < 0:
		return nil, fmt.Errorf("rates: Config.Most %d: expected a number of clients, or 0", cfg.Most)
	}
	if cfg.Most == 0 {
		cfg.Most = defaultMost
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	l := &Limiter{now: cfg.Now, classes: map[Class]*class{}}
	for name, r := range cfg.Rates {
		if r.Every <= 0 || r.Every > maxEvery || r.Burst < 1 || r.Burst > MaxBurst ||
			r.Every > maxEvery*365/time.Duration(r.Burst) {
			return nil, fmt.Errorf("rates: class %q: every %v, burst %d: expected every up to %v, burst from 1 to %d, "+
				"and a bucket that fills within a year", name, r.Every, r.Burst, maxEvery, MaxBurst)
		}
		l.classes[name] = &class{rate: r, most: cfg.Most, byName: map[string]*list.Element{}, order: list.New()}
	}
	return l, nil
}

// Allow counts a request of a client. If it is one too many, ok is false, the
// request costs the client nothing, and wait is the time after which one is
// allowed, for Retry-After.
//
// A class without a rate, and the empty name of a client of whom nothing is
// known, are refused, with a wait of a second.
func (l *Limiter) Allow(of Class, name string) (wait time.Duration, ok bool) {
	c := l.classes[of]
	if c == nil || name == "" || len(name) > MaxName {
		return time.Second, false
	}
	return c.take(name, l.now())
}

// Known returns how many clients are remembered in a class.
func (l *Limiter) Known(of Class) int {
	c := l.classes[of]
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.byName)
}

// A class has the buckets of its clients, those who asked last first.
type class struct {
	rate Rate
	most int

	mu     sync.Mutex
	byName map[string]*list.Element // of order
	order  *list.List               // of *client
}

// A client is one with his bucket.
type client struct {
	name   string
	bucket *rate.Limiter
}

func (c *class) take(name string, now time.Time) (wait time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.byName[name]
	if known == nil {
		for len(c.byName) >= c.most {
			oldest := c.order.Back()
			delete(c.byName, oldest.Value.(*client).name)
			c.order.Remove(oldest)
		}
		known = c.order.PushFront(&client{name, rate.NewLimiter(rate.Every(c.rate.Every), c.rate.Burst)})
		c.byName[name] = known
	}
	c.order.MoveToFront(known)
	asked := known.Value.(*client).bucket.ReserveN(now, 1)
	if wait = asked.DelayFrom(now); wait > 0 {
		asked.CancelAt(now)
		return wait, false
	}
	return 0, true
}
