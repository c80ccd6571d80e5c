package sqlstore_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestOnPool holds stores in many schemas, on one pool that talks the simple protocol
// and whose search_path leads nowhere, to the suites.
func TestOnPool(t *testing.T) {
	config, err := pgxpool.ParseConfig(testenv.PostgresDatabase(t) + "&search_path=nowhere")
	require.NoError(t, err)
	config.MaxConns = 4
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	var schemas atomic.Int32
	open := func(t *testing.T) *sqlstore.DB {
		c := sqlstore.PostgresConfig{Pool: pool, Schema: fmt.Sprint("comune ", schemas.Add(1))}
		require.NoError(t, c.Migrate(t.Context()))
		db, err := c.Open(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	t.Run("store", func(t *testing.T) {
		electoraltest.TestStore(t, func(t *testing.T) registry.Store { return open(t).Store() })
	})
	t.Run("population", func(t *testing.T) {
		electoraltest.TestPopulation(t, func(t *testing.T, list []electoral.Person) electoral.Population {
			p := open(t).Population()
			_, err := p.Put(t.Context(), persons(list...))
			require.NoError(t, err)
			return p
		})
	})
}
