package registry_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// earlierReply is an answer as the version with one removal for each elector
// (commit e1e689c) kept it, with the request and the answer as it wrote them.
type earlierReply struct {
	What, Service, ID string
	Payload, Answer   json.RawMessage
	Body              []byte
}

// earlierReplies puts what that version kept into the store.
func (c *town) earlierReplies() map[string]earlierReply {
	c.t.Helper()
	data, err := os.ReadFile("testdata/earlier-replies.json")
	require.NoError(c.t, err)
	var list []earlierReply
	require.NoError(c.t, json.Unmarshal(data, &list))
	byID := map[string]earlierReply{}
	require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
		for _, r := range list {
			byID[r.ID] = r
			err := w.PutRecord(c.ctx(), registry.Record{Comune: aglie, Book: registry.ReplyBook, ID: "o:" + r.ID, At: noon,
				Expires: noon.Add(7 * 24 * time.Hour), Body: r.Body})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return byID
}

func earlierRequest(id string) electoral.Request {
	req := officer(aglie)
	req.ID = id
	return req
}

// TestRetryAcrossUpgrade sends again what an earlier version has answered: from
// the request as it was kept, and as a caller of today writes it. Nothing of the
// persons is registered, so that only a kept answer can be one.
func TestRetryAcrossUpgrade(t *testing.T) {
	inTown(t, func(c *town) {
		kept := c.earlierReplies()
		require.Len(c.t, kept, 10)
		for id, r := range kept {
			switch r.Service {
			case "remove":
				var q registry.RemovalRequest
				require.NoError(c.t, json.Unmarshal(r.Payload, &q), r.What)
				var want electoral.Elector
				require.NoError(c.t, json.Unmarshal(r.Answer, &want), r.What)
				got, _, err := c.Remove(c.ctx(), earlierRequest(id), q)
				require.NoError(c.t, err, r.What)
				assert.Equal(c.t, want, got, r.What)
			case "change":
				var e electoral.Elector
				require.NoError(c.t, json.Unmarshal(r.Payload, &e), r.What)
				_, err := c.Change(c.ctx(), earlierRequest(id), e)
				require.NoError(c.t, err, r.What)
			case "capacity":
				var q registry.CapacityChange
				require.NoError(c.t, json.Unmarshal(r.Payload, &q), r.What)
				got, _, err := c.SetCapacity(c.ctx(), earlierRequest(id), q)
				require.NoError(c.t, err, r.What)
				assert.Equal(c.t, electoral.No, got.Capacity)
			default:
				require.Fail(c.t, r.Service)
			}
		}
		day := electoral.Date{Year: 2027, Month: 1, Day: 10}
		for id, q := range map[string]registry.RemovalRequest{
			"old-1": {ANPRID: "1", List: electoral.GeneralList, Cause: electoral.CauseMoved, Note: "Airasca",
				KeptVotes: []electoral.KeptVote{{Comune: aglie, Consultation: electoral.RegionalElection, Day: day}}},
			"old-2": {ANPRID: "1", Code: electoral.RightLostWithTransfer, Day: electoral.Date{Year: 2026, Month: 11, Day: 1}},
			"old-3": {ANPRID: "44", Code: electoral.FromEUParliamentList},
			"old-4": {ANPRID: "44", List: electoral.EUComunalList, Cause: electoral.CauseAsked},
			"old-5": {ANPRID: "44", Cause: electoral.CauseDied},
			"old-6": {ANPRID: "44", Cause: electoral.CauseSentByMistake},
			"old-7": {ANPRID: "1", Code: electoral.FromTerritorialList},
		} {
			_, _, err := c.Remove(c.ctx(), earlierRequest(id), q)
			require.NoError(c.t, err, id)
			q.Note = "another"
			_, _, err = c.Remove(c.ctx(), earlierRequest(id), q)
			require.ErrorIs(c.t, err, electoral.RequestIDReused, "the id of another request")
		}
		for _, a := range c.log.accesses {
			if len(a.RequestID) > 4 && a.RequestID[:4] == "old-" && a.Outcome != electoral.Requested {
				assert.Contains(c.t, []string{electoral.Repeated, string(electoral.RequestIDReused)}, a.Outcome)
			}
		}
	})
}

// FuzzRemovalRequestJSON: a request of either form is read without a panic, and
// what was read is written and read the same.
func FuzzRemovalRequestJSON(f *testing.F) {
	f.Add([]byte(`{"ANPRID":"1","List":"","Reason":5,"Day":"","Note":"","StillVotes":{"consultation":"regional","day":"2027-01-10","section":""}}`))
	f.Add([]byte(`{"ANPRID":"1","List":"trento","Cause":"moved","Code":7,"Day":"2026-11-22","Note":"n","KeptVotes":[{"comune":"A074","consultation":"senate","day":"2027-01-10","section":"1"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var q, again registry.RemovalRequest
		if json.Unmarshal(data, &q) != nil {
			return
		}
		text, err := json.Marshal(q)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &again))
		back, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(text), string(back))
	})
}
