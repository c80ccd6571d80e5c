package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/internal/folder"
)

// Errors of a folder.
var (
	// ErrLocked means that another process, or another [Files] of this one, has
	// the folder open.
	ErrLocked = folder.ErrLocked
	// ErrPoisoned means that after a failure of the disk it is not known
	// whether a document is in the folder. Close it and open it again.
	ErrPoisoned = errors.New("archive: the folder takes no more documents until it is opened again")
	// ErrClosed means that the archive was closed.
	ErrClosed = errors.New("archive: closed")
)

// Files is a [certificate.Archive] in a folder. It is safe for concurrent use;
// one process at a time has the folder open.
//
// When Put returns without an error, key, document and their folders were
// written and synced. A sweep marks the documents as deleted, overwrites and
// removes their keys, then removes the documents; once it has begun, it goes on
// even if its context is cancelled. When the folder is opened again, a Put that
// a crash interrupted is undone, and an interrupted sweep is finished.
//
// On Windows a folder cannot be synced: after a power failure a document that was
// kept may have its temporary name, and be removed at the next opening, and one that
// was deleted its old name. Modes do not exist there either: give the folder to the
// account of the program alone.
//
// The folder has mode 0700, the files 0600:
//
//	keys/ID         32 bytes
//	documents/ID    header, its HMAC, the encrypted content
//
// The suffix .new marks a file that is being kept, .gone one that is being
// deleted. An index in memory takes some 400 bytes for each document; opening
// reads all the keys and headers.
type Files struct {
	disk *disk

	mu        sync.Mutex
	byID      map[string]*entry
	byRequest map[digest]*entry
	byOwner   map[digest][]*entry
	// busy holds the IDs and request keys of documents that a call is changing;
	// the channel is closed when that call has ended.
	busy   map[string]chan struct{}
	gone   []*entry // marked as deleted; part of them may still be there
	bad    error
	closed bool
	inUse  sync.WaitGroup
	sweeps sync.Mutex // held by the one sweep at work
}

var _ certificate.Archive = (*Files)(nil)

// An entry holds what the index keeps of a document.
type entry struct {
	id              string
	request, owner  digest
	issued, expires int64
}

// OpenFiles opens a folder, finishes what a crash has left, and reads the keys
// and headers. The folder is made if it does not exist; its parent must exist.
// The error wraps [ErrLocked], or [ErrCorrupt] with the name of the file. A
// folder with a damaged header or key is not opened, because it would not be
// known which requests were answered already.
func OpenFiles(dir string) (*Files, error) {
	d, err := openDisk(dir)
	if err != nil {
		return nil, err
	}
	f := &Files{disk: d, byID: map[string]*entry{}, byRequest: map[digest]*entry{}, byOwner: map[digest][]*entry{},
		busy: map[string]chan struct{}{}}
	if err := f.recover(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return f, nil
}

// Close ends the use of the folder, after the calls that are in progress.
func (f *Files) Close() error {
	f.mu.Lock()
	if f.closed || f.disk == nil {
		f.mu.Unlock()
		return ErrClosed
	}
	f.closed = true
	f.mu.Unlock()
	f.inUse.Wait()
	return f.disk.close()
}

// use begins a call, which ends when done is called.
func (f *Files) use(ctx context.Context) (done func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.disk == nil {
		return nil, ErrClosed
	}
	f.inUse.Add(1)
	return f.inUse.Done, nil
}

// Put implements [certificate.Archive]. If two calls keep a document of the
// same request at once, the second waits for the outcome of the first.
func (f *Files) Put(ctx context.Context, d certificate.Archived) error {
	done, err := f.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := check(d); err != nil {
		return err
	}
	e := entryOf(headerOf(d))
	release, err := f.reserve(ctx, e)
	if err != nil {
		return err
	}
	defer release()
	unsure, err := f.disk.keep(ctx, d)
	if err != nil {
		if unsure {
			err = f.poison(err)
		}
		return err
	}
	f.mu.Lock()
	f.add(e)
	f.mu.Unlock()
	return nil
}

func (f *Files) poison(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bad = fmt.Errorf("%w: %w", ErrPoisoned, err)
	return f.bad
}

// reserve takes the ID and the request of an entry until release is called.
func (f *Files) reserve(ctx context.Context, e *entry) (release func(), err error) {
	for {
		wait, release, err := f.tryReserve(e)
		if wait == nil {
			return release, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tryReserve reserves an entry, or returns the channel to wait for.
func (f *Files) tryReserve(e *entry) (wait <-chan struct{}, release func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bad != nil {
		return nil, nil, f.bad
	}
	dying := slices.ContainsFunc(f.gone, func(x *entry) bool { return x.id == e.id })
	if f.byID[e.id] != nil || f.byRequest[e.request] != nil || dying {
		return nil, nil, fmt.Errorf("archive: %s: %w", e.id, certificate.ErrArchived)
	}
	for _, name := range e.names() {
		if at := f.busy[name]; at != nil {
			return at, nil, nil
		}
	}
	return nil, f.take(e), nil
}

// take makes other calls wait for an entry. f.mu is held.
func (f *Files) take(e *entry) (release func()) {
	at := make(chan struct{})
	for _, name := range e.names() {
		f.busy[name] = at
	}
	return func() {
		f.mu.Lock()
		for _, name := range e.names() {
			delete(f.busy, name)
		}
		f.mu.Unlock()
		close(at)
	}
}

// names returns the keys of an entry in busy.
func (e *entry) names() [2]string { return [2]string{e.id, string(e.request[:])} }

func entryOf(h header) *entry {
	request, _ := digestOf(h.RequestKey)
	owner, _ := digestOf(h.Owner)
	return &entry{id: h.ID, request: request, owner: owner, issued: h.IssuedAt, expires: h.Expires}
}

// add puts an entry into the index. f.mu is held.
func (f *Files) add(e *entry) {
	f.byID[e.id], f.byRequest[e.request] = e, e
	f.byOwner[e.owner] = append(f.byOwner[e.owner], e)
}

// drop takes an entry out of the index. f.mu is held.
func (f *Files) drop(e *entry) {
	delete(f.byID, e.id)
	delete(f.byRequest, e.request)
	rest := slices.DeleteFunc(slices.Clone(f.byOwner[e.owner]), func(x *entry) bool { return x == e })
	if f.byOwner[e.owner] = rest; len(rest) == 0 {
		delete(f.byOwner, e.owner)
	}
}

// Get implements [certificate.Archive].
func (f *Files) Get(ctx context.Context, id string) (certificate.Archived, error) {
	return f.one(ctx, func() *entry { return f.byID[id] })
}

// ByRequest implements [certificate.Archive].
func (f *Files) ByRequest(ctx context.Context, requestKey string) (certificate.Archived, error) {
	request, ok := digestOf(requestKey)
	return f.one(ctx, func() *entry {
		if !ok {
			return nil
		}
		return f.byRequest[request]
	})
}

// one reads the document that find returns; find is called with f.mu held.
func (f *Files) one(ctx context.Context, find func() *entry) (certificate.Archived, error) {
	done, err := f.use(ctx)
	if err != nil {
		return certificate.Archived{}, err
	}
	defer done()
	f.mu.Lock()
	e := find()
	f.mu.Unlock()
	if e == nil {
		return certificate.Archived{}, fmt.Errorf("archive: %w", certificate.ErrNotArchived)
	}
	d, err := f.disk.document(e.id)
	if err != nil && !f.keeps(e) {
		// A sweep deleted it meanwhile.
		err = fmt.Errorf("archive: %s: %w", e.id, certificate.ErrNotArchived)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return certificate.Archived{}, err
	}
	return d, nil
}

func (f *Files) keeps(e *entry) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.byID[e.id] == e
}

// Owned implements [certificate.Archive]. Among documents of the same instant
// the one with the greater ID comes first.
func (f *Files) Owned(ctx context.Context, owner string) iter.Seq2[certificate.Archived, error] {
	return func(yield func(certificate.Archived, error) bool) {
		done, err := f.use(ctx)
		if err != nil {
			yield(certificate.Archived{}, err)
			return
		}
		defer done()
		var list []*entry
		if key, ok := digestOf(owner); ok {
			f.mu.Lock()
			list = slices.Clone(f.byOwner[key])
			f.mu.Unlock()
		}
		slices.SortFunc(list, func(a, b *entry) int {
			return cmp.Or(cmp.Compare(b.issued, a.issued), cmp.Compare(b.id, a.id))
		})
		for _, e := range list {
			h, err := f.disk.header(e.id)
			if err != nil && !f.keeps(e) {
				continue // deleted meanwhile
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(certificate.Archived{}, err)
				return
			}
			if !yield(h.archived(), nil) {
				return
			}
		}
	}
}

// Sweep implements [certificate.Archive]. If it fails, it returns how many
// documents are gone. A document that it could delete only in part is not found
// any more; the next sweep, or the next opening, finishes its deletion.
func (f *Files) Sweep(ctx context.Context, at time.Time) (int, error) {
	done, err := f.use(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	f.sweeps.Lock()
	defer f.sweeps.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	due, release, err := f.due(at)
	if err != nil {
		return 0, err
	}
	defer release()
	marked, unsure, markErr := f.disk.mark(due)
	f.mu.Lock()
	for _, e := range due[marked:] {
		f.add(e)
	}
	f.gone = append(f.gone, due[:marked]...)
	gone := slices.Clone(f.gone)
	f.mu.Unlock()
	if unsure {
		// Without its key a document that is not marked would look damaged.
		return 0, f.poison(markErr)
	}
	n, err := f.disk.destroy(gone)
	f.mu.Lock()
	f.gone = gone[n:]
	f.mu.Unlock()
	return n, errors.Join(markErr, err)
}

// due takes the entries that have expired out of the index. Until release is
// called, a Put with the same ID or request waits.
func (f *Files) due(at time.Time) (list []*entry, release func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bad != nil {
		return nil, nil, f.bad
	}
	for _, e := range f.byID {
		if !time.UnixMilli(e.expires).After(at) {
			list = append(list, e)
		}
	}
	var releases []func()
	for _, e := range list {
		f.drop(e)
		releases = append(releases, f.take(e))
	}
	return list, func() {
		for _, release := range releases {
			release()
		}
	}, nil
}

// recover finishes what a crash has interrupted and makes the index. It changes
// nothing until it has checked that everything else is undamaged.
func (f *Files) recover() error {
	keys, err := f.disk.list(keysFolder)
	if err != nil {
		return err
	}
	documents, err := f.disk.list(documentsFolder)
	if err != nil {
		return err
	}
	var unfinished []*entry
	for id, has := range documents {
		if has.gone {
			unfinished = append(unfinished, &entry{id: id})
		}
		if !has.kept {
			continue
		}
		key := keys[id]
		if !key.kept && !key.begun {
			return corrupt(documentsFolder+"/"+id, "its key is not in the folder of the keys")
		}
		h, err := f.disk.headerWith(id, key.name(id))
		if err != nil {
			return err
		}
		e := entryOf(h)
		if twin := f.byRequest[e.request]; twin != nil {
			return corrupt(documentsFolder+"/"+id, "it answers the same request as "+twin.id)
		}
		f.add(e)
	}
	for id, has := range keys {
		doc := documents[id]
		if has.kept && !doc.kept && !doc.gone {
			return corrupt(keysFolder+"/"+id, "its document is not in the folder of the documents")
		}
	}
	return f.disk.finish(keys, documents, unfinished)
}

func corrupt(file, problem string) error { return fmt.Errorf("%w: %s: %s", ErrCorrupt, file, problem) }

// isGone reports whether an error means that a file is not there.
func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
