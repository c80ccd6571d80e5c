package session

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Memory is a [Store] of one process: its sessions end with it. The zero value is empty
// and ready. It is safe for concurrent use.
type Memory struct {
	mu       sync.Mutex
	sessions map[string]Record
	things   map[string][]Thing // of a session, the oldest first
	drafts   map[string]Draft
	order    []string // the drafts' ids, the oldest first
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{} }

// lock locks, and makes what the zero value has not.
func (s *Memory) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.sessions == nil {
		s.sessions, s.things, s.drafts = map[string]Record{}, map[string][]Thing{}, map[string]Draft{}
	}
	return nil
}

func (r Record) live(at time.Time) bool { return !r.Revoked && at.Before(r.Ends) }

// Begin implements [Store].
func (s *Memory) Begin(ctx context.Context, r Record, b Beginning) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	old, hasOld := s.sessions[b.Old]
	hasOld = hasOld && old.Digest == b.OldDigest
	var same []Record
	live := 1
	for _, o := range s.sessions {
		if !o.live(b.At) || hasOld && o.ID == b.Old {
			continue
		}
		live++
		if o.Person == r.Person {
			same = append(same, o)
		}
	}
	slices.SortFunc(same, byBeginning)
	same = same[:beyond(len(same), b.PerPerson)]
	if live-len(same) > max(1, b.All) {
		return ErrFull
	}
	if hasOld {
		s.delete(b.Old)
	}
	for _, o := range same {
		s.revoke(o, b.At)
	}
	r.Sealed = bytes.Clone(r.Sealed)
	s.sessions[r.ID] = r
	return nil
}

// beyond is how many of n have to go so that with one more there are at most most.
func beyond(n, most int) int { return max(0, n+1-max(1, most)) }

func byBeginning(a, b Record) int { return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.ID, b.ID)) }

func (s *Memory) delete(id string) {
	delete(s.sessions, id)
	delete(s.things, id)
}

func (s *Memory) revoke(r Record, at time.Time) {
	r.Revoked, r.Ends = true, at
	s.sessions[r.ID] = r
	delete(s.things, r.ID)
}

// Find implements [Store].
func (s *Memory) Find(ctx context.Context, id string) (Record, error) {
	if err := s.lock(ctx); err != nil {
		return Record{}, err
	}
	defer s.mu.Unlock()
	r, ok := s.sessions[id]
	if !ok {
		return Record{}, ErrUnknown
	}
	r.Sealed = bytes.Clone(r.Sealed)
	return r, nil
}

// Touch implements [Store].
func (s *Memory) Touch(ctx context.Context, id string, d Digest, seen, ends time.Time) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if r, ok := s.sessions[id]; ok && r.Digest == d && r.live(seen) && r.Seen.Before(seen) {
		r.Seen, r.Ends = seen, ends
		s.sessions[id] = r
	}
	return nil
}

// Renew implements [Store].
func (s *Memory) Renew(ctx context.Context, n Renewal) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	r, ok := s.sessions[n.ID]
	if !ok || r.Digest != n.Old || !r.live(n.Seen) {
		return ErrUnknown
	}
	r.Digest, r.Seen, r.Ends, r.Sealed = n.New, n.Seen, n.Ends, bytes.Clone(n.Sealed)
	s.sessions[n.ID] = r
	return nil
}

// End implements [Store].
func (s *Memory) End(ctx context.Context, id string, d Digest) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if r, ok := s.sessions[id]; ok && r.Digest == d {
		s.delete(id)
	}
	return nil
}

// Revoke implements [Store].
func (s *Memory) Revoke(ctx context.Context, person, id, except string, at time.Time) (int, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.sessions {
		if r.Person == person && r.live(at) && (r.ID == id || id == "" && r.ID != except) {
			s.revoke(r, at)
			n++
		}
	}
	return n, nil
}

// List implements [Store].
func (s *Memory) List(ctx context.Context, person string, at time.Time) ([]Record, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var list []Record
	for _, r := range s.sessions {
		if r.Person == person && r.live(at) {
			r.Sealed = nil
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Record) int { return byBeginning(b, a) })
	return list, nil
}

// Keep implements [Store].
func (s *Memory) Keep(ctx context.Context, t Thing, room Room) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	r, ok := s.sessions[t.Session]
	if !ok || r.Digest != t.Digest || !r.live(room.At) {
		return ErrUnknown
	}
	t.Sealed = bytes.Clone(t.Sealed)
	list := append(slices.Clone(s.things[t.Session]), t)
	for len(list) > 1 && (len(list) > room.Things || size(list) > room.Bytes) {
		list = list[1:]
	}
	all := size(list)
	for id, things := range s.things {
		if id != t.Session {
			all += size(things)
		}
	}
	if all > room.AllBytes {
		return ErrNoRoom
	}
	s.things[t.Session] = list
	return nil
}

func size(list []Thing) (n int) {
	for _, t := range list {
		n += len(t.Sealed)
	}
	return n
}

// Kept implements [Store].
func (s *Memory) Kept(ctx context.Context, session, id string, at time.Time) (Thing, error) {
	if err := s.lock(ctx); err != nil {
		return Thing{}, err
	}
	defer s.mu.Unlock()
	for _, t := range s.things[session] {
		if t.ID == id && at.Before(t.Ends) {
			t.Sealed = bytes.Clone(t.Sealed)
			return t, nil
		}
	}
	return Thing{}, ErrNotKept
}

// Drop implements [Store].
func (s *Memory) Drop(ctx context.Context, session, id string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.keepOnly(session, func(t Thing) bool { return t.ID != id })
	return nil
}

// keepOnly deletes the other things of a session, and returns how many.
func (s *Memory) keepOnly(session string, stays func(Thing) bool) int {
	list := s.things[session]
	var rest []Thing
	for _, t := range list {
		if stays(t) {
			rest = append(rest, t)
		}
	}
	if s.things[session] = rest; len(rest) == 0 {
		delete(s.things, session)
	}
	return len(list) - len(rest)
}

// Leave implements [Store].
func (s *Memory) Leave(ctx context.Context, d Draft, room DraftRoom) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	var same []string
	owned := 0
	for _, id := range s.order {
		if s.drafts[id].Owner == d.Owner {
			same = append(same, id)
		}
		if s.drafts[id].Owner != "" {
			owned++
		}
	}
	most := room.PerOwner
	if d.Owner == "" {
		most = room.Ownerless
	}
	same = same[:beyond(len(same), most)]
	if d.Owner != "" && owned+1-len(same) > max(1, room.All) {
		return ErrFull
	}
	for _, id := range same {
		s.forget(id)
	}
	d.Sealed = bytes.Clone(d.Sealed)
	s.drafts[d.ID] = d
	s.order = append(s.order, d.ID)
	return nil
}

func (s *Memory) forget(id string) {
	delete(s.drafts, id)
	s.order = slices.DeleteFunc(s.order, func(o string) bool { return o == id })
}

// Left implements [Store].
func (s *Memory) Left(ctx context.Context, id string, at time.Time) (Draft, error) {
	if err := s.lock(ctx); err != nil {
		return Draft{}, err
	}
	defer s.mu.Unlock()
	d, ok := s.drafts[id]
	if !ok || !at.Before(d.Ends) {
		return Draft{}, ErrNoDraft
	}
	d.Sealed = bytes.Clone(d.Sealed)
	return d, nil
}

// Take implements [Store].
func (s *Memory) Take(ctx context.Context, id string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, ok := s.drafts[id]; !ok {
		return ErrNoDraft
	}
	s.forget(id)
	return nil
}

// Sweep implements [Store].
func (s *Memory) Sweep(ctx context.Context, before, at time.Time, n int) (int, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	sessions, things, drafts := 0, 0, 0
	for id, r := range s.sessions {
		if sessions < n && !r.Ends.After(before) {
			s.delete(id)
			sessions++
		}
	}
	for id := range s.things {
		over, left := !s.sessions[id].Ends.After(at), n-things
		things += s.keepOnly(id, func(t Thing) bool {
			if left == 0 || !over && t.Ends.After(at) {
				return true
			}
			left--
			return false
		})
	}
	for _, id := range slices.Clone(s.order) {
		if drafts < n && !s.drafts[id].Ends.After(at) {
			s.forget(id)
			drafts++
		}
	}
	return sessions + things + drafts, nil
}
