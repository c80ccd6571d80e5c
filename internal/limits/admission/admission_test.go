package admission_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/limits/admission"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

func gate(t *testing.T, cfg admission.Config) *admission.Gate {
	t.Helper()
	g, err := admission.New(cfg)
	require.NoError(t, err)
	return g
}

// A crowd is those who ask a gate in a test's bubble.
type crowd struct {
	t *testing.T
	g *admission.Gate

	mu       sync.Mutex
	admitted []string         // in the order in which they were
	errs     map[string]error // of those who were not
	leave    map[string]func()
}

func newCrowd(t *testing.T, cfg admission.Config) *crowd {
	return &crowd{t: t, g: gate(t, cfg), errs: map[string]error{}, leave: map[string]func(){}}
}

// come sends in one of a client, and returns when he works, waits or is refused.
func (c *crowd) come(ctx context.Context, client, who string) {
	go func() {
		leave, err := c.g.Enter(ctx, client)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil {
			c.errs[who] = err
			return
		}
		c.admitted, c.leave[who] = append(c.admitted, who), leave
	}()
	synctest.Wait()
}

// done lets one leave.
func (c *crowd) done(who string) {
	c.t.Helper()
	c.mu.Lock()
	leave := c.leave[who]
	c.mu.Unlock()
	require.NotNil(c.t, leave, "%s is not at work", who)
	leave()
	synctest.Wait()
}

func (c *crowd) counts(working, waiting int) {
	c.t.Helper()
	at, in, _, _ := c.g.Count()
	require.Equal(c.t, []int{working, waiting}, []int{at, in})
}

func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, admission.Config{Work: 2, Wait: 2, Share: 1})
		for _, who := range []string{"a", "b", "c", "d"} {
			c.come(t.Context(), who, who)
		}
		c.counts(2, 2)
		require.Equal(t, []string{"a", "b"}, c.admitted)
		c.come(t.Context(), "e", "e")
		require.ErrorIs(t, c.errs["e"], admission.ErrFull, "at once")
		c.come(t.Context(), "a", "a again")
		require.ErrorIs(t, c.errs["a again"], admission.ErrShare)
		c.done("a")
		c.done("a") // twice
		require.Equal(t, []string{"a", "b", "c"}, c.admitted, "who came first")
		c.counts(2, 1)
		c.come(t.Context(), "a", "a again")
		c.counts(2, 2)
		for _, who := range []string{"b", "c", "d", "a again"} {
			c.done(who)
		}
		c.counts(0, 0)
		_, _, admitted, refused := c.g.Count()
		require.EqualValues(t, 5, admitted)
		require.EqualValues(t, 2, refused)
	})
}

func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, admission.Config{Work: 1, Wait: 3, Share: 1, Patience: 3 * time.Second})
		c.come(t.Context(), "a", "a")
		c.come(t.Context(), "b", "b")
		time.Sleep(time.Second)
		ctx, gone := context.WithCancel(t.Context())
		c.come(ctx, "c", "c")
		c.come(t.Context(), "d", "d")
		gone()
		synctest.Wait()
		require.ErrorIs(t, c.errs["c"], context.Canceled)
		c.counts(1, 2)
		time.Sleep(2*time.Second - time.Nanosecond)
		synctest.Wait()
		c.counts(1, 2)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.ErrorIs(t, c.errs["b"], admission.ErrWaited)
		c.counts(1, 1)
		c.done("a")
		require.Equal(t, []string{"a", "d"}, c.admitted, "nobody who has gone is given the place")
		_, _, _, refused := c.g.Count()
		require.EqualValues(t, 1, refused)
		c.come(ctx, "e", "e")
		require.ErrorIs(t, c.errs["e"], context.Canceled, "gone before he came")
		c.done("d")
		c.counts(0, 0)
	})
}

// TestGone: a client that has gone gets no place, and keeps none, in whatever moment it
// goes: before it comes, or when its place becomes free.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 300 {
			c := newCrowd(t, admission.Config{Work: 1, Share: 1})
			ctx, gone := context.WithCancel(t.Context())
			gone()
			c.come(ctx, "early", "early")
			require.ErrorIs(t, c.errs["early"], context.Canceled, "though there is room")
			c.come(t.Context(), "a", "a")
			ctx, gone = context.WithCancel(t.Context())
			c.come(ctx, "b", "b")
			gone()
			c.done("a")
			require.ErrorIs(t, c.errs["b"], context.Canceled)
			c.counts(0, 0)
		}
	})
}

// TestFair: whoever has least at work, or had no turn for longest, goes first, whatever
// waits before him.
func TestFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, admission.Config{Work: 2, Wait: 6, Share: 5})
		for n := range 5 {
			c.come(t.Context(), "greedy", fmt.Sprint("greedy", n))
		}
		c.counts(2, 3)
		c.come(t.Context(), "a", "a1")
		c.come(t.Context(), "a", "a2")
		c.come(t.Context(), "b", "b1")
		c.done("greedy0")
		c.done("greedy1")
		require.Equal(t, []string{"greedy0", "greedy1", "a1", "b1"}, c.admitted)
		c.done("a1")
		require.Equal(t, "greedy2", c.admitted[4], "neither has any at work, and its turn was longer ago")
		c.done("greedy2")
		require.Equal(t, "a2", c.admitted[5], "neither has any at work, and he has waited longer for a turn")
		c.done("a2")
		require.Equal(t, "greedy3", c.admitted[6])
	})
}

// TestDisplace: a queue full of one client's requests has room for another.
func TestDisplace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, admission.Config{Work: 1, Wait: 4, Share: 4})
		for n := range 4 {
			c.come(t.Context(), "greedy", fmt.Sprint("greedy", n))
		}
		c.come(t.Context(), "a", "a1")
		c.counts(1, 4)
		c.come(t.Context(), "b", "b1")
		require.ErrorIs(t, c.errs["greedy3"], admission.ErrFull, "who came last of the greediest")
		c.come(t.Context(), "a", "a2")
		require.ErrorIs(t, c.errs["greedy2"], admission.ErrFull)
		c.come(t.Context(), "b", "b2")
		require.ErrorIs(t, c.errs["b2"], admission.ErrFull, "nobody has more than he would have")
		c.come(t.Context(), "greedy", "greedy4")
		require.ErrorIs(t, c.errs["greedy4"], admission.ErrFull)
		c.counts(1, 4)
		for _, who := range []string{"greedy0", "a1", "b1", "greedy1", "a2"} {
			c.done(who)
		}
		c.counts(0, 0)
		require.Len(t, c.admitted, 5)
	})
}

// TestNobodyWaits: a gate without a queue.
func TestNobodyWaits(t *testing.T) {
	g := gate(t, admission.Config{Work: 1, Wait: -1})
	leave, err := g.Enter(t.Context(), "a")
	require.NoError(t, err)
	_, err = g.Enter(t.Context(), "b")
	require.ErrorIs(t, err, admission.ErrFull)
	leave()
	leave, err = g.Enter(t.Context(), "b")
	require.NoError(t, err)
	leave()
}

// TestPastCapacity: ten times as many as can be served come all the time. Whoever is
// admitted needs no more than twice his work, with the defaults; the others are told
// at once; and no time to work is lost. The time is that of the bubble.
func TestPastCapacity(t *testing.T) {
	const work = 100 * time.Millisecond
	for _, places := range []int{1, 2, 7} {
		synctest.Test(t, func(t *testing.T) {
			g := gate(t, admission.Config{Work: places})
			var mu sync.Mutex
			var served, refused int
			var wg sync.WaitGroup
			const rounds = 200
			for n := range rounds * places * 10 {
				wg.Go(func() {
					time.Sleep(time.Duration(n) * work / time.Duration(places*10))
					began := time.Now()
					leave, err := g.Enter(t.Context(), fmt.Sprint(n))
					if err != nil {
						assert.Zero(t, time.Since(began), "told at once")
						assert.ErrorIs(t, err, admission.ErrFull)
					} else {
						time.Sleep(work)
						leave()
						assert.LessOrEqual(t, time.Since(began), 2*work)
					}
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						refused++
					} else {
						served++
					}
				})
			}
			wg.Wait()
			require.GreaterOrEqual(t, served, rounds*places, "all that can be served is")
			require.LessOrEqual(t, served, (rounds+2)*places)
			require.Equal(t, rounds*places*10, served+refused)
		})
	}
}

// TestOneAgainstMany: beside a client who always asks for everything, one who asks for
// one thing at a time is never refused.
func TestOneAgainstMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const work = 100 * time.Millisecond
		g := gate(t, admission.Config{Work: 2})
		ctx, end := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for ctx.Err() == nil {
					leave, err := g.Enter(ctx, "greedy")
					time.Sleep(work)
					if err == nil {
						leave()
					}
				}
			})
		}
		for n := range 100 {
			began := time.Now()
			leave, err := g.Enter(t.Context(), "victim")
			require.NoError(t, err, "%d", n)
			time.Sleep(work)
			leave()
			require.LessOrEqual(t, time.Since(began), 2*work)
		}
		end()
		wg.Wait()
		working, waiting, _, refused := g.Count()
		require.Zero(t, working+waiting)
		require.Positive(t, refused)
	})
}

// TestRandom: whatever happens at once, no more work than may, no client has more than
// its share, and in the end all places are free.
func TestRandom(t *testing.T) {
	seed := testenv.Seed(t, 16)
	cfg := admission.Config{Work: 3, Wait: 4, Share: 3, Patience: 5 * time.Millisecond}
	synctest.Test(t, func(t *testing.T) {
		g := gate(t, cfg)
		var mu sync.Mutex
		working, has := 0, map[string]int{}
		var wg sync.WaitGroup
		for n := range 60 {
			random := rand.New(rand.NewPCG(seed, uint64(n)))
			client := fmt.Sprint(n % 7)
			wg.Go(func() {
				for range 200 {
					time.Sleep(time.Duration(random.IntN(5)) * time.Millisecond)
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(8))*time.Millisecond)
					leave, err := g.Enter(ctx, client)
					if err == nil {
						mu.Lock()
						working++
						has[client]++
						assert.LessOrEqual(t, working, cfg.Work)
						assert.LessOrEqual(t, has[client], cfg.Share)
						mu.Unlock()
						time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
						mu.Lock()
						working--
						has[client]--
						mu.Unlock()
						leave()
					}
					cancel()
				}
			})
		}
		wg.Wait()
		at, waiting, admitted, refused := g.Count()
		require.Zero(t, at+waiting)
		require.Positive(t, admitted)
		require.Positive(t, refused)
		for n := range cfg.Work { // no place is lost, to nobody
			_, err := g.Enter(t.Context(), "0")
			require.NoError(t, err, "%d", n)
		}
	})
}

func TestConfig(t *testing.T) {
	for name, cfg := range map[string]admission.Config{
		"negative work": {Work: -1}, "much work": {Work: admission.Most + 1}, "a long queue": {Wait: admission.Most + 1},
		"negative share": {Share: -1}, "negative patience": {Patience: -1},
	} {
		_, err := admission.New(cfg)
		require.Error(t, err, name)
	}
	_, err := new(admission.Gate).Enter(t.Context(), "a")
	require.ErrorIs(t, err, admission.ErrFull)
	for work, share := range map[int]int{1: 2, 4: 4} {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, admission.Config{Work: work})
			for n := range share {
				c.come(t.Context(), "a", fmt.Sprint(n))
			}
			c.counts(work, share-work)
			c.come(t.Context(), "a", "more")
			require.ErrorIs(t, c.errs["more"], admission.ErrShare, "half of all places, and two")
			for n := range share {
				c.done(fmt.Sprint(n))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, admission.Config{})
		work := max(1, runtime.GOMAXPROCS(0)-1)
		for n := range 2*work + 1 {
			c.come(t.Context(), fmt.Sprint(n), fmt.Sprint(n))
		}
		c.counts(work, work)
		require.Len(t, c.errs, 1)
		for n := range 2 * work {
			c.done(fmt.Sprint(n))
		}
	})
}
