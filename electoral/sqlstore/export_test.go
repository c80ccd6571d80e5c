package sqlstore

import (
	"context"
	"iter"

	"github.com/liste-elettorali/anpr/electoral"
)

// BornByScan is Born as it reads where too many were born between two days.
func BornByScan(ctx context.Context, p *Population, comune string, from, to electoral.Date) iter.Seq2[electoral.Person, error] {
	r, _ := bornBetween(comune, from, to)
	return paged(func(after *electoral.Person) ([]electoral.Person, error) { return r.scan(ctx, p.db, after) })
}
