package recorder

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/electoral"
)

// Open returns the accesses of which a log holds the request and no outcome, in
// the order of their instants: what a crash left open. It reads every chain
// that the store holds; its memory grows with what is open. It is meant for
// start-up, before new requests are served: what is under way is open too.
func (r *Recorder) Open(ctx context.Context, store audit.Store) ([]electoral.Access, error) {
	var open []electoral.Access
	for chain, err := range store.Chains(ctx) {
		if err != nil {
			return nil, fmt.Errorf("recorder: %w", err)
		}
		of, err := r.openOf(ctx, store, chain)
		if err != nil {
			return nil, err
		}
		open = append(open, of...)
	}
	slices.SortStableFunc(open, func(a, b electoral.Access) int { return a.At.Compare(b.At) })
	return open, nil
}

// pair is what request and outcome have in common. A request that is repeated
// has the same id, and an instant of its own.
type pair struct {
	at                           int64 // in nanoseconds since 1970
	code, operation, id, subject string
}

func pairOf(e audit.Entry) pair {
	return pair{e.Time.UnixNano(), e.FiscalCode, e.Operation, e.RequestID, e.Subject}
}

// accessOf is the counterpart of [Recorder.Record].
func (r *Recorder) accessOf(e audit.Entry, chain string) electoral.Access {
	a := electoral.Access{
		FiscalCode: electoral.FiscalCode(e.FiscalCode), At: e.Time, Operation: electoral.Operation(e.Operation), Outcome: e.Outcome,
		RequestID: e.RequestID, Method: electoral.Method(e.Authentication), Subject: e.Subject,
	}
	if chain != r.chain {
		a.Comune = chain
	}
	return a
}

func (r *Recorder) openOf(ctx context.Context, store audit.Store, chain string) ([]electoral.Access, error) {
	open := map[pair][]electoral.Access{}
	for rec, err := range store.Records(ctx, chain, 0) {
		if err != nil {
			return nil, fmt.Errorf("recorder: %s: %w", chain, err)
		}
		e, err := rec.Entry()
		if err != nil {
			return nil, fmt.Errorf("recorder: %s: %w", chain, err)
		}
		key := pairOf(e)
		if e.Outcome != electoral.Requested {
			// What reads only has no request of its own.
			if list := open[key]; len(list) > 1 {
				open[key] = list[1:]
			} else {
				delete(open, key)
			}
			continue
		}
		open[key] = append(open[key], r.accessOf(e, chain))
	}
	var list []electoral.Access
	for _, of := range open {
		list = append(list, of...)
	}
	slices.SortFunc(list, func(a, b electoral.Access) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.RequestID, b.RequestID))
	})
	return list, nil
}
