package seal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	digitorus "github.com/digitorus/pdf"
	"github.com/digitorus/pdfsign/sign"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestPDFSignReserveBug shows what pdfsign does by itself with a key whose
// signature it has no room for, and that the check of the output refuses it.
func TestPDFSignReserveBug(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 4096)
	require.NoError(t, err)
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "PROVA"},
		NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), caKey)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)

	doc, err := os.ReadFile(filepath.Join(testenv.Shared(t), "vectors", "pdf", "pyhanko", "base.pdf"))
	require.NoError(t, err)
	r, err := digitorus.NewReader(bytes.NewReader(doc), int64(len(doc)))
	require.NoError(t, err)
	var out bytes.Buffer
	err = sign.Sign(bytes.NewReader(doc), &out, r, int64(len(doc)), sign.SignData{
		Signature:       sign.SignDataSignature{CertType: sign.ApprovalSignature},
		Signer:          key,
		DigestAlgorithm: crypto.SHA256,
		Certificate:     cert,
	})
	require.NoError(t, err, "pdfsign itself notices nothing")
	before, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	_, err = checkPlaced(t.Context(), before, out.Bytes())
	assert.ErrorIs(t, err, ErrOutput)
}
