package electoral_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// notebook is a recorder that remembers, and fails at the outcomes that it is told.
type notebook struct {
	accesses []electoral.Access
	failAt   map[string]bool
	ctx      error // the state of the context at the last entry
}

var errDisk = errors.New("disk full")

func (n *notebook) Record(ctx context.Context, a electoral.Access) error {
	n.ctx = ctx.Err()
	if n.failAt[a.Outcome] {
		return errDisk
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

func anAccess() electoral.Access {
	return electoral.NewAccess(electoral.Request{ID: "1", Purpose: "istruttoria", Procedure: "P-7", Actor: electoral.Actor{
		FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: "A074", Method: electoral.SmartCardMethod, Level: 3,
		ActingFor: "PRVGPP13R10B293L", Station: "PC-1", Device: "CARD-1", AccessPoint: "suite",
	}}, electoral.OpChange, time.Date(2026, 11, 22, 12, 0, 0, 123_456_789, time.FixedZone("CET", 3600)))
}

func TestNewAccess(t *testing.T) {
	a := anAccess()
	assert.Equal(t, electoral.Access{
		FiscalCode: "FFCLTR70A01H501Z", At: time.Date(2026, 11, 22, 11, 0, 0, 123e6, time.UTC), Operation: electoral.OpChange, RequestID: "1",
		Method: electoral.SmartCardMethod, ActorComune: "A074", Role: electoral.OfficerRole, Level: 3, ActingFor: "PRVGPP13R10B293L",
		Station: "PC-1", Device: "CARD-1", AccessPoint: "suite", Purpose: "istruttoria", Procedure: "P-7",
	}, a)
	assert.Equal(t, a, electoral.NewAccess(a.Request(), a.Operation, a.At), "the access tells the request")
}

func TestPassage(t *testing.T) {
	refusal := electoral.Faults{electoral.NewFault(electoral.OtherPerson, "anprId", "", nil)}
	failure := errors.New("store broke")
	unknown := errors.Join(electoral.ErrUnknown, failure)
	for name, c := range map[string]struct {
		readOnly bool
		refused  error
		work     error
		outcome  string // set by the work
		failAt   string
		want     []string
		done     bool
		is, not  []error
	}{
		"a change":                 {want: []string{"requested", "granted"}, done: true},
		"a reading":                {readOnly: true, want: []string{"granted"}, done: true},
		"not admitted":             {refused: refusal, want: []string{"REG-ACC-04"}, is: []error{electoral.OtherPerson}},
		"refused by the work":      {work: refusal, want: []string{"requested", "REG-ACC-04"}, done: true, is: []error{electoral.OtherPerson}},
		"failed":                   {work: failure, want: []string{"requested", "failed"}, done: true, is: []error{failure}},
		"not known":                {work: unknown, want: []string{"requested", "unknown"}, done: true, is: []error{electoral.ErrUnknown}},
		"repeated":                 {outcome: electoral.Repeated, want: []string{"requested", "repeated"}, done: true},
		"request not recorded":     {failAt: "requested", is: []error{electoral.ErrRequestNotRecorded, errDisk}, not: []error{electoral.ErrOutcomeNotRecorded}},
		"change not recorded":      {failAt: "granted", want: []string{"requested"}, done: true, is: []error{electoral.ErrOutcomeNotRecorded, errDisk}},
		"reading not recorded":     {readOnly: true, failAt: "granted", done: true, is: []error{electoral.ErrOutcomeNotRecorded}},
		"failure not recorded":     {work: failure, failAt: "failed", want: []string{"requested"}, done: true, is: []error{failure, errDisk}, not: []error{electoral.ErrNotRecorded}},
		"a refusal not recorded":   {refused: refusal, failAt: "REG-ACC-04", is: []error{electoral.OtherPerson, electoral.ErrNotRecorded, errDisk}, not: []error{electoral.ErrRequestNotRecorded, electoral.ErrOutcomeNotRecorded}},
		"warnings are no refusal":  {work: electoral.Faults{{Code: "X", Severity: electoral.Warning}}, want: []string{"requested", "failed"}, done: true},
		"a refused reading, alone": {readOnly: true, refused: refusal, want: []string{"REG-ACC-04"}, is: []error{electoral.OtherPerson}},
	} {
		t.Run(name, func(t *testing.T) {
			log := &notebook{failAt: map[string]bool{c.failAt: true}}
			done := false
			p := electoral.Passage{Recorder: log, Access: anAccess(), Refused: c.refused, ReadOnly: c.readOnly}
			ctx, cancel := context.WithCancel(t.Context())
			err := p.Do(ctx, func(on *electoral.Entry) error {
				done = true
				cancel() // who leaves does not take the entry with him
				assert.True(t, on.OnRecord())
				assert.Equal(t, c.readOnly, len(log.accesses) == 0, "a change is on record before it is done")
				if c.outcome != "" {
					on.SetOutcome(c.outcome)
				}
				return c.work
			})
			cancel()
			assert.NoError(t, log.ctx)
			assert.Equal(t, c.want, log.outcomes())
			assert.Equal(t, c.done, done)
			for _, is := range c.is {
				require.ErrorIs(t, err, is)
			}
			for _, not := range c.not {
				require.NotErrorIs(t, err, not)
			}
			if c.is == nil && c.work == nil {
				require.NoError(t, err)
			}
			for _, a := range log.accesses {
				want := anAccess()
				want.Outcome = a.Outcome
				assert.Equal(t, want, a, "request and outcome tell the same")
			}
		})
	}
}

func TestPassagePanic(t *testing.T) {
	log := &notebook{}
	var kept *electoral.Entry
	err := electoral.Passage{Recorder: log, Access: anAccess()}.Do(t.Context(), func(on *electoral.Entry) error {
		kept = on
		panic("a plugged-in part")
	})
	p, ok := errors.AsType[*electoral.PanicError](err)
	require.True(t, ok)
	assert.Equal(t, "a plugged-in part", p.Value)
	assert.Contains(t, string(p.Stack), "TestPassagePanic")
	assert.Equal(t, []string{"requested", "failed"}, log.outcomes(), "the pair is closed")
	assert.False(t, kept.OnRecord(), "an entry is on record while its work is done")
	assert.False(t, new(electoral.Entry).OnRecord())
	assert.False(t, (*electoral.Entry)(nil).OnRecord())
}

func TestPassageDetails(t *testing.T) {
	log := &notebook{}
	p := electoral.Passage{Recorder: log, Access: anAccess()}
	p.Access.Details = []electoral.Detail{{Key: "list", Value: "general"}}
	require.NoError(t, p.Do(t.Context(), func(on *electoral.Entry) error {
		on.Set("rows", "1")
		on.Set("rows", "2")
		on.Set("act", "")
		on.Set("act", "a\x00b")
		on.Set("section", strings.Repeat("é", 300))
		on.SetSubject("7", "H501")
		return nil
	}))
	assert.Equal(t, []electoral.Detail{{Key: "list", Value: "general"}}, log.accesses[0].Details, "the request knows no more")
	got := log.accesses[1].Details
	require.Len(t, got, 4)
	assert.Equal(t, []electoral.Detail{{Key: "act", Value: `"a\x00b"`}, {Key: "list", Value: "general"}, {Key: "rows", Value: "2"}}, got[:3])
	assert.LessOrEqual(t, len(got[3].Value), electoral.MaxDetail)
	assert.Empty(t, log.accesses[1].Subject, "request and outcome stand together")

	log = &notebook{}
	p.Recorder, p.ReadOnly = log, true
	require.NoError(t, p.Do(t.Context(), func(on *electoral.Entry) error { on.SetSubject("7", "H501"); return nil }))
	assert.Equal(t, "7", log.accesses[0].Subject)
	assert.Equal(t, "H501", log.accesses[0].Comune)
}

func TestAdmit(t *testing.T) {
	good := anAccess().Request()
	require.Empty(t, electoral.Admit(good))
	for path, spoil := range map[string]func(*electoral.Request){
		"request.id":                func(r *electoral.Request) { r.ID = "a b" },
		"request.actor.fiscalCode":  func(r *electoral.Request) { r.Actor.FiscalCode = "X" },
		"request.actor.method":      func(r *electoral.Request) { r.Actor.Method = "" },
		"request.actor.level":       func(r *electoral.Request) { r.Actor.Method, r.Actor.Level = electoral.SPIDMethod, 1 },
		"request.actor.actingFor":   func(r *electoral.Request) { r.Actor.ActingFor = "nobody" },
		"request.actor.station":     func(r *electoral.Request) { r.Actor.Station = strings.Repeat("x", electoral.MaxStation+1) },
		"request.actor.device":      func(r *electoral.Request) { r.Actor.Device = "a\nb" },
		"request.actor.accessPoint": func(r *electoral.Request) { r.Actor.AccessPoint = " " },
		"request.purpose":           func(r *electoral.Request) { r.Purpose = "\xff" },
		"request.procedure":         func(r *electoral.Request) { r.Procedure = "a\u202eb" },
		"request.revision":          func(r *electoral.Request) { r.Revision = "x" },
	} {
		req := good
		spoil(&req)
		faults := electoral.Admit(req)
		require.Len(t, faults, 1, path)
		assert.Equal(t, path, faults[0].Path)
		assert.NotEmpty(t, faults[0].Source)
		assert.NotContains(t, electoral.Faults(faults).Error(), "nobody", "the code of a person stands in no fault")
	}
}

func TestCalendar(t *testing.T) {
	at := time.Date(2026, 6, 30, 22, 30, 0, 1_999_999, time.UTC) // after midnight in Italy
	c, err := electoral.NewCalendar(func() time.Time { return at })
	require.NoError(t, err)
	assert.Equal(t, electoral.Date{Year: 2026, Month: 7, Day: 1}, c.Today())
	assert.Equal(t, electoral.Date{Year: 2026, Month: 7, Day: 1}, c.Day(at))
	assert.Equal(t, time.Date(2026, 6, 30, 22, 30, 0, 1_000_000, time.UTC), c.Now())
	assert.Equal(t, time.Date(2026, 6, 30, 22, 0, 0, 0, time.UTC), c.Begins(electoral.Date{Year: 2026, Month: 7, Day: 1}))
	assert.Equal(t, "00.30", c.InRome(at).Format("15.04"))
}
