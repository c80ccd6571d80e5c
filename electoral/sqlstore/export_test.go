package sqlstore

import (
	"context"
	"iter"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// BornByScan is Born as it reads where too many were born between two days.
func BornByScan(ctx context.Context, p *Population, comune string, from, to electoral.Date) iter.Seq2[electoral.Person, error] {
	r, _ := bornBetween(comune, from, to)
	return paged(func(after *electoral.Person, n size) ([]electoral.Person, error) { return r.scan(ctx, p.db, after, n) })
}

// Traced is a store that says each statement that it runs, those for tables that are
// spread.
type Traced struct {
	Store *Store
	Say   func(text string)
}

func (s Traced) View(ctx context.Context, fn func(registry.Reader) error) error {
	return s.Store.db.View(ctx, func(tx sqldb.Tx) error {
		l := &lease{Tx: tracedTx{tx, s.Say}}
		defer l.over.Store(true)
		return fn(&transaction{tx: l, db: s.Store.db, spread: true})
	})
}

func (s Traced) Update(ctx context.Context, fn func(registry.Writer) error) error {
	return s.Store.db.Update(ctx, func(tx sqldb.Tx) error {
		l := &lease{Tx: tracedTx{tx, s.Say}}
		defer l.over.Store(true)
		return fn(&transaction{tx: l, db: s.Store.db, spread: true, locked: map[string]*held{}, tried: map[string]bool{}})
	})
}

type tracedTx struct {
	sqldb.Tx
	say func(string)
}

func (t tracedTx) Query(ctx context.Context, text string, args ...any) (sqldb.Rows, error) {
	t.say(text)
	return t.Tx.Query(ctx, text, args...)
}

func (t tracedTx) Exec(ctx context.Context, list ...sqldb.Statement) error {
	for _, s := range list {
		t.say(s.Text)
	}
	return t.Tx.Exec(ctx, list...)
}
