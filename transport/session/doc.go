// Package session keeps the sessions ("sessioni") of people who use web pages: who has
// logged in, until when, from where it can be seen and ended, what was shown and waits for
// a confirmation, and what was typed when a session expired. It knows no HTTP: a server
// puts the token into a cookie (HttpOnly, Secure, SameSite) and asks [Manager.Find] with it.
//
// # What a store holds
//
// A token is the session's ID and a secret of 260 random bits. A [Store] holds the SHA-256
// of the secret, and what is known of the person encrypted with a key that is derived from
// the secret (AES-256-GCM); previews and drafts are encrypted likewise. Who reads the
// database, a backup or a page that was freed finds no name, no codice fiscale, no preview
// and no token: only digests of persons (keyed by [Config.Secret]), times, roles, methods
// and the descriptions of devices. So nothing needs to be purged from the files of a
// database; rows are deleted when a session ends, and by [Manager.Sweep].
//
// # When a session ends
//
// A session ends when nothing was asked for [Config.Idle], and at the latest after
// [Config.Most]. The instant stands in the store, and all nodes compare with it alone. Not
// each request writes it: only one that comes a tenth of Idle or more after the last that
// did. The instant lies that tenth further away, so that a session never ends before Idle
// has passed, and lasts up to a tenth longer.
//
// # Clocks
//
// Instants come from [Config.Now] of each node. A node whose clock is d ahead ends a session
// up to d early, one that is behind up to d late; no session ends for another reason, and no
// instant goes back. Keep the nodes within a second by NTP.
//
// # If the store fails
//
// An error that wraps [ErrUnavailable] says that it is not known whether there is a session.
// A page answers 503 and leaves the cookie: it must not take it for [ErrUnknown].
package session
