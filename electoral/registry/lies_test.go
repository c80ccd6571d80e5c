package registry_test

// Each test here fails for one small change of the code that says something
// untrue: it was written after such a change went unnoticed.

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// TestCitizensShareNoID: of two citizens of one comune who chose the same id each
// gets his own answer.
func TestCitizensShareNoID(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		_, err := c.Enrol(c.ctx(), officer(aglie), electorOf("22", aglie, "1"))
		require.NoError(c.t, err)
		for _, p := range people()[:2] {
			req := citizen(p)
			req.ID = "the-same"
			q, err := c.AskRectification(c.ctx(), req, registry.RectificationRequest{Field: electoral.CapacityField, Asked: "no"})
			require.NoError(c.t, err)
			assert.Equal(c.t, p.ANPRID, q.ANPRID)
			assert.Equal(c.t, electoral.Granted, c.log.accesses[len(c.log.accesses)-1].Outcome)
		}
	})
}

// TestOldIDIsNotKept: an id that came too late is refused anew each time; it is
// no answer that was given before.
func TestOldIDIsNotKept(t *testing.T) {
	inTown(t, func(c *town) {
		put := func(id, section string) error {
			req := officer(aglie)
			req.ID = id
			_, err := c.PutSection(c.ctx(), req, sectionOf(aglie, section))
			return err
		}
		require.NoError(c.t, put("10", "1"))
		for range 2 {
			refused(c.t, c.log, put("8", "1"), electoral.RequestIDOld)
		}
		require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) error {
			_, err := rd.Record(c.ctx(), aglie, registry.ReplyBook, "o:8")
			assert.ErrorIs(c.t, err, electoral.ErrNotFound)
			return nil
		}))
		// So is an id that was used for another request.
		for range 2 {
			refused(c.t, c.log, put("10", "2"), electoral.RequestIDReused)
		}
		require.NoError(c.t, put("10", "1"), "the first request keeps its answer")
	})
}

// TestForgedRemoval: a change cannot touch a removal that is on record.
func TestForgedRemoval(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		vote := electoral.KeptVote{Consultation: electoral.RegionalElection, Day: electoral.Date{Year: 2027, Month: 1, Day: 10}}
		e, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration, Note: "verso Airasca", KeptVotes: []electoral.KeptVote{vote}})
		require.NoError(c.t, err)
		_, err = c.Change(c.ctx(), officer(aglie), e)
		require.NoError(c.t, err, "what is on record may be repeated")
		for name, forge := range map[string]func(e *electoral.Elector, r *electoral.Removal){
			"comune": func(e *electoral.Elector, r *electoral.Removal) { r.Comune = airasca },
			"list":   func(e *electoral.Elector, r *electoral.Removal) { r.List = electoral.BolzanoList },
			"reason": func(e *electoral.Elector, r *electoral.Removal) { r.Code = electoral.DeathOfElector },
			"day":    func(e *electoral.Elector, r *electoral.Removal) { r.Day = r.Day.AddDays(1) },
			"cause":  func(e *electoral.Elector, r *electoral.Removal) { r.Cause = electoral.CauseOther },
			"one more": func(e *electoral.Elector, r *electoral.Removal) {
				e.SetRemoval(electoral.Removal{List: electoral.TrentoList})
			},
			"note": func(e *electoral.Elector, r *electoral.Removal) { r.Note = "" },
			"vote": func(e *electoral.Elector, r *electoral.Removal) { e.KeptVotes = nil },
			"another vote": func(e *electoral.Elector, r *electoral.Removal) {
				e.KeptVotes[0].Consultation = electoral.ChamberElection
			},
			"another day":   func(e *electoral.Elector, r *electoral.Removal) { e.KeptVotes[0].Day = e.KeptVotes[0].Day.AddDays(7) },
			"other section": func(e *electoral.Elector, r *electoral.Removal) { e.KeptVotes[0].Section = "2" },
		} {
			forged := e.Clone()
			forge(&forged, &forged.Removals[0])
			_, err := c.Change(c.ctx(), officer(aglie), forged)
			require.ErrorIs(c.t, err, electoral.RemovalNotHere, name)
		}
		assert.Equal(c.t, e.Removals, c.elector(aglie, "1").Removals)
		assert.Equal(c.t, e.KeptVotes, c.elector(aglie, "1").KeptVotes)
	})
}

// TestNoVoteWithoutTheRight: who lost the right to vote, or died, keeps no vote
// where he was.
func TestNoVoteWithoutTheRight(t *testing.T) {
	day := electoral.Date{Year: 2027, Month: 1, Day: 10}
	for name, code := range map[string]electoral.RemovalCode{"lost": electoral.RightLostWithTransfer, "dead": electoral.DeathOfElector} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(c *town) {
				c.settle(aglie)
				_, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{
					ANPRID: "1", Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{{Consultation: electoral.RegionalElection, Day: day}},
				})
				require.NoError(c.t, err)
				c.settle(airasca)
				require.Equal(c.t, 1, c.rolled(aglie, electoral.GeneralList, day))
				if code == electoral.DeathOfElector {
					dead := people()[0].Clone()
					dead.Death = electoral.Date{Year: 2026, Month: 11, Day: 22}
					c.population.Put(dead)
				}
				e, warnings, err := c.Remove(c.ctx(), officer(airasca), registry.RemovalRequest{ANPRID: "1", Code: code})
				require.NoError(c.t, err)
				assert.False(c.t, warnings.Has(electoral.RemovalStillVotes))
				assert.Equal(c.t, code, e.Removals[0].Code)
				assert.Empty(c.t, e.KeptVotes, "the earlier vote is gone")
				assert.Zero(c.t, c.rolled(aglie, electoral.GeneralList, day))
			})
		})
	}
	t.Run("capacity alone", func(t *testing.T) {
		inTown(t, func(c *town) {
			c.settle(aglie)
			require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
				e, home, err := w.Elector(c.ctx(), "1")
				if err != nil {
					return err
				}
				e.Capacity = electoral.No // as another program may have left it, with the status as it was
				return w.PutElector(c.ctx(), home, e)
			}))
			assert.Zero(c.t, c.rolled(aglie, electoral.GeneralList, day))
		})
	})
}

// TestNoticeToCome: residence is counted at a notice that is out, not at one that
// will be.
func TestNoticeToCome(t *testing.T) {
	today := electoral.Date{Year: 2026, Month: 11, Day: 22}
	for name, c := range map[string]struct {
		vote electoral.Vote
		over bool
	}{
		"out":         {electoral.Vote{Consultation: electoral.RegionalElection, Notice: today, Day: today.AddDays(45)}, true},
		"to come":     {electoral.Vote{Consultation: electoral.RegionalElection, Notice: today.AddDays(1), Day: today.AddDays(46)}, false},
		"voted":       {electoral.Vote{Consultation: electoral.RegionalElection, Notice: today.AddDays(-46), Day: today.AddDays(-1)}, false},
		"polling day": {electoral.Vote{Consultation: electoral.RegionalElection, Notice: today.AddDays(-45), Day: today}, true},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(town *town) {
				town.votes = []electoral.Vote{c.vote}
				p := people()[0].Clone()
				p.Residence.Comune = "A952"
				p.Residence.Since = today.AddYears(-5)
				if !c.vote.Notice.After(today) && c.vote.Day.Before(today) {
					p.Residence.Since = today.AddYears(-4) // over today, not at the past notice
				}
				town.population.Put(p)
				e := electorOf("1", aglie, "1")
				e.Added.Bolzano = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}
				warnings, err := town.Enrol(town.ctx(), officer(aglie), e)
				if c.over {
					require.ErrorIs(town.t, err, electoral.AddedTermOver)
					return
				}
				require.NotErrorIs(town.t, err, electoral.AddedTermOver)
				require.NoError(town.t, err)
				assert.True(town.t, warnings.Has(electoral.AddedTermNotCheckable))
			})
		})
	}
}

// TestLateOnPollingDay: on the day of the vote an application is still late for
// it; on the next it is not.
func TestLateOnPollingDay(t *testing.T) {
	inTown(t, func(c *town) {
		today := electoral.Date{Year: 2026, Month: 11, Day: 22}
		c.votes = []electoral.Vote{{Consultation: electoral.ComunalElection, Notice: today.AddDays(-45), Day: today}}
		q, warnings, err := c.Apply(c.ctx(), citizen(dupont()), registry.EnrolmentApplication, electoral.EUComunalList, content())
		require.NoError(c.t, err)
		assert.True(c.t, warnings.Has(electoral.ApplicationLate))
		_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.ErrorIs(c.t, err, electoral.ApplicationLate)
		c.now = c.now.AddDate(0, 0, 1)
		_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
	})
}

// TestReleasedToAThird: whose elector is in the list of a third comune has
// released him, and does not keep who asked for him waiting.
func TestReleasedToAThird(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		c.contend()
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
			return w.PutElector(c.ctx(), "H501", electorOf("1", "H501", "1"))
		}))
		_, err := c.Load(c.ctx(), officer(aglie), aglie, source(1, sectionOf(aglie, "9")), electoral.LoadSource[electoral.Elector]{}, registry.LoadOptions{})
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.ConflictReleased, c.conflicts(airasca)[0].State)
	})
}

// TestChains: who reads an elector is in the chain of the comune under which he is
// registered, from wherever he reads.
func TestChains(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		last := func() electoral.Access { return c.log.accesses[len(c.log.accesses)-1] }
		_, err := c.Elector(c.ctx(), officer(airasca), "1")
		refused(c.t, c.log, err, electoral.NotCompetent)
		assert.Equal(c.t, aglie, last().Comune, "that somebody tried too")
		assert.Equal(c.t, airasca, last().ActorComune)
		_, err = c.ElectorByFiscalCode(c.ctx(), officer("H501"), people()[0].FiscalCode)
		refused(c.t, c.log, err, electoral.NotCompetent)
		assert.Equal(c.t, aglie, last().Comune)
		assert.Equal(c.t, "1", last().Subject)
		_, err = c.PersonalRecord(c.ctx(), citizen(people()[0]))
		require.NoError(c.t, err)
		assert.Equal(c.t, aglie, last().Comune)

		conflict := c.contend()
		_, err = c.AnswerConflict(c.ctx(), officer(airasca), conflict.ID, registry.AcknowledgeConflict, "")
		require.NoError(c.t, err)
		for _, a := range c.log.accesses[len(c.log.accesses)-2:] {
			assert.Equal(c.t, aglie, a.Comune, "requested and outcome stand together")
			assert.Equal(c.t, "1", a.Subject)
		}
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
		require.NoError(c.t, err)
		c.tick()
		c.settle(airasca)
		_, err = c.Change(c.ctx(), officer(airasca), electorOf("1", airasca, "2"))
		require.NoError(c.t, err)
		assert.Equal(c.t, airasca, last().Comune, "where he is registered when it is asked")

		// A list stands in the chain of its comune; an access about a person
		// registered nowhere, in the caller's.
		_, err = c.Count(c.ctx(), officer(airasca), registry.Query{Comune: aglie})
		refused(c.t, c.log, err, electoral.NotCompetent)
		assert.Equal(c.t, aglie, last().Comune)
		_, err = c.Elector(c.ctx(), officer(airasca), "999")
		refused(c.t, c.log, err, electoral.PersonUnknown)
		assert.Equal(c.t, airasca, last().Comune)
		_, err = c.Elector(c.ctx(), officer(airasca), "22")
		refused(c.t, c.log, err, electoral.ElectorUnknown)
		assert.Equal(c.t, people()[1].Registered(), last().Comune, "of who is in no list, where he lives")
	})
}

// TestNotOnRecord: the registry gives the facts of a certificate only to an access
// that is on record.
func TestNotOnRecord(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		before := len(c.log.accesses)
		for _, on := range []*electoral.Entry{nil, {}} {
			facts, err := c.CertificateFacts(c.ctx(), on)
			require.ErrorIs(c.t, err, electoral.ErrRequestNotRecorded)
			assert.Empty(c.t, facts)
		}
		var kept *electoral.Entry
		access := electoral.NewAccess(officer(aglie), electoral.OpReadForCertificate, c.now)
		access.Subject = "1"
		require.NoError(c.t, electoral.Passage{Recorder: c.log, Access: access, ReadOnly: true}.Do(c.ctx(), func(on *electoral.Entry) error {
			kept = on
			_, err := c.CertificateFacts(c.ctx(), on)
			return err
		}))
		_, err := c.CertificateFacts(c.ctx(), kept)
		require.ErrorIs(c.t, err, electoral.ErrRequestNotRecorded, "its work is over")
		assert.Len(c.t, c.log.accesses, before+1, "it writes no entry of its own")

		// What every service asks is asked here too.
		weak := officer(aglie)
		weak.Actor.Level = 1
		_, err = certificateFacts(c.ctx(), c.Registry, c.log, weak, "1")
		refused(c.t, c.log, err, electoral.LevelTooLow)
		access = electoral.NewAccess(weak, electoral.OpReadForCertificate, c.now)
		access.Subject = "1"
		err = electoral.Passage{Recorder: c.log, Access: access, ReadOnly: true}.Do(c.ctx(), func(on *electoral.Entry) error {
			_, err := c.CertificateFacts(c.ctx(), on)
			return err
		})
		refused(c.t, c.log, err, electoral.LevelTooLow)
	})
}

// TestStillVotesBesideOthers: who left with a vote kept stands in his section's
// list, among those who are still there.
func TestStillVotesBesideOthers(t *testing.T) {
	inTown(t, func(c *town) {
		day := electoral.Date{Year: 2027, Month: 1, Day: 10}
		c.settle(aglie)
		_, err := c.Enrol(c.ctx(), officer(aglie), electorOf("22", aglie, "1"))
		require.NoError(c.t, err)
		other := c.inhabit(2)[1] // in section 2
		_, err = c.Enrol(c.ctx(), officer(aglie), other)
		require.NoError(c.t, err)
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{
			ANPRID: "1", Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{{Consultation: electoral.RegionalElection, Day: day}},
		})
		require.NoError(c.t, err)
		c.tick()
		for section, want := range map[string][]string{"": {"1/1", "1/22", "2/" + other.ANPRID}, "1": {"1/1", "1/22"}, "2": {"2/" + other.ANPRID}} {
			l := &lister{}
			_, err := c.Extract(c.ctx(), officer(aglie), electoral.Extraction{
				List: electoral.GeneralList, Comune: aglie, Section: section, Consultation: electoral.RegionalElection, Day: day, Purpose: pollsPurpose,
			}, l)
			require.NoError(c.t, err)
			assert.ElementsMatch(c.t, want, l.ids, "section %q", section)
			last := c.log.accesses[len(c.log.accesses)-1]
			assert.Contains(c.t, last.Details, electoral.Detail{Key: "rows", Value: strconv.Itoa(len(want))}, "how many left is on record")
			assert.Equal(c.t, pollsPurpose.Function, last.Purpose)
		}
	})
}

// TestJournalBound: more ids than an answer holds are refused as such.
func TestJournalBound(t *testing.T) {
	inTown(t, func(c *town) {
		_, err := c.Journal(c.ctx(), officer(aglie), registry.JournalSearch{Comune: aglie, ANPRIDs: make([]string, 1001)}, 0)
		refused(c.t, c.log, err, electoral.QueryPaging)
		_, err = c.Journal(c.ctx(), officer(aglie), registry.JournalSearch{Comune: aglie, ANPRIDs: make([]string, 1000)}, 0)
		require.NoError(c.t, err)
	})
}

// TestNobodysRequest: who is in no comune's register and in no list has no comune
// to ask.
func TestNobodysRequest(t *testing.T) {
	inTown(t, func(c *town) {
		gone := people()[0].Clone()
		gone.Residence, gone.Abroad = nil, nil
		c.population.Put(gone)
		_, err := c.AskRectification(c.ctx(), citizen(gone), registry.RectificationRequest{Field: electoral.RegionalField, Asked: "no"})
		refused(c.t, c.log, err, electoral.ElectorUnknown)
		assert.Empty(c.t, c.records(registry.RecordSearch{Book: registry.RectificationBook, Subject: "1"}))
	})
}

// TestClosedConflictStays: what was withdrawn or resolved is not brought back by
// what the comuni do later.
func TestClosedConflictStays(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		conflict := c.contend()
		_, err := c.AnswerConflict(c.ctx(), officer(airasca), conflict.ID, registry.WithdrawConflict, "")
		require.NoError(c.t, err)
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
		require.NoError(c.t, err)
		assert.Equal(c.t, registry.ConflictWithdrawn, c.conflicts(airasca)[0].State)
		c.tick()
		c.settle(airasca)
		assert.Equal(c.t, registry.ConflictWithdrawn, c.conflicts(airasca)[0].State)
	})
}

// TestNotedOnce: the journal of each comune that has a part in a change has it
// once, and nobody's journal has none.
func TestNotedOnce(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		_, err := c.Enrol(c.ctx(), officer(aglie), electorOf("22", aglie, "1"))
		require.NoError(c.t, err)
		require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) error {
			for comune, want := range map[string]int{aglie: 2, airasca: 0, "": 0} {
				n := 0
				for _, err := range rd.Journal(c.ctx(), registry.JournalSearch{Comune: comune}) {
					require.NoError(c.t, err)
					n++
				}
				assert.Equal(c.t, want, n, "%q", comune)
			}
			return nil
		}))
	})
}
