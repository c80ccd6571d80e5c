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
// the order of their instants, and those of one instant in the order of their
// chains: what a crash left open. It reads every chain
// that the store holds; its memory grows with what is open. It is meant for
// start-up, before new requests are served: what is under way is open too.
//
// Each outcome closes one request of the same chain that stands before it, the
// first that is open: of two that are alike one outcome closes one.
func (r *Recorder) Open(ctx context.Context, store audit.Store) ([]electoral.Access, error) {
	var open []electoral.Access
	if store == nil {
		return nil, errNoStore
	}
	for chain, err := range store.Chains(ctx) {
		if err != nil {
			return nil, fmt.Errorf("recorder: %w", err)
		}
		of, err := r.openOf(ctx, store, chain, func(audit.Entry) bool { return true }, func(audit.Entry) {})
		if err != nil {
			return nil, err
		}
		open = append(open, of...)
	}
	slices.SortStableFunc(open, func(a, b electoral.Access) int { return a.At.Compare(b.At) })
	return open, nil
}

// pair is what request and outcome have in common. The instant is that of the
// request in both, and so a part of its identity: it is never compared to tell
// which was first. Requests that are repeated within a millisecond have the same.
type pair struct {
	at                           int64 // in nanoseconds since 1970
	code, operation, id, subject string
}

func pairOf(e audit.Entry) pair {
	return pair{e.Time.UnixNano(), e.FiscalCode, e.Operation, e.RequestID, e.Subject}
}

// openOf returns the open requests of a chain, in their order there, among the
// entries that are wanted. It calls ended with each outcome.
func (r *Recorder) openOf(
	ctx context.Context, store audit.Store, chain string, wanted func(audit.Entry) bool, ended func(audit.Entry),
) ([]electoral.Access, error) {
	type request struct {
		seq    uint64
		access electoral.Access
	}
	open := map[pair][]request{}
	for rec, err := range store.Records(ctx, chain, 0) {
		if err != nil {
			return nil, fmt.Errorf("recorder: %s: %w", chain, err)
		}
		e, err := rec.Entry()
		if err != nil {
			return nil, fmt.Errorf("recorder: %s: %w", chain, err)
		}
		if !wanted(e) {
			continue
		}
		key := pairOf(e)
		if e.Outcome == electoral.Requested {
			open[key] = append(open[key], request{rec.Seq, r.accessOf(e, chain)})
			continue
		}
		ended(e)
		// What reads only has no request of its own.
		if list := open[key]; len(list) > 1 {
			open[key] = list[1:]
		} else {
			delete(open, key)
		}
	}
	var all []request
	for _, list := range open {
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b request) int { return cmp.Compare(a.seq, b.seq) })
	accesses := make([]electoral.Access, len(all))
	for i := range all {
		accesses[i] = all[i].access
	}
	return accesses, nil
}
