package registry

import (
	"context"
	"errors"

	"github.com/liste-elettorali/anpr/electoral"
)

// known returns a person and what is registered of him. Of an elector whom the
// population no longer returns, the person has nothing but his ANPR id, and the
// position says that he is gone: what is registered of him must still be mended.
func (a *action) known(ctx context.Context, rd Reader, anprID string) (electoral.Person, position, error) {
	p, unknown := a.r.personOf(ctx, anprID)
	gone := errors.Is(unknown, electoral.PersonUnknown)
	if unknown != nil && !gone {
		return p, position{}, unknown
	}
	old := position{gone: gone}
	var err error
	old.elector, old.home, err = rd.Elector(ctx, anprID)
	switch {
	case errors.Is(err, electoral.ErrNotFound):
		return p, position{}, unknown
	case gone:
		p = electoral.Person{ANPRID: anprID}
	}
	return p, old, err
}

// present is known for what needs the person: one whom the population no longer
// returns is refused.
func (a *action) present(ctx context.Context, rd Reader, anprID string) (electoral.Person, position, error) {
	p, old, err := a.known(ctx, rd, anprID)
	if err == nil && old.gone {
		err = electoral.Faults{unknownPerson(anprID)}
	}
	return p, old, err
}

// stillThere warns of an elector whom the population no longer returns.
func (p position) stillThere() electoral.Faults {
	if !p.gone {
		return nil
	}
	return electoral.Faults{electoral.NewFault(electoral.PersonGone, "anprId", p.elector.ANPRID, nil)}
}

// registered returns the person for the rules; nil if the population no longer
// returns him.
func (c change) registered() *electoral.Person {
	if c.old.gone {
		return nil
	}
	return &c.person
}

// entersList reports whether e is in a list in which old was not.
func entersList(old, e electoral.Elector) bool {
	for l := range e.Enrolments() {
		if _, was := old.EnrolmentIn(l); !was {
			return true
		}
	}
	return false
}
