package electoral

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
)

// A MemoryStore keeps sections and electors in memory, for tests and for small
// tools. Nothing survives the process. Make one with [NewMemoryStore].
type MemoryStore struct {
	mu    sync.RWMutex
	state memoryState
}

type sectionKey struct{ comune, number string }

type storedElector struct {
	home string
	Elector
}

// memoryState is one state; base, if any, holds what it does not.
type memoryState struct {
	base     *memoryState
	sections map[sectionKey]Section
	electors map[string]storedElector
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{state: memoryState{sections: map[sectionKey]Section{}, electors: map[string]storedElector{}}}
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
	tx := memoryState{base: &m.state, sections: map[sectionKey]Section{}, electors: map[string]storedElector{}}
	if err := fn(&tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	maps.Copy(m.state.sections, tx.sections)
	maps.Copy(m.state.electors, tx.electors)
	return nil
}

func (s *memoryState) elector(id string) (storedElector, bool) {
	e, ok := s.electors[id]
	if !ok && s.base != nil {
		e, ok = s.base.electors[id]
	}
	return e, ok
}

func (s *memoryState) Elector(ctx context.Context, anprID string) (Elector, string, error) {
	if err := ctx.Err(); err != nil {
		return Elector{}, "", err
	}
	e, ok := s.elector(anprID)
	if !ok {
		return Elector{}, "", fmt.Errorf("elector %s: %w", anprID, ErrNotFound)
	}
	return e.Clone(), e.home, nil
}

func (s *memoryState) Section(ctx context.Context, comune, number string) (Section, error) {
	if err := ctx.Err(); err != nil {
		return Section{}, err
	}
	key := sectionKey{comune, number}
	sec, ok := s.sections[key]
	if !ok && s.base != nil {
		sec, ok = s.base.sections[key]
	}
	if !ok {
		return Section{}, fmt.Errorf("section %s of %s: %w", number, comune, ErrNotFound)
	}
	return sec.Clone(), nil
}

func (s *memoryState) Sections(ctx context.Context, comune string) iter.Seq2[Section, error] {
	return func(yield func(Section, error) bool) {
		var numbers []string
		for _, m := range s.layers() {
			for key := range m.sections {
				if key.comune == comune {
					numbers = append(numbers, key.number)
				}
			}
		}
		slices.Sort(numbers)
		for _, number := range slices.Compact(numbers) {
			sec, err := s.Section(ctx, comune, number)
			if !yield(sec, err) || err != nil {
				return
			}
		}
	}
}

func (s *memoryState) layers() []*memoryState {
	if s.base == nil {
		return []*memoryState{s}
	}
	return []*memoryState{s, s.base}
}

func (s *memoryState) Enrolled(ctx context.Context, l List, comune, section string) iter.Seq2[Elector, error] {
	return func(yield func(Elector, error) bool) {
		type place struct{ section, id string }
		var places []place
		for i, m := range s.layers() {
			for id, e := range m.electors {
				if _, newer := s.electors[id]; i > 0 && newer {
					continue
				}
				if en, ok := e.EnrolmentIn(l); ok && en.Comune == comune && (section == "" || en.Section == section) {
					places = append(places, place{en.Section, id})
				}
			}
		}
		slices.SortFunc(places, func(a, b place) int {
			return cmp.Or(cmp.Compare(a.section, b.section), cmp.Compare(a.id, b.id))
		})
		for _, p := range places {
			e, _, err := s.Elector(ctx, p.id)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (s *memoryState) PutSection(ctx context.Context, sec Section) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.sections[sectionKey{sec.Comune, sec.Number}] = sec.Clone()
	return nil
}

func (s *memoryState) PutElector(ctx context.Context, home string, e Elector) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.electors[e.ANPRID] = storedElector{home, e.Clone()}
	return nil
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

// Clone returns a copy that shares nothing with p.
func (p Person) Clone() Person {
	p.Citizenships = slices.Clone(p.Citizenships)
	p.Residence = clonePtr(p.Residence)
	p.Abroad = clonePtr(p.Abroad)
	return p
}
