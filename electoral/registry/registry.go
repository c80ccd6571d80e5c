package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// A Registry is the services on the electoral lists (D.M. 17 October 2022,
// annex 2): it checks who asks, applies the rules, keeps the records in a
// [Store] and records each access. It is safe for concurrent use.
//
// A writing service with the id of an earlier request of the same comune does
// nothing and returns the earlier answer, also a refusal, as ANPR does; with
// that id and another content it is refused. An id that is a number must be
// higher than the last number of the comune. How long answers are kept says
// [Retention].
//
// Every call that is refused returns [electoral.Faults]; whether it was done, refused or
// failed stands in the access log before it returns. A call whose access
// cannot be recorded fails: what was to be read is not shown. A write is
// recorded as [electoral.Requested] before it is done, and its outcome after; if only
// the outcome cannot be recorded the write stands, the error wraps
// [electoral.ErrOutcomeNotRecorded], and the log shows the open pair; if the request
// cannot be, nothing is done, and the error wraps [electoral.ErrRequestNotRecorded].
type Registry struct {
	store      Store
	population electoral.Population
	recorder   electoral.Recorder
	checker    *rules.Checker
	now        func() time.Time
	retention  Retention
	votes      func(comune string) []electoral.Vote
	firstLoad  FirstLoadTerm
}

// A RegistryConfig says what a [Registry] stands on.
type Config struct {
	// Store keeps the records. Required.
	Store Store
	// Population gives the persons. Required.
	Population electoral.Population
	// Recorder writes the access log. Required.
	Recorder electoral.Recorder
	// Checker applies the rules; nil means one with the embedded tables and
	// the periods in force.
	Checker *rules.Checker
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Retention says how long answers, conflicts and requests are kept; each
	// zero field means its default.
	Retention Retention
	// Votes returns the votes for which a notice of convocation is out or will
	// be, in a comune; nil means none. At the notice residence for the added
	// lists is counted, and the terms of the applications of citizens of the
	// Union depend on it. It is called often and from several goroutines.
	Votes func(comune string) []electoral.Vote
	// FirstLoad is the term for the first load; its zero value means that the
	// service has not been announced.
	FirstLoad FirstLoadTerm
}

// NewRegistry returns a registry.
func New(cfg Config) (*Registry, error) {
	switch {
	case cfg.Store == nil:
		return nil, errors.New("registry: registry without a store")
	case cfg.Population == nil:
		return nil, errors.New("registry: registry without a population")
	case cfg.Recorder == nil:
		return nil, errors.New("registry: registry without a recorder")
	}
	r := &Registry{cfg.Store, cfg.Population, cfg.Recorder, cfg.Checker, cfg.Now, cfg.Retention.withDefaults(), cfg.Votes, cfg.FirstLoad}
	if r.votes == nil {
		r.votes = func(string) []electoral.Vote { return nil }
	}
	if r.checker == nil {
		checker, err := rules.NewChecker(rules.Config{})
		if err != nil {
			return nil, err
		}
		r.checker = checker
	}
	if r.now == nil {
		r.now = time.Now
	}
	return r, nil
}

// today is the day of an instant in Italy.
func today(at time.Time) electoral.Date {
	loc, err := time.LoadLocation(electoral.Rome)
	if err != nil {
		// Without a zone database: central European time, wrong by at most
		// the hour of summer time.
		loc = time.FixedZone("CET", 3600)
	}
	return refdata.DateOf(at.In(loc))
}

// access is one use of a service in the making.
type access struct {
	*Registry
	req electoral.Request
	electoral.Access
	// refused is done when the operation is refused, with the keeping of the
	// refusal; nil for nothing.
	refused func(Writer, electoral.Faults) error
}

func (r *Registry) access(req electoral.Request, op electoral.Operation, comune, subject string) *access {
	at := r.now().UTC().Truncate(time.Millisecond)
	return &access{Registry: r, req: req, Access: electoral.Access{
		FiscalCode: req.Actor.FiscalCode, At: at, Operation: op,
		RequestID: req.ID, Method: req.Actor.Method, Comune: comune, Subject: subject,
	}}
}

// today is the day at which the decisions of this access are taken.
func (a *access) today() electoral.Date { return today(a.At) }

// admit checks what every service asks of who calls.
func (a *access) admit() electoral.Faults { return electoral.Admit(a.req) }

// officerOf adds to admit that the actor is the electoral officer of a comune.
func (a *access) officerOf(comune string) electoral.Faults {
	faults := a.admit()
	if actor := a.req.Actor; actor.Role != electoral.OfficerRole || actor.Comune == "" || actor.Comune != comune {
		faults = append(faults, notCompetent("comune", comune, actor))
	}
	return faults
}

func notCompetent(path, comune string, actor electoral.Actor) electoral.Fault {
	who := "Chi accede non è un ufficiale elettorale."
	if actor.Role == electoral.OfficerRole {
		who = "L'ufficiale elettorale è del comune " + actor.Comune + "."
	}
	return electoral.NewFault(electoral.NotCompetent, path, comune, who, "l'ufficiale elettorale del comune "+comune)
}

// record writes the access with an outcome. It outlives a cancelled request:
// what was done must be on record.
func (a *access) record(ctx context.Context, outcome string) error {
	entry := a.Access
	entry.Outcome = outcome
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := a.recorder.Record(ctx, entry); err != nil {
		if outcome == electoral.Requested {
			return fmt.Errorf("%w: %w", electoral.ErrRequestNotRecorded, err)
		}
		return fmt.Errorf("%w: %w", electoral.ErrOutcomeNotRecorded, err)
	}
	return nil
}

// read runs a reading service: the outcome is on record before it returns.
func (a *access) read(ctx context.Context, admitted electoral.Faults, fn func() error) error {
	err := admitted.Err()
	if err == nil {
		err = fn()
	}
	return join(err, a.record(ctx, electoral.Outcome(err)))
}

// write runs a writing service: the request is on record before fn, the
// outcome after.
func (a *access) write(ctx context.Context, admitted electoral.Faults, fn func() error) error {
	if err := admitted.Err(); err != nil {
		return join(err, a.record(ctx, electoral.Outcome(err)))
	}
	if err := a.record(ctx, electoral.Requested); err != nil {
		return err
	}
	err := fn()
	return join(err, a.record(ctx, electoral.Outcome(err)))
}

// join returns the one error of two that is not nil, or both joined, so that
// the usual single error keeps its type.
func join(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}

// PutSection registers a section or changes it, as the officer of its comune.
// It returns the warnings.
func (r *Registry) PutSection(ctx context.Context, req electoral.Request, s electoral.Section) (electoral.Faults, error) {
	a := r.access(req, electoral.OpPutSection, s.Comune, "")
	_, warnings, err := perform(ctx, a, a.officerOf(s.Comune), s, func(w Writer) (struct{}, electoral.Faults, error) {
		faults := r.checker.CheckSection(s, a.today())
		if err := faults.Err(); err != nil {
			return struct{}{}, nil, err
		}
		return struct{}{}, faults, w.PutSection(ctx, s)
	})
	return warnings, err
}

// Section returns a section of the officer's comune. A section that is not
// registered is refused with [electoral.SectionNotFound].
func (r *Registry) Section(ctx context.Context, req electoral.Request, comune, number string) (electoral.Section, error) {
	a := r.access(req, electoral.OpReadSection, comune, "")
	var s electoral.Section
	err := a.read(ctx, a.officerOf(comune), func() error {
		return r.store.View(ctx, func(rd Reader) error {
			var err error
			s, err = rd.Section(ctx, comune, number)
			if errors.Is(err, electoral.ErrNotFound) {
				return electoral.Faults{electoral.NewFault(electoral.SectionNotFound, "number", number, "La sezione "+number+" non è registrata nel comune "+comune+".", "una sezione registrata")}
			}
			return err
		})
	})
	if err != nil {
		return electoral.Section{}, err
	}
	return s, nil
}

// sectionsOf returns a lookup for the checker; an error of the store, which
// the checker cannot return, is left in err.
func sectionsOf(ctx context.Context, rd Reader) (find func(comune, number string) (s electoral.Section, found, known bool), failure *error) {
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
		return electoral.Person{}, electoral.Faults{electoral.NewFault(electoral.IDMalformed, "anprId", anprID, "L'identificativo ANPR del soggetto manca o non è numerico.", "da 1 a 16 cifre")}
	}
	p, err := r.population.ByANPRID(ctx, anprID)
	if errors.Is(err, electoral.ErrNotFound) {
		return electoral.Person{}, electoral.Faults{unknownPerson(anprID)}
	}
	return p, err
}

func unknownPerson(anprID string) electoral.Fault {
	return electoral.NewFault(electoral.PersonUnknown, "anprId", anprID, "Il soggetto non è iscritto in ANPR.", "l'identificativo di un soggetto iscritto")
}

// Elector returns the electoral data of a person: to the officer of a comune
// in one of whose lists he is or that registered him, and to himself.
func (r *Registry) Elector(ctx context.Context, req electoral.Request, anprID string) (electoral.Elector, error) {
	a := r.access(req, electoral.OpReadElector, req.Actor.Comune, anprID)
	var e electoral.Elector
	err := a.read(ctx, a.admit(), func() error {
		person, err := r.personOf(ctx, anprID)
		if err != nil {
			return err
		}
		var home string
		e, home, err = r.stored(ctx, anprID)
		if err != nil {
			return err
		}
		return mayRead(req.Actor, person, e, home, a.today()).Err()
	})
	if err != nil {
		return electoral.Elector{}, err
	}
	return e, nil
}

func (r *Registry) stored(ctx context.Context, anprID string) (e electoral.Elector, home string, err error) {
	err = r.store.View(ctx, func(rd Reader) error {
		e, home, err = rd.Elector(ctx, anprID)
		return err
	})
	if errors.Is(err, electoral.ErrNotFound) {
		err = electoral.Faults{electoral.NewFault(electoral.ElectorUnknown, "anprId", anprID, "I dati elettorali del soggetto non sono registrati.", "un soggetto registrato da un comune")}
	}
	return e, home, err
}

func mayRead(actor electoral.Actor, p electoral.Person, e electoral.Elector, home string, today electoral.Date) electoral.Faults {
	if actor.Role != electoral.OfficerRole {
		return himself(actor, p)
	}
	if actor.Comune != "" && actor.Comune == home {
		return nil
	}
	for _, en := range e.PlacesAt(today) {
		if actor.Comune != "" && en.Comune == actor.Comune {
			return nil
		}
	}
	return electoral.Faults{notCompetent("anprId", home, actor)}
}

func himself(actor electoral.Actor, p electoral.Person) electoral.Faults {
	if actor.Role == electoral.CitizenRole && actor.FiscalCode != "" && actor.FiscalCode == p.FiscalCode {
		return nil
	}
	// What was asked for stands in no fault: it is another person's.
	return electoral.Faults{electoral.NewFault(electoral.OtherPerson, "anprId", "", "La posizione è di un'altra persona.", "la propria posizione")}
}

// CertificateFacts returns what a certificate needs, and nothing more: to any
// electoral officer, whatever the comune of the person (annex 2, services for
// the comuni 3 and 4), and to the person himself.
func (r *Registry) CertificateFacts(ctx context.Context, req electoral.Request, anprID string) (electoral.CertificateFacts, error) {
	a := r.access(req, electoral.OpReadForCertificate, req.Actor.Comune, anprID)
	var facts electoral.CertificateFacts
	err := a.read(ctx, a.admit(), func() error {
		person, err := r.personOf(ctx, anprID)
		if err != nil {
			return err
		}
		if req.Actor.Role != electoral.OfficerRole || req.Actor.Comune == "" {
			if err := himself(req.Actor, person).Err(); err != nil {
				return err
			}
		}
		facts.Person = person
		return r.store.View(ctx, func(rd Reader) error {
			facts.Elector, _, err = rd.Elector(ctx, anprID)
			if errors.Is(err, electoral.ErrNotFound) {
				return electoral.Faults{electoral.NewFault(electoral.ElectorUnknown, "anprId", anprID, "I dati elettorali del soggetto non sono registrati.", "un soggetto registrato da un comune")}
			}
			if err != nil {
				return err
			}
			if facts.ClaimedBy, err = claimant(ctx, rd, facts.Elector); err != nil {
				return err
			}
			for _, en := range facts.Elector.Enrolments() {
				s, err := rd.Section(ctx, en.Comune, en.Section)
				if err == nil {
					facts.Section = &s
				} else if !errors.Is(err, electoral.ErrNotFound) {
					return err
				}
				break
			}
			return nil
		})
	})
	if err != nil {
		return electoral.CertificateFacts{}, err
	}
	return facts, nil
}

// A Listed is one entry of a list of electors.
type Listed struct {
	Elector electoral.Elector
	Person  electoral.Person
}

// ListSection calls yield for each elector of a list of a comune in one
// section, or with an empty section in all, as the officer of the comune, in
// the order of section and ANPR id. Memory does not grow with the list. The
// access is on record before the first is yielded. It stops when yield returns
// an error and returns it.
func (r *Registry) ListSection(ctx context.Context, req electoral.Request, l electoral.List, comune, section string, yield func(Listed) error) error {
	a := r.access(req, electoral.OpListSection, comune, "")
	return a.write(ctx, a.officerOf(comune), func() error {
		return r.store.View(ctx, func(rd Reader) error {
			for e, err := range rd.Enrolled(ctx, l, comune, section) {
				if err != nil {
					return err
				}
				p, err := r.population.ByANPRID(ctx, e.ANPRID)
				if err != nil && !errors.Is(err, electoral.ErrNotFound) {
					return err
				}
				if err := yield(Listed{e, p}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
