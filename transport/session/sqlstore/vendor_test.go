package sqlstore_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/transport/session"
	"github.com/liste-elettorali/anpr/transport/session/sessiontest"
	"github.com/liste-elettorali/anpr/transport/session/sqlstore"
)

// open opens a schema twice.
func open(t *testing.T, c sqlstore.PostgresConfig) (one, other session.Store) {
	t.Helper()
	_, err := c.Open(t.Context())
	require.ErrorIs(t, err, sqlstore.ErrNotMigrated)
	require.NoError(t, c.Migrate(t.Context()))
	a, err := c.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.Close() })
	b, err := c.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return a, b
}

// TestOnPool holds stores in many schemas, on one pool whose search_path leads nowhere, to
// the suite.
func TestOnPool(t *testing.T) {
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
		t.Run(mode.String(), func(t *testing.T) {
			config, err := pgxpool.ParseConfig(testenv.PostgresDatabase(t) + "&search_path=nowhere")
			require.NoError(t, err)
			config.MaxConns, config.ConnConfig.DefaultQueryExecMode = 8, mode
			pool, err := pgxpool.NewWithConfig(t.Context(), config)
			require.NoError(t, err)
			t.Cleanup(pool.Close)
			var schemas atomic.Int32
			sessiontest.TestStore(t, func(t *testing.T) (one, other session.Store) {
				// Two on one pool: together they leave it one connection.
				return open(t, sqlstore.PostgresConfig{Pool: pool, Schema: fmt.Sprint("comune ", schemas.Add(1)),
					Transactions: 3})
			})
		})
	}
}

// TestBehindPgBouncer holds them to the suite through PgBouncer in transaction mode.
func TestBehindPgBouncer(t *testing.T) {
	dsn := testenv.PgBouncer(t, testenv.PostgresDatabase(t))
	var schemas atomic.Int32
	sessiontest.TestStore(t, func(t *testing.T) (one, other session.Store) {
		return open(t, sqlstore.PostgresConfig{
			DSN: dsn + "&default_query_exec_mode=exec&pool_max_conns=4", Schema: fmt.Sprint("s", schemas.Add(1)),
		})
	})
}

// TestRoles: the application does everything but DDL, the reader reads.
func TestRoles(t *testing.T) {
	dsn := testenv.PostgresDatabase(t)
	var as [3]string
	grant := func(role sqlstore.Role, name string) {
		t.Helper()
		list, err := sqlstore.Grants("", name, role)
		require.NoError(t, err)
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		defer func() { _ = conn.Close(t.Context()) }()
		for _, text := range list {
			_, err := conn.Exec(t.Context(), text)
			require.NoError(t, err, text)
		}
	}
	var names [3]string
	for _, role := range []sqlstore.Role{sqlstore.OwnerRole, sqlstore.ApplicationRole, sqlstore.ReaderRole} {
		names[role], as[role] = testenv.PostgresRole(t, dsn)
	}
	grant(sqlstore.OwnerRole, names[sqlstore.OwnerRole])
	require.NoError(t, sqlstore.PostgresConfig{DSN: as[sqlstore.OwnerRole]}.Migrate(t.Context()))
	grant(sqlstore.ApplicationRole, names[sqlstore.ApplicationRole])
	grant(sqlstore.ReaderRole, names[sqlstore.ReaderRole])

	manager := func(role sqlstore.Role) *session.Manager {
		s, err := sqlstore.PostgresConfig{DSN: as[role]}.Open(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		m, err := session.New(session.Config{Store: s})
		require.NoError(t, err)
		return m
	}
	application, reader := manager(sqlstore.ApplicationRole), manager(sqlstore.ReaderRole)
	token, s, err := application.Begin(t.Context(), sessiontest.Somebody(1), "")
	require.NoError(t, err)
	_, err = application.Keep(t.Context(), s, []byte("x"), time.Minute)
	require.NoError(t, err)
	_, err = application.Sweep(t.Context())
	require.NoError(t, err)
	_, err = reader.Peek(t.Context(), token)
	require.NoError(t, err)
	err = reader.End(t.Context(), token)
	require.ErrorIs(t, err, sqlstore.ErrDenied)
	require.ErrorIs(t, err, session.ErrUnavailable)
}

// TestMigrations: the scripts name each table in braces.
func TestMigrations(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		data, err := fs.ReadFile(sqlstore.Migrations(), "migrations/"+engine+"/0001_sessions.sql")
		require.NoError(t, err)
		require.Contains(t, string(data), "CREATE TABLE {web_sessions}")
		require.NotContains(t, string(data), "CREATE TABLE web_")
	}
}

// TestReopen: sessions, with what they keep, survive a restart.
func TestReopen(t *testing.T) {
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			place := e.at(t)
			first := e.open(t, place)
			m, err := session.New(session.Config{Store: first})
			require.NoError(t, err)
			token, s, err := m.Begin(t.Context(), sessiontest.Somebody(1), "")
			require.NoError(t, err)
			id, err := m.Keep(t.Context(), s, []byte("a preview"), time.Hour)
			require.NoError(t, err)
			draft, err := m.Leave(t.Context(), s.Person, "/", []byte("x"), time.Hour)
			require.NoError(t, err)
			require.NoError(t, first.Close())
			_, err = m.Find(t.Context(), token)
			require.ErrorIs(t, err, session.ErrUnavailable)

			m, err = session.New(session.Config{Store: e.open(t, place)})
			require.NoError(t, err)
			s, err = m.Find(t.Context(), token)
			require.NoError(t, err)
			data, err := m.Kept(t.Context(), s, id)
			require.NoError(t, err)
			require.Equal(t, "a preview", string(data))
			_, _, err = m.Resume(t.Context(), draft, s.Person)
			require.NoError(t, err)
		})
	}
}

// TestFilesSayNothing: in the files there is neither who somebody is nor what was kept, so
// that nothing need be purged.
func TestFilesSayNothing(t *testing.T) {
	dir := t.TempDir()
	m, err := session.New(session.Config{Store: openSQLite(t, filepath.Join(dir, "sessions.db"))})
	require.NoError(t, err)
	who := sessiontest.Somebody(1)
	token, s, err := m.Begin(t.Context(), who, "")
	require.NoError(t, err)
	_, err = m.Keep(t.Context(), s, []byte("a preview of somebody"), time.Hour)
	require.NoError(t, err)
	draft, err := m.Leave(t.Context(), s.Person, "/rettifica", []byte("what somebody types"), time.Hour)
	require.NoError(t, err)
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all.Write(data)
		return err
	}))
	require.Contains(t, all.String(), s.ID)
	require.Contains(t, all.String(), who.Device)
	for _, secret := range []string{
		token[26:], draft[26:], who.Name, who.Person, string(who.Actor.FiscalCode), string(who.Actor.ActingFor), "a preview",
		"rettifica", "types",
	} {
		require.NotContains(t, all.String(), secret)
	}
}

// TestDamaged: a row that somebody has changed leads to no session, and to no other's.
func TestDamaged(t *testing.T) {
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			store := e.open(t, e.at(t))
			m, err := session.New(session.Config{Store: store})
			require.NoError(t, err)
			exec := func(text string, args ...any) {
				t.Helper()
				require.NoError(t, store.Exec(context.Background(), text, args...))
			}
			token, s, err := m.Begin(t.Context(), sessiontest.Somebody(1), "")
			require.NoError(t, err)
			_, other, err := m.Begin(t.Context(), sessiontest.Somebody(2), "")
			require.NoError(t, err)
			exec(`UPDATE {web_sessions} SET sealed = (SELECT sealed FROM {web_sessions} WHERE id = $1) WHERE id = $2`,
				other.ID, s.ID)
			_, err = m.Find(t.Context(), token)
			require.ErrorIs(t, err, session.ErrUnknown)
			exec(`UPDATE {web_sessions} SET digest = $1 WHERE id = $2`, []byte("short"), s.ID)
			_, err = m.Find(t.Context(), token)
			require.ErrorIs(t, err, session.ErrUnavailable)
		})
	}
}

// TestZero: the zero value has no database.
func TestZero(t *testing.T) {
	s := &sqlstore.Store{}
	require.ErrorIs(t, s.Close(), sqlstore.ErrClosed)
	_, err := s.Find(t.Context(), "x")
	require.ErrorIs(t, err, sqlstore.ErrClosed)
	require.ErrorIs(t, s.Take(t.Context(), "x"), sqlstore.ErrClosed)
}
