package verify_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/verify"
)

// withLimits is the verifier of a document with other limits.
func (l later) withLimits(t testing.TB, change func(*verify.Limits)) *verify.Verifier {
	t.Helper()
	return stampVerifier(t, func(c *verify.Config) { change(&c.Limits) }, l.ca.Root())
}

// TestPDFWork gives the judgement of a document exactly the work that it takes,
// and one less.
func TestPDFWork(t *testing.T) {
	d := newDesk(t)
	doc := d.with(t, map[int]string{4: d.object(t, 4, "Title", "/Title (Perch\\351 \\205 cos\\354)"),
		9: d.object(t, 9, "Title", "/Title (Perch\\351 \\205 cos\\354)"), 10: packet(deskPacket + "\n")})
	judge := func(work int) verify.Report {
		v := d.withLimits(t, func(l *verify.Limits) { l.PDF.Work = int64(work) })
		return v.PDF(t.Context(), doc, now)
	}
	least := sort.Search(1_000_000, func(n int) bool { return judge(n + 1).Valid }) + 1
	require.Greater(t, least, len(deskPacket), "metadata count by their bytes")
	for range 3 {
		r := judge(least)
		checkReport(t, r)
		require.True(t, r.Valid)
		r = judge(least - 1)
		checkReport(t, r)
		require.False(t, r.Valid)
		require.Contains(t, fmt.Sprint(r.Checks), fmt.Sprintf("more than %d objects and values", least-1))
	}
}

// TestDigested counts the bytes that all signatures of a document cover.
func TestDigested(t *testing.T) {
	d := newDesk(t)
	next := unused(t, d.doc)
	root, catalog := catalogWith(t, d.doc, "AcroForm", fmt.Sprintf("<< /Fields [%s %d 0 R] /SigFlags 3 /DR << /Font << "+
		"/F1 14 0 R /F2 14 0 R >> >> >>", strings.Join(d.fields, " "), next+1))
	doc := d.sign(t, map[int]string{root: catalog, next + 1: fmt.Sprintf(
		"<< %s /Rect [0 0 0 0] /FT /Sig /T (Altra) /V %d 0 R >>", widget, next)}, next, nil)
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	require.Len(t, sigs, 2)
	total := int64(0)
	for _, s := range sigs {
		total += s.ByteRange[1] + s.ByteRange[3]
	}
	v := d.withLimits(t, func(l *verify.Limits) { l.Digested = total })
	require.True(t, v.PDF(t.Context(), doc, now).Valid)
	v = d.withLimits(t, func(l *verify.Limits) { l.Digested = total - 1 })
	assertInvalid(t, v.PDF(t.Context(), doc, now), verify.CodeSignature, fmt.Sprintf("più di %d byte", total-1))
}

// TestHostileValues gives values that cost much or mean two things. Each has an
// answer, with its reason, within the limits.
func TestHostileValues(t *testing.T) {
	d := newDesk(t)
	long := strings.Repeat("x", 3<<20)
	nest := strings.Repeat("<< /a ", 70) + "1" + strings.Repeat(" >>", 70)
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "/k%d 1 ", i)
		}
		return b.String()
	}
	info := func(entry string) map[int]string { return map[int]string{4: d.object(t, 4, "Title", entry)} }
	for name, c := range map[string]struct {
		objects map[int]string
		says    string
	}{
		"a text of megabytes": {info("/Title (" + long + ")"), "cambia Title fra le informazioni"},
		"the same, in UTF-16": {info("/Title <FEFF" + strings.Repeat("0078", 1<<20) + ">"), "cambia Title"},
		"BOMs in the middle":  {info("/Title <FEFF" + strings.Repeat("FEFF", 1000) + ">"), "cambia Title"},
		"a name with slashes": {info("/a#2Fb#2FTitle (x) /Title <" + utf16Hex(respelledText) + ">"), "a/b/Title"},
		"date of year 0": {map[int]string{4: d.object(t, 4, "CreationDate", "/CreationDate (D:00000000000000Z)")},
			"CreationDate"},
		"thousands of keys": {info("/Title <" + utf16Hex(respelledText) + "> " + keys(4000)), "e altro"},
		"too many keys":     {info("/Title <" + utf16Hex(respelledText) + "> " + keys(5001)), "limiti"},
		"deeply nested":     {info("/Title " + nest), "limiti"},
		"a cyclic name tree": {map[int]string{1: d.object(t, 1, "Names", "/Names << /EmbeddedFiles 9 0 R >>"),
			9: "<< /Kids [9 0 R] >>"}, "cambia la voce Names"},
		"too many extensions": {map[int]string{1: d.object(t, 1, "Extensions", "/Extensions << "+keys(5001)+" >>")},
			"limiti"},
	} {
		t.Run(name, func(t *testing.T) {
			r := d.v.PDF(t.Context(), d.with(t, c.objects), now)
			checkReport(t, r)
			require.False(t, r.Valid)
			require.Contains(t, fmt.Sprint(r.Checks), c.says)
		})
	}
	// A name that holds a slash is not taken for two keys of a path.
	r := d.v.PDF(t.Context(), d.with(t, info("/a#2Fb (x) /c#23d (x) /Title <"+utf16Hex(respelledText)+">")), now)
	c, _ := r.Check(verify.CodeLaterRevisions)
	var paths []string
	for _, reason := range c.Reasons {
		paths = append(paths, reason.Path)
	}
	require.ElementsMatch(t, []string{"4 0 R/a#2Fb", "4 0 R/c#23d"}, paths)
}
