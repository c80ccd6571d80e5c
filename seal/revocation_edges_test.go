package seal_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
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

// TestCacheIsBounded keeps the status of 1024 certificates; with one more it
// begins anew.
func TestCacheIsBounded(t *testing.T) {
	ca := newIssuer(t, "PROVA radice")
	list, asked := ca.list(nil), 0
	r := seal.NewRevocation(seal.RevocationConfig{
		Fetch: func(context.Context, seal.FetchRequest) ([]byte, error) { asked++; return list, nil }})
	check := func(leaf *x509.Certificate) {
		t.Helper()
		require.NoError(t, r.Check(t.Context(), []*x509.Certificate{leaf, ca.cert}))
	}
	first := ca.leaf("", "http://c.invalid/")
	check(first)
	for range 1023 {
		check(ca.leaf("", "http://c.invalid/"))
	}
	check(first)
	require.Equal(t, 1024, asked, "the first is kept")
	check(ca.leaf("", "http://c.invalid/"))
	check(first)
	require.Equal(t, 1026, asked, "and no longer")
}

// TestAnswerOfTheGreatestSize takes an answer of just the size that is asked for,
// from a function and over HTTP.
func TestAnswerOfTheGreatestSize(t *testing.T) {
	for size, large := range map[int]bool{64<<10 - 1: false, 64 << 10: false, 64<<10 + 1: true, 64<<10 + 2: true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, size))
		}))
		ca := newIssuer(t, "PROVA radice")
		chain := []*x509.Certificate{ca.leaf(server.URL, ""), ca.cert}
		for _, cfg := range []seal.RevocationConfig{{}, {
			Fetch: func(context.Context, seal.FetchRequest) ([]byte, error) { return make([]byte, size), nil }}} {
			err := seal.NewRevocation(cfg).Check(t.Context(), chain)
			require.ErrorIs(t, err, seal.ErrRevocation)
			if large {
				require.ErrorContains(t, err, "an answer of more than 65536 bytes", "%d", size)
			} else {
				require.NotContains(t, err.Error(), "an answer of more than", "%d", size)
			}
		}
		server.Close()
	}
}

// TestGivenUpBetweenQuestions asks no second service for somebody who gave up.
func TestGivenUpBetweenQuestions(t *testing.T) {
	ca := newIssuer(t, "PROVA radice")
	for name, leaf := range map[string]*x509.Certificate{
		"after the responder": ca.leaf("http://o.invalid/", "http://c.invalid/"),
		"after the list":      ca.leaf("", "http://c.invalid/"),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		asked := 0
		r := seal.NewRevocation(seal.RevocationConfig{Fetch: func(context.Context, seal.FetchRequest) ([]byte, error) {
			asked++
			cancel()
			return nil, errors.New("not reachable")
		}})
		err := r.Check(ctx, []*x509.Certificate{leaf, ca.cert})
		require.ErrorIs(t, err, context.Canceled, name)
		require.NotErrorIs(t, err, seal.ErrRevocation, name)
		require.Equal(t, 1, asked, name)
	}
}

// TestEvidenceOfResponders puts into the document what it takes to verify the
// answers: the certificates of the responders, and the status of one that needs it.
func TestEvidenceOfResponders(t *testing.T) {
	ca := newIssuer(t, "PROVA radice")
	key, err := sealtest.NewKey(sealtest.P256)
	require.NoError(t, err)
	leaf := ca.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "PROVA"},
		OCSPServer: []string{"http://o.invalid/"}, KeyUsage: x509.KeyUsageDigitalSignature}, key.(*ecdsa.PrivateKey))
	responder, responderKey := ca.responder(func(c *x509.Certificate) {
		c.ExtraExtensions, c.CRLDistributionPoints = nil, []string{"http://c.invalid/"}
	})
	list := ca.list(nil)
	fetch := func(_ context.Context, q seal.FetchRequest) ([]byte, error) {
		if q.OCSP == nil {
			return list, nil
		}
		return ca.answer(leaf, responder, responderKey, nil), nil
	}
	status := seal.NewRevocation(seal.RevocationConfig{Fetch: fetch})
	authority := newCA(t, sealtest.Config{NoRevocation: true})
	stamps, err := authority.NewTSA(sealtest.TSAConfig{})
	require.NoError(t, err)
	tsa := ca.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "PROVA marche"},
		CRLDistributionPoints: []string{"http://c.invalid/"}}, key.(*ecdsa.PrivateKey))
	s, err := seal.NewPAdES(seal.PAdESConfig{Signer: key, Chain: []*x509.Certificate{leaf}, Level: seal.LevelLT,
		Roots: []*x509.Certificate{ca.cert}, Revocation: status,
		Timestamp: stamping(func(ctx context.Context, hash crypto.Hash, digest []byte) (*seal.Token, error) {
			client, err := authority.TSAClient(stamps)
			require.NoError(t, err)
			token, err := client.Timestamp(ctx, hash, digest)
			if err == nil {
				token = &seal.Token{Raw: token.Raw, Time: token.Time, Chain: []*x509.Certificate{tsa}}
			}
			return token, err
		})})
	require.NoError(t, err)
	out, err := s.Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	dss, v := storeOf(t, out)
	require.Contains(t, listed(t, v, dss, "Certs"), string(responder.Raw))
	require.Contains(t, listed(t, v, dss, "CRLs"), string(list))
	require.Len(t, listed(t, v, dss, "OCSPs"), 1)
}

// TestNotQualifiedError names the certificate and each requirement.
func TestNotQualifiedError(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	cfg := padesConfig(t, ca, seal.LevelB)
	cfg.Production = true
	_, err := seal.NewPAdES(cfg)
	var e *seal.NotQualifiedError
	require.ErrorAs(t, err, &e)
	require.Equal(t, ca.Chain()[0].Subject.String(), e.Subject)
	require.ErrorContains(t, err, e.Subject)
	require.NotEmpty(t, e.Findings)
	for _, f := range e.Findings {
		require.ErrorContains(t, err, string(f.Code)+": "+f.Message+" ("+f.Source+")")
	}
	// The certificates of the issuers are judged too.
	later := time.Now().AddDate(12, 0, 0)
	ca = newCA(t, sealtest.Config{Qualified: true})
	chain, err := ca.Issue(ca.Signer().Public(), func(c *x509.Certificate) { c.NotAfter = later.AddDate(1, 0, 0) })
	require.NoError(t, err)
	cfg = padesConfig(t, ca, seal.LevelB)
	cfg.Chain, cfg.Production, cfg.Now = chain, true, func() time.Time { return later }
	_, err = seal.NewPAdES(cfg)
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Findings, 1)
	require.Contains(t, e.Findings[0].Message, ca.Chain()[1].Subject.String())
}
