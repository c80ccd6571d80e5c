package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// sharedPool is a pool of a caller whose sessions are his: with settings that a
// transaction leaves as they are, but for the durability of its commit.
func sharedPool(t *testing.T, size int32, mode pgx.QueryExecMode) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(testenv.PostgresDatabase(t))
	require.NoError(t, err)
	config.MaxConns = size
	config.ConnConfig.DefaultQueryExecMode = mode
	for name, value := range map[string]string{"search_path": "nowhere", "synchronous_commit": "off", "enable_sort": "on",
		"jit": "on", "plan_cache_mode": "force_custom_plan"} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

const sessionText = `SELECT concat_ws(' ', current_setting('search_path'), current_setting('synchronous_commit'),
	current_setting('enable_sort'), current_setting('jit'), current_setting('plan_cache_mode'))`

// TestSharedSessions: what a transaction and a lookup set ends with them, in whatever way
// the caller's pool talks to the server.
func TestSharedSessions(t *testing.T) {
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe,
		pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			pool, ctx := sharedPool(t, 2, mode), t.Context()
			c := sqldb.PostgresConfig{Pool: pool}
			db, err := c.Connect(ctx)
			require.NoError(t, err)
			require.NoError(t, db.Migrate(ctx, "s", script(table), "m"))
			is := func(q sqldb.Querier) (text string) {
				require.NoError(t, sqldb.One(ctx, q, []any{&text}, sessionText))
				return text
			}
			for range 2 {
				require.NoError(t, db.View(ctx, func(tx sqldb.Tx) error {
					assert.Equal(t, "nowhere on on on force_custom_plan", is(tx))
					return nil
				}))
				require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error {
					assert.Equal(t, "nowhere on on on force_custom_plan", is(tx))
					return tx.Exec(ctx, sqldb.Statement{Text: "UPDATE {a} SET v = $1", Args: []any{"x"}})
				}))
				require.NoError(t, db.Lookup(ctx, func(q sqldb.Querier) error {
					assert.Equal(t, "nowhere off on on force_custom_plan", is(q))
					assert.EqualValues(t, 1, count(t, db, "SELECT count(*) FROM {a} WHERE "+db.Dialect().In("k", "$1"),
						db.Dialect().List([]string{"a;b", "c"})))
					return nil
				}))
				require.ErrorIs(t, db.Lookup(ctx, func(q sqldb.Querier) error {
					var n int64
					return sqldb.One(ctx, q, []any{&n}, "SELECT 1 FROM {a} WHERE k = $1", "none")
				}), sqldb.ErrNoRow)
				require.ErrorContains(t, db.Lookup(ctx, func(q sqldb.Querier) error {
					var n int64
					return sqldb.One(ctx, q, []any{&n}, "SELECT 1 FROM a")
				}), "does not exist")
			}
			require.NoError(t, db.Close())
			require.ErrorContains(t, db.View(ctx, func(sqldb.Tx) error { return nil }), "closed")
			for range 4 {
				var text string
				require.NoError(t, pool.QueryRow(ctx, sessionText).Scan(&text))
				require.Equal(t, "nowhere off on on force_custom_plan", text)
			}
		})
	}
}

// TestSharedPoolIsEnough: lookups within transactions always find a connection, on the
// smallest pool too; a smaller one is refused.
func TestSharedPoolIsEnough(t *testing.T) {
	_, err := sqldb.PostgresConfig{Pool: sharedPool(t, 1, 0)}.Connect(t.Context())
	require.ErrorContains(t, err, "the pool has 1 connection: expected at least 2")
	for size := int32(2); size <= 4; size++ {
		pool := sharedPool(t, size, pgx.QueryExecModeCacheStatement)
		for _, n := range []int{-1, int(size)} {
			_, err := sqldb.PostgresConfig{Pool: pool, Transactions: n}.Connect(t.Context())
			require.ErrorContains(t, err, "expected at most")
		}
		db, err := sqldb.PostgresConfig{Pool: pool}.Connect(t.Context())
		require.NoError(t, err)
		// A deadlock would last; the limit is only for the test to end.
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				for range 20 {
					assert.NoError(t, db.View(ctx, func(sqldb.Tx) error {
						return db.Lookup(ctx, func(q sqldb.Querier) error {
							var n int64
							return sqldb.One(ctx, q, []any{&n}, "SELECT 1")
						})
					}))
				}
			})
		}
		group.Wait()
		// When all transactions are in use, the next waits as long as its context allows.
		for range size - 1 {
			free := hold(t, db)
			defer free()
		}
		short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer stop()
		err = db.View(short, func(sqldb.Tx) error { t.Error("one more"); return nil })
		require.ErrorContains(t, err, fmt.Sprintf("all %d transactions", size-1))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualValues(t, 1, count(t, db, "SELECT 1"), "a lookup does not wait")
	}
}

// hold keeps a transaction open.
func hold(t *testing.T, db *sqldb.DB) (free func()) {
	open, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- db.View(context.Background(), func(sqldb.Tx) error {
			close(open)
			<-end
			return nil
		})
	}()
	<-open
	return func() {
		close(end)
		require.NoError(t, <-done)
	}
}

// TestConfig refuses what contradicts itself.
func TestConfig(t *testing.T) {
	dsn := testenv.Env(t, "ANPR_TEST_POSTGRES")
	for says, c := range map[string]sqldb.PostgresConfig{
		"expected a pool or a connection string":         {},
		"expected a pool or a connection string, and no": {DSN: dsn, Pool: sharedPool(t, 2, 0)},
		"is for a pool": {DSN: dsn, Transactions: 3},
		`schema "a", and anpr.schema="b" in the conne`: {DSN: dsn + "&anpr.schema=b", Schema: "a"},
		"belongs to PostgreSQL":                        {DSN: dsn, Schema: "pg_toast"},
		"expected 1 to 63 bytes":                       {DSN: dsn, Schema: "a{b}"},
	} {
		_, err := c.Connect(t.Context())
		require.ErrorContains(t, err, says)
	}
	db, err := sqldb.PostgresConfig{DSN: dsn + "&anpr.schema=b"}.Connect(t.Context())
	require.NoError(t, err)
	defer db.Close()
	require.EqualValues(t, 1, count(t, db, "SELECT count(*) WHERE current_setting('anpr.schema', true) IS NULL"),
		"a pooler would refuse the parameter")
}

// TestSQLiteOpensOnlyOurs: opening makes no file, and leaves another program's as it is.
func TestSQLiteOpensOnlyOurs(t *testing.T) {
	ctx, part := t.Context(), sqldb.Part{Name: "s", Files: script(table, "CREATE TABLE {b} (k TEXT)"), Dir: "m"}
	c := sqldb.SQLiteConfig{File: t.TempDir() + "/x.db"}
	_, err := c.ConnectTo(ctx, part)
	require.ErrorIs(t, err, sqldb.ErrNotMigrated)
	require.NoFileExists(t, c.File)
	db, err := c.Connect(ctx)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(ctx, "s", script(table), "m"))
	require.NoError(t, db.Close())
	_, err = c.ConnectTo(ctx, part)
	require.ErrorIs(t, err, sqldb.ErrNotMigrated)
	require.ErrorContains(t, err, c.File)
	require.ErrorContains(t, err, "version 1 of s, this program needs 2")
	require.NoError(t, c.Migrate(ctx, part))
	db, err = c.ConnectTo(ctx, part)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	for text, want := range map[string]error{
		"CREATE TABLE schema_migrations (version INT, dirty BOOL)": sqldb.ErrBadSchema,
		"CREATE TABLE a (x INT)":                                   sqldb.ErrNotMigrated,
	} {
		c.File = t.TempDir() + "/other.db"
		other(t, c.File, text)
		before := fileOf(t, c.File)
		_, err = c.ConnectTo(ctx, part)
		require.ErrorIs(t, err, want)
		require.ErrorIs(t, c.Migrate(ctx, part), sqldb.ErrBadSchema)
		require.Equal(t, before, fileOf(t, c.File), "not even its journal")
	}
}

// other makes a database of another program, without a write-ahead log.
func other(t *testing.T, file, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), text)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func fileOf(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	return data
}
