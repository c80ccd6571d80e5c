package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// succession is one succession that is being carried out.
type succession struct {
	action *action
	ctx    context.Context
	w      Writer
	rep    SuccessionReport
	s      Succession
	plan   plan
	undo   successionUndo
	told   electoral.Faults
	over   func(electoral.KeptVote) bool
	// ids are those who pass; nil if all do.
	ids   map[string]bool
	done  map[string]bool // who has been moved one by one
	notes []JournalEntry
}

// successionUndo is what the mapping alone does not tell of how things were. It holds
// no datum of a person but his ids, his places and his kept votes.
type successionUndo struct {
	// NewSections are those that the heir did not have, and Heirs the digest of all that
	// it had afterwards.
	NewSections []string            `json:"newSections,omitempty"`
	Heirs       string              `json:"heirs"`
	Sections    []electoral.Section `json:"sections,omitempty"` // that passed
	// Shared are the sections of the heir that took electors from more than one.
	Shared []string `json:"shared,omitempty"`
	// Electors are those who cannot be told from the mapping.
	Electors []movedElector `json:"electors,omitempty"`
	// Records are those that were changed in more than their comune; Moved the others,
	// and Made the new keys.
	Records []Record    `json:"records,omitempty"`
	Moved   []recordKey `json:"moved,omitempty"`
	Made    []recordKey `json:"made,omitempty"`
	// Books are the digests of the heir's records afterwards, by book and id.
	Books map[string]string `json:"books,omitempty"`
}

type recordKey struct {
	Comune string `json:"comune"`
	Book   Book   `json:"book"`
	ID     string `json:"id"`
}

// movedElector is how an elector stood before.
type movedElector struct {
	ANPRID string                                 `json:"anprId"`
	Home   string                                 `json:"home"`
	Places map[electoral.List]electoral.Enrolment `json:"places,omitempty"`
	Votes  []electoral.KeptVote                   `json:"votes,omitempty"`
}

// undoID is the id of the record with a successionUndo.
func undoID(id string) string { return "undo:" + id }

// succeed carries out a succession: it judges everything before it writes.
func (a *action) succeed(ctx context.Context, w Writer,
	rep SuccessionReport) (SuccessionReport, electoral.Faults, error) {
	faults := a.checkArchive(rep.Succession)
	standings, err := a.checkStandings(ctx, w, rep.Succession)
	if err != nil {
		return rep, nil, err
	}
	faults = append(faults, standings...)
	if err := faults.Err(); err != nil {
		return rep, nil, faults
	}
	if day := rep.Succession.Day; a.r.interimAt(day) == InterimOpen && !rep.Succession.sameCode() {
		faults = append(faults, electoral.NewFault(electoral.SuccessionInterim, "day", day.String(),
			electoral.Args{"day": day.Italian(), "heir": a.r.label(rep.Succession.Heir)}))
	}
	rep.State = SuccessionDone
	if rep.Succession.sameCode() {
		return a.succeedItself(ctx, w, rep, faults)
	}
	s, err := renamed(ctx, w, rep.Succession)
	if err != nil {
		return rep, nil, err
	}
	p, sections, err := a.checkSections(ctx, w, s)
	if err != nil {
		return rep, nil, err
	}
	if faults = append(faults, sections...); faults.Err() != nil {
		return rep, nil, faults
	}
	m := a.newSuccession(ctx, w, rep, s, p)
	if err := m.run(); err != nil {
		return rep, nil, err
	}
	return m.rep, append(faults, m.told...), nil
}

// succeedItself puts a change on record that leaves the lists as they are.
func (a *action) succeedItself(ctx context.Context, w Writer, rep SuccessionReport,
	faults electoral.Faults) (SuccessionReport, electoral.Faults, error) {
	s := rep.Succession
	if len(s.Mapping)+len(s.Sections) > 0 {
		return rep, nil, electoral.Faults{electoral.NewFault(electoral.SuccessionMapping.In("unneeded"), "mapping", "", nil)}
	}
	faults = append(faults, electoral.NewFault(electoral.SuccessionNothingMoves, "heir", s.Heir,
		electoral.Args{"comune": a.r.label(s.Heir)}))
	return rep, faults, a.putSuccession(ctx, w, rep)
}

func (a *action) newSuccession(ctx context.Context, w Writer, rep SuccessionReport, s Succession, p plan) *succession {
	return &succession{action: a, ctx: ctx, w: w, rep: rep, s: s, plan: p, over: a.r.over(a.today()),
		done: map[string]bool{}}
}

// run moves everything.
func (m *succession) run() error {
	for _, step := range []func() error{m.newSections, m.electors, m.oldSections, m.books, m.conflicts, m.standings,
		m.keep} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// newSections registers the sections of the heir that are new.
func (m *succession) newSections() error {
	for _, sec := range m.s.Sections {
		_, err := m.w.Section(m.ctx, m.s.Heir, sec.Number)
		if err == nil {
			continue
		}
		if !errors.Is(err, electoral.ErrNotFound) {
			return err
		}
		if err := m.w.PutSection(m.ctx, sec); err != nil {
			return err
		}
		m.undo.NewSections = append(m.undo.NewSections, sec.Number)
	}
	return nil
}

// oldSections removes the sections that have passed as a whole.
func (m *succession) oldSections() error {
	if len(m.s.Persons) > 0 {
		return nil
	}
	for _, comune := range m.s.Ceased {
		for sec, err := range m.w.Sections(m.ctx, comune) {
			if err != nil {
				return err
			}
			if _, goes := m.plan.to[place{comune, sec.Number}]; goes {
				m.undo.Sections = append(m.undo.Sections, sec.Clone())
			}
		}
	}
	for _, sec := range m.undo.Sections {
		if err := m.w.RemoveSection(m.ctx, sec.Comune, sec.Number); err != nil {
			return err
		}
	}
	m.rep.Sections = len(m.undo.Sections)
	return nil
}

// electors moves the electors: those whose return the mapping alone does not tell one
// by one, and the others at once where the store can.
func (m *succession) electors() error {
	if m.ids != nil {
		for _, id := range sortedKeys(m.ids) {
			if err := m.elector(id); err != nil {
				return err
			}
		}
		return m.note(true)
	}
	bulk, ok := m.w.(SuccessionWriter)
	if !ok {
		return m.oneByOne()
	}
	for _, comune := range m.s.Ceased {
		ids, err := m.special(bulk, comune)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := m.elector(id); err != nil {
				return err
			}
		}
	}
	if err := m.note(true); err != nil {
		return err
	}
	for _, comune := range m.s.Ceased {
		move := ElectorMove{From: comune, To: m.s.Heir, Sections: map[string]string{}}
		for _, c := range []string{comune, m.s.Heir} {
			move.Notes = append(move.Notes, m.entry(c, ""))
		}
		for from, to := range m.plan.to {
			if from.comune == comune {
				move.Sections[from.section] = to
			}
		}
		n, err := bulk.MoveElectors(m.ctx, move)
		if err != nil {
			return err
		}
		m.rep.Electors += n
	}
	return nil
}

// special returns those of a comune who are moved one by one: who is also under
// another comune or in a section that is shared, or has a vote still to come.
func (m *succession) special(bulk SuccessionWriter, comune string) ([]string, error) {
	ids, err := bulk.Guests(m.ctx, comune)
	if err != nil {
		return nil, err
	}
	add := func(l electoral.List, section string) error {
		for e, err := range m.w.Enrolled(m.ctx, l, comune, section) {
			if err != nil {
				return err
			}
			ids = append(ids, e.ANPRID)
		}
		return nil
	}
	if err := add(electoral.StillVotesList, ""); err != nil {
		return nil, err
	}
	for from, to := range m.plan.to {
		if from.comune != comune || !m.plan.shared[to] {
			continue
		}
		for _, l := range electoral.Lists() {
			if err := add(l, from.section); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// oneByOne moves the electors in a store that cannot move many at once.
func (m *succession) oneByOne() error {
	for _, comune := range m.s.Ceased {
		for after := ""; ; {
			var ids []string
			for e, err := range m.w.Search(m.ctx, Search{Comune: comune, After: after}) {
				if err != nil {
					return err
				}
				if ids = append(ids, e.ANPRID); len(ids) == loadBatch {
					break
				}
			}
			if len(ids) == 0 {
				break
			}
			for _, id := range ids {
				if err := m.elector(id); err != nil {
					return err
				}
			}
			after = ids[len(ids)-1]
		}
	}
	return m.note(true)
}

// goes returns where a place goes. With a list of persons, or a part of a territory,
// a place may stay.
func (m *succession) goes(comune, section string) (electoral.Enrolment, bool) {
	to, ok := m.plan.to[place{comune, section}]
	return electoral.Enrolment{Comune: m.s.Heir, Section: to}, ok
}

// elector moves one elector.
func (m *succession) elector(id string) error {
	if m.done[id] {
		return nil
	}
	m.done[id] = true
	var old position
	var err error
	if old.elector, old.home, err = m.w.Elector(m.ctx, id); err != nil {
		return err
	}
	next, was, err := m.moved(old)
	if err != nil {
		return err
	}
	if was.Home == old.home && was.Home == next.home && len(was.Places) == 0 && was.Votes == nil {
		return nil // a vote that is over, in a comune that he left
	}
	if !m.invertible(old, next) {
		m.undo.Electors = append(m.undo.Electors, was)
	}
	if err := m.w.PutElector(m.ctx, next.home, next.elector); err != nil {
		return err
	}
	m.rep.Electors++
	for _, comune := range append(slices.Clone(m.s.Ceased), m.s.Heir) {
		concerned := comune == m.s.Heir || old.home == comune
		for _, en := range old.elector.Places() {
			concerned = concerned || en.Comune == comune
		}
		if concerned {
			m.notes = append(m.notes, m.entry(comune, id))
		}
	}
	return m.note(false)
}

// moved returns an elector as the heir has him, and how he stood.
func (m *succession) moved(old position) (next position, was movedElector, err error) {
	next = position{elector: old.elector.Clone(), home: old.home}
	was = movedElector{ANPRID: old.elector.ANPRID, Home: old.home}
	stays := false
	for l, en := range old.elector.Enrolments() {
		if !slices.Contains(m.s.Ceased, en.Comune) {
			continue
		}
		to, goes := m.goes(en.Comune, en.Section)
		if !goes && m.s.Kind != TerritoryPassage {
			return next, was, fmt.Errorf("registry: elector %s is in section %q of %s, which was not there", was.ANPRID,
				en.Section, en.Comune)
		}
		if !goes {
			stays = true
			continue
		}
		if was.Places == nil {
			was.Places = map[electoral.List]electoral.Enrolment{}
		}
		was.Places[l] = en
		next.elector.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &to})
	}
	for i, v := range next.elector.KeptVotes {
		if !slices.Contains(m.s.Ceased, v.Comune) || m.over(v) || len(m.s.Persons) > 0 {
			continue
		}
		to, goes := m.goes(v.Comune, v.Section)
		if !goes && m.s.Kind == TerritoryPassage {
			continue
		}
		if !goes {
			return next, was, electoral.Faults{electoral.NewFault(electoral.SuccessionSectionLeft, "mapping", v.Section,
				electoral.Args{"section": v.Section, "comune": m.action.r.label(v.Comune), "electors": someElectors(1)})}
		}
		was.Votes = old.elector.KeptVotes
		next.elector.KeptVotes[i].Comune, next.elector.KeptVotes[i].Section = to.Comune, to.Section
	}
	if slices.Contains(m.s.Ceased, old.home) && !stays && (m.s.Kind != TerritoryPassage || len(was.Places) > 0) {
		next.home = m.s.Heir
	}
	return next, was, nil
}

// invertible reports whether the mapping alone, and the journal of the comune under which
// he was, tell how an elector stood.
func (m *succession) invertible(old, next position) bool {
	if m.ids != nil || !slices.Contains(m.s.Ceased, old.home) {
		return false
	}
	back := m.inverse().back(next, old.home)
	return back.home == old.home && sameElector(back.elector, old.elector)
}

func sameElector(a, b electoral.Elector) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

// entry is what a journal has of an elector who was moved.
func (m *succession) entry(comune, id string) JournalEntry {
	return JournalEntry{Comune: comune, ANPRID: id, At: m.rep.At, Operation: electoral.OpSucceed,
		Revision: m.action.req.Revision}
}

// note writes the entries that wait, when they are many or at the end.
func (m *succession) note(end bool) error {
	if len(m.notes) == 0 || !end && len(m.notes) < loadBatch {
		return nil
	}
	list := m.notes
	m.notes = nil
	return m.w.Note(m.ctx, list...)
}

// standings says of each comune what it now is.
func (m *succession) standings() error {
	if m.s.Kind == TerritoryPassage {
		return nil
	}
	heir, err := standingOf(m.ctx, m.w, m.s.Heir)
	if err != nil {
		return err
	}
	for _, comune := range m.s.Ceased {
		s, err := standingOf(m.ctx, m.w, comune)
		if err != nil {
			return err
		}
		heir.Before = append(append(heir.Before, comune), s.Before...)
		s.Heir, s.Day = m.s.Heir, m.s.Day
		if err := m.action.putStanding(m.ctx, m.w, comune, s); err != nil {
			return err
		}
	}
	m.action.before = heir.Before
	return m.action.putStanding(m.ctx, m.w, m.s.Heir, heir)
}

// keep puts the succession on record, and what takes it back.
func (m *succession) keep() error {
	var err error
	if m.undo.Heirs, err = sectionsDigest(m.ctx, m.w, m.s.Heir); err != nil {
		return err
	}
	if m.undo.Books, err = booksDigest(m.ctx, m.w, m.s.Heir); err != nil {
		return err
	}
	m.rep.Changes = map[string]int64{}
	for _, comune := range append([]string{m.s.Heir}, m.s.Ceased...) {
		if m.rep.Changes[comune], err = m.w.NextSeq(m.ctx, comune); err != nil {
			return err
		}
	}
	m.undo.Shared = sortedKeys(m.plan.shared)
	rec := Record{Comune: m.s.Heir, Book: StandingBook, ID: undoID(m.rep.ID), At: m.action.at,
		Expires: m.action.at.Add(m.action.r.retention.Closed)}
	if err := putRecord(m.ctx, m.w, rec, m.undo); err != nil {
		return err
	}
	m.rep.Succession = m.s
	return m.action.putSuccession(m.ctx, m.w, m.rep)
}

// sectionsDigest is a digest of all the sections of a comune.
func sectionsDigest(ctx context.Context, rd Reader, comune string) (string, error) {
	h := sha256.New()
	for sec, err := range rd.Sections(ctx, comune) {
		if err != nil {
			return "", err
		}
		data, err := json.Marshal(sec)
		if err != nil {
			return "", named(err)
		}
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// booksDigest returns a digest of each record of a comune that a later change of it
// would write.
func booksDigest(ctx context.Context, rd Reader, comune string) (map[string]string, error) {
	digests := map[string]string{}
	for _, book := range []Book{ConflictBook, RectificationBook, ApplicationBook, ChoiceBook, NumberingBook, LoadBook,
		SuccessionBook} {
		for rec, err := range rd.Records(ctx, RecordSearch{Book: book, Comune: comune}) {
			if err != nil {
				return nil, err
			}
			if rec.State == string(SuccessionProposed) && book == SuccessionBook {
				continue
			}
			data, err := json.Marshal(rec)
			if err != nil {
				return nil, fmt.Errorf("registry: %w", err)
			}
			sum := sha256.Sum256(data)
			digests[string(book)+"/"+rec.ID] = hex.EncodeToString(sum[:8])
		}
	}
	return digests, nil
}

// sortedKeys returns the keys of a set in their order.
func sortedKeys(ids map[string]bool) []string {
	list := make([]string, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}
