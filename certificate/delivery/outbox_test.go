package delivery_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/certificate/delivery/deliverytest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/folder"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

func TestOutbox(t *testing.T) {
	for _, name := range []string{"files", "sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			deliverytest.TestOutbox(t, func(t *testing.T) delivery.Outbox { return openOutbox(t, outboxPlaces[name](t)) })
		})
	}
}

func TestOutboxReopen(t *testing.T) {
	eachOutbox(t, func(t *testing.T, place string) {
		deliverytest.TestReopen(t, func(t *testing.T) delivery.Outbox { return openOutbox(t, place) },
			func(t *testing.T, o delivery.Outbox) delivery.Outbox {
				require.NoError(t, o.(closer).Close())
				return openOutbox(t, place)
			})
	})
}

// holding returns the files under a folder that hold some bytes.
func holding(t *testing.T, dir, what string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // removed meanwhile by a server
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if bytes.Contains(data, []byte(what)) {
			found = append(found, d.Name())
		}
		return err
	}))
	return found
}

// Of a folder: one process alone, nothing that is not a message, nothing left of
// an erased address, and what a crash leaves is put right.
func TestFileOutbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	o := openOutbox(t, dir)
	_, err := delivery.OpenFiles(dir)
	require.ErrorIs(t, err, delivery.ErrLocked)
	m := deliverytest.Message(1)
	require.NoError(t, o.Add(t.Context(), m))
	name := m.Certificate + ".email"
	require.Equal(t, []string{name}, holding(t, dir, m.Address))
	info, err := os.Stat(filepath.Join(dir, name))
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}

	// The bytes of the file that an update replaces are overwritten: a second name
	// of it shows them.
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Link(filepath.Join(dir, name), link))
	m.State, m.Address, m.FiscalCode = delivery.Sent, "", ""
	require.NoError(t, o.Update(t.Context(), m))
	assert.Empty(t, holding(t, dir, "persona."))
	before, err := os.ReadFile(link)
	require.NoError(t, err)
	assert.NotEmpty(t, before)
	assert.Equal(t, folder.ReplacesOpen, len(bytes.Trim(before, "\x00")) == 0, "overwritten")
	require.NoError(t, o.Close())
	_, err = o.Get(t.Context(), m.Certificate, m.Channel)
	require.ErrorIs(t, err, delivery.ErrClosed)
	require.ErrorIs(t, o.Close(), delivery.ErrClosed)

	// What a crash leaves: a new version that did not get its name, cut.
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".new"), []byte(`{"Certi`), 0o600))
	o = openOutbox(t, dir)
	m.Version = 2
	got, err := o.Get(t.Context(), m.Certificate, m.Channel)
	require.NoError(t, err)
	assert.Equal(t, m, got)
	require.NoError(t, o.Close())
	entries, err := filepath.Glob(filepath.Join(dir, "[^.]*"))
	require.NoError(t, err)
	require.Len(t, entries, 1)

	// What no crash leaves.
	good, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	other := deliverytest.Message(2).Certificate + ".email"
	for file, data := range map[string][]byte{
		name: good[:len(good)-1], other: good, "notes.txt": nil, name + "x": good, "." + name: good,
	} {
		path := filepath.Join(dir, file)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		_, err := delivery.OpenFiles(dir)
		require.ErrorIs(t, err, delivery.ErrCorrupt, file)
		require.ErrorContains(t, err, file)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), good, 0o600))
		if file != name {
			require.NoError(t, os.Remove(path))
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), bytes.Replace(good, []byte(`"sent"`), []byte(`"lost"`), 1), 0o600))
	_, err = delivery.OpenFiles(dir)
	require.ErrorIs(t, err, delivery.ErrCorrupt)
}

// A disk that fails: what was acknowledged is there after the folder is opened
// again, what was not is there as a whole or not at all, and while it is not
// known which, nothing more is taken.
func TestFileOutboxDiskFails(t *testing.T) {
	broken := errors.New("the disk is broken")
	for at := 1; ; at++ {
		dir := filepath.Join(t.TempDir(), "outbox")
		o, err := delivery.OpenFiles(dir)
		require.NoError(t, err)
		calls := 0
		o.FailSync(func() error {
			if calls++; calls == at {
				return broken
			}
			return nil
		})
		ctx, one, two := t.Context(), deliverytest.Message(1), deliverytest.Message(2)
		changed := one
		changed.State, changed.Address, changed.FiscalCode = delivery.Sent, "", ""
		steps := []func() error{
			func() error { return o.Add(ctx, one) },
			func() error { return o.Add(ctx, two) },
			func() error { return o.Update(ctx, changed) },
			func() error { _, err := o.Sweep(ctx, one.Updated.Add(time.Hour)); return err },
		}
		// Which messages there are, and in which state, after so many steps.
		states := [][2]delivery.State{{}, {"queued"}, {"queued", "queued"}, {"sent", "queued"}, {"", "queued"}}
		done := 0
		for _, step := range steps {
			if err = step(); err != nil {
				break
			}
			done++
		}
		if done == len(steps) {
			require.Greater(t, at, 7, "every sync failed once")
			require.NoError(t, o.Close())
			break
		}
		require.ErrorIs(t, err, broken)
		if errors.Is(err, delivery.ErrPoisoned) {
			require.ErrorIs(t, o.Add(ctx, deliverytest.Message(3)), delivery.ErrPoisoned)
			_, err = o.Sweep(ctx, noon)
			require.ErrorIs(t, err, delivery.ErrPoisoned)
		}
		require.NoError(t, o.Close())
		o, err = delivery.OpenFiles(dir)
		require.NoError(t, err, "sync %d", at)
		var got [2]delivery.State
		for i, m := range []delivery.Message{one, two} {
			kept, err := o.Get(ctx, m.Certificate, m.Channel)
			if err == nil {
				got[i] = kept.State
			}
		}
		assert.Contains(t, [][2]delivery.State{states[done], states[done+1]}, got, "sync %d, after %d steps", at, done)
		require.NoError(t, o.Close())
	}
}

// After a purge no byte of an erased address is in the files of a database, nor,
// after one of the log, anywhere in a server's folder.
func TestSQLOutboxPurge(t *testing.T) {
	erase := func(t *testing.T, o *delivery.SQLOutbox, dir string) {
		domain := strings.ToLower(rand.Text()) + ".example.org" // of this run
		for n := range 50 {
			m := deliverytest.Message(n)
			m.Address = "persona@" + domain
			require.NoError(t, o.Add(t.Context(), m))
			m.State, m.Address, m.FiscalCode = delivery.Sent, "", ""
			require.NoError(t, o.Update(t.Context(), m))
		}
		require.NotEmpty(t, holding(t, dir, domain), "the search finds what is there")
		// Tests of other packages may have transactions open in the same database.
		purge := func(ctx context.Context) error {
			_, err := o.Purge(ctx, erasure.Config{Wait: time.Hour})
			return err
		}
		for _, purge := range []func(context.Context) error{purge, o.PurgeLog} {
			err := purge(t.Context())
			for errors.Is(err, erasure.ErrBlocked) {
				time.Sleep(50 * time.Millisecond)
				err = purge(t.Context())
			}
			require.NoError(t, err)
		}
		assert.Empty(t, holding(t, dir, domain))
		m, err := o.Get(t.Context(), deliverytest.Message(1).Certificate, delivery.Email)
		require.NoError(t, err)
		assert.Equal(t, delivery.Sent, m.State)
	}
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		erase(t, openOutbox(t, filepath.Join(dir, "outbox.db")).(*delivery.SQLOutbox), dir)
	})
	t.Run("postgres", func(t *testing.T) {
		testenv.PostgresAlone(t)
		dsn := testenv.Postgres(t)
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		var dir string
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT current_setting('data_directory')`).Scan(&dir))
		if _, err := os.ReadDir(dir); err != nil {
			testenv.Need(t, fmt.Sprintf("PostgreSQL whose files can be read (%v)", err))
		}
		erase(t, openOutbox(t, dsn).(*delivery.SQLOutbox), dir)
	})
}
