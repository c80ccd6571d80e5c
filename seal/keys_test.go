package seal_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func encode(typ string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der})
}

// keyFiles writes key and chain of an authority, the root first, so that order
// is seen not to matter.
func keyFiles(t testing.TB, ca *sealtest.CA) (dir string, both []byte) {
	t.Helper()
	dir = t.TempDir()
	der, err := x509.MarshalPKCS8PrivateKey(ca.Signer())
	require.NoError(t, err)
	certs := encode("CERTIFICATE", ca.Root().Raw)
	for _, c := range ca.Chain() {
		certs = append(certs, encode("CERTIFICATE", c.Raw)...)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key.pem"), encode("PRIVATE KEY", der), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "certs.pem"), certs, 0o600))
	return dir, append(encode("PRIVATE KEY", der), certs...)
}

// assertPair checks that a pair is that of the authority, and seals.
func assertPair(t *testing.T, ca *sealtest.CA, p *seal.KeyPair, err error) {
	t.Helper()
	require.NoError(t, err)
	require.Len(t, p.Chain, 3)
	assert.True(t, p.Chain[0].Equal(ca.Chain()[0]))
	assert.True(t, p.Chain[2].Equal(ca.Root()))
	s, err := seal.NewPAdES(seal.PAdESConfig{Signer: p.Signer, Chain: p.Chain})
	require.NoError(t, err)
	_, err = s.Seal(t.Context(), sealtest.Document("chiave"), seal.Details{})
	require.NoError(t, err)
}

func TestLoadPEM(t *testing.T) {
	for _, kind := range []sealtest.Key{sealtest.P256, sealtest.RSA2048} {
		ca := newCA(t, sealtest.Config{Key: kind})
		dir, both := keyFiles(t, ca)
		p, err := seal.LoadPEM(both, "")
		assertPair(t, ca, p, err)

		openssl := testenv.Tool(t, "openssl")
		certs, err := os.ReadFile(filepath.Join(dir, "certs.pem"))
		require.NoError(t, err)
		for _, args := range [][]string{{"-v2", "aes-256-cbc"}, {"-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"},
			{"-v1", "PBE-SHA1-3DES"}} {
			out, err := exec.CommandContext(t.Context(), openssl,
				append([]string{"pkcs8", "-topk8", "-in", filepath.Join(dir, "key.pem"), "-passout", "pass:perché"},
					args...)...).Output()
			require.NoError(t, err, args)
			p, err = seal.LoadPEM(append(out, certs...), "perché")
			assertPair(t, ca, p, err)
			_, err = seal.LoadPEM(append(out, certs...), "altra")
			assert.ErrorIs(t, err, seal.ErrPassword, args)
		}
		out, err := exec.CommandContext(t.Context(), openssl, "pkey", "-traditional", "-in",
			filepath.Join(dir, "key.pem")).Output()
		require.NoError(t, err)
		p, err = seal.LoadPEM(append(out, certs...), "")
		assertPair(t, ca, p, err)
		out, err = exec.CommandContext(t.Context(), openssl, "pkey", "-traditional", "-aes256", "-passout", "pass:x",
			"-in", filepath.Join(dir, "key.pem")).Output()
		require.NoError(t, err)
		_, err = seal.LoadPEM(append(out, certs...), "x")
		assert.ErrorIs(t, err, seal.ErrLegacyKeyFile)
		_, err = seal.LoadPEM(certs, "")
		assert.ErrorContains(t, err, "no private key")
		_, err = seal.LoadPEM(both[:len(both)/4], "")
		assert.Error(t, err)
	}
}

func TestLoadPKCS12(t *testing.T) {
	openssl := testenv.Tool(t, "openssl")
	for _, kind := range []sealtest.Key{sealtest.P256, sealtest.RSA3072} {
		ca := newCA(t, sealtest.Config{Key: kind})
		dir, _ := keyFiles(t, ca)
		export := func(args ...string) []byte {
			out := filepath.Join(dir, "out.p12")
			text, err := exec.CommandContext(t.Context(), openssl,
				append([]string{"pkcs12", "-export", "-inkey", filepath.Join(dir, "key.pem"),
					"-in", filepath.Join(dir, "certs.pem"), "-passout", "pass:perché €", "-out", out},
					args...)...).CombinedOutput()
			require.NoError(t, err, "%v: %s", args, text)
			data, err := os.ReadFile(out)
			require.NoError(t, err)
			return data
		}
		for _, args := range [][]string{
			nil, {"-macalg", "sha512"}, {"-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC", "-iter", "1000"},
			{"-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"}, {"-certpbe", "NONE"},
		} {
			data := export(args...)
			p, err := seal.LoadPKCS12(data, "perché €")
			assertPair(t, ca, p, err)
			for _, wrong := range []string{"perche €", ""} {
				_, err = seal.LoadPKCS12(data, wrong)
				assert.ErrorIs(t, err, seal.ErrPassword)
			}
			_, err = seal.LoadPKCS12(data[:len(data)-1], "perché €")
			assert.Error(t, err)
			data[len(data)/2] ^= 1
			_, err = seal.LoadPKCS12(data, "perché €")
			assert.Error(t, err, "changed, under a MAC")
		}
		_, err := seal.LoadPKCS12(export("-legacy"), "perché €")
		require.ErrorIs(t, err, seal.ErrLegacyKeyFile)
		assert.ErrorContains(t, err, "RC2-40")
		assert.ErrorContains(t, err, "va convertito con")
		_, err = seal.LoadPKCS12(export("-nomac"), "perché €")
		assert.ErrorContains(t, err, "no MAC")
	}
	_, err := seal.LoadPKCS12([]byte("PK"), "")
	assert.ErrorContains(t, err, "not a PKCS #12 file")
}

// TestPBMAC1 reads a file as another program wrote it with PBMAC1 (go-pkcs12
// 0.7.4, Modern2026), and the same with MACs that fit and must not count.
func TestPBMAC1(t *testing.T) {
	const password = "perché €"
	data, err := os.ReadFile(filepath.Join("testdata", "pbmac1.p12"))
	require.NoError(t, err)
	p, err := seal.LoadPKCS12(data, password)
	require.NoError(t, err)
	require.Len(t, p.Chain, 2)
	require.Equal(t, "PROVA - Sigillo di prova - PRIVO DI VALORE", p.Chain[0].Subject.CommonName)
	_, err = seal.LoadPKCS12(data, "perche €")
	require.ErrorIs(t, err, seal.ErrPassword)

	sha256OID, sha384OID := asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9},
		asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 10}
	for name, c := range map[string]struct {
		length, iterations int // a length of zero is left out
		prf, mac           asn1.ObjectIdentifier
		says               string
	}{
		"as another wrote it":   {32, 2048, sha256OID, sha256OID, ""},
		"the shortest key":      {20, 1, sha256OID, sha256OID, ""},
		"the longest key":       {64, 1, sha256OID, sha256OID, ""},
		"two hashes":            {48, 1, sha256OID, sha384OID, ""},
		"a key too short":       {19, 1, sha256OID, sha256OID, "19 bytes: expected 20 to 64"},
		"a key too long":        {65, 1, sha256OID, sha256OID, "65 bytes: expected 20 to 64"},
		"no length":             {0, 1, sha256OID, sha256OID, "0 bytes: expected 20 to 64"},
		"no iteration":          {32, 0, sha256OID, sha256OID, "not a PKCS #12 file"},
		"too many iterations":   {32, 2_000_001, sha256OID, sha256OID, "not a PKCS #12 file"},
		"an unknown MAC":        {32, 1, sha256OID, asn1.ObjectIdentifier{1, 2, 3}, "1.2.3"},
		"an unknown derivation": {32, 1, asn1.ObjectIdentifier{1, 2, 3}, sha256OID, "1.2.3"},
	} {
		p, err := seal.LoadPKCS12(withPBMAC1(t, data, password, c.length, c.iterations, c.prf, c.mac), password)
		if c.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.says, name)
		require.Nil(t, p, name)
	}
}

// withPBMAC1 replaces the MAC of a PKCS #12 file by one that fits.
func withPBMAC1(
	t testing.TB, data []byte, password string, length, iterations int, prf, mac asn1.ObjectIdentifier,
) []byte {
	t.Helper()
	in := cryptobyte.String(data)
	var pfx, version, auth, safe cryptobyte.String
	require.True(t, in.ReadASN1(&pfx, cbasn1.SEQUENCE) && pfx.ReadASN1Element(&version, cbasn1.INTEGER) &&
		pfx.ReadASN1Element(&auth, cbasn1.SEQUENCE))
	content := auth
	var oid asn1.ObjectIdentifier
	require.True(t, content.ReadASN1(&content, cbasn1.SEQUENCE) && content.ReadASN1ObjectIdentifier(&oid) &&
		content.ReadASN1(&content, cbasn1.Tag(0).ContextSpecific().Constructed()) &&
		content.ReadASN1(&safe, cbasn1.OCTET_STRING))
	salt := []byte("sale di prova")
	key, err := pbkdf2.Key(sha256.New, password, salt, max(1, min(iterations, 2048)), max(1, length))
	require.NoError(t, err)
	hash := sha256.New
	if mac[len(mac)-1] == 10 {
		hash = sha512.New384
	}
	h := hmac.New(hash, key)
	h.Write(safe)
	var b cryptobyte.Builder
	seq := func(b *cryptobyte.Builder, f func(b *cryptobyte.Builder)) { b.AddASN1(cbasn1.SEQUENCE, f) }
	algorithm := func(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
		seq(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
	}
	kdf := func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12})
		seq(b, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(salt)
			b.AddASN1Int64(int64(iterations))
			if length > 0 {
				b.AddASN1Int64(int64(length))
			}
			algorithm(b, prf)
		})
	}
	seq(&b, func(b *cryptobyte.Builder) {
		b.AddBytes(version)
		b.AddBytes(auth)
		seq(b, func(b *cryptobyte.Builder) { // MacData
			seq(b, func(b *cryptobyte.Builder) {
				seq(b, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 14})
					seq(b, func(b *cryptobyte.Builder) { seq(b, kdf); algorithm(b, mac) })
				})
				b.AddASN1OctetString(h.Sum(nil))
			})
			b.AddASN1OctetString(nil)
		})
	})
	return b.BytesOrPanic()
}

// TestPKCS12Changed changes each byte of a key file's content and makes the MAC
// anew, as its owner could: what comes of it is an error, or the pair.
func TestPKCS12Changed(t *testing.T) {
	const password = "perché €"
	data, err := os.ReadFile(filepath.Join("testdata", "pbmac1.p12"))
	require.NoError(t, err)
	good, err := seal.LoadPKCS12(data, password)
	require.NoError(t, err)
	oid := asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	same := withPBMAC1(t, data, password, 32, 1, oid, oid)
	// The safe contents begin behind the headers of the file.
	in := cryptobyte.String(same)
	var safe cryptobyte.String
	var id asn1.ObjectIdentifier
	require.True(t, in.ReadASN1(&in, cbasn1.SEQUENCE) && in.SkipASN1(cbasn1.INTEGER) &&
		in.ReadASN1(&in, cbasn1.SEQUENCE) && in.ReadASN1ObjectIdentifier(&id) &&
		in.ReadASN1(&in, cbasn1.Tag(0).ContextSpecific().Constructed()) && in.ReadASN1(&safe, cbasn1.OCTET_STRING))
	from := bytes.Index(same, safe)
	refused := 0
	for i := range safe {
		if second := bytes.LastIndex(safe, []byte{0x30, 0x82}); i > 130 && (i < second-40 || i > second+190) && i%16 > 0 {
			continue // encrypted, where one byte is like another
		}
		changed := bytes.Clone(same)
		changed[from+i] ^= 0x15
		p, err := seal.LoadPKCS12(withPBMAC1(t, changed, password, 32, 1, oid, oid), password)
		if err != nil {
			refused++
			require.Nil(t, p, "byte %d", i)
			continue
		}
		require.NotNil(t, p, "byte %d", i)
		require.Equal(t, good.Signer, p.Signer, "byte %d", i)
		require.Equal(t, good.Signer.Public(), p.Chain[0].PublicKey, "byte %d", i)
	}
	require.Greater(t, refused, 250)
}

func FuzzLoadPKCS12(f *testing.F) {
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(f, err)
	_, both := keyFiles(f, ca)
	f.Add(both)
	f.Add([]byte("0\x03\x02\x01\x03"))
	mac, err := os.ReadFile(filepath.Join("testdata", "pbmac1.p12"))
	require.NoError(f, err)
	f.Add(mac)
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := seal.LoadPKCS12(data, "x"); err == nil && (p.Signer == nil || len(p.Chain) == 0) {
			t.Error("a pair without key or certificate")
		}
		if p, err := seal.LoadPEM(data, "x"); err == nil && (p.Signer == nil || len(p.Chain) == 0) {
			t.Error("a pair without key or certificate")
		}
	})
}
