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

// TestPostgresSession: a commit is durable whatever the session begins with,
// and the planner takes an index's order.
func TestPostgresSession(t *testing.T) {
	dsn := testenv.Env(t, "ANPR_TEST_POSTGRES")
	for begins, want := range map[string]string{"off": "on", "local": "local", "on": "on"} {
		db, err := sqldb.OpenPostgres(t.Context(), dsn+"&synchronous_commit="+begins)
		require.NoError(t, err)
		var is, sort string
		require.NoError(t, db.View(t.Context(), func(tx sqldb.Tx) error {
			return sqldb.One(t.Context(), tx, []any{&is, &sort}, "SELECT current_setting('synchronous_commit'), current_setting('enable_sort')")
		}))
		assert.Equal(t, want, is)
		assert.Equal(t, "off", sort)
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
	_, err = admin.Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
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
