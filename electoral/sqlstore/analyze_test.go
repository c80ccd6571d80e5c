package sqlstore_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestAnalyzed: after a load the engine knows how many rows there are, and keeps no value
// of them.
func TestAnalyzed(t *testing.T) {
	const n = 12_000
	t.Run("sqlite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "r.db")
		db := open(t, file)
		fillComune(t, db, "L219", n, 10)
		raw, err := sql.Open("sqlite", "file:"+file)
		require.NoError(t, err)
		defer raw.Close()
		for _, table := range []string{"electors", "enrolments", "elector_routes"} {
			var known int
			require.NoError(t, raw.QueryRow("SELECT count(*) FROM sqlite_stat1 WHERE tbl = ?", table).Scan(&known))
			require.NotZero(t, known, table)
		}
		var samples int
		err = raw.QueryRow("SELECT count(*) FROM sqlite_stat4").Scan(&samples)
		if err != nil { // there is no such table
			require.ErrorContains(t, err, "no such table")
		}
		require.Zero(t, samples, "values kept as samples")
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := testenv.PostgresDatabase(t)
		db := openPostgres(t, dsn)
		fillComune(t, db, "L219", n, n)
		for _, table := range []string{"electors", "enrolments", "elector_routes", "persons", "person_routes", "person_codes"} {
			var rows float64
			require.NoError(t, connect(t, dsn).QueryRow(context.Background(),
				"SELECT reltuples FROM pg_class WHERE oid = ('anpr.' || $1)::regclass", table).Scan(&rows))
			require.Greater(t, rows, float64(n)*0.8, table)
		}
	})
}
