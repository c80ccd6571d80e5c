package registry

import (
	"context"
	"errors"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Redrawing changes the sections of a comune and moves their electors together
// ("revisione delle sezioni", D.P.R. 223/1967, art. 34-36).
//
// Everything in it happens at once: where an elector goes depends on the section in
// which he was before, and on nothing that the same operation does to others. So a
// swap (1 to 2, 2 to 1) and a chain (1 to 2, 2 to 3) mean what they say, in
// whatever order they stand.
type Redrawing struct {
	// Put registers sections, or changes them.
	Put []electoral.Section `json:"put"`
	// Delete are the numbers of sections that are removed. Nobody may be left there.
	Delete []string `json:"delete"`
	// Mapping moves electors; its targets are sections that are there afterwards.
	Mapping Mapping `json:"mapping"`
}

// A Mapping says which electors go to which section.
type Mapping struct {
	// Sections moves everybody who is in a section: in any list of the comune, or
	// there for a kept vote.
	Sections []SectionMove `json:"sections"`
	// Persons moves single persons; for them Sections does not count. A person
	// whose section is that to which he goes stays, without an entry in the journal.
	Persons []PersonMove `json:"persons"`
}

// A SectionMove moves the electors of a section, From, to another, To: both are
// numbers as the comune writes them.
type SectionMove struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// A PersonMove moves one person, in every list of the comune in which he is, and the
// votes that he keeps there, to the section To.
type PersonMove struct {
	ANPRID string `json:"anprId"`
	// From is the section in which he is: if he is no longer there, the move is
	// refused. Empty means wherever he is.
	From string `json:"from,omitzero"`
	To   string `json:"to"`
}

// A SectionDeletion removes a section, and moves those who are in it.
type SectionDeletion struct {
	Number string `json:"number"`
	// To is the section to which they go; empty for none.
	To string `json:"to,omitzero"`
	// Persons are those who go elsewhere.
	Persons []PersonMove `json:"persons,omitempty"`
}

// A RedrawReport says what an operation on sections has done.
type RedrawReport struct {
	// Put and Deleted count sections.
	Put     int `json:"put"`
	Deleted int `json:"deleted"`
	// Moved counts the electors who are in another section than before, and Persons
	// those of them who were named.
	Moved   int `json:"moved"`
	Persons int `json:"persons"`
}

// Redraw changes sections and moves their electors, as the officer of the comune, in
// one update: everything or nothing. It refuses a mapping with all that is wrong with
// it: a section or a person moved twice, a source that is not registered, a target
// that is not there afterwards, a person who is in no list of the comune or has left
// From, a section that is deleted with somebody in it. It refuses a section without
// the constituencies and colleges that its electors need, where they had them before.
//
// Outside a semestral revision (Request.Revision), from the fifteenth day before a
// called vote on, and for a section of unusual size it warns and does not refuse. The
// numbers of a list that is already numbered for a vote follow the electors of a
// section that go together to a number that nobody else has; otherwise those who
// come get the next numbers there. Memory grows with the mapping and with the number
// of sections, and not with that of the electors.
//
// Codes: of every service, of a change, of a section; ELE-STA-14/15/16/17/18,
// REG-COM-01, REG-SEZ-01/02/04/05/06/07/08/09/10/11/12/13/14/15/16/17/18.
func (r *Registry) Redraw(ctx context.Context, req electoral.Request, comune string,
	d Redrawing) (RedrawReport, electoral.Faults, error) {
	a := r.begin(req, electoral.OpRedraw, comune)
	a.takes("", d)
	paths := redrawPaths{put: "put[#].", remove: "delete[#]", section: "mapping.sections[#].",
		person: "mapping.persons[#]."}
	return a.redraw(ctx, d, d, paths)
}

// MoveElectors moves electors to other sections, as the officer of the comune: what
// [Registry.Redraw] does with a mapping alone.
//
// Codes: of every service, of a change, of a section; ELE-STA-14/15/16/17/18,
// REG-COM-01, REG-SEZ-01/02/04/05/06/07/08/09/10/11/12/13/14/15/16/17/18.
func (r *Registry) MoveElectors(ctx context.Context, req electoral.Request, comune string,
	m Mapping) (RedrawReport, electoral.Faults, error) {
	a := r.begin(req, electoral.OpMoveElectors, comune)
	a.takes("", m)
	return a.redraw(ctx, m, Redrawing{Mapping: m}, redrawPaths{section: "sections[#].", person: "persons[#]."})
}

// DeleteSection removes a section of the officer's comune (ANPR's service 2012). While
// electors of any list are in it, or votes still to come that removed electors keep
// there, it is refused with [electoral.SectionNotEmpty], unless q says where they go.
// A citizen's open request for the section is warned of; an application of a citizen
// of the Union names no section before it is carried out.
//
// Codes: of every service, of a change, of a section; ELE-STA-14/15/16/17/18,
// REG-COM-01, REG-SEZ-01/02/04/05/06/07/08/09/10/11/12/13/14/15/16/17/18.
func (r *Registry) DeleteSection(ctx context.Context, req electoral.Request, comune string,
	q SectionDeletion) (RedrawReport, electoral.Faults, error) {
	a := r.begin(req, electoral.OpDeleteSection, comune)
	a.takes("", q)
	d := Redrawing{Delete: []string{q.Number}, Mapping: Mapping{Persons: q.Persons}}
	if q.To != "" {
		d.Mapping.Sections = []SectionMove{{From: q.Number, To: q.To}}
	}
	return a.redraw(ctx, q, d, redrawPaths{remove: "number", from: "number", person: "persons[#]."})
}

// RenumberSection gives a section of the officer's comune another number, which is
// not yet that of a section. Its electors, their kept votes, the numbers of its lists
// for a vote and what the first loads remember of it follow in the same update.
//
// Codes: of every service, of a change, of a section; ELE-STA-14/15/16/17/18,
// REG-COM-01, REG-SEZ-01/02/03/04/05/06/07/08/09/10/11/12/13/14/15/16/17/18.
func (r *Registry) RenumberSection(ctx context.Context, req electoral.Request, comune, from,
	to string) (RedrawReport, electoral.Faults, error) {
	a := r.begin(req, electoral.OpRenumberSection, comune)
	payload := SectionMove{From: from, To: to}
	a.takes("", payload)
	return perform(ctx, a, a.officerOf(comune), payload, func(w Writer) (RedrawReport, electoral.Faults, error) {
		old, faults, err := a.renumbering(ctx, w, payload)
		if err == nil {
			err = faults.Err()
		}
		if err != nil {
			return RedrawReport{}, nil, err
		}
		next := old.Clone()
		next.Number = to
		d := newRedrawer(ctx, a, w, Redrawing{Put: []electoral.Section{next}, Delete: []string{from},
			Mapping: Mapping{Sections: []SectionMove{payload}}}, redrawPaths{remove: "from"})
		d.renumbers, d.faults = true, faults
		return d.run()
	})
}

// renumbering judges a section's new number.
func (a *action) renumbering(ctx context.Context, w Writer,
	m SectionMove) (electoral.Section, electoral.Faults, error) {
	var faults electoral.Faults
	if m.From == m.To {
		faults = append(faults, electoral.NewFault(electoral.MappingItself, "to", shown(m.To),
			electoral.Args{"section": shown(m.To)}))
	}
	old, err := w.Section(ctx, a.comune, m.From)
	if errors.Is(err, electoral.ErrNotFound) {
		faults = append(faults, a.r.noSection("from", a.comune, shown(m.From)))
	} else if err != nil {
		return old, nil, err
	}
	for _, f := range a.r.checker.CheckSection(electoral.Section{Comune: a.comune, Number: m.To}, a.today()) {
		if f.Path == "number" { // the rest of the section stays as it is
			f.Path = "to"
			faults = append(faults, f)
		}
	}
	if m.From == m.To || faults.Has(electoral.SectionNumberMissing) {
		return old, faults, nil
	}
	_, err = w.Section(ctx, a.comune, m.To)
	switch {
	case err == nil:
		return old, append(faults, electoral.NewFault(electoral.SectionExists, "to", m.To,
			electoral.Args{"section": m.To})), nil
	case !errors.Is(err, electoral.ErrNotFound):
		return old, nil, err
	}
	// The old number may be another spelling of the new one.
	for s, err := range w.Sections(ctx, a.comune) {
		if err != nil {
			return old, nil, err
		}
		if s.Number != m.From && electoral.SameSectionNumber(s.Number, m.To) {
			faults = append(faults, otherSpelling("to", m.To, s.Number))
		}
	}
	counts, err := (&redrawer{action: a, ctx: ctx, w: w}).counts([]string{m.To})
	for _, c := range counts {
		if c.Section == m.To {
			faults = append(faults, electoral.NewFault(electoral.SectionExists.In("electors"), "to", m.To,
				electoral.Args{"section": m.To}))
			break
		}
	}
	return old, faults, err
}

// redraw runs an operation on sections. payload is what the caller sent.
func (a *action) redraw(ctx context.Context, payload any, d Redrawing,
	paths redrawPaths) (RedrawReport, electoral.Faults, error) {
	return perform(ctx, a, a.officerOf(a.comune), payload, func(w Writer) (RedrawReport, electoral.Faults, error) {
		return newRedrawer(ctx, a, w, d, paths).run()
	})
}
