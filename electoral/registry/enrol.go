package registry

import (
	"context"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// called returns the votes called in a comune.
func (r *Registry) called(comune string) []electoral.Vote {
	if r == nil || r.votes == nil {
		return nil
	}
	return r.votes(comune)
}

// noticeAt returns the day of the latest notice posted in a comune for a vote
// that is still to come; zero if there is none.
func (r *Registry) noticeAt(comune string, today electoral.Date) electoral.Date {
	var last electoral.Date
	for _, v := range r.called(comune) {
		if !v.Notice.IsZero() && !v.Notice.After(today) && !v.Last().Before(today) && v.Notice.After(last) {
			last = v.Notice
		}
	}
	return last
}

// Enrol adds a person to lists of the officer's comune: the general list, an
// added list or a list for citizens of the Union. If nothing is registered of
// him, e becomes his electoral data: its lists are of the officer's comune, or
// it has none and he lives there. If he is registered, the lists of e are added
// to those that he is in, in other comuni too, since an added list goes with a
// general list elsewhere. Capacity, status and certifiability are then taken
// from e if it has the general list, or if the same comune had registered him.
//
// A person who already is in one of these lists is refused with
// [electoral.AlreadyEnrolled]; if it is that of another comune, that comune
// must remove him first (ANPR's EN560). So is one who is in any list under another
// ANPR id with the same codice fiscale ([Registry.MergeIDs]). If nothing else is
// wrong, the refusal opens a [Conflict] between the two comuni. A person who lost
// the right to vote ([electoral.CapacityLoss]) becomes an elector again only with a
// recovery in the request. Enrol returns the warnings.
//
// Codes: of every service, of a change, of an elector; REG-CAN-01, REG-CAP-02/03/04/07,
// REG-COM-01, REG-ELE-02, REG-PER-01, SUC-PER-03.
func (r *Registry) Enrol(ctx context.Context, req electoral.Request, e electoral.Elector) (electoral.Faults, error) {
	a := r.beginAbout(ctx, req, electoral.OpEnrol, req.Actor.Comune, e.ANPRID)
	a.takes("", e)
	a.refused = func(w Writer, why electoral.Faults) error {
		// A claim that would be refused anyway opens no conflict.
		if slices.ContainsFunc(why.Errors(),
			func(f electoral.Fault) bool { return f.Code != electoral.AlreadyEnrolled }) {
			return nil
		}
		return a.openConflicts(ctx, w, e, electoral.AlreadyEnrolled)
	}
	_, warnings, err := perform(ctx, a, append(a.officerOf(req.Actor.Comune), impossible(e)...), e,
		func(w Writer) (struct{}, electoral.Faults, error) {
			faults, err := a.enrol(ctx, w, e)
			return struct{}{}, faults, err
		})
	return warnings, err
}

func (a *action) enrol(ctx context.Context, w Writer, e electoral.Elector) (electoral.Faults, error) {
	person, old, err := a.present(ctx, w, e.ANPRID)
	if err != nil {
		return nil, err
	}
	comune := a.req.Actor.Comune
	faults := kept(old.elector, e)
	next := position{elector: e, home: comune}
	if old.known() {
		var joins bool
		if next, joins = joinLists(old, e, comune, a.r.over(a.today())); !joins {
			holder := holderOf(old, e)
			var cause electoral.Cause = electoral.AlreadyEnrolled
			if holder != comune {
				cause = electoral.AlreadyEnrolled.In("elsewhere")
			}
			if holder != comune && a.isOver(holder) {
				cause = electoral.AlreadyEnrolled.In("ceased")
			}
			faults = append(faults,
				electoral.NewFault(cause, "anprId", e.ANPRID, electoral.Args{"comune": a.r.label(holder)}))
		}
	}
	faults = append(faults, a.r.right(old, &next, a.claim())...)
	same, err := a.sameUnderOtherID(ctx, w, person, e)
	if err != nil {
		return nil, err
	}
	faults = append(faults, same...)
	faults = append(faults, a.competence(e, &person, comune, electoral.NotCompetent)...)
	faults, err = a.checkAndPut(ctx, w, change{person: person, old: old, next: next}, faults)
	if err == nil && e.General != nil && person.Residence == nil && person.Abroad != nil {
		err = a.takeOptions(ctx, w, e.ANPRID)
	}
	return faults, err
}

// holderOf returns the comune that has a person in a list in which e would put
// him, or else the comune that registered him.
func holderOf(old position, e electoral.Elector) string {
	for l := range e.Enrolments() {
		if en, ok := old.elector.EnrolmentIn(l); ok {
			return en.Comune
		}
	}
	return old.home
}

// Change replaces the electoral data of a person. The officer's comune must be
// that of every list that changes; capacity, status and certifiability are
// changed only by the comune under which he is registered. A person leaves a
// list by [Registry.Remove], with a reason, and not by a change. One who is in
// the general list and changes to the capacity no has lost the right to vote
// ([electoral.CapacityLoss]), and changes back only with a recovery in the
// request. No earlier value is kept (annex 2, services for the comuni 5). Change
// returns the warnings.
//
// Codes: of every service, of a change, of an elector; REG-CAN-01, REG-CAP-02/03/04/07,
// REG-COM-01, REG-ELE-01, REG-PER-01/02.
func (r *Registry) Change(ctx context.Context, req electoral.Request, e electoral.Elector) (electoral.Faults, error) {
	a := r.beginAbout(ctx, req, electoral.OpChange, req.Actor.Comune, e.ANPRID)
	a.takes("", e)
	_, warnings, err := perform(ctx, a, append(a.officerOf(req.Actor.Comune), impossible(e)...), e,
		func(w Writer) (struct{}, electoral.Faults, error) {
			faults, err := a.change(ctx, w, e)
			return struct{}{}, faults, err
		})
	return warnings, err
}

func (a *action) change(ctx context.Context, w Writer, e electoral.Elector) (electoral.Faults, error) {
	person, old, err := a.known(ctx, w, e.ANPRID)
	if err != nil {
		return nil, err
	}
	if !old.known() {
		return nil, electoral.Faults{unknownElector(e.ANPRID)}
	}
	faults := append(old.stillThere(), kept(old.elector, e)...)
	if old.gone && entersList(old.elector, e) {
		faults = append(faults, unknownPerson(e.ANPRID))
	}
	next := position{elector: e.Clone(), home: old.home}
	was := old.elector.Clone()
	next.elector.Removals, next.elector.KeptVotes, next.elector.Loss = was.Removals, was.KeptVotes, was.Loss
	faults = append(faults, a.r.mayChange(old, next.elector, a.req.Actor)...)
	faults = append(faults, a.r.right(old, &next, a.claim())...)
	if was.Capacity == electoral.Yes && next.elector.Capacity == electoral.No && was.General != nil {
		next.elector.Loss = &electoral.CapacityLoss{Day: a.today(), Comune: a.comune}
	}
	return a.checkAndPut(ctx, w, change{person: person, old: old, next: next}, faults)
}

// A position is a person's electoral data and his home, the comune under which
// they are registered. Its zero value is that of a person of whom nothing is
// registered.
type position struct {
	elector electoral.Elector
	home    string
	// gone says that the population no longer returns the person.
	gone bool
}

func (p position) known() bool { return p.home != "" }

// A change leads a person from what is registered to what will be.
type change struct {
	person    electoral.Person
	old, next position
}

func unknownElector(anprID string) electoral.Fault {
	return electoral.NewFault(electoral.ElectorUnknown, "anprId", anprID, nil)
}

// checkAndPut applies the rules to a person's new data. If no fault, given or
// found, forbids it, it writes them and returns all the faults.
func (a *action) checkAndPut(ctx context.Context, w Writer, c change,
	faults electoral.Faults) (electoral.Faults, error) {
	section, failure := sectionsOf(ctx, w)
	choices, err := a.optionsOf(ctx, w, c.person)
	if err != nil {
		return nil, err
	}
	faults = append(faults, a.r.checker.CheckElector(c.next.elector, rules.Circumstances{
		At: a.today(), Notice: a.r.noticeAt(c.next.home, a.today()), Person: c.registered(), Choices: choices,
		Section: section, Spelling: spellingsOf(ctx, w, failure),
	})...)
	if err := join(*failure, faults.Err()); err != nil {
		return nil, err
	}
	return faults, a.put(ctx, w, c.old, c.next)
}

// put writes a person's new data, notes the change in the journal of each
// comune that it concerns, and closes the conflicts that it ends.
func (a *action) put(ctx context.Context, w Writer, old, next position) error {
	if err := w.PutElector(ctx, next.home, next.elector); err != nil {
		return err
	}
	if err := a.note(ctx, w, old, next); err != nil {
		return err
	}
	return a.settleConflicts(ctx, w, next.elector)
}

// note enters a change in the journals of the acting comune, of the comuni under
// which the person is registered before and after it, and of his lists.
func (a *action) note(ctx context.Context, w Writer, old, next position) error {
	entry := JournalEntry{ANPRID: next.elector.ANPRID, At: a.at, Operation: a.op, Revision: a.req.Revision}
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
	add(old.home)
	add(next.home)
	for _, p := range []position{old, next} {
		for _, en := range a.r.placesAt(p.elector, a.today()) {
			add(en.Comune)
		}
	}
	return w.Note(ctx, entries...)
}

// kept refuses removals, kept votes and a loss that are not on record: each has a
// service of its own.
func kept(old, e electoral.Elector) electoral.Faults {
	var faults electoral.Faults
	for _, r := range e.Removals {
		if !slices.Contains(old.Removals, r) {
			faults = append(faults, electoral.NewFault(electoral.RemovalNotHere, "removals", r.Italian(), nil))
		}
	}
	if e.Removals != nil && len(e.KeptVotes) != len(old.KeptVotes) || slices.ContainsFunc(e.KeptVotes,
		func(v electoral.KeptVote) bool { return !slices.Contains(old.KeptVotes, v) }) {
		faults = append(faults, electoral.NewFault(electoral.RemovalNotHere.In("vote"), "keptVotes", "", nil))
	}
	return append(faults, sameLoss(old, e)...)
}

// impossible judges what cannot be kept as a request: a day that does not exist
// cannot be written.
func impossible(e electoral.Elector) electoral.Faults {
	var faults electoral.Faults
	for _, r := range e.Removals {
		if !r.Day.IsZero() && !r.Day.Valid() {
			faults = append(faults, electoral.NewFault(electoral.RemovalNotHere, "removals", r.Italian(), nil))
		}
	}
	for _, v := range e.KeptVotes {
		if !v.Day.IsZero() && !v.Day.Valid() {
			faults = append(faults, electoral.NewFault(electoral.RemovalNotHere.In("vote"), "keptVotes", "", nil))
		}
	}
	if e.Loss != nil && !e.Loss.Day.IsZero() && !e.Loss.Day.Valid() {
		faults = append(faults, sameLoss(electoral.Elector{}, e)...)
	}
	return faults
}

// mayChange judges whether the actor's comune may make what is registered of a
// person into e.
func (r *Registry) mayChange(old position, e electoral.Elector, actor electoral.Actor) electoral.Faults {
	var faults electoral.Faults
	for _, l := range electoral.Lists() {
		was, is := old.elector.ListEntry(l), e.ListEntry(l)
		for _, en := range []*electoral.Enrolment{was.Enrolment, is.Enrolment} {
			if en != nil && en.Comune != "" && en.Comune != actor.Comune && !sameList(was, is) {
				faults = append(faults, r.notCompetent(l.Path()+comuneField(l), en.Comune, actor))
				break
			}
		}
		_, wasIn := old.elector.EnrolmentIn(l)
		if _, isIn := e.EnrolmentIn(l); wasIn && !isIn {
			faults = append(faults,
				electoral.NewFault(electoral.RemovalNotHere.In("change"), l.Path(), "",
					electoral.Args{"list": l.Italian()}))
		}
	}
	was := old.elector
	same := was.Capacity == e.Capacity && was.Status == e.Status && samePtr(was.Certifiability, e.Certifiability) &&
		samePtr(was.Loss, e.Loss)
	if old.home != actor.Comune && !same {
		faults = append(faults, r.notCompetent("status", old.home, actor))
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
// elector already is: an added list goes with a general list elsewhere, in
// whatever order they come. Capacity, status and certifiability come with the
// general list, whose comune becomes his home, or from the comune that
// registered him; otherwise they stay as they were. It reports false if e has no
// list, or has one that the elector already is in.
func joinLists(old position, e electoral.Elector, comune string,
	over func(electoral.KeptVote) bool) (position, bool) {
	whole, home := old.elector.Clone(), old.home
	any := false
	for l, en := range e.Enrolments() {
		if _, twice := old.elector.EnrolmentIn(l); twice {
			return position{elector: e, home: home}, false
		}
		any = true
		own := en
		whole.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &own})
		whole.DropRemoval(l)
		if l == electoral.GeneralList {
			// An elector who comes back to the comune that removed him votes in
			// its list.
			whole.DropVotes(func(v electoral.KeptVote) bool {
				return v.Comune == en.Comune || over(v)
			})
		}
	}
	if !any {
		return position{elector: e, home: home}, false
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
	return position{elector: whole, home: home}, true
}
