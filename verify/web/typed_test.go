package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify/captcha"
	"github.com/liste-elettorali/anpr/verify/web"
)

// TestTyped leads from what people type to the page of the code.
func TestTyped(t *testing.T) {
	k, h := newKit(t, nil)
	code := k.issued.Contrassegno.Code()
	lower := strings.ToLower(code)
	for _, path := range []string{"/C/" + lower, "/c/" + lower, "/c/" + code, "/C/" + strings.ReplaceAll(lower, "-", ""),
		"/c/" + lower + "."} {
		r := httptest.NewRecorder()
		h.ServeHTTP(r, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusSeeOther, r.Code, path)
		require.Equal(t, k.link(), r.Header().Get("Location"), path)
	}
	type answered struct {
		status   int
		location string
		says     string
	}
	post := func(typed string) (*httptest.ResponseRecorder, string) {
		req := httptest.NewRequest(http.MethodPost, "/verifica/codice",
			strings.NewReader(url.Values{"stampato": {typed}}.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r := httptest.NewRecorder()
		h.ServeHTTP(r, req)
		return r, r.Body.String()
	}
	foreign, err := k.issued.Contrassegno.At("https://altro.example")
	require.NoError(t, err)
	for typed, want := range map[string]answered{
		lower: {http.StatusSeeOther, k.link(), ""},
		" " + strings.Join(strings.Split(lower, ""), " ") + " .": {http.StatusSeeOther, k.link(), ""},
		strings.ToLower(k.issued.Contrassegno.String()) + ".":    {http.StatusSeeOther, k.link(), ""},
		code[1:]:                          {http.StatusUnprocessableEntity, "", "Il codice scritto non è intero"},
		"":                                {http.StatusUnprocessableEntity, "", "Il codice scritto non è intero"},
		strings.ToLower(foreign.String()): {http.StatusUnprocessableEntity, "", "rinvia a un altro sito"},
		strings.Repeat("a", 2000):         {http.StatusBadRequest, "", "non è arrivato per intero"},
	} {
		r, body := post(typed)
		require.Equal(t, want.status, r.Code, typed)
		require.Equal(t, want.location, r.Header().Get("Location"), typed)
		require.Contains(t, body, want.says)
	}
	require.Empty(t, k.book.entries, "nothing was opened yet")
}

// TestFormerAddress verifies a certificate whose code leads to an address that the
// service had before, and calls only another one foreign, and not a fraud.
func TestFormerAddress(t *testing.T) {
	former := "https://vecchia.example.it/VIA"
	k, h := newKit(t, func(k *kit) { k.config.FormerURLs = []string{former} })
	old, err := k.issued.Contrassegno.At(former)
	require.NoError(t, err)
	picture := func(m contrassegno.Mark) []byte {
		t.Helper()
		png, err := m.PNG(500)
		require.NoError(t, err)
		return png
	}
	send := func(png []byte) page {
		return upload(t, h, get(t, h, "/verifica").prova(t), answer, "foto.png", png)
	}
	p := send(picture(old))
	require.Equal(t, http.StatusOK, p.code)
	require.Contains(t, p.words(), "Il certificato è autentico")
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	sealer, err := ca.PAdES(seal.LevelB)
	require.NoError(t, err)
	moved, err := certificate.NewIssuer(certificate.Config{Sealer: sealer, Source: someone{}, Recorder: k.book,
		Archive: k.archive, Key: k.config.Key, BaseURL: base, FormerURLs: []string{former}})
	require.NoError(t, err)
	for issuer, want := range map[*certificate.Issuer]contrassegno.Mark{moved: old, k.issuer: k.issued.Contrassegno} {
		original, err := issuer.Original(t.Context(), "verifica-1", old)
		require.NoError(t, err)
		require.Equal(t, want, original.Contrassegno)
	}
	link := "/VIA/C/" + old.Code()
	require.Contains(t, h.Paths(), "/VIA/C/")
	require.Equal(t, http.StatusOK, confirm(t, h, link, get(t, h, link).prova(t), answer).code)
	foreign, err := k.issued.Contrassegno.At("https://altro.example")
	require.NoError(t, err)
	p = send(picture(foreign))
	require.Equal(t, http.StatusUnprocessableEntity, p.code)
	require.Contains(t, p.words(), "Di per sé non vuol dire che il documento sia falso")
	require.NotContains(t, p.text, "alert-danger")
	for _, bad := range []string{"http://vecchia.example.it", "", "https://x.it/A/../B"} {
		cfg := k.config
		cfg.FormerURLs = []string{bad}
		_, err := web.New(cfg)
		require.ErrorContains(t, err, "FormerURLs", bad)
	}
}

// TestBudget refuses a network that has used up its challenges, and no other, and
// says so truthfully.
func TestBudget(t *testing.T) {
	_, h := newKit(t, func(k *kit) {
		effort, err := captcha.NewRising(captcha.RisingConfig{Free: 2, First: 3, Budget: 4,
			Now: func() time.Time { return k.now }})
		require.NoError(t, err)
		k.config.Captcha, err = captcha.New(captcha.Config{Key: k.config.Key, Effort: effort,
			Now: func() time.Time { return k.now }})
		require.NoError(t, err)
	})
	ask := func(from string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/verifica", nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for n := range 4 {
		w := ask("[2001:db8:1:2::" + string(rune('1'+n)) + "]:1000") // addresses of one network
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, n >= 2, strings.Contains(w.Body.String(), "data-bits"), n)
	}
	w := ask("[2001:db8:1:2::9]:1000")
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), "Il certificato non c’entra")
	for _, other := range []string{"[2001:db8:1:3::9]:1000", "192.0.2.7:1", "[::ffff:192.0.2.8]:1", "pipe"} {
		require.Equal(t, http.StatusOK, ask(other).Code, other)
	}
}
