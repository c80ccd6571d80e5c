package seal_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// revised adds a revision to a document in which the catalog, or whatever
// change writes, is another.
func revised(t testing.TB, doc []byte, change func(f *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict) []byte {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	catalog, ref, err := f.Last().Catalog()
	require.NoError(t, err)
	u, err := f.NewUpdate(0, nil)
	require.NoError(t, err)
	u.Object(ref, change(f, u, catalog))
	out, err := u.Finish(make([]byte, 16))
	require.NoError(t, err)
	return out
}

// TestRecheck holds the last look at a sealed document to what it promises:
// each of these would be a fault of the writer, and must not leave.
func TestRecheck(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	sealed := func(doc []byte) []byte {
		out, err := s.Seal(t.Context(), doc, seal.Details{Reason: "Rilascio"})
		require.NoError(t, err)
		return out
	}
	with := func(key pdf.Name, value pdf.Object) func(*pdf.File, *pdf.Update, pdf.Dict) pdf.Dict {
		return func(_ *pdf.File, _ *pdf.Update, catalog pdf.Dict) pdf.Dict { return catalog.With(key, value) }
	}
	form := func(change func(form pdf.Dict, fields pdf.Array) pdf.Dict) func(*pdf.File, *pdf.Update, pdf.Dict) pdf.Dict {
		return func(f *pdf.File, _ *pdf.Update, catalog pdf.Dict) pdf.Dict {
			d, err := f.Last().Dict(catalog, "AcroForm")
			require.NoError(t, err)
			fields, err := f.Last().Array(d, "Fields")
			require.NoError(t, err)
			return catalog.With("AcroForm", change(d, fields))
		}
	}
	pageOf := func(f *pdf.File, u *pdf.Update, catalog pdf.Dict) pdf.Dict {
		pages, err := f.Last().Dict(catalog, "Pages")
		require.NoError(t, err)
		ref, _ := catalog.Get("Pages").(pdf.Ref)
		u.Object(ref, pages.With("Rotate", int64(180)))
		return catalog
	}
	same := func(_ *pdf.File, _ *pdf.Update, catalog pdf.Dict) pdf.Dict { return catalog }
	plain := page(t)
	once := sealed(plain)
	twice := sealed(once)
	extensions := revised(t, plain, with("Extensions", pdf.Dict{{Key: "ADBE", Value: pdf.Dict{}}}))
	spoilt := bytes.Clone(once)
	copy(spoilt[bytes.LastIndex(spoilt, []byte("Rilascio")):], "Rilascia")

	for name, c := range map[string]struct {
		doc, out []byte
		says     string // empty if the document may leave
	}{
		"sealed":            {plain, once, ""},
		"a second seal":     {once, twice, ""},
		"an extension more": {extensions, sealed(extensions), ""},
		"other document":    {page(t, 1), once, "the document is not its beginning"},
		"bytes behind":      {plain, append(bytes.Clone(once), "\n% coda\n"...), "behind the last revision"},
		"a page changed":    {plain, sealed(revised(t, plain, pageOf)), "changes object"},
		"the language changed": {plain, sealed(revised(t, plain, with("Lang", pdf.String("de")))),
			"Lang of the catalog changes"},
		"other extensions": {extensions, sealed(revised(t, extensions, with("Extensions", pdf.Dict{}))),
			"Extensions of the catalog changes"},
		"an action added": {plain, sealed(revised(t, plain, with("OpenAction", pdf.Dict{}))),
			"OpenAction of the catalog changes"},
		"an entry of the form added": {once, sealed(revised(t, once, form(func(d pdf.Dict, _ pdf.Array) pdf.Dict {
			return d.With("NeedAppearances", true)
		}))), "NeedAppearances of the form changes"},
		"two seals":                   {plain, twice, "2 signatures, expected 1"},
		"no seal":                     {once, revised(t, once, same), "1 signatures, expected 2"},
		"covered and then revised":    {plain, revised(t, once, same), ""},
		"covered, then revised twice": {plain, revised(t, revised(t, once, same), same), "covers revision"},
		"covered, then revised thrice": {plain, revised(t, revised(t, revised(t, once, same), same), same),
			"covers revision"},
		"a covered byte changed": {plain, spoilt, "signed was"},
		"a field lost": {twice, sealed(revised(t, twice, form(func(d pdf.Dict, fields pdf.Array) pdf.Dict {
			return d.With("Fields", fields[1:])
		}))), "fields of the form change"},
		"all fields lost": {twice, sealed(revised(t, twice, form(func(d pdf.Dict, _ pdf.Array) pdf.Dict {
			return d.With("Fields", pdf.Array{})
		}))), "fields of the form change"},
		"fields in another order": {twice, sealed(revised(t, twice, form(func(d pdf.Dict, fields pdf.Array) pdf.Dict {
			return d.With("Fields", pdf.Array{fields[1], fields[0]})
		}))), "fields of the form change"},
	} {
		sigs := signatures(t, c.out)
		err := seal.Recheck(t.Context(), c.doc, c.out, sigs[len(sigs)-1], ca.Chain()[0])
		if c.says == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorIs(t, err, seal.ErrOutput, name)
		assert.ErrorContains(t, err, c.says, name)
	}

	first, second := signatures(t, twice)[0], signatures(t, twice)[1]
	mixed := *second
	mixed.Ref = first.Ref
	err := seal.Recheck(t.Context(), once, twice, &mixed, ca.Chain()[0])
	assert.ErrorContains(t, err, "expected "+first.Ref.String(), "another dictionary in the new field")
	mixed = *second
	mixed.Contents = first.Contents
	err = seal.Recheck(t.Context(), once, twice, &mixed, ca.Chain()[0])
	assert.ErrorContains(t, err, "is not the one that was made")
	err = seal.Recheck(t.Context(), once, twice, second, ca.Root())
	assert.ErrorContains(t, err, "it verifies with the certificate of")
}

// otherBytes is a time-stamping authority that answers some other question.
type otherBytes struct{ seal.Timestamper }

func (o otherBytes) Timestamp(ctx context.Context, hash crypto.Hash, _ []byte) (*seal.Token, error) {
	sum := sha256.Sum256([]byte("altro"))
	return o.Timestamper.Timestamp(ctx, hash, sum[:])
}

// TestTimestamperLies gives sealer and extender a Timestamper that does not
// check what it hands on: no document leaves with its time-stamps.
func TestTimestamperLies(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	for _, level := range []seal.Level{seal.LevelT, seal.LevelLT, seal.LevelLTA} {
		cfg := padesConfig(t, ca, level)
		cfg.Timestamp = otherBytes{cfg.Timestamp}
		out, err := newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
		assert.ErrorIs(t, err, seal.ErrOutput, level)
		assert.ErrorContains(t, err, "over other bytes", level)
		assert.Nil(t, out, level)
	}
	cfg := padesConfig(t, ca, seal.LevelT)
	doc, err := newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
	require.NoError(t, err)
	ext, err := seal.NewExtender(seal.ExtenderConfig{Timestamp: otherBytes{cfg.Timestamp}, Revocation: ca.Revocation(),
		Roots: []*x509.Certificate{ca.Root()}})
	require.NoError(t, err)
	out, err := ext.Extend(t.Context(), doc, seal.LevelLTA)
	assert.ErrorIs(t, err, seal.ErrOutput)
	assert.ErrorContains(t, err, "over other bytes")
	assert.Nil(t, out)
}
