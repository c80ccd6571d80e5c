package pdf

import (
	"fmt"
	"time"
)

// An EmbeddedFile is a file embedded in the document (clause 7.11.4).
type EmbeddedFile struct {
	Name         string // UF or, failing that, F of its specification
	Relationship Name   // AFRelationship, such as Data
	Subtype      Name   // media type
	Data         []byte
}

// EmbeddedFiles returns the embedded files of the last revision that the
// catalog names: those of its associated files (AF) first, then those of the
// name tree EmbeddedFiles.
func (f *File) EmbeddedFiles() ([]EmbeddedFile, error) {
	v := f.Last()
	cat, _, err := v.Catalog()
	if err != nil {
		return nil, err
	}
	specs, err := v.Array(cat, "AF")
	if err != nil {
		return nil, err
	}
	names, err := v.Dict(cat, "Names")
	if err != nil {
		return nil, err
	}
	if root := names.Get("EmbeddedFiles"); root != nil {
		w := treeWalk{v: v, kids: "Kids", leaf: "Names", seen: map[Ref]bool{}}
		if err := w.walk(root, f.limits.Depth); err != nil {
			return nil, err
		}
		for i := 1; i < len(w.leaves); i += 2 { // each value follows its key
			specs = append(specs[:len(specs):len(specs)], w.leaves[i])
		}
	}
	seen := map[Ref]bool{}
	var files []EmbeddedFile
	for _, o := range specs {
		if ref, ok := o.(Ref); ok {
			if seen[ref] {
				continue
			}
			seen[ref] = true
		}
		ef, err := v.embeddedFile(o)
		if err != nil {
			return nil, err
		}
		if ef != nil {
			files = append(files, *ef)
		}
	}
	return files, nil
}

func (v View) embeddedFile(o Object) (*EmbeddedFile, error) {
	r, err := v.Resolve(o)
	if err != nil {
		return nil, err
	}
	spec, ok := r.(Dict)
	if !ok {
		return nil, nil
	}
	ef, err := v.Dict(spec, "EF")
	if err != nil || ef == nil {
		return nil, err
	}
	out := &EmbeddedFile{Relationship: spec.Name("AFRelationship")}
	for _, key := range []Name{"UF", "F"} {
		name, err := v.Resolve(spec.Get(key))
		if err != nil {
			return nil, err
		}
		if s, ok := name.(String); ok && out.Name == "" {
			out.Name = s.Text()
		}
		so, err := v.Resolve(ef.Get(key))
		if err != nil {
			return nil, err
		}
		if st, ok := so.(*Stream); ok && out.Data == nil {
			out.Subtype = st.Dict.Name("Subtype")
			if out.Data, err = v.Decode(st); err != nil {
				return nil, err
			}
		}
	}
	if out.Data == nil {
		return nil, nil
	}
	return out, nil
}

// Pages returns the pages of the document, in order.
func (v View) Pages() ([]Ref, error) {
	cat, _, err := v.Catalog()
	if err != nil {
		return nil, err
	}
	w := treeWalk{v: v, kids: "Kids", seen: map[Ref]bool{}}
	if err := w.walk(cat.Get("Pages"), v.f.limits.Depth); err != nil {
		return nil, err
	}
	return w.nodes, nil
}

// A treeWalk collects the leaves of a tree whose inner nodes name others. Leaf
// names the array of the leaves' values; without it the leaves themselves are
// collected.
type treeWalk struct {
	v          View
	kids, leaf Name
	seen       map[Ref]bool
	leaves     Array
	nodes      []Ref
}

func (w *treeWalk) walk(o Object, depth int) error {
	if depth == 0 {
		return fmt.Errorf("pdf: tree nested too deep: %w", ErrLimit)
	}
	ref, isRef := o.(Ref)
	if isRef {
		if w.seen[ref] {
			return fmt.Errorf("pdf: object %s occurs twice in a tree", ref)
		}
		w.seen[ref] = true
	}
	r, err := w.v.Resolve(o)
	if err != nil {
		return err
	}
	d, ok := r.(Dict)
	if !ok {
		return fmt.Errorf("pdf: object %s of a tree is no dictionary", ref)
	}
	if w.leaf != "" {
		arr, err := w.v.Array(d, w.leaf)
		if err != nil {
			return err
		}
		w.leaves = append(w.leaves, arr...)
	}
	kids, err := w.v.Array(d, w.kids)
	if err != nil {
		return err
	}
	if kids == nil && w.leaf == "" {
		if !isRef {
			return fmt.Errorf("pdf: a page is no indirect object")
		}
		w.nodes = append(w.nodes, ref)
	}
	for _, k := range kids {
		if err := w.walk(k, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// NumberTree returns the entries of a number tree (clause 7.9.7), nil for null. A
// number that occurs twice, or is none, is an error.
func (v View) NumberTree(root Object) (map[int64]Object, error) {
	if o, err := v.Resolve(root); o == nil || err != nil {
		return nil, err
	}
	w := treeWalk{v: v, kids: "Kids", leaf: "Nums", seen: map[Ref]bool{}}
	if err := w.walk(root, v.f.limits.Depth); err != nil {
		return nil, err
	}
	if len(w.leaves)%2 != 0 {
		return nil, fmt.Errorf("pdf: a number tree of %d numbers and values", len(w.leaves))
	}
	out := make(map[int64]Object, len(w.leaves)/2)
	for i := 0; i < len(w.leaves); i += 2 {
		n, ok := w.leaves[i].(int64)
		if _, twice := out[n]; !ok || twice {
			return nil, fmt.Errorf("pdf: %v in a number tree: expected a number that is not there yet", w.leaves[i])
		}
		out[n] = w.leaves[i+1]
	}
	return out, v.f.Spend(int64(len(out)))
}

// ParseDate reads a date string (clause 7.9.4) such as
// D:20261122073000+01'00'. Parts that are left out from the right take their
// first value; without an offset the time is taken as UTC.
func ParseDate(s string) (time.Time, error) {
	bad := func() (time.Time, error) {
		return time.Time{}, fmt.Errorf("pdf: date %q: expected D:YYYYMMDDHHmmSSOHH'mm'", s)
	}
	if len(s) < 6 || len(s) > 23 || s[:2] != "D:" {
		return bad()
	}
	rest := s[2:]
	digits := 0
	for digits < len(rest) && digits < 14 && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	if digits < 4 || digits%2 != 0 {
		return bad()
	}
	t, err := time.Parse("20060102150405", rest[:digits]+"00000101000000"[digits:])
	if err != nil {
		return bad()
	}
	off, err := dateOffset(rest[digits:])
	if err != nil {
		return bad()
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, off), nil
}

func dateOffset(s string) (*time.Location, error) {
	if s == "" || s == "Z" || s == "Z00'00'" || s == "Z00'00" {
		return time.UTC, nil
	}
	bad := fmt.Errorf("offset %q", s)
	two := func(i int) (int, bool) {
		if i+2 > len(s) || s[i] < '0' || s[i] > '9' || s[i+1] < '0' || s[i+1] > '9' {
			return 0, false
		}
		return int(s[i]-'0')*10 + int(s[i+1]-'0'), true
	}
	h, ok := two(1)
	if !ok || h > 23 || s[0] != '+' && s[0] != '-' {
		return nil, bad
	}
	m, rest := 0, s[3:]
	if len(s) > 4 {
		if m, ok = two(4); !ok || m > 59 || s[3] != '\'' {
			return nil, bad
		}
		rest = s[6:]
	}
	if rest != "" && rest != "'" {
		return nil, bad
	}
	sec := h*3600 + m*60
	if s[0] == '-' {
		sec = -sec
	}
	return time.FixedZone("", sec), nil
}

// Inherited returns the value of a page's attribute, its own or that of the
// nearest node of the page tree above it (clause 7.7.3.4), resolved; nil if
// there is none.
func (v View) Inherited(page Dict, key Name) (Object, error) {
	for range v.f.limits.Depth {
		o, err := v.Resolve(page.Get(key))
		if o != nil || err != nil {
			return o, err
		}
		if page, err = v.Dict(page, "Parent"); page == nil || err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("pdf: page tree nested too deep: %w", ErrLimit)
}

// PageBox returns what of a page is shown, before it is turned: its crop box
// within its media box (clause 14.11.2), as left, bottom, right and top.
func (v View) PageBox(page Dict) ([4]float64, error) {
	var out [4]float64
	for _, key := range []Name{"MediaBox", "CropBox"} {
		o, err := v.Inherited(page, key)
		if err != nil {
			return out, err
		}
		if o == nil && key == "CropBox" {
			break
		}
		list, _ := o.(Array)
		if len(list) != 4 {
			return out, fmt.Errorf("pdf: %s is no rectangle", key)
		}
		var box [4]float64
		for i, o := range list {
			if o, err = v.Resolve(o); err != nil {
				return out, err
			}
			switch n := o.(type) {
			case int64:
				box[i] = float64(n)
			case float64:
				box[i] = n
			default:
				return out, fmt.Errorf("pdf: %s is no rectangle", key)
			}
		}
		box = [4]float64{min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])}
		if key == "CropBox" {
			box = [4]float64{max(box[0], out[0]), max(box[1], out[1]), min(box[2], out[2]), min(box[3], out[3])}
		}
		out = box
	}
	return out, nil
}
