package delivery

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/internal/cms"
)

// ErrUntrusted is wrapped by the error of a receipt whose signature does not
// prove that a PEC provider has issued it.
var ErrUntrusted = errors.New("delivery: receipt: its signature proves nothing")

func untrusted(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUntrusted, fmt.Sprintf(format, args...))
}

// VerifyReceipt does what [ParseReceipt] does, for a receipt that its provider
// must have signed (D.M. 2 November 2005, technical rules; RFC 6109): with
// S/MIME, as multipart/signed or as application/pkcs7-mime, with SHA-256 or
// better. Only a daticert.xml inside the signed part counts.
//
// The signer's certificate must be one of the roots or lead to one, be meant
// for mail (emailProtection), be valid at the instant that the receipt
// certifies, and name the address in From (RFC 8550, section 3), which must be
// posta-certificata@ of a domain (RFC 6109, section 3). A certificate that is
// itself one of the roots need not name an address. Revocation is not checked.
//
// The roots should be the certificates of the providers themselves, as in the
// directory of the providers (RFC 6109, attribute providerCertificate): an
// authority may also certify others, who could then sign receipts.
//
// A receipt that fails is still returned, for what it claims, with an error
// wrapping [ErrUntrusted] that says why.
func VerifyReceipt(ctx context.Context, r io.Reader, roots *x509.CertPool) (Receipt, error) {
	if roots == nil {
		return Receipt{}, errors.New("delivery: VerifyReceipt: expected roots")
	}
	m, err := openReceipt(r)
	if err != nil {
		return Receipt{}, err
	}
	out, err := m.receipt(ctx)
	if err != nil {
		return out, err
	}
	if m.signature == nil {
		return out, untrusted("it is not signed")
	}
	signer, err := m.verify(roots, out.At)
	if err != nil {
		return out, err
	}
	out.Signer = signer.Subject.CommonName
	return out, nil
}

// A receiptMail is a mail of a PEC mailbox that claims to be a receipt.
type receiptMail struct {
	header mail.Header
	// entity is the part that may hold the daticert.xml: the signed part, or,
	// if nothing is signed, the whole mail.
	entity       []byte // its body
	entityHeader textproto.MIMEHeader
	// signature is the CMS message, nil if there is none. signed are the bytes
	// that it signs, nil if the CMS message carries them itself.
	signature, signed []byte
}

// openReceipt reads a mail and separates its content from the signature.
func openReceipt(r io.Reader) (*receiptMail, error) {
	if r == nil {
		return nil, fmt.Errorf("%w: the reader is nil", ErrReceipt)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxReceipt+1))
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be read", ErrReceipt)
	}
	if len(data) > maxReceipt {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrReceipt, maxReceipt)
	}
	msg, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: no mail message", ErrReceipt)
	}
	if msg.Header.Get("X-Ricevuta") == "" ||
		strings.EqualFold(strings.TrimSpace(msg.Header.Get("X-Trasporto")), "errore") {
		return nil, ErrNoReceipt
	}
	body, err := io.ReadAll(msg.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: no mail message", ErrReceipt)
	}
	m := &receiptMail{header: msg.Header, entity: body, entityHeader: textproto.MIMEHeader(msg.Header)}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return m, nil
	}
	switch kind {
	case "multipart/signed":
		if m.signed, m.signature, err = splitSigned(body, params["boundary"]); err != nil {
			return nil, err
		}
		err = m.setEntity(m.signed)
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		encoding := msg.Header.Get("Content-Transfer-Encoding")
		if m.signature, err = content(encoding, bytes.NewReader(body), maxSignature); err != nil {
			return nil, err
		}
		sd, parseErr := cms.Parse(m.signature)
		if parseErr != nil || sd.Content == nil {
			return nil, fmt.Errorf("%w: smime.p7m: expected a signed message that carries its content", ErrReceipt)
		}
		err = m.setEntity(sd.Content)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// setEntity takes a MIME entity apart into header and body.
func (m *receiptMail) setEntity(data []byte) error {
	r := bufio.NewReader(bytes.NewReader(data))
	h, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil {
		return fmt.Errorf("%w: what is signed has no form", ErrReceipt)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("%w: what is signed has no form", ErrReceipt)
	}
	m.entity, m.entityHeader = body, h
	return nil
}

// maxSignature bounds a CMS message, with the content that it carries, in
// bytes.
const maxSignature = 16 << 20

// splitSigned returns the bytes of the first part of a multipart/signed (RFC
// 1847), exactly as they are signed, and the signature in the second part.
func splitSigned(body []byte, boundary string) (signed, signature []byte, err error) {
	bad := fmt.Errorf("%w: multipart/signed: expected two parts, what is signed and its signature", ErrReceipt)
	if boundary == "" || len(boundary) > 70 {
		return nil, nil, bad
	}
	var parts [][]byte
	begin, end := -1, false
	for at := 0; at < len(body) && !end; {
		next := at + 1 + bytes.IndexByte(body[at:], '\n')
		if next == at {
			next = len(body)
		}
		line := string(bytes.TrimRight(body[at:next], " \t\r\n"))
		if end = line == "--"+boundary+"--"; end || line == "--"+boundary {
			if begin >= 0 {
				// The line break before the boundary belongs to the boundary.
				part, _ := bytes.CutSuffix(body[begin:max(at, begin)], []byte("\n"))
				part, _ = bytes.CutSuffix(part, []byte("\r"))
				parts = append(parts, part)
			}
			begin = next
		}
		at = next
	}
	if !end || len(parts) != 2 {
		return nil, nil, bad
	}
	r := bufio.NewReader(bytes.NewReader(parts[1]))
	h, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil {
		return nil, nil, bad
	}
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "application/pkcs7-signature" && kind != "application/x-pkcs7-signature" {
		return nil, nil, bad
	}
	if signature, err = content(h.Get("Content-Transfer-Encoding"), r, maxSignature); err != nil {
		return nil, nil, err
	}
	return parts[0], signature, nil
}

// canonical returns text with the line breaks with which it is signed (RFC
// 8551, section 3.1.1), whatever the line breaks of the stored mail are.
func canonical(b []byte) []byte {
	if bytes.Count(b, []byte("\n")) == bytes.Count(b, []byte("\r\n")) {
		return b
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

// verify returns the certificate of the signer, if it is valid for this receipt
// at an instant.
func (m *receiptMail) verify(roots *x509.CertPool, at time.Time) (*x509.Certificate, error) {
	sd, err := cms.Parse(m.signature)
	if err != nil {
		return nil, untrusted("smime.p7s is no CMS message")
	}
	var res *cms.Result
	if m.signed == nil {
		res, err = sd.VerifyAttached()
	} else {
		signed := canonical(m.signed)
		res, err = sd.Verify(func(hash crypto.Hash) []byte {
			h := hash.New()
			h.Write(signed)
			return h.Sum(nil)
		})
	}
	if err != nil {
		reason := "unknown"
		if e, ok := errors.AsType[*cms.Error](err); ok {
			reason = string(e.Code)
		}
		return nil, untrusted("the signature does not verify (%s)", reason)
	}
	if len(res.Weak) > 0 {
		return nil, untrusted("it is signed with %s", strings.Join(res.Weak, ", "))
	}
	c := res.Certificate
	if reason := sd.Malformed[c]; reason != nil {
		return nil, untrusted("the signer's certificate has no form")
	}
	between := x509.NewCertPool()
	for _, other := range sd.Certificates {
		if other != c && sd.Malformed[other] == nil {
			between.AddCert(other)
		}
	}
	chains, err := c.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	})
	if err != nil {
		return nil, untrusted("the signer's certificate at %s: %s", at.Format(time.RFC3339), chainFault(err))
	}
	if c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return nil, untrusted("the signer's certificate is not for signing")
	}
	from, err := mail.ParseAddress(m.header.Get("From"))
	if err != nil || !strings.HasPrefix(strings.ToLower(from.Address), "posta-certificata@") {
		return nil, untrusted("From is no address of a provider")
	}
	named := slices.ContainsFunc(c.EmailAddresses, func(s string) bool { return strings.EqualFold(s, from.Address) })
	pinned := slices.ContainsFunc(chains, func(chain []*x509.Certificate) bool { return len(chain) == 1 })
	if !named && !(pinned && len(c.EmailAddresses) == 0) {
		return nil, untrusted("the signer's certificate is not of the address in From")
	}
	return c, nil
}

// chainFault says why a certificate does not count, without repeating its
// content.
func chainFault(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "it does not lead to a root that is trusted"
	}
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case ok && invalid.Reason == x509.Expired:
		return "it, or one above it, was not valid"
	case ok && invalid.Reason == x509.IncompatibleUsage:
		return "it is not for mail"
	}
	return "it does not lead to a root as RFC 5280 wants it"
}
