package registry

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/internal/gate"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// bulkHomes is an optional interface of a [Reader], found by a type assertion.
type bulkHomes interface {
	Homes(ctx context.Context, anprIDs []string) (map[string]string, error)
}

// electorBatch judges and stores some electors. With a store and a population
// that take many at once it asks each of them once.
func (l *loader) electorBatch(items []electoral.LoadItem[electoral.Elector]) ([]verdict, error) {
	if err := l.lookUp(items); err != nil {
		return nil, err
	}
	// A load that is refused as a whole need not be written.
	store := !l.opts.DryRun && (l.opts.Partial || l.report.Errors == 0)
	bulk, isBulk := l.w.(BulkWriter)
	all := make([]verdict, len(items))
	fresh := make([]electoral.Elector, 0, len(items))
	notes := make([]JournalEntry, 0, len(items))
	for i := range items {
		j, err := l.elector(items[i])
		if err != nil {
			return nil, err
		}
		all[i] = verdict{faults: j.faults, waits: l.waits(items[i].Record)}
		e, accepted := j.next.elector, all[i].accepted()
		l.count(items[i].Record, accepted)
		switch {
		case !accepted, !store, l.loaded[e.ANPRID]:
			continue
		case isBulk && !j.known:
			fresh = append(fresh, e)
		default:
			if from, ok := l.joins[e.ANPRID]; ok {
				l.first.join(e.ANPRID, from)
				notes = l.noteTaken(notes, e.ANPRID, from)
			}
			if err := l.w.PutElector(l.ctx, j.next.home, e); err != nil {
				return nil, err
			}
		}
		notes = l.note(notes, e)
	}
	if len(fresh) > 0 {
		if err := bulk.AddElectors(l.ctx, l.action.comune, fresh); err != nil {
			return nil, err
		}
	}
	if len(notes) == 0 {
		return all, nil
	}
	if err := l.w.Note(l.ctx, notes...); err != nil {
		return nil, err
	}
	seq, err := l.w.NextSeq(l.ctx, l.action.comune)
	if err != nil {
		return nil, err
	}
	l.first.changed(seq)
	if l.opts.Resumable {
		return all, l.putFirst()
	}
	return all, nil
}

// note appends the entries of an elector for the journals of the comune of the
// load and of the other comuni in whose lists he is.
func (l *loader) note(notes []JournalEntry, e electoral.Elector) []JournalEntry {
	entry := JournalEntry{Comune: l.action.comune, ANPRID: e.ANPRID, At: l.first.At,
		Operation: electoral.OpLoad, Revision: electoral.FirstLoadRevision}
	notes = append(notes, entry)
	for _, en := range e.Places() {
		if en.Comune != l.action.comune {
			entry.Comune = en.Comune
			notes = append(notes, entry)
		}
	}
	return notes
}

// noteTaken appends the entries for the journals of the comuni whose places the load
// has taken over.
func (l *loader) noteTaken(notes []JournalEntry, anprID string, from joinedElector) []JournalEntry {
	entry := JournalEntry{ANPRID: anprID, At: l.first.At, Operation: electoral.OpLoad,
		Revision: electoral.FirstLoadRevision}
	for _, en := range from.Took {
		entry.Comune = en.Comune
		notes = append(notes, entry)
	}
	return notes
}

// take returns what is left of an elector without the places that the load takes over
// from a comune that has ceased, and these.
func (l *loader) take(old position,
	e electoral.Elector) (position, map[electoral.List]electoral.Enrolment, electoral.Faults) {
	var faults electoral.Faults
	took := map[electoral.List]electoral.Enrolment{}
	rest := position{elector: old.elector.Clone(), home: old.home}
	for list := range e.Enrolments() {
		held, in := old.elector.EnrolmentIn(list)
		if !in || held.Comune == l.action.comune || !l.action.mayTake(held.Comune) {
			continue
		}
		took[list] = held
		rest.elector.SetListEntry(list, electoral.AddedList{})
		if !faults.Has(electoral.TakenFromCeased) {
			faults = append(faults, electoral.NewFault(electoral.TakenFromCeased, "anprId", e.ANPRID,
				electoral.Args{"comune": l.action.r.label(held.Comune)}))
		}
	}
	if len(took) > 0 && l.action.mayTake(old.home) {
		rest.home = l.action.comune
	}
	return rest, took, faults
}

// lookUp asks for everything that a batch needs.
func (l *loader) lookUp(items []electoral.LoadItem[electoral.Elector]) error {
	ids := make([]string, 0, len(items))
	for i := range items {
		if electoral.ValidANPRID(items[i].Record.ANPRID) {
			ids = append(ids, items[i].Record.ANPRID)
		}
	}
	var err error
	if many, ok := l.action.r.population.(electoral.BulkPopulation); ok {
		if l.persons, err = many.ByANPRIDs(l.ctx, ids); err != nil {
			return err
		}
	}
	if err := l.lookUpCodes(items); err != nil {
		return err
	}
	if bulk, ok := l.rd.(bulkHomes); ok {
		if l.homes, err = bulk.Homes(l.ctx, ids); err != nil {
			return err
		}
	}
	l.loaded, l.joins = map[string]bool{}, map[string]joinedElector{}
	if !l.resuming {
		return nil
	}
	before := l.first.between()
	before.ANPRIDs = ids
	for entry, err := range l.rd.Journal(l.ctx, before) {
		if err != nil {
			return err
		}
		if l.first.has(entry.Seq) {
			l.loaded[entry.ANPRID] = true
		}
	}
	return nil
}

// count counts a record of the file.
func (l *loader) count(e electoral.Elector, accepted bool) {
	resumed := accepted && l.loaded[e.ANPRID]
	add := func(n int) {
		for list, en := range e.Enrolments() {
			p := l.place(list, en.Section)
			p.InFile += n
			if accepted {
				p.Accepted += n
				l.report.Enrolled[list] += n
			}
		}
		if resumed {
			l.report.Resumed += n
		}
	}
	add(1)
	if l.opts.Resumable {
		l.undo = append(l.undo, func() { add(-1) })
	}
}

// A judged elector is what a record of the file comes to.
type judged struct {
	// old is what the store has of the person, next what is to be stored.
	old, next position
	// known is whether the store has him already.
	known  bool
	faults electoral.Faults
}

// elector judges one record.
func (l *loader) elector(item electoral.LoadItem[electoral.Elector]) (judged, error) {
	j := judged{next: position{elector: item.Record, home: l.action.comune}}
	in := rules.Circumstances{At: l.today, Notice: l.opts.Notice, Section: l.find, Spelling: l.spelling}
	if electoral.ValidANPRID(item.Record.ANPRID) {
		person, unknown, err := l.person(item.Record.ANPRID)
		if err != nil {
			return judged{}, err
		}
		if len(unknown) == 0 {
			in.Person = &person
		}
		if j, err = l.standing(item); err != nil {
			return judged{}, err
		}
		same, err := l.sameUnderOtherID(item, person)
		if err != nil {
			return judged{}, err
		}
		j.faults = append(append(unknown, j.faults...), same...)
	}
	j.faults = append(j.faults, l.right(&j)...)
	j.faults = append(j.faults, kept(electoral.Elector{}, item.Record)...)
	j.faults = append(j.faults, merge(item.Faults, l.action.r.checker.CheckElector(j.next.elector, in))...)
	j.faults = append(j.faults,
		l.action.competence(item.Record, in.Person, l.action.comune, electoral.OtherComuneLoad)...)
	j.faults = gate.Merge(j.faults, inputs.Faults("", item.Record))
	return j, nil
}

// right judges whether a record may make its person an elector.
func (l *loader) right(j *judged) electoral.Faults {
	c := claim{comune: l.action.comune, before: l.action.before, message: l.action.req.Message, today: l.today}
	id := j.next.elector.ANPRID
	if r, ok := l.opts.Recoveries[id]; ok {
		c.recovery = &r
	}
	faults := l.action.r.right(j.old, &j.next, c)
	if from, joins := l.joins[id]; joins && j.old.elector.Loss != nil && j.next.elector.Loss == nil {
		from.Loss = j.old.elector.Loss
		l.joins[id] = from
	}
	return faults
}

// waits counts an elector for each of his sections that was refused, and reports
// whether there is one.
func (l *loader) waits(e electoral.Elector) bool {
	if len(l.refused) == 0 {
		return false
	}
	waiting := map[*refusedSection]bool{}
	for _, en := range e.Enrolments() {
		if r := l.refused[en.Section]; r != nil && en.Comune == l.action.comune && !waiting[r] {
			waiting[r] = true
			r.electors++
			if l.opts.Resumable {
				l.undo = append(l.undo, func() { r.electors-- })
			}
		}
	}
	return len(waiting) > 0
}

// person returns a person of the batch, or the faults of one who is unknown.
func (l *loader) person(id string) (electoral.Person, electoral.Faults, error) {
	if l.persons != nil {
		if p, ok := l.persons[id]; ok {
			return p, nil, nil
		}
		return electoral.Person{}, electoral.Faults{unknownPerson(id)}, nil
	}
	p, err := l.action.r.personOf(l.ctx, id)
	if unknown, ok := errors.AsType[electoral.Faults](err); ok {
		return electoral.Person{}, unknown, nil
	}
	return p, nil, err
}

// competence judges whether a comune may register a person: each of his lists
// is its own, or he is in none and registered in its population.
func (a *action) competence(e electoral.Elector, p *electoral.Person, comune string,
	code electoral.Code) electoral.Faults {
	r := a.r
	var faults electoral.Faults
	listed := false
	for list, en := range e.Enrolments() {
		listed = true
		if en.Comune != comune && en.Comune != "" {
			faults = append(faults,
				electoral.NewFault(code.In("list"), list.Path()+comuneField(list), en.Comune,
					electoral.Args{"list": list.Italian(), "comune": r.label(comune)}))
		}
	}
	if listed || p == nil || p.Registered() == comune {
		return faults
	}
	if told, mine := a.ofCeased(*p); mine {
		return append(faults, told...)
	}
	return electoral.Faults{electoral.NewFault(code.In("no-list"), "anprId", e.ANPRID,
		electoral.Args{"comune": r.label(comune)})}
}

// standing compares a record with what is known of its person. It refuses one who
// stands in the file twice, or whom another load or enrolment has already put into
// the same list: the first load wins (EN556), and he must be removed there first.
// Of a person who is in other lists of another comune it returns the whole record,
// with the lists of both.
func (l *loader) standing(item electoral.LoadItem[electoral.Elector]) (judged, error) {
	e := item.Record
	alone := position{elector: e, home: l.action.comune}
	twice := func(c electoral.Cause, args electoral.Args) judged {
		fault := electoral.NewFault(c, "anprId", e.ANPRID, args)
		return judged{next: alone, known: true, faults: electoral.Faults{fault}}
	}
	if first, seen := l.seenElectors[e.ANPRID]; seen {
		return twice(electoral.DuplicateElector, electoral.Args{"record": strconv.Itoa(first)}), nil
	}
	l.seenElectors[e.ANPRID] = item.Number
	if l.opts.Resumable {
		l.undo = append(l.undo, func() { delete(l.seenElectors, e.ANPRID) })
	}
	if _, stored := l.homes[e.ANPRID]; l.homes != nil && !stored || l.loaded[e.ANPRID] {
		return judged{next: alone, known: l.loaded[e.ANPRID]}, nil
	}
	var old position
	var err error
	old.elector, old.home, err = l.rd.Elector(l.ctx, e.ANPRID)
	switch {
	case errors.Is(err, electoral.ErrNotFound):
		return judged{next: alone}, nil
	case err != nil:
		return judged{}, err
	}
	rest, took, told := l.take(old, e)
	whole, joins := joinLists(rest, e, l.action.comune, l.action.r.over(l.today))
	if !joins || old.home == l.action.comune {
		holder := holderOf(rest, e)
		args := electoral.Args{"comune": l.action.r.label(holder)}
		if holder != l.action.comune && l.action.isOver(holder) {
			return twice(electoral.DuplicateElector.In("ceased"), args), nil
		}
		l.claim(old.elector, e)
		return twice(electoral.DuplicateElector.In("other-comune"), args), nil
	}
	l.joins[e.ANPRID] = joinedElector{Home: old.home, Lists: listsOf(e), Took: took}
	return judged{old: old, next: whole, known: true, faults: told}, nil
}

// claim remembers a conflict with another comune.
func (l *loader) claim(old, e electoral.Elector) {
	for list, en := range e.Enrolments() {
		if held, in := old.EnrolmentIn(list); in && held.Comune != l.action.comune && en.Comune == l.action.comune {
			l.claims = append(l.claims, e)
			if l.opts.Resumable {
				l.undo = append(l.undo, func() { l.claims = l.claims[:len(l.claims)-1] })
			}
			return
		}
	}
}

// find knows all the sections of the comune of the load, and no others.
func (l *loader) find(comune, number string) (s electoral.Section, found, known bool) {
	if comune != l.action.comune {
		return electoral.Section{}, false, false
	}
	s, found = l.sections[number]
	// Of a refused section it is said once, and not by each elector.
	return s, found, found || l.refused[number] == nil
}

// merge returns the reader's faults and, of the checker's, those of the fields
// that the reader could read.
func merge(read, checked electoral.Faults) electoral.Faults {
	if len(read) == 0 {
		return checked
	}
	return append(slices.Clone(read), slices.DeleteFunc(checked, func(f electoral.Fault) bool {
		return slices.ContainsFunc(read, func(r electoral.Fault) bool { return r.Path == f.Path })
	})...)
}
