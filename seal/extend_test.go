package seal_test

import (
	"context"
	"crypto/x509"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// A clock that a test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func TestExtend(t *testing.T) {
	at := &clock{time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	ca := newCA(t, sealtest.Config{Now: at.Now})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelT))
	doc, err := s.Seal(t.Context(), page(t), seal.Details{})
	require.NoError(t, err)
	ext, err := ca.Extender()
	require.NoError(t, err)

	at.now = at.now.Add(30 * 24 * time.Hour)
	lt, err := ext.Extend(t.Context(), doc, seal.LevelLT)
	require.NoError(t, err)
	term, err := seal.TermOf(t.Context(), lt)
	require.NoError(t, err)
	assert.Equal(t, seal.LevelLT, term.Level)

	lta, err := ext.Extend(t.Context(), lt, seal.LevelLTA)
	require.NoError(t, err)
	term, err = seal.TermOf(t.Context(), lta)
	require.NoError(t, err)
	assert.Equal(t, seal.LevelLTA, term.Level)
	assert.Equal(t, time.Date(2031, 11, 22, 7, 0, 0, 0, time.UTC), term.Until, "the certificate of the TSA")

	// Four years on, the seal's certificate is long gone; a new TSA renews.
	at.now = at.now.AddDate(4, 0, 0)
	tsa, err := ca.NewTSA(sealtest.TSAConfig{})
	require.NoError(t, err)
	client, err := ca.TSAClient(tsa)
	require.NoError(t, err)
	ext, err = seal.NewExtender(seal.ExtenderConfig{Timestamp: client, Revocation: ca.Revocation(),
		Roots: []*x509.Certificate{ca.Root()}, Now: at.Now})
	require.NoError(t, err)
	renewed, err := ext.Extend(t.Context(), lta, seal.LevelLTA)
	require.NoError(t, err)
	again, err := seal.TermOf(t.Context(), renewed)
	require.NoError(t, err)
	assert.Equal(t, seal.LevelLTA, again.Level)
	assert.True(t, again.Until.After(term.Until), "%s", again.Until)
	assert.True(t, again.By.Equal(tsa.Certificate()))
	f, err := pdf.Parse(t.Context(), renewed, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	assert.Len(t, sigs, 3)

	// Nothing that was in the document is written twice.
	twice, err := ext.Extend(t.Context(), renewed, seal.LevelLTA)
	require.NoError(t, err)
	assert.Less(t, len(twice)-len(renewed), len(renewed)-len(lta))

	v, err := verify.New(verify.Config{Trust: []*x509.Certificate{ca.Root()},
		Now: func() time.Time { return at.now.AddDate(-4, 0, 0) }})
	require.NoError(t, err)
	r := v.PDF(t.Context(), twice, time.Time{})
	c, _ := r.Check(verify.CodeLaterRevisions)
	assert.Equal(t, verify.Passed, c.Outcome, c.Message)
	assert.True(t, r.Valid)
}

func TestExtendRefuses(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	ext, err := ca.Extender()
	require.NoError(t, err)
	doc, err := newPAdES(t, padesConfig(t, ca, seal.LevelT)).Seal(t.Context(), page(t),
		seal.Details{Reason: "Rilascio"})
	require.NoError(t, err)
	refused := func(doc []byte, says string, is error) {
		t.Helper()
		out, err := ext.Extend(t.Context(), doc, seal.LevelLTA)
		assert.ErrorIs(t, err, is)
		assert.ErrorContains(t, err, says)
		assert.Nil(t, out)
	}
	refused(page(t), "not sealed", seal.ErrDocument)
	_, err = seal.TermOf(t.Context(), page(t))
	assert.ErrorIs(t, err, seal.ErrDocument)
	_, err = ext.Extend(t.Context(), doc, seal.LevelT)
	assert.ErrorContains(t, err, "expected B-LT or B-LTA")

	broken := append([]byte(nil), doc...)
	for i := range broken {
		if string(broken[i:i+8]) == "Rilascio" {
			broken[i] = 'X'
			break
		}
	}
	refused(broken, "signed was", seal.ErrDocument)
	_, err = seal.TermOf(t.Context(), broken)
	assert.ErrorIs(t, err, seal.ErrDocument)

	stranger := newCA(t, sealtest.Config{})
	other, err := newPAdES(t, padesConfig(t, stranger, seal.LevelT)).Seal(t.Context(), page(t), seal.Details{})
	require.NoError(t, err)
	refused(other, "not a configured root", seal.ErrDocument)

	// Revoked after the time-stamp: the seal was good when it was made.
	ca.Revoke(ca.Chain()[0], time.Now().Add(time.Hour))
	ext, err = ca.Extender()
	require.NoError(t, err)
	_, err = ext.Extend(t.Context(), doc, seal.LevelLTA)
	require.NoError(t, err)
	ca.Revoke(ca.Chain()[0], time.Now().Add(-time.Hour))
	ext, err = ca.Extender()
	require.NoError(t, err)
	refused(doc, "certificate is revoked", seal.ErrRevoked)
	out, err := newPAdES(t, padesConfig(t, ca, seal.LevelLT)).Seal(t.Context(), page(t), seal.Details{})
	assert.ErrorIs(t, err, seal.ErrRevoked)
	assert.Nil(t, out)
}

// TestOverHTTP asks authority and status over HTTP, as in production.
func TestOverHTTP(t *testing.T) {
	var ca *sealtest.CA
	server := httptest.NewUnstartedServer(nil)
	server.Start()
	defer server.Close()
	ca = newCA(t, sealtest.Config{URL: server.URL})
	server.Config.Handler = ca
	client, err := seal.NewTSA(seal.TSAConfig{Servers: []seal.TSAServer{{URL: server.URL + "/nothing"},
		{URL: server.URL + "/tsa"}}, Roots: []*x509.Certificate{ca.Root()}})
	require.NoError(t, err)
	cfg := padesConfig(t, ca, seal.LevelLTA)
	cfg.Timestamp, cfg.Revocation = client, seal.NewRevocation(seal.RevocationConfig{})
	out, err := newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
	require.NoError(t, err)
	term, err := seal.TermOf(t.Context(), out)
	require.NoError(t, err)
	assert.Equal(t, seal.LevelLTA, term.Level)

	server.Close()
	_, err = newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
	assert.ErrorIs(t, err, seal.ErrTimestamp)
	cfg.Timestamp, err = ca.Timestamper()
	require.NoError(t, err)
	cfg.Revocation = seal.NewRevocation(seal.RevocationConfig{})
	_, err = newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
	assert.ErrorIs(t, err, seal.ErrRevocation)
}

// TestTimestampFaults asks authorities that lie or hang: no document comes of
// it, and an honest one after them helps.
func TestTimestampFaults(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	honest, err := ca.NewTSA(sealtest.TSAConfig{})
	require.NoError(t, err)
	for fault, says := range map[sealtest.Fault]string{
		sealtest.WrongNonce: "another nonce", sealtest.NoNonce: "another nonce",
		sealtest.WrongImprint: "another digest",
		sealtest.OldTime:      "from now: expected at most 5m0s", sealtest.WrongUsage: "not one for time-stamps",
		sealtest.Stranger: "certificate signed by unknown authority",
		sealtest.Refusing: "refused with status 2", sealtest.Garbage: "malformed", sealtest.Corrupt: "signature value",
		sealtest.Hanging: "deadline exceeded",
	} {
		tsa, err := ca.NewTSA(sealtest.TSAConfig{Fault: fault})
		require.NoError(t, err)
		client := func(tsas ...*sealtest.TSA) *seal.TSA {
			cfg := seal.TSAConfig{Roots: []*x509.Certificate{ca.Root()}, Timeout: time.Minute}
			if fault == sealtest.Hanging {
				cfg.Timeout = 50 * time.Millisecond // which nothing else has to meet
			}
			for _, t := range tsas {
				cfg.Servers = append(cfg.Servers, seal.TSAServer{URL: "tsa", Exchange: t.Respond})
			}
			c, err := seal.NewTSA(cfg)
			require.NoError(t, err)
			return c
		}
		cfg := padesConfig(t, ca, seal.LevelT)
		cfg.Timestamp = client(tsa)
		out, err := newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
		assert.ErrorIs(t, err, seal.ErrTimestamp, fault)
		assert.ErrorContains(t, err, says, fault)
		assert.Nil(t, out, fault)
		if fault == sealtest.Hanging {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = newPAdES(t, cfg).Seal(ctx, page(t), seal.Details{})
			assert.ErrorIs(t, err, context.Canceled)
			continue // the honest one would have to meet the timeout too
		}
		cfg.Timestamp, err = ca.TSAClient(tsa, honest)
		require.NoError(t, err)
		_, err = newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
		assert.NoError(t, err, fault)
	}
}

// TestPAdESForeign seals what other programs wrote, at every level, and lets a
// stranger read it.
func TestPAdESForeign(t *testing.T) {
	qpdf, pdfsig := testenv.Tool(t, "qpdf"), testenv.Tool(t, "pdfsig")
	ca := newCA(t, sealtest.Config{})
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	require.NoError(t, os.WriteFile(in, sealtest.Document("di altri", "a.json", "{}"), 0o600))
	v, err := verify.New(verify.Config{Trust: []*x509.Certificate{ca.Root()}})
	require.NoError(t, err)
	for name, args := range map[string][]string{
		"plain": {"--object-streams=disable"}, "streams": {"--object-streams=generate"}, "linear": {"--linearize"},
		"qdf": {"--qdf"},
	} {
		mid, out := filepath.Join(dir, name+"-mid.pdf"), filepath.Join(dir, name+".pdf")
		command(t, qpdf, append(args, in, mid)...)
		doc, err := os.ReadFile(mid)
		require.NoError(t, err)
		for _, level := range allLevels {
			sealed, err := newPAdES(t, padesConfig(t, ca, level)).Seal(t.Context(), doc, seal.Details{})
			require.NoError(t, err, name)
			require.NoError(t, os.WriteFile(out, sealed, 0o600))
			assert.Contains(t, command(t, qpdf, "--check", out), "No syntax or stream encoding errors", name)
			said := command(t, pdfsig, "-nocert", out)
			assert.Contains(t, said, "Signature is Valid", name)
			assert.True(t, v.PDF(t.Context(), sealed, time.Time{}).Valid, "%s %s", name, level)
		}
	}
	locked := filepath.Join(dir, "locked.pdf")
	command(t, qpdf, "--encrypt", "a", "b", "256", "--", in, locked)
	doc, err := os.ReadFile(locked)
	require.NoError(t, err)
	for _, bad := range [][]byte{doc, []byte("%PDF-1.7\n"), nil, sealtest.Document("x")[:300],
		append(sealtest.Document("x"), "coda"...)} {
		out, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), bad, seal.Details{})
		assert.ErrorIs(t, err, seal.ErrDocument)
		assert.Nil(t, out)
	}
}
