package verify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/verify"
)

// TestNotes adds annotations to a page whose signer permits comments: those that
// could hide or replace what is below are refused.
func TestNotes(t *testing.T) {
	l := locked(t, "/Action /Include /Fields [(altro)] /P 3")
	const note = "/Type /Annot /Rect [0 0 20 20] /Contents (nota)"
	for name, c := range map[string]struct {
		note  string
		codes []verify.ReasonCode
	}{
		"a note":                   {"/Subtype /Text /Name /Comment", nil},
		"its window closed":        {"/Subtype /Popup /Open false", nil},
		"its window open":          {"/Subtype /Popup /Open true", []verify.ReasonCode{"annotation-open"}},
		"its window, unknown":      {"/Subtype /Popup /Open 1", []verify.ReasonCode{"annotation-open"}},
		"a picture":                {"/Subtype /Stamp", []verify.ReasonCode{"annotation-kind"}},
		"a kind that is missing":   {"", []verify.ReasonCode{"annotation-kind"}},
		"an appearance":            {"/Subtype /Text /AP << /N 6 0 R >>", []verify.ReasonCode{"annotation-entry"}},
		"an action":                {"/Subtype /Text /A << /S /URI >>", []verify.ReasonCode{"annotation-entry"}},
		"a key twice":              {"/Subtype /Text /Contents (b)", []verify.ReasonCode{"key-twice"}},
		"underlined":               {"/Subtype /Underline /C [0 0 0]", nil},
		"marked":                   {"/Subtype /Highlight /C [1 1 0]", nil},
		"marked in gray":           {"/Subtype /Highlight /C [0.5]", nil},
		"marked in nothing":        {"/Subtype /Highlight /C []", nil},
		"marked in no colour":      {"/Subtype /Highlight", nil},
		"marked in dark gray":      {"/Subtype /Highlight /C [0.49]", []verify.ReasonCode{"annotation-dark"}},
		"marked in black":          {"/Subtype /Highlight /C [0 0 0]", []verify.ReasonCode{"annotation-dark"}},
		"marked in green":          {"/Subtype /Highlight /C [0 1 0]", nil},
		"marked in red":            {"/Subtype /Highlight /C [1 0 0]", []verify.ReasonCode{"annotation-dark"}},
		"marked in blue":           {"/Subtype /Highlight /C [0 0 1]", []verify.ReasonCode{"annotation-dark"}},
		"marked in blue and green": {"/Subtype /Highlight /C [0 0.7 1]", nil},
		"marked in ink":            {"/Subtype /Highlight /C [0 0 0 0]", []verify.ReasonCode{"annotation-dark"}},
		"marked in a name":         {"/Subtype /Highlight /C [/x]", []verify.ReasonCode{"annotation-dark"}},
	} {
		t.Run(name, func(t *testing.T) {
			l.refusedBy(t, l.withNote(t, "<< "+note+" "+c.note+" >>"), c.codes...)
		})
	}
}

// withNote appends a revision with an annotation more on the page.
func (l later) withNote(t testing.TB, note string) []byte {
	t.Helper()
	next := unused(t, l.doc)
	page := fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [%s %d 0 R] >>",
		pageAnnots(t, l.doc), next)
	return l.with(t, map[int]string{3: page, next: note})
}

// locked returns a document of which the field of the second signature has a
// lock; its fields are «firma» (4), «a» (5), «a.b» (7) and «firma2» (8).
func locked(t testing.TB, lock string) later {
	t.Helper()
	const place = widget + " /Rect [0 0 200 20] /F 4"
	if lock != "" {
		lock = "/Lock << /Type /SigFieldLock " + lock + " >>"
	}
	field := "<< " + place + " /FT /Sig /T (firma) " + lock + " "
	l := sealedSheet(t, "/Annots [4 0 R 7 0 R 8 0 R]", "/AcroForm << /Fields [4 0 R 5 0 R 8 0 R] /SigFlags 3 >>",
		field+" >>", "<< /FT /Tx /T (a) /Kids [7 0 R] >>", stream(drawing, nil),
		"<< "+place+" /Parent 5 0 R /T (b) /FT /Tx >>", "<< "+place+" /FT /Sig /T (firma2) >>")
	next := unused(t, l.doc)
	l.doc = l.sign(t, map[int]string{4: fmt.Sprintf("%s /V %d 0 R >>", field, next)}, next, nil)
	l.permitted(t, l.doc)
	return l
}

// TestLocks does to documents what the signatures before permit or forbid: fill
// in, sign, sign to be seen, comment.
func TestLocks(t *testing.T) {
	const place = widget + " /Rect [0 0 200 20] /F 4"
	changes := map[string]func(t testing.TB, l later) []byte{
		"nothing": func(t testing.TB, l later) []byte { return l.with(t, map[int]string{}) },
		"fill": func(t testing.TB, l later) []byte {
			return l.with(t, map[int]string{7: "<< " + place + " /Parent 5 0 R /T (b) /FT /Tx /V (x) >>"})
		},
		"sign": func(t testing.TB, l later) []byte {
			next := unused(t, l.doc)
			return l.sign(t, map[int]string{8: fmt.Sprintf("<< %s /FT /Sig /T (firma2) /V %d 0 R >>", place, next)}, next,
				nil)
		},
		"show": func(t testing.TB, l later) []byte {
			next := unused(t, l.doc)
			root, catalog := catalogWith(t, l.doc, "AcroForm",
				fmt.Sprintf("<< /Fields [%s %d 0 R] /SigFlags 3 >>", formFields(t, l.doc), next+2))
			page := fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [%s %d 0 R] >>",
				pageAnnots(t, l.doc), next+2)
			return l.sign(t, map[int]string{root: catalog, 3: page,
				next + 1: stream(drawing, []byte(written)),
				next + 2: fmt.Sprintf("<< %s /FT /Sig /T (nuova) /V %d 0 R /AP << /N %d 0 R >> >>", place, next,
					next+1)}, next, nil)
		},
		"note": func(t testing.TB, l later) []byte {
			return l.withNote(t, "<< /Type /Annot /Subtype /Text /Rect [0 0 20 20] /Contents (nota) >>")
		},
	}
	for name, c := range map[string]struct {
		lock string
		// refused are the changes that are refused, each with its reasons.
		refused map[string]string
	}{
		"no lock": {"", map[string]string{"note": "annotation-added"}},
		"all": {"/Action /All", map[string]string{"fill": "field-locked", "sign": "field-locked", "show": "field-locked",
			"note": "annotation-added"}},
		"the field": {"/Action /Include /Fields [(a.b)]", map[string]string{"fill": "field-locked",
			"note": "annotation-added"}},
		"the field above it": {"/Action /Include /Fields [(a)]", map[string]string{"fill": "field-locked",
			"note": "annotation-added"}},
		"a field of a like name": {"/Action /Include /Fields [(a.)]", map[string]string{"note": "annotation-added"}},
		"all but the field": {"/Action /Exclude /Fields [(a)]", map[string]string{"sign": "field-locked",
			"show": "field-locked", "note": "annotation-added"}},
		"nothing more": {"/Action /Include /Fields [] /P 1", map[string]string{"fill": "filling-forbidden",
			"sign": "signing-forbidden", "show": "signing-forbidden visible-signature-forbidden",
			"note": "annotation-added"}},
		"forms": {"/Action /Include /Fields [] /P 2", map[string]string{"show": "visible-signature-forbidden",
			"note": "annotation-added"}},
		"forms and comments": {"/Action /Include /Fields [] /P 3",
			map[string]string{"show": "visible-signature-forbidden"}},
		"what is not understood": {"/Action /Include /Fields [] /P 4", map[string]string{
			"fill": "field-locked filling-forbidden", "sign": "field-locked signing-forbidden",
			"show": "field-locked signing-forbidden visible-signature-forbidden", "note": "annotation-added"}},
	} {
		l := locked(t, c.lock)
		for change, do := range changes {
			t.Run(name+", "+change, func(t *testing.T) {
				var codes []verify.ReasonCode
				for _, code := range strings.Fields(c.refused[change]) {
					codes = append(codes, verify.ReasonCode(code))
				}
				l.refusedBy(t, do(t, l), codes...)
			})
		}
	}
}

// TestCatalogAndStore changes the extensions that a document names and its
// validation data, which must be data and nothing else.
func TestCatalogAndStore(t *testing.T) {
	l := sealedSheet(t, "/Contents 4 0 R", "", stream("", []byte(written)))
	next := unused(t, l.doc)
	data := stream("", []byte("0"))
	for name, c := range map[string]struct {
		key     pdf.Name
		value   string
		objects map[int]string
		codes   []verify.ReasonCode
	}{
		"extensions":       {"Extensions", "<< /ADBE << /BaseVersion /1.7 /ExtensionLevel 8 /URL (x) >> >>", nil, nil},
		"extensions apart": {"Extensions", "<< /ADBE 4 0 R >>", nil, []verify.ReasonCode{"extensions-form"}},
		"no extensions":    {"Extensions", "[7]", nil, []verify.ReasonCode{"extensions-form"}},
		"extensions too deep": {"Extensions", "<< /A << /B << /C << /D 1 >> >> >> >>", nil,
			[]verify.ReasonCode{"extensions-form"}},
		"extensions deep": {"Extensions", "<< /A << /B << /C 1 >> >> >>", nil, nil},
		"extensions of a list": {"Extensions", "<< /A << /B [1] >> >>", nil,
			[]verify.ReasonCode{"extensions-form"}},
		"a version": {"Version", "/2.0", nil, nil},
		"a store": {"DSS", fmt.Sprintf("<< /Type /DSS /Certs [%d 0 R] /CRLs [] /OCSPs [%d 0 R] >>", next, next),
			map[int]string{next: data}, nil},
		"a store of what was there": {"DSS", "<< /Certs [4 0 R] >>", nil, nil},
		"a store that takes what was there": {"DSS", "<< /Certs [4 0 R] >>",
			map[int]string{4: stream("", []byte(otherContent))}, []verify.ReasonCode{"object-in-use"}},
		"a store of no data":        {"DSS", "<< /Certs [7] >>", nil, []verify.ReasonCode{"validation-data-form"}},
		"a store of something else": {"DSS", "<< /Other [] >>", nil, []verify.ReasonCode{"validation-data-entry"}},
		"no store":                  {"DSS", "7", nil, []verify.ReasonCode{"validation-data-form"}},
		"by signature": {"DSS", fmt.Sprintf("<< /VRI << /AB << /Cert [%d 0 R] /CRL [] /OCSP [] /TU (D:2026) "+
			"/TS %d 0 R >> >> >>",
			next, next), map[int]string{next: data}, nil},
		"by signature, no data": {"DSS", "<< /VRI << /AB << /Cert [7] >> >> >>", nil,
			[]verify.ReasonCode{"validation-data-form"}},
		"by signature, no certificates": {"DSS", "<< /VRI << /AB << /CRL 7 >> >> >>", nil,
			[]verify.ReasonCode{"validation-data-form"}},
		"by signature, no time-stamp": {"DSS", "<< /VRI << /AB << /TS 7 >> >> >>", nil,
			[]verify.ReasonCode{"validation-data-form"}},
		"by signature, something else": {"DSS", "<< /VRI << /AB << /Other 7 >> >> >>", nil,
			[]verify.ReasonCode{"validation-data-entry"}},
		"by no signature":      {"DSS", "<< /VRI << /AB 7 >> >>", nil, []verify.ReasonCode{"validation-data-form"}},
		"by signature, a type": {"DSS", "<< /VRI << /Type /VRI >> >>", nil, nil},
		"by nothing":           {"DSS", "<< /VRI [] >>", nil, []verify.ReasonCode{"validation-data-form"}},
		"by signature, takes what was there": {"DSS", "<< /VRI << /AB << /TS 4 0 R >> >> >>",
			map[int]string{4: stream("", []byte(otherContent))}, []verify.ReasonCode{"object-in-use"}},
	} {
		t.Run(name, func(t *testing.T) {
			root, catalog := catalogWith(t, l.doc, c.key, c.value)
			objects := map[int]string{root: catalog}
			for num, text := range c.objects {
				objects[num] = text
			}
			l.refusedBy(t, l.with(t, objects), c.codes...)
		})
	}
}
