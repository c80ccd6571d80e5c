package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/digitorus/pdf"
	"github.com/digitorus/pdfsign/sign"
)

// A PDFSign is a [Sealer] that adds an invisible approval signature with
// github.com/digitorus/pdfsign. It also seals PDFs that others made.
//
// It writes the format that came before PAdES (SubFilter adbe.pkcs7.detached,
// ISO 32000-1 clause 12.8.3.3).
type PDFSign struct {
	cfg   PDFSignConfig
	hash  crypto.Hash
	chain []*x509.Certificate
}

var _ Sealer = (*PDFSign)(nil)

// NewPDFSign checks the configuration: key, order and purpose of the
// certificates. Their validity in time is checked at each seal. The error is
// [ErrUnsupportedKey] or [ErrCertificate].
func NewPDFSign(cfg PDFSignConfig) (*PDFSign, error) {
	if cfg.Signer == nil {
		return nil, fmt.Errorf("seal: %w: no key is configured", ErrUnsupportedKey)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxSize == 0 {
		cfg.MaxSize = defaultMaxSize
	}
	hash, err := checkKey(cfg.Signer.Public())
	if err != nil {
		return nil, err
	}
	chain, err := checkChain(cfg.Signer, cfg.Chain)
	if err != nil {
		return nil, err
	}
	return &PDFSign{cfg: cfg, hash: hash, chain: chain}, nil
}

// Production implements [Sealer].
func (s *PDFSign) Production() bool { return s.cfg.Production }

// Seal implements [Sealer].
func (s *PDFSign) Seal(ctx context.Context, doc []byte, d Details) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if d.Time.IsZero() {
		d.Time = s.cfg.Now()
	}
	if err := checkValidity(s.chain, d.Time); err != nil {
		return nil, err
	}
	if int64(len(doc)) > s.cfg.MaxSize {
		return nil, fmt.Errorf("seal: %w: %d bytes: expected at most %d", ErrDocument, len(doc), s.cfg.MaxSize)
	}
	out, err := s.place(doc, d)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return out, nil
}

// place lets pdfsign write the signature into a copy of the document.
func (s *PDFSign) place(doc []byte, d Details) (out []byte, err error) {
	for name, text := range map[string]string{"reason": d.Reason, "location": d.Location} {
		if err := checkText(text); err != nil {
			return nil, fmt.Errorf("seal: %w: %s %q: %w", ErrDocument, name, text, err)
		}
	}
	name := s.chain[0].Subject.CommonName
	if checkText(name) != nil {
		name = ""
	}
	defer func() { // the library's reader panics on what it does not expect
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("seal: %w: pdfsign: %v", ErrDocument, r)
		}
	}()
	r, err := pdf.NewReader(bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		return nil, fmt.Errorf("seal: %w: pdfsign: %w", ErrDocument, err)
	}
	var buf bytes.Buffer
	err = sign.Sign(bytes.NewReader(doc), io.Writer(&buf), r, int64(len(doc)), sign.SignData{
		Signature: sign.SignDataSignature{
			CertType: sign.ApprovalSignature,
			Info:     sign.SignDataSignatureInfo{Name: name, Location: d.Location, Reason: d.Reason, Date: d.Time},
		},
		Signer:            s.cfg.Signer,
		DigestAlgorithm:   s.hash,
		Certificate:       s.chain[0],
		CertificateChains: [][]*x509.Certificate{s.chain},
	})
	if err != nil {
		return nil, fmt.Errorf("seal: pdfsign: %w", err)
	}
	return buf.Bytes(), nil
}

const maxText = 200

// checkText says whether pdfsign can write a text. It escapes ASCII but writes
// UTF-16 as it is between parentheses, where some bytes have a meaning.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("not UTF-8")
	}
	if n := utf8.RuneCountInString(s); n > maxText {
		return fmt.Errorf("%d characters: expected at most %d", n, maxText)
	}
	ascii := true
	for _, r := range s {
		if unicode.IsControl(r) {
			return fmt.Errorf("control character %U", r)
		}
		ascii = ascii && r < utf8.RuneSelf
	}
	if ascii {
		return nil
	}
	depth := 0
	for _, u := range utf16.Encode([]rune(s)) {
		for _, b := range [2]byte{byte(u >> 8), byte(u)} {
			switch b {
			case '(':
				depth++
			case ')':
				depth--
			case '\\', '\r', '\n':
				return fmt.Errorf("a character with the byte %#02x in UTF-16, which pdfsign does not escape", b)
			}
			if depth < 0 {
				break
			}
		}
	}
	if depth != 0 {
		return errors.New("a parenthesis without its pair beside letters outside ASCII, which pdfsign does not escape")
	}
	if strings.ContainsRune(s, unicode.ReplacementChar) {
		return errors.New("the replacement character U+FFFD")
	}
	return nil
}
