package verify_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

func TestPDFValid(t *testing.T) {
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.P384, sealtest.RSA2048, sealtest.RSA3072} {
		t.Run(string(key), func(t *testing.T) {
			ca := newCA(t, sealtest.Config{Key: key})
			doc := sealWith(t, ca, sealtest.Document("valido"))
			r := verifier(t, ca.Root()).PDF(t.Context(), doc, now)
			checkReport(t, r)
			require.True(t, r.Valid, "%+v", r.Checks)
			assert.Equal(t, verify.LevelLegacy, r.Level)
			assert.Equal(t, "PROVA - Sigillo di prova - PRIVO DI VALORE, PROVA - ENTE PRIVO DI VALORE", r.Signer)
			assert.True(t, r.Time.Equal(now), "%s", r.Time)
			assert.Equal(t, 1, r.Pages)
			require.Len(t, r.Signatures, 1)
			assert.True(t, r.Signatures[0].Certificate.Equal(ca.Chain()[0]))
			for code, want := range map[verify.Code]verify.Outcome{
				verify.CodeStructure: verify.Passed, verify.CodeSignature: verify.Passed,
				verify.CodeCoverage:       verify.Passed,
				verify.CodeLaterRevisions: verify.Passed, verify.CodeTrust: verify.Passed,
				verify.CodeLevel:      verify.Passed,
				verify.CodeRevocation: verify.NotDone, verify.CodeTime: verify.NotDone,
			} {
				assert.Equal(t, want, outcome(r, code), code)
			}
		})
	}
}

func TestPDFSealedTwice(t *testing.T) {
	one, two := newCA(t, sealtest.Config{}), newCA(t, sealtest.Config{Organization: "ALTRO ENTE"})
	doc := sealWith(t, two, sealWith(t, one, sealtest.Document("due sigilli")))
	r := verifier(t, one.Root(), two.Root()).PDF(t.Context(), doc, now)
	checkReport(t, r)
	require.True(t, r.Valid, "%+v", r.Checks)
	assert.Contains(t, r.Signer, "ALTRO ENTE")

	r = verifier(t, one.Root()).PDF(t.Context(), doc, now)
	assertInvalid(t, r, verify.CodeTrust, "Signature 2")
	r = verifier(t, two.Root()).PDF(t.Context(), doc, now)
	assertInvalid(t, r, verify.CodeTrust, "Signature 1")
}

func TestPDFTrust(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealWith(t, ca, sealtest.Document("fiducia"))
	v := verifier(t, ca.Root())
	other := newCA(t, sealtest.Config{})

	assertInvalid(t, verifier(t, other.Root()).PDF(t.Context(), doc, now), verify.CodeTrust, "non risale ad alcuna")
	assertInvalid(t, v.PDF(t.Context(), doc, now.AddDate(2, 0, 0)), verify.CodeTrust, "non è valido al 22/11/2028")
	assertInvalid(t, v.PDF(t.Context(), doc, now.AddDate(0, 0, -1)), verify.CodeTrust,
		"non era ancora valido al 21/11/2026")
	r := verifier(t).PDF(t.Context(), doc, now)
	checkReport(t, r)
	assert.False(t, r.Valid, "without anchors nothing is valid")
	assert.Equal(t, verify.NotDone, outcome(r, verify.CodeTrust))

	r = verifier(t, ca.Chain()...).PDF(t.Context(), doc, now)
	assert.True(t, r.Valid, "the seal's own certificate as anchor")
	_, err := verify.New(verify.Config{Trust: []*x509.Certificate{nil}})
	assert.Error(t, err)

	r = v.PDF(t.Context(), doc, time.Time{})
	assert.True(t, r.Valid, "no time given: the verifier's clock")
	assert.Equal(t, now, r.At)
}

// sealAny seals with a certificate that the sealer itself would refuse.
func sealAny(t *testing.T, ca *sealtest.CA, change func(*x509.Certificate)) []byte {
	t.Helper()
	chain, err := ca.Issue(ca.Signer().Public(), func(c *x509.Certificate) { change(c) })
	require.NoError(t, err)
	s, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: ca.Signer(), Chain: chain, Now: fixedNow})
	require.NoError(t, err)
	out, err := s.Seal(t.Context(), sealtest.Document("uso"), seal.Details{})
	require.NoError(t, err)
	return out
}

func TestPDFUsage(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	v := verifier(t, ca.Root())
	doc := sealAny(t, ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	assertInvalid(t, v.PDF(t.Context(), doc, now), verify.CodeTrust, "non è fatto per sigillare")
	doc = sealAny(t, ca,
		func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} })
	assert.True(t, v.PDF(t.Context(), doc, now).Valid)
}

func TestPDFUnsealed(t *testing.T) {
	v := verifier(t)
	assertInvalid(t, v.PDF(t.Context(), sealtest.Document("non sigillato"), now), verify.CodeSignature,
		"non ha alcun sigillo")
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("ciao"), "header": []byte("%PDF-1.7\n"),
		"nul": make([]byte, 4096)} {
		r := v.PDF(t.Context(), data, now)
		checkReport(t, r)
		assert.False(t, r.Valid, name)
		assert.Equal(t, verify.Failed, outcome(r, verify.CodeStructure), name)
	}
	enc := bytes.Replace(sealtest.Document("x"), []byte("/Root"), []byte("/Encrypt << >> /Root"), 1)
	assertInvalid(t, v.PDF(t.Context(), enc, now), verify.CodeStructure, "cifrato")
}

func TestPDFCancelled(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealWith(t, ca, sealtest.Document("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := verifier(t, ca.Root()).PDF(ctx, doc, now)
	assertInvalid(t, r, verify.CodeStructure, "interrotta")
}

func TestPDFLimits(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealWith(t, ca, sealtest.Document("x"))
	for name, limits := range map[string]verify.Limits{
		"size":       {PDF: verify.PDFLimits{Size: 1000}},
		"depth":      {PDF: verify.PDFLimits{Depth: 2}},
		"objects":    {PDF: verify.PDFLimits{Objects: 5}},
		"revisions":  {PDF: verify.PDFLimits{Revisions: 1}},
		"signatures": {Signatures: 1},
	} {
		v, err := verify.New(verify.Config{Trust: []*x509.Certificate{ca.Root()}, Limits: limits})
		require.NoError(t, err)
		in := doc
		if name == "signatures" {
			in = sealWith(t, ca, doc)
		}
		r := v.PDF(t.Context(), in, now)
		checkReport(t, r)
		assert.False(t, r.Valid, name)
		assert.Equal(t, verify.Failed, outcome(r, verify.CodeStructure), name)
	}
}

// TestPDFLater puts updates on a sealed document.
func TestPDFLater(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	// Object 99 is referred to and does not exist.
	base := bytes.Replace(sealtest.Document("dopo"), []byte("/Contents 3 0 R "), []byte("/Contents [3 0 R 99 0 R] "), 1)
	base = fixXRef(t, base)
	doc := sealWith(t, ca, base)
	v := verifier(t, ca.Root())
	require.True(t, v.PDF(t.Context(), doc, now).Valid)
	n := unused(t, doc)
	root, dss := catalogWith(t, doc, "DSS", fmt.Sprintf("<< /Certs [%d 0 R] >>", n))
	_, viaRef := catalogWith(t, doc, "DSS", fmt.Sprintf("%d 0 R", n+1))
	_, lang := catalogWith(t, doc, "Lang", "(it)")
	_, open := catalogWith(t, doc, "OpenAction", "[2 0 R /Fit]")
	_, noForm := catalogWith(t, doc, "AcroForm", "")
	_, badDSS := catalogWith(t, doc, "DSS", fmt.Sprintf("<< /Certs [%d 0 R] /JS 3 0 R >>", n))
	_, pagesDSS := catalogWith(t, doc, "DSS", "<< /Certs [3 0 R] >>")
	_, danglingDSS := catalogWith(t, doc, "DSS", "<< /Certs [99 0 R] >>")
	cert := fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(ca.Root().Raw), ca.Root().Raw)
	page := "<< /Length 10 >>\nstream\nBT (X) ET \nendstream"
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	info := f.Last().Trailer().Get("Info").(pdf.Ref).Num

	for name, c := range map[string]struct {
		objects map[int]string
		trailer string
		says    string // empty: permitted
	}{
		"nothing":         {map[int]string{}, "", ""},
		"validation data": {map[int]string{root: dss, n: cert}, "", ""},
		"store by reference": {map[int]string{root: viaRef, n: cert,
			n + 1: fmt.Sprintf("<< /Certs [%d 0 R] /VRI << /AA << /Cert [%d 0 R] >> >> >>", n, n)}, "", ""},
		"an orphan": {map[int]string{n: page}, "", ""},
		"page replaced": {map[int]string{2: "<< /Type /Page /Parent 1 0 R /MediaBox [0 0 1 1] >>"}, "",
			"pagina"},
		"content replaced": {map[int]string{3: page}, "", "sostituisce l'oggetto 3"},
		"page added": {map[int]string{1: fmt.Sprintf("<< /Type /Pages /Kids [2 0 R %d 0 R] /Count 2 >>", n),
			n: "<< /Type /Page /Parent 1 0 R >>"}, "", "elenco delle pagine"},
		"annotation added": {map[int]string{2: fmt.Sprintf("<< /Type /Page /Parent 1 0 R /MediaBox [0 0 595 "+
			"842] /Contents [3 0 R 99 0 R] /Resources << /Font << /F1 4 0 R >> >> /Annots [%d 0 R] >>", n),
			n: "<< /Type /Annot /Subtype /Stamp >>"}, "", "annotazione"},
		"hidden object defined": {map[int]string{99: page}, "", "già rinviava"},
		"hidden object as data": {map[int]string{root: danglingDSS, 99: page}, "", "già rinviava"},
		"content through store": {map[int]string{root: pagesDSS, 3: page}, "", "sostituisce l'oggetto 3"},
		"store with more":       {map[int]string{root: badDSS, n: cert}, "", "voce JS"},
		"language":              {map[int]string{root: lang}, "", "voce Lang"},
		"open action":           {map[int]string{root: open}, "", "voce OpenAction"},
		"form removed":          {map[int]string{root: noForm}, "", "modulo"},
		"information": {map[int]string{int(info): "<< /Title (Altro) >>"}, "",
			"cambia Title fra le informazioni sul documento"},
		"other catalog": {map[int]string{n: "<< /Type /Catalog /Pages 1 0 R >>"},
			fmt.Sprintf("/Root %d 0 R", n), "identificativo"},
		"fewer objects": {map[int]string{n: "<< /a /b >>"}, fmt.Sprintf("/Root %d 0 R /Size 3", root), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "fewer objects" {
				later := bytes.Replace(update(t, doc, c.objects, ""), []byte(fmt.Sprintf("/Size %d", n+1)),
					[]byte("/Size 3"), 1)
				assertInvalid(t, v.PDF(t.Context(), later, now), verify.CodeLaterRevisions, "meno oggetti")
				return
			}
			r := v.PDF(t.Context(), update(t, doc, c.objects, c.trailer), now)
			checkReport(t, r)
			if c.says == "" {
				assert.True(t, r.Valid, "%+v", r.Checks)
				assert.Equal(t, verify.Passed, outcome(r, verify.CodeLaterRevisions))
				return
			}
			check, _ := r.Check(verify.CodeLaterRevisions)
			if outcome(r, verify.CodeSignature) == verify.Failed { // the seal itself is gone
				assert.False(t, r.Valid)
				return
			}
			assert.Equal(t, verify.Failed, check.Outcome)
			assert.Contains(t, check.Message, c.says)
			assert.False(t, r.Valid)
		})
	}
}

// fixXRef corrects the cross-reference table after an edit that made objects
// longer.
func fixXRef(t *testing.T, doc []byte) []byte {
	t.Helper()
	xref := bytes.LastIndex(doc, []byte("xref\n0 "))
	var b bytes.Buffer
	b.Write(doc[:xref])
	n := bytes.Count(doc[:xref], []byte(" 0 obj\n"))
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", n+1)
	for i := 1; i <= n; i++ {
		off := bytes.Index(doc, fmt.Appendf(nil, "\n%d 0 obj\n", i)) + 1
		fmt.Fprintf(&b, "%010d 00000 n \n", off)
	}
	tail := string(doc[bytes.LastIndex(doc, []byte("trailer")):])
	start := strings.Index(tail, "startxref\n")
	fmt.Fprintf(&b, "%sstartxref\n%d\n%%%%EOF\n", tail[:start], xref)
	return b.Bytes()
}

// TestPDFGeneration gives an unchanged object another generation: what refers
// to it finds nothing any more.
func TestPDFGeneration(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealWith(t, ca, sealtest.Document("generazione"))
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	o, err := f.Last().Get(pdf.Ref{Num: 3})
	require.NoError(t, err)
	raw := o.(*pdf.Stream).Raw
	later := update(t, doc, map[int]string{3: fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(raw), raw)},
		"")
	v := verifier(t, ca.Root())
	assert.True(t, v.PDF(t.Context(), later, now).Valid, "the same content again")
	tail := bytes.Replace(later[len(doc):], []byte("3 0 obj"), []byte("3 1 obj"), 1)
	tail = bytes.Replace(tail, []byte(" 00000 n"), []byte(" 00001 n"), 1)
	r := v.PDF(t.Context(), append(bytes.Clone(doc), tail...), now)
	assertInvalid(t, r, verify.CodeLaterRevisions, "generation")
}

// TestPDFConcurrent uses one verifier and one sealer from several goroutines.
func TestPDFConcurrent(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	v := verifier(t, ca.Root())
	s, err := ca.Sealer()
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			doc, err := s.Seal(t.Context(), sealtest.Document(fmt.Sprint(i)), seal.Details{})
			assert.NoError(t, err)
			assert.True(t, v.PDF(t.Context(), doc, now).Valid)
		})
	}
	wg.Wait()
}

// TestPDFSkippedRevision chains an update to the revision before the seal, so
// that the sealed one is not part of the document any more.
func TestPDFSkippedRevision(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	plain := sealtest.Document("saltata")
	doc := sealWith(t, ca, plain)
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	prev := f.Revisions[0].XRef
	later := update(t, doc, map[int]string{3: "<< /Length 0 >>\nstream\n\nendstream"}, "")
	later = bytes.Replace(later, fmt.Appendf(nil, "/Prev %d ", f.Revisions[1].XRef),
		fmt.Appendf(nil, "/Prev %d ", prev), 1)
	r := verifier(t, ca.Root()).PDF(t.Context(), later, now)
	checkReport(t, r)
	assert.False(t, r.Valid)
}

func TestPDFTails(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealWith(t, ca, sealtest.Document("code"))
	v := verifier(t, ca.Root())
	tail := doc[len(doc)-700:]
	for name, data := range map[string][]byte{
		"line feed": append(bytes.Clone(doc), '\n'), "space": append(bytes.Clone(doc), ' '),
		"nul":     append(bytes.Clone(doc), 0),
		"comment": append(bytes.Clone(doc), "%x"...), "second marker": append(bytes.Clone(doc), "%%EOF\n"...),
		"2 KB": append(bytes.Clone(doc), make([]byte, 2048)...), "own tail": append(bytes.Clone(doc), tail...),
		"itself": append(bytes.Clone(doc), doc...), "before": append([]byte("\n"), doc...),
		"startxref": append(bytes.Clone(doc), "startxref\n0\n%%EOF\n"...),
	} {
		r := v.PDF(t.Context(), data, now)
		checkReport(t, r)
		assert.False(t, r.Valid, name)
	}
	for cut := 1; cut < len(doc); cut += 1 + cut/8 {
		assert.False(t, v.PDF(t.Context(), doc[:len(doc)-cut], now).Valid, "%d bytes cut", cut)
		assert.False(t, v.PDF(t.Context(), doc[cut:], now).Valid, "%d bytes cut from the front", cut)
	}
}

// TestPDFAnyByte changes single bytes of a sealed document: every one of the
// signature value and of the end of the file, and a sample of the rest.
func TestPDFAnyByte(t *testing.T) {
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.RSA3072} {
		t.Run(string(key), func(t *testing.T) {
			t.Parallel() // it takes long
			ca := newCA(t, sealtest.Config{Key: key})
			doc := sealWith(t, ca, sealtest.Document("un byte", "certificato.json", `{"prova":true}`))
			v := verifier(t, ca.Root())
			require.True(t, v.PDF(t.Context(), doc, now).Valid)
			f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
			require.NoError(t, err)
			sigs, err := f.Signatures()
			require.NoError(t, err)
			message, _, err := cms.Split(sigs[0].Contents)
			require.NoError(t, err)
			start, end := int(sigs[0].ContentsStart), int(sigs[0].ContentsStart)+1+2*len(message)
			data := bytes.Clone(doc)
			tried := 0
			for i := range doc {
				b := doc[i]
				var values []byte
				switch {
				case i >= start && i < end: // the message: no signature covers it
					values = []byte{b + 1, b ^ 0x20, b ^ 0x80, 0, ' ', '0', "123456789abcdef"[i%15]}
				case i >= end && i < int(sigs[0].ContentsEnd), i >= len(doc)-2048:
					values = []byte{b + 1, b ^ 0x20, b ^ 0x80, 0, ' '}[i%2*2:]
				case i%5 == 0:
					values = []byte{b + 1, b ^ 0x20, b ^ 0x80, 0, ' '}[i%4:]
				}
				if testing.Short() && i%16 != 0 {
					continue
				}
				for _, c := range values {
					if c == b {
						continue
					}
					data[i] = c
					tried++
					if r := v.PDF(t.Context(), data, now); r.Valid {
						t.Errorf("byte %d of %d: %q for %q: still valid", i, len(doc), c, b)
					}
				}
				data[i] = b
			}
			t.Logf("%d changes of %d bytes", tried, len(doc))
		})
	}
}

func BenchmarkPDF(b *testing.B) {
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.RSA3072} {
		ca := newCA(b, sealtest.Config{Key: key})
		doc := sealWith(b, ca, sealtest.Document(strings.Repeat("x", 60_000)))
		v := verifier(b, ca.Root())
		require.True(b, v.PDF(b.Context(), doc, now).Valid)
		b.Run(fmt.Sprintf("%s/%d-bytes/report", key, len(doc)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.PDF(b.Context(), doc, now)
			}
		})
		b.Run(fmt.Sprintf("%s/%d-bytes/hash-and-raw-verify", key, len(doc)), func(b *testing.B) {
			sum := sha256.Sum256(doc)
			sig, err := ca.Signer().Sign(rand.Reader, sum[:], crypto.SHA256)
			require.NoError(b, err)
			cert := ca.Chain()[0]
			alg := x509.ECDSAWithSHA256
			if key == sealtest.RSA3072 {
				alg = x509.SHA256WithRSA
			}
			for b.Loop() {
				if cert.CheckSignature(alg, doc, sig) != nil {
					b.Fatal("the signature does not verify")
				}
			}
		})
	}
}
