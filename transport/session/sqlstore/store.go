package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/transport/session"
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
	// ErrClosed is returned by the zero value, which has no database.
	ErrClosed = errors.New("sqlstore: no database is open")
)

// Store is a [session.Store] in a SQL database. It is safe for concurrent use, and several
// processes may use one database. When a call returns, what it has committed is durable.
type Store struct{ db *sqldb.DB }

var _ session.Store = (*Store)(nil)

// Close closes the database, after the calls that are in progress.
func (s *Store) Close() error {
	if s.db == nil {
		return ErrClosed
	}
	return s.db.Close()
}

func (s *Store) update(ctx context.Context, fn func(sqldb.Tx) error) error {
	if s.db == nil {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.db.Update(ctx, fn)
}

func (s *Store) lookup(ctx context.Context, fn func(sqldb.Querier) error) error {
	if s.db == nil {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.db.Lookup(ctx, fn)
}

// The rows of web_session_locks. Who counts what there is takes his after he has added his
// own row: then he sees all that others have committed, they have not to wait while he
// works, and the next who counts sees his.
const (
	sessionsLock = "sessions"
	thingsLock   = "things"
	draftsLock   = "drafts"
)

func lock(ctx context.Context, tx sqldb.Tx, name string) error {
	_, err := tx.Lock(ctx, "web_session_locks", name)
	return err
}

// texts returns the texts that a query, or a statement with RETURNING, yields.
func texts(ctx context.Context, q sqldb.Querier, text string, args ...any) (list []string, err error) {
	one := func(r sqldb.Rows) (s string, err error) { return s, r.Scan(&s) }
	for s, err := range sqldb.All(ctx, q, one, text, args...) {
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// number returns the one number that a query yields.
func number(ctx context.Context, q sqldb.Querier, text string, args ...any) (n int64, err error) {
	return n, sqldb.One(ctx, q, []any{&n}, text, args...)
}

const columns = `id, digest, person, role, method, device, began, seen, ends, revoked`

func scan(r sqldb.Rows, more ...any) (session.Record, error) {
	var out session.Record
	var digest []byte
	var role, method string
	var began, seen, ends, revoked int64
	err := r.Scan(append([]any{&out.ID, &digest, &out.Person, &role, &method, &out.Device, &began, &seen, &ends,
		&revoked}, more...)...)
	if err == nil && len(digest) != len(out.Digest) {
		err = fmt.Errorf("sqlstore: session %.26q: a digest of %d bytes: expected %d", out.ID, len(digest),
			len(out.Digest))
	}
	if err != nil {
		return session.Record{}, err
	}
	out.Digest = session.Digest(digest)
	out.Role, out.Method = electoral.Role(role), electoral.Method(method)
	out.Began, out.Seen, out.Ends, out.Revoked = instant(began), instant(seen), instant(ends), revoked != 0
	return out, nil
}

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// Begin implements [session.Store].
func (s *Store) Begin(ctx context.Context, r session.Record, b session.Beginning) error {
	return s.update(ctx, func(tx sqldb.Tx) error {
		if err := tx.Exec(ctx, sqldb.Statement{
			Text: `INSERT INTO {web_sessions} (` + columns + `, kept, sealed)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10)`,
			Args: []any{r.ID, r.Digest[:], r.Person, string(r.Role), string(r.Method), r.Device, r.Began.UnixMilli(),
				r.Seen.UnixMilli(), r.Ends.UnixMilli(), r.Sealed},
		}); err != nil {
			return err
		}
		if b.Old != "" {
			if err := end(ctx, tx, b.Old, b.OldDigest); err != nil {
				return err
			}
		}
		if err := lock(ctx, tx, sessionsLock); err != nil {
			return err
		}
		at := b.At.UnixMilli()
		same, err := texts(ctx, tx, `SELECT id FROM {web_sessions} WHERE person = $1 AND revoked = 0 AND ends > $2
			AND id <> $3 ORDER BY began, id`, r.Person, at, r.ID)
		if err != nil {
			return err
		}
		if err := revoke(ctx, tx, same[:max(0, len(same)+1-max(1, b.PerPerson))], at); err != nil {
			return err
		}
		n, err := number(ctx, tx, `SELECT count(*) FROM {web_sessions} WHERE ends > $1 AND revoked = 0`, at)
		if err == nil && n > int64(max(1, b.All)) {
			err = session.ErrFull
		}
		return err
	})
}

// revoke revokes sessions that are live. Their rows are locked before what they keep is
// looked for, so that nothing is added meanwhile.
func revoke(ctx context.Context, tx sqldb.Tx, ids []string, at int64) error {
	if len(ids) == 0 {
		return nil
	}
	d := tx.Dialect()
	gone, err := texts(ctx, tx, `UPDATE {web_sessions} SET revoked = 1, ends = $2 WHERE `+d.In("id", "$1")+`
		AND revoked = 0 AND ends > $2 RETURNING id`, d.List(ids), at)
	if err != nil {
		return err
	}
	return dropAll(ctx, tx, gone)
}

// dropAll deletes what sessions keep.
func dropAll(ctx context.Context, tx sqldb.Tx, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	d := tx.Dialect()
	return tx.Exec(ctx, sqldb.Statement{
		Text: `DELETE FROM {web_session_things} WHERE ` + d.In("session", "$1"), Args: []any{d.List(ids)},
	})
}

// end deletes a session.
func end(ctx context.Context, tx sqldb.Tx, id string, digest session.Digest) error {
	gone, err := texts(ctx, tx, `DELETE FROM {web_sessions} WHERE id = $1 AND digest = $2 RETURNING id`, id, digest[:])
	if err != nil {
		return err
	}
	return dropAll(ctx, tx, gone)
}

// Find implements [session.Store].
func (s *Store) Find(ctx context.Context, id string) (out session.Record, err error) {
	err = s.lookup(ctx, func(q sqldb.Querier) error {
		var sealed []byte
		found := false
		for r, err := range sqldb.All(ctx, q, func(r sqldb.Rows) (session.Record, error) { return scan(r, &sealed) },
			`SELECT `+columns+`, sealed FROM {web_sessions} WHERE id = $1`, id) {
			if err != nil {
				return err
			}
			out, found = r, true
			out.Sealed = sealed
		}
		if !found {
			return session.ErrUnknown
		}
		return nil
	})
	return out, err
}

// Touch implements [session.Store].
func (s *Store) Touch(ctx context.Context, id string, d session.Digest, seen, ends time.Time) error {
	return s.update(ctx, func(tx sqldb.Tx) error {
		return tx.Exec(ctx, sqldb.Statement{
			Text: `UPDATE {web_sessions} SET seen = $3, ends = $4 WHERE id = $1 AND digest = $2 AND revoked = 0
				AND ends > $3 AND seen < $3`,
			Args: []any{id, d[:], seen.UnixMilli(), ends.UnixMilli()},
		})
	})
}

// Renew implements [session.Store].
func (s *Store) Renew(ctx context.Context, n session.Renewal) error {
	return s.update(ctx, func(tx sqldb.Tx) error {
		done, err := texts(ctx, tx, `UPDATE {web_sessions} SET digest = $3, seen = $4, ends = $5, sealed = $6
			WHERE id = $1 AND digest = $2 AND revoked = 0 AND ends > $4 RETURNING id`,
			n.ID, n.Old[:], n.New[:], n.Seen.UnixMilli(), n.Ends.UnixMilli(), n.Sealed)
		if err == nil && len(done) == 0 {
			err = session.ErrUnknown
		}
		return err
	})
}

// End implements [session.Store].
func (s *Store) End(ctx context.Context, id string, d session.Digest) error {
	return s.update(ctx, func(tx sqldb.Tx) error { return end(ctx, tx, id, d) })
}

// Revoke implements [session.Store].
func (s *Store) Revoke(ctx context.Context, person, id, except string, at time.Time) (n int, err error) {
	err = s.update(ctx, func(tx sqldb.Tx) error {
		n = 0
		gone, err := texts(ctx, tx, `UPDATE {web_sessions} SET revoked = 1, ends = $4 WHERE person = $1
			AND revoked = 0 AND ends > $4 AND (id = $2 OR $2 = '' AND id <> $3) RETURNING id`,
			person, id, except, at.UnixMilli())
		if err != nil {
			return err
		}
		n = len(gone)
		return dropAll(ctx, tx, gone)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// List implements [session.Store].
func (s *Store) List(ctx context.Context, person string, at time.Time) (list []session.Record, err error) {
	err = s.lookup(ctx, func(q sqldb.Querier) error {
		list = nil
		for r, err := range sqldb.All(ctx, q, func(r sqldb.Rows) (session.Record, error) { return scan(r) },
			`SELECT `+columns+` FROM {web_sessions} WHERE person = $1 AND revoked = 0 AND ends > $2
			ORDER BY began DESC, id DESC`, person, at.UnixMilli()) {
			if err != nil {
				return err
			}
			list = append(list, r)
		}
		return nil
	})
	return list, err
}
