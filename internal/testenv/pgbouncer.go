package testenv

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// PgBouncer starts PgBouncer before a database of PostgreSQL, in transaction mode with
// few connections, and returns the connection string that leads through it. It needs
// the program; without it the test skips or, in CI, fails.
func PgBouncer(t testing.TB, dsn string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
		if _, err := os.Stat(program); err != nil {
			Need(t, "pgbouncer")
		}
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	dir, err := os.MkdirTemp("", "pgbouncer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	ini := filepath.Join(dir, "pgbouncer.ini")
	files := map[string]string{
		filepath.Join(dir, "users.txt"): fmt.Sprintf("%q %q\n", u.User.Username(), password),
		ini: fmt.Sprintf(`[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s/users.txt
pool_mode = transaction
default_pool_size = 12
max_client_conn = 500
logfile = %s/log
`, u.Hostname(), u.Port(), port, dir, dir),
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{ini}
	if os.Getuid() == 0 { // it does not run as root
		args = []string{"-u", "postgres", ini}
		own(t, dir, "postgres", files)
	}
	cmd := exec.Command(program, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for range 600 {
		c, err := net.Dial("tcp", u.Host)
		if err == nil {
			_ = c.Close()
			return u.String()
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	t.Fatalf("pgbouncer does not listen on %s: %s", u.Host, log)
	return ""
}

// own gives a folder and its files to a user.
func own(t testing.TB, dir, name string, files map[string]string) {
	t.Helper()
	who, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	id, err := strconv.Atoi(who.Uid)
	if err != nil {
		t.Fatal(err)
	}
	for file := range files {
		if err := os.Chown(file, id, -1); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, id, -1); err != nil {
		t.Fatal(err)
	}
}
