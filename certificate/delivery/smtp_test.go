package delivery_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/certificate/delivery"
)

const address = "mario.rossi@example.org"

func aMessage() delivery.Message {
	return delivery.Message{Certificate: archivetest.Document(1).ID, Channel: delivery.Email, MessageID: "abc.email.x@anpr.example", Address: address}
}

func TestSMTP(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		t.Run(fmt.Sprint("implicit ", implicit), func(t *testing.T) {
			server, pool := startMail(t, implicit, nil)
			s := &delivery.SMTP{
				Server: server.addr, StartTLS: !implicit, User: "user", Password: "secret", From: "no-reply@anpr.example", TLS: &tls.Config{RootCAs: pool},
				Letter: delivery.Letter{Subject: "Il certificato è pronto", Body: "Perché sì.\n.\n.una riga con un punto\n"},
				Now:    func() time.Time { return time.Date(2026, 3, 22, 10, 0, 0, 0, time.UTC) },
			}
			d := delivery.Document{PDF: archivetest.Document(1).PDF}
			require.NoError(t, s.Send(t.Context(), aMessage(), d))
			require.Len(t, server.all(), 1)
			got := server.all()[0]
			assert.True(t, got.safe)
			assert.Equal(t, "no-reply@anpr.example", got.from)
			assert.Equal(t, address, got.to)
			assert.Equal(t, "user", got.user)

			m, err := mail.ReadMessage(strings.NewReader(got.data))
			require.NoError(t, err)
			assert.Equal(t, "<abc.email.x@anpr.example>", m.Header.Get("Message-ID"))
			assert.Equal(t, "Sun, 22 Mar 2026 10:00:00 +0000", m.Header.Get("Date"))
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			require.NoError(t, err)
			assert.Equal(t, s.Letter.Subject, subject)
			_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
			require.NoError(t, err)
			parts := multipart.NewReader(m.Body, params["boundary"])
			text, err := parts.NextRawPart()
			require.NoError(t, err)
			body, err := io.ReadAll(quotedprintable.NewReader(text))
			require.NoError(t, err)
			assert.Equal(t, s.Letter.Body, strings.ReplaceAll(string(body), "\r\n", "\n"))
			file, err := parts.NextRawPart()
			require.NoError(t, err)
			assert.Equal(t, "certificato-"+aMessage().Certificate+".pdf", file.FileName())
			pdf, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, file))
			require.NoError(t, err)
			assert.Equal(t, d.PDF, pdf)
			for line := range strings.Lines(got.data) {
				assert.LessOrEqual(t, len(line), 998)
			}
		})
	}
}

// How a submission may end, and what that means for the message.
func TestSMTPOutcomes(t *testing.T) {
	big := make([]byte, 16<<20) // more than the buffers between two programs
	for _, c := range []struct {
		name, command     string
		fault             error
		pdf               []byte
		password, reason  string
		permanent, unsure bool
	}{
		{"wrong password", "", nil, nil, "other", "smtp 535 at AUTH", false, false},
		{"sender put off", "MAIL", answer(451, "later"), nil, "", "smtp 451 at MAIL", false, false},
		{"sender refused", "MAIL", answer(553, "not yours"), nil, "", "smtp 553 at MAIL", false, false},
		{"addressee refused", "RCPT", answer(550, "no such user "+address), nil, "", "smtp 550 at RCPT", true, false},
		{"addressee put off", "RCPT", answer(452, "full "+address), nil, "", "smtp 452 at RCPT", false, false},
		{"cut before the data", "RCPT", errCut, nil, "", "smtp connection broken at RCPT", false, false},
		{"cut within the data", "data", errCut, big, "", "smtp connection broken at content", false, false},
		{"refused after the data", "end", answer(554, "no"), nil, "", "smtp 554 at end", true, false},
		{"put off after the data", "end", answer(451, "later"), nil, "", "smtp 451 at end", false, false},
		{"cut after the data", "end", errCut, nil, "", "smtp connection broken at end", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, pool := startMail(t, false, nil)
			server.set(map[string]error{c.command: c.fault})
			s := &delivery.SMTP{Server: server.addr, StartTLS: true, User: "user", Password: cmp.Or(c.password, "secret"), From: "no-reply@anpr.example", TLS: &tls.Config{RootCAs: pool}}
			err := s.Send(t.Context(), aMessage(), delivery.Document{PDF: c.pdf})
			failed, ok := errors.AsType[*delivery.SendError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, delivery.SendError{Reason: c.reason, Permanent: c.permanent, Unknown: c.unsure}, *failed)
			assert.NotContains(t, err.Error(), "mario")
			if c.unsure {
				assert.Len(t, server.all(), 1, "the server has it, the sender does not know")
			} else {
				assert.Empty(t, server.all())
			}
		})
	}
}

// Answers that go-smtp gives to nobody.
func TestSMTPAnswers(t *testing.T) {
	for _, c := range []struct {
		reason   string
		implicit bool
		lines    []string
	}{
		{"smtp 554 at connect", false, []string{"554 go away " + address}},
		{"smtp connection broken at connect", false, nil},
		{"smtp 421 at EHLO", true, []string{"220 here", "421 later", "421 later"}}, // the second is to HELO
		{"smtp 454 at STARTTLS", false, []string{"220 here", "250-localhost\r\n250 STARTTLS", "454 no"}},
		{"smtp 451 at DATA", true, []string{"220 here", "250 AUTH PLAIN", "235 welcome", "250 ok", "250 ok", "451 later"}},
		{"smtp connection broken at DATA", true, []string{"220 here", "250 AUTH PLAIN", "235 welcome", "250 ok", "250 ok", "no answer"}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			addr, pool := scripted(t, c.implicit, c.lines...)
			s := &delivery.SMTP{Server: addr, StartTLS: !c.implicit, User: "user", Password: "secret", From: "no-reply@anpr.example", TLS: &tls.Config{RootCAs: pool}}
			err := s.Send(t.Context(), aMessage(), delivery.Document{PDF: []byte("x")})
			failed, ok := errors.AsType[*delivery.SendError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, delivery.SendError{Reason: c.reason}, *failed)
		})
	}
}

// A mail that is too big for the server is not tried again.
func TestSMTPTooBig(t *testing.T) {
	server, pool := startMail(t, true, func(s *smtp.Server) { s.MaxMessageBytes = 10_000 })
	s := &delivery.SMTP{Server: server.addr, From: "no-reply@anpr.example", TLS: &tls.Config{RootCAs: pool}}
	require.NoError(t, s.Send(t.Context(), aMessage(), delivery.Document{PDF: make([]byte, 1000)}))
	err := s.Send(t.Context(), aMessage(), delivery.Document{PDF: make([]byte, 20_000)})
	failed, ok := errors.AsType[*delivery.SendError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, delivery.SendError{Reason: "smtp 552 at end", Permanent: true}, *failed)
	assert.Len(t, server.all(), 1)
}

// Nothing is said in the clear, nor to a server that cannot show who it is.
func TestSMTPNeedsTLS(t *testing.T) {
	server, pool := startMail(t, false, func(s *smtp.Server) { s.TLSConfig = nil })
	s := &delivery.SMTP{Server: server.addr, StartTLS: true, From: "no-reply@anpr.example", TLS: &tls.Config{RootCAs: pool}}
	require.ErrorContains(t, s.Send(t.Context(), aMessage(), delivery.Document{}), "no TLS offered")
	for _, implicit := range []bool{false, true} {
		server, pool = startMail(t, implicit, nil)
		s = &delivery.SMTP{Server: server.addr, StartTLS: !implicit, From: "no-reply@anpr.example", TLS: &tls.Config{InsecureSkipVerify: true}}
		require.ErrorContains(t, s.Send(t.Context(), aMessage(), delivery.Document{}), "certificate not valid", "a root that nobody trusts")
		s.TLS = &tls.Config{RootCAs: pool}
		s.Server = strings.Replace(server.addr, "localhost", "127.0.0.1", 1)
		require.ErrorContains(t, s.Send(t.Context(), aMessage(), delivery.Document{}), "certificate not valid", "another name")
		assert.Empty(t, server.all())
		old, oldPool := startMail(t, implicit, func(s *smtp.Server) { s.TLSConfig.MaxVersion = tls.VersionTLS11 })
		s = &delivery.SMTP{Server: old.addr, StartTLS: !implicit, From: "no-reply@anpr.example", TLS: &tls.Config{RootCAs: oldPool, MinVersion: tls.VersionTLS10}}
		require.Error(t, s.Send(t.Context(), aMessage(), delivery.Document{}), "a version that is broken")
		assert.Empty(t, old.all())
	}
	// An address that would be two commands.
	m := aMessage()
	m.Address = "a@b.it>\r\nRCPT TO:<c@d.it"
	require.ErrorContains(t, s.Send(t.Context(), m, delivery.Document{}), "address-without-form")
}

// A server that is slow is left when the context ends, wherever it is.
func TestSMTPSlow(t *testing.T) {
	for command, want := range map[string]delivery.SendError{
		"MAIL": {Reason: "smtp out of time at MAIL"},
		"RCPT": {Reason: "smtp out of time at RCPT"},
		"end":  {Reason: "smtp out of time at end", Unknown: true},
	} {
		t.Run(command, func(t *testing.T) {
			server, pool := startMail(t, true, nil)
			server.set(map[string]error{command: errHang})
			s := &delivery.SMTP{Server: server.addr, From: "no-reply@anpr.example", TLS: &tls.Config{RootCAs: pool}}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				<-server.hung
				cancel()
			}()
			err := s.Send(ctx, aMessage(), delivery.Document{PDF: []byte("x")})
			failed, ok := errors.AsType[*delivery.SendError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, want, *failed)
		})
	}
}

// A server that says nothing is left when the context ends.
func TestSMTPContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	s := &delivery.SMTP{Server: silent.Addr().String(), StartTLS: true, From: "no-reply@anpr.example"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		conn, err := silent.Accept()
		if err == nil {
			defer conn.Close()
			cancel()
			<-t.Context().Done()
		}
	}()
	require.ErrorContains(t, s.Send(ctx, aMessage(), delivery.Document{}), "smtp out of time at connect")
}
