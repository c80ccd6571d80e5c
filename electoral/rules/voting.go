package rules

import (
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// A VotingCase is one person and one vote.
type VotingCase struct {
	// Elector is only read. Required.
	Elector *electoral.Elector
	// Person is his entry in the population register; nil if it has none.
	Person *electoral.Person
	Vote   electoral.Vote
	// Choices are those recorded for him; of them only one that stands and is
	// for this vote counts.
	Choices []electoral.VotingChoice
}

// A Manner is how somebody votes.
type Manner string

// The manners. Beside them stand the kinds of choice that lead elsewhere
// ([electoral.ChoiceKind]).
const (
	InSection Manner = "section"
	ByPost    Manner = "post"
)

// A Voting says whether, where and how a person votes.
type Voting struct {
	// Votes is NotGiven where an officer must decide first: the reasons say
	// what.
	Votes electoral.Answer
	// List and Place are the list through which he votes and his place in it;
	// zero if he is in no such list.
	List  electoral.List
	Place electoral.Enrolment
	// Manner is how he votes; empty if he does not.
	Manner Manner
	// Line is how he stands in that list's copy for the polling station.
	Line electoral.Line
	// Reasons are all that decided or should be known, each with its law. An
	// Error is why he does not vote, a Warning what an officer should know.
	Reasons electoral.Faults
}

// Voting decides whether a person votes in a vote, in which list and section,
// and how. Nothing else decides it: lists for the polling station and counts
// come from here. It looks at the day of the vote: nobody leaves a list by what
// the population register says, his line stands, marked, until a revision
// removes it; struck off the copy are those who are under age, have not the
// right or the status on record, or vote by post.
func (c *Checker) Voting(in VotingCase) Voting {
	c = c.made()
	if in.Elector == nil {
		in.Elector = &electoral.Elector{}
	}
	v := voting{checker: c, in: in, out: Voting{Votes: electoral.Yes, Manner: InSection}}
	if !v.place() {
		return v.out
	}
	v.record()
	v.person()
	v.choices()
	if v.out.Votes == electoral.No {
		v.out.Manner = ""
	}
	return v.out
}

// Standing says how an elector stands in one of his lists on a day on which there
// is no vote: plain, or marked with what a revision must decide. It is the part
// of [Checker.Voting] that needs no vote; p may be nil.
func (c *Checker) Standing(e *electoral.Elector, p *electoral.Person, l electoral.List,
	day electoral.Date) (electoral.Line, []electoral.Fault) {
	c = c.made()
	if e == nil {
		e = &electoral.Elector{}
	}
	v := voting{checker: c, in: VotingCase{Elector: e, Person: p, Vote: electoral.Vote{Day: day}}, noVote: true}
	v.out = Voting{Votes: electoral.Yes, List: l}
	v.record()
	v.person()
	return v.out.Line, v.out.Reasons
}

// voting is one run of Voting.
type voting struct {
	checker *Checker
	in      VotingCase
	out     Voting
	noVote  bool // Standing: nobody is struck off, and no status, age or place is asked
}

// mark leaves the line and marks it.
func (v *voting) mark(c electoral.Cause, path, value string, args electoral.Args) {
	v.tell(c, path, value, args)
	if v.out.Line == electoral.PlainLine {
		v.out.Line = electoral.MarkedLine
	}
}

// doubt marks the line of somebody about whom an officer must decide.
func (v *voting) doubt(c electoral.Cause, path, value string, args electoral.Args) {
	v.mark(c, path, value, args)
	if v.out.Votes == electoral.Yes {
		v.out.Votes = electoral.NotGiven
	}
}

// strike takes the line off the copy for the polling station.
func (v *voting) strike(c electoral.Cause, path, value string, args electoral.Args) {
	if v.noVote {
		v.mark(c, path, value, args)
		return
	}
	v.tell(c, path, value, args)
	v.out.Line, v.out.Votes = electoral.StruckLine, electoral.No
}

// tell gives a reason that changes nothing.
func (v *voting) tell(c electoral.Cause, path, value string, args electoral.Args) {
	v.out.Reasons = append(v.out.Reasons, electoral.NewFault(c, path, value, args))
}

// place finds the list and the place; false if there is none.
func (v *voting) place() bool {
	vote := v.in.Vote
	list, en, in := PlaceOf(v.in.Elector, vote)
	if _, kept := v.in.Elector.KeptVote(vote.Consultation, vote.Day); kept {
		v.tell(electoral.VoterElsewhere, "keptVotes", en.Section,
			electoral.Args{"comune": v.checker.tables.ComuneLabel(en.Comune), "section": en.Section})
	}
	if !in {
		v.out.Votes, v.out.Manner = electoral.No, ""
		v.tell(electoral.VoterNotInList, list.Path(), "", electoral.Args{"list": list.Italian(),
			"consultation": vote.Consultation.Italian()})
		return false
	}
	v.out.List, v.out.Place = list, en
	return true
}

// record judges what the registry itself says.
func (v *voting) record() {
	e, c := v.in.Elector, v.in.Vote.Consultation
	switch e.Capacity {
	case electoral.No:
		v.strike(electoral.VoterWithoutCapacity, "capacity", electoral.No.String(), nil)
	case electoral.NotGiven:
		v.doubt(electoral.VoterCapacityUnknown, "capacity", "", nil)
	}
	if v.noVote {
		return
	}
	switch e.Status.For(c) {
	case electoral.No:
		v.strike(electoral.VoterStatusNo, c.Path(), electoral.No.String(), electoral.Args{"consultation": c.Italian()})
	case electoral.NotGiven:
		v.doubt(electoral.VoterStatusUnknown, c.Path(), "", electoral.Args{"consultation": c.Italian()})
	}
}

// person judges what the population register says.
func (v *voting) person() {
	p := v.in.Person
	if p == nil {
		v.mark(electoral.VoterNotInPopulation, "anprId", v.in.Elector.ANPRID, nil)
		return
	}
	if !v.noVote {
		v.age(p)
	}
	last := v.in.Vote.Last()
	if Present(*p, last) == electoral.VoterDead {
		v.mark(electoral.VoterDead, "person.death", p.Death.String(), electoral.Args{"death": p.Death.Italian()})
		v.out.Votes = electoral.No
		return
	}
	v.citizenship(p)
	switch {
	case v.noVote && (p.Residence != nil || p.Abroad != nil):
	case p.Residence != nil:
		v.territory(p)
	case p.Abroad != nil:
		v.abroad(p)
	default:
		v.mark(electoral.VoterNotRegistered, "person.residence", "", nil)
	}
}

func (v *voting) age(p *electoral.Person) {
	day := v.in.Vote.AgeAt()
	old := OfAge(*p, 18, day)
	if old == electoral.Yes {
		return
	}
	args := electoral.Args{"day": day.Italian(), "birth": p.Birth.Date.Italian()}
	if old == electoral.NotGiven {
		// The capacity is on record: an unknown age is not under age.
		v.mark(electoral.VoterAgeUnknown, "person.birth.date", p.Birth.Date.String(), args)
	} else {
		v.strike(electoral.VoterUnderAge, "person.birth.date", p.Birth.Date.String(), args)
	}
	if law := v.in.Vote.AgeLaw; law != "" {
		v.out.Reasons[len(v.out.Reasons)-1].Source = law
	}
}

func (v *voting) citizenship(p *electoral.Person) {
	day := v.in.Vote.Day
	if len(p.Citizenships) == 0 {
		return
	}
	args := func() electoral.Args { return electoral.Args{"day": day.Italian()} }
	eu := v.out.List == electoral.EUComunalList || v.out.List == electoral.EUParliamentList
	switch {
	case eu && !p.IsEUCitizen(v.checker.tables, day):
		v.mark(electoral.VoterNotOfUnion, "person.citizenships", citizenshipsOf(p, day), args())
	case !eu && !p.IsItalian(day):
		v.mark(electoral.VoterNotCitizen, "person.citizenships", citizenshipsOf(p, day), args())
	}
}

// territory judges the residence that Trentino-Alto Adige and Valle d'Aosta ask. While
// the day of the notice is not known, it is judged at the vote: who lacks it then
// lacked it before.
func (v *voting) territory(p *electoral.Person) {
	c := v.in.Vote.Consultation
	comunal := c == electoral.ComunalElection || c == electoral.DistrictElection
	if c != electoral.RegionalElection && !comunal {
		return
	}
	day, noticed := v.in.Vote.Notice, true
	if day.IsZero() {
		day, noticed = v.in.Vote.Day, false
	}
	for _, t := range territories() {
		if comunal && t.list != electoral.BolzanoList {
			continue
		}
		if province := v.checker.province(p.Residence.Comune, day); province != t.province {
			v.leftTerritory(t, p, province)
			continue
		}
		rule := t.list
		if v.out.List == electoral.EUComunalList {
			rule = electoral.EUComunalList
		}
		residence, years, known := v.checker.residence(rule, p, day)
		args := electoral.Args{"territory": t.name, "since": p.Residence.Since.Italian(), "day": day.Italian(),
			"term": term(years), "consultation": c.Italian()}
		path := "person.residence.since"
		here := v.out.Place.Comune == p.Residence.Comune
		switch {
		case !known:
		case v.out.List == t.list && residence.Met == electoral.Yes:
			if !noticed {
				continue // he may not have had it at the notice
			}
			v.doubt(electoral.VoterTermMissing.In("over"), path, p.Residence.Since.String(), args)
		case v.out.List == t.list || !here || residence.Met == electoral.Yes:
		case residence.Met == electoral.NotGiven:
			v.doubt(electoral.VoterTermMissing.In("unknown"), path, p.Residence.Since.String(), args)
		case rule == electoral.EUComunalList:
			v.doubt(electoral.VoterTermMissing.In("union"), path, p.Residence.Since.String(), args)
		case residence.Elsewhere:
			v.doubt(electoral.VoterTermMissing.In("majority"), path, p.Residence.Since.String(), args)
		default:
			v.doubt(electoral.VoterTermMissing, path, p.Residence.Since.String(), args)
		}
	}
}

// leftTerritory doubts that somebody votes through the added list of a territory in
// which he does not live.
func (v *voting) leftTerritory(t territory, p *electoral.Person, province string) {
	if v.out.List != t.list || province == "" {
		return
	}
	v.doubt(electoral.AddedOtherProvince, "person.residence.comune", p.Residence.Comune, electoral.Args{
		"comune": v.checker.tables.ComuneLabel(p.Residence.Comune), "province": province, "territory": t.name})
	f := &v.out.Reasons[len(v.out.Reasons)-1]
	f.Severity, f.Source = electoral.Warning, t.law
}

// abroad judges how a resident abroad votes.
func (v *voting) abroad(p *electoral.Person) {
	vote := v.in.Vote
	args := electoral.Args{"state": v.checker.stateName(p.Abroad.State)}
	path, value := "person.abroad.state", p.Abroad.State
	switch {
	case Postal(vote.Consultation):
		switch {
		case v.chose(electoral.OptionForItaly):
			v.tell(electoral.VoterOptedForItaly, path, value, nil)
		case v.checker.withoutPostAt(p.Abroad.State, vote.Day):
			v.tell(electoral.VoterNoPostalState, path, value, args)
		default:
			v.byPost(electoral.VoterByPost, path, value, args)
		}
	case vote.Consultation == electoral.EuropeanElection &&
		v.checker.tables.EUMember(p.Abroad.State, vote.Day):
		v.doubt(electoral.VoterAbroadEuropean, path, value, args)
	case vote.Consultation == electoral.RegionalElection &&
		v.checker.province(v.out.Place.Comune, vote.Day) == "BZ":
		v.mark(electoral.VoterAbroadAtHome.In("bolzano"), path, value, args)
	default:
		v.tell(electoral.VoterAbroadAtHome, path, value, args)
	}
}

// byPost takes somebody who votes by post off the copy for the polling station,
// or marks him.
func (v *voting) byPost(c electoral.Cause, path, value string, args electoral.Args) {
	votes := v.out.Votes
	if v.checker.markPostal {
		v.mark(c, path, value, args)
	} else {
		v.strike(c, path, value, args)
		v.out.Votes = votes // he does, elsewhere
	}
	if v.out.Manner == InSection {
		v.out.Manner = ByPost
	}
}

// choices applies what was recorded beside the option for Italy.
func (v *voting) choices() {
	for _, ch := range v.in.Choices {
		if !v.stands(ch) || v.out.Votes == electoral.No {
			continue
		}
		path, value := "choice.kind", string(ch.Kind)
		switch ch.Kind {
		case electoral.OptionForItaly:
		case electoral.TemporarilyAbroad:
			if Postal(v.in.Vote.Consultation) {
				v.byPost(electoral.VoterTemporarilyAbroad, path, value, nil)
			}
		default:
			v.mark(electoral.VoterOtherWay, path, value, electoral.Args{"way": ch.Kind.Italian()})
			if v.out.Manner != ByPost { // nobody votes twice
				v.out.Manner = Manner(ch.Kind)
			}
		}
	}
}

func (v *voting) stands(ch electoral.VotingChoice) bool {
	return ch.ANPRID == v.in.Elector.ANPRID && ChoiceCounts(ch, v.in.Vote)
}

func (v *voting) chose(k electoral.ChoiceKind) bool {
	return slices.ContainsFunc(v.in.Choices, func(ch electoral.VotingChoice) bool {
		return ch.Kind == k && v.stands(ch)
	})
}

// PostalStates says whether it is known where residents abroad do not vote by
// post; the warning says what follows. It is nil for a vote without postal votes.
func (c *Checker) PostalStates(v electoral.Vote) []electoral.Fault {
	if c.withoutPost != nil || !Postal(v.Consultation) {
		return nil
	}
	return electoral.Faults{electoral.NewFault(electoral.PostalStatesUnknown, "vote.consultation",
		string(v.Consultation), nil)}
}

func (c *Checker) withoutPostAt(state string, day electoral.Date) bool {
	return slices.ContainsFunc(c.withoutPost, func(t StateTerm) bool {
		return t.State == state && (t.From.IsZero() || !t.From.After(day)) && (t.To.IsZero() || !t.To.Before(day))
	})
}

// Postal reports whether residents abroad vote by post in a consultation (L.
// 459/2001, art. 1): national referendums, Senato and Camera.
func Postal(c electoral.Consultation) bool {
	return c == electoral.NationalReferendum || c == electoral.SenateElection || c == electoral.ChamberElection
}

// stateName returns the name of a State for people, its code if the tables do not
// know it.
func (c *Checker) stateName(iso3 string) string {
	if s, ok := c.tables.State(iso3); ok {
		return electoral.PlainName(s.Name)
	}
	return "Stato " + iso3
}
