package anpr_test

import (
	"reflect"
	"strings"
	"testing"
)

// TestTypesShowTheirFields: what is exported names no type of an internal package,
// of which go doc shows nothing.
func TestTypesShowTheirFields(t *testing.T) {
	for _, w := range walked() {
		if w.function.IsValid() {
			signature(t, w.name, w.function.Type())
			continue
		}
		noInternal(t, w.name, w.typ)
		for i := range reflect.PointerTo(w.typ).NumMethod() {
			m := reflect.PointerTo(w.typ).Method(i)
			signature(t, w.name+"."+m.Name, m.Type)
		}
		if w.typ.Kind() != reflect.Struct {
			continue
		}
		for f := range w.typ.Fields() {
			if f.IsExported() {
				noInternal(t, w.name+"."+f.Name, f.Type)
			}
		}
	}
}

func signature(t *testing.T, name string, f reflect.Type) {
	t.Helper()
	for in := range f.Ins() {
		noInternal(t, name, in)
	}
	for out := range f.Outs() {
		noInternal(t, name, out)
	}
}

func noInternal(t *testing.T, name string, typ reflect.Type) {
	t.Helper()
	for typ.Name() == "" && (typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map ||
		typ.Kind() == reflect.Array || typ.Kind() == reflect.Chan) {
		typ = typ.Elem()
	}
	if strings.Contains(typ.PkgPath(), module+"/internal/") {
		t.Errorf("%s is or names %s.%s", name, typ.PkgPath(), typ.Name())
	}
}
