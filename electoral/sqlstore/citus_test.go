package sqlstore_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// openCitus opens the schema of a test with its tables spread over a cluster.
func openCitus(t testing.TB, dsn string) *sqlstore.DB {
	t.Helper()
	c := sqlstore.PostgresConfig{DSN: elsewhere(t, dsn)}
	require.NoError(t, c.Migrate(t.Context()))
	require.NoError(t, c.Distribute(t.Context()))
	db, err := c.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestCitus(t *testing.T) {
	electoraltest.TestStore(t, func(t *testing.T) registry.Store { return openCitus(t, testenv.Citus(t)).Store() })
}

func TestCitusPopulation(t *testing.T) {
	testPopulation(t, func(t *testing.T) *sqlstore.DB { return openCitus(t, testenv.Citus(t)) })
}

// nodes runs a statement on each node of the cluster and returns what it yields.
func nodes(t testing.TB, conn *pgx.Conn, text string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT result FROM run_command_on_all_nodes($1)`, text)
	require.NoError(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return list
}

// TestCitusPurge: nil means that no node has earlier values in its files.
func TestCitusPurge(t *testing.T) {
	dsn := testenv.Citus(t)
	conn := connect(t, dsn)
	var dirs []string
	for _, dir := range nodes(t, conn, `SELECT current_setting('data_directory')`) {
		if _, err := os.ReadDir(dir); err != nil {
			testenv.Need(t, fmt.Sprintf("Citus whose files can be read (%v)", err))
		}
		dirs = append(dirs, filepath.Join(dir, "base"))
	}
	require.Greater(t, len(dirs), 2)
	purge(t, opener{dsn, openCitus}, strings.Join(dirs, string(os.PathListSeparator)), true, true, func() {
		nodes(t, conn, "CHECKPOINT")
	})
}

// TestCitusPurgeStays: who may read earlier values on one node is named, with the node.
func TestCitusPurgeStays(t *testing.T) {
	dsn, ctx := testenv.Citus(t), t.Context()
	db := openCitus(t, dsn)
	clean(t, db)
	replaced(t, db)
	old := named(t, dsn, "estrazione")
	run(t, old, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM electors WHERE comune = 'A074'")
	replaced(t, db)
	report, err := db.Purge(ctx, briefly())
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	s := stay(t, report, "electors")
	require.Equal(t, erasure.OldSnapshot, s.Reason)
	require.NotEmpty(t, s.Blockers)
	var node string
	require.NoError(t, connect(t, dsn).QueryRow(ctx, `SELECT n.nodename || ':' || n.nodeport FROM pg_dist_placement p
		JOIN pg_dist_node n USING (groupid)
		WHERE p.shardid = get_shard_id_for_distribution_column('electors', 'A074')`).Scan(&node))
	require.Equal(t, node, s.Node)
	require.ErrorContains(t, err, node)
	run(t, old, "COMMIT")
	clean(t, db)
}

// TestCitusPurgeMoved: what a move to another node has left behind goes with a purge.
func TestCitusPurgeMoved(t *testing.T) {
	dsn, ctx := testenv.Citus(t), t.Context()
	db, conn := openCitus(t, dsn), connect(t, dsn)
	replaced(t, db)
	run(t, conn, `SELECT citus_move_shard_placement(p.shardid, n.nodename, n.nodeport, o.nodename, o.nodeport, 'block_writes')
		FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid), LATERAL (SELECT nodename, nodeport FROM pg_dist_node
			WHERE noderole = 'primary' AND shouldhaveshards AND groupid <> p.groupid LIMIT 1) AS o
		WHERE p.shardid = get_shard_id_for_distribution_column('electors', 'A074')`)
	clean(t, db)
	var left int
	require.NoError(t, conn.QueryRow(ctx, `SELECT count(*) FROM pg_dist_cleanup
		WHERE object_name LIKE current_schema() || '.%'`).Scan(&left))
	require.Zero(t, left)
	require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
		_, home, err := r.Elector(ctx, "1")
		require.Equal(t, "A074", home)
		return err
	}))
}

// TestCitusMigrate: tables that are spread stay so in each migration.
func TestCitusMigrate(t *testing.T) {
	dsn, ctx := testenv.Citus(t), t.Context()
	c := sqlstore.PostgresConfig{DSN: elsewhere(t, dsn)}
	require.ErrorIs(t, c.Distribute(ctx), sqlstore.ErrNotMigrated)
	old := migratedTo(t, dsn, "0002", sqldb.OpenPostgres)
	list := electoraltest.SamplePersons()
	putOld(t, old, list)
	conn := connect(t, dsn)
	run(t, conn, "SELECT create_distributed_table(t, 'comune') FROM unnest(ARRAY['comune_locks', 'sections', 'electors', "+
		"'enrolments', 'persons']::regclass[]) AS t", "SELECT create_distributed_table('elector_routes', 'anpr_id')",
		"SELECT create_distributed_table('person_routes', 'anpr_id')",
		"SELECT create_distributed_table('person_codes', 'fiscal_code')")
	require.NoError(t, c.Migrate(ctx))
	require.NoError(t, c.Distribute(ctx), "again")
	var spread int
	require.NoError(t, conn.QueryRow(ctx, `SELECT count(*) FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
		WHERE c.relnamespace = current_schema()::regnamespace AND p.partmethod = 'h'`).Scan(&spread))
	require.Equal(t, 11, spread)
	// No node keeps statistics of what says something of a person, nor another storage.
	rows, err := conn.Query(ctx, `SELECT result FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid,
		run_command_on_placements(p.logicalrelid, $1) AS r WHERE c.relnamespace = current_schema()::regnamespace`,
		`SELECT count(*) FILTER (WHERE attname IN ('surname', 'filler', 'body', 'senate_constituency', 'anpr_id') AND attstattarget <> 0)
			+ count(*) FILTER (WHERE attname = 'filler' AND attstorage <> 'p') FROM pg_attribute WHERE attrelid = '%s'::regclass AND attnum > 0`)
	require.NoError(t, err)
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(left), 40)
	for _, n := range left {
		require.Equal(t, "0", n)
	}
	db, err := c.Open(ctx)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	for _, p := range list {
		got, err := db.Population().ByANPRID(ctx, p.ANPRID)
		require.NoError(t, err)
		require.Equal(t, p.Surname, got.Surname)
	}
	clean(t, db)
}

// TestCitusTwice: several programs that distribute at once wait for each other.
func TestCitusTwice(t *testing.T) {
	c := sqlstore.PostgresConfig{DSN: testenv.Citus(t)}
	require.NoError(t, c.Migrate(t.Context()))
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { assert.NoError(t, c.Distribute(t.Context())) })
	}
	all.Wait()
}

// TestCitusOther refuses what is no cluster.
func TestCitusOther(t *testing.T) {
	dsn := testenv.Postgres(t)
	c := sqlstore.PostgresConfig{DSN: dsn}
	require.NoError(t, c.Migrate(t.Context()))
	require.ErrorIs(t, c.Distribute(t.Context()), sqlstore.ErrNotCitus)
}

// TestCitusMoves reads persons and lists while the persons move from comune to comune:
// whoever is looked for is found, in a list of the comune where he is then.
func TestCitusMoves(t *testing.T) {
	db, ctx := openCitus(t, testenv.Citus(t)), t.Context()
	comuni := []string{"A074", "F205", "H501", "L219"}
	seed := testenv.Seed(t, 1)
	put := func(id, comune string) {
		e := electoral.Elector{ANPRID: id, Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: comune, Section: "1"}}
		assert.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error { return w.PutElector(ctx, comune, e) }))
	}
	ids := make([]string, 6)
	for i := range ids {
		ids[i] = strconv.Itoa(100 + i)
		put(ids[i], comuni[0])
	}
	var movers, readers sync.WaitGroup
	var moved atomic.Bool
	reads := make([]int, 4)
	for m := range 2 {
		movers.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(m)))
			for range 150 {
				put(ids[r.IntN(len(ids))], comuni[r.IntN(len(comuni))])
			}
		})
	}
	for m := range reads {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(10+m)))
			for ; !moved.Load(); reads[m]++ {
				assert.NoError(t, db.Store().View(ctx, func(v registry.Reader) error {
					id := ids[r.IntN(len(ids))]
					e, home, err := v.Elector(ctx, id)
					if err == nil && (e.ANPRID != id || e.General == nil || e.General.Comune != home) {
						err = fmt.Errorf("%s at %s: %+v", id, home, e)
					}
					if err != nil {
						return err
					}
					at := comuni[r.IntN(len(comuni))]
					for e, err := range v.Enrolled(ctx, electoral.GeneralList, at, "") {
						if err != nil {
							return err
						}
						if e.General.Comune != at {
							return fmt.Errorf("%s in the list of %s: %+v", e.ANPRID, at, e)
						}
					}
					return nil
				}))
			}
		})
	}
	movers.Wait()
	moved.Store(true)
	readers.Wait()
	t.Logf("reads %v", reads)
}
