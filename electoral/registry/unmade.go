package registry

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// errUnmade is the error of every service of a Registry that New has not made.
var errUnmade = errors.New("registry: a Registry without a store: expected one that New has made")

// made returns the registry or, for one that New has not made, one whose services all
// fail with errUnmade.
func (r *Registry) made() *Registry {
	if r != nil && r.calendar != nil {
		return r
	}
	tables, err := refdata.Embedded()
	if err != nil {
		tables = &refdata.Tables{}
	}
	return &Registry{store: unmade{}, population: unmade{}, checker: &rules.Checker{}, tables: tables,
		calendar: &electoral.Calendar{}, retention: Retention{}.withDefaults(), idStep: DefaultIDStep}
}

// unmade is the store and the population of a Registry that New has not made.
type unmade struct{}

func (unmade) View(context.Context, func(Reader) error) error   { return errUnmade }
func (unmade) Update(context.Context, func(Writer) error) error { return errUnmade }

func (unmade) ByANPRID(context.Context, string) (electoral.Person, error) {
	return electoral.Person{}, errUnmade
}

func (unmade) ByFiscalCode(context.Context, electoral.FiscalCode) (electoral.Person, error) {
	return electoral.Person{}, errUnmade
}

// absent reports whether there is nothing behind an interface: no value, or a nil
// pointer.
func absent(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// named puts the name of the package before an error, once.
func named(err error) error {
	if strings.HasPrefix(err.Error(), "registry: ") {
		return err
	}
	return fmt.Errorf("registry: %w", err)
}
