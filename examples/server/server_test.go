package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/job"
	"github.com/liste-elettorali/anpr/internal/limits/clients"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/transport/session"
	"github.com/liste-elettorali/anpr/verify"
)

func TestUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"without -dev": {nil, 2, "senza -dev non parte"},
		"help":         {[]string{"-h"}, 0, "-data"},
		"unknown flag": {[]string{"-x"}, 2, "-x"},
		"an argument":  {[]string{"-dev", "x"}, 2, "uso: server"},
		"any address":  {[]string{"-dev", "-addr", ":0", "-data", t.TempDir()}, 1, "finisce nei contrassegni"},
		"IPv6":         {[]string{"-dev", "-addr", "[::1]:0", "-data", t.TempDir()}, 1, "finisce nei contrassegni"},
		"bad address":  {[]string{"-dev", "-addr", "nessuno:x", "-data", t.TempDir()}, 1, "unknown port"},
	} {
		var out, errs bytes.Buffer
		assert.Equal(t, c.code, run(t.Context(), c.args, &out, &errs), name)
		assert.Contains(t, errs.String(), c.says, name)
	}
}

// TestPath goes the citizen's whole path without a browser, and then does it
// again where the server was started anew on the same data.
func TestPath(t *testing.T) {
	data := t.TempDir()
	var first, pdf string
	t.Run("first", func(t *testing.T) {
		s, base, _ := start(t, func(o *options) { o.data = data })
		c := browser(t)
		resp, _ := login(t, c, base, "jesi", "cie-3")
		require.Equal(t, http.StatusSeeOther, resp.StatusCode)
		resp, _ = post(t, c, base+"/area/anteprima", url.Values{"tipo": {"combined"}, "uso": {"private"}})
		require.Equal(t, http.StatusSeeOther, resp.StatusCode)
		preview := resp.Header.Get("Location")
		_, text := get(t, c, base+preview)
		assert.Contains(t, text, "gode dei diritti politici")
		id := preview[strings.LastIndex(preview, "/")+1:]
		resp, _ = post(t, c, base+"/area/emissione", url.Values{"anteprima": {id}})
		require.Equal(t, http.StatusSeeOther, resp.StatusCode)
		first, _, _ = strings.Cut(resp.Header.Get("Location"), "?")
		resp, _ = post(t, c, base+"/area/emissione", url.Values{"anteprima": {id}})
		assert.Equal(t, first+"?rilasciato", resp.Header.Get("Location"), "a second «Conferma» issues nothing")
		resp, pdf = get(t, c, base+first+"/pdf")
		assert.Equal(t, "application/pdf", resp.Header.Get("Content-Type"))
		assert.True(t, s.verifier.PDF(t.Context(), []byte(pdf), time.Now()).Valid)

		// Nobody else gets it, nor knows of it.
		other := browser(t)
		login(t, other, base, "bolzano", "cie-3")
		resp, _ = get(t, other, base+first)
		assert.Equal(t, http.StatusNotFound, resp.StatusCode)
		resp, text = get(t, other, base+first+"/pdf")
		assert.Equal(t, http.StatusForbidden, resp.StatusCode)
		assert.Contains(t, text, string(certificate.NotYours))
		resp, _ = get(t, other, base+preview)
		assert.Equal(t, http.StatusGone, resp.StatusCode, "a preview is its session's")
		resp, _ = get(t, browser(t), base+first+"/pdf")
		assert.Equal(t, http.StatusSeeOther, resp.StatusCode)

		// He sees that somebody tried.
		_, text = get(t, c, base+"/area/accessi")
		assert.Contains(t, text, "rifiutata ("+string(certificate.NotYours)+")")
		assert.Contains(t, text, "Un&#39;altra persona, che si è identificata")
	})
	t.Run("again", func(t *testing.T) {
		s, base, _ := start(t, func(o *options) { o.data = data })
		c := browser(t)
		login(t, c, base, "jesi", "spid-2")
		_, text := get(t, c, base+"/area/certificati")
		assert.Contains(t, text, first)
		resp, again := get(t, c, base+first+"/pdf")
		require.Equal(t, http.StatusOK, resp.StatusCode)
		assert.Equal(t, pdf, again)
		report := s.verifier.PDF(t.Context(), []byte(again), time.Now())
		assert.True(t, report.Valid, "what an earlier run sealed stays verifiable: %+v", report.Checks)

		// The log of both runs is whole.
		logReport, err := s.verifier.Log(t.Context(), os.DirFS(filepath.Join(data, "audit")))
		require.NoError(t, err)
		assert.True(t, logReport.Valid, "%+v", logReport.Checks)
	})
	info, err := os.Stat(filepath.Join(data, "contrassegno.key"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestRefused(t *testing.T) {
	s, base, out := start(t, nil)
	c := browser(t)
	for identity, code := range map[string]electoral.Code{"spid-1": electoral.LevelTooLow} {
		resp, text := login(t, c, base, "jesi", identity)
		assert.Equal(t, http.StatusForbidden, resp.StatusCode)
		assert.Contains(t, text, string(code))
	}
	resp, text := login(t, c, base, "ignota", "cie-3")
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
	assert.Contains(t, text, string(electoral.PersonUnknown))
	for _, form := range []url.Values{{}, {"persona": {"x"}}, {"persona": {"jesi"}}, {"persona": {"jesi"}, "identita": {"x"}}} {
		resp, _ := post(t, c, base+"/accesso", form)
		assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode, "%v", form)
	}
	login(t, c, base, "jesi", "cie-3")
	resp, text = post(t, c, base+"/area/anteprima", url.Values{})
	assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	assert.Contains(t, text, `<a href="#tipo">`)
	assert.Contains(t, text, `<a href="#uso">`)
	for _, form := range []url.Values{{"tipo": {"x"}, "uso": {"electoral"}}, {"tipo": {"enrolment"}, "uso": {"electoral"}, "lingua": {"de"}}} {
		resp, text := post(t, c, base+"/area/anteprima", form)
		assert.Equal(t, http.StatusForbidden, resp.StatusCode, "%v", form)
		assert.Contains(t, text, "CER-RIC-", "%v", form)
	}
	// A request id of another making is none.
	for _, id := range []string{"x", "portale-", "portale-A\r\nB", "portale-" + strings.Repeat("A", 100)} {
		resp, _ := post(t, c, base+"/area/rettifica/general.section", url.Values{"valore": {strings.Repeat("y", 300)}, "richiesta": {id}})
		assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode, "%q", id)
	}
	resp, _ = post(t, c, base+"/area/emissione", url.Values{"anteprima": {"x"}})
	assert.Equal(t, http.StatusGone, resp.StatusCode)
	assert.NotContains(t, out.String(), string(s.people[0].FiscalCode))
}

// TestGuard is about what every answer has.
func TestGuard(t *testing.T) {
	_, base, _ := start(t, nil)
	c := browser(t)
	resp, _ := get(t, c, base+"/")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
		"Strict-Transport-Security":  "max-age=31536000",
		"Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		assert.Contains(t, resp.Header.Get(name), want, name)
	}
	assert.NotContains(t, resp.Header.Get("Content-Security-Policy"), "unsafe")
	login(t, c, base, "jesi", "cie-3")
	u, err := url.Parse(base)
	require.NoError(t, err)
	cookies := c.Jar.Cookies(u)
	require.Len(t, cookies, 1)
	assert.True(t, strings.HasPrefix(cookies[0].Name, "__Host-"))

	// A form from another site changes nothing.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/uscita", nil)
	require.NoError(t, err)
	r.Header.Set("Origin", "https://altrove.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err = c.Do(r)
	require.NoError(t, err)
	assert.Contains(t, body(t, resp), "Il modulo non è stato inviato da questo sito")
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
	resp, _ = get(t, c, base+"/area")
	assert.Equal(t, http.StatusOK, resp.StatusCode, "still logged in")

	// The page's styles come whole, packed or not.
	_, css := get(t, c, base+"/static/bootstrap-italia.min.css")
	assert.Greater(t, len(css), 500_000)
	resp, _ = get(t, c, base+"/static/main.go")
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
	for path, want := range map[string]string{"/livez": "ok", "/readyz": "ready"} {
		_, text := get(t, c, base+path)
		assert.Contains(t, text, want)
	}
}

// TestFirstVisitors: a class opens the home page in the same second, from one address, and
// sees all of it.
func TestFirstVisitors(t *testing.T) {
	_, base, _ := start(t, nil)
	named := regexp.MustCompile(`(?:href="(/static/[^"]+)|url\("([^"]+\.woff2)"\))`)
	for range 25 {
		c := browser(t)
		resp, page := get(t, c, base+"/")
		require.Equal(t, http.StatusOK, resp.StatusCode)
		all := named.FindAllStringSubmatch(page, -1)
		require.Len(t, all, 2)
		for _, style := range all {
			resp, text := get(t, c, base+style[1])
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Contains(t, resp.Header.Get("Cache-Control"), "immutable")
			for _, font := range named.FindAllStringSubmatch(text, -1) {
				resp, _ := get(t, c, base+"/static/"+font[2])
				require.Equal(t, http.StatusOK, resp.StatusCode)
				require.Equal(t, "font/woff2", resp.Header.Get("Content-Type"))
				require.Contains(t, resp.Header.Get("Cache-Control"), "immutable")
			}
		}
	}
	resp, _ := get(t, browser(t), base+"/static/site.css")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.NotContains(t, resp.Header.Get("Cache-Control"), "immutable", "a name that does not change")
}

// TestOrigin: forms are taken from browsers that say where they come from by Origin alone,
// as Safari before 16.4, and from no other scheme or host.
func TestOrigin(t *testing.T) {
	_, base, _ := start(t, nil)
	post := func(headers map[string]string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/accesso",
			strings.NewReader(url.Values{"persona": {"jesi"}, "identita": {"cie-3"}}.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		resp, err := browser(t).Do(r)
		require.NoError(t, err)
		body(t, resp)
		return resp.StatusCode
	}
	for origin, want := range map[string]int{base: http.StatusSeeOther, "": http.StatusSeeOther,
		"http" + strings.TrimPrefix(base, "https"): http.StatusForbidden, "null": http.StatusForbidden,
		"https://altrove.example": http.StatusForbidden} {
		require.Equal(t, want, post(map[string]string{"Origin": origin}), origin)
	}
	require.Equal(t, http.StatusSeeOther, post(map[string]string{"Origin": base, "Sec-Fetch-Site": "same-origin"}))
	require.Equal(t, http.StatusForbidden, post(map[string]string{"Origin": base, "Sec-Fetch-Site": "cross-site"}))
}

// TestBehindProxy: the service is reached under another address than it listens on, and
// whom the proxy names is who is counted.
func TestBehindProxy(t *testing.T) {
	var out bytes.Buffer
	for _, bad := range [][]string{{"-base-url", "http://a.example"}, {"-base-url", "https://a.example/x"},
		{"-base-url", "a.example"}, {"-trusted-proxies", "proxy"}} {
		require.Equal(t, 2, run(t.Context(), append([]string{"-dev"}, bad...), io.Discard, &out), "%v", bad)
	}
	require.Contains(t, out.String(), "https://elettorale.example.it")
	s, _, _ := start(t, func(o *options) {
		o.base = "https://elettorale.example.it"
		o.proxies = clients.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
	})
	require.Equal(t, "https://elettorale.example.it", s.base)
	handler, err := s.handler()
	require.NoError(t, err)
	ask := func(from, said string) int {
		r := httptest.NewRequest(http.MethodPost, "https://elettorale.example.it/uscita", nil)
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-For", said)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	last := 0
	for range 150 {
		last = ask("127.0.0.1:1", "203.0.113.9")
	}
	require.Equal(t, http.StatusTooManyRequests, last)
	require.Equal(t, http.StatusSeeOther, ask("127.0.0.1:1", "203.0.113.10"), "somebody else behind the same proxy")
	require.Equal(t, http.StatusTooManyRequests, ask("127.0.0.1:1", "203.0.113.10, 203.0.113.9"), "what a client says of itself")
	require.Equal(t, http.StatusSeeOther, ask("198.51.100.1:1", "203.0.113.9"), "no proxy of ours")
}

// TestTLS: no suites with CBC.
func TestTLS(t *testing.T) {
	_, base, _ := start(t, nil)
	u, err := url.Parse(base)
	require.NoError(t, err)
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if !slices.Contains(suite.SupportedVersions, uint16(tls.VersionTLS12)) {
			continue
		}
		conn, err := tls.Dial("tcp", u.Host, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{suite.ID}})
		if err == nil {
			require.NoError(t, conn.Close())
			require.NotContains(t, suite.Name, "CBC")
			require.Contains(t, suite.Name, "ECDHE")
		}
	}
}

// TestReadingTheLog: each asking who used one's data reads the whole log, so it
// is bounded for each person, whatever the sessions and addresses.
func TestReadingTheLog(t *testing.T) {
	_, base, _ := start(t, nil)
	codes := map[int]int{}
	for range 2 {
		c := browser(t)
		login(t, c, base, "jesi", "cie-3")
		for range 10 {
			resp, text := get(t, c, base+"/area/accessi")
			codes[resp.StatusCode]++
			if resp.StatusCode == http.StatusTooManyRequests {
				assert.NotEmpty(t, resp.Header.Get("Retry-After"))
				assert.Contains(t, text, "Attendere")
			}
		}
	}
	assert.Positive(t, codes[http.StatusOK])
	assert.LessOrEqual(t, codes[http.StatusOK], 7)
	assert.Equal(t, 20, codes[http.StatusOK]+codes[http.StatusTooManyRequests])
	c := browser(t)
	login(t, c, base, "bolzano", "cie-3")
	resp, _ := get(t, c, base+"/area/accessi")
	assert.Equal(t, http.StatusOK, resp.StatusCode, "another person")
}

// TestAccessesRefused: who may not ask who used the data is on record for it.
func TestAccessesRefused(t *testing.T) {
	s, base, _ := start(t, nil)
	p := s.people[0]
	token, _, err := s.sessions.Begin(t.Context(), session.Identity{Person: p.anprID,
		Actor: electoral.Actor{FiscalCode: p.FiscalCode, Role: electoral.CitizenRole, Method: electoral.SPIDMethod, Level: 1}}, "")
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/area/accessi", nil)
	require.NoError(t, err)
	r.AddCookie(cookie(sessionCookie, token, 0))
	resp, err := browser(t).Do(r)
	require.NoError(t, err)
	assert.Contains(t, body(t, resp), string(electoral.LevelTooLow))
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
	seen, err := s.recorder.About(t.Context(), s.logStore, p.anprID)
	require.NoError(t, err)
	require.NotEmpty(t, seen)
	last := seen[len(seen)-1]
	assert.Equal(t, electoral.OpReadAccesses, last.Operation)
	assert.Equal(t, string(electoral.LevelTooLow), last.Outcome)
}

// TestWithoutSteps: only steps of the same asker's own service are left out.
func TestWithoutSteps(t *testing.T) {
	a := electoral.Access{FiscalCode: "A", RequestID: "r-1", Comune: "E388", Operation: electoral.OpVerifyCertificate}
	other, elsewhere, issue := a, a, a
	issue.Operation = electoral.OpIssueCertificate
	other.FiscalCode, elsewhere.Comune = "B", "A952"
	assert.Equal(t, []electoral.Access{a, other, elsewhere, issue, issue}, withoutSteps([]electoral.Access{a, a, other, elsewhere, issue, issue}))
}

// TestQuiet: what scanners cause is not in the log, what the operator must know
// is, and no client's address.
func TestQuiet(t *testing.T) {
	var out bytes.Buffer
	log := serverErrors(slog.New(slog.NewTextHandler(&out, nil)))
	log.Printf("http: TLS handshake error from 192.0.2.1:1000: EOF")
	assert.Empty(t, out.String())
	log.Printf("http: Accept error: accept tcp 127.0.0.1:8443: accept4: too many open files; retrying in 5ms")
	assert.Contains(t, out.String(), "too many open files")
	log.Printf("http: panic serving 192.0.2.1:1000: x")
	assert.NotContains(t, out.String(), "192.0.2.1")
}

// TestFolder: who may write in the folder may put a key and roots of his own.
func TestFolder(t *testing.T) {
	data := t.TempDir()
	o := options{addr: "127.0.0.1:0", data: data, dev: true}
	logger := slog.New(slog.DiscardHandler)
	refused := func(says string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := serve(ctx, o, io.Discard, logger, func(*system, string) { cancel() })
		require.ErrorContains(t, err, says)
	}
	require.NoError(t, os.Chmod(data, 0o777))
	refused("others may write")
	require.NoError(t, os.Chmod(data, 0o700))
	trust := filepath.Join(data, "trust.pem")
	require.NoError(t, os.WriteFile(trust, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n"), 0o600))
	refused("trust.pem")
	kept, err := os.ReadFile(trust)
	require.NoError(t, err)
	assert.Equal(t, "-----BEGIN CERTIFICATE-----\nAAAA\n", string(kept), "what cannot be read is left for who can mend it")
}

// TestBroken: an answer that breaks in its middle must not look whole.
func TestBroken(t *testing.T) {
	s, _, out := start(t, nil)
	st := &site{system: s}
	server := httptest.NewServer(st.guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic("broken")
	})))
	defer server.Close()
	resp, err := http.Get(server.URL)
	require.NoError(t, err)
	_, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Contains(t, out.String(), "panic")
}

// TestCrash leaves an issue open in the log, as kill -9 would, and starts again.
func TestCrash(t *testing.T) {
	data := t.TempDir()
	at := time.Now().UTC().Truncate(time.Millisecond)
	t.Run("first", func(t *testing.T) {
		s, _, _ := start(t, func(o *options) { o.data = data })
		require.NoError(t, s.recorder.Record(t.Context(), electoral.Access{
			FiscalCode: s.people[0].FiscalCode, At: at, Operation: electoral.OpIssueCertificate, Outcome: electoral.Requested, RequestID: "portale-X", Method: electoral.CIEMethod, Subject: s.people[0].anprID,
			Role: electoral.CitizenRole,
		}))
	})
	s, _, _ := start(t, func(o *options) { o.data = data })
	seen, err := s.recorder.About(t.Context(), s.logStore, s.people[0].anprID)
	require.NoError(t, err)
	outcome := ""
	for _, a := range seen {
		if a.RequestID == "portale-X" {
			outcome = a.Outcome
		}
	}
	assert.Equal(t, electoral.Failed, outcome)
}

func TestPostgres(t *testing.T) {
	dsn := testenv.Postgres(t)
	s, base, _ := start(t, func(o *options) { o.dsn = dsn })
	c := browser(t)
	resp, _ := login(t, c, base, "europea", "cns-3")
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	_, text := get(t, c, base+"/area/dati")
	assert.Contains(t, text, "lista aggiunta UE")
	issued := issue(t, s, "europea", certificate.EnrolmentCertificate)
	assert.True(t, s.verifier.PDF(t.Context(), issued.PDF, time.Now()).Valid)
}

// TestDatabaseAway: nothing is answered without the database, what failed is on
// record, and nobody can be found in what the operator reads.
func TestDatabaseAway(t *testing.T) {
	dsn := testenv.Postgres(t)
	s, base, out := start(t, func(o *options) { o.dsn = dsn })
	c := browser(t)
	login(t, c, base, "jesi", "cie-3")
	preview, _ := post(t, c, base+"/area/anteprima", url.Values{"tipo": {"enrolment"}, "uso": {"electoral"}})
	id := preview.Header.Get("Location")
	id = id[strings.LastIndex(id, "/")+1:]
	require.NoError(t, s.db.Close())
	for _, path := range []string{"/area/dati", "/area/certificati", "/area/rettifica"} {
		resp, _ := get(t, c, base+path)
		assert.Equal(t, http.StatusInternalServerError, resp.StatusCode, path)
	}
	resp, _ := post(t, c, base+"/area/emissione", url.Values{"anteprima": {id}})
	assert.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	resp, _ = login(t, browser(t), base, "bolzano", "cie-3")
	assert.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	resp, _ = get(t, c, base+"/readyz")
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	resp, _ = get(t, c, base+"/livez")
	assert.Equal(t, http.StatusOK, resp.StatusCode)

	seen, err := s.recorder.About(t.Context(), s.logStore, s.people[0].anprID)
	require.NoError(t, err)
	require.NotEmpty(t, seen)
	assert.Condition(t, func() bool {
		return slices.ContainsFunc(seen, func(a electoral.Access) bool {
			return a.Operation == electoral.OpIssueCertificate && a.Outcome == electoral.Failed
		})
	}, "%+v", seen)
	for _, p := range s.people[:2] {
		assert.NotContains(t, out.String(), p.anprID)
		assert.NotContains(t, out.String(), string(p.FiscalCode))
	}
	assert.Contains(t, out.String(), "ERR-", "the number that the page says")
}

// TestSameAnswer: the page says what the verifier program says.
func TestSameAnswer(t *testing.T) {
	s, base, _ := start(t, nil)
	issued := issue(t, s, "jesi", certificate.EnrolmentCertificate)
	c := browser(t)
	link := base + "/C/" + issued.Contrassegno.Code()
	_, text := get(t, c, link)
	m := regexp.MustCompile(`name="prova" value="([^"]+)"`).FindStringSubmatch(text)
	require.NotNil(t, m)
	_, text = post(t, c, link, url.Values{"prova": {m[1]}, "codice": {answer}})
	shown := strings.NewReplacer("&#39;", "'", "&#34;", `"`).Replace(text)
	report := s.verifier.PDF(t.Context(), issued.PDF, time.Now())
	for _, check := range report.Checks {
		assert.Contains(t, shown, check.Message)
	}
	pair := s.verifier.Contrassegno(t.Context(), issued.Contrassegno, []verify.Document{{Name: "originale", Data: issued.PDF}}, time.Now())
	for _, check := range pair.Checks {
		assert.Contains(t, shown, check.Message)
	}
}

// TestMaintenance: the work that no request waits for is done, once asked for, and nothing
// of it fails.
func TestMaintenance(t *testing.T) {
	s, _, out := start(t, nil)
	var names []string
	for _, w := range s.work() {
		names = append(names, w.Name)
	}
	require.Eventually(t, func() bool {
		status, err := s.jobs.Status(t.Context())
		require.NoError(t, err)
		done := map[string]bool{}
		for _, j := range status.Jobs {
			done[j.Name] = j.Outcome == job.Done
		}
		return !slices.ContainsFunc(names, func(n string) bool { return !done[n] })
	}, 5*time.Minute, 50*time.Millisecond, "each job is due at once")
	assert.NotContains(t, out.String(), "level=ERROR")
}

// TestNotReady: a server whose log takes no entries is not ready, and is again later.
func TestNotReady(t *testing.T) {
	var c clock
	s, base, _ := start(t, func(o *options) { o.now = c.now })
	code := func() int {
		resp, _ := get(t, browser(t), base+"/readyz")
		return resp.StatusCode
	}
	require.Equal(t, http.StatusOK, code())
	st := siteOf(t, s)
	st.failed(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/area", nil), "data", electoral.ErrRequestNotRecorded)
	require.Equal(t, http.StatusServiceUnavailable, code())
	c.add(2 * time.Minute)
	require.Equal(t, http.StatusOK, code())
}

// TestTwoLanguages: of a certificate in two languages both are there to compare.
func TestTwoLanguages(t *testing.T) {
	s, base, _ := start(t, nil)
	issued := issue(t, s, "bolzano", certificate.EnrolmentCertificate)
	c := browser(t)
	link := base + "/C/" + issued.Contrassegno.Code()
	_, text := get(t, c, link)
	m := regexp.MustCompile(`name="prova" value="([^"]+)"`).FindStringSubmatch(text)
	require.NotNil(t, m)
	_, text = post(t, c, link, url.Values{"prova": {m[1]}, "codice": {answer}})
	assert.Contains(t, text, `lang="de"`)
	assert.Contains(t, text, "Wählerlisten")
	assert.Contains(t, text, "liste elettorali")
}
