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
// enough for a person, forms much less. Clients are told apart by address, in
// IPv6 by the /64 that one household has.
type limiter struct {
	now func() time.Time

	mu      sync.Mutex
	clients map[netip.Prefix]*client
}

type client struct {
	pages, forms *rate.Limiter
	seen         time.Time
}

const (
	maxClients = 50_000
	clientLife = 10 * time.Minute
)

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, clients: map[netip.Prefix]*client{}}
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
		if len(l.clients) >= maxClients {
			l.forget(now)
		}
		if len(l.clients) >= maxClients {
			return false
		}
		c = &client{pages: rate.NewLimiter(20, 100), forms: rate.NewLimiter(1, 20)}
		l.clients[prefix] = c
	}
	c.seen = now
	if r.Method == http.MethodPost {
		return c.forms.AllowN(now, 1)
	}
	return c.pages.AllowN(now, 1)
}

func (l *limiter) forget(now time.Time) {
	for p, c := range l.clients {
		if now.Sub(c.seen) > clientLife {
			delete(l.clients, p)
		}
	}
}
