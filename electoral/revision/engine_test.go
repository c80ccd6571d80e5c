package revision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

func movedTo(comune, since string) func(*electoral.Person) {
	return func(p *electoral.Person) {
		p.Residence = &electoral.Residence{Comune: comune, Since: day(since)}
	}
}

// TestDynamic goes through both rounds of an ordinary dynamic revision, in the comune
// that is left and in the one that is entered.
func TestDynamic(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", aglie, "1970-01-01")
		w.elector("2", aglie, "1940-01-01", func(p *electoral.Person) { p.Death = day("2025-12-01") })
		w.elector("3", aglie, "1980-01-01", movedTo(airasca, "2025-11-02"))
		w.elector("4", airasca, "1981-01-01", movedTo(aglie, "2025-11-03"))
		first := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		lines := w.lines(first)
		require.Len(t, lines, 2)
		require.Equal(t, revision.Death, lines["2"].Cause)
		require.Equal(t, electoral.DeathOfElector, lines["2"].Code)
		require.Equal(t, revision.MovedOut, lines["3"].Cause)
		require.Equal(t, electoral.Emigration, lines["3"].Code)
		require.Equal(t, day("2026-01-10"), lines["3"].Deadline)
		w.accept(first, lines["2"])
		w.accept(first, lines["3"])
		report := w.apply(first)
		require.Equal(t, revision.ApplyReport{Sitting: 1, Applied: 2}, report)
		require.Nil(t, w.stored("3").General)
		require.Equal(t, revision.ApplyReport{Sitting: 1}, w.apply(first), "each line once")
		_, err := w.engine.Close(t.Context(), officer(aglie), aglie, first.ID)
		require.NoError(t, err)

		w.at("2026-01-20")
		second := w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1})
		line := w.lines(second)["4"]
		require.Equal(t, revision.MovedIn, line.Cause)
		require.True(t, line.Doubts.Has(electoral.DoubtStillListed))
		w.accept(second, line)
		report = w.apply(second)
		require.Equal(t, 1, report.Refused)
		require.True(t, report.Faulty[0].Refused.Has(electoral.AlreadyEnrolled))
		require.Equal(t, revision.LineOpen, w.lines(second)["4"].State)

		_, _, err = w.engine.Open(t.Context(), officer(airasca), revision.Opening{Comune: airasca, Kind: revision.DynamicFirst,
			Year: 2026, Half: 1})
		require.NoError(t, err)
		other := w.open(revision.Opening{Comune: airasca, Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		w.accept(other, w.lines(other)["4"])
		require.Equal(t, 1, w.apply(other).Applied)
		_, err = w.engine.Propose(t.Context(), officer(aglie), aglie, second.ID)
		require.NoError(t, err)
		line = w.lines(second)["4"]
		require.False(t, line.Doubts.Has(electoral.DoubtStillListed))
		w.accept(second, line)
		require.Equal(t, 1, w.apply(second).Applied)
		e := w.stored("4")
		require.Equal(t, &electoral.Enrolment{Comune: aglie, Section: "1"}, e.General)
		require.Equal(t, electoral.FullyCertifiable, *e.Certifiability)
		m, err := w.engine.Minute(t.Context(), officer(aglie), aglie, second.ID, 1)
		require.NoError(t, err)
		require.Len(t, m.Enrolled, 1)
		require.Equal(t, "Agliè", m.ComuneName)
		require.Equal(t, "iscrizione nella lista generale ordinaria, sezione 1", m.Enrolled[0].What)
	})
}
