package verify_test

import (
	"bytes"
	"crypto"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// A later is a sealed document with the verifier that judges what comes after
// the seal.
type later struct {
	ca  *sealtest.CA
	doc []byte
	v   *verify.Verifier
}

// sealedSheet seals a page with the objects that follow it, from number 4 on,
// and with more entries in its catalog.
func sealedSheet(t testing.TB, page, catalog string, objects ...string) later {
	t.Helper()
	ca := newCA(t, sealtest.Config{})
	base := sheet{page, objects}.pdf()
	text := "<< /Type /Catalog /Pages 2 0 R " + catalog + " >>"
	base = update(t, base, map[int]string{1: text}, "/Root 1 0 R /ID [<00><00>]")
	sealer, err := ca.PAdES(seal.LevelB)
	require.NoError(t, err)
	doc, err := sealer.Seal(t.Context(), base, seal.Details{})
	require.NoError(t, err)
	l := later{ca, doc, stampVerifier(t, nil, ca.Root())}
	require.True(t, l.v.PDF(t.Context(), doc, now).Valid)
	return l
}

// with appends a revision with the given objects.
func (l later) with(t testing.TB, objects map[int]string) []byte {
	t.Helper()
	return update(t, l.doc, objects, trailerOf(t, l.doc))
}

// permitted asserts that a document is valid.
func (l later) permitted(t testing.TB, doc []byte) {
	t.Helper()
	r := l.v.PDF(t.Context(), doc, now)
	checkReport(t, r)
	require.True(t, r.Valid, "%+v", r.Checks)
}

// refused asserts that a document is refused for what was added, and for
// nothing else.
func (l later) refused(t testing.TB, doc []byte, says string) {
	t.Helper()
	r := l.v.PDF(t.Context(), doc, now)
	assertInvalid(t, r, verify.CodeLaterRevisions, says)
	for _, c := range r.Checks {
		if c.Code != verify.CodeLaterRevisions {
			require.NotEqual(t, verify.Failed, c.Outcome, "%s: %s", c.Code, c.Message)
		}
	}
}

const (
	widget   = "/Type /Annot /Subtype /Widget /P 3 0 R"
	drawing  = "/Type /XObject /Subtype /Form /BBox [0 0 200 20]"
	written  = "BT /F1 9 Tf (1000) Tj ET"
	onePixel = "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 " +
		"/Length 1 >>\nstream\n0\nendstream"
)

// TestLaterFields fills in fields that are not to be filled in: each time by a
// new appearance and by one that is written over the old.
func TestLaterFields(t *testing.T) {
	const small = "/Rect [0 0 200 20]"
	// Each field is an object with its appearance in the next.
	fields := []struct {
		name, entries, appearance, says string
	}{
		{"empty", small + " /F 4", "", ""},
		{"with a border", small + " /F 4", "1 w 0 0 200 20 re S", ""},
		{"half of the page and more", "/Rect [0 0 595 500] /F 4", "", "copre gran parte della pagina"},
		{"the page, upside down", "/Rect [595 842 0 0] /F 4", "", "copre gran parte della pagina"},
		{"the page, mirrored", "/Rect [595 0 0 842] /F 4", "", "copre gran parte della pagina"},
		{"half of the page", "/Rect [0 0 595 421] /F 4", "", ""},
		{"hardly more than half", "/Rect [0 0 595 421.01] /F 4", "", "copre gran parte della pagina"},
		{"half of it, lower down", "/Rect [100 -421 -495 0] /F 4", "", ""},
		{"nowhere", "/F 4", "", ""},
		{"in a place that is not there", "/Rect 9999 0 R /F 4", "", "copre gran parte della pagina"},
		{"in a place of no numbers", "/Rect /x /F 4", "", "copre gran parte della pagina"},
		{"hidden", small + " /F 2", "", "nascosto"},
		{"not shown on a screen", small + " /F 32", "", "nascosto"},
		{"a picture", small + " /F 4", "q 200 0 0 20 0 0 cm /Im Do Q", "mostrava già"},
		{"a picture in the stream", small + " /F 4", "q 200 0 0 20 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID 0 EI Q",
			"mostrava già"},
		{"a shading", small + " /F 4", "/Sh sh", "mostrava già"},
		{"a text", small + " /F 4", written, "mostrava già"},
		{"a text by parts", small + " /F 4", "BT /F1 9 Tf [(10) -9 (00)] TJ ET", "mostrava già"},
		{"a text on the next line", small + " /F 4", "BT /F1 9 Tf (1000) ' ET", "mostrava già"},
		{"a text with spacing", small + " /F 4", "BT /F1 9 Tf 1 1 (1000) \" ET", "mostrava già"},
	}
	var objects []string
	list := ""
	for i, f := range fields {
		n := 4 + 2*i
		list += fmt.Sprintf("%d 0 R ", n)
		objects = append(objects, fmt.Sprintf("<< %s %s /FT /Tx /T (campo%d) /AP << /N %d 0 R >> >>", widget, f.entries,
			i, n+1),
			stream(drawing+fmt.Sprintf(" /Resources << /XObject << /Im %d 0 R >> >>", 4+2*len(fields)),
				[]byte(f.appearance)))
	}
	objects = append(objects, onePixel)
	l := sealedSheet(t, "/Annots ["+list+"]", "/AcroForm << /Fields ["+list+"] >>", objects...)
	next := unused(t, l.doc)
	look := stream(drawing, []byte("BT /F1 9 Tf (9999) Tj ET"))
	for i, f := range fields {
		n := 4 + 2*i
		value := func(ap int) string {
			return fmt.Sprintf("<< %s %s /FT /Tx /T (campo%d) /V (9999) /AP << /N %d 0 R >> >>", widget, f.entries, i,
				ap)
		}
		t.Run(f.name, func(t *testing.T) {
			anew := l.with(t, map[int]string{n: value(next), next: look})
			inPlace := l.with(t, map[int]string{n: value(n + 1), n + 1: look})
			if f.says == "" {
				l.permitted(t, anew)
				l.permitted(t, inPlace)
				return
			}
			l.refused(t, anew, f.says)
			if f.says == "mostrava già" {
				l.refused(t, inPlace, fmt.Sprintf("sostituisce l'oggetto %d", n+1))
				return
			}
			l.refused(t, inPlace, f.says)
		})
	}
}

// TestLaterWidgets fills in fields whose widgets are objects of their own: what
// holds of a field holds of each of its widgets.
func TestLaterWidgets(t *testing.T) {
	kid := func(rest string, ap int) string {
		return fmt.Sprintf("<< %s /Parent 4 0 R %s /AP << /N %d 0 R >> >>", widget, rest, ap)
	}
	for name, c := range map[string]struct{ rest, says string }{
		"small":              {"/Rect [0 0 200 20] /F 4", ""},
		"covers the page":    {"/Rect [0 0 595 842] /F 4", "copre gran parte della pagina"},
		"hidden":             {"/Rect [0 0 200 20] /F 2", "nascosto"},
		"without its place":  {"/Rect [0 0 200] /F 4", "copre gran parte della pagina"},
		"place of no number": {"/Rect [0 0 200 /x] /F 4", "copre gran parte della pagina"},
	} {
		t.Run(name, func(t *testing.T) {
			l := sealedSheet(t, "/Annots [5 0 R]", "/AcroForm << /Fields [4 0 R] >>",
				"<< /FT /Tx /T (campo) /Kids [5 0 R] >>", kid(c.rest, 6), stream(drawing, nil))
			next := unused(t, l.doc)
			look := stream(drawing, []byte(written))
			value := "<< /FT /Tx /T (campo) /V (1000) /Kids [5 0 R] >>"
			anew := l.with(t, map[int]string{4: value, 5: kid(c.rest, next), next: look})
			inPlace := l.with(t, map[int]string{4: value, 6: look})
			if c.says == "" {
				l.permitted(t, anew)
				l.permitted(t, inPlace)
				return
			}
			l.refused(t, anew, c.says)
			l.refused(t, inPlace, c.says)
		})
	}
}

// TestLaterHiddenWidget fills in a field with two widgets, one on the screen and
// one on paper alone. The latter must go on showing nothing.
func TestLaterHiddenWidget(t *testing.T) {
	kid := func(flags, ap int) string {
		return fmt.Sprintf("<< %s /Parent 4 0 R /Rect [0 0 200 20] /F %d /AP << /N %d 0 R >> >>", widget, flags, ap)
	}
	l := sealedSheet(t, "/Annots [5 0 R 6 0 R]", "/AcroForm << /Fields [4 0 R] >>",
		"<< /FT /Tx /T (campo) /Kids [5 0 R 6 0 R] >>", kid(4, 7), kid(36, 8), stream(drawing, nil), stream(drawing,
			nil))
	value, look := "<< /FT /Tx /T (campo) /V (1000) /Kids [5 0 R 6 0 R] >>", stream(drawing, []byte(written))
	next := unused(t, l.doc)
	l.permitted(t, l.with(t, map[int]string{4: value, 7: look}))
	l.permitted(t, l.with(t, map[int]string{4: value, 5: kid(4, next), next: look}))
	l.refused(t, l.with(t, map[int]string{4: value, 8: look}), "sostituisce l'oggetto 8")
	l.refused(t, l.with(t, map[int]string{4: value, 6: kid(36, next), next: look}), "nascosto")
}

// TestLaterSignatureFields signs fields that showed something before.
func TestLaterSignatureFields(t *testing.T) {
	for name, c := range map[string]struct {
		before []byte // what the field showed when the first seal was put
		says   string
	}{
		"nothing":   {nil, ""},
		"a text":    {[]byte(written), "mostrava già"},
		"a picture": {[]byte("/Im Do"), "mostrava già"},
	} {
		for _, apart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, widget apart %v", name, apart), func(t *testing.T) {
				field, place := "/FT /Sig /T (Firma)", widget+" /Rect [10 10 90 30] /F 4"
				objects := []string{fmt.Sprintf("<< %s %s /AP << /N 6 0 R >> >>", field, place), "null",
					stream(drawing, c.before)}
				if apart {
					objects[0] = "<< " + field + " /Kids [5 0 R] >>"
					objects[1] = fmt.Sprintf("<< %s /Parent 4 0 R /AP << /N 6 0 R >> >>", place)
				}
				shown := 4
				if apart {
					shown = 5
				}
				l := sealedSheet(t, fmt.Sprintf("/Annots [%d 0 R]", shown),
					"/AcroForm << /Fields [4 0 R] /SigFlags 3 >>", objects...)
				next := unused(t, l.doc)
				changed := map[int]string{next + 1: stream(drawing, []byte("BT /F1 9 Tf (Firmato) Tj ET"))}
				if ap := fmt.Sprintf("/AP << /N %d 0 R >>", next+1); apart {
					changed[4] = fmt.Sprintf("<< %s /Kids [5 0 R] /V %d 0 R >>", field, next)
					changed[5] = fmt.Sprintf("<< %s /Parent 4 0 R %s >>", place, ap)
				} else {
					changed[4] = fmt.Sprintf("<< %s %s %s /V %d 0 R >>", field, place, ap, next)
				}
				doc := l.sign(t, changed, next, nil)
				if c.says == "" {
					l.permitted(t, doc)
					return
				}
				l.refused(t, doc, c.says)
			})
		}
	}
}

// sign appends a revision of which object num is the value of a signature or,
// if there is a tsa, of a time-stamp.
func (l later) sign(t testing.TB, objects map[int]string, num int, tsa seal.Timestamper) []byte {
	t.Helper()
	const room = 12_000
	hole := bytes.Repeat([]byte("0"), 2*room)
	const byteRange = "[0 1111111111 2222222222 3333333333]"
	kind := "/Type /Sig /SubFilter /ETSI.CAdES.detached"
	if tsa != nil {
		kind = "/Type /DocTimeStamp /SubFilter /ETSI.RFC3161"
	}
	objects[num] = fmt.Sprintf("<< %s /Filter /Adobe.PPKLite /ByteRange %s /Contents <%s> >>", kind, byteRange, hole)
	doc := l.with(t, objects)
	start := bytes.LastIndex(doc, hole) - 1
	end := start + len(hole) + 2
	ranges := fmt.Sprintf("[0 %d %d %d]", start, end, len(doc)-end)
	at := bytes.LastIndex(doc, []byte(byteRange))
	copy(doc[at:], fmt.Appendf(nil, "%-*s", len(byteRange), ranges))
	h := crypto.SHA256.New()
	h.Write(doc[:start])
	h.Write(doc[end:])
	var value []byte
	if tsa != nil {
		token, err := tsa.Timestamp(t.Context(), crypto.SHA256, h.Sum(nil))
		require.NoError(t, err)
		value = token.Raw
	} else {
		var err error
		value, err = cms.Sign(cms.SignConfig{Signer: l.ca.Signer(), Chain: l.ca.Chain(), Digest: crypto.SHA256,
			ContentType: cms.OIDData}, h.Sum(nil))
		require.NoError(t, err)
	}
	copy(doc[start+1:], fmt.Appendf(nil, "%x", value))
	return doc
}

// TestLaterStamp puts time-stamps into fields that are seen on the page, which
// nobody would answer for.
func TestLaterStamp(t *testing.T) {
	const look = "BT /F1 9 Tf (Valido) Tj ET"
	for name, c := range map[string]struct{ place, says string }{
		"not seen":       {"/Rect [0 0 0 0]", ""},
		"flat":           {"/Rect [10 10 90 10]", ""},
		"seen":           {"/Rect [10 10 90 30]", "si vede sulla pagina"},
		"place unknown":  {"", "si vede sulla pagina"},
		"place in words": {"/Rect [/a /b /a /b]", "si vede sulla pagina"},
	} {
		t.Run(name, func(t *testing.T) {
			shows := func(next int) string {
				return fmt.Sprintf("%s %s /F 4 /AP << /N %d 0 R >>", widget, c.place, next+1)
			}
			judge := func(l later, doc []byte) {
				t.Helper()
				if c.says == "" {
					l.permitted(t, doc)
				} else {
					l.refused(t, doc, c.says)
				}
			}
			l := sealedSheet(t, "/Annots [6 0 R 7 0 R]", "/AcroForm << /Fields [4 0 R 6 0 R] /SigFlags 3 >>",
				"<< /FT /Sig /T (Apart) /Kids [7 0 R] >>", "null",
				"<< "+widget+" "+c.place+" /F 4 /FT /Sig /T (Marca) >>",
				"<< "+widget+" "+c.place+" /F 4 /Parent 4 0 R >>")
			tsa, err := l.ca.Timestamper()
			require.NoError(t, err)
			next := unused(t, l.doc)
			drawn := stream(drawing, []byte(look))
			judge(l, l.sign(t, map[int]string{next + 1: drawn, 6: fmt.Sprintf("<< %s /FT /Sig /T (Marca) /V %d 0 R >>",
				shows(next), next)}, next, tsa))
			judge(l, l.sign(t, map[int]string{next + 1: drawn,
				4: fmt.Sprintf("<< /FT /Sig /T (Apart) /Kids [7 0 R] /V %d 0 R >>", next),
				7: fmt.Sprintf("<< %s /Parent 4 0 R >>", shows(next))}, next, tsa))
			// A field that the time-stamp brings with it.
			root, catalog := catalogWith(t, l.doc, "AcroForm", fmt.Sprintf("<< /Fields [%s %d 0 R] /SigFlags 3 >>",
				formFields(t, l.doc), next+2))
			page := fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [%s %d 0 R] >>",
				pageAnnots(t, l.doc), next+2)
			judge(l, l.sign(t, map[int]string{root: catalog, 3: page, next + 1: drawn,
				next + 2: fmt.Sprintf("<< %s /FT /Sig /T (Nuova) /V %d 0 R >>", shows(next), next)}, next, tsa))
		})
	}
}

// formFields and pageAnnots return the references of a document's lists.
func formFields(t testing.TB, doc []byte) string {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	cat, _, err := f.Last().Catalog()
	require.NoError(t, err)
	form, err := f.Last().Dict(cat, "AcroForm")
	require.NoError(t, err)
	list, err := f.Last().Array(form, "Fields")
	require.NoError(t, err)
	return text(list)[1 : len(text(list))-1]
}

func pageAnnots(t testing.TB, doc []byte) string {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	o, err := f.Last().Get(pdf.Ref{Num: 3})
	require.NoError(t, err)
	list, err := f.Last().Array(o.(pdf.Dict), "Annots")
	require.NoError(t, err)
	return text(list)[1 : len(text(list))-1]
}

// TestStampForItself judges when the certificate of a time-stamp has expired: a
// time-stamp does not prove that it existed before that, but a later one does.
func TestStampForItself(t *testing.T) {
	l := sealedSheet(t, "", "")
	stamped := func(l later, lasts time.Duration) later {
		authority, err := l.ca.NewTSA(sealtest.TSAConfig{NotAfter: now.Add(lasts)})
		require.NoError(t, err)
		tsa, err := l.ca.TSAClient(authority)
		require.NoError(t, err)
		next := unused(t, l.doc)
		root, catalog := catalogWith(t, l.doc, "AcroForm", fmt.Sprintf("<< /Fields [%s %d 0 R] /SigFlags 3 >>",
			formFields(t, l.doc), next+1))
		l.doc = l.sign(t, map[int]string{root: catalog,
			next + 1: fmt.Sprintf("<< %s /Rect [0 0 0 0] /FT /Sig /T (Marca%d) /V %d 0 R >>", widget, next,
				next)}, next, tsa)
		return l
	}
	const day = 24 * time.Hour
	once := stamped(l, 2*day)
	for name, c := range map[string]struct {
		l     later
		after time.Duration
		want  verify.Outcome
	}{
		"in time":                     {once, day, verify.Passed},
		"late":                        {once, 3 * day, verify.NotDone},
		"late, stamped again in time": {stamped(once, 10*day), 3 * day, verify.Passed},
		"late for both":               {stamped(once, 10*day), 11 * day, verify.NotDone},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.l.v.PDF(t.Context(), c.l.doc, now.Add(c.after))
			checkReport(t, r)
			require.True(t, r.Valid, "%+v", r.Checks)
			require.Equal(t, c.want, outcome(r, verify.CodeTime), "%+v", r.Checks)
			require.Equal(t, c.want == verify.Passed, !r.Signatures[0].Proved.IsZero())
			check, _ := r.Check(verify.CodeTime)
			require.Equal(t, c.want == verify.Passed, !strings.Contains(check.Message, "non prova nulla"),
				check.Message)
		})
	}

	// A seal that comes after a time-stamp: it proves nothing of the seal, nor of
	// the time-stamp within it.
	first := stamped(l, 10*day)
	authority, err := l.ca.NewTSA(sealtest.TSAConfig{NotAfter: now.Add(2 * day)})
	require.NoError(t, err)
	for level, valid := range map[seal.Level]bool{seal.LevelB: false, seal.LevelT: true} {
		cfg, err := l.ca.PAdESConfig(level)
		require.NoError(t, err)
		cfg.Timestamp, err = l.ca.TSAClient(authority)
		require.NoError(t, err)
		sealer, err := seal.NewPAdES(cfg)
		require.NoError(t, err)
		doc, err := sealer.Seal(t.Context(), first.doc, seal.Details{})
		require.NoError(t, err)
		for after, proved := range map[time.Duration]bool{day: valid, 3 * day: false} {
			r := l.v.PDF(t.Context(), doc, now.Add(after))
			require.True(t, r.Valid, "%+v", r.Checks)
			require.Len(t, r.Signatures, 3)
			require.False(t, r.Signatures[0].Proved.IsZero())
			require.Equal(t, proved, !r.Signatures[2].Proved.IsZero(), "%s, after %v", level, after)
		}
	}
}
