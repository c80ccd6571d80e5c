package delivery_test

import (
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
			server, pool := startMail(t, &mailServer{implicit: implicit})
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
			assert.Equal(t, "FROM:<no-reply@anpr.example>", strings.Split(got.from, " ")[0])
			assert.Equal(t, "TO:<"+address+">", got.to)
			assert.Equal(t, "\x00user\x00secret", got.user)

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
	for _, c := range []struct {
		command, answer, reason string
		permanent, unknown      bool
	}{
		{"connect", "554 go away " + address, "smtp 554 at connect", false, false},
		{"connect", "", "smtp connection broken at connect", false, false},
		{"EHLO", "421 later", "smtp 421 at EHLO", false, false},
		{"STARTTLS", "454 no", "smtp 454 at STARTTLS", false, false},
		{"AUTH", "535 wrong " + address, "smtp 535 at AUTH", false, false},
		{"MAIL", "451 later", "smtp 451 at MAIL", false, false},
		{"RCPT", "550 no such user " + address, "smtp 550 at RCPT", true, false},
		{"RCPT", "452 full", "smtp 452 at RCPT", false, false},
		{"RCPT", "", "smtp connection broken at RCPT", false, false},
		{"DATA", "451 later", "smtp 451 at DATA", false, false},
		{"end", "552 too big", "smtp 552 at end", true, false},
		{"end", "451 later", "smtp 451 at end", false, false},
		{"end", "", "smtp connection broken at end", false, true},
	} {
		t.Run(c.command+" "+c.answer, func(t *testing.T) {
			server, pool := startMail(t, &mailServer{})
			server.set(map[string]string{c.command: c.answer})
			s := &delivery.SMTP{Server: server.addr, StartTLS: true, User: "user", Password: "secret", From: "no-reply@anpr.example", TLS: &tls.Config{RootCAs: pool}}
			err := s.Send(t.Context(), aMessage(), delivery.Document{PDF: []byte("x")})
			failed, ok := errors.AsType[*delivery.SendError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, delivery.SendError{Reason: c.reason, Permanent: c.permanent, Unknown: c.unknown}, *failed)
			assert.NotContains(t, err.Error(), "mario")
		})
	}
}

// Nothing is said in the clear, nor to a server that cannot show who it is.
func TestSMTPNeedsTLS(t *testing.T) {
	server, pool := startMail(t, &mailServer{plain: true})
	s := &delivery.SMTP{Server: server.addr, StartTLS: true, From: "no-reply@anpr.example", TLS: &tls.Config{RootCAs: pool}}
	require.ErrorContains(t, s.Send(t.Context(), aMessage(), delivery.Document{}), "no TLS offered")
	for _, implicit := range []bool{false, true} {
		server, pool = startMail(t, &mailServer{implicit: implicit})
		s = &delivery.SMTP{Server: server.addr, StartTLS: !implicit, From: "no-reply@anpr.example", TLS: &tls.Config{InsecureSkipVerify: true}}
		require.ErrorContains(t, s.Send(t.Context(), aMessage(), delivery.Document{}), "certificate not valid", "a root that nobody trusts")
		s.TLS = &tls.Config{RootCAs: pool}
		s.Server = strings.Replace(server.addr, "localhost", "127.0.0.1", 1)
		require.ErrorContains(t, s.Send(t.Context(), aMessage(), delivery.Document{}), "certificate not valid", "another name")
		assert.Empty(t, server.all())
	}
	// An address that would be two commands.
	m := aMessage()
	m.Address = "a@b.it>\r\nRCPT TO:<c@d.it"
	require.ErrorContains(t, s.Send(t.Context(), m, delivery.Document{}), "address-without-form")
}

// A server that says nothing is left when the context ends.
func TestSMTPContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	s := &delivery.SMTP{Server: silent.Addr().String(), StartTLS: true, From: "no-reply@anpr.example"}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, s.Send(ctx, aMessage(), delivery.Document{}), "smtp out of time at connect")
}
