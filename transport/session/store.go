package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// Errors of a [Store] and of a [Manager].
var (
	// ErrUnknown means that there is no such session: it never was, it was ended by its
	// own browser, it was over for longer than [Config.Told], or its token was changed.
	ErrUnknown = errors.New("session: no such session")
	// ErrFull means that there are as many sessions or drafts in all as may be.
	ErrFull = errors.New("session: there are as many as may be")
	// ErrNoRoom means that the kept things of all sessions take as many bytes as they may.
	ErrNoRoom = errors.New("session: there is no room to keep more")
	// ErrNotKept means that a session has no such thing: it never had, it was dropped, or
	// its time is over.
	ErrNotKept = errors.New("session: nothing is kept under this id")
	// ErrNoDraft means that there is no such draft for the person who asks.
	ErrNoDraft = errors.New("session: no such draft")
)

// A Digest is the SHA-256 of the secret in a token.
type Digest [sha256.Size]byte

// A Record is a session as a [Store] holds it. Its instants are UTC, to the millisecond.
type Record struct {
	// ID is the session's: 26 characters A-Z and 2-7.
	ID     string
	Digest Digest
	// Person is a digest of the person's id.
	Person string
	Role   electoral.Role
	Method electoral.Method
	Device string

	Began, Seen time.Time
	// Ends is the first instant at which the session is over.
	Ends time.Time
	// Revoked says that it was ended from elsewhere, at Ends.
	Revoked bool
	// Sealed is the rest, encrypted.
	Sealed []byte
}

// A Renewal changes the token of a session.
type Renewal struct {
	ID       string
	Old, New Digest
	// Seen is the instant of the change, Ends the new end.
	Seen, Ends time.Time
	Sealed     []byte
}

// A Beginning says what else happens when a session is added.
type Beginning struct {
	// Old is a session of the same browser, with its digest, which is deleted. Its ID is
	// empty if there is none.
	Old       string
	OldDigest Digest
	// At is the instant; PerPerson and All are how many may be live, with the new one, of
	// its person and of all. Less than 1 means 1.
	At             time.Time
	PerPerson, All int
}

// A Thing is what a session keeps, as a [Store] holds it.
type Thing struct {
	// ID is the thing's own: 26 characters A-Z and 2-7.
	ID string
	// Session and Digest are those of its session.
	Session string
	Digest  Digest
	Ends    time.Time
	Sealed  []byte
}

// Room bounds what is kept. Bytes are those of [Thing.Sealed].
type Room struct {
	At time.Time
	// Things and Bytes bound what one session keeps, AllBytes what all do. The new thing
	// stays in any case.
	Things, Bytes, AllBytes int
}

// A Draft is what was typed and where its person was going, as a [Store] holds it.
type Draft struct {
	// ID is the draft's own: 26 characters A-Z and 2-7.
	ID string
	// Owner is a digest of the person's id; empty if nobody was known.
	Owner      string
	Made, Ends time.Time
	Sealed     []byte
}

// DraftRoom bounds the drafts.
type DraftRoom struct {
	At time.Time
	// PerOwner bounds those of one owner, Ownerless those without: beyond it the oldest
	// are deleted. All bounds those with an owner: beyond it a new one is refused. Less
	// than 1 means 1.
	PerOwner, Ownerless, All int
}

// A Store holds sessions. Each method is atomic, also with several processes on one
// store, and what it has changed is durable as far as the store is; each may be called
// concurrently. A session is live at an instant if it is not revoked and its Ends comes
// later. Arguments belong to the caller again when a method returns. An error that is none
// of those that a method names means that the store has failed.
//
// Package sessiontest holds the tests that an implementation must pass.
type Store interface {
	// Begin adds a session, whose ID is new. It deletes the old session of the same
	// browser, and revokes the sessions of the same person that are live and began
	// first, until PerPerson are live with the new one. If more than All are live then,
	// it returns [ErrFull] and has changed nothing.
	Begin(ctx context.Context, r Record, b Beginning) error
	// Find returns a session, live or not; [ErrUnknown] if there is none.
	Find(ctx context.Context, id string) (Record, error)
	// Touch sets Seen and Ends of a session that is live at seen, has that digest, and an
	// earlier Seen. Otherwise it does nothing, which is no error.
	Touch(ctx context.Context, id string, d Digest, seen, ends time.Time) error
	// Renew changes the token of a session that is live at n.Seen and has the old digest;
	// else it returns [ErrUnknown]. Of two with the same old digest one succeeds.
	Renew(ctx context.Context, n Renewal) error
	// End deletes a session that has that digest, with what it keeps. It is no error if
	// there is none.
	End(ctx context.Context, id string, d Digest) error
	// Revoke revokes sessions of a person that are live at an instant, and deletes what
	// they keep: the one with an id or, if id is empty, all but the one whose id is except.
	// It returns how many it has revoked.
	Revoke(ctx context.Context, person, id, except string, at time.Time) (int, error)
	// List returns the sessions of a person that are live at an instant, without Sealed;
	// the one that began last comes first.
	List(ctx context.Context, person string, at time.Time) ([]Record, error)

	// Keep adds a thing to a session that is live and has the thing's digest; else it
	// returns [ErrUnknown]. It deletes the oldest things of the session until there are
	// no more, and no more bytes, than one session may keep. If those of all sessions
	// have more than AllBytes then, it returns [ErrNoRoom] and has changed nothing.
	Keep(ctx context.Context, t Thing, room Room) error
	// Kept returns a thing of a session whose Ends is after an instant; else [ErrNotKept].
	// It does not look whether the session is live.
	Kept(ctx context.Context, session, id string, at time.Time) (Thing, error)
	// Drop deletes a thing. It is no error if there is none.
	Drop(ctx context.Context, session, id string) error

	// Leave adds a draft, and deletes the oldest of the same owner beyond what may be. If
	// there are more than All with an owner then, it returns [ErrFull] and has changed
	// nothing.
	Leave(ctx context.Context, d Draft, room DraftRoom) error
	// Left returns a draft whose Ends is after an instant; else [ErrNoDraft].
	Left(ctx context.Context, id string, at time.Time) (Draft, error)
	// Take deletes a draft; [ErrNoDraft] if there is none. Of two one succeeds.
	Take(ctx context.Context, id string) error

	// Sweep deletes up to n sessions whose Ends is not after before, up to n things whose
	// Ends, or whose session's Ends, is not after at, and up to n drafts whose Ends is not
	// after at. What sessions that it deletes keep is deleted too. It returns how many
	// sessions, things and drafts it has deleted, those things apart.
	Sweep(ctx context.Context, before, at time.Time, n int) (int, error)
}
