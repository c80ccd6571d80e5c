package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// recordWithin puts the outcome into the update at hand, if the log is in the store's
// database. It is the last thing in it.
func (a *action) recordWithin(ctx context.Context, w Writer, on *electoral.Entry, outcome string) error {
	log, ok := w.(OutcomeWriter)
	if !ok {
		return nil
	}
	if a.details != nil {
		a.details(on)
	}
	return on.RecordWithin(outcome, func(entry electoral.Access) (string, error) {
		receipt, err := log.RecordOutcome(ctx, a.r.recorder, entry)
		if err != nil {
			err = fmt.Errorf("registry: the outcome could not be recorded, nothing was changed: %w", err)
		}
		return receipt, err
	})
}

// ascertainTerm bounds the time in which a change is looked for of which it is not known
// whether it stands: the database may be gone.
const ascertainTerm = 10 * time.Second

// errNotDone is the error of a change that turned out not to stand.
var errNotDone = errors.New("registry: the connection to the database was lost, and the change was not made")

// ascertain finds out what became of a change whose outcome is in its own transaction. It
// takes the comune's lock, which that transaction holds as long as it goes on.
func (a *action) ascertain(ctx context.Context, on *electoral.Entry, err error) error {
	if !errors.Is(err, electoral.ErrUnknown) || on.Receipt() == "" {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ascertainTerm)
	defer cancel()
	stands := false
	if failed := a.r.store.Update(ctx, func(w Writer) error {
		log, ok := w.(OutcomeWriter)
		if !ok {
			return err
		}
		if _, err := w.Sequence(ctx, a.comune); err != nil {
			return err
		}
		var err error
		stands, err = log.OutcomeStands(ctx, a.r.recorder, on.Receipt())
		return err
	}); failed != nil {
		return err
	}
	if !stands {
		return errNotDone
	}
	return nil
}
