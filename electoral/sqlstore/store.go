// Package sqlstore keeps the electoral lists, what the registry keeps beside
// them, and the population in a SQL database: [Store] implements
// [registry.Store], [Population] implements [electoral.Population].
//
// The embedded default is SQLite in one file, with no server and no cgo: see
// [OpenSQLite]. Past one machine it is PostgreSQL: see [OpenPostgres]. Both run
// the same SQL and pass the same suites, and nothing else in the API differs.
// What a call has committed is durable when it returns.
//
// # Erasure
//
// A change replaces: no history is kept, and from the commit on no read returns an
// earlier value. That is the law's (annex 2, services for the comuni 5). Ours is that no
// byte of it stays in the files of tables and indexes: [DB.Purge] sees to that, beside
// readers and writers, within the time after which it is called again, which is for the
// comune to set: daily is usual. Until then SQLite's file and its write-ahead log (with
// the suffix -wal), and PostgreSQL's dead rows, may still hold earlier bytes. What
// PostgreSQL's own write-ahead log holds goes with [DB.PurgeLog], and what the backups
// hold with their retention, which is for the operator to bound.
//
// # In a vendor's database
//
// On PostgreSQL the tables stand in a schema of their own, "anpr" or that of
// [PostgresConfig], beside whatever else the database has: another program's
// schema_migrations, persons or records are neither read nor changed, and search_path
// is not looked at. The package shares the program's own pool, and changes nothing of
// its sessions beyond a transaction, so that the pool may lead to a pooler of
// transactions. Package certificate/archive and the outbox of certificate/delivery may
// stand in the same schema, on the same pool.
//
// To make the tables and to use them are apart. [PostgresConfig.Migrate] is for a role
// that may make tables: at deployment, or by a tool of the vendor with the scripts of
// [Migrations]. [PostgresConfig.Open] makes nothing, and says with [ErrNotMigrated] which
// version it has found and which it needs. [Grants] returns what to grant to the role of
// the application, and to one that only reads. [OpenPostgres] and [OpenSQLite] do both,
// for programs that own their database.
//
// Earlier releases had their tables in the first schema of search_path, mostly public.
// Name it as Schema, and they stay there; or let Migrate move them with MoveFrom. Without
// either, Migrate refuses to make empty tables beside them.
//
// # More than one server
//
// What one PostgreSQL server cannot hold or serve, Citus (12.1, on PostgreSQL 14 or
// later) spreads over several, with the same programs. Install it on each node, CREATE
// EXTENSION citus in the database of each, and on the coordinator citus_set_coordinator_host
// and citus_add_node. Then, with a connection string that leads to the coordinator:
//
//   - [PostgresConfig.Migrate], then [PostgresConfig.Distribute], before the first load;
//     how many parts a table has is citus.shard_count, 32 by default: a number of the
//     server, or in the connection string. Packages certificate/archive and
//     certificate/delivery have the same call. Open the database after it.
//   - What concerns a comune lies together on one node, what leads to a person by his id
//     or fiscal code beside others; schema_migrations and the marks of the purge stay on
//     the coordinator. To add a node: citus_add_node, citus_rebalance_start.
//   - max_prepared_transactions on each node at least as large as max_connections: a
//     change that concerns two nodes is committed in two phases.
//   - [DB.Purge] opens a session on each node, as the same user, with the same password
//     or certificate, under the host and port that pg_dist_node has: they must lead there
//     from where the program runs. A node that does not answer is in the report, with
//     what stays on it; so is a part that was moved to another node and not yet dropped.
//     [DB.PurgeLog] is of the coordinator alone: call it for each node with a
//     connection string that leads there.
//
// What not to expect: one comune never takes more than one node; a question without a
// comune asks all nodes; and no state spans the nodes. Two comuni that a view reads may
// be seen some milliseconds apart, so that a person who moves between them at that
// moment may be in both lists, or in neither. Who is asked for by his id is found: what
// a view sees half done it reads again, for two thirds of a second, before it speaks of
// damage.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// ErrPurgeBlocked is wrapped by the error of [DB.Purge] if earlier values may stay, since
// an open transaction may read them, or for another reason that the report gives; and by
// that of [DB.PurgeLog] if the server holds its log for others.
var ErrPurgeBlocked = erasure.ErrBlocked

// ErrConflict is wrapped by the error of an update that other updates prevented
// at every attempt. It has changed nothing.
var ErrConflict = sqldb.ErrConflict

// Errors of the databases that a caller can do something about; the text says which
// file or volume, and what.
var (
	// ErrFull means that the volume is full, ErrReadOnly that the file or the server
	// takes no writes, ErrDenied that the user lacks a right, ErrNotDatabase that the
	// file is no SQLite database. Nothing was changed.
	ErrFull        = sqldb.ErrFull
	ErrReadOnly    = sqldb.ErrReadOnly
	ErrDenied      = sqldb.ErrDenied
	ErrNotDatabase = sqldb.ErrNotDatabase
	// ErrNotMigrated means that the tables are not there or are of an older version,
	// ErrBadSchema that they are another program's, or not whole.
	ErrNotMigrated = sqldb.ErrNotMigrated
	ErrBadSchema   = sqldb.ErrBadSchema
	// ErrNotCitus means that the database is not the coordinator of a Citus cluster.
	ErrNotCitus = sqldb.ErrNotCitus
)

var (
	errNotOpen    = errors.New("sqlstore: the database is not open: expected one that Open has returned")
	errNoFunction = errors.New("sqlstore: the function is nil")
)

// callable returns why a transaction cannot begin.
func callable(db *sqldb.DB, without bool) error {
	switch {
	case db == nil:
		return errNotOpen
	case without:
		return errNoFunction
	}
	return nil
}

// A DB is an open database with the schema of this package. It is safe for
// concurrent use.
type DB struct {
	db    *sqldb.DB
	loads *loads
}

// Backup writes a SQLite database as it stands into a new file of mode 0600, while
// others read and write; what was deleted is not in it. It is durable when Backup
// returns. Of a PostgreSQL database pg_dump makes one: the error then wraps
// [errors.ErrUnsupported]. A backup holds personal data, which [DB.Purge] does not
// reach.
func (d *DB) Backup(ctx context.Context, file string) error {
	if d.db == nil {
		return errNotOpen
	}
	return d.db.Backup(ctx, file)
}

// Close closes the database, but not a pool of the program; SQLite's write-ahead log is
// written back into the file. Calls in progress run to their end.
func (d *DB) Close() error {
	if d.db == nil {
		return errNotOpen
	}
	return d.db.Close()
}

// Store returns the store of everything but the persons.
func (d *DB) Store() *Store { return &Store{d.db, d.loads} }

// Population returns the store of persons.
func (d *DB) Population() *Population { return &Population{d.db, d.loads} }

// A Store keeps sections and electors, the registry's books and the operation
// journal. It implements [registry.Store]. The writer of an update also has
// the methods of [registry.BulkWriter] and [registry.SuccessionWriter].
//
// A search reads the sections of a list alone if its conditions name a few of
// the comune (the list's comune, the section, and of an added list the yes), or
// else those of whom the journal has an entry, or else all electors of the
// comune.
//
// A text that is not UTF-8, or that holds U+0000, is refused. Listings are
// read in pages of up to 1,000, so that memory does not grow with the list, and the
// reader may be used for other reads in the loop; a listing within an update
// shows what the update writes meanwhile only from the next page on.
//
// After an update that has added many electors the engine counts the rows of the tables,
// so that it plans queries on them as well as on those that it knows: within the call of
// the load, for some tenths of a second, without a lock that others wait for. On
// PostgreSQL only the owner of the tables may; for others autovacuum does it in time.
type Store struct {
	db    *sqldb.DB
	loads *loads
}

// View implements [registry.Store].
func (s *Store) View(ctx context.Context, fn func(registry.Reader) error) error {
	if err := callable(s.db, fn == nil); err != nil {
		return err
	}
	return s.db.View(ctx, func(tx sqldb.Tx) error {
		l := &lease{Tx: tx}
		defer l.over.Store(true)
		return fn(&transaction{tx: l, db: s.db, spread: spread(tx)})
	})
}

// Update implements [registry.Store]. On PostgreSQL an update locks each
// comune of which it reads or writes something until it ends, so that what it
// has read stays true. It locks them in the order of their codes: when it needs one
// that comes before those that it has, and another update has that one, it runs fn
// again with all of them locked from the beginning, at once or, if it has written
// already, after a second. It also runs fn again when an elector that it did not find
// was written by another meanwhile. Once fn
// has returned, cancelling ctx no longer stops the update. If the connection is lost
// at COMMIT the error wraps [electoral.ErrUnknown]; any other error means that
// nothing was done.
func (s *Store) Update(ctx context.Context, fn func(registry.Writer) error) error {
	if err := callable(s.db, fn == nil); err != nil {
		return err
	}
	tried, added := map[string]bool{}, 0
	err := settled(s.db.Update(ctx, func(tx sqldb.Tx) error {
		l := &lease{Tx: tx}
		defer l.over.Store(true)
		t := &transaction{tx: l, db: s.db, spread: spread(tx), locked: map[string]*held{}, tried: tried}
		// What the attempt before has locked, in an order that led to a
		// deadlock, is now locked at once.
		if err := t.lock(ctx, slices.Collect(maps.Keys(tried))...); err != nil {
			return err
		}
		err := fn(t)
		added = t.added
		return err
	}))
	if err == nil {
		s.loads.added(ctx, added)
	}
	return err
}

// A lease is a transaction that its holder may use until it ends: its connection then
// goes to somebody else.
type lease struct {
	sqldb.Tx
	over atomic.Bool
}

func (l *lease) usable() error {
	if l.over.Load() {
		return registry.ErrEnded
	}
	return nil
}

func (l *lease) Query(ctx context.Context, text string, args ...any) (sqldb.Rows, error) {
	if err := l.usable(); err != nil {
		return nil, err
	}
	return l.Tx.Query(ctx, text, args...)
}

func (l *lease) Exec(ctx context.Context, list ...sqldb.Statement) error {
	if err := l.usable(); err != nil {
		return err
	}
	return l.Tx.Exec(ctx, list...)
}

func (l *lease) Copy(ctx context.Context, table string, columns []string, n int,
	row func(i int) ([]any, error)) error {
	if err := l.usable(); err != nil {
		return err
	}
	return l.Tx.Copy(ctx, table, columns, n, row)
}

func (l *lease) Lock(ctx context.Context, table string, comuni ...string) (map[string]int64, error) {
	if err := l.usable(); err != nil {
		return nil, err
	}
	return l.Tx.Lock(ctx, table, comuni...)
}

// settled gives the error of a change that may or may not stand the name that it has
// outside.
func settled(err error) error {
	if errors.Is(err, sqldb.ErrUnknown) {
		return fmt.Errorf("%w: %w", electoral.ErrUnknown, err)
	}
	return err
}

// transaction implements [registry.Writer], [registry.BulkWriter] and
// [registry.SuccessionWriter].
type transaction struct {
	tx     sqldb.Tx
	db     *sqldb.DB
	spread bool // the tables lie on several nodes: a statement reads one alone
	// locked are the comuni that this update has to itself; nil in a view.
	locked  map[string]*held
	tried   map[string]bool // those that it asked for
	last    lastElector
	section lastSection
	added   int // electors, in bulk
}

func spread(tx sqldb.Tx) bool { return tx.Dialect() == sqldb.Citus }

var (
	_ registry.Locker        = (*transaction)(nil)
	_ registry.OutcomeWriter = (*transaction)(nil)
)

// A recorder is an [electoral.Recorder] whose log may be in the store's database.
type recorder interface {
	// RecordIn writes an entry as the last statement of a transaction that has locked
	// its comuni: what the log locks is locked until COMMIT alone, and if it is several
	// chains, in the order of their names. It returns what finds the entry again; an
	// empty text, and writes nothing, if the transaction is on another database
	// ([sqldb.Tx].Place).
	RecordIn(ctx context.Context, tx sqldb.Tx, a electoral.Access) (receipt string, err error)
	// StandsIn reports whether an entry that RecordIn has written is there.
	StandsIn(ctx context.Context, tx sqldb.Tx, receipt string) (bool, error)
}

// RecordOutcome implements [registry.OutcomeWriter].
func (t *transaction) RecordOutcome(ctx context.Context, r electoral.Recorder, a electoral.Access) (string, error) {
	if log, ok := r.(recorder); ok {
		return log.RecordIn(ctx, t.tx, a)
	}
	return "", nil
}

// OutcomeStands implements [registry.OutcomeWriter].
func (t *transaction) OutcomeStands(ctx context.Context, r electoral.Recorder, receipt string) (bool, error) {
	if log, ok := r.(recorder); ok {
		return log.StandsIn(ctx, t.tx, receipt)
	}
	return false, errors.New("sqlstore: the recorder's log is not in this database")
}

// Lock implements [registry.Locker].
func (t *transaction) Lock(ctx context.Context, comuni ...string) error {
	return t.lock(ctx, comuni...)
}

// A held is a comune that an update has to itself, with the number of the last change
// of it, which is this update's once that is taken.
type held struct {
	seq          int64
	known, taken bool
}

// lock takes comuni for this update.
func (t *transaction) lock(ctx context.Context, comuni ...string) error {
	if t.locked == nil {
		return nil
	}
	var missing []string
	for _, c := range comuni {
		if t.locked[c] == nil && storable(c) {
			missing = append(missing, c)
			t.tried[c] = true
		}
	}
	if len(missing) == 0 {
		return nil
	}
	seqs, err := t.tx.Lock(ctx, "comune_locks", missing...)
	if err != nil {
		return err
	}
	for _, c := range missing {
		seq, known := seqs[c]
		t.locked[c] = &held{seq: seq, known: known}
	}
	return nil
}

// one reads one row into dest; a row that is not there is ErrNotFound.
func one(ctx context.Context, q sqldb.Querier, dest []any, text string, args ...any) error {
	err := sqldb.One(ctx, q, dest, text, args...)
	if errors.Is(err, sqldb.ErrNoRow) {
		return electoral.ErrNotFound
	}
	return err
}
