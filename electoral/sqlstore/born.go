package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var _ electoral.ResidentPopulation = (*Population)(nil)

// bornColumns are the first and the last day on which a person may be born,
// NULL if nothing is known. The 31st stands for the last day of every month: no
// other day lies between.
func bornColumns(d electoral.Date) (first, last any) {
	switch text := d.String(); {
	case d.IsZero():
		return nil, nil
	case d.Month == 0:
		return text + "-01-01", text + "-12-31"
	case d.Day == 0:
		return text + "-01", text + "-31"
	default:
		return text, text
	}
}

// bornRange is the time between two days as the columns have it.
type bornRange struct{ comune, from, to, yearOf string }

const lastYear = 9999 // that a text of four digits holds

func bornBetween(comune string, from, to electoral.Date) (r bornRange, never bool) {
	if to.Year > lastYear {
		to = electoral.Date{Year: lastYear, Month: 12, Day: 31}
	}
	from, to = from.Earliest(), to.Earliest()
	if from.Year > lastYear || to.Year < 1 || !storable(comune) {
		return r, true
	}
	r = bornRange{comune: comune, to: to.String()}
	if from.Year > 0 {
		r.from, r.yearOf = from.String(), fmt.Sprintf("%04d", from.Year)
	}
	return r, false
}

// fewBorn is the most ids that Born holds in memory.
const fewBorn = 50_000

// Born implements [electoral.ResidentPopulation]. A person who moves while it
// runs may be missing.
func (p *Population) Born(ctx context.Context, comune string,
	from, to electoral.Date) iter.Seq2[electoral.Person, error] {
	return func(yield func(electoral.Person, error) bool) {
		if p.db == nil {
			yield(electoral.Person{}, errNotOpen)
			return
		}
		r, never := bornBetween(comune, from, to)
		if never {
			return
		}
		ids, err := r.few(ctx, p.db)
		if err != nil {
			yield(electoral.Person{}, fmt.Errorf("sqlstore: persons of comune %q by birth: %w", comune, err))
			return
		}
		persons := paged(func(after *electoral.Person, n size) ([]electoral.Person,
			error) {
			return r.scan(ctx, p.db, after, n)
		})
		if ids != nil {
			persons = r.of(ctx, p.db, ids)
		}
		for person, err := range persons {
			if err != nil {
				err = fmt.Errorf("sqlstore: persons of comune %q by birth: %w", comune, err)
			}
			if !yield(person, err) {
				return
			}
		}
	}
}

// few returns the ids in order, or nil if there are too many. Persons whose day
// of birth is not known are few and are looked up apart, so that of the others
// only those born between the days are read.
func (r bornRange) few(ctx context.Context, db *sqldb.DB) ([]string, error) {
	some := fmt.Sprintf(` LIMIT %d`, fewBorn+1)
	var ids []string
	err := db.Lookup(ctx, func(q sqldb.Querier) error {
		known, err := collect(sqldb.All(ctx, q, scanText,
			`SELECT anpr_id FROM {persons} WHERE comune = $1 AND born_first >= $2 AND born_first <= $3`+some,
			r.comune, r.from, r.to))
		if err != nil || len(known) > fewBorn {
			ids = nil
			return err
		}
		unsure, err := collect(sqldb.All(ctx, q, scanText,
			`SELECT anpr_id FROM {persons} WHERE comune = $1 AND born_first <> born_last
				AND born_first >= $2 AND born_first < $3 AND born_first <= $4 AND born_last >= $5`+some,
			r.comune, r.yearOf, r.from, r.to, r.from))
		ids = append(append([]string{}, known...), unsure...)
		if err != nil || len(ids) > fewBorn {
			ids = nil
		}
		return err
	})
	slices.Sort(ids)
	return ids, err
}

// The range as a condition on rows that are found by their key; no index on
// the births serves it.
const bornWhere = `comune = $1 AND (born_first || '') <= $2 AND (born_last || '') >= $3`

// of yields the persons of the range with some ids.
func (r bornRange) of(ctx context.Context, db *sqldb.DB, ids []string) iter.Seq2[electoral.Person, error] {
	return func(yield func(electoral.Person, error) bool) {
		d := db.Dialect()
		for part := range slices.Chunk(ids, pageSize) {
			list, err := r.read(ctx, db, d.Among("anpr_id", "$4"), d.List(part))
			if err != nil {
				yield(electoral.Person{}, err)
				return
			}
			slices.SortFunc(list, func(a, b electoral.Person) int { return cmp.Compare(a.ANPRID, b.ANPRID) })
			for _, person := range list {
				if !yield(person, nil) {
					return
				}
			}
		}
	}
}

// scan returns the next page of the whole range.
func (r bornRange) scan(ctx context.Context, db *sqldb.DB, after *electoral.Person,
	n size) ([]electoral.Person, error) {
	last := ""
	if after != nil {
		last = after.ANPRID
	}
	return r.read(ctx, db, `anpr_id > $4 ORDER BY anpr_id`+n.limit(), last)
}

func (r bornRange) read(ctx context.Context, db *sqldb.DB, which string, arg any) (list []electoral.Person, err error) {
	text := `SELECT ` + personList + ` FROM {persons} WHERE ` + bornWhere + ` AND ` + which
	err = db.Lookup(ctx, func(q sqldb.Querier) error {
		list, err = collect(sqldb.All(ctx, q, newPersonScan().next, text, r.comune, r.to, r.from, arg))
		return err
	})
	return list, err
}
