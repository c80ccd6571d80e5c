package sqldb

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

func script(ctx context.Context, c *pgx.Conn, text string) error {
	_, err := c.PgConn().Exec(ctx, text).ReadAll()
	return named(err)
}

// postgresReader runs queries and keeps the first error of the server.
type postgresReader struct {
	names *names
	conn  *pgx.Conn
	err   error
}

func (r *postgresReader) Dialect() Dialect {
	if r.names.spread.Load() {
		return Citus
	}
	return PostgreSQL
}

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
	text = r.names.statement(text)
	rows, err := r.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, r.failed(err)
	}
	return postgresRows{Rows: rows, reader: r}, nil
}

type postgresRows struct {
	pgx.Rows
	reader *postgresReader
}

func (r postgresRows) Err() error { return r.reader.failed(r.Rows.Err()) }

type postgresTx struct {
	postgresReader
	engine  *postgres
	pooled  *pgxpool.Conn // nil when it has ended
	free    func()
	highest string // the last of the comuni that are locked
	wrote   bool
	changes touched
	marks   string // the table of marks, as a statement has it, if there is one
	unseen  bool   // the transaction sees one state, in which a mark may stand that is gone
}

func (t *postgresTx) Exec(ctx context.Context, list ...Statement) error {
	t.wrote = t.wrote || len(list) > 0
	switch len(list) {
	case 0:
		return nil
	case 1:
		t.changes.note(list[0].Text)
		_, err := t.conn.Exec(ctx, t.names.statement(list[0].Text), list[0].Args...)
		return t.failed(err)
	}
	var b pgx.Batch
	for _, s := range list {
		t.changes.note(s.Text)
		b.Queue(t.names.statement(s.Text), s.Args...)
	}
	return t.failed(t.conn.SendBatch(ctx, &b).Close())
}

// Query notes what it changes, and reads.
func (t *postgresTx) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	t.changes.note(text)
	return t.postgresReader.Query(ctx, text, args...)
}

func (t *postgresTx) Place() string {
	c := t.conn.Config()
	return fmt.Sprintf("%s:%d/%s/%s", c.Host, c.Port, c.Database, t.names.schema)
}

// errOutOfOrder is the error of a transaction that is to be run again, since it asked
// for a lock out of the order in which all take them.
var errOutOfOrder = errors.New("another transaction has a comune that comes before those locked here")

// lockPoll is how long a transaction that has written asks again for a lock out of
// order, before it is given up: its work may be long.
const lockPoll = time.Second

// Lock locks rows, in the order of the comuni, those of a call in one round trip. A
// comune that has no row yet gets one, which stays.
func (t *postgresTx) Lock(ctx context.Context, table string, comuni ...string) (map[string]int64, error) {
	comuni, table = slices.Compact(slices.Sorted(slices.Values(comuni))), t.names.table(table)
	seqs := make(map[string]int64, len(comuni))
	n, _ := slices.BinarySearch(comuni, t.highest)
	for _, comune := range comuni[:n] {
		if err := t.lockEarlier(ctx, table, comune, seqs); err != nil {
			return nil, err
		}
	}
	if err := t.lockLater(ctx, table, comuni[n:], seqs); err != nil {
		return nil, err
	}
	return seqs, nil
}

const selectSeq = `SELECT seq FROM %s WHERE comune = $1`

// lockLater waits for comuni that come after those that are locked.
func (t *postgresTx) lockLater(ctx context.Context, table string, comuni []string, seqs map[string]int64) error {
	for range 2 {
		if len(comuni) == 0 {
			return nil
		}
		var b pgx.Batch
		var missing []string
		for _, comune := range comuni {
			b.Queue(fmt.Sprintf(selectSeq, table)+" FOR UPDATE", comune).QueryRow(func(row pgx.Row) error {
				var seq int64
				err := row.Scan(&seq)
				if errors.Is(err, pgx.ErrNoRows) {
					missing = append(missing, comune)
					return nil
				}
				seqs[comune] = seq
				return err
			})
		}
		if err := t.failed(t.conn.SendBatch(ctx, &b).Close()); err != nil {
			return err
		}
		t.highest = max(t.highest, comuni[len(comuni)-1])
		if err := t.makeRows(ctx, table, missing); err != nil {
			return err
		}
		comuni = missing
	}
	if len(comuni) > 0 {
		return t.failed(fmt.Errorf("the lock of comune %q in %s was deleted", comuni[0], table))
	}
	return nil
}

// makeRows makes rows to lock, outside of the transaction: nobody must wait for a row
// that is not committed, since that knows no order.
func (t *postgresTx) makeRows(ctx context.Context, table string, comuni []string) error {
	if len(comuni) == 0 {
		return nil
	}
	c, err := t.engine.acquire(ctx, t.engine.look)
	if err != nil {
		return t.failed(err)
	}
	defer c.Release()
	for _, comune := range comuni {
		if _, err := c.Exec(ctx, `INSERT INTO `+table+` (comune) VALUES ($1) ON CONFLICT (comune) DO NOTHING`,
			comune); err != nil {
			return t.failed(err)
		}
	}
	return nil
}

// lockEarlier locks a comune that comes before one that is locked, if nobody has it: to
// wait for it could be to wait in a circle.
func (t *postgresTx) lockEarlier(ctx context.Context, table, comune string, seqs map[string]int64) error {
	ask := fmt.Sprintf(selectSeq, table)
	for begun, pause := time.Now(), time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		var seq int64
		err := t.conn.QueryRow(ctx, ask+" FOR UPDATE SKIP LOCKED", comune).Scan(&seq)
		if err == nil {
			seqs[comune] = seq
			return nil
		}
		if errors.Is(err, pgx.ErrNoRows) {
			err = t.conn.QueryRow(ctx, ask, comune).Scan(&seq)
		}
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			if err := t.makeRows(ctx, table, []string{comune}); err != nil {
				return err
			}
			continue
		case err != nil:
			return t.failed(err)
		case !t.wrote || time.Since(begun) > lockPoll:
			return t.failed(errOutOfOrder)
		}
		select {
		case <-ctx.Done():
			return t.failed(ctx.Err())
		case <-time.After(pause):
		}
	}
}

func (t *postgresTx) script(ctx context.Context, text string) error {
	return t.failed(script(ctx, t.conn, t.names.script(text)))
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
	if errors.Is(t.err, errOutOfOrder) { // the caller may have taken it for something else
		return t.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTerm)
	defer cancel()
	// What it has changed is marked for the next purge, in the same round trip. A
	// transaction of which a statement has failed ends with COMMIT too, but as a rollback.
	text, mark := "COMMIT", marking(t.marks, t.changes.changed)
	switch {
	case mark == "" || t.err != nil:
	case t.unseen:
		// A mark that was made since the state that it sees would make it fail.
		if err := t.engine.markApart(ctx, mark); err != nil {
			return t.failed(err)
		}
	default:
		text = mark + text
	}
	answer, err := t.conn.PgConn().Exec(ctx, text).ReadAll()
	if err == nil && (len(answer) == 0 || answer[len(answer)-1].CommandTag.String() != "COMMIT") {
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
		// What it had written is dead now. If this fails, the next change marks the table.
		if text := marking(t.marks, t.changes.written); text != "" {
			_ = script(ctx, t.conn, text)
		}
	}
	t.end() // and is closed if it still is in a transaction
}

func (t *postgresTx) end() {
	t.pooled.Release()
	t.pooled = nil
	t.free()
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
	case hasCode(t.err, serializationFailure, deadlockDetected), errors.Is(t.err, errOutOfOrder):
		return 20, t.err
	case hasCode(t.err, uniqueViolation):
		return 3, t.err
	}
	return 0, nil
}

// migrationLock is the first key of the lock of migrations: "anpr".
const migrationLock = 0x616e7072

func (e *postgres) migrate(ctx context.Context, fn func(migrator) error) error {
	tx, err := e.begin(ctx, locking)
	if err != nil {
		return err
	}
	defer tx.rollback()
	t := tx.(*postgresTx)
	// There may be no table to lock yet. What the scripts call is PostgreSQL's own.
	err = t.script(ctx, fmt.Sprintf("SET LOCAL search_path = pg_catalog; SELECT pg_advisory_xact_lock(%d, %d)",
		migrationLock, int32(crc32.ChecksumIEEE([]byte(e.names.schema)))))
	if err == nil {
		err = fn(t)
	}
	if err != nil {
		return err
	}
	return t.commit(ctx)
}

func (e *postgres) backup(context.Context, string) error {
	return fmt.Errorf("sqldb: backup: of a PostgreSQL database pg_dump makes one: %w", errors.ErrUnsupported)
}
