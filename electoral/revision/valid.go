package revision

import (
	"errors"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/internal/gate"
)

// inputs is the gate through which everything goes that a caller hands to the engine.
// Read-only.
var inputs = gate.New(
	gate.Enum(Kinds()...),
	gate.Enum(Causes()...),
	gate.Enum(Effects()...),
	gate.Enum(LineOpen, LineAccepted, LineRejected, LineApplied, LineWithdrawn, LineLate),
	gate.Enum(Accept, Reject, Withdraw, Reopen),
	gate.Enum(FromPopulation, FromLists, FromBooks, FromDocument),
	gate.Enum(Proposing, Active, Closing, Ended),
)

// unfit returns the faults that a service found in what a caller handed in, with those
// of the gate.
func unfit(own electoral.Faults, path string, v any) electoral.Faults {
	return gate.Merge(own, inputs.Faults(path, v))
}

// printable refuses a minute or a table with a day that does not exist. Their texts may be
// another program's, and are printed as far as they can be.
func printable(v any) error {
	return inputs.Printable(v).Err()
}

var errNoWriter = errors.New("revision: the writer is nil")
