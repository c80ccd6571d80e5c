package electoral

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// A MemoryStore keeps everything in memory, for tests and for small tools.
// Nothing survives the process. Make one with [NewMemoryStore].
type MemoryStore struct {
	mu    sync.RWMutex
	state memoryState
}

type sectionKey struct{ comune, number string }

type storedElector struct {
	home string
	Elector
}

type recordKey struct {
	comune string
	book   Book
	id     string
}

// journalKey is an entry with an instant that can be compared.
type journalKey struct {
	comune    string
	at        int64 // milliseconds
	id        string
	operation Operation
}

// layer is a map over another one, from which it may also take away.
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

// merge puts a layer over it for good.
func (l *layer[K, V]) merge(over layer[K, V]) {
	for k := range over.gone {
		delete(l.own, k)
	}
	maps.Copy(l.own, over.own)
}

type memoryState struct {
	sections layer[sectionKey, Section]
	electors layer[string, storedElector]
	records  layer[recordKey, Record]
	journal  layer[journalKey, Revision]
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{state: memoryState{
		newLayer[sectionKey, Section](nil), newLayer[string, storedElector](nil),
		newLayer[recordKey, Record](nil), newLayer[journalKey, Revision](nil),
	}}
}

// View implements [Store].
func (m *MemoryStore) View(ctx context.Context, fn func(Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return fn(&m.state)
}

// Update implements [Store]. Updates of whatever comune exclude each other.
func (m *MemoryStore) Update(ctx context.Context, fn func(Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.state
	tx := memoryState{newLayer(&s.sections), newLayer(&s.electors), newLayer(&s.records), newLayer(&s.journal)}
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
	return nil
}

func (s *memoryState) Elector(ctx context.Context, anprID string) (Elector, string, error) {
	if err := ctx.Err(); err != nil {
		return Elector{}, "", err
	}
	e, ok := s.electors.get(anprID)
	if !ok {
		return Elector{}, "", fmt.Errorf("elector %s: %w", anprID, ErrNotFound)
	}
	return e.Clone(), e.home, nil
}

func (s *memoryState) Section(ctx context.Context, comune, number string) (Section, error) {
	if err := ctx.Err(); err != nil {
		return Section{}, err
	}
	sec, ok := s.sections.get(sectionKey{comune, number})
	if !ok {
		return Section{}, fmt.Errorf("section %s of %s: %w", number, comune, ErrNotFound)
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

func (s *memoryState) Sections(ctx context.Context, comune string) iter.Seq2[Section, error] {
	var list []Section
	for key, sec := range s.sections.all {
		if key.comune == comune {
			list = append(list, sec)
		}
	}
	return sorted(ctx, list, func(a, b Section) int { return cmp.Compare(a.Number, b.Number) }, Section.Clone)
}

func (s *memoryState) Enrolled(ctx context.Context, l List, comune, section string) iter.Seq2[Elector, error] {
	var list []Elector
	for _, e := range s.electors.all {
		if en, ok := e.EnrolmentIn(l); ok && en.Comune == comune && (section == "" || en.Section == section) {
			list = append(list, e.Elector)
		}
	}
	return sorted(ctx, list, func(a, b Elector) int {
		x, _ := a.EnrolmentIn(l)
		y, _ := b.EnrolmentIn(l)
		return cmp.Or(cmp.Compare(x.Section, y.Section), cmp.Compare(a.ANPRID, b.ANPRID))
	}, Elector.Clone)
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

func (s *memoryState) Search(ctx context.Context, q Search) iter.Seq2[Elector, error] {
	if err := q.check(); err != nil {
		return func(yield func(Elector, error) bool) { yield(Elector{}, err) }
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
	var list []Elector
	for id, e := range s.electors.all {
		if id > q.After && e.of(q.Comune) && (touched == nil || touched[id]) && q.Matches(e.Elector) {
			list = append(list, e.Elector)
		}
	}
	return sorted(ctx, list, func(a, b Elector) int { return cmp.Compare(a.ANPRID, b.ANPRID) }, Elector.Clone)
}

func (s *memoryState) Counts(ctx context.Context, comune string) ([]ListCount, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	counts := map[ListCount]int{}
	for _, e := range s.electors.all {
		for l, en := range e.Places() {
			if en.Comune == comune {
				counts[ListCount{List: l, Section: en.Section}]++
			}
		}
	}
	var list []ListCount
	for c, n := range counts {
		list = append(list, ListCount{c.List, c.Section, n})
	}
	slices.SortFunc(list, func(a, b ListCount) int {
		return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Section, b.Section))
	})
	return list, nil
}

func (r Record) clone() Record {
	r.Body = slices.Clone(r.Body)
	return r
}

func (s *memoryState) Record(ctx context.Context, comune string, book Book, id string) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	r, ok := s.records.get(recordKey{comune, book, id})
	if !ok {
		return Record{}, fmt.Errorf("%s %s of %s: %w", book, id, comune, ErrNotFound)
	}
	return r.clone(), nil
}

func (s *memoryState) Records(ctx context.Context, q RecordSearch) iter.Seq2[Record, error] {
	var list []Record
	for key, r := range s.records.all {
		if key.book == q.Book && (q.Comune != "" || q.Subject != "") &&
			(q.Comune == "" || key.comune == q.Comune && key.id > q.After) && (q.Subject == "" || r.Subject == q.Subject) &&
			(len(q.States) == 0 || slices.Contains(q.States, r.State)) {
			list = append(list, r)
		}
	}
	return sorted(ctx, list, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Comune, b.Comune))
	}, Record.clone)
}

func keyOf(e JournalEntry) journalKey {
	return journalKey{e.Comune, e.At.UnixMilli(), e.ANPRID, e.Operation}
}

func (k journalKey) entry(r Revision) JournalEntry {
	return JournalEntry{k.comune, k.id, time.UnixMilli(k.at).UTC(), k.operation, r}
}

func (k journalKey) compare(o journalKey) int {
	return cmp.Or(cmp.Compare(k.at, o.at), cmp.Compare(k.id, o.id), cmp.Compare(k.operation, o.operation))
}

func (k journalKey) in(q JournalSearch, r Revision) bool {
	return k.comune == q.Comune && (q.From.IsZero() || k.at >= q.From.UnixMilli()) && (q.To.IsZero() || k.at < q.To.UnixMilli()) &&
		(len(q.Operations) == 0 || slices.Contains(q.Operations, k.operation)) &&
		(len(q.Revisions) == 0 || slices.Contains(q.Revisions, r)) &&
		(len(q.ANPRIDs) == 0 || slices.Contains(q.ANPRIDs, k.id)) &&
		(q.After == nil || k.compare(keyOf(*q.After)) > 0)
}

func (s *memoryState) Journal(ctx context.Context, q JournalSearch) iter.Seq2[JournalEntry, error] {
	var list []JournalEntry
	for key, revision := range s.journal.all {
		if key.in(q, revision) {
			list = append(list, key.entry(revision))
		}
	}
	return sorted(ctx, list, func(a, b JournalEntry) int { return keyOf(a).compare(keyOf(b)) }, func(e JournalEntry) JournalEntry { return e })
}

func (s *memoryState) PutSection(ctx context.Context, sec Section) error {
	s.sections.put(sectionKey{sec.Comune, sec.Number}, sec.Clone())
	return ctx.Err()
}

func (s *memoryState) PutElector(ctx context.Context, home string, e Elector) error {
	s.electors.put(e.ANPRID, storedElector{home, e.Clone()})
	return ctx.Err()
}

func (s *memoryState) RemoveSection(ctx context.Context, comune, number string) error {
	s.sections.remove(sectionKey{comune, number})
	return ctx.Err()
}

func (s *memoryState) RemoveElector(ctx context.Context, anprID string) error {
	s.electors.remove(anprID)
	return ctx.Err()
}

func (s *memoryState) PutRecord(ctx context.Context, r Record) error {
	r = r.clone()
	r.At = r.At.UTC().Truncate(time.Millisecond)
	if !r.Expires.IsZero() {
		r.Expires = r.Expires.UTC().Truncate(time.Millisecond)
	}
	s.records.put(recordKey{r.Comune, r.Book, r.ID}, r)
	return ctx.Err()
}

func (s *memoryState) RemoveRecord(ctx context.Context, comune string, book Book, id string) error {
	s.records.remove(recordKey{comune, book, id})
	return ctx.Err()
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
	return len(keys), ctx.Err()
}

func (s *memoryState) Note(ctx context.Context, entries ...JournalEntry) error {
	for _, e := range entries {
		key := keyOf(e)
		if _, there := s.journal.get(key); !there {
			s.journal.put(key, e.Revision)
		}
	}
	return ctx.Err()
}

func (s *memoryState) Forget(ctx context.Context, comune string, before time.Time) (int, error) {
	var keys []journalKey
	for key := range s.journal.all {
		if key.comune == comune && key.at < before.UnixMilli() {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		s.journal.remove(key)
	}
	return len(keys), ctx.Err()
}

// A MemoryPopulation keeps persons in memory. Make one with
// [NewMemoryPopulation].
type MemoryPopulation struct {
	mu     sync.RWMutex
	byID   map[string]Person
	byCode map[FiscalCode]string
}

// NewMemoryPopulation returns a population of the given persons.
func NewMemoryPopulation(persons ...Person) *MemoryPopulation {
	m := &MemoryPopulation{byID: map[string]Person{}, byCode: map[FiscalCode]string{}}
	for _, p := range persons {
		m.Put(p)
	}
	return m
}

// Put adds a person, in place of the one with his ANPR id.
func (m *MemoryPopulation) Put(p Person) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.byID[p.ANPRID]; ok && m.byCode[old.FiscalCode] == p.ANPRID {
		delete(m.byCode, old.FiscalCode)
	}
	m.byID[p.ANPRID] = p.Clone()
	if p.FiscalCode != "" {
		m.byCode[p.FiscalCode] = p.ANPRID
	}
}

// ByANPRID implements [Population].
func (m *MemoryPopulation) ByANPRID(ctx context.Context, anprID string) (Person, error) {
	if err := ctx.Err(); err != nil {
		return Person{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	p, ok := m.byID[anprID]
	if !ok {
		return Person{}, fmt.Errorf("person %s: %w", anprID, ErrNotFound)
	}
	return p.Clone(), nil
}

// ByFiscalCode implements [Population].
func (m *MemoryPopulation) ByFiscalCode(ctx context.Context, code FiscalCode) (Person, error) {
	m.mu.RLock()
	id, ok := m.byCode[code]
	m.mu.RUnlock()
	if !ok {
		// The code is personal data: it stays out of the error.
		return Person{}, fmt.Errorf("person by fiscal code: %w", ErrNotFound)
	}
	return m.ByANPRID(ctx, id)
}

// Born implements [ResidentPopulation].
func (m *MemoryPopulation) Born(ctx context.Context, comune string, from, to Date) iter.Seq2[Person, error] {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []Person
	for _, p := range m.byID {
		if p.Registered() == comune && p.bornBetween(from, to) {
			list = append(list, p)
		}
	}
	return sorted(ctx, list, func(a, b Person) int { return cmp.Compare(a.ANPRID, b.ANPRID) }, Person.Clone)
}

// ByANPRIDs implements [BulkPopulation].
func (m *MemoryPopulation) ByANPRIDs(ctx context.Context, anprIDs []string) (map[string]Person, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found := make(map[string]Person, len(anprIDs))
	for _, id := range anprIDs {
		if p, ok := m.byID[id]; ok {
			found[id] = p.Clone()
		}
	}
	return found, ctx.Err()
}
