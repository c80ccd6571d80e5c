package registry

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
)

// A RemovalRequest asks to remove a person from a list ("cancellazione"): it
// gives the list and the cause or, as ANPR's message does, a code.
type RemovalRequest struct {
	ANPRID string
	// List is the list that he leaves. It may be empty with a Code, which names
	// it (7 the one added list that he is in), and with the causes died and sent
	// by mistake: these then concern every list of the comune.
	List electoral.List
	// Cause is why; it may be empty with a Code.
	Cause electoral.RemovalCause `json:",omitzero"`
	// Code is ANPR's; zero means the one that follows from list and cause. The
	// code of another list than List is refused.
	Code electoral.RemovalCode
	// Day is the day from which the removal takes effect ("data decorrenza");
	// zero means today. It is not before he was 17 nor more than six months
	// ahead: no later than the next semestral revision takes effect.
	Day electoral.Date
	// Note goes to ANPR with the code; up to 240 characters, no personal data
	// that the removal does not need.
	Note string
	// KeptVotes let him, when he leaves the general list, take part in votes of
	// the coming year in the section that he leaves: one for each consultation
	// of a day. Comune and Section may be empty.
	KeptVotes []electoral.KeptVote `json:",omitempty"`
}

// annuls reports whether a request takes back what was sent by mistake.
func (q RemovalRequest) annuls() bool {
	return q.Cause == electoral.CauseSentByMistake || q.Code == electoral.Annulment
}

// A departure is one list that a removal concerns, with what is recorded.
type departure struct {
	list  electoral.List
	code  electoral.RemovalCode
	cause electoral.RemovalCause
}

// Remove removes a person from lists of the officer's comune, and returns what
// remains registered of him, with the warnings. He keeps one [electoral.Removal]
// for each list that he left; a death is one for each list, those of the Union
// first, then an added list, the general list last.
//
// A removal usually changes neither the capacity nor the status: a person who
// emigrates remains an elector, and the next comune enrols him. There are two
// exceptions. Code 9, the loss of the right with a transfer, takes capacity,
// status and certifiability, and records the loss ([electoral.CapacityLoss]).
// And an elector without a general list who leaves a list for citizens of the
// Union loses the status that follows from that list. What was sent by mistake
// leaves nothing: an elector left in no list is deleted, as if he had never been
// registered, unless a loss, a kept vote or an earlier removal is on record.
//
// A removal that was itself wrong is mended by a new enrolment in the list,
// which takes it away. Other faults of the record do not stop a removal, which
// may be the only way to mend it. The comuni that wait for the removal see it in
// their conflicts ([Conflict]). If an elector leaves a list for the European
// Parliament because he moved, the comune of his residence gets an [Application]
// to enrol him ex officio.
//
// Codes: of every service, of a change; REG-CAN-02/03/04/05/06/07/08/09/10/11/12,
// REG-COM-01, REG-ELE-01, REG-PER-01/02.
func (r *Registry) Remove(ctx context.Context, req electoral.Request,
	q RemovalRequest) (electoral.Elector, electoral.Faults, error) {
	op := electoral.OpRemove
	if q.annuls() {
		op = electoral.OpAnnul
	}
	a := r.beginAbout(ctx, req, op, req.Actor.Comune, q.ANPRID)
	a.takes("removal", q)
	return perform(ctx, a, append(a.officerOf(req.Actor.Comune), q.impossible()...), q,
		func(w Writer) (electoral.Elector, electoral.Faults, error) {
			return a.remove(ctx, w, q)
		})
}

func (a *action) remove(ctx context.Context, w Writer,
	q RemovalRequest) (electoral.Elector, electoral.Faults, error) {
	person, old, err := a.known(ctx, w, q.ANPRID)
	if err != nil {
		return electoral.Elector{}, nil, err
	}
	if !old.known() {
		return electoral.Elector{}, nil, electoral.Faults{unknownElector(q.ANPRID)}
	}
	if faults := a.r.mayRead(a.req.Actor, person, old, a.today()); faults != nil {
		return electoral.Elector{}, nil, faults
	}
	leaving, faults := a.departures(old.elector, q)
	if utf8.RuneCountInString(q.Note) > maxRemovalNote {
		faults = append(faults, electoral.NewFault(electoral.RemovalNoteTooLong, "removal.note", "", nil))
	}
	faults = append(faults, a.checkVotes(old.elector, leaving, q)...)
	faults = append(faults, a.checkDay(person, q.Day)...)
	if err := faults.Err(); err != nil {
		return electoral.Elector{}, nil, err
	}
	e := a.without(old.elector, leaving, q)
	faults = append(append(faults, old.stillThere()...), a.doubts(old, person, leaving)...)
	faults = append(faults, a.votesTold(e, q)...)
	early, err := a.beforeLast(ctx, w, q)
	if err != nil {
		return electoral.Elector{}, nil, err
	}
	if err := a.putRemoved(ctx, w, old, e, q); err != nil {
		return electoral.Elector{}, nil, err
	}
	if slices.ContainsFunc(leaving, func(d departure) bool {
		return d.list == electoral.EUParliamentList && (d.cause == electoral.CauseMoved || d.cause == "")
	}) {
		if err := a.moveEuropean(ctx, w, person); err != nil {
			return electoral.Elector{}, nil, err
		}
	}
	return e, append(faults, early...), nil
}

// maxRemovalNote is the length in characters of ANPR's tipoNote.
const maxRemovalNote = 240

// departures finds the lists of a request and judges them.
func (a *action) departures(old electoral.Elector, q RemovalRequest) ([]departure, electoral.Faults) {
	switch {
	case q.Code == 0 && q.Cause == "":
		return nil, electoral.Faults{electoral.NewFault(electoral.RemovalCodeUnknown.In("missing"), "removal.cause", "",
			nil)}
	case q.Code != 0 && !slices.Contains(electoral.RemovalCodes(), q.Code):
		return nil, electoral.Faults{electoral.NewFault(electoral.RemovalCodeUnknown, "removal.code",
			strconv.Itoa(int(q.Code)), nil)}
	case q.Cause != "" && !slices.Contains(electoral.RemovalCauses(), q.Cause):
		return nil, electoral.Faults{electoral.NewFault(electoral.RemovalCodeUnknown.In("cause"), "removal.cause",
			string(q.Cause), nil)}
	}
	lists := a.listsOf(old, q)
	if len(lists) == 0 {
		return nil, electoral.Faults{electoral.NewFault(electoral.RemovalList, "removal.list", string(q.List),
			electoral.Args{"comune": a.r.label(a.req.Actor.Comune)})}
	}
	var leaving []departure
	var faults electoral.Faults
	for _, l := range lists {
		faults = append(faults, a.mayLeave(old, l, q)...)
		d, f := a.r.departureFrom(l, q)
		leaving, faults = append(leaving, d), append(faults, f...)
	}
	return leaving, faults
}

// listsOf returns the lists that a request concerns; none if that is not clear.
func (a *action) listsOf(old electoral.Elector, q RemovalRequest) (lists []electoral.List) {
	whole := q.Code == 0 && (q.Cause == electoral.CauseDied || q.Cause == electoral.CauseSentByMistake) ||
		q.Code == electoral.DeathOfElector && a.r.deathCode == electoral.DeathOfElector
	switch {
	case q.List != "":
		return []electoral.List{q.List}
	case q.Code == electoral.FromTerritorialList:
		for _, l := range q.Code.Lists() {
			if _, in := old.EnrolmentIn(l); in {
				lists = append(lists, l)
			}
		}
		if len(lists) > 1 {
			return nil
		}
		return lists
	case q.Code != 0 && !whole:
		return q.Code.Lists()
	case whole:
		for _, l := range leavingOrder() {
			if en, in := old.EnrolmentIn(l); in && en.Comune == a.req.Actor.Comune {
				lists = append(lists, l)
			}
		}
	}
	return lists
}

// leavingOrder is the order in which ANPR wants the lists left: those of the
// Union and the added ones before the general list.
func leavingOrder() []electoral.List {
	return []electoral.List{electoral.EUComunalList, electoral.EUParliamentList, electoral.BolzanoList,
		electoral.TrentoList, electoral.AostaValleyList, electoral.GeneralList}
}

// mayLeave judges whether the elector is in a list of the officer's comune.
func (a *action) mayLeave(old electoral.Elector, l electoral.List, q RemovalRequest) electoral.Faults {
	en, in := old.EnrolmentIn(l)
	if in && en.Comune == a.req.Actor.Comune {
		return nil
	}
	if in {
		return electoral.Faults{a.r.notCompetent(l.Path()+comuneField(l), en.Comune, a.req.Actor)}
	}
	if r, removed := old.RemovalFrom(l); removed && q.annuls() {
		return electoral.Faults{electoral.NewFault(electoral.RemovalList.In("removed"), "removal.list", string(l),
			electoral.Args{"list": l.Italian(), "comune": a.r.label(r.Comune), "reason": r.Italian()})}
	}
	return electoral.Faults{electoral.NewFault(electoral.RemovalList.In("not-in"), "removal.list", string(l),
		electoral.Args{"list": l.Italian()})}
}

// departureFrom judges code and cause for a list, and returns what is recorded.
func (r *Registry) departureFrom(l electoral.List, q RemovalRequest) (departure, electoral.Faults) {
	d := departure{list: l, code: q.Code, cause: q.Cause}
	var faults electoral.Faults
	byCause, leaves := electoral.RemovalCodeOf(l, q.Cause)
	if q.Cause == electoral.CauseDied && l != electoral.GeneralList && r.deathCode != 0 {
		byCause = r.deathCode
	}
	if q.Cause != "" && !leaves {
		faults = append(faults, electoral.NewFault(electoral.RemovalCodeOfList.In("cause"), "removal.cause",
			string(q.Cause), electoral.Args{"reason": q.Cause.Italian(), "list": l.Italian()}))
	}
	if q.Code == 0 {
		d.code = byCause
		return d, faults
	}
	code := strconv.Itoa(int(q.Code))
	death := q.Code == electoral.DeathOfElector && l != electoral.GeneralList && r.deathCode == q.Code
	switch {
	case !death && !slices.Contains(q.Code.Lists(), l):
		faults = append(faults, electoral.NewFault(electoral.RemovalCodeOfList, "removal.code", code,
			electoral.Args{"reason": q.Code.Italian(), "list": l.Italian(), "codes": codesOf(l)}))
	case q.Cause == "":
		d.cause = q.Code.Cause()
	case leaves && q.Code.Cause() != "" && q.Code.Cause() != q.Cause:
		faults = append(faults, electoral.NewFault(electoral.RemovalCodeOfList.In("disagree"), "removal.code", code,
			electoral.Args{"reason": q.Code.Italian(), "cause": q.Cause.Italian()}))
	}
	return d, faults
}

// codesOf writes the codes of a list.
func codesOf(l electoral.List) string {
	var codes []string
	for _, c := range electoral.RemovalCodes() {
		if slices.Contains(c.Lists(), l) {
			codes = append(codes, strconv.Itoa(int(c)))
		}
	}
	return strings.Join(codes, ", ")
}

// without returns what a removal leaves of an elector.
func (a *action) without(old electoral.Elector, leaving []departure, q RemovalRequest) electoral.Elector {
	e := old.Clone()
	day := q.Day
	if day.IsZero() {
		day = a.today()
	}
	left := func(l electoral.List) bool {
		return slices.ContainsFunc(leaving, func(d departure) bool { return d.list == l })
	}
	for _, d := range leaving {
		if d.list == electoral.GeneralList {
			e.General = nil
		} else {
			e.SetListEntry(d.list, electoral.AddedList{Enrolled: electoral.No})
		}
		if d.cause == electoral.CauseSentByMistake {
			continue
		}
		e.SetRemoval(electoral.Removal{Comune: a.req.Actor.Comune, List: d.list, Code: d.code, Cause: d.cause, Day: day,
			Note: q.Note})
		lost := d.code == electoral.RightLostWithTransfer
		if lost {
			e.LoseCapacity()
			e.Loss = &electoral.CapacityLoss{Day: day, Comune: a.req.Actor.Comune}
		}
		if lost || d.cause == electoral.CauseDied { // they vote nowhere
			e.KeptVotes = nil
		}
	}
	for _, v := range q.KeptVotes {
		v.Comune, v.Section = a.req.Actor.Comune, old.General.Section
		e.KeepVote(v)
	}
	if e.General == nil && left(electoral.EUParliamentList) {
		e.Status.EuropeanParliament = electoral.No
	}
	if e.General == nil && left(electoral.EUComunalList) {
		e.Status.Comunal, e.Status.District = electoral.No, electoral.No
	}
	return e
}

// putRemoved writes e, what a removal leaves of an elector. An annulment that
// leaves him in no list deletes him, if the acting comune registered him and
// nothing else is to be remembered of him.
func (a *action) putRemoved(ctx context.Context, w Writer, old position, e electoral.Elector, q RemovalRequest) error {
	next := position{elector: e, home: old.home}
	if !q.annuls() || len(listsOf(e)) > 0 || old.home != a.comune {
		return a.put(ctx, w, old, next)
	}
	if home := keeperBeside(e, a.comune); home != "" {
		var err error
		if next.home, err = heirOf(ctx, w, home); err != nil {
			return err
		}
		return a.put(ctx, w, old, next)
	}
	if len(e.Removals) > 0 || len(e.KeptVotes) > 0 || e.Loss != nil {
		return a.put(ctx, w, old, next)
	}
	if err := w.RemoveElector(ctx, e.ANPRID); err != nil {
		return err
	}
	if err := a.note(ctx, w, old, next); err != nil {
		return err
	}
	return a.settleConflicts(ctx, w, e)
}

// keeperBeside returns another comune that removed an elector, keeps him a vote
// or registered the loss of his right, under which he stays when one comune has
// no more to do with him; empty if there is none.
func keeperBeside(e electoral.Elector, comune string) string {
	var others []string
	for _, r := range e.Removals {
		others = append(others, r.Comune)
	}
	for _, v := range e.KeptVotes {
		others = append(others, v.Comune)
	}
	if e.Loss != nil {
		others = append(others, e.Loss.Comune)
	}
	if i := slices.IndexFunc(others, func(c string) bool { return c != comune }); i >= 0 {
		return others[i]
	}
	return ""
}
