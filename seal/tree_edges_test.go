package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// formElement returns the structure element of the seal's field: what stands last
// in the children of the root of the structure tree, or of its top element.
func formElement(t testing.TB, v pdf.View, under pdf.Dict) pdf.Dict {
	t.Helper()
	kids, err := v.Array(under, "K")
	require.NoError(t, err)
	require.NotEmpty(t, kids)
	o, err := v.Resolve(kids[len(kids)-1])
	require.NoError(t, err)
	element, _ := o.(pdf.Dict)
	require.Equal(t, pdf.Name("Form"), element.Name("S"))
	return element
}

// TestPlaceOfTheElement puts the element of a seal's field under the element
// Document, if that is the only one at the top, and otherwise under the root.
func TestPlaceOfTheElement(t *testing.T) {
	s := newPAdES(t, padesConfig(t, newCA(t, sealtest.Config{}), seal.LevelB))
	of := func(name string) pdf.Dict {
		return pdf.Dict{{Key: "Type", Value: pdf.Name("StructElem")}, {Key: "S", Value: pdf.Name(name)}}
	}
	for name, c := range map[string]struct {
		elements []pdf.Object
		list     bool // in an array, even one alone
		top      bool // under the first
		beside   int  // of how many it is the last
	}{
		"nothing":                    {nil, false, false, 0},
		"a document":                 {[]pdf.Object{of("Document")}, false, true, 0},
		"a document in a list":       {[]pdf.Object{of("Document")}, true, true, 0},
		"a section":                  {[]pdf.Object{of("Sect")}, false, false, 1},
		"a section in a list":        {[]pdf.Object{of("Sect")}, true, false, 1},
		"a document and a section":   {[]pdf.Object{of("Document"), of("Sect")}, true, false, 2},
		"a document with two kids":   {[]pdf.Object{of("Document").With("K", pdf.Array{int64(0), int64(1)})}, true, true, 2},
		"a document with one number": {[]pdf.Object{of("Document").With("K", int64(0))}, true, true, 1},
		"no element":                 {[]pdf.Object{pdf.Array{}}, true, false, 1},
	} {
		doc := withTree(t, trunk{c.elements, func(refs []pdf.Ref) pdf.Dict {
			switch {
			case len(refs) == 0:
				return nil
			case c.list:
				var list pdf.Array
				for _, r := range refs {
					list = append(list, r)
				}
				return entry("K", list)
			}
			return entry("K", refs[0])
		}})
		out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: framed(1)})
		require.NoError(t, err, name)
		_, view := widget(t, out)
		cat, _, err := view.Catalog()
		require.NoError(t, err)
		root, err := view.Dict(cat, "StructTreeRoot")
		require.NoError(t, err)
		under, ref := root, cat.Get("StructTreeRoot")
		if c.top {
			kid := root.Get("K")
			if list, ok := kid.(pdf.Array); ok {
				require.Len(t, list, 1, name)
				kid = list[0]
			}
			o, err := view.Resolve(kid)
			require.NoError(t, err)
			under, ref = o.(pdf.Dict), kid
		}
		kids, err := view.Array(under, "K")
		require.NoError(t, err)
		require.Len(t, kids, c.beside+1, name)
		require.Equal(t, ref, formElement(t, view, under).Get("P"), name)
	}
}

// TestLimitsOfTheTree grows parent trees of several levels: each node whose limits change
// is written anew, and no other.
func TestLimitsOfTheTree(t *testing.T) {
	s := newPAdES(t, padesConfig(t, newCA(t, sealtest.Config{}), seal.LevelB))
	limited := func(d pdf.Dict, limits pdf.Object) pdf.Dict {
		if limits == nil {
			return d
		}
		return d.With("Limits", limits)
	}
	two := pdf.Array{int64(3), int64(4)}
	for name, c := range map[string]struct{ root, middle, leaf, wantRoot, wantMiddle, wantLeaf pdf.Object }{
		"all":        {two, two, two, pdf.Array{int64(3), int64(5)}, pdf.Array{int64(3), int64(5)}, pdf.Array{int64(3), int64(5)}},
		"none":       {},
		"the leaf":   {nil, nil, two, nil, nil, pdf.Array{int64(3), int64(5)}},
		"the middle": {nil, two, nil, nil, pdf.Array{int64(3), int64(5)}, nil},
		"no two": {pdf.Array{int64(3)}, append(two[:2:2], int64(9)), pdf.Array{}, pdf.Array{int64(3)},
			append(two[:2:2], int64(9)), pdf.Array{}},
	} {
		leaf := entry("Nums", pdf.Array{int64(3), nil, int64(4), nil})
		doc := withTree(t, trunk{[]pdf.Object{
			func(refs []pdf.Ref) pdf.Object { return limited(entry("Kids", pdf.Array{refs[1]}), c.root) },
			func(refs []pdf.Ref) pdf.Object { return limited(entry("Kids", pdf.Array{refs[2]}), c.middle) },
			limited(leaf, c.leaf),
		}, func(refs []pdf.Ref) pdf.Dict { return entry("ParentTree", refs[0]) }})
		out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: framed(1)})
		require.NoError(t, err, name)
		_, view := widget(t, out)
		cat, _, err := view.Catalog()
		require.NoError(t, err)
		root, err := view.Dict(cat, "StructTreeRoot")
		require.NoError(t, err)
		o := root.Get("ParentTree")
		for i, want := range []pdf.Object{c.wantRoot, c.wantMiddle, c.wantLeaf} {
			ref := o.(pdf.Ref)
			r, err := view.Resolve(ref)
			require.NoError(t, err)
			d := r.(pdf.Dict)
			require.Equal(t, want, d.Get("Limits"), "%s: level %d", name, i)
			written, _ := view.Written(ref.Num)
			given := []pdf.Object{c.root, c.middle, c.leaf}[i]
			changed := i == 2 || !pdf.Equal(given, want)
			require.Equal(t, changed, written == view.Revision(), "%s: level %d", name, i)
			if kids, ok := d.Get("Kids").(pdf.Array); ok {
				o = kids[0]
			}
		}
	}
}

// TestIntentsThatLeadNowhere draws in grey where the output intents cannot be read.
func TestIntentsThatLeadNowhere(t *testing.T) {
	s := newPAdES(t, padesConfig(t, newCA(t, sealtest.Config{}), seal.LevelB))
	for name, value := range map[string]func(u *pdf.Update) pdf.Object{
		"the list":    func(u *pdf.Update) pdf.Object { return circle(u) },
		"an intent":   func(u *pdf.Update) pdf.Object { return append(intent(u, 3), circle(u)) },
		"its profile": func(u *pdf.Update) pdf.Object { return pdf.Array{entry("DestOutputProfile", circle(u))} },
		"null":        func(u *pdf.Update) pdf.Object { return append(intent(u, 3), nil) },
	} {
		doc := revised(t, sealtest.Document("x"), inCatalog("OutputIntents", value))
		out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: framed(1)})
		require.NoError(t, err, name)
		require.NotContains(t, drawn(t, out), " rg", name)
	}
}
