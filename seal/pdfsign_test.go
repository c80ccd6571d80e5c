package seal_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func fixedNow() time.Time { return time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC) }

func newCA(t testing.TB, cfg sealtest.Config) *sealtest.CA {
	t.Helper()
	ca, err := sealtest.NewCA(cfg)
	require.NoError(t, err)
	return ca
}

func TestSealKeys(t *testing.T) {
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.P384, sealtest.RSA2048, sealtest.RSA3072,
		sealtest.RSA4096} {
		for _, noInt := range []bool{false, true} {
			if key == sealtest.RSA4096 && noInt {
				continue // such keys take seconds to make
			}
			t.Run(fmt.Sprint(key, " without intermediate ", noInt), func(t *testing.T) {
				ca := newCA(t, sealtest.Config{Now: fixedNow, Key: key, NoIntermediate: noInt})
				s, err := ca.Sealer()
				require.NoError(t, err)
				assert.False(t, s.Production())
				doc := sealtest.Document("chiave " + string(key))
				kept := string(doc)
				out, err := s.Seal(t.Context(), doc,
					seal.Details{Reason: "Rilascio (copia) \\ originale", Location: "Città di prova"})
				require.NoError(t, err)
				assert.Equal(t, kept, string(doc), "the input was modified")

				f, err := pdf.Parse(t.Context(), out, pdf.Limits{})
				require.NoError(t, err)
				sigs, err := f.Signatures()
				require.NoError(t, err)
				require.Len(t, sigs, 1)
				assert.Equal(t, "Rilascio (copia) \\ originale", sigs[0].Text("Reason"))
				assert.Equal(t, "Città di prova", sigs[0].Text("Location"))
				at, err := pdf.ParseDate(sigs[0].Text("M"))
				require.NoError(t, err)
				assert.True(t, at.Equal(fixedNow()), "M is %s", at)
				assert.NotContains(t, string(sigs[0].Contents), string(ca.Root().Raw), "the root is embedded")
			})
		}
	}
}

func TestSealTwice(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s, err := ca.Sealer()
	require.NoError(t, err)
	once, err := s.Seal(t.Context(), sealtest.Document("due volte"), seal.Details{})
	require.NoError(t, err)
	twice, err := s.Seal(t.Context(), once, seal.Details{})
	require.NoError(t, err)
	f, err := pdf.Parse(t.Context(), twice, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	require.Len(t, sigs, 2)
	for i, sig := range sigs {
		rev, problems := sig.Coverage()
		assert.Equal(t, i+1, rev, "%v", problems)
	}
}

func TestNewPDFSignRefuses(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	other, err := sealtest.NewKey(sealtest.P256)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	issue := func(key crypto.Signer, change func(*x509.Certificate)) []*x509.Certificate {
		chain, err := ca.Issue(key.Public(), change)
		require.NoError(t, err)
		return chain
	}
	rsa1024, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		cfg  seal.PDFSignConfig
		want error
		says string
	}{
		"no key":   {seal.PDFSignConfig{Chain: ca.Chain()}, seal.ErrUnsupportedKey, "no key"},
		"no chain": {seal.PDFSignConfig{Signer: ca.Signer()}, seal.ErrCertificate, "empty"},
		"nil entry": {seal.PDFSignConfig{Signer: ca.Signer(), Chain: []*x509.Certificate{nil}}, seal.ErrCertificate,
			"chain[0] is nil"},
		"other key": {seal.PDFSignConfig{Signer: other, Chain: ca.Chain()}, seal.ErrCertificate,
			"not that of chain[0]"},
		"order": {seal.PDFSignConfig{Signer: ca.Signer(), Chain: []*x509.Certificate{ca.Chain()[0], ca.Root()}},
			seal.ErrCertificate, "not certified by chain[1]"},
		"usage": {seal.PDFSignConfig{Signer: other,
			Chain: issue(other, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement })},
			seal.ErrCertificate, "keyAgreement"},
		"authority": {seal.PDFSignConfig{Signer: other,
			Chain: issue(other, func(c *x509.Certificate) { c.IsCA = true })}, seal.ErrCertificate, "authority"},
		"P-521":    {seal.PDFSignConfig{Signer: p521, Chain: issue(p521, nil)}, seal.ErrUnsupportedKey, "P-521"},
		"RSA-1024": {seal.PDFSignConfig{Signer: rsa1024, Chain: issue(rsa1024, nil)}, seal.ErrUnsupportedKey, "1024"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := seal.NewPDFSign(c.cfg)
			require.ErrorIs(t, err, c.want)
			assert.ErrorContains(t, err, c.says)
		})
	}
	_, err = seal.NewPDFSign(seal.PDFSignConfig{Signer: ca.Signer(), Chain: append(ca.Chain(), ca.Root())})
	assert.NoError(t, err, "a root at the end of the chain")
}

func TestSealRefuses(t *testing.T) {
	ca := newCA(t, sealtest.Config{Now: fixedNow})
	s, err := ca.Sealer()
	require.NoError(t, err)
	doc := sealtest.Document("x")
	seal1 := func(pdf []byte, d seal.Details) error { _, err := s.Seal(t.Context(), pdf, d); return err }

	assert.ErrorIs(t, seal1(doc, seal.Details{Time: fixedNow().AddDate(-1, 0, 0)}), seal.ErrCertificate)
	assert.ErrorIs(t, seal1(doc, seal.Details{Time: fixedNow().AddDate(2, 0, 0)}), seal.ErrCertificate)
	for _, reason := range []string{"a\nb", "\x00", "\xff", "città )", "Ĩ", "Ōš\\", strings.Repeat("a", 201)} {
		assert.ErrorIs(t, seal1(doc, seal.Details{Reason: reason}), seal.ErrDocument, "%q", reason)
		assert.ErrorIs(t, seal1(doc, seal.Details{Location: reason}), seal.ErrDocument, "%q", reason)
	}
	for name, bad := range map[string][]byte{
		"nothing":      nil,
		"no PDF":       []byte("<html>"),
		"cut":          doc[:len(doc)-30],
		"encrypted":    []byte(strings.Replace(string(doc), "/Root", "/Encrypt 1 0 R /Root", 1)),
		"broken names": []byte(strings.Replace(string(doc), "/Type /Catalog ", "/T#20x /Catalog", 1)),
		"text fields":  []byte(strings.Replace(string(doc), "/AF []", "/AcroForm<</DA()>>", 1)),
	} {
		assert.ErrorIs(t, seal1(bad, seal.Details{}), seal.ErrDocument, name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Seal(ctx, doc, seal.Details{})
	assert.ErrorIs(t, err, context.Canceled)
}

// A failing key stands for a device that is unreachable or answers nonsense.
type failingKey struct {
	crypto.Signer
	sign func([]byte) ([]byte, error)
}

func (k failingKey) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return k.sign(digest)
}

func TestSealFailingKey(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	down := errors.New("device is gone")
	for name, c := range map[string]struct {
		sign func([]byte) ([]byte, error)
		want error
	}{
		"unreachable": {func([]byte) ([]byte, error) { return nil, down }, down},
		"nonsense":    {func([]byte) ([]byte, error) { return make([]byte, 70), nil }, seal.ErrOutput},
		"too long":    {func([]byte) ([]byte, error) { return make([]byte, 5000), nil }, seal.ErrOutput},
		"other digest": {func(d []byte) ([]byte, error) {
			d[0] ^= 1
			return ca.Signer().Sign(rand.Reader, d, crypto.SHA256)
		}, seal.ErrOutput},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: failingKey{ca.Signer(), c.sign}, Chain: ca.Chain()})
			require.NoError(t, err)
			out, err := s.Seal(t.Context(), sealtest.Document("x"), seal.Details{})
			assert.ErrorIs(t, err, c.want)
			assert.Nil(t, out)
		})
	}
}

func TestForeignTools(t *testing.T) {
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.RSA3072, sealtest.RSA4096} {
		t.Run(string(key), func(t *testing.T) {
			pdfsig, qpdf, openssl := testenv.Tool(t, "pdfsig"), testenv.Tool(t, "qpdf"), testenv.Tool(t, "openssl")
			ca := newCA(t, sealtest.Config{Key: key})
			s, err := ca.Sealer()
			require.NoError(t, err)
			out, err := s.Seal(t.Context(), sealtest.Document("strumenti di altri"),
				seal.Details{Reason: "Prova", Location: "Roma"})
			require.NoError(t, err)
			dir := t.TempDir()
			write := func(name string, data []byte) string {
				path := filepath.Join(dir, name)
				require.NoError(t, os.WriteFile(path, data, 0o600))
				return path
			}
			file := write("sealed.pdf", out)
			run := func(name string, args ...string) string {
				text, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
				require.NoError(t, err, "%s: %s", name, text)
				t.Logf("%s:\n%s", filepath.Base(name), text)
				return string(text)
			}
			verdict := run(pdfsig, "-nocert", file)
			assert.Contains(t, verdict, "Signature is Valid")
			assert.Contains(t, verdict, "Total document signed")
			assert.Contains(t, run(qpdf, "--check", file), "No syntax or stream encoding errors")

			root := write("root.pem", ca.TrustPEM())
			var chain []byte
			for _, c := range ca.Chain()[1:] {
				chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
			}
			leaf := write("leaf.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Chain()[0].Raw}))
			run(openssl, "verify", "-x509_strict", "-CAfile", root, "-untrusted", write("chain.pem", chain), leaf)

			f, err := pdf.Parse(t.Context(), out, pdf.Limits{})
			require.NoError(t, err)
			sigs, err := f.Signatures()
			require.NoError(t, err)
			var signed []byte
			for _, part := range sigs[0].SignedBytes() {
				signed = append(signed, part...)
			}
			run(openssl, "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-CAfile", root,
				"-in", write("cms.der", sigs[0].Contents), "-content", write("content", signed), "-out", os.DevNull)
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.RSA3072} {
		ca := newCA(b, sealtest.Config{Key: key})
		s, err := ca.Sealer()
		require.NoError(b, err)
		doc := sealtest.Document(strings.Repeat("x", 60_000))
		b.Run(string(key)+"/raw", func(b *testing.B) {
			for b.Loop() {
				_, err := ca.Signer().Sign(rand.Reader, make([]byte, 32), crypto.SHA256)
				require.NoError(b, err)
			}
		})
		b.Run(string(key)+"/seal", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := s.Seal(b.Context(), doc, seal.Details{})
				require.NoError(b, err)
			}
		})
	}
}
