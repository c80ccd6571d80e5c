// Package deliverytest holds the tests that an implementation of
// [delivery.Outbox], or of [delivery.Mailbox], must pass:
//
//	func TestOutbox(t *testing.T) {
//		deliverytest.TestOutbox(t, func(t *testing.T) delivery.Outbox { … })
//	}
//
// It tests the contract of the methods. Two properties are left to the tests of
// the implementation, because they depend on its storage: acknowledged messages
// survive a crash, and no byte of an erased address remains.
package deliverytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// A Case is one test of an outbox.
type Case struct {
	Name string
	// Reason says what breaks if an outbox fails the case.
	Reason string
	run    func(t *testing.T, o delivery.Outbox)
}

// Cases returns the tests in the order in which TestOutbox runs them.
func Cases() []Case {
	return []Case{
		{"exact", "a message of which a field differs goes to somebody else, or at another time", exact},
		{"once", "an order taken twice is sent twice", once},
		{"channels apart", "a certificate goes out on several channels", channelsApart},
		{"unknown", "a receipt of somebody else's message must be told from a failure", unknown},
		{"due", "what is due must be sent, the oldest first, and nothing before its time", due},
		{"due states", "what is sent or given up must not be sent again, what was interrupted must", dueStates},
		{"update", "what an attempt has brought about must be what is kept", update},
		{"update of an old version", "of two that send the same message one must notice", updateOld},
		{"update keeps the identity", "a message whose ID changes is another message for mail systems and receipts",
			updateIdentity},
		{"update of nothing", "a message that was swept must not come back", updateNothing},
		{"sweep", "what is to be sent must not be lost, what is done must not be kept for ever", sweep},
		{"order again after a sweep", "a certificate may be ordered again when its message is gone", sweepAgain},
		{"one of many adds", "an impatient citizen who orders eight times gets one message", oneAdds},
		{"one of many updates", "two that take the same message at once send it twice", oneUpdates},
		{"cancelled", "a call that was given up must not have done something", cancelled},
		{"strange values", "what comes from outside must not reach a path or a query", strange},
		{"no personal data", "errors go to logs that many read", errorsAreClean},
	}
}

// TestOutbox runs all the cases. open makes an empty outbox for each case, and
// closes it at the end of t.
func TestOutbox(t *testing.T, open func(t *testing.T) delivery.Outbox) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("why it matters: %s", c.Reason)
				}
			}()
			c.run(t, open(t))
		})
	}
}

// TestReopen tests that an outbox keeps its messages when it is closed and
// opened. reopen closes the outbox that it is given and opens it again.
func TestReopen(
	t *testing.T, open func(t *testing.T) delivery.Outbox, reopen func(t *testing.T, o delivery.Outbox) delivery.Outbox,
) {
	o := open(t)
	ctx := t.Context()
	want := map[int]delivery.Message{}
	for n := range 20 {
		m := Message(n)
		require.NoError(t, o.Add(ctx, m))
		if n%2 == 0 {
			m.State, m.Attempts, m.Reason, m.NotBefore = delivery.Sending, 1, "smtp 451 at RCPT",
				m.NotBefore.Add(time.Minute)
			require.NoError(t, o.Update(ctx, m))
			m.Version++
		}
		want[n] = m
	}
	m := want[4]
	m.State, m.Address, m.FiscalCode, m.Updated = delivery.Sent, "", "", m.Updated.Add(-time.Hour)
	require.NoError(t, o.Update(ctx, m))
	n, err := o.Sweep(ctx, m.Updated.Add(time.Second))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	delete(want, 4)
	for range 2 {
		o = reopen(t, o)
		for n := range 20 {
			got, err := o.Get(ctx, Message(n).Certificate, Message(n).Channel)
			if _, there := want[n]; !there {
				require.ErrorIs(t, err, delivery.ErrUnknown)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, want[n], got)
		}
		list, err := o.Due(ctx, start.Add(time.Hour), 100)
		require.NoError(t, err)
		require.Len(t, list, len(want))
	}
}

var start = time.Date(2026, 3, 22, 12, 0, 0, 0, time.UTC)

// Message returns made-up message n, ready to be added: for a certificate of
// its own, on [delivery.Email], due n seconds after 12:00 UTC of 22 March 2026.
func Message(n int) delivery.Message {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	id := make([]byte, 26)
	for i, rest := 0, uint64(n)*0x9E3779B97F4A7C15+1; i < len(id); i++ {
		id[i] = alphabet[rest>>59]
		rest = rest*6364136223846793005 + 1442695040888963407
	}
	at := start.Add(time.Duration(n) * time.Second)
	return delivery.Message{
		Certificate: string(id), Channel: delivery.Email, State: delivery.Queued,
		MessageID:  strings.ToLower(string(id)) + ".email.x@anpr.example",
		FiscalCode: "SPSMGR84C48F839A", Address: fmt.Sprintf("persona.%d@example.org", n),
		Addressee: fmt.Sprintf("%064x", n),
		Created:   at, NotBefore: at, Updated: at, Version: 1,
	}
}

func add(t *testing.T, o delivery.Outbox, list ...delivery.Message) {
	t.Helper()
	for _, m := range list {
		require.NoError(t, o.Add(t.Context(), m))
	}
}

func get(t *testing.T, o delivery.Outbox, m delivery.Message) delivery.Message {
	t.Helper()
	got, err := o.Get(t.Context(), m.Certificate, m.Channel)
	require.NoError(t, err)
	return got
}

func exact(t *testing.T, o delivery.Outbox) {
	m := Message(1)
	m.State, m.Reason, m.Attempts, m.NotBefore = delivery.Sending, "smtp 451 at RCPT", 3,
		m.NotBefore.Add(time.Millisecond)
	m.MessageID = "à€\u202e" + strings.Repeat("x", 1000) + "@anpr.example"
	add(t, o, m)
	assert.Equal(t, m, get(t, o, m))
	other := Message(2)
	other.FiscalCode, other.Address, other.Reason = "", "", ""
	other.Created = other.Created.In(time.FixedZone("", 7200)).Add(999 * time.Microsecond)
	add(t, o, other)
	other.Created = other.Created.UTC().Truncate(time.Millisecond)
	assert.Equal(t, other, get(t, o, other))
}

func once(t *testing.T, o delivery.Outbox) {
	m := Message(1)
	add(t, o, m)
	again := m
	again.Address, again.MessageID = "altro@example.org", "another@anpr.example"
	require.ErrorIs(t, o.Add(t.Context(), again), delivery.ErrQueued)
	assert.Equal(t, m, get(t, o, m))
}

func channelsApart(t *testing.T, o delivery.Outbox) {
	var list []delivery.Message
	for _, c := range delivery.Channels() {
		m := Message(1)
		m.Channel, m.MessageID = c, string(c)+"@anpr.example"
		list = append(list, m)
	}
	add(t, o, list...)
	for _, m := range list {
		assert.Equal(t, m, get(t, o, m))
	}
}

func unknown(t *testing.T, o delivery.Outbox) {
	add(t, o, Message(1))
	for _, m := range []delivery.Message{
		Message(2), {Certificate: Message(1).Certificate, Channel: delivery.AppIO}, {},
	} {
		_, err := o.Get(t.Context(), m.Certificate, m.Channel)
		require.ErrorIs(t, err, delivery.ErrUnknown)
	}
}

func due(t *testing.T, o delivery.Outbox) {
	list := func(at time.Time, n int) []delivery.Message {
		list, err := o.Due(t.Context(), at, n)
		require.NoError(t, err)
		return list
	}
	assert.Empty(t, list(start.Add(time.Hour), 10))
	for _, n := range []int{7, 3, 5, 1, 9} {
		add(t, o, Message(n))
	}
	assert.Empty(t, list(start, 10))
	assert.Equal(t, []delivery.Message{Message(1)}, list(start.Add(time.Second), 10))
	assert.Equal(t, []delivery.Message{Message(1), Message(3)}, list(start.Add(5*time.Second-time.Millisecond), 10))
	assert.Equal(t, []delivery.Message{Message(1), Message(3), Message(5)}, list(start.Add(time.Hour), 3))
	assert.Empty(t, list(start.Add(time.Hour), 0))
	assert.Empty(t, list(start.Add(time.Hour), -1))
}

func dueStates(t *testing.T, o delivery.Outbox) {
	var want []delivery.Message
	for n, s := range []delivery.State{delivery.Queued, delivery.Sending, delivery.Sent, delivery.Accepted,
		delivery.Delivered, delivery.Failed} {
		m := Message(n)
		m.State = s
		add(t, o, m)
		if s == delivery.Queued || s == delivery.Sending {
			want = append(want, m)
		}
	}
	list, err := o.Due(t.Context(), start.Add(time.Hour), 10)
	require.NoError(t, err)
	assert.Equal(t, want, list)
}

func update(t *testing.T, o delivery.Outbox) {
	m := Message(1)
	add(t, o, m, Message(2))
	for i, s := range []delivery.State{delivery.Sending, delivery.Queued, delivery.Sending, delivery.Sent,
		delivery.Accepted, delivery.Delivered} {
		m.State, m.Attempts, m.Reason = s, i, fmt.Sprint("reason ", i)
		m.NotBefore, m.Updated = m.NotBefore.Add(time.Minute), m.Updated.Add(time.Second)
		if s == delivery.Sent {
			m.FiscalCode, m.Address = "", ""
		}
		require.NoError(t, o.Update(t.Context(), m))
		m.Version++
		require.Equal(t, m, get(t, o, m))
	}
	assert.Equal(t, Message(2), get(t, o, Message(2)))
}

func updateOld(t *testing.T, o delivery.Outbox) {
	m := Message(1)
	add(t, o, m)
	first := m
	first.State = delivery.Sending
	require.NoError(t, o.Update(t.Context(), first))
	for _, version := range []int64{0, 1, 3} {
		m.Version, m.State = version, delivery.Failed
		require.ErrorIs(t, o.Update(t.Context(), m), delivery.ErrChanged)
	}
	first.Version = 2
	assert.Equal(t, first, get(t, o, m))
}

func updateIdentity(t *testing.T, o delivery.Outbox) {
	m := Message(1)
	add(t, o, m)
	changed := m
	changed.State, changed.MessageID = delivery.Sent, "another@anpr.example"
	changed.Addressee, changed.Created = "0", start.AddDate(1, 0, 0)
	require.NoError(t, o.Update(t.Context(), changed))
	m.State, m.Version = delivery.Sent, 2
	assert.Equal(t, m, get(t, o, m))
}

func updateNothing(t *testing.T, o delivery.Outbox) {
	require.ErrorIs(t, o.Update(t.Context(), Message(1)), delivery.ErrChanged)
	_, err := o.Get(t.Context(), Message(1).Certificate, delivery.Email)
	require.ErrorIs(t, err, delivery.ErrUnknown)
}

func sweep(t *testing.T, o delivery.Outbox) {
	for n, s := range []delivery.State{delivery.Queued, delivery.Sending, delivery.Sent, delivery.Accepted,
		delivery.Delivered, delivery.Failed} {
		m := Message(n)
		m.State = s
		add(t, o, m)
	}
	n, err := o.Sweep(t.Context(), start.Add(2*time.Second))
	require.NoError(t, err)
	assert.Zero(t, n, "of the one that was sent Updated is not before")
	n, err = o.Sweep(t.Context(), start.Add(4*time.Second))
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	n, err = o.Sweep(t.Context(), start.Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	for n := range 6 {
		_, err := o.Get(t.Context(), Message(n).Certificate, delivery.Email)
		if n < 2 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, delivery.ErrUnknown)
		}
	}
}

func sweepAgain(t *testing.T, o delivery.Outbox) {
	m := Message(1)
	m.State = delivery.Failed
	add(t, o, m)
	n, err := o.Sweep(t.Context(), start.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	add(t, o, Message(1))
	assert.Equal(t, Message(1), get(t, o, m))
}

// many calls a function eight times at once and returns how often it succeeded;
// every other call must fail with the error.
func many(t *testing.T, call func(n int) error, with error) int {
	var all sync.WaitGroup
	errs := make([]error, 8)
	for n := range errs {
		all.Go(func() { errs[n] = call(n) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		assert.ErrorIs(t, err, with)
	}
	return won
}

func oneAdds(t *testing.T, o delivery.Outbox) {
	for round := range 5 {
		won := many(t, func(n int) error {
			m := Message(round)
			m.MessageID = fmt.Sprint(n, "@anpr.example")
			return o.Add(t.Context(), m)
		}, delivery.ErrQueued)
		require.Equal(t, 1, won)
	}
}

func oneUpdates(t *testing.T, o delivery.Outbox) {
	m := Message(1)
	add(t, o, m)
	for round := range 5 {
		m.Version = int64(round + 1)
		won := many(t, func(n int) error {
			mine := m
			mine.State, mine.Attempts = delivery.Sending, n
			return o.Update(t.Context(), mine)
		}, delivery.ErrChanged)
		require.Equal(t, 1, won)
	}
	assert.Equal(t, int64(6), get(t, o, m).Version)
}

func cancelled(t *testing.T, o delivery.Outbox) {
	m := Message(1)
	m.State = delivery.Failed
	add(t, o, m)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	changed := m
	changed.State = delivery.Delivered
	_, getErr := o.Get(ctx, m.Certificate, m.Channel)
	_, dueErr := o.Due(ctx, start, 1)
	_, sweepErr := o.Sweep(ctx, start.Add(time.Hour))
	for _, err := range []error{o.Add(ctx, Message(2)), o.Update(ctx, changed), getErr, dueErr, sweepErr} {
		require.ErrorIs(t, err, context.Canceled)
	}
	assert.Equal(t, m, get(t, o, m))
	_, err := o.Get(t.Context(), Message(2).Certificate, delivery.Email)
	require.ErrorIs(t, err, delivery.ErrUnknown)
}

func strange(t *testing.T, o delivery.Outbox) {
	for _, id := range []string{"", "'", "\x00", "../../../etc/passwd", strings.Repeat("A", 25),
		strings.Repeat("a", 26), strings.Repeat("A", 27), "AAAAAAAAAAAAAAAAAAAAAAAAA/", "\xff"} {
		_, err := o.Get(t.Context(), id, delivery.Email)
		require.ErrorIs(t, err, delivery.ErrUnknown)
		m := Message(1)
		m.Certificate = id
		require.Error(t, o.Add(t.Context(), m))
		require.Error(t, o.Update(t.Context(), m))
	}
	for _, c := range []delivery.Channel{"", "..", "email/../x", "x'--"} {
		_, err := o.Get(t.Context(), Message(1).Certificate, c)
		require.ErrorIs(t, err, delivery.ErrUnknown)
	}
	for _, s := range []string{"a\x00", "\xff"} {
		m := Message(1)
		m.Address = s
		require.ErrorContains(t, o.Add(t.Context(), m), "Address: expected")
	}
	m := Message(1)
	m.Address, m.Reason = `"'\;--`, "'); DROP TABLE x; --"
	add(t, o, m)
	assert.Equal(t, m, get(t, o, m))
}

func errorsAreClean(t *testing.T, o delivery.Outbox) {
	m := Message(1)
	add(t, o, m)
	old, broken := m, Message(2)
	old.Version = 9
	broken.Address += "\x00"
	_, unknown := o.Get(t.Context(), m.FiscalCode, delivery.Email)
	for _, err := range []error{
		o.Add(t.Context(), m), o.Update(t.Context(), old), o.Add(t.Context(), broken), unknown,
	} {
		require.Error(t, err)
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			assert.NotContains(t, inner.Error(), m.FiscalCode)
			assert.NotContains(t, inner.Error(), "persona.")
		}
	}
}
