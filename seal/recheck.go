package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"fmt"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
)

// placed is a signature or time-stamp that has just been written.
type placed struct {
	*slot
	message []byte
	hash    crypto.Hash
	digest  []byte // that the message is over
}

// check reads what was written as a stranger would: that the document is its
// beginning, that the new revisions replace nothing but catalog and form, in
// which only signatures and validation data are new, and that each signature
// covers its revision and verifies. leaf is the certificate of the seal.
func (p *place) check(ctx context.Context, out []byte, made []placed, leaf *x509.Certificate) error {
	fail := func(err error) error { return fmt.Errorf("seal: %w: %w", ErrOutput, err) }
	if !bytes.HasPrefix(out, p.file.Data()) {
		return fail(fmt.Errorf("the document is not its beginning"))
	}
	f, err := pdf.Parse(ctx, out, pdf.Limits{Size: int64(len(out))})
	if err != nil {
		return fail(err)
	}
	if f.Trailing != 0 {
		return fail(fmt.Errorf("%d bytes behind the last revision", f.Trailing))
	}
	allowed := p.changed()
	for rev := len(p.file.Revisions); rev < len(f.Revisions); rev++ {
		changes, err := f.Changes(rev)
		if err != nil {
			return fail(err)
		}
		for _, c := range changes {
			// Of the revisions of this call, the later may replace the earlier's.
			if !c.Had || allowed[c.Ref] {
				continue
			}
			if p.look == nil || rev > len(p.file.Revisions) || !p.look.replaced[c.Ref] {
				return fail(fmt.Errorf("revision %d changes object %s", rev, c.Ref))
			}
			if err := checkGrown(c.Old, c.New); err != nil {
				return fail(fmt.Errorf("revision %d changes object %s: %w", rev, c.Ref, err))
			}
		}
	}
	if err := p.checkCatalog(f); err != nil {
		return fail(err)
	}
	sigs, err := f.Signatures()
	if err != nil {
		return fail(err)
	}
	if len(sigs) != len(p.sigs)+len(made) {
		return fail(fmt.Errorf("%d signatures, expected %d", len(sigs), len(p.sigs)+len(made)))
	}
	for i, m := range made {
		if err := checkSignature(sigs[len(p.sigs)+i], m, len(f.Revisions), leaf); err != nil {
			return fail(err)
		}
	}
	return nil
}

// checkCatalog compares catalog and form with those of the document.
func (p *place) checkCatalog(f *pdf.File) error {
	old := p.file.Last()
	was, _, err := old.Catalog()
	if err != nil {
		return err
	}
	is, _, err := f.Last().Catalog()
	if err != nil {
		return err
	}
	for _, e := range was {
		if had, ok := e.Value.(pdf.Dict); ok && e.Key == "Extensions" && had.Get("ESIC") == nil {
			if has, _ := is.Get(e.Key).(pdf.Dict); has.Get("ESIC") != nil { // the only one that is added
				e.Value = had.With("ESIC", has.Get("ESIC"))
			}
		}
		if e.Key != "AcroForm" && e.Key != "DSS" && e.Key != "Perms" && !pdf.Equal(e.Value, is.Get(e.Key)) {
			return fmt.Errorf("%s of the catalog changes", e.Key)
		}
	}
	form, err := old.Dict(was, "AcroForm")
	if err != nil {
		return err
	}
	newForm, err := f.Last().Dict(is, "AcroForm")
	if err != nil {
		return err
	}
	for _, e := range form {
		if e.Key != "Fields" && e.Key != "SigFlags" && !pdf.Equal(e.Value, newForm.Get(e.Key)) {
			return fmt.Errorf("%s of the form changes", e.Key)
		}
	}
	fields, err := old.Array(form, "Fields")
	if err != nil {
		return err
	}
	newFields, err := f.Last().Array(newForm, "Fields")
	if err != nil {
		return err
	}
	if len(newFields) < len(fields) || !pdf.Equal(fields, newFields[:len(fields)]) && len(fields) > 0 {
		return fmt.Errorf("fields of the form change")
	}
	return nil
}

func checkSignature(sig *pdf.Signature, m placed, revisions int, leaf *x509.Certificate) error {
	rev, problems := sig.Coverage()
	if rev < 0 || rev < revisions-2 {
		return fmt.Errorf("the signature of %q covers revision %d of %d: %v", sig.Field, rev, revisions, problems)
	}
	if sig.Ref != m.ref {
		return fmt.Errorf("the field %q holds signature %s, expected %s", sig.Field, sig.Ref, m.ref)
	}
	message, _, err := cms.Split(sig.Contents)
	if err != nil {
		return err
	}
	if !bytes.Equal(message, m.message) {
		return fmt.Errorf("the value of %q is not the one that was made", sig.Field)
	}
	digest := func(hash crypto.Hash) []byte {
		h := hash.New()
		for _, part := range sig.SignedBytes() {
			h.Write(part)
		}
		return h.Sum(nil)
	}
	if sig.IsTimestamp() { // the token itself was verified when it came
		if !bytes.Equal(digest(m.hash), m.digest) {
			return fmt.Errorf("the time-stamp of %q is over other bytes", sig.Field)
		}
		return nil
	}
	sd, err := cms.Parse(message)
	if err != nil {
		return err
	}
	res, err := sd.Verify(digest)
	if err != nil {
		return err
	}
	if !res.Certificate.Equal(leaf) {
		return fmt.Errorf("it verifies with the certificate of %s", res.Certificate.Subject)
	}
	return nil
}
