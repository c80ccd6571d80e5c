package seal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// TestOnlyAdded changes what pdfsign wrote behind a document, each in one place:
// a revision that does more than add a signature is refused. No place is of
// another length, so that all else stands where it stood.
func TestOnlyAdded(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	old, err := ca.Sealer()
	require.NoError(t, err)
	plain := sealtest.Document("di partenza", "a.txt", "a")
	once, err := old.Seal(t.Context(), plain, seal.Details{Reason: "Rilascio"})
	require.NoError(t, err)
	twice, err := old.Seal(t.Context(), once, seal.Details{Reason: "Rilascio"})
	require.NoError(t, err)
	require.NoError(t, seal.CheckPlaced(t.Context(), once, twice))
	behind := func(doc, out []byte, from, to string) []byte {
		require.Len(t, to, len(from))
		require.Equal(t, 1, bytes.Count(out[len(doc):], []byte(from)), from)
		return append(bytes.Clone(doc), bytes.Replace(out[len(doc):], []byte(from), []byte(to), 1)...)
	}
	for name, c := range map[string]struct {
		doc, out []byte
		is       error
		says     string
	}{
		"another identifier": {plain, behind(plain, once, "/ID [<", "/ID [ "), seal.ErrOutput, ""},
		"another key of it":  {plain, behind(plain, once, "/ID [<", "/IE [<"), seal.ErrDocument, "ID of the trailer"},
		"another Info":       {plain, behind(plain, once, "/Info 5 0 R", "/Info 4 0 R"), seal.ErrDocument, "Info of the trailer"},
		"no Info":            {plain, behind(plain, once, "/Info 5 0 R", "/Infp 5 0 R"), nil, ""},
		"other names": {plain, behind(plain, once, "/Names 8 0 R", "/Names 7 0 R"), seal.ErrDocument,
			"Names of the catalog"},
		"no names": {plain, behind(plain, once, "/Names ", "/Namer "), seal.ErrDocument, "Names of the catalog"},
		"another page tree": {plain, behind(plain, once, "/Pages 1 0 R", "/Pages 2 0 R"), seal.ErrDocument,
			"Pages of the catalog"},
		"no catalog":   {plain, behind(plain, once, "/Root ", "/Roop "), seal.ErrOutput, ""},
		"another type": {plain, behind(plain, once, "/Subtype /Widget", "/Subtype /Wadget"), nil, ""},
		"no signature": {plain, behind(plain, once, "/FT /Sig", "/FT /Txt"), seal.ErrDocument, "0 signatures, expected 1"},
		"covers from the second byte": {plain, behind(plain, once, "/ByteRange [0 ", "/ByteRange [1 "), seal.ErrOutput,
			"covers revision -1"},
		"the first field lost": {once, behind(once, twice, "/Fields [12 0 R 16 0 R]", "/Fields [16 0 R 16 0 R]"),
			seal.ErrOutput, ""},
		"the second field first": {once, behind(once, twice, "/Fields [12 0 R 16 0 R]", "/Fields [16 0 R 12 0 R]"),
			seal.ErrOutput, "covers revision"},
	} {
		err := seal.CheckPlaced(t.Context(), c.doc, c.out)
		if c.is == nil {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, c.is, name)
		require.ErrorContains(t, err, c.says, name)
	}
}

// TestFormsOfOthers gives documents with forms to pdfsign, which would lose what
// is not a signature in them.
func TestFormsOfOthers(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	old, err := ca.Sealer()
	require.NoError(t, err)
	plain := sealtest.Document("di partenza")
	signed, err := old.Seal(t.Context(), plain, seal.Details{})
	require.NoError(t, err)
	field := func(u *pdf.Update, name string) pdf.Ref {
		return object(u, pdf.Dict{{Key: "FT", Value: pdf.Name("Tx")}, {Key: "T", Value: pdf.String(name)}})
	}
	form := func(doc []byte, change func(u *pdf.Update, form pdf.Dict, fields pdf.Array) pdf.Object) []byte {
		return revised(t, doc, func(f *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
			d, err := f.Last().Dict(catalog, "AcroForm")
			require.NoError(t, err)
			fields, err := f.Last().Array(d, "Fields")
			require.NoError(t, err)
			return catalog.With("AcroForm", change(u, d, fields))
		})
	}
	empty := form(plain, func(u *pdf.Update, _ pdf.Dict, _ pdf.Array) pdf.Object {
		return object(u, entry("Fields", pdf.Array{}))
	})
	for name, c := range map[string]struct {
		doc  []byte
		says string // empty if it is sealed
	}{
		"an empty form": {empty, ""},
		"a form that was empty": {revised(t, empty, func(_ *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
			u.Object(catalog.Get("AcroForm").(pdf.Ref), pdf.Dict{{Key: "Fields", Value: pdf.Array{}},
				{Key: "DA", Value: pdf.String("x")}})
			return catalog
		}), "DA of its form"},
		"a text": {form(plain, func(u *pdf.Update, _ pdf.Dict, _ pdf.Array) pdf.Object {
			return entry("Fields", pdf.Array{field(u, "testo")})
		}), "fields other than signatures"},
		"a text behind a signature": {form(signed, func(u *pdf.Update, d pdf.Dict, fields pdf.Array) pdf.Object {
			return d.With("Fields", append(fields[:1:1], field(u, "testo")))
		}), "fields other than signatures"},
		"a flag": {form(signed, func(_ *pdf.Update, d pdf.Dict, _ pdf.Array) pdf.Object {
			return d.With("NeedAppearances", true)
		}), "NeedAppearances of its form"},
		"a language that it cannot write": {revised(t, plain, inCatalog("Lang", func(*pdf.Update) pdf.Object {
			return pdf.String("\x00\xff(")
		})), "string without end"},
	} {
		out, err := old.Seal(t.Context(), c.doc, seal.Details{})
		if c.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, seal.ErrDocument, name)
		require.ErrorContains(t, err, c.says, name)
		require.Nil(t, out, name)
	}
	// Its signatures approve, and permit or forbid nothing more.
	sig := signatures(t, signed)[0]
	require.Contains(t, string(pdf.AppendObject(nil, sig.Dict)), "/FieldMDP")
	require.NotContains(t, string(signed), "/UR3")
}

// TestWhatPdfsignCannotRead gives pdfsign documents that the SDK reads and its own
// reader does not, or panics on: they are refused.
func TestWhatPdfsignCannotRead(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	old, err := ca.Sealer()
	require.NoError(t, err)
	pages := func(value func(u *pdf.Update) pdf.Object) []byte {
		return revised(t, sealtest.Document("x"), inCatalog("Pages", value))
	}
	for name, doc := range map[string][]byte{
		"pages in a circle": pages(func(u *pdf.Update) pdf.Object { return circle(u) }),
		"no pages":          pages(func(*pdf.Update) pdf.Object { return pdf.Dict{} }),
		"lines behind it":   append(sealtest.Document("x"), bytes.Repeat([]byte("\n"), 900)...),
	} {
		_, err = newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), doc, seal.Details{})
		require.NoError(t, err, "%s: the SDK reads it", name)
		out, err := old.Seal(t.Context(), doc, seal.Details{})
		require.ErrorIs(t, err, seal.ErrDocument, name)
		require.ErrorContains(t, err, "pdfsign: ", name)
		require.Nil(t, out, name)
	}
}
