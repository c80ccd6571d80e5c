package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// UndoSuccession takes a succession back, as the officer of the heir: everything is as
// it was, but for the operation journal, the answers to requests and the succession
// itself, which stays on record as undone. It is possible until the heir's first
// change, and for [Retention].Closed. Which section an elector was in follows from the
// mapping, and under which comune from the journal; of those of whom they do not tell
// it the succession kept the places. The access stands in the chain of the heir.
//
// Codes: of every service, of a change; REG-COM-01, SUC-STA-01/02.
func (r *Registry) UndoSuccession(ctx context.Context, req electoral.Request,
	id string) (SuccessionReport, electoral.Faults, error) {
	a := r.begin(req, electoral.OpUndoSuccession, req.Actor.Comune)
	a.takes("id", id)
	return perform(ctx, a, a.officerOf(a.comune), id, func(w Writer) (SuccessionReport, electoral.Faults, error) {
		rep, err := a.successionOf(ctx, w, id)
		if err != nil {
			return rep, nil, err
		}
		s := rep.Succession
		if rep.State != SuccessionDone || s.Heir != a.comune {
			return rep, nil, electoral.Faults{electoral.NewFault(electoral.SuccessionStep, "id", id,
				electoral.Args{"state": rep.State.Italian()})}
		}
		rep.State = SuccessionUndone
		if s.sameCode() {
			return rep, nil, a.putSuccession(ctx, w, rep)
		}
		u := successionUndoer{action: a, ctx: ctx, w: w, rep: rep, s: s}
		if err := u.run(); err != nil {
			return rep, nil, err
		}
		return rep, nil, a.putSuccession(ctx, w, rep)
	})
}

// inverse tells from a mapping where an elector was.
type inverse struct {
	heir string
	from map[string]place // by the section of the heir, where only one leads to it
}

func (m *succession) inverse() inverse { return inverseOf(m.s, m.plan.shared) }

func inverseOf(s Succession, shared map[string]bool) inverse {
	v := inverse{heir: s.Heir, from: map[string]place{}}
	for _, e := range s.Mapping {
		if !shared[e.To] {
			v.from[e.To] = place{e.Comune, e.Number}
		}
	}
	return v
}

// back returns how an elector of the heir stood under a comune.
func (v inverse) back(now position, home string) position {
	was := position{elector: now.elector.Clone(), home: home}
	for l, en := range now.elector.Enrolments() {
		if at, mapped := v.from[en.Section]; mapped && en.Comune == v.heir {
			was.elector.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes,
				Enrolment: &electoral.Enrolment{Comune: at.comune, Section: at.section}})
		}
	}
	return was
}

// successionUndoer takes one succession back.
type successionUndoer struct {
	action *action
	ctx    context.Context
	w      Writer
	rep    SuccessionReport
	s      Succession
	undo   successionUndo
	kept   map[string]movedElector
	way    inverse
	done   map[string]bool
	notes  []JournalEntry
}

func (u *successionUndoer) run() error {
	rec, err := u.w.Record(u.ctx, u.s.Heir, StandingBook, undoID(u.rep.ID))
	if errors.Is(err, electoral.ErrNotFound) || err == nil && !rec.Expires.After(u.action.at) {
		return electoral.Faults{electoral.NewFault(electoral.SuccessionStep.In("over"), "id", u.rep.ID, nil)}
	}
	if err == nil {
		err = decodeRecord(rec, &u.undo)
	}
	if err != nil {
		return err
	}
	changed, err := u.changed()
	if err != nil {
		return err
	}
	if changed {
		return electoral.Faults{electoral.NewFault(electoral.SuccessionStep.In("changed"), "id", u.rep.ID,
			electoral.Args{"heir": u.action.r.label(u.s.Heir)})}
	}
	u.kept, u.done = map[string]movedElector{}, map[string]bool{}
	for _, e := range u.undo.Electors {
		u.kept[e.ANPRID] = e
	}
	shared := map[string]bool{}
	for _, number := range u.undo.Shared {
		shared[number] = true
	}
	u.way = inverseOf(u.s, shared)
	for _, step := range []func() error{u.electors, u.sections, u.records, u.standings} {
		if err := step(); err != nil {
			return err
		}
	}
	return u.w.RemoveRecord(u.ctx, u.s.Heir, StandingBook, undoID(u.rep.ID))
}

// changed reports whether the heir has changed anything since.
func (u *successionUndoer) changed() (bool, error) {
	digest, err := sectionsDigest(u.ctx, u.w, u.s.Heir)
	if err != nil || digest != u.undo.Heirs {
		return true, err
	}
	change, err := u.rep.change(u.ctx, u.w, u.s.Heir)
	if err != nil {
		return true, err
	}
	for _, err := range u.w.Journal(u.ctx, JournalSearch{Comune: u.s.Heir, Since: change}) {
		return true, err
	}
	books, err := booksDigest(u.ctx, u.w, u.s.Heir)
	if err != nil {
		return true, err
	}
	own := string(SuccessionBook) + "/" + u.rep.ID // was put on record last
	for key, digest := range books {
		if key != own && u.undo.Books[key] != digest {
			return true, nil
		}
	}
	return u.returned()
}

// returned reports whether a section that is to come back is there already.
func (u *successionUndoer) returned() (bool, error) {
	for _, sec := range u.undo.Sections {
		_, err := u.w.Section(u.ctx, sec.Comune, sec.Number)
		if !errors.Is(err, electoral.ErrNotFound) {
			return true, err
		}
	}
	return false, nil
}

// electors puts back everybody whom the journal of a comune names.
func (u *successionUndoer) electors() error {
	for _, comune := range u.s.Ceased {
		change, err := u.rep.change(u.ctx, u.w, comune)
		if err != nil {
			return err
		}
		var after *JournalEntry
		for {
			batch := make([]JournalEntry, 0, loadBatch)
			q := JournalSearch{Comune: comune, Since: change - 1, Until: change,
				Operations: []electoral.Operation{electoral.OpSucceed}, After: after}
			for e, err := range u.w.Journal(u.ctx, q) {
				if err != nil {
					return err
				}
				if batch = append(batch, e); len(batch) == loadBatch {
					break
				}
			}
			if len(batch) == 0 {
				break
			}
			for _, e := range batch {
				if err := u.elector(e.ANPRID, comune); err != nil {
					return err
				}
			}
			after = &batch[len(batch)-1]
			if err := u.note(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *successionUndoer) elector(id, comune string) error {
	if u.done[id] {
		return nil
	}
	u.done[id] = true
	var now position
	var err error
	if now.elector, now.home, err = u.w.Elector(u.ctx, id); err != nil {
		return fmt.Errorf("registry: elector %s of the succession: %w", id, err)
	}
	was := u.way.back(now, comune)
	if k, kept := u.kept[id]; kept {
		was = position{elector: now.elector.Clone(), home: k.Home}
		for l, en := range k.Places {
			was.elector.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &en})
		}
		if k.Votes != nil {
			was.elector.KeptVotes = k.Votes
		}
	}
	if err := u.w.PutElector(u.ctx, was.home, was.elector); err != nil {
		return err
	}
	for _, c := range []string{u.s.Heir, comune} {
		u.notes = append(u.notes, JournalEntry{Comune: c, ANPRID: id, At: u.action.at,
			Operation: electoral.OpUndoSuccession, Revision: u.action.req.Revision})
	}
	return nil
}

func (u *successionUndoer) note() error {
	list := u.notes
	u.notes = nil
	return u.w.Note(u.ctx, list...)
}

func (u *successionUndoer) sections() error {
	for _, number := range u.undo.NewSections {
		if err := u.w.RemoveSection(u.ctx, u.s.Heir, number); err != nil {
			return err
		}
	}
	for _, sec := range u.undo.Sections {
		if err := u.w.PutSection(u.ctx, sec); err != nil {
			return err
		}
	}
	return nil
}

// records gives the comuni back what their books held.
func (u *successionUndoer) records() error {
	for _, k := range u.undo.Moved {
		rec, err := u.w.Record(u.ctx, u.s.Heir, k.Book, k.ID)
		if errors.Is(err, electoral.ErrNotFound) {
			continue
		}
		if err == nil {
			err = moveRecord(u.ctx, u.w, rec, k.Comune)
		}
		if err != nil {
			return err
		}
	}
	for _, k := range u.undo.Made {
		if err := u.w.RemoveRecord(u.ctx, k.Comune, k.Book, k.ID); err != nil {
			return err
		}
	}
	for _, rec := range u.undo.Records {
		if err := u.w.PutRecord(u.ctx, rec); err != nil {
			return err
		}
	}
	return nil
}

func (u *successionUndoer) standings() error {
	if u.s.Kind == TerritoryPassage {
		return nil
	}
	heir, err := standingOf(u.ctx, u.w, u.s.Heir)
	if err != nil {
		return err
	}
	for _, comune := range u.s.Ceased {
		s, err := standingOf(u.ctx, u.w, comune)
		if err != nil {
			return err
		}
		heir.Before = slices.DeleteFunc(heir.Before,
			func(c string) bool { return c == comune || slices.Contains(s.Before, c) })
		s.Heir, s.Day = "", electoral.Date{}
		if err := u.action.putStanding(u.ctx, u.w, comune, s); err != nil {
			return err
		}
	}
	return u.action.putStanding(u.ctx, u.w, u.s.Heir, heir)
}
