package registry_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// conflicts returns the conflicts that a comune finds.
func (c *town) conflicts(comune string, states ...registry.ConflictState) []registry.Conflict {
	c.t.Helper()
	list, err := c.Conflicts(c.ctx(), officer(comune), registry.ConflictFilter{States: states})
	require.NoError(c.t, err)
	return list
}

// contend has Airasca ask for the person whom Agliè has.
func (c *town) contend() registry.Conflict {
	c.t.Helper()
	_, err := c.Enrol(c.ctx(), officer(airasca), electorOf("1", airasca, "1"))
	refused(c.t, c.log, err, electoral.AlreadyEnrolled)
	list := c.conflicts(airasca)
	require.Len(c.t, list, 1)
	return list[0]
}

func TestConflict(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		assert.Empty(c.t, c.conflicts(aglie))
		_, err := c.Enrol(c.ctx(), officer(airasca), electorOf("1", airasca, "77"))
		require.ErrorIs(c.t, err, electoral.SectionUnknown)
		assert.Empty(c.t, c.conflicts(aglie), "a claim with other faults troubles nobody")
		conflict := c.contend()
		assert.Equal(c.t, registry.Conflict{
			ID: conflict.ID, ANPRID: "1", List: electoral.GeneralList, Claimant: airasca, Holder: aglie, State: registry.ConflictOpen,
			Cause: electoral.AlreadyEnrolled, Opened: conflict.Opened, Changed: conflict.Changed, SeenByClaimant: conflict.Opened,
		}, conflict)
		assert.Equal(c.t, []registry.Conflict{conflict}, c.conflicts(aglie), "both sides find the same")
		c.contend() // asking once more opens no second
		require.Len(c.t, c.conflicts(aglie, registry.ConflictOpen), 1)

		act := func(comune string, action registry.ConflictAction, note string) (registry.Conflict, error) {
			c.tick()
			return c.AnswerConflict(c.ctx(), officer(comune), conflict.ID, action, note)
		}
		seen, err := act(aglie, registry.AcknowledgeConflict, "")
		require.NoError(c.t, err)
		assert.Equal(c.t, c.now.Truncate(time.Millisecond), seen.SeenByHolder)
		assert.Equal(c.t, conflict.Changed, seen.Changed, "to have seen it is no change")
		for _, k := range []struct {
			comune string
			action registry.ConflictAction
			note   string
			code   electoral.Code
		}{
			{airasca, registry.RefuseConflict, "no", electoral.ConflictStep},
			{aglie, registry.WithdrawConflict, "", electoral.ConflictStep},
			{airasca, registry.ReopenConflict, "again", electoral.ConflictStep},
			{aglie, "explode", "", electoral.ConflictStep},
			{aglie, registry.RefuseConflict, " ", electoral.NoteMissing},
		} {
			_, err := act(k.comune, k.action, k.note)
			refused(c.t, c.log, err, k.code)
		}
		_, err = c.AnswerConflict(c.ctx(), officer("H501"), conflict.ID, registry.AcknowledgeConflict, "")
		refused(c.t, c.log, err, electoral.ConflictUnknown)

		answer, err := act(aglie, registry.RefuseConflict, "Risiede ancora qui.")
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.ConflictRefused, answer.State)
		assert.Zero(c.t, answer.SeenByClaimant, "the claimant has not seen the answer yet")
		assert.Equal(c.t, "Risiede ancora qui.", c.conflicts(airasca)[0].HolderNote)
		c.contend()
		assert.Equal(c.t, registry.ConflictRefused, c.conflicts(airasca)[0].State, "to open it again needs a note")
		answer, err = act(airasca, registry.ReopenConflict, "Trasferito il 1° ottobre.")
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.ConflictOpen, answer.State)
		assert.Equal(c.t, registry.ConflictOpen, c.conflicts(aglie)[0].State, "as it is kept")

		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
		require.NoError(c.t, err)
		c.tick()
		assert.Equal(c.t, registry.ConflictReleased, c.conflicts(airasca)[0].State)
		facts, err := certificateFacts(c.ctx(), c.Registry, c.log, officer(aglie), "1")
		require.NoError(c.t, err)
		assert.Equal(c.t, airasca, facts.ClaimedBy)
		progress, err := c.Progress(c.ctx(), officer(airasca), airasca)
		require.NoError(c.t, err)
		assert.Equal(c.t, 1, progress.OpenConflicts, "it is the claimant's turn")
		c.settle(airasca)
		assert.Equal(c.t, registry.ConflictResolved, c.conflicts(aglie)[0].State)
		got := c.elector(airasca, "1")
		assert.Equal(c.t, electorOf("1", airasca, "1"), got, "the removal is over")
		_, err = c.Elector(c.ctx(), officer(aglie), "1")
		refused(c.t, c.log, err, electoral.NotCompetent)
		assert.Equal(c.t, []electoral.Operation{electoral.OpEnrol, electoral.OpRemove, electoral.OpEnrol}, c.journal(aglie, "1"), "the comune that he left learns of it")

		c.now = c.now.Add(181 * 24 * time.Hour)
		assert.Empty(c.t, c.conflicts(airasca))
		n, err := c.Expire(c.ctx(), aglie, airasca)
		require.NoError(c.t, err)
		assert.Positive(c.t, n.Records)
	})
}

func TestWithdrawnConflict(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		conflict := c.contend()
		_, err := c.AnswerConflict(c.ctx(), officer(airasca), conflict.ID, registry.WithdrawConflict, "")
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.ConflictWithdrawn, c.conflicts(aglie)[0].State)
		assert.Equal(c.t, registry.ConflictOpen, c.contend().State, "asked for anew")
	})
}

// TestStillVotes keeps a voter who has left for one vote.
func TestStillVotes(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		day := electoral.Date{Year: 2027, Month: 1, Day: 10}
		_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{{Consultation: electoral.RegionalElection, Day: day}}})
		require.NoError(c.t, err)
		c.settle(airasca)
		got := c.elector(aglie, "1")
		require.NotEmpty(c.t, got.KeptVotes, "until the vote")
		assert.Equal(c.t, airasca, got.General.Comune)
		for day, want := range map[electoral.Date]int{day: 1, {Year: 2027, Month: 6, Day: 1}: 0} {
			var l lister
			x := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Consultation: electoral.RegionalElection, Day: day, Purpose: pollsPurpose}
			report, err := c.Extract(c.ctx(), officer(aglie), x, &l)
			n := report.Rows
			require.NoError(c.t, err)
			assert.Equal(c.t, want, n, day)
		}
		c.now = c.now.AddDate(0, 3, 0)
		_, _, err = c.Remove(c.ctx(), officer(airasca), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
		require.NoError(c.t, err)
		c.settle(aglie)
		assert.Empty(c.t, c.elector(aglie, "1").Removals)
		assert.Empty(c.t, c.elector(aglie, "1").KeptVotes)
	})
}

func TestRectification(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		me := people()[0]
		section := electoral.ListField(electoral.GeneralList, electoral.ListSection)
		ask := func(q registry.RectificationRequest) (registry.Rectification, error) {
			return c.AskRectification(c.ctx(), citizen(me), q)
		}
		for _, k := range []struct {
			q    registry.RectificationRequest
			code electoral.Code
		}{
			{registry.RectificationRequest{Field: "surname", Asked: "ROSSI"}, electoral.RectificationField},
			{registry.RectificationRequest{Field: electoral.ListField(electoral.GeneralList, electoral.ListRemoval), Asked: "1"}, electoral.RectificationField},
			{registry.RectificationRequest{Field: electoral.CapacityField, Asked: "forse"}, electoral.RectificationValue},
			{registry.RectificationRequest{Field: section, Asked: " "}, electoral.RectificationValue},
			{registry.RectificationRequest{Field: section, Asked: "1"}, electoral.RectificationValue},
			{registry.RectificationRequest{Field: section, Asked: "2\u202e1"}, electoral.RectificationValue},
			{registry.RectificationRequest{Field: section, Asked: "2\x00"}, electoral.RectificationValue},
			{registry.RectificationRequest{Field: section, Asked: "2", Note: "prima\x1b[2J"}, electoral.NoteMissing},
			{registry.RectificationRequest{Field: section, Asked: "2", Note: "\xff"}, electoral.NoteMissing},
		} {
			_, err := ask(k.q)
			refused(c.t, c.log, err, k.code)
		}
		draft, err := ask(registry.RectificationRequest{Field: section, Asked: "2", Draft: true})
		require.NoError(c.t, err)
		assert.Equal(c.t, "1", draft.Present)
		assert.Equal(c.t, aglie, draft.Comune)
		mine, err := c.Rectifications(c.ctx(), citizen(me), registry.RequestFilter{})
		require.NoError(c.t, err)
		assert.Equal(c.t, []registry.Rectification{draft}, mine)
		theirs, err := c.Rectifications(c.ctx(), officer(aglie), registry.RequestFilter{})
		require.NoError(c.t, err)
		assert.Empty(c.t, theirs, "a draft is its citizen's alone")
		theirs, err = c.Rectifications(c.ctx(), officer(aglie), registry.RequestFilter{States: []registry.RequestState{registry.RequestDraft}})
		require.NoError(c.t, err)
		assert.Empty(c.t, theirs)

		step := func(req electoral.Request, to registry.RequestState, note string) (registry.Rectification, error) {
			c.tick()
			return c.AnswerRectification(c.ctx(), req, draft.ID, to, note)
		}
		_, err = step(officer(aglie), registry.RequestInProgress, "")
		refused(c.t, c.log, err, electoral.RectificationUnknown)
		_, err = step(citizen(people()[1]), registry.RequestOpen, "")
		refused(c.t, c.log, err, electoral.RectificationUnknown)
		_, err = step(officer(airasca), registry.RequestInProgress, "")
		refused(c.t, c.log, err, electoral.RectificationUnknown)
		_, err = step(citizen(me), registry.RequestDone, "")
		refused(c.t, c.log, err, electoral.RectificationAction)
		_, err = step(citizen(me), registry.RequestOpen, "")
		require.NoError(c.t, err)
		_, err = step(officer(aglie), registry.RequestDone, "")
		refused(c.t, c.log, err, electoral.RectificationAction)
		_, err = step(officer(aglie), registry.RequestInProgress, "")
		require.NoError(c.t, err)
		_, err = step(officer(aglie), registry.RequestSuspended, "")
		refused(c.t, c.log, err, electoral.NoteMissing)
		_, err = step(officer(aglie), registry.RequestSuspended, "Indichi l'indirizzo.")
		require.NoError(c.t, err)
		_, err = step(citizen(me), registry.RequestIntegrated, "Via Roma 3")
		require.NoError(c.t, err)
		_, err = step(officer(aglie), registry.RequestInProgress, "")
		require.NoError(c.t, err)
		_, err = step(officer(aglie), registry.RequestDone, "")
		refused(c.t, c.log, err, electoral.RectificationNotDone)
		_, err = c.Change(c.ctx(), officer(aglie), electorOf("1", aglie, "2"))
		require.NoError(c.t, err)
		done, err := step(officer(aglie), registry.RequestDone, "Fatto.")
		require.NoError(c.t, err)
		assert.Empty(c.t, done.Present+done.Asked+done.Note, "nothing of the earlier value is kept")
		assert.Equal(c.t, "Fatto.", done.OfficerNote)
		_, err = step(officer(aglie), registry.RequestInProgress, "")
		refused(c.t, c.log, err, electoral.RectificationAction)
		for _, rec := range c.records(registry.RecordSearch{Book: registry.RectificationBook, Subject: "1"}) {
			assert.NotContains(c.t, string(rec.Body), "Via Roma")
		}
	})
}

func (c *town) records(q registry.RecordSearch) (list []registry.Record) {
	c.t.Helper()
	require.NoError(c.t, c.store.View(c.ctx(), func(r registry.Reader) error {
		for rec, err := range r.Records(c.ctx(), q) {
			require.NoError(c.t, err)
			list = append(list, rec)
		}
		return nil
	}))
	return list
}

func TestPersonalRecord(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		got, err := c.PersonalRecord(c.ctx(), citizen(people()[0]))
		require.NoError(c.t, err)
		assert.Equal(c.t, electorOf("1", aglie, "1"), got.Elector)
		assert.Equal(c.t, "VIA ROMA - Scuola", got.Annex1.General.SectionSeat)
		assert.Equal(c.t, "Agliè", got.Annex1.General.Comune)
		_, err = c.PersonalRecord(c.ctx(), citizen(people()[1]))
		refused(c.t, c.log, err, electoral.ElectorUnknown)
		stranger := people()[0].Clone()
		stranger.FiscalCode, _ = electoral.ComputeFiscalCode("NESSUNO", "UGO", electoral.Male, electoral.Date{Year: 1980, Month: 1, Day: 1}, aglie)
		_, err = c.PersonalRecord(c.ctx(), citizen(stranger))
		refused(c.t, c.log, err, electoral.PersonUnknown)
		assert.NotContains(c.t, err.Error(), string(stranger.FiscalCode))
		_, err = c.PersonalRecord(c.ctx(), officer(aglie))
		refused(c.t, c.log, err, electoral.OtherPerson)
	})
}

// dupont is the citizen of another Member State among people.
func dupont() electoral.Person { return people()[2] }

func content() registry.ApplicationContent {
	return registry.ApplicationContent{Citizenship: "FRA", OriginAddress: registry.OriginAddress{State: "FRA", Place: "Lyon", Address: "1 rue Imaginaire"},
		VotesOnlyInItaly: electoral.Yes, KeepsRight: electoral.Yes}
}

func (c *town) apply(l electoral.List) registry.Application {
	c.t.Helper()
	q, _, err := c.Apply(c.ctx(), citizen(dupont()), registry.EnrolmentApplication, l, content())
	require.NoError(c.t, err)
	return q
}

// decide brings an application to its end.
func (c *town) decide(comune, id string, d registry.Decision) (registry.Application, error) {
	c.t.Helper()
	if _, _, err := c.DecideApplication(c.ctx(), officer(comune), id, registry.Decision{State: registry.RequestInProgress}); err != nil {
		return registry.Application{}, err
	}
	q, _, err := c.DecideApplication(c.ctx(), officer(comune), id, d)
	return q, err
}

func TestApplication(t *testing.T) {
	inTown(t, func(c *town) {
		q := c.apply(electoral.EUComunalList)
		assert.Equal(c.t, aglie, q.Comune)
		list, err := c.Applications(c.ctx(), officer(aglie), registry.RequestFilter{})
		require.NoError(c.t, err)
		assert.Equal(c.t, []registry.Application{q}, list)
		_, _, err = c.Apply(c.ctx(), citizen(dupont()), registry.EnrolmentApplication, electoral.EUComunalList, content())
		refused(c.t, c.log, err, electoral.ApplicationTwice)
		_, err = c.decide(airasca, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		refused(c.t, c.log, err, electoral.ApplicationUnknown)
		_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "77"})
		refused(c.t, c.log, err, electoral.SectionUnknown)
		done, _, err := c.DecideApplication(c.ctx(), officer(aglie), q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
		assert.Zero(c.t, done.Content, "what he declared is needed no more")
		e := c.elector(aglie, "44")
		assert.Equal(c.t, electoral.Yes, e.Capacity)
		assert.Equal(c.t, &electoral.Enrolment{Comune: aglie, Section: "1"}, e.EU.Comunal.Enrolment)
		assert.Equal(c.t, electoral.Yes, e.Status.Comunal)
		assert.Equal(c.t, electoral.No, e.Status.EuropeanParliament)
		assert.Equal(c.t, electoral.No, e.Status.Senate)

		q = c.apply(electoral.EUParliamentList)
		_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "2"})
		require.NoError(c.t, err)
		e = c.elector(aglie, "44")
		assert.Equal(c.t, electoral.Yes, e.Status.EuropeanParliament)
		assert.Equal(c.t, electoral.Yes, e.Status.Comunal, "the other list stays")

		for _, l := range []electoral.List{electoral.EUParliamentList, electoral.EUComunalList} {
			assert.Equal(c.t, electoral.Yes, c.elector(aglie, "44").Capacity)
			q, _, err := c.Apply(c.ctx(), citizen(dupont()), registry.WithdrawalApplication, l, registry.ApplicationContent{})
			require.NoError(c.t, err)
			_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone})
			require.NoError(c.t, err)
		}
		e = c.elector(aglie, "44")
		assert.Equal(c.t, electoral.No, e.Capacity, "who is in no list any more")
		assert.Equal(c.t, electoral.No, e.EU.Comunal.Enrolled)
		today := electoral.Date{Year: 2026, Month: 11, Day: 22}
		assert.Equal(c.t, []electoral.Removal{
			{Comune: aglie, List: electoral.EUComunalList, Code: electoral.FromEUComunalList, Cause: electoral.CauseAsked, Day: today},
			{Comune: aglie, List: electoral.EUParliamentList, Code: electoral.FromEUParliamentList, Cause: electoral.CauseAsked, Day: today},
		}, e.Removals)
		assert.Nil(c.t, e.Loss, "who asked to leave has not lost the right")
		c.apply(electoral.EUComunalList)
	})
}

func TestApplicationRefused(t *testing.T) {
	inTown(t, func(c *town) {
		for _, k := range []struct {
			name    string
			who     electoral.Person
			list    electoral.List
			kind    registry.ApplicationKind
			content func(*registry.ApplicationContent)
			codes   []electoral.Code
		}{
			{"Italian", people()[0], electoral.EUComunalList, registry.EnrolmentApplication, nil, []electoral.Code{electoral.ApplicationNotEntitled}},
			{"general list", dupont(), electoral.GeneralList, registry.EnrolmentApplication, nil, []electoral.Code{electoral.ApplicationList}},
			{"other citizenship", dupont(), electoral.EUComunalList, registry.EnrolmentApplication, func(c *registry.ApplicationContent) { c.Citizenship = "DEU" }, []electoral.Code{electoral.ApplicationNotEntitled}},
			{"empty", dupont(), electoral.EUParliamentList, registry.EnrolmentApplication, func(c *registry.ApplicationContent) { *c = registry.ApplicationContent{Citizenship: "FRA"} },
				[]electoral.Code{electoral.ApplicationIncomplete, electoral.ApplicationIncomplete, electoral.ApplicationIncomplete, electoral.ApplicationIncomplete, electoral.ApplicationIncomplete}},
			{"withdrawal of nothing", dupont(), electoral.EUComunalList, registry.WithdrawalApplication, func(c *registry.ApplicationContent) { *c = registry.ApplicationContent{} }, []electoral.Code{electoral.ApplicationTwice}},
			{"withdrawal with content", dupont(), electoral.EUComunalList, registry.WithdrawalApplication, nil, []electoral.Code{electoral.ApplicationIncomplete}},
		} {
			body := content()
			if k.content != nil {
				k.content(&body)
			}
			_, _, err := c.Apply(c.ctx(), citizen(k.who), k.kind, k.list, body)
			faults, _ := errors.AsType[electoral.Faults](err)
			var codes []electoral.Code
			for _, f := range faults {
				codes = append(codes, f.Code)
				assertTold(c.t, f)
			}
			assert.Equal(c.t, k.codes, codes, k.name)
		}
		assert.Empty(c.t, c.records(registry.RecordSearch{Book: registry.ApplicationBook, Subject: "44"}))
	})
}

func TestApplicationTerms(t *testing.T) {
	inTown(t, func(c *town) {
		today := electoral.Date{Year: 2026, Month: 11, Day: 22}
		for _, k := range []struct {
			list electoral.List
			vote electoral.Vote
			late bool
		}{
			{electoral.EUComunalList, electoral.Vote{Consultation: electoral.ComunalElection, Day: today.AddDays(40), Notice: today.AddDays(-5)}, false},
			{electoral.EUComunalList, electoral.Vote{Consultation: electoral.ComunalElection, Day: today.AddDays(40), Notice: today.AddDays(-6)}, true},
			{electoral.EUComunalList, electoral.Vote{Consultation: electoral.ComunalElection, Day: today.AddDays(40)}, false},
			{electoral.EUComunalList, electoral.Vote{Consultation: electoral.EuropeanElection, Day: today.AddDays(40), Notice: today.AddDays(-6)}, false},
			{electoral.EUParliamentList, electoral.Vote{Consultation: electoral.EuropeanElection, Day: today.AddDays(90)}, false},
			{electoral.EUParliamentList, electoral.Vote{Consultation: electoral.EuropeanElection, Day: today.AddDays(89)}, true},
		} {
			c.now, c.votes = noon, []electoral.Vote{k.vote}
			q, warnings, err := c.Apply(c.ctx(), citizen(dupont()), registry.EnrolmentApplication, k.list, content())
			require.NoError(c.t, err)
			assert.Equal(c.t, k.late, warnings.Has(electoral.ApplicationLate), k)
			_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
			assert.Equal(c.t, k.late, errors.Is(err, electoral.ApplicationLate), k)
			if k.late {
				c.now = c.now.AddDate(0, 0, 91) // after the vote
				_, _, err = c.DecideApplication(c.ctx(), officer(aglie), q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
			}
			require.NoError(c.t, err)
			_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "44", Cause: electoral.CauseSentByMistake})
			require.NoError(c.t, err)
		}
	})
}

// TestEuropeanMoves moves house, and then becomes Italian.
func TestEuropeanMoves(t *testing.T) {
	inTown(t, func(c *town) {
		q := c.apply(electoral.EUParliamentList)
		_, err := c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
		moved := dupont().Clone()
		moved.Residence.Comune = airasca
		c.population.Put(moved)
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "44", Code: electoral.FromEUParliamentList})
		require.NoError(c.t, err)
		list, err := c.Applications(c.ctx(), officer(airasca), registry.RequestFilter{})
		require.NoError(c.t, err)
		require.Len(c.t, list, 1, "ex officio in the new comune")
		assert.Equal(c.t, registry.ExOfficioCase, list[0].Kind)
		_, _, err = c.DecideApplication(c.ctx(), citizen(moved), list[0].ID, registry.Decision{State: registry.RequestDraft})
		refused(c.t, c.log, err, electoral.ApplicationAction)
		_, err = c.decide(airasca, list[0].ID, registry.Decision{State: registry.RequestDone, Section: "2"})
		require.NoError(c.t, err)
		e := c.elector(airasca, "44")
		assert.Equal(c.t, &electoral.Enrolment{Comune: airasca, Section: "2"}, e.EU.Parliament.Enrolment)
		assert.Equal(c.t, electoral.Yes, e.Status.EuropeanParliament)
		assert.Empty(c.t, e.Removals)

		moved.Citizenships = append(moved.Citizenships, electoral.Citizenship{State: electoral.ItalianState, From: electoral.Date{Year: 2026, Month: 11, Day: 1}})
		c.population.Put(moved)
		_, err = c.Enrol(c.ctx(), officer(airasca), electorOf("44", airasca, "1"))
		require.ErrorIs(c.t, err, electoral.EUItalian)
		_, _, err = c.Remove(c.ctx(), officer(airasca), registry.RemovalRequest{ANPRID: "44", Code: electoral.FromEUParliamentList})
		require.NoError(c.t, err, "which ANPR's own service made impossible")
		_, err = c.Enrol(c.ctx(), officer(airasca), electorOf("44", airasca, "1"))
		require.NoError(c.t, err)
		e = c.elector(airasca, "44")
		assert.Equal(c.t, electoral.Yes, e.Status.Senate)
		assert.Equal(c.t, electoral.No, e.EU.Parliament.Enrolled)
		list, err = c.Applications(c.ctx(), officer(airasca), registry.RequestFilter{States: []registry.RequestState{registry.RequestOpen}})
		require.NoError(c.t, err)
		assert.Empty(c.t, list, "no case for who has become Italian")
	})
}

func TestExtractTurning18(t *testing.T) {
	inTown(t, func(c *town) {
		adult := people()[0]
		for i, k := range []struct {
			birth electoral.Date
			state string
		}{
			{electoral.Date{Year: 2009, Month: 1, Day: 1}, "ITA"},   // 18 on 1 January 2027
			{electoral.Date{Year: 2009, Month: 6, Day: 30}, "ITA"},  // the last day
			{electoral.Date{Year: 2008, Month: 12, Day: 31}, "ITA"}, // a day too early
			{electoral.Date{Year: 2009, Month: 7, Day: 1}, "ITA"},   // a day too late
			{electoral.Date{Year: 2009, Month: 3, Day: 1}, "FRA"},
			{electoral.Date{Year: 2009, Month: 3}, "ITA"}, // some day of March
		} {
			p := adult.Clone()
			p.ANPRID, p.FiscalCode = string(rune('a'+i)), ""
			p.ANPRID = "90" + string(rune('0'+i))
			p.Birth.Date, p.Citizenships = k.birth, []electoral.Citizenship{{State: k.state}}
			c.population.Put(p)
		}
		_, err := c.Enrol(c.ctx(), officer(aglie), electorOf("900", aglie, "2"))
		require.NoError(c.t, err, "the semestral revision enrols at 17")
		var l lister
		x := electoral.Extraction{Comune: aglie, Purpose: pollsPurpose,
			Turning18: &electoral.DateRange{From: electoral.Date{Year: 2027, Month: 1, Day: 1}, To: electoral.Date{Year: 2027, Month: 6, Day: 30}}}
		report, err := c.Extract(c.ctx(), officer(aglie), x, &l)
		n := report.Rows
		require.NoError(c.t, err)
		assert.Equal(c.t, 3, n)
		assert.Equal(c.t, 3, l.header.Total)
		assert.ElementsMatch(c.t, []string{"2/900", "/901", "/905"}, l.ids)
		// A person born on 29 February turns 18 on 1 March of a common year.
		leap := adult.Clone()
		leap.ANPRID, leap.FiscalCode, leap.Birth.Date = "910", "", electoral.Date{Year: 2008, Month: 2, Day: 29}
		c.population.Put(leap)
		for day, want := range map[electoral.Date]int{{Year: 2026, Month: 2, Day: 28}: 0, {Year: 2026, Month: 3, Day: 1}: 1} {
			x.Turning18 = &electoral.DateRange{From: day, To: day}
			report, err := c.Extract(c.ctx(), officer(aglie), x, &lister{})
			n := report.Rows
			require.NoError(c.t, err)
			assert.Equal(c.t, want, n, day)
		}
	})
}

func TestExtractTouched(t *testing.T) {
	inTown(t, func(c *town) {
		began := c.now
		c.settle(aglie)
		_, err := c.Enrol(c.ctx(), officer(aglie), electorOf("22", aglie, "2"))
		require.NoError(c.t, err)
		c.tick()
		middle := c.now
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.OtherReason})
		require.NoError(c.t, err)
		c.tick()
		for _, k := range []struct {
			list     electoral.List
			from, to time.Time
			want     []string
		}{
			{"", began, middle, []string{"1", "22"}},
			{"", middle, time.Time{}, []string{"1"}},
			{"", c.now, time.Time{}, nil},
			{"", time.Time{}, began, nil},
			{electoral.GeneralList, began, time.Time{}, []string{"22"}},
			{electoral.GeneralList, middle, time.Time{}, nil},
		} {
			var l lister
			x := electoral.Extraction{List: k.list, Comune: aglie, Purpose: pollsPurpose, Touched: &electoral.Interval{From: k.from, To: k.to}}
			report, err := c.Extract(c.ctx(), officer(aglie), x, &l)
			n := report.Rows
			require.NoError(c.t, err)
			var ids []string
			for _, id := range l.ids {
				_, id, _ = strings.Cut(id, "/")
				ids = append(ids, id)
			}
			assert.ElementsMatch(c.t, k.want, ids, "%v %v %v", k.list, k.from, k.to)
			assert.Equal(c.t, n, l.header.Total)
		}
		for _, x := range []electoral.Extraction{
			{Comune: aglie, Purpose: pollsPurpose},
			{Comune: aglie, Purpose: pollsPurpose, Touched: &electoral.Interval{}},
			{Comune: aglie, Purpose: pollsPurpose, Touched: &electoral.Interval{From: c.now, To: began}},
			{Comune: aglie, Purpose: pollsPurpose, Turning18: &electoral.DateRange{}},
			{Comune: aglie, Purpose: pollsPurpose, Section: "1", Touched: &electoral.Interval{From: began}},
			{Comune: aglie, Purpose: pollsPurpose, List: electoral.GeneralList, Turning18: &electoral.DateRange{From: electoral.Date{Year: 2027, Month: 1, Day: 1}, To: electoral.Date{Year: 2027, Month: 1, Day: 1}}},
		} {
			_, err := c.Extract(c.ctx(), officer(aglie), x, &lister{})
			faults, ok := errors.AsType[electoral.Faults](err)
			require.True(c.t, ok, "%+v: %v", x, err)
			for _, f := range faults {
				assertTold(c.t, f)
			}
		}
	})
}

// TestOneVoteEach has everybody vote through one list alone.
func TestOneVoteEach(t *testing.T) {
	yes := electoral.Status{NationalReferendums: electoral.Yes, EuropeanParliament: electoral.Yes, Senate: electoral.Yes, Chamber: electoral.Yes, Regional: electoral.Yes, Comunal: electoral.Yes, District: electoral.Yes}
	place := electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}
	for name, set := range map[string]func(*electoral.Elector){
		"general":         func(e *electoral.Elector) {},
		"Bolzano":         func(e *electoral.Elector) { e.Added.Bolzano = place },
		"Trento":          func(e *electoral.Elector) { e.Added.Trento = place },
		"European":        func(e *electoral.Elector) { e.General, e.EU.Comunal, e.EU.Parliament = nil, place, place },
		"Bolzano, abroad": func(e *electoral.Elector) { e.General, e.Added.Bolzano = nil, place },
	} {
		t.Run(name, func(t *testing.T) {
			e := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, General: place.Enrolment, Status: yes}
			set(&e)
			store, log := memory.NewStore(), &notebook{}
			require.NoError(t, store.Update(t.Context(), func(w registry.Writer) error { return w.PutElector(t.Context(), aglie, e) }))
			r, err := registry.New(registry.Config{Store: store, Population: memory.NewPopulation(people()...), Recorder: log, Now: func() time.Time { return noon }})
			require.NoError(t, err)
			for _, vote := range electoral.Consultations() {
				votes := 0
				for _, l := range electoral.Lists() {
					report, err := r.Extract(t.Context(), officer(aglie), electoral.Extraction{List: l, Comune: aglie, Consultation: vote, Day: electoral.Date{Year: 2027, Month: 1, Day: 1}, Purpose: pollsPurpose}, &lister{})
					n := report.Rows
					require.NoError(t, err)
					votes += n
				}
				assert.LessOrEqual(t, votes, 1, vote)
			}
		})
	}
}

// TestWithdrawn: a citizen withdraws what nobody has begun to handle, and sends it again;
// sent again it counts from that day, and nothing withdrawn is kept for ever.
func TestWithdrawn(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		me := people()[0]
		r, err := c.AskRectification(c.ctx(), citizen(me), registry.RectificationRequest{Field: electoral.CapacityField, Asked: "no"})
		require.NoError(c.t, err)
		step := func(req electoral.Request, to registry.RequestState) error {
			c.tick()
			_, err := c.AnswerRectification(c.ctx(), req, r.ID, to, "")
			return err
		}
		refused(c.t, c.log, step(citizen(people()[1]), registry.RequestDraft), electoral.RectificationUnknown)
		require.NoError(c.t, step(citizen(me), registry.RequestDraft))
		theirs, err := c.Rectifications(c.ctx(), officer(aglie), registry.RequestFilter{})
		require.NoError(c.t, err)
		assert.Empty(c.t, theirs, "the office does not see it")
		require.NoError(c.t, step(citizen(me), registry.RequestOpen))
		require.NoError(c.t, step(officer(aglie), registry.RequestInProgress))
		refused(c.t, c.log, step(citizen(me), registry.RequestDraft), electoral.RectificationAction)

		q := c.apply(electoral.EUComunalList)
		withdraw := func(id string, to registry.RequestState) (registry.Application, error) {
			c.tick()
			q, _, err := c.DecideApplication(c.ctx(), citizen(dupont()), id, registry.Decision{State: to})
			return q, err
		}
		_, err = withdraw(q.ID, registry.RequestDraft)
		require.NoError(c.t, err)
		other := c.apply(electoral.EUComunalList)
		_, err = withdraw(q.ID, registry.RequestOpen)
		refused(c.t, c.log, err, electoral.ApplicationTwice)
		_, err = withdraw(other.ID, registry.RequestDraft)
		require.NoError(c.t, err)
		c.now = c.now.AddDate(0, 0, 3)
		again, err := withdraw(q.ID, registry.RequestOpen)
		require.NoError(c.t, err)
		assert.Equal(c.t, q.Submitted.AddDays(3), again.Submitted)

		mine, err := c.Applications(c.ctx(), citizen(dupont()), registry.RequestFilter{})
		require.NoError(c.t, err)
		require.Len(c.t, mine, 2)
		c.now = c.now.AddDate(0, 0, 181)
		_, err = c.Expire(c.ctx(), aglie)
		require.NoError(c.t, err)
		mine, err = c.Applications(c.ctx(), citizen(dupont()), registry.RequestFilter{})
		require.NoError(c.t, err)
		require.Len(c.t, mine, 1, "what stayed withdrawn is gone, what was sent again is not")
	})
}
