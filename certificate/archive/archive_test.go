package archive_test

import (
	"bytes"
	"context"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// closer is an archive of this package.
type closer interface {
	certificate.Archive
	Close() error
}

// An opener opens one place: a folder, a file, a DSN.
type opener struct {
	place string
	open  func(t testing.TB, place string) closer
}

func (o opener) archive(t testing.TB) closer {
	t.Helper()
	a := o.open(t, o.place)
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func openFiles(t testing.TB, dir string) closer {
	t.Helper()
	a, err := archive.OpenFiles(dir)
	require.NoError(t, err)
	return a
}

func openSQLite(t testing.TB, file string) closer {
	t.Helper()
	a, err := archive.OpenSQLite(context.Background(), file)
	require.NoError(t, err)
	return a
}

func openPostgres(t testing.TB, dsn string) closer {
	t.Helper()
	a, err := archive.OpenPostgres(context.Background(), elsewhere(t, dsn))
	require.NoError(t, err)
	return a
}

// elsewhere returns a DSN whose search_path has no table of ours: a table that a
// statement does not qualify is not found.
func elsewhere(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", "pg_catalog")
	u.RawQuery = q.Encode()
	return u.String()
}

// each are the implementations, each with an empty place.
var each = []struct {
	name string
	at   func(t testing.TB) opener
}{
	{"files", func(t testing.TB) opener { return opener{filepath.Join(t.TempDir(), "archive"), openFiles} }},
	{"sqlite", func(t testing.TB) opener { return opener{filepath.Join(t.TempDir(), "archive.db"), openSQLite} }},
	{"postgres", func(t testing.TB) opener { return opener{testenv.Postgres(t), openPostgres} }},
	{"citus", func(t testing.TB) opener {
		dsn := testenv.Citus(t)
		c := archive.PostgresConfig{DSN: dsn}
		require.NoError(t, c.Migrate(context.Background()))
		require.NoError(t, c.Distribute(context.Background()))
		return opener{dsn, openPostgres}
	}},
}

func TestArchive(t *testing.T) {
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			archivetest.TestArchive(t, func(t *testing.T) certificate.Archive { return e.at(t).archive(t) })
		})
	}
}

func TestReopen(t *testing.T) {
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			at := e.at(t)
			archivetest.TestReopen(t, func(t *testing.T) certificate.Archive { return at.archive(t) },
				func(t *testing.T, a certificate.Archive) certificate.Archive {
					require.NoError(t, a.(closer).Close())
					return at.archive(t)
				})
		})
	}
}

// holding returns the files under a folder that hold some bytes.
func holding(t *testing.T, dir string, what []byte) []string {
	t.Helper()
	require.NotEmpty(t, what)
	var found []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) { // removed meanwhile by a server
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && bytes.Contains(data, what) {
			found = append(found, path)
		}
		if os.IsNotExist(err) {
			err = nil
		}
		return err
	}))
	return found
}
