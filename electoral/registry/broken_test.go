package registry_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

var errBroken = errors.New("the disk is broken")

// A fuse counts what is asked of a store and of a population, and fails at one
// call: the at-th, from 1; 0 is none.
type fuse struct{ calls, at int }

func (f *fuse) blow() error {
	if f.calls++; f.calls == f.at {
		return errBroken
	}
	return nil
}

// blowing yields what list does, and fails at any of its steps.
func blowing[T any](f *fuse, list iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for v, err := range list {
			if broken := f.blow(); broken != nil {
				yield(none, broken)
				return
			}
			if !yield(v, err) {
				return
			}
		}
		if broken := f.blow(); broken != nil {
			yield(none, broken)
		}
	}
}

// brokenStore is a store that fails at one call.
type brokenStore struct {
	registry.Store
	fuse *fuse
}

func (s brokenStore) View(ctx context.Context, fn func(registry.Reader) error) error {
	if err := s.fuse.blow(); err != nil {
		return err
	}
	return s.Store.View(ctx, func(rd registry.Reader) error { return fn(brokenReader{rd, s.fuse}) })
}

func (s brokenStore) Update(ctx context.Context, fn func(registry.Writer) error) error {
	err := s.Store.Update(ctx, func(w registry.Writer) error {
		if err := fn(brokenWriter{w, brokenReader{w, s.fuse}, s.fuse}); err != nil {
			return err
		}
		return s.fuse.blow() // at the commit
	})
	return err
}

type brokenReader struct {
	registry.Reader
	fuse *fuse
}

func (r brokenReader) Elector(ctx context.Context, id string) (electoral.Elector, string, error) {
	if err := r.fuse.blow(); err != nil {
		return electoral.Elector{}, "", err
	}
	return r.Reader.Elector(ctx, id)
}

func (r brokenReader) Section(ctx context.Context, comune, number string) (electoral.Section, error) {
	if err := r.fuse.blow(); err != nil {
		return electoral.Section{}, err
	}
	return r.Reader.Section(ctx, comune, number)
}

func (r brokenReader) Sections(ctx context.Context, comune string) iter.Seq2[electoral.Section, error] {
	return blowing(r.fuse, r.Reader.Sections(ctx, comune))
}

func (r brokenReader) Enrolled(ctx context.Context, l electoral.List, comune, section string) iter.Seq2[electoral.Elector, error] {
	return blowing(r.fuse, r.Reader.Enrolled(ctx, l, comune, section))
}

func (r brokenReader) Search(ctx context.Context, s registry.Search) iter.Seq2[electoral.Elector, error] {
	return blowing(r.fuse, r.Reader.Search(ctx, s))
}

func (r brokenReader) Counts(ctx context.Context, comune string) ([]registry.ListCount, error) {
	if err := r.fuse.blow(); err != nil {
		return nil, err
	}
	return r.Reader.Counts(ctx, comune)
}

func (r brokenReader) Record(ctx context.Context, comune string, book registry.Book, id string) (registry.Record, error) {
	if err := r.fuse.blow(); err != nil {
		return registry.Record{}, err
	}
	return r.Reader.Record(ctx, comune, book, id)
}

func (r brokenReader) Records(ctx context.Context, s registry.RecordSearch) iter.Seq2[registry.Record, error] {
	return blowing(r.fuse, r.Reader.Records(ctx, s))
}

func (r brokenReader) Journal(ctx context.Context, s registry.JournalSearch) iter.Seq2[registry.JournalEntry, error] {
	return blowing(r.fuse, r.Reader.Journal(ctx, s))
}

type brokenWriter struct {
	registry.Writer
	brokenReader
	fuse *fuse
}

func (w brokenWriter) Elector(ctx context.Context, id string) (electoral.Elector, string, error) {
	return w.brokenReader.Elector(ctx, id)
}

func (w brokenWriter) Section(ctx context.Context, comune, number string) (electoral.Section, error) {
	return w.brokenReader.Section(ctx, comune, number)
}

func (w brokenWriter) Sections(ctx context.Context, comune string) iter.Seq2[electoral.Section, error] {
	return w.brokenReader.Sections(ctx, comune)
}

func (w brokenWriter) Enrolled(ctx context.Context, l electoral.List, comune, section string) iter.Seq2[electoral.Elector, error] {
	return w.brokenReader.Enrolled(ctx, l, comune, section)
}

func (w brokenWriter) Search(ctx context.Context, s registry.Search) iter.Seq2[electoral.Elector, error] {
	return w.brokenReader.Search(ctx, s)
}

func (w brokenWriter) Counts(ctx context.Context, comune string) ([]registry.ListCount, error) {
	return w.brokenReader.Counts(ctx, comune)
}

func (w brokenWriter) Record(ctx context.Context, comune string, book registry.Book, id string) (registry.Record, error) {
	return w.brokenReader.Record(ctx, comune, book, id)
}

func (w brokenWriter) Records(ctx context.Context, s registry.RecordSearch) iter.Seq2[registry.Record, error] {
	return w.brokenReader.Records(ctx, s)
}

func (w brokenWriter) Journal(ctx context.Context, s registry.JournalSearch) iter.Seq2[registry.JournalEntry, error] {
	return w.brokenReader.Journal(ctx, s)
}

func (w brokenWriter) PutSection(ctx context.Context, s electoral.Section) error {
	if err := w.fuse.blow(); err != nil {
		return err
	}
	return w.Writer.PutSection(ctx, s)
}

func (w brokenWriter) PutElector(ctx context.Context, home string, e electoral.Elector) error {
	if err := w.fuse.blow(); err != nil {
		return err
	}
	return w.Writer.PutElector(ctx, home, e)
}

func (w brokenWriter) RemoveSection(ctx context.Context, comune, number string) error {
	if err := w.fuse.blow(); err != nil {
		return err
	}
	return w.Writer.RemoveSection(ctx, comune, number)
}

func (w brokenWriter) RemoveElector(ctx context.Context, id string) error {
	if err := w.fuse.blow(); err != nil {
		return err
	}
	return w.Writer.RemoveElector(ctx, id)
}

func (w brokenWriter) PutRecord(ctx context.Context, r registry.Record) error {
	if err := w.fuse.blow(); err != nil {
		return err
	}
	return w.Writer.PutRecord(ctx, r)
}

func (w brokenWriter) RemoveRecord(ctx context.Context, comune string, book registry.Book, id string) error {
	if err := w.fuse.blow(); err != nil {
		return err
	}
	return w.Writer.RemoveRecord(ctx, comune, book, id)
}

func (w brokenWriter) ExpireRecords(ctx context.Context, comune string, at time.Time) (int, error) {
	if err := w.fuse.blow(); err != nil {
		return 0, err
	}
	return w.Writer.ExpireRecords(ctx, comune, at)
}

func (w brokenWriter) Note(ctx context.Context, entries ...registry.JournalEntry) error {
	if err := w.fuse.blow(); err != nil {
		return err
	}
	return w.Writer.Note(ctx, entries...)
}

func (w brokenWriter) Forget(ctx context.Context, comune string, before time.Time) (int, error) {
	if err := w.fuse.blow(); err != nil {
		return 0, err
	}
	return w.Writer.Forget(ctx, comune, before)
}

// brokenBulk adds what a store may have for many electors at once.
type brokenBulk struct{ brokenWriter }

func (w brokenBulk) Homes(ctx context.Context, ids []string) (map[string]string, error) {
	if err := w.fuse.blow(); err != nil {
		return nil, err
	}
	homes := map[string]string{}
	for _, id := range ids {
		if _, home, err := w.Writer.Elector(ctx, id); err == nil {
			homes[id] = home
		}
	}
	return homes, nil
}

func (w brokenBulk) AddElectors(ctx context.Context, home string, list []electoral.Elector) error {
	for _, e := range list {
		if err := w.PutElector(ctx, home, e); err != nil {
			return err
		}
	}
	return nil
}

type brokenBulkStore struct{ brokenStore }

func (s brokenBulkStore) Update(ctx context.Context, fn func(registry.Writer) error) error {
	return s.brokenStore.Update(ctx, func(w registry.Writer) error { return fn(brokenBulk{w.(brokenWriter)}) })
}

// brokenPopulation fails at one call. It finds many persons at once too.
type brokenPopulation struct {
	*memory.Population
	fuse *fuse
}

func (p brokenPopulation) ByANPRID(ctx context.Context, id string) (electoral.Person, error) {
	if err := p.fuse.blow(); err != nil {
		return electoral.Person{}, err
	}
	return p.Population.ByANPRID(ctx, id)
}

func (p brokenPopulation) ByFiscalCode(ctx context.Context, code electoral.FiscalCode) (electoral.Person, error) {
	if err := p.fuse.blow(); err != nil {
		return electoral.Person{}, err
	}
	return p.Population.ByFiscalCode(ctx, code)
}

func (p brokenPopulation) ByANPRIDs(ctx context.Context, ids []string) (map[string]electoral.Person, error) {
	if err := p.fuse.blow(); err != nil {
		return nil, err
	}
	return p.Population.ByANPRIDs(ctx, ids)
}

func (p brokenPopulation) Born(ctx context.Context, comune string, from, to electoral.Date) iter.Seq2[electoral.Person, error] {
	return blowing(p.fuse, p.Population.Born(ctx, comune, from, to))
}

// A service is one call that succeeds when nothing breaks.
type service struct {
	name string
	call func(c *town, ids map[string]string) error
	// partly says that what was done before the fault may stand: each part of it
	// is whole, and on record.
	partly bool
}

func services() []service {
	request := func(c *town, comune string) electoral.Request {
		req := officer(comune)
		req.Purpose = "prova"
		return req
	}
	return []service{
		{name: "put section", call: func(c *town, _ map[string]string) error {
			_, err := c.PutSection(c.ctx(), request(c, aglie), sectionOf(aglie, "7"))
			return err
		}},
		{name: "sections", call: func(c *town, _ map[string]string) error {
			_, err := c.Sections(c.ctx(), request(c, aglie), aglie, registry.SectionPage{})
			return err
		}},
		{name: "change section", call: func(c *town, _ map[string]string) error {
			s := sectionOf(aglie, "1")
			s.DistrictConstituency = "Prima"
			_, err := c.PutSection(c.ctx(), request(c, aglie), s)
			return err
		}},
		{name: "renumber section", call: func(c *town, _ map[string]string) error {
			_, _, err := c.RenumberSection(c.ctx(), request(c, aglie), aglie, "1", "8")
			return err
		}},
		{name: "delete section", call: func(c *town, _ map[string]string) error {
			_, _, err := c.DeleteSection(c.ctx(), request(c, aglie), aglie, registry.SectionDeletion{Number: "1", To: "2"})
			return err
		}},
		{name: "redraw", call: func(c *town, _ map[string]string) error {
			_, _, err := c.Redraw(c.ctx(), request(c, aglie), aglie, registry.Redrawing{Put: []electoral.Section{sectionOf(aglie, "8")},
				Mapping: registry.Mapping{Sections: []registry.SectionMove{pair("1", "2"), pair("2", "1")},
					Persons: []registry.PersonMove{{ANPRID: "1", To: "8"}}}})
			return err
		}},
		{name: "move electors", call: func(c *town, _ map[string]string) error {
			_, _, err := c.MoveElectors(c.ctx(), request(c, aglie), aglie, registry.Mapping{
				Sections: []registry.SectionMove{pair("1", "2"), pair("2", "1")}})
			return err
		}},
		{name: "spread abroad", call: func(c *town, _ map[string]string) error {
			_, err := c.SpreadAbroad(c.ctx(), request(c, aglie), aglie, nil, func(registry.PersonMove) error { return nil })
			return err
		}},
		{name: "section", call: func(c *town, _ map[string]string) error {
			_, err := c.Section(c.ctx(), request(c, aglie), aglie, "1")
			return err
		}},
		{name: "enrol", call: func(c *town, _ map[string]string) error {
			_, err := c.Enrol(c.ctx(), request(c, aglie), electorOf("22", aglie, "1"))
			return err
		}},
		{name: "change", call: func(c *town, _ map[string]string) error {
			_, err := c.Change(c.ctx(), request(c, aglie), electorOf("1", aglie, "2"))
			return err
		}},
		{name: "elector", call: func(c *town, _ map[string]string) error {
			_, err := c.Elector(c.ctx(), request(c, aglie), "1")
			return err
		}},
		{name: "elector by code", call: func(c *town, _ map[string]string) error {
			_, err := c.ElectorByFiscalCode(c.ctx(), request(c, aglie), people()[0].FiscalCode)
			return err
		}},
		{name: "personal record", call: func(c *town, _ map[string]string) error {
			_, err := c.PersonalRecord(c.ctx(), citizen(people()[0]))
			return err
		}},
		{name: "facts", call: func(c *town, _ map[string]string) error {
			_, err := certificateFacts(c.ctx(), c.Registry, c.log, request(c, airasca), "1")
			return err
		}},
		{name: "home of", call: func(c *town, _ map[string]string) error {
			_, _, err := c.HomeOf(c.ctx(), people()[1].FiscalCode)
			return err
		}},
		{name: "list section", call: func(c *town, _ map[string]string) error {
			return c.ListSection(c.ctx(), request(c, aglie), electoral.GeneralList, aglie, "", func(registry.Listed) error { return nil })
		}},
		{name: "extract a list", call: func(c *town, _ map[string]string) error {
			_, err := c.Extract(c.ctx(), request(c, aglie), electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose}, &lister{})
			return err
		}},
		{name: "extract a vote", call: func(c *town, _ map[string]string) error {
			x := electoral.Extraction{
				List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose,
				Consultation: electoral.ChamberElection, Day: electoral.Date{Year: 2027, Month: 1, Day: 31},
			}
			_, err := c.Extract(c.ctx(), request(c, aglie), x, &lister{})
			return err
		}},
		{name: "extract who was touched", call: func(c *town, _ map[string]string) error {
			x := electoral.Extraction{Comune: aglie, Purpose: pollsPurpose, Touched: &electoral.Interval{From: c.now.AddDate(-1, 0, 0)}}
			_, err := c.Extract(c.ctx(), request(c, aglie), x, &lister{})
			return err
		}},
		{name: "extract a list that was touched", call: func(c *town, _ map[string]string) error {
			x := electoral.Extraction{
				List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose, Touched: &electoral.Interval{From: c.now.AddDate(-1, 0, 0)},
			}
			_, err := c.Extract(c.ctx(), request(c, aglie), x, &lister{})
			return err
		}},
		{name: "extract who turns 18", call: func(c *town, _ map[string]string) error {
			birth := people()[0].Birth.Date
			x := electoral.Extraction{
				Comune: people()[0].Residence.Comune, Purpose: pollsPurpose,
				Turning18: &electoral.DateRange{From: birth.AddYears(18), To: birth.AddYears(18)},
			}
			_, err := c.Extract(c.ctx(), request(c, x.Comune), x, &lister{})
			return err
		}},
		{name: "query", call: func(c *town, _ map[string]string) error {
			_, err := c.Query(c.ctx(), request(c, aglie), registry.Query{Comune: aglie, Where: []registry.Condition{
				{Field: electoral.ListField(electoral.GeneralList, electoral.ListSeat), In: []string{""}, Not: true},
			}})
			return err
		}},
		{name: "count", call: func(c *town, _ map[string]string) error {
			_, err := c.Count(c.ctx(), request(c, aglie), registry.Query{Comune: aglie})
			return err
		}},
		{name: "journal", call: func(c *town, _ map[string]string) error {
			_, err := c.Journal(c.ctx(), request(c, aglie), registry.JournalSearch{Comune: aglie}, 0)
			return err
		}},
		{name: "remove", call: func(c *town, _ map[string]string) error {
			_, _, err := c.Remove(c.ctx(), request(c, aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Emigration})
			return err
		}},
		{name: "annul", call: func(c *town, _ map[string]string) error {
			_, _, err := c.Remove(c.ctx(), request(c, aglie), registry.RemovalRequest{ANPRID: "1", Code: electoral.Annulment})
			return err
		}},
		{name: "capacity", call: func(c *town, _ map[string]string) error {
			_, _, err := c.SetCapacity(c.ctx(), request(c, aglie), registry.CapacityChange{ANPRID: "1", Capacity: electoral.No})
			return err
		}},
		{name: "certifiability", call: func(c *town, _ map[string]string) error {
			_, err := c.SetCertifiability(c.ctx(), request(c, aglie), "1", electoral.FullyCertifiable)
			return err
		}},
		{name: "conflicts", call: func(c *town, _ map[string]string) error {
			_, err := c.Conflicts(c.ctx(), request(c, aglie), registry.ConflictFilter{})
			return err
		}},
		{name: "answer a conflict", call: func(c *town, ids map[string]string) error {
			_, err := c.AnswerConflict(c.ctx(), request(c, aglie), ids["conflict"], registry.RefuseConflict, "Risiede qui.")
			return err
		}},
		{name: "acknowledge a conflict", call: func(c *town, ids map[string]string) error {
			_, err := c.AnswerConflict(c.ctx(), request(c, aglie), ids["conflict"], registry.AcknowledgeConflict, "")
			return err
		}},
		{name: "ask a rectification", call: func(c *town, _ map[string]string) error {
			_, err := c.AskRectification(c.ctx(), citizen(people()[0]), registry.RectificationRequest{Field: electoral.RegionalField, Asked: "no"})
			return err
		}},
		{name: "ask a rectification of the seat", call: func(c *town, _ map[string]string) error {
			seat := electoral.ListField(electoral.GeneralList, electoral.ListSeat)
			_, err := c.AskRectification(c.ctx(), citizen(people()[0]), registry.RectificationRequest{Field: seat, Asked: "Altrove"})
			return err
		}},
		{name: "rectifications", call: func(c *town, _ map[string]string) error {
			_, err := c.Rectifications(c.ctx(), citizen(people()[0]), registry.RequestFilter{})
			return err
		}},
		{name: "answer a rectification", call: func(c *town, ids map[string]string) error {
			_, err := c.AnswerRectification(c.ctx(), request(c, aglie), ids["rectification"], registry.RequestInProgress, "")
			return err
		}},
		{name: "add to a rectification", call: func(c *town, ids map[string]string) error {
			_, err := c.AnswerRectification(c.ctx(), citizen(people()[0]), ids["draft"], registry.RequestOpen, "")
			return err
		}},
		{name: "apply", call: func(c *town, _ map[string]string) error {
			_, _, err := c.Apply(c.ctx(), citizen(dupont()), registry.EnrolmentApplication, electoral.EUParliamentList, content())
			return err
		}},
		{name: "applications", call: func(c *town, _ map[string]string) error {
			_, err := c.Applications(c.ctx(), request(c, aglie), registry.RequestFilter{})
			return err
		}},
		{name: "carry out an application", call: func(c *town, ids map[string]string) error {
			_, _, err := c.DecideApplication(c.ctx(), request(c, aglie), ids["application"], registry.Decision{State: registry.RequestDone, Section: "1"})
			return err
		}},
		{name: "carry out a withdrawal", call: func(c *town, ids map[string]string) error {
			if _, _, err := c.DecideApplication(c.ctx(), request(c, aglie), ids["application"], registry.Decision{State: registry.RequestDone, Section: "1"}); err != nil {
				return err
			}
			q, _, err := c.Apply(c.ctx(), citizen(dupont()), registry.WithdrawalApplication, electoral.EUComunalList, registry.ApplicationContent{})
			if err != nil {
				return err
			}
			_, err = c.decide(aglie, q.ID, registry.Decision{State: registry.RequestDone})
			return err
		}, partly: true},
		{name: "progress", call: func(c *town, _ map[string]string) error {
			_, err := c.Progress(c.ctx(), request(c, aglie), aglie)
			return err
		}},
		{name: "trial load", call: func(c *town, _ map[string]string) error {
			_, err := c.Load(c.ctx(), request(c, aglie), aglie, source(1, sectionOf(aglie, "9")), source(1, electorOf("22", aglie, "9")), registry.LoadOptions{DryRun: true})
			return err
		}},
		{name: "load", call: func(c *town, _ map[string]string) error {
			_, err := c.Load(c.ctx(), request(c, aglie), aglie, source(1, sectionOf(aglie, "9")), source(1, electorOf("22", aglie, "9")), registry.LoadOptions{})
			return err
		}, partly: true}, // the lists are loaded, and then the conflicts are told
		{name: "resumable load", call: func(c *town, _ map[string]string) error {
			_, err := c.Load(c.ctx(), request(c, aglie), aglie, source(1, sectionOf(aglie, "9")), source(1, electorOf("22", aglie, "9")), registry.LoadOptions{Resumable: true})
			return err
		}, partly: true},
		{name: "undo a load", call: func(c *town, ids map[string]string) error {
			_, _, err := c.UndoLoad(c.ctx(), request(c, aglie), aglie, ids["load"])
			return err
		}},
		{name: "expire", call: func(c *town, _ map[string]string) error {
			_, err := c.Expire(c.ctx(), aglie, airasca)
			return err
		}, partly: true}, // comune by comune
	}
}

// brokenTown is a town with a bit of everything, on a store whose fuse is not set.
func brokenTown(t *testing.T, bulk bool) (*town, *fuse, map[string]string) {
	t.Helper()
	f := &fuse{}
	inner := brokenStore{memory.NewStore(), f}
	store := registry.Store(inner)
	if bulk {
		store = brokenBulkStore{inner}
	}
	c := &town{t: t, store: inner.Store, population: memory.NewPopulation(people()...), log: &notebook{failAt: map[string]bool{}}, now: noon}
	r, err := registry.New(registry.Config{
		Store: store, Population: brokenPopulation{c.population, f}, Recorder: c.log, Now: func() time.Time { return c.now },
		Votes:     func(string) []electoral.Vote { return c.votes },
		FirstLoad: registry.FirstLoadTerm{Announced: electoral.Date{Year: 2026, Month: 2, Day: 28}},
		Retention: registry.Retention{Journal: 24 * time.Hour},
	})
	require.NoError(t, err)
	c.Registry = r
	for _, comune := range []string{aglie, airasca} {
		for _, number := range []string{"1", "2"} {
			_, err := r.PutSection(t.Context(), officer(comune), sectionOf(comune, number))
			require.NoError(t, err)
		}
	}
	ids := map[string]string{"load": "load-1"}
	loaded := c.inhabit(1)
	load := officer(aglie)
	load.ID = ids["load"]
	_, err = c.load(load, source(1, loaded...), registry.LoadOptions{})
	require.NoError(t, err)
	c.tick()
	c.settle(aglie)
	ids["conflict"] = c.contend().ID
	for name, draft := range map[string]bool{"rectification": false, "draft": true} {
		q, err := c.AskRectification(c.ctx(), citizen(people()[0]), registry.RectificationRequest{Field: electoral.DistrictField, Asked: "si", Draft: draft})
		require.NoError(t, err)
		ids[name] = q.ID
	}
	ids["application"] = c.apply(electoral.EUComunalList).ID
	_, _, err = c.DecideApplication(c.ctx(), officer(aglie), ids["application"], registry.Decision{State: registry.RequestInProgress})
	require.NoError(t, err)
	c.tick()
	return c, f, ids
}

// lists are the sections and electors that the store holds.
func (c *town) lists() (electors []electoral.Elector, sections []electoral.Section) {
	c.t.Helper()
	require.NoError(c.t, c.store.View(c.ctx(), func(rd registry.Reader) error {
		for _, comune := range []string{aglie, airasca} {
			for e, err := range rd.Search(c.ctx(), registry.Search{Comune: comune}) {
				require.NoError(c.t, err)
				electors = append(electors, e)
			}
			for s, err := range rd.Sections(c.ctx(), comune) {
				require.NoError(c.t, err)
				sections = append(sections, s)
			}
		}
		return nil
	}))
	return electors, sections
}

// TestBrokenStore breaks the store or the population at each call that each
// service makes: the service says so, does nothing by halves, and has it on record
// that it failed.
func TestBrokenStore(t *testing.T) {
	for _, s := range services() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, bulk := range []bool{false, true} {
				c, f, ids := brokenTown(t, bulk)
				f.calls = 0
				require.NoError(t, s.call(c, ids), "whole")
				calls := f.calls
				require.Positive(t, calls)
				for at := 1; at <= calls; at++ {
					c, f, ids := brokenTown(t, bulk)
					electors, sections := c.lists()
					before := len(c.log.accesses)
					f.calls, f.at = 0, at
					err := s.call(c, ids)
					require.ErrorIs(t, err, errBroken, "call %d of %d", at, calls)
					f.at = 0
					if !s.partly {
						e, sec := c.lists()
						require.Equal(t, electors, e, "call %d of %d", at, calls)
						require.Equal(t, sections, sec, "call %d of %d", at, calls)
						for _, a := range c.log.accesses[before:] {
							assert.Contains(t, []string{electoral.Requested, electoral.Failed}, a.Outcome, "call %d of %d", at, calls)
						}
					}
				}
			}
		})
	}
}
