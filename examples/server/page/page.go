// Package page draws the pages of the server: one frame around every content, the
// components that contents are made of, the static files, and the texts in Italian,
// German, French and Slovene.
//
// The folders: assets holds styles and fonts, templates the frame and the components,
// texts the catalogues. The templates of the contents are the caller's, and use the
// components by name.
package page

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/internal/texts"
	"github.com/liste-elettorali/anpr/verify/web"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed texts/*.json
var textFiles embed.FS

//go:embed assets/*
var assetFiles embed.FS

// Languages are those of the pages, Italian first: what is not there in another language,
// such as the reasons of a refusal, is in Italian and marked so.
func Languages() []string { return []string{"it", "de", "fr", "sl"} }

// languageCookie holds the language that a reader has chosen.
const languageCookie = "__Host-lingua"

// Config says what a Frame stands on. Contents is required.
type Config struct {
	// Contents are the templates of the contents, by their file names.
	Contents fs.FS
	// Funcs are functions for them beside those of this package.
	Funcs template.FuncMap
	// Person names the person who is logged in; empty if nobody is.
	Person func(r *http.Request) (name string)
	// Expiry is after how many seconds without a request the session of the person ends;
	// zero if nobody is logged in.
	Expiry func(r *http.Request) int
	// PageOf returns the page on which a form stands, by the path to which it is sent; nil
	// means the home page.
	PageOf func(path string) string
	// Logger gets the errors of pages; nil means none.
	Logger *slog.Logger
}

// A Frame draws pages. It is safe for concurrent use.
type Frame struct {
	cfg    Config
	texts  *texts.Catalogue
	pages  map[string]*template.Template // by language
	assets map[string]asset              // by the name under which they are served
	hashed map[string]string             // those names, by that of the file
}

// New reads the templates, texts and assets. The error names what is wrong in them.
func New(cfg Config) (*Frame, error) {
	if cfg.Contents == nil {
		return nil, errors.New("page: Config.Contents is nil")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Person == nil {
		cfg.Person = func(*http.Request) string { return "" }
	}
	if cfg.Expiry == nil {
		cfg.Expiry = func(*http.Request) int { return 0 }
	}
	if cfg.PageOf == nil {
		cfg.PageOf = func(string) string { return "/" }
	}
	f := &Frame{cfg: cfg, pages: map[string]*template.Template{}, assets: map[string]asset{}, hashed: map[string]string{}}
	if err := f.loadAssets(); err != nil {
		return nil, err
	}
	var err error
	if f.texts, err = texts.Load(textFiles, "texts", Languages()...); err != nil {
		return nil, err
	}
	for _, l := range Languages() {
		t := template.New("").Funcs(f.funcs(l)).Funcs(cfg.Funcs)
		if t, err = t.ParseFS(templateFiles, "templates/*.html"); err == nil {
			t, err = t.ParseFS(cfg.Contents, "*/*.html")
		}
		if err != nil {
			return nil, fmt.Errorf("page: %w", err)
		}
		f.pages[l] = t
	}
	return f, nil
}

// funcs are the functions of the templates in a language.
func (f *Frame) funcs(language string) template.FuncMap {
	return template.FuncMap{
		"t":    func(key string, args ...any) (string, error) { return f.texts.Say(language, key, args...) },
		"lang": func() string { return language },
		// it marks a text that is in Italian only.
		"it": func() template.HTMLAttr {
			if language == "it" {
				return ""
			}
			return ` lang="it"`
		},
		"asset": f.address, "dict": dict, "languages": func() []languageName { return languageNames(language) },
	}
}

// dict makes a map of names and values, for what a component is given.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a name without a value")
	}
	return m, nil
}

// A languageName is a language as those who speak it call it.
type languageName struct {
	Code, Name string
	Current    bool
}

func languageNames(current string) (out []languageName) {
	names := map[string]string{"it": "Italiano", "de": "Deutsch", "fr": "Français", "sl": "Slovenščina"}
	for _, l := range Languages() {
		out = append(out, languageName{l, names[l], l == current})
	}
	return out
}

// Language returns the language in which a request is answered: what the address asks for
// (lang), what the reader chose before, what the browser prefers, Italian.
func (f *Frame) Language(r *http.Request) string {
	if l := r.URL.Query().Get("lang"); slices.Contains(Languages(), l) {
		return l
	}
	if c, err := r.Cookie(languageCookie); err == nil && slices.Contains(Languages(), c.Value) {
		return c.Value
	}
	return texts.Accepted(r.Header.Get("Accept-Language"), Languages())
}

// Remember keeps the language that the address asks for, if it does.
func (f *Frame) Remember(w http.ResponseWriter, r *http.Request) {
	if l := r.URL.Query().Get("lang"); slices.Contains(Languages(), l) {
		http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: l, Path: "/", Secure: true, HttpOnly: true,
			SameSite: http.SameSiteLaxMode, MaxAge: 365 * 24 * 60 * 60})
	}
}

// Say returns a text in the language of a request. One that is not there is told to the
// logger, and its key stands for it.
func (f *Frame) Say(r *http.Request, key string, args ...any) string {
	text, err := f.texts.Say(f.Language(r), key, args...)
	if err != nil {
		f.cfg.Logger.ErrorContext(r.Context(), "text", "error", err)
		return key
	}
	return text
}

// Catalogue returns the texts.
func (f *Frame) Catalogue() *texts.Catalogue { return f.texts }

// A frame is what the template of the frame is given.
type frame struct {
	web.Page
	Name    string // of the person who is logged in
	Section string // the first part of the address
	Path    string // of this page, for the other languages
	Keep    string // of its query
	Expiry  int    // seconds
	Many    int    // errors
	Home    bool
}

// Layout puts content into the frame; it is a [web.Layout].
func (f *Frame) Layout(w io.Writer, r *http.Request, p web.Page) error {
	language := f.Language(r)
	data := frame{Page: p, Name: f.cfg.Person(r), Section: strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")[0],
		Path: "/" + strings.TrimLeft(r.URL.EscapedPath(), `/\`), Many: len(p.Errors), Home: r.URL.Path == "/" && p.Status == http.StatusOK}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		data.Path = f.cfg.PageOf(data.Path)
	}
	if id := r.URL.Query().Get("ripresa"); id != "" && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "" {
		data.Keep = "ripresa=" + id + "&"
	}
	if data.Name != "" {
		data.Expiry = f.cfg.Expiry(r)
	}
	return f.pages[language].ExecuteTemplate(w, "frame.html", data)
}

// Show writes a page: its content is the template of the name, with data. p has the rest.
func (f *Frame) Show(w http.ResponseWriter, r *http.Request, status int, name string, p web.Page, data any) {
	var body, out bytes.Buffer
	err := f.pages[f.Language(r)].ExecuteTemplate(&body, name+".html", data)
	if err == nil {
		p.Body, p.Status, p.Lang = template.HTML(body.String()), status, f.Language(r)
		err = f.Layout(&out, r, p)
	}
	if err != nil {
		f.cfg.Logger.ErrorContext(r.Context(), "page", "page", name, "error", err)
		http.Error(w, "Errore interno. Riprovare fra qualche minuto.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}
