package seal_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
)

// The passwords of the key files in testdata.
const (
	shortPassword = "perché €"
	longPassword  = "una frase molto lunga che serve da password di prova e che supera più di un blocco della " +
		"funzione di hash, due volte"
)

func keyFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "keys", name))
	require.NoError(t, err)
	return data
}

// testPair is the pair that the key files in testdata hold.
func testPair(t testing.TB) *seal.KeyPair {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "pbmac1.p12"))
	require.NoError(t, err)
	p, err := seal.LoadPKCS12(data, shortPassword)
	require.NoError(t, err)
	require.Len(t, p.Chain, 2)
	return p
}

// TestKeyFiles reads the key files that OpenSSL wrote, with each of the
// encryptions and MACs; see testdata/keys/README.
func TestKeyFiles(t *testing.T) {
	want := testPair(t)
	for name, password := range map[string]string{
		"3des-sha1.p12": shortPassword, "3des-sha1-long.p12": longPassword, "aes128-aes192-sha384.p12": longPassword,
		"aes256-sha256.p12": shortPassword, "plain-sha512.p12": "",
		"one-iteration.p12": shortPassword,
	} {
		data := keyFile(t, name)
		p, err := seal.LoadPKCS12(data, password)
		require.NoError(t, err, name)
		require.Equal(t, want, p, name)
		for _, wrong := range []string{"perche €", shortPassword + " ", longPassword[:len(longPassword)-1]} {
			p, err = seal.LoadPKCS12(data, wrong)
			require.ErrorIs(t, err, seal.ErrPassword, name)
			require.Nil(t, p, name)
		}
	}
	p, err := seal.LoadPKCS12(keyFile(t, "rc2.p12"), shortPassword)
	require.ErrorIs(t, err, seal.ErrLegacyKeyFile)
	require.ErrorContains(t, err, "RC2-40")
	require.Nil(t, p)
	p, err = seal.LoadPKCS12(keyFile(t, "nomac.p12"), shortPassword)
	require.ErrorContains(t, err, "it has no MAC")
	require.Nil(t, p)
}

// TestEncryptedPEM reads keys that OpenSSL encrypted, one in each block of the
// file; the last is by an algorithm that is no longer safe.
func TestEncryptedPEM(t *testing.T) {
	want, certs := testPair(t), keyFile(t, "certs.pem")
	var blocks [][]byte
	for block, rest := pem.Decode(keyFile(t, "encrypted.pem")); block != nil; block, rest = pem.Decode(rest) {
		blocks = append(blocks, pem.EncodeToMemory(block))
	}
	require.Len(t, blocks, 6)
	for i, block := range blocks[:5] {
		p, err := seal.LoadPEM(append(bytes.Clone(block), certs...), shortPassword)
		require.NoError(t, err, "block %d", i)
		require.Equal(t, want, p, "block %d", i)
		for _, wrong := range []string{"", "perche €"} {
			p, err = seal.LoadPEM(append(bytes.Clone(block), certs...), wrong)
			require.ErrorIs(t, err, seal.ErrPassword, "block %d", i)
			require.Nil(t, p, "block %d", i)
		}
	}
	_, err := seal.LoadPEM(append(blocks[5], certs...), shortPassword)
	require.ErrorIs(t, err, seal.ErrLegacyKeyFile)
	require.ErrorContains(t, err, "DES (PBES1)")
	_, err = seal.LoadPEM(append(keyFile(t, "rfc1421.pem"), certs...), "x")
	require.ErrorIs(t, err, seal.ErrLegacyKeyFile)
	require.ErrorContains(t, err, "RFC 1421")
	_, err = seal.LoadPEM(certs, "")
	require.ErrorContains(t, err, "holds no private key")
}
