package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/verify/web"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*
var staticFiles embed.FS

// A site serves the pages.
type site struct {
	*system
	pages  *template.Template
	public *web.Handler
	mux    *http.ServeMux
	assets map[string]asset  // by the name under which they are served
	hashed map[string]string // those names, by that of the file
}

// handler returns the pages of the system, behind the guard of all answers.
func (s *system) handler() (http.Handler, error) {
	st := &site{system: s, mux: http.NewServeMux(), assets: map[string]asset{}, hashed: map[string]string{}}
	if err := st.loadAssets(); err != nil {
		return nil, err
	}
	var err error
	st.pages, err = template.New("").Funcs(template.FuncMap{"instant": st.instant, "asset": st.address}).
		ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	st.public, err = web.New(web.Config{
		Originals: s.issuer, Verifier: s.verifier, Captcha: s.captcha, BaseURL: s.base, Key: s.ticketKey,
		FormerURLs: s.opts.former, Client: s.opts.proxies.Network, Layout: st.layout, Logger: s.logger, Now: s.now,
	})
	if err != nil {
		return nil, err
	}
	for _, path := range st.public.Paths() {
		st.mux.Handle(path, st.public)
	}
	st.mux.Handle("GET /c/", st.public) // addresses typed in small letters
	st.routes()
	cross := http.NewCrossOriginProtection()
	deny := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st.notice(w, r, http.StatusForbidden, "Richiesta rifiutata",
			"Il modulo non è stato inviato da questo sito. Tornare alla pagina iniziale e ripetere l'operazione.")
	})
	cross.SetDenyHandler(deny)
	return st.guard(sameScheme(s.base, deny, cross.Handler(st.mux))), nil
}

// sameScheme denies a form that names as its origin another scheme of the same host,
// which [http.CrossOriginProtection] does not compare: whoever is on the way can answer in
// the name of http://. Browsers that send Sec-Fetch-Site have compared it themselves.
func sameScheme(base string, deny, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		if from := r.Header.Get("Origin"); !safe && from != "" && from != base && r.Header.Get("Sec-Fetch-Site") == "" {
			deny.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (st *site) routes() {
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /{$}":                     st.home,
		"GET /accesso":                 st.loginPage,
		"POST /accesso":                st.login,
		"POST /uscita":                 st.logout,
		"GET /accessibilita":           st.static("accessibilita", "Dichiarazione di accessibilità"),
		"GET /privacy":                 st.static("privacy", "Informativa sul trattamento dei dati personali"),
		"GET /livez":                   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") },
		"GET /readyz":                  st.ready,
		"GET " + staticPath + "{name}": st.asset,
		"/":                            st.missing,
		"GET /area":                    st.private(st.area),
		"GET /area/dati":               st.private(st.data),
		"GET /area/rettifica":          st.private(st.rectifyForm), "POST /area/rettifica": st.private(st.rectify),
		"GET /area/accessi":              st.private(st.accesses),
		"GET /area/certificati":          st.private(st.certificates),
		"POST /area/anteprima":           st.private(st.preview),
		"GET /area/anteprima/{id}":       st.private(st.previewPage),
		"GET /area/anteprima/{id}/pdf":   st.private(st.previewPDF),
		"POST /area/emissione":           st.private(st.issue),
		"GET /area/certificati/{id}":     st.private(st.certificate),
		"GET /area/certificati/{id}/pdf": st.private(st.download),
	} {
		st.mux.HandleFunc(pattern, handler)
	}
}

// policy is the Content-Security-Policy of every page: it admits nothing from
// elsewhere and no script except our own files; no page needs one.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; " +
	"object-src 'self'; frame-src 'self'; " +
	"script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guard surrounds every answer: it sets headers, applies limits, logs requests
// without addresses or persons, and shows a page when something breaks.
func (st *site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		// Older browsers, such as Safari before 16.4, send no Sec-Fetch-Site; without a
		// referrer they would not say either where a form comes from.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		defer func() {
			broken := recover()
			if broken != nil && broken != http.ErrAbortHandler {
				st.logger.ErrorContext(r.Context(), "panic", "value", broken, "stack", string(debug.Stack()))
				if !seen.wrote {
					st.notice(seen, r, http.StatusInternalServerError, "Errore interno",
						"L'operazione non è riuscita. Riprovare fra qualche minuto.")
					broken = nil
				}
			}
			st.logger.Log(r.Context(), slog.LevelInfo, "request", "method", r.Method, "pattern", st.pattern(r),
				"status", seen.code, "ms", time.Since(began).Milliseconds())
			if broken != nil {
				panic(http.ErrAbortHandler) // half an answer must not look complete
			}
		}()
		if !strings.HasPrefix(r.URL.Path, staticPath) && !st.allowed(r) {
			h.Set("Retry-After", "10")
			st.notice(seen, r, http.StatusTooManyRequests, "Troppe richieste",
				"Sono arrivate troppe richieste in poco tempo. Attendere qualche secondo e riprovare.")
			return
		}
		next.ServeHTTP(seen, r)
	})
}

// allowed counts a request: those of a person who is logged in are his own, wherever he
// is; the others are those of a network, where many may be behind one address.
func (st *site) allowed(r *http.Request) bool {
	if n := st.sessions.of(r); n != nil {
		return st.limits.person(n.person, r.Method)
	}
	network := st.opts.proxies.Network(r)
	return network != "" && st.limits.network(network, r.Method)
}

// pattern returns what the log may keep of a request's address.
func (st *site) pattern(r *http.Request) string {
	_, pattern := st.mux.Handler(r)
	for _, p := range st.public.Paths() {
		if pattern == p {
			return st.public.Pattern(r)
		}
	}
	return pattern
}

// A status is a ResponseWriter that remembers the status of the answer.
type status struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (s *status) WriteHeader(code int) {
	if !s.wrote {
		s.code, s.wrote = code, true
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(b []byte) (int, error) {
	s.wrote = true
	return s.ResponseWriter.Write(b)
}

func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// layout puts content into the frame of the site.
func (st *site) layout(w io.Writer, r *http.Request, p web.Page) error {
	data := struct {
		web.Page
		Name    string // of the person who is logged in
		Section string
	}{p, "", strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")[0]}
	if n := st.sessions.of(r); n != nil {
		data.Name = n.name
	}
	return st.pages.ExecuteTemplate(w, "frame.html", data)
}

// show writes a page of the site.
func (st *site) show(w http.ResponseWriter, r *http.Request, code int, name, title string, data any) {
	var body, page bytes.Buffer
	err := st.pages.ExecuteTemplate(&body, name+".html", data)
	if err == nil {
		err = st.layout(&page, r, web.Page{Title: title, Body: template.HTML(body.String()), Status: code})
	}
	if err != nil {
		st.logger.ErrorContext(r.Context(), "page", "page", name, "error", err)
		http.Error(w, "Errore interno. Riprovare fra qualche minuto.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(page.Bytes())
}

// A message is the content of a page that only informs.
type message struct {
	Text string
	// Code is a number to quote when asking for help; empty if there is none.
	Code string
	// Reasons give details, if there are any.
	Reasons []reason
	Back    string
}

func (st *site) notice(w http.ResponseWriter, r *http.Request, code int, title, text string) {
	st.show(w, r, code, "notice", title, message{Text: text, Back: "/"})
}

func (st *site) home(w http.ResponseWriter, r *http.Request) {
	st.show(w, r, http.StatusOK, "home", "Liste elettorali in ANPR", nil)
}

func (st *site) missing(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		st.notice(w, r, http.StatusMethodNotAllowed, "Metodo non ammesso", "Questo indirizzo non accetta la richiesta.")
		return
	}
	st.notice(w, r, http.StatusNotFound, "Pagina non trovata", "L'indirizzo non corrisponde ad alcuna pagina.")
}

func (st *site) static(name, title string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { st.show(w, r, http.StatusOK, name, title, nil) }
}

func (st *site) ready(w http.ResponseWriter, r *http.Request) {
	_, err := st.registry.Home(r.Context(), st.people[0].anprID)
	if err == nil {
		_, err = st.logStore.Head(r.Context(), "portale")
	}
	if err != nil {
		st.logger.ErrorContext(r.Context(), "not ready", "error", err)
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ready\n")
}

func (st *site) instant(t time.Time) string { return t.In(st.rome).Format("02/01/2006, ore 15.04.05") }

// staticPath is where the static files are. Their names change with their content, so
// that browsers keep them; they count for no limit.
const staticPath = "/static/"

// An asset is a static file in the form in which it is served.
type asset struct {
	data, gzip []byte
	mime       string
}

// loadAssets reads the static files; those with styles last, since they name others.
func (st *site) loadAssets() error {
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return err
	}
	for _, styles := range []bool{false, true} {
		for _, e := range entries {
			if strings.Contains(e.Name(), ".css") != styles {
				continue
			}
			if err := st.loadAsset(e.Name()); err != nil {
				return fmt.Errorf("%s: %w", e.Name(), err)
			}
		}
	}
	return nil
}

func (st *site) loadAsset(file string) error {
	data, err := staticFiles.ReadFile("static/" + file)
	if err != nil {
		return err
	}
	name, packed := strings.CutSuffix(file, ".gz")
	a := asset{data: data, mime: map[string]string{
		".css": "text/css; charset=utf-8", ".woff2": "font/woff2",
		".txt": "text/plain; charset=utf-8", ".svg": "image/svg+xml",
	}[path.Ext(name)]}
	if a.mime == "" {
		return errors.New("of which type?")
	}
	if packed {
		a.gzip = data
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return err
		}
		if a.data, err = io.ReadAll(z); err != nil {
			return err
		}
	}
	if path.Ext(name) == ".css" && !packed {
		for other, served := range st.hashed {
			a.data = bytes.ReplaceAll(a.data, []byte(`url("`+other+`")`), []byte(`url("`+served+`")`))
		}
	}
	sum := sha256.Sum256(a.data)
	ext := path.Ext(name)
	served := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	st.assets[served], st.hashed[name] = a, served
	return nil
}

// address returns where a static file is served.
func (st *site) address(name string) (string, error) {
	served, ok := st.hashed[name]
	if !ok {
		return "", fmt.Errorf("no static file %s", name)
	}
	return staticPath + served, nil
}

func (st *site) asset(w http.ResponseWriter, r *http.Request) {
	name, keep := r.PathValue("name"), "public, max-age=31536000, immutable"
	if served, ok := st.hashed[name]; ok { // asked by the name of the file, whose content changes
		name, keep = served, "public, max-age=3600"
	}
	a, ok := st.assets[name]
	if !ok {
		st.missing(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.mime)
	h.Set("Cache-Control", keep)
	h.Set("Vary", "Accept-Encoding")
	if a.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(a.gzip)
		return
	}
	_, _ = w.Write(a.data)
}
