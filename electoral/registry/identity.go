package registry

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

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

// idIn returns the ANPR id under which a comune of the conflict has the person.
func (c *Conflict) idIn(comune string) string {
	if comune == c.Holder {
		return cmp.Or(c.HolderANPRID, c.ANPRID)
	}
	return c.ANPRID
}

// hasIn reports whether a comune of the conflict has the person, of whom it has
// this record, in the list that it is about; of one with two ANPR ids, in any list,
// since he may be in none of them twice.
func (c *Conflict) hasIn(comune string, e electoral.Elector) bool {
	for l, en := range e.Enrolments() {
		if en.Comune == comune && (l == c.List || c.HolderANPRID != "") {
			return true
		}
	}
	return false
}

// A twin is another ANPR id of the same person, with what is registered under it.
type twin struct {
	id string
	position
}

// twins returns what is registered of a person under other ANPR ids with the same
// codice fiscale.
func (a *action) twins(ctx context.Context, rd Reader, p electoral.Person) ([]twin, error) {
	ids, err := a.r.idsOf(ctx, p.FiscalCode)
	if err != nil {
		return nil, err
	}
	return twinsAmong(ctx, rd, ids, p.ANPRID)
}

// twinsAmong returns what is registered under some ids, except one.
func twinsAmong(ctx context.Context, rd Reader, ids []string, except string) ([]twin, error) {
	var list []twin
	for _, id := range ids {
		if id == except {
			continue
		}
		e, home, err := rd.Elector(ctx, id)
		switch {
		case errors.Is(err, electoral.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			list = append(list, twin{id: id, position: position{elector: e, home: home}})
		}
	}
	return list, nil
}

// idsOf returns the ANPR ids with a codice fiscale: all of them if the population
// can, otherwise the one that it gives.
func (r *Registry) idsOf(ctx context.Context, code electoral.FiscalCode) ([]string, error) {
	if code == "" {
		return nil, nil
	}
	if many, ok := r.population.(electoral.IdentityPopulation); ok {
		found, err := many.IDsOfCodes(ctx, []electoral.FiscalCode{code})
		return found[code], err
	}
	p, err := r.population.ByFiscalCode(ctx, code)
	if errors.Is(err, electoral.ErrNotFound) {
		return nil, nil
	}
	return []string{p.ANPRID}, err
}

// holder returns the comune that has the person of a twin, and whether it has him
// in a list.
func (t twin) holder() (comune string, listed bool) {
	for _, en := range t.elector.Enrolments() {
		return en.Comune, true
	}
	return t.home, false
}

// sameUnderOtherID judges the enrolment of a person of whom something is registered
// under another ANPR id.
func (a *action) sameUnderOtherID(ctx context.Context, rd Reader, p electoral.Person,
	e electoral.Elector) (electoral.Faults, error) {
	twins, err := a.twins(ctx, rd, p)
	if err != nil {
		return nil, err
	}
	return a.r.judgeTwins(twins, e, electoral.AlreadyEnrolled), nil
}

// judgeTwins refuses, with a code, to have a person in lists under two ids, and to
// give him under one the right that he has not under the other.
func (r *Registry) judgeTwins(twins []twin, e electoral.Elector, code electoral.Code) electoral.Faults {
	var faults electoral.Faults
	for _, t := range twins {
		comune, listed := t.holder()
		args := electoral.Args{"comune": r.label(comune), "other": t.id}
		var f electoral.Fault
		switch {
		case listed:
			f = electoral.NewFault(code.In("other-id"), "anprId", e.ANPRID, args)
		case (t.elector.Loss != nil || t.elector.Capacity == electoral.No) && e.Capacity == electoral.Yes:
			f = electoral.NewFault(code.In("other-id-right"), "anprId", e.ANPRID, args)
		default:
			f = electoral.NewFault(code.In("other-id-left"), "anprId", e.ANPRID, args)
			f.Severity = electoral.Warning
		}
		faults = append(faults, f)
	}
	return faults
}

// openOtherIDConflicts opens a conflict with each comune that has the person of e
// in a list under another ANPR id.
func (a *action) openOtherIDConflicts(ctx context.Context, w Writer, e electoral.Elector, cause electoral.Code) error {
	p, err := a.r.population.ByANPRID(ctx, e.ANPRID)
	if errors.Is(err, electoral.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	twins, err := a.twins(ctx, w, p)
	if err != nil {
		return err
	}
	for _, t := range twins {
		comune, listed := t.holder()
		if !listed || comune == a.comune {
			continue
		}
		if err := a.openConflict(ctx, w, a.otherIDConflict(e, t, comune, cause)); err != nil {
			return err
		}
	}
	return nil
}

func (a *action) otherIDConflict(e electoral.Elector, t twin, holder string, cause electoral.Code) Conflict {
	list := listsOf(t.elector)[0]
	if both := slices.IndexFunc(listsOf(e), func(l electoral.List) bool {
		_, in := t.elector.EnrolmentIn(l)
		return in
	}); both >= 0 {
		list = listsOf(e)[both]
	}
	return Conflict{ID: conflictID(e.ANPRID, list, a.comune, holder) + "." + t.id, ANPRID: e.ANPRID,
		HolderANPRID: t.id, List: list, Claimant: a.comune, Holder: holder, State: ConflictOpen, Cause: cause,
		Opened: a.at}
}

// lookUpCodes asks for the ANPR ids of the codici fiscali of a batch.
func (l *loader) lookUpCodes(items []electoral.LoadItem[electoral.Elector]) error {
	many, ok := l.action.r.population.(electoral.IdentityPopulation)
	if !ok || l.persons == nil {
		return nil
	}
	codes := make([]electoral.FiscalCode, 0, len(items))
	for i := range items {
		if code := l.persons[items[i].Record.ANPRID].FiscalCode; code != "" {
			codes = append(codes, code)
		}
	}
	var err error
	l.codes, err = many.IDsOfCodes(l.ctx, codes)
	return err
}

// sameUnderOtherID judges a record whose person stands in the registry, or earlier
// in the file, under another ANPR id.
func (l *loader) sameUnderOtherID(item electoral.LoadItem[electoral.Elector],
	p electoral.Person) (electoral.Faults, error) {
	ids := l.codes[p.FiscalCode]
	if l.codes == nil {
		var err error
		if ids, err = l.action.r.idsOf(l.ctx, p.FiscalCode); err != nil {
			return nil, err
		}
	}
	var faults electoral.Faults
	stored := make([]string, 0, len(ids))
	for _, id := range ids {
		first, seen := l.seenElectors[id]
		switch {
		case id == item.Record.ANPRID:
		case seen:
			faults = append(faults, electoral.NewFault(electoral.DuplicateElector.In("other-id-file"), "anprId",
				item.Record.ANPRID, electoral.Args{"record": strconv.Itoa(first)}))
		default:
			stored = append(stored, id)
		}
	}
	twins, err := twinsAmong(l.ctx, l.rd, stored, item.Record.ANPRID)
	if err != nil {
		return nil, err
	}
	for _, t := range twins {
		if comune, listed := t.holder(); listed && comune != l.action.comune && !l.claimed(item.Record.ANPRID) {
			l.claims = append(l.claims, item.Record)
			if l.opts.Resumable {
				l.undo = append(l.undo, func() { l.claims = l.claims[:len(l.claims)-1] })
			}
		}
	}
	return append(faults, l.action.r.judgeTwins(twins, item.Record, electoral.DuplicateElector)...), nil
}

// claimed reports whether the record that was read last is among the claims.
func (l *loader) claimed(id string) bool {
	return len(l.claims) > 0 && l.claims[len(l.claims)-1].ANPRID == id
}
