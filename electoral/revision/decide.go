package revision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A Ruling is a decision about one line.
type Ruling struct {
	// Line is the id of the line, Version the one that the officer saw: if another
	// officer decided meanwhile, the ruling is refused.
	Line     string       `json:"line"`
	Version  int          `json:"version"`
	Decision LineDecision `json:"decision"`
}

// The most rulings of one call and the most evidence of one line.
const (
	maxRulings  = 1_000
	maxEvidence = 20
)

// Decide takes an officer's decisions about lines of a revision, all or none, up to
// 1,000: accepted, rejected with a reason, withdrawn, open again. It returns the
// lines as they then stand, with the warnings.
//
// Codes: of every service, of a change; REG-COM-01, REG-SEZ-01,
// REV-CAL-01/02/03/04/05/06/07/08/09, REV-LIN-01/02/03/04/05, REV-RIV-01/03,
// VOT-DAT-01/02.
func (e *Engine) Decide(ctx context.Context, req electoral.Request, comune, id string,
	rulings []Ruling) ([]Line, electoral.Faults, error) {
	call := registry.Call{Request: req, Operation: electoral.OpDecideLines, Comune: comune,
		Refused: unfit(asked(rulings), "rulings", rulings),
		Payload: struct {
			Revision string
			Rulings  []Ruling
		}{id, rulings}}
	return registry.Perform(ctx, e.made().registry, call, func(w registry.Writer) ([]Line, electoral.Faults, error) {
		h, err := e.active(ctx, w, comune, id)
		if err != nil {
			return nil, nil, err
		}
		var faults electoral.Faults
		out := make([]Line, 0, len(rulings))
		for i, r := range rulings {
			l, told, err := e.ruled(ctx, w, h, r)
			if err != nil {
				return nil, nil, err
			}
			for _, f := range told {
				f.Path = "rulings[" + strconv.Itoa(i) + "]." + f.Path
				faults = append(faults, f)
			}
			if told.Err() == nil {
				out = append(out, l)
			}
		}
		if err := faults.Err(); err != nil {
			return nil, nil, err
		}
		for _, l := range out {
			if err := e.keep(ctx, w, h, l); err != nil {
				return nil, nil, err
			}
		}
		return out, faults, nil
	})
}

// asked judges the form of the rulings; days that do not exist could not be kept.
func asked(rulings []Ruling) electoral.Faults {
	var out electoral.Faults
	if n := len(rulings); n == 0 || n > maxRulings {
		out = append(out, electoral.NewFault(electoral.LineIncomplete.In("count"), "rulings", strconv.Itoa(n),
			electoral.Args{"most": strconv.Itoa(maxRulings)}))
		return out
	}
	seen := map[string]bool{}
	for i, r := range rulings {
		path := "rulings[" + strconv.Itoa(i) + "]."
		if seen[r.Line] {
			out = append(out, electoral.NewFault(electoral.LineStep.In("twice"), path+"line", shown(r.Line), nil))
		}
		seen[r.Line] = true
		for _, f := range r.Decision.form() {
			f.Path = path + f.Path
			out = append(out, f)
		}
	}
	return out
}

// form judges a decision by itself.
func (d LineDecision) form() electoral.Faults {
	var out electoral.Faults
	fault := func(c electoral.Cause, path, value string) {
		out = append(out, electoral.NewFault(c, path, value, nil))
	}
	if !slices.Contains([]Verdict{Accept, Reject, Withdraw, Reopen}, d.Verdict) {
		fault(electoral.LineStep.In("verdict"), "decision.verdict", shown(string(d.Verdict)))
	}
	reason := strings.TrimSpace(d.Reason)
	if (d.Verdict == Reject || d.Verdict == Withdraw) && utf8.RuneCountInString(reason) < 3 {
		fault(electoral.LineIncomplete.In("reason"), "decision.reason", "")
	}
	if !legible(d.Reason, 2_000) {
		fault(electoral.LineIncomplete.In("text"), "decision.reason", shown(d.Reason))
	}
	if !legible(d.Section, electoral.MaxText) {
		fault(electoral.LineIncomplete.In("section"), "decision.section", shown(d.Section))
	}
	if len(d.KeptVotes) > maxEvidence {
		fault(electoral.LineIncomplete.In("kept"), "decision.keptVotes", strconv.Itoa(len(d.KeptVotes)))
	}
	if !d.Day.IsZero() && (!d.Day.Complete() || !d.Day.Valid()) {
		fault(electoral.LineIncomplete.In("day"), "decision.day", d.Day.String())
	}
	if r := d.Recovery; r != nil && !legible(r.Act, electoral.MaxText) {
		fault(electoral.LineIncomplete.In("recovery"), "decision.recovery.act", shown(r.Act))
	}
	if r := d.Recovery; r != nil && !r.Day.IsZero() && !r.Day.Valid() {
		fault(electoral.LineIncomplete.In("day"), "decision.recovery.day", r.Day.String())
	}
	for _, v := range d.KeptVotes {
		if !v.Day.Complete() || !v.Day.Valid() {
			fault(electoral.LineIncomplete.In("day"), "decision.keptVotes", v.Day.String())
		}
	}
	if len(d.Evidence) > maxEvidence {
		fault(electoral.LineIncomplete.In("evidence"), "decision.evidence", strconv.Itoa(len(d.Evidence)))
	}
	for i, ev := range d.Evidence {
		if ev.Source != FromDocument || strings.TrimSpace(ev.Text) == "" || !legible(ev.Text, electoral.MaxText) ||
			!legible(ev.Reference, electoral.MaxText) {
			fault(electoral.LineIncomplete.In("evidence"), "decision.evidence["+strconv.Itoa(i)+"]", "")
		}
	}
	return out
}

// legible reports whether a text has at most some characters and none that a page
// cannot show.
func legible(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && strings.IndexFunc(s, func(r rune) bool {
		return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Zl, unicode.Zp)
	}) < 0
}

// active returns a revision in which lines may be decided.
func (e *Engine) active(ctx context.Context, rd registry.Reader, comune, id string) (Header, error) {
	h, err := headerOf(ctx, rd, comune, id)
	if err == nil && h.State != Active {
		err = electoral.Faults{revisionState(h, "")}
	}
	return h, err
}

// revisionState refuses a step in the state of a revision.
func revisionState(h Header, name string) electoral.Fault {
	return electoral.NewFault(electoral.RevisionStep.In(name), "revision.state", string(h.State),
		electoral.Args{"state": h.State.Italian()})
}

// ruled returns a line as a ruling makes it.
func (e *Engine) ruled(ctx context.Context, w registry.Writer, h Header, r Ruling) (Line, electoral.Faults, error) {
	l, err := lineOf(ctx, w, h, r.Line)
	if faults, ok := errors.AsType[electoral.Faults](err); ok {
		return l, faults, nil
	}
	if err != nil {
		return l, nil, err
	}
	if l.Version != r.Version {
		return l, electoral.Faults{electoral.NewFault(electoral.LineChanged, "version", strconv.Itoa(r.Version),
			electoral.Args{"version": strconv.Itoa(l.Version), "state": l.State.Italian()})}, nil
	}
	if !mayRule(l, r.Decision.Verdict) {
		return l, electoral.Faults{electoral.NewFault(electoral.LineStep, "decision.verdict", string(r.Decision.Verdict),
			electoral.Args{"state": l.State.Italian()})}, nil
	}
	var told electoral.Faults
	if r.Decision.Verdict == Accept {
		if told, err = e.acceptable(ctx, w, h, &l, r.Decision); err != nil || told.Err() != nil {
			return l, told, err
		}
		for _, f := range told { // the minute says on which doubts it was accepted
			if !slices.ContainsFunc(l.Doubts, func(o electoral.Fault) bool {
				return o.Code == f.Code && o.Case == f.Case
			}) {
				l.Doubts = append(l.Doubts, f)
			}
		}
	}
	e.decide(&l, h, r.Decision)
	return l, told, nil
}

// mayRule reports whether a line may be decided so where it stands.
func mayRule(l Line, v Verdict) bool {
	switch l.State {
	case LineOpen:
		return v == Accept || v == Reject || v == Withdraw && (l.Added || len(l.Refused) > 0)
	case LineLate:
		return v == Accept || v == Reject // what may still be done says why not
	case LineAccepted:
		return v == Withdraw || v == Reopen
	case LineRejected, LineWithdrawn:
		return v == Reopen
	}
	return false
}

// decide writes the decision into the line.
func (e *Engine) decide(l *Line, h Header, d LineDecision) {
	l.Version++
	l.Changed = e.calendar.Now()
	if d.Verdict != Accept {
		d = LineDecision{Verdict: d.Verdict, Reason: d.Reason, Evidence: d.Evidence}
	}
	l.Decision, l.Decided, l.Sitting = d, e.calendar.Today(), 0
	switch d.Verdict {
	case Accept:
		l.State, l.Refused = LineAccepted, nil
		if d.Effect != "" {
			l.Effect = d.Effect
		}
		l.Section = orText(d.Section, l.Section)
	case Reject:
		l.State, l.Sitting = LineRejected, e.sitting(h)
	case Withdraw:
		l.State, l.Sitting = LineWithdrawn, e.sitting(h)
	case Reopen:
		l.State, l.Decision, l.Decided = LineOpen, LineDecision{}, electoral.Date{}
		if len(l.Choices) > 0 {
			l.Effect = "" // he chooses anew
		}
	}
}

// sitting returns the number of the sitting of today: a sitting is a day.
func (e *Engine) sitting(h Header) int {
	if n := len(h.Sittings); n > 0 && h.Sittings[n-1] == e.calendar.Today() {
		return n
	}
	return len(h.Sittings) + 1
}

// acceptable judges whether a line may be accepted, and gives it what the decision
// adds. The warnings stay with the line.
func (e *Engine) acceptable(ctx context.Context, rd registry.Reader, h Header, l *Line,
	d LineDecision) (electoral.Faults, error) {
	var out electoral.Faults
	fault := func(c electoral.Cause, path, value string) {
		out = append(out, electoral.NewFault(c, path, value, nil))
	}
	effect := l.Effect
	switch {
	case d.Effect != "" && !slices.Contains(append(slices.Clone(l.Choices), l.Effect), d.Effect):
		fault(electoral.LineIncomplete.In("choice"), "decision.effect", shown(string(d.Effect)))
	case d.Effect != "":
		effect = d.Effect
	case effect == "":
		fault(electoral.LineIncomplete.In("choice"), "decision.effect", "")
	}
	if l.Step == 0 { // the certifiability of one who is enrolled has no term
		told, err := e.admitted(h, *l, effect, e.calendar.Today())
		if err != nil {
			return nil, err
		}
		out = append(told, out...)
	}
	if l.Cause == CourtOrder && len(d.Evidence) == 0 {
		fault(electoral.LineIncomplete.In("order"), "decision.evidence", "")
	}
	if effect == RecoverRight && d.Recovery == nil {
		fault(electoral.LineIncomplete.In("recovery"), "decision.recovery", "")
	}
	if len(d.KeptVotes) > 0 && effect != Remove {
		fault(electoral.LineIncomplete.In("kept"), "decision.keptVotes", "")
	}
	if d.Elector != nil && (effect != Enrol || d.Elector.ANPRID != l.ANPRID) {
		fault(electoral.LineIncomplete.In("elector"), "decision.elector", "")
	}
	if l.Code = codeOf(*l, effect, e.cfg.DeathCode); effect == Remove && l.Code == 0 {
		fault(electoral.LineFit, "line.cause", string(l.Cause))
	}
	needs := effect == Enrol && d.Elector == nil || effect == MoveSection || effect == Attest ||
		effect == CarryOut && l.Code == 0
	section := orText(d.Section, l.Section)
	if needs && section == "" {
		fault(electoral.LineIncomplete.In("section"), "decision.section", "")
	} else if needs {
		_, err := rd.Section(ctx, h.Comune, section)
		switch {
		case errors.Is(err, electoral.ErrNotFound):
			out = append(out, electoral.NewFault(electoral.SectionNotFound, "decision.section", section,
				electoral.Args{"section": section, "comune": e.cfg.Checker.Tables().ComuneLabel(h.Comune)}))
		case err != nil:
			return nil, err
		}
	}
	return out, nil
}

// admitted judges whether a line is in time that was decided on a day: by its cause
// or, for an attestation, by the days for these. It also judges whether the lists are
// blocked today.
func (e *Engine) admitted(h Header, l Line, effect Effect, decided electoral.Date) (electoral.Faults, error) {
	s, err := e.Schedule(h)
	if err != nil {
		return nil, err
	}
	if step, ok := s.Step(StepAttestations); ok && effect == Attest && !decided.Before(step.From) &&
		!decided.After(step.Day) {
		return nil, nil
	}
	s = forList(s, l.List)
	out := electoral.Faults(CheckAdmission(h.Kind, l.Cause, s, l.judged(decided)))
	today := e.calendar.Today()
	if step, ok := s.Step(StepBlocked); ok && out.Err() == nil && !today.Before(step.From) && !today.After(step.Day) {
		out = CheckAdmission(h.Kind, l.Cause, s, today)
	}
	return out, nil
}

// codeOf returns ANPR's code of a line whose effect is known.
func codeOf(l Line, effect Effect, deathCode electoral.RemovalCode) electoral.RemovalCode {
	switch {
	case effect == CarryOut:
		return l.Code
	case effect != Remove:
		return 0
	case l.Code != 0:
		return l.Code
	}
	return removalCode(l.List, removalCause(l), deathCode)
}

// removalCode returns ANPR's code of a removal from a list, zero if there is none;
// deathCode is that of the registry's configuration.
func removalCode(l electoral.List, c electoral.RemovalCause, deathCode electoral.RemovalCode) electoral.RemovalCode {
	if c == electoral.CauseDied && l != electoral.GeneralList && deathCode != 0 {
		return deathCode
	}
	code, _ := electoral.RemovalCodeOf(l, c)
	return code
}

// removalCause returns the cause of a removal as the registry knows it.
func removalCause(l Line) electoral.RemovalCause {
	switch l.Cause {
	case Death:
		return electoral.CauseDied
	case MovedOut:
		return electoral.CauseMoved
	case Untraceable:
		return electoral.CauseUntraceable
	case RightLost:
		return electoral.CauseRightLost
	case TermEnded:
		return electoral.CauseResidenceReached
	}
	return electoral.CauseOther
}

// keep writes a line that was decided, with the documents of the decision.
func (e *Engine) keep(ctx context.Context, w registry.Writer, h Header, l Line) error {
	if len(l.Decision.Evidence) > 0 {
		list, err := evidenceOf(ctx, w, h.Comune, l)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(ev Evidence) bool { return ev.Source == FromDocument })
		if err := putEvidence(ctx, w, h.Comune, l, append(list, l.Decision.Evidence...), time.Time{}); err != nil {
			return err
		}
		l.Decision.Evidence = nil
	}
	return putLine(ctx, w, h.Comune, l, time.Time{})
}

// An Addition is a line that an officer adds: it is accepted as it stands.
type Addition struct {
	ANPRID string         `json:"anprId"`
	Cause  Cause          `json:"cause"`
	Effect Effect         `json:"effect"`
	List   electoral.List `json:"list"`
	// Decision says the rest; its Verdict and Effect are not looked at.
	Decision LineDecision `json:"decision"`
}

// Add adds a line to a revision: what the proposals could not know, such as a
// judgment. A line about the same person, cause and list that is there already is
// decided by [Engine.Decide], unless it was applied: then another is added. Add
// returns the line with the warnings.
//
// Codes: of every service, of a change; REG-COM-01, REG-PER-01, REG-SEZ-01,
// REV-CAL-01/02/03/04/05/06/07/08/09, REV-LIN-01/03/04/05, REV-RIV-01/03,
// VOT-DAT-01/02.
func (e *Engine) Add(ctx context.Context, req electoral.Request, comune, id string,
	q Addition) (Line, electoral.Faults, error) {
	q.Decision.Verdict, q.Decision.Effect = Accept, ""
	l := Line{Revision: id, Version: 1, ANPRID: q.ANPRID, Cause: q.Cause, Effect: q.Effect, List: q.List, Added: true,
		State: LineOpen, Law: articleOf(q.Cause, q.List)}
	l.ID = lineID(id, &l)
	call := registry.Call{Request: req, Operation: electoral.OpAddLine, Comune: comune, Subject: q.ANPRID,
		Refused: unfit(append(q.check(), q.Decision.form()...), "decision", q.Decision), Payload: struct {
			Revision string
			Line     Addition
		}{id, q}}
	return registry.Perform(ctx, e.made().registry, call, func(w registry.Writer) (Line, electoral.Faults, error) {
		h, err := e.active(ctx, w, comune, id)
		if err != nil {
			return Line{}, nil, err
		}
		l := l
		if l.ID, err = e.freeID(ctx, w, h, l.ID); err != nil {
			return Line{}, nil, err
		}
		s, err := e.subject(ctx, w, q.ANPRID)
		if err != nil {
			return Line{}, nil, err
		}
		if s.person == nil && (s.elector == nil || q.Effect != Remove) {
			return Line{}, nil, electoral.Faults{electoral.NewFault(electoral.PersonUnknown, "anprId", q.ANPRID, nil)}
		}
		if s.elector != nil {
			en, _ := s.elector.EnrolmentIn(q.List)
			l.From = en.Section
		}
		schedule, err := e.Schedule(h)
		if err != nil {
			return Line{}, nil, err
		}
		if step, ok := deadline(schedule, l); ok {
			l.Deadline = step.Day
		}
		l.Facts = factsOf(s)
		told, err := e.acceptable(ctx, w, h, &l, q.Decision)
		if err = join(err, told.Err()); err != nil {
			return Line{}, nil, err
		}
		l.Doubts = told
		e.decide(&l, h, q.Decision)
		return l, told, e.keep(ctx, w, h, l)
	})
}

// freeID returns an id for a line that is added: that of its person, cause and list
// or, if a line about them was applied already, another.
func (e *Engine) freeID(ctx context.Context, rd registry.Reader, h Header, id string) (string, error) {
	free := id
	for n := 2; ; n++ {
		there, err := lineOf(ctx, rd, h, free)
		switch {
		case errors.Is(err, electoral.LineNotFound):
			return free, nil
		case err != nil:
			return "", err
		case there.State != LineApplied:
			return "", electoral.Faults{electoral.NewFault(electoral.LineStep.In("there"), "line", there.ID,
				electoral.Args{"state": there.State.Italian()})}
		}
		free = id + "." + strconv.Itoa(n)
	}
}

func join(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// subject reads a person as he stands now.
func (e *Engine) subject(ctx context.Context, rd registry.Reader, anprID string) (subject, error) {
	persons, err := personsOf(ctx, e.cfg.Population, []electoral.Elector{{ANPRID: anprID}})
	if err != nil {
		return subject{}, fmt.Errorf("revision: %w", err)
	}
	return subjectOf(ctx, rd, persons, anprID)
}

// check judges whether cause, effect and list of an added line go together.
func (q Addition) check() electoral.Faults {
	var out electoral.Faults
	if !electoral.ValidANPRID(q.ANPRID) {
		out = append(out, electoral.NewFault(electoral.IDMalformed, "anprId", shown(q.ANPRID), nil))
	}
	if !slices.Contains(electoral.Lists(), q.List) {
		out = append(out, electoral.NewFault(electoral.LineFit.In("list"), "line.list", shown(string(q.List)), nil))
	}
	if !slices.Contains(effectsOf(q.Cause), q.Effect) {
		out = append(out, electoral.NewFault(electoral.LineFit, "line.cause", shown(string(q.Cause)), nil))
	}
	return out
}

// effectsOf returns the effects that a line added for a cause may have.
func effectsOf(c Cause) []Effect {
	switch c {
	case TurnsEighteen, MovedIn, Restored:
		return []Effect{Enrol}
	case RightAcquired:
		return []Effect{Enrol, RecoverRight, Attest}
	case Untraceable, Death, MovedOut, TermEnded, EUEnded:
		return []Effect{Remove}
	case CitizenshipLost, RightLost:
		return []Effect{LoseRight, Remove}
	case OtherSection:
		return []Effect{MoveSection}
	case UnderAge:
		return []Effect{StrikeOff}
	case CourtOrder:
		return []Effect{Enrol, Remove, LoseRight, RecoverRight, MoveSection}
	}
	return nil
}
