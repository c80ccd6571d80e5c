package sqlstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

var loaded = time.Date(2026, 1, 15, 8, 0, 0, 0, time.UTC)

func crowdIDs() []string {
	list := make([]string, 3100)
	for i := range list {
		list[i] = fmt.Sprint(700_000 + i*13)
	}
	return list
}

// crowd fills a store with more electors, entries and records than any page or
// bound of a search: of comune A074 most are its own, some guests.
func crowd(t *testing.T, s registry.Store) {
	ctx := t.Context()
	r := rand.New(rand.NewPCG(testenv.Seed(t, 3), 4))
	answers := []electoral.Answer{electoral.Yes, electoral.No, electoral.NotGiven}
	ops := []electoral.Operation{electoral.OpChange, electoral.OpEnrol}
	byHome := map[string][]electoral.Elector{}
	var entries []registry.JournalEntry
	for _, id := range crowdIDs() {
		e := electoral.Elector{ANPRID: id, Capacity: answers[r.IntN(3)], General: &electoral.Enrolment{Comune: "A074", Section: fmt.Sprint(1 + r.IntN(4))}}
		e.Status.Senate, e.Status.SenateConstituency = answers[r.IntN(3)], []string{"", "PIEMONTE", "LAZIO"}[r.IntN(3)]
		home := "A074"
		switch r.IntN(10) {
		case 0, 1, 2, 4:
			home = []string{"H501", "F205"}[r.IntN(2)]
			e.Added.Trento = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: "A074", Section: "1"}}
		case 3:
			e.General.Comune = "H501"
		}
		byHome[home] = append(byHome[home], e)
		for k := range 7 {
			entries = append(entries, registry.JournalEntry{Comune: "A074", ANPRID: id, At: loaded.Add(time.Duration(k*1000+r.IntN(1000)) * time.Second),
				Operation: ops[r.IntN(2)], Revision: electoral.Revisions()[k%5]})
		}
	}
	require.NoError(t, s.Update(ctx, func(w registry.Writer) error {
		for home, list := range byHome {
			if b, ok := w.(registry.BulkWriter); ok {
				if err := b.AddElectors(ctx, home, list); err != nil {
					return err
				}
				continue
			}
			for _, e := range list {
				if err := w.PutElector(ctx, home, e); err != nil {
					return err
				}
			}
		}
		for i := range 2300 {
			rec := registry.Record{Comune: []string{"A074", "H501"}[i%2], Book: registry.RectificationBook, ID: fmt.Sprint(i), Subject: fmt.Sprint(i % 3), State: fmt.Sprint(i % 5), At: loaded, Body: []byte(fmt.Sprint("body ", i))}
			if i%7 == 0 {
				rec.Expires = loaded
			}
			if err := w.PutRecord(ctx, rec); err != nil {
				return err
			}
		}
		return w.Note(ctx, entries...)
	}))
}

// all returns what a sequence yields.
func all[T any](t *testing.T, seq func(func(T, error) bool)) (out []T) {
	t.Helper()
	for v, err := range seq {
		require.NoError(t, err)
		out = append(out, v)
	}
	return out
}

// TestSearchLikeMemory compares what is read in pages, and by several ways,
// with what the store in memory finds by looking at everybody.
func TestSearchLikeMemory(t *testing.T) {
	section := electoral.ListField(electoral.GeneralList, electoral.ListSection)
	pinned := func(sections ...string) []registry.Condition {
		return []registry.Condition{{Field: electoral.ListField(electoral.GeneralList, electoral.ListComune), In: []string{"A074"}}, {Field: section, In: sections}}
	}
	eligible := registry.Condition{Field: electoral.CapacityField, In: []string{"si", "no"}}
	everything, moment := &registry.JournalSearch{}, &registry.JournalSearch{From: loaded.Add(500 * time.Second), To: loaded.Add(900 * time.Second)}
	searches := map[string]registry.Search{
		"all":                           {Comune: "A074"},
		"another comune":                {Comune: "H501"},
		"most":                          {Comune: "A074", Where: []registry.Condition{eligible}},
		"few":                           {Comune: "A074", Where: []registry.Condition{eligible, {Field: electoral.SenateField, In: []string{"no"}}, {Field: section, In: []string{"3"}}}},
		"from the middle":               {Comune: "A074", After: "720000", Where: []registry.Condition{eligible}},
		"sections":                      {Comune: "A074", Where: pinned("1", "4", "9", "1")},
		"sections from the middle":      {Comune: "A074", After: "720000", Where: append(pinned("2", "3"), eligible)},
		"touched, many":                 {Comune: "A074", Touched: everything},
		"touched, many, where":          {Comune: "A074", Touched: everything, Where: []registry.Condition{eligible}, After: "710000"},
		"touched, some":                 {Comune: "A074", Touched: moment},
		"touched, some, where":          {Comune: "A074", Touched: moment, Where: []registry.Condition{eligible}, After: "710000"},
		"touched in sections":           {Comune: "A074", Touched: moment, Where: pinned("1", "2")},
		"touched by a revision, by all": {Comune: "A074", Touched: &registry.JournalSearch{Revisions: electoral.Revisions()[1:2], Operations: []electoral.Operation{electoral.OpEnrol}}},
	}
	journals := map[string]registry.JournalSearch{
		"all": {Comune: "A074"}, "a time": {Comune: "A074", From: moment.From, To: moment.To},
		"an operation": {Comune: "A074", Operations: []electoral.Operation{electoral.OpEnrol}},
		"persons":      {Comune: "A074", ANPRIDs: crowdIDs()[:900]},
	}
	books := map[string]registry.RecordSearch{
		"comune": {Book: registry.RectificationBook, Comune: "A074"}, "states": {Book: registry.RectificationBook, Comune: "A074", States: []string{"1", "2", "4"}, After: "3"},
		"subject": {Book: registry.RectificationBook, Subject: "1"}, "both": {Book: registry.RectificationBook, Subject: "1", Comune: "H501", After: "3"},
	}
	eachDB(t, func(t *testing.T, at opener) {
		memory, s, ctx := memory.NewStore(), at.db(t).Store(), t.Context()
		crowd(t, memory)
		crowd(t, s)
		both := func(compare func(ctx context.Context, want, got registry.Reader)) {
			require.NoError(t, memory.View(ctx, func(want registry.Reader) error {
				return s.View(ctx, func(got registry.Reader) error { compare(ctx, want, got); return nil })
			}))
		}
		both(func(ctx context.Context, want, got registry.Reader) {
			for name, q := range searches {
				list := all(t, want.Search(ctx, q))
				require.NotEmpty(t, list, name)
				same(t, list, all(t, got.Search(ctx, q)), name)
			}
			for name, q := range journals {
				list := all(t, want.Journal(ctx, q))
				require.Greater(t, len(list), 1000, name)
				same(t, list, all(t, got.Journal(ctx, q)), name)
			}
			for name, q := range books {
				list := all(t, want.Records(ctx, q))
				require.NotEmpty(t, list, name)
				same(t, list, all(t, got.Records(ctx, q)), name)
			}
			counts, err := want.Counts(ctx, "A074")
			require.NoError(t, err)
			again, err := got.Counts(ctx, "A074")
			require.NoError(t, err)
			require.Equal(t, counts, again)
		})
		for _, store := range []registry.Store{memory, s} {
			require.NoError(t, store.Update(ctx, func(w registry.Writer) error {
				n, err := w.ExpireRecords(ctx, "A074", loaded)
				require.NoError(t, err)
				assert.Equal(t, 165, n)
				_, err = w.Forget(ctx, "A074", moment.From)
				return err
			}))
		}
		both(func(ctx context.Context, want, got registry.Reader) {
			same(t, all(t, want.Journal(ctx, journals["all"])), all(t, got.Journal(ctx, journals["all"])), "what is left of the journal")
			same(t, all(t, want.Records(ctx, books["subject"])), all(t, got.Records(ctx, books["subject"])), "what is left of a book")
		})
	})
}

// same compares two lists, and tells where they begin to differ.
func same[T any](t *testing.T, want, got []T, what string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i], got[i], "%s: number %d", what, i)
	}
	require.Len(t, got, len(want), what)
}

// TestExpireMany removes more records than are removed together.
func TestExpireMany(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		s, ctx := at.db(t).Store(), t.Context()
		require.NoError(t, s.Update(ctx, func(w registry.Writer) error {
			for i := range 2500 {
				r := registry.Record{Comune: "A074", Book: []registry.Book{registry.ReplyBook, registry.LoadBook}[i%2], ID: fmt.Sprint(i), At: loaded, Expires: loaded.Add(time.Duration(i) * time.Millisecond)}
				if i%3 == 0 {
					r.Subject = "7"
				}
				if err := w.PutRecord(ctx, r); err != nil {
					return err
				}
			}
			n, err := w.ExpireRecords(ctx, "A074", loaded.Add(2399*time.Millisecond))
			assert.Equal(t, 2400, n)
			return err
		}))
		require.NoError(t, s.View(ctx, func(r registry.Reader) error {
			about := all(t, r.Records(ctx, registry.RecordSearch{Book: registry.ReplyBook, Subject: "7"}))
			assert.Len(t, about, 17)
			left := all(t, r.Records(ctx, registry.RecordSearch{Book: registry.ReplyBook, Comune: "A074"}))
			assert.Len(t, left, 50)
			return nil
		}))
	})
}

// TestSubjectStays: a record does not come to be about another person, whose
// route would lead to what is not there.
func TestSubjectStays(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		s, ctx := at.db(t).Store(), t.Context()
		put := func(subject string) error {
			return s.Update(ctx, func(w registry.Writer) error {
				return w.PutRecord(ctx, registry.Record{Comune: "A074", Book: registry.ConflictBook, ID: "1", Subject: subject, At: loaded})
			})
		}
		require.NoError(t, put("7"))
		require.Error(t, put("8"))
		require.Error(t, put(""))
		require.NoError(t, put("7"))
		require.NoError(t, s.View(ctx, func(r registry.Reader) error {
			assert.Len(t, all(t, r.Records(ctx, registry.RecordSearch{Book: registry.ConflictBook, Subject: "7"})), 1)
			assert.Empty(t, all(t, r.Records(ctx, registry.RecordSearch{Book: registry.ConflictBook, Subject: "8"})))
			return nil
		}))
	})
}

// TestBornMany finds persons among more than a page.
func TestBornMany(t *testing.T) {
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "A074", Electors: 3300})
	require.NoError(t, err)
	var list []electoral.Person
	for in := range g.Inhabitants() {
		if len(list)%50 == 0 {
			in.Person.Birth.Date.Day = 0
		}
		list = append(list, in.Person)
	}
	slices.SortFunc(list, func(a, b electoral.Person) int { return int(a.Birth.Date.Day - b.Birth.Date.Day) })
	memory := memory.NewPopulation(list...)
	eachDB(t, func(t *testing.T, at opener) {
		p, ctx := at.db(t).Population(), t.Context()
		_, err := p.Put(ctx, persons(list...))
		require.NoError(t, err)
		for _, years := range [][2]int{{1900, 2026}, {1980, 1980}, {1940, 1990}} {
			from, to := electoral.Date{Year: years[0], Month: 7, Day: 15}, electoral.Date{Year: years[1], Month: 9, Day: 3}
			want := all(t, memory.Born(ctx, "A074", from, to))
			require.NotEmpty(t, want)
			same(t, want, all(t, p.Born(ctx, "A074", from, to)), "Born")
			same(t, want, all(t, sqlstore.BornByScan(ctx, p, "A074", from, to)), "by scan")
		}
	})
}
