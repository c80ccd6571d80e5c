package seal_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/liste-elettorali/anpr/seal"
)

// TestRevocationDefaults asks with the limits that are configured, or with the
// usual ones.
func TestRevocationDefaults(t *testing.T) {
	ca := newIssuer(t, "PROVA radice")
	chain := []*x509.Certificate{ca.leaf("http://o.invalid/", "http://c.invalid/"), ca.cert}
	for _, c := range []struct {
		timeout, wantTimeout time.Duration
		max, wantMax         int64
	}{
		{0, 10 * time.Second, 0, 2 << 20}, {-1, 10 * time.Second, -1, 2 << 20}, {1, 1, 1, 1},
		{time.Minute, time.Minute, 5 << 20, 5 << 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			var ocspMax, listMax int64
			r := seal.NewRevocation(seal.RevocationConfig{Timeout: c.timeout, MaxCRL: c.max,
				Fetch: func(ctx context.Context, q seal.FetchRequest) ([]byte, error) {
					deadline, ok := ctx.Deadline()
					require.True(t, ok)
					require.Equal(t, c.wantTimeout, time.Until(deadline), "of the clock of the test")
					if q.OCSP != nil {
						ocspMax = q.Max
					} else {
						listMax = q.Max
					}
					return nil, errors.New("not reachable")
				}})
			require.ErrorIs(t, r.Check(t.Context(), chain), seal.ErrRevocation)
			require.Equal(t, int64(64<<10), ocspMax)
			require.Equal(t, c.wantMax, listMax)
		})
	}
}

// TestCurrent takes answers up to the drift of clocks too early or too late, and
// those without a next update for a day.
func TestCurrent(t *testing.T) {
	ca := newIssuer(t, "PROVA radice")
	leaf := ca.leaf("http://o.invalid/", "")
	now := time.Now().UTC().Truncate(time.Second)
	const day = 24 * time.Hour
	for _, c := range []struct {
		name             string
		drift            time.Duration // zero: 5 minutes
		this, next       time.Duration // from now; a next of zero is none
		early            time.Duration // by which the clock is before now
		good             bool
		keptFor, keptNot time.Duration
	}{
		{"now", 0, 0, time.Hour, 0, true, time.Hour - 1, time.Hour},
		{"as early as may be", 0, 5 * time.Minute, time.Hour, 0, true, time.Minute, time.Hour},
		{"too early", 0, 5*time.Minute + time.Second, time.Hour, 0, false, 0, 0},
		{"as late as may be", 0, -time.Hour, -5 * time.Minute, 0, true, -time.Second, 0},
		{"too late", 0, -time.Hour, -5*time.Minute - time.Second, 0, false, 0, 0},
		{"without end", 0, -day, 0, 0, true, -time.Second, time.Second},
		{"without end, as old as may be", 0, -day - 5*time.Minute, 0, 0, true, -time.Second, 0},
		{"without end, too old", 0, -day - 5*time.Minute - time.Second, 0, 0, false, 0, 0},
		{"a drift of its own", time.Hour, time.Hour, 2 * time.Hour, 0, true, time.Minute, 2 * time.Hour},
		{"beyond it", time.Hour, time.Hour + time.Second, 2 * time.Hour, 0, false, 0, 0},
		{"hardly any drift", 1, 0, time.Hour, 1, true, time.Minute, time.Hour},
		{"beyond hardly any", 1, 0, time.Hour, 2, false, 0, 0},
	} {
		data := ca.answer(leaf, ca.cert, ca.key, func(r *ocsp.Response) {
			r.ThisUpdate, r.NextUpdate = now.Add(c.this), time.Time{}
			if c.next != 0 {
				r.NextUpdate = now.Add(c.next)
			}
		})
		at, asked := &clock{now.Add(-c.early)}, 0
		r := seal.NewRevocation(seal.RevocationConfig{Drift: c.drift, Now: at.Now,
			Fetch: func(context.Context, seal.FetchRequest) ([]byte, error) { asked++; return data, nil }})
		err := r.Check(t.Context(), []*x509.Certificate{leaf, ca.cert})
		if !c.good {
			require.ErrorContains(t, err, "it is current from", c.name)
			continue
		}
		require.NoError(t, err, c.name)
		at.now = now.Add(c.keptFor)
		_ = r.Check(t.Context(), []*x509.Certificate{leaf, ca.cert})
		want := 1
		if c.next <= 0 && c.this != -day { // what has ended already is not kept
			want = 2
		}
		require.Equal(t, want, asked, "%s: kept", c.name)
		at.now = now.Add(c.keptNot)
		_ = r.Check(t.Context(), []*x509.Certificate{leaf, ca.cert})
		require.Equal(t, want+1, asked, "%s: asked again", c.name)
	}
}

// TestStatusOverHTTP says what a server answered in place of a status, and takes
// no answer that is longer than asked for.
func TestStatusOverHTTP(t *testing.T) {
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		says   string
	}{
		"not found": {http.NotFound, "HTTP status 404 Not Found"},
		"moved": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/altrove", http.StatusFound) },
			"HTTP status 302 Found"},
		"endless": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) },
			"an answer of more than 65536 bytes"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("breve"))
		}, "unexpected EOF"},
	} {
		server := httptest.NewServer(c.handle)
		ca := newIssuer(t, "PROVA radice")
		err := seal.NewRevocation(seal.RevocationConfig{}).Check(t.Context(),
			[]*x509.Certificate{ca.leaf(server.URL, ""), ca.cert})
		server.Close()
		require.ErrorIs(t, err, seal.ErrRevocation, name)
		require.ErrorContains(t, err, c.says, name)
	}
	ca := newIssuer(t, "PROVA radice")
	for _, address := range []string{"ftp://x.invalid/", "http://[", "file:///etc/passwd", "http:// /"} {
		err := seal.NewRevocation(seal.RevocationConfig{}).Check(t.Context(),
			[]*x509.Certificate{ca.leaf(address, ""), ca.cert})
		require.ErrorIs(t, err, seal.ErrRevocation, address)
		require.ErrorContains(t, err, "not an http or https address", address)
	}
}

// TestRespondersOfResponders asks for the status of a responder's certificate once,
// and not for that of the responder that answers then.
func TestRespondersOfResponders(t *testing.T) {
	ca := newIssuer(t, "PROVA radice")
	leaf := ca.leaf("http://leaf.invalid/", "")
	without := func(url string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtraExtensions, c.OCSPServer = nil, []string{url} }
	}
	one, oneKey := ca.responder(without("http://one.invalid/"))
	two, twoKey := ca.responder(without("http://two.invalid/"))
	checked, checkedKey := ca.responder(nil)
	for name, c := range map[string]struct {
		second []byte // what is answered about the first responder
		says   string
	}{
		"with nocheck":    {ca.answer(one, checked, checkedKey, nil), ""},
		"by the issuer":   {ca.answer(one, ca.cert, ca.key, nil), ""},
		"without nocheck": {ca.answer(one, two, twoKey, nil), "of a responder has no extension nocheck"},
		"by itself":       {ca.answer(one, one, oneKey, nil), "of a responder has no extension nocheck"},
	} {
		asked := map[string]int{}
		r := seal.NewRevocation(seal.RevocationConfig{Fetch: func(_ context.Context, q seal.FetchRequest) ([]byte, error) {
			asked[q.URL]++
			switch q.URL {
			case "http://leaf.invalid/":
				return ca.answer(leaf, one, oneKey, nil), nil
			case "http://one.invalid/":
				return c.second, nil
			}
			return nil, errors.New("nobody asks here")
		}})
		err := r.Check(t.Context(), []*x509.Certificate{leaf, ca.cert})
		require.Equal(t, map[string]int{"http://leaf.invalid/": 1, "http://one.invalid/": 1}, asked, name)
		if c.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, seal.ErrRevocation, name)
		require.ErrorContains(t, err, c.says, name)
	}
}
