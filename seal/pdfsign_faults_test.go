package seal_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	digitorus "github.com/digitorus/pdf"
	"github.com/digitorus/pdfsign/sign"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// TestPdfsignFault shows the library's fault that a [seal.PDFSign] goes around:
// it reserves room for a signature of the size that the issuer's key makes. An
// RSA-4096 key under a P-256 authority needs more; pdfsign then writes the whole
// document a second time behind the first and reports no error. If the first
// half of this fails, the library has mended it, and reserve can go.
func TestPdfsignFault(t *testing.T) {
	qpdf := testenv.Tool(t, "qpdf")
	ca := newCA(t, sealtest.Config{Key: sealtest.RSA4096})
	doc := sealtest.Document("di altri")
	r, err := digitorus.NewReader(bytes.NewReader(doc), int64(len(doc)))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, sign.Sign(bytes.NewReader(doc), &out, r, int64(len(doc)), sign.SignData{
		Signature: sign.SignDataSignature{CertType: sign.ApprovalSignature,
			Info: sign.SignDataSignatureInfo{Date: time.Now()}},
		Signer: ca.Signer(), DigestAlgorithm: crypto.SHA256,
		Certificate: ca.Chain()[0], CertificateChains: [][]*x509.Certificate{ca.Chain()},
	}))
	assert.Equal(t, 2, bytes.Count(out.Bytes(), []byte("%PDF-1.")), "the document once, or once more")
	check := func(data []byte) ([]byte, error) {
		path := filepath.Join(t.TempDir(), "out.pdf")
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return exec.CommandContext(t.Context(), qpdf, "--check", path).CombinedOutput()
	}
	said, err := check(out.Bytes())
	assert.Error(t, err, "%s", said)

	s, err := ca.Sealer()
	require.NoError(t, err)
	sealed, err := s.Seal(t.Context(), doc, seal.Details{})
	require.NoError(t, err)
	assert.Equal(t, 1, bytes.Count(sealed, []byte("%PDF-1.")))
	said, err = check(sealed)
	assert.NoError(t, err, "%s", said)
}
