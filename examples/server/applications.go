package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/verify/web"
)

// euLists are the lists for citizens of the Union, by the name in their address.
func euLists() map[string]electoral.List {
	return map[string]electoral.List{"comunali": electoral.EUComunalList, "europee": electoral.EUParliamentList}
}

// A listCard offers an application.
type listCard struct{ Title, Text, URL, Link string }

type applicationsPage struct {
	Lists    []listCard
	Requests []requestRow
}

func (st *site) applications(w http.ResponseWriter, r *http.Request, v *visitor) {
	typed := st.typedBefore(r, v)
	st.showApplications(w, r, v, http.StatusOK, typed["pratica"], typed["integrazione-"+typed["pratica"]])
}

func (st *site) showApplications(w http.ResponseWriter, r *http.Request, v *visitor, status int, open, note string) {
	elector, err := st.ownElector(r, v)
	if err != nil {
		st.answer(w, r, st.say(r, "apply.failed"), "record", err)
		return
	}
	list, err := st.registry.Applications(r.Context(), v.request(), registry.RequestFilter{})
	if err != nil {
		st.answer(w, r, st.say(r, "apply.failed"), "applications", err)
		return
	}
	var page applicationsPage
	for _, which := range []string{"comunali", "europee"} {
		key := "list." + string(euLists()[which])
		c := listCard{st.say(r, key), st.say(r, "apply.not.in"), "/area/domande/" + which, st.say(r, "apply.enter")}
		if _, in := elector.EnrolmentIn(euLists()[which]); in {
			c.Text, c.Link = st.say(r, "apply.in"), st.say(r, "apply.leave")
		}
		page.Lists = append(page.Lists, c)
	}
	slices.Reverse(list)
	for _, q := range list {
		row := st.row(r, q.State, q.ID, q.OfficerNote, open, note)
		row.Withdraw = row.Withdraw && q.Kind != registry.ExOfficioCase
		row.Title, row.Action = st.say(r, "apply.kind."+strings.ReplaceAll(string(q.Kind), "-", ""), "list",
			st.say(r, "list."+string(q.List))), "/area/domande"
		row.Text = st.say(r, "requests.to", "at", st.instant(q.Opened), "comune", st.comune(q.Comune, dateOf(q.Opened)))
		page.Requests = append(page.Requests, row)
	}
	p := st.inArea(r, "apply.title")
	st.aboutStep(r, &p, status, open)
	st.frame.Show(w, r, status, "applications", p, page)
}

// ownElector returns what the lists hold of the visitor; nothing if he is in none.
func (st *site) ownElector(r *http.Request, v *visitor) (electoral.Elector, error) {
	record, err := st.registry.PersonalRecord(r.Context(), v.request())
	if errors.Is(err, electoral.ElectorUnknown) {
		err = nil
	}
	return record.Elector, err
}

func (st *site) stepApplication(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !st.parseForm(w, r) {
		return
	}
	s, ok := stepOf(r)
	if !ok {
		st.showApplications(w, r, v, http.StatusUnprocessableEntity, s.id, s.note)
		return
	}
	step := registry.Decision{State: s.to, Note: s.note}
	_, _, err := st.registry.DecideApplication(r.Context(), v.request(), s.id, step)
	if err != nil {
		st.answer(w, r, st.say(r, "requests.failed"), "application step", err)
		return
	}
	http.Redirect(w, r, "/area/domande?"+s.done+"#domande", http.StatusSeeOther)
}

// An applyPage asks for what an application declares.
type applyPage struct {
	ID, Which, Text                          string
	Leave, Parliament                        bool
	States                                   []option
	State, Address, Place, PostCode, Contact string
	OnlyItaly, KeepsRight                    bool
	Errors                                   map[string]string
	errors                                   []web.FieldError
	restored                                 bool
}

func (st *site) applyPage(w http.ResponseWriter, r *http.Request, v *visitor) {
	typed := st.typedBefore(r, v)
	p := typedApplication(func(name string) string { return typed[name] })
	p.restored = len(typed) > 0
	st.showApply(w, r, v, http.StatusOK, p)
}

func typedApplication(get func(string) string) applyPage {
	text := func(name string) string { return strings.TrimSpace(get(name)) }
	return applyPage{State: text("cittadinanza"), Address: text("indirizzo"), Place: text("localita"),
		PostCode: text("cap"), Contact: text("recapito"), OnlyItaly: text("soloitalia") != "",
		KeepsRight: text("diritto") != ""}
}

func (st *site) showApply(w http.ResponseWriter, r *http.Request, v *visitor, status int, p applyPage) {
	list, ok := euLists()[r.PathValue("which")]
	if !ok {
		st.notice(w, r, http.StatusNotFound, "missing")
		return
	}
	elector, err := st.ownElector(r, v)
	if err != nil {
		st.answer(w, r, st.say(r, "apply.failed"), "record", err)
		return
	}
	p.ID, p.Which, p.Parliament = newRequestID(), r.PathValue("which"), list == electoral.EUParliamentList
	_, p.Leave = elector.EnrolmentIn(list)
	p.Text = st.say(r, "apply.lead."+p.Which)
	for s := range st.tables.States() {
		if st.tables.EUMember(s.ISO3, dateOf(st.now())) && s.ISO3 != "ITA" {
			p.States = append(p.States, option{Value: s.ISO3, Label: s.Name})
		}
	}
	slices.SortFunc(p.States, func(a, b option) int { return strings.Compare(a.Label, b.Label) })
	if p.Errors == nil {
		p.Errors = map[string]string{}
	}
	key := "apply.one"
	if p.Leave {
		key = "apply.leave.title"
	}
	frame := st.inArea(r, "apply.title", web.Link{URL: "/area/domande", Text: st.say(r, "apply.title")})
	frame.Title, frame.Errors = st.say(r, key, "list", st.say(r, "list."+string(list))), p.errors
	if p.restored {
		frame.Flash = web.Flash{Kind: "info", Text: st.say(r, "session.restored")}
	}
	st.frame.Show(w, r, status, "apply", frame, p)
}

// fieldOf returns the field of the form to which the path of a fault leads.
func fieldOf(path string) string {
	for end, field := range map[string]string{"citizenship": "cittadinanza", "originAddress.state": "cittadinanza",
		"originAddress.address": "indirizzo", "originAddress.place": "localita", "originAddress.postCode": "cap",
		"contact": "recapito", "votesOnlyInItaly": "soloitalia", "keepsRight": "diritto"} {
		if strings.HasSuffix(path, end) {
			return field
		}
	}
	return ""
}

func (st *site) apply(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !st.parseForm(w, r) {
		return
	}
	list, ok := euLists()[r.PathValue("which")]
	if !ok {
		st.notice(w, r, http.StatusNotFound, "missing")
		return
	}
	elector, err := st.ownElector(r, v)
	if err != nil {
		st.answer(w, r, st.say(r, "apply.failed"), "record", err)
		return
	}
	p := typedApplication(r.PostForm.Get)
	p.Errors = map[string]string{}
	kind, content := registry.WithdrawalApplication, registry.ApplicationContent{}
	if _, in := elector.EnrolmentIn(list); !in {
		kind, content = registry.EnrolmentApplication, registry.ApplicationContent{Citizenship: p.State, Contact: p.Contact,
			OriginAddress: registry.OriginAddress{State: p.State, PostCode: p.PostCode, Place: p.Place, Address: p.Address}}
		if list == electoral.EUParliamentList {
			content.VotesOnlyInItaly, content.KeepsRight = answerOf(p.OnlyItaly), answerOf(p.KeepsRight)
		}
		st.checkApplication(r, &p)
	}
	if len(p.errors) == 0 {
		_, _, err = st.registry.Apply(r.Context(), formRequest(r, v), kind, list, content)
		faults, ok := errors.AsType[electoral.Faults](err)
		switch {
		case ok && !errors.Is(err, electoral.ErrNotRecorded):
			for _, f := range faults.Errors() {
				p.wrong(fieldOf(f.Path), f.Citizen())
			}
		case err != nil:
			st.failed(w, r, "apply", err)
			return
		}
	}
	if len(p.errors) > 0 {
		st.showApply(w, r, v, http.StatusUnprocessableEntity, p)
		return
	}
	http.Redirect(w, r, "/area/domande?sent#domande", http.StatusSeeOther)
}

// wrong notes what is wrong in a field; in the form as a whole if field is empty.
func (p *applyPage) wrong(field, text string) {
	if field != "" && p.Errors[field] == "" {
		p.Errors[field] = text
	}
	p.errors = append(p.errors, web.FieldError{ID: field, Text: text})
}

// checkApplication says what is missing in the form; what the law asks, the registry says.
func (st *site) checkApplication(r *http.Request, p *applyPage) {
	for _, f := range []struct{ name, value string }{
		{"cittadinanza", p.State}, {"indirizzo", p.Address}, {"localita", p.Place},
	} {
		if f.value == "" {
			p.wrong(f.name, st.say(r, "apply.missing."+f.name))
		}
	}
}

func answerOf(checked bool) electoral.Answer {
	if checked {
		return electoral.Yes
	}
	return electoral.No
}
