package seal_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func TestCheckQualified(t *testing.T) {
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
		want   []seal.FindingCode
	}{
		"qualified":     {nil, nil},
		"no statements": {func(c *x509.Certificate) { c.ExtraExtensions = nil }, []seal.FindingCode{seal.NoQcStatements, seal.NoQcCompliance, seal.NotForSeals, seal.NoQcDevice}},
		"damaged statements": {func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: []byte{0x30, 1}}}
		}, []seal.FindingCode{seal.NoQcStatements, seal.NoQcCompliance, seal.NotForSeals, seal.NoQcDevice}},
		"no compliance":      {statements(device, typ), []seal.FindingCode{seal.NoQcCompliance}},
		"no type":            {statements(all, device), []seal.FindingCode{seal.NotForSeals}},
		"for signatures":     {statements(all, device, sealtest.QcTypeSign), []seal.FindingCode{seal.NotForSeals}},
		"no device":          {statements(all, typ), []seal.FindingCode{seal.NoQcDevice}},
		"no organization id": {func(c *x509.Certificate) { c.Subject.ExtraNames = nil }, []seal.FindingCode{seal.NoOrganizationID}},
		"bad organization id": {func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: "12345"}}
		}, []seal.FindingCode{seal.BadOrganizationID}},
		"fiscal code of a body": {func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: "CF:IT-00000000000"}}
		}, nil},
		"given name":      {subject(asn1.ObjectIdentifier{2, 5, 4, 42}, "PROVA"), []seal.FindingCode{seal.NaturalPerson}},
		"pseudonym":       {subject(asn1.ObjectIdentifier{2, 5, 4, 65}, "PROVA"), []seal.FindingCode{seal.NaturalPerson}},
		"no organization": {func(c *x509.Certificate) { c.Subject.Organization, c.Subject.Country = nil, nil }, []seal.FindingCode{seal.IncompleteSubject, seal.IncompleteSubject}},
		"encipherment":    {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, []seal.FindingCode{seal.WrongKeyUsage}},
		"expired":         {func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }, []seal.FindingCode{seal.NotValid}},
		"not yet":         {func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) }, []seal.FindingCode{seal.NotValid}},
	} {
		chain, err := ca.Issue(ca.Signer().Public(), c.change)
		require.NoError(t, err, name)
		findings := seal.CheckQualified(chain[0], chain[1:], now)
		var got []seal.FindingCode
		for _, f := range findings {
			got = append(got, f.Code)
			assert.NotEmpty(t, f.Message, name)
			assert.NotEmpty(t, f.Expected, name)
			assert.NotEmpty(t, f.Source, name)
		}
		assert.Equal(t, c.want, got, name)

		cfg := padesConfig(t, ca, seal.LevelB)
		cfg.Chain = chain
		_, err = seal.NewPAdES(cfg)
		if c.want == nil || c.want[0] != seal.WrongKeyUsage {
			assert.NoError(t, err, "%s: a trial sealer takes what may seal", name)
		}
		cfg.Production = true
		s, err := seal.NewPAdES(cfg)
		if c.want == nil {
			require.NoError(t, err, name)
			assert.True(t, s.Production())
			continue
		}
		assert.ErrorIs(t, err, seal.ErrCertificate, name)
		assert.Nil(t, s, name)
		if c.want[0] == seal.WrongKeyUsage {
			continue // refused before
		}
		assert.ErrorIs(t, err, seal.ErrNotQualified, name)
		var e *seal.NotQualifiedError
		require.ErrorAs(t, err, &e, name)
		assert.Len(t, e.Findings, len(c.want), name)
	}
}

func TestCheckQualifiedChain(t *testing.T) {
	ca, now := newCA(t, sealtest.Config{Qualified: true}), time.Now()
	other := newCA(t, sealtest.Config{})
	findings := seal.CheckQualified(ca.Chain()[0], other.Chain()[1:], now)
	require.Len(t, findings, 1)
	assert.Equal(t, seal.ChainNotContinuous, findings[0].Code)
	findings = seal.CheckQualified(ca.Root(), nil, now)
	require.NotEmpty(t, findings)
	assert.Equal(t, seal.IssuedByItself, findings[len(findings)-1].Code)
}

// TestProductionExpires seals with a certificate that was qualified when the
// sealer was made.
func TestProductionExpires(t *testing.T) {
	now := time.Now()
	ca := newCA(t, sealtest.Config{Qualified: true})
	cfg := padesConfig(t, ca, seal.LevelB)
	cfg.Production, cfg.Now = true, func() time.Time { return now }
	s := newPAdES(t, cfg)
	_, err := s.Seal(t.Context(), page(t), seal.Details{})
	require.NoError(t, err)
	now = now.AddDate(2, 0, 0)
	out, err := s.Seal(t.Context(), page(t), seal.Details{})
	assert.ErrorIs(t, err, seal.ErrCertificate)
	assert.Nil(t, out)
}
