package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A Store keeps everything in memory, for tests and for small tools.
// Nothing survives the process. The zero Store is empty and ready to use.
type Store struct {
	mu    sync.RWMutex
	state memoryState
}

type sectionKey struct{ comune, number string }

type storedElector struct {
	home string
	electoral.Elector
}

type recordKey struct {
	comune string
	book   registry.Book
	id     string
}

type journalKey struct {
	comune    string
	seq       int64
	id        string
	operation electoral.Operation
}

// journalValue is the rest of an entry, with an instant that can be compared.
type journalValue struct {
	at       int64 // milliseconds
	revision electoral.Revision
}

// layer is a map over another one, of which it may also hide entries.
type layer[K comparable, V any] struct {
	base *layer[K, V]
	own  map[K]V
	gone map[K]bool
}

func newLayer[K comparable, V any](base *layer[K, V]) layer[K, V] {
	return layer[K, V]{base, map[K]V{}, map[K]bool{}}
}

func (l *layer[K, V]) get(k K) (V, bool) {
	if v, ok := l.own[k]; ok || l.base == nil || l.gone[k] {
		return v, ok
	}
	return l.base.get(k)
}

func (l *layer[K, V]) put(k K, v V) { l.own[k] = v }

func (l *layer[K, V]) remove(k K) {
	delete(l.own, k)
	l.gone[k] = true
}

// all yields what the layers hold, in no order.
func (l *layer[K, V]) all(yield func(K, V) bool) {
	for k, v := range l.own {
		if !yield(k, v) {
			return
		}
	}
	if l.base == nil {
		return
	}
	for k, v := range l.base.all {
		if _, newer := l.own[k]; !newer && !l.gone[k] && !yield(k, v) {
			return
		}
	}
}

// merge takes the changes of the layer above into l for good.
func (l *layer[K, V]) merge(over layer[K, V]) {
	for k := range over.gone {
		delete(l.own, k)
	}
	maps.Copy(l.own, over.own)
}

type memoryState struct {
	sections layer[sectionKey, electoral.Section]
	electors layer[string, storedElector]
	records  layer[recordKey, registry.Record]
	journal  layer[journalKey, journalValue]
	numbers  layer[string, registry.Sequence] // by comune
	taken    map[string]bool                  // the comuni in which this update has its number
	over     *atomic.Bool                     // the call that gave it has ended; nil in the store itself
}

// usable returns an error if the call that gave a reader or writer has ended.
func (s *memoryState) usable(ctx context.Context) error {
	if s.over != nil && s.over.Load() {
		return registry.ErrEnded
	}
	return ctx.Err()
}

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{state: newState()}
}

func newState() memoryState {
	return memoryState{
		sections: newLayer[sectionKey, electoral.Section](nil),
		electors: newLayer[string, storedElector](nil),
		records:  newLayer[recordKey, registry.Record](nil),
		journal:  newLayer[journalKey, journalValue](nil),
		numbers:  newLayer[string, registry.Sequence](nil),
	}
}

var errNoFunction = errors.New("memory: the function is nil")

// View implements [registry.Store].
func (m *Store) View(ctx context.Context, fn func(registry.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if fn == nil {
		return errNoFunction
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := m.state // its maps are the store's
	s.over = new(atomic.Bool)
	defer s.over.Store(true)
	return fn(&s)
}

// Update implements [registry.Store]. All updates exclude each other.
func (m *Store) Update(ctx context.Context, fn func(registry.Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if fn == nil {
		return errNoFunction
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.state
	if s.sections.own == nil {
		*s = newState()
	}
	tx := memoryState{
		sections: newLayer(&s.sections), electors: newLayer(&s.electors),
		records: newLayer(&s.records), journal: newLayer(&s.journal), numbers: newLayer(&s.numbers),
		over: new(atomic.Bool), taken: map[string]bool{},
	}
	defer tx.over.Store(true)
	if err := fn(&tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.sections.merge(tx.sections)
	s.electors.merge(tx.electors)
	s.records.merge(tx.records)
	s.journal.merge(tx.journal)
	s.numbers.merge(tx.numbers)
	return nil
}

func (s *memoryState) Elector(ctx context.Context, anprID string) (electoral.Elector, string, error) {
	if err := s.usable(ctx); err != nil {
		return electoral.Elector{}, "", err
	}
	e, ok := s.electors.get(anprID)
	if !ok {
		return electoral.Elector{}, "", fmt.Errorf("elector %s: %w", anprID, electoral.ErrNotFound)
	}
	return e.Clone(), e.home, nil
}

func (s *memoryState) Section(ctx context.Context, comune, number string) (electoral.Section, error) {
	if err := s.usable(ctx); err != nil {
		return electoral.Section{}, err
	}
	sec, ok := s.sections.get(sectionKey{comune, number})
	if !ok {
		return electoral.Section{}, fmt.Errorf("section %s of %s: %w", number, comune, electoral.ErrNotFound)
	}
	return sec.Clone(), nil
}

// sorted yields copies of what is kept, in an order.
func sorted[T any](ctx context.Context, list []T, order func(a, b T) int, clone func(T) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		slices.SortFunc(list, order)
		for _, v := range list {
			if err := ctx.Err(); err != nil {
				var none T
				yield(none, err)
				return
			}
			if !yield(clone(v), nil) {
				return
			}
		}
	}
}

// failed yields an error.
func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}

func (s *memoryState) Sections(ctx context.Context, comune string) iter.Seq2[electoral.Section, error] {
	if err := s.usable(ctx); err != nil {
		return failed[electoral.Section](err)
	}
	var list []electoral.Section
	for key, sec := range s.sections.all {
		if key.comune == comune {
			list = append(list, sec)
		}
	}
	return sorted(ctx, list, func(a, b electoral.Section) int { return cmp.Compare(a.Number, b.Number) },
		electoral.Section.Clone)
}

func (s *memoryState) Enrolled(ctx context.Context, l electoral.List,
	comune, section string) iter.Seq2[electoral.Elector, error] {
	if err := s.usable(ctx); err != nil {
		return failed[electoral.Elector](err)
	}
	if l == electoral.StillVotesList {
		return s.stillVoting(ctx, comune, section)
	}
	var list []electoral.Elector
	for _, e := range s.electors.all {
		if en, ok := e.EnrolmentIn(l); ok && en.Comune == comune && (section == "" || en.Section == section) {
			list = append(list, e.Elector)
		}
	}
	return sorted(ctx, list, func(a, b electoral.Elector) int {
		x, _ := a.EnrolmentIn(l)
		y, _ := b.EnrolmentIn(l)
		return cmp.Or(cmp.Compare(x.Section, y.Section), cmp.Compare(a.ANPRID, b.ANPRID))
	}, electoral.Elector.Clone)
}

// stillVoting yields the electors who have kept votes, once for each section.
func (s *memoryState) stillVoting(ctx context.Context, comune, section string) iter.Seq2[electoral.Elector, error] {
	type voting struct {
		section string
		elector electoral.Elector
	}
	var list []voting
	for _, e := range s.electors.all {
		if len(e.KeptVotes) == 0 {
			continue
		}
		for l, en := range e.Places() {
			if l == electoral.StillVotesList && en.Comune == comune && (section == "" || en.Section == section) {
				list = append(list, voting{section: en.Section, elector: e.Elector})
			}
		}
	}
	rows := sorted(ctx, list, func(a, b voting) int {
		return cmp.Or(cmp.Compare(a.section, b.section), cmp.Compare(a.elector.ANPRID, b.elector.ANPRID))
	}, func(v voting) voting { return v })
	return func(yield func(electoral.Elector, error) bool) {
		for v, err := range rows {
			if !yield(v.elector.Clone(), err) {
				return
			}
		}
	}
}

// of reports whether a comune may find an elector.
func (e storedElector) of(comune string) bool {
	if e.home == comune {
		return true
	}
	for _, en := range e.Places() {
		if en.Comune == comune {
			return true
		}
	}
	return false
}

func (s *memoryState) Search(ctx context.Context, q registry.Search) iter.Seq2[electoral.Elector, error] {
	if err := s.takes(ctx, q.After); err != nil {
		return failed[electoral.Elector](err)
	}
	if err := q.Check(); err != nil {
		return func(yield func(electoral.Elector, error) bool) { yield(electoral.Elector{}, err) }
	}
	var touched map[string]bool
	if q.Touched != nil {
		j := *q.Touched
		j.Comune, j.ANPRIDs, j.After = q.Comune, nil, nil
		touched = map[string]bool{}
		for key, revision := range s.journal.all {
			if key.in(j, revision) {
				touched[key.id] = true
			}
		}
	}
	var list []electoral.Elector
	for id, e := range s.electors.all {
		if id > q.After && e.of(q.Comune) && (touched == nil || touched[id]) && q.Matches(e.Elector) {
			list = append(list, e.Elector)
		}
	}
	return sorted(ctx, list, func(a, b electoral.Elector) int { return cmp.Compare(a.ANPRID, b.ANPRID) },
		electoral.Elector.Clone)
}

func (s *memoryState) Counts(ctx context.Context, comune string) ([]registry.ListCount, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	counts := map[registry.ListCount]int{}
	for _, e := range s.electors.all {
		for l, en := range e.Places() {
			if en.Comune == comune {
				counts[registry.ListCount{List: l, Section: en.Section}]++
			}
		}
	}
	var list []registry.ListCount
	for c, n := range counts {
		list = append(list, registry.ListCount{List: c.List, Section: c.Section, Count: n})
	}
	slices.SortFunc(list, func(a, b registry.ListCount) int {
		return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Section, b.Section))
	})
	return list, nil
}

func (s *memoryState) Record(ctx context.Context, comune string, book registry.Book,
	id string) (registry.Record, error) {
	if err := s.usable(ctx); err != nil {
		return registry.Record{}, err
	}
	r, ok := s.records.get(recordKey{comune, book, id})
	if !ok {
		return registry.Record{}, fmt.Errorf("%s %s of %s: %w", book, id, comune, electoral.ErrNotFound)
	}
	return r.Clone(), nil
}

func (s *memoryState) Records(ctx context.Context, q registry.RecordSearch) iter.Seq2[registry.Record, error] {
	if err := s.takes(ctx, q.After); err != nil {
		return failed[registry.Record](err)
	}
	var list []registry.Record
	for key, r := range s.records.all {
		if key.book == q.Book && (q.Comune != "" || q.Subject != "") &&
			(q.Comune == "" || key.comune == q.Comune && key.id > q.After) &&
			(q.Subject == "" || r.Subject == q.Subject) &&
			(len(q.States) == 0 || slices.Contains(q.States, r.State)) {
			list = append(list, r)
		}
	}
	return sorted(ctx, list, func(a, b registry.Record) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Comune, b.Comune))
	}, registry.Record.Clone)
}

func keyOf(e registry.JournalEntry) journalKey {
	return journalKey{comune: e.Comune, seq: e.Seq, id: e.ANPRID, operation: e.Operation}
}

func (k journalKey) entry(v journalValue) registry.JournalEntry {
	return registry.JournalEntry{
		Comune: k.comune, Seq: k.seq, ANPRID: k.id, At: time.UnixMilli(v.at).UTC(), Operation: k.operation,
		Revision: v.revision,
	}
}

func (k journalKey) compare(o journalKey) int {
	return cmp.Or(cmp.Compare(k.seq, o.seq), cmp.Compare(k.id, o.id), cmp.Compare(k.operation, o.operation))
}

func (k journalKey) in(q registry.JournalSearch, v journalValue) bool {
	return k.comune == q.Comune && k.seq > q.Since && (q.Until == 0 || k.seq <= q.Until) &&
		(q.From.IsZero() || v.at >= q.From.UnixMilli()) &&
		(q.To.IsZero() || v.at < q.To.UnixMilli()) &&
		(len(q.Operations) == 0 || slices.Contains(q.Operations, k.operation)) &&
		(len(q.Revisions) == 0 || slices.Contains(q.Revisions, v.revision)) &&
		(len(q.ANPRIDs) == 0 || slices.Contains(q.ANPRIDs, k.id)) &&
		(q.After == nil || k.compare(keyOf(*q.After)) > 0)
}

func (s *memoryState) Journal(ctx context.Context, q registry.JournalSearch) iter.Seq2[registry.JournalEntry, error] {
	if err := s.takes(ctx, q.After); err != nil {
		return failed[registry.JournalEntry](err)
	}
	var list []registry.JournalEntry
	for key, v := range s.journal.all {
		if key.in(q, v) {
			list = append(list, key.entry(v))
		}
	}
	return sorted(ctx, list, func(a, b registry.JournalEntry) int { return keyOf(a).compare(keyOf(b)) },
		func(e registry.JournalEntry) registry.JournalEntry { return e })
}

// takes returns an error if the writer is no longer of use, or if it is given a value
// that no store can keep.
func (s *memoryState) takes(ctx context.Context, values ...any) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	for _, v := range values {
		if err := registry.Storable(v); err != nil {
			return fmt.Errorf("memory: %w", err)
		}
	}
	return nil
}

func (s *memoryState) PutSection(ctx context.Context, sec electoral.Section) error {
	if err := s.takes(ctx, &sec); err != nil {
		return err
	}
	s.sections.put(sectionKey{sec.Comune, sec.Number}, sec.Clone())
	return nil
}

func (s *memoryState) PutElector(ctx context.Context, home string, e electoral.Elector) error {
	if err := s.takes(ctx, &e, home); err != nil {
		return err
	}
	s.electors.put(e.ANPRID, storedElector{home, e.Clone()})
	return nil
}

// MoveEnrolled implements [registry.SectionMover].
func (s *memoryState) MoveEnrolled(ctx context.Context, home, comune, from, to string, anprIDs []string) error {
	if err := s.takes(ctx, to); err != nil {
		return err
	}
	at := electoral.Enrolment{Comune: comune, Section: from}
	for _, id := range anprIDs {
		e, ok := s.electors.get(id)
		if !ok || e.home != home {
			continue
		}
		e.Elector = e.Clone()
		for l, en := range e.Enrolments() {
			if en == at {
				e.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes,
					Enrolment: &electoral.Enrolment{Comune: comune, Section: to}})
			}
		}
		s.electors.put(id, e)
	}
	return ctx.Err()
}

func (s *memoryState) RemoveSection(ctx context.Context, comune, number string) error {
	s.sections.remove(sectionKey{comune, number})
	return s.usable(ctx)
}

func (s *memoryState) RemoveElector(ctx context.Context, anprID string) error {
	s.electors.remove(anprID)
	return s.usable(ctx)
}

func (s *memoryState) PutRecord(ctx context.Context, r registry.Record) error {
	if err := s.takes(ctx, &r); err != nil {
		return err
	}
	r = r.Clone()
	r.At = r.At.UTC().Truncate(time.Millisecond)
	if !r.Expires.IsZero() {
		r.Expires = r.Expires.UTC().Truncate(time.Millisecond)
	}
	s.records.put(recordKey{r.Comune, r.Book, r.ID}, r)
	return nil
}

// PutRecords implements [registry.BulkBookWriter].
func (s *memoryState) PutRecords(ctx context.Context, list []registry.Record) error {
	for _, r := range list {
		if err := s.PutRecord(ctx, r); err != nil {
			return err
		}
	}
	return s.usable(ctx)
}

func (s *memoryState) RemoveRecord(ctx context.Context, comune string, book registry.Book, id string) error {
	s.records.remove(recordKey{comune, book, id})
	return s.usable(ctx)
}

func (s *memoryState) ExpireRecords(ctx context.Context, comune string, at time.Time) (int, error) {
	var keys []recordKey
	for key, r := range s.records.all {
		if key.comune == comune && !r.Expires.IsZero() && !r.Expires.After(at) {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		s.records.remove(key)
	}
	return len(keys), s.usable(ctx)
}

// Sequence implements [registry.BookReader].
func (s *memoryState) Sequence(ctx context.Context, comune string) (registry.Sequence, error) {
	n, _ := s.numbers.get(comune)
	return n, s.usable(ctx)
}

// NextSeq implements [registry.BookWriter].
func (s *memoryState) NextSeq(ctx context.Context, comune string) (int64, error) {
	n, _ := s.numbers.get(comune)
	if !s.taken[comune] {
		s.taken[comune] = true
		n.Last++
		s.numbers.put(comune, n)
	}
	return n.Last, s.usable(ctx)
}

func (s *memoryState) Note(ctx context.Context, entries ...registry.JournalEntry) error {
	for _, e := range entries {
		if err := s.takes(ctx, &e); err != nil {
			return err
		}
		var err error
		if e.Seq, err = s.NextSeq(ctx, e.Comune); err != nil {
			return err
		}
		key := keyOf(e)
		if _, there := s.journal.get(key); !there {
			s.journal.put(key, journalValue{at: e.At.UnixMilli(), revision: e.Revision})
		}
	}
	return s.usable(ctx)
}

func (s *memoryState) Forget(ctx context.Context, comune string, before time.Time) (int, error) {
	var keys []journalKey
	for key, v := range s.journal.all {
		if key.comune == comune && v.at < before.UnixMilli() {
			keys = append(keys, key)
		}
	}
	n, _ := s.numbers.get(comune)
	for _, key := range keys {
		s.journal.remove(key)
		n.Forgotten = max(n.Forgotten, key.seq)
	}
	if len(keys) > 0 {
		s.numbers.put(comune, n)
	}
	return len(keys), s.usable(ctx)
}
