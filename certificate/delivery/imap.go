package delivery

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// IMAP is a [Mailbox] on a server (RFC 9051, RFC 3501). Only this service may
// read the mailbox. A mail is filed by moving it into another folder of the
// mailbox. Nothing is sent without TLS (1.2 or later) and a certificate that is
// verified for the server's name. It is safe for concurrent use, but two
// concurrent calls may both be given the same mail.
type IMAP struct {
	// Server is host:port. With StartTLS the connection begins in the clear and
	// is upgraded to TLS, or given up, before anything else (port 143); without
	// it TLS comes first (port 993).
	Server   string
	StartTLS bool
	// User and Password are those of the mailbox.
	User, Password string
	// Inbox is the folder in which mails wait; empty means INBOX. DoneFolder
	// and OtherFolder are the folders into which they are filed, and are made
	// if they do not exist; empty means "Ricevute" and "Da vedere".
	Inbox, DoneFolder, OtherFolder string
	// TLS may add roots; ServerName is set from Server.
	TLS *tls.Config
}

var _ Mailbox = (*IMAP)(nil)

// Receive implements [Mailbox]. It holds one mail at a time in memory.
func (b *IMAP) Receive(ctx context.Context, n int, take func(context.Context, io.Reader) (Filing, error)) error {
	c, end, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer end()
	folders := map[Filing]string{Done: cmp.Or(b.DoneFolder, "Ricevute"), Other: cmp.Or(b.OtherFolder, "Da vedere")}
	for _, f := range folders {
		if err := makeFolder(c, f); err != nil {
			return mailboxFailed(ctx, "CREATE", err)
		}
	}
	if _, err := c.Select(cmp.Or(b.Inbox, "INBOX"), nil).Wait(); err != nil {
		return mailboxFailed(ctx, "SELECT", err)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}, nil).Wait()
	if err != nil {
		return mailboxFailed(ctx, "SEARCH", err)
	}
	uids := found.AllUIDs()
	slices.Sort(uids)
	for _, uid := range uids[:min(len(uids), max(n, 0))] {
		mail, there, err := fetch(c, uid)
		if err != nil {
			return mailboxFailed(ctx, "FETCH", err)
		}
		if !there {
			continue
		}
		filing, err := take(ctx, mail)
		if err != nil {
			return err
		}
		to, ok := folders[filing]
		if !ok {
			return fmt.Errorf("delivery: mailbox: filing %.20q: expected done or other", filing)
		}
		if err := file(c, uid, to); err != nil {
			return mailboxFailed(ctx, "MOVE", err)
		}
	}
	_ = c.Logout().Wait() // all is done
	return nil
}

// open makes a connection, which ends when end is called or the context ends.
func (b *IMAP) open(ctx context.Context) (c *imapclient.Client, end func(), err error) {
	host, _, err := net.SplitHostPort(b.Server)
	if err != nil {
		return nil, nil, errors.New("delivery: IMAP.Server: expected host:port")
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", b.Server)
	if err != nil {
		return nil, nil, mailboxFailed(ctx, "connect", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	cfg := tlsFor(b.TLS, host)
	if b.StartTLS {
		c, err = imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: cfg})
	} else {
		secure := tls.Client(conn, cfg)
		if err = secure.HandshakeContext(ctx); err == nil {
			c = imapclient.New(secure, nil)
			err = c.WaitGreeting()
		}
	}
	if err == nil && c.State() == imap.ConnStateNotAuthenticated {
		err = c.Login(b.User, b.Password).Wait()
	}
	end = func() {
		stop()
		if c != nil {
			_ = c.Close()
		}
		_ = conn.Close()
	}
	if err != nil {
		end()
		return nil, nil, mailboxFailed(ctx, "login", err)
	}
	return c, end, nil
}

// makeFolder makes a folder if it does not exist.
func makeFolder(c *imapclient.Client, name string) error {
	list, err := c.List("", name, nil).Collect()
	if err != nil || len(list) > 0 {
		return err
	}
	return c.Create(name, nil).Wait()
}

// fetch reads a mail without marking it as read; mail is nil if it is too big.
// there is false if another program has removed it.
func fetch(c *imapclient.Client, uid imap.UID) (mail io.Reader, there bool, err error) {
	sizes, err := c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
	if err != nil || len(sizes) == 0 {
		return nil, false, err
	}
	if sizes[0].RFC822Size > maxReceipt {
		return nil, true, nil
	}
	all := &imap.FetchItemBodySection{Peek: true}
	mails, err := c.Fetch(imap.UIDSetNum(uid),
		&imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{all}}).Collect()
	if err != nil || len(mails) == 0 {
		return nil, false, err
	}
	data := mails[0].FindBodySection(all)
	if data == nil {
		return nil, false, errors.New("no BODY[]")
	}
	return bytes.NewReader(data), true, nil
}

// file moves a mail. If the server cannot move, file copies the mail and
// deletes it after the server has confirmed the copy; the Move of the client
// library would not wait for the confirmation.
func file(c *imapclient.Client, uid imap.UID, folder string) error {
	set := imap.UIDSetNum(uid)
	if c.Caps().Has(imap.CapMove) {
		_, err := c.Move(set, folder).Wait()
		return err
	}
	if _, err := c.Copy(set, folder).Wait(); err != nil {
		return err
	}
	deleted := imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := c.Store(set, &deleted, nil).Close(); err != nil {
		return err
	}
	if !c.Caps().Has(imap.CapUIDPlus) {
		return nil // it stays marked as deleted: expunging would remove other mails too
	}
	return c.UIDExpunge(set).Close()
}

// mailboxFailed says at which step a call has ended. The text of a server may
// name the mailbox: only its code is kept.
func mailboxFailed(ctx context.Context, at string, err error) error {
	what := "connection broken"
	if answer, ok := errors.AsType[*imap.Error](err); ok {
		what = cmp.Or(string(answer.Code), string(answer.Type))
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		what = "certificate not valid"
	}
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("delivery: mailbox: imap out of time at %s: %w", at, cause)
	}
	return fmt.Errorf("delivery: mailbox: imap %s at %s", what, at)
}
