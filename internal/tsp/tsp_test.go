package tsp_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/internal/tsp"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

var sum = sha256.Sum256([]byte("contenuto"))

func authority(t testing.TB, cfg sealtest.TSAConfig) (*sealtest.CA, *sealtest.TSA) {
	t.Helper()
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	tsa, err := ca.NewTSA(cfg)
	require.NoError(t, err)
	return ca, tsa
}

func client(t testing.TB, cfg tsp.Config, servers ...tsp.Server) *tsp.Client {
	t.Helper()
	cfg.Servers = servers
	c, err := tsp.New(cfg)
	require.NoError(t, err)
	return c
}

func TestRequest(t *testing.T) {
	for _, r := range []*tsp.Request{
		{Hash: crypto.SHA256, Digest: sum[:]},
		{Hash: crypto.SHA512, Digest: make([]byte, 64), Policy: asn1.ObjectIdentifier{1, 2, 3}, Nonce: big.NewInt(1 << 40), Certs: true},
	} {
		der, err := r.Marshal()
		require.NoError(t, err)
		got, err := tsp.ParseRequest(der)
		require.NoError(t, err)
		assert.Equal(t, r, got)
		_, err = tsp.ParseRequest(der[:len(der)-1])
		assert.Error(t, err)
		_, err = tsp.ParseRequest(append(der, 0))
		assert.Error(t, err)
	}
	_, err := (&tsp.Request{Hash: crypto.SHA1, Digest: make([]byte, 20)}).Marshal()
	assert.ErrorContains(t, err, "expected SHA-256")
	_, err = (&tsp.Request{Hash: crypto.SHA256, Digest: make([]byte, 20)}).Marshal()
	assert.ErrorContains(t, err, "a digest of 20 bytes: expected 32")
}

func TestConfig(t *testing.T) {
	for says, servers := range map[string][]tsp.Server{
		"no time-stamping authority": nil, "no http or https": {{URL: "ftp://x"}}, "holds credentials": {{URL: "http://a:b@x/"}},
	} {
		_, err := tsp.New(tsp.Config{Servers: servers})
		assert.ErrorContains(t, err, says)
		assert.NotContains(t, err.Error(), "a:b")
	}
}

func TestPolicy(t *testing.T) {
	ca, honest := authority(t, sealtest.TSAConfig{})
	policy := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 9}
	cfg := tsp.Config{Roots: []*x509.Certificate{ca.Root()}, Policy: policy}
	_, err := client(t, cfg, tsp.Server{Exchange: honest.Respond}).Timestamp(t.Context(), crypto.SHA256, sum[:])
	require.NoError(t, err)
	stubborn, err := ca.NewTSA(sealtest.TSAConfig{Fault: sealtest.WrongPolicy})
	require.NoError(t, err)
	_, err = client(t, cfg, tsp.Server{Exchange: stubborn.Respond}).Timestamp(t.Context(), crypto.SHA256, sum[:])
	assert.ErrorContains(t, err, "expected 1.3.6.1.4.1.32473.9")
}

// TestServers asks several in order, and tells why each failed.
func TestServers(t *testing.T) {
	ca, honest := authority(t, sealtest.TSAConfig{})
	down := httptest.NewServer(http.NotFoundHandler())
	defer down.Close()
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the client leave
		<-r.Context().Done()
	}))
	defer hang.Close()
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	redirect := httptest.NewServer(http.RedirectHandler(down.URL, http.StatusFound))
	defer redirect.Close()
	cfg := tsp.Config{Roots: []*x509.Certificate{ca.Root()}}
	bad := []tsp.Server{{URL: down.URL}, {URL: endless.URL}, {URL: redirect.URL}}
	_, err := client(t, cfg, bad...).Timestamp(t.Context(), crypto.SHA256, sum[:])
	for _, says := range []string{"404", "more than 262144 bytes", "302", down.URL, endless.URL} {
		assert.ErrorContains(t, err, says)
	}
	assert.ErrorIs(t, err, tsp.ErrResponse)
	cfg.Timeout = 100 * time.Millisecond
	_, err = client(t, cfg, tsp.Server{URL: hang.URL}).Timestamp(t.Context(), crypto.SHA256, sum[:])
	assert.ErrorContains(t, err, "deadline exceeded")
	assert.ErrorContains(t, err, hang.URL)
	late := tsp.Server{Exchange: func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, nil }}
	_, err = client(t, cfg, late).Timestamp(t.Context(), crypto.SHA256, sum[:])
	assert.ErrorContains(t, err, "deadline exceeded", "what comes after the end is no answer")
	cfg.Timeout = 0
	token, err := client(t, cfg, bad[0], tsp.Server{Exchange: honest.Respond}).Timestamp(t.Context(), crypto.SHA256, sum[:])
	require.NoError(t, err)
	assert.True(t, token.Chain[0].Equal(honest.Certificate()))
	assert.True(t, token.Chain[len(token.Chain)-1].Equal(ca.Root()))
	assert.WithinDuration(t, time.Now(), token.Time, time.Minute)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client(t, cfg, tsp.Server{URL: hang.URL}, tsp.Server{Exchange: honest.Respond}).Timestamp(ctx, crypto.SHA256, sum[:])
	assert.ErrorIs(t, err, context.Canceled, "nobody else is asked then")
}

// TestExpiredAuthority refuses a certificate that ended before the token, also
// when it was good for an earlier one.
func TestExpiredAuthority(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	ca, err := sealtest.NewCA(sealtest.Config{Now: clock})
	require.NoError(t, err)
	tsa, err := ca.NewTSA(sealtest.TSAConfig{NotAfter: now.Add(time.Hour)})
	require.NoError(t, err)
	for _, roots := range [][]*x509.Certificate{nil, {ca.Root()}} {
		now = time.Now()
		c := client(t, tsp.Config{Roots: roots, Now: clock}, tsp.Server{Exchange: tsa.Respond})
		for range 2 {
			_, err = c.Timestamp(t.Context(), crypto.SHA256, sum[:])
			require.NoError(t, err)
		}
		now = now.Add(2 * time.Hour)
		_, err = c.Timestamp(t.Context(), crypto.SHA256, sum[:])
		assert.ErrorContains(t, err, "valid")
	}
}

// TestOpenSSL lets another program be the authority.
func TestOpenSSL(t *testing.T) {
	openssl := testenv.Tool(t, "openssl")
	dir := t.TempDir()
	run := func(args ...string) {
		cmd := exec.CommandContext(t.Context(), openssl, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%v: %s", args, out)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tsa.cnf"), []byte(strings.ReplaceAll(`
[ext]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[tsa]
default_tsa = t
[t]
serial = serial
signer_cert = tsa.pem
certs = root.pem
signer_key = tsa.key
signer_digest = sha384
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256, sha512
accuracy = secs:1, millisecs:500
clock_precision_digits = 3
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`, "\t", "")), 0o600))
	run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=PROVA radice", "-days", "2")
	run("req", "-newkey", "rsa:3072", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=PROVA TSA")
	run("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out", "tsa.pem", "-days", "1", "-extfile", "tsa.cnf", "-extensions", "ext")
	data, err := os.ReadFile(filepath.Join(dir, "root.pem"))
	require.NoError(t, err)
	block, _ := pem.Decode(data)
	root, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	exchange := func(_ context.Context, der []byte) ([]byte, error) {
		if err := os.WriteFile(filepath.Join(dir, "q.tsq"), der, 0o600); err != nil {
			return nil, err
		}
		run("ts", "-reply", "-config", "tsa.cnf", "-section", "t", "-queryfile", "q.tsq", "-out", "r.tsr")
		return os.ReadFile(filepath.Join(dir, "r.tsr"))
	}
	for hash, digest := range map[crypto.Hash][]byte{crypto.SHA256: sum[:], crypto.SHA512: make([]byte, 64)} {
		c := client(t, tsp.Config{Roots: []*x509.Certificate{root}, Policy: asn1.ObjectIdentifier{1, 2, 3, 4, 5}}, tsp.Server{URL: "openssl", Exchange: exchange})
		token, err := c.Timestamp(t.Context(), hash, digest)
		require.NoError(t, err)
		assert.Equal(t, "PROVA TSA", token.Chain[0].Subject.CommonName)
		assert.True(t, token.Chain[1].Equal(root))
	}
	c := client(t, tsp.Config{}, tsp.Server{URL: "openssl", Exchange: exchange})
	_, err = c.Timestamp(t.Context(), crypto.SHA384, make([]byte, 48))
	assert.ErrorContains(t, err, "refused with status 2", "a digest that it does not accept")
	assert.ErrorContains(t, err, "unrecognized algorithm")

	// And it reads what the test authority answers.
	ca, tsa := authority(t, sealtest.TSAConfig{})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ours.pem"), ca.TrustPEM(), 0o600))
	der, err := (&tsp.Request{Hash: crypto.SHA256, Digest: sum[:], Nonce: big.NewInt(7), Certs: true}).Marshal()
	require.NoError(t, err)
	answer, err := tsa.Respond(t.Context(), der)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ours.tsq"), der, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ours.tsr"), answer, 0o600))
	run("ts", "-verify", "-queryfile", "ours.tsq", "-in", "ours.tsr", "-CAfile", "ours.pem")
}

func FuzzParseResponse(f *testing.F) {
	_, tsa := authority(f, sealtest.TSAConfig{})
	der, err := (&tsp.Request{Hash: crypto.SHA256, Digest: sum[:], Nonce: big.NewInt(7), Certs: true}).Marshal()
	require.NoError(f, err)
	answer, err := tsa.Respond(f.Context(), der)
	require.NoError(f, err)
	f.Add(answer)
	f.Add(der)
	refusal, err := tsp.MarshalResponse(nil)
	require.NoError(f, err)
	f.Add(refusal)
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := tsp.ParseRequest(data); err == nil {
			if _, err := r.Marshal(); err != nil {
				t.Errorf("a request that was read cannot be written: %v", err)
			}
		}
		if token, err := tsp.ParseResponse(data); err == nil && len(token) == 0 {
			t.Error("granted without a token")
		}
		c, err := tsp.New(tsp.Config{Servers: []tsp.Server{{Exchange: func(context.Context, []byte) ([]byte, error) { return data, nil }}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Timestamp(t.Context(), crypto.SHA256, sum[:]); err == nil {
			t.Error("an answer to another request was accepted")
		}
	})
}
