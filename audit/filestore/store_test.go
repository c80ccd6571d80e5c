package filestore

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/audittest"
)

func openNew(t *testing.T) audit.Store { return openAt(t, filepath.Join(t.TempDir(), "audit")) }

func openAt(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Config{})
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			require.ErrorIs(t, err, ErrClosed)
		}
	})
	return s
}

func TestStore(t *testing.T) { audittest.TestStore(t, openNew) }

func TestReopen(t *testing.T) {
	for _, full := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "audit")
		audittest.TestReopen(t,
			func(t *testing.T) audit.Store { return openAt(t, dir) },
			func(t *testing.T, s audit.Store) audit.Store {
				require.NoError(t, s.(*Store).Close())
				s2, err := Open(dir, Config{Full: full})
				require.NoError(t, err)
				t.Cleanup(func() { s2.Close() })
				require.Empty(t, s2.Recoveries())
				return s2
			})
	}
}
