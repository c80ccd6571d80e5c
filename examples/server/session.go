package main

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
)

const (
	sessionCookie = "__Host-sessione"
	sessionIdle   = 15 * time.Minute
	sessionMost   = 8 * time.Hour
	maxSessions   = 10_000
	maxPending    = 5 // previews of one session
)

// A session is that of a person who has logged in.
type session struct {
	actor electoral.Actor
	name  string
	// person is the ANPR id of that person.
	person string

	began, seen time.Time
	// pending holds the previews that may be confirmed, by their id; order
	// lists the ids, the oldest first.
	pending map[string]pending
	order   []string
}

// A pending is a preview that waits for «Conferma».
type pending struct {
	request  certificate.Request
	pdf      []byte
	sentence string
}

// sessions are kept in memory: after a restart people log in again. Tokens are
// kept only as digests.
type sessions struct {
	now func() time.Time

	mu  sync.Mutex
	all map[[32]byte]*session
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, all: map[[32]byte]*session{}}
}

// begin gives a new session to the browser, in place of the one it had.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, n *session) bool {
	s.end(w, r)
	token := rand.Text() + rand.Text()[:13] // 195 bits
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for key, old := range s.all {
		if old.over(now) {
			delete(s.all, key)
		}
	}
	if len(s.all) >= maxSessions {
		return false
	}
	n.began, n.seen, n.pending = now, now, map[string]pending{}
	s.all[sha256.Sum256([]byte(token))] = n
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: token, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return true
}

func (n *session) over(now time.Time) bool {
	return now.Sub(n.seen) > sessionIdle || now.Sub(n.began) > sessionMost
}

// of returns the session of a request, nil if it has none.
func (s *sessions) of(r *http.Request) *session {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	key := sha256.Sum256([]byte(c.Value))
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.all[key]
	if n == nil {
		return nil
	}
	if now := s.now(); n.over(now) {
		delete(s.all, key)
		return nil
	} else {
		n.seen = now
	}
	return n
}

// end forgets the session of a request.
func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		delete(s.all, sha256.Sum256([]byte(c.Value)))
		s.mu.Unlock()
		http.SetCookie(w, &http.Cookie{
			Name: sessionCookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1,
		})
	}
}

// keep keeps a preview and returns its id.
func (s *sessions) keep(n *session, p pending) string {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(n.order) >= maxPending {
		delete(n.pending, n.order[0])
		n.order = n.order[1:]
	}
	n.pending[id], n.order = p, append(n.order, id)
	return id
}

func (s *sessions) waiting(n *session, id string) (pending, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := n.pending[id]
	return p, ok
}
