package deliverytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// A Box is a mailbox under test. Put makes a mail arrive, Waiting returns how
// many wait, Filed how many were filed as done and as other.
type Box struct {
	Mailbox delivery.Mailbox
	Put     func(t *testing.T, mail string)
	Waiting func(t *testing.T) int
	Filed   func(t *testing.T) (done, other int)
}

// TestMailbox runs the tests of a [delivery.Mailbox]. open makes an empty box
// for each test.
func TestMailbox(t *testing.T, open func(t *testing.T) Box) {
	for _, c := range []struct {
		name, reason string
		run          func(t *testing.T, b Box)
	}{
		{"empty", "a service that asks every minute mostly finds nothing", boxEmpty},
		{"in order", "a receipt must be read as it was signed, and one of acceptance before one of delivery", boxOrder},
		{"not more", "a call for ten mails must not get a thousand", boxLimit},
		{"filed after", "a mail that is filed before its effect is durable is lost in a crash", boxAfter},
		{"refused", "a mail of which the effect could not be kept must come again", boxRefused},
		{"cancelled", "a service that ends must leave the rest for later", boxCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("why it matters: %s", c.reason)
				}
			}()
			c.run(t, open(t))
		})
	}
}

// letter returns made-up mail n, with line breaks and bytes that must arrive
// unchanged.
func letter(n int) string {
	return fmt.Sprintf("Subject: %d\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Content-Transfer-Encoding: 8bit\r\n\r\nPerché \x00 no.\r\n.\r\n\r\n", n)
}

// receive takes mails in and returns them; each is filed as how says.
func receive(t *testing.T, b Box, n int, how func(i int) (delivery.Filing, error)) (mails []string, err error) {
	err = b.Mailbox.Receive(t.Context(), n, func(_ context.Context, mail io.Reader) (delivery.Filing, error) {
		data, err := io.ReadAll(mail)
		require.NoError(t, err)
		mails = append(mails, string(data))
		return how(len(mails) - 1)
	})
	return mails, err
}

func allDone(int) (delivery.Filing, error) { return delivery.Done, nil }

func counts(t *testing.T, b Box) [3]int {
	done, other := b.Filed(t)
	return [3]int{b.Waiting(t), done, other}
}

func boxEmpty(t *testing.T, b Box) {
	for range 2 {
		mails, err := receive(t, b, 10, allDone)
		require.NoError(t, err)
		assert.Empty(t, mails)
	}
}

func boxOrder(t *testing.T, b Box) {
	var want []string
	for n := range 12 {
		want = append(want, letter(n))
		b.Put(t, letter(n))
	}
	mails, err := receive(t, b, 100, func(i int) (delivery.Filing, error) {
		return []delivery.Filing{delivery.Done, delivery.Other, delivery.Done}[i%3], nil
	})
	require.NoError(t, err)
	assert.Equal(t, want, mails)
	assert.Equal(t, [3]int{0, 8, 4}, counts(t, b))
}

func boxLimit(t *testing.T, b Box) {
	for n := range 5 {
		b.Put(t, letter(n))
	}
	for _, n := range []int{0, -1} {
		mails, err := receive(t, b, n, allDone)
		require.NoError(t, err)
		assert.Empty(t, mails)
	}
	mails, err := receive(t, b, 2, allDone)
	require.NoError(t, err)
	assert.Equal(t, []string{letter(0), letter(1)}, mails)
	mails, err = receive(t, b, 100, allDone)
	require.NoError(t, err)
	assert.Equal(t, []string{letter(2), letter(3), letter(4)}, mails)
}

func boxAfter(t *testing.T, b Box) {
	for n := range 3 {
		b.Put(t, letter(n))
	}
	_, err := receive(t, b, 10, func(i int) (delivery.Filing, error) {
		assert.Equal(t, [3]int{3 - i, i, 0}, counts(t, b), "while mail %d is taken in", i)
		return delivery.Done, nil
	})
	require.NoError(t, err)
}

func boxRefused(t *testing.T, b Box) {
	for n := range 3 {
		b.Put(t, letter(n))
	}
	down := errors.New("the outbox is down")
	for range 2 {
		mails, err := receive(t, b, 10, func(int) (delivery.Filing, error) { return delivery.Done, down })
		require.ErrorIs(t, err, down)
		assert.Equal(t, []string{letter(0)}, mails, "the first error ends the call")
	}
	_, err := receive(t, b, 10, func(int) (delivery.Filing, error) { return "elsewhere", nil })
	require.Error(t, err)
	assert.Equal(t, [3]int{3, 0, 0}, counts(t, b))
	mails, err := receive(t, b, 10, allDone)
	require.NoError(t, err)
	assert.Len(t, mails, 3)
}

func boxCancelled(t *testing.T, b Box) {
	for n := range 3 {
		b.Put(t, letter(n))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	taken := 0
	err := b.Mailbox.Receive(ctx, 10, func(context.Context, io.Reader) (delivery.Filing, error) {
		if taken++; taken == 2 {
			cancel()
			return "", ctx.Err()
		}
		return delivery.Done, nil
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, [3]int{2, 1, 0}, counts(t, b))
	require.ErrorIs(t, b.Mailbox.Receive(ctx, 10, nil), context.Canceled)
}
