package verify

import (
	"errors"
	"maps"
	"slices"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// form accounts for the interactive form: signature fields may be added, and
// whoever seals again may bring default resources.
func (u *update) form(catalog pdf.Ref, wasCat, isCat pdf.Dict) error {
	before := places{}
	if ref, ok := wasCat.Get("AcroForm").(pdf.Ref); ok {
		before[ref] = anywhere
	}
	was, err := u.old.Dict(wasCat, "AcroForm")
	if err != nil {
		return err
	}
	if ref, ok := was.Get("Fields").(pdf.Ref); ok {
		before[ref] = anywhere
	}
	path := below(at(catalog), pdf.Entry{Key: "AcroForm", Value: isCat.Get("AcroForm")})
	o, err := u.node(isCat.Get("AcroForm"), before)
	if err != nil {
		return err
	}
	is, ok := o.(pdf.Dict)
	if !ok {
		if was != nil || o != nil {
			return refuse(malformedForm, path).found(o)
		}
		return nil
	}
	if key, dup := is.Duplicate(); dup {
		return refuse(keyTwice, path+"/"+keyText(key), "what", "il modulo", "key", string(key))
	}
	var faults []error
	for _, key := range keysOf(was, is) {
		switch {
		case key == "Fields" || key == "SigFlags" || pdf.Equal(was.Get(key), is.Get(key)):
		case formDefault(key, was.Get(key)) && formDefault(key, is.Get(key)):
		case key == "DR" && is.Get(key) != nil:
			faults = append(faults, u.formResources(path, was.Get(key), is.Get(key)))
		case key == "DA" && is.Get(key) != nil:
			faults = append(faults, u.appearanceDefault(path, was.Get(key), is.Get(key)))
		default:
			faults = append(faults, refuse(formEntry, path+"/"+keyText(key), "key",
				string(key)).found(is.Get(key)))
		}
	}
	faults = append(faults, u.formFields(path, was, is, before))
	return errors.Join(faults...)
}

// formFields accounts for the list of the form's fields.
func (u *update) formFields(path string, was, is pdf.Dict, before places) error {
	path = below(path, pdf.Entry{Key: "Fields", Value: is.Get("Fields")})
	if _, err := u.node(is.Get("Fields"), before); err != nil {
		return err
	}
	oldFields, err := u.old.Array(was, "Fields")
	if err != nil {
		return err
	}
	newFields, err := u.new.Array(is, "Fields")
	if err != nil {
		return err
	}
	if !isPrefix(oldFields, newFields) {
		return refuse(formFieldsRemoved, path).found(newFields)
	}
	for _, o := range newFields[len(oldFields):] {
		ref, ok := o.(pdf.Ref)
		c := u.changes[ref.Num]
		if !ok || c == nil || c.Had {
			return refuse(formFieldOld, path).found(o)
		}
		u.widgets[ref] = true
	}
	return nil
}

func isPrefix(a, b pdf.Array) bool {
	return len(a) <= len(b) && pdf.Equal(a, b[:len(a)])
}

// added accounts for new objects below o. Objects of before may be referred
// to, but not replaced.
func (u *update) added(o pdf.Object, depth int) error {
	if depth == 0 {
		return refuse(nestedTooDeep, "")
	}
	var err error
	pdf.EachRef(o, func(ref pdf.Ref) {
		c := u.changes[ref.Num]
		if err != nil || u.allowed[ref.Num] {
			return
		}
		if c == nil {
			if _, e := u.new.Get(ref); errors.Is(e, pdf.ErrNotFound) {
				u.dangling[ref.Num] = true // nobody may define it later
			}
			return
		}
		if c.Had {
			err = refuse(objectInUse, at(ref), "object", ref.String()).found(c.New)
			return
		}
		u.allowed[ref.Num] = true
		err = u.added(c.New, depth-1)
	})
	return err
}

// fields accounts for signature fields that are new, and for fields that are
// signed or filled in.
func (u *update) fields() error {
	var faults []error
	for _, ref := range slices.SortedFunc(maps.Keys(u.widgets),
		func(a, b pdf.Ref) int { return int(a.Num) - int(b.Num) }) {
		faults = append(faults, u.newField(ref))
	}
	owners := u.owners()
	if owners == nil {
		return errors.Join(faults...)
	}
	for _, num := range slices.Sorted(maps.Keys(u.changes)) {
		if u.ctx.Err() != nil {
			return u.ctx.Err()
		}
		c := u.changes[num]
		was, ok1 := c.Old.(pdf.Dict)
		is, ok2 := c.New.(pdf.Dict)
		o, ok3 := owners[num]
		if u.allowed[num] || !ok1 || !ok2 || !ok3 {
			continue
		}
		same, err := u.sameField(o, c, was, is)
		switch {
		case err != nil:
		case same:
			u.allowed[num] = true
		case o.field.Type != "Sig":
			err = u.fill(o, c, was, is)
		case o.widget:
			err = u.signatureWidget(o, c, was, is)
		default:
			if err = u.field(c.Ref, was, is); err == nil {
				u.noteSigned(c.Ref, o.field.Name, is)
			}
		}
		faults = append(faults, err)
	}
	faults = append(faults, u.inPlace(owners))
	return errors.Join(faults...)
}

// newField accounts for a field that is added to the form.
func (u *update) newField(ref pdf.Ref) error {
	d, ok := u.changes[ref.Num].New.(pdf.Dict)
	if !ok {
		return refuse(newFieldForm, at(ref), "field", ref.String()).found(u.changes[ref.Num].New)
	}
	if d.Name("FT") != "Sig" {
		return refuse(newFieldType, at(ref, "FT"), "field", ref.String()).found(d.Get("FT"))
	}
	if err := u.field(ref, nil, d); err != nil {
		return err
	}
	name, err := u.newName(ref, d.Get("T"))
	u.noteSigned(ref, name, d)
	return err
}

// noteSigned notes that a field gets a signature, if it is not a time-stamp: that
// locks do not concern.
func (u *update) noteSigned(ref pdf.Ref, name string, field pdf.Dict) {
	v, err := u.new.Dict(field, "V")
	if err != nil || v.Name("SubFilter") != "ETSI.RFC3161" {
		u.signed = append(u.signed, name)
		u.where[name] = at(ref)
	}
}

// signatureWidget accounts for the widget of a signature field that is an
// object of its own: it may get its appearance when the field is signed.
func (u *update) signatureWidget(o owner, c *pdf.Change, was, is pdf.Dict) error {
	var value pdf.Object
	if f := u.changes[o.field.Ref.Num]; f != nil {
		d, _ := f.New.(pdf.Dict)
		value = d.Get("V")
	}
	if o.field.V != nil || !u.signature(value) {
		return refuse(signatureFieldUnsigned, at(o.field.Ref, "V"), "field", "«"+clean(o.field.Name)+"»")
	}
	if key, dup := is.Duplicate(); dup {
		return refuse(keyTwice, at(c.Ref, key), "what", "il campo "+c.Ref.String(), "key", string(key))
	}
	var faults []error
	for _, key := range keysOf(was, is) {
		if pdf.Equal(was.Get(key), is.Get(key)) {
			continue
		}
		if !slices.Contains([]pdf.Name{"AP", "MK", "F", "M", "DA"}, key) {
			faults = append(faults, refuse(signatureFieldEntry, at(c.Ref, key),
				"key", string(key), "field", c.Ref.String()).found(is.Get(key)))
			continue
		}
		faults = append(faults, u.fieldValue(c.Ref, key, was.Get(key), is.Get(key)))
	}
	if !u.signs && !u.invisible(is) {
		faults = append(faults, refuse(stampVisible, at(c.Ref, "Rect"), "field", c.Ref.String()).found(is.Get("Rect")))
	}
	u.allowed[c.Ref.Num] = true
	return errors.Join(faults...)
}

// signature reports whether the value of a field is there: a reference to an
// object that does not exist is null.
func (u *update) signature(value pdf.Object) bool {
	o, err := u.new.Resolve(value)
	_, ok := o.(pdf.Dict)
	return ok && err == nil
}

// field judges one signature field, was being nil if it is new.
func (u *update) field(ref pdf.Ref, was, is pdf.Dict) error {
	if key, dup := is.Duplicate(); dup {
		return refuse(keyTwice, at(ref, key), "what", "il campo "+ref.String(), "key", string(key))
	}
	if was.Get("V") != nil || !u.signature(is.Get("V")) {
		return refuse(signatureFieldUnsigned, at(ref, "V"), "field", ref.String()).found(is.Get("V"))
	}
	var faults []error
	fresh := []pdf.Name{"Type", "Subtype", "FT", "T", "TU", "V", "F", "Ff", "P", "Rect", "AP", "MK", "DA", "Lock",
		"Border", "BS", "H", "StructParent"}
	filled := []pdf.Name{"V", "AP", "MK", "F", "Ff", "M", "DA"}
	for _, key := range keysOf(was, is) {
		if pdf.Equal(was.Get(key), is.Get(key)) {
			continue
		}
		if was == nil && slices.Contains(fresh, key) || was != nil && slices.Contains(filled, key) {
			faults = append(faults, u.fieldValue(ref, key, was.Get(key), is.Get(key)))
			continue
		}
		faults = append(faults, refuse(signatureFieldEntry, at(ref, key),
			"key", string(key), "field", ref.String()).found(is.Get(key)))
	}
	visible := !u.invisible(is)
	if !u.signs && visible {
		faults = append(faults, refuse(stampVisible, at(ref, "Rect"), "field", ref.String()).found(is.Get("Rect")))
	}
	u.shows = u.shows || was == nil && visible
	u.allowed[ref.Num] = true
	return errors.Join(faults...)
}

// invisible reports whether a field shows nothing. A time-stamp must not show
// anything: it has no author who would answer for it.
func (u *update) invisible(field pdf.Dict) bool {
	ap := field.Get("AP")
	if ap == nil {
		return true
	}
	rect, err := u.new.Array(field, "Rect")
	if err != nil || len(rect) != 4 {
		return false
	}
	same := func(a, b pdf.Object) bool {
		_, num := a.(int64)
		_, real := a.(float64)
		return (num || real) && pdf.Equal(a, b)
	}
	return same(rect[0], rect[2]) || same(rect[1], rect[3])
}

// fieldValue accounts for a value of a signature field.
func (u *update) fieldValue(ref pdf.Ref, key pdf.Name, was, is pdf.Object) error {
	switch key {
	case "P": // the page is judged by itself
		if p, ok := is.(pdf.Ref); !ok || u.changes[p.Num] != nil && !u.changes[p.Num].Had {
			return refuse(signatureFieldPage, at(ref, "P"), "field", ref.String()).found(is)
		}
		return nil
	case "H":
		if mode, ok := is.(pdf.Name); !ok || !slices.Contains(highlightModes, mode) {
			return refuse(signatureFieldEntry, at(ref, key), "key", string(key), "field", ref.String()).found(is)
		}
	case "StructParent":
		if n, ok := is.(int64); !ok || n < u.firstFreeParent() {
			return refuse(signatureFieldEntry, at(ref, key), "key", string(key), "field", ref.String()).found(is)
		}
	case "AP":
		if was != nil && !u.blank(was) {
			return refuse(signatureFieldLook, at(ref, "AP"), "field", ref.String()).found(is)
		}
	}
	return u.added(is, 12)
}

// blank reports whether an appearance dictionary shows nothing.
func (u *update) blank(ap pdf.Object) bool {
	o, err := u.old.Resolve(ap)
	if err != nil {
		return false
	}
	d, ok := o.(pdf.Dict)
	if !ok {
		return o == nil
	}
	for _, e := range d {
		o, err := u.old.Resolve(e.Value)
		if s, ok := o.(*pdf.Stream); err != nil || !ok || len(s.Raw) > 0 {
			return false
		}
	}
	return true
}

// pages accounts for the widgets of new signature fields on their pages.
func (u *update) pages() error {
	if !slices.ContainsFunc(slices.Collect(maps.Keys(u.changes)),
		func(n uint32) bool { return u.changes[n].Had && !u.allowed[n] }) {
		return nil // no page has changed
	}
	refs, err := u.old.Pages()
	if err != nil {
		return err
	}
	var faults []error
	for _, ref := range refs {
		if u.ctx.Err() != nil {
			return u.ctx.Err()
		}
		o, err := u.old.Resolve(ref)
		if err != nil {
			return err
		}
		was, _ := o.(pdf.Dict)
		annots, isRef := was.Get("Annots").(pdf.Ref)
		c := u.changes[ref.Num]
		if c == nil && (!isRef || u.changes[annots.Num] == nil) {
			continue
		}
		is := was
		if c != nil {
			if is, _ = c.New.(pdf.Dict); is == nil {
				faults = append(faults, refuse(pageRemoved, at(ref), "page", ref.String()).found(c.New))
				continue
			}
		}
		faults = append(faults, u.page(ref, was, is))
	}
	return errors.Join(faults...)
}

func (u *update) page(ref pdf.Ref, was, is pdf.Dict) error {
	if key, dup := is.Duplicate(); dup {
		return refuse(keyTwice, at(ref, key), "what", "la pagina "+ref.String(), "key", string(key))
	}
	var faults []error
	for _, key := range keysOf(was, is) {
		if key != "Annots" && !pdf.Equal(was.Get(key), is.Get(key)) {
			faults = append(faults, refuse(pageEntry, at(ref, key), "key", string(key), "page",
				ref.String()).found(is.Get(key)))
		}
	}
	faults = append(faults, u.annotations(ref, was, is))
	if u.changes[ref.Num] != nil {
		u.allowed[ref.Num] = true // what of it is refused, and why, is among the faults
	}
	return errors.Join(faults...)
}

// annotations accounts for the list of a page's annotations.
func (u *update) annotations(ref pdf.Ref, was, is pdf.Dict) error {
	path := below(at(ref), pdf.Entry{Key: "Annots", Value: is.Get("Annots")})
	before := places{}
	if r, ok := was.Get("Annots").(pdf.Ref); ok {
		before[r] = anywhere
	}
	if _, err := u.node(is.Get("Annots"), before); err != nil {
		return err
	}
	oldAnnots, err := u.old.Array(was, "Annots")
	if err != nil {
		return err
	}
	newAnnots, err := u.new.Array(is, "Annots")
	if err != nil {
		return err
	}
	if !isPrefix(oldAnnots, newAnnots) {
		return refuse(annotationsRemoved, path, "page", ref.String()).found(newAnnots)
	}
	var faults []error
	for _, o := range newAnnots[len(oldAnnots):] {
		r, ok := o.(pdf.Ref)
		switch {
		case ok && u.widgets[r]:
		case !ok || u.policy.level != mdpComments:
			faults = append(faults, refuse(annotationAdded, path, "page", ref.String()).found(o))
		default:
			faults = append(faults, u.note(ref, r))
		}
	}
	return errors.Join(faults...)
}
