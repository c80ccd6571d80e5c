package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A RequestState is where a citizen's request stands ("stato della
// richiesta"), with ANPR's numbers (table 53).
type RequestState int

// The states. Rejected, Done and Inadmissible are closed.
const (
	RequestDraft              RequestState = 1  // bozza
	RequestOpen               RequestState = 2  // aperta
	RequestInProgress         RequestState = 3  // in lavorazione
	RequestRejected           RequestState = 4  // respinta
	RequestDone               RequestState = 5  // evasa
	RequestSuspended          RequestState = 6  // sospesa: the citizen is to integrate
	RequestIntegrated         RequestState = 7  // integrata
	RequestInVerification     RequestState = 9  // in verifica (ANPR has 10 as well)
	RequestInadmissible       RequestState = 11 // irricevibile
	RequestAccepted           RequestState = 12 // accolta
	RequestAwaitingValidation RequestState = 13 // in attesa di convalida
	RequestOther              RequestState = 99 // altro
)

func requestStates() []RequestState {
	return []RequestState{RequestDraft, RequestOpen, RequestInProgress, RequestRejected, RequestDone,
		RequestSuspended, RequestIntegrated,
		RequestInVerification, RequestInadmissible, RequestAccepted, RequestAwaitingValidation, RequestOther}
}

// Italian returns the state for people.
func (s RequestState) Italian() string {
	switch s {
	case RequestDraft:
		return "bozza"
	case RequestOpen:
		return "aperta"
	case RequestInProgress:
		return "in lavorazione"
	case RequestRejected:
		return "respinta"
	case RequestDone:
		return "evasa"
	case RequestSuspended:
		return "sospesa"
	case RequestIntegrated:
		return "integrata"
	case RequestInVerification, 10:
		return "in verifica"
	case RequestInadmissible:
		return "irricevibile"
	case RequestAccepted:
		return "accolta"
	case RequestAwaitingValidation:
		return "in attesa di convalida"
	case RequestOther:
		return "altro"
	}
	return "stato sconosciuto: " + strconv.Itoa(int(s))
}

// Closed reports whether nothing more is to be done.
func (s RequestState) Closed() bool {
	return s == RequestRejected || s == RequestDone || s == RequestInadmissible
}

// expires returns when a request that has come to a state is deleted: a while after it is
// closed, and after its citizen has withdrawn it and left it so. Zero means not yet.
func (a *action) expires(s RequestState, opened, changed time.Time) time.Time {
	if s.Closed() || s == RequestDraft && changed.After(opened) {
		return changed.Add(a.r.retention.Closed)
	}
	return time.Time{}
}

// next returns the states to which somebody may bring a request.
func (s RequestState) next(r electoral.Role) []RequestState {
	if r == electoral.CitizenRole {
		switch s {
		case RequestDraft:
			return []RequestState{RequestDraft, RequestOpen}
		case RequestOpen:
			// Nobody has begun to handle it: it is withdrawn, and is a draft again.
			return []RequestState{RequestDraft}
		case RequestSuspended:
			return []RequestState{RequestIntegrated}
		}
		return nil
	}
	handled := []RequestState{RequestInVerification, RequestSuspended, RequestRejected, RequestInadmissible,
		RequestAccepted, RequestDone, RequestOther}
	switch s {
	case RequestOpen, RequestIntegrated:
		return []RequestState{RequestInProgress, RequestSuspended, RequestInadmissible}
	case RequestInProgress, RequestInVerification, RequestOther:
		return append(handled, RequestInProgress)
	case RequestAccepted:
		return []RequestState{RequestAwaitingValidation, RequestDone}
	case RequestAwaitingValidation:
		return []RequestState{RequestInProgress, RequestDone}
	}
	return nil
}

// needsNote reports whether a step to this state needs a note.
func (s RequestState) needsNote() bool {
	return slices.Contains([]RequestState{RequestSuspended, RequestRejected, RequestInadmissible, RequestIntegrated}, s)
}

// A requestStep brings a request of a book to another state.
type requestStep struct {
	book Book
	id   string
	to   RequestState
	note string
	// unknown and refused are the codes of a request that does not exist, and of a step
	// that it does not allow.
	unknown, refused electoral.Code
}

// transition judges a step of a request.
func transition(from RequestState, s requestStep, role electoral.Role) electoral.Faults {
	to, code := s.to, s.refused
	allowed := from.next(role)
	if !slices.Contains(allowed, to) {
		states := make([]string, len(allowed))
		for i, state := range allowed {
			states[i] = strconv.Itoa(int(state)) + " " + state.Italian()
		}
		if len(allowed) == 0 {
			return electoral.Faults{electoral.NewFault(code.In("closed"), "state", strconv.Itoa(int(to)),
				electoral.Args{"from": from.Italian(), "to": to.Italian()})}
		}
		return electoral.Faults{electoral.NewFault(code, "state", strconv.Itoa(int(to)),
			electoral.Args{"from": from.Italian(), "to": to.Italian(), "expected": strings.Join(states, ", ")})}
	}
	if to.needsNote() || s.note != "" {
		return checkNote(s.note)
	}
	return nil
}

// newRecordID makes an id; the ids of later instants sort after it.
func newRecordID(at time.Time) string {
	return at.UTC().Format("20060102-150405.000-") + rand.Text()[:12]
}

// A PersonalRecord is what a citizen sees of himself ("scheda personale", art.
// 4 c. 1).
type PersonalRecord struct {
	Person  electoral.Person
	Elector electoral.Elector
	// Annex1 is the same field by field, with the seats and the colleges of his
	// sections.
	Annex1 electoral.AnnexRecord
}

// PersonalRecord returns the electoral data of the citizen who asks, found in
// ANPR by his codice fiscale; nobody gets those of another (annex 2, services
// for the citizens 1 and 2).
//
// Codes: of every service; REG-ELE-01, REG-PER-01.
func (r *Registry) PersonalRecord(ctx context.Context, req electoral.Request) (PersonalRecord, error) {
	a, person, faults := r.citizen(ctx, req, electoral.OpReadElector)
	p := PersonalRecord{Person: person}
	err := a.read(ctx, faults, func(*electoral.Entry) error {
		return r.store.View(ctx, func(rd Reader) error {
			var err error
			p.Elector, _, err = rd.Elector(ctx, person.ANPRID)
			if errors.Is(err, electoral.ErrNotFound) {
				return electoral.Faults{unknownElector(person.ANPRID)}
			}
			if err == nil {
				p.Annex1, err = r.annex1(ctx, rd, p.Elector, nil, a.today())
			}
			return err
		})
	})
	if err != nil {
		return PersonalRecord{}, err
	}
	return p, nil
}

// citizen begins a service for the citizen who asks. A caller who is not in
// ANPR, or does not ask as a citizen, is refused by the faults.
func (r *Registry) citizen(ctx context.Context, req electoral.Request,
	op electoral.Operation) (*action, electoral.Person, electoral.Faults) {
	r = r.made()
	a := r.begin(req, op, "")
	faults := a.admit()
	if req.Actor.Role != electoral.CitizenRole {
		faults = append(faults,
			electoral.NewFault(electoral.OtherPerson.In("no-citizen"), "request.actor.role",
				string(req.Actor.Role), nil))
	}
	if faults.Err() != nil {
		return a, electoral.Person{}, faults
	}
	p, err := r.population.ByFiscalCode(ctx, req.Actor.FiscalCode)
	switch {
	case errors.Is(err, electoral.ErrNotFound):
		// The code is personal data: it does not stand in the fault.
		faults = append(faults,
			electoral.NewFault(electoral.PersonUnknown.In("actor"), "request.actor.fiscalCode", "", nil))
	case err != nil:
		a.failed = named(err)
	default:
		a.subject = p.ANPRID
		a.route(ctx, p.ANPRID)
		if comune, err := r.registeredIn(ctx, p); err != nil {
			a.failed = err
		} else {
			a.comune = comune
		}
	}
	return a, p, faults
}

// A sectionCache remembers the sections that a reading looks up.
type sectionCache map[[2]string]*electoral.Section

// annex1 returns the flat view of an elector. cache may be nil.
func (r *Registry) annex1(ctx context.Context, rd Reader, e electoral.Elector, cache sectionCache,
	at electoral.Date) (electoral.AnnexRecord, error) {
	if cache == nil {
		cache = sectionCache{}
	}
	var failure error
	find := func(comune, number string) (electoral.Section, bool) {
		key := [2]string{comune, number}
		s, seen := cache[key]
		if !seen {
			found, err := rd.Section(ctx, comune, number)
			switch {
			case err == nil:
				s = &found
			case !errors.Is(err, electoral.ErrNotFound):
				failure = err
			}
			cache[key] = s
		}
		if s == nil {
			return electoral.Section{}, false
		}
		return *s, true
	}
	a := electoral.Annex1Of(e, find, func(belfiore string) string {
		if c, ok := r.tables.Comune(belfiore, at); ok {
			return c.Name
		}
		return belfiore
	})
	return a, failure
}

// A citizensRequest is a request that a citizen makes and an officer handles.
type citizensRequest interface {
	about() (subject string, state RequestState)
}

// openRequest reads a request that is to be brought to another state, and
// judges the step.
func openRequest[T citizensRequest](ctx context.Context, a *action, w Writer, s requestStep) (T, error) {
	var q, none T
	rec, err := w.Record(ctx, a.comune, s.book, s.id)
	if err == nil {
		err = decodeRecord(rec, &q)
	}
	subject, state := q.about()
	if errors.Is(err, electoral.ErrNotFound) || err == nil && !a.mayHandle(subject, state) {
		return none, electoral.Faults{electoral.NewFault(s.unknown, "id", strconv.QuoteToASCII(s.id), nil)}
	}
	if err != nil {
		return none, err
	}
	return q, transition(state, s, a.req.Actor.Role).Err()
}

// mayHandle reports whether the caller may see a request: its citizen, or the
// officer of the comune unless it is a draft.
func (a *action) mayHandle(subject string, s RequestState) bool {
	if a.req.Actor.Role == electoral.CitizenRole {
		return a.subject == subject
	}
	return s != RequestDraft
}

// keepNote keeps what the citizen or the officer has written last.
func (a *action) keepNote(note string, citizens, officers *string) {
	switch {
	case note == "":
	case a.req.Actor.Role == electoral.CitizenRole:
		*citizens = note
	default:
		*officers = note
	}
}

// requestAccess begins an answer to a citizen's request, by the officer of its
// comune or by the citizen, whose request may be with another comune than the
// one where he now lives.
func (r *Registry) requestAccess(ctx context.Context, req electoral.Request, op electoral.Operation, book Book,
	id string) (*action, electoral.Faults) {
	r = r.made()
	if req.Actor.Role != electoral.CitizenRole {
		a := r.begin(req, op, req.Actor.Comune)
		faults := a.officerOf(req.Actor.Comune)
		if faults.Err() == nil {
			a.routeRecord(ctx, book, id)
		}
		return a, faults
	}
	a, person, faults := r.citizen(ctx, req, op)
	if faults.Err() != nil || a.failed != nil {
		return a, faults
	}
	comune := a.comune
	err := r.store.View(ctx, func(rd Reader) error {
		for rec, err := range rd.Records(ctx, RecordSearch{Book: book, Subject: person.ANPRID}) {
			if err != nil {
				return err
			}
			if rec.ID == id {
				comune = rec.Comune
			}
		}
		return nil
	})
	if err != nil {
		a.failed = named(err)
	}
	a.comune = comune
	return a, faults
}
