package sqlstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// holding returns the files under some folders (a list, as PATH is one) that hold a text.
func holding(t *testing.T, dirs, text string) []string {
	t.Helper()
	var found []string
	for _, dir := range filepath.SplitList(dirs) {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err == nil && bytes.Contains(data, []byte(text)) {
				found = append(found, path)
			}
			if os.IsNotExist(err) { // a file that the server has removed meanwhile
				err = nil
			}
			return err
		}))
	}
	return found
}

// writeMarked writes or rewrites every kind of record with a text in each
// field that can be changed, and removes what cannot.
func writeMarked(t *testing.T, db *sqlstore.DB, text string, size int) {
	ctx := t.Context()
	const n = 600
	list := electoraltest.SamplePersons()
	var people []electoral.Person
	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
		for i := range n {
			id := strconv.Itoa(1 + i)
			mark := text + strings.Repeat("x", i*size%97)
			e := electoraltest.SampleElector(id, "A074", mark)
			e.Status.SenateConstituency, e.Status.ChamberConstituency = mark, mark+id
			e.Removals[0].Note, e.KeptVotes[0].Section = strings.Repeat(mark, 1+i%5*size), mark
			if err := w.PutElector(ctx, "A074", e); err != nil {
				return err
			}
			p := list[i%len(list)].Clone()
			p.ANPRID, p.FiscalCode, p.Surname = id, electoral.FiscalCode(text+id), mark
			p.Birth.PlaceName = mark
			people = append(people, p)
		}
		for i := range 40 {
			s := electoraltest.SampleSection("A074", strconv.Itoa(i))
			s.SeatName, s.Seat.Hamlet = strings.Repeat(text, 1+i*size), text // some are kept out of line
			if err := w.PutSection(ctx, s); err != nil {
				return err
			}
		}
		return writeMarkedBooks(ctx, w, text, size)
	}))
	_, err := db.Population().Put(ctx, persons(people...))
	require.NoError(t, err)
}

// writeMarkedBooks changes records, removes or expires those of the time
// before, and forgets the journal of it.
func writeMarkedBooks(ctx context.Context, w registry.Writer, text string, size int) error {
	var gone []registry.Record
	for r, err := range w.Records(ctx, registry.RecordSearch{Comune: "A074", Book: registry.ConflictBook}) {
		if err != nil {
			return err
		}
		gone = append(gone, r)
	}
	for _, r := range gone {
		if err := w.RemoveRecord(ctx, r.Comune, r.Book, r.ID); err != nil {
			return err
		}
	}
	later := loaded.AddDate(1, 0, 0)
	if _, err := w.ExpireRecords(ctx, "A074", later); err != nil {
		return err
	}
	if _, err := w.Forget(ctx, "A074", later); err != nil {
		return err
	}
	var entries []registry.JournalEntry
	for i := range 300 {
		n := strconv.Itoa(i)
		mark := text + strings.Repeat("x", i*size%89)
		for book, id := range map[registry.Book]string{
			registry.LoadBook: n, registry.ConflictBook: mark + n, registry.ReplyBook: mark + n, // changed, removed, expired
		} {
			r := registry.Record{Comune: "A074", Book: book, ID: id, State: mark, At: loaded, Expires: loaded, Body: []byte(strings.Repeat(text, 1+i%20*size))}
			switch book {
			case registry.LoadBook:
				r.Expires = time.Time{}
				if i%100 == 0 { // too long for a page, and not to be compressed
					r.Body = append([]byte(text), make([]byte, 30_000)...)
					_, _ = rand.Read(r.Body[len(text):])
				}
			default:
				r.Subject = mark
			}
			if err := w.PutRecord(ctx, r); err != nil {
				return err
			}
		}
		entries = append(entries, registry.JournalEntry{Comune: "A074", ANPRID: mark + n, At: loaded, Operation: electoral.Operation(mark)})
	}
	return w.Note(ctx, entries...)
}

// purge tests Purge on the files in dir; shared is whether other tests use the
// same database, spread whether its tables are on many nodes.
func purge(t *testing.T, at opener, dir string, shared, spread bool, flush func()) {
	ctx := t.Context()
	db := at.db(t)
	// Marks that no other test leaves in the same files.
	old, later := "OLD"+rand.Text(), "NEW"+rand.Text()
	t.Logf("marks %s, %s", old, later)
	writeMarked(t, db, old, 7)
	flush()
	require.NotEmpty(t, holding(t, dir, old), "the search finds what is there")
	writeMarked(t, db, later, 5)
	flush()
	require.NotEmpty(t, holding(t, dir, old), "a change alone leaves bytes")

	err := db.Store().View(ctx, func(r registry.Reader) error {
		_, _, err := r.Elector(ctx, "1")
		require.NoError(t, err)
		writeMarked(t, db, later, 6)
		_, err = db.Purge(ctx, erasure.Config{Wait: 100 * time.Millisecond})
		return err
	})
	require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	// A reader that has not looked at any table yet holds earlier rows too, but for the
	// nodes, which he has not asked.
	err = db.Store().View(ctx, func(registry.Reader) error {
		writeMarked(t, db, later, 5)
		_, err := db.Purge(ctx, erasure.Config{Wait: 100 * time.Millisecond})
		return err
	})
	if !spread {
		require.ErrorIs(t, err, sqlstore.ErrPurgeBlocked)
	}

	// Other tests may have transactions open in the same database, for as long as
	// a busy machine makes them: only the time limit of go test ends the wait.
	few := erasure.Config{Rows: 100} // so that most tables are moved row by row
	for _, err = db.Purge(ctx, few); shared && errors.Is(err, sqlstore.ErrPurgeBlocked); {
		_, err = db.Purge(ctx, few)
	}
	require.NoError(t, err)
	assert.Empty(t, holding(t, dir, old))
	flush()
	assert.Empty(t, holding(t, dir, old))
	assert.NotEmpty(t, holding(t, dir, later))
	require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
		n := 0
		for e, err := range r.Enrolled(ctx, electoral.GeneralList, "A074", "") {
			require.NoError(t, err)
			require.Contains(t, e.Status.SenateConstituency, later)
			n++
		}
		assert.Equal(t, 600, n)
		return nil
	}))
	// The database is in use as before.
	writeMarked(t, db, "again", 1)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = db.Purge(cancelled, erasure.Config{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestPurgeSQLite(t *testing.T) {
	dir := t.TempDir()
	purge(t, opener{filepath.Join(dir, "r.db"), open}, dir, false, false, func() {})
}

// TestPurgeLog: what PostgreSQL's log still holds goes with it.
func TestPurgeLog(t *testing.T) {
	testenv.PostgresAlone(t)
	dsn, ctx := testenv.Postgres(t), t.Context()
	conn := connect(t, dsn)
	var dir string
	require.NoError(t, conn.QueryRow(ctx, `SELECT current_setting('data_directory')`).Scan(&dir))
	dir = filepath.Join(dir, "pg_wal")
	if _, err := os.ReadDir(dir); err != nil {
		testenv.Need(t, fmt.Sprintf("PostgreSQL whose files can be read (%v)", err))
	}
	db := openPostgres(t, dsn)
	old := "OLD" + rand.Text()
	put := func(mark string) {
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
			return w.PutElector(ctx, "A074", electoraltest.SampleElector("1", "A074", mark))
		}))
	}
	put(old)
	put("NEW")
	purged(t, db)
	require.NotEmpty(t, holding(t, dir, old), "the log has it still")
	err := db.PurgeLog(ctx)
	for errors.Is(err, sqlstore.ErrPurgeBlocked) {
		err = db.PurgeLog(ctx)
	}
	require.NoError(t, err)
	require.Empty(t, holding(t, dir, old))
	lite := open(t, filepath.Join(t.TempDir(), "r.db"))
	require.NoError(t, lite.PurgeLog(ctx), "of SQLite there is nothing to do")
}

func TestPurgePostgres(t *testing.T) {
	dsn := testenv.Postgres(t)
	conn := connect(t, dsn)
	var dir string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT current_setting('data_directory')`).Scan(&dir))
	dir = filepath.Join(dir, "base")
	if _, err := os.ReadDir(dir); err != nil {
		testenv.Need(t, fmt.Sprintf("PostgreSQL whose files can be read (%v)", err))
	}
	purge(t, opener{dsn, openPostgres}, dir, true, false, func() {
		for _, text := range []string{"ANALYZE", "CHECKPOINT"} {
			_, err := conn.Exec(t.Context(), text)
			require.NoError(t, err)
		}
	})
}
