package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// state is what a database has of a part, and what its user may do there.
type state struct {
	schema, database, user string // the schema is empty on SQLite
	// exists says whether the schema does. The user may make one, see what is in it,
	// make tables in it.
	exists, makes, sees, creates bool
	relations                    map[string]relation
	columns                      []string // of schema_migrations, in order
	version                      int
}

type relation struct {
	kind  string
	mine  bool
	owner string
}

func (r relation) isTable() bool { return r.kind == "r" || r.kind == "p" }

// inspect reads the catalog, and then the version if the record of migrations is ours.
func inspect(ctx context.Context, q Querier, n *names, part string, files []migration) (state, error) {
	s := state{schema: n.schema, relations: map[string]relation{}}
	read := s.readSQLite
	if q.Dialect() != SQLite {
		read = s.readPostgres
	}
	if err := read(ctx, q, append(everMade(files), migrationsName)); err != nil {
		return s, err
	}
	if _, there := s.relations[migrationsName]; !there || s.foreign() || !s.sees {
		return s, nil
	}
	var version int64
	err := One(ctx, q, []any{&version},
		`SELECT COALESCE(max(version), 0) FROM `+n.table(migrationsName)+` WHERE schema = $1`, part)
	s.version = int(version)
	return s, err
}

func (s *state) readPostgres(ctx context.Context, q Querier, names []string) error {
	if err := One(ctx, q, []any{&s.database, &s.user, &s.exists, &s.sees, &s.creates, &s.makes},
		`SELECT pg_catalog.current_database()::text, current_user::text, n.oid IS NOT NULL,
			COALESCE(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false),
			COALESCE(pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false),
			pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
		FROM (VALUES (1)) AS one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = $1`, s.schema); err != nil {
		return err
	}
	type row struct {
		name string
		relation
	}
	scan := func(r Rows) (v row, err error) { return v, r.Scan(&v.name, &v.kind, &v.mine, &v.owner) }
	for r, err := range All(ctx, q, scan,
		`SELECT c.relname::text, c.relkind::text, pg_catalog.pg_has_role(c.relowner, 'USAGE'),
			pg_catalog.pg_get_userbyid(c.relowner)::text
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname::text = ANY($2)`, s.schema, names) {
		if err != nil {
			return err
		}
		s.relations[r.name] = r.relation
	}
	return s.readColumns(ctx, q, `SELECT a.attname::text FROM pg_catalog.pg_attribute a
		JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = '`+migrationsName+`' AND a.attnum > 0 AND NOT a.attisdropped`, s.schema)
}

func (s *state) readSQLite(ctx context.Context, q Querier, names []string) error {
	s.exists, s.sees, s.creates = true, true, true
	scan := func(r Rows) (v [2]string, err error) { return v, r.Scan(&v[0], &v[1]) }
	for r, err := range All(ctx, q, scan, `SELECT name, type FROM sqlite_schema WHERE `+SQLite.In("name", "$1"),
		SQLite.List(names)) {
		if err != nil {
			return err
		}
		kind := r[1]
		if kind == "table" {
			kind = "r"
		}
		s.relations[r[0]] = relation{kind: kind, mine: true}
	}
	return s.readColumns(ctx, q, `SELECT name FROM pragma_table_info('`+migrationsName+`')`)
}

func (s *state) readColumns(ctx context.Context, q Querier, text string, args ...any) error {
	scan := func(r Rows) (c string, err error) { return c, r.Scan(&c) }
	for c, err := range All(ctx, q, scan, text, args...) {
		if err != nil {
			return err
		}
		s.columns = append(s.columns, c)
	}
	slices.Sort(s.columns)
	return nil
}

// place names the schema, or the file, in an error.
func (s *state) place() string {
	if s.schema == "" {
		return "the file"
	}
	return fmt.Sprintf("schema %q of database %q", s.schema, s.database)
}

// foreign reports whether the record of migrations is another program's.
func (s *state) foreign() bool {
	return len(s.columns) > 0 && !slices.Equal(s.columns, migrationsColumns())
}

// sound refuses a schema that is not what the migrations that it counts have made.
func (s *state) sound(files []migration) error {
	switch {
	case s.exists && !s.sees:
		return fmt.Errorf("%w: role %q may not use %s: GRANT USAGE ON SCHEMA %s", ErrDenied, s.user, s.place(),
			quoted(s.schema))
	case s.foreign():
		return fmt.Errorf("%w: %s has a table %s of another program (its columns are %s): name another schema",
			ErrBadSchema, s.place(), migrationsName, strings.Join(s.columns, ", "))
	case s.version > len(files):
		return fmt.Errorf("sqldb: %s is at version %d, this program knows %d: use a newer program", s.place(), s.version,
			len(files))
	}
	var missing []string
	for _, name := range tablesOf(files[:s.version]) {
		if !s.relations[name].isTable() {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: %s counts %d migrations and has no %s: restore it from a backup", ErrBadSchema, s.place(),
			s.version, strings.Join(missing, ", "))
	}
	return nil
}

// writable refuses a schema in which the user cannot make tables.
func (s *state) writable() error {
	switch {
	case s.schema == "" || s.exists && s.creates:
		return nil
	case s.exists:
		return fmt.Errorf("%w: role %q may not make tables in %s: GRANT CREATE, USAGE ON SCHEMA %s", ErrDenied, s.user,
			s.place(), quoted(s.schema))
	case !s.makes:
		return fmt.Errorf("%w: %s does not exist, and role %q may not make it: CREATE SCHEMA %s AUTHORIZATION %s",
			ErrDenied, s.place(), s.user, quoted(s.schema), quoted(s.user))
	}
	return nil
}

// owned refuses tables that the user cannot alter.
func (s *state) owned(names []string) error {
	for _, name := range names {
		if r := s.relations[name]; r.isTable() && !r.mine {
			return fmt.Errorf("%w: table %s of %s belongs to role %q: migrate as this role, not as %q", ErrDenied, name,
				s.place(), r.owner, s.user)
		}
	}
	return nil
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
