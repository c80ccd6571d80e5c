package seal

import (
	"context"
	"crypto/x509"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
)

// Recheck checks out as if doc had been sealed to it just now, with one new
// signature and the certificate leaf.
func Recheck(ctx context.Context, doc, out []byte, made *pdf.Signature, leaf *x509.Certificate) error {
	p, err := open(ctx, doc, defaultMaxSize)
	if err != nil {
		return err
	}
	message, _, err := cms.Split(made.Contents)
	if err != nil {
		return err
	}
	return p.check(ctx, out, []placed{{ref: made.Ref, message: message}}, leaf)
}

// RecheckSeen is [Recheck] of a visible seal that replaced the given objects.
func RecheckSeen(
	ctx context.Context, doc, out []byte, made *pdf.Signature, leaf *x509.Certificate, replaced ...pdf.Ref,
) error {
	p, err := open(ctx, doc, defaultMaxSize)
	if err != nil {
		return err
	}
	message, _, err := cms.Split(made.Contents)
	if err != nil {
		return err
	}
	p.look = &look{replaced: map[pdf.Ref]bool{}}
	for _, r := range replaced {
		p.look.replaced[r] = true
	}
	return p.check(ctx, out, []placed{{ref: made.Ref, message: message}}, leaf)
}

// CheckPlaced checks out as if pdfsign had made it of doc.
func CheckPlaced(ctx context.Context, doc, out []byte) error {
	before, err := pdf.Parse(ctx, doc, pdf.Limits{})
	if err != nil {
		return err
	}
	_, err = checkPlaced(ctx, before, out)
	return err
}
