package captcha

import (
	"context"
	"sync"
	"time"
)

// Spent is the list of used challenges.
type Spent interface {
	// Spend records that a challenge is used and reports whether it was not
	// before: of any number of calls with one serial, also concurrent and on
	// different nodes, exactly one gets true. The record must stay until expires
	// at least, and be there when Spend returns; a serial is up to 40 characters
	// of base64url.
	Spend(ctx context.Context, serial string, expires time.Time) (first bool, err error)
}

// Memory is a Spent in memory, for a service of one node: after a restart, the
// challenges used before it pass once more while they last, so a restart is to
// come with a new Config.Key where that matters.
type Memory struct {
	most int
	now  func() time.Time

	mu    sync.Mutex
	used  map[string]struct{}
	queue []record // in the order of use
}

type record struct {
	serial  string
	expires time.Time
}

var _ Spent = (*Memory)(nil)

// NewMemory makes a Memory of at most so many challenges that have not expired
// (about 150 bytes each). When it is full it refuses more with [ErrFull]: to
// forget one would let it pass again. A nil clock means time.Now. The zero Memory
// has room for none.
func NewMemory(most int, now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{most: most, now: now, used: map[string]struct{}{}}
}

// Spend implements [Spent].
func (m *Memory) Spend(_ context.Context, serial string, expires time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, again := m.used[serial]; again {
		return false, nil
	}
	if m.most <= 0 {
		return false, ErrFull
	}
	m.forget()
	if len(m.queue) >= m.most {
		return false, ErrFull
	}
	m.used[serial] = struct{}{}
	m.queue = append(m.queue, record{serial, expires})
	return true, nil
}

// forget drops the expired from the head of the queue. One behind a head that
// lasts longer waits for it, no longer than a challenge lives.
func (m *Memory) forget() {
	now, n := m.now(), 0
	for n < len(m.queue) && !now.Before(m.queue[n].expires) {
		delete(m.used, m.queue[n].serial)
		m.queue[n] = record{}
		n++
	}
	if m.queue = m.queue[n:]; len(m.queue) == 0 {
		m.queue = nil // lets the memory go
	}
}
