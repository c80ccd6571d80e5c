package sqldb

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral/erasure"
)

// What a purge of a SQLite file works with.
const (
	// rowsOfPage is how many rows a page has, as far as the bound of a lock goes.
	rowsOfPage = 50
	// mostPages is the size of file up to which no page but a b-tree's begins as one
	// does: the others begin with the number of a page.
	mostPages = 1 << 25
	// checkpointWait is how long a writer waits for a checkpoint that waits for readers.
	checkpointWait = 50 * time.Millisecond
	// beginWait is how long SQLite waits for the file at once, beginPause the pause after.
	beginWait  = 5 * time.Millisecond
	beginPause = time.Millisecond
	// leastPause is how long writers have the file between two transactions.
	leastPause = 10 * time.Millisecond
)

// filePurge zeroes what SQLite's pages hold beyond their cells, in short transactions,
// and then cuts the write-ahead log to nothing. Earlier values stand only there:
// secure_delete overwrites the cells and pages that are freed.
type filePurge struct {
	e      *sqlite
	budget *budget
	table  erasure.Table
	scrub  scrubber
	size   int64 // of a page
	pages  int64
	// each is how many pages one transaction writes; left are those with something to zero.
	each, left int
}

func (e *sqlite) purge(ctx context.Context, job purgeJob) (erasure.Report, error) {
	p := &filePurge{e: e, budget: newBudget(job.config.Wait), each: max(1, job.config.Rows/rowsOfPage)}
	p.table.Name = e.file
	err := p.run(ctx)
	report := erasure.Report{Tables: []erasure.Table{p.table}}
	switch {
	case err == nil:
		err = p.cutLog(ctx, &report)
	case errors.Is(err, errSpent):
		report.Stays = []erasure.Stay{{Table: e.file, Pages: p.left, Reason: erasure.LockHeld}}
		err = report.Err()
	default:
		report.Stays = []erasure.Stay{{Table: e.file, Pages: p.left, Reason: erasure.Interrupted}}
		if ctx.Err() != nil { // it may be called again
			err = errors.Join(err, report.Err())
		}
	}
	return report, err
}

func (p *filePurge) run(ctx context.Context) error {
	c, err := p.e.look.acquire(ctx)
	if err != nil {
		return err
	}
	dirty, err := p.find(ctx, c.conn)
	p.e.look.release(c, err != nil)
	if err != nil {
		return p.e.failed(err)
	}
	p.left = len(dirty)
	for part := range slices.Chunk(dirty, p.each) {
		held, err := p.clean(ctx, part)
		if err == nil {
			// Writers of other programs look only now and then whether the file is free.
			err = newBudget(time.Hour).pause(ctx, max(held, leastPause))
		}
		if err != nil {
			return err
		}
		p.left -= len(part)
	}
	return nil
}

// find returns, of one state of the file, the pages with something to zero.
func (p *filePurge) find(ctx context.Context, conn *sql.Conn) (dirty []int64, err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return nil, err
	}
	defer func() {
		_, end := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		err = errors.Join(err, end)
	}()
	rest, err := p.measure(ctx, conn)
	if err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, "SELECT pgno, data FROM sqlite_dbpage")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var number int64
		var page sql.RawBytes
		if err := rows.Scan(&number, &page); err != nil {
			return nil, err
		}
		changed, err := p.scrubPage(number, slices.Clone(page), rest)
		if err != nil {
			return nil, err
		}
		if changed {
			dirty = append(dirty, number)
		}
	}
	return dirty, rows.Err()
}

// measure reads how the file is laid out, and which pages are in no use.
func (p *filePurge) measure(ctx context.Context, conn *sql.Conn) (unused map[int64]int, err error) {
	var vacuum int
	for text, to := range map[string]any{"PRAGMA page_size": &p.size, "PRAGMA page_count": &p.pages,
		"PRAGMA auto_vacuum": &vacuum} {
		if err := conn.QueryRowContext(ctx, text).Scan(to); err != nil {
			return nil, err
		}
	}
	switch {
	case vacuum != 0:
		return nil, errors.New("sqldb: purge: the file has auto_vacuum, which another program has set")
	case p.pages >= mostPages:
		return nil, fmt.Errorf("sqldb: purge: the file has %d pages: expected fewer than %d", p.pages, mostPages)
	}
	head, err := readPage(ctx, conn, 1)
	if err != nil {
		return nil, err
	}
	p.scrub.usable = int(p.size) - int(head[20])
	return p.freelist(ctx, conn, head)
}

// freelist returns the pages in no use, with how many bytes of them are: those that list
// others keep their list.
func (p *filePurge) freelist(ctx context.Context, conn *sql.Conn, head []byte) (map[int64]int, error) {
	unused := map[int64]int{}
	trunk := int64(binary.BigEndian.Uint32(head[32:]))
	for n := int64(0); trunk != 0; n++ {
		page, err := readPage(ctx, conn, trunk)
		if err != nil {
			return nil, err
		}
		count := int(binary.BigEndian.Uint32(page[4:]))
		if n > p.pages || 8+4*count > p.scrub.usable {
			return nil, fmt.Errorf("sqldb: purge: free page %d: %w", trunk, errPage)
		}
		for i := range count {
			unused[int64(binary.BigEndian.Uint32(page[8+4*i:]))] = 0
		}
		unused[trunk] = 8 + 4*count
		trunk = int64(binary.BigEndian.Uint32(page))
	}
	return unused, nil
}

func readPage(ctx context.Context, conn *sql.Conn, number int64) ([]byte, error) {
	var page []byte
	err := conn.QueryRowContext(ctx, "SELECT data FROM sqlite_dbpage WHERE pgno = ?", number).Scan(&page)
	if err == nil && len(page) < 512 {
		err = errPage
	}
	if err != nil {
		return nil, fmt.Errorf("sqldb: purge: page %d: %w", number, err)
	}
	return page, nil
}

// lockPage is the page that SQLite never uses, because other programs lock its bytes.
func (p *filePurge) lockPage() int64 { return 1<<30/p.size + 1 }

// scrubPage zeroes what a page holds beyond its content.
func (p *filePurge) scrubPage(number int64, page []byte, unused map[int64]int) (bool, error) {
	if number == p.lockPage() {
		return false, nil
	}
	if kept, is := unused[number]; is {
		return zero(page[kept:p.scrub.usable]), nil
	}
	changed, err := p.scrub.page(page, number == 1)
	if err != nil {
		err = fmt.Errorf("sqldb: purge: page %d: %w: restore the file from a backup", number, err)
	}
	return changed, err
}

// clean zeroes in one transaction what some pages hold beyond their content as it now is.
func (p *filePurge) clean(ctx context.Context, numbers []int64) (held time.Duration, err error) {
	tx, err := p.begin(ctx)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	defer tx.rollback()
	conn := tx.conn
	unused, err := p.measure(ctx, conn)
	if err != nil {
		return 0, p.e.failed(err)
	}
	n := 0
	for _, number := range numbers {
		if number > p.pages {
			continue // the file has become shorter
		}
		page, err := readPage(ctx, conn, number)
		if err != nil {
			return 0, p.e.failed(err)
		}
		changed, err := p.scrubPage(number, page, unused)
		if err != nil {
			return 0, err
		}
		if !changed {
			continue
		}
		if _, err := conn.ExecContext(ctx, "UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?", page, number); err != nil {
			return 0, p.e.failed(err)
		}
		n++
	}
	if err := tx.commit(ctx); err != nil {
		return 0, err
	}
	held = time.Since(begun)
	p.locked(held)
	p.table.Pages += n
	return held, nil
}

// begin takes the file as soon as it is free for a moment. SQLite itself would look ten
// times in a second, and rarely meet the moments that a busy writer leaves.
func (p *filePurge) begin(ctx context.Context) (*sqliteTx, error) {
	for {
		tx, err := p.tryBegin(ctx)
		if !errors.Is(err, ErrConflict) {
			return tx, err
		}
		if errors.Is(p.budget.pause(ctx, beginPause), errSpent) {
			return nil, errors.Join(errSpent, err)
		} else if ctx.Err() != nil {
			return nil, prefixed(ctx.Err())
		}
	}
}

func (p *filePurge) tryBegin(ctx context.Context) (*sqliteTx, error) {
	c, err := p.e.write.acquire(ctx)
	if err != nil {
		return nil, err
	}
	t := &sqliteTx{sqliteConn: c, from: p.e.write}
	_, err = c.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout(%d)", beginWait.Milliseconds()))
	if err == nil {
		err = t.script(ctx, "BEGIN IMMEDIATE")
	}
	_, restored := c.conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA "+p.e.busyTimeout())
	if err = errors.Join(err, restored); err != nil {
		t.rollback()
		return nil, err
	}
	return t, nil
}

func (p *filePurge) locked(d time.Duration) {
	p.table.Locks++
	p.table.LongestLock = max(p.table.LongestLock, d)
}

// cutLog writes the log back into the file and cuts it to nothing, which takes a moment
// without a reader that began before.
func (p *filePurge) cutLog(ctx context.Context, report *erasure.Report) error {
	for {
		done, err := p.checkpoint(ctx)
		if err != nil || done {
			report.Tables[0] = p.table
			return err
		}
		if err := p.budget.pause(ctx, checkpointWait); err != nil {
			report.Tables[0] = p.table
			report.Stays = append(report.Stays, erasure.Stay{Table: p.e.file, Reason: erasure.OldSnapshot,
				Blockers: []erasure.Blocker{{Kind: erasure.Reader, Name: p.e.readers()}}})
			return errors.Join(report.Err(), ctx.Err())
		}
	}
}

// readers says whose view may hold the log.
func (e *sqlite) readers() string {
	if n := len(e.read.slots) + len(e.look.slots); n > 0 {
		return fmt.Sprintf("%d views of this program", n)
	}
	return "another program, or an earlier opening of the file in this one"
}

func (p *filePurge) checkpoint(ctx context.Context) (done bool, err error) {
	c, err := p.e.write.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer p.e.write.release(c, false)
	wait := fmt.Sprintf("PRAGMA busy_timeout(%d)", checkpointWait.Milliseconds())
	if _, err := c.conn.ExecContext(ctx, wait); err != nil {
		return false, p.e.failed(err)
	}
	defer func() { _, _ = c.conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA "+p.e.busyTimeout()) }()
	begun := time.Now()
	var busy, frames, moved int
	err = c.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
	p.locked(time.Since(begun))
	if err != nil {
		return false, p.e.failed(err)
	}
	return busy == 0, nil
}

// analyze counts. What it would keep of values, as samples, it does not keep.
func (e *sqlite) analyze(ctx context.Context, tables []string) error {
	tx, err := e.begin(ctx, locking)
	if err != nil {
		return err
	}
	defer tx.rollback()
	t := tx.(*sqliteTx)
	// With a limit there are no samples (sqlite_stat4), and the time does not grow with
	// the table.
	if err := t.script(ctx, "PRAGMA analysis_limit = 1000"); err != nil {
		return err
	}
	for _, name := range tables {
		if err := t.script(ctx, "ANALYZE "+name); err != nil {
			return err
		}
	}
	return tx.commit(ctx)
}
