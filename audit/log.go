package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"time"
)

// ErrOutcomeUnknown is returned by [Log.Append] when its context ended while
// the entry was being written: it may be in the log or not. A caller that needs
// the entry acts as if it were not.
var ErrOutcomeUnknown = errors.New("audit: it is not known whether the entry was written")

// Bounds of what is written with one call of Store.Append.
const (
	maxBatch      = 1024
	maxBatchBytes = 256 << 10
	maxConflicts  = 100 // in a row, before an append gives up
)

// Config configures a [Log].
type Config struct {
	// Store keeps the records. Required.
	Store Store
	// Now is the clock of the records' time. If nil, time.Now.
	Now func() time.Time
}

// A Log appends entries to the chains of a store. It is safe for concurrent
// use. Entries that wait for the same chain are written together, so that they
// share the cost of making them durable. It needs no closing.
type Log struct {
	store  Store
	now    func() time.Time
	random io.Reader

	mu     sync.Mutex
	chains map[string]*writer
}

// A writer is the end of one chain. Log.mu guards queue and running. The other
// fields belong to the goroutine that runs it.
type writer struct {
	queue   []*batch // an entry joins the last, unless that is full
	running bool
	head    Head
	known   bool
	records []Record // of the last batch; the memory is used again
}

// A batch is written with one call of Store.Append. Log.mu guards it until taken is
// set. From then on it belongs to the writer, and after done is closed to all.
type batch struct {
	entries []*pending
	size    int
	taken   bool
	err     error
	done    chan struct{} // one for all, so that one close wakes all the callers
}

type pending struct {
	payload payload
	record  Record // if the batch was written
}

// recordSize returns at least the number of bytes of the record in a file.
func (p *pending) recordSize() int {
	return len(p.payload.bytes) + frameFront + fixedBody + maxChain + frameBack
}

// join adds an entry to the queue.
func (w *writer) join(p *pending) *batch {
	n := len(w.queue)
	if n == 0 || len(w.queue[n-1].entries) >= maxBatch || w.queue[n-1].size >= maxBatchBytes {
		w.queue = append(w.queue, &batch{done: make(chan struct{})})
	}
	b := w.queue[len(w.queue)-1]
	b.entries, b.size = append(b.entries, p), b.size+p.recordSize()
	return b
}

// leave takes an entry back. It returns false if its batch was already taken.
func (b *batch) leave(p *pending) bool {
	if b.taken {
		return false
	}
	i := slices.Index(b.entries, p)
	b.entries, b.size = slices.Delete(b.entries, i, i+1), b.size-p.recordSize()
	return true
}

// errNotMade is the error of a Log that New has not made.
var errNotMade = errors.New("audit: a Log without a store: expected one that New has made")

// New makes a log on a store. Several logs, in one process or in many, may use the
// same store if the store allows it.
func New(cfg Config) (*Log, error) {
	if cfg.Store == nil {
		return nil, errors.New("audit: Config.Store is nil")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Log{store: cfg.Store, now: cfg.Now, random: rand.Reader, chains: map[string]*writer{}}, nil
}

// Append adds an entry to a chain, which is named after the comune or the service
// whose log it is. When it returns nil the record is durable, and follows all those
// whose Append had returned before this one was called. The caller owns the record.
//
// A faulty entry is refused with [EntryFaults]. If ctx ends before the entry's
// turn, nothing is written and the error is that of ctx; if it ends later, the
// error is [ErrOutcomeUnknown] as well. After an error of the store too, the
// entry may be in the log.
func (l *Log) Append(ctx context.Context, chain string, e Entry) (Record, error) {
	if err := check(ctx, chain); err != nil {
		return Record{}, err
	}
	if err := e.Check(); err != nil {
		return Record{}, err
	}
	if l.store == nil {
		return Record{}, errNotMade
	}
	// The callers encode and hash their payloads at the same time: only the headers
	// need the order of the chain.
	body, err := newPayload(l.random, e)
	if err != nil {
		return Record{}, err
	}
	p := &pending{payload: body}
	l.mu.Lock()
	w := l.chains[chain]
	if w == nil {
		w = &writer{}
		l.chains[chain] = w
	}
	b := w.join(p)
	if !w.running {
		w.running = true
		go l.run(chain, w)
	}
	l.mu.Unlock()

	select {
	case <-b.done:
		return p.record, b.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	left := b.leave(p)
	l.mu.Unlock()
	if left {
		return Record{}, ctx.Err()
	}
	select {
	case <-b.done:
		return p.record, b.err
	default:
		return Record{}, fmt.Errorf("%w: %w", ErrOutcomeUnknown, ctx.Err())
	}
}

// run writes the batches that wait for a chain, and ends when there are none. It
// has its own goroutine, so that each caller can return when its context ends.
func (l *Log) run(chain string, w *writer) {
	for b := l.take(w); b != nil; {
		if len(b.entries) > 0 { // all its callers may have left
			b.err = l.commit(chain, w, b.entries)
		}
		next := l.take(w)
		if next == nil {
			close(b.done)
		} else {
			go close(b.done) // to wake many callers takes time, in which the disk can write
		}
		b = next
	}
}

// take takes the first batch from the queue. If there is none, it returns nil, and
// the writer no longer runs.
func (l *Log) take(w *writer) *batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(w.queue) == 0 {
		w.running, w.queue, w.records = false, nil, nil
		return nil
	}
	b := w.queue[0]
	b.taken = true
	w.queue = slices.Delete(w.queue, 0, 1)
	return b
}

// commit writes a batch after the head of its chain. If another log has moved the
// head, it tries again after the new one.
func (l *Log) commit(chain string, w *writer, batch []*pending) (err error) {
	defer func() {
		// A panic in this goroutine would end the process: no caller could recover it.
		if p := recover(); p != nil {
			err = fmt.Errorf("audit: the store panicked: %v", p)
		}
		if err != nil {
			w.known = false
		}
	}()
	ctx := context.Background() // the batch is of many callers
	w.records = slices.Grow(w.records[:0], len(batch))[:len(batch)]
	records := w.records
	for try := 1; ; try++ {
		if !w.known {
			if w.head, err = l.store.Head(ctx, chain); err != nil {
				return err
			}
			w.known = true
		}
		head := w.head
		for i, p := range batch {
			records[i] = next(chain, head, l.now(), p.payload, i == 0)
			head = HeadOf(records[i])
		}
		err = l.store.Append(ctx, chain, records)
		if err == nil {
			w.head = head
			for i, p := range batch {
				p.record = records[i]
			}
			return nil
		}
		if !errors.Is(err, ErrConflict) || try == maxConflicts {
			return err
		}
		w.known = false
		time.Sleep(mathrand.N(time.Duration(min(try, 10)) * time.Millisecond))
	}
}

func next(chain string, head Head, at time.Time, p payload, begins bool) Record {
	at = fromMilli(uint64(at.UnixMilli()))
	r := Record{
		Chain: chain, Seq: head.Size, Time: at, ClockBack: clockBack(at, head), Begins: begins,
		Prev: head.Hash, Type: EntryType, Kind: PlainV2, Payload: p.bytes, PayloadDigest: p.digest,
	}
	r.Hash = r.computeHash()
	return r
}

// NewRecords returns the records of one append of entries after a head, as
// [Log.Append] gives them to its store. It is for tests of a [Store], where random
// may be a source that gives the same bytes each time. The error is that of the
// chain's name, the [EntryFaults] of the first faulty entry, or that of random.
func NewRecords(random io.Reader, chain string, head Head, at time.Time, entries ...Entry) ([]Record, error) {
	if err := CheckChain(chain); err != nil {
		return nil, err
	}
	if random == nil {
		return nil, errors.New("audit: the source of random bytes is nil")
	}
	records := make([]Record, len(entries))
	for i, e := range entries {
		if err := e.Check(); err != nil {
			return nil, err
		}
		body, err := newPayload(random, e)
		if err != nil {
			return nil, err
		}
		records[i] = next(chain, head, at, body, i == 0)
		head = HeadOf(records[i])
	}
	return records, nil
}

func clockBack(t time.Time, head Head) bool { return head.Size > 0 && t.Before(head.Time) }

// Head returns the end of a chain, by the store.
func (l *Log) Head(ctx context.Context, chain string) (Head, error) {
	if l.store == nil {
		return Head{}, errNotMade
	}
	return l.store.Head(ctx, chain)
}

// Chains yields the names of the chains in ascending order. It stops after the
// first error.
func (l *Log) Chains(ctx context.Context) iter.Seq2[string, error] {
	if l.store == nil {
		return func(yield func(string, error) bool) { yield("", errNotMade) }
	}
	return l.store.Chains(ctx)
}

// Records yields the records of a chain in order, from a sequence number. It
// stops after the first error, and does not check hashes: [Log.VerifyChain]
// does.
func (l *Log) Records(ctx context.Context, chain string, from uint64) iter.Seq2[Record, error] {
	if l.store == nil {
		return func(yield func(Record, error) bool) { yield(Record{}, errNotMade) }
	}
	return l.store.Records(ctx, chain, from)
}

// Export writes a whole chain as a file that [VerifyFile] and [NewReader] read.
// It does not check it. The error is [ErrNoChain] if there are no records, and
// then nothing was written.
func (l *Log) Export(ctx context.Context, w io.Writer, chain string) error {
	switch {
	case l.store == nil:
		return errNotMade
	case w == nil:
		return errors.New("audit: the writer is nil")
	}
	buf, err := FileHeader(chain)
	if err != nil {
		return err
	}
	empty := true
	for r, err := range l.store.Records(ctx, chain, 0) {
		if err != nil {
			return err
		}
		empty = false
		if buf, err = r.AppendBinary(buf); err != nil {
			return err
		}
		if len(buf) < 64<<10 {
			continue
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	if empty {
		return fmt.Errorf("%w: %s", ErrNoChain, chain)
	}
	_, err = w.Write(buf)
	return err
}
