package verify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// authorities makes self-issued certificates of one name, each signed by the key of the
// last: each could be the issuer of each.
func authorities(t testing.TB, n int) []*x509.Certificate {
	t.Helper()
	keys := make([]*ecdsa.PrivateKey, n)
	for i := range keys {
		var err error
		keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
	}
	list := make([]*x509.Certificate, n)
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: "Autorità"}}
	for i := range list {
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: parent.Subject, IsCA: true,
			BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &keys[i].PublicKey, keys[n-1])
		require.NoError(t, err)
		list[i], err = x509.ParseCertificate(der)
		require.NoError(t, err)
	}
	return list
}

// TestCertWork: what certificates that anybody may have added cost is counted exactly, and
// ends.
func TestCertWork(t *testing.T) {
	const n = 90
	list := authorities(t, n)
	anchor := Anchor{Certificate: list[n-1]}
	j := &judgement{v: &Verifier{}, ctx: t.Context(), trusted: map[Purpose][]Anchor{PurposeSeal: {anchor}}}
	each := keyWork(list[0])

	// Each is checked against the others up to the one that signed it, once.
	odd, err := j.stray(list[:n-1], list[n-1:])
	require.NoError(t, err)
	require.Nil(t, odd)
	require.Equal(t, int64((n-1)*n)*each, j.certWork)
	_, err = j.stray(list[:n-1], list[n-1:])
	require.ErrorIs(t, err, errCertWork)
	require.LessOrEqual(t, j.certWork, maxCertWork+each)

	// A chain costs what it may cost, before it is built.
	j.certWork = 0
	_, _, err = j.chain(list[0], list[1:], time.Now(), PurposeSeal)
	require.NoError(t, err)
	require.Equal(t, chainChecks*each, j.certWork)
	j.certWork = maxCertWork - chainChecks*each + 1
	_, _, err = j.chain(list[0], list[1:], time.Now(), PurposeSeal)
	require.ErrorIs(t, err, errCertWork)
	c := untrusted(Check{Code: CodeTrust, Outcome: Failed}, err, list[0], time.Now())
	require.Equal(t, NotDone, c.Outcome)
	require.Contains(t, c.Message, "troppi certificati")

	// Those that can stand in no chain of it cost nothing.
	j.certWork = 0
	others := authorities(t, 2)
	others[0].RawSubject, others[1].RawSubject = []byte("a"), []byte("b")
	_, _, err = j.chain(list[0], others, time.Now(), PurposeSeal)
	require.NoError(t, err)
	require.Equal(t, each, j.certWork)
}
