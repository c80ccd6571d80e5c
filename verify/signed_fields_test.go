package verify_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify"
)

// TestSignedField signs a field whose widget is an object of its own, and changes
// beside the value what a signer may change, and what not.
func TestSignedField(t *testing.T) {
	const place = widget + " /Rect [0 0 200 20] /Parent 4 0 R"
	l := sealedSheet(t, "/Annots [5 0 R]", "/AcroForm << /Fields [4 0 R] >>",
		"<< /FT /Sig /T (firma) /Kids [5 0 R] >>", "<< "+place+" /F 4 >>", "<< /A 1 >>")
	next := unused(t, l.doc)
	value := fmt.Sprintf("<< /FT /Sig /T (firma) /Kids [5 0 R] /V %d 0 R ", next)
	look := stream(drawing, []byte(written))
	for name, c := range map[string]struct {
		field, widget string // what is added to each
		code          verify.ReasonCode
	}{
		"the value alone":         {"", " /F 4", ""},
		"a date":                  {"/M (D:20261130)", " /F 4", ""},
		"another name":            {"/TU (altra)", " /F 4", "signature-field-entry"},
		"an action":               {"/AA << >>", " /F 4", "signature-field-entry"},
		"a key twice":             {"/T (firma)", " /F 4", "key-twice"},
		"a look":                  {"", fmt.Sprintf(" /F 4 /AP << /N %d 0 R >>", next+1), ""},
		"flags":                   {"", " /F 132", ""},
		"another place":           {"", " /F 4 /Rect [0 0 9 9]", "key-twice"},
		"a border of the widget":  {"", " /F 4 /BS << /W 9 >>", "signature-field-entry"},
		"an action of the widget": {"", " /F 4 /A << >>", "signature-field-entry"},
		"a key of it twice":       {"", " /F 4 /F 4", "key-twice"},
	} {
		t.Run(name, func(t *testing.T) {
			objects := map[int]string{4: value + c.field + " >>", 5: "<< " + place + c.widget + " >>", next + 1: look}
			signed := l.sign(t, objects, next, nil)
			if c.code == "" {
				l.permitted(t, signed)
				return
			}
			r := l.v.PDF(t.Context(), signed, now)
			require.False(t, r.Valid)
			check, _ := r.Check(verify.CodeLaterRevisions)
			var codes []verify.ReasonCode
			for _, reason := range check.Reasons {
				codes = append(codes, reason.Code)
			}
			require.Contains(t, codes, c.code)
		})
	}
}

// TestNewSignedField adds a signed field: on a page of before, with entries that
// such a field has.
func TestNewSignedField(t *testing.T) {
	l := sealedSheet(t, "/Annots [4 0 R]", "/AcroForm << /Fields [4 0 R] >>",
		"<< "+widget+" /FT /Tx /T (testo) /Rect [0 0 200 20] /F 4 >>")
	next := unused(t, l.doc)
	num, catalog := catalogWith(t, l.doc, "AcroForm", fmt.Sprintf("<< /Fields [4 0 R %d 0 R %d 0 R] /SigFlags 3 >>",
		l.sealField(t), next))
	const field = "/Type /Annot /Subtype /Widget /FT /Sig /T (nuova) /Rect [0 0 0 0] /F 132"
	value := fmt.Sprintf(" /V %d 0 R >>", next+1)
	for name, c := range map[string]struct {
		entries string
		code    verify.ReasonCode
	}{
		"on no page":           {"", ""},
		"on the page":          {"/P 3 0 R", ""},
		"on a page that is no": {"/P << >>", "signature-field-page"},
		"on a new page":        {fmt.Sprintf("/P %d 0 R", next+2), "signature-field-page"},
		"locked":               {"/Lock << /Action /All >>", ""},
		"with an action":       {"/A << >>", "signature-field-entry"},
		"with children":        {"/Kids []", "signature-field-entry"},
		"with a key twice":     {"/F 4", "key-twice"},
	} {
		t.Run(name, func(t *testing.T) {
			signed := l.sign(t, map[int]string{num: catalog, next: "<< " + field + " " + c.entries + value,
				next + 2: "<< /Type /Page /Parent 2 0 R >>"}, next+1, nil)
			r := l.v.PDF(t.Context(), signed, now)
			check, _ := r.Check(verify.CodeLaterRevisions)
			if c.code == "" {
				require.True(t, r.Valid, "%+v", check)
				return
			}
			require.False(t, r.Valid)
			var codes []verify.ReasonCode
			for _, reason := range check.Reasons {
				codes = append(codes, reason.Code)
			}
			require.Contains(t, codes, c.code)
		})
	}
}

// TestFilledInPlace fills in a field by an appearance that is written over the old
// one, with a picture that is new.
func TestFilledInPlace(t *testing.T) {
	const place = widget + " /FT /Tx /T (testo) /Rect [0 0 200 20] /F 4 /AP << /N 5 0 R >>"
	l := sealedSheet(t, "/Annots [4 0 R]", "/AcroForm << /Fields [4 0 R] >>", "<< "+place+" >>", stream(drawing, nil))
	next := unused(t, l.doc)
	look := stream(drawing+fmt.Sprintf(" /Resources << /XObject << /Im %d 0 R >> >>", next), []byte("q /Im Do Q"))
	filled := map[int]string{4: "<< " + place + " /V (x) >>", 5: look, next: onePixel}
	l.permitted(t, l.with(t, filled))
	filled[3] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Annots [4 0 R] >>"
	l.refused(t, l.with(t, filled), "")
}

// TestAppearancesThatCannotBeRead fills in fields whose appearance before leads in
// a circle, or does not decode: nobody can say that it showed nothing.
func TestAppearancesThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct{ ap, five string }{
		"a drawing in a circle":       {"<< /N 5 0 R >>", "5 0 R"},
		"appearances in a circle":     {"5 0 R", "5 0 R"},
		"a drawing that is no stream": {"<< /N 5 0 R >>", stream(drawing+" /Filter /FlateDecode", []byte("niente"))},
		"of an unknown filter":        {"<< /N 5 0 R >>", stream(drawing+" /Filter /Ignoto", []byte("niente"))},
	} {
		t.Run(name, func(t *testing.T) {
			const place = widget + " /FT /Tx /T (testo) /Rect [0 0 200 20] /F 4 "
			l := sealedSheet(t, "/Annots [4 0 R]", "/AcroForm << /Fields [4 0 R] >>",
				"<< "+place+"/AP "+c.ap+" >>", c.five)
			next := unused(t, l.doc)
			look := stream(drawing, []byte(written))
			anew := l.with(t, map[int]string{4: fmt.Sprintf("<< %s/V (x) /AP << /N %d 0 R >> >>", place, next), next: look})
			inPlace := l.with(t, map[int]string{4: "<< " + place + "/V (x) /AP " + c.ap + " >>", 5: look})
			for _, doc := range [][]byte{anew, inPlace} {
				r := l.v.PDF(t.Context(), doc, now)
				require.False(t, r.Valid, "%+v", r.Checks)
			}
		})
	}
}

// TestStoreTakenAway takes the validation data away, or puts something else in
// their place.
func TestStoreTakenAway(t *testing.T) {
	l := sealedSheet(t, "", "/DSS << /Certs [4 0 R] >>", stream("", []byte("certificato")))
	num, _ := catalogWith(t, l.doc, "DSS", "")
	for value, code := range map[string]verify.ReasonCode{
		"": "validation-data-removed", "7": "validation-data-form", "[4 0 R]": "validation-data-form", "99 0 R": "validation-data-form",
		"<< /Certs [4 0 R] >>": "", "<< /Certs [4 0 R] /CRLs [] >>": "",
	} {
		t.Run(value, func(t *testing.T) {
			_, catalog := catalogWith(t, l.doc, "DSS", value)
			r := l.v.PDF(t.Context(), l.with(t, map[int]string{num: catalog}), now)
			check, _ := r.Check(verify.CodeLaterRevisions)
			if code == "" {
				require.True(t, r.Valid, "%+v", r.Checks)
				return
			}
			require.False(t, r.Valid)
			var codes []verify.ReasonCode
			for _, reason := range check.Reasons {
				codes = append(codes, reason.Code)
			}
			require.Contains(t, codes, code, "%+v", check)
		})
	}
}
