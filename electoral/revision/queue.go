package revision

import (
	"context"
	"fmt"
	"slices"

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
	// read are lines of the store by id: all that it has between the ids of a span.
	read  map[string]registry.Record
	spans []span
}

// A span goes from one id to another, both included.
type span struct{ from, to string }

// maxRead is how many lines are read ahead for one phase of a batch.
const maxRead = 4 * linesMax

type recordKey struct {
	comune string
	book   registry.Book
	id     string
}

// readAhead reads the lines beside which those of a batch come to stand. The persons of
// a batch follow each other, and so do the lines of each phase about them.
func (q *queue) readAhead(ctx context.Context, h Header, batch []draft) error {
	if q.fresh {
		return nil
	}
	q.read = map[string]registry.Record{}
	phases := map[string]span{}
	for _, d := range batch {
		id := d.line.ID
		phase := id[:len(h.ID)+len(".0")] // see lineID
		s, ok := phases[phase]
		if !ok {
			s = span{from: id, to: id}
		}
		phases[phase] = span{from: min(s.from, id), to: max(s.to, id)}
	}
	for _, s := range phases {
		if err := q.readSpan(ctx, h, s); err != nil {
			return err
		}
	}
	return nil
}

func (q *queue) readSpan(ctx context.Context, h Header, s span) error {
	s.to += "~" // lines about the same change, "….2", come after its first
	n := 0
	for r, err := range q.Writer.Records(ctx, registry.RecordSearch{Book: registry.RevisionLineBook, Comune: h.Comune,
		After: s.from[:len(s.from)-1]}) {
		if err != nil {
			return err
		}
		if r.ID > s.to {
			break
		}
		q.read[r.ID] = r
		if n++; n == maxRead {
			s.to = r.ID
			break
		}
	}
	q.spans = append(q.spans, s)
	return nil
}

var errNoRecord = fmt.Errorf("revision: no such record: %w", electoral.ErrNotFound)

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
		return registry.Record{}, errNoRecord
	}
	if book == registry.RevisionLineBook && slices.ContainsFunc(q.spans, func(s span) bool {
		return id >= s.from && id <= s.to
	}) {
		if r, ok := q.read[id]; ok {
			return r.Clone(), nil
		}
		return registry.Record{}, errNoRecord
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
