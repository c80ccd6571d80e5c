package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/asn1"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// TestCheckPlaced holds the look at what pdfsign made of a document to what it
// promises: a document that comes back otherwise is not signed.
func TestCheckPlaced(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s, err := ca.Sealer()
	require.NoError(t, err)
	sealed := func(doc []byte) []byte {
		out, err := s.Seal(t.Context(), doc, seal.Details{})
		require.NoError(t, err)
		return out
	}
	same := func(_ *pdf.File, _ *pdf.Update, catalog pdf.Dict) pdf.Dict { return catalog }
	plain := sealtest.Document("di partenza")
	once := sealed(plain)
	visible, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).
		Seal(t.Context(), page(t), seal.Details{Appearance: framed(1)})
	require.NoError(t, err)
	// The last bytes of the file are no longer covered.
	ranges := regexp.MustCompile(`/ByteRange\s*\[\s*0 \d+ \d+ (\d+)`).FindSubmatchIndex(once)
	require.NotNil(t, ranges)
	short := bytes.Clone(once)
	short[ranges[3]-1] = '0' + (short[ranges[3]-1]-'0'+9)%10

	require.NoError(t, seal.CheckPlaced(t.Context(), plain, once))
	require.NoError(t, seal.CheckPlaced(t.Context(), once, sealed(once)))
	for name, c := range map[string]struct {
		doc, out []byte
		is       error
		says     string
	}{
		"another document": {sealtest.Document("un altro"), once, seal.ErrOutput, "not its beginning"},
		"not a PDF":        {plain, plain[:20], seal.ErrOutput, "not its beginning"},
		"no revision":      {plain, plain, seal.ErrOutput, "1 revisions and 0 bytes"},
		"two revisions":    {plain, sealed(once), seal.ErrOutput, "3 revisions and 0 bytes"},
		"bytes behind":     {plain, append(bytes.Clone(once), "\n% coda\n"...), seal.ErrOutput, "bytes behind them"},
		"no signature":     {plain, revised(t, plain, same), seal.ErrDocument, "0 signatures, expected 1"},
		"a part covered":   {plain, short, seal.ErrOutput, "covers"},
		"a page changed":   {page(t), visible, seal.ErrDocument, "pdfsign would change it"},
	} {
		err := seal.CheckPlaced(t.Context(), c.doc, c.out)
		assert.ErrorIs(t, err, c.is, name)
		assert.ErrorContains(t, err, c.says, name)
	}
}

// TestKeyOfAnotherKind loads keys that no seal is made with, and what is no key.
func TestKeyOfAnotherKind(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certs := encode("CERTIFICATE", ca.Chain()[0].Raw)
	_, err = seal.LoadPEM(append(encode("PRIVATE KEY", der), certs...), "")
	assert.ErrorIs(t, err, seal.ErrUnsupportedKey)
	assert.ErrorContains(t, err, "ed25519")
	_, err = seal.NewPDFSign(seal.PDFSignConfig{Signer: key, Chain: ca.Chain()})
	assert.ErrorIs(t, err, seal.ErrUnsupportedKey)
	for _, kind := range []string{"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"} {
		_, err = seal.LoadPEM(append(encode(kind, []byte("niente")), certs...), "x")
		require.Error(t, err, kind)
		assert.NotContains(t, err.Error(), "holds no private key", kind)
	}
}

// TestMACMalformed gives key files whose MAC is of a digest that is no longer
// secure, or whose MAC has another form.
func TestMACMalformed(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "pbmac1.p12"))
	require.NoError(t, err)
	in := cryptobyte.String(data)
	var pfx, version, auth cryptobyte.String
	require.True(t, in.ReadASN1(&pfx, cbasn1.SEQUENCE) && pfx.ReadASN1Element(&version, cbasn1.INTEGER) &&
		pfx.ReadASN1Element(&auth, cbasn1.SEQUENCE))
	sha256, md5 := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}
	with := func(oid asn1.ObjectIdentifier, rest func(b *cryptobyte.Builder)) []byte {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(version)
			b.AddBytes(auth)
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
					b.AddASN1OctetString(make([]byte, 32))
				})
				rest(b)
			})
		})
		return b.BytesOrPanic()
	}
	salt := func(b *cryptobyte.Builder) { b.AddASN1OctetString([]byte("sale")) }
	_, err = seal.LoadPKCS12(with(sha256, salt), "x")
	assert.ErrorIs(t, err, seal.ErrPassword, "well formed")
	_, err = seal.LoadPKCS12(with(md5, salt), "x")
	assert.ErrorIs(t, err, seal.ErrLegacyKeyFile)
	for name, rest := range map[string]func(b *cryptobyte.Builder){
		"no salt":          func(*cryptobyte.Builder) {},
		"no count":         func(b *cryptobyte.Builder) { salt(b); salt(b) },
		"something behind": func(b *cryptobyte.Builder) { salt(b); b.AddASN1Int64(1); salt(b) },
		"no iterations":    func(b *cryptobyte.Builder) { salt(b); b.AddASN1Int64(0) },
		"too many":         func(b *cryptobyte.Builder) { salt(b); b.AddASN1Int64(1 << 40) },
	} {
		_, err = seal.LoadPKCS12(with(sha256, rest), "x")
		require.Error(t, err, name)
		assert.NotErrorIs(t, err, seal.ErrPassword, name)
	}
}

// TestSmallestFrame seals with frames at the bounds of what is allowed.
func TestSmallestFrame(t *testing.T) {
	s := newPAdES(t, padesConfig(t, newCA(t, sealtest.Config{}), seal.LevelB))
	for _, c := range []struct {
		x, y, width, height float64
		fits                bool
	}{
		{0, 0, 200, 60, true}, {-0.005, 0, 200, 60, true}, {-0.02, 0, 200, 60, false}, {0, -0.02, 200, 60, false},
		{0, 0, 2.9, 60, false}, {0, 0, 200, 2.9, false},
	} {
		look := &seal.Appearance{Page: 1, X: c.x, Y: c.y, Width: c.width, Height: c.height}
		_, err := s.Seal(t.Context(), page(t), seal.Details{Appearance: look})
		if c.fits {
			assert.NoError(t, err, "%v", c)
		} else {
			assert.ErrorContains(t, err, "expected one on page 1", "%v", c)
		}
	}
}
