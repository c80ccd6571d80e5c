package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// extractor is one run of Extract.
type extractor struct {
	action  *action
	ctx     context.Context
	rd      Reader
	x       electoral.Extraction
	vote    electoral.Vote
	choices map[string][]electoral.VotingChoice // by ANPR id
	counts  map[string]rules.SeatCount          // by section
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
	err := e.each(func(*electoral.ExtractedElector) error { total++; return nil })
	return total, err
}

// each calls fn with the rows in their order.
func (e *extractor) each(fn func(*electoral.ExtractedElector) error) error {
	var list []electoral.ExtractedElector
	var err error
	switch {
	case e.x.Turning18 != nil:
		list, err = e.turning18()
	case e.x.List == "":
		list, err = e.touched()
	case e.x.Alphabetical:
		return e.alphabetical(fn)
	default:
		return e.eachSection(func(list []electoral.ExtractedElector) error { return e.emit(list, fn) })
	}
	if err != nil {
		return err
	}
	for _, k := range pollOrder(list, e.apart()) {
		e.spare(&list[k.row])
		if err := fn(&list[k.row]); err != nil {
			return err
		}
	}
	return nil
}

// emit numbers and counts the rows of one section and calls fn with those that
// are asked.
func (e *extractor) emit(list []electoral.ExtractedElector, fn func(*electoral.ExtractedElector) error) error {
	numbers, next, err := e.numbers(list[0].Section)
	if err != nil {
		return err
	}
	for _, k := range pollOrder(list, e.apart()) {
		row := &list[k.row]
		if row.Number = numbers[row.Elector.ANPRID]; row.Number == 0 {
			next++
			row.Number = next
		}
		if !e.asked(row) {
			continue
		}
		e.spare(row)
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}

// spare takes from a row what the list does not need: the loss of the right, which
// the line tells as far as the vote needs it, and from a copy for others (D.P.R.
// 223/1967, art. 51) all that says how he left or stands.
func (e *extractor) spare(row *electoral.ExtractedElector) {
	row.Elector.Loss = nil
	if e.copies() {
		row.Elector.Removals, row.Elector.KeptVotes = nil, nil
		row.Elector.Capacity, row.Elector.Certifiability = electoral.NotGiven, nil
		row.Elector.Status = electoral.Status{}
		row.Line, row.Reasons = electoral.PlainLine, nil
	}
}

// copies reports whether the extraction is a copy for others, which says of nobody
// how he stands, nor by leaving him out.
func (e *extractor) copies() bool { return e.x.Purpose.Act == electoral.ListCopiesAct }

// asked reports whether a line of the list belongs to the extraction.
func (e *extractor) asked(row *electoral.ExtractedElector) bool {
	if e.x.Reason != "" && !row.Reasons.Has(e.x.Reason) {
		return false
	}
	switch e.x.Lines {
	case electoral.StruckLines:
		return row.Line == electoral.StruckLine
	case electoral.SeatLines:
		return e.x.Consultation == "" || row.Line != electoral.StruckLine || e.copies()
	}
	return true
}

func (e *extractor) apart() bool { return electoral.SexesApart(e.action.today()) }

// alphabetical calls fn with the rows of all sections in one order. It keeps of
// each row what it is sorted by, and reads the rows again.
func (e *extractor) alphabetical(fn func(*electoral.ExtractedElector) error) error {
	var keys []listKey
	err := e.eachSection(func(list []electoral.ExtractedElector) error {
		for _, k := range pollOrder(list, e.apart()) {
			row := &list[k.row]
			keys = append(keys, listKey{pollKey: k, born: row.Person.Birth.Date, id: row.Elector.ANPRID,
				section: row.Section})
		}
		return nil
	})
	if err != nil {
		return err
	}
	counted := e.counts
	e.counts = nil // they are counted
	defer func() { e.counts = counted }()
	slices.SortFunc(keys, listKey.compare)
	for at, part := range chunked(keys, maxPage) {
		list := make([]electoral.ExtractedElector, 0, len(part))
		for _, k := range part {
			el, _, err := e.rd.Elector(e.ctx, k.id)
			if err != nil {
				return fmt.Errorf("registry: elector %s of the list: %w", k.id, err)
			}
			list = append(list, electoral.ExtractedElector{Section: k.section, Elector: el})
		}
		rows, err := e.complete(list)
		if err != nil {
			return err
		}
		for i := range rows {
			rows[i].Number = at + i + 1
			if !e.asked(&rows[i]) {
				continue
			}
			e.spare(&rows[i])
			if err := fn(&rows[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// chunked yields the parts of a list with the index of the first of each.
func chunked[T any](list []T, n int) iter.Seq2[int, []T] {
	return func(yield func(int, []T) bool) {
		for at := 0; at < len(list); at += n {
			if !yield(at, list[at:min(at+n, len(list))]) {
				return
			}
		}
	}
}

// listKey is what a row of a whole list is sorted by and found with.
type listKey struct {
	pollKey
	born        electoral.Date
	id, section string
}

func (k listKey) compare(o listKey) int {
	return cmp.Or(cmp.Compare(k.sex, o.sex), strings.Compare(k.surname, o.surname), strings.Compare(k.name, o.name),
		k.born.Compare(o.born), strings.Compare(k.id, o.id))
}

// eachSection calls fn with the rows of each section of the list, in no order.
func (e *extractor) eachSection(fn func([]electoral.ExtractedElector) error) error {
	still, sections, err := e.stillVoting()
	if err != nil {
		return err
	}
	// The persons of several small sections are looked up together, and while they are,
	// the next sections are read.
	var list, spare []electoral.ExtractedElector
	var last *lookup
	defer func() { _, _ = last.wait() }()
	finish := func() error {
		kept, err := e.finish(last)
		if last != nil {
			spare, last = last.list[:0], nil
		}
		for err == nil && len(kept) > 0 {
			n := slices.IndexFunc(kept, func(row electoral.ExtractedElector) bool { return row.Section != kept[0].Section })
			if n < 0 {
				n = len(kept)
			}
			err = fn(kept[:n:n])
			kept = kept[n:]
		}
		return err
	}
	// flush is called at the end of a section.
	flush := func(least int) error {
		if len(list) < least {
			return nil
		}
		next, err := e.begin(list)
		if err != nil {
			return err
		}
		err = finish()
		list, spare, last = spare, nil, next
		return err
	}
	// until ends the section at hand and gives those who still vote in the
	// sections before one, or in all the others.
	until := func(section string, end bool) error {
		if err := flush(maxPage); err != nil {
			return err
		}
		for len(sections) > 0 && (end || sections[0] < section) {
			list = append(list, still[sections[0]]...)
			sections = sections[1:]
			if err := flush(maxPage); err != nil {
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
	if err := until("", true); err != nil {
		return err
	}
	if err := flush(1); err != nil {
		return err
	}
	return finish()
}

// A lookup is what is listed of some sections, whose persons are being looked up.
type lookup struct {
	list    []electoral.ExtractedElector
	persons map[string]electoral.Person
	err     error
	done    chan struct{}
}

func (l *lookup) wait() (map[string]electoral.Person, error) {
	if l == nil {
		return nil, nil
	}
	<-l.done
	return l.persons, l.err
}

// begin begins to look up the persons of rows, of which it keeps those that were
// touched, if that is asked.
func (e *extractor) begin(list []electoral.ExtractedElector) (*lookup, error) {
	if e.x.Touched != nil {
		touched, err := e.touchedOf(list)
		if err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(row electoral.ExtractedElector) bool {
			return !touched[row.Elector.ANPRID]
		})
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].Elector.ANPRID
	}
	l := &lookup{list: list, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		defer func() { // as electoral.Passage does, which this goroutine has left
			if r := recover(); r != nil {
				l.err = &electoral.PanicError{Value: r, Stack: debug.Stack()}
			}
		}()
		l.persons, l.err = e.action.r.persons(e.ctx, ids)
	}()
	return l, nil
}

// finish adds the persons to rows and judges them. It keeps those that belong to
// the list, whatever lines are asked. It works in place.
func (e *extractor) finish(l *lookup) ([]electoral.ExtractedElector, error) {
	persons, err := l.wait()
	if l == nil || err != nil {
		return nil, err
	}
	kept := l.list[:0]
	for i := range l.list {
		row := &l.list[i]
		row.Person = persons[row.Elector.ANPRID]
		switch n := len(kept); {
		case !e.judge(row):
		case n == i: // the rows are large: they move only where one is missing
			kept = l.list[:n+1]
		default:
			kept = append(kept, *row)
		}
	}
	return kept, nil
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

// complete does what begin and finish do.
func (e *extractor) complete(list []electoral.ExtractedElector) ([]electoral.ExtractedElector, error) {
	l, err := e.begin(list)
	if err != nil {
		return nil, err
	}
	return e.finish(l)
}

// judge says how a row stands, and whether it belongs to the list at all.
func (e *extractor) judge(row *electoral.ExtractedElector) bool {
	var person *electoral.Person
	if row.Person.ANPRID != "" {
		person = &row.Person
	}
	checker := e.action.r.checker
	if e.x.Consultation == "" {
		if e.x.List != "" {
			row.Line, row.Reasons = checker.Standing(&row.Elector, person, e.x.List, e.action.today())
		}
		return true
	}
	v := checker.Voting(rules.VotingCase{Elector: &row.Elector, Person: person, Vote: e.vote,
		Choices: e.choices[row.Elector.ANPRID]})
	if v.List != e.x.List || v.Place.Comune != e.x.Comune {
		return false
	}
	row.Line, row.Reasons = v.Line, v.Reasons
	if e.counts != nil {
		c := e.counts[row.Section]
		c.Add(v, person != nil && person.Residence == nil && person.Abroad != nil && rules.Postal(e.vote.Consultation))
		e.counts[row.Section] = c
	}
	return true
}

// touchedOf returns which of some rows were touched.
func (e *extractor) touchedOf(list []electoral.ExtractedElector) (map[string]bool, error) {
	touched := map[string]bool{}
	for part := range slices.Chunk(list, maxPage) {
		ids := make([]string, len(part))
		for i := range part {
			ids[i] = part[i].Elector.ANPRID
		}
		for entry, err := range e.rd.Journal(e.ctx,
			JournalSearch{Comune: e.x.Comune, Since: e.x.Touched.Since, From: e.x.Touched.From, To: e.x.Touched.To,
				ANPRIDs: ids, Operations: e.x.Operations, Revisions: e.x.Revisions}) {
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
		Search{Comune: e.x.Comune, Touched: &JournalSearch{Since: e.x.Touched.Since, From: e.x.Touched.From,
			To: e.x.Touched.To, Operations: e.x.Operations, Revisions: e.x.Revisions}}) {
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

// pollKey is what a row is sorted by.
type pollKey struct {
	row, sex      int
	surname, name string
}

// pollOrder returns the order in which a section's rows are printed, by their
// numbers: the rows, which are large, stay where they are.
func pollOrder(list []electoral.ExtractedElector, sexesApart bool) []pollKey {
	keys := make([]pollKey, len(list))
	for i := range list {
		p := &list[i].Person
		sex := 0
		switch {
		case sexesApart:
			sex = slices.Index([]electoral.Sex{electoral.Male, electoral.Female, electoral.SexUnknown, ""}, p.Sex)
		case p.ANPRID == "":
			sex = 1 // without a name: last
		}
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
