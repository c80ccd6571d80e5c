package anpr_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A walk is an exported function, or a type whose methods are called on its zero
// value.
type walk struct {
	name     string // "audit.Log"
	function reflect.Value
	typ      reflect.Type
}

// documented are the calls that may panic on a nil argument: their doc says so.
var documented = []string{
	"verify/captcha.ServeAudio", "verify/captcha.ServePicture",
}

// TestZeroValues calls every exported function, and every method of a zero value,
// with zero arguments and with plausible ones: none may panic. Only a context is
// never nil (see the package's documentation).
func TestZeroValues(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PGHOST", filepath.Join(t.TempDir(), "nobody")) // no database of the machine
	for _, text := range []string{"", "E388", "1", "MARCHE|P01|U03", "\xff\x00"} {
		for _, w := range walked() {
			if w.function.IsValid() {
				noPanic(t, w.name, w.function, text)
				continue
			}
			for i := range reflect.PointerTo(w.typ).NumMethod() {
				name := w.name + "." + reflect.PointerTo(w.typ).Method(i).Name
				noPanic(t, name, reflect.New(w.typ).Method(i), text)
			}
		}
	}
}

func noPanic(t *testing.T, name string, f reflect.Value, text string) {
	t.Helper()
	if slices.Contains(documented, name) {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s with %q: panic: %v\n%s", name, text, p, debug.Stack())
		}
	}()
	var in []reflect.Value
	for i := range f.Type().NumIn() {
		if f.Type().IsVariadic() && i == f.Type().NumIn()-1 {
			break
		}
		in = append(in, argument(f.Type().In(i), text))
	}
	for _, out := range f.Call(in) {
		rangeOver(out)
		if err, ok := out.Interface().(error); ok && err != nil {
			said(t, name, err)
		}
	}
}

// said checks what an error says: something, and each prefix once.
func said(t *testing.T, name string, err error) {
	t.Helper()
	parts := strings.Split(err.Error(), ": ")
	for i, part := range parts {
		if i > 0 && part != "" && part == parts[i-1] {
			t.Errorf("%s: %q says %q twice", name, err, part)
		}
	}
}

// rangeOver runs a sequence that a call has returned, and prints the rest, which
// calls what String methods there are.
func rangeOver(out reflect.Value) {
	switch {
	case out.Kind() == reflect.Func && out.IsNil():
	case out.Kind() == reflect.Func && out.Type().CanSeq2():
		for range out.Seq2() {
		}
	case out.Kind() == reflect.Func && out.Type().CanSeq():
		for range out.Seq() {
		}
	default:
		_ = fmt.Sprint(out)
	}
}

// argument is the zero value of a type or, with a text, one whose fields are set.
func argument(t reflect.Type, text string) reflect.Value {
	v := reflect.New(t).Elem()
	switch t {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(context.Background())
	case reflect.TypeFor[http.ResponseWriter](): // net/http never gives a nil one
		return reflect.ValueOf(httptest.NewRecorder())
	case reflect.TypeFor[*http.Request]():
		return reflect.ValueOf(httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	}
	if text != "" {
		fill(v, text, 0)
	}
	return v
}

func fill(v reflect.Value, text string, deep int) {
	if deep > 5 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, deep+1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)))
			return
		}
		for _, field := range v.Fields() {
			fill(field, text, deep+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text, deep+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text, deep+1)
		fill(value, text, deep+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	}
}

// notWalked are the packages of the trees below that have tests of their own for
// this, or are for tests.
func notWalked(dir string) bool {
	return strings.HasSuffix(dir, "test") || slices.ContainsFunc([]string{"testdata", "internal", "names"}, func(part string) bool { return slices.Contains(strings.Split(dir, "/"), part) })
}

// TestZeroValuesAreAllWalked reads the sources: a new export must be in walked.
func TestZeroValuesAreAllWalked(t *testing.T) {
	var in []string
	for _, w := range walked() {
		in = append(in, w.name)
	}
	for _, root := range []string{"audit", "certificate", "electoral", "seal", "transport", "verify"} {
		require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			dir := path.Dir(filepath.ToSlash(file))
			if notWalked(dir) {
				return nil
			}
			source, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
			if err != nil || strings.Contains(string(source), "//go:build pkcs11") {
				return err
			}
			for _, name := range exports(parsed) {
				if !slices.Contains(in, dir+"."+name) {
					t.Errorf("%s.%s: add it to walked in hostile_table_test.go", dir, name)
				}
			}
			return nil
		}))
	}
}

// exports are the exported functions and types of a file, without interfaces and
// generic functions.
func exports(file *ast.File) (out []string) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() && d.Type.TypeParams == nil {
				out = append(out, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				s, ok := spec.(*ast.TypeSpec)
				if !ok || !s.Name.IsExported() {
					continue
				}
				if _, abstract := s.Type.(*ast.InterfaceType); !abstract {
					out = append(out, s.Name.Name)
				}
			}
		}
	}
	return out
}
