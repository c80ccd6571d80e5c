package sqlstore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// filter is a condition on the rows of a table, with its arguments. Its text is
// the program's: what a caller gives is in the arguments.
type filter struct {
	text string
	args []any
	// never says that no row meets it.
	never bool
}

// place is where the argument comes that will be added after i others.
func (f *filter) place(i int) string { return "$" + strconv.Itoa(len(f.args)+1+i) }

// add adds a condition, which must hold too.
func (f *filter) add(text string, args ...any) {
	if f.text != "" {
		f.text += " AND "
	}
	f.text += text
	f.args = append(f.args, args...)
}

// in adds the condition that a text, which is never NULL, is one of a list or,
// with not, none of it.
func (f *filter) in(d sqldb.Dialect, column string, values []string, not bool) {
	// A text that cannot be stored equals none that is.
	switch values = storables(values); {
	case len(values) == 0:
		f.never = f.never || !not
	case not:
		f.add("NOT ("+d.In(column, f.place(0))+")", d.List(values))
	default:
		f.add(d.In(column, f.place(0)), d.List(values))
	}
}

// among adds the condition that a text of an index is one of a list that may be long.
func (f *filter) among(d sqldb.Dialect, column string, values []string) {
	if values = storables(values); len(values) == 0 {
		f.never = true
		return
	}
	f.add(d.Among(column, f.place(0)), d.List(values))
}

// filtered returns the filter as one condition on the rows of an index that are read
// in its order.
func (f filter) filtered(d sqldb.Dialect) filter {
	if f.text != "" && d != sqldb.SQLite {
		f.text = d.Filtered(f.text)
	}
	return f
}

// and returns a filter with more conditions; f stays as it is.
func (f filter) and(text string, args ...any) filter {
	f.args = slices.Clone(f.args)
	f.add(text, args...)
	return f
}

func storables(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !storable(s) })
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// column is where the table of electors holds a field.
type column struct {
	// text is what [registry.Condition] compares, never NULL; for an answer
	// the column.
	text   string
	answer bool
}

// fieldColumns are the columns of the fields that a store holds.
var fieldColumns = func() map[electoral.Field]column {
	m := map[electoral.Field]column{
		electoral.SenateConstituencyField:  {text: "senate_constituency"},
		electoral.ChamberConstituencyField: {text: "chamber_constituency"},
		electoral.CertifiabilityField:      {text: "COALESCE(CAST(certifiability AS TEXT), '')"},
	}
	for field, name := range map[electoral.Field]string{
		electoral.CapacityField: "capacity", electoral.NationalReferendumsField: "national_referendums",
		electoral.EuropeanParliamentField: "european_parliament", electoral.SenateField: "senate",
		electoral.ChamberField:  "chamber",
		electoral.RegionalField: "regional", electoral.ComunalField: "comunal", electoral.DistrictField: "district",
	} {
		m[field] = column{name, true}
	}
	for i, l := range electoral.Lists() {
		m[electoral.ListField(l, electoral.ListRemoval)] = column{
			text: "TRIM(SUBSTR(COALESCE(removal_codes, ''), " + strconv.Itoa(i+1) + ", 1))"}
		name := strings.ReplaceAll(string(l), "-", "_")
		if l != electoral.GeneralList {
			m[electoral.ListField(l, electoral.ListEnrolled)] = column{name, true}
		}
		m[electoral.ListField(l, electoral.ListComune)] = column{text: "COALESCE(" + name + "_comune, '')"}
		m[electoral.ListField(l, electoral.ListSection)] = column{text: "COALESCE(" + name + "_section, '')"}
	}
	return m
}()

// conditions returns the filter of an elector's row that stands for some
// conditions.
func conditions(d sqldb.Dialect, list []registry.Condition) (filter, error) {
	var f filter
	for _, c := range list {
		col, ok := fieldColumns[c.Field]
		switch {
		case !ok:
			return filter{}, fmt.Errorf("field %q: expected one that a store holds", c.Field)
		case col.answer:
			f.answer(col.text, c)
		default:
			f.in(d, col.text, c.In, c.Not)
		}
	}
	return f, nil
}

// answer adds the condition that an answer is one of those that c allows.
func (f *filter) answer(column string, c registry.Condition) {
	var any []string
	for _, a := range []struct {
		electoral.Answer
		text string
	}{{electoral.Yes, " = 1"}, {electoral.No, " = 0"}, {electoral.NotGiven, " IS NULL"}} {
		if slices.Contains(c.In, a.String()) != c.Not {
			any = append(any, column+a.text)
		}
	}
	switch len(any) {
	case 0:
		f.never = true
	case 3:
	default:
		f.add("(" + strings.Join(any, " OR ") + ")")
	}
}
