package verify

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// form accounts for the interactive form: signature fields may be added, and
// whoever seals again may bring default resources.
func (u *update) form(wasCat, isCat pdf.Dict) error {
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
	o, err := u.node(isCat.Get("AcroForm"), before)
	if err != nil {
		return err
	}
	is, ok := o.(pdf.Dict)
	if !ok {
		if was != nil || o != nil {
			return errors.New("il modulo non è ben formato")
		}
		return nil
	}
	if key, dup := is.Duplicate(); dup {
		return fmt.Errorf("il modulo ha due volte la voce %s", clean(string(key)))
	}
	for _, key := range keysOf(was, is) {
		switch {
		case key == "Fields" || key == "SigFlags" || pdf.Equal(was.Get(key), is.Get(key)):
		case (key == "DR" || key == "DA") && u.signs && is.Get(key) != nil:
			if err := u.added(is.Get(key), 12); err != nil {
				return err
			}
		default:
			return fmt.Errorf("cambia la voce %s del modulo", clean(string(key)))
		}
	}
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
		return errors.New("toglie o riordina i campi del modulo")
	}
	for _, o := range newFields[len(oldFields):] {
		ref, ok := o.(pdf.Ref)
		c := u.changes[ref.Num]
		if !ok || c == nil || c.Had {
			return errors.New("aggiunge al modulo un campo che non è nuovo")
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
		return errors.New("gli oggetti aggiunti sono annidati troppo in profondità")
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
			err = fmt.Errorf("sostituisce l'oggetto %s", ref)
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
	for _, ref := range slices.SortedFunc(maps.Keys(u.widgets), func(a, b pdf.Ref) int { return int(a.Num) - int(b.Num) }) {
		d, ok := u.changes[ref.Num].New.(pdf.Dict)
		if !ok {
			return fmt.Errorf("il nuovo campo %s non è ben formato", ref)
		}
		if d.Name("FT") != "Sig" {
			return fmt.Errorf("aggiunge il campo %s, che non è di firma", ref)
		}
		if err := u.field(ref, nil, d); err != nil {
			return err
		}
		name, err := u.new.Resolve(d.Get("T"))
		if err != nil {
			return err
		}
		text, _ := name.(pdf.String)
		u.noteSigned(text.Text(), d)
	}
	owners := u.owners()
	if owners == nil {
		return nil
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
		var err error
		switch {
		case o.field.Type != "Sig":
			err = u.fill(o, c, was, is)
		case o.widget:
			err = u.signatureWidget(o, c, was, is)
		default:
			if err = u.field(c.Ref, was, is); err == nil {
				u.noteSigned(o.field.Name, is)
			}
		}
		if err != nil {
			return err
		}
	}
	return u.inPlace(owners)
}

// noteSigned notes that a field gets a signature, if it is not a time-stamp: that
// locks do not concern.
func (u *update) noteSigned(name string, field pdf.Dict) {
	v, err := u.new.Dict(field, "V")
	if err != nil || v.Name("SubFilter") != "ETSI.RFC3161" {
		u.signed = append(u.signed, name)
	}
}

// signatureWidget accounts for the widget of a signature field that is an
// object of its own: it may get its appearance when the field is signed.
func (u *update) signatureWidget(o owner, c *pdf.Change, was, is pdf.Dict) error {
	f := u.changes[o.field.Ref.Num]
	if f == nil {
		return fmt.Errorf("cambia l'aspetto del campo di firma «%s» senza che vi sia apposta una firma", clean(o.field.Name))
	}
	if d, _ := f.New.(pdf.Dict); o.field.V != nil || d.Get("V") == nil {
		return fmt.Errorf("cambia l'aspetto del campo di firma «%s» senza che vi sia apposta una firma", clean(o.field.Name))
	}
	if key, dup := is.Duplicate(); dup {
		return fmt.Errorf("il campo %s ha due volte la voce %s", c.Ref, clean(string(key)))
	}
	for _, key := range keysOf(was, is) {
		if pdf.Equal(was.Get(key), is.Get(key)) {
			continue
		}
		if !slices.Contains([]pdf.Name{"AP", "MK", "F", "M", "DA"}, key) {
			return fmt.Errorf("cambia la voce %s del campo di firma %s", clean(string(key)), c.Ref)
		}
		if err := u.fieldValue(c.Ref, key, was.Get(key), is.Get(key)); err != nil {
			return err
		}
	}
	if !u.signs && !u.invisible(is) {
		return fmt.Errorf("la marca temporale del campo %s si vede sulla pagina", c.Ref)
	}
	u.allowed[c.Ref.Num] = true
	return nil
}

// field judges one signature field, was being nil if it is new.
func (u *update) field(ref pdf.Ref, was, is pdf.Dict) error {
	if key, dup := is.Duplicate(); dup {
		return fmt.Errorf("il campo %s ha due volte la voce %s", ref, clean(string(key)))
	}
	if was.Get("V") != nil || is.Get("V") == nil {
		return fmt.Errorf("cambia il campo di firma %s senza che vi sia apposta una firma", ref)
	}
	fresh := []pdf.Name{"Type", "Subtype", "FT", "T", "TU", "V", "F", "Ff", "P", "Rect", "AP", "MK", "DA", "Lock", "Border", "BS"}
	filled := []pdf.Name{"V", "AP", "MK", "F", "Ff", "M", "DA"}
	for _, key := range keysOf(was, is) {
		if pdf.Equal(was.Get(key), is.Get(key)) {
			continue
		}
		if was == nil && slices.Contains(fresh, key) || was != nil && slices.Contains(filled, key) {
			if err := u.fieldValue(ref, key, was.Get(key), is.Get(key)); err != nil {
				return err
			}
			continue
		}
		return fmt.Errorf("cambia la voce %s del campo di firma %s", clean(string(key)), ref)
	}
	visible := !u.invisible(is)
	if !u.signs && visible {
		return fmt.Errorf("la marca temporale del campo %s si vede sulla pagina", ref)
	}
	u.shows = u.shows || was == nil && visible
	u.allowed[ref.Num] = true
	return nil
}

// invisible reports whether a field shows nothing. A timestamp has no author
// who would answer for what it shows.
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
			return fmt.Errorf("il campo di firma %s non sta su una pagina del documento", ref)
		}
		return nil
	case "AP":
		if was != nil && !u.blank(was) {
			return fmt.Errorf("cambia ciò che il campo di firma %s mostrava già", ref)
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
	if !slices.ContainsFunc(slices.Collect(maps.Keys(u.changes)), func(n uint32) bool { return u.changes[n].Had && !u.allowed[n] }) {
		return nil // no page has changed
	}
	refs, err := u.old.Pages()
	if err != nil {
		return err
	}
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
				return fmt.Errorf("toglie la pagina %s", ref)
			}
		}
		if err := u.page(ref, was, is); err != nil {
			return err
		}
	}
	return nil
}

func (u *update) page(ref pdf.Ref, was, is pdf.Dict) error {
	if _, dup := is.Duplicate(); dup {
		return fmt.Errorf("la pagina %s ha una voce ripetuta", ref)
	}
	for _, key := range keysOf(was, is) {
		if key != "Annots" && !pdf.Equal(was.Get(key), is.Get(key)) {
			return fmt.Errorf("cambia la voce %s della pagina %s", clean(string(key)), ref)
		}
	}
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
		return fmt.Errorf("toglie o riordina le annotazioni della pagina %s", ref)
	}
	for _, o := range newAnnots[len(oldAnnots):] {
		r, ok := o.(pdf.Ref)
		switch {
		case ok && u.widgets[r]:
		case !ok || u.policy.level != mdpComments:
			return fmt.Errorf("aggiunge un'annotazione alla pagina %s", ref)
		default:
			if err := u.note(ref, r); err != nil {
				return err
			}
		}
	}
	if u.changes[ref.Num] != nil {
		u.allowed[ref.Num] = true
	}
	return nil
}
