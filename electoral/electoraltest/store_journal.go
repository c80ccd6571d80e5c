package electoraltest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

func journalCases() []storeCase {
	return []storeCase{
		{"journal", "Journal yields the entries of a comune in the order of number, ANPR id and operation",
			storeJournal},
		{"sequence", "an update has one number in a comune, one more than the last that was committed", storeSequence},
		{"sequence follows commits", "who reads what is since the last number misses nothing, whatever the clock says",
			storeFollow},
		{"journal search", "Journal leaves the entries that a search selects", storeJournalSearch},
		{"journal after", "After goes on where the answers before ended", storeJournalAfter},
		{"note", "an entry that the update has noted already stands", storeNote},
		{"note together", "updates that note together have numbers of their own", storeNoteTogether},
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
	entry := func(ms int64, id string, op electoral.Operation, r electoral.Revision) registry.JournalEntry {
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

// notedApart notes each entry in an update of its own, and returns them with their
// numbers.
func notedApart(t *testing.T, s registry.Store, list ...registry.JournalEntry) []registry.JournalEntry {
	t.Helper()
	list = slices.Clone(list)
	for i := range list {
		e := &list[i]
		update(t, s, func(ctx context.Context, w registry.Writer) {
			require.NoError(t, w.Note(ctx, *e))
			var err error
			e.Seq, err = w.NextSeq(ctx, e.Comune)
			require.NoError(t, err)
		})
	}
	return list
}

func sequence(t *testing.T, s registry.Store, comune string) (q registry.Sequence) {
	t.Helper()
	view(t, s, func(ctx context.Context, r registry.Reader) {
		var err error
		q, err = r.Sequence(ctx, comune)
		require.NoError(t, err)
	})
	return q
}

func storeJournal(t *testing.T, s registry.Store) {
	want := sampleJournal()
	other := want[1]
	other.Comune = comuneB
	noted(t, s)
	// In one update by id and operation; then by number, whatever the instant.
	noted(t, s, want[5], want[3], other, want[6], want[0])
	noted(t, s, want[4])
	noted(t, s, want[2], want[1])
	order := []int{5, 6, 0, 3, 4, 1, 2}
	for i, seq := range []int64{1, 1, 1, 1, 2, 3, 3} {
		want[order[i]].Seq = seq
	}
	other.Seq = 1
	var sorted []registry.JournalEntry
	for _, i := range order {
		sorted = append(sorted, want[i])
	}
	assert.Equal(t, sorted, journal(t, s, registry.JournalSearch{Comune: comuneA}))
	assert.Equal(t, []registry.JournalEntry{other}, journal(t, s, registry.JournalSearch{Comune: comuneB}))
	assert.Empty(t, journal(t, s, registry.JournalSearch{Comune: "F205"}))
	assert.Empty(t, journal(t, s, registry.JournalSearch{}))
}

func storeSequence(t *testing.T, s registry.Store) {
	assert.Zero(t, sequence(t, s, comuneA))
	next := func(ctx context.Context, w registry.Writer, comune string) int64 {
		n, err := w.NextSeq(ctx, comune)
		require.NoError(t, err)
		return n
	}
	update(t, s, func(ctx context.Context, w registry.Writer) {
		now, err := w.Sequence(ctx, comuneA)
		require.NoError(t, err)
		assert.Zero(t, now)
		assert.Equal(t, int64(1), next(ctx, w, comuneA))
		require.NoError(t, w.Note(ctx, sampleJournal()...))
		assert.Equal(t, int64(1), next(ctx, w, comuneA), "one number an update")
		now, err = w.Sequence(ctx, comuneA)
		require.NoError(t, err)
		assert.Equal(t, registry.Sequence{Last: 1}, now, "its own number included")
	})
	noted(t, s, sampleJournal()[2])
	update(t, s, func(ctx context.Context, w registry.Writer) {
		assert.Equal(t, int64(3), next(ctx, w, comuneA))
		assert.Equal(t, int64(1), next(ctx, w, comuneB), "each comune has its own")
	})
	require.Error(t, s.Update(t.Context(), func(w registry.Writer) error {
		assert.Equal(t, int64(4), next(t.Context(), w, comuneA))
		return errors.New("no")
	}))
	assert.Equal(t, registry.Sequence{Last: 3}, sequence(t, s, comuneA), "what was not committed took no number")
	assert.Equal(t, registry.Sequence{Last: 1}, sequence(t, s, comuneB))
	var seqs []int64
	for _, e := range journal(t, s, registry.JournalSearch{Comune: comuneA}) {
		seqs = append(seqs, e.Seq)
	}
	assert.Equal(t, []int64{1, 1, 1, 1, 1, 1, 2}, seqs, "one person is twice in the sample with one operation")
}

// storeFollow has four writers, whose clock goes backwards, and a reader who asks for
// what is since the last number that he has seen.
func storeFollow(t *testing.T, s registry.Store) {
	const writers, each = 4, 40
	var group sync.WaitGroup
	var done atomic.Bool
	for i := range writers {
		group.Go(func() {
			for k := range each {
				assert.NoError(t, s.Update(t.Context(), func(w registry.Writer) error {
					return w.Note(t.Context(), registry.JournalEntry{Comune: comuneA, ANPRID: fmt.Sprint(i*each + k),
						At: instant.Add(-time.Duration(k) * time.Second), Operation: electoral.OpChange})
				}))
			}
		})
	}
	go func() {
		group.Wait()
		done.Store(true)
	}()
	told := map[string]int{}
	var last int64
	for over := false; !over; {
		over = done.Load() // and then once more
		err := s.View(t.Context(), func(r registry.Reader) error {
			q, err := r.Sequence(t.Context(), comuneA)
			if err != nil {
				return err
			}
			for e, err := range r.Journal(t.Context(), registry.JournalSearch{Comune: comuneA, Since: last}) {
				if err != nil {
					return err
				}
				told[e.ANPRID]++
			}
			last = q.Last
			return nil
		})
		require.NoError(t, err)
	}
	assert.Equal(t, int64(writers*each), last)
	assert.Len(t, told, writers*each)
	for id, n := range told {
		assert.Equal(t, 1, n, id)
	}
}

func storeJournalSearch(t *testing.T, s registry.Store) {
	all := notedApart(t, s, sampleJournal()...)
	after := func(ms int) time.Time { return instant.Add(time.Duration(ms) * time.Millisecond) }
	for _, c := range []struct {
		name string
		q    registry.JournalSearch
		want []int
	}{
		{"since is not included", registry.JournalSearch{Since: 5}, []int{5, 6}},
		{"until is", registry.JournalSearch{Until: 2}, []int{0, 1}},
		{"of one change", registry.JournalSearch{Since: 3, Until: 4}, []int{3}},
		{"no change", registry.JournalSearch{Since: 4, Until: 4}, nil},
		{"since and from", registry.JournalSearch{Since: 2, To: after(1)}, []int{2, 3}},
		{"since, of a person", registry.JournalSearch{Since: 2, ANPRIDs: []string{"10"}}, []int{2, 4}},
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
		{"after, and since before", registry.JournalSearch{After: &all[4], Since: 2}, []int{5, 6}},
		{"after, and since behind", registry.JournalSearch{After: &all[1], Since: 5}, []int{5, 6}},
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
	all := notedApart(t, s, sampleJournal()...)
	for i, e := range all {
		got := journal(t, s, registry.JournalSearch{Comune: comuneA, After: &e})
		assert.Equal(t, len(all)-i-1, len(got))
		assert.Equal(t, all[i+1:], append([]registry.JournalEntry{}, got...))
	}
	// One that is not there has its place too.
	between := all[3]
	between.ANPRID = "90"
	assert.Equal(t, all[4:], journal(t, s, registry.JournalSearch{Comune: comuneA, After: &between}))
	// What is written between two pages is in the last, also with an early instant.
	early, late := sampleJournal()[2], sampleJournal()[4]
	early.ANPRID, late.ANPRID = "0", "11"
	more := notedApart(t, s, early, late)
	assert.Equal(t, append(slices.Clone(all[3:]), more...),
		journal(t, s, registry.JournalSearch{Comune: comuneA, After: &all[2]}))
}

func storeNote(t *testing.T, s registry.Store) {
	e := sampleJournal()[1]
	revised := e
	revised.Revision = electoral.ExtraordinaryRevision
	noted(t, s, e, revised)
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.Note(ctx, revised))
		next := e
		next.At = next.At.Add(time.Millisecond)
		require.NoError(t, w.Note(ctx, next, e))
	})
	got := journal(t, s, registry.JournalSearch{Comune: comuneA})
	e.Seq, revised.Seq = 1, 2
	assert.Equal(t, []registry.JournalEntry{e, revised}, got, "the first of each update stands")
	// As many as a first load notes at once, of whom some are there.
	var many []registry.JournalEntry
	for i := range 4000 {
		many = append(many, registry.JournalEntry{Comune: []string{comuneA, comuneB}[i%2],
			ANPRID: fmt.Sprintf("%08d", i), At: instant, Operation: electoral.OpLoad,
			Revision: electoral.FirstLoadRevision})
	}
	there := many[1234]
	there.Revision = electoral.OtherRevision
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.Note(ctx, there, many[1236]))
		require.NoError(t, w.Note(ctx, append(slices.Clone(many), many[17], many[18])...))
		require.NoError(t, w.Note(ctx, many...))
		require.NoError(t, w.Note(ctx, many[2000:2100]...))
	})
	assert.Len(t, journal(t, s, registry.JournalSearch{Comune: comuneA}), 2002)
	got = journal(t, s, registry.JournalSearch{Comune: comuneA, ANPRIDs: []string{there.ANPRID, many[1238].ANPRID}})
	other := many[1238]
	there.Seq, other.Seq = 3, 3
	assert.Equal(t, []registry.JournalEntry{there, other}, got)
	assert.Len(t, journal(t, s, registry.JournalSearch{Comune: comuneB}), 2000)
	noted(t, s, many...)
	assert.Len(t, journal(t, s, registry.JournalSearch{Comune: comuneB}), 4000, "the next update notes them again")
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
	counts := map[int64]int{}
	for _, e := range journal(t, s, registry.JournalSearch{Comune: comuneA}) {
		counts[e.Seq]++
	}
	assert.ElementsMatch(t, []int{200, 195, 190, 185}, slices.Collect(maps.Values(counts)))
	assert.ElementsMatch(t, []int64{1, 2, 3, 4}, slices.Collect(maps.Keys(counts)))
}

func storeForget(t *testing.T, s registry.Store) {
	other := sampleJournal()[0]
	other.Comune = comuneB
	all := notedApart(t, s, append(sampleJournal(), other)...)
	all, other = all[:7], all[7]
	forget := func(comune string, before time.Time) (n int) {
		update(t, s, func(ctx context.Context, w registry.Writer) {
			var err error
			n, err = w.Forget(ctx, comune, before)
			require.NoError(t, err)
		})
		return n
	}
	assert.Equal(t, 1, forget(comuneA, instant), "that instant's stay")
	assert.Equal(t, registry.Sequence{Last: 7, Forgotten: 1}, sequence(t, s, comuneA))
	assert.Zero(t, forget(comuneA, instant))
	assert.Equal(t, registry.Sequence{Last: 7, Forgotten: 1}, sequence(t, s, comuneA))
	assert.Equal(t, all[1:], journal(t, s, registry.JournalSearch{Comune: comuneA}))
	assert.Equal(t, 3, forget(comuneA, instant.Add(time.Millisecond)))
	assert.Equal(t, registry.Sequence{Last: 7, Forgotten: 4}, sequence(t, s, comuneA))
	assert.Equal(t, all[4:], journal(t, s, registry.JournalSearch{Comune: comuneA}))
	assert.Zero(t, forget("F205", instant.AddDate(1, 0, 0)))
	assert.Equal(t, []registry.JournalEntry{other}, journal(t, s, registry.JournalSearch{Comune: comuneB}),
		"another comune's stay")
	assert.Equal(t, registry.Sequence{Last: 1}, sequence(t, s, comuneB))
	again := notedApart(t, s, sampleJournal()[0])
	assert.Equal(t, int64(8), again[0].Seq)
	assert.Equal(t, again, journal(t, s, registry.JournalSearch{Comune: comuneA, To: instant}), "it may be noted again")
	assert.Equal(t, 1, forget(comuneA, instant))
	assert.Equal(t, registry.Sequence{Last: 8, Forgotten: 8}, sequence(t, s, comuneA), "an early instant, a high number")
}
