package registry_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

var act = registry.SuccessionAct{Authority: "Regione Lombardia", Kind: "legge regionale", Number: "7", Date: date(2021, 12, 1)}

// books are those in which the succession of comuni changes something.
var books = []registry.Book{registry.ConflictBook, registry.RectificationBook, registry.ApplicationBook,
	registry.ChoiceBook, registry.NumberingBook, registry.LoadBook}

// rowsOf returns every row of some comuni, but for the journal, the answers to requests
// and the successions themselves.
func (c *town) rowsOf(comuni ...string) []string {
	c.t.Helper()
	rows := map[string]bool{}
	text := func(kind string, v any) {
		data, err := json.Marshal(v)
		require.NoError(c.t, err)
		rows[kind+" "+string(data)] = true
	}
	require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) error {
		for _, comune := range comuni {
			for s, err := range rd.Sections(c.ctx(), comune) {
				require.NoError(c.t, err)
				text("section", s)
			}
			for e, err := range rd.Search(c.ctx(), registry.Search{Comune: comune}) {
				require.NoError(c.t, err)
				_, home, err := rd.Elector(c.ctx(), e.ANPRID)
				require.NoError(c.t, err)
				text("elector under "+home, e)
			}
			for _, l := range append(electoral.Lists(), electoral.StillVotesList) {
				n := 0
				for e, err := range rd.Enrolled(c.ctx(), l, comune, "") {
					require.NoError(c.t, err)
					text(fmt.Sprint(comune, l, n), e.ANPRID)
					n++
				}
			}
			for _, book := range books {
				for rec, err := range rd.Records(c.ctx(), registry.RecordSearch{Book: book, Comune: comune}) {
					require.NoError(c.t, err)
					text("record "+string(rec.Body), rec)
				}
			}
		}
		return nil
	}))
	return slices.Sorted(maps.Keys(rows))
}

// made is a comune that has ceased, with its sections and electors.
type made struct {
	comune   string
	sections []electoral.Section
	electors []electoral.Elector
}

// makes fills the store with a made-up comune as it was on a day.
func (c *town) makes(comune string, at electoral.Date, electors int) made {
	c.t.Helper()
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: comune, Electors: electors, At: at})
	require.NoError(c.t, err)
	m := made{comune: comune, sections: g.Sections()}
	for in := range g.Inhabitants() {
		c.population.Put(in.Person)
		m.electors = append(m.electors, in.Elector)
	}
	require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
		for _, s := range m.sections {
			if err := w.PutSection(c.ctx(), s); err != nil {
				return err
			}
		}
		for _, e := range m.electors {
			if err := w.PutElector(c.ctx(), comune, e); err != nil {
				return err
			}
		}
		return nil
	}))
	return m
}

// into is the succession of made-up comuni: their sections become those of the heir,
// numbered through.
func into(kind registry.SuccessionKind, heir string, day electoral.Date, list ...made) registry.Succession {
	s := registry.Succession{Kind: kind, Heir: heir, Day: day, Act: act}
	own := sectionOf(heir, "")
	for _, m := range list {
		s.Ceased = append(s.Ceased, m.comune)
		for _, sec := range m.sections {
			to := sec.Clone()
			to.Comune, to.Number, to.Seat.Comune = heir, fmt.Sprint(101+len(s.Sections)), heir
			to.RegionalConstituency = own.RegionalConstituency
			if to.RegionalConstituency == "" { // not in the tables
				to.RegionalConstituency = sec.RegionalConstituency
			}
			s.Sections = append(s.Sections, to)
			s.Mapping = append(s.Mapping, registry.SectionMapping{Comune: m.comune, Number: sec.Number, To: to.Number})
		}
	}
	return s
}

// moved is an elector as the heir has him.
func movedBy(e electoral.Elector, s registry.Succession) electoral.Elector {
	e = e.Clone()
	for l, en := range e.Enrolments() {
		for _, m := range s.Mapping {
			if m.Comune == en.Comune && m.Number == en.Section {
				e.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes,
					Enrolment: &electoral.Enrolment{Comune: s.Heir, Section: m.To}})
			}
		}
	}
	return e
}

func (c *town) succeeds(s registry.Succession) (registry.SuccessionReport, electoral.Faults) {
	c.t.Helper()
	rep, warnings, err := c.Succeed(c.ctx(), officer(s.Heir), s)
	require.NoError(c.t, err)
	for _, f := range warnings {
		assertTold(c.t, f)
		assert.Equal(c.t, electoral.Warning, f.Severity, f.Code)
	}
	c.tick()
	return rep, warnings
}

func (c *town) home(id string) (electoral.Elector, string) {
	c.t.Helper()
	var e electoral.Elector
	var home string
	require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) (err error) {
		e, home, err = rd.Elector(c.ctx(), id)
		return err
	}))
	return e, home
}

// TestSuccessionOfTheTables: the heirs of the embedded table take over the comuni of
// which they were made, with every elector in his section and none lost, and give
// everything back.
func TestSuccessionOfTheTables(t *testing.T) {
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	var heirs []refdata.Comune
	for comune := range tables.Comuni(electoral.Date{}) {
		if len(tables.Predecessors(comune.Belfiore)) > 0 {
			heirs = append(heirs, comune)
		}
	}
	require.Len(t, heirs, 7)
	inTown(t, func(c *town) {
		for _, heir := range heirs {
			c.on(heir.From.AddDays(-1))
			var list []made
			var comuni []string
			for _, comune := range tables.Predecessors(heir.Belfiore) {
				list = append(list, c.makes(comune, heir.From.AddDays(-1), 60))
				comuni = append(comuni, comune)
			}
			comuni = append(comuni, heir.Belfiore)
			before := c.rowsOf(comuni...)
			s := into(registry.Merger, heir.Belfiore, heir.From, list...)
			_, _, err := c.Succeed(c.ctx(), officer(heir.Belfiore), s)
			require.Equal(c.t, "future", only(c.t, err, electoral.SuccessionDay).Case, "the day before")
			require.Equal(c.t, before, c.rowsOf(comuni...))

			c.on(heir.From)
			rep, warnings := c.succeeds(s)
			assert.Equal(c.t, registry.SuccessionDone, rep.State)
			assert.True(c.t, warnings.Has(electoral.SuccessionInterim))
			assert.False(c.t, warnings.Has(electoral.SuccessionNotInArchive), "the archive knows it: %v", warnings)
			assert.Equal(c.t, len(list)*60, rep.Electors)
			assert.Equal(c.t, len(s.Mapping), rep.Sections)
			for _, m := range list {
				for _, e := range m.electors {
					got, home := c.home(e.ANPRID)
					assert.Equal(c.t, heir.Belfiore, home)
					assert.Equal(c.t, movedBy(e, s), got)
				}
				assert.Empty(c.t, c.rowsOf(m.comune), "nothing is left under %s", m.comune)
			}
			_, err = c.Change(c.ctx(), officer(comuni[0]), list[0].electors[0])
			f := only(c.t, err, electoral.ComuneCeased)
			assert.Contains(c.t, f.Message, heir.Name)

			_, _, err = c.UndoSuccession(c.ctx(), officer(heir.Belfiore), rep.ID)
			require.NoError(c.t, err)
			assert.Equal(c.t, before, c.rowsOf(comuni...), "everything is back")
			c.tick()
			again, _ := c.succeeds(s)
			assert.Equal(c.t, rep.Electors, again.Electors)
		}
	})
}

// A keeper of everything that a succession must not lose, in two comuni that merge.
type merging struct {
	*town
	a, b, heir string
	s          registry.Succession
	vote       electoral.Vote
}

// merges puts into two comuni, Uggiate-Trevano and Ronago, whatever may stand in the
// store of them.
func (c *town) merges() merging {
	c.t.Helper()
	m := merging{town: c, a: "L487", b: "H521", heir: "M435",
		vote: electoral.Vote{Consultation: electoral.ChamberElection, Day: date(2024, 1, 14)}}
	c.votes = []electoral.Vote{m.vote}
	c.on(date(2023, 12, 31))
	a, b := c.makes(m.a, date(2023, 12, 31), 40), c.makes(m.b, date(2023, 12, 31), 30)
	m.s = into(registry.Merger, m.heir, date(2024, 1, 1), a, b)
	in := func(comune, section string) electoral.AddedList {
		return electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: comune, Section: section}}
	}
	put := func(home, id string, change func(e *electoral.Elector)) {
		e := electoral.Elector{ANPRID: id, Capacity: electoral.Yes}
		change(&e)
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.PutElector(c.ctx(), home, e) }))
		c.here(id, "PROVA"+id, home, nil)
	}
	coming := electoral.KeptVote{Comune: m.a, Consultation: m.vote.Consultation, Day: m.vote.Day, Section: "1"}
	past := electoral.KeptVote{Comune: m.a, Consultation: electoral.EuropeanElection, Day: date(2019, 5, 26), Section: "2"}
	put(m.a, "901", func(e *electoral.Elector) { // in no list any more
		e.Removals = []electoral.Removal{{Comune: m.a, List: electoral.GeneralList, Code: electoral.Untraceable, Day: date(2023, 1, 1)}}
		e.Loss = &electoral.CapacityLoss{Comune: m.a, Day: date(2023, 1, 1)}
		e.Capacity = electoral.No
	})
	put(m.b, "902", func(e *electoral.Elector) { e.Capacity = electoral.No })
	put(m.a, "903", func(e *electoral.Elector) { // in lists of both
		e.General = &electoral.Enrolment{Comune: m.a, Section: "1"}
		e.EU.Comunal = in(m.b, "1")
	})
	put(aglie, "904", func(e *electoral.Elector) { // under another comune
		e.General = &electoral.Enrolment{Comune: aglie, Section: "1"}
		e.Added.AostaValley = in(m.b, "1")
	})
	put(m.b, "905", func(e *electoral.Elector) { // in a list elsewhere
		e.General = &electoral.Enrolment{Comune: m.b, Section: "1"}
		e.Added.Trento = in(airasca, "1")
	})
	put(aglie, "906", func(e *electoral.Elector) { // votes to come and over
		e.General = &electoral.Enrolment{Comune: aglie, Section: "1"}
		e.KeptVotes = []electoral.KeptVote{past, coming}
	})
	put(m.a, "907", func(e *electoral.Elector) { // likewise, still under it
		e.KeptVotes = []electoral.KeptVote{past, coming}
	})
	put(m.a, "908", func(e *electoral.Elector) { e.KeptVotes = []electoral.KeptVote{past} })
	return m
}

// fill puts records into every book, some by the services that make them.
func (m merging) fill() {
	c := m.town
	state := func(comune, id string, book registry.Book, subject, status string, body any) {
		data, err := json.Marshal(body)
		require.NoError(c.t, err)
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			return w.PutRecord(c.ctx(), registry.Record{Comune: comune, Book: book, ID: id, Subject: subject, State: status,
				At: c.now.Add(-time.Hour), Body: data})
		}))
	}
	conflict := func(id, claimant, holder, other string) {
		k := registry.Conflict{ANPRID: id, List: electoral.GeneralList, Claimant: claimant, Holder: holder, HolderANPRID: other,
			State: registry.ConflictOpen, Cause: electoral.AlreadyEnrolled, Opened: c.now.Add(-time.Hour), Changed: c.now.Add(-time.Hour)}
		k.ID = id + ".general." + claimant + "." + holder
		if other != "" {
			k.ID += "." + other
		}
		state(claimant, k.ID, registry.ConflictBook, id, string(k.State), k)
		state(holder, k.ID, registry.ConflictBook, cmp.Or(other, id), string(k.State), k)
	}
	conflict("903", m.b, m.a, "")     // of the two
	conflict("905", airasca, m.b, "") // with a third
	conflict("901", m.a, m.b, "902")  // of the two, with two ids
	conflict("904", m.a, airasca, "") // and
	conflict("904", m.b, airasca, "") // become one
	state(m.a, "rett-1", registry.RectificationBook, "903", "2", registry.Rectification{ID: "rett-1", ANPRID: "903",
		Comune: m.a, Note: `"comune":"L487" {"comune":"L487"}`, State: registry.RequestOpen})
	state(m.b, "dom-1", registry.ApplicationBook, "903", "2", registry.Application{ID: "dom-1", ANPRID: "903", Comune: m.b,
		State: registry.RequestOpen})
	state(m.b, "sce-1", registry.ChoiceBook, "905", "stands", electoral.VotingChoice{ID: "sce-1", ANPRID: "905", Comune: m.b,
		Day: m.vote.Day, Received: date(2023, 12, 30)})
	for _, comune := range []string{m.a, m.b} {
		x := electoral.Extraction{List: electoral.GeneralList, Comune: comune, Consultation: m.vote.Consultation, Day: m.vote.Day, Purpose: pollsPurpose}
		_, err := c.Extract(c.ctx(), officer(comune), x, &lister{})
		require.NoError(c.t, err)
	}
}

// numbers returns the numbers that the list of a section has for the vote.
func (m merging) numbers(comune string) map[string]int {
	m.t.Helper()
	x := electoral.Extraction{List: electoral.GeneralList, Comune: comune, Consultation: m.vote.Consultation, Day: m.vote.Day, Purpose: pollsPurpose}
	out := map[string]int{}
	var s seat
	_, err := m.Extract(m.ctx(), officer(comune), x, &s)
	require.NoError(m.t, err)
	for _, r := range s.rows {
		out[r.Elector.ANPRID] = r.Number
	}
	return out
}

// TestSuccessionMovesEverything: what the store knows of two comuni is afterwards the
// heir's, what is history stays, and all of it comes back.
func TestSuccessionMovesEverything(t *testing.T) {
	inTown(t, func(c *town) {
		m := c.merges()
		m.fill()
		all := []string{m.a, m.b, m.heir, aglie, airasca}
		numbers := m.numbers(m.a)
		require.NotEmpty(c.t, numbers)
		before := c.rowsOf(all...)
		c.on(date(2024, 1, 1))
		rep, warnings := c.succeeds(m.s)
		assert.Equal(c.t, 2, rep.Conflicts)
		assert.Equal(c.t, "901, 902", only(c.t, warnings, electoral.SuccessionDoubt).Value)

		e, home := c.home("901")
		assert.Equal(c.t, m.heir, home)
		assert.Equal(c.t, m.a, e.Removals[0].Comune, "what was done stays what it was")
		assert.Equal(c.t, m.a, e.Loss.Comune)
		e, home = c.home("903")
		assert.Equal(c.t, m.heir, home)
		assert.Equal(c.t, m.heir, e.General.Comune)
		assert.Equal(c.t, m.heir, e.EU.Comunal.Enrolment.Comune)
		e, home = c.home("904")
		assert.Equal(c.t, aglie, home)
		assert.Equal(c.t, m.heir, e.Added.AostaValley.Enrolment.Comune)
		e, home = c.home("905")
		assert.Equal(c.t, m.heir, home)
		assert.Equal(c.t, airasca, e.Added.Trento.Enrolment.Comune)
		for _, id := range []string{"906", "907"} {
			e, _ = c.home(id)
			assert.Equal(c.t, []string{m.a, m.heir}, []string{e.KeptVotes[0].Comune, e.KeptVotes[1].Comune}, "%s: the vote that is over stays", id)
			assert.Equal(c.t, "101", e.KeptVotes[1].Section)
		}
		_, home = c.home("908")
		assert.Equal(c.t, m.heir, home)
		got := m.numbers(m.heir)
		for id, n := range numbers {
			assert.Equal(c.t, n, got[id], "the number of %s", id)
		}
		require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) error {
			for book, id := range map[registry.Book]string{registry.RectificationBook: "rett-1", registry.ApplicationBook: "dom-1",
				registry.ChoiceBook: "sce-1"} {
				rec, err := rd.Record(c.ctx(), m.heir, book, id)
				require.NoError(c.t, err)
				var body struct{ Comune, Note string }
				require.NoError(c.t, json.Unmarshal(rec.Body, &body))
				assert.Equal(c.t, m.heir, body.Comune)
				if book == registry.RectificationBook {
					assert.Contains(c.t, body.Note, `{"comune":"L487"}`, "a text is not touched")
				}
			}
			return nil
		}))
		states := map[string]registry.ConflictState{}
		for _, k := range c.conflicts(m.heir) {
			states[k.ID] = k.State
		}
		assert.Equal(c.t, map[string]registry.ConflictState{
			"903.general.M435.M435": registry.ConflictResolved, "905.general.A109.M435": registry.ConflictOpen,
			"901.general.M435.M435.902": registry.ConflictResolved, "904.general.M435.A109": registry.ConflictOpen,
		}, states)
		assert.Len(c.t, c.conflicts(airasca), 2)

		// The chains of the two end with an entry that names the heir.
		for _, comune := range []string{m.a, m.b} {
			var last electoral.Access
			for _, entry := range c.log.accesses {
				if entry.Comune == comune {
					last = entry
				}
			}
			assert.Equal(c.t, electoral.OpSucceed, last.Operation)
			assert.Equal(c.t, electoral.Granted, last.Outcome)
			assert.Contains(c.t, last.Details, electoral.Detail{Key: "heir", Value: m.heir})
		}

		c.log.accesses = nil
		_, err := c.PutSection(c.ctx(), officer(m.a), sectionOf("L219", "1"))
		require.Error(c.t, err)
		for comune, heir := range map[string]bool{m.heir: true, aglie: false} {
			_, err := c.Journal(c.ctx(), officer(comune), registry.JournalSearch{Comune: m.a}, 0)
			assert.Equal(c.t, heir, err == nil, comune)
			err = c.MayReadAccesses(c.ctx(), officer(comune), m.a)
			assert.Equal(c.t, heir, err == nil, comune)
			if !heir {
				require.ErrorIs(c.t, err, electoral.NotCompetent)
			}
		}
		require.NoError(c.t, c.MayReadAccesses(c.ctx(), officer(m.a), m.a))
		require.Error(c.t, c.MayReadAccesses(c.ctx(), officer(m.a), m.heir), "not the other way round")

		_, _, err = c.UndoSuccession(c.ctx(), officer(m.a), rep.ID)
		require.ErrorIs(c.t, err, electoral.ComuneCeased)
		_, _, err = c.UndoSuccession(c.ctx(), officer(aglie), rep.ID)
		require.ErrorIs(c.t, err, electoral.SuccessionUnknown)
		_, _, err = c.UndoSuccession(c.ctx(), officer(m.heir), rep.ID)
		require.NoError(c.t, err)
		assert.Equal(c.t, before, c.rowsOf(all...))
		_, _, err = c.UndoSuccession(c.ctx(), officer(m.heir), rep.ID)
		assert.Equal(c.t, "", only(c.t, err, electoral.SuccessionStep).Case)
		list, err := c.Successions(c.ctx(), officer(m.b), "", 0)
		require.NoError(c.t, err)
		require.Len(c.t, list, 1)
		assert.Equal(c.t, registry.SuccessionUndone, list[0].State)
		require.Error(c.t, c.MayReadAccesses(c.ctx(), officer(m.heir), m.a))
	})
}

// TestSuccessionUndoneNoMore: after the heir's first change, whatever it is, the
// succession stands.
func TestSuccessionUndoneNoMore(t *testing.T) {
	for name, change := range map[string]func(m merging){
		"an elector": func(m merging) {
			_, _, err := m.Remove(m.ctx(), officer(m.heir), registry.RemovalRequest{ANPRID: "905", List: electoral.GeneralList, Cause: electoral.CauseMoved})
			require.NoError(m.t, err)
		},
		"an elector of both, by the other comune": func(m merging) {
			_, _, err := m.Remove(m.ctx(), officer(airasca), registry.RemovalRequest{ANPRID: "905", List: electoral.TrentoList, Cause: electoral.CauseOther})
			require.NoError(m.t, err)
		},
		"a section": func(m merging) {
			s := m.s.Sections[0]
			s.SeatName = "Altra scuola"
			_, err := m.PutSection(m.ctx(), officer(m.heir), s)
			require.NoError(m.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				m := c.merges()
				c.on(date(2024, 1, 1))
				rep, _ := c.succeeds(m.s)
				c.now = c.now.Add(-time.Second) // the order of changes is no clock
				change(m)
				before := c.rowsOf(m.a, m.b, m.heir)
				_, _, err := c.UndoSuccession(c.ctx(), officer(m.heir), rep.ID)
				assert.Equal(c.t, "changed", only(c.t, err, electoral.SuccessionStep).Case)
				assert.Equal(c.t, before, c.rowsOf(m.a, m.b, m.heir), "nothing half-done")
			})
		})
	}
	inTown(t, func(c *town) {
		m := c.merges()
		c.on(date(2024, 1, 1))
		rep, _ := c.succeeds(m.s)
		c.now = c.now.AddDate(0, 7, 0)
		_, _, err := c.UndoSuccession(c.ctx(), officer(m.heir), rep.ID)
		assert.Equal(c.t, "over", only(c.t, err, electoral.SuccessionStep).Case)
	})
}

// TestSuccessionOnce: a request has its effect once, and one that was answered before
// the comune ceased finds its answer, from its own officer and from the heir's.
func TestSuccessionOnce(t *testing.T) {
	inTown(t, func(c *town) {
		m := c.merges()
		req := officer(m.a)
		q := registry.RemovalRequest{ANPRID: "903", List: electoral.GeneralList, Cause: electoral.CauseMoved}
		want, _, err := c.Remove(c.ctx(), req, q)
		require.NoError(c.t, err)
		c.on(date(2024, 1, 1))
		own := officer(m.heir)
		rep, warnings, err := c.Succeed(c.ctx(), own, m.s)
		require.NoError(c.t, err)
		before := c.rowsOf(m.a, m.b, m.heir)
		accesses := len(c.log.accesses)
		again, told, err := c.Succeed(c.ctx(), own, m.s)
		require.NoError(c.t, err)
		assert.Equal(c.t, rep.ID, again.ID)
		assert.Equal(c.t, warnings, told)
		assert.Equal(c.t, before, c.rowsOf(m.a, m.b, m.heir))
		for _, entry := range c.log.accesses[accesses:] {
			assert.Equal(c.t, m.heir, entry.Comune, "the chain of a comune that has ceased has had its last entry")
		}
		got, _, err := c.Remove(c.ctx(), req, q)
		require.NoError(c.t, err, "its own officer")
		assert.Equal(c.t, want, got)
		heirs := req
		heirs.Actor.Comune = m.heir
		got, _, err = c.Remove(c.ctx(), heirs, q)
		require.NoError(c.t, err, "the heir's officer")
		assert.Equal(c.t, want, got)
		assert.Equal(c.t, before, c.rowsOf(m.a, m.b, m.heir))
		// Another request with an id that one of the two had used is a new one.
		heirs.Purpose = ""
		_, _, err = c.Remove(c.ctx(), heirs, registry.RemovalRequest{ANPRID: "903", List: electoral.EUComunalList, Cause: electoral.CauseMoved})
		require.NoError(c.t, err)
		_, _, err = c.Remove(c.ctx(), officer(m.a), registry.RemovalRequest{ANPRID: "905", List: electoral.GeneralList, Cause: electoral.CauseMoved})
		only(c.t, err, electoral.ComuneCeased)
	})
}

var _ = context.Background
