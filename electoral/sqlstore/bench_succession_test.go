package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// move makes the electors of a comune those of another, as a succession does.
func move(b *testing.B, db *sqlstore.DB, from, to string, sections map[string]string) {
	ctx := context.Background()
	note := registry.JournalEntry{Comune: from, At: loaded, Operation: electoral.OpSucceed}
	heirs := note
	heirs.Comune = to
	require.NoError(b, db.Store().Update(ctx, func(w registry.Writer) error {
		n, err := w.(registry.SuccessionWriter).MoveElectors(ctx, registry.ElectorMove{From: from, To: to,
			Sections: sections, Notes: []registry.JournalEntry{note, heirs}})
		require.Equal(b, benchElectors, n)
		return err
	}))
}

// sectionsOf maps each section of the made-up comune to one with another number.
func movedSections(b *testing.B) map[string]string {
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "L219", Electors: benchElectors})
	require.NoError(b, err)
	out := map[string]string{}
	for _, s := range g.Sections() {
		out[s.Number] = "9" + s.Number
	}
	return out
}

// BenchmarkMovePostgres moves the electors of a comune beside a raw COPY, from memory
// and in the server's own format, of the rows that the move writes.
func BenchmarkMovePostgres(b *testing.B) {
	dsn := testenv.Postgres(b)
	db, conn := openPostgres(b, dsn), connect(b, dsn)
	ctx := context.Background()
	list, sections := generated(b, benchElectors), movedSections(b)
	load(b, db, list)
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
		_, err := conn.Exec(ctx, "TRUNCATE "+strings.Join(benchTables, ", "))
		require.NoError(b, err)
		_, err = conn.Exec(ctx, "CHECKPOINT")
		require.NoError(b, err)
	}
	_, err := conn.Exec(ctx, "TRUNCATE operations")
	require.NoError(b, err)
	before := copied()
	move(b, db, "L219", "M999", sections)
	after := copied()
	b.Run("raw-copy", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			empty()
			b.StartTimer()
			in(after)
		}
		rate(b, len(list))
	})
	b.Run("move", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			empty()
			in(before)
			b.StartTimer()
			move(b, db, "L219", "M999", sections)
		}
		rate(b, len(list))
	})
}

// BenchmarkMoveSQLite moves the electors of a comune beside prepared multi-row
// inserts, ready in memory, of the rows that the move writes.
func BenchmarkMoveSQLite(b *testing.B) {
	list, sections := generated(b, benchElectors), movedSections(b)
	n := 0
	fresh := func(b *testing.B) string {
		n++
		return filepath.Join(b.TempDir(), fmt.Sprint(n, ".db"))
	}
	loadedIn := func(b *testing.B, file string) *sqlstore.DB {
		db := open(b, file)
		load(b, db, list)
		source, err := sql.Open("sqlite", "file:"+file)
		require.NoError(b, err)
		defer source.Close()
		_, err = source.Exec("DELETE FROM operations")
		require.NoError(b, err)
		return db
	}
	file := fresh(b)
	move(b, loadedIn(b, file), "L219", "M999", sections)
	source, err := sql.Open("sqlite", "file:"+file)
	require.NoError(b, err)
	defer source.Close()
	raw := map[string][][]any{}
	for _, table := range benchTables {
		raw[table] = rowsOf(b, source, table)
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
	b.Run("move", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			db := loadedIn(b, fresh(b))
			b.StartTimer()
			move(b, db, "L219", "M999", sections)
			b.StopTimer()
			require.NoError(b, db.Close())
			b.StartTimer()
		}
		rate(b, len(list))
	})
}
