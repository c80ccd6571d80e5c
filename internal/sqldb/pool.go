package sqldb

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// pool keeps up to a number of SQLite's connections, which never die at rest.
// Those at rest are used again, the last first; a connection that its user calls
// broken is closed.
type pool[C any] struct {
	dial  func(ctx context.Context) (C, error)
	shut  func(C) error
	slots chan struct{} // one for each connection in use

	mu     sync.Mutex
	idle   []C
	closed bool
}

func newPool[C any](size int, dial func(context.Context) (C, error), shut func(C) error) *pool[C] {
	return &pool[C]{dial: dial, shut: shut, slots: make(chan struct{}, size)}
}

var errClosed = errors.New("sqldb: the database is closed")

// acquire waits for a connection. It goes back with release.
func (p *pool[C]) acquire(ctx context.Context) (C, error) {
	var none C
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("sqldb: %w", err)
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return none, fmt.Errorf("sqldb: all %d connections are in use: %w", cap(p.slots), ctx.Err())
	}
	c, found, err := p.take()
	if err == nil && !found {
		c, err = p.dial(ctx)
	}
	if err != nil {
		<-p.slots
		return none, err
	}
	return c, nil
}

// take returns the connection that was used last, if there is one.
func (p *pool[C]) take() (c C, found bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return c, false, errClosed
	}
	last := len(p.idle) - 1
	if last < 0 {
		return c, false, nil
	}
	c, p.idle = p.idle[last], p.idle[:last]
	return c, true, nil
}

func (p *pool[C]) release(c C, broken bool) {
	p.mu.Lock()
	if broken = broken || p.closed; !broken {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if broken {
		_ = p.shut(c)
	}
	<-p.slots
}

// close closes the connections at rest; those in use are closed when they come
// back.
func (p *pool[C]) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var err error
	for _, c := range p.idle {
		err = errors.Join(err, p.shut(c))
	}
	p.idle = nil
	return err
}
