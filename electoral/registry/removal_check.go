package registry

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// impossible judges what cannot be kept as a request: a day that does not exist
// cannot be written. The rest is judged with the person's data.
func (q RemovalRequest) impossible() electoral.Faults {
	var faults electoral.Faults
	if !q.Day.IsZero() && (!q.Day.Complete() || !q.Day.Valid()) {
		faults = append(faults, electoral.NewFault(electoral.RemovalDay, "removal.day", q.Day.String(), nil))
	}
	for i, v := range q.KeptVotes {
		if !v.Day.IsZero() && !v.Day.Valid() {
			faults = append(faults, unfitVote(i, v))
		}
	}
	return faults
}

func unfitVote(i int, v electoral.KeptVote) electoral.Fault {
	return electoral.NewFault(electoral.RemovalStillVotes.In("unfit"), "removal.keptVotes["+strconv.Itoa(i)+"]",
		string(v.Consultation)+" "+v.Day.String(), nil)
}

// checkVotes judges the votes that the elector is to keep.
func (a *action) checkVotes(old electoral.Elector, leaving []departure, q RemovalRequest) electoral.Faults {
	if len(q.KeptVotes) == 0 {
		return nil
	}
	general := len(leaving) == 1 && leaving[0].list == electoral.GeneralList && old.General != nil &&
		!slices.Contains([]electoral.RemovalCause{electoral.CauseDied, electoral.CauseRightLost,
			electoral.CauseSentByMistake}, leaving[0].cause)
	var faults electoral.Faults
	over := a.r.over(a.today())
	for i, v := range q.KeptVotes {
		here := electoral.KeptVote{Comune: a.req.Actor.Comune, Consultation: v.Consultation, Day: v.Day}
		same := func(o electoral.KeptVote) bool { return o.Consultation == v.Consultation && o.Day == v.Day }
		kept, twice := old.KeptVote(v.Consultation, v.Day)
		switch {
		case !general, !slices.Contains(electoral.Consultations(), v.Consultation), !v.Day.Complete(),
			over(here), v.Day.After(a.today().AddYears(1)),
			v.Comune != "" && v.Comune != a.req.Actor.Comune,
			v.Section != "" && v.Section != old.General.Section, slices.ContainsFunc(q.KeptVotes[:i], same):
			faults = append(faults, unfitVote(i, v))
		case twice && kept.Comune != a.req.Actor.Comune:
			faults = append(faults, electoral.NewFault(electoral.RemovalStillVotes.In("twice"), "removal.keptVotes",
				string(v.Consultation)+" "+v.Day.String(), electoral.Args{"vote": v.Day.Italian(),
					"comune": a.r.label(kept.Comune)}))
		}
	}
	return faults
}

// checkDay judges the day from which a removal takes effect. Nobody is in a list
// before he is 17, in the half-year in which he turns 18 (D.P.R. 223/1967, art.
// 7); and lists change with a revision, of which the next semestral one takes
// effect within six months.
func (a *action) checkDay(p electoral.Person, day electoral.Date) electoral.Faults {
	if day.IsZero() {
		return nil
	}
	fault := func(c electoral.Cause, args electoral.Args) electoral.Faults {
		return electoral.Faults{electoral.NewFault(c, "removal.day", day.String(), args)}
	}
	first, last := p.Birth.Date.AddYears(17), monthsAfter(a.today(), 6)
	switch {
	case day.After(last):
		return fault(electoral.RemovalDay.In("far"), electoral.Args{"last": last.Italian()})
	case !first.IsZero() && day.Before(first):
		return fault(electoral.RemovalDay.In("early"), electoral.Args{"first": first.Earliest().Italian()})
	case day.After(a.today()):
		return fault(electoral.RemovalDayUnusual.In("future"), electoral.Args{"day": day.Italian()})
	}
	return nil
}

// monthsAfter returns the day some months later, the last of its month where the
// month is shorter.
func monthsAfter(d electoral.Date, months int) electoral.Date {
	first := time.Date(d.Year, d.Month, 1, 0, 0, 0, 0, time.UTC).AddDate(0, months, 0)
	end := first.AddDate(0, 1, -1).Day()
	return electoral.Date{Year: first.Year(), Month: first.Month(), Day: min(d.Day, end)}
}

// beforeLast warns of a removal that takes effect before the last operation on
// the elector that the journal of the comune has.
func (a *action) beforeLast(ctx context.Context, rd Reader, q RemovalRequest) (electoral.Faults, error) {
	if q.Day.IsZero() || !q.Day.Before(a.today()) {
		return nil, nil
	}
	var last electoral.Date
	s := JournalSearch{Comune: a.comune, ANPRIDs: []string{q.ANPRID}, From: a.r.calendar.Begins(q.Day.AddDays(1))}
	for entry, err := range rd.Journal(ctx, s) {
		if err != nil {
			return nil, err
		}
		if day := a.r.calendar.Day(entry.At); day.After(last) {
			last = day
		}
	}
	if last.IsZero() {
		return nil, nil
	}
	return electoral.Faults{electoral.NewFault(electoral.RemovalDayUnusual, "removal.day", q.Day.String(),
		electoral.Args{"last": last.Italian()})}, nil
}

// doubts warns of causes that the population does not bear out.
func (a *action) doubts(old position, p electoral.Person, leaving []departure) electoral.Faults {
	var faults electoral.Faults
	warn := func(c electoral.Cause, cause electoral.RemovalCause, args electoral.Args) {
		f := electoral.NewFault(c, "removal.cause", string(cause), args)
		if !faults.Has(f.Code) {
			faults = append(faults, f)
		}
	}
	dead := p.DeadAt(a.today())
	for _, d := range leaving {
		switch d.cause {
		case electoral.CauseDied:
			if !dead && !old.gone {
				warn(electoral.RemovalAlive, d.cause, nil)
			}
		case electoral.CauseUntraceable, electoral.CauseMoved:
			// Who is in an added list lives in another comune anyway.
			if !territorial(d.list) && !dead && a.isMine(p.Registered()) {
				warn(electoral.RemovalStillResident, d.cause,
					electoral.Args{"comune": a.r.label(p.Registered())})
			}
		}
		if d.cause != electoral.CauseUntraceable {
			continue
		}
		switch a.req.Revision {
		case electoral.DynamicRevision:
			warn(electoral.RemovalRevision, d.cause, electoral.Args{"revision": "dinamica"})
		case electoral.ExtraordinaryRevision:
			warn(electoral.RemovalRevision, d.cause, electoral.Args{"revision": "straordinaria"})
		}
	}
	return faults
}

func territorial(l electoral.List) bool {
	return slices.Contains(electoral.FromTerritorialList.Lists(), l)
}

// votesTold warns of the votes that the elector still has elsewhere or from
// earlier, and of those of this removal that ANPR's message does not carry.
func (a *action) votesTold(e electoral.Elector, q RemovalRequest) electoral.Faults {
	var faults electoral.Faults
	carried, over := false, a.r.over(a.today())
	for _, v := range e.KeptVotes {
		args := electoral.Args{"comune": a.r.label(v.Comune), "vote": v.Day.Italian(),
			"consultation": v.Consultation.Italian()}
		asked := slices.ContainsFunc(q.KeptVotes, func(o electoral.KeptVote) bool {
			return o.Consultation == v.Consultation && o.Day == v.Day
		})
		switch {
		case asked && carried:
			faults = append(faults, electoral.NewFault(electoral.RemovalVotesBeyond, "removal.keptVotes",
				string(v.Consultation)+" "+v.Day.String(), args))
		case asked:
			carried = true
		case !over(v):
			f := electoral.NewFault(electoral.RemovalStillVotes, "removal.keptVotes",
				string(v.Consultation)+" "+v.Day.String(), args)
			f.Severity = electoral.Warning
			faults = append(faults, f)
		}
	}
	return faults
}
