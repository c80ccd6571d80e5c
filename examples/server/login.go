package main

import (
	"errors"
	"net/http"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// maxForm bounds the forms of the site in bytes.
const maxForm = 16 << 10

func parseForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	return r.ParseForm() == nil
}

type loginForm struct {
	People []persona
	Fault  string
	Chosen string
}

func (st *site) loginPage(w http.ResponseWriter, r *http.Request) {
	if st.sessions.of(r) != nil {
		http.Redirect(w, r, "/area", http.StatusSeeOther)
		return
	}
	st.show(w, r, http.StatusOK, "login", "Accesso di sviluppo", loginForm{People: st.people})
}

// login admits a made-up person. It checks how the person is identified, then
// whether he is in ANPR (annex 2, services for the citizens 1).
func (st *site) login(w http.ResponseWriter, r *http.Request) {
	if !parseForm(w, r) {
		st.notice(w, r, http.StatusBadRequest, "Modulo non valido", "Il modulo non è arrivato per intero. Riprovare.")
		return
	}
	f := loginForm{People: st.people, Chosen: r.PostForm.Get("persona")}
	again := func(fault string) {
		f.Fault = fault
		st.show(w, r, http.StatusUnprocessableEntity, "login", "Errore: Accesso di sviluppo", f)
	}
	i := slices.IndexFunc(st.people, func(p persona) bool { return p.ID == f.Chosen })
	if i < 0 {
		again("Scegliere una persona.")
		return
	}
	actor := electoral.Actor{FiscalCode: st.people[i].FiscalCode, Role: electoral.CitizenRole, AccessPoint: "portale"}
	switch r.PostForm.Get("identita") {
	case "spid-2":
		actor.Method, actor.Level = electoral.SPIDMethod, 2
	case "cie-3":
		actor.Method, actor.Level = electoral.CIEMethod, 3
	case "cns-3":
		actor.Method, actor.Level = electoral.CNSMethod, 3
	case "spid-1":
		actor.Method, actor.Level = electoral.SPIDMethod, 1
	default:
		again("Scegliere come identificarsi.")
		return
	}
	// The registry decides about admission, and records it in the log.
	record, err := st.registry.PersonalRecord(r.Context(), electoral.Request{ID: newRequestID(), Actor: actor})
	var faults electoral.Faults
	switch {
	case errors.Is(err, electoral.ElectorUnknown): // in ANPR, and unknown to the lists
		if record.Person.ANPRID, _, err = st.registry.HomeOf(r.Context(), actor.FiscalCode); err != nil {
			st.failed(w, r, "login", err)
			return
		}
	case errors.As(err, &faults):
		st.refused(w, r, "Accesso non consentito", faults)
		return
	case err != nil:
		st.failed(w, r, "login", err)
		return
	}
	if !st.sessions.begin(w, r, &session{actor: actor, name: st.people[i].Name, person: record.Person.ANPRID}) {
		st.notice(w, r, http.StatusServiceUnavailable, "Servizio affollato",
			"Troppe persone usano il servizio in questo momento. Riprovare fra qualche minuto.")
		return
	}
	http.Redirect(w, r, "/area", http.StatusSeeOther)
}

func (st *site) logout(w http.ResponseWriter, r *http.Request) {
	st.sessions.end(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// private admits only requests that have a session.
func (st *site) private(next func(http.ResponseWriter, *http.Request, *session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n := st.sessions.of(r)
		if n == nil {
			st.sessions.end(w, r)
			http.Redirect(w, r, "/accesso", http.StatusSeeOther)
			return
		}
		next(w, r, n)
	}
}
