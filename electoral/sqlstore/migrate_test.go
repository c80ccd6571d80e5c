package sqlstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strconv"
	"testing"

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
	db, err := open(t.Context(), place)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "electoral", testenv.MigrationsTo(t, last), "migrations"))
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

// oldRemoval is a row of an elector as the third version of the schema had it, and
// what he is to be now.
type oldRemoval struct {
	general, text    string
	capacity, reason int
	want             electoral.Elector
}

func oldRemovals() []oldRemoval {
	day := electoral.Date{Year: 2026, Month: 3, Day: 1}
	removal := func(l electoral.List, code electoral.RemovalCode) []electoral.Removal {
		return []electoral.Removal{{Comune: "A074", List: l, Code: code, Day: day}}
	}
	vote := []electoral.KeptVote{{Comune: "A074", Consultation: electoral.RegionalElection,
		Day: electoral.Date{Year: 2026, Month: 11, Day: 22}, Section: `3 "bis" \u0041`}}
	const still = `,"stillVotes":{"consultation":"regional","day":"2026-11-22","section":"3 \"bis\" \\u0041"}`
	lost := &electoral.CapacityLoss{Comune: "A074", Day: day}
	return []oldRemoval{
		{text: `{"comune":"A074","list":"general","reason":1,"day":"2026-03-01"}`, reason: 1, want: electoral.Elector{Removals: removal(electoral.GeneralList, 1)}},
		{text: `{"comune":"A074","list":"eu-comunal","reason":5,"day":"2026-03-01"}`, reason: 5, want: electoral.Elector{Removals: removal(electoral.EUComunalList, 5)}},
		{text: `{"comune":"A074","list":"eu-parliament","reason":5,"day":"2026-03-01"}`, reason: 5, want: electoral.Elector{Removals: removal(electoral.EUParliamentList, 6)}},
		{text: `{"comune":"A074","list":"bolzano","reason":5,"day":"2026-03-01"}`, reason: 5, want: electoral.Elector{Removals: removal(electoral.BolzanoList, 7)}},
		{text: `{"comune":"A074","list":"trento","reason":5,"day":"2026-03-01"}`, reason: 5, want: electoral.Elector{Removals: removal(electoral.TrentoList, 7)}},
		{text: `{"comune":"A074","list":"aosta-valley","reason":5,"day":"2026-03-01"}`, reason: 5, want: electoral.Elector{Removals: removal(electoral.AostaValleyList, 7)}},
		{text: `{"comune":"A074","list":"eu-parliament","reason":3,"day":"2026-03-01"}`, reason: 3, want: electoral.Elector{Removals: removal(electoral.EUParliamentList, 3)}},
		{text: `{"comune":"A074","list":"general","reason":2,"day":"2026-03-01","note":"<b>\u0000 \\u0041 ,\"stillVotes\":{}} \ufffd\r\n"` + still + `}`, reason: 2, want: electoral.Elector{
			Removals: []electoral.Removal{{Comune: "A074", List: electoral.GeneralList, Code: 2, Day: day, Note: "<b>\x00 \\u0041 ,\"stillVotes\":{}} \ufffd\r\n"}}, KeptVotes: vote}},
		{text: `{"comune":"A074","list":"general","reason":4}`, reason: 4, want: electoral.Elector{Removals: []electoral.Removal{{Comune: "A074", List: electoral.GeneralList, Code: 4}}}},
		// He is in a general list again, and keeps the vote alone.
		{general: "H501", text: `{"comune":"A074","list":"general","reason":1,"day":"2026-03-01"` + still + `}`, reason: 1, want: electoral.Elector{KeptVotes: vote}},
		{general: "H501", text: `{"comune":"A074","list":"trento","reason":5,"day":"2026-03-01"}`, reason: 5, want: electoral.Elector{Removals: removal(electoral.TrentoList, 7)}},
		// 9 took the right; who has it again has recovered it.
		{text: `{"comune":"A074","list":"general","reason":9,"day":"2026-03-01"}`, reason: 9, want: electoral.Elector{Removals: removal(electoral.GeneralList, 9), Capacity: electoral.No, Loss: lost}},
		{text: `{"comune":"A074","list":"general","reason":9,"day":"2026-03-01"}`, capacity: 1, reason: 9, want: electoral.Elector{Removals: removal(electoral.GeneralList, 9)}},
		{want: electoral.Elector{}},
	}
}

// putOldRemovals writes the rows, with the ids 1, 2, …
func putOldRemovals(t *testing.T, db *sqldb.DB, rows []oldRemoval) {
	ctx := t.Context()
	require.NoError(t, db.Update(ctx, func(tx sqldb.Tx) error {
		var list []sqldb.Statement
		for i, r := range rows {
			id := strconv.Itoa(i + 1)
			var general, section, reason, removal any
			if r.general != "" {
				general, section = r.general, "1"
			}
			if r.text != "" {
				reason, removal = int64(r.reason), r.text
			}
			capacity := int64(r.capacity)
			if r.want.Capacity == electoral.NotGiven {
				capacity = 1
			}
			list = append(list,
				sqldb.Statement{Text: `INSERT INTO electors (comune, anpr_id, capacity, general_comune, general_section, senate_constituency, chamber_constituency, removal_reason, removal)
					VALUES ('A074', $1, $2, $3, $4, '', '', $5, $6)`, Args: []any{id, capacity, general, section, reason, removal}},
				sqldb.Statement{Text: `INSERT INTO elector_routes (anpr_id, comune) VALUES ($1, 'A074')`, Args: []any{id}})
			if len(r.want.KeptVotes) > 0 {
				list = append(list, sqldb.Statement{Text: `INSERT INTO enrolments (comune, list, section, anpr_id, home) VALUES ('A074', 'still-votes', $1, $2, 'A074')`, Args: []any{r.want.KeptVotes[0].Section, id}})
			}
		}
		return tx.Exec(ctx, list...)
	}))
	require.NoError(t, db.Close())
}

// TestMigratedRemovals: the removals of an earlier version, one for each elector
// with his vote in it, stand as removals of one list and votes beside them; 5,
// which stood for every added list, is that of the list.
func TestMigratedRemovals(t *testing.T) {
	rows := oldRemovals()
	eachDB(t, func(t *testing.T, at opener) {
		openOld := sqldb.OpenSQLite
		if filepath.Ext(at.place) != ".db" {
			openOld = sqldb.OpenPostgres
		}
		old := migratedTo(t, at.place, "0003", openOld)
		ctx := t.Context()
		putOldRemovals(t, old, rows)
		store := at.db(t).Store()
		require.NoError(t, store.View(ctx, func(r registry.Reader) error {
			for i, row := range rows {
				want := row.want
				want.ANPRID = strconv.Itoa(i + 1)
				if want.Capacity == electoral.NotGiven {
					want.Capacity = electoral.Yes
				}
				if row.general != "" {
					want.General = &electoral.Enrolment{Comune: row.general, Section: "1"}
				}
				got, _, err := r.Elector(ctx, want.ANPRID)
				require.NoError(t, err)
				assert.Equal(t, want, got, row.text)
				for _, l := range electoral.Lists() {
					f := electoral.ListField(l, electoral.ListRemoval)
					info, _ := electoral.InfoOf(f)
					s := registry.Search{Comune: "A074", Where: []registry.Condition{{Field: f, In: []string{info.Stored(&want)}}}}
					assert.Contains(t, ids(all(t, r.Search(ctx, s))), want.ANPRID, "%s %s", f, row.text)
				}
			}
			assert.Len(t, all(t, r.Enrolled(ctx, electoral.StillVotesList, "A074", "")), 2)
			return nil
		}))
		// What was migrated can be written again.
		require.NoError(t, store.Update(ctx, func(w registry.Writer) error {
			for i, row := range rows {
				if len(row.want.KeptVotes) > 0 {
					if err := w.RemoveElector(ctx, strconv.Itoa(i+1)); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		require.NoError(t, store.View(ctx, func(r registry.Reader) error {
			assert.Empty(t, all(t, r.Enrolled(ctx, electoral.StillVotesList, "A074", "")))
			return nil
		}))
	})
}

// TestMigratedSections: the sections of an earlier version are ordinary ones, and can be
// given a kind.
func TestMigratedSections(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		openOld := sqldb.OpenSQLite
		if filepath.Ext(at.place) != ".db" {
			openOld = sqldb.OpenPostgres
		}
		old := migratedTo(t, at.place, "0004", openOld)
		ctx := t.Context()
		want := electoraltest.SampleSection("A074", "1")
		seat, err1 := json.Marshal(want.Seat)
		translations, err2 := json.Marshal(want.Translations)
		require.NoError(t, errors.Join(err1, err2))
		require.NoError(t, old.Update(ctx, func(tx sqldb.Tx) error {
			return tx.Exec(ctx, sqldb.Statement{Text: `INSERT INTO sections (comune, number, seat_name, seat, european_constituency,
				regional_constituency, district_constituency, chamber_college, senate_college, translations)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, Args: []any{want.Comune, want.Number, want.SeatName,
				string(seat), want.EuropeanConstituency, want.RegionalConstituency, want.DistrictConstituency,
				want.ChamberCollege.String(), want.SenateCollege.String(), string(translations)}})
		}))
		require.NoError(t, old.Close())
		store := at.db(t).Store()
		read := func() (s electoral.Section) {
			require.NoError(t, store.View(ctx, func(r registry.Reader) (err error) {
				s, err = r.Section(ctx, "A074", "1")
				return err
			}))
			return s
		}
		want.Kind = electoral.OrdinarySection
		assert.Equal(t, want, read())
		want.Kind = electoral.HospitalSection
		require.NoError(t, store.Update(ctx, func(w registry.Writer) error { return w.PutSection(ctx, want) }))
		assert.Equal(t, want, read())
	})
}

func ids(list []electoral.Elector) (out []string) {
	for _, e := range list {
		out = append(out, e.ANPRID)
	}
	return out
}
