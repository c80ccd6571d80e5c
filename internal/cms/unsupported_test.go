package cms_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestUnsupported says of signatures by OpenSSL with algorithms that are not
// verified here that they are not supported, and which algorithm it is: they are
// well formed.
func TestUnsupported(t *testing.T) {
	openssl := testenv.Tool(t, "openssl")
	run := func(args ...string) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	for name, c := range map[string]struct{ key, digest, says string }{
		"PSS key":          {"-algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048", "sha256", "chiave RSASSA-PSS"},
		"PSS key, SHA3":    {"-algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048", "sha3-256", "SHA3-256"},
		"RSA, SHA3-384":    {"-algorithm RSA", "sha3-384", "SHA3-384"},
		"RSA, SHA-512/256": {"-algorithm RSA", "sha512-256", "SHA-512/256"},
		"brainpool": {"-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1", "sha256",
			"chiave ECDSA su una curva"},
		"secp256k1":          {"-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", "sha256", "chiave ECDSA su una curva"},
		"supported, P-256":   {"-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "sha256", ""},
		"supported, RSA-PSS": {"-algorithm RSA", "sha256 -keyopt rsa_padding_mode:pss", ""},
		"two hashes in PSS": {"-algorithm RSA", "sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_mgf1_md:sha384",
			"RSASSA-PSS"},
	} {
		t.Run(name, func(t *testing.T) {
			path := func(name string) string { return filepath.Join(t.TempDir(), name) }
			key, cert, in, out := path("key"), path("cert"), path("in"), path("out")
			require.NoError(t, os.WriteFile(in, content, 0o600))
			run(append([]string{"genpkey", "-out", key}, strings.Fields(c.key)...)...)
			run("req", "-x509", "-new", "-key", key, "-subj", "/CN=Prova", "-days", "30", "-out", cert)
			run(append([]string{"cms", "-sign", "-binary", "-in", in, "-signer", cert, "-inkey", key, "-outform", "DER",
				"-out", out, "-md"}, strings.Fields(c.digest)...)...)
			message, err := os.ReadFile(out)
			require.NoError(t, err)
			sd, err := cms.Parse(message)
			if err == nil {
				_, err = sd.Verify(digest(content))
			}
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			var e *cms.Error
			require.True(t, errors.As(err, &e), "%v", err)
			require.Equal(t, cms.Unsupported, e.Code)
			require.Contains(t, e.Algorithm, c.says)
			require.NotContains(t, e.Error(), "malformed")
		})
	}
}

// TestUnsupportedDigests renames the digest algorithm of a message: those that are
// known are named, the others told by their identifiers.
func TestUnsupportedDigests(t *testing.T) {
	m := newMaker(t, "P-256")
	message := m.sign(t)
	for oid, says := range map[string]string{
		"060960864801650304020a": "SHA3-512", "060960864801650304020b": "SHAKE128", "060960864801650304020c": "SHAKE256",
		"0609608648016503040204": "SHA-224", "060960864801650304027f": "2.16.840.1.101.3.4.2.127",
	} {
		was, err := hex.DecodeString("0609608648016503040201")
		require.NoError(t, err)
		is, err := hex.DecodeString(oid)
		require.NoError(t, err)
		_, err = cms.Parse(bytes.ReplaceAll(message, was, is))
		var e *cms.Error
		require.True(t, errors.As(err, &e), "%v", err)
		require.Equal(t, cms.Unsupported, e.Code)
		require.Equal(t, says, e.Algorithm)
	}
}
