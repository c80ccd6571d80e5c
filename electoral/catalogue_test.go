package electoral_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
)

var argument = regexp.MustCompile(`\{([^{}]*)\}`)

func allRules() []electoral.Rule { return slices.Concat(electoral.Rules(), anprxml.Rules()) }

// TestCatalogue holds every rule to what a vendor wants to know.
func TestCatalogue(t *testing.T) {
	codes, names := map[electoral.Code]bool{}, regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	for _, r := range allRules() {
		assert.False(t, codes[r.Code], "%s stands for two rules", r.Code)
		codes[r.Code] = true
		assert.Contains(t, []electoral.Severity{electoral.Error, electoral.Warning}, r.Severity, r.Code)
		for _, text := range []string{r.Description, r.Message, r.Expected, r.Source} {
			assert.NotEmpty(t, text, r.Code)
		}
		seen := map[string]bool{}
		for _, c := range r.Cases {
			assert.Regexp(t, names, c.Name, r.Code)
			assert.False(t, seen[c.Name], "%s: two cases %s", r.Code, c.Name)
			seen[c.Name] = true
			assert.NotEmpty(t, c.Message, r.Code)
			assert.NotEmpty(t, c.Expected, r.Code)
		}
		got, ok := electoral.RuleOf(r.Code)
		assert.Equal(t, !strings.HasPrefix(string(r.Code), "XML-"), ok, r.Code)
		assert.True(t, !ok || r.Code == got.Code)
	}
	_, ok := electoral.RuleOf("X")
	assert.False(t, ok)
}

// TestFaultTexts fills every text of the catalogue.
func TestFaultTexts(t *testing.T) {
	for _, r := range allRules() {
		for _, c := range append([]electoral.Case{{Message: r.Message, Expected: r.Expected}}, r.Cases...) {
			args := electoral.Args{}
			for _, m := range argument.FindAllStringSubmatch(c.Message+c.Expected, -1) {
				args[m[1]] = "<{" + m[1] + "}>"
			}
			f := r.Fault(c.Name, "general.section", "v", args)
			want := func(text string) string { return argument.ReplaceAllString(text, "<{$1}>") }
			assert.Equal(t, want(c.Message), f.Message, "an argument is not searched for others")
			assert.Equal(t, want(c.Expected), f.Expected)
			assert.Equal(t, c.Name, f.Case)
			assert.Equal(t, electoral.Tag("general.section"), f.Tag)
		}
	}
	f := electoral.NewFault(electoral.Code("X"), "p", "v", nil)
	assert.Equal(t, electoral.Fault{Code: "X", Severity: electoral.Error, Path: "p", Value: "v"}, f)
	odd := electoral.Rule{Message: "{a} {b {c} }"}.Fault("", "", "", electoral.Args{"c": "1"})
	assert.Equal(t, "{a} {b 1 }", odd.Message)
}

// TestInForce counts both bounds.
func TestInForce(t *testing.T) {
	day := func(d int) electoral.Date { return electoral.Date{Year: 2026, Month: 1, Day: d} }
	r := electoral.Rule{From: day(2), To: day(3)}
	for d, want := range map[int]bool{1: false, 2: true, 3: true, 4: false} {
		assert.Equal(t, want, r.InForce(day(d)), d)
	}
	assert.True(t, electoral.Rule{}.InForce(day(1)))
}

// TestFaultCalls reads the calls that make faults: each names a rule and a case
// that there are, and gives the arguments of their texts, no more and no fewer.
func TestFaultCalls(t *testing.T) {
	type text struct{ code, name string }
	texts := map[text]string{}
	rules := map[string]electoral.Rule{}
	for _, r := range allRules() {
		rules[string(r.Code)] = r
	}
	calls := 0
	for _, room := range []string{".", "rules", "registry", "revision", "anprxml"} {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		require.NoError(t, err)
		catalogues, err := filepath.Glob("catalogue*.go")
		require.NoError(t, err)
		constants := codeConstants(t, append(files, catalogues...))
		for _, name := range constants {
			r, ok := rules[name]
			require.True(t, ok, "%s has no rule", name)
			texts[text{name, ""}] = r.Message + r.Expected
			for _, c := range r.Cases {
				texts[text{name, c.Name}] = c.Message + c.Expected
			}
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, file, nil, 0)
			require.NoError(t, err)
			ast.Inspect(f, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok || len(c.Args) < 4 {
					return true
				}
				code, name := causeOf(constants, c.Args[0])
				given, ok := argsOf(c.Args)
				if code == "" || !ok {
					return true
				}
				calls++
				want, ok := texts[text{code, name}]
				if !assert.True(t, ok, "%s: %s has no case %q", fset.Position(c.Pos()), code, name) {
					return true
				}
				used := map[string]bool{}
				for _, m := range argument.FindAllStringSubmatch(want, -1) {
					used[m[1]] = true
				}
				assert.Equal(t, slices.Sorted(maps.Keys(used)), given, "%s: %s %s", fset.Position(c.Pos()), code, name)
				return true
			})
		}
	}
	assert.Greater(t, calls, 150)
}

func codeConstants(t *testing.T, files []string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.ValueSpec); ok && len(s.Values) == 1 {
				if l, ok := s.Values[0].(*ast.BasicLit); ok &&
					regexp.MustCompile(`^"[A-Z]{3}-[A-Z]+-[0-9]+"$`).MatchString(l.Value) {
					out[s.Names[0].Name], _ = strconv.Unquote(l.Value)
				}
			}
			return true
		})
	}
	return out
}

// causeOf reads Code and Code.In("name").
func causeOf(constants map[string]string, e ast.Expr) (code, name string) {
	if c, ok := e.(*ast.CallExpr); ok {
		if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "In" && len(c.Args) == 1 {
			if l, ok := c.Args[0].(*ast.BasicLit); ok {
				name, _ = strconv.Unquote(l.Value)
				e = s.X
			}
		}
	}
	switch e := e.(type) {
	case *ast.Ident:
		return constants[e.Name], name
	case *ast.SelectorExpr:
		return constants[e.Sel.Name], name
	}
	return "", ""
}

// argsOf returns the names of the arguments in a call that makes a fault.
func argsOf(list []ast.Expr) ([]string, bool) {
	for _, e := range list[1:] {
		switch e := e.(type) {
		case *ast.Ident:
			if e.Name == "nil" {
				return nil, true
			}
		case *ast.CompositeLit:
			if !strings.HasSuffix(fmt.Sprint(cmp.Or[any](selected(e.Type), e.Type)), "Args") {
				continue
			}
			var names []string
			for _, el := range e.Elts {
				name, _ := strconv.Unquote(el.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
				names = append(names, name)
			}
			slices.Sort(names)
			return names, true
		}
	}
	return nil, false
}

func selected(e ast.Expr) any {
	if s, ok := e.(*ast.SelectorExpr); ok {
		return s.Sel.Name
	}
	return nil
}

// TestCodes holds CODES.md to the catalogue; ANPR_UPDATE=1 writes it.
func TestCodes(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Codes of faults\n\nMade from the catalogue by `ANPR_UPDATE=1 go test ./electoral -run TestCodes`. A code and the name of a case are never used for something else; `{name}` stands for an argument of the fault. What a citizen reads of the fault stands below its table; where nothing does, he reads a general sentence.\n")
	cell := func(s string) string { return strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(s) }
	for _, r := range allRules() {
		fmt.Fprintf(&b, "\n## %s\n\n%s: %s. [%s]", r.Code, r.Severity, cell(r.Description), cell(r.Source))
		if r.ANPRCode != "" {
			fmt.Fprintf(&b, " ANPR: %s.", r.ANPRCode)
		}
		b.WriteString("\n\n| case | message | expected |\n|---|---|---|\n")
		for _, c := range append([]electoral.Case{{Message: r.Message, Expected: r.Expected}}, r.Cases...) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.Name, cell(c.Message), cell(c.Expected))
		}
		lead := "\n"
		for _, c := range append([]electoral.Case{{Citizen: r.Citizen}}, r.Cases...) {
			if c.Citizen != "" {
				fmt.Fprintf(&b, "%s- citizen%s: %s\n", lead, strings.TrimRight(", "+c.Name, ", "), cell(c.Citizen))
				lead = ""
			}
		}
	}
	if os.Getenv("ANPR_UPDATE") != "" {
		require.NoError(t, os.WriteFile("CODES.md", []byte(b.String()), 0o644))
	}
	got, err := os.ReadFile("CODES.md")
	require.NoError(t, err)
	require.Equal(t, b.String(), string(got))
}
