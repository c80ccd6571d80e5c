package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// hostTables are what a vendor's database has in public, with names like ours.
const hostTables = `
	CREATE TABLE public.schema_migrations (version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL);
	INSERT INTO public.schema_migrations VALUES (42, false);
	CREATE TABLE public.persons (id SERIAL PRIMARY KEY, cf TEXT); INSERT INTO public.persons (cf) VALUES ('X');
	CREATE TABLE public.records (id INT); INSERT INTO public.records VALUES (7);
	CREATE TABLE public.sections (id INT); CREATE TABLE public.electors (id INT);
	CREATE TABLE public.enrolments (id INT); CREATE TABLE public.operations (id INT);
	CREATE TABLE public.elector_routes (id INT); CREATE TABLE public.record_routes (id INT);
	CREATE TABLE public.person_routes (id INT); CREATE TABLE public.person_codes (id INT);
	CREATE TABLE public.comune_locks (id INT); CREATE SCHEMA e3;`

// run runs statements as the user of a connection.
func run(t testing.TB, conn *pgx.Conn, texts ...string) {
	t.Helper()
	for _, text := range texts {
		_, err := conn.PgConn().Exec(t.Context(), text).ReadAll()
		require.NoError(t, err, text)
	}
}

// purged purges until the server does not analyse a table at this moment.
func purged(t testing.TB, db *sqlstore.DB) {
	t.Helper()
	_, err := db.Purge(t.Context(), erasure.Config{})
	for errors.Is(err, sqlstore.ErrPurgeBlocked) {
		_, err = db.Purge(t.Context(), erasure.Config{})
	}
	require.NoError(t, err)
}

// catalogue lists every schema and relation that is not PostgreSQL's, with its columns.
func catalogue(t testing.TB, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT 'schema ' || nspname || ' of ' || nspowner::text FROM pg_namespace
			WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
		UNION ALL SELECT c.oid::text || ' ' || n.nspname || '.' || c.relname || ' (' ||
				COALESCE(string_agg(a.attname, ' ' ORDER BY attnum), '') || ')'
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
			WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' GROUP BY c.oid, n.nspname, c.relname
		ORDER BY 1`)
	require.NoError(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return list
}

// use writes and reads what touches every table.
func use(t testing.TB, db *sqlstore.DB) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, change(ctx, db))
	require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
		e, home, err := r.Elector(ctx, "1")
		require.NoError(t, err)
		require.Equal(t, "E388", home)
		require.Equal(t, electoraltest.SampleElector("1", "E388", "1"), e)
		records := 0
		for _, err := range r.Records(ctx, registry.RecordSearch{Subject: "1", Book: registry.LoadBook}) {
			require.NoError(t, err)
			records++
		}
		require.Equal(t, 1, records)
		p, err := db.Population().ByANPRID(ctx, electoraltest.SamplePersons()[0].ANPRID)
		require.Equal(t, electoraltest.SamplePersons()[0], p)
		return err
	}))
}

func change(ctx context.Context, db *sqlstore.DB) error {
	err := db.Store().Update(ctx, func(w registry.Writer) error {
		if err := w.PutSection(ctx, electoraltest.SampleSection("E388", "1")); err != nil {
			return err
		}
		if err := w.Note(ctx, registry.JournalEntry{Comune: "E388", ANPRID: "1", At: loaded,
			Operation: electoral.OpLoad}); err != nil {
			return err
		}
		if err := w.PutRecord(ctx, registry.Record{Comune: "E388", Book: registry.LoadBook, ID: "1", Subject: "1",
			At: loaded}); err != nil {
			return err
		}
		return w.PutElector(ctx, "E388", electoraltest.SampleElector("1", "E388", "1"))
	})
	if err != nil {
		return err
	}
	_, err = db.Population().Put(ctx, persons(electoraltest.SamplePersons()...))
	return err
}

// TestBesideHost opens a vendor's database, by a string and on a pool of his, that has
// tables of our names in public and a search_path of its own: nothing of his changes.
func TestBesideHost(t *testing.T) {
	for _, name := range []string{"string", "pool"} {
		t.Run(name, func(t *testing.T) {
			dsn := testenv.PostgresDatabase(t) + "&search_path=e3,public"
			conn := connect(t, dsn)
			run(t, conn, hostTables)
			before := catalogue(t, conn)
			c := sqlstore.PostgresConfig{DSN: dsn}
			if name == "pool" {
				pool, err := pgxpool.New(t.Context(), dsn)
				require.NoError(t, err)
				t.Cleanup(pool.Close)
				c = sqlstore.PostgresConfig{Pool: pool, Schema: "anpr"}
			}
			_, err := c.Open(t.Context())
			require.ErrorIs(t, err, sqlstore.ErrNotMigrated)
			require.Equal(t, before, catalogue(t, conn), "Open makes nothing")
			require.NoError(t, c.Migrate(t.Context()))
			db, err := c.Open(t.Context())
			require.NoError(t, err)
			use(t, db)
			purged(t, db)
			var ours []string
			for _, line := range catalogue(t, conn) {
				if !slices.Contains(before, line) {
					ours = append(ours, line)
					require.Regexp(t, `^(schema anpr |\d+ anpr\.)`, line)
				}
			}
			require.Greater(t, len(ours), 12)
			var persons, records, version int
			require.NoError(t, conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM public.persons),
				(SELECT count(*) FROM public.records), (SELECT version FROM public.schema_migrations)`).Scan(&persons, &records,
				&version))
			require.Equal(t, []int{1, 1, 42}, []int{persons, records, version})
			require.NoError(t, db.Close())
			if c.Pool != nil {
				require.NoError(t, c.Pool.Ping(t.Context()), "the pool stays open")
			}
		})
	}
}

// TestRefused holds what is in the way to its error, and the database to be as before.
func TestRefused(t *testing.T) {
	type refusal struct {
		name    string
		prepare string // {role} is a role that owns nothing, {schema} a schema
		schema  string
		asRole  bool
		want    error
		says    string
		open    bool // Open says the same
	}
	const old = "CREATE SCHEMA {schema};"
	for _, c := range []refusal{
		{name: "another record of migrations", schema: "public", prepare: hostTables, want: sqlstore.ErrBadSchema,
			says: "its columns are dirty, version", open: true},
		{name: "a table of our name", prepare: old + "CREATE TABLE {schema}.persons (id INT)", want: sqlstore.ErrBadSchema,
			says: "already has persons"},
		{name: "an index of our name", prepare: old + "CREATE TABLE {schema}.x (id INT);" +
			"CREATE INDEX persons_birth ON {schema}.x (id)",
			want: sqlstore.ErrBadSchema, says: "already has persons_birth"},
		{name: "a view of our name", prepare: old + "CREATE VIEW {schema}.records AS SELECT 1", want: sqlstore.ErrBadSchema,
			says: "already has records"},
		{name: "half-made", prepare: old + "{made}; DROP TABLE {schema}.persons, {schema}.records",
			want: sqlstore.ErrBadSchema, says: "counts 5 migrations and has no persons, records", open: true},
		{name: "no record", prepare: old + "{made}; DROP TABLE {schema}.schema_migrations", want: sqlstore.ErrBadSchema,
			says: "already has comune_locks, sections, electors"},
		{name: "newer", prepare: old + "{made}; INSERT INTO {schema}.schema_migrations VALUES ('electoral', 99, 'x', 'x')",
			says: "is at version 99, this program knows 7: use a newer program", open: true},
		{name: "no right to make a schema", prepare: "", asRole: true, want: sqlstore.ErrDenied,
			says: "AUTHORIZATION \"{role}\""},
		{name: "no right in the schema", prepare: old + "GRANT USAGE ON SCHEMA {schema} TO {role}", asRole: true,
			want: sqlstore.ErrDenied, says: "GRANT CREATE, USAGE ON SCHEMA"},
		{name: "not even to look", prepare: old, asRole: true, want: sqlstore.ErrDenied, says: "GRANT USAGE ON SCHEMA",
			open: true},
		{name: "not the owner", prepare: old + "{old}; GRANT CREATE, USAGE ON SCHEMA {schema} TO {role};" +
			"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role}", asRole: true, want: sqlstore.ErrDenied,
			says: "belongs to role"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dsn := testenv.PostgresDatabase(t)
			role, as := testenv.PostgresRole(t, dsn)
			if c.schema == "" {
				c.schema = "di_altri"
			}
			conn := connect(t, dsn)
			prepare := strings.NewReplacer("{made}", byHand(t, c.schema, 5), "{old}", byHand(t, c.schema, 3), "{schema}",
				c.schema, "{role}", role).Replace(c.prepare)
			run(t, conn, prepare)
			before := catalogue(t, conn)
			config := sqlstore.PostgresConfig{DSN: dsn, Schema: c.schema}
			if c.asRole {
				config.DSN = as
			}
			err := config.Migrate(t.Context())
			require.ErrorContains(t, err, strings.ReplaceAll(c.says, "{role}", role))
			require.ErrorContains(t, err, c.schema)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.Equal(t, before, catalogue(t, conn), "nothing is half-made")
			_, openErr := config.Open(t.Context())
			require.Error(t, openErr)
			if c.open {
				require.Equal(t, err.Error(), openErr.Error())
			} else {
				require.ErrorIs(t, openErr, sqlstore.ErrNotMigrated)
			}
			require.Equal(t, before, catalogue(t, conn))
		})
	}
}

// byHand returns the first migrations as a tool of a vendor runs them.
func byHand(t testing.TB, schema string, last int) string {
	t.Helper()
	files := sqlstore.Migrations()
	list, err := fs.Glob(files, "migrations/postgres/*.sql")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(list), last)
	name := regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)
	var all strings.Builder
	for _, file := range list[:last] {
		text, err := fs.ReadFile(files, file)
		require.NoError(t, err)
		all.WriteString(name.ReplaceAllString(string(text), pgx.Identifier{schema}.Sanitize()+`."$1"`) + "\n")
	}
	return strings.TrimSuffix(strings.TrimSpace(all.String()), ";")
}

// TestMigrationsByHand: what a tool makes of the scripts is what Migrate makes, in a
// schema of any name.
func TestMigrationsByHand(t *testing.T) {
	dsn := testenv.PostgresDatabase(t)
	conn := connect(t, dsn)
	const strange = `Anagrafe "2" – è`
	run(t, conn, "CREATE SCHEMA "+pgx.Identifier{strange}.Sanitize(), byHand(t, strange, 4))
	c := sqlstore.PostgresConfig{DSN: dsn, Schema: strange}
	_, err := c.Open(t.Context())
	require.ErrorIs(t, err, sqlstore.ErrNotMigrated)
	require.ErrorContains(t, err, "has version 4 of electoral, this program needs 7: call Migrate")
	require.ErrorContains(t, err, "0005_section_kind.sql")
	run(t, conn, "DROP SCHEMA "+pgx.Identifier{strange}.Sanitize()+" CASCADE",
		"CREATE SCHEMA "+pgx.Identifier{strange}.Sanitize(), byHand(t, strange, 7))
	db, err := c.Open(t.Context())
	require.NoError(t, err)
	use(t, db)
	require.NoError(t, db.Close())
	require.NoError(t, sqlstore.PostgresConfig{DSN: dsn}.Migrate(t.Context()))
	noted := func(schema string) []string {
		rows, err := conn.Query(t.Context(), `SELECT schema || ' ' || version || ' ' || name || ' ' || length(applied_at)
			FROM `+pgx.Identifier{schema, "schema_migrations"}.Sanitize()+` ORDER BY version`)
		require.NoError(t, err)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return list
	}
	require.Equal(t, noted("anpr"), noted(strange))
	require.Len(t, noted(strange), 7)
	require.Equal(t, "electoral 3 0003_books.sql 20", noted(strange)[2])
	columns := func(schema string) []string {
		rows, err := conn.Query(t.Context(), `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' ||
			is_nullable FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1`, schema)
		require.NoError(t, err)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return list
	}
	require.Equal(t, columns("anpr"), columns(strange))
	require.Greater(t, len(columns("anpr")), 80)
}

// TestMigrationsByHandSQLite: likewise, in a file.
func TestMigrationsByHandSQLite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.db")
	db, err := sql.Open("sqlite", "file:"+file)
	require.NoError(t, err)
	defer db.Close()
	list, err := fs.Glob(sqlstore.Migrations(), "migrations/sqlite/*.sql")
	require.NoError(t, err)
	for i, name := range list {
		if i > 0 {
			_, err := sqlstore.SQLiteConfig{File: file}.Open(t.Context())
			require.ErrorIs(t, err, sqlstore.ErrNotMigrated)
			require.ErrorContains(t, err, fmt.Sprintf("has version %d of electoral", i))
		}
		text, err := fs.ReadFile(sqlstore.Migrations(), name)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), regexp.MustCompile(`\{([a-z_]+)\}`).ReplaceAllString(string(text), "$1"))
		require.NoError(t, err)
	}
	opened, err := sqlstore.SQLiteConfig{File: file}.Open(t.Context())
	require.NoError(t, err)
	defer func() { _ = opened.Close() }()
	use(t, opened)
}

// TestGrants: the application does everything but DDL and the purge, the reader reads.
func TestGrants(t *testing.T) {
	dsn := testenv.PostgresDatabase(t)
	owner, asOwner := testenv.PostgresRole(t, dsn)
	app, asApp := testenv.PostgresRole(t, dsn)
	reader, asReader := testenv.PostgresRole(t, dsn)
	grant := func(as, name string, role sqlstore.Role) {
		list, err := sqlstore.Grants("elettorale", name, role)
		require.NoError(t, err)
		run(t, connect(t, as), list...)
	}
	config := func(as string) sqlstore.PostgresConfig {
		return sqlstore.PostgresConfig{DSN: as, Schema: "elettorale"}
	}
	grant(dsn, owner, sqlstore.OwnerRole)
	require.NoError(t, config(asOwner).Migrate(t.Context()))
	_, err := config(asApp).Open(t.Context())
	require.ErrorIs(t, err, sqlstore.ErrDenied)
	// The owner of the tables grants, but the schema is that of who made it.
	run(t, connect(t, dsn), "ALTER SCHEMA elettorale OWNER TO "+owner)
	grant(asOwner, app, sqlstore.ApplicationRole)
	grant(asOwner, reader, sqlstore.ReaderRole)
	require.NoError(t, config(asApp).Migrate(t.Context()), "with nothing to do")

	db, err := config(asApp).Open(t.Context())
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	use(t, db)
	require.NoError(t, db.Store().Update(t.Context(), func(w registry.Writer) error {
		_, err := w.ExpireRecords(t.Context(), "E388", loaded)
		require.NoError(t, err)
		_, err = w.Forget(t.Context(), "E388", loaded)
		require.NoError(t, err)
		return w.RemoveElector(t.Context(), "1")
	}))
	use(t, db)
	_, err = db.Purge(t.Context(), erasure.Config{})
	require.ErrorIs(t, err, sqlstore.ErrDenied)
	purger, err := config(asOwner).Open(t.Context())
	require.NoError(t, err)
	defer func() { _ = purger.Close() }()
	purged(t, purger)
	_, err = connect(t, asApp).Exec(t.Context(), "CREATE TABLE elettorale.x (id INT)")
	require.ErrorContains(t, err, "permission denied")

	var more int
	require.NoError(t, connect(t, dsn).QueryRow(t.Context(), `SELECT count(*) FROM pg_tables, unnest('{INSERT,UPDATE,
		DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p WHERE schemaname = 'elettorale'
		AND has_table_privilege($1, 'elettorale.' || tablename, p)`, reader).Scan(&more))
	require.Zero(t, more, "rights of the reader but to read")
	read, err := config(asReader).Open(t.Context())
	require.NoError(t, err)
	defer func() { _ = read.Close() }()
	require.NoError(t, read.Store().View(t.Context(), func(r registry.Reader) error {
		_, _, err := r.Elector(t.Context(), "1")
		return err
	}))
	_, err = read.Population().ByANPRID(t.Context(), electoraltest.SamplePersons()[0].ANPRID)
	require.NoError(t, err)
	require.ErrorIs(t, change(t.Context(), read), sqlstore.ErrDenied)
	_, err = read.Population().Put(t.Context(), persons(electoraltest.SamplePersons()...))
	require.ErrorIs(t, err, sqlstore.ErrDenied)
	for _, bad := range [][2]string{{"pg_catalog", "x"}, {"a{b}", "x"}, {"", ""}, {strings.Repeat("x", 64), "x"}} {
		_, err := sqlstore.Grants(bad[0], bad[1], sqlstore.ReaderRole)
		require.Error(t, err, bad)
	}
}

// release makes the database of an earlier release: the tables in the first schema of
// search_path, as that release made them.
func release(t testing.TB, conn *pgx.Conn, last int) {
	t.Helper()
	run(t, conn, `CREATE TABLE IF NOT EXISTS schema_migrations (
		schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
		PRIMARY KEY (schema, version))`)
	list, err := filepath.Glob("testdata/release/*.sql")
	require.NoError(t, err)
	for i, file := range list[:last] {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		run(t, conn, string(text))
		_, err = conn.Exec(t.Context(), `INSERT INTO schema_migrations VALUES ('electoral', $1, $2, '2026-01-01T00:00:00Z')`,
			i+1, filepath.Base(file))
		require.NoError(t, err)
	}
	run(t, conn, `INSERT INTO electors (comune, anpr_id, capacity, general_comune, general_section, senate_constituency,
			chamber_constituency) VALUES ('H501', '1', 1, 'A074', '3', '', '');
		INSERT INTO enrolments VALUES ('A074', 'general', '3', '1', 'H501');
		INSERT INTO elector_routes VALUES ('1', 'H501');
		INSERT INTO operations VALUES ('H501', '1', 2000, 'elector-change', ''), ('H501', '1', 1000, 'elector-enrol', 'dynamic'),
			('H501', '0', 2000, 'elector-change', ''), ('A074', '1', 7000, 'elector-enrol', '')`)
}

// TestRelease opens the database of an earlier release where it is, and moves it when
// asked, not before.
func TestRelease(t *testing.T) {
	ctx := t.Context()
	has := func(t testing.TB, c sqlstore.PostgresConfig) {
		db, err := c.Open(ctx)
		require.NoError(t, err)
		require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
			_, home, err := r.Elector(ctx, "1")
			require.Equal(t, "H501", home)
			if err != nil {
				return err
			}
			// Its journal is numbered by the instants.
			var order []string
			for e, err := range r.Journal(ctx, registry.JournalSearch{Comune: "H501"}) {
				require.NoError(t, err)
				order = append(order, fmt.Sprint(e.Seq, " ", e.ANPRID, " ", e.Operation, " ", e.At.UnixMilli(), " ", e.Revision))
			}
			require.Equal(t, []string{"1 1 elector-enrol 1000 dynamic", "2 0 elector-change 2000 ", "2 1 elector-change 2000 "}, order)
			seq, err := r.Sequence(ctx, "H501")
			require.Equal(t, registry.Sequence{Last: 2}, seq)
			return err
		}))
		use2(t, db)
		require.NoError(t, db.Close())
	}
	for _, last := range []int{3, 5} {
		dsn := testenv.PostgresDatabase(t)
		conn := connect(t, dsn)
		release(t, conn, last)
		// Where it is.
		here := sqlstore.PostgresConfig{DSN: dsn, Schema: "public"}
		_, err := here.Open(ctx)
		require.ErrorContains(t, err, fmt.Sprintf("has version %d of electoral, this program needs 7", last))
		stays := testenv.PostgresDatabase(t)
		release(t, connect(t, stays), last)
		require.NoError(t, sqlstore.PostgresConfig{DSN: stays, Schema: "public"}.Migrate(ctx))
		has(t, sqlstore.PostgresConfig{DSN: stays, Schema: "public"})
		run(t, conn, `CREATE TABLE ospite (id INT)`,
			`INSERT INTO schema_migrations VALUES ('certificate_archive', 1, 'x', 'x')`)
		before := catalogue(t, conn)
		to := sqlstore.PostgresConfig{DSN: dsn, MoveFrom: "public"}
		_, err = to.Open(ctx)
		require.ErrorIs(t, err, sqlstore.ErrNotMigrated, "Open does not move")
		// Nobody begins anew beside it by mistake.
		_, err = sqlstore.OpenPostgres(ctx, dsn)
		require.ErrorIs(t, err, sqlstore.ErrBadSchema)
		require.ErrorContains(t, err, `schema "public" of database`)
		require.ErrorContains(t, err, "or as MoveFrom")
		require.Equal(t, before, catalogue(t, conn))
		// What is in the way stops it before anything is moved.
		run(t, conn, `CREATE SCHEMA anpr; CREATE TABLE anpr.persons (id INT)`)
		blocked := catalogue(t, conn)
		require.ErrorIs(t, to.Migrate(ctx), sqlstore.ErrBadSchema)
		require.Equal(t, blocked, catalogue(t, conn))
		run(t, conn, `DROP SCHEMA anpr CASCADE`)
		_, as := testenv.PostgresRole(t, dsn)
		require.ErrorIs(t, sqlstore.PostgresConfig{DSN: as, MoveFrom: "public"}.Migrate(ctx), sqlstore.ErrDenied)
		require.Equal(t, before, catalogue(t, conn))

		require.NoError(t, to.Migrate(ctx))
		has(t, to)
		require.NoError(t, to.Migrate(ctx), "again, with nothing to move")
		var left []string
		for _, line := range catalogue(t, conn) {
			if strings.Contains(line, " public.") {
				left = append(left, strings.Fields(line)[1])
			}
		}
		require.Equal(t, []string{"public.schema_migrations", "public.schema_migrations_pkey", "public.ospite"}, left)
		_, err = here.Open(ctx)
		require.ErrorContains(t, err, "has version 0 of electoral")
		require.ErrorIs(t, sqlstore.PostgresConfig{DSN: dsn, Schema: "x", MoveFrom: "y"}.Migrate(ctx),
			sqlstore.ErrNotMigrated)
		require.NoError(t, here.Migrate(ctx))
		require.ErrorContains(t, to.Migrate(ctx), "nothing is moved", "both have them")
	}
}

// use2 writes beside what an earlier release has written.
func use2(t testing.TB, db *sqlstore.DB) {
	t.Helper()
	require.NoError(t, db.Store().Update(t.Context(), func(w registry.Writer) error {
		return w.PutElector(t.Context(), "A074", electoraltest.SampleElector("2", "A074", "1"))
	}))
}
