package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/transport/session"
	"github.com/liste-elettorali/anpr/verify/web"
)

func newRequestID() string { return "portale-" + rand.Text() }

// ownRequestID matches what newRequestID returns; a form may send it back.
var ownRequestID = regexp.MustCompile(`^portale-[A-Z2-7]{26}$`)

// formRequest is a visitor's request with the id that his form brings back: a form that
// is sent twice has effect once.
func formRequest(r *http.Request, v *visitor) electoral.Request {
	req := v.request()
	if id := r.PostForm.Get("richiesta"); ownRequestID.MatchString(id) {
		req.ID = id
	}
	return req
}

// parseTyped reads a form that was kept.
func parseTyped(form string) map[string]string {
	values, err := url.ParseQuery(form)
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for name := range values {
		out[name] = values.Get(name)
	}
	return out
}

// A reason says to the citizen why something was refused and what he can do. Code
// and Source are for whoever helps him.
type reason struct{ Code, Message, Source string }

func reasonsOf(err error) (out []reason) {
	if refusal, ok := errors.AsType[*certificate.Refusal](err); ok {
		return certificateReasons(refusal.Reasons)
	}
	if faults, ok := errors.AsType[electoral.Faults](err); ok {
		for _, f := range faults.Errors() {
			out = append(out, reason{Code: string(f.Code), Message: f.Citizen(), Source: f.Source})
		}
	}
	return out
}

func certificateReasons(list []certificate.Reason) (out []reason) {
	for _, r := range list {
		out = append(out, reason{Code: string(r.Code), Message: r.Citizen(), Source: r.Source})
	}
	return out
}

// refused answers with the reasons of a refusal.
func (st *site) refused(w http.ResponseWriter, r *http.Request, title string, err error) {
	next := web.Link{URL: "/", Text: st.say(r, "notice.home")}
	if visitorOf(r) != nil {
		next = web.Link{URL: "/area", Text: st.say(r, "notice.area")}
	}
	st.frame.Show(w, r, http.StatusForbidden, "notice", web.Page{Title: title},
		message{Text: st.say(r, "error.refused"), Reasons: reasonsOf(err), Next: next})
}

// failed answers an error that is not a refusal. The page shows a number to
// quote; the text of the error goes to the log only. That a client has hung up is no
// error.
func (st *site) failed(w http.ResponseWriter, r *http.Request, step string, err error) {
	if r.Context().Err() != nil {
		st.logger.InfoContext(r.Context(), "the client has hung up", "step", step)
		return
	}
	if errors.Is(err, electoral.ErrNotRecorded) {
		st.unrecorded.Store(st.now().UnixMilli())
	}
	code := "ERR-" + rand.Text()[:8]
	st.logger.ErrorContext(r.Context(), "failed", "step", step, "code", code, "error", err)
	st.frame.Show(w, r, http.StatusInternalServerError, "notice", st.top(r, "error.failed"), message{
		Text: st.say(r, "error.failed.text"), Code: code, Next: web.Link{URL: "/area", Text: st.say(r, "notice.area")},
	})
}

// unavailable answers when the sessions cannot be read or changed.
func (st *site) unavailable(w http.ResponseWriter, r *http.Request, step string, err error) {
	if !errors.Is(err, session.ErrUnavailable) {
		st.failed(w, r, step, err)
		return
	}
	st.logger.ErrorContext(r.Context(), "sessions", "step", step, "error", err)
	w.Header().Set("Retry-After", "30")
	st.notice(w, r, http.StatusServiceUnavailable, "sessions")
}

// answer calls refused or failed, depending on the error.
func (st *site) answer(w http.ResponseWriter, r *http.Request, title, step string, err error) {
	if reasonsOf(err) != nil && !errors.Is(err, electoral.ErrNotRecorded) {
		st.refused(w, r, title, err)
		return
	}
	st.failed(w, r, step, err)
}

// An areaPage is the first page of the reserved area.
type areaPage struct {
	Name  string
	Cards []map[string]any
}

func (st *site) area(w http.ResponseWriter, r *http.Request, v *visitor) {
	p := areaPage{Name: v.Name}
	for _, c := range []struct {
		id, url string
		primary bool
	}{{"data", "/area/dati", false}, {"certificates", "/area/certificati", true}, {"rectify", "/area/rettifica", false},
		{"applications", "/area/domande", false}, {"accesses", "/area/accessi", false}} {
		p.Cards = append(p.Cards, map[string]any{"ID": "a-" + c.id, "Title": st.say(r, "area."+c.id),
			"Text": st.say(r, "area."+c.id+".text"), "URL": c.url, "Primary": c.primary,
			"Link": st.say(r, "area."+c.id+".link")})
	}
	st.frame.Show(w, r, http.StatusOK, "area", st.top(r, "area.title"), p)
}

// A place is where the citizen votes for a list.
type place struct{ Title, Comune, Section, Seat string }

// An annexPoint is a point of annex 1 with its fields.
type annexPoint struct {
	Title  string
	Fields []electoral.AnnexField
}

// A dataPage says where and for what the citizen votes, and below that annex 1.
type dataPage struct {
	Places           []place
	Yes, No, Unknown []string
	Abroad           bool
	Points           []annexPoint
}

func (st *site) data(w http.ResponseWriter, r *http.Request, v *visitor) {
	record, err := st.registry.PersonalRecord(r.Context(), v.request())
	if err != nil {
		st.answer(w, r, st.say(r, "data.failed"), "data", err)
		return
	}
	a := record.Annex1
	page := dataPage{Abroad: record.Person.Abroad != nil, Points: []annexPoint{
		{Title: "1. Godimento dell’elettorato attivo"}, {Title: "2. Lista generale ordinaria"},
		{Title: "3. Liste aggiunte regionali e comunali"},
		{Title: "4. Liste aggiunte per i cittadini dell’Unione europea"},
		{Title: "5. Consultazioni per le quali si è elettori"},
	}}
	add := func(key string, e *electoral.AnnexEnrolment) {
		if e != nil {
			page.Places = append(page.Places, place{st.say(r, key), e.Comune, e.SectionNumber, e.SectionSeat})
		}
	}
	add("list.general", a.General)
	for _, l := range append(a.Added[:], a.EU[:]...) {
		add("list."+string(l.List), l.Enrolment)
	}
	for _, vote := range votes(a.Status) {
		text := st.say(r, "vote."+vote.key)
		if vote.in != "" {
			text += " (" + vote.in + ")"
		}
		switch vote.answer {
		case electoral.Yes:
			page.Yes = append(page.Yes, text)
		case electoral.No:
			page.No = append(page.No, text)
		default:
			page.Unknown = append(page.Unknown, text)
		}
	}
	for _, f := range a.Plain() {
		page.Points[f.Point-1].Fields = append(page.Points[f.Point-1].Fields, f)
	}
	st.frame.Show(w, r, http.StatusOK, "data", st.inArea(r, "data.title"), page)
}

// A vote is one of the consultations of annex 1, point 5.
type vote struct {
	key, in string
	answer  electoral.Answer
}

func votes(s electoral.AnnexStatus) []vote {
	in := func(field electoral.Field, value string) string {
		f, _ := electoral.InfoOf(field)
		return f.Plain(value)
	}
	return []vote{
		{"referendums", "", s.NationalReferendums},
		{"european", in("status.europeanConstituency", s.EuropeanConstituency), s.EuropeanParliament},
		{"chamber", in("status.chamberConstituency", s.ChamberConstituency), s.Chamber},
		{"senate", in("status.senateConstituency", s.SenateConstituency), s.Senate},
		{"regional", in("status.regionalConstituency", s.RegionalConstituency), s.Regional},
		{"comunal", "", s.Comunal},
		{"district", in("status.districtConstituency", s.DistrictConstituency), s.District},
	}
}
