package revision_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// abodes gives sections to two abodes.
func abodes(p electoral.Person) (string, bool) {
	if p.Residence == nil {
		return "", false
	}
	n, ok := map[string]string{"VIA ROMA 1": "1", "VIA VERDI 2": "2"}[p.Residence.Abode]
	return n, ok
}

func livesAt(abode string) func(*electoral.Person) {
	return func(p *electoral.Person) { p.Residence.Abode = abode }
}

// TestSettledAgain proposes anew what is right once more after it was applied, or was
// rejected on other facts; the line before stays in the minute.
func TestSettledAgain(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.section = abodes
		for _, id := range []string{"1", "2"} {
			w.elector(id, aglie, "1970-01-01", livesAt("VIA VERDI 2"))
		}
		w.at("2026-01-20")
		q := revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1}
		h := w.open(q)
		lines := w.lines(h)
		w.accept(h, lines["1"], func(d *revision.LineDecision) { d.Section = "" })
		_, err := w.decide(h, lines["2"], revision.LineDecision{Verdict: revision.Reject, Reason: "non si è trasferita"})
		require.NoError(t, err)
		require.Equal(t, 1, w.apply(h).Applied)
		require.Len(t, w.all(w.open(q)), 2, "nothing changed")

		w.at("2026-01-22")
		w.person("1", aglie, "1970-01-01")                                                     // back in section 1
		w.person("2", aglie, "1970-01-01", livesAt("VIA VERDI 2"), func(p *electoral.Person) { // moved within the comune
			p.Residence.Since = day("2026-01-21")
		})
		h = w.open(q)
		open := map[string]revision.Line{}
		for _, l := range w.all(h) {
			if l.State == revision.LineOpen {
				open[l.ANPRID] = l
			}
		}
		require.Len(t, open, 2)
		require.Equal(t, "1", open["1"].Section)
		require.Equal(t, lines["1"].ID+".2", open["1"].ID)
		for _, l := range open {
			w.accept(h, l, func(d *revision.LineDecision) { d.Section = "" })
		}
		require.Equal(t, 2, w.apply(h).Applied)
		require.Equal(t, "1", w.stored("1").General.Section)
		require.Equal(t, "2", w.stored("2").General.Section)
		m, err := w.engine.Minute(t.Context(), officer(aglie), aglie, h.ID, 0)
		require.NoError(t, err)
		require.Len(t, m.Changed, 3)
		require.Len(t, m.Rejected, 1)
		m, err = w.engine.Minute(t.Context(), officer(aglie), aglie, h.ID, 1)
		require.NoError(t, err)
		require.Len(t, m.Changed, 1)
		require.Len(t, m.Rejected, 1, "the sitting of the day stays as it was")
		require.Len(t, w.all(w.open(q)), 4, "nothing changed")
	})
}

// TestAddAgain adds a second order about a person and a list whose first was applied.
func TestAddAgain(t *testing.T) {
	w := newWorld(t, "memory")
	w.elector("1", aglie, "1970-01-01")
	h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
	order := func(section string) (revision.Line, error) {
		l, _, err := w.engine.Add(t.Context(), officer(aglie), aglie, h.ID, revision.Addition{ANPRID: "1",
			Cause: revision.CourtOrder, Effect: revision.MoveSection, List: electoral.GeneralList,
			Decision: revision.LineDecision{Section: section, Evidence: []revision.Evidence{{Source: revision.FromDocument,
				Text: "decisione della commissione"}}}})
		return l, err
	}
	first, err := order("2")
	require.NoError(t, err)
	_, err = order("1")
	w.refused(err, electoral.LineStep, "there")
	require.Equal(t, 1, w.apply(h).Applied)
	second, err := order("1")
	require.NoError(t, err)
	require.Equal(t, first.ID+".2", second.ID)
	require.Equal(t, 1, w.apply(h).Applied)
	require.Equal(t, "1", w.stored("1").General.Section)
}

// TestDocumentsKept keeps what the officer laid before when the proposals are made
// anew, and the line that he added.
func TestDocumentsKept(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		act := []revision.Evidence{{Source: revision.FromDocument, Text: "atto di morte", Reference: "n. 3/2026"}}
		w.elector("1", aglie, "1930-01-01", movedTo(airasca, "2025-11-02"))
		w.elector("2", aglie, "1930-01-01")
		q := revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1}
		h := w.open(q)
		l, err := w.decide(h, w.lines(h)["1"], revision.LineDecision{Verdict: revision.Accept, Evidence: act})
		require.NoError(t, err)
		_, err = w.decide(h, l, revision.LineDecision{Verdict: revision.Reopen})
		require.NoError(t, err)
		_, _, err = w.engine.Add(t.Context(), officer(aglie), aglie, h.ID, revision.Addition{ANPRID: "2",
			Cause: revision.Death, Effect: revision.Remove, List: electoral.GeneralList,
			Decision: revision.LineDecision{Evidence: act}})
		require.NoError(t, err)
		w.person("2", aglie, "1930-01-01", func(p *electoral.Person) { p.Death = day("2026-01-03") }) // the register follows
		h = w.open(q)
		list, err := w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, revision.LineFilter{})
		require.NoError(t, err)
		require.Len(t, list, 2)
		for _, v := range list {
			require.Contains(t, v.Evidence, act[0], v.Line.ANPRID)
			require.Len(t, v.Evidence, 2)
		}
		require.True(t, w.lines(h)["2"].Added)
		w.person("2", aglie, "1930-01-01")
		require.Contains(t, w.lines(w.open(q)), "2", "an officer's line does not go")
	})
}

// TestHalfDone goes on with an enrolment of which only the certifiability is left:
// neither new proposals nor the term take it away.
func TestHalfDone(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.person("1", aglie, "1970-01-01")
		w.votes = []electoral.Vote{referendum()}
		w.at("2026-01-30")
		q := revision.Opening{Kind: revision.Extraordinary, Day: day("2026-03-22")}
		h := w.open(q)
		w.accept(h, w.lines(h)["1"])
		store := &breakingAfter{Store: w.store}
		r, err := registry.New(registry.Config{Store: store, Population: w.people, Recorder: w.log,
			Now: func() time.Time { return w.now }})
		require.NoError(t, err)
		broken, err := revision.New(revision.Config{Registry: r})
		require.NoError(t, err)
		store.left = 2 // the sitting and the enrolment
		_, err = broken.Apply(t.Context(), officer(aglie), aglie, h.ID)
		require.ErrorIs(t, err, errLost)
		require.Equal(t, 1, w.lines(h)["1"].Step)

		w.removed(aglie, "1", electoral.GeneralList, electoral.CauseSentByMistake) // so that it is refused
		report := w.apply(h)
		require.Equal(t, 1, report.Refused)
		m, err := w.engine.Minute(t.Context(), officer(aglie), aglie, h.ID, 0)
		require.NoError(t, err)
		require.Len(t, m.Enrolled, 1, "he is in the list")
		require.Empty(t, m.Refused)
		w.do(w.registry.Enrol(t.Context(), officer(aglie), electorOf("1", aglie, "1")))
		h = w.open(q)
		require.Contains(t, w.lines(h), "1", "it is half done")
		w.at("2026-03-10") // after the last day, the lists blocked
		w.accept(h, w.lines(h)["1"])
		report = w.apply(h)
		require.Equal(t, 1, report.Applied, "%v", report.Faulty)
		require.Equal(t, electoral.FullyCertifiable, *w.stored("1").Certifiability)
	})
}

// A breakingAfter fails each update after some.
type breakingAfter struct {
	registry.Store
	left int
}

func (b *breakingAfter) Update(ctx context.Context, fn func(registry.Writer) error) error {
	if b.left--; b.left < 0 {
		return errLost
	}
	return b.Store.Update(ctx, fn)
}

// TestTogether applies several lines about one person in one revision: each by what the
// others left, from a day that is not before theirs (EN389).
func TestTogether(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.union("1", aglie)
		w.person("1", aglie, "1980-01-01", citizen(electoral.Citizenship{State: "GBR"}))
		w.union("2", aglie)
		w.person("2", aglie, "1980-01-01", citizen(electoral.Citizenship{State: "GBR"}))
		q := revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1}
		h := w.open(q)
		w.at("2026-01-09")
		days := map[electoral.List]string{electoral.EUComunalList: "2026-01-07", electoral.EUParliamentList: "2026-01-06"}
		for _, l := range w.all(h) {
			if l.ANPRID == "1" {
				w.accept(h, l, func(d *revision.LineDecision) { d.Day = day(days[l.List]) })
			} else if l.List == electoral.EUComunalList {
				w.accept(h, l)
			} else {
				_, err := w.decide(h, l, revision.LineDecision{Verdict: revision.Reject, Reason: "motivo"})
				require.NoError(t, err)
			}
		}
		report := w.apply(h)
		require.Equal(t, 2, report.Applied, "%v", report.Faulty)
		require.Equal(t, 1, report.Refused)
		require.Equal(t, electoral.LineBeforeLast, report.Faulty[0].Refused[0].Code)
		require.Equal(t, electoral.EUParliamentList, report.Faulty[0].List)
		require.Contains(t, report.Faulty[0].Refused[0].Message, day("2026-01-07").Italian())
		w.accept(h, report.Faulty[0], func(d *revision.LineDecision) { d.Day = day("2026-01-07") })
		require.Equal(t, 1, w.apply(h).Applied)
		require.Len(t, w.all(w.open(q)), 4, "the other line of the person changed nothing that was rejected")
	})
}

// TestStrickenGone does not strike off the copy who is out of the list by then.
func TestStrickenGone(t *testing.T) {
	w := newWorld(t, "memory")
	w.votes = []electoral.Vote{referendum()}
	w.at("2026-01-30")
	w.elector("1", aglie, "2008-03-23")
	h := w.open(revision.Opening{Kind: revision.Extraordinary, Day: day("2026-03-22")})
	w.accept(h, w.lines(h)["1"])
	_, _, err := w.engine.Add(t.Context(), officer(aglie), aglie, h.ID, revision.Addition{ANPRID: "1",
		Cause: revision.CourtOrder, Effect: revision.Remove, List: electoral.GeneralList,
		Decision: revision.LineDecision{Evidence: []revision.Evidence{{Source: revision.FromDocument, Text: "sentenza"}}}})
	require.NoError(t, err)
	report := w.apply(h)
	require.Equal(t, 1, report.Applied)
	require.Equal(t, 1, report.Refused)
	w.refused(report.Faulty[0].Refused, electoral.RemovalList, "not-in")
}

// A pausing store calls something after a view.
type pausing struct {
	registry.Store
	call func()
}

func (p *pausing) View(ctx context.Context, fn func(registry.Reader) error) error {
	lists := false
	err := p.Store.View(ctx, func(rd registry.Reader) error {
		return fn(searching{Reader: rd, lists: &lists})
	})
	if f := p.call; lists && f != nil {
		p.call = nil
		f()
	}
	return err
}

type searching struct {
	registry.Reader
	lists *bool
}

func (s searching) Search(ctx context.Context, q registry.Search) iter.Seq2[electoral.Elector, error] {
	*s.lists = true
	return s.Reader.Search(ctx, q)
}

// TestApplyDuringPropose applies lines after the proposals have read the lists: they are
// not proposed once more, nor asked anew.
func TestApplyDuringPropose(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		w.union("2", aglie)
		w.person("2", aglie, "1980-01-01", citizen(electoral.Citizenship{State: "GBR"}))
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		lines := w.all(h)
		w.accept(h, lines[0])
		w.accept(h, lines[2])
		store := &pausing{Store: w.store}
		r, err := registry.New(registry.Config{Store: store, Population: w.people, Recorder: w.log,
			Now: func() time.Time { return w.now }})
		require.NoError(t, err)
		e, err := revision.New(revision.Config{Registry: r})
		require.NoError(t, err)
		store.call = func() {
			require.Equal(t, 2, w.apply(h).Applied)
			w.accept(h, lines[1]) // about the person of the first
		}
		_, err = e.Propose(t.Context(), officer(aglie), aglie, h.ID)
		require.NoError(t, err)
		got := w.all(h)
		require.Len(t, got, 3)
		require.Equal(t, revision.LineAccepted, got[1].State)
		require.Equal(t, 1, w.apply(h).Applied)
	})
}

// TestExpireWhileClosing lets the registry forget what is over while a revision is being
// closed, and joins the ids of a person: each record stays as long as promised.
func TestExpireWhileClosing(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		for _, id := range []string{"1", "2"} {
			w.elector(id, aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		}
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		for _, l := range w.all(h) {
			_, err := w.decide(h, l, revision.LineDecision{Verdict: revision.Reject, Reason: "motivo"})
			require.NoError(t, err)
		}
		store := &breakingAfter{Store: w.store, left: 2} // the state and the lines
		r, err := registry.New(registry.Config{Store: store, Population: w.people, Recorder: w.log,
			Now: func() time.Time { return w.now }})
		require.NoError(t, err)
		broken, err := revision.New(revision.Config{Registry: r})
		require.NoError(t, err)
		_, err = broken.Close(t.Context(), officer(aglie), aglie, h.ID)
		require.ErrorIs(t, err, errLost)
		w.person("7", aglie, "1970-01-01")
		w.people.Remove("1")
		_, _, err = w.registry.MergeIDs(t.Context(), officer(aglie), "1", "7")
		require.NoError(t, err)
		expire := func(d string) {
			w.at(d)
			_, err := w.registry.Expire(t.Context(), aglie)
			require.NoError(t, err)
		}
		expire("2026-06-30")
		require.Len(t, w.all(h), 2)
		_, err = w.engine.Close(t.Context(), officer(aglie), aglie, h.ID)
		require.NoError(t, err)
		require.Equal(t, "7", w.lines(h)["7"].ANPRID)
		expire("2026-07-06") // 180 days after the revision was closed, not after Close ended
		list, err := w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, revision.LineFilter{})
		require.NoError(t, err)
		for _, v := range list {
			require.Empty(t, v.Evidence)
		}
		expire("2031-01-06")
		_, err = w.engine.Get(t.Context(), officer(aglie), aglie, h.ID)
		w.refused(err, electoral.RevisionNotFound, "")
	})
}

// TestSittings writes the minutes of several days: a line refused on one and applied on
// another, a rejection between them, a late line.
func TestSittings(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", airasca, "1970-01-01", movedTo(aglie, "2025-12-02"))
		w.person("2", aglie, "1970-01-01")
		w.person("3", aglie, "1970-01-01")
		w.at("2026-01-20")
		h := w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1})
		lines := w.lines(h)
		w.accept(h, lines["1"])
		w.accept(h, lines["2"])
		parts := func(sitting int) []int {
			m, err := w.engine.Minute(t.Context(), officer(aglie), aglie, h.ID, sitting)
			require.NoError(t, err)
			return []int{len(m.Enrolled), len(m.Refused), len(m.Rejected)}
		}
		require.Equal(t, 1, w.apply(h).Refused)
		require.Equal(t, []int{1, 1, 0}, parts(1))
		w.at("2026-01-22")
		_, err := w.decide(h, lines["3"], revision.LineDecision{Verdict: revision.Reject, Reason: "è iscritta altrove"})
		require.NoError(t, err)
		w.removed(airasca, "1", electoral.GeneralList, electoral.CauseMoved)
		h = w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1})
		w.accept(h, w.lines(h)["1"])
		w.at("2026-01-25")
		report := w.apply(h)
		require.Equal(t, 1, report.Applied)
		require.Equal(t, 2, report.Sitting)
		require.Equal(t, []int{1, 0, 0}, parts(1))
		require.Equal(t, []int{1, 0, 1}, parts(2))
		require.Equal(t, []int{2, 0, 1}, parts(0))
		_, err = w.engine.Minute(t.Context(), officer(aglie), aglie, h.ID, 3)
		w.refused(err, electoral.RevisionStep, "sitting")
	})
}

// An interrupted population calls something each time its register is read.
type interrupted struct {
	*memory.Population
	call func()
}

func (p *interrupted) Born(ctx context.Context, comune string, from, to electoral.Date) iter.Seq2[electoral.Person,
	error] {
	if f := p.call; f != nil {
		p.call = nil
		f()
	}
	return p.Population.Born(ctx, comune, from, to)
}

// interrupting makes an engine whose next proposals are interrupted by a call.
func (w *world) interrupting(call func()) *revision.Engine {
	w.t.Helper()
	r, err := registry.New(registry.Config{Store: w.store, Recorder: w.log, Now: func() time.Time { return w.now },
		Population: &interrupted{Population: w.people, call: call}})
	require.NoError(w.t, err)
	e, err := revision.New(revision.Config{Registry: r})
	require.NoError(w.t, err)
	return e
}

// TestCloseDuringPropose closes a revision while its proposals are made: it stays
// closed, and no line is left in it that nobody decides.
func TestCloseDuringPropose(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		e := w.interrupting(func() {
			_, err := w.engine.Close(t.Context(), officer(aglie), aglie, h.ID)
			require.NoError(t, err)
		})
		_, err := e.Propose(t.Context(), officer(aglie), aglie, h.ID)
		w.refused(err, electoral.RevisionStep, "")
		got, err := w.engine.Get(t.Context(), officer(aglie), aglie, h.ID)
		require.NoError(t, err)
		require.Equal(t, revision.Ended, got.State)
		require.Empty(t, w.all(h))
		w.at("2032-01-01")
		_, err = w.registry.Expire(t.Context(), aglie)
		require.NoError(t, err)
		_, err = w.engine.Get(t.Context(), officer(aglie), aglie, h.ID)
		w.refused(err, electoral.RevisionNotFound, "")
	})
}

// TestProposeTwice makes the proposals while they are made: the later run stands.
func TestProposeTwice(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		h := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1})
		w.elector("2", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
		e := w.interrupting(func() {
			_, err := w.engine.Propose(t.Context(), officer(aglie), aglie, h.ID)
			require.NoError(t, err)
			w.accept(h, w.lines(h)["2"])
			require.Equal(t, 1, w.apply(h).Applied)
		})
		_, err := e.Propose(t.Context(), officer(aglie), aglie, h.ID)
		w.refused(err, electoral.RevisionStep, "again")
		lines := w.lines(h)
		require.Len(t, lines, 2)
		require.Equal(t, revision.LineApplied, lines["2"].State)
		require.Equal(t, 3, lines["1"].Round)
	})
}

// TestOldRefusal does not answer a line of today with the refusal of one that went.
func TestOldRefusal(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", airasca, "1970-01-01", movedTo(aglie, "2025-12-02"))
		w.at("2026-01-20")
		q := revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1}
		h := w.open(q)
		w.accept(h, w.lines(h)["1"])
		require.Equal(t, 1, w.apply(h).Refused, "the other comune has him still")
		w.person("1", airasca, "1970-01-01")
		require.Empty(t, w.lines(w.open(q)))
		w.removed(airasca, "1", electoral.GeneralList, electoral.CauseOther)
		w.person("1", airasca, "1970-01-01", movedTo(aglie, "2025-12-02"))
		h = w.open(q)
		w.accept(h, w.lines(h)["1"])
		report := w.apply(h)
		require.Equal(t, 1, report.Applied, "%v", report.Faulty)
	})
}

// TestOpenAgain takes the votes as they are called now and, where the comune does not
// vote, adds the persons that another comune names.
func TestOpenAgain(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		w.at("2026-01-30")
		for _, id := range []string{"1", "2", "3"} {
			w.elector(id, aglie, "1970-01-01", movedTo(airasca, "2026-01-10"))
		}
		vote := referendum()
		q := revision.Opening{Comune: aglie, Kind: revision.Extraordinary, Day: vote.Day, Vote: &vote,
			Persons: []string{"2", "2"}}
		h := w.open(q)
		require.Equal(t, []string{"2"}, h.Persons)
		q.Persons = []string{"1"}
		h = w.open(q)
		require.Equal(t, []string{"1", "2"}, h.Persons)
		require.Len(t, w.lines(h), 2)

		later := vote
		later.Notice = day("2026-02-06")
		w.votes = []electoral.Vote{later}
		h = w.open(revision.Opening{Kind: revision.Extraordinary, Day: vote.Day})
		require.Empty(t, h.Persons)
		require.Len(t, w.lines(h), 3)
		require.Equal(t, day("2026-02-06"), w.lines(h)["3"].Deadline)
	})
}

// A batching store counts the lines that are written between two views.
type batching struct {
	registry.Store
	lines, most int
}

func (b *batching) View(ctx context.Context, fn func(registry.Reader) error) error {
	b.lines = 0
	return b.Store.View(ctx, fn)
}

func (b *batching) Update(ctx context.Context, fn func(registry.Writer) error) error {
	return b.Store.Update(ctx, func(w registry.Writer) error { return fn(countingWriter{Writer: w, batch: b}) })
}

type countingWriter struct {
	registry.Writer
	batch *batching
}

func (w countingWriter) PutRecord(ctx context.Context, r registry.Record) error {
	if r.Book == registry.RevisionLineBook {
		w.batch.lines++
		w.batch.most = max(w.batch.most, w.batch.lines)
	}
	return w.Writer.PutRecord(ctx, r)
}

// TestBatches hands the lines on before they are many, also those of persons who stand
// between two electors.
func TestBatches(t *testing.T) {
	w := newWorld(t, "memory")
	for i := range 3_000 {
		w.person(fmt.Sprint(10_000+i), aglie, "1970-01-01")
	}
	w.elector("9", aglie, "1970-01-01")
	w.at("2026-01-20")
	store := &batching{Store: w.store}
	r, err := registry.New(registry.Config{Store: store, Population: w.people, Recorder: w.log,
		Now: func() time.Time { return w.now }})
	require.NoError(t, err)
	w.engine, err = revision.New(revision.Config{Registry: r})
	require.NoError(t, err)
	h := w.open(revision.Opening{Kind: revision.DynamicSecond, Year: 2026, Half: 1})
	count := 0
	for after := ""; ; {
		list, err := w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID, revision.LineFilter{After: after, Limit: 1000})
		require.NoError(t, err)
		if count += len(list); len(list) < 1000 {
			break
		}
		after = list[len(list)-1].Line.ID
	}
	require.Equal(t, 3_000, count)
	require.LessOrEqual(t, store.most, 510)
}
