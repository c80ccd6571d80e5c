package sqldb

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrPurgeBlocked is wrapped by the error of a purge that an open reader, of
// this program or of another, kept from its end: earlier values may still be
// there. Call it again.
var ErrPurgeBlocked = errors.New("sqldb: purge blocked")

// deadRows is what VACUUM tells of rows that it had to keep because an older
// transaction may still see them.
type deadRows struct {
	told  bool
	count string
}

var firstNumber = regexp.MustCompile(`\d+`)

// notice reads the detail of VACUUM's report, which begins with a number in
// every language of the server's messages: "0 dead row versions cannot be
// removed yet".
func (d *deadRows) notice(_ *pgconn.PgConn, n *pgconn.Notice) {
	number := firstNumber.FindString(n.Detail)
	if number == "" {
		return
	}
	d.told = true
	if number != "0" {
		d.count = number
	}
}

// purge rewrites the tables and their indexes. A plain VACUUM would leave the
// bytes of dead rows in both until their space is used again.
func (e *postgres) purge(ctx context.Context, tables []string) error {
	var dead deadRows
	conn, err := e.connect(ctx, dead.notice)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	// While one session waits for the exclusive lock, all others wait behind it.
	if err := script(ctx, conn, fmt.Sprintf("SET lock_timeout = %d", purgeWait.Milliseconds())); err != nil {
		return err
	}
	for _, table := range tables {
		dead = deadRows{}
		err := script(ctx, conn, "VACUUM (FULL, VERBOSE) "+e.names.table(table))
		switch {
		case hasCode(err, lockNotAvailable):
			return fmt.Errorf("%w: after %v a transaction still uses table %s", ErrPurgeBlocked, purgeWait, table)
		case err != nil:
			return fmt.Errorf("sqldb: purge of table %s: %w", table, err)
		case !dead.told && !e.owns(ctx, conn, table): // VACUUM passes over it with a warning
			return fmt.Errorf("%w: to purge table %s takes its owner, or from PostgreSQL 17 on MAINTAIN on it", ErrDenied,
				table)
		case !dead.told:
			return fmt.Errorf("sqldb: purge of table %s: the server does not tell whether it had to keep earlier values",
				table)
		case dead.count != "":
			return fmt.Errorf("%w: table %s keeps %s earlier rows that an open transaction may still read",
				ErrPurgeBlocked, table, dead.count)
		}
	}
	return nil
}

// owns reports whether the user is the owner of a table.
func (e *postgres) owns(ctx context.Context, conn *pgx.Conn, table string) (is bool) {
	const question = `SELECT pg_catalog.pg_has_role(relowner, 'USAGE') FROM pg_catalog.pg_class
		WHERE oid = $1::text::pg_catalog.regclass`
	return conn.QueryRow(ctx, question, e.names.table(table)).Scan(&is) == nil && is
}

// purgeLog overwrites the log, whose files are named by their place in it. At a
// checkpoint the server renames files that it no longer needs for places to come,
// and leaves their contents. When it switches to the next file, it fills the rest
// of the one before with zeros.
func (e *postgres) purgeLog(ctx context.Context) error {
	conn, err := e.connect(ctx, nil)
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
		return fmt.Errorf("%w: the server holds its log from %s on, for a replica or an archive", ErrPurgeBlocked,
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
