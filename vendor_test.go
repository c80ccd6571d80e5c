package anpr_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/certificate/delivery/deliverytest"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestInVendorsDatabase has the registry, the archive and the outbox in one schema, on
// the pool of a vendor whose search_path leads to tables of other programs.
func TestInVendorsDatabase(t *testing.T) {
	ctx := t.Context()
	pool, err := pgxpool.New(ctx, testenv.PostgresDatabase(t)+"&search_path=altro,public&pool_max_conns=2")
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(ctx, `CREATE TABLE public.schema_migrations (version BIGINT PRIMARY KEY, dirty BOOLEAN)`)
	require.NoError(t, err)
	for _, name := range []string{"persons", "records", "sections", "certificate_keys", "delivery_messages"} {
		_, err = pool.Exec(ctx, `CREATE TABLE public.`+name+` (id SERIAL PRIMARY KEY, cf TEXT)`)
		require.NoError(t, err)
	}
	lists := sqlstore.PostgresConfig{Pool: pool}
	documents := archive.PostgresConfig{Pool: pool}
	messages := delivery.PostgresConfig{Pool: pool}
	for _, migrate := range []func(context.Context) error{lists.Migrate, documents.Migrate, messages.Migrate} {
		require.NoError(t, migrate(ctx))
	}
	db, err := lists.Open(ctx)
	require.NoError(t, err)
	kept, err := documents.Open(ctx)
	require.NoError(t, err)
	outbox, err := messages.Open(ctx)
	require.NoError(t, err)

	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
		if err := w.PutSection(ctx, electoraltest.SampleSection("E388", "1")); err != nil {
			return err
		}
		return w.PutElector(ctx, "E388", electoraltest.SampleElector("1", "E388", "1"))
	}))
	require.NoError(t, kept.Put(ctx, archivetest.Document(1)))
	require.NoError(t, outbox.Add(ctx, deliverytest.Message(1)))
	for _, close := range []func() error{db.Close, kept.Close, outbox.Close} {
		require.NoError(t, close())
	}
	var parts, others int
	require.NoError(t, pool.QueryRow(ctx, `SELECT (SELECT count(DISTINCT schema) FROM anpr.schema_migrations),
		(SELECT count(*) FROM public.persons) + (SELECT count(*) FROM public.certificate_keys)
		+ (SELECT count(*) FROM public.delivery_messages)`).Scan(&parts, &others))
	require.Equal(t, 3, parts)
	require.Zero(t, others)
}
