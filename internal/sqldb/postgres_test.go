package sqldb_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestPostgresSession: a commit is durable whatever the session begins with.
func TestPostgresSession(t *testing.T) {
	dsn := testenv.Env(t, "ANPR_TEST_POSTGRES")
	for begins, want := range map[string]string{"off": "on", "local": "local", "on": "on"} {
		db, err := sqldb.OpenPostgres(t.Context(), dsn+"&synchronous_commit="+begins)
		require.NoError(t, err)
		var is string
		require.NoError(t, db.View(t.Context(), func(tx sqldb.Tx) error {
			return sqldb.One(t.Context(), tx, []any{&is}, "SELECT current_setting('synchronous_commit')")
		}))
		assert.Equal(t, want, is)
		require.NoError(t, db.Close())
	}
}

// TestPostgresEncoding refuses a database that cannot keep every text.
func TestPostgresEncoding(t *testing.T) {
	dsn := testenv.Env(t, "ANPR_TEST_POSTGRES")
	admin, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer admin.Close(context.Background())
	name := "e_" + strings.ToLower(rand.Text())
	_, err = admin.Exec(t.Context(),
		"CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
	require.NoError(t, err)
	defer func() {
		_, err := admin.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
		assert.NoError(t, err)
	}()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/" + name
	_, err = sqldb.OpenPostgres(t.Context(), u.String())
	require.ErrorContains(t, err, "SQL_ASCII: expected UTF8")
}

// TestPostgresConfig refuses what the connection string says wrongly, before
// any connection, and never quotes its password.
func TestPostgresConfig(t *testing.T) {
	const password = "segretissima"
	base := "postgres://anpr:" + password + "@127.0.0.1:1/x?"
	for dsn, says := range map[string]string{
		base + "pool_max_conns=0":                              `pool_max_conns="0": expected 1 to 10000`,
		base + "pool_max_conns=10001":                          `pool_max_conns="10001": expected 1 to 10000`,
		base + "pool_max_conns=molte":                          `pool_max_conns="molte": expected 1 to 10000`,
		base + "pool_max_conn_lifetime=presto":                 "invalid duration",
		"postgres://anpr:" + password + "/1@127.0.0.1:1/x":     "must be percent-encoded",
		"postgres://anpr:" + password + "%zz@127.0.0.1:1/x":    "expected postgres://",
		"host=127.0.0.1 port=no password='" + password + "'":   "expected postgres://",
		"host=127.0.0.1 port=1 password='" + password + "' x=": "",
	} {
		_, err := sqldb.OpenPostgres(t.Context(), dsn)
		require.ErrorContains(t, err, "sqldb: ", dsn)
		require.ErrorContains(t, err, says, dsn)
		require.NotContains(t, err.Error(), password, dsn)
	}
}
