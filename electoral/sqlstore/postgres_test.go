package sqlstore_test

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// connect opens a connection beside those of the store.
func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// openPostgres opens the schema of a test with a search_path that leads nowhere: a table
// that a statement does not qualify is not found.
func openPostgres(t testing.TB, dsn string) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.OpenPostgres(context.Background(), elsewhere(t, dsn))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// elsewhere returns a DSN whose search_path has no table of ours.
func elsewhere(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", "pg_catalog")
	u.RawQuery = q.Encode()
	return u.String()
}

// opener opens one place: a file or a DSN.
type opener struct {
	place string
	open  func(t testing.TB, place string) *sqlstore.DB
}

func (o opener) db(t testing.TB) *sqlstore.DB { return o.open(t, o.place) }

// eachDB runs a test on an empty database of each engine.
func eachDB(t *testing.T, run func(t *testing.T, at opener)) {
	t.Run("sqlite", func(t *testing.T) {
		run(t, opener{filepath.Join(t.TempDir(), "r.db"), open})
	})
	t.Run("postgres", func(t *testing.T) {
		run(t, opener{testenv.Postgres(t), openPostgres})
	})
}

func TestPostgres(t *testing.T) {
	electoraltest.TestStore(t, func(t *testing.T) registry.Store { return openPostgres(t, testenv.Postgres(t)).Store() })
}

func TestPostgresPopulation(t *testing.T) {
	testPopulation(t, func(t *testing.T) *sqlstore.DB { return openPostgres(t, testenv.Postgres(t)) })
}

// routing are the tables whose keys do not begin with the comune: they lead to it, or say
// nothing of a person.
var routing = map[string]bool{"elector_routes": true, "person_routes": true, "person_codes": true, "record_routes": true, "schema_migrations": true,
	"purge_marks": true, "purge_gate": true}

// TestCatalogue reads what the migrations have made: an engine that spreads
// the tables by comune refuses all that this test does.
func TestCatalogue(t *testing.T) {
	dsn := testenv.Postgres(t)
	openPostgres(t, dsn)
	conn := connect(t, dsn)
	strings := func(text string) []string {
		rows, err := conn.Query(t.Context(), text)
		require.NoError(t, err)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return list
	}
	const mine = `relnamespace = current_schema()::regnamespace`
	tables := strings(`SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND ` + mine)
	require.Len(t, tables, 14, "thirteen tables and schema_migrations: %v", tables)

	keys := strings(`SELECT c.relname || '.' || coalesce(a.attname, '(expression)') FROM pg_index i
		JOIN pg_class c ON c.oid = i.indrelid LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		WHERE (i.indisunique OR i.indisexclusion) AND c.` + mine)
	assert.Len(t, keys, 14, "%v", keys)
	for _, key := range keys {
		if table, column, _ := cut(key); !routing[table] {
			assert.Equal(t, "comune", column, "a key of %s begins with %s", table, column)
		}
	}
	indexes := strings(`SELECT c.relname || '.' || coalesce(a.attname, '(expression)') FROM pg_index i
		JOIN pg_class c ON c.oid = i.indrelid LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		WHERE NOT i.indisunique AND c.` + mine + ` ORDER BY 1`)
	assert.Equal(t, []string{"enrolments.comune", "journal.comune", "journal.comune", "persons.comune", "persons.comune", "records.comune"}, indexes)
	without := strings(`SELECT relname::text FROM pg_class c WHERE relkind IN ('r', 'p') AND ` + mine + `
		AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)`)
	assert.Empty(t, without, "a table without a primary key")
	assert.Empty(t, strings(`SELECT relname::text FROM pg_class WHERE relkind = 'S' AND `+mine), "a sequence")
	assert.Empty(t, strings(`SELECT tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.`+mine), "a trigger")
	assert.Empty(t, strings(`SELECT attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE attidentity <> '' AND c.`+mine), "an identity column")
	assert.Empty(t, strings(`SELECT conname::text FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`), "a foreign key")
	assert.Empty(t, strings(`SELECT proname::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace`), "a function")

	// The order of a key's texts is that of their bytes, in every locale.
	assert.Empty(t, strings(`SELECT c.relname || '.' || a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey) JOIN pg_collation l ON l.oid = a.attcollation
		WHERE l.collname <> 'C' AND c.relname <> 'schema_migrations' AND c.`+mine), "a key in the database's collation")
	// Statistics would keep values that a purge does not reach.
	assert.Empty(t, strings(`SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relkind = 'r' AND a.attnum > 0 AND a.attstattarget <> 0 AND c.relname <> 'schema_migrations'
		AND c.relname || '.' || a.attname NOT IN ('comune_locks.comune', 'sections.comune', 'electors.comune', 'enrolments.comune', 'enrolments.list',
			'journal.comune', 'records.comune', 'records.book')
		AND c.`+mine), "a column with statistics")
}

func cut(key string) (table, column string, ok bool) { return strings.Cut(key, ".") }

// TestNoCredentials looks for a password in what opening refuses.
func TestNoCredentials(t *testing.T) {
	const secret = "sEcr3t"
	for _, dsn := range []string{
		"postgres://user:" + secret + "@127.0.0.1:1/db",
		"postgres://user:" + secret + "%zz@127.0.0.1:1/db",
		"postgres://user:" + secret + "/x@127.0.0.1:1/db",
		"postgres://user:1/" + secret + "@127.0.0.1:1/db",
		"postgres://user:x?" + secret + "@127.0.0.1:1/db",
		"postgres://user:x#" + secret + "@127.0.0.1:1/db",
		"postgres://user:x@" + secret + "@127.0.0.1:1/db",
		"postgres://user:" + secret + " x@127.0.0.1:1/db",
		"postgres://user:" + secret + "@127.0.0.1:port/db",
		"postgres://user:" + secret + "@127.0.0.1:1/db?sslmode=wrong",
		"postgres://user:" + secret + "@127.0.0.1:1/db?pool_max_conns=0",
		"host=127.0.0.1 port=1 user=user password=" + secret,
		"host=127.0.0.1 port=x user=user password=" + secret,
		"host=127.0.0.1 port=1 user=user password='" + secret,
		"host=127.0.0.1 password = " + secret + " = x",
		"password=" + secret + " sslmode",
		secret,
	} {
		_, err := sqlstore.OpenPostgres(t.Context(), dsn)
		require.Error(t, err, dsn)
		for e := err; e != nil; e = unwrap(e) {
			assert.NotContains(t, e.Error(), secret)
			assert.NotContains(t, fmt.Sprintf("%+v", e), secret)
		}
	}
	dsn := testenv.Env(t, "ANPR_TEST_POSTGRES")
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.UserPassword(u.User.Username(), secret)
	_, err = sqlstore.OpenPostgres(t.Context(), u.String())
	require.ErrorContains(t, err, "password authentication failed")
	assert.NotContains(t, err.Error(), secret)
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}

// TestDeadConnections ends every connection from outside: what rests in the
// pools is replaced unseen.
func TestDeadConnections(t *testing.T) {
	dsn := testenv.Postgres(t)
	db := openPostgres(t, dsn+"&application_name=anpr-dead")
	put := func() error {
		return db.Store().Update(t.Context(), func(w registry.Writer) error {
			return w.PutSection(t.Context(), electoraltest.SampleSection("A074", "1"))
		})
	}
	look := func() error {
		_, err := db.Population().ByANPRID(t.Context(), "1")
		return err
	}
	require.NoError(t, put())
	require.ErrorIs(t, look(), electoral.ErrNotFound)
	admin := connect(t, dsn)
	for range 3 {
		var ended int
		err := admin.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
			WHERE application_name = 'anpr-dead'`).Scan(&ended)
		require.NoError(t, err)
		require.GreaterOrEqual(t, ended, 2)
		require.NoError(t, put())
		require.ErrorIs(t, look(), electoral.ErrNotFound)
	}
}
