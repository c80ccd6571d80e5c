package delivery

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/internal/xmlsec"
)

// A ReceiptType is the type of a PEC receipt (attribute tipo of daticert.xml,
// RFC 6109, section 4.6).
type ReceiptType string

// The types of receipts that a sender gets.
const (
	Acceptance     ReceiptType = "accettazione"
	NonAcceptance  ReceiptType = "non-accettazione"
	TakenInCharge  ReceiptType = "presa-in-carico" // between providers; changes nothing
	DeliveryDone   ReceiptType = "avvenuta-consegna"
	DeliveryFailed ReceiptType = "errore-consegna"
	DeliveryLate   ReceiptType = "preavviso-errore-consegna" // no answer for 12 hours; changes nothing
	VirusDetected  ReceiptType = "rilevazione-virus"
)

// Errors of [ParseReceipt].
var (
	ErrNoReceipt = errors.New("delivery: not a PEC receipt")
	// ErrReceipt is wrapped by the error of a receipt that breaks the rules.
	ErrReceipt = errors.New("delivery: receipt")
)

// A Receipt is what a PEC receipt says about a message. Sender and addressees
// are left out.
type Receipt struct {
	Type ReceiptType
	// MessageID is the Message-ID of the original message, without angle
	// brackets.
	MessageID string
	// ProviderID is the identifier that the provider has given to the message,
	// and Provider the provider that issued the receipt.
	ProviderID, Provider string
	At                   time.Time // the instant that is certified, to the second, UTC
	// Error is the attribute errore: "nessuno", "no-dest", "no-dominio", "virus"
	// or "altro".
	Error string
	// Form says how much of the message a delivery receipt holds: "completa",
	// "breve" or "sintetica"; empty for other receipts.
	Form string
	// Signer is the name in the certificate that signed the receipt; empty if
	// the signature was not verified.
	Signer string
}

// follows returns the state of a message after the receipt, and the reason.
// Receipts come in any order, and more than once.
func (r Receipt) follows(m Message) (State, string) {
	// The courier gave the message up, and it has arrived all the same.
	givenUp := m.State == Failed && strings.HasPrefix(m.Reason, GivenUpPrefix)
	switch {
	case m.State == Delivered:
		return m.State, ""
	case r.Type == DeliveryDone:
		return Delivered, ""
	case r.Type == Acceptance && (m.State != Failed || givenUp):
		return Accepted, ""
	case r.Type == NonAcceptance:
		return Failed, NotAccepted
	case r.Type == DeliveryFailed:
		return Failed, DeliveryError
	case r.Type == VirusDetected:
		return Failed, VirusFound
	}
	return m.State, ""
}

// The bounds of a receipt. The rules allow messages of 100 MB; a complete one
// holds the original, which is not read.
const (
	maxReceipt    = 128 << 20
	maxDaticert   = 1 << 20
	maxReceiptDep = 4 // nested multiparts: signed, mixed, and some to spare
	maxParts      = 50
)

// ParseReceipt reads a mail of a PEC mailbox. The reference and the type in its
// header (X-Riferimento-Message-ID, X-Ricevuta) must be those of the
// daticert.xml in it. The error wraps [ErrReceipt] if the receipt breaks the
// rules, and [ErrNoReceipt] for every mail that does not claim to be a receipt,
// also for a mail that the provider has wrapped because it is not certified.
//
// ParseReceipt does not verify the signature: see [VerifyReceipt].
func ParseReceipt(ctx context.Context, r io.Reader) (Receipt, error) {
	m, err := openReceipt(r)
	if err != nil {
		return Receipt{}, err
	}
	return m.receipt(ctx)
}

// receipt reads the content of the receipt.
func (m *receiptMail) receipt(ctx context.Context) (Receipt, error) {
	data, err := daticert(m.entityHeader, bytes.NewReader(m.entity), maxReceiptDep)
	if err != nil {
		return Receipt{}, err
	}
	if data == nil {
		return Receipt{}, fmt.Errorf("%w: it has no daticert.xml", ErrReceipt)
	}
	out, err := parseDaticert(ctx, data)
	if err != nil {
		return Receipt{}, err
	}
	if kind := strings.TrimSpace(m.header.Get("X-Ricevuta")); string(out.Type) != kind {
		return Receipt{}, fmt.Errorf("%w: X-Ricevuta is %.40q, daticert.xml says %.40q", ErrReceipt, kind, out.Type)
	}
	ref := bare(m.header.Get("X-Riferimento-Message-ID"))
	if out.MessageID == "" {
		out.MessageID = ref
	}
	if out.MessageID == "" || ref != "" && ref != out.MessageID {
		return Receipt{}, fmt.Errorf("%w: X-Riferimento-Message-ID and msgid: expected one and the same", ErrReceipt)
	}
	return out, nil
}

// bare returns a Message-ID without angle brackets.
func bare(s string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "<"), ">")
}

// daticert finds the one daticert.xml of a mail; those in mails that it
// encloses do not count.
func daticert(h textproto.MIMEHeader, body io.Reader, depth int) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return nil, nil // an attachment of some other kind
	}
	if !strings.HasPrefix(kind, "multipart/") {
		_, disposition, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
		if !strings.EqualFold(params["name"], "daticert.xml") &&
			!strings.EqualFold(disposition["filename"], "daticert.xml") || kind == "message/rfc822" {
			return nil, nil
		}
		return content(h.Get("Content-Transfer-Encoding"), body, maxDaticert)
	}
	if depth == 0 {
		return nil, fmt.Errorf("%w: more than %d nested multiparts", ErrReceipt, maxReceiptDep)
	}
	parts := multipart.NewReader(body, params["boundary"])
	var found []byte
	for n := 0; ; n++ {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil || n == maxParts {
			return nil, fmt.Errorf("%w: its parts have no form, or are more than %d", ErrReceipt, maxParts)
		}
		data, err := daticert(p.Header, p, depth-1)
		if err != nil {
			return nil, err
		}
		if data != nil && found != nil {
			return nil, fmt.Errorf("%w: it has two daticert.xml", ErrReceipt)
		}
		if data != nil {
			found = data
		}
	}
}

// content decodes an attachment of at most so many bytes.
func content(encoding string, body io.Reader, most int64) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "", "7bit", "8bit", "binary":
	default:
		return nil, fmt.Errorf("%w: an attachment in an encoding that is not known", ErrReceipt)
	}
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	if err != nil || int64(len(data)) > most || len(data) == 0 {
		return nil, fmt.Errorf("%w: an attachment: expected 1 to %d bytes in the declared encoding", ErrReceipt, most)
	}
	return data, nil
}

// daticertData collects the fields of a daticert.xml while it is read.
type daticertData struct {
	Receipt
	day, hour, zone string
	count           map[string]int
}

// field returns where the text of an element is kept; nil if it is not kept. An
// element that is kept occurs at most once.
func (d *daticertData) field(path string) *string {
	return map[string]*string{
		"postacert/dati/gestore-emittente": &d.Provider, "postacert/dati/identificativo": &d.ProviderID,
		"postacert/dati/msgid":       &d.MessageID,
		"postacert/dati/data/giorno": &d.day, "postacert/dati/data/ora": &d.hour,
	}[path]
}

// parseDaticert reads the XML. It skips well-formed elements that it does not
// need, because providers add elements.
func parseDaticert(ctx context.Context, data []byte) (Receipt, error) {
	r, err := xmlsec.NewReader(ctx, bytes.NewReader(data),
		xmlsec.Limits{Bytes: maxDaticert, Depth: 8, Elements: 10_000, Token: 256 << 10})
	if err != nil {
		return Receipt{}, xmlError(err)
	}
	d := &daticertData{count: map[string]int{}}
	var path []string
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Receipt{}, xmlError(err)
		}
		switch t.Kind {
		case xmlsec.StartElement:
			path = append(path, t.Name.Local)
			if err := d.start(strings.Join(path, "/"), t); err != nil {
				return Receipt{}, err
			}
		case xmlsec.EndElement:
			path = path[:len(path)-1]
		case xmlsec.Text:
			if to := d.field(strings.Join(path, "/")); to != nil {
				*to += string(t.Data)
			}
		}
	}
	return d.receipt()
}

// xmlError returns an error that says where the XML is wrong, without repeating
// its text.
func xmlError(err error) error {
	if s, ok := errors.AsType[*xmlsec.SyntaxError](err); ok {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return fmt.Errorf("%w: daticert.xml: line %d, column %d: not well formed, or not accepted", ErrReceipt,
			s.Pos.Line, s.Pos.Column)
	}
	return fmt.Errorf("%w: daticert.xml cannot be read", ErrReceipt)
}

func (d *daticertData) start(path string, t *xmlsec.Token) error {
	d.count[path]++
	if d.count[path] > 1 && (d.field(path) != nil || path == "postacert/dati" || path == "postacert/dati/data" ||
		path == "postacert/dati/ricevuta") {
		return fmt.Errorf("%w: daticert.xml: <%s> stands twice", ErrReceipt, path)
	}
	switch path {
	case "postacert":
		d.Error = "nessuno"
	case "postacert/dati/data", "postacert/dati/ricevuta":
	default:
		return nil
	}
	for _, a := range t.Attrs {
		switch path + "@" + a.Name.QName() {
		case "postacert@tipo":
			d.Type = ReceiptType(a.Value)
		case "postacert@errore":
			d.Error = a.Value
		case "postacert/dati/data@zona":
			d.zone = a.Value
		case "postacert/dati/ricevuta@tipo":
			d.Form = a.Value
		}
	}
	return nil
}

// receipt checks what was read.
func (d *daticertData) receipt() (Receipt, error) {
	known := false
	for _, t := range []ReceiptType{
		Acceptance, NonAcceptance, DeliveryDone, DeliveryFailed, DeliveryLate, VirusDetected, TakenInCharge,
	} {
		known = known || d.Type == t
	}
	if !known || d.count["postacert"] != 1 {
		return Receipt{}, fmt.Errorf("%w: daticert.xml: expected <postacert> with a tipo of RFC 6109", ErrReceipt)
	}
	zone := strings.ReplaceAll(strings.TrimSpace(d.zone), ":", "")
	at, err := time.Parse("2/1/2006 15:04:05 -0700",
		strings.TrimSpace(d.day)+" "+strings.TrimSpace(d.hour)+" "+zone)
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: daticert.xml: expected a date with giorno dd/mm/yyyy, ora hh:mm:ss "+
			"and zona", ErrReceipt)
	}
	switch d.Form {
	case "", "completa", "breve", "sintetica":
	default:
		return Receipt{}, fmt.Errorf("%w: daticert.xml: <ricevuta tipo>: expected completa, breve or sintetica",
			ErrReceipt)
	}
	out := d.Receipt
	out.At, out.MessageID = at.UTC(), bare(out.MessageID)
	out.Provider, out.ProviderID = strings.TrimSpace(out.Provider), strings.TrimSpace(out.ProviderID)
	if out.ProviderID == "" || out.Provider == "" {
		return Receipt{}, fmt.Errorf("%w: daticert.xml: expected gestore-emittente and identificativo", ErrReceipt)
	}
	return out, nil
}
