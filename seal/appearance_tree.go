package seal

import (
	"errors"
	"fmt"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// readTree finds where in the structure tree the field goes.
func (l *look) readTree(p *place) error {
	v := p.file.Last()
	ref, isRef := p.catalog.Get("StructTreeRoot").(pdf.Ref)
	tree, err := v.Dict(p.catalog, "StructTreeRoot")
	if err != nil || tree == nil {
		return err
	}
	if !isRef {
		return errors.New("its structure tree stands in the catalog: expected an object of its own")
	}
	if len(p.sigs) > 0 {
		// Its place in the tree would be a change of what they cover, which a
		// verifier cannot tell from one of the content.
		return errors.New("the document is tagged and already signed: seal it invisibly")
	}
	l.tree, l.treeRef = tree, ref
	top, isRef := tree.Get("K").(pdf.Ref)
	if list, ok := tree.Get("K").(pdf.Array); ok && len(list) == 1 {
		top, isRef = list[0].(pdf.Ref)
	}
	if isRef {
		o, err := v.Resolve(top)
		if err != nil {
			return err
		}
		if d, ok := o.(pdf.Dict); ok && d.Name("S") == "Document" {
			l.top, l.topRef = d, top
		}
	}
	for _, d := range []pdf.Dict{l.tree, l.top} {
		if key, dup := d.Duplicate(); dup {
			return fmt.Errorf("its structure tree has the key %s twice", key)
		}
	}
	return nil
}

// tag adds a Form element for the field (ISO 14289-1, 7.18.4) and returns its
// key in the parent tree.
func (l *look) tag(p *place, u *pdf.Update, field pdf.Ref) (int64, error) {
	element := u.Reserve()
	parent := l.treeRef
	tree := l.tree
	var err error
	if l.top != nil {
		parent = l.topRef
		top, err := l.grow(p, u, l.top, "K", element)
		if err != nil {
			return 0, err
		}
		l.replace(u, l.topRef, top)
	} else if tree, err = l.grow(p, u, tree, "K", element); err != nil {
		return 0, err
	}
	u.Object(element, pdf.Dict{
		{Key: "Type", Value: pdf.Name("StructElem")}, {Key: "S", Value: pdf.Name("Form")}, {Key: "P", Value: parent},
		{Key: "Pg", Value: l.pageRef},
		{Key: "Alt", Value: pdf.TextString(l.tip())}, {Key: "Lang", Value: pdf.TextString(l.lang)},
		{Key: "K", Value: pdf.Array{pdf.Dict{{Key: "Type", Value: pdf.Name("OBJR")}, {Key: "Pg", Value: l.pageRef},
			{Key: "Obj", Value: field}}}},
	})
	key, _ := tree.Get("ParentTreeNextKey").(int64)
	if key, tree, err = l.number(p, u, tree, key, element); err != nil {
		return 0, fmt.Errorf("seal: %w: structure tree: %w", ErrDocument, err)
	}
	l.replace(u, l.treeRef, tree.With("ParentTreeNextKey", key+1))
	return key, nil
}

const maxTreeDepth = 32

// number enters an element at the end of the parent tree (ISO 32000-1, 7.9.7),
// under a key of at least next.
func (l *look) number(p *place, u *pdf.Update, tree pdf.Dict, next int64, element pdf.Ref) (int64, pdf.Dict, error) {
	v := p.file.Last()
	type node struct {
		ref pdf.Ref // zero if it stands in the node before
		d   pdf.Dict
	}
	var path []node
	o := tree.Get("ParentTree")
	if o == nil {
		return next, tree.With("ParentTree", pdf.Dict{{Key: "Nums", Value: pdf.Array{next, element}}}), nil
	}
	for {
		ref, isRef := o.(pdf.Ref)
		r, err := v.Resolve(o)
		if err != nil {
			return 0, nil, err
		}
		d, ok := r.(pdf.Dict)
		if _, dup := d.Duplicate(); !ok || dup || len(path) >= maxTreeDepth || len(path) > 0 && !isRef {
			return 0, nil, errors.New("its parent tree is not well formed")
		}
		path = append(path, node{ref, d})
		kids, err := v.Array(d, "Kids")
		if err != nil {
			return 0, nil, err
		}
		if len(kids) == 0 {
			break
		}
		o = kids[len(kids)-1]
	}
	leaf := path[len(path)-1].d
	nums, err := v.Array(leaf, "Nums")
	if err != nil {
		return 0, nil, err
	}
	if len(nums)%2 != 0 {
		return 0, nil, errors.New("its parent tree is not well formed")
	}
	if n := len(nums); n != 0 {
		last, ok := nums[n-2].(int64)
		if !ok || last < 0 || last >= 1<<31-2 {
			return 0, nil, errors.New("its parent tree has a key that is no number")
		}
		next = max(next, last+1)
	}
	if leaf, err = l.grow(p, u, leaf, "Nums", next, element); err != nil {
		return 0, nil, err
	}
	path[len(path)-1].d = leaf
	for i := len(path) - 1; i >= 0; i-- {
		n := path[i]
		if limits, ok := n.d.Get("Limits").(pdf.Array); ok && len(limits) == 2 {
			n.d = n.d.With("Limits", pdf.Array{limits[0], next})
		} else if i < len(path)-1 {
			continue // nothing of it changes
		}
		if n.ref == (pdf.Ref{}) {
			tree = tree.With("ParentTree", n.d)
			continue
		}
		l.replace(u, n.ref, n.d)
	}
	return next, tree, nil
}

// takesRGB reports whether RGB colours may be drawn: a PDF/A's output intent
// could be one for print.
func (p *place) takesRGB() bool {
	v := p.file.Last()
	list, err := v.Array(p.catalog, "OutputIntents")
	if err != nil {
		return false
	}
	for _, o := range list {
		o, _ := v.Resolve(o) // nil beside an error, and then not what it must be
		intent, _ := o.(pdf.Dict)
		o, _ = v.Resolve(intent.Get("DestOutputProfile"))
		if s, ok := o.(*pdf.Stream); !ok || s.Dict.Get("N") != pdf.Object(int64(3)) {
			return false
		}
	}
	return true
}
