package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres keeps its transactions and its lookups on connections apart: a
// lookup within a transaction must not wait for one that waits for a lookup. On a
// pool of the caller slots leaves a connection to lookups.
type postgres struct {
	names  *names
	work   *pgxpool.Pool
	look   *pgxpool.Pool
	shared bool          // the pool is the caller's
	slots  chan struct{} // one for each transaction on the caller's pool
	marks  string        // the table of marks, as a statement has it, if there is one
	closed atomic.Bool
	begins [3]string // the beginning of each mode
	// namedStatements says that they are there in each transaction, also of a pooler.
	namedStatements bool
	direct          string // leads to the server, for purges
	pooled          bool   // a pooler stands before the server
}

// A PostgresConfig says which PostgreSQL database is opened, and how.
type PostgresConfig struct {
	// Pool is a pool of the caller, which stays open and as it is; or DSN is the
	// connection string of pools of its own. One of the two is required.
	Pool *pgxpool.Pool
	DSN  string
	// Schema has the tables; empty means [DefaultSchema], or what the connection
	// string says as anpr.schema.
	Schema string
	// Transactions is how many may be open at once on Pool: by default all of its
	// connections but one, which is for lookups within them.
	Transactions int
	// NamedStatements says of a pooler before the server (PgBouncer and the like) that
	// it keeps the prepared statements of its clients apart: in session mode, or from
	// PgBouncer 1.21 on with max_prepared_statements. Without it a pooler is refused
	// unless the pool's DefaultQueryExecMode, or default_query_exec_mode in the
	// connection string, is another than cache_statement: exec does.
	NamedStatements bool
	// Direct is a connection string that leads to the server itself, for [DB.Purge] and
	// [DB.PurgeLog], whose settings and locks are a session's. Behind a pooler they fail
	// without it.
	Direct string
}

var errDirect = errors.New("sqldb: a pooler stands before the PostgreSQL server, and a purge needs a session of its own: " +
	"set Direct to a connection string that leads to the server itself")

// errPooler is the error of a pooler that may give each transaction another session.
var errPooler = errors.New("sqldb: a pooler stands before the PostgreSQL server, and prepared statements with a name " +
	"may be unknown in the next transaction: add default_query_exec_mode=exec to the connection string " +
	"(in a pool, ConnConfig.DefaultQueryExecMode), or set NamedStatements if the pooler keeps them")

// OpenPostgres opens a PostgreSQL database by its connection string: see
// [PostgresConfig.Connect].
func OpenPostgres(ctx context.Context, dsn string) (*DB, error) {
	return PostgresConfig{DSN: dsn}.Connect(ctx)
}

// Connect opens a PostgreSQL database, or one of an engine that speaks its
// protocol, whatever its tables are. The connection string is a URL or a list of
// key=value; beside libpq's parameters it takes those of pgxpool, such as
// pool_max_conns: how many connections may be in transactions at once (by default 4,
// or 2 for each CPU if that is more); as many again may look up. Its text, which may
// hold a password, is in no error.
//
// The database must be in UTF-8. What is committed is durable if the server has fsync
// on: each transaction has synchronous_commit as the session had it that opened the
// database, or on if that had it off. No other setting is changed, and none is relied on,
// so that a pooler may stand before the server: see NamedStatements.
func (c PostgresConfig) Connect(ctx context.Context) (*DB, error) {
	e := &postgres{namedStatements: c.NamedStatements, direct: c.Direct}
	var err error
	switch {
	case (c.Pool == nil) == (c.DSN == ""):
		return nil, errors.New("sqldb: expected a pool or a connection string, and not both")
	case c.Pool != nil:
		err = e.share(&c)
	default:
		err = e.dial(ctx, &c)
	}
	if err != nil {
		return nil, err
	}
	named := c.Schema != ""
	if !named {
		c.Schema = DefaultSchema
	}
	if err = fitSchema(c.Schema); err == nil {
		e.names = newNames(c.Schema)
		err = e.learn(ctx) // the first error is told here, not later
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	return &DB{engine: e, dialect: PostgreSQL, names: e.names, unnamed: !named}, nil
}

// schemaParameter names the schema in a connection string.
const schemaParameter = "anpr.schema"

// leastShared is the smallest pool: a transaction, and a lookup within it.
const leastShared = 2

// share takes the caller's pool.
func (e *postgres) share(c *PostgresConfig) error {
	size := int(c.Pool.Config().MaxConns)
	if size < leastShared {
		return fmt.Errorf("sqldb: the pool has %d connection: expected at least %d, one for a transaction and one for "+
			"what is looked up within it", size, leastShared)
	}
	if c.Transactions < 0 || c.Transactions >= size {
		return fmt.Errorf("sqldb: %d transactions on a pool of %d connections: expected at most %d", c.Transactions, size,
			size-1)
	}
	if c.Transactions == 0 {
		c.Transactions = size - 1
	}
	e.work, e.look, e.shared = c.Pool, c.Pool, true
	e.slots = make(chan struct{}, c.Transactions)
	return nil
}

// dial makes pools of its own.
func (e *postgres) dial(ctx context.Context, c *PostgresConfig) error {
	if c.Transactions != 0 {
		return errors.New("sqldb: the number of transactions is for a pool: a connection string has pool_max_conns")
	}
	config, err := parse(c.DSN)
	if err != nil {
		return err
	}
	params := config.ConnConfig.RuntimeParams
	if schema, ok := params[schemaParameter]; ok {
		if c.Schema != "" && c.Schema != schema {
			return fmt.Errorf("sqldb: schema %q, and %s=%q in the connection string: expected one of them", c.Schema,
				schemaParameter, schema)
		}
		c.Schema = schema
		delete(params, schemaParameter) // a pooler would refuse it
	}
	// Each transaction begins with a question to the server anyway, and one that
	// finds its connection dead takes the next.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	if e.work, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return prefixed(err)
	}
	if e.look, err = pgxpool.NewWithConfig(ctx, config.Copy()); err != nil {
		e.work.Close()
		return prefixed(err)
	}
	return nil
}

// learn asks the server what it needs to know, and writes the beginnings of
// transactions. A session may be anybody's before and after, so that what it is told
// ends with the transaction.
func (e *postgres) learn(ctx context.Context) error {
	c, err := e.acquire(ctx, e.work)
	if err != nil {
		return err
	}
	defer c.Release()
	var encoding, durable string
	var process int64
	const question = `SELECT pg_catalog.current_setting('server_encoding'),
		pg_catalog.current_setting('synchronous_commit'), pg_catalog.pg_backend_pid()`
	// A statement without a name: a pooler may not know those with one.
	if err := c.QueryRow(ctx, question, pgx.QueryExecModeExec).Scan(&encoding, &durable, &process); err != nil {
		return named(err)
	}
	// A pooler does not tell the process of the server with which it talks.
	e.pooled = process != int64(c.Conn().PgConn().PID())
	if names := c.Conn().Config().DefaultQueryExecMode == pgx.QueryExecModeCacheStatement; names && e.pooled &&
		!e.namedStatements {
		return errPooler
	}
	if encoding != "UTF8" {
		return fmt.Errorf("sqldb: the database is in %s: expected UTF8", encoding)
	}
	if durable == "off" {
		durable = "on"
	}
	sets := "; SET LOCAL synchronous_commit = " + durable
	e.begins = [...]string{
		// The state that is seen is fixed by the first query, not by BEGIN.
		reading:  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" + sets + "; SELECT 1",
		locking:  "BEGIN ISOLATION LEVEL READ COMMITTED" + sets,
		snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ" + sets,
	}
	return nil
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

// own opens a session of its own on the server itself.
func (e *postgres) own(ctx context.Context, notice pgconn.NoticeHandler) (*pgx.Conn, error) {
	config, err := e.ownConfig(ctx)
	if err != nil {
		return nil, err
	}
	return dial(ctx, config, notice)
}

// ownOn is own on another server, a node of the same cluster.
func (e *postgres) ownOn(
	ctx context.Context, host string, port uint16, notice pgconn.NoticeHandler,
) (*pgx.Conn, error) {
	config, err := e.ownConfig(ctx)
	if err != nil {
		return nil, err
	}
	config.Host, config.Port, config.Fallbacks = host, port, nil
	if config.TLSConfig != nil && config.TLSConfig.ServerName != "" {
		config.TLSConfig = config.TLSConfig.Clone()
		config.TLSConfig.ServerName = host
	}
	return dial(ctx, config, notice)
}

func (e *postgres) ownConfig(ctx context.Context) (*pgx.ConnConfig, error) {
	switch {
	case e.direct != "":
		config, err := parse(e.direct)
		if err != nil {
			return nil, err
		}
		delete(config.ConnConfig.RuntimeParams, schemaParameter)
		return config.ConnConfig, nil
	case e.pooled:
		return nil, errDirect
	}
	return e.config(ctx)
}

// config returns how the pools connect.
func (e *postgres) config(ctx context.Context) (*pgx.ConnConfig, error) {
	pool := e.work.Config()
	config := pool.ConnConfig.Copy()
	if pool.BeforeConnect != nil { // which may know the password
		if err := pool.BeforeConnect(ctx, config); err != nil {
			return nil, prefixed(err)
		}
	}
	return config, nil
}

// connect opens a connection of its own, apart from the pools.
func (e *postgres) connect(ctx context.Context, notice pgconn.NoticeHandler) (*pgx.Conn, error) {
	config, err := e.config(ctx)
	if err != nil {
		return nil, err
	}
	return dial(ctx, config, notice)
}

func dial(ctx context.Context, config *pgx.ConnConfig, notice pgconn.NoticeHandler) (*pgx.Conn, error) {
	config.OnNotice = notice
	conn, err := pgx.ConnectConfig(ctx, config)
	return conn, prefixed(err)
}

// close closes the connections at rest; those in use are closed when they come
// back. It does not wait for these, as the pools would: a call from within a
// transaction would wait for itself. The caller's pool stays open.
func (e *postgres) close() error {
	if e.closed.Swap(true) || e.shared {
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
func (e *postgres) hasRested(c *pgxpool.Conn) bool {
	if e.shared { // by others too
		return true
	}
	const key = "anpr: used"
	data := c.Conn().PgConn().CustomData()
	_, used := data[key]
	data[key] = true
	return used
}

// slot waits until one more transaction may begin; free ends it.
func (e *postgres) slot(ctx context.Context) (free func(), err error) {
	if e.slots == nil {
		return func() {}, nil
	}
	select {
	case e.slots <- struct{}{}:
		return func() { <-e.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("sqldb: all %d transactions of the pool are in use: %w", cap(e.slots), ctx.Err())
	}
}

func (e *postgres) begin(ctx context.Context, m mode) (transaction, error) {
	free, err := e.slot(ctx)
	if err != nil {
		return nil, err
	}
	for tries := int32(0); ; tries++ {
		c, err := e.acquire(ctx, e.work)
		if err != nil {
			free()
			return nil, err
		}
		used := e.hasRested(c)
		if err = script(ctx, c.Conn(), e.begins[m]); err == nil {
			return &postgresTx{postgresReader: postgresReader{names: e.names, conn: c.Conn()}, engine: e, marks: e.marks,
				unseen: m == snapshot, pooled: c,
				free: free}, nil
		}
		dead := used && c.Conn().IsClosed() && ctx.Err() == nil && tries <= e.work.Stat().MaxConns()
		c.Release()
		if !dead {
			free()
			return nil, err
		}
		// It died at rest, and nothing was done on it: on to the next.
	}
}

func (e *postgres) lookup(ctx context.Context, fn func(Querier) error) error {
	for tries := int32(0); ; tries++ {
		c, err := e.acquire(ctx, e.look)
		if err != nil {
			return err
		}
		if died, err := e.lookupOn(c, fn); err == nil || !died || ctx.Err() != nil || tries > e.look.Stat().MaxConns() {
			return err
		}
	}
}

// lookupOn returns fn's error and whether the connection had died at rest, which
// only its holder may ask.
func (e *postgres) lookupOn(c *pgxpool.Conn, fn func(Querier) error) (died bool, err error) {
	used := e.hasRested(c)
	defer func() {
		died = used && c.Conn().IsClosed()
		c.Release() // which closes one that a query still holds
	}()
	return false, fn(&postgresReader{names: e.names, conn: c.Conn()})
}
