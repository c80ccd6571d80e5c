// Package sessiontest holds the tests that an implementation of [session.Store] must pass:
//
//	func TestStore(t *testing.T) {
//		sessiontest.TestStore(t, func(t *testing.T) (one, other session.Store) { … })
//	}
//
// Each test has a [session.Manager] on each of the two stores, which stand on the same
// place: two nodes of a server. Left to the tests of the implementation is that sessions
// survive a restart, if they are to.
package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/transport/session"
)

// A Case is one test of a store.
type Case struct {
	Name string
	// Reason says what breaks if a store fails the case.
	Reason string
	run    func(t *testing.T, n *nodes)
}

// Cases returns the tests in the order in which TestStore runs them.
func Cases() []Case {
	var list []Case
	list = append(list, lifeCases()...)
	list = append(list, endCases()...)
	list = append(list, thingCases()...)
	return append(list, draftCases()...)
}

// TestStore runs all the cases. open makes an empty place for each case and opens it twice,
// as two nodes would; a store of one process is returned twice. It closes them at the end
// of t.
func TestStore(t *testing.T, open func(t *testing.T) (one, other session.Store)) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("why it matters: %s", c.Reason)
				}
			}()
			one, other := open(t)
			c.run(t, &nodes{clock: &clock{now: start()}, one: &counted{Store: one}, other: &counted{Store: other}})
		})
	}
}

func start() time.Time { return time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC) }

// clock is set by a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

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

// counted counts the writes that requests cause.
type counted struct {
	session.Store
	touches atomic.Int32
}

func (c *counted) Touch(ctx context.Context, id string, d session.Digest, seen, ends time.Time) error {
	c.touches.Add(1)
	return c.Store.Touch(ctx, id, d, seen, ends)
}

// nodes are two stores on one place, and their clock.
type nodes struct {
	clock      *clock
	one, other *counted
}

// managers returns a manager on each of the two.
func (n *nodes) managers(t *testing.T, c session.Config) (a, b *session.Manager) {
	t.Helper()
	c.Now = n.clock.Now
	c.Store = n.one
	a, err := session.New(c)
	require.NoError(t, err)
	c.Store = n.other
	b, err = session.New(c)
	require.NoError(t, err)
	return a, b
}

// Somebody returns a made-up identity, other for each number.
func Somebody(n int) session.Identity {
	return session.Identity{
		Actor: electoral.Actor{
			FiscalCode: electoral.FiscalCode(fmt.Sprintf("BNCLRA%02dA41H501X", n)), Role: electoral.OfficerRole, Comune: "H501",
			Method: electoral.SPIDMethod, Level: 2, ActingFor: "VRDGNN60A01H501Y", Station: "postazione 7",
			Device: "smart card 9", AccessPoint: "portale",
		},
		Person: fmt.Sprintf("ANPR%d", 7000+n), Name: "Laura Bianchi", Device: "Firefox",
	}
}

// begin begins a session of somebody.
func begin(t *testing.T, m *session.Manager, who int) (token string, s session.Session) {
	t.Helper()
	token, s, err := m.Begin(t.Context(), Somebody(who), "")
	require.NoError(t, err)
	return token, s
}

// find finds a session that must be there.
func find(t *testing.T, m *session.Manager, token string) session.Session {
	t.Helper()
	s, err := m.Find(t.Context(), token)
	require.NoError(t, err)
	return s
}

// gone requires that a token has no session, for a reason.
func gone(t *testing.T, m *session.Manager, token string, reason error) session.Session {
	t.Helper()
	s, err := m.Find(t.Context(), token)
	require.ErrorIs(t, err, reason)
	return s
}

// atOnce runs fn many times at once, alternately for each of two managers, and returns the
// errors.
func atOnce(times int, a, b *session.Manager, fn func(i int, m *session.Manager) error) []error {
	errs := make([]error, times)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() {
			m := a
			if i%2 == 1 {
				m = b
			}
			errs[i] = fn(i, m)
		})
	}
	all.Wait()
	return errs
}

// succeeded counts those without an error; the others must have the reason.
func succeeded(t *testing.T, errs []error, reason error) (n int) {
	t.Helper()
	for _, err := range errs {
		if err == nil {
			n++
		} else if !errors.Is(err, reason) {
			require.NoError(t, err)
		}
	}
	return n
}
