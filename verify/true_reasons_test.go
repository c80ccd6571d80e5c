package verify_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

func caseFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testenv.Shared(t), "cases", "pdf", name))
	require.NoError(t, err)
	return data
}

// TestCases judges the files that people brought.
func TestCases(t *testing.T) {
	trust := readPEM(t, filepath.Join(testenv.Shared(t), "cases", "pdf", "extra.pem"))
	v, err := verify.New(verify.Config{Trust: trust, Timestamps: trust})
	require.NoError(t, err)
	at := now.AddDate(0, 0, 14)
	for _, name := range []string{"upd-control", "upd-iso-extensions", "upd-H", "ph-doctst"} {
		r := v.PDF(t.Context(), caseFile(t, name+".pdf"), at)
		checkReport(t, r)
		require.True(t, r.Valid, "%s: %+v", name, r.Checks)
		require.Equal(t, verify.LevelBLTA, r.Level)
	}
	r := v.PDF(t.Context(), caseFile(t, "sealed-ed25519.pdf"), at)
	checkReport(t, r)
	require.False(t, r.Valid)
	c, _ := r.Check(verify.CodeSignature)
	require.Equal(t, verify.NotDone, c.Outcome)
	require.Contains(t, c.Message, "Ed25519")
	require.Contains(t, r.Explain(), "non supporta (Ed25519)")
	require.NotContains(t, fmt.Sprint(r.Checks), "malformato")
	require.NotContains(t, c.Message, "ben formato")

	r = v.PDF(t.Context(), caseFile(t, "pillow-scan.pdf"), at)
	checkReport(t, r)
	require.False(t, r.Valid)
	require.Equal(t, verify.Passed, outcome(r, verify.CodeStructure))
	require.Contains(t, r.Explain(), "non ha alcun sigillo")
}

// TestUnsupportedAlgorithm renames the digest algorithm of a seal: that says
// nothing of whether the document is intact.
func TestUnsupportedAlgorithm(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealWith(t, ca, sealtest.Document("algoritmi"))
	for oid, name := range map[string]string{"0a": "SHA3-512", "0b": "SHAKE128", "0c": "SHAKE256"} {
		bad := regexp.MustCompile("(?i)06096086480165030402(01)").ReplaceAllFunc(doc, func(m []byte) []byte {
			return append(bytes.Clone(m[:len(m)-2]), oid...)
		})
		require.NotEqual(t, doc, bad)
		r := verifier(t, ca.Root()).PDF(t.Context(), bad, now)
		checkReport(t, r)
		require.False(t, r.Valid)
		c, _ := r.Check(verify.CodeSignature)
		require.Equal(t, verify.NotDone, c.Outcome, c.Message)
		require.Contains(t, c.Message, name)
		require.Equal(t, verify.NotDone, outcome(r, verify.CodeTrust))
	}
}

// TestNotRepaired gives sealed documents to which only the reading of unsealed
// ones would be lenient: they stay refused, for that and nothing else.
func TestNotRepaired(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	sealed := sealWith(t, ca, sealtest.Document("intero"))
	v := verifier(t, ca.Root())
	require.True(t, v.PDF(t.Context(), sealed, now).Valid)
	last := bytes.LastIndex(sealed, []byte("startxref"))
	free := bytes.Replace(sealed, []byte("65535 f"), []byte("65536 f"), 1)
	require.NotEqual(t, sealed, free)
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"a line before":     {append([]byte("\n"), sealed...), "Prima dell'inizio del PDF"},
		"a BOM before":      {append([]byte("\xef\xbb\xbf"), sealed...), "Prima dell'inizio del PDF"},
		"a header before":   {append([]byte("HTTP/1.1 200 OK\r\n\r\n"), sealed...), "Prima dell'inizio del PDF"},
		"no startxref":      {bytes.Clone(sealed[:last]), "startxref"},
		"startxref renamed": {bytes.Replace(sealed, sealed[last:last+9], []byte("startxxxx"), -1), "startxref"},
		"no end":            {bytes.ReplaceAll(sealed, []byte("%%EOF"), nil), "startxref"},
		"a free entry":      {free, "voce libera"},
		"no form, no end": {bytes.ReplaceAll(bytes.ReplaceAll(sealed, []byte("/AcroForm"), []byte("/XcroForm")),
			[]byte("%%EOF"), nil), "startxref"},
		"both":               {append([]byte("x"), sealed[:last]...), "Prima dell'inizio del PDF"},
		"a kilobyte of junk": {append(bytes.Repeat([]byte("x"), 1100), sealed...), "non è un PDF"},
	} {
		t.Run(name, func(t *testing.T) {
			r := v.PDF(t.Context(), c.data, now)
			assertInvalid(t, r, verify.CodeStructure, c.says)
			require.NotEqual(t, verify.Passed, outcome(r, verify.CodeCoverage))
			_, err := v.FindContrassegno(t.Context(), c.data)
			require.Error(t, err)
		})
	}
	// What no seal is in is read all the same, and refused for that.
	plain := sheet{}.pdf()
	end := bytes.LastIndex(plain, []byte("startxref"))
	for name, data := range map[string][]byte{
		"a line before":        append([]byte("\n"), plain...),
		"a header before":      append([]byte("HTTP/1.1 200 OK\r\n\r\n"), plain...),
		"no startxref":         plain[:end],
		"no table":             plain[:bytes.LastIndex(plain, []byte("xref\n0"))],
		"a free entry":         bytes.Replace(plain, []byte("65535 f"), []byte("65536 f"), 1),
		"no table, and before": append([]byte("x"), plain[:bytes.LastIndex(plain, []byte("xref\n0"))]...),
	} {
		t.Run("unsealed, "+name, func(t *testing.T) {
			r := v.PDF(t.Context(), data, now)
			assertInvalid(t, r, verify.CodeSignature, "non ha alcun sigillo")
			require.Equal(t, verify.Passed, outcome(r, verify.CodeStructure))
			require.Equal(t, 1, r.Pages)
		})
	}
}

// TestEncryptedOnly is encrypted and nothing else: what its signatures cover
// cannot be known.
func TestEncryptedOnly(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealWith(t, ca, sealtest.Document("cifrato"))
	last := bytes.LastIndex(doc, []byte("/Root"))
	bad := append(append(bytes.Clone(doc[:last]), "/Encrypt << >> "...), doc[last:]...)
	r := verifier(t, ca.Root()).PDF(t.Context(), bad, now)
	checkReport(t, r)
	for _, c := range r.Checks[1:] {
		require.Equal(t, verify.NotDone, c.Outcome, "%s: %s", c.Code, c.Message)
		require.Contains(t, c.Message, "cifrato")
	}
	require.Contains(t, r.Explain(), "Il file è cifrato")
	require.NotContains(t, r.Explain(), "copre")
}
