package certificate

import (
	"context"
	"encoding/json"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

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
		return nil
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
