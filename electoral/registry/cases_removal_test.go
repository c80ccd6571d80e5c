package registry_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// The tests of this file are named after the life cases of an electoral office
// (../shared/cases/lists/cases.md).

var today = electoral.Date{Year: 2026, Month: 11, Day: 22}

// remove removes the person 1, and returns the warnings.
func (c *town) remove(comune string, q registry.RemovalRequest) electoral.Faults {
	c.t.Helper()
	if q.ANPRID == "" {
		q.ANPRID = "1"
	}
	_, warnings, err := c.Remove(c.ctx(), officer(comune), q)
	require.NoError(c.t, err)
	c.tick()
	return warnings
}

// moved is the person 1 with another residence.
func (c *town) moved(comune string) {
	p := people()[0].Clone()
	p.Residence = &electoral.Residence{Comune: comune}
	c.population.Put(p)
}

// placed puts a record into the store as it is.
func (c *town) placed(comune string, e electoral.Elector) {
	c.t.Helper()
	require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.PutElector(c.ctx(), comune, e) }))
}

// voting returns how many rows the general list has for a vote.
func (c *town) voting(comune string, kind electoral.Consultation, day electoral.Date) int {
	c.t.Helper()
	x := electoral.Extraction{List: electoral.GeneralList, Comune: comune, Consultation: kind, Day: day, Purpose: pollsPurpose}
	report, err := c.Extract(c.ctx(), officer(comune), x, &lister{})
	require.NoError(c.t, err)
	return report.Rows
}

// only returns the one fault of an error or of warnings that has a code.
func only(t *testing.T, err error, code electoral.Code) electoral.Fault {
	t.Helper()
	faults, ok := errors.AsType[electoral.Faults](err)
	require.True(t, ok, "%v", err)
	var found electoral.Faults
	for _, f := range faults {
		if f.Code == code {
			found = append(found, f)
		}
	}
	require.Len(t, found, 1, "%v", err)
	assertTold(t, found[0])
	return found[0]
}

// TestCase4StillResident: who is removed as moved or untraceable and still lives
// in the comune is told of, by the name of the comune.
func TestCase4StillResident(t *testing.T) {
	inTown(t, func(c *town) {
		for _, cause := range []electoral.RemovalCause{electoral.CauseMoved, electoral.CauseUntraceable} {
			c.settle(aglie)
			f := only(c.t, c.remove(aglie, registry.RemovalRequest{List: electoral.GeneralList, Cause: cause}), electoral.RemovalStillResident)
			assert.Equal(c.t, electoral.Warning, f.Severity)
			assert.Contains(c.t, f.Message, "Agliè")
			assert.Contains(c.t, f.Expected, "nuova iscrizione", "how a wrong removal is mended")
		}
		c.settle(aglie)
		abroad := people()[0].Clone()
		abroad.Residence, abroad.Abroad = nil, &electoral.Abroad{Comune: aglie, State: "FRA"}
		c.population.Put(abroad)
		warnings := c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration})
		assert.True(c.t, warnings.Has(electoral.RemovalStillResident), "in the register of those abroad")
		c.population.Put(people()[0])
		c.settle(aglie)
		c.moved(airasca)
		assert.Empty(c.t, c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration}), "who has moved is not doubted")
	})
}

// TestCase5WrongRemovalMended: a removal is not annulled; the answer says what
// mends it, and that does.
func TestCase5WrongRemovalMended(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.remove(aglie, registry.RemovalRequest{Code: electoral.Untraceable})
		_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Annulment})
		f := only(c.t, err, electoral.RemovalList)
		assert.Equal(c.t, "removed", f.Case)
		assert.Contains(c.t, f.Message, "Agliè")
		assert.Contains(c.t, f.Message, "irreperibilità")
		assert.Contains(c.t, f.Expected, "nuova iscrizione")
		c.settle(aglie)
		assert.Equal(c.t, electorOf("1", aglie, "1"), c.elector(aglie, "1"), "the removal is gone")
	})
}

// inLists puts the person into lists of Agliè.
func inLists(id string, lists ...electoral.List) electoral.Elector {
	e := electorOf(id, aglie, "1")
	e.General = nil
	for _, l := range lists {
		e.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}})
	}
	return e
}

// TestCase6Death: a death is one removal for each list, with the code of the list
// or, by the setting, 3; the capacity stays.
func TestCase6Death(t *testing.T) {
	for name, k := range map[string]struct {
		lists    []electoral.List
		set      electoral.RemovalCode
		want     []electoral.RemovalCode // in the order of annex 1
		codeOnEU bool
	}{
		"lists of the Union":         {lists: []electoral.List{electoral.EUComunalList, electoral.EUParliamentList}, want: []electoral.RemovalCode{5, 6}},
		"all of them 3":              {lists: []electoral.List{electoral.EUComunalList, electoral.EUParliamentList}, set: electoral.DeathOfElector, want: []electoral.RemovalCode{3, 3}},
		"general and added":          {lists: []electoral.List{electoral.GeneralList, electoral.TrentoList}, want: []electoral.RemovalCode{3, 7}},
		"general and added, both 3s": {lists: []electoral.List{electoral.GeneralList, electoral.TrentoList}, set: electoral.DeathOfElector, want: []electoral.RemovalCode{3, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				r, err := registry.New(registry.Config{Store: c.store, Population: c.population, Recorder: c.log,
					Now: func() time.Time { return c.now }, DeathCode: k.set})
				require.NoError(c.t, err)
				dead := people()[0].Clone()
				dead.Death = electoral.Date{Year: 2026, Month: 11, Day: 20}
				c.population.Put(dead)
				c.placed(aglie, inLists("1", k.lists...))
				_, _, err = r.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", List: k.lists[1], Code: electoral.DeathOfElector, Note: "x", Day: electoral.Date{Year: 2027, Month: 12, Day: 1}})
				require.ErrorIs(c.t, err, electoral.RemovalDay)
				assert.Equal(c.t, k.set == 0, errors.Is(err, electoral.RemovalCodeOfList), "3 is of the general list, unless the setting says otherwise")
				e, warnings, err := r.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Cause: electoral.CauseDied})
				require.NoError(c.t, err)
				assert.Empty(c.t, warnings)
				require.Len(c.t, e.Removals, len(k.lists))
				for i, removal := range e.Removals {
					assert.Equal(c.t, electoral.Removal{Comune: aglie, List: k.lists[i], Code: k.want[i], Cause: electoral.CauseDied, Day: today}, removal)
				}
				assert.Equal(c.t, electoral.Yes, e.Capacity, "nothing but 9 touches the capacity")
				assert.Nil(c.t, e.Loss)
				assert.Equal(c.t, e, c.elector(aglie, "1"))
			})
		})
	}
	inTown(t, func(c *town) { // a code names its list, for a death too
		c.placed(aglie, inLists("1", electoral.EUComunalList, electoral.EUParliamentList))
		c.remove(aglie, registry.RemovalRequest{Code: electoral.FromEUComunalList, Cause: electoral.CauseDied})
		e := c.elector(aglie, "1")
		assert.Equal(c.t, []electoral.Removal{{Comune: aglie, List: electoral.EUComunalList, Code: 5, Cause: electoral.CauseDied, Day: today}}, e.Removals)
		_, stays := e.EnrolmentIn(electoral.EUParliamentList)
		assert.True(c.t, stays)
	})
	_, err := registry.New(registry.Config{DeathCode: electoral.OtherReason})
	require.Error(t, err)
}

// TestCase15Naturalised: each list of the Union is left by itself, with its code
// and the cause, and the general list afterwards takes nothing of that away.
func TestCase15Naturalised(t *testing.T) {
	inTown(t, func(c *town) {
		c.placed(aglie, inLists("1", electoral.EUComunalList, electoral.EUParliamentList))
		for code, other := range map[electoral.RemovalCode]electoral.List{electoral.FromEUComunalList: electoral.EUParliamentList,
			electoral.FromTerritorialList: electoral.EUComunalList, electoral.OtherReason: electoral.EUComunalList, electoral.Annulment: electoral.EUComunalList} {
			_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", List: other, Code: code})
			f := only(c.t, err, electoral.RemovalCodeOfList)
			assert.Equal(c.t, "EN204", f.ANPRCode)
			assert.Contains(c.t, f.Expected, map[electoral.List]string{electoral.EUParliamentList: "6", electoral.EUComunalList: "5"}[other])
		}
		_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.FromEUComunalList, Cause: electoral.CauseResidenceReached})
		assert.Equal(c.t, "cause", only(c.t, err, electoral.RemovalCodeOfList).Case)
		c.remove(aglie, registry.RemovalRequest{List: electoral.EUComunalList, Cause: electoral.CauseNaturalised})
		c.remove(aglie, registry.RemovalRequest{Code: electoral.FromEUParliamentList, Cause: electoral.CauseNaturalised})
		want := []electoral.Removal{
			{Comune: aglie, List: electoral.EUComunalList, Code: 5, Cause: electoral.CauseNaturalised, Day: today},
			{Comune: aglie, List: electoral.EUParliamentList, Code: 6, Cause: electoral.CauseNaturalised, Day: today},
		}
		assert.Equal(c.t, want, c.elector(aglie, "1").Removals)
		c.settle(aglie)
		assert.Equal(c.t, want, c.elector(aglie, "1").Removals)
	})
}

// TestCase36TwoVotesOneSunday: who moves keeps the European vote in A; B, which he
// leaves too, keeps him the regional one of the same day; and A alone may keep two.
func TestCase36TwoVotesOneSunday(t *testing.T) {
	day := electoral.Date{Year: 2026, Month: 12, Day: 13}
	european := electoral.KeptVote{Consultation: electoral.EuropeanElection, Day: day}
	regional := electoral.KeptVote{Consultation: electoral.RegionalElection, Day: day}
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.moved(airasca)
		assert.Empty(c.t, c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{european}}))
		c.settle(airasca)
		for kind, in := range map[electoral.Consultation][2]int{electoral.EuropeanElection: {1, 0}, electoral.RegionalElection: {0, 1}} {
			assert.Equal(c.t, in, [2]int{c.voting(aglie, kind, day), c.voting(airasca, kind, day)}, kind)
		}
		// B cannot keep him the vote that he has in A.
		q := registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{european, regional}}
		_, _, err := c.Remove(c.ctx(), officer(airasca), q)
		f := only(c.t, err, electoral.RemovalStillVotes)
		assert.Equal(c.t, "twice", f.Case)
		assert.Contains(c.t, f.Message, "Agliè")
		c.moved("H501")
		warnings := c.remove(airasca, registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{regional}})
		assert.Contains(c.t, only(c.t, warnings, electoral.RemovalStillVotes).Message, "Agliè", "his vote in A is told")
		e := c.elector(airasca, "1")
		require.Len(c.t, e.KeptVotes, 2)
		require.Len(c.t, e.Removals, 1)
		assert.Equal(c.t, airasca, e.Removals[0].Comune)
		for kind, in := range map[electoral.Consultation][2]int{electoral.EuropeanElection: {1, 0}, electoral.RegionalElection: {0, 1}, electoral.ComunalElection: {0, 0}} {
			assert.Equal(c.t, in, [2]int{c.voting(aglie, kind, day), c.voting(airasca, kind, day)}, kind)
		}
		// When the day is over nothing is left of it, in either comune.
		c.now = c.now.AddDate(0, 1, 0)
		for _, comune := range []string{aglie, airasca} {
			sum, err := c.Expire(c.ctx(), comune)
			require.NoError(c.t, err)
			assert.Equal(c.t, 1, sum.Votes, comune)
		}
		assert.Empty(c.t, c.elector(airasca, "1").KeptVotes)
	})
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.moved(airasca)
		warnings := c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{regional, european}})
		f := only(c.t, warnings, electoral.RemovalVotesBeyond)
		assert.Contains(c.t, f.Message, "elezioni regionali", "ANPR's message carries the first of them")
		c.settle(airasca)
		for _, kind := range []electoral.Consultation{electoral.EuropeanElection, electoral.RegionalElection} {
			assert.Equal(c.t, [2]int{1, 0}, [2]int{c.voting(aglie, kind, day), c.voting(airasca, kind, day)}, kind)
		}
		assert.Equal(c.t, 1, c.voting(airasca, electoral.ComunalElection, day))
		sum, err := c.Expire(c.ctx(), aglie)
		require.NoError(c.t, err)
		assert.Zero(c.t, sum.Votes, "before the day")
		c.now = c.now.AddDate(0, 1, 0)
		sum, err = c.Expire(c.ctx(), aglie)
		require.NoError(c.t, err)
		assert.Equal(c.t, 2, sum.Votes)
	})
}

// TestCase38BolzanoMover: 7 names the one added list that he is in; he leaves it
// when he has lived there long enough, and keeps the removal from the general list
// beside it.
func TestCase38BolzanoMover(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.moved("L378")
		c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration})
		e := c.elector(aglie, "1")
		e.SetListEntry(electoral.TrentoList, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}})
		c.placed(aglie, e)
		c.remove(aglie, registry.RemovalRequest{Code: electoral.FromTerritorialList})
		assert.Equal(c.t, []electoral.Removal{
			{Comune: aglie, List: electoral.GeneralList, Code: 1, Cause: electoral.CauseMoved, Day: today},
			{Comune: aglie, List: electoral.TrentoList, Code: 7, Day: today},
		}, c.elector(aglie, "1").Removals)
		e.SetListEntry(electoral.BolzanoList, e.ListEntry(electoral.TrentoList))
		c.placed(aglie, e)
		_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.FromTerritorialList})
		refused(c.t, c.log, err, electoral.RemovalList)
		c.remove(aglie, registry.RemovalRequest{List: electoral.BolzanoList, Cause: electoral.CauseResidenceReached})
		// What was sent by mistake leaves nothing.
		c.remove(aglie, registry.RemovalRequest{List: electoral.TrentoList, Cause: electoral.CauseSentByMistake})
		removals := c.elector(aglie, "1").Removals
		require.Len(c.t, removals, 2)
		assert.Equal(c.t, electoral.CauseResidenceReached, removals[1].Cause)
		assert.Equal(c.t, electoral.BolzanoList, removals[1].List)
	})
}

// TestCase40EffectiveDay: a removal from 2099 is refused, a later day is told, and
// so is one before the last operation; nobody is removed as untraceable by a
// dynamic revision without a word.
func TestCase40EffectiveDay(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		before := c.elector(aglie, "1")
		q := registry.RemovalRequest{ANPRID: "1", Code: electoral.Untraceable, Day: electoral.Date{Year: 2099, Month: 1, Day: 1}}
		_, _, err := c.Remove(c.ctx(), officer(aglie), q)
		assert.Equal(c.t, "far", only(c.t, err, electoral.RemovalDay).Case)
		q.Day = electoral.Date{Year: 2026, Month: 11, Day: 31}
		_, _, err = c.Remove(c.ctx(), officer(aglie), q)
		refused(c.t, c.log, err, electoral.RemovalDay)
		assert.Equal(c.t, before, c.elector(aglie, "1"), "nothing half-done")
		q.Day = electoral.Date{Year: 2027, Month: 1, Day: 1}
		req := officer(aglie)
		req.Revision = electoral.DynamicRevision
		_, warnings, err := c.Remove(c.ctx(), req, q)
		require.NoError(c.t, err)
		assert.Equal(c.t, "future", only(c.t, warnings, electoral.RemovalDayUnusual).Case)
		assert.Contains(c.t, only(c.t, warnings, electoral.RemovalRevision).Message, "dinamica")
		c.settle(aglie)
		q.Day = electoral.Date{Year: 2026, Month: 11, Day: 21}
		req = officer(aglie)
		req.Revision = electoral.SemestralRevision
		_, warnings, err = c.Remove(c.ctx(), req, q)
		require.NoError(c.t, err)
		f := only(c.t, warnings, electoral.RemovalDayUnusual)
		assert.Equal(c.t, "EN389", f.ANPRCode)
		assert.Contains(c.t, f.Message, "22 novembre 2026")
		assert.False(c.t, warnings.Has(electoral.RemovalRevision))
	})
}

// TestCase41AliveRemovedAsDead: the officer is told, and may enrol him again.
func TestCase41AliveRemovedAsDead(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		warnings := c.remove(aglie, registry.RemovalRequest{Code: electoral.DeathOfElector})
		assert.Contains(c.t, only(c.t, warnings, electoral.RemovalAlive).Expected, "nuova iscrizione")
		c.settle(aglie)
		assert.Empty(c.t, c.elector(aglie, "1").Removals)
	})
}

// TestVotesInTwoSections: who was in two sections of a comune, one after the other,
// and keeps a vote in each, has each vote once, in its section.
func TestVotesInTwoSections(t *testing.T) {
	first, second := electoral.Date{Year: 2026, Month: 12, Day: 13}, electoral.Date{Year: 2026, Month: 12, Day: 20}
	inTown(t, func(c *town) {
		e := electorOf("1", airasca, "1")
		e.KeepVote(electoral.KeptVote{Comune: aglie, Consultation: electoral.EuropeanElection, Day: first, Section: "1"})
		e.KeepVote(electoral.KeptVote{Comune: aglie, Consultation: electoral.RegionalElection, Day: second, Section: "2"})
		c.placed(airasca, e)
		for _, k := range []struct {
			kind    electoral.Consultation
			day     electoral.Date
			section string
			want    int
		}{{electoral.EuropeanElection, first, "", 1}, {electoral.EuropeanElection, first, "1", 1}, {electoral.EuropeanElection, first, "2", 0},
			{electoral.RegionalElection, second, "", 1}, {electoral.RegionalElection, second, "1", 0}, {electoral.RegionalElection, second, "2", 1},
			{electoral.EuropeanElection, second, "", 0}} {
			x := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Section: k.section, Consultation: k.kind, Day: k.day, Purpose: pollsPurpose}
			report, err := c.Extract(c.ctx(), officer(aglie), x, &lister{})
			require.NoError(c.t, err)
			assert.Equal(c.t, k.want, report.Rows, k)
		}
		c.now = c.now.AddDate(0, 0, 25) // between the two
		sum, err := c.Expire(c.ctx(), aglie)
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, sum.Votes)
		assert.Len(c.t, c.elector(aglie, "1").KeptVotes, 1)
		c.placed(airasca, e)
		c.now = c.now.AddDate(0, 1, 0)
		sum, err = c.Expire(c.ctx(), aglie)
		require.NoError(c.t, err)
		assert.Equal(c.t, 2, sum.Votes, "each once")
		assert.Empty(c.t, c.elector(airasca, "1").KeptVotes)
	})
}
