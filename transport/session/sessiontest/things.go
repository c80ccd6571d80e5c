package sessiontest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/transport/session"
)

func thingCases() []Case {
	return []Case{
		{"keep", "a preview must be the one that was shown, at the other node too", keep},
		{"keep, whose", "nobody may read another's preview", keepWhose},
		{"keep, few", "previews must not pile up, and the newest must stay", keepFew},
		{"keep, bytes", "large previews must not fill the store", keepBytes},
		{"keep, bytes of all", "the previews of a crowd must not fill the store", keepAllBytes},
		{"keep, all at once", "a bound must hold for two nodes in the same second", keepAtOnce},
		{"keep, until", "a preview must end with its time, or with its session", keepUntil},
		{"keep while it ends", "what nobody can reach any more must not take room", keepWhileItEnds},
		{"aliasing", "a caller that uses its buffer again must not change what was kept", aliasing},
	}
}

func keep(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token, s := begin(t, a, 1)
	large := bytes.Repeat([]byte("0123456789abcdef"), session.MaxThing/16)
	for _, data := range [][]byte{nil, []byte("x"), {0, 255, '\n'}, large} {
		id, err := a.Keep(t.Context(), s, data, time.Hour)
		require.NoError(t, err)
		got, err := b.Kept(t.Context(), find(t, b, token), id)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got))
		require.NoError(t, b.Drop(t.Context(), s, id))
		_, err = a.Kept(t.Context(), s, id)
		require.ErrorIs(t, err, session.ErrNotKept)
		require.NoError(t, b.Drop(t.Context(), s, id))
	}
	_, err := a.Keep(t.Context(), s, append(large, 'x'), time.Hour)
	require.ErrorIs(t, err, session.ErrTooLarge)
	for _, ttl := range []time.Duration{0, -1, 9 * time.Hour} {
		_, err = a.Keep(t.Context(), s, nil, ttl)
		require.ErrorContains(t, err, "ttl")
	}
}

func keepWhose(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	_, s := begin(t, a, 1)
	_, same := begin(t, a, 1)
	_, other := begin(t, a, 2)
	id, err := a.Keep(t.Context(), s, []byte("x"), time.Hour)
	require.NoError(t, err)
	for _, o := range []session.Session{same, other, {ID: s.ID}, {}} {
		_, err := b.Kept(t.Context(), o, id)
		require.ErrorIs(t, err, session.ErrNotKept)
		require.NoError(t, b.Drop(t.Context(), o, id))
	}
	for _, wrong := range []string{"", s.ID, "' OR 1=1", id + "A"} {
		_, err := b.Kept(t.Context(), s, wrong)
		require.ErrorIs(t, err, session.ErrNotKept)
		require.NoError(t, b.Drop(t.Context(), s, wrong))
	}
	_, err = b.Keep(t.Context(), session.Session{ID: s.ID}, nil, time.Hour)
	require.ErrorIs(t, err, session.ErrUnknown)
	_, err = b.Kept(t.Context(), s, id)
	require.NoError(t, err)
}

// stay requires that of some things those from one on are still kept.
func stay(t *testing.T, m *session.Manager, s session.Session, ids []string, from int) {
	t.Helper()
	for i, id := range ids {
		_, err := m.Kept(t.Context(), s, id)
		if i < from {
			require.ErrorIs(t, err, session.ErrNotKept, "%d", i)
		} else {
			require.NoError(t, err, "%d", i)
		}
	}
}

func keepFew(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Things: 3})
	_, s := begin(t, a, 1)
	_, other := begin(t, a, 2)
	kept, err := a.Keep(t.Context(), other, []byte("x"), time.Hour)
	require.NoError(t, err)
	var ids []string
	for i := range 7 { // all in one instant
		m := a
		if i%2 == 0 {
			m = b
		}
		id, err := m.Keep(t.Context(), s, []byte{byte(i)}, time.Hour)
		require.NoError(t, err)
		ids = append(ids, id)
		stay(t, b, s, ids, max(0, i-2))
	}
	_, err = b.Kept(t.Context(), other, kept)
	require.NoError(t, err)
}

func keepBytes(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Bytes: 1000})
	_, s := begin(t, a, 1)
	var ids []string
	for _, size := range []int{300, 300, 400, 700} {
		id, err := a.Keep(t.Context(), s, make([]byte, size), time.Hour)
		require.NoError(t, err)
		ids = append(ids, id)
	}
	stay(t, b, s, ids, 3)
	id, err := a.Keep(t.Context(), s, make([]byte, 100), time.Hour)
	require.NoError(t, err)
	stay(t, b, s, append(ids, id), 3)
	_, err = a.Keep(t.Context(), s, make([]byte, 1000), time.Hour)
	require.ErrorIs(t, err, session.ErrTooLarge)
}

func keepAllBytes(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{AllBytes: 1000, Things: 1})
	_, first := begin(t, a, 1)
	_, second := begin(t, b, 2)
	old, err := a.Keep(t.Context(), first, make([]byte, 600), time.Minute)
	require.NoError(t, err)
	_, err = b.Keep(t.Context(), second, make([]byte, 600), time.Hour)
	require.ErrorIs(t, err, session.ErrNoRoom)
	_, err = b.Kept(t.Context(), first, old)
	require.NoError(t, err)
	// One's own that goes makes room, and so does what is over.
	replaced, err := a.Keep(t.Context(), first, make([]byte, 700), time.Minute)
	require.NoError(t, err)
	n.clock.pass(2 * time.Minute)
	_, err = b.Keep(t.Context(), second, make([]byte, 600), time.Hour)
	require.NoError(t, err)
	_, err = a.Kept(t.Context(), first, replaced)
	require.ErrorIs(t, err, session.ErrNotKept)
}

func keepAtOnce(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{AllBytes: 1000})
	var sessions []session.Session
	for i := range 12 {
		_, s := begin(t, a, i)
		sessions = append(sessions, s)
	}
	errs := atOnce(12, a, b, func(i int, m *session.Manager) error {
		_, err := m.Keep(t.Context(), sessions[i], make([]byte, 200), time.Hour)
		return err
	})
	require.Equal(t, 4, succeeded(t, errs, session.ErrNoRoom)) // each is 28 bytes longer when sealed
}

func keepUntil(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{Idle: 10 * time.Minute})
	token, s := begin(t, a, 1)
	id, err := a.Keep(t.Context(), s, []byte("x"), time.Minute)
	require.NoError(t, err)
	n.clock.pass(time.Minute - time.Millisecond)
	_, err = b.Kept(t.Context(), s, id)
	require.NoError(t, err)
	n.clock.pass(time.Millisecond)
	_, err = b.Kept(t.Context(), s, id)
	require.ErrorIs(t, err, session.ErrNotKept)
	count, err := b.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count)
	id, err = a.Keep(t.Context(), find(t, a, token), []byte("x"), 5*time.Hour)
	require.NoError(t, err)
	n.clock.pass(11 * time.Minute)
	gone(t, b, token, session.ErrExpired)
	count, err = b.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count)
	_, err = n.one.Kept(t.Context(), s.ID, id, n.clock.Now())
	require.ErrorIs(t, err, session.ErrNotKept)
	require.Equal(t, s.Person, gone(t, b, token, session.ErrExpired).Person)
}

func keepWhileItEnds(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{AllBytes: 1000})
	for i := range 10 {
		token, s := begin(t, a, 1)
		errs := atOnce(2, a, b, func(j int, m *session.Manager) error {
			switch {
			case j == 0:
				_, err := m.Keep(t.Context(), s, make([]byte, 900), time.Hour)
				return err
			case i%2 == 0:
				return m.End(t.Context(), token)
			}
			_, err := m.RevokeAll(t.Context(), s.Person, "")
			return err
		})
		succeeded(t, errs, session.ErrUnknown)
		require.NoError(t, errs[1])
		token, other := begin(t, b, 2)
		_, err := a.Keep(t.Context(), other, make([]byte, 900), time.Hour)
		require.NoError(t, err)
		require.NoError(t, a.End(t.Context(), token))
	}
}

func aliasing(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token, s := begin(t, a, 1)
	id, err := a.Keep(t.Context(), s, []byte("x"), time.Hour)
	require.NoError(t, err)
	for range 2 {
		r, err := n.one.Find(t.Context(), s.ID)
		require.NoError(t, err)
		thing, err := n.one.Kept(t.Context(), s.ID, id, n.clock.Now())
		require.NoError(t, err)
		clear(r.Sealed)
		clear(thing.Sealed)
	}
	find(t, b, token)
	_, err = b.Kept(t.Context(), s, id)
	require.NoError(t, err)
	mine := []byte("sealed")
	th := session.Thing{
		ID: fmt.Sprintf("%026d", 2), Session: s.ID, Ends: n.clock.Now().Add(time.Hour), Sealed: mine,
	}
	r, err := n.one.Find(t.Context(), s.ID)
	require.NoError(t, err)
	th.Digest = r.Digest
	room := session.Room{At: n.clock.Now(), Things: 5, Bytes: 1000, AllBytes: 1000}
	require.NoError(t, n.one.Keep(t.Context(), th, room))
	clear(mine)
	got, err := n.other.Kept(t.Context(), s.ID, th.ID, n.clock.Now())
	require.NoError(t, err)
	require.Equal(t, "sealed", string(got.Sealed))
}
