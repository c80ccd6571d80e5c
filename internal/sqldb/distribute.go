package sqldb

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Spread says how Citus distributes a table: by the values of a column, those of one
// value on one node. Tables with the same kind of column lie together.
type Spread struct {
	Table, Column string
}

// ErrNotCitus is wrapped when a database has no Citus, or is not its coordinator.
var ErrNotCitus = errors.New("sqldb: the database is not the coordinator of a Citus cluster")

// Distribute spreads the tables of a part over the nodes of a Citus cluster: those that
// are not spread yet, in their order, each with its rows in a transaction that keeps
// writers of the table out. What a table of ours has besides, for which Citus has no
// command (statistics, storage), it brings to all parts of the spread tables. It may be
// called again, and after an interruption goes on. The database is the cluster's
// coordinator, where schema_migrations and the marks of the purge stay.
//
// [DB.MigrateFrom] calls it if a table of the part is spread already.
func (db *DB) Distribute(ctx context.Context, p Part) error {
	e, ok := db.engine.(*postgres)
	if !ok {
		return fmt.Errorf("%w: %w on SQLite", ErrNotCitus, errors.ErrUnsupported)
	}
	if err := db.Check(ctx, p); err != nil {
		return err
	}
	conn, err := e.own(ctx, nil)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	d := &distributing{names: e.names, conn: conn}
	if err := d.coordinator(ctx); err != nil {
		return err
	}
	e.names.spread.Store(true) // some are in any case
	return d.run(ctx, p)
}

// distributing is one run of Distribute.
type distributing struct {
	names *names
	conn  *pgx.Conn
}

// coordinator refuses what is not one.
func (d *distributing) coordinator(ctx context.Context) error {
	is, err := hasCitus(ctx, d.conn)
	if err != nil {
		return err
	}
	if !is {
		return fmt.Errorf("%w: CREATE EXTENSION citus there, and in the same database of each node", ErrNotCitus)
	}
	var here, nodes int
	const question = `SELECT count(*) FILTER (WHERE groupid = (SELECT groupid FROM pg_dist_local_group)
		AND groupid <> 0), count(*) FILTER (WHERE isactive AND shouldhaveshards) FROM pg_dist_node`
	switch err := d.conn.QueryRow(ctx, question).Scan(&here, &nodes); {
	case err != nil:
		return named(err)
	case here > 0:
		return fmt.Errorf("%w: it is a worker: name the coordinator in the connection string", ErrNotCitus)
	case nodes == 0:
		return fmt.Errorf("%w: it has no active node: citus_add_node", ErrNotCitus)
	}
	return nil
}

func hasCitus(ctx context.Context, conn *pgx.Conn) (is bool, err error) {
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'citus')`).Scan(&is)
	return is, named(err)
}

// spreadText tells by which column a table is spread; empty if it is not.
const spreadText = `SELECT COALESCE((SELECT pg_catalog.column_to_column_name(logicalrelid, partkey)
	FROM pg_catalog.pg_dist_partition WHERE logicalrelid = $1::text::regclass AND partmethod = 'h'), '')`

func (d *distributing) run(ctx context.Context, p Part) error {
	// What is called is PostgreSQL's and Citus's own. Two at once wait for each other, until
	// the session ends.
	if err := script(ctx, d.conn, fmt.Sprintf("SET search_path = pg_catalog; SET statement_timeout = 0; "+
		"SELECT pg_advisory_lock(%d, %d)", migrationLock, int32(crc32.ChecksumIEEE([]byte(d.names.schema))))); err != nil {
		return err
	}
	first := map[string]string{} // the table of a column beside which others lie
	for _, s := range p.Spread {
		ref := d.names.table(s.Table)
		by, err := scalar[string](ctx, d.conn, spreadText, ref)
		switch {
		case err != nil:
			return fmt.Errorf("sqldb: distribution of table %s: %w", s.Table, err)
		case by == "":
			if err := d.spread(ctx, ref, s.Column, first[s.Column]); err != nil {
				return fmt.Errorf("sqldb: distribution of table %s by %s: %w", s.Table, s.Column, err)
			}
		case by != s.Column:
			return fmt.Errorf("%w: table %s is distributed by %s: expected %s", ErrBadSchema, s.Table, by, s.Column)
		}
		if first[s.Column] == "" {
			first[s.Column] = ref
		}
		if err := d.align(ctx, ref); err != nil {
			return fmt.Errorf("sqldb: distribution of table %s: %w", s.Table, err)
		}
	}
	return nil
}

// spread distributes one table, and takes away what of its rows is left here.
func (d *distributing) spread(ctx context.Context, ref, column, beside string) error {
	where := ""
	if beside != "" {
		where = ", colocate_with => '" + strings.ReplaceAll(beside, "'", "''") + "'"
	}
	name := "'" + strings.ReplaceAll(ref, "'", "''") + "'"
	text := "BEGIN; SELECT create_distributed_table(" + name + ", '" + column + "'" + where + "); COMMIT"
	if err := script(ctx, d.conn, text); err != nil {
		return errors.Join(err, script(context.WithoutCancel(ctx), d.conn, "ROLLBACK"))
	}
	return script(ctx, d.conn, "SELECT truncate_local_data_after_distributing_table("+name+")")
}

// alignText writes what the parts of a table have to be told so that their columns are
// as those of the table here.
const alignText = `SELECT COALESCE('ALTER TABLE %s ' || pg_catalog.string_agg(
		pg_catalog.format('ALTER %I SET STATISTICS %s, ALTER %I SET STORAGE %s', attname,
			COALESCE(attstattarget, -1), attname, CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
			WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END), ', ' ORDER BY attnum), '')
	FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
	WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND (attstattarget >= 0
		OR attstorage <> t.typstorage)`

// align brings statistics targets and storage to the parts of a table: Citus passes on
// neither when a table is altered.
func (d *distributing) align(ctx context.Context, ref string) error {
	text, err := scalar[string](ctx, d.conn, alignText, ref)
	if err != nil || text == "" {
		return err
	}
	var failed int
	var reason string
	err = d.conn.QueryRow(ctx, `SELECT count(*), COALESCE(min(result), '')
		FROM run_command_on_placements($1::text::regclass, $2) WHERE NOT success`, ref, text).Scan(&failed, &reason)
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of its parts could not be altered: %s", failed, reason)
	}
	return named(err)
}

// local are the statements of a migration that Citus does not pass on.
var local = regexp.MustCompile(`(?s)ALTER TABLE \{\w+\}\s+ALTER \w+ SET ST(?:ATISTICS|ORAGE)[^;]*;`)

// undistributed returns the statements of a migration for tables that are spread: one by
// one, since Citus sends a node all that came with one. What it has no command for alters
// the table here alone, for [distributing.align] to bring it to the nodes.
func undistributed(text string) []string {
	return split("SET LOCAL citus.multi_shard_modify_mode = 'sequential';\n" + local.ReplaceAllString(text,
		"SET LOCAL citus.enable_ddl_propagation = off;\n$0\nSET LOCAL citus.enable_ddl_propagation = on;\n"))
}

// split returns the statements of a script. A semicolon in a literal, in a name in
// quotes or in a comment to the end of the line ends none; no script of ours has other
// quotes or comments.
func split(script string) (list []string) {
	begin, within := 0, byte(0)
	for i := range len(script) {
		switch c := script[i]; {
		case within == '\n' && c == '\n', within != '\n' && within != 0 && c == within:
			within = 0
		case within != 0:
		case c == '\'' || c == '"':
			within = c
		case c == '-' && i+1 < len(script) && script[i+1] == '-':
			within = '\n'
		case c == ';':
			list = append(list, script[begin:i])
			begin = i + 1
		}
	}
	return append(list, script[begin:])
}

// isSpread reports whether a table of the part is spread by Citus.
func isSpread(ctx context.Context, q Querier, n *names, tables []Spread) (bool, error) {
	if q.Dialect() == SQLite || len(tables) == 0 {
		return false, nil
	}
	var citus bool
	if err := One(ctx, q, []any{&citus},
		`SELECT pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL`); err != nil || !citus {
		return false, err
	}
	var list []string
	for _, s := range tables {
		list = append(list, n.table(s.Table))
	}
	var count int64
	err := One(ctx, q, []any{&count}, `SELECT count(*) FROM pg_catalog.pg_dist_partition
		WHERE logicalrelid = ANY (SELECT pg_catalog.to_regclass(v) FROM pg_catalog.unnest($1::text[]) AS v)
			AND partmethod = 'h'`, list)
	return count > 0, err
}
