package gate

import (
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/liste-elettorali/anpr/electoral"
)

// A plan says how values of a type are walked.
type plan struct {
	kind   kind
	rule   rule
	enum   *enum
	fields []planField // of a struct, without those that hold nothing to check
	elem   *plan       // of a pointer, a list, a map
	key    *plan       // of a map
}

type planField struct {
	name  string
	index int
	plan  *plan
}

type kind int

const (
	nothing kind = iota
	aText
	anID
	anEnum
	aDate
	anInstant
	aStruct
	aPointer
	aList
	aMap
)

// planOf makes the plan of a type. within are the types that it is a part of: one that
// holds itself is not followed further.
func (g *Gate) planOf(t reflect.Type, within map[reflect.Type]bool) *plan {
	if e, known := g.enums[t]; known {
		return &plan{kind: anEnum, enum: e}
	}
	if within[t] {
		return &plan{}
	}
	switch t {
	case reflect.TypeFor[electoral.Date]():
		return &plan{kind: aDate}
	case reflect.TypeFor[time.Time]():
		return &plan{kind: anInstant}
	case reflect.TypeFor[electoral.Fault](): // what the services themselves have made
		return &plan{}
	}
	within[t] = true
	defer delete(within, t)
	p := &plan{}
	switch t.Kind() {
	case reflect.String:
		p.kind, p.rule = aText, rule{most: electoral.MaxText}
		p.rule.code = t == reflect.TypeFor[electoral.FiscalCode]()
	case reflect.Struct:
		p.kind = aStruct
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				if sub := g.fieldPlan(t, f, within); sub.kind != nothing {
					p.fields = append(p.fields, planField{name: nameOf(f), index: i, plan: sub})
				}
			}
		}
	case reflect.Pointer:
		p.kind, p.elem = aPointer, g.planOf(t.Elem(), within)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() != reflect.Uint8 {
			p.kind, p.elem = aList, g.planOf(t.Elem(), within)
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			p.kind, p.key, p.elem = aMap, g.planOf(t.Key(), within), g.planOf(t.Elem(), within)
		}
	}
	if (p.kind == aPointer || p.kind == aList) && p.elem.kind == nothing {
		return &plan{}
	}
	return p
}

// fieldPlan is the plan of a field, whose name may say more than its type.
func (g *Gate) fieldPlan(t reflect.Type, f reflect.StructField, within map[reflect.Type]bool) *plan {
	p := g.planOf(f.Type, within)
	switch {
	case f.Name == "ANPRID" && p.kind == aText:
		p.kind = anID
	case f.Name == "ANPRIDs" && p.kind == aList && p.elem.kind == aText:
		p.elem.kind = anID
	case p.kind == aText && !p.rule.code:
		if slices.Contains([]string{"Note", "Reason"}, f.Name) {
			p.rule = rule{most: maxNote, lines: true}
		}
		if r, own := g.fields[field{t, f.Name}]; own {
			p.rule = r
		}
	}
	return p
}

// nameOf is the name of a field in a path: that of its JSON form, or the Go name with a
// small beginning. An embedded struct has none.
func nameOf(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
		return name
	}
	if f.Anonymous {
		return ""
	}
	return Name(f.Name)
}

// Name returns a Go name as paths have it: «anprId», «keptVotes».
func Name(name string) string {
	if rest, ok := strings.CutPrefix(name, "ANPRID"); ok {
		return "anprId" + rest
	}
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsUpper(r) || i > 0 && i+1 < len(runes) && !unicode.IsUpper(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return string(runes)
}
