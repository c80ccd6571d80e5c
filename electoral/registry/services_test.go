package registry_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// town is a registry with people, sections in two comuni, and a clock.
type town struct {
	announced []registry.Announcement // the acts that the operator has
	noActs    bool                    // Succeed adds none
	*registry.Registry
	t          *testing.T
	store      registry.Store
	population *memory.Population
	log        *notebook
	now        time.Time
	votes      []electoral.Vote
}

// inTown runs a test in a town on every store that the SDK has.
func inTown(t *testing.T, run func(c *town)) {
	eachStore(t, func(t *testing.T, _ *registry.Registry, log *notebook, store registry.Store) {
		c := &town{t: t, store: store, population: memory.NewPopulation(people()...), log: log, now: noon}
		r, err := registry.New(registry.Config{
			Store: store, Population: c.population, Recorder: log, Now: func() time.Time { return c.now },
			Votes:     func(string) []electoral.Vote { return c.votes },
			FirstLoad: registry.FirstLoadTerm{Announced: electoral.Date{Year: 2026, Month: 2, Day: 28}},
			Announced: c.acts,
		})
		require.NoError(t, err)
		c.Registry = r
		for _, comune := range []string{aglie, airasca} {
			for _, number := range []string{"1", "2"} {
				_, err := r.PutSection(t.Context(), officer(comune), sectionOf(comune, number))
				require.NoError(t, err)
			}
		}
		run(c)
	})
}

func (c *town) ctx() context.Context { return c.t.Context() }

// settle puts the person 1 into a general list.
func (c *town) settle(comune string) {
	c.t.Helper()
	_, err := c.Enrol(c.ctx(), officer(comune), electorOf("1", comune, "1"))
	require.NoError(c.t, err)
	c.tick()
}

// assertTold asks of a refusal all that a vendor wants to know.
func assertTold(t *testing.T, f electoral.Fault) {
	t.Helper()
	for name, text := range map[string]string{"code": string(f.Code), "path": f.Path, "message": f.Message, "expected": f.Expected, "source": f.Source} {
		assert.NotEmpty(t, text, "%s of %s", name, f.Code)
	}
}

func (c *town) elector(comune, id string) electoral.Elector {
	c.t.Helper()
	e, err := c.Elector(c.ctx(), officer(comune), id)
	require.NoError(c.t, err)
	return e
}

// journal returns the operations that a comune's journal has of a person.
func (c *town) journal(comune, id string) (ops []electoral.Operation) {
	c.t.Helper()
	page, err := c.Journal(c.ctx(), officer(comune), registry.JournalSearch{Comune: comune, ANPRIDs: []string{id}}, 0)
	require.NoError(c.t, err)
	for _, e := range page.Entries {
		ops = append(ops, e.Operation)
	}
	return ops
}

// tick lets time pass, so that entries of the journal differ.
func (c *town) tick() { c.now = c.now.Add(time.Second) }

func TestSameRequestTwice(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		req := officer(aglie)
		req.Revision = electoral.DynamicRevision
		changed := electorOf("1", aglie, "2")
		changed.Status.Regional = electoral.No
		first, err := c.Change(c.ctx(), req, changed)
		require.NoError(c.t, err)
		require.True(c.t, first.Has(electoral.StatusUnusual))
		c.tick()
		// Somebody changes him again; the retry does not take that back.
		_, err = c.Change(c.ctx(), officer(aglie), electorOf("1", aglie, "1"))
		require.NoError(c.t, err)
		c.tick()
		again, err := c.Change(c.ctx(), req, changed)
		require.NoError(c.t, err)
		assert.Equal(c.t, first, again, "the earlier answer")
		assert.Equal(c.t, electorOf("1", aglie, "1"), c.elector(aglie, "1"), "and no second effect")
		assert.Equal(c.t, electoral.Repeated, c.log.accesses[len(c.log.accesses)-2].Outcome)
		assert.Equal(c.t, []electoral.Operation{electoral.OpEnrol, electoral.OpChange, electoral.OpChange}, c.journal(aglie, "1"))

		// The same id for something else.
		_, err = c.Change(c.ctx(), req, electorOf("1", aglie, "1"))
		refused(c.t, c.log, err, electoral.RequestIDReused)
		_, _, err = c.Remove(c.ctx(), req, registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
		refused(c.t, c.log, err, electoral.RequestIDReused)
		// Another comune's ids are its own.
		other := officer(airasca)
		other.ID = req.ID
		_, err = c.PutSection(c.ctx(), other, sectionOf(airasca, "3"))
		require.NoError(c.t, err)

		// A refusal is an answer too, even if it would be granted now.
		req = officer(aglie)
		_, err = c.Enrol(c.ctx(), req, electorOf("22", aglie, "9"))
		require.ErrorIs(c.t, err, electoral.SectionUnknown)
		_, err = c.PutSection(c.ctx(), officer(aglie), sectionOf(aglie, "9"))
		require.NoError(c.t, err)
		_, again2 := c.Enrol(c.ctx(), req, electorOf("22", aglie, "9"))
		require.Equal(c.t, err == nil, true)
		faults, ok := errors.AsType[electoral.Faults](again2)
		require.True(c.t, ok)
		assert.Equal(c.t, "9", faults[0].Value, "with everything that it said")
		_, err = c.Enrol(c.ctx(), officer(aglie), electorOf("22", aglie, "9"))
		require.NoError(c.t, err)

		// After the retention the answer is forgotten.
		c.now = c.now.Add(8 * 24 * time.Hour)
		_, err = c.Enrol(c.ctx(), req, electorOf("22", aglie, "9"))
		require.ErrorIs(c.t, err, electoral.AlreadyEnrolled, "it is judged anew")
	})
}

func TestRequestNumbersGrow(t *testing.T) {
	inTown(t, func(c *town) {
		put := func(comune, id, section string) error {
			req := officer(comune)
			req.ID = id
			_, err := c.PutSection(c.ctx(), req, sectionOf(comune, section))
			return err
		}
		require.NoError(c.t, put(aglie, "9", "1"))
		require.NoError(c.t, put(aglie, "10", "1"))
		require.NoError(c.t, put(aglie, "9", "1"), "known: the earlier answer")
		refused(c.t, c.log, put(aglie, "8", "1"), electoral.RequestIDOld)
		refused(c.t, c.log, put(aglie, "010", "1"), electoral.RequestIDOld)
		require.NoError(c.t, put(aglie, "a-1", "1"), "only numbers have an order")
		require.NoError(c.t, put(aglie, "11", "2"))
		require.NoError(c.t, put(airasca, "1", "1"), "each comune has its own")
		c.now = c.now.Add(30 * 24 * time.Hour)
		_, err := c.Expire(c.ctx(), aglie)
		require.NoError(c.t, err)
		refused(c.t, c.log, put(aglie, "10", "1"), electoral.RequestIDOld)
		refused(c.t, c.log, put(aglie, "99999999999999999999999999", "1"), electoral.RequestIDFar)
		c.sections("H501")
		require.NoError(c.t, put("H501", "999999999999999999999999999999", "1"), "thirty digits are ANPR's")
	})
}

// TestSameRequestAtOnce sends one request many times together.
func TestSameRequestAtOnce(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		req := officer(aglie)
		var wg sync.WaitGroup
		failures := make(chan error, 16)
		for range 16 {
			wg.Go(func() {
				if _, _, err := c.Remove(c.ctx(), req, registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration}); err != nil {
					failures <- err
				}
			})
		}
		wg.Wait()
		close(failures)
		for err := range failures {
			require.NoError(c.t, err)
		}
		granted := 0
		for _, a := range c.log.accesses {
			if a.RequestID == req.ID && a.Outcome == electoral.Granted {
				granted++
			}
		}
		assert.Equal(c.t, 1, granted, "the others were given the same answer")
	})
}

func TestRemove(t *testing.T) {
	vote := electoral.KeptVote{Consultation: electoral.RegionalElection, Day: electoral.Date{Year: 2027, Month: 1, Day: 10}}
	votes := []electoral.KeptVote{vote}
	for _, k := range []struct {
		name   string
		q      registry.RemovalRequest
		codes  []electoral.Code
		remain func(e *electoral.Elector)
	}{
		{"emigration", registry.RemovalRequest{Code: electoral.Emigration, Note: "Airasca"}, nil, func(e *electoral.Elector) {
			e.Removals[0].Note = "Airasca"
		}},
		{"untraceable", registry.RemovalRequest{Code: electoral.Untraceable, List: electoral.GeneralList, Day: electoral.Date{Year: 2026, Month: 10, Day: 1}}, nil, func(e *electoral.Elector) {
			e.Removals[0].Day = electoral.Date{Year: 2026, Month: 10, Day: 1}
		}},
		{"death", registry.RemovalRequest{Code: electoral.DeathOfElector}, nil, nil},
		{"other", registry.RemovalRequest{Code: electoral.OtherReason}, nil, nil},
		{"right lost", registry.RemovalRequest{Code: electoral.RightLostWithTransfer}, nil, func(e *electoral.Elector) {
			none := electoral.NotCertifiable
			e.Capacity, e.Certifiability = electoral.No, &none
			e.Loss = &electoral.CapacityLoss{Comune: aglie, Day: electoral.Date{Year: 2026, Month: 11, Day: 22}}
			e.Status = electoral.Status{NationalReferendums: electoral.No, EuropeanParliament: electoral.No, Senate: electoral.No, Chamber: electoral.No, Regional: electoral.No, Comunal: electoral.No, District: electoral.No}
		}},
		{"still votes", registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: votes}, nil, func(e *electoral.Elector) {
			e.KeptVotes = []electoral.KeptVote{{Comune: aglie, Consultation: vote.Consultation, Day: vote.Day, Section: "1"}}
		}},
		{"ten", registry.RemovalRequest{Code: 10}, []electoral.Code{electoral.RemovalCodeUnknown}, nil},
		{"none", registry.RemovalRequest{}, []electoral.Code{electoral.RemovalCodeUnknown}, nil},
		{"a cause that is none", registry.RemovalRequest{List: electoral.GeneralList, Cause: "bored"}, []electoral.Code{electoral.RemovalCodeUnknown}, nil},
		{"a cause without a list", registry.RemovalRequest{Cause: electoral.CauseMoved}, []electoral.Code{electoral.RemovalList}, nil},
		{"code of a list that he is not in", registry.RemovalRequest{Code: electoral.FromEUParliamentList}, []electoral.Code{electoral.RemovalList}, nil},
		{"added list's code", registry.RemovalRequest{Code: electoral.FromTerritorialList}, []electoral.Code{electoral.RemovalList}, nil},
		{"added list's code, general list", registry.RemovalRequest{Code: electoral.FromTerritorialList, List: electoral.GeneralList}, []electoral.Code{electoral.RemovalCodeOfList}, nil},
		{"another cause than the code", registry.RemovalRequest{Code: electoral.Emigration, List: electoral.GeneralList, Cause: electoral.CauseOther}, []electoral.Code{electoral.RemovalCodeOfList}, nil},
		{"a cause of other lists", registry.RemovalRequest{List: electoral.GeneralList, Cause: electoral.CauseNaturalised}, []electoral.Code{electoral.RemovalCodeOfList}, nil},
		{"a day that does not exist", registry.RemovalRequest{Code: electoral.Emigration, Day: electoral.Date{Year: 2026, Month: 2, Day: 30}}, []electoral.Code{electoral.RemovalDay}, nil},
		{"no whole day", registry.RemovalRequest{Code: electoral.Emigration, Day: electoral.Date{Year: 2026, Month: 2}}, []electoral.Code{electoral.RemovalDay}, nil},
		{"too late", registry.RemovalRequest{Code: electoral.Emigration, Day: electoral.Date{Year: 2027, Month: 5, Day: 23}}, []electoral.Code{electoral.RemovalDay}, nil},
		{"as late as may be", registry.RemovalRequest{Code: electoral.Emigration, Day: electoral.Date{Year: 2027, Month: 5, Day: 22}}, nil, func(e *electoral.Elector) {
			e.Removals[0].Day = electoral.Date{Year: 2027, Month: 5, Day: 22}
		}},
		{"before he was 17", registry.RemovalRequest{Code: electoral.Emigration, Day: people()[0].Birth.Date.AddYears(17).AddDays(-1)}, []electoral.Code{electoral.RemovalDay}, nil},
		{"a vote on a day that does not exist", registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{{Consultation: vote.Consultation, Day: electoral.Date{Year: 2027, Month: 2, Day: 29}}}}, []electoral.Code{electoral.RemovalStillVotes}, nil},
		{"one vote twice", registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{vote, vote}}, []electoral.Code{electoral.RemovalStillVotes}, nil},
		{"a vote of the dead", registry.RemovalRequest{Cause: electoral.CauseDied, KeptVotes: votes}, []electoral.Code{electoral.RemovalStillVotes}, nil},
		{"a vote without the right", registry.RemovalRequest{Code: electoral.RightLostWithTransfer, KeptVotes: votes}, []electoral.Code{electoral.RemovalStillVotes}, nil},
		{"not in it", registry.RemovalRequest{Code: electoral.Emigration, List: electoral.TrentoList}, []electoral.Code{electoral.RemovalList, electoral.RemovalCodeOfList}, nil},
		{"all wrong", registry.RemovalRequest{Code: 10, Note: fmt.Sprintf("%0241d", 0), KeptVotes: []electoral.KeptVote{{}}}, []electoral.Code{electoral.RemovalCodeUnknown, electoral.RemovalNoteTooLong, electoral.RemovalStillVotes}, nil},
		{"past vote", registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{{Consultation: vote.Consultation, Day: electoral.Date{Year: 2026, Month: 1, Day: 10}}}}, []electoral.Code{electoral.RemovalStillVotes}, nil},
		{"other section", registry.RemovalRequest{Code: electoral.Emigration, KeptVotes: []electoral.KeptVote{{Consultation: vote.Consultation, Day: vote.Day, Section: "2"}}}, []electoral.Code{electoral.RemovalStillVotes}, nil},
	} {
		t.Run(k.name, func(t *testing.T) {
			inTown(t, func(c *town) {
				c.settle(aglie)
				k.q.ANPRID = "1"
				got, warnings, err := c.Remove(c.ctx(), officer(aglie), k.q)
				if k.codes != nil {
					var codes []electoral.Code
					faults, _ := errors.AsType[electoral.Faults](err)
					for _, f := range faults {
						codes = append(codes, f.Code)
						assertTold(c.t, f)
					}
					assert.Equal(c.t, k.codes, codes)
					assert.Equal(c.t, electorOf("1", aglie, "1"), c.elector(aglie, "1"))
					return
				}
				require.NoError(c.t, err)
				assert.Equal(c.t, (k.q.Code == electoral.DeathOfElector || k.q.Cause == electoral.CauseDied), warnings.Has(electoral.RemovalAlive))
				want := electorOf("1", aglie, "1")
				want.General = nil
				want.Removals = []electoral.Removal{{Comune: aglie, List: electoral.GeneralList, Code: k.q.Code, Cause: k.q.Code.Cause(), Day: electoral.Date{Year: 2026, Month: 11, Day: 22}}}
				if k.remain != nil {
					k.remain(&want)
				}
				assert.Equal(c.t, want, got)
				assert.Equal(c.t, want, c.elector(aglie, "1"))
				_, _, err = c.Remove(c.ctx(), officer(aglie), k.q)
				require.ErrorIs(c.t, err, electoral.RemovalList, "he is in no list")
			})
		})
	}
}

func TestRemoveIsOfTheComune(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		_, _, err := c.Remove(c.ctx(), officer(airasca), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
		refused(c.t, c.log, err, electoral.NotCompetent)
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "22", Code: electoral.Emigration})
		refused(c.t, c.log, err, electoral.ElectorUnknown)
		// A change cannot do it without a reason, nor bring a removal along.
		none := electorOf("1", aglie, "1")
		none.General = nil
		_, err = c.Change(c.ctx(), officer(aglie), none)
		refused(c.t, c.log, err, electoral.RemovalNotHere)
		forged := electorOf("1", aglie, "1")
		forged.Removals = []electoral.Removal{{Comune: airasca, List: electoral.GeneralList, Code: electoral.DeathOfElector}}
		_, err = c.Change(c.ctx(), officer(aglie), forged)
		refused(c.t, c.log, err, electoral.RemovalNotHere)
	})
}

func TestAnnul(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		got, _, err := c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Annulment})
		require.NoError(c.t, err)
		assert.Empty(c.t, got.Removals)
		_, err = c.Elector(c.ctx(), officer(aglie), "1")
		require.ErrorIs(c.t, err, electoral.ElectorUnknown, "as if he had never been registered")
		assert.Equal(c.t, []electoral.Operation{electoral.OpEnrol, electoral.OpAnnul}, c.journal(aglie, "1"))
		c.settle(airasca)
	})
}

func TestCapacity(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		_, _, err := c.SetCapacity(c.ctx(), officer(airasca), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
		refused(c.t, c.log, err, electoral.NotCompetent)
		_, _, err = c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.Yes})
		refused(c.t, c.log, err, electoral.CapacityUnchanged)
		_, _, err = c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No, Status: electoral.Status{Senate: electoral.Yes}})
		refused(c.t, c.log, err, electoral.CapacityUnchanged)

		lost, _, err := c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.No, lost.Capacity)
		assert.Equal(c.t, electoral.NotCertifiable, *lost.Certifiability)
		assert.Equal(c.t, electoral.No, lost.Status.Comunal)
		assert.Empty(c.t, lost.Status.ChamberConstituency)
		assert.Empty(c.t, lost.Removals, "a loss is no removal")
		assert.Equal(c.t, &electoral.CapacityLoss{Comune: aglie, Day: electoral.Date{Year: 2026, Month: 11, Day: 22}}, lost.Loss)
		assert.Equal(c.t, "1", lost.General.Section)
		assert.Equal(c.t, lost, c.elector(aglie, "1"))

		full := electoral.FullyCertifiable
		wrong := registry.CapacityChange{ANPRID: "1", Capacity: electoral.Yes, Status: electoral.Status{Chamber: electoral.Yes}, Certifiability: &full}
		_, _, err = c.SetCapacity(c.ctx(), officer(aglie), wrong)
		refused(c.t, c.log, err, electoral.ConstituencyMissing)
		right := wrong
		right.Status = electorOf("1", aglie, "1").Status
		back, _, err := c.SetCapacity(c.ctx(), officer(aglie), right)
		require.NoError(c.t, err)
		assert.Equal(c.t, right.Status, back.Status)
		assert.Nil(c.t, back.Loss)
		assert.Equal(c.t, back, c.elector(aglie, "1"))

		warnings, err := c.SetCertifiability(c.ctx(), officer(aglie), "1", electoral.OnlyPoliticalRights)
		require.NoError(c.t, err)
		assert.Empty(c.t, warnings)
		assert.Equal(c.t, electoral.OnlyPoliticalRights, *c.elector(aglie, "1").Certifiability)
		_, err = c.SetCertifiability(c.ctx(), officer(aglie), "1", 3)
		refused(c.t, c.log, err, electoral.CertifiabilityUnknown)
		_, err = c.SetCertifiability(c.ctx(), officer(airasca), "1", 0)
		refused(c.t, c.log, err, electoral.NotCompetent)
	})
}

// TestLossDespiteFaults takes the right of one whose record has other faults.
func TestLossDespiteFaults(t *testing.T) {
	inTown(t, func(c *town) {
		broken := electorOf("1", aglie, "77") // no such section
		require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error { return w.PutElector(c.ctx(), aglie, broken) }))
		lost, _, err := c.SetCapacity(c.ctx(), officer(aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
		require.NoError(c.t, err)
		assert.Equal(c.t, electoral.No, lost.Capacity)
		_, _, err = c.Remove(c.ctx(), officer(aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.OtherReason})
		require.NoError(c.t, err)
	})
}
