package registry

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Store keeps sections and electors. Package electoraltest holds its
// conformance suite; packages memory and sqlstore implement it.
//
// A Store is safe for concurrent use by several goroutines. A cancelled
// context ends a call with the context's error and without effect.
type Store interface {
	// View calls fn with a reader that sees one state of the store: no change
	// made meanwhile shows. It returns fn's error. The reader is not used
	// after fn returns.
	View(ctx context.Context, fn func(Reader) error) error
	// Update calls fn with a writer. If fn returns nil all its changes become
	// durable together before Update returns nil; if fn returns an error, or
	// panics, none does and Update returns that error. Updates that touch the
	// same comune exclude each other. fn may be called again when the store
	// must retry: it must keep no effect of its own from an earlier call. An
	// error that wraps [electoral.ErrUnknown] means that the changes may or may
	// not stand; with any other they do not.
	Update(ctx context.Context, fn func(Writer) error) error
}

// ErrEnded is wrapped by the errors of a [Reader] and a [Writer] that are used after
// the call that gave them has ended.
var ErrEnded = errors.New("registry: the view or the update has ended")

// ErrImpossible is wrapped by the error of a write of a value that no store can keep
// and give back as it was; [Storable] says which.
var ErrImpossible = errors.New("registry: a value that no store can keep")

// A Reader reads one state of a [Store]. What it returns is the caller's: the
// store keeps no reference to it. It is for one goroutine, and ends with the call
// that gave it ([ErrEnded]). After an error a sequence yields nothing more.
type Reader interface {
	RollReader
	BookReader
}

// A RollReader reads the rolls: sections and electors.
type RollReader interface {
	// Elector returns the elector with an ANPR id, and the comune under which
	// he was put; an error wrapping [electoral.ErrNotFound] if there is none.
	Elector(ctx context.Context, anprID string) (e electoral.Elector, home string, err error)
	// Section returns a section; an error wrapping [electoral.ErrNotFound] if there is
	// none.
	Section(ctx context.Context, comune, number string) (electoral.Section, error)
	// Sections yields the sections of a comune in the order of their numbers'
	// text.
	Sections(ctx context.Context, comune string) iter.Seq2[electoral.Section, error]
	// Enrolled yields the electors who have a place in a list of a comune, in
	// one of its sections, or with an empty section in all, in the order of
	// section and of ANPR id; in [electoral.StillVotesList] an elector stands
	// once in each section in which he has an [electoral.KeptVote].
	Enrolled(ctx context.Context, l electoral.List, comune, section string) iter.Seq2[electoral.Elector, error]
	// Search yields the electors that a search selects, in the order of ANPR
	// id. A condition on a field that is derived or not known is an error.
	Search(ctx context.Context, s Search) iter.Seq2[electoral.Elector, error]
}

// A BookReader reads the registry's books and the operation journal.
type BookReader interface {
	// Counts returns how many electors have a place in each list and section
	// of a comune, in that order of their texts.
	Counts(ctx context.Context, comune string) ([]ListCount, error)
	// Record returns an entry of a book; an error wrapping [electoral.ErrNotFound] if
	// there is none.
	Record(ctx context.Context, comune string, book Book, id string) (Record, error)
	// Records yields the entries that a search selects, in the order of id and
	// comune. It does not look at Expires. In an update a search by subject alone
	// does not keep another comune from adding one.
	Records(ctx context.Context, s RecordSearch) iter.Seq2[Record, error]
	// Journal yields the entries that a search selects, in the order of
	// number, ANPR id and operation.
	Journal(ctx context.Context, s JournalSearch) iter.Seq2[JournalEntry, error]
	// Sequence returns how far the numbers of the changes of a comune have come, the
	// update at hand included.
	Sequence(ctx context.Context, comune string) (Sequence, error)
}

// A Writer changes a [Store] within an update. It reads its own writes.
type Writer interface {
	Reader
	RollWriter
	BookWriter
}

// A RollWriter changes the rolls. No trace of the earlier values
// is kept (annex 2, services for the comuni 5). In the loop of a listing it may
// move the elector at hand to another section: those who follow are still yielded,
// each once, and he is not yielded again unless his new section follows.
type RollWriter interface {
	// PutSection writes a section in place of the one with its comune and
	// number, if there is one.
	PutSection(ctx context.Context, s electoral.Section) error
	// PutElector writes an elector under a comune, the home, in place of what
	// is known of him under any comune.
	PutElector(ctx context.Context, home string, e electoral.Elector) error
	// RemoveSection and RemoveElector remove one; it is not an error if there
	// is none.
	RemoveSection(ctx context.Context, comune, number string) error
	RemoveElector(ctx context.Context, anprID string) error
}

// A BookWriter changes the registry's books and the journal.
type BookWriter interface {
	// PutRecord writes a record in place of the one with its key, if there is
	// one.
	PutRecord(ctx context.Context, r Record) error
	// RemoveRecord removes one; it is not an error if there is none.
	RemoveRecord(ctx context.Context, comune string, book Book, id string) error
	// ExpireRecords removes the records of a comune whose Expires is not after
	// an instant, and returns how many there were.
	ExpireRecords(ctx context.Context, comune string, at time.Time) (int, error)
	// NextSeq returns the number of this update in a comune: one more than that of the
	// last update that took one there and was committed. Each call within an update
	// returns the same.
	NextSeq(ctx context.Context, comune string) (int64, error)
	// Note adds entries to the journal, with the number of this update in the comune of
	// each; their Seq is not looked at. An entry of this update with the same ANPR id and
	// operation stays as it is.
	Note(ctx context.Context, entries ...JournalEntry) error
	// Forget removes the entries of the journal of a comune before an instant,
	// and returns how many there were. [Sequence] has the highest of their numbers.
	Forget(ctx context.Context, comune string, before time.Time) (int, error)
}

// A BulkBookWriter is an optional interface of a [Writer], found by a type assertion:
// it writes many records of the books at once.
type BulkBookWriter interface {
	// PutRecords does what [BookWriter.PutRecord] does for each record, in their order.
	PutRecords(ctx context.Context, list []Record) error
}

// An OutcomeWriter is an optional interface of a [Writer], found by a type assertion:
// it puts the outcome of a change into the update that makes it, where the recorder
// keeps its log in the store's own database. Then both stand or neither.
type OutcomeWriter interface {
	// RecordOutcome writes an entry with a recorder, as the last statement of the
	// update. It returns what the log gives for it, or an empty text if the log is not
	// in this database.
	RecordOutcome(ctx context.Context, r electoral.Recorder, a electoral.Access) (receipt string, err error)
	// OutcomeStands reports whether the entry for which the log gave a receipt is there.
	OutcomeStands(ctx context.Context, r electoral.Recorder, receipt string) (bool, error)
}

// A Locker is an optional interface of a [Writer], found by a type assertion: it takes
// some comuni for the update at once, where otherwise it would take each when it is
// read, and might have to begin again.
type Locker interface {
	Lock(ctx context.Context, comuni ...string) error
}

// A BulkWriter is an optional interface of a [Writer], found by a type
// assertion: it writes many electors at once, for a first load.
type BulkWriter interface {
	// Homes returns the comune under which each of some electors was put.
	// Those who are not in the store are not in the map.
	Homes(ctx context.Context, anprIDs []string) (map[string]string, error)
	// AddElectors writes electors, of whom none is in the store, under a
	// comune. If one is, or stands twice among them, the update fails as a
	// whole.
	AddElectors(ctx context.Context, home string, list []electoral.Elector) error
}

// A SuccessionWriter is an optional interface of a [Writer], found by a type
// assertion: it moves all the electors of a comune at once, for a
// [Registry.Succeed].
type SuccessionWriter interface {
	// Guests returns, in their order, the ANPR ids of the electors who have a
	// place in a comune, also for a kept vote, and were put under another.
	Guests(ctx context.Context, comune string) ([]string, error)
	// MoveElectors does what PutElector would do for each elector who was put
	// under m.From, and returns how many they were. If one of them is in a list
	// of m.From in a section that m does not map, the update fails as a whole.
	MoveElectors(ctx context.Context, m ElectorMove) (int, error)
}

// An ElectorMove puts the electors of one comune under another. Their places in
// lists of From become places in lists of To; their places in other comuni, their
// kept votes, removals and losses stay as they are.
type ElectorMove struct {
	From, To string // Belfiore codes
	// Sections are the numbers of the sections of To by those of From. Two of From
	// may go to one.
	Sections map[string]string
	// Notes are added to the journal for each elector, with his ANPR id.
	Notes []JournalEntry
}

// A SectionMover is an optional interface of a [Writer], found by a type assertion:
// it moves many electors from one section to another at once.
type SectionMover interface {
	// MoveEnrolled puts the electors with some ANPR ids, who were put under home,
	// from a section of a comune into another, in every list of that comune in which
	// they are there. Their kept votes stay. An id that is not among them has no
	// effect. It checks no section.
	MoveEnrolled(ctx context.Context, home, comune, from, to string, anprIDs []string) error
}

// A SectionCounter is an optional interface of a [Reader], found by a type assertion:
// it counts the electors of some sections, where [BookReader.Counts] reads a comune.
type SectionCounter interface {
	// CountsIn returns what Counts would, of the named sections alone.
	CountsIn(ctx context.Context, comune string, sections []string) ([]ListCount, error)
}
