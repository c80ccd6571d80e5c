// Package sqldb opens the SQL databases that the stores stand on and brings
// their schemas up to date.
package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// A DB is a database with its writing side apart: SQLite has one writer.
type DB struct {
	// Read is a pool of connections that only read.
	Read *sql.DB
	// Write is one connection, whose transactions take the write lock when
	// they begin.
	Write *sql.DB
}

// OpenSQLite opens the database in a file and makes it, with mode 0600, if
// there is none. What is committed is durable (WAL, synchronous FULL), and
// what is deleted is overwritten (secure_delete).
func OpenSQLite(ctx context.Context, file string) (*DB, error) {
	// SQLite would make the file readable by others.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	dsn := func(more url.Values) string {
		more["_pragma"] = append(more["_pragma"], "busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "foreign_keys(ON)", "trusted_schema(OFF)")
		return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + more.Encode()
	}
	write, err := sql.Open("sqlite", dsn(url.Values{"_txlock": {"immediate"}}))
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn(url.Values{"_pragma": {"query_only(ON)"}}))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: %w", err), write.Close())
	}
	db := &DB{Read: read, Write: write}
	if err := write.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: open %s: %w", file, err), db.Close())
	}
	return db, nil
}

// Close closes the connections.
func (db *DB) Close() error { return errors.Join(db.Read.Close(), db.Write.Close()) }

// Migrate applies, each in a transaction of its own and in the order of their
// numbers, the migrations of a schema that were not applied yet: the files
// NNNN_name.sql of dir. Two processes that migrate at once wait for each
// other. A database with migrations that fsys does not have is newer than the
// program, which is an error.
func Migrate(ctx context.Context, db *sql.DB, schema string, fsys fs.FS, dir string) error {
	files, err := migrations(fsys, dir)
	if err != nil {
		return fmt.Errorf("sqldb: %w", err)
	}
	const table = `CREATE TABLE IF NOT EXISTS schema_migrations (
		schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
		PRIMARY KEY (schema, version))`
	if _, err := db.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("sqldb: %w", err)
	}
	for _, m := range files {
		if err := m.apply(ctx, db, schema, fsys); err != nil {
			return fmt.Errorf("sqldb: schema %s, migration %s: %w", schema, m.name, err)
		}
	}
	var last int
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM schema_migrations WHERE schema = ?`, schema).Scan(&last); err != nil {
		return fmt.Errorf("sqldb: %w", err)
	}
	if newest := files[len(files)-1].version; last > newest {
		return fmt.Errorf("sqldb: schema %s is at version %d, this program knows %d: use a newer program", schema, last, newest)
	}
	return nil
}

type migration struct {
	version int
	name    string
	path    string
}

func migrations(fsys fs.FS, dir string) ([]migration, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var files []migration
	for _, e := range entries {
		number, _, ok := strings.Cut(e.Name(), "_")
		version, err := strconv.Atoi(number)
		if !ok || err != nil || version < 1 || !strings.HasSuffix(e.Name(), ".sql") {
			return nil, fmt.Errorf("migration %s: expected NNNN_name.sql", e.Name())
		}
		files = append(files, migration{version, e.Name(), path.Join(dir, e.Name())})
	}
	slices.SortFunc(files, func(a, b migration) int { return cmp.Compare(a.version, b.version) })
	for i, m := range files {
		if m.version != i+1 {
			return nil, fmt.Errorf("migration %s: expected number %d", m.name, i+1)
		}
	}
	if len(files) == 0 {
		return nil, errors.New("no migrations")
	}
	return files, nil
}

func (m migration) apply(ctx context.Context, db *sql.DB, schema string, fsys fs.FS) error {
	text, err := fs.ReadFile(fsys, m.path)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var done int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM schema_migrations WHERE schema = ? AND version = ?`, schema, m.version).Scan(&done); err != nil {
		return err
	}
	if done > 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO schema_migrations (schema, version, name, applied_at) VALUES (?, ?, ?, ?)`,
		schema, m.version, m.name, time.Now().UTC().Format(time.RFC3339)); err != nil {
		return err
	}
	return tx.Commit()
}
