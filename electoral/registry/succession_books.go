package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// books gives the heir what the books of the comuni hold of requests, choices and
// numbers. Conflicts have a step of their own.
func (m *succession) books() error {
	for _, comune := range m.s.Ceased {
		for _, book := range []Book{RectificationBook, ApplicationBook, ChoiceBook} {
			list, err := m.recordsOf(book, comune)
			if err != nil {
				return err
			}
			for _, rec := range list {
				if err := m.record(rec); err != nil {
					return err
				}
			}
		}
		if m.ids == nil {
			if err := m.numberings(comune); err != nil {
				return err
			}
		}
	}
	return nil
}

// recordsOf returns the records of a book of a comune that pass.
func (m *succession) recordsOf(book Book, comune string) ([]Record, error) {
	var list []Record
	for rec, err := range m.w.Records(m.ctx, RecordSearch{Book: book, Comune: comune}) {
		if err != nil {
			return nil, err
		}
		if m.ids == nil || m.ids[rec.Subject] {
			list = append(list, rec.Clone())
		}
	}
	return list, nil
}

// record gives one record to the heir.
func (m *succession) record(rec Record) error {
	m.undo.Moved = append(m.undo.Moved, recordKey{Comune: rec.Comune, Book: rec.Book, ID: rec.ID})
	m.rep.Records++
	return moveRecord(m.ctx, m.w, rec, m.s.Heir)
}

// moveRecord gives a record to another comune, whose code its body has too.
func moveRecord(ctx context.Context, w Writer, rec Record, to string) error {
	var body any
	var comune *string
	switch rec.Book {
	case RectificationBook:
		v := new(Rectification)
		body, comune = v, &v.Comune
	case ApplicationBook:
		v := new(Application)
		body, comune = v, &v.Comune
	case ChoiceBook:
		v := new(electoral.VotingChoice)
		body, comune = v, &v.Comune
	default:
		return fmt.Errorf("registry: book %s does not pass to another comune", rec.Book)
	}
	if err := decodeRecord(rec, body); err != nil {
		return err
	}
	if err := w.RemoveRecord(ctx, rec.Comune, rec.Book, rec.ID); err != nil {
		return err
	}
	*comune, rec.Comune = to, to
	return putRecord(ctx, w, rec, body)
}

// numberDays bound the votes whose numbers pass: how far a vote that is not over yet
// may lie from today. The numbers of others are history and stay.
const numberDaysBack, numberDaysAhead = 7, 30

// numberings gives the heir the numbers of the lists of a comune for votes to come.
// Which list, section and day a numbering is of stands only in its key.
func (m *succession) numberings(comune string) error {
	list, err := m.recordsOf(NumberingBook, comune)
	if err != nil || len(list) == 0 {
		return err
	}
	type slot struct {
		list    electoral.List
		section string
		vote    electoral.Vote
	}
	slots := map[string]slot{}
	for day := -numberDaysBack; day <= numberDaysAhead; day++ {
		v := electoral.Vote{Day: m.action.today().AddDays(day)}
		for _, l := range electoral.Lists() {
			for from := range m.plan.to {
				if from.comune == comune {
					slots[numberingID(l, from.section, v)] = slot{list: l, section: from.section, vote: v}
				}
			}
		}
	}
	for _, rec := range list {
		at, known := slots[rec.ID]
		if !known {
			continue
		}
		to := m.plan.to[place{comune, at.section}]
		if err := m.numbering(rec, numberingID(at.list, to, at.vote), to, at.vote.Day); err != nil {
			return err
		}
	}
	return nil
}

// numbering gives the heir the numbers of one list. Where two become one, those of the
// second follow those of the first.
func (m *succession) numbering(rec Record, id, section string, day electoral.Date) error {
	m.undo.Records = append(m.undo.Records, rec.Clone())
	if err := m.w.RemoveRecord(m.ctx, rec.Comune, rec.Book, rec.ID); err != nil {
		return err
	}
	var kept, more numbering
	if err := decodeRecord(rec, &more); err != nil {
		return err
	}
	there, err := m.w.Record(m.ctx, m.s.Heir, NumberingBook, id)
	switch {
	case err == nil:
		if err := decodeRecord(there, &kept); err != nil {
			return err
		}
		m.keepOriginal(there)
		m.told = append(m.told, electoral.NewFault(electoral.SuccessionNumbering, "mapping", section,
			electoral.Args{"section": section, "day": day.Italian()}))
	case !errors.Is(err, electoral.ErrNotFound):
		return err
	}
	for _, id := range more.IDs {
		if !slices.Contains(kept.IDs, id) {
			kept.IDs = append(kept.IDs, id)
		}
	}
	rec.Comune, rec.ID = m.s.Heir, id
	m.made(rec)
	m.rep.Records++
	return putRecord(m.ctx, m.w, rec, kept)
}

// keepOriginal remembers a record of the heir that is changed, as it was before the
// succession.
func (m *succession) keepOriginal(rec Record) {
	key := recordKey{Comune: rec.Comune, Book: rec.Book, ID: rec.ID}
	if !slices.Contains(m.undo.Made, key) {
		m.undo.Records = append(m.undo.Records, rec.Clone())
	}
}

// made remembers the key of a record that was written.
func (m *succession) made(rec Record) {
	key := recordKey{Comune: rec.Comune, Book: rec.Book, ID: rec.ID}
	if !slices.Contains(m.undo.Made, key) {
		m.undo.Made = append(m.undo.Made, key)
	}
}

// conflicts puts the heir in the place of the comuni in their conflicts. One between
// two that are now the same is resolved; nobody is lost of whom it was about.
func (m *succession) conflicts() error {
	done := map[string]bool{}
	for _, comune := range m.s.Ceased {
		list, err := m.recordsOf(ConflictBook, comune)
		if err != nil {
			return err
		}
		for _, rec := range list {
			var c Conflict
			if err := decodeRecord(rec, &c); err != nil {
				return err
			}
			if done[c.ID] {
				continue
			}
			done[c.ID] = true
			if err := m.conflict(c, rec.At); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *succession) conflict(c Conflict, at time.Time) error {
	for _, comune := range []string{c.Claimant, c.Holder} {
		rec, err := m.w.Record(m.ctx, comune, ConflictBook, c.ID)
		if errors.Is(err, electoral.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		m.keepOriginal(rec)
		if err := m.w.RemoveRecord(m.ctx, comune, ConflictBook, c.ID); err != nil {
			return err
		}
	}
	claimant, holder := c.Claimant, c.Holder
	for _, side := range []*string{&c.Claimant, &c.Holder} {
		if slices.Contains(m.s.Ceased, *side) {
			*side = m.s.Heir
		}
	}
	c.ID = conflictID(c.ANPRID, c.List, c.Claimant, c.Holder)
	if c.HolderANPRID != "" {
		c.ID += "." + c.HolderANPRID
	}
	live := c.State != ConflictResolved && c.State != ConflictWithdrawn
	if c.Claimant == c.Holder && live {
		m.close(&c, claimant, holder)
		at = m.action.at
	}
	return m.putConflict(c, at)
}

// close resolves a conflict of two comuni that are now the same.
func (m *succession) close(c *Conflict, claimant, holder string) {
	c.State, c.Changed = ConflictResolved, m.action.at
	c.SeenByClaimant, c.SeenByHolder = m.action.at, m.action.at
	m.rep.Conflicts++
	m.told = append(m.told, electoral.NewFault(electoral.SuccessionConflictClosed, "anprId", c.ANPRID,
		electoral.Args{"comune": m.action.r.label(claimant), "other": m.action.r.label(holder)}))
	if c.HolderANPRID != "" {
		m.told = append(m.told, electoral.NewFault(electoral.SuccessionDoubt, "anprId", c.ANPRID+", "+c.HolderANPRID,
			electoral.Args{"comune": m.action.r.label(claimant), "other": m.action.r.label(holder)}))
	}
}

// putConflict writes a conflict into the books of both sides, with the instant of its
// last change. Of two that become one the later stands.
func (m *succession) putConflict(c Conflict, at time.Time) error {
	m.rep.Records++
	rec := Record{Book: ConflictBook, ID: c.ID, State: string(c.State), At: at}
	if c.State == ConflictResolved || c.State == ConflictWithdrawn {
		rec.Expires = c.Changed.Add(m.action.r.retention.Closed)
	}
	sides := []string{c.Claimant}
	if c.Holder != c.Claimant {
		sides = append(sides, c.Holder)
	}
	for _, comune := range sides {
		rec.Comune, rec.Subject = comune, c.ANPRID
		if comune == c.Holder && c.Holder != c.Claimant {
			rec.Subject = c.idIn(comune)
		}
		there, err := m.w.Record(m.ctx, comune, ConflictBook, c.ID)
		switch {
		case err == nil && there.At.After(at):
			continue
		case err == nil:
			m.keepOriginal(there)
		case !errors.Is(err, electoral.ErrNotFound):
			return err
		}
		m.made(rec)
		if err := putRecord(m.ctx, m.w, rec, c); err != nil {
			return err
		}
	}
	return nil
}
