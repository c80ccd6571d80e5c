package sessiontest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/transport/session"
)

func endCases() []Case {
	return []Case{
		{"end", "who logs out must be out, everywhere", end},
		{"per person", "a person's sessions must not pile up, and no other person's may end for it", perPerson},
		{"per person at once", "a bound must hold for logins at two nodes in the same second", perPersonAtOnce},
		{"all", "the sessions of a crowd must not fill the store", all},
		{"all at once", "a bound must hold for logins at two nodes in the same second", allAtOnce},
		{"over is not counted", "sessions that are over must not keep others out", overNotCounted},
		{"list", "a person must see where he is logged in, and nobody else's", list},
		{"revoke", "a session on a lost telephone must end, and only one's own", revoke},
		{"revoke while used", "a request in flight must not bring back what was revoked", revokeWhileUsed},
		{"sweep in steps", "a sweep must not stop everybody", sweepInSteps},
	}
}

func end(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token, s := begin(t, a, 1)
	id, err := a.Keep(t.Context(), s, []byte("x"), time.Hour)
	require.NoError(t, err)
	require.NoError(t, b.End(t.Context(), token))
	gone(t, a, token, session.ErrUnknown)
	_, err = n.one.Kept(t.Context(), s.ID, id, n.clock.Now())
	require.ErrorIs(t, err, session.ErrNotKept)
	require.NoError(t, a.End(t.Context(), token))
	list, err := a.List(t.Context(), s.Person)
	require.NoError(t, err)
	require.Empty(t, list)
}

func perPerson(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{PerPerson: 2})
	other, _ := begin(t, a, 2)
	first, s := begin(t, a, 1)
	id, err := a.Keep(t.Context(), s, []byte("x"), time.Hour)
	require.NoError(t, err)
	n.clock.pass(time.Second)
	second, _ := begin(t, b, 1)
	n.clock.pass(time.Second)
	find(t, a, first) // the oldest is the one that began first, used or not
	third, _ := begin(t, b, 1)
	require.Equal(t, s.Person, gone(t, a, first, session.ErrRevoked).Person)
	_, err = n.one.Kept(t.Context(), s.ID, id, n.clock.Now())
	require.ErrorIs(t, err, session.ErrNotKept)
	for _, token := range []string{second, third, other} {
		find(t, a, token)
	}
	// In place of one's own no other has to go.
	n.clock.pass(time.Second)
	_, _, err = a.Begin(t.Context(), Somebody(1), third)
	require.NoError(t, err)
	find(t, a, second)
	n.clock.pass(time.Hour)
	gone(t, b, first, session.ErrRevoked) // not: expired
	_, err = a.Sweep(t.Context())
	require.NoError(t, err)
	gone(t, b, first, session.ErrUnknown)
}

func perPersonAtOnce(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{PerPerson: 3})
	tokens := make([]string, 16)
	errs := atOnce(len(tokens), a, b, func(i int, m *session.Manager) (err error) {
		tokens[i], _, err = m.Begin(t.Context(), Somebody(1), "")
		return err
	})
	require.Equal(t, len(tokens), succeeded(t, errs, nil))
	live := 0
	for _, token := range tokens {
		if _, err := a.Find(t.Context(), token); err == nil {
			live++
		} else {
			require.ErrorIs(t, err, session.ErrRevoked)
		}
	}
	require.Equal(t, 3, live)
	list, err := b.List(t.Context(), Somebody(1).Person)
	require.NoError(t, err)
	require.Len(t, list, 3)
}

func all(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{All: 2, PerPerson: 1})
	first, _ := begin(t, a, 1)
	second, _ := begin(t, b, 2)
	_, _, err := a.Begin(t.Context(), Somebody(3), "")
	require.ErrorIs(t, err, session.ErrFull)
	require.False(t, errors.Is(err, session.ErrUnavailable))
	find(t, a, first)
	// One for which another ends is not one more.
	n.clock.pass(time.Second)
	_, _, err = a.Begin(t.Context(), Somebody(1), "")
	require.NoError(t, err)
	gone(t, a, first, session.ErrRevoked)
	require.NoError(t, a.End(t.Context(), second))
	begin(t, b, 3)
}

func allAtOnce(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{All: 5})
	errs := atOnce(16, a, b, func(i int, m *session.Manager) error {
		_, _, err := m.Begin(t.Context(), Somebody(i), "")
		return err
	})
	require.Equal(t, 5, succeeded(t, errs, session.ErrFull))
}

func overNotCounted(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{All: 3, PerPerson: 2})
	begin(t, a, 1)
	begin(t, a, 1)
	_, s := begin(t, a, 2)
	require.NoError(t, b.Revoke(t.Context(), s.Person, s.ID))
	begin(t, b, 2)
	n.clock.pass(time.Hour)
	begin(t, a, 1)
	kept, _ := begin(t, a, 1)
	begin(t, a, 3)
	find(t, b, kept)
}

func list(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	begin(t, a, 2)
	var ids []string
	for range 3 {
		_, s := begin(t, a, 1)
		ids = append([]string{s.ID}, ids...)
		n.clock.pass(time.Second)
	}
	token, _ := begin(t, b, 1)
	require.NoError(t, a.End(t.Context(), token))
	got, err := b.List(t.Context(), Somebody(1).Person)
	require.NoError(t, err)
	require.Len(t, got, 3)
	for i, l := range got {
		require.Equal(t, ids[i], l.ID)
	}
	who := Somebody(1)
	require.Equal(t, session.Listed{
		ID: ids[2], Role: who.Actor.Role, Method: who.Actor.Method, Device: "Firefox", Began: start(), Seen: start(),
		Ends: start().Add(16*time.Minute + 30*time.Second),
	}, got[2])
	nobody, err := b.List(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, nobody)
	n.clock.pass(time.Hour)
	got, err = b.List(t.Context(), who.Person)
	require.NoError(t, err)
	require.Empty(t, got)
}

func revoke(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	first, s := begin(t, a, 1)
	second, kept := begin(t, a, 1)
	third, _ := begin(t, b, 1)
	other, _ := begin(t, b, 2)
	id, err := a.Keep(t.Context(), s, []byte("x"), time.Hour)
	require.NoError(t, err)
	require.ErrorIs(t, b.Revoke(t.Context(), Somebody(2).Person, s.ID), session.ErrUnknown)
	require.ErrorIs(t, b.Revoke(t.Context(), s.Person, ""), session.ErrUnknown)
	require.ErrorIs(t, b.Revoke(t.Context(), s.Person, "' OR 1=1"), session.ErrUnknown)
	find(t, a, first)
	require.NoError(t, b.Revoke(t.Context(), s.Person, s.ID))
	gone(t, a, first, session.ErrRevoked)
	_, err = a.Extend(t.Context(), first)
	require.ErrorIs(t, err, session.ErrRevoked)
	_, _, err = a.StepUp(t.Context(), first, Somebody(1).Actor)
	require.ErrorIs(t, err, session.ErrRevoked)
	_, err = n.one.Kept(t.Context(), s.ID, id, n.clock.Now())
	require.ErrorIs(t, err, session.ErrNotKept)
	_, err = a.Keep(t.Context(), s, []byte("x"), time.Hour)
	require.ErrorIs(t, err, session.ErrUnknown)
	require.ErrorIs(t, b.Revoke(t.Context(), s.Person, s.ID), session.ErrUnknown, "it is over")
	count, err := b.RevokeAll(t.Context(), s.Person, kept.ID)
	require.NoError(t, err)
	require.Equal(t, 1, count)
	gone(t, a, third, session.ErrRevoked)
	find(t, a, second)
	find(t, a, other)
	count, err = b.RevokeAll(t.Context(), s.Person, "")
	require.NoError(t, err)
	require.Equal(t, 1, count)
	gone(t, a, second, session.ErrRevoked)
	find(t, a, other)
}

func revokeWhileUsed(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Idle: 10 * time.Minute})
	for range 10 {
		token, s := begin(t, a, 1)
		var users sync.WaitGroup
		stop := make(chan struct{})
		for _, m := range []*session.Manager{a, b} {
			users.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						_, _ = m.Extend(t.Context(), token)
					}
				}
			})
		}
		n.clock.pass(time.Second)
		require.NoError(t, b.Revoke(t.Context(), s.Person, s.ID))
		gone(t, a, token, session.ErrRevoked) // while others still ask
		close(stop)
		users.Wait()
		gone(t, b, token, session.ErrRevoked)
	}
}

func sweepInSteps(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Told: time.Second})
	for i := range 7 {
		_, s := begin(t, a, i)
		_, err := a.Keep(t.Context(), s, []byte("x"), time.Hour)
		require.NoError(t, err)
		_, err = a.Leave(t.Context(), s.Person, "/", nil, time.Minute)
		require.NoError(t, err)
	}
	now := n.clock.Now()
	count, err := n.one.Sweep(t.Context(), now, now, 3)
	require.NoError(t, err)
	require.Zero(t, count)
	n.clock.pass(time.Hour)
	kept, s := begin(t, a, 9)
	id, err := a.Keep(t.Context(), s, []byte("x"), time.Minute)
	require.NoError(t, err)
	now = n.clock.Now()
	total := 0
	for {
		count, err := n.one.Sweep(t.Context(), now, now, 3)
		require.NoError(t, err)
		require.LessOrEqual(t, count, 9)
		if total += count; count == 0 {
			break
		}
	}
	// Those that went with their session are not counted.
	require.GreaterOrEqual(t, total, 14)
	require.LessOrEqual(t, total, 21)
	count, err = b.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, count)
	_, err = b.Kept(t.Context(), find(t, b, kept), id)
	require.NoError(t, err)
}
