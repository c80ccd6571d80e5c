package sqlstore_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// briefly is a purge that does not wait long.
func briefly() erasure.Config { return erasure.Config{Wait: 300 * time.Millisecond} }

// replaced gives the persons other values, so that their tables have something to purge,
// and an elector.
func replaced(t testing.TB, db *sqlstore.DB) {
	t.Helper()
	ctx := t.Context()
	for _, surname := range []string{"PRIMA", "POI"} {
		list := electoraltest.SamplePersons()
		for i := range list {
			list[i].Surname = surname
		}
		_, err := db.Population().Put(ctx, persons(list...))
		require.NoError(t, err)
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
			return w.PutElector(ctx, "A074", electoraltest.SampleElector("1", "A074", surname))
		}))
	}
}

// named is a session with a name of its own.
func named(t testing.TB, dsn, name string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	config.RuntimeParams["application_name"] = name
	conn, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func stay(t testing.TB, report erasure.Report, table string) erasure.Stay {
	t.Helper()
	i := slices.IndexFunc(report.Stays, func(s erasure.Stay) bool { return s.Table == table })
	require.GreaterOrEqual(t, i, 0, "%s in %+v", table, report.Stays)
	return report.Stays[i]
}

// clean purges until nothing stays, and then finds nothing to do.
func clean(t testing.TB, db *sqlstore.DB) {
	t.Helper()
	report, err := db.Purge(t.Context(), erasure.Config{Wait: time.Hour})
	require.NoError(t, err)
	require.Empty(t, report.Stays)
	require.NotZero(t, report.Rewritten(), "what stayed was not forgotten")
	report, err = db.Purge(t.Context(), erasure.Config{Wait: time.Hour})
	require.NoError(t, err)
	require.Zero(t, report.Rewritten())
}

// TestPurgeStaysOldSnapshot: a transaction that may read earlier values keeps them, and the
// report says which session that is. A role without pg_read_all_stats learns its process.
func TestPurgeStaysOldSnapshot(t *testing.T) {
	dsn, ctx := testenv.PostgresDatabase(t), t.Context()
	db := openPostgres(t, dsn)
	replaced(t, db)
	owner, as := testenv.PostgresRole(t, dsn)
	run(t, connect(t, dsn), "ALTER SCHEMA anpr OWNER TO "+owner)
	for _, table := range []string{"comune_locks", "sections", "electors", "enrolments", "elector_routes", "persons",
		"person_routes", "person_codes", "journal", "records", "record_routes", "purge_marks", "purge_gate", "schema_migrations"} {
		run(t, connect(t, dsn), "ALTER TABLE anpr."+table+" OWNER TO "+owner)
	}
	old := named(t, dsn, "estrazione")
	run(t, old, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM anpr.sections")
	replaced(t, db)
	report, err := db.Purge(ctx, briefly())
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	for _, table := range []string{"electors", "persons"} {
		s := stay(t, report, table)
		require.Equal(t, erasure.OldSnapshot, s.Reason)
		require.Len(t, s.Blockers, 1)
		b := s.Blockers[0]
		require.Equal(t, erasure.Session, b.Kind)
		require.Equal(t, int(old.PgConn().PID()), b.PID)
		require.Equal(t, "estrazione", b.Name)
		require.False(t, b.Since.IsZero())
	}
	require.ErrorContains(t, err, `"estrazione"`)
	require.Zero(t, report.LongestLock(), "nothing is moved in vain")

	lesser, err := sqlstore.PostgresConfig{DSN: as}.Open(ctx)
	require.NoError(t, err)
	defer func() { _ = lesser.Close() }()
	report, err = lesser.Purge(ctx, briefly())
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	require.True(t, slices.ContainsFunc(stay(t, report, "electors").Blockers, func(b erasure.Blocker) bool {
		return b.PID == int(old.PgConn().PID()) && b.Name == "" && b.Since.IsZero()
	}), "%+v", report)

	run(t, old, "COMMIT")
	report, err = lesser.Purge(ctx, erasure.Config{Wait: time.Hour, Rows: 1})
	require.NoError(t, err)
	require.True(t, report.Unwritten, "the role may not ask for a checkpoint")
	replaced(t, db)
	clean(t, db)
}

// TestPurgeStaysPrepared: so does a transaction that waits for its second phase.
func TestPurgeStaysPrepared(t *testing.T) {
	dsn, ctx := testenv.PostgresDatabase(t), t.Context()
	conn := connect(t, dsn)
	var most string
	require.NoError(t, conn.QueryRow(ctx, "SHOW max_prepared_transactions").Scan(&most))
	if most == "0" {
		testenv.Need(t, "PostgreSQL with max_prepared_transactions above 0")
	}
	db := openPostgres(t, dsn)
	replaced(t, db)
	gid := "voto " + strings.ToLower(t.Name())
	run(t, conn, "BEGIN", "UPDATE anpr.electors SET capacity = capacity", "PREPARE TRANSACTION '"+gid+"'")
	rolledBack := false
	defer func() {
		if !rolledBack {
			_, _ = conn.Exec(context.Background(), "ROLLBACK PREPARED '"+gid+"'")
		}
	}()
	replacedPersons(t, db)
	report, err := db.Purge(ctx, briefly())
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	s := stay(t, report, "persons")
	require.Equal(t, erasure.OldSnapshot, s.Reason)
	require.Len(t, s.Blockers, 1)
	require.Equal(t, erasure.Prepared, s.Blockers[0].Kind)
	require.Equal(t, gid, s.Blockers[0].Name)
	require.False(t, s.Blockers[0].Since.IsZero())
	run(t, conn, "ROLLBACK PREPARED '"+gid+"'")
	rolledBack = true
	clean(t, db)
}

func replacedPersons(t testing.TB, db *sqlstore.DB) {
	t.Helper()
	_, err := db.Population().Put(t.Context(), persons(electoraltest.SamplePersons()...))
	require.NoError(t, err)
}

// TestPurgeStaysLocked: a table that is being written by a transaction of one state is
// passed over, and the others are purged.
func TestPurgeStaysLocked(t *testing.T) {
	dsn, ctx := testenv.PostgresDatabase(t), t.Context()
	db := openPostgres(t, dsn)
	replaced(t, db)
	// It has no id and no snapshot of its own: only the lock.
	holder := named(t, dsn, "caricamento")
	run(t, holder, "BEGIN", "LOCK TABLE anpr.purge_gate IN ROW EXCLUSIVE MODE")
	few := briefly()
	few.Rows = 1 // so that rows are moved, and no table is made anew
	report, err := db.Purge(ctx, few)
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	s := stay(t, report, "persons")
	require.Equal(t, erasure.LockHeld, s.Reason)
	require.Len(t, s.Blockers, 1)
	require.Equal(t, int(holder.PgConn().PID()), s.Blockers[0].PID)
	require.Equal(t, "caricamento", s.Blockers[0].Name)
	for _, s := range report.Stays {
		require.True(t, strings.HasPrefix(s.Table, "person"), "%+v", s)
	}
	run(t, holder, "COMMIT")

	// A writer's lock on a row is waited for as well.
	replaced(t, db)
	run(t, holder, "BEGIN", "SELECT FROM anpr.electors FOR UPDATE")
	run(t, holder, "SAVEPOINT s")
	report, err = db.Purge(ctx, briefly())
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	require.Equal(t, int(holder.PgConn().PID()), stay(t, report, "electors").Blockers[0].PID)
	run(t, holder, "COMMIT")
	clean(t, db)
}

// TestPurgeStaysOther: two purges of the same tables do not run at once.
func TestPurgeStaysOther(t *testing.T) {
	dsn, ctx := testenv.PostgresDatabase(t), t.Context()
	db := openPostgres(t, dsn)
	replaced(t, db)
	old := connect(t, dsn)
	run(t, old, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM anpr.sections")
	replaced(t, db)
	first := make(chan error, 1)
	cancelled, cancel := context.WithCancel(ctx)
	go func() {
		_, err := db.Purge(cancelled, erasure.Config{Wait: time.Hour})
		first <- err
	}()
	require.Eventually(t, func() bool {
		var n int
		err := connect(t, dsn).QueryRow(ctx, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").Scan(&n)
		return err == nil && n > 0
	}, time.Minute, 10*time.Millisecond)
	report, err := db.Purge(ctx, briefly())
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	require.Equal(t, erasure.OtherPurge, stay(t, report, "electors").Reason)
	// One that is cut off says so, and forgets nothing.
	cancel()
	err = <-first
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	run(t, old, "COMMIT")
	clean(t, db)
}

// TestPurgeStaysReader: on SQLite a view keeps the write-ahead log.
func TestPurgeStaysReader(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "r.db"))
	replaced(t, db)
	ctx := t.Context()
	err := db.Store().View(ctx, func(registry.Reader) error {
		replaced(t, db)
		report, err := db.Purge(ctx, briefly())
		require.Len(t, report.Stays, 1)
		require.Equal(t, erasure.OldSnapshot, report.Stays[0].Reason)
		require.Equal(t, erasure.Reader, report.Stays[0].Blockers[0].Kind)
		assert.Contains(t, report.Stays[0].Blockers[0].Name, "1 views of this program")
		return err
	})
	require.True(t, errors.Is(err, sqlstore.ErrPurgeBlocked))
	report, err := db.Purge(ctx, erasure.Config{Wait: time.Hour})
	require.NoError(t, err)
	require.Empty(t, report.Stays)
	report, err = db.Purge(ctx, erasure.Config{Wait: time.Hour})
	require.NoError(t, err)
	require.Zero(t, report.Rewritten(), "nothing was deleted since")
}

// TestPurgeMarks: what is rewritten are the tables in which something has died since the
// last purge, by a change or by one that was given up, and no others.
func TestPurgeMarks(t *testing.T) {
	db, ctx := openPostgres(t, testenv.PostgresDatabase(t)), t.Context()
	replaced(t, db)
	clean(t, db)
	rewritten := func() (list []string) {
		report, err := db.Purge(ctx, erasure.Config{Wait: time.Hour})
		require.NoError(t, err)
		require.Len(t, report.Tables, 10)
		for _, table := range report.Tables {
			if table.Pages > 0 {
				list = append(list, table.Name)
			}
		}
		return list
	}
	elector := electoraltest.SampleElector("1", "A074", "POI")
	for name, change := range map[string]struct {
		do   func(w registry.Writer) error
		want []string
	}{
		"changed": {func(w registry.Writer) error { return w.PutElector(ctx, "A074", elector) }, []string{"electors"}},
		"given up": {func(w registry.Writer) error {
			return errors.Join(w.PutElector(ctx, "A074", elector), errGivenUp)
		}, []string{"electors"}},
		"only added": {func(w registry.Writer) error {
			return w.PutSection(ctx, electoraltest.SampleSection("A074", "77"))
		}, []string{"sections"}}, // it takes the place of one, if there is one
		"read": {func(w registry.Writer) error {
			_, _, err := w.Elector(ctx, "1")
			return err
		}, nil},
	} {
		err := db.Store().Update(ctx, change.do)
		if err != nil {
			require.ErrorIs(t, err, errGivenUp, name)
		}
		require.Equal(t, change.want, rewritten(), name)
	}
	replacedPersons(t, db)
	require.Equal(t, []string{"persons", "person_routes", "person_codes"}, rewritten())
	added := electoraltest.SampleElector("4711", "A074", "NUOVA")
	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
		return w.(registry.BulkWriter).AddElectors(ctx, "A074", []electoral.Elector{added})
	}))
	require.Empty(t, rewritten(), "nothing dies of a load")
	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error { return w.RemoveElector(ctx, "4711") }))
	require.Subset(t, rewritten(), []string{"electors", "enrolments", "elector_routes"})
	report, err := db.Purge(ctx, erasure.Config{Wait: time.Hour, All: true})
	require.NoError(t, err)
	require.NotZero(t, report.Rewritten(), "all of them when asked")
}

var errGivenUp = errors.New("given up")

// TestPurgeInserter: who inserts all the time, and so takes every page as soon as it is
// empty, does not keep a purge from its end.
func TestPurgeInserter(t *testing.T) {
	dsn := testenv.PostgresDatabase(t)
	db, ctx := openPostgres(t, dsn), t.Context()
	dir := databaseFolder(t, dsn)
	old := "OLD" + rand.Text()
	c := fillComune(t, db, "L219", 500, 0)
	rewriteSome(t, db, c, old)
	rewriteSome(t, db, c, "NEW")
	var stop atomic.Bool
	var work sync.WaitGroup
	for part := range 2 {
		work.Go(func() {
			for n := 1; !stop.Load(); n++ {
				e := electoraltest.SampleElector(strconv.Itoa(1000*n+part), "A074", "x")
				err := db.Store().Update(context.Background(), func(w registry.Writer) error {
					return w.(registry.BulkWriter).AddElectors(ctx, "A074", []electoral.Elector{e})
				})
				if !assert.NoError(t, err) {
					return
				}
			}
		})
	}
	report, err := db.Purge(ctx, erasure.Config{Rows: 100, Wait: time.Hour})
	stop.Store(true)
	work.Wait()
	require.NoError(t, err)
	require.NotZero(t, report.Rewritten())
	require.Empty(t, holding(t, dir, old))
}

// TestPurgeStaysSlot: a replica that says what it may still read keeps it, and the report
// names its slot. It would keep it from all the databases of a server.
func TestPurgeStaysSlot(t *testing.T) {
	dsn, ctx := testenv.PostgresServer(t), t.Context()
	db := openPostgres(t, dsn)
	replaced(t, db)
	slot := "t" + strings.ToLower(rand.Text())
	conn := connect(t, dsn)
	run(t, conn, "SELECT pg_create_physical_replication_slot('"+slot+"', true)")
	replica := standby(t, dsn, slot)
	require.Eventually(t, func() bool {
		var held bool
		require.NoError(t, conn.QueryRow(ctx, `SELECT xmin IS NOT NULL FROM pg_replication_slots WHERE slot_name = $1`, slot).Scan(&held))
		return held
	}, time.Minute, 10*time.Millisecond)
	replaced(t, db)
	report, err := db.Purge(ctx, briefly())
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	s := stay(t, report, "electors")
	require.Equal(t, erasure.OldSnapshot, s.Reason)
	require.True(t, slices.ContainsFunc(s.Blockers, func(b erasure.Blocker) bool {
		return b.Kind == erasure.Slot && b.Name == slot
	}), "%+v", s)
	require.ErrorContains(t, err, slot)

	// A replica that is away holds it all the same, until its slot is dropped.
	require.NoError(t, replica.Close(ctx))
	report, err = db.Purge(ctx, briefly())
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	require.Equal(t, erasure.OldSnapshot, stay(t, report, "electors").Reason)
	require.Eventually(t, func() bool {
		_, err := conn.Exec(ctx, `SELECT pg_drop_replication_slot($1)`, slot)
		return err == nil // the server lets go of it when it sees that the replica is away
	}, time.Minute, 10*time.Millisecond)
	clean(t, db)
}

// standby connects as a replica that has read nothing, and says that it may read all that
// is there now (hot standby feedback).
func standby(t testing.TB, dsn, slot string) *pgconn.PgConn {
	t.Helper()
	ctx := t.Context()
	var xmin, at string
	require.NoError(t, connect(t, dsn).QueryRow(ctx, `SELECT pg_snapshot_xmin(pg_current_snapshot())::text,
		pg_current_wal_flush_lsn()::text`).Scan(&xmin, &at))
	config, err := pgconn.ParseConfig(dsn)
	require.NoError(t, err)
	config.RuntimeParams = map[string]string{"replication": "true"}
	c, err := pgconn.ConnectConfig(ctx, config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	front := c.Frontend()
	front.Send(&pgproto3.Query{String: "START_REPLICATION SLOT " + slot + " PHYSICAL " + at})
	require.NoError(t, front.Flush())
	for streams := false; !streams; {
		m, err := front.Receive()
		require.NoError(t, err)
		if e, bad := m.(*pgproto3.ErrorResponse); bad {
			t.Fatal(e.Message)
		}
		_, streams = m.(*pgproto3.CopyBothResponse)
	}
	id, err := strconv.ParseUint(xmin, 10, 64)
	require.NoError(t, err)
	say := []byte{'h'}
	say = binary.BigEndian.AppendUint64(say, 0) // when
	say = binary.BigEndian.AppendUint32(say, uint32(id))
	say = binary.BigEndian.AppendUint32(say, uint32(id>>32))
	say = binary.BigEndian.AppendUint64(say, 0) // of the catalog: nothing
	front.Send(&pgproto3.CopyData{Data: say})
	require.NoError(t, front.Flush())
	return c
}
