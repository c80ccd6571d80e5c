package seal_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// An ending context ends when it was asked so many times whether it has.
type ending struct {
	context.Context // that of the test, which does not end
	left            int
}

func (e *ending) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// An observed key says whether its context had ended when it was asked.
type observed struct {
	crypto.Signer
	ctx func() *ending
	t   *testing.T
}

func (o observed) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	require.GreaterOrEqual(o.t, o.ctx().left, 0, "the key was asked for somebody who had given up")
	return o.Signer.Sign(rand, digest, opts)
}

// TestGivenUpAtAnyMoment gives up at each moment at which sealers and extender look
// whether somebody has: they say so, and nothing else.
func TestGivenUpAtAnyMoment(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	var ctx *ending
	key := observed{ca.Signer(), func() *ending { return ctx }, t}
	doc := sealtest.Document("x")
	lasting, err := newPAdES(t, padesConfig(t, ca, seal.LevelT)).Seal(t.Context(), doc, seal.Details{})
	require.NoError(t, err)
	cfg := padesConfig(t, ca, seal.LevelB)
	cfg.Signer = key
	s := newPAdES(t, cfg)
	old, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: key, Chain: ca.Chain()})
	require.NoError(t, err)
	for name, f := range map[string]func() ([]byte, error){
		"PAdES":   func() ([]byte, error) { return s.Seal(ctx, doc, seal.Details{}) },
		"PDFSign": func() ([]byte, error) { return old.Seal(ctx, doc, seal.Details{}) },
		"extend": func() ([]byte, error) {
			ext, err := ca.Extender()
			require.NoError(t, err)
			return ext.Extend(ctx, lasting, seal.LevelLT)
		},
	} {
		n := 0
		for ; ; n++ {
			ctx = &ending{context.Background(), n}
			out, err := f()
			if err == nil && ctx.left >= 0 {
				break
			}
			require.ErrorIs(t, err, context.Canceled, "%s: at %d", name, n)
			require.Nil(t, out)
			require.Less(t, n, 1000, name)
		}
		require.Greater(t, n, 2, name)
	}
}

// TestDictionary reads what a seal says of itself: the time with its offset, and
// no entry without a text.
func TestDictionary(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	at := time.Now().UTC().Truncate(time.Second)
	for zone, want := range map[*time.Location]string{
		time.UTC: "Z", time.FixedZone("", 3600): "+01'00'", time.FixedZone("", -12600): "-03'30'",
		time.FixedZone("", 20700): "+05'45'", time.FixedZone("", 0): "Z", time.FixedZone("", -1800): "-00'30'",
	} {
		out, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), sealtest.Document("x"),
			seal.Details{Time: at.In(zone), Location: "Roma"})
		require.NoError(t, err)
		sig := signatures(t, out)[0]
		require.Equal(t, at.In(zone).Format("D:20060102150405")+want, sig.Text("M"))
		require.Nil(t, sig.Dict.Get("Reason"), "no text, no entry")
		require.Equal(t, "Roma", sig.Text("Location"))
		require.Equal(t, ca.Chain()[0].Subject.CommonName, sig.Text("Name"))
	}
	cfg := padesConfig(t, ca, seal.LevelB)
	cfg.Chain = issueNamed(t, ca, "PROVA\nriga")
	out, err := newPAdES(t, cfg).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	require.Nil(t, signatures(t, out)[0].Dict.Get("Name"), "no name with control characters")
	old, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: ca.Signer(), Chain: cfg.Chain})
	require.NoError(t, err)
	out, err = old.Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	require.Nil(t, signatures(t, out)[0].Dict.Get("Name"))
}

// TestCharactersInUTF16 seals with letters of whose two bytes in UTF-16 one has a
// meaning between parentheses, and with their neighbours.
func TestCharactersInUTF16(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	old, err := ca.Sealer()
	require.NoError(t, err)
	for text, good := range map[string]bool{
		"\u0109": true, "\u010a": false, "\u010b": true, "\u010c": true, "\u010d": false, "\u010e": true,
		"\u015b": true, "\u015c": false, "\u015d": true, "\u0127": true, "\u0128": false, "\u0129": false,
		"\u0128\u0129": true, "\u012a": true, "\u0a00": false, "\u0d00": false, "\u5c00": false, "\u0e01": true,
		"\u00e8 \\": false, "\\": true, "\U0001f600": true,
	} {
		out, err := old.Seal(t.Context(), sealtest.Document("x"), seal.Details{Reason: text})
		if !good {
			require.ErrorIs(t, err, seal.ErrDocument, "%+q", text)
			require.ErrorContains(t, err, "which pdfsign does not escape", "%+q", text)
			continue
		}
		require.NoError(t, err, "%+q", text)
		require.Equal(t, text, signatures(t, out)[0].Text("Reason"), "%+q", text)
	}
}

// TestPEMBlocks loads blocks that hold something else than they say.
func TestPEMBlocks(t *testing.T) {
	certs := keyFile(t, "certs.pem")
	_, err := seal.LoadPEM(append(encode("CERTIFICATE", []byte("niente")), certs...), "")
	require.ErrorContains(t, err, "certificate 0: ")
	_, err = seal.LoadPEM(append(bytes.Clone(certs), encode("CERTIFICATE", []byte("niente"))...), "")
	require.ErrorContains(t, err, "certificate 2: ")

	p := newP12(t)
	shrouded := func(key []byte) []byte {
		bag := p.shrouded()
		bag.find(t, "encrypted key").value = key
		return append(encode("ENCRYPTED PRIVATE KEY", bag.find(t, "shrouded key").der(t)), certs...)
	}
	pair, err := seal.LoadPEM(shrouded(p.key), shortPassword)
	require.NoError(t, err)
	require.Equal(t, testPair(t), pair)
	_, err = seal.LoadPEM(shrouded([]byte("niente")), shortPassword)
	require.ErrorIs(t, err, seal.ErrPassword, "a wrong password can leave a padding that is right")
	require.ErrorContains(t, err, "the key does not decode")

	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(exchange)
	require.NoError(t, err)
	_, err = seal.LoadPEM(append(encode("PRIVATE KEY", der), certs...), "")
	require.ErrorIs(t, err, seal.ErrUnsupportedKey)
	require.ErrorContains(t, err, "ecdh")
	p.key = der
	_, err = seal.LoadPKCS12(p.whole().der(t), shortPassword)
	require.ErrorIs(t, err, seal.ErrUnsupportedKey)
}
