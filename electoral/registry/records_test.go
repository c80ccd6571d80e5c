package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// TestStatusByApplication enrols an elector of another Member State who was in no
// list: for the elections of the list alone.
func TestStatusByApplication(t *testing.T) {
	inTown(t, func(c *town) {
		none := electoral.Status{NationalReferendums: electoral.No, EuropeanParliament: electoral.No, Senate: electoral.No,
			Chamber: electoral.No, Regional: electoral.No, Comunal: electoral.No, District: electoral.No}
		q := c.apply(electoral.EUParliamentList)
		_, _, err := c.DecideApplication(c.ctx(), officer(aglie), q.ID,
			registry.Decision{State: registry.RequestInProgress})
		require.NoError(c.t, err)
		_, warnings, err := c.DecideApplication(c.ctx(), officer(aglie), q.ID,
			registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
		require.False(c.t, warnings.Has(electoral.ApplicationCapacity), "it was never lost")
		want := none
		want.EuropeanParliament = electoral.Yes
		require.Equal(c.t, want, c.elector(aglie, "44").Status)

		q = c.apply(electoral.EUComunalList)
		_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
		want.Comunal = electoral.Yes
		require.Equal(c.t, want, c.elector(aglie, "44").Status)

		// Who left all lists had the right once; whether he has it still is to be asked.
		for _, l := range []electoral.List{electoral.EUParliamentList, electoral.EUComunalList} {
			q, _, err := c.Apply(c.ctx(), citizen(dupont()), registry.WithdrawalApplication, l,
				registry.ApplicationContent{})
			require.NoError(c.t, err)
			_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone})
			require.NoError(c.t, err)
		}
		q = c.apply(electoral.EUComunalList)
		_, _, err = c.DecideApplication(c.ctx(), officer(aglie), q.ID,
			registry.Decision{State: registry.RequestInProgress})
		require.NoError(c.t, err)
		_, warnings, err = c.DecideApplication(c.ctx(), officer(aglie), q.ID,
			registry.Decision{State: registry.RequestDone, Section: "1"})
		require.NoError(c.t, err)
		require.True(c.t, warnings.Has(electoral.ApplicationCapacity))
	})
}

// TestDamagedRecords: a record that cannot be read is an error, and neither passed
// over nor taken for one that is empty.
func TestDamagedRecords(t *testing.T) {
	inTown(t, func(c *town) {
		for _, book := range []registry.Book{registry.ConflictBook, registry.ApplicationBook,
			registry.RectificationBook} {
			require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
				return w.PutRecord(c.ctx(), registry.Record{Comune: aglie, Book: book, ID: "rotto", Subject: "44",
					State: "2", At: noon, Body: []byte("{")})
			}))
		}
		_, err := c.Conflicts(c.ctx(), officer(aglie), registry.ConflictFilter{})
		require.ErrorContains(c.t, err, "rotto of "+aglie)
		_, err = c.Applications(c.ctx(), officer(aglie), registry.RequestFilter{})
		require.ErrorContains(c.t, err, "rotto of "+aglie)
		_, err = c.Rectifications(c.ctx(), officer(aglie), registry.RequestFilter{})
		require.ErrorContains(c.t, err, "rotto of "+aglie)
		_, _, err = c.Apply(c.ctx(), citizen(dupont()), registry.EnrolmentApplication, electoral.EUComunalList, content())
		require.ErrorContains(c.t, err, "rotto of "+aglie)
		_, err = c.AnswerRectification(c.ctx(), officer(aglie), "rotto", registry.RequestInProgress, "")
		require.ErrorContains(c.t, err, "rotto of "+aglie)
		_, _, err = c.DecideApplication(c.ctx(), officer(aglie), "rotto",
			registry.Decision{State: registry.RequestInProgress})
		require.ErrorContains(c.t, err, "rotto of "+aglie)
		_, err = c.AnswerConflict(c.ctx(), officer(aglie), "rotto", registry.AcknowledgeConflict, "")
		require.ErrorContains(c.t, err, "rotto of "+aglie)
	})
}

// TestClosedRequestsEnd: a citizen's request that is closed is kept for its term,
// and then forgotten.
func TestClosedRequestsEnd(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		me := people()[0]
		q, err := c.AskRectification(c.ctx(), citizen(me), registry.RectificationRequest{
			Field: electoral.ListField(electoral.GeneralList, electoral.ListSection), Asked: "2"})
		require.NoError(c.t, err)
		kept := func() int {
			list, err := c.Rectifications(c.ctx(), officer(aglie), registry.RequestFilter{})
			require.NoError(c.t, err)
			return len(list)
		}
		expires := func() time.Time {
			return c.records(registry.RecordSearch{Book: registry.RectificationBook, Subject: "1"})[0].Expires
		}
		require.True(c.t, expires().IsZero(), "what is open does not end")
		_, err = c.AnswerRectification(c.ctx(), officer(aglie), q.ID, registry.RequestInProgress, "")
		require.NoError(c.t, err)
		require.True(c.t, expires().IsZero())
		closed, err := c.AnswerRectification(c.ctx(), officer(aglie), q.ID, registry.RequestRejected, "Non risulta.")
		require.NoError(c.t, err)
		require.Equal(c.t, closed.Changed.Add(180*24*time.Hour), expires())
		require.Equal(c.t, 1, kept())
		c.now = c.now.Add(180*24*time.Hour - time.Second)
		require.Equal(c.t, 1, kept())
		c.now = c.now.Add(2 * time.Second)
		require.Zero(c.t, kept())
	})
}

// TestLengthOfNotes takes notes of up to 2000 characters, however many bytes they
// have.
func TestLengthOfNotes(t *testing.T) {
	inTown(t, func(c *town) {
		c.settle(aglie)
		conflict := c.contend()
		for _, note := range []string{"", " ", strings.Repeat("è", 2001), strings.Repeat("x", 4000), "a\x0e", "a\x0b",
			"a\u202e"} {
			_, err := c.AnswerConflict(c.ctx(), officer(aglie), conflict.ID, registry.RefuseConflict, note)
			refused(c.t, c.log, err, electoral.NoteMissing)
		}
		_, err := c.AnswerConflict(c.ctx(), officer(aglie), conflict.ID, registry.RefuseConflict,
			" prima\r\n\t"+strings.Repeat("è", 1992)+" ")
		require.NoError(c.t, err)
	})
}
