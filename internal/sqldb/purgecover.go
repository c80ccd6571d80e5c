package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A cover is a row that is as long as a page.
type cover struct {
	text   string // of the insert, up to the length of the filler
	filler int    // how long that is
	n      int    // of the rows that were written, so that each has a key of its own
}

// newCover finds how long a filler is that makes a row fill a page.
func (t *tablePurge) newCover(ctx context.Context) (cover, error) {
	var c cover
	const columns = `SELECT quote_ident(attname), atttypid::regtype::text FROM pg_attribute
		WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull`
	rows, err := t.conn.Query(ctx, columns, t.ref)
	if err != nil {
		return c, named(err)
	}
	type column struct{ Name, Type string }
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil {
		return c, named(err)
	}
	var names, values []string
	for _, col := range list {
		names = append(names, col.Name)
		switch col.Type {
		case "text":
			values = append(values, "'~'||lpad(g::text,12,'0')")
		case "bytea":
			values = append(values, `''::bytea`)
		case "smallint", "integer", "bigint":
			values = append(values, "0::"+col.Type)
		default:
			return c, fmt.Errorf("column %s of table %s is of type %s", col.Name, t.name, col.Type)
		}
	}
	c.text = "INSERT INTO " + t.ref + " AS t (" + strings.Join(names, ", ") + ", filler) SELECT " +
		strings.Join(values, ", ") + ", repeat(' ', %d) FROM generate_series(%d, %d) AS g RETURNING "
	const first, line = 1000, 32 // what a page has beside one row
	if err := script(ctx, t.conn, "BEGIN"); err != nil {
		return c, err
	}
	long, err := scalar[int](ctx, t.conn, fmt.Sprintf(c.text, first, 0, 0)+"pg_column_size(t.*)")
	err = errors.Join(err, script(context.WithoutCancel(ctx), t.conn, "ROLLBACK"))
	if err != nil {
		return c, err
	}
	page, err := scalar[int](ctx, t.conn, `SELECT current_setting('block_size')::int`)
	c.filler = first + page - line - long
	return c, err
}

// coverStep is how many pages are written over by one statement: as many may be added
// to the table when no page is empty any more.
const coverStep = 64

// vacuumAndCover takes away what is dead and writes over the pages that are empty then.
func (t *tablePurge) vacuumAndCover(ctx context.Context, pages []int64) (ok bool, err error) {
	if ok, err := t.vacuum(ctx); err != nil || !ok {
		return false, err
	}
	return true, t.cover(ctx, pages)
}

// cover writes over pages, as far as they are empty, and strikes them off the suspects.
func (t *tablePurge) cover(ctx context.Context, pages []int64) error {
	if err := script(ctx, t.conn, "BEGIN"); err != nil {
		return err
	}
	return t.coverWithin(ctx, t.conn, pages)
}

// coverWithin is cover in a transaction, which it rolls back. The server chooses among
// all empty pages, until none is left. Nothing of it ever is visible.
func (t *tablePurge) coverWithin(ctx context.Context, conn *pgx.Conn, pages []int64) error {
	end, err := scalar[int64](ctx, conn, blocksText, t.ref)
	if err != nil {
		return errors.Join(err, script(context.WithoutCancel(ctx), conn, "ROLLBACK"))
	}
	open, covered := map[int64]bool{}, map[int64]bool{}
	for _, b := range pages {
		if b < end {
			open[b] = true
		}
	}
	for full := false; !full && len(open) > 0; {
		text := fmt.Sprintf(t.over.text, t.over.filler, t.over.n+1, t.over.n+coverStep) + "(ctid::text::point)[0]::bigint"
		t.over.n += coverStep
		list, err := collectNumbers(ctx, conn, text)
		if err != nil {
			return errors.Join(err, script(context.WithoutCancel(ctx), conn, "ROLLBACK"))
		}
		for _, b := range list {
			covered[b] = true
			delete(open, b)
			full = full || b >= end
		}
	}
	if err := script(ctx, conn, "ROLLBACK"); err != nil {
		return err
	}
	t.suspect = slices.DeleteFunc(t.suspect, func(b int64) bool { return covered[b] || b >= end })
	return nil
}

func collectNumbers(ctx context.Context, conn *pgx.Conn, text string) ([]int64, error) {
	rows, err := conn.Query(ctx, text, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, named(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return list, named(err)
}
