package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// The lengths of the parts of a token, in characters of 5 bits.
const (
	idLength     = 26
	secretLength = 2 * idLength
)

// newID returns 130 random bits.
func newID() string { return rand.Text() }

// newSecret returns 260 random bits.
func newSecret() string { return rand.Text() + rand.Text() }

// parse takes a token apart. It looks at its form alone.
func parse(token string) (id, secret string, ok bool) {
	if len(token) != idLength+secretLength || !isText(token) {
		return "", "", false
	}
	return token[:idLength], token[idLength:], true
}

// isID reports whether s has the form of an id.
func isID(s string) bool { return len(s) == idLength && isText(s) }

func isText(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

func digestOf(secret string) Digest { return sha256.Sum256([]byte(secret)) }

// keyOf derives the key for a use from a secret. No key can be computed from a digest.
func keyOf(secret []byte, use string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("anpr session: " + use))
	return mac.Sum(nil)
}

// personDigest is how a store knows a person.
func personDigest(secret []byte, person string) string {
	return hex.EncodeToString(keyOf(keyOf(secret, "person"), person))
}

var errDamaged = errors.New("what the store holds was not sealed with this token")

// seal encrypts text so that it can be opened under the same name only.
func seal(key []byte, name string, text []byte) ([]byte, error) {
	aead, err := aeadOf(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, text, []byte(name)), nil
}

// open returns what was sealed.
func open(key []byte, name string, sealed []byte) ([]byte, error) {
	aead, err := aeadOf(key)
	if err != nil {
		return nil, err
	}
	text, err := aead.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return nil, errDamaged
	}
	return text, nil
}

func aeadOf(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
