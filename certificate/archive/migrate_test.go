package archive_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestMigratedDocuments: documents that an earlier version kept whole are read as they
// were, however long.
func TestMigratedDocuments(t *testing.T) {
	for name, places := range map[string]struct {
		at   func() string
		raw  func(context.Context, string) (*sqldb.DB, error)
		open func(t testing.TB, place string) *archive.SQL
	}{
		"sqlite": {func() string { return filepath.Join(t.TempDir(), "a.db") }, sqldb.OpenSQLite,
			func(t testing.TB, place string) *archive.SQL { return openSQLite(t, place).(*archive.SQL) }},
		"postgres": {func() string { return testenv.Postgres(t) }, sqldb.OpenPostgres,
			func(t testing.TB, place string) *archive.SQL { return openPostgres(t, place).(*archive.SQL) }},
	} {
		t.Run(name, func(t *testing.T) {
			var docs []certificate.Archived
			for n, size := range []int{0, 3000, 3600, 3650, 3690, 3700, 3701, 7300, 7400, 7401, 100_000} {
				d := archivetest.Document(n)
				d.PDF = append(d.PDF, make([]byte, size)...)
				docs = append(docs, d)
			}
			now, before := places.at(), places.at()
			a := places.open(t, now)
			for _, d := range docs {
				require.NoError(t, a.Put(t.Context(), d))
			}
			require.NoError(t, a.Close())
			source, err := places.raw(t.Context(), now)
			require.NoError(t, err)
			defer func() { _ = source.Close() }()
			old, err := places.raw(t.Context(), before)
			require.NoError(t, err)
			require.NoError(t, old.Migrate(t.Context(), "certificate_archive", testenv.MigrationsTo(t, "0001"), "migrations"))
			longest := copyWhole(t, source, old)
			require.Greater(t, longest, 100_000)
			require.NoError(t, old.Close())

			b := places.open(t, before)
			defer func() { _ = b.Close() }()
			for _, d := range docs {
				got, err := b.Get(t.Context(), d.ID)
				require.NoError(t, err, "%d bytes", len(d.PDF))
				require.Equal(t, d, got)
			}
		})
	}
}

// copyWhole copies documents as the first version kept them, and returns how long the
// longest is.
func copyWhole(t *testing.T, from, to *sqldb.DB) (longest int) {
	t.Helper()
	ctx := t.Context()
	type row struct {
		texts  [7]string
		times  [2]int64
		mac, b []byte
	}
	scan := func(r sqldb.Rows) (d row, err error) {
		x := &d.texts
		return d, r.Scan(&x[0], &x[1], &x[2], &x[3], &x[4], &x[5], &x[6], &d.times[0], &d.times[1], &d.mac, &d.b)
	}
	var list []row
	require.NoError(t, from.View(ctx, func(tx sqldb.Tx) error {
		for d, err := range sqldb.All(ctx, tx, scan, `SELECT part, id, request_key, payload_key, owner, comune, kind, issued_at,
			expires, mac, body FROM {certificate_documents}`) {
			if err != nil {
				return err
			}
			list = append(list, d)
		}
		bytes := func(r sqldb.Rows) (b []byte, err error) { return b, r.Scan(&b) }
		for i := range list {
			d := &list[i]
			for b, err := range sqldb.All(ctx, tx, bytes, `SELECT body FROM {certificate_pieces} WHERE part = $1 AND id = $2 ORDER BY n`,
				d.texts[0], d.texts[1]) {
				if err != nil {
					return err
				}
				d.b = append(d.b, b...)
			}
			longest = max(longest, len(d.b))
		}
		return nil
	}))
	require.NoError(t, to.Update(ctx, func(tx sqldb.Tx) error {
		for _, d := range list {
			x := d.texts
			if err := tx.Exec(ctx, sqldb.Statement{Text: `INSERT INTO {certificate_documents} (part, id, request_key, payload_key, owner,
				comune, kind, issued_at, expires, mac, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
				Args: []any{x[0], x[1], x[2], x[3], x[4], x[5], x[6], d.times[0], d.times[1], d.mac, d.b}}); err != nil {
				return err
			}
			var key []byte
			if err := from.Lookup(ctx, func(q sqldb.Querier) error {
				return sqldb.One(ctx, q, []any{&key}, `SELECT secret FROM {certificate_keys} WHERE part = $1 AND id = $2`, x[0], x[1])
			}); err != nil {
				return err
			}
			if err := tx.Exec(ctx, sqldb.Statement{Text: `INSERT INTO {certificate_keys} (part, id, secret) VALUES ($1, $2, $3)`,
				Args: []any{x[0], x[1], key}}); err != nil {
				return err
			}
		}
		return nil
	}))
	return longest
}
