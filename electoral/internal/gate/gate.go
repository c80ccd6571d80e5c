// Package gate checks what callers hand in before anything else looks at it: the
// dates, instants, texts and enumerations of whole structs, of which it names every
// field that cannot be right by its path.
//
// What a value means, and whether it is right here, is for the services to judge. The
// gate keeps out what no service could keep, compare or show.
package gate

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Problem is what is wrong with a value.
type Problem int

// The problems.
const (
	// Unkept is a text that is not UTF-8 or that holds U+0000.
	Unkept Problem = iota + 1
	// Unreadable is a text with characters that show nothing or change how others are
	// shown: controls, directions, line breaks where there is one line.
	Unreadable
	// Long is a text of too many characters.
	Long
	// Malformed is an ANPR id that is none.
	Malformed
	// NoSuchDay is a date that the calendar does not have, NoSuchInstant a time whose
	// year is not within 1 and 9999.
	NoSuchDay
	NoSuchInstant
	// Undefined is a value that its enumeration does not have.
	Undefined
)

// A Finding is one value that is refused.
type Finding struct {
	Path    string
	Value   string // as it may be shown: short, and legible
	Problem Problem
	rule    rule
}

// maxFindings bounds the findings of one value, as a list of 100,000 may have one each.
const maxFindings = 1000

// A Gate checks values. A nil Gate knows no enumerations, and otherwise does the same.
// It is read only, and safe for concurrent use.
type Gate struct {
	enums  map[reflect.Type]*enum
	fields map[field]rule
	plans  map[reflect.Type]*plan
}

type field struct {
	of   reflect.Type
	name string // of the field in Go
}

// enum is what an enumeration may hold.
type enum struct {
	texts   map[string]bool
	numbers map[int64]bool
	rule    rule
}

// rule says how a text is judged, and how a fault of it is told.
type rule struct {
	most     int  // characters
	lines    bool // several lines are right
	code     bool // a codice fiscale: its value is not shown
	answer   bool // an answer
	expected string
}

// An Entry is one thing that a Gate knows.
type Entry func(*Gate)

// Enum makes a type known whose values are those given, and zero.
func Enum[T ~string | ~int | ~uint8](values ...T) Entry {
	e := enum{texts: map[string]bool{"": true}, numbers: map[int64]bool{0: true}}
	var shown []string
	for _, v := range values {
		r := reflect.ValueOf(v)
		switch {
		case r.Kind() == reflect.String:
			e.texts[r.String()] = true
			shown = append(shown, r.String())
		case r.CanInt():
			e.numbers[r.Int()] = true
			shown = append(shown, strconv.FormatInt(r.Int(), 10))
		default:
			e.numbers[int64(r.Uint())] = true
			shown = append(shown, strconv.FormatUint(r.Uint(), 10))
		}
	}
	e.rule.expected = strings.Join(shown, ", ")
	e.rule.answer = reflect.TypeFor[T]() == reflect.TypeFor[electoral.Answer]()
	return func(g *Gate) { g.enums[reflect.TypeFor[T]()] = &e }
}

// Text sets the rule of a text field of a struct: the number of its characters, and
// whether it may have several lines.
func Text[T any](name string, most int, lines bool) Entry {
	return func(g *Gate) { g.fields[field{reflect.TypeFor[T](), name}] = rule{most: most, lines: lines} }
}

// Ready makes a gate quicker with values of a type, for those of which there are many.
func Ready[T any]() Entry {
	return func(g *Gate) { g.plans[reflect.TypeFor[T]()] = nil }
}

// New returns a gate that knows the enumerations of package electoral and what entries
// say.
func New(entries ...Entry) *Gate {
	g := &Gate{enums: map[reflect.Type]*enum{}, fields: map[field]rule{}, plans: map[reflect.Type]*plan{}}
	for _, e := range append(ours(), entries...) {
		e(g)
	}
	for t := range g.plans {
		g.plans[t] = g.planOf(t, map[reflect.Type]bool{})
	}
	return g
}

// ours are the enumerations of package electoral.
func ours() []Entry {
	return []Entry{
		Enum(electoral.Yes, electoral.No),
		Enum(electoral.OnlyPoliticalRights, electoral.FullyCertifiable),
		Enum(append(electoral.Lists(), electoral.StillVotesList)...),
		Enum(electoral.Consultations()...),
		Enum(electoral.RemovalCodes()...),
		Enum(electoral.RemovalCauses()...),
		Enum(electoral.Male, electoral.Female, electoral.SexUnknown),
		Enum(electoral.SectionKinds()...),
		Enum(electoral.ChoiceKinds()...),
		Enum(electoral.Revisions()...),
		Enum(electoral.Acts()...),
		Enum(electoral.StruckLines, electoral.AllLines),
	}
}

// maxNote is the most characters of a note, the longest text that a service takes.
const maxNote = 2000

// Check returns what is wrong with a value that a caller hands to a service, each with
// its path, which begins with the given one. It finds everything at once, up to 1,000.
func (g *Gate) Check(path string, v any) []Finding {
	return g.check(path, v, serving)
}

// Unkeepable returns what of a value no store could keep byte for byte, or give back
// as it was. A text may have any length and any characters but U+0000.
func (g *Gate) Unkeepable(v any) []Finding {
	return g.check("", v, storing)
}

// mode says for what values are checked.
type mode int

const (
	serving  mode = iota // a service takes them
	storing              // a store keeps them
	printing             // they are printed: whatever text and name they have
)

func (g *Gate) check(path string, v any, m mode) []Finding {
	r := reflect.ValueOf(v)
	if !r.IsValid() {
		return nil
	}
	for r.Kind() == reflect.Pointer { // of many values, without a copy of each
		if r.IsNil() {
			return nil
		}
		r = r.Elem()
	}
	p := g.plan(r.Type())
	if p.fine(r, m) {
		return nil
	}
	w := walk{mode: m, path: []step{{name: path}}}
	w.visit(p, r)
	return w.found
}

func (g *Gate) plan(t reflect.Type) *plan {
	if g == nil {
		g = New()
	}
	if p := g.plans[t]; p != nil {
		return p
	}
	return g.planOf(t, map[reflect.Type]bool{})
}

// walk is one run over a value.
type walk struct {
	mode  mode
	path  []step
	found []Finding
}

// step is a part of a path: a field, or an index or a key.
type step struct {
	name  string
	index string
}

func (w *walk) at() string {
	var b strings.Builder
	for _, s := range w.path {
		if s.name != "" {
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.name)
		}
		if s.index != "" {
			b.WriteString("[" + s.index + "]")
		}
	}
	return b.String()
}

func (w *walk) find(p Problem, value string, r rule) {
	w.found = append(w.found, Finding{Path: w.at(), Value: electoral.Shown(value), Problem: p, rule: r})
}

func (w *walk) visit(p *plan, v reflect.Value) {
	if len(w.found) >= maxFindings {
		return
	}
	switch p.kind {
	case aText:
		w.text(p.rule, v.String())
	case anID:
		if s := v.String(); w.mode != serving {
			w.text(p.rule, s)
		} else if s != "" && !electoral.ValidANPRID(s) {
			w.find(Malformed, electoral.Shown(s), p.rule)
		}
	case anEnum:
		w.enum(p, v)
	case aDate:
		if d := dateOf(v); !d.IsZero() && !d.Valid() {
			w.find(NoSuchDay, d.String(), p.rule)
		}
	case anInstant:
		if t, ok := v.Interface().(time.Time); ok && !writable(t) {
			w.find(NoSuchInstant, strconv.FormatInt(t.Unix(), 10), p.rule)
		}
	case aStruct:
		for i := range p.fields {
			f := &p.fields[i]
			w.path = append(w.path, step{name: f.name})
			w.visit(f.plan, v.Field(f.index))
			w.path = w.path[:len(w.path)-1]
		}
	case aPointer:
		if !v.IsNil() {
			w.visit(p.elem, v.Elem())
		}
	case aList:
		for i := range v.Len() {
			w.indexed(strconv.Itoa, i, func() { w.visit(p.elem, v.Index(i)) })
		}
	case aMap:
		w.keys(p, v)
	}
}

// fine is the quick answer for a value with which nothing is wrong, as are most: it
// keeps no path. Of false nothing follows.
func (p *plan) fine(v reflect.Value, m mode) bool {
	switch p.kind {
	case aText:
		s := v.String()
		return m == printing || m == storing && storable(s) || plain(s) && len(s) <= p.rule.most
	case anID:
		return m == printing || m == storing && storable(v.String()) || v.Len() == 0 || electoral.ValidANPRID(v.String())
	case anEnum:
		return m == printing || p.enum.has(v)
	case aDate:
		d := dateOf(v)
		return d.IsZero() || d.Valid()
	case anInstant:
		t, ok := v.Interface().(time.Time)
		return ok && writable(t)
	case aStruct:
		for i := range p.fields {
			if !p.fields[i].plan.fine(v.Field(p.fields[i].index), m) {
				return false
			}
		}
	case aPointer:
		return v.IsNil() || p.elem.fine(v.Elem(), m)
	case aList:
		for i := range v.Len() {
			if !p.elem.fine(v.Index(i), m) {
				return false
			}
		}
	case aMap:
		return v.Len() == 0
	}
	return true
}

func dateOf(v reflect.Value) electoral.Date {
	return electoral.Date{Year: int(v.Field(0).Int()), Month: time.Month(v.Field(1).Int()), Day: int(v.Field(2).Int())}
}

func writable(t time.Time) bool {
	return t.IsZero() || t.UTC().Year() >= 1 && t.UTC().Year() <= 9999
}

// has reports whether an enumeration has a value.
func (e *enum) has(v reflect.Value) bool {
	switch {
	case v.Kind() == reflect.String:
		return e.texts[v.String()]
	case v.CanInt():
		return e.numbers[v.Int()]
	}
	return v.Uint() < 1<<62 && e.numbers[int64(v.Uint())]
}

// indexed runs fn with an index at the end of the path.
func (w *walk) indexed(text func(int) string, i int, fn func()) {
	last := &w.path[len(w.path)-1]
	before := last.index
	if before == "" {
		last.index = text(i)
	} else {
		last.index += "][" + text(i)
	}
	fn()
	w.path[len(w.path)-1].index = before
}

// keys visits a map in the order of its keys, so that the findings have one.
func (w *walk) keys(p *plan, v reflect.Value) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for i, k := range keys {
		w.indexed(func(int) string { return electoral.Shown(k.String()) }, i, func() {
			w.visit(p.key, k)
			w.visit(p.elem, v.MapIndex(k))
		})
	}
}

func (w *walk) enum(p *plan, v reflect.Value) {
	if w.mode == printing || p.enum.has(v) {
		return
	}
	value := v.String()
	switch {
	case v.CanInt():
		value = strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		value = strconv.FormatUint(v.Uint(), 10)
	}
	w.find(Undefined, value, p.enum.rule)
}

// hides reports whether a character may not stand in the text.
func (r rule) hides(c rune) bool {
	return electoral.Unreadable(c) && (!r.lines || c != '\n' && c != '\r' && c != '\t')
}

func (w *walk) text(r rule, s string) {
	if w.mode == printing || plain(s) && (w.mode == storing || len(s) <= r.most) {
		return
	}
	value := electoral.Shown(s)
	if r.code {
		value = ""
	}
	switch {
	case !storable(s):
		w.find(Unkept, value, r)
	case w.mode == storing:
	case strings.ContainsFunc(s, r.hides):
		w.find(Unreadable, value, r)
	case utf8.RuneCountInString(strings.TrimSpace(s)) > r.most, len(s) > 8*r.most:
		w.find(Long, value, r)
	}
}

// plain is the quick answer for the usual text, which is printable ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func storable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// String says what was expected.
func (p Problem) String() string {
	switch p {
	case Unkept:
		return "expected UTF-8 without U+0000"
	case Unreadable:
		return "expected a text without control and invisible characters"
	case Long:
		return "expected a shorter text"
	case Malformed:
		return "expected an ANPR id of 1 to 16 digits"
	case NoSuchDay:
		return "expected a date of the calendar"
	case NoSuchInstant:
		return "expected a year from 1 to 9999"
	case Undefined:
		return "expected a value of the enumeration"
	}
	return "expected another value"
}
