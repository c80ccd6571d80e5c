package main

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A limiter bounds how often one client asks (annex 3, 2 d): pages freely
// enough for a person, forms much less. A client is an IPv4 address, or the
// IPv6 /64 of one household.
type limiter struct {
	now func() time.Time

	mu      sync.Mutex
	clients map[netip.Prefix]*client
	readers map[string]*rate.Limiter // by ANPR id
}

type client struct{ pages, forms *rate.Limiter }

// maxClients bounds the memory. A client with more addresses than that escapes
// the limits on each address, but must not shut out others: when the map is
// full, any one of the known addresses is forgotten.
const maxClients = 50_000

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, clients: map[netip.Prefix]*client{}, readers: map[string]*rate.Limiter{}}
}

func (l *limiter) allow(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	c := l.clients[prefix]
	if c == nil {
		makeRoom(l.clients)
		c = &client{pages: rate.NewLimiter(20, 100), forms: rate.NewLimiter(1, 20)}
		l.clients[prefix] = c
	}
	if r.Method == http.MethodPost {
		return c.forms.AllowN(now, 1)
	}
	return c.pages.AllowN(now, 1)
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
