package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// fixed reports whether a constant stands where only a constant may, or where
// another value changes nothing but the use of memory.
func (w *walk) fixed(e ast.Expr) bool {
	switch p := w.parent().(type) {
	case *ast.ArrayType:
		return true
	case *ast.KeyValueExpr:
		if p.Key != e {
			return false
		}
		lit, ok := w.stack[len(w.stack)-2].(*ast.CompositeLit)
		if !ok {
			return true
		}
		_, isMap := w.pkg.info.TypeOf(lit).Underlying().(*types.Map)
		return !isMap
	case *ast.CallExpr:
		id, ok := p.Fun.(*ast.Ident)
		return ok && id.Name == "make"
	case *ast.ForStmt:
		return true
	case *ast.ReturnStmt:
		return w.failing(p)
	}
	return false
}

// failing reports whether a statement returns an error: what it returns beside
// it means nothing.
func (w *walk) failing(n *ast.ReturnStmt) bool {
	last := n.Results[len(n.Results)-1]
	return len(n.Results) > 1 && types.Identical(w.pkg.info.TypeOf(last), types.Universe.Lookup("error").Type())
}

// number adds one to a number, and doubles one that is large: a limit is tested
// at its value, not beside it.
func (w *walk) number(e ast.Expr, tv types.TypeAndValue) {
	value, exact := constant.Int64Val(constant.ToInt(tv.Value))
	if !exact {
		return
	}
	named := true
	typ := types.TypeString(tv.Type, func(p *types.Package) string {
		if p.Path() == w.pkg.path {
			return ""
		}
		name := w.imported(p)
		named = named && name != ""
		return name
	})
	if !named {
		return
	}
	by, delta := "("+w.text(e)+" + 1)", "1"
	if value > 1000 || value < -1000 {
		by, delta = "(2 * "+w.text(e)+")", w.text(e)
	}
	w.add("constant", e, e, by, w.around(e, rankFlip, "mutantMore["+typ+"](", ", "+delta+", "+idMark+")")...)
}

// imported returns the name under which the file imports a package.
func (w *walk) imported(p *types.Package) string {
	for _, s := range w.pkg.files[w.file].Imports {
		if strings.Trim(s.Path.Value, `"`) != p.Path() {
			continue
		}
		if s.Name != nil {
			return s.Name.Name
		}
		return p.Name()
	}
	return ""
}

// sibling returns the constant that is declared behind a named one of a type
// of its own, or the first of them behind the last.
func (w *walk) sibling(e ast.Expr) string {
	prefix := ""
	var id *ast.Ident
	switch e := e.(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		if !ok {
			return ""
		}
		id, prefix = e.Sel, x.Name+"."
	default:
		return ""
	}
	c, ok := w.pkg.info.Uses[id].(*types.Const)
	if !ok || c.Pkg() == nil || c.Parent() != c.Pkg().Scope() {
		return ""
	}
	if _, ok := c.Type().(*types.Named); !ok || c.Pkg().Path() == "time" {
		return ""
	}
	var all []*types.Const
	for _, name := range c.Pkg().Scope().Names() {
		o, ok := c.Pkg().Scope().Lookup(name).(*types.Const)
		if ok && types.Identical(o.Type(), c.Type()) && (prefix == "" || o.Exported()) {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b *types.Const) int {
		if d := int(a.Pos()) - int(b.Pos()); d != 0 {
			return d
		}
		return strings.Compare(a.Name(), b.Name())
	})
	i := slices.Index(all, c)
	for j := 1; j < len(all); j++ {
		if o := all[(i+j)%len(all)]; !constant.Compare(o.Val(), token.EQL, c.Val()) {
			return prefix + o.Name()
		}
	}
	return ""
}
