package main

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/liste-elettorali/anpr/examples/server/routes"
)

// A limiter bounds how often one asks (annex 3, 2 d): pages freely enough, forms much
// less. A person who is logged in has limits of his own; all others behind one address,
// as those of a school or an office, share the larger ones of their network.
type limiter struct {
	now func() time.Time

	mu       sync.Mutex
	networks map[string]client
	people   map[string]client // by ANPR id
}

type client map[routes.Rate]*rate.Limiter

// A pace is how many requests a second are allowed, and how many at once.
type pace struct {
	rate  rate.Limit
	burst int
}

// personPaces and networkPaces are those of a person, and of a network of people who are
// not logged in.
func personPaces() map[routes.Rate]pace {
	return map[routes.Rate]pace{routes.Pages: {20, 100}, routes.Forms: {1, 20}, routes.Heavy: {rate.Every(10 * time.Second), 5}}
}

func networkPaces() map[routes.Rate]pace {
	return map[routes.Rate]pace{routes.Pages: {100, 500}, routes.Forms: {5, 100}, routes.Heavy: {1, 10}}
}

// maxClients bounds the memory. A client with more addresses than that escapes
// the limits on each address, but must not shut out others: when the map is
// full, any one of the known addresses is forgotten.
const maxClients = 50_000

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, networks: map[string]client{}, people: map[string]client{}}
}

// person counts a request of a person who is logged in.
func (l *limiter) person(id string, r routes.Rate) bool {
	return l.allow(l.people, id, r, personPaces())
}

// network counts a request of somebody else.
func (l *limiter) network(name string, r routes.Rate) bool {
	return l.allow(l.networks, name, r, networkPaces())
}

func (l *limiter) allow(of map[string]client, name string, r routes.Rate, paces map[routes.Rate]pace) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := of[name]
	if c == nil {
		makeRoom(of)
		c = client{}
		of[name] = c
	}
	if c[r] == nil {
		p := paces[r]
		c[r] = rate.NewLimiter(p.rate, p.burst)
	}
	return c[r].AllowN(l.now(), 1)
}

// makeRoom keeps a map below maxClients.
func makeRoom[K comparable, V any](m map[K]V) {
	for key := range m {
		if len(m) < maxClients {
			return
		}
		delete(m, key)
	}
}
