package verify

import (
	"bytes"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// An owner is the form field that an object is, or is a widget of.
type owner struct {
	field  pdf.Field
	widget bool // only a widget: the field is its parent
}

// owners maps the objects of the form as it was to its fields.
func (u *update) owners() map[uint32]owner {
	fields, err := u.old.Fields()
	if err != nil {
		return nil // no form: whatever changes it is refused
	}
	out := map[uint32]owner{}
	for _, f := range fields {
		if f.Ref != (pdf.Ref{}) {
			out[f.Ref.Num] = owner{field: f}
		}
		kids, err := u.old.Array(f.Dict, "Kids")
		if err != nil {
			continue
		}
		for _, k := range kids {
			if ref, ok := k.(pdf.Ref); ok {
				out[ref.Num] = owner{field: f, widget: true}
			}
		}
	}
	return out
}

// Flags of form fields and annotations (ISO 32000-2 tables 227, 229 and 167).
const (
	flagReadOnly   = 1 << 0
	flagPushbutton = 1 << 16
	flagHidden     = 1 << 1
	flagNoView     = 1 << 5
)

// inherited returns a number that a field has or inherits.
func (u *update) inherited(d pdf.Dict, key pdf.Name) int64 {
	for range 32 {
		o, err := u.old.Resolve(d.Get(key))
		if n, ok := o.(int64); ok && err == nil {
			return n
		}
		if d, err = u.old.Dict(d, "Parent"); err != nil || d == nil {
			break
		}
	}
	return 0
}

// fill accounts for a field that was not a signature and is filled in.
func (u *update) fill(o owner, c *pdf.Change, was, is pdf.Dict) error {
	name := o.field.Name
	if key, dup := is.Duplicate(); dup {
		return refuse(keyTwice, at(c.Ref, key), "what", "il campo «"+clean(name)+"»", "key", string(key))
	}
	switch {
	case !slices.Contains([]pdf.Name{"Tx", "Ch", "Btn"}, o.field.Type), u.inherited(was, "Ff")&flagPushbutton != 0 &&
		o.field.Type == "Btn":
		return refuse(fieldNotFillable, at(c.Ref), "field", name)
	case u.inherited(was, "Ff")&flagReadOnly != 0 && !onlyLocks(was, is):
		return refuse(fieldReadOnly, at(c.Ref, "Ff"), "field", name).found(was.Get("Ff"))
	case u.hidden(was):
		return refuse(fieldHidden, at(c.Ref, "F"), "field", name).found(was.Get("F"))
	case u.covers(was):
		return refuse(fieldCovers, at(c.Ref, "Rect"), "field", name).found(was.Get("Rect"))
	case !onlyLocks(was, is) && !u.fills(o.field):
		// Else the document shows one value when it is signed and another
		// afterwards: a shadow attack.
		return refuse(fieldNotEmpty, at(c.Ref, "V"), "field", name).found(is.Get("V"))
	}
	var faults []error
	for _, key := range keysOf(was, is) {
		if pdf.Equal(was.Get(key), is.Get(key)) {
			continue
		}
		var err error
		switch {
		case key == "V" && !o.widget, key == "I" && !o.widget && o.field.Type == "Ch":
			err = u.value(c.Ref, name, is.Get(key))
		case key == "AS" && o.field.Type == "Btn":
			err = u.state(c.Ref, name, was, is)
		case key == "AP" && o.field.Type != "Btn":
			err = u.appearance(c.Ref, name, was, is)
		case key == "M":
			if _, ok := is.Get(key).(pdf.String); !ok {
				err = refuse(fieldDate, at(c.Ref, "M"), "field", name).found(is.Get(key))
			}
		case key == "Ff" && onlyLocks(was, is):
			// Signing programs close the fields that they lock.
		default:
			err = refuse(fieldEntry, at(c.Ref, key), "field", name, "key", string(key)).found(is.Get(key))
		}
		faults = append(faults, err)
	}
	if !onlyLocks(was, is) && !slices.Contains(u.filled, o.field.Name) {
		u.filled = append(u.filled, o.field.Name)
		u.where[o.field.Name] = at(c.Ref)
	}
	u.allowed[c.Ref.Num] = true
	return errors.Join(faults...)
}

// fills reports whether a field was empty before this revision and is not any
// more.
func (u *update) fills(f pdf.Field) bool {
	empty := func(o pdf.Object) bool {
		switch o := o.(type) {
		case nil:
			return true
		case pdf.String:
			return len(o) == 0
		case pdf.Name:
			return o == "Off"
		case pdf.Array:
			return len(o) == 0
		}
		return false
	}
	was, err := u.old.Resolve(f.V)
	if err != nil || !empty(was) {
		return false
	}
	c := u.changes[f.Ref.Num]
	if c == nil {
		return false
	}
	d, _ := c.New.(pdf.Dict)
	is, err := u.new.Resolve(d.Get("V"))
	return err == nil && !empty(is)
}

// onlyLocks reports whether the one change to a field is that it becomes
// read-only.
func onlyLocks(was, is pdf.Dict) bool {
	for _, key := range keysOf(was, is) {
		if pdf.Equal(was.Get(key), is.Get(key)) {
			continue
		}
		a, _ := was.Get(key).(int64)
		b, ok := is.Get(key).(int64)
		if key != "Ff" || !ok || b != a|flagReadOnly {
			return false
		}
	}
	return true
}

// widgetsOf returns the widgets of a field: itself, or those below it. A field
// without any is not seen.
func (u *update) widgetsOf(field pdf.Dict) []pdf.Dict {
	kids, err := u.old.Array(field, "Kids")
	if err != nil || kids == nil {
		return []pdf.Dict{field}
	}
	var out []pdf.Dict
	for _, k := range kids {
		o, err := u.old.Resolve(k)
		if d, ok := o.(pdf.Dict); ok && err == nil {
			out = append(out, d)
		}
	}
	return out
}

// hidden reports whether no widget of a field is seen on a screen.
func (u *update) hidden(field pdf.Dict) bool {
	return !slices.ContainsFunc(u.widgetsOf(field), func(w pdf.Dict) bool {
		return u.inherited(w, "F")&(flagHidden|flagNoView) == 0
	})
}

// covers reports whether a widget of a field takes up most of a page: filling it
// in would show another page.
func (u *update) covers(field pdf.Dict) bool {
	return slices.ContainsFunc(u.widgetsOf(field), u.coversPage)
}

func (u *update) coversPage(widget pdf.Dict) bool {
	const most = 595 * 842 / 2 // half of an A4 page, in square points
	list, err := u.old.Array(widget, "Rect")
	if err != nil || list == nil {
		return err != nil || widget.Get("Rect") != nil
	}
	var r [4]float64
	for i := range r {
		if i >= len(list) {
			return true
		}
		switch n := list[i].(type) {
		case int64:
			r[i] = float64(n)
		case float64:
			r[i] = n
		default:
			return true
		}
	}
	area := (r[2] - r[0]) * (r[3] - r[1])
	return !(max(area, -area) <= most)
}

// value accounts for the value of a field: a text, a name or a list of texts.
func (u *update) value(field pdf.Ref, name string, v pdf.Object) error {
	if ref, ok := v.(pdf.Ref); ok && u.changes[ref.Num] != nil && u.changes[ref.Num].Had {
		return refuse(objectInUse, at(ref), "object", ref.String()).found(u.changes[ref.Num].New)
	}
	if err := u.added(v, 3); err != nil {
		return err
	}
	o, err := u.new.Resolve(v)
	if err != nil {
		return err
	}
	switch o := o.(type) {
	case nil, pdf.String, pdf.Name, int64:
		return nil
	case pdf.Array:
		for _, e := range o {
			switch e.(type) {
			case pdf.String, int64:
			default:
				return refuse(fieldValueForm, at(field, "V"), "field", name).found(o)
			}
		}
		return nil
	}
	return refuse(fieldValueForm, at(field, "V"), "field", name).found(o)
}

// state checks that a check box or a radio button shows one of the states that
// it had before.
func (u *update) state(field pdf.Ref, name string, was, is pdf.Dict) error {
	state, ok := is.Get("AS").(pdf.Name)
	ap, err := u.old.Dict(was, "AP")
	if err != nil {
		return err
	}
	normal, err := u.old.Dict(ap, "N")
	if err != nil {
		return err
	}
	if !ok || state != "Off" && normal.Get(state) == nil {
		return refuse(fieldState, at(field, "AS"), "field", name).found(is.Get("AS"))
	}
	return nil
}

// appearance accounts for the new appearance of a field that is filled in: a
// new stream, never one that stood there before.
func (u *update) appearance(field pdf.Ref, name string, was, is pdf.Dict) error {
	before := places{}
	if ref, ok := was.Get("AP").(pdf.Ref); ok {
		before[ref] = 1
	}
	o, err := u.node(is.Get("AP"), before)
	if err != nil {
		return err
	}
	ap, ok := o.(pdf.Dict)
	if !ok {
		return refuse(appearanceForm, at(field, "AP"), "field", name).found(o)
	}
	old, err := u.old.Dict(was, "AP")
	if err != nil {
		return err
	}
	for _, key := range keysOf(old, ap) {
		if key != "N" && !pdf.Equal(old.Get(key), ap.Get(key)) {
			return refuse(appearanceEntry, at(field, "AP", key), "field", name, "key", string(key)).found(ap.Get(key))
		}
	}
	if pdf.Equal(old.Get("N"), ap.Get("N")) {
		return nil // the same reference: inPlace judges what it names
	}
	if o, err = u.old.Resolve(old.Get("N")); err != nil {
		return err
	}
	if s, ok := o.(*pdf.Stream); ok && !u.mute(s) {
		return refuse(appearanceNotEmpty, at(field, "AP", "N"), "field", name).found(ap.Get("N"))
	}
	if o, err = u.new.Resolve(ap.Get("N")); err != nil {
		return err
	}
	if s, ok := o.(*pdf.Stream); !ok || s.Dict.Name("Subtype") != "Form" {
		return refuse(appearanceForm, at(field, "AP", "N"), "field", name).found(ap.Get("N"))
	}
	return u.added(ap.Get("N"), 12)
}

// mute reports whether an appearance shows neither text nor pictures: that of
// an empty field may have a ground and a border.
func (u *update) mute(s *pdf.Stream) bool {
	data, err := u.old.Decode(s)
	if err != nil {
		return false
	}
	for _, op := range []string{"Tj", "TJ", "'", "\"", "Do", "BI", "sh"} {
		if bytes.Contains(data, []byte(op)) {
			return false
		}
	}
	return true
}

// used returns how often the revision before refers to an object; where that
// cannot be known, as if everything did.
func (u *update) used(ref pdf.Ref) int {
	if u.uses == nil {
		var err error
		if u.uses, err = u.old.Uses(u.ctx); err != nil {
			u.uses = nil
			return math.MaxInt
		}
	}
	return u.uses[ref.Num]
}

// inPlace accounts for appearances that are written over those of a field that
// is filled in, if nothing else used them.
func (u *update) inPlace(owners map[uint32]owner) error {
	var faults []error
	for _, num := range slices.Sorted(maps.Keys(owners)) {
		o := owners[num]
		if !slices.Contains(u.filled, o.field.Name) || o.field.Type == "Btn" {
			continue
		}
		w, err := u.old.Resolve(pdf.Ref{Num: num, Gen: o.field.Ref.Gen})
		if err != nil {
			return err
		}
		was, _ := w.(pdf.Dict)
		if w, err = u.new.Resolve(pdf.Ref{Num: num, Gen: o.field.Ref.Gen}); err != nil {
			return err
		}
		is, _ := w.(pdf.Dict)
		if u.hidden(was) {
			continue // printed, it would show what the screen does not
		}
		apRef, indirect := was.Get("AP").(pdf.Ref)
		if indirect && u.changes[apRef.Num] != nil && !u.allowed[apRef.Num] {
			faults = append(faults, u.appearance(pdf.Ref{Num: num, Gen: o.field.Ref.Gen}, o.field.Name, was, is))
		}
		ap, err := u.old.Dict(was, "AP")
		if err != nil {
			return err
		}
		ref, ok := ap.Get("N").(pdf.Ref)
		if !ok {
			continue
		}
		c := u.changes[ref.Num]
		if c == nil || u.allowed[ref.Num] || !c.Had || !c.Has || u.used(ref) != 1 || indirect && u.used(apRef) != 1 {
			continue
		}
		a, ok1 := c.Old.(*pdf.Stream)
		b, ok2 := c.New.(*pdf.Stream)
		if !ok1 || !ok2 || !u.mute(a) || a.Dict.Name("Subtype") != "Form" || b.Dict.Name("Subtype") != "Form" {
			continue
		}
		u.allowed[ref.Num] = true
		faults = append(faults, u.added(b.Dict, 12))
	}
	return errors.Join(faults...)
}

// note accounts for an annotation that comments on the page. Only those are
// permitted that cannot hide or replace what is below: viewers draw them by
// themselves, they bring no appearance and start nothing.
func (u *update) note(page, ref pdf.Ref) error {
	c := u.changes[ref.Num]
	if c == nil || c.Had {
		return refuse(annotationOld, at(ref), "page", page.String())
	}
	d, _ := c.New.(pdf.Dict)
	subtype := d.Name("Subtype")
	if key, dup := d.Duplicate(); dup {
		return refuse(keyTwice, at(ref, key), "what", "l'annotazione "+ref.String(), "key", string(key))
	}
	if !slices.Contains([]pdf.Name{"Text", "Popup", "Highlight", "Underline", "Squiggly"}, subtype) {
		return refuse(annotationKind, at(ref, "Subtype"), "page", page.String(), "kind",
			string(subtype)).found(d.Get("Subtype"))
	}
	known := []pdf.Name{"Type", "Subtype", "Rect", "Contents", "P", "NM", "M", "F", "C", "CA", "T", "Popup",
		"CreationDate",
		"Subj", "Name", "State", "StateModel", "QuadPoints", "Open", "Parent", "IRT", "RT", "Border", "Lang"}
	var faults []error
	for _, e := range d {
		if !slices.Contains(known, e.Key) {
			faults = append(faults, refuse(annotationEntry, at(ref, e.Key), "page", page.String(), "key",
				string(e.Key)).found(e.Value))
		}
	}
	if open := d.Get("Open"); open != nil && open != false { // an open note covers the page
		faults = append(faults, refuse(annotationOpen, at(ref, "Open"), "page", page.String()).found(open))
	}
	if subtype == "Highlight" {
		color, err := u.new.Array(d, "C")
		if err != nil {
			return err
		}
		if dark(color) {
			faults = append(faults, refuse(annotationDark, at(ref, "C"), "page", page.String()).found(color))
		}
	}
	u.allowed[ref.Num] = true
	u.notes = append(u.notes, ref)
	return errors.Join(faults...)
}

// dark reports whether a colour is too dark to read through.
func dark(color pdf.Array) bool {
	var v []float64
	for _, o := range color {
		switch n := o.(type) {
		case int64:
			v = append(v, float64(n))
		case float64:
			v = append(v, n)
		default:
			return true
		}
	}
	switch len(v) {
	case 0:
		return false // transparent
	case 1:
		return v[0] < 0.5
	case 3:
		return 0.299*v[0]+0.587*v[1]+0.114*v[2] < 0.5
	}
	return true
}
