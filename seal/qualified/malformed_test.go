package qualified_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal/qualified"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

var (
	compliance = []byte{0x30, 8, 6, 6, 4, 0, 0x8e, 0x46, 1, 1}
	device     = []byte{0x30, 8, 6, 6, 4, 0, 0x8e, 0x46, 1, 4}
)

// qcType is the statement of a certificate's purposes, each the last number of an
// identifier below 0.4.0.1862.1.6.
func qcType(purposes ...byte) []byte {
	list := []byte{0x30, 0}
	for _, p := range purposes {
		list = append(list, 6, 7, 4, 0, 0x8e, 0x46, 1, 6, p)
		list[1] += 9
	}
	st := append([]byte{0x30, 0, 6, 6, 4, 0, 0x8e, 0x46, 1, 6}, list...)
	st[1] = byte(len(st) - 2)
	return st
}

func statements(parts ...[]byte) []byte {
	out := []byte{0x30, 0}
	for _, p := range parts {
		out = append(out, p...)
	}
	out[1] = byte(len(out) - 2)
	return out
}

// TestStatements reads the extension qcStatements in each form that it may have,
// and says that it is not there, or not well formed.
func TestStatements(t *testing.T) {
	ca := newCA(t, sealtest.Config{Qualified: true})
	good := statements(compliance, qcType(2), device)
	all := []qualified.Code{qualified.NoQcStatements, qualified.NoQcCompliance, qualified.NotForSeals,
		qualified.NoQcDevice}
	other := []qualified.Code{qualified.NotForSeals}
	more := append([]byte{0x30, 10}, append(device[2:], 5, 0)...)
	for name, c := range map[string]struct {
		der  []byte
		want []qualified.Code
		says string
	}{
		"all":               {good, nil, ""},
		"another order":     {statements(qcType(2), device, compliance), nil, ""},
		"one more":          {statements(compliance, []byte{0x30, 5, 6, 3, 0x2a, 3, 4}, qcType(2), device), nil, ""},
		"with more in it":   {statements(compliance, qcType(2), more), nil, ""},
		"two purposes":      {statements(compliance, qcType(1, 2), device), other, "0.4.0.1862.1.6.1, 0.4.0.1862.1.6.2"},
		"another purpose":   {statements(compliance, qcType(3), device), other, "0.4.0.1862.1.6.3"},
		"no purpose":        {statements(compliance, qcType(), device), other, "servire ad altro"},
		"no statement":      {statements(), all[1:], "non si dichiara qualificato"},
		"something behind":  {append(append([]byte{}, good...), 5, 0), all, "non è ben formata"},
		"cut":               {good[:len(good)-1], all, "non è ben formata"},
		"nothing":           {[]byte{}, all, "non è ben formata"},
		"no list":           {[]byte{5, 0}, all, "non è ben formata"},
		"a statement is no": {statements(compliance, []byte{5, 0}), all, "non è ben formata"},
		"without name":      {statements(compliance, []byte{0x30, 2, 5, 0}), all, "non è ben formata"},
		"type without purposes": {statements(compliance, device, []byte{0x30, 8, 6, 6, 4, 0, 0x8e, 0x46, 1, 6}), all,
			"non è ben formata"},
		"more behind the purposes": {statements(compliance, device,
			[]byte{0x30, 12, 6, 6, 4, 0, 0x8e, 0x46, 1, 6, 0x30, 0, 5, 0}), all, "non è ben formata"},
		"a purpose is no": {statements(compliance, device,
			[]byte{0x30, 12, 6, 6, 4, 0, 0x8e, 0x46, 1, 6, 0x30, 2, 5, 0}), all, "non è ben formata"},
	} {
		chain, err := ca.Issue(ca.Signer().Public(), func(cert *x509.Certificate) {
			cert.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: c.der}}
		})
		require.NoError(t, err, name)
		var got []qualified.Code
		var said string
		for _, f := range qualified.Check(chain[0], chain[1:], time.Now()) {
			got = append(got, f.Code)
			said += f.Message
		}
		require.Equal(t, c.want, got, name)
		require.Contains(t, said, c.says, name)
	}
	chain, err := ca.Issue(ca.Signer().Public(), func(cert *x509.Certificate) { cert.ExtraExtensions = nil })
	require.NoError(t, err)
	require.Contains(t, qualified.Check(chain[0], chain[1:], time.Now())[0].Message, "manca")
}

// TestSubject asks for the names of a legal person, and of none besides.
func TestSubject(t *testing.T) {
	ca := newCA(t, sealtest.Config{Qualified: true})
	oid := func(last int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 4, last} }
	incomplete := []qualified.Code{qualified.IncompleteSubject}
	for name, c := range map[string]struct {
		change func(*x509.Certificate)
		want   []qualified.Code
		says   string
	}{
		"no name":         {func(c *x509.Certificate) { c.Subject.CommonName = "" }, incomplete, "commonName"},
		"no organization": {func(c *x509.Certificate) { c.Subject.Organization = nil }, incomplete, "organizationName"},
		"no country":      {func(c *x509.Certificate) { c.Subject.Country = nil }, incomplete, "countryName"},
		"a surname": {func(c *x509.Certificate) {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: oid(4), Value: "PROVA"})
		}, []qualified.Code{qualified.NaturalPerson}, "surname"},
		"certifies too": {func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign },
			[]qualified.Code{qualified.WrongKeyUsage}, "keyCertSign"},
		"signs lists too": {func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign },
			[]qualified.Code{qualified.WrongKeyUsage}, "cRLSign"},
		"signs": {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }, nil, ""},
		"both":  {func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageDigitalSignature }, nil, ""},
	} {
		chain, err := ca.Issue(ca.Signer().Public(), c.change)
		require.NoError(t, err, name)
		var got []qualified.Code
		var said string
		for _, f := range qualified.Check(chain[0], chain[1:], time.Now()) {
			got = append(got, f.Code)
			said += f.Message
		}
		require.Equal(t, c.want, got, name)
		require.Contains(t, said, c.says, name)
	}
	for id, good := range map[string]bool{
		"VATIT-1": true, "NTRIT-123": true, "CF:IT-1": true, "CFIT-1": false, "VATIT1": false, "vatIT-1": false,
		"VATIT-": false, "VATITA-1": false, "C:IT-1": false, "XVATIT-1": false,
	} {
		chain, err := ca.Issue(ca.Signer().Public(), func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: oid(97), Value: id}}
		})
		require.NoError(t, err, id)
		findings := qualified.Check(chain[0], chain[1:], time.Now())
		require.Equal(t, good, len(findings) == 0, "%s: %v", id, findings)
	}
}

// TestInstants judges certificates at the first and the last instant of their time,
// that of the issuer as that of the seal.
func TestInstants(t *testing.T) {
	ca := newCA(t, sealtest.Config{Qualified: true})
	leaf, issuer := ca.Chain()[0], ca.Chain()[1]
	for at, want := range map[time.Time]int{
		leaf.NotBefore: 0, leaf.NotAfter: 0, leaf.NotBefore.Add(-1): 2, leaf.NotAfter.Add(1): 1,
		issuer.NotAfter: 1, issuer.NotAfter.Add(1): 2,
	} {
		findings := qualified.Check(leaf, []*x509.Certificate{issuer}, at)
		require.Len(t, findings, want, "%s", at)
		for _, f := range findings {
			require.Equal(t, qualified.NotValid, f.Code)
			require.Equal(t, at.UTC().Format(time.RFC3339), f.Expected)
		}
	}
	require.Empty(t, qualified.Check(leaf, nil, leaf.NotBefore))
}
