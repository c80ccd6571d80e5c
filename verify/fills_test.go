package verify_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify"
)

// refusedBy asserts that what was added to a document is refused for these
// reasons and no others; none means that it is permitted.
func (l later) refusedBy(t testing.TB, doc []byte, codes ...verify.ReasonCode) {
	t.Helper()
	if len(codes) == 0 {
		l.permitted(t, doc)
		return
	}
	l.refused(t, doc, "")
	r := l.v.PDF(t.Context(), doc, now)
	check, _ := r.Check(verify.CodeLaterRevisions)
	seen := map[verify.ReasonCode]bool{}
	for _, reason := range check.Reasons {
		seen[reason.Code] = true
	}
	slices.Sort(codes)
	require.Equal(t, codes, slices.Sorted(maps.Keys(seen)), "%s", check.Message)
}

// TestFilledIn fills in a form of every kind of field. Each case names the object
// that changes, what becomes of it, and for what it is refused.
func TestFilledIn(t *testing.T) {
	const place = widget + " /Rect [0 0 200 20] /F 4"
	objects := []string{
		"<< " + place + " /FT /Tx /T (testo) /AP << /N 10 0 R /D 10 0 R >> >>",                     // 4
		"<< " + place + " /FT /Btn /T (casella) /V /Off /AS /Off /AP << /N << /Si 10 0 R >> >> >>", // 5
		"<< " + place + " /FT /Btn /Ff 65536 /T (pulsante) >>",                                     // 6
		"<< " + place + " /FT /Ch /T (scelta) /Opt [(a) (b)] >>",                                   // 7
		"<< " + place + " /FT /Tx /T (chiuso) /Ff 1 >>",                                            // 8
		"<< " + place + " /FT /Tx /T (scritto) /V (1) >>",                                          // 9
		stream(drawing, nil), // 10
		"<< " + place + " /FT /Tx /T (indiretto) /AP 12 0 R >>", // 11
		"<< /N 13 0 R >>",    // 12
		stream(drawing, nil), // 13
		"<< /T (gruppo) /FT /Tx /Ff 1 /Kids [15 0 R] >>",                                             // 14
		"<< /Parent 14 0 R /T (sotto) " + place + " >>",                                              // 15
		"<< /FT /Tx /T (con figli) /Kids [17 0 R] >>",                                                // 16
		"<< " + place + " /Parent 16 0 R >>",                                                         // 17
		"<< " + place + " /FT /Tx /T (vuoto) /V () >>",                                               // 18
		"<< " + place + " /FT /Ch /T (elenco) /V [] /Ff 2097152 /Opt [(a) (b)] >>",                   // 19
		"<< " + place + " /FT /Tx /T (rotto) /AP << /N 99 0 R >> >>",                                 // 20
		"<< " + place + " /FT /Btn /T (numero) /V 0 /AS /Off /AP << /N << /Si 10 0 R >> >> >>",       // 21
		"<< " + place + " /FT /Tx /T (sotto parente) /Parent 14 0 R /Ff 0 >>",                        // 22
		"<< " + place + " /FT /Tx /T (senza aspetto) /MK << /BG [1] >> >>",                           // 23
		"<< " + place + " /FT /Btn /T (casella indiretta) /AS /Off /AP << /N << /Si 10 0 R >> >> >>", // 24
	}
	fields := "4 0 R 5 0 R 6 0 R 7 0 R 8 0 R 9 0 R 11 0 R 14 0 R 16 0 R 18 0 R 19 0 R 20 0 R 21 0 R 23 0 R 24 0 R"
	l := sealedSheet(t, "/Annots ["+strings.ReplaceAll(fields, "14 0 R 16 0 R", "15 0 R 17 0 R")+"]",
		"/AcroForm << /Fields ["+fields+"] >>", objects...)
	next := unused(t, l.doc)
	look := stream(drawing, []byte(written))
	deep := func(n int) string { return strings.Repeat("[", n) + "(x)" + strings.Repeat("]", n) }
	// is returns an object with an entry more, or replaced.
	is := func(num int, entries ...string) map[int]string {
		text := objects[num-4]
		for _, e := range entries {
			key, _, _ := strings.Cut(e, " ")
			for _, old := range []string{" /V ()", " /V []", " /V /Off", " /AS /Off", " /V 0", " /V (1)", " /Ff 1",
				" /AP 12 0 R",
				" /AP << /N 10 0 R /D 10 0 R >>", " /AP << /N 99 0 R >>"} {
				if strings.HasPrefix(old, " "+key+" ") {
					text = strings.Replace(text, old, "", 1)
				}
			}
			text = strings.TrimSuffix(text, ">>") + e + " >>"
		}
		return map[int]string{num: text, next: look}
	}
	ap := fmt.Sprintf("/AP << /N %d 0 R /D 10 0 R >>", next)
	with := func(m map[int]string, num int, text string) map[int]string {
		m[num] = text
		return m
	}
	for name, c := range map[string]struct {
		changes map[int]string
		codes   []verify.ReasonCode
	}{
		"a text":                   {is(4, "/V (x)", ap), nil},
		"a text and its date":      {is(4, "/V (x)", ap, "/M (D:20261130)"), nil},
		"a date of no text":        {is(4, "/V (x)", ap, "/M 7"), []verify.ReasonCode{"field-date"}},
		"an entry of no value":     {is(4, "/V (x)", ap, "/Q 1"), []verify.ReasonCode{"field-entry"}},
		"a key twice":              {is(4, "/V (x)", ap, "/T (testo)"), []verify.ReasonCode{"key-twice"}},
		"a dictionary":             {is(4, "/V << /A 1 >>", ap), []verify.ReasonCode{"field-value"}},
		"lists within lists":       {is(4, "/V "+deep(3), ap), []verify.ReasonCode{"field-value"}},
		"another appearance alone": {is(4, ap), []verify.ReasonCode{"field-not-empty"}},
		"an appearance for the mouse": {is(4, "/V (x)", fmt.Sprintf("/AP << /N %d 0 R /D %d 0 R >>", next, next)),
			[]verify.ReasonCode{"field-appearance-entry"}},
		"an appearance that was there": {is(4, "/V (x)", "/AP << /N 13 0 R /D 10 0 R >>"), nil},
		"an appearance of no form": {with(is(4, "/V (x)", ap), next, stream("/Type /XObject /Subtype /Image", nil)),
			[]verify.ReasonCode{"field-appearance-form"}},
		"an appearance of no drawing": {is(4, "/V (x)", "/AP << /N 7 /D 10 0 R >>"),
			[]verify.ReasonCode{"field-appearance-form"}},
		"appearances of no dictionary": {is(4, "/V (x)", "/AP [7]"), []verify.ReasonCode{"field-appearance-form"}},
		"appearances through a new object": {with(is(11, "/V (x)", fmt.Sprintf("/AP %d 0 R", next+1)), next+1,
			fmt.Sprintf("<< /N %d 0 R >>", next)), nil},
		"appearances through the old object": {with(is(11, "/V (x)", "/AP 12 0 R"), 12,
			fmt.Sprintf("<< /N %d 0 R >>", next)), nil},
		"appearances of another field": {with(is(4, "/V (x)", "/AP 12 0 R"), 12,
			fmt.Sprintf("<< /N %d 0 R >>", next)), []verify.ReasonCode{"object-in-use"}},
		"an appearance that did not decode": {is(20, "/V (x)", fmt.Sprintf("/AP << /N %d 0 R >>", next)), nil},
		"a box":                             {is(5, "/V /Si", "/AS /Si"), nil},
		"a box in no state":                 {is(5, "/V /Si", "/AS /No"), []verify.ReasonCode{"field-state"}},
		"a box in a state of no name":       {is(5, "/V /Si", "/AS (Si)"), []verify.ReasonCode{"field-state"}},
		"a box with another appearance":     {is(5, "/V /Si", "/AS /Si", "/MK << >>"), []verify.ReasonCode{"field-entry"}},
		"a box that was a number":           {is(21, "/V /Si", "/AS /Si"), []verify.ReasonCode{"field-not-empty"}},
		"a button":                          {is(6, "/V (x)"), []verify.ReasonCode{"field-not-fillable"}},
		"a choice":                          {is(7, "/V (a)", "/I [0]"), nil},
		"choices":                           {is(19, "/V [(a) (b)]", "/I [0 1]"), nil},
		"choices of no text":                {is(19, "/V [(a) /b]"), []verify.ReasonCode{"field-value"}},
		"an index in a text":                {is(18, "/V (x)", "/I [0]"), []verify.ReasonCode{"field-entry"}},
		"other options":                     {is(7, "/V (a)", "/Opt [(c)]"), []verify.ReasonCode{"key-twice"}},
		"a closed field":                    {is(8, "/Ff 1", "/V (x)"), []verify.ReasonCode{"field-read-only"}},
		"a field that its parent closes":    {is(15, "/V (x)"), []verify.ReasonCode{"field-read-only"}},
		"what was filled in":                {is(9, "/V (2)"), []verify.ReasonCode{"field-not-empty"}},
		"what was filled in, emptied":       {is(9, "/V ()"), []verify.ReasonCode{"field-not-empty"}},
		"an empty text":                     {is(18, "/V (x)"), nil},
		"an empty text left so":             {is(18, "/V ()", "/M (D:20261130)"), []verify.ReasonCode{"field-not-empty"}},
		"a field is closed":                 {is(18, "/V ()", "/Ff 1"), nil},
		"a filled field is closed":          {is(9, "/V (1)", "/Ff 1"), nil},
		"a field is closed and more":        {is(18, "/V ()", "/Ff 3"), []verify.ReasonCode{"field-not-empty"}},
		"a value through a new object":      {with(is(18, fmt.Sprintf("/V %d 0 R", next+1)), next+1, "(x)"), nil},
		"a value through an old object":     {with(is(18, "/V 12 0 R"), 12, "(x)"), []verify.ReasonCode{"object-in-use"}},
		"values nested too deep": {with(with(with(is(19, fmt.Sprintf("/V [%d 0 R]", next+1)), next+1,
			fmt.Sprintf("[%d 0 R]", next+2)), next+2, fmt.Sprintf("[%d 0 R]", next+3)), next+3, "(x)"),
			[]verify.ReasonCode{"nested-too-deep"}},
		"the value of a widget": {with(is(17, "/V (x)"), 16, "<< /FT /Tx /T (con figli) /V (x) /Kids [17 0 R] >>"),
			[]verify.ReasonCode{"field-entry"}},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(fmt.Sprint(c.changes), fmt.Sprintf("%d 0 R", next)) {
				delete(c.changes, next)
			}
			l.refusedBy(t, l.with(t, c.changes), c.codes...)
		})
	}
}
