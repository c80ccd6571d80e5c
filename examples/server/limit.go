package main

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A limiter bounds how often one asks (annex 3, 2 d): pages freely enough, forms much
// less. A person who is logged in has limits of his own; all others behind one address,
// as those of a school or an office, share the larger ones of their network.
type limiter struct {
	now func() time.Time

	mu       sync.Mutex
	networks map[string]*client
	people   map[string]*client       // by ANPR id
	readers  map[string]*rate.Limiter // by ANPR id
}

type client struct{ pages, forms *rate.Limiter }

// A pace is how many requests a second are allowed, and how many at once.
type pace struct {
	rate  rate.Limit
	burst int
}

// The paces of a person, and of a network of people who are not logged in.
var (
	personPages, personForms   = pace{20, 100}, pace{1, 20}
	networkPages, networkForms = pace{100, 500}, pace{5, 100}
)

// maxClients bounds the memory. A client with more addresses than that escapes
// the limits on each address, but must not shut out others: when the map is
// full, any one of the known addresses is forgotten.
const maxClients = 50_000

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, networks: map[string]*client{}, people: map[string]*client{},
		readers: map[string]*rate.Limiter{}}
}

// person counts a request of a person who is logged in.
func (l *limiter) person(id, method string) bool {
	return l.allow(l.people, id, method, personPages, personForms)
}

// network counts a request of somebody else.
func (l *limiter) network(name, method string) bool {
	return l.allow(l.networks, name, method, networkPages, networkForms)
}

func (l *limiter) allow(of map[string]*client, name, method string, pages, forms pace) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := of[name]
	if c == nil {
		makeRoom(of)
		c = &client{rate.NewLimiter(pages.rate, pages.burst), rate.NewLimiter(forms.rate, forms.burst)}
		of[name] = c
	}
	if method == http.MethodPost {
		return c.forms.AllowN(l.now(), 1)
	}
	return c.pages.AllowN(l.now(), 1)
}

// reading reports whether a person may have the whole log read now.
func (l *limiter) reading(person string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.readers[person] == nil {
		makeRoom(l.readers)
		l.readers[person] = rate.NewLimiter(rate.Every(10*time.Second), 5)
	}
	return l.readers[person].AllowN(l.now(), 1)
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
