// Package admission bounds how much costly work is done at a time, and who waits
// for it, so that a server past its capacity answers those it admits about as
// fast as on a quiet day, and tells the others at once to come back.
//
// A [Gate] admits so many to work, lets so many wait for so long, and refuses the
// rest before they have cost anything. No client has more than a share of its
// places. Whoever has least at work goes first, and among those who has not had
// a turn for longest.
//
// Those who wait are served after at most Config.Wait/Config.Work rounds of work:
// with the defaults one round, so that the admitted need about twice what they
// need on a quiet machine.
package admission

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// What a gate refuses with. A server answers all three with 503 and Retry-After.
var (
	// ErrFull means that as many work and wait as may.
	ErrFull = errors.New("admission: as many work and wait as may")
	// ErrShare means that the client has its share of all places.
	ErrShare = errors.New("admission: the client has its share")
	// ErrWaited means that no place became free within Config.Patience.
	ErrWaited = errors.New("admission: no place became free in time")
)

// Config configures a [Gate].
type Config struct {
	// Work is how many work at a time, at most [Most]; 0 means one fewer than
	// there are processors for Go (GOMAXPROCS), at least one. Where work takes all
	// processors, those who are refused wait for one too, and the admitted wait
	// for them.
	Work int
	// Wait is how many wait beside them, at most [Most]; 0 means as many as Work,
	// and a negative number that nobody waits.
	Wait int
	// Share is how many of all places, to work and to wait, one client has at
	// most; 0 means half of them, at least two.
	Share int
	// Patience is how long somebody waits before he is refused; 0 means 5 s.
	Patience time.Duration
}

// Most bounds Config.Work and Config.Wait.
const Most = 100_000

const defaultPatience = 5 * time.Second

// A Gate admits clients to work. Its methods may be called from many goroutines.
// [New] makes one; the zero value refuses everybody with [ErrFull].
type Gate struct {
	cfg Config

	mu       sync.Mutex
	working  int
	waiting  []*waiter          // in the order in which they came
	clients  map[string]*client // those who work or wait
	admitted uint64
	refused  uint64
}

// A client has so many at work, and so many waiting.
type client struct {
	working, waiting int
	turn             uint64 // which of all the admitted was its last; 0 for none
}

func (c *client) places() int { return c.working + c.waiting }

// A waiter waits for its place.
type waiter struct {
	name string
	told chan error // holds one: nil once it is admitted
}

// New returns a gate. It returns an error if a number is outside its range.
func New(cfg Config) (*Gate, error) {
	if cfg.Work == 0 {
		cfg.Work = max(1, runtime.GOMAXPROCS(0)-1)
	}
	switch {
	case cfg.Wait == 0:
		cfg.Wait = cfg.Work
	case cfg.Wait < 0:
		cfg.Wait = 0
	}
	if cfg.Share == 0 {
		cfg.Share = max(2, (cfg.Work+cfg.Wait)/2)
	}
	if cfg.Patience == 0 {
		cfg.Patience = defaultPatience
	}
	switch {
	case cfg.Work < 0 || cfg.Work > Most:
		return nil, fmt.Errorf("admission: Config.Work %d: expected 0 to %d", cfg.Work, Most)
	case cfg.Wait > Most:
		return nil, fmt.Errorf("admission: Config.Wait %d: expected at most %d", cfg.Wait, Most)
	case cfg.Share < 0:
		return nil, fmt.Errorf("admission: Config.Share %d: expected 0 or more", cfg.Share)
	case cfg.Patience < 0:
		return nil, fmt.Errorf("admission: Config.Patience %v: expected 0 or more", cfg.Patience)
	}
	return &Gate{cfg: cfg, clients: map[string]*client{}}, nil
}

// Enter admits a client to work, at once or after it has waited. If the error is
// nil, the caller calls leave when the work is done, however it ended, and not
// later: an answer is written to a slow client after it. A second call of leave
// has no effect.
//
// The error is [ErrFull] or [ErrShare], without waiting, or [ErrWaited], or that
// of ctx if the client has gone. All whom the server cannot tell apart share one
// name.
//
// Where all places are taken, somebody who has fewer of them than another takes
// the last place in the queue of the one who has most, who is refused with
// [ErrFull]: many requests of few clients do not shut out the others.
func (g *Gate) Enter(ctx context.Context, name string) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w, err := g.come(name)
	if err != nil {
		return nil, err
	}
	leave = sync.OnceFunc(func() { g.leave(name) })
	if w == nil {
		return leave, nil
	}
	patience := time.NewTimer(g.cfg.Patience)
	defer patience.Stop()
	select {
	case err = <-w.told:
	case <-patience.C:
		err = g.stop(w, ErrWaited)
	case <-ctx.Done():
		err = g.stop(w, ctx.Err())
	}
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil { // admitted in the same moment: another may use the place
		leave()
		return nil, err
	}
	return leave, nil
}

// Count returns how many work and wait now, and how many were admitted and
// refused so far. A client that went away while it waited counts as neither.
func (g *Gate) Count() (working, waiting int, admitted, refused uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.working, len(g.waiting), g.admitted, g.refused
}

// come takes a place to work (nil) or to wait.
func (g *Gate) come(name string) (*waiter, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.clients[name]
	if c == nil {
		c = &client{}
	}
	if g.cfg.Work > 0 && c.places() >= g.cfg.Share {
		g.refused++
		return nil, ErrShare
	}
	if g.working < g.cfg.Work { // then nobody waits
		g.clients[name] = c
		g.admit(c)
		return nil, nil
	}
	if len(g.waiting) >= g.cfg.Wait && !g.displace(c.places()+1) {
		g.refused++
		return nil, ErrFull
	}
	g.clients[name] = c
	c.waiting++
	w := &waiter{name: name, told: make(chan error, 1)}
	g.waiting = append(g.waiting, w)
	return w, nil
}

func (g *Gate) admit(c *client) {
	c.working++
	g.working++
	g.admitted++
	c.turn = g.admitted
}

// displace refuses the one who came last of the client with most places, if
// that has more than so many.
func (g *Gate) displace(places int) bool {
	last := -1
	for i, w := range g.waiting {
		if has := g.clients[w.name].places(); has > places || last >= 0 && has == places {
			last, places = i, has
		}
	}
	if last < 0 {
		return false
	}
	w := g.waiting[last]
	g.remove(last)
	g.refused++
	w.told <- ErrFull
	return true
}

// remove takes one out of those who wait.
func (g *Gate) remove(i int) {
	w := g.waiting[i]
	g.waiting = slices.Delete(g.waiting, i, i+1)
	g.clients[w.name].waiting--
	g.tidy(w.name)
}

// tidy forgets a client without places.
func (g *Gate) tidy(name string) {
	if g.clients[name].places() == 0 {
		delete(g.clients, name)
	}
}

// before reports whether a client gets a place before another.
func (c *client) before(other *client) bool {
	if c.working != other.working {
		return c.working < other.working
	}
	return c.turn < other.turn
}

// leave gives a place to the next who waits.
func (g *Gate) leave(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.working--
	g.clients[name].working--
	defer g.tidy(name)
	next := -1
	for i, w := range g.waiting {
		if next < 0 || g.clients[w.name].before(g.clients[g.waiting[next].name]) {
			next = i
		}
	}
	if next < 0 {
		return
	}
	w := g.waiting[next]
	c := g.clients[w.name]
	g.waiting = slices.Delete(g.waiting, next, next+1)
	c.waiting--
	g.admit(c)
	w.told <- nil
}

// stop ends the waiting of one for a reason, unless he was told something else in
// the same moment.
func (g *Gate) stop(w *waiter, reason error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, w)
	if i < 0 {
		return <-w.told
	}
	g.remove(i)
	if reason == ErrWaited {
		g.refused++
	}
	return reason
}
