package electoral_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/liste-elettorali/anpr/"

// A program is the source of the packages in which faults are made, with the types of
// what it names.
type program struct {
	t       *testing.T
	fset    *token.FileSet
	info    *types.Info
	done    map[string]*types.Package
	exports map[string]string // the compiled form of every other package
	foreign types.Importer
	bodies  map[*types.Func]*ast.FuncDecl
	files   map[string][]*ast.File  // by package
	tables  map[*types.Var]ast.Expr // what the variables of the packages hold
}

// sources are the packages whose calls are followed.
var sources = []string{"electoral", "electoral/rules", "electoral/internal/gate", "electoral/registry", "electoral/revision"}

func readProgram(t *testing.T) *program {
	p := &program{t: t, fset: token.NewFileSet(), done: map[string]*types.Package{}, exports: map[string]string{},
		tables: map[*types.Var]ast.Expr{}, bodies: map[*types.Func]*ast.FuncDecl{}, files: map[string][]*ast.File{},
		info: &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
			Types: map[ast.Expr]types.TypeAndValue{}}}
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", "./registry", "./revision").Output()
	require.NoError(t, err)
	for list := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct{ ImportPath, Export string }
		err := list.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		p.exports[pkg.ImportPath] = pkg.Export
	}
	p.foreign = importer.ForCompiler(p.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(p.exports[path]) })
	for _, dir := range sources {
		_, err := p.Import(module + dir)
		require.NoError(t, err)
	}
	return p
}

// Import implements [types.Importer].
func (p *program) Import(path string) (*types.Package, error) {
	if pkg := p.done[path]; pkg != nil {
		return pkg, nil
	}
	dir := strings.TrimPrefix(path, module)
	if !slices.Contains(sources, dir) {
		return p.foreign.Import(path)
	}
	names, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(p.fset, name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		p.files[dir] = append(p.files[dir], f)
	}
	cfg := types.Config{Importer: p}
	pkg, err := cfg.Check(path, p.fset, p.files[dir], p.info)
	if err != nil {
		return nil, err
	}
	p.done[path] = pkg
	for _, f := range p.files[dir] {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if obj, ok := p.info.Defs[d.Name].(*types.Func); ok && d.Body != nil {
					p.bodies[obj] = d
				}
			case *ast.GenDecl:
				p.variables(d)
			}
		}
	}
	return pkg, nil
}

// variables keeps what variables of a package are made of.
func (p *program) variables(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || d.Tok != token.VAR || len(v.Names) != len(v.Values) {
			continue
		}
		for i, name := range v.Names {
			if obj, ok := p.info.Defs[name].(*types.Var); ok {
				p.tables[obj] = v.Values[i]
			}
		}
	}
}

// codes returns the codes of the faults that a function may make, or what it calls.
func (p *program) codes(fn *types.Func) map[string]bool {
	seen := map[*types.Func]bool{}
	out := map[string]bool{}
	todo := []*types.Func{fn}
	for len(todo) > 0 {
		f := todo[0].Origin()
		todo = todo[1:]
		if seen[f] || p.bodies[f] == nil {
			continue
		}
		seen[f] = true
		own, calls := p.within(p.bodies[f].Body)
		maps.Copy(out, own)
		todo = append(todo, calls...)
	}
	return out
}

// within returns the codes that a body names other than to ask for them, and the
// functions that it calls or hands on.
func (p *program) within(body ast.Node) (codes map[string]bool, calls []*types.Func) {
	codes = map[string]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				return !p.isCode(n.X) && !p.isCode(n.Y)
			}
		case *ast.CallExpr:
			if p.asks(n) {
				for _, a := range n.Args {
					if !p.isCode(a) {
						_, more := p.within(a)
						calls = append(calls, more...)
					}
				}
				return false
			}
		case *ast.Ident:
			switch o := p.info.Uses[n].(type) {
			case *types.Const:
				if isCodeType(o.Type()) {
					codes[constant.StringVal(o.Val())] = true
				}
			case *types.Func:
				calls = append(calls, o)
			case *types.Var:
				// A table that the package has; the catalogue has every code.
				if init := p.tables[o]; init != nil && o.Type().String() != "[]"+module+"electoral.Rule" {
					own, more := p.within(init)
					maps.Copy(codes, own)
					calls = append(calls, more...)
				}
			}
		}
		return true
	})
	return codes, calls
}

// asks reports whether a call asks whether something has a code.
func (p *program) asks(call *ast.CallExpr) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := p.info.Uses[s.Sel].(*types.Func)
	if !ok {
		return false
	}
	return slices.Contains([]string{"errors.Is", "(" + module + "electoral.Faults).Has"}, fn.FullName())
}

func (p *program) isCode(e ast.Expr) bool {
	tv, ok := p.info.Types[e]
	return ok && tv.Value != nil && isCodeType(tv.Type)
}

func isCodeType(t types.Type) bool { return t.String() == module+"electoral.Code" }

// A group is a name under which the doc of package registry lists codes that many
// services share: those of a function, without those of an earlier group.
type group struct {
	name  string
	codes map[string]bool
}

func (p *program) groups() []group {
	of := func(full string) map[string]bool { return p.codes(p.find(full)) }
	reading := of(module + "electoral/registry.Inspect")
	delete(reading, "REG-COM-01") // an officer's services
	changing := of(module + "electoral/registry.Perform")
	maps.DeleteFunc(changing, func(c string, _ bool) bool { return reading[c] || c == "REG-COM-01" })
	return []group{
		{"every service", reading},
		{"every input", of("(" + module + "electoral/internal/gate.Finding).Fault")},
		{"a change", changing},
		{"a section", of("(*" + module + "electoral/rules.Checker).CheckSection")},
		{"an elector", of("(*" + module + "electoral/rules.Checker).CheckElector")},
		{"a vote", of("(*" + module + "electoral/rules.Checker).Voting")},
	}
}

func (p *program) find(full string) *types.Func {
	for f := range p.bodies {
		if f.FullName() == full {
			return f
		}
	}
	p.t.Fatalf("no function %s", full)
	return nil
}

// line says codes as the doc of a function does.
func (p *program) line(codes map[string]bool, shared []group) string {
	left := maps.Clone(codes)
	var parts []string
	for _, g := range shared {
		whole, news := true, false
		for c := range g.codes {
			whole, news = whole && codes[c], news || left[c]
		}
		if whole && news {
			parts = append(parts, "of "+g.name)
			maps.DeleteFunc(left, func(c string, _ bool) bool { return g.codes[c] })
		}
	}
	own := listed(left)
	switch {
	case len(parts) == 0:
		return "Codes: " + own + "."
	case own == "":
		return "Codes: " + strings.Join(parts, ", ") + "."
	}
	return "Codes: " + strings.Join(parts, ", ") + "; " + own + "."
}

// listed lists codes, the numbers of one prefix together: "REG-CAN-01, 02".
func listed(codes map[string]bool) string {
	byPrefix := map[string][]string{}
	for c := range codes {
		i := strings.LastIndexByte(c, '-')
		byPrefix[c[:i]] = append(byPrefix[c[:i]], c[i+1:])
	}
	var out []string
	for _, prefix := range slices.Sorted(maps.Keys(byPrefix)) {
		slices.Sort(byPrefix[prefix])
		out = append(out, prefix+"-"+strings.Join(byPrefix[prefix], "/"))
	}
	return strings.Join(out, ", ")
}

// paragraph breaks a text into lines of a comment.
func paragraph(text string) string {
	var b strings.Builder
	width := 0
	for _, word := range strings.Fields(text) {
		switch {
		case width == 0:
			b.WriteString("// " + word)
			width = 3 + len(word)
		case width+1+len(word) > 88:
			b.WriteString("\n// " + word)
			width = 3 + len(word)
		default:
			b.WriteString(" " + word)
			width += 1 + len(word)
		}
	}
	return b.String()
}

// codesParagraph is the last paragraph of a doc comment that lists codes.
var codesParagraph = regexp.MustCompile(`(?s)(//\n)?// Codes: .*$`)

// TestDocumentedCodes holds the doc of every exported function and method of the
// services to the codes of the faults that it can return, as its source and that of all
// it calls names them, and the packages' docs to the groups of codes that many share.
// ANPR_UPDATE=1 writes them.
func TestDocumentedCodes(t *testing.T) {
	p := readProgram(t)
	shared := p.groups()
	documented := 0
	for _, dir := range []string{"electoral/registry", "electoral/revision"} {
		for _, f := range p.files[dir] {
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || !fn.Name.IsExported() || !exportedReceiver(fn) || fn.Body == nil {
					continue
				}
				obj, ok := p.info.Defs[fn.Name].(*types.Func)
				if !ok || !mayFail(obj) {
					continue
				}
				want := ""
				if codes := p.codes(obj); len(codes) > 0 {
					want = "\n//\n" + paragraph(p.line(codes, shared))
					documented++
				}
				p.hold(fn, want)
			}
		}
	}
	require.Greater(t, documented, 50)
	p.followed()
	p.holdGroups(shared)
}

// followed fails where a fault may be made behind an interface of ours, whose calls the
// analysis does not follow.
func (p *program) followed() {
	p.t.Helper()
	behind := map[string][]types.Type{}
	for f, decl := range p.bodies {
		if f.Signature().Recv() != nil {
			if codes, _ := p.within(decl.Body); len(codes) > 0 {
				behind[f.Name()] = append(behind[f.Name()], f.Signature().Recv().Type())
			}
		}
	}
	for id, o := range p.info.Uses {
		f, ok := o.(*types.Func)
		if !ok || f.Signature().Recv() == nil || f.Pkg() == nil || p.done[f.Pkg().Path()] == nil {
			continue
		}
		iface, ok := f.Signature().Recv().Type().Underlying().(*types.Interface)
		if !ok {
			continue
		}
		for _, t := range behind[f.Name()] {
			if types.Implements(t, iface) {
				p.t.Errorf("%s: %s of %s makes faults behind an interface", p.fset.Position(id.Pos()), f.Name(), t)
			}
		}
	}
}

func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	typ := fn.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

// mayFail reports whether one of the results is an error or faults.
func mayFail(fn *types.Func) bool {
	results := fn.Signature().Results()
	for i := range results.Len() {
		switch results.At(i).Type().String() {
		case "error", module + "electoral.Faults", "[]" + module + "electoral.Fault":
			return true
		}
	}
	return false
}

// hold compares the last paragraph of a function's doc, or writes it.
func (p *program) hold(fn *ast.FuncDecl, want string) {
	p.t.Helper()
	var lines []string
	if fn.Doc != nil {
		for _, c := range fn.Doc.List {
			lines = append(lines, c.Text)
		}
	}
	doc := strings.Join(lines, "\n")
	fixed := strings.TrimSuffix(codesParagraph.ReplaceAllString(doc, ""), "\n") + want
	if doc == fixed {
		return
	}
	at := p.fset.Position(fn.Pos())
	if os.Getenv("ANPR_UPDATE") == "" {
		p.t.Errorf("%s: the doc of %s does not say which codes it can return; ANPR_UPDATE=1 writes it:\n%s", at, fn.Name.Name, want)
		return
	}
	source, err := os.ReadFile(at.Filename)
	require.NoError(p.t, err)
	require.Equal(p.t, 1, strings.Count(string(source), doc+"\nfunc "), at)
	require.NoError(p.t, os.WriteFile(at.Filename, []byte(strings.Replace(string(source), doc+"\nfunc ", fixed+"\nfunc ", 1)), 0o644))
}

// groupsSection is the part of the doc of package registry that lists the groups.
var groupsSection = regexp.MustCompile(`(?s)// # Codes\n//\n.*?\n(// #|package)`)

func (p *program) holdGroups(shared []group) {
	p.t.Helper()
	var b strings.Builder
	b.WriteString("// # Codes\n//\n" + paragraph("The doc of a service ends with the codes that its faults and warnings can have, "+
		"those of the lines that it writes among them. Many share these:") + "\n//\n")
	for _, g := range shared {
		for j, line := range strings.Split(strings.ReplaceAll(paragraph(fmt.Sprintf("of %s: %s.", g.name, listed(g.codes))), "// ", ""), "\n") {
			if j == 0 {
				b.WriteString("//   - " + line + "\n")
			} else {
				b.WriteString("//     " + line + "\n")
			}
		}
	}
	const file = "registry/doc.go"
	source, err := os.ReadFile(file)
	require.NoError(p.t, err)
	m := groupsSection.FindSubmatch(source)
	require.NotNil(p.t, m, "%s has no section Codes", file)
	end := string(m[1])
	want := b.String() + end
	if end == "// #" {
		want = b.String() + "//\n" + end
	}
	if string(m[0]) == want {
		return
	}
	if os.Getenv("ANPR_UPDATE") == "" {
		p.t.Errorf("%s: ANPR_UPDATE=1 writes the groups of codes anew:\n%s", file, want)
		return
	}
	require.NoError(p.t, os.WriteFile(file, []byte(strings.Replace(string(source), string(m[0]), want, 1)), 0o644))
}
