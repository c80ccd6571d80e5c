package registry_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// uggiate, ronago and their heir are the comuni of case 23.
const uggiate, ronago, uggiateConRonago = "L487", "H521", "M435"

// lombard is an elector with the constituencies of these comuni.
func lombard(id, comune, section string) electoral.Elector {
	e, s := electorOf(id, comune, section), sectionOf(ronago, "1")
	e.Status.ChamberConstituency, e.Status.SenateConstituency = s.ChamberCollege.Constituency, s.SenateCollege.Constituency
	return e
}

// comasca is a section of these comuni.
func comasca(comune, number string) electoral.Section {
	s := sectionOf(comune, number)
	s.RegionalConstituency = "COMO"
	return s
}

// fusion is the world of case 23 on the last day of the two comuni: three electors, a
// section in each, and the sections that the heir will have.
func (c *town) fusion() registry.Succession {
	c.t.Helper()
	c.on(date(2023, 12, 1))
	for _, comune := range []string{uggiate, ronago} {
		_, err := c.PutSection(c.ctx(), officer(comune), comasca(comune, "1"))
		require.NoError(c.t, err)
	}
	for id, comune := range map[string]string{"101": uggiate, "102": ronago, "103": ronago} {
		c.here(id, "PROVA"+id, comune, nil)
		c.enrols(comune, lombard(id, comune, "1"))
	}
	return registry.Succession{Kind: registry.Merger, Ceased: []string{uggiate, ronago}, Heir: uggiateConRonago,
		Day: date(2024, 1, 1), Act: act, Sections: []electoral.Section{comasca(uggiateConRonago, "1"), comasca(uggiateConRonago, "2")},
		Mapping: []registry.SectionMapping{{Comune: uggiate, Number: "1", To: "1"}, {Comune: ronago, Number: "1", To: "2"}}}
}

// residents gives the three their residence in the heir.
func (c *town) residents() {
	for _, id := range []string{"101", "102", "103"} {
		c.here(id, "PROVA"+id, uggiateConRonago, nil)
	}
}

// TestCase23Fusione: a merger of comuni seen by the heir. Before the succession an
// enrolment says what the remedy is, and opens no conflict that nobody would answer;
// after it the heir's officer does everything and those of the two nothing.
func TestCase23Fusione(t *testing.T) {
	inTown(t, func(c *town) {
		s := c.fusion()
		c.on(date(2024, 1, 2))
		c.residents()
		_, err := c.PutSection(c.ctx(), officer(uggiateConRonago), comasca(uggiateConRonago, "1"))
		require.NoError(c.t, err)
		_, err = c.Enrol(c.ctx(), officer(uggiateConRonago), lombard("101", uggiateConRonago, "1"))
		f := only(c.t, err, electoral.AlreadyEnrolled)
		assert.Equal(c.t, "ceased", f.Case)
		assert.Contains(c.t, f.Expected, "successione")
		assert.Empty(c.t, c.conflicts(uggiateConRonago))

		rep, warnings := c.succeeds(s)
		assert.Equal(c.t, 3, rep.Electors)
		assert.False(c.t, warnings.Has(electoral.SuccessionNotInArchive), "%v", warnings)
		vote := electoral.Vote{Consultation: electoral.ChamberElection, Day: date(2024, 6, 9)}
		assert.Len(c.t, c.listed(uggiateConRonago, electoral.GeneralList, vote), 3)
		assert.Equal(c.t, electoral.Enrolment{Comune: uggiateConRonago, Section: "2"}, *c.elector(uggiateConRonago, "103").General)
		facts, err := certificateFacts(c.ctx(), c.Registry, c.log, officer(uggiateConRonago), "101")
		require.NoError(c.t, err)
		assert.Equal(c.t, "1", facts.Section.Number)
		assert.Equal(c.t, uggiateConRonago, facts.Section.Comune)

		for name, write := range map[string]func() error{
			"Change": func() error { _, err := c.Change(c.ctx(), officer(ronago), lombard("102", ronago, "1")); return err },
			"Enrol":  func() error { _, err := c.Enrol(c.ctx(), officer(ronago), lombard("102", ronago, "1")); return err },
			"Remove": func() error {
				_, _, err := c.Remove(c.ctx(), officer(uggiate), registry.RemovalRequest{ANPRID: "101", Code: electoral.OtherReason})
				return err
			},
			"PutSection": func() error {
				_, err := c.PutSection(c.ctx(), officer(uggiate), comasca(uggiate, "1"))
				return err
			},
			"Load": func() error {
				_, err := c.Load(c.ctx(), officer(uggiate), uggiate, sourceFor(comasca(uggiate, "1")), sourceFor(lombard("101", uggiate, "1")), registry.LoadOptions{Partial: true})
				return err
			},
			"Load, resumable": func() error {
				_, err := c.Load(c.ctx(), officer(uggiate), uggiate, sourceFor(comasca(uggiate, "1")), sourceFor(lombard("101", uggiate, "1")), registry.LoadOptions{Resumable: true})
				return err
			},
			"trial load": func() error {
				_, err := c.Load(c.ctx(), officer(uggiate), uggiate, sourceFor(comasca(uggiate, "1")), sourceFor(lombard("101", uggiate, "1")), registry.LoadOptions{DryRun: true})
				return err
			},
			"Succeed": func() error {
				_, _, err := c.Succeed(c.ctx(), officer(uggiateConRonago), s)
				require.ErrorIs(c.t, err, electoral.SuccessionComuni)
				back := registry.Succession{Kind: registry.NameChange, Heir: uggiate, Day: date(2024, 1, 1), Act: act}
				_, _, err = c.Succeed(c.ctx(), officer(uggiate), back)
				return err
			},
			"SetCapacity": func() error {
				_, _, err := c.SetCapacity(c.ctx(), officer(ronago), registry.CapacityChange{ANPRID: "102", Capacity: electoral.No})
				return err
			},
		} {
			before := c.rowsOf(uggiate, ronago, uggiateConRonago)
			f := only(c.t, write(), electoral.ComuneCeased)
			assert.Contains(c.t, f.Message, "Uggiate con Ronago", name)
			assert.Equal(c.t, before, c.rowsOf(uggiate, ronago, uggiateConRonago), name)
			last := c.log.accesses[len(c.log.accesses)-1]
			assert.Equal(c.t, uggiateConRonago, last.Comune, "%s: the chain of a comune that has ceased has had its last entry", name)
		}

		_, err = c.Change(c.ctx(), officer(uggiateConRonago), lombard("102", uggiateConRonago, "1"))
		require.NoError(c.t, err)
		_, _, err = c.SetCapacity(c.ctx(), officer(uggiateConRonago), registry.CapacityChange{ANPRID: "102", Capacity: electoral.No})
		require.NoError(c.t, err)
		c.here("104", "NUOVA", uggiateConRonago, nil)
		report, err := c.Load(c.ctx(), officer(uggiateConRonago), uggiateConRonago, noSections(), sourceFor(lombard("104", uggiateConRonago, "1")), registry.LoadOptions{Partial: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, report.Electors.Accepted)
	})
}

// TestFirstLoadOfAnHeir: without a succession the heir's first load takes over those of
// its file whom a comune that the archive has as ceased into it still has in the list;
// nobody stands in two lists, who is not in the file stays, and the load can be undone.
func TestFirstLoadOfAnHeir(t *testing.T) {
	for _, opts := range []registry.LoadOptions{{}, {Partial: true}, {Resumable: true}} {
		inTown(t, func(c *town) {
			s := c.fusion()
			before := c.rowsOf(uggiate, ronago, uggiateConRonago)
			c.on(date(2024, 1, 2))
			c.residents()
			file := func() []electoral.Elector {
				return []electoral.Elector{lombard("101", uggiateConRonago, "1"), lombard("102", uggiateConRonago, "2")}
			}
			req := officer(uggiateConRonago)
			report, err := c.Load(c.ctx(), req, uggiateConRonago, sourceFor(s.Sections...), sourceFor(file()...), opts)
			require.NoError(c.t, err)
			c.tick()
			assert.Equal(c.t, 2, report.Electors.Accepted)
			assert.Zero(c.t, report.Conflicts)
			taken := 0
			for _, f := range report.Faults {
				if f.Code == electoral.TakenFromCeased {
					taken++
					assertTold(c.t, f)
				}
			}
			assert.Equal(c.t, 2, taken)
			for id, want := range map[string]string{"101": uggiateConRonago, "102": uggiateConRonago, "103": ronago} {
				e, home := c.home(id)
				assert.Equal(c.t, want, home, id)
				assert.Equal(c.t, want, e.General.Comune, id)
			}
			assert.Contains(c.t, c.journal(uggiateConRonago, "101"), electoral.OpLoad)
			// What is left follows with the succession, and then the load stands.
			_, _, err = c.UndoLoad(c.ctx(), officer(uggiateConRonago), uggiateConRonago, req.ID)
			require.NoError(c.t, err)
			assert.Equal(c.t, withoutLoads(before), withoutLoads(c.rowsOf(uggiate, ronago, uggiateConRonago)), "%v", opts)

			c.tick()
			again := officer(uggiateConRonago)
			_, err = c.Load(c.ctx(), again, uggiateConRonago, sourceFor(s.Sections...), sourceFor(file()...), opts)
			require.NoError(c.t, err)
			c.tick()
			s.Mapping[0].Joins, s.Mapping[1].Joins = true, true
			rep, _ := c.succeeds(s)
			assert.Equal(c.t, 1, rep.Electors)
			undone, warnings, err := c.UndoLoad(c.ctx(), officer(uggiateConRonago), uggiateConRonago, again.ID)
			require.NoError(c.t, err)
			assert.Equal(c.t, 2, undone.Kept, "nowhere is a list to give them back to")
			assert.True(c.t, warnings.Has(electoral.LoadKept))
			for _, id := range []string{"101", "102", "103"} {
				e, home := c.home(id)
				assert.Equal(c.t, []string{uggiateConRonago, uggiateConRonago}, []string{home, e.General.Comune}, id)
			}
		})
	}
}

// withoutLoads leaves out what the loads of a comune were.
func withoutLoads(rows []string) []string {
	return slices.DeleteFunc(slices.Clone(rows), func(row string) bool { return strings.Contains(row, `"Book":"load"`) })
}

func noSections() electoral.LoadSource[electoral.Section] {
	return electoral.LoadSource[electoral.Section]{}
}

// sourceFor is a file of some records.
func sourceFor[T any](list ...T) electoral.LoadSource[T] { return source(len(list), list...) }

// TestFirstLoadTakesNoMore: of a comune that stands, or that ceased into another, the
// first load takes nobody.
func TestFirstLoadTakesNoMore(t *testing.T) {
	inTown(t, func(c *town) {
		c.fusion()
		c.settleAs("105", aglie)
		c.on(date(2024, 1, 2))
		for _, loads := range []string{airasca, aglie} {
			c.here("101", "PROVA101", loads, nil)
			report, err := c.Load(c.ctx(), officer(loads), loads, noSections(), sourceFor(lombard("101", loads, "1")), registry.LoadOptions{Partial: true})
			require.NoError(c.t, err)
			require.Equal(c.t, 1, report.Electors.Refused)
			f := only(c.t, report.Faults, electoral.DuplicateElector)
			assert.Equal(c.t, "ceased", f.Case)
			assert.Contains(c.t, f.Expected, "successione")
			assert.Zero(c.t, report.Conflicts, "nobody would answer")
		}
		report, err := c.Load(c.ctx(), officer(airasca), airasca, noSections(), sourceFor(electorOf("105", airasca, "1")), registry.LoadOptions{Partial: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, "other-comune", only(c.t, report.Faults, electoral.DuplicateElector).Case)
		assert.Equal(c.t, 1, report.Conflicts)
	})
}

// settleAs enrols a person who lives in a comune.
func (c *town) settleAs(id, comune string) {
	c.t.Helper()
	c.here(id, "PROVA"+id, comune, nil)
	c.enrols(comune, electorOf(id, comune, "1"))
}

// TestInterim: who acts on the lists of a comune that has ceased until its heir has
// them is a dated setting.
func TestInterim(t *testing.T) {
	newYear := date(2024, 1, 1)
	for name, k := range map[string]struct {
		rules   []registry.InterimRule
		refused bool
		warned  bool
		takes   bool
		told    bool
	}{
		"nothing said": {nil, false, true, true, true},
		"the heir":     {[]registry.InterimRule{{Who: registry.InterimCeased}, {From: newYear, Who: registry.InterimHeir}}, true, false, true, false},
		"the other":    {[]registry.InterimRule{{Who: registry.InterimCeased}, {From: date(2024, 1, 3), Who: registry.InterimHeir}}, false, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				r, err := registry.New(registry.Config{Store: c.store, Population: c.population, Recorder: c.log,
					Now: func() time.Time { return c.now }, Interim: k.rules, Announced: c.acts})
				require.NoError(c.t, err)
				c.Registry = r
				s := c.fusion()
				c.on(date(2024, 1, 2))
				c.residents()
				_, warnings, err := c.Remove(c.ctx(), officer(ronago), registry.RemovalRequest{ANPRID: "103", List: electoral.GeneralList, Cause: electoral.CauseMoved})
				assert.Equal(c.t, k.refused, err != nil)
				if k.refused {
					f := only(c.t, err, electoral.ComuneCeased)
					assert.Equal(c.t, "archive", f.Case)
					assert.Contains(c.t, f.Expected, "Uggiate con Ronago")
				}
				assert.Equal(c.t, k.warned, warnings.Has(electoral.ComuneCeasedOpen))
				report, err := c.Load(c.ctx(), officer(uggiateConRonago), uggiateConRonago, sourceFor(s.Sections...), sourceFor(lombard("101", uggiateConRonago, "1")), registry.LoadOptions{Partial: true})
				require.NoError(c.t, err)
				assert.Equal(c.t, k.takes, report.Electors.Accepted == 1)
				_, err = c.Enrol(c.ctx(), officer(uggiateConRonago), lombard("102", uggiateConRonago, "1"))
				answers := only(c.t, err, electoral.AlreadyEnrolled).Case == "elsewhere"
				assert.Equal(c.t, !k.takes, answers, "whether an office is left that removes him")
				open := 0
				for _, f := range c.conflicts(uggiateConRonago, registry.ConflictOpen) {
					if f.ANPRID == "102" {
						open++
					}
				}
				assert.Equal(c.t, answers, open == 1)
				s.Mapping[0].Joins, s.Mapping[1].Joins = k.takes, k.takes
				c.tick()
				_, told := c.succeeds(s)
				assert.Equal(c.t, k.told, told.Has(electoral.SuccessionInterim))
			})
		})
	}
	for _, bad := range [][]registry.InterimRule{{{Who: "x"}}, {{From: newYear}, {From: newYear}}, {{From: newYear}, {}},
		{{From: electoral.Date{Year: 2024}}}} {
		_, err := registry.New(registry.Config{Store: memory.NewStore(), Population: memory.NewPopulation(), Recorder: &notebook{}, Interim: bad})
		require.Error(t, err, "%v", bad)
	}
}

// TestPopulationNotMoved: in ANPR the residents stay for a while under the comune that
// has ceased. The heir's officer registers them with a warning, and what they ask goes
// to the heir.
func TestPopulationNotMoved(t *testing.T) {
	inTown(t, func(c *town) {
		s := c.fusion()
		p := c.here("104", "ATTESA", ronago, nil) // of whom nothing is registered
		c.on(date(2024, 1, 2))
		none := electoral.Elector{ANPRID: "104", Capacity: electoral.Yes, Status: lombard("104", ronago, "1").Status}
		warnings, err := c.Enrol(c.ctx(), officer(uggiateConRonago), none)
		require.NoError(c.t, err, "the archive says it")
		assert.Contains(c.t, only(c.t, warnings, electoral.ResidentOfCeased).Message, "RONAGO")
		_, _, err = c.Remove(c.ctx(), officer(uggiateConRonago), registry.RemovalRequest{ANPRID: "104", Cause: electoral.CauseSentByMistake, List: electoral.GeneralList})
		require.Error(c.t, err)
		c.tick()
		c.succeeds(s)
		q := c.here("106", "SECONDA", ronago, nil)
		none.ANPRID = "106"
		_, err = c.Enrol(c.ctx(), officer(aglie), none)
		only(c.t, err, electoral.NotCompetent)
		c.tick()
		_ = p
		rect, err := c.AskRectification(c.ctx(), citizen(q), registry.RectificationRequest{Field: "capacity", Asked: "si"})
		require.NoError(c.t, err)
		assert.Equal(c.t, uggiateConRonago, rect.Comune, "who handles it")
		home, err := c.Home(c.ctx(), "106")
		require.NoError(c.t, err)
		assert.Equal(c.t, uggiateConRonago, home, "in whose chain the accesses to his data stand")
		warnings, err = c.Enrol(c.ctx(), officer(uggiateConRonago), none)
		require.NoError(c.t, err)
		only(c.t, warnings, electoral.ResidentOfCeased)
		_, warnings, err = c.Remove(c.ctx(), officer(uggiateConRonago), registry.RemovalRequest{ANPRID: "102", List: electoral.GeneralList, Cause: electoral.CauseMoved})
		require.NoError(c.t, err)
		only(c.t, warnings, electoral.RemovalStillResident)
	})
}

// TestLossBeforeTheSuccession: the comune that registered a loss of the right stays what
// it was; a message of the heir counts as its own.
func TestLossBeforeTheSuccession(t *testing.T) {
	inTown(t, func(c *town) {
		s := c.fusion()
		_, _, err := c.SetCapacity(c.ctx(), officer(ronago), registry.CapacityChange{ANPRID: "102", Capacity: electoral.No})
		require.NoError(c.t, err)
		c.on(date(2024, 1, 2))
		c.residents()
		c.succeeds(s)
		e := lombard("102", uggiateConRonago, "2")
		req := officer(uggiateConRonago)
		_, err = c.Change(c.ctx(), req, e)
		only(c.t, err, electoral.CapacityNotRecovered)
		req = officer(uggiateConRonago)
		req.Message = true
		warnings, err := c.Change(c.ctx(), req, e)
		require.NoError(c.t, err)
		only(c.t, warnings, electoral.CapacityFromMessage)
	})
}

// TestReleasedBeforeTheSuccession: who was removed for a comune that claimed him is
// still said to be claimed when the one that removed him has ceased.
func TestReleasedBeforeTheSuccession(t *testing.T) {
	inTown(t, func(c *town) {
		s := c.fusion()
		_, err := c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, "1"))
		require.NoError(c.t, err)
		c.here("101", "PROVA101", aglie, nil)
		_, err = c.Enrol(c.ctx(), officer(aglie), electorOf("101", aglie, "1"))
		only(c.t, err, electoral.AlreadyEnrolled)
		c.tick()
		_, _, err = c.Remove(c.ctx(), officer(uggiate), registry.RemovalRequest{ANPRID: "101", List: electoral.GeneralList, Cause: electoral.CauseMoved})
		require.NoError(c.t, err)
		c.on(date(2024, 1, 2))
		c.succeeds(s)
		facts, err := certificateFacts(c.ctx(), c.Registry, c.log, officer(aglie), "101")
		require.NoError(c.t, err)
		assert.Equal(c.t, aglie, facts.ClaimedBy)
		c.tick()
		_, err = c.Enrol(c.ctx(), officer(aglie), electorOf("101", aglie, "1"))
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.ConflictResolved, c.conflicts(aglie)[0].State)
	})
}

// TestBrokenSuccession: whichever call of the store fails, nothing is done, by a
// succession or by its undoing.
func TestBrokenSuccession(t *testing.T) {
	for at := 1; ; at++ {
		c := &town{t: t, store: memory.NewStore(), population: memory.NewPopulation(people()...), log: &notebook{failAt: map[string]bool{}}, now: noon}
		f := &fuse{}
		r, err := registry.New(registry.Config{Store: brokenStore{c.store, f}, Population: c.population, Recorder: c.log,
			Now: func() time.Time { return c.now }, Votes: func(string) []electoral.Vote { return c.votes }, Announced: c.acts})
		require.NoError(t, err)
		c.Registry = r
		c.sections(aglie, airasca)
		m := c.merges()
		m.fill()
		c.on(date(2024, 1, 1))
		comuni := []string{m.a, m.b, m.heir, aglie, airasca}
		before := c.rowsOf(comuni...)
		f.calls, f.at = 0, at
		rep, _, err := c.Succeed(context.Background(), officer(m.heir), m.s)
		if err != nil {
			require.ErrorIs(t, err, errBroken, "call %d", at)
			require.Equal(t, before, c.rowsOf(comuni...), "call %d", at)
			require.Empty(t, rep.ID)
			continue
		}
		succeeded := f.calls
		require.Less(t, succeeded, at)
		after := c.rowsOf(comuni...)
		c.tick()
		for back := 1; ; back++ {
			f.calls, f.at = 0, back
			_, _, err = c.UndoSuccession(context.Background(), officer(m.heir), rep.ID)
			if err == nil {
				require.Greater(t, back, 100)
				break
			}
			require.ErrorIs(t, err, errBroken, "call %d of the undoing", back)
			require.Equal(t, after, c.rowsOf(comuni...), "call %d of the undoing", back)
		}
		require.Equal(t, before, c.rowsOf(comuni...))
		return
	}
}

// TestSuccessionDoubts: who was in the lists of both comuni under two ids of one codice
// fiscale is kept twice, and found.
func TestSuccessionDoubts(t *testing.T) {
	inTown(t, func(c *town) {
		s := c.fusion()
		p := c.here("201", "DOPPIA", uggiate, nil)
		twin := p.Clone()
		twin.ANPRID, twin.Residence.Comune = "202", ronago
		c.population.Put(twin)
		other := p.Clone()
		other.ANPRID = "203" // of whom nothing is registered
		c.population.Put(other)
		c.placed(uggiate, lombard("201", uggiate, "1"))
		c.placed(ronago, lombard("202", ronago, "1"))
		c.on(date(2024, 1, 2))
		rep, _ := c.succeeds(s)
		for _, id := range []string{"201", "202"} {
			e, _ := c.home(id)
			assert.Equal(c.t, uggiateConRonago, e.General.Comune, "nobody is lost")
		}
		found, err := c.Registry.SuccessionDoubts(c.ctx(), officer(uggiateConRonago), rep.ID)
		require.NoError(c.t, err)
		require.Len(c.t, found, 1)
		f := only(c.t, found, electoral.SuccessionDoubt)
		assert.Contains(c.t, f.Message, "201")
		assert.Contains(c.t, f.Message, "202")
		_, err = c.Registry.SuccessionDoubts(c.ctx(), officer(ronago), rep.ID)
		require.Error(c.t, err)
		_, _, err = c.Remove(c.ctx(), officer(uggiateConRonago), registry.RemovalRequest{ANPRID: "202", List: electoral.GeneralList, Cause: electoral.CauseOther})
		require.NoError(c.t, err)
		found, err = c.Registry.SuccessionDoubts(c.ctx(), officer(uggiateConRonago), rep.ID)
		require.NoError(c.t, err)
		assert.Empty(c.t, found)
	})
}

// TestSuccessionAmongWriters: whatever is written meanwhile is either done before the
// succession, and passes, or refused after it: nothing is left in a comune that is no
// more.
func TestSuccessionAmongWriters(t *testing.T) {
	inTown(t, func(c *town) {
		c.sections("H501")
		var ids []string
		for i := range 20 {
			id := strconv.Itoa(301 + i)
			ids = append(ids, id)
			c.here(id, "PROVA"+id, airasca, nil)
			if i%2 == 0 {
				c.placed(airasca, electorOf(id, airasca, "1"))
			}
		}
		s := registry.Succession{Kind: registry.Incorporation, Ceased: []string{airasca}, Heir: aglie, Day: today, Act: act,
			Mapping: []registry.SectionMapping{{Comune: airasca, Number: "1", To: "1"}, {Comune: airasca, Number: "2", To: "2"}}}
		var all sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for i, id := range ids {
			all.Go(func() {
				var err error
				switch {
				case i%2 == 1:
					_, err = c.Enrol(c.ctx(), officer(airasca), electorOf(id, airasca, "2"))
				case i%4 == 0:
					_, err = c.Change(c.ctx(), officer(airasca), electorOf(id, airasca, "2"))
				default:
					_, _, err = c.Remove(c.ctx(), officer(airasca), registry.RemovalRequest{ANPRID: id, List: electoral.GeneralList, Cause: electoral.CauseMoved})
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else {
					assert.True(c.t, errors.Is(err, electoral.ComuneCeased) || errors.Is(err, electoral.NotCompetent) || errors.Is(err, electoral.RemovalList), "%v", err)
				}
			})
			if i == 9 {
				all.Go(func() {
					_, _, err := c.Succeed(c.ctx(), officer(aglie), s)
					assert.NoError(c.t, err)
				})
			}
		}
		all.Wait()
		assert.Empty(c.t, c.rowsOf(airasca), "%d of them came before", done)
		in := 0
		for _, id := range ids {
			err := c.store.View(c.ctx(), func(rd registry.Reader) error {
				_, home, err := rd.Elector(c.ctx(), id)
				if err == nil {
					in++
					assert.Equal(c.t, aglie, home)
				}
				return err
			})
			assert.True(c.t, err == nil || errors.Is(err, electoral.ErrNotFound))
		}
		assert.GreaterOrEqual(c.t, in, 10)
	})
}

// TestExOfficioAfterTheSuccession: the case of who moved into a comune that has ceased
// goes to its heir.
func TestExOfficioAfterTheSuccession(t *testing.T) {
	inTown(t, func(c *town) {
		s := c.fusion()
		c.on(date(2024, 1, 2))
		c.succeeds(s)
		c.here("205", "DUPONT", ronago, func(p *electoral.Person) { p.Citizenships = []electoral.Citizenship{{State: "FRA"}} })
		e := electoral.Elector{ANPRID: "205", Capacity: electoral.Yes}
		e.EU.Parliament = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}
		c.placed(aglie, e)
		_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "205", List: electoral.EUParliamentList, Cause: electoral.CauseMoved})
		require.NoError(c.t, err)
		list, err := c.Applications(c.ctx(), officer(uggiateConRonago), registry.RequestFilter{})
		require.NoError(c.t, err)
		require.Len(c.t, list, 1)
		assert.Equal(c.t, uggiateConRonago, list[0].Comune)
	})
}
