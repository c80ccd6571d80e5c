package seal_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

var allLevels = []seal.Level{seal.LevelB, seal.LevelT, seal.LevelLT, seal.LevelLTA}

// page is a tagged document as certificates are, with an attachment of a size.
func page(t testing.TB, attached ...int) []byte {
	t.Helper()
	engine, err := tagged.New(tagged.Config{})
	require.NoError(t, err)
	d := engine.NewDocument(tagged.Metadata{Title: "PROVA", Lang: "it-IT",
		Created: time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)})
	flow := &tagged.Flow{Doc: d, Left: 60, Top: 60, Right: 60, Bottom: 60}
	flow.Block(d.Root().Add(tagged.H1), d.Layout(flow.Width(), 0, tagged.Left,
		tagged.Span{Style: tagged.Style{Face: tagged.Bold, Size: 20}, Text: "DOCUMENTO DI PROVA – PRIVO DI VALORE"}))
	for range 20 {
		flow.Block(d.Root().Add(tagged.Paragraph),
			d.Layout(flow.Width(), 0, tagged.Left,
				tagged.Span{Style: tagged.Style{Size: 11}, Text: strings.Repeat("Testo di prova. ", 12)}))
	}
	d.Attach(tagged.File{Name: "dati.json", MediaType: "application/json", Relationship: tagged.DataRelationship,
		Modified: time.Unix(0, 0), Data: []byte(`{"prova":true}`)})
	for _, n := range attached {
		random := make([]byte, n)
		_, err := rand.Read(random)
		require.NoError(t, err)
		d.Attach(tagged.File{Name: "altro.bin", MediaType: "application/octet-stream",
			Relationship: tagged.SupplementRelationship, Modified: time.Unix(0, 0), Data: random})
	}
	out, err := d.Bytes()
	require.NoError(t, err)
	return out
}

func padesConfig(t testing.TB, ca *sealtest.CA, level seal.Level) seal.PAdESConfig {
	t.Helper()
	cfg, err := ca.PAdESConfig(level)
	require.NoError(t, err)
	return cfg
}

func newPAdES(t testing.TB, cfg seal.PAdESConfig) *seal.PAdES {
	t.Helper()
	s, err := seal.NewPAdES(cfg)
	require.NoError(t, err)
	return s
}

// message returns the CMS message of the first seal of a document.
func message(t testing.TB, doc []byte) *cms.SignedData {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	require.NotEmpty(t, sigs)
	m, _, err := cms.Split(sigs[0].Contents)
	require.NoError(t, err)
	sd, err := cms.Parse(m)
	require.NoError(t, err)
	return sd
}

func TestPAdES(t *testing.T) {
	doc := page(t)
	for _, k := range []struct {
		key sealtest.Key
		pss bool
	}{{sealtest.P256, false}, {sealtest.P384, false}, {sealtest.RSA2048, false}, {sealtest.RSA3072, true},
		{sealtest.RSA4096, false}, {sealtest.RSA4096, true}} {
		ca := newCA(t, sealtest.Config{Key: k.key})
		for _, level := range allLevels {
			cfg := padesConfig(t, ca, level)
			cfg.PSS = k.pss
			s := newPAdES(t, cfg)
			assert.Equal(t, level, s.Level())
			assert.False(t, s.Production())
			for range 2 { // the second knows how large time-stamps are
				out, err := s.Seal(t.Context(), doc, seal.Details{Reason: "Rilascio (prova) è", Location: "Roma"})
				require.NoError(t, err, "%s %s", k.key, level)
				f, err := pdf.Parse(t.Context(), out, pdf.Limits{})
				require.NoError(t, err)
				sigs, err := f.Signatures()
				require.NoError(t, err)
				want := map[seal.Level][2]int{seal.LevelB: {2, 1}, seal.LevelT: {2, 1}, seal.LevelLT: {3, 1},
					seal.LevelLTA: {3, 2}}[level]
				assert.Equal(t, want, [2]int{len(f.Revisions), len(sigs)}, level)
				assert.Equal(t, "Rilascio (prova) è", sigs[0].Text("Reason"))
				assert.NotEmpty(t, sigs[0].Text("M"))
				sd := message(t, out)
				signer := sd.Signers[0]
				assert.Nil(t, signer.Attribute(cms.OIDSigningTime))
				assert.NotNil(t, signer.Attribute(cms.OIDSigningCertificateV2))
				assert.Equal(t, k.pss, signer.Algorithm.PSS)
				assert.Len(t, signer.UnsignedAttribute(cms.OIDSignatureTimestamp),
					map[bool]int{true: 1}[level != seal.LevelB])
				term, err := seal.TermOf(t.Context(), out)
				require.NoError(t, err)
				assert.Equal(t, level, term.Level)
			}
		}
	}
}

// TestPAdESReserve gets time-stamps larger than expected.
func TestPAdESReserve(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	small, err := ca.NewTSA(sealtest.TSAConfig{})
	require.NoError(t, err)
	large, err := ca.NewTSA(sealtest.TSAConfig{Padding: 30_000})
	require.NoError(t, err)
	use := small
	client, err := seal.NewTSA(seal.TSAConfig{Servers: []seal.TSAServer{{URL: "tsa",
		Exchange: func(ctx context.Context, q []byte) ([]byte, error) { return use.Respond(ctx, q) }}}})
	require.NoError(t, err)
	cfg := padesConfig(t, ca, seal.LevelLTA)
	cfg.Timestamp = client
	s := newPAdES(t, cfg)
	for _, use = range []*sealtest.TSA{small, large, small} {
		out, err := s.Seal(t.Context(), page(t), seal.Details{})
		require.NoError(t, err)
		term, err := seal.TermOf(t.Context(), out)
		require.NoError(t, err)
		assert.Equal(t, seal.LevelLTA, term.Level)
	}
}

func TestPAdESKeepsOrder(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	cfg := padesConfig(t, ca, seal.LevelB)
	cfg.Certify = true
	s := newPAdES(t, cfg)
	one, err := s.Seal(t.Context(), page(t), seal.Details{})
	require.NoError(t, err)
	assert.Contains(t, string(one), "/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 2/V/1.2>>")
	_, err = s.Seal(t.Context(), one, seal.Details{})
	assert.ErrorIs(t, err, seal.ErrDocument, "it is certified")
	cfg.Certify = false
	two, err := newPAdES(t, cfg).Seal(t.Context(), one, seal.Details{})
	require.NoError(t, err, "P=2 permits another signature")
	f, err := pdf.Parse(t.Context(), two, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	require.Len(t, sigs, 2)
	assert.Equal(t, []string{"Sigillo1", "Sigillo2"}, []string{sigs[0].Field, sigs[1].Field})

	closed := strings.Replace(string(one), "/P 2/V/1.2", "/P 1/V/1.2", 1)
	_, err = newPAdES(t, cfg).Seal(t.Context(), []byte(closed), seal.Details{})
	assert.ErrorIs(t, err, seal.ErrDocument)
	assert.ErrorContains(t, err, "permits no further one")
}

// failing is a key in a device that does not answer.
type failing struct{ crypto.Signer }

var errDevice = errors.New("device gone")

func (f failing) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errDevice }

// waiting gives up its context and waits for its end.
type waiting struct {
	crypto.Signer
	giveUp func()
}

func (w waiting) SignContext(ctx context.Context, _ io.Reader, _ []byte, _ crypto.SignerOpts) ([]byte, error) {
	w.giveUp()
	<-ctx.Done()
	return nil, ctx.Err()
}

// lying signs something else.
type lying struct{ crypto.Signer }

func (l lying) Sign(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
	return l.Signer.Sign(r, make([]byte, len(d)), o)
}

func TestPAdESKeyFails(t *testing.T) {
	ca := newCA(t, sealtest.Config{Key: sealtest.RSA2048})
	cfg := padesConfig(t, ca, seal.LevelLTA)
	cfg.Signer = failing{ca.Signer()}
	out, err := newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
	assert.ErrorIs(t, err, errDevice)
	assert.Nil(t, out)

	cfg.Signer = lying{ca.Signer()}
	out, err = newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
	assert.ErrorIs(t, err, seal.ErrOutput)
	assert.Nil(t, out)

	ctx, cancel := context.WithCancel(t.Context())
	cfg.Signer = waiting{ca.Signer(), cancel}
	out, err = newPAdES(t, cfg).Seal(ctx, page(t), seal.Details{})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Nil(t, out)
}

func TestPAdESConfig(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	for says, change := range map[string]func(*seal.PAdESConfig){
		"no key is configured":          func(c *seal.PAdESConfig) { c.Signer = nil },
		"expected one of":               func(c *seal.PAdESConfig) { c.Level = "B-XL" },
		"the chain is empty":            func(c *seal.PAdESConfig) { c.Chain = nil },
		"the key is not that of":        func(c *seal.PAdESConfig) { c.Chain = c.Chain[1:] },
		"expected an RSA key":           func(c *seal.PAdESConfig) { c.PSS = true },
		"set Timestamp":                 func(c *seal.PAdESConfig) { c.Timestamp = nil },
		"set Revocation":                func(c *seal.PAdESConfig) { c.Revocation = nil },
		"neither in Chain nor in Roots": func(c *seal.PAdESConfig) { c.Roots = nil },
	} {
		cfg := padesConfig(t, ca, seal.LevelLTA)
		change(&cfg)
		s, err := seal.NewPAdES(cfg)
		assert.ErrorContains(t, err, says)
		assert.Nil(t, s)
	}
	cfg := padesConfig(t, ca, seal.LevelB)
	cfg.Now = func() time.Time { return time.Now().AddDate(2, 0, 0) }
	out, err := newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
	assert.ErrorIs(t, err, seal.ErrCertificate, "expired")
	assert.Nil(t, out)
	cfg = padesConfig(t, ca, seal.LevelB)
	cfg.MaxSize = 100
	_, err = newPAdES(t, cfg).Seal(t.Context(), page(t), seal.Details{})
	assert.ErrorIs(t, err, seal.ErrDocument)
	for _, bad := range []string{strings.Repeat("x", 201), "a\nb", "\xff"} {
		_, err = newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), page(t), seal.Details{Reason: bad})
		assert.ErrorIs(t, err, seal.ErrDocument)
	}
}

// TestPAdESTime writes the claimed time with its offset, and leaves the
// document as it was.
func TestPAdESTime(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	doc := page(t)
	at := time.Now().Truncate(time.Second)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("CET", 3600), time.FixedZone("", -12600)} {
		out, err := s.Seal(t.Context(), doc, seal.Details{Time: at.In(zone)})
		require.NoError(t, err)
		assert.Equal(t, string(doc), string(out[:len(doc)]))
		f, err := pdf.Parse(t.Context(), out, pdf.Limits{})
		require.NoError(t, err)
		sigs, err := f.Signatures()
		require.NoError(t, err)
		got, err := pdf.ParseDate(sigs[0].Text("M"))
		require.NoError(t, err)
		assert.True(t, got.Equal(at), "%s", sigs[0].Text("M"))
	}
}

func TestPAdESConcurrent(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelLTA))
	doc := page(t)
	errs := make(chan error)
	for range 8 {
		go func() {
			_, err := s.Seal(t.Context(), doc, seal.Details{})
			errs <- err
		}()
	}
	for range 8 {
		assert.NoError(t, <-errs)
	}
}
