package verify

import (
	"errors"
	"fmt"
	"strings"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// What DocMDP permits (ISO 32000-2, table 257). Validation data and document
// time-stamps are permitted at every level (PAdES, EN 319 142-1 clause 5.4.3;
// pdf-issues 766).
const (
	mdpNothing  = 1
	mdpForms    = 2 // filling in forms and signing
	mdpComments = 3 // annotations too
)

// A policy is what the signatures before a revision permit that revision to
// do.
type policy struct {
	// level is that of DocMDP, the strictest of all signatures; 0 if none has
	// one.
	level int64
	locks []lock
}

// A lock is the set of form fields that a signature locks: a FieldMDP
// transform, or the Lock of its own field (ISO 32000-2 clauses 12.8.2.4 and
// 12.7.5.5).
type lock struct {
	by     string // the field of the signature
	action pdf.Name
	fields []string
}

// covers reports whether a field is locked. The name of a field that has
// others below it stands for them all.
func (l lock) covers(field string) bool {
	listed := false
	for _, name := range l.fields {
		listed = listed || field == name || strings.HasPrefix(field, name+".")
	}
	switch l.action {
	case "Include":
		return listed
	case "Exclude":
		return !listed
	}
	return true // All, and what is not known
}

// policyBefore reads what the signatures of revisions before rev permit. What
// cannot be understood permits nothing.
func policyBefore(file *pdf.File, sigs []*pdf.Signature, rev int) policy {
	var p policy
	for _, s := range sigs {
		if s.IsTimestamp() || s.Revision < 0 || s.Revision >= rev {
			continue
		}
		if err := p.read(file.At(s.Revision), s); err != nil {
			p.restrict(mdpNothing)
			p.locks = append(p.locks, lock{by: s.Field, action: "All"})
		}
	}
	return p
}

func (p *policy) restrict(level int64) {
	if p.level == 0 || level < p.level {
		p.level = level
	}
}

// read adds what one signature says, as of the revision that it covers.
func (p *policy) read(v pdf.View, s *pdf.Signature) error {
	if s.Err != nil {
		return s.Err
	}
	certifies, err := isCertification(v, s)
	if err != nil {
		return err
	}
	before := p.level
	p.level = 0
	if err := p.references(v, s); err != nil {
		return err
	}
	own := p.level
	if p.level = before; own != 0 {
		p.restrict(own)
	}
	if certifies && own == 0 {
		return errors.New("a certification signature without DocMDP")
	}
	return p.fieldLock(v, s)
}

// isCertification reports whether the catalog names a signature as the one
// that certifies the document (clause 12.8.6).
func isCertification(v pdf.View, s *pdf.Signature) (bool, error) {
	cat, _, err := v.Catalog()
	if err != nil {
		return false, err
	}
	perms, err := v.Dict(cat, "Perms")
	if err != nil {
		return false, err
	}
	ref, ok := perms.Get("DocMDP").(pdf.Ref)
	return ok && ref == s.Ref, nil
}

// references reads the signature reference dictionaries (clause 12.8.1, table
// 256).
func (p *policy) references(v pdf.View, s *pdf.Signature) error {
	o, err := v.Resolve(s.Dict.Get("Reference"))
	if err != nil || o == nil {
		return err
	}
	list, ok := o.(pdf.Array)
	if !ok {
		return errors.New("the value of Reference is no array")
	}
	for _, o := range list {
		if o, err = v.Resolve(o); err != nil {
			return err
		}
		d, ok := o.(pdf.Dict)
		if _, dup := d.Duplicate(); !ok || dup {
			return errors.New("a signature reference that is no dictionary")
		}
		params, err := v.Dict(d, "TransformParams")
		if err != nil {
			return err
		}
		if _, dup := params.Duplicate(); dup {
			return errors.New("transform parameters with a key twice")
		}
		switch method := d.Name("TransformMethod"); method {
		case "DocMDP":
			level, err := mdpLevel(v, params)
			if err != nil {
				return err
			}
			p.restrict(level)
		case "FieldMDP":
			l, err := readLock(v, params, s.Field)
			if err != nil {
				return err
			}
			p.locks = append(p.locks, l)
		case "UR", "UR3": // rights that a reader enables: they restrict nothing
		default:
			return fmt.Errorf("transform method %q", method)
		}
	}
	return nil
}

// mdpLevel returns P, which is 2 if it is missing.
func mdpLevel(v pdf.View, d pdf.Dict) (int64, error) {
	o, err := v.Resolve(d.Get("P"))
	if err != nil {
		return 0, err
	}
	if o == nil {
		return mdpForms, nil
	}
	if n, ok := o.(int64); ok && n >= mdpNothing && n <= mdpComments {
		return n, nil
	}
	return 0, fmt.Errorf("found P %v: expected 1, 2 or 3", o)
}

func readLock(v pdf.View, d pdf.Dict, by string) (lock, error) {
	l := lock{by: by, action: d.Name("Action")}
	switch l.action {
	case "All":
		return l, nil
	case "Include", "Exclude":
	default:
		return l, fmt.Errorf("found Action %v", d.Get("Action"))
	}
	list, err := v.Array(d, "Fields")
	if err != nil {
		return l, err
	}
	if list == nil || len(list) > 5_000 {
		return l, fmt.Errorf("found Fields %T of %d", d.Get("Fields"), len(list))
	}
	for _, o := range list {
		if o, err = v.Resolve(o); err != nil {
			return l, err
		}
		s, ok := o.(pdf.String)
		if !ok {
			return l, fmt.Errorf("the name of a field is %T", o)
		}
		l.fields = append(l.fields, s.Text())
	}
	return l, nil
}

// fieldLock reads the Lock of the signature's own field, whether or not the
// signer has copied it into the signature.
func (p *policy) fieldLock(v pdf.View, s *pdf.Signature) error {
	if s.FieldRef == (pdf.Ref{}) {
		return nil
	}
	o, err := v.Resolve(s.FieldRef)
	if err != nil {
		return err
	}
	field, _ := o.(pdf.Dict)
	o, err = v.Resolve(field.Get("Lock"))
	if err != nil || o == nil {
		return err
	}
	d, ok := o.(pdf.Dict)
	if _, dup := d.Duplicate(); !ok || dup {
		return errors.New("the value of Lock is no dictionary")
	}
	l, err := readLock(v, d, s.Field)
	if err != nil {
		return err
	}
	p.locks = append(p.locks, l)
	if d.Get("P") != nil {
		level, err := mdpLevel(v, d)
		if err != nil {
			return err
		}
		p.restrict(level)
	}
	return nil
}

// permit says whether the policy permits what an update does: the fields that
// it fills in or signs. Comments are judged where they are added.
func (p policy) permit(u *update) error {
	var faults []error
	if p.level == mdpNothing && u.signs {
		faults = append(faults, refuse(signingForbidden, ""))
	}
	if p.level == mdpNothing && len(u.filled) > 0 {
		faults = append(faults, refuse(fillingForbidden, u.where[u.filled[0]], "field", u.filled[0]))
	}
	if u.shows && p.level != 0 { // signing is permitted, another look of the page is not
		faults = append(faults, refuse(visibleForbidden, ""))
	}
	for _, l := range p.locks {
		for _, name := range append(u.filled[:len(u.filled):len(u.filled)], u.signed...) {
			if l.covers(name) {
				faults = append(faults, refuse(fieldLocked, u.where[name], "field", name, "by", l.by))
			}
		}
	}
	return errors.Join(faults...)
}
