package job

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Memory is a [Store] of one process, whose first runner leads until it ends. The zero value
// is empty and ready. It is safe for concurrent use.
type Memory struct {
	mu     sync.Mutex
	states map[string]State
	node   string
	leads  bool
	term   int64
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{} }

// Lead implements [Store].
func (s *Memory) Lead(ctx context.Context, node string, fn func(ctx context.Context, term int64) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.leads {
		s.mu.Unlock()
		return ErrHeld
	}
	s.leads, s.node = true, node
	s.term++
	term := s.term
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.leads, s.node = false, ""
	}()
	if fn == nil {
		return nil
	}
	return fn(ctx, term)
}

// Leader implements [Store].
func (s *Memory) Leader(context.Context) (Leader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Leader{Node: s.node, Term: s.term}, nil
}

// lock locks for a leader.
func (s *Memory) lock(ctx context.Context, term int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if !s.leads || term != s.term {
		s.mu.Unlock()
		return ErrLost
	}
	return nil
}

// Plan implements [Store].
func (s *Memory) Plan(ctx context.Context, term int64, jobs []Plan, at time.Time) error {
	if err := s.lock(ctx, term); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.states == nil {
		s.states = map[string]State{}
	}
	for _, j := range jobs {
		state, ok := s.states[j.Name]
		if !ok {
			state = State{Name: j.Name, Due: at, Outcome: Never}
		}
		state.Every = j.Every
		if latest := at.Add(j.Every); latest.Before(state.Due) {
			state.Due = latest
		}
		s.states[j.Name] = state
	}
	for name, state := range s.states {
		if state.Outcome == Running && state.Term < term {
			state.Outcome, state.Attempts = Unknown, state.Attempts+1
			s.states[name] = state
		}
	}
	return nil
}

// Start implements [Store].
func (s *Memory) Start(ctx context.Context, term int64, name, node string, at time.Time) error {
	if err := s.lock(ctx, term); err != nil {
		return err
	}
	defer s.mu.Unlock()
	state, ok := s.states[name]
	switch {
	case !ok:
		return ErrUnknown
	case state.Outcome == Running:
		return ErrRunning
	}
	state.Outcome, state.Node, state.Term, state.Started = Running, node, term, at
	state.Ended, state.Asked = time.Time{}, time.Time{}
	s.states[name] = state
	return nil
}

// End implements [Store].
func (s *Memory) End(ctx context.Context, term int64, r Result) error {
	if err := s.lock(ctx, term); err != nil {
		return err
	}
	defer s.mu.Unlock()
	state, ok := s.states[r.Name]
	if !ok || state.Outcome != Running || state.Term != term {
		return ErrUnknown
	}
	state.Outcome, state.Ended, state.Due, state.Attempts = r.Outcome, r.Ended, r.Due, r.Attempts
	state.Note, state.Code = r.Note, r.Code
	s.states[r.Name] = state
	return nil
}

// Ask implements [Store].
func (s *Memory) Ask(ctx context.Context, name string, at time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.states[name]
	if !ok {
		return ErrUnknown
	}
	if state.Asked.IsZero() {
		state.Asked = at
	}
	s.states[name] = state
	return nil
}

// States implements [Store].
func (s *Memory) States(ctx context.Context) ([]State, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.states), func(a, b State) int { return cmp.Compare(a.Name, b.Name) }), nil
}
