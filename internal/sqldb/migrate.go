package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNotMigrated is wrapped when the tables of a database are not there, or are those
// of an older version of the program.
var ErrNotMigrated = errors.New("sqldb: the tables are not migrated")

// ErrBadSchema is wrapped when the tables of a database are not those that the
// migrations make: another program's, or a part of ours.
var ErrBadSchema = errors.New("sqldb: the schema holds other tables than expected")

// A Part is what one package keeps in a database: its tables, with migrations of their
// own. Several parts may stand in one schema.
type Part struct {
	// Name is that of the part in the table schema_migrations.
	Name string
	// Files has the migrations: the files NNNN_name.sql, from 0001 on, in the folder of
	// Dir that is named after the dialect. A script names each table that it makes,
	// and each index that it drops, in braces.
	Files fs.FS
	Dir   string
	// Marks is the table in which on PostgreSQL a transaction notes which tables it has
	// changed, for [DB.Purge]; its key is name. Empty means none.
	Marks string
	// Spread says by which columns [DB.Distribute] spreads the tables. The others stay on
	// the coordinator.
	Spread []Spread
}

// migrator is a transaction that may also run a script of several statements.
type migrator interface {
	Tx
	script(ctx context.Context, text string) error
}

const migrationsName = "schema_migrations"

// migrationsTable is the record of what was applied: the same on both engines. The
// first migration of each part has it too, for those who run it by hand.
const migrationsTable = `CREATE TABLE IF NOT EXISTS {schema_migrations} (
	schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
	PRIMARY KEY (schema, version))`

func migrationsColumns() []string { return []string{"applied_at", "name", "schema", "version"} }

// Migrate applies, in one transaction and in the order of their numbers, the migrations
// of a part that were not applied yet. It makes the schema if there is none. Two
// processes that migrate at once wait for each other; with nothing to apply no lock is
// taken, and no right to write is needed. Before it changes anything it looks for what
// would stop it half-way: a missing right ([ErrDenied]), tables that it did not make
// ([ErrBadSchema]), a version that the program does not know.
func (db *DB) Migrate(ctx context.Context, part string, fsys fs.FS, dir string) error {
	return db.MigrateFrom(ctx, Part{Name: part, Files: fsys, Dir: dir}, "")
}

// MigrateFrom is Migrate that first moves the part's tables from another schema of
// the same PostgreSQL database, in the same transaction, if from is not empty and the
// tables are there. If they are in neither schema it fails, since nothing would be moved.
func (db *DB) MigrateFrom(ctx context.Context, p Part, from string) error {
	files, err := migrations(p, db.dialect)
	if err != nil {
		return fmt.Errorf("sqldb: %w", err)
	}
	m := &migrating{names: db.names, part: p.Name, files: files, wary: db.unnamed && from == "", spread: p.Spread}
	if from != "" {
		if db.dialect != PostgreSQL {
			return fmt.Errorf("sqldb: move from schema %s: %w on SQLite", from, errors.ErrUnsupported)
		}
		if err := fitSchema(from); err != nil {
			return err
		}
		if m.from = newNames(from); from == db.names.schema {
			return fmt.Errorf("sqldb: move from schema %s: it is the one to move to", from)
		}
	}
	if err := db.Lookup(ctx, func(q Querier) error { return m.plan(ctx, q) }); err != nil || !m.needed() {
		db.names.spread.Store(m.isSpread)
		return err
	}
	m.wary = false // an error of the server would end the transaction
	if err := db.engine.migrate(ctx, func(tx migrator) error {
		// Another process may have done it while this one waited.
		if err := m.plan(ctx, tx); err != nil || !m.needed() {
			return err
		}
		return m.run(ctx, tx)
	}); err != nil || !m.isSpread {
		return err
	}
	return db.Distribute(ctx, p)
}

// Check returns an error that wraps [ErrNotMigrated] if migrations of a part were not
// applied, and one that wraps [ErrBadSchema] if their tables are not there. It reads.
func (db *DB) Check(ctx context.Context, p Part) error {
	return db.Lookup(ctx, func(q Querier) error { return check(ctx, q, db.names, p) })
}

func check(ctx context.Context, q Querier, n *names, p Part) error {
	files, err := migrations(p, q.Dialect())
	if err != nil {
		return fmt.Errorf("sqldb: %w", err)
	}
	s, err := inspect(ctx, q, n, p.Name, files)
	if err != nil {
		return err
	}
	if err := s.sound(files); err != nil {
		return err
	}
	spread, err := isSpread(ctx, q, n, p.Spread)
	if err != nil {
		return err
	}
	n.spread.Store(spread)
	if s.version < len(files) {
		return fmt.Errorf("%w: %s has version %d of %s, this program needs %d: call Migrate of the same configuration "+
			"as the owner of the tables, or apply the migrations from %s on", ErrNotMigrated, s.place(), s.version, p.Name,
			len(files), files[s.version].name)
	}
	return nil
}

// migrating is one run of Migrate.
type migrating struct {
	names *names
	from  *names // nil if nothing is moved
	part  string
	files []migration
	wary  bool  // of tables of an earlier release, beside which empty ones would be made
	state state // of the schema
	old   state // of the one to move from, as far as the part is there

	spread   []Spread
	isSpread bool // some of them are, over the nodes of a cluster
}

// plan reads what there is and refuses what cannot be done.
func (m *migrating) plan(ctx context.Context, q Querier) error {
	var err error
	if m.state, err = inspect(ctx, q, m.names, m.part, m.files); err != nil {
		return err
	}
	if err := m.state.sound(m.files); err != nil {
		return err
	}
	if m.from != nil {
		if err := m.planMove(ctx, q); err != nil {
			return err
		}
	}
	there, names := m.state, m.names
	if m.moves() {
		there, names = m.old, m.from
	}
	if m.isSpread, err = isSpread(ctx, q, names, m.spread); err != nil || !m.needed() {
		return err
	}
	if m.wary && m.state.version == 0 {
		if err := m.beware(ctx, q); err != nil {
			return err
		}
	}
	if err := m.state.writable(); err != nil {
		return err
	}
	if err := there.owned(tablesOf(m.files[:there.version])); err != nil {
		return err
	}
	// What is about to be made must not be there.
	var taken []string
	ours := everMade(m.files[:m.state.version])
	for _, name := range everMade(m.files) {
		if _, ok := m.state.relations[name]; ok && !slices.Contains(ours, name) {
			taken = append(taken, name)
		}
	}
	if len(taken) > 0 {
		return fmt.Errorf("%w: %s already has %s, while %s counts %d migrations of %s: these are another program's, or "+
			"were left half-made; name another schema, or rename or drop them", ErrBadSchema, m.state.place(),
			strings.Join(taken, ", "), migrationsName, m.state.version, m.part)
	}
	return nil
}

// beware refuses to begin anew where an earlier release has its tables, which stood in
// the first schema of search_path.
func (m *migrating) beware(ctx context.Context, q Querier) error {
	scan := func(r Rows) (name string, err error) { return name, r.Scan(&name) }
	var schemas []string
	for name, err := range All(ctx, q, scan, `SELECT n.nspname::text FROM pg_catalog.pg_namespace n
		JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid WHERE c.relname = '`+migrationsName+`'
		AND (n.nspname = 'public' OR n.nspname = ANY(pg_catalog.current_schemas(false))) AND n.nspname <> $1 ORDER BY 1`,
		m.names.schema) {
		if err != nil {
			return err
		}
		schemas = append(schemas, name)
	}
	for _, schema := range schemas {
		s, err := inspect(ctx, q, newNames(schema), m.part, m.files)
		if errors.Is(err, ErrDenied) { // what the user cannot read he has not made
			continue
		}
		if err != nil {
			return err
		}
		if s.version > 0 {
			return fmt.Errorf("%w: %s has the tables of %s of an earlier release: name it as the schema, or as MoveFrom to "+
				"move them into %s", ErrBadSchema, s.place(), m.part, m.state.place())
		}
	}
	return nil
}

// planMove reads the schema to move from.
func (m *migrating) planMove(ctx context.Context, q Querier) error {
	var err error
	if m.old, err = inspect(ctx, q, m.from, m.part, m.files); err != nil {
		return err
	}
	switch {
	case m.old.foreign():
		m.old.version = 0
	case m.old.version > 0 && m.state.version > 0:
		return fmt.Errorf("%w: both %s and %s have tables of %s: nothing is moved", ErrBadSchema, m.old.place(),
			m.state.place(), m.part)
	case m.old.version > 0:
		return m.old.sound(m.files)
	}
	if m.old.version == 0 && m.state.version == 0 {
		return fmt.Errorf("%w: neither %s nor %s has tables of %s: there is nothing to move", ErrNotMigrated,
			m.old.place(), m.state.place(), m.part)
	}
	return nil
}

func (m *migrating) moves() bool { return m.from != nil && m.old.version > 0 }

func (m *migrating) needed() bool { return m.moves() || m.state.version < len(m.files) }

// run does what was planned.
func (m *migrating) run(ctx context.Context, tx migrator) error {
	if !m.state.exists {
		if err := tx.script(ctx, `CREATE SCHEMA `+quoted(m.names.schema)); err != nil {
			return fmt.Errorf("sqldb: %s: %w", m.state.place(), err)
		}
	}
	if err := tx.script(ctx, migrationsTable); err != nil {
		return fmt.Errorf("sqldb: %s: %w", m.state.place(), err)
	}
	at := m.state.version
	if m.moves() {
		if err := m.move(ctx, tx); err != nil {
			return fmt.Errorf("sqldb: move from %s to %s: %w", m.old.place(), m.state.place(), err)
		}
		at = m.old.version
	}
	for _, f := range m.files[at:] {
		if err := f.apply(ctx, tx, m.part, m.isSpread); err != nil {
			return fmt.Errorf("sqldb: %s, migration %s of %s: %w", m.state.place(), f.name, m.part, err)
		}
	}
	return nil
}

// move brings the tables of the part, with their indexes, and what is recorded of
// them. The record of another part stays where it is; an empty one goes.
func (m *migrating) move(ctx context.Context, tx migrator) error {
	var b strings.Builder
	for _, name := range tablesOf(m.files[:m.old.version]) {
		b.WriteString("ALTER TABLE " + m.from.table(name) + " SET SCHEMA " + quoted(m.names.schema) + ";\n")
	}
	if err := tx.script(ctx, b.String()); err != nil {
		return err
	}
	record := m.from.table(migrationsName)
	if err := tx.Exec(ctx,
		Statement{`INSERT INTO {schema_migrations} (schema, version, name, applied_at)
			SELECT schema, version, name, applied_at FROM ` + record + ` WHERE schema = $1`, []any{m.part}},
		Statement{`DELETE FROM ` + record + ` WHERE schema = $1`, []any{m.part}}); err != nil {
		return err
	}
	var left int64
	if err := One(ctx, tx, []any{&left}, `SELECT count(*) FROM `+record); err != nil || left > 0 {
		return err
	}
	return tx.script(ctx, `DROP TABLE `+record)
}

type migration struct {
	version int
	name    string
	text    string
}

// migrations reads the migrations of a part, in their order.
func migrations(p Part, d Dialect) ([]migration, error) {
	dir := path.Join(p.Dir, d.String())
	entries, err := fs.ReadDir(p.Files, dir)
	if err != nil {
		return nil, err
	}
	var files []migration
	for _, e := range entries {
		number, _, ok := strings.Cut(e.Name(), "_")
		version, err := strconv.Atoi(number)
		if !ok || err != nil || version < 1 || !strings.HasSuffix(e.Name(), ".sql") {
			return nil, fmt.Errorf("migration %s: expected NNNN_name.sql", e.Name())
		}
		text, err := fs.ReadFile(p.Files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, migration{version, e.Name(), string(text)})
	}
	slices.SortFunc(files, func(a, b migration) int { return cmp.Compare(a.version, b.version) })
	for i, m := range files {
		if m.version != i+1 {
			return nil, fmt.Errorf("migration %s: expected number %d", m.name, i+1)
		}
	}
	if len(files) == 0 {
		return nil, errors.New("no migrations")
	}
	return files, nil
}

var (
	makes = regexp.MustCompile(`(?m)^\s*CREATE (?:TABLE \{(\w+)\}|(?:UNIQUE )?INDEX (\w+) ON)`)
	drops = regexp.MustCompile(`(?m)^\s*DROP (?:TABLE|INDEX) \{(\w+)\}`)
)

// made returns the names of the tables and of the indexes that migrations have made and
// not dropped, in the order in which they were made.
func made(files []migration) (tables, indexes []string) {
	for _, f := range files {
		for _, m := range makes.FindAllStringSubmatch(f.text, -1) {
			if m[1] != "" {
				tables = append(tables, m[1])
			} else {
				indexes = append(indexes, m[2])
			}
		}
		for _, m := range drops.FindAllStringSubmatch(f.text, -1) {
			gone := func(name string) bool { return name == m[1] }
			tables, indexes = slices.DeleteFunc(tables, gone), slices.DeleteFunc(indexes, gone)
		}
	}
	return tables, indexes
}

// tablesOf returns the tables that migrations have made.
func tablesOf(files []migration) []string {
	tables, _ := made(files)
	return tables
}

// everMade returns what migrations make, with what they drop later.
func everMade(files []migration) []string {
	var list []string
	for _, f := range files {
		tables, indexes := made([]migration{f})
		list = append(append(list, tables...), indexes...)
	}
	return list
}

func (m migration) apply(ctx context.Context, tx migrator, part string, spread bool) error {
	statements := []string{m.text}
	if spread {
		statements = undistributed(m.text)
	}
	for _, text := range statements {
		if err := tx.script(ctx, text); err != nil {
			return err
		}
	}
	// Most scripts have noted it themselves.
	return tx.Exec(ctx, Statement{`INSERT INTO {schema_migrations} (schema, version, name, applied_at)
		VALUES ($1, $2, $3, $4) ON CONFLICT (schema, version) DO NOTHING`,
		[]any{part, int64(m.version), m.name, time.Now().UTC().Format(time.RFC3339)}})
}
