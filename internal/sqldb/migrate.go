package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// migrator is a transaction that may also run a script of several statements.
type migrator interface {
	Tx
	script(ctx context.Context, text string) error
}

// The record of what was applied: the same on both engines.
const migrationsTable = `CREATE TABLE IF NOT EXISTS schema_migrations (
	schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
	PRIMARY KEY (schema, version))`

// Migrate applies, each in a transaction of its own and in the order of their
// numbers, the migrations of a schema that were not applied yet: the files
// NNNN_name.sql of the folder of dir that is named after the dialect. Two
// processes that migrate at once wait for each other. A database with
// migrations that fsys does not have is newer than the program, which is an
// error.
func (db *DB) Migrate(ctx context.Context, schema string, fsys fs.FS, dir string) error {
	files, err := migrations(fsys, path.Join(dir, db.dialect.String()))
	if err != nil {
		return fmt.Errorf("sqldb: %w", err)
	}
	last, err := db.version(ctx, schema)
	if err != nil {
		return err
	}
	if newest := int64(files[len(files)-1].version); last > newest {
		return fmt.Errorf("sqldb: schema %s is at version %d, this program knows %d: use a newer program", schema, last,
			newest)
	}
	// With nothing to apply no lock is taken, and no right to write is needed.
	for _, m := range files[last:] {
		if err := db.engine.migrate(ctx, func(tx migrator) error {
			return m.apply(ctx, tx, schema, fsys)
		}); err != nil {
			return fmt.Errorf("sqldb: schema %s, migration %s: %w", schema, m.name, err)
		}
	}
	return nil
}

// version returns the number of the last migration that was applied; 0 if none was.
// They are applied in their order.
func (db *DB) version(ctx context.Context, schema string) (last int64, err error) {
	there := `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'`
	if db.dialect == PostgreSQL {
		there = `SELECT count(*) FROM (SELECT to_regclass('schema_migrations') AS found) AS t WHERE found IS NOT NULL`
	}
	err = db.Lookup(ctx, func(q Querier) error {
		var tables int64
		if err := One(ctx, q, []any{&tables}, there); err != nil || tables == 0 {
			return err
		}
		return One(ctx, q, []any{&last}, `SELECT coalesce(max(version), 0) FROM schema_migrations WHERE schema = $1`,
			schema)
	})
	return last, err
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

func (m migration) apply(ctx context.Context, tx migrator, schema string, fsys fs.FS) error {
	text, err := fs.ReadFile(fsys, m.path)
	if err != nil {
		return err
	}
	var done int64
	if err := One(ctx, tx, []any{&done}, `SELECT count(*) FROM schema_migrations WHERE schema = $1 AND version = $2`,
		schema, int64(m.version)); err != nil {
		return err
	}
	if done > 0 {
		return nil
	}
	if err := tx.script(ctx, string(text)); err != nil {
		return err
	}
	return tx.Exec(ctx,
		Statement{`INSERT INTO schema_migrations (schema, version, name, applied_at) VALUES ($1, $2, $3, $4)`,
			[]any{schema, int64(m.version), m.name, time.Now().UTC().Format(time.RFC3339)}})
}
