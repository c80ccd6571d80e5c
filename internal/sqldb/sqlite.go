package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	driver "modernc.org/sqlite" // which registers itself as "sqlite"

	"github.com/liste-elettorali/anpr/internal/folder"
)

// sqlite is a file with its writing side apart: SQLite has one writer.
type sqlite struct {
	file    string
	place   string // file, whatever the working folder is
	wait    time.Duration
	names   *names
	db      *sql.DB // what the reading connections come from
	writeDB *sql.DB
	read    *pool[*sqliteConn]
	look    *pool[*sqliteConn]
	write   *pool[*sqliteConn]
}

// The connections of a file, each with a page cache of its own.
const (
	sqliteReaders = 64
	sqliteLookups = 16
)

// DefaultWait is how long a write on SQLite waits for another process's.
const DefaultWait = 10 * time.Second

// A SQLiteConfig says which SQLite database is opened, and how.
type SQLiteConfig struct {
	File string
	// Wait is how long a write waits for another process's; zero means [DefaultWait].
	Wait time.Duration
}

// OpenSQLite opens the database in a file: see [SQLiteConfig.Connect].
func OpenSQLite(ctx context.Context, file string) (*DB, error) {
	return SQLiteConfig{File: file}.Connect(ctx)
}

// Connect opens the database in a file and makes it, with mode 0600, if there is
// none. What is committed is durable (WAL, synchronous FULL), what is deleted is
// overwritten (secure_delete), and what a sort takes stays in memory (temp_store): a
// temporary file would hold it outside of the folder of the file. A write waits up to Wait for another process's, and
// then fails with an error that wraps [ErrConflict]. To open a database takes no lock
// from others. 64 views may be open at once; the next waits.
//
// A database in memory is refused, since it has no file for a second connection; so
// are a folder and a file that holds something else ([ErrNotDatabase]).
func (c SQLiteConfig) Connect(ctx context.Context) (*DB, error) {
	if c.Wait == 0 {
		c.Wait = DefaultWait
	}
	if err := fitFile(c.File, c.Wait); err != nil {
		return nil, err
	}
	if err := create(c.File); err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	return c.connect(ctx)
}

// ConnectTo is Connect for a file that has all migrations of a part: else it returns
// the error of [DB.Check], and has changed nothing.
func (c SQLiteConfig) ConnectTo(ctx context.Context, p Part) (*DB, error) {
	if c.Wait == 0 {
		c.Wait = DefaultWait
	}
	if err := fitFile(c.File, c.Wait); err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.File); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no file %s: call Migrate of the same configuration, which makes it",
			ErrNotMigrated, c.File)
	}
	if err := c.peek(ctx, func(q Querier, n *names) error { return check(ctx, q, n, p) }); err != nil {
		return nil, err
	}
	return c.connect(ctx)
}

// peek reads a file without turning its journal into a write-ahead log, which another
// program's may not have.
func (c SQLiteConfig) peek(ctx context.Context, fn func(Querier, *names) error) (err error) {
	e := &sqlite{file: c.File, wait: c.Wait, names: newNames("")}
	pragmas := url.Values{"_pragma": {e.busyTimeout(), "query_only(ON)", "trusted_schema(OFF)"}}
	db, err := sql.Open("sqlite", e.uri(pragmas))
	if err != nil {
		return fmt.Errorf("sqldb: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return e.failed(err)
	}
	q := &sqliteConn{file: e, conn: conn, prepared: map[string]*sql.Stmt{}}
	defer func() { err = errors.Join(err, q.close()) }()
	if err := fn(q, e.names); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return nil
}

func (c SQLiteConfig) connect(ctx context.Context) (*DB, error) {
	var err error
	e := &sqlite{file: c.File, wait: c.Wait, names: newNames("")}
	if e.place, err = filepath.Abs(c.File); err == nil {
		e.place, err = filepath.EvalSymlinks(e.place)
	}
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	if e.writeDB, err = sql.Open("sqlite", e.dsn()); err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	if e.db, err = sql.Open("sqlite", e.dsn("query_only(ON)")); err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: %w", err), e.writeDB.Close())
	}
	dialer := func(db *sql.DB) func(context.Context) (*sqliteConn, error) {
		return func(ctx context.Context) (*sqliteConn, error) {
			conn, err := db.Conn(ctx)
			if err != nil {
				return nil, e.failed(err)
			}
			return &sqliteConn{file: e, conn: conn, prepared: map[string]*sql.Stmt{}}, nil
		}
	}
	e.write = newPool(1, dialer(e.writeDB), (*sqliteConn).close)
	e.read = newPool(sqliteReaders, dialer(e.db), (*sqliteConn).close)
	e.look = newPool(sqliteLookups, dialer(e.db), (*sqliteConn).close)
	if err := e.writeDB.PingContext(ctx); err != nil {
		return nil, errors.Join(e.failed(err), e.shut())
	}
	return &DB{engine: e, dialect: SQLite, names: e.names}, nil
}

// fitFile refuses what is no file of a database, before anything is made.
func fitFile(file string, wait time.Duration) error {
	info, err := os.Stat(file)
	switch {
	case wait < 0 || wait > time.Hour:
		return fmt.Errorf("sqldb: wait of %v: expected up to an hour", wait)
	case file == "" || strings.HasPrefix(file, ":memory:") || strings.HasPrefix(file, "file:"):
		return fmt.Errorf("sqldb: %q: expected the path of a file: a database in memory has one connection only", file)
	case err == nil && info.IsDir():
		return fmt.Errorf("sqldb: %s is a folder: expected the path of a file in it", file)
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("sqldb: %s is no regular file", file)
	}
	return nil
}

// The result codes of SQLite that callers can do something about.
const (
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteFull     = 13
	sqliteNotDB    = 26
)

// failed gives an error of SQLite the name under which callers know it, with the file
// and what to do.
func (e *sqlite) failed(err error) error {
	failure, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return prefixed(err)
	}
	switch failure.Code() & 0xff {
	case sqliteBusy, sqliteLocked:
		return fmt.Errorf("%w: %s is being written by another process; waited %v: %w", ErrConflict, e.file, e.wait, err)
	case sqliteReadOnly:
		return fmt.Errorf("%w: %s: check the rights of the file and of its folder: %w", ErrReadOnly, e.file, err)
	case sqliteFull:
		return fmt.Errorf("%w: the volume of %s: free space and try again: %w", ErrFull, e.file, err)
	case sqliteNotDB:
		return fmt.Errorf("%w: %s: %w", ErrNotDatabase, e.file, err)
	case sqliteIOErr:
		return fmt.Errorf("sqldb: the volume of %s does not read or write: %w", e.file, err)
	}
	return fmt.Errorf("sqldb: %s: %w", e.file, err)
}

// creating makes one call of create wait for another.
var creating sync.Mutex

// create makes the file if it does not exist: SQLite would make it readable by
// others. A file that exists is not opened, because closing any descriptor of it
// drops the locks that SQLite holds on it in this program (fcntl of POSIX), and
// another program could then remove the log.
func create(file string) error {
	creating.Lock()
	defer creating.Unlock()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (e *sqlite) busyTimeout() string { return fmt.Sprintf("busy_timeout(%d)", e.wait.Milliseconds()) }

// A connection may keep 8 MB of pages: with the 2 MB of SQLite's own, whoever reads the
// rows of a table out of their order reads most pages from the file again.
func (e *sqlite) dsn(more ...string) string {
	pragmas := append(more, e.busyTimeout(), "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)",
		"temp_store(MEMORY)", "cache_size(-8000)", "foreign_keys(ON)", "trusted_schema(OFF)")
	return e.uri(url.Values{"_pragma": pragmas})
}

func (e *sqlite) uri(parameters url.Values) string {
	return "file:" + (&url.URL{Path: e.file}).EscapedPath() + "?" + parameters.Encode()
}

func (e *sqlite) shut() error {
	return errors.Join(e.read.close(), e.look.close(), e.write.close(), e.db.Close(), e.writeDB.Close())
}

// close writes the write-ahead log back into the file, as far as open readers
// allow.
func (e *sqlite) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := e.write.acquire(ctx)
	if errors.Is(err, errClosed) {
		return nil
	}
	if err == nil {
		_, err = c.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		e.write.release(c, false)
	}
	return errors.Join(err, e.shut())
}

func (e *sqlite) begin(ctx context.Context, m mode) (transaction, error) {
	from, text := e.write, []string{"BEGIN IMMEDIATE"}
	if m == reading {
		// SQLite fixes the state that is seen at the first read, not at BEGIN.
		from, text = e.read, []string{"BEGIN", "SELECT 1 FROM sqlite_schema LIMIT 1"}
	}
	c, err := from.acquire(ctx)
	if err != nil {
		return nil, err
	}
	tx := &sqliteTx{sqliteConn: c, from: from}
	for _, s := range text {
		if err := tx.Exec(ctx, Statement{Text: s}); err != nil {
			tx.rollback()
			return nil, err
		}
	}
	return tx, nil
}

func (e *sqlite) lookup(ctx context.Context, fn func(Querier) error) error {
	c, err := e.look.acquire(ctx)
	if err != nil {
		return err
	}
	defer e.look.release(c, false)
	return fn(c)
}

// sqliteConn is one connection with the statements that it has prepared.
type sqliteConn struct {
	file     *sqlite
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	rows     int // that it has read since the page caches were emptied
}

// cachedRows is after how many rows a connection empties the page caches. The SQLite
// that we have keeps those of all connections of a program in one list, and one that is
// full takes the oldest page of any. The other, once it reads again, has fewer pages
// than its due while there is no room for more: it drops each as soon as it has read it,
// the roots of the indexes too, and reads all from the file again, for each row. Caches
// that are emptied before they are full do not come to that; to fill them again takes a
// hundredth of the time of the rows.
const cachedRows = 4000

// empty empties the page caches if it is time.
func (c *sqliteConn) empty() {
	if c.rows < cachedRows {
		return
	}
	c.rows = 0
	// If it fails the pages stay, which slows down and does no harm.
	_, _ = c.conn.ExecContext(context.Background(), "PRAGMA shrink_memory")
}

// maxPrepared bounds the statements that a connection keeps; a program has far
// fewer.
const maxPrepared = 200

func (c *sqliteConn) close() error {
	for _, s := range c.prepared {
		_ = s.Close()
	}
	return prefixed(c.conn.Close())
}

func (c *sqliteConn) Dialect() Dialect { return SQLite }

func (c *sqliteConn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := c.prepared[text]; ok {
		return stmt, nil
	}
	stmt, err := c.conn.PrepareContext(ctx, placeholders(c.file.names.script(text)))
	if err != nil {
		return nil, c.file.failed(err)
	}
	if len(c.prepared) >= maxPrepared {
		for old, s := range c.prepared {
			_ = s.Close()
			delete(c.prepared, old)
		}
	}
	c.prepared[text] = stmt
	return stmt, nil
}

var argument = regexp.MustCompile(`\$(\d+)`)

// placeholders turns $1, which SQLite takes as the name of an argument, into
// ?1, its number, or if all come in their order into ?: of those that have a
// number the driver asks the name, which takes SQLite a search each. No
// statement of ours holds a dollar elsewhere.
func placeholders(text string) string {
	for i, m := range argument.FindAllStringSubmatch(text, -1) {
		if m[1] != strconv.Itoa(i+1) {
			return argument.ReplaceAllString(text, "?$1")
		}
	}
	return argument.ReplaceAllString(text, "?")
}

func (c *sqliteConn) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, c.file.failed(err)
	}
	return &sqliteRows{Rows: rows, conn: c}, nil
}

// sqliteRows are Rows whose Close has no error: Err has it.
type sqliteRows struct {
	*sql.Rows
	conn   *sqliteConn
	closed bool
}

func (r *sqliteRows) Next() bool {
	r.conn.rows++
	return r.Rows.Next()
}

func (r *sqliteRows) Close() {
	_ = r.Rows.Close()
	if !r.closed {
		r.closed = true
		r.conn.empty()
	}
}

func (r *sqliteRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return r.conn.file.failed(err)
	}
	return nil
}

func prefixed(err error) error {
	if err != nil {
		err = fmt.Errorf("sqldb: %w", err)
	}
	return err
}

// sqliteTx is a transaction on a connection of a pool.
type sqliteTx struct {
	*sqliteConn
	from *pool[*sqliteConn] // nil when it has ended
	// failed is the first error of a write. SQLite undoes that statement
	// alone; what belongs together with it must not be committed.
	failed error
}

func (t *sqliteTx) Exec(ctx context.Context, list ...Statement) error {
	for _, s := range list {
		if err := t.exec(ctx, s); err != nil {
			return t.spoil(err)
		}
	}
	return nil
}

func (t *sqliteTx) spoil(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

func (t *sqliteTx) exec(ctx context.Context, s Statement) error {
	stmt, err := t.prepare(ctx, s.Text)
	if err != nil {
		return err
	}
	if _, err = stmt.ExecContext(ctx, s.Args...); err != nil {
		return t.file.failed(err)
	}
	return nil
}

// maxArguments is how many arguments a multi-row insert has: beyond it a
// larger one gains nothing, and SQLite's own bound is 32,766.
const maxArguments = 1000

func (t *sqliteTx) Copy(
	ctx context.Context, table string, columns []string, n int, row func(int) ([]any, error),
) error {
	each := max(1, maxArguments/len(columns))
	many, one := insertRows(table, columns, min(each, n)), insertRows(table, columns, 1)
	args := make([]any, 0, each*len(columns))
	for at := 0; at < n; {
		rows, text := min(each, n), many
		if n-at < rows {
			rows, text = 1, one
		}
		args = args[:0]
		for range rows {
			values, err := row(at)
			if err != nil {
				return t.spoil(err)
			}
			args = append(args, values...)
			at++
		}
		if err := t.Exec(ctx, Statement{text, args}); err != nil {
			return err
		}
	}
	return nil
}

// insertRows returns an insert of several rows.
func insertRows(table string, columns []string, rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES ")
	for i := range rows {
		for j := range columns {
			switch {
			case j > 0:
				b.WriteString(", ")
			case i > 0:
				b.WriteString("), (")
			default:
				b.WriteString("(")
			}
			b.WriteString("$" + strconv.Itoa(i*len(columns)+j+1))
		}
	}
	return b.String() + ")"
}

func (t *sqliteTx) Place() string { return t.file.place }

func (t *sqliteTx) Lock(context.Context, string, ...string) (map[string]int64, error) {
	return nil, nil
}

func (t *sqliteTx) script(ctx context.Context, text string) error {
	if _, err := t.conn.ExecContext(ctx, t.file.names.script(text)); err != nil {
		return t.file.failed(err)
	}
	return nil
}

func (t *sqliteTx) commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return prefixed(err)
	}
	if t.failed != nil {
		return fmt.Errorf("sqldb: %w: %w", errRolledBack, t.failed)
	}
	// An interrupted COMMIT might stand although its caller was told that it does not.
	if err := t.Exec(context.WithoutCancel(ctx), Statement{Text: "COMMIT"}); err != nil {
		if inputOutput(err) {
			return fmt.Errorf("sqldb: %w: %w", ErrUnknown, err)
		}
		return err
	}
	t.end(false)
	return nil
}

// inputOutput reports whether the file system failed: what was written of a
// transaction may be found whole when the file is opened again.
func inputOutput(err error) bool {
	failure, ok := errors.AsType[*driver.Error](err)
	return ok && failure.Code()&0xff == sqliteIOErr
}

// rollback gives the connection back, which must be without a transaction:
// one that cannot be rolled back is closed.
func (t *sqliteTx) rollback() {
	if t.from == nil {
		return
	}
	err := t.exec(context.Background(), Statement{Text: "ROLLBACK"})
	// After some errors SQLite has rolled back by itself.
	t.end(err != nil && !strings.Contains(err.Error(), "no transaction is active"))
}

func (t *sqliteTx) end(broken bool) {
	t.from.release(t.sqliteConn, broken)
	t.from = nil
}

func (t *sqliteTx) retryable() (int, error) { return 0, nil }

func (e *sqlite) migrate(ctx context.Context, fn func(migrator) error) error {
	tx, err := e.begin(ctx, locking) // which takes the write lock
	if err != nil {
		return err
	}
	defer tx.rollback()
	t := tx.(*sqliteTx)
	if err := fn(t); err != nil {
		return err
	}
	return t.commit(ctx)
}

func (e *sqlite) purgeLog(context.Context) error { return nil }

// backup copies the database into a new file in one reading transaction.
func (e *sqlite) backup(ctx context.Context, file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("sqldb: backup: %w", err)
	}
	err = e.copyInto(ctx, file)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("sqldb: backup into %s: %w", file, err), os.Remove(file))
	}
	if err := folder.SyncPath(filepath.Dir(file)); err != nil {
		return fmt.Errorf("sqldb: %w", err)
	}
	return nil
}

func (e *sqlite) copyInto(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", e.dsn())
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", file); err != nil {
		return e.failed(err)
	}
	return nil
}
