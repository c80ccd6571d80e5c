package sqlstore_test

import (
	"context"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/transport/session"
	"github.com/liste-elettorali/anpr/transport/session/sessiontest"
	"github.com/liste-elettorali/anpr/transport/session/sqlstore"
)

// each are the engines, each with an empty place and a function that opens it.
var each = []struct {
	name string
	at   func(t testing.TB) string
	open func(t testing.TB, place string) *sqlstore.Store
}{
	{"sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "sessions.db") }, openSQLite},
	{"postgres", func(t testing.TB) string { return elsewhere(t, testenv.Postgres(t)) }, openPostgres},
}

func openSQLite(t testing.TB, file string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenSQLite(context.Background(), file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openPostgres(t testing.TB, dsn string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenPostgres(context.Background(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// elsewhere returns a DSN whose search_path has no table of ours: a table that a
// statement does not qualify is not found.
func elsewhere(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", "pg_catalog")
	u.RawQuery = q.Encode()
	return u.String()
}

func TestStore(t *testing.T) {
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			sessiontest.TestStore(t, func(t *testing.T) (one, other session.Store) {
				place := e.at(t)
				return e.open(t, place), e.open(t, place)
			})
		})
	}
}
