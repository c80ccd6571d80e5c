package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// numbering is the order of a section's list for a day of voting, as it was first
// given out: an elector's number is his place in it, from 1, whatever is voted for.
type numbering struct {
	IDs []string `json:"ids"` // ANPR ids
	// List, Section and Day are of what it numbers. Those kept by an earlier version
	// do not say it.
	List    electoral.List `json:"list,omitzero"`
	Section string         `json:"section,omitzero"`
	Day     electoral.Date `json:"day,omitzero"`
}

// frozenDays is how many days before a vote the numbers of its lists no longer
// change. Electors who vote elsewhere must declare theirs (D.P.R. 361/1957, art.
// 51); the fifteenth day, on which the lists are closed, is our choice.
const frozenDays = 15

// frozen reports whether the numbers of the lists of a vote are kept.
func frozen(v electoral.Vote, today electoral.Date) bool {
	return v.Day.Complete() && !today.Before(v.Terms().AddDays(-frozenDays)) && !today.After(v.Last())
}

// numberingID is the key of a section's numbers: the section may be written in
// characters that an id cannot have.
func numberingID(l electoral.List, section string, v electoral.Vote) string {
	text := strings.Join([]string{string(l), section, v.Day.String()}, "\x00")
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// numbers returns the numbers that the electors of a section have, by ANPR id,
// and the last of them.
func (e *extractor) numbers(section string) (map[string]int, int, error) {
	if e.x.Consultation == "" || !frozen(e.vote, e.action.today()) {
		return nil, 0, nil
	}
	rec, err := e.rd.Record(e.ctx, e.x.Comune, NumberingBook, numberingID(e.x.List, section, e.vote))
	if errors.Is(err, electoral.ErrNotFound) {
		return nil, 0, nil
	}
	var kept numbering
	if err == nil {
		err = decodeRecord(rec, &kept)
	}
	numbers := make(map[string]int, len(kept.IDs))
	for i, id := range kept.IDs {
		numbers[id] = i + 1
	}
	return numbers, len(kept.IDs), err
}

// maxNumbering is how often a list is numbered anew because somebody was enrolled
// meanwhile.
const maxNumbering = 10

// numbered calls fn with a state of the store in which, from the fifteenth day before
// a vote on, everybody in the list of an extraction has a number: one that was given
// out without being kept might go to somebody else.
func (a *action) numbered(ctx context.Context, x electoral.Extraction, v electoral.Vote,
	fn func(e *extractor) error) error {
	for range maxNumbering {
		lacking := false
		err := a.r.store.View(ctx, func(rd Reader) error {
			e := extractor{action: a, ctx: ctx, rd: rd, x: x, vote: v}
			var err error
			if lacking, err = e.lacksNumbers(); err != nil || lacking {
				return err
			}
			return fn(&e)
		})
		if err != nil || !lacking {
			return err
		}
		if err := a.freezeNumbers(ctx, x, v); err != nil {
			return err
		}
	}
	return errors.New("registry: the list changes while it is being numbered: ask for it again")
}

// lacksNumbers reports whether somebody in the list should have a number that is kept,
// and has none.
func (e *extractor) lacksNumbers() (bool, error) {
	if e.x.Consultation == "" || !frozen(e.vote, e.action.today()) {
		return false, nil
	}
	still, _, err := e.stillVoting()
	if err != nil {
		return false, err
	}
	var kept map[string]int // of the section at hand: electors come section by section
	current, read := "", false
	lacks := func(el *electoral.Elector, section string) (bool, error) {
		if l, place, in := rules.PlaceOf(el, e.vote); !in || l != e.x.List || place.Comune != e.x.Comune {
			return false, nil
		}
		if !read || current != section {
			var err error
			if kept, _, err = e.numbers(section); err != nil {
				return false, err
			}
			current, read = section, true
		}
		return kept[el.ANPRID] == 0, nil
	}
	for section, list := range still {
		for i := range list {
			if lacking, err := lacks(&list[i].Elector, section); err != nil || lacking {
				return lacking, err
			}
		}
	}
	for el, err := range e.rd.Enrolled(e.ctx, e.x.List, e.x.Comune, e.x.Section) {
		if err != nil {
			return false, err
		}
		en, _ := el.EnrolmentIn(e.x.List)
		if lacking, err := lacks(&el, en.Section); err != nil || lacking {
			return lacking, err
		}
	}
	return false, nil
}

// freezeNumbers stores the numbers of those who have none yet in the list of an
// extraction: of all of them, whoever of them is asked.
func (a *action) freezeNumbers(ctx context.Context, x electoral.Extraction, v electoral.Vote) error {
	x.Touched, x.Operations, x.Revisions = nil, nil, nil
	news := map[string][]string{} // by section, in their order
	err := a.r.store.View(ctx, func(rd Reader) error {
		clear(news)
		e := extractor{action: a, ctx: ctx, rd: rd, x: x, vote: v}
		if err := e.readChoices(); err != nil {
			return err
		}
		return e.eachSection(func(list []electoral.ExtractedElector) error {
			section := list[0].Section
			numbers, _, err := e.numbers(section)
			if err != nil {
				return err
			}
			for _, k := range pollOrder(list, e.apart()) {
				if id := list[k.row].Elector.ANPRID; numbers[id] == 0 {
					news[section] = append(news[section], id)
				}
			}
			return nil
		})
	})
	if err != nil || len(news) == 0 {
		return err
	}
	return a.r.store.Update(ctx, func(w Writer) error {
		for section, ids := range news {
			if err := a.addNumbers(ctx, w, x, v, section, ids); err != nil {
				return err
			}
		}
		return nil
	})
}

// addNumbers gives the next numbers to those of some electors who have none.
func (a *action) addNumbers(ctx context.Context, w Writer, x electoral.Extraction, v electoral.Vote,
	section string, ids []string) error {
	rec, err := w.Record(ctx, x.Comune, NumberingBook, numberingID(x.List, section, v))
	var kept numbering
	switch {
	case errors.Is(err, electoral.ErrNotFound):
		rec = Record{Comune: x.Comune, Book: NumberingBook, ID: numberingID(x.List, section, v), State: "kept"}
	case err != nil:
		return err
	default:
		if err := decodeRecord(rec, &kept); err != nil {
			return err
		}
	}
	kept.List, kept.Section, kept.Day = x.List, section, v.Day
	has := make(map[string]bool, len(kept.IDs))
	for _, id := range kept.IDs {
		has[id] = true
	}
	for _, id := range ids {
		if !has[id] {
			kept.IDs = append(kept.IDs, id)
		}
	}
	rec.At = a.at
	rec.Expires = a.r.calendar.Begins(v.Last().AddDays(1)).Add(a.r.retention.Closed)
	return putRecord(ctx, w, rec, kept)
}

// renumber gives the numbers of one ANPR id in the lists of a comune to another of the
// same person, where that has none.
func renumber(ctx context.Context, w Writer, comune, from, to string) error {
	var found []Record
	var lists []numbering
	for rec, err := range w.Records(ctx, RecordSearch{Book: NumberingBook, Comune: comune}) {
		if err != nil {
			return err
		}
		var kept numbering
		if err := decodeRecord(rec, &kept); err != nil {
			return err
		}
		if i := slices.Index(kept.IDs, from); i >= 0 && !slices.Contains(kept.IDs, to) {
			kept.IDs[i] = to
			found, lists = append(found, rec.Clone()), append(lists, kept)
		}
	}
	for i, rec := range found {
		if err := putRecord(ctx, w, rec, lists[i]); err != nil {
			return err
		}
	}
	return nil
}
