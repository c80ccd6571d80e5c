package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var (
	records      = newTable("records", 3, "comune", "book", "id", "subject", "state", "at", "expires", "body")
	recordRoutes = newTable("record_routes", 4, "subject", "book", "comune", "id")
)

// putRecordConflict does not change the subject, whose route would stay behind:
// a row with another subject fails, since its column is NOT NULL.
const putRecordConflict = ` ON CONFLICT (comune, book, id) DO UPDATE SET
	subject = CASE WHEN records.subject = excluded.subject THEN excluded.subject END,
	state = excluded.state, at = excluded.at, expires = excluded.expires, body = excluded.body`

// millis is an instant in the database.
func millis(t time.Time) int64 { return t.UnixMilli() }

func scanRecord(row sqldb.Rows) (registry.Record, error) {
	var r registry.Record
	var book string
	var at int64
	var expires sql.NullInt64
	if err := row.Scan(&r.Comune, &book, &r.ID, &r.Subject, &r.State, &at, &expires, &r.Body); err != nil {
		return registry.Record{}, err
	}
	r.Book, r.At = registry.Book(book), time.UnixMilli(at).UTC()
	if expires.Valid {
		r.Expires = time.UnixMilli(expires.Int64).UTC()
	}
	return r, nil
}

// Record implements [registry.BookReader].
func (t *transaction) Record(ctx context.Context, comune string, book registry.Book,
	id string) (registry.Record, error) {
	err := electoral.ErrNotFound
	if storable(comune) && storable(string(book)) && storable(id) {
		if err = t.lock(ctx, comune); err == nil {
			text := `SELECT ` + records.list + ` FROM {records} WHERE comune = $1 AND book = $2 AND id = $3`
			for r, rowErr := range sqldb.All(ctx, t.tx, scanRecord, text, comune, string(book), id) {
				return r, rowErr
			}
			err = electoral.ErrNotFound
		}
	}
	return registry.Record{}, fmt.Errorf("sqlstore: %s %q of %q: %w", book, id, comune, err)
}

// Records implements [registry.BookReader]. An update locks each comune of
// which it finds a record.
func (t *transaction) Records(ctx context.Context, s registry.RecordSearch) iter.Seq2[registry.Record, error] {
	pages := t.recordsOf
	if s.Subject != "" {
		pages = t.recordsAbout
	}
	return func(yield func(registry.Record, error) bool) {
		if s.Comune == "" && s.Subject == "" || !storable(s.Comune) || !storable(s.Subject) ||
			!storable(string(s.Book)) {
			return
		}
		if err := registry.Storable(s.After); err != nil {
			yield(registry.Record{}, fmt.Errorf("sqlstore: records after %q: %w", s.After, err))
			return
		}
		if len(s.States) > 0 {
			if s.States = storables(s.States); len(s.States) == 0 {
				return
			}
		}
		for r, err := range pages(ctx, s) {
			if err != nil {
				err = fmt.Errorf("sqlstore: records of book %s of %q: %w", s.Book, s.Comune, err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// recordsOf yields the records of a comune.
func (t *transaction) recordsOf(ctx context.Context, s registry.RecordSearch) iter.Seq2[registry.Record, error] {
	return paged(func(after *registry.Record, n size) ([]registry.Record, error) {
		if err := t.lock(ctx, s.Comune); err != nil {
			return nil, err
		}
		if after != nil {
			s.After = after.ID
		}
		text := `SELECT ` + records.list + ` FROM {records} WHERE comune = $1 AND book = $2 AND id > $3`
		args := []any{s.Comune, string(s.Book), s.After}
		if len(s.States) > 0 {
			d := t.tx.Dialect()
			text, args = text+` AND `+d.In("state", "$4"), append(args, d.List(s.States))
		}
		return collect(sqldb.All(ctx, t.tx, scanRecord, text+` ORDER BY id`+n.limit(), args...))
	})
}

// recordRoute is where a record about a person is.
type recordRoute struct{ comune, id string }

func scanRoute(r sqldb.Rows) (k recordRoute, err error) { return k, r.Scan(&k.comune, &k.id) }

// recordsAbout yields the records about a person, which are not many.
func (t *transaction) recordsAbout(ctx context.Context, s registry.RecordSearch) iter.Seq2[registry.Record, error] {
	return func(yield func(registry.Record, error) bool) {
		list, err := t.recordsByRoute(ctx, s)
		if err != nil {
			yield(registry.Record{}, err)
			return
		}
		slices.SortFunc(list, func(a, b registry.Record) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Comune, b.Comune))
		})
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (t *transaction) recordsByRoute(ctx context.Context, s registry.RecordSearch) (list []registry.Record, err error) {
	err = t.reread(ctx, func(q sqldb.Querier) error {
		list, err = t.recordsWithin(ctx, q, s)
		return err
	})
	return list, err
}

func (t *transaction) recordsWithin(
	ctx context.Context, q sqldb.Querier, s registry.RecordSearch,
) ([]registry.Record, error) {
	text, args := `SELECT comune, id FROM {record_routes} WHERE subject = $1 AND book = $2`, []any{s.Subject,
		string(s.Book)}
	if s.Comune != "" {
		text, args = text+` AND comune = $3 AND id > $4`, append(args, s.Comune, s.After)
		if err := t.lock(ctx, s.Comune); err != nil {
			return nil, err
		}
	}
	var byComune map[string][]string
	for {
		byComune = map[string][]string{}
		for k, err := range sqldb.All(ctx, q, scanRoute, text, args...) {
			if err != nil {
				return nil, err
			}
			byComune[k.comune] = append(byComune[k.comune], k.id)
		}
		if t.locked == nil {
			break
		}
		// While an update waited for a lock the routes may have changed.
		var missing []string
		for comune := range byComune {
			if t.locked[comune] == nil {
				missing = append(missing, comune)
			}
		}
		if len(missing) == 0 {
			break
		}
		if err := t.lock(ctx, missing...); err != nil {
			return nil, err
		}
	}
	d := q.Dialect()
	text = `SELECT ` + records.list + ` FROM {records} WHERE comune = $1 AND book = $2 AND ` + d.Among("id", "$3")
	var list []registry.Record
	for comune, ids := range byComune {
		found := 0
		for r, err := range sqldb.All(ctx, q, scanRecord, text, comune, string(s.Book), d.List(ids)) {
			if err != nil {
				return nil, err
			}
			found++
			if len(s.States) == 0 || slices.Contains(s.States, r.State) {
				list = append(list, r)
			}
		}
		if found != len(ids) {
			return nil, fmt.Errorf("comune %s does not have %d records to which routes lead: %w", comune,
				len(ids)-found, errDamaged)
		}
	}
	return list, nil
}

// PutRecord implements [registry.BookWriter]. A record with another subject
// than before is refused.
func (t *transaction) PutRecord(ctx context.Context, r registry.Record) error {
	return t.PutRecords(ctx, []registry.Record{r})
}

// recordBatch is how many records are written together.
const recordBatch = 500

// PutRecords implements [registry.BulkBookWriter].
func (t *transaction) PutRecords(ctx context.Context, records []registry.Record) error {
	for part := range slices.Chunk(records, recordBatch) {
		var list []sqldb.Statement
		for _, r := range part {
			more, err := recordStatements(r)
			if err != nil {
				return err
			}
			if err := t.lock(ctx, r.Comune); err != nil {
				return err
			}
			list = append(list, more...)
		}
		if err := t.tx.Exec(ctx, list...); err != nil {
			r := part[0]
			return fmt.Errorf("sqlstore: %s %q of %q, and what is written with it: %w", r.Book, r.ID, r.Comune, err)
		}
	}
	return nil
}

// recordStatements write a record and the route to it.
func recordStatements(r registry.Record) ([]sqldb.Statement, error) {
	if err := registry.Storable(&r); err != nil {
		return nil, fmt.Errorf("sqlstore: record: %w", err)
	}
	row := []any{r.Comune, string(r.Book), r.ID, r.Subject, r.State, millis(r.At), nil, nil}
	if !r.Expires.IsZero() {
		row[6] = millis(r.Expires)
	}
	if r.Body != nil {
		row[7] = r.Body
	}
	list := []sqldb.Statement{{Text: records.insertText + putRecordConflict, Args: row}}
	if r.Subject != "" {
		s := recordRoutes.insert(r.Subject, string(r.Book), r.Comune, r.ID)
		s.Text += ` ON CONFLICT (subject, book, comune, id) DO NOTHING`
		list = append(list, s)
	}
	return list, nil
}

// RemoveRecord implements [registry.BookWriter].
func (t *transaction) RemoveRecord(ctx context.Context, comune string, book registry.Book, id string) error {
	r, err := t.Record(ctx, comune, book, id)
	if err != nil {
		if errors.Is(err, electoral.ErrNotFound) {
			return nil
		}
		return err
	}
	return t.tx.Exec(ctx, records.remove(comune, string(book), id),
		recordRoutes.remove(r.Subject, string(book), comune, id))
}

// expired is a record that has had its time.
type expired struct{ book, id, subject string }

func scanExpired(r sqldb.Rows) (e expired, err error) { return e, r.Scan(&e.book, &e.id, &e.subject) }

// ExpireRecords implements [registry.BookWriter].
func (t *transaction) ExpireRecords(ctx context.Context, comune string, at time.Time) (int, error) {
	if !storable(comune) {
		return 0, nil
	}
	if err := t.lock(ctx, comune); err != nil {
		return 0, err
	}
	d := t.tx.Dialect()
	find := `SELECT book, id, subject FROM {records} WHERE comune = $1 AND expires <= $2` + size(pageSize).limit()
	remove := `DELETE FROM {records} WHERE comune = $1 AND book = $2 AND ` + d.Among("id", "$3")
	for n := 0; ; {
		page, err := collect(sqldb.All(ctx, t.tx, scanExpired, find, comune, millis(at)))
		if err != nil {
			return 0, err
		}
		if len(page) == 0 {
			return n, nil
		}
		byBook := map[string][]string{}
		var list []sqldb.Statement
		for _, e := range page {
			byBook[e.book] = append(byBook[e.book], e.id)
			if e.subject != "" {
				list = append(list, recordRoutes.remove(e.subject, e.book, comune, e.id))
			}
		}
		for book, ids := range byBook {
			list = append(list, sqldb.Statement{Text: remove, Args: []any{comune, book, d.List(ids)}})
		}
		if err := t.tx.Exec(ctx, list...); err != nil {
			return 0, err
		}
		n += len(page)
	}
}
