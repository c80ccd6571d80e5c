package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/limits/admission"
	"github.com/liste-elettorali/anpr/internal/limits/clients"
	"github.com/liste-elettorali/anpr/internal/texts"
	"github.com/liste-elettorali/anpr/verify"
	"github.com/liste-elettorali/anpr/verify/captcha"
)

// Originals gives the certificate to which an authentic contrassegno leads;
// [certificate.Issuer] is one. It puts the access on record before it returns.
// Of one that is forged, and of one that expired or was deleted, the error wraps
// [contrassegno.ErrInvalid] and [certificate.ErrNotArchived].
type Originals interface {
	Original(ctx context.Context, requestID string, mark contrassegno.Mark) (certificate.Issued, error)
}

// Config says what a [Handler] stands on. Originals, Verifier, Captcha, BaseURL
// and Key are required.
type Config struct {
	Originals Originals
	// Verifier judges the originals: its trust is what the public is told.
	Verifier *verify.Verifier
	Captcha  captcha.Captcha
	// BaseURL is where the contrassegni lead, as in [certificate.Config]; its
	// path, if it has one, goes before "/C/". A contrassegno that leads elsewhere
	// is refused.
	BaseURL string
	// FormerURLs are the addresses that the service had before, as BaseURL: codes that
	// lead there are of this service too, and their links are answered under the
	// paths of these addresses.
	FormerURLs []string
	// Key authenticates the tickets that open an original: at least 32 random
	// bytes, used for nothing else. All nodes of a service share it.
	Key []byte
	// Path is where the page for uploads stands; empty means "/verifica".
	Path string
	// Layout writes the pages; nil means a bare page without style.
	Layout Layout
	// Language says in which of the [Languages] a request is answered; nil means Italian.
	// What a check of the seal has found, and why a file could not be read, is said in
	// Italian in each.
	Language func(r *http.Request) string
	// Texts are the Italian texts of the certificates; nil means
	// [certificate.Italian].
	Texts *certificate.Texts
	// Client names the client of a request, for captchas whose work rises with a
	// client's use ([captcha.Config]); nil means its network: the address, or the
	// first 64 bits of one of IPv6. Behind a proxy it has to be given.
	Client func(r *http.Request) string
	// Pictures is how many uploads are read at a time, at most 10,000; zero means one for
	// each CPU but one, which is left to refuse with. As many wait, twenty seconds at most;
	// others are asked at once to come back (503). Who has fewer of these places takes one
	// from who has most, and nobody has more than a quarter of the uploads under way.
	Pictures int
	// Logger gets the internal errors, without personal data; nil means none.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// minKeySize is the least size in bytes of the key of the tickets.
const minKeySize = 32

const (
	// maxUpload bounds an uploaded file in bytes, maxUploads how many there are
	// at a time, each of somebody who passed the captcha: together they bound the
	// memory.
	maxUpload  = 16 << 20
	maxUploads = 32
	// readMost is how long the reading of one file may take.
	readMost = 15 * time.Second
)

// A Handler serves the public verification. It is safe for concurrent use.
type Handler struct {
	cfg       Config
	mux       *http.ServeMux
	pages     map[string]*template.Template // by language
	catalogue *texts.Catalogue
	texts     certificate.Texts
	rome      *time.Location
	// sending bounds the files that are in memory, reading those that are read, links what a
	// code alone costs.
	sending, reading, links *admission.Gate
	routes                  []Route
	paths                   []string
	bases                   []string // of this service, the present one first
}

//go:embed templates/*.html texts/*.json
var templates embed.FS

// Languages are those of the pages, Italian first.
func Languages() []string { return []string{"it", "de", "fr", "sl"} }

// loadPages reads the templates and the texts.
func (h *Handler) loadPages() (err error) {
	if h.catalogue, err = texts.Load(templates, "texts", Languages()...); err != nil {
		return fmt.Errorf("web: %w", err)
	}
	h.pages = map[string]*template.Template{}
	for _, l := range Languages() {
		funcs := template.FuncMap{
			"t": func(key string, args ...any) (string, error) { return h.catalogue.Say(l, key, args...) },
			// it marks a text that is in Italian only.
			"it": func() template.HTMLAttr {
				if l == "it" {
					return ""
				}
				return ` lang="it"`
			},
		}
		if h.pages[l], err = template.New("").Funcs(funcs).ParseFS(templates, "templates/*.html"); err != nil {
			return fmt.Errorf("web: %w", err)
		}
	}
	return nil
}

// language is that of a request.
func (h *Handler) language(r *http.Request) string {
	if l := h.cfg.Language(r); slices.Contains(Languages(), l) {
		return l
	}
	return Languages()[0]
}

// say returns a text in the language of a request.
func (h *Handler) say(r *http.Request, key string, args ...any) string {
	text, err := h.catalogue.Say(h.language(r), key, args...)
	if err != nil {
		h.cfg.Logger.ErrorContext(r.Context(), "verification text", "error", err)
	}
	return text
}

// New checks the configuration.
func New(cfg Config) (*Handler, error) {
	switch {
	case cfg.Originals == nil:
		return nil, errors.New("web: Config.Originals is nil")
	case cfg.Verifier == nil:
		return nil, errors.New("web: Config.Verifier is nil")
	case cfg.Captcha == nil:
		return nil, errors.New("web: Config.Captcha is nil")
	case len(cfg.Key) < minKeySize:
		return nil, fmt.Errorf("web: Config.Key has %d bytes, expected at least %d", len(cfg.Key), minKeySize)
	}
	// Any code shows whether the address is one that a contrassegno can have.
	probe, err := contrassegno.New(cfg.BaseURL, bytes.Repeat([]byte{1}, contrassegno.MinKeySize), nil)
	if err != nil {
		return nil, fmt.Errorf("web: Config.BaseURL: %w", err)
	}
	base := strings.TrimSuffix(probe.String(), contrassegno.Path+probe.Code())
	_, prefix, _ := strings.Cut(strings.TrimPrefix(base, "HTTPS://"), "/")
	if prefix != "" {
		prefix = "/" + prefix
	}
	cfg.BaseURL, cfg.Key = base, slices.Clone(cfg.Key)
	prefixes, bases, err := formerAddresses(probe, prefix, cfg.FormerURLs)
	if err != nil {
		return nil, err
	}
	if cfg.Path == "" {
		cfg.Path = "/verifica"
	}
	if len(cfg.Path) < 2 || cfg.Path[0] != '/' || path.Clean(cfg.Path) != cfg.Path ||
		strings.Trim(cfg.Path, pathChars) != "" {
		return nil, fmt.Errorf("web: Config.Path %q: expected a path like /verifica, of letters, digits and \"-._~\"",
			cfg.Path)
	}
	for _, p := range prefixes {
		if strings.HasPrefix(cfg.Path+"/", p+contrassegno.Path) || strings.HasPrefix(cfg.Path+"/", p+typedPath) {
			return nil, fmt.Errorf("web: Config.Path %q: below %s are the contrassegni", cfg.Path, p+contrassegno.Path)
		}
	}
	if cfg.Layout == nil {
		cfg.Layout = bare
	}
	if cfg.Language == nil {
		cfg.Language = func(*http.Request) string { return Languages()[0] }
	}
	if cfg.Client == nil {
		cfg.Client = clients.Proxies{}.Network
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	h := &Handler{cfg: cfg, bases: bases, mux: http.NewServeMux(), texts: certificate.Italian()}
	if err = h.openGates(); err != nil {
		return nil, err
	}
	if cfg.Texts != nil {
		h.texts = *cfg.Texts
	}
	if h.rome, err = time.LoadLocation(electoral.Rome); err != nil {
		return nil, fmt.Errorf("web: no time zone database for %s: import time/tzdata in the program: %w",
			electoral.Rome, err)
	}
	if err := h.loadPages(); err != nil {
		return nil, err
	}
	h.addRoutes(prefixes)
	return h, nil
}

// openGates makes the gates. One network may have all places of the first, since somebody
// else who comes takes one from it. What a code alone costs is milliseconds, and a school may ask
// at once.
func (h *Handler) openGates() (err error) {
	h.sending, err = admission.New(admission.Config{Work: maxUploads, Wait: -1, Share: maxUploads / 4})
	if err != nil {
		return err
	}
	n := h.cfg.Pictures
	if n <= 0 {
		n = max(1, runtime.GOMAXPROCS(0)-1)
	}
	h.reading, err = admission.New(admission.Config{Work: n, Wait: n, Share: 2 * n, Patience: readMost + 5*time.Second})
	if err != nil {
		return fmt.Errorf("web: Config.Pictures: %w", err)
	}
	many := 2 * runtime.GOMAXPROCS(0)
	h.links, err = admission.New(admission.Config{Work: many, Wait: 50 * many, Share: 40 * many})
	return err
}

// formerAddresses returns the paths before the codes and the addresses of a service,
// the present ones first.
func formerAddresses(probe contrassegno.Mark, prefix string, former []string) (prefixes, bases []string, err error) {
	prefixes, bases = []string{prefix}, []string{probe.Base()}
	for _, url := range former {
		mark, err := probe.At(url)
		if err != nil {
			return nil, nil, fmt.Errorf("web: Config.FormerURLs: %w", err)
		}
		bases = append(bases, mark.Base())
		_, p, _ := strings.Cut(strings.TrimPrefix(mark.Base(), "HTTPS://"), "/")
		if p != "" {
			p = "/" + p
		}
		prefixes = append(prefixes, p)
	}
	for i, p := range prefixes {
		if p != "" && path.Clean(p) != p {
			return nil, nil, fmt.Errorf("web: Config.%s: path %q: expected no empty, \".\" or \"..\" parts",
				[]string{"BaseURL", "FormerURLs"}[min(i, 1)], p)
		}
	}
	return prefixes, bases, nil
}

// pathChars are those of an address that no browser writes in another way.
const pathChars = "/-._~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// typedPath is [contrassegno.Path] as people type it.
const typedPath = "/c/"

// A Route is one of the addresses that a [Handler] serves, for a server that declares a
// policy for each.
type Route struct {
	// Method is GET or POST, Path as [http.ServeMux] takes it.
	Method, Path string
	// Body is how many bytes a request may send; zero means none.
	Body int64
}

func (h *Handler) serve(method, path string, body int64, handler http.HandlerFunc) {
	h.routes = append(h.routes, Route{method, path, body})
	h.mux.HandleFunc(method+" "+path, handler)
}

func (h *Handler) addRoutes(prefixes []string) {
	upload := h.cfg.Path
	for i, prefix := range prefixes {
		if slices.Contains(prefixes[:i], prefix) {
			continue
		}
		link, typed := prefix+contrassegno.Path, prefix+typedPath
		h.serve(http.MethodGet, link+"{code}", 0, h.askLink)
		h.serve(http.MethodPost, link+"{code}", 8*maxField, h.confirmLink)
		h.serve(http.MethodGet, typed+"{code}", 0, h.typedLink)
		h.serve(http.MethodGet, link, 0, h.missing)
		h.paths = append(h.paths, link)
	}
	h.serve(http.MethodGet, upload, 0, h.askUpload)
	h.serve(http.MethodPost, upload, maxUpload+64<<10, h.confirmUpload)
	h.serve(http.MethodGet, upload+"/{$}", 0, h.askUpload)
	h.serve(http.MethodPost, upload+"/codice", maxField, h.typedCode)
	h.serve(http.MethodGet, upload+"/codice/{id}/immagine", 0, func(w http.ResponseWriter, r *http.Request) {
		captcha.ServePicture(w, r, h.cfg.Captcha, r.PathValue("id"))
	})
	h.serve(http.MethodGet, upload+"/codice/{id}/audio", 0, func(w http.ResponseWriter, r *http.Request) {
		captcha.ServeAudio(w, r, h.cfg.Captcha, r.PathValue("id"))
	})
	h.serve(http.MethodGet, upload+"/originale/{ticket}", 0, h.original)
	h.serve(http.MethodGet, upload+"/lavoro.js", 0, h.workScript)
	h.serve(http.MethodGet, upload+"/", 0, h.missing)
	h.paths = append(h.paths, upload, upload+"/")
}

// Routes returns every address that the handler serves, to be mounted one by one.
func (h *Handler) Routes() []Route { return slices.Clone(h.routes) }

// Paths returns the paths below which the handler serves, to be mounted one by
// one beside other handlers. Whoever mounts "/c/" too, below the path of the base
// URL, understands addresses typed in small letters.
func (h *Handler) Paths() []string { return slices.Clone(h.paths) }

// Pattern returns the pattern that a request matches, empty if none: what a log
// may keep of its address.
func (h *Handler) Pattern(r *http.Request) string {
	if h.mux == nil || r == nil {
		return ""
	}
	_, pattern := h.mux.Handler(r)
	return pattern
}

// ServeHTTP implements [http.Handler]. A Handler that [New] has not made answers
// 500.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "same-origin") // the address holds the code; no-referrer would hide where forms come from
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Robots-Tag", "noindex, nofollow")
	if h.mux == nil {
		http.Error(w, "Errore interno. Riprovare fra qualche minuto.", http.StatusInternalServerError)
		return
	}
	if _, pattern := h.mux.Handler(r); pattern == "" {
		h.missing(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// missing answers where there is no page.
func (h *Handler) missing(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusNotFound, "notice", h.notice(r, "missing"))
}

// show writes a page.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, status int, name string,
	data interface{ page(up string) Page }) {
	var body, page bytes.Buffer
	err := h.pages[h.language(r)].ExecuteTemplate(&body, name+".html", data)
	if err == nil {
		p := data.page(h.say(r, "up"))
		p.Lang, p.Body, p.Status = h.language(r), template.HTML(body.String()), status
		err = h.cfg.Layout(&page, r, p)
	}
	if err != nil {
		h.cfg.Logger.ErrorContext(r.Context(), "verification page", "page", name, "error", err)
		http.Error(w, "Errore interno. Riprovare fra qualche minuto.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// A notice is a page that says something and leads on.
type notice struct {
	Title, Text string
	// Severity is "warning" or "danger"; empty is a warning.
	Severity string
	// Advice is what to do.
	Advice string
	// Path leads to the page for uploads; empty for none.
	Path   string
	Checks []verify.Check
}

func (n notice) page(up string) Page { return Page{Title: n.Title, Trail: trail(n.Path, up)} }

// notice returns the message of a key of the catalogue: KEY.title, KEY.text and, if it is
// there, KEY.advice.
func (h *Handler) notice(r *http.Request, key string, args ...any) notice {
	n := notice{Title: h.say(r, key+".title"), Text: h.say(r, key+".text", args...), Path: h.cfg.Path}
	if slices.Contains(h.catalogue.Keys(), key+".advice") {
		n.Advice = h.say(r, key+".advice")
	}
	return n
}

// danger is a notice of something that must not be accepted, or has gone wrong.
func (n notice) danger() notice { n.Severity = "danger"; return n }

// trail leads to the page for uploads, from the pages below it.
func trail(path, up string) []Link {
	if path == "" {
		return nil
	}
	return []Link{{URL: path, Text: up}}
}

// newID identifies a request in the access log.
func newID() string { return "verifica-" + rand.Text() }

// mark reads the code of a link as the contrassegno of this site.
func (h *Handler) mark(code string) (contrassegno.Mark, error) {
	return contrassegno.Parse(h.cfg.BaseURL + contrassegno.Path + code)
}

// ours reports whether a contrassegno leads to this site, under its present address
// or a former one. One that leads elsewhere is not this service's to judge.
func (h *Handler) ours(m contrassegno.Mark) bool { return slices.Contains(h.bases, m.Base()) }
