package rules

import "github.com/liste-elettorali/anpr/electoral"

// OfAge says whether a person has completed some years of age on a day: NotGiven if
// his birth is not on record as far as that needs. A birth of which the day or the
// month is missing decides where every day that it may be decides the same.
func OfAge(p electoral.Person, years int, day electoral.Date) electoral.Answer {
	if youngest, _ := p.AgeAt(day); youngest >= years {
		return electoral.Yes
	}
	p.Birth.Date = p.Birth.Date.Earliest()
	if oldest, known := p.AgeAt(day); known && oldest < years {
		return electoral.No
	}
	return electoral.NotGiven
}

// Present says whether a person is alive and in the population register on a day:
// the code is [electoral.VoterDead] or [electoral.VoterNotRegistered] if he is not,
// and empty if he is.
func Present(p electoral.Person, day electoral.Date) electoral.Code {
	switch {
	case p.DeadAt(day):
		return electoral.VoterDead
	case p.Residence == nil && p.Abroad == nil:
		return electoral.VoterNotRegistered
	}
	return ""
}
