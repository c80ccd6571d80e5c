// Package sqldb lets one set of SQL run on SQLite and on PostgreSQL: it opens
// the database, brings its schema up to date, and gives transactions whose
// statements read the same on both.
//
// A statement writes a table in braces, {records}, so that on PostgreSQL it stands in
// the schema that was named when the database was opened, whatever search_path is. It
// names its arguments $1, $2, … and uses what both engines have:
// no sequences, no triggers, upserts with ON CONFLICT. Where they differ there
// are [Dialect.In], [Tx.Copy] and [Tx.Lock].
//
// On PostgreSQL the SQL must also run on the engines that distribute its
// tables: every statement on a distributed table compares the distribution
// column, and no statement changes it. There a query with ORDER BY gets the
// order from an index wherever one has it; a query that looks for the values of
// a list ([Dialect.In]) in an indexed column leaves the order to the caller, or
// the server would walk through an index for it.
package sqldb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/liste-elettorali/anpr/electoral/erasure"
)

// ErrNoRow is the error of [One] when the query yields no row.
var ErrNoRow = errors.New("sqldb: no row")

// ErrConflict is wrapped by the error of a transaction that another one
// prevented, after every attempt that was allowed. Nothing of it was done.
var ErrConflict = errors.New("sqldb: another transaction prevented this one")

// ErrUnknown is wrapped by the error of a transaction of which it is not known
// whether it stands: the connection was lost, or the file system failed, at COMMIT.
var ErrUnknown = errors.New("sqldb: it is not known whether the transaction stands")

// Errors of the engines that a caller can do something about; the text says which file
// or volume, and what.
var (
	// ErrFull is wrapped when the volume is full, ErrReadOnly when the file or the
	// server takes no writes, ErrDenied when the user lacks a right.
	ErrFull     = errors.New("sqldb: no space is left")
	ErrReadOnly = errors.New("sqldb: the database cannot be written")
	ErrDenied   = errors.New("sqldb: the user of the database lacks a right")
	// ErrNotDatabase is wrapped for a file that is no SQLite database.
	ErrNotDatabase = errors.New("sqldb: the file is no SQLite database, or is damaged")
)

var errRolledBack = errors.New("a statement has failed: nothing is committed")

// A Dialect is the SQL of an engine.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota
	PostgreSQL
	Citus // PostgreSQL whose tables are spread over several nodes
)

// String returns the name of the engine, which is also that of the folder with
// its migrations.
func (d Dialect) String() string {
	if d != SQLite {
		return "postgres"
	}
	return "sqlite"
}

// In returns the condition that a text column is one of a list, which is the
// argument with a place: In("id", "$2").
func (d Dialect) In(column, place string) string {
	if d != SQLite {
		return column + " = ANY(" + place + ")"
	}
	return column + " IN (SELECT value FROM json_each(" + place + "))"
}

// Among returns the condition that a text column of an index is one of a list, which
// may be long: Among("anpr_id", "$2"). The server has no statistics of such a column,
// and would take a long list for all there is, and read all: of a join it knows how many
// rows there are to find.
func (d Dialect) Among(column, place string) string {
	if d == SQLite {
		return d.In(column, place)
	}
	return column + " IN (SELECT pg_catalog.unnest(" + place + "::text[]))"
}

// ByKeys returns the query for the rows of a table whose key, the last column of an index
// after those that fixed compares, is one of a list, which may be long. A text that is
// twice in the list yields its row twice, but on SQLite and Citus. The server, which has
// no statistics of the key, is not left the choice to read the whole table for a list.
func (d Dialect) ByKeys(columns, table, fixed, key, place string) string {
	if fixed != "" {
		fixed += " AND "
	}
	from := "SELECT " + columns + " FROM " + table + " WHERE " + fixed
	if d != PostgreSQL {
		return from + d.Among(key, place)
	}
	return "SELECT " + columns + " FROM pg_catalog.unnest(" + place + "::text[]) AS wanted, LATERAL (" + from + key +
		" = wanted OFFSET 0) AS found"
}

// LeftLookup returns the join by which a query with a LIMIT finds, for each of its rows,
// that row of a table, which it calls as, whose whole key it has: on compares it with the
// query's own columns. The server is not left the choice to read the whole table. Citus
// does not have such a join, unless both tables are spread by what on compares.
func (d Dialect) LeftLookup(table, as, on string) string {
	if d == SQLite {
		return "LEFT JOIN " + table + " AS " + as + " ON " + on
	}
	return "LEFT JOIN LATERAL (SELECT * FROM " + table + " AS " + as + " WHERE " + on + " OFFSET 0) AS " + as + " ON TRUE"
}

// Filtered returns a condition that the planner does not take for rare, so that it reads
// the rows in the order of an index, page after page, and does not sort all for each.
func (d Dialect) Filtered(condition string) string {
	return "CASE WHEN " + condition + " THEN TRUE ELSE FALSE END"
}

// List returns the argument for [Dialect.In].
func (d Dialect) List(values []string) any {
	if d != SQLite {
		return values
	}
	data, err := json.Marshal(values)
	if err != nil { // not possible of texts
		return "[]"
	}
	return string(data)
}

// A Statement is one statement with its arguments: string, int64, []byte or
// nil, or what [Dialect.List] returns.
type Statement struct {
	Text string
	Args []any
}

// Rows are the rows of a query. Close is called in any case, and before the
// next use of what the query was made on.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// A Querier reads.
type Querier interface {
	Dialect() Dialect
	// Query runs one statement that yields rows.
	Query(ctx context.Context, text string, args ...any) (Rows, error)
}

// A Tx is a transaction. It is for one goroutine.
type Tx interface {
	Querier
	// Place names the database and the schema: two transactions of one program with the
	// same Place are on the same tables.
	Place() string
	// Exec runs statements in their order, on PostgreSQL in one round trip. It
	// stops at the first that fails. A transaction of which one has failed
	// cannot be committed.
	Exec(ctx context.Context, statements ...Statement) error
	// Copy inserts n rows by the fastest way of the engine: COPY or
	// multi-row inserts. row returns the values of row i, from 0; the slice is
	// not kept. An error of row ends it and is returned.
	Copy(ctx context.Context, table string, columns []string, n int, row func(i int) ([]any, error)) error
	// Lock excludes, until the transaction ends, the other transactions that
	// lock one of the same comuni through the same table, whose key is the column
	// comune, and returns the column seq of each row. Transactions never wait for
	// each other in a circle: one that asks for a comune before the last that it has
	// locked, and does not get it at once, is run again by [DB.Update], whose
	// function then should ask for all of them in one call. On SQLite Lock does
	// nothing and returns nothing: one transaction writes at a time.
	Lock(ctx context.Context, table string, comuni ...string) (map[string]int64, error)
}

// One reads the one row of a query into dest. Without a row it returns
// [ErrNoRow].
func One(ctx context.Context, q Querier, dest []any, text string, args ...any) error {
	rows, err := q.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return ErrNoRow
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}

// All yields each row of a query as scan reads it; after an error nothing
// more. Nothing else may use q before the loop ends.
func All[T any](
	ctx context.Context, q Querier, scan func(Rows) (T, error), text string, args ...any,
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := q.Query(ctx, text, args...)
		if err != nil {
			yield(none, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, err)
		}
	}
}

// mode says what a transaction sees and may do.
type mode uint8

const (
	// reading sees one state, that of its beginning.
	reading mode = iota
	// locking sees with each statement what is committed by then: what it has
	// locked stays as it is.
	locking
	// snapshot sees one state, and fails where another changed it since.
	snapshot
)

// transaction is a Tx as its engine ends it.
type transaction interface {
	Tx
	commit(ctx context.Context) error
	// rollback ends the transaction if it has not ended; it may be called after commit.
	rollback()
	// retryable says whether another transaction made this one fail, and how
	// often an update may be run for such a reason.
	retryable() (attempts int, reason error)
}

// engine is what the two databases do each in its own way.
type engine interface {
	begin(ctx context.Context, m mode) (transaction, error)
	lookup(ctx context.Context, fn func(Querier) error) error
	// migrate runs fn in a transaction that no other process's migration
	// overlaps.
	migrate(ctx context.Context, fn func(migrator) error) error
	purge(ctx context.Context, job purgeJob) (erasure.Report, error)
	analyze(ctx context.Context, tables []string) error
	purgeLog(ctx context.Context) error
	backup(ctx context.Context, file string) error
	close() error
}

// A DB is an open database. It is safe for concurrent use.
type DB struct {
	engine  engine
	dialect Dialect
	names   *names
	unnamed bool // nobody has named the schema: it is the default
}

// Dialect returns the SQL that the database speaks.
func (db *DB) Dialect() Dialect { return db.dialect }

// Close closes the connections. Transactions under way come to their end.
func (db *DB) Close() error { return db.engine.close() }

// Lookup calls fn to read what is committed. Each query sees a state of its
// own. It never waits for a transaction of the same program to end, so that it
// may be called within [DB.View] and [DB.Update]. fn may be called again when
// the connection turns out to be dead.
func (db *DB) Lookup(ctx context.Context, fn func(Querier) error) error {
	return db.engine.lookup(ctx, fn)
}

// View calls fn with a transaction that reads one state.
func (db *DB) View(ctx context.Context, fn func(Tx) error) error {
	tx, err := db.engine.begin(ctx, reading)
	if err != nil {
		return err
	}
	defer tx.rollback()
	return fn(tx)
}

// Snapshot calls fn once with a transaction that reads one state and writes.
// Where another transaction has changed what it writes, it fails with an error
// that wraps [ErrConflict].
func (db *DB) Snapshot(ctx context.Context, fn func(Tx) error) error {
	_, err := db.attempt(ctx, snapshot, fn)
	return err
}

// Update calls fn with a transaction that excludes others by [Tx.Lock]. Once fn has
// returned, its commit is not cancelled with ctx: the error says what became of it,
// or wraps [ErrUnknown]. It
// calls fn again when the engine asks for it: on PostgreSQL after a
// serialization failure, a deadlock, a lock out of order ([Tx.Lock]) or a unique key
// that another transaction took meanwhile, after a pause that grows. After the last attempt the error
// wraps [ErrConflict].
func (db *DB) Update(ctx context.Context, fn func(Tx) error) error {
	pause := 2 * time.Millisecond
	for n := 1; ; n++ {
		attempts, err := db.attempt(ctx, locking, fn)
		if err == nil || n >= attempts {
			return err
		}
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("sqldb: %w", ctx.Err())
		case <-timer.C:
		}
		pause = min(2*pause, 250*time.Millisecond)
	}
}

// attempt runs fn in one transaction. It returns how many attempts are worth
// while: none if the error is fn's own.
func (db *DB) attempt(ctx context.Context, m mode, fn func(Tx) error) (attempts int, err error) {
	tx, err := db.engine.begin(ctx, m)
	if err != nil {
		return 0, err
	}
	defer tx.rollback()
	if err = fn(tx); err == nil {
		err = tx.commit(ctx)
	}
	if err != nil {
		// fn may have wrapped the engine's error, or put one of its own in
		// its place.
		if n, reason := tx.retryable(); n > 0 {
			return n, fmt.Errorf("%w: %w", ErrConflict, errors.Join(reason, own(err, reason)))
		}
	}
	return 0, err
}

// own returns fn's error unless it is the engine's.
func own(err, reason error) error {
	if errors.Is(err, reason) {
		return nil
	}
	return err
}

// Backup writes the database as it stands, without what was deleted, into a new file
// of mode 0600, while others read and write. It is durable when Backup returns; after
// an error the file is gone. Only SQLite has it: of a PostgreSQL database pg_dump makes
// one.
func (db *DB) Backup(ctx context.Context, file string) error { return db.engine.backup(ctx, file) }

// PurgeLog leaves no byte of what was written before the call in the write-ahead
// log of PostgreSQL's server: it makes the log begin anew and overwrites the files
// that the server keeps for reuse, which may be as much as max_wal_size. It must
// be called after [DB.Purge], by a superuser or by a member of pg_checkpoint and
// pg_monitor who may execute pg_switch_wal. It does not reach copies of the log in
// an archive or on a replica; if the server keeps files for them, the error wraps
// [erasure.ErrBlocked]. On SQLite it does nothing, since Purge has purged the log.
func (db *DB) PurgeLog(ctx context.Context) error { return db.engine.purgeLog(ctx) }
