package session

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Manager begins, finds and ends sessions. It is safe for concurrent use, and several,
// also of several processes, may stand on one store.
type Manager struct {
	c     Config
	slack time.Duration // how much later a request than the last that was written is written
}

// New returns a manager. The error says which field of the configuration is wrong.
func New(c Config) (*Manager, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Manager{c: c, slack: c.Idle / 10}, nil
}

var errNoManager = fmt.Errorf("%w: the manager was not made by New", ErrUnavailable)

// now is the clock as stores keep it.
func (m *Manager) now() time.Time { return m.c.Now().UTC().Truncate(time.Millisecond) }

// ends is when a session ends of which a request came at seen.
func (m *Manager) ends(began, seen time.Time) time.Time {
	idle, most := seen.Add(m.c.Idle+m.slack), began.Add(m.c.Most)
	if most.Before(idle) {
		return most
	}
	return idle
}

// Begin begins a session of a person who has just authenticated himself, and returns its
// token, which is known to nobody else. old is the token that the browser had before, or
// empty: its session is ended in the same step, so that nobody who has put a token into
// the browser has it after the login. If the person has more than [Config.PerPerson], the
// oldest is revoked. With [Config.All] sessions of others the error is [ErrFull].
func (m *Manager) Begin(ctx context.Context, who Identity, old string) (token string, s Session, err error) {
	if m.c.Store == nil {
		return "", Session{}, errNoManager
	}
	if who, err = who.fit(); err != nil {
		return "", Session{}, err
	}
	at, secret := m.now(), newSecret()
	hidden := secrets{Key: make([]byte, 32), Person: who.Person, Name: who.Name, Actor: kept(who.Actor)}
	_, _ = rand.Read(hidden.Key) // which never fails
	r := Record{
		ID: newID(), Digest: digestOf(secret), Person: personDigest(m.c.Secret, who.Person), Role: who.Actor.Role,
		Method: who.Actor.Method, Device: who.Device, Began: at, Seen: at, Ends: m.ends(at, at),
	}
	if r.Sealed, err = hidden.sealed(r.ID, secret); err != nil {
		return "", Session{}, err
	}
	b := Beginning{At: at, PerPerson: m.c.PerPerson, All: m.c.All}
	if id, oldSecret, ok := parse(old); ok {
		b.Old, b.OldDigest = id, digestOf(oldSecret)
	}
	if err := m.c.Store.Begin(ctx, r, b); err != nil {
		return "", Session{}, own(err)
	}
	return r.ID + secret, m.session(r, hidden, at), nil
}

// found is a session with what is needed to change it.
type found struct {
	record Record
	hidden secrets
	at     time.Time
}

// find reads a session. With [ErrExpired] and [ErrRevoked] too it returns what it found;
// with other errors nil.
func (m *Manager) find(ctx context.Context, token string) (*found, error) {
	if m.c.Store == nil {
		return nil, errNoManager
	}
	id, secret, ok := parse(token)
	if !ok {
		return nil, ErrUnknown
	}
	r, err := m.c.Store.Find(ctx, id)
	if err != nil {
		return nil, own(err)
	}
	digest := digestOf(secret)
	if subtle.ConstantTimeCompare(digest[:], r.Digest[:]) != 1 {
		return nil, ErrUnknown
	}
	hidden, err := unsealed(r, secret)
	if err != nil {
		// The cookie is of no use any more, unlike with a store that fails.
		return nil, fmt.Errorf("%w: session %s: %w", ErrUnknown, id, err)
	}
	f := &found{record: r, hidden: hidden, at: m.now()}
	switch {
	case r.Revoked:
		return f, ErrRevoked
	case !f.at.Before(r.Ends):
		return f, ErrExpired
	}
	return f, nil
}

// Peek returns the session of a token and does not count as a request: for a page that
// asks by itself how long the session lasts. For its errors see [Manager.Find].
func (m *Manager) Peek(ctx context.Context, token string) (Session, error) {
	f, err := m.find(ctx, token)
	if f == nil {
		return Session{}, err
	}
	return m.session(f.record, f.hidden, f.at), err
}

// Find returns the session of a token, and notes that something was asked. The error is
// [ErrUnknown], [ErrExpired] or [ErrRevoked], or wraps [ErrUnavailable]. With ErrExpired
// and ErrRevoked the session is returned that was: so that a page can say so, and keep
// what was typed for the same person ([Manager.Leave]); its person is not logged in.
func (m *Manager) Find(ctx context.Context, token string) (Session, error) {
	return m.touch(ctx, token, m.slack)
}

// Extend is Find that moves the end as far away as it may be, for a person who was told
// that the session is about to expire.
func (m *Manager) Extend(ctx context.Context, token string) (Session, error) {
	return m.touch(ctx, token, 0)
}

// touch writes that a request came if the last that was written is that long ago.
func (m *Manager) touch(ctx context.Context, token string, least time.Duration) (Session, error) {
	f, err := m.find(ctx, token)
	if f == nil {
		return Session{}, err
	}
	r := f.record
	if err == nil && f.at.Sub(r.Seen) >= least {
		if err := m.c.Store.Touch(ctx, r.ID, r.Digest, f.at, m.ends(r.Began, f.at)); err != nil {
			return Session{}, own(err)
		}
		r.Ends = m.ends(r.Began, f.at)
	}
	if err == nil && f.at.After(r.Seen) {
		r.Seen = f.at
	}
	return m.session(r, f.hidden, f.at), err
}

// StepUp notes that the person of a session has authenticated himself again, with the
// method and the level of as, for [Config.StepUp]. The token changes: the old one is
// unknown from then on, what the session keeps stays. Of two step-ups with one token one
// succeeds, and the other gets [ErrUnknown]. If as has another codice fiscale, the error
// is [ErrOtherPerson] and nothing has changed. Whether a level suffices is the caller's to
// say. The other errors are those of [Manager.Find], without the session.
func (m *Manager) StepUp(ctx context.Context, token string, as electoral.Actor) (changed string, s Session, err error) {
	f, err := m.find(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	r, hidden := f.record, f.hidden
	if hidden.Actor.FiscalCode != as.FiscalCode {
		return "", Session{}, ErrOtherPerson
	}
	hidden.Elevated = f.at.Add(m.c.StepUp).UnixMilli()
	hidden.StepMethod, hidden.StepLevel = as.Method, as.Level
	secret := newSecret()
	n := Renewal{
		ID: r.ID, Old: r.Digest, New: digestOf(secret), Seen: f.at, Ends: m.ends(r.Began, f.at),
	}
	if n.Sealed, err = hidden.sealed(r.ID, secret); err != nil {
		return "", Session{}, err
	}
	if err := m.c.Store.Renew(ctx, n); err != nil {
		return "", Session{}, own(err)
	}
	r.Digest, r.Seen, r.Ends = n.New, n.Seen, n.Ends
	return r.ID + secret, m.session(r, hidden, f.at), nil
}

// End ends the session of a token, with what it keeps: the logout. It is no error if there
// is none.
func (m *Manager) End(ctx context.Context, token string) error {
	if m.c.Store == nil {
		return errNoManager
	}
	id, secret, ok := parse(token)
	if !ok {
		return nil
	}
	return own(m.c.Store.End(ctx, id, digestOf(secret)))
}

// List returns the live sessions of a person, the one that began last first.
func (m *Manager) List(ctx context.Context, person string) ([]Listed, error) {
	if m.c.Store == nil {
		return nil, errNoManager
	}
	records, err := m.c.Store.List(ctx, personDigest(m.c.Secret, person), m.now())
	if err != nil {
		return nil, own(err)
	}
	var list []Listed
	for _, r := range records {
		list = append(list, Listed{
			ID: r.ID, Role: r.Role, Method: r.Method, Device: r.Device, Began: r.Began, Seen: r.Seen, Ends: r.Ends,
		})
	}
	return list, nil
}

// Revoke ends a session of a person by its ID. If the person has no live session with that
// ID, also because it is another person's, the error is [ErrUnknown].
func (m *Manager) Revoke(ctx context.Context, person, id string) error {
	if m.c.Store == nil {
		return errNoManager
	}
	if !isID(id) {
		return ErrUnknown
	}
	n, err := m.c.Store.Revoke(ctx, personDigest(m.c.Secret, person), id, "", m.now())
	if err == nil && n == 0 {
		err = ErrUnknown
	}
	return own(err)
}

// RevokeAll ends all live sessions of a person but the one whose ID is except, which may be
// empty, and returns how many.
func (m *Manager) RevokeAll(ctx context.Context, person, except string) (int, error) {
	if m.c.Store == nil {
		return 0, errNoManager
	}
	n, err := m.c.Store.Revoke(ctx, personDigest(m.c.Secret, person), "", except, m.now())
	return n, own(err)
}

// Remaining is how long a session lasts if nothing else is asked; zero if it is over.
func (m *Manager) Remaining(s Session) time.Duration {
	if m.c.Now == nil {
		return 0
	}
	return max(0, s.Ends.Sub(m.now()))
}

// batch is how many sessions, things and drafts one transaction of Sweep deletes.
const batch = 500

// Sweep deletes the sessions that have been over for [Config.Told], the kept things and the
// drafts whose time has passed, and returns how many in all. It does so in steps, between
// which others go on, until none is left; if it ends early, another call goes on. It is for
// a job of one node, every few minutes.
func (m *Manager) Sweep(ctx context.Context) (int, error) {
	if m.c.Store == nil {
		return 0, errNoManager
	}
	at := m.now()
	for total := 0; ; {
		n, err := m.c.Store.Sweep(ctx, at.Add(-m.c.Told), at, batch)
		total += n
		if err != nil || n == 0 {
			return total, own(err)
		}
	}
}

// swept calls fn again after a sweep if there was no room: what is over may have had it.
func (m *Manager) swept(ctx context.Context, fn func() error) error {
	err := fn()
	if !errors.Is(err, ErrNoRoom) && !errors.Is(err, ErrFull) {
		return err
	}
	if n, failed := m.Sweep(ctx); failed != nil || n == 0 {
		return err
	}
	return fn()
}
