package archive_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// purge keeps documents, lets most expire, and searches the files for what
// they were.
func purge(t *testing.T, a *archive.SQL, dir string, flush func()) {
	ctx := t.Context()
	type piece struct{ key, body, request, owner, id []byte }
	var gone []piece
	for n := range 60 {
		d := archivetest.Document(1000 + n)
		if n%6 == 0 {
			d.Expires = d.Expires.AddDate(1, 0, 0)
		}
		d.PDF = append(d.PDF, make([]byte, n*300)...)
		require.NoError(t, a.Put(ctx, d))
		if key, body, err := a.Secret(ctx, d.ID); n%6 > 0 {
			require.NoError(t, err)
			require.Len(t, key, 32)
			gone = append(gone, piece{key, body[len(body)-40:], []byte(d.RequestKey), []byte(d.Owner), []byte(d.ID)})
		}
	}
	flush()
	for n := range 5 {
		assert.Empty(t, holding(t, dir, archivetest.Document(1000 + n).PDF[:40]), "no document stands in the clear")
	}
	for _, p := range gone[:5] {
		for _, what := range [][]byte{p.key, p.body, p.request, p.owner, p.id} {
			require.NotEmpty(t, holding(t, dir, what), "the search finds what is there")
		}
	}
	at := archivetest.Document(0).Expires
	// A reader keeps the purge from its end, which the error says; the count is right.
	a.Wait(100 * time.Millisecond)
	err := a.Reading(ctx, func() error {
		n, err := a.Sweep(ctx, at)
		assert.Equal(t, len(gone), n)
		return err
	})
	require.ErrorIs(t, err, archive.ErrPurgeBlocked)
	a.Wait(0)
	purged(t, func(ctx context.Context) error {
		n, err := a.Sweep(ctx, at)
		require.Zero(t, n)
		return err
	})
	flush()
	for _, p := range gone[:10] {
		assert.Empty(t, holding(t, dir, p.key), "a key after the sweep")
	}
	purged(t, purging(a))
	flush()
	for _, p := range gone[len(gone)-10:] {
		for i, what := range [][]byte{p.key, p.body, p.request, p.owner, p.id} {
			assert.Empty(t, holding(t, dir, what), "piece %d after the purge", i)
		}
	}
	for n := range 10 {
		d, err := a.Get(ctx, archivetest.Document(1000+6*n).ID)
		require.NoError(t, err)
		require.Len(t, d.PDF, 509+6*n*300)
	}
}

// purged calls a purge until it is not blocked: tests of other packages may have
// transactions open in the same database.
func purged(t *testing.T, purge func(context.Context) error) {
	t.Helper()
	err := purge(t.Context())
	for errors.Is(err, archive.ErrPurgeBlocked) {
		time.Sleep(50 * time.Millisecond)
		err = purge(t.Context())
	}
	require.NoError(t, err)
}

// purging is Purge of an archive with the usual bounds.
func purging(a *archive.SQL) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := a.Purge(ctx, erasure.Config{})
		return err
	}
}

func TestPurgeSQLite(t *testing.T) {
	dir := t.TempDir()
	at := opener{filepath.Join(dir, "archive.db"), openSQLite}
	purge(t, at.archive(t).(*archive.SQL), dir, func() {})
}

func TestPurgePostgres(t *testing.T) {
	dsn := testenv.Postgres(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var dir string
	var oid int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT current_setting('data_directory'), oid::int FROM pg_database WHERE datname = current_database()`).Scan(&dir, &oid))
	dir = filepath.Join(dir, "base", fmt.Sprint(oid))
	if _, err := os.ReadDir(dir); err != nil {
		testenv.Need(t, fmt.Sprintf("PostgreSQL whose files can be read (%v)", err))
	}
	purge(t, opener{dsn, openPostgres}.archive(t).(*archive.SQL), dir, func() {
		for _, text := range []string{"ANALYZE certificate_documents, certificate_keys, certificate_requests, certificate_owners", "CHECKPOINT"} {
			_, err := conn.Exec(t.Context(), text)
			require.NoError(t, err)
		}
	})
}

// PostgreSQL's log holds the keys until they are purged from it.
func TestPurgeLogPostgres(t *testing.T) {
	testenv.PostgresAlone(t)
	dsn := testenv.Postgres(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var dir string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT current_setting('data_directory')`).Scan(&dir))
	if _, err := os.ReadDir(filepath.Join(dir, "pg_wal")); err != nil {
		testenv.Need(t, fmt.Sprintf("PostgreSQL whose files can be read (%v)", err))
	}
	a := opener{dsn, openPostgres}.archive(t).(*archive.SQL)
	var keys [][]byte
	kept := archivetest.Document(100)
	kept.Expires = kept.Expires.AddDate(1, 0, 0)
	require.NoError(t, a.Put(t.Context(), kept))
	for n := range 2 { // the folder is large
		d := archivetest.Document(n)
		require.NoError(t, a.Put(t.Context(), d))
		key, body, err := a.Secret(t.Context(), d.ID)
		require.NoError(t, err)
		keys = append(keys, key, body[len(body)-40:])
	}
	found := func() (n int) { // how many are anywhere in the server's folder
		for _, what := range keys {
			if len(holding(t, dir, what)) > 0 {
				n++
			}
		}
		return n
	}
	n, err := a.Sweep(t.Context(), archivetest.Document(0).Expires)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	purged(t, purging(a))
	// One of them may stand on two pages of the log, with a header between them.
	require.NotZero(t, found(), "the log has them still")
	purged(t, a.PurgeLog)
	require.Zero(t, found())
	_, err = a.Get(t.Context(), kept.ID)
	require.NoError(t, err)

	// A server that holds its log for a replica says so.
	slot := "t" + strings.ToLower(rand.Text())
	_, err = conn.Exec(t.Context(), `SELECT pg_create_physical_replication_slot($1, true)`, slot)
	require.NoError(t, err)
	defer func() {
		_, err := conn.Exec(context.Background(), `SELECT pg_drop_replication_slot($1)`, slot)
		require.NoError(t, err)
	}()
	require.ErrorIs(t, a.PurgeLog(t.Context()), archive.ErrPurgeBlocked)
}

// What somebody changes in the tables is not shown as what was kept.
func TestSQLDamaged(t *testing.T) {
	for _, e := range each[1:] {
		t.Run(e.name, func(t *testing.T) {
			a := e.at(t).archive(t).(*archive.SQL)
			for n, change := range []string{
				`UPDATE {certificate_documents} SET owner = request_key WHERE id = $1`,
				`UPDATE {certificate_documents} SET expires = expires + 1 WHERE id = $1`,
				`UPDATE {certificate_documents} SET kind = 'combined' WHERE id = $1`,
				`UPDATE {certificate_documents} SET comune = 'H502' WHERE id = $1`,
				`UPDATE {certificate_documents} SET mac = body WHERE id = $1`,
				`UPDATE {certificate_documents} SET body = mac WHERE id = $1`,
				`UPDATE {certificate_keys} AS k SET secret = (SELECT mac FROM {certificate_documents} d WHERE d.part = k.part AND d.id = $1) WHERE id = $1`,
			} {
				d := archivetest.Document(n*3 + 1) // of a kind that is not combined
				d.Kind, d.Comune = certificate.EnrolmentCertificate, "H501"
				require.NoError(t, a.Put(t.Context(), d))
				_, err := a.Get(t.Context(), d.ID)
				require.NoError(t, err)
				require.NoError(t, a.Exec(t.Context(), change, d.ID))
				_, err = a.Get(t.Context(), d.ID)
				require.ErrorIs(t, err, archive.ErrCorrupt, change)
				require.ErrorContains(t, err, d.ID)
			}
			// A request that leads to another document, and a list with a stranger's.
			x, y := archivetest.Document(101), archivetest.Document(102)
			require.NoError(t, a.Put(t.Context(), x))
			require.NoError(t, a.Put(t.Context(), y))
			require.NoError(t, a.Exec(t.Context(), `UPDATE {certificate_requests} SET id = $1 WHERE request_key = $2`, x.ID, y.RequestKey))
			_, err := a.ByRequest(t.Context(), y.RequestKey)
			require.ErrorIs(t, err, archive.ErrCorrupt)
			require.NoError(t, a.Exec(t.Context(), `UPDATE {certificate_owners} SET id = $1 WHERE owner = $2`, x.ID, y.Owner))
			for d, err := range a.Owned(t.Context(), y.Owner) {
				require.NoError(t, err)
				assert.NotEqual(t, x.ID, d.ID)
			}
		})
	}
}

// Two processes, of which each has its own pools, keep one document of a
// request.
func TestSQLTwoPrograms(t *testing.T) {
	for _, e := range each[1:] {
		t.Run(e.name, func(t *testing.T) {
			at := e.at(t)
			a, b := at.archive(t), at.archive(t)
			for n := range 20 {
				x, y := archivetest.Document(2*n), archivetest.Document(2*n+1)
				y.RequestKey = x.RequestKey
				errs := make(chan error, 2)
				go func() { errs <- a.Put(context.Background(), x) }()
				go func() { errs <- b.Put(context.Background(), y) }()
				one, two := <-errs, <-errs
				if one != nil {
					one, two = two, one
				}
				require.NoError(t, one)
				require.ErrorIs(t, two, certificate.ErrArchived)
			}
			n, err := b.Sweep(t.Context(), archivetest.Document(0).Expires)
			require.NoError(t, err)
			require.Equal(t, 20, n)
		})
	}
}
