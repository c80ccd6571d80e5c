package registry

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// LoadOptions say how [Registry.Load] treats what it refuses. The zero value
// loads all or nothing.
type LoadOptions struct {
	// Partial stores the records without errors even if others are refused.
	// Without it one refused record leaves the store as it was.
	Partial bool
	// Resumable is Partial in steps that are durable one by one: a load that
	// was interrupted goes on where it stopped when the same files are loaded
	// again with the same request id.
	Resumable bool
	// DryRun judges every record and stores nothing, not even the conflicts.
	DryRun bool
	// MaxFaults bounds the faults kept in the report; those beyond are only
	// counted. Zero means 10,000.
	MaxFaults int
	// Notice is the day of the notice of convocation, if a vote is called; zero
	// means what Config.Votes says.
	Notice electoral.Date
	// Recoveries are the acts by which persons of the file who had lost the right
	// to vote have it again, by ANPR id: the file carries none. One of a person
	// without a loss refuses his record.
	Recoveries map[string]electoral.Recovery
}

// A LoadReport says what became of every record of a first load.
type LoadReport struct {
	// ID is the request's, with which the load can be undone.
	ID       string    `json:"id"`
	Sections LoadCount `json:"sections"`
	Electors LoadCount `json:"electors"`
	// Enrolled counts the accepted electors in each list.
	Enrolled map[electoral.List]int `json:"enrolled"`
	// Reconciliation counts each list and section: what the file held, what of
	// it was accepted, what the registry now holds. In the order of list and
	// section.
	Reconciliation []Reconciliation `json:"reconciliation"`
	// Faults are the faults and the warnings, in the order of the files; last, at
	// its line, each refused section for which electors wait: these are refused
	// without a fault of their own.
	Faults electoral.Faults `json:"faults"`
	// Errors counts the faults that forbid the load, kept or not.
	Errors int `json:"errors"`
	// FaultsBeyond counts those that MaxFaults left out.
	FaultsBeyond int `json:"faultsBeyond"`
	// Conflicts counts the electors whom another comune has in a list of the
	// file: each is a [Conflict] that both find.
	Conflicts int `json:"conflicts"`
	// Stored says whether anything was stored.
	Stored bool `json:"stored"`
	// DryRun says that nothing was to be stored. Resumed counts the electors
	// whom an interrupted load with this id had stored before. Repeated says
	// that the load had been done before: the report has its counts, without
	// its faults.
	DryRun   bool `json:"dryRun"`
	Resumed  int  `json:"resumed"`
	Repeated bool `json:"repeated"`
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

// A Reconciliation compares a section of a list with the file.
type Reconciliation struct {
	List    electoral.List `json:"list"`
	Section string         `json:"section"`
	// InFile and Accepted count the file's electors; Registered those whom the
	// registry has after the load or, after a dry run, has now.
	InFile     int `json:"inFile"`
	Accepted   int `json:"accepted"`
	Registered int `json:"registered"`
}

// ErrLoadRefused is wrapped by the error of a load that stored nothing because
// records were refused; the report has their faults.
var ErrLoadRefused = errors.New("registry: first load refused")

// ErrLoadInterrupted is wrapped by the error of a load that stored nothing
// because another update was in its way: load the files again.
var ErrLoadInterrupted = errors.New("registry: first load interrupted by another update")

// A FirstLoad is what the registry remembers of a load.
type FirstLoad struct {
	// ID is the request's.
	ID     string `json:"id"`
	Comune string `json:"comune"`
	// At is the instant that stands in the operation journal with each elector.
	At    time.Time `json:"at"`
	State LoadStage `json:"state"`
	// Sections and Electors count the records; while it runs, of an interrupted
	// load, they are zero.
	Sections LoadCount              `json:"sections"`
	Electors LoadCount              `json:"electors"`
	Enrolled map[electoral.List]int `json:"enrolled"`
	// NewSections are the numbers of the sections that were not registered
	// before.
	NewSections []string `json:"newSections"`
}

// loadRecord is a FirstLoad as its book keeps it.
type loadRecord struct {
	FirstLoad
	// Changes are the numbers of its updates in the journal of the comune, in their
	// order; nil in a record of an earlier version of this program, which kept the
	// instant alone.
	Changes []changes `json:"changes"`
	// Runs counts the runs of a resumable load: a run that was resumed by
	// another is over.
	Runs int `json:"runs,omitzero"`
	// Joined are those whom another comune had registered before the load, by
	// ANPR id, until it is undone or can be undone no more ([Retention]).
	Joined map[string]joinedElector `json:"joined,omitzero"`
}

// joinedElector is what the undoing of a load cannot see in the record of a
// person: the comune under which he was before, the lists that the load added to
// his others, and the loss of the right that it ended.
type joinedElector struct {
	Home  string           `json:"home"`
	Lists []electoral.List `json:"lists"`
	// Loss is the loss of the right that the load ended; nil for none.
	Loss *electoral.CapacityLoss `json:"loss,omitzero"`
	// Took are the places in lists of a comune that had ceased which the load took
	// over.
	Took map[electoral.List]electoral.Enrolment `json:"took,omitempty"`
}

// changes are the numbers from First to Last, both included.
type changes struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

// changed adds the number of an update.
func (r *loadRecord) changed(seq int64) {
	switch last := len(r.Changes) - 1; {
	case last >= 0 && r.Changes[last].Last == seq:
	case last >= 0 && r.Changes[last].Last == seq-1:
		r.Changes[last].Last = seq
	default:
		r.Changes = append(r.Changes, changes{First: seq, Last: seq})
	}
}

// number fills in the numbers of a load of an earlier version.
func (r *loadRecord) number(ctx context.Context, rd Reader) error {
	if r.Changes != nil {
		return nil
	}
	seq, err := changeAt(ctx, rd, r.Comune, electoral.OpLoad, r.At)
	if seq != 0 {
		r.changed(seq)
	}
	return err
}

// has reports whether an update with a number was one of the load's.
func (r *loadRecord) has(seq int64) bool {
	return slices.ContainsFunc(r.Changes, func(c changes) bool { return c.First <= seq && seq <= c.Last })
}

// between selects the entries of the load, among which others' may be.
func (r *loadRecord) between() JournalSearch {
	s := JournalSearch{Comune: r.Comune, Operations: []electoral.Operation{electoral.OpLoad}}
	if n := len(r.Changes); n > 0 {
		s.Since, s.Until = r.Changes[0].First-1, r.Changes[n-1].Last
	}
	return s
}

func (r *loadRecord) join(anprID string, j joinedElector) {
	if r.Joined == nil {
		r.Joined = map[string]joinedElector{}
	}
	r.Joined[anprID] = j
}

func listsOf(e electoral.Elector) (lists []electoral.List) {
	for l := range e.Enrolments() {
		lists = append(lists, l)
	}
	return lists
}

// A LoadStage is where a [FirstLoad] stands.
type LoadStage string

// The stages. An atomic load is never running.
const (
	LoadRunning LoadStage = "running"
	LoadStored  LoadStage = "stored"
	LoadUndone  LoadStage = "undone"
)

// Load is the first load of a comune ("primo caricamento", art. 7 c. 1): its
// sections, then its electors, as the officer of the comune. Either may be the
// zero value. Every rule is applied to each record and its person is looked up;
// the record is accepted, or refused with all its faults. The report accounts
// for every record and is returned whatever the error.
//
// The load is atomic: a record refused, a file that ends early, a declared
// total that is wrong leave the store as it was, unless opts.Partial or
// opts.Resumable asks to keep what is right. A file that is not well formed is
// then kept up to the last whole record before the error, and the error is
// returned all the same. A load that was stored is not done again: its counts
// are returned. A resumable load that is undone, or resumed by another call,
// while it runs ends at its next step, with [electoral.LoadState].
//
// A person whom another comune has in a list of the file is refused. If the archive
// of the comuni says that this other has ceased into the one that loads, and no
// succession is on record ([Registry.Succeed]), nobody could remove him there: the
// load then takes his place in that list over, with [electoral.TakenFromCeased]. Who
// is not in the file stays where he is, for the succession.
//
// Codes: of every service, of a section, of an elector; REG-CAN-01,
// REG-CAP-02/03/04/05/06/07, REG-CAR-01/02/03/04/05/06/08/09/11, REG-COM-01,
// REG-PER-01, REG-SEZ-02, SUC-CES-01/02, SUC-PER-03/04.
func (r *Registry) Load(ctx context.Context, req electoral.Request, comune string,
	sections electoral.LoadSource[electoral.Section], electors electoral.LoadSource[electoral.Elector],
	opts LoadOptions) (LoadReport, error) {
	if opts.MaxFaults == 0 {
		opts.MaxFaults = 10_000
	}
	r = r.made()
	a := r.begin(req, electoral.OpLoad, comune)
	a.takes("options", opts)
	if opts.Notice.IsZero() {
		opts.Notice = r.noticeAt(comune, a.today())
	}
	admitted := append(a.officerOf(comune), a.checkRecovery()...)
	for _, id := range slices.Sorted(maps.Keys(opts.Recoveries)) {
		admitted = append(admitted, a.fitRecovery(opts.Recoveries[id], "options.recoveries["+id+"]")...)
	}
	if opts.DryRun && opts.Resumable {
		admitted = append(admitted,
			electoral.NewFault(electoral.LoadOptionsDisagree, "options", "DryRun, Resumable", nil))
	}
	opts.Partial = opts.Partial || opts.Resumable
	l := newLoader(ctx, a, opts)
	err := a.write(ctx, admitted, func(on *electoral.Entry) error {
		l.on = on
		repeated := false
		err := r.store.View(ctx, func(rd Reader) (err error) { repeated, err = l.before(rd); return err })
		if err != nil || repeated {
			return err
		}
		switch {
		case opts.DryRun:
			err = r.store.View(ctx, func(rd Reader) error { l.rd = rd; return l.run(sections, electors) })
		case opts.Resumable:
			err = l.run(sections, electors)
		default:
			err = l.atomic(sections, electors)
		}
		if err = a.ascertain(ctx, on, err); err != nil {
			on.Withdraw()
		}
		if l.report.Repeated {
			return err
		}
		l.report.Stored = err == nil && !opts.DryRun && l.report.Sections.Accepted+l.report.Electors.Accepted > 0
		return join(join(err, l.broken), l.tellConflicts())
	})
	return l.report, err
}
