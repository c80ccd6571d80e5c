package sqldb_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestPageCaches: what several connections read in turns, each more than its cache, is
// read from the file about as often the second and the third time as the first. A cache that has lost
// its pages to another reads a page or more again for each row.
func TestPageCaches(t *testing.T) {
	ctx := t.Context()
	db, err := sqldb.OpenSQLite(ctx, filepath.Join(t.TempDir(), "x.db"))
	require.NoError(t, err)
	defer db.Close()
	tables := []string{"viewed", "looked"}
	require.NoError(t, db.Migrate(ctx, "s", script(
		"CREATE TABLE {viewed} (k TEXT NOT NULL PRIMARY KEY, pad TEXT) WITHOUT ROWID; "+
			"CREATE TABLE {looked} (k TEXT NOT NULL PRIMARY KEY, pad TEXT) WITHOUT ROWID"), "m"))
	const many = 30_000 // of half a kilobyte: twice what a cache holds
	key := func(i int) string { return fmt.Sprintf("%06d", i) }
	require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error {
		for _, name := range tables {
			if err := tx.Copy(ctx, name, []string{"k", "pad"}, many, func(i int) ([]any, error) {
				return []any{key(i), strings.Repeat("x", 500)}, nil
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	// reads are the calls by which the program has read, as Linux counts them.
	reads := func() (n int) {
		data, err := os.ReadFile("/proc/self/io")
		if err != nil {
			testenv.Need(t, "the system's count of reads: "+err.Error())
		}
		for line := range strings.Lines(string(data)) {
			if _, err := fmt.Sscanf(line, "syscr: %d", &n); err == nil {
				return n
			}
		}
		testenv.Need(t, "the system's count of reads")
		return 0
	}
	scan := func(ctx context.Context, q sqldb.Querier, name string) error {
		const each = 1000
		for at := 0; at < many; at += each {
			keys, found := make([]string, each), 0
			for i := range keys {
				keys[i] = key(at + i)
			}
			text := "SELECT k FROM {" + name + "} WHERE pad > '' AND " + q.Dialect().Among("k", "$1")
			for _, err := range sqldb.All(ctx, q, func(r sqldb.Rows) (k string, err error) { return k, r.Scan(&k) }, text,
				q.Dialect().List(keys)) {
				if err != nil {
					return err
				}
				found++
			}
			if found != each {
				return fmt.Errorf("%d rows of %s: expected %d", found, name, each)
			}
		}
		return nil
	}
	var first int
	for round := range 3 {
		began := reads()
		require.NoError(t, db.View(ctx, func(tx sqldb.Tx) error { return scan(ctx, tx, "viewed") }))
		require.NoError(t, db.Lookup(ctx, func(q sqldb.Querier) error { return scan(ctx, q, "looked") }))
		n := reads() - began
		t.Log(n, "reads")
		if round == 0 {
			first = n
		}
		require.Less(t, n, 3*first)
	}
}
