package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newLog(t testing.TB, s Store) *Log {
	t.Helper()
	l, err := New(Config{Store: s})
	require.NoError(t, err)
	return l
}

func TestNewNeedsAStore(t *testing.T) {
	_, err := New(Config{})
	require.ErrorContains(t, err, "Config.Store is nil")
}

// A hooked store calls before each append and can refuse it.
type hooked struct {
	MemoryStore
	before func(records []Record) error
	heads  int
}

func (h *hooked) Append(ctx context.Context, chain string, records []Record) error {
	if err := h.before(records); err != nil {
		return err
	}
	return h.MemoryStore.Append(ctx, chain, records)
}

func (h *hooked) Head(ctx context.Context, chain string) (Head, error) {
	h.heads++
	return h.MemoryStore.Head(ctx, chain)
}

// Those who wait for a chain are written together, in the order in which they
// came, and only the first record says that it begins an append.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		gate := make(chan struct{})
		s := &hooked{before: func(r []Record) error {
			sizes = append(sizes, len(r))
			<-gate
			return nil
		}}
		l := newLog(t, s)
		var wg sync.WaitGroup
		for i := range 2000 {
			wg.Go(func() {
				// So short that a batch is full of entries before it is full of bytes.
				e := Entry{FiscalCode: "F", Time: time.UnixMilli(0), Operation: "o", Outcome: "g", Authentication: "s"}
				e.RequestID = fmt.Sprint(i)
				r, err := l.Append(t.Context(), "H501", e)
				assert.NoError(t, err)
				assert.Equal(t, uint64(i), r.Seq)
			})
			synctest.Wait() // so that they come in order
		}
		close(gate)
		wg.Wait()
		assert.Equal(t, []int{1, maxBatch, 2000 - 1 - maxBatch}, sizes)
		total := 0
		for r, err := range l.Records(t.Context(), "H501", 0) {
			require.NoError(t, err)
			e, err := r.Entry()
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprint(total), e.RequestID)
			total++
		}
		assert.Equal(t, 2000, total)
		begins := 0
		for r := range l.Records(t.Context(), "H501", 0) {
			if r.Begins {
				begins++
			}
		}
		assert.Equal(t, len(sizes), begins)
		assert.Equal(t, 1, s.heads, "the head is asked for once")
		rep, err := l.Verify(t.Context())
		require.NoError(t, err)
		require.True(t, rep.OK())
	})
}

// Who leaves before his turn has written nothing; who leaves later is told
// that it is not known.
func TestAppendCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &hooked{before: func([]Record) error { <-gate; return nil }}
		l := newLog(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		errs := make([]error, 3)
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				c := ctx
				if i == 2 {
					c = t.Context()
				}
				e := anEntry()
				e.RequestID = fmt.Sprint(i)
				_, errs[i] = l.Append(c, "H501", e)
			})
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		close(gate)
		wg.Wait()
		require.ErrorIs(t, errs[0], ErrOutcomeUnknown, "it was being written")
		require.ErrorIs(t, errs[0], context.Canceled)
		require.ErrorIs(t, errs[1], context.Canceled)
		require.NotErrorIs(t, errs[1], ErrOutcomeUnknown, "it was waiting")
		require.NoError(t, errs[2])
		var ids []string
		for r := range l.Records(t.Context(), "H501", 0) {
			e, err := r.Entry()
			require.NoError(t, err)
			ids = append(ids, e.RequestID)
		}
		assert.Equal(t, []string{"0", "2"}, ids)
		_, err := l.Append(ctx, "H501", anEntry())
		require.ErrorIs(t, err, context.Canceled)
	})
}

// A batch has not many more bytes than maxBatchBytes. Those who leave before their
// turn make room for others, and where all leave nothing is written.
func TestBatchBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		gate := make(chan struct{})
		s := &hooked{before: func(r []Record) error {
			sizes = append(sizes, len(r))
			<-gate
			return nil
		}}
		l := newLog(t, s)
		big := anEntry()
		big.Details = []Detail{{Key: "a", Value: strings.Repeat("v", 4000)}}
		body, err := newPayload(fixedRandom(), big)
		require.NoError(t, err)
		each := (&pending{payload: body}).recordSize()
		inOne := (maxBatchBytes + each - 1) / each
		var wg sync.WaitGroup
		start := func(ctx context.Context, n int, want error) {
			for range n {
				wg.Go(func() {
					_, err := l.Append(ctx, "H501", big)
					assert.ErrorIs(t, err, want)
				})
			}
			synctest.Wait()
		}
		start(t.Context(), 1, nil)
		ctx, cancel := context.WithCancel(t.Context())
		start(ctx, inOne-1, context.Canceled)
		start(t.Context(), 1, nil)
		cancel()
		synctest.Wait()
		start(t.Context(), inOne+1, nil)
		for range 3 {
			gate <- struct{}{}
		}
		wg.Wait()
		require.Equal(t, []int{1, inOne, 2}, sizes)

		sizes = nil
		start(t.Context(), 1, nil)
		ctx, cancel = context.WithCancel(t.Context())
		start(ctx, 5, context.Canceled)
		cancel()
		synctest.Wait()
		close(gate)
		wg.Wait()
		require.Equal(t, []int{1}, sizes, "nothing is written for those who left")
		_, err = l.Append(t.Context(), "H501", big)
		require.NoError(t, err)
	})
}

// An error of the store reaches all who waited, and the log asks for the head
// again before it goes on.
func TestStoreFails(t *testing.T) {
	broken := errors.New("broken")
	fail := broken
	panics := false
	s := &hooked{}
	s.before = func([]Record) error {
		if panics {
			panic("bug")
		}
		return fail
	}
	l := newLog(t, s)
	_, err := l.Append(t.Context(), "H501", anEntry())
	require.ErrorIs(t, err, broken)
	panics = true
	_, err = l.Append(t.Context(), "H501", anEntry())
	require.ErrorContains(t, err, "the store panicked: bug")
	panics, fail = false, nil
	r, err := l.Append(t.Context(), "H501", anEntry())
	require.NoError(t, err)
	assert.Equal(t, uint64(0), r.Seq)
	assert.Equal(t, 3, s.heads)
	_, err = l.Append(t.Context(), "h/501", anEntry())
	require.ErrorContains(t, err, "chain name")
	_, err = l.Append(t.Context(), "H501", Entry{})
	require.IsType(t, EntryFaults{}, err)
}

// After a conflict the entry follows what the other has written.
func TestConflict(t *testing.T) {
	s := &hooked{}
	other := newLog(t, &s.MemoryStore)
	times := 0
	s.before = func([]Record) error {
		if times++; times <= 3 {
			_, err := other.Append(t.Context(), "H501", anEntry())
			return err
		}
		return nil
	}
	r, err := newLog(t, s).Append(t.Context(), "H501", anEntry())
	require.NoError(t, err)
	assert.Equal(t, uint64(3), r.Seq)

	synctest.Test(t, func(t *testing.T) {
		always := &hooked{before: func([]Record) error { return ErrConflict }}
		_, err = newLog(t, always).Append(t.Context(), "H501", anEntry())
		require.ErrorIs(t, err, ErrConflict, "it does not try for ever")
	})
}

// A clock that goes back is kept as it is.
func TestClockBack(t *testing.T) {
	base := time.Date(2026, 10, 25, 1, 0, 0, 999_999, time.UTC)
	steps := []time.Duration{0, time.Second, -time.Hour, -time.Hour, time.Minute}
	i := 0
	l, err := New(Config{Store: &MemoryStore{}, Now: func() time.Time { i++; return base.Add(steps[i-1]) }})
	require.NoError(t, err)
	for n, want := range []bool{false, false, true, false, false} {
		r, err := l.Append(t.Context(), "H501", anEntry())
		require.NoError(t, err)
		assert.Equal(t, want, r.ClockBack, "record %d", n)
		assert.Equal(t, base.Add(steps[n]).Truncate(time.Millisecond), r.Time)
		assert.Equal(t, uint64(n), r.Seq)
	}
	rep, err := l.VerifyChain(t.Context(), "H501")
	require.NoError(t, err)
	assert.True(t, rep.OK())
	assert.Equal(t, uint64(1), rep.ClockBack)
}

func TestExport(t *testing.T) {
	l := newLog(t, &MemoryStore{})
	var b bytes.Buffer
	require.ErrorIs(t, l.Export(t.Context(), &b, "H501"), ErrNoChain)
	require.Error(t, l.Export(t.Context(), &b, ".."))
	require.Zero(t, b.Len())
	for range 600 { // more than one write
		_, err := l.Append(t.Context(), "H501", anEntry())
		require.NoError(t, err)
	}
	require.NoError(t, l.Export(t.Context(), &b, "H501"))
	rep, err := VerifyFile(t.Context(), bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	require.True(t, rep.OK(), "%v", rep.Faults)
	head, err := l.Head(t.Context(), "H501")
	require.NoError(t, err)
	assert.Equal(t, head, rep.Head)
	assert.Equal(t, uint64(600), rep.Records)
	require.ErrorContains(t, l.Export(t.Context(), full{}, "H501"), "full")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.Export(ctx, &b, "H501"), context.Canceled)
	_, err = VerifyFile(ctx, bytes.NewReader(b.Bytes()))
	require.ErrorIs(t, err, context.Canceled)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

// A store of given records, right or wrong.
type given struct {
	MemoryStore
	list []Record
	err  error
}

func (g *given) Records(context.Context, string, uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range g.list {
			if !yield(r, nil) {
				return
			}
		}
		if g.err != nil {
			yield(Record{}, g.err)
		}
	}
}
