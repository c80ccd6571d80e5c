//go:build pkcs11 && cgo

package pkcs11

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

const tokenPIN = "prova-1234"

// A hsm is a SoftHSM with a token of its own.
type hsm struct {
	library, tokens string // the module, and the folder that stands for the device
	m               *Module
	ca              *sealtest.CA
}

// newHSM initialises a token and makes in it, under each name, a key with the
// certificate of a seal.
func newHSM(t testing.TB) *hsm {
	t.Helper()
	util := testenv.Tool(t, "softhsm2-util")
	h := &hsm{}
	for _, pattern := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so",
		"/usr/lib64/pkcs11/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 && h.library == "" {
			h.library = found[0]
		}
	}
	if h.library == "" {
		testenv.Need(t, "library libsofthsm2.so")
	}
	dir := t.TempDir()
	h.tokens = filepath.Join(dir, "tokens")
	require.NoError(t, os.Mkdir(h.tokens, 0o700))
	conf := filepath.Join(dir, "softhsm2.conf")
	require.NoError(t,
		os.WriteFile(conf,
			[]byte("directories.tokendir = "+h.tokens+"\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n"), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	for _, label := range []string{"altro", "sigilli"} {
		out, err := exec.CommandContext(t.Context(), util, "--init-token", "--free", "--label", label, "--pin",
			tokenPIN, "--so-pin", "prova-so-5678").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	var err error
	h.ca, err = sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	h.m, err = Load(h.library)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, h.m.Close()) })
	return h
}

var kinds = map[string]sealtest.Key{"p256": sealtest.P256, "p384": sealtest.P384, "rsa2048": sealtest.RSA2048,
	"rsa3072": sealtest.RSA3072}

// generate makes keys in the token, as their name says, with the certificates
// of a seal; private adds attributes to the private keys.
func (h *hsm) generate(t testing.TB, names []string, private ...*p11.Attribute) {
	t.Helper()
	ctx := h.m.lib.(native).ctx
	s, end := h.session(t)
	defer end()
	for i, name := range names {
		id := []byte{0xA0, byte(i)}
		common := []*p11.Attribute{p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_LABEL, name),
			p11.NewAttribute(p11.CKA_ID, id)}
		public := append([]*p11.Attribute{p11.NewAttribute(p11.CKA_VERIFY, true)}, common...)
		secret := append([]*p11.Attribute{p11.NewAttribute(p11.CKA_SIGN, true), p11.NewAttribute(p11.CKA_PRIVATE, true),
			p11.NewAttribute(p11.CKA_SENSITIVE, true), p11.NewAttribute(p11.CKA_EXTRACTABLE, false)},
			append(common, private...)...)
		mech := uint(p11.CKM_EC_KEY_PAIR_GEN)
		switch kinds[name] {
		case sealtest.P256, sealtest.P384:
			oid := curves[0].oid
			if kinds[name] == sealtest.P384 {
				oid = curves[1].oid
			}
			params, err := asn1.Marshal(oid)
			require.NoError(t, err)
			public = append(public, p11.NewAttribute(p11.CKA_EC_PARAMS, params))
		default:
			bits := map[sealtest.Key]int{sealtest.RSA2048: 2048, sealtest.RSA3072: 3072}[kinds[name]]
			mech = p11.CKM_RSA_PKCS_KEY_PAIR_GEN
			public = append(public, p11.NewAttribute(p11.CKA_MODULUS_BITS, bits),
				p11.NewAttribute(p11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}))
		}
		_, object, err := ctx.GenerateKeyPair(s, []*p11.Mechanism{p11.NewMechanism(mech, nil)}, public, secret)
		require.NoError(t, err, name)
		pub, err := publicKey(h.m.lib, uint(s), uint(object))
		require.NoError(t, err, name)
		chain, err := h.ca.Issue(pub, nil)
		require.NoError(t, err)
		for j, c := range append(chain, h.ca.Root()) {
			if j > 0 && i > 0 {
				break // the authority's are there already
			}
			_, err := ctx.CreateObject(s, []*p11.Attribute{p11.NewAttribute(p11.CKA_CLASS, p11.CKO_CERTIFICATE),
				p11.NewAttribute(p11.CKA_CERTIFICATE_TYPE, p11.CKC_X_509),
				p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_ID, append(id, make([]byte, j)...)),
				p11.NewAttribute(p11.CKA_SUBJECT, c.RawSubject),
				p11.NewAttribute(p11.CKA_VALUE, c.Raw)})
			require.NoError(t, err)
		}
	}
}

// session opens a session of the test's own, that may write.
func (h *hsm) session(t testing.TB) (p11.SessionHandle, func()) {
	t.Helper()
	ctx := h.m.lib.(native).ctx
	s, err := ctx.OpenSession(h.slot(t), p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
	require.NoError(t, err)
	require.NoError(t, ctx.Login(s, p11.CKU_USER, tokenPIN))
	return s, func() { require.NoError(t, ctx.CloseSession(s)) }
}

func (h *hsm) slot(t testing.TB) uint {
	t.Helper()
	slots, err := h.m.lib.slots()
	require.NoError(t, err)
	for _, s := range slots {
		if s.label == "sigilli" {
			return s.id
		}
	}
	t.Fatalf("no token sigilli in %+v", slots)
	return 0
}

func (h *hsm) config(name string) Config {
	return Config{Module: h.m, TokenLabel: "sigilli", KeyLabel: name,
		PIN: func() (string, error) { return tokenPIN, nil }}
}

func (h *hsm) open(t testing.TB, cfg Config) *Key {
	t.Helper()
	k, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, k.Close()) })
	return k
}

// verify checks the one seal of a document with the SDK's strict reader.
func verify(t testing.TB, doc []byte, leaf *x509.Certificate) {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	require.Len(t, sigs, 1)
	rev, problems := sigs[0].Coverage()
	require.Equal(t, len(f.Revisions)-1, rev)
	require.Empty(t, problems)
	message, _, err := cms.Split(sigs[0].Contents)
	require.NoError(t, err)
	sd, err := cms.Parse(message)
	require.NoError(t, err)
	res, err := sd.Verify(func(hash crypto.Hash) []byte {
		w := hash.New()
		for _, part := range sigs[0].SignedBytes() {
			w.Write(part)
		}
		return w.Sum(nil)
	})
	require.NoError(t, err)
	require.True(t, res.Certificate.Equal(leaf))
}

// TestSoftHSM seals documents with keys made in a token.
func TestSoftHSM(t *testing.T) {
	h := newHSM(t)
	names := []string{"p256", "p384", "rsa2048", "rsa3072"}
	h.generate(t, names)
	doc := sealtest.Document("sigillo da un dispositivo")
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			k := h.open(t, h.config(name))
			require.Len(t, k.Chain(), 3, "certificate, intermediate and root")
			byID := h.config("")
			byID.KeyID = []byte{0xA0, byte(i)}
			other := h.open(t, byID)
			require.Equal(t, k.Public(), other.Public())
			s, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: k, Chain: k.Chain()})
			require.NoError(t, err)
			out, err := s.Seal(t.Context(), doc, seal.Details{Reason: "prova"})
			require.NoError(t, err)
			verify(t, out, k.Chain()[0])
			_, isRSA := k.Public().(*rsa.PublicKey)
			for _, pss := range []bool{false, true} {
				if pss && !isRSA {
					continue
				}
				s, err := seal.NewPAdES(seal.PAdESConfig{Signer: k, Chain: k.Chain(), PSS: pss})
				require.NoError(t, err)
				out, err := s.Seal(t.Context(), doc, seal.Details{})
				require.NoError(t, err)
				verify(t, out, k.Chain()[0])
			}
			for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
				w := hash.New()
				w.Write(doc)
				sig, err := other.Sign(rand.Reader, w.Sum(nil), hash)
				require.NoError(t, err, hash)
				alg := map[crypto.Hash][2]x509.SignatureAlgorithm{crypto.SHA256: {x509.ECDSAWithSHA256,
					x509.SHA256WithRSA},
					crypto.SHA384: {x509.ECDSAWithSHA384, x509.SHA384WithRSA},
					crypto.SHA512: {x509.ECDSAWithSHA512, x509.SHA512WithRSA}}[hash]
				a := alg[0]
				if isRSA {
					a = alg[1]
				}
				require.NoError(t, k.Chain()[0].CheckSignature(a, doc, sig), hash)
			}
		})
	}
}

func TestSoftHSMRefuses(t *testing.T) {
	h := newHSM(t)
	h.generate(t, []string{"p256"})
	for name, c := range map[string]struct {
		change func(*Config)
		is     error
	}{
		"CKR_PIN_INCORRECT": {func(c *Config) {
			c.PIN = func() (string, error) { return "prova-9999", nil }
		}, ErrPIN},
		`0 with label "nessuno"`:           {func(c *Config) { c.TokenLabel = "nessuno" }, ErrToken},
		`0 private keys with label "rsa"`:  {func(c *Config) { c.KeyLabel = "rsa" }, ErrKey},
		`0 private keys with label "p256"`: {func(c *Config) { c.TokenLabel = "altro" }, ErrKey},
		"the token may not show it":        {func(c *Config) { c.PIN = nil }, ErrKey},
		"the PIN is not available: no paper": {func(c *Config) {
			c.PIN = func() (string, error) { return "", errors.New("no paper") }
		}, ErrPIN},
	} {
		cfg := h.config("p256")
		c.change(&cfg)
		_, err := Open(t.Context(), cfg)
		require.ErrorIs(t, err, c.is, name)
		require.ErrorContains(t, err, name)
		require.NotContains(t, err.Error(), "prova-")
	}
	_, err := Load(h.library)
	require.ErrorContains(t, err, "in use in this process already")
	notALibrary := filepath.Join(t.TempDir(), "x.so")
	require.NoError(t, os.WriteFile(notALibrary, []byte("x"), 0o600))
	_, err = Load(notALibrary)
	require.ErrorContains(t, err, "no PKCS #11 library")

	// Two keys of one name are one too many.
	h.generate(t, []string{"p256"})
	_, err = Open(t.Context(), h.config("p256"))
	require.ErrorIs(t, err, ErrKey)
	require.ErrorContains(t, err, `2 private keys with label "p256"`)
}

// TestSoftHSMLost: sessions closed, the library finalised, the token taken away
// and put back.
func TestSoftHSMLost(t *testing.T) {
	h := newHSM(t)
	h.generate(t, []string{"p256"})
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	cfg := h.config("p256")
	cfg.Failures, cfg.Cooldown, cfg.Now = 2, time.Minute, clock
	k := h.open(t, cfg)
	ctx := h.m.lib.(native).ctx
	require.NoError(t, sign(k))

	require.NoError(t, ctx.CloseAllSessions(h.slot(t)))
	require.NoError(t, sign(k))
	require.NoError(t, ctx.Finalize())
	require.NoError(t, sign(k))

	// What a removed token looks like: the library forgets it and its folder is
	// not there.
	away := h.tokens + ".away"
	require.NoError(t, os.Rename(h.tokens, away))
	require.NoError(t, os.Mkdir(h.tokens, 0o700))
	require.NoError(t, ctx.Finalize())
	for range 2 {
		err := sign(k)
		require.ErrorIs(t, err, ErrUnreachable)
		require.ErrorIs(t, err, ErrToken)
	}
	require.NoError(t, os.Remove(h.tokens))
	require.NoError(t, os.Rename(away, h.tokens))
	require.ErrorContains(t, sign(k), "2 failures in a row, not tried before 2026-01-02T03:05:05Z")
	mu.Lock()
	now = now.Add(time.Minute)
	mu.Unlock()
	require.NoError(t, sign(k))

	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := k.SignContext(canceled, nil, digest[:], crypto.SHA256)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, k.Close())
	require.ErrorIs(t, sign(k), ErrClosed)
}

// TestSoftHSMAlwaysAuthenticate: keys as those of signature cards, which want
// the PIN for each signature.
func TestSoftHSMAlwaysAuthenticate(t *testing.T) {
	h := newHSM(t)
	h.generate(t, []string{"p256"}, p11.NewAttribute(p11.CKA_ALWAYS_AUTHENTICATE, true))
	cfg := h.config("p256")
	asked := 0
	cfg.PIN = func() (string, error) { asked++; return tokenPIN, nil }
	k := h.open(t, cfg)
	require.Equal(t, 1, asked)
	require.NoError(t, sign(k))
	require.NoError(t, sign(k))
	require.Equal(t, 3, asked)
}

func TestSoftHSMConcurrent(t *testing.T) {
	h := newHSM(t)
	h.generate(t, []string{"p256", "rsa2048"})
	var all sync.WaitGroup
	for _, name := range []string{"p256", "rsa2048"} {
		cfg := h.config(name)
		cfg.MaxSessions = 3
		k := h.open(t, cfg)
		for range 6 {
			all.Go(func() {
				for range 10 {
					assert.NoError(t, sign(k))
				}
			})
		}
	}
	all.Wait()
}

// BenchmarkSoftHSM compares a signature of a Key, with its goroutine, its
// breaker and its check, with the same one asked of the library directly.
func BenchmarkSoftHSM(b *testing.B) {
	h := newHSM(b)
	h.generate(b, []string{"p256"})
	k := h.open(b, h.config("p256"))
	s, end := h.plain(b)
	defer end()
	object := k.conn.object
	var ours, theirs time.Duration
	sum := sha256.Sum256([]byte("prova"))
	for b.Loop() {
		began := time.Now()
		if err := sign(k); err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		if _, err := h.m.lib.sign(s, object, mechanism{id: ckmECDSA}, nil, sum[:]); err != nil {
			b.Fatal(err)
		}
		ours += between.Sub(began)
		theirs += time.Since(between)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x-of-library")
}

// plain opens a session on a token that is logged in already.
func (h *hsm) plain(t testing.TB) (uint, func()) {
	t.Helper()
	s, err := h.m.lib.openSession(h.slot(t))
	require.NoError(t, err)
	return s, func() { require.NoError(t, h.m.lib.closeSession(s)) }
}
