package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// These are the programs that attacked the server, over HTTP and in bounds. They count
// what gets through, and who is served meanwhile. Attackers and their victims come from
// different networks: of 127.0.0.0/8 each address is one.

// from is a browser that connects from an address of the loopback network.
func from(t *testing.T, address string) *http.Client {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	if l, err := net.Listen("tcp", net.JoinHostPort(address, "0")); err != nil {
		testenv.Need(t, "another address of the loopback network: "+err.Error())
	} else {
		require.NoError(t, l.Close())
	}
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{DialContext: dialer.DialContext,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the test's own server
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Timeout: 10 * time.Minute, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

var challenge = regexp.MustCompile(`name="prova" value="([^"]+)"`)

// challenged opens a page with a captcha, and returns its number.
func challenged(ctx context.Context, c *http.Client, page string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	m := challenge.FindSubmatch(text)
	if err != nil || m == nil {
		return "", fmt.Errorf("%s: status %d and no captcha (%w)", page, resp.StatusCode, err)
	}
	return string(m[1]), nil
}

// beginUpload writes a form up to the inside of its file.
func beginUpload(m *multipart.Writer, id, name string) (io.Writer, error) {
	for field, value := range map[string]string{"prova": id, "codice": answer} {
		if err := m.WriteField(field, value); err != nil {
			return nil, err
		}
	}
	return m.CreateFormFile("file", name)
}

// verifyFile verifies a file as somebody at a desk would, and returns the answer.
func verifyFile(
	ctx context.Context, c *http.Client, base, name string, data []byte,
) (status int, text string, err error) {
	id, err := challenged(ctx, c, base+"/verifica")
	if err != nil {
		return 0, "", err
	}
	return sendFile(ctx, c, base, id, name, data)
}

// sendFile sends a file with the answer to a captcha.
func sendFile(
	ctx context.Context, c *http.Client, base, id, name string, data []byte,
) (status int, text string, err error) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	f, err := beginUpload(m, id, name)
	if err == nil {
		_, err = f.Write(data)
	}
	if err != nil {
		return 0, "", err
	}
	if err := m.Close(); err != nil {
		return 0, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/verifica", &b)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	resp, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(page), err
}

// isAuthentic is the heading of the answer to a certificate that is.
const isAuthentic = "Il certificato è autentico"

// authentic requires that a client has a file verified as authentic.
func authentic(t *testing.T, c *http.Client, base, name string, data []byte) {
	t.Helper()
	status, text, err := verifyFile(t.Context(), c, base, name, data)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, text)
	require.Contains(t, text, isAuthentic)
}

// printed returns the code of a new certificate of Jesi's person, as a picture.
func printed(t *testing.T, s *system) (certificate.Issued, []byte) {
	t.Helper()
	issued := issue(t, s, "jesi", certificate.EnrolmentCertificate)
	png, err := issued.Contrassegno.PNG(500)
	require.NoError(t, err)
	return issued, png
}

// TestAttackSlow: more uploads than there are places begin, each behind its captcha, and
// stand still. Others verify.
func TestAttackSlow(t *testing.T) {
	k := newKnown(t)
	s, base, _ := start(t, func(o *options) { o.captcha = k })
	_, png := printed(t, s)
	ctx, end := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer func() { end(); wg.Wait() }()
	attacker := from(t, "127.0.0.2")
	for range 40 {
		id, err := challenged(t.Context(), attacker, base+"/verifica")
		require.NoError(t, err)
		body, w := io.Pipe()
		m := multipart.NewWriter(w)
		wg.Go(func() {
			f, err := beginUpload(m, id, "foto.png")
			if err == nil {
				_, err = f.Write(png[:8]) // and no more
			}
			<-ctx.Done()
			_ = w.CloseWithError(err)
		})
		wg.Go(func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/verifica", body)
			if err != nil {
				return
			}
			r.Header.Set("Content-Type", m.FormDataContentType())
			if resp, err := attacker.Do(r); err == nil {
				_ = resp.Body.Close()
			}
			_ = body.Close()
		})
	}
	require.Eventually(t, func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return len(k.open) == 0
	}, time.Minute, 5*time.Millisecond, "all have passed the captcha")
	for range 3 {
		authentic(t, from(t, "127.0.0.3"), base, "foto.png", png)
	}
}

// TestAttackConnections: one network opens more connections than it may have, and keeps
// them. It has no more than its share, and others get in.
func TestAttackConnections(t *testing.T) {
	_, base, _ := start(t, nil)
	known := from(t, "127.0.0.3")
	resp, _ := login(t, known, base, "jesi", "cie-3")
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	host := strings.TrimPrefix(base, "https://")
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	var held []net.Conn
	open := func() bool {
		c, err := tls.DialWithDialer(dialer, "tcp", host, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			return false
		}
		if _, err := fmt.Fprintf(c, "GET /livez HTTP/1.1\r\nHost: %s\r\n\r\n", host); err == nil {
			_, err = io.ReadFull(c, make([]byte, len("HTTP/1.1 200 OK")))
			if err == nil {
				held = append(held, c)
				return true
			}
		}
		_ = c.Close()
		return false
	}
	for range maxOfNetwork + 160 {
		open()
	}
	require.Len(t, held, maxOfNetwork, "connections of one network")
	resp, _ = get(t, known, base+"/area/dati")
	require.Equal(t, http.StatusOK, resp.StatusCode, "who was there before")
	resp, _ = get(t, from(t, "127.0.0.4"), base+"/")
	require.Equal(t, http.StatusOK, resp.StatusCode, "who comes now")
	for _, c := range held {
		require.NoError(t, c.Close())
	}
	require.Eventually(t, open, time.Minute, 20*time.Millisecond, "places are given back")
	require.NoError(t, held[len(held)-1].Close())
}

// TestAttackMoved: a certificate that was sealed under an earlier address is verified as
// before where the server knows that address, and else it is said to be another site's.
func TestAttackMoved(t *testing.T) {
	data := t.TempDir()
	const before = "https://elettorale.example.it"
	var issued certificate.Issued
	var png []byte
	t.Run("before", func(t *testing.T) {
		s, _, _ := start(t, func(o *options) { o.data, o.base = data, before })
		issued, png = printed(t, s)
		require.Contains(t, strings.ToLower(issued.Contrassegno.String()), before)
	})
	t.Run("known", func(t *testing.T) {
		_, base, _ := start(t, func(o *options) { o.data, o.former = data, []string{before} })
		authentic(t, browser(t), base, "codice.png", png)
		authentic(t, browser(t), base, "originale.pdf", issued.PDF)
		link := base + "/C/" + issued.Contrassegno.Code()
		c := browser(t)
		id, err := challenged(t.Context(), c, link)
		require.NoError(t, err)
		_, text := post(t, c, link, url.Values{"prova": {id}, "codice": {answer}})
		require.Contains(t, text, isAuthentic)
	})
	t.Run("unknown", func(t *testing.T) {
		_, base, _ := start(t, func(o *options) { o.data = data })
		status, text, err := verifyFile(t.Context(), browser(t), base, "codice.png", png)
		require.NoError(t, err)
		require.Equal(t, http.StatusUnprocessableEntity, status)
		require.Contains(t, text, "rinvia a un altro sito")
	})
}

// TestAttackPurge: certificates are issued and downloaded while the archive is purged, and
// every one succeeds.
func TestAttackPurge(t *testing.T) {
	for name, dsn := range map[string]func(*testing.T) string{
		"SQLite":     func(*testing.T) string { return "" },
		"PostgreSQL": func(t *testing.T) string { return testenv.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s, base, out := start(t, func(o *options) { o.dsn = dsn(t) })
			c := browser(t)
			login(t, c, base, "jesi", "cie-3")
			for range 3 {
				// So that there is something to purge.
				issue(t, s, "bolzano", certificate.EnrolmentCertificate)
				n, err := s.archive.Sweep(t.Context(), time.Now().AddDate(1, 0, 0))
				require.NoError(t, err)
				require.Positive(t, n)
				done := make(chan error, 1)
				go func() {
					_, err := s.archive.Purge(t.Context(), erasure.Config{})
					done <- err
				}()
				pdf := take(t, c, base, certificate.EnrolmentCertificate)
				require.True(t, s.verifier.PDF(t.Context(), pdf, time.Now()).Valid)
				require.NoError(t, <-done)
			}
			require.NotContains(t, out.String(), "level=ERROR")
		})
	}
}

// take gets a certificate as a citizen does, and returns the document.
func take(t testing.TB, c *http.Client, base string, kind certificate.Kind) []byte {
	t.Helper()
	send := func(path string, form url.Values) string {
		resp, err := c.PostForm(base+path, form)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusSeeOther, resp.StatusCode, "%s", text)
		at, err := url.Parse(resp.Header.Get("Location"))
		require.NoError(t, err)
		return at.Path
	}
	preview := send("/area/anteprima", url.Values{"tipo": {string(kind)}, "uso": {string(certificate.ElectoralUse)},
		"nuovo": {"1"}})
	of := send("/area/emissione", url.Values{"anteprima": {preview[strings.LastIndex(preview, "/")+1:]}})
	resp, err := c.Get(base + of + "/pdf")
	require.NoError(t, err)
	pdf, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "application/pdf", resp.Header.Get("Content-Type"), "status %d", resp.StatusCode)
	return pdf
}

// TestAttackExpiry: what is sent without the session that one had, or with that of
// another person who has logged in meanwhile in another tab, is done for nobody.
func TestAttackExpiry(t *testing.T) {
	_, base, _ := start(t, nil)
	at, err := url.Parse(base)
	require.NoError(t, err)
	own := regexp.MustCompile(`/area/certificati/[A-Z2-7]{26}`)
	preview := func(c *http.Client) url.Values {
		resp, _ := post(t, c, base+"/area/anteprima", url.Values{"tipo": {"enrolment"}, "uso": {"electoral"}})
		require.Equal(t, http.StatusSeeOther, resp.StatusCode)
		path := resp.Header.Get("Location")
		return url.Values{"anteprima": {path[strings.LastIndex(path, "/")+1:]}}
	}
	none := func(c *http.Client, who string) {
		t.Helper()
		resp, text := get(t, c, base+"/area/certificati")
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Empty(t, own.FindAllString(text, -1), who)
	}
	jesi := browser(t)
	login(t, jesi, base, "jesi", "cie-3")
	asked := preview(jesi)

	// The session has ended: every form leads to the login, and none has effect.
	ended := browser(t)
	for _, c := range jesi.Jar.Cookies(at) {
		ended.Jar.SetCookies(at, []*http.Cookie{{Name: c.Name, Value: strings.Repeat("A", len(c.Value)), Path: "/", Secure: true}})
	}
	for path, form := range map[string]url.Values{"/area/emissione": asked, "/area/anteprima": {"tipo": {"enrolment"}, "uso": {"electoral"}},
		"/area/rettifica": {"campo": {"general.seat"}, "valore": {"VIA NUOVA"}, "motivo": {"lungo testo"}}} {
		resp, _ := post(t, ended, base+path, form)
		require.Equal(t, http.StatusSeeOther, resp.StatusCode, path)
		require.Equal(t, "/accesso", resp.Header.Get("Location"), path)
	}
	none(jesi, "the one whose preview it was")

	// Another person logs in, in another tab of the same browser: nobody has the
	// certificate that the first tab confirms.
	login(t, jesi, base, "estero", "cie-3")
	resp, _ := post(t, jesi, base+"/area/emissione", asked)
	require.Equal(t, http.StatusGone, resp.StatusCode)
	none(jesi, "the other person")
	login(t, jesi, base, "jesi", "cie-3")
	none(jesi, "the first person")
	pdf := take(t, jesi, base, certificate.EnrolmentCertificate)
	require.NotEmpty(t, pdf)
	_, text := get(t, jesi, base+"/area/certificati")
	require.NotEmpty(t, own.FindAllString(text, -1), "the list is where it was looked for")
}
