package captcha_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify/captcha"
)

// TestRising counts challenges exactly: free ones, those with more and more work,
// and the last.
func TestRising(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	r, err := captcha.NewRising(captcha.RisingConfig{Free: 4, Window: time.Minute, First: 10, Most: 12, Budget: 40,
		Now: func() time.Time { return now }})
	require.NoError(t, err)
	for n := 1; n <= 40; n++ {
		want := 0
		switch {
		case n > 16:
			want = 12 // from 16 on, and never more
		case n >= 16:
			want = 12
		case n >= 8:
			want = 11
		case n > 4:
			want = 10
		}
		got, err := r.Work(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, want, got, n)
	}
	for range 3 {
		_, err = r.Work(t.Context(), "a")
		require.ErrorIs(t, err, captcha.ErrBudget)
	}
	got, err := r.Work(t.Context(), "b")
	require.NoError(t, err)
	require.Zero(t, got, "another client")
	now = now.Add(15 * time.Second) // room for one more
	_, err = r.Work(t.Context(), "a")
	require.NoError(t, err)
	_, err = r.Work(t.Context(), "a")
	require.ErrorIs(t, err, captcha.ErrBudget)
	now = now.Add(9*time.Minute + 30*time.Second) // 40 at 4 a minute, with two to spare
	got, err = r.Work(t.Context(), "a")
	require.NoError(t, err)
	require.Zero(t, got)
	for _, change := range []time.Duration{-time.Hour, time.Hour} { // a clock that was set back, and right again
		now = now.Add(change)
		got, err = r.Work(t.Context(), "a")
		require.NoError(t, err)
	}
	require.Equal(t, 10, got, "it gave nothing away")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Work(ctx, "a")
	require.ErrorIs(t, err, context.Canceled)
}

// TestRisingClients: for whom there is no room, one count; who is idle makes room.
func TestRisingClients(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	r, err := captcha.NewRising(captcha.RisingConfig{Free: 2, Window: time.Minute, Clients: 3, First: 5,
		Now: func() time.Time { return now }})
	require.NoError(t, err)
	work := func(client string) int {
		n, err := r.Work(t.Context(), client)
		require.NoError(t, err)
		return n
	}
	for n := range 3 {
		require.Zero(t, work(fmt.Sprint(n)))
	}
	require.Zero(t, work("x"))
	require.Zero(t, work("y"))
	require.Equal(t, 5, work("z"), "the third of the others")
	require.Zero(t, work("0"), "a known one is not of them")
	now = now.Add(time.Hour)
	for n := range 3 {
		require.Zero(t, work(fmt.Sprint("new", n)))
	}
}

func TestRisingConfig(t *testing.T) {
	for _, cfg := range []captcha.RisingConfig{{Free: -1}, {Window: time.Millisecond}, {First: 25}, {First: 10, Most: 9},
		{Most: 30}, {Budget: 1}, {Clients: -1}} {
		_, err := captcha.NewRising(cfg)
		require.Error(t, err, "%+v", cfg)
	}
	_, err := captcha.NewRising(captcha.RisingConfig{})
	require.NoError(t, err)
}

// TestEffort asks a client that has used much for work, which the answer then needs.
func TestEffort(t *testing.T) {
	start := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	r, err := captcha.NewRising(captcha.RisingConfig{Free: 1, First: 4, Most: 6, Budget: 3,
		Now: func() time.Time { return start }})
	require.NoError(t, err)
	c, err := captcha.New(captcha.Config{Key: bytes.Repeat([]byte{1}, 32), Effort: r})
	require.NoError(t, err)
	ctx := captcha.WithClient(t.Context(), "192.0.2.1")
	for n, want := range []int{0, 5, 5} {
		ch, err := c.New(ctx, "prova")
		require.NoError(t, err)
		require.Equal(t, want, ch.Work, n)
		if want == 0 {
			continue
		}
		require.ErrorIs(t, c.Check(ctx, "prova", captcha.Answer{ID: ch.ID, Text: "000000"}), captcha.ErrWork)
		proof, err := captcha.Work(ctx, ch)
		require.NoError(t, err)
		err = c.Check(ctx, "prova", captcha.Answer{ID: ch.ID, Text: "x", Work: proof})
		require.ErrorIs(t, err, captcha.ErrWrong)
	}
	_, err = c.New(ctx, "prova")
	require.ErrorIs(t, err, captcha.ErrBudget)
	require.NotEmpty(t, captcha.Message(err))
	ch, err := c.New(t.Context(), "prova")
	require.NoError(t, err)
	require.Zero(t, ch.Work, "another client")
	c, err = captcha.New(captcha.Config{Key: bytes.Repeat([]byte{1}, 32), Effort: r, Work: 7})
	require.NoError(t, err)
	ch, err = c.New(captcha.WithClient(t.Context(), "192.0.2.2"), "prova")
	require.NoError(t, err)
	require.Equal(t, 7, ch.Work, "never less than asked of all")
}
