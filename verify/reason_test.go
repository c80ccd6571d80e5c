package verify_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify"
)

// TestRevisionRules holds the table whole: each code once, each with its texts,
// and each named where the package refuses something.
func TestRevisionRules(t *testing.T) {
	seen := map[verify.ReasonCode]bool{}
	for _, r := range verify.RevisionRules() {
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, string(r.Code))
		require.False(t, seen[r.Code], r.Code)
		seen[r.Code] = true
		for _, text := range []string{r.Message, r.Expected, r.Source} {
			require.NotEmpty(t, text, r.Code)
			require.False(t, strings.HasSuffix(text, ".") || strings.Contains(text, "  "), text)
		}
	}
	constants, uses := map[string]string{}, map[string]int{}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if id, ok := n.Type.(*ast.Ident); ok && id.Name == "ReasonCode" {
					constants[n.Names[0].Name] = strings.Trim(n.Values[0].(*ast.BasicLit).Value, `"`)
				}
			case *ast.Ident:
				uses[n.Name]++
			}
			return true
		})
	}
	require.Len(t, constants, len(seen))
	for name, code := range constants {
		require.True(t, seen[verify.ReasonCode(code)], code)
		require.GreaterOrEqual(t, uses[name], 3, "%s: declared, in the table, and used", name)
	}
}

// TestReasons gives every reason of a refused revision as data: what programs
// need and what people read.
func TestReasons(t *testing.T) {
	l := sealedSheet(t, "/Contents 5 0 R /Annots [4 0 R]", "/AcroForm << /Fields [4 0 R] >>",
		"<< "+widget+" /FT /Tx /T (nascosto) /F 2 /Rect [0 0 9 9] >>", stream("", []byte(written)))
	root, catalog := catalogWith(t, l.doc, "OpenAction", "[3 0 R /Fit]")
	doc := update(t, l.doc, map[int]string{
		root: strings.Replace(catalog, ">>", "/Lang (it) >>", 1),
		3:    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 5 0 R /Annots [4 0 R] /Rotate 90 >>",
		4:    "<< " + widget + " /FT /Tx /T (nascosto) /V (x) /F 2 /Rect [0 0 9 9] >>",
		5:    stream("", []byte(otherContent)),
	}, "/Root 1 0 R /ID [<01><02>]")
	r := l.v.PDF(t.Context(), doc, now)
	check, _ := r.Check(verify.CodeLaterRevisions)
	require.Equal(t, verify.Failed, check.Outcome)
	var got []string
	for _, reason := range check.Reasons {
		require.Equal(t, 4, reason.Revision)
		require.NotEmpty(t, reason.Expected)
		require.NotEmpty(t, reason.Source)
		require.NotContains(t, reason.Message, "{")
		got = append(got, fmt.Sprintf("%s|%s|%s|%v", reason.Code, reason.Path, reason.Value, reason.Arguments))
	}
	slices.Sort(got)
	require.Equal(t, []string{
		"catalog-entry|1 0 R/OpenAction|[3 0 R /Fit]|map[key:OpenAction]",
		"field-hidden|4 0 R/F|2|map[field:nascosto]",
		"form-entry|1 0 R/AcroForm/Lang|(it)|map[key:Lang]",
		"identifier-changed|trailer/ID|[<01> <02>]|map[]",
		"object-replaced|5 0 R||map[kind:contenuto object:5]",
		"page-entry|3 0 R/MediaBox|[0 0 9 9]|map[key:MediaBox page:3 0 R]",
		"page-entry|3 0 R/Rotate|90|map[key:Rotate page:3 0 R]",
	}, got)
	var first []string
	for _, reason := range check.Reasons[:4] {
		first = append(first, reason.Message)
	}
	require.Contains(t, check.Message, "revisione 4: "+strings.Join(first, ", ")+fmt.Sprintf(", e altro (%d cose).",
		len(check.Reasons)-4))

	data, err := json.Marshal(r)
	require.NoError(t, err)
	var read struct {
		Checks []struct {
			Code    string
			Reasons []verify.Reason
		}
	}
	require.NoError(t, json.Unmarshal(data, &read))
	for _, c := range read.Checks {
		if c.Code == string(verify.CodeLaterRevisions) {
			require.Equal(t, check.Reasons, c.Reasons)
			continue
		}
		require.Empty(t, c.Reasons)
	}
}

// TestManyReasons bounds what a hostile file can put into a report; the number
// of reasons is still told.
func TestManyReasons(t *testing.T) {
	const n = 1100
	l := sealedSheet(t, "", "", slices.Repeat([]string{"(was)"}, n)...)
	changes := map[int]string{}
	for i := range n {
		changes[4+i] = "(is)"
	}
	r := l.v.PDF(t.Context(), l.with(t, changes), now)
	check, _ := r.Check(verify.CodeLaterRevisions)
	require.Len(t, check.Reasons, 1000)
	require.Contains(t, check.Message, "e altro (1096 cose)")
}

// TestReasonCodes keeps the codes: programs compare them.
func TestReasonCodes(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "reason-codes.txt"))
	require.NoError(t, err)
	for code := range strings.FieldsSeq(string(want)) {
		require.True(t, slices.ContainsFunc(verify.RevisionRules(),
			func(r verify.RevisionRule) bool { return string(r.Code) == code }), code)
	}
	require.Len(t, strings.Fields(string(want)), len(verify.RevisionRules()))
}
