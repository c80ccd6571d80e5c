package main

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
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
	assets map[string]asset
}

// handler returns the pages of the system, behind the guard of all answers.
func (s *system) handler() (http.Handler, error) {
	st := &site{system: s, mux: http.NewServeMux(), assets: map[string]asset{}}
	var err error
	st.pages, err = template.New("").Funcs(template.FuncMap{"instant": st.instant}).
		ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	if err := st.loadAssets(); err != nil {
		return nil, err
	}
	st.public, err = web.New(web.Config{
		Originals: s.issuer, Verifier: s.verifier, Captcha: s.captcha, BaseURL: s.base, Key: s.ticketKey,
		FormerURLs: s.opts.former, Layout: st.layout, Logger: s.logger, Now: s.now,
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
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st.notice(w, r, http.StatusForbidden, "Richiesta rifiutata",
			"Il modulo non è stato inviato da questo sito. Tornare alla pagina iniziale e ripetere l'operazione.")
	}))
	return st.guard(cross.Handler(st.mux)), nil
}

func (st *site) routes() {
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /{$}":            st.home,
		"GET /accesso":        st.loginPage,
		"POST /accesso":       st.login,
		"POST /uscita":        st.logout,
		"GET /accessibilita":  st.static("accessibilita", "Dichiarazione di accessibilità"),
		"GET /privacy":        st.static("privacy", "Informativa sul trattamento dei dati personali"),
		"GET /livez":          func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") },
		"GET /readyz":         st.ready,
		"GET /static/{name}":  st.asset,
		"/":                   st.missing,
		"GET /area":           st.private(st.area),
		"GET /area/dati":      st.private(st.data),
		"GET /area/rettifica": st.private(st.rectifyForm), "POST /area/rettifica": st.private(st.rectify),
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
		h.Set("Referrer-Policy", "no-referrer")
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
		if !st.limits.allow(r) {
			h.Set("Retry-After", "10")
			st.notice(seen, r, http.StatusTooManyRequests, "Troppe richieste",
				"Da questo indirizzo arrivano troppe richieste. Attendere qualche secondo e riprovare.")
			return
		}
		next.ServeHTTP(seen, r)
	})
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

// An asset is a static file in the form in which it is served.
type asset struct {
	data, gzip []byte
	mime       string
}

func (st *site) loadAssets() error {
	return fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		a, name := asset{data: data}, path.Base(name)
		if base, ok := strings.CutSuffix(name, ".gz"); ok {
			name = base
			a.gzip = data
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if a.data, err = io.ReadAll(z); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		a.mime = map[string]string{
			".css": "text/css; charset=utf-8", ".woff2": "font/woff2",
			".txt": "text/plain; charset=utf-8", ".svg": "image/svg+xml",
		}[path.Ext(name)]
		if a.mime == "" {
			return fmt.Errorf("static file %s: of which type?", name)
		}
		st.assets[name] = a
		return nil
	})
}

func (st *site) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := st.assets[r.PathValue("name")]
	if !ok {
		st.missing(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.mime)
	h.Set("Cache-Control", "public, max-age=86400")
	h.Set("Vary", "Accept-Encoding")
	if a.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(a.gzip)
		return
	}
	_, _ = w.Write(a.data)
}
