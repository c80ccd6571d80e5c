package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// inAdded is somebody's added list of a comune, as that comune enrols him.
func inAdded(id, residence, comune string, l electoral.List) electoral.Elector {
	e := citizenOf(id, residence)
	e.General = nil
	e.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: comune, Section: "1"}})
	return e
}

// TestCase30And31Citizenships: an Italian is in the general list whatever else he
// is; a citizen of no Member State may apply for no list; who has no citizenship on
// record is doubted.
func TestCase30And31Citizenships(t *testing.T) {
	inTown(t, func(c *town) {
		for state, entitled := range map[string]bool{"CHE": false, "NOR": false, "SMR": false, "UKR": false, "GBR": false, "VAT": false, "HRV": true, "FRA": true} {
			who := dupont()
			who.Citizenships = []electoral.Citizenship{{State: state}}
			c.population.Put(who)
			asked := content()
			asked.Citizenship, asked.OriginAddress.State = state, state
			q, _, err := c.Apply(c.ctx(), citizen(who), registry.EnrolmentApplication, electoral.EUComunalList, asked)
			if !entitled {
				refused(c.t, c.log, err, electoral.ApplicationNotEntitled)
				continue
			}
			require.NoError(c.t, err, state)
			_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestRejected, Note: "prova"})
			require.NoError(c.t, err)
		}
		for name, k := range map[string]struct {
			states []electoral.Citizenship
			code   electoral.Code
		}{
			"Italian and French": {[]electoral.Citizenship{{State: "ITA"}, {State: "FRA"}}, ""},
			"French":             {[]electoral.Citizenship{{State: "FRA"}}, electoral.GeneralNotItalian},
			"Italian no more":    {[]electoral.Citizenship{{State: "ITA", To: date(2026, 11, 22)}, {State: "USA"}}, electoral.GeneralNotItalian},
			"Italian from then":  {[]electoral.Citizenship{{State: "ALB"}, {State: "ITA", From: date(2026, 11, 23)}}, electoral.GeneralNotItalian},
			"not on record":      {nil, electoral.CitizenshipUnknown},
		} {
			c.here("101", "CITTADINO", aglie, func(p *electoral.Person) { p.Citizenships = k.states })
			warnings, err := c.Enrol(c.ctx(), officer(aglie), electorOf("101", aglie, "1"))
			if k.code == electoral.GeneralNotItalian {
				refused(c.t, c.log, err, k.code)
				continue
			}
			require.NoError(c.t, err, name)
			assert.Equal(c.t, k.code != "", warnings.Has(electoral.CitizenshipUnknown), name)
			require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.RemoveElector(c.ctx(), "101") }))
		}
	})
}

// TestCase32LoadedBirths: a first load refuses the unborn, those surely too young,
// the dead and those who vote without the right; an age that is not on record is
// doubted.
func TestCase32LoadedBirths(t *testing.T) {
	inTown(t, func(c *town) {
		want := map[string]electoral.Code{"101": electoral.AgeTooLow, "102": electoral.AgeTooLow, "103": "", "104": electoral.AgeUncertain,
			"105": electoral.DeadEnrolled, "106": electoral.CapacityNoWithStatus, "107": electoral.AgeTooLow}
		var list []electoral.Elector
		for id, birth := range map[string]electoral.Date{"101": date(2027, 3, 1), "102": date(2010, 1, 1), "103": date(2009, 3, 1), "104": {Year: 2008},
			"105": date(1950, 1, 1), "106": date(1980, 1, 1), "107": {Year: 2011, Month: 2}} {
			c.here(id, "CARICATO", aglie, func(p *electoral.Person) {
				p.Birth.Date = birth
				if id == "105" {
					p.Death = date(2026, 1, 1)
				}
			})
			e := electorOf(id, aglie, "1")
			if id == "106" {
				e.Capacity = electoral.No
			}
			list = append(list, e)
		}
		report, err := c.Load(c.ctx(), officer(aglie), aglie, electoral.LoadSource[electoral.Section]{}, source(len(list), list...), registry.LoadOptions{Partial: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, 2, report.Electors.Accepted)
		for i, e := range list {
			found := electoral.Code("")
			for _, f := range report.Faults {
				if f.Record == i+1 && (f.Severity == electoral.Error || f.Code == electoral.AgeUncertain) && found == "" {
					found = f.Code
				}
			}
			assert.Equal(c.t, want[e.ANPRID], found, e.ANPRID)
		}
	})
}

// TestCase35NoFixedAbode: who has no fixed abode is an elector of the comune in
// whose register he is; at 18 he votes for the Senato too (L. cost. 1/2021).
func TestCase35NoFixedAbode(t *testing.T) {
	vote := electoral.Vote{Consultation: electoral.SenateElection, Day: date(2026, 11, 29)}
	inTown(t, func(c *town) {
		for id, birth := range map[string]electoral.Date{"101": date(2008, 11, 1), "102": date(2008, 11, 30)} {
			c.here(id, "SENZADIMORA", aglie, func(p *electoral.Person) { p.Birth.Date, p.Residence.Abode = birth, "" })
			assert.Empty(c.t, c.enrols(aglie, electorOf(id, aglie, "1")))
		}
		assert.Equal(c.t, map[string]electoral.Line{"101": "", "102": electoral.StruckLine}, c.listed(aglie, electoral.GeneralList, vote))
	})
}

// TestCase38AddedBesideGeneral: who moved to Trento is in its general list and in
// the added list of Agliè, votes for the region here and for the rest there, each
// once; when he leaves the province before the vote an officer decides.
func TestCase38AddedBesideGeneral(t *testing.T) {
	regional := electoral.Vote{Consultation: electoral.RegionalElection, Day: date(2026, 12, 13), Notice: date(2026, 11, 1)}
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{regional}
		c.sections(trento)
		c.here("101", "AGGIUNTO", trento, func(p *electoral.Person) {
			p.Residence.Since = date(2026, 5, 1)
			p.Residence.Earlier = []electoral.ResidencePeriod{{Comune: aglie, From: date(1990, 1, 1), To: date(2026, 5, 1)}}
		})
		c.placed(aglie, electorOf("101", aglie, "1"))
		c.remove(aglie, registry.RemovalRequest{ANPRID: "101", Code: electoral.Emigration})
		c.enrols(aglie, inAdded("101", trento, aglie, electoral.TrentoList))
		c.enrols(trento, citizenOf("101", trento))
		for kind, in := range map[electoral.Consultation][3]int{electoral.RegionalElection: {0, 1, 0}, electoral.ComunalElection: {1, 0, 0}, electoral.ChamberElection: {1, 0, 0}, electoral.EuropeanElection: {1, 0, 0}} {
			v := electoral.Vote{Consultation: kind, Day: regional.Day}
			assert.Equal(c.t, in, [3]int{len(c.rows(trento, electoral.GeneralList, v)), len(c.rows(aglie, electoral.TrentoList, v)), len(c.rows(aglie, electoral.GeneralList, v))}, kind)
		}
		assert.Equal(c.t, electoral.PlainLine, c.row(aglie, electoral.TrentoList, regional).Line)
		c.here("101", "AGGIUNTO", airasca, func(p *electoral.Person) { p.Residence.Since = date(2026, 11, 20) })
		row := c.row(aglie, electoral.TrentoList, regional)
		assert.Equal(c.t, electoral.MarkedLine, row.Line)
		f := only(c.t, row.Reasons, electoral.AddedOtherProvince)
		assert.Equal(c.t, electoral.Warning, f.Severity)
		assert.Contains(c.t, f.Message, "Airasca")
		assert.Contains(c.t, f.Source, "art. 1")
		assert.NotContains(c.t, f.Source, "Bolzano")
	})
}

// TestCase42UnionMoves: a citizen of the Union who moves is enrolled ex officio for
// the European Parliament by his new comune; for the comune he applies again. He
// votes nowhere twice.
func TestCase42UnionMoves(t *testing.T) {
	european := electoral.Vote{Consultation: electoral.EuropeanElection, Day: date(2029, 6, 10)}
	comunal := electoral.Vote{Consultation: electoral.ComunalElection, Day: date(2029, 6, 10)}
	inTown(t, func(c *town) {
		for _, l := range []electoral.List{electoral.EUComunalList, electoral.EUParliamentList} {
			q := c.apply(l)
			_, err := c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
			require.NoError(c.t, err)
		}
		who := dupont()
		who.Residence = &electoral.Residence{Comune: airasca, Since: date(2026, 11, 15)}
		c.population.Put(who)
		for _, l := range []electoral.List{electoral.EUComunalList, electoral.EUParliamentList} {
			c.remove(aglie, registry.RemovalRequest{ANPRID: "44", List: l, Cause: electoral.CauseMoved})
		}
		cases, err := c.Applications(c.ctx(), officer(airasca), registry.RequestFilter{})
		require.NoError(c.t, err)
		require.Len(c.t, cases, 1)
		assert.Equal(c.t, registry.ExOfficioCase, cases[0].Kind)
		_, err = c.decide(airasca, cases[0].ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.PlainLine, c.row(airasca, electoral.EUParliamentList, european).Line)
		assert.Empty(c.t, c.rows(aglie, electoral.EUParliamentList, european))
		assert.Empty(c.t, c.rows(airasca, electoral.EUComunalList, comunal))
		q := c.apply(electoral.EUComunalList)
		assert.Equal(c.t, airasca, q.Comune)
		_, err = c.decide(airasca, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.PlainLine, c.row(airasca, electoral.EUComunalList, comunal).Line)
		assert.Empty(c.t, c.rows(aglie, electoral.EUComunalList, comunal))
		list, in := c.elector(airasca, "44").RemovalFrom(electoral.EUComunalList)
		assert.False(c.t, in, "%v", list)
	})
}

// TestCase44Eighteen: those who turn 18 in the half-year, Italians abroad too, by
// the day on which the law has them turn; and those of whom it is not on record.
func TestCase44Eighteen(t *testing.T) {
	inTown(t, func(c *town) {
		c.on(date(2026, 8, 1))
		for id, birth := range map[string]electoral.Date{"101": date(2009, 1, 1), "102": date(2009, 6, 30), "103": date(2009, 7, 1), "104": date(2008, 12, 31),
			"105": date(2008, 2, 29), "106": {Year: 2009}, "107": {Year: 2009, Month: 7}, "108": date(2009, 3, 1), "109": date(2009, 3, 2)} {
			c.here(id, "GIOVANE", aglie, func(p *electoral.Person) {
				p.Birth.Date = birth
				switch id {
				case "102":
					p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: aglie, State: "DEU"}
				case "108":
					p.Citizenships = []electoral.Citizenship{{State: "ROU"}}
				case "109":
					p.Death = date(2026, 7, 1)
				}
			})
		}
		turning := func(from, to electoral.Date) map[string]bool {
			var s seat
			_, err := c.Extract(c.ctx(), officer(aglie), electoral.Extraction{Comune: aglie, Turning18: &electoral.DateRange{From: from, To: to}, Purpose: pollsPurpose}, &s)
			require.NoError(c.t, err)
			out := map[string]bool{}
			for _, r := range s.rows {
				out[r.Elector.ANPRID] = true
			}
			return out
		}
		assert.Equal(c.t, map[string]bool{"101": true, "102": true, "106": true}, turning(date(2027, 1, 1), date(2027, 6, 30)))
		assert.Equal(c.t, map[string]bool{"103": true, "106": true, "107": true}, turning(date(2027, 7, 1), date(2027, 12, 31)))
		assert.Empty(c.t, turning(date(2026, 2, 28), date(2026, 2, 28)))
		assert.Equal(c.t, map[string]bool{"105": true}, turning(date(2026, 3, 1), date(2026, 3, 1)))
	})
}

// TestCase45NotResident: who lives in another comune is enrolled with a warning that
// names it; who is in no register is not enrolled; who was, and left the register,
// stays and is marked (46).
func TestCase45NotResident(t *testing.T) {
	vote := electoral.Vote{Consultation: electoral.ChamberElection, Day: date(2026, 12, 13)}
	inTown(t, func(c *town) {
		c.here("101", "ALTROVE", "H501", nil)
		f := only(c.t, c.enrols(aglie, electorOf("101", aglie, "1")), electoral.GeneralOtherComune)
		assert.Equal(c.t, electoral.Warning, f.Severity)
		assert.Contains(c.t, f.Message+f.Expected, "Roma")
		c.here("102", "NESSUNLUOGO", aglie, func(p *electoral.Person) { p.Residence = nil })
		_, err := c.Enrol(c.ctx(), officer(aglie), electorOf("102", aglie, "1"))
		refused(c.t, c.log, err, electoral.PersonNotRegistered)
		c.here("103", "IRREPERIBILE", aglie, nil)
		c.enrols(aglie, electorOf("103", aglie, "1"))
		c.here("103", "IRREPERIBILE", aglie, func(p *electoral.Person) { p.Residence = nil })
		assert.Equal(c.t, map[string]electoral.Line{"101": "", "103": electoral.MarkedLine}, c.listed(aglie, electoral.GeneralList, vote))
	})
}

// TestCase48Queries finds electors by fields, by the kind of operation and by time,
// and counts a removed elector as one who is in no list.
func TestCase48Queries(t *testing.T) {
	inTown(t, func(c *town) {
		c.here("101", "PRIMO", aglie, nil)
		c.here("102", "SECONDO", aglie, nil)
		c.enrols(aglie, electorOf("101", aglie, "2"))
		c.now = c.now.AddDate(0, 0, 3)
		at := c.now
		c.enrols(aglie, electorOf("102", aglie, "1"))
		_, err := c.Change(c.ctx(), officer(aglie), electorOf("102", aglie, "2"))
		require.NoError(c.t, err)
		found := func(q registry.Query) (ids []string) {
			q.Comune = aglie
			page, err := c.Query(c.ctx(), officer(aglie), q)
			require.NoError(c.t, err)
			for _, f := range page.Found {
				ids = append(ids, f.Elector.ANPRID)
			}
			return ids
		}
		section := registry.Condition{Field: electoral.ListField(electoral.GeneralList, electoral.ListSection), In: []string{"2"}}
		assert.Equal(c.t, []string{"101", "102"}, found(registry.Query{Where: []registry.Condition{section}}))
		assert.Equal(c.t, []string{"102"}, found(registry.Query{Operations: []electoral.Operation{electoral.OpChange}}))
		assert.Equal(c.t, []string{"102"}, found(registry.Query{From: at, Where: []registry.Condition{section}}))
		c.here("101", "PRIMO", aglie, func(p *electoral.Person) { p.Death = date(2026, 11, 20) })
		c.remove(aglie, registry.RemovalRequest{ANPRID: "101", Cause: electoral.CauseDied})
		assert.Equal(c.t, []string{"102"}, found(registry.Query{Where: []registry.Condition{section}}))
	})
}
