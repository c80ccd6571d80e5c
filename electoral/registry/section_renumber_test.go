package registry_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// TestRenumberSection: everything that has the name follows it.
func TestRenumberSection(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.inhabit(4)
		list[0].KeptVotes = []electoral.KeptVote{{Comune: aglie, Consultation: electoral.RegionalElection,
			Day: electoral.Date{Year: 2027, Month: 1, Day: 10}, Section: "1"}}
		s := sectionOf(aglie, "1")
		s.SeatName, s.Kind = "Ospedale", electoral.HospitalSection
		_, err := c.PutSection(c.ctx(), officer(aglie), s)
		require.NoError(c.t, err)
		c.fill(list...)
		before := c.dump()
		for name, v := range map[string]struct {
			from, to string
			want     []string
		}{
			"exists":         {"1", "2", []string{"REG-SEZ-03 to"}},
			"other spelling": {"1", "02", []string{"REG-SEZ-02 to"}},
			"itself":         {"1", "1", []string{"REG-SEZ-12 to"}},
			"no source":      {"7", "8", []string{"REG-SEZ-01 from"}},
			"both":           {"7", "2", []string{"REG-SEZ-01 from", "REG-SEZ-03 to"}},
			"no name":        {"1", " ", []string{"SEZ-NUM-01 to"}},
			"not UTF-8":      {"1", "\xff", []string{"SEZ-NUM-01 unreadable to"}},
			"long":           {"1", string(make([]byte, 201)), []string{"SEZ-NUM-01 unreadable to"}},
		} {
			_, _, err := c.RenumberSection(c.ctx(), officer(aglie), aglie, v.from, v.to)
			require.Error(c.t, err, name)
			assert.Equal(c.t, v.want, paths(c.t, err), name)
		}
		_, _, err = c.RenumberSection(c.ctx(), officer(airasca), aglie, "1", "9")
		refused(c.t, c.log, err, electoral.NotCompetent)
		stray := electorOf("2000", aglie, "40") // whose section is not registered
		c.fill(stray)
		_, _, err = c.RenumberSection(c.ctx(), officer(aglie), aglie, "1", "40")
		assert.Equal(c.t, []string{"REG-SEZ-03 electors to"}, paths(c.t, err))
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.RemoveElector(c.ctx(), "2000") }))
		assert.Equal(c.t, before, c.dump())

		req := officer(aglie)
		report, warnings, err := c.RenumberSection(c.ctx(), req, aglie, "1", "0001")
		require.NoError(c.t, err, "to another spelling of itself")
		assert.Equal(c.t, registry.RedrawReport{Put: 1, Deleted: 1, Moved: 2}, report)
		require.Len(c.t, warnings, 1)
		assert.Equal(c.t, electoral.SectionNumberUnusual, warnings[0].Code)
		again, _, err := c.RenumberSection(c.ctx(), req, aglie, "1", "0001")
		require.NoError(c.t, err)
		assert.Equal(c.t, report, again)
		c.tick()
		_, warnings, err = c.RenumberSection(c.ctx(), officer(aglie), aglie, "0001", "21")
		require.NoError(c.t, err)
		assert.Empty(c.t, warnings)
		got, err := c.Section(c.ctx(), officer(aglie), aglie, "21")
		require.NoError(c.t, err)
		s.Number = "21"
		assert.Equal(c.t, s, got)
		assert.Equal(c.t, []string{"1000", "1002"}, c.in(electoral.GeneralList, "21"))
		assert.Equal(c.t, []string{"1000"}, c.in(electoral.StillVotesList, "21"))
		assert.Empty(c.t, c.in(electoral.GeneralList, "1"))
		assert.Equal(c.t, []electoral.Operation{electoral.OpRenumberSection, electoral.OpRenumberSection}, c.journal(aglie, "1000"))
		page, err := c.Sections(c.ctx(), officer(aglie), aglie, registry.SectionPage{})
		require.NoError(c.t, err)
		require.Len(c.t, page.Sections, 2)
		assert.Equal(c.t, "21", page.Sections[1].Section.Number)

		// A certificate and the printed list have the new number.
		facts, err := certificateFacts(c.ctx(), c.Registry, c.log, officer(aglie), "1000")
		require.NoError(c.t, err)
		assert.Equal(c.t, "21", facts.Elector.General.Section)
		require.NotNil(c.t, facts.Section)
		assert.Equal(c.t, "21", facts.Section.Number)
		l := &lister{}
		_, err = c.Extract(c.ctx(), officer(aglie), electoral.Extraction{List: electoral.GeneralList, Comune: aglie,
			Section: "21", Purpose: pollsPurpose}, l)
		require.NoError(c.t, err)
		assert.Equal(c.t, []string{"21/1000", "21/1002"}, l.ids)
		_, err = c.Extract(c.ctx(), officer(aglie), electoral.Extraction{List: electoral.GeneralList, Comune: aglie,
			Section: "1", Purpose: pollsPurpose}, l)
		refused(c.t, c.log, err, electoral.SectionNotFound)
	})
}

// TestRenumberLoad: who undoes a first load removes the sections that it brought,
// whatever they are called now.
func TestRenumberLoad(t *testing.T) {
	inTown(t, func(c *town) {
		req := officer(aglie)
		_, err := c.Load(c.ctx(), req, aglie, source(3, sectionOf(aglie, "5"), sectionOf(aglie, "6"), sectionOf(aglie, "7")),
			electoral.LoadSource[electoral.Elector]{}, registry.LoadOptions{})
		require.NoError(c.t, err)
		c.tick()
		_, _, err = c.RenumberSection(c.ctx(), officer(aglie), aglie, "5", "50")
		require.NoError(c.t, err)
		_, _, err = c.DeleteSection(c.ctx(), officer(aglie), aglie, registry.SectionDeletion{Number: "6"})
		require.NoError(c.t, err)
		c.put("6") // a new one, which the load did not bring
		report, _, err := c.UndoLoad(c.ctx(), officer(aglie), aglie, req.ID)
		require.NoError(c.t, err)
		assert.Equal(c.t, 2, report.Sections)
		page, err := c.Sections(c.ctx(), officer(aglie), aglie, registry.SectionPage{})
		require.NoError(c.t, err)
		var numbers []string
		for _, s := range page.Sections {
			numbers = append(numbers, s.Section.Number)
		}
		assert.Equal(c.t, []string{"1", "2", "6"}, numbers)
	})
}

// named returns the warnings that something names a section, by case and path.
func named(faults electoral.Faults) (out []string) {
	for _, f := range faults {
		if f.Code == electoral.SectionNamed {
			out = append(out, f.Case+" "+f.Path+" "+f.Value)
		}
	}
	return out
}

// TestNumbersFollow: near a vote the numbers of a list follow its electors where they
// go together to a number of their own.
func TestNumbersFollow(t *testing.T) {
	inTown(t, func(c *town) {
		day := electoral.Date{Year: 2026, Month: 12, Day: 6}
		c.votes = []electoral.Vote{{Consultation: electoral.RegionalElection, Day: day}}
		c.put("3")
		// By name they stand in the order of their ids: who has an id before the others
		// comes later, so that a number that is given anew differs from one that is kept.
		list := c.inhabit(9)
		for i := range list {
			list[i].General.Section = strconv.Itoa(1 + i%3)
		}
		c.fill(list[3:]...)
		c.extractVote(electoral.RegionalElection, day, "")
		c.fill(list[:3]...)
		first := c.extractVote(electoral.RegionalElection, day, "")
		require.Equal(c.t, map[string]int{"1000": 3, "1003": 1, "1006": 2, "1001": 3, "1004": 1, "1007": 2,
			"1002": 3, "1005": 1, "1008": 2}, first)

		_, warnings, err := c.RenumberSection(c.ctx(), officer(aglie), aglie, "1", "10")
		require.NoError(c.t, err)
		assert.Equal(c.t, []string{"numbers-kept from 1"}, named(warnings))
		assert.True(c.t, warnings.Has(electoral.RedrawnBeforeVote))
		assert.Equal(c.t, first, c.extractVote(electoral.RegionalElection, day, ""))
		c.tick()
		_, warnings, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Sections: []registry.SectionMove{
			pair("10", "2"), pair("2", "3"), pair("3", "10")}})
		require.NoError(c.t, err)
		assert.Equal(c.t, []string{"numbers-kept sections[1].from 2", "numbers-kept sections[2].from 3",
			"numbers-kept sections[0].from 10"}, named(warnings))
		assert.Equal(c.t, first, c.extractVote(electoral.RegionalElection, day, ""), "in a circle")
		assert.Equal(c.t, []string{"1000", "1003", "1006"}, c.in(electoral.GeneralList, "2"))

		// One who is named gets the next number where he comes, and his old one is free
		// for nobody.
		c.tick()
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Persons: []registry.PersonMove{{ANPRID: "1003", To: "3"}}})
		require.NoError(c.t, err)
		first["1003"] = 4
		assert.Equal(c.t, first, c.extractVote(electoral.RegionalElection, day, ""))
		// Into a section in which somebody is.
		c.tick()
		_, warnings, err = c.DeleteSection(c.ctx(), semestral(), aglie, registry.SectionDeletion{Number: "2", To: "10"})
		require.NoError(c.t, err)
		assert.Equal(c.t, []string{"numbers number 2"}, named(warnings))
		first["1000"], first["1006"] = 4, 5
		got := c.extractVote(electoral.RegionalElection, day, "")
		assert.ElementsMatch(c.t, []int{4, 5}, []int{got["1000"], got["1006"]})
		first["1000"], first["1006"] = got["1000"], got["1006"]
		assert.Equal(c.t, first, got)
		// The name of a deleted section has no numbers of its own.
		c.put("2")
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Persons: []registry.PersonMove{{ANPRID: "1001", To: "2"}}})
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, c.extractVote(electoral.RegionalElection, day, "2")["1001"])
	})
}

// TestEarlierNumbers: numbers kept by an earlier version do not say of what they are.
func TestEarlierNumbers(t *testing.T) {
	inTown(t, func(c *town) {
		day := electoral.Date{Year: 2026, Month: 12, Day: 6}
		c.votes = []electoral.Vote{{Consultation: electoral.RegionalElection, Day: day}}
		c.fill(c.inhabit(4)...)
		c.extractVote(electoral.RegionalElection, day, "1")
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			for rec, err := range w.Records(c.ctx(), registry.RecordSearch{Book: registry.NumberingBook, Comune: aglie}) {
				require.NoError(c.t, err)
				require.Contains(c.t, string(rec.Body), `"section":"1"`)
				rec.Body = []byte(`{"ids":["1002","1000"]}`)
				require.NoError(c.t, w.PutRecord(c.ctx(), rec))
			}
			return nil
		}))
		want := map[string]int{"1002": 1, "1000": 2}
		require.Equal(c.t, want, c.extractVote(electoral.RegionalElection, day, "1"))
		_, _, err := c.RenumberSection(c.ctx(), officer(aglie), aglie, "1", "10")
		require.NoError(c.t, err)
		require.Equal(c.t, want, c.extractVote(electoral.RegionalElection, day, "10"))
	})
}

// TestSectionAskedFor warns of a citizen's open request for a section that goes.
func TestSectionAskedFor(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		field := electoral.ListField(electoral.GeneralList, electoral.ListSection)
		q, err := c.AskRectification(c.ctx(), citizen(people()[0]), registry.RectificationRequest{Field: field, Asked: "2"})
		require.NoError(c.t, err)
		try := func() []string {
			_, warnings, err := c.DeleteSection(c.ctx(), officer(aglie), aglie, registry.SectionDeletion{Number: "2", To: "1"})
			require.NoError(c.t, err)
			c.put("2")
			_, more, err := c.MoveElectors(c.ctx(), officer(aglie), aglie, registry.Mapping{Sections: []registry.SectionMove{pair("2", "1")}})
			require.NoError(c.t, err)
			return append(named(warnings), named(more)...)
		}
		assert.Equal(c.t, []string{" number 2", " sections[0].from 2"}, try())
		for _, s := range []registry.RequestState{registry.RequestInProgress, registry.RequestRejected} {
			_, err = c.AnswerRectification(c.ctx(), officer(aglie), q.ID, s, "non dovuta")
			require.NoError(c.t, err)
		}
		assert.Empty(c.t, try(), "it is closed")
	})
}

// TestSpreadAlphabetically: even parts in one order, whatever the order of the list.
func TestSpreadAlphabetically(t *testing.T) {
	born := func(y int) electoral.Date { return electoral.Date{Year: y, Month: 1, Day: 1} }
	list := []registry.AbroadElector{
		{ANPRID: "1", Surname: "ZANIN", Name: "ADA"}, {ANPRID: "2", Surname: "D'ÀLOIA", Name: "UGO"},
		{ANPRID: "3", Surname: "dall'Ò", Name: "UGO"}, {ANPRID: "4", Surname: "Dalò", Name: "BEA", Birth: born(1980)},
		{ANPRID: "5", Surname: "DALO'", Name: "Bea", Birth: born(1970)}, {ANPRID: "60", Surname: "DALO", Name: "BEA", Birth: born(1970)},
		{ANPRID: "7", Surname: "", Name: "ADA", Section: "9"},
	}
	want := []registry.PersonMove{{ANPRID: "7", From: "9", To: "2"}, {ANPRID: "2", To: "2"}, {ANPRID: "3", To: "10"},
		{ANPRID: "5", To: "10"}, {ANPRID: "60", To: "x"}, {ANPRID: "4", To: "x"}, {ANPRID: "1", To: "x"}}
	given := slices.Clone(list)
	assert.Equal(t, want, slices.Collect(registry.SpreadAlphabetically(list, []string{"2", "10", "x"})))
	assert.Equal(t, given, list)
	slices.Reverse(list)
	assert.Equal(t, want, slices.Collect(registry.SpreadAlphabetically(list, []string{"2", "10", "x"})))
	assert.Empty(t, slices.Collect(registry.SpreadAlphabetically(list, nil)))
	assert.Empty(t, slices.Collect(registry.SpreadAlphabetically(nil, []string{"1"})))
	for n := range 50 {
		for k := 1; k < 8; k++ {
			count := map[string]int{}
			for m := range registry.SpreadAlphabetically(make([]registry.AbroadElector, n), []string{"a", "b", "c", "d", "e", "f", "g"}[:k]) {
				count[m.To]++
			}
			total := 0
			for _, c := range count {
				total += c
				assert.LessOrEqual(t, c, (n+k-1)/k)
				assert.GreaterOrEqual(t, c, n/k)
			}
			assert.Equal(t, n, total)
		}
	}
	for range registry.SpreadAlphabetically(given, []string{"1"}) {
		break
	}
}

// TestSpreadAbroad proposes, and what it proposes can be done.
func TestSpreadAbroad(t *testing.T) {
	inTown(t, func(c *town) {
		c.put("3")
		hospital := sectionOf(aglie, "0")
		hospital.Kind = electoral.HospitalSection
		_, err := c.PutSection(c.ctx(), officer(aglie), hospital)
		require.NoError(c.t, err)
		list := c.inhabit(12)
		for i := range list[:7] {
			p := people()[0].Clone()
			p.ANPRID, p.FiscalCode, p.Surname = list[i].ANPRID, "", string(rune('Z'-i))
			p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: aglie, State: "FRA"}
			c.population.Put(p)
		}
		c.fill(list...)
		c.population.Remove("1011")
		spread := func(sections []string) (moves []registry.PersonMove, err error) {
			n, err := c.SpreadAbroad(c.ctx(), officer(aglie), aglie, sections, func(m registry.PersonMove) error {
				moves = append(moves, m)
				return nil
			})
			assert.Equal(c.t, len(moves), n)
			return moves, err
		}
		before := c.dump()
		moves, err := spread(nil)
		require.NoError(c.t, err)
		assert.Equal(c.t, []registry.PersonMove{{ANPRID: "1006", From: "1", To: "1"}, {ANPRID: "1005", From: "2", To: "1"},
			{ANPRID: "1004", From: "1", To: "2"}, {ANPRID: "1003", From: "2", To: "2"}, {ANPRID: "1002", From: "1", To: "3"},
			{ANPRID: "1001", From: "2", To: "3"}, {ANPRID: "1000", From: "1", To: "3"}}, moves)
		assert.Equal(c.t, before, c.dump(), "it proposes only")
		last := c.log.accesses[len(c.log.accesses)-1]
		assert.Equal(c.t, electoral.OpSpreadAbroad, last.Operation)
		assert.Contains(c.t, last.Details, electoral.Detail{Key: "rows", Value: "7"})
		report, _, err := c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Persons: moves})
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.RedrawReport{Moved: 5, Persons: 5}, report)
		assert.Equal(c.t, []string{"1000", "1001", "1002"}, c.in(electoral.GeneralList, "3"))
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Persons: moves})
		require.ErrorIs(c.t, err, electoral.MappingMoved, "who moved meanwhile is told")

		moves, err = spread([]string{"3"})
		require.NoError(c.t, err)
		for _, m := range moves {
			assert.Equal(c.t, "3", m.To, "sections of their own")
		}
		_, err = spread([]string{"0", "1", "1", "x", "\xff"})
		assert.Equal(c.t, []string{"REG-SEZ-20 sections[0]", "REG-SEZ-10 put sections[2]", "REG-SEZ-01 sections[3]",
			"REG-SEZ-01 sections[4]"}, paths(c.t, err))
		_, err = spread([]string{})
		assert.Equal(c.t, []string{"REG-SEZ-09 sections"}, paths(c.t, err))
		_, err = c.SpreadAbroad(c.ctx(), officer(airasca), aglie, nil, func(registry.PersonMove) error { t.Error("told"); return nil })
		refused(c.t, c.log, err, electoral.NotCompetent)
		stop, told := errors.New("stop"), 0
		n, err := c.SpreadAbroad(c.ctx(), officer(aglie), aglie, nil, func(registry.PersonMove) error { told++; return stop })
		require.ErrorIs(c.t, err, stop)
		assert.Equal(c.t, []int{1, 1}, []int{n, told})
		_, err = c.SpreadAbroad(c.ctx(), officer("L219"), "L219", nil, func(registry.PersonMove) error { return nil })
		refused(c.t, c.log, err, electoral.SectionNotFound)
	})
}
