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
		return v.Day.AddDays(-90), true
	}
	return electoral.Date{}, false
}

// ListFor returns the list through which an elector votes in a consultation, by
// the lists in which he is: for the region an added list (D.P.R. 50/1973, art. 3
// and 5; d.lgs. 320/1994, art. 5), which in Bolzano is also that of the comune.
func ListFor(e electoral.Elector, c electoral.Consultation) electoral.List {
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
