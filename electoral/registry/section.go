package registry

import (
	"context"
	"errors"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// PutSection registers a section or changes it, as the officer of its comune (ANPR's
// service 5011). A new section whose number is another spelling of one that is
// registered is refused with [electoral.SectionOtherSpelling]; so is a change that
// takes from a section a constituency or a college that the status of electors in it
// needs, with [electoral.SectionNeeded]. A datum that becomes another, and a change
// of the seat while a vote is near, are warned of. A section that comes in a message
// of ANPR's, which has no kind, keeps its own. PutSection returns the warnings.
//
// Codes: of every service, of a change, of a section; ELE-STA-14/15/16/17/18,
// REG-COM-01, REG-SEZ-02/05/06/15/18.
func (r *Registry) PutSection(ctx context.Context, req electoral.Request,
	s electoral.Section) (electoral.Faults, error) {
	a := r.begin(req, electoral.OpPutSection, s.Comune)
	a.takes("", s)
	_, warnings, err := perform(ctx, a, a.officerOf(s.Comune), s, func(w Writer) (struct{}, electoral.Faults, error) {
		faults, err := a.putSection(ctx, w, s)
		return struct{}{}, faults, err
	})
	return warnings, err
}

func (a *action) putSection(ctx context.Context, w Writer, s electoral.Section) (electoral.Faults, error) {
	faults := electoral.Faults(a.r.checker.CheckSection(s, a.today()))
	if faults.Has(electoral.SectionNumberMissing) {
		return nil, faults // it names nothing that could be looked up
	}
	old, err := w.Section(ctx, s.Comune, s.Number)
	switch {
	case errors.Is(err, electoral.ErrNotFound):
		registered, other, err := spelling(ctx, w, s.Comune, s.Number)
		if err != nil {
			return nil, err
		}
		if other {
			faults = append(faults, otherSpelling("number", s.Number, registered))
		}
		if err := faults.Err(); err != nil {
			return nil, err
		}
		return faults, w.PutSection(ctx, s)
	case err != nil:
		return nil, err
	}
	a.keepKind(&s, old)
	d := newRedrawer(ctx, a, w, Redrawing{Put: []electoral.Section{s}}, redrawPaths{})
	d.before[s.Number], d.put[s.Number] = old, 0
	d.seatChanged(old, s, "")
	if err := d.staying(old, s); err != nil {
		return nil, err
	}
	d.tellNeeds()
	faults = append(faults, d.faults...)
	if err := join(d.failure, faults.Err()); err != nil {
		return nil, err
	}
	return faults, w.PutSection(ctx, s)
}

// keepKind keeps the kind of a section that comes in a message without one.
func (a *action) keepKind(s *electoral.Section, old electoral.Section) {
	if a.req.Message && s.Kind == electoral.OrdinarySection {
		s.Kind = old.Kind
	}
}

func otherSpelling(path, number, registered string) electoral.Fault {
	return electoral.NewFault(electoral.SectionOtherSpelling, path, number, electoral.Args{
		"number": electoral.CanonicalSectionNumber(registered), "registered": registered})
}

// spelling returns the number of a section of a comune of which number is another
// spelling, the first in the order of the store.
func spelling(ctx context.Context, rd Reader, comune, number string) (string, bool, error) {
	key := electoral.SectionNumberKey(number)
	for s, err := range rd.Sections(ctx, comune) {
		if err != nil {
			return "", false, err
		}
		if s.Number != number && electoral.SectionNumberKey(s.Number) == key {
			return s.Number, true, nil
		}
	}
	return "", false, nil
}

// spellingsOf returns a lookup for the checker; an error of the store is left in
// failure.
func spellingsOf(ctx context.Context, rd Reader, failure *error) func(comune, number string) (string, bool) {
	return func(comune, number string) (string, bool) {
		registered, ok, err := spelling(ctx, rd, comune, number)
		if err != nil {
			*failure = err
		}
		return registered, ok
	}
}

// Section returns a section of the officer's comune. A section that is not
// registered is refused with [electoral.SectionNotFound].
//
// Codes: of every service; REG-COM-01, REG-SEZ-01.
func (r *Registry) Section(ctx context.Context, req electoral.Request,
	comune, number string) (electoral.Section, error) {
	a := r.begin(req, electoral.OpReadSection, comune)
	a.takes("number", number)
	var s electoral.Section
	err := a.read(ctx, a.officerOf(comune), func(*electoral.Entry) error {
		return r.store.View(ctx, func(rd Reader) error {
			var err error
			s, err = rd.Section(ctx, comune, number)
			if errors.Is(err, electoral.ErrNotFound) {
				return electoral.Faults{r.noSection("number", comune, number)}
			}
			return err
		})
	})
	if err != nil {
		return electoral.Section{}, err
	}
	return s, nil
}

func (r *Registry) noSection(path, comune, number string) electoral.Fault {
	return electoral.NewFault(electoral.SectionNotFound, path, number,
		electoral.Args{"section": number, "comune": r.label(comune)})
}

// A SectionPage asks for a part of the sections of a comune.
type SectionPage struct {
	// After is the number after which the page begins, in the order of
	// [electoral.CompareSectionNumbers]; empty for the first page. It need not be
	// that of a section.
	After string
	// Limit is the most that a page holds, 1 to 1,000; zero means 100.
	Limit int
}

// A SectionList is one page of the sections of a comune.
type SectionList struct {
	Sections []ListedSection `json:"sections"`
	// Next begins the next page; empty on the last.
	Next string `json:"next,omitzero"`
}

// A ListedSection is a section and how many electors are in it.
type ListedSection struct {
	Section electoral.Section `json:"section"`
	// Electors counts those of each list; [electoral.StillVotesList] those who were
	// removed and keep a vote here. A list without electors is not there.
	Electors map[electoral.List]int `json:"electors"`
}

// Sections returns a page of the sections of the officer's comune (ANPR's service
// 3008), in the order of their numbers for people: 2 before 10.
//
// Codes: of every service; REG-COM-01, REG-CON-06.
func (r *Registry) Sections(ctx context.Context, req electoral.Request, comune string,
	page SectionPage) (SectionList, error) {
	a := r.begin(req, electoral.OpListSections, comune)
	a.takes("", page)
	limit, faults := pageLimit(page.Limit)
	var out SectionList
	err := a.read(ctx, append(a.officerOf(comune), faults...), func(on *electoral.Entry) error {
		return r.store.View(ctx, func(rd Reader) error {
			var err error
			out, err = sectionPage(ctx, rd, comune, page.After, limit)
			setRows(on, len(out.Sections))
			return err
		})
	})
	if err != nil {
		return SectionList{}, err
	}
	return out, nil
}

func sectionPage(ctx context.Context, rd Reader, comune, after string, limit int) (SectionList, error) {
	var list []electoral.Section
	for s, err := range rd.Sections(ctx, comune) {
		if err != nil {
			return SectionList{}, err
		}
		if after == "" || electoral.CompareSectionNumbers(s.Number, after) > 0 {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b electoral.Section) int {
		return electoral.CompareSectionNumbers(a.Number, b.Number)
	})
	out := SectionList{Sections: make([]ListedSection, 0, min(len(list), limit))}
	if len(list) > limit {
		list = list[:limit]
		out.Next = list[limit-1].Number
	}
	counts, err := rd.Counts(ctx, comune)
	if err != nil {
		return SectionList{}, err
	}
	electors := map[string]map[electoral.List]int{}
	for _, c := range counts {
		if electors[c.Section] == nil {
			electors[c.Section] = map[electoral.List]int{}
		}
		electors[c.Section][c.List] = c.Count
	}
	for _, s := range list {
		in := electors[s.Number]
		if in == nil {
			in = map[electoral.List]int{}
		}
		out.Sections = append(out.Sections, ListedSection{Section: s, Electors: in})
	}
	return out, nil
}
