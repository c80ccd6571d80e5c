package sqlstore

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/liste-elettorali/anpr/internal/sqldb"
)

//go:embed migrations
var migrations embed.FS

// tables are what this package keeps in a database. None is spread over the nodes of a
// cluster: jobs are few.
func tables() sqldb.Part {
	return sqldb.Part{Name: "background_jobs", Files: migrations, Dir: "migrations"}
}

// A SQLiteConfig says which SQLite database is opened, and how.
type SQLiteConfig struct {
	// File is the path of the file. Required; a database in memory is refused.
	File string
	// Wait is how long a write waits for that of another process before it fails with
	// [ErrConflict], up to an hour; zero means ten seconds.
	Wait time.Duration
	// Lease is for how long a node leads of which nothing is heard, from 10 milliseconds to
	// a day; zero means 30 seconds.
	Lease time.Duration
}

// Migrate makes the file, with mode 0600, or brings its tables up to date, in one
// transaction. With nothing to do it takes no lock.
func (c SQLiteConfig) Migrate(ctx context.Context) error {
	return sqldb.SQLiteConfig{File: c.File, Wait: c.Wait}.Migrate(ctx, tables())
}

// Open opens a file whose tables are up to date; else the error wraps [ErrNotMigrated],
// or [ErrBadSchema] if they are not ours, and the file is as it was. Several processes
// may open one; that takes no lock, so that it works during a long write of another. At
// most 64 views are open at once; the next waits.
func (c SQLiteConfig) Open(ctx context.Context) (*Store, error) {
	db, err := sqldb.SQLiteConfig{File: c.File, Wait: c.Wait}.ConnectTo(ctx, tables())
	return opened(db, c.Lease, err)
}

// OpenSQLite brings the tables in a file up to date and opens it, for programs that own
// their database: [SQLiteConfig.Migrate], then [SQLiteConfig.Open].
func OpenSQLite(ctx context.Context, file string) (*Store, error) {
	db, err := sqldb.SQLiteConfig{File: file}.Migrated(ctx, tables())
	return opened(db, 0, err)
}

// A PostgresConfig says which PostgreSQL database is opened, and how.
type PostgresConfig struct {
	// Pool is a pool of the program, which stays its own: it is never closed, nor are
	// its sessions changed beyond a transaction. It must allow two connections at least:
	// one for a transaction, one for what is read beside it.
	Pool *pgxpool.Pool
	// DSN is, in place of Pool, a connection string: a URL
	// ("postgres://user@host:5432/db") or a list of key=value pairs, with libpq's
	// parameters and environment; pool_max_conns bounds how many transactions are open
	// at once (by default 4, or 2 for each CPU if that is more; the next waits), and as
	// many connections again serve lookups. No error contains it, and a password in it
	// must be percent-encoded. Its parameter anpr.schema stands for Schema.
	DSN string
	// Schema has the tables; empty means "anpr". Other tables may stand beside them.
	// search_path is not looked at.
	Schema string
	// Transactions is how many may be open at once on Pool; zero means all of its
	// connections but one. Several databases that are opened on one Pool must leave it
	// one connection together.
	Transactions int
	// NamedStatements says of a pooler before the server (PgBouncer and the like) that it
	// keeps the prepared statements of its clients apart: in session mode, or from
	// PgBouncer 1.21 on with max_prepared_statements. Without it opening refuses a pooler
	// unless default_query_exec_mode in DSN, or DefaultQueryExecMode of Pool, is another
	// than cache_statement: "exec" does. The pooler must allow more connections to the
	// server (default_pool_size) than all programs together have transactions open: what
	// a transaction looks up beside it needs one more, and would wait for query_wait_timeout.
	NamedStatements bool
	// Lease is as in [SQLiteConfig].
	Lease time.Duration
}

func (c PostgresConfig) config() sqldb.PostgresConfig {
	return sqldb.PostgresConfig{Pool: c.Pool, DSN: c.DSN, Schema: c.Schema, Transactions: c.Transactions,
		NamedStatements: c.NamedStatements}
}

// Migrate makes the tables, and the schema if there is none, or brings them up to date,
// in one transaction. With nothing to do it only reads. Several processes may call it at
// once. The user must be the owner of the tables; what he lacks ([ErrDenied]), and other
// tables in the way ([ErrBadSchema]), are told before anything is changed.
func (c PostgresConfig) Migrate(ctx context.Context) error {
	return c.config().Migrate(ctx, tables(), "")
}

// Open opens a database whose tables are up to date; else the error wraps
// [ErrNotMigrated], or [ErrBadSchema] if they are not ours. It needs no right but to
// read. The database must be in UTF-8.
func (c PostgresConfig) Open(ctx context.Context) (*Store, error) {
	db, err := c.config().Open(ctx, tables())
	return opened(db, c.Lease, err)
}

// OpenPostgres brings the tables of a PostgreSQL database up to date and opens it, for
// programs that own their database: [PostgresConfig.Migrate], then
// [PostgresConfig.Open], with its DSN.
func OpenPostgres(ctx context.Context, dsn string) (*Store, error) {
	db, err := sqldb.PostgresConfig{DSN: dsn}.Migrated(ctx, tables())
	return opened(db, 0, err)
}

// Migrations returns the scripts that make the tables, for programs with a tool of their
// own: migrations/postgres/NNNN_name.sql and migrations/sqlite/NNNN_name.sql. They are
// applied in the order of their numbers, each in a transaction, and note themselves in
// schema_migrations, where Open looks. A name in braces, {schema_migrations}, stands
// for a table or an index in the schema: on PostgreSQL it becomes
// "schema"."schema_migrations", on SQLite schema_migrations. The regular expression
// \{([a-z][a-z0-9_]*)\} finds them all and nothing else.
func Migrations() fs.FS { return migrations }

// A Role is what a role of PostgreSQL may do with the tables.
type Role uint8

// The roles.
const (
	// ReaderRole only reads. ApplicationRole reads and changes rows. OwnerRole migrates:
	// the tables that it makes are its own.
	ReaderRole Role = iota
	ApplicationRole
	OwnerRole
)

// Grants returns the statements that let a role of the server, by its name, do what a
// Role may. An empty schema means "anpr". Those of OwnerRole are run before the first
// migration by who may make schemas; the others after each migration by the owner.
func Grants(schema, name string, role Role) ([]string, error) {
	return sqldb.Grants(tables(), schema, name, sqldb.Rights(role))
}

func opened(db *sqldb.DB, term time.Duration, err error) (*Store, error) {
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, term: term}
	if _, err := s.lease(""); err != nil { // what is wrong with Lease
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}
