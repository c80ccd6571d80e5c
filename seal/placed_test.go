package seal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
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
		"a page changed":   {page(t), visible, seal.ErrDocument, "pdfsign would change it: object "},
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

// TestKeyForms loads the same key in each form that a PEM file may hold it in,
// and refuses a file that holds two.
func TestKeyForms(t *testing.T) {
	for _, kind := range []sealtest.Key{sealtest.P256, sealtest.RSA2048} {
		ca := newCA(t, sealtest.Config{Key: kind})
		dir, both := keyFiles(t, ca)
		p, err := seal.LoadPEM(both, "")
		assertPair(t, ca, p, err)
		certs, err := os.ReadFile(filepath.Join(dir, "certs.pem"))
		require.NoError(t, err)
		var own []byte
		switch key := ca.Signer().(type) {
		case *ecdsa.PrivateKey:
			der, err := x509.MarshalECPrivateKey(key)
			require.NoError(t, err)
			own = encode("EC PRIVATE KEY", der)
		case *rsa.PrivateKey:
			own = encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
		}
		p, err = seal.LoadPEM(append(bytes.Clone(own), certs...), "")
		assertPair(t, ca, p, err)
		_, err = seal.LoadPEM(append(bytes.Clone(own), both...), "")
		assert.ErrorContains(t, err, "more than one private key")
		_, err = seal.LoadPEM(append(encode("OPENSSH PRIVATE KEY", []byte("x")), certs...), "")
		assert.ErrorContains(t, err, "OPENSSH")
	}
}

// TestTermOfSeals asks for the level of documents with several seals, and of what
// is no document.
func TestTermOfSeals(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	sealed := func(doc []byte, level seal.Level) []byte {
		out, err := newPAdES(t, padesConfig(t, ca, level)).Seal(t.Context(), doc, seal.Details{})
		require.NoError(t, err)
		return out
	}
	plain := page(t)
	b := sealed(plain, seal.LevelB)
	for name, c := range map[string]struct {
		doc  []byte
		want seal.Level
	}{
		"B":                {b, seal.LevelB},
		"T":                {sealed(plain, seal.LevelT), seal.LevelT},
		"B, then B":        {sealed(b, seal.LevelB), seal.LevelB},
		"B, then T":        {sealed(b, seal.LevelT), seal.LevelB},
		"LT, then B":       {sealed(sealed(plain, seal.LevelLT), seal.LevelB), seal.LevelB},
		"LT, then LT":      {sealed(sealed(plain, seal.LevelLT), seal.LevelLT), seal.LevelLT},
		"LTA, then LT":     {sealed(sealed(plain, seal.LevelLTA), seal.LevelLT), seal.LevelLT},
		"LTA":              {sealed(plain, seal.LevelLTA), seal.LevelLTA},
		"B, then LTA":      {sealed(b, seal.LevelLTA), seal.LevelT},
		"another document": {sealed(page(t, 1), seal.LevelLT), seal.LevelLT},
	} {
		term, err := seal.TermOf(t.Context(), c.doc)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, term.Level, name)
		assert.NotNil(t, term.By, name)
	}
	for name, doc := range map[string][]byte{"nothing": nil, "no PDF": []byte("certificato"), "no seal": plain} {
		_, err := seal.TermOf(t.Context(), doc)
		assert.ErrorIs(t, err, seal.ErrDocument, name)
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

// TestPFXMalformed gives key files whose outermost parts are others, or are not
// there, each with what is right in the rest.
func TestPFXMalformed(t *testing.T) {
	const password = "perché €"
	data, err := os.ReadFile(filepath.Join("testdata", "pbmac1.p12"))
	require.NoError(t, err)
	in := cryptobyte.String(data)
	var pfx, version, auth, mac cryptobyte.String
	require.True(t, in.ReadASN1(&pfx, cbasn1.SEQUENCE) && pfx.ReadASN1Element(&version, cbasn1.INTEGER) &&
		pfx.ReadASN1Element(&auth, cbasn1.SEQUENCE) && pfx.ReadASN1Element(&mac, cbasn1.SEQUENCE))
	of := func(parts ...[]byte) []byte {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, p := range parts {
				b.AddBytes(p)
			}
		})
		return b.BytesOrPanic()
	}
	// The content of another type, with the same bytes in it.
	signed := bytes.Replace(auth, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01},
		[]byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}, 1)
	require.NotEqual(t, []byte(auth), signed)
	_, err = seal.LoadPKCS12(of(version, auth, mac), password)
	require.NoError(t, err)
	for name, bad := range map[string][]byte{
		"nothing": nil, "another version": of([]byte{2, 1, 2}, auth, mac), "no version": of(auth, mac),
		"no content": of(version), "no MAC": of(version, auth), "two MACs": of(version, auth, mac, mac),
		"something behind": append(of(version, auth, mac), 0), "signed": of(version, signed, mac),
	} {
		p, err := seal.LoadPKCS12(bad, password)
		assert.Error(t, err, name)
		assert.Nil(t, p, name)
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
