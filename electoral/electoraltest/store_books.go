package electoraltest

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

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

func bookCases() []storeCase {
	return []storeCase{
		{"counts", "Counts counts the places of each list and section, in the order of their texts", storeCounts},
		{"record", "PutRecord writes every field, instants to the millisecond, and replaces", storeRecord},
		{"records at once", "a writer that takes many records at once writes what PutRecord would", storeBulkRecords},
		{"records", "Records yields what a search selects, in the order of id and comune", storeRecords},
		{"records about", "Records finds the records about a person, of one comune or of all", storeRecordsAbout},
		{"record removed", "what is removed is in no answer; to remove what is not there is no error",
			storeRecordRemoved},
		{"expire", "ExpireRecords removes the records of a comune whose Expires is not after an instant", storeExpire},
		{"books atomic", "an update that fails leaves books and journal as they were", storeBooksAtomic},
		{"books own writes", "a writer reads its own writes, also in books and journal", storeBooksOwnWrites},
		{"books aliasing", "the store keeps no reference to a body, nor gives one", storeBooksAliasing},
		{"books concurrent", "updates that read a record exclude each other", storeBooksConcurrent},
		{"readers concurrent", "updates that read a comune in whatever way exclude each other", storeReadersConcurrent},
		{"books cancelled", "a cancelled context ends every call", storeBooksCancelled},
		{"books break", "what reads books and journal may be left early", storeBooksBreak},
	}
}

func storeCounts(t *testing.T, s registry.Store) {
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for i, section := range []string{"2", "10", "2", "1 bis"} {
			require.NoError(t, w.PutElector(ctx, comuneA, SampleElector(fmt.Sprint(i), comuneA, section)))
		}
		require.NoError(t, w.PutElector(ctx, comuneB, SampleElector("8", comuneA, "2"))) // a guest
		require.NoError(t, w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: "9"}))
	})
	counts := func(comune string) (list []registry.ListCount) {
		view(t, s, func(ctx context.Context, r registry.Reader) {
			var err error
			list, err = r.Counts(ctx, comune)
			require.NoError(t, err)
		})
		return list
	}
	assert.Equal(t, []registry.ListCount{
		{List: electoral.GeneralList, Section: "1 bis", Count: 1}, {List: electoral.GeneralList, Section: "10",
			Count: 1}, {List: electoral.GeneralList, Section: "2", Count: 3},
	}, counts(comuneA))
	assert.Equal(t, []registry.ListCount{
		{List: electoral.BolzanoList, Section: "7", Count: 5}, {List: electoral.StillVotesList, Section: "3", Count: 5},
	}, counts(comuneB))
	assert.Empty(t, counts("F205"))
}

// sampleRecord returns a record with a value in every field.
func sampleRecord(comune, id string) registry.Record {
	body := make([]byte, 256)
	for i := range body {
		body[i] = byte(i)
	}
	return registry.Record{
		Comune: comune, Book: registry.ConflictBook, ID: id, Subject: "77", State: "open",
		At: instant, Expires: instant.Add(time.Hour), Body: body,
	}
}

func putRecords(t *testing.T, s registry.Store, list ...registry.Record) {
	t.Helper()
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for _, r := range list {
			require.NoError(t, w.PutRecord(ctx, r))
		}
	})
}

func record(t *testing.T, s registry.Store, comune string, book registry.Book,
	id string) (rec registry.Record, err error) {
	t.Helper()
	view(t, s, func(ctx context.Context, r registry.Reader) { rec, err = r.Record(ctx, comune, book, id) })
	return rec, err
}

func storeRecord(t *testing.T, s registry.Store) {
	want := sampleRecord(comuneA, "Zz09-._~!\"'\\%$ 1")
	bare := registry.Record{Comune: comuneA, Book: registry.ReplyBook, ID: want.ID}
	long := registry.Record{Comune: comuneA, Book: registry.LoadBook, ID: strings.Repeat("x", 200),
		Subject: "1234567890123456",
		State:   "stato «è»", At: time.Date(1960, 1, 2, 3, 4, 5, 6_000_000, time.UTC), Expires: time.Date(2200, 1, 1, 0,
			0, 0, 999_000_000, time.UTC), Body: make([]byte, 300_000)}
	putRecords(t, s, registry.Record{Comune: comuneA, Book: want.Book, ID: want.ID, Subject: want.Subject,
		State: "earlier", At: instant, Body: []byte("earlier")},
		sampleRecord(comuneB, want.ID), bare, long)
	replaced := want
	replaced.Expires = time.Time{}
	putRecords(t, s, replaced)
	got, err := record(t, s, comuneA, want.Book, want.ID)
	require.NoError(t, err)
	assert.Equal(t, replaced, got, "an Expires is taken away")
	putRecords(t, s, want)
	for _, r := range []registry.Record{want, bare, long, sampleRecord(comuneB, want.ID)} {
		got, err := record(t, s, r.Comune, r.Book, r.ID)
		require.NoError(t, err)
		assert.Equal(t, r, got)
	}
	for _, key := range []registry.Record{{Comune: comuneA, Book: want.Book, ID: "zz09"},
		{Comune: "F205", Book: want.Book, ID: want.ID}, {Comune: comuneA, Book: registry.LoadBook, ID: want.ID}, {}} {
		_, err := record(t, s, key.Comune, key.Book, key.ID)
		require.ErrorIs(t, err, electoral.ErrNotFound)
	}

	fine := want
	fine.At = instant.Add(999_999).In(time.FixedZone("CEST", 7200))
	fine.Expires = fine.At
	putRecords(t, s, fine)
	got, err = record(t, s, comuneA, want.Book, want.ID)
	require.NoError(t, err)
	assert.Equal(t, instant, got.At, "UTC, to the millisecond")
	assert.Equal(t, instant, got.Expires, "UTC, to the millisecond")
}

// keys are the comuni and ids of what a search of records yields.
func keys(t *testing.T, s registry.Store, q registry.RecordSearch) (out []string) {
	t.Helper()
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for rec, err := range r.Records(ctx, q) {
			require.NoError(t, err)
			out = append(out, rec.Comune+"/"+rec.ID)
		}
	})
	return out
}

func storeRecords(t *testing.T, s registry.Store) {
	with := func(comune string, book registry.Book, id, subject, state string) registry.Record {
		return registry.Record{Comune: comune, Book: book, ID: id, Subject: subject, State: state, At: instant,
			Expires: instant.Add(-time.Hour)}
	}
	putRecords(t, s,
		with(comuneA, registry.ConflictBook, "9", "1", "open"),
		with(comuneA, registry.ConflictBook, "10", "2", "closed"),
		with(comuneA, registry.ConflictBook, "B", "", "open"), with(comuneA, registry.ConflictBook, "a", "1", ""),
		with(comuneA, registry.LoadBook, "1", "1", "open"), with(comuneB, registry.ConflictBook, "5", "1", "open"))
	for _, c := range []struct {
		name string
		q    registry.RecordSearch
		want []string
	}{
		{"a comune", registry.RecordSearch{Comune: comuneA}, []string{"A074/10", "A074/9", "A074/B", "A074/a"}},
		{"a state", registry.RecordSearch{Comune: comuneA, States: []string{"open"}}, []string{"A074/9", "A074/B"}},
		{"states", registry.RecordSearch{Comune: comuneA, States: []string{"closed", "x", ""}},
			[]string{"A074/10", "A074/a"}},
		{"no such state", registry.RecordSearch{Comune: comuneA, States: []string{"OPEN", "\xff\x00"}}, nil},
		{"after", registry.RecordSearch{Comune: comuneA, After: "9"}, []string{"A074/B", "A074/a"}},
		{"after none", registry.RecordSearch{Comune: comuneA, After: "95"}, []string{"A074/B", "A074/a"}},
		{"after the last", registry.RecordSearch{Comune: comuneA, After: "a"}, nil},
		{"after, a state", registry.RecordSearch{Comune: comuneA, After: "9", States: []string{"open"}},
			[]string{"A074/B"}},
		{"another comune", registry.RecordSearch{Comune: comuneB}, []string{"H501/5"}},
		{"none", registry.RecordSearch{Comune: "F205"}, nil},
		{"neither comune nor subject", registry.RecordSearch{}, nil},
	} {
		c.q.Book = registry.ConflictBook
		assert.Equal(t, c.want, keys(t, s, c.q), c.name)
	}
	assert.Equal(t, []string{"A074/1"}, keys(t, s, registry.RecordSearch{Comune: comuneA, Book: registry.LoadBook}))
	assert.Empty(t, keys(t, s, registry.RecordSearch{Comune: comuneA, Book: registry.ReplyBook}))
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for rec, err := range r.Records(ctx, registry.RecordSearch{Book: registry.ConflictBook, Comune: comuneB}) {
			require.NoError(t, err)
			assert.Equal(t, with(comuneB, registry.ConflictBook, "5", "1", "open"), rec, "with every field")
		}
	})
}

func storeRecordsAbout(t *testing.T, s registry.Store) {
	about := func(comune string, book registry.Book, id, subject, state string) registry.Record {
		r := sampleRecord(comune, id)
		r.Book, r.Subject, r.State = book, subject, state
		return r
	}
	putRecords(t, s,
		about(comuneB, registry.ConflictBook, "1", "7", "open"),
		about(comuneA, registry.ConflictBook, "2", "7", "open"),
		about(comuneA, registry.ConflictBook, "1", "7", "closed"),
		about("F205", registry.ConflictBook, "10", "7", "closed"),
		about(comuneA, registry.ConflictBook, "3", "70", "open"),
		about(comuneA, registry.ConflictBook, "4", "", "open"),
		about(comuneA, registry.RectificationBook, "1", "7", "open"))
	for _, c := range []struct {
		name string
		q    registry.RecordSearch
		want []string
	}{
		{"a person", registry.RecordSearch{Subject: "7"}, []string{"A074/1", "H501/1", "F205/10", "A074/2"}},
		{"a person, a state", registry.RecordSearch{Subject: "7", States: []string{"closed"}},
			[]string{"A074/1", "F205/10"}},
		{"a person in a comune", registry.RecordSearch{Subject: "7", Comune: comuneA}, []string{"A074/1", "A074/2"}},
		{"a person in a comune, a state",
			registry.RecordSearch{Subject: "7", Comune: comuneA, States: []string{"open"}}, []string{"A074/2"}},
		{"a person in a comune, after", registry.RecordSearch{Subject: "7", Comune: comuneA, After: "1"},
			[]string{"A074/2"}},
		{"another", registry.RecordSearch{Subject: "70"}, []string{"A074/3"}},
		{"nobody", registry.RecordSearch{Subject: "71"}, nil},
		{"not in that comune", registry.RecordSearch{Subject: "70", Comune: comuneB}, nil},
	} {
		c.q.Book = registry.ConflictBook
		assert.Equal(t, c.want, keys(t, s, c.q), c.name)
	}
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for rec, err := range r.Records(ctx, registry.RecordSearch{Book: registry.RectificationBook, Subject: "7"}) {
			require.NoError(t, err)
			assert.Equal(t, about(comuneA, registry.RectificationBook, "1", "7", "open"), rec, "with every field")
		}
	})
}

func storeRecordRemoved(t *testing.T, s registry.Store) {
	other := sampleRecord(comuneA, "2")
	other.Subject = ""
	putRecords(t, s, sampleRecord(comuneA, "1"), other, sampleRecord(comuneB, "1"))
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for range 2 {
			require.NoError(t, w.RemoveRecord(ctx, comuneA, registry.ConflictBook, "1"))
			require.NoError(t, w.RemoveRecord(ctx, comuneA, registry.ConflictBook, "2"))
		}
		require.NoError(t, w.RemoveRecord(ctx, comuneB, registry.LoadBook, "1"))
		require.NoError(t, w.RemoveRecord(ctx, "F205", registry.ConflictBook, "\x00"))
	})
	assert.Empty(t, keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Comune: comuneA}))
	assert.Equal(t, []string{"H501/1"}, keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Subject: "77"}))
	_, err := record(t, s, comuneA, registry.ConflictBook, "1")
	require.ErrorIs(t, err, electoral.ErrNotFound)
	// What was removed may be about another person when it comes back.
	again := sampleRecord(comuneA, "1")
	again.Subject = "78"
	putRecords(t, s, again)
	assert.Equal(t, []string{"A074/1"}, keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Subject: "78"}))
	assert.Equal(t, []string{"H501/1"}, keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Subject: "77"}))
}

func storeExpire(t *testing.T, s registry.Store) {
	until := func(comune, id string, expires time.Time) registry.Record {
		r := sampleRecord(comune, id)
		r.Expires = expires
		return r
	}
	loads := until(comuneA, "1", instant)
	loads.Book, loads.Subject = registry.LoadBook, ""
	putRecords(t, s, until(comuneA, "1", instant.Add(-time.Millisecond)), until(comuneA, "2", instant),
		until(comuneA, "3", instant.Add(time.Millisecond)),
		until(comuneA, "4", time.Time{}), until(comuneA, "5", instant.AddDate(-100, 0, 0)),
		until(comuneB, "1", instant), loads)
	expire := func(comune string, at time.Time) (n int) {
		update(t, s, func(ctx context.Context, w registry.Writer) {
			var err error
			n, err = w.ExpireRecords(ctx, comune, at)
			require.NoError(t, err)
		})
		return n
	}
	assert.Equal(t, 5, len(keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Comune: comuneA})),
		"nothing goes by itself")
	assert.Equal(t, 2, expire(comuneA, instant.Add(-1)), "the instant before")
	assert.Equal(t, 2, expire(comuneA, instant.In(time.FixedZone("CEST", 7200))), "the instant")
	assert.Zero(t, expire(comuneA, instant.Add(999_999)), "before the next millisecond")
	assert.Zero(t, expire("F205", instant))
	assert.Equal(t, []string{"A074/3", "A074/4"},
		keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Comune: comuneA}))
	assert.Empty(t, keys(t, s, registry.RecordSearch{Book: registry.LoadBook, Comune: comuneA}))
	assert.Equal(t, []string{"H501/1", "A074/3", "A074/4"},
		keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Subject: "77"}), "another comune's stay")
	assert.Equal(t, 1, expire(comuneA, instant.AddDate(100, 0, 0)))
	assert.Equal(t, []string{"A074/4"},
		keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Comune: comuneA}), "zero is never")
}

// storeBooksAtomic ends an update with an error: nothing of it is in a book or
// in the journal.
func storeBooksAtomic(t *testing.T, s registry.Store) {
	before, entry := sampleRecord(comuneA, "1"), sampleJournal()[1]
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutRecord(ctx, before))
		require.NoError(t, w.PutRecord(ctx, sampleRecord(comuneA, "2")))
		require.NoError(t, w.PutRecord(ctx, sampleRecord(comuneB, "2")))
		require.NoError(t, w.Note(ctx, entry))
		require.NoError(t, w.PutElector(ctx, comuneA, SampleElector("1", comuneA, "1")))
		require.NoError(t, w.PutSection(ctx, SampleSection(comuneA, "1")))
	})
	stop := errors.New("stop")
	err := s.Update(t.Context(), func(w registry.Writer) error {
		ctx := t.Context()
		changed := before
		changed.State, changed.Body = "changed", nil
		require.NoError(t, w.PutRecord(ctx, changed))
		require.NoError(t, w.PutRecord(ctx, sampleRecord(comuneA, "3")))
		require.NoError(t, w.RemoveRecord(ctx, comuneA, registry.ConflictBook, "2"))
		_, err := w.ExpireRecords(ctx, comuneB, instant.AddDate(1, 0, 0))
		require.NoError(t, err)
		require.NoError(t, w.Note(ctx, sampleJournal()...))
		_, err = w.Forget(ctx, comuneA, instant.AddDate(1, 0, 0))
		require.NoError(t, err)
		require.NoError(t, w.RemoveElector(ctx, "1"))
		require.NoError(t, w.RemoveSection(ctx, comuneA, "1"))
		return stop
	})
	require.ErrorIs(t, err, stop)
	got, err := record(t, s, comuneA, before.Book, "1")
	require.NoError(t, err)
	assert.Equal(t, before, got)
	assert.Equal(t, []string{"A074/1", "A074/2", "H501/2"},
		keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Subject: "77"}))
	entry.Seq = 1
	assert.Equal(t, []registry.JournalEntry{entry}, journal(t, s, registry.JournalSearch{Comune: comuneA}))
	assert.Equal(t, []string{"1"}, ids(t, s, electoral.GeneralList, comuneA, "1"))
	assert.Equal(t, []string{"1"}, found(t, s, registry.Search{Comune: comuneA, After: "0"}))
	view(t, s, func(ctx context.Context, r registry.Reader) {
		_, err := r.Section(ctx, comuneA, "1")
		require.NoError(t, err)
	})
}

func storeBooksOwnWrites(t *testing.T, s registry.Store) {
	putRecords(t, s, sampleRecord(comuneA, "1"), sampleRecord(comuneA, "2"))
	noted(t, s, sampleJournal()[1])
	update(t, s, func(ctx context.Context, w registry.Writer) {
		changed := sampleRecord(comuneA, "1")
		changed.State = "changed"
		require.NoError(t, w.PutRecord(ctx, changed))
		require.NoError(t, w.PutRecord(ctx, sampleRecord(comuneB, "1")))
		require.NoError(t, w.RemoveRecord(ctx, comuneA, registry.ConflictBook, "2"))
		got, err := w.Record(ctx, comuneA, registry.ConflictBook, "1")
		require.NoError(t, err)
		assert.Equal(t, changed, got)
		var about []string
		for r, err := range w.Records(ctx, registry.RecordSearch{Book: registry.ConflictBook, Subject: "77"}) {
			require.NoError(t, err)
			about = append(about, r.Comune+"/"+r.ID+"/"+r.State)
		}
		assert.Equal(t, []string{"A074/1/changed", "H501/1/open"}, about)
		n, err := w.ExpireRecords(ctx, comuneA, instant.AddDate(1, 0, 0))
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		_, err = w.Record(ctx, comuneA, registry.ConflictBook, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		require.NoError(t, w.Note(ctx, sampleJournal()[5]))
		n, err = w.Forget(ctx, comuneA, instant.Add(time.Millisecond))
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		for e, err := range w.Journal(ctx, registry.JournalSearch{Comune: comuneA}) {
			require.NoError(t, err)
			want := sampleJournal()[5]
			want.Seq = 2
			assert.Equal(t, want, e)
		}
	})
	assert.Equal(t, []string{"H501/1"}, keys(t, s, registry.RecordSearch{Book: registry.ConflictBook, Subject: "77"}))
}

func storeBooksAliasing(t *testing.T, s registry.Store) {
	given := sampleRecord(comuneA, "1")
	putRecords(t, s, given)
	given.Body[0] = 'x'
	for range 2 {
		got, err := record(t, s, comuneA, given.Book, "1")
		require.NoError(t, err)
		assert.Equal(t, sampleRecord(comuneA, "1"), got)
		got.Body[0] = 'y'
		view(t, s, func(ctx context.Context, r registry.Reader) {
			for rec, err := range r.Records(ctx, registry.RecordSearch{Book: given.Book, Comune: comuneA}) {
				require.NoError(t, err)
				rec.Body[1] = 'z'
			}
		})
	}
}

func storeBooksConcurrent(t *testing.T, s registry.Store) {
	const writers, each = 6, 8
	first := sampleRecord(comuneA, "1")
	first.Body = nil
	putRecords(t, s, first)
	var group sync.WaitGroup
	errs := make(chan error, writers*each)
	for i := range writers {
		group.Go(func() {
			for range each {
				errs <- s.Update(t.Context(), func(w registry.Writer) error {
					q := registry.RecordSearch{Book: first.Book, Subject: first.Subject}
					if i%2 == 0 {
						q = registry.RecordSearch{Book: first.Book, Comune: comuneA}
					}
					for r, err := range w.Records(t.Context(), q) {
						if err != nil {
							return err
						}
						r.Body = append(r.Body, 'x')
						return w.PutRecord(t.Context(), r)
					}
					return errors.New("the record is gone")
				})
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	got, err := record(t, s, comuneA, first.Book, "1")
	require.NoError(t, err)
	assert.Len(t, got.Body, writers*each, "no update was lost")
}

func storeReadersConcurrent(t *testing.T, s registry.Store) {
	const writers, each = 4, 6
	put := func(ctx context.Context, w registry.Writer, section string) error {
		return w.PutElector(ctx, comuneA,
			electoral.Elector{ANPRID: "1", General: &electoral.Enrolment{Comune: comuneA, Section: section}})
	}
	update(t, s, func(ctx context.Context, w registry.Writer) { require.NoError(t, put(ctx, w, "0")) })
	// Each way reads how often was counted so far, and counts.
	type counter func(ctx context.Context, w registry.Writer) error
	next := func(section string) string { return oneMore(t, section) }
	ways := map[string]counter{
		"Search": func(ctx context.Context, w registry.Writer) error {
			for e, err := range w.Search(ctx, registry.Search{Comune: comuneA}) {
				if err != nil {
					return err
				}
				return put(ctx, w, next(e.General.Section))
			}
			return errors.New("the elector is gone")
		},
		"Counts": func(ctx context.Context, w registry.Writer) error {
			counts, err := w.Counts(ctx, comuneA)
			if err != nil {
				return err
			}
			return put(ctx, w, next(counts[0].Section))
		},
		"Journal": func(ctx context.Context, w registry.Writer) error {
			n := 0
			for _, err := range w.Journal(ctx, registry.JournalSearch{Comune: comuneA}) {
				if err != nil {
					return err
				}
				n++
			}
			return w.Note(ctx, registry.JournalEntry{Comune: comuneA, ANPRID: "1",
				At: instant.Add(time.Duration(n) * time.Millisecond), Operation: electoral.OpChange})
		},
	}
	count := func(q registry.RecordSearch) counter {
		return func(ctx context.Context, w registry.Writer) error {
			n := 0
			for _, err := range w.Records(ctx, q) {
				if err != nil {
					return err
				}
				n++
			}
			return w.PutRecord(ctx,
				registry.Record{Comune: comuneA, Book: q.Book, ID: fmt.Sprint(n), Subject: "1", At: instant})
		}
	}
	books := []registry.RecordSearch{{Book: registry.LoadBook, Comune: comuneA},
		{Book: registry.ConflictBook, Comune: comuneA, Subject: "1"}}
	for _, q := range books {
		ways["Records "+string(q.Book)] = count(q)
	}
	for name, way := range ways {
		var group sync.WaitGroup
		for range writers {
			group.Go(func() {
				for range each {
					assert.NoError(t, s.Update(t.Context(),
						func(w registry.Writer) error { return way(t.Context(), w) }), name)
				}
			})
		}
		group.Wait()
	}
	assert.Equal(t, []string{"1"}, ids(t, s, electoral.GeneralList, comuneA, fmt.Sprint(2*writers*each)),
		"no update was lost")
	assert.Len(t, journal(t, s, registry.JournalSearch{Comune: comuneA}), writers*each, "no entry was lost")
	for _, q := range books {
		assert.Len(t, keys(t, s, q), writers*each, "no record was lost")
	}
}

// oneMore returns the number after the one of a section.
func oneMore(t *testing.T, section string) string {
	n := 0
	_, err := fmt.Sscan(section, &n)
	assert.NoError(t, err)
	return fmt.Sprint(n + 1)
}

func storeBooksCancelled(t *testing.T, s registry.Store) {
	r, entry := sampleRecord(comuneA, "1"), sampleJournal()[1]
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutRecord(ctx, r))
		require.NoError(t, w.Note(ctx, entry))
		require.NoError(t, w.PutElector(ctx, comuneA, SampleElector("1", comuneA, "1")))
		require.NoError(t, w.PutSection(ctx, SampleSection(comuneA, "1")))
	})
	type call = func(ctx context.Context, w registry.Writer) error
	for name, do := range map[string]call{
		"PutRecord": func(ctx context.Context, w registry.Writer) error {
			return w.PutRecord(ctx, sampleRecord(comuneA, "2"))
		},
		"RemoveRecord": func(ctx context.Context, w registry.Writer) error {
			return w.RemoveRecord(ctx, comuneA, r.Book, "1")
		},
		"Note":          func(ctx context.Context, w registry.Writer) error { return w.Note(ctx, sampleJournal()[2]) },
		"RemoveElector": func(ctx context.Context, w registry.Writer) error { return w.RemoveElector(ctx, "1") },
		"RemoveSection": func(ctx context.Context, w registry.Writer) error {
			return w.RemoveSection(ctx, comuneA, "1")
		},
		"ExpireRecords": func(ctx context.Context, w registry.Writer) error {
			_, err := w.ExpireRecords(ctx, comuneA, instant.AddDate(1, 0, 0))
			return err
		},
		"Forget": func(ctx context.Context, w registry.Writer) error {
			_, err := w.Forget(ctx, comuneA, instant.AddDate(1, 0, 0))
			return err
		},
		"Record": func(ctx context.Context, w registry.Writer) error {
			_, err := w.Record(ctx, comuneA, r.Book, "1")
			return err
		},
		"Counts": func(ctx context.Context, w registry.Writer) error { _, err := w.Counts(ctx, comuneA); return err },
		"Search": func(ctx context.Context, w registry.Writer) (last error) {
			for _, last = range w.Search(ctx, registry.Search{Comune: comuneA}) {
			}
			return last
		},
		"Records": func(ctx context.Context, w registry.Writer) (last error) {
			for _, last = range w.Records(ctx, registry.RecordSearch{Book: r.Book, Comune: comuneA}) {
			}
			return last
		},
		"Journal": func(ctx context.Context, w registry.Writer) (last error) {
			for _, last = range w.Journal(ctx, registry.JournalSearch{Comune: comuneA}) {
			}
			return last
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		require.ErrorIs(t, s.Update(ctx, func(w registry.Writer) error {
			cancel()
			return do(ctx, w)
		}), context.Canceled, name)
	}
	assert.Equal(t, []string{"A074/1"}, keys(t, s, registry.RecordSearch{Book: r.Book, Comune: comuneA}))
	entry.Seq = 1
	assert.Equal(t, []registry.JournalEntry{entry}, journal(t, s, registry.JournalSearch{Comune: comuneA}))
	assert.Equal(t, []string{"1"}, ids(t, s, electoral.GeneralList, comuneA, "1"))
}

func storeBooksBreak(t *testing.T, s registry.Store) {
	noted(t, s, sampleJournal()...)
	putRecords(t, s, sampleRecord(comuneA, "1"), sampleRecord(comuneA, "2"))
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for _, err := range r.Journal(ctx, registry.JournalSearch{Comune: comuneA}) {
			require.NoError(t, err)
			break
		}
		for _, q := range []registry.RecordSearch{{Comune: comuneA}, {Subject: "77"}} {
			q.Book = registry.ConflictBook
			for first, err := range r.Records(ctx, q) {
				require.NoError(t, err)
				// The reader may be used in the loop.
				again, err := r.Record(ctx, comuneA, q.Book, first.ID)
				require.NoError(t, err)
				assert.Equal(t, first, again)
				break
			}
		}
		_, err := r.Record(ctx, comuneA, registry.ConflictBook, "1")
		require.NoError(t, err)
	})
}
