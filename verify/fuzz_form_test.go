package verify_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// FuzzRevisions appends to a sealed document with a form. What is valid shows
// the same page, and every field that held a value holds it still.
func FuzzRevisions(f *testing.F) {
	ca := newCA(f, sealtest.Config{})
	const widget = "/Type /Annot /Subtype /Widget /P 3 0 R /F 4"
	base := sheet{"/Contents 10 0 R /Annots [4 0 R 6 0 R 7 0 R]", []string{
		"<< " + widget + " /FT /Tx /T (vuoto) /Rect [0 0 200 20] /AP << /N 5 0 R >> >>",
		stream("/Type /XObject /Subtype /Form /BBox [0 0 200 20]", nil),
		"<< " + widget + " /FT /Tx /T (pieno) /V (1000) /Rect [0 30 200 50] >>",
		"<< " + widget + " /FT /Btn /T (scelta) /AS /Off /Rect [0 60 10 70] /AP << /N 8 0 R >> >>",
		"<< /Si 5 0 R /Off 9 0 R >>",
		stream("/Type /XObject /Subtype /Form /BBox [0 0 10 10]", nil),
		stream("", []byte("BT (Documento) Tj ET")),
	}}.pdf()
	n, catalog := catalogWith(f, base, "AcroForm", "<< /Fields [4 0 R 6 0 R 7 0 R] >>")
	sealer, err := ca.PAdES(seal.LevelB)
	require.NoError(f, err)
	doc, err := sealer.Seal(f.Context(), update(f, base, map[int]string{n: catalog}, "/Root 1 0 R /ID [<00><00>]"),
		seal.Details{})
	require.NoError(f, err)
	v, err := verify.New(verify.Config{Trust: anchors(ca), Now: fixedNow, Limits: verify.Limits{
		PDF: verify.PDFLimits{Size: 1 << 17, Stream: 1 << 18, Expanded: 1 << 20, Objects: 2000, Revisions: 20}}})
	require.NoError(f, err)
	require.True(f, v.PDF(f.Context(), doc, now).Valid)
	next := unused(f, doc)
	ap := stream("/Type /XObject /Subtype /Form /BBox [0 0 200 20]", []byte("BT (Bruna) Tj ET"))
	for valid, objects := range map[bool][]map[int]string{
		true: {
			{4: fmt.Sprintf("<< %s /FT /Tx /T (vuoto) /V (Bruna) /Rect [0 0 200 20] /AP << /N %d 0 R >> >>", widget,
				next), next: ap},
			{7: "<< " + widget + " /FT /Btn /T (scelta) /V /Si /AS /Si /Rect [0 60 10 70] /AP << /N 8 0 R >> >>"},
		},
		false: {
			{6: "<< " + widget + " /FT /Tx /T (pieno) /V (2000) /Rect [0 30 200 50] >>"},
			{5: ap},
			{10: stream("", []byte("BT (Altro) Tj ET"))},
		},
	} {
		for _, o := range objects {
			tail := update(f, doc, o, trailerOf(f, doc))[len(doc):]
			require.Equal(f, valid, v.PDF(f.Context(), append(bytes.Clone(doc), tail...), now).Valid, "%v", o)
			f.Add(tail)
		}
	}
	before, err := pdf.Parse(f.Context(), doc, pdf.Limits{})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, tail []byte) {
		all := append(bytes.Clone(doc), tail...)
		r := v.PDF(t.Context(), all, now)
		checkReport(t, r)
		if !r.Valid || len(tail) == 0 {
			return
		}
		after, err := pdf.Parse(t.Context(), all, pdf.Limits{})
		require.NoError(t, err)
		get := func(f *pdf.File, num uint32) pdf.Object {
			o, err := f.Last().Get(pdf.Ref{Num: num})
			require.NoError(t, err)
			return o
		}
		for _, num := range []uint32{2, 6, 10} {
			if !pdf.Equal(get(before, num), get(after, num)) {
				t.Fatalf("object %d changed and the document is valid", num)
			}
		}
		for _, num := range []uint32{4, 7} {
			was, is := get(before, num).(pdf.Dict), get(after, num).(pdf.Dict)
			for _, key := range []pdf.Name{"Rect", "F", "T", "FT", "P"} {
				if !pdf.Equal(was.Get(key), is.Get(key)) {
					t.Fatalf("%s of field %d changed and the document is valid", key, num)
				}
			}
		}
	})
}
