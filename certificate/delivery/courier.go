package delivery

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
)

// Config configures a [Courier].
type Config struct {
	Outbox Outbox
	// Archive holds the certificates.
	Archive certificate.Archive
	// PEC, Mail and IO are the senders of [DigitalDomicile], [Email] and
	// [AppIO]; if one is nil, orders for its channel are refused. PEC needs
	// Domiciles.
	PEC, Mail, IO Sender
	Domiciles     DomicileResolver
	// PECRoots are the certificates with which PEC providers sign receipts, or
	// the roots of those: see [VerifyReceipt]. A receipt without such a
	// signature then changes nothing. If nil, signatures are not verified, and
	// whoever can put a mail into the mailbox as if it came from its provider
	// can change states.
	PECRoots *x509.CertPool
	// Key is the key for the digests of addressees: at least 32 bytes, kept as
	// long as the outbox.
	Key []byte
	// Domain is the right side of Message-IDs: a host name of the sender.
	Domain string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// FirstPause is the pause after the first attempt; it doubles after each
	// further attempt, up to six hours. Zero means one minute.
	FirstPause time.Duration
	// GiveUp is how long after its order a message is tried; zero means three
	// days.
	GiveUp time.Duration
	// Timeout bounds one attempt; zero means two minutes. An attempt without an
	// outcome is repeated after twice this time.
	Timeout time.Duration
}

// A Courier delivers certificates. It is safe for concurrent use; several
// processes may share an outbox.
type Courier struct{ cfg Config }

// New returns a courier. The error says which field of the configuration is missing
// or wrong.
func New(cfg Config) (*Courier, error) {
	switch {
	case cfg.Outbox == nil || cfg.Archive == nil:
		return nil, errors.New("delivery: Config: expected an Outbox and an Archive")
	case len(cfg.Key) < 32:
		return nil, fmt.Errorf("delivery: Config.Key has %d bytes, expected at least 32", len(cfg.Key))
	case cfg.Domain == "" || strings.Trim(cfg.Domain, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "":
		return nil, fmt.Errorf("delivery: Config.Domain %.80q: expected a host name in lower case", cfg.Domain)
	case cfg.PEC != nil && cfg.Domiciles == nil:
		return nil, errors.New("delivery: Config.PEC needs Config.Domiciles")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	for d, standard := range map[*time.Duration]time.Duration{
		&cfg.FirstPause: time.Minute, &cfg.GiveUp: 72 * time.Hour, &cfg.Timeout: 2 * time.Minute,
	} {
		if *d <= 0 {
			*d = standard
		}
	}
	return &Courier{cfg}, nil
}

// An Order asks for the delivery of a certificate that is in the archive.
type Order struct {
	Certificate string // its ID
	Channel     Channel
	// FiscalCode is the addressee's. Email is the address for the channel
	// [Email]; the others ignore it.
	FiscalCode, Email string
}

// ErrNoChannel is wrapped by the error of an order on a channel that is not
// configured.
var ErrNoChannel = errors.New("delivery: this channel is not available")

// errNotMade is the error of a Courier that New has not made.
var errNotMade = errors.New("delivery: a Courier without outbox and archive: expected one that New has made")

func (c *Courier) now() time.Time { return c.cfg.Now().UTC().Truncate(time.Millisecond) }

// Enqueue keeps an order, durably when it returns. If there is a message for
// the certificate and channel already, Enqueue returns that one, and nothing is
// sent twice. On [ReservedArea] there is nothing to send and nothing is kept:
// the message is delivered at once. The error wraps [ErrNoChannel], says which field
// of the order is wrong, or is that of the outbox.
func (c *Courier) Enqueue(ctx context.Context, o Order) (Message, error) {
	fail := func(err error) (Message, error) { return Message{}, about(o.Certificate, o.Channel, err) }
	if !isID(o.Certificate) {
		return Message{}, errors.New("delivery: Order.Certificate: expected 26 characters A-Z and 2-7")
	}
	if c.cfg.Outbox == nil {
		return fail(errNotMade)
	}
	now := c.now()
	m := Message{
		Certificate: o.Certificate, Channel: o.Channel, State: Queued, Version: 1,
		Created: now, NotBefore: now, Updated: now,
	}
	if o.Channel == ReservedArea {
		m.State = Delivered
		return m, nil
	}
	if c.sender(o.Channel) == nil {
		return fail(ErrNoChannel)
	}
	if !isFiscalCode(o.FiscalCode) {
		return fail(errors.New("Order.FiscalCode: expected 16 letters and digits"))
	}
	m.Addressee = digest(c.cfg.Key, o.FiscalCode)
	if o.Channel == Email {
		if !isAddress(o.Email) {
			return fail(errors.New("Order.Email: expected one address without a name"))
		}
		m.Address = o.Email
	} else {
		m.FiscalCode = o.FiscalCode
	}
	m.MessageID = strings.ToLower(o.Certificate) + "." + string(o.Channel) + "." +
		strings.ToLower(rand.Text()) + "@" + c.cfg.Domain
	err := c.cfg.Outbox.Add(ctx, m)
	if errors.Is(err, ErrQueued) {
		return c.cfg.Outbox.Get(ctx, o.Certificate, o.Channel)
	}
	if err != nil {
		return Message{}, err
	}
	return m, nil
}

func (c *Courier) sender(ch Channel) Sender {
	return map[Channel]Sender{DigitalDomicile: c.cfg.PEC, Email: c.cfg.Mail, AppIO: c.cfg.IO}[ch]
}

// digest identifies an addressee.
func digest(key []byte, fiscalCode string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("it.anpr.delivery.v1\x00" + strings.ToUpper(fiscalCode)))
	return hex.EncodeToString(h.Sum(nil))
}

// isAddress reports whether a text is one address that SMTP can send.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || len(s) > 254 {
		return false
	}
	for _, r := range s {
		if r <= ' ' || r > '~' || strings.ContainsRune(`<>()[]\,;:"`, r) {
			return false
		}
	}
	return true
}

// A Report counts the messages of a run by outcome. Skipped are those that
// another process took.
type Report struct{ Sent, Retried, Failed, Skipped int }

// Run sends at most n messages that are due, one after the other. It ends early
// with an error of the outbox, the archive or the context.
func (c *Courier) Run(ctx context.Context, n int) (Report, error) {
	var rep Report
	if c.cfg.Outbox == nil {
		return rep, errNotMade
	}
	due, err := c.cfg.Outbox.Due(ctx, c.now(), n)
	if err != nil {
		return rep, err
	}
	for _, m := range due {
		if err := ctx.Err(); err != nil {
			return rep, err
		}
		m, err := c.attempt(ctx, m)
		if errors.Is(err, ErrChanged) {
			rep.Skipped++
			continue
		}
		if err != nil {
			return rep, err
		}
		switch m.State {
		case Sent:
			rep.Sent++
		case Failed:
			rep.Failed++
		default:
			rep.Retried++
		}
	}
	return rep, nil
}

// attempt tries to send a message and keeps the outcome.
func (c *Courier) attempt(ctx context.Context, m Message) (Message, error) {
	d, err := c.cfg.Archive.Get(ctx, m.Certificate)
	gone := errors.Is(err, certificate.ErrNotArchived) || err == nil && !d.Expires.After(c.now())
	if err != nil && !gone {
		return m, about(m.Certificate, m.Channel, err)
	}
	// A message whose attempt has begun without an outcome keeps its
	// Message-ID.
	m.State, m.Attempts, m.Updated = Sending, m.Attempts+1, c.now()
	m.NotBefore = m.Updated.Add(2 * c.cfg.Timeout)
	if err := c.cfg.Outbox.Update(ctx, m); err != nil {
		return m, err
	}
	m.Version++
	sent := error(&SendError{Reason: NoDocument, Permanent: true})
	if !gone {
		sent = c.send(ctx, &m, Document{PDF: d.PDF})
	}
	c.settle(&m, sent)
	// The outcome must be kept even if the caller gives up now.
	if err := c.cfg.Outbox.Update(context.WithoutCancel(ctx), m); err != nil {
		return m, err
	}
	m.Version++
	return m, nil
}

// send hands a message to its sender.
func (c *Courier) send(ctx context.Context, m *Message, d Document) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	sender := c.sender(m.Channel)
	if sender == nil {
		return &SendError{Reason: "channel-not-configured"}
	}
	out := *m
	if m.Channel == DigitalDomicile {
		address, err := c.cfg.Domiciles.Domicile(ctx, m.FiscalCode)
		switch {
		case errors.Is(err, ErrNoDomicile):
			return &SendError{Reason: NoDomicile, Permanent: true}
		case err != nil:
			if failed, ok := errors.AsType[*SendError](err); ok {
				return failed
			}
			return &SendError{Reason: "domicile-lookup-failed"}
		case !isAddress(address):
			return &SendError{Reason: "domicile-without-form"}
		}
		out.Address = address
	}
	return sender.Send(ctx, out, d)
}

// settle sets the state of a message after an attempt.
func (c *Courier) settle(m *Message, err error) {
	m.Updated = c.now()
	if err == nil {
		m.State, m.Reason, m.FiscalCode, m.Address = Sent, "", "", ""
		return
	}
	failed, ok := errors.AsType[*SendError](err)
	if !ok {
		failed = &SendError{Reason: outcomeUnknown, Unknown: true}
	}
	m.State, m.Reason = Queued, failed.Reason
	pause := max(failed.After, min(c.cfg.FirstPause<<min(m.Attempts-1, 16), 6*time.Hour))
	m.NotBefore = m.Updated.Add(pause).Truncate(time.Millisecond)
	switch {
	case failed.Permanent:
		m.State = Failed
	case m.NotBefore.After(m.Created.Add(c.cfg.GiveUp)):
		m.State, m.Reason = Failed, GivenUpPrefix+failed.Reason
	}
	if m.State == Failed {
		m.FiscalCode, m.Address = "", ""
	}
}

// receiptSkew is how far a provider's clock may differ from ours.
const receiptSkew = 10 * time.Minute

// Receipt takes in a mail of the PEC mailbox and changes the state of the
// message that the receipt is about, durably when it returns. It returns the
// receipt, and the message in its new state. The error wraps [ErrNoReceipt] if
// the mail is not a receipt, [ErrReceipt] if it breaks the rules, [ErrUnknown]
// if the message is not in the outbox. A delivered message stays delivered; a
// receipt that comes twice, or late, does no harm. The caller must keep the
// original mail, which is the proof.
//
// With [Config].PECRoots the receipt must be signed (see [VerifyReceipt]), and
// certify an instant between the order and now, give or take ten minutes.
// Otherwise nothing changes, and the error wraps [ErrUntrusted].
func (c *Courier) Receipt(ctx context.Context, r io.Reader) (Receipt, Message, error) {
	receipt, m, _, err := c.take(ctx, r)
	return receipt, m, err
}

// take does what Receipt does, and reports whether a state has changed.
func (c *Courier) take(ctx context.Context, r io.Reader) (receipt Receipt, m Message, changed bool, err error) {
	if c.cfg.Outbox == nil {
		return receipt, Message{}, false, errNotMade
	}
	if c.cfg.PECRoots != nil {
		receipt, err = VerifyReceipt(ctx, r, c.cfg.PECRoots)
	} else {
		receipt, err = ParseReceipt(ctx, r)
	}
	if err != nil {
		return receipt, Message{}, false, err
	}
	id, channel, ok := splitMessageID(receipt.MessageID)
	if !ok || channel != DigitalDomicile {
		return receipt, Message{}, false, fmt.Errorf("delivery: receipt: %w", ErrUnknown)
	}
	for {
		m, err = c.cfg.Outbox.Get(ctx, id, channel)
		if err != nil {
			return receipt, Message{}, false, err
		}
		if m.MessageID != receipt.MessageID {
			return receipt, Message{}, false, about(id, channel, ErrUnknown)
		}
		if c.cfg.PECRoots != nil && (receipt.At.Before(m.Created.Add(-receiptSkew)) ||
			receipt.At.After(c.now().Add(receiptSkew))) {
			return receipt, m, false, about(id, channel,
				untrusted("it certifies %s, expected an instant between the order, %s, and now",
					receipt.At.Format(time.RFC3339), m.Created.Format(time.RFC3339)))
		}
		state, reason := receipt.follows(m)
		if state == m.State {
			return receipt, m, false, nil
		}
		// A receipt also proves that an attempt of unknown outcome has succeeded.
		m.State, m.Reason, m.FiscalCode, m.Address, m.Updated = state, reason, "", "", c.now()
		err = c.cfg.Outbox.Update(ctx, m)
		if err == nil {
			m.Version++
			return receipt, m, true, nil
		}
		if !errors.Is(err, ErrChanged) {
			return receipt, Message{}, false, err
		}
	}
}

// splitMessageID reads what Enqueue has put into a Message-ID.
func splitMessageID(id string) (certificate string, c Channel, ok bool) {
	left, _, ok := strings.Cut(id, "@")
	p := strings.Split(left, ".")
	if !ok || len(p) != 3 || !isID(strings.ToUpper(p[0])) {
		return "", "", false
	}
	return strings.ToUpper(p[0]), Channel(p[1]), true
}
