package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Channel is a way by which a certificate reaches a citizen.
type Channel string

// The channels.
const (
	ReservedArea    Channel = "reserved-area" // he downloads it: nothing is sent
	DigitalDomicile Channel = "digital-domicile"
	Email           Channel = "email"
	AppIO           Channel = "app-io"
)

// Channels returns every channel.
func Channels() []Channel { return []Channel{ReservedArea, DigitalDomicile, Email, AppIO} }

// A State says how far the delivery of a message has come.
type State string

// The states. By e-mail and App IO a message never goes beyond Sent.
const (
	Queued    State = "queued"    // to be sent, for the first time or again
	Sending   State = "sending"   // an attempt has begun; it is repeated if its outcome stays unknown
	Sent      State = "sent"      // the next server has it
	Accepted  State = "accepted"  // the sender's PEC provider has certified the sending
	Delivered State = "delivered" // it is in the citizen's PEC mailbox; in the reserved area at once
	Failed    State = "failed"    // given up: see Reason
)

// Reasons of [Failed], beside those that name an answer ("smtp 550 at RCPT",
// "io 400 at messages").
const (
	NoDomicile     = "no-digital-domicile"
	NotAllowed     = "io-sender-not-allowed"
	NotOnIO        = "io-no-profile"
	NoDocument     = "certificate-not-archived" // it has expired meanwhile
	NotAccepted    = "pec-not-accepted"
	DeliveryError  = "pec-delivery-error"
	VirusFound     = "pec-virus"
	GivenUpPrefix  = "given-up: " // before the reason of the last attempt
	outcomeUnknown = "outcome-unknown"
)

// A Message is the delivery of one certificate on one channel, as the outbox
// holds it.
type Message struct {
	Certificate string // its ID, 26 characters A-Z and 2-7
	Channel     Channel
	State       State
	// MessageID identifies the message in every attempt; without angle
	// brackets.
	MessageID string
	// FiscalCode and Address are the addressee's; empty once the message is
	// sent or has failed.
	FiscalCode, Address string
	// Addressee is a keyed digest of the fiscal code, 64 hexadecimal digits.
	Addressee string
	// Reason says why the last attempt failed: a code without personal data.
	Reason   string
	Attempts int
	// Created is the instant of the order. NotBefore is the instant from which
	// the message may be tried again; while it is being sent, the instant from
	// which the attempt counts as lost. Updated is the instant of the last
	// change. UTC, to the millisecond.
	Created, NotBefore, Updated time.Time
	// Version counts the changes, from 1.
	Version int64
}

// Errors of an [Outbox].
var (
	ErrQueued  = errors.New("delivery: the outbox has a message for this certificate and channel")
	ErrUnknown = errors.New("delivery: not in the outbox")
	ErrChanged = errors.New("delivery: somebody else has changed the message")
)

// An Outbox keeps messages. It is safe for concurrent use. Whether several
// processes may use it depends on the implementation: they may use a
// [SQLOutbox], not a [FileOutbox]. When a call returns, its change is durable.
// Errors hold no personal data. Package deliverytest has the tests that an
// implementation must pass.
type Outbox interface {
	// Add keeps a message with Version 1. If the outbox has a message for the
	// same certificate and channel, Add does nothing and returns an error
	// wrapping [ErrQueued].
	Add(ctx context.Context, m Message) error
	// Get returns a message; an error wrapping [ErrUnknown] if there is none.
	Get(ctx context.Context, certificate string, channel Channel) (Message, error)
	// Due returns at most n messages in the states [Queued] and [Sending] whose
	// NotBefore is not after an instant, the earliest NotBefore first.
	Due(ctx context.Context, at time.Time, n int) ([]Message, error)
	// Update replaces the message that has the certificate, channel and Version
	// of m, and adds one to its Version; MessageID, Addressee and Created stay
	// as they were. If the message has another Version by now, or is not there,
	// Update does nothing and returns an error wrapping [ErrChanged].
	Update(ctx context.Context, m Message) error
	// Sweep deletes the messages that are not to be sent any more and whose
	// Updated is before an instant, and returns how many it deleted.
	Sweep(ctx context.Context, before time.Time) (int, error)
}

// ErrNoDomicile is wrapped by the error of a [DomicileResolver] for a person
// who has no digital domicile.
var ErrNoDomicile = errors.New("delivery: no digital domicile")

// A DomicileResolver looks up the digital domicile of a person (CAD, art.
// 6-quater): the PEC address that is valid at this moment. [INAD] is one.
//
// An error other than [ErrNoDomicile] means that the domicile is not known. A
// [*SendError] says why, and when to ask again. The text of any other error is
// not shown, since it may name the person, and the question is repeated after
// the usual pause.
type DomicileResolver interface {
	Domicile(ctx context.Context, fiscalCode string) (address string, err error)
}

// A Document is the content that is sent.
type Document struct{ PDF []byte }

// A Sender sends a message. An error that is not a [*SendError] means that the
// outcome is unknown.
type Sender interface {
	Send(ctx context.Context, m Message, d Document) error
}

// A SendError says why a message was not sent.
type SendError struct {
	// Reason is a code without personal data.
	Reason string
	// Permanent says that another attempt would end the same way.
	Permanent bool
	// Unknown says that the message may have been sent.
	Unknown bool
	// After, if positive, is how long the receiver asks us to wait before the
	// next attempt.
	After time.Duration
}

func (e *SendError) Error() string { return "delivery: not sent: " + e.Reason }

// pdfName is the name of the attachment.
func pdfName(certificate string) string { return "certificato-" + certificate + ".pdf" }

func isID(s string) bool {
	return len(s) == 26 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

func isFiscalCode(s string) bool {
	return len(s) == 16 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// about adds to an error the certificate and the channel of the message.
func about(certificate string, c Channel, err error) error {
	return fmt.Errorf("delivery: certificate %.26q, %s: %w", certificate, c, err)
}
