package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// benchHeir is the comune into which that of the benchmarks ends.
const benchHeir = "A074"

// incorporation ends the made-up comune in another, each section in one with a number of
// its own.
func incorporation(b *testing.B) (registry.Succession, []electoral.Section) {
	b.Helper()
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "L219", Electors: benchElectors})
	require.NoError(b, err)
	day := electoral.Date{Year: 2026, Month: 11, Day: 1}
	s := registry.Succession{Kind: registry.Incorporation, Ceased: []string{"L219"}, Heir: benchHeir, Day: day,
		Act: registry.SuccessionAct{Authority: "Regione", Kind: "legge", Number: "1", Date: day}}
	sections := g.Sections()
	for _, sec := range g.Sections() {
		to := sec.Clone()
		to.Comune, to.Number = benchHeir, "9"+sec.Number
		sections = append(sections, to)
		s.Mapping = append(s.Mapping, registry.SectionMapping{Comune: sec.Comune, Number: sec.Number, To: to.Number})
	}
	return s, sections
}

// putSections registers the sections of both comuni.
func putSections(b *testing.B, db *sqlstore.DB, list []electoral.Section) {
	b.Helper()
	ctx := context.Background()
	require.NoError(b, db.Store().Update(ctx, func(w registry.Writer) error {
		for _, s := range list {
			if err := w.PutSection(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}))
}

// succeed carries out a succession.
func succeed(b *testing.B, db *sqlstore.DB, s registry.Succession) {
	b.Helper()
	r, err := registry.New(registry.Config{Store: db.Store(), Population: memory.NewPopulation(), Recorder: silent{},
		Now: func() time.Time { return time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC) },
		Announced: func(ceased string) []registry.Announcement { // the archive has both comuni as they are
			return []registry.Announcement{{Ceased: ceased, Heir: s.Heir, Day: s.Day}}
		}})
	require.NoError(b, err)
	rep, _, err := r.Succeed(context.Background(), electoral.Request{ID: "1", Actor: electoral.Actor{
		FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: s.Heir, Method: electoral.SPIDMethod, Level: 2}}, s)
	require.NoError(b, err)
	require.Equal(b, benchElectors, rep.Electors)
}

// BenchmarkSuccessionPostgres ends a comune in another beside a raw COPY, from memory
// and in the server's own format, of the rows that the succession writes.
func BenchmarkSuccessionPostgres(b *testing.B) {
	dsn := testenv.Postgres(b)
	db, conn := openPostgres(b, dsn), connect(b, dsn)
	ctx := context.Background()
	list := generated(b, benchElectors)
	s, sections := incorporation(b)
	load(b, db, list)
	putSections(b, db, sections)
	copied := func() map[string][]byte {
		raw := map[string][]byte{}
		for _, table := range benchTables {
			var out bytes.Buffer
			_, err := conn.PgConn().CopyTo(ctx, &out, "COPY "+table+" TO STDOUT (FORMAT binary)")
			require.NoError(b, err)
			raw[table] = out.Bytes()
		}
		return raw
	}
	in := func(raw map[string][]byte) {
		tx, err := conn.Begin(ctx)
		require.NoError(b, err)
		for _, table := range benchTables {
			_, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(raw[table]),
				"COPY "+table+" FROM STDIN (FORMAT binary)")
			require.NoError(b, err)
		}
		require.NoError(b, tx.Commit(ctx))
	}
	empty := func() {
		_, err := conn.Exec(ctx, "TRUNCATE records, record_routes, sections, "+strings.Join(benchTables, ", "))
		require.NoError(b, err)
		_, err = conn.Exec(ctx, "CHECKPOINT")
		require.NoError(b, err)
	}
	_, err := conn.Exec(ctx, "TRUNCATE journal")
	require.NoError(b, err)
	before := copied()
	succeed(b, db, s)
	after := copied()
	compare(b, len(list), func() time.Duration {
		empty()
		return took(func() { in(after) })
	}, func() time.Duration {
		empty()
		in(before)
		putSections(b, db, sections)
		return took(func() { succeed(b, db, s) })
	})
}

// BenchmarkSuccessionSQLite ends a comune in another beside prepared multi-row
// inserts, ready in memory, of the rows that the succession writes.
func BenchmarkSuccessionSQLite(b *testing.B) {
	list := generated(b, benchElectors)
	s, sections := incorporation(b)
	n := 0
	fresh := func(b *testing.B) string {
		n++
		return filepath.Join(b.TempDir(), fmt.Sprint(n, ".db"))
	}
	loadedIn := func(b *testing.B, file string) *sqlstore.DB {
		db := open(b, file)
		load(b, db, list)
		putSections(b, db, sections)
		source, err := sql.Open("sqlite", "file:"+file)
		require.NoError(b, err)
		defer source.Close()
		_, err = source.Exec("DELETE FROM journal")
		require.NoError(b, err)
		return db
	}
	file := fresh(b)
	succeed(b, loadedIn(b, file), s)
	source, err := sql.Open("sqlite", "file:"+file)
	require.NoError(b, err)
	defer source.Close()
	raw := map[string][][]any{}
	for _, table := range benchTables {
		raw[table] = rowsOf(b, source, table)
	}
	compare(b, len(list), func() time.Duration {
		file := fresh(b)
		require.NoError(b, open(b, file).Close())
		return took(func() { insertRaw(b, file, raw) })
	}, func() time.Duration {
		db := loadedIn(b, fresh(b))
		defer func() { require.NoError(b, db.Close()) }()
		return took(func() { succeed(b, db, s) })
	})
}

func took(work func()) time.Duration {
	start := time.Now()
	work()
	return time.Since(start)
}

// compare runs the inserts and the succession by turns, so that both meet what else the
// machine has to do, and reports the medians and their ratio.
func compare(b *testing.B, electors int, raw, succession func() time.Duration) {
	b.Helper()
	var raws, successions []time.Duration
	for b.Loop() {
		raws = append(raws, raw())
		successions = append(successions, succession())
	}
	slices.Sort(raws)
	slices.Sort(successions)
	low, high := raws[len(raws)/2].Seconds(), successions[len(successions)/2].Seconds()
	b.ReportMetric(float64(electors)/low, "raw-electors/s")
	b.ReportMetric(float64(electors)/high, "electors/s")
	b.ReportMetric(high/low, "ratio")
}
