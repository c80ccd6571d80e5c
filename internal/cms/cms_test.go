package cms_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// A maker holds a key with its certificate.
type maker struct {
	key  crypto.Signer
	cert *x509.Certificate
	hash crypto.Hash
}

func newMaker(t testing.TB, kind string) maker {
	t.Helper()
	var key crypto.Signer
	var err error
	hash := crypto.SHA256
	switch kind {
	case "P-256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		hash = crypto.SHA384
	case "P-521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
		hash = crypto.SHA512
	case "RSA-1024":
		key, err = rsa.GenerateKey(rand.Reader, 1024)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	require.NoError(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(0x80FF), Subject: pkix.Name{CommonName: "PROVA " + kind},
		SubjectKeyId: []byte{1, 2, 3, 4},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return maker{key, cert, hash}
}

var content = []byte("contenuto firmato")

func digest(data []byte) func(crypto.Hash) []byte {
	return func(hash crypto.Hash) []byte {
		h := hash.New()
		h.Write(data)
		return h.Sum(nil)
	}
}

func (m maker) sign(t testing.TB) []byte {
	t.Helper()
	msg, err := cms.Sign(cms.SignConfig{Signer: m.key, Chain: []*x509.Certificate{m.cert}, Digest: m.hash},
		digest(content)(m.hash))
	require.NoError(t, err)
	return msg
}

func verify(msg, data []byte) (*cms.Result, error) {
	sd, err := cms.Parse(msg)
	if err != nil {
		return nil, err
	}
	return sd.Verify(digest(data))
}

func TestSignVerify(t *testing.T) {
	for _, kind := range []string{"P-256", "P-384", "P-521", "RSA-2048"} {
		t.Run(kind, func(t *testing.T) {
			m := newMaker(t, kind)
			msg := m.sign(t)
			sd, err := cms.Parse(msg)
			require.NoError(t, err)
			assert.False(t, sd.BER)
			res, err := sd.Verify(digest(content))
			require.NoError(t, err)
			assert.True(t, res.Certificate.Equal(m.cert))
			assert.True(t, res.ESS)
			assert.True(t, res.Protected)
			assert.True(t, res.SigningTime.IsZero())
			assert.Empty(t, res.Weak)
			_, err = sd.Verify(digest([]byte("altro")))
			var e *cms.Error
			require.True(t, errors.As(err, &e))
			assert.Equal(t, cms.DigestMismatch, e.Code)
			_, err = sd.VerifyAttached()
			assert.Error(t, err)
		})
	}
}

// TestAnyByte changes every byte of a message to every value: nothing else
// than the original verifies.
func TestAnyByte(t *testing.T) {
	for _, kind := range []string{"P-256", "RSA-2048"} {
		t.Run(kind, func(t *testing.T) {
			msg := newMaker(t, kind).sign(t)
			data := bytes.Clone(msg)
			for i := range msg {
				step := 1
				if testing.Short() || i > 40 && i%4 != 0 { // all values where structure is densest
					step = 29
				}
				for c := 0; c < 256; c += step {
					if data[i] = byte(c); data[i] == msg[i] {
						continue
					}
					if res, err := verify(data, content); err == nil &&
						res.Certificate.CheckSignatureFrom(res.Certificate) == nil {
						// ESS fixes the certificate: even its own signature cannot differ.
						t.Errorf("byte %d: %#02x for %#02x: still verifies", i, c, msg[i])
					}
				}
				data[i] = msg[i]
			}
		})
	}
}

func TestSplit(t *testing.T) {
	msg := newMaker(t, "P-256").sign(t)
	got, padding, err := cms.Split(append(bytes.Clone(msg), make([]byte, 100)...))
	require.NoError(t, err)
	assert.Equal(t, msg, got)
	assert.Equal(t, 100, padding)
	_, _, err = cms.Split(append(bytes.Clone(msg), 0, 0, 1))
	assert.ErrorContains(t, err, "expected zeros")
	for _, bad := range [][]byte{nil, {0x30}, {0x30, 0x82, 1}, {0x30, 0x85, 1, 1, 1, 1, 1},
		{0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}, {0x04, 0x80, 0, 0}, {0x30, 0x80}, {0x3F, 1, 1}} {
		_, _, err := cms.Split(bad)
		assert.Error(t, err, "%x", bad)
	}
	_, _, err = cms.Split(bytes.Repeat([]byte{0x30, 0x80}, 10_000))
	assert.ErrorContains(t, err, "nested")
}

func TestTrailingData(t *testing.T) {
	msg := newMaker(t, "P-256").sign(t)
	_, err := cms.Parse(append(bytes.Clone(msg), 0))
	assert.Error(t, err)
	for cut := 1; cut < len(msg); cut += 7 {
		_, err := cms.Parse(msg[:len(msg)-cut])
		assert.Error(t, err)
	}
}

// indefinite rewrites a message with indefinite lengths everywhere.
func indefinite(b []byte) []byte {
	var out []byte
	for len(b) > 0 {
		size, length := 2, int(b[1])
		if b[1] >= 0x80 {
			n := int(b[1] & 0x7F)
			length = 0
			for _, c := range b[2 : 2+n] {
				length = length<<8 | int(c)
			}
			size += n
		}
		body := b[size : size+length]
		switch {
		case b[0]&0x20 != 0:
			out = append(out, b[0], 0x80)
			out = append(out, indefinite(body)...)
			out = append(out, 0, 0)
		case b[0] == 0x04 && length > 4: // an octet string in parts
			out = append(out, 0x24, 0x80, 0x04, 2, body[0], body[1], 0x04, 0x81, byte(length-2))
			if length-2 > 255 {
				out = append(out[:len(out)-3], 0x04, 0x83, 0, byte((length-2)>>8), byte(length-2))
			}
			out = append(out, body[2:]...)
			out = append(out, 0, 0)
		default:
			out = append(out, b[:size+length]...)
		}
		b = b[size+length:]
	}
	return out
}

func TestBER(t *testing.T) {
	m := newMaker(t, "P-256")
	ber := indefinite(m.sign(t))
	msg, padding, err := cms.Split(append(bytes.Clone(ber), 0, 0, 0))
	require.NoError(t, err)
	assert.Equal(t, ber, msg)
	assert.Equal(t, 3, padding)
	sd, err := cms.Parse(msg)
	require.NoError(t, err)
	assert.True(t, sd.BER)
	res, err := sd.Verify(digest(content))
	require.NoError(t, err)
	assert.True(t, res.Certificate.Equal(m.cert))
}

// TestOpenSSL verifies what another implementation signs, in its variants.
func TestOpenSSL(t *testing.T) {
	openssl := testenv.Tool(t, "openssl")
	for _, c := range []struct {
		kind string
		args []string
		weak string
		ess  bool
	}{
		{"P-256", []string{"-md", "sha256"}, "", false},
		{"P-256", []string{"-md", "sha256", "-cades"}, "", true},
		{"P-384", []string{"-md", "sha384", "-cades"}, "", true},
		{"P-521", []string{"-md", "sha512"}, "", false},
		{"RSA-2048", []string{"-md", "sha512", "-cades"}, "", true},
		{"RSA-2048", []string{"-md", "sha256", "-keyid"}, "", false},
		{"RSA-2048", []string{"-md", "sha256", "-noattr"}, "", false},
		{"RSA-2048", []string{"-md", "sha256", "-keyopt", "rsa_padding_mode:pss"}, "", false},
		{"RSA-2048", []string{"-md", "sha384", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20"}, "",
			false},
		{"RSA-2048", []string{"-md", "sha1"}, "SHA-1", false},
		{"RSA-2048", []string{"-md", "md5"}, "MD5", false},
		{"RSA-1024", []string{"-md", "sha256"}, "RSA-1024", false},
	} {
		t.Run(c.kind+" "+c.args[1]+" "+filepath.Base(c.args[len(c.args)-1]), func(t *testing.T) {
			m := newMaker(t, c.kind)
			dir := t.TempDir()
			path := func(name string) string { return filepath.Join(dir, name) }
			key, err := x509.MarshalPKCS8PrivateKey(m.key)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path("key"),
				pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
			require.NoError(t, os.WriteFile(path("cert"),
				pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.cert.Raw}), 0o600))
			require.NoError(t, os.WriteFile(path("content"), content, 0o600))
			args := append([]string{"cms", "-sign", "-binary", "-in", path("content"), "-signer", path("cert"),
				"-inkey", path("key"),
				"-outform", "DER", "-out", path("cms")}, c.args...)
			text, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput()
			require.NoError(t, err, "%s", text)
			msg, err := os.ReadFile(path("cms"))
			require.NoError(t, err)
			sd, err := cms.Parse(msg)
			require.NoError(t, err)
			res, err := sd.Verify(digest(content))
			require.NoError(t, err)
			assert.Equal(t, c.ess, res.ESS)
			if c.weak == "" {
				assert.Empty(t, res.Weak)
			} else {
				assert.Equal(t, []string{c.weak}, res.Weak)
			}
			_, err = sd.Verify(digest([]byte("altro")))
			assert.Error(t, err)

			// The same, carrying its content, is no detached signature.
			text, err = exec.CommandContext(t.Context(), openssl, append(args, "-nodetach")...).CombinedOutput()
			require.NoError(t, err, "%s", text)
			msg, err = os.ReadFile(path("cms"))
			require.NoError(t, err)
			sd, err = cms.Parse(msg)
			require.NoError(t, err)
			_, err = sd.Verify(digest(sd.Content))
			assert.ErrorContains(t, err, "expected a detached signature")
			_, err = sd.VerifyAttached()
			assert.NoError(t, err)
			_, err = sd.Timestamp()
			assert.Error(t, err)
		})
	}
}

func TestSignRefuses(t *testing.T) {
	m := newMaker(t, "P-256")
	sum := digest(content)(crypto.SHA256)
	chain := []*x509.Certificate{m.cert}
	for name, cfg := range map[string]cms.SignConfig{
		"no key":   {Chain: chain, Digest: crypto.SHA256},
		"no chain": {Signer: m.key, Digest: crypto.SHA256},
		"SHA-1":    {Signer: m.key, Chain: chain, Digest: crypto.SHA1},
		"length":   {Signer: m.key, Chain: chain, Digest: crypto.SHA512},
	} {
		_, err := cms.Sign(cfg, sum)
		assert.Error(t, err, name)
	}
}

func FuzzParse(f *testing.F) {
	m := newMaker(f, "P-256")
	msg := m.sign(f)
	f.Add(msg)
	f.Add(indefinite(msg))
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		message, _, err := cms.Split(data)
		if err != nil {
			return
		}
		sd, err := cms.Parse(message)
		if err != nil {
			return
		}
		_, _ = sd.Timestamp()
		if _, err := sd.Verify(digest([]byte("mai firmato"))); err == nil {
			t.Fatal("a signature over something else verifies")
		}
		_, _ = sd.VerifyAttached()
	})
}

func BenchmarkVerify(b *testing.B) {
	m := newMaker(b, "P-256")
	msg := m.sign(b)
	sum := digest(content)(crypto.SHA256)
	sig, err := m.key.Sign(rand.Reader, sum, crypto.SHA256)
	require.NoError(b, err)
	b.Run("message", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := verify(msg, content); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("raw", func(b *testing.B) {
		for b.Loop() {
			if !ecdsa.VerifyASN1(m.key.Public().(*ecdsa.PublicKey), sum, sig) {
				b.Fatal("the signature does not verify")
			}
		}
	})
}

// TestSignPSS signs with RSASSA-PSS, with a token, and with content in the
// message, and checks that Size counts right.
func TestSignPSS(t *testing.T) {
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA512} {
		m := newMaker(t, "RSA-2048")
		token := append([]byte{4, 0x82, 1, 0}, make([]byte, 256)...)
		cfg := cms.SignConfig{Signer: m.key, Chain: []*x509.Certificate{m.cert}, Digest: hash, PSS: true,
			Timestamp: func(signature []byte) ([]byte, error) {
				assert.Len(t, signature, 256)
				return token, nil
			}}
		msg, err := cms.Sign(cfg, digest(content)(hash))
		require.NoError(t, err)
		size, err := cms.Size(cfg, 256)
		require.NoError(t, err)
		assert.Len(t, msg, size)
		sd, err := cms.Parse(msg)
		require.NoError(t, err)
		res, err := sd.Verify(digest(content))
		require.NoError(t, err)
		assert.True(t, res.Algorithm.PSS)
		assert.True(t, res.Protected)
		assert.Equal(t, hash.Size(), res.Algorithm.Salt)
		assert.Equal(t, [][]byte{token}, sd.Signers[0].UnsignedAttribute(cms.OIDSignatureTimestamp))

		failed := errors.New("no time")
		cfg.Timestamp = func([]byte) ([]byte, error) { return nil, failed }
		_, err = cms.Sign(cfg, digest(content)(hash))
		assert.ErrorIs(t, err, failed)
	}
	m := newMaker(t, "P-256")
	_, err := cms.Sign(cms.SignConfig{Signer: m.key, Chain: []*x509.Certificate{m.cert}, Digest: m.hash, PSS: true},
		digest(content)(m.hash))
	assert.ErrorContains(t, err, "expected an RSA key")
	msg, err := cms.Sign(cms.SignConfig{Signer: m.key, Chain: []*x509.Certificate{m.cert}, Digest: m.hash,
		ContentType: cms.OIDTSTInfo, Content: content}, digest(content)(m.hash))
	require.NoError(t, err)
	sd, err := cms.Parse(msg)
	require.NoError(t, err)
	assert.Equal(t, content, sd.Content)
	_, err = sd.VerifyAttached()
	require.NoError(t, err)
	size, err := cms.Size(cms.SignConfig{Signer: m.key, Chain: []*x509.Certificate{m.cert}, Digest: m.hash}, 0)
	require.NoError(t, err)
	for range 20 {
		assert.LessOrEqual(t, len(m.sign(t)), size)
	}
}
