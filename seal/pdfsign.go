package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	digitorus "github.com/digitorus/pdf"
	"github.com/digitorus/pdfsign/revocation"
	"github.com/digitorus/pdfsign/sign"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
)

// A PDFSign is a [Sealer] that adds an invisible approval signature with
// github.com/digitorus/pdfsign. It also seals PDFs that others made.
//
// It writes the format that came before PAdES (SubFilter adbe.pkcs7.detached,
// ISO 32000-1 clause 12.8.3.3): pdfsign adds the signature field, the signature
// itself is made by the SDK. Documents that are encrypted, or whose form or
// catalog pdfsign cannot carry over unchanged, are refused with
// [ErrDocument].
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

// Seal implements [Sealer]. The error wraps [ErrDocument], [ErrCertificate] or
// [ErrOutput] as that of [PAdES.Seal] does, or is that of the key or of ctx.
func (s *PDFSign) Seal(ctx context.Context, doc []byte, d Details) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if len(s.chain) == 0 {
		return nil, fmt.Errorf("seal: %w: expected a PDFSign that NewPDFSign has made", ErrUnsupportedKey)
	}
	if d.Time.IsZero() {
		d.Time = s.cfg.Now()
	}
	if d.Appearance != nil {
		return nil, errors.New("seal: a PDFSign draws no visible seal: expected a PAdES")
	}
	if err := checkValidity(s.chain, d.Time); err != nil {
		return nil, err
	}
	before, err := pdf.Parse(ctx, doc, pdf.Limits{Size: s.cfg.MaxSize})
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrDocument, err)
	}
	out, err := s.place(doc, d)
	if err != nil {
		return nil, err
	}
	sig, err := checkPlaced(ctx, before, out)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := s.sign(ctx, out, sig); err != nil {
		return nil, err
	}
	return out, nil
}

// sign makes the signature over the bytes that the field covers, writes it
// over the placeholder and verifies what now stands there.
func (s *PDFSign) sign(ctx context.Context, out []byte, sig *pdf.Signature) error {
	digest := func(hash crypto.Hash) []byte {
		h := hash.New()
		for _, part := range sig.SignedBytes() {
			h.Write(part)
		}
		return h.Sum(nil)
	}
	message, err := cms.Sign(cms.SignConfig{Signer: bound{ctx, s.cfg.Signer}, Chain: s.chain, Digest: s.hash},
		digest(s.hash))
	if err != nil {
		return signError(ctx, err)
	}
	value := out[sig.ContentsStart+1 : sig.ContentsEnd-1]
	if 2*len(message) > len(value) {
		return fmt.Errorf("seal: %w: a signature of %d bytes where pdfsign reserved %d", ErrOutput, len(message),
			len(value)/2)
	}
	n := hex.Encode(value, message)
	for i := n; i < len(value); i++ {
		value[i] = '0'
	}
	written, err := hex.DecodeString(string(value))
	if err != nil {
		return fmt.Errorf("seal: %w: %w", ErrOutput, err)
	}
	message, _, err = cms.Split(written)
	if err != nil {
		return fmt.Errorf("seal: %w: %w", ErrOutput, err)
	}
	sd, err := cms.Parse(message)
	if err != nil {
		return fmt.Errorf("seal: %w: %w", ErrOutput, err)
	}
	res, err := sd.Verify(digest)
	if err != nil {
		return fmt.Errorf("seal: %w: %w", ErrOutput, err)
	}
	if !res.Certificate.Equal(s.chain[0]) {
		return fmt.Errorf("seal: %w: it verifies with the certificate of %s", ErrOutput, res.Certificate.Subject)
	}
	return nil
}

// A placeholder stands in for the key while pdfsign writes the signature
// field. The real key signs once, afterwards: pdfsign's own message has the
// clock of the machine in it and leaves its algorithm identifiers unprotected.
type placeholder struct{ pub crypto.PublicKey }

func (p placeholder) Public() crypto.PublicKey { return p.pub }

func (p placeholder) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return []byte{0}, nil
}

// reserve makes pdfsign reserve room for a signature of the key. By itself it
// counts on one of the size that the issuer's key makes and, when that is too
// little (RSA-3072 under an ECDSA authority, RSA-4096 under RSA-3072), writes
// the whole document twice. Revocation data is counted with its real size, and
// none of it stays: the message that holds it is overwritten.
func reserve(pub crypto.PublicKey) revocation.InfoArchival {
	size := 256 // for what differs between pdfsign's attributes and ours
	if k, ok := pub.(*rsa.PublicKey); ok {
		size += k.Size()
	}
	return revocation.InfoArchival{OCSP: revocation.OCSP{{Class: asn1.ClassUniversal, Tag: asn1.TagOctetString,
		FullBytes: append([]byte{asn1.TagOctetString, 0x82, byte(size >> 8), byte(size)}, make([]byte, size)...)}}}
}

// place lets pdfsign write the signature field, with an empty signature, into
// a copy of the document.
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
	r, err := digitorus.NewReader(bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		return nil, fmt.Errorf("seal: %w: pdfsign: %w", ErrDocument, err)
	}
	var buf bytes.Buffer
	err = sign.Sign(bytes.NewReader(doc), &buf, r, int64(len(doc)), sign.SignData{
		Signature: sign.SignDataSignature{
			CertType: sign.ApprovalSignature,
			Info:     sign.SignDataSignatureInfo{Name: name, Location: d.Location, Reason: d.Reason, Date: d.Time},
		},
		Signer:            placeholder{s.chain[0].PublicKey},
		RevocationData:    reserve(s.chain[0].PublicKey),
		DigestAlgorithm:   s.hash,
		Certificate:       s.chain[0],
		CertificateChains: [][]*x509.Certificate{s.chain},
	})
	if err != nil {
		return nil, fmt.Errorf("seal: %w: pdfsign: %w", ErrDocument, err) // the key is a placeholder
	}
	return buf.Bytes(), nil
}

const maxText = 200

var errParentheses = errors.New("a parenthesis (or its byte in UTF-16) without its pair " +
	"beside letters outside ASCII, which pdfsign does not escape")

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
				if depth--; depth < 0 {
					return errParentheses
				}
			case '\\', '\r', '\n':
				return fmt.Errorf("a character with the byte %#02x in UTF-16, which pdfsign does not escape", b)
			}
		}
	}
	if depth != 0 {
		return errParentheses
	}
	return nil
}
