package registry_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// semestral is a request within a semestral revision.
func semestral() electoral.Request {
	req := officer(aglie)
	req.Revision = electoral.SemestralRevision
	return req
}

// put registers sections of Agliè.
func (c *town) put(numbers ...string) {
	c.t.Helper()
	for _, n := range numbers {
		_, err := c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, n))
		require.NoError(c.t, err)
	}
}

// fill puts electors of Agliè into the store, as they are.
func (c *town) fill(list ...electoral.Elector) {
	c.t.Helper()
	require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
		for _, e := range list {
			if err := w.PutElector(c.ctx(), aglie, e); err != nil {
				return err
			}
		}
		return nil
	}))
}

// dump is everything that a failed operation on sections must leave as it was.
func (c *town) dump() (out []string) {
	c.t.Helper()
	require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) error {
		for _, comune := range []string{aglie, airasca} {
			for s, err := range rd.Sections(c.ctx(), comune) {
				require.NoError(c.t, err)
				out = append(out, fmt.Sprintf("%+v", s))
			}
			for _, l := range append(electoral.Lists(), electoral.StillVotesList) {
				for e, err := range rd.Enrolled(c.ctx(), l, comune, "") {
					require.NoError(c.t, err)
					whole, home, err := rd.Elector(c.ctx(), e.ANPRID)
					require.NoError(c.t, err)
					require.Equal(c.t, e, whole)
					for in, en := range e.Places() {
						out = append(out, fmt.Sprint(l, comune, e.ANPRID, home, in, en))
					}
				}
			}
			for entry, err := range rd.Journal(c.ctx(), registry.JournalSearch{Comune: comune}) {
				require.NoError(c.t, err)
				out = append(out, fmt.Sprint(entry))
			}
			for _, book := range []registry.Book{registry.NumberingBook, registry.LoadBook} {
				for rec, err := range rd.Records(c.ctx(), registry.RecordSearch{Book: book, Comune: comune}) {
					require.NoError(c.t, err)
					out = append(out, rec.ID+string(rec.Body))
				}
			}
		}
		return nil
	}))
	return out
}

// in returns the ANPR ids in a section of a list of Agliè.
func (c *town) in(l electoral.List, section string) (ids []string) {
	c.t.Helper()
	require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) error {
		for e, err := range rd.Enrolled(c.ctx(), l, aglie, section) {
			require.NoError(c.t, err)
			ids = append(ids, e.ANPRID)
		}
		return nil
	}))
	return ids
}

// paths returns "code path" of each fault.
func paths(t *testing.T, err error) (out []string) {
	t.Helper()
	faults, ok := errors.AsType[electoral.Faults](err)
	require.True(t, ok, "%v", err)
	for _, f := range faults.Errors() {
		assertTold(t, f)
		assert.NotContains(t, f.Message+f.Expected, "{", f.Code)
		out = append(out, strings.TrimSpace(string(f.Code)+" "+f.Case)+" "+f.Path)
	}
	return out
}

// TestSections lists them as people count, page by page, with their electors.
func TestSections(t *testing.T) {
	inTown(t, func(c *town) {
		c.put("10", "3", "10 bis")
		e := electorOf("1000", aglie, "10")
		e.KeptVotes = []electoral.KeptVote{{Comune: aglie, Consultation: electoral.RegionalElection,
			Day: electoral.Date{Year: 2027, Month: 1, Day: 10}, Section: "3"}}
		union := electoral.Elector{ANPRID: "1001"}
		for _, l := range []electoral.List{electoral.EUComunalList, electoral.EUParliamentList} {
			union.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes,
				Enrolment: &electoral.Enrolment{Comune: aglie, Section: "10"}})
		}
		c.fill(e, union, electorOf("1002", aglie, "10"))
		var numbers []string
		after := ""
		for {
			page, err := c.Sections(c.ctx(), officer(aglie), aglie, registry.SectionPage{After: after, Limit: 2})
			require.NoError(c.t, err)
			last := c.log.accesses[len(c.log.accesses)-1]
			assert.Equal(c.t, electoral.OpListSections, last.Operation)
			assert.Contains(c.t, last.Details, electoral.Detail{Key: "rows", Value: fmt.Sprint(len(page.Sections))})
			for _, s := range page.Sections {
				numbers = append(numbers, s.Section.Number)
				want := map[string]map[electoral.List]int{
					"10": {electoral.GeneralList: 2, electoral.EUComunalList: 1, electoral.EUParliamentList: 1},
					"3":  {electoral.StillVotesList: 1}}[s.Section.Number]
				if want == nil {
					want = map[electoral.List]int{}
				}
				assert.Equal(c.t, want, s.Electors, s.Section.Number)
				assert.Equal(c.t, sectionOf(aglie, s.Section.Number), s.Section)
			}
			if after = page.Next; after == "" {
				break
			}
		}
		assert.Equal(c.t, []string{"1", "2", "3", "10", "10 bis"}, numbers)
		page, err := c.Sections(c.ctx(), officer(aglie), aglie, registry.SectionPage{After: "4"})
		require.NoError(c.t, err)
		assert.Len(c.t, page.Sections, 2, "after a number that is no section's")
		_, err = c.Sections(c.ctx(), officer(airasca), aglie, registry.SectionPage{})
		refused(c.t, c.log, err, electoral.NotCompetent)
		_, err = c.Sections(c.ctx(), officer(aglie), aglie, registry.SectionPage{Limit: 1001})
		refused(c.t, c.log, err, electoral.QueryPaging)
		_, err = c.Sections(c.ctx(), citizen(people()[0]), aglie, registry.SectionPage{})
		refused(c.t, c.log, err, electoral.NotCompetent)
	})
}

// TestSectionSpellings keeps one section under one name, and says which.
func TestSectionSpellings(t *testing.T) {
	inTown(t, func(c *town) {
		for _, n := range []string{"01", "1 ", " 1", "001", "\u200b1", "１"} {
			_, err := c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, n))
			refused(c.t, c.log, err, electoral.SectionOtherSpelling)
			faults, _ := errors.AsType[electoral.Faults](err)
			assert.Contains(c.t, faults.Error(), "La sezione 1 è già registrata come «1».", "%q", n)
		}
		warnings, err := c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, "012"))
		require.NoError(c.t, err, "one spelling alone is the comune's choice")
		assert.True(c.t, warnings.Has(electoral.SectionNumberUnusual))
		_, err = c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, "12"))
		refused(c.t, c.log, err, electoral.SectionOtherSpelling)
		_, err = c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, "012"))
		require.NoError(c.t, err, "the same section again")
		c.put("2243")
		// Case and form count for nothing, other letters do.
		c.put("5 bis", "5 ter", "5")
		for _, n := range []string{"5 BIS", "05 bis", "5  Bis"} {
			_, err = c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, n))
			refused(c.t, c.log, err, electoral.SectionOtherSpelling)
		}
		_, err = c.PutSection(c.ctx(), officer(airasca), sectionOf(airasca, "02"))
		refused(c.t, c.log, err, electoral.SectionOtherSpelling)

		for given, right := range map[string]string{"01": "1", "12": "012", "5 BIS": "5 bis"} {
			_, err = c.Enrol(c.ctx(), officer(aglie), electorOf("1", aglie, given))
			refused(c.t, c.log, err, electoral.SectionUnknown)
			faults, _ := errors.AsType[electoral.Faults](err)
			assert.Contains(c.t, faults.Error(), "è registrata come «"+right+"»", given)
		}
		_, err = c.Enrol(c.ctx(), officer(aglie), electorOf("1", aglie, "6"))
		refused(c.t, c.log, err, electoral.SectionUnknown)
		assert.NotContains(c.t, err.Error(), "registrata come")
		warnings, err = c.Enrol(c.ctx(), officer(aglie), electorOf("1", aglie, "2243"))
		require.NoError(c.t, err)
		assert.False(c.t, warnings.Has(electoral.SectionNumberAboveCount), "it is registered so")
		for _, number := range []string{"\xff", "1\x00", "", " ", "1\n"} {
			_, err = c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, number))
			refused(c.t, c.log, err, electoral.SectionNumberMissing)
		}
		_, err = c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, strings.Repeat("9", 201)))
		refused(c.t, c.log, err, electoral.SectionNumberTooLong)
	})
}

// TestLoadSpellings holds a first load to the same names.
func TestLoadSpellings(t *testing.T) {
	for _, opts := range []registry.LoadOptions{{Partial: true}, {Resumable: true}} {
		inTown(t, func(c *town) {
			hospital := sectionOf(aglie, "2")
			hospital.Kind = electoral.HospitalSection
			_, err := c.PutSection(c.ctx(), officer(aglie), hospital)
			require.NoError(c.t, err)
			list := c.inhabit(2)
			list[0].General.Section, list[1].General.Section = "03", "3"
			report, err := c.Load(c.ctx(), officer(aglie), aglie,
				source(4, sectionOf(aglie, "01"), sectionOf(aglie, "3"), sectionOf(aglie, "03"), sectionOf(aglie, "2")),
				source(2, list...), opts)
			require.NoError(c.t, err)
			assert.Equal(c.t, 2, report.Sections.Accepted)
			var told []string
			for _, f := range report.Faults.Errors() {
				told = append(told, string(f.Code)+" "+f.Value)
			}
			assert.Equal(c.t, []string{"REG-SEZ-02 01", "REG-SEZ-02 03"}, told[:2])
			assert.Equal(c.t, 1, report.Electors.Accepted, "who waits for a refused section is refused")
			s, err := c.Section(c.ctx(), officer(aglie), aglie, "2")
			require.NoError(c.t, err)
			assert.Equal(c.t, electoral.HospitalSection, s.Kind, "a file does not carry it")
			// A later load alone: nothing of the sections is in the file.
			list[0].General.Section = "0003"
			report, err = c.load(officer(aglie), source(1, list[0]), opts)
			require.NoError(c.t, err)
			require.NotEmpty(c.t, report.Faults)
			assert.Contains(c.t, report.Faults.Error(), "è registrata come «3»")
		})
	}
}

// TestSectionKind keeps what ANPR's messages do not know.
func TestSectionKind(t *testing.T) {
	inTown(t, func(c *town) {
		s := sectionOf(aglie, "1")
		s.Kind = "flying"
		_, err := c.PutSection(c.ctx(), officer(aglie), s)
		refused(c.t, c.log, err, electoral.SectionKindUnknown)
		kind := func() electoral.SectionKind {
			got, err := c.Section(c.ctx(), officer(aglie), aglie, "1")
			require.NoError(c.t, err)
			return got.Kind
		}
		for _, k := range electoral.SectionKinds() {
			s.Kind = k
			_, err = c.PutSection(c.ctx(), officer(aglie), s)
			require.NoError(c.t, err)
			require.Equal(c.t, k, kind())
		}
		s.Kind = electoral.OrdinarySection
		message := officer(aglie)
		message.Message = true
		_, err = c.PutSection(c.ctx(), message, s)
		require.NoError(c.t, err)
		require.Equal(c.t, electoral.SpecialSection, kind())
		_, err = c.PutSection(c.ctx(), officer(aglie), s)
		require.NoError(c.t, err)
		require.Equal(c.t, electoral.OrdinarySection, kind(), "who sends the whole section changes it")
	})
}

// TestSectionNeeds is case 26: a section does not lose in silence what its electors
// need.
func TestSectionNeeds(t *testing.T) {
	inTown(t, func(c *town) {
		district := sectionOf(aglie, "1")
		district.DistrictConstituency = "Centro"
		_, err := c.PutSection(c.ctx(), officer(aglie), district)
		require.NoError(c.t, err)
		list := c.inhabit(4) // in 1, 2, 1, 2
		list[2].Status.EuropeanParliament = electoral.No
		list[2].Status.District = electoral.Yes
		list[3].General.Section = "1"
		c.fill(list...)

		gone := district
		gone.EuropeanConstituency = ""
		_, err = c.PutSection(c.ctx(), officer(aglie), gone)
		refused(c.t, c.log, err, electoral.SectionNeeded)
		assert.Equal(c.t, []string{"REG-SEZ-05 europeanConstituency"}, paths(c.t, err))
		assert.Contains(c.t, err.Error(), "La sezione 1 ha 2 elettori con lo status «si» per il Parlamento europeo")
		got, err := c.Section(c.ctx(), officer(aglie), aglie, "1")
		require.NoError(c.t, err)
		assert.Equal(c.t, district, got)

		gone = district
		gone.DistrictConstituency = ""
		warnings, err := c.PutSection(c.ctx(), officer(aglie), gone)
		require.NoError(c.t, err, "our own rule on the district warns")
		assert.Contains(c.t, warnings.Error(), "La sezione 1 ha 1 elettore con lo status «si» per le elezioni circoscrizionali")
		warnings, err = c.PutSection(c.ctx(), officer(aglie), gone)
		require.NoError(c.t, err)
		assert.False(c.t, warnings.Has(electoral.SectionNeeded), "it is gone already")
		_, err = c.PutSection(c.ctx(), officer(aglie), district)
		require.NoError(c.t, err)
		changed := district
		changed.DistrictConstituency = "Nord"
		warnings, err = c.PutSection(c.ctx(), officer(aglie), changed)
		require.NoError(c.t, err)
		require.True(c.t, warnings.Has(electoral.SectionDatumChanged))
		assert.Contains(c.t, warnings.Error(), "che ha 1 elettore con lo status «si»")
		assert.Contains(c.t, warnings.Error(), "era «Centro»")
		// Where nobody needs it, nothing is said.
		empty := sectionOf(airasca, "1")
		empty.EuropeanConstituency = ""
		warnings, err = c.PutSection(c.ctx(), officer(airasca), empty)
		require.NoError(c.t, err)
		assert.False(c.t, warnings.Has(electoral.SectionNeeded))
		assert.False(c.t, warnings.Has(electoral.SectionDatumChanged))
	})
}

// TestSeatBeforeVote warns that electors hold the old seat in their hands.
func TestSeatBeforeVote(t *testing.T) {
	today := electoral.Date{Year: 2026, Month: 11, Day: 22}
	vote := func(v electoral.Vote) electoral.Vote { v.Consultation = electoral.RegionalElection; return v }
	for name, v := range map[string]struct {
		vote electoral.Vote
		told bool
	}{
		"noticed":         {vote(electoral.Vote{Day: today.AddDays(40), Notice: today}), true},
		"not yet noticed": {vote(electoral.Vote{Day: today.AddDays(46), Notice: today.AddDays(1)}), false},
		"called":          {vote(electoral.Vote{Day: today.AddDays(50), Called: today}), true},
		"fifteenth day":   {vote(electoral.Vote{Day: today.AddDays(15)}), true},
		"sixteenth day":   {vote(electoral.Vote{Day: today.AddDays(16)}), false},
		"last day":        {vote(electoral.Vote{Day: today.AddDays(-1), LastDay: today, Notice: today.AddDays(-40)}), true},
		"over":            {vote(electoral.Vote{Day: today.AddDays(-1), Notice: today.AddDays(-40)}), false},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				c.votes = []electoral.Vote{v.vote}
				s := sectionOf(aglie, "1")
				warnings, err := c.PutSection(c.ctx(), officer(aglie), s)
				require.NoError(c.t, err)
				require.False(c.t, warnings.Has(electoral.SeatChanged), "the seat is the same")
				for _, change := range []func(){func() { s.SeatName = "Palestra" }, func() { s.Seat.House.Number = "9" }} {
					change()
					warnings, err = c.PutSection(c.ctx(), officer(aglie), s)
					require.NoError(c.t, err)
					require.Equal(c.t, v.told, warnings.Has(electoral.SeatChanged))
				}
				got, err := c.Section(c.ctx(), officer(aglie), aglie, "1")
				require.NoError(c.t, err)
				require.Equal(c.t, s, got)
				warnings, err = c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, "77"))
				require.NoError(c.t, err)
				require.False(c.t, warnings.Has(electoral.SeatChanged), "nobody is in a new section")
			})
		})
	}
}

// TestDeleteSection is case 25.
func TestDeleteSection(t *testing.T) {
	inTown(t, func(c *town) {
		day := electoral.Date{Year: 2027, Month: 1, Day: 10}
		c.put("3", "4")
		list := c.inhabit(6) // in 1, 2, 1, 2, 1, 2
		union := electoral.Elector{ANPRID: "2000"}
		union.SetListEntry(electoral.EUParliamentList, electoral.AddedList{Enrolled: electoral.Yes,
			Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}})
		left := electoral.Elector{ANPRID: "2001", KeptVotes: []electoral.KeptVote{
			{Comune: aglie, Consultation: electoral.RegionalElection, Day: day, Section: "1"},
			{Comune: airasca, Consultation: electoral.ComunalElection, Day: day, Section: "1"}}}
		c.fill(append(list, union, left)...)
		before := c.dump()
		delete := func(q registry.SectionDeletion) (registry.RedrawReport, electoral.Faults, error) {
			c.tick()
			return c.DeleteSection(c.ctx(), semestral(), aglie, q)
		}
		_, _, err := delete(registry.SectionDeletion{Number: "1"})
		refused(c.t, c.log, err, electoral.SectionNotEmpty)
		assert.Contains(c.t, err.Error(), "La sezione 1 ha ancora elettori: 3 elettori nella lista generale ordinaria, "+
			"1 elettore nella lista aggiunta UE per il Parlamento europeo, 1 elettore nella lista di chi, cancellato")
		assert.Equal(c.t, []string{"REG-SEZ-04 number"}, paths(c.t, err))
		_, _, err = delete(registry.SectionDeletion{Number: "1", Persons: []registry.PersonMove{
			{ANPRID: "1000", To: "2"}, {ANPRID: "2001", From: "1", To: "2"}}})
		refused(c.t, c.log, err, electoral.SectionNotEmpty)
		assert.Contains(c.t, err.Error(), ": 2 elettori nella lista generale ordinaria, 1 elettore nella lista aggiunta UE")
		_, _, err = delete(registry.SectionDeletion{Number: "9"})
		refused(c.t, c.log, err, electoral.SectionNotFound)
		_, _, err = delete(registry.SectionDeletion{Number: "1", To: "9"})
		refused(c.t, c.log, err, electoral.MappingTarget)
		_, _, err = delete(registry.SectionDeletion{Number: "1", To: "1"})
		assert.Equal(c.t, []string{"REG-SEZ-12 to"}, paths(c.t, err))
		_, _, err = c.DeleteSection(c.ctx(), officer(airasca), aglie, registry.SectionDeletion{Number: "1"})
		refused(c.t, c.log, err, electoral.NotCompetent)
		assert.Equal(c.t, before, c.dump())

		req := semestral()
		q := registry.SectionDeletion{Number: "1", To: "3", Persons: []registry.PersonMove{{ANPRID: "1000", To: "4"}}}
		report, warnings, err := c.DeleteSection(c.ctx(), req, aglie, q)
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.RedrawReport{Deleted: 1, Moved: 5, Persons: 1}, report)
		assert.True(c.t, warnings.Has(electoral.SectionSizeUnusual))
		assert.False(c.t, warnings.Has(electoral.RedrawnOutOfSeason))
		assert.Equal(c.t, []string{"1002", "1004"}, c.in(electoral.GeneralList, "3"))
		assert.Equal(c.t, []string{"1000"}, c.in(electoral.GeneralList, "4"))
		assert.Equal(c.t, []string{"2000"}, c.in(electoral.EUParliamentList, "3"))
		assert.Equal(c.t, []string{"2001"}, c.in(electoral.StillVotesList, "3"))
		for _, id := range []string{"1000", "1002", "2000", "2001"} {
			assert.Equal(c.t, []electoral.Operation{electoral.OpDeleteSection}, c.journal(aglie, id), id)
		}
		assert.Equal(c.t, []electoral.Operation{electoral.OpDeleteSection}, c.journal(airasca, "2001"), "he votes there too")
		assert.Empty(c.t, c.journal(aglie, "1001"))
		votes := c.elector(aglie, "2001").KeptVotes
		assert.Equal(c.t, []string{"3", "1"}, []string{votes[0].Section, votes[1].Section}, "the other comune's stays")
		_, err = c.Section(c.ctx(), officer(aglie), aglie, "1")
		require.ErrorIs(c.t, err, electoral.SectionNotFound)
		_, err = c.Change(c.ctx(), officer(aglie), electorOf("1002", aglie, "1"))
		refused(c.t, c.log, err, electoral.SectionUnknown)
		after := c.dump()
		again, _, err := c.DeleteSection(c.ctx(), req, aglie, q)
		require.NoError(c.t, err)
		assert.Equal(c.t, report, again)
		assert.Equal(c.t, after, c.dump())
		assert.Equal(c.t, electoral.Repeated, c.log.accesses[len(c.log.accesses)-1].Outcome)
		q.To = "4"
		_, _, err = c.DeleteSection(c.ctx(), req, aglie, q)
		refused(c.t, c.log, err, electoral.RequestIDReused)

		// A vote that is over keeps no section alive.
		c.now = c.now.AddDate(1, 0, 0)
		_, _, err = c.DeleteSection(c.ctx(), officer(aglie), aglie, registry.SectionDeletion{Number: "3", To: "4",
			Persons: []registry.PersonMove{{ANPRID: "2001", To: "4"}}})
		refused(c.t, c.log, err, electoral.MappingNotHere)
		_, _, err = c.MoveElectors(c.ctx(), officer(aglie), aglie, registry.Mapping{Persons: []registry.PersonMove{
			{ANPRID: "1002", To: "4"}, {ANPRID: "1004", To: "4"}, {ANPRID: "2000", To: "4"}}})
		require.NoError(c.t, err)
		_, warnings, err = c.DeleteSection(c.ctx(), officer(aglie), aglie, registry.SectionDeletion{Number: "3"})
		require.NoError(c.t, err)
		assert.True(c.t, warnings.Has(electoral.RedrawnOutOfSeason))
		assert.Empty(c.t, c.in(electoral.StillVotesList, ""))
	})
}
