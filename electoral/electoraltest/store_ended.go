package electoraltest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// storeEnded keeps a reader and a writer after the call that gave them, while others
// use the store: the connection behind it may be theirs now.
func storeEnded(t *testing.T, s registry.Store) {
	var kept []registry.Writer
	keep := func(result error) {
		err := s.Update(t.Context(), func(w registry.Writer) error {
			kept = append(kept, w)
			return join(w.PutSection(t.Context(), SampleSection(comuneA, "1")), result)
		})
		require.ErrorIs(t, err, result)
	}
	keep(nil)
	keep(errors.New("no"))
	var reader registry.Reader
	view(t, s, func(_ context.Context, r registry.Reader) { reader = r })
	var others sync.WaitGroup
	stop := make(chan struct{})
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = s.Update(t.Context(), func(w registry.Writer) error {
				return w.PutSection(t.Context(), SampleSection(comuneA, "1"))
			})
		}
	})
	for range 20 {
		for _, w := range kept {
			require.ErrorIs(t, w.PutSection(t.Context(), SampleSection(comuneA, "99")), registry.ErrEnded)
			require.ErrorIs(t, w.PutElector(t.Context(), comuneA, electoral.Elector{ANPRID: "1"}), registry.ErrEnded)
			require.ErrorIs(t, w.RemoveSection(t.Context(), comuneA, "1"), registry.ErrEnded)
			require.ErrorIs(t, w.PutRecord(t.Context(), registry.Record{Comune: comuneA, Book: registry.LoadBook,
				ID: "x"}), registry.ErrEnded)
			_, err := w.Section(t.Context(), comuneA, "1")
			require.ErrorIs(t, err, registry.ErrEnded)
		}
		_, err := reader.Section(t.Context(), comuneA, "1")
		require.ErrorIs(t, err, registry.ErrEnded)
		_, _, err = reader.Elector(t.Context(), "1")
		require.ErrorIs(t, err, registry.ErrEnded)
		for _, err := range reader.Sections(t.Context(), comuneA) {
			require.ErrorIs(t, err, registry.ErrEnded)
		}
	}
	close(stop)
	others.Wait()
	view(t, s, func(ctx context.Context, r registry.Reader) {
		_, err := r.Section(ctx, comuneA, "99")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		_, err = r.Section(ctx, comuneA, "1")
		require.NoError(t, err)
	})
}

func join(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
