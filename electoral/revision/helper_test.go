package revision_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

const aglie, airasca, bolzano, trento = "A074", "A109", "A952", "L378"

// A notebook is a recorder that remembers.
type notebook struct {
	mu       sync.Mutex
	accesses []electoral.Access
}

func (n *notebook) Record(_ context.Context, a electoral.Access) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.accesses = append(n.accesses, a)
	return nil
}

// A world is a registry with a population, a clock and the votes that are called.
type world struct {
	t        *testing.T
	now      time.Time
	votes    []electoral.Vote
	section  func(electoral.Person) (string, bool)
	people   *memory.Population
	store    registry.Store
	log      *notebook
	registry *registry.Registry
	engine   *revision.Engine
}

var requests atomic.Int64

func officer(comune string) electoral.Request {
	return electoral.Request{ID: fmt.Sprintf("req-%d", requests.Add(1)), Actor: electoral.Actor{
		FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: comune, Method: electoral.SPIDMethod,
		Level: 2}}
}

func day(text string) electoral.Date {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return electoral.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

// eachStore runs a test on every store.
func eachStore(t *testing.T, run func(t *testing.T, w *world)) {
	for _, name := range []string{"memory", "sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) { run(t, newWorld(t, name)) })
	}
}

func newWorld(t *testing.T, store string) *world {
	w := &world{t: t, people: memory.NewPopulation(), log: &notebook{}, store: memory.NewStore()}
	w.at("2026-01-05")
	switch store {
	case "sqlite":
		db, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "r.db"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		w.store = db.Store()
	case "postgres":
		db, err := sqlstore.OpenPostgres(t.Context(), testenv.Postgres(t))
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		w.store = db.Store()
	}
	var err error
	w.registry, err = registry.New(registry.Config{Store: w.store, Population: w.people, Recorder: w.log,
		Now:   func() time.Time { return w.now },
		Votes: func(comune string) []electoral.Vote { return w.votes }})
	require.NoError(t, err)
	w.engine, err = revision.New(revision.Config{Registry: w.registry,
		SectionOf: func(p electoral.Person) (string, bool) {
			if w.section == nil {
				return "", false
			}
			return w.section(p)
		}})
	require.NoError(t, err)
	for _, c := range []string{aglie, airasca, bolzano, trento} {
		for _, n := range []string{"1", "2"} {
			w.do(w.registry.PutSection(t.Context(), officer(c), sectionOf(c, n)))
		}
	}
	return w
}

// at sets the clock to ten in the morning of a day.
func (w *world) at(d string) { w.now = day(d).In(time.UTC).Add(9 * time.Hour) }

func (w *world) do(_ electoral.Faults, err error) {
	w.t.Helper()
	require.NoError(w.t, err)
}

func sectionOf(comune, number string) electoral.Section {
	tables, _ := refdata.Embedded()
	chamber, senate := tables.ChamberColleges(comune)[0], tables.SenateColleges(comune)[0]
	european, _ := tables.EuropeanConstituency(comune)
	regional, _ := tables.RegionalConstituency(comune)
	college := func(c refdata.College) electoral.College {
		return electoral.College{Constituency: c.Constituency, MultiMember: c.MultiMember, SingleMember: c.SingleMember}
	}
	return electoral.Section{Comune: comune, Number: number, SeatName: "Scuola",
		Seat: electoral.Address{PostCode: "10011", Comune: comune,
			Street: electoral.Street{Kind: "VIA", Name: "ROMA"}},
		EuropeanConstituency: european.Name, RegionalConstituency: strings.ToUpper(regional.Name),
		ChamberCollege: college(chamber), SenateCollege: college(senate)}
}

// person puts an Italian who lives in a comune into the population.
func (w *world) person(id, comune, born string, alter ...func(*electoral.Person)) {
	w.t.Helper()
	p := electoral.Person{ANPRID: id, Surname: "ROSSI" + id, Name: "MARIA", Sex: electoral.Female,
		Birth:        electoral.Birth{Date: day(born), Place: "H501"},
		Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}}}
	if comune != "" {
		p.Residence = &electoral.Residence{Comune: comune, Since: day("2010-05-03"), Earlier: []electoral.ResidencePeriod{},
			Abode: "VIA ROMA 1"}
	}
	for _, f := range alter {
		f(&p)
	}
	require.NoError(w.t, w.people.Put(p))
}

func electorOf(id, comune, section string) electoral.Elector {
	tables, _ := refdata.Embedded()
	full := electoral.FullyCertifiable
	return electoral.Elector{ANPRID: id, Capacity: electoral.Yes, Certifiability: &full,
		General: &electoral.Enrolment{Comune: comune, Section: section},
		Status: electoral.Status{NationalReferendums: electoral.Yes, EuropeanParliament: electoral.Yes,
			Senate: electoral.Yes, SenateConstituency: tables.SenateColleges(comune)[0].Constituency,
			Chamber: electoral.Yes, ChamberConstituency: tables.ChamberColleges(comune)[0].Constituency,
			Regional: electoral.Yes, Comunal: electoral.Yes, District: electoral.No}}
}

// elector puts an Italian who lives in a comune into its general list, section 1.
func (w *world) elector(id, comune, born string, alter ...func(*electoral.Person)) {
	w.t.Helper()
	w.person(id, comune, born)
	w.do(w.registry.Enrol(w.t.Context(), officer(comune), electorOf(id, comune, "1")))
	w.person(id, comune, born, alter...)
}

// stored returns what is registered of a person.
func (w *world) stored(id string) (e electoral.Elector) {
	w.t.Helper()
	require.NoError(w.t, w.store.View(w.t.Context(), func(rd registry.Reader) error {
		var err error
		e, _, err = rd.Elector(w.t.Context(), id)
		return err
	}))
	return e
}

// open opens a revision of Agliè.
func (w *world) open(q revision.Opening) revision.Header {
	w.t.Helper()
	if q.Comune == "" {
		q.Comune = aglie
	}
	h, _, err := w.engine.Open(w.t.Context(), officer(q.Comune), q)
	require.NoError(w.t, err)
	require.Equal(w.t, revision.Active, h.State)
	return h
}

// lines returns the lines of a revision by their persons.
func (w *world) lines(h revision.Header) map[string]revision.Line {
	w.t.Helper()
	list, err := w.engine.Lines(w.t.Context(), officer(h.Comune), h.Comune, h.ID, revision.LineFilter{Limit: 1000})
	require.NoError(w.t, err)
	out := map[string]revision.Line{}
	for _, v := range list {
		_, twice := out[v.Line.ANPRID]
		require.False(w.t, twice, "two lines about %s", v.Line.ANPRID)
		out[v.Line.ANPRID] = v.Line
	}
	return out
}

// decide takes one decision.
func (w *world) decide(h revision.Header, l revision.Line, d revision.LineDecision) (revision.Line, error) {
	list, _, err := w.engine.Decide(w.t.Context(), officer(h.Comune), h.Comune, h.ID,
		[]revision.Ruling{{Line: l.ID, Version: l.Version, Decision: d}})
	if err != nil {
		return revision.Line{}, err
	}
	return list[0], nil
}

// accept accepts a line, into section 1 where it needs one.
func (w *world) accept(h revision.Header, l revision.Line, alter ...func(*revision.LineDecision)) {
	w.t.Helper()
	d := revision.LineDecision{Verdict: revision.Accept, Section: "1"}
	for _, f := range alter {
		f(&d)
	}
	_, err := w.decide(h, l, d)
	require.NoError(w.t, err)
}

func (w *world) apply(h revision.Header) revision.ApplyReport {
	w.t.Helper()
	report, err := w.engine.Apply(w.t.Context(), officer(h.Comune), h.Comune, h.ID)
	require.NoError(w.t, err)
	return report
}

// refused requires an error that is a refusal with a code and a case.
func (w *world) refused(err error, code electoral.Code, name string) {
	w.t.Helper()
	faults, ok := errors.AsType[electoral.Faults](err)
	require.True(w.t, ok, "%v", err)
	for _, f := range faults {
		if f.Code == code && f.Case == name {
			return
		}
	}
	require.Fail(w.t, "no such refusal", "%s %s in %v", code, name, faults)
}
