package verify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
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
		"everything":          {verify.Anchors{{Certificate: root}}, stamped, now, verify.Passed, verify.Passed, "", false},
		"listed":              {verify.Anchors{{Certificate: root, Qualified: true}}, stamped, now, verify.Passed, verify.Passed, "", true},
		"only seals":          {verify.Anchors{{Certificate: root, Purposes: seals}}, stamped, now, verify.Passed, verify.NotDone, "", false},
		"only time-stamps":    {verify.Anchors{{Certificate: root, Purposes: stamps}}, stamped, now, verify.NotDone, verify.Passed, "alcuna autorità affidabile", false},
		"both apart":          {verify.Anchors{{Certificate: root, Purposes: stamps}, {Certificate: root, Purposes: seals}}, stamped, now, verify.Passed, verify.Passed, "", false},
		"from tomorrow":       {verify.Anchors{{Certificate: root, From: now.Add(24 * time.Hour)}}, plain, now, verify.Failed, verify.NotDone, "al 22/11/2026 alle 09:00:00 non era affidabile", false},
		"until now":           {verify.Anchors{{Certificate: root, Until: now}}, plain, now, verify.Failed, verify.NotDone, "non era affidabile", false},
		"until after":         {verify.Anchors{{Certificate: root, Until: now.Add(time.Second)}}, plain, now, verify.Passed, verify.NotDone, "", false},
		"withdrawn, unproved": {verify.Anchors{{Certificate: root, Until: now.Add(24 * time.Hour)}}, plain, later, verify.Failed, verify.NotDone, "non era affidabile", false},
		"withdrawn, proved": {verify.Anchors{{Certificate: root, Purposes: seals, Until: now.Add(24 * time.Hour)}, {Certificate: root, Purposes: stamps}}, stamped, later,
			verify.Passed, verify.Passed, "", false},
		"of another": {verify.Anchors{{Certificate: newCA(t, sealtest.Config{}).Root()}}, plain, now, verify.Failed, verify.NotDone, "non risale", false},
		"a function": {sourceFunc(func(_ context.Context, p verify.Purpose) ([]verify.Anchor, error) {
			return []verify.Anchor{{Certificate: root, Purposes: []verify.Purpose{p}}}, nil
		}), stamped, now, verify.Passed, verify.Passed, "", false},
		"a source that fails": {sourceFunc(func(context.Context, verify.Purpose) ([]verify.Anchor, error) { return nil, errors.New("no list") }), plain, now,
			verify.NotDone, verify.NotDone, "non è disponibile", false},
		"an anchor of nothing": {sourceFunc(func(context.Context, verify.Purpose) ([]verify.Anchor, error) { return make([]verify.Anchor, 1), nil }), plain, now,
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
