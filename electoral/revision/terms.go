package revision

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
)

// An Anchor is the day from which the term of a step runs.
type Anchor string

// The anchors.
const (
	// FixedDay is a day of the year: [Term.Month] and [Term.Day]. It is the zero
	// value.
	FixedDay Anchor = ""
	// FromNotice counts from the notice of convocation ("manifesto di
	// convocazione dei comizi").
	FromNotice Anchor = "notice"
	// FromVote counts from the day from which the vote's terms run
	// ([electoral.Vote.Terms]).
	FromVote Anchor = "vote"
)

// A Term says on which day a step ends ("termine"), and how well that is known.
type Term struct {
	// Step is the step, and Half the half-year of a semestral or ordinary dynamic
	// revision, 1 or 2; 0 for a step of the extraordinary one.
	Step StepCode `json:"step"`
	Half int      `json:"half,omitzero"`
	// Anchor is what the term runs from, and Days how many days later it ends: -30
	// is the 30th day before, 5 the fifth day after.
	Anchor Anchor `json:"anchor,omitzero"`
	Days   int    `json:"days,omitzero"`
	// Month and Day are the day of a FixedDay. Day 31 means the month's last day. In
	// the second half-year, months before July are of the year after.
	Month time.Month `json:"month,omitzero"`
	Day   int        `json:"day,omitzero"`
	// Basis says how well the term is known; the zero value means [Open]. Only a
	// [Sourced] term may refuse.
	Basis Basis `json:"basis,omitzero"`
	// Law is the article, the circular or the practice, up to 240 characters; a
	// Sourced term needs one.
	Law string `json:"law,omitzero"`
	// From and Until are the first and the last day on which the term holds: of the
	// first day of voting or, for a half-year, of its first day. Zero does not bound
	// it.
	From  electoral.Date `json:"from,omitzero"`
	Until electoral.Date `json:"until,omitzero"`
}

// Terms are the terms of the steps of a revision. The zero value has those of the
// law as [DefaultTerms] lists them.
//
// A comune whose Prefettura sets another day, or that meets a new law, puts the
// terms that differ into Own: of two for the same step, that which holds on the day
// counts. So the first round of the extraordinary revision, 8 days before the notice
// where nothing is set, was in 2016 on the 3rd day before it ({Step: StepFirstRound,
// Anchor: FromNotice, Days: -3}), and in Livorno on the 47th day before the vote
// ({Step: StepFirstRound, Anchor: FromVote, Days: -47}).
//
// The terms of the voters' choices and of the applications of citizens of the Union
// are those by which the registry takes them ([rules.ChoiceTerm],
// [rules.ApplicationTerm]) and cannot be set here.
//
// Nothing was found by which a term that ends on a holiday moves to another day:
// none is moved.
type Terms struct {
	Own []Term `json:"own,omitempty"`
}

// The limits of a [Term].
const (
	mostDaysBefore = 365
	mostDaysAfter  = 60
	mostLawLetters = 240
	firstYear      = 1967 // D.P.R. 223/1967
	lastYear       = 2200
)

// DefaultTerms returns the terms of the law as this version knows it, each with its
// basis, in the order of the steps. The slice is the caller's own.
func DefaultTerms() []Term {
	return slices.Concat(semestralTerms(), dynamicTerms(), extraordinaryTerms())
}

// semestralTerms are the days of D.P.R. 223/1967, art. 7-31.
func semestralTerms() []Term {
	fixed := func(step StepCode, half int, month time.Month, day int, basis Basis, article string) Term {
		return Term{Step: step, Half: half, Month: month, Day: day, Basis: basis, Law: lawOf(article)}
	}
	return []Term{
		fixed(StepReferenceDay, 1, time.February, 15, Sourced, "art. 8"),
		fixed(StepReferenceDay, 2, time.August, 15, Sourced, "art. 8"),
		fixed(StepEighteenList, 1, time.February, 31, Sourced, "art. 8"),
		fixed(StepEighteenList, 2, time.August, 31, Sourced, "art. 8"),
		fixed(StepProposals, 1, time.April, 10, Sourced, "art. 16"),
		fixed(StepProposals, 2, time.October, 10, Sourced, "art. 16"),
		fixed(StepDeposit, 1, time.April, 20, Sourced, "artt. 7-31"),
		fixed(StepDeposit, 2, time.October, 20, Unverified, "artt. 7-31"),
		fixed(StepDecision, 1, time.June, 10, Unverified, "artt. 7-31"),
		fixed(StepDecision, 2, time.December, 10, Unverified, "artt. 7-31"),
		fixed(StepWriting, 1, time.June, 20, Unverified, "artt. 30 e 40"),
		fixed(StepWriting, 2, time.December, 21, Sourced, "artt. 30 e 40"),
		fixed(StepSemestralEffect, 1, time.June, 30, Sourced, "artt. 7-31"),
		fixed(StepSemestralEffect, 2, time.December, 31, Unverified, "artt. 7-31"),
	}
}

// dynamicTerms are the days of the two rounds of art. 32.
func dynamicTerms() []Term {
	var out []Term
	for _, step := range []StepCode{StepRemovalRound, StepExchange, StepEnrolmentRound} {
		day := 10
		if step == StepEnrolmentRound {
			day = 31
		}
		for half, month := range []time.Month{time.January, time.July} {
			out = append(out, Term{Step: step, Half: half + 1, Month: month, Day: day, Basis: Sourced,
				Law: lawOf("art. 32")})
		}
	}
	return out
}

// extraordinaryTerms are the terms before a vote.
func extraordinaryTerms() []Term {
	const fourth = "art. 32, quarto comma"
	return []Term{
		{Step: StepFirstRound, Anchor: FromNotice, Days: -8, Basis: Open,
			Law: "circolari del Ministero dell'interno, che variano"},
		{Step: StepNotice, Anchor: FromVote, Days: -45, Basis: Inferred, Law: lawOf(fourth)},
		{Step: StepNoticeLimit, Anchor: FromNotice, Basis: Sourced, Law: lawOf(fourth)},
		{Step: StepAddedTermLimit, Anchor: FromNotice, Basis: Inferred, Law: lawOf("art. 32")},
		{Step: StepUnderAgeList, Anchor: FromNotice, Days: 10, Basis: Sourced, Law: lawOf("art. 33")},
		{Step: StepFirstCount, Anchor: FromVote, Days: -35, Basis: Sourced,
			Law: "richieste delle Prefetture (modello REF-1 per i referendum)"},
		{Step: StepRightLimit, Anchor: FromVote, Days: -30, Basis: Sourced, Law: lawOf(fourth)},
		{Step: StepFinalLimit, Anchor: FromVote, Days: -15, Basis: Sourced,
			Law: lawOf("art. 32") + "; D.L. 9 febbraio 2012, n. 5, art. 5, comma 5-bis"},
		{Step: StepSecondCount, Anchor: FromVote, Days: -15, Basis: Sourced,
			Law: "richieste delle Prefetture (modello REF-2 per i referendum)"},
	}
}

func lawOf(article string) string { return "D.P.R. 20 marzo 1967, n. 223, " + article }

// Check returns, as faults of [electoral.RevisionTerm], what is wrong with the terms
// that were set; nil if nothing is. The paths are those of the JSON form.
//
// Codes: of every input; REV-CAL-01.
func (t Terms) Check() []electoral.Fault {
	var out electoral.Faults
	for i, own := range t.Own {
		path := "terms.own[" + strconv.Itoa(i) + "]"
		faults := own.check(path)
		if len(faults) == 0 && slices.ContainsFunc(t.Own[:i], own.clashes) {
			faults = append(faults, electoral.NewFault(electoral.RevisionTerm.In("twice"), path+".step", string(own.Step),
				nil))
		}
		out = append(out, faults...)
	}
	return unfit(out, "terms", t)
}

func (t Term) check(path string) electoral.Faults {
	rule, ok := ruleOf(t.Step)
	if !ok || rule.elsewhere {
		return electoral.Faults{electoral.NewFault(electoral.RevisionTerm, path+".step", string(t.Step), nil)}
	}
	var out electoral.Faults
	fault := func(c electoral.Cause, field, value string) {
		out = append(out, electoral.NewFault(c, path+"."+field, value, nil))
	}
	fixed := rule.kind != Extraordinary
	if fixed && t.Half != 1 && t.Half != 2 || !fixed && t.Half != 0 {
		fault(electoral.RevisionTerm.In("half"), "half", strconv.Itoa(t.Half))
	}
	switch {
	case fixed && t.Anchor == FixedDay:
		// Of a leap year, for the 29th of February.
		if t.Month < 1 || t.Month > 12 || t.Day < 1 || t.Day > 31 || t.Day < 31 && !date(2024, t.Month, t.Day).Valid() {
			fault(electoral.RevisionTerm.In("day"), "day", strconv.Itoa(int(t.Month))+"-"+strconv.Itoa(t.Day))
		}
	case fixed, t.Anchor != FromNotice && t.Anchor != FromVote, t.Step == StepNotice && t.Anchor == FromNotice:
		fault(electoral.RevisionTerm.In("anchor"), "anchor", string(t.Anchor))
	case t.Days < -mostDaysBefore || t.Days > mostDaysAfter:
		fault(electoral.RevisionTerm.In("days"), "days", strconv.Itoa(t.Days))
	}
	if fixed && t.Days != 0 {
		fault(electoral.RevisionTerm.In("days"), "days", strconv.Itoa(t.Days))
	}
	if t.Basis != "" && !slices.Contains([]Basis{Sourced, Unverified, Inferred, Open}, t.Basis) {
		fault(electoral.RevisionTerm.In("basis"), "basis", string(t.Basis))
	}
	if n := utf8.RuneCountInString(t.Law); n > mostLawLetters || tidyText(t.Law) == "" && t.Basis == Sourced {
		fault(electoral.RevisionTerm.In("source"), "law", t.Law)
	}
	bad := func(d electoral.Date) bool { return !d.IsZero() && (!d.Complete() || !d.Valid()) }
	if bad(t.From) || bad(t.Until) || !t.Until.IsZero() && t.Until.Before(t.From) {
		fault(electoral.RevisionTerm.In("validity"), "from", t.From.String()+"/"+t.Until.String())
	}
	return out
}

// clashes reports whether two terms are of one step and hold on one day.
func (t Term) clashes(o Term) bool {
	return t.Step == o.Step && t.Half == o.Half && (o.Until.IsZero() || !t.From.After(o.Until)) &&
		(t.Until.IsZero() || !o.From.After(t.Until))
}

func (t Term) holds(at electoral.Date) bool {
	return !at.Before(t.From) && (t.Until.IsZero() || !at.After(t.Until))
}

// all returns the terms, those that were set before those of the law.
func (t Terms) all() termList { return slices.Concat(t.Own, DefaultTerms()) }

// A termList are terms of which the first that fits counts.
type termList []Term

// of returns the term of a step that holds on a day.
func (list termList) of(step StepCode, half int, at electoral.Date) Term {
	i := slices.IndexFunc(list, func(o Term) bool { return o.Step == step && o.Half == half && o.holds(at) })
	if i < 0 {
		return Term{}
	}
	out := list[i]
	if out.Basis == "" {
		out.Basis = Open
	}
	return out
}

// fixedDay returns the day of a term of a half-year.
func (t Term) fixedDay(year int) electoral.Date {
	if t.Half == 2 && t.Month < time.July {
		year++
	}
	last := date(year, t.Month, 1).AddDays(31)
	last = date(last.Year, last.Month, 1).AddDays(-1)
	return date(year, t.Month, min(t.Day, last.Day))
}

func date(year int, month time.Month, day int) electoral.Date {
	return electoral.Date{Year: year, Month: month, Day: day}
}
