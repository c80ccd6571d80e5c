package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// recovered is a request with the act of a recovery.
func recovered(comune string) electoral.Request {
	req := officer(comune)
	req.Recovery = &electoral.Recovery{Act: "Trib. sorveglianza Torino, ord. 12/2026", Day: today}
	return req
}

func message(comune string) electoral.Request {
	req := officer(comune)
	req.Message = true
	return req
}

func lost(comune string) *electoral.CapacityLoss {
	return &electoral.CapacityLoss{Comune: comune, Day: today}
}

// incapable returns the elector as a comune enrols one who may not vote.
func incapable(e electoral.Elector) electoral.Elector {
	e.LoseCapacity()
	return e
}

// lose registers the loss of the right of the person 1.
func (c *town) lose(comune string) {
	c.t.Helper()
	e, _, err := c.SetCapacity(c.ctx(), officer(comune), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
	require.NoError(c.t, err)
	assert.Equal(c.t, lost(comune), e.Loss)
	c.tick()
}

// TestCase53RightLostWithTransfer: 9 is a loss; the next comune learns of it, and
// nobody is an elector again without the recovery.
func TestCase53RightLostWithTransfer(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.moved(airasca)
		assert.Empty(c.t, c.remove(aglie, registry.RemovalRequest{Code: electoral.RightLostWithTransfer}))
		before := c.elector(aglie, "1")
		assert.Equal(c.t, lost(aglie), before.Loss)
		_, err := c.Enrol(c.ctx(), officer(airasca), electorOf("1", airasca, "1"))
		refused(c.t, c.log, err, electoral.CapacityNotRecovered)
		f := only(c.t, err, electoral.CapacityNotRecovered)
		assert.Contains(c.t, f.Message, "Agliè")
		assert.Contains(c.t, f.Message, "22 novembre 2026")
		assert.Contains(c.t, f.Source, "223")
		assert.Equal(c.t, before, c.elector(aglie, "1"))
		assert.Empty(c.t, c.conflicts(aglie), "a claim that would be refused anyway opens no conflict")

		_, err = c.Enrol(c.ctx(), officer(airasca), incapable(electorOf("1", airasca, "1")))
		require.NoError(c.t, err)
		e := c.elector(airasca, "1")
		assert.Equal(c.t, lost(aglie), e.Loss, "B learns of it")
		assert.Zero(c.t, c.voting(airasca, electoral.ChamberElection, today))
		_, _, err = c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.Yes, Status: electorOf("1", airasca, "1").Status})
		refused(c.t, c.log, err, electoral.NotCompetent)
		back, warnings, err := c.SetCapacity(c.ctx(), recovered(airasca), registry.CapacityChange{ANPRID: "1", Capacity: electoral.Yes, Status: electorOf("1", airasca, "1").Status})
		require.NoError(c.t, err)
		assert.Empty(c.t, warnings)
		assert.Nil(c.t, back.Loss)
		assert.Equal(c.t, 1, c.voting(airasca, electoral.ChamberElection, today))
	})
}

// TestCase54LostRightMoves: an interdicted person who moves house does not vote
// again by that, whichever way the new comune takes.
func TestCase54LostRightMoves(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.lose(aglie)
		c.moved(airasca)
		c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration})
		before := c.elector(aglie, "1")
		assert.Equal(c.t, lost(aglie), before.Loss, "a removal leaves the loss")
		facts, err := certificateFacts(c.ctx(), c.Registry, c.log, officer("H501"), "1")
		require.NoError(c.t, err)
		assert.Nil(c.t, facts.Elector.Loss, "a certificate needs the capacity alone")
		assert.Equal(c.t, electoral.No, facts.Elector.Capacity)
		for name, req := range map[string]electoral.Request{"by the officer": officer(airasca), "by a message": message(airasca)} {
			_, err := c.Enrol(c.ctx(), req, electorOf("1", airasca, "1"))
			refused(c.t, c.log, err, electoral.CapacityNotRecovered)
			for _, opts := range []registry.LoadOptions{{}, {Partial: true}, {Resumable: true}, {DryRun: true}} {
				loading := officer(airasca)
				loading.Message = req.Message
				report, err := c.Load(c.ctx(), loading, airasca, electoral.LoadSource[electoral.Section]{}, source(1, electorOf("1", airasca, "1")), opts)
				assert.Equal(c.t, !opts.Partial && !opts.Resumable && !opts.DryRun, err != nil, name)
				assert.True(c.t, report.Faults.Has(electoral.CapacityNotRecovered), name)
				assert.Equal(c.t, 1, report.Electors.Refused)
			}
		}
		assert.Equal(c.t, before, c.elector(aglie, "1"))
		warnings, err := c.Enrol(c.ctx(), recovered(airasca), electorOf("1", airasca, "1"))
		require.NoError(c.t, err)
		assert.Empty(c.t, warnings)
		assert.Nil(c.t, c.elector(airasca, "1").Loss)
		last := c.log.accesses[len(c.log.accesses)-2] // the enrolment, before the reading
		assert.Contains(c.t, last.Details, electoral.Detail{Key: "recovery", Value: "2026-11-22 Trib. sorveglianza Torino, ord. 12/2026"})
	})
	// The comune that registered the loss may end it by a message, and is told.
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.lose(aglie)
		c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration})
		warnings, err := c.Enrol(c.ctx(), message(aglie), electorOf("1", aglie, "1"))
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.Warning, only(c.t, warnings, electoral.CapacityFromMessage).Severity)
		assert.Nil(c.t, c.elector(aglie, "1").Loss)
	})
	// A first load with the act gives the right back, and its undoing takes it.
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.lose(aglie)
		c.remove(aglie, registry.RemovalRequest{Code: electoral.Emigration})
		req := officer(airasca)
		opts := registry.LoadOptions{Recoveries: map[string]electoral.Recovery{"1": *recovered(airasca).Recovery}}
		_, err := c.Load(c.ctx(), req, airasca, electoral.LoadSource[electoral.Section]{}, source(1, electorOf("1", airasca, "1")), opts)
		require.NoError(c.t, err)
		assert.Nil(c.t, c.elector(airasca, "1").Loss)
		c.tick()
		_, _, err = c.UndoLoad(c.ctx(), officer(airasca), airasca, req.ID)
		require.NoError(c.t, err)
		e := c.elector(aglie, "1")
		assert.Equal(c.t, lost(aglie), e.Loss)
		assert.Equal(c.t, electoral.No, e.Capacity)
		// Nor is it a way to forget a loss to annul the enrolment.
		_, err = c.Enrol(c.ctx(), officer(airasca), incapable(electorOf("1", airasca, "1")))
		require.NoError(c.t, err)
		c.remove(airasca, registry.RemovalRequest{Code: electoral.Annulment})
		assert.Equal(c.t, lost(aglie), c.elector(aglie, "1").Loss)
	})
}

// TestCase55LostRightChanges: nor does a change of section give the right back.
func TestCase55LostRightChanges(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.lose(aglie)
		before := c.elector(aglie, "1")
		_, err := c.Change(c.ctx(), officer(aglie), electorOf("1", aglie, "2"))
		refused(c.t, c.log, err, electoral.CapacityNotRecovered)
		assert.Equal(c.t, before, c.elector(aglie, "1"))
		_, err = c.Change(c.ctx(), officer(aglie), incapable(electorOf("1", aglie, "2")))
		require.NoError(c.t, err, "the section alone")
		e := c.elector(aglie, "1")
		assert.Equal(c.t, "2", e.General.Section)
		assert.Equal(c.t, lost(aglie), e.Loss)
		e.Loss = nil
		_, err = c.Change(c.ctx(), officer(aglie), e)
		require.NoError(c.t, err)
		assert.Equal(c.t, lost(aglie), c.elector(aglie, "1").Loss, "a loss that is not given is not ended")
		e.Loss = lost(airasca)
		_, err = c.Change(c.ctx(), officer(aglie), e)
		refused(c.t, c.log, err, electoral.LossNotHere)
		warnings, err := c.Change(c.ctx(), message(aglie), electorOf("1", aglie, "2"))
		require.NoError(c.t, err)
		assert.True(c.t, warnings.Has(electoral.CapacityFromMessage))
		// A change to no of one who is in the general list is a loss too.
		_, err = c.Change(c.ctx(), message(aglie), incapable(electorOf("1", aglie, "2")))
		require.NoError(c.t, err)
		assert.Equal(c.t, lost(aglie), c.elector(aglie, "1").Loss)
		_, err = c.Change(c.ctx(), recovered(aglie), electorOf("1", aglie, "2"))
		require.NoError(c.t, err)
		assert.Equal(c.t, electorOf("1", aglie, "2"), c.elector(aglie, "1"))
	})
}

// TestRecoveryUnfit: a recovery is of a loss, after it, with an act and a day that
// exist, and goes with a service that gives the right back.
func TestRecoveryUnfit(t *testing.T) {
	act, day := "Ord. 1/2026", today
	for name, k := range map[string]struct {
		recovery electoral.Recovery
		code     electoral.Code
		name     string
	}{
		"no act":       {electoral.Recovery{Day: day}, electoral.RecoveryUnfit, ""},
		"a long act":   {electoral.Recovery{Act: string(make([]byte, 81)), Day: day}, electoral.RecoveryUnfit, ""},
		"two lines":    {electoral.Recovery{Act: "Ord.\n1/2026", Day: day}, electoral.RecoveryUnfit, ""},
		"no day":       {electoral.Recovery{Act: act}, electoral.RecoveryUnfit, "day"},
		"no such day":  {electoral.Recovery{Act: act, Day: electoral.Date{Year: 2026, Month: 2, Day: 29}}, electoral.RecoveryUnfit, "day"},
		"no whole day": {electoral.Recovery{Act: act, Day: electoral.Date{Year: 2026, Month: 2}}, electoral.RecoveryUnfit, "day"},
		"to come":      {electoral.Recovery{Act: act, Day: day.AddDays(1)}, electoral.RecoveryUnfit, "future"},
		"before it":    {electoral.Recovery{Act: act, Day: day.AddDays(-1)}, electoral.RecoveryUnfit, "before"},
		"on that day":  {electoral.Recovery{Act: act, Day: day}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				c.settle(aglie)
				c.lose(aglie)
				before := c.elector(aglie, "1")
				req := officer(aglie)
				req.Recovery = &k.recovery
				_, err := c.Change(c.ctx(), req, electorOf("1", aglie, "1"))
				if k.code == "" {
					require.NoError(c.t, err)
					return
				}
				assert.Equal(c.t, k.name, only(c.t, err, k.code).Case)
				assert.Equal(c.t, before, c.elector(aglie, "1"))
			})
		})
	}
	inTown(t, func(c *town) {
		c.settle(aglie)
		_, err := c.Change(c.ctx(), recovered(aglie), electorOf("1", aglie, "2"))
		refused(c.t, c.log, err, electoral.RecoveryWithoutLoss)
		assert.Equal(c.t, "1", c.elector(aglie, "1").General.Section)
		_, err = c.Enrol(c.ctx(), recovered(aglie), electorOf("22", aglie, "1"))
		refused(c.t, c.log, err, electoral.RecoveryWithoutLoss)
		_, _, err = c.Remove(c.ctx(), recovered(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
		refused(c.t, c.log, err, electoral.RecoveryWithoutLoss)
		_, err = c.Load(c.ctx(), recovered(aglie), aglie, electoral.LoadSource[electoral.Section]{}, source(1, electorOf("22", aglie, "1")), registry.LoadOptions{})
		refused(c.t, c.log, err, electoral.RecoveryWithoutLoss)
		report, err := c.Load(c.ctx(), officer(aglie), aglie, electoral.LoadSource[electoral.Section]{}, source(1, electorOf("22", aglie, "1")),
			registry.LoadOptions{Recoveries: map[string]electoral.Recovery{"22": *recovered(aglie).Recovery}})
		require.ErrorIs(c.t, err, registry.ErrLoadRefused)
		assert.True(c.t, report.Faults.Has(electoral.RecoveryWithoutLoss))
		_, err = c.Load(c.ctx(), officer(aglie), aglie, electoral.LoadSource[electoral.Section]{}, source(1, electorOf("22", aglie, "1")),
			registry.LoadOptions{Recoveries: map[string]electoral.Recovery{"22": {Act: act}}})
		refused(c.t, c.log, err, electoral.RecoveryUnfit)
		report, err = c.Load(c.ctx(), officer(aglie), aglie, electoral.LoadSource[electoral.Section]{}, source(1, electorOf("22", aglie, "1")),
			registry.LoadOptions{Recoveries: map[string]electoral.Recovery{"44": *recovered(aglie).Recovery}})
		require.ErrorIs(c.t, err, registry.ErrLoadRefused)
		assert.Equal(c.t, "absent", only(c.t, report.Faults, electoral.RecoveryWithoutLoss).Case)
		c.lose(aglie)
		_, err = c.Change(c.ctx(), recovered(aglie), incapable(electorOf("1", aglie, "2")))
		assert.Equal(c.t, "not-yes", only(c.t, err, electoral.RecoveryWithoutLoss).Case)
		for _, day := range []electoral.Date{{Year: 2026, Month: 13, Day: 1}, today.AddDays(1)} {
			_, _, err = c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No, Day: day})
			refused(c.t, c.log, err, electoral.CapacityUnchanged)
		}
	})
}

// TestNoOfUnknownOrigin: a no that was stored before losses were recorded, or that
// comes from leaving the lists, is doubted and not refused; it can be registered
// as a loss, by the comune under which the person is.
func TestNoOfUnknownOrigin(t *testing.T) {
	inTown(t, func(c *town) {
		c.placed(aglie, incapable(electorOf("1", aglie, "1")))
		warnings, err := c.Change(c.ctx(), officer(aglie), electorOf("1", aglie, "1"))
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.Warning, only(c.t, warnings, electoral.CapacityOfUnknownOrigin).Severity)
		c.placed(aglie, incapable(electorOf("1", aglie, "1")))
		warnings, err = c.Change(c.ctx(), recovered(aglie), electorOf("1", aglie, "1"))
		require.NoError(c.t, err)
		assert.Empty(c.t, warnings, "the act explains it")
		c.placed(aglie, incapable(electorOf("1", aglie, "1")))
		_, _, err = c.SetCapacity(c.ctx(), officer(airasca), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
		refused(c.t, c.log, err, electoral.NotCompetent)
		c.lose(aglie)
		_, _, err = c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
		refused(c.t, c.log, err, electoral.CapacityUnchanged)
	})
}

// TestLostRightOfUnionCitizen: an application does not give back a right that was
// lost; who only left the lists may be in one again.
func TestLostRightOfUnionCitizen(t *testing.T) {
	inTown(t, func(c *town) {
		q := c.apply(electoral.EUComunalList)
		_, err := c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
		_, _, err = c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "44", Capacity: electoral.No})
		require.NoError(c.t, err)
		c.remove(aglie, registry.RemovalRequest{ANPRID: "44", List: electoral.EUComunalList, Cause: electoral.CauseAsked})
		q = c.apply(electoral.EUComunalList)
		done := registry.Decision{State: registry.RequestDone, Section: "1"}
		_, err = c.decide(aglie, q.ID, done)
		refused(c.t, c.log, err, electoral.CapacityNotRecovered)
		assert.Equal(c.t, electoral.No, c.elector(aglie, "44").Capacity)
		_, warnings, err := c.DecideApplication(c.ctx(), recovered(aglie), q.ID, done)
		require.NoError(c.t, err)
		assert.Empty(c.t, warnings)
		e := c.elector(aglie, "44")
		assert.Nil(c.t, e.Loss)
		assert.Equal(c.t, electoral.Yes, e.Capacity)
		assert.Empty(c.t, e.Removals)

		q, _, err = c.Apply(c.ctx(), citizen(dupont()), registry.WithdrawalApplication, electoral.EUComunalList, registry.ApplicationContent{})
		require.NoError(c.t, err)
		_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone})
		require.NoError(c.t, err)
		e = c.elector(aglie, "44")
		assert.Equal(c.t, electoral.No, e.Capacity)
		assert.Nil(c.t, e.Loss)
		q = c.apply(electoral.EUComunalList)
		_, _, err = c.DecideApplication(c.ctx(), officer(aglie), q.ID, registry.Decision{State: registry.RequestInProgress})
		require.NoError(c.t, err)
		_, warnings, err = c.DecideApplication(c.ctx(), officer(aglie), q.ID, done)
		require.NoError(c.t, err)
		require.Len(c.t, warnings, 1, "said once")
		assert.Equal(c.t, electoral.ApplicationCapacity, warnings[0].Code)
		assert.Equal(c.t, electoral.Yes, c.elector(aglie, "44").Capacity)
	})
}

// TestRefusedSectionSaidOnce: a section that is refused does not make each of its
// electors wrong; they wait for it, which is said at its line, and are not stored.
func TestRefusedSectionSaidOnce(t *testing.T) {
	bad := sectionOf(aglie, "3")
	bad.SeatName = ""
	for name, opts := range map[string]registry.LoadOptions{"whole": {}, "partial": {Partial: true}, "resumable": {Resumable: true}, "trial": {DryRun: true}} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				wrong := electorOf("22", aglie, "3")
				wrong.Status.SenateConstituency = ""
				list := append(c.inhabit(3), electorOf("1", aglie, "3"), wrong)
				report, err := c.Load(c.ctx(), officer(aglie), aglie, source(2, sectionOf(aglie, "4"), bad), source(len(list), list...), opts)
				assert.Equal(c.t, name == "whole", err != nil)
				assert.Equal(c.t, registry.LoadCount{Declared: 5, Read: 5, Accepted: 3, Refused: 2}, report.Electors)
				assert.False(c.t, report.Faults.Has(electoral.SectionUnknown))
				f := only(c.t, report.Faults, electoral.SectionRefused)
				assert.Equal(c.t, 2, f.Record)
				require.NotNil(c.t, f.Position)
				assert.Equal(c.t, 11, f.Position.Line)
				assert.Contains(c.t, f.Message, "2 elettori")
				for _, f := range report.Faults.Errors() {
					if f.Code != electoral.SectionRefused && f.Record == 5 && f.Position.Line == 14 {
						assert.Equal(c.t, electoral.ConstituencyMissing, f.Code, "the fault of his own is told")
					}
				}
				assert.Equal(c.t, 3, report.Errors, "the section's, those who wait, the constituency")
				assert.Equal(c.t, map[bool]int{true: 3, false: 0}[report.Stored], c.held(aglie))
				_, err = c.Elector(c.ctx(), officer(aglie), "1")
				require.ErrorIs(c.t, err, electoral.ElectorUnknown)
			})
		})
	}
}
