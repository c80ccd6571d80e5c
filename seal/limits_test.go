package seal_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// TestLimits holds sealers, extender and readers of keys to their limits: what
// has just the size is taken, what has one more is refused.
func TestLimits(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealtest.Document("limiti")
	size := int64(len(doc))
	for _, c := range []struct {
		max  int64
		good bool
	}{{size, true}, {size - 1, false}} {
		cfg := padesConfig(t, ca, seal.LevelB)
		cfg.MaxSize = c.max
		old, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: ca.Signer(), Chain: ca.Chain(), MaxSize: c.max})
		require.NoError(t, err)
		for name, s := range map[string]seal.Sealer{"PAdES": newPAdES(t, cfg), "PDFSign": old} {
			out, err := s.Seal(t.Context(), doc, seal.Details{})
			if c.good {
				assert.NoError(t, err, name)
				continue
			}
			assert.ErrorIs(t, err, seal.ErrDocument, name)
			assert.Nil(t, out, name)
		}
	}
	for n, good := range map[int]bool{200: true, 201: false} {
		text := strings.Repeat("è", n)
		for name, d := range map[string]seal.Details{"reason": {Reason: text}, "location": {Location: text}} {
			_, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), doc, d)
			assert.Equal(t, good, err == nil, "%s of %d characters: %v", name, n, err)
			old, err := ca.Sealer()
			require.NoError(t, err)
			_, err = old.Seal(t.Context(), doc, d)
			assert.Equal(t, good, err == nil, "%s of %d characters: %v", name, n, err)
		}
	}
	for name, load := range map[string]func([]byte, string) (*seal.KeyPair, error){
		"PEM": seal.LoadPEM, "PKCS #12": seal.LoadPKCS12,
	} {
		_, err := load(make([]byte, 1<<20+1), "")
		assert.ErrorContains(t, err, "expected at most 1048576", name)
		_, err = load(make([]byte, 1<<20), "")
		assert.Error(t, err, name)
		assert.NotContains(t, err.Error(), "expected at most", name)
	}
}

// TestParentheses: beside letters outside ASCII, pdfsign writes UTF-16 as it is,
// where parentheses must come in pairs.
func TestParentheses(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s, err := ca.Sealer()
	require.NoError(t, err)
	for text, good := range map[string]bool{
		"è ()": true, "è (a)": true, "è (a) (b)": true, "è ((a))": true, "è": true, ")(": true, "(": true, ")": true,
		"è )": false, "è (": false, "è )(": false, "è (a))(": false, "è (()": false,
	} {
		_, err := s.Seal(t.Context(), sealtest.Document("x"), seal.Details{Reason: text})
		if good {
			assert.NoError(t, err, text)
		} else {
			assert.ErrorIs(t, err, seal.ErrDocument, text)
			assert.ErrorContains(t, err, "without its pair", text)
		}
	}
}

// TestAmbiguous refuses a document that other readers may see otherwise: here,
// one with a trailer and no table.
func TestAmbiguous(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealtest.Document("x")
	table := bytes.LastIndex(doc, []byte("\nxref\n")) + 1
	trailer := bytes.LastIndex(doc, []byte("trailer"))
	bare := append(bytes.Clone(doc[:table]), doc[trailer:]...)
	_, err := pdf.Parse(t.Context(), bare, pdf.Limits{})
	require.NoError(t, err, "the reader itself takes it")
	out, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), bare, seal.Details{})
	assert.ErrorIs(t, err, seal.ErrDocument)
	assert.ErrorContains(t, err, "a trailer without its cross-reference table")
	assert.Nil(t, out)
}

// TestRevocationHTTP looks at the questions that are asked over HTTP (RFC 6960
// appendix A): a posted OCSP request, and a list that is just fetched.
func TestRevocationHTTP(t *testing.T) {
	var asked []*http.Request
	var ca *sealtest.CA
	list := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Clone(context.Background()))
		if r.Method == http.MethodPost && list {
			http.Error(w, "prova", http.StatusServiceUnavailable)
			return
		}
		ca.ServeHTTP(w, r)
	}))
	defer server.Close()
	ca = newCA(t, sealtest.Config{URL: server.URL, NoIntermediate: true})
	chain := append(ca.Chain(), ca.Root())
	require.NoError(t, seal.NewRevocation(seal.RevocationConfig{}).Check(t.Context(), chain))
	require.Len(t, asked, 1)
	assert.Equal(t, http.MethodPost, asked[0].Method)
	assert.Equal(t, "application/ocsp-request", asked[0].Header.Get("Content-Type"))
	assert.Equal(t, "application/ocsp-response", asked[0].Header.Get("Accept"))

	list, asked = true, nil
	require.NoError(t, seal.NewRevocation(seal.RevocationConfig{}).Check(t.Context(), chain))
	require.Len(t, asked, 2, "what the responder refuses is in the list")
	assert.Equal(t, http.MethodGet, asked[1].Method)
	assert.Empty(t, asked[1].Header.Get("Content-Type"))
	assert.Zero(t, asked[1].ContentLength)
}

// TestLargerTimestamp lets an authority answer with a time-stamp that is larger
// than the one by which room was reserved: the document is written again, whole
// and once.
func TestLargerTimestamp(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	small, err := ca.NewTSA(sealtest.TSAConfig{})
	require.NoError(t, err)
	large, err := ca.NewTSA(sealtest.TSAConfig{Padding: 9000})
	require.NoError(t, err)
	first, err := ca.TSAClient(small)
	require.NoError(t, err)
	then, err := ca.TSAClient(large)
	require.NoError(t, err)
	doc, err := newPAdES(t, padesConfig(t, ca, seal.LevelT)).Seal(t.Context(), page(t), seal.Details{})
	require.NoError(t, err)
	ext, err := seal.NewExtender(seal.ExtenderConfig{Timestamp: &growing{first, then, 1}, Revocation: ca.Revocation(),
		Roots: []*x509.Certificate{ca.Root()}})
	require.NoError(t, err)
	out, err := ext.Extend(t.Context(), doc, seal.LevelLTA)
	require.NoError(t, err)
	sigs := signatures(t, out)
	require.Len(t, sigs, 2)
	assert.Equal(t, "MarcaTemporale1", sigs[1].Field)
	term, err := seal.TermOf(t.Context(), out)
	require.NoError(t, err)
	assert.Equal(t, seal.LevelLTA, term.Level)
	assert.True(t, term.By.Equal(large.Certificate()))
}

// growing asks one authority so many times, and another afterwards.
type growing struct {
	first, then seal.Timestamper
	left        int
}

func (g *growing) Timestamp(ctx context.Context, hash crypto.Hash, digest []byte) (*seal.Token, error) {
	if g.left--; g.left >= 0 {
		return g.first.Timestamp(ctx, hash, digest)
	}
	return g.then.Timestamp(ctx, hash, digest)
}
