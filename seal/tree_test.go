package seal_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// A trunk is what a test hangs on a structure tree: objects with their
// numbers, which the entries of the root refer to.
type trunk struct {
	objects []pdf.Object
	root    func(refs []pdf.Ref) pdf.Dict
}

// withTree returns a document of others with a structure tree.
func withTree(t testing.TB, tree trunk) []byte {
	t.Helper()
	return revised(t, sealtest.Document("di altri"), func(_ *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
		var refs []pdf.Ref
		for range tree.objects {
			refs = append(refs, u.Reserve())
		}
		for i, o := range tree.objects {
			if f, ok := o.(func([]pdf.Ref) pdf.Object); ok {
				o = f(refs)
			}
			u.Object(refs[i], o)
		}
		root := u.Reserve()
		u.Object(root, append(pdf.Dict{{Key: "Type", Value: pdf.Name("StructTreeRoot")}}, tree.root(refs)...))
		return catalog.With("StructTreeRoot", root).With("MarkInfo", pdf.Dict{{Key: "Marked", Value: true}})
	})
}

// parentKeys returns the keys of a parent tree in its order.
func parentKeys(t testing.TB, v pdf.View, d pdf.Dict) (keys []int64) {
	t.Helper()
	nums, err := v.Array(d, "Nums")
	require.NoError(t, err)
	for i := 0; i < len(nums); i += 2 {
		keys = append(keys, nums[i].(int64))
	}
	kids, err := v.Array(d, "Kids")
	require.NoError(t, err)
	for _, k := range kids {
		o, err := v.Resolve(k)
		require.NoError(t, err)
		keys = append(keys, parentKeys(t, v, o.(pdf.Dict))...)
	}
	return keys
}

// TestStructureTree puts visible seals on documents that are tagged in other
// ways than ours: the field's element finds its place, or the document is
// refused.
func TestStructureTree(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	v, err := verify.New(verify.Config{Trust: pool(t, writeTrust(t, ca))})
	require.NoError(t, err)
	ref := func(list []pdf.Ref, i int) pdf.Object { return list[i] }
	element := func(name string) pdf.Dict {
		return pdf.Dict{{Key: "Type", Value: pdf.Name("StructElem")}, {Key: "S", Value: pdf.Name(name)}}
	}
	leaf := func(keys ...int64) pdf.Dict {
		var nums pdf.Array
		for _, k := range keys {
			nums = append(nums, k, nil)
		}
		return pdf.Dict{{Key: "Nums", Value: nums}}
	}
	limited := func(d pdf.Dict, from, to int64) pdf.Dict { return d.With("Limits", pdf.Array{from, to}) }
	node := func(kid int) func([]pdf.Ref) pdf.Object {
		return func(refs []pdf.Ref) pdf.Object { return pdf.Dict{{Key: "Kids", Value: pdf.Array{refs[kid]}}} }
	}
	parents := func(o pdf.Object) func([]pdf.Ref) pdf.Dict {
		return func(refs []pdf.Ref) pdf.Dict {
			if n, ok := o.(int); ok {
				o := ref(refs, n)
				return pdf.Dict{{Key: "ParentTree", Value: o}}
			}
			return pdf.Dict{{Key: "ParentTree", Value: o}}
		}
	}
	var deep []pdf.Object // a tree of 32 levels, and one of 33
	for i := range 32 {
		deep = append(deep, node(i+1))
	}
	for name, c := range map[string]struct {
		tree trunk
		keys []int64 // nil if it is refused
		says string
	}{
		"nothing in it": {trunk{nil, func([]pdf.Ref) pdf.Dict { return nil }}, []int64{0}, ""},
		"a next key": {trunk{nil, func([]pdf.Ref) pdf.Dict {
			return pdf.Dict{{Key: "ParentTreeNextKey", Value: int64(7)}}
		}}, []int64{7}, ""},
		"a parent tree in the root": {trunk{nil, parents(leaf(0, 4))}, []int64{0, 4, 5}, ""},
		"a parent tree of its own":  {trunk{[]pdf.Object{leaf(0, 1)}, parents(0)}, []int64{0, 1, 2}, ""},
		"an empty one":              {trunk{[]pdf.Object{pdf.Dict{}}, parents(0)}, []int64{0}, ""},
		"the last of two children": {trunk{[]pdf.Object{limited(leaf(0, 1), 0, 1), limited(leaf(2, 9), 2, 9),
			func(refs []pdf.Ref) pdf.Object {
				return pdf.Dict{{Key: "Kids", Value: pdf.Array{refs[0], refs[1]}}}
			}}, parents(2)}, []int64{0, 1, 2, 9, 10}, ""},
		"32 levels": {trunk{append(deep[:31:31], leaf(3)), parents(0)}, []int64{3, 4}, ""},
		"33 levels": {trunk{append(deep[:32:32], leaf(3)), parents(0)}, nil, "its parent tree is not well formed"},
		"a child that is not apart": {trunk{nil, parents(pdf.Dict{{Key: "Kids", Value: pdf.Array{leaf(0)}}})}, nil,
			"its parent tree is not well formed"},
		"a key without value": {trunk{nil, parents(pdf.Dict{{Key: "Nums", Value: pdf.Array{int64(0)}}})}, nil,
			"its parent tree is not well formed"},
		"a key twice":   {trunk{nil, parents(append(leaf(0), leaf(1)...))}, nil, "its parent tree is not well formed"},
		"no dictionary": {trunk{nil, parents(pdf.Array{})}, nil, "its parent tree is not well formed"},
		"a key that is no number": {trunk{nil, parents(pdf.Dict{{Key: "Nums",
			Value: pdf.Array{pdf.Name("a"), nil}}})}, nil, "a key that is no number"},
		"a negative key":   {trunk{nil, parents(leaf(-1))}, nil, "a key that is no number"},
		"the greatest key": {trunk{nil, parents(leaf(1<<31 - 2))}, nil, "a key that is no number"},
		"the one below":    {trunk{nil, parents(leaf(1<<31 - 3))}, []int64{1<<31 - 3, 1<<31 - 2}, ""},
		"an entry twice in the root": {trunk{nil, func([]pdf.Ref) pdf.Dict {
			return pdf.Dict{{Key: "Lang", Value: pdf.String("it")}, {Key: "Lang", Value: pdf.String("de")}}
		}}, nil, "has the key Lang twice"},
		"under the document": {trunk{[]pdf.Object{element("Document")}, func(refs []pdf.Ref) pdf.Dict {
			return pdf.Dict{{Key: "K", Value: refs[0]}}
		}}, []int64{0}, ""},
		"under the root, beside others": {trunk{[]pdf.Object{element("Sect"), element("Sect")},
			func(refs []pdf.Ref) pdf.Dict {
				return pdf.Dict{{Key: "K", Value: pdf.Array{refs[0], refs[1]}}}
			}}, []int64{0}, ""},
	} {
		doc := withTree(t, c.tree)
		out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: framed(1)})
		if c.keys == nil {
			assert.ErrorIs(t, err, seal.ErrDocument, name)
			assert.ErrorContains(t, err, c.says, name)
			assert.Nil(t, out, name)
			continue
		}
		require.NoError(t, err, name)
		r := v.PDF(t.Context(), out, time.Time{})
		assert.True(t, r.Valid, "%s: %+v", name, r.Checks)
		field, view := widget(t, out)
		cat, _, err := view.Catalog()
		require.NoError(t, err)
		root, err := view.Dict(cat, "StructTreeRoot")
		require.NoError(t, err)
		parentTree, err := view.Dict(root, "ParentTree")
		require.NoError(t, err)
		assert.Equal(t, c.keys, parentKeys(t, view, parentTree), name)
		last := c.keys[len(c.keys)-1]
		assert.Equal(t, last, field.Get("StructParent"), name)
		assert.Equal(t, last+1, root.Get("ParentTreeNextKey"), name)
		if limits, ok := parentTree.Get("Limits").(pdf.Array); ok {
			assert.Equal(t, last, limits[1], name)
		}
	}
}

// TestOutputIntents: a visible seal is grey where colours are not those of RGB.
func TestOutputIntents(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	coloured := regexp.MustCompile(`\brg\b`)
	for name, c := range map[string]struct {
		intents func(u *pdf.Update) pdf.Object
		rgb     bool
	}{
		"none":       {func(*pdf.Update) pdf.Object { return nil }, true},
		"RGB":        {func(u *pdf.Update) pdf.Object { return intent(u, 3) }, true},
		"CMYK":       {func(u *pdf.Update) pdf.Object { return intent(u, 4) }, false},
		"no profile": {func(*pdf.Update) pdf.Object { return pdf.Array{pdf.Dict{}} }, false},
		"no intent":  {func(*pdf.Update) pdf.Object { return pdf.Array{pdf.Name("x")} }, false},
		"one of each": {func(u *pdf.Update) pdf.Object {
			return append(intent(u, 3), intent(u, 4)...)
		}, false},
	} {
		doc := revised(t, sealtest.Document("di altri"), func(_ *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
			if list := c.intents(u); list != nil {
				return catalog.With("OutputIntents", list)
			}
			return catalog
		})
		out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: framed(1)})
		require.NoError(t, err, name)
		field, view := widget(t, out)
		ap, _ := field.Get("AP").(pdf.Dict)
		o, err := view.Resolve(ap.Get("N"))
		require.NoError(t, err, name)
		drawn, err := view.Decode(o.(*pdf.Stream))
		require.NoError(t, err, name)
		assert.Equal(t, c.rgb, coloured.Match(drawn), "%s: %q", name, drawn)
	}
}

// intent returns the list of one output intent whose profile has so many
// components.
func intent(u *pdf.Update, components int64) pdf.Array {
	ref := u.Reserve()
	u.Raw(ref, fmt.Appendf(nil, "<</N %d/Length 0>>stream\n\nendstream", components))
	return pdf.Array{pdf.Dict{{Key: "DestOutputProfile", Value: ref}}}
}

// TestDamagedStore refuses documents whose validation data are not as they
// should be: what is added would stand beside them.
func TestDamagedStore(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelLT))
	good, err := s.Seal(t.Context(), sealtest.Document("di altri"), seal.Details{})
	require.NoError(t, err)
	certificates := func(list func(u *pdf.Update) pdf.Object) func(*pdf.Update, pdf.Dict) pdf.Object {
		return func(u *pdf.Update, dss pdf.Dict) pdf.Object { return dss.With("Certs", list(u)) }
	}
	for name, c := range map[string]struct {
		change func(u *pdf.Update, dss pdf.Dict) pdf.Object
		says   string // empty if it is sealed
	}{
		"as it was": {func(_ *pdf.Update, dss pdf.Dict) pdf.Object { return dss }, ""},
		"a key twice": {func(_ *pdf.Update, dss pdf.Dict) pdf.Object {
			return append(dss, pdf.Entry{Key: "Certs", Value: pdf.Array{}})
		}, "the DSS has the key Certs twice"},
		"no references": {certificates(func(*pdf.Update) pdf.Object { return pdf.Array{int64(1)} }),
			"expected references to streams"},
		"no stream": {certificates(func(u *pdf.Update) pdf.Object {
			ref := u.Reserve()
			u.Object(ref, pdf.Dict{})
			return pdf.Array{ref}
		}), "is no stream"},
		"a stream that does not decode": {certificates(func(u *pdf.Update) pdf.Object {
			ref := u.Reserve()
			u.Raw(ref, []byte("<</Filter/FlateDecode/Length 4>>stream\nxxxx\nendstream"))
			return pdf.Array{ref}
		}), "Certs of the DSS"},
		"no certificate": {certificates(func(u *pdf.Update) pdf.Object {
			ref := u.Reserve()
			u.Stream(ref, []byte("prova"))
			return pdf.Array{ref}
		}), ""},
	} {
		doc := revised(t, good, func(f *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
			dss, err := f.Last().Dict(catalog, "DSS")
			require.NoError(t, err)
			return catalog.With("DSS", c.change(u, dss))
		})
		out, err := s.Seal(t.Context(), doc, seal.Details{})
		if c.says == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorIs(t, err, seal.ErrDocument, name)
		assert.ErrorContains(t, err, c.says, name)
		assert.Nil(t, out, name)
	}

	// What is there already is not listed twice.
	again, err := s.Seal(t.Context(), good, seal.Details{})
	require.NoError(t, err)
	f, err := pdf.Parse(t.Context(), again, pdf.Limits{})
	require.NoError(t, err)
	cat, _, err := f.Last().Catalog()
	require.NoError(t, err)
	dss, err := f.Last().Dict(cat, "DSS")
	require.NoError(t, err)
	for _, key := range []pdf.Name{"Certs", "OCSPs"} {
		list, err := f.Last().Array(dss, key)
		require.NoError(t, err)
		seen := map[pdf.Object]bool{}
		for _, o := range list {
			assert.False(t, seen[o], "%s: %v twice", key, o)
			seen[o] = true
		}
	}
}

// TestAnnotations puts a visible seal on pages that have annotations in each of
// the ways in which they can be written, and asks for the tab order of the
// structure only of a tagged document that has none.
func TestAnnotations(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	note := pdf.Dict{{Key: "Type", Value: pdf.Name("Annot")}, {Key: "Subtype", Value: pdf.Name("Text")},
		{Key: "Rect", Value: pdf.Array{int64(0), int64(0), int64(9), int64(9)}}}
	for name, annots := range map[string]func(u *pdf.Update, ref pdf.Ref) pdf.Object{
		"in the page":         func(_ *pdf.Update, ref pdf.Ref) pdf.Object { return pdf.Array{ref} },
		"an array of its own": func(u *pdf.Update, ref pdf.Ref) pdf.Object { return object(u, pdf.Array{ref}) },
	} {
		for _, tabs := range []pdf.Name{"", "R"} {
			for _, tagged := range []bool{false, true} {
				doc := sealtest.Document("di altri")
				if tagged {
					doc = withTree(t, trunk{nil, func([]pdf.Ref) pdf.Dict { return nil }})
				}
				doc = revised(t, doc, func(f *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
					pages, err := f.Last().Pages()
					require.NoError(t, err)
					o, err := f.Last().Get(pages[0])
					require.NoError(t, err)
					page := o.(pdf.Dict).With("Annots", annots(u, object(u, note)))
					if tabs != "" {
						page = page.With("Tabs", tabs)
					}
					u.Object(pages[0], page)
					return catalog
				})
				out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: framed(-1)})
				require.NoError(t, err, name)
				field, view := widget(t, out)
				page, err := view.Dict(field, "P")
				require.NoError(t, err)
				list, err := view.Array(page, "Annots")
				require.NoError(t, err)
				require.Len(t, list, 2, name)
				fields, err := view.Fields()
				require.NoError(t, err)
				assert.Equal(t, pdf.Object(fields[0].Ref), list[1], name)
				want := pdf.Object(nil)
				switch {
				case tabs != "":
					want = tabs
				case tagged:
					want = pdf.Name("S")
				}
				assert.Equal(t, want, page.Get("Tabs"), "%s, tagged %v", name, tagged)
			}
		}
	}
	// One page: neither a second nor the last but one.
	for _, page := range []int{2, -2} {
		_, err := s.Seal(t.Context(), sealtest.Document("x"), seal.Details{Appearance: framed(page)})
		assert.ErrorContains(t, err, "expected 1 to 1, or -1 for the last")
	}
}

func object(u *pdf.Update, o pdf.Object) pdf.Ref {
	ref := u.Reserve()
	u.Object(ref, o)
	return ref
}

// TestRootStaysOut: a root at the end of the chain goes into no signature.
func TestRootStaysOut(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	cfg := padesConfig(t, ca, seal.LevelB)
	cfg.Chain = append(ca.Chain(), ca.Root())
	out, err := newPAdES(t, cfg).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	held := message(t, out).Certificates
	require.Len(t, held, 2)
	for _, c := range held {
		assert.False(t, c.Equal(ca.Root()))
	}
}
