package recorder

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/electoral"
)

// About returns the accesses of which a log keeps one of the subjects, the
// earliest first: an ANPR id, or what [electoral.Access].Subject says. Of a
// service that stands in the log twice, as requested and with its outcome, only
// the outcome is returned, and the request where there is none.
//
// It answers a citizen who asks who used his data. What concerns many persons
// at once, such as the extraction of a list, has no subject and is not among
// them. It reads every chain of the store: the caller admits who asks, puts
// his asking on record ([electoral.OpReadAccesses]) and bounds how often it is
// done.
func (r *Recorder) About(ctx context.Context, store audit.Store, subjects ...string) ([]electoral.Access, error) {
	var list []electoral.Access
	about := func(e audit.Entry) bool { return e.Subject != "" && slices.Contains(subjects, e.Subject) }
	if store == nil {
		return nil, errNoStore
	}
	for chain, err := range store.Chains(ctx) {
		if err != nil {
			return nil, fmt.Errorf("recorder: %w", err)
		}
		ended := func(e audit.Entry) { list = append(list, r.accessOf(e, chain)) }
		open, err := r.openOf(ctx, store, chain, about, ended)
		if err != nil {
			return nil, err
		}
		list = append(list, open...)
	}
	slices.SortStableFunc(list, func(a, b electoral.Access) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.RequestID, b.RequestID), cmp.Compare(a.Operation, b.Operation))
	})
	return list, nil
}
