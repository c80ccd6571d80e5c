package registry

import (
	"errors"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/internal/gate"
)

// inputs is the gate through which everything goes that a caller hands to a service.
// Read-only.
var inputs = gate.New(
	gate.Enum(append(requestStates(), 10)...), // ANPR has 10 beside 9
	gate.Enum(ConflictOpen, ConflictReleased, ConflictRefused, ConflictResolved, ConflictWithdrawn),
	gate.Enum(AcknowledgeConflict, RefuseConflict, WithdrawConflict, ReopenConflict),
	gate.Enum(EnrolmentApplication, WithdrawalApplication, ExOfficioCase),
	gate.Enum(SuccessionKinds()...),
	gate.Enum(InterimHeir, InterimCeased),
	gate.Text[RemovalRequest]("Note", maxRemovalNote, true),
	gate.Text[electoral.Recovery]("Act", maxAct, false),
	gate.Text[SuccessionAct]("Authority", maxAct, false),
	gate.Text[SuccessionAct]("Kind", maxAct, false),
	gate.Text[SuccessionAct]("Number", maxAct, false),
	gate.Text[callName]("Operation", maxOperation, false),
	gate.Ready[electoral.Elector](), gate.Ready[electoral.Section](), gate.Ready[electoral.Request](),
)

// takes puts a value that the caller hands in through the gate. What is wrong with it
// refuses the service, beside what the service itself finds.
func (a *action) takes(path string, v any) {
	for _, f := range inputs.Check(path, v) {
		a.unfit = append(a.unfit, f.Fault())
		a.unwritten = a.unwritten || f.Unwritable()
	}
}

// takesID does the same with an ANPR id; that one is missing is for the service to say.
func (a *action) takesID(path, anprID string) {
	if anprID != "" && !electoral.ValidANPRID(anprID) {
		a.unfit = append(a.unfit, electoral.NewFault(electoral.IDMalformed, path, electoral.Shown(anprID), nil))
	}
}

// gated returns the faults of a service with those of the gate.
func (a *action) gated(own electoral.Faults) electoral.Faults {
	return gate.Merge(own, a.unfit)
}

// judged returns the outcome of a change with what the gate refuses: everything that
// is wrong at once, in the words of the service where it has its own. A change that the
// service would have made is refused as well, and so is one that the store could not
// keep.
func (a *action) judged(warnings electoral.Faults, err error) error {
	if len(a.unfit) == 0 {
		return err
	}
	own, refused := errors.AsType[electoral.Faults](err)
	switch {
	case err == nil:
		return a.gated(warnings).Err()
	case refused:
		return a.gated(own)
	case errors.Is(err, ErrImpossible):
		return a.gated(warnings)
	}
	return err
}

// recordText returns a text for the access log, and nothing if the log could not keep
// it: a refusal must be on record whatever was asked.
func recordText(s string) string {
	if len(inputs.Check("", s)) > 0 {
		return ""
	}
	return s
}
