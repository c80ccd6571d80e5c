package verify

import (
	"errors"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// Programs that add to a file often write what was there again, in other words
// for the same value: a title in UTF-16 comes back in PDFDocEncoding. The tables
// below give, by key, the type of values that no page draws (ISO 32000-2); all
// other values are the same only if pdf.Equal says so.

// informationType is the type of an entry of the document information dictionary
// (clause 14.3.3): entries that the standard does not name are texts.
func informationType(key pdf.Name) pdf.Type {
	switch key {
	case "CreationDate", "ModDate":
		return pdf.Date
	case "Trapped":
		return pdf.Exact
	}
	return pdf.Text
}

// catalogType is the type of an entry of the catalog (table 29).
func catalogType(key pdf.Name) pdf.Type {
	if key == "Lang" {
		return pdf.Text
	}
	return pdf.Exact
}

// fieldType is the type of an entry of a field or its widget (tables 166 and 226).
func fieldType(key pdf.Name) pdf.Type {
	switch key {
	case "T", "TU", "TM", "NM":
		return pdf.Text
	case "M":
		return pdf.Date
	case "Rect":
		return pdf.Rectangle
	}
	return pdf.Exact
}

// restType is the type of an entry of the other dictionaries that are known not to
// be drawn: attachments (table 43), output intents (table 401) and items of the
// outline (table 151). ok is false for any other dictionary.
func restType(d pdf.Dict) (of func(pdf.Name) pdf.Type, ok bool) {
	var texts []pdf.Name
	switch {
	case d.Name("Type") == "Filespec":
		texts = []pdf.Name{"UF", "Desc"}
	case d.Name("Type") == "OutputIntent":
		texts = []pdf.Name{"OutputCondition", "OutputConditionIdentifier", "RegistryName", "Info"}
	case d.Get("Type") == nil && d.Get("Title") != nil && d.Get("Parent") != nil &&
		(d.Get("Dest") != nil || d.Get("A") != nil):
		texts = []pdf.Name{"Title"}
	default:
		return nil, false
	}
	return func(key pdf.Name) pdf.Type {
		if slices.Contains(texts, key) {
			return pdf.Text
		}
		return pdf.Exact
	}, true
}

// sameDict reports whether two dictionaries have the same values, by the types of
// their keys.
func sameDict(of func(pdf.Name) pdf.Type, a, b pdf.Dict) bool {
	if _, dup := a.Duplicate(); dup || len(a) != len(b) {
		return false
	}
	if _, dup := b.Duplicate(); dup {
		return false
	}
	return !slices.ContainsFunc(keysOf(a, b), func(key pdf.Name) bool {
		_, ok1 := a.Lookup(key)
		_, ok2 := b.Lookup(key)
		return !ok1 || !ok2 || !pdf.Same(of(key), a.Get(key), b.Get(key))
	})
}

// respelled reports whether a change writes a dictionary again with the same
// values, and no page leads to it.
func (u *update) respelled(of func(pdf.Name) pdf.Type, c *pdf.Change) (bool, error) {
	was, ok1 := c.Old.(pdf.Dict)
	is, ok2 := c.New.(pdf.Dict)
	if !ok1 || !ok2 || !sameDict(of, was, is) {
		return false, nil
	}
	if u.drawn == nil {
		var err error
		if u.drawn, err = u.reachable(); err != nil {
			return false, err
		}
	}
	return !u.drawn[c.Ref.Num], nil
}

// reachable returns the numbers of all objects that pages lead to, before or after
// this revision, by whatever key.
func (u *update) reachable() (map[uint32]bool, error) {
	out := map[uint32]bool{}
	for _, view := range []pdf.View{u.old, u.new} {
		pages, err := view.Pages()
		if err != nil {
			return nil, err
		}
		if err := view.Reachable(u.ctx, pages, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sameField accounts for a field that is written again with the same values, or
// whose widget only gets a highlighting mode: on a signature that has no surface
// there is nothing to highlight.
func (u *update) sameField(o owner, c *pdf.Change, was, is pdf.Dict) (bool, error) {
	if same, err := u.respelled(fieldType, c); same || err != nil {
		return same, err
	}
	if o.field.Type != "Sig" || o.field.V == nil || !flat(was) {
		return false, nil
	}
	mode, ok := is.Get("H").(pdf.Name)
	if !ok || !slices.Contains(highlightModes, mode) || was.Get("H") != nil {
		return false, nil
	}
	without := slices.DeleteFunc(slices.Clone(is), func(e pdf.Entry) bool { return e.Key == "H" })
	return len(without) == len(is)-1 && pdf.Equal(was, without), nil
}

// highlightModes are those of table 191.
var highlightModes = []pdf.Name{"N", "I", "O", "P", "T"}

// firstFreeParent is the first number that no entry of the structure's parent tree
// has taken.
func (u *update) firstFreeParent() int64 {
	catalog, _, err := u.old.Catalog()
	if err != nil {
		return 0
	}
	root, err := u.old.Dict(catalog, "StructTreeRoot")
	if err != nil {
		return 0
	}
	next, _ := root.Get("ParentTreeNextKey").(int64)
	return next
}

// flat reports whether a widget has neither surface nor appearance nor a reaction
// of its own.
func flat(widget pdf.Dict) bool {
	for _, key := range []pdf.Name{"AP", "MK", "A", "AA", "BS", "Border"} {
		if widget.Get(key) != nil {
			return false
		}
	}
	list, _ := widget.Get("Rect").(pdf.Array)
	return len(list) == 4 && pdf.Same(pdf.Number, list[0], list[2]) && pdf.Same(pdf.Number, list[1], list[3])
}

// formDefault reports whether an entry of the form says what holds without it
// too (table 224).
func formDefault(key pdf.Name, o pdf.Object) bool {
	switch key {
	case "NeedAppearances":
		return o == nil || o == false
	case "Q":
		return o == nil || o == int64(0)
	case "CO":
		list, ok := o.(pdf.Array)
		return o == nil || ok && len(list) == 0
	}
	return false
}

// appearanceDefault accounts for the appearance that fields inherit from the form
// (DA): a new one, if every field that writes text has its own.
func (u *update) appearanceDefault(path string, was, is pdf.Object) error {
	_, text := is.(pdf.String)
	if was != nil || !text {
		return refuse(formEntry, path+"/DA", "key", "DA").found(is)
	}
	fields, err := u.old.Fields()
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.Type == "Sig" {
			continue
		}
		if own, err := u.inheritedDA(f.Dict); err != nil || own == nil {
			return errors.Join(err, refuse(formEntry, path+"/DA", "key", "DA").found(is))
		}
	}
	return nil
}

// inheritedDA returns the appearance that a field has, or that those above it
// have; nil if none does.
func (u *update) inheritedDA(d pdf.Dict) (pdf.String, error) {
	for range 32 {
		o, err := u.old.Resolve(d.Get("DA"))
		if err != nil {
			return nil, err
		}
		if s, ok := o.(pdf.String); ok {
			return s, nil
		}
		if d, err = u.old.Dict(d, "Parent"); err != nil || d == nil {
			return nil, err
		}
	}
	return nil, nil
}

// formResources accounts for the resources with which viewers write in fields
// (DR): none is replaced, and none is added under a name that a field uses.
func (u *update) formResources(path string, was, is pdf.Object) error {
	path += "/DR"
	refused := refuse(formResource, path, "name", "DR").found(is)
	o, err := u.old.Resolve(was)
	if err != nil {
		return err
	}
	before, _ := o.(pdf.Dict)
	if o != nil && before == nil {
		return refused
	}
	if ref, ok := is.(pdf.Ref); ok && u.changes[ref.Num] != nil && u.changes[ref.Num].Had {
		return refuse(objectInUse, at(ref), "object", ref.String()).found(u.changes[ref.Num].New)
	}
	if o, err = u.new.Resolve(is); err != nil {
		return err
	}
	after, ok := o.(pdf.Dict)
	if _, dup := after.Duplicate(); !ok || dup {
		return refused
	}
	used, known, err := u.usedByFields()
	if err != nil {
		return err
	}
	var faults []error
	for _, kind := range keysOf(before, after) {
		if pdf.Equal(before.Get(kind), after.Get(kind)) {
			continue
		}
		a, err := u.old.Resolve(before.Get(kind))
		if err != nil {
			return err
		}
		b, err := u.new.Resolve(after.Get(kind))
		if err != nil {
			return err
		}
		if kind == "ProcSet" && a == nil { // says nothing since PDF 1.4
			continue
		}
		old, _ := a.(pdf.Dict)
		fresh, ok := b.(pdf.Dict)
		if _, dup := fresh.Duplicate(); !ok || dup || a != nil && old == nil {
			faults = append(faults, refused)
			continue
		}
		for _, name := range keysOf(old, fresh) {
			if pdf.Equal(old.Get(name), fresh.Get(name)) {
				continue
			}
			if kind == "XObject" && name == "FRM" && u.signs && known && len(used) == 0 {
				continue // Acrobat draws each new signature in it
			}
			if old.Get(name) != nil || !known || used[name] {
				faults = append(faults, refuse(formResource, path+"/"+clean(string(kind))+"/"+keyText(name), "name",
					string(name)).found(fresh.Get(name)))
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return u.added(is, 12)
}

// usedByFields returns the names in the appearances that fields have or inherit;
// known is false if one cannot be read.
func (u *update) usedByFields() (used map[pdf.Name]bool, known bool, err error) {
	fields, err := u.old.Fields()
	if err != nil {
		return nil, false, err
	}
	catalog, _, err := u.old.Catalog()
	if err != nil {
		return nil, false, err
	}
	form, err := u.old.Dict(catalog, "AcroForm")
	if err != nil {
		return nil, false, err
	}
	list := []pdf.Dict{form}
	for _, f := range fields {
		if f.Type != "Sig" {
			list = append(list, f.Dict)
			list = append(list, u.widgetsOf(f.Dict)...)
		}
	}
	if len(list) == 1 { // nothing writes
		return nil, true, nil
	}
	used = map[pdf.Name]bool{}
	for _, d := range list {
		own, err := u.inheritedDA(d)
		if err != nil {
			return nil, false, err
		}
		if !pdf.NamesIn(own, used) {
			return nil, false, nil
		}
	}
	return used, true, nil
}

// keyText writes a key in a path so that it cannot be taken for two: a name may
// hold a slash.
func keyText(key pdf.Name) string {
	return clean(strings.NewReplacer("#", "#23", "/", "#2F").Replace(string(key)))
}

// newName checks the name of a new field: one that is read in one way and that no
// other field has, since fields of the same name are one field.
func (u *update) newName(ref pdf.Ref, t pdf.Object) (string, error) {
	o, err := u.new.Resolve(t)
	if err != nil {
		return "", err
	}
	text, _ := o.(pdf.String)
	name, ok := text.Decode()
	if !ok || name == "" {
		return text.Text(), refuse(newFieldName, at(ref, "T"), "field", text.Text()).found(o)
	}
	fields, err := u.new.Fields()
	if err != nil {
		return name, err
	}
	for _, f := range fields {
		if f.Ref != ref && (f.Name == name || strings.HasPrefix(f.Name, name+".")) {
			return name, refuse(newFieldName, at(ref, "T"), "field", name).found(o)
		}
	}
	return name, nil
}
