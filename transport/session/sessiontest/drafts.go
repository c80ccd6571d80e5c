package sessiontest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/transport/session"
)

func draftCases() []Case {
	return []Case{
		{"leave and resume", "what was typed must come back to who typed it, exactly", leaveAndResume},
		{"resume, whose", "nobody may see what another has typed", resumeWhose},
		{"resume once", "what was taken up again must not be sent twice", resumeOnce},
		{"leave, nobody", "whoever is not known leaves no data", leaveNobody},
		{"leave, until", "what was typed must not lie about", leaveUntil},
		{"leave, few", "drafts must not pile up", leaveFew},
		{"leave, all", "the drafts of a crowd must not fill the store", leaveAll},
	}
}

func leave(t *testing.T, m *session.Manager, person, to, form string) string {
	t.Helper()
	token, err := m.Leave(t.Context(), person, to, []byte(form), 30*time.Minute)
	require.NoError(t, err)
	return token
}

func leaveAndResume(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	for _, form := range []string{
		"", "via=Roma&n=1", "\x00\xff", strings.Repeat("x", session.MaxForm),
	} {
		place := "/rettifica?\xff" + strings.Repeat("y", session.MaxPlace-12)
		token := leave(t, a, "ANPR1", place, form)
		to, got, err := b.Resume(t.Context(), token, "ANPR1")
		require.NoError(t, err)
		require.Equal(t, place, to)
		require.True(t, bytes.Equal([]byte(form), got))
	}
	for _, c := range [][2]int{{session.MaxPlace + 1, 0}, {0, session.MaxForm + 1}} {
		_, err := a.Leave(t.Context(), "ANPR1", strings.Repeat("x", c[0]), make([]byte, c[1]), time.Minute)
		require.ErrorIs(t, err, session.ErrTooLarge)
	}
	for _, ttl := range []time.Duration{0, -1, 25 * time.Hour} {
		_, err := a.Leave(t.Context(), "ANPR1", "/", nil, ttl)
		require.ErrorContains(t, err, "ttl")
	}
}

func resumeWhose(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token := leave(t, a, "ANPR1", "/rettifica", "via=Roma")
	last := "A"
	if strings.HasSuffix(token, last) {
		last = "B"
	}
	for _, c := range [][2]string{
		{token, "ANPR2"}, {token, ""}, {"", "ANPR1"}, {"' OR 1=1", "ANPR1"}, {token[:26], "ANPR1"},
		{token[:len(token)-1] + last, "ANPR1"}, {token[26:] + token[:26], "ANPR1"},
	} {
		to, form, err := b.Resume(t.Context(), c[0], c[1])
		require.ErrorIs(t, err, session.ErrNoDraft)
		require.EqualError(t, err, session.ErrNoDraft.Error())
		require.Empty(t, to)
		require.Empty(t, form)
	}
	_, form, err := b.Resume(t.Context(), token, "ANPR1")
	require.NoError(t, err)
	require.Equal(t, "via=Roma", string(form))
}

func resumeOnce(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	token := leave(t, a, "ANPR1", "/", "x")
	errs := atOnce(8, a, b, func(_ int, m *session.Manager) error {
		_, _, err := m.Resume(t.Context(), token, "ANPR1")
		return err
	})
	require.Equal(t, 1, succeeded(t, errs, session.ErrNoDraft))
	_, _, err := a.Resume(t.Context(), token, "ANPR1")
	require.ErrorIs(t, err, session.ErrNoDraft)
	// Whoever comes between reading and taking makes the other come too late.
	token = leave(t, a, "ANPR1", "/", "x")
	require.NoError(t, n.one.Take(t.Context(), token[:26]))
	require.ErrorIs(t, n.other.Take(t.Context(), token[:26]), session.ErrNoDraft)
}

func leaveNobody(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	for _, person := range []string{"", "ANPR1"} {
		token := leave(t, a, "", "/rettifica", "via=Roma")
		to, form, err := b.Resume(t.Context(), token, person)
		require.NoError(t, err)
		require.Equal(t, "/rettifica", to)
		require.Empty(t, form)
	}
}

func leaveUntil(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{})
	first, second := leave(t, a, "ANPR1", "/", "x"), leave(t, a, "ANPR1", "/", "y")
	n.clock.pass(30*time.Minute - time.Millisecond)
	_, _, err := b.Resume(t.Context(), first, "ANPR1")
	require.NoError(t, err)
	n.clock.pass(time.Millisecond)
	_, _, err = b.Resume(t.Context(), second, "ANPR1")
	require.ErrorIs(t, err, session.ErrNoDraft)
	count, err := b.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count)
}

func leaveFew(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{DraftsPerPerson: 2, Drafts: 4})
	var tokens []string
	for i := range 4 {
		tokens = append(tokens, leave(t, a, "ANPR1", "/", string(rune('a'+i))))
		n.clock.pass(time.Second)
	}
	other := leave(t, b, "ANPR2", "/", "o")
	for i, token := range tokens {
		_, form, err := b.Resume(t.Context(), token, "ANPR1")
		if i < 2 {
			require.ErrorIs(t, err, session.ErrNoDraft)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, string(rune('a'+i)), string(form))
	}
	_, _, err := a.Resume(t.Context(), other, "ANPR2")
	require.NoError(t, err)
	// Those of nobody go in the same way, and never for one with an owner.
	owned := leave(t, a, "ANPR1", "/", "x")
	tokens = nil
	for range 6 {
		tokens = append(tokens, leave(t, b, "", "/", ""))
		n.clock.pass(time.Second)
	}
	for i, token := range tokens {
		_, _, err := a.Resume(t.Context(), token, "")
		if i < 2 {
			require.ErrorIs(t, err, session.ErrNoDraft)
		} else {
			require.NoError(t, err)
		}
	}
	_, _, err = a.Resume(t.Context(), owned, "ANPR1")
	require.NoError(t, err)
}

func leaveAll(t *testing.T, n *nodes) {
	a, b := n.managers(t, session.Config{DraftsPerPerson: 1, Drafts: 3})
	errs := atOnce(8, a, b, func(i int, m *session.Manager) error {
		_, err := m.Leave(t.Context(), Somebody(i).Person, "/", nil, time.Minute)
		return err
	})
	require.Equal(t, 3, succeeded(t, errs, session.ErrFull))
	leave(t, a, "", "/", "") // is not in their way
	n.clock.pass(time.Minute)
	leave(t, a, "ANPR1", "/", "x") // what is over makes room
}
