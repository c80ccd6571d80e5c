package verify_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func fixedNow() time.Time { return now }

func newCA(t testing.TB, cfg sealtest.Config) *sealtest.CA {
	t.Helper()
	cfg.Now = fixedNow
	ca, err := sealtest.NewCA(cfg)
	require.NoError(t, err)
	return ca
}

func sealWith(t testing.TB, ca *sealtest.CA, doc []byte) []byte {
	t.Helper()
	s, err := ca.Sealer()
	require.NoError(t, err)
	out, err := s.Seal(t.Context(), doc, seal.Details{Reason: "Rilascio", Location: "Roma"})
	require.NoError(t, err)
	return out
}

func verifier(t testing.TB, trust ...*x509.Certificate) *verify.Verifier {
	t.Helper()
	v, err := verify.New(verify.Config{Trust: trust, Now: fixedNow})
	require.NoError(t, err)
	return v
}

func outcome(r verify.Report, code verify.Code) verify.Outcome {
	c, _ := r.Check(code)
	return c.Outcome
}

// checkReport asserts what holds of every report.
func checkReport(t testing.TB, r verify.Report) {
	t.Helper()
	codes := []verify.Code{verify.CodeStructure, verify.CodeSignature, verify.CodeCoverage, verify.CodeLaterRevisions,
		verify.CodeTrust, verify.CodeRevocation, verify.CodeTime, verify.CodeLevel}
	if r.Kind == verify.KindContrassegno {
		codes = []verify.Code{verify.CodeDecode, verify.CodeAuthentic, verify.CodeMatchesDocument}
	}
	require.Len(t, r.Checks, len(codes))
	for i, c := range r.Checks {
		require.Equal(t, codes[i], c.Code)
		require.Contains(t, []verify.Outcome{verify.Passed, verify.Failed, verify.NotDone}, c.Outcome)
		require.NotEmpty(t, c.Message)
	}
	if r.Valid {
		for _, c := range r.Checks {
			require.NotEqual(t, verify.Failed, c.Outcome)
		}
	}
}

// An update writes an incremental update with the given objects. The trailer
// entries replace those of the file.
func update(t testing.TB, doc []byte, objects map[int]string, trailer string) []byte {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	last := f.Revisions[len(f.Revisions)-1]
	size := last.Trailer.Get("Size").(int64)
	var b bytes.Buffer
	b.Write(doc)
	b.WriteByte('\n')
	var nums []int
	for n := range objects {
		nums = append(nums, n)
		size = max(size, int64(n)+1)
	}
	slices.Sort(nums)
	offsets := map[int]int{}
	for _, n := range nums {
		offsets[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, objects[n])
	}
	xref := b.Len()
	b.WriteString("xref\n")
	for _, n := range nums {
		fmt.Fprintf(&b, "%d 1\n%010d 00000 n \n", n, offsets[n])
	}
	if trailer == "" {
		id := last.Trailer.Get("ID").(pdf.Array)
		trailer = fmt.Sprintf("/Root %s /Info %s /ID [<%x><%x>]", ref(last.Trailer, "Root"), ref(last.Trailer, "Info"),
			[]byte(id[0].(pdf.String)), "new")
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Prev %d %s >>\nstartxref\n%d\n%%%%EOF\n", size, last.XRef, trailer, xref)
	return b.Bytes()
}

func ref(d pdf.Dict, key pdf.Name) string { return d.Get(key).(pdf.Ref).String() }

// free returns an object number that the file does not use.
func unused(t testing.TB, doc []byte) int {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	return int(f.Revisions[len(f.Revisions)-1].Trailer.Get("Size").(int64))
}

// catalogWith returns the number and the text of the catalog with an entry
// added or replaced.
func catalogWith(t testing.TB, doc []byte, key pdf.Name, value string) (int, string) {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	cat, r, err := f.Last().Catalog()
	require.NoError(t, err)
	text := "<<"
	for _, e := range cat {
		if e.Key != key {
			text += fmt.Sprintf(" /%s %s", e.Key, doc[e.Start:e.End])
		}
	}
	if value != "" {
		text += fmt.Sprintf(" /%s %s", key, value)
	}
	return int(r.Num), text + " >>"
}

func assertInvalid(t testing.TB, r verify.Report, code verify.Code, says string) {
	t.Helper()
	checkReport(t, r)
	assert.False(t, r.Valid)
	c, _ := r.Check(code)
	assert.Equal(t, verify.Failed, c.Outcome, "%s: %s", code, c.Message)
	assert.Contains(t, c.Message, says)
}
