package registry_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

func pair(from, to string) registry.SectionMove { return registry.SectionMove{From: from, To: to} }

// TestRedrawMeansAtOnce compares operations made at random with what they mean: where
// an elector goes depends on where he was before, and on nothing else.
func TestRedrawMeansAtOnce(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	inTown(t, func(c *town) {
		r := rand.New(rand.NewPCG(seed, 0))
		names := []string{"1", "2", "3", "4", "5", "6", "7"}
		c.put(names[2:]...)
		list := c.inhabit(40)
		at := map[string]string{}
		for i := range list {
			at[list[i].ANPRID] = names[r.IntN(len(names))]
			list[i].General.Section = at[list[i].ANPRID]
		}
		c.fill(list...)
		for range 25 {
			var m registry.Mapping
			from := slices.Clone(names)
			r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
			moves, persons := map[string]string{}, map[string]string{}
			for _, f := range from[:r.IntN(len(from)+1)] {
				if to := names[r.IntN(len(names))]; to != f {
					m.Sections = append(m.Sections, pair(f, to))
					moves[f] = to
				}
			}
			for _, i := range r.Perm(len(list))[:r.IntN(6)] {
				id := list[i].ANPRID
				persons[id] = names[r.IntN(len(names))]
				m.Persons = append(m.Persons, registry.PersonMove{ANPRID: id, From: at[id], To: persons[id]})
			}
			if len(m.Sections)+len(m.Persons) == 0 {
				continue
			}
			moved := 0
			for id, was := range maps.Clone(at) {
				if to, ok := persons[id]; ok {
					at[id] = to
				} else if to, ok := moves[was]; ok {
					at[id] = to
				}
				if at[id] != was {
					moved++
				}
			}
			c.tick()
			report, _, err := c.MoveElectors(c.ctx(), semestral(), aglie, m)
			require.NoError(c.t, err, "%+v", m)
			require.Equal(c.t, moved, report.Moved, "%+v", m)
			for _, n := range names {
				var want []string
				for id, s := range at {
					if s == n {
						want = append(want, id)
					}
				}
				slices.Sort(want)
				require.Equal(c.t, want, c.in(electoral.GeneralList, n), "section %s after %+v", n, m)
			}
		}
	})
}

// TestRedraw puts, deletes and moves together, and everybody is told.
func TestRedraw(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.inhabit(6) // in 1, 2, 1, 2, 1, 2
		guest := electorOf("3000", airasca, "1")
		guest.Added.Bolzano = electoral.AddedList{Enrolled: electoral.Yes,
			Enrolment: &electoral.Enrolment{Comune: aglie, Section: "2"}}
		c.fill(list...)
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			kept := electoral.Elector{ANPRID: "3001", Added: guest.Added} // whom Airasca keeps, in no list of its own
			return errors.Join(w.PutElector(c.ctx(), airasca, guest), w.PutElector(c.ctx(), airasca, kept))
		}))
		seat := sectionOf(aglie, "2")
		seat.SeatName = "Palestra"
		order := registry.Redrawing{Put: []electoral.Section{sectionOf(aglie, "3"), seat}, Delete: []string{"1"},
			Mapping: registry.Mapping{Sections: []registry.SectionMove{pair("1", "2"), pair("2", "3")},
				Persons: []registry.PersonMove{{ANPRID: "1001", To: "2"}, {ANPRID: "1002", From: "1", To: "3"}}}}
		report, warnings, err := c.Redraw(c.ctx(), semestral(), aglie, order)
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.RedrawReport{Put: 2, Deleted: 1, Moved: 7, Persons: 1}, report)
		assert.Equal(c.t, []string{"1000", "1001", "1004"}, c.in(electoral.GeneralList, "2"))
		assert.Equal(c.t, []string{"1002", "1003", "1005"}, c.in(electoral.GeneralList, "3"))
		assert.Equal(c.t, []string{"3000", "3001"}, c.in(electoral.BolzanoList, "3"))
		s, err := c.Section(c.ctx(), officer(aglie), aglie, "2")
		require.NoError(c.t, err)
		assert.Equal(c.t, seat, s)
		for id, comuni := range map[string][]string{"1000": {aglie}, "1001": nil, "1002": {aglie}, "3000": {aglie, airasca},
			"3001": {aglie, airasca}} {
			for _, comune := range []string{aglie, airasca} {
				var want []electoral.Operation
				if slices.Contains(comuni, comune) {
					want = []electoral.Operation{electoral.OpRedraw}
				}
				assert.Equal(c.t, want, c.journal(comune, id), "%s in %s", id, comune)
			}
		}
		page, err := c.Journal(c.ctx(), officer(aglie), registry.JournalSearch{Comune: aglie,
			Revisions: []electoral.Revision{electoral.SemestralRevision}}, 0)
		require.NoError(c.t, err)
		assert.Len(c.t, page.Entries, 7)
		var small []string
		for _, f := range warnings {
			small = append(small, string(f.Code)+" "+f.Path+" "+f.Value)
		}
		assert.Equal(c.t, []string{"REG-SEZ-07 put[1].number 3", "REG-SEZ-07 put[0].number 3"}, small)
		last := c.log.accesses[slices.IndexFunc(c.log.accesses, func(a electoral.Access) bool {
			return a.Operation == electoral.OpRedraw && a.Outcome == electoral.Granted
		})]
		assert.Empty(c.t, last.Subject, "it is about more than one person")
		assert.Equal(c.t, aglie, last.Comune)
	})
}

// TestRedrawFaults tells everything that is wrong at once, with its path.
func TestRedrawFaults(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.inhabit(4)
		c.fill(list...)
		c.put("05")
		before := c.dump()
		other := sectionOf(airasca, "8")
		bad := sectionOf(aglie, "9")
		bad.Seat.PostCode = "x"
		long := strings.Repeat("9", 201)
		for name, v := range map[string]struct {
			order registry.Redrawing
			want  []string
		}{
			"empty":      {registry.Redrawing{}, []string{"REG-SEZ-09 mapping"}},
			"empty, nil": {registry.Redrawing{Put: []electoral.Section{}, Delete: []string{}}, []string{"REG-SEZ-09 mapping"}},
			"twice, and no target": {registry.Redrawing{Mapping: registry.Mapping{
				Sections: []registry.SectionMove{pair("1", "2"), pair("1", "3"), pair("2", "2"), pair("8", "1"), pair("05", "5")},
				Persons: []registry.PersonMove{{ANPRID: "1000", To: "2"}, {ANPRID: "1000", To: "1"}, {ANPRID: "x", To: "1"},
					{ANPRID: "1001", To: ""}}}},
				[]string{"REG-SEZ-10 mapping.sections[1].from", "REG-SEZ-12 mapping.sections[2].to",
					"REG-SEZ-01 mapping.sections[3].from", "REG-SEZ-11 spelling mapping.sections[4].to",
					"REG-SEZ-10 person mapping.persons[1].anprId", "ELE-ID-01 mapping.persons[2].anprId",
					"REG-SEZ-11 mapping.persons[3].to"}},
			"sections": {registry.Redrawing{Put: []electoral.Section{bad, other, sectionOf(aglie, "01"), sectionOf(aglie, "2"),
				sectionOf(aglie, "2"), sectionOf(aglie, "6"), sectionOf(aglie, "06")}, Delete: []string{"2", "7", "7", "1"}},
				[]string{"SEZ-SED-03 put[0].seat.postCode", "REG-COM-01 put[1].comune", "REG-SEZ-10 put put[4].number",
					"REG-SEZ-10 put-and-delete delete[0]", "REG-SEZ-01 delete[1]", "REG-SEZ-10 delete delete[2]",
					"REG-SEZ-02 put[6].number", "REG-SEZ-04 delete[0]", "REG-SEZ-04 delete[3]"}},
			"deleted target": {registry.Redrawing{Delete: []string{"1", "2"}, Mapping: registry.Mapping{
				Sections: []registry.SectionMove{pair("1", "2"), pair("2", "1")}}},
				[]string{"REG-SEZ-11 mapping.sections[0].to", "REG-SEZ-11 mapping.sections[1].to"}},
			"left": {registry.Redrawing{Delete: []string{"1"}, Mapping: registry.Mapping{
				Persons: []registry.PersonMove{{ANPRID: "1000", To: "2"}}}}, []string{"REG-SEZ-04 delete[0]"}},
			"nobody": {registry.Redrawing{Mapping: registry.Mapping{Persons: []registry.PersonMove{
				{ANPRID: "1000", From: "2", To: "1"}, {ANPRID: "22", To: "1"}, {ANPRID: "9999999", To: "1"}}}},
				[]string{"REG-SEZ-14 mapping.persons[0].from", "REG-SEZ-13 mapping.persons[1].anprId",
					"REG-SEZ-13 mapping.persons[2].anprId"}},
			"hostile": {registry.Redrawing{Delete: []string{"\xff"}, Mapping: registry.Mapping{
				Sections: []registry.SectionMove{pair("\x00", "1"), pair("1", long), pair("2", "\xff\x00")},
				Persons:  []registry.PersonMove{{ANPRID: "\xff", To: "1"}, {ANPRID: "1000", From: "\xff", To: long}}}},
				[]string{"REG-SEZ-01 delete[0]", "REG-SEZ-01 mapping.sections[0].from", "REG-SEZ-11 mapping.sections[1].to",
					"REG-SEZ-11 mapping.sections[2].to", "ELE-ID-01 mapping.persons[0].anprId", "REG-SEZ-11 mapping.persons[1].to",
					"REG-DAT-01 encoding mapping.persons[1].from"}},
			"hostile From": {registry.Redrawing{Mapping: registry.Mapping{
				Persons: []registry.PersonMove{{ANPRID: "1000", From: "\xff", To: "2"}}}},
				[]string{"REG-SEZ-14 mapping.persons[0].from"}},
		} {
			_, _, err := c.Redraw(c.ctx(), semestral(), aglie, v.order)
			require.Error(c.t, err, name)
			assert.Equal(c.t, v.want, paths(c.t, err), name)
			assert.NotContains(c.t, err.Error(), "\xff", name)
			assert.Equal(c.t, before, c.dump(), name)
		}
		// The same through the other services.
		_, _, err := c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{})
		refused(c.t, c.log, err, electoral.MappingEmpty)
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Sections: []registry.SectionMove{pair("1", "1")}})
		assert.Equal(c.t, []string{"REG-SEZ-12 sections[0].to"}, paths(c.t, err))
		for _, s := range []string{"", "\xff", long} {
			_, _, err = c.DeleteSection(c.ctx(), semestral(), aglie, registry.SectionDeletion{Number: s})
			refused(c.t, c.log, err, electoral.SectionNotFound)
		}
		_, _, err = c.Redraw(c.ctx(), officer(airasca), aglie, registry.Redrawing{Delete: []string{"05"}})
		refused(c.t, c.log, err, electoral.NotCompetent)
		_, _, err = c.MoveElectors(c.ctx(), citizen(people()[0]), aglie, registry.Mapping{})
		refused(c.t, c.log, err, electoral.NotCompetent)
		assert.Equal(c.t, before, c.dump())

		// A mapping of many that is wrong throughout is refused with a bounded answer.
		huge := registry.Mapping{}
		for i := range 20_000 {
			huge.Persons = append(huge.Persons, registry.PersonMove{ANPRID: strconv.Itoa(i + 1), To: "99"})
		}
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, huge)
		require.ErrorIs(c.t, err, electoral.MappingFaults)
		faults, _ := errors.AsType[electoral.Faults](err)
		assert.LessOrEqual(c.t, len(faults), 5001)
		assert.Equal(c.t, before, c.dump())
	})
}

// TestRedrawNothingHalfDone fails where most is done already: for what the electors
// need, and for a store that does not write any more.
func TestRedrawNothingHalfDone(t *testing.T) {
	inTown(t, func(c *town) {
		c.put("3")
		list := c.inhabit(6)
		list[3].Status.Chamber, list[3].Status.ChamberConstituency = electoral.No, ""
		c.fill(list...)
		c.votes = []electoral.Vote{{Consultation: electoral.RegionalElection, Day: electoral.Date{Year: 2026, Month: 12, Day: 6}}}
		c.extractVote(electoral.RegionalElection, c.votes[0].Day, "")
		without := sectionOf(aglie, "4")
		without.EuropeanConstituency = ""
		order := registry.Redrawing{Put: []electoral.Section{without, sectionOf(aglie, "5")}, Delete: []string{"1", "3"},
			Mapping: registry.Mapping{Sections: []registry.SectionMove{pair("1", "5"), pair("2", "4")},
				Persons: []registry.PersonMove{{ANPRID: "1000", To: "2"}, {ANPRID: "1002", To: "4"}}}}
		before := c.dump()
		_, _, err := c.Redraw(c.ctx(), semestral(), aglie, order)
		refused(c.t, c.log, err, electoral.SectionNeeded)
		assert.Equal(c.t, []string{"REG-SEZ-05 put[0].europeanConstituency"}, paths(c.t, err))
		assert.Contains(c.t, err.Error(), "ha 4 elettori")
		assert.Equal(c.t, before, c.dump())

		// Of a section that is there, the move is named.
		_, err = c.PutSection(c.ctx(), officer(aglie), without)
		require.NoError(c.t, err)
		before = c.dump()
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Sections: []registry.SectionMove{pair("2", "4")}})
		assert.Equal(c.t, []string{"REG-SEZ-05 sections[0].to"}, paths(c.t, err))
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Persons: []registry.PersonMove{{ANPRID: "1001", To: "4"}}})
		assert.Equal(c.t, []string{"REG-SEZ-05 persons[0].to"}, paths(c.t, err))
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Sections: []registry.SectionMove{pair("1", "2"), pair("2", "4"), pair("4", "1")}})
		assert.Equal(c.t, []string{"REG-SEZ-05 sections[1].to"}, paths(c.t, err), "in a circle too")
		assert.Equal(c.t, before, c.dump())

		order.Put[0] = sectionOf(aglie, "6")
		order.Mapping.Sections[1].To, order.Mapping.Persons[1].To = "6", "6"
		r, err := registry.New(registry.Config{Store: noCommit{c.store}, Population: c.population, Recorder: c.log,
			Now: func() time.Time { return c.now }})
		require.NoError(c.t, err)
		_, _, err = r.Redraw(c.ctx(), semestral(), aglie, order)
		require.ErrorIs(c.t, err, errCommit)
		assert.Equal(c.t, before, c.dump())
		ctx, cancel := context.WithCancel(c.ctx())
		cancel()
		_, _, err = c.Redraw(ctx, semestral(), aglie, order)
		require.Error(c.t, err)
		assert.Equal(c.t, before, c.dump())
		_, _, err = c.Redraw(c.ctx(), semestral(), aglie, order)
		require.NoError(c.t, err, "the order was right")
		assert.NotEqual(c.t, before, c.dump())
	})
}

// TestNeedsOfWhoLeaves: a section may lose what only those need who leave it.
func TestNeedsOfWhoLeaves(t *testing.T) {
	inTown(t, func(c *town) {
		c.fill(c.inhabit(4)...)
		without := sectionOf(aglie, "1")
		without.EuropeanConstituency = ""
		order := registry.Redrawing{Put: []electoral.Section{without},
			Mapping: registry.Mapping{Persons: []registry.PersonMove{{ANPRID: "1000", To: "2"}}}}
		_, _, err := c.Redraw(c.ctx(), semestral(), aglie, order)
		assert.Equal(c.t, []string{"REG-SEZ-05 put[0].europeanConstituency"}, paths(c.t, err))
		assert.Contains(c.t, err.Error(), "La sezione 1 ha 1 elettore")
		order.Mapping.Persons = append(order.Mapping.Persons, registry.PersonMove{ANPRID: "1002", To: "2"})
		_, _, err = c.Redraw(c.ctx(), semestral(), aglie, order)
		require.NoError(c.t, err)
		_, err = c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, "1"))
		require.NoError(c.t, err)
		_, _, err = c.Redraw(c.ctx(), semestral(), aglie, registry.Redrawing{Put: []electoral.Section{sectionOf(aglie, "3")},
			Mapping: registry.Mapping{Sections: []registry.SectionMove{pair("2", "3")}}})
		require.NoError(c.t, err)
		without.Number = "3"
		_, _, err = c.Redraw(c.ctx(), semestral(), aglie, registry.Redrawing{Put: []electoral.Section{without},
			Mapping: registry.Mapping{Sections: []registry.SectionMove{pair("3", "1")}}})
		require.NoError(c.t, err)
		assert.Len(c.t, c.in(electoral.GeneralList, "1"), 4)
	})
}

// TestMoveKeepsOldFaults: what was wrong with an elector before does not keep him
// from moving.
func TestMoveKeepsOldFaults(t *testing.T) {
	inTown(t, func(c *town) {
		for _, n := range []string{"7", "8"} {
			s := sectionOf(aglie, n)
			s.EuropeanConstituency = ""
			s.DistrictConstituency = n // the two differ
			_, err := c.PutSection(c.ctx(), officer(aglie), s)
			require.NoError(c.t, err)
		}
		e := c.inhabit(1)[0]
		e.General.Section = "7"
		c.fill(e)
		_, warnings, err := c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Sections: []registry.SectionMove{pair("7", "8")}})
		require.NoError(c.t, err)
		assert.False(c.t, warnings.Has(electoral.SectionNeeded))
		assert.Equal(c.t, []string{e.ANPRID}, c.in(electoral.GeneralList, "8"))
		other := c.inhabit(2)[1]
		other.General.Section = "7"
		c.fill(other)
		_, warnings, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{
			Sections: []registry.SectionMove{pair("7", "8"), pair("8", "7")}})
		require.NoError(c.t, err, "in a circle too")
		assert.False(c.t, warnings.Has(electoral.SectionNeeded))
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Sections: []registry.SectionMove{pair("7", "8")}})
		require.NoError(c.t, err)
		s := sectionOf(aglie, "9")
		s.ChamberCollege = electoral.College{Constituency: "PIEMONTE 2", MultiMember: "P01", SingleMember: "U01"}
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.PutSection(c.ctx(), s) }))
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{Sections: []registry.SectionMove{pair("8", "9")}})
		assert.Equal(c.t, []string{"REG-SEZ-05 other-constituency sections[0].to"}, paths(c.t, err))
	})
}

// TestNeedsOfLists: what a section must have follows from the list through which each
// elector votes, here or in another comune.
func TestNeedsOfLists(t *testing.T) {
	inTown(t, func(c *town) {
		c.put("3")
		list := c.inhabit(6)
		for i := range list {
			list[i].General.Section = "1"
		}
		union := electoral.Elector{ANPRID: "2000", Status: electoral.Status{EuropeanParliament: electoral.Yes}}
		union.SetListEntry(electoral.EUParliamentList, electoral.AddedList{Enrolled: electoral.Yes,
			Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}})
		bolzano := &electoral.Enrolment{Comune: aglie, Section: "1"}
		guest := electorOf("2001", airasca, "1") // votes for the region here
		guest.Added.Bolzano = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: bolzano}
		second := guest.Clone()
		second.ANPRID = "2002"
		away := list[0] // votes for the region in another section
		away.Added.Bolzano = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "2"}}
		list[0] = away
		list[1].Status.Senate, list[1].Status.SenateConstituency = electoral.No, ""
		list[2].Status.Regional = electoral.No
		c.fill(append(list, union, guest, second)...)
		changed := func(old, s electoral.Section) (out []string) {
			require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.PutSection(c.ctx(), old) }))
			warnings, err := c.PutSection(c.ctx(), officer(aglie), s)
			if err != nil {
				warnings, _ = errors.AsType[electoral.Faults](err)
			}
			for _, f := range warnings {
				if f.Code == electoral.SectionDatumChanged || f.Code == electoral.SectionNeeded {
					out = append(out, strings.TrimSpace(f.Case+" "+f.Path+" "+f.Args["electors"]))
				}
			}
			return out
		}
		now := sectionOf(aglie, "1")
		was := now
		was.EuropeanConstituency = "II : ITALIA NORD-ORIENTALE"
		assert.Equal(c.t, []string{"europeanConstituency 7 elettori"}, changed(was, now))
		was = now
		was.RegionalConstituency = "CUNEO"
		assert.Equal(c.t, []string{"regionalConstituency 6 elettori"}, changed(was, now), "without who has no yes, and who votes elsewhere")
		was = now
		was.SenateCollege.SingleMember, was.ChamberCollege.SingleMember = "U09", "U09"
		assert.Equal(c.t, []string{"chamberCollege 6 elettori", "senateCollege 5 elettori"}, changed(was, now))
		was = now
		was.RegionalConstituency = ""
		assert.Empty(c.t, changed(was, now), "nothing was there")
		none := now
		none.RegionalConstituency, none.SenateCollege = "", electoral.College{}
		assert.Equal(c.t, []string{"regionalConstituency 6 elettori", "college senateCollege 5 elettori"}, changed(now, none))
		assert.Empty(c.t, changed(now, now))

		// A move looks at the sections of other comuni as they are.
		s := sectionOf(aglie, "3")
		s.DistrictConstituency = "Terza"
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.PutSection(c.ctx(), s) }))
		move := registry.Mapping{Sections: []registry.SectionMove{pair("1", "3"), pair("3", "1")}}
		report, warnings, err := c.MoveElectors(c.ctx(), semestral(), aglie, move)
		require.NoError(c.t, err)
		assert.Equal(c.t, 9, report.Moved)
		assert.False(c.t, warnings.Has(electoral.SectionNeeded))
		s = sectionOf(aglie, "1")
		s.RegionalConstituency, s.ChamberCollege = "", electoral.College{}
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.PutSection(c.ctx(), s) }))
		before := c.dump()
		_, _, err = c.MoveElectors(c.ctx(), semestral(), aglie, move)
		assert.Equal(c.t, []string{"REG-SEZ-05 sections[1].to", "REG-SEZ-05 college sections[1].to"}, paths(c.t, err))
		assert.Contains(c.t, err.Error(), "La sezione 1 ha 6 elettori con lo status «si» per le elezioni regionali")
		assert.Contains(c.t, err.Error(), "La sezione 1 ha 6 elettori con lo status «si» per la Camera dei deputati")
		assert.Equal(c.t, before, c.dump())
	})
}

// TestRedrawWarnings: season, vote and size are told and refuse nothing.
func TestRedrawWarnings(t *testing.T) {
	today := electoral.Date{Year: 2026, Month: 11, Day: 22}
	move := registry.Mapping{Sections: []registry.SectionMove{pair("1", "2")}}
	for name, v := range map[string]struct {
		revision electoral.Revision
		vote     electoral.Date
		want     []electoral.Code
	}{
		"semestral":        {electoral.SemestralRevision, electoral.Date{}, nil},
		"not stated":       {"", electoral.Date{}, []electoral.Code{electoral.RedrawnOutOfSeason}},
		"dynamic":          {electoral.DynamicRevision, electoral.Date{}, []electoral.Code{electoral.RedrawnOutOfSeason}},
		"sixteen days off": {electoral.SemestralRevision, today.AddDays(16), nil},
		"fifteen days off": {electoral.SemestralRevision, today.AddDays(15), []electoral.Code{electoral.RedrawnBeforeVote}},
		"the day":          {"", today, []electoral.Code{electoral.RedrawnOutOfSeason, electoral.RedrawnBeforeVote}},
		"the day after":    {electoral.SemestralRevision, today.AddDays(-1), nil},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				if !v.vote.IsZero() {
					c.votes = []electoral.Vote{{Consultation: electoral.RegionalElection, Day: v.vote}}
				}
				req := officer(aglie)
				req.Revision = v.revision
				_, warnings, err := c.MoveElectors(c.ctx(), req, aglie, move)
				require.NoError(c.t, err)
				var got []electoral.Code
				for _, f := range warnings {
					if f.Code != electoral.SectionSizeUnusual {
						got = append(got, f.Code)
					}
				}
				require.Equal(c.t, v.want, got)
			})
		})
	}
}

// TestSectionSizes are a dated setting, of ordinary sections alone.
func TestSectionSizes(t *testing.T) {
	day := electoral.Date{Year: 2026, Month: 11, Day: 22}
	sizes := func(list []rules.SectionSize, s electoral.Section, n int) electoral.Faults {
		checker, err := rules.NewChecker(rules.Config{SectionSizes: list})
		require.NoError(t, err)
		return checker.CheckSectionSize(s, n, day)
	}
	s := electoral.Section{Number: "4"}
	for n, want := range map[int]string{499: "La sezione 4 ha 499 elettori, meno di 500.", 500: "", 1200: "",
		1201: "La sezione 4 ha 1201 elettori, più di 1200.", 1: "La sezione 4 ha 1 elettore, meno di 500."} {
		got := sizes(nil, s, n)
		if want == "" {
			require.Empty(t, got, n)
			continue
		}
		require.Len(t, got, 1, n)
		assert.Equal(t, want, got[0].Message)
		assert.Equal(t, electoral.Warning, got[0].Severity)
		for _, k := range []electoral.SectionKind{electoral.HospitalSection, electoral.SpecialSection} {
			require.Empty(t, sizes(nil, electoral.Section{Number: "4", Kind: k}, n))
		}
	}
	require.Empty(t, sizes([]rules.SectionSize{}, s, 1))
	two := []rules.SectionSize{{To: day.AddDays(-1), Least: 1, Most: 2}, {From: day, Least: 10, Most: 20}}
	require.Len(t, sizes(two, s, 9), 1)
	require.Len(t, sizes(two, s, 21), 1)
	require.Empty(t, sizes(two, s, 20))
	require.Empty(t, sizes([]rules.SectionSize{{From: day.AddDays(1), Least: 10, Most: 20}}, s, 1))
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	require.Empty(t, checker.CheckSectionSize(s, 1, electoral.Date{Year: 1998, Month: 5, Day: 12}))
	require.Len(t, checker.CheckSectionSize(s, 1, electoral.Date{Year: 1998, Month: 5, Day: 13}), 1)
}

// TestRedrawMany moves more than a batch, by section and by person.
func TestRedrawMany(t *testing.T) {
	inTown(t, func(c *town) {
		c.put("3", "4")
		list := make([]electoral.Elector, 2600)
		for i := range list {
			list[i] = electorOf(strconv.Itoa(100_000+i), aglie, strconv.Itoa(1+i%2))
			if i%100 == 0 {
				list[i].KeptVotes = []electoral.KeptVote{{Comune: aglie, Consultation: electoral.RegionalElection,
					Day: electoral.Date{Year: 2027, Month: 1, Day: 10}, Section: list[i].General.Section}}
			}
		}
		c.fill(list...)
		m := registry.Mapping{Sections: []registry.SectionMove{pair("1", "2"), pair("2", "1")}}
		for i := range 1600 { // of both sections, of whom 400 stay
			m.Persons = append(m.Persons, registry.PersonMove{ANPRID: list[i].ANPRID, From: list[i].General.Section,
				To: []string{"2", "3"}[i/2%2]})
		}
		report, _, err := c.MoveElectors(c.ctx(), semestral(), aglie, m)
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.RedrawReport{Moved: 2600 - 400, Persons: 1200}, report)
		want := map[string][]string{}
		for i, e := range list {
			to := map[string]string{"1": "2", "2": "1"}[e.General.Section]
			if i < 1600 {
				to = m.Persons[i].To
			}
			want[to] = append(want[to], e.ANPRID)
		}
		for _, s := range []string{"1", "2", "3", "4"} {
			assert.Equal(c.t, want[s], c.in(electoral.GeneralList, s), s)
		}
		for _, id := range c.in(electoral.StillVotesList, "") {
			e := c.elector(aglie, id)
			assert.Equal(c.t, e.General.Section, e.KeptVotes[0].Section, id)
		}
		n := 0
		require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) error {
			for entry, err := range rd.Journal(c.ctx(), registry.JournalSearch{Comune: aglie}) {
				require.NoError(c.t, err)
				require.Equal(c.t, electoral.OpMoveElectors, entry.Operation)
				n++
			}
			return nil
		}))
		assert.Equal(c.t, 2200, n, "each who moved once")
	})
}

// plain hides the optional interfaces of a store's writer.
type plain struct{ registry.Store }

func (s plain) Update(ctx context.Context, fn func(registry.Writer) error) error {
	return s.Store.Update(ctx, func(w registry.Writer) error { return fn(struct{ registry.Writer }{w}) })
}

// TestRedrawOneByOne: a store that moves electors one by one does the same.
func TestRedrawOneByOne(t *testing.T) {
	inTown(t, func(c *town) {
		r, err := registry.New(registry.Config{Store: plain{c.store}, Population: c.population, Recorder: c.log,
			Now: func() time.Time { return c.now }})
		require.NoError(c.t, err)
		c.fill(c.inhabit(6)...)
		guest := electorOf("2000", airasca, "2")
		guest.Added.Bolzano = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "2"}}
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.PutElector(c.ctx(), airasca, guest) }))
		_, _, err = r.MoveElectors(c.ctx(), semestral(), aglie, registry.Mapping{
			Sections: []registry.SectionMove{pair("1", "2"), pair("2", "1")}})
		require.NoError(c.t, err)
		assert.Equal(c.t, []string{"1001", "1003", "1005"}, c.in(electoral.GeneralList, "1"))
		assert.Equal(c.t, []string{"1000", "1002", "1004"}, c.in(electoral.GeneralList, "2"))
		guest.Added.Bolzano.Enrolment = &electoral.Enrolment{Comune: aglie, Section: "1"}
		assert.Equal(c.t, guest, c.elector(airasca, "2000"), "a section of the same number elsewhere stays")
	})
}

// extractVote gives out the list of a vote, which freezes its numbers near to it, and
// returns the numbers by ANPR id.
func (c *town) extractVote(v electoral.Consultation, day electoral.Date, section string) map[string]int {
	c.t.Helper()
	l := &numbersOf{numbers: map[string]int{}}
	_, err := c.Extract(c.ctx(), officer(aglie), electoral.Extraction{List: electoral.GeneralList, Comune: aglie,
		Section: section, Consultation: v, Day: day, Purpose: pollsPurpose}, l)
	require.NoError(c.t, err)
	return l.numbers
}

type numbersOf struct {
	lister
	numbers map[string]int
}

func (l *numbersOf) Write(e electoral.ExtractedElector) error {
	l.numbers[e.Elector.ANPRID] = e.Number
	return l.lister.Write(e)
}
