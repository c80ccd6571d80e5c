package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/transport/session"
)

// Keep implements [session.Store].
func (s *Store) Keep(ctx context.Context, t session.Thing, room session.Room) error {
	return s.update(ctx, func(tx sqldb.Tx) error {
		// It locks the session, which thus cannot end before this has ended.
		n, err := number(ctx, tx, `UPDATE {web_sessions} SET kept = kept + 1 WHERE id = $1 AND digest = $2
			AND revoked = 0 AND ends > $3 RETURNING kept`, t.Session, t.Digest[:], room.At.UnixMilli())
		if errors.Is(err, sqldb.ErrNoRow) {
			return session.ErrUnknown
		}
		if err != nil {
			return err
		}
		if err := makeRoom(ctx, tx, t, room); err != nil {
			return err
		}
		if err := tx.Exec(ctx, sqldb.Statement{
			Text: `INSERT INTO {web_session_things} (session, id, n, ends, size, sealed) VALUES ($1, $2, $3, $4, $5, $6)`,
			Args: []any{t.Session, t.ID, n, t.Ends.UnixMilli(), int64(len(t.Sealed)), t.Sealed},
		}); err != nil {
			return err
		}
		if err := lock(ctx, tx, thingsLock); err != nil {
			return err
		}
		all, err := number(ctx, tx, `SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM {web_session_things}`)
		if err == nil && all > int64(room.AllBytes) {
			err = session.ErrNoRoom
		}
		return err
	})
}

// makeRoom deletes the oldest things of a session until one more fits.
func makeRoom(ctx context.Context, tx sqldb.Tx, t session.Thing, room session.Room) error {
	type thing struct {
		id   string
		size int64
	}
	scan := func(r sqldb.Rows) (t thing, err error) { return t, r.Scan(&t.id, &t.size) }
	things, size := 1, int64(len(t.Sealed))
	var gone []string
	for old, err := range sqldb.All(ctx, tx, scan,
		`SELECT id, size FROM {web_session_things} WHERE session = $1 ORDER BY n DESC`, t.Session) {
		if err != nil {
			return err
		}
		things, size = things+1, size+old.size
		if things > room.Things || size > int64(room.Bytes) {
			gone = append(gone, old.id)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	d := tx.Dialect()
	return tx.Exec(ctx, sqldb.Statement{
		Text: `DELETE FROM {web_session_things} WHERE session = $1 AND ` + d.In("id", "$2"),
		Args: []any{t.Session, d.List(gone)},
	})
}

// Kept implements [session.Store].
func (s *Store) Kept(ctx context.Context, of, id string, at time.Time) (t session.Thing, err error) {
	err = s.lookup(ctx, func(q sqldb.Querier) error {
		var ends int64
		t = session.Thing{ID: id, Session: of}
		err := sqldb.One(ctx, q, []any{&ends, &t.Sealed}, `SELECT ends, sealed FROM {web_session_things}
			WHERE session = $1 AND id = $2 AND ends > $3`, of, id, at.UnixMilli())
		if errors.Is(err, sqldb.ErrNoRow) {
			return session.ErrNotKept
		}
		t.Ends = instant(ends)
		return err
	})
	return t, err
}

// Drop implements [session.Store].
func (s *Store) Drop(ctx context.Context, of, id string) error {
	return s.update(ctx, func(tx sqldb.Tx) error {
		return tx.Exec(ctx, sqldb.Statement{
			Text: `DELETE FROM {web_session_things} WHERE session = $1 AND id = $2`, Args: []any{of, id},
		})
	})
}

// Leave implements [session.Store].
func (s *Store) Leave(ctx context.Context, d session.Draft, room session.DraftRoom) error {
	most := room.PerOwner
	if d.Owner == "" {
		most = room.Ownerless
	}
	return s.update(ctx, func(tx sqldb.Tx) error {
		if err := tx.Exec(ctx, sqldb.Statement{
			Text: `INSERT INTO {web_session_drafts} (id, owner, made, ends, sealed) VALUES ($1, $2, $3, $4, $5)`,
			Args: []any{d.ID, d.Owner, d.Made.UnixMilli(), d.Ends.UnixMilli(), d.Sealed},
		}); err != nil {
			return err
		}
		if err := lock(ctx, tx, draftsLock); err != nil {
			return err
		}
		// Two of one instant go in the order of their ids; the new one stays.
		if err := tx.Exec(ctx, sqldb.Statement{
			Text: `DELETE FROM {web_session_drafts} WHERE id IN (SELECT id FROM {web_session_drafts}
				WHERE owner = $1 AND id <> $2 ORDER BY made DESC, id DESC LIMIT $4 OFFSET $3)`,
			Args: []any{d.Owner, d.ID, int64(max(1, most) - 1), int64(maxGone)},
		}); err != nil {
			return err
		}
		if d.Owner == "" {
			return nil
		}
		all, err := number(ctx, tx, `SELECT count(*) FROM {web_session_drafts} WHERE owner > ''`)
		if err == nil && all > int64(max(1, room.All)) {
			err = session.ErrFull
		}
		return err
	})
}

// maxGone is more than there are drafts beyond what may be: SQLite has no OFFSET without
// LIMIT.
const maxGone = 1 << 30

// Left implements [session.Store].
func (s *Store) Left(ctx context.Context, id string, at time.Time) (d session.Draft, err error) {
	err = s.lookup(ctx, func(q sqldb.Querier) error {
		var made, ends int64
		d = session.Draft{ID: id}
		err := sqldb.One(ctx, q, []any{&d.Owner, &made, &ends, &d.Sealed}, `SELECT owner, made, ends, sealed
			FROM {web_session_drafts} WHERE id = $1 AND ends > $2`, id, at.UnixMilli())
		if errors.Is(err, sqldb.ErrNoRow) {
			return session.ErrNoDraft
		}
		d.Made, d.Ends = instant(made), instant(ends)
		return err
	})
	return d, err
}

// Take implements [session.Store].
func (s *Store) Take(ctx context.Context, id string) error {
	return s.update(ctx, func(tx sqldb.Tx) error {
		gone, err := texts(ctx, tx, `DELETE FROM {web_session_drafts} WHERE id = $1 RETURNING id`, id)
		if err == nil && len(gone) == 0 {
			err = session.ErrNoDraft
		}
		return err
	})
}

// Sweep implements [session.Store]. The conditions stand twice: PostgreSQL checks the outer
// ones again on a row that another has changed meanwhile.
func (s *Store) Sweep(ctx context.Context, before, at time.Time, n int) (count int, err error) {
	err = s.update(ctx, func(tx sqldb.Tx) error {
		old, now, most := before.UnixMilli(), at.UnixMilli(), int64(n)
		sessions, err := texts(ctx, tx, `DELETE FROM {web_sessions} WHERE ends <= $1 AND id IN (
			SELECT id FROM {web_sessions} WHERE ends <= $1 ORDER BY ends LIMIT $2) RETURNING id`, old, most)
		if err != nil {
			return err
		}
		if err := dropAll(ctx, tx, sessions); err != nil {
			return err
		}
		things, err := texts(ctx, tx, `DELETE FROM {web_session_things} WHERE id IN (
			SELECT id FROM {web_session_things} WHERE ends <= $1 ORDER BY ends LIMIT $2) RETURNING id`, now, most)
		if err != nil {
			return err
		}
		ended, err := texts(ctx, tx, `DELETE FROM {web_session_things} WHERE id IN (
			SELECT t.id FROM {web_session_things} t JOIN {web_sessions} s ON s.id = t.session
			WHERE s.ends <= $1 ORDER BY t.session, t.id LIMIT $2) RETURNING id`, now, most-int64(len(things)))
		if err != nil {
			return err
		}
		drafts, err := texts(ctx, tx, `DELETE FROM {web_session_drafts} WHERE ends <= $1 AND id IN (
			SELECT id FROM {web_session_drafts} WHERE ends <= $1 ORDER BY ends LIMIT $2) RETURNING id`, now, most)
		if err != nil {
			return err
		}
		count = len(sessions) + len(things) + len(ended) + len(drafts)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}
