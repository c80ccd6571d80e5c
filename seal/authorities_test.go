package seal_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/tsp"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// A stamping function is a time-stamping authority.
type stamping func(ctx context.Context, hash crypto.Hash, digest []byte) (*seal.Token, error)

func (s stamping) Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) (*seal.Token, error) {
	return s(ctx, hash, digest)
}

// counted counts the questions to an authority.
func counted(t testing.TB, ca *sealtest.CA, n *int) seal.Timestamper {
	t.Helper()
	client, err := ca.Timestamper()
	require.NoError(t, err)
	return stamping(func(ctx context.Context, hash crypto.Hash, digest []byte) (*seal.Token, error) {
		*n++
		return client.Timestamp(ctx, hash, digest)
	})
}

// TestQuestionsToTheAuthority counts the time-stamps that sealer and extender ask
// for: each costs. Room is reserved such that none is asked for twice, and no
// more of it than time-stamps are seen to take.
func TestQuestionsToTheAuthority(t *testing.T) {
	at := &clock{time.Now()}
	ca := newCA(t, sealtest.Config{Now: at.Now})
	for level, want := range map[seal.Level]int{seal.LevelB: 0, seal.LevelT: 1, seal.LevelLT: 1, seal.LevelLTA: 2} {
		n := 0
		cfg := padesConfig(t, ca, level)
		cfg.Timestamp = counted(t, ca, &n)
		s := newPAdES(t, cfg)
		var sizes []int
		for i := 1; i <= 3; i++ {
			out, err := s.Seal(t.Context(), sealtest.Document("x"), seal.Details{})
			require.NoError(t, err)
			require.Equal(t, i*want, n, "%s, seal %d", level, i)
			sizes = append(sizes, len(out))
		}
		if level == seal.LevelT {
			require.Less(t, sizes[1], sizes[0]-4096, "from the second on the size of time-stamps is known")
			require.InDelta(t, sizes[1], sizes[2], 64, "ECDSA values differ by some bytes")
		}
	}

	n := 0
	doc, err := newPAdES(t, padesConfig(t, ca, seal.LevelT)).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	ext, err := seal.NewExtender(seal.ExtenderConfig{Timestamp: counted(t, ca, &n), Revocation: ca.Revocation(),
		Roots: []*x509.Certificate{ca.Root()}, Now: at.Now})
	require.NoError(t, err)
	_, err = ext.Extend(t.Context(), doc, seal.LevelLT)
	require.NoError(t, err)
	require.Zero(t, n, "B-LT has no time-stamp over the document")
	for i, want := range []int{2, 3, 4} { // the first shows what the next is like
		_, err = ext.Extend(t.Context(), doc, seal.LevelLTA)
		require.NoError(t, err)
		require.Equal(t, want, n, "extension %d", i)
	}
	at.now = at.now.AddDate(6, 0, 0) // its certificate has ended: what one is like is asked again
	_, err = ext.Extend(t.Context(), doc, seal.LevelLTA)
	require.ErrorIs(t, err, seal.ErrTimestamp)
	require.Equal(t, 5, n)
}

// TestAuthorityFails lets a time-stamping authority fail at each of its questions:
// the error says so, and no document comes of it.
func TestAuthorityFails(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	broken := errors.New("the authority is away")
	failing := func(after int) seal.Timestamper {
		n := 0
		good := counted(t, ca, &n)
		return stamping(func(ctx context.Context, hash crypto.Hash, digest []byte) (*seal.Token, error) {
			if n >= after {
				return nil, broken
			}
			return good.Timestamp(ctx, hash, digest)
		})
	}
	doc, err := newPAdES(t, padesConfig(t, ca, seal.LevelT)).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	for after := range 2 {
		cfg := padesConfig(t, ca, seal.LevelLTA)
		cfg.Timestamp = failing(after)
		out, err := newPAdES(t, cfg).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
		require.ErrorIs(t, err, seal.ErrTimestamp)
		require.ErrorIs(t, err, broken)
		require.Nil(t, out)
		ext, err := seal.NewExtender(seal.ExtenderConfig{Timestamp: failing(after), Revocation: ca.Revocation(),
			Roots: []*x509.Certificate{ca.Root()}})
		require.NoError(t, err)
		out, err = ext.Extend(t.Context(), doc, seal.LevelLTA)
		require.ErrorIs(t, err, seal.ErrTimestamp, "after %d", after)
		require.ErrorIs(t, err, broken)
		require.Nil(t, out)
	}

	// Who gave up is told that, and not that the authority failed.
	ctx, cancel := context.WithCancel(t.Context())
	cfg := padesConfig(t, ca, seal.LevelT)
	cfg.Timestamp = stamping(func(context.Context, crypto.Hash, []byte) (*seal.Token, error) {
		cancel()
		return nil, broken
	})
	_, err = newPAdES(t, cfg).Seal(ctx, sealtest.Document("x"), seal.Details{})
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, seal.ErrTimestamp)
	ctx, cancel = context.WithCancel(t.Context())
	cfg = padesConfig(t, ca, seal.LevelB)
	cfg.Signer = leaving{ca.Signer(), func() error { cancel(); return broken }}
	_, err = newPAdES(t, cfg).Seal(ctx, sealtest.Document("x"), seal.Details{})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, broken, "and what the key said")
	cfg.Signer = leaving{ca.Signer(), func() error { return broken }}
	_, err = newPAdES(t, cfg).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), "%!")

	// Who had given up before is told so first of all.
	cfg = padesConfig(t, ca, seal.LevelB)
	cfg.Now = func() time.Time { return time.Now().AddDate(9, 0, 0) }
	_, err = newPAdES(t, cfg).Seal(ctx, nil, seal.Details{})
	require.ErrorIs(t, err, context.Canceled)
	old, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: ca.Signer(), Chain: ca.Chain(), Now: cfg.Now})
	require.NoError(t, err)
	_, err = old.Seal(ctx, nil, seal.Details{})
	require.ErrorIs(t, err, context.Canceled)
}

// A leaving key takes its context, and fails.
type leaving struct {
	crypto.Signer
	fail func() error
}

func (l leaving) SignContext(context.Context, io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, l.fail()
}

// TestTimestampSize gives time-stamps of any size: up to half a mebibyte the room
// for them is found, and beyond it the seal is refused.
func TestTimestampSize(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	tsa, err := ca.Timestamper()
	require.NoError(t, err)
	for size, says := range map[int]string{400_000: "sealed document", 600_000: "bytes are reserved"} {
		cfg := padesConfig(t, ca, seal.LevelT)
		n := 0
		cfg.Timestamp = stamping(func(ctx context.Context, hash crypto.Hash, digest []byte) (*seal.Token, error) {
			n++
			token, err := tsa.Timestamp(ctx, hash, digest)
			if err != nil {
				return nil, err
			}
			long, err := asOctets(size)
			return &seal.Token{Raw: long, Chain: token.Chain}, err
		})
		_, err := newPAdES(t, cfg).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
		require.Error(t, err)
		if size > 512<<10 {
			require.ErrorContains(t, err, "are reserved", "%d", size)
			require.Equal(t, 1, n, "%d", size)
			continue
		}
		require.NotContains(t, err.Error(), "are reserved", says)
		require.ErrorIs(t, err, seal.ErrOutput)
		require.Equal(t, 2, n, "%d", size)
	}
}

// asOctets returns the DER of so many bytes.
func asOctets(n int) ([]byte, error) {
	return append([]byte{4, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, bytes.Repeat([]byte{1}, n)...), nil
}

// A key is given by what it says of itself: it signs nothing.
type stated struct{ pub crypto.PublicKey }

func (s stated) Public() crypto.PublicKey { return s.pub }

func (s stated) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errDevice }

// TestKeysAndHashes refuses keys of other kinds and sizes, and hashes with what
// is as strong as the key.
func TestKeysAndHashes(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	number := func(bits uint) *rsa.PublicKey {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
	}
	ed, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	for says, pub := range map[string]crypto.PublicKey{
		"RSA of 2047 bits: expected at least 2048": number(2047), "RSA of 4097 bits: expected at most 4096": number(4097),
		"ed25519.PublicKey: expected an ECDSA or an RSA key": ed,
	} {
		_, err := seal.NewPAdES(seal.PAdESConfig{Signer: stated{pub}, Chain: ca.Chain()})
		require.ErrorIs(t, err, seal.ErrUnsupportedKey)
		require.ErrorContains(t, err, says)
		_, err = seal.NewPDFSign(seal.PDFSignConfig{Signer: stated{pub}, Chain: ca.Chain()})
		require.ErrorIs(t, err, seal.ErrUnsupportedKey)
		require.ErrorContains(t, err, says)
	}
	for _, bits := range []uint{2048, 4096} {
		_, err := seal.NewPAdES(seal.PAdESConfig{Signer: stated{number(bits)}, Chain: ca.Chain()})
		require.ErrorIs(t, err, seal.ErrCertificate, "of another key; its size is right")
	}
	for kind, want := range map[sealtest.Key]crypto.Hash{sealtest.P256: crypto.SHA256, sealtest.P384: crypto.SHA384,
		sealtest.RSA2048: crypto.SHA256} {
		ca := newCA(t, sealtest.Config{Key: kind})
		out, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
		require.NoError(t, err)
		require.Equal(t, want, message(t, out).Signers[0].Algorithm.Hash, kind)
		require.Equal(t, want, message(t, out).Signers[0].Digest, kind)
	}
	cfg := padesConfig(t, ca, seal.LevelT)
	cfg.Timestamp = nil
	_, err = seal.NewPAdES(cfg)
	require.ErrorContains(t, err, "level B-T without a time-stamping authority")
	_, err = seal.NewExtender(seal.ExtenderConfig{Revocation: ca.Revocation()})
	require.ErrorContains(t, err, "set Timestamp")
	_, err = seal.NewExtender(seal.ExtenderConfig{Timestamp: counted(t, ca, new(int))})
	require.ErrorContains(t, err, "set Revocation")
}

// TestUsualSize refuses documents of more than 64 MiB where no other size is
// configured, before it looks at them.
func TestUsualSize(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	old, err := ca.Sealer()
	require.NoError(t, err)
	ext, err := ca.Extender()
	require.NoError(t, err)
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	large := make([]byte, 64<<20+1)
	for name, f := range map[string]func([]byte) error{
		"PAdES":   func(b []byte) error { _, err := s.Seal(t.Context(), b, seal.Details{}); return err },
		"PDFSign": func(b []byte) error { _, err := old.Seal(t.Context(), b, seal.Details{}); return err },
		"extend":  func(b []byte) error { _, err := ext.Extend(t.Context(), b, seal.LevelLTA); return err },
		"term":    func(b []byte) error { _, err := seal.TermOf(t.Context(), b); return err },
	} {
		err := f(large)
		require.ErrorIs(t, err, seal.ErrDocument, name)
		require.ErrorContains(t, err, "67108865 bytes", name)
		err = f(large[1:])
		require.ErrorIs(t, err, seal.ErrDocument, name)
		require.NotContains(t, err.Error(), "67108864 bytes", name)
	}
}

// TestWhatIsNoSeal asks for the level of documents whose signatures are none, or
// hold time-stamps that are none.
func TestWhatIsNoSeal(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	ext, err := ca.Extender()
	require.NoError(t, err)
	doc, err := newPAdES(t, padesConfig(t, ca, seal.LevelT)).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	lasting, err := newPAdES(t, padesConfig(t, ca, seal.LevelLTA)).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	sig := signatures(t, doc)[0]
	h := sha256.New()
	for _, part := range sig.SignedBytes() {
		h.Write(part)
	}
	resign := func(stamp func(value []byte) ([]byte, error)) []byte {
		message, err := cms.Sign(cms.SignConfig{Signer: ca.Signer(), Chain: ca.Chain(), Digest: crypto.SHA256,
			Timestamp: stamp}, h.Sum(nil))
		require.NoError(t, err)
		return withValue(t, doc, sig, message)
	}
	// An authority whose certificate is not one for time-stamps: [seal.TSA] refuses it.
	wrong, err := ca.NewTSA(sealtest.TSAConfig{Fault: sealtest.WrongUsage})
	require.NoError(t, err)
	unchecked := func(value []byte) ([]byte, error) {
		sum := sha256.Sum256(value)
		question, err := (&tsp.Request{Hash: crypto.SHA256, Digest: sum[:], Nonce: big.NewInt(7)}).Marshal()
		require.NoError(t, err)
		answer, err := wrong.Respond(t.Context(), question)
		require.NoError(t, err)
		return tsp.ParseResponse(answer)
	}
	seal1, err := cms.Sign(cms.SignConfig{Signer: ca.Signer(), Chain: ca.Chain()[:1], Digest: crypto.SHA256},
		h.Sum(nil))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		doc  []byte
		says string
	}{
		"no DER":              {withValue(t, doc, sig, []byte("niente")), `signature "Sigillo1": `},
		"no message":          {withValue(t, doc, sig, []byte{0x30, 0}), `signature "Sigillo1": `},
		"no time-stamp":       {resign(func([]byte) ([]byte, error) { return []byte{0x30, 0}, nil }), "its time-stamp: "},
		"a seal in its place": {resign(func([]byte) ([]byte, error) { return seal1, nil }), "its time-stamp: "},
		"another usage":       {resign(unchecked), "not one for time-stamps"},
		"a seal as the document's": {withValue(t, lasting, signatures(t, lasting)[1], seal1),
			`signature "MarcaTemporale1": `},
		"covers nothing":   {bytes.Replace(doc, []byte("/ByteRange[0 "), []byte("/ByteRange[1 "), 1), "it covers no revision"},
		"something behind": {append(bytes.Clone(doc), "coda"...), ""},
	} {
		_, err := ext.Extend(t.Context(), c.doc, seal.LevelLTA)
		require.ErrorIs(t, err, seal.ErrDocument, name)
		require.ErrorContains(t, err, c.says, name)
		if c.says == "" {
			continue // it can be read, and nothing can be added to it
		}
		term, err := seal.TermOf(t.Context(), c.doc)
		require.ErrorIs(t, err, seal.ErrDocument, name)
		require.ErrorContains(t, err, c.says, name)
		require.Zero(t, term, name)
	}
	for _, level := range []seal.Level{seal.LevelB, seal.LevelT} {
		_, err = newPAdES(t, padesConfig(t, ca, level)).Seal(t.Context(), append(bytes.Clone(doc), "coda"...), seal.Details{})
		require.ErrorIs(t, err, seal.ErrDocument)
	}
	_, err = ext.Extend(t.Context(), []byte("niente"), seal.LevelLTA)
	require.ErrorIs(t, err, seal.ErrDocument)

	old, err := ca.Sealer()
	require.NoError(t, err)
	out, err := old.Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	term, err := seal.TermOf(t.Context(), out)
	require.NoError(t, err)
	require.Empty(t, term.Level, "the format before PAdES has no level")
	require.True(t, term.By.Equal(ca.Chain()[0]))
}

// TestNoProofByAnotherSeal extends a seal without a time-stamp that another seal
// with one covers: when the first was made is shown by time-stamps over the document
// alone, and its certificate was revoked before there was one.
func TestNoProofByAnotherSeal(t *testing.T) {
	begin := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for stamped, good := range map[seal.Level]bool{seal.LevelT: false, seal.LevelLTA: true} {
		at := &clock{begin}
		ca := newCA(t, sealtest.Config{Now: at.Now})
		doc, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), page(t), seal.Details{})
		require.NoError(t, err)
		at.now = begin.AddDate(0, 0, 10)
		doc, err = newPAdES(t, padesConfig(t, ca, stamped)).Seal(t.Context(), doc, seal.Details{})
		require.NoError(t, err)
		ca.Revoke(ca.Chain()[0], begin.AddDate(0, 0, 20))
		at.now = begin.AddDate(0, 0, 30)
		ext, err := ca.Extender()
		require.NoError(t, err)
		_, err = ext.Extend(t.Context(), doc, seal.LevelLTA)
		if good {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, seal.ErrRevoked)
	}
}
