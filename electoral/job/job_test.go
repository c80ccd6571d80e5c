package job_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/job"
	"github.com/liste-elettorali/anpr/electoral/job/jobtest"
)

func TestMemory(t *testing.T) {
	jobtest.TestStore(t, func(*testing.T) (one, other job.Store) {
		s := job.NewMemory()
		return s, s
	})
}

func idle(context.Context) (string, error) { return "", nil }

func TestConfig(t *testing.T) {
	_, err := job.New(job.Config{})
	require.ErrorContains(t, err, "Config.Store:")
	well := job.Job{Name: "sweep", Every: time.Hour, Do: idle}
	change := func(fn func(*job.Job)) job.Config {
		j := well
		fn(&j)
		return job.Config{Jobs: []job.Job{well, j}}
	}
	for field, c := range map[string]job.Config{
		"Node":  {Node: "a#b"},
		"Poll":  {Poll: -1},
		"Retry": {Retry: 400 * 24 * time.Hour},

		"Jobs[1].Every": change(func(j *job.Job) { j.Name, j.Every = "b", time.Millisecond }),
		"Jobs[1].Most":  change(func(j *job.Job) { j.Name, j.Most = "b", -1 }),
		"Jobs[1].Do":    change(func(j *job.Job) { j.Name, j.Do = "b", nil }),
	} {
		c.Store = job.NewMemory()
		_, err := job.New(c)
		require.ErrorContains(t, err, "Config."+field+":")
	}
	for _, name := range []string{"", "Sweep", "a b", strings.Repeat("x", 41), "sweep"} {
		c := change(func(j *job.Job) { j.Name = name })
		c.Store = job.NewMemory()
		_, err := job.New(c)
		require.ErrorContains(t, err, "Config.Jobs[1].Name:")
	}
}

func TestFail(t *testing.T) {
	require.NoError(t, job.Fail("x", nil))
	cause := errors.New("cause")
	err := job.Fail("disk-full", cause)
	require.ErrorIs(t, err, cause)
	require.EqualError(t, err, "disk-full: cause")
}

// moody is a store that fails when it is told to.
type moody struct {
	job.Memory
	mu           sync.Mutex
	ends, starts int // how many calls fail yet
	noted        bool
	failures     int
}

var errMood = errors.New("the database is gone")

func (m *moody) End(ctx context.Context, term int64, r job.Result) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ends > 0 {
		m.ends--
		m.failures++
		return errMood
	}
	return m.Memory.End(ctx, term, r)
}

func (m *moody) Start(ctx context.Context, term int64, name, node string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.starts > 0 {
		m.starts--
		m.failures++
		if m.noted {
			_ = m.Memory.Start(ctx, term, name, node, at)
		}
		return errMood
	}
	return m.Memory.Start(ctx, term, name, node, at)
}

func (m *moody) failed() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failures
}

// TestStoreFails: a job whose end could not be noted is not run again before it is, and one
// whose beginning was noted although the store said that it was not runs all the same.
func TestStoreFails(t *testing.T) {
	for name, s := range map[string]*moody{
		"end": {ends: 3}, "start": {starts: 3}, "start, noted": {starts: 1, noted: true},
	} {
		t.Run(name, func(t *testing.T) {
			want := s.ends + s.starts
			runs := make(chan struct{}, 100)
			var told []error
			var mu sync.Mutex
			now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
			r, err := job.New(job.Config{
				Store: s, Poll: time.Millisecond, Now: func() time.Time { return now },
				Failed: func(name string, err error) {
					mu.Lock()
					defer mu.Unlock()
					require.Empty(t, name)
					told = append(told, err)
				},
				Jobs: []job.Job{{Name: "sweep", Every: time.Hour, Do: func(context.Context) (string, error) {
					runs <- struct{}{}
					return "", nil
				}}},
			})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- r.Run(ctx) }()
			for {
				list, err := s.States(t.Context())
				require.NoError(t, err)
				if len(list) == 1 && list[0].Outcome == job.Done {
					break
				}
				time.Sleep(time.Millisecond)
			}
			require.Error(t, r.Run(ctx), "it runs already")
			cancel()
			require.NoError(t, <-ended)
			require.Len(t, runs, 1)
			require.Equal(t, want, s.failed())
			require.Len(t, told, want)
			require.ErrorIs(t, told[0], errMood)
		})
	}
}

// TestZero: a runner that New has not made says so.
func TestZero(t *testing.T) {
	r := &job.Runner{}
	require.ErrorContains(t, r.Run(t.Context()), "New")
	require.ErrorContains(t, r.Ask(t.Context(), "x"), "New")
	_, err := r.Status(t.Context())
	require.ErrorContains(t, err, "New")
}
