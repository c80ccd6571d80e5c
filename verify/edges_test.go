package verify_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/verify"
)

// TestFieldsThatAreNotNew adds to the list of the form's fields what is not an
// object of the same revision: it could be anything that is shown already.
func TestFieldsThatAreNotNew(t *testing.T) {
	l := sealedSheet(t, "/Annots [4 0 R]", "/AcroForm << /Fields [4 0 R] >>",
		"<< "+widget+" /FT /Tx /T (testo) /Rect [0 0 200 20] /F 4 >>",
		"<< "+widget+" /FT /Sig /T (altra) /Rect [0 0 0 0] /F 4 >>", "<< /A 1 >>")
	next := unused(t, l.doc)
	form := func(more string) (int, string) {
		return catalogWith(t, l.doc, "AcroForm", fmt.Sprintf("<< /Fields [4 0 R %d 0 R %s] /SigFlags 3 >>",
			l.sealField(t), more))
	}
	field := fmt.Sprintf("<< %s /FT /Sig /T (nuova) /Rect [0 0 0 0] /F 4 /V %d 0 R >>", widget, next+1)
	const old = verify.ReasonCode("form-field-not-new")
	for name, c := range map[string]struct {
		more    string
		changes map[int]string
		code    verify.ReasonCode
	}{
		"in the list itself":     {"<< /FT /Sig /T (x) >>", nil, old},
		"a number":               {"7", nil, old},
		"of before":              {"5 0 R", nil, old},
		"of before, and changed": {"5 0 R", map[int]string{5: "<< " + widget + " /FT /Sig /T (altra) /F 4 /X 1 >>"}, old},
		"nothing":                {"99 0 R", nil, old},
	} {
		t.Run(name, func(t *testing.T) {
			num, catalog := form(c.more)
			changes := map[int]string{num: catalog}
			for n, text := range c.changes {
				changes[n] = text
			}
			r := l.v.PDF(t.Context(), l.with(t, changes), now)
			check, _ := r.Check(verify.CodeLaterRevisions)
			require.Equal(t, verify.Failed, check.Outcome)
			var codes []verify.ReasonCode
			for _, reason := range check.Reasons {
				codes = append(codes, reason.Code)
			}
			require.Contains(t, codes, c.code)
		})
	}
	num, catalog := form(fmt.Sprintf("%d 0 R", next))
	l.permitted(t, l.sign(t, map[int]string{num: catalog, next: field}, next+1, nil))
}

// sealField returns the number of the field of the seal.
func (l later) sealField(t testing.TB) int {
	t.Helper()
	f, err := pdf.Parse(t.Context(), l.doc, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	return int(sigs[0].FieldRef.Num)
}

// TestSignedWithALook signs a field that is seen: only one that showed nothing
// before may show something then.
func TestSignedWithALook(t *testing.T) {
	const place = widget + " /Rect [0 0 200 20] /F 4 /FT /Sig /T (firma) "
	for name, c := range map[string]struct {
		before string
		code   []verify.ReasonCode // none if it is permitted
	}{
		"no appearance":         {"", nil},
		"one that is not there": {"/AP 99 0 R", nil},
		"a number":              {"/AP 7", []verify.ReasonCode{"signature-field-appearance"}},
		"a list":                {"/AP []", []verify.ReasonCode{"signature-field-appearance"}},
		"an empty one":          {"/AP << >>", nil},
		"nothing drawn":         {"/AP << /N 5 0 R >>", nil},
		"something drawn":       {"/AP << /N 6 0 R >>", []verify.ReasonCode{"signature-field-appearance"}},
		"no drawing":            {"/AP << /N 7 >>", []verify.ReasonCode{"signature-field-appearance"}},
		"a second one drawn":    {"/AP << /N 5 0 R /D 6 0 R >>", []verify.ReasonCode{"signature-field-appearance"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := sealedSheet(t, "/Annots [4 0 R]", "/AcroForm << /Fields [4 0 R] >>", "<< "+place+c.before+" >>",
				stream(drawing, nil), stream(drawing, []byte(written)))
			next := unused(t, l.doc)
			signed := l.sign(t, map[int]string{
				4:        fmt.Sprintf("<< %s /AP << /N %d 0 R >> /V %d 0 R >>", place, next+1, next),
				next + 1: stream(drawing, []byte(written)),
			}, next, nil)
			l.refusedBy(t, signed, c.code...)
		})
	}
}

// TestTrailerEntries adds entries to the trailer: those that lead to data are
// refused, since some programs open what they name in place of the document.
func TestTrailerEntries(t *testing.T) {
	l := sealedSheet(t, "", "", stream("", []byte(written)), "<< /A 1 >>")
	for entry, codes := range map[string][]verify.ReasonCode{
		"/AdditionalStreams [4 0 R]": {"trailer-entry"}, "/Altro 4 0 R": {"trailer-entry"},
		"/Altro << /A [5 0 R 4 0 R] >>": {"trailer-entry"}, "/Altro << /A [4 0 R 5 0 R] >>": {"trailer-entry"},
		"/Altro 5 0 R": nil, "/Altro (testo)": nil, "/Altro 99 0 R": nil,
	} {
		t.Run(entry, func(t *testing.T) {
			l.refusedBy(t, update(t, l.doc, map[int]string{unused(t, l.doc): "<< >>"}, trailerOf(t, l.doc)+" "+entry),
				codes...)
		})
	}
}

// TestFormReplaced puts something else in the place of the form, and the form in
// its place again.
func TestFormReplaced(t *testing.T) {
	l := sealedSheet(t, "", "")
	num, before := catalogWith(t, l.doc, "Altro", "")
	for value, code := range map[string]verify.ReasonCode{
		"": "form-form", "7": "form-form", "[]": "form-form", "99 0 R": "form-form",
		fmt.Sprintf("<< /Fields [%d 0 R] /SigFlags 3 /SigFlags 3 >>", l.sealField(t)): "key-twice",
	} {
		t.Run(value, func(t *testing.T) {
			_, catalog := catalogWith(t, l.doc, "AcroForm", value)
			doc := l.with(t, map[int]string{num: catalog})
			r := l.v.PDF(t.Context(), update(t, doc, map[int]string{num: before}, trailerOf(t, doc)), now)
			require.False(t, r.Valid)
			check, _ := r.Check(verify.CodeLaterRevisions)
			var codes []verify.ReasonCode
			for _, reason := range check.Reasons {
				codes = append(codes, reason.Code)
			}
			require.Contains(t, codes, code, "%+v", check)
		})
	}
}

// TestKeysTwice signs a field, and shows it on a page, with a key twice: readers
// may take the one or the other.
func TestKeysTwice(t *testing.T) {
	const place = widget + " /Rect [0 0 200 20] /F 4 /FT /Sig /T (firma)"
	l := sealedSheet(t, "/Annots [4 0 R]", "/AcroForm << /Fields [4 0 R] >>", "<< "+place+" >>")
	next := unused(t, l.doc)
	value := fmt.Sprintf(" /V %d 0 R >>", next)
	l.permitted(t, l.sign(t, map[int]string{4: "<< " + place + value}, next, nil))
	for name, objects := range map[string]map[int]string{
		"the field": {4: "<< " + place + " /F 4" + value},
		"the page": {4: "<< " + place + value,
			3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [4 0 R] /Tabs /S /Tabs /R >>"},
	} {
		t.Run(name, func(t *testing.T) {
			r := l.v.PDF(t.Context(), l.sign(t, objects, next, nil), now)
			require.False(t, r.Valid)
			check, _ := r.Check(verify.CodeLaterRevisions)
			require.NotEmpty(t, check.Reasons, "%+v", check)
			require.Equal(t, verify.ReasonCode("key-twice"), check.Reasons[0].Code)
		})
	}
}

// TestDefinedLater signs with an object that refers to nothing, and defines that
// later: what was signed would change without being touched.
func TestDefinedLater(t *testing.T) {
	const place = widget + " /Rect [0 0 200 20] /F 4 /FT /Sig /T (firma)"
	l := sealedSheet(t, "/Annots [4 0 R]", "/AcroForm << /Fields [4 0 R] >>", "<< "+place+" >>")
	next := unused(t, l.doc)
	signed := later{l.ca, l.sign(t, map[int]string{
		4: fmt.Sprintf("<< %s /AP << /N %d 0 R >> /V %d 0 R >>", place, next+1, next),
		next + 1: stream(drawing+fmt.Sprintf(" /Resources << /XObject << /Im %d 0 R >> >>", next+9),
			[]byte("q /Im Do Q")),
	}, next, nil), l.v}
	signed.permitted(t, signed.doc)
	signed.permitted(t, signed.with(t, map[int]string{next + 8: "<< >>"}))
	signed.refused(t, signed.with(t, map[int]string{next + 9: onePixel}), "")
}
