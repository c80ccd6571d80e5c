package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// A Runner runs jobs. It is safe for concurrent use.
type Runner struct {
	c    Config
	wake chan struct{} // somebody of this program asks for something

	mu      sync.Mutex
	running bool
}

// New returns a runner that does not run yet. The error says which field of the
// configuration is wrong.
func New(c Config) (*Runner, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Runner{c: c, wake: make(chan struct{}, 1)}, nil
}

var (
	errNoRunner = errors.New("job: the runner was not made by New")
	errRuns     = errors.New("job: this runner runs already")
	errTooLong  = errors.New("job: it took longer than it may")
)

func (r *Runner) now() time.Time { return r.c.Now().UTC().Truncate(time.Millisecond) }

// failed tells of a failure; name is empty for one of the store.
func (r *Runner) failed(name string, err error) {
	if r.c.Failed != nil && err != nil {
		r.c.Failed(name, err)
	}
}

// Run leads when nobody else does, and runs what is due, until ctx ends. Then it returns
// nil, after the jobs that were running have. A store that fails is tried again; what it
// says is told to [Config.Failed], and [Runner.Status] says who leads.
func (r *Runner) Run(ctx context.Context) error {
	if r.c.Store == nil {
		return errNoRunner
	}
	r.mu.Lock()
	if r.running {
		r.mu.Unlock()
		return errRuns
	}
	r.running = true
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.running = false
	}()
	for ctx.Err() == nil {
		err := r.c.Store.Lead(ctx, r.c.Node, func(ctx context.Context, term int64) error {
			l := &leading{r: r, term: term, runs: map[string]bool{}, ended: make(chan Result)}
			return l.lead(ctx)
		})
		if !errors.Is(err, ErrHeld) && ctx.Err() == nil {
			r.failed("", err)
		}
		r.pause(ctx, nil)
	}
	return nil
}

// pause waits for a poll, for somebody who asks, or for a run that has ended.
func (r *Runner) pause(ctx context.Context, ended <-chan Result) (res Result, has bool) {
	timer := time.NewTimer(r.c.Poll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-r.wake:
	case res = <-ended:
		return res, true
	}
	return res, false
}

// leading is a term of this node.
type leading struct {
	r       *Runner
	term    int64
	runs    map[string]bool // what has a goroutine
	ended   chan Result
	pending []Result // what the store has not taken yet
}

// endTerm bounds how long a leader that ends tries to note how its jobs ended.
const endTerm = 5 * time.Second

// lead starts what is due until the context ends.
func (l *leading) lead(ctx context.Context) error {
	defer l.finish(ctx)
	var plans []Plan
	for _, j := range l.r.c.Jobs {
		plans = append(plans, Plan{Name: j.Name, Every: j.Every})
	}
	if err := l.r.c.Store.Plan(ctx, l.term, plans, l.r.now()); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := l.step(ctx); errors.Is(err, ErrLost) {
			return err
		} else if err != nil && ctx.Err() == nil {
			l.r.failed("", err)
		}
		if res, has := l.r.pause(ctx, l.ended); has {
			l.take(res)
		}
	}
	return nil
}

// take notes that a run has ended.
func (l *leading) take(res Result) { l.pending = append(l.pending, res) }

// note writes how runs ended. Until that is written they are not started again.
func (l *leading) note(ctx context.Context) error {
	for len(l.pending) > 0 {
		res := l.pending[0]
		err := l.r.c.Store.End(ctx, l.term, res)
		if err != nil && !errors.Is(err, ErrUnknown) {
			return err
		}
		delete(l.runs, res.Name)
		l.pending = l.pending[1:]
		l.r.failed("", err)
	}
	return nil
}

// step writes what has ended and starts what is due.
func (l *leading) step(ctx context.Context) error {
	if err := l.note(ctx); err != nil {
		return err
	}
	states, err := l.r.c.Store.States(ctx)
	if err != nil {
		return err
	}
	now := l.r.now()
	for _, s := range states {
		i := l.job(s.Name)
		switch {
		case l.runs[s.Name]:
		case s.Outcome == Running && s.Term == l.term:
			// The store has noted a beginning although it said that it had failed.
			l.runs[s.Name] = true
			l.take(Result{Name: s.Name, Ended: now, Outcome: Stopped, Due: now, Attempts: s.Attempts})
		case i >= 0 && l.due(l.r.c.Jobs[i], s, now):
			if err := l.start(ctx, l.r.c.Jobs[i], s, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// due reports whether a job is to run now.
func (l *leading) due(j Job, s State, now time.Time) bool {
	due := s.Due
	if s.Outcome == Unknown && s.Attempts > 1 {
		// It may be what its program dies of.
		due = l.r.c.next(j, s.Started, s.Started, s.Attempts)
	}
	return !s.Asked.IsZero() || !now.Before(due)
}

// start begins a run.
func (l *leading) start(ctx context.Context, j Job, s State, now time.Time) error {
	switch err := l.r.c.Store.Start(ctx, l.term, j.Name, l.r.c.Node, now); {
	case errors.Is(err, ErrRunning), errors.Is(err, ErrUnknown): // what it is will be seen in the next step
		return nil
	case err != nil:
		return err
	}
	l.runs[j.Name] = true
	go func() { l.ended <- l.r.run(ctx, j, s, now) }()
	return nil
}

func (l *leading) job(name string) int {
	for i, j := range l.r.c.Jobs {
		if j.Name == name {
			return i
		}
	}
	return -1
}

// finish waits for the runs, whose context has ended, and writes how they ended.
func (l *leading) finish(ctx context.Context) {
	for len(l.runs) > len(l.pending) {
		l.take(<-l.ended)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTerm)
	defer cancel()
	if err := l.note(ctx); !errors.Is(err, ErrLost) {
		l.r.failed("", err)
	}
}

// run does a job and says how it ended.
func (r *Runner) run(ctx context.Context, j Job, s State, started time.Time) Result {
	within, cancel := ctx, context.CancelFunc(func() {})
	if j.Most > 0 {
		within, cancel = context.WithTimeoutCause(ctx, j.Most, errTooLong)
	}
	defer cancel()
	note, err := do(within, j)
	res := Result{Name: j.Name, Ended: r.now(), Attempts: s.Attempts}
	_, panicked := errors.AsType[*PanicError](err)
	switch {
	case err == nil:
		res.Outcome, res.Note, res.Attempts = Done, noteOf(note), 0
		res.Due = r.c.next(j, started, res.Ended, 0)
	case ctx.Err() != nil && !panicked:
		// It is due as it was, so that another node goes on with it.
		res.Outcome, res.Due = Stopped, s.Due
		if s.Due.After(started) { // it was asked for
			res.Due = started
		}
	default:
		res.Outcome, res.Attempts = Failed, s.Attempts+1
		res.Code = codeOf(err, errors.Is(context.Cause(within), errTooLong))
		res.Due = r.c.next(j, started, res.Ended, res.Attempts)
		r.failed(j.Name, err)
	}
	return res
}

// do calls a job. A panic is an error, also one of [runtime.Goexit], after which nothing
// would be told.
func do(ctx context.Context, j Job) (note string, err error) {
	type answer struct {
		note string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		a := answer{err: &PanicError{Value: "the job has ended its goroutine"}}
		defer func() {
			if p := recover(); p != nil {
				a = answer{err: &PanicError{Value: p, Stack: debug.Stack()}}
			}
			done <- a
		}()
		a.note, a.err = j.Do(ctx)
	}()
	a := <-done
	return a.note, a.err
}

// Ask asks for a job to run now, on the node that leads: there it is seen within
// [Config.Poll]. One that is running runs once more when it has ended. A job that no leader
// has known yet is [ErrUnknown].
func (r *Runner) Ask(ctx context.Context, name string) error {
	if r.c.Store == nil {
		return errNoRunner
	}
	if !isWord(name) {
		return fmt.Errorf("%w: %.50q", ErrUnknown, name)
	}
	if err := r.c.Store.Ask(ctx, name, r.now()); err != nil {
		return err
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return nil
}
