package sqldb

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// scrubbed are the tables of TestScrub: every kind of page, with and without overflow.
const scrubbed = `CREATE TABLE a (k TEXT NOT NULL PRIMARY KEY, v TEXT) WITHOUT ROWID;
	CREATE TABLE b (id INTEGER PRIMARY KEY, k TEXT, v BLOB); CREATE INDEX b_k ON b (k, v); CREATE INDEX b_v ON b (v)`

// churn writes and deletes at random.
func churn(t *testing.T, db *sql.DB, r *rand.Rand, mark string, n int) {
	sizes := []int{0, 1, 3, 50, 300, 460, 490, 900, 1000, 2000, 3000, 4030, 4061, 9000, 40000}
	tx, err := db.Begin()
	require.NoError(t, err)
	for range n {
		k := r.IntN(500)
		v := mark + strings.Repeat("y", sizes[r.IntN(len(sizes))])
		var err error
		switch r.IntN(6) {
		case 0:
			_, err = tx.Exec("DELETE FROM a WHERE k = ?", fmt.Sprint(mark, k))
		case 1:
			_, err = tx.Exec("DELETE FROM b WHERE id = ?", k)
		case 2, 3:
			_, err = tx.Exec("INSERT OR REPLACE INTO a VALUES (?, ?)", fmt.Sprint(mark, k), v)
		case 4:
			_, err = tx.Exec("INSERT OR REPLACE INTO b VALUES (?, ?, ?)", k, v, []byte(v))
		default:
			_, err = tx.Exec("UPDATE b SET v = ? WHERE id = ?", v, k)
		}
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
}

func sum(t *testing.T, db *sql.DB) (text string) {
	t.Helper()
	require.NoError(t, db.QueryRow(`SELECT (SELECT group_concat(k || v, '|') FROM a) || ';' ||
		(SELECT group_concat(id || k || hex(v), '|') FROM b)`).Scan(&text))
	return text
}

// TestScrub: a page that was scrubbed is the same to SQLite, and holds nothing else.
func TestScrub(t *testing.T) {
	for _, size := range []int{512, 4096, 65536} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			ctx := t.Context()
			file := filepath.Join(t.TempDir(), "x.db")
			raw, err := sql.Open("sqlite", "file:"+file+
				fmt.Sprintf("?_pragma=page_size(%d)&_pragma=journal_mode(WAL)&_pragma=secure_delete(ON)", size))
			require.NoError(t, err)
			defer raw.Close()
			_, err = raw.Exec(scrubbed)
			require.NoError(t, err)
			r := rand.New(rand.NewPCG(testenv.Seed(t, 7), uint64(size)))
			churn(t, raw, r, "OLDVALUE", 1000)
			_, err = raw.Exec("DELETE FROM a; DELETE FROM b WHERE id % 3 > 0; UPDATE b SET k = 'n', v = x'00'")
			require.NoError(t, err)
			for round := range 3 {
				churn(t, raw, r, "NEWVALUE", 200)
				before := sum(t, raw)
				db, err := OpenSQLite(ctx, file)
				require.NoError(t, err)
				report, err := db.Purge(ctx, Purge{}, erasure.Config{Rows: 100})
				require.NoError(t, err)
				if round == 0 {
					// secure_delete does not reach what a split has left.
					require.NotZero(t, report.Rewritten())
				}
				report, err = db.Purge(ctx, Purge{}, erasure.Config{})
				require.NoError(t, err)
				require.Zero(t, report.Rewritten(), "a second time")
				require.NoError(t, db.Close())
				var verdict string
				require.NoError(t, raw.QueryRow("PRAGMA integrity_check").Scan(&verdict))
				require.Equal(t, "ok", verdict)
				require.Equal(t, before, sum(t, raw))
				data, err := os.ReadFile(file)
				require.NoError(t, err)
				require.Zero(t, bytes.Count(data, []byte("OLDVALUE")))
			}
		})
	}
}

// TestPurgeSQLiteNowhere: neither a purge nor a sort writes outside of the folder of the
// file.
func TestPurgeSQLiteNowhere(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		testenv.Need(t, "/proc")
	}
	ctx := t.Context()
	dir := t.TempDir()
	db, err := OpenSQLite(ctx, filepath.Join(dir, "x.db"))
	require.NoError(t, err)
	defer db.Close()
	e := db.engine.(*sqlite)
	for _, from := range []*pool[*sqliteConn]{e.write, e.read, e.look} {
		c, err := from.acquire(ctx)
		require.NoError(t, err)
		var store int
		require.NoError(t, c.conn.QueryRowContext(ctx, "PRAGMA temp_store").Scan(&store))
		from.release(c, false)
		require.Equal(t, 2, store, "memory")
	}
	require.NoError(t, db.engine.migrate(ctx, func(tx migrator) error {
		return tx.script(ctx, `CREATE TABLE a (v TEXT);
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
			INSERT INTO a SELECT hex(randomblob(60)) FROM n`)
	}))
	// A sort of 24 MB, which would not fit into the cache of a page store on disk.
	require.NoError(t, db.Lookup(ctx, func(q Querier) error {
		rows, err := q.Query(ctx, "SELECT v FROM a ORDER BY v")
		require.NoError(t, err)
		defer rows.Close()
		require.True(t, rows.Next())
		list, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		for _, fd := range list {
			name, err := os.Readlink("/proc/self/fd/" + fd.Name())
			if err == nil {
				require.NotContains(t, name, "etilqs", "a temporary file of SQLite")
			}
		}
		return nil
	}))
	_, err = db.Purge(context.WithoutCancel(ctx), Purge{}, erasure.Config{})
	require.NoError(t, err)
}

// FuzzScrub: whatever a page holds, its cells and lists stay, and a second time changes
// nothing.
func FuzzScrub(f *testing.F) {
	page := make([]byte, 512)
	page[0], page[4], page[8] = leafTable, 1, 1
	copy(page[8:], []byte{1, 244})
	copy(page[500:], []byte{3, 1, 2, 3, 4})
	f.Add(page, false)
	page = bytes.Clone(page)
	page[0], page[1], page[2] = interiorIndex, 1, 100
	f.Add(page, false)
	f.Add(append(make([]byte, 100), page[:412]...), true)
	f.Fuzz(func(t *testing.T, page []byte, first bool) {
		s := scrubber{usable: len(page)}
		old := bytes.Clone(page)
		changed, err := s.page(page, first)
		if err != nil || !changed {
			require.Equal(t, old, page)
			return
		}
		for i, b := range page {
			require.True(t, b == old[i] || b == 0)
		}
		spans := append([][2]int(nil), s.spans...)
		for _, span := range spans {
			require.Equal(t, old[span[0]:span[1]], page[span[0]:span[1]])
		}
		changed, err = s.page(page, first)
		require.NoError(t, err)
		require.False(t, changed)
	})
}

// TestScrubFree: pages in no use are cleared as well, whoever has freed them.
func TestScrubFree(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	raw, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=secure_delete(OFF)")
	require.NoError(t, err)
	defer raw.Close()
	_, err = raw.Exec(scrubbed + `; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
		INSERT INTO b SELECT i, 'OLDVALUE' || i, x'00' FROM n; DELETE FROM b WHERE id > 20; UPDATE b SET k = 'n'`)
	require.NoError(t, err)
	var free int
	require.NoError(t, raw.QueryRow("PRAGMA freelist_count").Scan(&free))
	require.Greater(t, free, 10)
	db, err := OpenSQLite(t.Context(), file)
	require.NoError(t, err)
	report, err := db.Purge(t.Context(), Purge{}, erasure.Config{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, report.Rewritten(), free-1)
	require.NoError(t, db.Close())
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Zero(t, bytes.Count(data, []byte("OLDVALUE")))
	var verdict string
	require.NoError(t, raw.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	require.Equal(t, "ok", verdict)
}
