package jobtest

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/job"
)

func runnerCases() []Case {
	return []Case{
		{"runner: when due", "a job must run when its time has come, and not before", whenDue},
		{"runner: fails", "a failure must be told, and not be repeated at once for ever", fails},
		{"runner: panics", "a job that panics must not take the program with it", panics},
		{"runner: stops", "a program that ends must not leave failures behind", stops},
		{"runner: too long", "a job that hangs must be told", tooLong},
		{"runner: one of two", "a job must never run twice at once", oneOfTwo},
		{"runner: asked elsewhere", "an operator's node need not be the one that leads", askedElsewhere},
		{"runner: crashed", "a run that vanished must be told, and be done again", crashed},
		{"runner: status", "an operator must see what is in the way", status},
	}
}

// clock is set by a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: start()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// running is a runner that runs.
type running struct {
	*job.Runner
	stop func() // and wait
}

// run starts a runner, which is stopped at the end of the test at the latest.
func run(t *testing.T, s job.Store, c job.Config) *running {
	t.Helper()
	c.Store, c.Poll = s, 2*time.Millisecond
	r, err := job.New(c)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			require.NoError(t, <-ended)
		})
	}
	t.Cleanup(stop)
	return &running{r, stop}
}

// until waits for something to be so: as long as the test program lives.
func until(is func() bool) {
	for !is() {
		time.Sleep(time.Millisecond)
	}
}

// ended waits for a job to have a state.
func ended(t *testing.T, s job.Store, name string, want job.Outcome) job.State {
	t.Helper()
	var got job.State
	until(func() bool {
		list, err := s.States(t.Context())
		require.NoError(t, err)
		for _, j := range list {
			if j.Name == name {
				got = j
			}
		}
		return got.Outcome == want
	})
	return got
}

func whenDue(t *testing.T, one, other job.Store) {
	c, runs := newClock(), make(chan time.Time, 100)
	jobs := []job.Job{
		{Name: "sweep", Every: time.Hour, Do: func(context.Context) (string, error) {
			runs <- c.Now()
			return "7 swept\n" + strings.Repeat("è", 200), nil
		}},
		{Name: "long", Every: time.Minute, Do: func(context.Context) (string, error) {
			c.pass(10 * time.Minute)
			return "", nil
		}},
	}
	r := run(t, one, job.Config{Jobs: jobs[:1], Now: c.Now, Node: "a"})
	require.Equal(t, start(), <-runs)
	s := ended(t, other, "sweep", job.Done)
	require.Equal(t, "7 swept "+strings.Repeat("è", 96), s.Note)
	require.Equal(t, start().Add(time.Hour), s.Due)
	require.Equal(t, "a", s.Node)
	c.pass(time.Hour - time.Millisecond)
	r.stop() // after which it has looked, and a new one looks again
	require.Empty(t, runs)
	looked := &watched{Store: one}
	r = run(t, looked, job.Config{Jobs: jobs[:1], Now: c.Now, Node: "a"})
	until(func() bool { return looked.states.Load() > 2 })
	require.Empty(t, runs)
	c.pass(time.Millisecond)
	require.Equal(t, start().Add(time.Hour), <-runs)
	r.stop()
	// One that takes longer than its period leaves room for others.
	r = run(t, one, job.Config{Jobs: jobs[1:], Now: c.Now})
	s = ended(t, other, "long", job.Done)
	require.Equal(t, s.Ended.Add(6*time.Second), s.Due)
	r.stop()
}

// watched counts how often a runner has looked.
type watched struct {
	job.Store
	states atomic.Int32
}

func (w *watched) States(ctx context.Context) ([]job.State, error) {
	w.states.Add(1)
	return w.Store.States(ctx)
}

// told are the failures that a runner has told of.
type told struct {
	mu   sync.Mutex
	list []error
}

func (l *told) failed(name string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if name != "" {
		l.list = append(l.list, err)
	}
}

func (l *told) all() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error(nil), l.list...)
}

func fails(t *testing.T, one, other job.Store) {
	c, all, runs := newClock(), &told{}, make(chan struct{}, 100)
	short := run(t, one, job.Config{Now: c.Now, Retry: time.Minute, Jobs: []job.Job{
		{Name: "short", Every: 10 * time.Second, Do: func(context.Context) (string, error) { return "", errors.New("x") }},
	}})
	require.Equal(t, start().Add(10*time.Second), ended(t, other, "short", job.Failed).Due)
	short.stop()
	own := errors.New("BNCLRA80A41H501X has no address")
	var outcome atomic.Pointer[error]
	set := func(err error) { outcome.Store(&err) }
	set(job.Fail("no-address", own))
	run(t, one, job.Config{
		Now: c.Now, Failed: all.failed, Retry: time.Minute,
		Jobs: []job.Job{{Name: "deliver", Every: 10 * time.Minute, Do: func(context.Context) (string, error) {
			runs <- struct{}{}
			return "half of it", *outcome.Load()
		}}},
	})
	for attempt, pause := range []time.Duration{
		time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute,
	} {
		<-runs
		var s job.State
		until(func() bool {
			s = state(t, other, "deliver")
			return s.Outcome == job.Failed && s.Attempts == attempt+1
		})
		require.Equal(t, "no-address", s.Code)
		require.Empty(t, s.Note)
		require.Equal(t, c.Now(), s.Ended)
		require.Equal(t, c.Now().Add(pause), s.Due)
		if attempt == 5 {
			set(errors.New("something else"))
		}
		c.pass(pause)
	}
	<-runs
	until(func() bool { return state(t, other, "deliver").Attempts == 7 })
	require.Equal(t, job.CodeFailed, state(t, other, "deliver").Code)
	require.Len(t, all.all(), 7)
	require.ErrorIs(t, all.all()[0], own)
	set(nil)
	c.pass(10 * time.Minute)
	s := ended(t, other, "deliver", job.Done)
	require.Zero(t, s.Attempts)
	require.Empty(t, s.Code)
	require.Equal(t, "half of it", s.Note)
}

func panics(t *testing.T, one, other job.Store) {
	all := &told{}
	run(t, one, job.Config{
		Now: newClock().Now, Failed: all.failed,
		Jobs: []job.Job{
			{Name: "nil", Every: time.Hour, Do: func(context.Context) (string, error) {
				var none *job.State
				return none.Name, nil
			}},
			{Name: "gone", Every: time.Hour, Do: func(context.Context) (string, error) {
				runtime.Goexit()
				return "", nil
			}},
			{Name: "well", Every: time.Hour, Do: func(context.Context) (string, error) { return "", nil }},
		},
	})
	for _, name := range []string{"nil", "gone"} {
		require.Equal(t, job.CodePanic, ended(t, other, name, job.Failed).Code)
	}
	ended(t, other, "well", job.Done)
	stack := false
	for _, err := range all.all() {
		p, ok := errors.AsType[*job.PanicError](err)
		require.True(t, ok)
		stack = stack || len(p.Stack) > 0
	}
	require.Len(t, all.all(), 2)
	require.True(t, stack)
}

func stops(t *testing.T, one, other job.Store) {
	c, all, began := newClock(), &told{}, make(chan string, 10)
	jobs := []job.Job{{Name: "sweep", Every: time.Hour, Do: func(ctx context.Context) (string, error) {
		began <- "sweep"
		<-ctx.Done()
		return "", ctx.Err()
	}}}
	r := run(t, one, job.Config{Jobs: jobs, Now: c.Now, Node: "a", Failed: all.failed})
	<-began
	c.pass(time.Minute)
	r.stop()
	s := state(t, other, "sweep")
	require.Equal(t, job.Stopped, s.Outcome)
	require.Equal(t, start(), s.Due)
	require.Equal(t, start().Add(time.Minute), s.Ended)
	require.Zero(t, s.Attempts)
	require.Empty(t, all.all())
	// The next node goes on with it, also with one that was only asked for.
	jobs[0].Do = func(context.Context) (string, error) { return "", nil }
	r = run(t, other, job.Config{Jobs: jobs, Now: c.Now, Node: "b"})
	require.Equal(t, "b", ended(t, one, "sweep", job.Done).Node)
	r.stop()
	jobs[0].Do = func(ctx context.Context) (string, error) {
		began <- "asked"
		<-ctx.Done()
		return "", ctx.Err()
	}
	r = run(t, one, job.Config{Jobs: jobs, Now: c.Now})
	require.NoError(t, r.Ask(t.Context(), "sweep"))
	<-began
	r.stop()
	s = state(t, other, "sweep")
	require.Equal(t, job.Stopped, s.Outcome)
	require.False(t, c.Now().Before(s.Due))
}

func tooLong(t *testing.T, one, other job.Store) {
	run(t, one, job.Config{
		Now: newClock().Now,
		Jobs: []job.Job{
			{Name: "hangs", Every: time.Hour, Most: time.Millisecond, Do: func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}},
			{Name: "manages", Every: time.Hour, Most: time.Millisecond, Do: func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", nil
			}},
		},
	})
	s := ended(t, other, "hangs", job.Failed)
	require.Equal(t, job.CodeTooLong, s.Code)
	require.Equal(t, 1, s.Attempts)
	ended(t, other, "manages", job.Done)
}

func oneOfTwo(t *testing.T, one, other job.Store) {
	c := newClock()
	var at, most, runs atomic.Int32
	var nodes sync.Map
	jobs := func(node string) []job.Job {
		return []job.Job{{Name: "sweep", Every: time.Second, Do: func(context.Context) (string, error) {
			n := at.Add(1)
			for {
				m := most.Load()
				if n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			runtime.Gosched()
			nodes.Store(node, true)
			at.Add(-1)
			runs.Add(1)
			return "", nil
		}}}
	}
	a := run(t, one, job.Config{Jobs: jobs("a"), Now: c.Now, Node: "a"})
	run(t, other, job.Config{Jobs: jobs("b"), Now: c.Now, Node: "b"})
	passing := func(is func() bool) {
		until(func() bool {
			c.pass(time.Second) // so that it is due again
			return is()
		})
	}
	passing(func() bool { return runs.Load() > 20 })
	a.stop()
	passing(func() bool {
		_, worked := nodes.Load("b")
		return worked
	})
	run(t, one, job.Config{Jobs: jobs("c"), Now: c.Now, Node: "c"})
	last := runs.Load()
	passing(func() bool { return runs.Load() > last+20 })
	require.Equal(t, int32(1), most.Load())
}

func askedElsewhere(t *testing.T, one, other job.Store) {
	c, runs := newClock(), make(chan string, 10)
	jobs := func(node string) []job.Job {
		return []job.Job{{Name: "sweep", Every: time.Hour, Do: func(context.Context) (string, error) {
			runs <- node
			return "", nil
		}}}
	}
	a := run(t, one, job.Config{Jobs: jobs("a"), Now: c.Now, Node: "a"})
	require.Equal(t, "a", <-runs)
	ended(t, one, "sweep", job.Done)
	b := run(t, other, job.Config{Jobs: jobs("b"), Now: c.Now, Node: "b"})
	require.NoError(t, b.Ask(t.Context(), "sweep"))
	require.Equal(t, "a", <-runs)
	require.ErrorIs(t, b.Ask(t.Context(), "none"), job.ErrUnknown)
	require.ErrorIs(t, b.Ask(t.Context(), "' OR 1=1"), job.ErrUnknown)
	a.stop()
	require.NoError(t, b.Ask(t.Context(), "sweep"))
	require.Equal(t, "b", <-runs)
}

func crashed(t *testing.T, one, other job.Store) {
	c, ctx := newClock(), t.Context()
	crash := func() {
		leading(t, one, "dies", func(term int64) {
			require.NoError(t, one.Plan(ctx, term, []job.Plan{{Name: "sweep", Every: time.Hour}}, c.Now()))
			require.NoError(t, one.Start(ctx, term, "sweep", "dies", c.Now()))
		})
	}
	crash()
	runs := make(chan time.Time, 10)
	conf := job.Config{Now: c.Now, Retry: time.Minute, Jobs: []job.Job{
		{Name: "sweep", Every: time.Hour, Do: func(context.Context) (string, error) {
			runs <- c.Now()
			return "", nil
		}},
	}}
	r := run(t, other, conf)
	require.Equal(t, start(), <-runs, "it is due again at once")
	ended(t, one, "sweep", job.Done)
	r.stop()
	// If it is what its program dies of, it waits.
	c.pass(time.Hour)
	crash()
	crash()
	looked := &watched{Store: other}
	r = run(t, looked, conf)
	s := ended(t, one, "sweep", job.Unknown)
	require.Equal(t, 2, s.Attempts)
	until(func() bool { return looked.states.Load() > 2 })
	require.Empty(t, runs)
	status, err := r.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, []job.Problem{{Code: job.Vanished, Job: "sweep", Since: s.Started}}, status.Problems)
	c.pass(2 * time.Minute)
	<-runs
	require.Zero(t, ended(t, one, "sweep", job.Done).Attempts)
}

func status(t *testing.T, one, other job.Store) {
	c, ctx := newClock(), t.Context()
	idle := func(context.Context) (string, error) { return "", nil }
	jobs := []job.Job{
		{Name: "fails", Every: time.Hour, Do: idle}, {Name: "late", Every: time.Hour, Do: idle},
		{Name: "long", Every: time.Hour, Most: time.Minute, Do: idle}, {Name: "well", Every: time.Hour, Do: idle},
	}
	r, err := job.New(job.Config{Store: other, Jobs: jobs, Now: c.Now})
	require.NoError(t, err)
	s, err := r.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, job.Status{Problems: []job.Problem{{Code: job.NoLeader}}}, s)
	leading(t, one, "a", func(term int64) {
		plans := []job.Plan{{Name: "another", Every: time.Hour}}
		for _, j := range jobs {
			plans = append(plans, job.Plan{Name: j.Name, Every: j.Every})
		}
		require.NoError(t, one.Plan(ctx, term, plans, start()))
		for _, name := range []string{"fails", "long", "well"} {
			require.NoError(t, one.Start(ctx, term, name, "a", start()))
		}
		due := start().Add(time.Hour)
		require.NoError(t, one.End(ctx, term, job.Result{Name: "fails", Outcome: job.Failed, Ended: start(), Due: due}))
		require.NoError(t, one.End(ctx, term, job.Result{Name: "well", Outcome: job.Done, Ended: start(), Due: due}))
		c.pass(time.Minute)
		s, err = r.Status(ctx)
		require.NoError(t, err)
		require.Equal(t, "a", s.Leader.Node)
		require.Len(t, s.Jobs, 5)
		require.Equal(t, []job.Problem{{Code: job.Failing, Job: "fails", Since: start()}}, s.Problems)
		c.pass(time.Hour)
		s, err = r.Status(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"fails", "long"}, []string{s.Problems[0].Job, s.Problems[1].Job}, "late is not late yet")
		c.pass(time.Second)
		s, err = r.Status(ctx)
		require.NoError(t, err)
		require.Equal(t, []job.Problem{
			{Code: job.Failing, Job: "fails", Since: start()}, {Code: job.Late, Job: "late", Since: start()},
			{Code: job.Long, Job: "long", Since: start()},
		}, s.Problems)
	})
}
