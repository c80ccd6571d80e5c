package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/limits/clients"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/verify/captcha"
)

// A finding is what a scanner says against the server.
type finding struct{ tool, name, where, says string }

// An explanation is why findings of a kind stay. SECURITY.md says the same.
type explanation struct {
	tool, name string
	says       *regexp.Regexp // nil for whatever it says
	reason     string
}

// explanations are all findings that stay.
func explanations() []explanation {
	selfSigned := "With -dev the server makes its own certificate, which nobody vouches for and nobody can revoke."
	return []explanation{
		{"testssl", "cert_chain_of_trust", regexp.MustCompile("self signed"), selfSigned},
		{"testssl", "cert_revocation", nil, selfSigned},
		{"sslscan", "self-signed", nil, selfSigned},
		{"testssl", "TLS_session_ticket", regexp.MustCompile("604800"), "The keys of session tickets are in memory " +
			"alone, are new each day and are forgotten after a week."},
		{"testssl", "engine_problem", nil, "It speaks of the scanner's own OpenSSL."},
		{"testssl", "RC4", regexp.MustCompile("not supported by local OpenSSL"), "Debian's OpenSSL has no RC4 to ask " +
			"with; sslscan asks with its own, and gets none."},
		{"wapiti", "Content Security Policy Configuration", regexp.MustCompile(`^CSP "object-src" value is not safe$`),
			"Pages show PDFs of this site in an object element, so object-src is 'self'; no browser has plugins that " +
				"it could start."},
		{"wapiti", "Cross Site Request Forgery", regexp.MustCompile("^Lack of anti CSRF token$"), "Forms carry no token: " +
			"the server refuses those that another site sends by Sec-Fetch-Site and Origin, and the session's cookie is " +
			"SameSite."},
		{"wapiti", "HTTP Secure Headers", regexp.MustCompile("^X-Frame-Options is not set$"), "frame-ancestors of the " +
			"Content-Security-Policy takes its place."},
		{"wapiti", "HTTP Secure Headers", regexp.MustCompile("^X-XSS-Protection is not set$"), "Browsers have removed the " +
			"filter that it spoke to; the Content-Security-Policy admits no scripts but the server's files."},
	}
}

// explained returns why a finding stays, empty if it may not.
func explained(f finding) string {
	for _, e := range explanations() {
		if e.tool == f.tool && e.name == f.name && (e.says == nil || e.says.MatchString(f.says)) {
			return e.reason
		}
	}
	return ""
}

// TestExplained: whoever reads SECURITY.md finds each finding that stays, and why.
func TestExplained(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "SECURITY.md"))
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "## Findings of scanners\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	for _, e := range explanations() {
		require.Contains(t, section, e.name)
		require.Contains(t, section, e.reason)
	}
	require.Empty(t, explained(finding{"wapiti", "Cross Site Scripting", "/", "XSS"}))
	require.Empty(t, explained(finding{"testssl", "cert_chain_of_trust", "", "failed (chain incomplete)."}))
}

// judge fails for each finding that nothing explains.
func judge(t *testing.T, found []finding, looked string) {
	t.Helper()
	stays := map[string]int{}
	for _, f := range found {
		if explained(f) == "" {
			assert.Fail(t, "a finding that nothing explains", "%s: %s, %s: %s", f.tool, f.name, f.where, f.says)
		}
		stays[f.name+": "+f.says]++
	}
	testenv.Verdict(t, "%s; %d findings that are explained: %v", looked, len(found), slices.Sorted(maps.Keys(stays)))
}

// scanTime bounds a scanner that hangs. How long they take is bounded by their own options.
const scanTime = 15 * time.Minute

func scanner(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), scanTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, testenv.Tool(t, name), args...)
	cmd.Dir, cmd.WaitDelay = t.TempDir(), time.Second
	out, err := cmd.CombinedOutput()
	require.NoError(t, ctx.Err(), "%s", out)
	if _, exited := err.(*exec.ExitError); !exited { // they exit with the number of their findings
		require.NoError(t, err)
	}
	return string(out)
}

// TestScanners has the server judged by programs that look for weaknesses: of TLS, of
// headers, of forms and addresses. Each finding is explained, or fails.
func TestScanners(t *testing.T) {
	testenv.Judge(t, "wapiti, sslscan, testssl")
	t.Run("sslscan", func(t *testing.T) {
		t.Parallel()
		_, base, _ := start(t, nil)
		scanTLS(t, strings.TrimPrefix(base, "https://"))
	})
	t.Run("testssl", func(t *testing.T) {
		t.Parallel()
		_, base, _ := start(t, nil)
		testTLS(t, base)
	})
	t.Run("public pages", func(t *testing.T) {
		t.Parallel()
		f := newFront(t)
		f.scan(t, "/", "/verifica", "/accesso", "/accessibilita")
	})
	t.Run("reserved area", func(t *testing.T) {
		t.Parallel()
		f := newFront(t, "jesi", "bolzano", "estero", "europea", "trasferita")
		f.scan(t, "/area", "/area/dati", "/area/certificati", "/area/accessi", "/area/rettifica")
	})
}

// scanTLS asks sslscan for versions, suites and the certificate.
func scanTLS(t *testing.T, host string) {
	report := filepath.Join(t.TempDir(), "sslscan.xml")
	out := scanner(t, "sslscan", "--no-colour", "--xml="+report, host)
	data, err := os.ReadFile(report)
	require.NoError(t, err, out)
	var scan struct {
		Test struct {
			Protocols []struct {
				Type    string `xml:"type,attr"`
				Version string `xml:"version,attr"`
				Enabled bool   `xml:"enabled,attr"`
			} `xml:"protocol"`
			Renegotiation []struct {
				Supported bool `xml:"supported,attr"`
				Secure    bool `xml:"secure,attr"`
			} `xml:"renegotiation"`
			Compression []struct {
				Supported bool `xml:"supported,attr"`
			} `xml:"compression"`
			Heartbleed []struct {
				Version    string `xml:"sslversion,attr"`
				Vulnerable bool   `xml:"vulnerable,attr"`
			} `xml:"heartbleed"`
			Ciphers []struct {
				Version  string `xml:"sslversion,attr"`
				Name     string `xml:"cipher,attr"`
				Strength string `xml:"strength,attr"`
			} `xml:"cipher"`
			Certificates []struct {
				SelfSigned bool `xml:"self-signed"`
				Expired    bool `xml:"expired"`
			} `xml:"certificates>certificate"`
		} `xml:"ssltest"`
	}
	require.NoError(t, xml.Unmarshal(data, &scan), "%s", data)
	var found []finding
	add := func(name, where, says string) { found = append(found, finding{"sslscan", name, where, says}) }
	for _, p := range scan.Test.Protocols {
		if p.Enabled && (p.Type != "tls" || p.Version < "1.2") {
			add("protocol", p.Type+p.Version, "enabled")
		}
	}
	for _, r := range scan.Test.Renegotiation {
		if r.Supported && !r.Secure {
			add("renegotiation", "", "insecure")
		}
	}
	for _, c := range scan.Test.Compression {
		if c.Supported {
			add("compression", "", "supported")
		}
	}
	for _, h := range scan.Test.Heartbleed {
		if h.Vulnerable {
			add("heartbleed", h.Version, "vulnerable")
		}
	}
	for _, c := range scan.Test.Ciphers {
		// In TLS 1.3 sslscan calls acceptable what has no better grade.
		if c.Strength != "strong" && (c.Strength != "acceptable" || c.Version != "TLSv1.3") {
			add("cipher", c.Version, c.Name+" "+c.Strength)
		}
	}
	for _, c := range scan.Test.Certificates {
		if c.SelfSigned {
			add("self-signed", "", "the certificate")
		}
		if c.Expired {
			add("expired", "", "the certificate")
		}
	}
	require.GreaterOrEqual(t, len(scan.Test.Protocols), 6, "%s", data)
	require.GreaterOrEqual(t, len(scan.Test.Ciphers), 6, "%s", data)
	require.Len(t, scan.Test.Certificates, 1, "%s", data)
	judge(t, found, fmt.Sprintf("%d protocols, %d suites", len(scan.Test.Protocols), len(scan.Test.Ciphers)))
}

// testTLS asks testssl for protocols, suites, forward secrecy, what the server prefers, its
// certificate, headers and known vulnerabilities.
func testTLS(t *testing.T, base string) {
	report := filepath.Join(t.TempDir(), "testssl.json")
	out := scanner(t, "testssl", "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--fast",
		"-p", "-s", "-f", "-P", "-S", "-h", "-U", "--jsonfile", report, base+"/")
	data, err := os.ReadFile(report)
	require.NoError(t, err, out)
	var all []struct{ ID, Severity, Finding string }
	require.NoError(t, json.Unmarshal(data, &all), "%s", data)
	var found []finding
	asked := map[string]bool{}
	for _, f := range all {
		asked[f.ID] = true
		if f.Severity != "OK" && f.Severity != "INFO" && f.Severity != "DEBUG" {
			found = append(found, finding{"testssl", f.ID, f.Severity, f.Finding})
		}
	}
	for _, id := range []string{"SSLv3", "TLS1", "TLS1_2", "TLS1_3", "cipherlist_aNULL", "PFS", "cert_keySize", "HSTS_time",
		"Content-Security-Policy", "heartbleed", "CCS", "ROBOT", "secure_client_renego", "BREACH", "SWEET32", "LOGJAM",
		"LUCKY13", "scanTime"} {
		require.True(t, asked[id], "%s was not asked: %s", id, out)
	}
	judge(t, found, fmt.Sprintf("%d checks", len(all)))
}

// A front stands before a server and gives each request another address, so that what
// bounds the requests of one network does not keep a scanner from its work. If it has
// personas, it sends the requests in the session of the first, whatever the scanner does to
// it, or, if that one has asked too often, in that of another.
type front struct {
	server   *httptest.Server
	base     string
	personas []string
	client   *http.Client
	upstream string // where the server listens

	mu      sync.Mutex
	n       int
	cookies map[string][]*http.Cookie // by persona
	seen    map[string]int            // answers by path
	status  map[int]int
}

func newFront(t *testing.T, personas ...string) *front {
	f := &front{personas: personas, client: browser(t), cookies: map[string][]*http.Cookie{}, seen: map[string]int{},
		status: map[int]int{}}
	f.client.Jar = nil
	f.server = httptest.NewTLSServer(f)
	t.Cleanup(f.server.Close)
	f.base = f.server.URL
	s, _, _ := start(t, func(o *options) {
		o.base, o.proxies = f.base, clients.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
		o.addr, o.captcha = freeAddress(t), &openCaptcha{known: newKnown(t)}
		f.upstream = "https://" + o.addr
	})
	require.Equal(t, f.base, s.base)
	return f
}

// An openCaptcha lets everybody through, so that scanners get behind it, and is always the
// same one, so that they do not find new addresses without end.
type openCaptcha struct {
	*known
	once sync.Once
	one  captcha.Challenge
	err  error
}

func (o *openCaptcha) New(ctx context.Context, action string) (captcha.Challenge, error) {
	o.once.Do(func() { o.one, o.err = o.known.New(ctx, action) })
	return o.one, o.err
}

func (o *openCaptcha) Check(context.Context, string, captcha.Answer) error { return nil }

// freeAddress returns an address of the loopback network on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	address := s.Listener.Addr().String()
	require.NoError(t, s.Listener.Close())
	return address
}

// ServeHTTP implements [http.Handler].
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for try := 0; ; try++ {
		persona := ""
		if len(f.personas) > 0 {
			persona = f.personas[try%len(f.personas)]
		}
		resp, answer, err := f.send(r, body, persona)
		if err == nil && persona != "" && resp.StatusCode == http.StatusSeeOther &&
			resp.Header.Get("Location") == "/accesso" {
			f.login(r.Context(), persona)
			resp, answer, err = f.send(r, body, persona)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		if resp.StatusCode == http.StatusTooManyRequests && try < 50 && r.Context().Err() == nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		f.mu.Lock()
		f.seen[r.URL.Path], f.status[resp.StatusCode] = f.seen[r.URL.Path]+1, f.status[resp.StatusCode]+1
		f.mu.Unlock()
		maps.Copy(w.Header(), resp.Header)
		w.WriteHeader(resp.StatusCode)
		_, _ = w.Write(answer)
		return
	}
}

func (f *front) send(r *http.Request, body []byte, persona string) (*http.Response, []byte, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, f.upstream, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	out.URL.Path, out.URL.RawPath, out.URL.RawQuery = r.URL.Path, r.URL.RawPath, r.URL.RawQuery
	out.Header, out.Host = r.Header.Clone(), r.Host
	f.mu.Lock()
	f.n++
	out.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", f.n>>16&255, f.n>>8&255, f.n&255))
	if persona != "" {
		out.Header.Del("Cookie")
	}
	for _, c := range f.cookies[persona] {
		out.AddCookie(c)
	}
	f.mu.Unlock()
	resp, err := f.client.Do(out)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp, answer, err
}

func (f *front) login(ctx context.Context, persona string) {
	form := url.Values{"persona": {persona}, "identita": {"cie-3"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.upstream+"/accesso", strings.NewReader(form.Encode()))
	if err != nil {
		return
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := f.client.Do(r)
	if err != nil {
		return
	}
	_ = resp.Body.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cookies[persona] = slices.DeleteFunc(resp.Cookies(), func(c *http.Cookie) bool { return c.MaxAge < 0 })
}

// modules are wapiti's, but for those that need the network (nikto, ssrf, xxe, wapp), that
// judge by elapsed time (blindsql), or that try lists of names (buster, backup) and of
// passwords, of which there are none.
const modules = "cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock," +
	"sql,xss"

// scan lets wapiti walk and attack from a page on. It must come to some pages.
func (f *front) scan(t *testing.T, first string, others ...string) {
	dir := t.TempDir()
	report := filepath.Join(dir, "wapiti.json")
	out := scanner(t, "wapiti", "-u", f.base+first, "--scope", "domain", "-m", modules, "--max-scan-time", "20",
		"--max-attack-time", "6", "--timeout", "60", "-f", "json", "-o", report, "--store-session", filepath.Join(dir, "session"),
		"--store-config", filepath.Join(dir, "config"), "--no-bugreport", "-v", "1")
	data, err := os.ReadFile(report)
	require.NoError(t, err, out)
	type attack struct{ Method, Path, Parameter, Info string }
	var scan struct{ Vulnerabilities, Anomalies map[string][]attack }
	require.NoError(t, json.Unmarshal(data, &scan), "%s", data)
	require.Contains(t, scan.Vulnerabilities, "Cross Site Scripting")
	var found []finding
	for _, kind := range []map[string][]attack{scan.Vulnerabilities, scan.Anomalies} {
		for name, list := range kind {
			for _, a := range list {
				found = append(found, finding{"wapiti", name, a.Method + " " + a.Path + " " + a.Parameter, a.Info})
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, page := range append(others, first) {
		require.Positive(t, f.seen[page], "wapiti never came to %s: %v", page, f.seen)
	}
	require.Zero(t, f.status[http.StatusInternalServerError], "%v", f.status)
	require.Positive(t, f.status[http.StatusOK])
	judge(t, found, fmt.Sprintf("answers by status %v", f.status))
}
