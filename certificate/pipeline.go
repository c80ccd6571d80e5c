package certificate

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/seal"
)

// A content is what a document says, about one person or many: all that the
// pipeline of issue must know about it.
type content interface {
	Encode() ([]byte, error)
	render(i *Issuer, dst, embedded []byte, mark *contrassegno.Mark) ([]byte, *seal.Appearance, error)
	terms() terms
	into(out *Issued)
}

// terms are what the archive and the seal need to know about a content.
type terms struct {
	kind       Kind
	issuedAt   time.Time
	validUntil electoral.Date
	comune     string // Belfiore code of the comune that issues; empty for the portal
}

// keys identify a request and the owner of its document in the archive.
type keys struct{ request, payload, owner string }

// earlier returns the document that answered the same request before, if there
// is one. It refuses the same id with another content, and a document that has
// expired.
func (i *Issuer) earlier(ctx context.Context, kind Kind, k keys) (Issued, bool, error) {
	if i.cfg.Archive == nil {
		return Issued{}, false, nil
	}
	a, err := i.cfg.Archive.ByRequest(ctx, k.request)
	if errors.Is(err, ErrNotArchived) {
		return Issued{}, false, nil
	}
	if err != nil {
		return Issued{}, false, fmt.Errorf("certificate: %w", err)
	}
	if !hmac.Equal([]byte(a.PayloadKey), []byte(k.payload)) {
		return Issued{}, false, refuse(kind, RequestReused, "request.id")
	}
	if !a.Expires.After(i.calendar.Now()) { // but not swept yet
		return Issued{}, false, refuse(kind, Expired, "request.id")
	}
	out, err := i.issued(a)
	return out, true, err
}

// produce makes the document of a content, seals it and archives it. If another
// call with the same request id was quicker, produce returns the document of
// that call, and true.
func (i *Issuer) produce(ctx context.Context, c content, k keys) (Issued, bool, error) {
	out, err := i.sealed(ctx, c)
	if err != nil || i.cfg.Archive == nil {
		return out, false, err
	}
	t := c.terms()
	err = i.cfg.Archive.Put(ctx, Archived{
		ID: out.Contrassegno.Digest(), RequestKey: k.request, PayloadKey: k.payload, Owner: k.owner, Comune: t.comune,
		Kind: t.kind, IssuedAt: t.issuedAt, Expires: i.expires(t.validUntil), PDF: out.PDF, Embedded: out.Embedded,
	})
	if errors.Is(err, ErrArchived) {
		first, found, err := i.earlier(ctx, t.kind, k)
		if err == nil && !found {
			err = fmt.Errorf("certificate: %w", ErrArchived)
		}
		return first, found, err
	}
	if err != nil {
		return Issued{}, false, fmt.Errorf("certificate: %w", err)
	}
	return out, false, nil
}

// sealed draws the page with its data and its contrassegno, and seals it.
func (i *Issuer) sealed(ctx context.Context, c content) (out Issued, err error) {
	c.into(&out)
	if out.Embedded, err = c.Encode(); err != nil {
		return Issued{}, err
	}
	if out.Contrassegno, err = contrassegno.New(i.cfg.BaseURL, i.cfg.Key, out.Embedded); err != nil {
		return Issued{}, err
	}
	page, frame, err := c.render(i, i.buffer(), out.Embedded, &out.Contrassegno)
	if err != nil {
		return Issued{}, err
	}
	defer i.reuse(page)
	details := seal.Details{Time: i.calendar.InRome(c.terms().issuedAt), Reason: sealReason, Appearance: frame}
	if out.PDF, err = i.cfg.Sealer.Seal(ctx, page, details); err != nil {
		return Issued{}, fmt.Errorf("certificate: %w", err)
	}
	if len(out.PDF) > 0 && &out.PDF[0] == &page[0] { // a sealer must return a copy
		out.PDF = slices.Clone(out.PDF)
	}
	return out, nil
}

// buffer returns memory for a page that will be sealed. It can be used again
// afterwards, because a sealer never keeps what it was given.
func (i *Issuer) buffer() []byte {
	select {
	case b := <-i.buffers:
		return b[:0]
	default:
		return nil
	}
}

func (i *Issuer) reuse(b []byte) {
	const most = 256 << 10
	if cap(b) > most {
		return
	}
	select {
	case i.buffers <- b:
	default:
	}
}

func (i *Issuer) protocol(ctx context.Context, req Request, at time.Time) (string, error) {
	if i.cfg.Protocol == nil {
		n, err := rand.Int(rand.Reader, big.NewInt(1e8))
		if err != nil {
			return "", fmt.Errorf("certificate: protocol number: %w", err)
		}
		return fmt.Sprintf("%s%08d", strings.Replace(at.UTC().Format("20060102150405.000"), ".", "", 1), n), nil
	}
	number, err := i.cfg.Protocol(ctx, req)
	if err != nil {
		return "", fmt.Errorf("certificate: protocol number: %w", err)
	}
	if !digits(number, 30) {
		return "", fmt.Errorf("certificate: protocol number %.40q: expected 1 to 30 digits", number)
	}
	return number, nil
}

// errNotMade is the error of an Issuer that NewIssuer has not made.
var errNotMade = errors.New("certificate: an Issuer without a sealer, a source and a log: " +
	"expected one that NewIssuer has made")

// passage prepares the passage of a request through the access log. An access
// to one person's data stands in the chain of the comune under which the person
// is registered.
func (i *Issuer) passage(
	ctx context.Context, req electoral.Request, op electoral.Operation, anprID string,
) electoral.Passage {
	if i.engine == nil {
		return electoral.Passage{Refused: errNotMade}
	}
	access := electoral.NewAccess(req, op, i.calendar.Now())
	access.Subject = anprID
	refused := electoral.Faults(electoral.Admit(req)).Err()
	if anprID != "" {
		home, err := i.cfg.Source.Home(ctx, anprID)
		if err != nil {
			refused = fmt.Errorf("certificate: %w", err)
		}
		access.Comune = home
	}
	if access.Comune == "" {
		access.Comune = req.Actor.Comune
	}
	return electoral.Passage{Recorder: i.cfg.Recorder, Access: access, Refused: refused}
}

// ownPassage prepares the passage of a request about archived documents. The
// access of a citizen stands in the chain of his own comune.
func (i *Issuer) ownPassage(ctx context.Context, req electoral.Request, op electoral.Operation) electoral.Passage {
	p := i.passage(ctx, req, op, "")
	p.ReadOnly = true
	if p.Refused == nil && req.Actor.Role == electoral.CitizenRole {
		var err error
		if p.Access.Subject, p.Access.Comune, err = i.cfg.Source.HomeOf(ctx, req.Actor.FiscalCode); err != nil {
			p.Refused = fmt.Errorf("certificate: %w", err)
		}
	}
	return p
}

func refuse(kind Kind, code Code, field string) error {
	return &Refusal{Kind: kind, Reasons: []Reason{newReason(code, field)}}
}

// A Preview is the page of a certificate that was not issued.
type Preview struct {
	// PDF is not sealed, holds no data and has no contrassegno.
	PDF []byte
	// Sentence is the Italian sentence of the page, for a web page that shows
	// it.
	Sentence string
	// Shown identifies what the page shows, for [Request].Previewed: 64
	// hexadecimal digits, keyed with the issuer's key.
	Shown string
	// Kept are the certificates that have not expired, as in [Offer]: whoever asks may
	// have what he needs already.
	Kept []Archived
}

// Preview makes the page of a certificate as it would be issued now, without
// contrassegno, seal and data, with «Anteprima» across it. The access is on
// record before Preview returns. The error is a [*Refusal], or that of
// [electoral.Admit], of the source, of the log ([electoral.ErrNotRecorded]) or
// of the page.
func (i *Issuer) Preview(ctx context.Context, req Request) (Preview, error) {
	p := i.passage(ctx, req.Request, electoral.OpPreviewCertificate, req.ANPRID)
	p.ReadOnly = true
	var out Preview
	err := p.Do(ctx, func(on *electoral.Entry) error {
		facts, err := i.cfg.Source.CertificateFacts(ctx, on)
		if err != nil {
			return err
		}
		at := on.Access().At
		d, err := i.compose(facts, req, i.calendar.Day(at))
		if err != nil {
			return err
		}
		d.Trial = !i.cfg.Sealer.Production()
		d.IssuedAt = at
		if out.PDF, err = i.render(d, nil, nil); err != nil {
			return err
		}
		out.Sentence = i.texts[italianCode].Sentence(d)
		out.Shown = i.shown(d)
		if i.cfg.Archive != nil && req.Actor.Role == electoral.CitizenRole {
			out.Kept, err = i.kept(ctx, i.owners(req.ANPRID, req.Actor.FiscalCode), at)
		}
		return err
	})
	if err != nil {
		return Preview{}, err
	}
	return out, nil
}

// shown identifies what a page says about the person and the issuer: everything
// except the instant, the validity that is counted from it, and the number.
func (i *Issuer) shown(d Data) string {
	d.IssuedAt, d.ValidUntil, d.Protocol, d.Nonce, d.Trial = time.Time{}, electoral.Date{}, "", Nonce{}, false
	text, err := json.Marshal(d)
	if err != nil { // it holds nothing that JSON does not know
		return ""
	}
	return i.keyed("shown", string(text))
}
