package sqlstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// busyElectors is how many electors one comune has while it is purged; .ci/long has more,
// and other comuni beside it.
func busyElectors(t testing.TB) (one, rest int) {
	t.Helper()
	one = 300_000
	for name, to := range map[string]*int{"ANPR_PURGE_ELECTORS": &one, "ANPR_PURGE_OTHERS": &rest} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.Atoi(text)
			require.NoError(t, err)
			*to = n
		}
	}
	return one, rest
}

// A busyComune is a comune with electors and persons.
type busyComune struct {
	code string
	ids  []string
	// people is of how many, from the first on, there is the person too.
	people int
}

// fillComune loads the electors of a comune and some of the persons behind them.
func fillComune(t testing.TB, db *sqlstore.DB, code string, n, people int) busyComune {
	t.Helper()
	ctx := context.Background()
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: code, Electors: n})
	require.NoError(t, err)
	c := busyComune{code: code, ids: make([]string, 0, n), people: min(n, people)}
	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
		list := make([]electoral.Elector, 0, benchChunk)
		for in := range g.Inhabitants() {
			list = append(list, in.Elector)
			c.ids = append(c.ids, in.Elector.ANPRID)
			if len(list) == benchChunk || len(c.ids) == n {
				if err := w.(registry.BulkWriter).AddElectors(ctx, code, list); err != nil {
					return err
				}
				list = list[:0]
			}
		}
		return nil
	}))
	_, err = db.Population().Put(ctx, func(yield func(electoral.Person, error) bool) {
		for in := range g.Inhabitants() {
			if people--; people < 0 || !yield(in.Person, nil) {
				return
			}
		}
	})
	require.NoError(t, err)
	return c
}

// rewriteSome gives electors and persons, spread over the comune, values with a mark.
func rewriteSome(t testing.TB, db *sqlstore.DB, c busyComune, mark string) {
	t.Helper()
	ctx := t.Context()
	step := max(1, len(c.ids)/2000)
	var ids []string
	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
		ids = ids[:0]
		for i := 0; i < len(c.ids); i += step {
			ids = append(ids, c.ids[i])
			e, home, err := w.Elector(ctx, c.ids[i])
			if err != nil {
				return err
			}
			e.Status.SenateConstituency = mark + c.ids[i]
			if err := w.PutElector(ctx, home, e); err != nil {
				return err
			}
		}
		return nil
	}))
	found, err := db.Population().ByANPRIDs(ctx, ids)
	require.NoError(t, err)
	var people []electoral.Person
	for _, p := range found {
		p.Surname = mark
		people = append(people, p)
	}
	_, err = db.Population().Put(ctx, persons(people...))
	require.NoError(t, err)
}

// traffic reads and writes until it is stopped. A reader that does not find an elector,
// or finds another, and a writer whose change is lost, fail the test.
type traffic struct {
	stop            atomic.Bool
	reads, writes   atomic.Int64
	longRead, longW time.Duration
	done            sync.WaitGroup
}

func (f *traffic) start(t *testing.T, db *sqlstore.DB, c busyComune, seed uint64) {
	ctx := context.Background()
	f.done.Go(func() {
		r := mathrand.New(mathrand.NewPCG(seed, 1))
		for !f.stop.Load() {
			id := c.ids[r.IntN(len(c.ids))]
			begun := time.Now()
			err := db.Store().View(ctx, func(r registry.Reader) error {
				e, _, err := r.Elector(ctx, id)
				assert.Equal(t, id, e.ANPRID)
				return err
			})
			f.longRead = max(f.longRead, time.Since(begun))
			_, err2 := db.Population().ByANPRID(ctx, c.ids[r.IntN(c.people)])
			if !assert.NoError(t, err) || !assert.NoError(t, err2) {
				return
			}
			f.reads.Add(1)
		}
	})
	f.done.Go(func() {
		last := ""
		for n := 1; !f.stop.Load(); n++ {
			begun := time.Now()
			err := db.Store().Update(ctx, func(w registry.Writer) error {
				e, home, err := w.Elector(ctx, c.ids[7])
				if err != nil {
					return err
				}
				if last != "" {
					assert.Equal(t, last, e.Status.SenateConstituency, "a change was lost")
				}
				e.Status.SenateConstituency = "w" + strconv.Itoa(n)
				return w.PutElector(ctx, home, e)
			})
			f.longW = max(f.longW, time.Since(begun))
			if !assert.NoError(t, err) {
				return
			}
			last = "w" + strconv.Itoa(n)
			// A transaction of one state, which would fail if a person were moved meanwhile.
			some, err := db.Population().ByANPRIDs(ctx, c.ids[:min(200, c.people)])
			if !assert.NoError(t, err) {
				return
			}
			if _, err = db.Population().Put(ctx, persons(slices.Collect(maps.Values(some))...)); !assert.NoError(t, err) {
				return
			}
			f.writes.Add(1)
		}
	})
}

func (f *traffic) end() {
	f.stop.Store(true)
	f.done.Wait()
}

// purgeBusy purges beside one reader and one writer.
func purgeBusy(t *testing.T, at opener, dir string, watch func(*testing.T) func() []string) {
	ctx := t.Context()
	one, rest := busyElectors(t)
	people := one
	if rest == 0 {
		people = min(one, 30_000) // enough to be moved while others write
	}
	db := at.db(t)
	begun := time.Now()
	c := fillComune(t, db, "L219", one, people)
	for i, code := range []string{"H501", "F205", "A944", "D612"} {
		if n := rest / 4; n > 0 {
			fillComune(t, db, code, n, 0) // made-up persons of several comuni may share a code
			t.Logf("comune %d of the others is there", i+1)
		}
	}
	t.Logf("%d and %d electors loaded in %v", one, rest, time.Since(begun))
	old, later := "OLD"+rand.Text(), "NEW"+rand.Text()
	rewriteSome(t, db, c, old)
	rewriteSome(t, db, c, later)
	seed := testenv.Seed(t, 1)
	config := erasure.Config{Wait: time.Hour}

	exclusive := watch(t)
	var f traffic
	f.start(t, at.db(t), c, seed)
	reads, writes := f.reads.Load(), f.writes.Load()
	begun = time.Now()
	report, err := db.Purge(ctx, config)
	took := time.Since(begun)
	reads, writes = f.reads.Load()-reads, f.writes.Load()-writes
	f.end()
	require.NoError(t, err)
	locked := exclusive()
	for _, table := range report.Tables {
		if table.Rows > 0 {
			require.NotContains(t, locked, table.Name, "a lock that readers wait for, on a table of many rows")
		}
	}
	require.Empty(t, report.Stays)
	assert.Empty(t, holding(t, dir, old))
	assert.NotEmpty(t, holding(t, dir, later))
	assert.NotZero(t, report.Rewritten())
	assert.NotZero(t, reads, "reads beside the purge")
	assert.NotZero(t, writes, "writes beside the purge")
	for _, table := range report.Tables {
		t.Logf("%+v", table)
		assert.LessOrEqual(t, table.MostRows, erasure.DefaultRows, "rows under one lock")
	}
	t.Logf("purge %v; %d reads, longest %v; %d writes, longest %v; longest lock %v", took, reads, f.longRead, writes,
		f.longW, report.LongestLock())

	// What is not touched meanwhile is left alone.
	_, err = db.Purge(ctx, config)
	require.NoError(t, err)
	report, err = db.Purge(ctx, config)
	require.NoError(t, err)
	assert.Zero(t, report.Rewritten(), "nothing has died: %+v", report)
	n := 0
	require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
		for _, err := range r.Enrolled(ctx, electoral.GeneralList, c.code, "") {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	}))
	assert.Greater(t, n, len(c.ids)*9/10, "who is enrolled")
}

// TestPurgeBusy: a purge comes to its end, and keeps what it promises, beside a reader and
// a writer who never rest.
func TestPurgeBusy(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		purgeBusy(t, opener{filepath.Join(dir, "r.db"), open}, dir, func(*testing.T) func() []string {
			return func() []string { return nil } // nobody can keep a reader of SQLite waiting
		})
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := testenv.PostgresDatabase(t)
		purgeBusy(t, opener{dsn, openPostgres}, databaseFolder(t, dsn), func(t *testing.T) func() []string {
			return exclusiveLocks(t, dsn)
		})
	})
}

// exclusiveLocks looks all the time for locks on tables that keep readers waiting, apart
// from those of autovacuum, which gives way, and returns at the end on which tables there were some.
func exclusiveLocks(t *testing.T, dsn string) func() []string {
	conn := connect(t, dsn)
	stop, done := make(chan struct{}), make(chan error, 1)
	found := map[string]bool{}
	go func() {
		for {
			rows, err := conn.Query(context.Background(), `SELECT c.relname::text
				FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
				JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_stat_activity a ON a.pid = l.pid
				WHERE a.backend_type = 'client backend' AND l.mode = 'AccessExclusiveLock' AND n.nspname = 'anpr' AND c.relkind = 'r'`)
			list, err2 := pgx.CollectRows(rows, pgx.RowTo[string])
			for _, name := range list {
				found[name] = true
			}
			if err = errors.Join(err, err2); err != nil {
				done <- err
				return
			}
			select {
			case <-stop:
				done <- nil
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() []string {
		close(stop)
		require.NoError(t, <-done)
		return slices.Collect(maps.Keys(found))
	}
}

// databaseFolder returns the folder with the files of a database.
func databaseFolder(t *testing.T, dsn string) string {
	t.Helper()
	var dir string
	var oid int
	require.NoError(t, connect(t, dsn).QueryRow(t.Context(), `SELECT current_setting('data_directory'), oid::int
		FROM pg_database WHERE datname = current_database()`).Scan(&dir, &oid))
	dir = filepath.Join(dir, "base", fmt.Sprint(oid))
	if _, err := os.ReadDir(dir); err != nil {
		testenv.Need(t, fmt.Sprintf("PostgreSQL whose files can be read (%v)", err))
	}
	return dir
}
