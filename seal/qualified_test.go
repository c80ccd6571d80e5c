package seal_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/qualified"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// TestProduction holds that only a production sealer takes the requirements of
// qualified certificates for its own; what they are is in package qualified.
func TestProduction(t *testing.T) {
	ca := newCA(t, sealtest.Config{Qualified: true})
	for name, c := range map[string]struct {
		change func(*x509.Certificate)
		want   []qualified.Code
	}{
		"qualified": {nil, nil},
		"no statements": {func(c *x509.Certificate) {
			c.ExtraExtensions = nil
		}, []qualified.Code{qualified.NoQcStatements, qualified.NoQcCompliance, qualified.NotForSeals,
			qualified.NoQcDevice}},
		"no organization id": {func(c *x509.Certificate) { c.Subject.ExtraNames = nil },
			[]qualified.Code{qualified.NoOrganizationID}},
		"expired": {func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) },
			[]qualified.Code{qualified.NotValid}},
	} {
		chain, err := ca.Issue(ca.Signer().Public(), c.change)
		require.NoError(t, err, name)
		cfg := padesConfig(t, ca, seal.LevelB)
		cfg.Chain = chain
		_, err = seal.NewPAdES(cfg)
		assert.NoError(t, err, "%s: a trial sealer takes what may seal", name)
		cfg.Production = true
		s, err := seal.NewPAdES(cfg)
		if c.want == nil {
			require.NoError(t, err, name)
			assert.True(t, s.Production())
			continue
		}
		assert.Nil(t, s, name)
		assert.ErrorIs(t, err, seal.ErrCertificate, name)
		assert.ErrorIs(t, err, seal.ErrNotQualified, name)
		var e *seal.NotQualifiedError
		require.ErrorAs(t, err, &e, name)
		var got []qualified.Code
		for _, f := range e.Findings {
			got = append(got, f.Code)
		}
		assert.Equal(t, c.want, got, name)
	}
	chain, err := ca.Issue(ca.Signer().Public(),
		func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	require.NoError(t, err)
	for _, production := range []bool{false, true} {
		cfg := padesConfig(t, ca, seal.LevelB)
		cfg.Chain, cfg.Production = chain, production
		s, err := seal.NewPAdES(cfg)
		assert.ErrorIs(t, err, seal.ErrCertificate, "no sealer takes a key that may not sign")
		assert.Nil(t, s)
	}
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
	assert.Nil(t, out)
	assert.ErrorIs(t, err, seal.ErrCertificate)
	var e *seal.NotQualifiedError
	require.ErrorAs(t, err, &e, "a production sealer says what its certificate lacks now")
	for _, f := range e.Findings {
		assert.Equal(t, qualified.NotValid, f.Code)
	}

	// A seal may claim another time than the clock's: it is judged at that one.
	now = now.AddDate(-2, 0, 0)
	_, err = s.Seal(t.Context(), page(t), seal.Details{Time: now.AddDate(2, 0, 0)})
	assert.ErrorAs(t, err, &e)

	// A trial sealer is no exception from the validity itself.
	cfg.Production = false
	out, err = newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{Time: now.AddDate(2, 0, 0)})
	assert.Nil(t, out)
	assert.ErrorIs(t, err, seal.ErrCertificate)
	assert.NotErrorIs(t, err, seal.ErrNotQualified)
}
