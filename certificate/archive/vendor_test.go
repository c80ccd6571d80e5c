package archive_test

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestOnPool holds archives in many schemas, on one pool whose search_path leads nowhere,
// to the suite.
func TestOnPool(t *testing.T) {
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
		t.Run(mode.String(), func(t *testing.T) {
			config, err := pgxpool.ParseConfig(testenv.PostgresDatabase(t) + "&search_path=nowhere")
			require.NoError(t, err)
			config.MaxConns, config.ConnConfig.DefaultQueryExecMode = 4, mode
			pool, err := pgxpool.NewWithConfig(t.Context(), config)
			require.NoError(t, err)
			t.Cleanup(pool.Close)
			var schemas atomic.Int32
			archivetest.TestArchive(t, func(t *testing.T) certificate.Archive {
				c := archive.PostgresConfig{Pool: pool, Schema: fmt.Sprint("comune ", schemas.Add(1))}
				_, err := c.Open(t.Context())
				require.ErrorIs(t, err, archive.ErrNotMigrated)
				require.NoError(t, c.Migrate(t.Context()))
				a, err := c.Open(t.Context())
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, a.Close()) })
				return a
			})
		})
	}
}

// TestBehindPgBouncer holds them to the suite through PgBouncer in transaction mode.
func TestBehindPgBouncer(t *testing.T) {
	direct := testenv.PostgresDatabase(t)
	dsn := testenv.PgBouncer(t, direct)
	_, err := archive.PostgresConfig{DSN: dsn}.Open(t.Context())
	require.ErrorContains(t, err, "default_query_exec_mode=exec")
	var schemas atomic.Int32
	archivetest.TestArchive(t, func(t *testing.T) certificate.Archive {
		c := archive.PostgresConfig{DSN: dsn + "&default_query_exec_mode=exec", Direct: direct,
			Schema: fmt.Sprint("s", schemas.Add(1))}
		require.NoError(t, c.Migrate(t.Context()))
		a, err := c.Open(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, a.Close()) })
		return a
	})
}

// run runs statements, as a user, in the database of a DSN.
func run(t *testing.T, dsn string, texts ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	for _, text := range texts {
		_, err := conn.PgConn().Exec(t.Context(), text).ReadAll()
		require.NoError(t, err, text)
	}
}

// TestRoles: the application does everything but DDL and the purge, the reader reads.
func TestRoles(t *testing.T) {
	dsn, ctx := testenv.PostgresDatabase(t), t.Context()
	var name, as [3]string
	for role := range name {
		name[role], as[role] = testenv.PostgresRole(t, dsn)
	}
	grant := func(by string, role archive.Role) {
		list, err := archive.Grants("", name[role], role)
		require.NoError(t, err)
		run(t, by, list...)
	}
	grant(dsn, archive.OwnerRole)
	run(t, dsn, "ALTER SCHEMA anpr OWNER TO "+name[archive.OwnerRole])
	open := func(role archive.Role) *archive.SQL {
		a, err := archive.PostgresConfig{DSN: as[role]}.Open(ctx)
		require.NoError(t, err)
		t.Cleanup(func() { _ = a.Close() })
		return a
	}
	require.NoError(t, archive.PostgresConfig{DSN: as[archive.OwnerRole]}.Migrate(ctx))
	_, err := archive.PostgresConfig{DSN: as[archive.ApplicationRole]}.Open(ctx)
	require.ErrorIs(t, err, archive.ErrDenied)
	grant(as[archive.OwnerRole], archive.ApplicationRole)
	grant(as[archive.OwnerRole], archive.ReaderRole)
	owner, app, reader := open(archive.OwnerRole), open(archive.ApplicationRole), open(archive.ReaderRole)
	d := archivetest.Document(1)
	require.NoError(t, app.Put(ctx, d))
	_, err = reader.Get(ctx, d.ID)
	require.NoError(t, err)
	require.ErrorIs(t, reader.Put(ctx, archivetest.Document(2)), archive.ErrDenied)
	n, err := app.Sweep(ctx, d.Expires)
	require.ErrorIs(t, err, archive.ErrDenied, "of the purge")
	require.Equal(t, 1, n)
	purged(t, func(ctx context.Context) error {
		n, err := owner.Sweep(ctx, d.Expires)
		require.Zero(t, n)
		return err
	})
	purged(t, func(ctx context.Context) error {
		_, err := owner.Purge(ctx, erasure.Config{})
		return err
	})
}

// TestRelease moves the tables of an earlier release, which stood in public beside a
// vendor's, and opens them where they were.
func TestRelease(t *testing.T) {
	dsn, ctx := testenv.PostgresDatabase(t), t.Context()
	files, err := fs.Glob(archive.Migrations(), "migrations/postgres/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := fs.ReadFile(archive.Migrations(), file)
		require.NoError(t, err)
		// It named tables plainly.
		run(t, dsn, regexp.MustCompile(`\{([a-z_]+)\}`).ReplaceAllString(string(text), "$1"))
		require.True(t, strings.HasPrefix(filepath.Base(file), "000"))
	}
	run(t, dsn, "CREATE TABLE ospite (id INT)")
	here, err := archive.PostgresConfig{DSN: dsn, Schema: "public"}.Open(ctx)
	require.NoError(t, err)
	require.NoError(t, here.Put(ctx, archivetest.Document(1)))
	require.NoError(t, here.Close())
	to := archive.PostgresConfig{DSN: dsn, MoveFrom: "public"}
	_, err = to.Open(ctx)
	require.ErrorIs(t, err, archive.ErrNotMigrated, "Open does not move")
	require.NoError(t, to.Migrate(ctx))
	there, err := to.Open(ctx)
	require.NoError(t, err)
	defer func() { _ = there.Close() }()
	d, err := there.Get(ctx, archivetest.Document(1).ID)
	require.NoError(t, err)
	require.Equal(t, archivetest.Document(1).PDF, d.PDF)
	require.NoError(t, there.Put(ctx, archivetest.Document(2)))
	_, err = archive.PostgresConfig{DSN: dsn, Schema: "public"}.Open(ctx)
	require.ErrorIs(t, err, archive.ErrNotMigrated)
}
