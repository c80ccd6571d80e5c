package archive

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/liste-elettorali/anpr/internal/folder"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// Secret returns the key of a document and its encrypted content.
func (s *SQL) Secret(ctx context.Context, id string) (key, body []byte, err error) {
	r, err := s.row(ctx, id)
	return r.key, r.body, err
}

// Exec runs a statement, as somebody would who meddles with the database.
func (s *SQL) Exec(ctx context.Context, text string, args ...any) error {
	return s.db.Update(ctx, func(tx sqldb.Tx) error { return tx.Exec(ctx, sqldb.Statement{Text: text, Args: args}) })
}

// Wait sets how long the purge of a sweep waits for others.
func (s *SQL) Wait(d time.Duration) { s.wait = d }

// Reading runs fn while a transaction that has begun to read is open.
func (s *SQL) Reading(ctx context.Context, fn func() error) error {
	return s.db.View(ctx, func(sqldb.Tx) error { return fn() })
}

// FailSync makes the syncs of a folder fail for which fail returns an error.
func (f *Files) FailSync(fail func(name string) error) {
	f.disk.sync = func(file *os.File) error {
		if err := fail(filepath.ToSlash(file.Name())); err != nil {
			return err
		}
		return folder.Sync(file)
	}
}
