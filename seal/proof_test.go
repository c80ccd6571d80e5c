package seal_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// signatures returns those of a document, in the order of its form.
func signatures(t testing.TB, doc []byte) []*pdf.Signature {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	return sigs
}

// withValue returns a copy of a document in which one signature has another
// value. No signature covers its own value: what covers the document otherwise
// still does.
func withValue(t testing.TB, doc []byte, sig *pdf.Signature, value []byte) []byte {
	t.Helper()
	hole := int(sig.ContentsEnd-sig.ContentsStart) - 2
	text := hex.EncodeToString(value)
	require.LessOrEqual(t, len(text), hole)
	out := bytes.Clone(doc)
	at := out[sig.ContentsStart+1 : sig.ContentsEnd-1]
	for i := range at {
		at[i] = '0'
	}
	copy(at, text)
	return out
}

// TestOtherTimestamps puts genuine time-stamps of a trusted authority where they
// do not belong: a time-stamp proves nothing about other bytes.
func TestOtherTimestamps(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	ext, err := ca.Extender()
	require.NoError(t, err)
	tsa, err := ca.Timestamper()
	require.NoError(t, err)
	other := func(data string) []byte {
		sum := sha256.Sum256([]byte(data))
		token, err := tsa.Timestamp(t.Context(), crypto.SHA256, sum[:])
		require.NoError(t, err)
		return token.Raw
	}

	// In the seal: the same signature as any, its time-stamp over something else.
	stamped, err := newPAdES(t, padesConfig(t, ca, seal.LevelT)).Seal(t.Context(), page(t), seal.Details{})
	require.NoError(t, err)
	sig := signatures(t, stamped)[0]
	h := sha256.New()
	for _, part := range sig.SignedBytes() {
		h.Write(part)
	}
	resign := func(timestamp func([]byte) ([]byte, error)) []byte {
		message, err := cms.Sign(cms.SignConfig{Signer: ca.Signer(), Chain: ca.Chain(), Digest: crypto.SHA256,
			Timestamp: timestamp}, h.Sum(nil))
		require.NoError(t, err)
		return withValue(t, stamped, sig, message)
	}
	honest := resign(func(value []byte) ([]byte, error) { return other(string(value)), nil })
	forged := resign(func([]byte) ([]byte, error) { return other("altro"), nil })

	// Over the document: the time-stamp of another one.
	lasting, err := newPAdES(t, padesConfig(t, ca, seal.LevelLTA)).Seal(t.Context(), page(t), seal.Details{})
	require.NoError(t, err)
	sigs := signatures(t, lasting)
	require.True(t, sigs[1].IsTimestamp())
	moved := withValue(t, lasting, sigs[1], other("altro"))

	for name, c := range map[string]struct {
		doc  []byte
		says string
	}{
		"of the seal, its own":        {honest, ""},
		"of the seal, another's":      {forged, "it is over other bytes"},
		"of the document, its own":    {lasting, ""},
		"of the document, another's":  {moved, "it is over other bytes"},
		"of the document, not signed": {withValue(t, lasting, sigs[1], corrupted(t, sigs[1])), "signature value"},
	} {
		extended, extendErr := ext.Extend(t.Context(), c.doc, seal.LevelLTA)
		term, termErr := seal.TermOf(t.Context(), c.doc)
		if c.says == "" {
			require.NoError(t, extendErr, name)
			require.NoError(t, termErr, name)
			continue
		}
		for _, err := range []error{extendErr, termErr} {
			assert.ErrorIs(t, err, seal.ErrDocument, name)
			assert.ErrorContains(t, err, c.says, name)
		}
		assert.Nil(t, extended, name)
		assert.Zero(t, term, name)
	}
}

// corrupted returns the value of a time-stamp with one bit of its signature
// changed.
func corrupted(t testing.TB, sig *pdf.Signature) []byte {
	t.Helper()
	message, _, err := cms.Split(sig.Contents)
	require.NoError(t, err)
	out := bytes.Clone(message)
	out[len(out)-1] ^= 1
	return out
}

// TestEarliestProof extends a seal that two time-stamps cover, neither with
// evidence for it, and whose certificate was revoked between their times: the
// earlier one proves that the seal was made while the certificate was good, in
// whichever order the two stand.
func TestEarliestProof(t *testing.T) {
	begin := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return begin.AddDate(0, 0, n) }
	for name, c := range map[string]struct {
		first, second, revoked int // days
		good                   bool
	}{
		"earlier first":               {10, 30, 20, true},
		"later first":                 {30, 10, 20, true},
		"both before":                 {10, 15, 20, true},
		"both after":                  {30, 35, 20, false},
		"revoked at the earlier one":  {10, 30, 10, false},
		"revoked just after that one": {10, 30, 11, true},
	} {
		at := &clock{begin}
		ca := newCA(t, sealtest.Config{Now: at.Now})
		doc, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), page(t), seal.Details{})
		require.NoError(t, err, name)
		// Further seals bring a time-stamp over all, and evidence for themselves
		// alone.
		for _, n := range []int{c.first, c.second} {
			at.now = day(n)
			cfg := padesConfig(t, ca, seal.LevelLTA)
			cfg.Signer, err = sealtest.NewKey(sealtest.P256)
			require.NoError(t, err, name)
			cfg.Chain, err = ca.Issue(cfg.Signer.Public(), nil)
			require.NoError(t, err, name)
			doc, err = newPAdES(t, cfg).Seal(t.Context(), doc, seal.Details{})
			require.NoError(t, err, name)
		}
		at.now = day(40)
		ca.Revoke(ca.Chain()[0], day(c.revoked))
		ext, err := ca.Extender()
		require.NoError(t, err, name)
		out, err := ext.Extend(t.Context(), doc, seal.LevelLTA)
		if c.good {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorIs(t, err, seal.ErrRevoked, name)
		assert.Nil(t, out, name)
	}
}

// TestTermOf holds a document to the first of its certificates that ends: of
// seals without a time-stamp over all, to the first one; otherwise to the
// authority of the last time-stamp, whatever the earlier ones say.
func TestTermOf(t *testing.T) {
	begin := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	at := &clock{begin}
	ca := newCA(t, sealtest.Config{Now: at.Now})
	sealed := func(doc []byte, level seal.Level, months int, stampYears int) ([]byte, *x509.Certificate,
		*sealtest.TSA) {
		cfg := padesConfig(t, ca, level)
		var err error
		cfg.Signer, err = sealtest.NewKey(sealtest.P256)
		require.NoError(t, err)
		cfg.Chain, err = ca.Issue(cfg.Signer.Public(),
			func(c *x509.Certificate) { c.NotAfter = begin.AddDate(0, months, 0) })
		require.NoError(t, err)
		tsa, err := ca.NewTSA(sealtest.TSAConfig{NotAfter: begin.AddDate(stampYears, 0, 0)})
		require.NoError(t, err)
		cfg.Timestamp, err = ca.TSAClient(tsa)
		require.NoError(t, err)
		out, err := newPAdES(t, cfg).Seal(t.Context(), doc, seal.Details{})
		require.NoError(t, err)
		return out, cfg.Chain[0], tsa
	}
	holds := func(doc []byte, level seal.Level, by *x509.Certificate, name string) {
		t.Helper()
		term, err := seal.TermOf(t.Context(), doc)
		require.NoError(t, err, name)
		assert.Equal(t, level, term.Level, name)
		assert.True(t, by.Equal(term.By), "%s: by %s, expected %s", name, term.By.NotAfter, by.NotAfter)
		assert.Equal(t, by.NotAfter, term.Until, name)
	}
	for _, months := range [][]int{{6, 9, 12}, {12, 9, 6}, {9, 6, 12}} {
		doc := page(t)
		var first *x509.Certificate
		for _, m := range months {
			var cert *x509.Certificate
			if doc, cert, _ = sealed(doc, seal.LevelB, m, 5); m == slices.Min(months) {
				first = cert
			}
		}
		holds(doc, seal.LevelB, first, "seals alone")
	}

	// A seal's own time-stamp carries the proof of that seal.
	doc, _, tsa := sealed(page(t), seal.LevelT, 6, 3)
	holds(doc, seal.LevelT, tsa.Certificate(), "time-stamped")
	second, cert, _ := sealed(doc, seal.LevelB, 9, 5)
	holds(second, seal.LevelB, cert, "and a seal that is not")
	third, _, _ := sealed(doc, seal.LevelT, 9, 5)
	holds(third, seal.LevelT, tsa.Certificate(), "and one whose authority ends later")

	// Of time-stamps over all the last counts, whether it ends first or not.
	for _, years := range [][]int{{3, 5}, {5, 3}} {
		doc, _, _ := sealed(page(t), seal.LevelLTA, 6, years[0])
		doc, _, tsa := sealed(doc, seal.LevelLTA, 6, years[1])
		holds(doc, seal.LevelLTA, tsa.Certificate(), "time-stamps over all")
		later, cert, _ := sealed(doc, seal.LevelB, 9, 5)
		holds(later, seal.LevelB, cert, "a seal after the last time-stamp")
		later, _, _ = sealed(doc, seal.LevelB, 100, 5)
		holds(later, seal.LevelB, tsa.Certificate(), "and one that outlives its authority")
	}
}
