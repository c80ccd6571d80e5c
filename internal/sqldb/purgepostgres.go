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

	"github.com/liste-elettorali/anpr/electoral/erasure"
)

// The times of a purge of PostgreSQL.
const (
	// lockWait is how long a lock is waited for at once: others may wait behind it.
	lockWait = 100 * time.Millisecond
	// lockPause is the pause after it.
	lockPause = 100 * time.Millisecond
	// snapshotPause is how long transactions are given to end before the next look.
	snapshotPause = 50 * time.Millisecond
)

// serverPurge is one purge of PostgreSQL, or what it does on one node of a cluster.
type serverPurge struct {
	e      *postgres
	dial   func(context.Context, pgconn.NoticeHandler) (*pgx.Conn, error)
	conn   *pgx.Conn
	dead   deadRows
	job    purgeJob
	marks  string // the table, as statements have it
	budget *budget
	report *erasure.Report
	node   string   // its address; empty for the database itself
	nodes  *cluster // nil if there is none
}

func (e *postgres) purge(ctx context.Context, job purgeJob) (erasure.Report, error) {
	p := &serverPurge{e: e, dial: e.own, job: job, budget: newBudget(job.config.Wait), report: &erasure.Report{}}
	var err error
	if p.conn, err = p.dial(ctx, p.dead.notice); err != nil {
		return erasure.Report{}, err
	}
	defer p.conn.Close(context.WithoutCancel(ctx))
	if err := p.run(ctx); err != nil {
		return *p.report, err
	}
	return *p.report, p.report.Err()
}

func (p *serverPurge) run(ctx context.Context) error {
	if err := script(ctx, p.conn, "SET statement_timeout = 0; SET search_path = pg_catalog"); err != nil {
		return err
	}
	// The session may be a pooler's, which gives it to others.
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = script(ctx, p.conn, "RESET statement_timeout; RESET search_path; RESET lock_timeout; "+
			"SELECT pg_catalog.pg_advisory_unlock_all()")
	}()
	if err := p.fit(ctx); err != nil {
		return err
	}
	held, err := p.alone(ctx)
	if err != nil || !held {
		return err
	}
	dirty, until, err := p.dirty(ctx)
	if err != nil {
		return err
	}
	if err := p.findNodes(ctx); err != nil {
		return err
	}
	defer p.nodes.close(context.WithoutCancel(ctx))
	var clean []string
	for i, name := range p.job.Tables {
		before, done := len(p.report.Stays), erasure.Table{Name: name}
		if dirty == nil || dirty[name] {
			done, err = p.table(ctx, name)
		}
		p.report.Tables = append(p.report.Tables, done)
		if err != nil {
			p.interrupted(p.job.Tables[i:], dirty)
			err = fmt.Errorf("sqldb: purge of table %s: %w", name, err)
			if ctx.Err() != nil { // it may be called again
				err = errors.Join(err, ctx.Err(), p.report.Err())
			}
			return err
		}
		if len(p.report.Stays) == before {
			clean = append(clean, name)
		}
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	for _, name := range clean {
		if p.marks == "" {
			break
		}
		if err := dropMark(ctx, p.conn, p.marks, name, until); err != nil {
			return err
		}
	}
	return nil
}

// flush writes what was rewritten into the files. Who may not ask for a checkpoint has it
// with the next that the server makes by itself.
func (p *serverPurge) flush(ctx context.Context) error {
	if !slices.ContainsFunc(p.report.Tables, func(t erasure.Table) bool { return t.Rows > 0 }) {
		return nil // a table that was made anew is in files of its own
	}
	for _, conn := range append(p.nodes.connections(), p.conn) {
		err := script(ctx, conn, "CHECKPOINT")
		p.report.Unwritten = p.report.Unwritten || errors.Is(err, ErrDenied)
		if err = ignore(err, ErrDenied); err != nil {
			return err
		}
	}
	return nil
}

// table purges one table, which is here or in parts on the nodes of a cluster.
func (p *serverPurge) table(ctx context.Context, name string) (erasure.Table, error) {
	spread, done, err := p.spreadTable(ctx, name)
	if spread || err != nil {
		return done, err
	}
	t := &tablePurge{p: p, conn: p.conn, name: name, ref: p.e.names.table(name), table: erasure.Table{Name: name}}
	err = t.run(ctx)
	return t.table, err
}

// interrupted notes the tables that were not come to.
func (p *serverPurge) interrupted(tables []string, dirty map[string]bool) {
	for _, name := range tables {
		if dirty == nil || dirty[name] {
			p.report.Stays = append(p.report.Stays, erasure.Stay{Table: name, Reason: erasure.Interrupted})
		}
	}
}

// dirty returns the tables that were marked, nil for all.
func (p *serverPurge) dirty(ctx context.Context) (map[string]bool, string, error) {
	if p.job.Marks == "" {
		return nil, "", nil
	}
	p.marks = p.e.names.table(p.job.Marks)
	dirty, until, err := takeMarks(ctx, p.conn, p.marks, p.job.Tables)
	if p.job.config.All {
		dirty = nil
	}
	return dirty, until, err
}

// oldest is the first version in which VACUUM gives back the list of a page's rows, so
// that a page is empty that has none.
const oldest = 140000

// fit refuses what cannot be purged, before anything is done.
func (p *serverPurge) fit(ctx context.Context) error {
	if err := p.fits(ctx); err != nil {
		return err
	}
	for _, name := range p.job.Tables {
		if !p.e.owns(ctx, p.conn, name) {
			return fmt.Errorf("%w: to purge table %s takes its owner, or from PostgreSQL 17 on MAINTAIN on it", ErrDenied, name)
		}
	}
	return nil
}

// fits refuses a server that cannot be purged.
func (p *serverPurge) fits(ctx context.Context) error {
	var version, block int
	const question = `SELECT current_setting('server_version_num')::int, current_setting('block_size')::int`
	if err := p.conn.QueryRow(ctx, question).Scan(&version, &block); err != nil {
		return named(err)
	}
	if version < oldest || block < 4096 {
		return fmt.Errorf("sqldb: purge: PostgreSQL %d with blocks of %d bytes: expected 14 or later, with at least 4096",
			version/10000, block)
	}
	return nil
}

// owns reports whether the user is the owner of a table, or may maintain it.
func (e *postgres) owns(ctx context.Context, conn *pgx.Conn, table string) (is bool) {
	const question = `SELECT pg_has_role(relowner, 'USAGE') OR CASE
		WHEN current_setting('server_version_num')::int < 170000 THEN false ELSE has_table_privilege(oid, 'MAINTAIN') END
		FROM pg_class WHERE oid = $1::text::regclass`
	return conn.QueryRow(ctx, question, e.names.table(table)).Scan(&is) == nil && is
}

// purgeLock is the first key of the lock of a purge: "anpu".
const purgeLock = 0x616e7075

// alone takes the lock that keeps two purges of the same tables apart, until the session ends.
func (p *serverPurge) alone(ctx context.Context) (bool, error) {
	key := int32(crc32.ChecksumIEEE([]byte(p.e.names.table(p.job.Tables[0]))))
	for {
		var got bool
		if err := p.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, purgeLock, key).Scan(&got); err != nil {
			return false, named(err)
		}
		if got {
			return true, nil
		}
		if err := p.budget.pause(ctx, lockPause); err != nil {
			for _, name := range p.job.Tables {
				p.report.Stays = append(p.report.Stays, erasure.Stay{Table: name, Reason: erasure.OtherPurge})
			}
			return false, errors.Join(p.report.Err(), ctx.Err())
		}
	}
}

// try runs a statement that needs a lock, again and again while the lock is not to be had.
// spent reports that the budget is.
func (p *serverPurge) try(ctx context.Context, do func() error) (spent bool, err error) {
	for {
		begun := time.Now()
		err := do()
		if !hasCode(err, lockNotAvailable, deadlockDetected) {
			return false, err
		}
		if p.budget.spend(time.Since(begun)) != nil {
			return true, nil
		}
		if err := p.budget.pause(ctx, lockPause); err != nil {
			return errors.Is(err, errSpent), ignore(err, errSpent)
		}
	}
}

// ignore returns an error unless it is a certain one.
func ignore(err, that error) error {
	if errors.Is(err, that) {
		return nil
	}
	return err
}

// blockersText finds what may still see rows of before a transaction; hidden are the
// sessions of which the user does not see whether they do. Who has written is seen by all.
// VACUUM itself looks at no row of before.
const blockersText = `
	SELECT 'session', a.pid, COALESCE(application_name, ''), xact_start,
		query = '<insufficient privilege>' AND w.pid IS NULL
	FROM pg_stat_activity a LEFT JOIN (SELECT pid FROM pg_locks WHERE locktype = 'transactionid'
			AND mode = 'ExclusiveLock' AND granted AND age(transactionid) > age($1::text::xid) GROUP BY pid) w ON w.pid = a.pid
	WHERE a.pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
		AND (greatest(age(backend_xmin), age(backend_xid)) > age($1::text::xid) OR w.pid IS NOT NULL AND datname IS NOT NULL
			OR query = '<insufficient privilege>' AND datname IS NOT NULL)
		AND NOT (backend_type = 'autovacuum worker' AND query LIKE 'autovacuum: VACUUM %' AND query NOT LIKE '%ANALYZE%')
	UNION ALL SELECT 'prepared-transaction', 0, gid, prepared, false
	FROM pg_prepared_xacts WHERE database = current_database() AND age(transaction) > age($1::text::xid)
	UNION ALL SELECT 'replication-slot', COALESCE(active_pid, 0), slot_name::text, NULL, false
	FROM pg_replication_slots WHERE age(xmin) > age($1::text::xid)`

// holdersText finds who holds a lock on one of some tables.
const holdersText = `
	SELECT DISTINCT CASE WHEN l.pid IS NULL THEN 'prepared-transaction' ELSE 'session' END, COALESCE(l.pid, 0),
		COALESCE(a.application_name, x.gid, ''), COALESCE(a.xact_start, x.prepared), false
	FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
		LEFT JOIN pg_prepared_xacts x ON l.pid IS NULL AND x.transaction::text = split_part(l.virtualtransaction, '/', 2)
	WHERE l.granted AND l.relation = ANY ($1::text[]::regclass[]) 
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND l.pid IS DISTINCT FROM pg_backend_pid()`

// writersText finds those among them who write.
const writersText = holdersText + ` AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')`

// ask returns what one of the two queries finds.
func (p *serverPurge) ask(ctx context.Context, query string, argument any) (seen, hidden []erasure.Blocker, err error) {
	rows, err := p.conn.Query(ctx, query, argument)
	if err != nil {
		return nil, nil, named(err)
	}
	defer rows.Close()
	for rows.Next() {
		var b erasure.Blocker
		var since *time.Time
		var veiled bool
		if err := rows.Scan(&b.Kind, &b.PID, &b.Name, &since, &veiled); err != nil {
			return nil, nil, named(err)
		}
		if since != nil {
			b.Since = *since
		}
		if veiled {
			hidden = append(hidden, erasure.Blocker{Kind: b.Kind, PID: b.PID})
		} else {
			seen = append(seen, b)
		}
	}
	slices.SortFunc(seen, func(a, b erasure.Blocker) int { return a.Since.Compare(b.Since) })
	return seen, hidden, named(rows.Err())
}

// analyze counts. A user who is not the owner gets a warning, which nobody hears.
func (e *postgres) analyze(ctx context.Context, tables []string) error {
	conn, err := e.connect(ctx, nil)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, name := range tables {
		if err := script(ctx, conn, "ANALYZE "+e.names.table(name)); err != nil {
			return err
		}
	}
	return nil
}
