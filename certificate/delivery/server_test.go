package delivery_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// identity is a certificate for a name and the pool that trusts it.
func identity(t testing.TB, name string) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, pool
}

// received is a mail that the server has taken.
type received struct {
	from, to, user, data string
	safe                 bool // came over TLS
}

func (r received) header(t testing.TB) mail.Header {
	m, err := mail.ReadMessage(strings.NewReader(r.data))
	require.NoError(t, err)
	return m.Header
}

// mailServer is go-smtp on a port of this machine, with STARTTLS or implicit TLS
// and AUTH PLAIN (user, secret). faults is what goes wrong at a command; "data"
// is in the middle of the mail, "end" after the whole of it, which the server
// then has.
type mailServer struct {
	addr string
	cert tls.Certificate

	mu     sync.Mutex
	faults map[string]error
	mails  []received
	done   chan struct{} // ends what hangs
	hung   chan struct{} // says that something does
}

// Faults besides answers (*smtp.SMTPError).
var (
	errCut  = errors.New("the connection breaks")
	errHang = errors.New("the server says nothing more")
)

func answer(code int, text string) error { return &smtp.SMTPError{Code: code, Message: text} }

// startMail starts a server, and changes it before.
func startMail(t testing.TB, implicit bool, change func(*smtp.Server)) (*mailServer, *x509.CertPool) {
	cert, pool := identity(t, "localhost")
	s := &mailServer{cert: cert, done: make(chan struct{}), hung: make(chan struct{}, 1)}
	server := smtp.NewServer(s)
	server.Domain, server.TLSConfig, server.ErrorLog = "localhost", &tls.Config{Certificates: []tls.Certificate{cert}}, log.New(io.Discard, "", 0)
	if change != nil {
		change(server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	s.addr = "localhost:" + port
	if implicit {
		l = tls.NewListener(l, server.TLSConfig)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		close(s.done)
		_ = server.Close()
	})
	return s, pool
}

func (s *mailServer) all() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received{}, s.mails...)
}

func (s *mailServer) set(faults map[string]error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

// NewSession implements [smtp.Backend].
func (s *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, safe := c.TLSConnectionState()
	return &mailSession{server: s, conn: c, mail: received{safe: safe}}, nil
}

type mailSession struct {
	server *mailServer
	conn   *smtp.Conn
	mail   received
}

// at does what is to go wrong at a command.
func (s *mailSession) at(command string) error {
	s.server.mu.Lock()
	err := s.server.faults[command]
	s.server.mu.Unlock()
	switch {
	case errors.Is(err, errCut):
		_ = s.conn.Conn().Close()
	case errors.Is(err, errHang):
		s.server.hung <- struct{}{}
		<-s.server.done
	}
	return err
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "user" || password != "secret" {
			return smtp.ErrAuthFailed
		}
		s.mail.user = user
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.mail.from = from
	return s.at("MAIL")
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	return s.at("RCPT")
}

func (s *mailSession) Data(r io.Reader) error {
	first := make([]byte, 100)
	n, err := io.ReadFull(r, first)
	if err != nil {
		return err
	}
	if err := s.at("data"); err != nil {
		return err
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		return err // without the end of the data nothing is kept
	}
	s.mail.data = string(first[:n]) + string(rest)
	s.server.mu.Lock()
	end := s.server.faults["end"]
	if _, refused := errors.AsType[*smtp.SMTPError](end); !refused {
		s.server.mails = append(s.server.mails, s.mail) // also if the answer is lost
	}
	s.server.mu.Unlock()
	return s.at("end")
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

// scripted is a server that says one line after another, whatever it is told,
// and breaks the connection where there is none left: for answers that a right
// server does not give when it is asked to.
func scripted(t testing.TB, implicit bool, lines ...string) (addr string, pool *x509.CertPool) {
	cert, pool := identity(t, "localhost")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if implicit {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for in, i := bufio.NewReader(c), 0; i < len(lines); i++ {
			if i > 0 {
				if _, err := in.ReadString('\n'); err != nil {
					return
				}
			}
			if _, err := fmt.Fprintf(c, "%s\r\n", lines[i]); err != nil {
				return
			}
		}
	}()
	return "localhost:" + port, pool
}
