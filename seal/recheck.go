package seal

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
)

// placed is a signature or time-stamp that has just been written.
type placed struct {
	ref     pdf.Ref // of its dictionary
	message []byte
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
	old := p.file.Last() // of which all this was read when it was opened
	was, _, _ := old.Catalog()
	form, _ := old.Dict(was, "AcroForm")
	fields, _ := old.Array(form, "Fields")
	is, _, err := f.Last().Catalog()
	if err != nil {
		return err
	}
	if err := sameBut(was, is, "the catalog", "AcroForm", "DSS", "Perms"); err != nil {
		return err
	}
	newForm, err := f.Last().Dict(is, "AcroForm")
	if err != nil {
		return err
	}
	if err := sameBut(form, newForm, "the form", "Fields", "SigFlags"); err != nil {
		return err
	}
	newFields, err := f.Last().Array(newForm, "Fields")
	if err != nil {
		return err
	}
	if len(newFields) < len(fields) || !pdf.Equal(fields, newFields[:len(fields)]) {
		return fmt.Errorf("fields of the form change")
	}
	return nil
}

// sameBut compares two dictionaries but for some keys. Of Extensions, ESIC may
// be new: see [place.declare].
func sameBut(was, is pdf.Dict, what string, but ...pdf.Name) error {
	for _, e := range slices.Concat(was, is) {
		before, after := was.Get(e.Key), is.Get(e.Key)
		if e.Key == "Extensions" {
			had, _ := before.(pdf.Dict)
			has, _ := after.(pdf.Dict)
			if esic := has.Get("ESIC"); esic != nil && had.Get("ESIC") == nil {
				before = had.With("ESIC", esic)
			}
		}
		if !slices.Contains(but, e.Key) && !pdf.Equal(before, after) {
			return fmt.Errorf("%s of %s changes", e.Key, what)
		}
	}
	return nil
}

func checkSignature(sig *pdf.Signature, m placed, revisions int, leaf *x509.Certificate) error {
	rev, problems := sig.Coverage()
	if rev < revisions-2 { // -1 if it covers none; there are two at least
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
	// Whoever gave the time-stamps may have given any: they are verified too.
	found, err := inspect(sig)
	if err != nil {
		return fmt.Errorf("%q: %w", sig.Field, err)
	}
	if !sig.IsTimestamp() && !found.leaves[0].Equal(leaf) {
		return fmt.Errorf("it verifies with the certificate of %s", found.leaves[0].Subject)
	}
	return nil
}
