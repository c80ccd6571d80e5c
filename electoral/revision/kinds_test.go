package revision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// TestSemestral enrols those who turn 18 in the half-year that follows, and removes
// the untraceable; nobody else (art. 7, 16).
func TestSemestral(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.at("2026-03-20")
		w.person("1", aglie, "2008-07-01") // the first day
		w.person("2", aglie, "2008-12-31") // the last
		w.people.Put(func() electoral.Person {
			p, err := w.people.ByANPRID(t.Context(), "2")
			require.NoError(t, err)
			p.Residence.Since = day("2026-02-16")
			return p
		}())
		w.person("3", aglie, "2008-06-30")   // of the revision before
		w.person("4", aglie, "2009-01-01")   // of the next
		w.person("5", airasca, "2008-10-10") // of another comune
		w.person("6", aglie, "2008-10-10", func(p *electoral.Person) { p.Citizenships[0].State = "FRA" })
		w.elector("7", aglie, "1970-01-01", func(p *electoral.Person) { p.Residence = nil })
		w.elector("8", aglie, "1970-01-01", movedTo(airasca, "2026-02-01"))
		w.person("9", aglie, "1990-10-10")
		h := w.open(revision.Opening{Kind: revision.Semestral, Year: 2026, Half: 1})
		lines := w.lines(h)
		require.Len(t, lines, 3)
		require.Empty(t, lines["1"].Doubts)
		require.True(t, lines["2"].Doubts.Has(electoral.DoubtReferenceDay))
		for _, id := range []string{"1", "2"} {
			require.Equal(t, revision.TurnsEighteen, lines[id].Cause)
			require.Equal(t, revision.Enrol, lines[id].Effect)
			w.accept(h, lines[id])
		}
		w.at("2026-06-18") // decided in time, applied after the commission
		report := w.apply(h)
		require.Equal(t, revision.ApplyReport{Sitting: 1, Applied: 2}, report)
		w.at("2026-03-20")
		require.Equal(t, revision.Untraceable, lines["7"].Cause)
		require.True(t, lines["7"].Doubts.Has(electoral.DoubtUnregistered))
		w.accept(h, lines["7"])
		require.True(t, w.apply(h).Told.Has(electoral.AppliedEarly))
		require.Equal(t, electoral.Untraceable, w.stored("7").Removals[0].Code)
		require.Equal(t, "1", w.stored("2").General.Section)
		require.True(t, h.Told.Has(electoral.ProposalsLeftOut))

		w.at("2026-09-20")
		second := w.open(revision.Opening{Kind: revision.Semestral, Year: 2026, Half: 2})
		require.Contains(t, w.lines(second), "4")
		require.NotContains(t, w.lines(second), "2")
	})
}

// referendum is the vote of 22 and 23 March 2026.
func referendum() electoral.Vote {
	return electoral.Vote{Consultation: electoral.NationalReferendum, Day: day("2026-03-22"), LastDay: day("2026-03-23"),
		Notice: day("2026-02-05"), Called: day("2026-01-14")}
}

// TestExtraordinary goes through the days before the vote of 22 March 2026: what is
// admitted, late and blocked.
func TestExtraordinary(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.votes = []electoral.Vote{referendum()}
		w.at("2026-01-30")
		w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2026-01-10"))
		w.elector("2", aglie, "2008-03-23") // 18 on the second day of voting
		w.elector("3", aglie, "2008-03-22") // 18 on the first
		w.person("4", aglie, "1990-01-01", func(p *electoral.Person) { p.Citizenships[0].From = day("2026-01-20") })
		w.elector("5", airasca, "1970-01-01", movedTo(aglie, "2026-01-10"))
		w.elector("6", aglie, "1931-01-01")
		q := revision.Opening{Kind: revision.Extraordinary, Day: day("2026-03-22")}
		h := w.open(q)
		lines := w.lines(h)
		require.Equal(t, revision.MovedOut, lines["1"].Cause)
		require.Equal(t, revision.UnderAge, lines["2"].Cause)
		require.Equal(t, revision.StrikeOff, lines["2"].Effect)
		require.NotContains(t, lines, "3")
		require.Equal(t, revision.RightAcquired, lines["4"].Cause)
		require.Equal(t, day("2026-02-20"), lines["4"].Deadline)
		require.Equal(t, revision.MovedIn, lines["5"].Cause)
		require.Equal(t, day("2026-02-05"), lines["5"].Deadline)
		w.accept(h, lines["2"])
		require.Equal(t, 1, w.apply(h).Applied)
		require.NotNil(t, w.stored("2").General, "the general list keeps him")

		w.at("2026-02-06") // the day after the notice
		h = w.open(q)
		lines = w.lines(h)
		require.Equal(t, revision.LineLate, lines["1"].State)
		_, err := w.decide(h, lines["5"], revision.LineDecision{Verdict: revision.Accept, Section: "1"})
		require.ErrorIs(t, err, electoral.RevisionCauseLate)
		require.Equal(t, revision.LineOpen, lines["4"].State)

		w.at("2026-02-21") // after the thirtieth day: on application
		w.people.Put(electoral.Person{ANPRID: "6", Birth: electoral.Birth{Date: day("1931-01-01")}, Death: day("2026-02-20"),
			Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}}})
		h = w.open(q)
		byEffect := map[string]revision.Line{}
		list, err := w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, revision.LineFilter{})
		require.NoError(t, err)
		for _, v := range list {
			byEffect[v.Line.ANPRID+" "+string(v.Line.Effect)] = v.Line
		}
		attest := byEffect["4 attest"]
		require.True(t, attest.Doubts.Has(electoral.DoubtAttestation))
		require.Equal(t, revision.Death, byEffect["6 remove"].Cause)

		w.at("2026-03-08") // blocked
		_, err = w.decide(h, byEffect["6 remove"], revision.LineDecision{Verdict: revision.Accept})
		require.ErrorIs(t, err, electoral.RevisionCauseLate)
		w.accept(h, attest)
		require.Equal(t, 1, w.apply(h).Applied)
		require.Nil(t, w.stored4(), "an attestation changes no list")
		rows, err := w.engine.Table(t.Context(), officer(aglie), aglie, h.ID)
		require.NoError(t, err)
		counted := false
		for _, r := range rows {
			counted = counted || r.Counts[revision.RightAcquired].Applied == 1
		}
		require.True(t, counted)
	})
}

func (w *world) stored4() *electoral.Enrolment {
	var en *electoral.Enrolment
	require.NoError(w.t, w.store.View(w.t.Context(), func(rd registry.Reader) error {
		e, _, err := rd.Elector(w.t.Context(), "4")
		if err == nil {
			en = e.General
		}
		return nil
	}))
	return en
}

// TestOtherComuneVotes acts only for those whom a voting comune names.
func TestOtherComuneVotes(t *testing.T) {
	w := newWorld(t, "memory")
	w.at("2026-01-30")
	w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2026-01-10"))
	w.elector("2", aglie, "1970-01-01", movedTo(airasca, "2026-01-10"))
	q := revision.Opening{Comune: aglie, Kind: revision.Extraordinary, Day: day("2026-03-22")}
	_, _, err := w.engine.Open(t.Context(), officer(aglie), q)
	w.refused(err, electoral.RevisionWhich, "not-called")
	vote := referendum()
	q.Vote, q.Persons = &vote, []string{"2"}
	h := w.open(q)
	require.Len(t, w.lines(h), 1)
	require.Contains(t, w.lines(h), "2")
}

// TestCitizenshipLost leaves to the officer whether he is removed or only no elector
// any more.
func TestCitizenshipLost(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		lost := func(p *electoral.Person) {
			p.Citizenships = []electoral.Citizenship{{State: electoral.ItalianState, To: day("2025-12-01")},
				{State: "ARG"}}
		}
		w.elector("1", aglie, "1970-01-01", lost)
		w.elector("2", aglie, "1971-01-01", lost)
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		lines := w.lines(h)
		require.Empty(t, lines["1"].Effect)
		require.True(t, lines["1"].Doubts.Has(electoral.DoubtCitizenshipLost))
		_, err := w.decide(h, lines["1"], revision.LineDecision{Verdict: revision.Accept})
		w.refused(err, electoral.LineIncomplete, "choice")
		_, err = w.decide(h, lines["1"], revision.LineDecision{Verdict: revision.Accept, Effect: revision.Enrol})
		w.refused(err, electoral.LineIncomplete, "choice")
		w.accept(h, lines["1"], func(d *revision.LineDecision) { d.Effect = revision.LoseRight })
		w.accept(h, lines["2"], func(d *revision.LineDecision) { d.Effect = revision.Remove })
		require.Equal(t, 2, w.apply(h).Applied)
		require.Equal(t, electoral.No, w.stored("1").Capacity)
		require.NotNil(t, w.stored("1").General)
		require.Nil(t, w.stored("2").General)
		require.Equal(t, electoral.OtherReason, w.stored("2").Removals[0].Code)
	})
}

// TestRestored tells a move that was undone from one back.
func TestRestored(t *testing.T) {
	w := newWorld(t, "memory")
	for _, id := range []string{"1", "2"} {
		w.elector(id, aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		_, _, err := w.registry.Remove(t.Context(), officer(aglie), registry.RemovalRequest{ANPRID: id,
			List: electoral.GeneralList, Cause: electoral.CauseMoved})
		require.NoError(t, err)
	}
	w.person("1", aglie, "1970-01-01")                               // as if he had never left
	w.person("2", aglie, "1970-01-01", movedTo(aglie, "2026-01-08")) // came back
	w.at("2026-01-09")
	first := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
	lines := w.lines(first)
	require.Len(t, lines, 1)
	require.Equal(t, revision.Restored, lines["1"].Cause)
	require.True(t, lines["1"].Doubts.Has(electoral.DoubtRestored))
	w.accept(first, lines["1"])
	require.Equal(t, 1, w.apply(first).Applied)
	w.at("2026-01-20")
	require.Equal(t, revision.MovedIn, w.lines(w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026,
		Half: 1}))["2"].Cause)
}

// TestReappeared doubts who was untraceable and is registered again (#4093).
func TestReappeared(t *testing.T) {
	w := newWorld(t, "memory")
	w.elector("1", aglie, "1970-01-01", func(p *electoral.Person) { p.Residence = nil })
	_, _, err := w.registry.Remove(t.Context(), officer(aglie), registry.RemovalRequest{ANPRID: "1",
		List: electoral.GeneralList, Cause: electoral.CauseUntraceable})
	require.NoError(t, err)
	w.person("1", aglie, "1970-01-01", movedTo(aglie, "2026-01-07"))
	w.at("2026-01-20")
	line := w.lines(w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1}))["1"]
	require.True(t, line.Doubts.Has(electoral.DoubtReappeared))

	// Registered again before the minute, he is neither removed nor enrolled.
	w.elector("2", aglie, "1970-01-01", func(p *electoral.Person) { p.Residence = nil })
	w.at("2026-03-01")
	q := revision.Opening{Kind: revision.Semestral, Year: 2026, Half: 1}
	h := w.open(q)
	w.accept(h, w.lines(h)["2"])
	w.person("2", aglie, "1970-01-01")
	report := w.apply(h)
	require.Equal(t, 1, report.Refused)
	require.True(t, report.Faulty[0].Refused.Has(electoral.LineFacts))
	require.NotContains(t, w.lines(w.open(q)), "2", "it is no longer proposed")
	require.NotNil(t, w.stored("2").General)
}

// TestUnion carries out the application of a citizen of the Union, and ends the
// enrolment of one who became Italian before he enters the general list.
func TestUnion(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		french := func(p *electoral.Person) {
			p.Citizenships = []electoral.Citizenship{{State: "FRA"}}
			p.FiscalCode, _ = electoral.ComputeFiscalCode("DUPONT", "MARIE", electoral.Female, p.Birth.Date, "Z110")
		}
		w.person("1", aglie, "1980-01-01", french)
		person, err := w.people.ByANPRID(t.Context(), "1")
		require.NoError(t, err)
		req := officer("")
		req.Actor = electoral.Actor{FiscalCode: person.FiscalCode, Role: electoral.CitizenRole,
			Method: electoral.CIEMethod, Level: 3}
		app, _, err := w.registry.Apply(t.Context(), req, registry.EnrolmentApplication, electoral.EUComunalList,
			registry.ApplicationContent{Citizenship: "FRA", OriginAddress: registry.OriginAddress{State: "FRA",
				Place: "Paris", Address: "1 rue de la Paix"}})
		require.NoError(t, err)
		w.at("2026-01-20")
		h := w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1})
		line := w.lines(h)["1"]
		require.Equal(t, revision.CarryOut, line.Effect)
		require.Equal(t, app.ID, line.Application)
		w.accept(h, line, func(d *revision.LineDecision) { d.Section = "2" })
		report := w.apply(h)
		require.Equal(t, 1, report.Applied, "%v", report.Faulty)
		en, in := w.stored("1").EnrolmentIn(electoral.EUComunalList)
		require.True(t, in)
		require.Equal(t, "2", en.Section)

		w.at("2026-07-05")
		w.person("1", aglie, "1980-01-01", french, func(p *electoral.Person) {
			p.Citizenships = append(p.Citizenships, electoral.Citizenship{State: electoral.ItalianState,
				From: day("2026-06-01")})
		})
		first := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 2})
		line = w.lines(first)["1"]
		require.Equal(t, revision.EUEnded, line.Cause)
		require.Equal(t, electoral.FromEUComunalList, line.Code)
		w.accept(first, line)
		require.Equal(t, 1, w.apply(first).Applied)
		w.at("2026-07-20")
		second := w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 2})
		line = w.lines(second)["1"]
		require.Equal(t, revision.RightAcquired, line.Cause)
		w.accept(second, line)
		report = w.apply(second)
		require.Equal(t, 1, report.Applied, "%v", report.Faulty)
		require.Equal(t, electoral.Yes, w.stored("1").Status.Senate)
	})
}

// TestTerritory ends an added list when the residence is reached, and doubts who is
// enrolled before.
func TestTerritory(t *testing.T) {
	w := newWorld(t, "memory")
	lived := func(since string) func(*electoral.Person) {
		return func(p *electoral.Person) {
			p.Residence = &electoral.Residence{Comune: trento, Since: day(since), Earlier: []electoral.ResidencePeriod{
				{Comune: aglie, From: day("2000-01-01"), To: day(since)}}}
		}
	}
	w.at("2025-08-01")
	for _, id := range []string{"1", "2"} {
		w.person(id, trento, "1970-01-01", lived("2025-02-01"))
		e := electorOf(id, trento, "1")
		e.Status.Regional = electoral.No
		w.do(w.registry.Enrol(t.Context(), officer(trento), e))
		added := electoral.Elector{ANPRID: id, Capacity: electoral.Yes, Status: e.Status, Certifiability: e.Certifiability}
		added.SetListEntry(electoral.TrentoList, electoral.AddedList{Enrolled: electoral.Yes,
			Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}})
		w.do(w.registry.Enrol(t.Context(), officer(aglie), added))
	}
	w.person("2", trento, "1970-01-01", lived("2025-07-01"))
	w.at("2026-02-02")
	require.Empty(t, w.lines(w.open(revision.Opening{Kind: revision.Semestral, Year: 2026, Half: 1})))
	h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
	lines := w.lines(h)
	require.Len(t, lines, 1)
	require.Equal(t, revision.TermEnded, lines["1"].Cause)
	require.Equal(t, electoral.FromTerritorialList, lines["1"].Code)

	w.person("3", trento, "1980-01-01", lived("2025-12-15"))
	second := w.open(revision.Opening{Comune: trento, Kind: revision.DynamicSecond, Year: 2026, Half: 1})
	line := w.lines(second)["3"]
	require.True(t, line.Doubts.Has(electoral.DoubtTerritory))
	w.accept(second, line)
	report := w.apply(second)
	require.Equal(t, 1, report.Applied, "%v", report.Faulty)
	require.Equal(t, electoral.No, w.stored("3").Status.Regional)
	require.Equal(t, electoral.Yes, w.stored("3").Status.Comunal)
}

// TestOtherSection moves who changed his abode.
func TestOtherSection(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.section = func(p electoral.Person) (string, bool) {
			if p.Residence == nil || p.Residence.Abode == "" {
				return "", false
			}
			return map[string]string{"VIA ROMA 1": "1", "VIA VERDI 2": "2"}[p.Residence.Abode], true
		}
		w.elector("1", aglie, "1970-01-01", func(p *electoral.Person) { p.Residence.Abode = "VIA VERDI 2" })
		w.elector("2", aglie, "1970-01-01")
		w.at("2026-01-20")
		h := w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1})
		lines := w.lines(h)
		require.Len(t, lines, 1)
		require.Equal(t, "1", lines["1"].From)
		require.Equal(t, "2", lines["1"].Section)
		_, err := w.decide(h, lines["1"], revision.LineDecision{Verdict: revision.Accept})
		require.NoError(t, err)
		require.Equal(t, 1, w.apply(h).Applied)
		require.Equal(t, "2", w.stored("1").General.Section)
	})
}
