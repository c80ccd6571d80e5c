package sealtest_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/qualified"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func TestCA(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for _, direct := range []bool{false, true} {
		ca, err := sealtest.NewCA(sealtest.Config{Now: func() time.Time { return now }, NoIntermediate: direct,
			Organization: "COMUNE"})
		require.NoError(t, err)
		block, rest := pem.Decode(ca.TrustPEM())
		require.NotNil(t, block)
		assert.Empty(t, rest)
		root, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		roots, inter := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(root)
		for _, c := range ca.Chain()[1:] {
			inter.AddCert(c)
		}
		_, err = ca.Chain()[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: inter, CurrentTime: now,
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		require.NoError(t, err)
		for _, c := range append(ca.Chain(), root) {
			assert.Contains(t, c.Subject.CommonName, "PROVA")
			assert.Contains(t, c.Subject.Organization[0], "PROVA")
		}
		assert.Contains(t, ca.Chain()[0].Subject.String(), "2.5.4.97", "no organizationIdentifier")
		s, err := ca.Sealer()
		require.NoError(t, err)
		assert.False(t, s.Production())
	}
	_, err := sealtest.NewCA(sealtest.Config{Key: "DSA"})
	assert.ErrorContains(t, err, `unknown kind of key "DSA"`)
}

func TestDocument(t *testing.T) {
	f, err := pdf.Parse(t.Context(), sealtest.Document(`a (b) \c`, "uno.json", "{}", "due.txt", "2"), pdf.Limits{})
	require.NoError(t, err)
	require.NoError(t, f.CheckObjects(t.Context()))
	files, err := f.EmbeddedFiles()
	require.NoError(t, err)
	require.Len(t, files, 2)
	assert.Equal(t, "uno.json", files[0].Name)
	assert.Equal(t, "2", string(files[1].Data))
}

func ExampleNewCA() {
	ca, err := sealtest.NewCA(sealtest.Config{Organization: "MINISTERO"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ca.Chain()[0].Subject.Organization[0])
	fmt.Println(strings.Contains(string(ca.TrustPEM()), "BEGIN CERTIFICATE"))
	// Output:
	// PROVA - MINISTERO
	// true
}

func TestQualified(t *testing.T) {
	for _, claim := range []bool{true, false} {
		ca, err := sealtest.NewCA(sealtest.Config{Qualified: claim})
		require.NoError(t, err)
		assert.Equal(t, claim, len(qualified.Check(ca.Chain()[0], ca.Chain()[1:], time.Now())) == 0)
		s, err := ca.PAdES(seal.LevelLTA)
		require.NoError(t, err)
		assert.False(t, s.Production(), "never by itself")
	}
	ca, err := sealtest.NewCA(sealtest.Config{NoRevocation: true})
	require.NoError(t, err)
	assert.Empty(t, ca.Chain()[0].OCSPServer)
	assert.Empty(t, ca.Chain()[0].CRLDistributionPoints)
	_, err = ca.Fetch(t.Context(), seal.FetchRequest{URL: "http://sigilli.prova.invalid/altro"})
	assert.ErrorContains(t, err, "nothing at /altro")
}
