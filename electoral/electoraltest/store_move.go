package electoraltest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// movable are electors of comuneA's section 1 of every kind that a move meets, by
// ANPR id, with their homes.
func movable() (list []electoral.Elector, homes []string) {
	here := &electoral.Enrolment{Comune: comuneA, Section: "1"}
	add := func(home string, e electoral.Elector) {
		e.ANPRID = fmt.Sprint(len(list) + 1)
		list, homes = append(list, e.Clone()), append(homes, home)
	}
	add(comuneA, SampleElector("", comuneA, "1"))
	add(comuneA, electoral.Elector{General: here})
	// In two lists of one section, and in one elsewhere.
	union := electoral.Elector{}
	for _, l := range []electoral.List{electoral.EUComunalList, electoral.EUParliamentList} {
		union.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: here})
	}
	union.SetListEntry(electoral.TrentoList, electoral.AddedList{Enrolled: electoral.Yes,
		Enrolment: &electoral.Enrolment{Comune: comuneB, Section: "1"}})
	add(comuneA, union)
	// A guest, whose general list is elsewhere in a section of the same number.
	guest := electoral.Elector{General: &electoral.Enrolment{Comune: comuneB, Section: "1"}}
	guest.SetListEntry(electoral.BolzanoList, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: here})
	add(comuneB, guest)
	// A place without a yes is no enrolment.
	add(comuneA, electoral.Elector{General: &electoral.Enrolment{Comune: comuneA, Section: "3"},
		EU: electoral.EULists{Parliament: electoral.AddedList{Enrolled: electoral.No, Enrolment: here}}})
	add(comuneA, electoral.Elector{KeptVotes: []electoral.KeptVote{{Comune: comuneA,
		Consultation: electoral.RegionalElection, Day: electoral.Date{Year: 2026, Month: 12, Day: 1}, Section: "1"}}})
	add(comuneA, electoral.Elector{General: here}) // not asked for
	add(comuneB, electoral.Elector{General: here}) // asked for under another home
	return list, homes
}

// storeMover moves the same electors twice: one by one, as the reference, and at
// once.
func storeMover(t *testing.T, s registry.Store) {
	list, homes := movable()
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for i, e := range list {
			require.NoError(t, w.PutElector(ctx, homes[i], e))
		}
	})
	want := slices.Clone(list)
	for i, e := range list[:6] {
		want[i] = e.Clone()
		for l, en := range e.Enrolments() {
			if en.Comune == comuneA && en.Section == "1" {
				want[i].SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes,
					Enrolment: &electoral.Enrolment{Comune: comuneA, Section: "12 bis"}})
			}
		}
	}
	has := true
	update(t, s, func(ctx context.Context, w registry.Writer) {
		m, ok := w.(registry.SectionMover)
		if has = ok; !ok {
			t.Log("the store moves electors one by one: nothing to hold it to")
			return
		}
		_, _, err := w.Elector(ctx, "1") // what the writer remembers of him is not the last word
		require.NoError(t, err)
		require.NoError(t, m.MoveEnrolled(ctx, comuneA, comuneA, "1", "12 bis",
			[]string{"1", "2", "3", "5", "6", "8", "99", "", "\xff"}))
		require.NoError(t, m.MoveEnrolled(ctx, comuneB, comuneA, "1", "12 bis", []string{"4", "1"}))
		require.NoError(t, m.MoveEnrolled(ctx, comuneA, comuneA, "1", "x", nil))
		require.NoError(t, m.MoveEnrolled(ctx, comuneA, comuneA, "none", "x", []string{"1", "7"}))
		got, _, err := w.Elector(ctx, "1")
		require.NoError(t, err)
		assert.Equal(t, want[0], got, "its own writes")
	})
	if !has {
		return
	}
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for i, e := range want {
			got, home, err := r.Elector(ctx, e.ANPRID)
			require.NoError(t, err)
			assert.Equal(t, e, got)
			assert.Equal(t, homes[i], home)
		}
	})
	for _, c := range []struct {
		l               electoral.List
		comune, section string
		want            []string
	}{
		{electoral.GeneralList, comuneA, "1", []string{"7", "8"}},
		{electoral.GeneralList, comuneA, "12 bis", []string{"1", "2"}},
		{electoral.GeneralList, comuneA, "3", []string{"5"}},
		{electoral.GeneralList, comuneB, "1", []string{"4"}},
		{electoral.EUComunalList, comuneA, "12 bis", []string{"3"}},
		{electoral.EUParliamentList, comuneA, "", []string{"3"}},
		{electoral.TrentoList, comuneB, "1", []string{"3"}},
		{electoral.BolzanoList, comuneA, "12 bis", []string{"4"}},
		{electoral.StillVotesList, comuneA, "1", []string{"6"}},
	} {
		assert.Equal(t, c.want, ids(t, s, c.l, c.comune, c.section), "%s of %s, section %q", c.l, c.comune, c.section)
	}
	failed := fmt.Errorf("stop")
	require.ErrorIs(t, s.Update(t.Context(), func(w registry.Writer) error {
		m, _ := w.(registry.SectionMover)
		require.NoError(t, m.MoveEnrolled(t.Context(), comuneA, comuneA, "12 bis", "1", []string{"1", "2"}))
		return failed
	}), failed)
	assert.Equal(t, []string{"1", "2"}, ids(t, s, electoral.GeneralList, comuneA, "12 bis"), "it stays undone")
}

// storeLoop moves electors in the loop of a listing longer than a page.
func storeLoop(t *testing.T, s registry.Store) {
	const many = 1500
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for i := range many {
			require.NoError(t, w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: fmt.Sprint(10_000 + i),
				General: &electoral.Enrolment{Comune: comuneA, Section: "2"}}))
		}
	})
	update(t, s, func(ctx context.Context, w registry.Writer) {
		seen := map[string]bool{}
		for e, err := range w.Enrolled(ctx, electoral.GeneralList, comuneA, "2") {
			require.NoError(t, err)
			require.False(t, seen[e.ANPRID], "twice: %s", e.ANPRID)
			seen[e.ANPRID] = true
			e.General.Section = "1"
			if len(seen)%3 == 0 {
				continue // he stays
			}
			require.NoError(t, w.PutElector(ctx, comuneA, e))
		}
		assert.Len(t, seen, many)
	})
	assert.Len(t, ids(t, s, electoral.GeneralList, comuneA, "2"), many/3)
	assert.Len(t, ids(t, s, electoral.GeneralList, comuneA, "1"), many-many/3)
}

// storeCounter counts sections beside Counts.
func storeCounter(t *testing.T, s registry.Store) {
	list, homes := movable()
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for i, e := range list {
			require.NoError(t, w.PutElector(ctx, homes[i], e))
		}
	})
	view(t, s, func(ctx context.Context, r registry.Reader) {
		c, ok := r.(registry.SectionCounter)
		if !ok {
			t.Log("the store counts a comune at once: nothing to hold it to")
			return
		}
		for _, asked := range [][]string{{"1"}, {"3"}, {"1", "3", "1"}, {"none", "\xff", ""}, nil} {
			all, err := r.Counts(ctx, comuneA)
			require.NoError(t, err)
			want := slices.DeleteFunc(all, func(c registry.ListCount) bool {
				return !slices.Contains(asked, c.Section)
			})
			got, err := c.CountsIn(ctx, comuneA, asked)
			require.NoError(t, err)
			assert.ElementsMatch(t, want, got, "%q", asked)
		}
	})
}
