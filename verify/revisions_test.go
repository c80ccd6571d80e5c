package verify_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/verify"
)

const otherContent = "BT /F1 12 Tf 100 700 Td (Altro) Tj ET"

// TestVanishedSignature takes a signature away and signs again: the second
// signature covers the whole file, and nothing comes after it.
func TestVanishedSignature(t *testing.T) {
	l := sealedSheet(t, "/Contents 4 0 R", "", stream("", []byte(written)))
	f, err := pdf.Parse(t.Context(), l.doc, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	require.Len(t, sigs, 1)
	field, num := int(sigs[0].FieldRef.Num), int(sigs[0].Ref.Num)
	d, err := f.Last().Get(sigs[0].FieldRef)
	require.NoError(t, err)
	without := func(v string) string {
		out := "<<"
		for _, e := range d.(pdf.Dict) {
			if e.Key != "V" {
				out += fmt.Sprintf(" /%s %s", e.Key, text(e.Value))
			}
		}
		return out + " " + v + " >>"
	}
	next := unused(t, l.doc)
	root, noForm := catalogWith(t, l.doc, "AcroForm", "")
	for name, objects := range map[string]map[int]string{
		"field emptied":              {field: without("")},
		"field with null":            {field: without("/V null")},
		"value deleted":              {num: "null"},
		"form taken away":            {root: noForm},
		"another value in the field": {field: without(fmt.Sprintf("/V %d 0 R", next)), next: text(sigs[0].Dict)},
		"and another page":           {field: without(""), 4: stream("", []byte(otherContent))},
	} {
		t.Run(name, func(t *testing.T) {
			gone := l
			gone.doc = l.with(t, objects)
			doc := sealWith(t, l.ca, gone.doc)
			r := l.v.PDF(t.Context(), doc, now)
			assertInvalid(t, r, verify.CodeLaterRevisions, "è stata rimossa o sostituita")
			check, _ := r.Check(verify.CodeLaterRevisions)
			require.Len(t, check.Reasons, 1)
			require.Equal(t, sigs[0].FieldRef.String()+"/V", check.Reasons[0].Path)
		})
	}
	l.permitted(t, sealWith(t, l.ca, l.doc))
}

// TestHybridRevision appends a revision whose table names another one beside it
// (XRefStm): programs that do not read that see other objects.
func TestHybridRevision(t *testing.T) {
	l := sealedSheet(t, "/Contents 4 0 R", "", stream("", []byte(written)))
	next := unused(t, l.doc)
	hybrid := func(index string, entry ...byte) []byte {
		beside := stream(fmt.Sprintf("/Type /XRef /Size %d /W [1 3 1] /Index [%s]", next+2, index), entry)
		later := l.with(t, map[int]string{next: "<< /a /b >>", next + 1: beside})
		at := bytes.LastIndex(later, fmt.Appendf(nil, "%d 0 obj", next+1))
		i := bytes.LastIndex(later, []byte("trailer\n<<"))
		return append(later[:i:i], bytes.Replace(later[i:], []byte("<<"), fmt.Appendf(nil, "<< /XRefStm %d", at), 1)...)
	}
	l.refused(t, hybrid("4 0"), "due tabelle")
	at := bytes.Index(l.doc, []byte("4 0 obj"))
	l.refused(t, hybrid("4 1", 1, byte(at>>16), byte(at>>8), byte(at), 0), "due tabelle")
	l.permitted(t, l.with(t, map[int]string{next: "<< /a /b >>", next + 1: stream("", nil)}))
}

// TestFileIdentifier changes the identifier, whose first half stays as it was
// when the file was made (ISO 32000-2 clause 14.4).
func TestFileIdentifier(t *testing.T) {
	l := sealedSheet(t, "", "")
	f, err := pdf.Parse(t.Context(), l.doc, pdf.Limits{})
	require.NoError(t, err)
	first := text(f.Last().Trailer().Get("ID").(pdf.Array)[0])
	for id, permitted := range map[string]bool{
		"/ID [" + first + " <aa>]":        true,
		"/ID [<bb> <aa>]":                 false,
		"/ID [<aa> " + first + "]":        false,
		"/ID [" + first + "]":             false,
		"/ID [" + first + " <aa> <aa>]":   false,
		"/ID " + first:                    false,
		"":                                false,
		"/ID [<" + first[1:3] + "> <aa>]": first == "<"+first[1:3]+">",
	} {
		later := update(t, l.doc, map[int]string{unused(t, l.doc): "<< >>"}, "/Root 1 0 R "+id)
		if permitted {
			l.permitted(t, later)
			continue
		}
		l.refused(t, later, "cambia l'identificativo del documento")
	}
}

// TestOtherCatalog lets the trailer name an object that was there already and
// was not the catalog.
func TestOtherCatalog(t *testing.T) {
	l := sealedSheet(t, "/Contents 4 0 R", "", stream("", []byte(written)), "<< /Type /Catalog /Pages 2 0 R >>")
	root, same := catalogWith(t, l.doc, "", "")
	require.Equal(t, 1, root)
	next := unused(t, l.doc)
	rooted := func(l later, num int, objects map[int]string) []byte {
		return update(t, l.doc, objects, strings.Replace(trailerOf(t, l.doc), "/Root 1 0 R",
			fmt.Sprintf("/Root %d 0 R", num), 1))
	}
	// The content of the page becomes the catalog, and the page is empty.
	l.refused(t, rooted(l, 4, map[int]string{4: same}), "un altro oggetto prende il posto del catalogo")
	l.refused(t, rooted(l, 5, map[int]string{5: same}), "un altro oggetto prende il posto del catalogo")
	l.permitted(t, rooted(l, next, map[int]string{next: same}))
	// One that was only brought along becomes the catalog a revision later.
	l.doc = l.with(t, map[int]string{next: same})
	l.permitted(t, l.doc)
	l.refused(t, rooted(l, next, map[int]string{}), "un altro oggetto prende il posto del catalogo")
}

// TestValidationDataInUse replaces what the document's store of validation data
// consists of, where other parts of the document use it too.
func TestValidationDataInUse(t *testing.T) {
	content := stream("", []byte(written))
	other := stream("", []byte(otherContent))
	// The store's own objects: 8 the store, 9 a list, 10 a certificate, 11 and 12
	// data for one signature.
	sealed := func(page string) later {
		return sealedSheet(t, page, "/DSS 8 0 R", content, stream(drawing, nil), "null", "null",
			"<< /Type /DSS /Certs 9 0 R /VRI 11 0 R >>", "[10 0 R]", content, "<< /AA 12 0 R >>", "<< /Cert 9 0 R >>")
	}
	l := sealed("/Contents 4 0 R")
	next := unused(t, l.doc)
	list := fmt.Sprintf("[10 0 R %d 0 R]", next)
	t.Run("lists grow", func(t *testing.T) {
		l.permitted(t, l.with(t, map[int]string{9: list, next: other}))
		l.permitted(t, l.with(t, map[int]string{11: fmt.Sprintf("<< /AA 12 0 R /BB << /Cert [%d 0 R] >> >>", next),
			next: other}))
	})
	for name, c := range map[string]struct {
		page    string
		objects map[int]string
		says    string
	}{
		"a stream for the store": {"", map[int]string{8: content},
			"sostituisce l'oggetto 8 0 R, che serviva ad altro"},
		"a stream for a list": {"", map[int]string{9: content},
			"sostituisce l'oggetto 9 0 R, che serviva ad altro"},
		"a stream for data": {"", map[int]string{12: content},
			"sostituisce l'oggetto 12 0 R, che serviva ad altro"},
		"a stream for all the data": {"", map[int]string{11: content},
			"sostituisce l'oggetto 11 0 R, che serviva ad altro"},
		"another certificate": {"", map[int]string{10: other},
			"sostituisce l'oggetto 10 0 R, che serviva ad altro"},
		// A shadow attack: the page draws what the store lists.
		"a list that the page draws": {"/Contents 9 0 R", map[int]string{9: list, next: other},
			"sostituisce l'oggetto 9 0 R, che serviva ad altro"},
		"a certificate that the page draws": {"/Contents 10 0 R", map[int]string{8: "<< /Type /DSS /Certs 10 0 R >>",
			10: fmt.Sprintf("[%d 0 R]", next), next: other}, "sostituisce l'oggetto 10 0 R, che serviva ad altro"},
		"resources that data are": {"/Contents 4 0 R /Resources << /XObject 11 0 R >>",
			map[int]string{11: fmt.Sprintf("<< /AA 12 0 R /Type %d 0 R >>", next), next: other},
			"sostituisce l'oggetto 11 0 R, che serviva ad altro"},
		"a type that is a stream": {"", map[int]string{11: fmt.Sprintf("<< /AA 12 0 R /Type %d 0 R >>", next),
			next: other}, "voce Type"},
	} {
		t.Run(name, func(t *testing.T) {
			l := sealed(c.page)
			l.refused(t, l.with(t, c.objects), c.says)
		})
	}
}

// TestFieldWithoutSignature adds a signature field, or fills one, with a value
// that is not there.
func TestFieldWithoutSignature(t *testing.T) {
	l := sealedSheet(t, "/Annots [5 0 R]", "/AcroForm << /Fields [4 0 R] /SigFlags 3 >>",
		"<< /FT /Sig /T (Vuota) /Kids [5 0 R] >>", "<< "+widget+" /Parent 4 0 R /Rect [0 0 0 0] >>")
	next := unused(t, l.doc)
	for _, value := range []string{fmt.Sprintf("%d 0 R", next+7), "null"} {
		root, catalog := catalogWith(t, l.doc, "AcroForm",
			fmt.Sprintf("<< /Fields [%s %d 0 R] /SigFlags 3 >>", formFields(t, l.doc), next))
		added := map[int]string{root: catalog, next: "<< /FT /Sig /T (Nuova) /V " + value + " >>"}
		l.refused(t, l.with(t, added), "senza che vi sia apposta una firma")
		filled := map[int]string{4: "<< /FT /Sig /T (Vuota) /Kids [5 0 R] /V " + value + " >>"}
		l.refused(t, l.with(t, filled), "senza che vi sia apposta una firma")
	}
}
