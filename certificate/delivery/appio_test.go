package delivery_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// appIO is App IO as its technical guide describes it: it refuses what the
// guide says it refuses.
type appIO struct {
	allowed, known bool
	status         map[string]int // in place of its own, by path
	retry          string
	seen           []string // paths
	messages       []map[string]any
	urls           []string
}

func (a *appIO) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.urls = append(a.urls, r.URL.String())
	answer := func(status int, body any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	var body map[string]any
	data, _ := io.ReadAll(r.Body)
	a.seen = append(a.seen, r.URL.Path)
	if s := a.status[r.URL.Path]; s != 0 {
		w.Header().Set("Retry-After", a.retry)
		w.Header().Set("Location", "/elsewhere")
		answer(s, map[string]string{"detail": "about " + citizen})
		return
	}
	if r.Method != http.MethodPost || r.Header.Get("Ocp-Apim-Subscription-Key") != "the-key" {
		answer(401, nil)
		return
	}
	if json.Unmarshal(data, &body) != nil {
		answer(400, nil)
		return
	}
	if code, _ := body["fiscal_code"].(string); len(code) != 16 {
		answer(400, nil)
		return
	}
	switch r.URL.Path {
	case "/api/v1/profiles":
		if !a.known {
			answer(404, nil)
			return
		}
		answer(200, map[string]any{"sender_allowed": a.allowed, "preferred_languages": []string{"it_IT"}})
	case "/api/v1/messages":
		content, _ := body["content"].(map[string]any)
		subject, _ := content["subject"].(string)
		markdown, _ := content["markdown"].(string)
		third, _ := content["third_party_data"].(map[string]any)
		if n := utf8.RuneCountInString(subject); n < 10 || n > 120 {
			answer(400, nil)
			return
		}
		if n := utf8.RuneCountInString(markdown); n < 80 || n > 10_000 || third["id"] == "" {
			answer(400, nil)
			return
		}
		a.messages = append(a.messages, body)
		answer(201, map[string]string{"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})
	default:
		answer(404, nil)
	}
}

func newIO(t *testing.T, a *appIO) *delivery.IO {
	server := httptest.NewTLSServer(a)
	t.Cleanup(server.Close)
	s, err := delivery.NewIO(delivery.IO{
		Key: "the-key", Base: server.URL + "/api/v1/", Configuration: "01HMRBX079WA5SGYBQP1A7FSKH", Client: server.Client(),
		Subject: "Certificato elettorale", Markdown: strings.Repeat("Il certificato è pronto. ", 5),
	})
	require.NoError(t, err)
	return s
}

func TestIO(t *testing.T) {
	m := aMessage()
	m.FiscalCode = citizen
	a := &appIO{known: true, allowed: true}
	require.NoError(t, newIO(t, a).Send(t.Context(), m, delivery.Document{}))
	assert.Equal(t, []string{"/api/v1/profiles", "/api/v1/messages"}, a.seen)
	require.Len(t, a.messages, 1)
	assert.Equal(t, map[string]any{
		"feature_level_type": "ADVANCED", "fiscal_code": citizen, "content": map[string]any{
			"subject": "Certificato elettorale", "markdown": strings.Repeat("Il certificato è pronto. ", 5),
			"third_party_data": map[string]any{"id": m.Certificate, "configuration_id": "01HMRBX079WA5SGYBQP1A7FSKH", "has_remote_content": true, "has_attachments": true},
		},
	}, a.messages[0])
	for _, u := range a.urls {
		assert.NotContains(t, u, citizen)
	}
}

func TestIOOutcomes(t *testing.T) {
	m := aMessage()
	m.FiscalCode = citizen
	const profiles, messages = "/api/v1/profiles", "/api/v1/messages"
	for _, c := range []struct {
		io   *appIO
		want delivery.SendError
	}{
		{&appIO{}, delivery.SendError{Reason: delivery.NotOnIO, Permanent: true}},
		{&appIO{known: true}, delivery.SendError{Reason: delivery.NotAllowed, Permanent: true}},
		{&appIO{status: map[string]int{profiles: 401}}, delivery.SendError{Reason: "io 401 at profiles"}},
		{&appIO{status: map[string]int{profiles: 500}}, delivery.SendError{Reason: "io 500 at profiles"}},
		{&appIO{status: map[string]int{profiles: 307}}, delivery.SendError{Reason: "io 307 at profiles"}},
		{&appIO{status: map[string]int{profiles: 429}, retry: "90"}, delivery.SendError{Reason: "io 429 at profiles", After: 90 * time.Second}},
		{&appIO{status: map[string]int{profiles: 400}}, delivery.SendError{Reason: "io 400 at profiles", Permanent: true}},
		{&appIO{status: map[string]int{profiles: 200}}, delivery.SendError{Reason: "io 200 at profiles"}}, // says nothing
		{&appIO{known: true, allowed: true, status: map[string]int{messages: 429}, retry: "60"}, delivery.SendError{Reason: "io 429 at messages", After: time.Minute}},
		{&appIO{known: true, allowed: true, status: map[string]int{messages: 400}}, delivery.SendError{Reason: "io 400 at messages", Permanent: true}},
		{&appIO{known: true, allowed: true, status: map[string]int{messages: 403}}, delivery.SendError{Reason: "io 403 at messages"}},
		{&appIO{known: true, allowed: true, status: map[string]int{messages: 503}}, delivery.SendError{Reason: "io 503 at messages", Unknown: true}},
	} {
		t.Run(c.want.Reason, func(t *testing.T) {
			err := newIO(t, c.io).Send(t.Context(), m, delivery.Document{})
			got, ok := errors.AsType[*delivery.SendError](err)
			require.True(t, ok)
			assert.Equal(t, c.want, *got)
			assert.NotContains(t, err.Error(), citizen)
			assert.Empty(t, c.io.messages)
			assert.NotContains(t, c.io.seen, "/elsewhere")
		})
	}
	s := newIO(t, &appIO{})
	s.Base = "https://127.0.0.1:1"
	require.ErrorContains(t, s.Send(t.Context(), m, delivery.Document{}), "io unreachable at profiles")
}

func TestNewIORefuses(t *testing.T) {
	good := delivery.IO{Key: "k", Configuration: "c", Subject: strings.Repeat("è", 10), Markdown: strings.Repeat("è", 80)}
	_, err := delivery.NewIO(good)
	require.NoError(t, err)
	for _, change := range []func(*delivery.IO){
		func(s *delivery.IO) { s.Subject = strings.Repeat("è", 9) }, func(s *delivery.IO) { s.Subject = strings.Repeat("è", 121) },
		func(s *delivery.IO) { s.Markdown = strings.Repeat("è", 79) }, func(s *delivery.IO) { s.Markdown = strings.Repeat("è", 10_001) },
		func(s *delivery.IO) { s.Key = "" }, func(s *delivery.IO) { s.Configuration = "" }, func(s *delivery.IO) { s.Base = "http://x" },
	} {
		s := good
		change(&s)
		_, err := delivery.NewIO(s)
		require.Error(t, err)
	}
}

// A person who asks for the content of a message gets it if he is its addressee, and
// otherwise the answer of a message that does not exist.
func TestRemoteContent(t *testing.T) {
	const apiKey = "0123456789abcdef"
	o, err := delivery.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "o.db"))
	require.NoError(t, err)
	defer o.Close()
	b := newBench(t, o)
	m := b.order(t, 1, delivery.AppIO)
	b.run(t)
	b.order(t, 2, delivery.Email) // is not App IO's
	var opened []string
	var refuse error
	h, err := delivery.RemoteContent(delivery.RemoteConfig{
		Outbox: o, Key: bytes.Repeat([]byte{1}, 32), APIKeyHeader: "X-Api-Key", APIKey: apiKey, Subject: "Certificato", Markdown: "Ecco",
		Open: func(_ context.Context, id, code string) (delivery.Document, error) {
			opened = append(opened, id+code)
			return delivery.Document{PDF: archivetest.Document(1).PDF}, refuse
		},
	})
	require.NoError(t, err)
	ask := func(method, path, key string, codes ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("X-Api-Key", key)
		for _, c := range codes {
			r.Header.Add("fiscal_code", c)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.NotContains(t, w.Body.String(), citizen)
		return w
	}
	details, file := "/messages/"+m.Certificate, "/messages/"+m.Certificate+"/certificato-"+m.Certificate+".pdf"
	got := ask("GET", details, apiKey, citizen)
	require.Equal(t, 200, got.Code)
	assert.JSONEq(t, `{"details":{"subject":"Certificato","markdown":"Ecco"},"attachments":[{"id":"`+m.Certificate+`","content_type":"application/pdf","name":"certificato-`+
		m.Certificate+`.pdf","url":"certificato-`+m.Certificate+`.pdf","category":"DOCUMENT"}]}`, got.Body.String())
	got = ask("GET", file, apiKey, citizen)
	require.Equal(t, 200, got.Code)
	assert.Equal(t, archivetest.Document(1).PDF, got.Body.Bytes())
	assert.Equal(t, "application/octet-stream", got.Header().Get("Content-Type"))
	assert.Equal(t, "no-store", got.Header().Get("Cache-Control"))
	assert.Equal(t, []string{m.Certificate + citizen}, opened)

	const stranger = "RSSMRA70A01H501S"
	missing := ask("GET", "/messages/"+archivetest.Document(3).ID, apiKey, citizen)
	for _, path := range []string{details, file} {
		got = ask("GET", path, apiKey, stranger)
		assert.Equal(t, 404, got.Code)
		assert.Equal(t, missing.Body.String(), got.Body.String())
		assert.Equal(t, 401, ask("GET", path, "wrong", citizen).Code)
		assert.Equal(t, 401, ask("GET", path, "", citizen).Code)
		assert.Equal(t, 400, ask("GET", path, apiKey).Code)
		assert.Equal(t, 400, ask("GET", path, apiKey, citizen, stranger).Code)
		assert.Equal(t, 400, ask("GET", path, apiKey, "x").Code)
		assert.Equal(t, 405, ask("POST", path, apiKey, citizen).Code)
	}
	assert.Equal(t, 404, ask("GET", "/messages/"+archivetest.Document(2).ID, apiKey, citizen).Code)
	assert.Equal(t, 404, ask("GET", details+"/other.pdf", apiKey, citizen).Code)
	assert.Len(t, opened, 1, "nobody else came so far")
	refuse = delivery.ErrRefused
	assert.Equal(t, 404, ask("GET", file, apiKey, citizen).Code)
	refuse = errors.New("the archive is down for " + citizen)
	assert.Equal(t, 500, ask("GET", file, apiKey, citizen).Code)
	_, err = delivery.RemoteContent(delivery.RemoteConfig{Outbox: o})
	require.Error(t, err)
}

// Whatever is asked, and in whatever words, nobody but the addressee, with App
// IO's key, gets anything.
func FuzzRemoteContent(f *testing.F) {
	const apiKey = "0123456789abcdef"
	dir := filepath.Join(f.TempDir(), "outbox")
	o, err := delivery.OpenFiles(dir)
	require.NoError(f, err)
	f.Cleanup(func() { _ = o.Close() })
	c, err := delivery.New(delivery.Config{Outbox: o, Archive: vault{}, IO: &sender{}, Key: bytes.Repeat([]byte{1}, 32), Domain: "anpr.example"})
	require.NoError(f, err)
	m, err := c.Enqueue(f.Context(), delivery.Order{Certificate: archivetest.Document(1).ID, Channel: delivery.AppIO, FiscalCode: citizen})
	require.NoError(f, err)
	h, err := delivery.RemoteContent(delivery.RemoteConfig{
		Outbox: o, Key: bytes.Repeat([]byte{1}, 32), APIKeyHeader: "X-Api-Key", APIKey: apiKey, Subject: "Certificato", Markdown: "Ecco",
		Open: func(context.Context, string, string) (delivery.Document, error) {
			return delivery.Document{PDF: []byte("%PDF")}, nil
		},
	})
	require.NoError(f, err)
	f.Add("/messages/"+m.Certificate, apiKey, citizen)
	f.Add("/messages/"+m.Certificate+"/certificato-"+m.Certificate+".pdf", apiKey, strings.ToLower(citizen))
	f.Add("/messages/%2e%2e/x", "", "'--")
	f.Fuzz(func(t *testing.T, path, key, code string) {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		r := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{"X-Api-Key": {key}, "Fiscal_code": {code}}, Host: "x", Body: http.NoBody}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusOK && (key != apiKey || strings.ToUpper(code) != citizen || !strings.Contains(u.Path, m.Certificate)) {
			t.Errorf("%q %q %q: %d", path, key, code, w.Code)
		}
	})
}
