package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A Population keeps persons in memory. The zero Population is empty and ready to
// use.
type Population struct {
	mu   sync.RWMutex
	byID map[string]electoral.Person
	// byCode has the ANPR ids of a codice fiscale, the one put last at the end.
	byCode map[electoral.FiscalCode][]string
	unfit  error // of a person that NewPopulation was given
}

// NewPopulation returns a population of the given persons. If [Population.Put] would
// refuse one of them, every reading of the population fails with its error.
func NewPopulation(persons ...electoral.Person) *Population {
	m := &Population{byID: map[string]electoral.Person{}, byCode: map[electoral.FiscalCode][]string{}}
	for _, p := range persons {
		m.unfit = errors.Join(m.unfit, m.Put(p))
	}
	return m
}

// Put adds a person, in place of the one with the same ANPR id. The error wraps
// [registry.ErrImpossible]: of a person without an ANPR id of 1 to 16 digits, or with a
// value that no population can keep ([registry.Storable]).
func (m *Population) Put(p electoral.Person) error {
	if !electoral.ValidANPRID(p.ANPRID) {
		return fmt.Errorf("memory: person: %w: anprId: expected 1 to 16 digits", registry.ErrImpossible)
	}
	if err := registry.Storable(&p); err != nil {
		return fmt.Errorf("memory: person %s: %w", p.ANPRID, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byID == nil {
		m.byID, m.byCode = map[string]electoral.Person{}, map[electoral.FiscalCode][]string{}
	}
	m.remove(p.ANPRID)
	m.byID[p.ANPRID] = p.Clone()
	if p.FiscalCode != "" {
		m.byCode[p.FiscalCode] = append(m.byCode[p.FiscalCode], p.ANPRID)
	}
	return nil
}

// usable returns why nothing can be read.
func (m *Population) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return m.unfit
}

// Remove removes the person with an ANPR id; it does nothing if there is none.
func (m *Population) Remove(anprID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(anprID)
}

func (m *Population) remove(anprID string) {
	if m.byID == nil {
		return
	}
	code := m.byID[anprID].FiscalCode
	m.byCode[code] = slices.DeleteFunc(m.byCode[code], func(id string) bool { return id == anprID })
	if len(m.byCode[code]) == 0 {
		delete(m.byCode, code)
	}
	delete(m.byID, anprID)
}

// ByANPRID implements [electoral.Population].
func (m *Population) ByANPRID(ctx context.Context, anprID string) (electoral.Person, error) {
	if err := m.usable(ctx); err != nil {
		return electoral.Person{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	p, ok := m.byID[anprID]
	if !ok {
		return electoral.Person{}, fmt.Errorf("person %s: %w", anprID, electoral.ErrNotFound)
	}
	return p.Clone(), nil
}

// ByFiscalCode implements [electoral.Population]. Of several persons with the code
// it returns the one who was put last.
func (m *Population) ByFiscalCode(ctx context.Context, code electoral.FiscalCode) (electoral.Person, error) {
	m.mu.RLock()
	id := ""
	if ids := m.byCode[code]; len(ids) > 0 {
		id = ids[len(ids)-1]
	}
	m.mu.RUnlock()
	if id == "" && m.unfit == nil {
		// The code is personal data: it stays out of the error.
		return electoral.Person{}, fmt.Errorf("person by fiscal code: %w", electoral.ErrNotFound)
	}
	return m.ByANPRID(ctx, id)
}

// Born implements [electoral.ResidentPopulation].
func (m *Population) Born(ctx context.Context, comune string,
	from, to electoral.Date) iter.Seq2[electoral.Person, error] {
	if m.unfit != nil {
		return failed[electoral.Person](m.unfit)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []electoral.Person
	for _, p := range m.byID {
		if p.Registered() == comune && p.BornBetween(from, to) {
			list = append(list, p)
		}
	}
	return sorted(ctx, list, func(a, b electoral.Person) int { return cmp.Compare(a.ANPRID, b.ANPRID) },
		electoral.Person.Clone)
}

// IDsOfCodes implements [electoral.IdentityPopulation].
func (m *Population) IDsOfCodes(ctx context.Context,
	codes []electoral.FiscalCode) (map[electoral.FiscalCode][]string, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found := make(map[electoral.FiscalCode][]string, len(codes))
	for _, code := range codes {
		if ids := m.byCode[code]; len(ids) > 0 {
			found[code] = slices.Clone(ids)
		}
	}
	return found, m.usable(ctx)
}

// ByANPRIDs implements [electoral.BulkPopulation].
func (m *Population) ByANPRIDs(ctx context.Context, anprIDs []string) (map[string]electoral.Person, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found := make(map[string]electoral.Person, len(anprIDs))
	for _, id := range anprIDs {
		if p, ok := m.byID[id]; ok {
			found[id] = p.Clone()
		}
	}
	return found, m.usable(ctx)
}
