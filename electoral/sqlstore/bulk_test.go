package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
)

// many makes electors of comune A074 with ids from first, in sections of 300.
func many(first, n int) []electoral.Elector {
	list := make([]electoral.Elector, n)
	for i := range list {
		list[i] = electoraltest.SampleElector(strconv.Itoa(first+i), "A074", strconv.Itoa((first+i)/300))
	}
	return list
}

func addAll(t testing.TB, db *sqlstore.DB, home string, list []electoral.Elector) {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
		return w.(registry.BulkWriter).AddElectors(ctx, home, list)
	}))
}

// TestBulk compares what AddElectors writes with what PutElector does, and
// holds it to all or nothing.
func TestBulk(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		db, ctx := at.db(t), t.Context()
		list := many(1, 2350)
		addAll(t, db, "A074", list)
		require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
			for _, i := range []int{0, 999, 1000, 2349} {
				e, home, err := r.Elector(ctx, list[i].ANPRID)
				require.NoError(t, err)
				assert.Equal(t, list[i], e)
				assert.Equal(t, "A074", home)
			}
			return nil
		}))
		for name, wrong := range map[string][]electoral.Elector{
			"one is there":   append(many(5000, 10), list[0]),
			"one is twice":   append(many(5000, 10), many(5003, 1)...),
			"text with zero": append(many(5000, 10), electoral.Elector{ANPRID: "6\x00"}),
			"text not UTF-8": append(many(5000, 10), electoral.Elector{ANPRID: "6", Status: electoral.Status{SenateConstituency: "\xff"}}),
		} {
			require.Error(t, db.Store().Update(ctx, func(w registry.Writer) error {
				// An error that is overlooked does not make half an update.
				_ = w.(registry.BulkWriter).AddElectors(ctx, "A074", many(7000, 1))
				err := w.(registry.BulkWriter).AddElectors(ctx, "A074", wrong)
				require.Error(t, err, name)
				if name[:3] == "one" {
					return nil
				}
				return err
			}), name)
		}
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
			homes, err := w.(registry.BulkWriter).Homes(ctx, []string{"1", "2350", "5000", "999999", "7000", "x\x00", "2351", "1"})
			assert.Equal(t, map[string]string{"1": "A074", "2350": "A074"}, homes)
			return err
		}))
		// What is added can be changed, and is found at its new place alone.
		e := list[7].Clone()
		e.General.Section = "9999"
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error { return w.PutElector(ctx, "H501", e) }))
		require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
			n := 0
			for got, err := range r.Enrolled(ctx, electoral.GeneralList, "A074", "") {
				require.NoError(t, err)
				n++
				if got.ANPRID == e.ANPRID {
					assert.Equal(t, e, got)
				}
			}
			assert.Equal(t, len(list), n)
			return nil
		}))
	})
}

// TestListingPages reads lists longer than a page, with other reads and
// writes, of the store and of the population, in the loop.
func TestListingPages(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		db, ctx := at.db(t), t.Context()
		const n = 2128 // a whole number of pages: 128 and two of 1,000
		list := many(100_000, n)
		for i := range list {
			list[i].General.Section = strconv.Itoa(1 + i/1128)
		}
		// of a few the home is another comune
		addAll(t, db, "A074", list[5:])
		addAll(t, db, "H501", list[:5])
		_, err := db.Population().Put(ctx, persons(electoraltest.SamplePersons()...))
		require.NoError(t, err)
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
			for i := range 1100 {
				if err := w.PutSection(ctx, electoral.Section{Comune: "A074", Number: fmt.Sprintf("%04d", i)}); err != nil {
					return err
				}
			}
			return nil
		}))
		for section, want := range map[string]int{"": n, "1": 1128, "2": 1000, "3": 0} {
			require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
				i := 0
				for e, err := range r.Enrolled(ctx, electoral.GeneralList, "A074", section) {
					require.NoError(t, err)
					if section == "" {
						require.Equal(t, list[i].ANPRID, e.ANPRID)
					}
					if i++; i%400 != 0 {
						continue
					}
					again, _, err := r.Elector(ctx, e.ANPRID)
					require.NoError(t, err)
					require.Equal(t, e, again)
					inner := 0
					for _, err := range r.Sections(ctx, "A074") {
						require.NoError(t, err)
						inner++
					}
					require.Equal(t, 1100, inner)
					_, err = db.Population().ByANPRID(ctx, "22")
					require.NoError(t, err)
				}
				assert.Equal(t, want, i, "section %q", section)
				return nil
			}))
		}
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
			for e, err := range w.Enrolled(ctx, electoral.GeneralList, "A074", "2") {
				if err != nil {
					return err
				}
				e.Capacity = electoral.No
				if err := w.PutElector(ctx, "A074", e); err != nil {
					return err
				}
			}
			return nil
		}))
		require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
			for e, err := range r.Enrolled(ctx, electoral.GeneralList, "A074", "2") {
				require.NoError(t, err)
				require.Equal(t, electoral.No, e.Capacity)
			}
			return nil
		}))
	})
}

// TestManyViews opens more views at once than there are connections, each of
// which looks persons up: none waits for another for ever. If one does, the time
// limit of go test ends it: no shorter one would hold on a busy machine.
func TestManyViews(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		db, ctx := at.db(t), t.Context()
		addAll(t, db, "A074", many(1, 50))
		_, err := db.Population().Put(ctx, persons(electoraltest.SamplePersons()...))
		require.NoError(t, err)
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				assert.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
					for range r.Enrolled(ctx, electoral.GeneralList, "A074", "") {
						if _, err := db.Population().ByANPRID(ctx, "1"); err != nil {
							return err
						}
					}
					return nil
				}))
			})
		}
		group.Wait()
	})
}

// TestDeadlock lets updates take two comuni in opposite orders: on PostgreSQL
// the server ends one of them, which is run again.
func TestDeadlock(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		db, ctx := at.db(t), t.Context()
		count := func(w registry.Writer, comune string) error {
			s, err := w.Section(ctx, comune, "1")
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(s.SeatName)
			if err != nil {
				return err
			}
			s.SeatName = strconv.Itoa(n + 1)
			return w.PutSection(ctx, s)
		}
		comuni := [2]string{"A074", "H501"}
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
			for _, c := range comuni {
				if err := w.PutSection(ctx, electoral.Section{Comune: c, Number: "1", SeatName: "0"}); err != nil {
					return err
				}
			}
			return nil
		}))
		const each = 3
		var group sync.WaitGroup
		for i := range 2 {
			group.Go(func() {
				for range each {
					assert.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
						if err := count(w, comuni[i]); err != nil {
							return err
						}
						// So that they are likely to meet; nothing is judged by it.
						time.Sleep(5 * time.Millisecond)
						return count(w, comuni[1-i])
					}))
				}
			})
		}
		group.Wait()
		require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
			for _, c := range comuni {
				s, err := r.Section(ctx, c, "1")
				require.NoError(t, err)
				assert.Equal(t, strconv.Itoa(2*each), s.SeatName, "no update was lost")
			}
			return nil
		}))
	})
}

// TestRace lets comuni register the same person at once: one does, the others
// see it.
func TestRace(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		db, ctx := at.db(t), t.Context()
		for round := range 20 {
			id := strconv.Itoa(round + 1)
			var group sync.WaitGroup
			var mu sync.Mutex
			first := 0
			for i := range 4 {
				comune := fmt.Sprintf("A%03d", i)
				group.Go(func() {
					var found bool
					assert.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
						_, _, err := w.Elector(ctx, id)
						if found = err == nil; found {
							return nil
						}
						return w.PutElector(ctx, comune, electoraltest.SampleElector(id, comune, "1"))
					}))
					mu.Lock()
					defer mu.Unlock()
					if !found {
						first++
					}
				})
			}
			group.Wait()
			assert.Equal(t, 1, first)
		}
	})
}

// TestHostileTexts: what cannot be in the store is not found, and not kept in
// another form.
func TestHostileTexts(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		db, ctx := at.db(t), t.Context()
		for _, bad := range []string{"\x00", "a\xffb", "1\x00"} {
			require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
				_, _, err := r.Elector(ctx, bad)
				require.ErrorIs(t, err, electoral.ErrNotFound)
				_, err = r.Section(ctx, "A074", bad)
				require.ErrorIs(t, err, electoral.ErrNotFound)
				for range r.Sections(ctx, bad) {
					t.Error("a section")
				}
				for range r.Enrolled(ctx, electoral.List(bad), bad, bad) {
					t.Error("an elector")
				}
				_, err = r.Record(ctx, bad, registry.Book(bad), bad)
				require.ErrorIs(t, err, electoral.ErrNotFound)
				for _, q := range []registry.RecordSearch{{Comune: bad}, {Subject: bad}, {Book: registry.Book(bad), Comune: "A074"}} {
					assert.Empty(t, all(t, r.Records(ctx, q)))
				}
				assert.Empty(t, all(t, r.Journal(ctx, registry.JournalSearch{Comune: bad})))
				assert.Empty(t, all(t, r.Search(ctx, registry.Search{Comune: bad})))
				counts, err := r.Counts(ctx, bad)
				require.NoError(t, err)
				assert.Empty(t, counts)
				// What nothing can come after is refused, not read from the start.
				for _, err := range r.Search(ctx, registry.Search{Comune: "A074", After: bad}) {
					require.ErrorContains(t, err, "expected UTF-8")
				}
				for _, err := range r.Records(ctx, registry.RecordSearch{Comune: "A074", After: bad}) {
					require.ErrorContains(t, err, "expected UTF-8")
				}
				for _, err := range r.Journal(ctx, registry.JournalSearch{Comune: "A074", After: &registry.JournalEntry{ANPRID: bad}}) {
					require.ErrorContains(t, err, "expected UTF-8")
				}
				return nil
			}))
			_, err := db.Population().ByANPRID(ctx, bad)
			require.ErrorIs(t, err, electoral.ErrNotFound)
			_, err = db.Population().ByFiscalCode(ctx, electoral.FiscalCode(bad))
			require.ErrorIs(t, err, electoral.ErrNotFound)
			for field, s := range map[string]electoral.Section{
				"seatName": {Comune: "A074", Number: "1", SeatName: bad},
				"number":   {Comune: "A074", Number: bad},
			} {
				err := db.Store().Update(ctx, func(w registry.Writer) error { return w.PutSection(ctx, s) })
				require.ErrorIs(t, err, registry.ErrImpossible)
				require.ErrorContains(t, err, field)
				assert.NotContains(t, err.Error(), bad)
			}
			for field, put := range map[string]func(w registry.Writer) error{
				"state": func(w registry.Writer) error {
					return w.PutRecord(ctx, registry.Record{Comune: "A074", ID: "1", State: bad})
				},
				"anprId": func(w registry.Writer) error {
					return w.Note(ctx, registry.JournalEntry{Comune: "A074", ANPRID: bad})
				},
			} {
				err := db.Store().Update(ctx, put)
				require.ErrorIs(t, err, registry.ErrImpossible)
				require.ErrorContains(t, err, field)
				assert.NotContains(t, err.Error(), bad)
			}
			require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
				n, err := w.ExpireRecords(ctx, bad, loaded)
				m, err2 := w.Forget(ctx, bad, loaded)
				assert.Zero(t, n+m)
				return errors.Join(err, err2, w.RemoveElector(ctx, bad), w.RemoveSection(ctx, bad, bad), w.RemoveRecord(ctx, bad, registry.Book(bad), bad))
			}))
		}
		inside := electoral.Section{Comune: "A074", Number: "1", Seat: electoral.Address{Hamlet: "a\xffb"}}
		err := db.Store().Update(ctx, func(w registry.Writer) error { return w.PutSection(ctx, inside) })
		require.ErrorIs(t, err, registry.ErrImpossible)
		require.ErrorContains(t, err, "seat.hamlet")
		inside.Seat.Hamlet = "\ufffd \\ufffd \x01"
		require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error { return w.PutSection(ctx, inside) }))
		require.NoError(t, db.Store().View(ctx, func(r registry.Reader) error {
			got, err := r.Section(ctx, "A074", "1")
			assert.Equal(t, inside, got)
			return err
		}))
	})
}

// TestPutMany writes more persons than are written together, twice.
func TestPutMany(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		p, ctx := at.db(t).Population(), t.Context()
		g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "A074", Electors: 2300})
		require.NoError(t, err)
		var list []electoral.Person
		var ids []string
		for in := range g.Inhabitants() {
			list, ids = append(list, in.Person), append(ids, in.Person.ANPRID)
		}
		for round := range 2 {
			for i := range list {
				list[i].Surname = fmt.Sprint("ROUND", round)
			}
			n, err := p.Put(ctx, persons(list...))
			require.NoError(t, err)
			require.Equal(t, len(list), n)
			found, err := p.ByANPRIDs(ctx, ids)
			require.NoError(t, err)
			require.Len(t, found, len(list))
			for _, want := range list {
				require.Equal(t, want, found[want.ANPRID])
			}
		}
		// Two exchange their codes.
		list[0].FiscalCode, list[1].FiscalCode = list[1].FiscalCode, list[0].FiscalCode
		_, err = p.Put(ctx, persons(list[:2]...))
		require.NoError(t, err)
		got, err := p.ByFiscalCode(ctx, list[0].FiscalCode)
		require.NoError(t, err)
		assert.Equal(t, list[0], got)
	})
}

// TestPersonsElsewhere: who is not where most of a list are is found, whoever of the list
// is asked where that is.
func TestPersonsElsewhere(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		p, ctx := at.db(t).Population(), t.Context()
		g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "A074", Electors: 60})
		require.NoError(t, err)
		known := map[string]electoral.Person{}
		var home, away, all []string
		for in := range g.Inhabitants() {
			person := in.Person
			switch n := len(known); {
			case n%10 == 3:
				person.Residence, person.Abroad = &electoral.Residence{Comune: "F205"}, nil
			case n%10 == 7:
				person.Residence, person.Abroad = nil, nil
			}
			known[person.ANPRID] = person
			if person.Registered() == "A074" {
				home = append(home, person.ANPRID)
			} else {
				away = append(away, person.ANPRID)
			}
			all = append(all, person.ANPRID)
		}
		require.Greater(t, len(away), 5)
		require.Greater(t, len(home), 30)
		_, err = p.Put(ctx, persons(slices.Collect(maps.Values(known))...))
		require.NoError(t, err)
		unknown := []string{"7", "not\x00storable", "\xff", home[0], away[0]} // and two again
		for name, ids := range map[string][]string{
			"as they come": all, "most first": slices.Concat(home, unknown, away), "others first": slices.Concat(away, unknown, home),
			"others at the ends": slices.Concat(away[:3], home, unknown, away[3:]), "others alone": away,
			"unknown": slices.Repeat([]string{"7"}, 40), "none": nil,
		} {
			want := map[string]electoral.Person{}
			for _, id := range ids {
				if person, ok := known[id]; ok {
					want[id] = person
				}
			}
			found, err := p.ByANPRIDs(ctx, ids)
			require.NoError(t, err, name)
			require.Equal(t, want, found, name)
		}
	})
}

// TestPutPersons refuses what no population could give back.
func TestPutPersons(t *testing.T) {
	eachDB(t, func(t *testing.T, at opener) {
		people := at.db(t).Population()
		electoraltest.TestPutPersons(t, func(p electoral.Person) error {
			_, err := people.Put(t.Context(), func(yield func(electoral.Person, error) bool) { yield(p, nil) })
			return err
		})
	})
}
