package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/recorder"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/lists"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// An input is one argument of a service, and a call of the service with it.
type input interface {
	try(t *testing.T, g *gated, name string)
	// once calls the service with what is right.
	once(t *testing.T, g *gated) error
}

// gated is a registry whose every access stands in a log that keeps no broken one.
type gated struct {
	*registry.Registry
	log  *counter
	made int
}

// A counter counts what a log has kept.
type counter struct {
	electoral.Recorder
	kept int
}

func (c *counter) Record(ctx context.Context, a electoral.Access) error {
	err := c.Recorder.Record(ctx, a)
	if err == nil {
		c.kept++
	}
	return err
}

func (g *gated) request() electoral.Request {
	req := officer(aglie)
	g.made++
	req.ID = fmt.Sprintf("gate%d", g.made)
	return req
}

// arg is an argument of a service: a value that is right, under the path that faults give
// it. call calls the service with it, and returns its error.
type arg[T any] struct {
	path string
	of   T
	call func(ctx context.Context, g *gated, req electoral.Request, v T) error
	// not are fields that the service does not look at, or that it makes itself.
	not []string
	// citizen says that a citizen calls it.
	citizen bool
}

func (a arg[T]) try(t *testing.T, g *gated, name string) {
	for v := range electoraltest.Spoilt(a.of) {
		path := strings.TrimPrefix(a.path+"."+v.Path, ".")
		path = strings.TrimSuffix(strings.ReplaceAll(path, ".[", "["), ".")
		if slices.Contains(a.not, v.Path) {
			continue
		}
		req := g.request()
		if a.citizen {
			req.Actor = citizen(people()[0]).Actor
		}
		before := g.log.kept
		var err error
		what := fmt.Sprintf("%s: %s: %s", name, path, v.Flaw)
		require.NotPanics(t, func() { err = a.call(t.Context(), g, req, v.Value) }, what)
		faults, ok := errors.AsType[electoral.Faults](err)
		if !assert.True(t, ok, "%s: %v", what, err) {
			continue
		}
		i := slices.IndexFunc(faults, func(f electoral.Fault) bool {
			return f.Severity == electoral.Error && f.Path == path
		})
		if i < 0 { // a college is judged as a whole
			i = slices.IndexFunc(faults, func(f electoral.Fault) bool {
				return f.Severity == electoral.Error && f.Path != "" && strings.HasPrefix(path, f.Path+".")
			})
		}
		if !assert.GreaterOrEqual(t, i, 0, "%s: not among\n%v", what, faults) {
			continue
		}
		// A codice fiscale and a note stay out of the faults.
		if v.Type != reflect.TypeFor[electoral.FiscalCode]() && !strings.HasSuffix(path, "ote") {
			assert.NotEmpty(t, faults[i].Value, what)
		}
		for _, f := range faults {
			assert.NotContains(t, f.Value+f.Message, "\u202e", what)
			assert.NotContains(t, f.Value+f.Message, "\x00", what)
			assert.LessOrEqual(t, len(f.Value+f.Message), 2500, what)
		}
		assert.Greater(t, g.log.kept, before, "%s: is not on record", what)
	}
}

func (a arg[T]) once(t *testing.T, g *gated) error {
	req := g.request()
	if a.citizen {
		req.Actor = citizen(people()[0]).Actor
	}
	return a.call(t.Context(), g, req, a.of)
}

// TestUnmade calls every service of a Registry that New has not made, also of none, with
// what is right: each says so, and none panics.
func TestUnmade(t *testing.T) {
	for name, row := range gateRows() {
		for _, a := range row {
			if name == "Load" && fmt.Sprintf("%T", a) != "registry_test.arg[github.com/liste-elettorali/anpr/electoral/registry.LoadOptions]" {
				continue // they look at the report
			}
			for _, r := range []*registry.Registry{nil, {}} {
				var err error
				require.NotPanics(t, func() { err = a.once(t, &gated{Registry: r}) }, name)
				require.ErrorContains(t, err, "expected one that New has made", name)
			}
		}
	}
	var r *registry.Registry
	require.Equal(t, registry.Config{}, r.Config())
	_, err := r.Also(nil).Expire(t.Context())
	require.ErrorContains(t, err, "expected one that New has made")
	require.ErrorContains(t, r.MayReadAccesses(t.Context(), officer(aglie), aglie), "expected one that New has made")
	_, err = r.PersonalRecord(t.Context(), citizen(people()[0]))
	require.ErrorContains(t, err, "expected one that New has made")
}

// TestNewConfig refuses what no registry can stand on.
func TestNewConfig(t *testing.T) {
	right := func() registry.Config {
		return registry.Config{Store: memory.NewStore(), Population: memory.NewPopulation(), Recorder: &notebook{}}
	}
	_, err := registry.New(right())
	require.NoError(t, err)
	for name, spoil := range map[string]func(*registry.Config){
		"no store":        func(c *registry.Config) { c.Store = nil },
		"nil store":       func(c *registry.Config) { c.Store = (*memory.Store)(nil) },
		"nil population":  func(c *registry.Config) { c.Population = (*memory.Population)(nil) },
		"nil recorder":    func(c *registry.Config) { c.Recorder = (*notebook)(nil) },
		"negative months": func(c *registry.Config) { c.FirstLoad.Months = -1 },
		"negative reply":  func(c *registry.Config) { c.Retention.Replies = -1 },
		"negative closed": func(c *registry.Config) { c.Retention.Closed = -1 },
		"negative years":  func(c *registry.Config) { c.Retention.Journal = -1 },
	} {
		cfg := right()
		spoil(&cfg)
		_, err := registry.New(cfg)
		require.ErrorContains(t, err, "registry: ", name)
	}
	for _, bad := range []electoral.Date{{Year: 2026, Month: 2, Day: 30}, {Year: -5, Month: 1, Day: 1}} {
		cfg := right()
		cfg.FirstLoad.Announced = bad
		_, err := registry.New(cfg)
		require.ErrorIs(t, err, electoral.DayImpossible)
		require.ErrorContains(t, err, "config.firstLoad.announced")
		cfg = right()
		cfg.Interim = []registry.InterimRule{{From: bad}}
		_, err = registry.New(cfg)
		require.ErrorIs(t, err, electoral.DayImpossible)
	}
}

// TestGateComune: a comune that cannot be is nobody's, and is shown as it may be.
func TestGateComune(t *testing.T) {
	eachStore(t, func(t *testing.T, r *registry.Registry, _ *notebook, _ registry.Store) {
		for _, comune := range []string{"", "?", "\xff", "a\x00b", "a\u202eb", strings.Repeat("A", 5000)} {
			err := r.MayReadAccesses(t.Context(), officer(aglie), comune)
			require.ErrorIs(t, err, electoral.NotCompetent)
			require.NotContains(t, err.Error(), "\u202e")
			require.Less(t, len(err.Error()), 2000)
			heir, err := r.IsHeir(t.Context(), comune, comune)
			require.NoError(t, err)
			require.False(t, heir)
			home, err := r.Home(t.Context(), comune)
			require.NoError(t, err)
			require.Empty(t, home)
			id, home, err := r.HomeOf(t.Context(), electoral.FiscalCode(comune))
			require.NoError(t, err)
			require.Empty(t, id+home)
			expired, err := r.Expire(t.Context(), comune)
			require.NoError(t, err)
			require.Zero(t, expired)
		}
	})
}

// TestGate calls every service with each of its inputs made wrong in each field: each is
// a fault with its path and value, on every store, and stands in the log. A method of
// Registry that is not in the table fails, and so does a new field that nothing judges.
func TestGate(t *testing.T) {
	rows := gateRows()
	var in []string
	for _, m := range methods[*registry.Registry]() {
		_, isIn := rows[m]
		if !isIn && !slices.Contains(unjudged, m) {
			t.Errorf("%s: add it to gateRows", m)
		}
		in = append(in, m)
	}
	for name := range rows {
		if !slices.Contains(in, strings.TrimPrefix(name, "func ")) && !strings.HasPrefix(name, "func ") {
			t.Errorf("%s is no service", name)
		}
	}
	eachStore(t, func(t *testing.T, _ *registry.Registry, _ *notebook, store registry.Store) {
		g := newGated(t, store)
		for name, row := range rows {
			for _, a := range row {
				a.try(t, g, name)
			}
		}
	})
}

// unjudged are the methods whose arguments are no input of a caller, or which answer
// nothing to one that is wrong.
var unjudged = []string{
	"Also", "Config", "CertificateFacts", "Expire",
	"Home", "HomeOf", "IsHeir", // empty for what cannot be; they run before an access is on record
	"PersonalRecord", // has none beside the request
}

func methods[T any]() (names []string) {
	for i := range reflect.TypeFor[T]().NumMethod() {
		names = append(names, reflect.TypeFor[T]().Method(i).Name)
	}
	return names
}

func newGated(t *testing.T, store registry.Store) *gated {
	log, err := audit.New(audit.Config{Store: &audit.MemoryStore{}})
	require.NoError(t, err)
	rec, err := recorder.New(log, recorder.Config{})
	require.NoError(t, err)
	kept := &counter{Recorder: rec}
	r, err := registry.New(registry.Config{Store: store, Population: memory.NewPopulation(people()...), Recorder: kept,
		Now: func() time.Time { return noon }})
	require.NoError(t, err)
	g := &gated{Registry: r, log: kept}
	_, err = r.PutSection(t.Context(), g.request(), sectionOf(aglie, "1"))
	require.NoError(t, err)
	_, err = r.Enrol(t.Context(), g.request(), electorOf("1", aglie, "1"))
	require.NoError(t, err)
	return g
}

func out2[A any](_ A, err error) error         { return err }
func out3[A, B any](_ A, _ B, err error) error { return err }

func gateRows() map[string][]input {
	rows := gateLists()
	for _, more := range []map[string][]input{gateBooks(), gateSections(), gateRequests()} {
		for name, row := range more {
			rows[name] = append(rows[name], row...)
		}
	}
	return rows
}

// gateRequests are the requests themselves, and the calls of other packages.
func gateRequests() map[string][]input {
	return map[string][]input{
		"Section": {arg[electoral.Request]{path: "request", of: officer(aglie),
			call: func(ctx context.Context, g *gated, _ electoral.Request, v electoral.Request) error {
				// What the log itself cannot keep is not on record: the error says so too.
				_, err := g.Section(ctx, v, v.Actor.Comune, "1")
				_, _ = g.Section(ctx, g.request(), aglie, "1")
				return err
			}}},
		"func Perform": {arg[called]{of: called{electoral.OpRectify, aglie, "1"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v called) error {
				return out3(registry.Perform(ctx, g.Registry, v.of(req),
					func(registry.Writer) (int, electoral.Faults, error) { return 0, nil, nil }))
			}}},
		"func Inspect": {arg[called]{of: called{electoral.OpRectify, aglie, "1"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v called) error {
				return registry.Inspect(ctx, g.Registry, v.of(req), func(*electoral.Entry) error { return nil })
			}}},
		"func Carry": {arg[called]{of: called{electoral.OpRectify, aglie, "1"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v called) error {
				return registry.Carry(ctx, g.Registry, v.of(req), func(*electoral.Entry) error { return nil })
			}}},
	}
}

type called struct {
	Operation      electoral.Operation
	Comune, ANPRID string
}

func (c called) of(req electoral.Request) registry.Call {
	return registry.Call{Request: req, Operation: c.Operation, Comune: c.Comune, Subject: c.ANPRID}
}

var vote = electoral.KeptVote{Consultation: electoral.ChamberElection, Day: electoral.Date{Year: 2027, Month: 3, Day: 7}}

// gateLists are the services on electors.
func gateLists() map[string][]input {
	var csv bytes.Buffer
	elector := electorOf("1", aglie, "1")
	query := registry.Query{Comune: aglie, Where: []registry.Condition{{Field: electoral.SenateConstituencyField, In: []string{"PIEMONTE"}}}}
	return map[string][]input{
		"Elector": {arg[id]{of: id{"1"}, call: func(ctx context.Context, g *gated, req electoral.Request, v id) error {
			return out2(g.Elector(ctx, req, v.ANPRID))
		}}},
		"ElectorByFiscalCode": {arg[code]{of: code{people()[0].FiscalCode},
			call: func(ctx context.Context, g *gated, req electoral.Request, v code) error {
				return out2(g.ElectorByFiscalCode(ctx, req, v.FiscalCode))
			}}},
		"Enrol": {arg[electoral.Elector]{of: elector,
			call: func(ctx context.Context, g *gated, req electoral.Request, v electoral.Elector) error {
				return out2(g.Enrol(ctx, req, v))
			}}},
		"Change": {arg[electoral.Elector]{of: elector,
			call: func(ctx context.Context, g *gated, req electoral.Request, v electoral.Elector) error {
				return out2(g.Change(ctx, req, v))
			}}},
		"Remove": {arg[registry.RemovalRequest]{path: "removal", of: registry.RemovalRequest{ANPRID: "1",
			Cause: electoral.CauseMoved, List: electoral.GeneralList, KeptVotes: []electoral.KeptVote{vote}},
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.RemovalRequest) error {
				return out3(g.Remove(ctx, req, v))
			}}},
		"SetCapacity": {arg[registry.CapacityChange]{of: registry.CapacityChange{ANPRID: "1", Capacity: electoral.No},
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.CapacityChange) error {
				return out3(g.SetCapacity(ctx, req, v))
			}}},
		"SetCertifiability": {arg[certifiable]{of: certifiable{"1", electoral.NotCertifiable},
			call: func(ctx context.Context, g *gated, req electoral.Request, v certifiable) error {
				return out2(g.SetCertifiability(ctx, req, v.ANPRID, v.Certifiability))
			}}},
		"MergeIDs": {arg[registry.SectionMove]{of: registry.SectionMove{From: "1", To: "22"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.SectionMove) error {
				return out3(g.MergeIDs(ctx, req, v.From, v.To))
			}}},
		"ListSection": {arg[listed]{of: listed{electoral.GeneralList, "1"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v listed) error {
				return g.ListSection(ctx, req, v.List, aglie, v.Section, func(registry.Listed) error { return nil })
			}}},
		"Extract": {arg[electoral.Extraction]{of: electoral.Extraction{List: electoral.GeneralList, Comune: aglie,
			Purpose: electoral.Purpose{Act: electoral.ChamberAct, Function: "liste per il seggio"}},
			call: func(ctx context.Context, g *gated, req electoral.Request, v electoral.Extraction) error {
				return out2(g.Extract(ctx, req, v, lists.NewCSVWriter(&csv)))
			}}},
		"Query": {arg[registry.Query]{of: query,
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.Query) error {
				return out2(g.Query(ctx, req, v))
			}}},
		"Count": {arg[registry.Query]{of: query,
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.Query) error {
				return out2(g.Count(ctx, req, v))
			}}},
		"Journal": {arg[registry.JournalSearch]{of: registry.JournalSearch{Comune: aglie},
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.JournalSearch) error {
				return out2(g.Journal(ctx, req, v, 1))
			}}},
		"Load": {
			arg[registry.LoadOptions]{path: "options", of: registry.LoadOptions{
				Recoveries: map[string]electoral.Recovery{"1": {}}},
				call: func(ctx context.Context, g *gated, req electoral.Request, v registry.LoadOptions) error {
					return out2(g.Load(ctx, req, aglie, electoral.LoadSource[electoral.Section]{},
						electoral.LoadSource[electoral.Elector]{}, v))
				}},
			arg[electoral.Elector]{of: electorOf("22", aglie, "1"),
				call: func(ctx context.Context, g *gated, req electoral.Request, v electoral.Elector) error {
					report, err := g.Load(ctx, req, aglie, electoral.LoadSource[electoral.Section]{}, single(v), registry.LoadOptions{})
					require.ErrorIs(panicking{}, err, registry.ErrLoadRefused)
					return report.Faults
				}},
			arg[electoral.Section]{of: sectionOf(aglie, "9"),
				call: func(ctx context.Context, g *gated, req electoral.Request, v electoral.Section) error {
					report, err := g.Load(ctx, req, aglie, single(v), electoral.LoadSource[electoral.Elector]{}, registry.LoadOptions{})
					require.ErrorIs(panicking{}, err, registry.ErrLoadRefused)
					return report.Faults
				}}},
		"UndoLoad": {byID(func(ctx context.Context, g *gated, req electoral.Request, v string) error {
			return out3(g.UndoLoad(ctx, req, aglie, v))
		})},
		"Progress": {comuni(func(ctx context.Context, g *gated, req electoral.Request, v string) error {
			return out2(g.Progress(ctx, req, v))
		})},
		"MayReadAccesses": {}, // of a comune, and it writes no entry: see TestGateComune
	}
}

func single[T any](v T) electoral.LoadSource[T] {
	return electoral.LoadSource[T]{Declared: -1, Items: func(yield func(electoral.LoadItem[T], error) bool) {
		yield(electoral.LoadItem[T]{Number: 1, Record: v}, nil)
	}}
}

// panicking makes a requirement fail where no test is at hand.
type panicking struct{}

func (panicking) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (panicking) FailNow()                          {}

type id struct{ ANPRID string }
type code struct{ FiscalCode electoral.FiscalCode }
type certifiable struct {
	ANPRID         string
	Certifiability electoral.Certifiability
}
type listed struct {
	List    electoral.List
	Section string
}

func byID(call func(ctx context.Context, g *gated, req electoral.Request, id string) error) input {
	return arg[string]{path: "id", of: "20260101-120000.000-X", call: call}
}

// comuni is the comune of a service, which must be the officer's.
func comuni(call func(ctx context.Context, g *gated, req electoral.Request, comune string) error) input {
	return arg[string]{path: "comune", of: aglie, call: call}
}

// gateBooks are the services on the registry's books.
func gateBooks() map[string][]input {
	return map[string][]input{
		"RecordChoice": {arg[electoral.VotingChoice]{path: "choice", of: electoral.VotingChoice{ANPRID: "1",
			Kind: electoral.AtHome, Consultation: electoral.ChamberElection, Day: vote.Day, Received: vote.Day},
			not: []string{"id", "comune", "withdrawn"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v electoral.VotingChoice) error {
				return out3(g.RecordChoice(ctx, req, v))
			}}},
		"WithdrawChoice": {
			arg[string]{path: "choice.id", of: "x", call: func(ctx context.Context, g *gated, req electoral.Request, v string) error {
				return out2(g.WithdrawChoice(ctx, req, v, vote.Day))
			}},
			arg[electoral.Date]{path: "choice.received", of: vote.Day,
				call: func(ctx context.Context, g *gated, req electoral.Request, v electoral.Date) error {
					return out2(g.WithdrawChoice(ctx, req, "x", v))
				}}},
		"Choices": {arg[registry.ChoiceFilter]{
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.ChoiceFilter) error {
				return out2(g.Choices(ctx, req, v))
			}}},
		"Conflicts": {arg[registry.ConflictFilter]{
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.ConflictFilter) error {
				return out2(g.Conflicts(ctx, req, v))
			}}},
		"AnswerConflict": {arg[answer]{of: answer{ID: "x", Action: registry.RefuseConflict, Note: "nota"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v answer) error {
				return out2(g.AnswerConflict(ctx, req, v.ID, v.Action, v.Note))
			}}},
		"AskRectification": {arg[registry.RectificationRequest]{citizen: true,
			of: registry.RectificationRequest{Field: electoral.SenateConstituencyField, Asked: "LOMBARDIA"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.RectificationRequest) error {
				return out2(g.AskRectification(ctx, req, v))
			}}},
		"Rectifications": {arg[registry.RequestFilter]{
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.RequestFilter) error {
				return out2(g.Rectifications(ctx, req, v))
			}}},
		"AnswerRectification": {arg[step]{of: step{ID: "x", State: registry.RequestDone},
			call: func(ctx context.Context, g *gated, req electoral.Request, v step) error {
				return out2(g.AnswerRectification(ctx, req, v.ID, v.State, v.Note))
			}}},
		"Apply": {arg[application]{citizen: true, of: application{Kind: registry.EnrolmentApplication, List: electoral.EUComunalList},
			call: func(ctx context.Context, g *gated, req electoral.Request, v application) error {
				return out3(g.Apply(ctx, req, v.Kind, v.List, v.Content))
			}}},
		"Applications": {arg[registry.RequestFilter]{
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.RequestFilter) error {
				return out2(g.Applications(ctx, req, v))
			}}},
		"DecideApplication": {
			byID(func(ctx context.Context, g *gated, req electoral.Request, v string) error {
				return out3(g.DecideApplication(ctx, req, v, registry.Decision{State: registry.RequestDone}))
			}),
			arg[registry.Decision]{of: registry.Decision{State: registry.RequestDone},
				call: func(ctx context.Context, g *gated, req electoral.Request, v registry.Decision) error {
					return out3(g.DecideApplication(ctx, req, "x", v))
				}}},
		"LowerRequestID": {arg[string]{path: "last", of: "1",
			call: func(ctx context.Context, g *gated, req electoral.Request, v string) error {
				return out2(g.LowerRequestID(ctx, req, aglie, v))
			}}},
		"Successions": {arg[string]{path: "after", of: "x",
			call: func(ctx context.Context, g *gated, req electoral.Request, v string) error {
				return out2(g.Successions(ctx, req, v, 1))
			}}},
		"SuccessionDoubts": {byID(func(ctx context.Context, g *gated, req electoral.Request, v string) error {
			return out2(g.SuccessionDoubts(ctx, req, v))
		})},
		"PassingPersons": {byID(func(ctx context.Context, g *gated, req electoral.Request, v string) error {
			return out2(g.PassingPersons(ctx, req, v, "", 1))
		}), arg[string]{path: "after", of: "1", call: func(ctx context.Context, g *gated, req electoral.Request, v string) error {
			return out2(g.PassingPersons(ctx, req, "x", v, 1))
		}}},
		"ConfirmSuccession": {byID(func(ctx context.Context, g *gated, req electoral.Request, v string) error {
			return out3(g.ConfirmSuccession(ctx, req, v, ""))
		}), arg[string]{path: "hash", of: "1", call: func(ctx context.Context, g *gated, req electoral.Request, v string) error {
			return out3(g.ConfirmSuccession(ctx, req, "x", v))
		}}},
		"WithdrawSuccession": {byID(func(ctx context.Context, g *gated, req electoral.Request, v string) error {
			return out2(g.WithdrawSuccession(ctx, req, v))
		})},
		"UndoSuccession": {byID(func(ctx context.Context, g *gated, req electoral.Request, v string) error {
			return out3(g.UndoSuccession(ctx, req, v))
		})},
	}
}

type answer struct {
	ID     string
	Action registry.ConflictAction
	Note   string
}
type step struct {
	ID    string
	State registry.RequestState
	Note  string
}
type application struct {
	Kind    registry.ApplicationKind
	List    electoral.List
	Content registry.ApplicationContent
}

// gateSections are the services on sections and comuni.
func gateSections() map[string][]input {
	return map[string][]input{
		"PutSection": {arg[electoral.Section]{of: sectionOf(aglie, "2"),
			call: func(ctx context.Context, g *gated, req electoral.Request, v electoral.Section) error {
				return out2(g.PutSection(ctx, req, v))
			}}},
		"Section": {arg[string]{path: "number", of: "1",
			call: func(ctx context.Context, g *gated, req electoral.Request, v string) error {
				return out2(g.Section(ctx, req, aglie, v))
			}}},
		"Sections": {arg[registry.SectionPage]{
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.SectionPage) error {
				return out2(g.Sections(ctx, req, aglie, v))
			}}},
		"SpreadAbroad": {arg[[]string]{path: "sections", of: []string{"1"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v []string) error {
				return out2(g.SpreadAbroad(ctx, req, aglie, v, func(registry.PersonMove) error { return nil }))
			}}},
		"Redraw": {arg[registry.Redrawing]{of: registry.Redrawing{Put: []electoral.Section{sectionOf(aglie, "2")}},
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.Redrawing) error {
				return out3(g.Redraw(ctx, req, aglie, v))
			}}},
		"MoveElectors": {arg[registry.Mapping]{
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.Mapping) error {
				return out3(g.MoveElectors(ctx, req, aglie, v))
			}}},
		"DeleteSection": {arg[registry.SectionDeletion]{of: registry.SectionDeletion{Number: "1", To: "2"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.SectionDeletion) error {
				return out3(g.DeleteSection(ctx, req, aglie, v))
			}}},
		"RenumberSection": {arg[registry.SectionMove]{of: registry.SectionMove{From: "1", To: "2"},
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.SectionMove) error {
				return out3(g.RenumberSection(ctx, req, aglie, v.From, v.To))
			}}},
		"Succeed": {arg[registry.Succession]{of: registry.Succession{Kind: registry.Merger, Heir: aglie, Ceased: []string{airasca}},
			call: func(ctx context.Context, g *gated, req electoral.Request, v registry.Succession) error {
				return out3(g.Succeed(ctx, req, v))
			}}},
	}
}
