package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// circle writes a reference that leads to itself: an object that can be read,
// and what it stands for cannot.
func circle(u *pdf.Update) pdf.Ref {
	ref := u.Reserve()
	u.Object(ref, ref)
	return ref
}

// entry is a dictionary of one entry.
func entry(key pdf.Name, value pdf.Object) pdf.Dict { return pdf.Dict{{Key: key, Value: value}} }

// pageWith returns a change of the first page.
func pageWith(t testing.TB, key pdf.Name, value func(u *pdf.Update) pdf.Object) change {
	t.Helper()
	return func(f *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
		pages, err := f.Last().Pages()
		require.NoError(t, err)
		o, err := f.Last().Get(pages[0])
		require.NoError(t, err)
		u.Object(pages[0], o.(pdf.Dict).With(key, value(u)))
		return catalog
	}
}

// A change writes another catalog, as revised wants it.
type change = func(f *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict

// inCatalog returns a change of an entry of the catalog.
func inCatalog(key pdf.Name, value func(u *pdf.Update) pdf.Object) change {
	return func(_ *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict { return catalog.With(key, value(u)) }
}

// TestCircles seals documents in which a reference leads in a circle. Where a
// seal changes or trusts what stands there, the document is refused.
func TestCircles(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	old, err := ca.Sealer()
	require.NoError(t, err)
	within := func(keys ...pdf.Name) func(u *pdf.Update) pdf.Object {
		return func(u *pdf.Update) pdf.Object {
			var o pdf.Object = circle(u)
			for i := len(keys) - 1; i >= 0; i-- {
				o = entry(keys[i], o)
			}
			return o
		}
	}
	signature := func(key pdf.Name, value func(u *pdf.Update) pdf.Object) func(u *pdf.Update) pdf.Object {
		return func(u *pdf.Update) pdf.Object {
			field := pdf.Dict{{Key: "T", Value: pdf.String("S")}, {Key: "FT", Value: pdf.Name("Sig")},
				{Key: "V", Value: pdf.Dict{{Key: "Type", Value: pdf.Name("Sig")}, {Key: key, Value: value(u)}}}}
			return entry("Fields", pdf.Array{object(u, field)})
		}
	}
	for name, c := range map[string]change{
		"form":            inCatalog("AcroForm", within()),
		"fields":          inCatalog("AcroForm", within("Fields")),
		"permissions":     inCatalog("Perms", within()),
		"validation data": inCatalog("DSS", within()),
		"VRI":             inCatalog("DSS", within("VRI")),
		"certificates":    inCatalog("DSS", within("Certs")),
		"references":      inCatalog("AcroForm", signature("Reference", within())),
	} {
		doc := revised(t, sealtest.Document("x"), c)
		out, err := s.Seal(t.Context(), doc, seal.Details{})
		require.ErrorIs(t, err, seal.ErrDocument, name)
		require.ErrorContains(t, err, "16 references in a row", name)
		require.Nil(t, out, name)
	}
	for name, c := range map[string]struct {
		change change
		says   string
	}{
		"pages":          {inCatalog("Pages", within()), "16 references in a row"},
		"media box":      {pageWith(t, "MediaBox", within()), "page 1: "},
		"no media box":   {pageWith(t, "MediaBox", func(*pdf.Update) pdf.Object { return pdf.Array{int64(1)} }), "page 1: "},
		"turn":           {pageWith(t, "Rotate", within()), "16 references in a row"},
		"annotations":    {pageWith(t, "Annots", within()), "16 references in a row"},
		"structure tree": {inCatalog("StructTreeRoot", within()), "16 references in a row"},
		"tree in the catalog": {inCatalog("StructTreeRoot", func(*pdf.Update) pdf.Object {
			return entry("Type", pdf.Name("StructTreeRoot"))
		}), "its structure tree stands in the catalog"},
		"elements": {inCatalog("StructTreeRoot", func(u *pdf.Update) pdf.Object {
			return object(u, entry("K", circle(u)))
		}), "16 references in a row"},
		"children of the document": {inCatalog("StructTreeRoot", func(u *pdf.Update) pdf.Object {
			top := pdf.Dict{{Key: "S", Value: pdf.Name("Document")}, {Key: "K", Value: circle(u)}}
			return object(u, entry("K", object(u, top)))
		}), "16 references in a row"},
		"parent tree": {inCatalog("StructTreeRoot", func(u *pdf.Update) pdf.Object {
			return object(u, entry("ParentTree", circle(u)))
		}), "16 references in a row"},
		"children of the parent tree": {inCatalog("StructTreeRoot", func(u *pdf.Update) pdf.Object {
			return object(u, entry("ParentTree", entry("Kids", circle(u))))
		}), "16 references in a row"},
		"numbers of the parent tree": {inCatalog("StructTreeRoot", func(u *pdf.Update) pdf.Object {
			return object(u, entry("ParentTree", entry("Nums", circle(u))))
		}), "16 references in a row"},
	} {
		doc := revised(t, sealtest.Document("x"), c.change)
		out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: framed(1)})
		require.ErrorIs(t, err, seal.ErrDocument, name)
		require.ErrorContains(t, err, c.says, name)
		require.Nil(t, out, name)
		_, err = s.Seal(t.Context(), doc, seal.Details{})
		require.NoError(t, err, "%s: an invisible seal does not touch it", name)
	}
	_, err = s.Seal(t.Context(), revised(t, sealtest.Document("x"), func(f *pdf.File, u *pdf.Update,
		catalog pdf.Dict) pdf.Dict {
		pages, err := f.Last().Pages()
		require.NoError(t, err)
		o, err := f.Last().Get(pages[0])
		require.NoError(t, err)
		u.Object(pages[0], append(o.(pdf.Dict).With("Tabs", pdf.Name("S")), pdf.Entry{Key: "Tabs", Value: pdf.Name("R")}))
		return catalog
	}), seal.Details{Appearance: framed(1)})
	require.ErrorContains(t, err, "page 1 has the key Tabs twice")
	// pdfsign's own reader says of each what it likes, and panics on none.
	_, err = old.Seal(t.Context(), revised(t, sealtest.Document("x"), inCatalog("AcroForm", within())), seal.Details{})
	require.ErrorIs(t, err, seal.ErrDocument)
}
