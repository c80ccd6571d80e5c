package rates_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/limits/rates"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// A clock is moved by the test.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time       { return time.Unix(1_700_000_000, c.at.Load()) }
func (c *clock) move(d time.Duration) { c.at.Add(int64(d)) }

func limiter(t *testing.T, c *clock, most int, all map[rates.Class]rates.Rate) *rates.Limiter {
	t.Helper()
	l, err := rates.New(rates.Config{Rates: all, Most: most, Now: c.now})
	require.NoError(t, err)
	return l
}

// passed counts how many of n requests are allowed.
func passed(l *rates.Limiter, of rates.Class, name string, n int) (allowed int) {
	for range n {
		if _, ok := l.Allow(of, name); ok {
			allowed++
		}
	}
	return allowed
}

func TestClasses(t *testing.T) {
	for name, all := range map[string]map[rates.Class]rates.Rate{"person": rates.Person(), "network": rates.Network()} {
		var c clock
		l := limiter(t, &c, 0, all)
		for class, rate := range all {
			require.Equal(t, rate.Burst, passed(l, class, "a", 1000), "%s %s: at once", name, class)
			require.Equal(t, rate.Burst, passed(l, class, "b", 1000), "%s %s: somebody else", name, class)
		}
		// What is spent in one class is left in the others, and comes back each in its time.
		for class, rate := range all {
			before := c.at.Load()
			c.move(rate.Every - time.Microsecond)
			wait, ok := l.Allow(class, "a")
			require.False(t, ok, "%s %s: a microsecond early", name, class)
			require.InDelta(t, time.Microsecond, wait, 10, "in nanoseconds: the library counts in floating point")
			c.move(time.Microsecond + 10)
			require.Equal(t, 1, passed(l, class, "a", 1000), "%s %s: one more", name, class)
			c.move(time.Duration(rate.Burst+50) * rate.Every)
			require.Equal(t, rate.Burst, passed(l, class, "a", 1000), "%s %s: no more than the bucket holds", name, class)
			c.at.Store(before)
		}
	}
}

// TestWait: who waits as long as he is told is served, and being refused costs nothing.
func TestWait(t *testing.T) {
	var c clock
	l := limiter(t, &c, 0, map[rates.Class]rates.Rate{rates.Forms: {Every: 3 * time.Second, Burst: 2}})
	require.Equal(t, 2, passed(l, rates.Forms, "a", 100))
	for range 5 {
		wait, ok := l.Allow(rates.Forms, "a")
		require.False(t, ok)
		require.Positive(t, wait)
		c.move(wait)
		_, ok = l.Allow(rates.Forms, "a")
		require.True(t, ok)
	}
}

// TestClockBack: a clock that is set back by a day keeps nobody out for a day.
func TestClockBack(t *testing.T) {
	var c clock
	l := limiter(t, &c, 0, map[rates.Class]rates.Rate{rates.Forms: {Every: time.Second, Burst: 3}})
	require.Equal(t, 3, passed(l, rates.Forms, "a", 10))
	c.move(-24 * time.Hour)
	wait, ok := l.Allow(rates.Forms, "a")
	require.False(t, ok)
	require.Equal(t, time.Second, wait)
	c.move(3 * time.Second)
	require.Equal(t, 3, passed(l, rates.Forms, "a", 10))
}

// TestFull: who has very many names shuts nobody out, needs no memory beyond the
// bound, and does not make those forgotten who ask all the time.
func TestFull(t *testing.T) {
	const most = 1000
	var c clock
	all := map[rates.Class]rates.Rate{rates.Pages: {Every: time.Hour, Burst: 2}, rates.Logins: {Every: time.Hour, Burst: 2}}
	l := limiter(t, &c, most, all)
	require.Equal(t, 2, passed(l, rates.Logins, "guesser", 10))
	for n := range 20 * most {
		_, ok := l.Allow(rates.Pages, fmt.Sprintf("2001:db8:%x::/64", n))
		require.True(t, ok, "%d", n)
		require.LessOrEqual(t, l.Known(rates.Pages), most)
		if n%(most/2) == 0 {
			passed(l, rates.Pages, "busy", 3)
		}
	}
	require.Equal(t, most, l.Known(rates.Pages))
	require.Zero(t, passed(l, rates.Pages, "busy", 1), "it asked all the time, and is known")
	require.Equal(t, 2, passed(l, rates.Pages, "2001:db8:0::/64", 10), "it was forgotten")
	require.Zero(t, passed(l, rates.Logins, "guesser", 1), "the classes forget apart")
	require.Equal(t, 1, l.Known(rates.Logins))
}

// TestConcurrent: however many ask at once, no more are allowed than one by one.
func TestConcurrent(t *testing.T) {
	var c clock
	l := limiter(t, &c, 50, map[rates.Class]rates.Rate{rates.Forms: {Every: time.Second, Burst: 40}})
	var allowed [4]atomic.Int64
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for n := range 200 {
				client := (g + n) % len(allowed)
				if _, ok := l.Allow(rates.Forms, fmt.Sprint(client)); ok {
					allowed[client].Add(1)
				}
			}
		})
	}
	wg.Wait()
	for client := range allowed {
		require.EqualValues(t, 40, allowed[client].Load(), "%d", client)
	}
	// With more names than are remembered, nothing breaks.
	for g := range 8 {
		wg.Go(func() {
			for n := range 500 {
				l.Allow(rates.Forms, fmt.Sprint("x", g, n))
			}
		})
	}
	wg.Wait()
	require.Equal(t, 50, l.Known(rates.Forms))
}

// TestModel compares the buckets with counted tokens, in whole units of time.
func TestModel(t *testing.T) {
	random := rand.New(rand.NewPCG(testenv.Seed(t, 16), 16))
	for range 200 {
		rate := rates.Rate{Every: time.Second, Burst: 1 + random.IntN(5)}
		var c clock
		l := limiter(t, &c, 0, map[rates.Class]rates.Rate{rates.Pages: rate})
		tokens := rate.Burst
		for range 100 {
			passed := random.IntN(4)
			c.move(time.Duration(passed) * time.Second)
			tokens = min(rate.Burst, tokens+passed)
			_, ok := l.Allow(rates.Pages, "a")
			require.Equal(t, tokens > 0, ok)
			tokens = max(0, tokens-1)
		}
	}
}

func TestRefused(t *testing.T) {
	good := map[rates.Class]rates.Rate{rates.Pages: {Every: time.Second, Burst: 1}}
	for name, cfg := range map[string]rates.Config{
		"no rates":        {},
		"negative number": {Rates: good, Most: -1},
		"no time":         {Rates: map[rates.Class]rates.Rate{"x": {Burst: 1}}},
		"negative time":   {Rates: map[rates.Class]rates.Rate{"x": {Every: -1, Burst: 1}}},
		"no burst":        {Rates: map[rates.Class]rates.Rate{"x": {Every: time.Second}}},
		"large burst":     {Rates: map[rates.Class]rates.Rate{"x": {Every: time.Second, Burst: rates.MaxBurst + 1}}},
		"never full":      {Rates: map[rates.Class]rates.Rate{"x": {Every: 20 * time.Hour, Burst: 1000}}},
	} {
		_, err := rates.New(cfg)
		require.Error(t, err, name)
	}
	l, err := rates.New(rates.Config{Rates: good})
	require.NoError(t, err)
	for name, ask := range map[string]struct {
		class  rates.Class
		client string
	}{
		"another class": {rates.Forms, "a"}, "nobody": {rates.Pages, ""},
		"a long name": {rates.Pages, strings.Repeat("a", rates.MaxName+1)},
	} {
		wait, ok := l.Allow(ask.class, ask.client)
		require.False(t, ok, name)
		require.Equal(t, time.Second, wait, name)
	}
	require.Zero(t, l.Known(rates.Pages)+l.Known(rates.Forms))
	_, ok := new(rates.Limiter).Allow(rates.Pages, "a")
	require.False(t, ok)
	_, ok = l.Allow(rates.Pages, "a")
	require.True(t, ok, "with the clock of the machine")
}
