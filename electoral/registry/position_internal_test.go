package registry

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

func entered(comune, section string) electoral.AddedList {
	return electoral.AddedList{Enrolled: electoral.Yes,
		Enrolment: &electoral.Enrolment{Comune: comune, Section: section}}
}

// TestMayChange changes, as a comune, the lists of an elector who is in lists of
// two comuni: what stays as it is needs nobody's leave.
func TestMayChange(t *testing.T) {
	const own, other = "A952", "E388"
	var e electoral.Elector
	e.ANPRID, e.Capacity = "1", electoral.Yes
	e.SetListEntry(electoral.GeneralList, entered(own, "1"))
	e.SetListEntry(electoral.EUParliamentList, entered(other, "1"))
	old := position{elector: e, home: own}
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	r := &Registry{tables: tables}
	for name, c := range map[string]struct {
		change func(e *electoral.Elector)
		actor  string
		paths  []string
	}{
		"nothing":         {func(*electoral.Elector) {}, own, nil},
		"nothing, by who": {func(*electoral.Elector) {}, other, nil},
		"his section": {func(e *electoral.Elector) {
			e.SetListEntry(electoral.GeneralList, entered(own, "2"))
		}, own, nil},
		"his section, by the other": {func(e *electoral.Elector) {
			e.SetListEntry(electoral.GeneralList, entered(own, "2"))
		}, other, []string{"general.comune"}},
		"the other's section": {func(e *electoral.Elector) {
			e.SetListEntry(electoral.EUParliamentList, entered(other, "2"))
		}, own, []string{"eu.parliament.enrolment.comune"}},
		"moved to the other": {func(e *electoral.Elector) {
			e.SetListEntry(electoral.GeneralList, entered(other, "1"))
		}, own, []string{"general.comune"}},
		"the other's list no more": {func(e *electoral.Elector) {
			e.SetListEntry(electoral.EUParliamentList, electoral.AddedList{Enrolled: electoral.No})
		}, other, []string{"eu.parliament"}},
		"right and its loss": {func(e *electoral.Elector) { e.Capacity = electoral.No }, own, nil},
		"status by the other": {func(e *electoral.Elector) { e.Status.Senate = electoral.Yes }, other,
			[]string{"status"}},
		"capacity by the other": {func(e *electoral.Elector) { e.Capacity = electoral.No }, other, []string{"status"}},
	} {
		next := e.Clone()
		c.change(&next)
		var paths []string
		for _, f := range r.mayChange(old, next, electoral.Actor{Role: electoral.OfficerRole, Comune: c.actor}) {
			paths = append(paths, f.Path)
		}
		assert.ElementsMatch(t, c.paths, paths, name)
	}
}

// TestJoinLists adds to an elector of another comune lists of the Union, with
// what follows from them and nothing else.
func TestJoinLists(t *testing.T) {
	yes := electoral.Status{NationalReferendums: electoral.Yes, EuropeanParliament: electoral.Yes, Senate: electoral.Yes,
		Chamber: electoral.Yes, Regional: electoral.Yes, Comunal: electoral.Yes, District: electoral.Yes}
	no := electoral.Status{NationalReferendums: electoral.No, EuropeanParliament: electoral.No, Senate: electoral.No,
		Chamber: electoral.No, Regional: electoral.No, Comunal: electoral.No, District: electoral.No}
	votes := func(e electoral.Elector) (out []bool) {
		for _, s := range e.Status.Entries() {
			out = append(out, s.Answer == electoral.Yes)
		}
		return out
	}
	over := func(electoral.KeptVote) bool { return false }
	for _, c := range []struct {
		in, joins electoral.List
		votes     []bool // referendums, European, Senate, Chamber, regional, comunal, district
		home      string
	}{
		{electoral.EUComunalList, electoral.EUParliamentList, []bool{false, true, false, false, false, false, false}, "E388"},
		{electoral.EUParliamentList, electoral.EUComunalList, []bool{false, false, false, false, false, true, true}, "E388"},
		{electoral.EUParliamentList, electoral.GeneralList, []bool{true, true, true, true, true, true, true}, "A952"},
	} {
		old := position{home: "E388", elector: electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, Status: no}}
		old.elector.SetListEntry(c.in, entered("E388", "1"))
		e := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, Status: yes}
		e.SetListEntry(c.joins, entered("A952", "1"))
		next, joins := joinLists(old, e, "A952", over)
		assert.True(t, joins, c.joins)
		assert.Equal(t, c.home, next.home, c.joins)
		assert.Equal(t, c.votes, votes(next.elector), c.joins)
		assert.ElementsMatch(t, []electoral.List{c.in, c.joins}, listsOf(next.elector))
		_, joins = joinLists(next, e, "A952", over)
		assert.False(t, joins, "in it already")
	}
	_, joins := joinLists(position{}, electoral.Elector{}, "A952", over)
	assert.False(t, joins, "no list")
}

// TestJournalOperations asks the journal for every operation that writes to it,
// each once.
func TestJournalOperations(t *testing.T) {
	list := JournalOperations()
	assert.Len(t, list, 17)
	for _, op := range []electoral.Operation{electoral.OpEnrol, electoral.OpChange, electoral.OpRemove, electoral.OpAnnul,
		electoral.OpLoseCapacity, electoral.OpRecoverCapacity, electoral.OpCertifiability, electoral.OpLoad,
		electoral.OpUndoLoad, electoral.OpDecideApplication, electoral.OpMergeIDs, electoral.OpDeleteSection,
		electoral.OpRenumberSection, electoral.OpRedraw, electoral.OpMoveElectors,
		electoral.OpSucceed, electoral.OpUndoSuccession} {
		assert.True(t, slices.Contains(list, op), op)
	}
}
