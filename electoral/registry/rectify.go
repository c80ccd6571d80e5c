package registry

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Rectification is a citizen's request to correct one of his electoral data
// ("richiesta di rettifica", art. 4 c. 1; annex 2, services for the citizens
// 2). It changes nothing by itself: the officer changes the datum and closes
// the request.
type Rectification struct {
	ID     string `json:"id"`
	ANPRID string `json:"anprId"`
	// Comune is the comune that keeps the datum, which handles the request.
	Comune string          `json:"comune"`
	Field  electoral.Field `json:"field"`
	// Present is the value as it stood when he asked, Asked the one that should
	// stand. They, and the citizen's note, are kept until the request is
	// closed.
	Present string       `json:"present,omitzero"`
	Asked   string       `json:"asked,omitzero"`
	Note    string       `json:"note,omitzero"`
	State   RequestState `json:"state"`
	// OfficerNote is what the comune last told him.
	OfficerNote string `json:"officerNote,omitzero"`
	// Opened and Changed are UTC.
	Opened  time.Time `json:"opened"`
	Changed time.Time `json:"changed"`
}

// A RectificationRequest is what a citizen asks.
type RectificationRequest struct {
	// Field is one of annex 1: see [electoral.Fields].
	Field electoral.Field
	// Asked is the value that should stand, as [Condition] writes it: an answer
	// is "si" or "no", a comune its Belfiore code.
	Asked string
	// Note says why, up to 2,000 characters; may be empty.
	Note string
	// Draft leaves the request to be submitted later.
	Draft bool
}

// AskRectification registers a request of the citizen about himself and
// returns it with its id.
//
// Codes: of every service, of a change; REG-ELE-01, REG-PER-01, REG-RET-02/03,
// REG-TXT-01.
func (r *Registry) AskRectification(ctx context.Context, req electoral.Request,
	q RectificationRequest) (Rectification, error) {
	a, person, faults := r.citizen(ctx, req, electoral.OpRectify)
	a.takes("", q)
	faults = append(faults, q.check()...)
	out, _, err := perform(ctx, a, faults, q, func(w Writer) (Rectification, electoral.Faults, error) {
		e, home, err := w.Elector(ctx, person.ANPRID)
		if errors.Is(err, electoral.ErrNotFound) {
			e, home, err = electoral.Elector{ANPRID: person.ANPRID}, a.comune, nil
		}
		if err != nil {
			return Rectification{}, nil, err
		}
		present, err := a.valueOf(ctx, w, e, q.Field)
		if err != nil {
			return Rectification{}, nil, err
		}
		if present == q.Asked {
			return Rectification{}, nil, electoral.Faults{electoral.NewFault(electoral.RectificationValue,
				"asked", q.Asked, nil)}
		}
		rect := Rectification{ID: newRecordID(a.at), ANPRID: person.ANPRID,
			Comune: keeperOf(e, home, q.Field), Field: q.Field,
			Present: present, Asked: q.Asked, Note: q.Note, State: RequestOpen, Opened: a.at, Changed: a.at}
		if err := hasKeeper(rect.Comune); err != nil {
			return Rectification{}, nil, err
		}
		if q.Draft {
			rect.State = RequestDraft
		}
		return rect, nil, a.putRectification(ctx, w, rect)
	})
	return out, err
}

func (q RectificationRequest) check() electoral.Faults {
	var faults electoral.Faults
	info, known := electoral.InfoOf(q.Field)
	switch {
	case !known, info.Beside:
		faults = append(faults, electoral.NewFault(electoral.RectificationField, "field", string(q.Field), nil))
	case info.Answer && q.Asked != electoral.Yes.String() && q.Asked != electoral.No.String(),
		utf8.RuneCountInString(q.Asked) > electoral.MaxText, strings.TrimSpace(q.Asked) == "",
		!utf8.ValidString(q.Asked), strings.IndexFunc(q.Asked, electoral.Unreadable) >= 0:
		faults = append(faults,
			electoral.NewFault(electoral.RectificationValue.In("field"), "asked", q.Asked,
				electoral.Args{"field": info.Italian}))
	}
	if q.Note != "" {
		faults = append(faults, checkNote(q.Note)...)
	}
	return faults
}

// valueOf returns the value of a field of annex 1.
func (a *action) valueOf(ctx context.Context, rd Reader, e electoral.Elector, f electoral.Field) (string, error) {
	info, _ := electoral.InfoOf(f)
	if !info.Derived {
		return info.Stored(&e), nil
	}
	annex, err := a.r.annex1(ctx, rd, e, nil, a.today())
	if err != nil {
		return "", err
	}
	return info.OfAnnex1(&annex), nil
}

// keeperOf returns the comune that keeps a field: that of the list, or else
// the one that registered the person.
func keeperOf(e electoral.Elector, home string, f electoral.Field) string {
	for _, l := range electoral.Lists() {
		if en, in := e.EnrolmentIn(l); in && strings.HasPrefix(string(f), l.Path()+".") {
			return en.Comune
		}
	}
	return home
}

func (a *action) putRectification(ctx context.Context, w Writer, q Rectification) error {
	rec := Record{Comune: q.Comune, Book: RectificationBook, ID: q.ID, Subject: q.ANPRID,
		State: strconv.Itoa(int(q.State)), At: q.Changed, Expires: a.expires(q.State, q.Opened, q.Changed)}
	return putRecord(ctx, w, rec, q)
}

// A RequestFilter selects citizens' requests.
type RequestFilter struct {
	// States selects requests in one of these states; empty means all.
	States []RequestState
	// After is the id after which the answers begin, for an officer; Limit how
	// many, 1 to 1,000; zero means 100.
	After string
	Limit int
}

// search returns the search of a filter; only the citizen himself finds his
// drafts.
func (f RequestFilter) search(book Book, role electoral.Role) RecordSearch {
	q := RecordSearch{Book: book, After: f.After}
	states := f.States
	if len(states) == 0 && role != electoral.CitizenRole {
		states = requestStates()
	}
	for _, s := range states {
		if s != RequestDraft || role == electoral.CitizenRole {
			q.States = append(q.States, strconv.Itoa(int(s)))
		}
	}
	if len(states) > 0 && len(q.States) == 0 {
		q.States = []string{"-"} // none
	}
	return q
}

// Rectifications returns, to an officer, the requests that his comune handles,
// except drafts; to a citizen, his own. They are in the order in which they
// were made.
//
// Codes: of every service; REG-COM-01, REG-CON-06, REG-PER-01.
func (r *Registry) Rectifications(ctx context.Context, req electoral.Request,
	f RequestFilter) ([]Rectification, error) {
	a, admitted, q := r.requestsAccess(ctx, req, electoral.OpReadRectifications,
		f.search(RectificationBook, req.Actor.Role))
	a.takes("", f)
	return readBook[Rectification](ctx, a, admitted, q, f.Limit)
}

// requestsAccess begins a reading of citizens' requests: an officer reads those
// to his comune, a citizen those that he made. It returns the search for them.
func (r *Registry) requestsAccess(ctx context.Context, req electoral.Request, op electoral.Operation,
	q RecordSearch) (*action, electoral.Faults, RecordSearch) {
	if req.Actor.Role != electoral.CitizenRole {
		a := r.begin(req, op, req.Actor.Comune)
		q.Comune = a.comune
		return a, a.officerOf(a.comune), q
	}
	a, person, faults := r.citizen(ctx, req, op)
	q.Subject, q.After = person.ANPRID, ""
	return a, faults, q
}

// AnswerRectification brings a request to another state: the citizen submits a
// draft (open), withdraws a request that nobody has begun to handle (draft) or adds
// what was asked (integrated), the officer does the rest. A note is required to
// suspend, to reject, to declare inadmissible and to integrate. A request is closed
// as done only when the datum has the value that was asked.
//
// Codes: of every service, of a change; REG-COM-01, REG-ELE-01, REG-PER-01,
// REG-RET-01/04/05, REG-TXT-01.
func (r *Registry) AnswerRectification(ctx context.Context, req electoral.Request, id string, to RequestState,
	note string) (Rectification, error) {
	a, faults := r.requestAccess(ctx, req, electoral.OpAnswerRectify, RectificationBook, id)
	payload := struct {
		ID, Note string
		State    RequestState
	}{id, note, to}
	a.takes("", payload)
	out, _, err := perform(ctx, a, faults, payload, func(w Writer) (Rectification, electoral.Faults, error) {
		q, err := openRequest[Rectification](ctx, a, w,
			requestStep{book: RectificationBook, id: id, to: to, note: note,
				unknown: electoral.RectificationUnknown, refused: electoral.RectificationAction})
		if err != nil {
			return q, nil, err
		}
		if to == RequestDone {
			if err := a.mustBeDone(ctx, w, q); err != nil {
				return q, nil, err
			}
		}
		q.answer(a, to, note)
		return q, nil, a.putRectification(ctx, w, q)
	})
	return out, err
}

func (q Rectification) about() (subject string, state RequestState) { return q.ANPRID, q.State }

func (q *Rectification) answer(a *action, to RequestState, note string) {
	q.State, q.Changed = to, a.at
	a.keepNote(note, &q.Note, &q.OfficerNote)
	if to.Closed() {
		q.Present, q.Asked, q.Note = "", "", ""
	}
}

func (a *action) mustBeDone(ctx context.Context, w Writer, q Rectification) error {
	e, _, err := w.Elector(ctx, q.ANPRID)
	if errors.Is(err, electoral.ErrNotFound) {
		return electoral.Faults{unknownElector(q.ANPRID)}
	}
	if err != nil {
		return err
	}
	value, err := a.valueOf(ctx, w, e, q.Field)
	if err == nil && value != q.Asked {
		expected := q.Asked
		if strings.HasSuffix(string(q.Field), "."+string(electoral.ListComune)) {
			expected = a.r.label(q.Asked)
		}
		err = electoral.Faults{electoral.NewFault(electoral.RectificationNotDone, string(q.Field), value,
			electoral.Args{"expected": "«" + expected + "»"})}
	}
	return err
}
