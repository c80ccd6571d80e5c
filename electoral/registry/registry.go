package registry

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// A Registry offers the services on the electoral lists (D.M. 17 October 2022,
// annex 2): it checks who asks, applies the rules, keeps the records in a
// [Store] and records each access. It is safe for concurrent use.
//
// A writing service with the id of an earlier request of the same comune does
// nothing and returns the earlier answer, also a refusal, as ANPR does; with
// that id and another content it is refused. An id that is a number must be
// higher than the last number of the comune. [Retention] says how long answers
// are kept.
//
// A refused call returns [electoral.Faults]. Whether a call was done, refused
// or failed is in the access log before it returns. A call whose access cannot
// be recorded fails, and returns nothing that it read. A write is recorded as
// [electoral.Requested] before it is done, and with its outcome after. If the
// request cannot be recorded, nothing is done, and the error wraps
// [electoral.ErrRequestNotRecorded]. If only the outcome cannot be recorded,
// the write stands, the error wraps [electoral.ErrOutcomeNotRecorded], and the
// log shows a request without an outcome.
type Registry struct {
	store      Store
	population electoral.Population
	recorder   electoral.Recorder
	checker    *rules.Checker
	tables     *refdata.Tables // the checker's
	calendar   *electoral.Calendar
	retention  Retention
	votes      func(comune string) []electoral.Vote
	firstLoad  FirstLoadTerm
	deathCode  electoral.RemovalCode
	idStep     int64
	interim    []InterimRule
	announced  func(ceased string) []Announcement
	also       func(ctx context.Context, w Writer, refused electoral.Faults) error // of Also; may be nil
}

// A Config says what a [Registry] stands on.
type Config struct {
	// Store keeps the records. Required.
	Store Store
	// Population gives the persons. Required. An elector whom it no longer returns
	// can be read, changed and removed, with the warning [electoral.PersonGone]; he
	// enters no list.
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
	// Votes returns the votes in a comune for which a notice of convocation is
	// or will be posted; nil means none. Residence for the added lists is
	// counted at the notice, and the terms of the applications of citizens of
	// the Union depend on it. A kept vote and a term are over after the last day of
	// the vote; one that is not among them has one day. It is called often and from
	// several goroutines.
	Votes func(comune string) []electoral.Vote
	// FirstLoad is the term for the first load; its zero value means that the
	// service has not been announced.
	FirstLoad FirstLoadTerm
	// DeathCode is the code of a death on a list other than the general one,
	// which ANPR's staff have not said: zero means the list's own, 5, 6 or 7; the
	// alternative is [electoral.DeathOfElector].
	DeathCode electoral.RemovalCode
	// Interim says who acts on the lists of a comune that has ceased until its heir
	// has them ([Registry.Succeed]), which no text says: the last rule that has begun
	// holds. Empty means [InterimOpen]. The rules stand in the order of From.
	Interim []InterimRule
	// IDStep is by how much at most the number of a request may exceed the last one of
	// its comune; zero means [DefaultIDStep]. Until a comune has sent one, any number
	// of up to 30 digits is the first.
	IDStep int64
	// Announced returns the successions of a comune that the authority has decided and
	// that the archive of the comuni does not have yet, as the operator of the registry
	// has them from the act; nil means none. Nobody takes the lists of a comune that the
	// archive knows as it is without one: its own officers would be asked afterwards.
	Announced func(ceased string) []Announcement
}

// New returns a registry. It fails without a time zone database
// ([electoral.NewCalendar]). A day of the configuration that the calendar does not have
// is refused with [electoral.Faults].
//
// Codes: of every input.
func New(cfg Config) (*Registry, error) {
	switch {
	case absent(cfg.Store):
		return nil, errors.New("registry: registry without a store")
	case absent(cfg.Population):
		return nil, errors.New("registry: registry without a population")
	case absent(cfg.Recorder):
		return nil, errors.New("registry: registry without a recorder")
	case cfg.IDStep < 0:
		return nil, errors.New("registry: step of the request ids: expected 0 or more")
	case cfg.Retention.Replies < 0, cfg.Retention.Closed < 0, cfg.Retention.Journal < 0:
		return nil, errors.New("registry: retention: expected no negative time")
	case cfg.FirstLoad.Months < 0:
		return nil, errors.New("registry: term of the first load: expected no negative number of months")
	case cfg.DeathCode != 0 && cfg.DeathCode != electoral.DeathOfElector:
		return nil, errors.New("registry: code of a death on an added list: expected 0 or 3")
	}
	if err := inputs.Faults("config", cfg).Err(); err != nil {
		return nil, err
	}
	if err := checkInterim(cfg.Interim); err != nil {
		return nil, err
	}
	calendar, err := electoral.NewCalendar(cfg.Now)
	if err != nil {
		return nil, err
	}
	r := &Registry{
		store: cfg.Store, population: cfg.Population, recorder: cfg.Recorder, checker: cfg.Checker, calendar: calendar,
		retention: cfg.Retention.withDefaults(), votes: cfg.Votes, firstLoad: cfg.FirstLoad,
		deathCode: cfg.DeathCode, interim: slices.Clone(cfg.Interim),
		announced: cfg.Announced, idStep: cfg.IDStep,
	}
	if r.idStep == 0 {
		r.idStep = DefaultIDStep
	}
	if r.checker == nil {
		checker, err := rules.NewChecker(rules.Config{})
		if err != nil {
			return nil, err
		}
		r.checker = checker
	}
	r.tables = r.checker.Tables()
	return r, nil
}

// Elector returns the electoral data of a person: to the officer of a comune
// in one of whose lists he is or that registered him, and to himself.
//
// Codes: of every service; REG-COM-01, REG-ELE-01, REG-PER-01.
func (r *Registry) Elector(ctx context.Context, req electoral.Request, anprID string) (electoral.Elector, error) {
	a := r.beginAbout(ctx, req, electoral.OpReadElector, req.Actor.Comune, anprID)
	var e electoral.Elector
	err := a.read(ctx, a.admit(), func(*electoral.Entry) error {
		person, unknown := r.personOf(ctx, anprID)
		gone := errors.Is(unknown, electoral.PersonUnknown)
		if unknown != nil && !gone {
			return unknown
		}
		found, err := r.stored(ctx, anprID)
		if gone && errors.Is(err, electoral.ElectorUnknown) {
			return unknown
		}
		if err != nil {
			return err
		}
		e = found.elector
		return r.mayRead(req.Actor, person, found, a.today()).Err()
	})
	if err != nil {
		return electoral.Elector{}, err
	}
	return e, nil
}

func (r *Registry) stored(ctx context.Context, anprID string) (p position, err error) {
	err = r.store.View(ctx, func(rd Reader) error {
		p.elector, p.home, err = rd.Elector(ctx, anprID)
		return err
	})
	if errors.Is(err, electoral.ErrNotFound) {
		err = electoral.Faults{unknownElector(anprID)}
	}
	return p, err
}

// mayRead judges whether the actor may see what is registered of a person.
func (r *Registry) mayRead(actor electoral.Actor, p electoral.Person, found position, today electoral.Date) electoral.Faults {
	if actor.Role != electoral.OfficerRole {
		return himself(actor, p)
	}
	if actor.Comune != "" && actor.Comune == found.home {
		return nil
	}
	for _, en := range r.placesAt(found.elector, today) {
		if actor.Comune != "" && en.Comune == actor.Comune {
			return nil
		}
	}
	return electoral.Faults{r.notCompetent("anprId", found.home, actor)}
}

func himself(actor electoral.Actor, p electoral.Person) electoral.Faults {
	if actor.Role == electoral.CitizenRole && actor.FiscalCode != "" && actor.FiscalCode == p.FiscalCode {
		return nil
	}
	// What was asked for stays out of the fault: it may be another person's.
	return electoral.Faults{electoral.NewFault(electoral.OtherPerson, "anprId", "", nil)}
}

// CertificateFacts returns what a certificate needs, and nothing more, about
// the subject of an access that is on record: to any electoral officer,
// whatever the comune of the person (annex 2, services for the comuni 3 and 4),
// and to the person himself. It writes no entry of its own. For an access that
// is not on record the error is [electoral.ErrRequestNotRecorded].
//
// Codes: ELE-ID-01, REG-ACC-01/02/03/04/07/08, REG-ELE-01, REG-PER-01.
func (r *Registry) CertificateFacts(ctx context.Context, on *electoral.Entry) (electoral.CertificateFacts, error) {
	r = r.made()
	var facts electoral.CertificateFacts
	if !on.OnRecord() {
		return facts, electoral.ErrRequestNotRecorded
	}
	req, anprID := on.Access().Request(), on.Access().Subject
	if err := electoral.Faults(electoral.Admit(req)).Err(); err != nil {
		return facts, err
	}
	person, err := r.personOf(ctx, anprID)
	if err != nil {
		return facts, err
	}
	if req.Actor.Role != electoral.OfficerRole || req.Actor.Comune == "" {
		if err := himself(req.Actor, person).Err(); err != nil {
			return facts, err
		}
	}
	err = r.store.View(ctx, func(rd Reader) error {
		facts = electoral.CertificateFacts{Person: person}
		var err error
		facts.Elector, _, err = rd.Elector(ctx, anprID)
		if errors.Is(err, electoral.ErrNotFound) {
			return electoral.Faults{unknownElector(anprID)}
		}
		if err != nil {
			return err
		}
		facts.Elector.Loss = nil // the capacity says it
		if r, removed := facts.Elector.RemovalFrom(electoral.GeneralList); removed {
			if facts.ClaimedBy, err = claimant(ctx, rd, anprID, r.Comune); err != nil {
				return err
			}
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
//
// Codes: of every service; REG-COM-01.
func (r *Registry) ListSection(ctx context.Context, req electoral.Request, l electoral.List, comune, section string,
	yield func(Listed) error) error {
	a := r.begin(req, electoral.OpListSection, comune)
	a.takes("list", l)
	a.takes("section", section)
	return a.write(ctx, a.officerOf(comune), func(on *electoral.Entry) error {
		rows := 0
		defer func() { setRows(on, rows) }()
		on.Set("list", string(l))
		on.Set("section", section)
		return r.store.View(ctx, func(rd Reader) error {
			for e, err := range rd.Enrolled(ctx, l, comune, section) {
				if err != nil {
					return err
				}
				p, err := r.population.ByANPRID(ctx, e.ANPRID)
				if err != nil && !errors.Is(err, electoral.ErrNotFound) {
					return err
				}
				rows++
				if err := yield(Listed{Elector: e, Person: p}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
