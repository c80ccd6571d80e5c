package revision

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// A Schedule is the calendar of a revision ("calendario"): its steps in the order of
// their last days. It is a value without a clock; nothing in it changes.
//
// The days are those of the law as they fall: nothing was found by which a term that
// ends on a Saturday, a Sunday or a holiday moves, and none is moved.
type Schedule struct {
	// Kind is the revision; that of both rounds of an ordinary dynamic one has
	// [DynamicFirst], and each step its own.
	Kind Kind `json:"kind"`
	// Year and Half are those of a semestral or an ordinary dynamic revision.
	Year int `json:"year,omitzero"`
	Half int `json:"half,omitzero"`
	// Comune is the Belfiore code, and Votes the votes of an extraordinary one, as
	// they were given.
	Comune string           `json:"comune,omitzero"`
	Votes  []electoral.Vote `json:"votes,omitempty"`
	Steps  []Step           `json:"steps"`
	// Told are warnings: a notice whose day was computed, a step that could not be.
	Told electoral.Faults `json:"told,omitempty"`

	terms Terms // for the revisions that come next
}

// SemestralSchedule returns the calendar of the "revisione semestrale" of a year's
// first or second half (D.P.R. 223/1967, art. 7-31). It fails with faults of
// [electoral.RevisionPeriod] for a year outside 1967-2200 or another half, and of
// [electoral.RevisionTerm] for terms that are not possible.
//
// Codes: of every input; REV-CAL-01/02.
func SemestralSchedule(year, half int, t Terms) (Schedule, error) {
	return halfYear(Semestral, year, half, t)
}

// DynamicSchedule returns the calendar of both rounds of the "revisione dinamica
// ordinaria" of January (half 1) or July (half 2) of a year (art. 32). It fails as
// [SemestralSchedule] does.
//
// Codes: of every input; REV-CAL-01/02.
func DynamicSchedule(year, half int, t Terms) (Schedule, error) {
	return halfYear(DynamicFirst, year, half, t)
}

func halfYear(k Kind, year, half int, t Terms) (Schedule, error) {
	faults := electoral.Faults(t.Check())
	if year < firstYear || year > lastYear {
		faults = append(faults, electoral.NewFault(electoral.RevisionPeriod, "schedule.year", strconv.Itoa(year), nil))
	}
	if half != 1 && half != 2 {
		faults = append(faults,
			electoral.NewFault(electoral.RevisionPeriod.In("half"), "schedule.half", strconv.Itoa(half), nil))
	}
	if err := faults.Err(); err != nil {
		return Schedule{}, err
	}
	s := Schedule{Kind: k, Year: year, Half: half, terms: t}
	begins := date(year, 1, 1)
	if half == 2 {
		begins = date(year, 7, 1)
	}
	terms := t.all()
	for _, r := range halfYearRules() {
		if r.kind.Revision() != k.Revision() {
			continue
		}
		term := terms.of(r.code, half, begins)
		s.add(r.step(term, term.fixedDay(year)))
	}
	s.order()
	return s, nil
}

// step returns the step of a rule with the term's law and basis and a last day.
func (r stepRule) step(t Term, day electoral.Date) Step {
	s := Step{Code: r.code, Kind: r.kind, Day: day, Organ: r.organ, Italian: r.italian, Law: t.Law, Basis: t.Basis,
		Strict: r.barring && t.Basis == Sourced, Causes: r.causes}
	if r.event {
		s.From = day
	}
	return s
}

func (s *Schedule) add(step Step) { s.Steps = append(s.Steps, step) }

// order sorts the steps by their last days; those of one day stay in the usual order.
func (s *Schedule) order() {
	slices.SortStableFunc(s.Steps, func(a, b Step) int { return a.Day.Compare(b.Day) })
}

// Deadline returns the step after which a cause is late, and false if no step of the
// schedule is about it. Where the votes of one day have different terms it is the
// last of them.
func (s Schedule) Deadline(c Cause) (Step, bool) {
	var last Step
	found := false
	for _, step := range s.Steps {
		if slices.Contains(step.Causes, c) && (!found || !step.Day.Before(last.Day)) {
			last, found = step, true
		}
	}
	return last, found
}

// Step returns the first step with a code, and false if there is none.
func (s Schedule) Step(code StepCode) (Step, bool) {
	i := slices.IndexFunc(s.Steps, func(o Step) bool { return o.Code == code })
	if i < 0 {
		return Step{}, false
	}
	return s.Steps[i], true
}

// At returns the steps whose time a day lies in: not before the first day, where there
// is one, and not after the last.
func (s Schedule) At(day electoral.Date) []Step {
	var out []Step
	for _, step := range s.Steps {
		if !day.Before(step.From) && !day.After(step.Day) {
			out = append(out, step)
		}
	}
	return out
}

// TurningEighteen returns the days between which somebody turns 18 whom a semestral
// revision enrols: of the first half-year those of the second, and of the second
// those of the first half of the next year. It returns false for another revision.
func (s Schedule) TurningEighteen() (electoral.DateRange, bool) {
	switch {
	case s.Kind != Semestral:
		return electoral.DateRange{}, false
	case s.Half == 1:
		return electoral.DateRange{From: date(s.Year, 7, 1), To: date(s.Year, 12, 31)}, true
	}
	return electoral.DateRange{From: date(s.Year+1, 1, 1), To: date(s.Year+1, 6, 30)}, true
}

// ends returns the last day of voting of the votes; zero if there are none.
func (s Schedule) ends() (last electoral.Date) {
	for _, v := range s.Votes {
		if v.Last().After(last) {
			last = v.Last()
		}
	}
	return last
}

// ExtraordinarySchedule returns the calendar of the "revisione dinamica
// straordinaria" of a comune before votes of one day (D.P.R. 223/1967, art. 32, 32-bis
// and 33), with the terms of the voters' choices ([rules.ChoiceTerm]) and of the
// applications of citizens of the Union ([rules.ApplicationTerm]).
//
// Terms are counted from [electoral.Vote.Notice] and backwards from
// [electoral.Vote.Terms]; the age of those whom art. 33 strikes off is that at
// [electoral.Vote.AgeAt]. A notice that is not given is computed, which is told, and
// what hangs on it warns and does not refuse. A step whose day cannot be computed is
// left out and told. Where votes of the day have different terms for one limit, each
// has a step of its own and only the last of them refuses: the list is one, and
// nothing was found that says which term holds for it.
//
// It fails with the faults of [electoral.Vote.Check], with those of
// [electoral.RevisionPeriod] if the comune is missing, if there is no vote, one twice
// or several days, and of [electoral.RevisionTerm].
//
// Codes: of every input; REV-CAL-01/02/03/04/05, VOT-DAT-01/02.
func ExtraordinarySchedule(comune string, votes []electoral.Vote, t Terms) (Schedule, error) {
	faults := append(electoral.Faults(t.Check()), checkVotes(comune, votes)...)
	if err := faults.Err(); err != nil {
		return Schedule{}, err
	}
	s := Schedule{Kind: Extraordinary, Comune: comune, Votes: slices.Clone(votes), terms: t}
	var shared [][]Step // of each vote, those that all have
	for _, v := range votes {
		c := voteClock{vote: v, terms: t.all()}
		c.setNotice()
		shared = append(shared, c.listSteps())
		for _, step := range c.ownSteps() {
			s.add(step)
		}
		s.Told = append(s.Told, c.told...)
	}
	s.merge(shared)
	s.order()
	// One fault, told for each vote, is one warning.
	var told electoral.Faults
	for _, f := range s.Told {
		if !slices.ContainsFunc(told, func(o electoral.Fault) bool { return o.Error() == f.Error() }) {
			told = append(told, f)
		}
	}
	s.Told = told
	return s, nil
}

func checkVotes(comune string, votes []electoral.Vote) electoral.Faults {
	var faults electoral.Faults
	if strings.TrimSpace(comune) == "" {
		faults = append(faults, electoral.NewFault(electoral.RevisionPeriod.In("comune"), "schedule.comune", comune, nil))
	}
	if len(votes) == 0 {
		faults = append(faults, electoral.NewFault(electoral.RevisionPeriod.In("votes"), "schedule.votes", "", nil))
	}
	for i, v := range votes {
		faults = append(faults, v.Check()...)
		if v.Day != votes[0].Day {
			faults = append(faults,
				electoral.NewFault(electoral.RevisionPeriod.In("days"), "schedule.votes", v.Day.String(), nil))
		}
		if slices.ContainsFunc(votes[:i], func(o electoral.Vote) bool { return o.Consultation == v.Consultation }) {
			faults = append(faults,
				electoral.NewFault(electoral.RevisionPeriod.In("votes"), "schedule.votes", string(v.Consultation), nil))
		}
	}
	return faults
}

// merge adds the steps that all votes have: once where they agree, and else those of
// each vote, of which only the last may refuse.
func (s *Schedule) merge(shared [][]Step) {
	for i, first := range shared[0] {
		var all []Step
		for _, list := range shared {
			all = append(all, list[i])
		}
		same := func(field func(a, b Step) bool) bool {
			return !slices.ContainsFunc(all, func(o Step) bool { return !field(first, o) })
		}
		if same(func(a, b Step) bool { return a.From == b.From && a.Day == b.Day && a.Italian == b.Italian }) {
			first.Vote = ""
			for _, o := range all { // if one notice is known, the other computed
				if o.Basis == Sourced && first.Basis != Sourced {
					first.Basis, first.Strict = o.Basis, o.Strict
				}
			}
			s.add(first)
			continue
		}
		last := slices.MaxFunc(all, func(a, b Step) int { return a.Day.Compare(b.Day) })
		var days []string
		for _, step := range all {
			step.Strict = step.Strict && step.Day == last.Day
			days = append(days, step.Day.Italian()+" per "+step.Vote.Italian())
			s.add(step)
		}
		if !same(func(a, b Step) bool { return a.Day == b.Day }) {
			s.Told = append(s.Told, electoral.NewFault(electoral.RevisionStepsDiffer, "schedule.steps."+string(first.Code),
				"", electoral.Args{"step": first.Italian, "days": strings.Join(days, ", ")}))
		}
	}
}

// A voteClock computes the steps of one vote.
type voteClock struct {
	vote   electoral.Vote
	terms  termList
	notice electoral.Date
	given  bool // the day of the notice
	told   electoral.Faults
}

func (c *voteClock) setNotice() {
	c.notice, c.given = c.vote.Notice, !c.vote.Notice.IsZero()
	if c.given {
		return
	}
	c.notice = c.vote.Terms().AddDays(c.terms.of(StepNotice, 0, c.vote.Day).Days)
	c.told = append(c.told, electoral.NewFault(electoral.RevisionNoticeComputed, "vote.notice", "",
		electoral.Args{"notice": c.notice.Italian()}))
}

// listSteps returns the steps of the revision itself, the same for every vote.
func (c *voteClock) listSteps() []Step {
	var out []Step
	for _, r := range voteRules() {
		if r.elsewhere || r.national {
			continue
		}
		step := c.step(r)
		step.Vote = c.vote.Consultation
		out = append(out, step)
	}
	limit, _ := find(out, StepFinalLimit)
	right, _ := find(out, StepRightLimit)
	last := c.vote.Last()
	for _, o := range []struct {
		code      StepCode
		from, day electoral.Date
		basis     Basis
		law       string
	}{
		{StepAttestations, right.Day.AddDays(1), last, weaker(right.Basis, Sourced), lawOf("art. 32-bis")},
		{StepBlocked, limit.Day.AddDays(1), last, weaker(limit.Basis, Sourced),
			"prassi degli uffici elettorali (blocco liste)"},
		{StepAfterVote, last.AddDays(1), monthAfter(last), Inferred, lawOf("art. 32-bis")},
	} {
		r, _ := ruleOf(o.code)
		step := r.step(Term{Basis: o.basis, Law: o.law}, o.day)
		step.From, step.Vote = o.from, c.vote.Consultation
		out = append(out, step)
	}
	return out
}

// step computes the step of a rule that has a [Term].
func (c *voteClock) step(r stepRule) Step {
	t := c.terms.of(r.code, 0, c.vote.Day)
	day := c.vote.Terms().AddDays(t.Days)
	if t.Anchor == FromNotice {
		day = c.notice.AddDays(t.Days)
		if !c.given {
			t.Basis = weaker(t.Basis, Inferred)
		}
	}
	if r.code == StepNotice {
		day = c.notice
		if c.given {
			t.Basis = Sourced
		}
	}
	step := r.step(t, day)
	if r.code == StepUnderAgeList {
		step.Italian = strings.ReplaceAll(step.Italian, "{age}", c.vote.AgeAt().Italian())
		if c.vote.AgeLaw != "" {
			step.Law += "; " + tidyText(c.vote.AgeLaw)
		}
	}
	return step
}

// ownSteps returns the steps that only a vote of this kind has.
func (c *voteClock) ownSteps() []Step {
	v, out := c.vote, []Step(nil)
	add := func(step Step) {
		step.Vote = v.Consultation
		out = append(out, step)
	}
	if rules.Postal(v.Consultation) {
		for _, r := range voteRules() {
			if r.national {
				add(c.step(r))
			}
		}
		c.compareUnderAge(out)
	}
	for _, o := range []struct {
		code StepCode
		list electoral.List
		law  string
	}{
		{StepEUComunal, electoral.EUComunalList, "d.lgs. 12 aprile 1996, n. 197, art. 3"},
		{StepEUParliament, electoral.EUParliamentList, "D.L. 24 giugno 1994, n. 408, art. 2"},
	} {
		at, basis := v, Sourced
		if at.Notice.IsZero() && o.code == StepEUComunal {
			at.Notice, basis = c.notice, Inferred
		}
		if day, ok := rules.ApplicationTerm(o.list, at); ok {
			r, _ := ruleOf(o.code)
			add(r.step(Term{Basis: basis, Law: o.law}, day))
		}
	}
	for _, step := range c.choiceSteps() {
		add(step)
	}
	return out
}

// compareUnderAge tells if the 10th day from the notice is not the 35th before the vote.
func (c *voteClock) compareUnderAge(own []Step) {
	r, _ := ruleOf(StepUnderAgeList)
	list := c.step(r)
	if count, ok := find(own, StepFirstCount); ok && count.Day != list.Day {
		c.told = append(c.told, electoral.NewFault(electoral.RevisionStepsDiffer.In("under-age"),
			"schedule.steps."+string(StepUnderAgeList), list.Day.String(),
			electoral.Args{"list": list.Day.Italian(), "count": count.Day.Italian()}))
	}
}

// choiceSteps returns the terms of the choices that the registry takes.
func (c *voteClock) choiceSteps() []Step {
	var out []Step
	for _, o := range []struct {
		code StepCode
		kind electoral.ChoiceKind
		law  string
	}{
		{StepOption, electoral.OptionForItaly, "legge 27 dicembre 2001, n. 459, artt. 1, comma 3, e 4"},
		{StepTemporarily, electoral.TemporarilyAbroad, "legge 27 dicembre 2001, n. 459, art. 4-bis"},
		{StepAtHome, electoral.AtHome, "termini pubblicati dai comuni: dal 40° al 20° giorno prima del voto"},
		{StepInHospital, electoral.InHospital,
			"D.P.R. 30 marzo 1957, n. 361, art. 51; D.P.R. 16 maggio 1960, n. 570, art. 42"},
		{StepInDetention, electoral.InDetention, "legge 23 aprile 1976, n. 136, artt. 8 e 9"},
	} {
		r, _ := ruleOf(o.code)
		if r.national && !rules.Postal(c.vote.Consultation) {
			continue
		}
		first, last, known := rules.ChoiceTerm(o.kind, c.vote)
		if !known {
			c.told = append(c.told, electoral.NewFault(electoral.RevisionStepUnknown, "vote.called", "",
				electoral.Args{"step": r.italian}))
			continue
		}
		step := r.step(Term{Basis: Sourced, Law: o.law}, last)
		step.From = first
		out = append(out, step)
	}
	return out
}

func find(steps []Step, code StepCode) (Step, bool) { return Schedule{Steps: steps}.Step(code) }

// weaker returns the less certain of two bases.
func weaker(a, b Basis) Basis {
	order := []Basis{Sourced, Inferred, Unverified, Open}
	return slices.MaxFunc([]Basis{a, b}, func(x, y Basis) int {
		return cmp.Compare(slices.Index(order, x), slices.Index(order, y))
	})
}

// monthAfter returns the same day of the next month, or its last day if it has none.
func monthAfter(d electoral.Date) electoral.Date {
	next := date(d.Year, d.Month, 1).AddDays(31)
	end := date(next.Year, next.Month, 1).AddDays(31)
	end = date(end.Year, end.Month, 1).AddDays(-1)
	return date(next.Year, next.Month, min(d.Day, end.Day))
}
