package main

import (
	"errors"
	"net/http"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A rectifyPage asks for a rectification and lists those asked before.
type rectifyPage struct {
	// ID is the id of the next request: a form that is sent twice has effect
	// once.
	ID     string
	Fields []electoral.FieldInfo
	Faults []reason
	// Field, Asked and Note are as they were typed.
	Field, Asked, Note string
	List               []rectification
}

// A rectification is one that was asked before, in words.
type rectification struct{ Field, Present, Asked, State, Comune, Answer, At string }

func (st *site) rectifyForm(w http.ResponseWriter, r *http.Request, n *session) {
	st.showRectify(w, r, n, http.StatusOK, rectifyPage{ID: newRequestID(), Field: r.URL.Query().Get("campo")})
}

func (st *site) showRectify(w http.ResponseWriter, r *http.Request, n *session, code int, p rectifyPage) {
	list, err := st.registry.Rectifications(r.Context(), n.request(), registry.RequestFilter{})
	if err != nil {
		st.answer(w, r, "Le richieste di rettifica non sono disponibili", "rectifications", err)
		return
	}
	for _, f := range electoral.Fields() {
		if !f.Beside {
			p.Fields = append(p.Fields, f)
		}
	}
	for _, q := range list {
		item := rectification{
			Present: st.value(q.Field, q.Present), Asked: st.value(q.Field, q.Asked), State: q.State.Italian(),
			Answer: q.OfficerNote, At: st.instant(q.Opened), Comune: st.comune(q.Comune, dateOf(q.Opened)),
		}
		if f, ok := electoral.InfoOf(q.Field); ok {
			item.Field = f.Italian
		}
		p.List = append(p.List, item)
	}
	title := "Richiesta di rettifica"
	if len(p.Faults) > 0 {
		title = "Errore: " + title
	}
	st.show(w, r, code, "rectify", title, p)
}

// value returns a value of a field in words for the citizen; empty for none, as of
// a request that is closed.
func (st *site) value(field electoral.Field, value string) string {
	if strings.HasSuffix(string(field), "."+string(electoral.ListComune)) {
		return st.comune(value, dateOf(st.now()))
	}
	f, _ := electoral.InfoOf(field)
	return f.Plain(value)
}

// comune returns the name of a comune, or the text itself if it is no comune's
// code.
func (st *site) comune(belfiore string, at electoral.Date) string {
	if c, ok := st.tables.Comune(belfiore, at); ok {
		return c.Name
	}
	return belfiore
}

// asked returns what the citizen typed as the registry wants it: «Sì» is "si".
func asked(field electoral.Field, typed string) string {
	typed = strings.TrimSpace(typed)
	if f, ok := electoral.InfoOf(field); ok && f.Answer {
		typed = strings.ReplaceAll(strings.ToLower(typed), "sì", electoral.Yes.String())
	}
	return typed
}

func (st *site) rectify(w http.ResponseWriter, r *http.Request, n *session) {
	if !parseForm(w, r) {
		st.notice(w, r, http.StatusBadRequest, "Modulo non valido", "Il modulo non è arrivato per intero. Riprovare.")
		return
	}
	p := rectifyPage{
		ID: newRequestID(), Field: r.PostForm.Get("campo"),
		Asked: strings.TrimSpace(r.PostForm.Get("valore")), Note: strings.TrimSpace(r.PostForm.Get("motivo")),
	}
	req := n.request()
	if id := r.PostForm.Get("richiesta"); ownRequestID.MatchString(id) {
		req.ID = id
	}
	_, err := st.registry.AskRectification(r.Context(), req, registry.RectificationRequest{
		Field: electoral.Field(p.Field), Asked: asked(electoral.Field(p.Field), p.Asked), Note: strings.ReplaceAll(p.Note, "\r\n", "\n"),
	})
	if p.Faults = reasonsOf(err); len(p.Faults) > 0 && !errors.Is(err, electoral.ErrNotRecorded) {
		st.showRectify(w, r, n, http.StatusUnprocessableEntity, p)
		return
	}
	if err != nil {
		st.failed(w, r, "rectify", err)
		return
	}
	http.Redirect(w, r, "/area/rettifica#richieste", http.StatusSeeOther)
}
