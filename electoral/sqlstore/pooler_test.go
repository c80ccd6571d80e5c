package sqlstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestBehindPgBouncer holds stores to the suites through PgBouncer in transaction mode,
// with ways of asking that name no statement.
func TestBehindPgBouncer(t *testing.T) {
	for _, mode := range []string{"exec", "cache_describe"} {
		t.Run(mode, func(t *testing.T) {
			dsn := testenv.PgBouncer(t, testenv.PostgresDatabase(t)) + "&default_query_exec_mode=" + mode
			var schemas atomic.Int32
			open := func(t *testing.T) *sqlstore.DB {
				c := sqlstore.PostgresConfig{DSN: dsn, Schema: fmt.Sprint("s", schemas.Add(1))}
				require.NoError(t, c.Migrate(t.Context()))
				db, err := c.Open(t.Context())
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, db.Close()) })
				return db
			}
			electoraltest.TestStore(t, func(t *testing.T) registry.Store { return open(t).Store() })
			electoraltest.TestPopulation(t, func(t *testing.T, list []electoral.Person) electoral.Population {
				p := open(t).Population()
				_, err := p.Put(t.Context(), persons(list...))
				require.NoError(t, err)
				return p
			})
		})
	}
}

// TestPoolerRefused: through a pooler a connection that would name its statements is
// refused before anything goes wrong, on the caller's pool too, unless he says that the
// pooler keeps them.
func TestPoolerRefused(t *testing.T) {
	direct := testenv.PostgresDatabase(t)
	db, err := sqlstore.OpenPostgres(t.Context(), direct)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	dsn := testenv.PgBouncer(t, direct)
	says := func(err error) {
		require.ErrorContains(t, err, "a pooler stands before the PostgreSQL server")
		require.ErrorContains(t, err, "default_query_exec_mode=exec")
	}
	_, err = sqlstore.OpenPostgres(t.Context(), dsn)
	says(err)
	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	defer pool.Close()
	_, err = sqlstore.PostgresConfig{Pool: pool}.Open(t.Context())
	says(err)
	db, err = sqlstore.PostgresConfig{DSN: dsn, NamedStatements: true}.Open(t.Context())
	require.NoError(t, err)
	require.NoError(t, db.Close())
	db, err = sqlstore.OpenPostgres(t.Context(), dsn+"&default_query_exec_mode=exec")
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// BenchmarkPooler has eight officers in eight comuni, on the server and through
// PgBouncer, in each way of asking.
func BenchmarkPooler(b *testing.B) {
	direct := testenv.PostgresDatabase(b)
	eight := []string{"L219", "H501", "F205", "E388", "A662", "D612", "G273", "A944"}
	first, err := sqlstore.OpenPostgres(context.Background(), direct)
	require.NoError(b, err)
	o := newOffice(b, first, eight...)
	require.NoError(b, first.Close())
	through := testenv.PgBouncer(b, direct)
	for name, dsn := range map[string]string{"direct/cache_statement": direct, "direct/exec": direct +
		"&default_query_exec_mode=" + pgx.QueryExecModeExec.String(), "pgbouncer/exec": through +
		"&default_query_exec_mode=exec", "pgbouncer/cache_describe": through + "&default_query_exec_mode=cache_describe"} {
		b.Run(name, func(b *testing.B) {
			db, err := sqlstore.OpenPostgres(context.Background(), dsn+"&pool_max_conns=8")
			require.NoError(b, err)
			defer func() { _ = db.Close() }()
			o.registry, err = registry.New(registry.Config{Store: db.Store(), Population: db.Population(), Recorder: blackbox{}})
			require.NoError(b, err)
			for b.Loop() {
				b.ReportMetric(atWork(b, 8, func(i int, r *rand.Rand) { o.change(eight[i], r) }).perSecond, "changes/s")
			}
		})
	}
}

// TestPurgeBehindPooler: a purge takes a session of its own, and refuses a pooler's.
func TestPurgeBehindPooler(t *testing.T) {
	direct := testenv.PostgresDatabase(t)
	c := sqlstore.PostgresConfig{DSN: testenv.PgBouncer(t, direct) + "&default_query_exec_mode=exec"}
	require.NoError(t, c.Migrate(t.Context()))
	db, err := c.Open(t.Context())
	require.NoError(t, err)
	_, err = db.Purge(t.Context(), erasure.Config{})
	require.ErrorContains(t, err, "set Direct to a connection string that leads to the server itself")
	require.NoError(t, db.Close())
	c.Direct = direct
	db, err = c.Open(t.Context())
	require.NoError(t, err)
	_, err = db.Purge(t.Context(), erasure.Config{})
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
