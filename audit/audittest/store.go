// Package audittest holds what an implementation of [audit.Store] has to pass
// to be one on which an access log of D.M. Interno 17 October 2022, annex 2,
// "Ulteriori specifiche tecniche" 1, can stand:
//
//	func TestStore(t *testing.T) {
//		audittest.TestStore(t, func(t *testing.T) audit.Store { … })
//	}
//
// It tests the contract of the methods. That what was acknowledged survives a
// crash is for the tests of the implementation, which knows what it stands on.
package audittest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
)

// A Case is one test of a store.
type Case struct {
	Name string
	// Reason says what breaks in a log on a store that fails the case.
	Reason string
	run    func(t *testing.T, s audit.Store)
}

// Cases returns the tests in the order in which TestStore runs them.
func Cases() []Case {
	return []Case{
		{"empty", "a log that takes an absent chain for an error cannot begin one", empty},
		{"append and read", "what was registered has to come back, byte for byte and in order", appendAndRead},
		{"read from a position", "who reads on must neither miss a record nor see one twice", readFrom},
		{"no records", "an append of nothing must not make a chain", noRecords},
		{"fork", "a second record after the same one would make two histories", fork},
		{"gap and wrong link", "a record that does not follow the last breaks the chain for good", gap},
		{"bad batch", "a batch of which a part is written leaves entries that nobody asked for", badBatch},
		{"unmarked batch", "recovery must know where an append begins", unmarked},
		{"chain name", "a name from outside must not reach a path or a query", chainName},
		{"unwritable record", "what cannot be read back must be refused when it is written", unwritable},
		{"one writer wins", "two writers that both read the head must not both append", oneWins},
		{"many writers", "entries acknowledged to concurrent callers must all be there, once", manyWriters},
		{"many chains", "the log of one comune must not change that of another", manyChains},
		{"names that differ in case", "on some file systems names that differ in case are one", caseNames},
		{"cancelled", "a call that was given up must not write", cancelled},
		{"aliasing", "a caller that uses its buffer again must not change the log", aliasing},
		{"time", "the decree wants milliseconds, and the hash covers them", timePrecision},
		{"read while appending", "whoever checks the log must not stop it", readWhileAppending},
		{"stop reading", "a reader that has enough must be able to leave", stopReading},
		{"largest entry", "an entry within the limits must fit", largest},
		{"first kind", "a log that an earlier version wrote must be copied as it is", firstKind},
	}
}

// TestStore runs all the cases on stores that open makes: each an empty one,
// which open closes at the end of t.
func TestStore(t *testing.T, open func(t *testing.T) audit.Store) {
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

// TestReopen tests a store that outlives its closing: reopen closes what it is
// given and opens the same store again.
func TestReopen(
	t *testing.T, open func(t *testing.T) audit.Store, reopen func(t *testing.T, s audit.Store) audit.Store,
) {
	s := open(t)
	a := Grow(t, "H501", audit.EmptyHead("H501"), 5)
	require.NoError(t, s.Append(t.Context(), "H501", a))
	s = reopen(t, s)
	assert.Equal(t, a, read(t, s, "H501", 0))
	assert.Equal(t, audit.HeadOf(a[4]), head(t, s, "H501"))
	more := Grow(t, "H501", audit.HeadOf(a[4]), 3)
	require.NoError(t, s.Append(t.Context(), "H501", more), "appends must go on where they stopped")
	require.ErrorIs(t, s.Append(t.Context(), "H501", more), audit.ErrConflict)
	s = reopen(t, s)
	assert.Equal(t, slices.Concat(a, more), read(t, s, "H501", 0))
	verify(t, s)
}

// Entry returns a made-up entry, with some of the optional fields. n is the number
// of its request.
func Entry(n int) audit.Entry {
	at := time.Date(2026, 3, 22, 10, 0, 0, 123e6, time.UTC).Add(time.Duration(n) * time.Millisecond)
	return audit.Entry{
		FiscalCode: "FFCLTR70A01H501Z", Time: at,
		Operation: "section-list", Outcome: "granted", RequestID: fmt.Sprintf("request-%d", n),
		Authentication: "cie", Subject: "1234567",
		ActorComune: "A271", Role: "operator", Level: 3, Station: "s-1",
		Details: []audit.Detail{{Key: "section", Value: fmt.Sprint(n)}},
	}
}

// Grow returns n records of a chain that follow a head. Each begins an append,
// so that they can be appended in any parts.
func Grow(t testing.TB, chain string, head audit.Head, n int) []audit.Record {
	t.Helper()
	return grow(t, chain, head, n, 0)
}

func grow(t testing.TB, chain string, head audit.Head, n, salt int) []audit.Record {
	t.Helper()
	var out []audit.Record
	for range n {
		at := time.Date(2026, 3, 22, 11, 0, 0, 7e6, time.UTC)
		r, err := audit.NewRecords(randomBytes(chain, head, salt), chain, head, at, Entry(int(head.Size)+salt))
		require.NoError(t, err)
		out = append(out, r...)
		head = audit.HeadOf(r[0])
	}
	return out
}

// randomBytes returns the source of a record's random bytes: the same for the same
// record, so that a test can be repeated.
func randomBytes(chain string, head audit.Head, salt int) io.Reader {
	return rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%s %d %x %d", chain, head.Size, head.Hash, salt)))
}

func read(t testing.TB, s audit.Store, chain string, from uint64) []audit.Record {
	t.Helper()
	var out []audit.Record
	for r, err := range s.Records(t.Context(), chain, from) {
		require.NoError(t, err)
		out = append(out, r)
	}
	return out
}

func head(t testing.TB, s audit.Store, chain string) audit.Head {
	t.Helper()
	h, err := s.Head(t.Context(), chain)
	require.NoError(t, err)
	return h
}

func chains(t testing.TB, s audit.Store) []string {
	t.Helper()
	out := []string{}
	for c, err := range s.Chains(t.Context()) {
		require.NoError(t, err)
		out = append(out, c)
	}
	return out
}

func verify(t testing.TB, s audit.Store) audit.Report {
	t.Helper()
	log, err := audit.New(audit.Config{Store: s})
	require.NoError(t, err)
	rep, err := log.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, rep.AllFaults())
	require.True(t, rep.OK())
	return rep
}

func empty(t *testing.T, s audit.Store) {
	assert.Equal(t, audit.EmptyHead("H501"), head(t, s, "H501"))
	assert.Empty(t, read(t, s, "H501", 0))
	assert.Empty(t, read(t, s, "H501", 5))
	assert.Empty(t, chains(t, s), "asking for a chain must not make it")
}

func appendAndRead(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 7)
	require.NoError(t, s.Append(t.Context(), "H501", a[:1]))
	require.NoError(t, s.Append(t.Context(), "H501", a[1:]))
	assert.Equal(t, a, read(t, s, "H501", 0))
	assert.Equal(t, audit.HeadOf(a[6]), head(t, s, "H501"))
	assert.Equal(t, []string{"H501"}, chains(t, s))
	rep := verify(t, s)
	assert.Equal(t, uint64(7), rep.Chains[0].Records)
	for i, r := range read(t, s, "H501", 0) {
		e, err := r.Entry()
		require.NoError(t, err)
		assert.Equal(t, Entry(i), e)
	}
}

func readFrom(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 5)
	require.NoError(t, s.Append(t.Context(), "H501", a))
	for from := range 5 {
		assert.Equal(t, a[from:], read(t, s, "H501", uint64(from)))
	}
	assert.Empty(t, read(t, s, "H501", 5))
	assert.Empty(t, read(t, s, "H501", 1<<63))
}

func noRecords(t *testing.T, s audit.Store) {
	require.NoError(t, s.Append(t.Context(), "H501", nil))
	assert.Empty(t, chains(t, s))
	assert.Equal(t, audit.EmptyHead("H501"), head(t, s, "H501"))
}

func fork(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 3)
	require.NoError(t, s.Append(t.Context(), "H501", a))
	other := grow(t, "H501", audit.HeadOf(a[1]), 1, 100)
	require.ErrorIs(t, s.Append(t.Context(), "H501", other), audit.ErrConflict)
	require.ErrorIs(t, s.Append(t.Context(), "H501", a[2:]), audit.ErrConflict, "also the same record once more")
	require.ErrorIs(t, s.Append(t.Context(), "H501", a), audit.ErrConflict)
	assert.Equal(t, a, read(t, s, "H501", 0))
}

func gap(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 4)
	require.ErrorIs(t, s.Append(t.Context(), "H501", a[1:]), audit.ErrConflict, "not before the first")
	assert.Empty(t, chains(t, s))
	require.NoError(t, s.Append(t.Context(), "H501", a[:2]))
	require.ErrorIs(t, s.Append(t.Context(), "H501", a[3:]), audit.ErrConflict)
	wrong := a[2]
	wrong.Prev[0] ^= 1
	require.ErrorIs(t, s.Append(t.Context(), "H501", []audit.Record{wrong}), audit.ErrConflict)
	other := grow(t, "H501", audit.EmptyHead("H501"), 3, 50)
	require.ErrorIs(t, s.Append(t.Context(), "H501", other[2:]), audit.ErrConflict, "the right number of another history")
	assert.Equal(t, a[:2], read(t, s, "H501", 0))
}

func badBatch(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 4)
	require.ErrorIs(t, s.Append(t.Context(), "H501", []audit.Record{a[0], a[2]}), audit.ErrConflict)
	require.ErrorIs(t, s.Append(t.Context(), "H501", []audit.Record{a[0], a[1], a[1]}), audit.ErrConflict)
	long := a[1]
	long.Payload = make([]byte, audit.MaxPayload+1)
	require.Error(t, s.Append(t.Context(), "H501", []audit.Record{a[0], long}))
	assert.Empty(t, chains(t, s))
	assert.Empty(t, read(t, s, "H501", 0))
	require.NoError(t, s.Append(t.Context(), "H501", a), "a refusal must not spoil the chain")
	verify(t, s)
}

func unmarked(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 1)
	a[0].Begins = false
	require.Error(t, s.Append(t.Context(), "H501", a))
	assert.Empty(t, chains(t, s))
}

func chainName(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 1)
	for _, name := range []string{
		"", ".", "..", "../H501", "a/b", "-x", "a b", "a\x00", "città", "+a", string(make([]byte, 65)),
	} {
		_, err := s.Head(t.Context(), name)
		require.Error(t, err, "%q", name)
		r := a[0]
		r.Chain = name
		require.Error(t, s.Append(t.Context(), name, []audit.Record{r}), "%q", name)
		errs := 0
		for _, err := range s.Records(t.Context(), name, 0) {
			require.Error(t, err, "%q", name)
			errs++
		}
		require.Equal(t, 1, errs, "%q", name)
	}
	require.Error(t, s.Append(t.Context(), "F205", a), "the record of another chain")
	assert.Empty(t, chains(t, s))
}

func unwritable(t *testing.T, s audit.Store) {
	for name, spoil := range map[string]func(*audit.Record){
		"empty payload": func(r *audit.Record) { r.Payload = []byte{} },
		"long payload":  func(r *audit.Record) { r.Payload = make([]byte, audit.MaxPayload+1) },
		"before 1970":   func(r *audit.Record) { r.Time = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC) },
		"after 9999":    func(r *audit.Record) { r.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"unknown type":  func(r *audit.Record) { r.Type = 99 },
		"unknown kind":  func(r *audit.Record) { r.Kind = 99 },
	} {
		a := Grow(t, "H501", audit.EmptyHead("H501"), 1)
		spoil(&a[0])
		require.Error(t, s.Append(t.Context(), "H501", a), name)
	}
	assert.Empty(t, chains(t, s))
}

func oneWins(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 1)
	require.NoError(t, s.Append(t.Context(), "H501", a))
	const writers = 16
	next := make([][]audit.Record, writers)
	for i := range next {
		next[i] = grow(t, "H501", audit.HeadOf(a[0]), 2, 1000*i)
	}
	var wg sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, writers)
	for i := range writers {
		wg.Go(func() {
			<-start
			errs[i] = s.Append(t.Context(), "H501", next[i])
		})
	}
	close(start)
	wg.Wait()
	won := slices.Index(errs, nil)
	require.GreaterOrEqual(t, won, 0, "one must succeed")
	for i, err := range errs {
		if i != won {
			require.ErrorIs(t, err, audit.ErrConflict)
		}
	}
	assert.Equal(t, append(a, next[won]...), read(t, s, "H501", 0))
}

func manyWriters(t *testing.T, s audit.Store) {
	// Two logs on one store stand for two processes, where a store allows them.
	var logs []*audit.Log
	for range 2 {
		log, err := audit.New(audit.Config{Store: s})
		require.NoError(t, err)
		logs = append(logs, log)
	}
	const writers, each = 8, 10
	got := make([][]audit.Record, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for k := range each {
				r, err := logs[i%2].Append(t.Context(), "H501", Entry(i*each+k))
				if !assert.NoError(t, err) {
					return
				}
				got[i] = append(got[i], r)
			}
		})
	}
	wg.Wait()
	all := read(t, s, "H501", 0)
	require.Len(t, all, writers*each)
	for _, mine := range got {
		for i, r := range mine {
			require.Equal(t, r, all[r.Seq], "the acknowledged record is the one that is kept")
			require.True(t, i == 0 || r.Seq > mine[i-1].Seq, "one caller's entries stay in order")
		}
	}
	verify(t, s)
}

func manyChains(t *testing.T, s audit.Store) {
	want := map[string][]audit.Record{}
	var names []string
	for i := range 40 {
		name := fmt.Sprintf("%c%03d", 'A'+i%20, 999-i)
		names = append(names, name)
		want[name] = grow(t, name, audit.EmptyHead(name), 1+i%3, i)
		require.NoError(t, s.Append(t.Context(), name, want[name]))
	}
	slices.Sort(names)
	assert.Equal(t, names, chains(t, s))
	for _, name := range names {
		assert.Equal(t, want[name], read(t, s, name, 0))
	}
	verify(t, s)
}

func caseNames(t *testing.T, s audit.Store) {
	names := []string{"ABC", "ABc", "Abc", "a.b-c_1", "abc"}
	for _, name := range names {
		require.NoError(t, s.Append(t.Context(), name, Grow(t, name, audit.EmptyHead(name), 1)))
	}
	assert.Equal(t, names, chains(t, s))
	verify(t, s)
}

func cancelled(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 2)
	require.NoError(t, s.Append(t.Context(), "H501", a[:1]))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Append(ctx, "H501", a[1:]), context.Canceled)
	_, err := s.Head(ctx, "H501")
	require.ErrorIs(t, err, context.Canceled)
	for _, err := range s.Records(ctx, "H501", 0) {
		require.ErrorIs(t, err, context.Canceled)
	}
	for _, err := range s.Chains(ctx) {
		require.ErrorIs(t, err, context.Canceled)
	}
	assert.Equal(t, a[:1], read(t, s, "H501", 0))
}

func aliasing(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 2)
	given := slices.Clone(a)
	for i := range given {
		given[i].Payload = bytes.Clone(a[i].Payload)
	}
	require.NoError(t, s.Append(t.Context(), "H501", given))
	for i := range given {
		clear(given[i].Payload)
		given[i] = audit.Record{}
	}
	got := read(t, s, "H501", 0)
	require.Equal(t, a, got)
	clear(got[0].Payload)
	clear(got[1].Payload[:cap(got[1].Payload)])
	require.Equal(t, a, read(t, s, "H501", 0))
}

func timePrecision(t *testing.T, s audit.Store) {
	rome := time.FixedZone("CEST", 2*3600)
	times := []time.Time{
		time.Date(2026, 6, 21, 23, 59, 59, 999_999_999, rome),
		time.Date(2026, 6, 21, 23, 59, 59, 1_000_000, rome), // back
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
	}
	next := 0
	log, err := audit.New(audit.Config{Store: s, Now: func() time.Time { next++; return times[next-1] }})
	require.NoError(t, err)
	for _, at := range times {
		e := Entry(0)
		e.Time = at
		_, err := log.Append(t.Context(), "H501", e)
		require.NoError(t, err)
	}
	for i, r := range read(t, s, "H501", 0) {
		want := times[i].UTC().Truncate(time.Millisecond)
		assert.Equal(t, want, r.Time)
		e, err := r.Entry()
		require.NoError(t, err)
		assert.Equal(t, want, e.Time)
		assert.Equal(t, i == 1 || i == 2, r.ClockBack)
	}
	assert.Equal(t, times[3], head(t, s, "H501").Time)
	assert.Equal(t, uint64(2), verify(t, s).Chains[0].ClockBack)
}

func readWhileAppending(t *testing.T, s audit.Store) {
	a := Grow(t, "H501", audit.EmptyHead("H501"), 60)
	require.NoError(t, s.Append(t.Context(), "H501", a[:20]))
	i := 0
	for r, err := range s.Records(t.Context(), "H501", 0) {
		require.NoError(t, err)
		require.Equal(t, a[i], r)
		if i < 20 { // from within: a store that locks while it is read would hang here
			require.NoError(t, s.Append(t.Context(), "H501", a[20+2*i:22+2*i]))
		}
		i++
	}
	assert.GreaterOrEqual(t, i, 20)
	assert.Equal(t, a, read(t, s, "H501", 0))
}

func stopReading(t *testing.T, s audit.Store) {
	require.NoError(t, s.Append(t.Context(), "H501", Grow(t, "H501", audit.EmptyHead("H501"), 5)))
	require.NoError(t, s.Append(t.Context(), "F205", Grow(t, "F205", audit.EmptyHead("F205"), 5)))
	for range s.Records(t.Context(), "H501", 0) {
		break
	}
	for range s.Chains(t.Context()) {
		break
	}
	assert.Len(t, read(t, s, "H501", 0), 5)
}

func largest(t *testing.T, s audit.Store) {
	text := func(n int) string { return string(bytes.Repeat([]byte("é"), n/2)) }
	key := string(bytes.Repeat([]byte("k"), audit.MaxDetailKey))
	e := audit.Entry{
		FiscalCode: text(audit.MaxFiscalCode), Time: Entry(0).Time, Operation: text(audit.MaxOperation),
		Outcome: text(audit.MaxOutcome), RequestID: text(audit.MaxRequestID),
		Authentication: text(audit.MaxAuthentication), Subject: text(audit.MaxSubject),
		ActorComune: text(audit.MaxActorComune), Role: text(audit.MaxRole), Level: 255,
		ActingFor: text(audit.MaxActingFor), Station: text(audit.MaxStation), Device: text(audit.MaxDevice),
		Purpose: text(audit.MaxPurpose), Procedure: text(audit.MaxProcedure), AccessPoint: text(audit.MaxAccessPoint),
		Details: []audit.Detail{
			{Key: "a", Value: string(bytes.Repeat([]byte("x"), audit.MaxDetails-len(key)-1-2*3))}, {Key: key},
		},
	}
	chain := string(bytes.Repeat([]byte("z"), 64))
	log, err := audit.New(audit.Config{Store: s})
	require.NoError(t, err)
	r, err := log.Append(t.Context(), chain, e)
	require.NoError(t, err)
	got, err := read(t, s, chain, 0)[0].Entry()
	require.NoError(t, err)
	assert.Equal(t, e, got)
	assert.Equal(t, audit.HeadOf(r), head(t, s, chain))
	e.Subject += "x"
	e.Details[1].Value = "x"
	_, err = log.Append(t.Context(), chain, e)
	var faults audit.EntryFaults
	require.True(t, errors.As(err, &faults))
	assert.Len(t, faults, 2)
	verify(t, s)
}

func firstKind(t *testing.T, s audit.Store) {
	// Written by the version that had no other kind.
	b, err := hex.DecodeString("000000a3ffffff5c010101020448353031" + "00000000000000000000019d14fcbce8" +
		"fee12c7fd45d38d97155e2f7972ea23a4be2c8516c0a8f1d7fab69b60775efbd" +
		"010100104646434c54523730413031483530315a0200080000019d14fcb97b" +
		"03001163657274696669636174652d69737375650400076772616e746564050003722d3106000473706964" +
		"90986a90828d40adca93a32df1282b86f4c9c14debf6ef82a627211044e872d3000000a3")
	require.NoError(t, err)
	old, _, err := audit.DecodeRecord(b)
	require.NoError(t, err)
	require.NoError(t, s.Append(t.Context(), "H501", []audit.Record{old}))
	require.NoError(t, s.Append(t.Context(), "H501", Grow(t, "H501", audit.HeadOf(old), 1)), "and go on")
	all := read(t, s, "H501", 0)
	require.Len(t, all, 2)
	assert.Equal(t, old, all[0])
	assert.Equal(t, audit.PlainV1, all[0].Kind)
	assert.Equal(t, audit.PlainV2, all[1].Kind)
	e, err := all[0].Entry()
	require.NoError(t, err)
	assert.Equal(t, "certificate-issue", e.Operation)
	verify(t, s)
}
