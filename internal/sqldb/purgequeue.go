package sqldb

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Who inserts all the time takes the lowest page that has room, as soon as VACUUM has
// emptied it, and before it can be written over. So that this ends, a second session
// queues for a lock on the table while VACUUM runs: those who write come behind it.

// queueWait is how long writers wait at once behind the session that queues.
const queueWait = lockWait

// vacuumQueued is vacuumAndCover with a session that queues.
func (t *tablePurge) vacuumQueued(ctx context.Context, pages []int64) (ok bool, err error) {
	second, err := t.p.dial(ctx, nil)
	if err != nil {
		return false, err
	}
	defer second.Close(context.WithoutCancel(ctx))
	q := &queue{t: t, conn: second, pid: t.conn.PgConn().PID(), done: make(chan struct{})}
	locked := make(chan error, 1)
	go func() { locked <- q.lock(ctx) }()
	begun := time.Now()
	ok, err = t.vacuum(ctx)
	q.took = time.Since(begun)
	close(q.done)
	if lockErr := <-locked; err == nil {
		err = lockErr
	}
	if err != nil || !ok || !q.held {
		return ok, err
	}
	begun = time.Now()
	err = t.coverWithin(ctx, second, pages)
	t.table.Locks++
	t.table.LongestLock = max(t.table.LongestLock, time.Since(begun)+min(q.took, queueWait))
	return true, err
}

// A queue is a session that waits for a lock on a table behind a VACUUM.
type queue struct {
	t    *tablePurge
	conn *pgx.Conn
	pid  uint32        // of the session that vacuums
	done chan struct{} // closed when it has vacuumed
	took time.Duration // set before done is closed
	held bool          // the lock, when lock has returned nil
}

// lock begins a transaction that has the lock, or gives up when VACUUM is done.
func (q *queue) lock(ctx context.Context) error {
	const vacuums = `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_locks WHERE pid = $1 AND granted
		AND relation = $2::text::pg_catalog.regclass AND mode = 'ShareUpdateExclusiveLock')`
	for begun := false; !begun; {
		var err error
		if begun, err = scalar[bool](ctx, q.conn, vacuums, int64(q.pid), q.t.ref); err != nil {
			return err
		}
		select {
		case <-q.done:
			begun = true
		default:
		}
	}
	for last := false; ; {
		err := script(ctx, q.conn, "BEGIN; SET LOCAL search_path = pg_catalog; "+localTimeout(queueWait)+
			"; LOCK TABLE "+q.t.ref+" IN SHARE ROW EXCLUSIVE MODE")
		if err == nil {
			q.held = true
			return nil
		}
		err = ignoreLock(errors.Join(err, script(context.WithoutCancel(ctx), q.conn, "ROLLBACK")))
		if err != nil || last {
			return err
		}
		select {
		case <-q.done: // once more: the table is free
			last = true
		default:
		}
	}
}

func localTimeout(d time.Duration) string { return "SET LOCAL" + timeout(d)[len("SET"):] }

// ignoreLock returns an error unless it says that a lock was not to be had.
func ignoreLock(err error) error {
	if hasCode(err, lockNotAvailable, deadlockDetected) {
		return nil
	}
	return err
}
