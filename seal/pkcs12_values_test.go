package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
)

// find returns the node of a name.
func (n *node) find(t testing.TB, name string) *node {
	t.Helper()
	var found []*node
	n.each(nil, func(_, k *node) {
		if k.name == name {
			found = append(found, k)
		}
	})
	require.Len(t, found, 1, name)
	return found[0]
}

// TestPKCS12Values gives elements of a key file other values, under a MAC that
// is right.
func TestPKCS12Values(t *testing.T) {
	p := newP12(t)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	otherKey, err := x509.MarshalPKCS8PrivateKey(other)
	require.NoError(t, err)
	set := func(name string, value ...byte) func(*node) {
		return func(file *node) { n := file.find(t, name); n.value, n.kids, n.wrap = value, nil, nil }
	}
	oid := func(name string, id ...int) func(*node) {
		return func(file *node) { file.find(t, name).value = identifier(t, "", id...).value }
	}
	// blocks replaces what is encrypted by whole blocks with a padding of their own.
	blocks := func(last ...byte) func(*node) {
		return func(file *node) {
			n := file.find(t, "encrypted key")
			n.wrap = func(key []byte) []byte {
				size := (len(key)+len(last)+15)/16*16 - len(last)
				return p.raw("key", append(append(bytes.Clone(key), make([]byte, size-len(key))...), last...))
			}
		}
	}
	triple := func(params ...*node) func(*node) { // 3DES by the derivation of RFC 7292
		return func(file *node) {
			file.find(t, "key algorithm").kids = []*node{identifier(t, "", 1, 2, 840, 113549, 1, 12, 1, 3),
				sequence("", params...)}
		}
	}
	for name, c := range map[string]struct {
		change func(*node)
		is     error // nil if says is enough
		says   string
	}{
		"encryption of another kind": {oid("key algorithm id", 1, 2, 840, 113549, 1, 12, 1, 6),
			seal.ErrLegacyKeyFile, "RC2-40"},
		"encryption nobody knows": {oid("key algorithm id", 1, 2, 3), seal.ErrLegacyKeyFile, "algorithm 1.2.3"},
		"cipher of another kind": {oid("certs cipher id", 1, 2, 840, 113549, 3, 7), seal.ErrLegacyKeyFile,
			"algorithm 1.2.840.113549.3.7"},
		"derivation nobody knows": {oid("key kdf id", 1, 2, 4), seal.ErrLegacyKeyFile, "algorithm 1.2.4"},
		"hash nobody knows":       {oid("key prf id", 1, 2, 5), seal.ErrLegacyKeyFile, "algorithm 1.2.5"},
		"content of another kind": {oid("data type", 1, 2, 840, 113549, 1, 7, 3), nil,
			"content of type 1.2.840.113549.1.7.3"},
		"no iteration":         {set("key iterations", 0), nil, "not a PKCS #12 file"},
		"too many iterations":  {set("key iterations", 0x1e, 0x84, 0x81), nil, "not a PKCS #12 file"},
		"negative iterations":  {set("key iterations", 0x80), nil, "not a PKCS #12 file"},
		"a short vector":       {set("key iv", make([]byte, 15)...), nil, "not a PKCS #12 file"},
		"a long vector":        {set("key iv", make([]byte, 17)...), nil, "not a PKCS #12 file"},
		"nothing encrypted":    {set("encrypted key"), nil, "not a PKCS #12 file"},
		"a part of a block":    {set("encrypted key", make([]byte, 17)...), nil, "not a PKCS #12 file"},
		"another key's cipher": {oid("key cipher id", 2, 16, 840, 1, 101, 3, 4, 1, 2), seal.ErrPassword, ""},
		"a padding of zero":    {blocks(0), seal.ErrPassword, "la password non apre la chiave"},
		"a padding of 17":      {blocks(bytes.Repeat([]byte{17}, 17)...), seal.ErrPassword, ""},
		"a padding of another": {blocks(3, 2, 3), seal.ErrPassword, ""},
		"3DES, another key":    {triple(octets("", []byte("key")), integer("", 1)), seal.ErrPassword, ""},
		"3DES, no iteration":   {triple(octets("", []byte("key")), integer("", 0)), nil, "not a PKCS #12 file"},
		"3DES, too many": {triple(octets("", []byte("key")), &node{tag: 2, value: []byte{0x1e, 0x84, 0x81}}), nil,
			"not a PKCS #12 file"},
		"3DES, no salt":  {triple(integer("", 1)), nil, "not a PKCS #12 file"},
		"3DES, no count": {triple(octets("", []byte("key"))), nil, "not a PKCS #12 file"},
		"3DES without params": {func(file *node) {
			n := file.find(t, "key algorithm")
			n.kids = []*node{identifier(t, "", 1, 2, 840, 113549, 1, 12, 1, 3)}
		}, nil, "not a PKCS #12 file"},
		"no key": {func(file *node) { file.find(t, "encrypted key").value = []byte("niente") }, nil,
			"seal: private key: "},
		"no certificate": {func(file *node) { file.find(t, "cert 1 octets").value = []byte("niente") }, nil,
			"certificate 1 of the PKCS #12 file"},
		"no key at all": {func(file *node) { file.find(t, "data bags").kids = nil }, nil, "holds 0 private keys"},
		"two keys": {func(file *node) {
			bags := file.find(t, "data bags")
			bags.kids = append(bags.kids, p.bare())
		}, nil, "holds 2 private keys"},
		"the key of another": {func(file *node) { file.find(t, "encrypted key").value = otherKey },
			seal.ErrCertificate, "none of the 2 certificates"},
		"something that is no bag": {func(file *node) {
			bags := file.find(t, "data bags")
			bags.kids = append(bags.kids, integer("no bag", 1))
		}, nil, "not a PKCS #12 file"},
		"something behind the bags": {func(file *node) {
			n := file.find(t, "data octets")
			n.kids = append(n.kids, sequence("behind"))
		}, nil, "not a PKCS #12 file"},
	} {
		file := p.whole()
		c.change(file)
		pair, err := seal.LoadPKCS12(file.der(t), shortPassword)
		require.Error(t, err, name)
		if c.is != nil {
			require.ErrorIs(t, err, c.is, name)
		}
		require.ErrorContains(t, err, c.says, name)
		require.Nil(t, pair, name)
	}
}

// TestPKCS12Forms reads the same pair from each of the forms of a key file.
func TestPKCS12Forms(t *testing.T) {
	p, want := newP12(t), testPair(t)
	attributes := &node{tag: 0x31, kids: []*node{sequence("", identifier(t, "", 1, 2, 840, 113549, 1, 9, 20))}}
	named := p.shrouded()
	named.kids = append(named.kids, attributes)
	crl := sequence("", identifier(t, "", 1, 2, 840, 113549, 1, 12, 10, 1, 4), explicit("", sequence("")))
	for name, file := range map[string]*node{
		"one after the other":      p.file(p.data(p.cert(1), p.shrouded(), p.cert(0))),
		"all encrypted":            p.file(p.encrypted(p.bare(), p.cert(1), p.cert(0))),
		"each by itself":           p.file(p.data(p.cert(1)), p.encrypted(p.cert(0)), p.data(p.bare())),
		"with a name":              p.file(p.data(p.cert(1), p.cert(0), named)),
		"with a bag of other kind": p.file(p.data(crl, p.cert(1), p.cert(0), crl, p.bare(), crl)),
		"with nothing in between":  p.file(p.data(), p.data(p.cert(1), p.cert(0), p.bare()), p.encrypted()),
		"with a certificate twice": p.file(p.data(p.cert(0), p.cert(1), p.cert(0), p.bare(), p.cert(1))),
	} {
		pair, err := seal.LoadPKCS12(file.der(t), shortPassword)
		require.NoError(t, err, name)
		require.Equal(t, want, pair, name)
	}
	for n := range 16 { // among them a padding of a whole block
		filler := sequence("", identifier(t, "", 1, 2, 3), explicit("", octets("", make([]byte, n))))
		pair, err := seal.LoadPKCS12(p.file(p.encrypted(p.cert(1), p.cert(0), p.bare(), filler)).der(t), shortPassword)
		require.NoError(t, err, "%d bytes", n)
		require.Equal(t, want, pair, "%d bytes", n)
	}
	pair, err := seal.LoadPKCS12(p.file().der(t), shortPassword)
	require.ErrorContains(t, err, "holds 0 private keys")
	require.Nil(t, pair)
}

// classicMAC replaces the MAC of a file by one of RFC 7292 appendix B, whose key is
// no longer than the hash: one round of its derivation, written out here.
func (p *p12) classicMAC(file *node, hash crypto.Hash, password string, salt []byte, iterations int) {
	block := hash.New().BlockSize()
	fill := func(b []byte) (out []byte) {
		for len(out) < len(b) || len(out)%block != 0 {
			out = append(out, b[len(out)%len(b)])
		}
		return out
	}
	var bmp []byte
	for _, u := range utf16.Encode([]rune(password)) {
		bmp = binary.BigEndian.AppendUint16(bmp, u)
	}
	key := slices.Concat(bytes.Repeat([]byte{3}, block), fill(salt), fill(append(bmp, 0, 0)))
	for range iterations {
		h := hash.New()
		h.Write(key)
		key = h.Sum(nil)
	}
	id := map[crypto.Hash][]int{crypto.SHA1: {1, 3, 14, 3, 2, 26}, crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3}}[hash]
	m := hmac.New(hash.New, key)
	m.Write(file.find(p.t, "safe").der(p.t))
	mac := file.find(p.t, "mac")
	mac.kids = []*node{sequence("", sequence("", identifier(p.t, "", id...)), octets("", m.Sum(nil))), octets("", salt)}
	if iterations != 1 {
		mac.kids = append(mac.kids, integer("", byte(iterations)))
	}
}

// TestClassicMAC opens files whose MAC has salt and password of all lengths at
// which the derivation fills a block of the hash more, or none.
func TestClassicMAC(t *testing.T) {
	p, want := newP12(t), testPair(t)
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		block := hash.New().BlockSize()
		for i, salt := range []int{0, 1, 8, block - 1, block, block + 1, 2*block - 1, 2 * block} {
			for _, length := range []int{0, 1, block/2 - 2, block/2 - 1, block / 2, block - 1} {
				p.password = strings.Repeat("è", length)
				file := p.file(p.data(p.bare(), p.cert(0), p.cert(1)))
				p.classicMAC(file, hash, p.password, bytes.Repeat([]byte("sale"), salt)[:salt], i+1)
				pair, err := seal.LoadPKCS12(file.der(t), p.password)
				require.NoError(t, err, "%v, a salt of %d bytes, a password of %d letters", hash, salt, length)
				require.Equal(t, want, pair)
				_, err = seal.LoadPKCS12(file.der(t), p.password+"x")
				require.ErrorIs(t, err, seal.ErrPassword)
			}
		}
	}
	file := p.whole()
	p.classicMAC(file, crypto.SHA256, p.password, []byte("sale"), 3)
	mac := file.find(t, "mac")
	for name, iterations := range map[string][]byte{"none": {0}, "negative": {0xff}, "too many": {0x1e, 0x84, 0x81}} {
		mac.kids[2].value = iterations
		_, err := seal.LoadPKCS12(file.der(t), p.password)
		require.ErrorContains(t, err, "iterations: expected at most 2000000", name)
	}
}
