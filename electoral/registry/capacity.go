package registry

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// A CapacityChange says how the capacity of a person changes.
type CapacityChange struct {
	ANPRID string
	// Capacity is No for the loss of the right to vote and Yes for its
	// recovery. Why it was lost is not kept: it may be a judgment.
	Capacity electoral.Answer
	// Status and Certifiability are those after a recovery. For a loss they
	// must be empty: he then votes for nothing, and since any comune might
	// issue a certificate, none may.
	Status         electoral.Status
	Certifiability *electoral.Certifiability
	// Day is the day from which the right is lost; zero means today. For a
	// recovery it must be zero.
	Day electoral.Date `json:",omitzero"`
}

// SetCapacity registers the loss of the right to vote, which is not a removal,
// or its recovery (D.P.R. 223/1967, art. 2 and 32), as the officer of the comune
// under which the person is registered. The lists stay as they are. It returns
// what is registered now, with the warnings.
//
// The loss stands as [electoral.CapacityLoss] until the recovery; a no of unknown
// origin becomes a loss when it is registered as one. For the recovery the act
// may be given with the request ([electoral.Recovery]).
//
// Codes: of every service, of a change, of an elector; REG-CAN-01, REG-CAP-01,
// REG-COM-01, REG-ELE-01, REG-PER-01/02.
func (r *Registry) SetCapacity(ctx context.Context, req electoral.Request,
	q CapacityChange) (electoral.Elector, electoral.Faults, error) {
	op := electoral.OpLoseCapacity
	if q.Capacity == electoral.Yes {
		op = electoral.OpRecoverCapacity
	}
	a := r.beginAbout(ctx, req, op, req.Actor.Comune, q.ANPRID)
	a.takes("", q)
	admitted := a.officerOf(req.Actor.Comune)
	if !q.Day.IsZero() && (!q.Day.Complete() || !q.Day.Valid()) {
		admitted = append(admitted, capacityDay(q.Day))
	}
	return perform(ctx, a, admitted, q,
		func(w Writer) (electoral.Elector, electoral.Faults, error) {
			return a.alter(ctx, w, alteration{anprID: q.ANPRID, checked: q.Capacity == electoral.Yes,
				apply: func(e *electoral.Elector) electoral.Faults { return a.setCapacity(e, q) }})
		})
}

func capacityDay(d electoral.Date) electoral.Fault {
	return electoral.NewFault(electoral.CapacityUnchanged.In("day"), "day", d.String(), nil)
}

func (a *action) setCapacity(e *electoral.Elector, q CapacityChange) electoral.Faults {
	var faults electoral.Faults
	empty := q.Status == electoral.Status{} && q.Certifiability == nil
	again := q.Capacity == e.Capacity && (q.Capacity != electoral.No || e.Loss != nil)
	if q.Capacity == electoral.NotGiven || again || q.Capacity == electoral.No && !empty {
		faults = append(faults,
			electoral.NewFault(electoral.CapacityUnchanged, "capacity", q.Capacity.String(),
				electoral.Args{"capacity": e.Capacity.String()}))
	}
	if q.Day.After(a.today()) || q.Capacity == electoral.Yes && !q.Day.IsZero() {
		faults = append(faults, capacityDay(q.Day))
	}
	if r := a.req.Recovery; r != nil {
		faults = append(faults, recoveryAfter(*r, e.Loss)...)
	}
	e.Capacity, e.Status, e.Certifiability, e.Loss = q.Capacity, q.Status, nil, nil
	if q.Certifiability != nil {
		e.Certifiability = new(*q.Certifiability)
	}
	if q.Capacity == electoral.No {
		e.LoseCapacity()
		e.Loss = &electoral.CapacityLoss{Day: q.Day, Comune: a.comune}
		if q.Day.IsZero() {
			e.Loss.Day = a.today()
		}
	}
	return faults
}

// checkRecovery judges the recovery of a request by itself, and whether the
// service takes one.
func (a *action) checkRecovery() electoral.Faults {
	r := a.req.Recovery
	if r == nil {
		return nil
	}
	switch a.op {
	case electoral.OpEnrol, electoral.OpChange, electoral.OpRecoverCapacity, electoral.OpDecideApplication:
		return a.fitRecovery(*r, "request.recovery")
	}
	return electoral.Faults{electoral.NewFault(electoral.RecoveryWithoutLoss.In("service"), "request.recovery", "",
		nil)}
}

// maxAct and minAct bound the reference of an act, in characters.
const minAct, maxAct = 3, 80

// shortLine reports whether a text has the length of a reference and is read on one
// line.
func shortLine(s string, least int) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= maxAct && utf8.ValidString(s) && !strings.ContainsFunc(s, electoral.Unreadable)
}

func (a *action) fitRecovery(r electoral.Recovery, path string) electoral.Faults {
	var faults electoral.Faults
	if !shortLine(strings.TrimSpace(r.Act), minAct) {
		faults = append(faults, electoral.NewFault(electoral.RecoveryUnfit, path+".act", r.Act, nil))
	}
	switch {
	case !r.Day.Complete() || !r.Day.Valid():
		faults = append(faults, electoral.NewFault(electoral.RecoveryUnfit.In("day"), path+".day", r.Day.String(), nil))
	case r.Day.After(a.today()):
		faults = append(faults, electoral.NewFault(electoral.RecoveryUnfit.In("future"), path+".day", r.Day.String(),
			nil))
	}
	return faults
}

// recoveryAfter refuses a recovery from before the loss.
func recoveryAfter(r electoral.Recovery, loss *electoral.CapacityLoss) electoral.Faults {
	if loss == nil || !r.Day.Before(loss.Day) {
		return nil
	}
	return electoral.Faults{electoral.NewFault(electoral.RecoveryUnfit.In("before"), "request.recovery.day",
		r.Day.String(), electoral.Args{"day": loss.Day.Italian()})}
}

// A claim is what gives a person the right to vote: a change of his record, with
// the act by which he recovered it, if there is one.
type claim struct {
	comune   string   // that makes the change
	before   []string // the comuni whose place it took
	recovery *electoral.Recovery
	message  bool
	today    electoral.Date
}

func (a *action) claim() claim {
	return claim{comune: a.comune, before: a.before, recovery: a.req.Recovery, message: a.req.Message, today: a.today()}
}

// right judges whether a change may make a person an elector, and ends the loss
// that it recovers. A right that was lost comes back only by recovery (D.P.R.
// 223/1967, art. 2 and 32 n. 5); the one flag of ANPR cannot say so, since it is
// also no for who left the lists.
func (r *Registry) right(old position, next *position, c claim) electoral.Faults {
	loss, yes := old.elector.Loss, next.elector.Capacity == electoral.Yes
	wasNo := old.known() && old.elector.Capacity == electoral.No
	fault := func(c electoral.Cause, args electoral.Args) electoral.Faults {
		return electoral.Faults{electoral.NewFault(c, "capacity", next.elector.Capacity.String(), args)}
	}
	var args electoral.Args
	if loss != nil {
		args = electoral.Args{"comune": r.label(loss.Comune), "day": ""}
		if loss.Day.Complete() {
			args["day"] = " dal " + loss.Day.Italian()
		}
	}
	switch {
	case c.recovery != nil && loss == nil && !wasNo:
		return fault(electoral.RecoveryWithoutLoss, nil)
	case c.recovery != nil && !yes:
		return fault(electoral.RecoveryWithoutLoss.In("not-yes"), nil)
	case c.recovery != nil:
		next.elector.Loss = nil
		return recoveryAfter(*c.recovery, loss)
	case !yes:
		return nil
	case loss != nil && c.message && (c.comune == loss.Comune || slices.Contains(c.before, loss.Comune)):
		next.elector.Loss = nil
		return fault(electoral.CapacityFromMessage, args)
	case loss != nil && c.message:
		return fault(electoral.CapacityNotRecovered.In("message"), args)
	case loss != nil:
		return fault(electoral.CapacityNotRecovered, args)
	case wasNo:
		return fault(electoral.CapacityOfUnknownOrigin, nil)
	}
	return nil
}

// sameLoss refuses a loss that was not registered by its own service.
func sameLoss(old, e electoral.Elector) electoral.Faults {
	if e.Loss == nil || samePtr(old.Loss, e.Loss) {
		return nil
	}
	return electoral.Faults{electoral.NewFault(electoral.LossNotHere, "loss", e.Loss.Day.String(), nil)}
}

// SetCertifiability registers which electoral certificates may be issued for a
// person, as the officer of the comune under which he is registered.
//
// Codes: of every service, of a change, of an elector; REG-CAN-01, REG-COM-01,
// REG-ELE-01, REG-PER-01/02.
func (r *Registry) SetCertifiability(ctx context.Context, req electoral.Request, anprID string,
	c electoral.Certifiability) (electoral.Faults, error) {
	a := r.beginAbout(ctx, req, electoral.OpCertifiability, req.Actor.Comune, anprID)
	a.takes("certifiability", c)
	_, warnings, err := perform(ctx, a, a.officerOf(req.Actor.Comune), c,
		func(w Writer) (electoral.Elector, electoral.Faults, error) {
			return a.alter(ctx, w, alteration{anprID: anprID, apply: func(e *electoral.Elector) electoral.Faults {
				e.Certifiability = &c
				return rules.CheckCertifiability(*e)
			}})
		})
	return warnings, err
}

// An alteration changes capacity, status or certifiability of a registered
// person, and leaves his lists.
type alteration struct {
	anprID string
	apply  func(*electoral.Elector) electoral.Faults
	// checked applies every rule to the whole record. A change that only takes
	// something away is not checked: a wrong section must not keep a lost right
	// in force.
	checked bool
}

func (a *action) alter(ctx context.Context, w Writer, q alteration) (electoral.Elector, electoral.Faults, error) {
	person, old, err := a.known(ctx, w, q.anprID)
	if err != nil {
		return electoral.Elector{}, nil, err
	}
	if !old.known() {
		return electoral.Elector{}, nil, electoral.Faults{unknownElector(q.anprID)}
	}
	next := position{elector: old.elector.Clone(), home: old.home}
	faults := append(old.stillThere(), q.apply(&next.elector)...)
	faults = append(faults, a.r.mayChange(old, next.elector, a.req.Actor)...)
	if q.checked {
		faults, err = a.checkAndPut(ctx, w, change{person: person, old: old, next: next}, faults)
	} else if err = faults.Err(); err == nil {
		err = a.put(ctx, w, old, next)
	}
	if err != nil {
		return electoral.Elector{}, nil, err
	}
	return next.elector, faults, nil
}
