package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// benchElectors is how many electors a bulk benchmark loads.
const benchElectors = 50_000

const benchChunk = 5000

func generated(b *testing.B, n int) []electoral.Elector {
	b.Helper()
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "L219", Electors: n})
	require.NoError(b, err)
	list := make([]electoral.Elector, 0, n)
	for in := range g.Inhabitants() {
		list = append(list, in.Elector)
	}
	return list
}

// load writes electors as a first load does: it looks whether they are there,
// adds them, and notes it in the journal.
func load(b *testing.B, db *sqlstore.DB, list []electoral.Elector) {
	ctx := context.Background()
	require.NoError(b, db.Store().Update(ctx, func(w registry.Writer) error {
		bulk := w.(registry.BulkWriter)
		for at := 0; at < len(list); at += benchChunk {
			part := list[at:min(at+benchChunk, len(list))]
			ids := make([]string, len(part))
			for i := range part {
				ids[i] = part[i].ANPRID
			}
			homes, err := bulk.Homes(ctx, ids)
			if err != nil {
				return err
			}
			require.Empty(b, homes)
			if err := bulk.AddElectors(ctx, "L219", part); err != nil {
				return err
			}
			entries := make([]registry.JournalEntry, len(part))
			for i, id := range ids {
				entries[i] = registry.JournalEntry{Comune: "L219", ANPRID: id, At: loaded, Operation: electoral.OpLoad, Revision: electoral.FirstLoadRevision}
			}
			if err := w.Note(ctx, entries...); err != nil {
				return err
			}
		}
		return nil
	}))
}

func rate(b *testing.B, n int) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "electors/s")
}

var benchTables = []string{"elector_routes", "electors", "enrolments", "journal"}

// BenchmarkBulkPostgres loads electors beside a raw COPY, from memory and in
// the server's own format, of the same rows into the same indexed tables.
func BenchmarkBulkPostgres(b *testing.B) {
	dsn := testenv.Postgres(b)
	db, conn := openPostgres(b, dsn), connect(b, dsn)
	ctx := context.Background()
	list := generated(b, benchElectors)
	load(b, db, list)
	raw := map[string][]byte{}
	for _, table := range benchTables {
		var out bytes.Buffer
		_, err := conn.PgConn().CopyTo(ctx, &out, "COPY "+table+" TO STDOUT (FORMAT binary)")
		require.NoError(b, err)
		raw[table] = out.Bytes()
	}
	empty := func() {
		_, err := conn.Exec(ctx, "TRUNCATE "+strings.Join(benchTables, ", "))
		require.NoError(b, err)
		_, err = conn.Exec(ctx, "CHECKPOINT")
		require.NoError(b, err)
	}
	b.Run("raw-copy", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			empty()
			b.StartTimer()
			tx, err := conn.Begin(ctx)
			require.NoError(b, err)
			for _, table := range benchTables {
				_, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(raw[table]), "COPY "+table+" FROM STDIN (FORMAT binary)")
				require.NoError(b, err)
			}
			require.NoError(b, tx.Commit(ctx))
		}
		rate(b, len(list))
	})
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			empty()
			b.StartTimer()
			load(b, db, list)
		}
		rate(b, len(list))
	})
}

// BenchmarkBulkSQLite loads electors beside prepared multi-row inserts of the
// same rows, ready in memory, into the same tables.
func BenchmarkBulkSQLite(b *testing.B) {
	list := generated(b, benchElectors)
	file := filepath.Join(b.TempDir(), "source.db")
	load(b, open(b, file), list)
	source, err := sql.Open("sqlite", "file:"+file)
	require.NoError(b, err)
	defer source.Close()
	raw := map[string][][]any{}
	for _, table := range benchTables {
		raw[table] = rowsOf(b, source, table)
	}
	n := 0
	fresh := func(b *testing.B) string {
		n++
		return filepath.Join(b.TempDir(), fmt.Sprint(n, ".db"))
	}
	b.Run("raw-insert", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			file := fresh(b)
			require.NoError(b, open(b, file).Close())
			b.StartTimer()
			insertRaw(b, file, raw)
		}
		rate(b, len(list))
	})
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			db := open(b, fresh(b))
			b.StartTimer()
			load(b, db, list)
			b.StopTimer()
			require.NoError(b, db.Close())
			b.StartTimer()
		}
		rate(b, len(list))
	})
}

func rowsOf(b *testing.B, db *sql.DB, table string) [][]any {
	rows, err := db.Query("SELECT * FROM " + table)
	require.NoError(b, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(b, err)
	var out [][]any
	for rows.Next() {
		row := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range row {
			dest[i] = &row[i]
		}
		require.NoError(b, rows.Scan(dest...))
		out = append(out, row)
	}
	require.NoError(b, rows.Err())
	return out
}

// insertRaw inserts, in one transaction with the pragmas of the store, rows in
// prepared statements of up to 1,000 arguments.
func insertRaw(b *testing.B, file string, tables map[string][][]any) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)")
	require.NoError(b, err)
	defer db.Close()
	tx, err := db.Begin()
	require.NoError(b, err)
	for _, table := range benchTables {
		rows := tables[table]
		columns := len(rows[0])
		each := 1000 / columns
		one := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
		insert := func(n int) *sql.Stmt {
			stmt, err := tx.Prepare("INSERT INTO " + table + " VALUES " + strings.TrimSuffix(strings.Repeat(one+",", n), ","))
			require.NoError(b, err)
			return stmt
		}
		full, single := insert(each), insert(1)
		for at := 0; at < len(rows); {
			if len(rows)-at < each {
				_, err := single.Exec(rows[at]...)
				require.NoError(b, err)
				at++
				continue
			}
			args := make([]any, 0, each*columns)
			for _, row := range rows[at : at+each] {
				args = append(args, row...)
			}
			_, err := full.Exec(args...)
			require.NoError(b, err)
			at += each
		}
	}
	require.NoError(b, tx.Commit())
}

// BenchmarkPointPostgres reads and changes one elector, and notes it, beside
// the same statements by hand on one connection.
func BenchmarkPointPostgres(b *testing.B) {
	dsn := testenv.Postgres(b)
	db, conn := openPostgres(b, dsn), connect(b, dsn)
	list := generated(b, 20_000)
	load(b, db, list)
	ctx := context.Background()
	_, err := conn.Exec(ctx, "ANALYZE "+strings.Join(benchTables, ", "))
	require.NoError(b, err)
	const route, read = `SELECT comune FROM elector_routes WHERE anpr_id = $1`, `SELECT * FROM electors WHERE comune = $1 AND anpr_id = $2`
	i := 0
	next := func() electoral.Elector { i++; return list[i*7919%len(list)] }
	elector := func(b *testing.B, q interface {
		Query(context.Context, string, ...any) (pgx.Rows, error)
		QueryRow(context.Context, string, ...any) pgx.Row
	}, id string) {
		var home string
		require.NoError(b, q.QueryRow(ctx, route, id).Scan(&home))
		rows, err := q.Query(ctx, read, home, id)
		require.NoError(b, err)
		require.True(b, rows.Next())
		_, err = rows.Values()
		require.NoError(b, err)
		rows.Close()
	}
	b.Run("read-hand", func(b *testing.B) {
		for b.Loop() {
			tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
			require.NoError(b, err)
			elector(b, tx, next().ANPRID)
			require.NoError(b, tx.Rollback(ctx))
		}
	})
	b.Run("read-store", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, db.Store().View(ctx, func(r registry.Reader) error {
				_, _, err := r.Elector(ctx, next().ANPRID)
				return err
			}))
		}
	})
	b.Run("write-hand", func(b *testing.B) {
		for b.Loop() {
			id := next().ANPRID
			tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
			require.NoError(b, err)
			var home string
			require.NoError(b, tx.QueryRow(ctx, route, id).Scan(&home))
			rows, err := tx.Query(ctx, read+` FOR UPDATE`, home, id)
			require.NoError(b, err)
			require.True(b, rows.Next())
			_, err = rows.Values()
			require.NoError(b, err)
			rows.Close()
			_, err = tx.Exec(ctx, `UPDATE electors SET capacity = 0, senate = 0, chamber = 0, regional = 1, comunal = 1 WHERE comune = $1 AND anpr_id = $2`, home, id)
			require.NoError(b, err)
			_, err = tx.Exec(ctx, `INSERT INTO journal VALUES ($1, $2, $3, $4, $5, $6)`, home, int64(i+2), id, "elector-change", loaded.UnixMilli()+int64(i), "")
			require.NoError(b, err)
			require.NoError(b, tx.Commit(ctx))
		}
	})
	b.Run("write-store", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, db.Store().Update(ctx, func(w registry.Writer) error {
				e, home, err := w.Elector(ctx, next().ANPRID)
				if err != nil {
					return err
				}
				e.Capacity = electoral.No
				if err := w.PutElector(ctx, home, e); err != nil {
					return err
				}
				return w.Note(ctx, registry.JournalEntry{Comune: home, ANPRID: e.ANPRID, At: loaded.Add(time.Duration(i) * time.Millisecond), Operation: electoral.OpChange})
			}))
		}
	})
}

// BenchmarkLookupPostgres reads one person by his ANPR id, beside the same two queries by
// hand on one connection.
func BenchmarkLookupPostgres(b *testing.B) {
	dsn := testenv.Postgres(b)
	db, conn := openPostgres(b, dsn), connect(b, dsn)
	ctx := context.Background()
	list := electoraltest.SamplePersons()
	_, err := db.Population().Put(ctx, persons(list...))
	require.NoError(b, err)
	i := 0
	next := func() string { i++; return list[i%len(list)].ANPRID }
	b.Run("hand", func(b *testing.B) {
		for b.Loop() {
			id := next()
			var home string
			require.NoError(b, conn.QueryRow(ctx, `SELECT comune FROM person_routes WHERE anpr_id = $1`, id).Scan(&home))
			rows, err := conn.Query(ctx, `SELECT * FROM persons WHERE comune = $1 AND anpr_id = $2`, home, id)
			require.NoError(b, err)
			require.True(b, rows.Next())
			_, err = rows.Values()
			require.NoError(b, err)
			rows.Close()
		}
	})
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			_, err := db.Population().ByANPRID(ctx, next())
			require.NoError(b, err)
		}
	})
}

// BenchmarkListing reads the list of a whole comune beside the raw query.
func BenchmarkListing(b *testing.B) {
	list := generated(b, benchElectors)
	run := func(b *testing.B, db *sqlstore.DB, raw func(b *testing.B) int) {
		load(b, db, list)
		ctx := context.Background()
		b.Run("raw", func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = raw(b)
			}
			rate(b, n)
		})
		b.Run("store", func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = 0
				require.NoError(b, db.Store().View(ctx, func(r registry.Reader) error {
					for _, err := range r.Enrolled(ctx, electoral.GeneralList, "L219", "") {
						if err != nil {
							return err
						}
						n++
					}
					return nil
				}))
			}
			rate(b, n)
		})
	}
	const text = `SELECT e.* FROM enrolments n JOIN electors e ON e.comune = n.home AND e.anpr_id = n.anpr_id
		WHERE n.comune = 'L219' AND n.list = 'general' ORDER BY n.section, n.anpr_id`
	b.Run("postgres", func(b *testing.B) {
		dsn := testenv.Postgres(b)
		conn := connect(b, dsn)
		run(b, openPostgres(b, dsn), func(b *testing.B) (n int) {
			rows, err := conn.Query(context.Background(), text)
			require.NoError(b, err)
			for rows.Next() {
				_, err := rows.Values()
				require.NoError(b, err)
				n++
			}
			require.NoError(b, rows.Err())
			return n
		})
	})
	b.Run("sqlite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "r.db")
		db := open(b, file)
		source, err := sql.Open("sqlite", "file:"+file)
		require.NoError(b, err)
		defer source.Close()
		run(b, db, func(b *testing.B) int {
			rows, err := source.Query(text)
			require.NoError(b, err)
			defer rows.Close()
			row, dest := make([]any, 34), make([]any, 34)
			for i := range row {
				dest[i] = &row[i]
			}
			n := 0
			for rows.Next() {
				require.NoError(b, rows.Scan(dest...))
				n++
			}
			require.NoError(b, rows.Err())
			return n
		})
	})
}
