package delivery_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/internal/testenv"
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

// What the programs that are killed are told: where the outbox is, a folder, the
// number of the first order, the servers.
const (
	childEnv       = "ANPR_TEST_DELIVERY_OUTBOX"
	childFolderEnv = "ANPR_TEST_DELIVERY_FOLDER"
	childFromEnv   = "ANPR_TEST_DELIVERY_FROM"
	childMailEnv   = "ANPR_TEST_DELIVERY_MAIL"
	childBoxEnv    = "ANPR_TEST_DELIVERY_BOX"
)

const rootFile = "root.pem"

// saveRoot keeps a server's certificate where the child finds it.
func saveRoot(t *testing.T, dir string, cert tls.Certificate) {
	require.NoError(t, os.WriteFile(filepath.Join(dir, rootFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600))
}

// crashCourier is the courier of the program that is killed, and of that which
// comes after it.
func crashCourier(t *testing.T, place, dir, server string, now time.Time) (*delivery.Courier, delivery.Outbox) {
	root, err := os.ReadFile(filepath.Join(dir, rootFile))
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(root))
	s := &delivery.SMTP{Server: server, From: "servizio@pec.anpr.example", TLS: &tls.Config{RootCAs: pool}}
	o := openOutbox(t, place)
	c, err := delivery.New(delivery.Config{
		Outbox: o, Archive: vault{}, Mail: s, PEC: s, Domiciles: register{citizen: address}, Key: bytes.Repeat([]byte{1}, 32),
		Domain: "anpr.example", Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	return c, o
}

// TestCrashChild is the program that TestKilled kills: without its environment
// it does nothing. It takes orders, says which, and sends.
func TestCrashChild(t *testing.T) {
	place, server := os.Getenv(childEnv), os.Getenv(childMailEnv)
	if place == "" || server == "" {
		return
	}
	var from int
	_, err := fmt.Sscan(os.Getenv(childFromEnv), &from)
	require.NoError(t, err)
	c, _ := crashCourier(t, place, os.Getenv(childFolderEnv), server, noon)
	for n := from; n < 1<<20; n++ {
		m, err := c.Enqueue(context.Background(), delivery.Order{Certificate: archivetest.Document(n).ID, Channel: delivery.Email, FiscalCode: citizen, Email: address})
		require.NoError(t, err)
		_, _ = fmt.Fprintf(os.Stdout, "order %d %s\n", n, m.MessageID)
		_, err = c.Run(context.Background(), 10)
		require.NoError(t, err)
	}
}

// TestKilled kills a program that takes orders and sends them to a mail server:
// what it has taken is sent, once for each message, or twice with one Message-ID
// if it was killed while it was sending.
func TestKilled(t *testing.T) {
	eachOutbox(t, func(t *testing.T, place string) {
		const kills = 8
		dir := t.TempDir()
		server, _ := startMail(t, true, nil)
		saveRoot(t, dir, server.cert)
		orders, from := map[string]bool{}, 0
		delays := rand.New(rand.NewPCG(testenv.Seed(t, 1), 0)) // what is under way then is for the machine to say
		for range kills {
			told := 0
			env := []string{childEnv + "=" + place, childFolderEnv + "=" + dir, childMailEnv + "=" + server.addr, fmt.Sprintf("%s=%d", childFromEnv, from)}
			testenv.Killed(t, "^TestCrashChild$", env, time.Duration(delays.Int64N(int64(40*time.Millisecond))), func(line string) bool {
				var id string
				var n int
				if _, err := fmt.Sscanf(line, "order %d %s", &n, &id); err != nil {
					return false
				}
				orders[id], from = true, n+2 // the next may be there without having been told
				told++
				return told == 3
			})
		}
		c, o := crashCourier(t, place, dir, server.addr, noon.Add(time.Hour))
		for {
			r, err := c.Run(t.Context(), 1000)
			require.NoError(t, err)
			if r == (delivery.Report{}) {
				break
			}
			require.Zero(t, r.Failed+r.Skipped+r.Retried)
		}
		times, certificates, twice := map[string]int{}, map[string]string{}, 0
		for _, m := range server.all() {
			require.Equal(t, address, m.to)
			id := strings.Trim(m.header(t).Get("Message-ID"), "<>")
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
			m, err := o.Get(t.Context(), strings.ToUpper(of), delivery.Email)
			require.NoError(t, err)
			require.NotZero(t, times[id], "order %s was acknowledged; of its certificate was sent %q, the outbox has %+v", id, certificates[of], m)
			require.Equal(t, delivery.Sent, m.State)
			require.Empty(t, m.Address)
		}
		require.LessOrEqual(t, twice, kills)
		require.Greater(t, len(orders), kills)
		t.Logf("%d orders, %d sent twice in %d kills", len(orders), twice, kills)
	})
}
