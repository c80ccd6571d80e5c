package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/examples/server/page"
	"github.com/liste-elettorali/anpr/examples/server/routes"
)

// siteOf returns the site of a system, for tests that look into it.
func siteOf(t *testing.T, s *system) *site {
	t.Helper()
	st, err := s.site()
	require.NoError(t, err)
	return st
}

// fill fills the wildcards of a path.
func fill(path string) string {
	path = strings.ReplaceAll(path, "{$}", "")
	return regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, "x")
}

// TestEveryRoute goes through the table: each address that is not public sends who has not
// logged in to do so, and answers 405 with what it admits to other methods; none answers
// 500, whoever asks.
func TestEveryRoute(t *testing.T) {
	s, base, _ := start(t, nil)
	st := siteOf(t, s)
	methods := map[string][]string{}
	for _, r := range st.table.Routes() {
		methods[r.Path] = append(methods[r.Path], r.Method)
	}
	in := browser(t)
	login(t, in, base, "jesi", "cie-3")
	for i, r := range st.table.Routes() {
		if i%15 == 14 { // beside the rates, which are not what is tested here
			in = browser(t)
			login(t, in, base, []string{"bolzano", "estero", "europea", "trasferita"}[i/15%4], "cie-3")
		}
		for who, c := range map[string]*http.Client{"nobody": browser(t), "a citizen": in} {
			if who == "a citizen" && (r.Name == "logout" || strings.HasPrefix(r.Name, "login")) {
				continue
			}
			q, err := http.NewRequestWithContext(t.Context(), r.Method, base+fill(r.Path), strings.NewReader(""))
			require.NoError(t, err)
			if r.Method == http.MethodPost {
				q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			resp, err := c.Do(q)
			require.NoError(t, err)
			text := body(t, resp)
			require.NotEqual(t, http.StatusInternalServerError, resp.StatusCode, "%s %s %s: %s", who, r.Method, r.Path, text)
			if who == "nobody" && !r.Who.Public {
				require.Equal(t, http.StatusSeeOther, resp.StatusCode, "%s %s", r.Method, r.Path)
				require.Equal(t, "/accesso", resp.Header.Get("Location"))
			}
			if r.Who.Public && r.Rate != routes.Free {
				require.NotEqual(t, "/accesso", resp.Header.Get("Location"), r.Path)
			}
		}
		q, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, base+fill(r.Path), nil)
		require.NoError(t, err)
		resp, err := browser(t).Do(q)
		require.NoError(t, err)
		body(t, resp)
		require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode, r.Path)
		for _, m := range methods[r.Path] {
			require.Contains(t, resp.Header.Get("Allow"), m, r.Path)
		}
	}
	_, away := get(t, browser(t), base+"//altrove.example/x")
	require.NotContains(t, away, `href="//`)
	resp, text := get(t, browser(t), base+"/nulla")
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	require.Contains(t, text, "Pagina non trovata")
}

// TestOrigins: every form refuses one from elsewhere.
func TestOrigins(t *testing.T) {
	s, _, _ := start(t, nil)
	handler, err := s.handler()
	require.NoError(t, err)
	for _, r := range siteOf(t, s).table.Routes() {
		if r.Method != http.MethodPost {
			continue
		}
		q := httptest.NewRequest(http.MethodPost, s.base+fill(r.Path), strings.NewReader(""))
		q.Header.Set("Origin", "https://altrove.example")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, q)
		require.Equal(t, http.StatusForbidden, w.Code, r.Path)
	}
}

// TestTexts: every text that a page asks for is there, and none is there that no page
// asks for.
func TestTexts(t *testing.T) {
	s, _, _ := start(t, nil)
	all := siteOf(t, s).frame.Catalogue().Keys()
	asked := map[string]bool{}
	exact := regexp.MustCompile(`["` + "`" + `]([a-z][a-zA-Z0-9]*(?:\.[a-zA-Z0-9-]+)+)["` + "`" + `]`)
	begun := regexp.MustCompile(`["` + "`" + `]([a-z][a-zA-Z0-9]*(?:\.[a-zA-Z0-9-]+)*\.)["` + "`" + `]`)
	var prefixes []string
	for _, pattern := range []string{"*.go", "templates/*/*.html", "page/templates/*.html"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, f := range files {
			data, err := os.ReadFile(f)
			require.NoError(t, err)
			for _, m := range exact.FindAllStringSubmatch(string(data), -1) {
				asked[m[1]] = true
			}
			for _, m := range begun.FindAllStringSubmatch(string(data), -1) {
				prefixes = append(prefixes, m[1])
			}
		}
	}
	for _, key := range all {
		used := asked[key] || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) ||
			strings.HasPrefix(key, "notice.") || strings.HasPrefix(key, "help.") || strings.HasPrefix(key, "service.")
		require.True(t, used, "%s: no page asks for it", key)
	}
	// What is asked with a name that is put together.
	for _, d := range electoral.Lists() {
		require.Contains(t, all, "list."+string(d))
	}
	for _, k := range []certificate.Kind{certificate.EnrolmentCertificate, certificate.PoliticalRightsCertificate, certificate.CombinedCertificate} {
		require.Contains(t, all, "kind."+strings.ReplaceAll(string(k), "-", ""))
	}
	for _, n := range []string{"broken", "busy", "crowded", "form", "method", "missing", "origin", "rate", "role", "sessions"} {
		require.Contains(t, all, "notice."+n+".title")
		require.Contains(t, all, "notice."+n+".text")
	}
	for _, id := range services() {
		require.NotEmpty(t, serviceURL(id))
		for _, part := range []string{"title", "what", "go", "who", "how", "need", "get", "cost", "time"} {
			require.Contains(t, all, "service."+id+"."+part)
		}
	}
}

// TestLanguages: each public page is there in each language, says so, and remembers the
// choice.
func TestLanguages(t *testing.T) {
	_, base, _ := start(t, nil)
	titles := map[string]bool{}
	for _, l := range page.Languages() {
		c := browser(t)
		_, text := get(t, c, base+"/?lang="+l)
		require.Contains(t, text, `<html lang="`+l+`">`)
		_, again := get(t, c, base+"/aiuto")
		require.Contains(t, again, `<html lang="`+l+`">`, "the choice is kept")
		titles[regexp.MustCompile(`(?s)<h1[^>]*>(.*?)</h1>`).FindStringSubmatch(again)[1]] = true
		login(t, c, base, "bolzano", "cie-3")
		for _, path := range []string{"/area", "/area/dati", "/area/certificati", "/area/rettifica", "/area/domande", "/area/accessi"} {
			resp, text := get(t, c, base+path)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Contains(t, text, `<html lang="`+l+`">`)
		}
	}
	require.Len(t, titles, len(page.Languages()), "%v", titles)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/", nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Language", "de-IT, it;q=0.5")
	resp, err := browser(t).Do(r)
	require.NoError(t, err)
	require.Contains(t, body(t, resp), `<html lang="de">`, "what the browser prefers")
}

// TestExpiry: what was typed and where one was going survive the end of the session, for
// the same person only.
func TestExpiry(t *testing.T) {
	var at clock
	s, base, _ := start(t, func(o *options) { o.now = at.now })
	c := browser(t)

	// Without a session: only the place is kept.
	resp, _ := get(t, c, base+"/area/rettifica/general.section")
	require.Equal(t, "/accesso", resp.Header.Get("Location"))
	resp, _ = login(t, c, base, "jesi", "cie-3")
	require.Equal(t, "/area/rettifica/general.section", resp.Header.Get("Location"))

	typed := url.Values{"valore": {"ancona"}, "motivo": {"Mi sono trasferito a maggio."}}
	at.add(20 * time.Minute)
	resp, _ = post(t, c, base+"/area/rettifica/general.comune", typed)
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	_, text := get(t, c, base+"/accesso")
	require.Contains(t, text, "La sessione è scaduta")
	require.Contains(t, text, "con ciò che era stato inviato")
	resp, _ = login(t, c, base, "jesi", "cie-3")
	again := resp.Header.Get("Location")
	require.True(t, strings.HasPrefix(again, "/area/rettifica/general.comune?ripresa="), again)
	_, text = get(t, c, base+again)
	require.Contains(t, text, `value="ancona"`)
	require.Contains(t, text, "Mi sono trasferito a maggio.")
	require.Contains(t, text, "non è ancora stato inviato")
	_, text = get(t, c, base+"/area/rettifica")
	require.Contains(t, text, "Non ci sono richieste.", "nothing was sent")

	// A place that is none of the reserved area's pages is not gone to.
	for _, place := range []string{"https://altrove.example", "//altrove.example", "/area/x", "/accesso", "/area/../uscita"} {
		other := browser(t)
		u, err := url.Parse(base)
		require.NoError(t, err)
		other.Jar.SetCookies(u, []*http.Cookie{cookie(draftCookie, placeMark+base64.RawURLEncoding.EncodeToString([]byte(place)), draftLife)})
		resp, _ := login(t, other, base, "jesi", "cie-3")
		require.Equal(t, "/area", resp.Header.Get("Location"), place)
	}

	// Another page, or the dialog's button, in between loses nothing; nor does an hour.
	at.add(50 * time.Minute)
	_, err := s.sessions.Sweep(t.Context())
	require.NoError(t, err)
	post(t, c, base+"/area/rettifica/general.comune", typed)
	get(t, c, base+"/area")
	post(t, c, base+"/area/sessione", nil)
	resp, _ = login(t, c, base, "jesi", "cie-3")
	require.Contains(t, resp.Header.Get("Location"), "/area/rettifica/general.comune?ripresa=")

	// Another person at the same browser gets none of it.
	at.add(20 * time.Minute)
	post(t, c, base+"/area/rettifica/general.comune", typed)
	resp, _ = login(t, c, base, "bolzano", "cie-3")
	require.Equal(t, "/area", resp.Header.Get("Location"))
}

// TestSessions: a person sees where he has logged in, and ends it from elsewhere; logins,
// logouts and refusals are on record.
func TestSessions(t *testing.T) {
	s, base, _ := start(t, nil)
	here, there := browser(t), browser(t)
	login(t, here, base, "jesi", "cie-3")
	login(t, there, base, "jesi", "spid-2")
	_, text := get(t, here, base+"/area/accessi-aperti")
	ids := regexp.MustCompile(`name="sessione" value="([^"]+)"`).FindAllStringSubmatch(text, -1)
	require.Len(t, ids, 1)
	resp, _ := post(t, here, base+"/area/accessi-aperti", url.Values{"sessione": {ids[0][1]}})
	require.Equal(t, "/area/accessi-aperti?fatto", resp.Header.Get("Location"))
	resp, _ = get(t, there, base+"/area")
	require.Equal(t, "/accesso", resp.Header.Get("Location"))
	_, text = get(t, there, base+"/accesso")
	require.Contains(t, text, "chiusa da un altro dispositivo")
	resp, text = post(t, here, base+"/area/sessione", nil)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Regexp(t, `^\d{3}$`, text)

	login(t, browser(t), base, "jesi", "spid-1")
	post(t, here, base+"/uscita", nil)
	resp, _ = get(t, here, base+"/area")
	require.Equal(t, "/accesso", resp.Header.Get("Location"))
	seen, err := s.recorder.About(t.Context(), s.logStore, s.people[0].anprID)
	require.NoError(t, err)
	counts := map[electoral.Operation]map[string]int{}
	for _, a := range seen {
		if counts[a.Operation] == nil {
			counts[a.Operation] = map[string]int{}
		}
		counts[a.Operation][a.Outcome]++
	}
	assert.Equal(t, map[string]int{electoral.Granted: 2, string(electoral.LevelTooLow): 1}, counts[electoral.OpLogIn])
	assert.Equal(t, map[string]int{electoral.Granted: 1}, counts[electoral.OpLogOut])
	assert.Equal(t, map[string]int{electoral.Granted: 1}, counts[electoral.OpEndSessions])

	// Sessions outlive the process; their cookie alone opens them.
	var cookies int
	for _, ck := range there.Jar.Cookies(&url.URL{Scheme: "https", Host: strings.TrimPrefix(base, "https://"), Path: "/"}) {
		if ck.Name == sessionCookie {
			cookies++
		}
	}
	require.LessOrEqual(t, cookies, 1)
}

// TestRestart: who has logged in still is, and a preview is still there, after the server
// was started again on its data.
func TestRestart(t *testing.T) {
	data := t.TempDir()
	var cookies []*http.Cookie
	var preview string
	t.Run("first", func(t *testing.T) {
		_, base, _ := start(t, func(o *options) { o.data = data })
		c := browser(t)
		login(t, c, base, "jesi", "cie-3")
		resp, _ := post(t, c, base+"/area/anteprima", url.Values{"tipo": {"enrolment"}, "uso": {"electoral"}})
		preview = resp.Header.Get("Location")
		u, err := url.Parse(base)
		require.NoError(t, err)
		cookies = c.Jar.Cookies(u)
	})
	_, base, _ := start(t, func(o *options) { o.data = data })
	c := browser(t)
	u, err := url.Parse(base)
	require.NoError(t, err)
	c.Jar.SetCookies(u, cookies)
	resp, text := get(t, c, base+preview)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Contains(t, text, "Il certificato direbbe")
	for _, name := range []string{"sessioni.db", "sessioni.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(data, name))
		if err == nil {
			require.NotContains(t, string(raw), "portale", "what is known of the person is encrypted")
		}
	}
}

// TestCertificateAgain: a valid certificate of the kind is offered before a new one is
// made, and no more are made in a day than the bound.
func TestCertificateAgain(t *testing.T) {
	_, base, _ := start(t, nil)
	c := browser(t)
	login(t, c, base, "jesi", "cie-3")
	form := url.Values{"tipo": {"enrolment"}, "uso": {"electoral"}}
	for n := range maxPerDay {
		resp, text := post(t, c, base+"/area/anteprima", form)
		if n > 0 {
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Contains(t, text, "C’è già un certificato valido")
			again := url.Values{"tipo": form["tipo"], "uso": form["uso"], "nuovo": {"si"}}
			resp, _ = post(t, c, base+"/area/anteprima", again)
		}
		require.Equal(t, http.StatusSeeOther, resp.StatusCode, n)
		id := resp.Header.Get("Location")
		resp, _ = post(t, c, base+"/area/emissione", url.Values{"anteprima": {id[strings.LastIndex(id, "/")+1:]}})
		require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	}
	resp, text := post(t, c, base+"/area/anteprima", url.Values{"tipo": {"enrolment"}, "uso": {"electoral"}, "nuovo": {"si"}})
	require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
	require.Contains(t, text, "Quelli già rilasciati restano validi")

	// Previews that were made before count too.
	hoard := browser(t)
	login(t, hoard, base, "bolzano", "cie-3")
	issued := 0
	var ids []string
	for n := range 2 * maxPerDay {
		again := url.Values{"tipo": {"enrolment"}, "uso": {"electoral"}, "nuovo": {"si"}}
		resp, _ := post(t, hoard, base+"/area/anteprima", again)
		if at := resp.Header.Get("Location"); n == 0 {
			resp, _ = post(t, hoard, base+"/area/emissione", url.Values{"anteprima": {at[strings.LastIndex(at, "/")+1:]}})
			require.Equal(t, http.StatusSeeOther, resp.StatusCode)
			issued++
		} else if at != "" {
			ids = append(ids, at[strings.LastIndex(at, "/")+1:])
		}
		if len(ids) == 3 {
			for _, id := range ids {
				if resp, _ := post(t, hoard, base+"/area/emissione", url.Values{"anteprima": {id}}); resp.StatusCode == http.StatusSeeOther {
					issued++
				}
			}
			ids = nil
		}
	}
	require.Equal(t, maxPerDay, issued)
}

// TestDelivery: before a certificate leaves the reserved area its person identifies
// himself again; what he had typed is still there.
func TestDelivery(t *testing.T) {
	s, base, _ := start(t, nil)
	issued := issue(t, s, "jesi", certificate.EnrolmentCertificate)
	id := issued.Contrassegno.Code()[:26]
	c := browser(t)
	login(t, c, base, "jesi", "cie-3")
	path := "/area/certificati/" + id
	send := url.Values{"canale": {"email"}, "indirizzo": {"prova@example.it"}}
	resp, _ := post(t, c, base+path+"/invio", send)
	require.Equal(t, "/accesso/conferma", resp.Header.Get("Location"))
	resp, _ = post(t, c, base+"/accesso/conferma", url.Values{"identita": {"spid-1"}})
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	resp, _ = post(t, c, base+"/accesso/conferma", url.Values{})
	require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	resp, _ = post(t, c, base+"/accesso/conferma", url.Values{"identita": {"cie-3"}})
	require.True(t, strings.HasPrefix(resp.Header.Get("Location"), path+"?ripresa="), resp.Header.Get("Location"))
	_, text := get(t, c, base+resp.Header.Get("Location"))
	require.Contains(t, text, `value="prova@example.it"`)

	for _, bad := range []url.Values{{}, {"canale": {"email"}}, {"canale": {"email"}, "indirizzo": {"x"}},
		{"canale": {"email"}, "indirizzo": {"è@example.it"}}, {"canale": {"email"}, "indirizzo": {"a@localhost"}}, {"canale": {"piccione"}}} {
		resp, _ = post(t, c, base+path+"/invio", bad)
		require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode, "%v", bad)
	}
	for _, channel := range []string{"email", "digital-domicile", "app-io"} {
		resp, _ = post(t, c, base+path+"/invio", url.Values{"canale": {channel}, "indirizzo": {"prova@example.it"}})
		require.Equal(t, path+"?inviato", resp.Header.Get("Location"), channel)
	}
	resp, text = post(t, c, base+path+"/invio", url.Values{"canale": {"email"}, "indirizzo": {"altra@example.it"}})
	require.Equal(t, http.StatusConflict, resp.StatusCode)
	require.Contains(t, text, "già stato ordinato")
	require.NoError(t, s.deliverDue(t.Context()))
	for _, channel := range []string{"email", "digital-domicile", "app-io"} {
		sent, err := os.ReadFile(s.path(filepath.Join("posta", id+"."+channel+".pdf")))
		require.NoError(t, err)
		require.Equal(t, issued.PDF, sent)
	}
	other := browser(t)
	login(t, other, base, "bolzano", "cie-3")
	post(t, other, base+"/accesso/conferma", url.Values{"identita": {"cie-3"}})
	resp, _ = post(t, other, base+path+"/invio", url.Values{"canale": {"app-io"}})
	require.Equal(t, http.StatusNotFound, resp.StatusCode, "another person's")
}

// TestApplications: a citizen of the Union asks to be in a list, withdraws it, sends it
// again; everything wrong is said at once, and nothing typed is lost.
func TestApplications(t *testing.T) {
	_, base, _ := start(t, nil)
	c := browser(t)
	login(t, c, base, "europea", "cie-3")
	_, text := get(t, c, base+"/area/domande")
	which := "europee"
	if strings.Count(text, "Chiedi la cancellazione") == 2 {
		resp, _ := post(t, c, base+"/area/domande/comunali", url.Values{})
		require.Equal(t, "/area/domande?sent#domande", resp.Header.Get("Location"))
		_, text = get(t, c, base+"/area/domande?sent")
		require.Contains(t, text, "Cancellazione: Lista aggiunta per le elezioni comunali")
	} else {
		resp, text := post(t, c, base+"/area/domande/"+which, url.Values{"recapito": {"tel. 0"}})
		require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
		for _, id := range []string{"#cittadinanza", "#indirizzo", "#localita"} {
			require.Contains(t, text, id)
		}
		require.Contains(t, text, `value="tel. 0"`)
	}
	_, text = get(t, c, base+"/area/domande")
	m := regexp.MustCompile(`name="pratica" value="([^"]+)"><input type="hidden" name="passo" value="ritira"`).FindStringSubmatch(text)
	if m != nil {
		resp, _ := post(t, c, base+"/area/domande", url.Values{"pratica": {m[1]}, "passo": {"ritira"}})
		require.Equal(t, "/area/domande?withdrawn#domande", resp.Header.Get("Location"))
		resp, _ = post(t, c, base+"/area/domande", url.Values{"pratica": {m[1]}, "passo": {"invia"}})
		require.Equal(t, "/area/domande?resubmitted#domande", resp.Header.Get("Location"))
	}
	// An Italian may not.
	it := browser(t)
	login(t, it, base, "jesi", "cie-3")
	resp, text := post(t, it, base+"/area/domande/comunali", url.Values{"cittadinanza": {"FRA"}, "indirizzo": {"Rue 1"}, "localita": {"Lyon"}})
	require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	require.Contains(t, text, `id="errori"`)
	require.Contains(t, text, `value="Rue 1"`)
}

// TestTwice: what is sent twice, from two tabs or with the back button, is done once.
func TestTwice(t *testing.T) {
	_, base, _ := start(t, nil)
	c := browser(t)
	login(t, c, base, "jesi", "cie-3")
	_, text := get(t, c, base+"/area/rettifica/general.section")
	id := regexp.MustCompile(`name="richiesta" value="([^"]+)"`).FindStringSubmatch(text)[1]
	for _, form := range []url.Values{{"valore": {"2"}, "richiesta": {id}}, {"valore": {"2"}, "richiesta": {id}}, {"valore": {"2"}}} {
		resp, _ := post(t, c, base+"/area/rettifica/general.section", form)
		require.Equal(t, "/area/rettifica?sent#richieste", resp.Header.Get("Location"))
	}
	resp, text := post(t, c, base+"/area/rettifica/general.section", url.Values{"valore": {"3"}})
	require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	require.Contains(t, text, "già in corso")
	_, text = get(t, c, base+"/area/rettifica")
	require.Equal(t, 1, strings.Count(text, `value="ritira"`))

	// Withdrawn, and sent again by the same form; a contradiction is not.
	withdraw := regexp.MustCompile(`name="pratica" value="([^"]+)"><input type="hidden" name="passo" value="ritira"`)
	first := withdraw.FindStringSubmatch(text)[1]
	post(t, c, base+"/area/rettifica", url.Values{"pratica": {first}, "passo": {"ritira"}})
	post(t, c, base+"/area/rettifica/general.section", url.Values{"valore": {"2"}, "richiesta": {id}})
	_, text = get(t, c, base+"/area/rettifica")
	require.Equal(t, first, withdraw.FindStringSubmatch(text)[1], "it stands as sent")
	post(t, c, base+"/area/rettifica", url.Values{"pratica": {first}, "passo": {"ritira"}})
	post(t, c, base+"/area/rettifica/general.section", url.Values{"valore": {"3"}})
	resp, text = post(t, c, base+"/area/rettifica", url.Values{"pratica": {first}, "passo": {"invia"}})
	require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	require.Contains(t, text, "già in corso")
	resp, text = post(t, c, base+"/area/rettifica/general.seat", url.Values{"valore": {"x"}, "motivo": {strings.Repeat("m", 2500)}})
	require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	require.Contains(t, text, `href="#motivo"`)

	// Two tabs, two previews: each can be confirmed.
	var ids []string
	for _, kind := range []string{"enrolment", "political-rights"} {
		resp, _ := post(t, c, base+"/area/anteprima", url.Values{"tipo": {kind}, "uso": {"electoral"}})
		at := resp.Header.Get("Location")
		ids = append(ids, at[strings.LastIndex(at, "/")+1:])
	}
	for _, id := range ids {
		resp, _ := post(t, c, base+"/area/emissione", url.Values{"anteprima": {id}})
		require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	}
}

// TestOthersFirst: who else has used the data stands first, and one's own accesses apart.
func TestOthersFirst(t *testing.T) {
	_, base, _ := start(t, nil)
	c := browser(t)
	login(t, c, base, "jesi", "cie-3")
	get(t, c, base+"/area/dati")
	_, text := get(t, c, base+"/area/accessi")
	text = html.UnescapeString(text)
	others, own, ok := strings.Cut(text, `id="propri"`)
	require.True(t, ok)
	require.Contains(t, others, "Ufficio elettorale del comune di Jesi")
	require.NotContains(t, others, "La persona stessa")
	require.Contains(t, own, "La persona stessa")
	require.NotContains(t, own, "Ufficio elettorale del comune")
}

// TestHangUp: a client that hangs up is no error.
func TestHangUp(t *testing.T) {
	s, _, out := start(t, nil)
	st := siteOf(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest(http.MethodGet, "/area/dati", nil).WithContext(ctx)
	w := httptest.NewRecorder()
	st.failed(w, r, "data", ctx.Err())
	require.NotContains(t, out.String(), "level=ERROR")
	require.Contains(t, out.String(), "hung up")
	st.failed(w, httptest.NewRequest(http.MethodGet, "/area/dati", nil), "data", os.ErrClosed)
	require.Contains(t, out.String(), "level=ERROR")
}

// TestFeedback: an opinion is counted by the name of the page.
func TestFeedback(t *testing.T) {
	_, base, out := start(t, nil)
	c := browser(t)
	resp, _ := post(t, c, base+"/valuta", url.Values{"voto": {"9"}})
	require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	resp, _ = post(t, c, base+"/valuta", url.Values{"voto": {"4"}, "pagina": {"help"}})
	require.Equal(t, "/valuta?grazie", resp.Header.Get("Location"))
	require.Contains(t, out.String(), "route=help vote=4")
	resp, _ = post(t, c, base+"/valuta", url.Values{"voto": {"4"}, "pagina": {"x\ny"}})
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.Contains(t, out.String(), "route=- vote=4")
}

// TestCatalogueFiles: the files are as people edit them, one text a line.
func TestCatalogueFiles(t *testing.T) {
	for _, l := range page.Languages() {
		data, err := os.ReadFile(filepath.Join("page", "texts", l+".json"))
		require.NoError(t, err)
		var m map[string]string
		require.NoError(t, json.Unmarshal(data, &m))
		require.GreaterOrEqual(t, strings.Count(string(data), "\n"), len(m))
	}
}
