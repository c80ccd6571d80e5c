package main

import (
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/examples/server/page"
	"github.com/liste-elettorali/anpr/examples/server/routes"
	"github.com/liste-elettorali/anpr/internal/limits/rates"
	"github.com/liste-elettorali/anpr/transport/session"
)

// maxForm bounds the forms of the site in bytes.
const maxForm = 16 << 10

// routes is the table of all addresses, with the policy of each.
func (st *site) routes() []routes.Route {
	everybody := routes.Who{Public: true}
	citizen := routes.Who{Roles: []electoral.Role{electoral.CitizenRole}, Level: 2}
	confirmed := citizen
	confirmed.Fresh = true
	get := func(path, name string, who routes.Who, rate rates.Class, h http.HandlerFunc) routes.Route {
		return routes.Route{Method: http.MethodGet, Path: path, Name: name, Who: who, Rate: rate,
			Origin: routes.Anywhere, Handler: h}
	}
	post := func(path, name string, who routes.Who, h http.HandlerFunc) routes.Route {
		return routes.Route{Method: http.MethodPost, Path: path, Name: name, Who: who, Rate: rates.Forms, Body: maxForm,
			Origin: routes.OwnPages, Handler: h}
	}
	login := func(path, name string, who routes.Who, h http.HandlerFunc) routes.Route {
		r := post(path, name, who, h)
		r.Rate = rates.Logins
		return r
	}
	pages, free := rates.Pages, routes.Free
	list := []routes.Route{
		get("/{$}", "home", everybody, pages, st.home),
		get("/servizi/{service}", "service", everybody, pages, st.service),
		get("/aiuto", "help", everybody, pages, st.help),
		get("/accessibilita", "accessibility", everybody, pages, st.text("accessibility")),
		get("/privacy", "privacy", everybody, pages, st.text("privacy")),
		get("/valuta", "feedback", everybody, pages, st.feedbackPage),
		post("/valuta", "feedback-send", everybody, st.feedback),
		get("/livez", "livez", everybody, free, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }),
		get("/readyz", "readyz", everybody, free, st.ready),
		get(page.AssetPath+"{name}", "asset", everybody, free, st.asset),

		get("/accesso", "login", everybody, pages, st.loginPage),
		login("/accesso", "login-send", everybody, st.login),
		post("/uscita", "logout", everybody, st.logout),
		get("/accesso/conferma", "step-up", citizen, pages, st.private(st.stepUpPage)),
		login("/accesso/conferma", "step-up-send", citizen, st.private(st.stepUp)),
		post("/area/sessione", "session-extend", citizen, st.private(st.extend)),
		get("/area/accessi-aperti", "sessions", citizen, pages, st.private(st.sessionList)),
		post("/area/accessi-aperti", "session-end", citizen, st.private(st.endSession)),

		get("/area", "area", citizen, pages, st.private(st.area)),
		get("/area/dati", "data", citizen, pages, st.private(st.data)),
		get("/area/accessi", "accesses", citizen, rates.Heavy, st.private(st.accesses)),
		get("/area/rettifica", "rectifications", citizen, pages, st.private(st.rectifications)),
		post("/area/rettifica", "rectification-step", citizen, st.private(st.stepRectification)),
		get("/area/rettifica/{field}", "rectify", citizen, pages, st.private(st.rectifyPage)),
		post("/area/rettifica/{field}", "rectify-send", citizen, st.private(st.rectify)),
		get("/area/domande", "applications", citizen, pages, st.private(st.applications)),
		post("/area/domande", "application-step", citizen, st.private(st.stepApplication)),
		get("/area/domande/{which}", "apply", citizen, pages, st.private(st.applyPage)),
		post("/area/domande/{which}", "apply-send", citizen, st.private(st.apply)),

		get("/area/certificati", "certificates", citizen, pages, st.private(st.certificates)),
		post("/area/anteprima", "preview-make", citizen, st.private(st.preview)),
		get("/area/anteprima/{id}", "preview", citizen, pages, st.private(st.previewPage)),
		get("/area/anteprima/{id}/pdf", "preview-pdf", citizen, pages, st.private(st.previewPDF)),
		post("/area/emissione", "issue", citizen, st.private(st.issue)),
		get("/area/certificati/{id}", "certificate", citizen, pages, st.private(st.certificate)),
		get("/area/certificati/{id}/pdf", "certificate-pdf", citizen, pages, st.private(st.download)),
		post("/area/certificati/{id}/invio", "deliver", confirmed, st.private(st.deliver)),
	}
	for _, p := range st.public.Routes() {
		r := get(p.Path, "verify "+p.Method+" "+p.Path, everybody, pages, st.public.ServeHTTP)
		if strings.Contains(p.Path, "/originale/") { // judges the document each time
			r.Rate = rates.Forms
		}
		if p.Method == http.MethodPost {
			r = post(p.Path, r.Name, everybody, st.public.ServeHTTP)
			r.Body = p.Body
		}
		r.Name = "verify " + p.Method + " " + p.Path
		list = append(list, r)
	}
	return list
}

// allow counts a request: those of a person who is logged in are his own, wherever he
// is; the others are those of a network, where many may be behind one address.
func (st *site) allow(w http.ResponseWriter, r *http.Request, rate rates.Class) bool {
	if rate == routes.Free {
		return true
	}
	limits, name := st.networks, st.opts.proxies.Network(r)
	if v := visitorOf(r); v != nil {
		limits, name = st.persons, v.Person
	}
	wait, ok := limits.Allow(rate, name)
	if ok {
		return true
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	st.notice(w, r, http.StatusTooManyRequests, "rate")
	return false
}

// admit sends who has not logged in, or not well enough for the route, to do so; where he
// was going and what he had typed is kept meanwhile. Who is below what the law asks of
// everybody is refused by the services themselves, which put it on record.
func (st *site) admit(w http.ResponseWriter, r *http.Request, who routes.Who) (*http.Request, bool) {
	l := looked(r)
	switch v := l.visitor; {
	case errors.Is(l.err, session.ErrUnavailable):
		st.unavailable(w, r, "session", l.err)
	case v == nil:
		st.leave(w, r)
		http.Redirect(w, r, "/accesso", http.StatusSeeOther)
	case !slices.Contains(who.Roles, v.Actor.Role):
		st.notice(w, r, http.StatusForbidden, "role")
	case who.Fresh && !v.Elevated.After(st.now()), who.Level > 2 && v.Actor.Level < who.Level:
		st.leave(w, r)
		http.Redirect(w, r, "/accesso/conferma", http.StatusSeeOther)
	default:
		return r, true
	}
	return nil, false
}

// refuse answers what the table of routes does not have.
func (st *site) refuse(w http.ResponseWriter, r *http.Request, status int) {
	switch status {
	case http.StatusForbidden:
		st.notice(w, r, status, "origin")
	case http.StatusMethodNotAllowed:
		st.notice(w, r, status, "method")
	default:
		st.notice(w, r, status, "missing")
	}
}
