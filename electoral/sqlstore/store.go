// Package sqlstore keeps the electoral lists and the population in a SQL
// database: [Store] implements [electoral.Store], [Population] implements
// [electoral.Population].
//
// The embedded default is SQLite in one file, with no server and no cgo: see
// [OpenSQLite]. What a call has committed is durable when it returns. A change
// replaces: no history is kept (annex 2, services for the comuni 5), and the
// pages of what is deleted are overwritten. SQLite's write-ahead log, beside
// the file with the suffix -wal, may hold earlier pages until the next
// checkpoint; Close makes one.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

//go:embed migrations
var migrations embed.FS

// A DB is an open database with the schema of this package. It is safe for
// concurrent use.
type DB struct{ db *sqldb.DB }

// OpenSQLite opens the SQLite database in a file, makes it with mode 0600 if
// there is none, and brings its schema up to date. Several processes may open
// it; a write waits up to ten seconds for another's.
func OpenSQLite(ctx context.Context, file string) (*DB, error) {
	db, err := sqldb.OpenSQLite(ctx, file)
	if err != nil {
		return nil, err
	}
	if err := sqldb.Migrate(ctx, db.Write, "electoral", migrations, "migrations/sqlite"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &DB{db}, nil
}

// Close writes the write-ahead log back into the file and closes the database.
func (d *DB) Close() error {
	_, err := d.db.Write.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(err, d.db.Close())
}

// Store returns the store of sections and electors.
func (d *DB) Store() *Store { return &Store{d.db} }

// Population returns the store of persons.
func (d *DB) Population() *Population { return &Population{d.db} }

// A Store keeps sections and electors. It implements [electoral.Store].
type Store struct{ db *sqldb.DB }

// View implements [electoral.Store].
func (s *Store) View(ctx context.Context, fn func(electoral.Reader) error) error {
	tx, err := s.db.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	defer tx.Rollback()
	// SQLite fixes the state that is seen at the first read, not at BEGIN.
	if _, err := tx.ExecContext(ctx, "SELECT 1 FROM schema_migrations LIMIT 1"); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return fn(&transaction{tx: tx})
}

// Update implements [electoral.Store].
func (s *Store) Update(ctx context.Context, fn func(electoral.Writer) error) error {
	tx, err := s.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	defer tx.Rollback()
	if err := fn(&transaction{tx: tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

// transaction implements electoral.Writer. Its statements are prepared once.
type transaction struct {
	tx         *sql.Tx
	statements map[string]*sql.Stmt
}

func (t *transaction) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := t.statements[query]; ok {
		return stmt, nil
	}
	stmt, err := t.tx.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	if t.statements == nil {
		t.statements = map[string]*sql.Stmt{}
	}
	t.statements[query] = stmt
	return stmt, nil
}

func (t *transaction) exec(ctx context.Context, query string, args ...any) error {
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return err
	}
	if _, err := stmt.ExecContext(ctx, args...); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

// one reads one row into dest; a row that is not there is ErrNotFound.
func (t *transaction) one(ctx context.Context, query string, args []any, dest ...any) error {
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return err
	}
	err = stmt.QueryRowContext(ctx, args...).Scan(dest...)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return electoral.ErrNotFound
	case err != nil:
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

const sectionColumns = `comune, number, seat_name, seat, european_constituency, regional_constituency,
	district_constituency, chamber_college, senate_college, translations`

type scanner interface{ Scan(dest ...any) error }

func scanSection(row scanner) (electoral.Section, error) {
	var s electoral.Section
	var seat, chamber, senate, translations string
	if err := row.Scan(&s.Comune, &s.Number, &s.SeatName, &seat, &s.EuropeanConstituency, &s.RegionalConstituency,
		&s.DistrictConstituency, &chamber, &senate, &translations); err != nil {
		return electoral.Section{}, err
	}
	if err := errors.Join(
		json.Unmarshal([]byte(seat), &s.Seat),
		json.Unmarshal([]byte(translations), &s.Translations),
		parseCollege(chamber, &s.ChamberCollege),
		parseCollege(senate, &s.SenateCollege),
	); err != nil {
		return electoral.Section{}, fmt.Errorf("sqlstore: section %s of %s: %w", s.Number, s.Comune, err)
	}
	return s, nil
}

func parseCollege(text string, c *electoral.College) (err error) {
	if text != "" {
		*c, err = electoral.ParseCollege(text)
	}
	return err
}

// Section implements [electoral.Reader].
func (t *transaction) Section(ctx context.Context, comune, number string) (electoral.Section, error) {
	stmt, err := t.prepare(ctx, `SELECT `+sectionColumns+` FROM sections WHERE comune = ? AND number = ?`)
	if err != nil {
		return electoral.Section{}, err
	}
	s, err := scanSection(stmt.QueryRowContext(ctx, comune, number))
	if errors.Is(err, sql.ErrNoRows) {
		err = electoral.ErrNotFound
	}
	if err != nil {
		return electoral.Section{}, fmt.Errorf("sqlstore: section %s of %s: %w", number, comune, err)
	}
	return s, nil
}

// Sections implements [electoral.Reader].
func (t *transaction) Sections(ctx context.Context, comune string) iter.Seq2[electoral.Section, error] {
	return query(ctx, t, scanSection, `SELECT `+sectionColumns+` FROM sections WHERE comune = ? ORDER BY number`, comune)
}

// query yields the rows of a query; after an error nothing more.
func query[T any](ctx context.Context, t *transaction, scan func(scanner) (T, error), text string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := t.tx.QueryContext(ctx, text, args...)
		if err != nil {
			yield(none, fmt.Errorf("sqlstore: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if !yield(v, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, fmt.Errorf("sqlstore: %w", err))
		}
	}
}

// PutSection implements [electoral.Writer].
func (t *transaction) PutSection(ctx context.Context, s electoral.Section) error {
	seat, err := json.Marshal(s.Seat)
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	translations, err := json.Marshal(s.Translations)
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return t.exec(ctx, `INSERT INTO sections (`+sectionColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (comune, number) DO UPDATE SET seat_name = excluded.seat_name, seat = excluded.seat,
		european_constituency = excluded.european_constituency, regional_constituency = excluded.regional_constituency,
		district_constituency = excluded.district_constituency, chamber_college = excluded.chamber_college,
		senate_college = excluded.senate_college, translations = excluded.translations`,
		s.Comune, s.Number, s.SeatName, string(seat), s.EuropeanConstituency, s.RegionalConstituency,
		s.DistrictConstituency, s.ChamberCollege.String(), s.SenateCollege.String(), string(translations))
}
