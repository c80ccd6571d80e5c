package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
)

// Errors of a [Manager], beside those of a [Store].
var (
	// ErrExpired means that the session is over because nothing was asked for too long,
	// or because it has lasted as long as it may.
	ErrExpired = errors.New("session: the session has expired")
	// ErrRevoked means that the session was ended from elsewhere, or that its person has
	// begun more of them than may be live at once.
	ErrRevoked = errors.New("session: the session was ended from elsewhere")
	// ErrUnavailable means that the store has failed: nothing is known of the session.
	ErrUnavailable = errors.New("session: the store of the sessions is not available")
	// ErrTooLarge means that a thing or a draft has more bytes than it may.
	ErrTooLarge = errors.New("session: more bytes than may be kept")
	// ErrOtherPerson means that somebody else than the session's person has
	// authenticated himself for a step-up.
	ErrOtherPerson = errors.New("session: somebody else has authenticated himself")
)

// An Identity is who has logged in.
type Identity struct {
	Actor electoral.Actor
	// Person is the ANPR id, by which sessions are counted, listed and revoked; for
	// somebody without one another lasting id, but not the codice fiscale. Required: 1 to
	// 64 printable ASCII characters, no blanks.
	Person string
	// Name is for pages: up to 256 bytes of UTF-8.
	Name string
	// Device says in a few words from where, such as the browser's family. Control
	// characters are replaced, and what is beyond 64 bytes is left out.
	Device string
}

// A Session is a session as it was at an instant. Only one that a [Manager] has returned
// can be given back to it.
type Session struct {
	// ID names it in a list and when it is revoked. It is random and no secret.
	ID string
	// Actor, Person, Name and Device are those of the [Identity] that has begun it.
	Actor                electoral.Actor
	Person, Name, Device string
	// Began is when it began, Seen when the last request came that is on record, or the
	// one that has returned this value.
	Began, Seen time.Time
	// Ends is the first instant at which it is over if nothing else is asked; Latest
	// that beyond which it cannot be extended.
	Ends, Latest time.Time
	// Elevated is until when the step-up counts; the zero time if there was none. While
	// it counts, Actor has the method and the level of the step-up.
	Elevated time.Time

	digest Digest
	key    []byte // of what the session keeps
}

// A Listed session is what its person is shown of it.
type Listed struct {
	ID                string
	Role              electoral.Role
	Method            electoral.Method
	Device            string
	Began, Seen, Ends time.Time
}

// A Config says how sessions are kept. All nodes on one store should have the same.
type Config struct {
	// Store is required.
	Store Store
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// Secret keys the digests by which the store knows persons: the same 32 bytes or more
	// on each node, kept apart from the store. Without it they are digests that who reads
	// the store can compute for an ANPR id. With another secret the sessions of before
	// are neither listed nor counted under their person.
	Secret []byte
	// Idle is after how long without a request a session expires, from a minute on; zero
	// means 15 minutes. Most is how long it may last at the most, from Idle on; zero
	// means 8 hours, or Idle if that is more.
	Idle, Most time.Duration
	// PerPerson is how many sessions a person may have at once; with one more the oldest
	// is revoked. Zero means 5.
	PerPerson int
	// All is how many sessions there may be at once; zero means 10,000. [Manager.Begin]
	// counts them, one login after the other: in SQL 10,000 take it a few milliseconds, a
	// million a fifth of a second, and so do as many kept things [Manager.Keep].
	All int
	// StepUp is how long a step-up counts; zero means 5 minutes.
	StepUp time.Duration
	// Told is how long after its end the holder of a token is told that the session has
	// expired or was revoked, and whose it was; zero means 30 minutes.
	Told time.Duration
	// Things and Bytes are how many things a session keeps and how many bytes they have
	// together, encrypted; zero means 5, and 5 times [MaxThing] and a little. AllBytes is
	// how many those of all sessions have; zero means 1 GiB.
	Things, Bytes, AllBytes int
	// DraftsPerPerson is how many drafts a person may have, Drafts how many there may be
	// with an owner, and how many without; zero means 5 and 10,000.
	DraftsPerPerson, Drafts int
}

// The limits of what is kept, in bytes.
const (
	// MaxThing is that of [Manager.Keep], MaxPlace and MaxForm those of [Manager.Leave].
	MaxThing = 512 << 10
	MaxPlace = 2 << 10
	MaxForm  = 16 << 10
)

const (
	maxPerson = 64
	maxName   = 256
	maxDevice = 64
	// sealing is more than sealing adds to a thing.
	sealing = 64
)

// withDefaults returns a configuration without zeros, or an error that says which field
// is wrong.
func (c Config) withDefaults() (Config, error) {
	if c.Store == nil {
		return c, errors.New("session: Config.Store: expected a store")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if n := len(c.Secret); n > 0 && n < 32 {
		return c, fmt.Errorf("session: Config.Secret: %d bytes: expected none, or 32 or more", n)
	}
	for _, d := range []struct {
		name           string
		value          *time.Duration
		standard, from time.Duration
	}{
		{"Idle", &c.Idle, 15 * time.Minute, time.Minute},
		{"Most", &c.Most, max(8*time.Hour, c.Idle), time.Minute},
		{"StepUp", &c.StepUp, 5 * time.Minute, time.Second},
		{"Told", &c.Told, 30 * time.Minute, time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
		if *d.value < d.from || *d.value > 366*24*time.Hour {
			return c, fmt.Errorf("session: Config.%s: %v: expected %v to a year", d.name, *d.value, d.from)
		}
	}
	if c.Most < c.Idle {
		return c, fmt.Errorf("session: Config.Most: %v: expected Idle, %v, or more", c.Most, c.Idle)
	}
	for _, n := range []struct {
		name     string
		value    *int
		standard int
	}{
		{"PerPerson", &c.PerPerson, 5},
		{"All", &c.All, 10_000},
		{"Things", &c.Things, 5},
		{"Bytes", &c.Bytes, 5 * (MaxThing + sealing)},
		{"AllBytes", &c.AllBytes, 1 << 30},
		{"DraftsPerPerson", &c.DraftsPerPerson, 5},
		{"Drafts", &c.Drafts, 10_000},
	} {
		if *n.value == 0 {
			*n.value = n.standard
		}
		if *n.value < 0 {
			return c, fmt.Errorf("session: Config.%s: %d: expected 0 or more", n.name, *n.value)
		}
	}
	return c, nil
}

// fit refuses an identity that cannot be kept, and shortens the device.
func (i Identity) fit() (Identity, error) {
	printable := strings.IndexFunc(i.Person, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	switch {
	case i.Person == "" || len(i.Person) > maxPerson || !printable:
		return i, fmt.Errorf("session: Identity.Person: expected 1 to %d printable ASCII characters", maxPerson)
	case len(i.Name) > maxName || !utf8.ValidString(i.Name):
		return i, fmt.Errorf("session: Identity.Name: expected up to %d bytes of UTF-8", maxName)
	}
	for name, s := range map[string]string{"Role": string(i.Actor.Role), "Method": string(i.Actor.Method)} {
		if len(s) > maxPerson || !utf8.ValidString(s) || strings.IndexFunc(s, unicode.IsControl) >= 0 {
			return i, fmt.Errorf("session: Identity.Actor.%s: expected up to %d bytes without control characters", name,
				maxPerson)
		}
	}
	i.Device = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(i.Device, " "))
	for len(i.Device) > maxDevice {
		_, size := utf8.DecodeLastRuneInString(i.Device)
		i.Device = i.Device[:len(i.Device)-size]
	}
	return i, nil
}

// secrets is what a record has encrypted. Its names are those of the JSON: a session
// outlives a program.
type secrets struct {
	Key        []byte           `json:"key"`
	Person     string           `json:"person"`
	Name       string           `json:"name"`
	Actor      kept             `json:"actor"`
	Elevated   int64            `json:"elevated,omitempty"` // milliseconds since 1970
	StepMethod electoral.Method `json:"stepMethod,omitempty"`
	StepLevel  int              `json:"stepLevel,omitempty"`
}

// kept is an [electoral.Actor], whose fields it has in the same order.
type kept struct {
	FiscalCode  electoral.FiscalCode `json:"fiscalCode"`
	Role        electoral.Role       `json:"role"`
	Comune      string               `json:"comune"`
	Method      electoral.Method     `json:"method"`
	Level       int                  `json:"level"`
	ActingFor   electoral.FiscalCode `json:"actingFor"`
	Station     string               `json:"station"`
	Device      string               `json:"device"`
	AccessPoint string               `json:"accessPoint"`
}

// sealed encrypts what is secret of a session.
func (s secrets) sealed(id, secret string) ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return seal(keyOf([]byte(secret), "session"), id, text)
}

func unsealed(r Record, secret string) (s secrets, err error) {
	text, err := open(keyOf([]byte(secret), "session"), r.ID, r.Sealed)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, err
}

// session puts together what a record says at an instant.
func (m *Manager) session(r Record, s secrets, at time.Time) Session {
	out := Session{
		ID: r.ID, Actor: electoral.Actor(s.Actor), Person: s.Person, Name: s.Name, Device: r.Device,
		Began: r.Began, Seen: r.Seen, Ends: r.Ends, Latest: r.Began.Add(m.c.Most),
		digest: r.Digest, key: s.Key,
	}
	if s.Elevated != 0 {
		out.Elevated = time.UnixMilli(s.Elevated).UTC()
		if at.Before(out.Elevated) {
			out.Actor.Method, out.Actor.Level = s.StepMethod, s.StepLevel
		}
	}
	return out
}

// own returns an error of the store under the name that callers know.
func own(err error) error {
	for _, named := range []error{ErrUnknown, ErrFull, ErrNoRoom, ErrNotKept, ErrNoDraft} {
		if errors.Is(err, named) {
			return err
		}
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}
