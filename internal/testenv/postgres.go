package testenv

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Postgres returns the DSN of an empty schema of its own in the PostgreSQL
// server that $ANPR_TEST_POSTGRES names; the schema is dropped when the test
// ends.
func Postgres(t testing.TB) string {
	t.Helper()
	dsn := Env(t, "ANPR_TEST_POSTGRES")
	// The test's context is over when the schema is dropped.
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal("PostgreSQL of $ANPR_TEST_POSTGRES: ", err)
	}
	t.Cleanup(func() { _ = admin.Close(ctx) })
	schema := "t_" + strings.ToLower(rand.Text())
	if _, err := admin.Exec(ctx, `CREATE SCHEMA `+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(ctx, `DROP SCHEMA `+schema+` CASCADE`); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("$ANPR_TEST_POSTGRES is no URL")
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
