package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/transport/session"
)

const (
	sessionCookie = "__Host-sessione"
	// draftCookie leads to what was typed when the session expired, and to where one was
	// going before the login.
	draftCookie = "__Host-ripresa"
	// placeMark begins a value of that cookie which holds the place itself, of somebody
	// who had no session.
	placeMark   = "p."
	draftLife   = 30 * time.Minute
	previewLife = 15 * time.Minute
)

// A visitor is a person who has logged in, in one request.
type visitor struct {
	session.Session
	token string
}

func (v *visitor) request() electoral.Request {
	return electoral.Request{ID: newRequestID(), Actor: v.Actor}
}

// A look is what was found of the session of a request: the visitor, or why there is none.
type look struct {
	visitor *visitor
	was     session.Session // with ErrExpired and ErrRevoked
	err     error
}

type lookKey struct{}

// lookUp finds the session of a request, once.
func (st *site) lookUp(r *http.Request) *http.Request {
	l := look{err: session.ErrUnknown}
	if c, err := r.Cookie(sessionCookie); err == nil {
		found, err := st.sessions.Find(r.Context(), c.Value)
		if l.err = err; err == nil {
			l.visitor = &visitor{found, c.Value}
		} else {
			l.was = found
		}
	}
	return r.WithContext(context.WithValue(r.Context(), lookKey{}, l))
}

func looked(r *http.Request) look {
	l, ok := r.Context().Value(lookKey{}).(look)
	if !ok {
		return look{err: session.ErrUnknown}
	}
	return l
}

// visitorOf returns who has logged in, nil if nobody has.
func visitorOf(r *http.Request) *visitor { return looked(r).visitor }

// private is a handler for a visitor, whom the table of routes has admitted.
func (st *site) private(next func(http.ResponseWriter, *http.Request, *visitor)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if v := visitorOf(r); v != nil {
			next(w, r, v)
			return
		}
		st.failed(w, r, "private", errors.New("a page for visitors without one"))
	}
}

func cookie(name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	switch {
	case value == "":
		c.MaxAge = -1
	case life > 0:
		c.MaxAge = int(life.Seconds())
	}
	return c
}

// leave keeps where a request was going and what was typed, for after the login.
func (st *site) leave(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/area/sessione" || r.URL.Path == "/accesso/conferma" {
		return // nobody goes back there
	}
	l, form := looked(r), []byte(nil)
	person := ""
	if l.visitor != nil {
		person = l.visitor.Person // for a step-up
	} else if errors.Is(l.err, session.ErrExpired) || errors.Is(l.err, session.ErrRevoked) {
		person = l.was.Person
	}
	place := r.URL.EscapedPath()
	if r.Method == http.MethodPost {
		place = pageOf(place)
		if person != "" && r.ParseForm() == nil {
			form = []byte(r.PostForm.Encode())
		}
	} else if r.Method != http.MethodGet {
		return
	}
	if len(form) > session.MaxForm {
		form = nil
	}
	if c, err := r.Cookie(draftCookie); err == nil && form == nil && !strings.HasPrefix(c.Value, placeMark) {
		return // what was typed before is worth more than a place
	}
	if person == "" { // whoever asks without a session must not make the server write
		if len(place) <= session.MaxPlace {
			http.SetCookie(w, cookie(draftCookie, placeMark+base64.RawURLEncoding.EncodeToString([]byte(place)), draftLife))
		}
		return
	}
	token, err := st.sessions.Leave(r.Context(), person, place, form, draftLife)
	if err != nil {
		st.logger.WarnContext(r.Context(), "draft", "error", err)
		return
	}
	http.SetCookie(w, cookie(draftCookie, token, draftLife))
}

// pageOf returns the page on which a form stands, by the address to which it is sent.
func pageOf(path string) string {
	switch {
	case path == "/area/anteprima", path == "/area/emissione":
		return "/area/certificati"
	case strings.HasSuffix(path, "/invio"):
		return strings.TrimSuffix(path, "/invio")
	}
	return path
}

// resume leads to where the visitor was going before he logged in. What he had typed is
// kept for the page, which shows it again.
func (st *site) resume(w http.ResponseWriter, r *http.Request, s session.Session) string {
	c, err := r.Cookie(draftCookie)
	if err != nil {
		return "/area"
	}
	http.SetCookie(w, cookie(draftCookie, "", 0))
	var place string
	var form []byte
	if text, ok := strings.CutPrefix(c.Value, placeMark); ok {
		var data []byte
		data, err = base64.RawURLEncoding.DecodeString(text)
		place = string(data)
	} else {
		place, form, err = st.sessions.Resume(r.Context(), c.Value, s.Person)
	}
	if err != nil || !st.isPage(place) {
		return "/area"
	}
	if len(form) > 0 {
		if id, err := st.sessions.Keep(r.Context(), s, form, draftLife); err == nil {
			return place + "?ripresa=" + id
		}
	}
	return place
}

// isPage reports whether a path is one of the reserved area's pages.
func (st *site) isPage(path string) bool {
	if path != "/area" && !strings.HasPrefix(path, "/area/") {
		return false
	}
	return st.routeOf(path) != "-"
}

// typedBefore returns the form that a page is to show again, empty if there is none.
func (st *site) typedBefore(r *http.Request, v *visitor) (form map[string]string) {
	id := r.URL.Query().Get("ripresa")
	if id == "" {
		return nil
	}
	data, err := st.sessions.Kept(r.Context(), v.Session, id)
	if err != nil {
		return nil
	}
	return parseTyped(string(data))
}

// A pending is a preview that waits for «Conferma».
type pending struct {
	Request  json.RawMessage
	PDF      []byte
	Sentence string
	// Issued is how many certificates of the kind the person had been issued on the day.
	Issued int
}
