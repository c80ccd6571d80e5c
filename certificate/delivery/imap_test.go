package delivery_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/certificate/delivery/deliverytest"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// boxServer is go-imap's server with one mailbox, in memory, of (user, secret).
type boxServer struct {
	addr string
	cert tls.Certificate
	pool *x509.CertPool
	user *imapmemserver.User

	mu    sync.Mutex
	fault string // "before MOVE", "after MOVE", "hang at FETCH", once
	done  chan struct{}
	hung  chan struct{}
}

type boxConfig struct {
	implicit, noTLS, noMove, noUIDPlus bool
}

func startBox(t testing.TB, cfg boxConfig) *boxServer {
	s := &boxServer{user: imapmemserver.NewUser("user", "secret"), done: make(chan struct{}), hung: make(chan struct{}, 1)}
	s.cert, s.pool = identity(t, "localhost")
	require.NoError(t, s.user.Create("INBOX", nil))
	memory := imapmemserver.New()
	memory.AddUser(s.user)
	caps := imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapMove: {}, imap.CapUIDPlus: {}}
	if cfg.noMove {
		delete(caps, imap.CapMove)
	}
	if cfg.noUIDPlus {
		delete(caps, imap.CapUIDPlus)
	}
	opts := &imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &boxSession{memory.NewSession().(imapserver.SessionIMAP4rev2), s, c}, nil, nil
		},
		Caps: caps, Logger: log.New(io.Discard, "", 0), InsecureAuth: cfg.noTLS,
	}
	secure := &tls.Config{Certificates: []tls.Certificate{s.cert}}
	if !cfg.noTLS && !cfg.implicit {
		opts.TLSConfig = secure
	}
	server := imapserver.New(opts)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	s.addr = "localhost:" + port
	if cfg.implicit {
		l = tls.NewListener(l, secure)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		close(s.done)
		_ = server.Close()
	})
	return s
}

func (s *boxServer) set(fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// at reports whether a fault is due; it is due once.
func (s *boxServer) at(fault string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != fault {
		return false
	}
	s.fault = ""
	return true
}

// put has a mail arrive.
func (s *boxServer) put(t testing.TB, mail string) {
	_, err := s.user.Append("INBOX", literal{strings.NewReader(mail), int64(len(mail))}, &imap.AppendOptions{})
	require.NoError(t, err)
}

type literal struct {
	io.Reader
	size int64
}

func (l literal) Size() int64 { return l.size }

// count returns how many mails are in a folder, but for those marked as deleted.
func (s *boxServer) count(t testing.TB, folder string) int {
	data, err := s.user.Status(folder, &imap.StatusOptions{NumMessages: true, NumDeleted: true})
	require.NoError(t, err)
	return int(*data.NumMessages) - int(*data.NumDeleted)
}

type boxSession struct {
	imapserver.SessionIMAP4rev2
	server *boxServer
	conn   *imapserver.Conn
}

var errBox = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeOverQuota, Text: "of servizio@pec.anpr.example"}

func (s *boxSession) Fetch(w *imapserver.FetchWriter, set imap.NumSet, opts *imap.FetchOptions) error {
	if s.server.at("hang at FETCH") {
		s.server.hung <- struct{}{}
		<-s.server.done
	}
	return s.SessionIMAP4rev2.Fetch(w, set, opts)
}

func (s *boxSession) Move(w *imapserver.MoveWriter, set imap.NumSet, folder string) error {
	if s.server.at("before MOVE") {
		return s.conn.NetConn().Close()
	}
	if s.server.at("full") {
		return errBox
	}
	cut := s.server.at("after MOVE")
	err := s.SessionIMAP4rev2.Move(w, set, folder)
	if cut {
		_ = s.conn.NetConn().Close()
	}
	return err
}

func (s *boxSession) Copy(set imap.NumSet, folder string) (*imap.CopyData, error) {
	if s.server.at("full") {
		return nil, errBox
	}
	return s.SessionIMAP4rev2.Copy(set, folder)
}

// signedBench is a bench of which the receipts must be signed by a provider, with
// sent messages 1 to 3.
func signedBench(t *testing.T) (*bench, provider, []delivery.Message) {
	o := openOutbox(t, filepath.Join(t.TempDir(), "outbox"))
	p, b := newProvider(t, nil, nil), newBench(t, o)
	b.now = certified.Add(-time.Minute)
	var err error
	b.Courier, err = delivery.New(delivery.Config{
		Outbox: o, Archive: b.archive, PEC: b.pec, Domiciles: b.domiciles, Key: bytes.Repeat([]byte{1}, 32), Domain: "anpr.example", PECRoots: p.roots,
		Now: func() time.Time { return b.now },
	})
	require.NoError(t, err)
	var list []delivery.Message
	for n := range 3 {
		list = append(list, b.order(t, n+1, delivery.DigitalDomicile))
	}
	require.Equal(t, delivery.Report{Sent: 3}, b.run(t))
	return b, p, list
}

func signedReceipt(t testing.TB, p provider, kind string, m delivery.Message) string {
	return p.sign(t, kind, m.MessageID, certification(kind, m.MessageID, "nessuno"), false)
}

func TestCollect(t *testing.T) {
	for name, cfg := range map[string]boxConfig{
		"TLS": {implicit: true}, "STARTTLS": {}, "no MOVE": {implicit: true, noMove: true}, "no UIDPLUS": {implicit: true, noMove: true, noUIDPlus: true},
	} {
		t.Run(name, func(t *testing.T) {
			server := startBox(t, cfg)
			box := &delivery.IMAP{Server: server.addr, StartTLS: !cfg.implicit, User: "user", Password: "secret", TLS: &tls.Config{RootCAs: server.pool}}
			b, p, m := signedBench(t)
			got, err := b.Collect(t.Context(), box, 100)
			require.NoError(t, err)
			assert.Equal(t, delivery.Collection{}, got, "an empty mailbox")

			server.put(t, signedReceipt(t, p, "avvenuta-consegna", m[0]))
			server.put(t, signedReceipt(t, p, "accettazione", m[0])) // late
			server.put(t, signedReceipt(t, p, "accettazione", m[1]))
			server.put(t, signedReceipt(t, p, "accettazione", m[1])) // twice
			server.put(t, outer("avvenuta-consegna", m[2].MessageID)+entity(certification("avvenuta-consegna", m[2].MessageID, "")))
			server.put(t, "Subject: pubblicità\r\n\r\nx\r\n")
			stranger := m[2]
			stranger.MessageID = "chi@altrove.example"
			server.put(t, signedReceipt(t, p, "accettazione", stranger))
			server.put(t, "X-Ricevuta: accettazione\r\n\r\nnothing\r\n")
			got, err = b.Collect(t.Context(), box, 3)
			require.NoError(t, err)
			assert.Equal(t, delivery.Collection{Changed: 2, Known: 1}, got, "not more than asked for, the oldest")
			got, err = b.Collect(t.Context(), box, 100)
			require.NoError(t, err)
			assert.Equal(t, delivery.Collection{Known: 1, Refused: 2, Others: 2}, got)
			for i, want := range []delivery.State{delivery.Delivered, delivery.Accepted, delivery.Sent} {
				assert.Equal(t, want, b.get(t, m[i]).State)
			}
			assert.Equal(t, []int{0, 4, 4}, []int{server.count(t, "INBOX"), server.count(t, "Ricevute"), server.count(t, "Da vedere")})
			got, err = b.Collect(t.Context(), box, 100)
			require.NoError(t, err)
			assert.Equal(t, delivery.Collection{}, got, "once")
		})
	}
}

func TestMailbox(t *testing.T) {
	for name, cfg := range map[string]boxConfig{"MOVE": {implicit: true}, "COPY": {implicit: true, noMove: true}} {
		t.Run(name, func(t *testing.T) {
			deliverytest.TestMailbox(t, func(t *testing.T) deliverytest.Box {
				server := startBox(t, cfg)
				box := &delivery.IMAP{Server: server.addr, User: "user", Password: "secret", DoneFolder: "Fatte", OtherFolder: "Altre", TLS: &tls.Config{RootCAs: server.pool}}
				require.NoError(t, server.user.Create("Fatte", nil))
				require.NoError(t, server.user.Create("Altre", nil))
				return deliverytest.Box{
					Mailbox: box, Put: func(t *testing.T, mail string) { server.put(t, mail) },
					Waiting: func(t *testing.T) int { return server.count(t, "INBOX") },
					Filed:   func(t *testing.T) (int, int) { return server.count(t, "Fatte"), server.count(t, "Altre") },
				}
			})
		})
	}
}

// tooBig is a mailbox with a mail that is not read.
type tooBig struct{ filed delivery.Filing }

func (b *tooBig) Receive(ctx context.Context, _ int, take func(context.Context, io.Reader) (delivery.Filing, error)) (err error) {
	b.filed, err = take(ctx, nil)
	return err
}

func TestCollectTooBig(t *testing.T) {
	b, _, _ := signedBench(t)
	box := &tooBig{}
	got, err := b.Collect(t.Context(), box, 1)
	require.NoError(t, err)
	assert.Equal(t, delivery.Collection{Others: 1}, got)
	assert.Equal(t, delivery.Other, box.filed)
}

// A mail has its effect once, wherever the connection breaks, and stays until it
// had it.
func TestCollectBroken(t *testing.T) {
	for _, c := range []struct {
		fault, want string
		noMove      bool
		after       delivery.Collection // what the next call finds
	}{
		{"before MOVE", "imap connection broken at MOVE", false, delivery.Collection{Known: 1}},
		{"after MOVE", "imap connection broken at MOVE", false, delivery.Collection{}},
		{"full", "imap OVERQUOTA at MOVE", false, delivery.Collection{Known: 1}},
		{"full", "imap OVERQUOTA at MOVE", true, delivery.Collection{Known: 1}}, // nothing is deleted that was not copied
	} {
		t.Run(c.fault, func(t *testing.T) {
			server := startBox(t, boxConfig{implicit: true, noMove: c.noMove})
			box := &delivery.IMAP{Server: server.addr, User: "user", Password: "secret", TLS: &tls.Config{RootCAs: server.pool}}
			b, p, m := signedBench(t)
			server.put(t, signedReceipt(t, p, "avvenuta-consegna", m[0]))
			server.set(c.fault)
			got, err := b.Collect(t.Context(), box, 10)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "servizio@")
			assert.Equal(t, delivery.Collection{Changed: 1}, got)
			changed := b.get(t, m[0])
			assert.Equal(t, delivery.Delivered, changed.State)
			got, err = b.Collect(t.Context(), box, 10)
			require.NoError(t, err)
			assert.Equal(t, c.after, got)
			assert.Equal(t, changed, b.get(t, m[0]))
			assert.Equal(t, []int{0, 1}, []int{server.count(t, "INBOX"), server.count(t, "Ricevute")})
		})
	}
	// An outbox that is down leaves the mail where it is.
	server := startBox(t, boxConfig{implicit: true})
	box := &delivery.IMAP{Server: server.addr, User: "user", Password: "secret", TLS: &tls.Config{RootCAs: server.pool}}
	b, p, m := signedBench(t)
	server.put(t, signedReceipt(t, p, "accettazione", m[0]))
	require.NoError(t, b.outbox.(closer).Close())
	_, err := b.Collect(t.Context(), box, 10)
	require.ErrorIs(t, err, delivery.ErrClosed)
	assert.Equal(t, 1, server.count(t, "INBOX"))
}

func TestIMAPRefuses(t *testing.T) {
	take := func(context.Context, io.Reader) (delivery.Filing, error) { return "", errors.New("nobody asked") }
	server := startBox(t, boxConfig{implicit: true})
	good := delivery.IMAP{Server: server.addr, User: "user", Password: "secret", TLS: &tls.Config{RootCAs: server.pool}}
	require.NoError(t, good.Receive(t.Context(), 1, take))
	for want, change := range map[string]func(*delivery.IMAP){
		"imap AUTHENTICATIONFAILED at login":     func(b *delivery.IMAP) { b.Password = "other" },
		"imap certificate not valid at login":    func(b *delivery.IMAP) { b.TLS = &tls.Config{InsecureSkipVerify: true} },
		"imap connection broken at login":        func(b *delivery.IMAP) { b.StartTLS = true }, // the server speaks TLS at once
		"imap connection broken at connect":      func(b *delivery.IMAP) { b.Server = "localhost:1" },
		"expected host:port":                     func(b *delivery.IMAP) { b.Server = "localhost" },
		"imap NONEXISTENT at SELECT":             func(b *delivery.IMAP) { b.Inbox = "Altro" },
		"imap certificate not valid at login ":   func(b *delivery.IMAP) { b.Server = strings.Replace(b.Server, "localhost", "127.0.0.1", 1) },
		"filing \"elsewhere\": expected done or": nil,
	} {
		b := good
		if change != nil {
			change(&b)
			require.ErrorContains(t, b.Receive(t.Context(), 1, take), strings.TrimSpace(want))
		} else {
			server.put(t, "Subject: x\r\n\r\nx\r\n")
			require.ErrorContains(t, b.Receive(t.Context(), 1, func(context.Context, io.Reader) (delivery.Filing, error) { return "elsewhere", nil }), want)
		}
	}
	// No password goes over the wire in the clear.
	plain := startBox(t, boxConfig{noTLS: true})
	b := delivery.IMAP{Server: plain.addr, StartTLS: true, User: "user", Password: "secret", TLS: &tls.Config{RootCAs: plain.pool}}
	require.Error(t, b.Receive(t.Context(), 1, take))
	// A server that is slow is left when the context ends.
	server.set("hang at FETCH")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-server.hung
		cancel()
	}()
	err := good.Receive(ctx, 1, take)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "imap out of time at FETCH")
	require.Equal(t, 1, server.count(t, "INBOX"))
}

// TestCollectChild is the program that TestCollectKilled kills.
func TestCollectChild(t *testing.T) {
	place, server := os.Getenv(childEnv), os.Getenv(childBoxEnv)
	if place == "" || server == "" {
		return
	}
	dir := os.Getenv(childFolderEnv)
	root, err := os.ReadFile(filepath.Join(dir, rootFile))
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(root))
	c, _ := crashCourier(t, place, dir, "localhost:1", noon)
	box := &delivery.IMAP{Server: server, User: "user", Password: "secret", TLS: &tls.Config{RootCAs: pool}}
	_, _ = os.Stdout.WriteString("begun\n")
	for {
		if _, err := c.Collect(context.Background(), box, 100); err != nil {
			_, _ = fmt.Fprintf(os.Stdout, "error %v\n", err)
			os.Exit(5)
		}
	}
}

// TestCollectKilled kills a program that takes in receipts: each has its effect,
// once, and leaves the inbox.
func TestCollectKilled(t *testing.T) {
	eachOutbox(t, func(t *testing.T, place string) {
		const orders = 60
		dir := t.TempDir()
		mails, _ := startMail(t, true, nil)
		saveRoot(t, dir, mails.cert)
		c, o := crashCourier(t, place, dir, mails.addr, noon)
		var list []delivery.Message
		for n := range orders {
			m, err := c.Enqueue(t.Context(), delivery.Order{Certificate: archivetest.Document(n).ID, Channel: delivery.DigitalDomicile, FiscalCode: citizen})
			require.NoError(t, err)
			list = append(list, m)
		}
		r, err := c.Run(t.Context(), orders)
		require.NoError(t, err)
		require.Equal(t, orders, r.Sent)
		require.NoError(t, o.(closer).Close())

		server := startBox(t, boxConfig{implicit: true})
		saveRoot(t, dir, server.cert)
		for _, kind := range []string{"accettazione", "avvenuta-consegna"} {
			for _, m := range list {
				server.put(t, receipt(kind, m.MessageID, certification(kind, m.MessageID, "nessuno"), ""))
			}
		}
		env := []string{childEnv + "=" + place, childFolderEnv + "=" + dir, childBoxEnv + "=" + server.addr}
		delays := rand.New(rand.NewPCG(testenv.Seed(t, 1), 0)) // what is under way then is for the machine to say
		for range 6 {
			after := time.Duration(delays.Int64N(int64(60 * time.Millisecond)))
			testenv.Killed(t, "^TestCollectChild$", env, after, func(line string) bool {
				require.NotContains(t, line, "error")
				return line == "begun"
			})
		}
		t.Logf("%d of %d in the inbox after six kills", server.count(t, "INBOX"), 2*orders)
		c, o = crashCourier(t, place, dir, "localhost:1", noon)
		box := &delivery.IMAP{Server: server.addr, User: "user", Password: "secret", TLS: &tls.Config{RootCAs: server.pool}}
		_, err = c.Collect(t.Context(), box, 1000)
		require.NoError(t, err)
		require.Equal(t, []int{0, 2 * orders, 0}, []int{server.count(t, "INBOX"), server.count(t, "Ricevute"), server.count(t, "Da vedere")})
		for _, m := range list {
			got, err := o.Get(t.Context(), m.Certificate, m.Channel)
			require.NoError(t, err)
			require.Equal(t, delivery.Delivered, got.State)
			require.Equal(t, int64(5), got.Version, "added, sending, sent, accepted, delivered")
		}
	})
}
