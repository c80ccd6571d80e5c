package clients_test

import (
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/limits/clients"
)

// served makes a listener that keeps what it accepts open, and says so with a byte.
func served(t *testing.T, l *clients.Listener) {
	t.Helper()
	if runtime.GOOS == "darwin" {
		t.Skip("loopback has one address there")
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Listener = inner
	t.Cleanup(func() { _ = inner.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte{1})
			go func() { // until the client leaves
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
				_ = c.Close() // gives nothing back twice
			}()
		}
	}()
}

// dial connects from an address of loopback, and reports whether it was taken.
func dial(t *testing.T, l *clients.Listener, from string) (net.Conn, bool) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	_, err = io.ReadFull(c, make([]byte, 1))
	return c, err == nil
}

// TestListener: who holds connections open keeps no others out, and gets his place back.
func TestListener(t *testing.T) {
	l := &clients.Listener{All: 10, Each: 4}
	served(t, l)
	var first net.Conn
	for i := range 4 {
		c, ok := dial(t, l, "127.0.0.1")
		require.True(t, ok)
		if i == 0 {
			first = c
		}
	}
	_, ok := dial(t, l, "127.0.0.1")
	require.False(t, ok, "the fifth of one network")
	_, ok = dial(t, l, "127.0.0.2")
	require.True(t, ok, "another network")
	require.NoError(t, first.Close())
	require.Eventually(t, func() bool { open, _ := l.Count(); return open == 4 }, eventually, tick)
	_, ok = dial(t, l, "127.0.0.1")
	require.True(t, ok)
	for range 5 {
		_, _ = dial(t, l, "127.0.0.3")
	}
	for range 5 {
		_, _ = dial(t, l, "127.0.0.4")
	}
	open, refused := l.Count()
	require.Equal(t, 10, open, "all together")
	require.Equal(t, 6, refused)
}

// TestListenerProxy: a proxy connects for many.
func TestListenerProxy(t *testing.T) {
	proxies, err := clients.Parse("127.0.0.9")
	require.NoError(t, err)
	l := &clients.Listener{All: 6, Each: 1, Proxies: proxies}
	served(t, l)
	for range 6 {
		_, ok := dial(t, l, "127.0.0.9")
		require.True(t, ok)
	}
	_, ok := dial(t, l, "127.0.0.9")
	require.False(t, ok)
}
