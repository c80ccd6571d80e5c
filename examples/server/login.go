package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/transport/session"
	"github.com/liste-elettorali/anpr/verify/web"
)

// An option is one of several answers.
type option struct{ Value, Label, Help string }

// A loginPage asks who one is; for a step-up only how it is shown.
type loginPage struct {
	Action, Button          string
	People, Ways            []option
	Chosen, Way             string
	PersonError, WayError   string
	stepUp                  bool
	title, flash, flashKind string
}

// ways are the identifications of the development login.
func ways() map[string]electoral.Actor {
	return map[string]electoral.Actor{
		"cie-3":  {Method: electoral.CIEMethod, Level: 3},
		"spid-2": {Method: electoral.SPIDMethod, Level: 2},
		"cns-3":  {Method: electoral.CNSMethod, Level: 3},
		"spid-1": {Method: electoral.SPIDMethod, Level: 1},
	}
}

func (st *site) showLogin(w http.ResponseWriter, r *http.Request, status int, p loginPage) {
	p.Action, p.Button, p.title = "/accesso", st.say(r, "login.enter"), st.say(r, "login.title")
	if p.stepUp {
		p.Action, p.Button, p.title = "/accesso/conferma", st.say(r, "stepup.confirm"), st.say(r, "stepup.title")
	} else {
		for _, one := range st.people {
			p.People = append(p.People, option{one.ID, one.Name, one.About})
		}
	}
	for _, id := range []string{"cie-3", "spid-2", "cns-3", "spid-1"} {
		p.Ways = append(p.Ways, option{Value: id, Label: st.say(r, "login.way."+strings.ReplaceAll(id, "-", ""))})
	}
	frame := web.Page{Title: p.title, Flash: web.Flash{Kind: p.flashKind, Text: p.flash}}
	for _, e := range []web.FieldError{{ID: "persona", Text: p.PersonError}, {ID: "identita", Text: p.WayError}} {
		if e.Text != "" {
			frame.Errors = append(frame.Errors, e)
		}
	}
	st.frame.Show(w, r, status, "login", frame, p)
}

func (st *site) loginPage(w http.ResponseWriter, r *http.Request) {
	l := looked(r)
	if l.visitor != nil {
		http.Redirect(w, r, "/area", http.StatusSeeOther)
		return
	}
	p := loginPage{Way: "cie-3"}
	switch {
	case errors.Is(l.err, session.ErrExpired):
		p.flash, p.flashKind = st.say(r, "session.expired"), "warning"
	case errors.Is(l.err, session.ErrRevoked):
		p.flash, p.flashKind = st.say(r, "session.revoked"), "warning"
	}
	if p.flash != "" {
		if _, err := r.Cookie(draftCookie); err == nil {
			p.flash += " " + st.say(r, "session.kept")
		}
	}
	st.showLogin(w, r, http.StatusOK, p)
}

// login admits a made-up person. It checks how the person is identified, then
// whether he is in ANPR (annex 2, services for the citizens 1). What comes of it is on
// record, also a refusal.
func (st *site) login(w http.ResponseWriter, r *http.Request) {
	if !st.parseForm(w, r) {
		return
	}
	p := loginPage{Chosen: r.PostForm.Get("persona"), Way: r.PostForm.Get("identita")}
	i := slices.IndexFunc(st.people, func(one persona) bool { return one.ID == p.Chosen })
	if i < 0 {
		p.PersonError = st.say(r, "login.person.missing")
	}
	actor, known := ways()[p.Way]
	if !known {
		p.WayError = st.say(r, "login.way.missing")
	}
	if p.PersonError+p.WayError != "" {
		st.showLogin(w, r, http.StatusUnprocessableEntity, p)
		return
	}
	actor.FiscalCode, actor.Role, actor.AccessPoint = st.people[i].FiscalCode, electoral.CitizenRole, "portale"
	old := ""
	if c, err := r.Cookie(sessionCookie); err == nil {
		old = c.Value
	}
	var token string
	var s session.Session
	err := st.admitted(r.Context(), electoral.OpLogIn, actor, func(anprID string) (err error) {
		token, s, err = st.sessions.Begin(r.Context(), session.Identity{Actor: actor, Person: anprID,
			Name: st.people[i].Name, Device: device(r)}, old)
		return err
	})
	if err != nil {
		st.notAdmitted(w, r, "login", "/accesso", err)
		return
	}
	http.SetCookie(w, cookie(sessionCookie, token, 0))
	http.Redirect(w, r, st.resume(w, r, s), http.StatusSeeOther)
}

// admitted checks a person who identifies himself, and puts it on record: as an access to
// his own data, in the chain of his comune; of one whom ANPR does not know, in the
// portal's.
// begin begins what he is admitted to.
func (st *site) admitted(ctx context.Context, op electoral.Operation, actor electoral.Actor,
	begin func(anprID string) error,
) error {
	req := electoral.Request{ID: newRequestID(), Actor: actor}
	access := electoral.NewAccess(req, op, st.now())
	faults := electoral.Faults(electoral.Admit(req))
	anprID, comune, err := st.registry.HomeOf(ctx, actor.FiscalCode)
	if err != nil {
		return err
	}
	if anprID == "" { // the code is personal data: it does not stand in the fault
		faults = append(faults, electoral.NewFault(electoral.PersonUnknown.In("actor"), "request.actor.fiscalCode", "", nil))
	}
	access.Comune, access.Subject = comune, anprID
	p := electoral.Passage{Recorder: st.recorder, Access: access, Refused: faults.Err(), ReadOnly: true}
	return p.Do(ctx, func(*electoral.Entry) error { return begin(anprID) })
}

// notAdmitted says why somebody is not admitted, and where he can try again.
func (st *site) notAdmitted(w http.ResponseWriter, r *http.Request, step, again string, err error) {
	reasons := reasonsOf(err)
	switch {
	case errors.Is(err, session.ErrFull):
		st.notice(w, r, http.StatusServiceUnavailable, "crowded")
	case reasons != nil && !errors.Is(err, electoral.ErrNotRecorded):
		st.frame.Show(w, r, http.StatusForbidden, "notice", st.top(r, "login.refused"), message{
			Text: st.say(r, "error.refused"), Reasons: reasons, Next: web.Link{URL: again, Text: st.say(r, "notice.retry")}})
	default:
		st.unavailable(w, r, step, err)
	}
}

// record puts something on record that a visitor does with his session.
func (st *site) record(ctx context.Context, v *visitor, op electoral.Operation, work func() error) error {
	access := electoral.NewAccess(v.request(), op, st.now())
	access.Subject = v.Person
	var err error
	if access.Comune, err = st.registry.Home(ctx, v.Person); err != nil {
		return err
	}
	return electoral.Passage{Recorder: st.recorder, Access: access, ReadOnly: true}.Do(ctx,
		func(*electoral.Entry) error { return work() })
}

// logout ends the session whatever happens: the record of it comes second.
func (st *site) logout(w http.ResponseWriter, r *http.Request) {
	if err := looked(r).err; errors.Is(err, session.ErrUnavailable) { // the session would go on
		st.unavailable(w, r, "logout", err)
		return
	}
	if v := visitorOf(r); v != nil {
		if err := st.sessions.End(r.Context(), v.token); err != nil {
			st.unavailable(w, r, "logout", err)
			return
		}
		if err := st.record(r.Context(), v, electoral.OpLogOut, func() error { return nil }); err != nil {
			st.logger.ErrorContext(r.Context(), "logout not on record", "error", err)
		}
	}
	http.SetCookie(w, cookie(sessionCookie, "", 0))
	http.Redirect(w, r, "/?uscita", http.StatusSeeOther)
}

// stepUpPage asks a visitor to identify himself again.
func (st *site) stepUpPage(w http.ResponseWriter, r *http.Request, _ *visitor) {
	st.showLogin(w, r, http.StatusOK, loginPage{stepUp: true, Way: "cie-3", flash: st.say(r, "stepup.why"), flashKind: "info"})
}

func (st *site) stepUp(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !st.parseForm(w, r) {
		return
	}
	p := loginPage{stepUp: true, Way: r.PostForm.Get("identita")}
	actor, known := ways()[p.Way]
	if !known {
		p.WayError = st.say(r, "login.way.missing")
		st.showLogin(w, r, http.StatusUnprocessableEntity, p)
		return
	}
	as := v.Actor
	as.Method, as.Level = actor.Method, actor.Level
	var token string
	var s session.Session
	err := st.admitted(r.Context(), electoral.OpStepUp, as, func(string) (err error) {
		token, s, err = st.sessions.StepUp(r.Context(), v.token, as)
		return err
	})
	if err != nil {
		st.notAdmitted(w, r, "step-up", "/accesso/conferma", err)
		return
	}
	http.SetCookie(w, cookie(sessionCookie, token, 0))
	http.Redirect(w, r, st.resume(w, r, s), http.StatusSeeOther)
}

// extend extends the session, and says for how many seconds: for the dialog that warns.
func (st *site) extend(w http.ResponseWriter, r *http.Request, v *visitor) {
	s, err := st.sessions.Extend(r.Context(), v.token)
	if err != nil {
		st.unavailable(w, r, "extend", err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(strconv.Itoa(int(st.sessions.Remaining(s).Seconds()))))
}

// A sessionRow is one of the visitor's sessions.
type sessionRow struct {
	ID, Began, Seen, Device string
	This                    bool
}

func (st *site) sessionList(w http.ResponseWriter, r *http.Request, v *visitor) {
	list, err := st.sessions.List(r.Context(), v.Person)
	if err != nil {
		st.unavailable(w, r, "sessions", err)
		return
	}
	var rows []sessionRow
	for _, s := range list {
		rows = append(rows, sessionRow{s.ID, st.instant(s.Began), st.instant(s.Seen), s.Device, s.ID == v.ID})
	}
	p := st.inArea(r, "sessions.title")
	if r.URL.Query().Has("fatto") {
		p.Flash = web.Flash{Kind: "success", Text: st.say(r, "sessions.ended")}
	}
	st.frame.Show(w, r, http.StatusOK, "sessions", p, rows)
}

func (st *site) endSession(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !st.parseForm(w, r) {
		return
	}
	err := st.record(r.Context(), v, electoral.OpEndSessions, func() error {
		err := st.sessions.Revoke(r.Context(), v.Person, r.PostForm.Get("sessione"))
		if errors.Is(err, session.ErrUnknown) {
			return nil // it is over already
		}
		return err
	})
	if err != nil {
		st.unavailable(w, r, "end session", err)
		return
	}
	http.Redirect(w, r, "/area/accessi-aperti?fatto", http.StatusSeeOther)
}

// device says in a few words from where somebody logs in, as far as the browser tells.
func device(r *http.Request) string {
	agent := r.UserAgent()
	for _, known := range []struct{ mark, name string }{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"},
		{"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if !strings.Contains(agent, known.mark) {
			continue
		}
		for _, system := range []string{"Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux"} {
			if strings.Contains(agent, system) {
				return known.name + ", " + system
			}
		}
		return known.name
	}
	return "-"
}
