package revision_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// TestOpenings refuses what is no revision.
func TestOpenings(t *testing.T) {
	w := newWorld(t, "memory")
	w.votes = []electoral.Vote{referendum()}
	vote := referendum()
	other := referendum()
	other.Day = day("2026-03-29")
	for name, q := range map[string]struct {
		q    revision.Opening
		code electoral.Code
		name string
	}{
		"kind":      {revision.Opening{Kind: "x"}, electoral.RevisionWhich, ""},
		"year":      {revision.Opening{Kind: revision.Semestral, Half: 1}, electoral.RevisionWhich, "year"},
		"half":      {revision.Opening{Kind: revision.Semestral, Year: 2026, Half: 3}, electoral.RevisionWhich, "half"},
		"no vote":   {revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1, Day: vote.Day}, electoral.RevisionWhich, "no-vote"},
		"day":       {revision.Opening{Kind: revision.Extraordinary}, electoral.RevisionWhich, "day"},
		"no day":    {revision.Opening{Kind: revision.Extraordinary, Day: electoral.Date{Year: 2026, Month: 2, Day: 30}}, electoral.RevisionWhich, "day"},
		"votes":     {revision.Opening{Kind: revision.Extraordinary, Day: vote.Day, Persons: []string{"1"}}, electoral.RevisionWhich, "votes"},
		"other day": {revision.Opening{Kind: revision.Extraordinary, Day: vote.Day.AddDays(7), Vote: &vote, Persons: []string{"1"}}, electoral.RevisionWhich, "not-called"},
		"persons":   {revision.Opening{Kind: revision.Extraordinary, Day: other.Day, Vote: &other, Persons: []string{"x"}}, electoral.RevisionWhich, "persons"},
	} {
		q.q.Comune = aglie
		_, _, err := w.engine.Open(t.Context(), officer(aglie), q.q)
		w.refused(err, q.code, q.name)
		require.NotPanics(t, func() { _ = err.Error() }, name)
	}
	_, _, err := w.engine.Open(t.Context(), officer(airasca), revision.Opening{Comune: aglie, Kind: revision.Semestral,
		Year: 2026, Half: 1})
	require.ErrorIs(t, err, electoral.NotCompetent)
	req := officer(aglie)
	req.Actor.Role, req.Actor.Comune = electoral.CitizenRole, ""
	_, _, err = w.engine.Open(t.Context(), req, revision.Opening{Comune: aglie, Kind: revision.Semestral, Year: 2026,
		Half: 1})
	require.ErrorIs(t, err, electoral.NotCompetent)
}

// TestServicesRefuse asks each service for a revision that is not there, of another
// comune, and for lines that are not its own.
func TestServicesRefuse(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		ctx, e, before := t.Context(), w.engine, len(w.log.accesses)
		services := map[string]func(req electoral.Request, comune, id string) error{
			"propose": func(req electoral.Request, comune, id string) error {
				_, err := e.Propose(ctx, req, comune, id)
				return err
			},
			"get": func(req electoral.Request, comune, id string) error {
				_, err := e.Get(ctx, req, comune, id)
				return err
			},
			"lines": func(req electoral.Request, comune, id string) error {
				_, err := e.Lines(ctx, req, comune, id, revision.LineFilter{})
				return err
			},
			"decide": func(req electoral.Request, comune, id string) error {
				_, _, err := e.Decide(ctx, req, comune, id, []revision.Ruling{{Line: "x",
					Decision: revision.LineDecision{Verdict: revision.Accept}}})
				return err
			},
			"add": func(req electoral.Request, comune, id string) error {
				_, _, err := e.Add(ctx, req, comune, id, revision.Addition{ANPRID: "1", Cause: revision.CourtOrder,
					Effect: revision.Remove, List: electoral.GeneralList})
				return err
			},
			"apply": func(req electoral.Request, comune, id string) error {
				_, err := e.Apply(ctx, req, comune, id)
				return err
			},
			"close": func(req electoral.Request, comune, id string) error {
				_, err := e.Close(ctx, req, comune, id)
				return err
			},
			"table": func(req electoral.Request, comune, id string) error {
				_, err := e.Table(ctx, req, comune, id)
				return err
			},
			"minute": func(req electoral.Request, comune, id string) error {
				_, err := e.Minute(ctx, req, comune, id, 0)
				return err
			},
		}
		for name, call := range services {
			require.ErrorIs(t, call(officer(airasca), aglie, h.ID), electoral.NotCompetent, name)
			require.ErrorIs(t, call(officer(airasca), airasca, h.ID), electoral.RevisionNotFound, name)
			for _, id := range []string{"", "x", "\xff", strings.Repeat("x", 300), h.ID + "."} {
				require.ErrorIs(t, call(officer(aglie), aglie, id), electoral.RevisionNotFound, name)
			}
		}
		list, err := e.Revisions(ctx, officer(aglie), aglie)
		require.NoError(t, err)
		require.Len(t, list, 1)
		for _, a := range w.log.accesses[before:] {
			require.Contains(t, []string{aglie, airasca}, a.Comune)
		}
	})
}

// TestRulings refuses what is no decision, all faults at once, and changes nothing.
func TestRulings(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		for _, id := range []string{"1", "2"} {
			w.elector(id, aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		}
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		lines := w.lines(h)
		one, two := lines["1"], lines["2"]
		decide := func(r ...revision.Ruling) error {
			_, _, err := w.engine.Decide(t.Context(), officer(aglie), aglie, h.ID, r)
			return err
		}
		ok := revision.LineDecision{Verdict: revision.Accept}
		w.refused(decide(), electoral.LineIncomplete, "count")
		w.refused(decide(make([]revision.Ruling, 1001)...), electoral.LineIncomplete, "count")
		w.refused(decide(revision.Ruling{Line: one.ID, Version: 1, Decision: ok},
			revision.Ruling{Line: one.ID, Version: 1, Decision: ok}), electoral.LineStep, "twice")
		w.refused(decide(revision.Ruling{Line: one.ID, Version: 9, Decision: ok}), electoral.LineChanged, "")
		w.refused(decide(revision.Ruling{Line: h.ID + ".x", Version: 1, Decision: ok}), electoral.LineNotFound, "")
		for name, d := range map[string]revision.LineDecision{
			"verdict":  {Verdict: "x"},
			"reason":   {Verdict: revision.Reject, Reason: " x "},
			"text":     {Verdict: revision.Reject, Reason: "motivo \x07"},
			"day":      {Verdict: revision.Accept, Day: electoral.Date{Year: 2026, Month: 2, Day: 30}},
			"evidence": {Verdict: revision.Accept, Evidence: []revision.Evidence{{Source: revision.FromLists, Text: "x"}}},
			"kept":     {Verdict: revision.Accept, KeptVotes: []electoral.KeptVote{{Day: electoral.Date{Year: 2026}}}},
		} {
			code, kind := electoral.LineIncomplete, name
			if name == "verdict" {
				code = electoral.LineStep
			}
			if name == "kept" {
				kind = "day"
			}
			w.refused(decide(revision.Ruling{Line: one.ID, Version: 1, Decision: d}), code, kind)
		}
		// Both faults are told, and the line that is right is not decided.
		err := decide(revision.Ruling{Line: one.ID, Version: 1, Decision: ok},
			revision.Ruling{Line: two.ID, Version: 3, Decision: ok},
			revision.Ruling{Line: h.ID + ".x", Version: 1, Decision: ok})
		faults, _ := errors.AsType[electoral.Faults](err)
		require.Len(t, faults, 2)
		require.Equal(t, "rulings[1].version", faults[0].Path)
		require.Equal(t, "rulings[2].line.id", faults[1].Path)
		require.Equal(t, lines, w.lines(h))

		_, err = w.engine.Close(t.Context(), officer(aglie), aglie, h.ID)
		w.refused(err, electoral.LinesLeft, "")
		rejected, err := w.decide(h, one, revision.LineDecision{Verdict: revision.Reject, Reason: "non si è trasferita"})
		require.NoError(t, err)
		require.Equal(t, revision.LineRejected, rejected.State)
		w.accept(h, two)
		_, err = w.decide(h, w.lines(h)["2"], revision.LineDecision{Verdict: revision.Reject, Reason: "motivo"})
		w.refused(err, electoral.LineStep, "")
		withdrawn, err := w.decide(h, w.lines(h)["2"], revision.LineDecision{Verdict: revision.Withdraw, Reason: "errore"})
		require.NoError(t, err)
		require.Equal(t, revision.LineWithdrawn, withdrawn.State)
		require.Equal(t, 0, w.apply(h).Applied)
		m, err := w.engine.Minute(t.Context(), officer(aglie), aglie, h.ID, 0)
		require.NoError(t, err)
		require.Len(t, m.Rejected, 2)
		ended, err := w.engine.Close(t.Context(), officer(aglie), aglie, h.ID)
		require.NoError(t, err)
		require.Equal(t, revision.Ended, ended.State)
		_, err = w.decide(h, withdrawn, revision.LineDecision{Verdict: revision.Reopen})
		w.refused(err, electoral.RevisionStep, "")
		_, _, err = w.engine.Open(t.Context(), officer(aglie), revision.Opening{Comune: aglie,
			Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		w.refused(err, electoral.RevisionStep, "ended")
	})
}

// TestAdd adds what the proposals cannot know, and refuses what does not fit.
func TestAdd(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", aglie, "1970-01-01")
		w.elector("2", aglie, "1970-01-01")
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		add := func(q revision.Addition) error {
			_, _, err := w.engine.Add(t.Context(), officer(aglie), aglie, h.ID, q)
			return err
		}
		act := revision.LineDecision{Evidence: []revision.Evidence{{Source: revision.FromDocument,
			Text: "sentenza del Tribunale di Ivrea", Reference: "n. 12 del 2026"}}}
		general := electoral.GeneralList
		w.refused(add(revision.Addition{ANPRID: "1", Cause: revision.MovedIn, Effect: revision.Remove, List: general}),
			electoral.LineFit, "")
		w.refused(add(revision.Addition{ANPRID: "x", Cause: revision.RightLost, Effect: revision.LoseRight, List: "x"}),
			electoral.LineFit, "list")
		w.refused(add(revision.Addition{ANPRID: "99", Cause: revision.RightLost, Effect: revision.LoseRight, List: general}),
			electoral.PersonUnknown, "")
		w.refused(add(revision.Addition{ANPRID: "1", Cause: revision.CourtOrder, Effect: revision.Remove, List: general}),
			electoral.LineIncomplete, "order")
		w.refused(add(revision.Addition{ANPRID: "1", Cause: revision.TurnsEighteen, Effect: revision.Enrol, List: general,
			Decision: revision.LineDecision{Section: "1"}}), electoral.RevisionCauseRefused, "")
		require.NoError(t, add(revision.Addition{ANPRID: "1", Cause: revision.RightLost, Effect: revision.LoseRight,
			List: general, Decision: act}))
		w.refused(add(revision.Addition{ANPRID: "1", Cause: revision.RightLost, Effect: revision.LoseRight, List: general,
			Decision: act}), electoral.LineStep, "there")
		require.NoError(t, add(revision.Addition{ANPRID: "2", Cause: revision.CourtOrder, Effect: revision.Remove,
			List: general, Decision: act}))
		require.Equal(t, 2, w.apply(h).Applied)
		require.NotNil(t, w.stored("1").Loss)
		require.Nil(t, w.stored("2").General)
		list, err := w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, revision.LineFilter{})
		require.NoError(t, err)
		require.Equal(t, act.Evidence, list[0].Evidence)

		w.at("2026-01-20") // the right is had again, by its act
		second := w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1})
		recover := revision.Addition{ANPRID: "1", Cause: revision.RightAcquired, Effect: revision.RecoverRight, List: general}
		_, _, err = w.engine.Add(t.Context(), officer(aglie), aglie, second.ID, recover)
		w.refused(err, electoral.LineIncomplete, "recovery")
		recover.Decision.Recovery = &electoral.Recovery{Act: "Trib. Ivrea n. 3/2026", Day: day("2026-01-19")}
		_, _, err = w.engine.Add(t.Context(), officer(aglie), aglie, second.ID, recover)
		require.NoError(t, err)
		report := w.apply(second)
		require.Equal(t, 1, report.Applied, "%v", report.Faulty)
		require.Equal(t, electoral.Yes, w.stored("1").Status.Chamber)
		require.Nil(t, w.stored("1").Loss)
	})
}

// TestBeforeLast refuses an operation that would take effect before the last one on
// the person (EN389).
func TestBeforeLast(t *testing.T) {
	w := newWorld(t, "memory")
	w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
	w.at("2026-01-07")
	h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
	w.accept(h, w.lines(h)["1"], func(d *revision.LineDecision) { d.Day = day("2026-01-02") })
	report := w.apply(h)
	require.Equal(t, 1, report.Refused)
	require.True(t, report.Faulty[0].Refused.Has(electoral.LineBeforeLast))
	require.Equal(t, "EN389", report.Faulty[0].Refused[0].ANPRCode)
	w.accept(h, w.lines(h)["1"], func(d *revision.LineDecision) { d.Day = day("2026-01-06") })
	require.Equal(t, 1, w.apply(h).Applied)
	require.Equal(t, day("2026-01-06"), w.stored("1").Removals[0].Day)
}

// TestOfficersAtOnce lets eight officers decide and apply the same revision: each
// line is decided by one of them and applied once.
func TestOfficersAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		const people = 20
		for i := range people {
			w.elector(fmt.Sprint(i+1), aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		}
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		lines := w.lines(h)
		var all sync.WaitGroup
		var mu sync.Mutex
		decided, applied := 0, 0
		for range 8 {
			all.Go(func() {
				for _, l := range lines {
					_, err := w.decide(h, l, revision.LineDecision{Verdict: revision.Accept})
					mu.Lock()
					if err == nil {
						decided++
					} else if !errors.Is(err, electoral.LineChanged) {
						t.Error(err)
					}
					mu.Unlock()
				}
				report, err := w.engine.Apply(t.Context(), officer(aglie), aglie, h.ID)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				applied += report.Applied
				mu.Unlock()
			})
		}
		all.Wait()
		require.Equal(t, people, decided)
		for _, l := range w.lines(h) {
			require.Equal(t, revision.LineApplied, l.State)
		}
		require.GreaterOrEqual(t, applied, people, "two calls may both see a line applied")
		page, err := w.registry.Journal(t.Context(), officer(aglie), registry.JournalSearch{Comune: aglie,
			Operations: []electoral.Operation{electoral.OpRemove}}, 1000)
		require.NoError(t, err)
		require.Len(t, page.Entries, people, "each removal once")
	})
}

// A breaking store fails some updates, before or after they are durable.
type breaking struct {
	registry.Store
	random *rand.Rand
	armed  bool
}

var errLost = errors.New("the connection broke")

func (b *breaking) Update(ctx context.Context, fn func(registry.Writer) error) error {
	if b.armed && b.random.IntN(6) == 0 {
		return errLost
	}
	if err := b.Store.Update(ctx, fn); err != nil {
		return err
	}
	if b.armed && b.random.IntN(6) == 0 {
		return errLost // it stands, and the caller does not know
	}
	return nil
}

// TestInterrupted breaks the store at random: called again, a revision ends as if
// nothing had broken, each line done once.
func TestInterrupted(t *testing.T) {
	for seed := range uint64(30) {
		w := newWorld(t, "memory")
		store := &breaking{Store: w.store, random: rand.New(rand.NewPCG(seed, 1))}
		r, err := registry.New(registry.Config{Store: store, Population: w.people, Recorder: w.log,
			Now: func() time.Time { return w.now }})
		require.NoError(t, err)
		for i := range 6 {
			w.elector(fmt.Sprint(i+1), aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
			w.person(fmt.Sprint(i+101), aglie, "1970-01-01", movedTo(aglie, "2025-12-02"))
		}
		w.registry = r
		w.engine, err = revision.New(revision.Config{Registry: r})
		require.NoError(t, err)
		store.armed = true
		again := func(what string, fn func() error) {
			for range 500 {
				if err := fn(); err == nil {
					return
				} else if !errors.Is(err, errLost) {
					require.NoError(t, err, "seed %d: %s", seed, what)
				}
			}
			require.Fail(t, "it never ended", "seed %d: %s", seed, what)
		}
		for _, kind := range []revision.Kind{revision.DynamicFirst, revision.DynamicSecond} {
			var h revision.Header
			open := officer(aglie)
			again("open", func() (err error) {
				h, _, err = w.engine.Open(t.Context(), open, revision.Opening{Comune: aglie, Kind: kind, Year: 2026, Half: 1})
				return err
			})
			lines := w.lines(h)
			require.Len(t, lines, 6, "seed %d", seed)
			for _, l := range lines {
				req := officer(aglie)
				again("decide", func() error {
					_, _, err := w.engine.Decide(t.Context(), req, aglie, h.ID, []revision.Ruling{{Line: l.ID,
						Version: l.Version, Decision: revision.LineDecision{Verdict: revision.Accept, Section: "1"}}})
					return err
				})
			}
			again("apply", func() error {
				report, err := w.engine.Apply(t.Context(), officer(aglie), aglie, h.ID)
				require.Zero(t, report.Refused, "seed %d: %v", seed, report.Faulty)
				return err
			})
			for _, l := range w.lines(h) {
				require.Equal(t, revision.LineApplied, l.State, "seed %d", seed)
			}
			again("close", func() error { _, err := w.engine.Close(t.Context(), officer(aglie), aglie, h.ID); return err })
		}
		store.armed = false
		for i := range 6 {
			require.Nil(t, w.stored(fmt.Sprint(i+1)).General)
			e := w.stored(fmt.Sprint(i + 101))
			require.NotNil(t, e.General)
			require.Equal(t, electoral.FullyCertifiable, *e.Certifiability)
		}
		page, err := r.Journal(t.Context(), officer(aglie), registry.JournalSearch{Comune: aglie}, 1000)
		require.NoError(t, err)
		ops := map[electoral.Operation]int{}
		for _, en := range page.Entries {
			if en.Revision == electoral.DynamicRevision {
				ops[en.Operation]++
			}
		}
		require.Equal(t, map[electoral.Operation]int{electoral.OpRemove: 6, electoral.OpEnrol: 6,
			electoral.OpCertifiability: 6}, ops, "seed %d", seed)
	}
}

// TestRetention forgets the evidence first, then the lines.
func TestRetention(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		w.accept(h, w.lines(h)["1"])
		require.Equal(t, 1, w.apply(h).Applied)
		_, err := w.engine.Close(t.Context(), officer(aglie), aglie, h.ID)
		require.NoError(t, err)
		left := func() (lines, evidence, headers int) {
			require.NoError(t, w.store.View(t.Context(), func(rd registry.Reader) error {
				for book, n := range map[registry.Book]*int{registry.RevisionLineBook: &lines,
					registry.RevisionEvidenceBook: &evidence, registry.RevisionBook: &headers} {
					for _, err := range rd.Records(t.Context(), registry.RecordSearch{Book: book, Comune: aglie}) {
						require.NoError(t, err)
						*n++
					}
				}
				return nil
			}))
			return lines, evidence, headers
		}
		expire := func(d string) []int {
			w.at(d)
			_, err := w.registry.Expire(t.Context(), aglie)
			require.NoError(t, err)
			a, b, c := left()
			return []int{a, b, c}
		}
		require.Equal(t, []int{1, 1, 1}, expire("2026-06-30"))
		require.Equal(t, []int{1, 0, 1}, expire("2026-07-06"))
		require.Equal(t, []int{1, 0, 1}, expire("2030-12-30"))
		require.Equal(t, []int{0, 0, 0}, expire("2031-01-06"))
	})
}

// TestProposeAgain keeps what was decided, drops what no longer holds, and asks anew
// where the facts changed.
func TestProposeAgain(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		for _, id := range []string{"1", "2", "3", "4"} {
			w.elector(id, aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		}
		q := revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1}
		h := w.open(q)
		lines := w.lines(h)
		w.accept(h, lines["1"])
		w.accept(h, lines["2"])
		_, err := w.decide(h, lines["3"], revision.LineDecision{Verdict: revision.Reject, Reason: "ancora residente"})
		require.NoError(t, err)
		w.person("2", aglie, "1970-01-01", movedTo(bolzano, "2025-12-02")) // moved on
		w.person("4", aglie, "1970-01-01")                                 // did not move
		h = w.open(q)
		lines = w.lines(h)
		require.Equal(t, revision.LineAccepted, lines["1"].State)
		require.Equal(t, revision.LineOpen, lines["2"].State)
		require.True(t, lines["2"].Doubts.Has(electoral.LineFacts))
		require.Equal(t, revision.LineRejected, lines["3"].State)
		require.NotContains(t, lines, "4")
		require.Equal(t, 2, h.Round)
	})
}

// TestMerged keeps the lines of a person whose ANPR ids are joined.
func TestMerged(t *testing.T) {
	w := newWorld(t, "memory")
	w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
	h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
	w.person("7", aglie, "1970-01-01")
	w.people.Remove("1")
	_, _, err := w.registry.MergeIDs(t.Context(), officer(aglie), "1", "7")
	require.NoError(t, err)
	lines := w.lines(h)
	require.Contains(t, lines, "7")
	require.NotContains(t, lines, "1")
}

// TestOrder puts the lines into the order in which ANPR takes them.
func TestOrder(t *testing.T) {
	w := newWorld(t, "memory")
	w.at("2026-01-08")
	w.votes = []electoral.Vote{referendum()}
	dead := func(p *electoral.Person) { p.Death = day("2026-01-07") }
	w.elector("1", aglie, "1940-01-01", dead)
	w.person("2", aglie, "1970-01-01")
	w.elector("3", aglie, "1971-01-01", movedTo(airasca, "2025-11-02"))
	h := w.open(revision.Opening{Kind: revision.Extraordinary, Day: day("2026-03-22")})
	list, err := w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, revision.LineFilter{})
	require.NoError(t, err)
	var effects []revision.Effect
	for _, v := range list {
		effects = append(effects, v.Line.Effect)
	}
	require.Equal(t, []revision.Effect{revision.Remove, revision.Remove, revision.Enrol}, effects)
	page, err := w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, revision.LineFilter{After: list[0].Line.ID,
		Causes: []revision.Cause{revision.MovedOut}})
	require.NoError(t, err)
	require.Len(t, page, 1)
	for _, f := range []revision.LineFilter{{Limit: -1}, {Limit: 1001}, {After: "\x00"}} {
		_, err = w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, f)
		require.ErrorIs(t, err, electoral.QueryPaging)
	}
	require.True(t, slices.IsSortedFunc(list, func(a, b revision.LineView) int {
		return strings.Compare(a.Line.ID, b.Line.ID)
	}))
}
