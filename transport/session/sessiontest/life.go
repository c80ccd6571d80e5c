package sessiontest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/transport/session"
)

func lifeCases() []Case {
	return []Case{
		{"begin and find", "a person who logged in at one node must be known at the other, as the same", beginAndFind},
		{"unknown", "a token that was guessed must lead nowhere", unknown},
		{"no fixation", "a token from before the login must not lead into the session", noFixation},
		{"nothing readable", "who reads the database must not learn who is logged in", nothingReadable},
		{"idle", "nobody may be thrown out before his time, at any node", idle},
		{"idle, few writes", "a write at each request would wear out the store", fewWrites},
		{"most", "a session must not last for ever because somebody reloads", most},
		{"extend", "who asks for more time must have it", extend},
		{"clocks apart", "a node whose clock is behind must not shorten a session", clocksApart},
		{"expired", "a page must be able to say that the session has expired, and to whom", expired},
		{"step up", "a higher level must count for a while and change the token", stepUp},
		{"step up, another", "another person's credentials must not raise a session", stepUpOther},
		{"step up at once", "two tabs must not end with two tokens of one session", stepUpAtOnce},
		{"cancelled", "a call that was given up must not have done something", cancelled},
	}
}

func beginAndFind(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token, begun := begin(t, a, 1)
	other, _ := begin(t, b, 2)
	require.NotEqual(t, token, other)
	n.clock.pass(time.Second)
	s := find(t, b, token)
	want := Somebody(1)
	require.Equal(t, want.Actor, s.Actor)
	require.Equal(t, []string{want.Person, want.Name, want.Device}, []string{s.Person, s.Name, s.Device})
	require.Equal(t, begun.ID, s.ID)
	require.Equal(t, start(), s.Began)
	require.Equal(t, start().Add(time.Second), s.Seen)
	require.Zero(t, s.Elevated)
	require.Equal(t, Somebody(2).Person, find(t, a, other).Person)
	require.Equal(t, start().Add(8*time.Hour), s.Latest)
}

func unknown(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token, s := begin(t, a, 1)
	last := "A"
	if strings.HasSuffix(token, last) {
		last = "B"
	}
	for _, wrong := range []string{
		"", s.ID, token[:len(token)-1], token + "A", token[:len(token)-1] + last, strings.ToLower(token),
		strings.Repeat("A", len(token)), token[26:] + token[:26], "' OR 1=1 --", "\x00\xff", strings.Repeat("x", 1<<16),
	} {
		gone(t, b, wrong, session.ErrUnknown)
		require.NoError(t, b.End(t.Context(), wrong))
		_, _, err := b.StepUp(t.Context(), wrong, Somebody(1).Actor)
		require.ErrorIs(t, err, session.ErrUnknown)
	}
	find(t, b, token)
}

func noFixation(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	old, _ := begin(t, a, 1)
	token, _, err := b.Begin(t.Context(), Somebody(2), old)
	require.NoError(t, err)
	gone(t, a, old, session.ErrUnknown)
	find(t, a, token)
	// A token with the right id and another secret ends nothing.
	_, _, err = b.Begin(t.Context(), Somebody(3), token[:26]+old[26:])
	require.NoError(t, err)
	find(t, a, token)
	// What the browser had does not count.
	c, _ := n.managers(t, session.Config{All: 2})
	_, _, err = c.Begin(t.Context(), Somebody(4), token)
	require.NoError(t, err)
	_, _, err = c.Begin(t.Context(), Somebody(5), "")
	require.ErrorIs(t, err, session.ErrFull)
}

func nothingReadable(t *testing.T, n *nodes) {
	a, _ := n.managers(t, session.Config{})
	token, s := begin(t, a, 1)
	id, err := a.Keep(t.Context(), s, []byte("Laura Bianchi's preview"), time.Minute)
	require.NoError(t, err)
	draft, err := a.Leave(t.Context(), s.Person, "/rettifica", []byte("Laura Bianchi types"), time.Minute)
	require.NoError(t, err)
	r, err := n.other.Find(t.Context(), s.ID)
	require.NoError(t, err)
	thing, err := n.other.Kept(t.Context(), s.ID, id, n.clock.Now())
	require.NoError(t, err)
	left, err := n.other.Left(t.Context(), draft[:26], n.clock.Now())
	require.NoError(t, err)
	text, err := json.Marshal([]any{r, thing, left})
	require.NoError(t, err)
	all := string(text) + string(r.Sealed) + string(thing.Sealed) + string(left.Sealed)
	for _, secret := range []string{
		token[26:], draft[26:], "Bianchi", string(s.Actor.FiscalCode), s.Person, "rettifica", "VRDGNN60A01H501Y",
	} {
		require.NotContains(t, all, secret)
	}
	require.NotEmpty(t, left.Owner)
	// With a secret of the nodes a person's digest cannot be computed by others.
	b, _ := n.managers(t, session.Config{Secret: []byte("thirty-two bytes of the nodes...")})
	_, s = begin(t, b, 1)
	keyed, err := n.other.Find(t.Context(), s.ID)
	require.NoError(t, err)
	require.NotEqual(t, r.Person, keyed.Person)
	list, err := b.List(t.Context(), s.Person)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func idle(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Idle: 10 * time.Minute})
	token, _ := begin(t, a, 1)
	for i, pause := range []time.Duration{
		10 * time.Minute, 59 * time.Second, 10 * time.Minute, 61 * time.Second, 30 * time.Second, 10 * time.Minute,
	} {
		n.clock.pass(pause)
		m := a
		if i%2 == 0 {
			m = b
		}
		find(t, m, token)
	}
	// Both nodes say the same at each instant, and one that only asks changes nothing.
	s, err := a.Peek(t.Context(), token)
	require.NoError(t, err)
	left := a.Remaining(s)
	require.GreaterOrEqual(t, left, 10*time.Minute)
	require.LessOrEqual(t, left, 11*time.Minute)
	n.clock.pass(left - time.Millisecond)
	for _, m := range []*session.Manager{a, b} {
		s, err := m.Peek(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, time.Millisecond, m.Remaining(s))
	}
	n.clock.pass(time.Millisecond)
	for _, m := range []*session.Manager{a, b} {
		_, err := m.Peek(t.Context(), token)
		require.ErrorIs(t, err, session.ErrExpired)
		s := gone(t, m, token, session.ErrExpired)
		require.Zero(t, m.Remaining(s))
	}
}

func fewWrites(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Idle: 10 * time.Minute})
	token, _ := begin(t, a, 1)
	for range 600 { // for 10 minutes
		n.clock.pass(time.Second)
		find(t, a, token)
		find(t, b, token)
	}
	writes := n.one.touches.Load() + n.other.touches.Load()
	require.Equal(t, int32(10), writes)
}

func most(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Idle: 10 * time.Minute, Most: time.Hour})
	token, begun := begin(t, a, 1)
	require.Equal(t, start().Add(time.Hour), begun.Latest)
	for range 11 {
		n.clock.pass(5 * time.Minute)
		find(t, b, token)
	}
	s, err := a.Extend(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, start().Add(time.Hour), s.Ends)
	n.clock.pass(5*time.Minute - time.Millisecond)
	find(t, a, token)
	n.clock.pass(time.Millisecond)
	gone(t, a, token, session.ErrExpired)
	gone(t, b, token, session.ErrExpired)
}

func extend(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Idle: 10 * time.Minute})
	token, begun := begin(t, a, 1)
	n.clock.pass(30 * time.Second) // of which Find would not write
	require.Equal(t, begun.Ends, find(t, b, token).Ends)
	s, err := b.Extend(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, begun.Ends.Add(30*time.Second), s.Ends)
	other, err := a.Peek(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, s.Ends, other.Ends)
	n.clock.pass(11 * time.Minute)
	_, err = b.Extend(t.Context(), token)
	require.ErrorIs(t, err, session.ErrExpired)
}

func clocksApart(t *testing.T, n *nodes) {
	a, _ := n.managers(t, session.Config{Idle: 10 * time.Minute})
	behind, err := session.New(session.Config{
		Store: n.other, Idle: 10 * time.Minute, Now: func() time.Time { return n.clock.Now().Add(-3 * time.Minute) },
	})
	require.NoError(t, err)
	token, begun := begin(t, a, 1)
	s := find(t, behind, token)
	require.Equal(t, begun.Seen, s.Seen)
	_, err = behind.Extend(t.Context(), token)
	require.NoError(t, err)
	s, err = a.Peek(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, begun.Ends, s.Ends)
	// Nor does one that asks the store itself with an instant of before.
	r, err := n.one.Find(t.Context(), s.ID)
	require.NoError(t, err)
	require.NoError(t, n.other.Touch(t.Context(), s.ID, r.Digest, r.Seen.Add(-time.Minute), r.Ends.Add(-time.Minute)))
	after, err := n.one.Find(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, r, after)
}

func expired(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Idle: 10 * time.Minute, Told: time.Hour})
	token, begun := begin(t, a, 1)
	n.clock.pass(11 * time.Minute)
	s := gone(t, b, token, session.ErrExpired)
	require.Equal(t, []string{begun.ID, begun.Person, begun.Name}, []string{s.ID, s.Person, s.Name})
	count, err := b.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, count)
	n.clock.pass(time.Hour - time.Millisecond)
	require.Equal(t, begun.Person, gone(t, a, token, session.ErrExpired).Person)
	_, err = b.Sweep(t.Context())
	require.NoError(t, err)
	gone(t, a, token, session.ErrExpired)
	n.clock.pass(time.Millisecond)
	count, err = b.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count)
	gone(t, a, token, session.ErrUnknown)
}

func stepUp(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{StepUp: 5 * time.Minute})
	token, s := begin(t, a, 1)
	id, err := a.Keep(t.Context(), s, []byte("a preview"), time.Hour)
	require.NoError(t, err)
	n.clock.pass(time.Minute)
	as := Somebody(1).Actor
	as.Method, as.Level = electoral.CIEMethod, 3
	changed, up, err := b.StepUp(t.Context(), token, as)
	require.NoError(t, err)
	require.NotEqual(t, token, changed)
	gone(t, a, token, session.ErrUnknown)
	n.clock.pass(5*time.Minute - time.Millisecond)
	for _, up := range []session.Session{up, find(t, a, changed)} {
		require.Equal(t, s.ID, up.ID)
		require.Equal(t, electoral.CIEMethod, up.Actor.Method)
		require.Equal(t, 3, up.Actor.Level)
		require.Equal(t, "H501", up.Actor.Comune)
		require.Equal(t, start().Add(6*time.Minute), up.Elevated)
		data, err := a.Kept(t.Context(), up, id)
		require.NoError(t, err)
		require.Equal(t, "a preview", string(data))
	}
	// The session of before the step-up keeps nothing any more: its token is gone.
	_, err = a.Keep(t.Context(), s, []byte("x"), time.Minute)
	require.ErrorIs(t, err, session.ErrUnknown)
	n.clock.pass(time.Millisecond)
	up = find(t, a, changed)
	require.Equal(t, Somebody(1).Actor, up.Actor)
	require.False(t, n.clock.Now().Before(up.Elevated))
}

func stepUpOther(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token, _ := begin(t, a, 1)
	_, _, err := b.StepUp(t.Context(), token, Somebody(2).Actor)
	require.ErrorIs(t, err, session.ErrOtherPerson)
	require.Zero(t, find(t, a, token).Elevated)
	n.clock.pass(time.Hour)
	_, _, err = b.StepUp(t.Context(), token, Somebody(1).Actor)
	require.ErrorIs(t, err, session.ErrExpired)
}

func stepUpAtOnce(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token, _ := begin(t, a, 1)
	tokens := make([]string, 8)
	errs := atOnce(8, a, b, func(i int, m *session.Manager) (err error) {
		tokens[i], _, err = m.StepUp(t.Context(), token, Somebody(1).Actor)
		return err
	})
	require.Equal(t, 1, succeeded(t, errs, session.ErrUnknown))
	gone(t, a, token, session.ErrUnknown)
	for i, err := range errs {
		if err == nil {
			find(t, b, tokens[i])
		}
	}
}

func cancelled(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token, s := begin(t, a, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, errBegin := a.Begin(ctx, Somebody(1), token)
	_, errFind := a.Find(ctx, token)
	_, errKeep := a.Keep(ctx, s, nil, time.Minute)
	_, errLeave := a.Leave(ctx, s.Person, "/", nil, time.Minute)
	_, errAll := a.RevokeAll(ctx, s.Person, "")
	_, errSweep := a.Sweep(ctx)
	for _, err := range []error{errBegin, errFind, errKeep, errLeave, errAll, errSweep, a.End(ctx, token)} {
		require.ErrorIs(t, err, context.Canceled)
		require.False(t, errors.Is(err, session.ErrUnknown))
	}
	find(t, b, token)
	list, err := b.List(t.Context(), s.Person)
	require.NoError(t, err)
	require.Len(t, list, 1)
}
