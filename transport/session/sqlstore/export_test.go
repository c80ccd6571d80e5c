package sqlstore

import (
	"context"

	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// Exec runs a statement, as somebody would who meddles with the database.
func (s *Store) Exec(ctx context.Context, text string, args ...any) error {
	return s.db.Update(ctx, func(tx sqldb.Tx) error { return tx.Exec(ctx, sqldb.Statement{Text: text, Args: args}) })
}
