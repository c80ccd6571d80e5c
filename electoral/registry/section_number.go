package registry

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
)

// A numberedList is a section's list that has been numbered for a day of voting.
type numberedList struct {
	list    electoral.List
	section string
	day     electoral.Date
}

// numberedLists finds the numbered lists of the sections that electors leave or that
// are deleted, and says what becomes of their numbers.
func (d *redrawer) numberedLists() error {
	if len(d.moves)+len(d.removed) == 0 {
		return nil
	}
	var earlier map[string]numberedList // of records that do not say what they number
	for rec, err := range d.w.Records(d.ctx, RecordSearch{Book: NumberingBook, Comune: d.action.comune}) {
		if err != nil {
			return err
		}
		var kept numbering
		if err := decodeRecord(rec, &kept); err != nil {
			return err
		}
		of := numberedList{list: kept.List, section: kept.Section, day: kept.Day}
		if of.list == "" {
			if earlier == nil {
				earlier = d.calledLists()
			}
			of = earlier[rec.ID]
		}
		_, leaves := d.moves[of.section]
		_, goes := d.removed[of.section]
		if of.list != "" && (leaves || goes) {
			d.lists = append(d.lists, of)
		}
	}
	slices.SortFunc(d.lists, func(a, b numberedList) int {
		if c := electoral.CompareSectionNumbers(a.section, b.section); c != 0 {
			return c
		}
		return a.day.Compare(b.day)
	})
	for _, of := range d.lists {
		i, moves := d.moves[of.section]
		if of.day.Before(d.action.today()) || !moves {
			continue
		}
		args := electoral.Args{"section": of.section, "day": of.day.Italian(), "list": of.list.Italian()}
		path := d.fromPath(i)
		if d.together(of.section) {
			d.add(electoral.NewFault(electoral.SectionNamed.In("numbers-kept"), path, of.section, args))
		} else {
			d.add(electoral.NewFault(electoral.SectionNamed.In("numbers"), path, of.section, args))
		}
	}
	return nil
}

// calledLists returns the lists that may be numbered for the votes called in the
// comune, of the sections that electors leave, by the ids of their records.
func (d *redrawer) calledLists() map[string]numberedList {
	ids := map[string]numberedList{}
	sections := maps.Clone(d.moves)
	maps.Copy(sections, d.removed)
	for _, v := range d.action.r.called(d.action.comune) {
		for section := range sections {
			for _, l := range electoral.Lists() {
				ids[numberingID(l, section, v)] = numberedList{list: l, section: section, day: v.Day}
			}
		}
	}
	return ids
}

// together reports whether the electors of a section go to a number that nobody else
// has afterwards: their lists keep their numbers. Persons who are named count for
// nothing, since who comes later gets the next number.
func (d *redrawer) together(from string) bool {
	i, moves := d.moves[from]
	if !moves {
		return false
	}
	to := d.order.Mapping.Sections[i].To
	_, left := d.moves[to]
	if _, known := d.before[to]; known && !left {
		return false
	}
	n := 0
	for _, m := range d.order.Mapping.Sections {
		if m.To == to {
			n++
		}
	}
	return n == 1
}

// moveNumbers lets the numbers of a section's lists follow its electors.
func (d *redrawer) moveNumbers(s step) error {
	origin := d.order.Mapping.Sections[s.item].From
	if len(d.lists) == 0 || !d.together(origin) {
		return nil
	}
	for _, of := range d.lists {
		if of.section != origin {
			continue
		}
		v := electoral.Vote{Day: of.day}
		rec, err := d.w.Record(d.ctx, d.action.comune, NumberingBook, numberingID(of.list, s.from, v))
		if errors.Is(err, electoral.ErrNotFound) {
			continue
		}
		var kept numbering
		if err == nil {
			err = decodeRecord(rec, &kept)
		}
		if err == nil {
			err = d.w.RemoveRecord(d.ctx, d.action.comune, NumberingBook, rec.ID)
		}
		if err != nil {
			return err
		}
		kept.List, kept.Section, kept.Day = of.list, s.to, of.day
		rec.ID, rec.At = numberingID(of.list, s.to, v), d.action.at
		if err := putRecord(d.ctx, d.w, rec, kept); err != nil {
			return err
		}
	}
	return nil
}

// dropNumbers forgets the numbers of the lists of deleted sections: another section
// may get the name.
func (d *redrawer) dropNumbers() error {
	for _, of := range d.lists {
		if _, gone := d.removed[of.section]; !gone || d.together(of.section) {
			continue
		}
		id := numberingID(of.list, of.section, electoral.Vote{Day: of.day})
		if err := d.w.RemoveRecord(d.ctx, d.action.comune, NumberingBook, id); err != nil {
			return err
		}
	}
	return nil
}

// rectifications warns of the open requests of citizens who ask for a section that is
// no more, or whose electors go elsewhere.
func (d *redrawer) rectifications() error {
	if len(d.moves)+len(d.removed) == 0 {
		return nil
	}
	var open []string
	for _, s := range requestStates() {
		if !s.Closed() {
			open = append(open, strconv.Itoa(int(s)))
		}
	}
	part, told := "."+string(electoral.ListSection), map[string]bool{}
	for rec, err := range d.w.Records(d.ctx, RecordSearch{Book: RectificationBook, Comune: d.action.comune,
		States: open}) {
		if err != nil {
			return err
		}
		var q Rectification
		if err := decodeRecord(rec, &q); err != nil {
			return err
		}
		if !strings.HasSuffix(string(q.Field), part) || told[q.Asked] {
			continue
		}
		path := ""
		if i, gone := d.removed[q.Asked]; gone {
			path = indexed(d.paths.remove, i)
		} else if i, moves := d.moves[q.Asked]; moves {
			path = d.fromPath(i)
		}
		if path != "" {
			told[q.Asked] = true
			d.fault(electoral.SectionNamed, path, q.Asked, electoral.Args{"section": q.Asked})
		}
	}
	return nil
}

// loads lets the first loads remember their sections by the names that they have: who
// undoes one removes those in which nobody is left.
func (d *redrawer) loads() error {
	if len(d.removed) == 0 {
		return nil
	}
	var records []Record
	for rec, err := range d.w.Records(d.ctx, RecordSearch{Book: LoadBook, Comune: d.action.comune}) {
		if err != nil {
			return err
		}
		records = append(records, rec)
	}
	for _, rec := range records {
		var first loadRecord
		if err := decodeRecord(rec, &first); err != nil {
			return err
		}
		kept := make([]string, 0, len(first.NewSections))
		for _, number := range first.NewSections {
			if _, gone := d.removed[number]; !gone {
				kept = append(kept, number)
			} else if d.renumbers {
				kept = append(kept, d.order.Mapping.Sections[0].To)
			}
		}
		if slices.Equal(kept, first.NewSections) {
			continue
		}
		first.NewSections = kept
		if err := putRecord(d.ctx, d.w, rec, first); err != nil {
			return err
		}
	}
	return nil
}
