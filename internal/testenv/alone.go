package testenv

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// PostgresServer starts a PostgreSQL server of its own, as .ci/postgres does, and returns
// its DSN: for tests of what would get in the way of those on $ANPR_TEST_POSTGRES.
func PostgresServer(t testing.TB) string {
	t.Helper()
	Env(t, "ANPR_TEST_POSTGRES") // which says that there is one to start
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	dir, err := os.MkdirTemp("", "anpr-postgres-") // which its user can reach
	if err != nil {
		t.Fatal(err)
	}
	script := func(what string) ([]byte, error) {
		cmd := exec.Command("bash", filepath.Join(root, ".ci", "postgres"), what)
		cmd.Env = append(os.Environ(), "ANPR_CI_POSTGRES="+dir, "ANPR_CI_POSTGRES_PORT="+port)
		return cmd.Output()
	}
	dsn, err := script("start")
	t.Cleanup(func() {
		if _, err := script("stop"); err != nil {
			t.Error("PostgreSQL of its own: ", err)
		}
	})
	if err != nil {
		Need(t, "PostgreSQL that can be started: "+err.Error())
	}
	return strings.TrimSpace(string(dsn))
}
