package registry

import (
	"context"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// A RemovalRequest asks to remove a person from a list ("cancellazione").
type RemovalRequest struct {
	ANPRID string
	// List is the list; empty means what the reason says by itself: the general
	// list for 1, 2, 4 and 9, every list of the comune for 3 and 8, and for 5
	// the added list if there is only one.
	List   electoral.List
	Reason electoral.RemovalReason
	// Day is the day from which the removal takes effect ("data decorrenza");
	// zero means today.
	Day electoral.Date
	// Note goes to ANPR with the reason; up to 240 characters, no personal data
	// that the removal does not need.
	Note string
	// StillVotes, if not nil, lets him take part in one more vote in the
	// section that he leaves; its Section may be empty.
	StillVotes *electoral.StillVotes
}

// Remove removes a person from lists of the officer's comune, and returns what
// remains registered of him, with the warnings.
//
// A removal usually changes neither the capacity nor the status: a person who
// emigrates remains an elector, and the next comune enrols him. There are two
// exceptions. Reason 9, the loss of the right with a transfer, takes capacity,
// status and certifiability. And an elector without a general list who leaves a
// list for citizens of the Union loses the status that follows from that list.
// Reason 8 annuls what was sent by mistake: an elector left in no list is
// deleted, as if he had never been registered.
//
// Other faults of the record do not stop a removal, which may be the only way
// to mend it. The comuni that wait for the removal see it in their conflicts
// ([Conflict]). If an elector leaves a list for the European Parliament because
// he moved, the comune of his residence gets an [Application] to enrol him ex
// officio.
func (r *Registry) Remove(ctx context.Context, req electoral.Request,
	q RemovalRequest) (electoral.Elector, electoral.Faults, error) {
	op := electoral.OpRemove
	if q.Reason == electoral.Annulment {
		op = electoral.OpAnnul
	}
	a := r.beginAbout(ctx, req, op, req.Actor.Comune, q.ANPRID)
	return perform(ctx, a, a.officerOf(req.Actor.Comune), q,
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
	lists, faults := a.listsToLeave(old.elector, q)
	faults = append(faults, old.stillThere()...)
	if q.Reason == electoral.DeathOfElector && !old.gone && !person.DeadAt(a.today()) {
		faults = append(faults,
			electoral.NewFault(electoral.RemovalAlive, "removal.reason", strconv.Itoa(int(q.Reason)), nil))
	}
	if err := faults.Err(); err != nil {
		return electoral.Elector{}, nil, err
	}
	e := a.without(old.elector, lists, q)
	if q.Reason != electoral.Annulment && keepsVote(old.elector, q, a.today()) {
		kept := old.elector.Removal
		f := electoral.NewFault(electoral.RemovalStillVotes, "removal.reason", strconv.Itoa(int(q.Reason)),
			electoral.Args{"comune": a.r.label(kept.Comune), "vote": kept.StillVotes.Day.Italian()})
		f.Severity = electoral.Warning
		faults = append(faults, f)
	}
	if err := a.putRemoved(ctx, w, old, e, q); err != nil {
		return electoral.Elector{}, nil, err
	}
	if slices.Contains(lists, electoral.EUParliamentList) && q.Reason == electoral.FromAddedList {
		if err := a.moveEuropean(ctx, w, person); err != nil {
			return electoral.Elector{}, nil, err
		}
	}
	return e, faults, nil
}

// listsToLeave judges a request and returns the lists that it concerns.
func (a *action) listsToLeave(old electoral.Elector, q RemovalRequest) ([]electoral.List, electoral.Faults) {
	var faults electoral.Faults
	fault := func(c electoral.Cause, path, value string, args electoral.Args) {
		faults = append(faults, electoral.NewFault(c, path, value, args))
	}
	if !slices.Contains(electoral.RemovalReasons(), q.Reason) {
		fault(electoral.RemovalReasonUnknown, "removal.reason", strconv.Itoa(int(q.Reason)), nil)
	}
	if utf8.RuneCountInString(q.Note) > maxRemovalNote {
		fault(electoral.RemovalNoteTooLong, "removal.note", "", nil)
	}
	lists, listFaults := a.removalLists(old, q)
	faults = append(faults, listFaults...)
	if v := q.StillVotes; v != nil {
		general := slices.Equal(lists, []electoral.List{electoral.GeneralList})
		if !general || !slices.Contains(electoral.Consultations(), v.Consultation) || !v.Day.Complete() ||
			v.Day.Before(a.today()) ||
			old.General != nil && v.Section != "" && v.Section != old.General.Section ||
			q.Reason == electoral.DeathOfElector || q.Reason == electoral.Annulment {
			fault(electoral.RemovalStillVotes.In("unfit"), "removal.stillVotes",
				string(v.Consultation)+" "+v.Day.String(), nil)
		}
	}
	return lists, faults
}

// maxRemovalNote is the length in characters of ANPR's tipoNote.
const maxRemovalNote = 240

// removalLists finds the lists of a request and judges them.
func (a *action) removalLists(old electoral.Elector,
	q RemovalRequest) (lists []electoral.List, faults electoral.Faults) {
	comune := a.req.Actor.Comune
	own := func(l electoral.List) bool { en, in := old.EnrolmentIn(l); return in && en.Comune == comune }
	for _, l := range electoral.Lists() {
		wanted := l == q.List
		if q.List == "" {
			switch q.Reason {
			case electoral.DeathOfElector, electoral.Annulment:
				wanted = own(l)
			case electoral.FromAddedList:
				wanted = l != electoral.GeneralList && own(l)
			default:
				wanted = l == electoral.GeneralList
			}
		}
		if wanted {
			lists = append(lists, l)
		}
	}
	if len(lists) == 0 || q.Reason == electoral.FromAddedList && len(lists) > 1 {
		return nil, electoral.Faults{electoral.NewFault(electoral.RemovalList, "removal.list", string(q.List),
			electoral.Args{"comune": a.r.label(comune)})}
	}
	for _, l := range lists {
		en, in := old.EnrolmentIn(l)
		switch {
		case !in:
			faults = append(faults,
				electoral.NewFault(electoral.RemovalList.In("not-in"), "removal.list", string(l),
					electoral.Args{"list": l.Italian()}))
		case en.Comune != comune:
			faults = append(faults, a.r.notCompetent(l.Path()+comuneField(l), en.Comune, a.req.Actor))
		}
		added := l != electoral.GeneralList
		if q.Reason == electoral.FromAddedList && !added ||
			added &&
				slices.Contains([]electoral.RemovalReason{electoral.Emigration, electoral.Untraceable,
					electoral.OtherReason, electoral.RightLostWithTransfer}, q.Reason) {
			faults = append(faults,
				electoral.NewFault(electoral.RemovalReasonOfList, "removal.reason", strconv.Itoa(int(q.Reason)),
					electoral.Args{"reason": q.Reason.Italian(), "list": l.Italian()}))
		}
	}
	return lists, faults
}

// without returns what a removal leaves of an elector.
func (a *action) without(old electoral.Elector, lists []electoral.List, q RemovalRequest) electoral.Elector {
	e := old.Clone()
	for _, l := range lists {
		if l == electoral.GeneralList {
			e.General = nil
		} else {
			e.SetListEntry(l, electoral.AddedList{Enrolled: electoral.No})
		}
	}
	if q.Reason != electoral.Annulment && !keepsVote(old, q, a.today()) {
		e.Removal = &electoral.Removal{Comune: a.req.Actor.Comune, List: lists[0], Reason: q.Reason,
			Day: q.Day, Note: q.Note}
		if q.Day.IsZero() {
			e.Removal.Day = a.today()
		}
		if v := q.StillVotes; v != nil {
			e.Removal.StillVotes = &electoral.StillVotes{Consultation: v.Consultation, Day: v.Day,
				Section: old.General.Section}
		}
	}
	if e.General == nil {
		if slices.Contains(lists, electoral.EUParliamentList) {
			e.Status.EuropeanParliament = electoral.No
		}
		if slices.Contains(lists, electoral.EUComunalList) {
			e.Status.Comunal, e.Status.District = electoral.No, electoral.No
		}
	}
	if q.Reason == electoral.RightLostWithTransfer {
		e.LoseCapacity()
	}
	return e
}

// keepsVote reports whether a removal leaves an earlier one in place because
// its vote is still to come: an elector keeps one such vote, and one who moved
// may leave further lists before that day and votes where he was. The dead, and
// those who lost the right, do not vote.
func keepsVote(old electoral.Elector, q RemovalRequest, today electoral.Date) bool {
	return old.Removal.StillVotesAt(today) && q.StillVotes == nil && q.Reason != electoral.DeathOfElector &&
		q.Reason != electoral.RightLostWithTransfer
}

// putRemoved writes e, what a removal leaves of an elector. An annulment that
// leaves him in no list deletes him, if the acting comune registered him.
func (a *action) putRemoved(ctx context.Context, w Writer, old position, e electoral.Elector, q RemovalRequest) error {
	next := position{elector: e, home: old.home}
	if q.Reason != electoral.Annulment || len(listsOf(e)) > 0 || old.home != a.comune {
		return a.put(ctx, w, old, next)
	}
	if r := e.Removal; r != nil && r.Comune != a.comune {
		// Another comune registered him first, and may have kept him a vote.
		next.home = r.Comune
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

// A CapacityChange says how the capacity of a person changes.
type CapacityChange struct {
	ANPRID string
	// Capacity is No for the loss of the right to vote and Yes for its
	// recovery. Why it was lost is not kept: it may be a judgment.
	Capacity electoral.Answer
	// Status and Certifiability are those after a recovery. For a loss they
	// must be empty: he then votes for nothing, and since any comune might
	// issue a certificate, none may.
	Status         electoral.Status
	Certifiability *electoral.Certifiability
}

// SetCapacity registers the loss of the right to vote, which is not a removal,
// or its recovery (D.P.R. 223/1967, art. 2), as the officer of the comune under
// which the person is registered. The lists stay as they are. It returns what
// is registered now, with the warnings.
func (r *Registry) SetCapacity(ctx context.Context, req electoral.Request,
	q CapacityChange) (electoral.Elector, electoral.Faults, error) {
	op := electoral.OpLoseCapacity
	if q.Capacity == electoral.Yes {
		op = electoral.OpRecoverCapacity
	}
	a := r.beginAbout(ctx, req, op, req.Actor.Comune, q.ANPRID)
	return perform(ctx, a, a.officerOf(req.Actor.Comune), q,
		func(w Writer) (electoral.Elector, electoral.Faults, error) {
			return a.alter(ctx, w, alteration{anprID: q.ANPRID, checked: q.Capacity == electoral.Yes, apply: q.apply})
		})
}

func (q CapacityChange) apply(e *electoral.Elector) electoral.Faults {
	var faults electoral.Faults
	empty := q.Status == electoral.Status{} && q.Certifiability == nil
	if q.Capacity == electoral.NotGiven || q.Capacity == e.Capacity || q.Capacity == electoral.No && !empty {
		faults = append(faults,
			electoral.NewFault(electoral.CapacityUnchanged, "capacity", q.Capacity.String(),
				electoral.Args{"capacity": e.Capacity.String()}))
	}
	e.Capacity, e.Status, e.Certifiability = q.Capacity, q.Status, nil
	if q.Certifiability != nil {
		e.Certifiability = new(*q.Certifiability)
	}
	if q.Capacity == electoral.No {
		e.LoseCapacity()
	}
	return faults
}

// SetCertifiability registers which electoral certificates may be issued for a
// person, as the officer of the comune under which he is registered.
func (r *Registry) SetCertifiability(ctx context.Context, req electoral.Request, anprID string,
	c electoral.Certifiability) (electoral.Faults, error) {
	a := r.beginAbout(ctx, req, electoral.OpCertifiability, req.Actor.Comune, anprID)
	_, warnings, err := perform(ctx, a, a.officerOf(req.Actor.Comune), c,
		func(w Writer) (electoral.Elector, electoral.Faults, error) {
			return a.alter(ctx, w, alteration{anprID: anprID, apply: func(e *electoral.Elector) electoral.Faults {
				e.Certifiability = &c
				return rules.CheckCertifiability(*e)
			}})
		})
	return warnings, err
}

// An alteration changes capacity, status or certifiability of a registered
// person, and leaves his lists.
type alteration struct {
	anprID string
	apply  func(*electoral.Elector) electoral.Faults
	// checked applies every rule to the whole record. A change that only takes
	// something away is not checked: a wrong section must not keep a lost right
	// in force.
	checked bool
}

func (a *action) alter(ctx context.Context, w Writer, q alteration) (electoral.Elector, electoral.Faults, error) {
	person, old, err := a.known(ctx, w, q.anprID)
	if err != nil {
		return electoral.Elector{}, nil, err
	}
	if !old.known() {
		return electoral.Elector{}, nil, electoral.Faults{unknownElector(q.anprID)}
	}
	next := position{elector: old.elector.Clone(), home: old.home}
	faults := append(old.stillThere(), q.apply(&next.elector)...)
	faults = append(faults, a.r.mayChange(old, next.elector, a.req.Actor)...)
	if q.checked {
		faults, err = a.checkAndPut(ctx, w, change{person: person, old: old, next: next}, faults)
	} else if err = faults.Err(); err == nil {
		err = a.put(ctx, w, old, next)
	}
	if err != nil {
		return electoral.Elector{}, nil, err
	}
	return next.elector, faults, nil
}
