package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// What the killed program is told by its environment.
const crashPlace, crashHang = "ANPR_TEST_CRASH_PLACE", "ANPR_TEST_CRASH_HANG"

const crashBatch = 400

// TestCrashChild is the program that TestKilled kills: without its environment
// it does nothing. Update number k adds a batch, a section, and counts k in
// elector 0 and in a record; it notes the batch in the journal. When it is
// durable the number is printed.
func TestCrashChild(t *testing.T) {
	place := os.Getenv(crashPlace)
	if place == "" {
		return
	}
	ctx := context.Background()
	openAny := sqlstore.OpenSQLite
	if strings.HasPrefix(place, "postgres") {
		openAny = sqlstore.OpenPostgres
	}
	db, err := openAny(ctx, place)
	require.NoError(t, err)
	for {
		var k int
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
			e, _, err := w.Elector(ctx, "0")
			if errors.Is(err, electoral.ErrNotFound) {
				e = electoraltest.SampleElector("0", "A074", "0")
			} else if err != nil {
				return err
			}
			k, err = strconv.Atoi(e.General.Section)
			if err != nil {
				return err
			}
			e.General.Section = strconv.Itoa(k + 1)
			list := many(1+k*crashBatch, crashBatch)
			half := crashBatch / 2
			var entries []registry.JournalEntry
			for i := range list {
				entries = append(entries, registry.JournalEntry{Comune: "A074", ANPRID: list[i].ANPRID, At: loaded, Operation: electoral.OpLoad})
			}
			if err := errors.Join(
				w.Note(ctx, entries...),
				w.PutRecord(ctx, registry.Record{Comune: "A074", Book: registry.LoadBook, ID: "1", Subject: "0", At: loaded, Body: []byte(e.General.Section)}),
				w.PutElector(ctx, "A074", e),
				w.(registry.BulkWriter).AddElectors(ctx, "A074", list[:half]),
				w.PutSection(ctx, electoraltest.SampleSection("A074", strconv.Itoa(k))),
			); err != nil {
				return err
			}
			if os.Getenv(crashHang) != "" {
				fmt.Println("written 0")
				time.Sleep(time.Hour)
			}
			return w.(registry.BulkWriter).AddElectors(ctx, "A074", list[half:])
		}))
		fmt.Println("written", k+1)
	}
}

// kill runs the child, kills it some time after its first word, and returns
// the last number that it printed.
func kill(t *testing.T, place string, hang bool, after time.Duration) int {
	t.Helper()
	env := []string{crashPlace + "=" + place}
	if hang {
		env = append(env, crashHang+"=1")
	}
	last := 0
	testenv.Killed(t, "^TestCrashChild$", env, after, func(line string) bool {
		_, err := fmt.Sscanf(line, "written %d", &last)
		return err == nil
	})
	return last
}

// TestKilled kills a program in the middle of its updates: each is there as a
// whole or not at all, none that was durable is lost, and the next goes on.
func TestKilled(t *testing.T) {
	check := func(t *testing.T, db *sqlstore.DB, least int) {
		ctx := t.Context()
		require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
			k := 0
			switch e, _, err := r.Elector(ctx, "0"); {
			case err == nil:
				k, err = strconv.Atoi(e.General.Section)
				require.NoError(t, err)
			case !errors.Is(err, electoral.ErrNotFound):
				return err
			}
			require.GreaterOrEqual(t, k, least, "what was durable")
			n := 0
			for e, err := range r.Enrolled(ctx, electoral.GeneralList, "A074", "") {
				require.NoError(t, err)
				_, _, err = r.Elector(ctx, e.ANPRID)
				require.NoError(t, err)
				n++
			}
			want := k * crashBatch
			if k > 0 {
				want++ // elector 0
			}
			require.Equal(t, want, n)
			require.Len(t, all(t, r.Journal(ctx, registry.JournalSearch{Comune: "A074"})), k*crashBatch)
			books := all(t, r.Records(ctx, registry.RecordSearch{Book: registry.LoadBook, Subject: "0"}))
			require.Len(t, books, min(k, 1))
			if k > 0 {
				require.Equal(t, strconv.Itoa(k), string(books[0].Body))
			}
			for s, err := range r.Sections(ctx, "A074") {
				require.NoError(t, err)
				number, err := strconv.Atoi(s.Number)
				require.NoError(t, err)
				require.Less(t, number, k)
			}
			_, _, err := r.Elector(ctx, strconv.Itoa(1+k*crashBatch))
			require.ErrorIs(t, err, electoral.ErrNotFound, "the next batch")
			return nil
		}))
	}
	eachDB(t, func(t *testing.T, at opener) {
		db := at.db(t)
		least := 0
		r := rand.New(rand.NewPCG(testenv.Seed(t, 1), 0))
		for range 4 {
			// Wherever it dies: the verdict does not depend on how far it came.
			after := time.Duration(r.IntN(60)) * time.Millisecond
			t.Logf("killed %v after its first word", after)
			least = max(least, kill(t, at.place, false, after))
			check(t, db, least)
		}
		require.Positive(t, least)
		kill(t, at.place, true, 0)
		check(t, db, least)
		// What the dead held is free.
		require.NoError(t, db.Store().Update(t.Context(), func(w registry.Writer) error {
			return w.PutElector(t.Context(), "A074", many(1, 1)[0])
		}))
	})
}
