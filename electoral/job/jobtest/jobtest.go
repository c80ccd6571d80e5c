// Package jobtest holds the tests that an implementation of [job.Store] must pass:
//
//	func TestStore(t *testing.T) {
//		jobtest.TestStore(t, func(t *testing.T) (one, other job.Store) { … })
//	}
//
// The two stores stand on the same place, as those of two nodes do. Left to the tests of
// the implementation is that a lead ends when a program dies or stalls, and that what is on
// record survives it, if they are to.
package jobtest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/job"
)

// A Case is one test of a store.
type Case struct {
	Name string
	// Reason says what breaks if a store fails the case.
	Reason string
	run    func(t *testing.T, one, other job.Store)
}

// Cases returns the tests in the order in which TestStore runs them.
func Cases() []Case {
	return append([]Case{
		{"lead", "two leaders would do all work twice", lead},
		{"lead ends", "a lead that stays behind would stop all work", leadEnds},
		{"plan", "a job must be due as it was, whoever leads", plan},
		{"start and end", "what is on record must be what happened", startAndEnd},
		{"not the leader", "a leader of before must not change what its successor does", notTheLeader},
		{"unknown", "a run of which nobody knows the end must not count as one that goes on", unknown},
		{"ask", "what somebody has asked for must not be forgotten", ask},
	}, runnerCases()...)
}

// TestStore runs all the cases. open makes an empty place for each case and opens it twice,
// as two nodes would; a store of one process is returned twice. It closes them at the end
// of t.
func TestStore(t *testing.T, open func(t *testing.T) (one, other job.Store)) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("why it matters: %s", c.Reason)
				}
			}()
			one, other := open(t)
			c.run(t, one, other)
		})
	}
}

func start() time.Time { return time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC) }

// leading calls fn as the leader, which it must become.
func leading(t *testing.T, s job.Store, node string, fn func(term int64)) {
	t.Helper()
	require.NoError(t, s.Lead(t.Context(), node, func(_ context.Context, term int64) error {
		fn(term)
		return nil
	}))
}

// state returns what is on record of a job.
func state(t *testing.T, s job.Store, name string) job.State {
	t.Helper()
	list, err := s.States(t.Context())
	require.NoError(t, err)
	for _, j := range list {
		if j.Name == name {
			return j
		}
	}
	t.Fatalf("there is no job %s", name)
	return job.State{}
}

func lead(t *testing.T, one, other job.Store) {
	l, err := one.Leader(t.Context())
	require.NoError(t, err)
	require.Equal(t, job.Leader{}, l)
	last := int64(0)
	for i, s := range []job.Store{one, other, one} {
		leading(t, s, "node "+string(rune('a'+i)), func(term int64) {
			require.Greater(t, term, last)
			last = term
			for _, second := range []job.Store{one, other} {
				require.ErrorIs(t, second.Lead(t.Context(), "second", func(context.Context, int64) error {
					t.Error("two lead")
					return nil
				}), job.ErrHeld)
				l, err := second.Leader(t.Context())
				require.NoError(t, err)
				require.Equal(t, "node "+string(rune('a'+i)), l.Node)
				require.Equal(t, term, l.Term)
			}
		})
	}
	l, err = other.Leader(t.Context())
	require.NoError(t, err)
	require.Equal(t, job.Leader{Term: last}, l)
}

func leadEnds(t *testing.T, one, other job.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := one.Lead(ctx, "a", func(ctx context.Context, _ int64) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, job.ErrLost)
	require.ErrorIs(t, other.Lead(ctx, "b", nil), context.Canceled)
	leading(t, other, "b", func(int64) {})
}

func plan(t *testing.T, one, other job.Store) {
	ctx := t.Context()
	list, err := one.States(ctx)
	require.NoError(t, err)
	require.Empty(t, list)
	leading(t, one, "a", func(term int64) {
		require.NoError(t, one.Plan(ctx, term, []job.Plan{
			{Name: "sweep", Every: time.Hour}, {Name: "deliver", Every: time.Minute},
		}, start()))
	})
	list, err = other.States(ctx)
	require.NoError(t, err)
	require.Equal(t, []job.State{
		{Name: "deliver", Every: time.Minute, Due: start(), Outcome: job.Never},
		{Name: "sweep", Every: time.Hour, Due: start(), Outcome: job.Never},
	}, list)
	leading(t, other, "b", func(term int64) {
		require.NoError(t, other.Start(ctx, term, "sweep", "b", start()))
		require.NoError(t, other.End(ctx, term, job.Result{
			Name: "sweep", Outcome: job.Done, Ended: start(), Due: start().Add(time.Hour),
		}))
		// A plan of later changes nothing but the period, and no job that it has not.
		later := start().Add(time.Minute)
		require.NoError(t, other.Plan(ctx, term, []job.Plan{{Name: "sweep", Every: 2 * time.Hour}}, later))
		require.Equal(t, start().Add(time.Hour), state(t, one, "sweep").Due)
		require.Equal(t, 2*time.Hour, state(t, one, "sweep").Every)
		require.NoError(t, other.Plan(ctx, term, []job.Plan{{Name: "sweep", Every: 10 * time.Minute}}, later))
		require.Equal(t, start().Add(11*time.Minute), state(t, one, "sweep").Due)
		require.Equal(t, start(), state(t, one, "deliver").Due)
		require.NoError(t, other.Plan(ctx, term, nil, later))
	})
}

func startAndEnd(t *testing.T, one, other job.Store) {
	ctx := t.Context()
	leading(t, one, "a", func(term int64) {
		require.NoError(t, one.Plan(ctx, term, []job.Plan{
			{Name: "sweep", Every: time.Hour}, {Name: "other", Every: time.Hour},
		}, start()))
		require.ErrorIs(t, one.Start(ctx, term, "none", "a", start()), job.ErrUnknown)
		require.ErrorIs(t, one.End(ctx, term, job.Result{Name: "sweep", Outcome: job.Done}), job.ErrUnknown)
		require.ErrorIs(t, one.End(ctx, term, job.Result{Name: "none", Outcome: job.Done}), job.ErrUnknown)
		at := start().Add(time.Second)
		require.NoError(t, one.Start(ctx, term, "sweep", "a", at))
		want := job.State{
			Name: "sweep", Every: time.Hour, Due: start(), Started: at, Outcome: job.Running, Node: "a", Term: term,
		}
		require.Equal(t, want, state(t, other, "sweep"))
		require.ErrorIs(t, one.Start(ctx, term, "sweep", "a", at), job.ErrRunning)
		r := job.Result{
			Name: "sweep", Ended: at.Add(time.Minute), Outcome: job.Failed, Note: "7 swept", Code: "disk", Attempts: 3,
			Due: at.Add(time.Hour),
		}
		require.NoError(t, one.End(ctx, term, r))
		want.Ended, want.Outcome, want.Note, want.Code, want.Attempts, want.Due = r.Ended, r.Outcome, r.Note, r.Code, 3, r.Due
		require.Equal(t, want, state(t, other, "sweep"))
		require.ErrorIs(t, one.End(ctx, term, r), job.ErrUnknown)
		require.NoError(t, one.Start(ctx, term, "sweep", "a", at.Add(time.Hour)))
		require.Zero(t, state(t, other, "sweep").Ended)
		require.Equal(t, job.Never, state(t, other, "other").Outcome)
	})
}

func notTheLeader(t *testing.T, one, other job.Store) {
	ctx := t.Context()
	refused := func(s job.Store, term int64) {
		t.Helper()
		before := state(t, s, "sweep")
		require.ErrorIs(t, s.Plan(ctx, term, []job.Plan{{Name: "sweep", Every: time.Minute}}, start()), job.ErrLost)
		require.ErrorIs(t, s.Start(ctx, term, "sweep", "x", start()), job.ErrLost)
		require.ErrorIs(t, s.End(ctx, term, job.Result{Name: "sweep", Outcome: job.Done}), job.ErrLost)
		require.Equal(t, before, state(t, s, "sweep"))
	}
	var first int64
	leading(t, one, "a", func(term int64) {
		first = term
		require.NoError(t, one.Plan(ctx, term, []job.Plan{{Name: "sweep", Every: time.Hour}}, start()))
		require.NoError(t, one.Start(ctx, term, "sweep", "a", start()))
	})
	refused(one, first)
	leading(t, other, "b", func(term int64) {
		refused(one, first)
		refused(other, first)
		refused(other, term+1)
	})
}

func unknown(t *testing.T, one, other job.Store) {
	ctx := t.Context()
	jobs := []job.Plan{{Name: "sweep", Every: time.Hour}, {Name: "deliver", Every: time.Hour}}
	leading(t, one, "a", func(term int64) {
		require.NoError(t, one.Plan(ctx, term, jobs, start()))
		require.NoError(t, one.Start(ctx, term, "sweep", "a", start()))
		require.NoError(t, one.Plan(ctx, term, jobs, start()))
		require.Equal(t, job.Running, state(t, one, "sweep").Outcome, "it is of this term")
	})
	require.Equal(t, job.Running, state(t, one, "sweep").Outcome)
	for attempts := 1; attempts < 3; attempts++ {
		leading(t, other, "b", func(term int64) {
			require.NoError(t, other.Plan(ctx, term, jobs, start().Add(time.Minute)))
			s := state(t, one, "sweep")
			require.Equal(t, job.Unknown, s.Outcome)
			require.Equal(t, attempts, s.Attempts)
			require.Equal(t, start(), s.Due)
			require.Zero(t, s.Ended)
			require.Equal(t, job.Never, state(t, one, "deliver").Outcome)
			require.ErrorIs(t, other.End(ctx, term, job.Result{Name: "sweep", Outcome: job.Done}), job.ErrUnknown)
			require.NoError(t, other.Start(ctx, term, "sweep", "b", start().Add(time.Minute)))
		})
	}
}

func ask(t *testing.T, one, other job.Store) {
	ctx := t.Context()
	require.ErrorIs(t, one.Ask(ctx, "sweep", start()), job.ErrUnknown)
	leading(t, one, "a", func(term int64) {
		require.NoError(t, one.Plan(ctx, term, []job.Plan{
			{Name: "sweep", Every: time.Hour}, {Name: "other", Every: time.Hour},
		}, start()))
		require.NoError(t, other.Ask(ctx, "sweep", start().Add(time.Second)))
		require.NoError(t, one.Ask(ctx, "sweep", start().Add(time.Minute)))
		require.Equal(t, start().Add(time.Second), state(t, one, "sweep").Asked)
		require.Zero(t, state(t, one, "other").Asked)
		require.NoError(t, one.Start(ctx, term, "sweep", "a", start().Add(time.Minute)))
		require.Zero(t, state(t, other, "sweep").Asked)
		require.NoError(t, other.Ask(ctx, "sweep", start().Add(time.Hour)))
		require.NoError(t, one.End(ctx, term, job.Result{Name: "sweep", Outcome: job.Done, Due: start()}))
		require.Equal(t, start().Add(time.Hour), state(t, one, "sweep").Asked, "it was asked for while it ran")
	})
}
