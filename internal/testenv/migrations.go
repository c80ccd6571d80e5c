package testenv

import (
	"io/fs"
	"os"
	"path"
	"testing"
	"testing/fstest"
)

// MigrationsTo returns the migrations of the package under test up to a number, as
// "0002": those that an earlier version of it had.
func MigrationsTo(t testing.TB, last string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	if err := fs.WalkDir(os.DirFS("."), "migrations", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(name)[:4] > last {
			return err
		}
		data, err := os.ReadFile(name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}
