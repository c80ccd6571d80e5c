package verify

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/internal/pdf"
)

// A Document is a file that may be the original of a copy.
type Document struct {
	Name string // for messages
	Data []byte
}

// dataName is the name under which a certificate embeds its data.
const dataName = "certificato.json"

var codesPicture = []Code{CodeDecode, CodeAuthentic, CodeMatchesDocument}

// Picture judges a picture (PNG or JPEG) of a contrassegno together with the
// documents that may be the original of the copy, as of a time: if at is zero,
// the verifier's clock. It is valid only if the picture holds a contrassegno,
// one of the documents embeds the data that it is bound to, and that document
// is valid by itself. Without documents a picture is never valid.
func (v *Verifier) Picture(ctx context.Context, data []byte, documents []Document, at time.Time) Report {
	v = v.made()
	if at.IsZero() {
		at = v.cfg.Now()
	}
	r := Report{Kind: KindContrassegno, At: at}
	mark, decode := v.decode(ctx, data)
	r.Checks = []Check{decode}
	if decode.Outcome != Passed {
		return skipped(r)
	}
	return v.judgeMark(ctx, r, mark, documents)
}

// decode reads the contrassegno.
func (v *Verifier) decode(ctx context.Context, data []byte) (contrassegno.Mark, Check) {
	c := Check{Code: CodeDecode, Outcome: Failed}
	mark, err := v.findInPicture(&meter{ctx: ctx, left: v.cfg.Limits.Work}, data)
	if err != nil {
		c.Message = err.about("Nell'immagine non si è potuto leggere alcun codice QR: ").Message
		if err.Err != nil {
			c.Evidence = append(c.Evidence, err.Err.Error())
		}
		return contrassegno.Mark{}, c
	}
	c.Outcome, c.Message = Passed, "Nell'immagine c'è un codice QR ben formato: "+clean(mark.String())+"."
	return mark, c
}

// match looks for the document whose data the contrassegno is bound to, and
// judges it. If several embed the same data, a valid one counts.
func (v *Verifier) match(ctx context.Context, mark contrassegno.Mark, documents []Document, at time.Time) (Check,
	*Report) {
	c := Check{Code: CodeMatchesDocument, Outcome: NotDone,
		Message: "Non verificato: non è stato dato alcun documento con cui confrontare il codice QR."}
	if len(documents) == 0 {
		return c, nil
	}
	c.Outcome = Failed
	var best *Report
	for _, d := range documents {
		embedded, err := v.embedded(ctx, d.Data)
		if err != nil {
			c.Evidence = append(c.Evidence, fmt.Sprintf("%s: %v", clean(d.Name), err))
			continue
		}
		if !mark.Matches(embedded) {
			c.Evidence = append(c.Evidence, fmt.Sprintf("%s: other data", clean(d.Name)))
			continue
		}
		report := v.PDF(ctx, d.Data, at)
		if best == nil || report.Valid && !best.Valid {
			best = &report
			c.Outcome = Passed
			c.Message = fmt.Sprintf("Il codice QR corrisponde ai dati contenuti nel documento «%s».", clean(d.Name))
		}
	}
	if best == nil {
		c.Message = "Il codice QR non corrisponde ad alcuno dei documenti dati."
	}
	return c, best
}

// embedded returns the data that a certificate embeds.
func (v *Verifier) embedded(ctx context.Context, data []byte) ([]byte, error) {
	f, err := pdf.Parse(ctx, data, pdf.Limits(v.cfg.Limits.PDF))
	if err != nil {
		return nil, err
	}
	files, err := f.EmbeddedFiles()
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f pdf.EmbeddedFile) bool { return f.Name != dataName })
	if len(files) == 0 {
		return nil, fmt.Errorf("it embeds no %s", dataName)
	}
	for _, f := range files[1:] {
		if !bytes.Equal(f.Data, files[0].Data) {
			return nil, fmt.Errorf("it embeds several files %s that differ", dataName)
		}
	}
	return files[0].Data, nil
}

// authentic says whether a valid seal, and the issuer's key if there is one,
// vouch for the contrassegno.
func (v *Verifier) authentic(mark contrassegno.Mark, matches Check, sealed *Report) Check {
	c := Check{Code: CodeAuthentic, Outcome: NotDone}
	byKey := v.cfg.ContrassegnoKey != nil && mark.Authentic(v.cfg.ContrassegnoKey)
	switch {
	case v.cfg.ContrassegnoKey != nil && !byKey:
		c.Outcome, c.Message = Failed, "Il codice di autenticazione del codice QR non è quello dell'emittente."
	case matches.Outcome == NotDone && byKey:
		c.Outcome, c.Message = Passed, "Il codice di autenticazione del codice QR è quello dell'emittente."
	case matches.Outcome == NotDone:
		c.Message = "Non verificato: senza il documento sigillato non si può sapere chi ha emesso il codice QR."
	case sealed == nil:
		c.Message = "Non verificato: nessuno dei documenti dati è l'originale del codice QR."
		if byKey {
			c.Outcome, c.Message = Passed, "Il codice di autenticazione del codice QR è quello dell'emittente."
		}
	case !sealed.Valid:
		c.Outcome, c.Message = Failed, "Il documento a cui il codice QR corrisponde non ha un sigillo valido."
	default:
		c.Outcome = Passed
		c.Message = fmt.Sprintf("Il documento a cui il codice QR corrisponde ha un sigillo valido di «%s».",
			clean(sealed.Signer))
	}
	return c
}
