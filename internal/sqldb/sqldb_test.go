package sqldb_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// each runs a test on both engines. open opens one empty database, again and
// again.
func each(t *testing.T, run func(t *testing.T, open func() *sqldb.DB)) {
	opener := func(t *testing.T, open func(context.Context, string) (*sqldb.DB, error), place string) func() *sqldb.DB {
		return func() *sqldb.DB {
			db, err := open(context.Background(), place)
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			return db
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		run(t, opener(t, sqldb.OpenSQLite, filepath.Join(t.TempDir(), "x.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := testenv.Env(t, "ANPR_TEST_POSTGRES")
		admin, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		schema := "q_" + strings.ToLower(rand.Text())
		_, err = admin.Exec(t.Context(), "CREATE SCHEMA "+schema)
		require.NoError(t, err)
		t.Cleanup(func() {
			_, err := admin.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
			assert.NoError(t, err)
			_ = admin.Close(context.Background())
		})
		u, err := url.Parse(dsn)
		require.NoError(t, err)
		u.RawQuery += "&pool_max_conns=3&search_path=" + schema + "&anpr.schema=" + schema
		run(t, opener(t, sqldb.OpenPostgres, u.String()))
	})
}

func script(texts ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i, text := range texts {
		for _, d := range []sqldb.Dialect{sqldb.SQLite, sqldb.PostgreSQL} {
			fsys[fmt.Sprintf("m/%v/%04d_step.sql", d, i+1)] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return fsys
}

const table = "CREATE TABLE {a} (k TEXT NOT NULL PRIMARY KEY, v TEXT); INSERT INTO {a} VALUES ('a;b', NULL)"

func count(t *testing.T, db *sqldb.DB, text string, args ...any) (n int64) {
	t.Helper()
	require.NoError(t, db.Lookup(t.Context(), func(q sqldb.Querier) error {
		return sqldb.One(t.Context(), q, []any{&n}, text, args...)
	}))
	return n
}

func TestMigrate(t *testing.T) {
	each(t, func(t *testing.T, open func() *sqldb.DB) {
		db, ctx := open(), t.Context()
		two := script(table, "CREATE TABLE {b} (k TEXT NOT NULL PRIMARY KEY)")
		require.NoError(t, db.Migrate(ctx, "s", script(table), "m"))
		require.NoError(t, db.Migrate(ctx, "s", two, "m"))
		require.NoError(t, db.Migrate(ctx, "s", two, "m"))
		assert.EqualValues(t, 1, count(t, db, "SELECT count(*) FROM a"))
		assert.EqualValues(t, 2, count(t, db, "SELECT count(*) FROM schema_migrations WHERE schema = $1", "s"))
		require.ErrorContains(t, db.Migrate(ctx, "s", script(table), "m"), "version 2, this program knows 1")

		// A migration that fails half-way leaves nothing.
		err := db.Migrate(ctx, "other", script("CREATE TABLE {c} (k TEXT PRIMARY KEY); CREATE TABLE {nonsense} ("), "m")
		require.ErrorContains(t, err, "0001_step.sql")
		require.NoError(t, db.Migrate(ctx, "other", script("CREATE TABLE {c} (k TEXT PRIMARY KEY)"), "m"))

		// All of them are one transaction.
		err = db.Migrate(ctx, "third", script("CREATE TABLE {d} (k TEXT PRIMARY KEY)", "CREATE TABLE {nonsense} ("), "m")
		require.ErrorContains(t, err, "0002_step.sql")
		require.ErrorIs(t, db.Check(ctx, sqldb.Part{Name: "third", Files: script(table), Dir: "m"}), sqldb.ErrNotMigrated)
		require.NoError(t, db.Migrate(ctx, "third", script("CREATE TABLE {d} (k TEXT PRIMARY KEY)"), "m"))

		for _, name := range []string{"0002_x.sql", "x.sql", "0001_x.txt", "0001.sql"} {
			fsys := fstest.MapFS{"m/sqlite/" + name: {}, "m/postgres/" + name: {}}
			require.ErrorContains(t, db.Migrate(ctx, "bad", fsys, "m"), name)
		}
		require.Error(t, db.Migrate(ctx, "bad", fstest.MapFS{}, "m"))
	})
}

// TestMigrateTogether lets several programs open an empty database at once.
func TestMigrateTogether(t *testing.T) {
	each(t, func(t *testing.T, open func() *sqldb.DB) {
		fsys := script(table, "CREATE TABLE {b} (k TEXT NOT NULL PRIMARY KEY)", "INSERT INTO {b} VALUES ('once')")
		var group sync.WaitGroup
		for range 6 {
			db := open()
			group.Go(func() { assert.NoError(t, db.Migrate(t.Context(), "s", fsys, "m")) })
		}
		group.Wait()
		assert.EqualValues(t, 1, count(t, open(), "SELECT count(*) FROM b"))
	})
}

func TestTransactions(t *testing.T) {
	each(t, func(t *testing.T, open func() *sqldb.DB) {
		db, ctx := open(), t.Context()
		require.NoError(t, db.Migrate(ctx, "s", script(table), "m"))
		insert := func(k string) sqldb.Statement {
			return sqldb.Statement{Text: "INSERT INTO a (v, k) VALUES ($2, $1)", Args: []any{k, "v" + k}}
		}
		require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error { return tx.Exec(ctx, insert("1"), insert("2")) }))
		assert.EqualValues(t, 1, count(t, db, "SELECT count(*) FROM a WHERE k = $1 AND v = $2", "2", "v2"),
			"arguments by number")

		// A failed statement spoils the transaction, also for who overlooks it.
		calls := 0
		err := db.Update(ctx, func(tx sqldb.Tx) error {
			calls++
			if err := tx.Exec(ctx, insert("3")); err != nil {
				return err
			}
			_ = tx.Exec(ctx, insert("1"))
			return nil
		})
		require.Error(t, err)
		if db.Dialect() == sqldb.PostgreSQL {
			assert.Equal(t, 3, calls, "a key that another may have taken")
			require.ErrorIs(t, err, sqldb.ErrConflict)
		}
		assert.Zero(t, count(t, db, "SELECT count(*) FROM a WHERE k = '3'"))

		mine := errors.New("mine")
		calls = 0
		require.Equal(t, mine, db.Update(ctx, func(tx sqldb.Tx) error {
			calls++
			require.NoError(t, tx.Exec(ctx, insert("4")))
			return mine
		}))
		assert.Equal(t, 1, calls)
		assert.Zero(t, count(t, db, "SELECT count(*) FROM a WHERE k = '4'"))

		require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error {
			return tx.Copy(ctx, "a", []string{"k", "v"}, 1234,
				func(i int) ([]any, error) { return []any{fmt.Sprint("c", i), nil}, nil })
		}))
		assert.EqualValues(t, 1234, count(t, db, "SELECT count(*) FROM a WHERE k LIKE 'c%' AND v IS NULL"))
		hard := []string{"", "a\tb", "\\N", "\\.", "\\", "l\nf\r\b\f\v", "\\t", "ü🗳\u202e",
			strings.Repeat("x\\", 200_000)}
		require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error {
			return tx.Copy(ctx, "a", []string{"v", "k"}, len(hard),
				func(i int) ([]any, error) { return []any{hard[i], fmt.Sprint("h", i)}, nil })
		}))
		for i, v := range hard {
			assert.EqualValues(t, 1, count(t, db, "SELECT count(*) FROM a WHERE k = $1 AND v = $2", fmt.Sprint("h", i),
				v), "%q", v)
		}
		for _, wrong := range [][]any{nil, {"x", 1.5}} {
			err = db.Update(ctx, func(tx sqldb.Tx) error {
				_ = tx.Copy(ctx, "a", []string{"k", "v"}, 3, func(i int) ([]any, error) {
					if i == 2 {
						if wrong == nil {
							return nil, mine
						}
						return wrong, nil
					}
					return []any{fmt.Sprint("w", i), "w"}, nil
				})
				return nil
			})
			if wrong != nil && db.Dialect() == sqldb.SQLite {
				continue // which takes any value
			}
			require.ErrorContains(t, err, "nothing is committed", "%v", wrong)
			assert.Equal(t, wrong == nil, errors.Is(err, mine))
			assert.Zero(t, count(t, db, "SELECT count(*) FROM a WHERE k LIKE 'w%'"))
		}
		assert.EqualValues(t, 2, count(t, db, "SELECT count(*) FROM a WHERE "+db.Dialect().In("k", "$1"),
			db.Dialect().List([]string{"c0", "c9", "d"})))
		err = db.View(ctx, func(tx sqldb.Tx) error { return tx.Exec(ctx, insert("5")) })
		require.Error(t, err, "a view does not write")
		var n int64
		err = db.Lookup(ctx, func(q sqldb.Querier) error {
			return sqldb.One(ctx, q, []any{&n}, "SELECT 1 FROM a WHERE k = 'none'")
		})
		require.ErrorIs(t, err, sqldb.ErrNoRow)
	})
}

// TestSnapshotConflict: a snapshot does not overwrite what another transaction has
// changed since it began.
func TestSnapshotConflict(t *testing.T) {
	each(t, func(t *testing.T, open func() *sqldb.DB) {
		db, ctx := open(), t.Context()
		require.NoError(t, db.Migrate(ctx, "s", script(table), "m"))
		set := func(tx sqldb.Tx, v string) error {
			return tx.Exec(ctx, sqldb.Statement{Text: "UPDATE a SET v = $1", Args: []any{v}})
		}
		if db.Dialect() == sqldb.SQLite {
			return // it has one writer, for which the other waits
		}
		err := db.Snapshot(ctx, func(tx sqldb.Tx) error {
			var n int64
			require.NoError(t, sqldb.One(ctx, tx, []any{&n}, "SELECT count(*) FROM a"))
			require.NoError(t, db.Snapshot(ctx, func(tx sqldb.Tx) error { return set(tx, "first") }))
			return set(tx, "second")
		})
		require.ErrorIs(t, err, sqldb.ErrConflict)
		assert.EqualValues(t, 1, count(t, db, "SELECT count(*) FROM a WHERE v = 'first'"))
	})
}

// TestClosed: after Close nothing begins, and a transaction under way ends.
func TestClosed(t *testing.T) {
	each(t, func(t *testing.T, open func() *sqldb.DB) {
		db, ctx := open(), t.Context()
		require.NoError(t, db.Migrate(ctx, "s", script(table), "m"))
		require.NoError(t, db.View(ctx, func(tx sqldb.Tx) error {
			if db.Dialect() == sqldb.PostgreSQL {
				require.NoError(t, db.Close())
			}
			var n int64
			return sqldb.One(ctx, tx, []any{&n}, "SELECT count(*) FROM a")
		}))
		require.NoError(t, db.Close())
		require.NoError(t, db.Close(), "twice")
		none := func(sqldb.Tx) error { t.Error("called"); return nil }
		require.ErrorContains(t, db.View(ctx, none), "closed")
		require.ErrorContains(t, db.Update(ctx, none), "closed")
		require.ErrorContains(t, db.Lookup(ctx, func(sqldb.Querier) error { t.Error("called"); return nil }), "closed")
	})
}

// TestPoolIsBounded: a call that finds all connections in use waits as long as its
// context allows.
func TestPoolIsBounded(t *testing.T) {
	each(t, func(t *testing.T, open func() *sqldb.DB) {
		db := open()
		if db.Dialect() == sqldb.SQLite {
			return // its bound is 64: too many to hold here
		}
		inner := db.View(t.Context(), func(sqldb.Tx) error {
			return db.View(t.Context(), func(sqldb.Tx) error {
				return db.View(t.Context(), func(sqldb.Tx) error {
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
					defer cancel()
					return db.View(ctx, func(sqldb.Tx) error { t.Error("a fourth"); return nil })
				})
			})
		})
		require.ErrorIs(t, inner, context.DeadlineExceeded)
		require.ErrorContains(t, inner, "all 3 connections")
		require.NoError(t, db.View(t.Context(), func(sqldb.Tx) error { return nil }))
	})
}

// TestPurgeSQLite changes rows of many sizes until pages split and merge:
// there secure_delete alone leaves bytes.
func TestPurgeSQLite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	db, err := sqldb.OpenSQLite(t.Context(), file)
	require.NoError(t, err)
	defer db.Close()
	ctx := t.Context()
	require.NoError(t,
		db.Migrate(ctx, "s", script("CREATE TABLE {a} (k TEXT NOT NULL PRIMARY KEY, v TEXT) WITHOUT ROWID"), "m"))
	r := mathrand.New(mathrand.NewPCG(1, 2))
	sizes := []int{0, 3, 50, 300, 900, 3000, 9000}
	for _, version := range []string{"OLDVALUE", "NEWVALUE"} {
		require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error {
			for i := range 6000 {
				k := fmt.Sprint(r.IntN(3000))
				v := fmt.Sprint(version, i, strings.Repeat("y", sizes[r.IntN(len(sizes))]))
				if err := tx.Exec(ctx, sqldb.Statement{Text: "DELETE FROM a WHERE k = $1", Args: []any{k}},
					sqldb.Statement{Text: "INSERT INTO a VALUES ($1, $2)", Args: []any{k, v}}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error {
		return tx.Exec(ctx, sqldb.Statement{Text: "UPDATE a SET v = 'short' WHERE v LIKE 'OLD%'"})
	}))
	_, err = db.Purge(ctx, sqldb.Purge{}, erasure.Config{})
	require.NoError(t, err)
	for _, name := range []string{file, file + "-wal"} {
		data, err := os.ReadFile(name)
		if !os.IsNotExist(err) {
			require.NoError(t, err)
		}
		assert.Zero(t, bytes.Count(data, []byte("OLDVALUE")), name)
		if name == file {
			assert.NotZero(t, bytes.Count(data, []byte("NEWVALUE")))
		}
	}
}

// TestSQLiteErrors: a full volume and a file that takes no writes have names of their
// own, and say which file it is.
func TestSQLiteErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	db, err := sqldb.OpenSQLite(t.Context(), file)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.Migrate(t.Context(), "s", script("CREATE TABLE {a} (v TEXT)"), "m"))
	for _, c := range []struct {
		pragma string
		want   error
	}{{"PRAGMA max_page_count = 8", sqldb.ErrFull}, {"PRAGMA query_only = ON", sqldb.ErrReadOnly}} {
		err := db.Update(t.Context(), func(tx sqldb.Tx) error {
			rows, err := tx.Query(t.Context(), c.pragma)
			require.NoError(t, err)
			rows.Close()
			return tx.Exec(t.Context(), sqldb.Statement{Text: "INSERT INTO a VALUES ($1)",
				Args: []any{strings.Repeat("x", 1<<20)}})
		})
		require.ErrorIs(t, err, c.want)
		require.ErrorContains(t, err, file)
	}
}
