package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// blackbox is a recorder that keeps nothing.
type blackbox struct{}

func (blackbox) Record(context.Context, electoral.Access) error { return nil }

// The statements by which a row of each table is written when its elector moves.
const (
	rawElector   = `UPDATE electors SET general_section = $1 WHERE comune = 'L219' AND anpr_id = $2`
	rawEnrolment = `UPDATE enrolments SET section = $1 WHERE comune = 'L219' AND list = 'general' AND section = $3 AND anpr_id = $2`
	rawOperation = `INSERT INTO journal VALUES ('L219', $2, $1, 'electors-move', $2, '')`
)

// BenchmarkMoveSection moves the electors of one section to another and back, through
// the registry, beside raw writes of the same rows of the same tables, in one
// transaction each.
func BenchmarkMoveSection(b *testing.B) {
	const size = 1000
	list := generated(b, benchElectors)
	for i := range list {
		list[i].General = &electoral.Enrolment{Comune: "L219", Section: fmt.Sprint(1 + i/size)}
	}
	ids := make([]string, size)
	for i := range ids {
		ids[i] = list[i].ANPRID
	}
	run := func(b *testing.B, db *sqlstore.DB, raw func(from, to string, at int64)) {
		load(b, db, list)
		ctx := context.Background()
		require.NoError(b, db.Store().Update(ctx, func(w registry.Writer) error {
			for _, n := range []string{"1", "1000"} {
				if err := w.PutSection(ctx, electoral.Section{Comune: "L219", Number: n}); err != nil {
					return err
				}
			}
			return nil
		}))
		from, to, now := "1", "1000", loaded.Add(time.Hour)
		next := func() { from, to, now = to, from, now.Add(time.Second) }
		r, err := registry.New(registry.Config{Store: db.Store(), Population: memory.NewPopulation(), Recorder: blackbox{},
			Now: func() time.Time { return now }})
		require.NoError(b, err)
		var byHand, byRegistry time.Duration
		for b.Loop() { // in turns, so that what else the machine does burdens both
			next()
			began := time.Now()
			raw(to, from, now.UnixMilli())
			byHand += time.Since(began)
			next()
			began = time.Now()
			report, _, err := r.MoveElectors(ctx, electoral.Request{ID: now.Format("20060102T150405"),
				Revision: electoral.SemestralRevision, Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z",
					Role: electoral.OfficerRole, Comune: "L219", Method: electoral.SPIDMethod, Level: 2}}, "L219",
				registry.Mapping{Sections: []registry.SectionMove{{From: to, To: from}}})
			byRegistry += time.Since(began)
			require.NoError(b, err)
			require.Equal(b, size, report.Moved)
		}
		b.ReportMetric(float64(size*b.N)/byRegistry.Seconds(), "electors/s")
		b.ReportMetric(byRegistry.Seconds()/byHand.Seconds(), "x-raw")
	}
	b.Run("postgres", func(b *testing.B) {
		dsn := testenv.Postgres(b)
		conn := connect(b, dsn)
		run(b, openPostgres(b, dsn), func(from, to string, at int64) {
			ctx := context.Background()
			tx, err := conn.Begin(ctx)
			require.NoError(b, err)
			batch := &pgx.Batch{}
			for _, id := range ids {
				batch.Queue(rawElector, to, id)
				batch.Queue(rawEnrolment, to, id, from)
				batch.Queue(rawOperation, id, at)
			}
			require.NoError(b, tx.SendBatch(ctx, batch).Close())
			require.NoError(b, tx.Commit(ctx))
		})
	})
	b.Run("sqlite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "r.db")
		db := open(b, file)
		source, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)")
		require.NoError(b, err)
		defer source.Close()
		run(b, db, func(from, to string, at int64) {
			tx, err := source.Begin()
			require.NoError(b, err)
			elector, err1 := tx.Prepare(rawElector)
			enrolment, err2 := tx.Prepare(rawEnrolment)
			operation, err3 := tx.Prepare(rawOperation)
			require.NoError(b, err1)
			require.NoError(b, err2)
			require.NoError(b, err3)
			for _, id := range ids {
				_, err1 = elector.Exec(to, id)
				_, err2 = enrolment.Exec(to, id, from)
				_, err3 = operation.Exec(id, at)
				require.NoError(b, err1)
				require.NoError(b, err2)
				require.NoError(b, err3)
			}
			require.NoError(b, tx.Commit())
		})
	})
}
