package certificate

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

// A Contrassegno is the mark by which who holds a printed copy reaches and
// compares the original ("contrassegno", CAD art. 23 c. 2-bis; D.M. 17 October
// 2022, annex 2, Ulteriori specifiche tecniche 2 and 3). It is bound to the
// data that is embedded in the certificate. The package documentation has its
// format. The zero value is no contrassegno.
type Contrassegno struct {
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
	// MinKeySize is the least size in bytes of the key of the contrassegno.
	MinKeySize = 32
	codeMark   = "/C/"
)

// ErrContrassegno is wrapped by the error of a text that is no contrassegno.
var ErrContrassegno = errors.New("certificate: not a contrassegno")

// parseBase checks the address that the contrassegno leads to and puts it in
// capitals, which take less room in a QR code.
func parseBase(base string) (string, error) {
	const expected = `expected "https://HOST", with capitals only in a path`
	if len(base) < 9 || !strings.EqualFold(base[:8], "https://") {
		return "", fmt.Errorf("certificate: address of the contrassegno %.100q: %s", base, expected)
	}
	host, path, _ := strings.Cut(base[8:], "/")
	if path = strings.TrimSuffix(path, "/"); path != "" {
		path = "/" + path
	}
	host = strings.ToUpper(host)
	if host == "" || strings.Trim(host, ".-:") != host || strings.Contains(host, "..") {
		return "", fmt.Errorf("certificate: address of the contrassegno %.100q: host %q: %s", base, host, expected)
	}
	out := "HTTPS://" + host + path
	for i := 8; i < len(out); i++ {
		c := out[i]
		inPath := i >= 8+len(host)
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == ':' && !inPath || c == '/' && inPath) {
			return "", fmt.Errorf("certificate: address of the contrassegno %.100q: character %q: %s", base, c, expected)
		}
	}
	if n := len(out) + len(codeMark) + digestChars + 1 + macChars; n > maxPayload {
		return "", fmt.Errorf("certificate: address of the contrassegno %.100q: the QR code would hold %d characters, %d too many for its size", base, n, n-maxPayload)
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

// NewContrassegno makes the contrassegno of embedded data, leading to base
// ("https://HOST"), under the issuer's key of at least [MinKeySize] bytes.
func NewContrassegno(base string, key, data []byte) (Contrassegno, error) {
	b, err := parseBase(base)
	if err != nil {
		return Contrassegno{}, err
	}
	if len(key) < MinKeySize {
		return Contrassegno{}, fmt.Errorf("certificate: key of the contrassegno has %d bytes, expected at least %d", len(key), MinKeySize)
	}
	d := dataDigest(data)
	return Contrassegno{base: b, digest: d, mac: digestMAC(key, d)}, nil
}

// ParseContrassegno reads what a QR code holds. Scheme and host may be in
// lower case, as a browser sends them; everything else must be exactly as
// written, without anything before or after. Errors wrap [ErrContrassegno].
// That it can be read says nothing of its authenticity: see
// [Contrassegno.Authentic] and [Contrassegno.Matches].
func ParseContrassegno(payload string) (Contrassegno, error) {
	bad := func(format string, args ...any) (Contrassegno, error) {
		return Contrassegno{}, fmt.Errorf("%w: %s", ErrContrassegno, fmt.Sprintf(format, args...))
	}
	if len(payload) > maxPayload {
		return bad("%d characters, expected at most %d", len(payload), maxPayload)
	}
	const tail = len(codeMark) + digestChars + 1 + macChars
	if len(payload) <= tail {
		return bad("%d characters, expected more than %d", len(payload), tail)
	}
	head, code := payload[:len(payload)-tail], payload[len(payload)-tail:]
	if code[:len(codeMark)] != codeMark {
		return bad("%q at position %d, expected %q", code[:len(codeMark)], len(head)+1, codeMark)
	}
	digest, mac := code[len(codeMark):len(codeMark)+digestChars], code[len(code)-macChars:]
	if code[len(code)-macChars-1] != '-' {
		return bad("%q at position %d, expected \"-\"", code[len(code)-macChars-1], len(payload)-macChars)
	}
	for i := range code[len(codeMark):] {
		if c := code[len(codeMark)+i]; i != digestChars && !(c >= 'A' && c <= 'Z' || c >= '2' && c <= '7') {
			return bad("character %q at position %d, expected A-Z or 2-7", c, len(head)+len(codeMark)+i+1)
		}
	}
	if strings.HasSuffix(head, "/") {
		return bad("an empty path before %q", codeMark)
	}
	base, err := parseBase(head)
	if err != nil {
		return bad("%v", err)
	}
	return Contrassegno{base: base, digest: digest, mac: mac}, nil
}

// String returns the payload of the QR code, empty for the zero value.
func (c Contrassegno) String() string {
	if c.digest == "" {
		return ""
	}
	return c.base + codeMark + c.Code()
}

// Code returns what follows the address: the two groups of characters, under
// which an archive may keep the original.
func (c Contrassegno) Code() string {
	if c.digest == "" {
		return ""
	}
	return c.digest + "-" + c.mac
}

// Matches reports, in constant time, whether c is the contrassegno of exactly
// this embedded data.
func (c Contrassegno) Matches(data []byte) bool {
	return c.digest != "" && subtle.ConstantTimeCompare([]byte(c.digest), []byte(dataDigest(data))) == 1
}

// Authentic reports, in constant time, whether the holder of key made c.
func (c Contrassegno) Authentic(key []byte) bool {
	return c.digest != "" && len(key) >= MinKeySize &&
		subtle.ConstantTimeCompare([]byte(c.mac), []byte(digestMAC(key, c.digest))) == 1
}

func (c Contrassegno) qr() (*qrcode.QRCode, error) {
	if c.digest == "" {
		return nil, fmt.Errorf("%w: the zero value", ErrContrassegno)
	}
	q, err := qrcode.New(c.String(), qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("certificate: contrassegno: %w", err)
	}
	return q, nil
}

// PNG returns a picture of size by size pixels, the quiet zone included. Less
// than 4 pixels a module (164 in all) is refused: it could not be read back.
func (c Contrassegno) PNG(size int) ([]byte, error) {
	q, err := c.qr()
	if err != nil {
		return nil, err
	}
	const quiet = 4 // modules on each side (ISO/IEC 18004, 9.1)
	if least := 4 * (17 + 4*q.VersionNumber + 2*quiet); size < least || size > 8192 {
		return nil, fmt.Errorf("certificate: contrassegno of %d pixels, expected %d to 8192", size, least)
	}
	png, err := q.PNG(size)
	if err != nil {
		return nil, fmt.Errorf("certificate: contrassegno: %w", err)
	}
	return png, nil
}

// modules returns the QR code without its quiet zone: rows of modules, true is
// dark.
func (c Contrassegno) modules() ([][]bool, error) {
	q, err := c.qr()
	if err != nil {
		return nil, err
	}
	q.DisableBorder = true
	return q.Bitmap(), nil
}
