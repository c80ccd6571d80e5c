package revision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A Config says what an [Engine] stands on.
type Config struct {
	// Registry applies the lines; its store keeps the revisions. Its population
	// must be an [electoral.ResidentPopulation]. Required.
	Registry *registry.Registry
	// SectionOf names the section in which a person's abode lies, and false if it
	// does not know. Nil means that the officer names each section. It is called
	// from several goroutines.
	SectionOf func(electoral.Person) (section string, known bool)
	// Terms are the days of the revisions; the zero value is the law's as far as it
	// was found.
	Terms Terms
	// Retention says how long lines and evidence stay after a revision has ended.
	Retention Retention
}

// A Retention says how long what a revision leaves is kept after its end. It goes
// with [registry.Registry.Expire].
type Retention struct {
	// Lines is for the revision and its lines, from which the minutes are made;
	// zero means five years. Print the minutes before: they are the comune's record.
	Lines time.Duration
	// Evidence is for what the lines rest on; zero means 180 days.
	Evidence time.Duration
}

func (r Retention) withDefaults() Retention {
	if r.Lines == 0 {
		r.Lines = 5 * 365 * 24 * time.Hour
	}
	if r.Evidence == 0 {
		r.Evidence = 180 * 24 * time.Hour
	}
	return r
}

// An Engine keeps the revisions of the lists ("revisioni", D.P.R. 223/1967): it
// proposes lines, takes what the officer decides, applies it and makes the minute.
// Every service is for the electoral officer of the comune and runs through the
// access log as those of [registry.Registry] do, with the same errors. An Engine is
// safe for concurrent use.
type Engine struct {
	registry  *registry.Registry
	cfg       registry.Config
	sectionOf func(electoral.Person) (string, bool)
	terms     Terms
	retention Retention
	calendar  *electoral.Calendar
}

// New returns an engine.
//
// Codes: of every input; REV-CAL-01.
func New(cfg Config) (*Engine, error) {
	if cfg.Registry == nil {
		return nil, errors.New("revision: engine without a registry")
	}
	if cfg.Retention.Lines < 0 || cfg.Retention.Evidence < 0 {
		return nil, errors.New("revision: negative retention")
	}
	if err := electoral.Faults(cfg.Terms.Check()).Err(); err != nil {
		return nil, err
	}
	rc := cfg.Registry.Config()
	if _, ok := rc.Population.(electoral.ResidentPopulation); !ok {
		return nil, fmt.Errorf("revision: %w", registry.ErrNoBirths)
	}
	calendar, err := electoral.NewCalendar(rc.Now)
	if err != nil {
		return nil, err
	}
	return &Engine{registry: cfg.Registry, cfg: rc, sectionOf: cfg.SectionOf, terms: cfg.Terms,
		retention: cfg.Retention.withDefaults(), calendar: calendar}, nil
}

// made returns the engine or, for one that New has not made, one whose services all fail
// as those of a registry that was not made do.
func (e *Engine) made() *Engine {
	if e != nil && e.registry != nil {
		return e
	}
	return &Engine{calendar: &electoral.Calendar{}, retention: Retention{}.withDefaults()}
}

// An Opening says which revision is opened.
type Opening struct {
	Comune string `json:"comune"`
	Kind   Kind   `json:"kind"`
	// Year and Half, 1 or 2, are those of a semestral or dynamic revision: that
	// which takes effect at the end of the half-year, or whose rounds are in its
	// first month.
	Year int `json:"year,omitzero"`
	Half int `json:"half,omitzero"`
	// Day is the first day of the vote of an extraordinary revision.
	Day electoral.Date `json:"day,omitzero"`
	// Vote is the vote of another comune that asks this one, which does not vote, to
	// act for Persons: their ANPR ids, up to 10,000.
	Vote    *electoral.Vote `json:"vote,omitzero"`
	Persons []string        `json:"persons,omitempty"`
}

const maxPersons = 10_000

// check returns what is wrong with an opening, and the votes of that day.
func (e *Engine) check(q Opening) ([]electoral.Vote, electoral.Faults) {
	var out electoral.Faults
	fault := func(c electoral.Cause, path, value string) {
		out = append(out, electoral.NewFault(c, path, value, nil))
	}
	if !q.Kind.Known() {
		fault(electoral.RevisionWhich, "revision.kind", shown(string(q.Kind)))
		return nil, out
	}
	if q.Kind != Extraordinary {
		if q.Year < 1968 || q.Year > 2200 {
			fault(electoral.RevisionWhich.In("year"), "revision.year", strconv.Itoa(q.Year))
		}
		if q.Half != 1 && q.Half != 2 {
			fault(electoral.RevisionWhich.In("half"), "revision.half", strconv.Itoa(q.Half))
		}
		if !q.Day.IsZero() || q.Vote != nil || len(q.Persons) > 0 {
			fault(electoral.RevisionWhich.In("no-vote"), "revision.day", q.Day.String())
		}
		return nil, out
	}
	if !q.Day.Complete() || !q.Day.Valid() {
		fault(electoral.RevisionWhich.In("day"), "revision.day", q.Day.String())
		return nil, out
	}
	var votes []electoral.Vote
	if e.cfg.Votes != nil {
		votes = slices.DeleteFunc(slices.Clone(e.cfg.Votes(q.Comune)),
			func(v electoral.Vote) bool { return v.Day != q.Day })
	}
	switch {
	case len(votes) > 0 && (q.Vote != nil || len(q.Persons) > 0):
		fault(electoral.RevisionWhich.In("votes"), "revision.persons", strconv.Itoa(len(q.Persons)))
	case len(votes) == 0 && (q.Vote == nil || q.Vote.Day != q.Day || len(q.Persons) == 0):
		fault(electoral.RevisionWhich.In("not-called"), "revision.day", q.Day.String())
	case len(votes) == 0:
		votes = []electoral.Vote{*q.Vote}
	}
	for _, v := range votes {
		out = append(out, v.Check()...)
	}
	if len(q.Persons) > maxPersons || slices.ContainsFunc(q.Persons,
		func(id string) bool { return !electoral.ValidANPRID(id) }) {
		fault(electoral.RevisionWhich.In("persons"), "revision.persons", strconv.Itoa(len(q.Persons)))
	}
	return votes, out
}

// Schedule returns the days of a revision.
//
// Codes: of every input; REV-CAL-01/02/03/04/05, VOT-DAT-01/02.
func (e *Engine) Schedule(h Header) (Schedule, error) {
	e = e.made()
	switch h.Kind {
	case Semestral:
		return SemestralSchedule(h.Year, h.Half, e.terms)
	case DynamicFirst, DynamicSecond:
		return DynamicSchedule(h.Year, h.Half, e.terms)
	}
	return ExtraordinarySchedule(h.Comune, h.Votes, e.terms)
}

// Open opens a revision and proposes its lines; of one that is open already the
// proposals are made anew ([Engine.Propose]), for the votes as they are called now
// and, where the comune does not vote, for the persons of this and of the earlier
// openings. It returns the revision as it stands.
//
// Codes: of every service, of a change; ELE-UE-11, REG-COM-01, REV-CAL-01/02/03/04/05,
// REV-DUB-01/02/03/04/05/06/07/08/09/10/11, REV-LIN-01/06, REV-RIV-01/02/03/04,
// VOT-DAT-01/02.
func (e *Engine) Open(ctx context.Context, req electoral.Request, q Opening) (Header, electoral.Faults, error) {
	e = e.made()
	votes, faults := e.check(q)
	faults = unfit(faults, "revision", q)
	h := Header{ID: revisionID(q), Comune: q.Comune, Kind: q.Kind, Year: q.Year, Half: q.Half, Votes: votes,
		Persons: union(nil, q.Persons), State: Proposing, Opened: e.calendar.Now()}
	opened, warnings, err := registry.Perform(ctx, e.registry, registry.Call{
		Request: req, Operation: electoral.OpOpenRevision, Comune: q.Comune, Payload: q, Refused: faults,
	}, func(w registry.Writer) (Header, electoral.Faults, error) {
		there, err := headerOf(ctx, w, q.Comune, h.ID)
		if errors.Is(err, electoral.RevisionNotFound) {
			return h, nil, putHeader(ctx, w, h, time.Time{})
		}
		if err == nil && there.State == Ended {
			err = electoral.Faults{revisionState(there, "ended")}
		}
		if err != nil {
			return there, nil, err
		}
		if err := there.renew(q, votes); err != nil {
			return there, nil, err
		}
		return there, nil, putHeader(ctx, w, there, time.Time{})
	})
	if err != nil {
		return Header{}, nil, err
	}
	done, err := e.Propose(ctx, req, q.Comune, opened.ID)
	return done, append(warnings, done.Told...), err
}

// renew gives an extraordinary revision that is open the votes of its day as they are
// called now. Where the comune does not vote, what each voting comune asks adds up.
func (h *Header) renew(q Opening, votes []electoral.Vote) error {
	switch {
	case q.Kind != Extraordinary || q.Vote != nil && len(h.Persons) == 0:
		return nil // one of the whole comune stays so
	case q.Vote == nil:
		h.Votes, h.Persons = votes, nil
		return nil
	}
	for _, v := range votes {
		same := func(o electoral.Vote) bool { return o.Consultation == v.Consultation }
		if i := slices.IndexFunc(h.Votes, same); i >= 0 {
			h.Votes[i] = v
		} else {
			h.Votes = append(h.Votes, v)
		}
	}
	h.Persons = union(h.Persons, q.Persons)
	if n := len(h.Persons); n > maxPersons {
		return electoral.Faults{electoral.NewFault(electoral.RevisionWhich.In("persons"), "revision.persons",
			strconv.Itoa(n), nil)}
	}
	return nil
}

// union returns the ids of both, each once, in their order.
func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// Propose makes the proposals of a revision, or makes them anew: new lines are
// added, those that no longer hold and were not decided go, a decided line stays as
// it is: what is right once more after its line was applied, or after it was rejected
// or withdrawn on other facts, is another line. It reads the whole register and the
// whole lists once, with memory that does not grow with the comune, and may be called
// again after an interruption. It is refused once another run has begun or the
// revision is being closed. It returns the revision with the warnings about the whole.
//
// Codes: of every service; ELE-UE-11, REG-COM-01, REV-CAL-01/02/03/04/05,
// REV-DUB-01/02/03/04/05/06/07/08/09/10/11, REV-LIN-01/06, REV-RIV-01/03/04,
// VOT-DAT-01/02.
func (e *Engine) Propose(ctx context.Context, req electoral.Request, comune, id string) (Header, error) {
	e = e.made()
	var h Header
	err := registry.Carry(ctx, e.registry, registry.Call{Request: req, Operation: electoral.OpProposeRevision,
		Comune: comune}, func(on *electoral.Entry) error {
		var err error
		h, err = e.begin(ctx, comune, id)
		if err != nil {
			return err
		}
		on.Set("revision", h.ID)
		lines, err := e.proposals(ctx, &h)
		if err != nil {
			return err
		}
		on.Set("rows", strconv.Itoa(lines))
		return nil
	})
	if err != nil {
		return Header{}, err
	}
	return h, nil
}

// begin begins a run of the proposals.
func (e *Engine) begin(ctx context.Context, comune, id string) (h Header, err error) {
	err = e.cfg.Store.Update(ctx, func(w registry.Writer) error {
		if h, err = headerOf(ctx, w, comune, id); err != nil {
			return err
		}
		if h.State != Proposing && h.State != Active {
			return electoral.Faults{revisionState(h, "")}
		}
		h.Round++
		return putHeader(ctx, w, h, time.Time{})
	})
	return h, err
}

// proposals makes and stores the lines, and sweeps those of an earlier run.
func (e *Engine) proposals(ctx context.Context, h *Header) (int, error) {
	p, err := e.proposer(*h)
	if err != nil {
		return 0, err
	}
	lines := 0
	flush := func(drafts []draft) error {
		lines += len(drafts)
		return e.store(ctx, *h, drafts)
	}
	if len(h.Persons) > 0 {
		err = e.few(ctx, p, flush)
	} else {
		s := scan{ctx: ctx, proposer: p, cfg: e.cfg, flush: flush}
		err = s.run()
	}
	if err == nil {
		err = e.applications(ctx, p, flush)
	}
	if err == nil {
		err = e.sweep(ctx, *h)
	}
	if err != nil {
		return lines, err
	}
	told := append(p.told(), p.schedule.Told...)
	return lines, e.cfg.Store.Update(ctx, func(w registry.Writer) error {
		now, err := headerOf(ctx, w, h.Comune, h.ID)
		if err != nil {
			return err
		}
		if err := now.runs(*h); err != nil {
			return err
		}
		now.State, now.Told = Active, told
		*h = now
		return putHeader(ctx, w, now, time.Time{})
	})
}

func (e *Engine) proposer(h Header) (*proposer, error) {
	s, err := e.Schedule(h)
	if err != nil {
		return nil, err
	}
	p := &proposer{header: h, schedule: s, checker: e.cfg.Checker, tables: e.cfg.Checker.Tables(),
		sectionOf: e.sectionOf, today: e.calendar.Today(), deathCode: e.cfg.DeathCode}
	if turning, ok := s.TurningEighteen(); ok {
		p.from, p.to = turning.From, turning.To
	}
	return p, nil
}

// runs refuses to go on with a run of the proposals, h, once another has begun or the
// revision is being closed.
func (now Header) runs(h Header) error {
	switch {
	case now.Round != h.Round:
		return electoral.Faults{revisionState(now, "again")}
	case now.State != Proposing && now.State != Active:
		return electoral.Faults{revisionState(now, "")}
	}
	return nil
}

// few proposes for the persons that a voting comune names.
func (e *Engine) few(ctx context.Context, p *proposer, flush func([]draft) error) error {
	for ids := range slices.Chunk(p.header.Persons, lookupMax) {
		list := make([]electoral.Elector, len(ids))
		for i, id := range ids {
			list[i].ANPRID = id
		}
		persons, err := personsOf(ctx, e.cfg.Population, list)
		if err != nil {
			return err
		}
		var drafts []draft
		err = e.cfg.Store.View(ctx, func(rd registry.Reader) error {
			drafts = nil
			for _, id := range ids {
				s, err := subjectOf(ctx, rd, persons, id)
				if err != nil {
					return err
				}
				drafts = append(drafts, p.propose(s)...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := flush(drafts); err != nil {
			return err
		}
	}
	return nil
}

func subjectOf(ctx context.Context, rd registry.Reader, persons map[string]electoral.Person,
	id string) (subject, error) {
	var s subject
	if person, ok := persons[id]; ok {
		s.person = &person
	}
	el, _, err := rd.Elector(ctx, id)
	switch {
	case err == nil:
		s.elector = &el
	case !errors.Is(err, electoral.ErrNotFound):
		return s, err
	}
	return s, nil
}

// applications proposes to carry out the open applications of citizens of the Union.
func (e *Engine) applications(ctx context.Context, p *proposer, flush func([]draft) error) error {
	var open []registry.Application
	err := e.cfg.Store.View(ctx, func(rd registry.Reader) error {
		open = nil
		for rec, err := range rd.Records(ctx, registry.RecordSearch{Book: registry.ApplicationBook,
			Comune: p.header.Comune}) {
			if err != nil {
				return err
			}
			var q registry.Application
			if err := decode(rec, &q); err != nil {
				return err
			}
			if !q.State.Closed() && q.State != registry.RequestDraft {
				open = append(open, q)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for part := range slices.Chunk(open, lookupMax) {
		drafts, err := e.applicationLines(ctx, p, part)
		if err != nil {
			return err
		}
		if err := flush(drafts); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) applicationLines(ctx context.Context, p *proposer, list []registry.Application) ([]draft, error) {
	electors := make([]electoral.Elector, len(list))
	for i, q := range list {
		electors[i].ANPRID = q.ANPRID
	}
	persons, err := personsOf(ctx, e.cfg.Population, electors)
	if err != nil {
		return nil, err
	}
	var drafts []draft
	err = e.cfg.Store.View(ctx, func(rd registry.Reader) error {
		drafts = nil
		for _, q := range list {
			if len(p.header.Persons) > 0 && !slices.Contains(p.header.Persons, q.ANPRID) {
				continue
			}
			s, err := subjectOf(ctx, rd, persons, q.ANPRID)
			if err != nil {
				return err
			}
			p.s = s
			if d, ok := p.application(q); ok {
				drafts = append(drafts, d)
			}
		}
		return nil
	})
	return drafts, err
}

// told returns the warnings about the whole of the proposals.
func (p *proposer) told() electoral.Faults {
	var out electoral.Faults
	tell := func(c electoral.Cause, n int) {
		if n > 0 {
			out = append(out, electoral.NewFault(c, "revision", "", electoral.Args{"count": strconv.Itoa(n)}))
		}
	}
	tell(electoral.ProposalsLeftOut, p.counts.gone)
	tell(electoral.ProposalsLeftOut.In("lost"), p.counts.lost)
	tell(electoral.ProposalsLeftOut.In("unlisted"), p.counts.unlisted)
	tell(electoral.ProposalsLeftOut.In("constituency"), p.counts.abroadIn)
	tell(electoral.ProposalsLeftOut.In("heir"), p.counts.inHeir)
	return out
}
