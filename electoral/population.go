package electoral

import (
	"context"
	"errors"
	"iter"
)

// ErrNotFound is the error, wrapped or not, of a store or a population that
// does not hold what was asked.
var ErrNotFound = errors.New("electoral: not found")

// A ResidentPopulation is an optional interface of a [Population], found by a
// type assertion: it finds persons by their date of birth.
type ResidentPopulation interface {
	// Born yields the persons who live in a comune, or are in its register of
	// Italians abroad, and were born between two days, both included, in the
	// order of ANPR id. A birth without a day or a month counts if it may lie
	// between them.
	Born(ctx context.Context, comune string, from, to Date) iter.Seq2[Person, error]
}

// A BulkPopulation is an optional interface of a [Population], found by a type
// assertion: it looks many persons up at once.
type BulkPopulation interface {
	// ByANPRIDs returns the persons with some ANPR ids. Those whom the
	// population does not hold are not in the map.
	ByANPRIDs(ctx context.Context, anprIDs []string) (map[string]Person, error)
}

// An IdentityPopulation is an optional interface of a [Population], found by a type
// assertion: it finds every ANPR id under which a person stands, for many codici
// fiscali at once.
type IdentityPopulation interface {
	// IDsOfCodes returns the ANPR ids of the persons with some fiscal codes. A code
	// that nobody has is not in the map. Codes are compared as they are.
	IDsOfCodes(ctx context.Context, codes []FiscalCode) (map[FiscalCode][]string, error)
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
