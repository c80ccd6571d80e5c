package verify

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// form writes a document with one signature field below a parent, from which
// it inherits its type and value.
func form(t *testing.T, catalog, field, signature string) *pdf.File {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var offsets []int
	for i, o := range []string{
		"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> " + catalog + " >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
		"<< /T (firme) /FT /Sig /V 6 0 R /Kids [5 0 R] >>",
		"<< /T (prima) /Parent 4 0 R " + field + " >>",
		"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Contents <00> " + signature + " >>",
		"7 0 R", // leads in a circle
	} {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, xref)
	f, err := pdf.Parse(t.Context(), b.Bytes(), pdf.Limits{})
	require.NoError(t, err)
	return f
}

func TestPolicy(t *testing.T) {
	docMDP := func(params string) string {
		return "/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << " + params + " >> >>]"
	}
	fieldMDP := func(params string) string {
		return "/Reference [<< /TransformMethod /FieldMDP /TransformParams << " + params + " >> >>]"
	}
	all := map[string]bool{"a": true, "ab": true, "a.b": true, "b": true}
	none := map[string]bool{"a": false, "ab": false, "a.b": false, "b": false}
	for name, c := range map[string]struct {
		catalog, field, signature string
		level                     int64
		locked                    map[string]bool
	}{
		"nothing":           {"", "", "", 0, none},
		"P missing":         {"", "", docMDP(""), 2, none},
		"P 1":               {"", "", docMDP("/P 1"), 1, none},
		"P 3":               {"", "", docMDP("/P 3"), 3, none},
		"P of another kind": {"", "", docMDP("/P 7"), 1, all},
		"P is no number":    {"", "", docMDP("/P /x"), 1, all},
		"all":               {"", "", fieldMDP("/Action /All"), 0, all},
		"include": {"", "", fieldMDP("/Action /Include /Fields [(a)]"), 0,
			map[string]bool{"a": true, "ab": false, "a.b": true, "b": false}},
		"exclude": {"", "", fieldMDP("/Action /Exclude /Fields [(a)]"), 0,
			map[string]bool{"a": false, "ab": true, "a.b": false, "b": true}},
		"include UTF-16": {"", "", fieldMDP("/Action /Include /Fields [<FEFF0061>]"), 0,
			map[string]bool{"a": true, "ab": false, "a.b": true, "b": false}},
		"include nothing":    {"", "", fieldMDP("/Action /Include /Fields []"), 0, none},
		"fields missing":     {"", "", fieldMDP("/Action /Include"), 1, all},
		"fields are names":   {"", "", fieldMDP("/Action /Include /Fields [/a]"), 1, all},
		"unknown action":     {"", "", fieldMDP("/Action /Some /Fields [(a)]"), 1, all},
		"action twice":       {"", "", fieldMDP("/Action /Include /Fields [(a)] /Action /All"), 1, all},
		"unknown transform":  {"", "", "/Reference [<< /TransformMethod /Identity >>]", 1, all},
		"rights":             {"", "", "/Reference [<< /TransformMethod /UR3 /TransformParams << >> >>]", 0, none},
		"reference no array": {"", "", "/Reference 3 0 R", 1, all},
		"reference of nulls": {"", "", "/Reference [9 0 R]", 1, all},
		"lock": {"", "/Lock << /Type /SigFieldLock /Action /Include /Fields [(a)] >>", "", 0,
			map[string]bool{"a": true, "ab": false, "a.b": true, "b": false}},
		"lock with P": {"", "/Lock << /Action /Include /Fields [(b)] /P 1 >>", docMDP("/P 2"), 1,
			map[string]bool{"a": false, "b": true}},
		"lock with a higher P":  {"", "/Lock << /Action /All /P 3 >>", docMDP("/P 2"), 2, all},
		"lock not understood":   {"", "/Lock << >>", "", 1, all},
		"lock no dictionary":    {"", "/Lock 7", "", 1, all},
		"lock with a key twice": {"", "/Lock << /Action /Include /Fields [] /Fields [] >>", "", 1, all},
		"certified by another":  {"/Perms << /DocMDP 3 0 R >>", "", "", 0, none},
		"certified":             {"/Perms << /DocMDP 6 0 R >>", "", docMDP("/P 2"), 2, none},
		"certified, not how":    {"/Perms << /DocMDP 6 0 R >>", "", "", 1, all},
		"two transforms": {"", "", "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 3 >> >> << " +
			"/TransformMethod /FieldMDP /TransformParams << /Action /All >> >>]", 3, all},
		"permissions in a circle":  {"/Perms 7 0 R", "", "", 1, all},
		"its bytes in a circle":    {"", "", "/ByteRange 7 0 R", 1, all},
		"references in a circle":   {"", "", "/Reference 7 0 R", 1, all},
		"a reference in a circle":  {"", "", "/Reference [7 0 R]", 1, all},
		"what it says in a circle": {"", "", "/Reference [<< /TransformMethod /DocMDP /TransformParams 7 0 R >>]", 1, all},
		"its fields in a circle":   {"", "", fieldMDP("/Action /Include /Fields 7 0 R"), 1, all},
		"one of them in a circle":  {"", "", fieldMDP("/Action /Include /Fields [7 0 R]"), 1, all},
		"a lock in a circle":       {"", "/Lock 7 0 R", "", 1, all},
		"fields of a lock in one":  {"", "/Lock << /Action /Include /Fields 7 0 R >>", "", 1, all},
		"other rights in Perms":    {"/Perms << /UR3 6 0 R >>", "", "", 0, none},
	} {
		t.Run(name, func(t *testing.T) {
			f := form(t, c.catalog, c.field, c.signature)
			sigs, err := f.Signatures()
			require.NoError(t, err)
			require.Len(t, sigs, 1)
			assert.Equal(t, "firme.prima", sigs[0].Field)
			p := policyBefore(f, sigs, 1)
			assert.Equal(t, c.level, p.level)
			for field, want := range c.locked {
				locked := false
				for _, l := range p.locks {
					locked = locked || l.covers(field)
				}
				assert.Equal(t, want, locked, field)
			}
			assert.Equal(t, policy{}, policyBefore(f, sigs, 0), "it binds only later revisions")
		})
	}
}
