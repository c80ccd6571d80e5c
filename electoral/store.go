package electoral

import (
	"context"
	"errors"
	"iter"
)

// ErrNotFound is the error, wrapped or not, of a store or a population that
// does not hold what was asked.
var ErrNotFound = errors.New("electoral: not found")

// A Store keeps sections and electors. Package electoraltest holds its
// conformance suite; [NewMemoryStore] and package sqlstore implement it.
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
	// must retry: it keeps no effect of its own from an earlier call.
	Update(ctx context.Context, fn func(Writer) error) error
}

// A Reader reads one state of a [Store]. What it returns is the caller's: the
// store keeps no reference to it. It is for one goroutine.
type Reader interface {
	// Elector returns the elector with an ANPR id, and the comune under which
	// he was put; an error wrapping [ErrNotFound] if there is none.
	Elector(ctx context.Context, anprID string) (e Elector, home string, err error)
	// Section returns a section; an error wrapping [ErrNotFound] if there is
	// none.
	Section(ctx context.Context, comune, number string) (Section, error)
	// Sections yields the sections of a comune in the order of their numbers'
	// text. After an error it yields nothing more.
	Sections(ctx context.Context, comune string) iter.Seq2[Section, error]
	// Enrolled yields the electors enrolled in a list of a comune, in one of
	// its sections, or with an empty section in all, in the order of section
	// and of ANPR id. After an error it yields nothing more.
	Enrolled(ctx context.Context, l List, comune, section string) iter.Seq2[Elector, error]
}

// A Writer changes a [Store] within an update. It reads its own writes.
type Writer interface {
	Reader
	// PutSection writes a section in place of the one with its comune and
	// number, if there is one. No trace of the earlier values is kept.
	PutSection(ctx context.Context, s Section) error
	// PutElector writes an elector under a comune, the home, in place of what
	// is known of him under any comune. No trace of the earlier values is kept
	// (annex 2, services for the comuni 5).
	PutElector(ctx context.Context, home string, e Elector) error
}

// A BulkWriter is what a [Writer] may do besides: many electors at once, for a
// first load. It is found by a type assertion.
type BulkWriter interface {
	// Homes returns the comune under which each of some electors was put.
	// Those who are not in the store are not in the map.
	Homes(ctx context.Context, anprIDs []string) (map[string]string, error)
	// AddElectors writes electors, of whom none is in the store, under a
	// comune. If one is, or stands twice among them, the update fails as a
	// whole.
	AddElectors(ctx context.Context, home string, list []Elector) error
}

// A BulkPopulation is what a [Population] may do besides: many persons at
// once. It is found by a type assertion.
type BulkPopulation interface {
	// ByANPRIDs returns the persons with some ANPR ids. Those whom the
	// population does not hold are not in the map.
	ByANPRIDs(ctx context.Context, anprIDs []string) (map[string]Person, error)
}

// A Population gives the persons behind the ids: name, sex, birth,
// citizenships, residence or AIRE, death. It is safe for concurrent use.
type Population interface {
	// ByANPRID returns the person with an ANPR id; an error wrapping
	// [ErrNotFound] if there is none.
	ByANPRID(ctx context.Context, anprID string) (Person, error)
	// ByFiscalCode returns the person with a fiscal code, which is compared as
	// it is, so that omocodes are different codes; an error wrapping
	// [ErrNotFound] if there is none.
	ByFiscalCode(ctx context.Context, code FiscalCode) (Person, error)
}
