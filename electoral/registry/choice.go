package registry

import (
	"context"
	"errors"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// The states of a choice, as its record has them.
const (
	choiceStands    = "stands"
	choiceWithdrawn = "withdrawn"
	choiceMoved     = "moved" // with the person, to another comune
)

// RecordChoice records how an elector of the officer's comune votes in one vote
// other than in his section: an option for Italy, which reached the consulate, a
// vote by post of who is temporarily abroad, a vote at home, in hospital, in
// detention, on service or at sea. q's ID and Withdrawn are not looked at. A
// choice that arrived after its term, that the person or the vote does not admit, of
// somebody who does not vote in this comune, or that is the second for the same vote
// is refused; who opted for Italy may then be admitted to vote in hospital or another
// such place. It is kept until the vote is over and then for [Retention].Closed.
// RecordChoice returns the choice and the warnings.
//
// Codes: of every service, of a change, of a vote; REG-COM-01, REG-ELE-01, REG-PER-01,
// VOT-DAT-01/02, VOT-SCE-01/02/03/04/05.
func (r *Registry) RecordChoice(ctx context.Context, req electoral.Request,
	q electoral.VotingChoice) (electoral.VotingChoice, electoral.Faults, error) {
	a := r.beginAbout(ctx, req, electoral.OpRecordChoice, req.Actor.Comune, q.ANPRID)
	q.ID, q.Comune, q.Withdrawn = "", a.comune, electoral.Date{}
	a.takes("choice", q)
	return perform(ctx, a, append(a.officerOf(a.comune), choiceDays(q)...), q,
		func(w Writer) (electoral.VotingChoice, electoral.Faults, error) {
			faults, vote, err := a.judgeChoice(ctx, w, q)
			if err == nil {
				err = faults.Err()
			}
			if err != nil {
				return electoral.VotingChoice{}, nil, err
			}
			q.ID = newRecordID(a.at)
			return q, faults, a.putChoice(ctx, w, q, choiceStands, vote)
		})
}

// choiceDays refuses days that do not exist, which no request can carry.
func choiceDays(q electoral.VotingChoice) electoral.Faults {
	var faults electoral.Faults
	if !q.Day.Complete() || !q.Day.Valid() {
		faults = append(faults, electoral.NewFault(electoral.VoteDay, "choice.day", q.Day.String(), nil))
	}
	if !q.Received.Complete() || !q.Received.Valid() {
		faults = append(faults, noSuchDay(q.Received))
	}
	return faults
}

// noSuchDay refuses a day of arrival that does not exist or is still to come.
func noSuchDay(d electoral.Date) electoral.Fault {
	return electoral.NewFault(electoral.ChoiceDay.In("missing"), "choice.received", d.String(), nil)
}

func (a *action) putChoice(ctx context.Context, w Writer, q electoral.VotingChoice, state string,
	v electoral.Vote) error {
	return putRecord(ctx, w, Record{
		Comune: a.comune, Book: ChoiceBook, ID: q.ID, Subject: q.ANPRID, State: state, At: a.at,
		Expires: a.r.calendar.Begins(v.Last().AddDays(1)).Add(a.r.retention.Closed),
	}, q)
}

// judgeChoice returns the faults of a choice and the vote that it is for.
func (a *action) judgeChoice(ctx context.Context, w Writer,
	q electoral.VotingChoice) (electoral.Faults, electoral.Vote, error) {
	var faults electoral.Faults
	fault := func(c electoral.Cause, path, value string, args electoral.Args) {
		faults = append(faults, electoral.NewFault(c, path, value, args))
	}
	vote, called := a.r.voteOf(a.comune, q.Consultation, q.Day)
	faults = append(faults, vote.Check()...)
	person, old, err := a.present(ctx, w, q.ANPRID)
	if err != nil {
		return nil, vote, err
	}
	if !old.known() {
		return electoral.Faults{unknownElector(q.ANPRID)}, vote, nil
	}
	switch l, place, in := rules.PlaceOf(&old.elector, vote); {
	case faults.Err() != nil:
	case !in:
		fault(electoral.VoterNotInList, l.Path(), "",
			electoral.Args{"list": l.Italian(), "consultation": q.Consultation.Italian()})
	case place.Comune != a.comune:
		faults = append(faults, a.r.notCompetent("anprId", place.Comune, a.req.Actor))
	}
	if !q.Kind.Known() {
		fault(electoral.ChoiceKindUnknown, "choice.kind", string(q.Kind), nil)
	}
	if faults.Err() != nil {
		return faults, vote, nil
	}
	if vote.Last().Before(a.today()) {
		fault(electoral.ChoiceNotFitting.In("over"), "choice.day", q.Day.String(), nil)
	}
	if a.r.votes != nil && !called {
		fault(electoral.ChoiceNotFitting.In("vote"), "choice.day", q.Day.String(), nil)
	}
	faults = append(faults, fitting(q, person)...)
	faults = append(faults, a.inTerm(q, vote)...)
	list, err := choicesFor(ctx, w, RecordSearch{Comune: a.comune, Subject: q.ANPRID}, vote)
	if err != nil {
		return nil, vote, err
	}
	for _, other := range list {
		if !together(q.Kind, other.Kind) {
			fault(electoral.ChoiceTwice, "choice.kind", string(q.Kind), electoral.Args{"way": other.Kind.Italian()})
		}
	}
	v := a.r.checker.Voting(rules.VotingCase{Elector: &old.elector, Person: &person, Vote: vote, Choices: list})
	faults = append(faults, v.Reasons.Errors()...) // who does not vote is not admitted elsewhere
	if person.Residence == nil && placed(q.Kind) && v.Manner == rules.ByPost {
		fault(electoral.ChoiceNotFitting.In("by-post"), "choice.kind", string(q.Kind), nil)
	}
	return faults, vote, nil
}

// placed reports whether a choice says where in Italy somebody votes.
func placed(k electoral.ChoiceKind) bool {
	return k != electoral.OptionForItaly && k != electoral.TemporarilyAbroad
}

// together reports whether somebody may make two choices for a vote: who opted for
// Italy votes there in hospital too.
func together(a, b electoral.ChoiceKind) bool {
	return a == electoral.OptionForItaly && placed(b) || b == electoral.OptionForItaly && placed(a)
}

// fitting judges whether a person may choose so.
func fitting(q electoral.VotingChoice, p electoral.Person) electoral.Faults {
	var faults electoral.Faults
	option, temporary := q.Kind == electoral.OptionForItaly, q.Kind == electoral.TemporarilyAbroad
	switch {
	case option && (p.Residence != nil || p.Abroad == nil):
		faults = append(faults, electoral.NewFault(electoral.ChoiceNotFitting, "choice.kind", string(q.Kind), nil))
	case temporary && p.Residence == nil:
		faults = append(faults,
			electoral.NewFault(electoral.ChoiceNotFitting.In("resident"), "choice.kind", string(q.Kind), nil))
	}
	if (option || temporary) && !rules.Postal(q.Consultation) {
		faults = append(faults, electoral.NewFault(electoral.ChoiceNotFitting.In("consultation"), "choice.consultation",
			string(q.Consultation), electoral.Args{"consultation": q.Consultation.Italian()}))
	}
	return faults
}

// inTerm judges the day on which a choice arrived.
func (a *action) inTerm(q electoral.VotingChoice, v electoral.Vote) electoral.Faults {
	path, value := "choice.received", q.Received.String()
	if q.Received.After(a.today()) {
		return electoral.Faults{noSuchDay(q.Received)}
	}
	first, last, known := rules.ChoiceTerm(q.Kind, v)
	args := electoral.Args{"received": q.Received.Italian(), "first": first.Italian(), "last": last.Italian()}
	switch {
	case !known && q.Kind == electoral.OptionForItaly:
		return electoral.Faults{electoral.NewFault(electoral.ChoiceTermUnknown, path, value, nil)}
	case !known:
		return nil // the law sets no term that is known
	case q.Received.After(last):
		return electoral.Faults{electoral.NewFault(electoral.ChoiceDay.In("after"), path, value, args)}
	case !first.IsZero() && q.Received.Before(first):
		return electoral.Faults{electoral.NewFault(electoral.ChoiceDay, path, value, args)}
	}
	return nil
}

// optionsOf returns the choices of a resident abroad that stand.
func (a *action) optionsOf(ctx context.Context, rd Reader, p electoral.Person) ([]electoral.VotingChoice, error) {
	if p.Residence != nil || p.Abroad == nil {
		return nil, nil
	}
	return choices(ctx, rd, RecordSearch{Subject: p.ANPRID}, func(electoral.VotingChoice) bool { return true })
}

// takeOptions brings the options for Italy of a resident abroad whom this comune
// enrols from the comune that recorded them: they were made to the consulate and
// hold wherever he is enrolled (L. 459/2001, art. 4). What else he chose was for a
// section of that comune.
func (a *action) takeOptions(ctx context.Context, w Writer, anprID string) error {
	list, err := recordsAbout(ctx, w, ChoiceBook, anprID)
	if err != nil {
		return err
	}
	for _, rec := range list {
		if rec.Comune == a.comune || rec.State != choiceStands {
			continue
		}
		var c electoral.VotingChoice
		if err := decodeRecord(rec, &c); err != nil {
			return err
		}
		vote, _ := a.r.voteOf(a.comune, c.Consultation, c.Day)
		if c.Kind != electoral.OptionForItaly || vote.Last().Before(a.today()) {
			continue
		}
		rec.State, rec.At = choiceMoved, a.at
		if err := w.PutRecord(ctx, rec); err != nil {
			return err
		}
		c.Comune = a.comune
		if err := a.putChoice(ctx, w, c, choiceStands, vote); err != nil {
			return err
		}
	}
	return nil
}

// choicesFor returns the choices for a vote that stand.
func choicesFor(ctx context.Context, rd Reader, q RecordSearch, v electoral.Vote) ([]electoral.VotingChoice, error) {
	return choices(ctx, rd, q, func(c electoral.VotingChoice) bool {
		return rules.ChoiceCounts(c, v)
	})
}

// choices returns the choices that stand and that keep accepts.
func choices(ctx context.Context, rd Reader, q RecordSearch,
	keep func(electoral.VotingChoice) bool) ([]electoral.VotingChoice, error) {
	q.Book, q.States = ChoiceBook, []string{choiceStands}
	var list []electoral.VotingChoice
	for rec, err := range rd.Records(ctx, q) {
		if err != nil {
			return nil, err
		}
		var c electoral.VotingChoice
		if err := decodeRecord(rec, &c); err != nil {
			return nil, err
		}
		if keep(c) {
			list = append(list, c)
		}
	}
	return list, nil
}

// WithdrawChoice withdraws a choice that was recorded, as the officer of its
// comune. The day is that on which the withdrawal arrived. An option and the vote by
// post of who is temporarily abroad may be withdrawn in the term in which they are
// made (L. 459/2001, art. 4 and 4-bis), the others to the end of the vote; an option
// only after a choice that goes with it.
//
// Codes: of every service, of a change; REG-COM-01, VOT-SCE-02/03/05/06.
func (r *Registry) WithdrawChoice(ctx context.Context, req electoral.Request, id string,
	day electoral.Date) (electoral.VotingChoice, error) {
	a := r.begin(req, electoral.OpWithdrawChoice, req.Actor.Comune)
	a.takes("choice.id", id)
	admitted := a.officerOf(a.comune)
	if admitted.Err() == nil {
		a.routeRecord(ctx, ChoiceBook, id)
	}
	if !day.Complete() || !day.Valid() {
		admitted = append(admitted, noSuchDay(day))
	}
	payload := struct{ ID, Day string }{id, day.String()}
	c, _, err := perform(ctx, a, admitted, payload,
		func(w Writer) (electoral.VotingChoice, electoral.Faults, error) {
			var c electoral.VotingChoice
			rec, err := w.Record(ctx, a.comune, ChoiceBook, id)
			if errors.Is(err, electoral.ErrNotFound) || err == nil && rec.State != choiceStands {
				return c, nil, electoral.Faults{electoral.NewFault(electoral.ChoiceGone, "choice.id", id, nil)}
			}
			if err == nil {
				err = decodeRecord(rec, &c)
			}
			if err != nil {
				return c, nil, err
			}
			vote, _ := r.voteOf(a.comune, c.Consultation, c.Day)
			if err := a.mayWithdraw(ctx, w, c, vote, day); err != nil {
				return c, nil, err
			}
			c.Withdrawn = day
			return c, nil, a.putChoice(ctx, w, c, choiceWithdrawn, vote)
		})
	return c, err
}

// mayWithdraw judges whether a choice may be withdrawn on a day.
func (a *action) mayWithdraw(ctx context.Context, w Writer, c electoral.VotingChoice, v electoral.Vote,
	day electoral.Date) error {
	late := c
	late.Received = day
	switch {
	case day.After(a.today()):
		return electoral.Faults{noSuchDay(day)}
	case day.Before(c.Received), placed(c.Kind) && day.After(v.Last()):
		args := electoral.Args{"received": day.Italian(), "first": c.Received.Italian(), "last": v.Last().Italian()}
		return electoral.Faults{
			electoral.NewFault(electoral.ChoiceDay.In("withdrawal"), "choice.received", day.String(), args)}
	case placed(c.Kind):
		return nil
	}
	if err := a.inTerm(late, v).Err(); err != nil || c.Kind != electoral.OptionForItaly {
		return err
	}
	list, err := choices(ctx, w, RecordSearch{Comune: a.comune, Subject: c.ANPRID},
		func(o electoral.VotingChoice) bool {
			return placed(o.Kind) && o.Day == c.Day && rules.Postal(o.Consultation)
		})
	if err != nil || len(list) == 0 {
		return err
	}
	return electoral.Faults{electoral.NewFault(electoral.ChoiceTwice, "choice.kind", string(c.Kind),
		electoral.Args{"way": list[0].Kind.Italian()})}
}

// A ChoiceFilter selects choices.
type ChoiceFilter struct {
	// ANPRID selects those of one person; empty means all.
	ANPRID string
	// After is the id after which the answers begin. Limit is the most that are
	// returned, 1 to 1000; zero means 100.
	After string
	Limit int
}

// Choices returns the choices recorded in the officer's comune, withdrawn ones
// too, in the order in which they were recorded.
//
// Codes: of every service; REG-COM-01, REG-CON-06.
func (r *Registry) Choices(ctx context.Context, req electoral.Request,
	f ChoiceFilter) ([]electoral.VotingChoice, error) {
	a := r.begin(req, electoral.OpReadChoices, req.Actor.Comune)
	a.takes("", f)
	q := RecordSearch{Book: ChoiceBook, Comune: a.comune, Subject: f.ANPRID, After: f.After}
	return readBook[electoral.VotingChoice](ctx, a, a.officerOf(a.comune), q, f.Limit)
}

// readChoices reads the choices for the vote of an extraction.
func (e *extractor) readChoices() error {
	list, err := choicesFor(e.ctx, e.rd, RecordSearch{Comune: e.x.Comune}, e.vote)
	if err != nil {
		return err
	}
	e.choices = make(map[string][]electoral.VotingChoice, len(list))
	for _, c := range list {
		e.choices[c.ANPRID] = append(e.choices[c.ANPRID], c)
	}
	return nil
}
