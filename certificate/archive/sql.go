package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// ErrPurgeBlocked is wrapped by the error of [SQL.Sweep] and [SQL.Purge] if an
// open transaction, of this program or of another, kept them from finishing.
// Call again.
var ErrPurgeBlocked = erasure.ErrBlocked

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

// SQL is a [certificate.Archive] in a SQL database. It is safe for concurrent
// use, and several processes may use one database. When a call returns, what it
// has committed is durable. Its tables may stand in the database of package
// electoral/sqlstore, but on SQLite a file of their own is better: each sweep that
// deletes something reads the whole file.
type SQL struct {
	db *sqldb.DB
	// unpurged reports that keys were deleted and the files may still hold
	// them. It is true after opening, because nobody knows what happened
	// before.
	unpurged atomic.Bool
	wait     time.Duration // of the purge of a sweep; zero means the usual
}

var _ certificate.Archive = (*SQL)(nil)

// Close closes the database, after the calls that are in progress.
func (s *SQL) Close() error {
	if s.db == nil {
		return ErrClosed
	}
	return s.db.Close()
}

// part returns the value of the column by which the tables of documents and
// keys may be distributed. isID has accepted the id.
func part(id string) string { return id[:2] }

// Put implements [certificate.Archive].
func (s *SQL) Put(ctx context.Context, d certificate.Archived) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := check(d); err != nil {
		return err
	}
	key, h := newKey(), headerOf(d)
	head, err := h.bytes()
	if err != nil {
		return err
	}
	sum, err := mac(key, head)
	if err != nil {
		return err
	}
	body, err := encrypt(nil, key, head, d.PDF, d.Embedded)
	if err != nil {
		return err
	}
	return update(ctx, s.db, func(tx sqldb.Tx) error {
		for _, q := range []struct {
			text string
			args []any
		}{
			{`SELECT count(*) FROM {certificate_requests} WHERE request_key = $1`, []any{h.RequestKey}},
			{`SELECT count(*) FROM {certificate_documents} WHERE part = $1 AND id = $2`, []any{part(h.ID), h.ID}},
		} {
			var n int64
			if err := sqldb.One(ctx, tx, []any{&n}, q.text, q.args...); err != nil {
				return err
			}
			if n > 0 {
				return fmt.Errorf("archive: %s: %w", h.ID, certificate.ErrArchived)
			}
		}
		list := []sqldb.Statement{
			{Text: `INSERT INTO {certificate_requests} (request_key, id) VALUES ($1, $2)`,
				Args: []any{h.RequestKey, h.ID}},
			{Text: `INSERT INTO {certificate_keys} (part, id, secret) VALUES ($1, $2, $3)`,
				Args: []any{part(h.ID), h.ID, key}},
			{Text: `INSERT INTO {certificate_documents}
				(part, id, request_key, payload_key, owner, comune, kind, issued_at, expires, mac, body)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
				Args: []any{part(h.ID), h.ID, h.RequestKey, h.PayloadKey, h.Owner, h.Comune, h.Kind,
					h.IssuedAt, h.Expires, sum, body[:min(piece, len(body))]}},
			{Text: `INSERT INTO {certificate_owners} (owner, issued_at, id) VALUES ($1, $2, $3)`,
				Args: []any{h.Owner, h.IssuedAt, h.ID}},
		}
		for n := 1; n*piece < len(body); n++ {
			list = append(list, sqldb.Statement{Text: `INSERT INTO {certificate_pieces} (part, id, n, body) VALUES ($1, $2, $3, $4)`,
				Args: []any{part(h.ID), h.ID, int64(n), body[n*piece : min((n+1)*piece, len(body))]}})
		}
		return tx.Exec(ctx, list...)
	})
}

// piece is how many bytes of a document's content stand in one row: two rows fit on a page
// of PostgreSQL, which keeps none of them out of line then, so that a purge can move them.
const piece = 3700

// A row is a document as the tables hold it.
type row struct {
	header
	mac, key, body []byte
}

const headerColumns = `d.id, d.request_key, d.payload_key, d.owner, d.comune, d.kind,
	d.issued_at, d.expires, d.mac, k.secret`

// fromTables joins a document with its key; both have the same part.
const fromTables = ` FROM {certificate_documents} d JOIN {certificate_keys} k ON k.part = d.part AND k.id = d.id`

func (r *row) dest() []any {
	r.Version = version
	return []any{&r.ID, &r.RequestKey, &r.PayloadKey, &r.Owner, &r.Comune, &r.Kind,
		&r.IssuedAt, &r.Expires, &r.mac, &r.key}
}

// check returns the header's bytes if the header is the one that was kept.
func (r *row) check() ([]byte, error) {
	head, err := r.bytes()
	if err == nil {
		err = checkMAC(r.key, head, r.mac)
	}
	if err != nil {
		return nil, fmt.Errorf("document %.26q: %w", r.ID, err)
	}
	return head, nil
}

// Get implements [certificate.Archive].
func (s *SQL) Get(ctx context.Context, id string) (certificate.Archived, error) {
	none := certificate.Archived{}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if !isID(id) {
		return none, fmt.Errorf("archive: %w", certificate.ErrNotArchived)
	}
	r, err := s.row(ctx, id)
	if err != nil {
		return none, err
	}
	head, err := r.check()
	if err != nil {
		return none, err
	}
	out := r.archived()
	if out.PDF, out.Embedded, err = decrypt(r.key, head, r.body); err != nil {
		// It may have been deleted while it was read.
		if _, gone := s.row(ctx, id); errors.Is(gone, certificate.ErrNotArchived) {
			return none, gone
		}
		return none, fmt.Errorf("document %s: %w", id, err)
	}
	return out, nil
}

// row reads a document with its content.
func (s *SQL) row(ctx context.Context, id string) (r row, err error) {
	bytes := func(r sqldb.Rows) (b []byte, err error) { return b, r.Scan(&b) }
	err = lookup(ctx, s.db, func(q sqldb.Querier) error {
		r = row{}
		if err := sqldb.One(ctx, q, append(r.dest(), &r.body),
			`SELECT `+headerColumns+`, d.body`+fromTables+` WHERE d.part = $1 AND k.part = $1 AND d.id = $2`,
			part(id), id); err != nil {
			return err
		}
		if len(r.body) < piece {
			return nil
		}
		for b, err := range sqldb.All(ctx, q, bytes, `SELECT body FROM {certificate_pieces}
			WHERE part = $1 AND id = $2 ORDER BY part, id, n`, part(id), id) {
			if err != nil {
				return err
			}
			r.body = append(r.body, b...)
		}
		return nil
	})
	if errors.Is(err, sqldb.ErrNoRow) {
		err = fmt.Errorf("archive: %s: %w", id, certificate.ErrNotArchived)
	}
	return r, err
}

// ByRequest implements [certificate.Archive].
func (s *SQL) ByRequest(ctx context.Context, requestKey string) (certificate.Archived, error) {
	none := certificate.Archived{}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	var id string
	err := sqldb.ErrNoRow
	if isDigest(requestKey) {
		err = lookup(ctx, s.db, func(q sqldb.Querier) error {
			return sqldb.One(ctx, q, []any{&id}, `SELECT id FROM {certificate_requests} WHERE request_key = $1`,
				requestKey)
		})
	}
	if errors.Is(err, sqldb.ErrNoRow) {
		return none, fmt.Errorf("archive: %w", certificate.ErrNotArchived)
	}
	if err != nil {
		return none, err
	}
	d, err := s.Get(ctx, id)
	if err == nil && d.RequestKey != requestKey {
		return none, fmt.Errorf("document %s: %w: it answers another request than the index says", d.ID, ErrCorrupt)
	}
	return d, err
}

// ownedPage is how many documents of an owner are read at once; most owners
// have only a few.
const ownedPage = 100

// Owned implements [certificate.Archive]. Among documents of the same instant
// the one with the greater ID comes first.
func (s *SQL) Owned(ctx context.Context, owner string) iter.Seq2[certificate.Archived, error] {
	return func(yield func(certificate.Archived, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(certificate.Archived{}, err)
			return
		}
		if !isDigest(owner) {
			return
		}
		before := place{at: maxMillis}
		for {
			places, err := s.places(ctx, owner, before)
			if err != nil {
				yield(certificate.Archived{}, err)
				return
			}
			found, err := s.headers(ctx, places)
			if err != nil {
				yield(certificate.Archived{}, err)
				return
			}
			for _, p := range places {
				d, ok := found[p.id] // false if it was deleted meanwhile
				if !ok || d.Owner != owner {
					continue
				}
				if err := ctx.Err(); err != nil {
					yield(certificate.Archived{}, err)
					return
				}
				if !yield(d, nil) {
					return
				}
			}
			if len(places) < ownedPage {
				return
			}
			before = places[len(places)-1]
		}
	}
}

// A place is a position in the list of an owner's documents.
type place struct {
	at int64
	id string
}

const maxMillis = 1<<63 - 1

// places reads a page of an owner's list.
func (s *SQL) places(ctx context.Context, owner string, before place) (list []place, err error) {
	scan := func(r sqldb.Rows) (p place, err error) { return p, r.Scan(&p.at, &p.id) }
	err = lookup(ctx, s.db, func(q sqldb.Querier) error {
		list = list[:0]
		text := `SELECT issued_at, id FROM {certificate_owners} WHERE owner = $1 AND (issued_at, id) < ($2, $3)
			ORDER BY issued_at DESC, id DESC LIMIT ` + fmt.Sprint(ownedPage)
		for p, err := range sqldb.All(ctx, q, scan, text, owner, before.at, before.id) {
			if err != nil {
				return err
			}
			list = append(list, p)
		}
		return nil
	})
	return list, err
}

// headers reads documents without their content.
func (s *SQL) headers(ctx context.Context, list []place) (found map[string]certificate.Archived, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	var parts, ids []string
	for _, p := range list {
		if !isID(p.id) {
			return nil, fmt.Errorf("%w: in an owner's list stands %.26q, expected an ID", ErrCorrupt, p.id)
		}
		parts, ids = append(parts, part(p.id)), append(ids, p.id)
	}
	scan := func(rows sqldb.Rows) (r row, err error) { return r, rows.Scan(r.dest()...) }
	err = lookup(ctx, s.db, func(q sqldb.Querier) error {
		d := q.Dialect()
		found = map[string]certificate.Archived{}
		for r, err := range sqldb.All(ctx, q, scan,
			`SELECT `+headerColumns+fromTables+` WHERE `+d.In("d.part", "$1")+` AND `+d.In("d.id", "$2"),
			d.List(parts), d.List(ids)) {
			if err == nil {
				_, err = r.check()
			}
			if err != nil {
				return err
			}
			found[r.ID] = r.archived()
		}
		return nil
	})
	return found, err
}

// Sweep implements [certificate.Archive]. It deletes all expired documents in
// one transaction. Then it purges the keys from the files, so that the remains
// of the documents there cannot be read; on SQLite it purges the documents too.
// The purge goes on even if the context is cancelled, and stops neither issue nor
// download. If the purge is blocked,
// Sweep returns how many documents were deleted and an error wrapping
// [ErrPurgeBlocked]; the next Sweep purges again. So it does with [ErrDenied] if on
// PostgreSQL the user does not own the tables.
func (s *SQL) Sweep(ctx context.Context, at time.Time) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	err := update(ctx, s.db, func(tx sqldb.Tx) error {
		n = 0
		for _, first := range alphabet {
			gone, err := expired(ctx, tx, string(first), at.UnixMilli())
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, gone.statements(tx.Dialect())...); err != nil {
				return err
			}
			n += len(gone.ids)
		}
		if n > 0 {
			// Set before the commit, which may succeed although its answer is lost.
			s.unpurged.Store(true)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if !s.unpurged.Swap(false) {
		return n, nil
	}
	if _, err := s.purge(context.WithoutCancel(ctx), erasure.Config{Wait: s.wait}, "certificate_keys"); err != nil {
		s.unpurged.Store(true)
		return n, err
	}
	return n, nil
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// A batch is a set of deleted documents; the same index in each list belongs to
// the same document.
type batch struct{ parts, ids, requests, owners []string }

// expired deletes the expired documents whose id begins with a letter. It
// returns the keys of the rows that lead to them.
func expired(ctx context.Context, tx sqldb.Tx, first string, at int64) (batch, error) {
	var parts []string
	for _, second := range alphabet {
		parts = append(parts, first+string(second))
	}
	var gone batch
	scan := func(r sqldb.Rows) (b [4]string, err error) { return b, r.Scan(&b[0], &b[1], &b[2], &b[3]) }
	text := `DELETE FROM {certificate_documents} WHERE ` + tx.Dialect().In("part", "$1") + ` AND expires <= $2
		RETURNING part, id, request_key, owner`
	for b, err := range sqldb.All(ctx, tx, scan, text, tx.Dialect().List(parts), at) {
		if err != nil {
			return gone, err
		}
		gone.parts, gone.ids = append(gone.parts, b[0]), append(gone.ids, b[1])
		gone.requests, gone.owners = append(gone.requests, b[2]), append(gone.owners, b[3])
	}
	return gone, nil
}

// statements delete the keys of the documents and the rows that lead to them.
func (b batch) statements(d sqldb.Dialect) []sqldb.Statement {
	if len(b.ids) == 0 {
		return nil
	}
	return []sqldb.Statement{
		{Text: `DELETE FROM {certificate_keys} WHERE ` + d.In("part", "$1") + ` AND ` + d.In("id", "$2"),
			Args: []any{d.List(b.parts), d.List(b.ids)}},
		{Text: `DELETE FROM {certificate_pieces} WHERE ` + d.In("part", "$1") + ` AND ` + d.In("id", "$2"),
			Args: []any{d.List(b.parts), d.List(b.ids)}},
		{Text: `DELETE FROM {certificate_requests} WHERE ` + d.In("request_key", "$1"), Args: []any{d.List(b.requests)}},
		{Text: `DELETE FROM {certificate_owners} WHERE ` + d.In("owner", "$1") + ` AND ` + d.In("id", "$2"),
			Args: []any{d.List(b.owners), d.List(b.ids)}},
	}
}

// purgeMarks is the table in which PostgreSQL has what was changed since the last purge.
const purgeMarks = "certificate_purge_marks"

// Purge leaves no byte of a document that was deleted before the call in the files of
// tables and indexes, neither of its header nor of its encrypted content, and none of its
// key. It may run while documents are issued and read: see the Purge of package
// electoral/sqlstore for what others wait for, and what it takes.
func (s *SQL) Purge(ctx context.Context, c erasure.Config) (erasure.Report, error) {
	return s.purge(ctx, c, "certificate_keys", "certificate_documents", "certificate_pieces", "certificate_requests",
		"certificate_owners")
}

func (s *SQL) purge(ctx context.Context, c erasure.Config, tables ...string) (erasure.Report, error) {
	if s.db == nil {
		return erasure.Report{}, ErrClosed
	}
	return s.db.Purge(ctx, sqldb.Purge{Tables: tables, Marks: purgeMarks}, c)
}

// PurgeLog leaves no key in the write-ahead log of PostgreSQL's server, which
// holds each inserted key until the server uses that file again; this may take
// long. Call it after [SQL.Sweep], which does not do it: the log is that of the
// whole server, with all its databases. It takes a superuser, or a member of
// pg_checkpoint and pg_monitor who may execute pg_switch_wal, and may write as
// much as max_wal_size. It cannot reach copies of the log in a log archive or
// on a replica; if the server holds files for them, the error wraps
// [ErrPurgeBlocked]. On SQLite it does nothing.
func (s *SQL) PurgeLog(ctx context.Context) error {
	if s.db == nil {
		return ErrClosed
	}
	return s.db.PurgeLog(ctx)
}

// lookup reads what is committed.
func lookup(ctx context.Context, db *sqldb.DB, fn func(sqldb.Querier) error) error {
	if db == nil {
		return ErrClosed
	}
	return db.Lookup(ctx, fn)
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
