package revision

import (
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// An Admission says whether a revision admits a cause.
type Admission struct {
	// Answer is yes, no, or not given where the law was not found or does not say.
	Answer electoral.Answer `json:"answer"`
	// Until is the step whose last day is the last for the cause; empty unless the
	// answer is yes.
	Until StepCode `json:"until,omitzero"`
	// Basis says how well the answer is known. Only a no that is [Sourced] refuses.
	Basis Basis `json:"basis"`
	// Law is the article of the cause, and Source where the answer was read.
	Law    string `json:"law"`
	Source string `json:"source"`
}

// An admissionRow is a cause's row of the table of what each revision admits.
type admissionRow struct {
	cause Cause
	law   string
	cells [4]Admission // in the order of [Kinds]
}

// The sources of the answers, for people.
const (
	semestralSource     = "D.P.R. 20 marzo 1967, n. 223, artt. 7-31"
	dynamicSource       = "D.P.R. 20 marzo 1967, n. 223, art. 32: nessun'altra variazione tra due revisioni semestrali"
	extraordinarySource = "D.P.R. 20 marzo 1967, n. 223, art. 32, quarto comma"
	ownTermsSource      = "d.lgs. 12 aprile 1996, n. 197, art. 3"
	noSource            = "nessuna fonte trovata"
)

func admissionTable() []admissionRow {
	yes := func(until StepCode, source string) Admission {
		return Admission{Answer: electoral.Yes, Until: until, Basis: Sourced, Source: source}
	}
	semestral := yes(StepProposals, semestralSource)
	first, second := yes(StepRemovalRound, dynamicSource), yes(StepEnrolmentRound, dynamicSource)
	before := func(step StepCode) Admission { return yes(step, extraordinarySource) }
	no := Admission{Answer: electoral.No, Basis: Sourced, Source: dynamicSource}
	notSemestral := Admission{Answer: electoral.No, Basis: Sourced, Source: semestralSource}
	open := Admission{Basis: Open, Source: noSource}
	termEnded := before(StepAddedTermLimit)
	termEnded.Basis = Inferred
	underAge := yes(StepUnderAgeList, lawOf("art. 33"))
	onlyVotes := Admission{Answer: electoral.No, Basis: Sourced, Source: lawOf("art. 33")}
	unionBefore := yes(StepEUComunal, ownTermsSource)
	const n = "D.P.R. 20 marzo 1967, n. 223, art. 32, primo comma, n. "
	return []admissionRow{
		{TurnsEighteen, lawOf("art. 8"), [4]Admission{semestral, no, no, no}},
		{Untraceable, lawOf("art. 16"), [4]Admission{semestral, no, no, no}},
		{Death, n + "1", [4]Admission{notSemestral, first, no, before(StepFinalLimit)}},
		{CitizenshipLost, n + "2", [4]Admission{notSemestral, first, no, before(StepNoticeLimit)}},
		{RightLost, n + "3", [4]Admission{notSemestral, first, no, before(StepNoticeLimit)}},
		{MovedOut, n + "4", [4]Admission{notSemestral, first, no, before(StepNoticeLimit)}},
		{MovedIn, n + "4", [4]Admission{notSemestral, no, second, before(StepNoticeLimit)}},
		{RightAcquired, n + "5; art. 32-bis", [4]Admission{notSemestral, no, second, before(StepRightLimit)}},
		{Restored, "D.L. 9 febbraio 2012, n. 5, art. 5, comma 5-bis",
			[4]Admission{notSemestral, first, open, before(StepFinalLimit)}},
		{TermEnded, lawOf("art. 32"), [4]Admission{notSemestral, first, open, termEnded}},
		{OtherSection, lawOf("art. 32"), [4]Admission{notSemestral, no, second, before(StepNoticeLimit)}},
		{EUApplication, ownTermsSource, [4]Admission{open, no, second, unionBefore}},
		{SectionsRedrawn, lawOf("artt. 34-36"), [4]Admission{semestral, no, no, no}},
		{UnderAge, lawOf("art. 33"), [4]Admission{onlyVotes, onlyVotes, onlyVotes, underAge}},
	}
}

// Admits returns whether a revision admits a cause, and until which of its steps. The
// answer for a cause that no table found names, such as a court's order, and for an
// unknown kind, is not given and [Open].
func Admits(k Kind, c Cause) Admission {
	open := Admission{Basis: Open, Law: lawOf("art. 32"), Source: noSource}
	i := slices.Index(Kinds(), k)
	table := admissionTable()
	row := slices.IndexFunc(table, func(r admissionRow) bool { return r.cause == c })
	if i < 0 || row < 0 {
		return open
	}
	out := table[row].cells[i]
	out.Law = table[row].law
	return out
}

// CheckAdmission judges whether a revision admits a cause on a day: the day on which
// the officer decides or, for the application of a citizen of the Union, that on which
// it was made. s is the calendar of the revision.
//
// A no of the law is an error that says which revisions admit the cause and until
// when; what is not sourced is a warning. After the last day of a step that is
// [Step.Strict] it is an error too, and says what may still be done; after that of
// another, a warning. Both have the path "line.cause" and the law in Source. It refuses
// a kind that is unknown and a day that does not exist.
//
// Codes: of every input; REV-CAL-01/02/06/07/08/09.
func CheckAdmission(k Kind, c Cause, s Schedule, day electoral.Date) []electoral.Fault {
	if !k.Known() {
		return electoral.Faults{electoral.NewFault(electoral.RevisionPeriod.In("kind"), "revision.kind", string(k), nil)}
	}
	if !day.Complete() || !day.Valid() {
		return electoral.Faults{electoral.NewFault(electoral.RevisionPeriod.In("day"), "line.day", day.String(), nil)}
	}
	j := judgement{kind: k, cause: c, schedule: s, day: day, admission: Admits(k, c)}
	switch a := j.admission; {
	case a.Answer == electoral.Yes:
		return j.inTime()
	case a.Answer == electoral.No && a.Basis == Sourced:
		j.told(electoral.NewFault(electoral.RevisionCauseRefused, causePath, string(c),
			electoral.Args{"kind": k.Italian(), "cause": c.Italian(), "instead": s.instead(c, day)}), a.Source)
	default:
		j.told(electoral.NewFault(electoral.RevisionCauseOpen, causePath, string(c),
			electoral.Args{"kind": k.Italian(), "cause": c.Italian()}), a.Law)
	}
	return j.faults
}

const causePath = "line.cause"

// A judgement is the work of [CheckAdmission].
type judgement struct {
	kind      Kind
	cause     Cause
	schedule  Schedule
	day       electoral.Date
	admission Admission
	faults    electoral.Faults
}

func (j *judgement) told(f electoral.Fault, source string) {
	f.Source = source
	j.faults = append(j.faults, f)
}

// inTime judges a cause that the revision admits by its terms.
func (j *judgement) inTime() electoral.Faults {
	cause := j.cause.Italian()
	if j.admission.Basis != Sourced {
		j.told(electoral.NewFault(electoral.RevisionCauseOpen.In("inferred"), causePath, string(j.cause),
			electoral.Args{"kind": j.kind.Italian(), "cause": cause}), j.admission.Law)
	}
	last, ok := j.schedule.Deadline(j.cause)
	if !ok || last.Kind != j.kind {
		j.told(electoral.NewFault(electoral.RevisionCauseOpen.In("term"), causePath, string(j.cause),
			electoral.Args{"cause": cause}), j.admission.Law)
		return j.faults
	}
	blocked, locked := j.schedule.Step(StepBlocked)
	locked = locked && blocked.Strict && !j.day.Before(blocked.From) && !j.day.After(blocked.Day)
	if !j.day.After(last.Day) {
		j.earlier(last)
		return j.faults
	}
	instead := j.schedule.instead(j.cause, j.day)
	switch {
	case last.Strict:
		j.told(electoral.NewFault(electoral.RevisionCauseLate, causePath, string(j.cause),
			electoral.Args{"cause": cause, "last": last.Day.Italian(), "day": j.day.Italian(), "instead": instead}), last.Law)
	case locked:
		j.told(electoral.NewFault(electoral.RevisionCauseLate.In("blocked"), causePath, string(j.cause),
			electoral.Args{"cause": cause, "last": blocked.From.AddDays(-1).Italian(), "day": j.day.Italian(),
				"end": blocked.Day.Italian(), "instead": instead}), blocked.Law)
	default:
		j.told(electoral.NewFault(electoral.RevisionCauseMaybeLate, causePath, string(j.cause),
			electoral.Args{"cause": cause, "last": last.Day.Italian(), "day": j.day.Italian(), "instead": instead}), last.Law)
	}
	return j.faults
}

// earlier warns of the terms of other votes that are over.
func (j *judgement) earlier(last Step) {
	for _, step := range j.schedule.Steps {
		if step.Vote == "" || !slices.Contains(step.Causes, j.cause) || !j.day.After(step.Day) || step.Day == last.Day {
			continue
		}
		j.told(electoral.NewFault(electoral.RevisionCauseMaybeLate.In("vote"), causePath, string(j.cause),
			electoral.Args{"cause": j.cause.Italian(), "last": step.Day.Italian(), "day": j.day.Italian(),
				"consultation": step.Vote.Italian()}), step.Law)
	}
}

// instead says in Italian which revisions admit a cause and until when, as seen from
// a day: what an officer may still do who is late, or in the wrong revision.
func (s Schedule) instead(c Cause, day electoral.Date) string {
	var out []string
	end := s.ends()
	if c == RightAcquired {
		if step, ok := s.Step(StepAttestations); ok && !day.Before(step.From) && !day.After(step.Day) {
			out = append(out, "su domanda, l'ammissione al voto con l'attestazione del sindaco fino al "+
				step.Day.Italian()+" (art. 32-bis), e l'iscrizione dopo il voto")
		}
	}
	if last, ok := s.Deadline(c); ok && s.Kind == Extraordinary && !day.After(last.Day) {
		out = append(out, "questa revisione straordinaria fino al "+last.Day.Italian())
	}
	from := day
	if blocked, ok := s.Step(StepBlocked); ok && !day.Before(blocked.From) && end.After(from) {
		from = end.AddDays(1)
	}
	for _, k := range []Kind{Semestral, DynamicFirst, DynamicSecond} {
		if a := Admits(k, c); a.Answer == electoral.Yes {
			if step, ok := s.next(k, a.Until, from); ok {
				out = append(out, "la "+k.Italian()+" fino al "+step.Day.Italian())
			}
		}
	}
	if s.Kind != Extraordinary && Admits(Extraordinary, c).Answer == electoral.Yes {
		out = append(out, "prima di un voto, la "+Extraordinary.Italian())
	}
	if len(out) == 0 {
		return "la decisione dell'ufficiale elettorale"
	}
	return refdata.Elide(strings.Join(out, "; "))
}

// next returns the first half-yearly step of a kind whose last day is not before a day.
func (s Schedule) next(k Kind, code StepCode, from electoral.Date) (Step, bool) {
	for n := range 4 { // the half-years of this year and of the next
		year, half := from.Year+n/2, 1+n%2
		other, err := halfYear(k, year, half, s.terms)
		if err != nil {
			return Step{}, false
		}
		step, ok := other.Step(code)
		if ok && !step.Day.Before(from) && !s.blocks(step) {
			return step, true
		}
	}
	return Step{}, false
}

// blocks reports whether the lists are blocked when a step of another revision ends.
func (s Schedule) blocks(step Step) bool {
	blocked, ok := s.Step(StepBlocked)
	return ok && !step.Day.Before(blocked.From) && !step.Day.After(blocked.Day)
}
