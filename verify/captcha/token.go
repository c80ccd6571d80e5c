package captcha

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"
)

// An id is the base64url of salt and AES-256-GCM of the rest. Key and nonce of
// each id are derived from the salt, which is random: so the number of ids
// under one key has no practical limit, and the salt is what names the
// challenge in the list of used ones.
const (
	saltSize   = 24
	bodySize   = 8 + 1 + sha256.Size + count // expiry, work, action, answer
	tokenSize  = saltSize + bodySize + 16
	domain     = "it.anpr.captcha.v1 "
	derivedKey = 32 + 12 // key and nonce
)

var idEncoding = base64.RawURLEncoding.Strict()

type token struct {
	salt    [saltSize]byte
	expires time.Time
	work    int
	action  [sha256.Size]byte
	answer  [count]byte // ASCII digits
}

func hashAction(action string) [sha256.Size]byte {
	return sha256.Sum256([]byte(domain + "action\x00" + action))
}

// serial names the challenge.
func (t *token) serial() string { return idEncoding.EncodeToString(t.salt[:]) }

func aead(key, salt []byte) (cipher.AEAD, []byte, error) {
	derived, err := hkdf.Key(sha256.New, key, salt, domain+"token", derivedKey)
	if err != nil {
		return nil, nil, fmt.Errorf("captcha: %w", err)
	}
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		return nil, nil, fmt.Errorf("captcha: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, nil, fmt.Errorf("captcha: %w", err)
	}
	return gcm, derived[32:], nil
}

func (t *token) seal(key []byte) (string, error) {
	gcm, nonce, err := aead(key, t.salt[:])
	if err != nil {
		return "", err
	}
	body := binary.BigEndian.AppendUint64(make([]byte, 0, bodySize), uint64(t.expires.UnixMilli()))
	body = append(body, byte(t.work))
	body = append(body, t.action[:]...)
	body = append(body, t.answer[:]...)
	return idEncoding.EncodeToString(gcm.Seal(t.salt[:saltSize:saltSize], nonce, body, nil)), nil
}

func openToken(key []byte, id string) (token, error) {
	var t token
	if want := idEncoding.EncodedLen(tokenSize); len(id) != want {
		return t, fmt.Errorf("%w: an id of %d characters, expected %d", ErrForged, len(id), want)
	}
	raw, err := idEncoding.DecodeString(id)
	if err != nil || len(raw) != tokenSize { // line breaks are skipped by the decoder
		return t, fmt.Errorf("%w: the id is not base64url", ErrForged)
	}
	copy(t.salt[:], raw)
	gcm, nonce, err := aead(key, t.salt[:])
	if err != nil {
		return t, err
	}
	body, err := gcm.Open(nil, nonce, raw[saltSize:], nil)
	if err != nil || len(body) != bodySize {
		return t, fmt.Errorf("%w: the id was altered or made under another key", ErrForged)
	}
	t.expires = time.UnixMilli(int64(binary.BigEndian.Uint64(body))).UTC()
	t.work = int(body[8])
	copy(t.action[:], body[9:])
	copy(t.answer[:], body[9+sha256.Size:])
	return t, nil
}

// A random is a stream that is unpredictable without the key and always the
// same for one challenge. If a picture could be drawn again and again, each time
// differently, the disturbances could be averaged away.
type random struct{ stream cipher.Stream }

func (t *token) random(key []byte, purpose string) (*random, error) {
	seed, err := hkdf.Key(sha256.New, key, t.salt[:], domain+purpose, 32+aes.BlockSize)
	if err != nil {
		return nil, fmt.Errorf("captcha: %w", err)
	}
	block, err := aes.NewCipher(seed[:32])
	if err != nil {
		return nil, fmt.Errorf("captcha: %w", err)
	}
	return &random{cipher.NewCTR(block, seed[32:])}, nil
}

// bytes fills b.
func (r *random) bytes(b []byte) {
	clear(b)
	r.stream.XORKeyStream(b, b)
}

// float returns a number in [low, high).
func (r *random) float(low, high float64) float64 {
	var b [8]byte
	r.bytes(b[:])
	return low + (high-low)*float64(binary.BigEndian.Uint64(b[:])>>11)/(1<<53)
}

// below returns a number in [0, n); n is small, so the bias is negligible.
func (r *random) below(n int) int { return int(r.float(0, float64(n))) }
