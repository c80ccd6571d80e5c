package main

import (
	"errors"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/verify/web"
)

// A datum is one that can be rectified: its name for people and its present value.
type datum struct {
	Field, Name, Present string
	// Own says that Name is one of the page's own texts, in its language.
	Own bool
}

// A topic is what may be wrong, in the words of who reads it.
type topic struct {
	Title string
	Data  []datum
}

// A requestRow is a request of the citizen, in words.
type requestRow struct {
	ID, Title, Text, State, Next, Answer, Action, Typed, Error string
	Integrate, Withdraw, Resubmit                              bool
}

// A topicsPage asks what is wrong, and lists what was asked before.
type topicsPage struct {
	Topics   []topic
	Rest     []datum
	Requests []requestRow
}

// topicOf returns the key of the topic to which a field belongs; empty for one of the
// rest.
func topicOf(f electoral.FieldInfo) string {
	name := string(f.Field)
	switch {
	case f.Derived:
		return ""
	case strings.HasSuffix(name, ".section"):
		return "section"
	case strings.HasSuffix(name, "."+string(electoral.ListComune)):
		return "comune"
	case strings.HasSuffix(name, ".enrolled"), name == "capacity":
		return "list"
	case strings.HasPrefix(name, "status.") && f.Answer:
		return "vote"
	}
	return ""
}

func (st *site) rectifications(w http.ResponseWriter, r *http.Request, v *visitor) {
	typed := st.typedBefore(r, v)
	st.showRectifications(w, r, v, http.StatusOK, typed["pratica"], typed["integrazione-"+typed["pratica"]])
}

// showRectifications shows the topics and the requests; note was typed for the request
// open, and was wrong.
func (st *site) showRectifications(w http.ResponseWriter, r *http.Request, v *visitor, status int, open, note string) {
	record, err := st.registry.PersonalRecord(r.Context(), v.request())
	if err != nil && !errors.Is(err, electoral.ElectorUnknown) {
		st.answer(w, r, st.say(r, "rectify.failed"), "record", err)
		return
	}
	page := topicsPage{}
	topics := map[string]*topic{}
	for _, key := range []string{"section", "comune", "list", "vote"} {
		topics[key] = &topic{Title: st.say(r, "topic."+key)}
	}
	for _, f := range electoral.Fields() {
		if f.Beside {
			continue
		}
		present := st.value(f.Field, f.Stored(&record.Elector))
		if f.Derived {
			present = f.Plain(f.OfAnnex1(&record.Annex1))
		}
		d := datum{string(f.Field), f.Italian, present, false}
		if own := st.ownName(r, f.Field); own != "" {
			d.Name, d.Own = own, true
		}
		key := topicOf(f)
		if t := topics[key]; t != nil && (f.Answer || present != "") {
			t.Data = append(t.Data, d)
			continue
		}
		page.Rest = append(page.Rest, d)
	}
	for _, key := range []string{"section", "comune", "list", "vote"} {
		if len(topics[key].Data) > 0 {
			page.Topics = append(page.Topics, *topics[key])
		}
	}
	list, err := st.registry.Rectifications(r.Context(), v.request(), registry.RequestFilter{})
	if err != nil {
		st.answer(w, r, st.say(r, "rectify.failed"), "rectifications", err)
		return
	}
	slices.Reverse(list)
	for _, q := range list {
		page.Requests = append(page.Requests, st.rectificationRow(r, q, open, note))
	}
	p := st.inArea(r, "rectify.title")
	st.aboutStep(r, &p, status, open)
	st.frame.Show(w, r, status, "topics", p, page)
}

// ownName is what people call a datum of the general list; empty for the others, which
// have the name that annex 1 gives them.
func (st *site) ownName(r *http.Request, f electoral.Field) string {
	switch f {
	case electoral.ListField(electoral.GeneralList, electoral.ListComune):
		return st.say(r, "topic.comune")
	case "general.section":
		return st.say(r, "topic.section")
	}
	return ""
}

// aboutStep says what was done, or what is wrong, with the request open.
func (st *site) aboutStep(r *http.Request, p *web.Page, status int, open string) {
	switch {
	case status != http.StatusOK:
		p.Errors = []web.FieldError{{ID: "integrazione-" + open, Text: st.say(r, "requests.integrate.missing")}}
	case open != "":
		p.Flash = web.Flash{Kind: "info", Text: st.say(r, "requests.again")}
	default:
		p.Flash = st.done(r)
	}
}

// done says what was just done, by the address to which the browser was led.
func (st *site) done(r *http.Request) web.Flash {
	for _, key := range []string{"sent", "withdrawn", "resubmitted", "integrated"} {
		if r.URL.Query().Has(key) {
			return web.Flash{Kind: "success", Text: st.say(r, "requests.done."+key)}
		}
	}
	return web.Flash{}
}

func (st *site) rectificationRow(r *http.Request, q registry.Rectification, open, note string) requestRow {
	f, _ := electoral.InfoOf(q.Field)
	row := st.row(r, q.State, q.ID, q.OfficerNote, open, note)
	row.Title, row.Action = f.Italian, "/area/rettifica"
	if own := st.ownName(r, q.Field); own != "" {
		row.Title = own
	}
	from, to := st.value(q.Field, q.Present), st.value(q.Field, q.Asked)
	if from == "" {
		from = st.say(r, "rectify.none")
	}
	row.Text = st.say(r, "requests.to", "at", st.instant(q.Opened), "comune", st.comune(q.Comune, dateOf(q.Opened)))
	if to != "" {
		row.Text = st.say(r, "requests.change", "from", from, "to", to) + " " + row.Text
	}
	return row
}

// row says how a request stands and what the citizen can do.
func (st *site) row(r *http.Request, s registry.RequestState, id, answer, open, note string) requestRow {
	row := requestRow{ID: id, State: st.state(r, s), Answer: answer, Withdraw: s == registry.RequestOpen,
		Resubmit: s == registry.RequestDraft, Integrate: s == registry.RequestSuspended}
	switch {
	case s == registry.RequestDraft:
		row.Next = st.say(r, "requests.next.draft")
	case s == registry.RequestSuspended:
		row.Next = st.say(r, "requests.next.suspended")
	case s == registry.RequestDone:
		row.Next = st.say(r, "requests.next.done")
	case s.Closed():
		row.Next = st.say(r, "requests.next.rejected")
	default:
		row.Next = st.say(r, "requests.next.open")
	}
	if id == open {
		row.Typed = note
		if note == "" {
			row.Error = st.say(r, "requests.integrate.missing")
		}
	}
	return row
}

func (st *site) state(r *http.Request, s registry.RequestState) string {
	key := map[registry.RequestState]string{registry.RequestDraft: "draft", registry.RequestOpen: "open",
		registry.RequestInProgress: "progress", registry.RequestRejected: "rejected", registry.RequestDone: "done",
		registry.RequestSuspended: "suspended", registry.RequestIntegrated: "integrated",
		registry.RequestInVerification: "verification", registry.RequestInadmissible: "inadmissible",
		registry.RequestAccepted: "accepted", registry.RequestAwaitingValidation: "validation"}[s]
	if key == "" {
		return s.Italian()
	}
	return st.say(r, "state."+key)
}

// A step is what a citizen does with a request that he has made.
type step struct {
	id, note, done string
	to             registry.RequestState
}

// stepOf reads which step a form asks; it is not ok if the note is missing, or the step is
// none.
func stepOf(r *http.Request) (s step, ok bool) {
	s = step{id: r.PostForm.Get("pratica")}
	switch r.PostForm.Get("passo") {
	case "ritira":
		s.to, s.done = registry.RequestDraft, "withdrawn"
	case "invia":
		s.to, s.done = registry.RequestOpen, "resubmitted"
	default:
		s.to, s.done = registry.RequestIntegrated, "integrated"
		s.note = strings.ReplaceAll(strings.TrimSpace(r.PostForm.Get("integrazione-"+s.id)), "\r\n", "\n")
		return s, s.note != ""
	}
	return s, true
}

func (st *site) stepRectification(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !st.parseForm(w, r) {
		return
	}
	s, ok := stepOf(r)
	if !ok {
		st.showRectifications(w, r, v, http.StatusUnprocessableEntity, s.id, s.note)
		return
	}
	if s.to == registry.RequestOpen && st.contradicts(r, v, s.id) {
		p := st.inArea(r, "rectify.title")
		st.frame.Show(w, r, http.StatusUnprocessableEntity, "notice", p, message{Text: st.say(r, "rectify.twice"),
			Next: web.Link{URL: "/area/rettifica#richieste", Text: st.say(r, "rectify.title")}})
		return
	}
	if _, err := st.registry.AnswerRectification(r.Context(), v.request(), s.id, s.to, s.note); err != nil {
		st.answer(w, r, st.say(r, "requests.failed"), "rectification step", err)
		return
	}
	http.Redirect(w, r, "/area/rettifica?"+s.done+"#richieste", http.StatusSeeOther)
}

// contradicts reports whether another request about the same datum is under way.
func (st *site) contradicts(r *http.Request, v *visitor, id string) bool {
	list, err := st.registry.Rectifications(r.Context(), v.request(), registry.RequestFilter{})
	i := slices.IndexFunc(list, func(q registry.Rectification) bool { return q.ID == id })
	if err != nil || i < 0 {
		return false // the service says what is wrong
	}
	open, err := st.openRectification(r, v, list[i].Field)
	return err == nil && open.ID != "" && open.ID != id
}

// A rectifyPage asks for the value that a datum should have.
type rectifyPage struct {
	// ID is the id of the next request: a form that is sent twice has effect
	// once.
	ID, Field, Name, Present string
	Answer, Comune           bool
	Options                  []option
	// Asked, Note and Chosen are as they were typed.
	Asked, Note, Chosen   string
	Help                  string
	ValueError, NoteError string
	errors                []web.FieldError
	restored              bool
}

func (st *site) rectifyPage(w http.ResponseWriter, r *http.Request, v *visitor) {
	typed := st.typedBefore(r, v)
	st.showRectify(w, r, v, http.StatusOK, rectifyPage{ID: newRequestID(), Asked: typed["valore"], Note: typed["motivo"],
		restored: len(typed) > 0}, nil)
}

// showRectify shows the form of a datum, with its present value.
func (st *site) showRectify(w http.ResponseWriter, r *http.Request, v *visitor, status int, p rectifyPage, comuni []refdata.Comune) {
	f, known := electoral.InfoOf(electoral.Field(r.PathValue("field")))
	if !known || f.Beside {
		st.notice(w, r, http.StatusNotFound, "missing")
		return
	}
	record, err := st.registry.PersonalRecord(r.Context(), v.request())
	if err != nil && !errors.Is(err, electoral.ElectorUnknown) {
		st.answer(w, r, st.say(r, "rectify.failed"), "record", err)
		return
	}
	p.Field, p.Name = string(f.Field), f.Italian
	if own := st.ownName(r, f.Field); own != "" {
		p.Name = own
	}
	p.Present = st.value(f.Field, f.Stored(&record.Elector))
	if f.Derived {
		p.Present = f.Plain(f.OfAnnex1(&record.Annex1))
	}
	p.Answer, p.Comune = f.Answer, isComune(f.Field)
	if p.Answer {
		p.Options = []option{{Value: electoral.Yes.String(), Label: st.say(r, "answer.yes")}, {Value: electoral.No.String(), Label: st.say(r, "answer.no")}}
	}
	for _, c := range comuni {
		p.Options = append(p.Options, option{Value: c.Belfiore, Label: c.FullName + " (" + c.ProvinceSigla + ")"})
	}
	frame := st.inArea(r, "rectify.title", web.Link{URL: "/area/rettifica", Text: st.say(r, "rectify.title")})
	frame.Title, frame.Errors = st.say(r, "rectify.one", "datum", p.Name), p.errors
	if p.restored {
		frame.Flash = web.Flash{Kind: "info", Text: st.say(r, "session.restored")}
	}
	st.frame.Show(w, r, status, "rectify", frame, p)
}

func isComune(f electoral.Field) bool {
	return strings.HasSuffix(string(f), "."+string(electoral.ListComune))
}

func (st *site) rectify(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !st.parseForm(w, r) {
		return
	}
	field := electoral.Field(r.PathValue("field"))
	p := rectifyPage{ID: newRequestID(), Asked: strings.TrimSpace(r.PostForm.Get("valore")),
		Note:   strings.ReplaceAll(strings.TrimSpace(r.PostForm.Get("motivo")), "\r\n", "\n"),
		Chosen: r.PostForm.Get("comune")}
	value, comuni := p.Asked, []refdata.Comune(nil)
	wrong := func(text string) {
		p.ValueError = text
		p.errors = append(p.errors, web.FieldError{ID: "valore", Text: text})
	}
	switch {
	case value == "":
		wrong(st.say(r, "rectify.missing"))
	case isComune(field):
		var more bool
		if comuni, more = st.findComuni(p.Asked); len(comuni) == 1 {
			value = comuni[0].Belfiore
		} else if i := slices.IndexFunc(comuni, func(c refdata.Comune) bool { return c.Belfiore == p.Chosen }); i >= 0 {
			value = comuni[i].Belfiore
		} else if len(comuni) == 0 {
			wrong(st.say(r, "rectify.comune.none"))
		} else {
			text := st.say(r, "rectify.comune.many")
			if more {
				text += " " + st.say(r, "rectify.comune.more")
			}
			wrong(text)
		}
	}
	open, err := st.openRectification(r, v, field)
	switch {
	case err != nil:
		st.answer(w, r, st.say(r, "rectify.failed"), "rectifications", err)
		return
	case len(p.errors) == 0 && open.ID != "" && open.Asked == value: // the form was sent twice, or from two tabs
		http.Redirect(w, r, "/area/rettifica?sent#richieste", http.StatusSeeOther)
		return
	case len(p.errors) == 0 && open.ID != "":
		wrong(st.say(r, "rectify.twice"))
	}
	if len(p.errors) > 0 {
		st.showRectify(w, r, v, http.StatusUnprocessableEntity, p, comuni)
		return
	}
	asked, err := st.registry.AskRectification(r.Context(), formRequest(r, v),
		registry.RectificationRequest{Field: field, Asked: value, Note: p.Note})
	if err == nil && st.isWithdrawn(r, v, asked.ID) { // the same form again, after it was withdrawn
		_, err = st.registry.AnswerRectification(r.Context(), v.request(), asked.ID, registry.RequestOpen, "")
	}
	if faults := reasonsOf(err); len(faults) > 0 && !errors.Is(err, electoral.ErrNotRecorded) {
		list, _ := errors.AsType[electoral.Faults](err)
		for _, f := range list.Errors() {
			if f.Path == "note" {
				p.NoteError = f.Citizen()
				p.errors = append(p.errors, web.FieldError{ID: "motivo", Text: p.NoteError})
				continue
			}
			wrong(f.Citizen())
		}
		st.showRectify(w, r, v, http.StatusUnprocessableEntity, p, comuni)
		return
	}
	if err != nil {
		st.failed(w, r, "rectify", err)
		return
	}
	http.Redirect(w, r, "/area/rettifica?sent#richieste", http.StatusSeeOther)
}

// isWithdrawn reports whether a request stands as a draft now, whatever it was when it was
// answered first.
func (st *site) isWithdrawn(r *http.Request, v *visitor, id string) bool {
	list, err := st.registry.Rectifications(r.Context(), v.request(),
		registry.RequestFilter{States: []registry.RequestState{registry.RequestDraft}})
	return err == nil && slices.ContainsFunc(list, func(q registry.Rectification) bool { return q.ID == id })
}

// openRectification returns the request about a field that is under way, if there is one:
// a second one would contradict it.
func (st *site) openRectification(r *http.Request, v *visitor, field electoral.Field) (registry.Rectification, error) {
	list, err := st.registry.Rectifications(r.Context(), v.request(), registry.RequestFilter{})
	i := slices.IndexFunc(list, func(q registry.Rectification) bool {
		return q.Field == field && !q.State.Closed() && q.State != registry.RequestDraft
	})
	if i < 0 {
		return registry.Rectification{}, err
	}
	return list[i], err
}

// maxComuni bounds how many comuni a search shows.
const maxComuni = 20

// A foldedComune is a comune of today with its names as [plain] folds them.
type foldedComune struct {
	comune            refdata.Comune
	name, other, full string
}

// foldComuni folds the names of the comuni of a day, sorted by name.
func foldComuni(tables *refdata.Tables, day electoral.Date) (out []foldedComune) {
	for c := range tables.Comuni(day) {
		out = append(out, foldedComune{c, plain(c.Name), plain(c.OtherName), plain(c.FullName)})
	}
	slices.SortFunc(out, func(a, b foldedComune) int { return strings.Compare(a.name, b.name) })
	return out
}

// findComuni returns the comuni of the day on which the server was started whose name
// begins with what was typed, or holds it, whatever accents and case; only those of
// exactly that name or code if there are any. more says that there are others.
func (st *site) findComuni(typed string) (out []refdata.Comune, more bool) {
	if len(typed) > 200 {
		return nil, false
	}
	want, code := plain(typed), strings.ToUpper(strings.TrimSpace(typed))
	var starts, holds []refdata.Comune
	for _, f := range st.folded {
		switch {
		case want != "" && (f.name == want || f.other == want || f.full == want), f.comune.Belfiore == code:
			out = append(out, f.comune)
		case len(want) < 2:
		case strings.HasPrefix(f.name, want), strings.HasPrefix(f.other, want):
			starts = append(starts, f.comune)
		case strings.Contains(f.full, want):
			holds = append(holds, f.comune)
		}
	}
	if len(out) == 0 {
		out = append(starts, holds...)
	}
	return out[:min(len(out), maxComuni)], len(out) > maxComuni
}

// plain folds what is written in several ways: case, accents, apostrophes, hyphens.
func plain(s string) string {
	fold := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	s, _, err := transform.String(fold, s)
	if err != nil {
		return ""
	}
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(c rune) bool { return !unicode.IsLetter(c) }), " ")
}

// value returns a value of a field in words for the citizen; empty for none, as of
// a request that is closed.
func (st *site) value(field electoral.Field, value string) string {
	if isComune(field) {
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

func dateOf(t time.Time) electoral.Date {
	return electoral.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

// isAddress reports whether a text is an e-mail address and nothing else, as the couriers
// take it: printable ASCII, with a domain.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	_, domain, _ := strings.Cut(s, "@")
	return err == nil && a.Address == s && len(s) <= 254 && strings.Contains(domain, ".") &&
		strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`"(),:;<>[\]`, c) }) < 0
}
