package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var journal = newTable("journal", 4, "comune", "seq", "anpr_id", "operation", "at", "revision")

func scanEntry(r sqldb.Rows) (registry.JournalEntry, error) {
	var e registry.JournalEntry
	var at int64
	var operation, revision string
	if err := r.Scan(&e.Comune, &e.Seq, &e.ANPRID, &operation, &at, &revision); err != nil {
		return registry.JournalEntry{}, err
	}
	e.At = time.UnixMilli(at).UTC()
	e.Operation, e.Revision = electoral.Operation(operation), electoral.Revision(revision)
	return e, nil
}

// A by says through which index the entries of a search are found. The planner, which
// has no statistics of a purged table, would often be wrong: a column of another index
// is written as an expression that none serves.
type by uint8

const (
	byNumber by = iota
	byTime
	byPerson
)

func (b by) seq() string {
	if b == byNumber {
		return "seq"
	}
	return "(seq + 0)"
}

func (b by) at() string {
	if b == byTime {
		return "at"
	}
	return "(at + 0)"
}

// entries returns the condition that an entry is one of those that a search
// selects, apart from its comune, its ids and the entry that it follows.
func entries(d sqldb.Dialect, s registry.JournalSearch, index by) filter {
	var f filter
	if !s.From.IsZero() {
		f.add(index.at()+` >= `+f.place(0), millis(s.From))
	}
	if !s.To.IsZero() {
		f.add(index.at()+` < `+f.place(0), millis(s.To))
	}
	if len(s.Operations) > 0 {
		f.in(d, "operation", texts(s.Operations), false)
	}
	if len(s.Revisions) > 0 {
		f.in(d, "revision", texts(s.Revisions), false)
	}
	if index == byNumber {
		f = f.filtered(d)
	}
	if s.Since > 0 {
		f.add(index.seq()+` > `+f.place(0), s.Since)
	}
	if s.Until != 0 {
		f.add(index.seq()+` <= `+f.place(0), s.Until)
	}
	return f
}

// indexFor returns the index for a search whose order is that of the numbers: that of
// the instants, if few entries lie between two of them, which are then sorted.
func (t *transaction) indexFor(ctx context.Context, s registry.JournalSearch) (by, error) {
	switch {
	case len(s.ANPRIDs) > 0:
		return byPerson, nil
	case s.From.IsZero() && s.To.IsZero():
		return byNumber, nil
	}
	f := entries(t.tx.Dialect(), registry.JournalSearch{From: s.From, To: s.To}, byTime)
	f.add(`comune = `+f.place(0), s.Comune)
	var more int64
	text := `SELECT 1 FROM {journal} WHERE ` + f.text + ` ORDER BY at LIMIT 1 OFFSET ` + strconv.Itoa(fewTouched)
	err := one(ctx, t.tx, []any{&more}, text, f.args...)
	if errors.Is(err, electoral.ErrNotFound) {
		return byTime, nil
	}
	return byNumber, err
}

// Journal implements [registry.BookReader].
func (t *transaction) Journal(ctx context.Context, s registry.JournalSearch) iter.Seq2[registry.JournalEntry, error] {
	j := journalSearch{transaction: t, s: s}
	pages := paged(func(after *registry.JournalEntry, n size) ([]registry.JournalEntry, error) {
		if after != nil {
			j.s.After = after
		}
		return j.page(ctx, n)
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

type journalSearch struct {
	*transaction
	s     registry.JournalSearch
	index by
	begun bool
}

func (j *journalSearch) page(ctx context.Context, n size) ([]registry.JournalEntry, error) {
	s := j.s
	if !storable(s.Comune) {
		return nil, nil
	}
	// One lower bound, or an engine begins each page at the other.
	if a := s.After; a != nil {
		if s.Since >= a.Seq {
			s.After = nil
		} else {
			s.Since = 0
		}
	}
	if s.After != nil {
		if err := registry.Storable(s.After); err != nil {
			return nil, fmt.Errorf("the entry to go on after: %w", err)
		}
	}
	if err := j.lock(ctx, s.Comune); err != nil {
		return nil, err
	}
	if !j.begun {
		var err error
		if j.index, err = j.indexFor(ctx, s); err != nil {
			return nil, err
		}
		j.begun = true
	}
	d, seq := j.tx.Dialect(), j.index.seq()
	f := entries(d, s, j.index)
	f.add(`comune = `+f.place(0), s.Comune)
	if len(s.ANPRIDs) > 0 {
		f.among(d, "anpr_id", s.ANPRIDs)
	}
	if a := s.After; a != nil {
		f.add(fmt.Sprintf(`(%s, anpr_id, operation) > (%s, %s, %s)`, seq, f.place(0), f.place(1), f.place(2)),
			a.Seq, a.ANPRID, string(a.Operation))
	}
	if f.never {
		return nil, nil
	}
	text := `SELECT ` + journal.list + ` FROM {journal} WHERE ` + f.text + ` ORDER BY ` + seq +
		`, anpr_id, operation` + n.limit()
	return collect(sqldb.All(ctx, j.tx, scanEntry, text, f.args...))
}

// Sequence implements [registry.BookReader].
func (t *transaction) Sequence(ctx context.Context, comune string) (registry.Sequence, error) {
	if !storable(comune) {
		return registry.Sequence{}, nil
	}
	if err := t.lock(ctx, comune); err != nil {
		return registry.Sequence{}, err
	}
	var s registry.Sequence
	err := one(ctx, t.tx, []any{&s.Last, &s.Forgotten},
		`SELECT seq, forgotten FROM {comune_locks} WHERE comune = $1`, comune)
	if err != nil && !errors.Is(err, electoral.ErrNotFound) {
		return registry.Sequence{}, fmt.Errorf("sqlstore: sequence of %q: %w", comune, err)
	}
	return s, nil
}

// NextSeq implements [registry.BookWriter].
func (t *transaction) NextSeq(ctx context.Context, comune string) (int64, error) {
	if !storable(comune) {
		return 0, fmt.Errorf("sqlstore: comune %q: expected UTF-8 without U+0000", comune)
	}
	if err := t.lock(ctx, comune); err != nil {
		return 0, err
	}
	take, err := t.takeSeq(ctx, comune)
	if err == nil {
		err = t.tx.Exec(ctx, take...)
	}
	if err != nil {
		return 0, fmt.Errorf("sqlstore: sequence of %q: %w", comune, err)
	}
	return t.locked[comune].seq, nil
}

// takeSeq gives this update its number in a comune that it has locked, and returns the
// statement that writes it; none if it had one.
func (t *transaction) takeSeq(ctx context.Context, comune string) ([]sqldb.Statement, error) {
	h := t.locked[comune]
	if h.taken {
		return nil, nil
	}
	if !h.known {
		s, err := t.Sequence(ctx, comune)
		if err != nil {
			return nil, err
		}
		h.seq = s.Last
	}
	h.seq, h.known, h.taken = h.seq+1, true, true
	return []sqldb.Statement{{
		Text: `INSERT INTO {comune_locks} (comune, seq) VALUES ($1, $2) ON CONFLICT (comune) DO UPDATE SET seq = excluded.seq`,
		Args: []any{comune, h.seq},
	}}, nil
}

// entryKey is what makes an entry the same as another of its comune and update.
type entryKey struct{ id, operation string }

func keyOf(e registry.JournalEntry) entryKey { return entryKey{e.ANPRID, string(e.Operation)} }

func scanKey(r sqldb.Rows) (k entryKey, err error) { return k, r.Scan(&k.id, &k.operation) }

// fewNoted is the most entries of a comune that are written with a statement
// each.
const fewNoted = 20

// Note implements [registry.BookWriter]. Some thousands of entries of a comune
// in a call are as fast as more.
func (t *transaction) Note(ctx context.Context, list ...registry.JournalEntry) error {
	byComune := map[string][]registry.JournalEntry{}
	for _, e := range list {
		if err := registry.Storable(&e); err != nil {
			return fmt.Errorf("sqlstore: journal: %w", err)
		}
		byComune[e.Comune] = append(byComune[e.Comune], e)
	}
	comuni := slices.Sorted(maps.Keys(byComune))
	if err := t.lock(ctx, comuni...); err != nil {
		return err
	}
	var statements []sqldb.Statement
	for _, comune := range comuni {
		take, err := t.takeSeq(ctx, comune)
		if err != nil {
			return err
		}
		statements = append(statements, take...)
		entries := byComune[comune]
		for i := range entries {
			entries[i].Seq = t.locked[comune].seq
		}
		if len(entries) > fewNoted {
			if err := t.noteMany(ctx, comune, entries, len(take) > 0); err != nil {
				return err
			}
			continue
		}
		for _, e := range entries {
			s := journal.insert(entryRow(nil, e)...)
			s.Text += ` ON CONFLICT (comune, seq, anpr_id, operation) DO NOTHING`
			statements = append(statements, s)
		}
	}
	return t.tx.Exec(ctx, statements...)
}

func entryRow(row []any, e registry.JournalEntry) []any {
	return append(row[:0], e.Comune, e.Seq, e.ANPRID, string(e.Operation), millis(e.At), string(e.Revision))
}

// noteMany copies the entries of a comune that are not in the journal yet,
// since a copy fails at one that is.
func (t *transaction) noteMany(ctx context.Context, comune string, list []registry.JournalEntry, first bool) error {
	there := make(map[entryKey]bool, len(list))
	if !first { // of this update there may be some
		var err error
		if there, err = t.there(ctx, comune, list); err != nil {
			return fmt.Errorf("sqlstore: journal of %q: %w", comune, err)
		}
	}
	fresh := slices.DeleteFunc(list, func(e registry.JournalEntry) bool {
		k := keyOf(e)
		twice := there[k]
		there[k] = true
		return twice
	})
	row := make([]any, 0, len(journal.columns))
	return t.tx.Copy(ctx, journal.name, journal.columns, len(fresh), func(i int) ([]any, error) {
		row = entryRow(row, fresh[i])
		return row, nil
	})
}

// there returns which entries of a comune this update has noted; others of it may be
// among them.
func (t *transaction) there(ctx context.Context, comune string,
	list []registry.JournalEntry) (map[entryKey]bool, error) {
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = e.ANPRID
	}
	there := make(map[entryKey]bool, len(list))
	seq := list[0].Seq
	// In the order of the ids no entry of an update lies between two of a chunk, where
	// a first load notes them.
	var some int64
	err := sqldb.One(ctx, t.tx, []any{&some},
		`SELECT 1 FROM {journal} WHERE comune = $1 AND seq = $2 AND anpr_id >= $3 AND anpr_id <= $4 LIMIT 1`,
		comune, seq, slices.Min(ids), slices.Max(ids))
	if errors.Is(err, sqldb.ErrNoRow) {
		return there, nil
	}
	if err != nil {
		return nil, err
	}
	d := t.tx.Dialect()
	text := `SELECT anpr_id, operation FROM {journal} WHERE comune = $1 AND seq = $2 AND ` + d.Among("anpr_id", "$3")
	for k, err := range sqldb.All(ctx, t.tx, scanKey, text, comune, seq, d.List(ids)) {
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
	const which = ` FROM {journal} WHERE comune = $1 AND at < $2`
	var n, last int64
	if err := one(ctx, t.tx, []any{&n, &last}, `SELECT count(*), COALESCE(max(seq + 0), 0)`+which, comune,
		millis(before)); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, nil
	}
	return int(n), t.tx.Exec(ctx, sqldb.Statement{Text: `DELETE` + which, Args: []any{comune, millis(before)}},
		sqldb.Statement{Text: `UPDATE {comune_locks} SET forgotten = CASE WHEN forgotten > $1 THEN forgotten ELSE $1 END ` +
			`WHERE comune = $2`, Args: []any{last, comune}})
}
