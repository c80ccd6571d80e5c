package delivery_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/certificate/delivery/deliverytest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestOnPool holds outboxes in many schemas, on one pool whose search_path leads nowhere,
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
			deliverytest.TestOutbox(t, func(t *testing.T) delivery.Outbox {
				c := delivery.PostgresConfig{Pool: pool, Schema: fmt.Sprint("comune ", schemas.Add(1))}
				_, err := c.Open(t.Context())
				require.ErrorIs(t, err, delivery.ErrNotMigrated)
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
	dsn := testenv.PgBouncer(t, testenv.PostgresDatabase(t))
	_, err := delivery.PostgresConfig{DSN: dsn}.Open(t.Context())
	require.ErrorContains(t, err, "default_query_exec_mode=exec")
	var schemas atomic.Int32
	deliverytest.TestOutbox(t, func(t *testing.T) delivery.Outbox {
		c := delivery.PostgresConfig{DSN: dsn + "&default_query_exec_mode=exec", Schema: fmt.Sprint("s", schemas.Add(1))}
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
	grant := func(by string, role delivery.Role) {
		list, err := delivery.Grants("", name[role], role)
		require.NoError(t, err)
		run(t, by, list...)
	}
	grant(dsn, delivery.OwnerRole)
	run(t, dsn, "ALTER SCHEMA anpr OWNER TO "+name[delivery.OwnerRole])
	open := func(role delivery.Role) *delivery.SQLOutbox {
		a, err := delivery.PostgresConfig{DSN: as[role]}.Open(ctx)
		require.NoError(t, err)
		t.Cleanup(func() { _ = a.Close() })
		return a
	}
	require.NoError(t, delivery.PostgresConfig{DSN: as[delivery.OwnerRole]}.Migrate(ctx))
	_, err := delivery.PostgresConfig{DSN: as[delivery.ApplicationRole]}.Open(ctx)
	require.ErrorIs(t, err, delivery.ErrDenied)
	grant(as[delivery.OwnerRole], delivery.ApplicationRole)
	grant(as[delivery.OwnerRole], delivery.ReaderRole)
	owner, app, reader := open(delivery.OwnerRole), open(delivery.ApplicationRole), open(delivery.ReaderRole)
	m := deliverytest.Message(1)
	require.NoError(t, app.Add(ctx, m))
	kept, err := reader.Get(ctx, m.Certificate, m.Channel)
	require.NoError(t, err)
	require.ErrorIs(t, reader.Add(ctx, deliverytest.Message(2)), delivery.ErrDenied)
	kept.State = delivery.Sent
	require.NoError(t, app.Update(ctx, kept))
	n, err := app.Sweep(ctx, noon.AddDate(100, 0, 0))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = app.Purge(ctx, erasure.Config{})
	require.ErrorIs(t, err, delivery.ErrDenied)
	// The server may analyse the table at this moment.
	_, err = owner.Purge(ctx, erasure.Config{Wait: time.Hour})
	require.NoError(t, err)
}

// TestRelease moves the tables of an earlier release, which stood in public beside a
// vendor's, and opens them where they were.
func TestRelease(t *testing.T) {
	dsn, ctx := testenv.PostgresDatabase(t), t.Context()
	files, err := fs.Glob(delivery.Migrations(), "migrations/postgres/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := fs.ReadFile(delivery.Migrations(), file)
		require.NoError(t, err)
		// It named tables plainly.
		run(t, dsn, regexp.MustCompile(`\{([a-z_]+)\}`).ReplaceAllString(string(text), "$1"))
		require.True(t, strings.HasPrefix(filepath.Base(file), "000"))
	}
	run(t, dsn, "CREATE TABLE ospite (id INT)")
	here, err := delivery.PostgresConfig{DSN: dsn, Schema: "public"}.Open(ctx)
	require.NoError(t, err)
	m := deliverytest.Message(1)
	require.NoError(t, here.Add(ctx, m))
	require.NoError(t, here.Close())
	to := delivery.PostgresConfig{DSN: dsn, MoveFrom: "public"}
	_, err = to.Open(ctx)
	require.ErrorIs(t, err, delivery.ErrNotMigrated, "Open does not move")
	require.NoError(t, to.Migrate(ctx))
	there, err := to.Open(ctx)
	require.NoError(t, err)
	defer func() { _ = there.Close() }()
	kept, err := there.Get(ctx, m.Certificate, m.Channel)
	require.NoError(t, err)
	require.Equal(t, m.Address, kept.Address)
	require.NoError(t, there.Add(ctx, deliverytest.Message(2)))
	_, err = delivery.PostgresConfig{DSN: dsn, Schema: "public"}.Open(ctx)
	require.ErrorIs(t, err, delivery.ErrNotMigrated)
}
