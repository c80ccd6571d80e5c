package registry_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// notebook is a recorder that remembers, and fails when told.
type notebook struct {
	mu       sync.Mutex
	accesses []electoral.Access
	failAt   map[string]bool // outcomes that cannot be recorded
}

func (n *notebook) Record(_ context.Context, a electoral.Access) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failAt[a.Outcome] {
		return errors.New("disk full")
	}
	n.accesses = append(n.accesses, a)
	return nil
}

func (n *notebook) outcomes() (out []string) {
	for _, a := range n.accesses {
		out = append(out, a.Outcome)
	}
	return out
}

const aglie, airasca = "A074", "A109"

var noon = time.Date(2026, 11, 22, 11, 0, 0, 123_456_789, time.UTC)

// people are a citizen of Agliè, an elector of another Member State and one
// who is in no list.
func people() []electoral.Person {
	list := electoraltest.SamplePersons()[:2]
	french := list[0].Clone()
	french.ANPRID, french.Citizenships = "44", []electoral.Citizenship{{State: "FRA"}}
	french.FiscalCode, _ = electoral.ComputeFiscalCode("DUPONT", "MARIE", electoral.Female, french.Birth.Date, "Z110")
	list[1] = list[0].Clone()
	list[1].ANPRID, list[1].FiscalCode = "22", "PRVGPP13R10B293L"
	return append(list, french)
}

func sectionOf(comune, number string) electoral.Section {
	tables, _ := refdata.Embedded()
	chamber, senate := tables.ChamberColleges(comune)[0], tables.SenateColleges(comune)[0]
	european, _ := tables.EuropeanConstituency(comune)
	regional, _ := tables.RegionalConstituency(comune)
	return electoral.Section{
		Comune: comune, Number: number, SeatName: "Scuola",
		Seat:                 electoral.Address{PostCode: "10011", Comune: comune, Street: electoral.Street{Kind: "VIA", Name: "ROMA"}},
		EuropeanConstituency: european.Name, RegionalConstituency: strings.ToUpper(regional.Name),
		ChamberCollege: electoral.College{Constituency: chamber.Constituency, MultiMember: chamber.MultiMember, SingleMember: chamber.SingleMember},
		SenateCollege:  electoral.College{Constituency: senate.Constituency, MultiMember: senate.MultiMember, SingleMember: senate.SingleMember},
	}
}

func electorOf(id, comune, section string) electoral.Elector {
	return electoral.Elector{
		ANPRID: id, Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: comune, Section: section},
		Status: electoral.Status{
			NationalReferendums: electoral.Yes, EuropeanParliament: electoral.Yes, Senate: electoral.Yes, SenateConstituency: "PIEMONTE",
			Chamber: electoral.Yes, ChamberConstituency: "PIEMONTE 1", Regional: electoral.Yes, Comunal: electoral.Yes, District: electoral.No,
		},
	}
}

// requests counts the requests that the tests have made: each has its own id.
var requests atomic.Int64

func officer(comune string) electoral.Request {
	return electoral.Request{ID: fmt.Sprintf("req%d", requests.Add(1)), Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: comune, Method: electoral.SPIDMethod, Level: 2}}
}

func citizen(p electoral.Person) electoral.Request {
	return electoral.Request{ID: fmt.Sprintf("req-c-%d", requests.Add(1)), Actor: electoral.Actor{FiscalCode: p.FiscalCode, Role: electoral.CitizenRole, Method: electoral.CIEMethod, Level: 3}}
}

// eachStore runs a test on every store that the SDK has.
func eachStore(t *testing.T, run func(t *testing.T, r *registry.Registry, log *notebook, store registry.Store)) {
	for name, open := range map[string]func(t *testing.T) registry.Store{
		"memory": func(*testing.T) registry.Store { return memory.NewStore() },
		"sqlite": func(t *testing.T) registry.Store {
			db, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "r.db"))
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			return db.Store()
		},
		"postgres": func(t *testing.T) registry.Store {
			db, err := sqlstore.OpenPostgres(t.Context(), testenv.Postgres(t))
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			return db.Store()
		},
	} {
		t.Run(name, func(t *testing.T) {
			log, store := &notebook{failAt: map[string]bool{}}, open(t)
			r, err := registry.New(registry.Config{
				Store: store, Population: memory.NewPopulation(people()...), Recorder: log, Now: func() time.Time { return noon },
			})
			require.NoError(t, err)
			run(t, r, log, store)
		})
	}
}

// certificateFacts asks as an issuer of certificates does: the access is its own.
func certificateFacts(ctx context.Context, r *registry.Registry, log electoral.Recorder, req electoral.Request, anprID string) (facts electoral.CertificateFacts, err error) {
	home, err := r.Home(ctx, anprID)
	if err != nil {
		return facts, err
	}
	access := electoral.NewAccess(req, electoral.OpReadForCertificate, noon)
	access.Comune, access.Subject = cmp.Or(home, req.Actor.Comune), anprID
	err = electoral.Passage{Recorder: log, Access: access, Refused: electoral.Faults(electoral.Admit(req)).Err(), ReadOnly: true}.Do(ctx, func(on *electoral.Entry) error {
		facts, err = r.CertificateFacts(ctx, on)
		return err
	})
	return facts, err
}

// refused asserts a refusal for one reason, and that it is on record.
func refused(t *testing.T, log *notebook, err error, code electoral.Code) {
	t.Helper()
	require.ErrorIs(t, err, code)
	faults, ok := errors.AsType[electoral.Faults](err)
	require.True(t, ok, "%T", err)
	for _, f := range faults {
		assert.NotEmpty(t, f.Message)
		assert.NotEmpty(t, f.Source)
		assert.NotEmpty(t, f.Expected)
	}
	require.NotEmpty(t, log.accesses)
	assert.Equal(t, string(code), log.accesses[len(log.accesses)-1].Outcome)
}
