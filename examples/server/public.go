package main

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/verify/web"
)

// services are those that have a sheet, with the address where each begins.
func services() []string {
	return []string{"certificates", "data", "rectify", "applications", "verify"}
}

func serviceURL(id string) string {
	return map[string]string{"certificates": "/area/certificati", "data": "/area/dati", "rectify": "/area/rettifica",
		"applications": "/area/domande", "verify": "/verifica"}[id]
}

func (st *site) home(w http.ResponseWriter, r *http.Request) {
	p := st.top(r, "home.title")
	if r.URL.Query().Has("uscita") && visitorOf(r) == nil {
		p.Flash = web.Flash{Kind: "success", Text: st.say(r, "home.left")}
	}
	st.frame.Show(w, r, http.StatusOK, "home", p, services())
}

// service shows the sheet of a service ("scheda servizio").
func (st *site) service(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("service")
	if !slices.Contains(services(), id) {
		st.notice(w, r, http.StatusNotFound, "missing")
		return
	}
	st.frame.Show(w, r, http.StatusOK, "service", st.top(r, "service."+id+".title"),
		struct{ Key, URL string }{"service." + id, serviceURL(id)})
}

func (st *site) help(w http.ResponseWriter, r *http.Request) {
	st.frame.Show(w, r, http.StatusOK, "help", st.top(r, "help.title"),
		[]string{"help.wrong", "help.certificate", "help.paper", "help.code", "help.session", "help.language"})
}

func (st *site) text(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		st.frame.Show(w, r, http.StatusOK, name, st.top(r, name+".title"), nil)
	}
}

// A feedbackPage asks how clear a page was.
type feedbackPage struct {
	Page, Value, Error string
	Options            []option
}

func (st *site) feedbackPage(w http.ResponseWriter, r *http.Request) {
	from := ""
	if path, ok := strings.CutPrefix(r.Referer(), st.base); ok {
		from = st.routeOf(path)
	}
	p := st.top(r, "feedback.title")
	if r.URL.Query().Has("grazie") {
		p.Flash = web.Flash{Kind: "success", Text: st.say(r, "feedback.thanks")}
	}
	st.showFeedback(w, r, http.StatusOK, p, feedbackPage{Page: from})
}

func (st *site) showFeedback(w http.ResponseWriter, r *http.Request, code int, p web.Page, f feedbackPage) {
	for _, n := range []string{"5", "4", "3", "2", "1"} {
		f.Options = append(f.Options, option{Value: n, Label: st.say(r, "feedback."+n)})
	}
	st.frame.Show(w, r, code, "feedback", p, f)
}

// feedback counts an opinion, in the log of the server: the name of the page and the
// vote, and nothing of who gave it.
func (st *site) feedback(w http.ResponseWriter, r *http.Request) {
	if !st.parseForm(w, r) {
		return
	}
	f := feedbackPage{Page: r.PostForm.Get("pagina"), Value: r.PostForm.Get("voto")}
	if !slices.Contains([]string{"1", "2", "3", "4", "5"}, f.Value) {
		f.Error = st.say(r, "feedback.missing")
		p := st.top(r, "feedback.title")
		p.Errors = []web.FieldError{{ID: "voto", Text: f.Error}}
		st.showFeedback(w, r, http.StatusUnprocessableEntity, p, f)
		return
	}
	name := "-"
	for _, known := range st.table.Routes() {
		if known.Name == f.Page {
			name = known.Name
		}
	}
	st.logger.InfoContext(r.Context(), "feedback", "route", name, "vote", f.Value)
	http.Redirect(w, r, "/valuta?grazie", http.StatusSeeOther)
}

// routeOf returns the name of the page of a path, "-" if there is none.
func (st *site) routeOf(path string) string {
	r, err := http.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return "-"
	}
	return st.table.Name(r)
}

func (st *site) asset(w http.ResponseWriter, r *http.Request) {
	if !st.frame.Asset(w, r) {
		st.notice(w, r, http.StatusNotFound, "missing")
	}
}

// ready reports whether the server can answer: what blocks it is named in its log.
func (st *site) ready(w http.ResponseWriter, r *http.Request) {
	if err := st.blocked(r.Context()); err != nil {
		st.logger.ErrorContext(r.Context(), "not ready", "error", err)
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

func dayOf(t time.Time, rome *time.Location) string { return t.In(rome).Format("02/01/2006") }
