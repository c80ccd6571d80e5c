package audit_test

import (
	"testing"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/audittest"
)

func TestMemoryStore(t *testing.T) {
	audittest.TestStore(t, func(*testing.T) audit.Store { return &audit.MemoryStore{} })
}
