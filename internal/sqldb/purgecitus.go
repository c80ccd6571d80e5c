package sqldb

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/liste-elettorali/anpr/electoral/erasure"
)

// VACUUM of a table that Citus has spread looks at each of its parts and says nothing of
// what it had to keep. So each part is purged on its node, as a table that it is there.

// A cluster has the sessions of a purge on the nodes.
type cluster struct {
	parts map[string][]tablePart // of each table that is spread
	open  map[string]*serverPurge
	lost  map[string]bool // nodes that do not answer
}

// A tablePart is one part of a table, with its name as the node's statements have it.
type tablePart struct {
	Host string
	Port int64
	Ref  string
}

func (t tablePart) node() string { return net.JoinHostPort(t.Host, strconv.FormatInt(t.Port, 10)) }

func (c *cluster) close(ctx context.Context) {
	if c == nil {
		return
	}
	for _, p := range c.open {
		_ = p.conn.Close(ctx)
	}
}

func (c *cluster) connections() (list []*pgx.Conn) {
	if c == nil {
		return nil
	}
	for _, p := range c.open {
		list = append(list, p.conn)
	}
	return list
}

// partsText lists the parts of a table. A part that has been moved is not among them.
const partsText = `SELECT n.nodename, n.nodeport::bigint, shard_name(s.logicalrelid, s.shardid)
	FROM pg_dist_shard s JOIN pg_dist_placement l USING (shardid) JOIN pg_dist_node n USING (groupid)
	WHERE s.logicalrelid = $1::text::regclass AND n.noderole = 'primary' ORDER BY 1, 2, 3`

// findNodes finds out which tables are spread, and where.
func (p *serverPurge) findNodes(ctx context.Context) error {
	is, err := hasCitus(ctx, p.conn)
	if err != nil || !is {
		return err
	}
	c := &cluster{parts: map[string][]tablePart{}, open: map[string]*serverPurge{}, lost: map[string]bool{}}
	for _, name := range p.job.Tables {
		rows, err := p.conn.Query(ctx, partsText, p.e.names.table(name))
		if err != nil {
			return named(err)
		}
		parts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[tablePart])
		if err != nil {
			return named(err)
		}
		if len(parts) > 0 {
			c.parts[name] = parts
		}
	}
	if len(c.parts) == 0 {
		return nil
	}
	p.nodes = c
	return p.moved(ctx)
}

// moved lets the cluster drop the parts that it has moved to another node, and tells
// which stay: they hold what they held.
func (p *serverPurge) moved(ctx context.Context) error {
	// Who may not, or comes while a move is going on, is told by what stays.
	_ = script(ctx, p.conn, "CALL citus_cleanup_orphaned_resources()")
	rows, err := p.conn.Query(ctx, `SELECT n.nodename, n.nodeport::bigint, c.object_name
		FROM pg_dist_cleanup c JOIN pg_dist_node n ON n.groupid = c.node_group_id
		WHERE c.object_type = 1 AND n.noderole = 'primary' ORDER BY 1, 2, 3`)
	if err != nil {
		return named(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[tablePart])
	if err != nil {
		return named(err)
	}
	for _, part := range list {
		for _, name := range p.job.Tables {
			if strings.HasPrefix(strings.ReplaceAll(part.Ref, `"`, ""), p.e.names.schema+"."+name+"_") && !p.current(part) {
				p.stays(erasure.Stay{Table: name, Node: part.node(), Reason: erasure.Orphaned})
			}
		}
	}
	return nil
}

// stays notes once what concerns any number of a table's parts on a node.
func (p *serverPurge) stays(s erasure.Stay) {
	same := func(o erasure.Stay) bool { return o.Table == s.Table && o.Node == s.Node && o.Reason == s.Reason }
	if !slices.ContainsFunc(p.report.Stays, same) {
		p.report.Stays = append(p.report.Stays, s)
	}
}

// current reports whether a part is in use: one that is being moved is noted as what will
// have to be dropped if that fails.
func (p *serverPurge) current(part tablePart) bool {
	for _, parts := range p.nodes.parts {
		for _, one := range parts {
			if one == part {
				return true
			}
		}
	}
	return false
}

// spreadTable purges the parts of a table, if it has any, node by node.
func (p *serverPurge) spreadTable(ctx context.Context, name string) (spread bool, sum erasure.Table, err error) {
	sum.Name = name
	if p.nodes == nil || p.nodes.parts[name] == nil {
		return false, sum, nil
	}
	for _, part := range p.nodes.parts[name] {
		n, err := p.on(ctx, part)
		if err != nil {
			return true, sum, err
		}
		if n == nil {
			p.stays(erasure.Stay{Table: name, Node: part.node(), Reason: erasure.Unreachable})
			continue
		}
		t := &tablePurge{p: n, conn: n.conn, guard: p.conn, name: name, ref: part.Ref, table: erasure.Table{Name: name}}
		err = t.run(ctx)
		sum.Pages, sum.Rows, sum.Locks = sum.Pages+t.table.Pages, sum.Rows+t.table.Rows, sum.Locks+t.table.Locks
		sum.LongestLock, sum.MostRows = max(sum.LongestLock, t.table.LongestLock), max(sum.MostRows, t.table.MostRows)
		if err != nil {
			return true, sum, fmt.Errorf("on node %s: %w", part.node(), err)
		}
	}
	return true, sum, nil
}

// on returns the session on a node, nil if the node does not answer.
func (p *serverPurge) on(ctx context.Context, part tablePart) (*serverPurge, error) {
	name := part.node()
	if n := p.nodes.open[name]; n != nil {
		return n, nil
	}
	if p.nodes.lost[name] {
		return nil, nil
	}
	n := &serverPurge{e: p.e, job: p.job, budget: p.budget, report: p.report, node: name}
	n.dial = func(ctx context.Context, notice pgconn.NoticeHandler) (*pgx.Conn, error) {
		conn, err := p.e.ownOn(ctx, part.Host, uint16(part.Port), notice)
		if err != nil {
			return nil, err
		}
		// The parts are hidden from who does not ask for them.
		if err := script(ctx, conn, "SET statement_timeout = 0; SET search_path = pg_catalog; "+
			"SET citus.override_table_visibility = off"); err != nil {
			_ = conn.Close(context.WithoutCancel(ctx))
			return nil, err
		}
		return conn, nil
	}
	var err error
	if n.conn, err = n.dial(ctx, n.dead.notice); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		p.nodes.lost[name] = true
		return nil, nil
	}
	p.nodes.open[name] = n
	if err := n.fits(ctx); err != nil {
		return nil, fmt.Errorf("node %s: %w", name, err)
	}
	return n, nil
}
