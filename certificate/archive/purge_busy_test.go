package archive_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// purgeBusy purges while certificates are issued, downloaded and looked up without a rest.
func purgeBusy(t *testing.T, at opener, dir string) {
	ctx := t.Context()
	a := at.archive(t).(*archive.SQL)
	purged(t, purging(a)) // what the making of the tables has left
	const kept, gone = 60, 60
	var secrets [][]byte
	for n := range kept + gone {
		d := archivetest.Document(5000 + n)
		d.PDF = append(d.PDF, make([]byte, 40_000)...) // of several pieces
		if n < kept {
			d.Expires = d.Expires.AddDate(1, 0, 0)
		}
		require.NoError(t, a.Put(ctx, d))
		if n >= kept {
			key, body, err := a.Secret(ctx, d.ID)
			require.NoError(t, err)
			secrets = append(secrets, key, body[:40], body[len(body)-40:], []byte(d.ID))
		}
	}
	var stop atomic.Bool
	var issued, read atomic.Int64
	var work sync.WaitGroup
	work.Go(func() {
		for n := 0; !stop.Load(); n++ {
			d := archivetest.Document(10_000 + n)
			d.Expires = d.Expires.AddDate(1, 0, 0)
			if !assert.NoError(t, a.Put(context.Background(), d)) {
				return
			}
			issued.Add(1)
		}
	})
	work.Go(func() {
		for n := 0; !stop.Load(); n++ {
			want := archivetest.Document(5000 + n%kept)
			d, err := a.Get(context.Background(), want.ID)
			if !assert.NoError(t, err) || !assert.Len(t, d.PDF, len(want.PDF)+40_000) {
				return
			}
			_, err = a.ByRequest(context.Background(), want.RequestKey)
			if !assert.NoError(t, err) {
				return
			}
			for _, err := range a.Owned(context.Background(), want.Owner) {
				assert.NoError(t, err)
			}
			read.Add(1)
		}
	})
	a.Wait(time.Hour)
	n, err := a.Sweep(ctx, archivetest.Document(0).Expires)
	require.NoError(t, err)
	require.Equal(t, gone, n)
	// Both are at work; how often they come through is for the machine.
	require.Eventually(t, func() bool { return issued.Load() > 0 && read.Load() > 0 }, time.Minute, time.Millisecond)
	before, seen := issued.Load(), read.Load()
	report, err := a.Purge(ctx, erasure.Config{Wait: time.Hour})
	before, seen = issued.Load()-before, read.Load()-seen
	stop.Store(true)
	work.Wait()
	require.NoError(t, err)
	require.Empty(t, report.Stays)
	for i, what := range secrets {
		assert.Empty(t, holding(t, dir, what), "secret %d", i)
	}
	for _, table := range report.Tables {
		assert.LessOrEqual(t, table.MostRows, erasure.DefaultRows)
		t.Logf("%+v", table)
	}
	t.Logf("%d issued, %d read beside the purge", before, seen)
}

func TestPurgeBusySQLite(t *testing.T) {
	dir := t.TempDir()
	purgeBusy(t, opener{filepath.Join(dir, "archive.db"), openSQLite}, dir)
}

func TestPurgeBusyPostgres(t *testing.T) {
	dsn := testenv.PostgresDatabase(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var dir string
	var oid int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT current_setting('data_directory'), oid::int
		FROM pg_database WHERE datname = current_database()`).Scan(&dir, &oid))
	dir = filepath.Join(dir, "base", fmt.Sprint(oid))
	if _, err := os.ReadDir(dir); err != nil {
		testenv.Need(t, fmt.Sprintf("PostgreSQL whose files can be read (%v)", err))
	}
	purgeBusy(t, opener{dsn, openPostgres}, dir)
	var outside int64
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT COALESCE(sum(pg_relation_size(reltoastrelid)), 0)::bigint FROM pg_class
		WHERE relname LIKE 'certificate\_%' AND reltoastrelid <> 0`).Scan(&outside))
	require.Zero(t, outside, "bytes out of line, which can only be rewritten all at once")
}
