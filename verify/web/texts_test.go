package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify/web"
)

// TestLanguages: each page is there in each language, and says in which it is; what is
// found by the checks is in Italian, and marked so.
func TestLanguages(t *testing.T) {
	language := "it"
	var shown []web.Page
	k, h := newKit(t, func(k *kit) {
		k.config.Language = func(*http.Request) string { return language }
		k.config.Layout = func(w io.Writer, _ *http.Request, p web.Page) error {
			shown = append(shown, p)
			_, err := io.WriteString(w, string(p.Body))
			return err
		}
	})
	titles := map[string]map[string]bool{}
	note := func(at string) {
		p := shown[len(shown)-1]
		require.Equal(t, language, p.Lang, at)
		if titles[at] == nil {
			titles[at] = map[string]bool{}
		}
		titles[at][p.Title] = true
	}
	for _, language = range web.Languages() {
		get(t, h, "/verifica")
		note("upload")
		p := get(t, h, k.link())
		note("link")
		p = confirm(t, h, k.link(), p.prova(t), "000")
		note("wrong")
		require.Len(t, shown[len(shown)-1].Errors, 1)
		require.Equal(t, "codice", shown[len(shown)-1].Errors[0].ID)
		p = confirm(t, h, k.link(), p.prova(t), answer)
		note("result")
		require.Equal(t, language != "it", strings.Contains(p.text, `<span lang="it">`), language)
		for at, path := range map[string]string{"malformed": "/C/X", "missing": "/verifica/x/y", "ended": "/verifica/originale/x"} {
			get(t, h, path)
			note(at)
		}
		forged := strings.Replace(k.link(), k.link()[30:], "AAAAAAAAAAAAA", 1)
		p = get(t, h, forged)
		confirm(t, h, forged, p.prova(t), answer)
		note("forged")
	}
	for at, all := range titles {
		require.Len(t, all, len(web.Languages()), "%s: %v", at, all)
	}
	language = "xx"
	get(t, h, "/verifica")
	require.Equal(t, "it", shown[len(shown)-1].Lang, "a language that is not there")
}

// TestRoutes: the list of addresses is what is served, and their limits are kept.
func TestRoutes(t *testing.T) {
	_, h := newKit(t, nil)
	fill := regexp.MustCompile(`\{[a-z]+\}`)
	for _, r := range h.Routes() {
		path := fill.ReplaceAllString(strings.ReplaceAll(r.Path, "{$}", ""), "X")
		if strings.HasSuffix(r.Path, "/") {
			path += "X/Y/Z"
		}
		q := httptest.NewRequest(r.Method, path, strings.NewReader(url.Values{}.Encode()))
		if r.Method == http.MethodPost {
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			require.Positive(t, r.Body, r.Path)
		} else {
			require.Zero(t, r.Body, r.Path)
		}
		require.Equal(t, r.Method+" "+r.Path, h.Pattern(q), r.Path)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, q)
		require.NotEqual(t, http.StatusMethodNotAllowed, w.Code)
		require.NotEqual(t, http.StatusInternalServerError, w.Code)
	}
}
