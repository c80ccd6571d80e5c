package sqlstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// migratedTo makes a database with the first migrations alone.
func migratedTo(t *testing.T, place string, last string, open func(context.Context, string) (*sqldb.DB, error)) *sqldb.DB {
	t.Helper()
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(os.DirFS("."), "migrations", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(name)[:4] > last {
			return err
		}
		data, err := os.ReadFile(name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	}))
	db, err := open(t.Context(), place)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "electoral", files, "migrations"))
	return db
}

// putOld writes persons as the second version of the schema kept them.
func putOld(t *testing.T, db *sqldb.DB, list []electoral.Person) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error {
		for _, p := range list {
			birth, err1 := json.Marshal(p.Birth)
			citizenships, err2 := json.Marshal(p.Citizenships)
			require.NoError(t, errors.Join(err1, err2))
			row := []any{p.Registered(), p.ANPRID, string(p.FiscalCode), p.Surname, p.Name, string(p.Sex), string(birth), string(citizenships), nil, nil, p.Death.String()}
			if p.Residence != nil {
				text, err := json.Marshal(p.Residence)
				require.NoError(t, err)
				row[8] = string(text)
			}
			if p.Abroad != nil {
				text, err := json.Marshal(p.Abroad)
				require.NoError(t, err)
				row[9] = string(text)
			}
			statements := []sqldb.Statement{
				{Text: `INSERT INTO persons VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, Args: row},
				{Text: `INSERT INTO person_routes VALUES ($1, $2)`, Args: []any{p.ANPRID, p.Registered()}},
			}
			if p.FiscalCode != "" {
				statements = append(statements, sqldb.Statement{Text: `INSERT INTO person_codes VALUES ($1, $2)`, Args: []any{string(p.FiscalCode), p.ANPRID}})
			}
			if err := tx.Exec(ctx, statements...); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(t, db.Close())
}

// TestMigratedPopulation holds a population that an earlier version has
// written to the whole suite.
func TestMigratedPopulation(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		electoraltest.TestPopulation(t, func(t *testing.T, list []electoral.Person) electoral.Population {
			file := filepath.Join(t.TempDir(), "r.db")
			putOld(t, migratedTo(t, file, "0002", sqldb.OpenSQLite), list)
			return open(t, file).Population()
		})
	})
	t.Run("postgres", func(t *testing.T) {
		electoraltest.TestPopulation(t, func(t *testing.T, list []electoral.Person) electoral.Population {
			dsn := testenv.Postgres(t)
			putOld(t, migratedTo(t, dsn, "0002", sqldb.OpenPostgres), list)
			return openPostgres(t, dsn).Population()
		})
	})
}

// TestMigratedElectors: who was registered under an earlier version is there.
func TestMigratedElectors(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		openOld := sqldb.OpenSQLite
		if filepath.Ext(at.place) != ".db" {
			openOld = sqldb.OpenPostgres
		}
		old := migratedTo(t, at.place, "0002", openOld)
		ctx := t.Context()
		require.NoError(t, old.Update(ctx, func(tx sqldb.Tx) error {
			return tx.Exec(ctx,
				sqldb.Statement{Text: `INSERT INTO electors (comune, anpr_id, capacity, general_comune, general_section, senate_constituency, chamber_constituency) VALUES ('H501', '1', 1, 'A074', '3', '', '')`},
				sqldb.Statement{Text: `INSERT INTO enrolments (comune, list, section, anpr_id, home) VALUES ('A074', 'general', '3', '1', 'H501')`},
				sqldb.Statement{Text: `INSERT INTO elector_routes (anpr_id, comune) VALUES ('1', 'H501')`})
		}))
		require.NoError(t, old.Close())
		want := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A074", Section: "3"}}
		require.NoError(t, at.db(t).Store().View(ctx, func(r registry.Reader) error {
			for _, comune := range []string{"A074", "H501"} {
				assert.Equal(t, []electoral.Elector{want}, all(t, r.Search(ctx, registry.Search{Comune: comune})))
			}
			return nil
		}))
	})
}
