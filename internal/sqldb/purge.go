package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral/erasure"
)

// A Purge is what [DB.Purge] works on.
type Purge struct {
	// Tables are the tables of the part that hold values of persons. On PostgreSQL each has a column
	// {filler}: see [DB.Purge].
	Tables []string
	// Marks is the table in which a transaction notes what it has changed: its
	// key is name.
	Marks string
	// Gate is a table without rows that transactions of [DB.Snapshot] on Gated tables
	// lock at their beginning; empty if there are none.
	Gate  string
	Gated []string
}

// purgeJob is one call of Purge.
type purgeJob struct {
	Purge
	config erasure.Config
}

// Purge leaves no byte of a value in the files of tables and of their indexes that was
// dead before the call: replaced or deleted by a transaction that had ended, or of one
// that was rolled back. What dies meanwhile is for the next call. It does not reach other
// places that may hold one: PostgreSQL's write-ahead log (see [DB.PurgeLog]), backups,
// and blocks that the file system has freed.
//
// On PostgreSQL it empties pages and fills them: it moves the rows of some pages
// elsewhere with an UPDATE that changes nothing, lets VACUUM take away what is dead, and
// writes a row over each page that is empty by then: of the size of a page, and rolled
// back, so that nobody ever sees it. Then it makes the indexes anew beside the old ones
// (REINDEX CONCURRENTLY). Readers do not wait for that; a writer waits for the rows that
// are moved in one transaction. A table that has no more rows than one lock may cover is
// rewritten at once (VACUUM FULL), for which readers wait too. The column filler makes a
// row as long as a page; it is NULL in all rows that stay. A table without a mark is left
// as it is.
//
// On SQLite it zeroes, in short transactions, what pages hold beyond their content, and
// cuts the write-ahead log to nothing.
//
// The error wraps [erasure.ErrBlocked] if earlier values may stay: the report says where.
func (db *DB) Purge(ctx context.Context, p Purge, c erasure.Config) (erasure.Report, error) {
	c, err := c.Filled()
	if err != nil {
		return erasure.Report{}, err
	}
	if err := ctx.Err(); err != nil {
		return erasure.Report{}, prefixed(err)
	}
	return db.engine.purge(ctx, purgeJob{Purge: p, config: c})
}

// errSpent is the error of a budget that is used up.
var errSpent = errors.New("sqldb: purge: waited as long as it may")

// A budget is how long a purge may still wait for others.
type budget struct{ left time.Duration }

func newBudget(d time.Duration) *budget { return &budget{left: d} }

// spend counts a wait that has taken place.
func (b *budget) spend(d time.Duration) error {
	if b.left -= d; b.left <= 0 {
		return errSpent
	}
	return nil
}

// pause waits a moment.
func (b *budget) pause(ctx context.Context, d time.Duration) error {
	if b.left <= 0 {
		return errSpent
	}
	d = min(d, b.left)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("sqldb: %w", ctx.Err())
	case <-timer.C:
	}
	b.left -= d
	return nil
}

// Analyze lets the engine count rows and values of tables, so that it plans queries on what was
// loaded. It keeps no value of a column that says something of a person. It takes a read
// of a sample of each table, and no lock that readers or writers wait for; on PostgreSQL
// a table whose owner the user is not is passed over.
func (db *DB) Analyze(ctx context.Context, tables ...string) error {
	return db.engine.analyze(ctx, tables)
}
