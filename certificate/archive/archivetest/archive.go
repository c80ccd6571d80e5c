// Package archivetest holds the tests that an implementation of
// [certificate.Archive] must pass:
//
//	func TestArchive(t *testing.T) {
//		archivetest.TestArchive(t, func(t *testing.T) certificate.Archive { … })
//	}
//
// It tests the contract of the methods. Two properties are left to the tests of
// the implementation, because they depend on its storage: kept documents
// survive a crash, and no byte of a deleted document remains.
package archivetest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
)

// A Case is one test of an archive.
type Case struct {
	Name string
	// Reason says what breaks if an archive fails the case.
	Reason string
	run    func(t *testing.T, a certificate.Archive)
}

// Cases returns the tests in the order in which TestArchive runs them.
func Cases() []Case {
	return []Case{
		{"empty", "a request that was never answered must be told from a failure", empty},
		{"exact", "a sealed document of which a byte or an instant differs is not the one that was issued", exact},
		{"same id", "the contrassegno of one document must not lead to another", sameID},
		{"same request", "a request answered twice gives two certificates", sameRequest},
		{"owned", "a citizen must find all his documents and nobody else's", owned},
		{"owned without content", "a list must not read all the documents", ownedWithoutContent},
		{"owned, left early", "who has enough must be able to leave", ownedLeft},
		{"owned, many", "a list must not end with its first page", ownedMany},
		{"owned, use within", "who lists must be able to fetch", ownedUse},
		{"sweep edge", "a document is deleted at the end of its last day, not before and not after", sweepEdge},
		{"sweep all", "what is deleted must be found in no way", sweepAll},
		{"sweep again", "a document counted twice makes the count worthless", sweepAgain},
		{"after a sweep", "who asks again for what has expired must get a new one", afterSweep},
		{"one of many wins", "an impatient citizen who asks eight times must get one certificate", oneWins},
		{"many at once", "documents of concurrent requests must all be kept", manyAtOnce},
		{"sweep at once", "a reader must see a document whole or not at all while others are deleted", sweepAtOnce},
		{"cancelled", "a call that was given up must not have done something", cancelled},
		{"aliasing", "a caller that uses its buffer again must not change what was kept", aliasing},
		{"large", "a document with an embedded logo must fit", large},
		{"strange keys", "what comes from outside must not reach a path or a query", strangeKeys},
		{"no personal data", "errors go to logs that many read", errorsAreClean},
	}
}

// TestArchive runs all the cases. open makes an empty archive for each case,
// and closes it at the end of t.
func TestArchive(t *testing.T, open func(t *testing.T) certificate.Archive) {
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

// TestReopen tests that an archive keeps its documents when it is closed and
// opened. reopen closes the archive that it is given and opens it again.
func TestReopen(
	t *testing.T, open func(t *testing.T) certificate.Archive,
	reopen func(t *testing.T, a certificate.Archive) certificate.Archive,
) {
	a := open(t)
	x, y, z := Document(1), Document(2), Document(3)
	y.Owner, z.Expires = x.Owner, x.Expires.AddDate(0, 0, -1)
	for _, d := range []certificate.Archived{x, y, z} {
		require.NoError(t, a.Put(t.Context(), d))
	}
	a = reopen(t, a)
	for _, d := range []certificate.Archived{x, y, z} {
		same(t, d, get(t, a, d.ID))
		byRequest, err := a.ByRequest(t.Context(), d.RequestKey)
		require.NoError(t, err)
		same(t, d, byRequest)
	}
	assert.Equal(t, []string{y.ID, x.ID}, ids(t, a, x.Owner))
	twin := Document(4)
	twin.RequestKey = x.RequestKey
	require.ErrorIs(t, a.Put(t.Context(), twin), certificate.ErrArchived)
	assert.Equal(t, 1, sweep(t, a, z.Expires))
	a = reopen(t, a)
	absent(t, a, z)
	assert.Equal(t, []string{y.ID, x.ID}, ids(t, a, x.Owner))
	require.NoError(t, a.Put(t.Context(), z))
	a = reopen(t, a)
	same(t, z, get(t, a, z.ID))
	assert.Equal(t, 3, sweep(t, a, x.Expires.AddDate(1, 0, 0)))
	a = reopen(t, a)
	for _, d := range []certificate.Archived{x, y, z} {
		absent(t, a, d)
	}
}

func empty(t *testing.T, a certificate.Archive) {
	absent(t, a, Document(1))
	assert.Empty(t, list(t, a, Document(1).Owner))
	assert.Zero(t, sweep(t, a, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))
}

func exact(t *testing.T, a certificate.Archive) {
	docs := []certificate.Archived{Document(1), Document(2), Document(3), Document(4), Document(5)}
	// The same instant comes back in UTC.
	docs[0].IssuedAt = time.Date(2026, 10, 25, 2, 30, 0, 999e6, time.FixedZone("CEST", 7200))
	docs[1].IssuedAt = time.Date(1969, 12, 31, 23, 59, 59, 1e6, time.UTC)
	docs[2].PDF = bytes.Repeat([]byte{0}, 100)
	docs[3].PDF, docs[3].Embedded = docs[3].Embedded, nil
	docs[4].PDF = nil
	put(t, a, docs...)
	for _, d := range docs {
		same(t, d, get(t, a, d.ID))
		got, err := a.ByRequest(t.Context(), d.RequestKey)
		require.NoError(t, err)
		same(t, d, got)
	}
	absent(t, a, Document(6))
}

func sameID(t *testing.T, a certificate.Archive) {
	first, second := Document(1), Document(2)
	second.ID = first.ID
	put(t, a, first)
	require.ErrorIs(t, a.Put(t.Context(), second), certificate.ErrArchived)
	require.ErrorIs(t, a.Put(t.Context(), first), certificate.ErrArchived)
	same(t, first, get(t, a, first.ID))
	_, err := a.ByRequest(t.Context(), second.RequestKey)
	require.ErrorIs(t, err, certificate.ErrNotArchived)
	assert.Empty(t, list(t, a, second.Owner))
}

func sameRequest(t *testing.T, a certificate.Archive) {
	first, second := Document(1), Document(2)
	second.RequestKey, second.Owner = first.RequestKey, first.Owner
	put(t, a, first)
	require.ErrorIs(t, a.Put(t.Context(), second), certificate.ErrArchived)
	_, err := a.Get(t.Context(), second.ID)
	require.ErrorIs(t, err, certificate.ErrNotArchived)
	got, err := a.ByRequest(t.Context(), first.RequestKey)
	require.NoError(t, err)
	same(t, first, got)
	assert.Equal(t, []string{first.ID}, ids(t, a, first.Owner))
}

func owned(t *testing.T, a certificate.Archive) {
	his := Document(0).Owner
	var want []string
	for _, n := range []int{3, 1, 4, 2, 5} { // not in the order of issue
		d := Document(n)
		d.Owner = his
		put(t, a, d)
		other := Document(10 + n)
		put(t, a, other)
	}
	for _, n := range []int{5, 4, 3, 2, 1} {
		want = append(want, Document(n).ID)
	}
	assert.Equal(t, want, ids(t, a, his))
	assert.Equal(t, []string{Document(12).ID}, ids(t, a, Document(12).Owner))
	// Two documents of the same instant are both there, next to each other.
	twin := Document(20)
	twin.Owner, twin.IssuedAt = his, Document(3).IssuedAt
	put(t, a, twin)
	got := ids(t, a, his)
	require.Len(t, got, 6)
	assert.Equal(t, want[:2], got[:2])
	assert.ElementsMatch(t, []string{twin.ID, Document(3).ID}, got[2:4])
	assert.Equal(t, want[3:], got[4:])
}

func ownedWithoutContent(t *testing.T, a certificate.Archive) {
	want := Document(1)
	put(t, a, want)
	want.PDF, want.Embedded = nil, nil
	assert.Equal(t, []certificate.Archived{want}, list(t, a, want.Owner))
}

func ownedLeft(t *testing.T, a certificate.Archive) {
	his := Document(0).Owner
	for n := range 5 {
		d := Document(n)
		d.Owner = his
		put(t, a, d)
	}
	for range 100 { // a list that was left early must hold no resource
		n := 0
		for _, err := range a.Owned(t.Context(), his) {
			require.NoError(t, err)
			if n++; n == 2 {
				break
			}
		}
		assert.Equal(t, 2, n)
	}
	put(t, a, Document(9))
	assert.Len(t, list(t, a, his), 5)
}

func ownedMany(t *testing.T, a certificate.Archive) {
	const many = 230
	his := Document(0).Owner
	var want []string
	for n := range many {
		d := Document(n)
		// Some have the same instant, also where pages may end.
		d.Owner, d.IssuedAt, d.PDF = his, Document(n/7).IssuedAt, []byte("x")
		put(t, a, d)
		want = append(want, d.ID)
	}
	got := list(t, a, his)
	var gotIDs []string
	for _, d := range got {
		gotIDs = append(gotIDs, d.ID)
	}
	assert.ElementsMatch(t, want, gotIDs)
	latestFirst := func(x, y certificate.Archived) int { return y.IssuedAt.Compare(x.IssuedAt) }
	assert.True(t, slices.IsSortedFunc(got, latestFirst))
}

func ownedUse(t *testing.T, a certificate.Archive) {
	his := Document(0).Owner
	for n := range 3 {
		d := Document(n)
		d.Owner = his
		put(t, a, d)
	}
	n := 0
	for d, err := range a.Owned(t.Context(), his) {
		require.NoError(t, err)
		assert.NotEmpty(t, get(t, a, d.ID).PDF)
		put(t, a, Document(100+n))
		n++
	}
	assert.Equal(t, 3, n)
}

func sweepEdge(t *testing.T, a certificate.Archive) {
	before, at, after := Document(1), Document(2), Document(3)
	edge := at.Expires
	before.Expires, after.Expires = edge.Add(-time.Millisecond), edge.Add(time.Millisecond)
	put(t, a, before, at, after)
	assert.Equal(t, 0, sweep(t, a, edge.Add(-2*time.Millisecond)))
	assert.Equal(t, 1, sweep(t, a, edge.Add(-time.Nanosecond)))
	absent(t, a, before)
	same(t, at, get(t, a, at.ID))
	assert.Equal(t, 1, sweep(t, a, edge.In(time.FixedZone("CEST", 7200))))
	absent(t, a, at)
	assert.Equal(t, 0, sweep(t, a, edge.Add(time.Millisecond-time.Nanosecond)))
	same(t, after, get(t, a, after.ID))
	assert.Equal(t, 1, sweep(t, a, edge.Add(time.Millisecond)))
	absent(t, a, after)
}

func sweepAll(t *testing.T, a certificate.Archive) {
	const all = 60
	var gone, kept []certificate.Archived
	for n := range all {
		d := Document(n)
		d.Owner = Document(n % 4).Owner
		if n%3 == 0 {
			d.Expires = d.Expires.AddDate(0, 1, 0)
			kept = append(kept, d)
		} else {
			gone = append(gone, d)
		}
		put(t, a, d)
	}
	assert.Equal(t, len(gone), sweep(t, a, Document(0).Expires))
	for _, d := range gone {
		absent(t, a, d)
	}
	for _, d := range kept {
		same(t, d, get(t, a, d.ID))
		assert.Contains(t, ids(t, a, d.Owner), d.ID)
	}
}

func sweepAgain(t *testing.T, a certificate.Archive) {
	for n := range 20 {
		put(t, a, Document(n))
	}
	var count atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			n, err := a.Sweep(t.Context(), Document(0).Expires)
			assert.NoError(t, err)
			count.Add(int64(n))
		})
	}
	all.Wait()
	assert.EqualValues(t, 20, count.Load())
	assert.Equal(t, 0, sweep(t, a, Document(0).Expires))
}

func afterSweep(t *testing.T, a certificate.Archive) {
	first, second := Document(1), Document(2)
	second.RequestKey, second.Owner, second.Expires = first.RequestKey, first.Owner, first.Expires.AddDate(0, 6, 0)
	put(t, a, first)
	require.Equal(t, 1, sweep(t, a, first.Expires))
	put(t, a, second)
	got, err := a.ByRequest(t.Context(), first.RequestKey)
	require.NoError(t, err)
	same(t, second, got)
	assert.Equal(t, []string{second.ID}, ids(t, a, first.Owner))
}

func oneWins(t *testing.T, a certificate.Archive) {
	for round := range 10 {
		var won atomic.Pointer[certificate.Archived]
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				d := Document(100*round + n)
				d.RequestKey = Document(100 * round).RequestKey
				switch err := a.Put(t.Context(), d); {
				case err == nil:
					assert.True(t, won.CompareAndSwap(nil, &d), "two have won")
				default:
					assert.ErrorIs(t, err, certificate.ErrArchived)
					// A call that lost finds the document of the one that won.
					_, err := a.ByRequest(t.Context(), d.RequestKey)
					assert.NoError(t, err)
				}
			})
		}
		all.Wait()
		require.NotNil(t, won.Load(), "none has won")
		got, err := a.ByRequest(t.Context(), Document(100*round).RequestKey)
		require.NoError(t, err)
		same(t, *won.Load(), got)
	}
}

func manyAtOnce(t *testing.T, a certificate.Archive) {
	const each = 15
	his := Document(0).Owner
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for n := range each {
				d := Document(w*each + n)
				d.Owner = his
				if assert.NoError(t, a.Put(t.Context(), d)) {
					got, err := a.Get(t.Context(), d.ID)
					assert.NoError(t, err)
					same(t, d, got)
				}
			}
		})
	}
	all.Wait()
	assert.Len(t, list(t, a, his), 8*each)
}

func sweepAtOnce(t *testing.T, a certificate.Archive) {
	const all = 40
	his := Document(0).Owner
	for n := range all {
		d := Document(n)
		d.Owner = his
		d.Expires = d.Expires.Add(time.Duration(n) * time.Hour)
		put(t, a, d)
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for w := range 4 {
		readers.Go(func() {
			for n := w; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				want := Document(n % all)
				got, err := a.Get(t.Context(), want.ID)
				if err == nil {
					assert.True(t, bytes.Equal(want.PDF, got.PDF))
				} else {
					assert.ErrorIs(t, err, certificate.ErrNotArchived)
				}
				for _, err := range a.Owned(t.Context(), his) {
					assert.NoError(t, err)
				}
			}
		})
	}
	gone := 0
	for n := 0; n < all; n += 10 {
		got, err := a.Sweep(t.Context(), Document(0).Expires.Add(time.Duration(n+9)*time.Hour))
		assert.NoError(t, err)
		gone += got
	}
	close(done)
	readers.Wait()
	assert.Equal(t, all, gone)
	assert.Empty(t, list(t, a, his))
}

func cancelled(t *testing.T, a certificate.Archive) {
	kept, other := Document(1), Document(2)
	put(t, a, kept)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, a.Put(ctx, other), context.Canceled)
	_, err := a.Get(ctx, kept.ID)
	require.ErrorIs(t, err, context.Canceled)
	_, err = a.ByRequest(ctx, kept.RequestKey)
	require.ErrorIs(t, err, context.Canceled)
	var found []error
	for _, err := range a.Owned(ctx, kept.Owner) {
		found = append(found, err)
	}
	require.Len(t, found, 1, "one error and nothing after it")
	require.ErrorIs(t, found[0], context.Canceled)
	_, err = a.Sweep(ctx, kept.Expires)
	require.ErrorIs(t, err, context.Canceled)
	same(t, kept, get(t, a, kept.ID))
	absent(t, a, other)

	// After a cancellation a list yields the error next.
	for n := range 5 {
		d := Document(10 + n)
		d.Owner = kept.Owner
		put(t, a, d)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range a.Owned(ctx, kept.Owner) {
		require.NoError(t, last, "something after an error")
		last = err
		cancel()
	}
	require.ErrorIs(t, last, context.Canceled)
	put(t, a, other)
}

func aliasing(t *testing.T, a certificate.Archive) {
	want, d := Document(1), Document(1)
	put(t, a, d)
	clear(d.PDF)
	clear(d.Embedded)
	got := get(t, a, want.ID)
	same(t, want, got)
	clear(got.PDF[:cap(got.PDF)])
	got.Embedded = append(got.Embedded, "more"...)
	same(t, want, get(t, a, want.ID))
}

func large(t *testing.T, a certificate.Archive) {
	d := Document(1)
	d.PDF = make([]byte, 5<<20+1)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(d.PDF)
	d.Embedded = bytes.Repeat([]byte("{}"), 50_000)
	put(t, a, d)
	same(t, d, get(t, a, d.ID))
	assert.Equal(t, 1, sweep(t, a, d.Expires))
	absent(t, a, d)
}

// strange returns keys that no document has.
func strange() []string {
	return []string{
		"", ".", "..", "../" + Document(1).ID, "/etc/passwd", "a\x00b", "\xff", "%", "' OR 1=1 --", "NUL",
		Document(1).ID + " ", string(bytes.ToLower([]byte(Document(1).ID))),
		string(bytes.ToUpper([]byte(Document(1).RequestKey))),
		Document(1).ID + ".new", string(make([]byte, 1<<20)),
	}
}

func strangeKeys(t *testing.T, a certificate.Archive) {
	put(t, a, Document(1))
	for _, s := range strange() {
		_, err := a.Get(t.Context(), s)
		assert.ErrorIs(t, err, certificate.ErrNotArchived, "%.40q", s)
		_, err = a.ByRequest(t.Context(), s)
		assert.ErrorIs(t, err, certificate.ErrNotArchived, "%.40q", s)
		assert.Empty(t, list(t, a, s), "%.40q", s)
	}
}

func errorsAreClean(t *testing.T, a certificate.Archive) {
	d := Document(1)
	put(t, a, d)
	again := a.Put(t.Context(), d)
	_, missing := a.Get(t.Context(), "secret-of-a-person")
	_, noRequest := a.ByRequest(t.Context(), "secret-of-a-person")
	broken := Document(2)
	broken.ID = "secret-of-a-person"
	refused := a.Put(t.Context(), broken)
	if refused == nil {
		refused = errors.New("")
	}
	for _, err := range []error{again, missing, noRequest, refused} {
		require.Error(t, err)
		for _, s := range []string{"secret-of-a-person", d.Owner, d.PayloadKey, d.RequestKey} {
			assert.NotContains(t, err.Error(), s)
		}
	}
}
