package electoral

import (
	"iter"
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
	// and the rules are applied to the rest of it all the same, so that all its
	// faults are reported at once.
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
