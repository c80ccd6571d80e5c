package sqldb

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// touched is what a transaction of PostgreSQL has written: changed are the tables in
// which it has replaced or deleted rows, so that earlier values are dead when it
// commits; written are all, whose new rows are dead if it rolls back.
type touched struct{ changed, written []string }

func (t *touched) add(list *[]string, name string) {
	if name != "" && !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

// note reads which table a statement writes. Every statement of ours begins with its verb.
func (t *touched) note(text string) {
	for _, verb := range [...]string{"UPDATE {", "DELETE FROM {", "INSERT INTO {"} {
		rest, ok := strings.CutPrefix(text, verb)
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(rest, "}")
		t.add(&t.written, name)
		if verb != "INSERT INTO {" || strings.Contains(rest, " DO UPDATE ") {
			t.add(&t.changed, name)
		}
		return
	}
}

// marking returns the statement that marks tables for the next purge. A table has one
// mark, of which whoever commits makes sure: if a purge takes it at this moment, he waits
// and makes it anew. The names stand in order, so that nobody waits in a circle.
func marking(marks string, tables []string) string {
	if marks == "" || len(tables) == 0 {
		return ""
	}
	names := slices.Sorted(slices.Values(tables)) // of ours: letters, digits, _
	return "INSERT INTO " + marks + " (name) VALUES ('" + strings.Join(names, "'), ('") + "') ON CONFLICT DO NOTHING; "
}

// markApart marks before the transaction that has changed the tables commits. A purge
// that takes the mark meanwhile waits for that transaction, which is older.
func (e *postgres) markApart(ctx context.Context, mark string) error {
	c, err := e.acquire(ctx, e.look)
	if err != nil {
		return err
	}
	defer c.Release()
	return script(ctx, c.Conn(), mark)
}

// The marks of a purge that is at work, or was cut off, stand with this sign before the name.
const pending = "~"

// takeMarks returns which of some tables are marked, and turns their marks into pending
// ones. Every transaction that commits from now on and has changed one of them marks it
// again, unless it has made sure of the mark before: then its id is before the returned one.
func takeMarks(ctx context.Context, conn *pgx.Conn, marks string, tables []string) (dirty map[string]bool, until string,
	err error) {
	dirty = map[string]bool{}
	var before []string // by a purge that was cut off
	for _, t := range tables {
		before = append(before, pending+t)
	}
	rows, err := conn.Query(ctx, `WITH taken AS (DELETE FROM `+marks+` WHERE name = ANY($1) RETURNING name),
		put AS (INSERT INTO `+marks+` (name) SELECT '`+pending+`' || name FROM taken ON CONFLICT DO NOTHING)
		SELECT name FROM taken UNION SELECT name FROM `+marks+` WHERE name = ANY($2)`, tables, before)
	if err != nil {
		return nil, "", named(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, "", named(err)
	}
	for _, name := range list {
		dirty[strings.TrimPrefix(name, pending)] = true
	}
	err = conn.QueryRow(ctx, nextXID).Scan(&until)
	return dirty, until, named(err)
}

// nextXID asks for the id, of 32 bits, that the next transaction will have.
const nextXID = `SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint % 4294967296)::text`

// dropMark ends what takeMarks has begun for a table that is clean now. If a transaction
// from before is still open it may have made sure of the mark: then the table keeps one.
func dropMark(ctx context.Context, conn *pgx.Conn, marks, table, until string) error {
	var open bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
			AND age(l.transactionid) > age($1::text::xid) AND (a.datname = current_database() OR l.pid IS NULL))`,
		until).Scan(&open)
	if err != nil || open {
		return named(err)
	}
	_, err = conn.Exec(ctx, `DELETE FROM `+marks+` WHERE name = $1`, pending+table)
	return named(err)
}
