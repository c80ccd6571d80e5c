package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// FuzzPDF trusts one sealed document: whatever else is valid must begin with
// all of it.
func FuzzPDF(f *testing.F) {
	ca := newCA(f, sealtest.Config{})
	doc := sealWith(f, ca, sealtest.Document("fuzz"))
	v, err := verify.New(verify.Config{Trust: anchors(ca), Now: fixedNow, Limits: verify.Limits{
		PDF: verify.PDFLimits{Size: 1 << 17, Stream: 1 << 18, Expanded: 1 << 20, Objects: 2000, Revisions: 20}}})
	require.NoError(f, err)
	require.True(f, v.PDF(f.Context(), doc, now).Valid)
	root, dss := catalogWith(f, doc, "DSS", "<< /Certs [] >>")
	f.Add([]byte{})
	f.Add(doc[len(doc)-500:])
	f.Add(update(f, doc, map[int]string{root: dss}, "")[len(doc):])
	f.Add(update(f, doc, map[int]string{3: "<< /Length 0 >>\nstream\n\nendstream"}, "")[len(doc):])
	f.Fuzz(func(t *testing.T, tail []byte) {
		checkReport(t, v.PDF(t.Context(), tail, now))
		all := append(append([]byte{}, doc...), tail...)
		r := v.PDF(t.Context(), all, now)
		checkReport(t, r)
		if !r.Valid || len(tail) == 0 {
			return
		}
		// What is permitted leaves the page as it was.
		before, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
		require.NoError(t, err)
		after, err := pdf.Parse(t.Context(), all, pdf.Limits{})
		require.NoError(t, err)
		for _, num := range []uint32{1, 2, 3, 4} {
			was, err := before.Last().Get(pdf.Ref{Num: num})
			require.NoError(t, err)
			is, err := after.Last().Get(pdf.Ref{Num: num})
			require.NoError(t, err)
			if num != 2 && !pdf.Equal(was, is) {
				t.Fatalf("object %d changed and the document is valid", num)
			}
		}
	})
}
