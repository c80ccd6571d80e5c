package revision

import (
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// A subject is one person as the population and the lists show him.
type subject struct {
	person  *electoral.Person // nil if the population does not hold him
	elector *electoral.Elector
}

// A draft is a proposed line with what it rests on.
type draft struct {
	line     Line
	evidence []Evidence
	person   *electoral.Person // as the line's facts have him; may be nil
}

// A proposer compares a person in the population with his place in the lists. It
// decides nothing where the law is open: it proposes, and says what is doubtful.
type proposer struct {
	header   Header
	schedule Schedule
	checker  *rules.Checker
	tables   *refdata.Tables
	// sectionOf is Config.SectionOf; may be nil.
	sectionOf func(electoral.Person) (string, bool)
	today     electoral.Date
	deathCode electoral.RemovalCode // of registry.Config
	// from and to are the days between which those proposed for their age turn 18.
	from, to electoral.Date

	counts tally
	drafts []draft
	s      subject
}

// A tally counts whom the proposals leave out, for the warnings about the whole.
type tally struct {
	gone     int // in the lists, and no longer in the population
	lost     int // residents who lost the right: an act is needed
	unlisted int // residents of age in no list, in a revision that does not enrol them
	abroadIn int // listed as residents and now abroad in the same register, or the reverse
	inHeir   int // registered in the comune that succeeds this one
}

func (p *proposer) label(comune string) string { return p.tables.ComuneLabel(comune) }

// propose returns the lines for one person.
func (p *proposer) propose(s subject) []draft {
	p.s, p.drafts = s, p.drafts[:0]
	switch {
	case s.person == nil && s.elector != nil:
		p.counts.gone++
	case s.person != nil && s.person.DeadAt(p.today):
		p.died()
	case s.person != nil:
		p.listed()
		p.unlisted()
	}
	return p.drafts
}

// here reports whether the person is in the register of the comune.
func (p *proposer) here() bool { return p.s.person.Registered() == p.header.Comune }

// ours yields the lists of the comune in which the person is.
func (p *proposer) ours() []electoral.List {
	if p.s.elector == nil {
		return nil
	}
	var out []electoral.List
	for l, en := range p.s.elector.Enrolments() {
		if en.Comune == p.header.Comune {
			out = append(out, l)
		}
	}
	return out
}

// admits reports whether the revision admits a cause, or may: what is not known is
// proposed, and told when it is accepted.
func (p *proposer) admits(c Cause) bool {
	a := Admits(p.header.Kind, c)
	return a.Answer != electoral.No || a.Basis != Sourced
}

// add proposes a line about a list, with its doubts.
func (p *proposer) add(l Line, evidence []Evidence, doubts ...electoral.Fault) {
	l.Revision, l.Law = p.header.ID, articleOf(l.Cause, l.List)
	if l.ANPRID == "" {
		l.ANPRID = p.person()
	}
	l.Doubts = doubts
	if p.s.elector != nil && l.Effect != Enrol {
		if en, in := p.s.elector.EnrolmentIn(l.List); in {
			l.From = en.Section
		}
	}
	if l.Section == "" && p.s.person != nil && (l.Effect == Enrol || l.Effect == Attest) {
		l.Section, _ = p.abode()
	}
	l.State = LineOpen
	if step, ok := deadline(p.schedule, l); ok {
		l.Deadline = step.Day
		if at := l.judged(p.today); step.Strict && step.Day.Before(at) {
			l.State = LineLate
		}
	}
	for i := range evidence {
		evidence[i].Text = refdata.Elide(evidence[i].Text)
	}
	l.Facts = p.facts()
	l.ID = lineID(p.header.ID, &l)
	p.drafts = append(p.drafts, draft{line: l, evidence: evidence, person: p.s.person})
}

// judged returns the day at which the term of a line counts that is decided on a day.
func (l Line) judged(decided electoral.Date) electoral.Date {
	if !l.Submitted.IsZero() {
		return l.Submitted
	}
	return decided
}

// deadline returns the step after which a line is late.
func deadline(s Schedule, l Line) (Step, bool) {
	if l.Effect == Attest {
		return s.Step(StepAttestations)
	}
	return forList(s, l.List).Deadline(l.Cause)
}

// forList leaves out of a schedule the term of the applications to the other list for
// citizens of the Union: each list has its own.
func forList(s Schedule, l electoral.List) Schedule {
	var other StepCode
	switch l {
	case electoral.EUComunalList:
		other = StepEUParliament
	case electoral.EUParliamentList:
		other = StepEUComunal
	default:
		return s
	}
	s.Steps = slices.DeleteFunc(slices.Clone(s.Steps), func(step Step) bool { return step.Code == other })
	return s
}

func (p *proposer) person() string {
	if p.s.person != nil {
		return p.s.person.ANPRID
	}
	return p.s.elector.ANPRID
}

// abode returns the section in which the person's abode lies.
func (p *proposer) abode() (string, bool) {
	if p.sectionOf == nil || p.s.person == nil || !p.here() {
		return "", false
	}
	return p.sectionOf(*p.s.person)
}

func doubt(c electoral.Cause, path string, args electoral.Args) electoral.Fault {
	f := electoral.NewFault(c, path, "", args)
	f.Severity = electoral.Warning
	return f
}

// died proposes to remove the dead from each of his lists.
func (p *proposer) died() {
	if !p.admits(Death) {
		return
	}
	for _, l := range p.ours() {
		code := removalCode(l, electoral.CauseDied, p.deathCode)
		p.add(Line{Effect: Remove, Cause: Death, List: l, Code: code},
			[]Evidence{{Source: FromPopulation, Text: "deceduto il " + p.s.person.Death.Italian()}})
	}
}

// listed proposes what is to be done with somebody in the comune's lists.
func (p *proposer) listed() {
	for _, l := range p.ours() {
		switch l {
		case electoral.GeneralList:
			p.general()
		case electoral.EUComunalList, electoral.EUParliamentList:
			p.union(l)
		default:
			p.added(l)
		}
	}
}

func (p *proposer) general() {
	person := p.s.person
	if len(person.Citizenships) > 0 && !person.IsItalian(p.today) {
		if p.admits(CitizenshipLost) && p.s.elector.Capacity != electoral.No {
			p.add(Line{Choices: []Effect{LoseRight, Remove}, Cause: CitizenshipLost, List: electoral.GeneralList},
				[]Evidence{{Source: FromPopulation, Text: "l'anagrafe non indica più la cittadinanza italiana"}},
				doubt(electoral.DoubtCitizenshipLost, "line.effect", nil))
		}
		return
	}
	switch {
	case p.here():
		p.section(electoral.GeneralList)
		p.status()
		p.recovered()
	case person.Residence == nil && person.Abroad == nil:
		p.vanished(electoral.GeneralList)
	default:
		p.movedOut(electoral.GeneralList)
	}
	// Who can no longer be removed before the vote is still in the list.
	if !slices.ContainsFunc(p.drafts, func(d draft) bool {
		return d.line.List == electoral.GeneralList && d.line.Effect == Remove && d.line.State == LineOpen
	}) {
		p.underAge()
	}
}

// underAge lists who will not be 18 on the first day of voting, or may not be.
func (p *proposer) underAge() {
	birth := p.s.person.Birth.Date
	age := rules.OfAge(*p.s.person, votingAge, p.ageDay())
	if p.header.Kind != Extraordinary || !p.admits(UnderAge) || age == electoral.Yes || birth.IsZero() {
		return
	}
	text, doubts := " non ha compiuto 18 anni", electoral.Faults(nil)
	if age != electoral.No {
		text = " può non aver compiuto 18 anni"
		doubts = append(doubts, doubt(electoral.DoubtBirth, "line.anprId", electoral.Args{"birth": birth.Italian()}))
	}
	p.add(Line{Effect: StrikeOff, Cause: UnderAge, List: electoral.GeneralList},
		[]Evidence{{Source: FromPopulation, Text: "data di nascita: " + birth.Italian() + "; il " +
			p.ageDay().Italian() + text}}, doubts...)
}

// recovered proposes that somebody in the list has the right again who lost it and
// has acquired the citizenship since (art. 32 n. 5). His act is the officer's to give.
func (p *proposer) recovered() {
	loss, from := p.s.elector.Loss, p.italianFrom()
	if p.s.elector.Capacity != electoral.No || loss == nil || loss.Day.IsZero() || !from.Complete() ||
		!from.After(loss.Day) || !p.admits(RightAcquired) {
		return
	}
	line := Line{Effect: RecoverRight, Cause: RightAcquired, List: electoral.GeneralList}
	var doubts electoral.Faults
	if p.attested() {
		line.Effect = Attest
		doubts = append(doubts, doubt(electoral.DoubtAttestation, "line.effect", nil))
	}
	p.add(line, []Evidence{
		{Source: FromPopulation, Text: "cittadino italiano dal " + from.Italian()},
		{Source: FromLists, Text: "ha perduto il diritto di voto il " + loss.Day.Italian()},
	}, doubts...)
}

// vanished proposes to remove somebody who is in no register. The population does
// not say why he left it.
func (p *proposer) vanished(l electoral.List) {
	if !p.admits(Untraceable) {
		return
	}
	code, _ := electoral.RemovalCodeOf(l, electoral.CauseUntraceable)
	p.add(Line{Effect: Remove, Cause: Untraceable, List: l, Code: code},
		[]Evidence{{Source: FromPopulation, Text: "non risulta residente in alcun comune né iscritto all'AIRE"}},
		doubt(electoral.DoubtUnregistered, "line.cause", nil))
}

// movedOut proposes to remove somebody who is in the register of another comune.
func (p *proposer) movedOut(l electoral.List) {
	to := p.s.person.Registered()
	if p.succeeds(to) {
		p.counts.inHeir++
		return
	}
	if !p.admits(MovedOut) {
		return
	}
	code, _ := electoral.RemovalCodeOf(l, electoral.CauseMoved)
	p.add(Line{Effect: Remove, Cause: MovedOut, List: l, Code: code},
		[]Evidence{{Source: FromPopulation, Text: p.registeredText()}})
}

// succeeds reports whether a comune takes the place of this one.
func (p *proposer) succeeds(to string) bool {
	if _, still := p.tables.Comune(p.header.Comune, p.today); still {
		return false
	}
	return slices.Contains(p.tables.Predecessors(to), p.header.Comune)
}

// ceased reports whether this comune takes the place of one.
func (p *proposer) ceased(comune string) bool {
	_, still := p.tables.Comune(comune, p.today)
	return !still && slices.Contains(p.tables.Predecessors(p.header.Comune), comune)
}

func (p *proposer) registeredText() string {
	person := p.s.person
	if r := person.Residence; r != nil {
		text := "residente nel comune di " + p.label(r.Comune)
		if r.Since.Complete() {
			text += " dal " + r.Since.Italian()
		}
		return text
	}
	return "iscritto all'AIRE del comune di " + p.label(person.Abroad.Comune)
}

// section proposes the section in which his abode lies. Who lives abroad has none:
// his section is that of the revision of the sections (art. 36).
func (p *proposer) section(l electoral.List) {
	if p.s.person.Residence == nil {
		return
	}
	section, known := p.abode()
	en, _ := p.s.elector.EnrolmentIn(l)
	if !known || section == en.Section || !p.admits(OtherSection) {
		return
	}
	p.add(Line{Effect: MoveSection, Cause: OtherSection, List: l, Section: section},
		[]Evidence{{Source: FromPopulation, Text: "abitazione: " + p.s.person.Residence.Abode}})
}

// status counts who votes in Italy as one abroad, or the reverse: the constituency
// of his record is no longer his.
func (p *proposer) status() {
	_, division := p.tables.Canonical(refdata.KindAbroad, p.s.elector.Status.ChamberConstituency)
	if abroad := p.s.person.Residence == nil; p.s.elector.Status.ChamberConstituency != "" && abroad != division {
		p.counts.abroadIn++
	}
}

// unlisted proposes to enrol an Italian of the comune's register who is not in its
// general list.
func (p *proposer) unlisted() {
	person, e := p.s.person, p.s.elector
	if !p.here() || !person.IsItalian(p.today) {
		return
	}
	var elsewhere electoral.Enrolment
	listed := false
	if e != nil {
		if elsewhere, listed = e.EnrolmentIn(electoral.GeneralList); listed && elsewhere.Comune == p.header.Comune {
			return
		}
		if listed && p.ceased(elsewhere.Comune) {
			p.counts.unlisted++ // he comes with the succession, and nobody could remove him
			return
		}
		if e.Loss != nil {
			p.counts.lost++
			return
		}
	}
	var doubts electoral.Faults
	if e != nil && e.Capacity == electoral.No {
		doubts = append(doubts, doubt(electoral.DoubtCapacity, "line.cause", nil))
	}
	if listed {
		doubts = append(doubts, doubt(electoral.DoubtStillListed, "line.anprId",
			electoral.Args{"comune": p.label(elsewhere.Comune)}))
	}
	turns := person.TurnsAt(votingAge)
	switch {
	case person.Birth.Date.IsZero():
	case p.header.Kind == Semestral && !turns.Before(p.from) && !turns.After(p.to):
		p.comesOfAge(turns, doubts)
		return
	case rules.OfAge(*person, votingAge, p.ageDay()) == electoral.Yes:
	case rules.OfAge(*person, listedAge, p.today) == electoral.No || !listed && !p.cameFrom():
		return
	}
	p.adult(listed, doubts)
}

// cameFrom reports whether another comune had the person in its general list and
// removed him as moved: he was enrolled before he is 18, and goes on so.
func (p *proposer) cameFrom() bool {
	if p.s.elector == nil {
		return false
	}
	r, removed := p.s.elector.RemovalFrom(electoral.GeneralList)
	return removed && r.Code == electoral.Emigration && r.Comune != p.header.Comune
}

// votingAge is the age at which the right to vote begins (Constitution, art. 48).
const votingAge = 18

// listedAge is the age before which nobody is in a list: he enters it in the half-year
// before that in which he turns 18 (D.P.R. 223/1967, art. 7).
const listedAge = votingAge - 1

// ageDay is the day at which somebody enrolled other than for his age must be 18:
// that of the vote or, without one, today.
func (p *proposer) ageDay() electoral.Date {
	if len(p.header.Votes) > 0 {
		return p.header.Votes[0].AgeAt()
	}
	return p.today
}

func (p *proposer) comesOfAge(turns electoral.Date, doubts electoral.Faults) {
	if !p.admits(TurnsEighteen) {
		return
	}
	birth := p.s.person.Birth.Date
	doubts = p.territory(doubts)
	if !birth.Complete() {
		doubts = append(doubts, doubt(electoral.DoubtBirth, "line.anprId", electoral.Args{"birth": birth.Italian()}))
	}
	if step, ok := p.schedule.Step(StepReferenceDay); ok && p.s.person.Residence != nil &&
		p.s.person.Residence.Since.After(step.Day) {
		doubts = append(doubts, doubt(electoral.DoubtReferenceDay, "line.anprId",
			electoral.Args{"since": p.s.person.Residence.Since.Italian(), "day": step.Day.Italian()}))
	}
	p.add(Line{Effect: Enrol, Cause: TurnsEighteen, List: electoral.GeneralList},
		[]Evidence{{Source: FromPopulation, Text: "compie 18 anni il " + turns.Italian() + "; " + p.registeredText()}},
		doubts...)
}

// adult proposes for somebody of age, by what is known of where he was listed.
func (p *proposer) adult(listed bool, doubts electoral.Faults) {
	cause, effect := MovedIn, Enrol
	evidence := []Evidence{{Source: FromPopulation, Text: p.registeredText()}}
	var removal electoral.Removal
	removed := false
	if p.s.elector != nil {
		removal, removed = p.s.elector.RemovalFrom(electoral.GeneralList)
	}
	switch {
	case p.naturalised(removal.Day) && !listed:
		cause = RightAcquired
		evidence = append(evidence, Evidence{Source: FromPopulation, Text: "cittadino italiano dal " +
			p.italianFrom().Italian()})
		if removed {
			evidence = append(evidence, Evidence{Source: FromLists, Text: removalText(p, removal)})
		}
		if r := p.s.person.Residence; r != nil && r.Since.After(p.italianFrom()) {
			// He may have been enrolled elsewhere before he came.
			doubts = append(doubts, doubt(electoral.DoubtOrigin, "line.cause", nil))
		}
	case removed && removal.Comune == p.header.Comune && p.neverLeft(removal):
		cause = Restored
		doubts = append(doubts, doubt(electoral.DoubtRestored, "line.cause", nil))
		evidence = append(evidence, Evidence{Source: FromLists, Text: removalText(p, removal)})
	case listed:
	case removed && removal.Code == electoral.Untraceable:
		doubts = append(doubts, doubt(electoral.DoubtReappeared, "line.cause", nil))
		evidence = append(evidence, Evidence{Source: FromLists, Text: removalText(p, removal)})
	case removed:
		evidence = append(evidence, Evidence{Source: FromLists, Text: removalText(p, removal)})
		if removal.Comune == p.header.Comune && removal.Code != electoral.Emigration {
			doubts = append(doubts, removedHere(p.label(removal.Comune), removal))
		}
	default:
		doubts = append(doubts, doubt(electoral.DoubtOrigin, "line.cause", nil))
	}
	if cause == RightAcquired && p.attested() {
		effect = Attest
		doubts = append(doubts, doubt(electoral.DoubtAttestation, "line.effect", nil))
	}
	if !p.admits(cause) {
		if rules.OfAge(*p.s.person, votingAge, p.ageDay()) != electoral.No {
			p.counts.unlisted++
		}
		return
	}
	doubts = append(doubts, p.territory(nil)...)
	p.add(Line{Effect: effect, Cause: cause, List: electoral.GeneralList}, evidence, doubts...)
}

// neverLeft reports whether somebody whom the comune removed as moved lives in it
// since before: his move was undone.
func (p *proposer) neverLeft(r electoral.Removal) bool {
	person := p.s.person
	return r.Code == electoral.Emigration && person.Residence != nil && person.Residence.Since.Complete() &&
		!r.Day.IsZero() && !person.Residence.Since.After(r.Day)
}

func removalText(p *proposer, r electoral.Removal) string {
	text := "cancellato dal comune di " + p.label(r.Comune) + " (" + r.Italian() + ")"
	if r.Day.Complete() {
		text += " dal " + r.Day.Italian()
	}
	return text
}

// italianFrom returns the day from which the person is Italian; zero for one who
// always was, or of whom it is not known.
func (p *proposer) italianFrom() electoral.Date {
	for _, c := range p.s.person.Citizenships {
		if c.State == electoral.ItalianState && c.HeldAt(p.today) {
			return c.From
		}
	}
	return electoral.Date{}
}

// naturalised reports whether the person acquired the right with the citizenship:
// after he was of age, and after a day on which he was removed, if he was.
func (p *proposer) naturalised(removed electoral.Date) bool {
	from := p.italianFrom()
	return from.Complete() && from.After(p.s.person.TurnsAt(votingAge)) && from.After(removed)
}

// removedHere doubts the cause for which somebody enters whom the comune itself
// removed, not as moved, and who lives in it: he has not immigrated.
func removedHere(comune string, r electoral.Removal) electoral.Fault {
	return doubt(electoral.DoubtOrigin.In("removed"), "line.cause", electoral.Args{"comune": comune,
		"reason": r.Italian()})
}

// attested reports whether somebody who acquired the right is now only admitted on
// application (art. 32-bis).
func (p *proposer) attested() bool {
	if p.header.Kind != Extraordinary {
		return false
	}
	step, ok := p.schedule.Deadline(RightAcquired)
	return ok && step.Day.Before(p.today)
}

// territory doubts which lists are right for somebody who has not lived in a
// territory with an added list as long as the law asks.
func (p *proposer) territory(doubts electoral.Faults) electoral.Faults {
	r := p.s.person.Residence
	if r == nil {
		return doubts
	}
	l, serves := p.checker.AddedListOf(r.Comune, p.today)
	if !serves || p.checker.HasResidence(l, p.s.person, p.counted()) == electoral.Yes {
		return doubts
	}
	return append(doubts, doubt(electoral.DoubtTerritory, "line.list", electoral.Args{"list": l.Italian()}))
}
