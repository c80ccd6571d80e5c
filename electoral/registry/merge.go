package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// MergeIDs brings what is registered of a person under one ANPR id, from, to
// another of his, to, after ANPR has joined the two records. It is for the officer
// of the comune that keeps both or, if the population no longer has from, of the one
// that keeps to: the comune of the electoral position or, without one, that of the
// residence or of the register of Italians abroad.
//
// The position that is in lists survives, with its comune; of two without lists,
// that of to. Requests, choices and conflicts of from become those of to; what the
// journals hold of either stays. Two positions in lists are refused with
// [electoral.IDsNotMerged], and if another comune has from, a [Conflict] opens; so
// are two of which only one has the capacity. Nothing of from is left. The access is
// on record for both ids. MergeIDs returns what is registered under to.
//
// Codes: of every service, of a change; REG-COM-01, REG-ELE-01/03, REG-PER-01.
func (r *Registry) MergeIDs(ctx context.Context, req electoral.Request,
	from, to string) (electoral.Elector, electoral.Faults, error) {
	outer := r.beginAbout(ctx, req, electoral.OpMergeIDs, req.Actor.Comune, from)
	a := r.beginAbout(ctx, req, electoral.OpMergeIDs, req.Actor.Comune, to)
	a.at = outer.at
	// The gate names the two ids apart.
	outer.unfit = nil
	outer.takes("request", req)
	outer.takesID("from", from)
	outer.takesID("to", to)
	a.unfit = outer.unfit
	a.failed = join(outer.failed, a.failed)
	outer.failed = a.failed
	a.refused = func(w Writer, why electoral.Faults) error {
		if len(why.Errors()) != 1 || why.Errors()[0].Case != "lists" {
			return nil // it would be refused anyway
		}
		return a.openMergeConflict(ctx, w, from, to)
	}
	var out electoral.Elector
	var warnings electoral.Faults
	admitted, ran := a.officerOf(req.Actor.Comune), false
	err := outer.write(ctx, admitted, func(on *electoral.Entry) error {
		var err error
		out, warnings, err = perform(ctx, a, admitted, struct{ From, To string }{from, to},
			func(w Writer) (electoral.Elector, electoral.Faults, error) {
				ran = true
				return a.merge(ctx, w, from, to)
			})
		if !ran && keptAnswer(err) {
			on.SetOutcome(electoral.Repeated)
		}
		return err
	})
	return out, warnings, err
}

// keptAnswer reports whether a call that did nothing returned an earlier answer.
func keptAnswer(err error) bool {
	if err == nil {
		return true
	}
	_, refusal := errors.AsType[electoral.Faults](err)
	return refusal && !errors.Is(err, electoral.RequestIDReused) && !errors.Is(err, electoral.RequestIDOld)
}

// merge does what [Registry.MergeIDs] promises.
func (a *action) merge(ctx context.Context, w Writer, from, to string) (electoral.Elector, electoral.Faults, error) {
	if from == to {
		return electoral.Elector{}, nil, electoral.Faults{electoral.NewFault(electoral.IDsNotMerged, "to", to, nil)}
	}
	person, kept, err := a.present(ctx, w, to)
	if err != nil {
		return electoral.Elector{}, nil, err
	}
	other, old, err := a.known(ctx, w, from)
	if err != nil {
		return electoral.Elector{}, nil, err
	}
	if faults := a.mayMerge(change{person: other, old: old}, change{person: person, old: kept}, to); faults != nil {
		return electoral.Elector{}, nil, faults
	}
	next, ended := position{elector: old.elector.Clone(), home: old.home}, kept.elector
	if kept.known() && len(listsOf(old.elector)) == 0 {
		next, ended = position{elector: kept.elector.Clone(), home: kept.home}, old.elector
	}
	next.elector.ANPRID = to
	inherit(&next.elector, ended)
	for _, book := range []Book{RectificationBook, ApplicationBook, ChoiceBook, RevisionLineBook, RevisionEvidenceBook} {
		if err := rename(ctx, w, book, from, to); err != nil {
			return electoral.Elector{}, nil, err
		}
	}
	if err := a.renameConflicts(ctx, w, from, to); err != nil {
		return electoral.Elector{}, nil, err
	}
	for _, comune := range slices.Compact([]string{a.comune, old.home}) {
		if err := renumber(ctx, w, comune, from, to); err != nil {
			return electoral.Elector{}, nil, err
		}
	}
	if err := w.RemoveElector(ctx, from); err != nil {
		return electoral.Elector{}, nil, err
	}
	if err := a.note(ctx, w, old, position{elector: electoral.Elector{ANPRID: from}}); err != nil {
		return electoral.Elector{}, nil, err
	}
	return next.elector, nil, a.put(ctx, w, kept, next)
}

// inherit gives the position that survives what the other remembers: removals from
// lists that it is not in, votes kept, a right that was lost.
func inherit(e *electoral.Elector, from electoral.Elector) {
	for _, r := range from.Clone().Removals {
		_, in := e.EnrolmentIn(r.List)
		if _, removed := e.RemovalFrom(r.List); !in && !removed {
			e.SetRemoval(r)
		}
	}
	for _, v := range from.KeptVotes {
		if _, has := e.KeptVote(v.Consultation, v.Day); !has {
			e.KeepVote(v)
		}
	}
	if e.Loss == nil {
		e.Loss = from.Clone().Loss
	}
}

// mayMerge judges whether two ids may become one; of each it gets the person and
// what is registered of him.
func (a *action) mayMerge(from, to change, id string) electoral.Faults {
	if !from.old.known() {
		return electoral.Faults{unknownElector(from.person.ANPRID)}
	}
	var faults electoral.Faults
	if home := keeperOfPerson(to); home != a.comune {
		faults = append(faults, a.r.notCompetent("to", home, a.req.Actor))
	}
	if home := keeperOfPerson(from); !from.old.gone && home != a.comune {
		faults = append(faults, a.r.notCompetent("from", home, a.req.Actor))
	}
	if !from.old.gone && from.person.FiscalCode != to.person.FiscalCode {
		faults = append(faults, electoral.NewFault(electoral.IDsNotMerged.In("other-code"), "from",
			from.person.ANPRID, nil))
	}
	if !to.old.known() {
		return faults
	}
	held, listed := twin{position: from.old}.holder()
	kept, both := twin{position: to.old}.holder()
	args := electoral.Args{"from": from.person.ANPRID, "to": id, "comune": a.r.label(held), "other": a.r.label(kept)}
	if listed && both {
		faults = append(faults, electoral.NewFault(electoral.IDsNotMerged.In("lists"), "from", from.person.ANPRID, args))
	}
	if yes := electoral.Yes; (from.old.elector.Capacity == yes) != (to.old.elector.Capacity == yes) {
		faults = append(faults, electoral.NewFault(electoral.IDsNotMerged.In("right"), "from", from.person.ANPRID, args))
	}
	return faults
}

// keeperOfPerson returns the comune that keeps a person's electoral position or,
// without one, where he is registered.
func keeperOfPerson(c change) string { return cmp.Or(c.old.home, c.person.Registered()) }

// openMergeConflict opens the conflict with the comune that has from in its lists.
func (a *action) openMergeConflict(ctx context.Context, w Writer, from, to string) error {
	e, _, err := w.Elector(ctx, to)
	if err != nil {
		return err
	}
	twins, err := twinsAmong(ctx, w, []string{from}, to)
	if err != nil {
		return err
	}
	for _, t := range twins {
		if comune, listed := t.holder(); listed && comune != a.comune {
			return a.openConflict(ctx, w, a.otherIDConflict(e, t, comune, electoral.IDsNotMerged))
		}
	}
	return nil
}

// recordsAbout returns the records of a book about a person, in every comune.
func recordsAbout(ctx context.Context, rd Reader, book Book, anprID string) ([]Record, error) {
	var list []Record
	for rec, err := range rd.Records(ctx, RecordSearch{Book: book, Subject: anprID}) {
		if err != nil {
			return nil, err
		}
		list = append(list, rec.Clone())
	}
	return list, nil
}

// rename makes the records of a book about one ANPR id those about another.
func rename(ctx context.Context, w Writer, book Book, from, to string) error {
	list, err := recordsAbout(ctx, w, book, from)
	if err != nil {
		return err
	}
	for _, rec := range list {
		body := map[string]json.RawMessage{}
		if err := decodeRecord(rec, &body); err != nil {
			return err
		}
		if body["anprId"], err = json.Marshal(to); err != nil {
			return named(err)
		}
		// A record's subject does not change: it is written anew.
		if err := w.RemoveRecord(ctx, rec.Comune, book, rec.ID); err != nil {
			return err
		}
		rec.Subject = to
		if err := putRecord(ctx, w, rec, body); err != nil {
			return err
		}
	}
	return nil
}

// renameConflicts makes the conflicts about one ANPR id those about another. One
// that was about both ids is then about one person in one list.
func (a *action) renameConflicts(ctx context.Context, w Writer, from, to string) error {
	list, err := recordsAbout(ctx, w, ConflictBook, from)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, rec := range list {
		var c Conflict
		if err := decodeRecord(rec, &c); err != nil {
			return err
		}
		if done[c.ID] {
			continue
		}
		done[c.ID] = true
		for _, comune := range []string{c.Claimant, c.Holder} {
			if err := w.RemoveRecord(ctx, comune, ConflictBook, c.ID); err != nil {
				return err
			}
		}
		for _, id := range []*string{&c.ANPRID, &c.HolderANPRID} {
			if *id == from {
				*id = to
			}
		}
		c.ID = conflictID(c.ANPRID, c.List, c.Claimant, c.Holder)
		if c.HolderANPRID == c.ANPRID {
			c.HolderANPRID = ""
		} else if c.HolderANPRID != "" {
			c.ID += "." + c.HolderANPRID
		}
		if err := a.writeConflict(ctx, w, c); err != nil {
			return err
		}
	}
	return nil
}
