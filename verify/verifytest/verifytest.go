// Package verifytest holds the suite that a source of trust of package verify
// passes.
package verifytest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify"
)

// TestTrustSource holds a source to its contract. open makes one that holds the
// anchors, in any order.
func TestTrustSource(t *testing.T, open func(t *testing.T, anchors []verify.Anchor) verify.TrustSource, seal, stamp,
	both verify.Anchor) {
	seal.Purposes, stamp.Purposes = []verify.Purpose{verify.PurposeSeal}, []verify.Purpose{verify.PurposeTimestamp}
	both.Purposes = nil
	has := func(list []verify.Anchor, a verify.Anchor) bool {
		for i := range list {
			if list[i].Certificate.Equal(a.Certificate) {
				return true
			}
		}
		return false
	}
	t.Run("nobody", func(t *testing.T) {
		list, err := open(t, nil).Anchors(t.Context(), verify.PurposeSeal)
		require.NoError(t, err)
		assert.Empty(t, list)
	})
	t.Run("by purpose", func(t *testing.T) {
		s := open(t, []verify.Anchor{seal, stamp, both})
		for purpose, want := range map[verify.Purpose][3]bool{verify.PurposeSeal: {true, false, true},
			verify.PurposeTimestamp: {false, true, true}} {
			list, err := s.Anchors(t.Context(), purpose)
			require.NoError(t, err)
			for i, a := range []verify.Anchor{seal, stamp, both} {
				assert.Equal(t, want[i], has(list, a), "%s: %d", purpose, i)
			}
			for _, a := range list {
				assert.NotNil(t, a.Certificate)
			}
		}
	})
	t.Run("what it knows of them", func(t *testing.T) {
		s := open(t, []verify.Anchor{seal})
		list, err := s.Anchors(t.Context(), verify.PurposeSeal)
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.Equal(t, seal.Qualified, list[0].Qualified)
		assert.True(t, seal.From.Equal(list[0].From) && seal.Until.Equal(list[0].Until),
			"dates, past ones too: the time that counts is the document's")
	})
	t.Run("at once", func(t *testing.T) {
		s := open(t, []verify.Anchor{seal, both})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				list, err := s.Anchors(t.Context(), verify.PurposeSeal)
				assert.NoError(t, err)
				assert.Len(t, list, 2)
			})
		}
		wg.Wait()
	})
}
