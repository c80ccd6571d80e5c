package sqlstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/job"
	"github.com/liste-elettorali/anpr/electoral/job/jobtest"
	"github.com/liste-elettorali/anpr/electoral/job/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// each are the engines, each with an empty place and a function that opens it.
var each = []struct {
	name string
	at   func(t testing.TB) string
	open func(t testing.TB, place string, lease time.Duration) *sqlstore.Store
}{
	{"sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "jobs.db") }, openSQLite},
	{"postgres", func(t testing.TB) string { return testenv.Postgres(t) }, openPostgres},
}

func openSQLite(t testing.TB, file string, lease time.Duration) *sqlstore.Store {
	t.Helper()
	c := sqlstore.SQLiteConfig{File: file, Lease: lease}
	require.NoError(t, c.Migrate(context.Background()))
	s, err := c.Open(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openPostgres(t testing.TB, dsn string, lease time.Duration) *sqlstore.Store {
	t.Helper()
	c := sqlstore.PostgresConfig{DSN: dsn, Lease: lease}
	require.NoError(t, c.Migrate(context.Background()))
	s, err := c.Open(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStore(t *testing.T) {
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			jobtest.TestStore(t, func(t *testing.T) (one, other job.Store) {
				place := e.at(t)
				return e.open(t, place, 0), e.open(t, place, 0)
			})
		})
	}
}

// TestOnPool holds stores on one pool whose search_path leads nowhere to the suite.
func TestOnPool(t *testing.T) {
	config, err := pgxpool.ParseConfig(testenv.PostgresDatabase(t) + "&search_path=nowhere")
	require.NoError(t, err)
	config.MaxConns, config.ConnConfig.DefaultQueryExecMode = 8, pgx.QueryExecModeSimpleProtocol
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	var schemas atomic.Int32
	jobtest.TestStore(t, func(t *testing.T) (one, other job.Store) {
		return open(t, sqlstore.PostgresConfig{Pool: pool, Schema: fmt.Sprint("comune ", schemas.Add(1)), Transactions: 3})
	})
}

// TestBehindPgBouncer holds them to the suite through PgBouncer in transaction mode.
func TestBehindPgBouncer(t *testing.T) {
	dsn := testenv.PgBouncer(t, testenv.PostgresDatabase(t))
	var schemas atomic.Int32
	jobtest.TestStore(t, func(t *testing.T) (one, other job.Store) {
		return open(t, sqlstore.PostgresConfig{
			DSN: dsn + "&default_query_exec_mode=exec&pool_max_conns=4", Schema: fmt.Sprint("s", schemas.Add(1)),
		})
	})
}

// open opens a schema twice.
func open(t *testing.T, c sqlstore.PostgresConfig) (one, other job.Store) {
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

// TestKilled kills a program while its job runs: another takes over by itself, says that
// the end of the run is not known, and runs the job again.
func TestKilled(t *testing.T) {
	const lease = 200 * time.Millisecond
	if place := os.Getenv("ANPR_TEST_JOBS"); place != "" {
		child(t, os.Getenv("ANPR_TEST_JOBS_ON"), place, lease)
		return
	}
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			place := e.at(t)
			env := []string{"ANPR_TEST_JOBS=" + place, "ANPR_TEST_JOBS_ON=" + e.name}
			testenv.Killed(t, "^TestKilled$", env, 0, func(line string) bool { return line == "begun" })
			s := e.open(t, place, lease)
			list, err := s.States(t.Context())
			require.NoError(t, err)
			require.Equal(t, job.Running, list[0].Outcome)
			require.Equal(t, "killed", list[0].Node)

			found := make(chan job.State, 1)
			r, err := job.New(job.Config{
				Store: s, Node: "next", Poll: 5 * time.Millisecond,
				Jobs: []job.Job{{Name: "sweep", Every: time.Hour, Do: func(context.Context) (string, error) {
					list, err := s.States(context.Background())
					if err != nil {
						return "", err
					}
					found <- list[0]
					return "", nil
				}}},
			})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- r.Run(ctx) }()
			got := <-found
			require.Equal(t, "next", got.Node)
			require.Equal(t, 1, got.Attempts, "the run that vanished counts")
			require.Greater(t, got.Term, list[0].Term)
			cancel()
			require.NoError(t, <-ended)
		})
	}
}

// child runs a job that does not end.
func child(t *testing.T, name, place string, lease time.Duration) {
	for _, e := range each {
		if e.name != name {
			continue
		}
		r, err := job.New(job.Config{
			Store: e.open(t, place, lease), Node: "killed",
			Jobs: []job.Job{{Name: "sweep", Every: time.Hour, Do: func(context.Context) (string, error) {
				_, _ = os.Stdout.WriteString("begun\n")
				select {}
			}}},
		})
		require.NoError(t, err)
		require.NoError(t, r.Run(t.Context()))
	}
}

// TestDatabaseGone: a leader whose database is gone has its jobs stopped, and leads again
// on another connection later; what ran is told as unknown.
func TestDatabaseGone(t *testing.T) {
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			place := e.at(t)
			one, other := e.open(t, place, 200*time.Millisecond), e.open(t, place, 0)
			stopped := make(chan error, 1)
			r, err := job.New(job.Config{
				Store: one, Poll: 5 * time.Millisecond,
				Jobs: []job.Job{{Name: "sweep", Every: time.Hour, Do: func(ctx context.Context) (string, error) {
					if err := one.Close(); err != nil {
						return "", err
					}
					<-ctx.Done()
					stopped <- context.Cause(ctx)
					return "", ctx.Err()
				}}},
			})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- r.Run(ctx) }()
			require.Error(t, <-stopped)
			_, err = r.Status(ctx)
			require.Error(t, err)
			cancel()
			require.NoError(t, <-ended)
			for {
				err := other.Lead(t.Context(), "next", func(ctx context.Context, term int64) error {
					return other.Plan(ctx, term, nil, time.Now())
				})
				if err == nil {
					break
				}
				require.ErrorIs(t, err, job.ErrHeld)
			}
			list, err := other.States(t.Context())
			require.NoError(t, err)
			require.Equal(t, job.Unknown, list[0].Outcome)
		})
	}
}

// TestRoles: the application does everything but DDL, the reader reads.
func TestRoles(t *testing.T) {
	dsn, ctx := testenv.PostgresDatabase(t), t.Context()
	grant := func(role sqlstore.Role, name string) {
		t.Helper()
		list, err := sqlstore.Grants("", name, role)
		require.NoError(t, err)
		conn, err := pgx.Connect(ctx, dsn)
		require.NoError(t, err)
		defer func() { _ = conn.Close(ctx) }()
		for _, text := range list {
			_, err := conn.Exec(ctx, text)
			require.NoError(t, err, text)
		}
	}
	var names, as [3]string
	for _, role := range []sqlstore.Role{sqlstore.OwnerRole, sqlstore.ApplicationRole, sqlstore.ReaderRole} {
		names[role], as[role] = testenv.PostgresRole(t, dsn)
	}
	grant(sqlstore.OwnerRole, names[sqlstore.OwnerRole])
	require.NoError(t, sqlstore.PostgresConfig{DSN: as[sqlstore.OwnerRole]}.Migrate(ctx))
	for _, role := range []sqlstore.Role{sqlstore.ApplicationRole, sqlstore.ReaderRole} {
		grant(role, names[role])
		s, err := sqlstore.PostgresConfig{DSN: as[role]}.Open(ctx)
		require.NoError(t, err)
		_, err = s.States(ctx)
		require.NoError(t, err)
		err = s.Lead(ctx, "a", func(ctx context.Context, term int64) error {
			return s.Plan(ctx, term, []job.Plan{{Name: "sweep", Every: time.Hour}}, time.Now())
		})
		if role == sqlstore.ReaderRole {
			require.ErrorIs(t, err, sqlstore.ErrDenied)
		} else {
			require.NoError(t, err)
		}
		require.NoError(t, s.Close())
	}
}

func TestLeaseConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "jobs.db")
	require.NoError(t, sqlstore.SQLiteConfig{File: file}.Migrate(t.Context()))
	_, err := sqlstore.SQLiteConfig{File: file, Lease: 1}.Open(t.Context())
	require.ErrorContains(t, err, "For")
}

// TestZero: the zero value has no database.
func TestZero(t *testing.T) {
	s := &sqlstore.Store{}
	require.ErrorIs(t, s.Close(), sqlstore.ErrClosed)
	require.ErrorIs(t, s.Lead(t.Context(), "a", nil), sqlstore.ErrClosed)
	require.ErrorIs(t, s.Plan(t.Context(), 1, nil, time.Now()), sqlstore.ErrClosed)
	_, err := s.States(t.Context())
	require.ErrorIs(t, err, sqlstore.ErrClosed)
}
