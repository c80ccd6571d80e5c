package lease

import (
	"context"
	"errors"
	"time"
)

// releaseTerm bounds how long a holder that ends tries to give the lease back.
const releaseTerm = 5 * time.Second

// Hold acquires the lease and calls fn with its term, renews it meanwhile, and releases it
// when fn has returned. If another has it, the error is [ErrHeld], and fn was not called.
//
// The context of fn ends with ctx, and when the lease is lost: [context.Cause] is
// [ErrLost] then, and Hold's error wraps it beside that of fn. It is lost if another has it,
// or if it could not be renewed for nine tenths of [Config.For], whatever the reason: the
// tenth that is left is for fn to end before another may begin.
func (l *Lease) Hold(ctx context.Context, fn func(ctx context.Context, term int64) error) error {
	asked := time.Now() // with a monotonic clock: before the database has set the end
	term, err := l.Acquire(ctx)
	if err != nil {
		return err
	}
	within, lose := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.keep(within, term, asked, lose)
	}()
	err = fn(within, term)
	lost := errors.Is(context.Cause(within), ErrLost)
	lose(context.Canceled)
	<-ended
	free, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTerm)
	defer cancel()
	// Even if it was lost by this node's measure, nobody may have taken it yet. If it
	// cannot be given back, it ends by itself.
	_ = l.Release(free, term)
	if lost {
		return errors.Join(ErrLost, err)
	}
	return err
}

// keep renews the lease until the context ends, and ends it if the lease is lost.
func (l *Lease) keep(ctx context.Context, term int64, asked time.Time, lose context.CancelCauseFunc) {
	most := l.c.For - l.c.For/10
	end := time.AfterFunc(time.Until(asked.Add(most)), func() { lose(ErrLost) })
	defer end.Stop()
	every := time.NewTicker(l.c.Every)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		asked := time.Now()
		switch err := l.Renew(ctx, term); {
		case errors.Is(err, ErrLost):
			lose(ErrLost)
			return
		case err == nil:
			// A holder that had lost it by its own measure does not get it back: fn
			// was told so.
			if !end.Stop() {
				return
			}
			end.Reset(time.Until(asked.Add(most)))
		}
	}
}
