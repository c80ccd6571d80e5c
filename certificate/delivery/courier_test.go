package delivery_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

const citizen = "SPSMGR84C48F839A"

var noon = time.Date(2026, 3, 22, 12, 0, 0, 0, time.UTC)

// closer is an outbox of this package.
type closer interface {
	delivery.Outbox
	Close() error
}

// openOutbox opens a place: a DSN, the file of a database, a folder.
func openOutbox(t testing.TB, place string) closer {
	t.Helper()
	var o closer
	var err error
	switch {
	case strings.HasPrefix(place, "postgres"):
		o, err = delivery.OpenPostgres(context.Background(), elsewhere(t, place))
	case strings.HasSuffix(place, ".db"):
		o, err = delivery.OpenSQLite(context.Background(), place)
	default:
		o, err = delivery.OpenFiles(place)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// elsewhere returns a DSN whose search_path has no table of ours: a table that a
// statement does not qualify is not found.
func elsewhere(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", "pg_catalog")
	u.RawQuery = q.Encode()
	return u.String()
}

// outboxPlaces make the place of an empty outbox of each implementation.
var outboxPlaces = map[string]func(t *testing.T) string{
	"files":    func(t *testing.T) string { return filepath.Join(t.TempDir(), "outbox") },
	"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "outbox.db") },
	"postgres": func(t *testing.T) string { return testenv.Postgres(t) },
	"citus": func(t *testing.T) string {
		c := delivery.PostgresConfig{DSN: testenv.Citus(t)}
		require.NoError(t, c.Migrate(t.Context()))
		require.NoError(t, c.Distribute(t.Context()))
		return c.DSN
	},
}

// eachOutbox runs a test for each implementation.
func eachOutbox(t *testing.T, run func(t *testing.T, place string)) {
	for _, name := range []string{"files", "sqlite", "postgres", "citus"} {
		t.Run(name, func(t *testing.T) { run(t, outboxPlaces[name](t)) })
	}
}

// sender answers as it is told, and keeps what it was given.
type sender struct {
	mu   sync.Mutex
	err  []error // of the next attempts; then nil
	got  []delivery.Message
	docs []delivery.Document
}

func (s *sender) Send(_ context.Context, m delivery.Message, d delivery.Document) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.docs = append(s.got, m), append(s.docs, d)
	if len(s.err) == 0 {
		return nil
	}
	err := s.err[0]
	s.err = s.err[1:]
	return err
}

// register is a register of digital domiciles.
type register map[string]any

func (r register) Domicile(_ context.Context, code string) (string, error) {
	switch v := r[code].(type) {
	case string:
		return v, nil
	case error:
		return "", v
	}
	return "", delivery.ErrNoDomicile
}

type bench struct {
	*delivery.Courier
	pec, mail, io *sender
	domiciles     register
	now           time.Time
	archive       *archive.Files
	outbox        delivery.Outbox
}

func newBench(t *testing.T, o delivery.Outbox) *bench {
	a, err := archive.OpenFiles(filepath.Join(t.TempDir(), "archive"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.Close() })
	for n := range 5 {
		require.NoError(t, a.Put(t.Context(), archivetest.Document(n)))
	}
	b := &bench{pec: &sender{}, mail: &sender{}, io: &sender{}, domiciles: register{citizen: "mario@pec.example.org"}, now: noon, archive: a, outbox: o}
	b.Courier, err = delivery.New(delivery.Config{
		Outbox: o, Archive: a, PEC: b.pec, Mail: b.mail, IO: b.io, Domiciles: b.domiciles, Key: bytes.Repeat([]byte{1}, 32), Domain: "anpr.example",
		Now: func() time.Time { return b.now },
	})
	require.NoError(t, err)
	return b
}

func (b *bench) order(t *testing.T, n int, c delivery.Channel) delivery.Message {
	t.Helper()
	m, err := b.Enqueue(t.Context(), delivery.Order{Certificate: archivetest.Document(n).ID, Channel: c, FiscalCode: citizen, Email: address})
	require.NoError(t, err)
	return m
}

func (b *bench) run(t *testing.T) delivery.Report {
	t.Helper()
	r, err := b.Run(t.Context(), 100)
	require.NoError(t, err)
	return r
}

func (b *bench) get(t *testing.T, m delivery.Message) delivery.Message {
	t.Helper()
	m, err := b.outbox.Get(t.Context(), m.Certificate, m.Channel)
	require.NoError(t, err)
	return m
}

func TestDeliver(t *testing.T) {
	eachOutbox(t, func(t *testing.T, place string) {
		b := newBench(t, openOutbox(t, place))
		assert.Equal(t, delivery.Delivered, b.order(t, 1, delivery.ReservedArea).State)
		pec, mail, io := b.order(t, 1, delivery.DigitalDomicile), b.order(t, 1, delivery.Email), b.order(t, 1, delivery.AppIO)
		assert.Equal(t, mail, b.order(t, 1, delivery.Email), "the same order again")
		assert.Equal(t, delivery.Report{Sent: 3}, b.run(t))
		assert.Equal(t, delivery.Report{}, b.run(t))
		require.Len(t, b.pec.got, 1)
		assert.Equal(t, "mario@pec.example.org", b.pec.got[0].Address)
		assert.Equal(t, archivetest.Document(1).PDF, b.pec.docs[0].PDF)
		assert.Equal(t, address, b.mail.got[0].Address)
		assert.Empty(t, b.mail.got[0].FiscalCode)
		assert.Equal(t, citizen, b.io.got[0].FiscalCode)
		for _, m := range []delivery.Message{pec, mail, io} {
			got := b.get(t, m)
			assert.Equal(t, delivery.Sent, got.State)
			assert.Empty(t, got.Address+got.FiscalCode, "erased once it is sent")
			assert.Len(t, got.Addressee, 64)
		}
		_, err := b.Enqueue(t.Context(), delivery.Order{Certificate: archivetest.Document(1).ID, Channel: "x", FiscalCode: citizen})
		require.ErrorIs(t, err, delivery.ErrNoChannel)
		_, err = b.Enqueue(t.Context(), delivery.Order{Certificate: archivetest.Document(2).ID, Channel: delivery.Email, FiscalCode: citizen, Email: "Mario <m@x.it>"})
		require.ErrorContains(t, err, "Order.Email")
		assert.NotContains(t, err.Error(), "m@x")
	})
}

// Pauses grow; what cannot succeed ends at once, the rest after three days.
func TestRetries(t *testing.T) {
	o, err := delivery.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "o.db"))
	require.NoError(t, err)
	defer o.Close()
	b := newBench(t, o)
	later := &delivery.SendError{Reason: "smtp 451 at RCPT"}
	m := b.order(t, 1, delivery.Email)
	for range 100 {
		b.mail.err = append(b.mail.err, later)
	}
	pause := time.Minute
	for n := 1; ; n++ {
		b.run(t)
		got := b.get(t, m)
		require.Equal(t, n, got.Attempts)
		if got.State == delivery.Failed {
			assert.Equal(t, delivery.GivenUpPrefix+"smtp 451 at RCPT", got.Reason)
			assert.Empty(t, got.Address)
			assert.Greater(t, b.now.Add(pause), noon.Add(72*time.Hour))
			break
		}
		require.Equal(t, delivery.Queued, got.State)
		require.Equal(t, b.now.Add(pause), got.NotBefore)
		b.now = got.NotBefore.Add(-time.Millisecond)
		require.Equal(t, delivery.Report{}, b.run(t), "not before")
		b.now = got.NotBefore
		pause = min(2*pause, 6*time.Hour)
	}
	b.mail.err = []error{&delivery.SendError{Reason: "smtp 550 at RCPT", Permanent: true}}
	m = b.order(t, 2, delivery.Email)
	assert.Equal(t, delivery.Report{Failed: 1}, b.run(t))
	assert.Equal(t, "smtp 550 at RCPT", b.get(t, m).Reason)
	b.mail.err = []error{&delivery.SendError{Reason: "io 429", After: 3 * time.Hour}}
	m = b.order(t, 3, delivery.Email)
	b.run(t)
	assert.Equal(t, b.now.Add(3*time.Hour), b.get(t, m).NotBefore)

	b.domiciles[citizen] = errors.New("timeout asking for " + citizen)
	m = b.order(t, 4, delivery.DigitalDomicile)
	b.run(t)
	assert.Equal(t, "domicile-lookup-failed", b.get(t, m).Reason)
	delete(b.domiciles, citizen)
	b.now = b.now.Add(time.Hour)
	b.run(t)
	assert.Equal(t, delivery.NoDomicile, b.get(t, m).Reason)
	assert.Equal(t, delivery.Failed, b.get(t, m).State)
	assert.Empty(t, b.pec.got)

	m = b.order(t, 0, delivery.Email)
	_, err = b.archive.Sweep(t.Context(), archivetest.Document(0).Expires)
	require.NoError(t, err)
	b.run(t)
	assert.Equal(t, delivery.NoDocument, b.get(t, m).Reason)
}

// dying is an outbox of a program that dies after so many changes.
type dying struct {
	delivery.Outbox
	left int
}

func (d *dying) Update(ctx context.Context, m delivery.Message) error {
	if d.left == 0 {
		return errors.New("the program has died")
	}
	d.left--
	return d.Outbox.Update(ctx, m)
}

// After a crash a message is sent again only if it is not known how the attempt
// ended, not before it counts as lost, and with its Message-ID.
func TestCrash(t *testing.T) {
	eachOutbox(t, func(t *testing.T, place string) {
		for left, want := range []int{1, 2, 1} { // sends in all if so many changes are kept
			o := openOutbox(t, place)
			b := newBench(t, &dying{o, left})
			m := b.order(t, left, delivery.Email)
			_, _ = b.Run(t.Context(), 1)
			require.NoError(t, o.Close())
			again := newBench(t, openOutbox(t, place))
			again.now = noon.Add(time.Minute)
			again.run(t)
			again.now = noon.Add(5 * time.Minute)
			again.run(t)
			assert.Equal(t, delivery.Sent, again.get(t, m).State)
			require.NoError(t, again.outbox.(closer).Close())
			all := append(b.mail.got, again.mail.got...)
			require.Len(t, all, want, "%d changes kept", left)
			for _, x := range all {
				assert.Equal(t, m.MessageID, x.MessageID)
			}
		}
	})
}

// Two couriers with one outbox, as of two processes, send each message once.
func TestTwoCouriers(t *testing.T) {
	eachOutbox(t, func(t *testing.T, place string) {
		one := openOutbox(t, place)
		other := one
		if _, alone := one.(*delivery.FileOutbox); !alone {
			other = openOutbox(t, place)
		}
		a, b := newBench(t, one), newBench(t, other)
		for n := range 5 {
			a.order(t, n, delivery.Email)
		}
		var all sync.WaitGroup
		for _, x := range []*bench{a, b} {
			all.Go(func() {
				_, err := x.Run(context.Background(), 10)
				assert.NoError(t, err)
			})
		}
		all.Wait()
		assert.Len(t, append(a.mail.got, b.mail.got...), 5)
	})
}

func TestReceipts(t *testing.T) {
	eachOutbox(t, func(t *testing.T, place string) {
		b := newBench(t, openOutbox(t, place))
		give := func(m delivery.Message, kind string) (delivery.State, string) {
			_, got, err := b.Receipt(t.Context(), strings.NewReader(receipt(kind, m.MessageID, certification(kind, m.MessageID, "nessuno"), "")))
			require.NoError(t, err)
			assert.Equal(t, got, b.get(t, m))
			return got.State, got.Reason
		}
		one, two := b.order(t, 1, delivery.DigitalDomicile), b.order(t, 2, delivery.DigitalDomicile)
		assert.Equal(t, delivery.Report{Sent: 2}, b.run(t))
		three := b.order(t, 3, delivery.DigitalDomicile)
		b.pec.err = []error{&delivery.SendError{Reason: "lost", Unknown: true}}
		assert.Equal(t, delivery.Report{Retried: 1}, b.run(t))
		for _, step := range []struct {
			m      delivery.Message
			kind   string
			state  delivery.State
			reason string
		}{
			{one, "accettazione", delivery.Accepted, ""}, {one, "preavviso-errore-consegna", delivery.Accepted, ""},
			{one, "avvenuta-consegna", delivery.Delivered, ""}, {one, "accettazione", delivery.Delivered, ""}, {one, "errore-consegna", delivery.Delivered, ""},
			{two, "accettazione", delivery.Accepted, ""}, {two, "errore-consegna", delivery.Failed, delivery.DeliveryError},
		} {
			state, reason := give(step.m, step.kind)
			assert.Equal(t, step.state, state, step.kind)
			assert.Equal(t, step.reason, reason)
		}
		// The third has its receipt although the attempt seemed lost: it is not sent again.
		state, _ := give(three, "accettazione")
		assert.Equal(t, delivery.Accepted, state)
		b.now = b.now.Add(24 * time.Hour)
		assert.Equal(t, delivery.Report{}, b.run(t))
		// A Message-ID that somebody has made up.
		made := strings.Replace(one.MessageID, "@", "x@", 1)
		_, _, err := b.Receipt(t.Context(), strings.NewReader(receipt("accettazione", made, certification("accettazione", made, ""), "")))
		require.ErrorIs(t, err, delivery.ErrUnknown)
		_, _, err = b.Receipt(t.Context(), strings.NewReader(receipt("accettazione", "x@y", certification("accettazione", "x@y", ""), "")))
		require.ErrorIs(t, err, delivery.ErrUnknown)
	})
}

// With roots, a receipt that its provider has not signed changes nothing.
func TestReceiptsSigned(t *testing.T) {
	o, err := delivery.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "o.db"))
	require.NoError(t, err)
	defer o.Close()
	p, stranger := newProvider(t, nil, nil), newProvider(t, nil, nil)
	b := newBench(t, o)
	b.now = certified.Add(-time.Minute)
	b.Courier, err = delivery.New(delivery.Config{
		Outbox: o, Archive: b.archive, PEC: b.pec, Domiciles: b.domiciles, Key: bytes.Repeat([]byte{1}, 32), Domain: "anpr.example", PECRoots: p.roots,
		Now: func() time.Time { return b.now },
	})
	require.NoError(t, err)
	m := b.order(t, 1, delivery.DigitalDomicile)
	b.run(t)
	sent := b.get(t, m)
	give := func(text string) error {
		_, _, err := b.Receipt(t.Context(), strings.NewReader(text))
		return err
	}
	for _, kind := range []string{"accettazione", "avvenuta-consegna", "errore-consegna", "non-accettazione", "rilevazione-virus"} {
		xml := certification(kind, m.MessageID, "nessuno")
		require.ErrorIs(t, give(receipt(kind, m.MessageID, xml, "")), delivery.ErrUntrusted, "signed with nonsense")
		require.ErrorIs(t, give(outer(kind, m.MessageID)+entity(xml)), delivery.ErrUntrusted, "not signed")
		require.ErrorIs(t, give(stranger.sign(t, kind, m.MessageID, xml, false)), delivery.ErrUntrusted, "signed by a stranger")
		before := strings.Replace(xml, "10:15:32", "09:50:00", 1)
		require.ErrorContains(t, give(p.sign(t, kind, m.MessageID, before, false)), "expected an instant between the order", "older than the order")
		after := strings.Replace(xml, "10:15:32", "10:45:00", 1)
		require.ErrorIs(t, give(p.sign(t, kind, m.MessageID, after, false)), delivery.ErrUntrusted, "of the future")
		require.Equal(t, sent, b.get(t, m))
	}
	for _, kind := range []string{"presa-in-carico", "avvenuta-consegna", "accettazione", "avvenuta-consegna"} {
		require.NoError(t, give(p.sign(t, kind, m.MessageID, certification(kind, m.MessageID, "nessuno"), kind == "accettazione")))
		if kind == "presa-in-carico" {
			require.Equal(t, sent, b.get(t, m))
		}
	}
	got := b.get(t, m)
	assert.Equal(t, delivery.Delivered, got.State, "delivery came before acceptance, and twice")
	assert.Equal(t, sent.Version+1, got.Version, "one change")
}

// What was given up for lack of an answer has arrived, as its receipt shows.
func TestReceiptAfterGivingUp(t *testing.T) {
	o, err := delivery.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "o.db"))
	require.NoError(t, err)
	defer o.Close()
	b := newBench(t, o)
	m, n := b.order(t, 1, delivery.DigitalDomicile), b.order(t, 2, delivery.DigitalDomicile)
	b.pec.err = []error{&delivery.SendError{Reason: "lost", Unknown: true, After: 100 * time.Hour}, &delivery.SendError{Reason: "smtp 550 at RCPT", Permanent: true}}
	assert.Equal(t, delivery.Report{Failed: 2}, b.run(t))
	for _, x := range []delivery.Message{m, n} {
		_, _, err := b.Receipt(t.Context(), strings.NewReader(receipt("accettazione", x.MessageID, certification("accettazione", x.MessageID, "nessuno"), "")))
		require.NoError(t, err)
	}
	states := []delivery.State{b.get(t, m).State, b.get(t, n).State}
	assert.ElementsMatch(t, []delivery.State{delivery.Accepted, delivery.Failed}, states)
}

// The whole way, with a real server.
func TestDeliverSMTP(t *testing.T) {
	server, pool := startMail(t, false, nil)
	o, err := delivery.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "o.db"))
	require.NoError(t, err)
	defer o.Close()
	b := newBench(t, o)
	s := &delivery.SMTP{Server: server.addr, StartTLS: true, From: "servizio@pec.anpr.example", TLS: &tls.Config{RootCAs: pool}}
	b.Courier, err = delivery.New(delivery.Config{
		Outbox: o, Archive: b.archive, PEC: s, Domiciles: b.domiciles, Key: bytes.Repeat([]byte{1}, 32), Domain: "anpr.example", Now: func() time.Time { return b.now },
	})
	require.NoError(t, err)
	m := b.order(t, 1, delivery.DigitalDomicile)
	server.set(map[string]error{"end": errCut}) // the server keeps it, the answer is lost
	assert.Equal(t, delivery.Report{Retried: 1}, b.run(t))
	server.set(map[string]error{"RCPT": answer(451, "later")})
	b.now = b.now.Add(time.Hour)
	assert.Equal(t, delivery.Report{Retried: 1}, b.run(t))
	server.set(nil)
	b.now = b.now.Add(time.Hour)
	assert.Equal(t, delivery.Report{Sent: 1}, b.run(t))
	require.Len(t, server.all(), 2)
	for _, got := range server.all() {
		assert.Equal(t, "<"+m.MessageID+">", got.header(t).Get("Message-ID"))
		assert.Equal(t, "mario@pec.example.org", got.to)
	}
}
