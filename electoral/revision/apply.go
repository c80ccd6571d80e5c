package revision

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// An ApplyReport says what became of the accepted lines.
type ApplyReport struct {
	// Sitting is the sitting, from 1, whose minute has what was applied.
	Sitting int `json:"sitting"`
	// Applied and Refused count the lines of this call; Faulty are the refused ones
	// with their faults, up to 1,000. They are open again.
	Applied int    `json:"applied"`
	Refused int    `json:"refused"`
	Faulty  []Line `json:"faulty,omitempty"`
	// Told are warnings about the whole.
	Told electoral.Faults `json:"told,omitempty"`
}

const maxFaulty = 1_000

// Apply applies the accepted lines of a revision, in the order in which ANPR takes
// them: removals before enrolments, an enrolment alone and then its certifiability.
// Each line is done in one update with its own state, so that a line is done once
// however often, and by however many, Apply is called; after an interruption the
// next call goes on. A line that is refused stays open with its faults and the
// others stand; so does one whose person changed since the decision. The report is
// returned with an error too.
//
// Codes: of every service, of a change, of an elector;
// REG-CAN-01/02/03/04/05/06/07/08/09/10/11/12, REG-CAP-01/02/03/04/07, REG-COM-01,
// REG-ELE-01/02, REG-PER-01/02, REG-TXT-01, REG-UE-01/05/06/07/08,
// REV-CAL-01/02/03/04/05/06/07/08/09, REV-LIN-01/06/07, REV-RIV-01/03/06, SUC-PER-03,
// VOT-DAT-01/02.
func (e *Engine) Apply(ctx context.Context, req electoral.Request, comune, id string) (ApplyReport, error) {
	var report ApplyReport
	err := registry.Carry(ctx, e.made().registry, registry.Call{Request: req, Operation: electoral.OpApplyRevision,
		Comune: comune}, func(on *electoral.Entry) error {
		defer func() {
			on.Set("applied", strconv.Itoa(report.Applied))
			on.Set("refused", strconv.Itoa(report.Refused))
		}()
		h, err := e.sit(ctx, comune, id)
		if err != nil {
			return err
		}
		on.Set("revision", h.ID)
		report.Sitting = h.Sitting
		if report.Told, err = e.early(h); err != nil {
			return err
		}
		return e.applyAll(ctx, req, h, &report)
	})
	return report, err
}

// sit begins the sitting of today, or goes on with it.
func (e *Engine) sit(ctx context.Context, comune, id string) (h Header, err error) {
	err = e.cfg.Store.Update(ctx, func(w registry.Writer) error {
		if h, err = e.active(ctx, w, comune, id); err != nil {
			return err
		}
		n := e.sitting(h)
		if h.Sitting = n; n > len(h.Sittings) {
			h.Sittings = append(h.Sittings, e.calendar.Today())
			return putHeader(ctx, w, h, time.Time{})
		}
		return nil
	})
	return h, err
}

// early warns of a semestral revision that is applied before the deposit of its
// proposals, against which any citizen may appeal, is over.
func (e *Engine) early(h Header) (electoral.Faults, error) {
	s, err := e.Schedule(h)
	if err != nil {
		return nil, err
	}
	step, ok := s.Step(StepDeposit)
	if !ok || step.Day.Before(e.calendar.Today()) {
		return nil, nil
	}
	return electoral.Faults{electoral.NewFault(electoral.AppliedEarly, "revision", e.calendar.Today().String(),
		electoral.Args{"day": step.Day.Italian()})}, nil
}

func (e *Engine) applyAll(ctx context.Context, req electoral.Request, h Header, report *ApplyReport) error {
	for after := ""; ; {
		var batch []Line
		err := e.cfg.Store.View(ctx, func(rd registry.Reader) error {
			batch = batch[:0]
			for l, err := range lines(ctx, rd, h, after, LineAccepted) {
				if err != nil {
					return err
				}
				if batch = append(batch, l); len(batch) == linesMax {
					break
				}
			}
			return nil
		})
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, l := range batch {
			after = l.ID
			done, err := e.apply(ctx, req, h, l)
			switch {
			case err != nil:
				return err
			case done.State == LineApplied:
				report.Applied++
			case len(done.Refused) > 0:
				report.Refused++
				if len(report.Faulty) < maxFaulty {
					report.Faulty = append(report.Faulty, done)
				}
			}
		}
	}
}

// errTaken ends an update for a line that somebody else has applied or decided.
var errTaken = errors.New("revision: the line was applied or decided by another call")

// apply applies one line, and returns it as it then stands.
func (e *Engine) apply(ctx context.Context, req electoral.Request, h Header, l Line) (Line, error) {
	var s subject
	var section electoral.Section
	err := e.cfg.Store.View(ctx, func(rd registry.Reader) error {
		// As it is now: another line about the person may have been applied since.
		now, err := lineOf(ctx, rd, h, l.ID)
		if err != nil {
			return err
		}
		if l = now; l.State != LineAccepted {
			return nil
		}
		number := orText(l.Section, l.From)
		if s, err = e.subject(ctx, rd, l.ANPRID); err != nil || number == "" {
			return err
		}
		section, err = rd.Section(ctx, h.Comune, number)
		if errors.Is(err, electoral.ErrNotFound) {
			return nil // the registry says so
		}
		return err
	})
	if err != nil {
		return l, err
	}
	if l.State != LineAccepted {
		return l, nil
	}
	faults, err := e.stillRight(ctx, h, l, s)
	if err != nil {
		return l, err
	}
	if faults.Err() != nil {
		return e.mark(ctx, h, l, s, faults.Errors())
	}
	c := carrier{engine: e, header: h, subject: s, section: section, req: req}
	for {
		before := l.Step
		err := c.step(ctx, l)
		refused, isRefusal := errors.AsType[electoral.Faults](err)
		if err != nil && !isRefusal && !errors.Is(err, errTaken) {
			return l, err
		}
		now, err := e.line(ctx, h, l.ID)
		if err != nil {
			return l, err
		}
		// What the update of the registry did not write, because the answer was an
		// earlier one or the caller was not admitted, is written here.
		if now.State == LineAccepted && now.Version == l.Version && now.Step == before {
			if now, err = e.mark(ctx, h, l, s, refused); err != nil {
				return l, err
			}
		}
		if l = now; l.State != LineAccepted || l.Step == before {
			return l, nil
		}
	}
}

func (e *Engine) line(ctx context.Context, h Header, id string) (l Line, err error) {
	err = e.cfg.Store.View(ctx, func(rd registry.Reader) error {
		l, err = lineOf(ctx, rd, h, id)
		return err
	})
	return l, err
}

// stillRight judges a line again on the day on which it is applied: its term, and
// whether its person is as he was when the officer decided.
func (e *Engine) stillRight(ctx context.Context, h Header, l Line, s subject) (electoral.Faults, error) {
	if l.Step > 0 { // he is enrolled: only his certifiability is left
		return nil, nil
	}
	told, err := e.admitted(h, l, l.Effect, l.Decided)
	if err != nil {
		return nil, err
	}
	out := told.Errors()
	if factsOf(s) != l.Facts {
		f := electoral.NewFault(electoral.LineFacts, "line", "", nil)
		f.Severity = electoral.Error
		out = append(out, f)
	}
	day := l.Decision.Day
	if day.IsZero() || !day.Before(e.calendar.Today()) {
		return out, nil
	}
	var last electoral.Date
	err = e.cfg.Store.View(ctx, func(rd registry.Reader) error {
		last, err = e.lastOperation(ctx, rd, h, l)
		return err
	})
	if last.After(day) {
		out = append(out, electoral.NewFault(electoral.LineBeforeLast, "decision.day", day.String(),
			electoral.Args{"last": last.Italian()}))
	}
	return out, err
}

// lastOperation returns the day from which the last operation on a person after the
// day of a decision takes effect, zero if there is none: the day on which it was done
// or, for a line of this revision, that which the officer named.
func (e *Engine) lastOperation(ctx context.Context, rd registry.Reader, h Header, l Line) (electoral.Date, error) {
	type operation struct {
		kind electoral.Operation
		done electoral.Date
	}
	var last electoral.Date
	named := map[operation]int{}
	q := registry.RecordSearch{Book: registry.RevisionLineBook, Comune: h.Comune, Subject: l.ANPRID}
	for rec, err := range rd.Records(ctx, q) {
		if err != nil {
			return last, err
		}
		var o Line
		if err := decode(rec, &o); err != nil {
			return last, err
		}
		if o.Revision != h.ID || o.State != LineApplied || o.Decision.Day.IsZero() {
			continue
		}
		done := operation{done: e.calendar.Day(o.Changed)}
		switch o.Effect {
		case Remove:
			done.kind = electoral.OpRemove
		case LoseRight:
			done.kind = electoral.OpLoseCapacity
		default:
			continue
		}
		named[done]++
		if o.Decision.Day.After(last) {
			last = o.Decision.Day
		}
	}
	for entry, err := range rd.Journal(ctx, registry.JournalSearch{Comune: h.Comune, ANPRIDs: []string{l.ANPRID},
		From: e.calendar.Begins(l.Decision.Day.AddDays(1))}) {
		if err != nil {
			return last, err
		}
		done := operation{kind: entry.Operation, done: e.calendar.Day(entry.At)}
		if named[done]--; named[done] < 0 && done.done.After(last) {
			last = done.done
		}
	}
	return last, nil
}

// mark writes, in an update of its own, that a step of a line was done or refused.
func (e *Engine) mark(ctx context.Context, h Header, l Line, s subject, refused electoral.Faults) (Line, error) {
	var now Line
	err := e.cfg.Store.Update(ctx, func(w registry.Writer) error {
		var err error
		now, err = e.progress(ctx, w, h, l, s, refused)
		return err
	})
	if errors.Is(err, errTaken) {
		return e.line(ctx, h, l.ID)
	}
	return now, err
}

// progress writes what became of a step of a line, unless another call did
// meanwhile, and what the other lines about the person now rest on.
func (e *Engine) progress(ctx context.Context, w registry.Writer, h Header, l Line, s subject,
	refused electoral.Faults) (Line, error) {
	now, err := lineOf(ctx, w, h, l.ID)
	if err != nil {
		return now, err
	}
	if now.State != LineAccepted || now.Version != l.Version || now.Step != l.Step {
		return now, errTaken
	}
	now.Changed, now.Refused = e.calendar.Now(), nil
	if refused.Err() != nil {
		now.State, now.Refused = LineOpen, refused
		now.Version++
		if now.Facts, err = e.factsNow(ctx, w, s, l.ANPRID); err != nil {
			return now, err
		}
		return now, putLine(ctx, w, h.Comune, now, time.Time{})
	}
	now.Step++
	if now.Step >= stepsOf(now) {
		now.State, now.Sitting = LineApplied, h.Sitting
	}
	if now.Facts, err = e.factsNow(ctx, w, s, l.ANPRID); err != nil {
		return now, err
	}
	if err := putLine(ctx, w, h.Comune, now, time.Time{}); err != nil {
		return now, err
	}
	return now, e.siblings(ctx, w, h, now, s)
}

// factsNow digests a person with what is registered of him now.
func (e *Engine) factsNow(ctx context.Context, rd registry.Reader, s subject, anprID string) (string, error) {
	s.elector = nil
	el, _, err := rd.Elector(ctx, anprID)
	if err == nil {
		s.elector = &el
	} else if !errors.Is(err, electoral.ErrNotFound) {
		return "", err
	}
	return factsOf(s), nil
}

// siblings gives the other lines about a person, in the same revision, what the
// step of this one left: the change was the revision's own. Lines that rested on
// something else stay as they are.
func (e *Engine) siblings(ctx context.Context, w registry.Writer, h Header, done Line, was subject) error {
	before := factsOf(was)
	q := registry.RecordSearch{Book: registry.RevisionLineBook, Comune: h.Comune, Subject: done.ANPRID}
	var list []Line
	for rec, err := range w.Records(ctx, q) {
		if err != nil {
			return err
		}
		var l Line
		if err := decode(rec, &l); err != nil {
			return err
		}
		if l.Revision == h.ID && l.ID != done.ID && l.State != LineApplied && l.Facts == before {
			list = append(list, l)
		}
	}
	for _, l := range list {
		l.Facts = done.Facts
		if err := putLine(ctx, w, h.Comune, l, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// stepsOf returns how many operations a line takes: an enrolment goes alone, its
// certifiability after it.
func stepsOf(l Line) int {
	if l.Effect == Enrol {
		return 2
	}
	return 1
}

// requestID is the id under which the registry knows a step of a line: letters and
// digits, 26 of them, the same for each repetition.
func requestID(h Header, l Line, step string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{h.Comune, l.ID, strconv.Itoa(l.Found),
		strconv.Itoa(l.Version), step}, "\x00")))
	return "R" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])[:25]
}

// A carrier does the steps of one line.
type carrier struct {
	engine  *Engine
	header  Header
	subject subject
	section electoral.Section // with l.Section; zero if it is not registered
	req     electoral.Request
}

// request returns the request of a step.
func (c carrier) request(l Line, step string) electoral.Request {
	return electoral.Request{
		ID: requestID(c.header, l, step), Actor: c.req.Actor, Purpose: orText(c.req.Purpose, c.header.Kind.Italian()),
		Procedure: orText(c.req.Procedure, c.header.ID), Revision: c.header.Kind.Revision(),
	}
}

// step does the next step of a line. The line's state is written in the update that
// does it.
func (c carrier) step(ctx context.Context, l Line) error {
	e := c.engine
	r := e.registry.Also(func(ctx context.Context, w registry.Writer, refused electoral.Faults) error {
		_, err := e.progress(ctx, w, c.header, l, c.subject, refused)
		return err
	})
	req := c.request(l, strconv.Itoa(l.Step))
	d := l.Decision
	switch l.Effect {
	case Enrol:
		if l.Step > 0 {
			whole := electoral.FullyCertifiable
			if d.Elector != nil && d.Elector.Certifiability != nil {
				whole = *d.Elector.Certifiability
			}
			_, err := r.SetCertifiability(ctx, req, l.ANPRID, whole)
			return err
		}
		req.Recovery = d.Recovery
		_, err := r.Enrol(ctx, req, c.elector(l))
		return err
	case Remove:
		q := registry.RemovalRequest{ANPRID: l.ANPRID, List: l.List, Code: l.Code, Day: d.Day, KeptVotes: d.KeptVotes}
		if cause := removalCause(l); cause != electoral.CauseOther {
			q.Cause = cause
		}
		_, _, err := r.Remove(ctx, req, q)
		return err
	case LoseRight:
		_, _, err := r.SetCapacity(ctx, req, registry.CapacityChange{ANPRID: l.ANPRID, Capacity: electoral.No, Day: d.Day})
		return err
	case RecoverRight:
		req.Recovery = d.Recovery
		whole := electoral.FullyCertifiable
		_, _, err := r.SetCapacity(ctx, req, registry.CapacityChange{ANPRID: l.ANPRID, Capacity: electoral.Yes,
			Status: c.elector(l).Status, Certifiability: &whole})
		return err
	case MoveSection:
		return c.move(ctx, r, req, l)
	case CarryOut:
		return c.carryOut(ctx, r, req, l)
	}
	_, err := e.mark(ctx, c.header, l, c.subject, c.unlisted(l))
	return err
}

// unlisted refuses to strike somebody off a list in which he no longer is.
func (c carrier) unlisted(l Line) electoral.Faults {
	if l.Effect != StrikeOff {
		return nil
	}
	if c.subject.elector != nil {
		if en, in := c.subject.elector.EnrolmentIn(l.List); in && en.Comune == c.header.Comune {
			return nil
		}
	}
	return electoral.Faults{electoral.NewFault(electoral.RemovalList.In("not-in"), "line.list", string(l.List),
		electoral.Args{"list": l.List.Italian()})}
}

// move puts an elector into another section.
func (c carrier) move(ctx context.Context, r *registry.Registry, req electoral.Request, l Line) error {
	if c.subject.elector == nil {
		return electoral.Faults{electoral.NewFault(electoral.ElectorUnknown, "anprId", l.ANPRID, nil)}
	}
	next := c.subject.elector.Clone()
	entry := next.ListEntry(l.List)
	entry.Enrolment = &electoral.Enrolment{Comune: c.header.Comune, Section: l.Section}
	next.SetListEntry(l.List, entry)
	_, err := r.Change(ctx, req, next)
	return err
}

// carryOut brings an application to its end, through the state in which it is
// worked on if it has not been there.
func (c carrier) carryOut(ctx context.Context, r *registry.Registry, req electoral.Request, l Line) error {
	var q registry.Application
	err := c.engine.cfg.Store.View(ctx, func(rd registry.Reader) error {
		rec, err := rd.Record(ctx, c.header.Comune, registry.ApplicationBook, l.Application)
		if errors.Is(err, electoral.ErrNotFound) {
			return electoral.Faults{electoral.NewFault(electoral.ApplicationUnknown, "line.application",
				l.Application, nil)}
		}
		if err != nil {
			return err
		}
		return decode(rec, &q)
	})
	if err != nil {
		return err
	}
	if q.State == registry.RequestOpen || q.State == registry.RequestIntegrated {
		_, _, err := c.engine.registry.DecideApplication(ctx, c.request(l, "work"), l.Application,
			registry.Decision{State: registry.RequestInProgress})
		if err != nil {
			return err
		}
	}
	_, _, err = r.DecideApplication(ctx, req, l.Application, registry.Decision{State: registry.RequestDone,
		Section: l.Section, District: l.Decision.District})
	return err
}

// elector returns the data with which somebody is enrolled, or has the right again:
// those that the officer gave or those that follow from the population and the
// section.
func (c carrier) elector(l Line) electoral.Elector {
	if l.Decision.Elector != nil {
		e := l.Decision.Elector.Clone()
		e.ANPRID, e.Certifiability = l.ANPRID, nil // ids may have been joined; the other is a step of its own
		return e
	}
	comune, section := c.header.Comune, l.Section
	if c.subject.elector != nil && section == "" {
		en, _ := c.subject.elector.EnrolmentIn(electoral.GeneralList)
		section = en.Section
	}
	e := electoral.Elector{ANPRID: l.ANPRID, Capacity: electoral.Yes, Status: c.status(l)}
	e.SetListEntry(l.List, electoral.AddedList{Enrolled: electoral.Yes,
		Enrolment: &electoral.Enrolment{Comune: comune, Section: section}})
	return e
}

// status returns for what an Italian of the comune votes: for everything, but where
// a territory asks a residence that he has not.
func (c carrier) status(l Line) electoral.Status {
	e, person, yes := c.engine, c.subject.person, electoral.Yes
	tables := e.cfg.Checker.Tables()
	s := electoral.Status{NationalReferendums: yes, EuropeanParliament: yes, Senate: yes, Chamber: yes, Regional: yes,
		Comunal: yes, District: l.Decision.District}
	if s.District == electoral.NotGiven {
		s.District = electoral.AnswerOf(c.section.DistrictConstituency != "")
	}
	s.ChamberConstituency, s.SenateConstituency = c.section.ChamberCollege.Constituency,
		c.section.SenateCollege.Constituency
	if s.ChamberConstituency == "" {
		s.ChamberConstituency = first(tables.ChamberColleges(c.header.Comune))
	}
	if s.SenateConstituency == "" {
		s.SenateConstituency = first(tables.SenateColleges(c.header.Comune))
	}
	if person == nil {
		return s
	}
	if person.Residence == nil && person.Abroad != nil {
		if division, ok := tables.AbroadDivision(person.Abroad.State); ok {
			s.ChamberConstituency, s.SenateConstituency = division, division
		}
		return s
	}
	list, serves := e.cfg.Checker.AddedListOf(c.header.Comune, e.calendar.Today())
	if serves && e.cfg.Checker.HasResidence(list, person, c.header.counted(e.calendar.Today())) != yes {
		s.Regional = electoral.No
		if list == electoral.BolzanoList {
			s.Comunal, s.District = electoral.No, electoral.No
		}
	}
	return s
}

// first returns the constituency of colleges that all lie in one; empty if they do
// not.
func first(colleges []refdata.College) string {
	if len(colleges) == 0 || slices.ContainsFunc(colleges, func(c refdata.College) bool {
		return c.Constituency != colleges[0].Constituency
	}) {
		return ""
	}
	return colleges[0].Constituency
}
