package electoraltest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

func journalCases() []storeCase {
	return []storeCase{
		{"journal", "Journal yields the entries of a comune in the order of instant, ANPR id and operation",
			storeJournal},
		{"journal search", "Journal leaves the entries that a search selects", storeJournalSearch},
		{"journal after", "After goes on where the answers before ended", storeJournalAfter},
		{"note", "an entry that is there already stands", storeNote},
		{"note together", "updates that note the same entries exclude each other", storeNoteTogether},
		{"forget", "Forget removes the entries of a comune before an instant", storeForget},
	}
}

func noted(t *testing.T, s registry.Store, list ...registry.JournalEntry) {
	t.Helper()
	update(t, s, func(ctx context.Context, w registry.Writer) { require.NoError(t, w.Note(ctx, list...)) })
}

func journal(t *testing.T, s registry.Store, q registry.JournalSearch) (out []registry.JournalEntry) {
	t.Helper()
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for e, err := range r.Journal(ctx, q) {
			require.NoError(t, err)
			out = append(out, e)
		}
	})
	return out
}

func sampleJournal() []registry.JournalEntry {
	entry := func(ms int, id string, op electoral.Operation, r electoral.Revision) registry.JournalEntry {
		return registry.JournalEntry{Comune: comuneA, ANPRID: id, At: instant.Add(time.Duration(ms) * time.Millisecond),
			Operation: op, Revision: r}
	}
	return []registry.JournalEntry{
		entry(-4_000_000_000_000, "3", electoral.OpEnrol, electoral.OtherRevision), // before 1970
		entry(0, "10", electoral.OpChange, electoral.DynamicRevision),
		entry(0, "10", electoral.OpEnrol, electoral.DynamicRevision),
		entry(0, "9", electoral.OpChange, ""),
		entry(1, "10", electoral.OpChange, electoral.SemestralRevision),
		entry(2, "1", electoral.OpLoad, electoral.FirstLoadRevision),
		entry(2, "1", "un'altra «operazione»", ""),
	}
}

func storeJournal(t *testing.T, s registry.Store) {
	want := sampleJournal()
	other := want[1]
	other.Comune = comuneB
	noted(t, s)
	noted(t, s, want[5], want[3], other, want[6], want[0])
	noted(t, s, want[4])
	noted(t, s, want[2], want[1])
	assert.Equal(t, want, journal(t, s, registry.JournalSearch{Comune: comuneA}))
	assert.Equal(t, []registry.JournalEntry{other}, journal(t, s, registry.JournalSearch{Comune: comuneB}))
	assert.Empty(t, journal(t, s, registry.JournalSearch{Comune: "F205"}))
	assert.Empty(t, journal(t, s, registry.JournalSearch{}))
}

func storeJournalSearch(t *testing.T, s registry.Store) {
	all := sampleJournal()
	noted(t, s, all...)
	after := func(ms int) time.Time { return instant.Add(time.Duration(ms) * time.Millisecond) }
	for _, c := range []struct {
		name string
		q    registry.JournalSearch
		want []int
	}{
		{"from is included", registry.JournalSearch{From: after(1)}, []int{4, 5, 6}},
		{"to is not", registry.JournalSearch{To: after(1)}, []int{0, 1, 2, 3}},
		{"between", registry.JournalSearch{From: after(0), To: after(2)}, []int{1, 2, 3, 4}},
		{"in another zone", registry.JournalSearch{From: after(0).In(time.FixedZone("CEST", 7200)),
			To: after(2).In(time.FixedZone("x", -3600))}, []int{1, 2, 3, 4}},
		{"an empty time", registry.JournalSearch{From: after(1), To: after(1)}, nil},
		{"an operation", registry.JournalSearch{Operations: []electoral.Operation{electoral.OpChange}}, []int{1, 3, 4}},
		{"operations",
			registry.JournalSearch{Operations: []electoral.Operation{electoral.OpLoad, "x", all[6].Operation}},
			[]int{5, 6}},
		{"none of the operations", registry.JournalSearch{Operations: []electoral.Operation{"x", "\x00"}}, nil},
		{"a revision", registry.JournalSearch{Revisions: []electoral.Revision{electoral.DynamicRevision}}, []int{1, 2}},
		{"no revision told", registry.JournalSearch{Revisions: []electoral.Revision{""}}, []int{3, 6}},
		{"a person", registry.JournalSearch{ANPRIDs: []string{"10"}}, []int{1, 2, 4}},
		{"persons", registry.JournalSearch{ANPRIDs: []string{"9", "3", "9", "\xff", "4"}}, []int{0, 3}},
		{"nobody", registry.JournalSearch{ANPRIDs: []string{"2", "\x00"}}, nil},
		{"all of it", registry.JournalSearch{From: after(0), To: after(1), ANPRIDs: []string{"10", "9"},
			Operations: []electoral.Operation{electoral.OpChange},
			Revisions:  []electoral.Revision{electoral.DynamicRevision}}, []int{1}},
		{"after too", registry.JournalSearch{After: &all[1], ANPRIDs: []string{"10"}}, []int{2, 4}},
		{"from after After", registry.JournalSearch{After: &all[1], From: after(2)}, []int{5, 6}},
	} {
		c.q.Comune = comuneA
		var want []registry.JournalEntry
		for _, i := range c.want {
			want = append(want, all[i])
		}
		assert.Equal(t, want, journal(t, s, c.q), c.name)
	}
}

func storeJournalAfter(t *testing.T, s registry.Store) {
	all := sampleJournal()
	noted(t, s, all...)
	for i, e := range all {
		got := journal(t, s, registry.JournalSearch{Comune: comuneA, After: &e})
		assert.Equal(t, len(all)-i-1, len(got))
		assert.Equal(t, all[i+1:], append([]registry.JournalEntry{}, got...))
	}
	// One that is not there has its place too.
	between := all[3]
	between.ANPRID = "90"
	assert.Equal(t, all[4:], journal(t, s, registry.JournalSearch{Comune: comuneA, After: &between}))
	// What is written between two pages is in the next if it comes after.
	early, late := all[2], all[4]
	early.ANPRID, late.ANPRID = "0", "11"
	noted(t, s, early, late)
	assert.Equal(t, []registry.JournalEntry{all[3], all[4], late, all[5], all[6]},
		journal(t, s, registry.JournalSearch{Comune: comuneA, After: &all[2]}))
}

func storeNote(t *testing.T, s registry.Store) {
	e := sampleJournal()[1]
	revised := e
	revised.Revision = electoral.ExtraordinaryRevision
	noted(t, s, e, revised)
	noted(t, s, revised, e)
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.Note(ctx, revised))
		next := revised
		next.At = next.At.Add(time.Millisecond)
		require.NoError(t, w.Note(ctx, next, revised))
	})
	got := journal(t, s, registry.JournalSearch{Comune: comuneA})
	require.Len(t, got, 2)
	assert.Equal(t, e, got[0], "the first stands")
	// As many as a first load notes at once, of whom some are there.
	var many []registry.JournalEntry
	for i := range 4000 {
		many = append(many, registry.JournalEntry{Comune: []string{comuneA, comuneB}[i%2],
			ANPRID: fmt.Sprintf("%08d", i), At: instant, Operation: electoral.OpLoad,
			Revision: electoral.FirstLoadRevision})
	}
	there := many[1234]
	there.Revision = electoral.OtherRevision
	noted(t, s, there, many[1236])
	noted(t, s, append(many, many[17], many[18])...)
	noted(t, s, many...)
	assert.Len(t, journal(t, s, registry.JournalSearch{Comune: comuneA}), 2002)
	got = journal(t, s, registry.JournalSearch{Comune: comuneA, ANPRIDs: []string{there.ANPRID, many[1238].ANPRID}})
	assert.Equal(t, []registry.JournalEntry{there, many[1238]}, got)
	assert.Len(t, journal(t, s, registry.JournalSearch{Comune: comuneB}), 2000)
	// The same at many instants, of which some are there.
	for i := range many {
		many[i].Comune, many[i].At = "F205", instant.Add(time.Duration(i%5)*time.Millisecond)
	}
	noted(t, s, many[3001], many[3003])
	noted(t, s, many[3000:3100]...)
	assert.Len(t, journal(t, s, registry.JournalSearch{Comune: "F205"}), 100)
}

func storeNoteTogether(t *testing.T, s registry.Store) {
	var many []registry.JournalEntry
	for i := range 200 {
		many = append(many, registry.JournalEntry{Comune: comuneA, ANPRID: fmt.Sprint(i), At: instant,
			Operation: electoral.OpLoad})
	}
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			assert.NoError(t, s.Update(t.Context(),
				func(w registry.Writer) error { return w.Note(t.Context(), many[i*5:]...) }))
		})
	}
	group.Wait()
	assert.Len(t, journal(t, s, registry.JournalSearch{Comune: comuneA}), len(many))
}

func storeForget(t *testing.T, s registry.Store) {
	all := sampleJournal()
	other := all[0]
	other.Comune = comuneB
	noted(t, s, append(all, other)...)
	forget := func(comune string, before time.Time) (n int) {
		update(t, s, func(ctx context.Context, w registry.Writer) {
			var err error
			n, err = w.Forget(ctx, comune, before)
			require.NoError(t, err)
		})
		return n
	}
	assert.Equal(t, 1, forget(comuneA, instant), "that instant's stay")
	assert.Zero(t, forget(comuneA, instant))
	assert.Equal(t, all[1:], journal(t, s, registry.JournalSearch{Comune: comuneA}))
	assert.Equal(t, 3, forget(comuneA, instant.Add(time.Millisecond)))
	assert.Equal(t, all[4:], journal(t, s, registry.JournalSearch{Comune: comuneA}))
	assert.Zero(t, forget("F205", instant.AddDate(1, 0, 0)))
	assert.Equal(t, []registry.JournalEntry{other}, journal(t, s, registry.JournalSearch{Comune: comuneB}),
		"another comune's stay")
	noted(t, s, all[0])
	assert.Equal(t, all[:1], journal(t, s, registry.JournalSearch{Comune: comuneA, To: instant}),
		"it may be noted again")
}
