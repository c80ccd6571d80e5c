package qualified_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal/qualified"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func newCA(t *testing.T, cfg sealtest.Config) *sealtest.CA {
	t.Helper()
	ca, err := sealtest.NewCA(cfg)
	require.NoError(t, err)
	return ca
}

func TestCheck(t *testing.T) {
	ca := newCA(t, sealtest.Config{Qualified: true})
	now := time.Now()
	statements := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{sealtest.QcStatements(names...)} }
	}
	subject := func(typ asn1.ObjectIdentifier, value string) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: typ, Value: value})
		}
	}
	const all, device, typ = sealtest.QcCompliance, sealtest.QcSSCD, sealtest.QcTypeSeal
	for name, c := range map[string]struct {
		change func(*x509.Certificate)
		want   []qualified.Code
	}{
		"qualified": {nil, nil},
		"no statements": {func(c *x509.Certificate) {
			c.ExtraExtensions = nil
		}, []qualified.Code{qualified.NoQcStatements, qualified.NoQcCompliance, qualified.NotForSeals,
			qualified.NoQcDevice}},
		"damaged statements": {func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3},
				Value: []byte{0x30, 1}}}
		}, []qualified.Code{qualified.NoQcStatements, qualified.NoQcCompliance, qualified.NotForSeals,
			qualified.NoQcDevice}},
		"no compliance":  {statements(device, typ), []qualified.Code{qualified.NoQcCompliance}},
		"no type":        {statements(all, device), []qualified.Code{qualified.NotForSeals}},
		"for signatures": {statements(all, device, sealtest.QcTypeSign), []qualified.Code{qualified.NotForSeals}},
		"no device":      {statements(all, typ), []qualified.Code{qualified.NoQcDevice}},
		"no organization id": {func(c *x509.Certificate) { c.Subject.ExtraNames = nil },
			[]qualified.Code{qualified.NoOrganizationID}},
		"bad organization id": {func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 97},
				Value: "12345"}}
		}, []qualified.Code{qualified.BadOrganizationID}},
		"fiscal code of a body": {func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 97},
				Value: "CF:IT-00000000000"}}
		}, nil},
		"given name": {subject(asn1.ObjectIdentifier{2, 5, 4, 42}, "PROVA"),
			[]qualified.Code{qualified.NaturalPerson}},
		"pseudonym": {subject(asn1.ObjectIdentifier{2, 5, 4, 65}, "PROVA"),
			[]qualified.Code{qualified.NaturalPerson}},
		"no organization": {func(c *x509.Certificate) { c.Subject.Organization, c.Subject.Country = nil, nil },
			[]qualified.Code{qualified.IncompleteSubject, qualified.IncompleteSubject}},
		"encipherment": {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment },
			[]qualified.Code{qualified.WrongKeyUsage}},
		"expired": {func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) },
			[]qualified.Code{qualified.NotValid}},
		"not yet": {func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) },
			[]qualified.Code{qualified.NotValid}},
	} {
		chain, err := ca.Issue(ca.Signer().Public(), c.change)
		require.NoError(t, err, name)
		findings := qualified.Check(chain[0], chain[1:], now)
		var got []qualified.Code
		for _, f := range findings {
			got = append(got, f.Code)
			assert.NotEmpty(t, f.Message, name)
			assert.NotEmpty(t, f.Expected, name)
			assert.NotEmpty(t, f.Source, name)
		}
		assert.Equal(t, c.want, got, name)
		assert.Equal(t, findings, qualified.CheckVerified(chain[0], chain[1:], now), name)
	}
}

func TestCheckChain(t *testing.T) {
	ca, now := newCA(t, sealtest.Config{Qualified: true}), time.Now()
	other := newCA(t, sealtest.Config{})
	findings := qualified.Check(ca.Chain()[0], other.Chain()[1:], now)
	require.Len(t, findings, 1)
	assert.Equal(t, qualified.ChainNotContinuous, findings[0].Code)
	// Who says that a chain was verified is believed that, and nothing else.
	later := ca.Root().NotAfter.Add(time.Hour)
	require.Empty(t, qualified.CheckVerified(ca.Chain()[0], other.Chain()[1:], now))
	require.Len(t, qualified.CheckVerified(ca.Chain()[0], ca.Chain()[1:], later), len(ca.Chain()))
	require.Equal(t, qualified.NoCertificate, qualified.CheckVerified(ca.Chain()[0], []*x509.Certificate{nil}, now)[0].Code)
	findings = qualified.Check(ca.Root(), nil, now)
	require.NotEmpty(t, findings)
	assert.Equal(t, qualified.IssuedByItself, findings[len(findings)-1].Code)
}
