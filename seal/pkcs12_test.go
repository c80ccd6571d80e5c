package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
)

// A node is an element of a key file that a test writes. Its content is value,
// then that of its children, then turned by wrap, which encrypts for example.
type node struct {
	name  string
	tag   byte
	value []byte
	kids  []*node
	wrap  func([]byte) []byte
}

func (n *node) der(t testing.TB) []byte {
	t.Helper()
	content := bytes.Clone(n.value)
	for _, k := range n.kids {
		content = append(content, k.der(t)...)
	}
	if n.wrap != nil {
		content = n.wrap(content)
	}
	out, err := asn1.Marshal(asn1.RawValue{Class: int(n.tag >> 6), IsCompound: n.tag&0x20 != 0, Tag: int(n.tag & 0x1f),
		Bytes: content})
	require.NoError(t, err)
	return out
}

// each calls f with each node and its parent, nil for the first.
func (n *node) each(parent *node, f func(parent, n *node)) {
	f(parent, n)
	for _, k := range slices.Clone(n.kids) {
		k.each(n, f)
	}
}

func sequence(name string, kids ...*node) *node { return &node{name: name, tag: 0x30, kids: kids} }
func explicit(name string, kids ...*node) *node { return &node{name: name, tag: 0xa0, kids: kids} }
func octets(name string, value []byte, kids ...*node) *node {
	return &node{name: name, tag: 4, value: value, kids: kids}
}
func integer(name string, v byte) *node { return &node{name: name, tag: 2, value: []byte{v}} }

func identifier(t testing.TB, name string, oid ...int) *node {
	t.Helper()
	der, err := asn1.Marshal(asn1.ObjectIdentifier(oid))
	require.NoError(t, err)
	return &node{name: name, tag: 6, value: der[2:]}
}

// A p12 writes key files (RFC 7292) with the certificates encrypted and the key
// in a bag of its own, of few iterations.
type p12 struct {
	t        testing.TB
	password string
	key      []byte // PKCS #8
	certs    []*x509.Certificate
}

func newP12(t testing.TB) *p12 {
	t.Helper()
	pair := testPair(t)
	der, err := x509.MarshalPKCS8PrivateKey(pair.Signer)
	require.NoError(t, err)
	return &p12{t: t, password: shortPassword, key: der, certs: pair.Chain}
}

func (p *p12) derived(salt string, size int) []byte {
	key, err := pbkdf2.Key(sha256.New, p.password, []byte(salt), 3, size)
	require.NoError(p.t, err)
	return key
}

// kdf is PBKDF2 with its parameters (RFC 8018 appendix A.2).
func (p *p12) kdf(of, salt string, size byte) *node {
	params := sequence(of+" kdf params", octets(of+" salt", []byte(salt)), integer(of+" iterations", 3),
		integer(of+" length", size),
		sequence(of+" prf", identifier(p.t, of+" prf id", 1, 2, 840, 113549, 2, 9)))
	return sequence(of+" kdf", identifier(p.t, of+" kdf id", 1, 2, 840, 113549, 1, 5, 12), params)
}

// pbes2 is the algorithm of an encryption by AES-256 (RFC 8018 appendix A.4).
func (p *p12) pbes2(of string) *node {
	return sequence(of+" algorithm", identifier(p.t, of+" algorithm id", 1, 2, 840, 113549, 1, 5, 13),
		sequence(of+" params", p.kdf(of, of, 32), sequence(of+" cipher",
			identifier(p.t, of+" cipher id", 2, 16, 840, 1, 101, 3, 4, 1, 42), octets(of+" iv", make([]byte, 16)))))
}

func (p *p12) encrypt(of string) func([]byte) []byte {
	return func(plain []byte) []byte {
		pad := 16 - len(plain)%16
		return p.raw(of, append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...))
	}
}

// raw encrypts whole blocks.
func (p *p12) raw(of string, blocks []byte) []byte {
	block, err := aes.NewCipher(p.derived(of, 32))
	require.NoError(p.t, err)
	out := make([]byte, len(blocks))
	cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(out, blocks)
	return out
}

func (p *p12) cert(i int) *node {
	name := fmt.Sprintf("cert %d", i)
	return sequence(name+" bag", identifier(p.t, name+" bag id", 1, 2, 840, 113549, 1, 12, 10, 1, 3),
		explicit(name+" value", sequence(name, identifier(p.t, name+" type", 1, 2, 840, 113549, 1, 9, 22, 1),
			explicit(name+" wrapped", octets(name+" octets", p.certs[i].Raw)))))
}

// shrouded is the bag of the encrypted key.
func (p *p12) shrouded() *node {
	value := octets("encrypted key", p.key)
	value.wrap = p.encrypt("key")
	return sequence("key bag", identifier(p.t, "key bag id", 1, 2, 840, 113549, 1, 12, 10, 1, 2),
		explicit("key value", sequence("shrouded key", p.pbes2("key"), value)))
}

// bare is the bag of a key that is not encrypted.
func (p *p12) bare() *node {
	key := &node{name: "bare key", tag: 0xa0, value: p.key}
	return sequence("bare bag", identifier(p.t, "bare bag id", 1, 2, 840, 113549, 1, 12, 10, 1, 1), key)
}

// data is bags without encryption.
func (p *p12) data(bags ...*node) *node {
	return sequence("data info", identifier(p.t, "data type", 1, 2, 840, 113549, 1, 7, 1),
		explicit("data content", octets("data octets", nil, sequence("data bags", bags...))))
}

// encrypted is bags under encryption.
func (p *p12) encrypted(bags ...*node) *node {
	value := &node{name: "encrypted octets", tag: 0x80, kids: []*node{sequence("encrypted bags", bags...)},
		wrap: p.encrypt("certs")}
	return sequence("encrypted info", identifier(p.t, "encrypted type", 1, 2, 840, 113549, 1, 7, 6),
		explicit("encrypted content", sequence("encrypted data", integer("encrypted version", 0),
			sequence("encrypted content info", identifier(p.t, "inner type", 1, 2, 840, 113549, 1, 7, 1),
				p.pbes2("certs"), value))))
}

// file is a key file with a MAC by PBMAC1 (RFC 9579).
func (p *p12) file(infos ...*node) *node {
	safe := octets("safe octets", nil, sequence("safe", infos...))
	digest := octets("mac digest", nil)
	digest.wrap = func([]byte) []byte {
		var content []byte
		for _, k := range safe.kids {
			content = append(content, k.der(p.t)...)
		}
		h := hmac.New(sha256.New, p.derived("mac", 32))
		h.Write(append(bytes.Clone(safe.value), content...))
		return h.Sum(nil)
	}
	return sequence("pfx", integer("version", 3),
		sequence("auth", identifier(p.t, "auth type", 1, 2, 840, 113549, 1, 7, 1), explicit("auth content", safe)),
		sequence("mac", sequence("mac info", sequence("mac algorithm",
			identifier(p.t, "mac algorithm id", 1, 2, 840, 113549, 1, 5, 14),
			sequence("mac params", p.kdf("mac", "mac", 32),
				sequence("mac scheme", identifier(p.t, "mac scheme id", 1, 2, 840, 113549, 2, 9)))), digest),
			octets("unused salt", []byte("unused"))))
}

func (p *p12) whole() *node { return p.file(p.encrypted(p.cert(0), p.cert(1)), p.data(p.shrouded())) }

// passedOver are the elements whose change leaves the pair as it is: what stands
// behind what is known, where the format could be extended, and what has a
// default or no meaning here. shorter are those with which a certificate is lost
// that is not the key's, since it is of another kind, or away.
func passedOver() (same, shorter map[string][]string) {
	same = map[string][]string{
		"without": {"certs length", "key length"},
		"empty":   {"unused salt"},
		"twice": {
			"cert 0", "cert 0 bag", "cert 0 octets", "cert 0 value", "cert 0 wrapped", "cert 1", "cert 1 bag",
			"cert 1 octets", "cert 1 value", "cert 1 wrapped", "certs cipher", "certs iv", "certs kdf params",
			"certs params", "certs prf", "certs prf id", "data octets", "encrypted content info", "encrypted data",
			"encrypted info", "encrypted key", "encrypted octets", "key cipher", "key iv", "key kdf params",
			"key params", "key prf", "key prf id", "key value", "mac digest", "mac kdf params", "mac params", "mac prf",
			"mac prf id", "mac scheme", "mac scheme id", "safe octets",
		},
		"more in it": {
			"auth content", "cert 0", "cert 0 bag", "cert 0 value", "cert 0 wrapped", "cert 1", "cert 1 bag",
			"cert 1 value", "cert 1 wrapped", "certs algorithm", "certs cipher", "certs kdf", "certs kdf params",
			"certs length", "certs params", "certs prf", "data content", "encrypted content", "encrypted content info",
			"encrypted data", "encrypted key", "inner type", "key algorithm", "key bag", "key cipher", "key kdf",
			"key kdf params", "key length", "key params", "key prf", "mac algorithm", "mac digest", "mac info",
			"mac kdf", "mac kdf params", "mac params", "mac prf", "mac scheme", "shrouded key", "unused salt",
		},
	}
	shorter = map[string][]string{
		"without":    {"cert 1 bag"},
		"more in it": {"cert 1 bag id", "cert 1 type"},
	}
	return same, shorter
}

// elementChanges are what is done to each element of a file.
func elementChanges() map[string]func(parent, n *node) {
	return map[string]func(parent, n *node){
		"without": func(parent, n *node) {
			parent.kids = slices.DeleteFunc(parent.kids, func(k *node) bool { return k == n })
		},
		"twice": func(parent, n *node) {
			parent.kids = slices.Insert(parent.kids, slices.Index(parent.kids, n), n)
		},
		"retagged":   func(_, n *node) { n.tag ^= 0x01 },
		"empty":      func(_, n *node) { n.value, n.kids, n.wrap = nil, nil, nil },
		"more in it": func(_, n *node) { n.kids = append(n.kids, &node{tag: 5}) },
	}
}

// changed calls f for each element that make returns, with one change in it.
func changed(t testing.TB, make func() *node, f func(op, name string, file []byte)) {
	t.Helper()
	var names []string
	make().each(nil, func(_, n *node) { names = append(names, n.name) })
	for op, change := range elementChanges() {
		for i, name := range names {
			if i == 0 && (op == "without" || op == "twice") {
				continue // the file itself
			}
			file, at := make(), 0
			file.each(nil, func(parent, n *node) {
				if at == i {
					change(parent, n)
				}
				at++
			})
			f(op, name, file.der(t))
		}
	}
}

// TestPKCS12Elements takes each element of key files away, doubles it, gives it
// another tag, empties it, or puts something behind its content, under a MAC
// that is right: the file is refused, but for what passedOver lists.
func TestPKCS12Elements(t *testing.T) {
	p, want := newP12(t), testPair(t)
	same, shorter := passedOver()
	for _, c := range []struct {
		root string // the element that holds the root and nothing else
		file func() *node
	}{
		{"", p.whole},
		{"encrypted info", func() *node { return p.file(p.encrypted(p.cert(1)), p.data(p.cert(0), p.shrouded())) }},
		{"data info", func() *node { return p.file(p.data(p.cert(1)), p.encrypted(p.cert(0), p.shrouded())) }},
	} {
		name, file := "root in "+c.root, c.file
		got, err := seal.LoadPKCS12(file().der(t), shortPassword)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
		changed(t, file, func(op, element string, data []byte) {
			at := fmt.Sprintf("%s: %s %s", name, op, element)
			got, err := seal.LoadPKCS12(data, shortPassword)
			switch {
			case slices.Contains(same[op], element) && (c.root != "data info" || element != "encrypted info"),
				element == c.root && op == "twice":
				require.NoError(t, err, at)
				require.Equal(t, want, got, at)
			case slices.Contains(shorter[op], element), element == c.root && op == "without",
				op == "empty" && c.root != "" && element == strings.TrimSuffix(c.root, "info")+"bags":
				require.NoError(t, err, at)
				require.Equal(t, &seal.KeyPair{Signer: want.Signer, Chain: want.Chain[:1]}, got, at)
			default:
				require.Error(t, err, at)
				require.Nil(t, got, at)
			}
			if op == "retagged" && strings.HasPrefix(element, "mac") {
				require.ErrorContains(t, err, "not a PKCS #12 file", at)
			}
		})
	}
}

// TestEncryptedKeyElements changes each element of an encrypted private key: what
// is not well formed is not taken for a wrong password, nor for an old algorithm.
func TestEncryptedKeyElements(t *testing.T) {
	p, certs := newP12(t), keyFile(t, "certs.pem")
	changed(t, func() *node { return p.shrouded().find(t, "shrouded key") }, func(op, element string, data []byte) {
		if op != "retagged" && op != "without" {
			return
		}
		if op == "without" && (element == "key length" || element == "key iterations") {
			return // the one may be missing; of the other the one takes the place
		}
		_, err := seal.LoadPEM(append(encode("ENCRYPTED PRIVATE KEY", data), certs...), shortPassword)
		require.Error(t, err, "%s %s", op, element)
		if element == "key prf" && op == "without" {
			return // which says that it is another: the default
		}
		require.NotErrorIs(t, err, seal.ErrPassword, "%s %s", op, element)
		require.NotErrorIs(t, err, seal.ErrLegacyKeyFile, "%s %s", op, element)
	})
}
