package revision_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// A service is one call of the engine about a revision.
type service struct {
	name string
	call func(w *world, req electoral.Request, h revision.Header) error
	// entries are those that it leaves in the chain of the comune.
	entries []electoral.Operation
}

func services() []service {
	twice := func(op electoral.Operation) []electoral.Operation { return []electoral.Operation{op, op} }
	once := func(op electoral.Operation) []electoral.Operation { return []electoral.Operation{op} }
	return []service{
		{name: "open", entries: append(twice(electoral.OpOpenRevision), twice(electoral.OpProposeRevision)...),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, _, err := w.engine.Open(w.t.Context(), req, revision.Opening{Comune: h.Comune, Kind: h.Kind, Year: h.Year,
					Half: h.Half})
				return err
			}},
		{name: "propose", entries: twice(electoral.OpProposeRevision),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, err := w.engine.Propose(w.t.Context(), req, h.Comune, h.ID)
				return err
			}},
		{name: "get", entries: once(electoral.OpReadRevision),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, err := w.engine.Get(w.t.Context(), req, h.Comune, h.ID)
				return err
			}},
		{name: "revisions", entries: once(electoral.OpReadRevision),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, err := w.engine.Revisions(w.t.Context(), req, h.Comune)
				return err
			}},
		{name: "lines", entries: once(electoral.OpReadRevision),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, err := w.engine.Lines(w.t.Context(), req, h.Comune, h.ID, revision.LineFilter{})
				return err
			}},
		{name: "table", entries: once(electoral.OpReadRevision),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, err := w.engine.Table(w.t.Context(), req, h.Comune, h.ID)
				return err
			}},
		{name: "minute", entries: once(electoral.OpRevisionMinute),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, err := w.engine.Minute(w.t.Context(), req, h.Comune, h.ID, 0)
				return err
			}},
		{name: "decide", entries: twice(electoral.OpDecideLines),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, _, err := w.engine.Decide(w.t.Context(), req, h.Comune, h.ID, []revision.Ruling{{
					Line: h.ID + ".3.0000000000000001.moved-out.general", Version: 1,
					Decision: revision.LineDecision{Verdict: revision.Accept}}})
				return err
			}},
		{name: "add", entries: twice(electoral.OpAddLine),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, _, err := w.engine.Add(w.t.Context(), req, h.Comune, h.ID, revision.Addition{ANPRID: "2",
					Cause: revision.RightLost, Effect: revision.LoseRight, List: electoral.GeneralList})
				return err
			}},
		{name: "apply", entries: append(append(twice(electoral.OpApplyRevision), twice(electoral.OpRemove)...),
			twice(electoral.OpLoseCapacity)...),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, err := w.engine.Apply(w.t.Context(), req, h.Comune, h.ID)
				return err
			}},
		{name: "close", entries: twice(electoral.OpCloseRevision),
			call: func(w *world, req electoral.Request, h revision.Header) error {
				_, err := w.engine.Close(w.t.Context(), req, h.Comune, h.ID)
				return err
			}},
	}
}

// TestAccesses counts what each service leaves in the log, and that no other caller
// gets anything: an officer of another comune, a citizen.
func TestAccesses(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		w.elector("2", aglie, "1970-01-01")
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		citizen := officer("")
		citizen.Actor = electoral.Actor{FiscalCode: "RSSMRA70A41H501W", Role: electoral.CitizenRole,
			Method: electoral.CIEMethod, Level: 3}
		for _, s := range services() {
			for _, req := range []electoral.Request{officer(airasca), citizen, {}} {
				before := len(w.log.accesses)
				err := s.call(w, req, h)
				require.Error(t, err, s.name)
				require.ErrorAs(t, err, new(electoral.Faults), s.name)
				left := w.log.accesses[before:]
				require.Len(t, left, 1, "%s: a refusal is on record once", s.name)
				require.Equal(t, aglie, left[0].Comune)
				require.NotEqual(t, electoral.Granted, left[0].Outcome)
				require.Empty(t, left[0].Details, s.name)
			}
			before := len(w.log.accesses)
			require.NoError(t, s.call(w, officer(aglie), h), s.name)
			var got []electoral.Operation
			for _, a := range w.log.accesses[before:] {
				require.Equal(t, aglie, a.Comune, s.name)
				got = append(got, a.Operation)
				subject := map[electoral.Operation]string{electoral.OpAddLine: "2", electoral.OpLoseCapacity: "2",
					electoral.OpRemove: "1"}[a.Operation]
				require.Equal(t, subject, a.Subject, s.name)
				require.NotContains(t, fmt.Sprint(a.RequestID, a.Details, a.Purpose), "ROSSI")
			}
			require.ElementsMatch(t, s.entries, got, s.name)
		}
	})
}

// TestAddElsewhere records a line about somebody whom another comune keeps in that
// comune's chain.
func TestAddElsewhere(t *testing.T) {
	w := newWorld(t, "memory")
	w.elector("1", airasca, "1970-01-01", movedTo(aglie, "2025-12-01"))
	w.at("2026-01-20")
	h := w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1})
	before := len(w.log.accesses)
	_, _, err := w.engine.Add(t.Context(), officer(aglie), aglie, h.ID, revision.Addition{ANPRID: "1",
		Cause: revision.RightAcquired, Effect: revision.Enrol, List: electoral.GeneralList,
		Decision: revision.LineDecision{Section: "1"}})
	require.NoError(t, err)
	for _, a := range w.log.accesses[before:] {
		require.Equal(t, airasca, a.Comune)
		require.Equal(t, aglie, a.ActorComune)
	}
}

// TestUnfit sends what no officer would: nothing panics, nothing of it is kept, and
// nothing of it is in the log.
func TestUnfit(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1234567890123456", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		line := w.lines(h)["1234567890123456"]
		require.Contains(t, line.ID, ".1234567890123456.")
		long, broken := strings.Repeat("RSSMRA80A01H501U", 1<<16), "\xff\x00\u202e"
		before := len(w.log.accesses)
		for _, s := range []string{"", long, broken, "RSSMRA80A01H501U"} {
			for _, svc := range services() {
				if svc.name == "open" || svc.name == "revisions" {
					continue
				}
				err := svc.call(w, officer(aglie), revision.Header{Comune: aglie, ID: s})
				faults, ok := errors.AsType[electoral.Faults](err)
				require.True(t, ok, "%s: %v", svc.name, err)
				require.NotEmpty(t, faults[0].Message)
				for _, f := range faults {
					require.LessOrEqual(t, len(f.Value), electoral.MaxText, svc.name)
				}
			}
			for name, d := range map[string]revision.LineDecision{
				"verdict":  {Verdict: revision.Verdict(s)},
				"reason":   {Verdict: revision.Reject, Reason: s},
				"section":  {Verdict: revision.Accept, Section: s},
				"effect":   {Verdict: revision.Accept, Effect: revision.Effect(s)},
				"recovery": {Verdict: revision.Accept, Recovery: &electoral.Recovery{Act: s}},
				"evidence": {Verdict: revision.Accept, Evidence: []revision.Evidence{{Source: revision.FromDocument, Text: s}}},
			} {
				if s == "" && name != "verdict" && name != "reason" && name != "evidence" ||
					s == "RSSMRA80A01H501U" && (name == "reason" || name == "recovery" || name == "evidence" || name == "section") {
					continue
				}
				_, err := w.decide(h, line, d)
				faults, ok := errors.AsType[electoral.Faults](err)
				require.True(t, ok, "%s %.20q: %v", name, s, err)
				for _, f := range faults {
					require.True(t, strings.HasPrefix(f.Path, "rulings[0]."), f.Path)
					require.LessOrEqual(t, len(f.Value), electoral.MaxText, name)
				}
			}
			_, _, err := w.engine.Add(t.Context(), officer(aglie), aglie, h.ID, revision.Addition{ANPRID: s,
				Cause: revision.Cause(s), Effect: revision.Effect(s), List: electoral.List(s)})
			faults, ok := errors.AsType[electoral.Faults](err)
			require.True(t, ok, "%v", err)
			require.Len(t, faults, 3, "all at once")
			for _, f := range faults {
				require.LessOrEqual(t, len(f.Value), electoral.MaxText)
			}
			_, _, err = w.engine.Open(t.Context(), officer(aglie), revision.Opening{Comune: aglie, Kind: revision.Kind(s)})
			w.refused(err, electoral.RevisionWhich, "")
		}
		_, _, err := w.engine.Decide(t.Context(), officer(aglie), aglie, h.ID, nil)
		w.refused(err, electoral.LineIncomplete, "count")
		_, err = w.decide(h, line, revision.LineDecision{Verdict: revision.Accept,
			KeptVotes: make([]electoral.KeptVote, 1000)})
		w.refused(err, electoral.LineIncomplete, "kept")
		for _, a := range w.log.accesses[before:] {
			require.NotContains(t, fmt.Sprintf("%+v", a), "RSSMRA80A01H501U")
		}
		require.Equal(t, line, w.lines(h)["1234567890123456"])

		// What is not of a rejection is not kept with it.
		got, err := w.decide(h, line, revision.LineDecision{Verdict: revision.Reject, Reason: "ancora residente",
			Elector: &electoral.Elector{ANPRID: "9"}, Day: day("2026-01-01"), District: electoral.Yes})
		require.NoError(t, err)
		require.Equal(t, revision.LineDecision{Verdict: revision.Reject, Reason: "ancora residente"}, got.Decision)
		_, err = w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, revision.LineFilter{After: "semestral-2026-1.x"})
		require.ErrorIs(t, err, electoral.QueryPaging, "a line of another revision")
	})
}

// TestWrittenAndRead writes what the engine returns and reads it back equal.
func TestWrittenAndRead(t *testing.T) {
	w := newWorld(t, "memory")
	w.votes = []electoral.Vote{referendum()}
	w.at("2026-01-30")
	w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2026-01-10"))
	w.elector("2", aglie, "2008-03-23")
	w.union("3", aglie)
	w.person("3", aglie, "1980-01-01", citizen(electoral.Citizenship{State: "GBR"}))
	h := w.open(revision.Opening{Kind: revision.Extraordinary, Day: day("2026-03-22")})
	w.now = w.now.Add(123456789 * time.Nanosecond)
	list := w.all(h)
	w.accept(h, list[0], func(d *revision.LineDecision) {
		d.Day, d.Evidence = day("2026-01-02"), []revision.Evidence{{Source: revision.FromDocument, Text: "atto"}}
	})
	w.accept(h, list[2], func(d *revision.LineDecision) { d.Day = day("2026-01-29") })
	_, err := w.decide(h, list[len(list)-1], revision.LineDecision{Verdict: revision.Reject, Reason: "motivo"})
	require.NoError(t, err)
	report := w.apply(h)
	require.Equal(t, 1, report.Refused)
	m, err := w.engine.Minute(t.Context(), officer(aglie), aglie, h.ID, 0)
	require.NoError(t, err)
	rows, err := w.engine.Table(t.Context(), officer(aglie), aglie, h.ID)
	require.NoError(t, err)
	views, err := w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, revision.LineFilter{})
	require.NoError(t, err)
	h, err = w.engine.Get(t.Context(), officer(aglie), aglie, h.ID)
	require.NoError(t, err)
	values := []any{h, m, report, revision.Opening{Kind: revision.Extraordinary, Day: day("2026-03-22"),
		Vote: &h.Votes[0], Persons: []string{"1"}}, revision.Addition{ANPRID: "1", Decision: views[0].Line.Decision},
		revision.Ruling{Line: "1", Version: 2, Decision: revision.LineDecision{Elector: new(electorOf("1", aglie, "1")),
			Recovery: &electoral.Recovery{Act: "a", Day: day("2026-01-01")},
			KeptVotes: []electoral.KeptVote{{Comune: aglie, Section: "1",
				Consultation: electoral.NationalReferendum, Day: day("2026-03-22")}}}}}
	for _, r := range rows {
		values = append(values, r)
	}
	for _, v := range views {
		values = append(values, v)
	}
	for _, v := range values {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		back := reflect.New(reflect.TypeOf(v))
		require.NoError(t, json.Unmarshal(text, back.Interface()))
		require.Equal(t, v, back.Elem().Interface(), "%s", text)
	}
}

// TestDeathCode uses the code of a death on an added list that is set.
func TestDeathCode(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		r, err := registry.New(registry.Config{Store: w.store, Population: w.people, Recorder: w.log,
			Now: func() time.Time { return w.now }, DeathCode: electoral.DeathOfElector})
		require.NoError(t, err)
		w.engine, err = revision.New(revision.Config{Registry: r})
		require.NoError(t, err)
		for _, id := range []string{"1", "2"} {
			w.union(id, aglie)
		}
		w.person("1", aglie, "1980-01-01", citizen(electoral.Citizenship{State: "FRA"}),
			func(p *electoral.Person) { p.Death = day("2026-01-02") })
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		_, _, err = w.engine.Add(t.Context(), officer(aglie), aglie, h.ID, revision.Addition{ANPRID: "2",
			Cause: revision.Death, Effect: revision.Remove, List: electoral.EUComunalList})
		require.NoError(t, err)
		for _, l := range w.all(h) {
			require.Equal(t, electoral.DeathOfElector, l.Code)
			if l.State == revision.LineOpen {
				w.accept(h, l)
			}
		}
		require.Equal(t, 3, w.apply(h).Applied)
		require.Equal(t, electoral.DeathOfElector, w.stored("1").Removals[0].Code)
	})
}

// TestOfficersElector takes the certifiability that the officer gives, in a step of its
// own.
func TestOfficersElector(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.person("1", aglie, "1970-01-01")
		w.at("2026-01-20")
		h := w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1})
		e, no := electorOf("1", aglie, "2"), electoral.NotCertifiable
		e.Certifiability = &no
		w.accept(h, w.lines(h)["1"], func(d *revision.LineDecision) { d.Elector = &e })
		report := w.apply(h)
		require.Equal(t, 1, report.Applied, "%v", report.Faulty)
		require.Equal(t, electoral.NotCertifiable, *w.stored("1").Certifiability)
		require.Equal(t, "2", w.stored("1").General.Section)
	})
}

// TestDistrictKept gives back with the right the vote for the district.
func TestDistrictKept(t *testing.T) {
	w := newWorld(t, "memory")
	s := sectionOf(trento, "3")
	s.DistrictConstituency = "POVO"
	w.do(w.registry.PutSection(t.Context(), officer(trento), s))
	w.person("1", trento, "1970-01-01")
	e := electorOf("1", trento, "3")
	e.Status.District = electoral.Yes
	w.do(w.registry.Enrol(t.Context(), officer(trento), e))
	w.noRight(trento, "1")
	w.at("2026-01-20")
	h := w.open(revision.Opening{Comune: trento, Kind: revision.DynamicSecond, Year: 2026, Half: 1})
	_, _, err := w.engine.Add(t.Context(), officer(trento), trento, h.ID, revision.Addition{ANPRID: "1",
		Cause: revision.RightAcquired, Effect: revision.RecoverRight, List: electoral.GeneralList,
		Decision: revision.LineDecision{Recovery: &electoral.Recovery{Act: "riabilitazione", Day: day("2026-01-19")}}})
	require.NoError(t, err)
	report := w.apply(h)
	require.Equal(t, 1, report.Applied, "%v", report.Faulty)
	require.Equal(t, electoral.Yes, w.stored("1").Status.District)
}

// TestToldInMinute says in the minute on which doubt about the law a line was accepted.
func TestToldInMinute(t *testing.T) {
	w := newWorld(t, "memory")
	w.union("1", aglie)
	w.person("1", aglie, "1980-01-01", citizen(electoral.Citizenship{State: "GBR"}))
	h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
	for _, l := range w.all(h) {
		require.Empty(t, l.Doubts)
	}
	w.done(h)
	m, err := w.engine.Minute(t.Context(), officer(aglie), aglie, h.ID, 1)
	require.NoError(t, err)
	require.True(t, m.Told.Has(electoral.RevisionCauseOpen))
	require.Len(t, m.Told, 1)
}

// TestApplicantMoved doubts the application of a citizen of the Union who moved after
// it, or is in no register; of one who did not, it doubts nothing.
func TestApplicantMoved(t *testing.T) {
	nowhere := func(p *electoral.Person) { p.Residence = nil }
	for want, alter := range map[electoral.Code]func(*electoral.Person){
		"": func(*electoral.Person) {}, electoral.EUOtherComune: movedTo(airasca, "2026-01-10"),
		electoral.DoubtUnregistered: nowhere,
	} {
		w := newWorld(t, "memory")
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
		_, _, err = w.registry.Apply(t.Context(), req, registry.EnrolmentApplication, electoral.EUComunalList,
			registry.ApplicationContent{Citizenship: "FRA", OriginAddress: registry.OriginAddress{State: "FRA",
				Place: "Paris", Address: "1 rue de la Paix"}})
		require.NoError(t, err)
		w.person("1", aglie, "1980-01-01", french, alter)
		w.at("2026-01-20")
		line := w.lines(w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1}))["1"]
		if want == "" {
			require.Empty(t, line.Doubts)
			continue
		}
		require.Len(t, line.Doubts, 1)
		require.Equal(t, want, line.Doubts[0].Code)
		require.Equal(t, electoral.Warning, line.Doubts[0].Severity)
	}
}
