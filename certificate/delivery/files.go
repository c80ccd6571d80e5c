package delivery

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/liste-elettorali/anpr/internal/folder"
)

// Errors of [FileOutbox].
var (
	// ErrLocked means that another process, or another outbox of this one, has
	// the folder open.
	ErrLocked = folder.ErrLocked
	// ErrPoisoned means that after a failure of the disk it is not known what
	// the folder holds. Close the outbox and open it again.
	ErrPoisoned = errors.New("delivery: the folder takes no more changes until it is opened again")
	// ErrClosed means that the outbox was closed.
	ErrClosed = errors.New("delivery: the outbox is closed")
	// ErrCorrupt is wrapped by the error of a folder with a file that is not a
	// message as it was kept.
	ErrCorrupt = errors.New("delivery: outbox damaged")
)

// FileOutbox is an [Outbox] in a folder, for an office that has no database. It
// is safe for concurrent use; one process at a time has the folder open. Each
// message is a file of JSON, named ID.channel, with mode 0600. A change is
// written to a second file and synced; then the second file takes the name of
// the first, so that a crash leaves either the old message or the new one. The
// bytes of the old file are overwritten. All messages are in memory too, some
// 500 bytes each. On Windows a folder cannot be synced, so that after a power failure
// the old message may be back, and the bytes of the old file are left to the file
// system.
type FileOutbox struct {
	disk *folder.Folder
	sync func(*os.File) error // replaced by a test with one that fails

	mu       sync.Mutex
	messages map[string]Message // by the name of the file
	bad      error
}

var _ Outbox = (*FileOutbox)(nil)

// newSuffix marks a file that is being written.
const newSuffix = ".new"

// maxMessage bounds the file of a message, in bytes.
const maxMessage = 64 << 10

// OpenFiles opens a folder and removes what a crash has left half done. The
// folder is made if it does not exist; its parent must exist. The error wraps
// [ErrLocked], or [ErrCorrupt] with the name of the file.
func OpenFiles(dir string) (*FileOutbox, error) {
	d, err := folder.Open(dir, 0o077)
	if err != nil {
		return nil, fmt.Errorf("delivery: %s: %w", dir, err)
	}
	o := &FileOutbox{disk: d, sync: folder.Sync, messages: map[string]Message{}}
	if err := o.load(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return o, nil
}

// load reads all the messages.
func (o *FileOutbox) load() error {
	entries, err := o.disk.Entries(".")
	if err != nil {
		return fmt.Errorf("delivery: %w", err)
	}
	for _, e := range entries {
		name, unfinished := strings.CutSuffix(e.Name(), newSuffix)
		id, channel, _ := strings.Cut(name, ".")
		if !isID(id) || !slices.Contains(Channels(), Channel(channel)) || !e.Type().IsRegular() {
			return fmt.Errorf("%w: %.80q: nothing else may be in the folder", ErrCorrupt, e.Name())
		}
		if unfinished {
			if err := o.erase(e.Name()); err != nil {
				return fmt.Errorf("delivery: %w", err)
			}
			continue
		}
		m, err := o.read(name)
		if err != nil {
			return err
		}
		if fileName(m.Certificate, m.Channel) != name {
			return fmt.Errorf("%w: %s holds another message", ErrCorrupt, name)
		}
		o.messages[name] = m
	}
	return nil
}

func (o *FileOutbox) read(name string) (Message, error) {
	f, err := o.disk.Root.Open(name)
	if err != nil {
		return Message{}, fmt.Errorf("delivery: %w", err)
	}
	defer f.Close()
	d := json.NewDecoder(io.LimitReader(f, maxMessage))
	d.DisallowUnknownFields()
	var m Message
	if d.Decode(&m) != nil || check(m) != nil || m.Version < 1 || !slices.Contains(states, m.State) || d.More() {
		return Message{}, fmt.Errorf("%w: %s is no message", ErrCorrupt, name)
	}
	return m, nil
}

var states = []State{Queued, Sending, Sent, Accepted, Delivered, Failed}

func fileName(certificate string, c Channel) string { return certificate + "." + string(c) }

// erase overwrites a file with zeros and removes it.
func (o *FileOutbox) erase(name string) error {
	f, err := o.disk.Root.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(o.blank(f), f.Close(), o.disk.Root.Remove(name))
}

// blank overwrites a file with zeros.
func (o *FileOutbox) blank(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(make([]byte, info.Size()), 0); err != nil {
		return err
	}
	return o.sync(f)
}

// usable reports whether the outbox takes calls. o.mu is held.
func (o *FileOutbox) usable(ctx context.Context, change bool) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case o.disk == nil:
		return ErrClosed
	case change && o.bad != nil:
		return o.bad
	}
	return nil
}

// keep writes a message. If a step fails after the file has its new name, it is
// not known which of the two messages a crash would leave, and the outbox takes
// no more changes. o.mu is held.
func (o *FileOutbox) keep(name string, m Message) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("delivery: %w", err)
	}
	f, err := o.disk.Root.OpenFile(name+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("delivery: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = o.sync(f)
	}
	old := (*os.File)(nil)
	if err == nil && folder.ReplacesOpen {
		if old, err = o.disk.Root.OpenFile(name, os.O_WRONLY, 0); errors.Is(err, fs.ErrNotExist) {
			old, err = nil, nil
		}
	}
	if old != nil {
		defer old.Close()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		_ = o.erase(name + newSuffix)
		return fmt.Errorf("delivery: %w", err)
	}
	err = o.disk.Root.Rename(name+newSuffix, name)
	if err == nil {
		err = o.sync(o.disk.Dir)
	}
	if err == nil && old != nil {
		err = o.blank(old)
	}
	if err != nil {
		return o.poison(err)
	}
	o.messages[name] = m
	return nil
}

// Close ends the use of the folder.
func (o *FileOutbox) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.disk == nil {
		return ErrClosed
	}
	err := o.disk.Close()
	o.disk = nil
	return err
}

// kept returns a message as every outbox keeps it: instants in UTC, to the
// millisecond.
func kept(m Message) Message {
	for _, t := range []*time.Time{&m.Created, &m.NotBefore, &m.Updated} {
		*t = time.UnixMilli(t.UnixMilli()).UTC()
	}
	return m
}

// Add implements [Outbox].
func (o *FileOutbox) Add(ctx context.Context, m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := errors.Join(o.usable(ctx, true), check(m)); err != nil {
		return err
	}
	if !slices.Contains(Channels(), m.Channel) {
		return about(m.Certificate, m.Channel, ErrNoChannel)
	}
	name := fileName(m.Certificate, m.Channel)
	if _, there := o.messages[name]; there {
		return about(m.Certificate, m.Channel, ErrQueued)
	}
	m = kept(m)
	m.Version = 1
	return o.keep(name, m)
}

// Get implements [Outbox].
func (o *FileOutbox) Get(ctx context.Context, certificate string, channel Channel) (Message, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.usable(ctx, false); err != nil {
		return Message{}, err
	}
	m, there := o.messages[fileName(certificate, channel)]
	if !isID(certificate) {
		return Message{}, ErrUnknown
	}
	if !there {
		return Message{}, about(certificate, channel, ErrUnknown)
	}
	return m, nil
}

// toSend reports whether Due may return a message.
func (m Message) toSend() bool { return m.State == Queued || m.State == Sending }

// Due implements [Outbox].
func (o *FileOutbox) Due(ctx context.Context, at time.Time, n int) ([]Message, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.usable(ctx, false); err != nil {
		return nil, err
	}
	var list []Message
	for _, m := range o.messages {
		if m.toSend() && !m.NotBefore.After(at) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b Message) int {
		return cmp.Or(a.NotBefore.Compare(b.NotBefore), cmp.Compare(a.Certificate, b.Certificate),
			cmp.Compare(a.Channel, b.Channel))
	})
	return list[:min(len(list), max(n, 0))], nil
}

// Update implements [Outbox].
func (o *FileOutbox) Update(ctx context.Context, m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := errors.Join(o.usable(ctx, true), check(m)); err != nil {
		return err
	}
	name := fileName(m.Certificate, m.Channel)
	now, there := o.messages[name]
	if !there || now.Version != m.Version {
		return about(m.Certificate, m.Channel, ErrChanged)
	}
	// An update never changes these.
	m.MessageID, m.Addressee, m.Created = now.MessageID, now.Addressee, now.Created
	m = kept(m)
	m.Version++
	return o.keep(name, m)
}

// Sweep implements [Outbox].
func (o *FileOutbox) Sweep(ctx context.Context, before time.Time) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.usable(ctx, true); err != nil {
		return 0, err
	}
	// A file is overwritten only after it was renamed: under its own name a
	// crash could leave a file that is not a message.
	var gone []string
	for name, m := range o.messages {
		if m.toSend() || !m.Updated.Before(before) {
			continue
		}
		if err := o.disk.Root.Rename(name, name+newSuffix); err != nil {
			return 0, o.poison(err)
		}
		gone = append(gone, name)
	}
	if len(gone) == 0 {
		return 0, nil
	}
	if err := o.sync(o.disk.Dir); err != nil {
		return 0, o.poison(err)
	}
	for n, name := range gone {
		delete(o.messages, name)
		if err := o.erase(name + newSuffix); err != nil {
			return n, o.poison(err)
		}
	}
	if err := o.sync(o.disk.Dir); err != nil {
		return 0, o.poison(err)
	}
	return len(gone), nil
}

// poison remembers a failure of the disk. o.mu is held.
func (o *FileOutbox) poison(err error) error {
	o.bad = fmt.Errorf("%w: %w", ErrPoisoned, err)
	return o.bad
}
