package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Channel is a way on which a certificate reaches a citizen.
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

// A State says how far a message is.
type State string

// The states. Sent is the last one by e-mail and App IO.
const (
	Queued    State = "queued"    // to be sent, for the first time or again
	Sending   State = "sending"   // an attempt has begun; if it is not told how it ended, it is repeated
	Sent      State = "sent"      // the next server has it
	Accepted  State = "accepted"  // the sender's PEC provider has certified the sending
	Delivered State = "delivered" // it is in the citizen's PEC mailbox; in the reserved area at once
	Failed    State = "failed"    // given up: see Reason
)

// Reasons of [Failed], beside those that name an answer ("smtp 550 at RCPT",
// "io 400 at messages").
const (
	NoDomicile     = "no-digital-domicile" // he has none
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
// has it.
type Message struct {
	Certificate string // its ID, 26 characters A-Z and 2-7
	Channel     Channel
	State       State
	// MessageID is its identifier in every attempt, without angle brackets.
	MessageID string
	// FiscalCode and Address are whom it is for; empty once it is sent or failed.
	FiscalCode, Address string
	// Addressee is a keyed digest of the fiscal code, 64 hexadecimal digits.
	Addressee string
	// Reason is why the last attempt failed: a code without personal data.
	Reason   string
	Attempts int
	// Created is when it was ordered, NotBefore when it may be tried next (of one
	// that is being sent: when the attempt counts as lost), Updated when it last
	// changed. UTC, to the millisecond.
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

// An Outbox keeps messages. It is safe for concurrent use; whether by several
// processes, the implementation says ([SQLOutbox] is, [FileOutbox] not). What a
// call has changed is durable when it returns. Errors hold no personal data.
// Package deliverytest has the tests that an implementation has to pass.
type Outbox interface {
	// Add keeps a message with Version 1. If there is one with its certificate
	// and channel it does nothing and returns an error wrapping [ErrQueued].
	Add(ctx context.Context, m Message) error
	// Get returns a message; an error wrapping [ErrUnknown] if there is none.
	Get(ctx context.Context, certificate string, channel Channel) (Message, error)
	// Due returns messages in the states [Queued] and [Sending] whose NotBefore
	// is not after an instant, the longest due first, at most n.
	Due(ctx context.Context, at time.Time, n int) ([]Message, error)
	// Update replaces the message with the certificate, channel and Version of m
	// and counts its Version up; MessageID, Addressee and Created stay as they
	// were. If it has another Version by now, or is not there, it does nothing and
	// returns an error wrapping [ErrChanged].
	Update(ctx context.Context, m Message) error
	// Sweep deletes the messages of which Updated is before an instant and that
	// are not to be sent any more, and returns how many there were.
	Sweep(ctx context.Context, before time.Time) (int, error)
}

// ErrNoDomicile is wrapped by the error of a [DomicileResolver] for a person
// who has no digital domicile.
var ErrNoDomicile = errors.New("delivery: no digital domicile")

// A DomicileResolver looks up the digital domicile of a person, as in INAD (CAD,
// art. 6-quater): the PEC address that is valid at this moment. Another error
// than [ErrNoDomicile] means that it is not known. A [*SendError] says why and
// when to ask again; of any other the text is not shown, since it may name the
// person, and it is asked again after the usual pause. [INAD] is one.
type DomicileResolver interface {
	Domicile(ctx context.Context, fiscalCode string) (address string, err error)
}

// A Document is what is sent.
type Document struct{ PDF []byte }

// A Sender brings a message on its way. An error other than a [*SendError]
// counts as one of unknown outcome.
type Sender interface {
	Send(ctx context.Context, m Message, d Document) error
}

// A SendError says why a message was not sent.
type SendError struct {
	// Reason is a code without personal data.
	Reason string
	// Permanent: another attempt would end the same way.
	Permanent bool
	// Unknown: it may have been sent.
	Unknown bool
	// After, if positive, is how long the receiver wants to be left alone.
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

// about wraps an error with what message it is about.
func about(certificate string, c Channel, err error) error {
	return fmt.Errorf("delivery: certificate %.26q, %s: %w", certificate, c, err)
}
