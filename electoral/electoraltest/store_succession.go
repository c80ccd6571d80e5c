package electoraltest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

func successionCases() []storeCase {
	return []storeCase{
		{"move", "a writer that moves the electors of a comune at once writes what PutElector would", storeMove},
		{"move refused", "an elector in a section that goes nowhere fails the whole update", storeMoveRefused},
		{"move of many", "a move of more electors than a page leaves none behind", storeMoveMany},
	}
}

// mover returns the writer's way to move a comune, or nil.
func mover(t *testing.T, w registry.Writer) registry.SuccessionWriter {
	m, ok := w.(registry.SuccessionWriter)
	if !ok {
		t.Log("the store moves electors one by one: nothing to hold it to")
	}
	return m
}

const comuneC = "L219"

// passing are electors of comune A whose rows differ in what a move must look at,
// and how each stands after a move to C; then those of whom nothing changes but the
// home, or nothing at all.
func passing() (before, after map[string]electoral.Elector) {
	in := func(comune, section string) electoral.AddedList {
		return electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: comune, Section: section}}
	}
	vote := electoral.KeptVote{Comune: comuneB, Consultation: electoral.ChamberElection,
		Day: electoral.Date{Year: 2026, Month: 3, Day: 22}, Section: "4"}
	own := vote
	own.Comune, own.Section = comuneA, "2"
	before, after = map[string]electoral.Elector{}, map[string]electoral.Elector{}
	add := func(id string, e, moved electoral.Elector) {
		e.ANPRID, moved.ANPRID = id, id
		before[id], after[id] = e, moved
	}
	plain := SampleElector("1", comuneA, "1")
	plain.KeptVotes = nil
	moved := SampleElector("1", comuneC, "10")
	moved.KeptVotes = nil
	for i, r := range plain.Removals { // what was done stays with the comune that did it
		moved.Removals[i].Comune = r.Comune
	}
	moved.Loss, moved.EU.Parliament = plain.Loss, plain.EU.Parliament // he is not in that list
	add("1", plain, moved)
	a, b := electoral.Elector{General: &electoral.Enrolment{Comune: comuneA, Section: "2"}}, electoral.Elector{
		General: &electoral.Enrolment{Comune: comuneC, Section: "2"}}
	a.Added.Bolzano, b.Added.Bolzano = in(comuneB, "7"), in(comuneB, "7")
	a.KeptVotes, b.KeptVotes = []electoral.KeptVote{vote}, []electoral.KeptVote{vote}
	add("2", a, b)
	a, b = electoral.Elector{}, electoral.Elector{}
	a.EU.Comunal, b.EU.Comunal = in(comuneA, "1"), in(comuneC, "10")
	a.EU.Parliament = electoral.AddedList{Enrolled: electoral.No}
	b.EU.Parliament = a.EU.Parliament
	add("3", a, b)
	add("4", electoral.Elector{Capacity: electoral.No}, electoral.Elector{Capacity: electoral.No})
	a = electoral.Elector{KeptVotes: []electoral.KeptVote{own}}
	add("5", a, a) // a kept vote stays where it is
	return before, after
}

func storeMove(t *testing.T, s registry.Store) {
	before, after := passing()
	note := registry.JournalEntry{Comune: comuneC, At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Operation: electoral.OpSucceed}
	old := note
	old.Comune = comuneA
	guest := electoral.Elector{ANPRID: "8", General: &electoral.Enrolment{Comune: comuneA, Section: "1"}}
	other := SampleElector("9", comuneB, "1")
	done := false
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for _, e := range before {
			require.NoError(t, w.PutElector(ctx, comuneA, e))
		}
		require.NoError(t, w.PutElector(ctx, comuneB, guest))
		require.NoError(t, w.PutElector(ctx, comuneB, other))
		m := mover(t, w)
		if done = m != nil; !done {
			return
		}
		guests, err := m.Guests(ctx, comuneA)
		require.NoError(t, err)
		assert.Equal(t, []string{"8"}, guests)
		n, err := m.MoveElectors(ctx, registry.ElectorMove{From: comuneA, To: comuneC,
			Sections: map[string]string{"1": "10", "2": "2", "3": "10"}, Notes: []registry.JournalEntry{note, old}})
		require.NoError(t, err)
		assert.Equal(t, len(before), n)
		e, home, err := w.Elector(ctx, "1")
		require.NoError(t, err)
		assert.Equal(t, comuneC, home, "its own writes")
		assert.Equal(t, after["1"], e)
	})
	if !done {
		return
	}
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for id, want := range after {
			e, home, err := r.Elector(ctx, id)
			require.NoError(t, err)
			assert.Equal(t, comuneC, home, id)
			assert.Equal(t, want, e, id)
		}
		e, home, err := r.Elector(ctx, "8")
		require.NoError(t, err)
		assert.Equal(t, comuneB, home)
		assert.Equal(t, guest, e, "who is under another comune stays")
	})
	// What the lists say is what PutElector would have left.
	assert.Equal(t, []string{"8"}, ids(t, s, electoral.GeneralList, comuneA, ""))
	assert.Equal(t, []string{"1", "2"}, ids(t, s, electoral.GeneralList, comuneC, ""))
	assert.Equal(t, []string{"1"}, ids(t, s, electoral.GeneralList, comuneC, "10"))
	assert.Contains(t, ids(t, s, electoral.EUComunalList, comuneC, "10"), "3")
	assert.Equal(t, []string{"1", "2", "9"}, ids(t, s, electoral.BolzanoList, comuneB, "7"))
	assert.Equal(t, []string{"5"}, ids(t, s, electoral.StillVotesList, comuneA, ""))
	assert.Contains(t, ids(t, s, electoral.StillVotesList, comuneB, "4"), "2")
	for _, comune := range []string{comuneA, comuneC} {
		entries := journal(t, s, registry.JournalSearch{Comune: comune})
		require.Len(t, entries, len(before), comune)
		assert.Equal(t, "1", entries[0].ANPRID)
		assert.Equal(t, electoral.OpSucceed, entries[0].Operation)
	}
	// A later change finds every row in its place.
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for id := range after {
			require.NoError(t, w.RemoveElector(ctx, id))
		}
	})
	for _, comune := range []string{comuneA, comuneB, comuneC} {
		view(t, s, func(ctx context.Context, r registry.Reader) {
			for e, err := range r.Search(ctx, registry.Search{Comune: comune}) {
				require.NoError(t, err)
				assert.Contains(t, []string{"8", "9"}, e.ANPRID)
			}
		})
	}
}

func storeMoveRefused(t *testing.T, s registry.Store) {
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for i, section := range []string{"1", "2"} {
			id := fmt.Sprint(i + 1)
			require.NoError(t, w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: id,
				General: &electoral.Enrolment{Comune: comuneA, Section: section}}))
		}
	})
	for name, m := range map[string]registry.ElectorMove{
		"a section without a target": {From: comuneA, To: comuneC, Sections: map[string]string{"1": "1"}},
		"to itself":                  {From: comuneA, To: comuneA, Sections: map[string]string{"1": "1", "2": "2"}},
	} {
		has := true
		err := s.Update(t.Context(), func(w registry.Writer) error {
			mv := mover(t, w)
			if has = mv != nil; !has {
				return nil
			}
			_, err := mv.MoveElectors(t.Context(), m)
			return err
		})
		if !has {
			return
		}
		require.Error(t, err, name)
		assert.Equal(t, []string{"1", "2"}, ids(t, s, electoral.GeneralList, comuneA, ""), name)
	}
}

func storeMoveMany(t *testing.T, s registry.Store) {
	const many = 5004 // more than a page of any store here
	has := true
	update(t, s, func(ctx context.Context, w registry.Writer) {
		m := mover(t, w)
		if has = m != nil; !has {
			return
		}
		list := make([]electoral.Elector, many)
		for i := range list {
			list[i] = electoral.Elector{ANPRID: fmt.Sprintf("%06d", i),
				General: &electoral.Enrolment{Comune: comuneA, Section: fmt.Sprint(i % 3)}}
		}
		require.NoError(t, w.(registry.BulkWriter).AddElectors(ctx, comuneA, list))
		n, err := m.MoveElectors(ctx, registry.ElectorMove{From: comuneA, To: comuneC,
			Sections: map[string]string{"0": "a", "1": "b", "2": "a"}})
		require.NoError(t, err)
		assert.Equal(t, many, n)
	})
	if !has {
		return
	}
	assert.Empty(t, ids(t, s, electoral.GeneralList, comuneA, ""))
	assert.Equal(t, many/3, len(ids(t, s, electoral.GeneralList, comuneC, "b")))
	assert.Equal(t, many, len(ids(t, s, electoral.GeneralList, comuneC, "")))
}
