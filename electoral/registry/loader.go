package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/internal/gate"
)

// loader is one run of Load.
type loader struct {
	action *action
	ctx    context.Context
	opts   LoadOptions
	today  electoral.Date
	report LoadReport
	first  loadRecord
	// resuming says that an earlier run with this id was interrupted; begun that
	// this run has registered itself.
	resuming, begun bool
	told            bool // whether what the comune is after successions is in the report
	on              *electoral.Entry
	// rd and w are of the update at hand; w is nil on a dry run.
	rd Reader
	w  Writer
	// broken is what ended a file early.
	broken       error
	sections     map[string]electoral.Section
	seenSections map[string]bool
	// spellings are the sections by the keys of their numbers.
	spellings map[string]string
	// refused are the sections of the file that were refused, by number.
	refused      map[string]*refusedSection
	seenElectors map[string]int
	places       map[ListCount]*Reconciliation
	// claims are the lists in which another comune has electors of the file.
	claims []electoral.Elector
	// persons and homes are of the batch at hand; nil if they cannot be asked
	// for many at once. loaded are those of it that an interrupted run stored,
	// joins those whom another comune has registered.
	persons map[string]electoral.Person
	homes   map[string]string
	codes   map[electoral.FiscalCode][]string // the ANPR ids of each code; nil as persons
	loaded  map[string]bool
	joins   map[string]joinedElector
	// undo takes back what the batch at hand has left in the loader, if its
	// update must be run again.
	undo []func()
}

func newLoader(ctx context.Context, a *action, opts LoadOptions) *loader {
	l := &loader{action: a, ctx: ctx, opts: opts, today: a.today(),
		sections: map[string]electoral.Section{}, seenSections: map[string]bool{},
		spellings:    map[string]string{},
		refused:      map[string]*refusedSection{},
		seenElectors: map[string]int{}, places: map[ListCount]*Reconciliation{}}
	l.report = LoadReport{ID: a.req.ID, Enrolled: map[electoral.List]int{}, DryRun: opts.DryRun}
	l.first.FirstLoad = FirstLoad{ID: a.req.ID, Comune: a.comune, At: a.at, State: LoadRunning,
		Enrolled: map[electoral.List]int{}}
	l.first.Changes = []changes{}
	return l
}

// before looks up whether the load was done, or begun, before. What it finds
// holds only within the update of rd: another run may have the same id.
func (l *loader) before(rd Reader) (repeated bool, err error) {
	told, ceased, err := l.action.stand(l.ctx, rd)
	if err != nil {
		return false, err
	}
	old, err := l.registered(rd)
	if err == nil && old.State == LoadStored && !l.opts.DryRun {
		ceased = nil // its answer is there still
	}
	if ceased.Err() != nil {
		return false, ceased
	}
	if !l.told {
		l.told = true
		l.keep(0, nil, told...)
	}
	switch {
	case errors.Is(err, electoral.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case l.opts.DryRun:
		return false, nil
	case old.State == LoadStored:
		l.report = LoadReport{ID: l.action.req.ID, Sections: old.Sections, Electors: old.Electors,
			Enrolled: old.Enrolled, Stored: true, Repeated: true}
		return true, nil
	case old.State == LoadRunning && l.opts.Resumable:
		l.first, l.resuming = old, true
		return false, nil
	}
	return false, l.outOfState(old)
}

// goOn looks up whether a resumable load that has begun is still this run's: it
// may have been undone meanwhile, or resumed by another run.
func (l *loader) goOn(rd Reader) error {
	_, ceased, err := l.action.stand(l.ctx, rd)
	if err == nil {
		err = ceased.Err()
	}
	if err != nil {
		return err
	}
	old, err := l.registered(rd)
	if err != nil {
		return err
	}
	if old.State != LoadRunning || !old.At.Equal(l.first.At) || old.Runs != l.first.Runs {
		return l.outOfState(old)
	}
	l.first = old
	return nil
}

func (l *loader) registered(rd Reader) (old loadRecord, err error) {
	rec, err := rd.Record(l.ctx, l.action.comune, LoadBook, l.action.req.ID)
	if err == nil {
		err = decodeRecord(rec, &old)
	}
	if err == nil {
		err = old.number(l.ctx, rd)
	}
	return old, err
}

func (l *loader) outOfState(old loadRecord) error {
	return electoral.Faults{electoral.NewFault(electoral.LoadState.In("stage"), "request.id", l.action.req.ID,
		electoral.Args{"state": string(old.State)})}
}

// atomic runs the whole load in one update.
func (l *loader) atomic(sections electoral.LoadSource[electoral.Section],
	electors electoral.LoadSource[electoral.Elector]) error {
	started := false
	return l.action.r.store.Update(l.ctx, func(w Writer) error {
		if repeated, err := l.before(w); err != nil || repeated {
			return err
		}
		if started {
			// The store wants to try again, but a file can be read once.
			return ErrLoadInterrupted
		}
		started = true
		l.rd, l.w = w, w
		return l.run(sections, electors)
	})
}

// step runs what reads and writes the store: within the one update of an atomic
// load, or in an update of its own that first looks up whether the load is
// still to be done.
func (l *loader) step(fn func() error) error {
	if !l.opts.Resumable {
		return fn()
	}
	err := l.action.r.store.Update(l.ctx, func(w Writer) error {
		for _, back := range slices.Backward(l.undo) {
			back()
		}
		l.undo = l.undo[:0]
		l.rd, l.w = w, w
		if l.begun {
			if err := l.goOn(w); err != nil {
				return err
			}
		} else if repeated, err := l.before(w); err != nil || repeated {
			return err
		}
		return fn()
	})
	l.undo = l.undo[:0]
	return err
}

func (l *loader) run(sections electoral.LoadSource[electoral.Section],
	electors electoral.LoadSource[electoral.Elector]) error {
	if err := l.step(l.knownSections); err != nil || l.report.Repeated {
		return err
	}
	l.begun = true
	if err := loadFile(l, &l.report.Sections, sections, "numeroTotaleSezioni", l.sectionBatch); err != nil {
		return err
	}
	if l.broken == nil || l.opts.Partial {
		if err := loadFile(l, &l.report.Electors, electors, "datiFornitura/numeroTotaleListe",
			l.electorBatch); err != nil {
			return err
		}
		l.tellRefused()
	}
	for _, id := range slices.Sorted(maps.Keys(l.opts.Recoveries)) {
		if _, read := l.seenElectors[id]; !read {
			l.keep(0, nil, electoral.NewFault(electoral.RecoveryWithoutLoss.In("absent"), "options.recoveries", id, nil))
		}
	}
	if !l.opts.Partial {
		if l.broken != nil {
			return fmt.Errorf("%w: nothing stored", ErrLoadRefused)
		}
		if l.report.Errors > 0 && !l.opts.DryRun {
			return fmt.Errorf("%w: %d records refused, %d errors, nothing stored", ErrLoadRefused,
				l.report.Sections.Refused+l.report.Electors.Refused, l.report.Errors)
		}
	}
	return l.step(l.finish)
}

// knownSections reads the sections that are registered, and registers the
// beginning of a run that can be resumed. From then on the run before it, which
// may be slow and not dead, does nothing more.
func (l *loader) knownSections() error {
	clear(l.sections)
	clear(l.spellings)
	for s, err := range l.rd.Sections(l.ctx, l.action.comune) {
		if err != nil {
			return err
		}
		l.sections[s.Number] = s
		l.spellings[electoral.SectionNumberKey(s.Number)] = s.Number
	}
	if !l.opts.Resumable {
		return nil
	}
	l.first.Runs++
	return l.putFirst()
}

func (l *loader) putFirst() error {
	rec := Record{Comune: l.action.comune, Book: LoadBook, ID: l.action.req.ID, State: string(l.first.State),
		At: l.action.at}
	return putRecord(l.ctx, l.w, rec, l.first)
}

// finish reconciles the file with the registry and registers the load.
func (l *loader) finish() error {
	counts, err := l.rd.Counts(l.ctx, l.action.comune)
	if err != nil {
		return err
	}
	for _, c := range counts {
		if c.List != electoral.StillVotesList {
			l.place(c.List, c.Section).Registered = c.Count
		}
	}
	l.report.Reconciliation = l.report.Reconciliation[:0]
	for _, p := range l.places {
		l.report.Reconciliation = append(l.report.Reconciliation, *p)
	}
	slices.SortFunc(l.report.Reconciliation, func(a, b Reconciliation) int {
		return cmp.Or(slices.Index(electoral.Lists(), a.List)-slices.Index(electoral.Lists(), b.List),
			cmp.Compare(a.Section, b.Section))
	})
	if l.opts.DryRun || l.report.Sections.Accepted+l.report.Electors.Accepted == 0 {
		return nil
	}
	if err := l.action.settleAllConflicts(l.ctx, l.w); err != nil {
		return err
	}
	l.first.State, l.first.Enrolled = LoadStored, l.report.Enrolled
	l.first.Sections, l.first.Electors = l.report.Sections, l.report.Electors
	if err := l.putFirst(); err != nil {
		return err
	}
	if l.broken != nil { // an error is the outcome, although something is stored
		return nil
	}
	return l.action.recordWithin(l.ctx, l.w, l.on, electoral.Granted)
}

// tellConflicts opens the conflicts that the load has met.
func (l *loader) tellConflicts() error {
	l.report.Conflicts = len(l.claims)
	if l.opts.DryRun {
		return nil
	}
	for part := range slices.Chunk(l.claims, loadBatch) {
		if err := l.action.r.store.Update(context.WithoutCancel(l.ctx), func(w Writer) error {
			for _, e := range part {
				if err := l.action.openConflicts(context.WithoutCancel(l.ctx), w, e,
					electoral.DuplicateElector); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) place(list electoral.List, section string) *Reconciliation {
	key := ListCount{List: list, Section: section}
	if l.places[key] == nil {
		l.places[key] = &Reconciliation{List: list, Section: section}
	}
	return l.places[key]
}

// loadBatch is how many records of a file are looked up and stored together.
const loadBatch = 2000

// A verdict is what becomes of a record.
type verdict struct {
	faults electoral.Faults
	// waits says that the record is refused although it may have no fault: its
	// section was refused, which is said there.
	waits bool
}

func (v verdict) accepted() bool { return !v.waits && v.faults.Err() == nil }

// A refusedSection is a section of the file that was refused.
type refusedSection struct {
	number   int // its record's
	position electoral.Position
	electors int // who wait for it
}

// tellRefused says of each refused section, at its line, how many wait for it.
func (l *loader) tellRefused() {
	for _, number := range slices.SortedFunc(maps.Keys(l.refused),
		func(a, b string) int { return l.refused[a].number - l.refused[b].number }) {
		r := l.refused[number]
		if r.electors == 0 {
			continue
		}
		l.keep(r.number, &r.position, electoral.NewFault(electoral.SectionRefused, "number", number,
			electoral.Args{"section": number, "electors": someElectors(r.electors)}))
	}
}

// someElectors writes a number of electors for people.
func someElectors(n int) string {
	if n == 1 {
		return "1 elettore"
	}
	return strconv.Itoa(n) + " elettori"
}

// loadFile runs put over the records of a file, batch by batch, and keeps the
// count. put returns the verdict on each record.
func loadFile[T any](l *loader, count *LoadCount, src electoral.LoadSource[T], tag string,
	put func([]electoral.LoadItem[T]) ([]verdict, error)) error {
	count.Declared = src.Declared
	if src.Items == nil {
		count.Declared = -1
		return nil
	}
	batch := make([]electoral.LoadItem[T], 0, loadBatch)
	flush := func() error {
		var all []verdict
		if err := l.step(func() (err error) { all, err = put(batch); return err }); err != nil {
			return err
		}
		for i, v := range all {
			l.keep(batch[i].Number, &batch[i].Position, v.faults...)
			if count.Read++; v.accepted() {
				count.Accepted++
			} else {
				count.Refused++
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
			l.keep(0, nil, electoral.NewFault(electoral.LoadIncomplete, "", electoral.Shown(err.Error()),
				electoral.Args{"read": strconv.Itoa(count.Read)}))
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
		f := electoral.NewFault(electoral.CountMismatch, "", strconv.Itoa(src.Declared),
			electoral.Args{"declared": strconv.Itoa(src.Declared), "read": strconv.Itoa(count.Read)})
		f.Tag = tag
		l.keep(0, nil, f)
	}
	return nil
}

func (l *loader) keep(number int, at *electoral.Position, faults ...electoral.Fault) {
	for _, f := range faults {
		if f.Severity == electoral.Error {
			l.report.Errors++
		}
		if len(l.report.Faults) >= l.opts.MaxFaults {
			l.report.FaultsBeyond++
			continue
		}
		f.Record = number
		if f.Position == nil && at != nil {
			place := *at
			f.Position = &place
		}
		l.report.Faults = append(l.report.Faults, f)
	}
}

func (l *loader) sectionBatch(items []electoral.LoadItem[electoral.Section]) ([]verdict, error) {
	all := make([]verdict, len(items))
	for i := range items {
		var err error
		if all[i].faults, err = l.section(items[i]); err != nil {
			return nil, err
		}
	}
	if l.opts.Resumable {
		return all, l.putFirst()
	}
	return all, nil
}

func (l *loader) section(item electoral.LoadItem[electoral.Section]) (electoral.Faults, error) {
	s := item.Record
	faults := merge(item.Faults, l.action.r.checker.CheckSection(s, l.today))
	if s.Comune != "" && s.Comune != l.action.comune {
		faults = append(faults,
			electoral.NewFault(electoral.OtherComuneLoad, "comune", s.Comune,
				electoral.Args{"given": l.action.r.label(s.Comune), "comune": l.action.r.label(l.action.comune)}))
	}
	old, before := l.sections[s.Number]
	if s.Kind == electoral.OrdinarySection {
		s.Kind = old.Kind // ANPR's files do not carry it
	}
	if other, registered := l.spelling(s.Comune, s.Number); registered && !before {
		faults = append(faults, otherSpelling("number", s.Number, other))
	}
	mine := slices.Contains(l.first.NewSections, s.Number)
	if s.Number != "" {
		if l.seenSections[s.Number] {
			faults = append(faults,
				electoral.NewFault(electoral.DuplicateSection, "number", s.Number, electoral.Args{"section": s.Number}))
		} else {
			if before && !mine {
				faults = append(faults,
					electoral.NewFault(electoral.SectionReplaced, "number", s.Number,
						electoral.Args{"section": s.Number}))
			}
			l.seenSections[s.Number] = true
			if l.opts.Resumable {
				l.undo = append(l.undo, func() { delete(l.seenSections, s.Number) })
			}
		}
	}
	if faults = gate.Merge(faults, inputs.Faults("", item.Record)); faults.Err() != nil {
		l.refuse(item)
		return faults, nil
	}
	if !before {
		// What l.first has is read again by the update that is run again.
		l.first.NewSections = append(l.first.NewSections, s.Number)
		key := electoral.SectionNumberKey(s.Number)
		l.spellings[key] = s.Number
		if l.opts.Resumable {
			l.undo = append(l.undo, func() { delete(l.sections, s.Number); delete(l.spellings, key) })
		}
	}
	l.sections[s.Number] = s
	if l.opts.DryRun || before && mine {
		return faults, nil
	}
	return faults, l.w.PutSection(l.ctx, s)
}

// spelling returns the section of which a number is another spelling.
func (l *loader) spelling(comune, number string) (string, bool) {
	if comune != l.action.comune {
		return "", false
	}
	other, ok := l.spellings[electoral.SectionNumberKey(number)]
	return other, ok && other != number
}

// refuse remembers a section that was refused and is not registered otherwise.
func (l *loader) refuse(item electoral.LoadItem[electoral.Section]) {
	number := item.Record.Number
	if _, registered := l.sections[number]; registered || number == "" || l.refused[number] != nil {
		return
	}
	l.refused[number] = &refusedSection{number: item.Number, position: item.Position}
	if l.opts.Resumable {
		l.undo = append(l.undo, func() { delete(l.refused, number) })
	}
}
