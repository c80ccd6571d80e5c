package lease_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/lease"
	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

func part() sqldb.Part {
	table := &fstest.MapFile{Data: []byte(`CREATE TABLE {leases} (name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL,
		term BIGINT NOT NULL, ends BIGINT NOT NULL);`)}
	return sqldb.Part{Name: "leases", Dir: "m", Files: fstest.MapFS{"m/sqlite/0001_l.sql": table, "m/postgres/0001_l.sql": table}}
}

// place is a database, which each node opens for itself.
type place func(t *testing.T) *sqldb.DB

var places = []struct {
	name string
	at   func(t *testing.T) place
}{
	{"sqlite", func(t *testing.T) place {
		file := filepath.Join(t.TempDir(), "l.db")
		return func(t *testing.T) *sqldb.DB {
			db, err := sqldb.SQLiteConfig{File: file}.Migrated(context.Background(), part())
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			return db
		}
	}},
	{"postgres", func(t *testing.T) place { return postgres(testenv.Postgres(t)) }},
	{"pgbouncer", func(t *testing.T) place {
		return postgres(testenv.PgBouncer(t, testenv.PostgresDatabase(t)) + "&default_query_exec_mode=exec")
	}},
}

func postgres(dsn string) place {
	return func(t *testing.T) *sqldb.DB {
		db, err := sqldb.PostgresConfig{DSN: dsn}.Migrated(context.Background(), part())
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
}

// on runs a test with a database of each kind.
func on(t *testing.T, run func(t *testing.T, open place)) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) { run(t, p.at(t)) })
	}
}

// node returns the lease as a node of its own has it.
func node(t *testing.T, db *sqldb.DB, c lease.Config) *lease.Lease {
	t.Helper()
	c.DB, c.Table, c.Name = db, "leases", "jobs"
	if c.For == 0 {
		c.For = time.Hour
	}
	l, err := lease.New(c)
	require.NoError(t, err)
	return l
}

// expire makes the lease one whose holder has not renewed it in time.
func expire(t *testing.T, db *sqldb.DB) {
	t.Helper()
	require.NoError(t, db.Update(t.Context(), func(tx sqldb.Tx) error {
		return tx.Exec(t.Context(), sqldb.Statement{Text: `UPDATE {leases} SET ends = 1`})
	}))
}

func TestLease(t *testing.T) {
	on(t, func(t *testing.T, open place) {
		ctx := t.Context()
		db, second := open(t), open(t)
		a, b := node(t, db, lease.Config{Holder: "a"}), node(t, second, lease.Config{Holder: "b"})
		s, err := a.State(ctx)
		require.NoError(t, err)
		require.Equal(t, lease.State{}, s)
		require.ErrorIs(t, a.Renew(ctx, 0), lease.ErrLost)
		term, err := a.Acquire(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(1), term)
		for _, l := range []*lease.Lease{a, b} { // nor has its holder it twice
			_, err = l.Acquire(ctx)
			require.ErrorIs(t, err, lease.ErrHeld)
		}
		s, err = b.State(ctx)
		require.NoError(t, err)
		require.Equal(t, "a", s.Holder)
		require.Equal(t, int64(1), s.Term)
		require.WithinDuration(t, time.Now().Add(time.Hour), s.Ends, 30*time.Minute)
		require.NoError(t, a.Renew(ctx, term))
		require.ErrorIs(t, b.Renew(ctx, term), lease.ErrLost)
		require.ErrorIs(t, b.Release(ctx, term), lease.ErrLost)

		// Not renewed in time: another takes it, and the first learns that it lost.
		expire(t, db)
		s, err = b.State(ctx)
		require.NoError(t, err)
		require.Empty(t, s.Holder)
		next, err := b.Acquire(ctx)
		require.NoError(t, err)
		require.Equal(t, term+1, next)
		require.ErrorIs(t, a.Renew(ctx, term), lease.ErrLost)
		require.ErrorIs(t, a.Renew(ctx, next), lease.ErrLost)
		require.ErrorIs(t, a.Release(ctx, term), lease.ErrLost)
		require.NoError(t, b.Renew(ctx, next))

		// Nobody has taken it: a late renewal holds.
		expire(t, db)
		require.NoError(t, b.Renew(ctx, next))
		_, err = a.Acquire(ctx)
		require.ErrorIs(t, err, lease.ErrHeld)

		// Released: at once another's, and the term still grows.
		require.NoError(t, b.Release(ctx, next))
		require.ErrorIs(t, b.Renew(ctx, next), lease.ErrLost)
		term, err = a.Acquire(ctx)
		require.NoError(t, err)
		require.Equal(t, next+1, term)

		// A program that is started again is another holder.
		again := node(t, open(t), lease.Config{Holder: "a"})
		_, err = again.Acquire(ctx)
		require.ErrorIs(t, err, lease.ErrHeld)
		require.ErrorIs(t, again.Renew(ctx, term), lease.ErrLost)
	})
}

// TestOneOfMany: of many that ask at once one gets it, whether there is a row or not.
func TestOneOfMany(t *testing.T) {
	on(t, func(t *testing.T, open place) {
		db, second := open(t), open(t)
		for round := range 5 {
			var all sync.WaitGroup
			errs := make([]error, 10)
			for i := range errs {
				all.Go(func() {
					of := db
					if i%2 == 1 {
						of = second
					}
					_, errs[i] = node(t, of, lease.Config{}).Acquire(t.Context())
				})
			}
			all.Wait()
			got := 0
			for _, err := range errs {
				if err == nil {
					got++
				} else {
					require.ErrorIs(t, err, lease.ErrHeld)
				}
			}
			require.Equal(t, 1, got, "round %d", round)
			s, err := node(t, db, lease.Config{}).State(t.Context())
			require.NoError(t, err)
			require.Equal(t, int64(round+1), s.Term)
			expire(t, db)
		}
	})
}

// TestFence: a transaction of a holder of before does nothing, and that of the holder
// keeps others waiting.
func TestFence(t *testing.T) {
	on(t, func(t *testing.T, open place) {
		ctx := t.Context()
		db, second := open(t), open(t)
		a, b := node(t, db, lease.Config{}), node(t, second, lease.Config{})
		term, err := a.Acquire(ctx)
		require.NoError(t, err)
		expire(t, db)
		taken := make(chan error, 1)
		require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error {
			if err := a.Fence(ctx, tx, term); err != nil {
				return err
			}
			go func() {
				_, err := b.Acquire(ctx)
				taken <- err
			}()
			select {
			case err := <-taken:
				taken <- err
				return errors.New("it was taken while a transaction of the holder was open")
			case <-time.After(100 * time.Millisecond):
				return nil
			}
		}))
		require.NoError(t, <-taken)
		require.ErrorIs(t, db.Update(ctx, func(tx sqldb.Tx) error { return a.Fence(ctx, tx, term) }), lease.ErrLost)
		require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error { return b.Fence(ctx, tx, term+1) }))
		require.NoError(t, b.Release(ctx, term+1))
		require.ErrorIs(t, db.Update(ctx, func(tx sqldb.Tx) error { return b.Fence(ctx, tx, term+1) }), lease.ErrLost)
	})
}

// TestEndsByItself: a lease that nobody renews is another's after a while.
func TestEndsByItself(t *testing.T) {
	on(t, func(t *testing.T, open place) {
		a, b := node(t, open(t), lease.Config{For: 50 * time.Millisecond}), node(t, open(t), lease.Config{})
		_, err := a.Acquire(t.Context())
		require.NoError(t, err)
		term := int64(0)
		for term == 0 {
			if term, err = b.Acquire(t.Context()); err != nil {
				require.ErrorIs(t, err, lease.ErrHeld)
			}
		}
		require.Equal(t, int64(2), term)
	})
}

func TestHold(t *testing.T) {
	on(t, func(t *testing.T, open place) {
		ctx := t.Context()
		db, second := open(t), open(t)
		a, b := node(t, db, lease.Config{Every: time.Millisecond}), node(t, second, lease.Config{})
		own := errors.New("the work's own")
		err := a.Hold(ctx, func(within context.Context, term int64) error {
			require.Equal(t, int64(1), term)
			require.ErrorIs(t, b.Hold(ctx, func(context.Context, int64) error {
				t.Error("two hold it")
				return nil
			}), lease.ErrHeld)
			// It is renewed meanwhile.
			expire(t, db)
			for {
				s, err := b.State(ctx)
				require.NoError(t, err)
				if s.Holder != "" || !s.Ends.IsZero() {
					break
				}
			}
			require.NoError(t, within.Err())
			return own
		})
		require.ErrorIs(t, err, own)
		require.NotErrorIs(t, err, lease.ErrLost)
		term, err := b.Acquire(ctx) // it was released
		require.NoError(t, err)
		require.Equal(t, int64(2), term)
		require.NoError(t, b.Release(ctx, term))

		// It is released too when the caller ends it.
		until, cancel := context.WithCancel(ctx)
		err = a.Hold(until, func(within context.Context, _ int64) error {
			cancel()
			<-within.Done()
			return within.Err()
		})
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, lease.ErrLost)
		_, err = b.Acquire(ctx)
		require.NoError(t, err)
	})
}

// TestHoldLost: a holder whose lease another has taken is told.
func TestHoldLost(t *testing.T) {
	on(t, func(t *testing.T, open place) {
		ctx, db := t.Context(), open(t)
		a, b := node(t, db, lease.Config{Every: 20 * time.Millisecond}), node(t, open(t), lease.Config{})
		err := a.Hold(ctx, func(within context.Context, _ int64) error {
			for { // it may be renewed between the two
				expire(t, db)
				if _, err := b.Acquire(ctx); err == nil {
					break
				}
			}
			<-within.Done()
			require.ErrorIs(t, context.Cause(within), lease.ErrLost)
			return nil
		})
		require.ErrorIs(t, err, lease.ErrLost)
		s, err := b.State(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(2), s.Term)
		require.False(t, s.Ends.IsZero(), "the release of the first has not ended the second's")
	})
}

// TestHoldDatabaseGone: a holder that cannot renew is told before its time is over.
func TestHoldDatabaseGone(t *testing.T) {
	on(t, func(t *testing.T, open place) {
		db, other := open(t), open(t)
		a, b := node(t, db, lease.Config{For: 500 * time.Millisecond}), node(t, other, lease.Config{})
		err := a.Hold(t.Context(), func(within context.Context, _ int64) error {
			require.NoError(t, db.Close())
			<-within.Done()
			require.ErrorIs(t, context.Cause(within), lease.ErrLost)
			return nil
		})
		require.ErrorIs(t, err, lease.ErrLost)
		_, err = a.Acquire(t.Context())
		require.Error(t, err)
		require.NotErrorIs(t, err, lease.ErrHeld)
		for err != nil {
			_, err = b.Acquire(t.Context())
		}
	})
}

func TestConfig(t *testing.T) {
	db := places[0].at(t)(t)
	for field, c := range map[string]lease.Config{
		"DB": {Table: "t", Name: "n"}, "Table": {DB: db, Name: "n"}, "Name": {DB: db, Table: "t"},
		"Holder": {DB: db, Table: "t", Name: "n", Holder: "a#b"}, "For": {DB: db, Table: "t", Name: "n", For: 1},
		"Every": {DB: db, Table: "t", Name: "n", For: time.Second, Every: time.Second},
	} {
		_, err := lease.New(c)
		require.ErrorContains(t, err, "Config."+field+":")
	}
}
