package registry_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// lirio and montalto are the comuni of an incorporation that took effect three days
// after its law (regional law of Lombardia of 28 January 2026).
const lirio, montalto = "E608", "F417"

// TestSuccessionIncorporation: a comune ends in another that stays, with a section of
// its own and one that becomes one with the heir's; who was the heir's before stays as
// he was.
func TestSuccessionIncorporation(t *testing.T) {
	inTown(t, func(c *town) {
		c.on(date(2026, 1, 30))
		mine := c.makes(montalto, date(2026, 1, 30), 30)
		theirs := c.makes(lirio, date(2026, 1, 30), 20)
		second := theirs.sections[0].Clone()
		second.Number, second.RegionalConstituency = "2", "PAVIA"
		_, err := c.PutSection(c.ctx(), officer(lirio), second)
		require.NoError(c.t, err)
		c.here("901", "SECONDA", lirio, nil)
		c.placed(lirio, electorOf("901", lirio, "2"))
		c.here("902", "CONGIUNTO", lirio, nil)
		joined := electorOf("902", lirio, "1")
		joined.EU.Comunal = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: lirio, Section: "2"}}
		c.placed(lirio, joined)
		before := c.rowsOf(lirio, montalto)

		c.on(date(2026, 1, 31))
		to := mine.sections[0].Clone()
		to.Number, to.RegionalConstituency = "2", "PAVIA"
		s := registry.Succession{Kind: registry.Incorporation, Ceased: []string{lirio}, Heir: montalto, Day: date(2026, 1, 31), Act: act,
			Sections: []electoral.Section{to},
			Mapping:  []registry.SectionMapping{{Comune: lirio, Number: "1", To: "1"}, {Comune: lirio, Number: "2", To: "2"}}}
		_, _, err = c.Succeed(c.ctx(), officer(montalto), s)
		f := only(c.t, err, electoral.SuccessionMapping)
		assert.Equal(c.t, "joined", f.Case, "the heir's section has electors, and nobody asked to join them")
		assert.Contains(c.t, f.Message, "Montalto Pavese")
		s.Mapping[0].Joins, s.Mapping[1].Joins = true, true // the second has nobody to join
		rep, warnings := c.succeeds(s)
		assert.Equal(c.t, 22, rep.Electors)
		assert.Contains(c.t, only(c.t, warnings, electoral.SuccessionNotInArchive).Message, "LIRIO", "the archive does not name the heir")
		for _, e := range mine.electors {
			got, home := c.home(e.ANPRID)
			assert.Equal(c.t, montalto, home)
			assert.Equal(c.t, e, got)
		}
		got, home := c.home("902")
		assert.Equal(c.t, montalto, home)
		assert.Equal(c.t, electoral.Enrolment{Comune: montalto, Section: "1"}, *got.General)
		assert.Equal(c.t, electoral.Enrolment{Comune: montalto, Section: "2"}, *got.EU.Comunal.Enrolment)
		assert.Empty(c.t, c.rowsOf(lirio))
		_, _, err = c.UndoSuccession(c.ctx(), officer(montalto), rep.ID)
		require.NoError(c.t, err)
		assert.Equal(c.t, before, c.rowsOf(lirio, montalto))
	})
}

// TestSuccessionBeforeTheArchive: an incorporation of which the archive knows nothing
// yet is decided by the act, and told.
func TestSuccessionBeforeTheArchive(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(airasca)
		s := registry.Succession{Kind: registry.Incorporation, Ceased: []string{airasca}, Heir: aglie, Day: today, Act: act,
			Mapping: []registry.SectionMapping{{Comune: airasca, Number: "1", To: "1"}, {Comune: airasca, Number: "2", To: "2"}}}
		_, warnings := c.succeeds(s)
		var told []string
		for _, f := range warnings {
			if f.Code == electoral.SuccessionNotInArchive {
				told = append(told, f.Case)
			}
		}
		assert.Equal(c.t, []string{"", "heir"}, told)
		assert.Equal(c.t, electorOf("1", aglie, "1"), c.elector(aglie, "1"))
		_, _, err := c.Succeed(c.ctx(), officer(aglie), s)
		assert.Equal(c.t, "ceased", only(c.t, err, electoral.SuccessionComuni).Case, "not twice")
		// Nor round in a circle.
		back := registry.Succession{Kind: registry.Incorporation, Ceased: []string{aglie}, Heir: airasca, Day: today, Act: act,
			Mapping: []registry.SectionMapping{{Comune: aglie, Number: "1", To: "1"}}}
		_, _, err = c.Succeed(c.ctx(), officer(airasca), back)
		only(c.t, err, electoral.ComuneCeased)
		// The heir may itself end in a third: all three stand in its place.
		c.sections("H501")
		third := registry.Succession{Kind: registry.Incorporation, Ceased: []string{aglie}, Heir: "H501", Day: today, Act: act,
			Mapping: []registry.SectionMapping{{Comune: aglie, Number: "1", To: "1"}, {Comune: aglie, Number: "2", To: "1", Joins: true}}}
		_, _, err = c.Succeed(c.ctx(), officer("H501"), third)
		assert.Equal(c.t, "joined", only(c.t, err, electoral.SuccessionMapping).Case, "each of them must ask it")
		third.Mapping[0].Joins = true
		rep, _ := c.succeeds(third)
		for of, want := range map[string]bool{aglie: true, airasca: true, "H501": false, lirio: false} {
			got, err := c.IsHeir(c.ctx(), "H501", of)
			require.NoError(c.t, err)
			assert.Equal(c.t, want, got, of)
		}
		_, _, err = c.UndoSuccession(c.ctx(), officer("H501"), rep.ID)
		require.NoError(c.t, err)
		got, err := c.IsHeir(c.ctx(), "H501", airasca)
		require.NoError(c.t, err)
		assert.False(c.t, got)
		got, err = c.IsHeir(c.ctx(), aglie, airasca)
		require.NoError(c.t, err)
		assert.True(c.t, got, "what came before stands")
	})
}

// TestSuccessionOfAName: with the same Belfiore code nothing moves, case 24; with
// another, everything does, and the sections need not be named.
func TestSuccessionOfAName(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		before := c.rowsOf(aglie)
		s := registry.Succession{Kind: registry.NameChange, Heir: aglie, Day: today, Act: act}
		rep, warnings := c.succeeds(s)
		assert.Equal(c.t, registry.SuccessionDone, rep.State)
		assert.Contains(c.t, only(c.t, warnings, electoral.SuccessionNothingMoves).Message, "Agliè")
		assert.Equal(c.t, "change", only(c.t, warnings, electoral.SuccessionNotInArchive).Case)
		assert.Equal(c.t, before, c.rowsOf(aglie))
		_, err := c.Change(c.ctx(), officer(aglie), electorOf("1", aglie, "2"))
		require.NoError(c.t, err, "nobody has ceased")
		s.Mapping = []registry.SectionMapping{{Comune: aglie, Number: "1", To: "2"}}
		_, _, err = c.Succeed(c.ctx(), officer(aglie), s)
		assert.Equal(c.t, "unneeded", only(c.t, err, electoral.SuccessionMapping).Case)

		// Santadi passed from Carbonia-Iglesias to Sud Sardegna: the archive knows it.
		province := registry.Succession{Kind: registry.ProvinceChange, Heir: "I182", Ceased: []string{"I182"}, Day: date(2016, 4, 28), Act: act}
		province.Act.Date = date(2016, 2, 4)
		_, warnings = c.succeeds(province)
		assert.True(c.t, warnings.Has(electoral.SuccessionNothingMoves))
		assert.False(c.t, warnings.Has(electoral.SuccessionNotInArchive))
	})
	near := neighbour(t, airasca)
	inTown(t, func(c *town) { // a made-up change of the code
		c.settle(airasca)
		before := c.rowsOf(airasca, near)
		s := registry.Succession{Kind: registry.NameChange, Ceased: []string{airasca}, Heir: near, Day: today, Act: act}
		rep, _ := c.succeeds(s)
		assert.Equal(c.t, []int{1, 2}, []int{rep.Electors, rep.Sections})
		assert.Equal(c.t, electorOf("1", near, "1"), c.elector(near, "1"))
		assert.Empty(c.t, c.rowsOf(airasca))
		_, _, err := c.UndoSuccession(c.ctx(), officer(near), rep.ID)
		require.NoError(c.t, err)
		assert.Equal(c.t, before, c.rowsOf(airasca, near))
	})
}

// neighbour returns a comune with the constituencies of another.
func neighbour(t *testing.T, comune string) string {
	t.Helper()
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	for other := range tables.Comuni(today) {
		a := sectionOf(comune, "1")
		if other.Belfiore == comune || other.Belfiore == aglie || len(tables.ChamberColleges(other.Belfiore)) == 0 ||
			len(tables.SenateColleges(other.Belfiore)) == 0 {
			continue
		}
		b := sectionOf(other.Belfiore, "1")
		if a.ChamberCollege == b.ChamberCollege && a.SenateCollege == b.SenateCollege && a.RegionalConstituency == b.RegionalConstituency {
			return other.Belfiore
		}
	}
	require.Fail(t, "no comune like "+comune)
	return ""
}

// hamlet is a part of Airasca that passes to Agliè: section 2.
func hamlet(persons ...string) registry.Succession {
	return registry.Succession{Kind: registry.TerritoryPassage, Ceased: []string{airasca}, Heir: aglie, Day: today, Act: act,
		Sections: []electoral.Section{sectionOf(aglie, "3")}, Persons: persons,
		Mapping: []registry.SectionMapping{{Comune: airasca, Number: "2", To: "3"}}}
}

// peopled puts electors into both sections of Airasca.
func (c *town) peopled() {
	c.t.Helper()
	for id, section := range map[string]string{"101": "1", "102": "2", "103": "2", "104": "2"} {
		c.here(id, "PROVA"+id, airasca, nil)
		c.placed(airasca, electorOf(id, airasca, section))
	}
}

// TestSuccessionOfATerritory: the receiving comune proposes the list, the ceding one
// confirms the same list; then, and only then, the persons pass.
func TestSuccessionOfATerritory(t *testing.T) {
	for name, persons := range map[string][]string{"a whole section": nil, "a list of persons": {"103", "102"}} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				c.peopled()
				before := c.rowsOf(aglie, airasca)
				rep, _ := c.succeeds(hamlet(persons...))
				assert.Equal(c.t, registry.SuccessionProposed, rep.State)
				assert.Equal(c.t, before, c.rowsOf(aglie, airasca), "a proposal moves nobody")
				want := []string{"102", "103", "104"}
				if persons != nil {
					want = want[:2]
				}
				ids, err := c.PassingPersons(c.ctx(), officer(airasca), rep.ID, "", 0)
				require.NoError(c.t, err)
				assert.Equal(c.t, want, ids)
				_, _, err = c.ConfirmSuccession(c.ctx(), officer(aglie), rep.ID, rep.Hash)
				assert.Equal(c.t, "side", only(c.t, err, electoral.SuccessionStep).Case, "not who proposed")
				_, _, err = c.ConfirmSuccession(c.ctx(), officer("H501"), rep.ID, rep.Hash)
				only(c.t, err, electoral.SuccessionUnknown)
				_, _, err = c.ConfirmSuccession(c.ctx(), officer(airasca), rep.ID, strings.Repeat("0", 64))
				assert.Equal(c.t, "list", only(c.t, err, electoral.SuccessionStep).Case)
				assert.Equal(c.t, before, c.rowsOf(aglie, airasca))

				c.log.accesses = nil
				c.tick()
				done, _, err := c.ConfirmSuccession(c.ctx(), officer(airasca), rep.ID, rep.Hash)
				require.NoError(c.t, err)
				c.tick()
				assert.Equal(c.t, registry.SuccessionDone, done.State)
				assert.Equal(c.t, len(want), done.Electors)
				chains := map[string]bool{}
				for _, a := range c.log.accesses {
					chains[a.Comune] = true
				}
				assert.Equal(c.t, map[string]bool{aglie: true, airasca: true}, chains, "both comuni have it on record")
				for _, id := range []string{"101", "102", "103", "104"} {
					e, home := c.home(id)
					passed := slices.Contains(want, id)
					assert.Equal(c.t, passed, home == aglie, id)
					assert.Equal(c.t, passed, *e.General == electoral.Enrolment{Comune: aglie, Section: "3"}, id)
				}
				_, err = c.Section(c.ctx(), officer(airasca), airasca, "2")
				assert.Equal(c.t, persons == nil, err != nil, "a section that passed as a whole is gone")
				_, err = c.Change(c.ctx(), officer(airasca), electorOf("101", airasca, "1"))
				require.NoError(c.t, err, "the comune that ceded goes on")
				heir, err := c.IsHeir(c.ctx(), aglie, airasca)
				require.NoError(c.t, err)
				assert.False(c.t, heir)

				_, _, err = c.UndoSuccession(c.ctx(), officer(aglie), rep.ID)
				require.NoError(c.t, err)
				assert.Equal(c.t, before, c.rowsOf(aglie, airasca))
			})
		})
	}
}

// TestSuccessionProposalChanged: a proposal whose list is no longer true is not
// carried out.
func TestSuccessionProposalChanged(t *testing.T) {
	for name, change := range map[string]func(c *town){
		"a person has left": func(c *town) {
			_, _, err := c.Remove(c.ctx(), officer(airasca), registry.RemovalRequest{ANPRID: "102", List: electoral.GeneralList, Cause: electoral.CauseMoved})
			require.NoError(c.t, err)
		},
		"a person has come": func(c *town) { c.placed(airasca, electorOf("1", airasca, "2")) },
		"a person has another place": func(c *town) {
			e := electorOf("103", airasca, "2")
			e.EU.Comunal = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: airasca, Section: "1"}}
			c.placed(airasca, e)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				c.peopled()
				rep, _ := c.succeeds(hamlet())
				change(c)
				before := c.rowsOf(aglie, airasca)
				_, _, err := c.ConfirmSuccession(c.ctx(), officer(airasca), rep.ID, rep.Hash)
				assert.Equal(c.t, "changed", only(c.t, err, electoral.SuccessionPersons).Case)
				assert.Equal(c.t, before, c.rowsOf(aglie, airasca), "nothing half-done")
			})
		})
	}
	inTown(t, func(c *town) {
		c.peopled()
		rep, _ := c.succeeds(hamlet())
		out, err := c.WithdrawSuccession(c.ctx(), officer(airasca), rep.ID)
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.SuccessionWithdrawn, out.State)
		for _, comune := range []string{aglie, airasca} {
			_, err = c.WithdrawSuccession(c.ctx(), officer(comune), rep.ID)
			only(c.t, err, electoral.SuccessionStep)
		}
		_, _, err = c.ConfirmSuccession(c.ctx(), officer(airasca), rep.ID, rep.Hash)
		only(c.t, err, electoral.SuccessionStep)

		rep, _ = c.succeeds(hamlet())
		c.now = c.now.Add(90 * 24 * time.Hour)
		_, _, err = c.ConfirmSuccession(c.ctx(), officer(airasca), rep.ID, rep.Hash)
		only(c.t, err, electoral.SuccessionUnknown)
		sum, err := c.Expire(c.ctx(), airasca)
		require.NoError(c.t, err)
		assert.Positive(c.t, sum.Records)
	})
}

// TestSuccessionBadInput: each refused with its fault, at its place, and nothing done.
func TestSuccessionBadInput(t *testing.T) {
	type fault struct {
		code electoral.Code
		name string
	}
	inTown(t, func(c *town) {
		m := c.merges()
		c.on(date(2024, 1, 1))
		c.peopled()
		before := c.rowsOf(m.a, m.b, m.heir, aglie, airasca)
		for name, k := range map[string]struct {
			change func(s *registry.Succession)
			want   fault
		}{
			"no kind":            {func(s *registry.Succession) { s.Kind = "x" }, fault{electoral.SuccessionKindUnknown, ""}},
			"no act":             {func(s *registry.Succession) { s.Act = registry.SuccessionAct{Date: act.Date} }, fault{electoral.SuccessionActUnfit, ""}},
			"act of two lines":   {func(s *registry.Succession) { s.Act.Authority = "Regione\nLombardia" }, fault{electoral.SuccessionActUnfit, ""}},
			"act without day":    {func(s *registry.Succession) { s.Act.Date = electoral.Date{} }, fault{electoral.SuccessionActUnfit, "date"}},
			"act of tomorrow":    {func(s *registry.Succession) { s.Act.Date = date(2024, 1, 2) }, fault{electoral.SuccessionActUnfit, "date"}},
			"no day":             {func(s *registry.Succession) { s.Day = electoral.Date{Year: 2024} }, fault{electoral.SuccessionDay, ""}},
			"a day that is not":  {func(s *registry.Succession) { s.Day = date(2023, 2, 30) }, fault{electoral.SuccessionDay, ""}},
			"tomorrow":           {func(s *registry.Succession) { s.Day = date(2024, 1, 2) }, fault{electoral.SuccessionDay, "future"}},
			"before its day":     {func(s *registry.Succession) { s.Day = date(2023, 12, 31) }, fault{electoral.SuccessionDay, "heir"}},
			"nobody":             {func(s *registry.Succession) { s.Ceased = nil }, fault{electoral.SuccessionComuni, ""}},
			"itself":             {func(s *registry.Succession) { s.Ceased = append(s.Ceased, s.Heir) }, fault{electoral.SuccessionComuni, "cyclic"}},
			"twice":              {func(s *registry.Succession) { s.Ceased = append(s.Ceased, m.a) }, fault{electoral.SuccessionComuni, "cyclic"}},
			"unknown":            {func(s *registry.Succession) { s.Ceased[0] = "Z999" }, fault{electoral.SuccessionComuni, "unknown"}},
			"not its heir":       {func(s *registry.Succession) { s.Ceased = append(s.Ceased, aglie) }, fault{electoral.SuccessionNotHeir, ""}},
			"the heir of others": {func(s *registry.Succession) { s.Kind, s.Heir = registry.Incorporation, aglie }, fault{electoral.SuccessionNotHeir, ""}},
			"no mapping":         {func(s *registry.Succession) { s.Mapping = nil }, fault{electoral.SuccessionMapping, ""}},
			"mapping of another": {func(s *registry.Succession) {
				s.Mapping = append(s.Mapping, registry.SectionMapping{Comune: s.Heir, Number: "101", To: "102"})
			}, fault{electoral.SuccessionMapping, "comune"}},
			"section twice": {func(s *registry.Succession) { s.Mapping = append(s.Mapping, s.Mapping[0]) }, fault{electoral.SuccessionMapping, "twice"}},
			"section not there": {func(s *registry.Succession) {
				s.Mapping = append(s.Mapping, registry.SectionMapping{Comune: m.a, Number: "77", To: "101", Joins: true})
			}, fault{electoral.SuccessionMapping, "not-registered"}},
			"target not there":          {func(s *registry.Succession) { s.Mapping[0].To = "999" }, fault{electoral.SuccessionMapping, "target"}},
			"two onto one":              {func(s *registry.Succession) { s.Mapping[0].To = s.Mapping[1].To }, fault{electoral.SuccessionMapping, "joined"}},
			"one asks alone":            {func(s *registry.Succession) { s.Mapping[0].To, s.Mapping[0].Joins = s.Mapping[1].To, true }, fault{electoral.SuccessionMapping, "joined"}},
			"a section goes nowhere":    {func(s *registry.Succession) { s.Mapping = s.Mapping[1:] }, fault{electoral.SuccessionSectionLeft, ""}},
			"data of another comune":    {func(s *registry.Succession) { s.Sections[0].Comune = m.a }, fault{electoral.SuccessionSectionData, ""}},
			"data twice":                {func(s *registry.Succession) { s.Sections = append(s.Sections, s.Sections[0]) }, fault{electoral.SuccessionSectionData, "twice"}},
			"data not right":            {func(s *registry.Succession) { s.Sections[0].SeatName = "" }, fault{electoral.SeatNameMissing, ""}},
			"a list of persons":         {func(s *registry.Succession) { s.Persons = []string{"903"} }, fault{electoral.SuccessionPersons, "unneeded"}},
			"a person who is not there": {func(s *registry.Succession) { *s = territory(hamlet("101")) }, fault{electoral.SuccessionPersons, ""}},
			"a person twice":            {func(s *registry.Succession) { *s = territory(hamlet("102", "102")) }, fault{electoral.SuccessionPersons, "twice"}},
			"no such id":                {func(s *registry.Succession) { *s = territory(hamlet("x")) }, fault{electoral.IDMalformed, ""}},
			"nobody in the section": {func(s *registry.Succession) {
				*s = territory(hamlet())
				s.Ceased[0], s.Heir, s.Mapping[0].Comune = aglie, airasca, aglie
				s.Sections = []electoral.Section{sectionOf(airasca, "3")}
			}, fault{electoral.SuccessionPersons, "empty"}},
		} {
			s := into(m.s.Kind, m.heir, m.s.Day)
			s.Ceased, s.Mapping = slices.Clone(m.s.Ceased), slices.Clone(m.s.Mapping)
			for _, sec := range m.s.Sections {
				s.Sections = append(s.Sections, sec.Clone())
			}
			k.change(&s)
			_, _, err := c.Succeed(c.ctx(), officer(s.Heir), s)
			require.ErrorIs(c.t, err, k.want.code, name)
			found := false
			for _, f := range err.(electoral.Faults) {
				found = found || f.Code == k.want.code && f.Case == k.want.name
				if f.Severity == electoral.Error {
					assertTold(c.t, f)
				}
			}
			assert.True(c.t, found, "%s: %v", name, err)
			assert.Equal(c.t, before, c.rowsOf(m.a, m.b, m.heir, aglie, airasca), name)
		}
		for name, req := range map[string]electoral.Request{"another office": officer(m.a), "a citizen": citizen(people()[0])} {
			_, _, err := c.Succeed(c.ctx(), req, m.s)
			refused(c.t, c.log, err, electoral.NotCompetent)
			assert.Equal(c.t, before, c.rowsOf(m.a, m.b, m.heir, aglie, airasca), name)
		}
		// On another day than the archive has.
		c.on(date(2024, 2, 1))
		late := m.s
		late.Day = date(2024, 1, 10)
		_, _, err := c.Succeed(c.ctx(), officer(m.heir), late)
		var last []string
		for _, f := range err.(electoral.Faults) {
			if f.Code == electoral.SuccessionDay && f.Case == "archive" {
				last = append(last, f.Args["last"])
			}
		}
		assert.Equal(c.t, []string{"31 dicembre 2023", "31 dicembre 2023"}, last)
		assert.Equal(c.t, before, c.rowsOf(m.a, m.b, m.heir, aglie, airasca))
		// With data that differ from those of a section that is there.
		there := m.s.Sections[0].Clone()
		there.SeatName = "Altra scuola"
		_, err = c.PutSection(c.ctx(), officer(m.heir), there)
		require.NoError(c.t, err)
		_, _, err = c.Succeed(c.ctx(), officer(m.heir), m.s)
		assert.Equal(c.t, "other", only(c.t, err, electoral.SuccessionSectionData).Case)
	})
}

// territory is a passage at the time of the other cases.
func territory(s registry.Succession) registry.Succession {
	s.Day = date(2024, 1, 1)
	return s
}

// acts returns what the operator has of successions of a comune.
func (c *town) acts(ceased string) []registry.Announcement {
	var list []registry.Announcement
	for _, a := range c.announced {
		if a.Ceased == ceased {
			list = append(list, a)
		}
	}
	return list
}

// Succeed asks for a succession of which the operator has the act, unless the test is
// about one of which he has none.
func (c *town) Succeed(ctx context.Context, req electoral.Request,
	s registry.Succession) (registry.SuccessionReport, electoral.Faults, error) {
	for _, ceased := range s.Ceased {
		if !c.noActs {
			c.announced = append(c.announced, registry.Announcement{Ceased: ceased, Heir: s.Heir, Day: s.Day})
		}
	}
	return c.Registry.Succeed(ctx, req, s)
}

// TestSuccessionNotAnnounced: nobody takes the lists of a comune that stands, or of
// which no heir is known, by his own word.
func TestSuccessionNotAnnounced(t *testing.T) {
	inTown(t, func(c *town) {
		c.noActs = true
		c.settle(airasca)
		s := registry.Succession{Kind: registry.Incorporation, Ceased: []string{airasca}, Heir: aglie, Day: today, Act: act,
			Mapping: []registry.SectionMapping{{Comune: airasca, Number: "1", To: "1"}, {Comune: airasca, Number: "2", To: "2"}}}
		before := c.rowsOf(aglie, airasca)
		refused := func() {
			c.t.Helper()
			_, _, err := c.Succeed(c.ctx(), officer(aglie), s)
			f := only(c.t, err, electoral.SuccessionNotAnnounced)
			assert.Equal(c.t, "ceased[0]", f.Path)
			assert.Contains(c.t, f.Message, "Airasca")
			assertTold(c.t, f)
			assert.Equal(c.t, before, c.rowsOf(aglie, airasca))
		}
		refused()
		// The archive knows that it ended, and not in which comune.
		_, _, err := c.Succeed(c.ctx(), officer(montalto), registry.Succession{Kind: registry.Incorporation,
			Ceased: []string{lirio}, Heir: montalto, Day: date(2026, 1, 31), Act: act})
		assert.Equal(c.t, "heir", only(c.t, err, electoral.SuccessionNotAnnounced).Case)
		for _, other := range []registry.Announcement{{Ceased: airasca, Heir: aglie, Day: today.AddDays(-1)},
			{Ceased: airasca, Heir: "H501", Day: today}, {Ceased: "H501", Heir: aglie, Day: today}} {
			c.announced = append(c.announced, other)
			refused()
		}
		c.announced = append(c.announced, registry.Announcement{Ceased: airasca, Heir: aglie, Day: today})
		_, warnings := c.succeeds(s)
		assert.True(c.t, warnings.Has(electoral.SuccessionNotInArchive))
	})
}
