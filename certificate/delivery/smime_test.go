package delivery_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// certified is the instant that the receipts of the tests certify.
var certified = time.Date(2026, 3, 22, 9, 15, 32, 0, time.UTC)

// provider is a PEC provider with a certificate under an authority of its own.
type provider struct {
	root, cert *x509.Certificate
	key        crypto.Signer
	roots      *x509.CertPool
}

func newProvider(t testing.TB, change func(*x509.Certificate), key crypto.Signer) provider {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	if key == nil {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
	}
	issue := func(template, parent *x509.Certificate, public any) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, public, rootKey)
		require.NoError(t, err)
		c, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		return c
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Radice di prova"}, NotBefore: certified.AddDate(-10, 0, 0), NotAfter: certified.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	p := provider{root: issue(template, template, rootKey.Public()), key: key, roots: x509.NewCertPool()}
	p.roots.AddCert(p.root)
	template = &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Gestore di prova"}, NotBefore: certified.AddDate(-1, 0, 0), NotAfter: certified.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, EmailAddresses: []string{"posta-certificata@pec.example.org"},
	}
	if change != nil {
		change(template)
	}
	p.cert = issue(template, p.root, key.Public())
	return p
}

// wrapped is base64 in lines.
func wrapped(b []byte) string {
	s, out := base64.StdEncoding.EncodeToString(b), strings.Builder{}
	for ; len(s) > 64; s = s[64:] {
		out.WriteString(s[:64] + "\r\n")
	}
	return out.String() + s
}

// entity is what a provider signs: the text, the certification, the original.
func entity(xml string) string {
	return strings.Join([]string{
		`Content-Type: multipart/mixed; boundary="m"`, "", "--m", "Content-Type: text/plain; charset=utf-8", "", "Il giorno ... è stato consegnato", "",
		"--m", `Content-Type: application/xml; name="daticert.xml"`, "Content-Transfer-Encoding: base64", `Content-Disposition: inline; filename="daticert.xml"`, "",
		wrapped([]byte(xml)), "--m", "Content-Type: message/rfc822; name=\"postacert.eml\"", "", "Subject: x", "", "y", "--m--", "",
	}, "\r\n")
}

func outer(kind, msgid string) string {
	return "X-Ricevuta: " + kind + "\r\nX-Riferimento-Message-ID: <" + msgid + ">\r\nSubject: x\r\nFrom: \"Per conto di\" <posta-certificata@pec.example.org>\r\nMIME-Version: 1.0\r\n"
}

// sign makes a receipt of kind for a message, signed in one of the two forms.
func (p provider) sign(t testing.TB, kind, msgid, xml string, opaque bool) string {
	text := entity(xml)
	cfg := cms.SignConfig{Signer: p.key, Chain: []*x509.Certificate{p.cert, p.root}, Digest: crypto.SHA256}
	if opaque {
		cfg.Content = []byte(text)
	}
	sum := sha256.Sum256([]byte(text))
	message, err := cms.Sign(cfg, sum[:])
	require.NoError(t, err)
	if opaque {
		return outer(kind, msgid) + "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + wrapped(message) + "\r\n"
	}
	return outer(kind, msgid) + strings.Join([]string{
		`Content-Type: multipart/signed; protocol="application/x-pkcs7-signature"; micalg="sha-256"; boundary="----=_s"`, "", "This is S/MIME", "------=_s",
		text, "------=_s", "Content-Type: application/x-pkcs7-signature; name=smime.p7s", "Content-Transfer-Encoding: base64", "", wrapped(message), "", "------=_s--", "",
	}, "\r\n")
}

func TestVerifyReceipt(t *testing.T) {
	p := newProvider(t, nil, nil)
	const id = "a.b.c@anpr.example"
	for _, kind := range []delivery.ReceiptType{
		delivery.Acceptance, delivery.NonAcceptance, delivery.TakenInCharge, delivery.DeliveryDone, delivery.DeliveryFailed, delivery.DeliveryLate, delivery.VirusDetected,
	} {
		for _, opaque := range []bool{false, true} {
			text := p.sign(t, string(kind), id, certification(string(kind), id, "nessuno"), opaque)
			got, err := delivery.VerifyReceipt(t.Context(), strings.NewReader(text), p.roots)
			require.NoError(t, err)
			assert.Equal(t, delivery.Receipt{
				Type: kind, MessageID: id, Provider: "Gestore S.p.A.", ProviderID: "opec1.20260322101532.1@pec.example.org", At: certified,
				Error: "nessuno", Form: "completa", Signer: "Gestore di prova",
			}, got)
			// As a program keeps it that writes line breaks of its own.
			_, err = delivery.VerifyReceipt(t.Context(), strings.NewReader(strings.ReplaceAll(text, "\r\n", "\n")), p.roots)
			require.NoError(t, err)
			got.Signer = ""
			parsed, err := delivery.ParseReceipt(t.Context(), strings.NewReader(text))
			require.NoError(t, err)
			assert.Equal(t, got, parsed)
		}
	}
	// The roots may be the providers' certificates themselves, which then need not
	// name an address; another of the same authority counts no more.
	for _, addresses := range [][]string{nil, {"POSTA-certificata@pec.example.org"}} {
		pinned := newProvider(t, func(c *x509.Certificate) { c.EmailAddresses = addresses }, nil)
		text, roots := pinned.sign(t, "accettazione", id, certification("accettazione", id, "nessuno"), false), x509.NewCertPool()
		roots.AddCert(pinned.cert)
		_, err := delivery.VerifyReceipt(t.Context(), strings.NewReader(text), roots)
		require.NoError(t, err)
		roots = x509.NewCertPool()
		roots.AddCert(p.cert)
		_, err = delivery.VerifyReceipt(t.Context(), strings.NewReader(text), roots)
		require.ErrorIs(t, err, delivery.ErrUntrusted)
	}
	for _, form := range []string{"breve", "sintetica"} {
		xml := strings.Replace(certification("avvenuta-consegna", id, "nessuno"), "completa", form, 1)
		got, err := delivery.VerifyReceipt(t.Context(), strings.NewReader(p.sign(t, "avvenuta-consegna", id, xml, false)), p.roots)
		require.NoError(t, err)
		assert.Equal(t, form, got.Form)
	}
}

func TestVerifyReceiptRefuses(t *testing.T) {
	const kind, id = "avvenuta-consegna", "a.b.c@anpr.example"
	xml := certification(kind, id, "nessuno")
	good := newProvider(t, nil, nil)
	weakKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil { // GODEBUG of the machine
		weakKey = nil
	}
	with := func(change func(*x509.Certificate)) (string, *x509.CertPool) {
		p := newProvider(t, change, nil)
		return p.sign(t, kind, id, xml, false), p.roots
	}
	text := good.sign(t, kind, id, xml, false)
	for name, c := range map[string]struct {
		make func() (string, *x509.CertPool)
		want string
	}{
		"unsigned": {func() (string, *x509.CertPool) { return outer(kind, id) + entity(xml), good.roots }, "it is not signed"},
		"another's signature": {func() (string, *x509.CertPool) {
			return strings.Replace(text, "stato consegnato", "stato CONSEGNATO", 1), good.roots
		}, "does not verify (digest-mismatch)"},
		"another certification": {func() (string, *x509.CertPool) {
			return strings.Replace(text, wrapped([]byte(xml)), wrapped([]byte(strings.Replace(xml, "10:15:32", "10:15:33", 1))), 1), good.roots
		}, "does not verify (digest-mismatch)"},
		"no CMS": {func() (string, *x509.CertPool) {
			at := strings.Index(text, "smime.p7s")
			return text[:at] + "smime.p7s\r\n\r\nnone\r\n------=_s--\r\n", good.roots
		}, "no CMS message"},
		"another root": {func() (string, *x509.CertPool) { return text, newProvider(t, nil, nil).roots }, "not lead to a root that is trusted"},
		"expired": {func() (string, *x509.CertPool) {
			return with(func(c *x509.Certificate) { c.NotAfter = certified.Add(-time.Second) })
		}, "was not valid"},
		"not yet valid": {func() (string, *x509.CertPool) {
			return with(func(c *x509.Certificate) { c.NotBefore = certified.Add(time.Second) })
		}, "was not valid"},
		"of a web server": {func() (string, *x509.CertPool) {
			return with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
		}, "it is not for mail"},
		"for keys alone": {func() (string, *x509.CertPool) {
			return with(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
		}, "not for signing"},
		"another address": {func() (string, *x509.CertPool) {
			return with(func(c *x509.Certificate) { c.EmailAddresses = []string{"posta-certificata@altro.example.org"} })
		}, "not of the address in From"},
		"no address": {func() (string, *x509.CertPool) {
			return with(func(c *x509.Certificate) { c.EmailAddresses = nil })
		}, "not of the address in From"},
		"a person's, of the same authority": {func() (string, *x509.CertPool) {
			text, roots := with(func(c *x509.Certificate) { c.EmailAddresses = []string{"mario@pec.example.org"} })
			return strings.Replace(text, "posta-certificata@pec", "mario@pec", 1), roots
		}, "From is no address of a provider"},
		"a weak key": {func() (string, *x509.CertPool) {
			if weakKey == nil {
				return outer(kind, id) + entity(xml), good.roots
			}
			p := newProvider(t, nil, weakKey)
			return p.sign(t, kind, id, xml, false), p.roots
		}, map[bool]string{true: "RSA-1024", false: "not signed"}[weakKey != nil]},
	} {
		t.Run(name, func(t *testing.T) {
			text, roots := c.make()
			got, err := delivery.VerifyReceipt(t.Context(), strings.NewReader(text), roots)
			require.ErrorIs(t, err, delivery.ErrUntrusted)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "mario")
			assert.Equal(t, id, got.MessageID, "what it claims")
			assert.Empty(t, got.Signer)
		})
	}
	_, err = delivery.VerifyReceipt(t.Context(), strings.NewReader(text), nil)
	require.Error(t, err)
	for name, text := range map[string]string{
		"three parts": strings.Replace(text, "------=_s\r\n", "------=_s\r\nContent-Type: text/plain\r\n\r\nx\r\n------=_s\r\n", 1),
		"no end":      strings.Replace(text, "------=_s--", "", 1),
		"no boundary": strings.Replace(text, "; boundary=\"----=_s\"", "", 1),
		"encrypted":   outer(kind, id) + "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\nMAA=\r\n",
	} {
		_, err := delivery.VerifyReceipt(t.Context(), strings.NewReader(text), good.roots)
		require.ErrorIs(t, err, delivery.ErrReceipt, name)
	}
}

// No byte of a signed receipt can be changed so that it says something else.
func TestVerifyReceiptAnyByte(t *testing.T) {
	p := newProvider(t, nil, nil)
	const kind, id = "avvenuta-consegna", "a.b.c@anpr.example"
	for _, opaque := range []bool{false, true} {
		text := []byte(p.sign(t, kind, id, certification(kind, id, "nessuno"), opaque))
		want, err := delivery.VerifyReceipt(t.Context(), bytes.NewReader(text), p.roots)
		require.NoError(t, err)
		accepted := 0
		for i := range text {
			spoiled := bytes.Clone(text)
			spoiled[i] ^= []byte{1, 0x20}[i%2]
			if got, err := delivery.VerifyReceipt(t.Context(), bytes.NewReader(spoiled), p.roots); err == nil {
				require.Equal(t, want, got, "byte %d", i)
				accepted++
			}
		}
		require.Less(t, accepted, len(text)/4, "only what is around the signed part")
	}
}

// OpenSSL's S/MIME is read as ours.
func TestVerifyReceiptOpenSSL(t *testing.T) {
	openssl := testenv.Tool(t, "openssl")
	const kind, id = "avvenuta-consegna", "a.b.c@anpr.example"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p, dir := newProvider(t, nil, key), t.TempDir()
	write := func(name, kind string, b []byte) string {
		file := filepath.Join(dir, name)
		if kind != "" {
			b = pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})
		}
		require.NoError(t, os.WriteFile(file, b, 0o600))
		return file
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	keyFile, certFile := write("key", "PRIVATE KEY", private), write("cert", "CERTIFICATE", p.cert.Raw)
	content := write("content", "", []byte(entity(certification(kind, id, "nessuno"))))
	for name, c := range map[string]struct {
		args []string
		weak bool
	}{
		"multipart": {[]string{"cms", "-sign", "-md", "sha256"}, false}, "opaque": {[]string{"cms", "-sign", "-md", "sha256", "-nodetach"}, false},
		"pkcs7": {[]string{"smime", "-sign", "-md", "sha512"}, false}, "streamed": {[]string{"cms", "-sign", "-md", "sha384", "-stream", "-nodetach"}, false},
		"SHA-1": {[]string{"smime", "-sign", "-md", "sha1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			args := append(c.args, "-in", content, "-signer", certFile, "-inkey", keyFile, "-outform", "SMIME", "-out", out)
			text, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput()
			require.NoError(t, err, "%s", text)
			signed, err := os.ReadFile(out)
			require.NoError(t, err)
			mail := "X-Ricevuta: " + kind + "\nFrom: posta-certificata@pec.example.org\n" + string(signed)
			got, err := delivery.VerifyReceipt(t.Context(), strings.NewReader(mail), p.roots)
			if c.weak {
				require.ErrorIs(t, err, delivery.ErrUntrusted)
				require.ErrorContains(t, err, "SHA-1")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, delivery.DeliveryDone, got.Type)
			assert.Equal(t, "Gestore di prova", got.Signer)
		})
	}
}

// Nothing that is changed in a signed receipt says something else.
func FuzzVerifyReceipt(f *testing.F) {
	p := newProvider(f, nil, nil)
	const kind, id = "avvenuta-consegna", "a.b.c@anpr.example"
	for _, opaque := range []bool{false, true} {
		f.Add([]byte(p.sign(f, kind, id, certification(kind, id, "nessuno"), opaque)))
	}
	f.Add([]byte(outer(kind, id) + "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\n0\r\n--s--"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := delivery.VerifyReceipt(t.Context(), bytes.NewReader(data), p.roots)
		if err == nil && (r.MessageID != id || r.Type != delivery.DeliveryDone || !r.At.Equal(certified)) {
			t.Errorf("forged: %+v", r)
		}
	})
}

// The daticert.xml of a receipt, whatever stands in it.
func FuzzDaticert(f *testing.F) {
	f.Add([]byte(certification("accettazione", "a@b", "nessuno")))
	f.Add([]byte(`<postacert tipo="accettazione"><dati><data zona="+01:00"><giorno>1/1/2026</giorno><ora>1:1:1</ora></data></dati></postacert>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := delivery.ParseReceipt(t.Context(), strings.NewReader(outer("accettazione", "a@b")+entity(string(data))))
		if err == nil && (r.MessageID != "a@b" || r.Type != delivery.Acceptance || r.At.IsZero() || r.ProviderID == "" || r.Provider == "") {
			t.Errorf("an incomplete receipt: %+v", r)
		}
	})
}
