package rules

import (
	"github.com/liste-elettorali/anpr/electoral"
)

// ApplicationTerm returns the last day on which an application for a list
// counts for a vote: the fifth after the notice for the comunal list, the
// ninetieth before the vote for the European Parliament. It returns false if
// the list does not serve for that vote, or if its notice is not known.
func ApplicationTerm(l electoral.List, v electoral.Vote) (electoral.Date, bool) {
	switch {
	case l == electoral.EUComunalList &&
		(v.Consultation == electoral.ComunalElection || v.Consultation == electoral.DistrictElection) &&
		!v.Notice.IsZero():
		return v.Notice.AddDays(5), true
	case l == electoral.EUParliamentList && v.Consultation == electoral.EuropeanElection && v.Day.Complete():
		return v.Terms().AddDays(-90), true
	}
	return electoral.Date{}, false
}

// ChoiceTerm returns the first and the last day on which a choice for a vote may
// arrive; a zero first day does not bound it. known is false if the day from
// which the term runs is not known, or if the law sets none that this version
// knows.
//
// An option for Italy counts to the tenth day after the vote was called, or to
// the vote's OptionUntil (L. 459/2001, art. 4); that of those temporarily abroad to the 32nd day before the
// vote (art. 4-bis); the vote at home is asked from the 40th to the 20th day, the
// vote in hospital and in detention to the third (D.P.R. 361/1957, art. 51).
func ChoiceTerm(k electoral.ChoiceKind, v electoral.Vote) (first, last electoral.Date, known bool) {
	before := func(days int) electoral.Date { return v.Terms().AddDays(-days) }
	switch k {
	case electoral.OptionForItaly:
		switch {
		case !v.OptionUntil.IsZero():
			return electoral.Date{}, v.OptionUntil, true
		case !v.Called.IsZero():
			return electoral.Date{}, v.Called.AddDays(10), true
		}
	case electoral.TemporarilyAbroad:
		return electoral.Date{}, before(32), true
	case electoral.AtHome:
		return before(40), before(20), true
	case electoral.InHospital, electoral.InDetention:
		return electoral.Date{}, before(3), true
	}
	return electoral.Date{}, electoral.Date{}, false
}

// PlaceOf returns the list through which an elector votes in a vote and his place
// in it: that of the vote that he kept in a comune that he left, or else that of
// [ListFor]. in is false if he is not in that list; a nil elector is in none.
func PlaceOf(e *electoral.Elector, v electoral.Vote) (l electoral.List, place electoral.Enrolment, in bool) {
	if e == nil {
		e = &electoral.Elector{}
	}
	if kept, ok := e.KeptVote(v.Consultation, v.Day); ok {
		return electoral.GeneralList, electoral.Enrolment{Comune: kept.Comune, Section: kept.Section}, true
	}
	l = ListFor(e, v.Consultation)
	place, in = e.EnrolmentIn(l)
	return l, place, in
}

// ChoiceCounts reports whether a choice stands and is for a vote. An option for Italy
// and a vote by post of who is temporarily abroad are for the elections of both
// Chambers, whichever of them it names (L. 459/2001, art. 1 c. 3 and art. 4-bis).
func ChoiceCounts(q electoral.VotingChoice, v electoral.Vote) bool {
	if !q.Withdrawn.IsZero() || q.Day != v.Day {
		return false
	}
	house := func(c electoral.Consultation) bool {
		return c == electoral.SenateElection || c == electoral.ChamberElection
	}
	postal := q.Kind == electoral.OptionForItaly || q.Kind == electoral.TemporarilyAbroad
	return q.Consultation == v.Consultation || postal && house(q.Consultation) && house(v.Consultation)
}

// ListFor returns the list through which an elector votes in a consultation, by
// the lists in which he is: for the region an added list (D.P.R. 50/1973, art. 3
// and 5; d.lgs. 320/1994, art. 5), which in Bolzano is also that of the comune.
func ListFor(e *electoral.Elector, c electoral.Consultation) electoral.List {
	if e == nil {
		e = &electoral.Elector{}
	}
	_, general := e.EnrolmentIn(electoral.GeneralList)
	switch c {
	case electoral.RegionalElection:
		return e.RegionalList()
	case electoral.ComunalElection, electoral.DistrictElection:
		if _, in := e.EnrolmentIn(electoral.BolzanoList); in {
			return electoral.BolzanoList
		}
		if !general {
			return electoral.EUComunalList
		}
	case electoral.EuropeanElection:
		if !general {
			return electoral.EUParliamentList
		}
	}
	return electoral.GeneralList
}
