package electoral_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// citizensServices are the services of the registry that a citizen may call.
var citizensServices = []string{"PersonalRecord", "Elector", "ElectorByFiscalCode", "CertificateFacts", "AskRectification",
	"AnswerRectification", "Rectifications", "Apply", "DecideApplication", "Applications"}

// officersSteps are functions within them that only an officer reaches: the state
// to which they lead is closed to a citizen.
var officersSteps = []string{"carryOut", "mustBeDone"}

// sameNames are functions of officers' services with the name of another that a
// citizen's services call on a value whose type the walk does not see.
var sameNames = []string{"Query.check", "Registry.Section"}

// officersCodes are codes that the walk finds, though a citizen never meets them.
var officersCodes = map[electoral.Code]string{
	electoral.RequestIDOld: "only the numbers of a comune must grow",
	electoral.RequestIDFar: "only the numbers of a comune must grow",
}

// TestCitizensCodes walks from the services that a citizen may call to every fault
// that they make: each has a text for him.
func TestCitizensCodes(t *testing.T) {
	functions := map[string][]*ast.FuncDecl{}
	files, err := filepath.Glob("registry/*.go")
	require.NoError(t, err)
	for _, file := range append(files, "access.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				functions[receiver(fn)+fn.Name.Name] = append(functions[receiver(fn)+fn.Name.Name], fn)
			}
		}
	}
	constants := codeConstants(t, []string{"catalogue.go"})
	met := map[electoral.Situation]bool{
		// These two are made with the code in a variable.
		electoral.RectificationAction.In("closed"): true, electoral.ApplicationAction.In("closed"): true,
	}
	seen := map[*ast.FuncDecl]bool{}
	var walk func(key string)
	walk = func(key string) {
		for _, fn := range functions[key] {
			if seen[fn] || slices.Contains(officersSteps, fn.Name.Name) {
				continue
			}
			seen[fn] = true
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				noteCodes(n, constants, met)
				if call, ok := n.(*ast.CallExpr); ok {
					for _, key := range called(fn, call, functions) {
						walk(key)
					}
				}
				return true
			})
		}
	}
	for _, name := range citizensServices {
		require.Contains(t, slices.Collect(maps.Keys(functions)), "Registry."+name)
		walk("Registry." + name)
	}
	require.Greater(t, len(met), 35)
	for _, must := range []electoral.Situation{electoral.LevelTooLow.In(""), electoral.ApplicationLate.In(""), electoral.NoteMissing.In("characters"),
		electoral.PersonUnknown.In("actor"), electoral.RectificationValue.In("field"), electoral.RequestIDReused.In("")} {
		assert.True(t, met[must], "the walk misses %v", must)
	}
	for s := range met {
		if officersCodes[s.Code] != "" {
			continue
		}
		r, ok := electoral.RuleOf(s.Code)
		require.True(t, ok, s.Code)
		text := r.Citizen
		if i := slices.IndexFunc(r.Cases, func(c electoral.Case) bool { return c.Name == s.Case }); i >= 0 {
			text = r.Cases[i].Citizen
		}
		assert.NotEmpty(t, text, "%s %s: a citizen meets it and has no text", s.Code, s.Case)
	}
}

func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	return typeName(fn.Recv.List[0].Type) + "."
}

// called returns the functions that a call may reach: of a method whose receiver's
// type does not stand in the calling function, every one of that name.
func called(fn *ast.FuncDecl, call *ast.CallExpr, functions map[string][]*ast.FuncDecl) (keys []string) {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return []string{f.Name}
	case *ast.IndexExpr: // of a type parameter
		if id, ok := f.X.(*ast.Ident); ok {
			return []string{id.Name}
		}
	case *ast.SelectorExpr:
		if id, ok := f.X.(*ast.Ident); ok {
			if id.Name == "electoral" {
				return []string{f.Sel.Name}
			}
			fields := slices.Clone(fn.Type.Params.List)
			if fn.Recv != nil {
				fields = append(fields, fn.Recv.List...)
			}
			for _, field := range fields {
				for _, name := range field.Names {
					if name.Name == id.Name {
						return []string{typeName(field.Type) + "." + f.Sel.Name}
					}
				}
			}
			if id.Name == "a" {
				return []string{"action." + f.Sel.Name}
			}
		}
		for key := range functions {
			if strings.HasSuffix(key, "."+f.Sel.Name) && !slices.Contains(sameNames, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func typeName(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return "?"
}

// noteCodes notes a code, alone or in a case.
func noteCodes(n ast.Node, constants map[string]string, met map[electoral.Situation]bool) {
	note := func(e ast.Expr) {
		if code, name := causeOf(constants, e); code != "" {
			met[electoral.Code(code).In(name)] = true
		}
	}
	switch n := n.(type) {
	case *ast.CallExpr:
		for _, e := range n.Args {
			note(e)
		}
	case *ast.ReturnStmt:
		for _, e := range n.Results {
			note(e)
		}
	}
}

// TestCitizenTexts: a citizen's text has no code, no law and no word of the
// office, and uses the arguments that the fault has.
func TestCitizenTexts(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)\b[A-Z]{3}-[A-Z]{2,3}-\d|\bart\.|D\.M\.|D\.P\.R\.|d\.lgs|\bEN\d{3}|soggetto|allegato|Belfiore|identificativo|\bsi oppure`)
	n := 0
	for _, r := range allRules() {
		for _, c := range append([]electoral.Case{{Message: r.Message, Expected: r.Expected, Citizen: r.Citizen}}, r.Cases...) {
			if c.Citizen == "" {
				continue
			}
			n++
			assert.NotRegexp(t, forbidden, c.Citizen, r.Code)
			assert.Regexp(t, `^[A-ZÈ«].*\.$`, c.Citizen, r.Code)
			args := electoral.Args{}
			for _, a := range argument.FindAllString(c.Message+c.Expected, -1) {
				args[a[1:len(a)-1]] = "x"
			}
			assert.NotContains(t, r.CitizenText(c.Name, args), "{", "%s %s: an argument that the case has not", r.Code, c.Name)
		}
		// A case without a text of its own takes the rule's, which may then use
		// no argument that the case lacks.
		for _, c := range r.Cases {
			for _, a := range argument.FindAllString(r.Citizen, -1) {
				if c.Citizen == "" {
					assert.Contains(t, c.Message+c.Expected, a, "%s %s", r.Code, c.Name)
				}
			}
		}
	}
	assert.Greater(t, n, 35)

	f := electoral.NewFault(electoral.ApplicationLate, "submitted", "", electoral.Args{"vote": "7 giugno 2026", "last": "12 maggio 2026"})
	assert.Contains(t, f.Citizen(), "il voto del giorno 7 giugno 2026, e per quel voto non vale: il termine era il giorno 12 maggio 2026.")
	r := electoral.Rule{Citizen: "Lo tiene il comune di {comune}.", Cases: []electoral.Case{{Name: "a"}, {Name: "b", Citizen: "B."}}}
	assert.Equal(t, "Lo tiene il comune di Agliè.", r.CitizenText("a", electoral.Args{"comune": "Agliè (A074)"}))
	assert.Equal(t, "B.", r.CitizenText("b", nil))
	for _, code := range []electoral.Code{electoral.SeatPostCode, "X"} {
		text := electoral.NewFault(code, "p", "v", nil).Citizen()
		assert.Contains(t, text, "ufficio elettorale del comune")
		assert.NotContains(t, text, strconv.Quote("v"))
	}
}

// TestComuniByName: the registry names a comune to people, and never by its code
// alone.
func TestComuniByName(t *testing.T) {
	for _, room := range []string{"registry", "rules"} {
		files, err := filepath.Glob(room + "/*.go")
		require.NoError(t, err)
		n := 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, file, nil, 0)
			require.NoError(t, err)
			ast.Inspect(f, func(node ast.Node) bool {
				pair, ok := node.(*ast.KeyValueExpr)
				if !ok {
					return true
				}
				key, ok := pair.Key.(*ast.BasicLit)
				if !ok || !slices.Contains([]string{`"comune"`, `"actorComune"`, `"given"`}, key.Value) {
					return true
				}
				n++
				name := ""
				switch v := pair.Value.(type) {
				case *ast.CallExpr:
					if s, ok := v.Fun.(*ast.SelectorExpr); ok {
						name = s.Sel.Name
					}
				case *ast.SelectorExpr:
					name = v.Sel.Name
				}
				assert.Contains(t, []string{"label", "ComuneLabel", "comuneName", "Name"}, name, "%s", fset.Position(pair.Pos()))
				return true
			})
		}
		assert.Greater(t, n, 8, room)
	}
}
