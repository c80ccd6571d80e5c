package sqldb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/liste-elettorali/anpr/electoral/erasure"
)

// tablePurge purges one table of PostgreSQL.
type tablePurge struct {
	p         *serverPurge
	conn      *pgx.Conn
	name, ref string
	table     erasure.Table
	gate      string    // the statement that keeps transactions of one snapshot out, if any
	guard     *pgx.Conn // on which it is run, if not on conn: the gate stands on a cluster's coordinator
	// suspect are the pages that may hold earlier values, in order.
	suspect []int64
	perPage int // rows of a full page, about
	idle    time.Duration
	over    cover
	last    string // the id of the last transaction that moved rows
}

// stays notes that earlier values may stay, and whom a query finds that was waited for.
func (t *tablePurge) stays(ctx context.Context, reason erasure.Reason, pages int, query string, argument any) error {
	list, hidden, err := t.p.ask(ctx, query, argument)
	if len(list) == 0 {
		list = hidden
	}
	t.p.report.Stays = append(t.p.report.Stays, erasure.Stay{Table: t.name, Node: t.p.node, Pages: pages,
		Reason: reason, Blockers: list})
	return err
}

// locks are the tables whose locks a move waits for.
func (t *tablePurge) locks() []string {
	list := []string{t.ref}
	if t.gate != "" && t.guard == nil {
		list = append(list, t.p.e.names.table(t.p.job.Gate))
	}
	return list
}

func (t *tablePurge) run(ctx context.Context) error {
	if slices.Contains(t.p.job.Gated, t.name) {
		t.gate = "LOCK TABLE " + t.p.e.names.table(t.p.job.Gate) + " IN SHARE MODE; "
	}
	before := len(t.p.report.Stays)
	small, err := t.small(ctx)
	if err != nil {
		return err
	}
	steps := []func(context.Context) error{t.leftovers, t.begin, t.rewrite, t.outOfLine, t.indexes}
	if small {
		steps = []func(context.Context) error{t.leftovers, t.whole}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil || len(t.p.report.Stays) > before {
			return err
		}
	}
	return nil
}

// mostPagesAtOnce bounds what is read of a small table, dead rows and all.
const mostPagesAtOnce = 2000

// small reports whether the whole table may be rewritten under one lock.
func (t *tablePurge) small(ctx context.Context) (bool, error) {
	size, err := scalar[int64](ctx, t.conn,
		`SELECT pg_table_size($1::text::regclass) / current_setting('block_size')::bigint`, t.ref)
	if err != nil || size > mostPagesAtOnce {
		return false, err
	}
	rows, err := scalar[int](ctx, t.conn, fmt.Sprintf("SELECT count(*) FROM (SELECT FROM %s LIMIT %d) AS r", t.ref,
		t.p.job.config.Rows+1))
	small := rows <= t.p.job.config.Rows
	if small {
		t.table.MostRows = rows
	}
	return small, err
}

// whole rewrites a small table with its indexes and what is out of line.
func (t *tablePurge) whole(ctx context.Context) error {
	size, err := t.blocks(ctx)
	if err != nil {
		return err
	}
	if t.last, err = t.xid(ctx); err != nil {
		return err
	}
	if ok, err := t.await(ctx); err != nil || !ok {
		return err
	}
	t.table.Pages = int(max(size, 1)) // an index has one in any case
	return t.full(ctx, t.ref)
}

// begin takes away what is dead and writes over the pages that are empty.
func (t *tablePurge) begin(ctx context.Context) error {
	var err error
	if t.last, err = t.xid(ctx); err != nil {
		return err
	}
	if ok, err := t.await(ctx); err != nil || !ok {
		return err
	}
	// What the transactions wrote that have ended by now is part of it.
	size, err := t.blocks(ctx)
	if err != nil {
		return err
	}
	for b := range size {
		t.suspect = append(t.suspect, b)
	}
	t.table.Pages = len(t.suspect)
	if t.over, err = t.newCover(ctx); err != nil || size == 0 {
		return err
	}
	if ok, err := t.vacuum(ctx); err != nil || !ok {
		return err
	}
	if err := t.cover(ctx, t.suspect); err != nil {
		return err
	}
	// The rows that are written over pages are dead now; their room is for those to move.
	_, err = t.vacuum(ctx)
	return err
}

// await waits for the transactions that may still read what is dead: nothing is written
// in vain then.
func (t *tablePurge) await(ctx context.Context) (ok bool, err error) {
	for {
		list, _, err := t.p.ask(ctx, blockersText, t.last)
		if err != nil || len(list) == 0 {
			return err == nil, err
		}
		if ok, err := t.wait(ctx); err != nil || !ok {
			return false, err
		}
	}
}

// wait gives older transactions time to end, each time more.
func (t *tablePurge) wait(ctx context.Context) (ok bool, err error) {
	t.idle = min(max(snapshotPause, 2*t.idle), time.Second)
	err = t.p.budget.pause(ctx, t.idle)
	if errors.Is(err, errSpent) {
		return false, t.stays(ctx, erasure.OldSnapshot, len(t.suspect), blockersText, t.last)
	}
	return err == nil, err
}

// share is which part of a table is moved before its room may be used again, and
// least how many pages at least.
const (
	share = 8
	least = 512
)

// rewrite moves rows out of the suspect pages until each was empty and written over.
func (t *tablePurge) rewrite(ctx context.Context) error {
	each, stuck := max(least, len(t.suspect)/share), false
	for len(t.suspect) > 0 {
		part := t.suspect[:min(each, len(t.suspect))]
		left := len(t.suspect)
		if ok, err := t.move(ctx, part); err != nil || !ok {
			return err
		}
		empty := t.vacuumAndCover
		if stuck {
			empty = t.vacuumQueued
		}
		if ok, err := empty(ctx, part); err != nil || !ok {
			return err
		}
		if stuck = len(t.suspect) == left; !stuck {
			t.idle = 0
			continue
		}
		// An older transaction still sees the rows that were moved, or a reader looks
		// at the pages.
		if ok, err := t.wait(ctx); err != nil || !ok {
			return err
		}
	}
	// The rows that were written over pages are dead.
	_, err := t.vacuum(ctx)
	return err
}

// scalar reads one value.
func scalar[T any](ctx context.Context, conn *pgx.Conn, query string, args ...any) (v T, err error) {
	err = conn.QueryRow(ctx, query, args...).Scan(&v)
	return v, named(err)
}

// blocks returns how many pages the table has.
func (t *tablePurge) blocks(ctx context.Context) (int64, error) {
	return scalar[int64](ctx, t.conn, blocksText, t.ref)
}

const blocksText = `SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint`

// xid returns the id, of 32 bits, that the next transaction will have: what is dead now
// was deleted before it.
func (t *tablePurge) xid(ctx context.Context) (string, error) {
	return scalar[string](ctx, t.conn, nextXID)
}

// vacuum takes away dead rows. Nobody but another VACUUM, or who alters the table, waits
// for it or behind it; to shorten the table (TRUNCATE) readers would have to.
func (t *tablePurge) vacuum(ctx context.Context) (ok bool, err error) {
	wait := max(t.p.budget.left, lockWait)
	text := "VACUUM (INDEX_CLEANUP ON, PROCESS_TOAST OFF, PARALLEL 0, TRUNCATE OFF) " + t.ref
	spent, err := t.p.try(ctx, func() error {
		if err := script(ctx, t.conn, timeout(wait)); err != nil {
			return err
		}
		return script(ctx, t.conn, text)
	})
	if err != nil || !spent {
		return err == nil, err
	}
	return false, t.stays(ctx, erasure.LockHeld, len(t.suspect), writersText, t.locks())
}

func timeout(d time.Duration) string {
	return fmt.Sprintf("SET lock_timeout = %d", max(d.Milliseconds(), 1))
}

// move moves the rows of some pages elsewhere, of a bounded number in one transaction.
func (t *tablePurge) move(ctx context.Context, pages []int64) (ok bool, err error) {
	if err := t.measure(ctx, pages[0]); err != nil {
		return false, err
	}
	for len(pages) > 0 {
		spent, err := t.p.try(ctx, func() error {
			n, err := t.moveSome(ctx, pages)
			if err != nil {
				return errors.Join(err, script(context.WithoutCancel(ctx), t.conn, "ROLLBACK"))
			}
			pages = pages[n:]
			return nil
		})
		if err != nil {
			return false, err
		}
		if spent {
			return false, t.stays(ctx, erasure.LockHeld, len(t.suspect), writersText, t.locks())
		}
	}
	if t.last, err = t.xid(ctx); err != nil {
		return false, err
	}
	return true, nil
}

// measure finds how many rows a page has, if it is not known.
func (t *tablePurge) measure(ctx context.Context, from int64) error {
	if t.perPage > 0 {
		return nil
	}
	const sample, line = 64, 8 // how many pages; what a row takes beside itself
	n, err := scalar[int](ctx, t.conn, `SELECT current_setting('block_size')::int /
		COALESCE(avg(pg_column_size(t.*))::int + $1, 100) FROM `+t.ref+` AS t WHERE `+within(from, from+sample), line)
	t.perPage = max(1, n)
	return err
}

// within is the condition that a row stands on one of some pages.
func within(from, to int64) string {
	return fmt.Sprintf("ctid >= '(%d,0)'::tid AND ctid < '(%d,0)'::tid", from, to)
}

// moveSome moves the rows of the first pages of a list in one transaction and returns of
// how many.
func (t *tablePurge) moveSome(ctx context.Context, pages []int64) (done int, err error) {
	begin := timeout(lockWait) + "; BEGIN; "
	gate := t.gate
	if t.guard != nil {
		defer func() { _ = script(context.WithoutCancel(ctx), t.guard, "ROLLBACK") }()
		if err := script(ctx, t.guard, begin+gate); err != nil {
			return 0, err
		}
		gate = ""
	}
	// What is moved need not be durable by itself: the rows stay the same.
	begin += "SET LOCAL synchronous_commit = off; SET LOCAL enable_tidscan = on; " + gate
	if err := script(ctx, t.conn, begin); err != nil {
		return 0, err
	}
	begun := time.Now()
	rows, bound := 0, t.p.job.config.Rows
	// Pages that stand side by side are emptied together, as far as they are a small
	// part of what may be moved.
	group := max(1, bound/8/t.perPage)
	for done == 0 || done < len(pages) && rows+2*group*t.perPage <= bound {
		n := 1
		for n < group && done+n < len(pages) && pages[done+n] == pages[done]+int64(n) {
			n++
		}
		// The new version of a row goes into the same page while there is room, and is
		// moved once more.
		text := "UPDATE " + t.ref + " SET filler = NULL WHERE " + within(pages[done], pages[done]+int64(n))
		for {
			moved, err := t.exec(ctx, text)
			if err != nil {
				return 0, err
			}
			if moved == 0 {
				break
			}
			rows += moved
		}
		done += n
	}
	if err := script(ctx, t.conn, "COMMIT"); err != nil {
		return 0, err
	}
	if rows > 0 {
		t.table.Locks++
		t.table.Rows += rows
		t.table.MostRows = max(t.table.MostRows, rows)
		t.table.LongestLock = max(t.table.LongestLock, time.Since(begun))
	}
	return done, nil
}

// exec runs one statement and returns how many rows it has changed.
func (t *tablePurge) exec(ctx context.Context, text string) (int, error) {
	results, err := t.conn.PgConn().Exec(ctx, text).ReadAll()
	if err != nil || len(results) != 1 {
		return 0, named(err)
	}
	return int(results[0].CommandTag.RowsAffected()), nil
}

// indexNames are the indexes of a table, and whether each is whole.
const indexNames = `SELECT format('%I.%I', n.nspname, c.relname), i.indisvalid
	FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
	JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.indrelid = $1::text::regclass ORDER BY 1`

type index struct {
	Name  string
	Valid bool
}

func (t *tablePurge) list(ctx context.Context) ([]index, error) {
	rows, err := t.conn.Query(ctx, indexNames, t.ref)
	if err != nil {
		return nil, named(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	return list, named(err)
}

// leftovers drops what an index was to be made of when a purge was cut off.
func (t *tablePurge) leftovers(ctx context.Context) error {
	list, err := t.list(ctx)
	if err != nil {
		return err
	}
	for _, i := range list {
		if i.Valid || !halfMade.MatchString(i.Name) {
			continue
		}
		if ok, err := t.concurrently(ctx, "DROP INDEX CONCURRENTLY "+i.Name); err != nil || !ok {
			return err
		}
	}
	return nil
}

// halfMade is the name of an index that REINDEX CONCURRENTLY makes, or puts aside.
var halfMade = regexp.MustCompile(`_cc(new|old)\d*"?$`)

// indexes makes the indexes anew beside the old ones.
func (t *tablePurge) indexes(ctx context.Context) error {
	list, err := t.list(ctx)
	if err != nil {
		return err
	}
	for _, i := range list {
		if ok, err := t.concurrently(ctx, "REINDEX INDEX CONCURRENTLY "+i.Name); err != nil || !ok {
			return errors.Join(err, t.leftovers(ctx))
		}
	}
	return nil
}

// concurrently runs a statement that waits for other transactions to end, without
// keeping anybody from beginning one.
func (t *tablePurge) concurrently(ctx context.Context, text string) (ok bool, err error) {
	for {
		wait := max(t.p.budget.left, lockWait)
		if err := script(ctx, t.conn, timeout(wait)); err != nil {
			return false, err
		}
		begun := time.Now()
		err := script(ctx, t.conn, text)
		if err == nil {
			return true, nil
		}
		if !hasCode(err, lockNotAvailable, deadlockDetected) {
			return false, err
		}
		if t.p.budget.spend(time.Since(begun)) != nil {
			xid, err := t.xid(ctx)
			if err != nil {
				return false, err
			}
			return false, t.stays(ctx, erasure.OldSnapshot, 0, blockersText, xid)
		}
	}
}

// outOfLine rewrites what the server keeps apart of long values: few, so that it locks
// them alone for the time.
func (t *tablePurge) outOfLine(ctx context.Context) error {
	const which = `SELECT COALESCE((SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = $1::text::regclass
		AND reltoastrelid <> 0 AND pg_relation_size(reltoastrelid) > 0), '')`
	toast, err := scalar[string](ctx, t.conn, which, t.ref)
	if err != nil || toast == "" {
		return err
	}
	return t.full(ctx, toast)
}

// full rewrites a table under a lock for which readers wait, too.
func (t *tablePurge) full(ctx context.Context, ref string) error {
	for {
		t.p.dead = deadRows{}
		begun := time.Now()
		spent, err := t.p.try(ctx, func() error {
			begun = time.Now()
			if err := script(ctx, t.conn, timeout(lockWait)); err != nil {
				return err
			}
			return script(ctx, t.conn, "VACUUM (FULL, VERBOSE) "+ref)
		})
		switch {
		case err != nil:
			return err
		case spent:
			return t.stays(ctx, erasure.LockHeld, 0, holdersText, []string{ref})
		case !t.p.dead.told:
			return errors.New("the server does not tell whether it had to keep earlier values")
		}
		t.table.Locks++
		t.table.LongestLock = max(t.table.LongestLock, time.Since(begun))
		if t.p.dead.count == "" {
			return nil
		}
		if ok, err := t.wait(ctx); err != nil || !ok {
			return err
		}
	}
}

// deadRows is what VACUUM tells of rows that it had to keep because an older
// transaction may still see them.
type deadRows struct {
	told  bool
	count string
}

var firstNumber = regexp.MustCompile(`\d+`)

// notice reads the detail of VACUUM's report, which begins with a number in
// every language of the server's messages: "0 dead row versions cannot be
// removed yet".
func (d *deadRows) notice(_ *pgconn.PgConn, n *pgconn.Notice) {
	number := firstNumber.FindString(n.Detail)
	if number == "" {
		return
	}
	d.told = true
	if number != "0" {
		d.count = number
	}
}
