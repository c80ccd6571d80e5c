package sqlstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestDuringAnothersWrite opens and reads a file while another connection, as another
// process has it, writes for long; a write waits as long as it was told, and says
// whose file it waited for.
func TestDuringAnothersWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.db")
	first, err := sqlstore.OpenSQLite(t.Context(), file)
	require.NoError(t, err)
	defer func() { _ = first.Close() }()
	writing, end := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- first.Store().Update(context.Background(), func(w registry.Writer) error {
			err := w.PutSection(context.Background(), electoraltest.SampleSection("A074", "1"))
			close(writing)
			<-end
			return err
		})
	}()
	<-writing
	second, err := sqlstore.SQLiteConfig{File: file, Wait: 20 * time.Millisecond}.Open(t.Context())
	require.NoError(t, err)
	defer func() { _ = second.Close() }()
	require.NoError(t, second.Store().View(t.Context(), func(rd registry.Reader) error {
		_, err := rd.Section(t.Context(), "A074", "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		return nil
	}))
	put := func() error {
		return second.Store().Update(t.Context(), func(w registry.Writer) error {
			return w.PutSection(t.Context(), electoraltest.SampleSection("A074", "2"))
		})
	}
	err = put()
	require.ErrorIs(t, err, sqlstore.ErrConflict)
	require.ErrorContains(t, err, file)
	close(end)
	require.NoError(t, <-done)
	require.NoError(t, put())
}

// TestNoDatabase refuses what is no file of a database, and makes nothing.
func TestNoDatabase(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "lista.txt")
	require.NoError(t, os.WriteFile(text, []byte("questo non è una base di dati SQLite, ma un testo"), 0o600))
	for file, says := range map[string]string{"": "path of a file", ":memory:": "path of a file",
		"file:x?mode=memory": "path of a file", dir: "is a folder", filepath.Join(dir, "no", "r.db"): "open ",
		text: text} {
		_, err := sqlstore.OpenSQLite(t.Context(), file)
		require.ErrorContains(t, err, says, file)
	}
	_, err := sqlstore.OpenSQLite(t.Context(), text)
	require.ErrorIs(t, err, sqlstore.ErrNotDatabase)
	_, err = sqlstore.SQLiteConfig{File: filepath.Join(dir, "r.db"), Wait: -1}.Open(t.Context())
	require.Error(t, err)
	found, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, found, 1)
}

// TestBackup copies an open database, with what is committed and nothing that was
// deleted.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(dir, "r.db"))
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	update := func(fn func(w registry.Writer) error) {
		t.Helper()
		require.NoError(t, db.Store().Update(t.Context(), fn))
	}
	gone := electoraltest.SampleSection("A074", "2")
	gone.SeatName = "SEDE CANCELLATA"
	update(func(w registry.Writer) error {
		return errors.Join(w.PutSection(t.Context(), electoraltest.SampleSection("A074", "1")),
			w.PutSection(t.Context(), gone))
	})
	update(func(w registry.Writer) error { return w.RemoveSection(t.Context(), "A074", "2") })
	file := filepath.Join(dir, "copia con 'apici'.db")
	require.NoError(t, db.Backup(t.Context(), file))
	info, err := os.Stat(file)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(data), gone.SeatName)
	copied, err := sqlstore.OpenSQLite(t.Context(), file)
	require.NoError(t, err)
	defer func() { _ = copied.Close() }()
	require.NoError(t, copied.Store().View(t.Context(), func(rd registry.Reader) error {
		_, err := rd.Section(t.Context(), "A074", "1")
		return err
	}))
	require.ErrorIs(t, db.Backup(t.Context(), file), os.ErrExist)
	require.Error(t, db.Backup(t.Context(), filepath.Join(dir, "no", "x.db")))
}

// TestOpensWithSelectAlone opens a database of PostgreSQL with nothing to bring up to
// date as a role that may only read, and names the right that is missing to write.
func TestOpensWithSelectAlone(t *testing.T) {
	dsn := testenv.Postgres(t)
	db, err := sqlstore.OpenPostgres(t.Context(), dsn)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	schema := config.RuntimeParams["search_path"]
	require.NotEmpty(t, schema)
	admin, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = admin.Close(context.Background()) }()
	role := "reader_" + schema
	for _, text := range []string{"CREATE ROLE " + role + " LOGIN PASSWORD 'solo-lettura'",
		"GRANT USAGE ON SCHEMA " + schema + " TO " + role,
		"GRANT SELECT ON ALL TABLES IN SCHEMA " + schema + " TO " + role} {
		_, err := admin.Exec(t.Context(), text)
		require.NoError(t, err)
	}
	defer func() {
		for _, text := range []string{"DROP OWNED BY " + role, "DROP ROLE " + role} {
			_, err := admin.Exec(context.Background(), text)
			require.NoError(t, err)
		}
	}()
	reader, err := sqlstore.OpenPostgres(t.Context(), asRole(t, dsn, role, "solo-lettura"))
	require.NoError(t, err)
	defer func() { _ = reader.Close() }()
	require.NoError(t, reader.Store().View(t.Context(), func(rd registry.Reader) error {
		_, err := rd.Section(t.Context(), "A074", "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		return nil
	}))
	err = reader.Store().Update(t.Context(), func(w registry.Writer) error {
		return w.PutSection(t.Context(), electoraltest.SampleSection("A074", "2"))
	})
	require.ErrorIs(t, err, sqlstore.ErrDenied)
}
