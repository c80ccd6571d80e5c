package sqldb

import (
	"context"
	"fmt"

	"github.com/liste-elettorali/anpr/electoral/erasure"
)

// purgeLog overwrites the log, whose files are named by their place in it. At a
// checkpoint the server renames files that it no longer needs for places to come,
// and leaves their contents. When it switches to the next file, it fills the rest
// of the one before with zeros.
func (e *postgres) purgeLog(ctx context.Context) error {
	conn, err := e.own(ctx, nil)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	name := func(query string) (s string, err error) {
		if err := conn.QueryRow(ctx, query).Scan(&s); err != nil {
			return "", fmt.Errorf("sqldb: purge of the log: %w", err)
		}
		return s, nil
	}
	// A switch in an empty file is none.
	next := func() error {
		_, err := name(`SELECT pg_logical_emit_message(false, 'purge', '')::text`)
		if err == nil {
			_, err = name(`SELECT pg_switch_wal()::text`)
		}
		return err
	}
	const at = `SELECT pg_walfile_name(pg_current_wal_insert_lsn())`
	const files = ` FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'`
	begin, err := name(at)
	if err == nil {
		err = next()
	}
	if err == nil {
		err = script(ctx, conn, "CHECKPOINT")
	}
	if err != nil {
		return err
	}
	oldest, err := name(`SELECT min(name)` + files)
	if err != nil {
		return err
	}
	if oldest <= begin {
		return fmt.Errorf("%w: the server holds its log from %s on, for a replica or an archive", erasure.ErrBlocked,
			oldest)
	}
	last, err := name(`SELECT max(name)` + files)
	for here := ""; err == nil && here <= last; here, err = name(at) {
		err = next()
		if err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return script(ctx, conn, "CHECKPOINT")
}
