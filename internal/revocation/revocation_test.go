package revocation_test

import (
	"crypto"
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/liste-elettorali/anpr/internal/revocation"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

type read func(data []byte, c, issuer *x509.Certificate) (*revocation.Status, error)

// answers returns what an authority says of its seal's certificate.
func answers(t testing.TB, ca *sealtest.CA) map[string][]byte {
	t.Helper()
	leaf, issuer := ca.Chain()[0], ca.Chain()[1]
	q, err := ocsp.CreateRequest(leaf, issuer, &ocsp.RequestOptions{Hash: crypto.SHA1})
	require.NoError(t, err)
	resp, err := ca.Fetch(t.Context(), seal.FetchRequest{URL: leaf.OCSPServer[0], OCSP: q, Max: 1 << 20})
	require.NoError(t, err)
	list, err := ca.Fetch(t.Context(), seal.FetchRequest{URL: leaf.CRLDistributionPoints[0], Max: 1 << 20})
	require.NoError(t, err)
	return map[string][]byte{"OCSP": resp, "CRL": list}
}

func TestStatus(t *testing.T) {
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	other, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	leaf, issuer := ca.Chain()[0], ca.Chain()[1]
	readers := map[string]read{"OCSP": revocation.OCSP, "CRL": revocation.CRL}
	good := answers(t, ca)
	at := time.Now().Add(-time.Minute).Truncate(time.Second).UTC()
	ca.Revoke(leaf, at)
	bad := answers(t, ca)
	for kind, r := range readers {
		s, err := r(good[kind], leaf, issuer)
		require.NoError(t, err, kind)
		assert.Zero(t, s.Revoked, kind)
		assert.True(t, s.NextUpdate.After(s.ThisUpdate), kind)
		assert.Equal(t, kind == "OCSP", s.Responder != nil, "an authorised responder")
		s, err = r(bad[kind], leaf, issuer)
		require.NoError(t, err, kind)
		assert.True(t, s.Revoked.Equal(at), "%s: %s", kind, s.Revoked)

		_, err = r(good[kind], other.Chain()[0], other.Chain()[1])
		require.Error(t, err, "%s of another authority", kind)
		_, err = r(good[kind], leaf, other.Chain()[1])
		require.Error(t, err, "%s that another is said to have signed", kind)
		for n := range good[kind] {
			spoiled := append([]byte(nil), good[kind]...)
			spoiled[n] ^= 1
			if s, err := r(spoiled, leaf, issuer); err == nil {
				// Where no signature looks: the certificates beside a response.
				assert.Equal(t, "OCSP", kind, "byte %d", n)
				assert.Zero(t, s.Revoked)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(f, err)
	for _, data := range answers(f, ca) {
		f.Add(data)
	}
	leaf, issuer := ca.Chain()[0], ca.Chain()[1]
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = revocation.OCSP(data, leaf, issuer)
		_, _ = revocation.CRL(data, leaf, issuer)
	})
}
