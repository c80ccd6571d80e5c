package gate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
)

// Faults returns what [Gate.Check] finds as faults.
func (g *Gate) Faults(path string, v any) electoral.Faults {
	var out electoral.Faults
	for _, f := range g.Check(path, v) {
		out = append(out, f.Fault())
	}
	return out
}

// Printable returns the faults of the dates and the instants of a value, and of nothing
// else of it.
func (g *Gate) Printable(v any) electoral.Faults {
	var out electoral.Faults
	for _, f := range g.check("", v, printing) {
		out = append(out, f.day())
	}
	return out
}

// Unwritable reports whether the value has no JSON form.
func (f Finding) Unwritable() bool {
	return f.Problem == NoSuchDay || f.Problem == NoSuchInstant || f.Problem == Undefined && f.rule.answer
}

// Fault returns the fault that says what was found.
func (f Finding) Fault() electoral.Fault {
	switch f.Problem {
	case Malformed:
		return electoral.NewFault(electoral.IDMalformed, f.Path, f.Value, nil)
	case NoSuchDay, NoSuchInstant:
		return f.day()
	case Undefined:
		return electoral.NewFault(electoral.ValueUnknown, f.Path, f.Value, electoral.Args{"expected": f.rule.expected})
	case Unkept:
		return electoral.NewFault(electoral.TextUnfit.In("encoding"), f.Path, f.Value, nil)
	case Long:
		return electoral.NewFault(electoral.TextUnfit.In("long"), f.Path, f.Value,
			electoral.Args{"most": strconv.Itoa(f.rule.most)})
	}
	if f.rule.lines {
		return electoral.NewFault(electoral.TextUnfit.In("lines"), f.Path, f.Value, nil)
	}
	return electoral.NewFault(electoral.TextUnfit, f.Path, f.Value, nil)
}

// day returns the fault of a date or an instant.
func (f Finding) day() electoral.Fault {
	if f.Problem == NoSuchInstant {
		return electoral.NewFault(electoral.DayImpossible.In("instant"), f.Path, f.Value, nil)
	}
	return electoral.NewFault(electoral.DayImpossible, f.Path, f.Value, electoral.Args{"date": f.Value})
}

// Merge adds faults of the gate to those of a service, which says more of a field that
// both refuse: of these, and of what is within a value that it shows, the service's own
// stand.
// What they quote is legible.
func Merge(own, found electoral.Faults) electoral.Faults {
	if len(found) == 0 {
		return own
	}
	own = slices.Clone(own)
	for i := range own {
		own[i] = own[i].Legible()
	}
	for _, f := range found {
		if !slices.ContainsFunc(own, func(o electoral.Fault) bool {
			return o.Severity == electoral.Error && (o.Path == f.Path || o.Value != "" && within(f.Path, o.Path))
		}) {
			own = append(own, f)
		}
	}
	return own
}

// within reports whether a path is that of a field of another.
func within(path, of string) bool { return of != "" && strings.HasPrefix(path, of+".") }
