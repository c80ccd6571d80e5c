package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// A walk is a browser that a test leads through the pages. On each page it asks
// axe-core, and takes a picture for whoever wants to look: ANPR_SCREENSHOTS
// names the folder.
type walk struct {
	t    *testing.T
	ctx  context.Context
	base string
	axe  string
	name string
	n    int
	// scripts of pages run, which nothing but a proof of work needs.
	scripts bool
}

// newWalk starts Chromium. Scripts of pages do not run: nothing may need them.
func newWalk(t *testing.T, base, name string, width, height int64, mobile bool) *walk {
	t.Helper()
	chromium := testenv.Tool(t, "chromium")
	axe, err := os.ReadFile(testenv.Cached(t, "axe", "package", "axe.min.js"))
	require.NoError(t, err)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.UserDataDir(t.TempDir()))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancelTimeout := context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(cancelTimeout)
	w := &walk{t: t, ctx: ctx, base: base, axe: string(axe), name: name}
	require.NoError(t, chromedp.Run(ctx)) // the browser lives as long as the context that starts it
	scale := 1.0
	if mobile {
		scale = 2
	}
	w.run(emulation.SetDeviceMetricsOverride(width, height, scale, mobile), emulation.SetScriptExecutionDisabled(true))
	return w
}

func (w *walk) run(actions ...chromedp.Action) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 4*time.Minute)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var html string
		_ = chromedp.Run(w.ctx, chromedp.OuterHTML("html", &html, chromedp.ByQuery))
		require.NoError(w.t, err, "%s page %d: %s", w.name, w.n, html)
	}
}

// page waits for a page with a heading, and judges it.
func (w *walk) page(heading string) {
	w.t.Helper()
	var title, h1 string
	w.run(chromedp.WaitReady("footer", chromedp.ByQuery), chromedp.Title(&title), chromedp.Text("h1", &h1, chromedp.ByQuery))
	require.Equal(w.t, heading, strings.TrimSpace(h1))
	assert.Contains(w.t, title, heading)
	w.n++
	if dir := os.Getenv("ANPR_SCREENSHOTS"); dir != "" {
		var png []byte
		w.run(chromedp.FullScreenshot(&png, 100))
		require.NoError(w.t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%02d.png", w.name, w.n)), png, 0o600))
	}
	w.judge()
}

// judge asks axe-core for violations of WCAG 2.1 A and AA: none is allowed.
func (w *walk) judge() {
	w.t.Helper()
	var result struct {
		Violations []struct {
			ID, Help string
			Nodes    []struct {
				HTML           string
				FailureSummary string
			}
		}
		Passes int
	}
	var raw string
	const ask = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}).then(r => JSON.stringify({violations: r.violations, passes: r.passes.length}))`
	w.run(emulation.SetScriptExecutionDisabled(false), chromedp.Evaluate(w.axe, nil), chromedp.Evaluate(ask, &raw, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }), emulation.SetScriptExecutionDisabled(!w.scripts))
	require.NoError(w.t, json.Unmarshal([]byte(raw), &result))
	assert.Greater(w.t, result.Passes, 10, "axe looked at the page")
	for _, v := range result.Violations {
		for _, n := range v.Nodes {
			assert.Fail(w.t, "axe: "+v.ID+": "+v.Help, "%s page %d: %s\n%s", w.name, w.n, n.HTML, n.FailureSummary)
		}
	}
}

func (w *walk) click(selector string) {
	w.t.Helper()
	w.run(chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeReady))
}

// follow clicks and waits until the page has gone.
func (w *walk) follow(selector string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 4*time.Minute)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeReady))
	require.NoError(w.t, err)
}

func (w *walk) open(url string) {
	w.t.Helper()
	w.run(chromedp.Navigate(url))
}

func (w *walk) text(selector string) (s string) {
	w.t.Helper()
	w.run(chromedp.Text(selector, &s, chromedp.ByQuery))
	return s
}

// source returns the text of an element whether it is shown or not.
func (w *walk) source(selector string) (s string) {
	w.t.Helper()
	w.run(chromedp.TextContent(selector, &s, chromedp.ByQuery))
	return s
}

func (w *walk) attribute(selector, name string) (s string) {
	w.t.Helper()
	var ok bool
	w.run(chromedp.AttributeValue(selector, name, &s, &ok, chromedp.ByQuery))
	require.True(w.t, ok, "%s has no %s", selector, name)
	return s
}

// fetch gets an address with the browser's cookies, as its PDF viewer would.
func (w *walk) fetch(path string) (*http.Response, string) {
	w.t.Helper()
	c := browser(w.t)
	w.run(chromedp.ActionFunc(func(ctx context.Context) error {
		cookies, err := network.GetCookies().Do(ctx)
		if err != nil {
			return err
		}
		u, err := url.Parse(w.base)
		if err != nil {
			return err
		}
		for _, k := range cookies {
			c.Jar.SetCookies(u, []*http.Cookie{{Name: k.Name, Value: k.Value, Path: k.Path, Secure: k.Secure}})
		}
		return nil
	}))
	return get(w.t, c, w.base+path)
}

// answer types the captcha and confirms.
func (w *walk) confirm(text string) {
	w.t.Helper()
	w.run(chromedp.SendKeys("#codice", text, chromedp.ByQuery))
	w.follow("main button[type=submit]")
}

// TestCitizen walks the citizen's path: consult, eligibility, preview, issue,
// download, who looked.
func TestCitizen(t *testing.T) {
	s, base, out := start(t, nil)
	w := newWalk(t, base, "cittadino", 1280, 900, false)
	w.open(base + "/")
	w.page("Liste elettorali in ANPR")
	w.follow("#cittadino ~ p a")
	w.page("Accesso di sviluppo")
	w.click("input[name=persona][value=jesi]")
	w.follow("main button[type=submit]")
	w.page("Area riservata")
	w.follow("#a-data ~ p a")
	w.page("I miei dati elettorali")
	assert.Contains(t, w.text("#dove ~ dl"), "Jesi")
	assert.Contains(t, w.text("main"), "i referendum nazionali")
	w.click("main details summary")
	w.follow("main a.btn-primary")
	w.page("Chiedi una correzione")
	w.follow(`main a[href="/area/rettifica/` + string(electoral.RegionalField) + `"]`)
	w.page("Correzione: Regionali")
	w.click("input[name=valore][value=si]")
	w.follow("main form button[type=submit]")
	w.page("Correzione: Regionali")
	assert.Contains(t, w.text("#errori"), "Il dato è già registrato così come lo chiede")
	w.click("input[name=valore][value=no]")
	w.follow("main form button[type=submit]")
	w.page("Chiedi una correzione")
	assert.Contains(t, w.text("[role=status]"), "La richiesta è stata inviata")
	assert.Contains(t, w.text("main section"), "Da «sì» a «no».")
	w.follow("main section form button[type=submit]")
	w.page("Chiedi una correzione")
	assert.Contains(t, w.text("[role=status]"), "La richiesta è stata ritirata")
	w.open(base + "/area/rettifica/general.comune")
	w.page("Correzione: Il mio comune")
	w.run(chromedp.SetValue("#valore", "san giovanni", chromedp.ByQuery))
	w.follow("main form button[type=submit]")
	w.page("Correzione: Il mio comune")
	w.click("#comune-1")
	w.follow("main form button[type=submit]")
	w.page("Chiedi una correzione")
	w.open(base + "/area/certificati")
	w.page("Certificati elettorali")
	assert.Contains(t, w.text("main"), "Non ci sono certificati in corso di validità.")
	w.follow("main form button[type=submit]")
	w.page("Anteprima del certificato")
	resp, preview := w.fetch(w.attribute("object", "data"))
	assert.Equal(t, "application/pdf", resp.Header.Get("Content-Type"))
	assert.False(t, s.verifier.PDF(t.Context(), []byte(preview), time.Now()).Valid, "a preview is no certificate")
	assert.Contains(t, w.text("blockquote"), "liste elettorali")
	w.follow("main form button[type=submit]")
	w.page("Il certificato")
	assert.Contains(t, w.text("[role=status]"), "Il certificato è stato rilasciato.")
	resp, pdf := w.fetch(w.attribute("main a.btn-primary", "href"))
	require.Equal(t, http.StatusOK, resp.StatusCode)
	report := s.verifier.PDF(t.Context(), []byte(pdf), time.Now())
	assert.True(t, report.Valid, "%+v", report.Checks)
	w.open(base + "/area/certificati")
	w.page("Certificati elettorali")
	assert.NotContains(t, w.text("main"), "Non ci sono certificati")
	w.open(base + "/area/accessi")
	w.page("Chi ha usato i miei dati")
	w.click("main details summary")
	text := w.text("main")
	for _, what := range []string{"Ufficio elettorale del comune di Jesi", "Consultazione dei dati elettorali", "Richiesta di rettifica", "Anteprima di un certificato", "Rilascio di un certificato", "Scaricamento di un certificato", "La persona stessa (CIE)"} {
		assert.Contains(t, text, what)
	}
	for _, path := range []string{"/accessibilita", "/privacy", "/nulla"} {
		w.open(base + path)
		w.page(map[string]string{"/accessibilita": "Dichiarazione di accessibilità", "/privacy": "Informativa privacy", "/nulla": "Pagina non trovata"}[path])
	}
	w.open(base + "/area/accessi-aperti")
	w.page("Accessi aperti")
	w.follow(".leave button")
	w.page("Liste elettorali in ANPR")
	w.open(base + "/area/dati")
	w.page("Accesso di sviluppo")

	// Nobody can be found in what the server prints.
	for _, p := range s.people {
		assert.NotContains(t, out.String(), string(p.FiscalCode))
		if p.anprID != "" {
			assert.NotContains(t, out.String(), p.anprID)
		}
	}
	assert.Contains(t, out.String(), "route=certificate-pdf")
}

// TestRefusals walks where certificates are refused, and in two languages.
func TestRefusals(t *testing.T) {
	_, base, _ := start(t, nil)
	w := newWalk(t, base, "rifiuti", 1280, 900, false)
	enter := func(persona, identity, heading string) {
		w.open(base + "/accesso")
		w.click("input[name=persona][value=" + persona + "]")
		w.click("input[name=identita][value=" + identity + "]")
		w.follow("main button[type=submit]")
		w.page(heading)
	}
	enter("jesi", "spid-1", "Accesso non consentito")
	assert.Contains(t, w.source("main"), string(electoral.LevelTooLow))
	enter("ignota", "cie-3", "Accesso non consentito")
	assert.Contains(t, w.text("main"), "Il codice fiscale con cui ha fatto l'accesso non risulta nell'anagrafe nazionale.")
	leave := func() { w.follow(".leave button") }

	enter("trasferita", "spid-2", "Area riservata")
	w.open(base + "/area/certificati")
	w.page("Certificati elettorali")
	assert.Contains(t, w.source("main"), string(certificate.Removed))
	leave()
	enter("sospesa", "cns-3", "Area riservata")
	w.open(base + "/area/certificati")
	w.page("Certificati elettorali")
	assert.Contains(t, w.source("main"), string(certificate.NotElector))
	leave()
	enter("bolzano", "cie-3", "Area riservata")
	w.open(base + "/area/certificati")
	w.page("Certificati elettorali")
	assert.Contains(t, w.text("main"), "Italiano e tedesco")
	w.follow("main form button[type=submit]")
	w.page("Anteprima del certificato")
}

// TestVerification walks both paths of the public verification, in the order
// of the decree: smartphone, then PC.
func TestVerification(t *testing.T) {
	s, base, out := start(t, nil)
	issued := issue(t, s, "jesi", certificate.EnrolmentCertificate)
	link := strings.Replace(issued.Contrassegno.String(), "HTTPS://", "https://", 1)
	require.True(t, strings.HasPrefix(link, base), "the contrassegno leads here")

	w := newWalk(t, base, "smartphone", 390, 844, true)
	w.open(link)
	w.page("Verifica di un certificato elettorale")
	w.confirm("000000")
	w.page("Verifica di un certificato elettorale")
	assert.Contains(t, w.text("#errore"), "non corrisponde")
	w.confirm(answer)
	w.page("Il certificato è autentico")
	assert.Contains(t, w.text("main"), issued.Data.Protocol)
	assert.Contains(t, w.text("main"), strings.ToUpper(issued.Data.Subject.Surname))
	resp, original := w.fetch(w.attribute("object", "data"))
	assert.Equal(t, "application/pdf", resp.Header.Get("Content-Type"))
	assert.Equal(t, string(issued.PDF), original, "the original opens, byte for byte")

	// The code of another certificate, of this site and of another.
	w.open(base + "/C/" + strings.Replace(issued.Contrassegno.Code(), issued.Contrassegno.Code()[27:], "AAAAAAAAAAAAA", 1))
	w.page("Verifica di un certificato elettorale")
	w.confirm(answer)
	w.page("Il codice QR non è autentico")

	pc := newWalk(t, base, "pc", 1280, 900, false)
	for name, file := range uploads(t, issued) {
		pc.open(base + "/verifica")
		pc.page("Verifica di un certificato elettorale stampato")
		pc.run(chromedp.SetUploadFiles("#file", []string{file}, chromedp.ByQuery))
		pc.confirm(answer)
		pc.page("Il certificato è autentico")
		same := strings.Contains(pc.text("main"), "identico all’originale, byte per byte")
		assert.Equal(t, name == "originale.pdf", same, name)
	}
	empty := filepath.Join(t.TempDir(), "vuoto.png")
	require.NoError(t, os.WriteFile(empty, []byte("\x89PNG\r\n\x1a\nx"), 0o600))
	pc.open(base + "/verifica")
	pc.run(chromedp.SetUploadFiles("#file", []string{empty}, chromedp.ByQuery))
	pc.confirm(answer)
	pc.page("Verifica di un certificato elettorale stampato")
	assert.Equal(t, "true", pc.attribute("#file", "aria-invalid"))

	// After the end of its validity it is said to be gone, and nothing opens.
	_, err := s.archive.Sweep(t.Context(), time.Now().AddDate(1, 0, 0))
	require.NoError(t, err)
	pc.open(link)
	pc.confirm(answer)
	pc.page("Il certificato non è più disponibile")
	assert.NotContains(t, pc.text("main"), issued.Data.Subject.Surname)
	assert.NotContains(t, out.String(), issued.Contrassegno.Code()[:26], "no keys to certificates in what the server prints")
}

// TestProofOfWork lets the browser compute what the captcha may ask underneath.
func TestProofOfWork(t *testing.T) {
	k := newKnown(t)
	k.work = 12
	s, base, _ := start(t, func(o *options) { o.captcha = k })
	issued := issue(t, s, "jesi", certificate.EnrolmentCertificate)
	link := strings.Replace(issued.Contrassegno.String(), "HTTPS://", "https://", 1)
	w := newWalk(t, base, "lavoro", 1280, 900, false)
	w.open(link)
	w.page("Verifica di un certificato elettorale")
	w.confirm(answer)
	w.page("Verifica di un certificato elettorale")
	assert.Contains(t, w.text("#errore"), "Attivare JavaScript", "without scripts it says what is missing")
	w.scripts = true
	w.run(emulation.SetScriptExecutionDisabled(false))
	w.open(link)
	w.run(chromedp.WaitEnabled("main button[type=submit]", chromedp.ByQuery))
	w.page("Verifica di un certificato elettorale")
	for !strings.Contains(w.text("#lavoro-stato"), "completato") { // until the context of the walk ends
		time.Sleep(100 * time.Millisecond)
	}
	w.confirm(answer)
	w.page("Il certificato è autentico")
}

// issue issues a certificate to a persona.
func issue(t *testing.T, s *system, id string, kind certificate.Kind) certificate.Issued {
	t.Helper()
	for _, p := range s.people {
		if p.ID == id {
			out, err := s.issuer.Issue(t.Context(), certificate.Request{
				Request: electoral.Request{ID: newRequestID(), Actor: electoral.Actor{FiscalCode: p.FiscalCode, Role: electoral.CitizenRole, Method: electoral.CIEMethod, Level: 3}},
				ANPRID:  p.anprID, Kind: kind, Use: certificate.ElectoralUse,
			})
			require.NoError(t, err)
			return out
		}
	}
	t.Fatalf("nobody is %q", id)
	return certificate.Issued{}
}

// uploads are copies of a certificate as people have them: the code alone, a
// scan as JPEG, a scan as PDF, the document itself.
func uploads(t *testing.T, issued certificate.Issued) map[string]string {
	t.Helper()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	png, err := issued.Contrassegno.PNG(600)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path("contrassegno.png"), png, 0o600))
	require.NoError(t, os.WriteFile(path("originale.pdf"), issued.PDF, 0o600))
	command := func(name string, args ...string) {
		out, err := exec.Command(testenv.Tool(t, name), args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	command("pdftoppm", "-r", "200", "-jpeg", "-singlefile", path("originale.pdf"), path("scansione"))
	command("mutool", "convert", "-o", path("scansione.pdf"), path("scansione.jpg"))
	out := map[string]string{}
	for _, name := range []string{"contrassegno.png", "originale.pdf", "scansione.jpg", "scansione.pdf"} {
		out[name] = path(name)
	}
	return out
}
