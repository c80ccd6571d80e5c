package revision

import (
	"context"
	"fmt"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A queue is a writer that keeps the records that are put until it is flushed, to
// write many at once where the store can.
type queue struct {
	registry.Writer
	// fresh says that the revision has no lines yet but those of the queue: nothing
	// has to be read.
	fresh   bool
	pending []registry.Record
	places  map[recordKey]int // in pending
}

type recordKey struct {
	comune string
	book   registry.Book
	id     string
}

// PutRecord puts a record into the queue.
func (q *queue) PutRecord(_ context.Context, r registry.Record) error {
	k := recordKey{r.Comune, r.Book, r.ID}
	if i, ok := q.places[k]; ok {
		q.pending[i] = r
		return nil
	}
	if q.places == nil {
		q.places = map[recordKey]int{}
	}
	q.places[k] = len(q.pending)
	q.pending = append(q.pending, r)
	return nil
}

// Record returns a record of the queue or else of the store.
func (q *queue) Record(ctx context.Context, comune string, book registry.Book, id string) (registry.Record, error) {
	if i, ok := q.places[recordKey{comune, book, id}]; ok {
		return q.pending[i].Clone(), nil
	}
	if q.fresh && (book == registry.RevisionLineBook || book == registry.RevisionEvidenceBook) {
		return registry.Record{}, fmt.Errorf("revision: record %s: %w", id, electoral.ErrNotFound)
	}
	return q.Writer.Record(ctx, comune, book, id)
}

// flush writes what was put.
func (q *queue) flush(ctx context.Context) error {
	list := q.pending
	q.pending, q.places = nil, nil
	if many, ok := q.Writer.(registry.BulkBookWriter); ok {
		return many.PutRecords(ctx, list)
	}
	for _, r := range list {
		if err := q.Writer.PutRecord(ctx, r); err != nil {
			return err
		}
	}
	return nil
}
