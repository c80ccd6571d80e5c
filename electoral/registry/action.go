package registry

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// An action is one call of a service.
type action struct {
	r   *Registry
	req electoral.Request
	op  electoral.Operation
	at  time.Time
	// comune is the comune whose lists are worked on, and whose request ids
	// count. The log may have the access in the chain of another.
	comune  string
	subject string           // the ANPR id of the person it is about, if the call names one
	found   string           // that of the person whom the call turned out to be about
	chain   string           // the comune in whose chain of the log it stands
	failed  error            // of what had to be looked up before the access was on record
	unfit   electoral.Faults // what the gate refuses of what the caller handed in
	// unwritten says that what the caller handed in cannot even be written down, so
	// that no answer to it can be kept.
	unwritten bool
	purpose   string // what it is for, where the service itself says so
	// before are the comuni whose place a.comune took, as the update at hand has it.
	before []string
	// details, if not nil, sets further details of the outcome's entry.
	details func(on *electoral.Entry)
	// refused, if not nil, is called when the operation is refused, in the
	// update that keeps the refusal.
	refused func(Writer, electoral.Faults) error
}

// begin begins a service on the lists of a comune: the access stands in that
// comune's chain.
func (r *Registry) begin(req electoral.Request, op electoral.Operation, comune string) *action {
	ready := r.made()
	a := &action{r: ready, req: req, op: op, at: ready.calendar.Now(), comune: comune, chain: comune}
	if _, no := ready.store.(unmade); no {
		a.failed = errUnmade
	}
	a.takes("request", req)
	if role := req.Actor.Role; role != "" && role != electoral.OfficerRole && role != electoral.CitizenRole {
		a.unfit = append(a.unfit, electoral.NewFault(electoral.OtherPerson.In("role"), "request.actor.role", string(role),
			nil))
	}
	return a
}

// beginAbout begins a service about one person, which works on the lists of a
// comune: the access stands in the chain of the comune under which the person is
// registered, so that this comune sees who reads its electors.
func (r *Registry) beginAbout(ctx context.Context, req electoral.Request, op electoral.Operation,
	comune, anprID string) *action {
	a := r.begin(req, op, comune)
	a.subject = anprID
	a.takesID("anprId", anprID)
	a.route(ctx, anprID)
	return a
}

// route puts the access into the chain of the comune under which a person is
// registered or, failing that, of the caller's.
func (a *action) route(ctx context.Context, anprID string) {
	var err error
	if a.chain, err = a.r.Home(ctx, anprID); err != nil {
		a.failed = err
	}
	if a.chain == "" {
		a.chain = a.req.Actor.Comune
	}
}

// routeRecord routes an access by the person whom a record of a book is about.
func (a *action) routeRecord(ctx context.Context, book Book, id string) {
	err := a.r.store.View(ctx, func(rd Reader) error {
		rec, err := rd.Record(ctx, a.comune, book, id)
		a.found = rec.Subject
		return err
	})
	if err != nil && !errors.Is(err, electoral.ErrNotFound) {
		a.failed = named(err)
	}
	if a.found != "" {
		a.route(ctx, a.found)
	}
}

// Home returns the Belfiore code of the comune under which a person is
// registered, in whose chain of the access log the accesses to his data stand:
// the comune that keeps his electoral position or, if he has none, that of his
// residence or of his entry in the register of Italians abroad. It is empty for
// a person in neither and for a malformed ANPR id. It is looked up before the
// access is on record, so it is for the log alone and must be shown to nobody.
func (r *Registry) Home(ctx context.Context, anprID string) (comune string, err error) {
	r = r.made()
	if !electoral.ValidANPRID(anprID) {
		return "", nil
	}
	err = r.store.View(ctx, func(rd Reader) error {
		_, comune, err = rd.Elector(ctx, anprID)
		return err
	})
	if err == nil && comune != "" {
		return comune, nil
	}
	if err != nil && !errors.Is(err, electoral.ErrNotFound) {
		return "", named(err)
	}
	p, err := r.population.ByANPRID(ctx, anprID)
	if errors.Is(err, electoral.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", named(err)
	}
	return r.registeredIn(ctx, p)
}

// registeredIn returns the comune in whose register a person is or, if it has ceased,
// the one that took its place.
func (r *Registry) registeredIn(ctx context.Context, p electoral.Person) (comune string, err error) {
	if p.Registered() == "" {
		return "", nil
	}
	err = r.store.View(ctx, func(rd Reader) (err error) {
		comune, err = heirOf(ctx, rd, p.Registered())
		return err
	})
	if err != nil {
		return "", named(err)
	}
	return comune, nil
}

// HomeOf returns the ANPR id of the person with a codice fiscale, and his
// [Registry.Home]; both are empty for a code that nobody has.
func (r *Registry) HomeOf(ctx context.Context, code electoral.FiscalCode) (anprID, comune string, err error) {
	r = r.made()
	p, err := r.population.ByFiscalCode(ctx, code)
	if errors.Is(err, electoral.ErrNotFound) {
		return "", "", nil
	}
	if err != nil {
		return "", "", named(err)
	}
	comune, err = r.Home(ctx, p.ANPRID)
	return p.ANPRID, comune, err
}

// sectionsOf returns a lookup for the checker; an error of the store, which the
// checker cannot return, is left in failure.
func sectionsOf(ctx context.Context,
	rd Reader) (find func(comune, number string) (s electoral.Section, found, known bool), failure *error) {
	failure = new(error)
	return func(comune, number string) (s electoral.Section, found, known bool) {
		s, err := rd.Section(ctx, comune, number)
		if err != nil && !errors.Is(err, electoral.ErrNotFound) {
			*failure = err
			return electoral.Section{}, false, false
		}
		return s, err == nil, true
	}, failure
}

func (r *Registry) personOf(ctx context.Context, anprID string) (electoral.Person, error) {
	if !electoral.ValidANPRID(anprID) {
		return electoral.Person{}, electoral.Faults{electoral.NewFault(electoral.IDMalformed, "anprId", anprID, nil)}
	}
	p, err := r.population.ByANPRID(ctx, anprID)
	if errors.Is(err, electoral.ErrNotFound) {
		return electoral.Person{}, electoral.Faults{unknownPerson(anprID)}
	}
	return p, err
}

func unknownPerson(anprID string) electoral.Fault {
	return electoral.NewFault(electoral.PersonUnknown, "anprId", anprID, nil)
}

// today returns the day as of which this action decides.
func (a *action) today() electoral.Date { return a.r.calendar.Day(a.at) }

// admit checks what every service requires of its caller.
func (a *action) admit() electoral.Faults { return electoral.Admit(a.req) }

// officerOf checks, beyond admit, that the actor is the electoral officer of a
// comune.
func (a *action) officerOf(comune string) electoral.Faults {
	faults := a.admit()
	if actor := a.req.Actor; actor.Role != electoral.OfficerRole || actor.Comune == "" || actor.Comune != comune {
		faults = append(faults, a.r.notCompetent("comune", comune, actor))
	}
	return faults
}

func (r *Registry) notCompetent(path, comune string, actor electoral.Actor) electoral.Fault {
	if actor.Role == electoral.OfficerRole {
		return electoral.NewFault(electoral.NotCompetent, path, electoral.Shown(comune),
			electoral.Args{"actorComune": r.label(actor.Comune), "comune": r.label(comune)})
	}
	return electoral.NewFault(electoral.NotCompetent.In("no-officer"), path, electoral.Shown(comune),
		electoral.Args{"comune": r.label(comune)})
}

// label returns a comune for people: «Agliè (A074)».
func (r *Registry) label(comune string) string {
	if comune == "" {
		return "(non indicato)"
	}
	return r.tables.ComuneLabel(electoral.Shown(comune))
}

// passage returns the way of the action through the log.
func (a *action) passage(admitted electoral.Faults) electoral.Passage {
	access := electoral.NewAccess(a.req, a.op, a.at)
	access.Comune = a.chain
	if subject := cmp.Or(a.subject, a.found); electoral.ValidANPRID(subject) {
		access.Subject = subject
	}
	if access.Purpose == "" {
		access.Purpose = recordText(a.purpose)
	}
	refused := admitted.Err()
	if a.failed != nil {
		refused = a.failed
	}
	return electoral.Passage{Recorder: a.r.recorder, Access: access, Refused: refused}
}

// read runs a reading service: its one entry is on record before it returns.
func (a *action) read(ctx context.Context, admitted electoral.Faults, fn func(on *electoral.Entry) error) error {
	a.rechain(ctx)
	p := a.passage(a.gated(admitted))
	p.ReadOnly = true
	return p.Do(ctx, fn)
}

// write runs a service that changes something, or from which data leave while
// it runs: the request is on record before fn, the outcome after.
func (a *action) write(ctx context.Context, admitted electoral.Faults, fn func(on *electoral.Entry) error) error {
	a.rechain(ctx)
	return a.passage(a.gated(admitted)).Do(ctx, fn)
}

// setRows records how many rows were read or given out.
func setRows(on *electoral.Entry, rows int) { on.Set("rows", strconv.Itoa(rows)) }
