package archive

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/internal/limits"
)

// ErrCorrupt is wrapped by the error of a document that was changed or damaged
// in the archive, or whose key belongs to another document.
var ErrCorrupt = errors.New("archive: a document is damaged")

// ErrInvalid is wrapped by the error of a Put whose document breaks the rules
// of [certificate.Archived]. Nothing was kept.
var ErrInvalid = errors.New("archive: not a document to keep")

// A header is the part of a document that is kept in the clear. Its JSON, which
// is the same whenever the header is the same, is what the key authenticates.
type header struct {
	Version    int    `json:"v"`
	ID         string `json:"id"`
	RequestKey string `json:"request"`
	PayloadKey string `json:"payload"`
	Owner      string `json:"owner"`
	Comune     string `json:"comune"`
	Kind       string `json:"kind"`
	IssuedAt   int64  `json:"issued"`  // milliseconds since 1970, UTC
	Expires    int64  `json:"expires"` // likewise
}

const version = 1

func headerOf(d certificate.Archived) header {
	return header{
		Version: version, ID: d.ID, RequestKey: d.RequestKey, PayloadKey: d.PayloadKey, Owner: d.Owner,
		Comune: d.Comune, Kind: string(d.Kind),
		IssuedAt: d.IssuedAt.UnixMilli(), Expires: d.Expires.UnixMilli(),
	}
}

func (h header) archived() certificate.Archived {
	return certificate.Archived{
		ID: h.ID, RequestKey: h.RequestKey, PayloadKey: h.PayloadKey, Owner: h.Owner, Comune: h.Comune,
		Kind:     certificate.Kind(h.Kind),
		IssuedAt: time.UnixMilli(h.IssuedAt).UTC(), Expires: time.UnixMilli(h.Expires).UTC(),
	}
}

func (h header) bytes() ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return b, nil
}

// check refuses a document that could not be kept exactly, or not be found
// again.
func check(d certificate.Archived) error {
	bad := func(field, expected string) error {
		return fmt.Errorf("%w: %s: expected %s", ErrInvalid, field, expected)
	}
	if !isID(d.ID) {
		return bad("ID", "26 characters A-Z and 2-7")
	}
	for _, f := range []struct{ name, value string }{
		{"RequestKey", d.RequestKey}, {"PayloadKey", d.PayloadKey}, {"Owner", d.Owner},
	} {
		if !isDigest(f.value) {
			return bad(f.name, "64 digits 0-9 and a-f")
		}
	}
	if _, err := certificate.ParseKind(string(d.Kind)); err != nil {
		return bad("Kind", fmt.Sprintf("one of %q", certificate.Kinds()))
	}
	if d.Comune != "" && !isBelfiore(d.Comune) {
		return bad("Comune", "a Belfiore code, or nothing")
	}
	for _, f := range []struct {
		name  string
		value time.Time
	}{{"IssuedAt", d.IssuedAt}, {"Expires", d.Expires}} {
		if f.value.Nanosecond()%1e6 != 0 || f.value.Year() < 1 || f.value.Year() > 9999 {
			return bad(f.name, "an instant of the years 1 to 9999 in whole milliseconds")
		}
	}
	if n := len(d.PDF) + len(d.Embedded); n > limits.PDFBytes {
		return bad("PDF and Embedded", fmt.Sprintf("at most %d bytes, not %d", limits.PDFBytes, n))
	}
	return nil
}

func isID(s string) bool {
	return len(s) == 26 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

func isDigest(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

func isBelfiore(s string) bool {
	return len(s) == 4 && s[0] >= 'A' && s[0] <= 'Z' && strings.Trim(s[1:], "0123456789") == ""
}

// A digest is one of the digests of a header, as bytes.
type digest [32]byte

// digestOf reads 64 hexadecimal digits; ok is false for anything else.
func digestOf(s string) (d digest, ok bool) {
	if !isDigest(s) {
		return d, false
	}
	n, err := hex.Decode(d[:], []byte(s))
	return d, err == nil && n == len(d)
}

const keySize, macSize = 32, sha256.Size

// newKey returns the random key of one document.
func newKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	return key
}

// derived returns the key of a document for one use of that key.
func derived(key []byte, use string) ([]byte, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("%w: its key has %d bytes, expected %d", ErrCorrupt, len(key), keySize)
	}
	k, err := hkdf.Expand(sha256.New, key, "it.anpr.archive.v1 "+use, 32)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return k, nil
}

// mac authenticates a header by itself, so that it can be shown without its
// document.
func mac(key, head []byte) ([]byte, error) {
	k, err := derived(key, "header")
	if err != nil {
		return nil, err
	}
	m := hmac.New(sha256.New, k)
	m.Write(head)
	return m.Sum(nil), nil
}

// checkMAC fails with [ErrCorrupt] if a header is not the one that was kept
// with the key.
func checkMAC(key, head, got []byte) error {
	want, err := mac(key, head)
	if err == nil && !hmac.Equal(want, got) {
		err = fmt.Errorf("%w: its header is not the one that was kept", ErrCorrupt)
	}
	return err
}

func bodyCipher(key []byte) (cipher.AEAD, []byte, error) {
	k, err := derived(key, "body")
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, nil, fmt.Errorf("archive: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, nil, fmt.Errorf("archive: %w", err)
	}
	// A constant nonce is safe: a key encrypts one message in its life.
	return aead, make([]byte, aead.NonceSize()), nil
}

// encrypt appends the content of a document to b, encrypted and bound to its
// header.
func encrypt(b, key, head, pdf, embedded []byte) ([]byte, error) {
	aead, nonce, err := bodyCipher(key)
	if err != nil {
		return nil, err
	}
	from := len(b)
	if cap(b)-from < 4+len(pdf)+len(embedded)+aead.Overhead() {
		b = append(make([]byte, 0, from+4+len(pdf)+len(embedded)+aead.Overhead()), b...)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(pdf)))
	b = append(append(b, pdf...), embedded...)
	return aead.Seal(b[:from], nonce, b[from:], head), nil
}

// decrypt is the inverse of encrypt; it reuses the memory of body.
func decrypt(key, head, body []byte) (pdf, embedded []byte, err error) {
	aead, nonce, err := bodyCipher(key)
	if err != nil {
		return nil, nil, err
	}
	plain, err := aead.Open(body[:0], nonce, body, head)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: its content is not the one that was kept", ErrCorrupt)
	}
	if len(plain) < 4 || uint64(binary.BigEndian.Uint32(plain)) > uint64(len(plain)-4) {
		return nil, nil, fmt.Errorf("%w: its content has no form", ErrCorrupt)
	}
	end := 4 + int(binary.BigEndian.Uint32(plain))
	return plain[4:end:end], plain[end:], nil
}
