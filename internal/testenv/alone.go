package testenv

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresAlone waits until no other test that has called it is running, in any
// program, and keeps later ones waiting until this one ends. It is for tests that
// look at what belongs to the whole server of $ANPR_TEST_POSTGRES, such as its
// log.
func PostgresAlone(t testing.TB) {
	t.Helper()
	// The test's context is over when the lock is given back.
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, Env(t, "ANPR_TEST_POSTGRES"))
	if err != nil {
		t.Fatal("PostgreSQL of $ANPR_TEST_POSTGRES: ", err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) }) // which gives the lock back
	for {
		// Whoever waited in the server would hold a snapshot, which keeps old rows.
		var mine bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtext('anpr: a test alone'))`).Scan(&mine); err != nil {
			t.Fatal(err)
		}
		if mine {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
