package main

import (
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/examples/server/page"
	"github.com/liste-elettorali/anpr/examples/server/routes"
	"github.com/liste-elettorali/anpr/verify/web"
)

//go:embed templates/*/*.html
var templateFiles embed.FS

// A site serves the pages.
type site struct {
	*system
	frame  *page.Frame
	public *web.Handler
	table  *routes.Table
	folded []foldedComune // for the search of comuni
}

// handler returns the pages of the system, behind the guard of all answers.
func (s *system) handler() (http.Handler, error) {
	st, err := s.site()
	if err != nil {
		return nil, err
	}
	return st.guard(st.table), nil
}

func (s *system) site() (*site, error) {
	st := &site{system: s, folded: foldComuni(s.tables, dateOf(s.now()))}
	contents, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return nil, err
	}
	if st.frame, err = page.New(page.Config{Contents: contents, Person: nameOf, Expiry: st.expiry, PageOf: st.formPage, Logger: s.logger}); err != nil {
		return nil, err
	}
	st.public, err = web.New(web.Config{
		Originals: s.issuer, Verifier: s.verifier, Captcha: s.captcha, BaseURL: s.base, Key: s.ticketKey,
		FormerURLs: s.opts.former, Client: s.opts.proxies.Network, Layout: st.frame.Layout, Language: st.frame.Language,
		Logger: s.logger, Now: s.now,
	})
	if err != nil {
		return nil, err
	}
	st.table, err = routes.New(routes.Config{Routes: st.routes(), Base: s.base, Allow: st.allow, Admit: st.admit,
		Refuse: st.refuse})
	return st, err
}

// nameOf names the visitor, for the frame.
func nameOf(r *http.Request) string {
	if v := visitorOf(r); v != nil {
		return v.Name
	}
	return ""
}

// formPage returns the page of a form, by the path to which it is sent.
func (st *site) formPage(path string) string {
	if page := pageOf(path); st.routeOf(page) != "-" {
		return page
	}
	return "/"
}

// expiry is how many seconds the session lasts.
func (st *site) expiry(r *http.Request) int {
	if v := visitorOf(r); v != nil {
		return int(st.sessions.Remaining(v.Session).Seconds())
	}
	return 0
}

// policy is the Content-Security-Policy of every page: it admits nothing from
// elsewhere and no script except our own files; no page needs one.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; " +
	"object-src 'self'; frame-src 'self'; connect-src 'self'; " +
	"script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guard surrounds every answer: it sets headers, finds the session, logs requests
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
		defer func() { st.finish(seen, r, began, recover()) }()
		if !strings.HasPrefix(r.URL.Path, page.AssetPath) {
			r = st.lookUp(r)
			if st.frame != nil {
				st.frame.Remember(seen, r)
			}
		}
		next.ServeHTTP(seen, r)
	})
}

// finish ends an answer: broken is what the handler has panicked with.
func (st *site) finish(w *status, r *http.Request, began time.Time, broken any) {
	if broken != nil && broken != http.ErrAbortHandler {
		st.logger.ErrorContext(r.Context(), "panic", "value", broken, "stack", string(debug.Stack()))
		if !w.wrote && st.frame != nil {
			st.notice(w, r, http.StatusInternalServerError, "broken")
			broken = nil
		}
	}
	name, code := "-", w.code
	if st.table != nil {
		name = st.table.Name(r)
	}
	if r.Context().Err() != nil && !w.wrote {
		code = 499 // the client has hung up
	}
	st.logger.Log(r.Context(), slog.LevelInfo, "request", "method", method(r), "route", name, "status", code,
		"ms", time.Since(began).Milliseconds())
	if broken != nil {
		panic(http.ErrAbortHandler) // half an answer must not look complete
	}
}

// method returns what the log may keep of a method, which is the client's text.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
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

func (st *site) say(r *http.Request, key string, args ...any) string {
	return st.frame.Say(r, key, args...)
}

func (st *site) instant(t time.Time) string { return t.In(st.rome).Format("02/01/2006, ore 15.04.05") }

// top and inArea are the frames of a page, by the key of its title, below the home page
// and below the reserved area.
func (st *site) top(r *http.Request, key string) web.Page { return web.Page{Title: st.say(r, key)} }

func (st *site) inArea(r *http.Request, key string, above ...web.Link) web.Page {
	trail := append([]web.Link{{URL: "/area", Text: st.say(r, "area.title")}}, above...)
	last := trail[len(trail)-1]
	return web.Page{Title: st.say(r, key), Trail: trail,
		Back: web.Link{URL: last.URL, Text: st.say(r, "frame.back", "page", last.Text)}}
}

// A message is the content of a page that only informs.
type message struct {
	Text, Advice string
	// Code is a number to quote when asking for help; empty if there is none.
	Code string
	// Reasons give details, if there are any.
	Reasons []reason
	Next    web.Link
}

// notice answers with a message of the catalogue: notice.KEY.title, .text and .next.
func (st *site) notice(w http.ResponseWriter, r *http.Request, code int, key string) {
	next := web.Link{URL: "/", Text: st.say(r, "notice.home")}
	if strings.HasPrefix(r.URL.Path, "/area/") {
		next = web.Link{URL: "/area", Text: st.say(r, "notice.area")}
	}
	st.frame.Show(w, r, code, "notice", web.Page{Title: st.say(r, "notice."+key+".title")},
		message{Text: st.say(r, "notice."+key+".text"), Next: next})
}

// parseForm reads a form, or answers that it has not arrived whole. How large it may be
// stands in the table of routes.
func (st *site) parseForm(w http.ResponseWriter, r *http.Request) bool {
	if r.ParseForm() == nil {
		return true
	}
	st.notice(w, r, http.StatusBadRequest, "form")
	return false
}
