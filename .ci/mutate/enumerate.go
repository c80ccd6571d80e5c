package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A mutant is one small change of the source. All that are drawn are compiled
// into one program, in which the environment says which one is active.
type mutant struct {
	id       int
	area     string
	pkg      *pkg
	file     string // from the root
	line     int
	function string
	operator string
	before   string // the source with white space made even
	after    string
	edits    []edit
}

// An edit is an insertion at a place of a file, or a replacement if end is
// behind it. Where several meet, what ends there comes first, the inner ones
// before the outer ones, and what begins there last, the outer ones first.
type edit struct {
	at, end int
	text    string
	kind    int // closing, replacing, opening
	depth   int // of the node in the tree
	rank    int // of several around one node, the outer ones have the higher
}

const (
	closing = iota
	replacing
	opening
)

// A walk collects the mutants of one file.
type walk struct {
	pkg      *pkg
	file     string
	src      []byte
	stack    []ast.Node
	function string // in which the walk is; empty outside of all
	list     *[]*mutant
}

// enumerate returns all mutants of a file, in its order.
func (p *pkg) enumerate(file string) []*mutant {
	var list []*mutant
	for _, d := range p.files[file].Decls {
		w := &walk{pkg: p, file: file, src: p.source[file], list: &list}
		if f, ok := d.(*ast.FuncDecl); ok {
			w.function = functionName(f)
			ast.Inspect(d, w.visit)
		}
		// What package-level variables hold is computed before any test runs, and
		// would be reached by all of them.
	}
	return list
}

func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	if s, ok := t.(*ast.StarExpr); ok {
		t = s.X
	}
	if i, ok := t.(*ast.IndexExpr); ok {
		t = i.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

func (w *walk) visit(n ast.Node) bool {
	if n == nil {
		w.stack = w.stack[:len(w.stack)-1]
		return true
	}
	if !w.node(n) {
		return false // its end is not announced
	}
	w.stack = append(w.stack, n)
	return true
}

// node adds the mutants of a node and says whether to go into it.
func (w *walk) node(n ast.Node) bool {
	if call, ok := n.(*ast.CallExpr); ok && w.calls(call, "fmt", "Errorf") {
		return false
	}
	if e, ok := n.(ast.Expr); ok {
		tv := w.pkg.info.Types[e]
		if tv.IsType() {
			return false
		}
		if tv.Value != nil {
			w.constant(e, tv)
			return false
		}
	}
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok == token.VAR
	case *ast.BinaryExpr:
		w.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			w.negate(n, w.text(n.X))
		}
	case *ast.CallExpr, *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.TypeAssertExpr:
		if w.decides(n.(ast.Expr)) {
			w.negate(n.(ast.Expr), "!"+w.text(n))
		}
	case *ast.IfStmt:
		w.conditional(n)
	case *ast.ReturnStmt:
		w.returned(n)
	case *ast.ExprStmt, *ast.AssignStmt, *ast.IncDecStmt:
		w.statement(n.(ast.Stmt))
	case *ast.SwitchStmt:
		w.choice(n)
	}
	return true
}

func (w *walk) parent() ast.Node { return w.stack[len(w.stack)-1] }

func (w *walk) offset(p token.Pos) int { return w.pkg.fset.Position(p).Offset }

func (w *walk) text(n ast.Node) string { return string(w.src[w.offset(n.Pos()):w.offset(n.End())]) }

// add records a mutant that is shown as the lines of a node with part of it
// replaced by other text.
func (w *walk) add(operator string, shown, part ast.Node, by string, edits ...edit) {
	w.addRange(operator, w.offset(shown.Pos()), w.offset(shown.End()),
		w.offset(part.Pos()), w.offset(part.End()), by, edits)
}

func (w *walk) addRange(operator string, from, to, partFrom, partTo int, by string, edits []edit) {
	line := 1 + strings.Count(string(w.src[:partFrom]), "\n")
	for from > 0 && w.src[from-1] != '\n' {
		from--
	}
	for to < len(w.src) && w.src[to] != '\n' {
		to++
	}
	*w.list = append(*w.list, &mutant{
		pkg: w.pkg, file: w.file, line: line, function: w.function, operator: operator,
		before: even(string(w.src[from:to])),
		after:  even(string(w.src[from:partFrom]) + by + string(w.src[partTo:to])),
		edits:  edits,
	})
}

func even(s string) string { return strings.Join(strings.Fields(s), " ") }

// idMark stands in edits for the number of the mutant, known when it is drawn.
const idMark = "\x00"

// around returns the edits that enclose the node at which the walk is.
func (w *walk) around(n ast.Node, rank int, before, after string) []edit {
	return w.aroundAt(n, len(w.stack), rank, before, after)
}

func (w *walk) aroundAt(n ast.Node, depth, rank int, before, after string) []edit {
	from, to := w.offset(n.Pos()), w.offset(n.End())
	return []edit{
		{at: from, end: from, text: before, kind: opening, depth: depth, rank: rank},
		{at: to, end: to, text: after, kind: closing, depth: depth, rank: rank},
	}
}

const (
	flipped   = ") != mutantOn(" + idMark + "))"
	rankInner = 1 // comparison and sum, as calls
	rankFlip  = 3
	rankSkip  = 5
	rankOuter = 9 // operands of && and ||, results
)

// plainBool reports whether an expression is of type bool itself.
func (w *walk) plainBool(e ast.Expr) bool {
	b, ok := w.pkg.info.TypeOf(e).(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

func (w *walk) negate(e ast.Expr, by string) {
	if f, ok := w.parent().(*ast.ForStmt); ok && f.Cond == e || !w.plainBool(e) {
		return // a loop that never ends says nothing
	}
	w.add("negate", e, e, by, w.around(e, rankFlip, "((", flipped)...)
}

// decides reports whether a value is a condition, part of one or a result.
func (w *walk) decides(e ast.Expr) bool {
	if !w.plainBool(e) {
		return false
	}
	switch p := w.parent().(type) {
	case *ast.IfStmt:
		return p.Cond == e
	case *ast.BinaryExpr:
		return p.Op == token.LAND || p.Op == token.LOR
	case *ast.ReturnStmt:
		return true
	}
	return false
}

func (w *walk) binary(n *ast.BinaryExpr) {
	swap := func(op string) string {
		from, at, to := w.offset(n.Pos()), w.offset(n.OpPos), w.offset(n.End())
		return string(w.src[from:at]) + op + string(w.src[at+len(n.Op.String()):to])
	}
	asCall := func(operator, name, op string) {
		at := w.offset(n.OpPos)
		edits := w.around(n, rankInner, name+"(", ", "+idMark+")")
		edits = append(edits, edit{at: at, end: at + len(n.Op.String()), text: ",", kind: replacing})
		w.add(operator, n, n, swap(op), edits...)
	}
	switch n.Op {
	case token.EQL:
		w.negate(n, swap("!="))
	case token.NEQ:
		w.negate(n, swap("=="))
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		names := map[token.Token][3]string{
			token.LSS: {"mutantLess", "<=", ">="}, token.LEQ: {"mutantLessEqual", "<", ">"},
			token.GTR: {"mutantGreater", ">=", "<="}, token.GEQ: {"mutantGreaterEqual", ">", "<"},
		}[n.Op]
		asCall("boundary", names[0], names[1])
		w.negate(n, swap(names[2]))
	case token.LAND, token.LOR:
		if !w.plainBool(n) || !w.plainBool(n.X) || !w.plainBool(n.Y) {
			return
		}
		// By De Morgan, with each operand once: they are evaluated as before.
		edits := w.around(n, rankInner, "((", flipped)
		for _, operand := range []ast.Expr{n.X, n.Y} {
			edits = append(edits, w.aroundAt(operand, len(w.stack)+1, rankOuter, "((", flipped)...)
		}
		w.add("logic", n, n, swap(map[token.Token]string{token.LAND: "||", token.LOR: "&&"}[n.Op]), edits...)
	case token.ADD, token.SUB:
		b, ok := w.pkg.info.TypeOf(n).Underlying().(*types.Basic)
		if !ok || b.Info()&(types.IsInteger|types.IsFloat) == 0 {
			return
		}
		if n.Op == token.ADD {
			asCall("arithmetic", "mutantAdd", "-")
		} else {
			asCall("arithmetic", "mutantSub", "+")
		}
	}
}

func (w *walk) conditional(n *ast.IfStmt) {
	if !w.plainBool(n.Cond) || w.pkg.info.Types[n.Cond].Value != nil {
		return
	}
	edits := w.aroundAt(n.Cond, len(w.stack)+1, rankSkip, "((", ") && !mutantOn("+idMark+"))")
	from, to := w.offset(n.Pos()), w.offset(n.Body.Lbrace)
	w.addRange("skip-if", from, to, w.offset(n.Cond.Pos()), w.offset(n.Cond.End()), "false", edits)
	if b, ok := n.Cond.(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR) {
		edits := w.aroundAt(n.Cond, len(w.stack)+1, rankFlip, "((", flipped)
		w.addRange("negate", from, to, w.offset(n.Cond.Pos()), w.offset(n.Cond.End()), "!("+w.text(n.Cond)+")", edits)
	}
}

// returned lets an error that is returned be nil.
func (w *walk) returned(n *ast.ReturnStmt) {
	var sig *types.Signature
	for _, outer := range slices.Backward(w.stack) {
		switch f := outer.(type) {
		case *ast.FuncLit:
			sig, _ = w.pkg.info.TypeOf(f).(*types.Signature)
		case *ast.FuncDecl:
			sig, _ = w.pkg.info.Defs[f.Name].Type().(*types.Signature)
		}
		if sig != nil {
			break
		}
	}
	if sig == nil || sig.Results().Len() == 0 || sig.Results().Len() != len(n.Results) {
		return
	}
	last := n.Results[len(n.Results)-1]
	if !types.Identical(sig.Results().At(len(n.Results)-1).Type(), types.Universe.Lookup("error").Type()) ||
		w.pkg.info.Types[last].IsNil() {
		return
	}
	w.add("return-nil", n, last, "nil", w.aroundAt(last, len(w.stack)+1, rankOuter, "mutantNil(", ", "+idMark+")")...)
}

// statement leaves a statement of a list out.
func (w *walk) statement(n ast.Stmt) {
	switch w.parent().(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
	default:
		return
	}
	switch n := n.(type) {
	case *ast.ExprStmt:
		call, ok := n.X.(*ast.CallExpr)
		if !ok || w.ends(call) || w.calls(call, "sync", "") {
			return
		}
	case *ast.AssignStmt:
		blank := func(e ast.Expr) bool { id, ok := e.(*ast.Ident); return ok && id.Name == "_" }
		if n.Tok == token.DEFINE || !slices.ContainsFunc(n.Lhs, func(e ast.Expr) bool { return !blank(e) }) {
			return
		}
		w.compound(n)
	case *ast.IncDecStmt:
		op := map[token.Token]string{token.INC: "--", token.DEC: "++"}[n.Tok]
		other := w.text(n.X) + op
		w.add("arithmetic", n, n, other, w.around(n, rankFlip, "if mutantOn("+idMark+") { "+other+" } else { ", " }")...)
	}
	w.add("drop", n, n, "", w.around(n, rankSkip, "if !mutantOn("+idMark+") { ", " }")...)
}

func (w *walk) compound(n *ast.AssignStmt) {
	op := map[token.Token]string{token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+="}[n.Tok]
	if op == "" {
		return
	}
	b, ok := w.pkg.info.TypeOf(n.Lhs[0]).Underlying().(*types.Basic)
	if !ok || b.Info()&(types.IsInteger|types.IsFloat) == 0 {
		return
	}
	other := even(w.text(n.Lhs[0]) + " " + op + " " + w.text(n.Rhs[0]))
	w.add("arithmetic", n, n, other, w.around(n, rankFlip, "if mutantOn("+idMark+") { "+other+" } else { ", " }")...)
}

// ends reports whether the compiler may need a call to see that a function
// ends.
func (w *walk) ends(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == "panic"
}

// calls reports whether a call is one to a package, and to a function of it if
// a name is given.
func (w *walk) calls(call *ast.CallExpr, pkg, name string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := w.pkg.info.Uses[sel.Sel].(*types.Func)
	return ok && f.Pkg() != nil && f.Pkg().Path() == pkg && (name == "" || f.Name() == name)
}

// choice takes the cases of a switch away, one at a time.
func (w *walk) choice(n *ast.SwitchStmt) {
	if _, labelled := w.parent().(*ast.LabeledStmt); labelled {
		return
	}
	depth := len(w.stack)
	tag, shared := "", []edit(nil)
	if n.Tag != nil {
		t, ok := w.pkg.info.TypeOf(n.Tag).(*types.Basic)
		if ok && t.Info()&types.IsUntyped != 0 || w.pkg.info.Types[n.Tag].Value != nil {
			return
		}
		tag = fmt.Sprintf("mutantTag%d == ", w.offset(n.Pos()))
		brace := w.offset(n.Body.Lbrace)
		shared = append(w.aroundAt(n.Tag, depth+1, rankOuter, strings.TrimSuffix(tag, "== ")+":= (", ")"),
			edit{at: w.offset(n.Switch), end: w.offset(n.Switch) + len("switch"), text: "{", kind: replacing},
			edit{at: brace, end: brace + 1, text: "; switch {", kind: replacing},
			edit{at: w.offset(n.End()), end: w.offset(n.End()), text: " }", kind: closing, depth: depth, rank: rankInner})
	}
	var clauses []*ast.CaseClause
	for _, s := range n.Body.List {
		c := s.(*ast.CaseClause)
		if len(c.List) == 0 {
			continue
		}
		clauses = append(clauses, c)
		for i, e := range c.List {
			shared = append(shared, w.aroundAt(e, depth+3, rankOuter, tag+"(", ")")...)
			if i > 0 {
				at := w.offset(c.List[i-1].End())
				at += strings.IndexByte(string(w.src[at:w.offset(e.Pos())]), ',')
				shared = append(shared, edit{at: at, end: at + 1, text: " ||", kind: replacing})
			}
		}
	}
	for _, c := range clauses {
		first, last := w.offset(c.List[0].Pos()), w.offset(c.List[len(c.List)-1].End())
		edits := append(slices.Clone(shared),
			edit{at: first, end: first, text: "(", kind: opening, depth: depth + 2, rank: rankInner},
			edit{at: last, end: last, text: ") && !mutantOn(" + idMark + ")", kind: closing, depth: depth + 2, rank: rankInner})
		w.addRange("case", w.offset(c.Case), w.offset(c.Colon)+1, w.offset(c.Case), w.offset(c.Colon)+1, "", edits)
	}
}

// constant puts another value where a constant stands.
func (w *walk) constant(e ast.Expr, tv types.TypeAndValue) {
	if len(w.stack) == 0 || w.fixed(e) {
		return
	}
	basic, ok := tv.Type.Underlying().(*types.Basic)
	switch {
	case !ok || basic.Info()&types.IsUntyped != 0 && basic.Kind() != types.UntypedBool:
	case basic.Info()&types.IsBoolean != 0:
		if w.plainBool(e) {
			by := map[string]string{"true": "false", "false": "true"}[tv.Value.ExactString()]
			w.add("constant", e, e, by, w.around(e, rankFlip, "((", flipped)...)
		}
	case w.sibling(e) != "":
		other := w.sibling(e)
		w.add("constant", e, e, other, w.around(e, rankFlip, "mutantSwap(", ", "+other+", "+idMark+")")...)
	case basic.Info()&types.IsInteger != 0:
		w.number(e, tv)
	}
}
