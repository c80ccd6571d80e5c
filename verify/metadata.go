package verify

import (
	"errors"
	"maps"
	"slices"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// metadata accounts for the dates and the name of the program that writers
// bring up to date with every revision. Anything else that is said of the
// document may only change when it is sealed again: the new seal covers it.
func (u *update) metadata() error {
	if err := u.information(); err != nil {
		return err
	}
	was, is, err := u.catalogs()
	if err != nil {
		return err
	}
	ref, ok := is.Get("Metadata").(pdf.Ref)
	c := u.changes[ref.Num]
	if !ok || c == nil {
		return nil
	}
	if was.Get("Metadata") == nil { // catalog has accounted for it, or refused it
		return nil
	}
	a, ok1 := c.Old.(*pdf.Stream)
	b, ok2 := c.New.(*pdf.Stream)
	if !ok1 || !ok2 || a.Dict.Name("Type") != "Metadata" || b.Dict.Name("Type") != "Metadata" {
		return nil // rest refuses it
	}
	if !u.signs {
		if err := u.samePacket(ref, a, b); err != nil {
			return err
		}
	}
	u.allowed[ref.Num] = true
	return nil
}

// information accounts for the document information dictionary (ISO 32000-2
// clause 14.3.3).
func (u *update) information() error {
	before, after := u.old.Trailer().Get("Info"), u.new.Trailer().Get("Info")
	ref, ok := after.(pdf.Ref)
	c := u.changes[ref.Num]
	same := pdf.Equal(before, after)
	if after == nil || same && (!ok || c == nil) {
		return nil
	}
	o, err := u.old.Resolve(before)
	if err != nil {
		return err
	}
	was, _ := o.(pdf.Dict)
	if o, err = u.new.Resolve(after); err != nil {
		return err
	}
	is, _ := o.(pdf.Dict)
	if !same && c != nil && c.Had {
		return refuse(informationReplaced, "trailer/Info").found(after)
	}
	var faults []error
	if key, dup := is.Duplicate(); dup {
		return refuse(keyTwice, below("trailer", pdf.Entry{Key: "Info", Value: after})+"/"+keyText(key),
			"what", "l'elenco delle informazioni sul documento", "key", string(key))
	}
	if !u.signs || same {
		for _, key := range keysOf(was, is) {
			if pdf.Same(informationType(key), was.Get(key), is.Get(key)) {
				continue
			}
			_, text := is.Get(key).(pdf.String)
			if !text || key != "ModDate" && key != "Producer" && !(key == "CreationDate" && was == nil) {
				faults = append(faults,
					refuse(informationEntry,
						below("trailer", pdf.Entry{Key: "Info", Value: after})+"/"+keyText(key),
						"key", string(key)).found(is.Get(key)))
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if c != nil && c.Has {
		u.allowed[ref.Num] = true
	}
	return nil
}

// samePacket reports why two XMP packets differ in more than dates and
// programs.
func (u *update) samePacket(ref pdf.Ref, a, b *pdf.Stream) error {
	before, err := u.statements(u.old, a)
	if err != nil {
		return err
	}
	after, err := u.statements(u.new, b)
	if err != nil {
		return err
	}
	if before == nil || after == nil {
		return refuse(metadataForm, at(ref))
	}
	var faults []error
	free := func(path string) bool {
		return slices.Contains(xmpMayChange, path) && plainXMP(before[path]) && plainXMP(after[path])
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if !sameXMP(path, before[path], after[path]) && !free(path) {
			faults = append(faults, refuse(metadataChanged, at(ref), "what",
				xmpPrefixes.Replace(path)).found(pdf.String(after[path])))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[path]; !ok && !free(path) {
			faults = append(faults, refuse(metadataAdded, at(ref), "what",
				xmpPrefixes.Replace(path)).found(pdf.String(after[path])))
		}
	}
	return errors.Join(faults...)
}

// statements returns what an XMP packet says; nil if it cannot be read in one way.
func (u *update) statements(v pdf.View, s *pdf.Stream) (map[string]string, error) {
	data, err := v.Decode(s)
	if err != nil {
		return nil, err
	}
	if err := u.file.Spend(int64(len(data))); err != nil {
		return nil, err
	}
	out, err := readXMP(u.ctx, data)
	if u.ctx.Err() != nil {
		return nil, u.ctx.Err()
	}
	if err != nil {
		return nil, nil
	}
	return out, nil
}
