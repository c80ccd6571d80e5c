package delivery_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

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
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// received is a mail that the server has answered for.
type received struct {
	from, to string
	data     string
	safe     bool
	user     string
}

func (r received) header(t testing.TB) mail.Header {
	m, err := mail.ReadMessage(strings.NewReader(r.data))
	require.NoError(t, err)
	return m.Header
}

// mailServer is an SMTP server (RFC 5321) on a port of this machine, with
// STARTTLS, implicit TLS and AUTH PLAIN. answers replaces its answer to a
// command ("end" is that to the data); an empty one breaks the connection.
type mailServer struct {
	addr     string
	listener net.Listener
	tls      *tls.Config
	implicit bool
	plain    bool // offers no STARTTLS
	answers  map[string]string

	mu    sync.Mutex
	mails []received
}

func startMail(t testing.TB, s *mailServer) (*mailServer, *x509.CertPool) {
	cert, pool := identity(t, "localhost")
	s.tls = &tls.Config{Certificates: []tls.Certificate{cert}}
	var err error
	s.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	s.addr = "localhost:" + port
	t.Cleanup(func() { _ = s.listener.Close() })
	go func() {
		for {
			c, err := s.listener.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s, pool
}

func (s *mailServer) all() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received{}, s.mails...)
}

func (s *mailServer) set(answers map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = answers
}

func (s *mailServer) serve(c net.Conn) {
	defer func() { c.Close() }()
	var m received
	if s.implicit {
		c, m.safe = tls.Server(c, s.tls), true
	}
	text := textproto.NewReader(bufio.NewReader(c))
	say := func(command, standard string) bool {
		s.mu.Lock()
		other, ok := s.answers[command]
		s.mu.Unlock()
		if ok {
			standard = other
		}
		if standard == "" {
			c.Close()
			return false
		}
		_, err := fmt.Fprintf(c, "%s\r\n", standard)
		return err == nil && (!ok || standard[0] == '2' || standard[0] == '3')
	}
	if !say("connect", "220 localhost ready") {
		return
	}
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		command, rest, _ := strings.Cut(line, " ")
		command = strings.ToUpper(command)
		switch command {
		case "EHLO", "HELO":
			command = "EHLO"
			offer := "250-localhost\r\n"
			if !m.safe && !s.plain {
				offer += "250-STARTTLS\r\n"
			}
			say(command, offer+"250 AUTH PLAIN")
		case "STARTTLS":
			if say(command, "220 go on") {
				c = tls.Server(c, s.tls)
				m.safe, text = true, textproto.NewReader(bufio.NewReader(c))
			}
		case "AUTH":
			_, secret, _ := strings.Cut(rest, " ")
			plain, _ := base64.StdEncoding.DecodeString(secret)
			if m.user = string(plain); m.user != "\x00user\x00secret" {
				say("wrong", "535 no")
				continue
			}
			say(command, "235 welcome")
		case "MAIL":
			m.from = rest
			say(command, "250 ok")
		case "RCPT":
			m.to = rest
			say(command, "250 ok")
		case "DATA":
			if !say(command, "354 go on") {
				continue
			}
			lines, err := text.ReadDotBytes()
			if err != nil {
				return
			}
			m.data = string(lines)
			s.mu.Lock()
			end, broken := s.answers["end"]
			if !broken || end == "" || end[0] == '2' {
				s.mails = append(s.mails, m) // also if the answer is lost
			}
			s.mu.Unlock()
			if !say("end", "250 kept") && end == "" {
				return
			}
		case "QUIT":
			say(command, "221 bye")
			return
		default:
			say(command, "502 unknown")
		}
	}
}
