package session_test

import (
	"testing"

	"github.com/liste-elettorali/anpr/transport/session"
	"github.com/liste-elettorali/anpr/transport/session/sessiontest"
)

func TestMemory(t *testing.T) {
	sessiontest.TestStore(t, func(*testing.T) (one, other session.Store) {
		s := session.NewMemory()
		return s, s
	})
}
