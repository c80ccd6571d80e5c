package verify

import (
	"errors"
	"maps"
	"slices"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// structure accounts for what programs add to the structure tree of a tagged
// document (ISO 32000-2 clause 14.7) for the widgets of new signature fields: an
// element Form at the end of what there was, and its entry in the parent tree. What
// the tree said of the page stays.
func (u *update) structure() error {
	was, is, err := u.catalogs()
	if err != nil {
		return err
	}
	ref, ok := was.Get("StructTreeRoot").(pdf.Ref)
	if !ok || is.Get("StructTreeRoot") != ref || len(u.widgets) == 0 {
		return nil // catalog refuses another
	}
	elements := map[pdf.Ref]bool{}
	var faults []error
	for _, num := range slices.Sorted(maps.Keys(u.changes)) {
		c := u.changes[num]
		a, b := dictOf(c.Old), dictOf(c.New)
		if u.allowed[num] || c.Ref == ref || a.Name("Type") != "StructElem" || b == nil {
			continue
		}
		if err := u.structureKids(c.Ref, a, b, elements); err != nil {
			faults = append(faults, err)
		} else if sameDict(func(key pdf.Name) pdf.Type { return pdf.Exact }, without(a, "K"), without(b, "K")) {
			u.allowed[num] = true
		}
	}
	if c := u.changes[ref.Num]; c != nil {
		faults = append(faults, u.structureRoot(ref, dictOf(c.Old), dictOf(c.New), elements))
	}
	return errors.Join(faults...)
}

func without(d pdf.Dict, keys ...pdf.Name) pdf.Dict {
	return slices.DeleteFunc(slices.Clone(d), func(e pdf.Entry) bool { return slices.Contains(keys, e.Key) })
}

func (u *update) structureRoot(ref pdf.Ref, was, is pdf.Dict, elements map[pdf.Ref]bool) error {
	if key, dup := is.Duplicate(); dup {
		return refuse(keyTwice, at(ref, key), "what", "la struttura del documento", "key", string(key))
	}
	if was == nil || is == nil {
		return nil // rest refuses it
	}
	var faults []error
	for _, key := range keysOf(was, is) {
		a, b := was.Get(key), is.Get(key)
		if pdf.Equal(a, b) {
			continue
		}
		ok := false
		switch key {
		case "K":
			faults = append(faults, u.structureKids(ref, was, is, elements))
			continue
		case "ParentTreeNextKey":
			x, ok1 := a.(int64)
			y, ok2 := b.(int64)
			ok = ok2 && y >= 0 && (a == nil || ok1 && y > x)
		case "RoleMap":
			roles, isDict := b.(pdf.Dict)
			ok = a == nil && isDict && len(roles) == 0
		case "ParentTree":
			var err error
			if ok, err = u.parentTree(was, b, elements); err != nil {
				return err
			}
		}
		if !ok {
			faults = append(faults, refuse(structureEntry, at(ref, key), "key", string(key)).found(b))
		}
	}
	u.allowed[ref.Num] = true // what of it is refused is among the faults
	return errors.Join(faults...)
}

// structureKids checks that an element has the children that it had, followed by
// the elements of new signature fields.
func (u *update) structureKids(ref pdf.Ref, was, is pdf.Dict, elements map[pdf.Ref]bool) error {
	before, after := listOf(was.Get("K")), listOf(is.Get("K"))
	if !isPrefix(before, after) {
		return refuse(structureEntry, at(ref, "K"), "key", "K").found(is.Get("K"))
	}
	for _, o := range after[len(before):] {
		kid, ok := o.(pdf.Ref)
		if !ok || !u.signatureElement(kid, ref) {
			return refuse(structureEntry, at(ref, "K"), "key", "K").found(o)
		}
		elements[kid] = true
		u.allowed[kid.Num] = true
	}
	return nil
}

// listOf returns a value that may be a list of one without brackets.
func listOf(o pdf.Object) pdf.Array {
	switch o := o.(type) {
	case nil:
		return nil
	case pdf.Array:
		return o
	}
	return pdf.Array{o}
}

// signatureElement reports whether a new object is an element that leads to the
// widget of a new signature field and says nothing.
func (u *update) signatureElement(ref, parent pdf.Ref) bool {
	c := u.changes[ref.Num]
	if c == nil || c.Had {
		return false
	}
	d, ok := c.New.(pdf.Dict)
	if _, dup := d.Duplicate(); !ok || dup || d.Name("S") != "Form" || d.Get("P") != parent {
		return false
	}
	for _, e := range d {
		switch e.Key {
		case "Type":
			if e.Value != pdf.Name("StructElem") {
				return false
			}
		case "Pg":
			if page, ok := e.Value.(pdf.Ref); !ok || u.changes[page.Num] != nil && !u.changes[page.Num].Had {
				return false
			}
		case "S", "P", "K":
		default:
			return false
		}
	}
	kids := listOf(d.Get("K"))
	if len(kids) != 1 {
		return false
	}
	link, ok := kids[0].(pdf.Dict)
	if _, dup := link.Duplicate(); !ok || dup || link.Name("Type") != "OBJR" {
		return false
	}
	widget, ok := link.Get("Obj").(pdf.Ref)
	if !ok || !u.widgets[widget] {
		return false
	}
	return !slices.ContainsFunc(link, func(e pdf.Entry) bool {
		return e.Key != "Type" && e.Key != "Obj" && !(e.Key == "Pg" && pdf.Equal(e.Value, d.Get("Pg")))
	})
}

// parentTree reports whether a new parent tree has the entries of the old one, and
// beside them only those of new signature fields, under new numbers.
func (u *update) parentTree(was pdf.Dict, tree pdf.Object, elements map[pdf.Ref]bool) (bool, error) {
	if ref, ok := tree.(pdf.Ref); ok && (u.changes[ref.Num] == nil || u.changes[ref.Num].Had) {
		return false, nil // a new object, or none
	}
	before, err := u.old.NumberTree(was.Get("ParentTree"))
	if err != nil {
		return false, err
	}
	after, err := u.new.NumberTree(tree)
	if err != nil || after == nil {
		return false, err
	}
	next, _ := was.Get("ParentTreeNextKey").(int64)
	for key, o := range before {
		same, err := u.sameParents(o, after[key])
		if !same || err != nil {
			return false, err
		}
	}
	for key, o := range after {
		if _, had := before[key]; had {
			continue
		}
		element, ok := o.(pdf.Ref)
		if !ok || !elements[element] || key < next {
			return false, nil
		}
	}
	return true, u.added(tree, 12)
}

// sameParents compares entries of parent trees: an element, or a list of elements
// that may be written apart.
func (u *update) sameParents(a, b pdf.Object) (bool, error) {
	if pdf.Equal(a, b) {
		return true, nil
	}
	x, err := u.old.Resolve(a)
	if err != nil {
		return false, err
	}
	y, err := u.new.Resolve(b)
	if err != nil {
		return false, err
	}
	list, ok := x.(pdf.Array)
	return ok && pdf.Equal(list, y), nil
}
