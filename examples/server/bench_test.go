package main

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/verify/captcha"
)

// benchServer runs a server until the benchmark ends or stop is called.
func benchServer(b *testing.B, o options) (s *system, base string, stop func()) {
	b.Helper()
	o.addr, o.data, o.dev = "127.0.0.1:0", b.TempDir(), true
	ctx, cancel := context.WithCancel(b.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- serve(ctx, o, io.Discard, slog.New(slog.DiscardHandler), func(up *system, at string) {
			s, base = up, at
			close(ready)
		})
	}()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		require.NoError(b, err)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(b, <-done)
	})
	b.Cleanup(stop)
	return s, base, stop
}

// benchClient is a browser that connects from an address of the loopback network.
func benchClient(b *testing.B, from net.IP) *http.Client {
	b.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(b, err)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}
	transport := &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 16,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the benchmark's own server
	b.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// A side gets a certificate of a person in one of the two ways that are compared.
type side func(persona int) []byte

// BenchmarkCertificate gets certificates as citizens do, over HTTP: preview, confirm,
// download. Beside it, in the same run and with the same issuer, archive and log, the same
// is done through the packages. %-one is how fast HTTP is in the packages' terms for one
// certificate after another, %-two for those of two people at once, as many as a server of
// two processors admits: 60 or more are wanted.
func BenchmarkCertificate(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { benchmarkCertificate(b, options{}) })
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkCertificate(b, options{dsn: testenv.Postgres(b)}) })
}

// Within what a person may ask at once: 20 forms, and 5 certificates of a kind a day.
const (
	benchRounds   = 4 // one after another
	benchPeople   = 2 // at once
	benchTogether = 5 // certificates of each
)

func benchmarkCertificate(b *testing.B, o options) {
	personas := []string{"jesi", "bolzano", "estero", "europea"}
	one := map[string][]time.Duration{}
	two := map[string]time.Duration{}
	for b.Loop() {
		b.StopTimer()
		s, base, stop := benchServer(b, o)
		sides := benchSides(b, s, base, personas)
		for name, take := range sides { // fills the caches of both
			require.NotEmpty(b, take(0), name)
		}
		sweep := func() { // a person may have so many a day
			_, err := s.archive.Sweep(b.Context(), time.Now().AddDate(1, 0, 0))
			require.NoError(b, err)
		}
		b.StartTimer()
		for round := range benchRounds {
			sweep()
			order := []string{"http", "packages"}
			if round%2 == 1 {
				slices.Reverse(order)
			}
			for persona := range personas {
				if persona == 0 && round == 0 {
					continue // it had one already
				}
				for _, name := range order {
					began := time.Now()
					sides[name](persona)
					one[name] = append(one[name], time.Since(began))
				}
			}
		}
		for _, name := range []string{"http", "packages"} {
			sweep()
			began := time.Now()
			var wg sync.WaitGroup
			for persona := range benchPeople {
				wg.Go(func() {
					for range benchTogether {
						sides[name](persona)
					}
				})
			}
			wg.Wait()
			two[name] += time.Since(began)
		}
		stop()
	}
	http, packages := median(one["http"]), median(one["packages"])
	b.ReportMetric(float64(http.Microseconds())/1e3, "http-ms")
	b.ReportMetric(float64(packages.Microseconds())/1e3, "packages-ms")
	b.ReportMetric(100*float64(packages)/float64(http), "%-one")
	each := float64(b.N * benchTogether * benchPeople)
	b.ReportMetric(each/two["http"].Seconds(), "http/s")
	b.ReportMetric(100*float64(two["packages"])/float64(two["http"]), "%-two")
}

// benchSides are the two ways of getting a certificate.
func benchSides(b *testing.B, s *system, base string, personas []string) map[string]side {
	var browsers []*http.Client
	var people []persona
	for _, id := range personas {
		c := benchClient(b, net.IPv4(127, 0, 0, 1))
		resp, err := c.PostForm(base+"/accesso", url.Values{"persona": {id}, "identita": {"cie-3"}})
		require.NoError(b, err)
		require.NoError(b, resp.Body.Close())
		require.Equal(b, http.StatusSeeOther, resp.StatusCode)
		browsers = append(browsers, c)
		people = append(people, s.people[slices.IndexFunc(s.people, func(p persona) bool { return p.ID == id })])
	}
	return map[string]side{
		"http": func(n int) []byte { return take(b, browsers[n], base, certificate.EnrolmentCertificate) },
		"packages": func(n int) []byte {
			actor := benchActor(people[n])
			req := certificate.Request{Request: electoral.Request{ID: newRequestID(), Actor: actor},
				ANPRID: people[n].anprID, Kind: certificate.EnrolmentCertificate, Use: certificate.ElectoralUse}
			shown, err := s.issuer.Preview(b.Context(), req)
			require.NoError(b, err)
			req.ID, req.Previewed = newRequestID(), shown.Shown
			out, err := s.issuer.Issue(b.Context(), req)
			require.NoError(b, err)
			again, err := s.issuer.Download(b.Context(), electoral.Request{ID: newRequestID(), Actor: actor},
				out.Contrassegno.Digest())
			require.NoError(b, err)
			return again.PDF
		},
	}
}

// benchCaptcha is a captcha for [openCaptcha], which lets everybody through.
func benchCaptcha(b *testing.B) *known {
	b.Helper()
	d, err := captcha.New(captcha.Config{Key: random(captcha.MinKeySize)})
	require.NoError(b, err)
	return &known{Digits: d, open: map[string]string{}}
}

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// Past capacity, so many times as many come as can be served, from so many networks.
const (
	benchExcess   = 4
	benchNetworks = 64
	benchComing   = 400
)

// BenchmarkPastCapacity has the codes of printed certificates verified, first by one person
// after another, then by four times as many as the server could serve at that pace, each
// from a network of his own, who come whether or not others are still waiting.
//
// x-quiet-p50 and x-quiet-p95 are how many times the quiet median those need who are
// admitted: of the first, 3 at most are wanted. %-refused are told to come back, after
// refused-ms in the median. The people run on the same processors as the server. For
// -benchtime 1x: the rates of the networks admit no second round at once.
func BenchmarkPastCapacity(b *testing.B) {
	s, base, _ := benchServer(b, options{captcha: &openCaptcha{known: benchCaptcha(b)}})
	out, err := s.issuer.Issue(b.Context(), certificate.Request{ANPRID: s.people[0].anprID,
		Request: electoral.Request{ID: newRequestID(), Actor: benchActor(s.people[0])},
		Kind:    certificate.EnrolmentCertificate, Use: certificate.ElectoralUse})
	require.NoError(b, err)
	picture, err := out.Contrassegno.PNG(500)
	require.NoError(b, err)
	var clients []*http.Client
	id := ""
	for n := range benchNetworks {
		c := benchClient(b, net.IPv4(127, 1, 0, byte(n)))
		id, err = challenged(b.Context(), c, base+"/verifica") // connects
		require.NoError(b, err)
		clients = append(clients, c)
	}
	verify := func(c *http.Client) (int, time.Duration) {
		began := time.Now()
		status, text, err := sendFile(b.Context(), c, base, id, "codice.png", picture)
		if err != nil || status == http.StatusOK && !strings.Contains(text, isAuthentic) {
			b.Errorf("status %d: %v", status, err)
		}
		return status, time.Since(began)
	}
	var quiet, admitted, refused []time.Duration
	for b.Loop() {
		for n := range benchNetworks {
			status, took := verify(clients[n])
			require.Equal(b, http.StatusOK, status)
			quiet = append(quiet, took)
		}
		between := median(quiet) / time.Duration(benchExcess*runtime.GOMAXPROCS(0))
		var mu sync.Mutex
		var wg sync.WaitGroup
		began := time.Now()
		for n := range benchComing {
			time.Sleep(time.Until(began.Add(time.Duration(n) * between)))
			wg.Go(func() {
				status, took := verify(clients[n%benchNetworks])
				mu.Lock()
				defer mu.Unlock()
				switch status {
				case http.StatusOK:
					admitted = append(admitted, took)
				case http.StatusServiceUnavailable, http.StatusTooManyRequests:
					refused = append(refused, took)
				default:
					b.Errorf("status %d", status)
				}
			})
		}
		wg.Wait()
	}
	require.NotEmpty(b, admitted)
	p50 := float64(median(quiet))
	b.ReportMetric(p50/1e6, "quiet-ms")
	b.ReportMetric(float64(median(admitted))/p50, "x-quiet-p50")
	b.ReportMetric(float64(admitted[len(admitted)*95/100])/p50, "x-quiet-p95")
	b.ReportMetric(100*float64(len(refused))/float64(len(refused)+len(admitted)), "%-refused")
	b.ReportMetric(float64(median(refused))/1e6, "refused-ms")
}

// benchActor is a person who has identified himself.
func benchActor(p persona) electoral.Actor {
	return electoral.Actor{FiscalCode: p.FiscalCode, Role: electoral.CitizenRole, AccessPoint: "portale",
		Method: electoral.CIEMethod, Level: 3}
}
