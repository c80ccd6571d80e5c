package verify_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// sameLength replaces a part of a document by a text of the same length.
func sameLength(t testing.TB, doc []byte, pattern, with string) []byte {
	t.Helper()
	loc := regexp.MustCompile(pattern).FindIndex(doc)
	require.NotNil(t, loc, pattern)
	require.LessOrEqual(t, len(with), loc[1]-loc[0])
	out := bytes.Clone(doc)
	copy(out[loc[0]:], with+strings.Repeat(" ", loc[1]-loc[0]-len(with)))
	return out
}

// TestForgery makes the signatures of universal signature forgery
// (pdf-insecurity.org): what a signature needs is missing, empty or senseless.
// Each is refused for that, not because the digest then differs.
func TestForgery(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealWith(t, ca, sealtest.Document("falsificazione"))
	v := verifier(t, ca.Root())
	const byteRange, contents = `/ByteRange ?\[[^\]]*\]`, `/Contents ?<[0-9A-Fa-f]*>`
	for name, c := range map[string]struct {
		pattern, with string
		code          verify.Code
		says          string
	}{
		"contents empty":            {contents, "/Contents<>", verify.CodeSignature, "Contents manca o è vuoto"},
		"contents missing":          {contents, "", verify.CodeSignature, "Contents manca o è vuoto"},
		"contents null":             {contents, "/Contents null", verify.CodeSignature, "Contents manca o è vuoto"},
		"contents without value":    {contents, "/Contents", verify.CodeSignature, ""},
		"contents one nul":          {contents, "/Contents<00>", verify.CodeSignature, "solo zeri"},
		"contents a name":           {contents, "/Contents/x", verify.CodeSignature, "Contents manca o è vuoto"},
		"contents a number":         {contents, "/Contents 0", verify.CodeSignature, "Contents manca o è vuoto"},
		"contents of other objects": {contents, "/Contents 1 0 R", verify.CodeSignature, "Contents manca o è vuoto"},
		"contents no CMS":           {contents, "/Contents<3003020101>", verify.CodeSignature, "CMS"},
		"byte range missing":        {byteRange, "", verify.CodeSignature, "ByteRange manca o è nullo"},
		"byte range null":           {byteRange, "/ByteRange null", verify.CodeSignature, "ByteRange manca o è nullo"},
		"byte range a number":       {byteRange, "/ByteRange 1", verify.CodeSignature, "ByteRange manca o è nullo"},
		"byte range empty":          {byteRange, "/ByteRange[]", verify.CodeSignature, ""},
		"byte range of names": {byteRange, "/ByteRange[/a/b/c/d]", verify.CodeSignature,
			"ByteRange manca o è nullo"},
		"byte range zero":     {byteRange, "/ByteRange[0 0 0 0]", verify.CodeCoverage, "due intervalli"},
		"byte range of one":   {byteRange, "/ByteRange[0]", verify.CodeCoverage, "due intervalli"},
		"byte range of two":   {byteRange, "/ByteRange[0 100]", verify.CodeCoverage, "due intervalli"},
		"byte range of six":   {byteRange, "/ByteRange[0 1 2 3 4 5]", verify.CodeCoverage, "due intervalli"},
		"byte range negative": {byteRange, "/ByteRange[0 -1 9 9]", verify.CodeCoverage, "due intervalli"},
		"byte range of reals": {byteRange, "/ByteRange[0. 1. 2. 3.]", verify.CodeSignature,
			"ByteRange manca o è nullo"},
		"byte range huge":        {byteRange, "/ByteRange[0 9 9 9999999999]", verify.CodeCoverage, ""},
		"byte range beyond":      {byteRange, "/ByteRange[0 9 10 99999999]", verify.CodeCoverage, ""},
		"byte range from later":  {byteRange, "/ByteRange[1 9 10 20]", verify.CodeCoverage, "l'inizio del file"},
		"byte range overlapping": {byteRange, "/ByteRange[0 99 50 20]", verify.CodeCoverage, "due intervalli"},
		"byte range twice":       {byteRange, "/ByteRange[]/ByteRange[]", verify.CodeCoverage, "ripetuta"},
		"sub-filter unknown": {`/SubFilter ?/[A-Za-z0-9.]+`, "/SubFilter/x", verify.CodeSignature,
			"non è fra quelli"},
		"sub-filter missing": {`/SubFilter ?/[A-Za-z0-9.]+`, "", verify.CodeSignature, "non è fra quelli"},
	} {
		t.Run(name, func(t *testing.T) {
			r := v.PDF(t.Context(), sameLength(t, doc, c.pattern, c.with), now)
			assertInvalid(t, r, c.code, c.says)
		})
	}
}

// TestWrapping puts the signed value where the document shows something else
// (incremental saving, signature wrapping, shadow attacks).
func TestWrapping(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	// Object 5 is a second content that nothing refers to; 3 0 stands twice,
	// the second time where no table points; 6 is a second catalog.
	base := sealtest.Document("avvolta")
	f, err := pdf.Parse(t.Context(), base, pdf.Limits{})
	require.NoError(t, err)
	n := int(f.Last().Trailer().Get("Size").(int64))
	shadow := "<< /Length 25 >>\nstream\n0 0 1 rg 0 0 600 600 re f\nendstream"
	_, catalog := catalogWith(t, base, "Lang", "(it)")
	base = update(t, base, map[int]string{n: shadow, n + 1: catalog}, trailerOf(t, base))
	base = insertBeforeXRef(base, "3 0 obj\n"+shadow+"\nendobj\n")
	hidden := bytes.LastIndex(base, []byte("3 0 obj"))
	doc := sealWith(t, ca, base)
	v := verifier(t, ca.Root())
	require.True(t, v.PDF(t.Context(), doc, now).Valid)
	f, err = pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	last := f.Revisions[len(f.Revisions)-1]
	sigs, err := f.Signatures()
	require.NoError(t, err)
	s := sigs[0]
	size := unused(t, doc)
	prev := fmt.Sprintf("/Size %d /Prev %d %s", size+1, last.XRef, trailerOf(t, doc))
	tableOnly := func(entries, trailer string) []byte {
		b := bytes.Clone(doc)
		at := len(b)
		return fmt.Appendf(b, "xref\n%strailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n", entries, trailer, at)
	}
	content := "3 0 obj\n" + shadow + "\nendobj\n"
	field := s.FieldRef
	fieldText := func(v string) string {
		d, err := f.Last().Get(field)
		require.NoError(t, err)
		out := "<<"
		for _, e := range d.(pdf.Dict) {
			if e.Key != "V" {
				out += fmt.Sprintf(" /%s %s", e.Key, pdf.AppendObject(nil, e.Value))
			}
		}
		return out + " " + v + " >>"
	}
	copied := string(pdf.AppendObject(nil, s.Dict))
	wider := fmt.Sprintf("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 %d %d "+
		"%d] /Contents <%x> >>",
		s.ByteRange[1], s.ByteRange[2], s.ByteRange[3], s.Contents)
	for name, c := range map[string]struct {
		data []byte
		code verify.Code
		says string
	}{
		"incremental saving": {update(t, doc, map[int]string{3: shadow}, ""), verify.CodeLaterRevisions,
			"sostituisce l'oggetto 3"},
		"objects alone": {append(bytes.Clone(doc), content...), verify.CodeCoverage,
			"byte che nessuna firma copre"},
		"objects and marker": {append(bytes.Clone(doc), content+"%%EOF\n"...), verify.CodeStructure, ""},
		"objects and old start": {fmt.Appendf(bytes.Clone(doc), "%sstartxref\n%d\n%%%%EOF\n", content,
			last.XRef), verify.CodeStructure, ""},
		"trailer without table": {fmt.Appendf(bytes.Clone(doc), "%strailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n",
			content, prev, len(doc)+len(content)), verify.CodeLaterRevisions, "senza una tabella"},
		"table to a hidden object": {tableOnly(fmt.Sprintf("3 1\n%010d 00000 n \n", hidden), prev),
			verify.CodeLaterRevisions, "sostituisce l'oggetto 3"},
		"table that frees": {tableOnly("3 1\n0000000000 00001 f \n", prev), verify.CodeLaterRevisions,
			"elimina l'oggetto 3"},
		"hidden catalog": {tableOnly("",
			strings.Replace(prev, fmt.Sprintf("/Root %s", ref(last.Trailer, "Root")), fmt.Sprintf("/Root %d 0 R", n+1),
				1)), verify.CodeSignature, ""},
		"font replaced": {update(t, doc,
			map[int]string{4: "<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"}, ""),
			verify.CodeLaterRevisions, "carattere"},
		"field emptied": {update(t, doc, map[int]string{int(field.Num): fieldText("")}, ""),
			verify.CodeSignature, "non ha alcun sigillo"},
		"field with null": {update(t, doc, map[int]string{int(field.Num): fieldText("/V null")}, ""),
			verify.CodeSignature, "non ha alcun sigillo"},
		"signature copied": {update(t, doc,
			map[int]string{int(field.Num): fieldText(fmt.Sprintf("/V %d 0 R", size)), size: copied, 3: shadow}, ""),
			verify.CodeCoverage, "un altro oggetto è presentato"},
		"signature with a wider gap": {update(t, doc,
			map[int]string{int(field.Num): fieldText(fmt.Sprintf("/V %d 0 R", size)), size: wider, 3: shadow}, ""),
			verify.CodeCoverage, "un altro oggetto è presentato"},
		"signature replaced in place": {update(t, doc, map[int]string{int(s.Ref.Num): wider, 3: shadow}, ""),
			verify.CodeCoverage, "un altro oggetto è presentato"},
		"signature direct in field": {update(t, doc, map[int]string{int(field.Num): fieldText("/V " + wider),
			3: shadow}, ""), verify.CodeCoverage, "un altro oggetto è presentato"},
		"object in the padding": {overPadding(t, doc, s, content), verify.CodeStructure, "hexadecimal digit"},
		"a chain that skips the seal": {bytes.Replace(update(t, doc, map[int]string{3: shadow}, ""),
			fmt.Appendf(nil, "/Prev %d ", last.XRef), fmt.Appendf(nil, "/Prev %d ", f.Revisions[0].XRef), 1),
			verify.CodeStructure, ""},
		"a table that points backward": {tableOnly("", strings.Replace(prev, fmt.Sprintf("/Prev %d", last.XRef),
			"/Prev 99999999", 1)), verify.CodeStructure, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := v.PDF(t.Context(), c.data, now)
			checkReport(t, r)
			assert.False(t, r.Valid)
			check, _ := r.Check(c.code)
			if c.says != "" || c.code != verify.CodeStructure {
				assert.Equal(t, verify.Failed, check.Outcome, "%+v", r.Checks)
			}
			assert.Contains(t, check.Message, c.says, "%+v", r.Checks)
		})
	}
}

func trailerOf(t testing.TB, doc []byte) string {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	tr := f.Last().Trailer()
	out := "/Root " + ref(tr, "Root")
	for _, key := range []pdf.Name{"Info", "ID"} {
		if o := tr.Get(key); o != nil {
			out += fmt.Sprintf(" /%s %s", key, pdf.AppendObject(nil, o))
		}
	}
	return out
}

// insertBeforeXRef puts bytes before the last table and corrects where it is.
func insertBeforeXRef(doc []byte, text string) []byte {
	at := bytes.LastIndex(doc, []byte("\nxref\n")) + 1
	end := bytes.LastIndex(doc, []byte("startxref\n"))
	out := append(bytes.Clone(doc[:at]), text...)
	out = append(out, doc[at:end]...)
	return fmt.Appendf(out, "startxref\n%d\n%%%%EOF\n", at+len(text))
}

// overPadding writes over the zeros behind the CMS.
func overPadding(t testing.TB, doc []byte, s *pdf.Signature, text string) []byte {
	t.Helper()
	out := bytes.Clone(doc)
	at := int(s.ContentsEnd) - 1 - len(text)
	require.Equal(t, strings.Repeat("0", len(text)), string(out[at:at+len(text)]))
	copy(out[at:], text)
	return out
}
