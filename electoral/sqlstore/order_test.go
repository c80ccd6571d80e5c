package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestLocksInOrder has two updates that need two comuni, each in the other order: the
// one that would wait in a circle begins again, and neither waits for the server to
// find a deadlock.
func TestLocksInOrder(t *testing.T) {
	dsn := testenv.PostgresDatabase(t)
	db, err := sqlstore.OpenPostgres(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	ctx := t.Context()
	for _, wrote := range []bool{false, true} {
		var upper, lower, both sync.WaitGroup
		upper.Add(1)
		lower.Add(1)
		var once1, once2 sync.Once
		attempts := 0
		both.Go(func() {
			assert.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
				attempts++
				if _, err := w.Sequence(ctx, "H501"); err != nil {
					return err
				}
				if wrote {
					if err := w.PutSection(ctx, electoraltest.SampleSection("H501", "1")); err != nil {
						return err
					}
				}
				once1.Do(upper.Done)
				lower.Wait()
				_, err := w.Sequence(ctx, "A074") // comes before
				return err
			}))
		})
		both.Go(func() {
			upper.Wait()
			assert.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
				if _, err := w.Sequence(ctx, "A074"); err != nil {
					return err
				}
				once2.Do(lower.Done)
				_, err := w.Sequence(ctx, "H501") // in order: it waits
				return err
			}))
		})
		both.Wait()
		assert.Equal(t, 2, attempts, "once in vain, once with both from the beginning")
	}
	assert.Zero(t, deadlocks(t, dsn))
}

// TestOutOfOrderFree takes a comune that comes before, which nobody has, and one that
// was never locked.
func TestOutOfOrderFree(t *testing.T) {
	db, err := sqlstore.OpenPostgres(t.Context(), testenv.PostgresDatabase(t))
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	for range 2 {
		attempts := 0
		require.NoError(t, db.Store().Update(t.Context(), func(w registry.Writer) error {
			attempts++
			for _, comune := range []string{"L219", "H501", "A074", "H501"} {
				if err := w.PutSection(t.Context(), electoraltest.SampleSection(comune, "1")); err != nil {
					return err
				}
			}
			return nil
		}))
		assert.Equal(t, 1, attempts)
	}
}

// TestNoDeadlock has many updates that take several of few comuni in any order.
func TestNoDeadlock(t *testing.T) {
	dsn := testenv.PostgresDatabase(t)
	db, err := sqlstore.OpenPostgres(t.Context(), dsn+"&pool_max_conns=16")
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	comuni := []string{"A074", "A109", "F205", "H501", "L219"}
	const workers, each = 8, 8
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for k := range each {
				some := slices.Clone(comuni)
				r.Shuffle(len(some), func(a, b int) { some[a], some[b] = some[b], some[a] })
				assert.NoError(t, db.Store().Update(t.Context(), func(w registry.Writer) error {
					for n, comune := range some[:3] {
						if n == 2 && k%2 == 0 { // after it has written
							if err := w.PutSection(t.Context(), electoraltest.SampleSection(some[0], fmt.Sprint(i))); err != nil {
								return err
							}
						}
						if _, err := w.Section(t.Context(), comune, "1"); err != nil && !errors.Is(err, electoral.ErrNotFound) {
							return err
						}
					}
					return w.Note(t.Context(), registry.JournalEntry{Comune: some[0], ANPRID: fmt.Sprint(i*each + k), At: loaded,
						Operation: electoral.OpChange})
				}))
			}
		})
	}
	group.Wait()
	n := 0
	require.NoError(t, db.Store().View(t.Context(), func(r registry.Reader) error {
		for _, comune := range comuni {
			n += len(all(t, r.Journal(t.Context(), registry.JournalSearch{Comune: comune})))
		}
		return nil
	}))
	assert.Equal(t, workers*each, n)
	assert.Zero(t, deadlocks(t, dsn))
}

// deadlocks returns how many deadlocks the server has found in a database.
func deadlocks(t *testing.T, dsn string) (n int) {
	t.Helper()
	conn := connect(t, dsn)
	run(t, conn, `SELECT pg_stat_clear_snapshot()`)
	require.NoError(t, conn.QueryRow(context.Background(),
		`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n))
	return n
}

// TestOutOfOrderSwallowed: an update whose function takes the error of a lock for
// something else is run again all the same.
func TestOutOfOrderSwallowed(t *testing.T) {
	db, err := sqlstore.OpenPostgres(t.Context(), testenv.PostgresDatabase(t))
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	ctx := t.Context()
	held, asked := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		assert.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
			_, err := w.Sequence(ctx, "A074")
			close(held)
			<-asked
			return err
		}))
	})
	<-held
	var ends []error
	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
		if _, err := w.Sequence(ctx, "H501"); err != nil {
			return err
		}
		_, err := w.Sequence(ctx, "A074")
		if ends = append(ends, err); len(ends) == 1 {
			close(asked)
		}
		return nil
	}))
	group.Wait()
	require.Len(t, ends, 2)
	require.Error(t, ends[0])
	require.NoError(t, ends[1])
}
