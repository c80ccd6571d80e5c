package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres keeps its transactions and its lookups on connections apart: a
// lookup within a transaction must not wait for one that waits for a lookup.
type postgres struct {
	config *pgx.ConnConfig
	work   *pgxpool.Pool
	look   *pgxpool.Pool
	closed atomic.Bool
}

// OpenPostgres opens a PostgreSQL database, or one of an engine that speaks
// its protocol. The connection string is a URL or a list of key=value; beside
// libpq's parameters it takes those of pgxpool, such as pool_max_conns: how many
// connections may be in transactions at once (by default 4, or 2 for each CPU if
// that is more); as many again may look up. Its text, which may hold a password,
// is in no error.
//
// The database must be in UTF-8. What is committed is durable if the server
// has fsync on; a session that it begins with synchronous_commit off has it
// turned on.
func OpenPostgres(ctx context.Context, dsn string) (*DB, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	e := &postgres{config: config.ConnConfig.Copy()}
	config.AfterConnect = prepareSession
	// Each transaction begins with a question to the server anyway, and one that
	// finds its connection dead takes the next.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	if e.work, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, prefixed(err)
	}
	if e.look, err = pgxpool.NewWithConfig(ctx, config.Copy()); err != nil {
		e.work.Close()
		return nil, prefixed(err)
	}
	c, err := e.acquire(ctx, e.work) // the first error is told here, not later
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	c.Release()
	return &DB{engine: e, dialect: PostgreSQL}, nil
}

// parse reads a connection string. A password with signs that belong to the
// syntax would be taken for a host or a database, which errors name: such a
// string is refused.
func parse(dsn string) (*pgxpool.Config, error) {
	if _, rest, ok := strings.Cut(dsn, "://"); ok {
		if at := strings.LastIndexByte(rest, '@'); at >= 0 && strings.ContainsAny(rest[:at], "/?#@ ") {
			return nil, errors.New("sqldb: connection string: before the host or in a parameter stands a sign " +
				"that must be percent-encoded (one of / ? # @ or a blank)")
		}
	}
	plain, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, parseError(err)
	}
	size := max(4, 2*runtime.NumCPU())
	if text, ok := plain.RuntimeParams["pool_max_conns"]; ok {
		if size, err = strconv.Atoi(text); err != nil || size < 1 || size > 10_000 {
			return nil, fmt.Errorf("sqldb: connection string: pool_max_conns=%q: expected 1 to 10000", text)
		}
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, parseError(err)
	}
	config.MaxConns = int32(size)
	if params := config.ConnConfig.RuntimeParams; params["application_name"] == "" {
		params["application_name"] = "anpr"
	}
	return config, nil
}

// parseError says what is wrong with a connection string without quoting it.
func parseError(err error) error {
	reason := "expected postgres://user:password@host:port/database or key=value pairs"
	// url.Error quotes what it could not read, which may be the password.
	if _, isURL := errors.AsType[*url.Error](err); !isURL && errors.Unwrap(err) != nil {
		reason += ": " + errors.Unwrap(err).Error()
	}
	return errors.New("sqldb: connection string: " + reason)
}

// connect opens a connection of its own, apart from the pools.
func (e *postgres) connect(ctx context.Context, notice pgconn.NoticeHandler) (*pgx.Conn, error) {
	config := e.config.Copy()
	config.OnNotice = notice
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, prefixed(err)
	}
	if err := prepareSession(ctx, conn); err != nil {
		return nil, errors.Join(prefixed(err), conn.Close(context.WithoutCancel(ctx)))
	}
	return conn, nil
}

// prepareSession checks and sets what every session needs.
func prepareSession(ctx context.Context, conn *pgx.Conn) error {
	var encoding, durable string
	var set int
	const settings = `SELECT current_setting('server_encoding'), current_setting('synchronous_commit'),
		(` + planner + `)`
	if err := conn.QueryRow(ctx, settings).Scan(&encoding, &durable, &set); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database is in %s: expected UTF8", encoding)
	}
	if durable == "off" {
		_, err := conn.Exec(ctx, `SET synchronous_commit = on`)
		return err
	}
	return nil
}

// close closes the connections at rest; those in use are closed when they come
// back. It does not wait for these, as the pools would: a call from within a
// transaction would wait for itself.
func (e *postgres) close() error {
	if e.closed.Swap(true) {
		return nil
	}
	for _, p := range []*pgxpool.Pool{e.work, e.look} {
		done := make(chan struct{})
		go func() {
			p.Close()
			close(done)
		}()
		if p.Stat().AcquiredConns() == 0 {
			<-done
		}
	}
	return nil
}

// acquire waits for a connection, which goes back with Release.
func (e *postgres) acquire(ctx context.Context, from *pgxpool.Pool) (*pgxpool.Conn, error) {
	if e.closed.Load() {
		return nil, errClosed
	}
	c, err := from.Acquire(ctx)
	switch stat := from.Stat(); {
	case err == nil:
		return c, nil
	case e.closed.Load():
		return nil, errClosed
	case ctx.Err() != nil && stat.AcquiredConns() == stat.MaxConns():
		return nil, fmt.Errorf("sqldb: all %d connections are in use: %w", stat.MaxConns(), err)
	}
	return nil, prefixed(err)
}

// hasRested reports whether a connection was used before: it may have died
// since. From now on it was.
func hasRested(c *pgxpool.Conn) bool {
	const key = "anpr: used"
	data := c.Conn().PgConn().CustomData()
	_, used := data[key]
	data[key] = true
	return used
}

// planner sets what the server's planner needs, as far as the server has these
// settings. Columns have no statistics, which would keep values of persons, so
// the planner does not know how many rows have a value. For a query with ORDER BY
// and LIMIT it would read and sort all the rows that are left for each page,
// although an index nearly always has the order: enable_sort is off. For a list
// of ids it would expect everybody and read a whole comune: a generic plan takes
// the index. The cost that it then puts on the sorts that remain must not make it
// compile the query: jit is off.
const planner = `SELECT count(set_config(name, value, false)) FROM pg_settings
	JOIN (VALUES ('enable_sort', 'off'), ('plan_cache_mode', 'force_generic_plan'), ('jit', 'off'))
	AS wanted (name, value) USING (name)`

// The beginning of each mode. The state that is seen is fixed by the first
// query, not by BEGIN.
var begins = map[mode]string{
	reading:  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1",
	locking:  "BEGIN ISOLATION LEVEL READ COMMITTED",
	snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ",
}

func (e *postgres) begin(ctx context.Context, m mode) (transaction, error) {
	for {
		c, err := e.acquire(ctx, e.work)
		if err != nil {
			return nil, err
		}
		used := hasRested(c)
		if err = script(ctx, c.Conn(), begins[m]); err == nil {
			return &postgresTx{postgresReader: postgresReader{conn: c.Conn()}, pooled: c}, nil
		}
		dead := used && c.Conn().IsClosed() && ctx.Err() == nil
		c.Release()
		if !dead {
			return nil, err
		}
		// It died at rest, and nothing was done on it: on to the next.
	}
}

func (e *postgres) lookup(ctx context.Context, fn func(Querier) error) error {
	for {
		c, err := e.acquire(ctx, e.look)
		if err != nil {
			return err
		}
		if died, err := lookupOn(c, fn); err == nil || !died || ctx.Err() != nil {
			return err
		}
	}
}

// lookupOn returns fn's error and whether the connection had died at rest, which
// only its holder may ask.
func lookupOn(c *pgxpool.Conn, fn func(Querier) error) (died bool, err error) {
	used := hasRested(c)
	defer func() {
		died = used && c.Conn().IsClosed()
		c.Release() // which closes one that a query still holds
	}()
	return false, fn(&postgresReader{conn: c.Conn()})
}

func script(ctx context.Context, c *pgx.Conn, text string) error {
	_, err := c.PgConn().Exec(ctx, text).ReadAll()
	return named(err)
}

// postgresReader runs queries and keeps the first error of the server.
type postgresReader struct {
	conn *pgx.Conn
	err  error
}

func (r *postgresReader) Dialect() Dialect { return PostgreSQL }

func (r *postgresReader) failed(err error) error {
	if err == nil {
		return nil
	}
	err = named(err)
	if r.err == nil {
		r.err = err
	}
	return err
}

// named gives an error of the server the name under which callers know it.
func named(err error) error {
	switch {
	case hasCode(err, diskFull):
		return fmt.Errorf("%w: on the volume of the PostgreSQL server: %w", ErrFull, err)
	case hasCode(err, readOnlyTransaction):
		return fmt.Errorf("%w: the PostgreSQL server takes reads only: %w", ErrReadOnly, err)
	case hasCode(err, insufficientPrivilege):
		return fmt.Errorf("%w: a role of the database is missing a GRANT: %w", ErrDenied, err)
	}
	return prefixed(err)
}

func (r *postgresReader) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	rows, err := r.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, r.failed(err)
	}
	return postgresRows{rows, r}, nil
}

type postgresRows struct {
	pgx.Rows
	reader *postgresReader
}

func (r postgresRows) Err() error { return r.reader.failed(r.Rows.Err()) }

type postgresTx struct {
	postgresReader
	pooled *pgxpool.Conn // nil when it has ended
}

func (t *postgresTx) Exec(ctx context.Context, list ...Statement) error {
	switch len(list) {
	case 0:
		return nil
	case 1:
		_, err := t.conn.Exec(ctx, list[0].Text, list[0].Args...)
		return t.failed(err)
	}
	var b pgx.Batch
	for _, s := range list {
		b.Queue(s.Text, s.Args...)
	}
	return t.failed(t.conn.SendBatch(ctx, &b).Close())
}

// Lock locks rows, in the order of the comuni. A comune that has no row yet
// gets one, which stays.
func (t *postgresTx) Lock(ctx context.Context, table string, comuni ...string) error {
	comuni = slices.Sorted(slices.Values(comuni))
	for _, comune := range slices.Compact(comuni) {
		text := `SELECT 1 FROM ` + table + ` WHERE comune = $1 FOR UPDATE`
		for tries := 0; ; tries++ {
			tag, err := t.conn.Exec(ctx, text, comune)
			if err != nil {
				return t.failed(err)
			}
			if tag.RowsAffected() > 0 {
				break
			}
			if tries > 0 {
				return t.failed(fmt.Errorf("the lock of comune %q in %s was deleted", comune, table))
			}
			if _, err := t.conn.Exec(ctx, `INSERT INTO `+table+` (comune) VALUES ($1) ON CONFLICT (comune) DO NOTHING`,
				comune); err != nil {
				return t.failed(err)
			}
		}
	}
	return nil
}

func (t *postgresTx) script(ctx context.Context, text string) error {
	return t.failed(script(ctx, t.conn, text))
}

// commitTerm bounds the wait for the answer to COMMIT.
const commitTerm = time.Minute

// commit is not cancelled by its caller's context once COMMIT is on its way: the
// transaction might stand although the caller was told that it does not.
func (t *postgresTx) commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return prefixed(err)
	}
	if t.conn.IsClosed() {
		return t.failed(errors.New("the connection was lost before COMMIT"))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTerm)
	defer cancel()
	// A transaction of which a statement has failed ends with COMMIT too, but
	// as a rollback.
	answer, err := t.conn.PgConn().Exec(ctx, "COMMIT").ReadAll()
	if err == nil && (len(answer) != 1 || answer[0].CommandTag.String() != "COMMIT") {
		err = fmt.Errorf("%w: %w", errRolledBack, t.err)
	}
	if err != nil {
		if unsettled(err) {
			err = fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		return t.failed(err)
	}
	t.end()
	return nil
}

// unsettled reports whether after an error of COMMIT it is not known whether the
// transaction stands: the server did not say no. A server that is shut down may
// have committed before it ends the session.
func unsettled(err error) bool {
	pg, answered := errors.AsType[*pgconn.PgError](err)
	if !answered {
		return !errors.Is(err, errRolledBack)
	}
	return pg.Severity == "FATAL" || pg.Severity == "PANIC" || pg.SeverityUnlocalized == "FATAL" ||
		pg.SeverityUnlocalized == "PANIC" || hasCode(err, completionUnknown, resolutionUnknown)
}

func (t *postgresTx) rollback() {
	if t.pooled == nil {
		return
	}
	if !t.conn.IsClosed() && t.conn.PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = script(ctx, t.conn, "ROLLBACK")
	}
	t.end() // and is closed if it still is in a transaction
}

func (t *postgresTx) end() {
	t.pooled.Release()
	t.pooled = nil
}

// SQLSTATE codes.
const (
	serializationFailure  = "40001"
	deadlockDetected      = "40P01"
	uniqueViolation       = "23505"
	lockNotAvailable      = "55P03"
	completionUnknown     = "40003"
	diskFull              = "53100"
	readOnlyTransaction   = "25006"
	insufficientPrivilege = "42501"
	resolutionUnknown     = "08007"
	undefinedTable        = "42P01"
	duplicateTable        = "42P07"
	duplicateObject       = "42710"
)

func hasCode(err error, codes ...string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains(codes, pg.Code)
}

// retryable gives up late after the first two codes, with which the server says
// that the transaction would have succeeded alone. A unique key may have been
// taken by another transaction after this one saw that it was free; if it was
// taken before, a few attempts are enough to know.
func (t *postgresTx) retryable() (int, error) {
	switch {
	case hasCode(t.err, serializationFailure, deadlockDetected):
		return 20, t.err
	case hasCode(t.err, uniqueViolation):
		return 3, t.err
	}
	return 0, nil
}

func (e *postgres) migrate(ctx context.Context, fn func(migrator) error) error {
	tx, err := e.begin(ctx, locking)
	if err != nil {
		return err
	}
	defer tx.rollback()
	t := tx.(*postgresTx)
	err = t.script(ctx, `LOCK TABLE schema_migrations IN EXCLUSIVE MODE`)
	if hasCode(err, undefinedTable) {
		t.rollback()
		if err := e.firstMigration(ctx); err != nil {
			return err
		}
		return e.migrate(ctx, fn)
	}
	if err != nil {
		return err
	}
	if err := fn(t); err != nil {
		return err
	}
	return t.commit(ctx)
}

// firstMigration makes the table that migrations lock. If two programs make it at
// once, the server lets one of them fail, in one of several ways.
func (e *postgres) firstMigration(ctx context.Context) error {
	tx, err := e.begin(ctx, locking)
	if err != nil {
		return err
	}
	defer tx.rollback()
	t := tx.(*postgresTx)
	err = t.script(ctx, migrationsTable)
	if err == nil {
		err = t.commit(ctx)
	}
	if hasCode(err, uniqueViolation, duplicateTable, duplicateObject) {
		return nil
	}
	return err
}

func (e *postgres) backup(context.Context, string) error {
	return fmt.Errorf("sqldb: backup: of a PostgreSQL database pg_dump makes one: %w", errors.ErrUnsupported)
}
