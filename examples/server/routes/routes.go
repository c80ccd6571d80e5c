// Package routes is the server's table of addresses: for each, who may use it, how
// large a body and how many requests it takes, from where a form may come, and under
// which name it stands in the log. An address that declares no policy is an error of the
// table, and one that is not in the table is answered with 404, a method that it does not
// have with 405 and Allow.
package routes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/limits/rates"
)

// Who says who may use a route. The zero value is no policy, and refused.
type Who struct {
	// Public is for everybody. Otherwise one must have logged in, in one of the Roles,
	// with at least the Level of assurance (2, 3).
	Public bool
	Roles  []electoral.Role
	Level  int
	// Fresh asks that the person has confirmed who he is a short while ago (step-up).
	Fresh bool
}

// Free is the class of what costs nothing and comes with each page: it is not counted.
const Free rates.Class = "free"

// Origin is from where a request may come. The zero value is no policy, and refused.
type Origin string

// The origins.
const (
	Anywhere Origin = "anywhere" // links and bookmarks: for GET, which changes nothing
	OwnPages Origin = "own"      // only forms of this site (cross-site request forgery)
)

// A Route is one line of the table.
type Route struct {
	// Method is GET, which admits HEAD, or POST; Path as [http.ServeMux] takes it, without
	// method and host.
	Method, Path string
	// Name is what the log holds of a request, never the address itself.
	Name string
	Who  Who
	// Body is how many bytes a request may send; zero means none.
	Body int64
	// Rate is how often one may ask: Free, or a class of package rates.
	Rate    rates.Class
	Origin  Origin
	Handler http.Handler
}

// Config says what stands around the routes. All is required.
type Config struct {
	Routes []Route
	// Base is the address of the site as browsers name it in Origin: "https://HOST".
	Base string
	// Allow counts a request and reports whether it may go on; if not, it has answered.
	Allow func(w http.ResponseWriter, r *http.Request, rate rates.Class) bool
	// Admit reports whether who asks may; if not, it has answered. It returns the request
	// to go on with, which may hold the person. It is not asked for public routes.
	Admit func(w http.ResponseWriter, r *http.Request, who Who) (*http.Request, bool)
	// Refuse answers with a page for 403 (a form of another site), 404 or 405. Headers of
	// the status are set.
	Refuse func(w http.ResponseWriter, r *http.Request, status int)
}

// A Table is an [http.Handler] over the routes. It is safe for concurrent use.
type Table struct {
	cfg   Config
	mux   *http.ServeMux
	paths map[string]map[string]Route // by path and method
	cross *http.CrossOriginProtection
}

// New checks the table: the error names every route that is not complete.
func New(cfg Config) (*Table, error) {
	if cfg.Base == "" || cfg.Allow == nil || cfg.Admit == nil || cfg.Refuse == nil {
		return nil, errors.New("routes: Config is not complete")
	}
	t := &Table{cfg: cfg, mux: http.NewServeMux(), paths: map[string]map[string]Route{},
		cross: http.NewCrossOriginProtection()}
	var errs []error
	for _, r := range cfg.Routes {
		if err := t.add(r); err != nil {
			errs = append(errs, fmt.Errorf("routes: %s %s: %w", r.Method, r.Path, err))
		}
	}
	return t, errors.Join(errs...)
}

// add takes a route into the table.
func (t *Table) add(r Route) (err error) {
	if err := r.check(); err != nil {
		return err
	}
	methods := t.paths[r.Path]
	if methods == nil {
		defer func() {
			if broken := recover(); broken != nil { // of two patterns for one address
				err = fmt.Errorf("%v", broken)
			}
		}()
		methods = map[string]Route{}
		path := r.Path
		t.mux.Handle(path, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { t.serve(w, q, path) }))
		t.paths[r.Path] = methods
	}
	if _, twice := methods[r.Method]; twice {
		return errors.New("it is in the table twice")
	}
	methods[r.Method] = r
	return nil
}

// check tells what a route has not declared.
func (r Route) check() error {
	var errs []error
	wrong := func(ok bool, text string) {
		if !ok {
			errs = append(errs, errors.New(text))
		}
	}
	wrong(r.Method == http.MethodGet || r.Method == http.MethodPost, "Method: expected GET or POST")
	wrong(strings.HasPrefix(r.Path, "/"), "Path: expected a path")
	wrong(r.Name != "", "Name is empty")
	wrong(r.Handler != nil, "Handler is nil")
	wrong(r.Who.Public != (len(r.Who.Roles) > 0), "Who: expected Public or Roles")
	wrong(r.Who.Public || r.Who.Level >= 2 && r.Who.Level <= 3, "Who.Level: expected 2 or 3")
	wrong(!r.Who.Public || r.Who.Level == 0 && !r.Who.Fresh, "Who: a public route has no level")
	wrong(slices.Contains([]rates.Class{Free, rates.Pages, rates.Forms, rates.Heavy, rates.Logins}, r.Rate), "Rate is not declared")
	wrong(r.Method != http.MethodPost || r.Rate != Free && r.Rate != rates.Pages, "Rate: a form counts as one")
	wrong(r.Origin == Anywhere && r.Method == http.MethodGet || r.Origin == OwnPages && r.Method == http.MethodPost,
		"Origin: expected Anywhere for GET and OwnPages for POST")
	wrong(r.Body >= 0 && (r.Method == http.MethodPost) == (r.Body > 0), "Body: expected a limit for POST, none for GET")
	return errors.Join(errs...)
}

// Routes returns the lines of the table, in the order in which they were given.
func (t *Table) Routes() []Route { return slices.Clone(t.cfg.Routes) }

// Name returns the name in the log of what a request asks for: "-" for what is not in
// the table.
func (t *Table) Name(q *http.Request) string {
	if r, _, ok := t.find(q); ok {
		return r.Name
	}
	return "-"
}

// find returns the route of a request; without one, the methods that its path has.
func (t *Table) find(q *http.Request) (r Route, allow []string, ok bool) {
	_, path := t.mux.Handler(q)
	return t.at(path, q.Method)
}

func (t *Table) at(path, method string) (r Route, allow []string, ok bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if r, ok = t.paths[path][method]; ok {
		return r, nil, true
	}
	for m := range t.paths[path] {
		allow = append(allow, m)
		if m == http.MethodGet {
			allow = append(allow, http.MethodHead)
		}
	}
	slices.Sort(allow)
	return r, allow, false
}

// ServeHTTP implements [http.Handler].
func (t *Table) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if _, pattern := t.mux.Handler(q); pattern != "" {
		t.mux.ServeHTTP(w, q) // sets what the path holds; leads to serve
		return
	}
	if t.cfg.Allow(w, q, rates.Pages) {
		t.cfg.Refuse(w, q, http.StatusNotFound)
	}
}

// serve applies the policy of a route, and answers.
func (t *Table) serve(w http.ResponseWriter, q *http.Request, path string) {
	r, allow, ok := t.at(path, q.Method)
	rate := r.Rate
	if !ok {
		rate = rates.Pages
	}
	if !t.cfg.Allow(w, q, rate) {
		return
	}
	if !ok {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		t.cfg.Refuse(w, q, http.StatusMethodNotAllowed)
		return
	}
	if r.Origin == OwnPages && !t.own(q) {
		t.cfg.Refuse(w, q, http.StatusForbidden)
		return
	}
	q.Body = http.MaxBytesReader(w, q.Body, r.Body)
	if !r.Who.Public {
		if q, ok = t.cfg.Admit(w, q, r.Who); !ok {
			return
		}
	}
	r.Handler.ServeHTTP(w, q.WithContext(context.WithValue(q.Context(), key{}, r)))
}

// own reports whether a form comes from a page of this site. [http.CrossOriginProtection]
// does not compare the scheme, and whoever is on the way can answer in the name of http://;
// browsers that send Sec-Fetch-Site have compared it themselves.
func (t *Table) own(q *http.Request) bool {
	from := q.Header.Get("Origin")
	return t.cross.Check(q) == nil && (from == "" || from == t.cfg.Base || q.Header.Get("Sec-Fetch-Site") != "")
}

type key struct{}

// Of returns the route that a request was found to be for.
func Of(q *http.Request) (Route, bool) {
	r, ok := q.Context().Value(key{}).(Route)
	return r, ok
}
