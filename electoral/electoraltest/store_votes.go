package electoraltest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

func storeStillVotes(t *testing.T, s registry.Store) {
	e := SampleElector("2", comuneA, "1")
	gone := electoral.Elector{ANPRID: "10", Removals: []electoral.Removal{
		{Comune: comuneB, List: electoral.GeneralList, Code: electoral.Emigration}}}
	put := func() {
		update(t, s, func(ctx context.Context, w registry.Writer) {
			require.NoError(t, w.PutElector(ctx, comuneA, e))
			require.NoError(t, w.PutElector(ctx, comuneB, gone))
		})
	}
	put()
	still := electoral.StillVotesList
	assert.Equal(t, []string{"2"}, ids(t, s, still, comuneB, "3"), "two votes in one section are one place")
	assert.Equal(t, []string{"2"}, ids(t, s, still, comuneB, ""))
	assert.Empty(t, ids(t, s, still, comuneA, ""), "the comune is that of the vote")
	assert.Empty(t, ids(t, s, electoral.TrentoList, comuneB, ""), "the list that he left")
	gone.KeptVotes = []electoral.KeptVote{{Comune: comuneB, Consultation: electoral.ComunalElection, Section: "3"}}
	for i := range e.KeptVotes {
		e.KeptVotes[i].Section = "20"
	}
	put()
	assert.Equal(t, []string{"2", "10"}, ids(t, s, still, comuneB, ""), "in the order of the section's text")
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for got, err := range r.Enrolled(ctx, still, comuneB, "20") {
			require.NoError(t, err)
			assert.Equal(t, e, got)
		}
	})
	// One vote here, one elsewhere, one here in another section.
	e.KeptVotes[0].Comune = comuneA
	e.KeptVotes = append(e.KeptVotes, electoral.KeptVote{Comune: comuneB, Consultation: electoral.SenateElection,
		Day: electoral.Date{Year: 2026, Month: 12, Day: 1}, Section: "3"})
	put()
	assert.Equal(t, []string{"2"}, ids(t, s, still, comuneA, "20"))
	assert.Equal(t, []string{"2", "10", "2"}, ids(t, s, still, comuneB, ""), "once in each section")
	assert.Equal(t, []string{"10", "2"}, ids(t, s, still, comuneB, "3"))
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for got, err := range r.Enrolled(ctx, still, comuneB, "") {
			require.NoError(t, err)
			if got.ANPRID == e.ANPRID {
				assert.Equal(t, e, got, "whole in each")
			}
		}
		counts, err := r.Counts(ctx, comuneA)
		require.NoError(t, err)
		assert.Contains(t, counts, registry.ListCount{List: still, Section: "20", Count: 1})
	})
	assert.Equal(t, []string{"10", "2"}, found(t, s, registry.Search{Comune: comuneB}), "each once")
	e.KeptVotes = e.KeptVotes[1:2]
	put()
	assert.Empty(t, ids(t, s, still, comuneA, ""))
	assert.Equal(t, []string{"2", "10"}, ids(t, s, still, comuneB, ""))
	e.Removals, e.KeptVotes = nil, nil
	put()
	assert.Equal(t, []string{"10"}, ids(t, s, still, comuneB, ""))
}
