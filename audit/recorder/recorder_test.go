package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/recorder"
	"github.com/liste-elettorali/anpr/electoral"
)

// A made-up access.
func anAccess() electoral.Access {
	return electoral.Access{
		FiscalCode: "FFCLTR70A01H501Z", At: time.Date(2026, 3, 22, 11, 0, 0, 123_999_999, time.FixedZone("CET", 3600)),
		Operation: electoral.OpListSection, Outcome: electoral.Granted, RequestID: "r-1", Method: electoral.CIEMethod,
		Comune: "H501", Subject: "1234567",
	}
}

func newLog(t testing.TB, s audit.Store) *audit.Log {
	t.Helper()
	l, err := audit.New(audit.Config{Store: s})
	require.NoError(t, err)
	return l
}

func entries(t *testing.T, l *audit.Log, chain string) []audit.Entry {
	t.Helper()
	var out []audit.Entry
	for r, err := range l.Records(t.Context(), chain, 0) {
		require.NoError(t, err)
		e, err := r.Entry()
		require.NoError(t, err)
		out = append(out, e)
	}
	return out
}

func TestRecord(t *testing.T) {
	store := &audit.MemoryStore{}
	l := newLog(t, store)
	r, err := recorder.New(l, recorder.Config{})
	require.NoError(t, err)
	require.NoError(t, r.Record(t.Context(), anAccess()))
	want := audit.Entry{
		FiscalCode: "FFCLTR70A01H501Z", Time: time.Date(2026, 3, 22, 10, 0, 0, 123e6, time.UTC),
		Operation: "section-list", Outcome: "granted", RequestID: "r-1", Authentication: "cie", Subject: "1234567",
	}
	assert.Equal(t, []audit.Entry{want}, entries(t, l, "H501"), "whole, not masked")

	whole := anAccess()
	whole.At, whole.RequestID, whole.ActorComune, whole.Role, whole.Level = whole.At.UTC().Truncate(time.Millisecond), "whole", "A952", electoral.OfficerRole, 3
	whole.ActingFor, whole.Station, whole.Device, whole.AccessPoint = "PRVGPP13R10B293L", "PC-1", "CARD-1", "suite"
	whole.Purpose, whole.Procedure, whole.Outcome = "istruttoria", "P-7", electoral.Requested
	whole.Details = []electoral.Detail{{Key: "list", Value: "general"}, {Key: "rows", Value: "12"}}
	require.NoError(t, r.Record(t.Context(), whole))
	open, err := r.Open(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, []electoral.Access{whole}, open, "what the log keeps is what was told")
	whole.Comune, whole.Outcome, whole.RequestID = "nowhere", electoral.Granted, "list"
	require.NoError(t, r.Record(t.Context(), whole))
	assert.Len(t, entries(t, l, "A952"), 1, "of no comune's list: in the asker's chain")
	whole.Level = 256
	require.Error(t, r.Record(t.Context(), whole))

	// Of no comune, or of one that cannot be.
	for _, comune := range []string{"", "h501", "H50", "H5011", "H50é", "../a", "ROMA", "A1B2"} {
		a := anAccess()
		a.Comune = comune
		require.NoError(t, r.Record(t.Context(), a), comune)
	}
	assert.Len(t, entries(t, l, "portale"), 8)
	var names []string
	for c := range l.Chains(t.Context()) {
		names = append(names, c)
	}
	assert.Equal(t, []string{"A952", "H501", "portale"}, names)
}

func TestFailsClosed(t *testing.T) {
	l := newLog(t, &audit.MemoryStore{})
	r, err := recorder.New(l, recorder.Config{DefaultChain: "servizi"})
	require.NoError(t, err)
	for field, spoil := range map[string]func(*electoral.Access){
		"FiscalCode":     func(a *electoral.Access) { a.FiscalCode = "" },
		"Time":           func(a *electoral.Access) { a.At = time.Time{} },
		"Operation":      func(a *electoral.Access) { a.Operation = "" },
		"Outcome":        func(a *electoral.Access) { a.Outcome = "" },
		"RequestID":      func(a *electoral.Access) { a.RequestID = "a\r\nb" },
		"Authentication": func(a *electoral.Access) { a.Method = "" },
		"Subject":        func(a *electoral.Access) { a.Subject = "\xff" },
	} {
		a := anAccess()
		spoil(&a)
		err := r.Record(t.Context(), a)
		faults, ok := errors.AsType[audit.EntryFaults](err)
		require.True(t, ok, field)
		assert.Equal(t, field, faults[0].Field)
		assert.NotContains(t, err.Error(), "FFCLTR")
	}
	for range l.Chains(t.Context()) {
		t.Fatal("nothing was to be written")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, r.Record(ctx, anAccess()), context.Canceled)
	broken, err := recorder.New(newLog(t, failing{}), recorder.Config{})
	require.NoError(t, err)
	require.ErrorIs(t, broken.Record(t.Context(), anAccess()), errDisk)
}

var errDisk = errors.New("disk")

type failing struct{ audit.Store }

func (failing) Head(context.Context, string) (audit.Head, error) { return audit.Head{}, errDisk }

func TestNew(t *testing.T) {
	l := newLog(t, &audit.MemoryStore{})
	_, err := recorder.New(nil, recorder.Config{})
	require.Error(t, err)
	for _, chain := range []string{"a b", "..", "H501"} {
		_, err = recorder.New(l, recorder.Config{DefaultChain: chain})
		require.ErrorContains(t, err, "DefaultChain")
	}
}

func TestConcurrent(t *testing.T) {
	l := newLog(t, &audit.MemoryStore{})
	r, err := recorder.New(l, recorder.Config{})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			a := anAccess()
			a.RequestID = fmt.Sprint(i)
			assert.NoError(t, r.Record(t.Context(), a))
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, e := range entries(t, l, "H501") {
		seen[e.RequestID] = true
	}
	assert.Len(t, seen, 100)
}

func Example() {
	l, err := audit.New(audit.Config{Store: &audit.MemoryStore{}})
	if err != nil {
		log.Fatal(err)
	}
	rec, err := recorder.New(l, recorder.Config{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	err = rec.Record(ctx, electoral.Access{
		FiscalCode: "FFCLTR70A01H501Z", At: time.Date(2026, 3, 22, 10, 0, 0, 123e6, time.UTC),
		Operation: electoral.OpIssueCertificate, Outcome: electoral.Granted, RequestID: "r-1",
		Method: electoral.SPIDMethod, Comune: "H501",
	})
	if err != nil {
		log.Fatal(err)
	}
	for record, err := range l.Records(ctx, "H501", 0) {
		if err != nil {
			log.Fatal(err)
		}
		entry, err := record.Entry()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record.Seq, entry)
	}
	// Output:
	// 0 2026-03-22T10:00:00.123Z certificate-issue (request r-1, spid): granted
}

func TestOpen(t *testing.T) {
	store := &audit.MemoryStore{}
	l := newLog(t, store)
	r, err := recorder.New(l, recorder.Config{})
	require.NoError(t, err)
	at := time.Date(2026, 3, 22, 10, 0, 0, 0, time.UTC)
	write := func(comune, id string, op electoral.Operation, outcomes ...string) {
		for _, outcome := range outcomes {
			a := anAccess()
			a.Comune, a.RequestID, a.Operation, a.Outcome, a.At = comune, id, op, outcome, at
			require.NoError(t, r.Record(t.Context(), a))
		}
		at = at.Add(time.Second)
	}
	write("H501", "done", electoral.OpIssueCertificate, electoral.Requested, electoral.Granted)
	write("H501", "open", electoral.OpIssueCertificate, electoral.Requested)
	write("H501", "read", electoral.OpReadElector, electoral.Granted)
	write("", "portal", electoral.OpIssueCertificate, electoral.Requested)
	write("H501", "twice", electoral.OpChange, electoral.Requested, electoral.Repeated, electoral.Requested)
	write("H501", "refused", electoral.OpChange, electoral.Requested, string(electoral.NotCompetent))
	open, err := r.Open(t.Context(), store)
	require.NoError(t, err)
	var ids []string
	for _, a := range open {
		ids = append(ids, a.RequestID)
		assert.Equal(t, electoral.Requested, a.Outcome)
	}
	assert.Equal(t, []string{"open", "portal", "twice"}, ids)
	assert.Equal(t, "H501", open[0].Comune)
	assert.Empty(t, open[1].Comune)
	assert.Equal(t, electoral.FiscalCode("FFCLTR70A01H501Z"), open[0].FiscalCode)
}

func TestAbout(t *testing.T) {
	store := &audit.MemoryStore{}
	r, err := recorder.New(newLog(t, store), recorder.Config{})
	require.NoError(t, err)
	at := time.Date(2026, 3, 22, 10, 0, 0, 0, time.UTC)
	write := func(comune, id, subject string, op electoral.Operation, outcomes ...string) {
		for _, outcome := range outcomes {
			a := anAccess()
			a.Comune, a.RequestID, a.Operation, a.Outcome, a.At, a.Subject = comune, id, op, outcome, at, subject
			require.NoError(t, r.Record(t.Context(), a))
		}
		at = at.Add(time.Second)
	}
	write("H501", "issued", "1234567", electoral.OpIssueCertificate, electoral.Requested, electoral.Granted)
	write("H501", "other", "7654321", electoral.OpReadElector, electoral.Granted)
	write("", "asked", "1234567", electoral.OpPreviewCertificate, electoral.Requested)
	write("H501", "list", "", electoral.OpListSection, electoral.Granted)
	write("", "public", "certificate:ABC", electoral.OpVerifyCertificate, electoral.Granted)
	write("A952", "refused", "1234567", electoral.OpReadElector, string(electoral.NotCompetent))

	got, err := r.About(t.Context(), store, "1234567", "certificate:ABC")
	require.NoError(t, err)
	var said []string
	for _, a := range got {
		said = append(said, a.Comune+" "+a.RequestID+" "+a.Outcome)
	}
	assert.Equal(t, []string{
		"H501 issued granted", " asked requested", " public granted", "A952 refused " + string(electoral.NotCompetent),
	}, said)
	got, err = r.About(t.Context(), store)
	require.NoError(t, err)
	assert.Empty(t, got)
	got, err = r.About(t.Context(), store, "")
	require.NoError(t, err)
	assert.Empty(t, got, "what is about nobody is about nobody in particular")
}

// TestAboutHidesNothing: of two outcomes within a millisecond, under one id, both
// are told: who repeats a request at once does not hide the first.
func TestAboutHidesNothing(t *testing.T) {
	store := &audit.MemoryStore{}
	r, err := recorder.New(newLog(t, store), recorder.Config{})
	require.NoError(t, err)
	outcomes := []string{electoral.Requested, electoral.Granted, electoral.Requested, "REG-RIC-01"}
	for _, outcome := range outcomes {
		a := anAccess()
		a.Operation, a.Outcome = electoral.OpIssueCertificate, outcome
		require.NoError(t, r.Record(t.Context(), a))
	}
	got, err := r.About(t.Context(), store, "1234567")
	require.NoError(t, err)
	require.Len(t, got, 2)
	assert.ElementsMatch(t, []string{electoral.Granted, "REG-RIC-01"}, []string{got[0].Outcome, got[1].Outcome})
}

// Of two equal requests within one millisecond an outcome closes one, and only a
// request that stands before it.
func TestOpenCountsPairs(t *testing.T) {
	at := time.Date(2026, 3, 22, 10, 0, 0, 5e6, time.UTC)
	type step struct {
		outcome string
		at      time.Duration
	}
	now := func(outcomes ...string) (steps []step) {
		for _, o := range outcomes {
			steps = append(steps, step{outcome: o})
		}
		return steps
	}
	asked, done, unknown := electoral.Requested, electoral.Granted, "unknown"
	for name, c := range map[string]struct {
		steps []step
		open  []time.Duration
		told  []string // by About
	}{
		"two, one outcome":    {now(asked, asked, done), []time.Duration{0}, []string{done, asked}},
		"in turn":             {now(asked, done, asked), []time.Duration{0}, []string{done, asked}},
		"two, two outcomes":   {now(asked, asked, done, unknown), nil, []string{done, unknown}},
		"three, two outcomes": {now(asked, asked, done, asked, done), []time.Duration{0}, []string{done, done, asked}},
		"outcome before":      {now(done, asked), []time.Duration{0}, []string{done, asked}},
		"two outcomes before": {now(done, done, asked, asked), []time.Duration{0, 0}, []string{done, done, asked, asked}},
		"a clock gone back":   {[]step{{asked, 2}, {asked, 1}, {done, 2}}, []time.Duration{1}, []string{asked, done}},
		"outcome unknown":     {now(asked, unknown), nil, []string{unknown}},
	} {
		t.Run(name, func(t *testing.T) {
			store := &audit.MemoryStore{}
			// Each record is earlier than the one before: only their sequence is right.
			back := at
			clock := func() time.Time { back = back.Add(-time.Second); return back }
			l, err := audit.New(audit.Config{Store: store, Now: clock})
			require.NoError(t, err)
			r, err := recorder.New(l, recorder.Config{})
			require.NoError(t, err)
			for _, s := range c.steps {
				a := anAccess()
				a.Outcome, a.At = s.outcome, at.Add(s.at*time.Millisecond)
				require.NoError(t, r.Record(t.Context(), a))
			}
			open, err := r.Open(t.Context(), store)
			require.NoError(t, err)
			var left []time.Duration
			for _, a := range open {
				assert.Equal(t, electoral.Requested, a.Outcome)
				left = append(left, a.At.Sub(at)/time.Millisecond)
			}
			assert.Equal(t, c.open, left)
			about, err := r.About(t.Context(), store, "1234567")
			require.NoError(t, err)
			var told []string
			for _, a := range about {
				told = append(told, a.Outcome)
			}
			assert.Equal(t, c.told, told)
		})
	}
}

// An outcome in one chain does not close a request in another.
func TestOpenOfOneChain(t *testing.T) {
	store := &audit.MemoryStore{}
	r, err := recorder.New(newLog(t, store), recorder.Config{})
	require.NoError(t, err)
	for _, c := range []struct{ comune, outcome string }{{"A271", electoral.Requested}, {"E388", electoral.Granted}} {
		a := anAccess()
		a.Comune, a.Outcome = c.comune, c.outcome
		require.NoError(t, r.Record(t.Context(), a))
	}
	open, err := r.Open(t.Context(), store)
	require.NoError(t, err)
	require.Len(t, open, 1)
	assert.Equal(t, "A271", open[0].Comune)
	about, err := r.About(t.Context(), store, "1234567")
	require.NoError(t, err)
	assert.Len(t, about, 2)
}

// Every letter with which a comune's code may begin has chains of its own, and
// every digit.
func TestChainOfEachComune(t *testing.T) {
	l := newLog(t, &audit.MemoryStore{})
	r, err := recorder.New(l, recorder.Config{})
	require.NoError(t, err)
	var want []string
	for letter := 'A'; letter <= 'Z'; letter++ {
		for _, digits := range []string{"012", "345", "678", "999", "000"} {
			a := anAccess()
			a.Comune = string(letter) + digits
			require.NoError(t, r.Record(t.Context(), a))
			want = append(want, a.Comune)
		}
	}
	var names []string
	for c, err := range l.Chains(t.Context()) {
		require.NoError(t, err)
		names = append(names, c)
	}
	assert.ElementsMatch(t, want, names, "and none in the portal's")
}

// Requests of one instant are returned in the order of their chain.
func TestOpenKeepsTheOrder(t *testing.T) {
	store := &audit.MemoryStore{}
	r, err := recorder.New(newLog(t, store), recorder.Config{})
	require.NoError(t, err)
	var want []string
	for i := range 40 {
		a := anAccess()
		a.Outcome, a.RequestID = electoral.Requested, fmt.Sprint(i*37%40)
		require.NoError(t, r.Record(t.Context(), a))
		want = append(want, a.RequestID)
	}
	open, err := r.Open(t.Context(), store)
	require.NoError(t, err)
	var ids []string
	for _, a := range open {
		ids = append(ids, a.RequestID)
	}
	assert.Equal(t, want, ids)
}
