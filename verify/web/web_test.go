package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
	"github.com/liste-elettorali/anpr/verify/captcha"
	"github.com/liste-elettorali/anpr/verify/web"
)

const base = "https://verifica.example.it"

// someone is the source of one made-up person.
type someone struct{}

func (someone) Home(context.Context, string) (string, error) { return "H501", nil }

func (someone) HomeOf(context.Context, electoral.FiscalCode) (anprID, comune string, err error) {
	return "1000001", "H501", nil
}

func (someone) CertificateFacts(context.Context, *electoral.Entry) (electoral.CertificateFacts, error) {
	return someonesFacts(), nil
}

func someonesFacts() electoral.CertificateFacts {
	full := electoral.FullyCertifiable
	return electoral.CertificateFacts{
		Person: electoral.Person{
			ANPRID: "1000001", FiscalCode: "FFCLTR70A01H501Z", Surname: "ESPOSITO PROVA", Name: "MARIA GRAZIA",
			Sex:          electoral.Female,
			Birth:        electoral.Birth{Date: electoral.Date{Year: 1984, Month: 3, Day: 8}, Place: "F839"},
			Citizenships: []electoral.Citizenship{{State: "ITA"}}, Residence: &electoral.Residence{Comune: "H501"},
		},
		Elector: electoral.Elector{ANPRID: "1000001", Capacity: electoral.Yes,
			General: &electoral.Enrolment{Comune: "H501", Section: "1024"}, Certifiability: &full},
	}
}

// book keeps what is recorded.
type book struct {
	mu      sync.Mutex
	entries []electoral.Access
	err     error
}

func (b *book) Record(_ context.Context, a electoral.Access) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, a)
	return b.err
}

// fixed is a captcha that accepts one answer, once.
type fixed struct {
	*captcha.Digits
	mu   sync.Mutex
	open map[string]string
	work int
	err  error
}

const answer = "123456"

func (f *fixed) New(ctx context.Context, action string) (captcha.Challenge, error) {
	c, err := f.Digits.New(ctx, action)
	c.Work = f.work
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[c.ID] = action
	return c, err
}

func (f *fixed) Check(_ context.Context, action string, a captcha.Answer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	of, ok := f.open[a.ID]
	delete(f.open, a.ID)
	switch {
	case f.err != nil:
		return f.err
	case !ok:
		return captcha.ErrUsed
	case of != action:
		return captcha.ErrForged
	case a.Text != answer:
		return captcha.ErrWrong
	case !captcha.Worked(a.ID, f.work, a.Work):
		return captcha.ErrWork
	}
	return nil
}

// A kit is a handler with an issued certificate.
type kit struct {
	t       *testing.T
	now     time.Time
	issuer  *certificate.Issuer
	issued  certificate.Issued
	book    *book
	captcha *fixed
	archive *archive.Files
	config  web.Config
	log     bytes.Buffer
}

func newKit(t *testing.T, change func(*kit)) (*kit, *web.Handler) {
	t.Helper()
	k := &kit{t: t, now: time.Now(), book: &book{}}
	clock := func() time.Time { return k.now }
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	sealer, err := ca.PAdES(seal.LevelB)
	require.NoError(t, err)
	k.archive, err = archive.OpenFiles(filepath.Join(t.TempDir(), "archivio"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, k.archive.Close()) })
	key := make([]byte, 32)
	rand.Read(key)
	k.issuer, err = certificate.NewIssuer(certificate.Config{Sealer: sealer, Source: someone{}, Recorder: k.book,
		Archive: k.archive, Key: key, BaseURL: base, Now: clock})
	require.NoError(t, err)
	k.issued, err = k.issuer.Issue(t.Context(), certificate.Request{
		Request: electoral.Request{ID: "r-1", Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z",
			Role: electoral.CitizenRole, Method: electoral.CIEMethod, Level: 3}},
		ANPRID: "1000001", Kind: certificate.EnrolmentCertificate, Use: certificate.ElectoralUse,
	})
	require.NoError(t, err)
	k.book.entries = nil
	digits, err := captcha.New(captcha.Config{Key: key, Now: clock})
	require.NoError(t, err)
	k.captcha = &fixed{Digits: digits, open: map[string]string{}}
	verifier, err := verify.New(verify.Config{Trust: []*x509.Certificate{ca.Root()}, ContrassegnoKey: key, Now: clock})
	require.NoError(t, err)
	k.config = web.Config{Originals: k.issuer, Verifier: verifier, Captcha: k.captcha, BaseURL: base, Key: key,
		Now: clock, Logger: slog.New(slog.NewTextHandler(&k.log, nil))}
	if change != nil {
		change(k)
	}
	h, err := web.New(k.config)
	require.NoError(t, err)
	return k, h
}

func (k *kit) link() string { return "/C/" + k.issued.Contrassegno.Code() }

// A page is an answer.
type page struct {
	code int
	text string
	head http.Header
}

var (
	challenge = regexp.MustCompile(`name="prova" value="([^"]+)"`)
	document  = regexp.MustCompile(`href="(/verifica/originale/[^"]+)"`)
	tags      = regexp.MustCompile(`<[^>]*>`)
)

func do(t *testing.T, h http.Handler, r *http.Request) page {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	p := page{w.Code, w.Body.String(), w.Result().Header}
	assert.Equal(t, "no-store", p.head.Get("Cache-Control"))
	assert.Equal(t, "same-origin", p.head.Get("Referrer-Policy"))
	return p
}

func get(t *testing.T, h http.Handler, path string) page {
	t.Helper()
	return do(t, h, httptest.NewRequest(http.MethodGet, path, nil))
}

func (p page) prova(t *testing.T) string {
	t.Helper()
	m := challenge.FindStringSubmatch(p.text)
	require.NotNil(t, m, p.text)
	return m[1]
}

func (p page) words() string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(p.text, " ")), " ")
}

// confirm answers the captcha of a link.
func confirm(t *testing.T, h http.Handler, path, id, text string) page {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path,
		strings.NewReader(url.Values{"prova": {id}, "codice": {text}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(t, h, r)
}

func TestLink(t *testing.T) {
	k, h := newKit(t, nil)
	asked := get(t, h, k.link())
	assert.Equal(t, http.StatusOK, asked.code)
	assert.NotContains(t, asked.text, "ESPOSITO", "nothing is shown before the captcha")
	assert.Empty(t, k.book.entries)
	id := asked.prova(t)
	picture := get(t, h, "/verifica/codice/"+id+"/immagine")
	assert.Equal(t, "image/png", picture.head.Get("Content-Type"))
	assert.Equal(t, "audio/wav", get(t, h, "/verifica/codice/"+id+"/audio").head.Get("Content-Type"))

	wrong := confirm(t, h, k.link(), id, "000000")
	assert.Equal(t, http.StatusUnprocessableEntity, wrong.code)
	assert.Contains(t, wrong.words(), "non corrisponde")
	assert.NotContains(t, wrong.text, "ESPOSITO")
	again := confirm(t, h, k.link(), id, answer)
	assert.Equal(t, http.StatusUnprocessableEntity, again.code, "a challenge is used up by any answer")

	ok := confirm(t, h, k.link(), again.prova(t), answer)
	require.Equal(t, http.StatusOK, ok.code)
	assert.Contains(t, ok.words(), "Il certificato è autentico")
	for _, what := range []string{"ESPOSITO PROVA MARIA GRAZIA", k.issued.Data.Protocol,
		"Certificato di iscrizione nelle liste elettorali", "1024", "PRIVO DI VALORE", k.issued.Contrassegno.Code()} {
		assert.Contains(t, ok.text, what)
	}
	require.Len(t, k.book.entries, 1, "the opening is on record")
	assert.Equal(t, electoral.Granted, k.book.entries[0].Outcome)

	// The document opens for ten minutes, and only as the ticket was made.
	m := document.FindStringSubmatch(ok.text)
	require.NotNil(t, m)
	pdf := get(t, h, m[1])
	assert.Equal(t, "application/pdf", pdf.head.Get("Content-Type"))
	assert.Equal(t, string(k.issued.PDF), pdf.text)
	assert.Len(t, k.book.entries, 2)
	assert.Equal(t, k.book.entries[0].RequestID, k.book.entries[1].RequestID)
	for n := len("/verifica/originale/"); n < len(m[1]); n++ {
		changed := []byte(m[1])
		if changed[n]++; strings.ContainsRune("{:[.`", rune(changed[n])) {
			changed[n] = 'A'
		}
		assert.NotEqual(t, "application/pdf", get(t, h, string(changed)).head.Get("Content-Type"), "%d", n)
	}
	k.now = k.now.Add(10*time.Minute - time.Millisecond)
	assert.Equal(t, "application/pdf", get(t, h, m[1]).head.Get("Content-Type"))
	k.now = k.now.Add(time.Millisecond)
	late := get(t, h, m[1])
	assert.Equal(t, http.StatusGone, late.code)
	assert.Contains(t, late.words(), "La verifica è scaduta")
	assert.Empty(t, k.log.String())
}

// TestOneAnswerOneCertificate: the captcha of one certificate opens no other.
func TestOneAnswerOneCertificate(t *testing.T) {
	k, h := newKit(t, nil)
	other := get(t, h, "/C/"+strings.Repeat("A", 26)+"-"+strings.Repeat("A", 13)).prova(t)
	assert.Equal(t, http.StatusUnprocessableEntity, confirm(t, h, k.link(), other, answer).code)
	uploaded := get(t, h, "/verifica").prova(t)
	assert.Equal(t, http.StatusUnprocessableEntity, confirm(t, h, k.link(), uploaded, answer).code)
	assert.Empty(t, k.book.entries)
}

func TestWhatIsNotThere(t *testing.T) {
	k, h := newKit(t, nil)
	for path, code := range map[string]int{"/C/abc": 404, "/C/": 404,
		"/C/" + strings.ToLower(k.issued.Contrassegno.Code()[1:]): 404, "/verifica/nulla": 404, "/altro": 404, "/verifica/originale/x": 410, "/verifica/originale/" + strings.Repeat("A", 5000): 410} {
		p := get(t, h, path)
		assert.Equal(t, code, p.code, path)
		assert.Contains(t, p.text, "<h1>", path)
	}
	forged := "/C/" + k.issued.Contrassegno.Code()[:27] + "AAAAAAAAAAAAA"
	p := confirm(t, h, forged, get(t, h, forged).prova(t), answer)
	assert.Equal(t, http.StatusNotFound, p.code)
	assert.Contains(t, p.words(), "non è autentico")
	require.Len(t, k.book.entries, 1)
	assert.Equal(t, "CER-ARC-03", k.book.entries[0].Outcome)

	// Expired, though not swept yet; then swept: said to be so, and nothing opens.
	for range 2 {
		k.now = k.now.AddDate(0, 7, 0)
		p = confirm(t, h, k.link(), get(t, h, k.link()).prova(t), answer)
		assert.Equal(t, http.StatusGone, p.code)
		assert.NotContains(t, p.text, "ESPOSITO")
		assert.NotContains(t, p.text, "originale/")
		_, err := k.issuer.Sweep(t.Context())
		require.NoError(t, err)
	}
}

// TestUnsealed shows nothing of an original whose seal does not hold.
func TestUnsealed(t *testing.T) {
	k, h := newKit(t, func(k *kit) {
		nobody, err := verify.New(verify.Config{})
		require.NoError(k.t, err)
		k.config.Verifier = nobody
	})
	p := confirm(t, h, k.link(), get(t, h, k.link()).prova(t), answer)
	assert.Contains(t, p.words(), "non si può confermare")
	assert.NotContains(t, p.text, "ESPOSITO")
	assert.NotContains(t, p.text, "originale/")
	assert.Contains(t, p.words(), "non superato")
}

// swapped gives another certificate than was asked, the second time.
type swapped struct {
	issuer web.Originals
	other  certificate.Issued
	asked  int
}

func (s *swapped) Original(ctx context.Context, id string, mark contrassegno.Mark) (certificate.Issued, error) {
	if s.asked++; s.asked > 1 {
		return s.other, nil
	}
	return s.issuer.Original(ctx, id, mark)
}

// TestSwapped: the document is judged against the contrassegno each time, so that
// an archive gone wrong shows nobody's certificate to the holder of another.
func TestSwapped(t *testing.T) {
	k, h := newKit(t, func(k *kit) {
		issued, err := k.issuer.Issue(k.t.Context(), certificate.Request{
			Request: electoral.Request{ID: "r-2", Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z",
				Role: electoral.CitizenRole, Method: electoral.CIEMethod, Level: 3}},
			ANPRID: "1000001", Kind: certificate.EnrolmentCertificate, Use: certificate.PrivateUse,
		})
		require.NoError(k.t, err)
		k.config.Originals = &swapped{issuer: k.issuer, other: issued}
	})
	p := confirm(t, h, k.link(), get(t, h, k.link()).prova(t), answer)
	m := document.FindStringSubmatch(p.text)
	require.NotNil(t, m)
	got := get(t, h, m[1])
	require.NotEqual(t, "application/pdf", got.head.Get("Content-Type"))
	assert.Contains(t, got.words(), "non si può confermare")
}

type broken struct{ err error }

func (b broken) Original(context.Context, string, contrassegno.Mark) (certificate.Issued, error) {
	return certificate.Issued{}, b.err
}

func TestFailures(t *testing.T) {
	secret := errors.New("disk of ESPOSITO is full")
	k, h := newKit(t, func(k *kit) { k.config.Originals = broken{secret} })
	p := confirm(t, h, k.link(), get(t, h, k.link()).prova(t), answer)
	assert.Equal(t, http.StatusInternalServerError, p.code)
	assert.NotContains(t, p.text, "ESPOSITO", "the text of an internal error is for the log")
	assert.Contains(t, k.log.String(), "disk of")

	k, h = newKit(t, nil)
	k.book.err = errors.New("log is full")
	p = confirm(t, h, k.link(), get(t, h, k.link()).prova(t), answer)
	assert.Equal(t, http.StatusInternalServerError, p.code, "what cannot be recorded is not shown")
	assert.NotContains(t, p.text, "ESPOSITO")

	k, h = newKit(t, func(k *kit) { k.config.Layout = func(io.Writer, *http.Request, web.Page) error { return secret } })
	assert.Equal(t, http.StatusInternalServerError, get(t, h, k.link()).code)

	k, h = newKit(t, nil)
	k.captcha.err = captcha.ErrFull
	assert.Equal(t, http.StatusServiceUnavailable, confirm(t, h, k.link(), get(t, h, k.link()).prova(t), answer).code)
	assert.Empty(t, k.log.String())
	k.captcha.err = errors.New("list of used challenges: connection refused")
	p = confirm(t, h, k.link(), get(t, h, k.link()).prova(t), answer)
	assert.Equal(t, http.StatusInternalServerError, p.code, "a fault of ours is not the visitor's")
	assert.NotContains(t, p.text, "refused")
	assert.Contains(t, k.log.String(), "connection refused", "the operator hears of it")
}

// TestWork asks for a proof of work underneath the captcha.
func TestWork(t *testing.T) {
	k, h := newKit(t, func(k *kit) { k.captcha.work = 8 })
	asked := get(t, h, k.link())
	assert.Contains(t, asked.text, `src="/verifica/lavoro.js"`)
	script := httptest.NewRecorder()
	h.ServeHTTP(script, httptest.NewRequest(http.MethodGet, "/verifica/lavoro.js", nil))
	assert.Contains(t, script.Body.String(), "SHA-256")
	id := asked.prova(t)
	p := confirm(t, h, k.link(), id, answer)
	assert.Contains(t, p.words(), "controllo automatico del browser")
	id = p.prova(t)
	work, err := captcha.Work(t.Context(), captcha.Challenge{ID: id, Work: 8})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, k.link(),
		strings.NewReader(url.Values{"prova": {id}, "codice": {answer}, "lavoro": {work}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	assert.Equal(t, http.StatusOK, do(t, h, r).code)
}

func TestPattern(t *testing.T) {
	k, h := newKit(t, func(k *kit) { k.config.Path = "/controllo" })
	assert.Equal(t, "GET /C/{code}", h.Pattern(httptest.NewRequest(http.MethodGet, k.link(), nil)))
	assert.Equal(t, "GET /controllo", h.Pattern(httptest.NewRequest(http.MethodGet, "/controllo", nil)))
	assert.Equal(t, []string{"/C/", "/controllo", "/controllo/"}, h.Paths())
	assert.Contains(t, get(t, h, "/controllo").text, `action="/controllo"`)
}

func TestNew(t *testing.T) {
	k, _ := newKit(t, nil)
	for name, spoil := range map[string]func(*web.Config){
		"Originals": func(c *web.Config) { c.Originals = nil },
		"Verifier":  func(c *web.Config) { c.Verifier = nil },
		"Captcha":   func(c *web.Config) { c.Captcha = nil },
		"Key":       func(c *web.Config) { c.Key = c.Key[:31] },
	} {
		c := k.config
		spoil(&c)
		_, err := web.New(c)
		require.ErrorContains(t, err, "Config."+name)
	}
	// Addresses that no browser would send as they are, or that would hide each
	// other: an error, not the panic of http.ServeMux.
	for _, base := range []string{"http://x", "https://x/A//B", "https://x/A/../B", "https://x/./A"} {
		c := k.config
		c.BaseURL = base
		_, err := web.New(c)
		require.ErrorContains(t, err, "Config.BaseURL", base)
	}
	for _, path := range []string{"verifica", "/verifica/", "/", "/a//b", "/a/../b", "/a/.", "//a", "/C", "/a b",
		"/{x}", "/è", "/a\n", "/C/C"} {
		c := k.config
		c.Path = path
		_, err := web.New(c)
		require.ErrorContains(t, err, "Config.Path", path)
	}
	c := k.config
	c.BaseURL = "https://verifica.example.it/ANPR"
	h, err := web.New(c)
	require.NoError(t, err)
	assert.Equal(t, "/ANPR/C/", h.Paths()[0])
}

// FuzzNew: no address panics, neither in New nor where the handler is mounted, and
// what is accepted is served.
func FuzzNew(f *testing.F) {
	f.Add("https://verifica.example.it/ANPR", "/verifica")
	f.Add("https://x/A/..", "/a/{b}")
	f.Add("https://x/VERIFICA", "/VERIFICA")
	f.Add("https://x/VERIFICA", "/VERIFICA/C")
	var k *kit
	f.Fuzz(func(t *testing.T, base, path string) {
		if k == nil {
			k, _ = newKit(t, nil)
		}
		c := k.config
		c.BaseURL, c.Path = base, path
		h, err := web.New(c)
		if err != nil {
			return
		}
		mux := http.NewServeMux()
		for _, p := range h.Paths() {
			mux.Handle(p, h)
		}
		for _, p := range []string{h.Paths()[0] + strings.Repeat("A", 26) + "-" + strings.Repeat("A", 13),
			h.Paths()[1]} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, p, nil))
			assert.Equal(t, http.StatusOK, w.Code, "%q %q: %s", base, path, p)
		}
	})
}

// FuzzTicket: no text but ours opens anything, and none panics.
func FuzzTicket(f *testing.F) {
	k := &kit{}
	f.Add("AAAA")
	f.Add(strings.Repeat("A", 120))
	var h *web.Handler
	f.Fuzz(func(t *testing.T, ticket string) {
		if h == nil {
			k, h = newKit(t, nil)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = "/verifica/originale/" + ticket
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.NotEqual(t, "application/pdf", w.Header().Get("Content-Type"))
		assert.Empty(t, k.book.entries)
	})
}

func Example() {
	// In earnest: a certificate.Issuer, a verify.Verifier with its trust, and
	// captcha.New.
	digits, err := captcha.New(captcha.Config{Key: make([]byte, captcha.MinKeySize)})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := verify.New(verify.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	key := make([]byte, 32)
	rand.Read(key)
	h, err := web.New(web.Config{Originals: broken{certificate.ErrNotArchived}, Verifier: verifier, Captcha: digits,
		BaseURL: "https://verifica.example.it", Key: key})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	for _, path := range h.Paths() {
		mux.Handle(path, h)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/verifica", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "Conferma"))
	// Output:
	// 200 true
}

type register struct{}

func (register) ByFiscalCode(context.Context, electoral.FiscalCode) (electoral.Person, error) {
	return someonesFacts().Person, nil
}

// TestCollective opens a certificate of many persons.
func TestCollective(t *testing.T) {
	k, h := newKit(t, nil)
	office := electoral.Request{ID: "c-1", Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z",
		Role: electoral.OfficerRole, Comune: "H501", Method: electoral.CIEMethod, Level: 3}}
	out, err := k.issuer.Collective(t.Context(), certificate.CollectiveRequest{Request: office,
		Collection: certificate.ListCollection, People: register{}}, strings.NewReader("FFCLTR70A01H501Z\n"))
	require.NoError(t, err)
	k.book.entries = nil
	link := "/C/" + out.Contrassegno.Code()
	p := confirm(t, h, link, get(t, h, link).prova(t), answer)
	require.Equal(t, http.StatusOK, p.code)
	assert.Contains(t, p.words(), "Il certificato è autentico")
	assert.Contains(t, p.words(), "da confrontare con l’originale riga per riga")
	assert.Contains(t, p.words(), out.Data.Protocol)
	m := document.FindStringSubmatch(p.text)
	require.NotNil(t, m)
	pdf := get(t, h, m[1])
	assert.Equal(t, string(out.PDF), pdf.text)
	assert.Contains(t, pdf.head.Get("Content-Disposition"), out.Data.Protocol)
}
