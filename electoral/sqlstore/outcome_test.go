package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// ledger is a recorder that keeps its rows in a table of the store's database.
type ledger struct {
	db    *sqldb.DB
	place string
	rows  atomic.Int64
	// fail, if not nil, is the error of the next row within a change.
	fail atomic.Value
	// apart counts the entries that were written in a transaction of their own.
	apart atomic.Int64
}

func newLedger(t *testing.T, db *sqldb.DB, err error) *ledger {
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	l := &ledger{db: db}
	require.NoError(t, db.Update(t.Context(), func(tx sqldb.Tx) error {
		l.place = tx.Place()
		return tx.Exec(t.Context(), sqldb.Statement{Text: `CREATE TABLE IF NOT EXISTS {ledger} (
			id TEXT NOT NULL PRIMARY KEY, request TEXT NOT NULL, outcome TEXT NOT NULL)`})
	}))
	return l
}

func (l *ledger) write(ctx context.Context, tx sqldb.Tx, a electoral.Access) (string, error) {
	id := fmt.Sprint(l.rows.Add(1))
	return id, tx.Exec(ctx, sqldb.Statement{Text: `INSERT INTO {ledger} (id, request, outcome) VALUES ($1, $2, $3)`,
		Args: []any{id, a.RequestID, a.Outcome}})
}

func (l *ledger) Record(ctx context.Context, a electoral.Access) error {
	if a.Outcome != electoral.Requested {
		l.apart.Add(1)
	}
	return l.db.Update(ctx, func(tx sqldb.Tx) error {
		_, err := l.write(ctx, tx, a)
		return err
	})
}

func (l *ledger) RecordIn(ctx context.Context, tx sqldb.Tx, a electoral.Access) (string, error) {
	if tx.Place() != l.place {
		return "", nil
	}
	if err, _ := l.fail.Swap(errNone).(error); err != nil && !errors.Is(err, errNone) {
		return "", err
	}
	return l.write(ctx, tx, a)
}

var errNone = errors.New("none")

func (l *ledger) StandsIn(ctx context.Context, tx sqldb.Tx, receipt string) (bool, error) {
	var one int64
	err := sqldb.One(ctx, tx, []any{&one}, `SELECT 1 FROM {ledger} WHERE id = $1`, receipt)
	if errors.Is(err, sqldb.ErrNoRow) {
		return false, nil
	}
	return err == nil, err
}

// outcomes returns what the ledger has of a request, in order.
func (l *ledger) outcomes(t *testing.T, request string) (list []string) {
	t.Helper()
	scan := func(r sqldb.Rows) (s string, err error) { return s, r.Scan(&s) }
	require.NoError(t, l.db.View(t.Context(), func(tx sqldb.Tx) error {
		list = nil
		for s, err := range sqldb.All(t.Context(), tx, scan,
			`SELECT outcome FROM {ledger} WHERE request = $1 ORDER BY length(id), id`, request) {
			if err != nil {
				return err
			}
			list = append(list, s)
		}
		return nil
	}))
	return list
}

// inOneDatabase runs a test with a registry and a log in one database.
func inOneDatabase(t *testing.T, run func(t *testing.T, r *registry.Registry, l *ledger, section electoral.Section)) {
	start := func(t *testing.T, db *sqlstore.DB, l *ledger) {
		g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "A074", Electors: 5,
			At: electoral.Date{Year: 2026, Month: 11, Day: 22}})
		require.NoError(t, err)
		r, err := registry.New(registry.Config{Store: db.Store(), Population: db.Population(), Recorder: l,
			Now: func() time.Time { return time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC) }})
		require.NoError(t, err)
		run(t, r, l, g.Sections()[0])
	}
	t.Run("sqlite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "r.db")
		db := open(t, file)
		log, err := sqldb.OpenSQLite(t.Context(), file)
		start(t, db, newLedger(t, log, err))
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := testenv.Postgres(t)
		db, err := sqlstore.OpenPostgres(t.Context(), dsn)
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		log, err := sqldb.OpenPostgres(t.Context(), dsn)
		start(t, db, newLedger(t, log, err))
	})
}

// TestOutcomeWithTheChange: where log and registry share a database, a change and its
// outcome stand together, or neither does.
func TestOutcomeWithTheChange(t *testing.T) {
	inOneDatabase(t, func(t *testing.T, r *registry.Registry, l *ledger, section electoral.Section) {
		ctx := t.Context()
		_, err := r.PutSection(ctx, asOfficer("A074", "done"), section)
		require.NoError(t, err)
		assert.Equal(t, []string{electoral.Requested, electoral.Granted}, l.outcomes(t, "done"))
		assert.Zero(t, l.apart.Load(), "the outcome has no transaction of its own")

		_, err = r.PutSection(ctx, asOfficer("A074", "done"), section)
		require.NoError(t, err)
		assert.Equal(t, []string{electoral.Requested, electoral.Granted, electoral.Requested, electoral.Repeated},
			l.outcomes(t, "done"), "an answer that was kept changes nothing, and has an entry of its own")

		bad := section
		bad.SeatName = ""
		apart := l.apart.Load()
		_, err = r.PutSection(ctx, asOfficer("A074", "refused"), bad)
		require.ErrorIs(t, err, electoral.SeatNameMissing)
		assert.Equal(t, []string{electoral.Requested, string(electoral.SeatNameMissing)}, l.outcomes(t, "refused"))
		assert.Equal(t, apart, l.apart.Load(), "with the refusal that is kept")

		apart = l.apart.Load()
		for _, opts := range []registry.LoadOptions{{}, {Resumable: true}} {
			other := section
			other.Number = fmt.Sprint("9", opts.Resumable)
			id := fmt.Sprint("load", opts.Resumable)
			_, err = r.Load(ctx, asOfficer("A074", id), "A074", records([]electoral.Section{other}),
				electoral.LoadSource[electoral.Elector]{}, opts)
			require.NoError(t, err)
			assert.Equal(t, []string{electoral.Requested, electoral.Granted}, l.outcomes(t, id))
		}
		assert.Equal(t, apart, l.apart.Load(), "with the last step of a load")

		// An outcome that cannot be written undoes the change.
		full := errors.New("the log is full")
		l.fail.Store(full)
		section.SeatName = "ALTRA SEDE"
		_, err = r.PutSection(ctx, asOfficer("A074", "full"), section)
		require.ErrorIs(t, err, full)
		require.NotErrorIs(t, err, electoral.ErrUnknown)
		assert.Equal(t, []string{electoral.Requested, electoral.Failed}, l.outcomes(t, "full"))
		now, err := r.Section(ctx, asOfficer("A074", "read"), "A074", section.Number)
		require.NoError(t, err)
		assert.NotEqual(t, section.SeatName, now.SeatName)
		_, err = r.PutSection(ctx, asOfficer("A074", "full"), section)
		require.NoError(t, err, "the same request again does it")

		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		_, err = r.PutSection(cancelled, asOfficer("A074", "cancelled"), section)
		require.ErrorIs(t, err, context.Canceled)
		assert.NotContains(t, l.outcomes(t, "cancelled"), electoral.Granted)
	})
}

// TestOutcomeElsewhere: a log in another database has its entries in transactions of
// its own, as a log in files has.
func TestOutcomeElsewhere(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "r.db"))
	log, err := sqldb.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "log.db"))
	l := newLedger(t, log, err)
	r, err := registry.New(registry.Config{Store: db.Store(), Population: db.Population(), Recorder: l})
	require.NoError(t, err)
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "A074", Electors: 5})
	require.NoError(t, err)
	_, err = r.PutSection(t.Context(), asOfficer("A074", "1"), g.Sections()[0])
	require.NoError(t, err)
	assert.Equal(t, []string{electoral.Requested, electoral.Granted}, l.outcomes(t, "1"))
	assert.Equal(t, int64(1), l.apart.Load())
}

// TestLostAtCommitSettled loses the connection at COMMIT: the outcome says what became
// of the change, and the caller is told that, not that it is unknown.
func TestLostAtCommitSettled(t *testing.T) {
	direct := testenv.Postgres(t)
	cutter, dsn := newCutter(t, direct)
	db, err := sqlstore.OpenPostgres(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	log, err := sqldb.OpenPostgres(t.Context(), dsn)
	l := newLedger(t, log, err)
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "A074", Electors: 5,
		At: electoral.Date{Year: 2026, Month: 11, Day: 22}})
	require.NoError(t, err)
	r, err := registry.New(registry.Config{Store: db.Store(), Population: db.Population(), Recorder: recorderThen{l, cutter},
		Now: func() time.Time { return time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC) }})
	require.NoError(t, err)
	section := g.Sections()[0]
	for _, how := range []string{"before", "after"} {
		section.SeatName = "SEDE " + how
		_, err := r.PutSection(t.Context(), asOfficer("A074", how), section)
		stands, readErr := r.Section(t.Context(), asOfficer("A074", "read-"+how), "A074", section.Number)
		if how == "after" {
			require.NoError(t, err)
			require.NoError(t, readErr)
			assert.Equal(t, section.SeatName, stands.SeatName)
			assert.Equal(t, []string{electoral.Requested, electoral.Granted}, l.outcomes(t, how))
		} else {
			require.Error(t, err)
			require.NotErrorIs(t, err, electoral.ErrUnknown)
			require.Error(t, readErr)
			assert.Equal(t, []string{electoral.Requested, electoral.Failed}, l.outcomes(t, how))
		}
	}
}

// recorderThen arms the cutter when the request is on record, for the COMMIT of the
// change.
type recorderThen struct {
	*ledger
	cutter *cutter
}

func (r recorderThen) Record(ctx context.Context, a electoral.Access) error {
	err := r.ledger.Record(ctx, a)
	if a.Outcome == electoral.Requested {
		r.cutter.cut.Store(a.RequestID)
	}
	return err
}
