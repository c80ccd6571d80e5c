package delivery_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// vault has every certificate: the outbox is what is tested.
type vault struct{}

func (vault) Get(_ context.Context, id string) (certificate.Archived, error) {
	d := archivetest.Document(1)
	d.ID = id
	return d, nil
}
func (vault) Put(context.Context, certificate.Archived) error { return certificate.ErrArchived }
func (vault) ByRequest(context.Context, string) (certificate.Archived, error) {
	return certificate.Archived{}, certificate.ErrNotArchived
}
func (vault) Owned(context.Context, string) iter.Seq2[certificate.Archived, error] {
	return func(func(certificate.Archived, error) bool) {}
}
func (vault) Sweep(context.Context, time.Time) (int, error) { return 0, nil }

// postbox is a mail server that outlives the program: a file with a line for
// each mail.
type postbox string

func (p postbox) Send(_ context.Context, m delivery.Message, _ delivery.Document) error {
	f, err := os.OpenFile(string(p), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// A write may be cut where a page ends by a kill: the next begins a line.
	_, err = f.WriteString("\n" + m.MessageID + " " + m.Address + "\n")
	return errors.Join(err, f.Close())
}

const childEnv, childFromEnv = "ANPR_TEST_DELIVERY_CHILD", "ANPR_TEST_DELIVERY_FROM"

func crashCourier(t *testing.T, dir string, now time.Time) *delivery.Courier {
	o, err := delivery.OpenSQLite(context.Background(), filepath.Join(dir, "outbox.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = o.Close() })
	c, err := delivery.New(delivery.Config{
		Outbox: o, Archive: vault{}, Mail: postbox(filepath.Join(dir, "sent")), Key: bytes.Repeat([]byte{1}, 32), Domain: "anpr.example",
		Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	return c
}

// TestCrashChild is the program that TestKilled kills: without its environment
// it does nothing. It takes orders, says which, and sends.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		return
	}
	var from int
	_, err := fmt.Sscan(os.Getenv(childFromEnv), &from)
	require.NoError(t, err)
	c := crashCourier(t, dir, noon)
	for n := from; n < 1<<20; n++ {
		m, err := c.Enqueue(context.Background(), delivery.Order{Certificate: archivetest.Document(n).ID, Channel: delivery.Email, FiscalCode: citizen, Email: address})
		require.NoError(t, err)
		_, _ = fmt.Fprintf(os.Stdout, "order %d %s\n", n, m.MessageID)
		_, err = c.Run(context.Background(), 10)
		require.NoError(t, err)
	}
}

// TestKilled kills a program that takes orders and sends: what it has taken is
// sent, once for each message, or twice with one Message-ID if it was killed
// while it was sending.
func TestKilled(t *testing.T) {
	const kills = 8
	dir := t.TempDir()
	orders, from := map[string]bool{}, 0
	for range kills {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashChild$")
		cmd.Env = append(os.Environ(), childEnv+"="+dir, fmt.Sprintf("%s=%d", childFromEnv, from))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		told := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var id string
			var n int
			if _, err := fmt.Sscanf(lines.Text(), "order %d %s", &n, &id); err != nil {
				continue
			}
			orders[id], from = true, n+2 // the next may be there without having been told
			if told++; told == 3 {
				time.AfterFunc(rand.N(40*time.Millisecond), func() { _ = cmd.Process.Kill() })
			}
		}
		require.ErrorContains(t, cmd.Wait(), "killed")
	}
	c := crashCourier(t, dir, noon.Add(time.Hour))
	for {
		r, err := c.Run(t.Context(), 1000)
		require.NoError(t, err)
		if r == (delivery.Report{}) {
			break
		}
		require.Zero(t, r.Failed+r.Skipped)
	}
	sent, err := os.ReadFile(filepath.Join(dir, "sent"))
	require.NoError(t, err)
	times, certificates, twice := map[string]int{}, map[string]string{}, 0
	for line := range strings.Lines(string(sent)) {
		id, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		if to != address {
			continue // what was cut is sent again
		}
		if times[id]++; times[id] > 1 {
			twice++
		}
		of, _, _ := strings.Cut(id, ".")
		if other, ok := certificates[of]; ok {
			require.Equal(t, other, id, "a certificate has one Message-ID")
		}
		certificates[of] = id
	}
	for id := range orders {
		of, _, _ := strings.Cut(id, ".")
		if times[id] == 0 {
			o, err := delivery.OpenSQLite(t.Context(), filepath.Join(dir, "outbox.db"))
			require.NoError(t, err)
			m, err := o.Get(t.Context(), strings.ToUpper(of), delivery.Email)
			t.Fatalf("order %s was acknowledged; of its certificate was sent %q, the outbox has %+v, %v", id, certificates[of], m, err)
		}
	}
	require.LessOrEqual(t, twice, kills)
	require.Greater(t, len(orders), kills)
	t.Logf("%d orders, %d sent twice in %d kills", len(orders), twice, kills)
}
