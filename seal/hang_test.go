package seal_test

import (
	"context"
	"crypto"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// deafKey tells that it was asked, and does not answer until it is let go; it
// knows no context.
type deafKey struct {
	crypto.Signer
	asked, let chan struct{}
}

func (k deafKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.asked <- struct{}{}
	<-k.let
	return k.Signer.Sign(rand, digest, opts)
}

// patientKey knows the context, and says that it was asked with it.
type patientKey struct{ deafKey }

func (k patientKey) SignContext(
	ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts,
) ([]byte, error) {
	k.asked <- struct{}{}
	select {
	case <-k.let:
		return k.Signer.Sign(rand, digest, opts)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type brokenKey struct{ crypto.Signer }

func (brokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { panic("out of order") }

func sealers(t *testing.T, ca *sealtest.CA, key crypto.Signer) map[string]seal.Sealer {
	t.Helper()
	cfg := padesConfig(t, ca, seal.LevelB)
	cfg.Signer = key
	old, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: key, Chain: ca.Chain()})
	require.NoError(t, err)
	return map[string]seal.Sealer{"PAdES": newPAdES(t, cfg), "PDFSign": old}
}

func TestKeyThatHangs(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealtest.Document("di altri")
	for kind, key := range map[string]func(deafKey) crypto.Signer{
		"deaf":    func(k deafKey) crypto.Signer { return k },
		"patient": func(k deafKey) crypto.Signer { return patientKey{k} },
	} {
		let, asked := make(chan struct{}), make(chan struct{}, 1)
		for name, s := range sealers(t, ca, key(deafKey{ca.Signer(), asked, let})) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := s.Seal(ctx, doc, seal.Details{})
				done <- err
			}()
			select {
			case err := <-done:
				t.Fatalf("%s %s: the key was not asked: %v", kind, name, err)
			case <-asked:
			}
			cancel()
			require.ErrorIs(t, <-done, context.Canceled, "%s %s", kind, name)
		}
		close(let)
		for name, s := range sealers(t, ca, key(deafKey{ca.Signer(), asked, let})) {
			ctx, cancel := context.WithCancel(t.Context()) // one that may end: the key is called apart
			out, err := s.Seal(ctx, doc, seal.Details{})
			cancel()
			<-asked
			require.NoError(t, err, "%s %s", kind, name)
			assert.Greater(t, len(out), len(doc))
		}
	}
	for name, s := range sealers(t, ca, brokenKey{ca.Signer()}) {
		_, err := s.Seal(t.Context(), doc, seal.Details{})
		assert.ErrorContains(t, err, "the key panics", name)
	}
}

// TestExtensions looks for ETSI's developer extension.
func TestExtensions(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelLTA))
	extensions := func(doc []byte) pdf.Object {
		f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
		require.NoError(t, err)
		cat, _, err := f.Last().Catalog()
		require.NoError(t, err)
		return cat.Get("Extensions")
	}
	esic := func(level int64) pdf.Dict {
		return pdf.Dict{{Key: "ESIC", Value: pdf.Dict{{Key: "BaseVersion", Value: pdf.Name("1.7")},
			{Key: "ExtensionLevel", Value: level}}}}
	}
	plain := sealtest.Document("di altri")
	out, err := s.Seal(t.Context(), plain, seal.Details{})
	require.NoError(t, err)
	assert.True(t, pdf.Equal(esic(2), extensions(out)), "%v", extensions(out))
	again, err := s.Seal(t.Context(), out, seal.Details{})
	require.NoError(t, err)
	assert.True(t, pdf.Equal(esic(2), extensions(again)))

	with := func(from, to string) []byte {
		return rewrite(t, []byte(replaceOnce(t, string(plain), from, to)))
	}
	const adbe = "/ADBE << /BaseVersion /1.7 /ExtensionLevel 8 >>"
	out, err = s.Seal(t.Context(), with("/Type /Catalog", "/Type /Catalog /Extensions << "+adbe+" >>"), seal.Details{})
	require.NoError(t, err)
	d := extensions(out).(pdf.Dict)
	assert.NotNil(t, d.Get("ADBE"))
	assert.True(t, pdf.Equal(esic(2).Get("ESIC"), d.Get("ESIC")))
	out, err = s.Seal(t.Context(), with("/Type /Catalog",
		"/Type /Catalog /Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 1 >> >>"), seal.Details{})
	require.NoError(t, err)
	assert.True(t, pdf.Equal(esic(1), extensions(out)), "it stays as it was")
	out, err = s.Seal(t.Context(), with("/Type /Catalog", "/Type /Catalog /Version /2.0"), seal.Details{})
	require.NoError(t, err)
	assert.Nil(t, extensions(out), "PDF 2.0 needs none")
}
