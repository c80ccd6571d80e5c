package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// The tests of this file are named after the life cases of an electoral office
// (../shared/cases/lists/cases.md) that have no test of their own elsewhere.

const bolzano, trento, aosta = "A952", "L378", "A326"

// here puts a person of the name who lives in a comune into the population.
func (c *town) here(id, surname, comune string, change func(*electoral.Person)) electoral.Person {
	c.t.Helper()
	p := people()[0].Clone()
	p.ANPRID, p.Surname = id, surname
	own := strings.NewReplacer("0", "B", "1", "C", "2", "D", "3", "F", "4", "G", "5", "H", "6", "L", "7", "M", "8", "N", "9", "P").Replace(id)
	p.FiscalCode, _ = electoral.ComputeFiscalCode(own, p.Name, p.Sex, p.Birth.Date, p.Birth.Place)
	p.Residence = &electoral.Residence{Comune: comune, Since: electoral.Date{Year: 2000, Month: 1, Day: 1}}
	if change != nil {
		change(&p)
	}
	c.population.Put(p)
	return p
}

// citizenOf is an elector of the general list of a comune, with its constituencies.
func citizenOf(id, comune string) electoral.Elector {
	e, s := electorOf(id, comune, "1"), sectionOf(comune, "1")
	e.Status.ChamberConstituency, e.Status.SenateConstituency = s.ChamberCollege.Constituency, s.SenateCollege.Constituency
	return e
}

// enrols enrols somebody, and returns the warnings.
func (c *town) enrols(comune string, e electoral.Elector) electoral.Faults {
	c.t.Helper()
	warnings, err := c.Enrol(c.ctx(), officer(comune), e)
	require.NoError(c.t, err)
	c.tick()
	return warnings
}

// sections registers a section 1 in some comuni.
func (c *town) sections(comuni ...string) {
	c.t.Helper()
	for _, comune := range comuni {
		_, err := c.PutSection(c.ctx(), officer(comune), sectionOf(comune, "1"))
		require.NoError(c.t, err)
	}
}

// listed returns the ids of the plain and marked rows of a list of a vote, by their
// lines.
func (c *town) listed(comune string, l electoral.List, v electoral.Vote) map[string]electoral.Line {
	c.t.Helper()
	out := map[string]electoral.Line{}
	for _, r := range c.rows(comune, l, v) {
		out[r.Elector.ANPRID] = r.Line
		for _, f := range r.Reasons {
			assertTold(c.t, f)
		}
	}
	return out
}

func date(y int, m time.Month, d int) electoral.Date {
	return electoral.Date{Year: y, Month: m, Day: d}
}

// TestCase1TurnsEighteen: who turns 18 by the first day of the vote votes; who turns
// 18 on the second, or surely later though the day is not on record, is struck off;
// the general list keeps them all. Case 2: 29 February.
func TestCase1TurnsEighteen(t *testing.T) {
	vote := electoral.Vote{Consultation: electoral.ChamberElection, Day: date(2026, 6, 14), LastDay: date(2026, 6, 15)}
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{vote}
		c.on(date(2026, 2, 10))
		for id, birth := range map[string]electoral.Date{"101": date(2008, 6, 14), "102": date(2008, 6, 15), "103": date(2008, 12, 31), "104": {Year: 2008, Month: 7}, "105": {Year: 2008}} {
			c.here(id, "PROVA"+id, aglie, func(p *electoral.Person) { p.Birth.Date = birth })
			c.enrols(aglie, electorOf(id, aglie, "1"))
		}
		c.here("106", "PICCOLO", aglie, func(p *electoral.Person) { p.Birth.Date = date(2009, 2, 11) })
		_, err := c.Enrol(c.ctx(), officer(aglie), electorOf("106", aglie, "1"))
		refused(c.t, c.log, err, electoral.AgeTooLow)
		c.here("107", "PICCOLO", aglie, func(p *electoral.Person) { p.Birth.Date = electoral.Date{Year: 2012} })
		_, err = c.Enrol(c.ctx(), officer(aglie), electorOf("107", aglie, "1"))
		refused(c.t, c.log, err, electoral.AgeTooLow)
		struck := electoral.StruckLine
		assert.Equal(c.t, map[string]electoral.Line{"101": "", "102": struck, "103": struck, "104": struck, "105": electoral.MarkedLine},
			c.listed(aglie, electoral.GeneralList, vote))
		var s seat
		_, err = c.Extract(c.ctx(), officer(aglie), electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose}, &s)
		require.NoError(c.t, err)
		assert.Len(c.t, s.rows, 5)
	})
	for day, line := range map[electoral.Date]electoral.Line{date(2026, 2, 28): electoral.StruckLine, date(2026, 3, 1): electoral.PlainLine} {
		inTown(t, func(c *town) {
			c.on(date(2026, 2, 1))
			c.here("101", "BISESTO", aglie, func(p *electoral.Person) { p.Birth.Date = date(2008, 2, 29) })
			c.enrols(aglie, electorOf("101", aglie, "1"))
			v := electoral.Vote{Consultation: electoral.ChamberElection, Day: day}
			assert.Equal(c.t, line, c.row(aglie, electoral.GeneralList, v).Line, day)
		})
	}
}

// TestCase3MoveClaimedFirst: B claims before A releases; a conflict that both see,
// and after the removal the enrolment; never in two lists, never twice in a vote.
func TestCase3MoveClaimedFirst(t *testing.T) {
	vote := electoral.Vote{Consultation: electoral.ChamberElection, Day: date(2026, 12, 13)}
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.moved(airasca)
		_, err := c.Enrol(c.ctx(), officer(airasca), electorOf("1", airasca, "1"))
		refused(c.t, c.log, err, electoral.AlreadyEnrolled)
		assert.Len(c.t, c.conflicts(aglie), 1)
		assert.Len(c.t, c.conflicts(airasca), 1)
		assert.Len(c.t, c.rows(aglie, electoral.GeneralList, vote), 1)
		c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration})
		facts, err := certificateFacts(c.ctx(), c.Registry, c.log, officer("H501"), "1")
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.Yes, facts.Elector.Capacity, "between the two he enjoys the right")
		assert.NotEmpty(c.t, facts.ClaimedBy)
		assert.Empty(c.t, c.rows(aglie, electoral.GeneralList, vote))
		c.settle(airasca)
		assert.Len(c.t, c.rows(airasca, electoral.GeneralList, vote), 1)
		assert.Empty(c.t, c.conflicts(aglie, registry.ConflictOpen))
	})
}

// TestCase6DeadInRecord: what a removal for death leaves is no fault of the
// registry's own rules.
func TestCase6DeadInRecord(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		p := c.here("1", "DEFUNTO", aglie, func(p *electoral.Person) { p.Death, p.Residence = date(2026, 11, 20), nil })
		checker, err := rules.NewChecker(rules.Config{})
		require.NoError(c.t, err)
		in := rules.Circumstances{At: today, Person: &p}
		assert.True(c.t, electoral.Faults(checker.CheckElector(c.elector(aglie, "1"), in)).Has(electoral.DeadEnrolled), "while he is in the list")
		c.remove(aglie, registry.RemovalRequest{Cause: electoral.CauseDied})
		faults := checker.CheckElector(c.elector(aglie, "1"), in)
		assert.False(c.t, electoral.Faults(faults).Has(electoral.DeadEnrolled), "%v", faults)
		e := c.elector(aglie, "1")
		e.Removals = nil
		assert.True(c.t, electoral.Faults(checker.CheckElector(e, in)).Has(electoral.DeadEnrolled), "a dead elector of whom nobody said so")
	})
}

// TestCase9And51Bolzano: who has lived in Bolzano for two years votes for the
// province and the comune through the added list of Agliè, and for the rest in
// Bolzano; who came three months ago and is in no added list is told of, with a
// notice and without.
func TestCase9And51Bolzano(t *testing.T) {
	notice := date(2026, 11, 1)
	regional := electoral.Vote{Consultation: electoral.RegionalElection, Day: date(2026, 12, 13), Notice: notice}
	comunal, chamber := regional, regional
	comunal.Consultation, chamber.Consultation = electoral.ComunalElection, electoral.ChamberElection
	for name, votes := range map[string][]electoral.Vote{"called": {regional, comunal, chamber}, "not known": nil} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				c.votes = votes
				c.sections(bolzano)
				c.here("101", "ALTOATESINO", bolzano, func(p *electoral.Person) {
					p.Residence.Since = date(2024, 10, 1)
					p.Residence.Earlier = []electoral.ResidencePeriod{{Comune: aglie, From: date(1990, 1, 1), To: date(2024, 10, 1)}}
				})
				added := citizenOf("101", bolzano)
				added.General = nil
				added.SetListEntry(electoral.BolzanoList, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}})
				c.enrols(bolzano, citizenOf("101", bolzano))
				c.enrols(aglie, added)
				for kind, list := range map[electoral.Consultation][2]int{electoral.RegionalElection: {0, 1}, electoral.ComunalElection: {0, 1}, electoral.ChamberElection: {1, 0}} {
					v := electoral.Vote{Consultation: kind, Day: regional.Day}
					assert.Equal(c.t, list, [2]int{len(c.rows(bolzano, electoral.GeneralList, v)), len(c.rows(aglie, electoral.BolzanoList, v))}, kind)
				}
				for _, r := range c.rows(aglie, electoral.BolzanoList, regional) {
					assert.Equal(c.t, electoral.PlainLine, r.Line)
				}

				c.here("102", "APPENAGIUNTO", bolzano, func(p *electoral.Person) {
					p.Residence.Since = date(2026, 9, 1)
					p.Residence.Earlier = []electoral.ResidencePeriod{{Comune: aglie, From: date(1990, 1, 1), To: date(2026, 9, 1)}}
				})
				assert.True(c.t, c.enrols(bolzano, citizenOf("102", bolzano)).Has(electoral.AddedListMissing))
				for _, v := range []electoral.Vote{regional, comunal} {
					row := c.row(bolzano, electoral.GeneralList, v)
					assert.Equal(c.t, electoral.MarkedLine, row.Line)
					f := only(c.t, row.Reasons, electoral.VoterTermMissing)
					assert.Contains(c.t, f.Message, "4 anni")
					assert.Contains(c.t, f.Message, "provincia di Bolzano")
				}
				assert.Len(c.t, c.rows(bolzano, electoral.GeneralList, chamber), 2)
				for _, r := range c.rows(bolzano, electoral.GeneralList, chamber) {
					assert.Equal(c.t, electoral.PlainLine, r.Line)
				}
			})
		})
	}
}

// TestCase12Terms: Trento and Valle d'Aosta ask one year, for the region alone.
func TestCase12Terms(t *testing.T) {
	regional := electoral.Vote{Consultation: electoral.RegionalElection, Day: date(2026, 12, 13), Notice: date(2026, 11, 1)}
	comunal := regional
	comunal.Consultation = electoral.ComunalElection
	for comune, list := range map[string]electoral.List{trento: electoral.TrentoList, aosta: electoral.AostaValleyList} {
		for since, short := range map[electoral.Date]bool{date(2026, 3, 1): true, date(2025, 11, 2): true, date(2025, 11, 1): false, date(2025, 3, 1): false} {
			inTown(t, func(c *town) {
				c.votes = []electoral.Vote{regional, comunal}
				c.sections(comune)
				c.here("101", "NUOVO", comune, func(p *electoral.Person) {
					p.Residence.Since = since
					p.Residence.Earlier = []electoral.ResidencePeriod{{Comune: aglie, From: date(1990, 1, 1), To: since}}
				})
				told := c.enrols(comune, citizenOf("101", comune))
				assert.Equal(c.t, short, told.Has(electoral.AddedListMissing))
				assert.Equal(c.t, short, c.row(comune, electoral.GeneralList, regional).Line == electoral.MarkedLine)
				assert.Equal(c.t, electoral.PlainLine, c.row(comune, electoral.GeneralList, comunal).Line, "the comune asks nothing")
				added := citizenOf("101", comune)
				added.General = nil
				added.SetListEntry(list, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}})
				_, err := c.Enrol(c.ctx(), officer(aglie), added)
				if !short {
					assert.Contains(c.t, only(c.t, err, electoral.AddedTermOver).Message, "1 anno")
					return
				}
				require.NoError(c.t, err)
				assert.Equal(c.t, electoral.PlainLine, c.row(aglie, list, regional).Line)
				assert.Empty(c.t, c.rows(comune, electoral.GeneralList, regional))
				assert.Len(c.t, c.rows(comune, electoral.GeneralList, comunal), 1)
			})
		}
	}
}

// TestCase13UnionInBolzano: the application of a citizen of the Union who came to
// Bolzano three months ago is carried out, and told of, by the practice of comuni
// there.
func TestCase13UnionInBolzano(t *testing.T) {
	comunal := electoral.Vote{Consultation: electoral.ComunalElection, Day: date(2027, 3, 21), Notice: date(2027, 2, 4)}
	for since, told := range map[electoral.Date]bool{date(2026, 8, 20): true, date(2023, 2, 5): true, date(2023, 2, 4): false} {
		inTown(t, func(c *town) {
			c.votes = []electoral.Vote{comunal}
			c.sections(bolzano)
			who := dupont()
			who.Residence = &electoral.Residence{Comune: bolzano, Since: since, Earlier: []electoral.ResidencePeriod{}}
			c.population.Put(who)
			c.on(date(2027, 2, 5))
			q := c.apply(electoral.EUComunalList)
			_, err := c.decide(bolzano, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
			require.NoError(c.t, err)
			row := c.row(bolzano, electoral.EUComunalList, comunal)
			assert.Equal(c.t, told, row.Line == electoral.MarkedLine, since)
			if told {
				assert.Contains(c.t, only(c.t, row.Reasons, electoral.VoterTermMissing).Expected, "prassi")
			}
		})
	}
}

// TestCase17Europe2024: on the Saturday and Sunday of 2024 the age and the term
// counted from the Sunday (D.L. 7/2024); without that datum the first day counts.
func TestCase17Europe2024(t *testing.T) {
	for name, k := range map[string]struct {
		change func(*electoral.Vote)
		line   electoral.Line
		late   bool
	}{
		"by the decree":  {func(v *electoral.Vote) { v.AgeDay, v.TermDay, v.AgeLaw = v.LastDay, v.LastDay, "D.L. 7/2024" }, electoral.PlainLine, false},
		"by the old law": {func(*electoral.Vote) {}, electoral.StruckLine, true},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				vote := electoral.Vote{Consultation: electoral.EuropeanElection, Day: date(2024, 6, 8), LastDay: date(2024, 6, 9)}
				k.change(&vote)
				c.votes = []electoral.Vote{vote}
				c.on(date(2024, 3, 11))
				_, warnings, err := c.Apply(c.ctx(), citizen(dupont()), registry.EnrolmentApplication, electoral.EUParliamentList, content())
				require.NoError(c.t, err)
				assert.Equal(c.t, k.late, warnings.Has(electoral.ApplicationLate))
				c.here("101", "DICIOTTENNE", aglie, func(p *electoral.Person) { p.Birth.Date = date(2006, 6, 9) })
				c.enrols(aglie, electorOf("101", aglie, "1"))
				assert.Equal(c.t, k.line, c.row(aglie, electoral.GeneralList, vote).Line)
			})
		})
	}
}

// TestCase50Brexit: who was enrolled before his State left the Union stays in the
// list, marked, until he is removed with code 5 and that cause.
func TestCase50Brexit(t *testing.T) {
	comunal := electoral.Vote{Consultation: electoral.ComunalElection, Day: date(2026, 12, 13)}
	inTown(t, func(c *town) {
		british := dupont()
		british.Citizenships = []electoral.Citizenship{{State: "GBR"}}
		c.population.Put(british)
		apply := func() error {
			content := content()
			content.Citizenship, content.OriginAddress.State = "GBR", "GBR"
			_, _, err := c.Apply(c.ctx(), citizen(british), registry.EnrolmentApplication, electoral.EUComunalList, content)
			return err
		}
		c.on(date(2020, 2, 1))
		refused(c.t, c.log, apply(), electoral.ApplicationNotEntitled)
		c.placed(aglie, inLists("44", electoral.EUComunalList))
		for day, line := range map[electoral.Date]electoral.Line{date(2020, 1, 31): electoral.PlainLine, date(2020, 2, 1): electoral.MarkedLine, comunal.Day: electoral.MarkedLine} {
			v := comunal
			v.Day = day
			assert.Equal(c.t, line, c.row(aglie, electoral.EUComunalList, v).Line, day)
		}
		c.on(today)
		_, warnings, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "44", List: electoral.EUComunalList, Cause: electoral.CauseMembershipEnded})
		require.NoError(c.t, err)
		assert.Empty(c.t, warnings)
		assert.Empty(c.t, c.rows(aglie, electoral.EUComunalList, comunal))
		assert.Equal(c.t, electoral.FromEUComunalList, c.elector(aglie, "44").Removals[0].Code)
	})
}

// TestCase22EmigratesAbroad: who moves to the register of Italians abroad of the
// comune stays in its list by a change, with a division of the constituency Estero;
// until the change he is off the copy for the polling station all the same.
func TestCase22EmigratesAbroad(t *testing.T) {
	inTown(t, func(c *town) {
		c.votes = []electoral.Vote{referendum}
		c.here("101", "EMIGRA", aglie, nil)
		c.enrols(aglie, electorOf("101", aglie, "1"))
		for state, division := range map[string]string{"USA": "AMERICA SETTENTRIONALE E CENTRALE", "ARG": "AMERICA MERIDIONALE", "CHE": "EUROPA",
			"AUS": "AFRICA, ASIA, OCEANIA E ANTARTIDE", "RUS": "EUROPA", "TUR": "EUROPA", "VAT": "EUROPA", "ISR": "AFRICA, ASIA, OCEANIA E ANTARTIDE"} {
			c.here("101", "EMIGRA", aglie, func(p *electoral.Person) {
				p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: aglie, State: state, Since: date(2026, 11, 1)}
			})
			row := c.row(aglie, electoral.GeneralList, referendum)
			assert.Equal(c.t, electoral.StruckLine, row.Line)
			e := electorOf("101", aglie, "1")
			_, err := c.Change(c.ctx(), officer(aglie), e)
			require.ErrorIs(c.t, err, electoral.NationalConstituencyForAbroad)
			e.Status.SenateConstituency, e.Status.ChamberConstituency = "EUROPA", "EUROPA"
			if division == "EUROPA" {
				e.Status.SenateConstituency, e.Status.ChamberConstituency = "AMERICA MERIDIONALE", "AMERICA MERIDIONALE"
			}
			_, err = c.Change(c.ctx(), officer(aglie), e)
			refused(c.t, c.log, err, electoral.AbroadDivisionOtherState)
			e.Status.SenateConstituency, e.Status.ChamberConstituency = division, division
			_, err = c.Change(c.ctx(), officer(aglie), e)
			require.NoError(c.t, err, state)
		}
	})
}

// TestCase27And28Names: two persons of one name and birth stand both in the list, in
// a fixed order, and neither reads the other; who changes name, sex and codice
// fiscale is the same elector.
func TestCase27And28Names(t *testing.T) {
	vote := electoral.Vote{Consultation: electoral.ChamberElection, Day: date(2026, 12, 13)}
	inTown(t, func(c *town) {
		c.here("102", "ROSSI", aglie, nil)
		second := c.here("101", "ROSSI", aglie, func(p *electoral.Person) { p.FiscalCode = "PRVGPP13R10B293L" })
		c.enrols(aglie, electorOf("101", aglie, "1"))
		c.enrols(aglie, electorOf("102", aglie, "1"))
		rows := c.rows(aglie, electoral.GeneralList, vote)
		require.Len(c.t, rows, 2)
		assert.Equal(c.t, []string{"101", "102"}, []string{rows[0].Elector.ANPRID, rows[1].Elector.ANPRID})
		_, err := c.Elector(c.ctx(), citizen(second), "102")
		refused(c.t, c.log, err, electoral.OtherPerson)

		was := c.elector(aglie, "102")
		now := c.here("102", "ROSSI", aglie, func(p *electoral.Person) {
			p.Name, p.Sex = "LUCIA", electoral.Female
			p.FiscalCode, _ = electoral.ComputeFiscalCode(p.Surname, p.Name, p.Sex, p.Birth.Date, p.Birth.Place)
		})
		assert.Equal(c.t, was, c.elector(aglie, "102"))
		own, err := c.PersonalRecord(c.ctx(), citizen(now))
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.Yes, own.Annex1.Capacity)
		names := []string{}
		for _, r := range c.rows(aglie, electoral.GeneralList, vote) {
			names = append(names, r.Person.Name)
		}
		assert.Contains(c.t, strings.Join(names, " "), "LUCIA")
	})
}

// TestCase24RenamedComune: a comune that is renamed keeps its code, and its electors
// their places: they are changed, listed and counted as before.
func TestCase24RenamedComune(t *testing.T) {
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	var code string
	var since electoral.Date
	for c := range tables.Comuni(today) {
		history := tables.ComuneHistory(c.Belfiore)
		n := len(history)
		if n > 1 && history[n-1].From.Year >= 2015 && refdata.Fold(history[n-2].Name) != refdata.Fold(history[n-1].Name) {
			code, since = c.Belfiore, history[n-1].From
			break
		}
	}
	require.NotEmpty(t, code)
	inTown(t, func(c *town) {
		c.on(since.AddDays(-30))
		c.sections(code)
		c.here("101", "RESTA", code, func(p *electoral.Person) { p.Birth.Date = date(1970, 1, 1) })
		c.enrols(code, citizenOf("101", code))
		c.on(since.AddDays(30))
		_, err := c.Change(c.ctx(), officer(code), citizenOf("101", code))
		require.NoError(c.t, err)
		v := electoral.Vote{Consultation: electoral.ComunalElection, Day: since.AddDays(60)}
		assert.Equal(c.t, electoral.PlainLine, c.row(code, electoral.GeneralList, v).Line)
	})
}
