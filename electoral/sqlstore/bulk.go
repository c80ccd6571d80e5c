package sqlstore

import (
	"context"
	"fmt"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var (
	_ registry.BulkWriter          = (*transaction)(nil)
	_ electoral.BulkPopulation     = (*Population)(nil)
	_ electoral.IdentityPopulation = (*Population)(nil)
)

// Homes implements [registry.BulkWriter]. In an update it does not lock them.
func (t *transaction) Homes(ctx context.Context, anprIDs []string) (map[string]string, error) {
	return routes(ctx, t.tx, electorRoutes, anprIDs)
}

// routes reads a table of two texts.
func routes(ctx context.Context, q sqldb.Querier, t table, keys []string) (map[string]string, error) {
	list := make([]string, 0, len(keys))
	for _, k := range keys {
		if storable(k) {
			list = append(list, k)
		}
	}
	out := make(map[string]string, len(list))
	if len(list) == 0 {
		return out, nil
	}
	d := q.Dialect()
	pair := func(r sqldb.Rows) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) }
	text := d.ByKeys(t.list, t.ref, "", t.columns[0], "$1")
	for p, err := range sqldb.All(ctx, q, pair, text, d.List(list)) {
		if err != nil {
			return nil, fmt.Errorf("sqlstore: %w", err)
		}
		out[p[0]] = p[1]
	}
	return out, nil
}

// AddElectors implements [registry.BulkWriter]. Some thousands of electors in a
// call are as fast as more.
func (t *transaction) AddElectors(ctx context.Context, home string, list []electoral.Elector) error {
	if err := storableUnder(home, list...); err != nil {
		return err
	}
	comuni := []string{home}
	seen := map[string]bool{home: true}
	places := make([][]any, 0, len(list))
	for i := range list {
		e := &list[i]
		for l, en := range e.Places() {
			places = append(places, []any{en.Comune, string(l), en.Section, e.ANPRID, home})
			if !seen[en.Comune] {
				seen[en.Comune] = true
				comuni = append(comuni, en.Comune)
			}
		}
	}
	if err := t.lock(ctx, comuni...); err != nil {
		return err
	}
	t.last = lastElector{}
	row := make([]any, 0, len(electors.columns))
	if err := t.tx.Copy(ctx, electorRoutes.name, electorRoutes.columns, len(list), func(i int) ([]any, error) {
		row = append(row[:0], list[i].ANPRID, home)
		return row, nil
	}); err != nil {
		return err
	}
	if err := t.tx.Copy(ctx, electors.name, electors.columns, len(list), func(i int) ([]any, error) {
		var err error
		if row, err = electorRow(row, home, &list[i]); err != nil {
			return nil, fmt.Errorf("elector %q: %w", list[i].ANPRID, err)
		}
		return row, nil
	}); err != nil {
		return err
	}
	t.added += len(list)
	return t.tx.Copy(ctx, enrolments.name, enrolments.columns, len(places),
		func(i int) ([]any, error) { return places[i], nil })
}
