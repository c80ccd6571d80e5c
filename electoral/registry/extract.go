package registry

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// Extract writes a list through w, as the officer of its comune, and returns
// the number of rows. The access is on record before the first row. Memory
// grows with the largest section, not with the list; an extraction of those who
// turn 18, or of those touched in any list, takes memory for all of them. A
// section's electors without a person in the population stand last and without
// a name.
func (r *Registry) Extract(ctx context.Context, req electoral.Request, x electoral.Extraction,
	w electoral.ListWriter) (int, error) {
	a := r.begin(req, electoral.OpExtract, x.Comune)
	a.purpose = strings.TrimSpace(x.Purpose.Function)
	rows := 0
	faults := append(a.officerOf(x.Comune), checkExtraction(x)...)
	err := a.write(ctx, faults, func(on *electoral.Entry) error {
		defer func() { setRows(on, rows) }() // also of a list that broke off: they have left
		on.Set("act", string(x.Purpose.Act))
		on.Set("list", string(x.List))
		on.Set("section", x.Section)
		on.Set("consultation", string(x.Consultation))
		return r.store.View(ctx, func(rd Reader) error {
			e := extractor{action: a, ctx: ctx, rd: rd, x: x}
			total, err := e.total(w)
			if err != nil {
				return err
			}
			if err := w.Begin(electoral.ExtractHeader{Extraction: x, Total: total, Today: a.today()}); err != nil {
				return err
			}
			rows = 0
			if err := e.each(func(list []electoral.ExtractedElector) error {
				for _, k := range pollOrder(list) {
					if err := w.Write(list[k.row]); err != nil {
						return err
					}
					rows++
				}
				return nil
			}); err != nil {
				return err
			}
			return w.End()
		})
	})
	return rows, err
}

// checkExtraction judges what is asked.
func checkExtraction(x electoral.Extraction) electoral.Faults {
	var faults electoral.Faults
	fault := func(c electoral.Cause, path, value string, args electoral.Args) {
		faults = append(faults, electoral.NewFault(c, path, value, args))
	}
	listed := x.List != ""
	switch {
	case listed && !slices.Contains(electoral.Lists(), x.List), !listed && x.Section != "":
		fault(electoral.ExtractionList, "list", string(x.List), nil)
	case listed && x.Turning18 != nil, !listed && x.Turning18 == nil &&
		x.Touched == nil, x.Turning18 != nil && x.Touched != nil:
		fault(electoral.ExtractionScope, "list", string(x.List), nil)
	}
	if (x.Consultation == "") != x.Day.IsZero() ||
		x.Consultation != "" && (!listed || !slices.Contains(electoral.Consultations(), x.Consultation)) ||
		!x.Day.IsZero() && !x.Day.Complete() {
		fault(electoral.ExtractionVote, "consultation", string(x.Consultation)+" "+x.Day.String(), nil)
	}
	if d := x.Turning18; d != nil && (!d.From.Complete() || !d.To.Complete() || d.To.Before(d.From)) {
		fault(electoral.QueryInterval, "turning18", d.From.String()+" "+d.To.String(), nil)
	}
	if t := x.Touched; t != nil {
		if t.From.IsZero() && t.To.IsZero() {
			fault(electoral.QueryInterval.In("no-bound"), "touched", "", nil)
		}
		faults = append(faults, checkInterval(t.From, t.To, nil, nil)...)
	}
	if !slices.Contains(electoral.Acts(), x.Purpose.Act) {
		faults = append(faults,
			electoral.NewFault(electoral.ExtractionPurpose, "purpose.act", string(x.Purpose.Act), nil))
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(x.Purpose.Function)); n < 3 || n > electoral.MaxText {
		faults = append(faults,
			electoral.NewFault(electoral.ExtractionPurpose.In("function"), "purpose.function", x.Purpose.Function, nil))
	}
	return faults
}

// extractor is one run of Extract.
type extractor struct {
	action *action
	ctx    context.Context
	rd     Reader
	x      electoral.Extraction
}

// total counts the rows; it returns -1 if the writer does not need their
// number.
func (e *extractor) total(w electoral.ListWriter) (int, error) {
	if n, ok := w.(interface{ NeedsTotal() bool }); ok && !n.NeedsTotal() {
		return -1, nil
	}
	total := 0
	if e.x.List != "" && e.x.Consultation == "" && e.x.Touched == nil {
		counts, err := e.rd.Counts(e.ctx, e.x.Comune)
		for _, c := range counts {
			if c.List == e.x.List && (e.x.Section == "" || c.Section == e.x.Section) {
				total += c.Count
			}
		}
		return total, err
	}
	err := e.each(func(list []electoral.ExtractedElector) error { total += len(list); return nil })
	return total, err
}

// each calls fn with the rows, section by section or all at once.
func (e *extractor) each(fn func([]electoral.ExtractedElector) error) error {
	var list []electoral.ExtractedElector
	var err error
	switch {
	case e.x.Turning18 != nil:
		list, err = e.turning18()
	case e.x.List == "":
		list, err = e.touched()
	default:
		return e.eachSection(fn)
	}
	if err != nil || len(list) == 0 {
		return err
	}
	return fn(list)
}

// eachSection calls fn with the rows of each section of the list.
func (e *extractor) eachSection(fn func([]electoral.ExtractedElector) error) error {
	still, sections, err := e.stillVoting()
	if err != nil {
		return err
	}
	var list []electoral.ExtractedElector
	flush := func() error {
		if len(list) == 0 {
			return nil
		}
		kept, err := e.complete(list)
		if err != nil {
			return err
		}
		list = list[:0]
		if len(kept) == 0 {
			return nil
		}
		return fn(kept)
	}
	// until ends the section at hand and gives those who still vote in the
	// sections before one, or in all the others.
	until := func(section string, end bool) error {
		if err := flush(); err != nil {
			return err
		}
		for len(sections) > 0 && (end || sections[0] < section) {
			list = append(list, still[sections[0]]...)
			sections = sections[1:]
			if err := flush(); err != nil {
				return err
			}
		}
		if len(sections) > 0 && sections[0] == section {
			list = append(list, still[section]...)
			sections = sections[1:]
		}
		return nil
	}
	current, begun := "", false
	for el, err := range e.rd.Enrolled(e.ctx, e.x.List, e.x.Comune, e.x.Section) {
		if err != nil {
			return err
		}
		en, _ := el.EnrolmentIn(e.x.List)
		if !begun || en.Section != current {
			if err := until(en.Section, false); err != nil {
				return err
			}
			current, begun = en.Section, true
		}
		list = append(list, electoral.ExtractedElector{Section: en.Section, Elector: el})
	}
	return until("", true)
}

// stillVoting returns the electors who were removed and still vote, by section,
// and the sections in their order.
func (e *extractor) stillVoting() (map[string][]electoral.ExtractedElector, []string, error) {
	if e.x.List != electoral.GeneralList || e.x.Consultation == "" {
		return nil, nil, nil
	}
	still, seen := map[string][]electoral.ExtractedElector{}, map[string]bool{}
	for el, err := range e.rd.Enrolled(e.ctx, electoral.StillVotesList, e.x.Comune, e.x.Section) {
		if err != nil {
			return nil, nil, err
		}
		if en, again := el.EnrolmentIn(electoral.GeneralList); again && en.Comune == e.x.Comune {
			continue
		}
		v, kept := el.KeptVote(e.x.Consultation, e.x.Day)
		// Who has kept votes in two sections is yielded in each.
		if kept && (e.x.Section == "" || v.Section == e.x.Section) && !seen[el.ANPRID] {
			seen[el.ANPRID] = true
			still[v.Section] = append(still[v.Section], electoral.ExtractedElector{Section: v.Section, Elector: el})
		}
	}
	return still, slices.Sorted(maps.Keys(still)), nil
}

// complete adds the persons to rows and keeps only the rows that belong to the
// extraction. It works in place.
func (e *extractor) complete(list []electoral.ExtractedElector) ([]electoral.ExtractedElector, error) {
	touched, err := e.touchedOf(list)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(row electoral.ExtractedElector) bool {
		return touched != nil && !touched[row.Elector.ANPRID] || !votesIn(e.x, row.Elector)
	})
	listed := make([]Listed, len(list))
	for i := range list {
		listed[i].Elector.ANPRID = list[i].Elector.ANPRID
	}
	if err := e.action.r.addPersons(e.ctx, listed); err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Person = listed[i].Person
	}
	return slices.DeleteFunc(list, func(row electoral.ExtractedElector) bool { return !entitled(e.x, row.Person) }), nil
}

// touchedOf returns which of some rows were touched; nil if it is not asked.
func (e *extractor) touchedOf(list []electoral.ExtractedElector) (map[string]bool, error) {
	if e.x.Touched == nil {
		return nil, nil
	}
	touched := map[string]bool{}
	for part := range slices.Chunk(list, maxPage) {
		ids := make([]string, len(part))
		for i := range part {
			ids[i] = part[i].Elector.ANPRID
		}
		for entry, err := range e.rd.Journal(e.ctx,
			JournalSearch{Comune: e.x.Comune, From: e.x.Touched.From, To: e.x.Touched.To, ANPRIDs: ids}) {
			if err != nil {
				return nil, err
			}
			touched[entry.ANPRID] = true
		}
	}
	return touched, nil
}

// touched returns the electors who were touched, in any list.
func (e *extractor) touched() ([]electoral.ExtractedElector, error) {
	var list []electoral.ExtractedElector
	for el, err := range e.rd.Search(e.ctx,
		Search{Comune: e.x.Comune, Touched: &JournalSearch{From: e.x.Touched.From, To: e.x.Touched.To}}) {
		if err != nil {
			return nil, err
		}
		list = append(list, electoral.ExtractedElector{Section: e.sectionHere(el), Elector: el})
	}
	x := *e
	x.x.Touched = nil
	return x.complete(list)
}

// sectionHere is the section of the first list of the comune in which an
// elector is.
func (e *extractor) sectionHere(el electoral.Elector) string {
	for _, en := range el.Places() {
		if en.Comune == e.x.Comune {
			return en.Section
		}
	}
	return ""
}

// ErrNoBirths is the error of an extraction of those who turn 18 from an
// [electoral.Population] that is not an [electoral.ResidentPopulation].
var ErrNoBirths = errors.New("registry: the population cannot be searched by birth")

// turning18 returns the citizens who turn 18.
func (e *extractor) turning18() ([]electoral.ExtractedElector, error) {
	births, ok := e.action.r.population.(electoral.ResidentPopulation)
	if !ok {
		return nil, ErrNoBirths
	}
	from, to := e.x.Turning18.From, e.x.Turning18.To
	before := from.AddDays(-1)
	var list []electoral.ExtractedElector
	// A day earlier, because of those born on 29 February.
	for p, err := range births.Born(e.ctx, e.x.Comune, before.AddYears(-18), to.AddYears(-18)) {
		if err != nil {
			return nil, err
		}
		was, _ := p.AgeAt(before)
		is, certain := p.AgeAt(to)
		if was >= 18 || certain && is < 18 || !p.IsItalian(e.action.today()) || p.DeadAt(e.action.today()) {
			continue
		}
		el, _, err := e.rd.Elector(e.ctx, p.ANPRID)
		if errors.Is(err, electoral.ErrNotFound) {
			el, err = electoral.Elector{ANPRID: p.ANPRID}, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, electoral.ExtractedElector{Section: e.sectionHere(el), Elector: el, Person: p})
	}
	return list, nil
}

// votesIn reports whether an elector's record puts him into an extraction.
func votesIn(x electoral.Extraction, e electoral.Elector) bool {
	if x.Consultation == "" {
		return true
	}
	if e.Capacity != electoral.Yes || e.Status.For(x.Consultation) != electoral.Yes {
		return false
	}
	if v, kept := e.KeptVote(x.Consultation, x.Day); kept {
		return v.Comune == x.Comune && x.List == electoral.GeneralList
	}
	return rules.ListFor(e, x.Consultation) == x.List
}

// entitled reports whether a person is of age and alive on the day.
func entitled(x electoral.Extraction, p electoral.Person) bool {
	if x.Consultation == "" {
		return true
	}
	if p.DeadAt(x.Day) {
		return false
	}
	// An unknown age is not under age: the elector's capacity is on record.
	age, certain := p.AgeAt(x.Day)
	return !certain || age >= 18
}

// pollKey is what a row is sorted by.
type pollKey struct {
	row, sex      int
	surname, name string
}

// pollOrder returns the order in which a section's rows are printed, by their
// numbers: the rows, which are large, stay where they are.
func pollOrder(list []electoral.ExtractedElector) []pollKey {
	keys := make([]pollKey, len(list))
	for i := range list {
		p := &list[i].Person
		sex := slices.Index([]electoral.Sex{electoral.Male, electoral.Female, electoral.SexUnknown, ""}, p.Sex)
		keys[i] = pollKey{row: i, sex: sex, surname: refdata.Fold(p.Surname), name: refdata.Fold(p.Name)}
	}
	slices.SortFunc(keys, func(a, b pollKey) int {
		if c := cmp.Or(cmp.Compare(a.sex, b.sex), strings.Compare(a.surname, b.surname),
			strings.Compare(a.name, b.name)); c != 0 {
			return c
		}
		x, y := &list[a.row], &list[b.row]
		return cmp.Or(x.Person.Birth.Date.Compare(y.Person.Birth.Date),
			strings.Compare(x.Elector.ANPRID, y.Elector.ANPRID))
	})
	return keys
}
