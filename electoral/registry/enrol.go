package registry

import (
	"context"
	"errors"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// noticeAt is the day of the latest notice that is out, of a vote that is
// still to come, in a comune; zero without one.
func (r *Registry) noticeAt(comune string, today electoral.Date) electoral.Date {
	var last electoral.Date
	for _, v := range r.votes(comune) {
		if !v.Notice.IsZero() && !v.Notice.After(today) && !v.Day.Before(today) && v.Notice.After(last) {
			last = v.Notice
		}
	}
	return last
}

// Enrol adds a person to lists of the officer's comune: the general list, an
// added list or a list for citizens of the Union. If nothing is known of him,
// e is all his electoral data, and its lists are of the officer's comune, or
// it has none and he lives there. If he is known, e's lists join those that he
// is in, also of other comuni: an added list goes with a general list
// elsewhere; capacity, status and certifiability then come from e if the
// general list does, or if he was registered by the same comune.
//
// A person who is in the same list already is refused with [electoral.AlreadyEnrolled]:
// by another comune he must first be removed there (ANPR's EN560). If nothing
// else is wrong that opens a [Conflict], of which both comuni learn. It returns the warnings.
func (r *Registry) Enrol(ctx context.Context, req electoral.Request, e electoral.Elector) (electoral.Faults, error) {
	a := r.beginAbout(ctx, req, electoral.OpEnrol, req.Actor.Comune, e.ANPRID)
	a.refused = func(w Writer, why electoral.Faults) error {
		// A claim that would be refused anyway is none: nobody is troubled with it.
		if slices.ContainsFunc(why.Errors(),
			func(f electoral.Fault) bool { return f.Code != electoral.AlreadyEnrolled }) {
			return nil
		}
		return a.openConflicts(ctx, w, e, electoral.AlreadyEnrolled)
	}
	_, warnings, err := perform(ctx, a, a.officerOf(req.Actor.Comune), e,
		func(w Writer) (struct{}, electoral.Faults, error) {
			faults, err := a.enrol(ctx, w, e)
			return struct{}{}, faults, err
		})
	return warnings, err
}

func (a *action) enrol(ctx context.Context, w Writer, e electoral.Elector) (electoral.Faults, error) {
	person, old, home, found, err := a.known(ctx, w, e.ANPRID)
	if err != nil {
		return nil, err
	}
	comune := a.req.Actor.Comune
	faults := sameRemoval(old, e)
	whole, newHome := e, comune
	if found {
		var joins bool
		if whole, newHome, joins = joinLists(old, home, e, comune, a.today()); !joins {
			holder := holderOf(old, home, e)
			if holder == comune {
				faults = append(faults,
					electoral.NewFault(electoral.AlreadyEnrolled, "anprId", e.ANPRID, electoral.Args{"comune": holder}))
			} else {
				faults = append(faults,
					electoral.NewFault(electoral.AlreadyEnrolled.In("elsewhere"), "anprId", e.ANPRID,
						electoral.Args{"comune": holder}))
			}
		}
	}
	faults = append(faults, competence(e, &person, comune, electoral.NotCompetent)...)
	return a.checkAndPut(ctx, w, faults, person, old, home, whole, newHome)
}

// holderOf is the comune that has a person in a list in which e would put him,
// or else the one that registered him.
func holderOf(old electoral.Elector, home string, e electoral.Elector) string {
	for l := range e.Enrolments() {
		if en, ok := old.EnrolmentIn(l); ok {
			return en.Comune
		}
	}
	return home
}

// Change replaces the electoral data of a person, as the officer of the comune
// of each list that changes. What is not a list (capacity, status,
// certifiability) is changed by the comune under which he is registered. A
// list that he is in is left with [Registry.Remove] and its reason, not by a
// change. No earlier value is kept (annex 2, services for the comuni 5). It
// returns the warnings.
func (r *Registry) Change(ctx context.Context, req electoral.Request, e electoral.Elector) (electoral.Faults, error) {
	a := r.beginAbout(ctx, req, electoral.OpChange, req.Actor.Comune, e.ANPRID)
	_, warnings, err := perform(ctx, a, a.officerOf(req.Actor.Comune), e,
		func(w Writer) (struct{}, electoral.Faults, error) {
			faults, err := a.change(ctx, w, e)
			return struct{}{}, faults, err
		})
	return warnings, err
}

func (a *action) change(ctx context.Context, w Writer, e electoral.Elector) (electoral.Faults, error) {
	person, old, home, found, err := a.known(ctx, w, e.ANPRID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, electoral.Faults{unknownElector(e.ANPRID)}
	}
	faults := append(sameRemoval(old, e), standing(old, home, e, a.req.Actor)...)
	whole := e.Clone()
	whole.Removal = old.Clone().Removal
	return a.checkAndPut(ctx, w, faults, person, old, home, whole, home)
}

// known returns a person, what is registered of him, and by which comune.
func (a *action) known(ctx context.Context, rd Reader,
	anprID string) (p electoral.Person, old electoral.Elector, home string, found bool, err error) {
	if p, err = a.r.personOf(ctx, anprID); err != nil {
		return p, old, "", false, err
	}
	old, home, err = rd.Elector(ctx, anprID)
	if errors.Is(err, electoral.ErrNotFound) {
		return p, electoral.Elector{}, "", false, nil
	}
	return p, old, home, err == nil, err
}

func unknownElector(anprID string) electoral.Fault {
	return electoral.NewFault(electoral.ElectorUnknown, "anprId", anprID, nil)
}

// checkAndPut applies the rules to a person's new data and, if nothing forbids it,
// writes them. It returns all the faults.
func (a *action) checkAndPut(ctx context.Context, w Writer, faults electoral.Faults, person electoral.Person,
	old electoral.Elector, home string, e electoral.Elector, newHome string) (electoral.Faults, error) {
	section, failure := sectionsOf(ctx, w)
	faults = append(faults, a.r.checker.CheckElector(e, rules.Circumstances{
		At: a.today(), Notice: a.r.noticeAt(newHome, a.today()), Person: &person, Section: section,
	})...)
	if err := join(*failure, faults.Err()); err != nil {
		return nil, err
	}
	return faults, a.put(ctx, w, old, home, e, newHome)
}

// put writes a person's new data, notes it in the journal of each comune that
// it concerns, and closes the conflicts that it ends.
func (a *action) put(ctx context.Context, w Writer, old electoral.Elector, home string, e electoral.Elector,
	newHome string) error {
	if err := w.PutElector(ctx, newHome, e); err != nil {
		return err
	}
	if err := a.note(ctx, w, e.ANPRID, old, home, e, newHome); err != nil {
		return err
	}
	return a.settleConflicts(ctx, w, old, e)
}

func (a *action) note(ctx context.Context, w Writer, anprID string, old electoral.Elector, home string,
	e electoral.Elector, newHome string) error {
	entry := JournalEntry{ANPRID: anprID, At: a.at, Operation: a.op, Revision: a.req.Revision}
	done := map[string]bool{"": true}
	var entries []JournalEntry
	add := func(comune string) {
		if !done[comune] {
			done[comune] = true
			entry.Comune = comune
			entries = append(entries, entry)
		}
	}
	add(a.comune)
	add(home)
	add(newHome)
	for _, x := range []electoral.Elector{old, e} {
		for _, en := range x.PlacesAt(a.today()) {
			add(en.Comune)
		}
	}
	return w.Note(ctx, entries...)
}

// sameRemoval refuses a removal that did not come about by [Registry.Remove].
func sameRemoval(old, e electoral.Elector) electoral.Faults {
	if e.Removal == nil || old.Removal != nil && sameRemovals(*old.Removal, *e.Removal) {
		return nil
	}
	return electoral.Faults{electoral.NewFault(electoral.RemovalNotHere, "removal", e.Removal.Reason.Italian(), nil)}
}

func sameRemovals(a, b electoral.Removal) bool {
	still := samePtr(a.StillVotes, b.StillVotes)
	a.StillVotes, b.StillVotes = nil, nil
	return still && a == b
}

// standing judges what is registered of a person against what is asked.
func standing(old electoral.Elector, home string, e electoral.Elector, actor electoral.Actor) electoral.Faults {
	var faults electoral.Faults
	for _, l := range electoral.Lists() {
		was, is := old.ListEntry(l), e.ListEntry(l)
		for _, en := range []*electoral.Enrolment{was.Enrolment, is.Enrolment} {
			if en != nil && en.Comune != "" && en.Comune != actor.Comune && !sameList(was, is) {
				faults = append(faults, notCompetent(l.Path()+comuneField(l), en.Comune, actor))
				break
			}
		}
		_, wasIn := old.EnrolmentIn(l)
		if _, isIn := e.EnrolmentIn(l); wasIn && !isIn {
			faults = append(faults,
				electoral.NewFault(electoral.RemovalNotHere.In("change"), l.Path(), "",
					electoral.Args{"list": l.Italian()}))
		}
	}
	if home != actor.Comune &&
		(old.Capacity != e.Capacity || old.Status != e.Status || !samePtr(old.Certifiability, e.Certifiability)) {
		faults = append(faults, notCompetent("status", home, actor))
	}
	return faults
}

func comuneField(l electoral.List) string {
	if l == electoral.GeneralList {
		return ".comune"
	}
	return ".enrolment.comune"
}

func sameList(a, b electoral.AddedList) bool {
	return a.Enrolled == b.Enrolled && samePtr(a.Enrolment, b.Enrolment)
}

func samePtr[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// joinLists adds the lists of e, which a comune sends, to those in which an
// elector is already: an added list goes with a general list elsewhere, in
// whatever order they come. What is no list comes with the general list, whose
// comune is his home, or from the comune that registered him; else it stays as
// it was. It reports false if e has no list, or one that the elector is in
// already.
func joinLists(old electoral.Elector, home string, e electoral.Elector, comune string,
	today electoral.Date) (electoral.Elector, string, bool) {
	whole := old.Clone()
	any := false
	for l, en := range e.Enrolments() {
		if _, twice := old.EnrolmentIn(l); twice {
			return e, home, false
		}
		any = true
		own := en
		whole.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &own})
		// Who comes back to the comune that removed him votes from its list.
		if r := whole.Removal; r != nil && r.List == l && (!r.StillVotesAt(today) || r.Comune == en.Comune) {
			whole.Removal = nil
		}
	}
	if !any {
		return e, home, false
	}
	if whole.General == nil && home != comune {
		// What follows from a list of the Union comes with the list.
		if e.EU.Parliament.Enrolled == electoral.Yes {
			whole.Status.EuropeanParliament = e.Status.EuropeanParliament
		}
		if e.EU.Comunal.Enrolled == electoral.Yes {
			whole.Status.Comunal, whole.Status.District = e.Status.Comunal, e.Status.District
		}
	}
	if e.General != nil || home == comune {
		whole.Capacity, whole.Status, whole.Certifiability = e.Capacity, e.Status, e.Clone().Certifiability
		home = comune
	}
	return whole, home, true
}
