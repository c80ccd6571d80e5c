package routes_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/examples/server/routes"
	"github.com/liste-elettorali/anpr/internal/limits/rates"
)

// config answers 2xx with what it did.
func config(list ...routes.Route) routes.Config {
	return routes.Config{Routes: list, Base: "https://a.example",
		Allow: func(w http.ResponseWriter, r *http.Request, rate rates.Class) bool {
			w.Header().Set("X-Rate", string(rate))
			if r.Header.Get("X-Many") != "" {
				w.WriteHeader(http.StatusTooManyRequests)
				return false
			}
			return true
		},
		Admit: func(w http.ResponseWriter, r *http.Request, who routes.Who) (*http.Request, bool) {
			w.Header().Set("X-Asked", string(who.Roles[0]))
			if r.Header.Get("X-Person") == "" {
				w.WriteHeader(http.StatusSeeOther)
				return nil, false
			}
			return r, true
		},
		Refuse: func(w http.ResponseWriter, _ *http.Request, status int) { w.WriteHeader(status) },
	}
}

func handler(w http.ResponseWriter, r *http.Request) {
	route, _ := routes.Of(r)
	data, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	_, _ = io.WriteString(w, route.Name+" "+r.PathValue("id")+" "+string(data))
}

var (
	public = routes.Who{Public: true}
	person = routes.Who{Roles: []electoral.Role{electoral.CitizenRole}, Level: 2}
	page   = routes.Route{Method: "GET", Path: "/x/{id}", Name: "x", Who: public, Rate: rates.Pages,
		Origin: routes.Anywhere, Handler: http.HandlerFunc(handler)}
	form = routes.Route{Method: "POST", Path: "/x/{id}", Name: "send-x", Who: person, Rate: rates.Forms, Body: 4,
		Origin: routes.OwnPages, Handler: http.HandlerFunc(handler)}
)

func TestTable(t *testing.T) {
	table, err := routes.New(config(page, form))
	require.NoError(t, err)
	require.Len(t, table.Routes(), 2)
	for name, c := range map[string]struct {
		method, path, body string
		headers            map[string]string
		code               int
		says, rate, log    string
	}{
		"page":            {"GET", "/x/7", "", nil, 200, "x 7 ", "pages", "x"},
		"head":            {"HEAD", "/x/7", "", nil, 200, "", "pages", "x"},
		"too many":        {"GET", "/x/7", "", map[string]string{"X-Many": "1"}, 429, "", "pages", "x"},
		"no such page":    {"GET", "/y", "", nil, 404, "", "pages", "-"},
		"no such method":  {"DELETE", "/x/7", "", nil, 405, "", "pages", "-"},
		"who":             {"POST", "/x/7", "ab", nil, 303, "", "forms", "send-x"},
		"form":            {"POST", "/x/7", "ab", map[string]string{"X-Person": "1"}, 200, "send-x 7 ab", "forms", "send-x"},
		"large":           {"POST", "/x/7", "abcde", map[string]string{"X-Person": "1"}, 413, "", "forms", "send-x"},
		"a body of a GET": {"GET", "/x/7", "a", nil, 413, "", "pages", "x"},
		"another site": {"POST", "/x/7", "ab", map[string]string{"X-Person": "1", "Origin": "https://b.example"},
			403, "", "forms", "send-x"},
		"another scheme": {"POST", "/x/7", "ab", map[string]string{"X-Person": "1", "Origin": "http://a.example"},
			403, "", "forms", "send-x"},
		"this site": {"POST", "/x/7", "ab", map[string]string{"X-Person": "1", "Origin": "https://a.example"},
			200, "send-x 7 ab", "forms", "send-x"},
	} {
		r := httptest.NewRequest(c.method, "https://a.example"+c.path, strings.NewReader(c.body))
		for k, v := range c.headers {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		table.ServeHTTP(w, r)
		require.Equal(t, c.code, w.Code, name)
		require.Equal(t, c.rate, w.Header().Get("X-Rate"), name)
		require.Equal(t, c.log, table.Name(r), name)
		if c.method != "HEAD" {
			require.Equal(t, c.says, w.Body.String(), name)
		}
		if c.code == http.StatusMethodNotAllowed {
			require.Equal(t, "GET, HEAD, POST", w.Header().Get("Allow"))
		}
		if strings.HasPrefix(name, "who") {
			require.Equal(t, string(electoral.CitizenRole), w.Header().Get("X-Asked"))
		}
	}
}

// TestUndeclared: no route is served without a policy for all that the table holds.
func TestUndeclared(t *testing.T) {
	for name, change := range map[string]func(*routes.Route){
		"Method":      func(r *routes.Route) { r.Method = "PUT" },
		"Path":        func(r *routes.Route) { r.Path = "" },
		"Name":        func(r *routes.Route) { r.Name = "" },
		"Handler":     func(r *routes.Route) { r.Handler = nil },
		"Who":         func(r *routes.Route) { r.Who = routes.Who{} },
		"Who.Level":   func(r *routes.Route) { r.Who = routes.Who{Roles: person.Roles} },
		"no level":    func(r *routes.Route) { r.Who = routes.Who{Public: true, Level: 2} },
		"Rate is":     func(r *routes.Route) { r.Rate = "" },
		"counts":      func(r *routes.Route) { r.Rate = routes.Free },
		"Origin":      func(r *routes.Route) { r.Origin = routes.Anywhere },
		"Body":        func(r *routes.Route) { r.Body = 0 },
		"twice":       func(r *routes.Route) { r.Method, r.Body, r.Rate, r.Origin = "GET", 0, rates.Pages, routes.Anywhere },
		"conflicts":   func(r *routes.Route) { r.Path = "/x/{other}" },
		"wildcard":    func(r *routes.Route) { r.Path = "/x/{" },
		"an empty id": func(*routes.Route) {},
	} {
		r := form
		change(&r)
		_, err := routes.New(config(page, r))
		if name == "an empty id" {
			require.NoError(t, err)
			continue
		}
		require.Error(t, err, name)
		if name != "wildcard" {
			require.ErrorContains(t, err, name)
		}
	}
	_, err := routes.New(routes.Config{})
	require.Error(t, err)
}
