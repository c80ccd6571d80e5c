package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha1" // VRI names validation data by SHA-1 (EN 319 142-1 clause 5.4.2.3)
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// A place is a document into which signatures go: what of it they change, as
// of its last revision.
type place struct {
	file     *pdf.File
	dangling map[uint32]bool
	sigs     []*pdf.Signature // those that it had

	catalog    pdf.Dict
	catalogRef pdf.Ref
	form       pdf.Dict
	formRef    pdf.Ref // zero if the form stands in the catalog
	fields     pdf.Array
	fieldsRef  pdf.Ref // zero if the fields stand in the form
	names      map[string]bool
	perms      pdf.Dict
	store      *store
	look       *look // of the seal that was added, if it is seen
}

// open reads a document. Each of its objects is read, so that a document that
// a verifier could not read is never sealed.
func open(ctx context.Context, doc []byte, limit int64) (*place, error) {
	f, err := pdf.Parse(ctx, doc, pdf.Limits{Size: limit})
	if err == nil {
		for _, i := range f.Irregular {
			if i.Ambiguous {
				err = fmt.Errorf("at byte %d: %s", i.Offset, i.What)
			}
		}
	}
	p := &place{file: f}
	if err == nil {
		p.dangling, err = f.Last().Dangling(ctx)
	}
	if err == nil {
		err = p.read()
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("seal: %w", ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrDocument, err)
	}
	return p, nil
}

// restart returns the place as it was opened.
func (p *place) restart() *place {
	q := &place{file: p.file, dangling: p.dangling}
	_ = q.read() // has succeeded before
	return q
}

func (p *place) read() (err error) {
	v := p.file.Last()
	if p.catalog, p.catalogRef, err = v.Catalog(); err != nil {
		return err
	}
	if key, dup := p.catalog.Duplicate(); dup {
		return fmt.Errorf("the catalog has the key %s twice", key)
	}
	p.formRef, _ = p.catalog.Get("AcroForm").(pdf.Ref)
	if p.form, err = v.Dict(p.catalog, "AcroForm"); err != nil {
		return err
	}
	if key, dup := p.form.Duplicate(); dup {
		return fmt.Errorf("the form has the key %s twice", key)
	}
	if p.form == nil {
		p.formRef = pdf.Ref{} // leads to nothing
	}
	if p.form.Get("XFA") != nil {
		return fmt.Errorf("an XFA form, which shows what no signature covers")
	}
	p.fieldsRef, _ = p.form.Get("Fields").(pdf.Ref)
	if p.fields, err = v.Array(p.form, "Fields"); err != nil {
		return err
	}
	if p.fields == nil {
		p.fieldsRef = pdf.Ref{}
	}
	fields, err := v.Fields()
	if err != nil {
		return err
	}
	p.names = map[string]bool{}
	for _, f := range fields {
		p.names[f.Name] = true
	}
	p.sigs, _ = v.Signatures() // whose fields have just been read
	if p.perms, err = v.Dict(p.catalog, "Perms"); err != nil {
		return err
	}
	p.store, err = readStore(v, p.catalog)
	return err
}

// maySign says whether a signature may be added.
func (p *place) maySign(certify bool) error {
	v := p.file.Last()
	if certify && p.perms.Get("DocMDP") != nil {
		return fmt.Errorf("seal: %w: it is certified already", ErrDocument)
	}
	for _, s := range p.sigs {
		refs, err := v.Array(s.Dict, "Reference")
		if err != nil {
			return fmt.Errorf("seal: %w: %w", ErrDocument, err)
		}
		for _, o := range refs {
			o, err := v.Resolve(o)
			d, _ := o.(pdf.Dict)
			if err != nil || d.Name("TransformMethod") != "DocMDP" {
				continue
			}
			params, err := v.Dict(d, "TransformParams")
			if n, ok := params.Get("P").(int64); err != nil || ok && n < 2 {
				return fmt.Errorf("seal: %w: the certification signature %q permits no further one", ErrDocument,
					s.Field)
			}
		}
	}
	return nil
}

// update begins the first revision that is added.
func (p *place) update(room int) (*pdf.Update, error) {
	u, err := p.file.NewUpdate(room, p.dangling)
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrDocument, err)
	}
	return u, nil
}

// A slot is the place of one signature value in the file.
type slot struct {
	ref        pdf.Ref
	byteRange  int // of the numbers to be filled in
	start, end int // of Contents, with its angle brackets
}

// rangeRoom is the room for the last three numbers of ByteRange. No update makes
// a file of 4 GiB.
const rangeRoom = 3*11 + 2

// addSignature writes a signature dictionary with an empty value, and a field
// for it. Without a look the field shows nothing and stands on no page: a page
// with nothing to show has no annotation to describe, print or tag (ISO 14289-1
// clause 7.18.1, ISO 19005-3 clause 6.3), and stays as it was.
func (p *place) addSignature(u *pdf.Update, dict pdf.Dict, reserve int, certify bool, look *look) (*slot, error) {
	s := &slot{ref: u.Reserve()}
	field := u.Reserve()
	body := pdf.AppendObject(nil, dict)
	body = body[:len(body)-2] // ">>"
	if certify {
		body = append(body,
			"/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 2/V/1.2>>>>]"...)
		p.catalog = p.catalog.With("Perms", p.perms.With("DocMDP", s.ref))
	}
	body = append(body, "/ByteRange[0 "...)
	s.byteRange = len(body)
	body = append(body, bytes.Repeat([]byte{' '}, rangeRoom)...)
	body = append(body, "]/Contents"...)
	s.start = len(body)
	body = append(body, '<')
	body = append(body, bytes.Repeat([]byte{'0'}, 2*reserve)...)
	body = append(body, '>')
	s.end = len(body)
	body = append(body, ">>"...)
	at := u.Raw(s.ref, body)
	s.byteRange, s.start, s.end = s.byteRange+at, s.start+at, s.end+at

	if dict.Name("SubFilter") == "ETSI.CAdES.detached" && len(p.sigs) == 0 {
		p.declare()
	}
	name, tip := "Sigillo", "Sigillo elettronico"
	if dict.Name("Type") == "DocTimeStamp" {
		name, tip = "MarcaTemporale", "Marca temporale"
	}
	shown := pdf.Dict{{Key: "Rect", Value: pdf.Array{int64(0), int64(0), int64(0), int64(0)}}}
	if look != nil {
		tip = look.tip()
		var err error
		if shown, err = look.write(p, u, field); err != nil {
			return nil, err
		}
		p.look = look
	}
	name = p.fieldName(name)
	u.Object(field, append(pdf.Dict{
		{Key: "Type", Value: pdf.Name("Annot")}, {Key: "Subtype", Value: pdf.Name("Widget")},
		{Key: "FT", Value: pdf.Name("Sig")},
		// Print, Locked
		{Key: "T", Value: pdf.TextString(name)}, {Key: "TU", Value: pdf.TextString(tip)}, {Key: "F", Value: int64(132)},
		{Key: "V", Value: s.ref},
	}, shown...))
	p.fields = append(slices.Clone(p.fields), field)
	if p.fieldsRef != (pdf.Ref{}) {
		u.Object(p.fieldsRef, p.fields)
	} else {
		p.form = p.form.With("Fields", p.fields)
	}
	p.form = p.form.With("SigFlags", int64(3)) // SignaturesExist, AppendOnly
	if p.formRef != (pdf.Ref{}) {
		u.Object(p.formRef, p.form)
	} else {
		p.catalog = p.catalog.With("AcroForm", p.form)
	}
	return s, nil
}

// declare says in the catalog that the document uses what ETSI added to PDF
// 1.7 (ISO 32000-1 clause 7.12), so that viewers of PDF 1.7 do not take SubFilter
// and validation data for mistakes. PDF 2.0 has them itself. For PAdES iText
// writes level 2 and pyHanko level 1; no verifier known to us looks at it. It is
// not added to a document that was signed before, nor to extensions that are an
// object of their own.
func (p *place) declare() {
	version := p.catalog.Name("Version")
	if p.file.Data()[5] != '1' || len(version) > 0 && version[0] != '1' {
		return
	}
	esic := pdf.Dict{{Key: "BaseVersion", Value: pdf.Name("1.7")}, {Key: "ExtensionLevel", Value: int64(2)}}
	switch have := p.catalog.Get("Extensions").(type) {
	case nil:
		p.catalog = p.catalog.With("Extensions", pdf.Dict{{Key: "ESIC", Value: esic}})
	case pdf.Dict:
		if have.Get("ESIC") == nil {
			p.catalog = p.catalog.With("Extensions", have.With("ESIC", esic))
		}
	}
}

func (p *place) fieldName(prefix string) string {
	for i := 1; ; i++ {
		name := prefix + strconv.Itoa(i)
		if !p.names[name] {
			return name
		}
	}
}

// finish writes the catalog and ends the revision. slot may be nil.
func (p *place) finish(u *pdf.Update, s *slot) ([]byte, error) {
	u.Object(p.catalogRef, p.catalog)
	var id [16]byte
	_, _ = rand.Read(id[:]) // does not fail
	out, err := u.Finish(id[:])
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrDocument, err)
	}
	if s != nil {
		copy(out[s.byteRange:], fmt.Sprintf("%d %d %d", s.start, s.end, len(out)-s.end))
	}
	return out, nil
}

// digest hashes what the signature covers. out ends with its revision.
func (s *slot) digest(out []byte, hash crypto.Hash) []byte {
	h := hash.New()
	h.Write(out[:s.start])
	h.Write(out[s.end:])
	return h.Sum(nil)
}

// fill writes the signature value.
func (s *slot) fill(out, message []byte) error {
	if have := (s.end - s.start - 2) / 2; len(message) > have {
		return &reserveError{len(message), have}
	}
	hex.Encode(out[s.start+1:], message)
	return nil
}

// contents returns the signature value with its padding.
func (s *slot) contents(out []byte) []byte {
	b := make([]byte, (s.end-s.start-2)/2)
	_, _ = hex.Decode(b, out[s.start+1:][:2*len(b)]) // written by fill
	return b
}

// vriKey names the validation data of a signature: the SHA-1 of its value.
func vriKey(contents []byte) pdf.Name {
	sum := sha1.Sum(contents)
	return pdf.Name(fmt.Sprintf("%X", sum))
}

// changed returns the objects that the new revisions may replace.
func (p *place) changed() map[pdf.Ref]bool {
	return map[pdf.Ref]bool{p.catalogRef: true, p.formRef: true, p.fieldsRef: true}
}
