package electoraltest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/registry"
)

// storeBulkRecords writes records together, in two comuni, of which one stands twice
// and one takes the place of another, and the same one by one.
func storeBulkRecords(t *testing.T, s registry.Store) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	var list []registry.Record
	for i := range 1200 {
		r := registry.Record{Comune: comuneA, Book: registry.RevisionLineBook, ID: fmt.Sprintf("%05d", i),
			Subject: fmt.Sprint(1 + i%7), State: "open", At: at, Body: []byte(fmt.Sprint("testo ", i))}
		if i%2 == 1 {
			r.Comune, r.Subject, r.Expires = comuneB, "", at.Add(time.Hour)
		}
		list = append(list, r)
	}
	again := list[4].Clone()
	again.State, again.Body = "closed", []byte("dopo")
	list = append(list, again)
	many := true
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutRecord(ctx, registry.Record{Comune: comuneA, Book: registry.RevisionLineBook, ID: "00002",
			Subject: "3", State: "before", At: at}))
		bulk, ok := w.(registry.BulkBookWriter)
		if many = ok; !ok {
			return
		}
		require.NoError(t, bulk.PutRecords(ctx, nil))
		require.NoError(t, bulk.PutRecords(ctx, list))
		got, err := w.Record(ctx, comuneA, registry.RevisionLineBook, "00004")
		require.NoError(t, err)
		require.Equal(t, again, got)
	})
	if !many {
		t.Log("the store has no registry.BulkBookWriter")
		return
	}
	read := func(q registry.RecordSearch) (out []registry.Record) {
		view(t, s, func(ctx context.Context, r registry.Reader) {
			for rec, err := range r.Records(ctx, q) {
				require.NoError(t, err)
				out = append(out, rec)
			}
		})
		return out
	}
	want := slices.Clone(list[:1200])
	want[4] = again
	for _, comune := range []string{comuneA, comuneB} {
		var mine []registry.Record
		for _, r := range want {
			if r.Comune == comune {
				mine = append(mine, r)
			}
		}
		require.Equal(t, mine, read(registry.RecordSearch{Comune: comune, Book: registry.RevisionLineBook}))
	}
	require.NotEmpty(t, read(registry.RecordSearch{Subject: "3", Book: registry.RevisionLineBook}))
}
