package session_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/transport/session"
	"github.com/liste-elettorali/anpr/transport/session/sessiontest"
)

func TestMemory(t *testing.T) {
	sessiontest.TestStore(t, func(*testing.T) (one, other session.Store) {
		s := session.NewMemory()
		return s, s
	})
}

// failing is a store that fails when it is told to.
type failing struct {
	session.Memory
	err      error
	readable bool // only its writes fail
}

func (f *failing) Find(ctx context.Context, id string) (session.Record, error) {
	if f.err != nil && !f.readable {
		return session.Record{}, f.err
	}
	return f.Memory.Find(ctx, id)
}

func (f *failing) Touch(context.Context, string, session.Digest, time.Time, time.Time) error {
	return f.err
}

func (f *failing) Begin(ctx context.Context, r session.Record, b session.Beginning) error {
	if f.err != nil {
		return f.err
	}
	return f.Memory.Begin(ctx, r, b)
}

func (f *failing) Left(context.Context, string, time.Time) (session.Draft, error) {
	return session.Draft{}, f.err
}

// TestUnavailable: a store that fails is not taken for one without the session.
func TestUnavailable(t *testing.T) {
	ctx, store, now := t.Context(), &failing{}, time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	m, err := session.New(session.Config{Store: store, Now: func() time.Time { return now }})
	require.NoError(t, err)
	token, _, err := m.Begin(ctx, sessiontest.Somebody(1), "")
	require.NoError(t, err)
	for _, cause := range []error{errors.New("the disk is gone"), context.DeadlineExceeded} {
		store.err = cause
		_, errFind := m.Find(ctx, token)
		_, errPeek := m.Peek(ctx, token)
		_, _, errUp := m.StepUp(ctx, token, sessiontest.Somebody(1).Actor)
		_, _, errBegin := m.Begin(ctx, sessiontest.Somebody(1), "")
		_, _, errResume := m.Resume(ctx, token, "ANPR1")
		for _, err := range []error{errFind, errPeek, errUp, errBegin, errResume} {
			require.ErrorIs(t, err, session.ErrUnavailable)
			require.ErrorIs(t, err, cause)
			for _, other := range []error{session.ErrUnknown, session.ErrExpired, session.ErrRevoked, session.ErrNoDraft} {
				require.NotErrorIs(t, err, other)
			}
		}
	}
	// Nor is it a session if the store cannot note that it is used.
	store.err, store.readable = errors.New("the volume is full"), true
	_, err = m.Find(ctx, token)
	require.NoError(t, err, "there is nothing to note yet")
	now = now.Add(10 * time.Minute)
	_, err = m.Find(ctx, token)
	require.ErrorIs(t, err, session.ErrUnavailable)
	store.err = nil
	_, err = m.Find(ctx, token)
	require.NoError(t, err)
	// A manager that New has not made has no store.
	none := &session.Manager{}
	_, err = none.Find(ctx, token)
	require.ErrorIs(t, err, session.ErrUnavailable)
}

// TestActorWhole: a field that electoral adds to Actor is kept too.
func TestActorWhole(t *testing.T) {
	who := sessiontest.Somebody(1)
	v := reflect.ValueOf(&who.Actor).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("value " + v.Type().Field(i).Name)
		case reflect.Int:
			f.SetInt(3)
		default:
			t.Fatalf("%s is a %s: set it here", v.Type().Field(i).Name, f.Kind())
		}
	}
	m, err := session.New(session.Config{Store: session.NewMemory()})
	require.NoError(t, err)
	token, _, err := m.Begin(t.Context(), who, "")
	require.NoError(t, err)
	s, err := m.Find(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, who.Actor, s.Actor)
}

func TestConfig(t *testing.T) {
	_, err := session.New(session.Config{})
	require.ErrorContains(t, err, "Config.Store")
	store := session.NewMemory()
	for field, c := range map[string]session.Config{
		"Secret": {Secret: []byte("short")}, "Idle": {Idle: time.Second}, "Most": {Idle: time.Hour, Most: time.Minute},
		"StepUp": {StepUp: -1}, "Told": {Told: time.Millisecond}, "PerPerson": {PerPerson: -1}, "All": {All: -1},
		"Things": {Things: -1}, "Bytes": {Bytes: -1}, "AllBytes": {AllBytes: -1}, "DraftsPerPerson": {DraftsPerPerson: -1},
		"Drafts": {Drafts: -1},
	} {
		c.Store = store
		_, err := session.New(c)
		require.ErrorContains(t, err, "Config."+field+":")
	}
	m, err := session.New(session.Config{Store: store, Idle: 10 * time.Hour})
	require.NoError(t, err)
	_, s, err := m.Begin(t.Context(), sessiontest.Somebody(1), "")
	require.NoError(t, err)
	require.Equal(t, s.Began.Add(10*time.Hour), s.Latest)
}

func TestIdentity(t *testing.T) {
	m, err := session.New(session.Config{Store: session.NewMemory()})
	require.NoError(t, err)
	for field, change := range map[string]func(*session.Identity){
		"Person":       func(i *session.Identity) { i.Person = "" },
		"Name":         func(i *session.Identity) { i.Name = strings.Repeat("x", 257) },
		"Actor.Role":   func(i *session.Identity) { i.Actor.Role = "a\x00" },
		"Actor.Method": func(i *session.Identity) { i.Actor.Method = electoral.Method(strings.Repeat("x", 65)) },
	} {
		who := sessiontest.Somebody(1)
		change(&who)
		_, _, err := m.Begin(t.Context(), who, "")
		require.ErrorContains(t, err, "Identity."+field+":")
		require.NotContains(t, err.Error(), "BNCLRA")
	}
	for _, wrong := range []string{strings.Repeat("x", 65), "a b", "è", "a\n"} {
		who := sessiontest.Somebody(1)
		who.Person = wrong
		_, _, err := m.Begin(t.Context(), who, "")
		require.ErrorContains(t, err, "Identity.Person:")
	}
	// What a browser says of itself keeps nobody out.
	for given, want := range map[string]string{
		"": "", "a\nb\x00": "a b ", "\xff": " ", strings.Repeat("è", 40): strings.Repeat("è", 32),
		"x" + strings.Repeat("è", 40): "x" + strings.Repeat("è", 31),
	} {
		who := sessiontest.Somebody(1)
		who.Device = given
		_, s, err := m.Begin(t.Context(), who, "")
		require.NoError(t, err)
		require.Equal(t, want, s.Device)
	}
}

// FuzzToken gives tokens that somebody made up.
func FuzzToken(f *testing.F) {
	m, err := session.New(session.Config{Store: session.NewMemory()})
	require.NoError(f, err)
	token, _, err := m.Begin(f.Context(), sessiontest.Somebody(1), "")
	require.NoError(f, err)
	f.Add("")
	f.Add(token)
	f.Add(strings.Repeat("2", len(token)))
	f.Fuzz(func(t *testing.T, made string) {
		_, err := m.Find(t.Context(), made)
		if made == token {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, session.ErrUnknown)
		_, _, err = m.Resume(t.Context(), made, "ANPR1")
		require.ErrorIs(t, err, session.ErrNoDraft)
	})
}
