// Package contrassegno makes and reads the code that binds a printed
// certificate to its original ("contrassegno", CAD, d.lgs. 82/2005, art. 23 c.
// 2-bis; D.M. 17 October 2022, annex 2, Ulteriori specifiche tecniche 2 and 3).
//
// It is a QR code with a URL:
//
//	HTTPS://<HOST>/C/<26 characters>-<13 characters>
//
// The first group is the first 130 bits of the SHA-256 of the data that is
// embedded in the certificate, the second the first 65 bits of
//
//	HMAC-SHA256(key, "it.anpr.contrassegno.v1" || 0x00 || the first group)
//
// both in base32 (RFC 4648, A-Z and 2-7). The data does not contain the
// contrassegno, so that the digest can be that of the data itself. The data
// must hold 128 random bits: without them the persons behind a digest could be
// guessed. With 38 characters of host the URL fits in a QR code of version 4,
// level M (ISO/IEC 18004).
//
// The package does not depend on certificates: [Mark] is all that issuer and
// verifier share. Its functions and methods are safe for concurrent use.
package contrassegno

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// A Mark is one contrassegno. With it the holder of a printed copy reaches the
// original and compares the two. It is bound to the data that is embedded in
// the certificate. Marks can be compared with ==. The zero value means that
// there is no contrassegno: its String is empty, and it matches nothing.
type Mark struct {
	base   string // "HTTPS://HOST" or "HTTPS://HOST/PATH"
	digest string // 26 base32 characters
	mac    string // 13 base32 characters
}

const (
	digestChars = 26
	macChars    = 13
	macDomain   = "it.anpr.contrassegno.v1\x00"
	// maxPayload is what a QR code of version 4, level M holds in capitals,
	// digits and the signs of a URL (ISO/IEC 18004, table 7).
	maxPayload = 90
)

const (
	// MinKeySize is the least size in bytes of the issuer's key.
	MinKeySize = 32
	// Path stands in the URL between the address of the issuer and the code.
	Path = "/C/"
)

// ErrInvalid is wrapped by errors about a text that is not a contrassegno. An
// issuer also wraps it for a contrassegno that the issuer did not make.
var ErrInvalid = errors.New("contrassegno: not a contrassegno")

// upper returns a text with its small ASCII letters in capitals. Package strings would map
// letters of other scripts to them too: the dotless i, the long s, the Kelvin sign.
func upper(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// parseBase checks the address that the contrassegno leads to and puts it in
// capitals, which take less room in a QR code.
func parseBase(base string) (string, error) {
	const expected = `expected "https://HOST", with capitals only in a path`
	if len(base) < 9 || upper(base[:8]) != "HTTPS://" {
		return "", fmt.Errorf("contrassegno: address %.100q: %s", base, expected)
	}
	host, path, _ := strings.Cut(base[8:], "/")
	if path = strings.TrimSuffix(path, "/"); path != "" {
		path = "/" + path
	}
	host = upper(host)
	if host == "" || strings.Trim(host, ".-:") != host || strings.Contains(host, "..") {
		return "", fmt.Errorf("contrassegno: address %.100q: host %q: %s", base, host, expected)
	}
	out := "HTTPS://" + host + path
	for i := 8; i < len(out); i++ {
		c := out[i]
		inPath := i >= 8+len(host)
		letter := c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.'
		if !(letter || c == ':' && !inPath || c == '/' && inPath) {
			return "", fmt.Errorf("contrassegno: address %.100q: character %q: %s", base, c, expected)
		}
	}
	if n := len(out) + len(Path) + digestChars + 1 + macChars; n > maxPayload {
		return "", fmt.Errorf("contrassegno: address %.100q: the QR code would hold %d characters, %d too many for "+
			"its size", base, n, n-maxPayload)
	}
	return out, nil
}

func dataDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return base32.StdEncoding.EncodeToString(sum[:])[:digestChars]
}

func digestMAC(key []byte, digest string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(macDomain))
	h.Write([]byte(digest))
	return base32.StdEncoding.EncodeToString(h.Sum(nil))[:macChars]
}

// New makes the contrassegno of embedded data. It leads to base ("https://HOST"
// or "https://HOST/PATH", capitals only in the path). key, the issuer's secret
// of at least [MinKeySize] bytes, authenticates it.
func New(base string, key, data []byte) (Mark, error) {
	b, err := parseBase(base)
	if err != nil {
		return Mark{}, err
	}
	if len(key) < MinKeySize {
		return Mark{}, fmt.Errorf("contrassegno: the key has %d bytes, expected at least %d", len(key), MinKeySize)
	}
	d := dataDigest(data)
	return Mark{base: b, digest: d, mac: digestMAC(key, d)}, nil
}

// Parse reads the content of a QR code. Scheme and host may be in lower case,
// as a browser sends them; everything else must be exactly as written, without
// anything before or after. Errors wrap [ErrInvalid]. A contrassegno that can
// be read need not be authentic: see [Mark.Authentic] and [Mark.Matches].
func Parse(payload string) (Mark, error) {
	bad := func(format string, args ...any) (Mark, error) {
		return Mark{}, fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	if len(payload) > maxPayload {
		return bad("%d characters, expected at most %d", len(payload), maxPayload)
	}
	const tail = len(Path) + digestChars + 1 + macChars
	if len(payload) <= tail {
		return bad("%d characters, expected more than %d", len(payload), tail)
	}
	head, code := payload[:len(payload)-tail], payload[len(payload)-tail:]
	if code[:len(Path)] != Path {
		return bad("%q at position %d, expected %q", code[:len(Path)], len(head)+1, Path)
	}
	digest, mac := code[len(Path):len(Path)+digestChars], code[len(code)-macChars:]
	if code[len(code)-macChars-1] != '-' {
		return bad("%q at position %d, expected \"-\"", code[len(code)-macChars-1], len(payload)-macChars)
	}
	for i := range code[len(Path):] {
		if c := code[len(Path)+i]; i != digestChars && !(c >= 'A' && c <= 'Z' || c >= '2' && c <= '7') {
			return bad("character %q at position %d, expected A-Z or 2-7", c, len(head)+len(Path)+i+1)
		}
	}
	if strings.HasSuffix(head, "/") {
		return bad("an empty path before %q", Path)
	}
	base, err := parseBase(head)
	if err != nil {
		return bad("%v", err)
	}
	return Mark{base: base, digest: digest, mac: mac}, nil
}

// String returns the payload of the QR code, empty for the zero value.
func (m Mark) String() string {
	if m.digest == "" {
		return ""
	}
	return m.base + Path + m.Code()
}

// Code returns the part after the address: the two groups of characters, under
// which an archive may keep the original.
func (m Mark) Code() string {
	if m.digest == "" {
		return ""
	}
	return m.digest + "-" + m.mac
}

// Base returns the address that the mark leads to: "HTTPS://HOST" or
// "HTTPS://HOST/PATH", without [Path] and code.
func (m Mark) Base() string { return m.base }

// Digest returns the first group of the code, 26 characters, which identifies
// the embedded data. It is empty for the zero value.
func (m Mark) Digest() string { return m.digest }

// IsDigest reports whether s has the form of a [Mark.Digest].
func IsDigest(s string) bool {
	return len(s) == digestChars && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// Matches reports, in constant time, whether m is the contrassegno of exactly
// this embedded data.
func (m Mark) Matches(data []byte) bool {
	return m.digest != "" && subtle.ConstantTimeCompare([]byte(m.digest), []byte(dataDigest(data))) == 1
}

// Authentic reports, in constant time, whether the holder of key made m.
func (m Mark) Authentic(key []byte) bool {
	return m.digest != "" && len(key) >= MinKeySize &&
		subtle.ConstantTimeCompare([]byte(m.mac), []byte(digestMAC(key, m.digest))) == 1
}

func (m Mark) qr() (*qrcode.QRCode, error) {
	if m.digest == "" {
		return nil, fmt.Errorf("%w: the zero value", ErrInvalid)
	}
	q, err := qrcode.New(m.String(), qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("contrassegno: %w", err)
	}
	return q, nil
}

// PNG returns a picture of size by size pixels, the quiet zone included. A size
// of less than 4 pixels for each module (164 in all) is an error: such a
// picture could not be read back.
func (m Mark) PNG(size int) ([]byte, error) {
	q, err := m.qr()
	if err != nil {
		return nil, err
	}
	const quiet = 4 // modules on each side (ISO/IEC 18004, 9.1)
	if least := 4 * (17 + 4*q.VersionNumber + 2*quiet); size < least || size > 8192 {
		return nil, fmt.Errorf("contrassegno: picture of %d pixels, expected %d to 8192", size, least)
	}
	png, err := q.PNG(size)
	if err != nil {
		return nil, fmt.Errorf("contrassegno: %w", err)
	}
	return png, nil
}

// Modules returns the QR code without its quiet zone: rows of modules, in which
// true is dark. The caller owns the result.
func (m Mark) Modules() ([][]bool, error) {
	q, err := m.qr()
	if err != nil {
		return nil, err
	}
	q.DisableBorder = true
	return q.Bitmap(), nil
}
