// Package captchatest holds the suites that implementations of package captcha's
// interfaces pass.
//
//	func TestSpent(t *testing.T) {
//		captchatest.TestSpent(t, func(t *testing.T, now func() time.Time) captcha.Spent { … })
//	}
package captchatest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify/captcha"
)

// TestSpent holds a list of used challenges to its contract. open makes an empty
// one on a clock.
func TestSpent(t *testing.T, open func(t *testing.T, now func() time.Time) captcha.Spent) {
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	t.Run("once", func(t *testing.T) {
		s := open(t, func() time.Time { return start })
		for n, want := range []bool{true, false, false} {
			first, err := s.Spend(t.Context(), "AbC_-1", start.Add(time.Minute))
			require.NoError(t, err)
			assert.Equal(t, want, first, "call %d", n)
		}
	})
	t.Run("serials are told apart", func(t *testing.T) {
		s := open(t, func() time.Time { return start })
		for _, serial := range []string{"a", "A", "b", "-", "_", strings.Repeat("a", 40), strings.Repeat("a", 39)} {
			first, err := s.Spend(t.Context(), serial, start.Add(time.Minute))
			require.NoError(t, err)
			assert.True(t, first, "%q was not used before", serial)
		}
	})
	t.Run("while it lasts, whatever comes between", func(t *testing.T) {
		now := start
		s := open(t, func() time.Time { return now })
		long := start.Add(time.Hour)
		first, err := s.Spend(t.Context(), "long", long)
		require.NoError(t, err)
		require.True(t, first)
		for n := range 50 {
			now = now.Add(time.Minute)
			_, err := s.Spend(t.Context(), fmt.Sprint("short-", n), now.Add(time.Second))
			require.NoError(t, err)
		}
		now = long.Add(-time.Millisecond)
		first, err = s.Spend(t.Context(), "long", long)
		require.NoError(t, err)
		assert.False(t, first, "a record stays until it expires")
	})
	t.Run("one of many at once", func(t *testing.T) {
		s := open(t, func() time.Time { return start })
		var firsts atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				first, err := s.Spend(t.Context(), "same", start.Add(time.Minute))
				assert.NoError(t, err)
				if first {
					firsts.Add(1)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, int32(1), firsts.Load())
	})
}

// A Solver gives the answer to a challenge, as a person would.
type Solver func(t *testing.T, c captcha.Challenge) captcha.Answer

// TestCaptcha holds a captcha to its contract. open makes one on a clock, with
// what solves its challenges.
func TestCaptcha(t *testing.T, open func(t *testing.T, now func() time.Time) (captcha.Captcha, Solver)) {
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	ask := func(t *testing.T, c captcha.Captcha) captcha.Challenge {
		t.Helper()
		challenge, err := c.New(t.Context(), "action")
		require.NoError(t, err)
		require.NotEmpty(t, challenge.ID)
		return challenge
	}
	t.Run("the right answer passes, once", func(t *testing.T) {
		c, solve := open(t, func() time.Time { return start })
		answer := solve(t, ask(t, c))
		require.NoError(t, c.Check(t.Context(), "action", answer))
		require.ErrorIs(t, c.Check(t.Context(), "action", answer), captcha.ErrUsed)
	})
	t.Run("a wrong answer uses it up", func(t *testing.T) {
		c, solve := open(t, func() time.Time { return start })
		answer := solve(t, ask(t, c))
		wrong := answer
		wrong.Text = "no"
		require.ErrorIs(t, c.Check(t.Context(), "action", wrong), captcha.ErrWrong)
		require.ErrorIs(t, c.Check(t.Context(), "action", answer), captcha.ErrUsed)
	})
	t.Run("for its action alone", func(t *testing.T) {
		c, solve := open(t, func() time.Time { return start })
		require.ErrorIs(t, c.Check(t.Context(), "another", solve(t, ask(t, c))), captcha.ErrForged)
	})
	t.Run("until it expires", func(t *testing.T) {
		now := start
		c, solve := open(t, func() time.Time { return now })
		challenge := ask(t, c)
		assert.True(t, challenge.Expires.After(start))
		assert.False(t, challenge.Expires.After(start.Add(time.Hour)))
		now = challenge.Expires
		require.ErrorIs(t, c.Check(t.Context(), "action", solve(t, challenge)), captcha.ErrExpired)
	})
	t.Run("of nobody else", func(t *testing.T) {
		c, solve := open(t, func() time.Time { return start })
		other, _ := open(t, func() time.Time { return start })
		require.ErrorIs(t, other.Check(t.Context(), "action", solve(t, ask(t, c))), captcha.ErrForged)
		for _, id := range []string{"", "x", strings.Repeat("A", 5000)} {
			_, err := c.Picture(t.Context(), id)
			require.ErrorIs(t, err, captcha.ErrForged)
			_, err = c.Audio(t.Context(), id)
			require.ErrorIs(t, err, captcha.ErrForged)
		}
	})
	t.Run("the same picture and sound each time", func(t *testing.T) {
		c, _ := open(t, func() time.Time { return start })
		challenge := ask(t, c)
		for _, render := range []func(context.Context, string) ([]byte, error){c.Picture, c.Audio} {
			first, err := render(t.Context(), challenge.ID)
			require.NoError(t, err)
			again, err := render(t.Context(), challenge.ID)
			require.NoError(t, err)
			assert.Equal(t, first, again, "many askings would average the noise away")
		}
	})
	t.Run("one of many answers at once", func(t *testing.T) {
		c, solve := open(t, func() time.Time { return start })
		answer := solve(t, ask(t, c))
		var passed atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if c.Check(t.Context(), "action", answer) == nil {
					passed.Add(1)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, int32(1), passed.Load())
	})
}
