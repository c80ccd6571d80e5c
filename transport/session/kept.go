package session

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Keep keeps data of a session, such as a preview that waits for its confirmation, for a
// time or until the session ends, and returns its id, which is of no use without the
// session. data has at most [MaxThing] bytes, else the error is [ErrTooLarge]. Beyond
// [Config.Things] and [Config.Bytes] the oldest things of the session are dropped; with
// [Config.AllBytes] of all sessions the error is [ErrNoRoom], and [ErrUnknown] if the
// session is over.
func (m *Manager) Keep(ctx context.Context, s Session, data []byte, ttl time.Duration) (id string, err error) {
	if m.c.Store == nil {
		return "", errNoManager
	}
	if len(s.key) == 0 {
		return "", ErrUnknown
	}
	if len(data) > min(MaxThing, m.c.Bytes-sealing) {
		return "", fmt.Errorf("%w: %d: expected at most %d", ErrTooLarge, len(data), min(MaxThing, m.c.Bytes-sealing))
	}
	if ttl <= 0 || ttl > m.c.Most {
		return "", fmt.Errorf("session: ttl %v: expected up to %v", ttl, m.c.Most)
	}
	at := m.now()
	t := Thing{ID: newID(), Session: s.ID, Digest: s.digest, Ends: at.Add(ttl).Truncate(time.Millisecond)}
	if t.Sealed, err = seal(keyOf(s.key, "thing"), t.ID, data); err != nil {
		return "", err
	}
	err = m.swept(ctx, func() error {
		return m.c.Store.Keep(ctx, t, Room{At: at, Things: m.c.Things, Bytes: m.c.Bytes, AllBytes: m.c.AllBytes})
	})
	if err != nil {
		return "", own(err)
	}
	return t.ID, nil
}

// Kept returns what a session keeps under an id; [ErrNotKept] if nothing. The session must
// come from a [Manager.Find] of the same request, which says whether it is live.
func (m *Manager) Kept(ctx context.Context, s Session, id string) ([]byte, error) {
	if m.c.Store == nil {
		return nil, errNoManager
	}
	if len(s.key) == 0 || !isID(id) {
		return nil, ErrNotKept
	}
	t, err := m.c.Store.Kept(ctx, s.ID, id, m.now())
	if err != nil {
		return nil, own(err)
	}
	data, err := open(keyOf(s.key, "thing"), t.ID, t.Sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotKept, err)
	}
	return data, nil
}

// Drop deletes what a session keeps under an id. It is no error if there is nothing.
func (m *Manager) Drop(ctx context.Context, s Session, id string) error {
	if m.c.Store == nil {
		return errNoManager
	}
	if len(s.key) == 0 || !isID(id) {
		return nil
	}
	return own(m.c.Store.Drop(ctx, s.ID, id))
}

// A place is what a draft has encrypted.
type place struct {
	Place []byte `json:"place"` // which need not be UTF-8
	Form  []byte `json:"form,omitempty"`
}

// Leave keeps where somebody was going and what he had typed, for up to a day, and returns a
// token for the page where he logs in. person is whose session it was, and only to that
// person it is given again; if it is empty the form is not kept, and the place is given to
// whoever has the token. What is longer than [MaxPlace] or [MaxForm] is [ErrTooLarge]. A
// person has [Config.DraftsPerPerson] drafts, of which the oldest goes first; with
// [Config.Drafts] in all the error is [ErrFull].
//
// The place is the caller's: before it leads there, a server must see that it is one of its
// own pages.
func (m *Manager) Leave(
	ctx context.Context, person, to string, form []byte, ttl time.Duration,
) (token string, err error) {
	if m.c.Store == nil {
		return "", errNoManager
	}
	if len(to) > MaxPlace || len(form) > MaxForm {
		return "", fmt.Errorf("%w: a place of %d, a form of %d: expected at most %d and %d", ErrTooLarge, len(to),
			len(form), MaxPlace, MaxForm)
	}
	if ttl <= 0 || ttl > 24*time.Hour {
		return "", fmt.Errorf("session: ttl %v: expected up to a day", ttl)
	}
	at, secret := m.now(), newSecret()
	d := Draft{ID: newID(), Made: at, Ends: at.Add(ttl).Truncate(time.Millisecond)}
	if person == "" {
		form = nil
	} else {
		d.Owner = personDigest(m.c.Secret, person)
	}
	text, err := json.Marshal(place{Place: []byte(to), Form: form})
	if err != nil {
		return "", err
	}
	if d.Sealed, err = seal(keyOf([]byte(secret), "draft"), d.ID+d.Owner, text); err != nil {
		return "", err
	}
	err = m.swept(ctx, func() error {
		return m.c.Store.Leave(ctx, d, DraftRoom{
			At: at, PerOwner: m.c.DraftsPerPerson, Ownerless: m.c.Drafts, All: m.c.Drafts,
		})
	})
	if err != nil {
		return "", own(err)
	}
	return d.ID + secret, nil
}

// Resume returns what [Manager.Leave] has kept, once, to the person whose it is. Everybody
// else, also a person who has logged in with somebody else's token, gets [ErrNoDraft], as
// for a token that never was; the draft stays for its owner.
func (m *Manager) Resume(ctx context.Context, token, person string) (to string, form []byte, err error) {
	if m.c.Store == nil {
		return "", nil, errNoManager
	}
	id, secret, ok := parse(token)
	if !ok {
		return "", nil, ErrNoDraft
	}
	d, err := m.c.Store.Left(ctx, id, m.now())
	if err != nil {
		return "", nil, own(err)
	}
	if d.Owner != "" && (person == "" || d.Owner != personDigest(m.c.Secret, person)) {
		return "", nil, ErrNoDraft
	}
	text, err := open(keyOf([]byte(secret), "draft"), d.ID+d.Owner, d.Sealed)
	if err != nil {
		return "", nil, ErrNoDraft
	}
	var p place
	if err := json.Unmarshal(text, &p); err != nil {
		return "", nil, ErrNoDraft
	}
	if err := m.c.Store.Take(ctx, id); err != nil {
		return "", nil, own(err)
	}
	return string(p.Place), p.Form, nil
}
