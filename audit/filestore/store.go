package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/internal/folder"
)

// Errors of a store.
var (
	// ErrLocked: another Store, of this process or another, has the folder open.
	ErrLocked = folder.ErrLocked
	// ErrPoisoned: after an earlier failure it is not known what the file of a chain
	// holds. Close the store and open it again.
	ErrPoisoned = errors.New("filestore: the chain takes no more records until the folder is opened again")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("filestore: the store is closed")
)

// A CorruptError says that a file is damaged, and where. The file was left as
// it is.
type CorruptError struct {
	File    string // the name in the folder
	Offset  int64  // of the record that is damaged, or 0
	Problem string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("filestore: %s: byte %d: %s", e.File, e.Offset, e.Problem)
}

// maxWrite is the most bytes that are written before a sync, unless one record is
// longer. An interrupted write damages a file at most so far back from its end.
const maxWrite = 256 << 10

// Config configures a store.
type Config struct {
	// Full makes Open check every record of every file, not only their ends.
	Full bool

	folder storage // for tests; if nil, the folder on disk
}

// A Store is an [audit.Store] on a folder. It is safe for concurrent use.
type Store struct {
	folder     storage
	recoveries []Recovery

	mu     sync.Mutex
	chains map[string]*chain
	closed bool
	inUse  sync.WaitGroup
}

var _ audit.Store = (*Store)(nil)

// A chain is what is known of a file.
type chain struct {
	mu   sync.Mutex
	name string
	size int64
	head audit.Head
	info fs.FileInfo // of the file; nil if there is none yet
	bad  error       // not nil if poisoned
}

// Open opens a folder, which is made if it does not exist (not so its parent),
// and recovers each file. The error is [ErrLocked], a [*CorruptError], or one
// of the file system.
func Open(dir string, cfg Config) (*Store, error) {
	f := cfg.folder
	if f == nil {
		var err error
		if f, err = openFolder(dir); err != nil {
			return nil, err
		}
	}
	s := &Store{folder: f, chains: map[string]*chain{}}
	if err := s.recover(cfg.Full); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return s, nil
}

// Close waits for the calls in progress and unlocks the folder.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed || s.folder == nil {
		s.mu.Unlock()
		return ErrClosed
	}
	s.closed = true
	s.mu.Unlock()
	s.inUse.Wait()
	return s.folder.close()
}

// use returns a chain, to be used until done is called. A new one is remembered
// only if it is to be written.
func (s *Store) use(ctx context.Context, name string, write bool) (c *chain, done func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	file, err := audit.FileName(name)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.folder == nil {
		return nil, nil, ErrClosed
	}
	if c = s.chains[name]; c == nil {
		c = &chain{name: file, head: audit.EmptyHead(name)}
		if write {
			s.chains[name] = c
		}
	}
	s.inUse.Add(1)
	return c, s.inUse.Done, nil
}

// Head implements [audit.Store]. The error is [ErrPoisoned] after a failure of
// the chain.
func (s *Store) Head(ctx context.Context, name string) (audit.Head, error) {
	c, done, err := s.use(ctx, name, false)
	if err != nil {
		return audit.Head{}, err
	}
	defer done()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head, c.bad
}

// Append implements [audit.Store]. An append of more than 256 KiB is synced in
// several parts.
func (s *Store) Append(ctx context.Context, name string, records []audit.Record) error {
	c, done, err := s.use(ctx, name, true)
	if err != nil {
		return err
	}
	defer done()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bad != nil {
		return c.bad
	}
	if err := audit.CheckAppend(name, c.head, records); err != nil || len(records) == 0 {
		return err
	}
	// All is encoded before anything is written: if one record cannot be encoded,
	// none may be written.
	parts, err := encode(name, c.info == nil, records)
	if err != nil {
		return err
	}
	f, err := s.openForAppend(c)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range parts {
		if err := s.write(c, f, p); err != nil {
			return err
		}
	}
	return nil
}

// A part is what is written before a sync.
type part struct {
	bytes []byte
	head  audit.Head
}

func encode(name string, isNew bool, records []audit.Record) ([]part, error) {
	var parts []part
	size := 0
	for i := range records {
		size += len(records[i].Payload) + audit.MaxRecord - audit.MaxPayload
	}
	b := make([]byte, 0, min(size, maxWrite+audit.MaxRecord))
	if isNew {
		header, err := audit.FileHeader(name)
		if err != nil {
			return nil, err
		}
		b = append(b, header...)
	}
	for i, r := range records {
		next, err := r.AppendBinary(b)
		if err != nil {
			return nil, err
		}
		if len(next) > maxWrite && i > 0 && len(b) > 0 {
			parts = append(parts, part{b, audit.HeadOf(records[i-1])})
			next = slices.Clone(next[len(b):])
		}
		b = next
	}
	return append(parts, part{b, audit.HeadOf(records[len(records)-1])}), nil
}

// openForAppend opens the file of a chain, and poisons the chain if it is not the
// same file with the same size as after the last append.
func (s *Store) openForAppend(c *chain) (file, error) {
	if c.info == nil {
		f, err := s.folder.create(c.name)
		if errors.Is(err, fs.ErrExist) {
			return nil, c.poison(&CorruptError{File: c.name, Problem: "the file was made by somebody else"})
		}
		return f, err
	}
	f, err := s.folder.open(c.name, true)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, c.poison(&CorruptError{File: c.name, Problem: "the file has gone"})
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil: // returned below
	case !s.folder.same(info, c.info):
		err = c.poison(&CorruptError{File: c.name, Problem: "the file was replaced by another"})
	case info.Size() != c.size:
		err = c.poison(&CorruptError{
			File: c.name, Offset: min(info.Size(), c.size),
			Problem: fmt.Sprintf("the file has %d bytes, it was left with %d", info.Size(), c.size),
		})
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// write writes one part and makes it durable.
func (s *Store) write(c *chain, f file, p part) error {
	if n, err := f.WriteAt(p.bytes, c.size); err != nil || n < len(p.bytes) {
		if err == nil {
			err = io.ErrShortWrite
		}
		err = fmt.Errorf("filestore: %s: byte %d: %w", c.name, c.size+int64(n), err)
		if undone := s.undo(c, f); undone != nil {
			return c.poison(errors.Join(err, undone))
		}
		return err
	}
	if err := f.Sync(); err != nil {
		return c.poison(fmt.Errorf("filestore: %s: %w", c.name, err))
	}
	if c.info == nil {
		info, err := f.Stat()
		if err == nil {
			err = s.folder.sync()
		}
		if err != nil {
			return c.poison(fmt.Errorf("filestore: %s: %w", c.name, err))
		}
		c.info = info
	}
	c.size += int64(len(p.bytes))
	c.head = p.head
	return nil
}

// undo takes back a write that failed.
func (s *Store) undo(c *chain, f file) error {
	if c.info == nil {
		if err := s.folder.remove(c.name); err != nil {
			return err
		}
		return s.folder.sync()
	}
	if err := f.Truncate(c.size); err != nil {
		return err
	}
	return f.Sync()
}

func (c *chain) poison(err error) error {
	c.bad = fmt.Errorf("%w: %w", ErrPoisoned, err)
	return c.bad
}

// Records implements [audit.Store]. It yields what was acknowledged, also after
// a failure of the chain.
func (s *Store) Records(ctx context.Context, name string, from uint64) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		c, done, err := s.use(ctx, name, false)
		if err != nil {
			yield(audit.Record{}, err)
			return
		}
		defer done()
		c.mu.Lock()
		size, end := c.size, c.head.Size
		c.mu.Unlock()
		if from >= end {
			return
		}
		if err := s.read(ctx, c.name, size, from, yield); err != nil {
			yield(audit.Record{}, err)
		}
	}
}

// read yields the records of a file's first bytes, as many as size.
func (s *Store) read(
	ctx context.Context, name string, size int64, from uint64, yield func(audit.Record, error) bool,
) error {
	f, err := s.folder.open(name, false)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := audit.NewReader(io.NewSectionReader(f, 0, size))
	if err != nil {
		return err
	}
	for n := uint64(0); ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			if r.End() != size {
				problem := fmt.Sprintf("the file was shortened from %d bytes", size)
				return &CorruptError{File: name, Offset: r.End(), Problem: problem}
			}
			return nil
		}
		if err != nil {
			return err
		}
		// Counted, not read from the record: damage must be yielded, not skipped.
		if n >= from && !yield(rec, nil) {
			return nil
		}
	}
}

// Chains implements [audit.Store].
func (s *Store) Chains(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		names, err := s.names(ctx)
		if err != nil {
			yield("", err)
			return
		}
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

func (s *Store) names(ctx context.Context) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	chains := maps.Clone(s.chains)
	s.mu.Unlock()
	var names []string
	for name, c := range chains {
		c.mu.Lock()
		if c.head.Size > 0 {
			names = append(names, name)
		}
		c.mu.Unlock()
	}
	slices.Sort(names)
	return names, nil
}
