package clients

import (
	"net"
	"net/http"
	"sync"
)

// A Listener bounds how many connections are open at a time: in all, and from one
// network, which then cannot keep others out. One beyond is closed at once. Trusted
// proxies, which connect for many, are bounded by the whole alone.
type Listener struct {
	net.Listener
	Proxies   Proxies
	All, Each int

	mu        sync.Mutex
	open      int
	byNetwork map[string]int
	refused   int
}

// Accept waits for a connection for which there is room.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		r := &http.Request{RemoteAddr: c.RemoteAddr().String()}
		network := Proxies{}.Network(r)
		if l.Proxies.trusts((Proxies{}).Address(r)) {
			network = ""
		}
		if l.take(network) {
			return &conn{Conn: c, back: sync.OnceFunc(func() { l.give(network) })}, nil
		}
		_ = c.Close()
	}
}

// Count returns how many connections are open, and how many were closed at once.
func (l *Listener) Count() (open, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open, l.refused
}

func (l *Listener) take(network string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.All || network != "" && l.byNetwork[network] >= l.Each {
		l.refused++
		return false
	}
	l.open++
	if network != "" {
		if l.byNetwork == nil {
			l.byNetwork = map[string]int{}
		}
		l.byNetwork[network]++
	}
	return true
}

func (l *Listener) give(network string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if network == "" {
		return
	}
	if l.byNetwork[network]--; l.byNetwork[network] == 0 {
		delete(l.byNetwork, network)
	}
}

// A conn gives its place back when it is closed.
type conn struct {
	net.Conn
	back func()
}

func (c *conn) Close() error {
	c.back()
	return c.Conn.Close()
}
