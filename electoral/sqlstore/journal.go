package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var operations = newTable("operations", 4, "comune", "anpr_id", "at", "operation", "revision")

func scanEntry(r sqldb.Rows) (registry.JournalEntry, error) {
	var e registry.JournalEntry
	var at int64
	var operation, revision string
	if err := r.Scan(&e.Comune, &e.ANPRID, &at, &operation, &revision); err != nil {
		return registry.JournalEntry{}, err
	}
	e.At = time.UnixMilli(at).UTC()
	e.Operation, e.Revision = electoral.Operation(operation), electoral.Revision(revision)
	return e, nil
}

// entries returns the condition that an entry is one of those that a search
// selects, apart from its comune, its ids and the entry that it follows. at is
// the column of the instant, as it is or as an expression that no index serves.
func entries(d sqldb.Dialect, s registry.JournalSearch, at string) filter {
	var f filter
	if !s.From.IsZero() {
		f.add(at+` >= `+f.place(0), millis(s.From))
	}
	if !s.To.IsZero() {
		f.add(at+` < `+f.place(0), millis(s.To))
	}
	if len(s.Operations) > 0 {
		f.in(d, "operation", texts(s.Operations), false)
	}
	if len(s.Revisions) > 0 {
		f.in(d, "revision", texts(s.Revisions), false)
	}
	return f
}

// noIndex is the instant of an entry where the key, and not the index by time,
// gives the order: the planner, which has no statistics of a purged table,
// would often be wrong.
const noIndex = "(at + 0)"

// Journal implements [registry.BookReader].
func (t *transaction) Journal(ctx context.Context, s registry.JournalSearch) iter.Seq2[registry.JournalEntry, error] {
	pages := paged(func(after *registry.JournalEntry, n size) ([]registry.JournalEntry, error) {
		if after != nil {
			s.After = after
		}
		return t.journalPage(ctx, s, n)
	})
	return func(yield func(registry.JournalEntry, error) bool) {
		for e, err := range pages {
			if err != nil {
				err = fmt.Errorf("sqlstore: journal of %q: %w", s.Comune, err)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (t *transaction) journalPage(ctx context.Context, s registry.JournalSearch,
	n size) ([]registry.JournalEntry, error) {
	if !storable(s.Comune) {
		return nil, nil
	}
	// One lower bound, or an engine begins each page at the other.
	if a := s.After; a != nil && !s.From.IsZero() {
		if millis(s.From) > millis(a.At) {
			s.After = nil
		} else {
			s.From = time.Time{}
		}
	}
	if a := s.After; a != nil && (!storable(a.ANPRID) || !storable(string(a.Operation))) {
		return nil, fmt.Errorf("the entry to go on after: expected UTF-8 without U+0000")
	}
	if err := t.lock(ctx, s.Comune); err != nil {
		return nil, err
	}
	d, at := t.tx.Dialect(), "at"
	if len(s.ANPRIDs) > 0 {
		at = noIndex
	}
	f := entries(d, s, at)
	f.add(`comune = `+f.place(0), s.Comune)
	if len(s.ANPRIDs) > 0 {
		f.in(d, "anpr_id", s.ANPRIDs, false)
	}
	if a := s.After; a != nil {
		f.add(fmt.Sprintf(`(%s, anpr_id, operation) > (%s, %s, %s)`, at, f.place(0), f.place(1), f.place(2)),
			millis(a.At), a.ANPRID, string(a.Operation))
	}
	if f.never {
		return nil, nil
	}
	text := `SELECT ` + operations.list + ` FROM {operations} WHERE ` + f.text + ` ORDER BY ` + at +
		`, anpr_id, operation` + n.limit()
	return collect(sqldb.All(ctx, t.tx, scanEntry, text, f.args...))
}

// entryKey is what makes an entry the same as another of its comune.
type entryKey struct {
	id        string
	at        int64
	operation string
}

func keyOf(e registry.JournalEntry) entryKey {
	return entryKey{e.ANPRID, millis(e.At), string(e.Operation)}
}

func scanKey(r sqldb.Rows) (k entryKey, err error) { return k, r.Scan(&k.id, &k.at, &k.operation) }

// fewNoted is the most entries of a comune that are written with a statement
// each.
const fewNoted = 20

// Note implements [registry.BookWriter]. Some thousands of entries of a comune
// in a call are as fast as more.
func (t *transaction) Note(ctx context.Context, list ...registry.JournalEntry) error {
	byComune := map[string][]registry.JournalEntry{}
	row := make([]any, 0, len(operations.columns))
	for _, e := range list {
		if err := operations.check(entryRow(row, e)); err != nil {
			return err
		}
		byComune[e.Comune] = append(byComune[e.Comune], e)
	}
	if err := t.lock(ctx, slices.Collect(maps.Keys(byComune))...); err != nil {
		return err
	}
	var statements []sqldb.Statement
	for comune, entries := range byComune {
		if len(entries) > fewNoted {
			if err := t.noteMany(ctx, comune, entries); err != nil {
				return err
			}
			continue
		}
		for _, e := range entries {
			s := operations.insert(entryRow(nil, e)...)
			s.Text += ` ON CONFLICT (comune, anpr_id, at, operation) DO NOTHING`
			statements = append(statements, s)
		}
	}
	return t.tx.Exec(ctx, statements...)
}

func entryRow(row []any, e registry.JournalEntry) []any {
	return append(row[:0], e.Comune, e.ANPRID, millis(e.At), string(e.Operation), string(e.Revision))
}

// noteMany copies the entries of a comune that are not in the journal yet,
// since a copy fails at one that is. The comune is locked, so that no entry is
// added meanwhile.
func (t *transaction) noteMany(ctx context.Context, comune string, list []registry.JournalEntry) error {
	there, err := t.there(ctx, comune, list)
	if err != nil {
		return fmt.Errorf("sqlstore: journal of %q: %w", comune, err)
	}
	fresh := slices.DeleteFunc(list, func(e registry.JournalEntry) bool {
		k := keyOf(e)
		twice := there[k]
		there[k] = true
		return twice
	})
	row := make([]any, 0, len(operations.columns))
	return t.tx.Copy(ctx, operations.name, operations.columns, len(fresh), func(i int) ([]any, error) {
		row = entryRow(row, fresh[i])
		return row, nil
	})
}

// there returns which entries of a comune are in the journal; others may be
// among them.
func (t *transaction) there(ctx context.Context, comune string,
	list []registry.JournalEntry) (map[entryKey]bool, error) {
	ids := make([]string, len(list))
	first, last := millis(list[0].At), millis(list[0].At)
	for i, e := range list {
		ids[i] = e.ANPRID
		first, last = min(first, millis(e.At)), max(last, millis(e.At))
	}
	there := make(map[entryKey]bool, len(list))
	if first == last {
		// What a first load notes has one instant, and in the order of the ids
		// no entry of it lies between two of a chunk.
		var one int64
		err := sqldb.One(ctx, t.tx, []any{&one},
			`SELECT 1 FROM {operations} WHERE comune = $1 AND at = $2 AND anpr_id >= $3 AND anpr_id <= $4 LIMIT 1`,
			comune, first, slices.Min(ids), slices.Max(ids))
		if errors.Is(err, sqldb.ErrNoRow) {
			return there, nil
		}
		if err != nil {
			return nil, err
		}
	}
	d := t.tx.Dialect()
	text := `SELECT anpr_id, at, operation FROM {operations} WHERE comune = $1 AND ` + d.In("anpr_id", "$2") + ` AND ` +
		noIndex + ` >= $3 AND ` + noIndex + ` <= $4`
	for k, err := range sqldb.All(ctx, t.tx, scanKey, text, comune, d.List(ids), first, last) {
		if err != nil {
			return nil, err
		}
		there[k] = true
	}
	return there, nil
}

// Forget implements [registry.BookWriter].
func (t *transaction) Forget(ctx context.Context, comune string, before time.Time) (int, error) {
	if !storable(comune) {
		return 0, nil
	}
	if err := t.lock(ctx, comune); err != nil {
		return 0, err
	}
	const which = ` FROM {operations} WHERE comune = $1 AND at < $2`
	var n int64
	if err := one(ctx, t.tx, []any{&n}, `SELECT count(*)`+which, comune, millis(before)); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, nil
	}
	return int(n), t.tx.Exec(ctx, sqldb.Statement{Text: `DELETE` + which, Args: []any{comune, millis(before)}})
}
