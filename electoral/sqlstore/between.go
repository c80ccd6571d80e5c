package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// On a cluster no snapshot spans the nodes: a transaction is seen on one of them a moment
// before it is on another, and a route may lead where its row is not yet, or not any
// more. What is found so is read again, as it is committed by then; only what stays so is
// damage.

// errDamaged is wrapped by the error of rows that do not fit together.
var errDamaged = errors.New("the database is damaged")

// How often what does not fit together is read again, and the pause before the second
// time, which doubles: in all two thirds of a second.
const (
	rereads     = 7
	rereadPause = 5 * time.Millisecond
)

// rest waits before the nth time that something is read again.
func rest(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	timer := time.NewTimer(rereadPause << n)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("sqlstore: %w", ctx.Err())
	case <-timer.C:
		return nil
	}
}

// reread calls read, with what the transaction sees, and while rows do not fit together
// with what is committed.
func (t *transaction) reread(ctx context.Context, read func(q sqldb.Querier) error) error {
	err := read(t.tx)
	for n := 0; n < rereads && errors.Is(err, errDamaged); n++ {
		if err := rest(ctx, n); err != nil {
			return err
		}
		if t.locked != nil { // each statement sees what is committed
			err = read(t.tx)
		} else {
			err = t.db.Lookup(ctx, read)
		}
	}
	return err
}

// find reads the electors of a page whom the comune of their enrolment does not have.
func (t *transaction) find(ctx context.Context, of roll, page []listed, missing map[string]bool) error {
	for i := range page {
		p := &page[i]
		if !missing[p.id] {
			continue
		}
		if err := t.reread(ctx, func(q sqldb.Querier) error { return p.find(ctx, q, of) }); err != nil {
			return err
		}
	}
	return nil
}

// find reads the enrolment again, and the elector where it leads then.
func (p *listed) find(ctx context.Context, q sqldb.Querier, of roll) error {
	err := one(ctx, q, []any{&p.home},
		`SELECT home FROM {enrolments} WHERE comune = $1 AND list = $2 AND section = $3 AND anpr_id = $4`,
		of.comune, string(of.list), p.section, p.id)
	if p.gone = errors.Is(err, electoral.ErrNotFound); p.gone {
		return nil
	}
	if err != nil {
		return err
	}
	e, err := electorAt(ctx, q, p.home, p.id)
	if errors.Is(err, electoral.ErrNotFound) {
		return fmt.Errorf("comune %s does not have an elector that the list has: %w", p.home, errDamaged)
	}
	p.elector = e.Elector
	return err
}
