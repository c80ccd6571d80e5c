package verify_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify"
)

// TestWhatWasAdded reads what a report says of each kind of later revision, and
// of several.
func TestWhatWasAdded(t *testing.T) {
	const place = widget + " /Rect [0 0 200 20] /F 4"
	text := func(num int, name, more string) string {
		return fmt.Sprintf("<< %s /FT /Tx /T (%s) %s >>", place, name, more)
	}
	l := sealedSheet(t, "/Annots [4 0 R 5 0 R 6 0 R]", "/AcroForm << /Fields [4 0 R 5 0 R 6 0 R] /SigFlags 3 >>",
		text(4, "uno", ""), text(5, "due", ""), "<< "+place+" /FT /Sig /T (firma) >>")
	says := func(doc []byte, want string) {
		t.Helper()
		l.permitted(t, doc)
		r := l.v.PDF(t.Context(), doc, now)
		check, _ := r.Check(verify.CodeLaterRevisions)
		require.Equal(t, "Dopo la firma sono state aggiunte solo revisioni ammesse ("+want, check.Message)
	}
	const bare = " Ciò che è stato compilato o annotato dopo non è garantito da alcuna firma."
	next := unused(t, l.doc)
	signed := map[int]string{6: fmt.Sprintf("<< %s /FT /Sig /T (firma) /V %d 0 R >>", place, next)}
	root, catalog := catalogWith(t, l.doc, "DSS", fmt.Sprintf("<< /Certs [%d 0 R] >>", next))
	nothing := later{l.ca, l.with(t, map[int]string{}), l.v}
	one := later{l.ca, l.with(t, map[int]string{4: text(4, "uno", "/V (x)")}), l.v}

	says(nothing.doc, "nessun cambiamento).")
	says(nothing.with(t, map[int]string{}), "nessun cambiamento, 2 volte).")
	says(l.with(t, map[int]string{next: "(non usato)"}), "dati tecnici).")
	says(l.with(t, map[int]string{root: catalog, next: stream("", []byte("0"))}), "dati per la verifica).")
	says(one.doc, "compilazione di «uno»)."+bare)
	says(one.with(t, map[int]string{5: text(5, "due", "/V (y)")}),
		"compilazione di «uno»; compilazione di «due»)."+bare)
	says(l.with(t, map[int]string{4: text(4, "uno", "/V (x)"), 5: text(5, "due", "/V (y)")}),
		"compilazione di «uno», «due»)."+bare)
	says(one.sign(t, signed, next, nil), "compilazione di «uno»; un'altra firma).")
	says(l.sign(t, map[int]string{6: signed[6]}, next, nil), "un'altra firma).")
	says(l.sign(t, map[int]string{6: signed[6], 4: text(4, "uno", "/V (x)")}, next, nil),
		"un'altra firma, con la compilazione di «uno»).")
	tsa, err := l.ca.Timestamper()
	require.NoError(t, err)
	says(l.sign(t, map[int]string{6: signed[6]}, next, tsa), "marca temporale).")
}

// TestWhatWasRefused reads where a report says that a refused change stands.
func TestWhatWasRefused(t *testing.T) {
	l := sealedSheet(t, "", "/AcroForm << /Fields [4 0 R] >>",
		"<< "+widget+" /Rect [0 0 200 20] /F 4 /FT /Tx /T (uno) /Ff 1 >>")
	root, catalog := catalogWith(t, l.doc, "Lang", "(it)")
	for name, c := range map[string]struct {
		doc      []byte
		revision int
		want     string
	}{
		"the page is no page": {l.with(t, map[int]string{3: "[]"}), 4, "page-removed|3 0 R"},
		"the page is gone":    {l.with(t, map[int]string{3: "null"}), 4, "page-removed|3 0 R"},
		"the catalog": {l.with(t, map[int]string{root: catalog[:len(catalog)-2] + "/Lang (de) >>"}), 4,
			fmt.Sprintf("key-twice|%d 0 R/Lang", root)},
		"a closed field": {l.with(t, map[int]string{
			4: "<< " + widget + " /Rect [0 0 200 20] /F 4 /FT /Tx /T (uno) /Ff 1 /V (x) >>"}), 4, "field-read-only|4 0 R/Ff"},
		"after one that is permitted": {later{l.ca, l.with(t, map[int]string{}), l.v}.with(t, map[int]string{3: "[]"}), 5,
			"page-removed|3 0 R"},
	} {
		r := l.v.PDF(t.Context(), c.doc, now)
		check, _ := r.Check(verify.CodeLaterRevisions)
		require.Equal(t, verify.Failed, check.Outcome, name)
		require.NotEmpty(t, check.Reasons, name)
		require.Equal(t, c.revision, check.Reasons[0].Revision, name)
		require.Equal(t, c.want, fmt.Sprintf("%s|%s", check.Reasons[0].Code, check.Reasons[0].Path), name)
		require.Contains(t, check.Message, fmt.Sprintf("revisione %d: ", c.revision), name)
	}

	const place = widget + " /Rect [0 0 200 20] /F 4"
	locks := locked(t, "/Action /Include /Fields [(a)]")
	doc := locks.with(t, map[int]string{7: "<< " + place + " /Parent 5 0 R /T (b) /FT /Tx /V (x) >>"})
	r := locks.v.PDF(t.Context(), doc, now)
	check, _ := r.Check(verify.CodeLaterRevisions)
	require.Len(t, check.Reasons, 1)
	require.Equal(t, "7 0 R", check.Reasons[0].Path)
	require.Equal(t, map[string]string{"field": "a.b", "by": "firma"}, check.Reasons[0].Arguments)
}
