package seal

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" // recognised: key files of old are protected with 3DES
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxIterations bounds the work that a key file can ask for: about a second.
const maxIterations = 2_000_000

var (
	oidPKCS7Data      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidPKCS7Encrypted = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
	oidKeyBag         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidShroudedKeyBag = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidCertBag        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	oidX509           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 22, 1}
	oidPBES2          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidPBMAC1         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 14}
	oidPBE3DES        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3}
)

// rc2 names the encryptions of key files that are no longer safe.
var rc2 = map[string]string{
	"1.2.840.113549.1.12.1.1": "RC4-128", "1.2.840.113549.1.12.1.2": "RC4-40",
	"1.2.840.113549.1.12.1.5": "RC2-128", "1.2.840.113549.1.12.1.6": "RC2-40",
	"1.2.840.113549.1.5.3": "DES (PBES1)", "1.2.840.113549.1.5.10": "DES (PBES1)",
	"1.2.840.113549.1.5.11": "RC2 (PBES1)",
}

var macHashes = map[string]crypto.Hash{
	"1.3.14.3.2.26": crypto.SHA1, "2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

var prfHashes = map[string]crypto.Hash{
	"1.2.840.113549.2.7": crypto.SHA1, "1.2.840.113549.2.9": crypto.SHA256,
	"1.2.840.113549.2.10": crypto.SHA384, "1.2.840.113549.2.11": crypto.SHA512,
}

var aesKeys = map[string]int{"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, "2.16.840.1.101.3.4.1.42": 32}

var errPFX = errors.New("seal: not a PKCS #12 file (.p12, .pfx), or damaged")

func legacy(oid asn1.ObjectIdentifier) error {
	name := rc2[oid.String()]
	if name == "" {
		name = "algorithm " + oid.String()
	}
	return fmt.Errorf("seal: %w: %s. Il file della chiave usa una cifratura non più sicura: va convertito con "+
		"«openssl pkcs12 -legacy -in vecchio.p12 -nodes | openssl pkcs12 -export -out nuovo.p12»", ErrLegacyKeyFile,
		name)
}

// LoadPKCS12 reads a key and its certificates from a PKCS #12 file (RFC 7292),
// as OpenSSL 3, Windows and Java write it: PBES2 with AES and, of older files,
// 3DES, with a MAC by SHA-1, SHA-2 or PBMAC1 (RFC 9579). A file protected with RC2, as many of old
// were, is refused with [ErrLegacyKeyFile] and the command that converts it, a
// wrong password with [ErrPassword]. A file without MAC is refused: nothing
// would show that it was changed.
func LoadPKCS12(data []byte, password string) (*KeyPair, error) {
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("seal: %d bytes of PKCS #12: expected at most %d", len(data), maxKeyFile)
	}
	in := cryptobyte.String(data)
	var pfx, mac cryptobyte.String
	var version int
	if !in.ReadASN1(&pfx, cbasn1.SEQUENCE) || !in.Empty() || !pfx.ReadASN1Integer(&version) || version != 3 {
		return nil, errPFX
	}
	var safe cryptobyte.String
	if typ, content := contentInfo(&pfx); !typ.Equal(oidPKCS7Data) || !content.ReadASN1(&safe, cbasn1.OCTET_STRING) {
		return nil, fmt.Errorf("%w: expected content of type data, protected with a password", errPFX)
	}
	if !pfx.ReadASN1(&mac, cbasn1.SEQUENCE) || !pfx.Empty() {
		return nil, fmt.Errorf("%w: it has no MAC", errPFX)
	}
	if err := checkMAC(mac, safe, password); err != nil {
		return nil, err
	}
	var b bags
	var infos cryptobyte.String
	if !safe.ReadASN1(&infos, cbasn1.SEQUENCE) || !safe.Empty() {
		return nil, errPFX
	}
	for !infos.Empty() {
		typ, content := contentInfo(&infos)
		if err := b.add(typ, content, password); err != nil {
			return nil, err
		}
	}
	if len(b.keys) != 1 {
		return nil, fmt.Errorf("seal: the PKCS #12 file holds %d private keys: expected one", len(b.keys))
	}
	key, err := x509.ParsePKCS8PrivateKey(b.keys[0])
	if err != nil {
		return nil, fmt.Errorf("seal: private key: %w", err)
	}
	signer, err := asSigner(key)
	if err != nil {
		return nil, err
	}
	return pair(signer, b.certs)
}

// contentInfo reads ContentInfo (RFC 2315 clause 7). The type is nil if in does not
// begin with one.
func contentInfo(in *cryptobyte.String) (asn1.ObjectIdentifier, cryptobyte.String) {
	var seq, content cryptobyte.String
	var typ asn1.ObjectIdentifier
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&typ) ||
		!seq.ReadASN1(&content, cbasn1.Tag(0).ContextSpecific().Constructed()) || !seq.Empty() {
		return nil, nil
	}
	return typ, content
}

// bmpPassword encodes a password as RFC 7292 appendix B.1 wants it.
func bmpPassword(password string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(password)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return append(out, 0, 0)
}

func checkMAC(mac, safe cryptobyte.String, password string) error {
	var info, alg, digest, salt cryptobyte.String
	var oid asn1.ObjectIdentifier
	iterations := 1
	if !mac.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1(&alg, cbasn1.SEQUENCE) ||
		!alg.ReadASN1ObjectIdentifier(&oid) || !info.ReadASN1(&digest, cbasn1.OCTET_STRING) ||
		!mac.ReadASN1(&salt, cbasn1.OCTET_STRING) || !mac.Empty() && !mac.ReadASN1Integer(&iterations) || !mac.Empty() {
		return errPFX
	}
	var h crypto.Hash
	var key []byte
	var err error
	if oid.Equal(oidPBMAC1) { // which has salt and iterations of its own
		h, key, err = pbmac1(alg, password)
	} else {
		if h = macHashes[oid.String()]; h == 0 {
			return legacy(oid)
		}
		if iterations < 1 || iterations > maxIterations {
			return fmt.Errorf("%w: %d iterations: expected at most %d", errPFX, iterations, maxIterations)
		}
		key = derive(h, 3, bmpPassword(password), salt, iterations, h.Size())
	}
	if err != nil {
		return err
	}
	m := hmac.New(h.New, key)
	m.Write(safe)
	if hmac.Equal(m.Sum(nil), digest) {
		return nil
	}
	return fmt.Errorf("seal: %w: la password non apre il file della chiave", ErrPassword)
}

// The lengths of PBMAC1's keys in bytes. A key of a few bytes would let anybody
// find a MAC that fits (RFC 9579, security considerations); no HMAC gains by more than its output.
const (
	minMACKey = 20
	maxMACKey = 64
)

// pbmac1 reads PBMAC1-params (RFC 8018 appendix A.5, RFC 9579 clause 4) and
// returns hash and key of the HMAC.
func pbmac1(alg cryptobyte.String, password string) (crypto.Hash, []byte, error) {
	var params, kdf, scheme cryptobyte.String
	var id asn1.ObjectIdentifier
	if !alg.ReadASN1(&params, cbasn1.SEQUENCE) || !params.ReadASN1(&kdf, cbasn1.SEQUENCE) ||
		!params.ReadASN1(&scheme, cbasn1.SEQUENCE) || !scheme.ReadASN1ObjectIdentifier(&id) {
		return 0, nil, errPFX
	}
	h := prfHashes[id.String()]
	if h == 0 {
		return 0, nil, legacy(id)
	}
	key, err := deriveBy(kdf, password, 0)
	return h, key, err
}

// derive is the key derivation of RFC 7292 appendix B.2.
func derive(h crypto.Hash, id byte, password, salt []byte, iterations, size int) []byte {
	block := map[crypto.Hash]int{crypto.SHA1: 64, crypto.SHA256: 64, crypto.SHA384: 128, crypto.SHA512: 128}[h]
	fill := func(b []byte) []byte {
		if len(b) == 0 {
			return nil
		}
		n := (len(b) + block - 1) / block * block
		return bytes.Repeat(b, n/len(b)+1)[:n]
	}
	d := bytes.Repeat([]byte{id}, block)
	i := append(fill(salt), fill(password)...)
	one := big.NewInt(1)
	var out []byte
	for len(out) < size {
		digest := h.New()
		digest.Write(d)
		digest.Write(i)
		a := digest.Sum(nil)
		for range iterations - 1 {
			digest.Reset()
			digest.Write(a)
			a = digest.Sum(a[:0])
		}
		out = append(out, a...)
		b := new(big.Int).SetBytes(fill(a)[:block])
		b.Add(b, one)
		for j := 0; j < len(i); j += block {
			sum := new(big.Int).SetBytes(i[j : j+block])
			raw := sum.Add(sum, b).FillBytes(make([]byte, block+1)) // with what it carries over, which is lost
			copy(i[j:j+block], raw[1:])
		}
	}
	return out[:size]
}

// bags is what a PKCS #12 file holds.
type bags struct {
	keys  [][]byte // PKCS #8
	certs []*x509.Certificate
}

func (b *bags) add(typ asn1.ObjectIdentifier, content cryptobyte.String, password string) error {
	var safe cryptobyte.String
	switch {
	case typ.Equal(oidPKCS7Data):
		if !content.ReadASN1(&safe, cbasn1.OCTET_STRING) {
			return errPFX
		}
	case typ.Equal(oidPKCS7Encrypted):
		var seq, info, encrypted cryptobyte.String
		var version int
		var inner asn1.ObjectIdentifier
		var alg cryptobyte.String
		if !content.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Integer(&version) ||
			!seq.ReadASN1(&info, cbasn1.SEQUENCE) ||
			!info.ReadASN1ObjectIdentifier(&inner) || !info.ReadASN1(&alg, cbasn1.SEQUENCE) ||
			!info.ReadASN1(&encrypted, cbasn1.Tag(0).ContextSpecific()) {
			return errPFX
		}
		plain, err := decrypt(alg, encrypted, password)
		if err != nil {
			return err
		}
		safe = plain
	default:
		return fmt.Errorf("%w: content of type %v", errPFX, typ)
	}
	var list cryptobyte.String
	if !safe.ReadASN1(&list, cbasn1.SEQUENCE) || !safe.Empty() {
		return errPFX
	}
	for !list.Empty() {
		var bag, value cryptobyte.String
		var id asn1.ObjectIdentifier
		if !list.ReadASN1(&bag, cbasn1.SEQUENCE) || !bag.ReadASN1ObjectIdentifier(&id) ||
			!bag.ReadASN1(&value, cbasn1.Tag(0).ContextSpecific().Constructed()) {
			return errPFX
		}
		if err := b.bag(id, value, password); err != nil {
			return err
		}
	}
	return nil
}

func (b *bags) bag(id asn1.ObjectIdentifier, value cryptobyte.String, password string) error {
	switch {
	case id.Equal(oidKeyBag):
		b.keys = append(b.keys, value)
	case id.Equal(oidShroudedKeyBag):
		key, err := decryptShrouded(value, password)
		if err != nil {
			return err
		}
		b.keys = append(b.keys, key)
	case id.Equal(oidCertBag):
		var seq, wrapped, der cryptobyte.String
		var typ asn1.ObjectIdentifier
		if !value.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&typ) ||
			!seq.ReadASN1(&wrapped, cbasn1.Tag(0).ContextSpecific().Constructed()) ||
			!wrapped.ReadASN1(&der, cbasn1.OCTET_STRING) {
			return errPFX
		}
		if !typ.Equal(oidX509) {
			return nil
		}
		c, err := x509.ParseCertificate(bytes.Clone(der))
		if err != nil {
			return fmt.Errorf("seal: certificate %d of the PKCS #12 file: %w", len(b.certs), err)
		}
		b.certs = append(b.certs, c)
	}
	return nil // other bags hold nothing that a seal needs
}

// decryptShrouded decrypts EncryptedPrivateKeyInfo (RFC 5958).
func decryptShrouded(der []byte, password string) ([]byte, error) {
	in := cryptobyte.String(der)
	var seq, alg, encrypted cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1(&alg, cbasn1.SEQUENCE) ||
		!seq.ReadASN1(&encrypted, cbasn1.OCTET_STRING) {
		return nil, errors.New("seal: an encrypted private key that is not well formed")
	}
	return decrypt(alg, encrypted, password)
}

// decrypt decrypts with a password and takes the padding off. alg is the
// content of an AlgorithmIdentifier.
func decrypt(alg cryptobyte.String, encrypted []byte, password string) ([]byte, error) {
	var oid asn1.ObjectIdentifier
	var params cryptobyte.String
	if !alg.ReadASN1ObjectIdentifier(&oid) {
		return nil, errPFX
	}
	if !oid.Equal(oidPBES2) && !oid.Equal(oidPBE3DES) {
		return nil, legacy(oid)
	}
	if !alg.ReadASN1(&params, cbasn1.SEQUENCE) {
		return nil, errPFX
	}
	var block cipher.Block
	var iv []byte
	var err error
	if oid.Equal(oidPBES2) {
		block, iv, err = pbes2(params, password)
	} else {
		var salt cryptobyte.String
		var iterations int
		if !params.ReadASN1(&salt, cbasn1.OCTET_STRING) || !params.ReadASN1Integer(&iterations) || iterations < 1 ||
			iterations > maxIterations {
			return nil, errPFX
		}
		bmp := bmpPassword(password)
		if block, err = des.NewTripleDESCipher(derive(crypto.SHA1, 1, bmp, salt, iterations, 24)); err == nil {
			iv = derive(crypto.SHA1, 2, bmp, salt, iterations, 8)
		}
	}
	if err != nil {
		return nil, err
	}
	n := block.BlockSize()
	if len(iv) != n || len(encrypted) == 0 || len(encrypted)%n != 0 {
		return nil, errPFX
	}
	out := make([]byte, len(encrypted))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, encrypted)
	pad := int(out[len(out)-1])
	if pad < 1 || pad > n || !bytes.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, fmt.Errorf("seal: %w: la password non apre la chiave", ErrPassword)
	}
	return out[:len(out)-pad], nil
}

// pbes2 reads PBES2-params (RFC 8018 appendix A.4).
func pbes2(params cryptobyte.String, password string) (cipher.Block, []byte, error) {
	var kdf, enc, iv cryptobyte.String
	var encID asn1.ObjectIdentifier
	if !params.ReadASN1(&kdf, cbasn1.SEQUENCE) || !params.ReadASN1(&enc, cbasn1.SEQUENCE) ||
		!enc.ReadASN1ObjectIdentifier(&encID) {
		return nil, nil, errPFX
	}
	size := aesKeys[encID.String()]
	if size == 0 {
		return nil, nil, legacy(encID)
	}
	if !enc.ReadASN1(&iv, cbasn1.OCTET_STRING) {
		return nil, nil, errPFX
	}
	key, err := deriveBy(kdf, password, size)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key)
	return block, iv, err
}

// deriveBy derives a key by PBKDF2, whose AlgorithmIdentifier has the content
// kdf (RFC 8018 appendix A.2). If size is zero, the parameters must say it.
func deriveBy(kdf cryptobyte.String, password string, size int) ([]byte, error) {
	var params, salt, prf cryptobyte.String
	var id asn1.ObjectIdentifier
	var iterations int
	if !kdf.ReadASN1ObjectIdentifier(&id) {
		return nil, errPFX
	}
	if !id.Equal(oidPBKDF2) {
		return nil, legacy(id)
	}
	if !kdf.ReadASN1(&params, cbasn1.SEQUENCE) || !params.ReadASN1(&salt, cbasn1.OCTET_STRING) ||
		!params.ReadASN1Integer(&iterations) || iterations < 1 || iterations > maxIterations {
		return nil, errPFX
	}
	length := 0
	if params.PeekASN1Tag(cbasn1.INTEGER) && !params.ReadASN1Integer(&length) {
		return nil, errPFX
	}
	if size == 0 {
		if size = length; size < minMACKey || size > maxMACKey {
			return nil, fmt.Errorf("%w: the key of its MAC has %d bytes: expected %d to %d", errPFX, size, minMACKey,
				maxMACKey)
		}
	}
	h := crypto.SHA1 // the default of the format
	if !params.Empty() {
		if !params.ReadASN1(&prf, cbasn1.SEQUENCE) || !prf.ReadASN1ObjectIdentifier(&id) {
			return nil, errPFX
		}
		if h = prfHashes[id.String()]; h == 0 {
			return nil, legacy(id)
		}
	}
	key, err := pbkdf2.Key(h.New, password, salt, iterations, size)
	if err != nil {
		return nil, fmt.Errorf("seal: key derivation: %w", err)
	}
	return key, nil
}
