package electoral_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// TestEarlierJSON reads electors as an earlier version wrote them: 5 stood for
// every added list, and the vote in the removal.
func TestEarlierJSON(t *testing.T) {
	for text, want := range map[string]electoral.Elector{
		`{"anprId":"1","removal":{"comune":"A074","list":"eu-comunal","reason":5}}`: {ANPRID: "1",
			Removals: []electoral.Removal{{Comune: "A074", List: electoral.EUComunalList, Code: 5}}},
		`{"anprId":"1","removal":{"comune":"A074","list":"eu-parliament","reason":5}}`: {ANPRID: "1",
			Removals: []electoral.Removal{{Comune: "A074", List: electoral.EUParliamentList, Code: 6}}},
		`{"anprId":"1","removal":{"comune":"A074","list":"trento","reason":5,"note":"n"}}`: {ANPRID: "1",
			Removals: []electoral.Removal{{Comune: "A074", List: electoral.TrentoList, Code: 7, Note: "n"}}},
		`{"anprId":"1","removal":{"comune":"A074","list":"eu-comunal","reason":3}}`: {ANPRID: "1",
			Removals: []electoral.Removal{{Comune: "A074", List: electoral.EUComunalList, Code: 3}}},
		`{"anprId":"1","removal":{"comune":"A074","list":"general","reason":2,"day":"2026-10-01","stillVotes":` +
			`{"consultation":"senate","day":"2026-12-13","section":"7"}}}`: {ANPRID: "1",
			Removals: []electoral.Removal{{Comune: "A074", List: electoral.GeneralList, Code: 2,
				Day: electoral.Date{Year: 2026, Month: 10, Day: 1}}},
			KeptVotes: []electoral.KeptVote{{Comune: "A074", Consultation: electoral.SenateElection,
				Day: electoral.Date{Year: 2026, Month: 12, Day: 13}, Section: "7"}}},
		`{"anprId":"1","capacity":false,"removal":{"comune":"A074","list":"general","reason":9,"day":"2026-10-01"}}`: {
			ANPRID: "1", Capacity: electoral.No,
			Removals: []electoral.Removal{{Comune: "A074", List: electoral.GeneralList, Code: 9,
				Day: electoral.Date{Year: 2026, Month: 10, Day: 1}}},
			Loss: &electoral.CapacityLoss{Comune: "A074", Day: electoral.Date{Year: 2026, Month: 10, Day: 1}}},
	} {
		var got electoral.Elector
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
		now, err := json.Marshal(got)
		require.NoError(t, err)
		var again electoral.Elector
		require.NoError(t, json.Unmarshal(now, &again))
		assert.Equal(t, want, again)
	}
	var both electoral.Elector
	require.Error(t, json.Unmarshal([]byte(`{"anprId":"1","removal":{"list":"general","reason":1},"removals":[{"list":"trento","code":7}]}`), &both))
}

// TestRemovalCodes holds codes, causes and lists to ANPR's table (segnalazioni
// 3610, 3990, 4358) and to each other.
func TestRemovalCodes(t *testing.T) {
	for cause, codes := range map[electoral.RemovalCause][6]electoral.RemovalCode{
		electoral.CauseResidenceReached: {0, 7, 7, 7, 0, 0},
		electoral.CauseMoved:            {1, 7, 7, 7, 5, 6},
		electoral.CauseUntraceable:      {2, 7, 7, 7, 5, 6},
		electoral.CauseDied:             {3, 7, 7, 7, 5, 6},
		electoral.CauseNaturalised:      {0, 0, 0, 0, 5, 6},
		electoral.CauseAsked:            {0, 7, 7, 7, 5, 6},
		electoral.CauseMembershipEnded:  {0, 0, 0, 0, 5, 6},
		electoral.CauseRightLost:        {9, 7, 7, 7, 5, 6},
		electoral.CauseOther:            {4, 7, 7, 7, 5, 6},
		electoral.CauseSentByMistake:    {8, 7, 7, 7, 5, 6},
		"":                              {},
		"bored":                         {},
	} {
		for i, l := range electoral.Lists() {
			code, ok := electoral.RemovalCodeOf(l, cause)
			want := codes[i]
			assert.Equal(t, want != 0, ok, "%s %s", l, cause)
			if ok {
				assert.Equal(t, want, code, "%s %s", l, cause)
				assert.Contains(t, code.Lists(), l)
			}
		}
	}
	_, ok := electoral.RemovalCodeOf("nowhere", electoral.CauseMoved)
	assert.False(t, ok)
	seen := map[string]bool{}
	for _, c := range electoral.RemovalCodes() {
		assert.False(t, seen[c.Italian()], c.Italian())
		seen[c.Italian()] = true
	}
	assert.Len(t, electoral.RemovalCauses(), 10)
	assert.Empty(t, electoral.RemovalCode(10).Lists())
}

// TestKeptVotes keeps one vote for each consultation of a day, each place once.
func TestKeptVotes(t *testing.T) {
	first, second := electoral.Date{Year: 2026, Month: 12, Day: 13}, electoral.Date{Year: 2026, Month: 12, Day: 20}
	vote := func(c electoral.Consultation, comune string, day electoral.Date) electoral.KeptVote {
		return electoral.KeptVote{Comune: comune, Consultation: c, Day: day, Section: "1"}
	}
	var e electoral.Elector
	for _, v := range []electoral.KeptVote{vote(electoral.RegionalElection, "A109", first), vote(electoral.ComunalElection, "A074", second),
		vote(electoral.EuropeanElection, "A074", first), vote(electoral.RegionalElection, "A074", second)} {
		e.KeepVote(v)
	}
	assert.Equal(t, []electoral.KeptVote{vote(electoral.EuropeanElection, "A074", first), vote(electoral.RegionalElection, "A109", first),
		vote(electoral.RegionalElection, "A074", second), vote(electoral.ComunalElection, "A074", second)}, e.KeptVotes)
	before := e.Clone()
	e.KeepVote(vote(electoral.RegionalElection, "H501", first))
	got, ok := e.KeptVote(electoral.RegionalElection, first)
	require.True(t, ok)
	assert.Equal(t, "H501", got.Comune, "in place of the one for that consultation and day")
	assert.Len(t, e.KeptVotes, 4)
	assert.NotEqual(t, before, e)
	places := func(at electoral.Date) (out []string) {
		for l, en := range e.PlacesAt(at) {
			assert.Equal(t, electoral.StillVotesList, l)
			out = append(out, en.Comune)
		}
		return out
	}
	assert.Equal(t, []string{"A074", "H501"}, places(first))
	assert.Equal(t, []string{"A074"}, places(first.AddDays(1)), "what is over has no place, and the later vote is not hidden by it")
	assert.Empty(t, places(second.AddDays(1)))
}

// FuzzElectorJSON: an elector of either form is read without a panic, and what was
// read is written and read the same.
func FuzzElectorJSON(f *testing.F) {
	f.Add([]byte(`{"anprId":"1","capacity":false,"removal":{"comune":"A074","list":"general","reason":9,"day":"2026-10-01","stillVotes":{"consultation":"senate","day":"2026-12-13","section":"7"}}}`))
	f.Add([]byte(`{"anprId":"1","removals":[{"comune":"A074","list":"trento","code":7,"cause":"moved"}],"keptVotes":[{"comune":"A074","consultation":"european","day":"2026-12-13","section":"1"}],"loss":{"comune":"A074"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e, again electoral.Elector
		if json.Unmarshal(data, &e) != nil {
			return
		}
		text, err := json.Marshal(e)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &again))
		back, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(text), string(back))
	})
}
