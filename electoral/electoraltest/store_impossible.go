package electoraltest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// storeImpossible gives a store each value that none can keep, in each field: it is
// refused with the same error everywhere, and nothing of it stands.
func storeImpossible(t *testing.T, s registry.Store) {
	tries := 0
	section, elector := SampleSection(comuneA, "1"), SampleElector("1", comuneA, "1")
	tries += refuses(t, s, section, func(w registry.Writer, v electoral.Section) error {
		return w.PutSection(t.Context(), v)
	})
	tries += refuses(t, s, elector, func(w registry.Writer, v electoral.Elector) error {
		return w.PutElector(t.Context(), comuneA, v)
	})
	tries += refuses(t, s, comuneA, func(w registry.Writer, home string) error {
		return w.PutElector(t.Context(), home, elector)
	})
	record := registry.Record{Comune: comuneA, Book: registry.LoadBook, ID: "x", Subject: "1", State: "s",
		At: time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC), Body: []byte("\xff\x00")}
	tries += refuses(t, s, record, func(w registry.Writer, v registry.Record) error {
		return w.PutRecord(t.Context(), v)
	})
	entry := registry.JournalEntry{Comune: comuneA, ANPRID: "1", At: record.At, Operation: electoral.OpEnrol}
	tries += refuses(t, s, entry, func(w registry.Writer, v registry.JournalEntry) error {
		return w.Note(t.Context(), v)
	})
	// The optional interfaces, of a store that has them.
	tries += refuses(t, s, record, func(w registry.Writer, v registry.Record) error {
		if b, ok := w.(registry.BulkBookWriter); ok {
			return b.PutRecords(t.Context(), []registry.Record{v})
		}
		return registry.ErrImpossible
	})
	tries += refuses(t, s, elector, func(w registry.Writer, v electoral.Elector) error {
		if b, ok := w.(registry.BulkWriter); ok {
			return b.AddElectors(t.Context(), comuneA, []electoral.Elector{SampleElector("2", comuneA, "1"), v})
		}
		return registry.ErrImpossible
	})
	move := registry.ElectorMove{From: comuneA, To: comuneB, Sections: map[string]string{"1": "2"},
		Notes: []registry.JournalEntry{entry}}
	tries += refuses(t, s, move, func(w registry.Writer, v registry.ElectorMove) error {
		if m, ok := w.(registry.SuccessionWriter); ok {
			_, err := m.MoveElectors(t.Context(), v)
			return err
		}
		return registry.ErrImpossible
	})
	tries += refuses(t, s, "2", func(w registry.Writer, to string) error {
		if m, ok := w.(registry.SectionMover); ok {
			return m.MoveEnrolled(t.Context(), comuneA, comuneA, "1", to, []string{"1"})
		}
		return registry.ErrImpossible
	})
	require.Greater(t, tries, 300)
	// The store is as it was, and takes what is right.
	require.NoError(t, s.Update(t.Context(), func(w registry.Writer) error {
		_, _, err := w.Elector(t.Context(), "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		return errors.Join(w.PutSection(t.Context(), section), w.PutElector(t.Context(), comuneA, elector),
			w.PutRecord(t.Context(), record), w.Note(t.Context(), entry))
	}))
}

// refuses gives a store a value with each flaw that makes it impossible.
func refuses[T any](t *testing.T, s registry.Store, sample T, put func(w registry.Writer, v T) error) (tries int) {
	t.Helper()
	for v := range Spoilt(sample) {
		if !slices.Contains(Impossible(), v.Flaw) {
			continue
		}
		tries++
		err := s.Update(t.Context(), func(w registry.Writer) error { return put(w, v.Value) })
		require.ErrorIs(t, err, registry.ErrImpossible, "%T: %s: %s", sample, v.Path, v.Flaw)
		require.NotContains(t, err.Error(), "\xff", "what it says of a person stays out of logs")
	}
	return tries
}

// TestPutPersons holds what writes persons into a population to its refusals: put is
// given persons, each with one field that no population can give back as it was.
func TestPutPersons(t *testing.T, put func(electoral.Person) error) {
	tries := 0
	for v := range Spoilt(SamplePersons()[0]) {
		if !slices.Contains(Impossible(), v.Flaw) {
			continue
		}
		tries++
		err := put(v.Value)
		require.ErrorIs(t, err, registry.ErrImpossible, "%s: %s", v.Path, v.Flaw)
		require.NotContains(t, err.Error(), "ROSSI")
		require.NotContains(t, err.Error(), "\xff")
	}
	require.Greater(t, tries, 50)
	for _, id := range []string{"", "x", "12345678901234567", " 1"} {
		p := SamplePersons()[0]
		p.ANPRID = id
		require.ErrorIs(t, put(p), registry.ErrImpossible, id)
	}
	for _, p := range SamplePersons() {
		require.NoError(t, put(p))
	}
}
