package pdf

import (
	"context"
	"errors"
	"fmt"
)

// A Change is what a revision did to one object.
type Change struct {
	Ref Ref
	Old Object // nil if there was none
	New Object // nil if there is none any more
	Had bool   // the object existed before
	Has bool   // the object exists afterwards
}

// Container reports whether the change adds an object that only carries others
// (an object stream or a cross-reference stream).
func (c Change) Container() bool {
	s, ok := c.New.(*Stream)
	if !ok || c.Had {
		return false
	}
	t := s.Dict.Name("Type")
	return t == "ObjStm" || t == "XRef"
}

// Changes returns what revision rev did to the file as of the revision before
// it. Objects written again with the same meaning are left out. It is an error
// if the revision replaces an object stream, of which older objects may remain
// in use, or gives an object another generation, which makes references to it
// void.
func (f *File) Changes(rev int) ([]Change, error) {
	if rev <= 0 || rev >= len(f.Revisions) {
		return nil, fmt.Errorf("pdf: revision %d changes nothing: the file has %d", rev, len(f.Revisions))
	}
	before, after := f.At(rev-1), f.At(rev)
	var out []Change
	for _, ref := range f.Revisions[rev].Objects {
		c := Change{Ref: ref}
		if e, ok := before.entry(ref.Num); ok && e.kind != free {
			o, err := before.Get(Ref{ref.Num, e.gen})
			if err != nil {
				return nil, err
			}
			if e.gen != ref.Gen {
				// What refers to the old generation would find nothing any more.
				return nil, fmt.Errorf("pdf: revision %d gives object %d generation %d: it was %d", rev, ref.Num, ref.Gen, e.gen)
			}
			c.Had, c.Old = true, o
		}
		o, err := after.Get(ref)
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return nil, err
		default:
			c.Has, c.New = true, o
		}
		if !c.Had && !c.Has || c.Had && c.Has && Equal(c.Old, c.New) {
			continue
		}
		if s, ok := c.Old.(*Stream); ok && s.Dict.Name("Type") == "ObjStm" {
			return nil, fmt.Errorf("pdf: revision %d replaces object stream %d", rev, ref.Num)
		}
		out = append(out, c)
	}
	return out, nil
}

// Dangling returns the numbers of the objects that others refer to as of a
// revision and that do not exist. Whoever defines one of them later changes
// what is shown without touching any object.
func (v View) Dangling(ctx context.Context) (map[uint32]bool, error) {
	out := map[uint32]bool{}
	visit := func(r Ref) {
		if e, ok := v.entry(r.Num); !ok || e.kind == free {
			out[r.Num] = true
		}
	}
	n := 0
	for num := range v.f.entries {
		if n++; n%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e, ok := v.entry(num)
		if !ok || e.kind == free {
			continue
		}
		o, err := v.Get(Ref{num, e.gen})
		if err != nil {
			return nil, err
		}
		if err := v.f.Spend(EachRef(o, visit)); err != nil {
			return nil, err
		}
	}
	EachRef(Array{v.Trailer().Get("Root"), v.Trailer().Get("Info")}, visit)
	return out, nil
}

// Uses returns how often the objects of a revision and its trailer refer to
// each object.
func (v View) Uses(ctx context.Context) (map[uint32]int, error) {
	out := map[uint32]int{}
	count := func(r Ref) { out[r.Num]++ }
	n := 0
	for num := range v.f.entries {
		if n++; n%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e, ok := v.entry(num)
		if !ok || e.kind == free {
			continue
		}
		o, err := v.Get(Ref{num, e.gen})
		if err != nil {
			return nil, err
		}
		if err := v.f.Spend(EachRef(o, count)); err != nil {
			return nil, err
		}
	}
	EachRef(v.Trailer(), count)
	return out, nil
}

// Reachable adds to out the numbers of all objects that others lead to, by
// whatever key.
func (v View) Reachable(ctx context.Context, from []Ref, out map[uint32]bool) error {
	seen, todo := map[uint32]bool{}, append([]Ref(nil), from...)
	for n := 0; len(todo) > 0; {
		ref := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[ref.Num] {
			continue
		}
		seen[ref.Num], out[ref.Num] = true, true
		if n++; n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		o, err := v.Get(ref)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		visited := EachRef(o, func(r Ref) {
			if !seen[r.Num] {
				todo = append(todo, r)
			}
		})
		if err := v.f.Spend(visited); err != nil {
			return err
		}
	}
	return nil
}

// EachRef calls visit for every reference within an object, without following
// them, and returns how many values it went through.
func EachRef(o Object, visit func(Ref)) (values int64) {
	values = 1
	switch o := o.(type) {
	case Ref:
		visit(o)
	case Array:
		for _, e := range o {
			values += EachRef(e, visit)
		}
	case Dict:
		for i := range o {
			values += EachRef(o[i].Value, visit)
		}
	case *Stream:
		values += EachRef(o.Dict, visit)
	}
	return values
}
