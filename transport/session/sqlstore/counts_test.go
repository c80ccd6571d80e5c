package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/transport/session"
	"github.com/liste-elettorali/anpr/transport/session/sessiontest"
)

// TestCountsWait: who counts what there is in all waits for another that counts, and then
// counts what that one has added.
func TestCountsWait(t *testing.T) {
	far := time.Now().Add(24 * time.Hour).UnixMilli()
	for _, c := range []struct {
		lock, add string
		do        func(ctx context.Context, m *session.Manager, s session.Session) error
		want      error
	}{
		{"sessions", `INSERT INTO web_sessions (id, digest, person, role, method, device, began, seen, ends, revoked, kept, sealed)
			VALUES ('another', '', 'x', '', '', '', 1, 1, $1, 0, 0, '')`,
			func(ctx context.Context, m *session.Manager, _ session.Session) error {
				_, _, err := m.Begin(ctx, sessiontest.Somebody(2), "")
				return err
			}, session.ErrFull},
		{"things", `INSERT INTO web_session_things (session, id, n, ends, size, sealed) VALUES ('a', 'b', 1, $1, 900, '')`,
			func(ctx context.Context, m *session.Manager, s session.Session) error {
				_, err := m.Keep(ctx, s, make([]byte, 200), time.Hour)
				return err
			}, session.ErrNoRoom},
		{"drafts", `INSERT INTO web_session_drafts (id, owner, made, ends, sealed) VALUES ('a', 'x', 1, $1, '')`,
			func(ctx context.Context, m *session.Manager, _ session.Session) error {
				_, err := m.Leave(ctx, "ANPR1", "/", nil, time.Hour)
				return err
			}, session.ErrFull},
	} {
		t.Run(c.lock, func(t *testing.T) {
			ctx, dsn := context.Background(), testenv.Postgres(t)
			m, err := session.New(session.Config{Store: openPostgres(t, dsn), All: 2, AllBytes: 1000, Drafts: 1})
			require.NoError(t, err)
			_, s, err := m.Begin(ctx, sessiontest.Somebody(1), "")
			require.NoError(t, err)
			other, err := pgx.Connect(ctx, dsn)
			require.NoError(t, err)
			defer func() { _ = other.Close(ctx) }()
			watch, err := pgx.Connect(ctx, dsn)
			require.NoError(t, err)
			defer func() { _ = watch.Close(ctx) }()
			_, err = other.Exec(ctx, `INSERT INTO web_session_locks (comune) VALUES ($1) ON CONFLICT DO NOTHING`, c.lock)
			require.NoError(t, err)
			var me, waiting int
			require.NoError(t, other.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&me))
			tx, err := other.Begin(ctx)
			require.NoError(t, err)
			_, err = tx.Exec(ctx, c.add, far)
			require.NoError(t, err)
			_, err = tx.Exec(ctx, `SELECT seq FROM web_session_locks WHERE comune = $1 FOR UPDATE`, c.lock)
			require.NoError(t, err)

			done := make(chan error, 1)
			go func() { done <- c.do(ctx, m, s) }()
			for waiting == 0 {
				select {
				case err := <-done:
					t.Fatalf("it has not waited: %v", err)
				case <-time.After(5 * time.Millisecond):
				}
				require.NoError(t, watch.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
					WHERE $1 = ANY(pg_blocking_pids(pid))`, me).Scan(&waiting))
			}
			require.NoError(t, tx.Commit(ctx))
			require.ErrorIs(t, <-done, c.want)
		})
	}
}
