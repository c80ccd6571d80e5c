package registry_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A door is an operation of the registry with what it concerns.
type door struct {
	name string
	// open makes the call about a record and returns its error, and whether
	// anything was shown.
	open func(c *town, req electoral.Request, rec kept) (shown bool, err error)
	// may says who passes: the decree's sentence, written once more.
	may func(who electoral.Actor, rec kept) bool
}

// kept is a record of which the doors are tried.
type kept struct {
	person  electoral.Person
	elector electoral.Elector
	// comune keeps his list and registered him.
	comune string
}

func ofTheList(who electoral.Actor, rec kept) bool {
	return who.Role == electoral.OfficerRole && who.Comune == rec.comune
}

func himself(who electoral.Actor, rec kept) bool {
	return who.Role == electoral.CitizenRole && who.FiscalCode == rec.person.FiscalCode
}

func anyOfficer(who electoral.Actor) bool {
	return who.Role == electoral.OfficerRole && who.Comune != ""
}

func doors() []door {
	id := func(rec kept) string { return rec.person.ANPRID }
	writes := func(name string, call func(c *town, req electoral.Request, rec kept) error) door {
		return door{name, func(c *town, req electoral.Request, rec kept) (bool, error) { return false, call(c, req, rec) }, ofTheList}
	}
	return []door{
		writes("put section", func(c *town, req electoral.Request, rec kept) error {
			_, err := c.PutSection(c.ctx(), req, sectionOf(rec.comune, "1"))
			return err
		}),
		writes("delete section", func(c *town, req electoral.Request, rec kept) error {
			_, _, err := c.DeleteSection(c.ctx(), req, rec.comune, registry.SectionDeletion{Number: "2", To: "1"})
			return err
		}),
		writes("renumber section", func(c *town, req electoral.Request, rec kept) error {
			_, _, err := c.RenumberSection(c.ctx(), req, rec.comune, "2", "20")
			return err
		}),
		writes("redraw", func(c *town, req electoral.Request, rec kept) error {
			_, _, err := c.Redraw(c.ctx(), req, rec.comune, registry.Redrawing{Put: []electoral.Section{sectionOf(rec.comune, "7")}})
			return err
		}),
		writes("move electors", func(c *town, req electoral.Request, rec kept) error {
			_, _, err := c.MoveElectors(c.ctx(), req, rec.comune, registry.Mapping{Persons: []registry.PersonMove{{ANPRID: id(rec), To: "2"}}})
			return err
		}),
		{"sections", func(c *town, req electoral.Request, rec kept) (bool, error) {
			list, err := c.Sections(c.ctx(), req, rec.comune, registry.SectionPage{})
			return len(list.Sections) > 0, err
		}, ofTheList},
		{"spread abroad", func(c *town, req electoral.Request, rec kept) (shown bool, err error) {
			_, err = c.SpreadAbroad(c.ctx(), req, rec.comune, nil, func(registry.PersonMove) error { shown = true; return nil })
			return shown, err
		}, ofTheList},
		writes("change", func(c *town, req electoral.Request, rec kept) error {
			e := rec.elector.Clone()
			e.Status.District = electoral.No
			for _, l := range []**electoral.Enrolment{&e.General, &e.EU.Comunal.Enrolment} {
				if *l != nil {
					(*l).Section = "2"
				}
			}
			_, err := c.Change(c.ctx(), req, e)
			return err
		}),
		writes("remove", func(c *town, req electoral.Request, rec kept) error {
			_, _, err := c.Remove(c.ctx(), req, registry.RemovalRequest{ANPRID: id(rec), Cause: electoral.CauseDied})
			return err
		}),
		writes("annul", func(c *town, req electoral.Request, rec kept) error {
			_, _, err := c.Remove(c.ctx(), req, registry.RemovalRequest{ANPRID: id(rec), Cause: electoral.CauseSentByMistake})
			return err
		}),
		writes("lose capacity", func(c *town, req electoral.Request, rec kept) error {
			_, _, err := c.SetCapacity(c.ctx(), req, registry.CapacityChange{ANPRID: id(rec), Capacity: electoral.No})
			return err
		}),
		writes("certifiability", func(c *town, req electoral.Request, rec kept) error {
			_, err := c.SetCertifiability(c.ctx(), req, id(rec), electoral.OnlyPoliticalRights)
			return err
		}),
		writes("load", func(c *town, req electoral.Request, rec kept) error {
			_, err := c.Load(c.ctx(), req, rec.comune, source(1, sectionOf(rec.comune, "9")), electoral.LoadSource[electoral.Elector]{}, registry.LoadOptions{})
			return err
		}),
		{"read", func(c *town, req electoral.Request, rec kept) (bool, error) {
			e, err := c.Elector(c.ctx(), req, id(rec))
			return e.ANPRID != "", err
		}, func(who electoral.Actor, rec kept) bool { return ofTheList(who, rec) || himself(who, rec) }},
		{"read by codice fiscale", func(c *town, req electoral.Request, rec kept) (bool, error) {
			l, err := c.ElectorByFiscalCode(c.ctx(), req, rec.person.FiscalCode)
			return l.Elector.ANPRID != "" || l.Person.ANPRID != "", err
		}, func(who electoral.Actor, rec kept) bool { return ofTheList(who, rec) || himself(who, rec) }},
		{"certificate facts", func(c *town, req electoral.Request, rec kept) (bool, error) {
			f, err := certificateFacts(c.ctx(), c.Registry, c.log, req, id(rec))
			return f.Elector.ANPRID != "" || f.Person.ANPRID != "", err
		}, func(who electoral.Actor, rec kept) bool { return anyOfficer(who) || himself(who, rec) }},
		{"section", func(c *town, req electoral.Request, rec kept) (bool, error) {
			s, err := c.Section(c.ctx(), req, rec.comune, "1")
			return s.Number != "", err
		}, ofTheList},
		{"list", func(c *town, req electoral.Request, rec kept) (shown bool, err error) {
			err = c.ListSection(c.ctx(), req, electoral.GeneralList, rec.comune, "", func(registry.Listed) error { shown = true; return nil })
			return shown, err
		}, ofTheList},
		{"extract", func(c *town, req electoral.Request, rec kept) (bool, error) {
			var l lister
			_, err := c.Extract(c.ctx(), req, electoral.Extraction{List: electoral.GeneralList, Comune: rec.comune, Purpose: pollsPurpose}, &l)
			return len(l.ids) > 0, err
		}, ofTheList},
		{"query", func(c *town, req electoral.Request, rec kept) (bool, error) {
			page, err := c.Query(c.ctx(), req, registry.Query{Comune: rec.comune})
			return len(page.Found) > 0, err
		}, ofTheList},
		{"count", func(c *town, req electoral.Request, rec kept) (bool, error) {
			n, err := c.Count(c.ctx(), req, registry.Query{Comune: rec.comune})
			return n > 0, err
		}, ofTheList},
		{"journal", func(c *town, req electoral.Request, rec kept) (bool, error) {
			page, err := c.Journal(c.ctx(), req, registry.JournalSearch{Comune: rec.comune}, 0)
			return len(page.Entries) > 0, err
		}, ofTheList},
		{"progress", func(c *town, req electoral.Request, rec kept) (bool, error) {
			p, err := c.Progress(c.ctx(), req, rec.comune)
			return p.Comune != "", err
		}, ofTheList},
	}
}

// TestSegregation walks the whole matrix of role, comune, operation and record
// (annex 2, services for the comuni 1): who may not gets nothing, changes
// nothing, and stands in the log with the refusal.
func TestSegregation(t *testing.T) {
	inTown(t, func(c *town) {
		const stranger = "H501"
		french := electoral.Elector{ANPRID: "44", Capacity: electoral.Yes,
			EU:     electoral.EULists{Comunal: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}},
			Status: electoral.Status{NationalReferendums: electoral.No, EuropeanParliament: electoral.No, Senate: electoral.No, Chamber: electoral.No, Regional: electoral.No, Comunal: electoral.Yes, District: electoral.No}}
		records := []kept{
			{people()[0], electorOf("1", aglie, "1"), aglie},
			{people()[1], electorOf("22", airasca, "1"), airasca},
			{people()[2], french, aglie},
		}
		var actors []electoral.Actor
		for _, role := range []electoral.Role{electoral.OfficerRole, electoral.CitizenRole, "", "administrator"} {
			for _, comune := range []string{aglie, airasca, stranger, ""} {
				for _, code := range []electoral.FiscalCode{"FFCLTR70A01H501Z", people()[0].FiscalCode, people()[1].FiscalCode, people()[2].FiscalCode} {
					actors = append(actors, electoral.Actor{FiscalCode: code, Role: role, Comune: comune, Method: electoral.CIEMethod, Level: 3})
				}
			}
		}
		restore := func() {
			require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
				for _, rec := range records {
					if err := w.PutElector(c.ctx(), rec.comune, rec.elector); err != nil {
						return err
					}
					if err := w.PutSection(c.ctx(), sectionOf(rec.comune, "2")); err != nil {
						return err
					}
					if err := w.RemoveSection(c.ctx(), rec.comune, "20"); err != nil {
						return err
					}
				}
				return w.Note(c.ctx(), registry.JournalEntry{Comune: aglie, ANPRID: "1", At: noon, Operation: electoral.OpEnrol}, registry.JournalEntry{Comune: airasca, ANPRID: "22", At: noon, Operation: electoral.OpEnrol})
			}))
		}
		restore()
		passed, stopped := map[string]int{}, map[string]int{}
		for _, d := range doors() {
			for _, who := range actors {
				for i, rec := range records {
					name := fmt.Sprintf("%s by %s of %q (%s) on record %d", d.name, who.Role, who.Comune, string(who.FiscalCode), i)
					c.tick()
					req := officer("")
					req.Actor = who
					before := c.state(records)
					shown, err := d.open(c, req, rec)
					last := c.log.accesses[len(c.log.accesses)-1]
					require.Equal(c.t, req.ID, last.RequestID, name)
					if d.may(who, rec) {
						require.NoError(c.t, err, name)
						require.Equal(c.t, electoral.Granted, last.Outcome, name)
						passed[d.name]++
						restore()
						continue
					}
					stopped[d.name]++
					require.Error(c.t, err, name)
					require.False(c.t, shown, name)
					require.True(c.t, slices.Contains([]electoral.Code{electoral.NotCompetent, electoral.OtherPerson, electoral.PersonUnknown}, electoral.Code(last.Outcome)), "%s: %s", name, last.Outcome)
					require.Equal(c.t, before, c.state(records), name)
				}
			}
		}
		for _, d := range doors() {
			assert.Positive(c.t, passed[d.name], d.name)
			assert.Equal(c.t, len(actors)*len(records), passed[d.name]+stopped[d.name], d.name)
		}
	})
}

// state is all that the tried records hold.
func (c *town) state(records []kept) (list []electoral.Elector) {
	c.t.Helper()
	require.NoError(c.t, c.store.View(c.ctx(), func(r registry.Reader) error {
		for _, rec := range records {
			e, home, err := r.Elector(c.ctx(), rec.person.ANPRID)
			require.NoError(c.t, err)
			require.Equal(c.t, rec.comune, home)
			list = append(list, e)
		}
		return nil
	}))
	return list
}

// TestCitizensSeeThemselves calls the citizen's services as everybody.
func TestCitizensSeeThemselves(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		_, err := c.AskRectification(c.ctx(), citizen(people()[0]), registry.RectificationRequest{Field: electoral.CapacityField, Asked: "no"})
		require.NoError(c.t, err)
		q := c.apply(electoral.EUComunalList)
		for i, p := range people() {
			rects, err := c.Rectifications(c.ctx(), citizen(p), registry.RequestFilter{})
			require.NoError(c.t, err)
			assert.Len(c.t, rects, map[int]int{0: 1}[i])
			apps, err := c.Applications(c.ctx(), citizen(p), registry.RequestFilter{})
			require.NoError(c.t, err)
			assert.Len(c.t, apps, map[int]int{2: 1}[i])
			if i != 2 {
				_, _, err = c.DecideApplication(c.ctx(), citizen(p), q.ID, registry.Decision{State: registry.RequestIntegrated, Note: "x"})
				refused(c.t, c.log, err, electoral.ApplicationUnknown)
			}
		}
		for _, comune := range []string{airasca, "H501"} {
			rects, err := c.Rectifications(c.ctx(), officer(comune), registry.RequestFilter{})
			require.NoError(c.t, err)
			assert.Empty(c.t, rects)
			apps, err := c.Applications(c.ctx(), officer(comune), registry.RequestFilter{})
			require.NoError(c.t, err)
			assert.Empty(c.t, apps)
		}
		nobody := officer(aglie)
		nobody.Actor.Role = "administrator"
		_, err = c.Rectifications(c.ctx(), nobody, registry.RequestFilter{})
		refused(c.t, c.log, err, electoral.NotCompetent)
		_, err = c.Conflicts(c.ctx(), nobody, registry.ConflictFilter{})
		refused(c.t, c.log, err, electoral.NotCompetent)
	})
}
