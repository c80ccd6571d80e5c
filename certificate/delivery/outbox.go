package delivery

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// Errors of the databases that a caller can do something about; the text says which
// file or volume, and what.
var (
	// ErrConflict means that other changes prevented this one at every attempt, ErrFull
	// that the volume is full, ErrReadOnly that the file or the server takes no writes,
	// ErrDenied that the user lacks a right, ErrNotDatabase that the file is no SQLite
	// database. Nothing was changed.
	ErrConflict    = sqldb.ErrConflict
	ErrFull        = sqldb.ErrFull
	ErrReadOnly    = sqldb.ErrReadOnly
	ErrDenied      = sqldb.ErrDenied
	ErrNotDatabase = sqldb.ErrNotDatabase
	// ErrNotMigrated means that the tables are not there or are of an older version,
	// ErrBadSchema that they are another program's, or not whole.
	ErrNotMigrated = sqldb.ErrNotMigrated
	ErrBadSchema   = sqldb.ErrBadSchema
	// ErrNotCitus means that the database is not the coordinator of a Citus cluster.
	ErrNotCitus = sqldb.ErrNotCitus
)

// SQLOutbox is an [Outbox] in a SQL database. It is safe for concurrent use,
// also by several processes.
type SQLOutbox struct{ db *sqldb.DB }

var _ Outbox = (*SQLOutbox)(nil)

// Close closes the database, after the calls that are in progress.
func (o *SQLOutbox) Close() error {
	if o.db == nil {
		return ErrClosed
	}
	return o.db.Close()
}

// purgeMarks is the table in which PostgreSQL has whether something was changed since the
// last purge.
const purgeMarks = "delivery_purge_marks"

// Purge leaves no byte of an address that was erased before the call in the files of the
// table: see [github.com/liste-elettorali/anpr/certificate/archive.SQL.Purge].
func (o *SQLOutbox) Purge(ctx context.Context, c erasure.Config) (erasure.Report, error) {
	if o.db == nil {
		return erasure.Report{}, ErrClosed
	}
	return o.db.Purge(ctx, sqldb.Purge{Tables: []string{"delivery_messages"}, Marks: purgeMarks}, c)
}

// PurgeLog leaves no erased address in PostgreSQL's write-ahead log: see
// [github.com/liste-elettorali/anpr/certificate/archive.SQL.PurgeLog].
func (o *SQLOutbox) PurgeLog(ctx context.Context) error {
	if o.db == nil {
		return ErrClosed
	}
	return o.db.PurgeLog(ctx)
}

const columns = `part, certificate, channel, state, message_id, fiscal_code, address, addressee, reason, attempts,
	created, not_before, updated, version`

func part(certificate string) string { return certificate[:min(2, len(certificate))] }

// check refuses a message that some database could not keep.
func check(m Message) error {
	if !isID(m.Certificate) {
		return errors.New("delivery: Certificate: expected 26 characters A-Z and 2-7")
	}
	for name, s := range map[string]string{
		"Channel": string(m.Channel), "State": string(m.State), "MessageID": m.MessageID, "FiscalCode": m.FiscalCode,
		"Address": m.Address, "Addressee": m.Addressee, "Reason": m.Reason,
	} {
		if strings.ToValidUTF8(s, "") != s || strings.ContainsRune(s, 0) {
			return about(m.Certificate, "", fmt.Errorf("%s: expected UTF-8 without U+0000", name))
		}
	}
	return nil
}

// Add implements [Outbox].
func (o *SQLOutbox) Add(ctx context.Context, m Message) error {
	if err := check(m); err != nil {
		return err
	}
	return update(ctx, o.db, func(tx sqldb.Tx) error {
		var n int64
		err := sqldb.One(ctx, tx, []any{&n},
			`SELECT count(*) FROM {delivery_messages} WHERE part = $1 AND certificate = $2 AND channel = $3`,
			part(m.Certificate), m.Certificate, string(m.Channel))
		if err != nil {
			return err
		}
		if n > 0 {
			return about(m.Certificate, m.Channel, ErrQueued)
		}
		return tx.Exec(ctx, sqldb.Statement{Text: `INSERT INTO {delivery_messages} (` + columns +
			`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)`,
			Args: []any{
				part(m.Certificate), m.Certificate, string(m.Channel), string(m.State), m.MessageID, m.FiscalCode,
				m.Address, m.Addressee, m.Reason,
				int64(m.Attempts), m.Created.UnixMilli(), m.NotBefore.UnixMilli(), m.Updated.UnixMilli(),
			}})
	})
}

func scan(r sqldb.Rows) (Message, error) {
	var m Message
	var part, channel, state string
	var attempts, created, notBefore, updated int64
	err := r.Scan(&part, &m.Certificate, &channel, &state, &m.MessageID, &m.FiscalCode, &m.Address, &m.Addressee,
		&m.Reason, &attempts, &created, &notBefore, &updated, &m.Version)
	m.Channel, m.State, m.Attempts = Channel(channel), State(state), int(attempts)
	m.Created, m.NotBefore = time.UnixMilli(created).UTC(), time.UnixMilli(notBefore).UTC()
	m.Updated = time.UnixMilli(updated).UTC()
	return m, err
}

// query returns all the rows of a query.
func (o *SQLOutbox) query(ctx context.Context, text func(sqldb.Dialect) (string, []any)) (list []Message, err error) {
	if o.db == nil {
		return nil, ErrClosed
	}
	err = o.db.Lookup(ctx, func(q sqldb.Querier) error {
		list = nil
		text, args := text(q.Dialect())
		for m, err := range sqldb.All(ctx, q, scan, text, args...) {
			if err != nil {
				return err
			}
			list = append(list, m)
		}
		return nil
	})
	return list, err
}

// Get implements [Outbox].
func (o *SQLOutbox) Get(ctx context.Context, certificate string, channel Channel) (Message, error) {
	if !isID(certificate) {
		return Message{}, ErrUnknown
	}
	list, err := o.query(ctx, func(sqldb.Dialect) (string, []any) {
		return `SELECT ` + columns + ` FROM {delivery_messages} WHERE part = $1 AND certificate = $2 AND channel = $3`,
			[]any{part(certificate), certificate, string(channel)}
	})
	if err == nil && len(list) == 0 {
		err = about(certificate, channel, ErrUnknown)
	}
	if err != nil {
		return Message{}, err
	}
	return list[0], nil
}

// parts returns every value that the column part can have.
func parts() []string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var list []string
	for _, a := range alphabet {
		for _, b := range alphabet {
			list = append(list, string(a)+string(b))
		}
	}
	return list
}

// dueText asks every part of the table, each of which has an index in this order: no
// more is read than is returned, however much waits.
const dueText = `SELECT ` + columns + ` FROM {delivery_messages}
	WHERE state IN ('queued', 'sending') AND not_before <= $1 ORDER BY not_before, certificate, channel LIMIT `

// Due implements [Outbox]. Its cost does not grow with what waits.
func (o *SQLOutbox) Due(ctx context.Context, at time.Time, n int) ([]Message, error) {
	return o.query(ctx, func(sqldb.Dialect) (string, []any) {
		return dueText + strconv.Itoa(max(n, 0)), []any{at.UnixMilli()}
	})
}

// Update implements [Outbox].
func (o *SQLOutbox) Update(ctx context.Context, m Message) error {
	if err := check(m); err != nil {
		return err
	}
	return update(ctx, o.db, func(tx sqldb.Tx) error {
		var now int64
		err := sqldb.One(ctx, tx, []any{&now}, `UPDATE {delivery_messages} SET state = $5, fiscal_code = $6, address = $7,
			reason = $8, attempts = $9, not_before = $10, updated = $11, version = version + 1
			WHERE part = $1 AND certificate = $2 AND channel = $3 AND version = $4 RETURNING version`,
			part(m.Certificate), m.Certificate, string(m.Channel), m.Version, string(m.State), m.FiscalCode,
			m.Address, m.Reason,
			int64(m.Attempts), m.NotBefore.UnixMilli(), m.Updated.UnixMilli())
		if errors.Is(err, sqldb.ErrNoRow) {
			return about(m.Certificate, m.Channel, ErrChanged)
		}
		return err
	})
}

// Sweep implements [Outbox].
func (o *SQLOutbox) Sweep(ctx context.Context, before time.Time) (int, error) {
	n := 0
	err := update(ctx, o.db, func(tx sqldb.Tx) error {
		n = 0
		one := func(r sqldb.Rows) (s string, err error) { return s, r.Scan(&s) }
		text := `DELETE FROM {delivery_messages} WHERE ` + tx.Dialect().In("part", "$1") + `
			AND updated < $2 AND state NOT IN ('queued', 'sending') RETURNING certificate`
		for _, err := range sqldb.All(ctx, tx, one, text, tx.Dialect().List(parts()), before.UnixMilli()) {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// update changes the database; an error of which it is not known whether the change
// stands has the name that it has outside.
func update(ctx context.Context, db *sqldb.DB, fn func(tx sqldb.Tx) error) error {
	if db == nil {
		return ErrClosed
	}
	err := db.Update(ctx, fn)
	if errors.Is(err, sqldb.ErrUnknown) {
		return fmt.Errorf("%w: %w", electoral.ErrUnknown, err)
	}
	return err
}
