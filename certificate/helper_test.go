package certificate

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/seal"
)

var (
	noon    = time.Date(2026, 11, 22, 9, 41, 7, 123_000_000, time.UTC)
	testKey = []byte("0123456789abcdef0123456789abcdef")
)

const testBase = "https://www.anagrafenazionale.interno.it"

func day(s string) electoral.Date {
	d, err := refdata.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func ptr[T any](v T) *T { return &v }

// facts are of a made-up elector of Roma.
func facts() electoral.CertificateFacts {
	return electoral.CertificateFacts{
		Person: electoral.Person{
			ANPRID: "1000001", Surname: "ESPOSITO PROVA", Name: "MARIA GRAZIA", Sex: electoral.Female,
			Birth:        electoral.Birth{Date: day("1984-03-08"), Place: "F839"},
			Citizenships: []electoral.Citizenship{{State: "ITA"}},
			Residence:    &electoral.Residence{Comune: "H501"},
		},
		Elector: electoral.Elector{
			ANPRID: "1000001", Capacity: electoral.Yes,
			General:        &electoral.Enrolment{Comune: "H501", Section: "1024"},
			Certifiability: ptr(electoral.FullyCertifiable),
		},
		Section: &electoral.Section{Comune: "H501", Number: "1024", SeatName: "SCUOLA ELEMENTARE DI PROVA"},
	}
}

// foreigner changes facts to an EU citizen in both EU lists.
func foreigner(f *electoral.CertificateFacts) {
	f.Person.Citizenships = []electoral.Citizenship{{State: "FRA"}}
	f.Person.Birth = electoral.Birth{Date: day("1979-07"), Place: "Z110", PlaceName: "LIONE"}
	f.Elector.General = nil
	at := &electoral.Enrolment{Comune: "H501", Section: "1024"}
	f.Elector.EU = electoral.EULists{
		Comunal:    electoral.AddedList{Enrolled: electoral.Yes, Enrolment: at},
		Parliament: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: at},
	}
}

type source struct{ facts electoral.CertificateFacts }

func (s source) Home(_ context.Context, anprID string) (string, error) {
	if anprID != s.facts.Person.ANPRID {
		return "", nil
	}
	return s.facts.Person.Registered(), nil
}

func (s source) HomeOf(_ context.Context, code electoral.FiscalCode) (anprID, comune string, err error) {
	if code != "SPSMGR84C48F839A" {
		return "", "", nil
	}
	return s.facts.Person.ANPRID, s.facts.Person.Registered(), nil
}

func (s source) CertificateFacts(ctx context.Context, on *electoral.Entry) (electoral.CertificateFacts, error) {
	if !on.OnRecord() {
		return electoral.CertificateFacts{}, errors.New("not on record")
	}
	if anprID := on.Access().Subject; anprID != s.facts.Person.ANPRID {
		return electoral.CertificateFacts{}, electoral.ErrNotFound
	}
	return s.facts, ctx.Err()
}

// journal is a recorder that keeps entries and fails at the call failAt.
type journal struct {
	mu      sync.Mutex
	entries []electoral.Access
	failAt  int
}

var errJournal = errors.New("journal is full")

func (j *journal) Record(_ context.Context, a electoral.Access) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failAt == len(j.entries)+1 {
		return errJournal
	}
	j.entries = append(j.entries, a)
	return nil
}

func (j *journal) outcomes() (out []string) {
	for _, e := range j.entries {
		out = append(out, e.Outcome)
	}
	return out
}

// plainSealer seals nothing: it shows what would be sealed.
type plainSealer struct {
	production bool
	err        error
}

func (s plainSealer) Production() bool { return s.production }

func (s plainSealer) Seal(_ context.Context, pdf []byte, _ seal.Details) ([]byte, error) {
	return append([]byte(nil), pdf...), s.err
}

// clock is a clock that a test sets.
func clock(now *time.Time) func() time.Time { return func() time.Time { return *now } }

// newIssuer makes an issuer over facts; change may alter its configuration.
func newIssuer(t testing.TB, f electoral.CertificateFacts, change func(*Config)) (*Issuer, *journal) {
	t.Helper()
	j := &journal{}
	cfg := Config{
		Sealer: plainSealer{production: true}, Source: source{f}, Recorder: j, Key: testKey, BaseURL: testBase,
		Now:      func() time.Time { return noon },
		Protocol: func(context.Context, Request) (string, error) { return "20261122000417", nil },
	}
	if change != nil {
		change(&cfg)
	}
	i, err := NewIssuer(cfg)
	require.NoError(t, err)
	return i, j
}

func citizen(kind Kind, use Use) Request {
	return Request{
		Request: electoral.Request{ID: "r-1", Actor: electoral.Actor{FiscalCode: "SPSMGR84C48F839A", Role: electoral.CitizenRole, Method: electoral.CIEMethod, Level: 3}},
		ANPRID:  "1000001", Kind: kind, Use: use,
	}
}

func officer(kind Kind, use Use) Request {
	r := citizen(kind, use)
	r.Actor = electoral.Actor{FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: "F205", Method: electoral.SmartCardMethod}
	r.Signer = Signer{Role: MayorDelegate, Name: "LUCA PROVA"}
	return r
}
