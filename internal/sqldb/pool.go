package sqldb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// pool keeps up to a number of connections. Those at rest are used again, the
// last first, until they are too old; a connection that its user calls broken
// is closed.
type pool[C any] struct {
	dial  func(ctx context.Context) (C, error)
	shut  func(C) error
	slots chan struct{} // one for each connection in use

	mu     sync.Mutex
	idle   []*pooled[C]
	closed bool
}

type pooled[C any] struct {
	conn C
	made time.Time
	used bool // before: it may have died since
}

// maxAge is when a connection is replaced, so that a server behind a balancer
// or one that failed over gets its share again.
const maxAge = time.Hour

func newPool[C any](size int, dial func(context.Context) (C, error), shut func(C) error) *pool[C] {
	return &pool[C]{dial: dial, shut: shut, slots: make(chan struct{}, size)}
}

var errClosed = errors.New("sqldb: the database is closed")

// acquire waits for a connection. It goes back with release.
func (p *pool[C]) acquire(ctx context.Context) (*pooled[C], error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("sqldb: all %d connections are in use: %w", cap(p.slots), ctx.Err())
	}
	c, err := p.take()
	if c == nil && err == nil {
		c = &pooled[C]{made: time.Now()}
		c.conn, err = p.dial(ctx)
	}
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

// take returns the connection that was used last, or nil if there is none.
func (p *pool[C]) take() (*pooled[C], error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if time.Since(c.made) < maxAge {
			c.used = true
			return c, nil
		}
		_ = p.shut(c.conn)
	}
	return nil, nil
}

func (p *pool[C]) release(c *pooled[C], broken bool) {
	p.mu.Lock()
	if broken = broken || p.closed; !broken {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if broken {
		_ = p.shut(c.conn)
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
		err = errors.Join(err, p.shut(c.conn))
	}
	p.idle = nil
	return err
}
