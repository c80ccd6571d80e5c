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
	queue   []*pending
	running bool
	head    Head
	known   bool
	records []Record // of the last batch; the memory is used again
}

type pending struct {
	payload payload
	record  Record
	err     error
	done    chan struct{}
}

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
	// The callers encode and hash their payloads at the same time: only the headers
	// need the order of the chain.
	body, err := newPayload(l.random, e)
	if err != nil {
		return Record{}, err
	}
	p := &pending{payload: body, done: make(chan struct{})}
	l.mu.Lock()
	w := l.chains[chain]
	if w == nil {
		w = &writer{}
		l.chains[chain] = w
	}
	w.queue = append(w.queue, p)
	if !w.running {
		w.running = true
		go l.run(chain, w)
	}
	l.mu.Unlock()

	select {
	case <-p.done:
		return p.record, p.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range w.queue {
		if w.queue[i] == p {
			w.queue = append(w.queue[:i], w.queue[i+1:]...)
			return Record{}, ctx.Err()
		}
	}
	select {
	case <-p.done:
		return p.record, p.err
	default:
		return Record{}, fmt.Errorf("%w: %w", ErrOutcomeUnknown, ctx.Err())
	}
}

// run writes the entries that wait for a chain, and ends when there are none. It
// has its own goroutine, so that each caller can return when its context ends.
func (l *Log) run(chain string, w *writer) {
	for {
		l.mu.Lock()
		n, size := 0, 0
		for n < len(w.queue) && n < maxBatch && size < maxBatchBytes {
			size += len(w.queue[n].payload.bytes) + frameFront + fixedBody + maxChain + frameBack
			n++
		}
		if n == 0 {
			w.running, w.queue, w.records = false, nil, nil
			l.mu.Unlock()
			return
		}
		batch := w.queue[:n:n]
		w.queue = w.queue[n:]
		l.mu.Unlock()

		err := l.commit(chain, w, batch)
		for _, p := range batch {
			if err != nil {
				p.record, p.err = Record{}, err
			}
			close(p.done)
		}
	}
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
func (l *Log) Head(ctx context.Context, chain string) (Head, error) { return l.store.Head(ctx, chain) }

// Chains yields the names of the chains in ascending order. It stops after the
// first error.
func (l *Log) Chains(ctx context.Context) iter.Seq2[string, error] { return l.store.Chains(ctx) }

// Records yields the records of a chain in order, from a sequence number. It
// stops after the first error, and does not check hashes: [Log.VerifyChain]
// does.
func (l *Log) Records(ctx context.Context, chain string, from uint64) iter.Seq2[Record, error] {
	return l.store.Records(ctx, chain, from)
}

// Export writes a whole chain as a file that [VerifyFile] and [NewReader] read.
// It does not check it. The error is [ErrNoChain] if there are no records, and
// then nothing was written.
func (l *Log) Export(ctx context.Context, w io.Writer, chain string) error {
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
