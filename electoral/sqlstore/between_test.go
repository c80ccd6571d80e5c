package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// TestBetweenNodes: a view that has seen half of a move, as on a cluster it may, finds the
// person where he is by then; what stays torn is damage.
func TestBetweenNodes(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		db, ctx := at.db(t), t.Context()
		raw := sqldbAt(t, at)
		run := func(list ...string) {
			t.Helper()
			require.NoError(t, raw.Update(ctx, func(tx sqldb.Tx) error {
				for _, text := range list {
					if err := tx.Exec(ctx, sqldb.Statement{Text: text}); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		e := electoraltest.SampleElector("1", "A074", "3")
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
			if err := w.PutRecord(ctx, registry.Record{Comune: "A074", Book: registry.ConflictBook, ID: "c", Subject: "1", At: loaded}); err != nil {
				return err
			}
			return w.PutElector(ctx, "A074", e)
		}))
		const torn, whole = `UPDATE {elector_routes} SET comune = 'F205'`, `UPDATE {elector_routes} SET comune = 'A074'`
		const tornRecord, wholeRecord = `UPDATE {record_routes} SET comune = 'F205'`, `UPDATE {record_routes} SET comune = 'A074'`
		const tornList, wholeList = `UPDATE {enrolments} SET home = 'F205'`, `UPDATE {enrolments} SET home = 'A074'`
		lists := []electoral.List{electoral.GeneralList, electoral.StillVotesList} // he is in both
		run(torn, tornRecord, tornList)
		require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
			// A view sees one state from its first read on.
			_, err := r.Section(ctx, "A074", "9")
			require.ErrorIs(t, err, electoral.ErrNotFound)
			run(whole, wholeRecord, wholeList)
			got, home, err := r.Elector(ctx, "1")
			require.NoError(t, err)
			require.Equal(t, "A074", home)
			require.Equal(t, e, got)
			for _, l := range lists {
				comune := map[electoral.List]string{electoral.GeneralList: "A074", electoral.StillVotesList: e.KeptVotes[0].Comune}[l]
				require.Equal(t, []electoral.Elector{e}, all(t, r.Enrolled(ctx, l, comune, "")), l)
			}
			records := all(t, r.Records(ctx, registry.RecordSearch{Subject: "1", Book: registry.ConflictBook}))
			require.Len(t, records, 1)
			return nil
		}))
		// Who has been removed meanwhile is not in the list.
		run(torn, tornList)
		require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
			_, err := r.Section(ctx, "A074", "9")
			require.ErrorIs(t, err, electoral.ErrNotFound)
			run(`DELETE FROM {elector_routes}`, `DELETE FROM {enrolments}`)
			require.Empty(t, all(t, r.Enrolled(ctx, electoral.GeneralList, "A074", "")))
			return nil
		}))
		run(`INSERT INTO {elector_routes} (anpr_id, comune) VALUES ('1', 'F205')`, tornRecord,
			`INSERT INTO {enrolments} (comune, list, section, anpr_id, home) VALUES ('A074', 'general', '3', '1', 'F205')`)
		view := func(fn func(r registry.Reader) error) error { return db.Store().View(ctx, fn) }
		require.ErrorContains(t, view(func(r registry.Reader) error { _, _, err := r.Elector(ctx, "1"); return err }), "damaged")
		for _, list := range []func(r registry.Reader) error{
			func(r registry.Reader) error {
				for _, err := range r.Enrolled(ctx, electoral.GeneralList, "A074", "") {
					return err
				}
				return nil
			},
			func(r registry.Reader) error {
				for _, err := range r.Records(ctx, registry.RecordSearch{Subject: "1", Book: registry.ConflictBook}) {
					return err
				}
				return nil
			},
		} {
			require.ErrorContains(t, view(list), "damaged")
		}
		person := electoraltest.SamplePersons()[0]
		_, err := db.Population().Put(ctx, persons(person))
		require.NoError(t, err)
		run(`DELETE FROM {persons}`)
		_, err = db.Population().ByANPRID(ctx, person.ANPRID)
		require.ErrorContains(t, err, "damaged")
		err = db.Store().Update(ctx, func(w registry.Writer) error { _, _, err := w.Elector(ctx, "1"); return err })
		require.ErrorContains(t, err, "damaged")
	})
}

// sqldbAt opens the same database under the store.
func sqldbAt(t testing.TB, at opener) *sqldb.DB {
	t.Helper()
	open := sqldb.OpenPostgres
	if filepath.Ext(at.place) == ".db" {
		open = sqldb.OpenSQLite
	}
	raw, err := open(t.Context(), at.place)
	require.NoError(t, err)
	t.Cleanup(func() { _ = raw.Close() })
	return raw
}
