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

// marking returns the statement that marks tables for the next purge. A table that has a
// mark needs no second: but who sees an older state does not know whether it still has one.
func marking(marks string, tables []string, unseen bool) string {
	if marks == "" || len(tables) == 0 {
		return ""
	}
	var b strings.Builder
	for i, name := range tables {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("('" + name + "'::text)") // a name of ours: letters, digits, _
	}
	text := "INSERT INTO " + marks + " (name, change) SELECT v.name, pg_catalog.pg_current_xact_id()::text::bigint" +
		" FROM (VALUES " + b.String() + ") AS v (name)"
	if !unseen {
		text += " WHERE NOT EXISTS (SELECT 1 FROM " + marks + " m WHERE m.name = v.name)"
	}
	return text + " ON CONFLICT DO NOTHING; " // with one of the cluster from which the database was restored
}

// The marks of a purge that is at work, or was cut off, stand with this sign before the name.
const pending = "~"

// takeMarks returns which of some tables are marked, and turns their marks into pending
// ones. Every transaction from now on that changes one of them marks it again, unless it
// has an id before the returned one and has looked already.
func takeMarks(ctx context.Context, conn *pgx.Conn, marks string, tables []string) (dirty map[string]bool, until string,
	err error) {
	dirty = map[string]bool{}
	names := slices.Clone(tables)
	for _, t := range tables {
		names = append(names, pending+t)
	}
	rows, err := conn.Query(ctx, `WITH taken AS (DELETE FROM `+marks+` WHERE name = ANY($1) RETURNING name),
		bare AS (SELECT DISTINCT ltrim(name, '`+pending+`') AS name FROM taken),
		put AS (INSERT INTO `+marks+` (name, change)
			SELECT '`+pending+`' || name, pg_catalog.pg_current_xact_id()::text::bigint FROM bare)
		SELECT name FROM bare`, names)
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
	err = conn.QueryRow(ctx, `SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text`).Scan(&until)
	return dirty, until, named(err)
}

// dropMark ends what takeMarks has begun for a table that is clean now. If a transaction
// from before is still open it may have looked at the mark: then the table keeps one.
func dropMark(ctx context.Context, conn *pgx.Conn, marks, table, until string) error {
	var ended bool
	err := conn.QueryRow(ctx, `SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >=
		$1::text::pg_catalog.xid8`, until).Scan(&ended)
	if err != nil || !ended {
		return named(err)
	}
	_, err = conn.Exec(ctx, `DELETE FROM `+marks+` WHERE name = $1`, pending+table)
	return named(err)
}
