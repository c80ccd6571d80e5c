//go:build !windows

package delivery_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/certificate/delivery/deliverytest"
)

// newMaildir makes an empty one, and a function by which a mail arrives in it.
func newMaildir(t testing.TB) (*delivery.Maildir, func(part, mail string)) {
	dir := filepath.Join(t.TempDir(), "Maildir")
	for _, part := range []string{"", "new", "cur", "tmp"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, part), 0o700))
	}
	n := 0
	return &delivery.Maildir{Dir: dir}, func(part, mail string) {
		n++
		name := fmt.Sprintf("%d.M1P1.host", 999_999_990+n) // one digit more after ten
		if part == "cur" {
			name += ":2,"
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "tmp", name), []byte(mail), 0o600))
		require.NoError(t, os.Rename(filepath.Join(dir, "tmp", name), filepath.Join(dir, part, name)))
	}
}

func mailsIn(t testing.TB, dir string, parts ...string) int {
	n := 0
	for _, part := range parts {
		entries, err := os.ReadDir(filepath.Join(dir, part))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		n += len(entries)
	}
	return n
}

func TestMaildir(t *testing.T) {
	for _, part := range []string{"new", "cur"} {
		t.Run(part, func(t *testing.T) {
			deliverytest.TestMailbox(t, func(t *testing.T) deliverytest.Box {
				box, put := newMaildir(t)
				return deliverytest.Box{
					Mailbox: box, Put: func(_ *testing.T, mail string) { put(part, mail) },
					Waiting: func(t *testing.T) int { return mailsIn(t, box.Dir, "new", "cur") },
					Filed: func(t *testing.T) (int, int) {
						return mailsIn(t, box.Dir, ".Ricevute/cur"), mailsIn(t, box.Dir, ".Da vedere/cur")
					},
				}
			})
		})
	}
}

func TestMaildirCollect(t *testing.T) {
	box, put := newMaildir(t)
	b, p, m := signedBench(t)
	put("new", signedReceipt(t, p, "accettazione", m[0]))
	put("cur", signedReceipt(t, p, "avvenuta-consegna", m[0]))
	put("new", "Subject: x\r\n\r\nx\r\n")
	got, err := b.Collect(t.Context(), box, 10)
	require.NoError(t, err)
	assert.Equal(t, delivery.Collection{Changed: 2, Others: 1}, got)
	assert.Equal(t, delivery.Delivered, b.get(t, m[0]).State)
}

func TestMaildirRefuses(t *testing.T) {
	take := func(context.Context, io.Reader) (delivery.Filing, error) { return delivery.Done, nil }
	require.ErrorIs(t, (&delivery.Maildir{Dir: filepath.Join(t.TempDir(), "none")}).Receive(t.Context(), 1, take), fs.ErrNotExist)
	box, put := newMaildir(t)
	for _, name := range []string{"../x", "a.b", "Già"} {
		require.ErrorContains(t, (&delivery.Maildir{Dir: box.Dir, DoneFolder: name}).Receive(t.Context(), 1, take), "expected ASCII")
	}
	// A link is not a mail: it could lead anywhere.
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("x"), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(box.Dir, "new", "1.link")))
	put("new", "Subject: x\r\n\r\nx\r\n")
	n := 0
	require.NoError(t, box.Receive(t.Context(), 10, func(context.Context, io.Reader) (delivery.Filing, error) {
		n++
		return delivery.Done, nil
	}))
	assert.Equal(t, 1, n)
	// A mail that is taken away while others are read is none.
	put("new", "Subject: a\r\n\r\nx\r\n")
	put("new", "Subject: b\r\n\r\nx\r\n")
	require.NoError(t, box.Receive(t.Context(), 10, func(context.Context, io.Reader) (delivery.Filing, error) {
		n++
		matches, err := filepath.Glob(filepath.Join(box.Dir, "new", "*3.M1P1.host"))
		require.NoError(t, err)
		for _, m := range matches {
			require.NoError(t, os.Remove(m))
		}
		return delivery.Done, nil
	}))
	assert.Equal(t, 2, n)
}
