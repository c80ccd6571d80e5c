package electoraltest

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Flaw is what [Spoilt] does to a field.
type Flaw string

// The flaws. The first four are of what no store can keep.
const (
	NotUTF8   Flaw = "not UTF-8"
	HoldsNUL  Flaw = "U+0000"
	NoSuchDay Flaw = "no such day" // or no year that can be written
	Undefined Flaw = "undefined"   // a value that an enumeration does not have
	Unprinted Flaw = "control"     // a control character, or one that turns the order of reading
	TooLong   Flaw = "long"
)

// Impossible are the flaws of what no store can keep.
func Impossible() []Flaw { return []Flaw{NotUTF8, HoldsNUL, NoSuchDay, Undefined} }

// A Spoil is a value with one flaw.
type Spoil[T any] struct {
	// Path names the field as faults do: «general.section», «removals[0].day».
	Path  string
	Flaw  Flaw
	Value T
	// Type is the field's.
	Type reflect.Type
}

// Spoilt yields copies of a value, each with one of its fields made wrong, for tests
// that every field of what a caller hands in is judged. Fields without a value are given
// one before, so that what is within them is made wrong too.
func Spoilt[T any](sample T) iter.Seq[Spoil[T]] {
	return func(yield func(Spoil[T]) bool) {
		whole := reflect.New(reflect.TypeFor[T]()).Elem()
		whole.Set(copyOf(reflect.ValueOf(&sample).Elem(), 0))
		s := spoiler{}
		s.visit(whole, "", func(path string, flaw Flaw, t reflect.Type) bool {
			v, _ := copyOf(whole, 0).Interface().(T)
			return yield(Spoil[T]{Path: path, Flaw: flaw, Value: v, Type: t})
		})
	}
}

// deep bounds what is filled in: some types hold themselves.
const deep = 8

// copyOf returns a copy that shares nothing, with a value in every field.
func copyOf(v reflect.Value, level int) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	if level > deep || leaf(v.Type()) {
		return out
	}
	switch v.Kind() {
	case reflect.Pointer:
		from := v
		if v.IsNil() {
			from = reflect.New(v.Type().Elem())
		}
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(copyOf(from.Elem(), level+1))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(copyOf(v.Field(i), level+1))
			}
		}
	case reflect.Slice:
		n := max(v.Len(), 1)
		out.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			from := reflect.New(v.Type().Elem()).Elem()
			if i < v.Len() {
				from = v.Index(i)
			}
			out.Index(i).Set(copyOf(from, level+1))
		}
	case reflect.Map:
		out.Set(reflect.MakeMap(v.Type()))
		for k, e := range v.Seq2() {
			out.SetMapIndex(k, copyOf(e, level+1))
		}
	}
	return out
}

// leaf reports whether a type is one field.
func leaf(t reflect.Type) bool {
	return t == reflect.TypeFor[electoral.Date]() || t == reflect.TypeFor[time.Time]() ||
		t == reflect.TypeFor[electoral.Fault]() || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// spoiler walks a value and makes one field wrong at a time.
type spoiler struct{ ended bool }

func (s *spoiler) visit(v reflect.Value, path string, found func(string, Flaw, reflect.Type) bool) {
	try := func(flaw Flaw, wrong any) {
		if s.ended {
			return
		}
		was := reflect.ValueOf(v.Interface())
		v.Set(reflect.ValueOf(wrong).Convert(v.Type()))
		s.ended = !found(path, flaw, v.Type())
		v.Set(was)
	}
	switch {
	case s.ended:
	case v.Type() == reflect.TypeFor[electoral.Date]():
		try(NoSuchDay, electoral.Date{Year: 2026, Month: 2, Day: 30})
		try(NoSuchDay, electoral.Date{Year: -5, Month: -1, Day: 99})
	case v.Type() == reflect.TypeFor[time.Time]():
		try(NoSuchDay, time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC))
	case leaf(v.Type()):
	case v.Kind() == reflect.String:
		try(NotUTF8, "\xff")
		try(HoldsNUL, "a\x00b")
		if enumeration(v.Type()) {
			try(Undefined, "?")
		} else {
			try(Unprinted, "a\x07b")
			try(Unprinted, "a\u202eb")
			try(TooLong, strings.Repeat("x", 5000))
		}
	case v.CanInt() && enumeration(v.Type()):
		try(Undefined, 12345)
		try(Undefined, -1)
	case v.CanUint() && enumeration(v.Type()):
		try(Undefined, uint8(7))
	case v.Kind() == reflect.Pointer:
		s.visit(v.Elem(), path, found)
	case v.Kind() == reflect.Struct:
		s.fields(v, path, found)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			s.visit(v.Index(i), fmt.Sprintf("%s[%d]", path, i), found)
		}
	case v.Kind() == reflect.Map:
		s.entries(v, path, found)
	}
}

func (s *spoiler) fields(v reflect.Value, path string, found func(string, Flaw, reflect.Type) bool) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name != "" && name != "-":
		case f.Anonymous:
			name = ""
		default:
			name = small(f.Name)
		}
		if path != "" && name != "" {
			name = "." + name
		}
		s.visit(v.Field(i), path+name, found)
	}
}

// entries makes the values of a map wrong, which cannot be set in place.
func (s *spoiler) entries(v reflect.Value, path string, found func(string, Flaw, reflect.Type) bool) {
	for k, e := range v.Seq2() {
		own := reflect.New(e.Type()).Elem()
		own.Set(e)
		s.visit(own, fmt.Sprintf("%s[%v]", path, k), func(at string, flaw Flaw, t reflect.Type) bool {
			v.SetMapIndex(k, own)
			return found(at, flaw, t)
		})
		v.SetMapIndex(k, e)
	}
}

// small is the name of a field without a name in JSON.
func small(name string) string {
	for _, begin := range []string{"ANPRID", "ID"} {
		if rest, ok := strings.CutPrefix(name, begin); ok {
			return map[string]string{"ANPRID": "anprId", "ID": "id"}[begin] + rest
		}
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// enumeration reports whether a type has a name of its own and fixed values.
func enumeration(t reflect.Type) bool {
	open := []reflect.Type{reflect.TypeFor[electoral.FiscalCode](), reflect.TypeFor[electoral.Code](),
		reflect.TypeFor[electoral.Field](), reflect.TypeFor[electoral.Operation]()}
	return t.PkgPath() != "" && t.Name() != "" && !slices.Contains(open, t)
}
