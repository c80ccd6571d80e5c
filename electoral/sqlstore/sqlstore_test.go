package sqlstore_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
)

func open(t testing.TB, file string) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.OpenSQLite(context.Background(), file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func persons(list ...electoral.Person) iter.Seq2[electoral.Person, error] {
	return func(yield func(electoral.Person, error) bool) {
		for _, p := range list {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func TestSQLite(t *testing.T) {
	electoraltest.TestStore(t, func(t *testing.T) registry.Store {
		return open(t, filepath.Join(t.TempDir(), "registry.db")).Store()
	})
}

func TestSQLitePopulation(t *testing.T) {
	testPopulation(t, func(t *testing.T) *sqlstore.DB { return open(t, filepath.Join(t.TempDir(), "registry.db")) })
}

// testPopulation holds the population of a database to the suite.
func testPopulation(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
	electoraltest.TestPopulation(t, func(t *testing.T, list []electoral.Person) electoral.Population {
		p := open(t).Population()
		n, err := p.Put(t.Context(), persons(list...))
		require.NoError(t, err)
		require.Equal(t, len(list), n)
		return p
	})
}

func TestReopen(t *testing.T) {
	name := "with space & %20?#.db"
	if runtime.GOOS == "windows" {
		name = "with space & %20#.db" // a question mark is not allowed there
	}
	file := filepath.Join(t.TempDir(), name)
	db := open(t, file)
	want := electoraltest.SampleElector("1", "A074", "1")
	require.NoError(t, db.Store().Update(t.Context(), func(w registry.Writer) error {
		return w.PutElector(t.Context(), "A074", want)
	}))
	require.NoError(t, db.Close())
	st, err := os.Stat(file)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o600), st.Mode().Perm())
	}
	again := open(t, file)
	require.NoError(t, again.Store().View(t.Context(), func(r registry.Reader) error {
		got, _, err := r.Elector(t.Context(), "1")
		assert.Equal(t, want, got)
		return err
	}))
}

func TestPopulationIsAtomic(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) { populationIsAtomic(t, at.db(t).Population()) })
}

func populationIsAtomic(t *testing.T, p *sqlstore.Population) {
	list := electoraltest.SamplePersons()
	stop := errors.New("stop")
	_, err := p.Put(t.Context(), func(yield func(electoral.Person, error) bool) {
		_ = yield(list[0], nil) && yield(electoral.Person{}, stop)
	})
	require.ErrorIs(t, err, stop)
	_, err = p.ByANPRID(t.Context(), "1")
	require.ErrorIs(t, err, electoral.ErrNotFound)

	twin := list[1]
	twin.FiscalCode = list[0].FiscalCode
	_, err = p.Put(t.Context(), persons(list[0], twin))
	require.ErrorContains(t, err, "fiscal code of person 1")
	_, err = p.Put(t.Context(), persons(electoral.Person{ANPRID: "x"}))
	require.ErrorContains(t, err, `"x"`)

	// a person who changes his code and moves keeps one entry
	moved := list[0].Clone()
	moved.FiscalCode, moved.Residence.Comune = "PRVGPP13R10B293L", "H501"
	_, err = p.Put(t.Context(), persons(list[0], moved))
	require.NoError(t, err)
	_, err = p.ByFiscalCode(t.Context(), list[0].FiscalCode)
	require.ErrorIs(t, err, electoral.ErrNotFound)
	got, err := p.ByFiscalCode(t.Context(), moved.FiscalCode)
	require.NoError(t, err)
	assert.Equal(t, moved, got)
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	_, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(dir, "missing", "x.db"))
	require.Error(t, err)
	file := filepath.Join(dir, "text.db")
	require.NoError(t, os.WriteFile(file, []byte("this is no database, but text that is long enough"), 0o600))
	_, err = sqlstore.OpenSQLite(t.Context(), file)
	require.Error(t, err)
}
