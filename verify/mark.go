package verify

import (
	"context"
	"time"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
)

// Contrassegno judges a contrassegno that was read already, such as one that
// was followed as a link, as [Verifier.Picture] judges one in a picture.
func (v *Verifier) Contrassegno(ctx context.Context, mark contrassegno.Mark, documents []Document,
	at time.Time) Report {
	v = v.made()
	if at.IsZero() {
		at = v.cfg.Now()
	}
	r := Report{Kind: KindContrassegno, At: at, Checks: []Check{{
		Code: CodeDecode, Outcome: Passed, Message: "Il codice QR è ben formato: " + clean(mark.String()) + ".",
	}}}
	if mark == (contrassegno.Mark{}) {
		r.Checks[0] = Check{Code: CodeDecode, Outcome: Failed, Message: "Non è stato dato alcun codice QR."}
		return skipped(r)
	}
	return v.judgeMark(ctx, r, mark, documents)
}

// skipped adds the checks that cannot be done without a contrassegno.
func skipped(r Report) Report {
	for _, code := range codesPicture[1:] {
		r.Checks = append(r.Checks,
			Check{Code: code, Outcome: NotDone, Message: "Non verificato: nessun codice QR è stato letto."})
	}
	return r
}

// judgeMark adds the checks after the reading.
func (v *Verifier) judgeMark(ctx context.Context, r Report, mark contrassegno.Mark, documents []Document) Report {
	matches, sealed := v.match(ctx, mark, documents, r.At)
	r.Checks = append(r.Checks, v.authentic(mark, matches, sealed), matches)
	if sealed != nil {
		r.Signer, r.Time = sealed.Signer, sealed.Time
	}
	r.conclude(codesPicture...)
	return r
}
