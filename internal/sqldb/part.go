package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Open opens a database in which all migrations of a part were applied; else it
// returns the error of [DB.Check]. It changes nothing, and needs no right but to read.
func (c PostgresConfig) Open(ctx context.Context, p Part) (*DB, error) {
	db, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := db.Check(ctx, p); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.mark(p)
	return db, nil
}

// mark lets each transaction mark what it changes for the next purge.
func (db *DB) mark(p Part) {
	if e, ok := db.engine.(*postgres); ok && p.Marks != "" {
		e.marks = e.names.table(p.Marks)
	}
}

// Migrate applies the migrations of a part, and first moves its tables if from is not
// empty: see [DB.MigrateFrom].
func (c PostgresConfig) Migrate(ctx context.Context, p Part, from string) error {
	db, err := c.Connect(ctx)
	if err != nil {
		return err
	}
	return errors.Join(db.MigrateFrom(ctx, p, from), db.Close())
}

// Distribute connects, spreads the tables of a part and closes: see [DB.Distribute].
func (c PostgresConfig) Distribute(ctx context.Context, p Part) error {
	db, err := c.Connect(ctx)
	if err != nil {
		return err
	}
	return errors.Join(db.Distribute(ctx, p), db.Close())
}

// Migrated is Migrate, without a move, and then Open.
func (c PostgresConfig) Migrated(ctx context.Context, p Part) (*DB, error) {
	db, err := c.Connect(ctx)
	return migrated(ctx, db, err, p)
}

// Migrate applies the migrations of a part; it makes the file if there is none.
func (c SQLiteConfig) Migrate(ctx context.Context, p Part) error {
	db, err := c.Migrated(ctx, p)
	if err != nil {
		return err
	}
	return db.Close()
}

// Migrated is Migrate and then ConnectTo.
func (c SQLiteConfig) Migrated(ctx context.Context, p Part) (*DB, error) {
	if info, err := os.Stat(c.File); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		files, err := migrations(p, SQLite)
		if err != nil {
			return nil, fmt.Errorf("sqldb: %w", err)
		}
		if c.Wait == 0 {
			c.Wait = DefaultWait
		}
		if err := c.peek(ctx, func(q Querier, n *names) error {
			return (&migrating{names: n, part: p.Name, files: files}).plan(ctx, q)
		}); err != nil {
			return nil, err
		}
	}
	db, err := c.Connect(ctx)
	return migrated(ctx, db, err, p)
}

func migrated(ctx context.Context, db *DB, err error, p Part) (*DB, error) {
	if err != nil {
		return nil, err
	}
	if err := db.MigrateFrom(ctx, p, ""); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.mark(p)
	return db, nil
}

// Rights say what a role of PostgreSQL may do with the tables of a part.
type Rights uint8

// The rights.
const (
	// ReadRights are to read; WriteRights to read and change rows; OwnRights to make
	// tables, which are then the role's own.
	ReadRights Rights = iota
	WriteRights
	OwnRights
)

// Grants returns the statements that give a role rights on a part in a schema: to be
// run, after each migration, by the owner of the tables; OwnRights before the first, by
// who may make schemas. An empty schema means [DefaultSchema].
func Grants(p Part, schema, role string, rights Rights) ([]string, error) {
	if schema == "" {
		schema = DefaultSchema
	}
	if err := fitSchema(schema); err != nil {
		return nil, err
	}
	if fitSchema(role) != nil {
		return nil, fmt.Errorf("sqldb: role %q: expected the name of a role of your own", role)
	}
	in, to := " SCHEMA "+quoted(schema), " TO "+quoted(role)
	if rights == OwnRights {
		return []string{"CREATE SCHEMA IF NOT EXISTS " + quoted(schema), "GRANT USAGE, CREATE ON" + in + to}, nil
	}
	files, err := migrations(p, PostgreSQL)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	n := newNames(schema)
	var tables []string
	for _, name := range slices.Sorted(slices.Values(tablesOf(files))) {
		tables = append(tables, n.table(name))
	}
	what := "SELECT"
	if rights == WriteRights {
		what = "SELECT, INSERT, UPDATE, DELETE"
	}
	return []string{"GRANT USAGE ON" + in + to,
		"GRANT SELECT ON " + n.table(migrationsName) + to,
		"GRANT " + what + " ON " + strings.Join(tables, ", ") + to}, nil
}
