package audit

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
)

// A MemoryStore is a [Store] for tests and trials: what it holds ends with the
// process. The zero value is empty and ready.
type MemoryStore struct {
	mu     sync.RWMutex
	chains map[string][]Record
}

var _ Store = (*MemoryStore)(nil)

// Head implements [Store].
func (s *MemoryStore) Head(ctx context.Context, chain string) (Head, error) {
	if err := check(ctx, chain); err != nil {
		return Head{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.head(chain), nil
}

func (s *MemoryStore) head(chain string) Head {
	if records := s.chains[chain]; len(records) > 0 {
		return HeadOf(records[len(records)-1])
	}
	return EmptyHead(chain)
}

// Append implements [Store].
func (s *MemoryStore) Append(ctx context.Context, chain string, records []Record) error {
	if err := check(ctx, chain); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := CheckAppend(chain, s.head(chain), records); err != nil || len(records) == 0 {
		return err
	}
	kept := slices.Clone(records)
	for i := range kept {
		// Only what a file could hold is taken.
		if _, err := kept[i].AppendBinary(nil); err != nil {
			return err
		}
		kept[i].Payload = clonePayload(kept[i].Payload)
		kept[i].Time = fromMilli(uint64(kept[i].Time.UnixMilli()))
	}
	if s.chains == nil {
		s.chains = map[string][]Record{}
	}
	s.chains[chain] = append(s.chains[chain], kept...)
	return nil
}

// Records implements [Store].
func (s *MemoryStore) Records(ctx context.Context, chain string, from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := check(ctx, chain); err != nil {
			yield(Record{}, err)
			return
		}
		s.mu.RLock()
		records := s.chains[chain] // appends do not change these
		s.mu.RUnlock()
		for i := from; i < uint64(len(records)); i++ {
			if err := ctx.Err(); err != nil {
				yield(Record{}, err)
				return
			}
			r := records[i]
			r.Payload = clonePayload(r.Payload)
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Chains implements [Store].
func (s *MemoryStore) Chains(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := ctx.Err(); err != nil {
			yield("", err)
			return
		}
		s.mu.RLock()
		names := slices.Sorted(maps.Keys(s.chains))
		s.mu.RUnlock()
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

func check(ctx context.Context, chain string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return CheckChain(chain)
}
