package revision

import (
	"context"
	"errors"
	"iter"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// The most electors that are read in one view of the store, which keeps others from
// cleaning up, and the most persons looked up and lines kept in memory at once.
const (
	viewSize  = 20_000
	lookupMax = 500
	linesMax  = 500
)

// A scan walks the population and the lists of a comune together, in the order of
// ANPR id, and hands the drafts on in small batches. Its memory does not grow with
// the comune.
type scan struct {
	ctx      context.Context
	proposer *proposer
	cfg      registry.Config
	flush    func([]draft) error

	person  electoral.Person // the next of the register; valid if more
	more    bool
	next    func() (electoral.Person, error, bool)
	last    string // the last ANPR id of the register that was read
	away    []electoral.Elector
	pending []draft
}

// run walks everything.
func (s *scan) run() error {
	born, ok := s.cfg.Population.(electoral.ResidentPopulation)
	if !ok {
		return registry.ErrNoBirths
	}
	p := s.proposer
	next, stop := iter.Pull2(born.Born(s.ctx, p.header.Comune, electoral.Date{Year: 1800, Month: 1, Day: 1},
		p.today.AddYears(-listedAge)))
	defer stop()
	s.next = next
	if err := s.advance(); err != nil {
		return err
	}
	for after, done := "", false; !done; {
		err := s.cfg.Store.View(s.ctx, func(rd registry.Reader) error {
			var err error
			after, done, err = s.walk(rd, after)
			return err
		})
		if err != nil {
			return err
		}
		if err := s.hand(done); err != nil {
			return err
		}
	}
	return nil
}

// advance reads the next person of the register.
func (s *scan) advance() error {
	var err error
	s.person, err, s.more = s.next()
	if !s.more || err != nil {
		return err
	}
	if s.person.ANPRID <= s.last {
		// Errors go to logs: they name nobody.
		return errors.New("revision: the population gave its persons out of order: expected ascending ANPR ids")
	}
	s.last = s.person.ANPRID
	return nil
}

// walk goes through one view: the electors after an ANPR id, and the persons of the
// register that stand between them.
func (s *scan) walk(rd registry.Reader, after string) (last string, done bool, err error) {
	read := 0
	for e, err := range rd.Search(s.ctx, registry.Search{Comune: s.proposer.header.Comune, After: after}) {
		if err != nil {
			return after, false, err
		}
		if err := s.until(rd, e.ANPRID); err != nil {
			return after, false, err
		}
		if s.more && s.person.ANPRID < e.ANPRID { // it stopped early: the elector is read again
			return after, false, nil
		}
		if s.more && s.person.ANPRID == e.ANPRID {
			person := s.person
			s.take(subject{person: &person, elector: &e})
			if err := s.advance(); err != nil {
				return after, false, err
			}
		} else {
			s.away = append(s.away, e)
		}
		after = e.ANPRID
		if read++; read >= viewSize || len(s.pending) >= linesMax || len(s.away) >= lookupMax {
			return after, false, nil
		}
	}
	if err := s.until(rd, ""); err != nil {
		return after, false, err
	}
	return after, !s.more, nil
}

// until takes the persons of the register before an ANPR id, or up to the end, who
// are no electors of the comune. It stops early when enough lines wait.
func (s *scan) until(rd registry.Reader, id string) error {
	for s.more && (id == "" || s.person.ANPRID < id) {
		if len(s.pending) >= linesMax {
			return nil
		}
		person := s.person
		sub := subject{person: &person}
		e, _, err := rd.Elector(s.ctx, person.ANPRID)
		switch {
		case err == nil:
			sub.elector = &e
		case !errors.Is(err, electoral.ErrNotFound):
			return err
		}
		s.take(sub)
		if err := s.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) take(sub subject) { s.pending = append(s.pending, s.proposer.propose(sub)...) }

// hand looks up the electors who are not in the register, and hands the lines on.
func (s *scan) hand(done bool) error {
	if len(s.away) >= lookupMax || done && len(s.away) > 0 {
		persons, err := personsOf(s.ctx, s.cfg.Population, s.away)
		if err != nil {
			return err
		}
		for i := range s.away {
			sub := subject{elector: &s.away[i]}
			if person, ok := persons[s.away[i].ANPRID]; ok {
				sub.person = &person
			}
			s.take(sub)
		}
		s.away = s.away[:0]
	}
	if len(s.pending) == 0 {
		return nil
	}
	err := s.flush(s.pending)
	s.pending = s.pending[:0]
	return err
}

// personsOf looks up the persons of some electors.
func personsOf(ctx context.Context, population electoral.Population,
	list []electoral.Elector) (map[string]electoral.Person, error) {
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = e.ANPRID
	}
	if bulk, ok := population.(electoral.BulkPopulation); ok {
		return bulk.ByANPRIDs(ctx, ids)
	}
	out := make(map[string]electoral.Person, len(ids))
	for _, id := range ids {
		person, err := population.ByANPRID(ctx, id)
		if errors.Is(err, electoral.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[id] = person
	}
	return out, nil
}
