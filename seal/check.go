package seal

import (
	"bytes"
	"context"
	"fmt"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// checkPlaced checks what pdfsign made of a document: that the bytes of the
// document are its beginning, that one revision was added which covers
// everything, and that this revision does nothing but add a signature field. It
// returns the new signature.
func checkPlaced(ctx context.Context, before *pdf.File, out []byte) (*pdf.Signature, error) {
	doc := before.Data()
	if !bytes.HasPrefix(out, doc) {
		return nil, fmt.Errorf("seal: %w: the document is not its beginning", ErrOutput)
	}
	after, err := pdf.Parse(ctx, out, pdf.Limits{Size: int64(len(out))})
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrOutput, err)
	}
	last := len(after.Revisions) - 1
	if last != len(before.Revisions) || after.Trailing != 0 {
		return nil, fmt.Errorf("seal: %w: %d revisions and %d bytes behind them, expected %d and none", ErrOutput,
			last+1, after.Trailing, len(before.Revisions)+1)
	}
	if err := after.CheckObjects(ctx); err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrDocument, err)
	}
	old, err := before.Signatures()
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrDocument, err)
	}
	sigs, err := after.Signatures()
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrOutput, err)
	}
	if len(sigs) != len(old)+1 {
		return nil, fmt.Errorf("seal: %w: %d signatures, expected %d", ErrDocument, len(sigs), len(old)+1)
	}
	sig := sigs[len(sigs)-1]
	if rev, problems := sig.Coverage(); rev != last {
		return nil, fmt.Errorf("seal: %w: the signature covers revision %d, expected %d: %v", ErrOutput, rev, last,
			problems)
	}
	if end := sig.ByteRange[2] + sig.ByteRange[3]; end != int64(len(out)) {
		return nil, fmt.Errorf("seal: %w: the signature covers %d bytes of %d", ErrOutput, end, len(out))
	}
	return sig, checkOnlyAdded(after, last)
}

// checkOnlyAdded checks that the last revision changed nothing but the form of
// the catalog: pdfsign writes the catalog anew, and loses names and strings
// with special characters as well as the form's other entries.
func checkOnlyAdded(f *pdf.File, last int) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("seal: %w: pdfsign would change it: "+format, append([]any{ErrDocument}, args...)...)
	}
	changes, err := f.Changes(last)
	if err != nil {
		return fmt.Errorf("seal: %w: %w", ErrOutput, err)
	}
	for _, c := range changes {
		if c.Had {
			return refuse("object %s", c.Ref)
		}
	}
	for _, key := range []pdf.Name{"ID", "Info"} {
		was, is := f.At(last-1).Trailer().Get(key), f.At(last).Trailer().Get(key)
		if is == nil && key == "Info" {
			continue // lost beside cross-reference streams; XMP metadata stays
		}
		if !pdf.Equal(was, is) {
			return refuse("%s of the trailer", key)
		}
	}
	was, _, _ := f.At(last - 1).Catalog() // both were read to find the signatures
	is, _, _ := f.At(last).Catalog()
	for _, e := range was {
		if e.Key != "AcroForm" && e.Key != "Version" && !pdf.Equal(e.Value, is.Get(e.Key)) {
			return refuse("%s of the catalog", e.Key)
		}
	}
	return checkForm(f, last, refuse)
}

// checkForm checks that the form keeps its fields and entries. It was read in
// both revisions to find the signatures, so that it can be read here.
func checkForm(f *pdf.File, last int, refuse func(string, ...any) error) error {
	fields, _ := f.At(last - 1).Fields()
	kept, _ := f.At(last).Fields()
	if len(kept) != len(fields)+1 {
		return refuse("its form has fields other than signatures, or nested ones")
	}
	for i := range fields {
		if fields[i].Ref != kept[i].Ref {
			return refuse("field %q of its form", fields[i].Name)
		}
	}
	cat, _, _ := f.At(last - 1).Catalog()
	form, _ := f.At(last-1).Dict(cat, "AcroForm")
	for _, e := range form {
		if e.Key != "Fields" && e.Key != "SigFlags" {
			return refuse("%s of its form", e.Key)
		}
	}
	return nil
}
