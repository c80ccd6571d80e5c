package electoral

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// A LoadItem is one record of a first-load file as its reader found it.
type LoadItem[T any] struct {
	// Number is the record's number in the file, from 1.
	Number int
	// Position is where the record begins.
	Position Position
	Record   T
	// Faults are what the reader could not turn into the record: an element
	// missing, a comune that no table knows. A record with errors is refused,
	// and the rules are applied to the rest of it all the same, so that all
	// its faults are told at once.
	Faults Faults
}

// A LoadSource is one first-load file.
type LoadSource[T any] struct {
	// Declared is the total that the file announces; negative if none.
	Declared int
	// Items yields the records in the order of the file. An error ends them:
	// the file is truncated, not well formed or over a limit.
	Items iter.Seq2[LoadItem[T], error]
}

// LoadOptions say how [Registry.Load] treats what it refuses. The zero value
// loads all or nothing.
type LoadOptions struct {
	// Partial stores the records without errors even if others are refused.
	// Without it one refused record leaves the store as it was.
	Partial bool
	// MaxFaults bounds the faults kept in the report; those beyond are only
	// counted. Zero means 10,000.
	MaxFaults int
	// Notice is the day of the notice of convocation, if a vote is called.
	Notice Date
}

// A LoadReport says what became of every record of a first load.
type LoadReport struct {
	Sections LoadCount `json:"sections"`
	Electors LoadCount `json:"electors"`
	// Enrolled counts the electors stored in each list.
	Enrolled map[List]int `json:"enrolled"`
	// Faults are the faults and the warnings, in the order of the files.
	Faults Faults `json:"faults"`
	// Errors counts the faults that forbid the load, kept or not.
	Errors int `json:"errors"`
	// FaultsBeyond counts those that MaxFaults left out.
	FaultsBeyond int `json:"faultsBeyond"`
	// Stored says whether anything was stored.
	Stored bool `json:"stored"`
}

// A LoadCount counts the records of one file. Read = Accepted + Refused.
type LoadCount struct {
	// Declared is the total that the file announces; negative if none.
	Declared int `json:"declared"`
	// Read is how many records the file held.
	Read int `json:"read"`
	// Accepted is how many had no error. They are stored if the report's
	// Stored is true.
	Accepted int `json:"accepted"`
	// Refused is how many had an error.
	Refused int `json:"refused"`
}

// ErrLoadRefused is wrapped by the error of a load of which nothing was
// stored because records were refused; the report has their faults.
var ErrLoadRefused = errors.New("electoral: first load refused")

// ErrLoadInterrupted is wrapped by the error of a load of which nothing was
// stored because another update was in its way: load the files again.
var ErrLoadInterrupted = errors.New("electoral: first load interrupted by another update")

// Load is the first load of a comune ("primo caricamento", art. 7 c. 1): its
// sections, then its electors, as the officer of the comune. Either may be the
// zero value. Each record is checked by every rule, its person looked up, and
// refused with all its faults or accepted; the report adds up, and is returned
// whatever the error.
//
// The load is atomic: a record refused, a file that ends early, a declared
// total that is wrong leave the store as it was, unless opts.Partial asks to
// keep what is right. A file that is not well formed is then kept up to the
// last whole record before the error, and the error is returned all the same.
func (r *Registry) Load(ctx context.Context, req Request, comune string, sections LoadSource[Section], electors LoadSource[Elector], opts LoadOptions) (LoadReport, error) {
	if opts.MaxFaults == 0 {
		opts.MaxFaults = 10_000
	}
	a := r.access(req, OpLoad, comune, "")
	var report LoadReport
	err := a.write(ctx, a.officerOf(comune), func() error {
		var broken error
		started := false
		err := r.store.Update(ctx, func(w Writer) error {
			if started {
				// The store wants to try again, but a file can be read once.
				return ErrLoadInterrupted
			}
			started = true
			l := &loader{r: r, w: w, ctx: ctx, comune: comune, today: a.today(), opts: opts,
				sections: map[string]Section{}, seenSections: map[string]bool{}, seenElectors: map[string]int{}}
			l.report.Enrolled = map[List]int{}
			err := l.run(sections, electors)
			report, broken = l.report, l.broken
			return err
		})
		report.Stored = err == nil && report.Sections.Accepted+report.Electors.Accepted > 0
		return join(err, broken)
	})
	return report, err
}

// loader is one run of Load within one update of the store.
type loader struct {
	r      *Registry
	w      Writer
	ctx    context.Context
	comune string
	today  Date
	opts   LoadOptions
	report LoadReport
	// broken is what ended a file early.
	broken       error
	sections     map[string]Section
	seenSections map[string]bool
	seenElectors map[string]int
	// persons and homes are of the batch at hand; nil if they cannot be asked
	// for many at once.
	persons map[string]Person
	homes   map[string]string
}

func (l *loader) run(sections LoadSource[Section], electors LoadSource[Elector]) error {
	for s, err := range l.w.Sections(l.ctx, l.comune) {
		if err != nil {
			return err
		}
		l.sections[s.Number] = s
	}
	if err := loadFile(l, &l.report.Sections, sections, "numeroTotaleSezioni", l.sectionBatch); err != nil {
		return err
	}
	if l.broken == nil || l.opts.Partial {
		if err := loadFile(l, &l.report.Electors, electors, "datiFornitura/numeroTotaleListe", l.electorBatch); err != nil {
			return err
		}
	}
	if l.opts.Partial {
		return nil
	}
	if l.broken != nil {
		return fmt.Errorf("%w: nothing stored", ErrLoadRefused)
	}
	if l.report.Errors > 0 {
		return fmt.Errorf("%w: %d records refused, %d errors, nothing stored", ErrLoadRefused, l.report.Sections.Refused+l.report.Electors.Refused, l.report.Errors)
	}
	return nil
}

// loadBatch is how many records of a file are looked up and stored together.
const loadBatch = 2000

// loadFile runs put over the records of a file, batch by batch, and keeps the
// count. put returns the faults of each record.
func loadFile[T any](l *loader, count *LoadCount, src LoadSource[T], tag string, put func([]LoadItem[T]) ([]Faults, error)) error {
	count.Declared = src.Declared
	if src.Items == nil {
		count.Declared = -1
		return nil
	}
	batch := make([]LoadItem[T], 0, loadBatch)
	flush := func() error {
		all, err := put(batch)
		if err != nil {
			return err
		}
		for i, faults := range all {
			l.keep(batch[i].Number, &batch[i].Position, faults...)
			if count.Read++; faults.Err() != nil {
				count.Refused++
			} else {
				count.Accepted++
			}
		}
		batch = batch[:0]
		return nil
	}
	for item, err := range src.Items {
		if err != nil {
			if err := flush(); err != nil {
				return err
			}
			l.broken = join(l.broken, err)
			l.keep(0, nil, NewFault(LoadIncomplete, "", "", "Il file non si può leggere oltre il record "+strconv.Itoa(count.Read)+": "+err.Error()+".", "un file integro"))
			return nil
		}
		if batch = append(batch, item); len(batch) == loadBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if src.Declared >= 0 && src.Declared != count.Read {
		f := NewFault(CountMismatch, "", strconv.Itoa(src.Declared), "Il file dichiara "+strconv.Itoa(src.Declared)+" elementi e ne contiene "+strconv.Itoa(count.Read)+".", strconv.Itoa(count.Read))
		f.Tag = tag
		l.keep(0, nil, f)
	}
	return nil
}

func (l *loader) keep(number int, at *Position, faults ...Fault) {
	for _, f := range faults {
		if f.Severity == Error {
			l.report.Errors++
		}
		if len(l.report.Faults) >= l.opts.MaxFaults {
			l.report.FaultsBeyond++
			continue
		}
		f.Record = number
		if f.Position == nil {
			f.Position = clonePtr(at)
		}
		l.report.Faults = append(l.report.Faults, f)
	}
}

func (l *loader) sectionBatch(items []LoadItem[Section]) ([]Faults, error) {
	all := make([]Faults, len(items))
	for i := range items {
		var err error
		if all[i], err = l.section(items[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (l *loader) section(item LoadItem[Section]) (Faults, error) {
	s := item.Record
	faults := merge(item.Faults, l.r.checker.CheckSection(s, l.today))
	if s.Comune != "" && s.Comune != l.comune {
		faults = append(faults, NewFault(OtherComuneLoad, "comune", s.Comune, "La sezione è del comune "+s.Comune+".", "una sezione del comune "+l.comune))
	}
	if s.Number != "" {
		if l.seenSections[s.Number] {
			faults = append(faults, NewFault(DuplicateSection, "number", s.Number, "La sezione "+s.Number+" compare più di una volta.", "una sezione una volta sola"))
		} else if _, before := l.sections[s.Number]; before {
			faults = append(faults, NewFault(SectionReplaced, "number", s.Number, "La sezione "+s.Number+" era già registrata.", "una sezione nuova, oppure i dati aggiornati"))
		}
		l.seenSections[s.Number] = true
	}
	if faults.Err() != nil {
		return faults, nil
	}
	l.sections[s.Number] = s
	return faults, l.w.PutSection(l.ctx, s)
}

// electorBatch judges and stores some electors. With a store and a population
// that take many at once it asks each of them once.
func (l *loader) electorBatch(items []LoadItem[Elector]) ([]Faults, error) {
	ids := make([]string, 0, len(items))
	for i := range items {
		if ValidANPRID(items[i].Record.ANPRID) {
			ids = append(ids, items[i].Record.ANPRID)
		}
	}
	var err error
	if many, ok := l.r.population.(BulkPopulation); ok {
		if l.persons, err = many.ByANPRIDs(l.ctx, ids); err != nil {
			return nil, err
		}
	}
	bulk, isBulk := l.w.(BulkWriter)
	if isBulk {
		if l.homes, err = bulk.Homes(l.ctx, ids); err != nil {
			return nil, err
		}
	}
	// What is refused as a whole is not worth the writing.
	store := l.opts.Partial || l.report.Errors == 0
	all := make([]Faults, len(items))
	fresh := make([]Elector, 0, len(items))
	for i := range items {
		e, home, known, faults, err := l.elector(items[i])
		if err != nil {
			return nil, err
		}
		if all[i] = faults; faults.Err() != nil {
			continue
		}
		for list := range items[i].Record.Enrolments() {
			l.report.Enrolled[list]++
		}
		switch {
		case !store:
		case isBulk && !known:
			fresh = append(fresh, e)
		default:
			if err := l.w.PutElector(l.ctx, home, e); err != nil {
				return nil, err
			}
		}
	}
	if len(fresh) > 0 {
		return all, bulk.AddElectors(l.ctx, l.comune, fresh)
	}
	return all, nil
}

// elector judges one record. It returns what is to be stored of the person,
// under which comune, and whether he is in the store already.
func (l *loader) elector(item LoadItem[Elector]) (e Elector, home string, known bool, faults Faults, err error) {
	e, home = item.Record, l.comune
	in := Circumstances{At: l.today, Notice: l.opts.Notice, Section: l.find}
	if ValidANPRID(e.ANPRID) {
		person, unknown, err := l.person(e.ANPRID)
		if err != nil {
			return e, home, false, nil, err
		}
		if faults = append(faults, unknown...); len(unknown) == 0 {
			in.Person = &person
		}
		var standing Faults
		if e, home, known, standing, err = l.standing(item); err != nil {
			return e, home, false, nil, err
		}
		faults = append(faults, standing...)
	}
	faults = append(faults, merge(item.Faults, l.r.checker.CheckElector(e, in))...)
	faults = append(faults, competence(item.Record, in.Person, l.comune, OtherComuneLoad)...)
	return e, home, known, faults, nil
}

// person returns a person of the batch, or the faults of one who is unknown.
func (l *loader) person(id string) (Person, Faults, error) {
	if l.persons != nil {
		if p, ok := l.persons[id]; ok {
			return p, nil, nil
		}
		return Person{}, Faults{unknownPerson(id)}, nil
	}
	p, err := l.r.personOf(l.ctx, id)
	if unknown, ok := errors.AsType[Faults](err); ok {
		return Person{}, unknown, nil
	}
	return p, nil, err
}

// competence judges whether a comune may register a person: each of his lists
// is its own, or he is in none and registered in its population.
func competence(e Elector, p *Person, comune string, code Code) Faults {
	var faults Faults
	listed := false
	for list, en := range e.Enrolments() {
		listed = true
		if en.Comune != comune && en.Comune != "" {
			faults = append(faults, NewFault(code, list.Path()+comuneField(list), en.Comune, "La "+list.Italian()+" non è del comune "+comune+".", "una lista del comune "+comune))
		}
	}
	switch {
	case listed, p == nil,
		p.Residence != nil && p.Residence.Comune == comune,
		p.Residence == nil && p.Abroad != nil && p.Abroad.Comune == comune:
		return faults
	}
	return Faults{NewFault(code, "anprId", e.ANPRID, "Il soggetto non è in alcuna lista e non risulta in anagrafe o all'AIRE nel comune "+comune+".", "il comune di residenza o di iscrizione AIRE, oppure una lista del comune "+comune)}
}

// standing tells a person who is in the file twice, or was registered before
// in the same list: the first load wins (EN556), and he must first be removed.
// Of who is in other lists of another comune it returns the whole record.
func (l *loader) standing(item LoadItem[Elector]) (whole Elector, home string, known bool, faults Faults, err error) {
	e := item.Record
	if first, seen := l.seenElectors[e.ANPRID]; seen {
		return e, l.comune, true, Faults{NewFault(DuplicateElector, "anprId", e.ANPRID, "Il soggetto compare già nel record "+strconv.Itoa(first)+".", "un soggetto una volta sola")}, nil
	}
	l.seenElectors[e.ANPRID] = item.Number
	if _, stored := l.homes[e.ANPRID]; l.homes != nil && !stored {
		return e, l.comune, false, nil, nil
	}
	old, home, err := l.w.Elector(l.ctx, e.ANPRID)
	switch {
	case errors.Is(err, ErrNotFound):
		return e, l.comune, false, nil, nil
	case err != nil:
		return e, l.comune, false, nil, err
	}
	whole, newHome, ok := joinLists(old, home, e, l.comune)
	if !ok {
		return e, l.comune, true, Faults{NewFault(DuplicateElector, "anprId", e.ANPRID, "Il primo caricamento del soggetto è già stato fatto dal comune "+home+".", "un soggetto non ancora caricato in quella lista")}, nil
	}
	return whole, newHome, true, nil, nil
}

// joinLists adds the lists of e, of a comune, to those of an elector that are
// of another comune: an added list goes with a general list elsewhere, in
// whatever order they come. What is no list comes with the general list, whose
// comune is his home, or else stays as it was. It reports false if e has no
// list or one that the elector is in already.
func joinLists(old Elector, home string, e Elector, comune string) (Elector, string, bool) {
	whole := old.Clone()
	any := false
	for l, en := range e.Enrolments() {
		if _, twice := old.EnrolmentIn(l); twice {
			return e, home, false
		}
		any = true
		own := en
		whole.setList(l, AddedList{Enrolled: Yes, Enrolment: &own})
	}
	if !any || home == comune {
		return e, home, false
	}
	if e.General != nil {
		whole.Capacity, whole.Status, whole.Certifiability = e.Capacity, e.Status, clonePtr(e.Certifiability)
		home = comune
	}
	return whole, home, true
}

// find knows all the sections of the comune of the load, and no others.
func (l *loader) find(comune, number string) (s Section, found, known bool) {
	if comune != l.comune {
		return Section{}, false, false
	}
	s, found = l.sections[number]
	return s, found, true
}

// merge returns the reader's faults and, of the checker's, those of the fields
// that the reader could read.
func merge(read, checked Faults) Faults {
	return append(slices.Clone(read), slices.DeleteFunc(checked, func(f Fault) bool {
		return slices.ContainsFunc(read, func(r Fault) bool { return r.Path == f.Path })
	})...)
}
