package seal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// TestForms seals documents whose form and fields stand in the catalog, in objects
// of their own, or nowhere: they stay where they are, with what they had.
func TestForms(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	v, err := verify.New(verify.Config{Trust: pool(t, writeTrust(t, ca))})
	require.NoError(t, err)
	text := func(u *pdf.Update) pdf.Ref {
		return object(u, pdf.Dict{{Key: "FT", Value: pdf.Name("Tx")}, {Key: "T", Value: pdf.String("Sigillo1")}})
	}
	for name, c := range map[string]struct {
		form              func(u *pdf.Update) pdf.Object
		formRef, listRef  bool // what stands in an object of its own afterwards
		fields            int
		field, appearance string
	}{
		"none":    {func(*pdf.Update) pdf.Object { return nil }, false, false, 1, "Sigillo1", ""},
		"nothing": {func(*pdf.Update) pdf.Object { return pdf.Ref{Num: 9999} }, false, false, 1, "Sigillo1", ""},
		"null":    {func(u *pdf.Update) pdf.Object { return object(u, nil) }, false, false, 1, "Sigillo1", ""},
		"in the catalog": {func(*pdf.Update) pdf.Object { return entry("DA", pdf.String("x")) }, false, false, 1,
			"Sigillo1", "x"},
		"in an object": {func(u *pdf.Update) pdf.Object { return object(u, entry("DA", pdf.String("x"))) }, true, false, 1,
			"Sigillo1", "x"},
		"a field in the catalog": {func(u *pdf.Update) pdf.Object {
			return entry("Fields", pdf.Array{text(u)})
		}, false, false, 2, "Sigillo2", ""},
		"fields in an object": {func(u *pdf.Update) pdf.Object {
			return entry("Fields", object(u, pdf.Array{text(u)}))
		}, false, true, 2, "Sigillo2", ""},
		"both in objects": {func(u *pdf.Update) pdf.Object {
			return object(u, entry("Fields", object(u, pdf.Array{text(u)})).With("DA", pdf.String("x")))
		}, true, true, 2, "Sigillo2", "x"},
		"fields that are nothing": {func(u *pdf.Update) pdf.Object {
			return object(u, entry("Fields", pdf.Ref{Num: 9999}))
		}, true, false, 1, "Sigillo1", ""},
		"fields that are no list": {func(u *pdf.Update) pdf.Object {
			return entry("Fields", object(u, int64(1)))
		}, false, false, 1, "Sigillo1", ""},
	} {
		doc := revised(t, sealtest.Document("x"), func(_ *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
			if form := c.form(u); form != nil {
				return catalog.With("AcroForm", form)
			}
			return catalog
		})
		out, err := s.Seal(t.Context(), doc, seal.Details{})
		require.NoError(t, err, name)
		r := v.PDF(t.Context(), out, time.Time{})
		require.True(t, r.Valid, "%s: %+v", name, r.Checks)
		_, view := widget(t, out)
		cat, _, err := view.Catalog()
		require.NoError(t, err)
		_, isRef := cat.Get("AcroForm").(pdf.Ref)
		require.Equal(t, c.formRef, isRef, name)
		form, err := view.Dict(cat, "AcroForm")
		require.NoError(t, err)
		_, isRef = form.Get("Fields").(pdf.Ref)
		require.Equal(t, c.listRef, isRef, name)
		list, err := view.Array(form, "Fields")
		require.NoError(t, err)
		require.Len(t, list, c.fields, name)
		require.Equal(t, int64(3), form.Get("SigFlags"), name)
		require.Equal(t, c.field, signatures(t, out)[0].Field, name)
		da, _ := form.Get("DA").(pdf.String)
		require.Equal(t, c.appearance, da.Text(), name)
	}
}

// TestWhatIsNotSealed refuses documents that two readers could read in two ways, or
// whose signatures permit no further one.
func TestWhatIsNotSealed(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	signature := func(reference func(u *pdf.Update) pdf.Object) change {
		return inCatalog("AcroForm", func(u *pdf.Update) pdf.Object {
			value := pdf.Dict{{Key: "Type", Value: pdf.Name("Sig")}, {Key: "Reference", Value: pdf.Array{reference(u)}}}
			return entry("Fields", pdf.Array{object(u, pdf.Dict{{Key: "T", Value: pdf.String("S")},
				{Key: "FT", Value: pdf.Name("Sig")}, {Key: "V", Value: value}})})
		})
	}
	method := func(name string, params pdf.Object) pdf.Dict {
		return pdf.Dict{{Key: "TransformMethod", Value: pdf.Name(name)}, {Key: "TransformParams", Value: params}}
	}
	given := func(o pdf.Object) func(*pdf.Update) pdf.Object { return func(*pdf.Update) pdf.Object { return o } }
	twice := pdf.Dict{{Key: "DA", Value: pdf.String("a")}, {Key: "DA", Value: pdf.String("b")}}
	for name, c := range map[string]struct {
		change change
		says   string // empty if it is sealed
	}{
		"a key of the catalog twice": {func(_ *pdf.File, _ *pdf.Update, catalog pdf.Dict) pdf.Dict {
			return append(append(pdf.Dict{}, catalog...), pdf.Entry{Key: "Type", Value: pdf.Name("Catalog")})
		}, "the catalog has the key Type twice"},
		"a key of the form twice": {inCatalog("AcroForm", given(twice)), "the form has the key DA twice"},
		"XFA":                     {inCatalog("AcroForm", given(entry("XFA", pdf.Array{}))), "an XFA form"},
		"permits nothing":         {signature(given(method("DocMDP", entry("P", int64(1))))), "permits no further one"},
		"permits forms":           {signature(given(method("DocMDP", entry("P", int64(2))))), ""},
		"permits notes":           {signature(given(method("DocMDP", entry("P", int64(3))))), ""},
		"does not say":            {signature(given(method("DocMDP", pdf.Dict{}))), ""},
		"about fields":            {signature(given(method("FieldMDP", entry("P", int64(1))))), ""},
		"says it in a circle": {signature(func(u *pdf.Update) pdf.Object { return method("DocMDP", circle(u)) }),
			"permits no further one"},
		"a reference in a circle": {signature(func(u *pdf.Update) pdf.Object { return circle(u) }), ""},
		"no reference":            {signature(given(int64(1))), ""},
	} {
		out, err := s.Seal(t.Context(), revised(t, sealtest.Document("x"), c.change), seal.Details{})
		if c.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, seal.ErrDocument, name)
		require.ErrorContains(t, err, c.says, name)
		require.Nil(t, out, name)
	}
	cfg := padesConfig(t, ca, seal.LevelB)
	cfg.Certify = true
	certified := revised(t, sealtest.Document("x"), inCatalog("Perms", given(entry("DocMDP", pdf.Dict{}))))
	_, err := newPAdES(t, cfg).Seal(t.Context(), certified, seal.Details{})
	require.ErrorContains(t, err, "it is certified already")
	_, err = s.Seal(t.Context(), certified, seal.Details{})
	require.NoError(t, err)
}

// TestDanglingReferences gives no object of a seal the number that the document
// refers to without having such an object.
func TestDanglingReferences(t *testing.T) {
	s := newPAdES(t, padesConfig(t, newCA(t, sealtest.Config{}), seal.LevelLTA))
	doc := revised(t, sealtest.Document("x"), func(_ *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
		return catalog.With("Collection", pdf.Ref{Num: uint32(u.Next())})
	})
	out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: framed(1)})
	require.NoError(t, err)
	_, view := widget(t, out)
	cat, _, err := view.Catalog()
	require.NoError(t, err)
	o, err := view.Resolve(cat.Get("Collection"))
	require.NoError(t, err)
	require.Nil(t, o, "what was not there is not there")
}

// TestExtensionsOfOthers adds ETSI's developer extension with the first seal only,
// and neither to what others signed nor with a time-stamp.
func TestExtensionsOfOthers(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	old, err := ca.Sealer()
	require.NoError(t, err)
	extensions := func(doc []byte) pdf.Object {
		f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
		require.NoError(t, err)
		cat, _, err := f.Last().Catalog()
		require.NoError(t, err)
		return cat.Get("Extensions")
	}
	plain := sealtest.Document("x")
	for _, level := range allLevels {
		out, err := newPAdES(t, padesConfig(t, ca, level)).Seal(t.Context(), plain, seal.Details{})
		require.NoError(t, err)
		require.NotNil(t, extensions(out), level)
	}
	signed, err := old.Seal(t.Context(), plain, seal.Details{})
	require.NoError(t, err)
	for _, level := range allLevels {
		out, err := newPAdES(t, padesConfig(t, ca, level)).Seal(t.Context(), signed, seal.Details{})
		require.NoError(t, err)
		require.Nil(t, extensions(out), level)
	}
	ext, err := ca.Extender()
	require.NoError(t, err)
	out, err := ext.Extend(t.Context(), signed, seal.LevelLTA)
	require.NoError(t, err)
	require.Nil(t, extensions(out))
	for version, want := range map[pdf.Name]bool{"1.4": true, "1.7": true, "2.0": false} {
		doc := revised(t, plain, inCatalog("Version", func(*pdf.Update) pdf.Object { return version }))
		out, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), doc, seal.Details{})
		require.NoError(t, err)
		require.Equal(t, want, extensions(out) != nil, version)
	}
	other := revised(t, plain, inCatalog("Extensions", func(u *pdf.Update) pdf.Object { return object(u, pdf.Dict{}) }))
	out, err = newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), other, seal.Details{})
	require.NoError(t, err)
	require.IsType(t, pdf.Ref{}, extensions(out), "an object of its own stays as it is")
}

// TestInvisibleField: a seal that is not seen has a field on no page and without
// size, which is locked and would be printed.
func TestInvisibleField(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	out, err := newPAdES(t, padesConfig(t, ca, seal.LevelLTA)).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	f, err := pdf.Parse(t.Context(), out, pdf.Limits{})
	require.NoError(t, err)
	fields, err := f.Last().Fields()
	require.NoError(t, err)
	require.Len(t, fields, 2)
	for i, names := range [][2]string{{"Sigillo1", "Sigillo elettronico"}, {"MarcaTemporale1", "Marca temporale"}} {
		require.Equal(t, pdf.Dict{{Key: "Type", Value: pdf.Name("Annot")}, {Key: "Subtype", Value: pdf.Name("Widget")},
			{Key: "FT", Value: pdf.Name("Sig")}, {Key: "T", Value: pdf.String(names[0])},
			{Key: "TU", Value: pdf.String(names[1])}, {Key: "F", Value: int64(132)}, {Key: "V", Value: fields[i].V},
			{Key: "Rect", Value: pdf.Array{int64(0), int64(0), int64(0), int64(0)}}}, plainDict(fields[i].Dict))
	}
}

// plainDict leaves out where entries were read.
func plainDict(d pdf.Dict) (out pdf.Dict) {
	for _, e := range d {
		out = append(out, pdf.Entry{Key: e.Key, Value: e.Value})
	}
	return out
}

// TestRecheckUnreadable looks at sealed documents whose last revision cannot be
// read where a seal would stand.
func TestRecheckUnreadable(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	plain := sealtest.Document("x")
	once, err := s.Seal(t.Context(), plain, seal.Details{})
	require.NoError(t, err)
	sig := signatures(t, once)[0]
	for name, c := range map[string]struct {
		change change
		says   string
	}{
		"the form": {inCatalog("AcroForm", func(u *pdf.Update) pdf.Object { return circle(u) }), "16 references in a row"},
		"its fields": {inCatalog("AcroForm", func(u *pdf.Update) pdf.Object { return entry("Fields", circle(u)) }),
			"16 references in a row"},
		"a field": {func(f *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
			d, err := f.Last().Dict(catalog, "AcroForm")
			require.NoError(t, err)
			return catalog.With("AcroForm", d.With("Fields", pdf.Array{circle(u)}))
		}, "16 references in a row"},
		"an object": {func(_ *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
			u.Raw(u.Reserve(), []byte("<</A"))
			return catalog
		}, ""},
		"the catalog": {func(_ *pdf.File, _ *pdf.Update, catalog pdf.Dict) pdf.Dict { return nil },
			"Type of the catalog changes"},
	} {
		err := seal.Recheck(t.Context(), plain, revised(t, once, c.change), sig, ca.Chain()[0])
		require.ErrorIs(t, err, seal.ErrOutput, name)
		require.ErrorContains(t, err, c.says, name)
	}
	for _, behind := range []string{"coda", "\nstartxref\n999999\n%%EOF\n"} {
		err = seal.Recheck(t.Context(), plain, append(append([]byte{}, plain...), behind...), sig, ca.Chain()[0])
		require.ErrorIs(t, err, seal.ErrOutput)
	}
	// A value that is no message, and one that does not verify.
	for _, value := range [][]byte{[]byte("niente"), {0x30, 0}} {
		out := withValue(t, once, sig, value)
		other := *sig
		err = seal.Recheck(t.Context(), plain, out, &other, ca.Chain()[0])
		require.ErrorIs(t, err, seal.ErrOutput)
	}
}

// TestRecheckSeen looks at visible seals: of the objects that they replace, each
// may grow, in the first revision, and no other may change.
func TestRecheckSeen(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	plain := sealtest.Document("x")
	f, err := pdf.Parse(t.Context(), plain, pdf.Limits{})
	require.NoError(t, err)
	pages, err := f.Last().Pages()
	require.NoError(t, err)
	turned := pageWith(t, "Rotate", func(*pdf.Update) pdf.Object { return int64(90) })
	noted := pageWith(t, "Annots", func(u *pdf.Update) pdf.Object { return pdf.Array{object(u, pdf.Dict{})} })
	sealed := func(doc []byte, a *seal.Appearance) []byte {
		out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: a})
		require.NoError(t, err)
		return out
	}
	for name, c := range map[string]struct {
		out      []byte
		replaced []pdf.Ref
		says     string
	}{
		"seen":                   {sealed(plain, framed(1)), pages, ""},
		"seen, not its page":     {sealed(plain, framed(1)), nil, "changes object"},
		"another page":           {sealed(plain, framed(1)), []pdf.Ref{{Num: 1}}, "changes object"},
		"a note more":            {sealed(revised(t, plain, noted), nil), pages, ""},
		"the page turned":        {sealed(revised(t, plain, turned), nil), pages, "Rotate changes"},
		"the page grows later":   {sealed(revised(t, sealed(plain, nil), noted), nil), pages, "revision 2 changes object"},
		"a note before the seal": {sealed(revised(t, plain, noted), framed(1)), pages, "revision 2 changes object"},
	} {
		sigs := signatures(t, c.out)
		err := seal.RecheckSeen(t.Context(), plain, c.out, sigs[len(sigs)-1], ca.Chain()[0], c.replaced...)
		if c.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, seal.ErrOutput, name)
		require.ErrorContains(t, err, c.says, name)
	}
}
