package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
)

// numbering is the order of a section's list for a vote, as it was first given
// out: an elector's number is his place in it, from 1.
type numbering struct {
	IDs []string `json:"ids"` // ANPR ids
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
	text := strings.Join([]string{string(l), section, string(v.Consultation), v.Day.String()}, "\x00")
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

// freezeNumbers stores, from the fifteenth day before a vote on, the numbers of
// those who have none yet in the lists of an extraction, before it leaves.
func (a *action) freezeNumbers(ctx context.Context, x electoral.Extraction, v electoral.Vote) error {
	if x.Consultation == "" || !frozen(v, a.today()) {
		return nil
	}
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
