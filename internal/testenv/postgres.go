package testenv

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PostgresDatabase returns the DSN of an empty database of its own, in the same server,
// for tests of what a vendor's database has besides; it is dropped when the test ends.
func PostgresDatabase(t testing.TB) string {
	t.Helper()
	dsn := Env(t, "ANPR_TEST_POSTGRES")
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal("PostgreSQL of $ANPR_TEST_POSTGRES: ", err)
	}
	t.Cleanup(func() { _ = admin.Close(ctx) })
	name := "d_" + strings.ToLower(rand.Text())
	if _, err := admin.Exec(ctx, `CREATE DATABASE `+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(ctx, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("$ANPR_TEST_POSTGRES is no URL")
	}
	u.Path = "/" + name
	return u.String()
}

// PostgresRole makes a role with a password, which goes when the test ends, and returns
// its name and the DSN with which it opens the same database.
func PostgresRole(t testing.TB, dsn string) (name, as string) {
	t.Helper()
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name = "r_" + strings.ToLower(rand.Text())
	password := rand.Text()
	if _, err := admin.Exec(ctx, `CREATE ROLE `+name+` LOGIN PASSWORD '`+password+`'`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, text := range []string{`DROP OWNED BY ` + name, `DROP ROLE ` + name} {
			if _, err := admin.Exec(ctx, text); err != nil {
				t.Error(err)
			}
		}
		_ = admin.Close(ctx)
	})
	u.User = url.UserPassword(name, password)
	return name, u.String()
}

// Postgres returns the DSN of an empty schema of its own in the PostgreSQL
// server that $ANPR_TEST_POSTGRES names; the schema is dropped when the test
// ends. Both search_path, for the test's own statements, and anpr.schema, for those
// of the stores, name it.
func Postgres(t testing.TB) string {
	t.Helper()
	return schemaOf(t, Env(t, "ANPR_TEST_POSTGRES"), nil)
}

// Citus is Postgres for the coordinator of a Citus cluster, which $ANPR_TEST_CITUS names:
// nothing that CI can install has one, so that a test without it skips there too. Tables
// are spread over few shards.
func Citus(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("ANPR_TEST_CITUS")
	if dsn == "" {
		t.Skip("no $ANPR_TEST_CITUS")
	}
	return schemaOf(t, dsn, map[string]string{"citus.shard_count": "4"})
}

func schemaOf(t testing.TB, dsn string, parameters map[string]string) string {
	t.Helper()
	// The test's context is over when the schema is dropped.
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal("PostgreSQL: ", err)
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
		t.Fatal("the DSN is no URL")
	}
	q := u.Query()
	for name, value := range parameters {
		q.Set(name, value)
	}
	q.Set("search_path", schema)
	q.Set("anpr.schema", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
