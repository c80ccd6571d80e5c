package verify_test

import (
	"context"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
	"github.com/liste-elettorali/anpr/verify/verifytest"
)

// sourceFunc is a source of trust that somebody else writes.
type sourceFunc func(context.Context, verify.Purpose) ([]verify.Anchor, error)

func (f sourceFunc) Anchors(ctx context.Context, p verify.Purpose) ([]verify.Anchor, error) {
	return f(ctx, p)
}

// TestAnchors trusts authorities for a purpose, within dates.
func TestAnchors(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	plain, stamped := padesWith(t, ca, seal.LevelB), padesWith(t, ca, seal.LevelT)
	root := ca.Root()
	seals, stamps := []verify.Purpose{verify.PurposeSeal}, []verify.Purpose{verify.PurposeTimestamp}
	later := now.Add(48 * time.Hour)
	for name, c := range map[string]struct {
		source  verify.TrustSource
		doc     []byte
		at      time.Time
		trust   verify.Outcome
		time    verify.Outcome
		message string
		listed  bool
	}{
		"everything": {verify.Anchors{{Certificate: root}}, stamped, now, verify.Passed, verify.Passed, "",
			false},
		"listed": {verify.Anchors{{Certificate: root, Qualified: true}}, stamped, now, verify.Passed,
			verify.Passed, "", true},
		"only seals": {verify.Anchors{{Certificate: root, Purposes: seals}}, stamped, now, verify.Passed,
			verify.NotDone, "", false},
		"only time-stamps": {verify.Anchors{{Certificate: root, Purposes: stamps}}, stamped, now, verify.NotDone,
			verify.Passed, "alcuna autorità affidabile", false},
		"both apart": {verify.Anchors{{Certificate: root, Purposes: stamps},
			{Certificate: root, Purposes: seals}}, stamped, now, verify.Passed, verify.Passed, "", false},
		"from tomorrow": {verify.Anchors{{Certificate: root, From: now.Add(24 * time.Hour)}}, plain, now,
			verify.Failed, verify.NotDone, "al 22/11/2026 alle 09:00:00 non era affidabile", false},
		"until now": {verify.Anchors{{Certificate: root, Until: now}}, plain, now, verify.Failed,
			verify.NotDone, "non era affidabile", false},
		"until after": {verify.Anchors{{Certificate: root, Until: now.Add(time.Second)}}, plain, now,
			verify.Passed, verify.NotDone, "", false},
		"withdrawn, unproved": {verify.Anchors{{Certificate: root, Until: now.Add(24 * time.Hour)}}, plain, later,
			verify.Failed, verify.NotDone, "non era affidabile", false},
		"withdrawn, proved": {verify.Anchors{{Certificate: root, Purposes: seals, Until: now.Add(24 * time.Hour)},
			{Certificate: root, Purposes: stamps}}, stamped, later,
			verify.Passed, verify.Passed, "", false},
		"of another": {verify.Anchors{{Certificate: newCA(t, sealtest.Config{}).Root()}}, plain, now, verify.Failed,
			verify.NotDone, "non risale", false},
		"a function": {sourceFunc(func(_ context.Context, p verify.Purpose) ([]verify.Anchor, error) {
			return []verify.Anchor{{Certificate: root, Purposes: []verify.Purpose{p}}}, nil
		}), stamped, now, verify.Passed, verify.Passed, "", false},
		"a source that fails": {sourceFunc(func(context.Context, verify.Purpose) ([]verify.Anchor, error) {
			return nil, errors.New("no list")
		}), plain, now,
			verify.NotDone, verify.NotDone, "non è disponibile", false},
		"an anchor of nothing": {sourceFunc(func(context.Context, verify.Purpose) ([]verify.Anchor, error) {
			return make([]verify.Anchor, 1), nil
		}), plain, now,
			verify.NotDone, verify.NotDone, "non è disponibile", false},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := verify.New(verify.Config{Source: c.source, Now: fixedNow})
			require.NoError(t, err)
			r := v.PDF(t.Context(), c.doc, c.at)
			checkReport(t, r)
			trust, _ := r.Check(verify.CodeTrust)
			assert.Equal(t, c.trust, trust.Outcome, trust.Message)
			assert.Contains(t, trust.Message, c.message)
			when, _ := r.Check(verify.CodeTime)
			assert.Equal(t, c.time, when.Outcome, when.Message)
			assert.Equal(t, c.trust == verify.Passed, r.Valid)
			assert.Equal(t, c.listed, r.Signatures[0].Anchor.Qualified)
			if r.Valid {
				assert.True(t, r.Signatures[0].Anchor.Certificate.Equal(root))
			}
		})
	}
}

// TestPolicies trusts an authority for some policies alone.
func TestPolicies(t *testing.T) {
	oid := func(n ...uint64) x509.OID {
		o, err := x509.OIDFromInts(n)
		require.NoError(t, err)
		return o
	}
	device, other := oid(0, 4, 0, 194112, 1, 3), oid(1, 3, 6, 1, 4, 1, 99999, 1)
	sealed := func(direct bool, policies ...x509.OID) (*x509.Certificate, []byte) {
		ca := newCA(t, sealtest.Config{NoIntermediate: direct})
		key, err := sealtest.NewKey(sealtest.P256)
		require.NoError(t, err)
		chain, err := ca.Issue(key.Public(), func(c *x509.Certificate) { c.Policies = policies })
		require.NoError(t, err)
		s, err := seal.NewPAdES(seal.PAdESConfig{Signer: key, Chain: chain, Now: fixedNow})
		require.NoError(t, err)
		out, err := s.Seal(t.Context(), sealtest.Document("politiche"), seal.Details{})
		require.NoError(t, err)
		return ca.Root(), out
	}
	for name, c := range map[string]struct {
		direct   bool
		has      []x509.OID
		trusted  []x509.OID
		accepted bool
	}{
		"any policy":                {true, nil, nil, true},
		"the one":                   {true, []x509.OID{device}, []x509.OID{device}, true},
		"one of several":            {true, []x509.OID{other, device}, []x509.OID{oid(1, 2, 3), device}, true},
		"another":                   {true, []x509.OID{other}, []x509.OID{device}, false},
		"none":                      {true, nil, []x509.OID{device}, false},
		"an authority between that": {false, []x509.OID{device}, []x509.OID{device}, false}, // names no policy
	} {
		root, doc := sealed(c.direct, c.has...)
		v, err := verify.New(verify.Config{Source: verify.Anchors{{Certificate: root, Policies: c.trusted}},
			Now: fixedNow})
		require.NoError(t, err)
		r := v.PDF(t.Context(), doc, now)
		checkReport(t, r)
		assert.Equal(t, c.accepted, r.Valid, "%s: %+v", name, r.Checks)
		if trust, _ := r.Check(verify.CodeTrust); !c.accepted {
			assert.Equal(t, verify.Failed, trust.Outcome, name)
			assert.Contains(t, trust.Message, "non per le politiche", name)
		}
	}
	// The same root for each of two policies.
	root, doc := sealed(true, other)
	v, err := verify.New(verify.Config{Source: verify.Anchors{{Certificate: root, Policies: []x509.OID{device},
		Qualified: true}, {Certificate: root, Policies: []x509.OID{other}}}, Now: fixedNow})
	require.NoError(t, err)
	r := v.PDF(t.Context(), doc, now)
	assert.True(t, r.Valid)
	assert.False(t, r.Signatures[0].Anchor.Qualified, "the anchor that counts is that of the policy")
}

func TestAnchorsSource(t *testing.T) {
	anchor := func() verify.Anchor { return verify.Anchor{Certificate: newCA(t, sealtest.Config{}).Root()} }
	seals := anchor()
	seals.Qualified, seals.From, seals.Until = true, now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0)
	source := func(_ *testing.T, anchors []verify.Anchor) verify.TrustSource { return verify.Anchors(anchors) }
	verifytest.TestTrustSource(t, source, seals, anchor(), anchor())
}
