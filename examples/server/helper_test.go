package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify/captcha"
)

// known is a captcha whose answer the tests know: pictures and sounds are those
// of the real one, of another number.
type known struct {
	*captcha.Digits

	work int // bits

	mu   sync.Mutex
	open map[string]string // action by id
}

const answer = "246 813"

func newKnown(t *testing.T) *known {
	t.Helper()
	key := make([]byte, captcha.MinKeySize)
	rand.Read(key)
	d, err := captcha.New(captcha.Config{Key: key})
	require.NoError(t, err)
	return &known{Digits: d, open: map[string]string{}}
}

func (k *known) New(ctx context.Context, action string) (captcha.Challenge, error) {
	c, err := k.Digits.New(ctx, action)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open[c.ID], c.Work = action, k.work
	return c, err
}

func (k *known) Check(_ context.Context, action string, a captcha.Answer) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	of, ok := k.open[a.ID]
	delete(k.open, a.ID)
	switch {
	case !ok:
		return captcha.ErrUsed
	case of != action:
		return captcha.ErrForged
	case strings.ReplaceAll(a.Text, " ", "") != strings.ReplaceAll(answer, " ", ""):
		return captcha.ErrWrong
	case !captcha.Worked(a.ID, k.work, a.Work):
		return captcha.ErrWork
	}
	return nil
}

// logs is where a test's server writes.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A clock is one that a test moves on.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) add(d time.Duration) { c.ahead.Add(int64(d)) }

// start runs a server until the test ends.
func start(t *testing.T, change func(*options)) (*system, string, *logs) {
	t.Helper()
	o := options{addr: "127.0.0.1:0", data: t.TempDir(), dev: true, captcha: newKnown(t)}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	type up struct {
		s    *system
		base string
	}
	ready, done, out := make(chan up, 1), make(chan error, 1), &logs{}
	go func() {
		done <- serve(ctx, o, io.Discard, slog.New(slog.NewTextHandler(out, nil)), func(s *system, base string) { ready <- up{s, base} })
	}()
	select {
	case u := <-ready:
		t.Cleanup(func() {
			cancel()
			require.NoError(t, <-done)
		})
		return u.s, u.base, out
	case err := <-done:
		cancel()
		require.NoError(t, err)
	case <-time.After(10 * time.Minute):
		cancel()
		t.Fatal("the server does not start")
	}
	return nil, "", nil
}

// browser is an HTTP client with cookies that follows no redirect by itself.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{
		Jar: jar, Timeout: 10 * time.Minute,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the test's own server, on loopback
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	resp, err := c.Get(url)
	require.NoError(t, err)
	return resp, body(t, resp)
}

func post(t *testing.T, c *http.Client, url string, form url.Values) (*http.Response, string) {
	t.Helper()
	resp, err := c.PostForm(url, form)
	require.NoError(t, err)
	return resp, body(t, resp)
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(data)
}

// login enters as a made-up person.
func login(t *testing.T, c *http.Client, base, persona, identity string) (*http.Response, string) {
	t.Helper()
	return post(t, c, base+"/accesso", url.Values{"persona": {persona}, "identita": {identity}})
}
