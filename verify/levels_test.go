package verify_test

import (
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

func padesWith(t testing.TB, ca *sealtest.CA, level seal.Level) []byte {
	t.Helper()
	s, err := ca.PAdES(level)
	require.NoError(t, err)
	out, err := s.Seal(t.Context(), sealtest.Document("livelli"), seal.Details{Reason: "Rilascio"})
	require.NoError(t, err)
	return out
}

// stampVerifier trusts the root for seals and for time-stamps.
func stampVerifier(t testing.TB, change func(*verify.Config), trust ...*x509.Certificate) *verify.Verifier {
	t.Helper()
	cfg := verify.Config{Trust: trust, Timestamps: trust, Now: fixedNow}
	if change != nil {
		change(&cfg)
	}
	v, err := verify.New(cfg)
	require.NoError(t, err)
	return v
}

func TestLevels(t *testing.T) {
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.RSA2048} {
		ca := newCA(t, sealtest.Config{Key: key})
		for level, want := range map[seal.Level]struct {
			level            verify.Level
			time, revocation verify.Outcome
		}{
			seal.LevelB:   {verify.LevelBB, verify.NotDone, verify.NotDone},
			seal.LevelT:   {verify.LevelBT, verify.Passed, verify.NotDone},
			seal.LevelLT:  {verify.LevelBLT, verify.Passed, verify.Passed},
			seal.LevelLTA: {verify.LevelBLTA, verify.Passed, verify.Passed},
		} {
			t.Run(fmt.Sprint(key, " ", level), func(t *testing.T) {
				doc := padesWith(t, ca, level)
				r := stampVerifier(t, nil, ca.Root()).PDF(t.Context(), doc, time.Time{})
				checkReport(t, r)
				for _, c := range r.Checks {
					t.Log(c.Code, c.Outcome, c.Message, c.Evidence)
				}
				assert.True(t, r.Valid)
				assert.Equal(t, want.level, r.Level)
				assert.Equal(t, want.time, outcome(r, verify.CodeTime))
				assert.Equal(t, want.revocation, outcome(r, verify.CodeRevocation))
				assert.NotEmpty(t, r.Signatures[0].Qualified, "an ordinary certificate")

				// Without anchors for time-stamps they prove nothing.
				r = verifier(t, ca.Root()).PDF(t.Context(), doc, time.Time{})
				assert.True(t, r.Valid)
				assert.Equal(t, verify.NotDone, outcome(r, verify.CodeTime))
			})
		}
	}
}

func TestQualified(t *testing.T) {
	ca := newCA(t, sealtest.Config{Qualified: true})
	r := stampVerifier(t, nil, ca.Root()).PDF(t.Context(), padesWith(t, ca, seal.LevelB), time.Time{})
	require.True(t, r.Signatures[0].Trusted)
	assert.Empty(t, r.Signatures[0].Qualified)
}

// TestAfterExpiry judges long after the certificate of the seal has expired.
func TestAfterExpiry(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	v := stampVerifier(t, nil, ca.Root())
	end := ca.Chain()[0].NotAfter
	for level, valid := range map[seal.Level]bool{seal.LevelB: false, seal.LevelT: true, seal.LevelLT: true,
		seal.LevelLTA: true} {
		doc := padesWith(t, ca, level)
		before := v.PDF(t.Context(), doc, end.Add(-time.Hour))
		assert.True(t, before.Valid, level)
		after := v.PDF(t.Context(), doc, end.Add(time.Hour))
		checkReport(t, after)
		c, _ := after.Check(verify.CodeTrust)
		assert.Equal(t, valid, after.Valid, "%s: %s", level, c.Message)
	}
	// Before it was made, its time-stamp is of the future.
	doc := padesWith(t, ca, seal.LevelT)
	early := v.PDF(t.Context(), doc, now.Add(-30*time.Minute))
	c, _ := early.Check(verify.CodeTime)
	assert.Equal(t, verify.NotDone, c.Outcome)
	assert.Contains(t, c.Message, "successivo a quello della verifica")
}

// TestRevoked revokes the certificate before and after the seal.
func TestRevoked(t *testing.T) {
	for name, k := range map[string]struct {
		level seal.Level
		at    time.Duration
		want  verify.Outcome
	}{
		"before, no proof":      {seal.LevelB, -time.Minute, verify.Failed},
		"after, no proof":       {seal.LevelB, time.Minute, verify.Failed},
		"before, proved":        {seal.LevelT, -10 * time.Minute, verify.Failed},
		"after, proved":         {seal.LevelT, time.Hour, verify.Passed},
		"not revoked, proved":   {seal.LevelT, 0, verify.Passed},
		"not revoked, unproved": {seal.LevelB, 0, verify.Passed},
	} {
		t.Run(name, func(t *testing.T) {
			ca := newCA(t, sealtest.Config{CRLOnly: true})
			doc := padesWith(t, ca, k.level)
			if k.at != 0 {
				ca.Revoke(ca.Chain()[0], now.Add(k.at))
			}
			var lists [][]byte
			for _, c := range ca.Chain()[:2] {
				data, err := ca.Fetch(t.Context(), seal.FetchRequest{URL: c.CRLDistributionPoints[0], Max: 1 << 20})
				require.NoError(t, err)
				lists = append(lists, data)
			}
			v := stampVerifier(t, func(c *verify.Config) { c.CRLs = lists }, ca.Root())
			r := v.PDF(t.Context(), doc, now.Add(2*time.Hour))
			checkReport(t, r)
			c, _ := r.Check(verify.CodeRevocation)
			assert.Equal(t, k.want, c.Outcome, c.Message)
			assert.Equal(t, k.want == verify.Passed, r.Valid)
		})
	}
}

// TestStampOfOthers gives a time-stamp of somebody whom nobody trusts.
func TestStampOfOthers(t *testing.T) {
	ca, other := newCA(t, sealtest.Config{}), newCA(t, sealtest.Config{})
	cfg, err := ca.PAdESConfig(seal.LevelT)
	require.NoError(t, err)
	cfg.Timestamp, err = other.Timestamper()
	require.NoError(t, err)
	s, err := seal.NewPAdES(cfg)
	require.NoError(t, err)
	doc, err := s.Seal(t.Context(), sealtest.Document("altri"), seal.Details{})
	require.NoError(t, err)
	r := stampVerifier(t, nil, ca.Root()).PDF(t.Context(), doc, time.Time{})
	assert.True(t, r.Valid, "the seal is as good as without it")
	c, _ := r.Check(verify.CodeTime)
	assert.Equal(t, verify.NotDone, c.Outcome)
	assert.Contains(t, c.Message, "non risale")
	expired := stampVerifier(t, nil, ca.Root()).PDF(t.Context(), doc, ca.Chain()[0].NotAfter.Add(time.Hour))
	assert.False(t, expired.Valid)
}
