package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
	"time"
)

// SMTP is a [Sender] that submits mail to a server: that of the PEC provider,
// or one for ordinary mail. Nothing is sent without TLS (1.2 or later) and a
// certificate that is verified for the server's name. It is safe for concurrent
// use; each message has a connection of its own.
type SMTP struct {
	// Server is host:port. With StartTLS the connection begins in the clear and
	// is upgraded to TLS, or given up, before anything else (port 587); without
	// it TLS comes first (port 465).
	Server   string
	StartTLS bool
	// User and Password, if not empty, authenticate the sender (AUTH PLAIN).
	User, Password string
	// From is the sender's address; for PEC, the address of the mailbox whose
	// receipts go to [Courier.Receipt].
	From string
	// Letter is the text of the mail; if empty, a standard text.
	Letter Letter
	// TLS may add roots; ServerName is set from Server.
	TLS *tls.Config
	// Now is the clock for the date of the mail; nil is time.Now.
	Now func() time.Time
}

var _ Sender = (*SMTP)(nil)

// Send implements [Sender].
func (s *SMTP) Send(ctx context.Context, m Message, d Document) error {
	now, letter := time.Now, s.Letter
	if s.Now != nil {
		now = s.Now
	}
	if letter == (Letter{}) {
		letter = standardLetter
	}
	if !isAddress(m.Address) || !isAddress(s.From) {
		return &SendError{Reason: "address-without-form", Permanent: true}
	}
	data, err := compose(s.From, m, d, letter, now())
	if err != nil {
		return &SendError{Reason: "mail-without-form", Permanent: true}
	}
	host, _, err := net.SplitHostPort(s.Server)
	if err != nil {
		return &SendError{Reason: "smtp-server-without-form"}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Server)
	if err != nil {
		return failed("connect", err)
	}
	defer conn.Close()
	// net/smtp does not take a context: the end of ctx ends the connection.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c, err := s.greet(conn, host)
	if err != nil {
		return err
	}
	defer c.Close()
	return submit(c, s.From, m.Address, data)
}

// tlsFor returns a configuration that verifies a server's name.
func tlsFor(cfg *tls.Config, host string) *tls.Config {
	if cfg == nil {
		cfg = &tls.Config{}
	}
	cfg = cfg.Clone()
	cfg.ServerName, cfg.InsecureSkipVerify, cfg.MinVersion = host, false, max(cfg.MinVersion, tls.VersionTLS12)
	return cfg
}

// greet secures the connection and authenticates the sender.
func (s *SMTP) greet(conn net.Conn, host string) (*smtp.Client, error) {
	cfg := tlsFor(s.TLS, host)
	if !s.StartTLS {
		conn = tls.Client(conn, cfg)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, failed("connect", err)
	}
	_, domain, _ := strings.Cut(s.From, "@")
	if err := c.Hello(domain); err != nil {
		_ = c.Close()
		return nil, failed("EHLO", err)
	}
	if s.StartTLS {
		err = errNoTLS
		if ok, _ := c.Extension("STARTTLS"); ok {
			err = c.StartTLS(cfg)
		}
		if err != nil {
			_ = c.Close()
			return nil, failed("STARTTLS", err)
		}
	}
	if s.User != "" {
		if err := c.Auth(smtp.PlainAuth("", s.User, s.Password, host)); err != nil {
			_ = c.Close()
			return nil, failed("AUTH", err)
		}
	}
	return c, nil
}

var errNoTLS = errors.New("the server offers no STARTTLS")

// submit sends one mail.
func submit(c *smtp.Client, from, to string, data []byte) error {
	if err := c.Mail(from); err != nil {
		return failed("MAIL", err)
	}
	if err := c.Rcpt(to); err != nil {
		return failed("RCPT", err)
	}
	w, err := c.Data()
	if err != nil {
		return failed("DATA", err)
	}
	if _, err := w.Write(data); err != nil {
		// Without the end of the data the server keeps nothing.
		return failed("content", err)
	}
	if err := w.Close(); err != nil {
		f := failed("end", err)
		// The end was written and no answer has come: the server may have the mail.
		if _, answered := errors.AsType[*textproto.Error](err); !answered {
			f.Unknown = true
		}
		return f
	}
	_ = c.Quit() // the server has accepted the mail already
	return nil
}

// failed says at which step a submission has ended. The text of an answer may
// name the addressee: only its code is kept.
func failed(at string, err error) *SendError {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		// Before RCPT a failure is not about this message, and waits for the operator.
		its := at == "RCPT" || at == "DATA" || at == "end"
		return &SendError{Reason: fmt.Sprintf("smtp %d at %s", answer.Code, at), Permanent: its && answer.Code >= 500}
	}
	what := "connection broken"
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		what = "certificate not valid"
	}
	if errors.Is(err, errNoTLS) {
		what = "no TLS offered"
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Canceled) {
		what = "out of time"
	}
	return &SendError{Reason: "smtp " + what + " at " + at}
}
